//! What the conformance suite leaves open, one test a rule; and, offline, what is most often got wrong.
//!
//! These rules are tested by the suite alone (`tests/rfc7208.rs`), by tests of these names there:
//!
//! | rule of RFC 7208 | tests of the suite |
//! | --- | --- |
//! | type SPF is never asked for (§3.1) | `spfonly`, `spftimeout`, `spfoverride` |
//! | the table of `include` (§5.2) | `include-fail`, `include-softfail`, `include-neutral`, `include-temperror`, `include-none` |
//! | an unknown modifier must parse (§6) | `unknown-modifier-syntax`, `invalid-modifier`, `empty-modifier-name` |
//! | whose `exp` counts (§6.2) | `redirect-cancels-exp`, `redirect-cancels-prior-exp`, `include-ignores-exp` |
//! | several TXT records make no explanation (§6.2) | `exp-multiple-txt`, `two-exp-records` |
//! | `/0` covers the family, if there is any address (§5.3) | `a-cidr4-0`, `a-cidr6-0-ip6`, `mx-cidr4-0`, `cidr4-0`, `a-nxdomain` |
//! | which confirmed name `%{p}` takes (§7.3) | `p-macro-ip4-valid`, `p-macro-ip6-valid`, `p-macro-multiple` |
//! | more than ten names of the client (§4.6.4) | `ptr-limit` |

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use proptest::prelude::*;

use super::*;
use crate::{
    CharacterStrings, LookupErrorKind, NegativeKind, RecordData, RecordType, StaticLookup,
};

const CLIENT: &str = "192.0.2.1";
const CLIENT6: &str = "2001:db8::1";

fn zone(text: &str) -> StaticLookup {
    StaticLookup::from_zone_text(text).expect("zone text")
}

fn evaluate(zone: &StaticLookup, query: &Query) -> Evaluation {
    // A lookup in memory never waits.
    match pin!(check_host(zone, query)).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(evaluation) => evaluation,
        Poll::Pending => panic!("nothing to wait for"),
    }
}

fn query(ip: &str) -> Query {
    let ip = ip.parse().expect("an address");
    Query::mail_from(ip, "alice@example.test", "mx.example.test")
}

/// Evaluates `record` at example.test, with more of the zone.
fn of(ip: &str, record: &str, more: &str) -> Evaluation {
    let text = format!("$ORIGIN example.test.\n@ 60 IN TXT \"{record}\"\n{more}\n");
    evaluate(&zone(&text), &query(ip))
}

#[track_caller]
fn check(ip: &str, record: &str, more: &str, expected: SpfResult) {
    let found = of(ip, record, more);
    assert_eq!(found.result, expected, "{found:#?}");
}

#[track_caller]
fn check_error(text: &str, kind: SyntaxErrorKind, at: &str) {
    let error = Record::parse(text.as_bytes()).expect_err("a syntax error");
    assert_eq!(error.kind(), kind, "{error}");
    let span = error.span();
    assert_eq!(&text[span.start..span.end], at, "{error}");
}

#[test]
fn errors_say_what_and_where() {
    check_error("v=spf10", SyntaxErrorKind::Version, "v=spf10");
    check_error(" v=spf1 -all", SyntaxErrorKind::Version, " v=spf1");
    check_error("v=spf1 a\tmx", SyntaxErrorKind::Character, "\t");
    check_error("v=spf1 all moo", SyntaxErrorKind::UnknownMechanism, "moo");
    check_error(
        "v=spf1 -ipv4:192.0.2.1",
        SyntaxErrorKind::UnknownMechanism,
        "ipv4",
    );
    check_error(
        "v=spf1 include -all",
        SyntaxErrorKind::MissingValue,
        "include",
    );
    check_error("v=spf1 -all:x", SyntaxErrorKind::UnexpectedValue, ":x");
    check_error("v=spf1 ptr/24", SyntaxErrorKind::UnexpectedValue, "/24");
    check_error("v=spf1 a:", SyntaxErrorKind::DomainSpec, "");
    check_error("v=spf1 exists:%{i}.x%", SyntaxErrorKind::Macro, "%");
    check_error("v=spf1 exists:%{d0}", SyntaxErrorKind::Macro, "%{d0}");
    check_error("v=spf1 exists:%{dx}.y", SyntaxErrorKind::Macro, "%{dx}");
    check_error("v=spf1 exists:%{d", SyntaxErrorKind::Macro, "%{d");
    check_error(
        "v=spf1 a:%{c}.x.test",
        SyntaxErrorKind::ExplanationMacro,
        "%{c}.x.test",
    );
    check_error("v=spf1 ip4:192.0.2", SyntaxErrorKind::Network, "192.0.2");
    check_error(
        "v=spf1 ip4:192.0.02.1",
        SyntaxErrorKind::Network,
        "192.0.02.1",
    );
    check_error(
        "v=spf1 ip6:192.0.2.1",
        SyntaxErrorKind::Network,
        "192.0.2.1",
    );
    check_error("v=spf1 ip4:192.0.2.0/", SyntaxErrorKind::PrefixLength, "");
    check_error(
        "v=spf1 ip4:192.0.2.0/+8",
        SyntaxErrorKind::PrefixLength,
        "+8",
    );
    check_error("v=spf1 a//064", SyntaxErrorKind::PrefixLength, "064");
    check_error(
        "v=spf1 exp=a.b exp=c.d",
        SyntaxErrorKind::DuplicateModifier,
        "exp=c.d",
    );
}

#[test]
fn strings_of_a_record_join_with_nothing_between_and_records_do_not() {
    let joined = "v=spf1 ip4:192.0.\" \"2.1 -all";
    check(CLIENT, joined, "", SpfResult::Pass);
    check(
        CLIENT,
        "v=spf1",
        "@ 60 IN TXT \"ip4:192.0.2.1\"",
        SpfResult::Neutral,
    );
}

#[test]
fn the_version_ends_in_a_space_or_the_end() {
    check(CLIENT, "v=spf10 +all", "", SpfResult::None);
    check(CLIENT, " v=spf1 +all", "", SpfResult::None);
    check(CLIENT, "V=SPF1 +ALL", "", SpfResult::Pass);
}

#[test]
fn two_records_are_a_permerror_and_told() {
    let found = of(CLIENT, "v=spf1 +all", "@ 60 IN TXT \"v=spf1 -all\"");
    assert_eq!(found.result, SpfResult::PermError);
    let domain = "example.test".parse().expect("a name");
    assert_eq!(
        found.problem,
        Some(Problem::SeveralRecords { domain, count: 2 })
    );
    assert_eq!(found.records[0].texts.len(), 2);
}

#[test]
fn an_error_right_of_a_matching_all_spoils_the_record() {
    check(CLIENT, "v=spf1 +all ip4:nonsense", "", SpfResult::PermError);
    check(
        CLIENT,
        "v=spf1 +all ra=postmaster rp=100 rr=all:x",
        "",
        SpfResult::Pass,
    );
}

/// `a0` to `a{count}`, each with an address that is not the client's.
fn hosts(count: usize) -> String {
    let host = |n| format!("a{n} 60 IN A 198.51.100.1\n");
    (0..count).map(host).collect()
}

fn terms(count: usize) -> String {
    (0..count)
        .map(|n| format!("a:a{n}.example.test "))
        .collect()
}

#[test]
fn the_eleventh_term_is_one_too_many_and_redirect_counts() {
    let ten = terms(10);
    check(
        CLIENT,
        &format!("v=spf1 {ten} ip4:{CLIENT}"),
        &hosts(10),
        SpfResult::Pass,
    );
    let found = of(CLIENT, &format!("v=spf1 {ten} mx"), &hosts(10));
    assert_eq!(
        (found.problem, found.term_count),
        (Some(Problem::TooManyTerms { limit: 10 }), 11)
    );
    let more = format!("{}r 60 IN TXT \"v=spf1 +all\"", hosts(10));
    let redirected = |terms: &str| format!("v=spf1 {terms} redirect=r.example.test");
    check(CLIENT, &redirected(&ten), &more, SpfResult::PermError);
    check(CLIENT, &redirected(&terms(9)), &more, SpfResult::Pass);
}

#[test]
fn the_validated_name_counts_as_a_term() {
    let found = of(CLIENT, "v=spf1 exists:%{p}.example.test -all", "");
    assert_eq!((found.result, found.term_count), (SpfResult::Fail, 2));
    assert_eq!(found.void_count, 1, "two empty answers, but one term");
}

#[test]
fn addresses_of_exchanges_are_not_terms_and_ten_exchanges_are_the_most() {
    let exchanges = |count| {
        let exchange = |n| format!("@ 60 IN MX {n} a{n}\n");
        (0..count).map(exchange).collect::<String>() + &hosts(count)
    };
    let found = of(CLIENT, "v=spf1 mx ~all", &exchanges(10));
    assert_eq!((found.result, found.term_count), (SpfResult::SoftFail, 1));
    assert_eq!(found.steps[0].asked.len(), 11);
    // Even if the first matches.
    check(
        "198.51.100.1",
        "v=spf1 mx ~all",
        &exchanges(11),
        SpfResult::PermError,
    );
}

#[test]
fn the_third_void_term_ends_it_across_includes() {
    let more = "i 60 IN TXT \"v=spf1 a:v1.example.test exists:v2.example.test\"";
    let two = "v=spf1 include:i.example.test +all";
    check(CLIENT, two, more, SpfResult::Pass);
    let found = of(
        CLIENT,
        "v=spf1 a:v0.example.test include:i.example.test +all",
        more,
    );
    assert_eq!(
        found.problem,
        Some(Problem::TooManyVoidLookups { limit: 2 })
    );
    assert_eq!(found.void_count, 3);
    // After two voids, another lookup that finds something is fine.
    let more = format!("{more}\nh 60 IN A {CLIENT}");
    let third = "v=spf1 include:i.example.test a:h.example.test -all";
    check(CLIENT, third, &more, SpfResult::Pass);
}

#[test]
fn limits_are_configurable() {
    let zone = zone("example.test. 60 IN TXT \"v=spf1 a:v.example.test +all\"");
    let mut query = query(CLIENT);
    query.limits.void_lookups = 0;
    let found = evaluate(&zone, &query);
    assert_eq!(
        found.problem,
        Some(Problem::TooManyVoidLookups { limit: 0 })
    );
    query.limits.terms = 0;
    assert_eq!(
        evaluate(&zone, &query).problem,
        Some(Problem::TooManyTerms { limit: 0 })
    );
}

#[test]
fn includes_nest_no_deeper_than_a_small_stack_allows() {
    let deep = || {
        let zone = zone("example.test. 60 IN TXT \"v=spf1 include:example.test\"");
        let mut query = query(CLIENT);
        query.limits.terms = u8::MAX;
        evaluate(&zone, &query)
    };
    let small = std::thread::Builder::new().stack_size(1 << 20);
    let found = small
        .spawn(deep)
        .expect("a thread")
        .join()
        .expect("no overflow");
    assert_eq!(found.problem, Some(Problem::IncludesTooDeep));
    assert_eq!(found.steps.last().map(|step| step.depth), Some(32));
}

#[test]
fn helo_is_a_check_of_its_own() {
    let zone = zone(
        "example.test. 60 IN TXT \"v=spf1 ip4:192.0.2.1 -all\"\n\
         mx.example.test. 60 IN TXT \"v=spf1 -all\"",
    );
    let mail_from = query(CLIENT);
    assert_eq!(evaluate(&zone, &mail_from).result, SpfResult::Pass);
    let helo = Query::helo(mail_from.ip, &mail_from.helo);
    assert_eq!(evaluate(&zone, &helo).result, SpfResult::Fail);
}

#[test]
fn only_the_family_of_the_client_is_asked() {
    let found = of(CLIENT6, "v=spf1 a -all", "@ 60 IN AAAA 2001:db8::1");
    assert_eq!((found.result, found.void_count), (SpfResult::Pass, 0));
    let types = found.steps[0]
        .asked
        .iter()
        .map(|asked| asked.question.record_type);
    assert_eq!(types.collect::<Vec<_>>(), [RecordType::AAAA]);
    check(
        CLIENT6,
        "v=spf1 exists:example.test -all",
        "@ 60 IN AAAA ::1",
        SpfResult::Fail,
    );
}

#[test]
fn failures_are_temperrors_except_in_ptr_and_explanations() {
    let text = |record: &str| format!("example.test. 60 IN TXT \"{record}\"");
    let broken = |record: &str| {
        let names = ["broken.test", "in-addr.arpa"];
        let fail = |zone: StaticLookup, name: &str| {
            zone.with_failure(name.parse().expect("a name"), LookupErrorKind::ServFail)
        };
        evaluate(
            &names.into_iter().fold(zone(&text(record)), fail),
            &query(CLIENT),
        )
    };
    for term in [
        "a:broken.test",
        "mx:broken.test",
        "exists:broken.test",
        "include:broken.test",
    ] {
        let found = broken(&format!("v=spf1 {term} +all"));
        assert_eq!(found.result, SpfResult::TempError, "{term}");
        assert!(matches!(found.problem, Some(Problem::Lookup(_))), "{term}");
    }
    assert_eq!(broken("v=spf1 ptr ?all").result, SpfResult::Neutral);
    let found = broken("v=spf1 -all exp=broken.test");
    assert_eq!((found.result, found.explanation), (SpfResult::Fail, None));
}

#[test]
fn a_target_without_record_is_a_permerror() {
    for term in [
        "include:gone.test",
        "redirect=gone.test",
        "redirect=a..test",
        "include:a..test",
    ] {
        let found = of(CLIENT, &format!("v=spf1 {term}"), "");
        assert!(
            matches!(found.problem, Some(Problem::TargetWithoutRecord { .. })),
            "{term}"
        );
    }
    check(
        CLIENT,
        "v=spf1 ?all redirect=gone.test",
        "",
        SpfResult::Neutral,
    );
}

#[test]
fn mapped_clients_are_ipv4() {
    check(
        "::ffff:192.0.2.1",
        "v=spf1 ip4:192.0.2.1 -all",
        "",
        SpfResult::Pass,
    );
    check(
        "::ffff:192.0.2.1",
        "v=spf1 ip6:::/0 -all",
        "",
        SpfResult::Fail,
    );
    check(CLIENT6, "v=spf1 ip6:::/0 -all", "", SpfResult::Pass);
    check(CLIENT6, "v=spf1 ip4:0.0.0.0/0 -all", "", SpfResult::Fail);
    check(
        CLIENT6,
        "v=spf1 ip6:2001:db8::/128 ip6:2001:db8::/127 -all",
        "",
        SpfResult::Pass,
    );
}

/// The examples of RFC 7208 §7.4, and what they leave out.
#[test]
fn macros() {
    let expand = |ip: &str, text: &str| {
        let why = format!(
            "email.example.com. 60 IN TXT \"v=spf1 -all exp=why.test\"\nwhy.test. 60 IN TXT \"{text}\""
        );
        let ip = ip.parse().expect("an address");
        let query = Query::mail_from(ip, "strong-bad@email.example.com", "mx.example.org");
        evaluate(&zone(&why), &query)
            .explanation
            .expect("an explanation")
    };
    for (text, expected) in [
        ("%{s}", "strong-bad@email.example.com"),
        ("%{o}", "email.example.com"),
        ("%{d4}", "email.example.com"),
        ("%{d2}", "example.com"),
        ("%{d1}", "com"),
        ("%{d99999999999999999999}", "email.example.com"),
        ("%{dr}", "com.example.email"),
        ("%{d2r}", "example.email"),
        ("%{l}", "strong-bad"),
        ("%{l-}", "strong.bad"),
        ("%{lr-}", "bad.strong"),
        ("%{l1r-}", "strong"),
        (
            "%{S}%_%%%-%{h}",
            "strong-bad%40email.example.com %%20mx.example.org",
        ),
        ("%{ir}.%{v}", "3.2.0.192.in-addr"),
        ("%{p} %{r} %{t} %{c}", "unknown unknown unknown 192.0.2.3"),
    ] {
        assert_eq!(expand("192.0.2.3", text), expected, "{text}");
    }
    assert_eq!(
        expand("2001:db8::cb01", "%{ir}.%{v} %{c}"),
        "1.0.b.c.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6 2001:db8::cb01"
    );
}

#[test]
fn receiver_and_time_are_given() {
    let zone =
        zone("e.test. 60 IN TXT \"v=spf1 -all exp=w.test\"\nw.test. 60 IN TXT \"%{r} %{t}\"");
    let mut query = Query::mail_from(CLIENT.parse().expect("an address"), "a@e.test", "h");
    query.receiver = Some("in.example.net".to_owned());
    query.timestamp = Some(1_000_000_000);
    let explanation = evaluate(&zone, &query).explanation;
    assert_eq!(explanation.as_deref(), Some("in.example.net 1000000000"));
}

#[test]
fn macros_expand_in_every_mechanism_with_a_domain() {
    let more = format!("alice.h 60 IN A {CLIENT}\nalice.m 60 IN MX 1 alice.h");
    check(CLIENT, "v=spf1 a:%{l}.h.%{d} -all", &more, SpfResult::Pass);
    check(CLIENT, "v=spf1 mx:%{l}.m.%{d} -all", &more, SpfResult::Pass);
}

#[test]
fn long_names_lose_labels_from_the_left() {
    let record = format!(
        "v=spf1 exists:{}.x.example.test -all",
        "%{d}.".repeat(30) + "y"
    );
    let found = of(CLIENT, &record, "");
    let name = found.steps[0].asked[0].question.name.to_string();
    assert!(name.len() <= 253 && name.len() > 253 - 13, "{name}");
    assert!(name.ends_with(".test.y.x.example.test"), "{name}");
}

#[test]
fn thousands_of_macros_do_no_harm() {
    let text = format!(
        "v=spf1 exists:{}y.example.test ?all",
        "%{s}.".repeat(10_000)
    );
    let strings = text.as_bytes().chunks(255).map(<[u8]>::to_vec);
    let data = RecordData::Txt(CharacterStrings::new(strings));
    let mut zone = StaticLookup::new();
    zone.insert(crate::Record::new(
        "example.test".parse().expect("a name"),
        60,
        data,
    ));
    let found = evaluate(&zone, &query(CLIENT));
    let name = found.steps[0].asked[0].question.name.to_string();
    assert!(name.len() <= 253 + name.matches('\\').count(), "{name}");
    assert_eq!(found.result, SpfResult::Neutral);

    // An explanation of that kind is none.
    let text = "%{s} ".repeat(1000);
    let strings = text.as_bytes().chunks(255).map(<[u8]>::to_vec);
    let data = RecordData::Txt(CharacterStrings::new(strings));
    let mut zone = self::zone("example.test. 60 IN TXT \"v=spf1 -all exp=w.test\"");
    zone.insert(crate::Record::new(
        "w.test".parse().expect("a name"),
        60,
        data,
    ));
    let found = evaluate(&zone, &query(CLIENT));
    assert_eq!((found.result, found.explanation), (SpfResult::Fail, None));
}

#[test]
fn identities_without_a_domain_give_none() {
    for domain in [
        "[192.0.2.1]",
        "localhost",
        "a..test",
        "",
        ".",
        &"a".repeat(64),
        "x@[IPv6:::1]",
    ] {
        let query = Query::mail_from(CLIENT.parse().expect("an address"), domain, "");
        let found = evaluate(&StaticLookup::new(), &query);
        assert_eq!(
            (found.result, found.problem),
            (SpfResult::None, Some(Problem::NotADomain))
        );
    }
    let found = evaluate(&StaticLookup::new(), &query(CLIENT));
    assert_eq!(
        (found.result, found.problem),
        (SpfResult::None, Some(Problem::NoRecord))
    );
}

#[test]
fn the_null_reverse_path_is_postmaster_at_helo() {
    let query = Query::mail_from(CLIENT.parse().expect("an address"), "", "mx.example.test");
    assert_eq!(
        (&*query.local_part, &*query.domain),
        ("postmaster", "mx.example.test")
    );
    assert_eq!(query, Query::helo(query.ip, "mx.example.test"));
}

#[test]
fn ptr_ends_on_label_boundaries() {
    let evil = |name: &str| {
        let text = format!(
            "example.test. 60 IN TXT \"v=spf1 ptr -all\"\n\
             1.2.0.192.in-addr.arpa. 60 IN PTR {name}.\n{name}. 60 IN A {CLIENT}"
        );
        evaluate(&zone(&text), &query(CLIENT)).result
    };
    assert_eq!(evil("evilexample.test"), SpfResult::Fail);
    assert_eq!(evil("mail.example.test"), SpfResult::Pass);
    assert_eq!(evil("example.test"), SpfResult::Pass);
}

#[test]
fn the_root_of_a_null_mx_is_not_asked() {
    let found = of(CLIENT, "v=spf1 mx -all", "@ 60 IN MX 0 .");
    assert_eq!((found.result, found.void_count), (SpfResult::Fail, 0));
    assert_eq!(found.steps[0].asked.len(), 1);
}

#[test]
fn nodata_is_void_as_nxdomain_is() {
    let found = of(CLIENT, "v=spf1 a a:gone.example.test ?all", "");
    let outcomes: Vec<_> = found
        .steps
        .iter()
        .flat_map(|step| &step.asked)
        .map(|asked| asked.outcome)
        .collect();
    let void = AskedOutcome::Void;
    assert_eq!(
        outcomes,
        [void(NegativeKind::NoData), void(NegativeKind::NxDomain)]
    );
    assert_eq!(found.void_count, 2);
}

#[test]
fn a_local_part_outside_ascii_matches_nothing() {
    let zone = zone(
        "*.u.test. 60 IN A 127.0.0.1\nu.test. 60 IN TXT \"v=spf1 exists:%{l}.u.test -all exp=w.test\"\nw.test. 60 IN TXT \"no %{l}\"",
    );
    let ip = CLIENT.parse().expect("an address");
    let found = evaluate(&zone, &Query::mail_from(ip, "jürgen@u.test", "h.test"));
    assert_eq!((found.result, found.term_count), (SpfResult::Fail, 1));
    assert_eq!(found.explanation.as_deref(), Some("no j\\xc3\\xbcrgen"));
    let found = evaluate(&zone, &Query::mail_from(ip, "juergen@u.test", "h.test"));
    assert_eq!(found.result, SpfResult::Pass);
}

#[test]
fn an_include_of_a_local_part_outside_ascii_matches_nothing_too() {
    let zone = zone("u.test. 60 IN TXT \"v=spf1 include:%{l}.x.test +all\"");
    let ip = CLIENT.parse().expect("an address");
    let result = |sender| evaluate(&zone, &Query::mail_from(ip, sender, "h.test")).result;
    assert_eq!(result("jürgen@u.test"), SpfResult::Pass);
    assert_eq!(result("juergen@u.test"), SpfResult::PermError);
}

#[test]
fn there_is_no_record_at_a_name_of_one_label() {
    for term in ["include:%{d1}", "redirect=%{d1}"] {
        let zone = zone(&format!(
            "u.test. 60 IN TXT \"v=spf1 {term}\"\ntest. 60 IN TXT \"v=spf1 +all\"\ntest. 60 IN A {CLIENT}"
        ));
        let ip = CLIENT.parse().expect("an address");
        let found = evaluate(&zone, &Query::mail_from(ip, "a@u.test", "h.test"));
        assert_eq!(found.result, SpfResult::PermError, "{term}");
    }
    let zone = zone(&format!(
        "u.test. 60 IN TXT \"v=spf1 a:%{{d1}} -all\"\ntest. 60 IN A {CLIENT}"
    ));
    let ip = CLIENT.parse().expect("an address");
    let found = evaluate(&zone, &Query::mail_from(ip, "a@u.test", "h.test"));
    assert_eq!(found.result, SpfResult::Pass, "addresses are there");
}

#[test]
fn two_final_dots_are_an_empty_label() {
    let zone =
        zone("u.test. 60 IN TXT \"v=spf1 include:%{h} -all\"\nh.test. 60 IN TXT \"v=spf1 +all\"");
    let ip = CLIENT.parse().expect("an address");
    let result = |helo| evaluate(&zone, &Query::mail_from(ip, "a@u.test", helo)).result;
    assert_eq!(result("h.test."), SpfResult::Pass);
    assert_eq!(result("h.test.."), SpfResult::PermError);
}

#[test]
fn explanations_hold_no_control_characters() {
    let zone = zone("u.test. 60 IN TXT \"v=spf1 -all exp=w.test\"\nw.test. 60 IN TXT \"%{h}\"");
    let ip = CLIENT.parse().expect("an address");
    let found = evaluate(
        &zone,
        &Query::mail_from(ip, "a@u.test", "h\r\n250 ok\u{1b}"),
    );
    assert_eq!(found.explanation.as_deref(), Some("h\\r\\n250 ok\\x1b"));
}

#[test]
fn the_trace_tells_each_step() {
    let more = format!("i 60 IN TXT \"v=spf1 ip4:{CLIENT}\"");
    let found = of(CLIENT, "v=spf1 a include:i.example.test -all", &more);
    let steps: Vec<_> = found
        .steps
        .iter()
        .map(|step| {
            let text = &found.records[step.record].texts[0];
            (
                &text[step.span.start..step.span.end],
                step.depth,
                step.outcome,
                step.term_count,
            )
        })
        .collect();
    assert_eq!(
        steps,
        [
            ("a", 0, StepOutcome::NotMatched, 1),
            ("include:i.example.test", 0, StepOutcome::Matched, 2),
            ("ip4:192.0.2.1", 1, StepOutcome::Matched, 2),
        ]
    );
    assert_eq!(found.matched(), Some(&found.steps[1]));
}

#[cfg(feature = "serde")]
#[test]
fn facts_survive_json() {
    let found = of(
        CLIENT,
        "v=spf1 a//64 include:i.example.test x=%{l2r-} -all",
        "i 60 IN TXT \"v=spf1 -all\"",
    );
    let json = serde_json::to_string(&found).expect("JSON");
    assert_eq!(
        serde_json::from_str::<Evaluation>(&json).expect("an evaluation"),
        found
    );
    assert!(json.contains("\"result\":\"fail\""), "{json}");

    let record = Record::parse(b"v=spf1 a//64 mx:x.test/24 ptr ip6:::1/0 x=%{l2r-} exists:%{D}")
        .expect("a record");
    let json = serde_json::to_string(&record).expect("JSON");
    assert_eq!(
        serde_json::from_str::<Record>(&json).expect("a record"),
        record
    );

    let found = of(CLIENT, "v=spf1 moo", "");
    let json = serde_json::to_string(&found).expect("JSON");
    assert_eq!(
        serde_json::from_str::<Evaluation>(&json).expect("an evaluation"),
        found
    );
}

/// The terms without their places, which a canonical form may move.
fn contents(record: &Record) -> Vec<String> {
    record
        .terms
        .iter()
        .map(|term| match term {
            Term::Directive(directive) => {
                format!("{:?} {:?}", directive.qualifier, directive.mechanism)
            }
            Term::Modifier(modifier) => format!("{:?}", modifier.kind),
        })
        .collect()
}

fn any_term() -> impl Strategy<Value = String> {
    let regex = |text: &str| prop::string::string_regex(text).expect("a pattern");
    let domain = "(%\\{[slodipvhSLODIPVH][1-9]?r?[.+,/_=-]{0,2}\\}|%%|%_|%-|[a-z:/=]{1,4}){0,3}(\\.[a-z]{2,4}\\.?|%\\{d\\})";
    let cidr = "(/[1-9]|/3[0-2])?(//[1-9]|//12[0-8])?";
    prop_oneof![
        regex(&format!("[+?~-]?(all|ALL|(a|A|mx|Mx)(:{domain})?{cidr})")),
        regex(&format!("[+?~-]?(ptr|exists|include|Include):{domain}")),
        regex(
            "[?-]?(ip4:[1-9]{1,2}\\.0\\.0\\.1|ip6:2001:[dD]b8::[1-9]|ip6:::1\\.2\\.3\\.4)(/[1-9]|/0|/32)?"
        ),
        regex(&format!("[x-z][a-z0-9._-]{{0,5}}=({domain})?")),
    ]
}

proptest! {
    #[test]
    fn what_is_read_is_shown_and_reads_the_same(terms in prop::collection::vec(any_term(), 0..6)) {
        let text = format!("v=spf1  {}", terms.join("  "));
        let record = Record::parse(text.as_bytes()).expect("a record");
        let at: Vec<_> = record.terms.iter().map(|term| record.text_of(term.span())).collect();
        prop_assert_eq!(at, terms);

        let canonical = record.to_string();
        let again = Record::parse(canonical.as_bytes()).expect("the canonical form");
        prop_assert_eq!(contents(&again), contents(&record));
        prop_assert_eq!(again.to_string(), canonical);
    }

    #[test]
    fn any_octets_are_a_record_or_an_error_within_them(octets in prop::collection::vec(any::<u8>(), 0..60)) {
        let text = [b"v=spf1 ".as_slice(), &octets].concat();
        match Record::parse(&text) {
            Ok(record) => prop_assert_eq!(record.text.as_bytes(), text),
            Err(error) => prop_assert!(error.span().start <= error.span().end && error.span().end <= text.len()),
        }
    }

    #[test]
    fn any_line_ends_in_a_result_within_the_limits(line in "[a-z0-9:=%{}./+~? -]{0,60}", sender in "\\PC{0,30}") {
        let text = format!("v=spf1 {line} include:%{{d}} mx ptr exists:%{{s}}.x");
        let zone = zone(&format!("example.test. 60 IN TXT \"{text}\""));
        let query = Query::mail_from(CLIENT.parse().expect("an address"), &format!("{sender}@example.test"), &sender);
        let found = evaluate(&zone, &query);
        prop_assert!(found.term_count <= 11 && found.void_count <= 3);
        prop_assert_eq!(found.problem.is_some(), matches!(found.result, SpfResult::None | SpfResult::TempError | SpfResult::PermError));
        let shown = format!("{:?}", found.explanation);
        prop_assert!(shown.is_ascii());
    }
}
