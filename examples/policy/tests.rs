use mail_dns::{LookupErrorKind, StaticLookup};

use super::*;

async fn told(zone: &str, failing: &[&str], secure: &[&str]) -> (Outcome, String) {
    let name = |text: &str| text.parse::<DomainName>().expect("a name");
    let mut dns = StaticLookup::from_zone_text(zone)
        .expect("zone text")
        .with_insecure_zone(name("test"));
    for secure in secure {
        dns = dns.with_secure_zone(name(secure));
    }
    for failing in failing {
        dns = dns.with_failure(name(failing), LookupErrorKind::ServFail);
    }
    let facts = Facts::collect(&dns, name("d.test")).await;
    (facts.outcome, session::page(&facts, None, None).into_text())
}

#[track_caller]
fn has(text: &str, lines: &[&str]) {
    for line in lines {
        assert!(text.contains(line), "expected {line:?} in\n{text}");
    }
}

#[tokio::test]
async fn what_is_not_known_is_neither_there_nor_not() {
    let zone = "d.test. 60 IN MX 10 mx.d.test.\nmx.d.test. 60 IN A 192.0.2.1\n\
                _mta-sts.d.test. 60 IN TXT \"v=STSv1; id=1\"";
    let (outcome, text) = told(zone, &[], &[]).await;
    assert_eq!(outcome, Outcome::Yes, "{text}");
    has(
        &text,
        &["yes: it has MTA-STS; no TLS-RPT, DANE, CAA, BIMI, SRV"],
    );
    for (failing, line) in [
        (
            "_mta-sts.d.test",
            "  ? MTA-STS    dig TXT _mta-sts.d.test  could not tell: SERVFAIL",
        ),
        (
            "_tls.d.test",
            "  ? TLS-RPT    dig TXT _smtp._tls.d.test  could not tell",
        ),
        (
            "_imap._tcp.d.test",
            "  ? SRV        _imap: could not tell: SERVFAIL\n",
        ),
        (
            "mx.d.test",
            "  ?            mx.d.test  mx.d.test A: could not tell: SERVFAIL; senders take",
        ),
    ] {
        let (outcome, text) = told(zone, &[failing], &[]).await;
        assert_eq!(outcome, Outcome::Unknown, "{failing}: {text}");
        has(&text, &[line]);
    }
    let line = "SPF for nobody: no; DMARC reject: could not tell: SERVFAIL";
    let (outcome, text) = told(zone, &["_dmarc.d.test"], &[]).await;
    assert_eq!(outcome, Outcome::Yes, "it is in use all the same: {text}");
    has(&text, &[line]);
    let idle = "d.test. 60 IN MX 0 .\nd.test. 60 IN TXT \"v=spf1 -all\"";
    let (outcome, text) = told(idle, &["_dmarc.d.test"], &[]).await;
    assert_eq!(outcome, Outcome::Unknown, "{text}");
}

#[tokio::test]
async fn dane_hangs_on_the_mx_records_too() {
    let zone = "d.test. 60 IN MX 10 mx.p.test.\nmx.p.test. 60 IN A 192.0.2.1\n\
                _25._tcp.mx.p.test. 60 IN TLSA 3 1 1 d2abde240d7cd3ee6b4b28c54df034b97983a1d16e8a410e4561cb106618e971\n\
                _25._tcp.mx.p.test. 60 IN TLSA 1 1 1 d2abde240d7cd3ee6b4b28c54df034b97983a1d16e8a410e4561cb106618e971";
    let (outcome, text) = told(zone, &[], &["d.test", "p.test"]).await;
    assert_eq!(outcome, Outcome::Yes, "{text}");
    has(
        &text,
        &[
            "yes: it has DANE; no",
            "  ✓            mx.p.test  senders authenticate it, by 1 record\n",
            "    DANE-EE SPKI SHA2-256 d2abde240d7cd3ee…\n",
            "  !                PKIX-EE SPKI SHA2-256 d2abde240d7cd3ee…  does not count",
        ],
    );
    let (outcome, text) = told(zone, &[], &["p.test"]).await;
    assert_eq!(outcome, Outcome::No, "{text}");
    has(&text, &["  !            the MX records are not signed"]);
    let (outcome, text) = told(zone, &["_tcp.mx.p.test"], &["p.test"]).await;
    assert_eq!(
        outcome,
        Outcome::Unknown,
        "a failure is never no DANE: {text}"
    );
}

#[tokio::test]
async fn a_logo_that_nobody_may_show_is_in_vain() {
    let record = "default._bimi.d.test. 60 IN TXT \"v=BIMI1; l=https://d.test/l.svg\"\n";
    let (outcome, text) = told(record, &[], &[]).await;
    assert_eq!(outcome, Outcome::Broken, "{text}");
    has(
        &text,
        &["  ✗            nobody may show it: there is no DMARC"],
    );
    let weak = format!("{record}_dmarc.d.test. 60 IN TXT \"v=DMARC1; p=reject; sp=none\"");
    let (outcome, text) = told(&weak, &[], &[]).await;
    assert_eq!(outcome, Outcome::Broken, "{text}");
    let strong = format!("{record}_dmarc.d.test. 60 IN TXT \"v=DMARC1; p=reject\"");
    let (outcome, text) = told(&strong, &[], &[]).await;
    assert_eq!(outcome, Outcome::Yes, "{text}");
    has(
        &text,
        &["  ✓            DMARC is strong enough for it to be shown"],
    );
    let (outcome, text) = told(&strong, &["_dmarc.test"], &[]).await;
    assert_eq!(outcome, Outcome::Unknown, "{text}");
}

#[tokio::test]
async fn faults_stand_at_their_places() {
    let zone = "_mta-sts.d.test. 60 IN TXT \"v=STSv1; id=2026-11-01\"\n\
                _smtp._tls.d.test. 60 IN TXT \"v=TLSRPTv1; rua=mailto:a@d.test,b@d.test; x=y\"\n\
                d.test. 60 IN CAA 128 tbs \"a\\\"b\"\n\
                d.test. 60 IN MX 0 .";
    let (outcome, text) = told(zone, &[], &[]).await;
    assert_eq!(outcome, Outcome::Broken, "{text}");
    has(
        &text,
        &[
            "\n               v=STSv1; id=2026-11-01\n  !                        ^^^^^^^^^^ ",
            "\n  !                                            ^^^^^^^^\n",
            "\n  !                                                      ^^^ no RFC knows this field",
            "  ✗ CAA        d.test            no authority, because of tbs\n",
            "critical, and no authority knows it",
            "a null MX: yes; SPF for nobody: no; DMARC reject: no",
        ],
    );
}

#[tokio::test]
async fn a_domain_without_mail_and_one_that_is_not_there_are_told_apart() {
    let zone = "d.test. 60 IN MX 0 .\nd.test. 60 IN TXT \"v=spf1 -all\"\n\
                _dmarc.d.test. 60 IN TXT \"v=DMARC1; p=reject\"";
    let (outcome, text) = told(zone, &[], &[]).await;
    assert_eq!(outcome, Outcome::Yes, "{text}");
    has(
        &text,
        &["yes: it neither sends nor takes mail, and says so"],
    );
    let (outcome, text) = told("", &[], &[]).await;
    assert_eq!(outcome, Outcome::No, "{text}");
    has(&text, &["no: the domain does not exist"]);
}
