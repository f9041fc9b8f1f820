//! What a good server says.

use std::sync::{Arc, Mutex};

use hickory_proto::op::ResponseCode;
use mail_dns::{Answer, LookupErrorKind, NegativeKind, Rcode, RecordType, Transport};

use super::responder::{Act, Responder};
use super::{ask, untrusting};

const A: &str = "www.test. 300 IN A 192.0.2.1";

#[tokio::test]
async fn records_come_with_their_source() {
    let flags = Arc::new(Mutex::new(None));
    let seen = Arc::clone(&flags);
    let server = Responder::start(move |asked| {
        let edns = asked
            .message
            .edns
            .as_ref()
            .map(|edns| (edns.max_payload(), edns.flags().dnssec_ok));
        let metadata = &asked.message.metadata;
        let bits = (
            metadata.recursion_desired,
            metadata.authentic_data,
            metadata.checking_disabled,
        );
        *seen.lock().expect("no panic") = Some((bits, edns));
        asked.records(A)
    })
    .await;
    let answer = ask(&untrusting(&server), "www.test")
        .await
        .expect("an answer");
    assert_eq!(answer.to_string(), "www.test A: 192.0.2.1");
    assert_eq!(answer.source.server, Some(server.address));
    assert_eq!(answer.source.transport, Transport::Udp);
    assert_eq!(answer.source.rcode, Rcode::NOERROR);
    assert!(
        !answer.source.cached && !answer.source.authentic_data && !answer.source.elapsed.is_zero()
    );
    let expected = ((true, true, false), Some((1232, false)));
    assert_eq!(
        *flags.lock().expect("no panic"),
        Some(expected),
        "RD, AD, no CD; EDNS without DO"
    );
}

#[tokio::test]
async fn nxdomain_and_nodata_are_answers_and_differ() {
    let server = Responder::start(|asked| match asked.question().as_str() {
        "gone.test A" => asked.denial(ResponseCode::NXDomain),
        "here.test A" => asked.denial(ResponseCode::NoError),
        _ => asked.rcode(ResponseCode::NoError),
    })
    .await;
    let dns = untrusting(&server);
    for (name, kind, ttl, rcode) in [
        (
            "gone.test",
            NegativeKind::NxDomain,
            Some(300),
            Rcode::NXDOMAIN,
        ),
        ("here.test", NegativeKind::NoData, Some(300), Rcode::NOERROR),
        ("terse.test", NegativeKind::NoData, None, Rcode::NOERROR),
    ] {
        let answer = ask(&dns, name).await.expect("a denial is an answer");
        let negative = answer.negative().expect("a denial");
        assert_eq!(
            (negative.kind, negative.ttl, answer.source.rcode),
            (kind, ttl, rcode),
            "{name}"
        );
    }
}

#[tokio::test]
async fn what_is_cut_comes_over_tcp() {
    let long = (0..200)
        .map(|host| format!("www.test. 300 IN A 198.51.100.{host}"))
        .collect::<Vec<_>>()
        .join("\n");
    let server = Responder::start(move |asked| {
        if asked.over_tcp {
            asked.records(&long)
        } else {
            asked.truncated()
        }
    })
    .await;
    let answer = ask(&untrusting(&server), "www.test")
        .await
        .expect("an answer");
    assert_eq!(answer.records().len(), 200);
    assert_eq!(answer.source.transport, Transport::Tcp);
    assert_eq!(server.log(), ["www.test A", "www.test A TCP"]);
}

#[tokio::test]
async fn what_answers_another_question_is_ignored() {
    let server = Responder::start(|asked| {
        let mut wrong_id = asked.reply();
        wrong_id.metadata.id ^= 1;
        wrong_id.add_answer(super::responder::record("www.test. 300 IN A 192.0.2.66"));
        let mut wrong_name = asked.reply();
        wrong_name.queries[0].name = "wvw.test.".parse().expect("a name");
        let echo = asked.message.clone();
        let mut acts = vec![
            Act::Send(wrong_id),
            Act::Send(wrong_name),
            Act::Send(echo),
            Act::SendOctets(vec![0xff; 3]),
        ];
        acts.extend(asked.records(A));
        acts
    })
    .await;
    let answer = ask(&untrusting(&server), "www.test")
        .await
        .expect("an answer");
    assert_eq!(answer.to_string(), "www.test A: 192.0.2.1");
    assert_eq!(server.log().len(), 1);
}

#[tokio::test]
async fn a_server_without_edns_is_asked_without() {
    for rcode in [ResponseCode::FormErr, ResponseCode::NotImp] {
        let server = Responder::start(move |asked| {
            if asked.message.edns.is_some() {
                asked.rcode(rcode)
            } else {
                asked.records(A)
            }
        })
        .await;
        assert!(
            ask(&untrusting(&server), "www.test").await.is_ok(),
            "{rcode}"
        );
        assert_eq!(server.log().len(), 2);
    }
}

#[tokio::test]
async fn an_alias_left_open_is_asked_further() {
    let server = Responder::start(|asked| match asked.question().as_str() {
        "www.test A" => asked.records("www.test. 300 IN CNAME a.example."),
        "a.example A" => {
            asked.records("a.example. 200 IN CNAME b.example.\nb.example. 250 IN A 192.0.2.1")
        }
        "dangling.test A" => asked.records("dangling.test. 300 IN CNAME gone.test."),
        "gone.test A" => asked.denial(ResponseCode::NXDomain),
        _ => asked.rcode(ResponseCode::NoError),
    })
    .await;
    let dns = untrusting(&server);
    let answer = ask(&dns, "www.test").await.expect("an answer");
    assert_eq!(answer.to_string(), "www.test A: 192.0.2.1");
    assert_eq!(answer.aliases.len(), 2);
    assert_eq!(answer.canonical_name().to_string(), "b.example");
    assert_eq!(answer.ttl(), Some(200));
    assert_eq!(server.log(), ["www.test A", "a.example A"]);

    let answer = ask(&dns, "dangling.test").await.expect("an answer");
    assert!(answer.is_nxdomain());
    assert_eq!(answer.canonical_name().to_string(), "gone.test");
}

/// Intermediate names are no answers: hickory-resolver's cache gives the alias for the target.
#[tokio::test]
async fn aliases_do_not_answer_for_their_targets() {
    let server = Responder::start(|asked| match asked.question().as_str() {
        "alias.test A" => {
            asked.records("alias.test. 300 IN CNAME www.test.\nwww.test. 300 IN A 192.0.2.1")
        }
        _ => asked.records("www.test. 300 IN A 192.0.2.2"),
    })
    .await;
    let dns = untrusting(&server);
    assert_eq!(
        ask(&dns, "alias.test")
            .await
            .expect("an answer")
            .aliases
            .len(),
        1
    );
    let answer = ask(&dns, "www.test").await.expect("an answer");
    assert!(answer.aliases.is_empty() && !answer.source.cached);
    assert_eq!(answer.to_string(), "www.test A: 192.0.2.2");
}

#[tokio::test]
async fn aliases_that_lead_back_end_the_question() {
    let server = Responder::start(|asked| match asked.question().as_str() {
        "one.test A" => asked.records("one.test. 300 IN CNAME two.test."),
        _ => asked.records("two.test. 300 IN CNAME one.test."),
    })
    .await;
    let error = ask(&untrusting(&server), "one.test")
        .await
        .expect_err("a loop");
    assert_eq!(error.kind(), LookupErrorKind::AliasLoop);
    assert_eq!(server.log(), ["one.test A", "two.test A"]);

    // Or on and on, one a reply.
    let server = Responder::start(|asked| {
        let name = asked.question();
        let name = name.trim_end_matches(" A");
        asked.records(&format!("{name}. 300 IN CNAME x{name}."))
    })
    .await;
    let error = ask(&untrusting(&server), "a.test")
        .await
        .expect_err("no end");
    assert_eq!(error.kind(), LookupErrorKind::AliasLoop);
    assert_eq!(server.log().len(), 13, "12 aliases are followed");
}

#[tokio::test]
async fn an_answer_survives_storage() {
    let server = Responder::start(|asked| {
        let mut acts = asked.records("www.test. 300 IN CNAME b.test.\nb.test. 300 IN A 192.0.2.1");
        if let Some(Act::Send(reply)) = acts.first_mut() {
            let edns = reply.edns.as_mut().expect("EDNS");
            let stale = hickory_proto::rr::rdata::opt::EdnsOption::Unknown(
                15,
                b"\0\x03old \x1b[31m".to_vec(),
            );
            edns.options_mut().insert(stale);
        }
        acts
    })
    .await;
    let answer = ask(&untrusting(&server), "www.test")
        .await
        .expect("an answer");
    assert_eq!(
        answer.extended_errors[0].to_string(),
        "EDE 3 (Stale Answer): old \\x1b[31m"
    );
    if cfg!(feature = "serde") {
        round_trip(&answer);
    }
    assert_eq!(answer.question.record_type, RecordType::A);
}

#[cfg(feature = "serde")]
fn round_trip(answer: &Answer) {
    let text = serde_json::to_string(answer).expect("JSON");
    assert_eq!(
        serde_json::from_str::<Answer>(&text).expect("the same"),
        *answer
    );
}

#[cfg(not(feature = "serde"))]
fn round_trip(_: &Answer) {}
