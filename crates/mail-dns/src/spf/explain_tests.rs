//! The static reading of a tree of records, held against evaluations of the same tree.

use std::net::IpAddr;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use proptest::prelude::*;

use super::*;
use crate::{DomainName, LookupErrorKind, RecordType, StaticLookup};

pub(super) fn block<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("memory does not wait"),
    }
}

pub(super) fn name(text: &str) -> DomainName {
    text.parse().expect("a name")
}

pub(super) fn world(zone: &str) -> StaticLookup {
    StaticLookup::from_zone_text(&format!("$ORIGIN d.test.\n$TTL 60\n{zone}\n"))
        .expect("zone text")
        .with_failure(name("broken.d.test"), LookupErrorKind::ServFail)
}

pub(super) fn of(zone: &str) -> Explained {
    block(explain(&world(zone), &name("d.test")))
}

/// The domain's record, and more of the zone.
pub(super) fn record(text: &str, more: &str) -> Explained {
    of(&format!("@ TXT \"{text}\"\n{more}"))
}

fn cost(explained: &Explained) -> (u32, u32, u32, u32) {
    let Cost {
        terms,
        voids,
        possible_voids,
    } = explained.root.cost;
    (terms, voids.ipv4, voids.ipv6, possible_voids)
}

#[track_caller]
fn check_cost(text: &str, more: &str, expected: (u32, u32, u32, u32)) {
    let explained = record(text, more);
    assert_eq!(cost(&explained), expected, "{explained:#?}");
}

#[test]
fn item_21_terms_that_ask_are_counted_as_the_rfc_counts_them() {
    let hosts =
        "@ A 192.0.2.1\n@ AAAA 2001:db8::1\n@ MX 10 mx\nmx A 192.0.2.2\nmx AAAA 2001:db8::2";
    check_cost(
        "v=spf1 a mx ip4:192.0.2.0/24 ip6:::/0 -all exp=why.d.test",
        hosts,
        (2, 0, 0, 0),
    );
    let tree = "i TXT \"v=spf1 a:mx.d.test include:j.d.test -all\"\nj TXT \"v=spf1 redirect=k.d.test\"\nk TXT \"v=spf1 ip4:1.2.3.4 -all\"";
    check_cost(
        "v=spf1 include:i.d.test -all",
        &format!("{hosts}\n{tree}"),
        (4, 0, 0, 0),
    );
    // What stands after `all` is never come to, and neither is a redirect beside it.
    check_cost("v=spf1 -all a mx redirect=i.d.test", hosts, (0, 0, 0, 0));
    check_cost(
        "v=spf1 ptr exists:%{i}.d.test exists:%{p}.d.test -all",
        hosts,
        (4, 0, 0, 3),
    );
    // Each time it is included, it costs.
    let twice = "i TXT \"v=spf1 a:mx.d.test -all\"";
    check_cost(
        "v=spf1 include:i.d.test include:i.d.test -all",
        &format!("{hosts}\n{twice}"),
        (4, 0, 0, 0),
    );
    // The domain itself is known; the client is not.
    check_cost(
        "v=spf1 include:%{d2}.x.test a:%{d} -all",
        hosts,
        (2, 0, 0, 0),
    );
}

#[test]
fn item_24_voids_are_counted_for_each_family() {
    check_cost("v=spf1 a -all", "@ A 192.0.2.1", (1, 0, 1, 0));
    check_cost("v=spf1 a -all", "@ AAAA 2001:db8::1", (1, 1, 0, 0));
    check_cost(
        "v=spf1 a:gone.d.test mx exists:gone.d.test -all",
        "",
        (3, 3, 3, 0),
    );
    // One term is void once, however many of its hosts are.
    check_cost(
        "v=spf1 mx -all",
        "@ MX 1 a\n@ MX 2 b\n@ MX 3 c\na A 192.0.2.1",
        (1, 1, 1, 0),
    );
    check_cost("v=spf1 mx -all", "@ MX 0 .", (1, 0, 0, 0));
    let limits = Limits::default();
    assert!(record("v=spf1 a:x.d.test a:y.d.test -all", "").fit(&limits) == Fit::Within);
    assert_eq!(
        record("v=spf1 a:x.d.test a:y.d.test a:z.d.test -all", "").fit(&limits),
        Fit::Over
    );
    // Only IPv6 clients meet the limit: too much all the same.
    let ipv4_only = "x A 192.0.2.1\ny A 192.0.2.2\nz A 192.0.2.3";
    assert_eq!(
        record("v=spf1 a:x.d.test a:y.d.test a:z.d.test -all", ipv4_only).fit(&limits),
        Fit::Over
    );
}

#[test]
fn which_include_to_remove_is_said() {
    let mut zone = String::new();
    for (label, terms) in [("big", 6), ("mid", 3), ("small", 1)] {
        let includes: Vec<_> = (1..terms)
            .map(|n| format!("include:{label}{n}.d.test"))
            .collect();
        zone += &format!("{label} TXT \"v=spf1 {} -all\"\n", includes.join(" "));
        for n in 1..terms {
            zone += &format!("{label}{n} TXT \"v=spf1 ip4:192.0.2.{n} -all\"\n");
        }
    }
    let text = "v=spf1 include:big.d.test include:mid.d.test include:small.d.test a:small1.d.test a:mid.d.test -all";
    let explained = record(text, &zone);
    assert_eq!(explained.root.cost.terms, 12);
    let removable: Vec<_> = explained.removable(&Limits::default());
    let shown: Vec<_> = removable
        .iter()
        .map(|term| {
            (
                explained
                    .root
                    .record()
                    .expect("a record")
                    .text_of(term.span),
                term.cost.terms,
            )
        })
        .collect();
    assert_eq!(
        shown,
        [("include:mid.d.test", 3), ("include:big.d.test", 6)]
    );
    assert!(
        record("v=spf1 -all", "")
            .removable(&Limits::default())
            .is_empty()
    );
}

#[test]
fn authorized_addresses_are_counted() {
    let explained = record(
        "v=spf1 -ip4:192.0.2.128/25 ip4:192.0.2.0/24 include:i.d.test ?ip4:198.51.100.0/24 ip4:198.51.100.0/23 ~all",
        "i TXT \"v=spf1 ip6:2001:db8::/64 ip4:203.0.113.5 -all\"",
    );
    assert_eq!(explained.authorized.ipv4_count(), 128 + 1 + 256);
    assert_eq!(explained.authorized.ipv6_count(), 1 << 64);
    assert!(explained.opacity == Opacity::default() && explained.erroneous.is_empty());
    assert_eq!(
        record("v=spf1 ptr -all", "").opacity,
        Opacity {
            may_add: true,
            may_remove: false
        }
    );
    assert!(
        record("v=spf1 -exists:%{i}.bl.test ip4:9.9.9.9 -all", "")
            .opacity
            .may_remove
    );
    assert_eq!(record("v=spf1 +all", "").authorized.ipv4_count(), 1 << 32);
    assert_eq!(
        record("v=spf1 exists:x.d.test -all", "x A 127.0.0.2")
            .authorized
            .ipv4_count(),
        1 << 32
    );
    // An include that fails the whole ends everything behind it.
    for broken in ["gone", "two", "wrong", "broken", "d"] {
        let more = "two TXT \"v=spf1 -all\"\ntwo TXT \"v=spf1 ~all\"\nwrong TXT \"v=spf1 moo\"\nd TXT \"v=spf1 include:d.d.test -all\"";
        let explained = record(
            &format!("v=spf1 ip4:192.0.2.1 include:{broken}.d.test ip4:192.0.2.2 -all"),
            more,
        );
        assert_eq!(
            (
                explained.authorized.ipv4_count(),
                explained.erroneous.ipv4_count() > 0
            ),
            (1, true),
            "{broken}"
        );
    }
}

/// Counts the questions.
struct Counted(StaticLookup, std::sync::atomic::AtomicUsize);

impl crate::Lookup for Counted {
    async fn lookup(
        &self,
        name: &DomainName,
        record_type: RecordType,
    ) -> Result<crate::Answer, crate::LookupError> {
        self.1.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        self.0.lookup(name, record_type).await
    }
}

#[test]
fn questions_terms_and_records_are_bounded() {
    let asked = |zone: &str| {
        let counted = Counted(world(zone), 0.into());
        let explained = block(explain(&counted, &name("d.test")));
        (explained, counted.1.into_inner())
    };
    let text = |terms: &str| {
        let strings: Vec<_> = terms
            .as_bytes()
            .chunks(255)
            .map(|chunk| format!("\"{}\"", str::from_utf8(chunk).expect("ASCII")))
            .collect();
        strings.join(" ")
    };
    // Nothing is asked twice.
    let mx: String = (0..10)
        .map(|n| format!("m MX {n} h{n}\nh{n} A 192.0.2.{n}\n"))
        .collect();
    let (explained, count) = asked(&format!(
        "@ TXT {}\n{mx}",
        text(&format!("v=spf1 {}-all", "mx:m.d.test ".repeat(1000)))
    ));
    assert_eq!((explained.root.cost.terms, count), (1000, 1 + 1 + 20 + 1));
    // Distinct names are asked up to a limit, and what is beyond is not taken for empty.
    let wide: String = (0..900).map(|n| format!("a:n{n}.d.test ")).collect();
    let (explained, count) = asked(&format!("@ TXT {}", text(&format!("v=spf1 {wide}-all"))));
    assert!(count <= 502, "{count}");
    assert!(
        explained
            .root
            .terms
            .iter()
            .any(|term| term.reach == Reach::NotVisited)
    );
    assert!(
        explained
            .faults()
            .iter()
            .any(|fault| fault.problem == TreeProblem::NotVisited)
    );
    let (explained, _) = asked(&format!(
        "@ TXT {}",
        text(&format!("v=spf1 {}-all", "ip4:192.0.2.1 ".repeat(2500)))
    ));
    assert_eq!(
        (explained.root.terms.len(), explained.root.left_out),
        (2000, 501)
    );
    assert_eq!(explained.fit(&Limits::default()), Fit::Unknown);
    let records: String = (0..70)
        .map(|n| format!("w{n} TXT \"v=spf1 -all\"\n"))
        .collect();
    let includes: String = (0..70).map(|n| format!("include:w{n}.d.test ")).collect();
    let (explained, _) = asked(&format!(
        "@ TXT {}\n{records}",
        text(&format!("v=spf1 {includes}-all"))
    ));
    let visited = explained
        .root
        .walk()
        .iter()
        .filter(|node| node.record().is_some())
        .count();
    assert_eq!(visited, 64);
}

#[test]
fn what_cannot_be_told_is_never_within_the_limits() {
    let limits = Limits::default();
    let fit = |text: &str, more: &str| record(text, more).fit(&limits);
    assert_eq!(fit("v=spf1 include:broken.d.test -all", ""), Fit::Unknown);
    assert_eq!(fit("v=spf1 mx:broken.d.test -all", ""), Fit::Unknown);
    assert_eq!(fit("v=spf1 a:broken.d.test -all", ""), Fit::Unknown);
    assert_eq!(fit("v=spf1 include:%{l}.d.test -all", ""), Fit::Unknown);
    assert_eq!(fit("v=spf1 redirect=%{l}.d.test", ""), Fit::Unknown);
    assert_eq!(
        fit("v=spf1 exists:%{i}.d.test -all", ""),
        Fit::Within,
        "one void lookup at the worst"
    );
    assert_eq!(
        fit(
            "v=spf1 exists:%{i}.a.test exists:%{i}.b.test exists:%{i}.c.test -all",
            ""
        ),
        Fit::Unknown
    );
    assert_eq!(fit("v=spf1 include:d.test -all", ""), Fit::Over);
    let mx: String = (0..11).map(|n| format!("m MX {n} h\n")).collect();
    assert_eq!(
        fit(
            "v=spf1 mx:m.d.test -all",
            &(mx.clone() + "h A 1.2.3.4\nh AAAA 2600::1")
        ),
        Fit::Over
    );
    let mut generous = limits;
    generous.mx_names = 20;
    assert_eq!(
        record("v=spf1 mx:m.d.test -all", &mx).fit(&generous),
        Fit::Unknown,
        "they were not looked at"
    );
    // A circle is what makes it too much, so taking it away is enough.
    let circle = record("v=spf1 include:d.test a -all", "@ A 1.2.3.4");
    let removable: Vec<_> = circle
        .removable(&limits)
        .iter()
        .map(|term| term.span.start)
        .collect();
    assert_eq!(removable, [7]);
}

#[test]
fn one_family_that_fails_is_no_failure_of_the_other() {
    let zone = "@ TXT \"v=spf1 a ip4:192.0.2.9 ip6:2001:db8::9 -all\"\n@ A 192.0.2.1";
    let dns =
        world(zone).with_failing_type(name("d.test"), RecordType::AAAA, LookupErrorKind::ServFail);
    let explained = block(explain(&dns, &name("d.test")));
    assert_eq!(
        (
            explained.authorized.ipv4_count(),
            explained.authorized.ipv6_count()
        ),
        (2, 0)
    );
    assert!(explained.erroneous.ipv4_count() == 0 && explained.erroneous.ipv6_count() == u128::MAX);
    let faults = explained.faults();
    assert!(
        matches!(faults.as_slice(), [fault] if fault.problem.is_transient()),
        "{faults:?}"
    );
    // Hosts before the one that fails have matched before.
    let mx = "@ TXT \"v=spf1 mx -all\"\n@ MX 1 ok\n@ MX 2 broken\n@ MX 3 late\nok A 192.0.2.1\nlate A 192.0.2.3";
    assert_eq!(of(mx).authorized.ipv4_count(), 1);
}

#[test]
fn an_include_that_is_done_with_a_client_before_its_error_is_done() {
    let explained = record(
        "v=spf1 include:i.d.test ip4:192.0.2.5 -all",
        "i TXT \"v=spf1 -ip4:192.0.2.5 include:gone.d.test\"",
    );
    assert!(
        explained
            .authorized
            .contains("192.0.2.5".parse().expect("an address"))
    );
    assert_eq!(explained.erroneous.ipv4_count(), (1 << 32) - 1);
}

#[test]
fn whose_domain_a_macro_means() {
    // `d` is that of the record, `o` that of the sender.
    let zone = "i TXT \"v=spf1 a:x.%{d} a:y.%{o} -all\"\nx.i A 192.0.2.1\ny A 192.0.2.2\nx A 192.0.2.3\ny.i A 192.0.2.4";
    let networks: Vec<_> = record("v=spf1 include:i.d.test -all", zone)
        .authorized
        .networks()
        .map(|network| network.to_string())
        .collect();
    assert_eq!(networks, ["192.0.2.1", "192.0.2.2"]);
    let zone = "x AAAA 2001:db8::1\nx A 192.0.2.77";
    let explained = record("v=spf1 a:x.d.test/24//64 -all", zone);
    assert_eq!(
        (
            explained.authorized.ipv4_count(),
            explained.authorized.ipv6_count()
        ),
        (256, 1 << 64)
    );
    let inner = record("v=spf1 include:i.d.test -all", "i TXT \"v=spf1 ptr -all\"");
    assert!(inner.opacity.may_add);
}

#[test]
fn circles_and_floods_end() {
    let explained = record("v=spf1 include:d.test -all", "");
    let child = explained.root.terms[0].child.as_ref().expect("a child");
    assert_eq!(child.found, RecordFound::Loop);
    let deep: String = (0..40)
        .map(|n| format!("n{n} TXT \"v=spf1 include:n{}.d.test -all\"\n", n + 1))
        .collect();
    let explained = record("v=spf1 include:n0.d.test -all", &deep);
    assert!(
        explained
            .root
            .walk()
            .iter()
            .any(|node| node.found == RecordFound::NotVisited)
    );
    let wide: String = (0..9)
        .map(|n| format!("include:w.d.test a:x{n}.d.test "))
        .collect();
    let many = format!("w TXT \"v=spf1 {wide}-all\"");
    assert!(
        record("v=spf1 include:w.d.test include:w.d.test -all", &many)
            .root
            .walk()
            .len()
            <= 3 * 64
    );
}

#[test]
fn flattened_records_say_the_same() {
    let zone =
        "i TXT \"v=spf1 a:h.d.test ip6:2001:db8::/64 ~all\"\nh 30 A 192.0.2.1\nh 30 A 192.0.2.0";
    let flat = record("v=spf1 include:i.d.test ip4:192.0.2.2/31 -all", zone)
        .flattened()
        .expect("flat");
    assert_eq!(flat.text, "v=spf1 ip4:192.0.2.0/30 ip6:2001:db8::/64 -all");
    assert_eq!(flat.ttl, Some(30));
    assert_eq!(
        record("v=spf1 redirect=i.d.test", zone)
            .flattened()
            .expect("flat")
            .text,
        "v=spf1 ip4:192.0.2.0/31 ip6:2001:db8::/64 ~all"
    );
    assert_eq!(
        record("v=spf1 a +all", "").flattened().expect("flat").text,
        "v=spf1 all"
    );
    assert_eq!(
        record("v=spf1 ptr -all", "").flattened(),
        Err(NotFlattenable::Client)
    );
    assert_eq!(
        record("v=spf1 -ip4:1.2.3.4 +all", "").flattened(),
        Err(NotFlattenable::Qualifiers)
    );
    assert_eq!(
        record("v=spf1 a:broken.d.test -all", "").flattened(),
        Err(NotFlattenable::Broken)
    );
    assert_eq!(of("").flattened(), Err(NotFlattenable::Broken));
    let many: String = (0..40)
        .map(|n| format!(" ip4:198.51.{n}.0/24"))
        .filter(|_| true)
        .collect();
    let many = many.replace(".0/24", ".8/29");
    let text = format!("v=spf1{many} -all");
    let strings: Vec<_> = text
        .as_bytes()
        .chunks(200)
        .map(|chunk| str::from_utf8(chunk).expect("ASCII"))
        .collect();
    let flat = record(&strings.join("\" \""), "")
        .flattened()
        .expect("flat");
    assert!(flat.strings.len() > 2 && flat.strings.iter().all(|string| string.len() <= 255));
    assert_eq!(flat.strings.concat(), flat.text);
}

/// A term, or what it leads to.
fn term() -> impl Strategy<Value = String> {
    let qualifier = "[-+~?]?";
    let mechanism = "(ip4:192[.]0[.]2[.](0|64|128|192)/(25|26|32)|include:[ij][.]d[.]test|a:[xyz][.]d[.]test|a:[xyz][.]d[.]test/25|mx:m[.]d[.]test|mx:w[.]d[.]test|a:f[.]d[.]test|exists:[xgf][.]d[.]test|include:gone[.]d[.]test)";
    (qualifier, mechanism).prop_map(|(qualifier, mechanism)| qualifier + &mechanism)
}

fn terms(most: usize) -> impl Strategy<Value = String> {
    let ending = "( [-~?+]all)?";
    (proptest::collection::vec(term(), 0..most), ending)
        .prop_map(|(terms, ending)| terms.join(" ") + &ending)
}

proptest! {
    /// Whoever is said to pass does, and whoever is not does not, in whatever tree.
    #[test]
    fn the_static_reading_agrees_with_evaluation(own in terms(5), i in terms(4), j in "(ip4:192[.]0[.]2[.]7 )?(a:z[.]d[.]test )?([-?~]all|redirect=i[.]d[.]test)?", last: u8, broken in prop_oneof![Just(RecordType::A), Just(RecordType::AAAA)]) {
        let zone = format!(
            "@ TXT \"v=spf1 {own}\"\ni TXT \"v=spf1 {}\"\nj TXT \"v=spf1 {j}\"\nx A 192.0.2.10\ny A 192.0.2.130\ny A 192.0.2.200\nm MX 5 x\nm MX 1 y\nw MX 1 x\nw MX 2 f\nw MX 3 y\nf A 192.0.2.64\n",
            i.replace("include:i.d.test", "include:j.d.test"),
        );
        let dns = world(&zone).with_failing_type(name("f.d.test"), broken, LookupErrorKind::Timeout);
        let explained = block(explain(&dns, &name("d.test")));
        let ip = IpAddr::from([192, 0, 2, last]);
        let mut query = Query::mail_from(ip, "a@d.test", "h.test");
        // Limits are another question.
        query.limits.terms = 200;
        query.limits.void_lookups = 200;
        let evaluation = block(check_host(&dns, &query));
        let passes = evaluation.result == SpfResult::Pass;
        let errs = matches!(evaluation.result, SpfResult::None | SpfResult::TempError | SpfResult::PermError);
        prop_assert_eq!(errs, explained.erroneous.contains(ip), "{:?} {:#?}", evaluation, explained);
        prop_assert_eq!(passes, explained.authorized.contains(ip), "{:?} {:#?}", evaluation, explained);
        // No evaluation costs more than the static reading says.
        prop_assert!(evaluation.term_count <= explained.root.cost.terms || explained.goes_in_a_circle());
        prop_assert!(evaluation.void_count <= explained.root.cost.voids.ipv4 || explained.goes_in_a_circle());
        if let Ok(flat) = explained.flattened() {
            let flat_world = world(&format!("@ TXT {}", flat.strings.iter().map(|string| format!("\"{string}\"")).collect::<Vec<_>>().join(" ")));
            let again = block(check_host(&flat_world, &query));
            prop_assert_eq!(again.result, evaluation.result, "{}", flat.text);
        }
    }
}

#[test]
fn an_mx_is_held_to_the_limit_given_and_one_of_the_client_to_none() {
    let exchanges = |count: usize| -> String {
        (0..count)
            .map(|index| format!("m MX {index} h{index}\nh{index} A 192.0.2.{index}\n"))
            .collect()
    };
    let fit = |text: &str, more: &str, mx_names| {
        let limits = Limits {
            mx_names,
            ..Limits::default()
        };
        record(text, more).fit(&limits)
    };
    let four = exchanges(4);
    assert_eq!(fit("v=spf1 mx:m.d.test -all", &four, 3), Fit::Over);
    assert_eq!(fit("v=spf1 mx:m.d.test -all", &four, 4), Fit::Within);
    assert_eq!(fit("v=spf1 mx:%{l}.d.test -all", &four, 10), Fit::Unknown);
}

#[test]
fn what_hangs_on_the_client_removes_if_it_may_be_a_permerror() {
    let may = |text: &str| {
        let opacity = record(text, "").opacity;
        (opacity.may_add, opacity.may_remove)
    };
    assert_eq!(
        may("v=spf1 include:%{l}.d.test ip4:192.0.2.1"),
        (true, true)
    );
    assert_eq!(may("v=spf1 mx:%{l}.d.test ip4:192.0.2.1"), (true, true));
    assert_eq!(may("v=spf1 a:%{l}.d.test ip4:192.0.2.1"), (true, false));
    assert_eq!(may("v=spf1 exists:%{i}.d.test -all"), (true, false));
}
