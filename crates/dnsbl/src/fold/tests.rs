use std::net::Ipv4Addr;

use super::*;
use crate::{Catalogue, Code, Effect, ListSummary, Listing, Stance, Subject, Tier, Verdict};

const LISTS: &str = r#"
    [[list]]
    zone = "whole.test"
    name = "Whole"
    stance = "block"
    tier = "major"
    status = "tested"
    as_of = "2026-11"
    source = "here"
    ipv4 = { positive = ["127.0.0.2"] }
    includes = ["part.test", { zone = "coded.test", codes = ["127.0.0.4", "127.0.1.*"] }]

    [[list]]
    zone = "part.test"
    name = "Part"
    stance = "block"
    tier = "major"
    status = "tested"
    as_of = "2026-11"
    source = "here"
    ipv4 = { positive = ["127.0.0.2"] }
    includes = ["whole.test"]
"#;

fn listed(zone: &str, subject: &str, code: [u8; 4]) -> ListAnswer {
    let code = Code::new(Ipv4Addr::from(code), Effect::Listed, Vec::new());
    answer(zone, subject, Verdict::Listed(Listing::new(vec![code])))
}

fn answer(zone: &str, subject: &str, verdict: Verdict) -> ListAnswer {
    let zone = zone.parse().expect("a name");
    let catalogue = Catalogue::from_toml(LISTS).expect("sound");
    let list = match catalogue.list(&zone) {
        Some(list) => ListSummary::from(list),
        None => ListSummary::new(zone, "Other", Stance::Block, Tier::Minor),
    };
    let subject = Subject::Address(subject.parse().expect("an address"));
    ListAnswer::new(list, subject, 0, verdict)
}

#[track_caller]
fn check(answers: &[ListAnswer], expected: &[(&str, &[&str])]) {
    let facts = independent(answers);
    let zone = |answer: &ListAnswer| answer.list.zone.to_string();
    let found: Vec<(String, Vec<String>)> = facts
        .iter()
        .map(|fact| {
            let repeated = fact.repeated.iter().map(|part| zone(part));
            (zone(fact.answer), repeated.collect())
        })
        .collect();
    let expected: Vec<(String, Vec<String>)> = expected
        .iter()
        .map(|(whole, parts)| {
            let parts = parts.iter().map(ToString::to_string);
            ((*whole).to_owned(), parts.collect())
        })
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn d30_a_part_is_folded_by_the_codes_that_show_it() {
    let part = listed("coded.test", "9.1.1.1", [127, 0, 0, 2]);
    let shown = listed("whole.test", "9.1.1.1", [127, 0, 0, 4]);
    check(&[part.clone(), shown], &[("whole.test", &["coded.test"])]);
    let other = listed("whole.test", "9.1.1.1", [127, 0, 0, 2]);
    check(
        &[part.clone(), other],
        &[("coded.test", &[]), ("whole.test", &[])],
    );
    let elsewhere = listed("whole.test", "9.1.1.2", [127, 0, 0, 4]);
    check(
        &[part, elsewhere],
        &[("coded.test", &[]), ("whole.test", &[])],
    );
}

#[test]
fn d30_lists_that_include_each_other_are_one_fact_and_not_none() {
    let answers = [
        listed("whole.test", "9.1.1.1", [127, 0, 0, 2]),
        listed("part.test", "9.1.1.1", [127, 0, 0, 2]),
    ];
    check(&answers, &[("part.test", &["whole.test"])]);
}

#[test]
fn d30_a_part_counts_where_the_whole_could_not_tell() {
    let answers = [
        answer(
            "whole.test",
            "9.1.1.1",
            Verdict::Unknown(crate::Cause::NothingAsked),
        ),
        listed("coded.test", "9.1.1.1", [127, 0, 0, 2]),
    ];
    check(&answers, &[("coded.test", &[])]);
}
