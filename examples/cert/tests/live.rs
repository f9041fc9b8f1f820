//! Servers of the laboratory on loopback, with real TLS.

use futures_util::future::join_all;
use mailcheck_lab::World;
use tls_inspect::{Capture, ScanReport};

use super::arguments;
use crate::look::{Look, Place};
use crate::outcome::Outcome;
use crate::{laboratory, page};

fn text(look: &Look) -> String {
    page::full(look, None).into_text()
}

#[track_caller]
pub(super) fn check(look: &Look, outcome: Outcome, lines: &[&str]) {
    let text = text(look);
    assert_eq!(look.outcome, outcome, "{text}");
    // Where a row breaks is of no account, unless the line says so.
    let unbroken = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for line in lines {
        let is_there = text.contains(line) || unbroken.contains(line);
        assert!(is_there, "expected {line:?} in\n{text}");
    }
    assert!(!text.contains('\x1b'), "{text}");
}

/// A host of the laboratory as the command line would have it looked at.
pub(super) async fn look(world: &World, line: &str, host: &str, port: u16) -> Look {
    let arguments = arguments(line);
    let inspector = laboratory::inspector(&arguments, world).expect("an inspector");
    let is_of = |domain: &str| laboratory::is_at_or_below(host, domain);
    let places = laboratory::places(world, is_of).await;
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
            "9 days left; renewal is overdue",
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
            "the certificate is not valid before 20",
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
            "the answer for TLSA records is bogus by DNSSEC",
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
    let places = laboratory::places(&world, |_| true).await;
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
            ": 80 days left, 88 %\n",
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
            "RSA ? · elliptic curve yes",
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
    let plain = look(&world, "", "mx.not-smtp.test", 465).await;
    let row = "the peer begins in the clear, as for STARTTLS: look again with --starttls\n";
    check(&plain, Outcome::Fails, &[row]);
    let bogus = look(&world, "", "mx.dane-bogus.test", 25).await;
    let rows = [
        "  ✗ TLSA       bogus by DNSSEC; senders with DANE take the host for unreachable",
        "dig TLSA _25._tcp.mx.dane-bogus.test  DNSSEC validation failed",
    ];
    check(&bogus, Outcome::Fails, &rows);
    let chain = look(&world, "", "mx.missing-intermediate.test", 25).await;
    let row = "not sent: CN=Lab Intermediate; the certificate does not say where it can be had\n";
    check(&chain, Outcome::Fails, &[row]);
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
