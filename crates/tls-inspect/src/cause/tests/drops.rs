//! Connections that end without an answer: what they prove, and what they do not.

use super::*;

#[test]
fn item_72_a_server_that_drops_every_hello_is_believed_at_the_second() {
    let cause = FailureCause::DropsEveryHello;
    for end in [End::Close, End::Reset] {
        let server = Server::tls12().quirk(move |_, _| Some((Vec::new(), end)));
        check(&server, &[(cause.clone(), &[1, 2, 3, 4, 5, 6, 7])]);
    }
    let silent = Server::tls12().quirk(|_, _| Some((Vec::new(), End::Silence)));
    check(&silent, &[(FailureCause::Silent, &[1, 2, 3, 4, 5, 6, 7])]);
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
                &[1, 2, 4, 5, 6, 7, 8, 9, 10, 11],
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
        check(&server, &[(cause, &[1, 2, 3, 4, 5, 6, 7])]);
        // A client that sends none does not fail at it.
        check_with(
            options().with_key_share(KeyShareOffer::X25519),
            &server,
            &[(FailureCause::NotInHello, &[1])],
        );
    }
}

#[test]
fn a_hybrid_share_that_fails_is_told_from_a_large_hello() {
    const HYBRID: u16 = NamedGroup::X25519_MLKEM768.0;
    let cause = |fails_when_listed| FailureCause::HybridIntolerance { fails_when_listed };
    let of_share = |end| {
        Server::tls12()
            .quirk(move |hello, _| hello.shares.contains(&HYBRID).then(|| (Vec::new(), end)))
    };
    let of_group = |end| {
        Server::tls12()
            .quirk(move |hello, _| hello.groups.contains(&HYBRID).then(|| (Vec::new(), end)))
    };
    for end in CUT {
        check(&of_share(end), &[(cause(Some(false)), &[1, 2, 3, 4, 5])]);
        let small = || options().with_groups(&[NamedGroup::X25519]);
        let proof = &[1, 2, 3, 4, 5, 6];
        check_with(small(), &of_share(end), &[(cause(Some(false)), proof)]);
        let proof = &[1, 2, 3, 4, 5, 6, 7, 8];
        check_with(small(), &of_group(end), &[(cause(Some(true)), proof)]);
    }
    let alert =
        Server::tls12().quirk(|hello, _| hello.shares.contains(&HYBRID).then(|| alert(2, 40)));
    check(&alert, &[(cause(Some(false)), &[1, 2, 3])]);
}

#[test]
fn a_handshake_that_had_a_server_hello_did_not_fail_at_the_hello() {
    let mut capture = failed(HandshakeFailureKind::Reset);
    capture.version = Some(ProtocolVersion::TLS_1_3);
    capture.cipher_suite = Some(CipherSuite(0x1301));
    let options = || options().with_capture(capture.clone());
    let large =
        Server::tls12().quirk(|hello, _| (hello.length > 1000).then(|| (Vec::new(), End::Close)));
    let nameless = Server::tls12().quirk(|hello, _| (!hello.has_name).then(|| alert(2, 40)));
    for server in [large, nameless] {
        check_with(options(), &server, &[(FailureCause::NotInHello, &[1])]);
    }
    for server in [
        Server::tls12().suites(&[0x002f]),
        Server::tls12().quirk(|_, _| Some(alert(2, 112))),
        Server::tls12().quirk(|_, _| Some((Vec::new(), End::Close))),
    ] {
        check_unknown(options(), &server, &CauseUncertainty::Unstable);
    }
    let cut = |hello: &Hello, _| Some((cut_flight(&Server::tls12(), hello, 100), End::Close));
    let cut = Server::tls12().quirk(cut);
    check_unknown(options(), &cut, &CauseUncertainty::CutOff);
    let plain = Server::tls12().quirk(|_, _| Some((b"421 busy\r\n".to_vec(), End::Close)));
    let refused = CauseUncertainty::Refused("421 busy".to_owned());
    check_unknown(options(), &plain, &refused);
}

#[test]
fn a_device_that_lets_no_answer_through_is_not_taken_for_version_intolerance() {
    // TLS 1.2 is chosen whatever is offered, and what is chosen of the longer hello is cut off.
    for end in CUT {
        for at in [3, 30, 60, 100] {
            let server = Server::tls12().quirk(move |hello, _| {
                let flight = || (cut_flight(&Server::tls12(), hello, at), end);
                hello.offers(0x0304).then(flight)
            });
            check_unknown(options(), &server, &CauseUncertainty::CutOff);
        }
    }
    let malformed = Server::tls12().quirk(|hello, _| {
        let octets = || (vec![22, 3, 3, 0xff, 0xff], End::Close);
        hello.offers(0x0304).then(octets)
    });
    let report = run(options(), &malformed);
    assert!(matches!(
        report.unknown,
        Some(CauseUncertainty::NoAnswer(_))
    ));
}

#[test]
fn a_server_that_cuts_one_answer_off_does_not_drop_every_hello() {
    let server = Server::tls12().quirk(|hello, _| {
        let octets = match hello.offers(0x0304) {
            true => Vec::new(),
            false => cut_flight(&Server::tls12(), hello, 30),
        };
        Some((octets, End::Close))
    });
    check_unknown(options(), &server, &CauseUncertainty::CutOff);
}

#[test]
fn plaintext_after_tls_is_a_refusal_to_go_on() {
    for at in 2..5 {
        let server = Server::tls12().suites(&[0x002f]).quirk(move |_, number| {
            (number >= at).then(|| (b"421 too many connections\r\n".to_vec(), End::Close))
        });
        let report = run(options(), &server);
        let words = "421 too many connections".to_owned();
        assert_eq!(report.unknown, Some(CauseUncertainty::Refused(words)));
        assert_eq!(report.connections.len(), at);
    }
}

#[test]
fn version_intolerance_is_told_for_alerts_and_drops() {
    let cause = FailureCause::VersionIntolerance {
        offered: ProtocolVersion::TLS_1_3,
        answered: ProtocolVersion::TLS_1_2,
    };
    let server = Server::tls12().quirk(|hello, _| hello.offers(0x0304).then(|| alert(2, 40)));
    check(&server, &[(cause.clone(), &[1, 3, 4])]);
    for end in CUT {
        let server =
            Server::tls12().quirk(move |hello, _| hello.offers(0x0304).then(|| (Vec::new(), end)));
        check(&server, &[(cause.clone(), &[1, 2, 3, 4, 5, 6, 7])]);
    }
    let server = Server::tls12()
        .versions(&[0x0301])
        .suites(&[0x002f])
        .quirk(|hello, _| (hello.legacy_version > 0x0301).then(|| alert(2, 70)));
    let cause = FailureCause::VersionIntolerance {
        offered: ProtocolVersion::TLS_1_2,
        answered: ProtocolVersion::TLS_1_0,
    };
    check(&server, &[(cause, &[1, 2, 5])]);
}

#[test]
fn a_server_that_takes_tls13_with_more_offered_does_not_fail_at_the_version() {
    let tls13 = |hello: &Hello, number| {
        let server = Server::tls12().versions(&[0x0304]).groups(&[0x0019]);
        hello.offers(0x0304).then(|| server.answer(hello, number))
    };
    let cause = FailureCause::OnlyGroup(NamedGroup::SECP521R1);
    check(
        &Server::tls12().quirk(tls13),
        &[(cause.clone(), &[1, 4, 5])],
    );
    let dropping = |hello: &Hello, number| {
        let server = Server::tls12().versions(&[0x0304]).groups(&[0x0019]);
        let server = server.dropping(End::Close);
        hello.offers(0x0304).then(|| server.answer(hello, number))
    };
    let report = run(options(), &Server::tls12().quirk(dropping));
    assert_eq!(report.causes[0].cause, cause);
}

#[test]
fn a_client_that_is_answered_after_all_is_told_no_cause() {
    // Both versions have groups of their own, and the first two connections are lost.
    let server = Server::tls12().quirk(|hello, number| {
        let server = match hello.offers(0x0304) {
            true => Server::tls12().versions(&[0x0304]),
            false => Server::tls12().groups(&[0x0019]).dropping(End::Close),
        };
        Some(match number {
            1 | 2 => (Vec::new(), End::Close),
            _ => server.answer(hello, number),
        })
    });
    let report = run(options(), &server);
    let causes: Vec<_> = report.causes.iter().map(|proven| &proven.cause).collect();
    assert_eq!(causes, [&FailureCause::NotInHello], "{report:#?}");
}

#[test]
fn connections_that_did_not_come_about_prove_nothing() {
    let mut search = FailureSearch::new(options());
    while search.next_hello().is_some() {
        if search.progress().0 == 1 {
            search.handle_unreachable("no route");
            continue;
        }
        let mut probe = HelloProbe::new(&search.next_hello().unwrap()).unwrap();
        probe.handle_close();
        search.handle_answer(probe.finish());
    }
    let report = search.report();
    assert_eq!(report.causes[0].cause, FailureCause::DropsEveryHello);
    assert_eq!(report.causes[0].proof, [1, 3, 4, 5, 6, 7, 8]);
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
            check_unknown(options(), &server, &CauseUncertainty::CutOff);
            assert_eq!(run(options(), &server).connections.len(), 2);
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
        Server::tls12()
            .suites(&[0x002f, 0x0033])
            .dropping(End::Close),
        Server::tls12().quirk(|hello, _| (hello.length > 1000).then(|| alert(2, 40))),
        Server::tls12().versions(&[0x0304]).chain(0x0808, true),
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
        for at in 1..=count {
            // Once, for a while, and from there on.
            let lasts = [at, at + 1, at + 3, usize::MAX];
            for (last, end) in lasts.into_iter().zip(CUT.into_iter().cycle().skip(at)) {
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
                let is_gone = at <= 4 && last >= 7 && found == [gone];
                let is_same = found == expected;
                // That the key is unusual may be proven before its kind is.
                let of_unknown = FailureCause::CertificateKey(UnsupportedKey::OfUnknownKind);
                let is_less = report.unknown.is_some()
                    || matches!(expected[0], FailureCause::CertificateKey(_))
                        && found == [of_unknown];
                assert!(is_same || is_less || is_gone, "{at} {report:#?}");
                // One failure is made good by a repetition.
                let is_short = report.unknown == Some(CauseUncertainty::Budget);
                assert!(is_same || last > at || is_short, "{at} {report:#?}");
            }
        }
    }
}

#[test]
fn no_connection_that_does_not_come_about_leads_to_another_cause() {
    for (server, count) in servers() {
        let expected = run(options(), &server).causes;
        for at in 1..=count {
            let mut search = FailureSearch::new(options().with_budget(16));
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
