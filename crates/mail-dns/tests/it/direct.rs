//! Name servers asked directly, and the consistency of a zone.

use std::collections::BTreeMap;

use hickory_proto::op::ResponseCode;
use mail_dns::consistency::{AskServer, consistency, mail_questions};
use mail_dns::stub::DirectResolver;
use mail_dns::{LookupErrorKind, Question, RecordType, StaticLookup};

use crate::responder::{Act, Asked, Responder};

/// The same with the AA bit.
fn authoritative(acts: Vec<Act>) -> Vec<Act> {
    let set = |act| match act {
        Act::Send(mut message) => {
            message.metadata.authoritative = true;
            message.metadata.recursion_available = false;
            Act::Send(message)
        }
        other => other,
    };
    acts.into_iter().map(set).collect()
}

fn primary(asked: &Asked) -> Vec<Act> {
    assert!(
        !asked.message.metadata.recursion_desired,
        "nobody is to recurse"
    );
    authoritative(match asked.question().as_str() {
        "d.test SOA" => asked.records("d.test. 60 IN SOA ns1.d.test. h.d.test. 7 1 1 1 60"),
        "d.test MX" => asked.records("d.test. 60 IN MX 10 mx.d.test."),
        "d.test TXT" => asked.records("d.test. 60 IN TXT \"v=spf1 mx -all\""),
        "_dmarc.d.test TXT" => asked.records("_dmarc.d.test. 60 IN CNAME d.provider.test."),
        _ => asked.denial(ResponseCode::NXDomain),
    })
}

/// Has an older version, without SPF, and refuses the question for MX.
fn secondary(asked: &Asked) -> Vec<Act> {
    match asked.question().as_str() {
        "d.test SOA" => {
            authoritative(asked.records("d.test. 60 IN SOA ns1.d.test. h.d.test. 6 1 1 1 60"))
        }
        "d.test TXT" => authoritative(asked.denial(ResponseCode::NoError)),
        "d.test MX" => asked.rcode(ResponseCode::Refused),
        _ => primary(asked),
    }
}

#[tokio::test]
async fn the_server_that_differs_is_named() {
    let (one, other) = (
        Responder::start(primary).await,
        Responder::start(secondary).await,
    );
    let resolver = StaticLookup::from_zone_text(
        "d.test. 60 IN NS ns1.d.test.\nd.test. 60 IN NS ns2.d.test.\n\
         ns1.d.test. 60 IN A 192.0.2.1\nns2.d.test. 60 IN A 192.0.2.2",
    )
    .expect("zone text");
    let place = |host: u8| ([192, 0, 2, host], 53).into();
    let direct = DirectResolver::default().with_detours(BTreeMap::from([
        (place(1), one.address),
        (place(2), other.address),
    ]));
    let zone = "d.test".parse().expect("a name");
    let questions = mail_questions(&zone, &[]).expect("questions");
    let found = consistency(&resolver, &direct, &zone, questions, true).await;
    let differences: Vec<_> = found
        .differences()
        .iter()
        .map(|difference| difference.question.to_string())
        .collect();
    assert_eq!(differences, ["d.test TXT"]);
    let failures: Vec<_> = found
        .failures()
        .map(|(server, question, error)| format!("{} {question} {}", server.name, error.kind()))
        .collect();
    assert_eq!(failures, ["ns2.d.test d.test MX REFUSED"]);
    let stale: Vec<_> = found
        .stale()
        .iter()
        .map(|server| server.name.to_string())
        .collect();
    assert_eq!(stale, ["ns2.d.test"]);
    assert!(!found.is_complete());
    // Nobody but the servers was asked, and each once a question.
    assert_eq!(
        (one.log().len(), other.log().len()),
        (6, 7),
        "a refusal is tried twice"
    );
}

#[tokio::test]
async fn aliases_are_left_to_who_knows_their_targets() {
    let server = Responder::start(primary).await;
    let question = Question {
        name: "_dmarc.d.test".parse().expect("a name"),
        record_type: RecordType::TXT,
    };
    let answer = DirectResolver::default()
        .ask_server(server.address, &question)
        .await
        .expect("an answer");
    assert!(answer.authoritative && answer.response.is_none());
    assert_eq!(answer.content().to_string(), "CNAME d.provider.test");
    assert_eq!(server.log().len(), 1);
}

#[tokio::test]
async fn addresses_without_a_detour_are_not_contacted() {
    let server = Responder::start(primary).await;
    let direct = DirectResolver::default().with_detours(BTreeMap::from([(
        ([192, 0, 2, 1], 53).into(),
        server.address,
    )]));
    let question = Question {
        name: "d.test".parse().expect("a name"),
        record_type: RecordType::MX,
    };
    let error = direct
        .ask_server(([192, 0, 2, 2], 53).into(), &question)
        .await
        .expect_err("nobody is asked");
    assert_eq!(error.kind(), LookupErrorKind::Unreachable);
}
