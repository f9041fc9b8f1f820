//! What the AD bit, the CD bit and extended errors are taken for.

use hickory_proto::op::ResponseCode;
use mail_dns::DnssecStatus::{Indeterminate, Insecure, Secure};
use mail_dns::{IndeterminateCause, LookupErrorKind};

use super::responder::{Act, Asked, Responder};
use super::{ask, resolver, untrusting};

const A: &str = "www.test. 300 IN A 192.0.2.1";
const ROOT: &str = ". 300 IN SOA ns. hostmaster. 7 7200 900 86400 300";

/// A server that validates: it vouches for the root, and the rest is as it is told.
async fn validating(handler: fn(&Asked) -> Vec<Act>) -> Responder {
    Responder::start(move |asked| {
        if asked.is_root() {
            asked.authentic_records(ROOT)
        } else {
            handler(asked)
        }
    })
    .await
}

#[tokio::test]
async fn ad_from_a_trusted_server_is_secure() {
    let server = validating(|asked| asked.authentic_records(A)).await;
    let answer = ask(&resolver([&server]), "www.test")
        .await
        .expect("an answer");
    assert_eq!(answer.dnssec, Secure);
    assert!(answer.source.authentic_data);
}

#[tokio::test]
async fn a_denial_can_be_secure() {
    let server = validating(|asked| {
        let mut acts = asked.denial(ResponseCode::NXDomain);
        if let Some(Act::Send(reply)) = acts.first_mut() {
            reply.metadata.authentic_data = true;
        }
        acts
    })
    .await;
    let answer = ask(&resolver([&server]), "gone.test")
        .await
        .expect("an answer");
    assert!(answer.is_nxdomain());
    assert_eq!(answer.dnssec, Secure);
}

/// RFC 4035 §4.9.3.
#[tokio::test]
async fn ad_over_a_path_that_is_not_trusted_says_nothing() {
    let server = validating(|asked| asked.authentic_records(A)).await;
    let answer = ask(&untrusting(&server), "www.test")
        .await
        .expect("an answer");
    assert_eq!(
        answer.dnssec,
        Indeterminate(IndeterminateCause::PathNotTrusted)
    );
    assert!(answer.source.authentic_data, "what was seen is kept");
    assert_eq!(server.root_count(), 0);
}

#[tokio::test]
async fn no_ad_is_insecure_only_from_who_validates() {
    let server = validating(|asked| asked.records(A)).await;
    let answer = ask(&resolver([&server]), "www.test")
        .await
        .expect("an answer");
    assert_eq!(answer.dnssec, Insecure);

    let server = Responder::start(|asked| {
        if asked.is_root() {
            asked.records(ROOT)
        } else {
            asked.records(A)
        }
    })
    .await;
    let answer = ask(&resolver([&server]), "www.test")
        .await
        .expect("an answer");
    assert_eq!(
        answer.dnssec,
        Indeterminate(IndeterminateCause::ResolverDoesNotValidate)
    );

    let server = Responder::start(|asked| {
        if asked.is_root() {
            asked.rcode(ResponseCode::Refused)
        } else {
            asked.records(A)
        }
    })
    .await;
    let dns = resolver([&server]);
    for _ in 0..2 {
        let answer = ask(&dns, "www.test").await.expect("an answer");
        assert_eq!(
            answer.dnssec,
            Indeterminate(IndeterminateCause::ValidationUnknown)
        );
        assert!(!answer.source.cached, "it may be told next time");
    }
    assert_eq!(server.root_count(), 1, "but not at once");
}

#[tokio::test]
async fn the_root_is_asked_for_once() {
    let server = validating(|asked| {
        let question = asked.question();
        asked.records(&format!(
            "{}. 300 IN A 192.0.2.1",
            question.trim_end_matches(" A")
        ))
    })
    .await;
    let dns = resolver([&server]);
    let names: Vec<_> = (0..20).map(|host| format!("host{host}.test")).collect();
    let answers = futures_util::future::join_all(names.iter().map(|name| ask(&dns, name))).await;
    for answer in answers {
        assert_eq!(answer.expect("an answer").dnssec, Insecure);
    }
    assert_eq!(server.root_count(), 1);
}

#[tokio::test]
async fn a_chain_of_two_answers_is_secure_if_both_are() {
    let server = validating(|asked| match asked.question().as_str() {
        "both.test A" => asked.authentic_records("both.test. 300 IN CNAME signed.example."),
        "first.test A" => asked.authentic_records("first.test. 300 IN CNAME plain.example."),
        "second.test A" => asked.records("second.test. 300 IN CNAME signed.example."),
        "plain.example A" => asked.records("plain.example. 300 IN A 192.0.2.1"),
        _ => asked.authentic_records("signed.example. 300 IN A 192.0.2.1"),
    })
    .await;
    let dns = resolver([&server]);
    for (name, expected) in [
        ("both.test", Secure),
        ("first.test", Insecure),
        ("second.test", Insecure),
    ] {
        let answer = ask(&dns, name).await.expect("an answer");
        assert_eq!(answer.dnssec, expected, "{name}");
        assert_eq!(answer.source.authentic_data, expected == Secure);
    }
}

#[tokio::test]
async fn servfail_is_bogus_if_the_server_says_so() {
    let server =
        validating(|asked| asked.servfail_because(7, "signature of www.test has expired")).await;
    let second = validating(|asked| asked.authentic_records(A)).await;
    let error = ask(&resolver([&server, &second]), "www.test")
        .await
        .expect_err("bogus");
    assert_eq!(error.kind(), LookupErrorKind::Bogus);
    assert_eq!(error.extended_errors()[0].code, 7);
    assert_eq!(error.attempts().len(), 1);
    assert!(
        second.log().is_empty(),
        "one that does not validate would give out what is forged"
    );
}

#[tokio::test]
async fn servfail_is_bogus_if_there_is_an_answer_without_checking() {
    let server = validating(|asked| {
        if asked.checking_disabled() {
            asked.records(A)
        } else {
            asked.rcode(ResponseCode::ServFail)
        }
    })
    .await;
    let dns = resolver([&server]);
    for asked_before in [0, 3] {
        let error = ask(&dns, "www.test")
            .await
            .expect_err("bogus, and the forged data are not cached");
        assert_eq!(error.kind(), LookupErrorKind::Bogus);
        assert_eq!(
            server.log()[asked_before..],
            ["www.test A", "www.test A CD", "www.test A"]
        );
    }
}

#[tokio::test]
async fn a_passing_servfail_is_not_bogus() {
    let server = validating(|asked| {
        if asked.before == 0 {
            asked.rcode(ResponseCode::ServFail)
        } else {
            asked.authentic_records(A)
        }
    })
    .await;
    let answer = ask(&resolver([&server]), "www.test")
        .await
        .expect("an answer, at last");
    assert_eq!(answer.dnssec, Secure);
}

#[tokio::test]
async fn servfail_without_data_is_servfail() {
    let server = validating(|asked| asked.rcode(ResponseCode::ServFail)).await;
    let error = ask(&resolver([&server]), "www.test")
        .await
        .expect_err("no answer");
    assert_eq!(error.kind(), LookupErrorKind::ServFail);
    assert_eq!(
        server.log(),
        ["www.test A", "www.test A CD", "www.test A"],
        "CD once a question"
    );
}

#[tokio::test]
async fn who_does_not_validate_finds_nothing_bogus() {
    let handler = |asked: &Asked| match (asked.is_root(), asked.checking_disabled()) {
        (true, _) => asked.records(ROOT),
        (false, true) => asked.records(A),
        (false, false) => asked.rcode(ResponseCode::ServFail),
    };
    let server = Responder::start(handler).await;
    let error = ask(&resolver([&server]), "www.test")
        .await
        .expect_err("no answer");
    assert_eq!(error.kind(), LookupErrorKind::ServFail);
    let error = ask(&untrusting(&server), "www.test")
        .await
        .expect_err("no answer");
    assert_eq!(error.kind(), LookupErrorKind::ServFail);
    assert!(server.log().iter().all(|line| !line.contains("CD")));
}

/// Whoever can take the AD bit away can also put SERVFAIL in place of an answer.
#[tokio::test]
async fn nothing_is_bogus_over_a_path_that_is_not_trusted() {
    let server = validating(|asked| {
        if asked.checking_disabled() {
            asked.records(A)
        } else {
            asked.rcode(ResponseCode::ServFail)
        }
    })
    .await;
    let error = ask(&untrusting(&server), "www.test")
        .await
        .expect_err("no answer");
    assert_eq!(error.kind(), LookupErrorKind::ServFail);
    assert_eq!(server.log(), ["www.test A", "www.test A"]);
    assert_eq!(server.root_count(), 0);
}
