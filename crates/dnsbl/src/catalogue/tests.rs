use super::*;
use crate::{ListSummary, Listing, Subject};

#[track_caller]
fn check_first_second(date: &str, expected: i64) {
    assert_eq!(first_second(date), expected, "{date}");
}

#[test]
fn dates_begin_with_their_first_second() {
    check_first_second("1970-01-01", 0);
    check_first_second("1970", 0);
    check_first_second("2000-02-29", 951_782_400);
    check_first_second("2000-03-01", 951_868_800);
    check_first_second("2024-06-05", 1_717_545_600);
    check_first_second("2026-11", 1_793_491_200);
}

fn listed_on_sorbs(at: i64) -> ListAnswer {
    let zone = "dnsbl.sorbs.net".parse().expect("a name");
    let subject = Subject::Address("9.1.1.1".parse().expect("an address"));
    let verdict = Verdict::Listed(Listing::new(Vec::new()));
    ListAnswer::new(
        ListSummary::new(zone, "SORBS", Stance::Block, Tier::Minor),
        subject,
        at,
        verdict,
    )
}

#[test]
fn d34_what_a_dead_list_said_is_withdrawn_and_what_it_said_alive_stands() {
    let catalogue = Catalogue::builtin().expect("sound");
    let alive = listed_on_sorbs(1_717_545_599);
    assert_eq!(catalogue.rejudge(alive.clone()), alive);
    let dead = catalogue.rejudge(listed_on_sorbs(1_717_545_600));
    assert!(!dead.is_listing(), "{dead}");
    assert!(
        matches!(dead.verdict, Verdict::Unknown(Cause::Withdrawn(_))),
        "{dead}"
    );
}

#[test]
fn sets_and_zones_are_picked_and_the_dead_are_told_apart_from_the_unknown() {
    let catalogue = Catalogue::builtin().expect("sound");
    let default = catalogue.clone().only(&[ListSet::Default]);
    assert!((8..=14).contains(&default.lists().len()), "about ten");
    assert!(default.lists().len() < catalogue.lists().len());
    let allow = catalogue.clone().only(&[ListSet::Allow]);
    assert!(
        allow
            .lists()
            .iter()
            .all(|list| list.stance != Stance::Block)
    );

    let zone = |text: &str| text.parse().expect("a name");
    let one = catalogue.clone().only_zones(&[zone("bl.spamcop.net")]);
    assert_eq!(one.expect("it is there").lists().len(), 1);
    let error = catalogue.clone().only_zones(&[zone("dul.dnsbl.sorbs.net")]);
    assert_eq!(
        error.expect_err("dead").to_string(),
        "expected the zone of a list in the catalogue, found dul.dnsbl.sorbs.net, which is dead: \
         switched off and emptied, all 18 lists (2024-06-05)"
    );
    let error = catalogue
        .only_zones(&[zone("bl.test")])
        .expect_err("unknown");
    assert_eq!(error.tombstone, None);
}

#[test]
fn a_list_of_ones_own_takes_the_place_of_the_builtin_one() {
    let own = Catalogue::from_toml(
        "[[list]]\nzone = \"bl.spamcop.net\"\nname = \"Mine\"\nstance = \"information\"\ntier = \"minor\"\n\
         status = \"tested\"\nas_of = \"2026-11\"\nsource = \"here\"\nipv4 = { positive = [\"127.0.0.2\"] }\n\
         [[tombstone]]\nzone = \"psbl.surriel.com\"\nreason = \"not for me\"\nsource = \"here\"\n",
    )
    .expect("sound");
    let builtin = Catalogue::builtin().expect("sound");
    let count = builtin.lists().len();
    let both = builtin.extended_by(own);
    let zone = |text: &str| text.parse().expect("a name");
    assert_eq!(
        both.list(&zone("bl.spamcop.net")).expect("a list").name,
        "Mine"
    );
    assert_eq!(both.list(&zone("psbl.surriel.com")), None);
    assert_eq!(both.lists().len(), count - 1);
}
