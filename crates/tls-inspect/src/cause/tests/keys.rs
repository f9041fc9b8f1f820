//! Keys and certificates: those of the server, and those it wants.

use super::*;

#[test]
fn item_74_keys_that_cannot_be_checked_are_read_from_the_certificate() {
    for (certificate, schemes, text) in [
        (Certificate::Ed448, &[0x0808][..], "Ed448"),
        (Certificate::RsaPss, &[0x0809], "RSASSA-PSS"),
    ] {
        let server = Server::tls12().certificate(certificate).schemes(schemes);
        check(&server, &[(key(text), &[1, 2, 3])]);
    }
    // Under TLS 1.2 a brainpool key goes with the schemes of any curve, and is refused by group.
    let server = Server::tls12()
        .certificate(Certificate::Brainpool)
        .needing_group(0x001a);
    check(&server, &[(key("EC, brainpoolP256r1"), &[1, 2, 3])]);
    let server = Server::tls12()
        .certificate(Certificate::Dsa)
        .suites(&[0x0032])
        .schemes(&[0x0202]);
    check(&server, &[(key("DSA"), &[1, 2, 3, 4])]);
}

#[test]
fn a_short_rsa_key_is_told_from_the_answer_or_the_handshake() {
    let server = Server::tls12().certificate(Certificate::Rsa(1024));
    check(&server, &[(key("RSA, 1024 bits"), &[1])]);
    let mut capture = chosen(HandshakeOutcome::Completed);
    let tls13 = || Server::tls12().versions(&[0x0303, 0x0304]);
    let report = check_with(
        options().with_capture(capture.clone()),
        &tls13(),
        &[(key("RSA, 1024 bits"), &[1])],
    );
    assert!(report.causes[0].is_seen_in_handshake);
    // Whoever could check the signature does not fail at the key.
    capture.key_possession = KeyPossession::Verified;
    check_with(
        options().with_capture(capture),
        &tls13(),
        &[(FailureCause::NotInHello, &[1])],
    );
}

/// A capture with a ServerHello and an RSA key of 1024 bits.
fn chosen(outcome: HandshakeOutcome) -> Capture {
    let mut capture = Capture::new(outcome);
    capture.version = Some(ProtocolVersion::TLS_1_2);
    capture.cipher_suite = Some(CipherSuite(0xc02f));
    capture.chain = vec![Der::new(Certificate::Rsa(1024).der())];
    capture
}

fn failed_after_choice(kind: HandshakeFailureKind, alert: Option<u8>) -> Capture {
    let mut failure = HandshakeFailure::new(kind, "it failed");
    failure.alert = alert.map(|number| Alert::new(AlertDescription(number)));
    chosen(HandshakeOutcome::Failed(failure))
}

#[test]
fn a_failure_that_an_unusual_key_does_not_cause_is_not_laid_to_it() {
    use HandshakeFailureKind as Kind;

    let short = || Server::tls12().certificate(Certificate::Rsa(1024));
    let usual = || Server::tls12().versions(&[0x0304]);
    for (kind, alert) in [
        (Kind::PeerClosed, None),
        (Kind::Reset, None),
        (Kind::Timeout, None),
        (Kind::AlertReceived, Some(40)),
        (Kind::AlertReceived, Some(51)),
        (Kind::PeerMisbehaved, None),
        (Kind::Unsupported, None),
        (Kind::TooLong, None),
        (Kind::Io, None),
    ] {
        for server in [short(), usual()] {
            let options = options().with_capture(failed_after_choice(kind, alert));
            check_with(options, &server, &[(FailureCause::NotInHello, &[1])]);
        }
    }
}

#[test]
fn a_client_that_says_that_it_cannot_use_the_certificate_fails_at_the_key() {
    for (alert, is_key) in [
        (43, true),
        (51, true),
        (42, false),
        (47, false),
        (80, false),
    ] {
        let mut capture = failed_after_choice(HandshakeFailureKind::PeerMisbehaved, None);
        let alert = Alert::new(AlertDescription(alert));
        capture.alerts = vec![SentAlert::new(AlertSender::Client, alert)];
        let cause = match is_key {
            true => key("RSA, 1024 bits"),
            false => FailureCause::NotInHello,
        };
        let server = Server::tls12().versions(&[0x0303, 0x0304]);
        check_with(
            options().with_capture(capture.clone()),
            &server,
            &[(cause, &[1])],
        );
        // The server shows another certificate by now.
        check_with(
            options().with_capture(capture.clone()),
            &Server::tls12(),
            &[(FailureCause::NotInHello, &[1])],
        );
        // The recorder went on after the signature, and failed at something else.
        capture.key_possession = KeyPossession::Unsupported("RSA key of 1024 bits".to_owned());
        check_with(
            options().with_capture(capture),
            &server,
            &[(FailureCause::NotInHello, &[1])],
        );
    }
}

#[test]
fn a_server_that_fails_by_its_own_word_after_its_hello_is_told() {
    let capture = failed_after_choice(HandshakeFailureKind::AlertReceived, Some(80));
    let server = Server::tls12().versions(&[0x0303, 0x0304]);
    let report = check_with(
        options().with_capture(capture),
        &server,
        &[(FailureCause::ServerFailed, &[1])],
    );
    assert!(report.causes[0].is_seen_in_handshake);
    // In place of a hello the same alert may come from anything offered.
    let mut failure = HandshakeFailure::new(HandshakeFailureKind::AlertReceived, "alert");
    failure.alert = Some(Alert::new(AlertDescription::INTERNAL_ERROR));
    check_with(
        options().with_failure(failure),
        &server,
        &[(FailureCause::NotInHello, &[1])],
    );
}

#[test]
fn a_key_below_tls13_is_a_cause_only_if_it_needs_schemes_that_the_client_lacks() {
    let retry = |hello: &Hello, _| {
        let server = Server::tls12().versions(&[0x0304]).groups(&[0x0017]);
        hello.offers(0x0304).then(|| server.answer(hello, 1))
    };
    let ed448 = Server::tls12()
        .certificate(Certificate::Ed448)
        .schemes(&[0x0808])
        .quirk(retry);
    check(&ed448, &[(key("Ed448"), &[2, 3])]);
    // The suites are what TLS 1.2 is refused for.
    let rsa = Server::tls12()
        .certificate(Certificate::Rsa(1024))
        .suites(&[0x002f])
        .quirk(retry);
    check(&rsa, &[(FailureCause::NotInHello, &[1])]);
}

#[test]
fn signatures_of_the_chain_are_told_from_the_key() {
    let tls13 = || Server::tls12().versions(&[0x0304]);
    let cause = FailureCause::ChainSignatures;
    check(
        &tls13().chain(0x0808, true),
        &[(cause.clone(), &[1, 3, 5, 6])],
    );
    // This one takes the schemes of certificates for those of its key.
    let unknown = CauseUncertainty::KeyOrChain;
    check_unknown(options(), &tls13().chain(0x0808, false), &unknown);
    check_unknown(options(), &tls13().chain(0x0201, false), &unknown);
    let tls12 = Server::tls12;
    check(
        &tls12().chain(0x0201, true),
        &[(cause.clone(), &[1, 2, 4, 5])],
    );
    check_unknown(options(), &tls12().chain(0x0201, false), &unknown);
    // It signs with SHA-1 first, and with SHA-256 if it must.
    let old = || {
        Server::tls12()
            .certificate(Certificate::Sha1Signed)
            .schemes(&[0x0201, 0x0401])
    };
    check(&old().chain(0x0201, true), &[(cause, &[1, 2, 3, 5])]);
    check_unknown(options(), &old().chain(0x0201, false), &unknown);
}

#[test]
fn a_short_key_does_not_hide_an_old_signature_scheme() {
    let server = Server::tls12()
        .certificate(Certificate::Rsa(1024))
        .schemes(&[0x0201]);
    let cause = FailureCause::OnlySignatureScheme(SignatureScheme::RSA_PKCS1_SHA1);
    check(&server, &[(cause, &[1, 2, 3])]);
}

#[test]
fn item_74_the_kind_of_key_is_deduced_under_tls13() {
    for (scheme, kind, proof) in [
        (0x0809, SchemeKind::RsaPss, &[1, 3, 4, 5, 6][..]),
        (0x0808, SchemeKind::Ed448, &[1, 3, 4, 5, 7]),
        (0x081a, SchemeKind::Brainpool, &[1, 3, 4, 5, 8]),
        (0x0904, SchemeKind::MlDsa, &[1, 3, 4, 5, 9]),
    ] {
        let server = Server::tls12().versions(&[0x0304]).schemes(&[scheme]);
        let cause = FailureCause::CertificateKey(UnsupportedKey::Deduced(kind));
        check(&server, &[(cause, proof)]);
    }
    let server = Server::tls12().versions(&[0x0304]).schemes(&[0x0708]);
    let cause = FailureCause::CertificateKey(UnsupportedKey::OfUnknownKind);
    check(&server, &[(cause, &[1, 3, 4, 5])]);
}

#[test]
fn an_old_signature_scheme_is_told() {
    let server = Server::tls12().schemes(&[0x0201]);
    let cause = FailureCause::OnlySignatureScheme(SignatureScheme::RSA_PKCS1_SHA1);
    check(&server, &[(cause, &[1, 2, 3])]);
}

#[test]
fn a_group_and_a_key_that_are_both_unusual_are_two_causes() {
    let server = Server::tls12()
        .certificate(Certificate::Ed448)
        .schemes(&[0x0808])
        .groups(&[0x0019]);
    let group = FailureCause::OnlyGroup(NamedGroup::SECP521R1);
    check(&server, &[(key("Ed448"), &[1, 2, 3]), (group, &[1, 2, 4])]);
}

#[test]
fn a_client_certificate_is_told_from_the_handshake() {
    let cause = FailureCause::ClientCertificateRequired;
    // The recorder's verdict, and that of the first read under TLS 1.3.
    let kind = HandshakeFailureKind::ClientCertificateRequired;
    let late = HandshakeFailure::new(kind, "received alert certificate_required (116)");
    let mut refused_late = Capture::new(HandshakeOutcome::Completed);
    refused_late.late_failure = Some(late.clone());
    for options in [
        options().with_capture(failed(kind)),
        options().with_capture(refused_late),
        options()
            .with_capture(Capture::new(HandshakeOutcome::Completed))
            .with_failure(late),
    ] {
        let report = check_with(options, &Server::tls12(), &[(cause.clone(), &[])]);
        assert!(report.causes[0].is_seen_in_handshake);
        assert_eq!(report.connections, []);
    }
    // A client that kept the alert alone: the flight shows the request.
    let mut failure = HandshakeFailure::new(HandshakeFailureKind::AlertReceived, "alert");
    failure.alert = Some(Alert::new(AlertDescription::HANDSHAKE_FAILURE));
    let server = Server::tls12().requesting();
    check_with(options().with_failure(failure), &server, &[(cause, &[1])]);
    // An alert in place of a ServerHello does not answer a request.
    let mut capture = failed(HandshakeFailureKind::AlertReceived);
    let mut failure = HandshakeFailure::new(HandshakeFailureKind::AlertReceived, "alert");
    failure.alert = Some(Alert::new(AlertDescription::HANDSHAKE_FAILURE));
    capture.outcome = HandshakeOutcome::Failed(failure);
    check_with(
        options().with_capture(capture),
        &server,
        &[(FailureCause::NotInHello, &[1])],
    );
    // A request without a refusal is none.
    check(&server, &[(FailureCause::NotInHello, &[1])]);
}
