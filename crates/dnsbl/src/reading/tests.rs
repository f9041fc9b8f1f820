use std::sync::LazyLock;

use mail_dns::{CharacterStrings, Question, Record, RecordData, RecordType, Response};
use proptest::prelude::*;

use super::*;
use crate::Catalogue;

static BUILTIN: LazyLock<Catalogue> = LazyLock::new(|| Catalogue::builtin().expect("sound"));

fn list(zone: &str) -> List {
    let zone = zone.parse().expect("a name");
    BUILTIN.list(&zone).expect("a list").clone()
}

fn list_of(codes: &str) -> List {
    let text = format!(
        "[[list]]\nzone = \"bl.test\"\nname = \"Test\"\nstance = \"block\"\ntier = \"minor\"\nstatus = \"tested\"\n\
         as_of = \"2026-11\"\nsource = \"here\"\ncodes = [{codes}]\n\
         ipv4 = {{ positive = [\"127.0.0.2\"] }}\n"
    );
    Catalogue::from_toml(&text).expect("sound").lists()[0].clone()
}

fn question() -> Question {
    Question {
        name: "1.1.1.9.bl.test".parse().expect("a name"),
        record_type: RecordType::A,
    }
}

fn answer(addresses: &[Ipv4Addr]) -> Result<Answer, LookupError> {
    let record = |address: &Ipv4Addr| Record::new(question().name, 300, RecordData::A(*address));
    let records = addresses.iter().map(record).collect();
    Ok(Answer::unasked(question(), Response::Records(records)))
}

fn read(list: &List, addresses: &[&str]) -> Reading {
    let parse = |text: &&str| text.parse().expect("an address");
    let addresses: Vec<Ipv4Addr> = addresses.iter().map(parse).collect();
    Reading::of(list, &answer(&addresses))
}

#[track_caller]
fn check(list: &List, addresses: &[&str], expected: &str) {
    assert_eq!(read(list, addresses).to_string(), expected);
}

#[track_caller]
fn check_listed(list: &List, addresses: &[&str], expected: &[(&str, &[&str])]) {
    let Reading::Entry(codes) = read(list, addresses) else {
        panic!(
            "{addresses:?} on {} is {}",
            list.zone,
            read(list, addresses)
        );
    };
    let code = |(address, meanings): &(&str, &[&str])| {
        let meanings = meanings.iter().map(ToString::to_string).collect();
        (address.parse().expect("an address"), meanings)
    };
    let found = |code: &Code| {
        let meanings = code.meanings.iter().map(|meaning| meaning.text.clone());
        (code.address, meanings.collect())
    };
    let found: Vec<(Ipv4Addr, Vec<String>)> = codes.iter().map(found).collect();
    assert_eq!(found, expected.iter().map(code).collect::<Vec<_>>());
}

#[test]
fn d01_only_nxdomain_is_absence() {
    let list = list("zen.spamhaus.org");
    let denied = |kind| {
        let denial = Negative::new(kind, None, None);
        Reading::of(
            &list,
            &Ok(Answer::unasked(question(), Response::Negative(denial))),
        )
    };
    assert!(matches!(denied(NegativeKind::NxDomain), Reading::Absent(_)));
    assert_eq!(
        denied(NegativeKind::NoData),
        Reading::Unsettled(Unsettled::NoData)
    );
    for kind in [
        LookupErrorKind::Timeout,
        LookupErrorKind::Unreachable,
        LookupErrorKind::ServFail,
        LookupErrorKind::Bogus,
        LookupErrorKind::UnexpectedRcode,
        LookupErrorKind::Malformed,
        LookupErrorKind::Truncated,
        LookupErrorKind::AliasLoop,
        LookupErrorKind::NoServers,
    ] {
        let error = LookupError::new(kind, question());
        let expected = Reading::Unsettled(Unsettled::Lookup(error.clone()));
        assert_eq!(Reading::of(&list, &Err(error)), expected);
    }
    let error = LookupError::new(LookupErrorKind::Refused, question());
    let expected = Reading::Refused(Refusal::Rcode(error.clone()));
    assert_eq!(Reading::of(&list, &Err(error)), expected);
}

/// Resolvers keep old answers for when a list is silent, and have lists of their own; some say so (RFC 8914).
#[test]
fn d01_what_the_resolver_says_is_old_or_its_own_is_neither_an_entry_nor_none() {
    let list = list("zen.spamhaus.org");
    let denial = Negative::new(NegativeKind::NxDomain, Some(30), None);
    let entry = RecordData::A(Ipv4Addr::new(127, 0, 0, 2));
    for response in [
        Response::Negative(denial),
        Response::Records(vec![Record::new(question().name, 30, entry)]),
    ] {
        for (code, is_the_lists) in [
            (0, true),
            (3, false),
            (4, false),
            (14, true),
            (15, false),
            (16, false),
            (17, false),
            (18, false),
            (19, false),
        ] {
            let mut answer = Answer::unasked(question(), response.clone());
            answer.extended_errors = vec![ExtendedError::new(code, "")];
            let reading = Reading::of(&list, &Ok(answer));
            let not_its_own = Reading::Unsettled(Unsettled::NotTheLists(code));
            assert_eq!(reading != not_its_own, is_the_lists, "{code}: {reading}");
        }
    }
    assert_eq!(
        Unsettled::NotTheLists(3).to_string(),
        "an old answer, or the resolver's own: EDE 3 (Stale Answer)"
    );
}

#[track_caller]
fn check_denied_by(zone: &str, expected: &str) {
    let zone = zone.parse().expect("a name");
    let denial = Negative::new(NegativeKind::NxDomain, Some(900), Some(zone));
    let answer = Answer::unasked(question(), Response::Negative(denial));
    let reading = Reading::of(&list("bl.spamcop.net"), &Ok(answer));
    assert_eq!(reading.to_string(), expected);
    assert_eq!(
        matches!(reading, Reading::Absent(_)),
        expected == "NXDOMAIN"
    );
}

#[test]
fn d01_a_denial_of_the_lists_own_domain_is_not_the_lists() {
    check_denied_by("bl.spamcop.net", "NXDOMAIN");
    check_denied_by("spamcop.net", "NXDOMAIN");
    check_denied_by("net", "net denies the domain of the list");
    check_denied_by(".", ". denies the domain of the list");
}

#[test]
fn an_answer_of_other_records_is_not_an_entry() {
    let text = RecordData::Txt(CharacterStrings::new([b"listed".to_vec()]));
    let records = vec![Record::new(question().name, 300, text)];
    let answer = Answer::unasked(question(), Response::Records(records));
    let reading = Reading::of(&list("zen.spamhaus.org"), &Ok(answer));
    assert_eq!(reading, Reading::Unsettled(Unsettled::NoData));
}

#[test]
fn d02_an_address_outside_127_is_a_fault_whatever_else_is_there() {
    let list = list("bl.spamcop.net");
    check(
        &list,
        &["203.0.113.7"],
        "it answers outside 127.0.0.0/8, with 203.0.113.7",
    );
    check(
        &list,
        &["127.0.0.2", "0.0.0.0"],
        "it answers outside 127.0.0.0/8, with 0.0.0.0",
    );
}

#[test]
fn d03_127_0_0_1_is_no_entry_unless_the_list_says_so() {
    let list = list("zen.spamhaus.org");
    check(&list, &["127.0.0.1"], "127.0.0.1, which is no entry");
    check_listed(
        &list,
        &["127.0.0.1", "127.0.0.4"],
        &[("127.0.0.4", &["XBL"])],
    );
    let bot = list_of("{ code = \"127.0.0.1\", meaning = \"bot\" }");
    check_listed(&bot, &["127.0.0.1"], &[("127.0.0.1", &["bot"])]);
}

#[test]
fn d04_127_255_255_is_a_refusal_on_every_list() {
    let zen = list("zen.spamhaus.org");
    check(
        &zen,
        &["127.255.255.252"],
        "127.255.255.252 (the zone's name is mistyped)",
    );
    check(
        &zen,
        &["127.255.255.254"],
        "127.255.255.254 (the resolver is public or cannot be attributed)",
    );
    check(
        &zen,
        &["127.255.255.255"],
        "127.255.255.255 (too many questions, or not registered)",
    );
    // The whole /24, on any list, beside an entry too.
    for last in 0..=255 {
        for list in [&zen, &list_of("")] {
            let refusal = format!("127.255.255.{last}");
            let reading = read(list, &["127.0.0.2", &refusal]);
            assert!(
                matches!(reading, Reading::Refused(Refusal::Code { .. })),
                "{refusal}"
            );
        }
    }
    // A list may have its own word for it.
    let own = list_of(
        "{ code = \"127.255.255.255\", meaning = \"not registered\", effect = \"refused\" }",
    );
    check(
        &own,
        &["127.255.255.255"],
        "127.255.255.255 (not registered)",
    );
}

#[test]
fn d05_an_answer_to_the_wrong_kind_of_question_is_no_entry() {
    let dbl = list("dbl.spamhaus.org");
    check(
        &dbl,
        &["127.0.1.255"],
        "127.0.1.255 (asked about an address)",
    );
    let list = list_of("");
    check(&list, &["127.0.1.255"], "127.0.1.255, which is no entry");
    check(&list, &["127.0.2.255"], "127.0.2.255, which is no entry");
}

#[test]
fn d06_every_address_is_kept() {
    check_listed(
        &list("zen.spamhaus.org"),
        &[
            "127.0.0.10",
            "127.0.0.2",
            "127.0.0.9",
            "127.0.0.4",
            "127.0.0.2",
        ],
        &[
            ("127.0.0.2", &["SBL"]),
            ("127.0.0.4", &["XBL"]),
            ("127.0.0.9", &["DROP"]),
            ("127.0.0.10", &["PBL, by the operator of the network"]),
        ],
    );
}

#[test]
fn d07_a_bitmask_has_a_meaning_for_every_bit_and_an_enumerated_code_has_one() {
    let surbl = list("multi.surbl.org");
    check_listed(
        &surbl,
        &["127.0.0.80"],
        &[("127.0.0.80", &["MW, malware", "ABUSE"])],
    );
    check_listed(&surbl, &["127.0.0.64"], &[("127.0.0.64", &["ABUSE"])]);
    check_listed(
        &list("zen.spamhaus.org"),
        &["127.0.0.10"],
        &[("127.0.0.10", &["PBL, by the operator of the network"])],
    );
    // The other octets are reserved, and no bit at all is no entry.
    check(&surbl, &["127.0.1.64"], "127.0.1.64, which is no entry");
    check(&surbl, &["127.0.0.0"], "127.0.0.0, which is no entry");
    // Bit 2 has no meaning there any more, and is an entry all the same.
    check(&surbl, &["127.0.0.2"], "127.0.0.2 (of unknown meaning)");
}

#[track_caller]
fn check_effect(list: &List, last: u8, expected: Option<Effect>) {
    let reading = Reading::of(list, &answer(&[Ipv4Addr::new(127, 0, 0, last)]));
    let effect = match &reading {
        Reading::Entry(codes) => Some(codes[0].effect),
        _ => None,
    };
    assert_eq!(effect, expected, "{last}: {reading}");
}

#[test]
fn d07_a_bit_that_nobody_explains_weighs_beside_one_that_is_explained() {
    let uribl = list("multi.uribl.com");
    let said = &["grey", "16 of unknown meaning"];
    check_listed(&uribl, &["127.0.0.20"], &[("127.0.0.20", said)]);
    let Reading::Entry(codes) = read(&uribl, &["127.0.0.20"]) else {
        panic!("an entry")
    };
    let severity = crate::Severity::of(&(&uribl).into(), &codes[0], crate::Role::OutboundSender);
    assert_eq!(severity, crate::Severity::Error);
}

#[test]
fn d07_the_worst_bit_decides_and_one_that_nobody_explains_is_no_praise() {
    let bits = "{ bit = 2, meaning = \"good\", effect = \"allowed\" },\n\
                { bit = 4, meaning = \"known\", effect = \"neutral\" },\n\
                { bit = 8, meaning = \"bad\" }";
    let block = list_of(bits);
    check_effect(&block, 2, Some(Effect::Allowed));
    check_effect(&block, 6, Some(Effect::Neutral));
    check_effect(&block, 14, Some(Effect::Listed));
    check_effect(&block, 2 + 16, Some(Effect::Listed));
    let allow = List {
        stance: Stance::Allow,
        ..block
    };
    check_effect(&allow, 2, Some(Effect::Allowed));
    check_effect(&allow, 6, Some(Effect::Neutral));
    check_effect(&allow, 2 + 16, None);
}

#[test]
fn d07_the_bit_of_a_refusal_outweighs_the_others() {
    check(
        &list("multi.surbl.org"),
        &["127.0.0.1"],
        "127.0.0.1 (refused)",
    );
    check(
        &list("multi.uribl.com"),
        &["127.0.0.1"],
        "127.0.0.1 (refused)",
    );
    check(
        &list("multi.uribl.com"),
        &["127.0.0.255"],
        "127.0.0.255 (refused)",
    );
}

#[test]
fn d08_one_code_means_different_things_on_different_lists() {
    check(&list("zen.spamhaus.org"), &["127.0.0.4"], "127.0.0.4 (XBL)");
    check(&list("multi.uribl.com"), &["127.0.0.4"], "127.0.0.4 (grey)");
    check(
        &list("multi.surbl.org"),
        &["127.0.0.4"],
        "127.0.0.4 (DM, disposable mail)",
    );
    check(
        &list("bl.spamcop.net"),
        &["127.0.0.4"],
        "127.0.0.4 (of unknown meaning)",
    );
}

#[test]
fn rules_with_any_octet_match_and_the_first_decides() {
    let list = list_of(
        "{ code = \"127.0.10.*\", meaning = \"over quota\", effect = \"refused\" },\n\
         { code = \"127.0.*.3\", meaning = \"high trust\" }",
    );
    check(&list, &["127.0.10.3"], "127.0.10.3 (over quota)");
    check(&list, &["127.0.5.3"], "127.0.5.3 (high trust)");
    check(&list, &["127.1.5.3"], "127.1.5.3 (of unknown meaning)");
}

#[test]
fn d12_one_code_of_many_vouches_and_none_of_the_others_refuses() {
    let list = list("iadb.isipp.com");
    let effects = |addresses: &[&str]| match read(&list, addresses) {
        Reading::Entry(codes) => codes.iter().map(|code| code.effect).collect(),
        _ => Vec::new(),
    };
    let vouched = ["127.0.0.1", "127.0.1.255", "127.2.255.1", "127.3.200.255"];
    assert!(effects(&vouched).contains(&Effect::Allowed));
    let listed = ["127.0.0.2", "127.2.255.1", "127.3.100.0"];
    assert_eq!(effects(&listed), [Effect::Neutral; 3]);
    check(
        &list,
        &["127.0.5.255"],
        "127.0.5.255 (a refusal by this list's own code)",
    );
}

#[test]
fn d12_an_allowlist_vouches_by_its_own_codes_alone() {
    for zone in ["list.dnswl.org", "dwl.dnswl.org"] {
        let list = list(zone);
        let effect = |address: &str| match read(&list, &[address]) {
            Reading::Entry(codes) => Some(codes[0].effect),
            _ => None,
        };
        assert_eq!(effect("127.0.5.3"), Some(Effect::Allowed));
        // What a resolver says that hides a name.
        assert_eq!(effect("127.0.0.1"), Some(Effect::Neutral));
        for refused in ["127.0.10.3", "127.0.0.255", "127.0.5.255", "127.9.9.255"] {
            let reading = read(&list, &[refused, "127.0.5.3"]);
            assert!(
                matches!(reading, Reading::Refused(_)),
                "{refused}: {reading}"
            );
        }
        assert_eq!(effect("127.0.5.9"), None);
    }
}

#[test]
fn too_many_addresses_are_a_fault() {
    let addresses = |count: u8| {
        (2..2 + count)
            .map(|last| Ipv4Addr::new(127, 0, 0, last))
            .collect::<Vec<_>>()
    };
    let list = list_of("");
    let Reading::Entry(codes) = Reading::of(&list, &answer(&addresses(64))) else {
        panic!("64 are not too many");
    };
    assert_eq!(codes.len(), MAX_ADDRESSES);
    let reading = Reading::of(&list, &answer(&addresses(65)));
    assert_eq!(reading, Reading::Faulty(Fault::TooManyAddresses(65)));
}

/// Any address, with those that mean something much more often than chance has it.
fn any_address() -> impl Strategy<Value = Ipv4Addr> {
    prop_oneof![
        any::<u32>().prop_map(Ipv4Addr::from),
        any::<u8>().prop_map(|last| Ipv4Addr::new(127, 0, 0, last)),
        any::<[u8; 2]>().prop_map(|[a, b]| Ipv4Addr::new(127, 0, a, b)),
        any::<u8>().prop_map(|last| Ipv4Addr::new(127, 255, 255, last)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_answer_is_read_and_no_refusal_or_foreign_address_is_ever_an_entry(
        addresses in prop::collection::vec(any_address(), 0..80),
        which: prop::sample::Index,
    ) {
        let reading = Reading::of(which.get(BUILTIN.lists()), &answer(&addresses));
        if let Reading::Entry(codes) = &reading {
            prop_assert!(!codes.is_empty());
            prop_assert!(addresses.iter().all(Ipv4Addr::is_loopback));
            for address in &addresses {
                prop_assert_ne!(&address.octets()[..3], &[127, 255, 255]);
            }
            for code in codes {
                prop_assert!(addresses.contains(&code.address));
            }
        }
        // Without an error, there is no way to absence but NXDOMAIN.
        prop_assert!(!matches!(reading, Reading::Absent(_)));
        prop_assert!(reading.to_string().bytes().all(|octet| matches!(octet, b' '..=b'~')));
    }
}
