use mail_dns::{LookupErrorKind, StaticLookup};

use super::*;

async fn told(zone: &str, failing: &[&str], ip: Option<&str>) -> (Outcome, String) {
    let name = |text: &str| text.parse::<DomainName>().expect("a name");
    let mut dns = StaticLookup::from_zone_text(zone).expect("zone text");
    for failing in failing {
        dns = dns.with_failure(name(failing), LookupErrorKind::ServFail);
    }
    let how = How {
        ip: ip.map(|ip| ip.parse().expect("an address")),
        sender: None,
        helo: None,
        flatten: true,
    };
    let facts = Facts::collect(&dns, name("d.test"), how, true).await;
    (facts.outcome, session::page(&facts, None, None).into_text())
}

#[track_caller]
fn has(text: &str, lines: &[&str]) {
    for line in lines {
        assert!(text.contains(line), "expected {line:?} in\n{text}");
    }
}

#[tokio::test]
async fn the_tree_shows_what_each_term_costs_and_reaches() {
    let zone = "d.test. 60 IN TXT \"v=spf1 mx include:p.test ?a:e.test -all exp=x.d.test\"\n\
                d.test. 60 IN MX 10 h.test.\n\
                h.test. 60 IN A 192.0.2.1\n\
                p.test. 60 IN TXT \"v=spf1 ip4:192.0.2.64/26 ~all\"";
    let (outcome, text) = told(zone, &[], None).await;
    assert_eq!(outcome, Outcome::Yes, "{text}");
    has(
        &text,
        &[
            "yes: 65 IPv4 addresses may send; 3 of 10 terms ask the DNS",
            "        3  1/2 d.test\n",
            "        1  0/1 ├ mx                   h.test: 192.0.2.1\n",
            "        1      ├ include:p.test\n",
            "               │ ├ ip4:192.0.2.64/26  64 IPv4 addresses\n",
            "               │ └ ~all               everybody else: no match\n",
            "  !     1    1 ├ ?a:e.test            nobody: neutral\n",
            "               ├ -all                 everybody else: fail\n",
            "1 void lookup for an IPv4 client, 2 for an IPv6 client, of 2 allowed",
            "there is no such record: a term other than all has another qualifier than pass",
        ],
    );
}

#[tokio::test]
async fn over_the_limit_it_says_what_to_take_out() {
    let hosts: String = (0..7).map(|n| format!("a:h{n}.test ")).collect();
    let addresses: String = (0..7)
        .map(|n| format!("h{n}.test. 60 IN A 192.0.2.{n}\nh{n}.test. 60 IN AAAA 2001:db8::{n}\n"))
        .collect();
    let zone = format!(
        "d.test. 60 IN TXT \"v=spf1 include:p.test include:q.test -all\"\n\
         p.test. 60 IN TXT \"v=spf1 {hosts}-all\"\n\
         q.test. 60 IN TXT \"v=spf1 a:h0.test a:h1.test -all\"\n{addresses}"
    );
    let (outcome, text) = told(&zone, &[], None).await;
    assert_eq!(outcome, Outcome::Broken, "{text}");
    has(
        &text,
        &[
            "broken: 11 terms ask the DNS, and 10 are allowed",
            "without one of these it is within the limit: include:q.test (3), include:p.test (8)",
            "ip4:192.0.2.0/30 ip4:192.0.2.4/31",
        ],
    );
}

#[tokio::test]
async fn what_is_not_known_is_neither_good_nor_bad_unless_the_rest_is_proof() {
    let zone = "d.test. 60 IN TXT \"v=spf1 include:p.test -all\"";
    let (outcome, text) = told(zone, &["p.test"], Some("192.0.2.1")).await;
    assert_eq!(outcome, Outcome::Unknown, "{text}");
    has(
        &text,
        &[
            "  ?     1      ├ include:p.test  p.test TXT: SERVFAIL\n",
            "\n  ? no answer  dig TXT p.test  could not tell: SERVFAIL\n",
            "\n  ? result     temperror: SERVFAIL in answer to p.test TXT",
        ],
    );
    let zone = "d.test. 60 IN TXT \"v=spf1 include:p.test include:q.test -all\"";
    let (outcome, text) = told(zone, &["p.test"], None).await;
    assert_eq!(outcome, Outcome::Broken, "{text}");
    let zone = "d.test. 60 IN TXT \"v=spf1 a:x.test a:y.test exists:%{i}.d.test -all\"";
    let (outcome, text) = told(zone, &[], None).await;
    assert_eq!(outcome, Outcome::Unknown, "{text}");
    has(
        &text,
        &[
            "? ",
            "2 void lookups, of 2 allowed; 1 more may come, depending on the client",
        ],
    );
}

#[tokio::test]
async fn a_name_that_anybody_may_register_is_told_of() {
    let zone = "test. 60 IN SOA ns.test. h.test. 1 7200 900 86400 60\n\
                d.test. 60 IN TXT \"v=spf1 a:mail.gone.test include:al.d.test -all\"\n\
                al.d.test. 60 IN CNAME _spf.lost.test.";
    let (outcome, text) = told(zone, &[], None).await;
    assert_eq!(outcome, Outcome::Broken, "{text}");
    has(
        &text,
        &[
            "NXDOMAIN, says the zone test, which is an alias of _spf.lost.test",
            "lost.test is not delegated: whoever can register it decides who may send",
            "gone.test is not delegated: whoever can register it decides who may send",
        ],
    );
}

#[tokio::test]
async fn oddities_stand_at_their_places() {
    let zone = "d.test. 60 IN TXT \"v=spf1 ip4:9.9.9.9/8 ptr +all a\"\n\
                d.test. 60 IN A 9.9.9.9";
    let (outcome, text) = told(zone, &[], None).await;
    assert_eq!(outcome, Outcome::Yes, "{text}");
    has(
        &text,
        &[
            "\n               v=spf1 ip4:9.9.9.9/8 ptr +all a\n",
            "\n  !                   ^^^^^^^^^^^^^ a /8 is wide: 16,777,216 IPv4 addresses\n",
            "\n  !                   ^^^^^^^^^^^^^ the bits behind the prefix are ignored: it is 9.0.0.0/8\n",
            "\n  !                                 ^^^ slow and unreliable",
            "\n  !                                     ^^^^ the whole world",
            "\n  !                                          ^\n",
        ],
    );
}

#[tokio::test]
async fn the_check_is_told_step_by_step() {
    let zone = "d.test. 60 IN TXT \"v=spf1 include:e.test include:p.test -all exp=x.d.test\"\n\
                e.test. 60 IN TXT \"v=spf1\"\n\
                p.test. 60 IN TXT \"v=spf1 a:h.test ~all\"\n\
                h.test. 60 IN A 192.0.2.1\n\
                x.d.test. 60 IN TXT \"not from %{i}\"";
    let (outcome, text) = told(zone, &[], Some("198.51.100.9")).await;
    assert_eq!(outcome, Outcome::Yes, "{text}");
    let trace = "\
        1    0   include:e.test  no match
                 e.test: v=spf1
        3    0   include:p.test  no match
                 p.test: v=spf1 a:h.test ~all
";
    has(&text, &[trace.trim_start()]);
    has(
        &text,
        &[
            "    check of   198.51.100.9 for mail from postmaster@d.test, HELO d.test\n",
            "  ✗     3    0   -all  match: fail\n",
            "the domain says: not from 198.51.100.9\n",
        ],
    );
}

#[tokio::test]
async fn no_record_and_half_a_record_are_told_apart() {
    assert_eq!(told("d.test. 60 IN TXT x", &[], None).await.0, Outcome::No);
    let (outcome, text) = told("d.test. 60 IN TXT \" v=spf1 -all\"", &[], None).await;
    assert_eq!(outcome, Outcome::Broken, "{text}");
    has(&text, &["^^^^^^ a blank before the version"]);
    assert_eq!(told("", &["d.test"], None).await.0, Outcome::Unknown);
    let (outcome, text) = told("", &[], None).await;
    assert_eq!(outcome, Outcome::No, "{text}");
    has(&text, &["no: the domain does not exist"]);
}
