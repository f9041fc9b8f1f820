use rcgen::date_time_ymd;

use super::*;
use crate::pki::{Authority, NOW, providers, self_signed_leaf};
use crate::revocation::revoked_staple;
use crate::{Der, HandshakeFailureKind, HandshakeOutcome, TlsaParameters};

const NAME: &str = "mx.example.org";

fn captured(chain: &[&Der]) -> Capture {
    let mut capture = Capture::new(HandshakeOutcome::Completed);
    capture.chain = chain.iter().copied().cloned().collect();
    capture.key_possession = KeyPossession::Verified;
    capture
}

fn failed(kind: HandshakeFailureKind) -> Capture {
    Capture::new(HandshakeOutcome::Failed(HandshakeFailure::new(kind, "why")))
}

/// The same failure after the client has finished.
fn failed_late(capture: &Capture) -> Capture {
    let mut late = Capture::new(HandshakeOutcome::Completed);
    late.late_failure = capture.outcome.failure().cloned();
    late
}

/// The verdicts on a server of this name, in the order PKIX, MTA-STS, DANE, opportunistic, both.
#[track_caller]
fn check(attempt: TlsAttempt<'_>, tlsa: TlsaAnswer<'_>, anchor: &Authority, expected: [&str; 5]) {
    let store = TrustStore::empty("test").with(std::slice::from_ref(&anchor.der));
    let host = DnsId::parse(NAME).unwrap();
    let names = [ReferenceId::Dns(host.clone())];
    let server = MailServer::new(attempt, &host, &store).with_tlsa(tlsa, &names);
    for provider in providers() {
        let senders = server.judge(&provider, NOW);
        let all = [
            &senders.pkix,
            &senders.mta_sts,
            &senders.dane,
            &senders.opportunistic,
            &senders.both,
        ];
        assert_eq!(all.map(word), expected, "{senders:?}");
    }
}

/// A verdict in a word, with the result types of its causes.
fn word(verdict: &SenderVerdict) -> String {
    let results: Vec<_> = verdict
        .causes()
        .iter()
        .map(|cause| cause.result().as_str())
        .collect();
    let results = results.join(" ");
    match verdict {
        SenderVerdict::DeliversAuthenticated => "authenticated".to_owned(),
        SenderVerdict::DeliversUnauthenticated => "encrypted".to_owned(),
        SenderVerdict::DeliversUnencrypted { .. } => format!("clear: {results}"),
        SenderVerdict::Refuses { .. } => format!("refuses: {results}"),
        SenderVerdict::CouldNotTell { cause } => format!("? {}", kind(cause)),
    }
}

fn kind(cause: &PolicyUncertainty) -> &'static str {
    match cause {
        PolicyUncertainty::Handshake(_) => "handshake",
        PolicyUncertainty::KeyPossession(_) => "key",
        PolicyUncertainty::KeyUsage => "usage",
        PolicyUncertainty::PathNotChecked(_) => "path",
        PolicyUncertainty::ChainTooLong => "chain",
        PolicyUncertainty::TlsaNotKnown => "tlsa",
        PolicyUncertainty::Dane(_) => "dane",
        PolicyUncertainty::SendersDiffer(_) => "differ",
    }
}

fn server_key(of: &Der) -> TlsaRecord {
    TlsaParameters::SERVER_KEY.record(of).unwrap()
}

const INSECURE: TlsaAnswer<'_> = TlsaAnswer::Insecure;

#[test]
fn a_good_chain_is_delivered_to_by_everyone() {
    let root = Authority::root("Root");
    let leaf = root.leaf(&[NAME]);
    let capture = captured(&[&leaf.der, &root.der]);
    let tls = TlsAttempt::Tls(&capture);
    let good = "authenticated";
    check(
        tls,
        INSECURE,
        &root,
        [good, good, "encrypted", "encrypted", good],
    );
    let absent = TlsaAnswer::Secure(&[]);
    check(
        tls,
        absent,
        &root,
        [good, good, "encrypted", "encrypted", good],
    );
    let key = [server_key(&leaf.der)];
    let secure = TlsaAnswer::Secure(&key);
    check(tls, secure, &root, [good, good, good, "encrypted", good]);
    let issuer = [TlsaParameters::AUTHORITY_KEY.record(&root.der).unwrap()];
    let secure = TlsaAnswer::Secure(&issuer);
    check(tls, secure, &root, [good, good, good, "encrypted", good]);
}

/// With `keyEncipherment` alone, GnuTLS breaks off and OpenSSL does not.
#[test]
fn a_key_that_may_not_sign_is_refused_by_some_senders_of_every_kind() {
    let root = Authority::root("Root");
    let with = |usages: &[rcgen::KeyUsagePurpose]| {
        let leaf = root.leaf_with(&[NAME], |params| params.key_usages = usages.to_vec());
        captured(&[&leaf.der, &root.der])
    };
    let capture = with(&[rcgen::KeyUsagePurpose::KeyEncipherment]);
    let key = [server_key(&capture.chain[0])];
    let secure = TlsaAnswer::Secure(&key);
    check(TlsAttempt::Tls(&capture), secure, &root, ["? usage"; 5]);
    // What keeps a sender away for certain does so whatever else.
    let refuses = "refuses: certificate-not-trusted";
    let other = Authority::root("Other");
    let expected = [refuses, refuses, "? usage", "? usage", "? usage"];
    check(TlsAttempt::Tls(&capture), secure, &other, expected);
    let mut forged = capture;
    forged.key_possession = KeyPossession::Failed("why".to_owned());
    let refuses = "refuses: validation-failure";
    let expected = [
        refuses,
        refuses,
        refuses,
        "clear: validation-failure",
        refuses,
    ];
    check(TlsAttempt::Tls(&forged), secure, &root, expected);
    let capture = with(&[rcgen::KeyUsagePurpose::DigitalSignature]);
    let key = [server_key(&capture.chain[0])];
    let good = "authenticated";
    let expected = [good, good, good, "encrypted", good];
    check(
        TlsAttempt::Tls(&capture),
        TlsaAnswer::Secure(&key),
        &root,
        expected,
    );
}

#[test]
fn a_revocation_stops_no_sender() {
    let root = Authority::root("Root");
    let leaf = root.leaf(&[NAME]);
    let mut capture = captured(&[&leaf.der, &root.der]);
    capture.ocsp_staple = Some(revoked_staple(&root, &leaf.der));
    let good = "authenticated";
    check(
        TlsAttempt::Tls(&capture),
        INSECURE,
        &root,
        [good, good, "encrypted", "encrypted", good],
    );
}

#[test]
fn item_45_an_expired_self_signed_certificate_is_good_for_dane_ee() {
    let leaf = self_signed_leaf(&["other.example"], |params| {
        params.not_after = date_time_ymd(2026, 5, 1);
    });
    let capture = captured(&[&leaf.der]);
    let key = [server_key(&leaf.der)];
    let refuses = "refuses: certificate-not-trusted certificate-expired certificate-host-mismatch";
    let expected = [refuses, refuses, "authenticated", "encrypted", "? differ"];
    let secure = TlsaAnswer::Secure(&key);
    check(
        TlsAttempt::Tls(&capture),
        secure,
        &Authority::root("Root"),
        expected,
    );
}

#[test]
fn item_46_unusable_records_demand_tls_and_no_more() {
    let root = Authority::root("Root");
    let leaf = root.leaf(&[NAME]);
    let mut pkix_usage = server_key(&leaf.der);
    pkix_usage.usage = crate::CertificateUsage::PKIX_EE;
    let records = [pkix_usage];
    let secure = TlsaAnswer::Secure(&records);
    let capture = captured(&[&leaf.der]);
    let good = "authenticated";
    let tls = TlsAttempt::Tls(&capture);
    check(
        tls,
        secure,
        &root,
        [good, good, "encrypted", "encrypted", good],
    );
    let other = Authority::root("Other");
    let refuses = "refuses: certificate-not-trusted";
    let expected = [refuses, refuses, "encrypted", "encrypted", refuses];
    check(tls, secure, &other, expected);
    let refuses = "refuses: starttls-not-supported";
    let clear = "clear: starttls-not-supported";
    let expected = [refuses, refuses, refuses, clear, refuses];
    check(TlsAttempt::NotOffered, secure, &root, expected);
}

#[test]
fn item_47_mta_sts_wants_the_host_name_as_a_dns_id() {
    let root = Authority::root("Root");
    // The subject's common name is the first name; it does not count.
    let leaf = root.leaf_with(&[NAME], |params| params.subject_alt_names.clear());
    let capture = captured(&[&leaf.der]);
    let refuses = "refuses: certificate-host-mismatch";
    let expected = [refuses, refuses, "encrypted", "encrypted", refuses];
    check(TlsAttempt::Tls(&capture), INSECURE, &root, expected);
    let expired = root.leaf_with(&[NAME], |params| {
        params.not_after = date_time_ymd(2026, 5, 1);
    });
    let capture = captured(&[&expired.der]);
    let refuses = "refuses: certificate-expired";
    let expected = [refuses, refuses, "encrypted", "encrypted", refuses];
    check(TlsAttempt::Tls(&capture), INSECURE, &root, expected);
}

#[test]
fn mta_sts_does_not_override_a_failure_of_dane() {
    let root = Authority::root("Root");
    let leaf = root.leaf(&[NAME]);
    let records = [server_key(&root.der)];
    let capture = captured(&[&leaf.der]);
    let tls = TlsAttempt::Tls(&capture);
    let good = "authenticated";
    let refuses = "refuses: tlsa-invalid";
    let secure = TlsaAnswer::Secure(&records);
    check(
        tls,
        secure,
        &root,
        [good, good, refuses, "encrypted", refuses],
    );
    let refuses = "refuses: dnssec-invalid";
    let bogus = TlsaAnswer::Bogus;
    check(
        tls,
        bogus,
        &root,
        [good, good, refuses, "encrypted", refuses],
    );
    let unknown = TlsaAnswer::NotKnown;
    check(
        tls,
        unknown,
        &root,
        [good, good, "? tlsa", "encrypted", "? tlsa"],
    );
}

#[test]
fn a_wrong_name_matters_to_dane_ta_and_not_to_dane_ee() {
    let root = Authority::root("Root");
    let leaf = root.leaf(&["other.example"]);
    let capture = captured(&[&leaf.der, &root.der]);
    let tls = TlsAttempt::Tls(&capture);
    let refuses = "refuses: certificate-host-mismatch";
    let issuer = [TlsaParameters::AUTHORITY_KEY.record(&root.der).unwrap()];
    let expected = [refuses, refuses, refuses, "encrypted", refuses];
    check(tls, TlsaAnswer::Secure(&issuer), &root, expected);
    let key = [server_key(&leaf.der)];
    let good = "authenticated";
    let expected = [refuses, refuses, good, "encrypted", "? differ"];
    check(tls, TlsaAnswer::Secure(&key), &root, expected);
}

/// Some ask for what MTA-STS demands as well: if that is not known, neither is what they do.
#[test]
fn of_a_server_that_dane_alone_authenticates_it_cannot_be_told_what_senders_of_both_do() {
    let root = Authority::root("Root");
    let leaf = root.leaf(&[NAME]);
    let capture = captured(&[&leaf.der]);
    let key = [server_key(&leaf.der)];
    let secure = TlsaAnswer::Secure(&key);
    let other = Authority::root("Other");
    let store = TrustStore::empty("test").with(std::slice::from_ref(&other.der));
    let host = DnsId::parse(NAME).unwrap();
    let server = MailServer::new(TlsAttempt::Tls(&capture), &host, &store).with_tlsa(secure, &[]);
    for provider in providers() {
        let senders = server.judge(&provider, NOW);
        assert_eq!(senders.dane, SenderVerdict::DeliversAuthenticated);
        let causes = senders.mta_sts.causes().to_vec();
        assert!(!causes.is_empty() && senders.both.causes().is_empty());
        let cause = PolicyUncertainty::SendersDiffer(causes);
        assert_eq!(senders.both, SenderVerdict::CouldNotTell { cause });
    }
    let authority = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let leaf = root.leaf_with(&[NAME], |params| params.is_ca = authority);
    let capture = captured(&[&leaf.der]);
    let key = [server_key(&leaf.der)];
    let expected = ["? path", "? path", "authenticated", "encrypted", "? path"];
    check(
        TlsAttempt::Tls(&capture),
        TlsaAnswer::Secure(&key),
        &root,
        expected,
    );
}

#[test]
fn item_60_a_key_that_is_not_proven_is_neither_good_nor_bad() {
    let root = Authority::root("Root");
    let leaf = root.leaf(&[NAME]);
    let key = [server_key(&leaf.der)];
    let secure = TlsaAnswer::Secure(&key);
    let mut capture = captured(&[&leaf.der]);
    for unproven in [
        KeyPossession::NotProven,
        KeyPossession::Unsupported("why".to_owned()),
    ] {
        capture.key_possession = unproven;
        let tls = TlsAttempt::Tls(&capture);
        check(tls, secure, &root, ["? key"; 5]);
        // That the chain is not trusted is certain all the same.
        let refuses = "refuses: certificate-not-trusted";
        let expected = [refuses, refuses, "? key", "? key", "? key"];
        check(tls, secure, &Authority::root("Other"), expected);
    }
    capture.key_possession = KeyPossession::Failed("why".to_owned());
    let refuses = "refuses: validation-failure";
    let expected = [
        refuses,
        refuses,
        refuses,
        "clear: validation-failure",
        refuses,
    ];
    check(TlsAttempt::Tls(&capture), secure, &root, expected);
}

#[test]
fn item_74_a_handshake_that_another_client_may_finish_tells_nothing() {
    let root = Authority::root("Root");
    let key = [server_key(&root.der)];
    let secure = TlsaAnswer::Secure(&key);
    use HandshakeFailureKind as Kind;
    for kind in [
        Kind::AlertReceived,
        Kind::PeerClosed,
        Kind::Reset,
        Kind::Timeout,
        Kind::Unsupported,
        Kind::Io,
        // Another client may have a certificate.
        Kind::ClientCertificateRequired,
        // What the server does wrong, it may do for what only this client offers.
        Kind::PeerMisbehaved,
    ] {
        let capture = failed(kind);
        check(TlsAttempt::Tls(&capture), secure, &root, ["? handshake"; 5]);
        // Under TLS 1.3 it comes when the client has long finished.
        let late = failed_late(&capture);
        check(TlsAttempt::Tls(&late), secure, &root, ["? handshake"; 5]);
    }
}

/// What need not happen to another client, after the server has sent this chain; the key was
/// proven only where the handshake completed.
fn cut_short(kind: HandshakeFailureKind, chain: &[&Der]) -> [Capture; 2] {
    let failure = HandshakeFailure::new(kind, "why");
    let mut early = captured(chain);
    early.outcome = HandshakeOutcome::Failed(failure.clone());
    early.key_possession = KeyPossession::NotProven;
    let mut late = captured(chain);
    late.late_failure = Some(failure);
    [early, late]
}

#[test]
fn item_74_a_chain_sent_before_the_handshake_failed_is_judged_all_the_same() {
    use HandshakeFailureKind as Kind;
    let root = Authority::root("Root");
    let good = root.leaf(&[NAME]);
    let expired = root.leaf_with(&["other.example"], |params| {
        params.not_after = date_time_ymd(2026, 5, 1);
    });
    let records = [server_key(&good.der)];
    let secure = TlsaAnswer::Secure(&records);
    for kind in [Kind::Reset, Kind::AlertReceived, Kind::Timeout] {
        for capture in cut_short(kind, &[&good.der, &root.der]) {
            let tls = TlsAttempt::Tls(&capture);
            check(tls, secure, &root, ["? handshake"; 5]);
        }
        // Whoever would get through finds the faults.
        for capture in cut_short(kind, &[&expired.der, &root.der]) {
            let tls = TlsAttempt::Tls(&capture);
            let refuses = "refuses: certificate-expired certificate-host-mismatch";
            let (tlsa, open) = ("refuses: tlsa-invalid", "? handshake");
            check(tls, secure, &root, [refuses, refuses, tlsa, open, tlsa]);
            check(
                tls,
                INSECURE,
                &root,
                [refuses, refuses, open, open, refuses],
            );
        }
    }
}

#[test]
fn a_key_that_is_not_held_is_a_fault_in_a_handshake_that_failed_too() {
    let root = Authority::root("Root");
    let leaf = root.leaf(&[NAME]);
    let [mut capture, _] = cut_short(HandshakeFailureKind::Reset, &[&leaf.der]);
    capture.key_possession = KeyPossession::Failed("why".to_owned());
    let (refuses, clear) = ("refuses: validation-failure", "clear: validation-failure");
    let expected = [refuses, refuses, clear, clear, refuses];
    check(TlsAttempt::Tls(&capture), INSECURE, &root, expected);
}

#[test]
fn an_answer_in_clear_is_what_every_sender_meets() {
    let root = Authority::root("Root");
    let key = [server_key(&root.der)];
    let secure = TlsaAnswer::Secure(&key);
    let refuses = "refuses: validation-failure";
    let expected = [
        refuses,
        refuses,
        refuses,
        "clear: validation-failure",
        refuses,
    ];
    let answered = |words: &[u8]| {
        let mut failure = HandshakeFailure::new(HandshakeFailureKind::NotTls, "why");
        failure.received = words.to_vec();
        Capture::new(HandshakeOutcome::Failed(failure))
    };
    for words in [&b"220 mx.example.org ESMTP"[..], b"554 no"] {
        let capture = answered(words);
        check(TlsAttempt::Tls(&capture), secure, &root, expected);
    }
    // A reply that says of itself that it may pass (RFC 5321 §4.2.1), and one that was not seen.
    for words in [&b"421 4.7.0 too many connections"[..], b""] {
        let capture = answered(words);
        check(TlsAttempt::Tls(&capture), secure, &root, ["? handshake"; 5]);
    }
}

#[test]
fn an_answer_in_clear_after_the_handshake_tells_nothing() {
    let root = Authority::root("Root");
    let late = failed_late(&failed(HandshakeFailureKind::NotTls));
    check(TlsAttempt::Tls(&late), INSECURE, &root, ["? handshake"; 5]);
}

#[test]
fn item_48_only_dane_may_take_the_common_name_for_the_name() {
    let root = Authority::root("Root");
    let leaf = root.leaf_with(&[NAME], |params| params.subject_alt_names.clear());
    let capture = captured(&[&leaf.der, &root.der]);
    let records = [TlsaParameters::AUTHORITY_KEY.record(&root.der).unwrap()];
    let secure = TlsaAnswer::Secure(&records);
    let refuses = "refuses: certificate-host-mismatch";
    let expected = [refuses, refuses, "? dane", "encrypted", "? dane"];
    check(TlsAttempt::Tls(&capture), secure, &root, expected);
}

#[test]
fn what_only_this_path_check_refuses_is_no_refusal() {
    let root = Authority::root("Root");
    let authority = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let leaf = root.leaf_with(&[NAME], |params| params.is_ca = authority);
    let capture = captured(&[&leaf.der]);
    let expected = ["? path", "? path", "encrypted", "encrypted", "? path"];
    check(TlsAttempt::Tls(&capture), INSECURE, &root, expected);
    let elsewhere = root.leaf_with(&["other.example"], |params| params.is_ca = authority);
    let capture = captured(&[&elsewhere.der]);
    let refuses = "refuses: certificate-host-mismatch";
    let expected = [refuses, refuses, "encrypted", "encrypted", refuses];
    check(TlsAttempt::Tls(&capture), INSECURE, &root, expected);
}

#[test]
fn a_chain_cut_off_is_not_said_to_lead_nowhere() {
    let root = Authority::root("Root");
    let intermediate = root.intermediate("Intermediate");
    let leaf = intermediate.leaf(&[NAME]);
    let mut chain = vec![&leaf.der; crate::ChainReport::MAX_ELEMENTS];
    chain.push(&intermediate.der);
    let capture = captured(&chain);
    let expected = ["? chain", "? chain", "encrypted", "encrypted", "? chain"];
    check(TlsAttempt::Tls(&capture), INSECURE, &root, expected);
}

#[cfg(feature = "serde")]
#[test]
fn result_types_are_spelled_as_in_the_registry() {
    for result in TlsReportResult::ALL {
        let json = serde_json::to_string(result).unwrap();
        assert_eq!(json, format!("\"{result}\""));
    }
    let mut all = TlsReportResult::ALL.to_vec();
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), 11);
}

#[cfg(feature = "serde")]
#[test]
fn senders_survive_json() {
    let root = Authority::root("Root");
    let leaf = root.leaf(&["other.example"]);
    let key = [server_key(&root.der)];
    let capture = captured(&[&leaf.der]);
    let host = DnsId::parse(NAME).unwrap();
    let store = TrustStore::empty("none");
    let server = MailServer::new(TlsAttempt::Tls(&capture), &host, &store);
    let server = server.with_tlsa(TlsaAnswer::Secure(&key), &[]);
    let senders = server.judge(&providers()[0], NOW);
    let json = serde_json::to_string(&senders).unwrap();
    assert_eq!(serde_json::from_str::<Senders>(&json).unwrap(), senders);
}
