//! Connections that end without an answer: what they prove, and what they do not.

use super::*;

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
