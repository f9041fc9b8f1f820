//! What a server is set to, and what it is offered.

use super::*;

#[test]
fn only_old_versions_are_told_with_the_highest() {
    for highest in [0x0300, 0x0301, 0x0302] {
        let server = Server::tls12()
            .versions(&[0x0300, highest])
            .suites(&[0x002f, 0x0035]);
        let highest = ProtocolVersion(highest);
        check(
            &server,
            &[(FailureCause::OnlyOldVersions { highest }, &[1, 2, 3])],
        );
    }
}

#[test]
fn only_suites_of_a_kind_are_told_after_the_rest_was_refused() {
    for (suites, expected, proof) in [
        (
            &[0xc013, 0xc027][..],
            kinds(&[SuiteKind::EcdheCbc], None),
            &[1, 2, 3, 4][..],
        ),
        (
            &[0x002f],
            kinds(&[SuiteKind::StaticRsa], None),
            &[1, 2, 3, 4],
        ),
        (
            &[0x009e],
            kinds(&[SuiteKind::FiniteFieldDhe], Some(1024)),
            &[1, 2, 3, 4],
        ),
        (&[0x0003], kinds(&[SuiteKind::Export], None), &[1, 2, 3, 4]),
        (&[0x003b], kinds(&[SuiteKind::Null], None), &[1, 2, 3, 4]),
        (
            &[0xc011],
            kinds(&[SuiteKind::EcdheOther], None),
            &[1, 2, 3, 4],
        ),
        (
            &[0x002f, 0x0033, 0xc013],
            kinds(
                &[
                    SuiteKind::StaticRsa,
                    SuiteKind::FiniteFieldDhe,
                    SuiteKind::EcdheCbc,
                ],
                Some(1024),
            ),
            &[1, 2, 3, 4, 5, 6],
        ),
    ] {
        check(&Server::tls12().suites(suites), &[(expected, proof)]);
    }
}

#[test]
fn only_anonymous_suites_are_told() {
    let server = Server::tls12().suites(&[0x0034]).without_certificate();
    let expected = kinds(&[SuiteKind::Anonymous], Some(1024));
    let report = check(&server, &[(expected, &[1, 2, 3, 4])]);
    assert_eq!(
        report.to_string(),
        "offered every kind of cipher suite, the server took only anonymous, without a \
         certificate (a prime of 1024 bits): enable suites with ECDHE and AES-GCM on it"
    );
}

#[test]
fn groups_that_the_client_lacks_are_told_under_tls12_and_tls13() {
    for group in [0x0019, 0x001e, 0x001a] {
        let expected = FailureCause::OnlyGroup(NamedGroup(group));
        check(
            &Server::tls12().groups(&[group]),
            &[(expected.clone(), &[1, 2, 3])],
        );
        let server = Server::tls12().versions(&[0x0304]).groups(&[group]);
        if group == 0x001a {
            // TLS 1.3 has numbers of its own for the brainpool curves.
            let server = server.groups(&[0x001f]);
            let expected = FailureCause::OnlyGroup(NamedGroup(0x001f));
            check(&server, &[(expected, &[1, 3, 4])]);
        } else {
            check(&server, &[(expected, &[1, 3, 4])]);
        }
    }
}

#[test]
fn plaintext_is_told_with_its_first_line() {
    let server = Server::tls12().quirk(|_, _| {
        Some((
            b"220 mx.example.org \x1b[0m\r\n250 x\r\n".to_vec(),
            End::Close,
        ))
    });
    let line = "220 mx.example.org \\x1b[0m".to_owned();
    check(&server, &[(FailureCause::Plaintext(line), &[1])]);
}

/// "Not now" may pass, and what a server says after it had spoken TLS, or had let go of this client, is not why that failed.
#[test]
fn plaintext_that_may_be_of_this_client_alone_proves_nothing() {
    use HandshakeFailureKind as Kind;

    let by_alert = || {
        let mut failure = HandshakeFailure::new(Kind::AlertReceived, "it failed");
        failure.alert = Some(Alert::new(AlertDescription::HANDSHAKE_FAILURE));
        options().with_failure(failure)
    };
    for (options, line, is_proof) in [
        (options(), "421 too many connections", false),
        (options(), "554 go away", true),
        (
            options().with_capture(failed(Kind::NotTls)),
            "554 go away",
            true,
        ),
        (
            options().with_capture(failed(Kind::NotTls)),
            "421 later",
            false,
        ),
        (
            options().with_capture(failed(Kind::Reset)),
            "554 go away",
            false,
        ),
        (
            options().with_capture(failed(Kind::PeerClosed)),
            "220 mx",
            true,
        ),
        (by_alert(), "220 mx", false),
    ] {
        let server = Server::tls12()
            .quirk(move |_, _| Some((format!("{line}\r\n").into_bytes(), End::Close)));
        if is_proof {
            let cause = FailureCause::Plaintext(line.to_owned());
            check_with(options, &server, &[(cause, &[1])]);
        } else {
            let refused = CauseUncertainty::Refused(line.to_owned());
            check_unknown(options, &server, &refused);
        }
    }
}

#[test]
fn a_server_name_that_is_required_or_unknown_is_told() {
    let refuse = |hello: &Hello, _| hello.has_name.then(|| alert(2, 112));
    for (server, is_answered_without) in [
        (Server::tls12().quirk(refuse), true),
        (Server::tls12().quirk(|_, _| Some(alert(2, 112))), false),
    ] {
        let cause = FailureCause::UnrecognizedName {
            is_answered_without: Some(is_answered_without),
        };
        check(&server, &[(cause, &[1, 2])]);
    }
    let required = || Server::tls12().quirk(|hello, _| (!hello.has_name).then(|| alert(2, 40)));
    let capture = failed(HandshakeFailureKind::AlertReceived);
    check_with(
        options().with_capture(capture),
        &required(),
        &[(FailureCause::ServerNameRequired, &[1, 2])],
    );
    let server = Server::tls12().quirk(|hello, _| (!hello.has_name).then(|| alert(2, 112)));
    check_with(
        FailureSearchOptions::new([7; 32]),
        &server,
        &[(FailureCause::ServerNameRequired, &[1])],
    );
}

#[test]
fn a_name_that_the_client_did_not_send_is_not_what_it_failed_at() {
    let capture = || failed(HandshakeFailureKind::AlertReceived);
    let server = Server::tls12().quirk(|hello, _| hello.has_name.then(|| alert(2, 112)));
    check_with(
        options().with_capture(capture()),
        &server,
        &[(FailureCause::NotInHello, &[2])],
    );
    let server = Server::tls12().quirk(|_, _| Some(alert(2, 112)));
    let options = options().with_capture(capture());
    check_unknown(options, &server, &CauseUncertainty::NoSingleCause);
}

#[test]
fn an_alert_about_the_name_or_protocols_refuses_nothing_else() {
    for description in [112, 120] {
        let server = Server::tls12().suites(&[0x002f]).quirk(move |hello, _| {
            let is_tls13_alone = hello.suites.iter().all(|suite| *suite < 0x1400);
            is_tls13_alone.then(|| alert(2, description))
        });
        check_unknown(options(), &server, &CauseUncertainty::NoSingleCause);
    }
}

#[test]
fn a_warning_about_the_name_refuses_nothing() {
    let server = Server::tls12().warning(112);
    check(&server, &[(FailureCause::NotInHello, &[1])]);
}

#[test]
fn refused_application_protocols_are_told() {
    let server = Server::tls12().quirk(|hello, _| hello.has_alpn.then(|| alert(2, 120)));
    let cause = FailureCause::NoApplicationProtocol;
    check_with(options().with_alpn(&[b"smtp"]), &server, &[(cause, &[1])]);
}

#[test]
fn a_server_that_answers_is_told_as_such() {
    for versions in [&[0x0303][..], &[0x0304], &[0x0303, 0x0304]] {
        check(
            &Server::tls12().versions(versions),
            &[(FailureCause::NotInHello, &[1])],
        );
    }
    // It wants a share of P-256, and under TLS 1.2 it has a certificate that can be checked.
    let server = Server::tls12()
        .versions(&[0x0303, 0x0304])
        .groups(&[0x0017]);
    check(&server, &[(FailureCause::NotInHello, &[1])]);
}

#[test]
fn a_server_that_refuses_everything_is_not_told_a_cause() {
    let server = Server::tls12().quirk(|_, _| Some(alert(2, 40)));
    let mut expected = Alert::new(AlertDescription::HANDSHAKE_FAILURE);
    expected.level = Some(crate::AlertLevel::FATAL);
    let unknown = CauseUncertainty::RefusesEverything(expected);
    check_unknown(options(), &server, &unknown);
    let garbage = Server::tls12().quirk(|_, _| Some((vec![22, 3, 3, 0xff, 0xff], End::Close)));
    let report = run(options(), &garbage);
    assert!(matches!(
        report.unknown,
        Some(CauseUncertainty::NoAnswer(_) | CauseUncertainty::Budget)
    ));
}

/// A server whose stapling is broken says `internal_error` to whoever asks for a staple.
#[test]
fn a_server_that_fails_at_status_request_is_told_by_it() {
    const STATUS_REQUEST: usize = 5;
    let cause = FailureCause::StatusRequestIntolerance;
    for versions in [&[0x0303][..], &[0x0304], &[0x0303, 0x0304]] {
        let failing = |end: Option<End>| {
            Server::tls12().versions(versions).quirk(move |hello, _| {
                let fails = hello.extensions.contains(&STATUS_REQUEST);
                fails.then(|| end.map_or_else(|| alert(2, 80), |end| (Vec::new(), end)))
            })
        };
        for end in [None, Some(End::Close), Some(End::Reset), Some(End::Silence)] {
            let report = run(options(), &failing(end));
            let found: Vec<_> = report.causes.iter().map(|one| &one.cause).collect();
            assert_eq!(found, [&cause], "{versions:x?} {end:?}: {report:#?}");
        }
    }
}
