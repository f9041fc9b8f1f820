//! What a bad server does, and what is made of it.

use std::net::UdpSocket;
use std::time::Duration;

use hickory_proto::op::ResponseCode;
use mail_dns::stub::{StubConfig, StubResolver};
use mail_dns::{Attempt, AttemptFailure, LookupError, LookupErrorKind, Rcode, Transport};

use super::responder::{Act, Asked, Responder};
use super::{ask, config, resolver, untrusting};

const A: &str = "www.test. 300 IN A 192.0.2.1";

/// The failure of each attempt, with its transport.
fn shown(error: &LookupError) -> Vec<String> {
    let show = |attempt: &Attempt| format!("{}: {}", attempt.transport, attempt.failure);
    error.attempts().iter().map(show).collect()
}

/// Impatient, with two rounds, and one server that does this.
async fn fails(handler: impl Fn(&Asked) -> Vec<Act> + Send + Sync + 'static) -> LookupError {
    let server = Responder::start(handler).await;
    let mut config = config([&server]);
    config.attempt_timeout = Duration::from_millis(150);
    ask(&StubResolver::new(config), "www.test")
        .await
        .expect_err("no answer")
}

#[tokio::test]
async fn silence_is_a_timeout() {
    let error = fails(|_| vec![]).await;
    assert_eq!(error.kind(), LookupErrorKind::Timeout);
    assert_eq!(shown(&error), ["UDP: no answer", "UDP: no answer"]);
    assert!(
        error
            .attempts()
            .iter()
            .all(|attempt| attempt.elapsed >= Duration::from_millis(140))
    );
}

#[tokio::test]
async fn forged_answers_are_counted() {
    let error = fails(|asked| {
        let mut reply = asked.reply();
        reply.metadata.id ^= 0x8000;
        vec![Act::Send(reply.clone()), Act::Send(reply)]
    })
    .await;
    assert_eq!(error.kind(), LookupErrorKind::Timeout);
    let ignored = AttemptFailure::Timeout { ignored: 2 };
    assert!(
        error
            .attempts()
            .iter()
            .all(|attempt| attempt.failure == ignored)
    );
}

#[tokio::test]
async fn a_flood_ends_the_attempt_early() {
    let server = Responder::start(|asked| {
        if asked.before > 0 {
            return asked.records(A);
        }
        (0..100).map(|_| Act::SendOctets(vec![0; 12])).collect()
    })
    .await;
    let started = super::now();
    assert!(ask(&untrusting(&server), "www.test").await.is_ok());
    assert!(
        started.elapsed() < Duration::from_secs(1),
        "not after the 2 s of an attempt"
    );
}

#[tokio::test]
async fn response_codes_are_told_apart() {
    let error = fails(|asked| asked.rcode(ResponseCode::Refused)).await;
    assert_eq!(error.kind(), LookupErrorKind::Refused);
    assert_eq!(shown(&error), ["UDP: REFUSED", "UDP: REFUSED"]);

    let error = fails(|asked| asked.servfail_because(22, "at delegation")).await;
    assert_eq!(error.kind(), LookupErrorKind::ServFail);
    assert_eq!(
        error.to_string(),
        "SERVFAIL in answer to www.test A (EDE 22 (No Reachable Authority): at delegation)"
    );

    let error = fails(|asked| asked.rcode(ResponseCode::NotImp)).await;
    assert_eq!(error.kind(), LookupErrorKind::UnexpectedRcode);
    assert_eq!(
        shown(&error),
        ["UDP: NOTIMP"; 4],
        "with EDNS and without, twice"
    );
}

#[tokio::test]
async fn nonsense_is_malformed() {
    let error = fails(|asked| {
        let mut octets = asked.reply().to_vec().expect("a message");
        octets[7] = 9;
        vec![Act::SendOctets(octets)]
    })
    .await;
    assert_eq!(error.kind(), LookupErrorKind::Malformed);
    assert!(
        error
            .attempts()
            .iter()
            .all(|attempt| matches!(attempt.failure, AttemptFailure::Malformed(_)))
    );

    let error = fails(|asked| {
        let mut reply = asked.reply();
        reply.metadata.recursion_available = false;
        reply.add_authority(super::responder::record("test. 60 IN NS ns.test."));
        vec![Act::Send(reply)]
    })
    .await;
    assert_eq!(error.kind(), LookupErrorKind::Malformed);
    assert_eq!(
        shown(&error)[0],
        "UDP: unreadable answer: expected an answer, found a referral"
    );
}

#[tokio::test]
async fn truncated_without_tcp_is_truncated() {
    let error = fails(|asked| {
        if asked.over_tcp {
            vec![]
        } else {
            asked.truncated()
        }
    })
    .await;
    assert_eq!(error.kind(), LookupErrorKind::Truncated);
    assert_eq!(
        shown(&error),
        ["TCP: connection closed", "TCP: connection closed"]
    );

    let error = fails(|asked| {
        if asked.over_tcp {
            vec![Act::Wait(Duration::from_secs(5))]
        } else {
            asked.truncated()
        }
    })
    .await;
    assert_eq!(error.kind(), LookupErrorKind::Truncated);
    assert_eq!(shown(&error)[0], "TCP: no answer");
}

#[tokio::test]
async fn over_tcp_the_question_counts_as_well() {
    let error = fails(|asked| {
        let mut reply = asked.reply();
        reply.metadata.id ^= u16::from(asked.over_tcp);
        reply.metadata.truncation = !asked.over_tcp;
        vec![Act::Send(reply)]
    })
    .await;
    assert_eq!(error.kind(), LookupErrorKind::Malformed);
    // Nor is the TC bit an answer there.
    let error = fails(Asked::truncated).await;
    assert_eq!(error.kind(), LookupErrorKind::Malformed);
    assert!(
        error
            .attempts()
            .iter()
            .all(|attempt| attempt.transport == Transport::Tcp)
    );
}

#[tokio::test]
async fn a_closed_port_is_seen_at_once() {
    let closed = UdpSocket::bind("127.0.0.1:0").expect("a free port");
    let address = closed.local_addr().expect("bound");
    drop(closed);
    let dns = StubResolver::new(StubConfig::new([address]));
    let started = super::now();
    let error = ask(&dns, "www.test").await.expect_err("nobody there");
    assert_eq!(error.kind(), LookupErrorKind::Unreachable);
    assert_eq!(error.attempts().len(), 2);
    assert!(
        started.elapsed() < Duration::from_secs(1),
        "{:?}",
        started.elapsed()
    );
}

#[tokio::test]
async fn without_servers_there_is_no_answer() {
    let dns = resolver([]);
    let error = ask(&dns, "www.test").await.expect_err("nobody to ask");
    assert_eq!(error.kind(), LookupErrorKind::NoServers);
}

#[tokio::test]
async fn the_next_server_is_asked() {
    let garbled = |asked: &Asked| {
        let mut octets = asked.reply().to_vec().expect("a message");
        octets[7] = 9;
        vec![Act::SendOctets(octets)]
    };
    let faults: [fn(&Asked) -> Vec<Act>; 4] = [
        |asked| asked.rcode(ResponseCode::ServFail),
        |asked| asked.rcode(ResponseCode::Refused),
        garbled,
        |_| vec![],
    ];
    for fault in faults {
        let bad = Responder::start(fault).await;
        let good = Responder::start(|asked| asked.authentic_records(A)).await;
        let mut config = config([&bad, &good]);
        config.attempt_timeout = Duration::from_millis(300);
        config.cache_octets = 0;
        let dns = StubResolver::new(config);
        // Questions take turns in where they start; whichever is first, the good one answers.
        for _ in 0..2 {
            let answer = ask(&dns, "www.test").await.expect("an answer");
            assert_eq!(answer.source.server, Some(good.address));
        }
        assert_eq!(bad.log().len(), 1);
        assert_eq!(good.log().len(), 2);
    }
}

#[tokio::test]
async fn the_most_telling_of_two_servers_names_the_error() {
    let refusing = Responder::start(|asked| asked.rcode(ResponseCode::Refused)).await;
    let silent = Responder::start(|_| vec![]).await;
    let mut config = config([&silent, &refusing]);
    config.attempt_timeout = Duration::from_millis(100);
    config.rounds = 1;
    let error = ask(&StubResolver::new(config), "www.test")
        .await
        .expect_err("no answer");
    assert_eq!(error.kind(), LookupErrorKind::Refused);
    let failures: Vec<_> = error
        .attempts()
        .iter()
        .map(|attempt| (attempt.server, &attempt.failure))
        .collect();
    let timeout = AttemptFailure::Timeout { ignored: 0 };
    let refused = AttemptFailure::Rcode(Rcode::REFUSED);
    assert_eq!(
        failures,
        [(silent.address, &timeout), (refusing.address, &refused)]
    );
}

/// The first question's trouble on the way to the alias's target does not name the second's.
#[tokio::test]
async fn only_the_question_that_failed_names_the_error() {
    let server = Responder::start(|asked| match (asked.question().as_str(), asked.before) {
        ("www.test A", 0) => asked.rcode(ResponseCode::ServFail),
        ("www.test A", _) => asked.records("www.test. 300 IN CNAME a.example."),
        _ => vec![],
    })
    .await;
    let mut config =
        StubConfig::new([mail_dns::stub::Server::new(server.address).with_trusted(false)]);
    config.attempt_timeout = Duration::from_millis(100);
    let error = ask(&StubResolver::new(config), "www.test")
        .await
        .expect_err("no answer");
    assert_eq!(error.kind(), LookupErrorKind::Timeout);
    assert_eq!(
        shown(&error),
        ["UDP: SERVFAIL", "UDP: no answer", "UDP: no answer"]
    );
}

#[tokio::test]
async fn the_deadline_holds_whatever_the_servers_do() {
    let faults: [fn(&Asked) -> Vec<Act>; 3] = [
        |_| vec![],
        // A datagram now and then that is no answer.
        |_| {
            (0..100)
                .flat_map(|_| {
                    [
                        Act::SendOctets(vec![0; 12]),
                        Act::Wait(Duration::from_millis(20)),
                    ]
                })
                .collect()
        },
        // TCP that never comes to the point.
        |asked| {
            if asked.over_tcp {
                vec![Act::Wait(Duration::from_secs(30))]
            } else {
                asked.truncated()
            }
        },
    ];
    for fault in faults {
        // One attempt is cut short by the deadline, be it the first or the second.
        for (attempt_timeout, attempts) in [(250, 2), (3000, 1)] {
            let server = Responder::start(fault).await;
            let mut config = config([&server]);
            config.attempt_timeout = Duration::from_millis(attempt_timeout);
            config.deadline = Duration::from_millis(400);
            config.rounds = 10;
            let started = super::now();
            let error = ask(&StubResolver::new(config), "www.test")
                .await
                .expect_err("no answer");
            let elapsed = started.elapsed();
            assert!(elapsed >= Duration::from_millis(390), "{elapsed:?}");
            assert!(elapsed < Duration::from_millis(1500), "{elapsed:?}");
            let kind = error.kind();
            assert!(
                matches!(kind, LookupErrorKind::Timeout | LookupErrorKind::Truncated),
                "{kind:?}"
            );
            assert_eq!(error.attempts().len(), attempts);
        }
    }
}

#[tokio::test]
async fn immoderate_limits_do_no_harm() {
    let server = Responder::start(|asked| asked.records(A)).await;
    let mut config = config([&server]);
    config.attempt_timeout = Duration::MAX;
    config.deadline = Duration::MAX;
    config.max_ttl = Duration::MAX;
    config.max_in_flight = usize::MAX;
    config.udp_payload = 0;
    config.rounds = 0;
    assert!(ask(&StubResolver::new(config), "www.test").await.is_ok());
}

#[cfg(feature = "serde")]
#[tokio::test]
async fn an_error_survives_storage() {
    let error =
        fails(|asked| asked.servfail_because(23, "192.0.2.1:53 \x1b[31m rcode=REFUSED")).await;
    assert!(!error.attempts().is_empty() && !error.extended_errors().is_empty());
    assert!(!error.to_string().contains('\x1b'));
    let text = serde_json::to_string(&error).expect("JSON");
    assert_eq!(
        serde_json::from_str::<LookupError>(&text).expect("the same"),
        error
    );
}
