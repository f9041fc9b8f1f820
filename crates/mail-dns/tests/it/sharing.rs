//! What questions share: answers, exchanges, sockets and the limit on them.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use hickory_proto::op::ResponseCode;
use mail_dns::LookupErrorKind;
use mail_dns::stub::StubResolver;

use super::responder::{Act, Asked, Responder};
use super::{ask, config, untrusting};

fn any_host(asked: &Asked) -> Vec<Act> {
    let question = asked.question();
    asked.authentic_records(&format!(
        "{}. 300 IN A 192.0.2.1",
        question.trim_end_matches(" A")
    ))
}

/// The same, after a while.
fn slow_host(asked: &Asked) -> Vec<Act> {
    let mut acts = any_host(asked);
    acts.insert(0, Act::Wait(Duration::from_millis(100)));
    acts
}

#[tokio::test]
async fn an_answer_is_asked_for_once() {
    let server = Responder::start(any_host).await;
    let dns = untrusting(&server);
    let fresh = ask(&dns, "www.test").await.expect("an answer");
    let kept = ask(&dns.clone(), "WWW.test.").await.expect("an answer");
    assert!(!fresh.source.cached && kept.source.cached);
    assert!(kept.source.elapsed.is_zero());
    assert_eq!(kept.response, fresh.response);
    assert_eq!(server.log().len(), 1);
}

#[tokio::test]
async fn a_denial_is_kept_if_it_says_for_how_long() {
    let server = Responder::start(|asked| match asked.question().as_str() {
        "gone.test A" => asked.denial(ResponseCode::NXDomain),
        _ => asked.rcode(ResponseCode::NoError),
    })
    .await;
    let dns = untrusting(&server);
    for _ in 0..2 {
        assert!(
            ask(&dns, "gone.test")
                .await
                .expect("an answer")
                .is_nxdomain()
        );
        assert!(
            ask(&dns, "terse.test")
                .await
                .expect("an answer")
                .negative()
                .is_some()
        );
    }
    assert_eq!(
        server.log(),
        ["gone.test A", "terse.test A", "terse.test A"]
    );
}

#[tokio::test]
async fn failures_and_fleeting_answers_are_not_kept() {
    let server = Responder::start(|asked| match asked.question().as_str() {
        "fleeting.test A" => asked.records("fleeting.test. 0 IN A 192.0.2.1"),
        _ if asked.before == 0 => asked.rcode(ResponseCode::FormErr),
        _ => asked.rcode(ResponseCode::Refused),
    })
    .await;
    let dns = untrusting(&server);
    for _ in 0..2 {
        assert!(ask(&dns, "refused.test").await.is_err());
        assert!(
            !ask(&dns, "fleeting.test")
                .await
                .expect("an answer")
                .source
                .cached
        );
    }
    let count = |name: &str| {
        server
            .log()
            .iter()
            .filter(|line| line.starts_with(name))
            .count()
    };
    assert_eq!(count("fleeting.test"), 2);
    assert_eq!(
        count("refused.test"),
        5,
        "two rounds each, and once more without EDNS"
    );
}

#[tokio::test]
async fn no_capacity_keeps_nothing() {
    let server = Responder::start(any_host).await;
    let mut config = config([&server]);
    config.cache_octets = 0;
    let dns = StubResolver::new(config);
    for _ in 0..2 {
        assert!(
            !ask(&dns, "www.test")
                .await
                .expect("an answer")
                .source
                .cached
        );
    }
    assert_eq!(server.log().len(), 2);
}

#[tokio::test]
async fn fifty_equal_questions_are_one() {
    let server = Responder::start(slow_host).await;
    let dns = untrusting(&server);
    let answers = join_all((0..50).map(|_| ask(&dns, "www.test"))).await;
    assert_eq!(answers.len(), 50);
    assert!(
        answers
            .iter()
            .all(|answer| answer == &answers[0] && answer.is_ok())
    );
    assert_eq!(server.log().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn equal_questions_on_two_threads_survive_the_loss_of_half() {
    let server = Responder::start(slow_host).await;
    let dns = Arc::new(untrusting(&server));
    let spawn = |_| {
        let dns = Arc::clone(&dns);
        tokio::spawn(async move { ask(&dns, "www.test").await })
    };
    let askers: Vec<_> = (0..50).map(spawn).collect();
    tokio::time::sleep(Duration::from_millis(30)).await;
    for asker in askers.iter().step_by(2) {
        asker.abort();
    }
    for asker in askers.into_iter().skip(1).step_by(2) {
        assert!(asker.await.expect("not aborted").is_ok());
    }
    assert_eq!(server.log().len(), 1);
}

#[tokio::test]
async fn a_follower_takes_over_and_a_lone_question_can_be_dropped() {
    let server = Responder::start(slow_host).await;
    let dns = untrusting(&server);
    let leader = tokio::spawn({
        let dns = dns.clone();
        async move { ask(&dns, "www.test").await }
    });
    tokio::time::sleep(Duration::from_millis(20)).await;
    let follower = tokio::spawn({
        let dns = dns.clone();
        async move { ask(&dns, "www.test").await }
    });
    tokio::time::sleep(Duration::from_millis(20)).await;
    leader.abort();
    assert!(follower.await.expect("not aborted").is_ok());
    assert_eq!(server.log().len(), 1);

    // Nobody is left to drive the first: the second starts anew.
    let lone = tokio::time::timeout(Duration::from_millis(20), ask(&dns, "lone.test")).await;
    assert!(lone.is_err());
    assert!(ask(&dns, "lone.test").await.is_ok());
    assert_eq!(server.log().len(), 3);
}

#[tokio::test]
async fn only_so_many_are_in_flight() {
    let server = Responder::start(slow_host).await;
    let mut config = config([&server]);
    config.max_in_flight = 1;
    config.deadline = Duration::from_millis(250);
    let dns = StubResolver::new(config);
    let names: Vec<_> = (0..5).map(|host| format!("host{host}.test")).collect();
    let outcomes = join_all(names.iter().map(|name| ask(&dns, name))).await;
    assert!(outcomes[0].is_ok());
    let error = outcomes[4]
        .as_ref()
        .expect_err("the fifth 100 ms end after 250 ms");
    assert_eq!(error.kind(), LookupErrorKind::Timeout);
    assert!(error.attempts().is_empty(), "its turn never came");
    assert!(server.log().len() < 5);
}

#[tokio::test]
async fn a_port_is_used_for_a_while_and_then_another() {
    let server = Responder::start(any_host).await;
    let dns = untrusting(&server);
    for host in 0..100 {
        assert!(ask(&dns, &format!("host{host}.test")).await.is_ok());
    }
    let ports: HashSet<_> = server.peers().into_iter().collect();
    assert_eq!(ports.len(), 2, "64 questions, then 36");
}

#[tokio::test]
async fn no_two_questions_share_a_port_at_a_time() {
    let server = Responder::start(slow_host).await;
    let dns = untrusting(&server);
    let names: Vec<_> = (0..20).map(|host| format!("host{host}.test")).collect();
    let answers = join_all(names.iter().map(|name| ask(&dns, name))).await;
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!(server.peers().into_iter().collect::<HashSet<_>>().len(), 20);
}

/// Idle sockets belong to the runtime that they were opened on.
#[test]
fn a_resolver_outlives_a_runtime() {
    let runtime = || tokio::runtime::Runtime::new().expect("a runtime");
    let serving = runtime();
    let server = serving.block_on(Responder::start(any_host));
    let mut config = config([&server]);
    config.rounds = 1;
    let dns = StubResolver::new(config);
    for host in 0..3 {
        let asking = runtime();
        assert!(
            asking
                .block_on(ask(&dns, &format!("host{host}.test")))
                .is_ok()
        );
    }
    assert_eq!(server.log().len(), 3);
}
