//! Servers of the laboratory on loopback, with real TLS.

use futures_util::future::join_all;
use mailcheck_lab::World;
use serde_json::json;
use tls_inspect::{
    Capture, ClientCertificateRequest, HandshakeFailure, HandshakeFailureKind, HandshakeOutcome,
    KeyPossession, ScanReport, SenderVerdict, TrustStore,
};

use super::arguments;
use crate::look::{Attempt, Look, Place, Seen};
use crate::outcome::Outcome;
use crate::{laboratory, page};

fn text(look: &Look) -> String {
    page::full(look, None).into_text()
}

#[track_caller]
pub(super) fn check(look: &Look, outcome: Outcome, lines: &[&str]) {
    let text = text(look);
    assert_eq!(look.outcome, outcome, "{text}");
    for line in lines {
        assert!(text.contains(line), "expected {line:?} in\n{text}");
    }
    assert!(!text.contains('\x1b'), "{text}");
}

/// A host of the laboratory as the command line would have it looked at.
async fn look(world: &World, line: &str, host: &str, port: u16) -> Look {
    let arguments = arguments(line);
    let inspector = laboratory::inspector(&arguments, world).expect("an inspector");
    let places = laboratory::places(world).await;
    inspector.look(place(&places, host, port)).await
}

#[track_caller]
fn place(places: &[Place], host: &str, port: u16) -> Place {
    let mut places = places.iter();
    let found =
        places.find(|place| place.host.as_deref() == Some(host) && place.address.port() == port);
    found.expect("a host").clone()
}

#[tokio::test]
async fn each_host_ends_with_its_code_and_says_why() {
    let world = World::start().await.expect("a laboratory");
    let cases = [
        (
            "mx1.good.test",
            25,
            0,
            "good: TLSv1.3, trusted, authenticated by DANE, ",
        ),
        ("mx1.good.test", 465, 0, "good: TLSv1.3, trusted, "),
        (
            "mx.near-expiry.test",
            25,
            0,
            "8 days left; renewal is overdue",
        ),
        (
            "mx.expired.test",
            25,
            1,
            "the certificate expired 12 days ago",
        ),
        (
            "mx.not-yet-valid.test",
            25,
            1,
            "the certificate is valid only in 2 days",
        ),
        (
            "mx.self-signed.test",
            25,
            1,
            "the certificate is signed by its own key",
        ),
        (
            "mx.wrong-name.test",
            25,
            1,
            "the certificate is for wrong-name.invalid",
        ),
        (
            "mx.missing-intermediate.test",
            25,
            1,
            "the intermediate CN=Lab Intermediate was not sent",
        ),
        (
            "mx.untrusted-root.test",
            25,
            1,
            "the authority CN=Untrusted Root is not trusted",
        ),
        (
            "mx.dane-bogus.test",
            25,
            1,
            "the answer for TLSA records is false by DNSSEC",
        ),
        ("mx.dane-usages.test", 25, 0, "authenticated by DANE"),
        ("mx.no-starttls.test", 25, 1, "STARTTLS is not offered"),
        ("mx.starttls-454.test", 25, 3, "not to be had now: 454"),
        (
            "mx.starttls-garbage.test",
            25,
            1,
            "plaintext after the reply to STARTTLS",
        ),
        ("mx.greeting-421.test", 25, 3, "rate limited at greeting"),
        (
            "mx.not-smtp.test",
            465,
            1,
            "the peer says \"220 mx.not-smtp.test ESMTP",
        ),
        ("mx.refused.test", 25, 1, "connection refused"),
        ("mx.filtered.test", 25, 3, "no answer"),
    ];
    let arguments = arguments("");
    let inspector = laboratory::inspector(&arguments, &world).expect("an inspector");
    let places = laboratory::places(&world).await;
    let looks = cases
        .iter()
        .map(|(host, port, ..)| inspector.look(place(&places, host, *port)));
    let looks = join_all(looks).await;
    for (look, (_, _, code, why)) in looks.into_iter().zip(cases) {
        let line = page::headline(&look).into_text().replace("\n    ", " ");
        assert_eq!(look.outcome.exit_code(), code, "{line}");
        assert!(line.contains(why), "expected {why:?} in\n{line}");
    }
    assert!(world.stats().is_zero());
}

#[tokio::test]
async fn a_good_page_tells_of_the_certificate_its_records_and_its_senders() {
    let world = World::start().await.expect("a laboratory");
    let look = look(&world, "--keys --scan", "mx1.good.test", 25).await;
    let own = look.judgement.tlsa_records.first().expect("a record");
    check(
        &look,
        Outcome::Works,
        &[
            "✓ mx1.good.test 192.0.2.10:25  good: ",
            "  ✓ handshake  TLSv1.3 · TLS_AES_256_GCM_SHA384 · x25519 · key proven by ecdsa_secp256r1_sha256\n",
            "    other key  no certificate for RSA alone: received alert handshake_failure (40)\n",
            "    names      mx1.good.test\n",
            "    key        EC P-256, signed by ecdsa-with-SHA256\n",
            ": 79 days left, 88 %\n",
            "               1 CN=Lab Intermediate, until ",
            "  ✓ identity   mx1.good.test is among its names\n",
            "  ✓ trust      laboratory: trusted, 0 → 1 → CN=Lab Root\n",
            "               mozilla: not trusted: the authority CN=Lab Root is not trusted\n",
            "    senders    with no policy  deliver, encrypted, to whoever answers\n",
            "  ✓            with both       deliver, to the authenticated server\n",
            "dig TLSA _25._tcp.mx1.good.test  DNSSEC secure\n",
            "  matches; outlasts a renewal with the same key, a new issuer,\n",
            &format!(
                "               {}\n                 the server's key; published\n",
                own.record
            ),
            "    roll-over  by 3 1 1 of this and of the next key",
            "1. publish 3 1 1 of the next key, now, by ",
            "TLSv1.3 yes · TLSv1.2 yes · TLSv1.1 no",
            "RSA no · elliptic curve yes",
        ],
    );
}

#[tokio::test]
async fn what_is_wrong_is_told_in_its_row_and_once() {
    let world = World::start().await.expect("a laboratory");
    let expired = look(&world, "", "mx.expired.test", 25).await;
    check(
        &expired,
        Outcome::Fails,
        &[
            "  ✗ validity   ",
            "  ✗            with MTA-STS    do not deliver: certificate-expired\n",
            "               with DANE       deliver, encrypted, to whoever answers\n",
        ],
    );
    let clear = look(&world, "", "mx.no-starttls.test", 25).await;
    check(
        &clear,
        Outcome::Fails,
        &[
            "  ! senders    with no policy  deliver in clear: starttls-not-supported: TLS is not offered\n",
        ],
    );
    let chain = look(&world, "", "mx.missing-intermediate.test", 25).await;
    let row = "not sent: CN=Lab Intermediate; the certificate does not say where it can be had\n";
    check(&chain, Outcome::Fails, &[row]);
}

#[tokio::test]
async fn dane_alone_is_good_and_those_without_it_are_told_of() {
    let world = World::start().await.expect("a laboratory");
    let arguments = arguments("");
    let seen = look(&world, "", "mx1.good.test", 25).await;
    let mut inspector = laboratory::inspector(&arguments, &world).expect("an inspector");
    inspector.stores = vec![TrustStore::webpki_roots()];
    let now = seen.now_unix;
    let look = Look::new(&inspector, seen.place, seen.seen, now);
    check(
        &look,
        Outcome::Works,
        &["! mx1.good.test 192.0.2.10:25  good: TLSv1.3, authenticated by DANE, "],
    );
    assert_eq!(
        look.warnings,
        ["senders with MTA-STS and without DANE do not deliver"]
    );
    let senders = look.judgement.senders.expect("a name");
    assert!(matches!(senders.mta_sts, SenderVerdict::Refuses { .. }));
}

#[tokio::test]
async fn the_same_facts_are_judged_otherwise_later() {
    let world = World::start().await.expect("a laboratory");
    let arguments = arguments("");
    let inspector = laboratory::inspector(&arguments, &world).expect("an inspector");
    let seen = look(&world, "", "mx2.good.test", 465).await;
    let later = seen.now_unix + 100 * 86_400;
    let look = Look::new(&inspector, seen.place, seen.seen, later);
    check(
        &look,
        Outcome::Fails,
        &["the certificate expired 20 days ago"],
    );
}

#[tokio::test]
async fn a_line_of_json_reads_back() {
    let world = World::start().await.expect("a laboratory");
    let look = look(&world, "--keys --scan --json", "mx1.good.test", 25).await;
    let line = serde_json::to_string(&look).expect("plain data");
    assert!(!line.contains('\n'));
    let value: serde_json::Value = serde_json::from_str(&line).expect("JSON");
    assert_eq!(value["outcome"], "works");
    let capture: Capture = serde_json::from_value(value["attempt"]["tls"].clone()).expect("it");
    assert_eq!(Some(&capture), look.seen.capture());
    let senders = serde_json::from_value(value["senders"].clone()).expect("senders");
    assert_eq!(Some(senders), look.judgement.senders);
    let scan: ScanReport = serde_json::from_value(value["scan"].clone()).expect("a scan");
    assert_eq!(
        serde_json::to_value(scan).expect("plain data"),
        value["scan"]
    );
    assert!(value["rollover"]["plans"][0]["steps"].is_array());
    assert_eq!(value["other_key"]["wanted"], "RSA");
}

/// The facts of a good host, changed, and judged again.
async fn judged(change: impl FnOnce(&mut Seen)) -> Look {
    let world = World::start().await.expect("a laboratory");
    let arguments = arguments("");
    let inspector = laboratory::inspector(&arguments, &world).expect("an inspector");
    let mut seen = look(&world, "", "mx2.good.test", 465).await;
    change(&mut seen.seen);
    let now = seen.now_unix;
    Look::new(&inspector, seen.place, seen.seen, now)
}

fn capture(seen: &mut Seen) -> &mut Capture {
    match &mut seen.attempt {
        Attempt::Tls(capture) => capture,
        Attempt::NotBegun(seen) => panic!("{seen:?}"),
    }
}

#[tokio::test]
async fn a_client_that_is_refused_after_the_handshake_is_refused() {
    let kind = HandshakeFailureKind::ClientCertificateRequired;
    let look = judged(|seen| {
        let late = HandshakeFailure::new(kind, "received alert certificate_required (116)");
        capture(seen).late_failure = Some(late);
        capture(seen).client_certificate_request = Some(ClientCertificateRequest::default());
    })
    .await;
    check(
        &look,
        Outcome::Fails,
        &[
            "clients without a certificate are refused: received alert certificate_required",
            "  ✗            with MTA-STS    do not deliver: validation-failure\n",
        ],
    );
}

#[tokio::test]
async fn a_handshake_that_failed_is_a_fault_only_with_its_cause() {
    let fail = |seen: &mut Seen| {
        let kind = HandshakeFailureKind::AlertReceived;
        let failure = HandshakeFailure::new(kind, "received alert protocol_version (70)");
        seen.attempt = Attempt::Tls(Box::new(Capture::new(HandshakeOutcome::Failed(failure))));
    };
    let look = judged(fail).await;
    check(
        &look,
        Outcome::Unknown,
        &["received alert protocol_version"],
    );

    let look = judged(|seen| {
        fail(seen);
        let report = json!({
            "causes": [{
                "cause": { "only_old_versions": { "highest": 0x0301 } },
                "proof": [1, 2],
                "is_seen_in_handshake": false,
            }],
            "connections": [],
        });
        seen.causes = Some(serde_json::from_value(report).expect("a report"));
    })
    .await;
    let cause =
        "  ✗ cause      offered every version up to TLSv1.3, the server took TLSv1.0 and nothing";
    check(
        &look,
        Outcome::Fails,
        &["not good: no TLS: offered every version", cause],
    );
}

#[tokio::test]
async fn whoever_does_not_hold_the_key_is_told_of_first() {
    let look = judged(|seen| {
        capture(seen).key_possession = KeyPossession::Failed("bad signature".to_owned());
    })
    .await;
    let lines = [
        "not good: the server does not hold the key of the certificate: bad signature",
        "  ✗ handshake  ",
        "  ! senders    with no policy  deliver in clear: validation-failure",
    ];
    check(&look, Outcome::Fails, &lines);

    let look = judged(|seen| capture(seen).key_possession = KeyPossession::NotProven).await;
    check(&look, Outcome::Unknown, &["  ? handshake  "]);
}
