//! The facts of good hosts, judged again: changed, by other authorities, or later.

use mailcheck_lab::World;
use serde_json::json;
use tls_inspect::{
    Capture, ClientCertificateRequest, DaneUncertainty, HandshakeFailure, HandshakeFailureKind,
    HandshakeOutcome, IdentityMatch, KeyPossession, RecordAdvice, RecordStanding, SenderVerdict,
    StapleState, TrustStore,
};

use super::arguments;
use super::live::{check, look};
use crate::laboratory;
use crate::look::{Attempt, Look, OtherKey, Seen};
use crate::outcome::Outcome;
use crate::{page, words};

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
        [
            "with an MTA-STS policy, senders without DANE do not deliver, and of those with both not all"
        ]
    );
    let row = "? with both could not tell: those that go by DANE alone deliver (postfix-tlspol), those that ask for MTA-STS too do not";
    check(&look, Outcome::Works, &[row]);
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
        &["the certificate expired 19 days ago"],
    );
}

/// The facts of a good host, changed, and judged again.
async fn judged(change: impl FnOnce(&mut Seen)) -> Look {
    judged_after(0, change).await
}

/// The same, so many days later.
async fn judged_after(days: i64, change: impl FnOnce(&mut Seen)) -> Look {
    let world = World::start().await.expect("a laboratory");
    let arguments = arguments("");
    let inspector = laboratory::inspector(&arguments, &world).expect("an inspector");
    let mut seen = look(&world, "", "mx2.good.test", 465).await;
    change(&mut seen.seen);
    let now = seen.now_unix + days * 86_400;
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
            // Senders with a certificate may get through.
            "  ?            with MTA-STS    could not tell: as above\n",
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

    // That may be for this client alone, which has come too often.
    let look = judged(|seen| {
        fail(seen);
        let proven = json!({
            "cause": "drops_every_hello",
            "proof": [1, 2],
            "is_seen_in_handshake": false,
        });
        let report = json!({ "causes": [proven], "connections": [] });
        seen.causes = Some(serde_json::from_value(report).expect("a report"));
    })
    .await;
    let cause = "  ? cause      offered anything from SSLv3 to TLSv1.3, the server dropped";
    check(&look, Outcome::Unknown, &[cause]);
}

/// It may do so for what this client alone offers.
#[tokio::test]
async fn a_server_that_breaks_the_protocol_proves_nothing_of_other_clients() {
    let look = judged(|seen| {
        let kind = HandshakeFailureKind::PeerMisbehaved;
        let failure = HandshakeFailure::new(kind, "received corrupt message");
        seen.attempt = Attempt::Tls(Box::new(Capture::new(HandshakeOutcome::Failed(failure))));
    })
    .await;
    let lines = ["could not tell: the TLS handshake failed: received corrupt message"];
    check(&look, Outcome::Unknown, &lines);
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
    let text = page::full(&look, None).into_text();
    assert!(!text.contains("publish "), "{text}");

    let look = judged(|seen| capture(seen).key_possession = KeyPossession::NotProven).await;
    check(&look, Outcome::Unknown, &["  ? handshake  "]);
}

#[tokio::test]
async fn a_chain_sent_before_the_handshake_failed_is_judged_for_what_it_is() {
    let reset = |seen: &mut Seen| {
        let failure = HandshakeFailure::new(HandshakeFailureKind::Reset, "connection reset");
        capture(seen).outcome = HandshakeOutcome::Failed(failure);
        capture(seen).key_possession = KeyPossession::NotProven;
    };
    let lines = [
        "could not tell: the TLS handshake failed: connection reset\n",
        "  ✗ handshake  failed: connection reset · ",
        " · key not proven\n",
        "  ✓ identity   mx2.good.test is among its names\n",
        "  ✓ trust      laboratory: trusted, ",
        "  ?            with MTA-STS    could not tell: as above\n",
    ];
    check(&judged(reset).await, Outcome::Unknown, &lines);

    let lines = [
        "not good: the certificate expired 19 days ago, on ",
        "; the TLS handshake failed: connection reset",
        "  ? senders    with no policy  could not tell: as above\n",
        "  ✗            with MTA-STS    do not deliver: certificate-expired\n",
    ];
    check(&judged_after(100, reset).await, Outcome::Fails, &lines);
}

/// A good host, with this staple.
async fn stapled(staple: serde_json::Value) -> Look {
    let staple: StapleState = serde_json::from_value(staple).expect("a staple");
    judged_with(staple).await
}

async fn judged_with(staple: StapleState) -> Look {
    let world = World::start().await.expect("a laboratory");
    let arguments = arguments("");
    let inspector = laboratory::inspector(&arguments, &world).expect("an inspector");
    let seen = look(&world, "", "mx2.good.test", 465).await;
    let now = seen.now_unix;
    let mut judgement = seen.judgement;
    judgement.assessment = judgement.assessment.map(|one| one.with_staple(staple));
    Look::of(&inspector, seen.place, seen.seen, judgement, now)
}

#[tokio::test]
async fn a_staple_is_told_in_words() {
    let proof = json!({
        "responder": "issuer",
        "produced_at": 1_795_940_000,
        "this_update": 1_795_940_000,
        "next_update": 1_796_544_800,
    });
    let good = stapled(json!({ "present": { "good": proof } })).await;
    let line = "  ✓ staple     not revoked, says the issuer, as of 2026-11-29 08:13Z, until 2026-12-06 08:13Z\n";
    check(&good, Outcome::Works, &["✓ mx2.good.test", line]);

    let mut other = proof.clone();
    other["responder"] = json!({ "delegated": { "subject": "CN=R", "sha256": "00" } });
    let unchecked = stapled(json!({ "present": { "good": other } })).await;
    let lines = [
        "✓ mx2.good.test",
        "not revoked, says CN=R for the issuer (whether it was revoked itself was not checked), as of",
    ];
    check(&unchecked, Outcome::Works, &lines);
    other["responder"]["delegated"]["no_check"] = json!(true);
    let checked = stapled(json!({ "present": { "good": other } })).await;
    let lines = ["  ✓ staple     not revoked, says CN=R for the issuer, as of"];
    check(&checked, Outcome::Works, &lines);

    let revocation = json!({ "time": 1_795_900_000, "reason": 1 });
    let revoked = json!({ "present": { "revoked": { "proof": proof, "revocation": revocation } } });
    let lines = [
        "! mx2.good.test",
        "; its authority has revoked the certificate, on 2026-11-28, reason keyCompromise (1)",
        "  ✗ staple     revoked, says the issuer, on 2026-11-28, reason keyCompromise (1)",
    ];
    check(&stapled(revoked).await, Outcome::Works, &lines);

    let never = stapled(json!({ "present": { "never_issued": proof } })).await;
    let lines = [
        "; its authority says that it never issued the certificate",
        "  ✗ staple     never issued, says the issuer",
    ];
    check(&never, Outcome::Works, &lines);

    let missing = stapled(json!("missing_though_required")).await;
    let lines = [
        "! mx2.good.test",
        "  ✗ staple     none, and the certificate demands one (RFC 7633)\n",
    ];
    check(&missing, Outcome::Works, &lines);

    let failure = json!({ "kind": "issuer_not_in_chain", "detail": "why" });
    let unproven = json!({ "present": { "could_not_tell": failure } });
    let lines = [
        "✓ mx2.good.test",
        "  ? staple     proves nothing: the issuer's certificate was not sent: why\n",
    ];
    check(&stapled(unproven).await, Outcome::Works, &lines);

    let failure = json!({ "kind": "stale", "detail": "why" });
    let stale = json!({ "present": { "could_not_tell": failure } });
    let lines = [
        "! mx2.good.test",
        "; its staple proves nothing: its time is over, so the server did not fetch a newer one",
        "  ? staple     proves nothing: its time is over, so the server did not fetch a newer one: why\n",
    ];
    check(&stapled(stale).await, Outcome::Works, &lines);
}

/// With an authority's key, names and dates count.
#[tokio::test]
async fn records_that_would_refuse_the_chain_are_not_offered_without_saying_so() {
    let world = World::start().await.expect("a laboratory");
    let wrong = look(&world, "", "mx.wrong-name.test", 25).await;
    let lines = [
        "IN TLSA, one of, once DNSSEC signs the name:",
        "the authority's key, element 1 ✗ does not authenticate this chain: by DANE-TA: the certificate is for wrong-name.invalid",
    ];
    check(&wrong, Outcome::Fails, &lines);
    let expired = look(&world, "", "mx.expired.test", 25).await;
    let lines = [
        "✗ does not authenticate this chain: the chain does not lead to the TLSA record: the certificate expired 12 days ago",
    ];
    check(&expired, Outcome::Fails, &lines);
    let good = look(&world, "", "mx1.good.test", 25).await;
    let text = page::full(&good, None).into_text();
    assert!(!text.contains("authenticate this chain"), "{text}");
}

#[tokio::test]
async fn an_authority_that_has_expired_is_a_fault_in_its_rows() {
    // That of the laboratory lasts a year, and its servers' certificates do not.
    let look = judged_after(400, |_| ()).await;
    let lines = ["  ✗            1 CN=Lab Intermediate, expired "];
    check(&look, Outcome::Fails, &lines);
}

#[tokio::test]
async fn a_server_that_refused_for_want_of_a_client_certificate_does_not_do_without() {
    let look = judged(|seen| {
        let kind = HandshakeFailureKind::ClientCertificateRequired;
        let failure = HandshakeFailure::new(kind, "received alert handshake_failure (40)");
        capture(seen).outcome = HandshakeOutcome::Failed(failure);
        capture(seen).client_certificate_request = Some(ClientCertificateRequest::default());
    })
    .await;
    let lines = ["               the server had asked for a client certificate\n"];
    check(&look, Outcome::Fails, &lines);
}

#[tokio::test]
async fn item_48_a_common_name_that_fits_is_told_with_the_rule() {
    let look = judged(|_| ()).await;
    let told = |found: serde_json::Value| {
        let found: IdentityMatch = serde_json::from_value(found).expect("a match");
        words::identity("mx.example", &found)
    };
    let beside =
        json!({ "no_match": { "presented": ["a.example"], "matching_common_name": "mx.example" } });
    assert_eq!(
        told(beside),
        "the certificate is for a.example, not for mx.example (RFC 9525); that it is the common name counts for nothing (§2)"
    );
    let alone = json!({ "no_subject_alt_name": { "common_names": ["mx.example"], "matching_common_name": "mx.example" } });
    assert!(told(alone).ends_with("which no longer counts (RFC 9525 §2)"));
    let doubt = DaneUncertainty::CommonNameOnly;
    assert!(words::dane_uncertainty(&doubt).contains("RFC 7672 §3.2.3"));
    let wrong = serde_json::from_value(json!("no_match")).expect("a failure");
    let text = words::dane_failure(&wrong, &look);
    assert_eq!(text, "no TLSA record matches what was sent");
}

/// The records of `mx1.good.test` beside the chain of another server, with its own as that of the other key or without.
async fn standings(is_other_key: bool) -> Vec<RecordStanding> {
    let world = World::start().await.expect("a laboratory");
    let arguments = arguments("");
    let inspector = laboratory::inspector(&arguments, &world).expect("an inspector");
    let another = look(&world, "", "mx2.good.test", 25).await;
    let mut look = look(&world, "", "mx1.good.test", 25).await;
    let own = std::mem::replace(&mut look.seen.attempt, another.seen.attempt);
    look.seen.other_key = is_other_key.then_some(OtherKey {
        wanted: "ECDSA",
        attempt: own,
    });
    let look = Look::new(&inspector, look.place, look.seen, look.now_unix);
    let records = look.judgement.rollover.expect("records").records;
    let of_key = |one: &RecordAdvice| one.record.to_string().starts_with("3 1 1");
    let of_key = records.into_iter().filter(of_key);
    of_key.map(|one| one.standing).collect()
}

#[tokio::test]
async fn the_record_of_the_servers_other_key_is_none_of_the_past() {
    assert_eq!(standings(true).await, [RecordStanding::Elsewhere]);
    assert_eq!(standings(false).await, [RecordStanding::Idle]);
}
