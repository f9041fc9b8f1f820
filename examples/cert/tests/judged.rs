//! The facts of good hosts, judged again: changed, by other authorities, or later.

use mailcheck_lab::World;
use serde_json::json;
use tls_inspect::{
    Capture, ClientCertificateRequest, HandshakeFailure, HandshakeFailureKind, HandshakeOutcome,
    KeyPossession, SenderVerdict, TrustStore,
};

use super::arguments;
use super::live::{check, look};
use crate::laboratory;
use crate::look::{Attempt, Look, Seen};
use crate::outcome::Outcome;

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
