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
    check(&server, &[(key("EC, brainpoolP256r1"), &[1, 2, 4])]);
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
    let mut capture = Capture::new(HandshakeOutcome::Completed);
    capture.chain = vec![Der::new(Certificate::Rsa(1024).der())];
    let tls13 = Server::tls12().versions(&[0x0303, 0x0304]);
    let report = check_with(
        options().with_capture(capture),
        &tls13,
        &[(key("RSA, 1024 bits"), &[1])],
    );
    assert!(report.causes[0].is_seen_in_handshake);
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
    for options in [
        options().with_capture(failed(kind)),
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
    // A request without a refusal is none.
    check(&server, &[(FailureCause::NotInHello, &[1])]);
}
