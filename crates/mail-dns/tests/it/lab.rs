//! Against the laboratory's server, which follows aliases, denies and signs like a real resolver.

use std::time::Duration;

use mail_dns::stub::{StubConfig, StubResolver};
use mail_dns::{Lookup, LookupErrorKind, RecordType};
use mailcheck_lab::dns::{DnsServer, Fault, Signing};

const ZONE: &str = "www A 192.0.2.1\n\
                    alias CNAME www\n\
                    dangling CNAME gone\n\
                    _25._tcp.www TLSA 3 1 1 00ff";

async fn lab() -> (DnsServer, StubResolver) {
    let mut builder = DnsServer::builder()
        .zone("signed.test", ZONE, Signing::Signed)
        .zone("plain.test", ZONE, Signing::Unsigned)
        .zone("bogus.test", ZONE, Signing::Bogus);
    for (label, fault) in [
        ("servfail", Fault::ServFail),
        ("refused", Fault::Refused),
        ("silent", Fault::Silence),
        ("truncated", Fault::Truncate),
        ("cut", Fault::TruncateBoth),
        ("wrong-id", Fault::WrongId),
        ("wrong-question", Fault::WrongQuestion),
        ("garbage", Fault::Garbage),
        ("spoofed", Fault::SpoofFirst),
        ("old", Fault::FormErrOnEdns),
        ("late", Fault::Delay(Duration::from_millis(50))),
        ("shaken", Fault::ServFailFirst(1)),
        ("lost", Fault::SilenceFirst(1)),
    ] {
        let zone = format!("{label}.test");
        builder = builder
            .zone(zone.as_str(), "www A 192.0.2.1", Signing::Signed)
            .fault(zone, fault);
    }
    let server = builder.start().await.expect("a server");
    let mut config = StubConfig::new([server.addr()]);
    config.attempt_timeout = Duration::from_millis(200);
    (server, StubResolver::new(config))
}

/// The answer with its status, or the kind of error.
async fn check(
    dns: &StubResolver,
    name: &str,
    record_type: RecordType,
    expected: Result<&str, LookupErrorKind>,
) {
    let name = name.parse().expect("a name");
    let outcome = dns.lookup(&name, record_type).await;
    let shown = match &outcome {
        Ok(answer) => Ok(format!("{answer} ({})", answer.dnssec)),
        Err(error) => Err(error.kind()),
    };
    assert_eq!(
        shown.as_deref(),
        expected.as_ref().map(|text| *text),
        "{name}: {outcome:?}"
    );
}

#[tokio::test]
async fn zones_signed_and_not() {
    let (_server, dns) = lab().await;
    check(
        &dns,
        "www.signed.test",
        RecordType::A,
        Ok("www.signed.test A: 192.0.2.1 (secure)"),
    )
    .await;
    check(
        &dns,
        "www.plain.test",
        RecordType::A,
        Ok("www.plain.test A: 192.0.2.1 (insecure)"),
    )
    .await;
    check(
        &dns,
        "www.bogus.test",
        RecordType::A,
        Err(LookupErrorKind::Bogus),
    )
    .await;
    check(
        &dns,
        "alias.signed.test",
        RecordType::A,
        Ok("alias.signed.test A: 192.0.2.1 (secure)"),
    )
    .await;
    check(
        &dns,
        "www.signed.test",
        RecordType::MX,
        Ok("www.signed.test MX: NODATA (secure)"),
    )
    .await;
    check(
        &dns,
        "gone.signed.test",
        RecordType::A,
        Ok("gone.signed.test A: NXDOMAIN (secure)"),
    )
    .await;
    check(
        &dns,
        "dangling.plain.test",
        RecordType::A,
        Ok("dangling.plain.test A: NXDOMAIN (insecure)"),
    )
    .await;
    check(
        &dns,
        "_tcp.www.signed.test",
        RecordType::A,
        Ok("_tcp.www.signed.test A: NODATA (secure)"),
    )
    .await;
    let tlsa = "_25._tcp.www.signed.test TLSA: 3 1 1 00ff (secure)";
    check(&dns, "_25._tcp.www.signed.test", RecordType::TLSA, Ok(tlsa)).await;
}

#[tokio::test]
async fn faults_that_an_answer_survives() {
    let (server, dns) = lab().await;
    for zone in ["truncated", "spoofed", "old", "late", "shaken", "lost"] {
        let name = format!("www.{zone}.test");
        let expected = format!("{name} A: 192.0.2.1 (secure)");
        check(&dns, &name, RecordType::A, Ok(&expected)).await;
    }
    assert_eq!(
        server.query_count("www.truncated.test", "A"),
        2,
        "UDP, then TCP"
    );
    assert_eq!(server.query_count("www.spoofed.test", "A"), 1);
    assert_eq!(
        server.query_count("www.old.test", "A"),
        2,
        "with EDNS, then without"
    );
}

#[tokio::test]
async fn faults_that_leave_the_question_open() {
    let (_server, dns) = lab().await;
    for (zone, kind) in [
        ("servfail", LookupErrorKind::ServFail),
        ("refused", LookupErrorKind::Refused),
        ("silent", LookupErrorKind::Timeout),
        ("cut", LookupErrorKind::Truncated),
        ("wrong-id", LookupErrorKind::Timeout),
        ("wrong-question", LookupErrorKind::Timeout),
        // The identifier alone does not make it an answer.
        ("garbage", LookupErrorKind::Timeout),
    ] {
        check(&dns, &format!("www.{zone}.test"), RecordType::A, Err(kind)).await;
    }
}
