//! Long chains, long answers and servers that do not know the zone: the right answer, and no more questions than stated.

use hickory_proto::op::ResponseCode;
use mail_dns::{LookupErrorKind, NegativeKind, RecordType};

use crate::responder::{Act, Asked, Responder, record};
use crate::{ask, resolver};

/// `n.test` is an alias of the next number; the last has an address.
fn chain(last: usize) -> impl Fn(&Asked) -> Vec<Act> {
    move |asked| {
        if asked.is_root() {
            return asked.rcode(ResponseCode::Refused);
        }
        let text = (0..last)
            .map(|n| format!("c{n}.test. 60 IN CNAME c{}.test.\n", n + 1))
            .collect::<String>();
        asked.records(&format!("{text}c{last}.test. 60 IN A 192.0.2.1"))
    }
}

/// The same, one alias a question.
fn slow_chain(last: usize) -> impl Fn(&Asked) -> Vec<Act> {
    move |asked| {
        if asked.is_root() {
            return asked.rcode(ResponseCode::Refused);
        }
        let question = asked.question();
        let number = question
            .trim_start_matches('c')
            .split('.')
            .next()
            .and_then(|number| number.parse::<usize>().ok());
        let number = number.expect("a number");
        if number == last {
            return asked.records(&format!("c{last}.test. 60 IN A 192.0.2.1"));
        }
        asked.records(&format!(
            "c{number}.test. 60 IN CNAME c{}.test.",
            number + 1
        ))
    }
}

fn questions(server: &Responder) -> usize {
    server
        .log()
        .iter()
        .filter(|line| !line.starts_with(' ') && !line.starts_with(". "))
        .count()
}

#[tokio::test]
async fn twelve_aliases_are_followed_and_twenty_are_too_many() {
    let server = Responder::start(chain(12)).await;
    let answer = ask(&resolver([&server]), "c0.test")
        .await
        .expect("an answer");
    assert_eq!((answer.aliases.len(), answer.addresses().count()), (12, 1));
    let server = Responder::start(chain(20)).await;
    let error = ask(&resolver([&server]), "c0.test")
        .await
        .expect_err("too long");
    assert_eq!(error.kind(), LookupErrorKind::AliasLoop);
    assert_eq!(
        questions(&server),
        1,
        "no other server will have a shorter one"
    );
}

#[tokio::test]
async fn aliases_that_come_one_by_one_cost_a_question_each_and_are_bounded_alike() {
    let server = Responder::start(slow_chain(12)).await;
    let answer = ask(&resolver([&server]), "c0.test")
        .await
        .expect("an answer");
    assert_eq!((answer.aliases.len(), questions(&server)), (12, 13));
    let server = Responder::start(slow_chain(20)).await;
    let error = ask(&resolver([&server]), "c0.test")
        .await
        .expect_err("too long");
    assert_eq!(error.kind(), LookupErrorKind::AliasLoop);
    assert_eq!(questions(&server), 13);
}

#[tokio::test]
async fn a_hundred_strings_of_text_come_over_tcp_and_join() {
    let text = |asked: &Asked| {
        if asked.is_root() {
            return asked.rcode(ResponseCode::Refused);
        }
        if !asked.over_tcp {
            return asked.truncated();
        }
        let strings: Vec<_> = (0..100)
            .map(|n| format!("\"{n:03}{}\"", "x".repeat(200)))
            .collect();
        let mut reply = asked.reply();
        reply.add_answer(record(&format!("t.test. 60 IN TXT {}", strings.join(" "))));
        vec![Act::Send(reply)]
    };
    let server = Responder::start(text).await;
    let dns = resolver([&server]);
    let name = "t.test".parse().expect("a name");
    let answer = mail_dns::Lookup::lookup(&dns, &name, RecordType::TXT)
        .await
        .expect("an answer");
    let texts: Vec<_> = answer.texts().collect();
    assert_eq!((texts.len(), texts[0].len()), (1, 100 * 203));
    assert!(texts[0].starts_with(b"000xx") && texts[0].windows(4).any(|window| window == b"x099"));
    assert_eq!(questions(&server), 2, "once over UDP, once over TCP");
}

#[tokio::test]
async fn a_server_that_only_refers_to_others_has_not_answered() {
    let lame = |asked: &Asked| {
        let mut reply = asked.reply();
        reply.metadata.recursion_available = false;
        reply.add_authority(record("test. 900 IN NS ns.elsewhere."));
        vec![Act::Send(reply)]
    };
    let server = Responder::start(lame).await;
    let error = ask(&resolver([&server]), "www.test")
        .await
        .expect_err("no answer");
    assert_eq!(error.kind(), LookupErrorKind::Malformed);
    assert_eq!(questions(&server), 2, "a round each");
    let good = Responder::start(|asked: &Asked| asked.records("www.test. 60 IN A 192.0.2.1")).await;
    let answer = ask(&resolver([&server, &good]), "www.test")
        .await
        .expect("an answer");
    assert_eq!(answer.addresses().count(), 1);
}

#[tokio::test]
async fn a_compact_denial_reads_as_nodata_and_its_existence_as_none() {
    let compact = |asked: &Asked| {
        if asked.is_root() {
            return asked.authentic_records(". 60 IN SOA a. b. 1 1 1 1 1");
        }
        let mut acts = asked.denial(ResponseCode::NoError);
        if asked.question().ends_with("NSEC") {
            // gone.test. NSEC \000.gone.test. NXNAME (RFC 9824 §2), which zone text has no word for.
            let Some(Act::Send(message)) = acts.pop() else {
                panic!("a message")
            };
            let mut octets = message.to_vec().expect("octets");
            // One answer in place of the authority: ANCOUNT 1, NSCOUNT 0, and the record behind the question.
            octets.truncate(12 + "gone.test".len() + 2 + 4);
            octets[6..12].copy_from_slice(&[0, 1, 0, 0, 0, 0]);
            octets[3] |= 0x20;
            octets.extend([0xc0, 12, 0, 47, 0, 1, 0, 0, 0, 60]);
            let mut data = b"\x01\x00\x04gone\x04test\x00".to_vec();
            data.extend([0, 17]);
            data.extend([0; 16]);
            data.push(0x80);
            octets.extend(u16::try_from(data.len()).expect("few").to_be_bytes());
            octets.extend(data);
            return vec![Act::SendOctets(octets)];
        }
        if let Some(Act::Send(message)) = acts.first_mut() {
            message.metadata.authentic_data = true;
        }
        acts
    };
    let server = Responder::start(compact).await;
    let dns = resolver([&server]);
    let answer = ask(&dns, "gone.test").await.expect("an answer");
    assert_eq!(
        answer.negative().map(|negative| negative.kind),
        Some(NegativeKind::NoData)
    );
    let existence = mail_dns::existence(&dns, &"gone.test".parse().expect("a name")).await;
    assert_eq!(
        existence,
        mail_dns::Existence::DoesNotExist { compact: true }
    );
    let asked = server
        .log()
        .iter()
        .filter(|line| line.contains("gone.test"))
        .count();
    assert_eq!(asked, 2, "one for each type, and the first from the cache");
}
