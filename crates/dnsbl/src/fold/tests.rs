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

/// An answer of a list that includes the whole of other zones.
fn including(zone: &str, includes: &[&str]) -> ListAnswer {
    let mut answer = listed(zone, "9.1.1.1", [127, 0, 0, 2]);
    let inclusion = |zone: &&str| Inclusion::new(zone.parse().expect("a name"));
    std::sync::Arc::make_mut(&mut answer.list).includes = includes.iter().map(inclusion).collect();
    answer
}

#[test]
fn d30_a_part_of_a_part_is_told_with_the_whole() {
    check(
        &[
            including("c.test", &[]),
            including("b.test", &["c.test"]),
            including("a.test", &["b.test"]),
        ],
        &[("a.test", &["c.test", "b.test"])],
    );
}

#[test]
fn d30_a_circle_of_three_is_one_fact_and_not_none() {
    check(
        &[
            including("b.test", &["c.test"]),
            including("c.test", &["a.test"]),
            including("a.test", &["b.test", "d.test"]),
            including("d.test", &[]),
            including("e.test", &["c.test"]),
        ],
        &[("e.test", &["b.test", "c.test", "a.test", "d.test"])],
    );
    check(
        &[
            including("b.test", &["c.test"]),
            including("c.test", &["a.test"]),
            including("a.test", &["b.test"]),
        ],
        &[("a.test", &["b.test", "c.test"])],
    );
}

#[test]
fn d24_an_address_in_ipv6_clothing_is_no_second_fact() {
    check(
        &[
            listed("part.test", "::ffff:9.1.1.1", [127, 0, 0, 2]),
            listed("coded.test", "9.1.1.1", [127, 0, 0, 2]),
            listed("whole.test", "9.1.1.1", [127, 0, 0, 4]),
        ],
        &[("part.test", &["coded.test", "whole.test"])],
    );
}

#[test]
fn d30_one_list_over_two_paths_is_one_fact() {
    let mut other = listed("other.test", "9.1.1.1", [127, 0, 0, 2]);
    other.path = "b".to_owned();
    let one = listed("other.test", "9.1.1.1", [127, 0, 0, 2]);
    check(&[one, other], &[("other.test", &["other.test"])]);
}

#[test]
fn d30_a_zone_that_is_included_twice_is_included_by_either() {
    let mut whole = including("a.test", &["b.test"]);
    let mut first = Inclusion::new("b.test".parse().expect("a name"));
    first.codes = vec![CodeMatch::Octets([Some(127), Some(0), Some(0), Some(9)])];
    std::sync::Arc::make_mut(&mut whole.list)
        .includes
        .insert(0, first);
    check(
        &[whole, including("b.test", &[])],
        &[("a.test", &["b.test"])],
    );
}

/// Some inclusions of each sort among four lists: no listing is lost and none is told as two facts of its own.
#[test]
fn d30_every_listing_is_in_some_fact_and_no_fact_is_within_another() {
    let zones = ["a.test", "b.test", "c.test", "d.test"];
    for graph in (0_u32..1 << 12).step_by(37) {
        let mut pair = 0;
        let answers = zones.map(|whole| {
            let others = zones.iter().filter(|part| **part != whole);
            let included: Vec<&str> = others
                .filter(|_| {
                    pair += 1;
                    graph >> (pair - 1) & 1 == 1
                })
                .copied()
                .collect();
            including(whole, &included)
        });
        let facts = independent(&answers);
        for answer in &answers {
            let stands = facts.iter().filter(|fact| fact.answer == answer).count();
            let folded = facts
                .iter()
                .filter(|fact| fact.repeated.contains(&answer))
                .count();
            assert!(
                stands + folded > 0,
                "{graph:b}: {} is lost",
                answer.list.zone
            );
            assert!(stands <= 1 && (stands == 0 || folded == 0), "{graph:b}");
        }
    }
}
