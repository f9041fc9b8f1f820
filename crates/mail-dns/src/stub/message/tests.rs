use hickory_proto::op::{Edns, Message, MessageType, OpCode, Query as WireQuery, ResponseCode};
use hickory_proto::rr::rdata::opt::EdnsOption;
use hickory_proto::rr::{Name, RecordType as WireType};
use hickory_proto::serialize::txt::Parser;
use proptest::prelude::*;

use super::*;
use crate::wire;

const ID: u16 = 0x1234;

fn question(name: &str, record_type: RecordType) -> Question {
    Question {
        name: name.parse().expect("a name"),
        record_type,
    }
}

fn manner(edns: Option<u16>, checking_disabled: bool) -> Manner {
    Manner {
        edns,
        checking_disabled,
        recursion_desired: true,
    }
}

fn query(name: &str, record_type: RecordType) -> Query {
    Query::new(ID, &question(name, record_type), manner(Some(1232), false))
}

/// A reply to `query` with records from zone text, in the order of the text.
struct Script {
    message: Message,
}

impl Script {
    fn reply_to(query: &Query) -> Self {
        let asked = Message::from_vec(query.as_bytes()).expect("a query");
        let mut message = Message::response(ID, OpCode::Query);
        message.add_queries(asked.queries);
        message.metadata.recursion_desired = true;
        message.metadata.recursion_available = true;
        Self { message }
    }

    fn rcode(mut self, rcode: ResponseCode) -> Self {
        self.message.metadata.response_code = rcode;
        self
    }

    fn answer(mut self, text: &str) -> Self {
        self.message.add_answers(text.lines().map(parse_record));
        self
    }

    fn authority(mut self, text: &str) -> Self {
        self.message.add_authorities(text.lines().map(parse_record));
        self
    }

    fn extended_error(mut self, code: u16, text: &[u8]) -> Self {
        let data = [&code.to_be_bytes(), text].concat();
        let mut edns = self.message.edns.take().unwrap_or_default();
        edns.options_mut()
            .insert(EdnsOption::Unknown(EDE_OPTION, data));
        self.message.set_edns(edns);
        self
    }

    fn with(mut self, change: impl FnOnce(&mut Message)) -> Self {
        change(&mut self.message);
        self
    }

    fn bytes(&self) -> Vec<u8> {
        self.message.to_vec().expect("an encodable message")
    }
}

fn parse_record(line: &str) -> hickory_proto::rr::Record {
    let (_, sets) = Parser::new(line, None, Some(Name::root()))
        .parse()
        .expect("zone text");
    let set = sets.values().next().expect("a record");
    set.records_without_rrsigs()
        .next()
        .expect("a record")
        .clone()
}

/// `a.test CNAME b.test; 192.0.2.1` for an answer, and a word for everything else.
fn show(reply: &Reply) -> String {
    match &reply.verdict {
        Verdict::Answer {
            aliases, response, ..
        } => {
            let mut parts: Vec<_> = aliases
                .iter()
                .map(|alias| format!("{} -> {}", alias.name, alias.data))
                .collect();
            parts.push(match response {
                None => "unfinished".into(),
                Some(Response::Records(records)) => {
                    let data: Vec<_> = records
                        .iter()
                        .map(|record| record.data.to_string())
                        .collect();
                    data.join(", ")
                }
                Some(Response::Negative(denial)) => {
                    let zone = denial
                        .zone
                        .as_ref()
                        .map_or("-".into(), DomainName::to_string);
                    let ttl = denial.ttl.map_or("-".into(), |ttl| ttl.to_string());
                    format!("{} {ttl} {zone}", denial.kind)
                }
            });
            parts.join("; ")
        }
        Verdict::AliasLoop => "alias loop".into(),
        Verdict::Rcode(rcode) => rcode.to_string(),
        Verdict::Malformed(text) => format!("malformed: {text}"),
    }
}

/// Reads the reply that `script` makes to a question for the A records of `www.test`.
#[track_caller]
fn check(script: impl FnOnce(Script) -> Script, expected: &str) {
    let query = query("www.test", RecordType::A);
    let bytes = script(Script::reply_to(&query)).bytes();
    assert!(query.is_answered_by(&bytes));
    assert_eq!(show(&query.read(&bytes)), expected);
}

const SOA: &str = "test. 900 IN SOA ns.test. hostmaster.test. 7 7200 900 86400 300";

#[test]
fn questions_are_recursive_ask_for_ad_and_offer_edns() {
    let query = Query::new(
        ID,
        &question("MX1.Example", RecordType::TLSA),
        manner(Some(1232), false),
    );
    let message = Message::from_vec(query.as_bytes()).expect("a message");
    assert_eq!(message.metadata.id, ID);
    assert_eq!(message.metadata.message_type, MessageType::Query);
    assert!(message.metadata.recursion_desired && message.metadata.authentic_data);
    assert!(!message.metadata.checking_disabled);
    let expected = WireQuery::query("mx1.example.".parse().expect("a name"), WireType::TLSA);
    assert_eq!(message.queries, [expected]);
    let edns = message.edns.expect("EDNS");
    assert_eq!((edns.max_payload(), edns.version()), (1232, 0));
    assert!(!edns.flags().dnssec_ok && edns.options().as_ref().is_empty());

    let query = Query::new(
        ID,
        &question("mx1.example", RecordType::A),
        manner(None, true),
    );
    let message = Message::from_vec(query.as_bytes()).expect("a message");
    assert!(message.metadata.checking_disabled && message.edns.is_none());
}

#[test]
fn the_longest_name_and_the_root_can_be_asked() {
    let label = "a".repeat(63);
    let longest = format!("{label}.{label}.{label}.{}", "a".repeat(61));
    for name in [".", &longest, "a\\.b.\\000.test"] {
        let query = query(name, RecordType::A);
        let message = Message::from_vec(query.as_bytes()).expect("a message");
        let asked = message.queries.first().expect("a question");
        assert_eq!(wire::name(&asked.name), Ok(name.parse().expect("a name")));
    }
}

#[test]
fn only_the_answer_to_the_very_question_counts() {
    let query = query("www.test", RecordType::A);
    let good = Script::reply_to(&query).bytes();
    assert!(query.is_answered_by(&good));

    let mut shouted = good.clone();
    shouted
        .get_mut(12..)
        .expect("a question")
        .make_ascii_uppercase();
    assert!(query.is_answered_by(&shouted), "in the server's own case");

    #[track_caller]
    fn refused(query: &Query, reply: &[u8], why: &str) {
        assert!(!query.is_answered_by(reply), "{why}");
    }
    refused(&query, &[], "nothing");
    refused(&query, query.as_bytes(), "our own question sent back");
    for length in 0..good.len() {
        let cut = good.get(..length).expect("shorter");
        refused(&query, cut, "cut in the header or the question");
    }
    let changed = |offset: usize, bit: u8| {
        let mut reply = good.clone();
        *reply.get_mut(offset).expect("within") ^= bit;
        reply
    };
    refused(&query, &changed(0, 1), "id");
    refused(&query, &changed(1, 1), "id");
    refused(&query, &changed(2, 0x08), "opcode");
    refused(&query, &changed(5, 2), "three questions");
    refused(&query, &changed(13, 1), "name");
    // 0x01 is A and 0x21 is SRV: the type is no text and has no case.
    refused(&query, &changed(good.len() - 3, 0x20), "type");
    refused(&query, &changed(good.len() - 1, 0x02), "class");
}

#[test]
fn a_server_that_cannot_read_the_question_may_leave_it_out() {
    let query = query("www.test", RecordType::A);
    let bare = |rcode| {
        Script::reply_to(&query)
            .rcode(rcode)
            .with(|message| message.queries.clear())
            .bytes()
    };
    for (rcode, counts) in [
        (ResponseCode::FormErr, true),
        (ResponseCode::NotImp, true),
        (ResponseCode::ServFail, false),
        (ResponseCode::NXDomain, false),
        (ResponseCode::NoError, false),
    ] {
        let reply = bare(rcode);
        assert_eq!(query.is_answered_by(&reply), counts, "{rcode}");
        if counts {
            assert!(query.read(&reply).rejects_edns());
        }
    }
}

#[test]
fn records_of_the_name_and_type_are_the_answer() {
    check(
        |reply| reply.answer("www.test. 60 IN A 192.0.2.1\nWWW.test. 60 IN A 192.0.2.2"),
        "192.0.2.1, 192.0.2.2",
    );
    // What was not asked for is not believed.
    check(
        |reply| {
            reply.answer(
                "www.test. 60 IN A 192.0.2.1\nother.test. 60 IN A 192.0.2.66\nwww.test. 60 IN AAAA 2001:db8::1",
            )
        },
        "192.0.2.1",
    );
    check(
        |reply| reply.answer("other.test. 60 IN A 192.0.2.66"),
        "NODATA - -",
    );
    check(
        |reply| reply.answer("www.test. 60 CH A 192.0.2.66"),
        "NODATA - -",
    );
}

#[test]
fn aliases_are_followed_in_any_order() {
    check(
        |reply| {
            reply.answer("www.test. 60 IN CNAME a.test.\na.test. 60 IN CNAME b.test.\nb.test. 60 IN A 192.0.2.1")
        },
        "www.test -> a.test; a.test -> b.test; 192.0.2.1",
    );
    check(
        |reply| {
            reply.answer("b.test. 60 IN A 192.0.2.1\na.test. 60 IN CNAME b.test.\nwww.test. 60 IN CNAME a.test.")
        },
        "www.test -> a.test; a.test -> b.test; 192.0.2.1",
    );
    // Records on the way are not the answer.
    check(
        |reply| {
            reply.answer("www.test. 60 IN CNAME a.test.\na.test. 60 IN A 192.0.2.1\nb.test. 60 IN A 192.0.2.66")
        },
        "www.test -> a.test; 192.0.2.1",
    );
}

#[test]
fn aliases_that_do_not_end_are_a_loop() {
    check(
        |reply| reply.answer("www.test. 60 IN CNAME www.test."),
        "alias loop",
    );
    check(
        |reply| reply.answer("www.test. 60 IN CNAME a.test.\na.test. 60 IN CNAME www.test."),
        "alias loop",
    );
    let aliases = |count: usize| {
        let line = |at: usize| {
            format!(
                "{}.test. 60 IN CNAME {}.test.",
                if at == 0 {
                    "www".into()
                } else {
                    at.to_string()
                },
                at + 1
            )
        };
        (0..count).map(line).collect::<Vec<_>>().join("\n")
    };
    check(
        |reply| reply.answer(&aliases(MAX_ALIASES + 1)),
        "alias loop",
    );
    let query = query("www.test", RecordType::A);
    let reply = query.read(
        &Script::reply_to(&query)
            .answer(&aliases(MAX_ALIASES))
            .bytes(),
    );
    assert!(
        matches!(reply.verdict, Verdict::Answer { aliases, response: None, .. } if aliases.len() == MAX_ALIASES)
    );
}

#[test]
fn an_alias_with_nothing_behind_it_is_unfinished() {
    check(
        |reply| reply.answer("www.test. 60 IN CNAME a.example."),
        "www.test -> a.example; unfinished",
    );
    // The SOA of another zone says nothing about the target.
    check(
        |reply| {
            reply
                .answer("www.test. 60 IN CNAME a.example.")
                .authority(SOA)
        },
        "www.test -> a.example; unfinished",
    );
    check(
        |reply| reply.answer("www.test. 60 IN CNAME a.test.").authority(SOA),
        "www.test -> a.test; NODATA 300 test",
    );
}

#[test]
fn an_alias_can_be_what_is_asked_for() {
    let query = query("www.test", RecordType::CNAME);
    let text = "www.test. 60 IN CNAME a.test.\na.test. 60 IN CNAME b.test.";
    let reply = query.read(&Script::reply_to(&query).answer(text).bytes());
    assert_eq!(show(&reply), "a.test");
}

#[test]
fn any_is_whatever_stands_at_the_name() {
    let query = query("www.test", ANY);
    let text = "www.test. 60 IN A 192.0.2.1\nwww.test. 60 IN AAAA 2001:db8::1\nother.test. 60 IN A 192.0.2.66";
    let reply = query.read(&Script::reply_to(&query).answer(text).bytes());
    assert_eq!(show(&reply), "192.0.2.1, 2001:db8::1");
}

#[test]
fn nxdomain_is_not_nodata() {
    check(
        |reply| reply.rcode(ResponseCode::NXDomain).authority(SOA),
        "NXDOMAIN 300 test",
    );
    check(|reply| reply.authority(SOA), "NODATA 300 test");
    check(|reply| reply.rcode(ResponseCode::NXDomain), "NXDOMAIN - -");
    check(|reply| reply, "NODATA - -");
    // Through an alias, the code is about its target (RFC 6604 §3).
    check(
        |reply| {
            reply
                .rcode(ResponseCode::NXDomain)
                .answer("www.test. 60 IN CNAME gone.test.")
                .authority(SOA)
        },
        "www.test -> gone.test; NXDOMAIN 300 test",
    );
    check(
        |reply| {
            reply
                .rcode(ResponseCode::NXDomain)
                .answer("www.test. 60 IN A 192.0.2.1")
        },
        "malformed: expected no records with NXDOMAIN, found some",
    );
}

#[test]
fn a_denial_lasts_for_the_lesser_of_the_soa_ttl_and_minimum() {
    let soa = "test. 30 IN SOA ns.test. hostmaster.test. 7 7200 900 86400 300";
    check(|reply| reply.authority(soa), "NODATA 30 test");
}

#[test]
fn a_referral_is_no_denial() {
    let no_recursion = |message: &mut Message| message.metadata.recursion_available = false;
    check(
        |reply| {
            reply
                .authority("test. 60 IN NS ns.test.")
                .with(no_recursion)
        },
        "malformed: expected an answer, found a referral",
    );
    check(
        |reply| reply.authority("test. 60 IN NS ns.test."),
        "NODATA - -",
    );
    check(
        |reply| {
            reply
                .authority(&format!("test. 60 IN NS ns.test.\n{SOA}"))
                .with(no_recursion)
        },
        "NODATA 300 test",
    );
}

#[test]
fn other_codes_settle_nothing() {
    check(|reply| reply.rcode(ResponseCode::ServFail), "SERVFAIL");
    check(
        |reply| {
            reply
                .rcode(ResponseCode::Refused)
                .answer("www.test. 60 IN A 192.0.2.1")
        },
        "REFUSED",
    );
    // Twelve bits, four of them in the header (RFC 6891 §6.1.3).
    check(
        |reply| {
            reply.rcode(ResponseCode::BADVERS).with(|message| {
                let mut edns = Edns::new();
                edns.set_rcode_high(1);
                message.set_edns(edns);
            })
        },
        "RCODE16",
    );
}

#[test]
fn extended_errors_are_kept_and_bounded() {
    let query = query("www.test", RecordType::A);
    let script = Script::reply_to(&query)
        .rcode(ResponseCode::ServFail)
        .extended_error(9, b"no key for test.\0")
        .extended_error(22, b"")
        .extended_error(0, &[0xff; 300]);
    let reply = query.read(&script.bytes());
    let [missing, unreachable, long] = reply.extended_errors.as_slice() else {
        panic!("{:?}", reply.extended_errors);
    };
    assert_eq!(*missing, ExtendedError::new(9, "no key for test."));
    assert_eq!(*unreachable, ExtendedError::new(22, ""));
    assert_eq!(long.text.chars().count(), MAX_EXTENDED_TEXT);
    assert!(reply.is_bogus());

    let script = (0..100).fold(Script::reply_to(&query), |script, code| {
        script.extended_error(code, b"")
    });
    let reply = query.read(&script.bytes());
    assert_eq!(reply.extended_errors.len(), MAX_EXTENDED_ERRORS);
    assert!(!reply.is_bogus(), "the answer came all the same");
}

#[test]
fn a_failing_server_need_not_fail_in_good_form() {
    let query = query("www.test", RecordType::A);
    let mut reply = Script::reply_to(&query)
        .rcode(ResponseCode::FormErr)
        .bytes();
    // An additional record is announced and does not come.
    *reply.get_mut(11).expect("a header") = 1;
    assert!(query.read(&reply).rejects_edns());
    *reply.get_mut(3).expect("a header") &= 0xf0;
    assert!(
        matches!(query.read(&reply).verdict, Verdict::Malformed(_)),
        "but a good one has to"
    );
}

#[test]
fn bits_are_read() {
    let query = query("www.test", RecordType::A);
    let read =
        |change: fn(&mut Message)| query.read(&Script::reply_to(&query).with(change).bytes());
    let plain = read(|_| {});
    assert!(!plain.authentic_data && !plain.authoritative);
    assert!(read(|message| message.metadata.authentic_data = true).authentic_data);
    assert!(read(|message| message.metadata.authoritative = true).authoritative);
    let truncated = Script::reply_to(&query)
        .with(|message| message.metadata.truncation = true)
        .bytes();
    assert!(is_truncated(&truncated));
    assert!(
        matches!(query.read(&truncated).verdict, Verdict::Malformed(_)),
        "what was cut denies nothing"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn nothing_received_can_panic(tail in proptest::collection::vec(any::<u8>(), 0..200), counts: [u8; 3], flags: [u8; 2]) {
        let query = query("www.test", RecordType::A);
        let mut reply = query.as_bytes().get(..query.question_end).expect("a question").to_vec();
        for (offset, octet) in [(2, flags[0] | 0x80), (3, flags[1]), (7, counts[0]), (9, counts[1]), (11, counts[2])] {
            *reply.get_mut(offset).expect("a header") = octet;
        }
        reply.extend(tail);
        if query.is_answered_by(&reply) {
            let read = query.read(&reply);
            prop_assert!(read.extended_errors.len() <= MAX_EXTENDED_ERRORS);
        }
    }

    #[test]
    fn a_changed_reply_cannot_panic(at in 12usize..400, octet: u8) {
        let query = query("www.test", RecordType::A);
        let script = Script::reply_to(&query)
            .answer("www.test. 60 IN CNAME a.test.\na.test. 60 IN A 192.0.2.1")
            .authority(SOA)
            .extended_error(6, b"text");
        let mut reply = script.bytes();
        if let Some(place) = reply.get_mut(at) {
            *place = octet;
        }
        let _ = query.is_answered_by(&reply);
        prop_assert!(query.read(&reply).extended_errors.len() <= 1);
    }
}

/// 5,000 records, each with a name that goes through 8,000 pointers, would be a second's work.
#[test]
fn pointers_are_bounded() {
    let query = query("www.test", RecordType::A);
    let reply = |pointers: u16| {
        let mut reply = query
            .as_bytes()
            .get(..query.question_end)
            .expect("a question")
            .to_vec();
        for (offset, octet) in [(2, 0x81), (3, 0x80), (7, 2), (11, 0)] {
            *reply.get_mut(offset).expect("a header") = octet;
        }
        // A record of no use whose data are pointers, each to the one before, the first to the question's name.
        reply.extend([0, 0xff, 0, 0, 1, 0, 0, 0, 60]);
        reply.extend((2 * pointers).to_be_bytes());
        let start = u16::try_from(reply.len()).expect("short");
        let mut target = 12u16;
        for at in (start..).step_by(2).take(pointers.into()) {
            reply.extend((0xc000 | target).to_be_bytes());
            target = at;
        }
        reply.extend((0xc000 | target).to_be_bytes());
        reply.extend([0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 1]);
        show(&query.read(&reply))
    };
    assert_eq!(reply(126), "192.0.2.1");
    assert!(reply(127).starts_with("malformed: expected a name, found too many pointers"));
}
