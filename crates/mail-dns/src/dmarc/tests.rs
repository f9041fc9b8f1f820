//! RFC 9989, 9990 and, beside them, RFC 7489: the examples of the texts, and what is most often got wrong.

use std::pin::pin;
use std::sync::Mutex;
use std::task::{Context, Poll, Waker};

use proptest::prelude::*;

use super::*;
use crate::{Answer, Existence, LookupErrorKind, Octets, RecordType, ReportUri, StaticLookup};

fn block<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("memory does not wait"),
    }
}

fn name(text: &str) -> DomainName {
    text.parse().expect("a name")
}

/// Keeps the names asked for.
struct Heard(StaticLookup, Mutex<Vec<String>>);

impl Lookup for Heard {
    async fn lookup(
        &self,
        name: &DomainName,
        record_type: RecordType,
    ) -> Result<Answer, LookupError> {
        self.1
            .lock()
            .expect("one thread")
            .push(format!("{name} {record_type}"));
        self.0.lookup(name, record_type).await
    }
}

/// A world of records: `(domain, DMARC record)`.
fn world(records: &[(&str, &str)], more: &str) -> Heard {
    let mut zone = String::new();
    for (domain, record) in records {
        zone += &format!("_dmarc.{domain}. 60 IN TXT \"{record}\"\n");
    }
    let world = StaticLookup::from_zone_text(&(zone + more)).expect("zone text");
    Heard(world, Mutex::default())
}

fn failing(world: Heard, domain: &str) -> Heard {
    Heard(
        world
            .0
            .with_failure(name(domain), LookupErrorKind::ServFail),
        world.1,
    )
}

const MONITOR: &str = "v=DMARC1; p=none";

#[track_caller]
fn check_organization(start: &str, records: &[(&str, &str)], expected: &str) {
    let walk = block(tree_walk(&world(records, ""), &name(start)));
    assert_eq!(
        walk.organizational_domain(),
        Ok(name(expected)),
        "{walk:#?}"
    );
}

#[track_caller]
fn check_walk(start: &str, records: &[(&str, &str)], expected: &[&str]) {
    let world = world(records, "");
    block(tree_walk(&world, &name(start)));
    let asked = world.1.into_inner().expect("one thread");
    let expected: Vec<_> = expected
        .iter()
        .map(|name| format!("_dmarc.{name} TXT"))
        .collect();
    assert_eq!(asked, expected);
}

#[track_caller]
fn check_policy(author: &str, world: Heard, expected: Option<(&str, Option<Policy>)>) {
    let discovery = block(discover(&world, &name(author)));
    let found = match discovery.applied() {
        Applied::Record { domain, policy, .. } => Some((domain.to_string(), policy)),
        Applied::Nothing => None,
        Applied::Unknown(error) => panic!("{error}"),
    };
    let expected = expected.map(|(domain, policy)| (domain.to_owned(), policy));
    assert_eq!(found, expected, "{discovery:#?}");
}

#[test]
fn item_51_the_walk_is_that_of_the_rfc() {
    // RFC 9989 §4.10.
    check_walk(
        "a.b.c.d.e.f.g.h.i.j.mail.example.com",
        &[],
        &[
            "a.b.c.d.e.f.g.h.i.j.mail.example.com",
            "g.h.i.j.mail.example.com",
            "h.i.j.mail.example.com",
            "i.j.mail.example.com",
            "j.mail.example.com",
            "mail.example.com",
            "example.com",
            "com",
        ],
    );
    // RFC 9989 §5.1.8: a record that the walk steps over.
    check_walk(
        "mail.a.b.c.d.e.f.g.example.com",
        &[
            ("example.com", MONITOR),
            ("b.c.d.e.f.g.example.com", "v=DMARC1; psd=n"),
        ],
        &[
            "mail.a.b.c.d.e.f.g.example.com",
            "c.d.e.f.g.example.com",
            "d.e.f.g.example.com",
            "e.f.g.example.com",
            "f.g.example.com",
            "g.example.com",
            "example.com",
            "com",
        ],
    );
    // Eight labels lose one, like shorter names.
    check_walk(
        "a.b.c.d.e.f.g.h",
        &[],
        &[
            "a.b.c.d.e.f.g.h",
            "b.c.d.e.f.g.h",
            "c.d.e.f.g.h",
            "d.e.f.g.h",
            "e.f.g.h",
            "f.g.h",
            "g.h",
            "h",
        ],
    );
    check_walk("com", &[], &["com"]);
    // It ends at psd=y and psd=n, and not at a record without.
    check_walk(
        "a.b.test",
        &[("b.test", "v=DMARC1; psd=y; p=none")],
        &["a.b.test", "b.test"],
    );
    check_walk(
        "a.b.test",
        &[("a.b.test", "v=DMARC1; psd=n; p=none")],
        &["a.b.test"],
    );
    check_walk("b.test", &[("b.test", MONITOR)], &["b.test", "test"]);
}

#[test]
fn item_52_organizational_domains_of_the_rfc() {
    // RFC 9989 §4.10.2.
    check_organization(
        "a.mail.example.com",
        &[("example.com", "v=DMARC1; psd=y")],
        "mail.example.com",
    );
    let both = [("mail.example.com", MONITOR), ("example.com", MONITOR)];
    check_organization("a.mail.example.com", &both, "example.com");
    check_organization(
        "a.mail.example.com",
        &[("mail.example.com", "v=DMARC1; psd=n; p=none")],
        "mail.example.com",
    );
    check_organization(
        "a.mail.example.com",
        &[("com", "v=DMARC1; psd=y; p=none")],
        "example.com",
    );
    // §B.4.3.
    let bank = [
        ("bank.example", "v=DMARC1; psd=y; p=none"),
        ("giant.bank.example", MONITOR),
    ];
    check_organization("giant.bank.example", &bank, "giant.bank.example");
    check_organization("mail.giant.bank.example", &bank, "giant.bank.example");
    check_organization("mail.mega.bank.example", &bank, "mega.bank.example");
    // §5.1.8: the record that the walk steps over decides nothing.
    let deep = [
        ("example.com", MONITOR),
        ("b.c.d.e.f.g.example.com", "v=DMARC1; psd=n"),
    ];
    check_organization("mail.a.b.c.d.e.f.g.example.com", &deep, "example.com");
    // Where the walk starts, psd=y means nothing.
    check_organization("bank.example", &bank, "bank.example");
    check_organization("a.b.test", &[], "a.b.test");
    check_organization("a.b.com", &[("com", MONITOR), ("b.com", MONITOR)], "com");
    // One label below the suffix, though the walk stepped over it.
    let long = "a.b.c.d.e.f.g.h.i.j.test";
    check_organization(
        long,
        &[("f.g.h.i.j.test", "v=DMARC1; psd=y")],
        "e.f.g.h.i.j.test",
    );
    check_organization(
        long,
        &[("e.f.g.h.i.j.test", "v=DMARC1; psd=y")],
        "d.e.f.g.h.i.j.test",
    );
}

#[test]
fn item_53_several_records_at_a_name_are_none_and_the_walk_goes_on() {
    let two = [
        ("a.b.test", MONITOR),
        ("a.b.test", "v=DMARC1; p=reject"),
        ("b.test", "v=DMARC1; p=quarantine"),
    ];
    check_organization("a.b.test", &two, "b.test");
    let at = Some(("b.test", Some(Policy::Quarantine)));
    check_policy("a.b.test", world(&two, ""), at);
    // Other texts beside a record do no harm, nor does a record in the wrong case.
    let beside = [
        ("b.test", MONITOR),
        ("b.test", "v=spf1 -all"),
        ("b.test", "v=dmarc1; p=reject"),
    ];
    check_policy(
        "b.test",
        world(&beside, ""),
        Some(("b.test", Some(Policy::None))),
    );
}

#[test]
fn item_56_np_sp_and_p() {
    let zone = "there.b.test. 60 IN A 192.0.2.1\nu.t.there.b.test. 60 IN A 192.0.2.1";
    let all = "v=DMARC1; p=none; sp=quarantine; np=reject";
    let of = |author: &str, text: &str, policy: Policy| {
        check_policy(
            author,
            world(&[("b.test", text)], zone),
            Some(("b.test", Some(policy))),
        );
    };
    of("b.test", all, Policy::None);
    of("there.b.test", all, Policy::Quarantine);
    of("t.there.b.test", all, Policy::Quarantine);
    of("gone.b.test", all, Policy::Reject);
    of(
        "gone.b.test",
        "v=DMARC1; p=none; sp=quarantine",
        Policy::Quarantine,
    );
    of("gone.b.test", "v=DMARC1; p=reject", Policy::Reject);
    of("there.b.test", "v=DMARC1; p=none; np=reject", Policy::None);
    // On the subdomain's own record, sp and np mean nothing.
    let own = world(
        &[("there.b.test", all), ("b.test", "v=DMARC1; p=reject")],
        zone,
    );
    check_policy(
        "there.b.test",
        own,
        Some(("there.b.test", Some(Policy::None))),
    );
    // Nobody asks whether the domain exists if it makes no difference.
    let heard = world(&[("b.test", "v=DMARC1; p=reject; np=reject")], zone);
    block(discover(&heard, &name("gone.b.test")));
    assert!(
        heard
            .1
            .into_inner()
            .expect("one thread")
            .iter()
            .all(|asked| asked.ends_with("TXT"))
    );
}

#[test]
fn a_suffix_decides_only_where_the_organization_says_nothing() {
    let suffix = "v=DMARC1; psd=y; p=none; sp=quarantine; np=reject";
    let zone = "shop.psd.test. 60 IN A 192.0.2.1\na.shop.psd.test. 60 IN A 192.0.2.1";
    let alone = || world(&[("psd.test", suffix)], zone);
    check_policy(
        "a.shop.psd.test",
        alone(),
        Some(("psd.test", Some(Policy::Quarantine))),
    );
    check_policy(
        "shop.psd.test",
        alone(),
        Some(("psd.test", Some(Policy::Quarantine))),
    );
    check_policy(
        "gone.psd.test",
        alone(),
        Some(("psd.test", Some(Policy::Reject))),
    );
    check_policy("psd.test", alone(), Some(("psd.test", Some(Policy::None))));
    let own = world(&[("psd.test", suffix), ("shop.psd.test", MONITOR)], zone);
    check_policy(
        "a.shop.psd.test",
        own,
        Some(("shop.psd.test", Some(Policy::None))),
    );
    // A record between the author and an organization that has none is never applied.
    let between = world(
        &[
            ("psd.test", suffix),
            ("a.shop.psd.test", "v=DMARC1; p=reject"),
        ],
        zone,
    );
    check_policy(
        "b.a.shop.psd.test",
        between,
        Some(("psd.test", Some(Policy::Reject))),
    );
}

fn ask(zone: &str, uri: &str) -> Authorization {
    let dns = world(&[("b.test", MONITOR)], zone);
    let dns = failing(dns, "broken.test");
    let uri: ReportUri = uri.parse().expect("a URI");
    block(authorization(
        &dns,
        &name("b.test"),
        &uri,
        ReportKind::Aggregate,
    ))
}

#[test]
fn item_59_a_destination_elsewhere_must_want_the_reports() {
    let at = "b.test._report._dmarc.r.test. 60 IN TXT";
    assert_eq!(ask("", "mailto:a@b.test"), Authorization::NotNeeded);
    let refused = |found: &Authorization| match found {
        Authorization::Refused { name, .. } => name.to_string(),
        other => panic!("{other:?}"),
    };
    assert_eq!(
        refused(&ask("", "mailto:a@r.test")),
        "b.test._report._dmarc.r.test"
    );
    assert_eq!(
        refused(&ask("", "mailto:a@x.r.test")),
        "b.test._report._dmarc.x.r.test",
        "the host in full"
    );
    let granted = |zone: &str| match ask(zone, "mailto:a@r.test") {
        Authorization::Granted { instead, .. } => instead.len(),
        other => panic!("{other:?}"),
    };
    assert_eq!(granted(&format!("{at} \"v=DMARC1\"")), 0);
    assert_eq!(
        granted(&format!(
            "{at} \"v=DMARC1;\"\n{at} \"v=DMARC1; p=none\"\n{at} noise"
        )),
        0,
        "several are fine"
    );
    assert_eq!(
        granted("*._report._dmarc.r.test. 60 IN TXT \"v=DMARC1\""),
        0,
        "a wildcard is legal"
    );
    assert_eq!(
        granted(
            "b.test._report._dmarc.r.test. 60 IN CNAME y.test.\ny.test. 60 IN TXT \"v=DMARC1\""
        ),
        0
    );
    assert_eq!(
        granted(&format!("{at} \"v=DMARC1; rua=mailto:other@r.test\"")),
        1
    );
    let foreign = ask(
        &format!("{at} \"v=DMARC1; rua=mailto:a@elsewhere.test\""),
        "mailto:a@r.test",
    );
    assert!(matches!(foreign, Authorization::ForeignOverride { .. }));
    assert!(matches!(
        ask(&format!("{at} \"v=DMARC2\""), "mailto:a@r.test"),
        Authorization::Refused { .. }
    ));
}

#[test]
fn item_60_what_is_external_is_decided_by_organization_and_the_name_may_be_too_long() {
    let zone = "_dmarc.r.test. 60 IN TXT \"v=DMARC1; p=none\"";
    assert!(
        matches!(
            ask(zone, "mailto:a@evilb.test"),
            Authorization::Refused { .. }
        ),
        "no comparison of strings"
    );
    let dns = world(&[("b.test", MONITOR)], "");
    let inside: ReportUri = "mailto:a@reports.b.test".parse().expect("a URI");
    let found = block(authorization(
        &dns,
        &name("www.b.test"),
        &inside,
        ReportKind::Failure,
    ));
    assert_eq!(found, Authorization::NotNeeded);

    let long = format!("{0}.{0}.{0}.{1}.test", "a".repeat(63), "b".repeat(40));
    let uri: ReportUri = format!("mailto:a@{long}").parse().expect("a URI");
    let found = block(authorization(
        &dns,
        &name(&format!("{}.test", "c".repeat(60))),
        &uri,
        ReportKind::Aggregate,
    ));
    assert_eq!(found, Authorization::NameTooLong);
    assert!(matches!(
        ask("", "mailto:a@broken.test"),
        Authorization::Unknown(_)
    ));
    assert_eq!(ask("", "mailto:a@[192.0.2.1]"), Authorization::NoHost);
}

#[test]
fn item_3_a_failure_is_never_no_record() {
    // Above the author's own record, it only hides the organization.
    let dns = failing(
        world(&[("a.b.test", "v=DMARC1; p=reject")], ""),
        "_dmarc.b.test",
    );
    let discovery = block(discover(&dns, &name("a.b.test")));
    assert!(matches!(
        discovery.applied(),
        Applied::Record {
            policy: Some(Policy::Reject),
            ..
        }
    ));
    assert!(discovery.walk.organizational_domain().is_err());
    assert_eq!(discovery.walk.steps.len(), 3, "the walk shows all there is");

    for broken in ["_dmarc.a.b.test", "_dmarc.b.test", "_dmarc.test"] {
        let dns = failing(
            world(&[("b.test", "v=DMARC1; p=reject; np=none")], ""),
            broken,
        );
        if broken == "_dmarc.b.test" || broken == "_dmarc.a.b.test" || broken == "_dmarc.test" {
            let discovery = block(discover(&dns, &name("a.b.test")));
            assert!(
                matches!(discovery.applied(), Applied::Unknown(_)),
                "{broken}"
            );
        }
    }
    // Whether the domain exists.
    let dns = failing(
        world(&[("b.test", "v=DMARC1; p=none; np=reject")], ""),
        "x.b.test",
    );
    // The failure covers _dmarc.x.b.test too, so the record of the name itself is unknown.
    assert!(matches!(
        block(discover(&dns, &name("x.b.test"))).applied(),
        Applied::Unknown(_)
    ));
    let discovery = Discovery {
        walk: block(tree_walk(
            &world(&[("b.test", "v=DMARC1; p=none; np=reject")], ""),
            &name("y.b.test"),
        )),
        existence: Some(Existence::Unknown(LookupError::new(
            LookupErrorKind::Timeout,
            crate::Question {
                name: name("y.b.test"),
                record_type: RecordType::A,
            },
        ))),
    };
    assert!(matches!(discovery.applied(), Applied::Unknown(_)));
}

#[test]
fn near_misses_are_kept_with_the_answer() {
    let dns = world(&[("b.test", " v=DMARC1; p=reject")], "");
    let discovery = block(discover(&dns, &name("b.test")));
    assert_eq!(discovery.applied(), Applied::Nothing);
    let step = &discovery.walk.steps[0];
    assert_eq!(step.found, Found::Nothing);
    let expected = (
        Octets::from(&b" v=DMARC1; p=reject"[..]),
        NearMiss::LeadingBlank,
    );
    assert_eq!(step.near_misses, std::slice::from_ref(&expected));
    // Beside a good record too.
    let dns = world(
        &[("b.test", " v=DMARC1; p=reject"), ("b.test", MONITOR)],
        "",
    );
    let step = block(tree_walk(&dns, &name("b.test"))).steps.remove(0);
    assert!(step.found.record().is_some() && step.near_misses == [expected]);
    assert!(
        step.answer
            .is_some_and(|answer| answer.records().len() == 2)
    );
}

#[test]
fn alignment_by_the_tables_of_the_rfc() {
    let dns = world(&[("example.com", MONITOR)], "");
    let aligned = |one: &str, other: &str, alignment: Alignment| {
        block(is_aligned(&dns, &name(one), &name(other), alignment)).expect("known")
    };
    use Alignment::{Relaxed, Strict};
    // RFC 9989 §4.4, Table 1, and §B.1.
    assert!(aligned("foo.example.com", "news.example.com", Relaxed));
    assert!(!aligned("foo.example.com", "news.example.com", Strict));
    assert!(aligned("news.example.com", "News.Example.com", Strict));
    assert!(!aligned("foo.example.net", "news.example.com", Relaxed));
    assert!(aligned("child.example.com", "example.com", Relaxed));
    let broken = failing(world(&[("example.com", MONITOR)], ""), "_dmarc.com");
    assert!(
        block(is_aligned(
            &broken,
            &name("a.example.com"),
            &name("example.com"),
            Relaxed
        ))
        .is_err()
    );
}

/// Two labels make an organization, and `co.test` is a suffix.
struct TwoLabels;

impl PublicSuffixes for TwoLabels {
    fn organizational_domain(&self, domain: &DomainName) -> Option<DomainName> {
        let keep = if domain.is_within(&name("co.test")) {
            3
        } else {
            2
        };
        let skip = domain.label_count().checked_sub(keep)?;
        DomainName::from_labels(domain.labels().skip(skip)).ok()
    }
}

#[track_caller]
fn check_differences(author: &str, records: &[(&str, &str)], expected: &[Difference]) {
    let dns = world(records, "x.b.test. 60 IN A 192.0.2.1");
    let current = block(discover(&dns, &name(author)));
    let historic = block(discover_historic(&dns, &name(author), &TwoLabels));
    assert_eq!(
        differences(&current, &historic).as_deref(),
        Some(expected),
        "{historic:?}"
    );
}

#[test]
fn where_readers_of_rfc_7489_part_is_named() {
    check_differences("x.b.test", &[("b.test", "v=DMARC1; p=reject")], &[]);
    check_differences(
        "b.test",
        &[("b.test", "v=DMARC1; p=reject; pct=20")],
        &[Difference::Percentage { historic: 20 }],
    );
    let lower = Difference::Policy {
        current: Some(Policy::Quarantine),
        historic: Some(Policy::Reject),
    };
    check_differences(
        "b.test",
        &[("b.test", "v=DMARC1; p=reject; t=y")],
        &[lower, Difference::TestingIgnored],
    );
    let unknown_np = Difference::Policy {
        current: Some(Policy::Reject),
        historic: Some(Policy::None),
    };
    check_differences(
        "gone.b.test",
        &[("b.test", "v=DMARC1; p=none; np=reject")],
        &[unknown_np],
    );
    // A record between: only the list steps over it, and only the tree walk sees the one below a suffix that it does not know.
    let cut = [
        ("team.b.test", "v=DMARC1; psd=n; p=reject"),
        ("b.test", "v=DMARC1; p=none"),
    ];
    let parts = [
        Difference::OrganizationalDomain {
            current: name("team.b.test"),
            historic: name("b.test"),
        },
        Difference::PolicyDomain {
            current: Some(name("team.b.test")),
            historic: Some(name("b.test")),
        },
        Difference::Policy {
            current: Some(Policy::Reject),
            historic: Some(Policy::None),
        },
    ];
    check_differences("a.team.b.test", &cut, &parts);
    // Two records at the author's name end the search of the one, not of the other.
    let two = [
        ("x.b.test", MONITOR),
        ("x.b.test", "v=DMARC1; p=quarantine"),
        ("b.test", "v=DMARC1; p=reject"),
    ];
    let parts = [
        Difference::PolicyDomain {
            current: Some(name("b.test")),
            historic: None,
        },
        Difference::Policy {
            current: Some(Policy::Reject),
            historic: None,
        },
    ];
    check_differences("x.b.test", &two, &parts);
}

#[test]
fn what_changes_nothing_is_no_difference() {
    check_differences(
        "b.test",
        &[("b.test", "v=DMARC1; p=none; t=y; pct=20")],
        &[],
    );
    check_differences("a.b.test", &[], &[]);
    // The record that readers of RFC 7489 take is another one, without t.
    let dns = world(
        &[
            ("team.b.test", "v=DMARC1; psd=n; p=reject; t=y"),
            ("b.test", "v=DMARC1; p=reject"),
        ],
        "",
    );
    let current = block(discover(&dns, &name("a.team.b.test")));
    let historic = block(discover_historic(&dns, &name("a.team.b.test"), &TwoLabels));
    let found = differences(&current, &historic).expect("both are known");
    assert!(!found.contains(&Difference::TestingIgnored), "{found:?}");
}

#[test]
fn failure_reports_have_an_authorization_of_their_own() {
    let dns = world(
        &[("b.test", MONITOR)],
        "b.test._report._dmarc.r.test. 60 IN TXT \"v=DMARC1; rua=mailto:x@elsewhere.test; ruf=mailto:y@r.test\"",
    );
    let uri: ReportUri = "mailto:a@r.test".parse().expect("a URI");
    let ask = |kind| block(authorization(&dns, &name("b.test"), &uri, kind));
    assert!(matches!(
        ask(ReportKind::Aggregate),
        Authorization::ForeignOverride { .. }
    ));
    assert!(
        matches!(ask(ReportKind::Failure), Authorization::Granted { instead, .. } if instead.len() == 1)
    );
    let dns = failing(
        world(&[("b.test", MONITOR)], ""),
        "b.test._report._dmarc.r.test",
    );
    assert!(matches!(
        block(authorization(
            &dns,
            &name("b.test"),
            &uri,
            ReportKind::Failure
        )),
        Authorization::Unknown(_)
    ));
}

#[test]
fn item_8_an_alias_at_the_name_is_followed() {
    let dns = world(
        &[("p.test", "v=DMARC1; p=reject")],
        "_dmarc.b.test. 60 IN CNAME _dmarc.p.test.",
    );
    check_policy("b.test", dns, Some(("b.test", Some(Policy::Reject))));
}

#[test]
fn a_reading_that_is_not_known_has_no_differences() {
    let dns = failing(world(&[("b.test", MONITOR)], ""), "_dmarc.test");
    let current = block(discover(&dns, &name("a.b.test")));
    let historic = block(discover_historic(&dns, &name("a.b.test"), &TwoLabels));
    assert!(matches!(historic.outcome, HistoricOutcome::Record { .. }));
    assert_eq!(differences(&current, &historic), None);
}

proptest! {
    #[test]
    fn no_octets_panic(text: Vec<u8>) {
        let _ = Record::parse(&text);
        let _ = NearMiss::of(&text);
        let with_version = [b"v=DMARC1;".as_slice(), &text].concat();
        let record = Record::parse(&with_version).expect("a record by its version");
        prop_assert_eq!(record.text.as_bytes(), with_version.as_slice());
    }

    #[test]
    fn what_is_read_is_read_the_same_again(
        tags in proptest::collection::vec("(p|sp|np|t|psd|adkim|fo|rua|x)=(none|reject|y|s|u|0:d|mailto:a@b[.]test|z)", 0..8),
    ) {
        let text = format!("v=DMARC1;{}", tags.join(";"));
        let record = Record::parse(text.as_bytes()).expect("a record");
        let shown: Vec<_> = record.tags.iter().map(ToString::to_string).collect();
        let again = Record::parse(shown.join("; ").as_bytes()).expect("a record");
        prop_assert_eq!(again.policy_for(Audience::NonexistentSubdomain), record.policy_for(Audience::NonexistentSubdomain));
        prop_assert_eq!((again.psd, again.testing, again.dkim_alignment), (record.psd, record.testing, record.dkim_alignment));
        prop_assert_eq!(again.aggregate_reports, record.aggregate_reports);
    }

    #[test]
    fn a_walk_asks_eight_questions_at_most(labels in 1usize..40) {
        let name: DomainName = vec!["a"; labels].join(".").parse().expect("a name");
        let walk = block(tree_walk(&world(&[], ""), &name));
        prop_assert_eq!(walk.steps.len(), labels.min(8));
    }
}
