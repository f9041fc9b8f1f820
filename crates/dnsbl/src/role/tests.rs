use std::net::Ipv4Addr;

use super::*;
use crate::{Catalogue, Effect, Meaning};

fn code(category: Category) -> Code {
    let meanings = vec![Meaning::new("said", category)];
    Code::new(Ipv4Addr::new(127, 0, 0, 2), Effect::Listed, meanings)
}

fn list(rest: &str) -> ListSummary {
    let text = format!(
        "[[list]]\nzone = \"bl.test\"\nname = \"Test\"\nstatus = \"tested\"\nas_of = \"2026-11\"\n\
         source = \"here\"\nipv4 = {{ positive = [\"127.0.0.2\"] }}\n{rest}\n"
    );
    ListSummary::from(&Catalogue::from_toml(&text).expect("sound").lists()[0])
}

/// For each role in the order of [`Role::ALL`].
#[track_caller]
fn check(list: &ListSummary, code: &Code, expected: [Severity; 4]) {
    let found = Role::ALL.map(|role| Severity::of(list, code, role));
    assert_eq!(found, expected);
}

use Severity::{Error, Info, Notice, Warning};

#[test]
fn d09_policy_is_grave_for_a_sender_and_nothing_for_others() {
    let major = list("stance = \"block\"\ntier = \"major\"");
    check(&major, &code(Category::Policy), [Error, Info, Info, Info]);
    check(
        &major,
        &code(Category::Exploit),
        [Error, Warning, Warning, Warning],
    );
    let mut both = code(Category::Policy);
    both.meanings
        .push(Meaning::new("sent spam", Category::Spam));
    check(&major, &both, [Error, Warning, Warning, Warning]);
}

#[test]
fn a_list_that_few_ask_weighs_less() {
    let minor = list("stance = \"block\"\ntier = \"minor\"");
    check(
        &minor,
        &code(Category::Spam),
        [Warning, Notice, Notice, Notice],
    );
    let marginal = list("stance = \"block\"\ntier = \"marginal\"");
    check(&marginal, &code(Category::Spam), [Notice, Info, Info, Info]);
}

#[test]
fn d31_what_neighbors_do_is_never_more_than_a_notice() {
    let major = list("stance = \"block\"\ntier = \"major\"");
    check(
        &major,
        &code(Category::Neighbor),
        [Notice, Info, Info, Info],
    );
    let informs = list("stance = \"information\"\ntier = \"major\"");
    check(
        &informs,
        &code(Category::Spam),
        [Notice, Notice, Notice, Notice],
    );
    let builtin = Catalogue::builtin().expect("sound");
    for zone in ["dnsbl-2.uceprotect.net", "dnsbl-3.uceprotect.net"] {
        let list = builtin
            .list(&zone.parse().expect("a name"))
            .expect("a list");
        let code = Code::new(
            Ipv4Addr::new(127, 0, 0, 2),
            Effect::Listed,
            list.codes.iter().map(|rule| rule.meaning.clone()).collect(),
        );
        let worst = Role::ALL.map(|role| Severity::of(&ListSummary::from(list), &code, role));
        assert!(worst.iter().all(|worst| *worst <= Notice), "{zone}");
    }
}

#[test]
fn a_cap_holds_for_its_role_alone() {
    let capped =
        list("stance = \"block\"\ntier = \"major\"\nseverity = { outbound_sender = \"notice\" }");
    check(
        &capped,
        &code(Category::Spam),
        [Notice, Warning, Warning, Warning],
    );
}

#[test]
fn d11_what_is_no_listing_has_no_weight() {
    let allow = list("stance = \"allow\"\ntier = \"major\"");
    check(&allow, &code(Category::Spam), [Info; 4]);
    let neutral = Code {
        effect: Effect::Neutral,
        ..code(Category::Spam)
    };
    let major = list("stance = \"block\"\ntier = \"major\"");
    check(&major, &neutral, [Info; 4]);
}

#[test]
fn a_code_that_nobody_explains_is_taken_for_spam() {
    let major = list("stance = \"block\"\ntier = \"major\"");
    let unknown = Code::new(Ipv4Addr::new(127, 0, 0, 77), Effect::Listed, Vec::new());
    check(&major, &unknown, [Error, Warning, Warning, Warning]);
}
