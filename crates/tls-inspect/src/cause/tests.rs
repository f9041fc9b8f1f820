//! Model servers that read the octets of a hello and answer in octets.

pub(crate) mod server;

use self::server::{Certificate, End, Hello, Server, alert, cut_flight};
use super::*;
use crate::{
    Alert, AlertDescription, Capture, Der, HandshakeFailure, HandshakeFailureKind,
    HandshakeOutcome, HelloProbe, NamedGroup, ProtocolVersion, SignatureScheme,
};

fn options() -> FailureSearchOptions {
    FailureSearchOptions::new([7; 32]).with_server_name(&"mx.example.org".parse().unwrap())
}

/// Runs a search against a server, one connection after another.
fn run(options: FailureSearchOptions, server: &Server) -> FailureCauseReport {
    run_with(options, |hello, number| server.answer(hello, number))
}

fn run_with(
    options: FailureSearchOptions,
    answer: impl Fn(&Hello, usize) -> (Vec<u8>, End),
) -> FailureCauseReport {
    let budget = options.budget;
    let mut search = FailureSearch::new(options);
    while let Some(hello) = search.next_hello() {
        let number = search.progress().0 + 1;
        let mut probe = HelloProbe::new(&hello).unwrap();
        let (octets, end) = answer(&Hello::read(probe.output()), number);
        probe.handle_input(&octets);
        match end {
            End::Close => probe.handle_close(),
            End::Reset => probe.handle_reset(),
            End::Silence => probe.handle_timeout(),
        }
        search.handle_answer(probe.finish());
    }
    let report = search.report();
    assert!(report.connections.len() <= budget, "{report:#?}");
    check_form(&report);
    report
}

/// What holds of every report.
#[track_caller]
fn check_form(report: &FailureCauseReport) {
    assert_eq!(report.causes.is_empty(), report.unknown.is_some());
    for proven in &report.causes {
        assert!(proven.is_seen_in_handshake || !proven.proof.is_empty());
        assert!(proven.proof.is_sorted_by(|a, b| a < b));
        for &number in &proven.proof {
            assert!(report.connections.iter().any(|c| c.number == number));
        }
    }
    let text = report.to_string();
    assert!(text.bytes().all(|octet| (b' '..=b'~').contains(&octet)));
    #[cfg(feature = "serde")]
    {
        let json = serde_json::to_string(report).unwrap();
        let again: FailureCauseReport = serde_json::from_str(&json).unwrap();
        assert_eq!(again, *report);
    }
}

/// The causes, and the numbers of the connections that prove each.
#[track_caller]
fn check(server: &Server, expected: &[(FailureCause, &[u32])]) -> FailureCauseReport {
    check_with(options(), server, expected)
}

#[track_caller]
fn check_with(
    options: FailureSearchOptions,
    server: &Server,
    expected: &[(FailureCause, &[u32])],
) -> FailureCauseReport {
    let report = run(options, server);
    let found: Vec<_> = report
        .causes
        .iter()
        .map(|proven| (proven.cause.clone(), proven.proof.as_slice()))
        .collect();
    assert_eq!(found, expected, "{report:#?}");
    report
}

#[track_caller]
fn check_unknown(options: FailureSearchOptions, server: &Server, expected: &CauseUncertainty) {
    let report = run(options, server);
    assert_eq!(report.unknown.as_ref(), Some(expected), "{report:#?}");
}

fn kinds(kinds: &[SuiteKind], dh_bits: Option<u32>) -> FailureCause {
    FailureCause::OnlySuiteKinds {
        kinds: kinds.to_vec(),
        dh_bits,
    }
}

fn key(text: &str) -> FailureCause {
    FailureCause::CertificateKey(UnsupportedKey::Read(text.to_owned()))
}

fn failed(kind: HandshakeFailureKind) -> Capture {
    let failure = HandshakeFailure::new(kind, "it failed");
    Capture::new(HandshakeOutcome::Failed(failure))
}

const CUT: [End; 3] = [End::Close, End::Reset, End::Silence];

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

#[test]
fn item_72_a_server_that_drops_every_hello_is_believed_at_the_second() {
    let cause = FailureCause::DropsEveryHello;
    for end in [End::Close, End::Reset] {
        let server = Server::tls12().quirk(move |_, _| Some((Vec::new(), end)));
        check(&server, &[(cause.clone(), &[1, 2, 3, 4, 5, 6])]);
    }
    let silent = Server::tls12().quirk(|_, _| Some((Vec::new(), End::Silence)));
    check(&silent, &[(FailureCause::Silent, &[1, 2, 3, 4, 5, 6])]);
}

#[test]
fn item_72_one_drop_is_not_believed() {
    for end in CUT {
        let server =
            Server::tls12().quirk(move |_, number| (number == 1).then(|| (Vec::new(), end)));
        check(&server, &[(FailureCause::NotInHello, &[2])]);
    }
}

#[test]
fn item_72_drops_in_place_of_refusals_count_with_a_control() {
    for end in CUT {
        // A server of static RSA that drops what it cannot answer.
        let server = Server::tls12().suites(&[0x002f]).dropping(end);
        let report = check(
            &server,
            &[(
                kinds(&[SuiteKind::StaticRsa], None),
                &[1, 2, 4, 5, 6, 7, 8, 9, 10],
            )],
        );
        let controls = report.connections.iter().filter(|c| c.is_control);
        assert_eq!(controls.count(), 2, "{report:#?}");
        // The same that stops answering at all: nothing is concluded.
        let server = server.until(4);
        check_unknown(options(), &server, &CauseUncertainty::Unstable);
    }
}

#[test]
fn a_large_hello_that_fails_is_told_with_a_control() {
    for end in CUT {
        let server =
            Server::tls12().quirk(move |hello, _| (hello.length > 1000).then(|| (Vec::new(), end)));
        let cause = FailureCause::LargeHelloIntolerance;
        check(&server, &[(cause, &[1, 2, 3, 4])]);
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
fn version_intolerance_is_told_for_alerts_and_drops() {
    let cause = FailureCause::VersionIntolerance {
        offered: ProtocolVersion::TLS_1_3,
        answered: ProtocolVersion::TLS_1_2,
    };
    let server = Server::tls12().quirk(|hello, _| hello.offers(0x0304).then(|| alert(2, 40)));
    check(&server, &[(cause.clone(), &[1, 3])]);
    for end in CUT {
        let server =
            Server::tls12().quirk(move |hello, _| hello.offers(0x0304).then(|| (Vec::new(), end)));
        check(&server, &[(cause.clone(), &[1, 2, 3])]);
    }
    let server = Server::tls12()
        .versions(&[0x0301])
        .suites(&[0x002f])
        .quirk(|hello, _| (hello.legacy_version > 0x0301).then(|| alert(2, 70)));
    let cause = FailureCause::VersionIntolerance {
        offered: ProtocolVersion::TLS_1_2,
        answered: ProtocolVersion::TLS_1_0,
    };
    check(&server, &[(cause, &[2, 5])]);
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
fn a_flight_that_is_cut_is_asked_again_and_then_tells_nothing() {
    for end in CUT {
        for at in [3, 30, 60, 100] {
            let server = Server::tls12().quirk(move |hello, number| {
                (number == 1).then(|| (cut_flight(&Server::tls12(), hello, at), end))
            });
            check(&server, &[(FailureCause::NotInHello, &[2])]);
            let server = Server::tls12()
                .quirk(move |hello, _| Some((cut_flight(&Server::tls12(), hello, at), end)));
            let report = run(options(), &server);
            let is_start = at < 60;
            assert_eq!(report.unknown.is_some(), !is_start, "{at} {report:#?}");
        }
    }
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

#[test]
fn no_more_connections_are_made_than_allowed() {
    for budget in 0..12 {
        let server = Server::tls12().suites(&[0x002f, 0x0033, 0xc013]);
        let report = run(options().with_budget(budget), &server);
        assert_eq!(report.connections.len(), budget.min(6));
        let is_unknown = report.unknown == Some(CauseUncertainty::Budget);
        assert_eq!(is_unknown, budget < 6);
    }
}

#[test]
fn a_refusal_ends_the_search_at_any_point() {
    for at in 0..4 {
        let server = Server::tls12().suites(&[0x002f]);
        let mut search = FailureSearch::new(options());
        for number in 0..at {
            let hello = search.next_hello().unwrap();
            let mut probe = HelloProbe::new(&hello).unwrap();
            let (octets, _) = server.answer(&Hello::read(probe.output()), number + 1);
            probe.handle_input(&octets);
            search.handle_answer(probe.finish());
        }
        search.next_hello().unwrap();
        search.handle_refused("421 too many\r\n");
        search.handle_refused("again");
        assert_eq!(search.next_hello(), None);
        let report = search.report();
        check_form(&report);
        let words = "421 too many\\x0d\\x0a".to_owned();
        assert_eq!(report.unknown, Some(CauseUncertainty::Refused(words)));
        assert_eq!(report.connections.len(), at + 1);
    }
}

#[test]
fn an_unreachable_server_is_tried_once_more() {
    let mut search = FailureSearch::new(options());
    assert_eq!(search.report().unknown, Some(CauseUncertainty::Unfinished));
    let first = search.next_hello().unwrap();
    assert_eq!(search.next_hello().as_ref(), Some(&first));
    search.handle_unreachable("timed out");
    let second = search.next_hello().unwrap();
    assert_eq!(
        (&second.groups, second.random == first.random),
        (&first.groups, false)
    );
    search.handle_unreachable("timed out");
    assert_eq!(search.next_hello(), None);
    let unknown = CauseUncertainty::Unreachable("timed out".to_owned());
    assert_eq!(search.report().unknown, Some(unknown));
}

#[test]
fn every_hello_can_be_sent_and_all_but_the_large_one_are_short() {
    use CauseQuestion as Question;

    for (question, most) in [
        (Question::Usual, 300),
        (Question::UsualTls12, 300),
        (Question::WithoutServerName, 300),
        (Question::Legacy, 600),
        (Question::Without(vec![SuiteKind::StaticRsa]), 600),
        (Question::UsualGroups, 600),
        (Question::UsualSchemes, 600),
        (Question::Anonymous, 600),
        (Question::Tls10, 600),
        (Question::Ssl30, 600),
        (Question::Tls13, 600),
        (Question::Large, 1600),
    ] {
        let hello = offers::hello(&question, &options(), 1);
        let length = hello.to_records().unwrap().len();
        assert!(length < most, "{question:?}: {length}");
    }
}

/// Servers of every cause that rests on more than one connection.
fn servers() -> Vec<(Server, usize)> {
    let pss = || Server::tls12().certificate(Certificate::RsaPss);
    let servers = [
        Server::tls12(),
        Server::tls12().versions(&[0x0301]).suites(&[0x002f]),
        Server::tls12().suites(&[0x002f, 0x0033]),
        Server::tls12().suites(&[0x0034]).without_certificate(),
        Server::tls12().groups(&[0x0019]),
        Server::tls12().versions(&[0x0304]).groups(&[0x001e]),
        pss().schemes(&[0x0809]),
        Server::tls12().versions(&[0x0304]).schemes(&[0x0808]),
    ];
    let count = |server: Server| {
        let count = run(options(), &server).connections.len();
        (server, count)
    };
    servers.into_iter().map(count).collect()
}

#[test]
fn no_connection_that_fails_leads_to_another_cause() {
    for (server, count) in servers() {
        let expected = run(options(), &server);
        let expected: Vec<_> = expected.causes.into_iter().map(|c| c.cause).collect();
        for (at, end) in (1..=count).flat_map(|at| CUT.map(|end| (at, end))) {
            // Once, and from there on.
            for last in [at, usize::MAX] {
                let fails = |number| (at..=last).contains(&number);
                let report = run_with(options(), |hello, number| {
                    if fails(number) {
                        (Vec::new(), end)
                    } else {
                        server.answer(hello, number)
                    }
                });
                let found: Vec<_> = report.causes.iter().map(|c| c.cause.clone()).collect();
                let gone = match end {
                    End::Silence => FailureCause::Silent,
                    _ => FailureCause::DropsEveryHello,
                };
                let is_gone = at == 1 && last > at && found == [gone];
                let is_same = found == expected;
                // That the key is unusual may be proven before its kind is.
                let of_unknown = FailureCause::CertificateKey(UnsupportedKey::OfUnknownKind);
                let is_less = report.unknown.is_some()
                    || matches!(expected[0], FailureCause::CertificateKey(_))
                        && found == [of_unknown];
                assert!(is_same || is_less || is_gone, "{at} {report:#?}");
                // One failure is made good by a repetition.
                assert!(is_same || last > at, "{at} {report:#?}");
            }
        }
    }
}

#[test]
fn no_connection_that_does_not_come_about_leads_to_another_cause() {
    for (server, count) in servers() {
        let expected = run(options(), &server).causes;
        for at in 1..=count {
            let mut search = FailureSearch::new(options());
            while let Some(hello) = search.next_hello() {
                let number = search.progress().0 + 1;
                if number == at {
                    search.handle_unreachable("no route");
                    continue;
                }
                let mut probe = HelloProbe::new(&hello).unwrap();
                let (octets, _) = server.answer(&Hello::read(probe.output()), number);
                probe.handle_input(&octets);
                search.handle_answer(probe.finish());
            }
            let report = search.report();
            check_form(&report);
            let causes = |list: &[ProvenCause]| -> Vec<_> {
                list.iter().map(|proven| proven.cause.clone()).collect()
            };
            assert_eq!(causes(&report.causes), causes(&expected), "{report:#?}");
        }
    }
}
