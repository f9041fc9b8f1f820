//! How a search goes on and ends.

use super::*;

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
        (Question::AnyChain, 600),
        (Question::Tls13AnyChain, 600),
        (Question::Tls13UnusualSchemes, 600),
        (Question::HybridListed, 300),
        (Question::Large, 1600),
        (Question::Padded, 1600),
    ] {
        let hello = offers::hello(&question, &options(), 1);
        let length = hello.to_records().unwrap().len();
        assert!(length < most, "{question:?}: {length}");
    }
}
