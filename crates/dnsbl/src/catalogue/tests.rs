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
fn d34_a_list_is_dead_from_when_it_died_and_not_from_when_somebody_wrote_so() {
    let catalogue = Catalogue::builtin().expect("sound");
    // 2011-03, 2017-06, 2018-06, 2020-01 and 2024-01.
    for (zone, at) in [
        ("list.dsbl.org", 1_300_000_000),
        ("virbl.bit.nl", 1_497_000_000),
        ("bad.psky.me", 1_528_000_000),
        ("rbl.megarbl.net", 1_578_000_000),
        ("db.wpbl.info", 1_705_000_000),
    ] {
        let zone = zone.parse().expect("a name");
        let dead = catalogue.tombstone(&zone).expect("it is dead");
        assert!(dead.is_dead_at(at), "{zone}");
        assert!(!dead.is_dead_at(1_200_000_000), "{zone}");
    }
}

#[test]
fn d34_what_could_not_be_told_keeps_its_cause_when_the_list_is_dead() {
    let catalogue = Catalogue::builtin().expect("sound");
    let mut answer = listed_on_sorbs(1_795_000_000);
    for verdict in [
        Verdict::Unknown(Cause::NothingAsked),
        Verdict::NotApplicable,
        Verdict::Broken(crate::Fault::TooManyAddresses(65)),
    ] {
        answer.verdict = verdict;
        assert_eq!(catalogue.rejudge(answer.clone()), answer);
    }
    answer.verdict = Verdict::NotListed(crate::Proof::new(Vec::new(), Vec::new(), Vec::new()));
    let dead = catalogue.rejudge(answer);
    let shown = "dnsbl.sorbs.net: 9.1.1.1 is not known: an answer that is not believed: the list was dead by then: \
                 switched off and emptied, all 18 lists";
    assert_eq!(dead.to_string(), shown);
}

#[test]
fn d16_no_builtin_list_is_made_of_the_addresses_that_controls_are_made_of() {
    let catalogue = Catalogue::builtin().expect("sound");
    // Loopback and documentation addresses are what a list of bogons has: it would be taken for a wildcard forever.
    let cymru = "cymru.com".parse().expect("a name");
    let mut lists = catalogue.lists().iter();
    assert!(!lists.any(|list| list.zone.is_within(&cymru)));
}

fn own(zone: &str, lines: &str) -> String {
    format!(
        "[[list]]\nzone = \"{zone}\"\nname = \"Mine\"\nstance = \"block\"\ntier = \"minor\"\nstatus = \"tested\"\n\
         as_of = \"2026-11\"\nsource = \"here\"\nipv4 = {{ positive = [\"127.0.0.2\"] }}\n{lines}\n"
    )
}

#[test]
fn lists_that_two_filters_ask_are_major() {
    let catalogue = Catalogue::builtin().expect("sound");
    let tier = |zone: &str| {
        catalogue
            .list(&zone.parse().expect("a name"))
            .map(|list| list.tier)
    };
    // SpamAssassin asks these, and Haraka or mailcow does.
    for zone in [
        "psbl.surriel.com",
        "bl.mailspike.net",
        "wl.mailspike.net",
        "bl.spamcop.net",
    ] {
        assert_eq!(tier(zone), Some(Tier::Major), "{zone}");
    }
    // It alone.
    assert_eq!(tier("bl.score.senderscore.com"), Some(Tier::Minor));
}

#[test]
fn no_list_of_a_circle_is_left_unasked_by_all_others() {
    let own = own("zen.spamhaus.org", "replaces = \"zen.dq.spamhaus.net\"");
    let own = Catalogue::from_toml(&own).expect("sound");
    let both = Catalogue::builtin().expect("sound").extended_by(own);
    let replaces = |zone: &str| {
        let list = both.list(&zone.parse().expect("a name")).expect("a list");
        list.replaces.as_ref().map(ToString::to_string)
    };
    assert_eq!(
        replaces("zen.spamhaus.org").as_deref(),
        Some("zen.dq.spamhaus.net")
    );
    assert_eq!(replaces("zen.dq.spamhaus.net"), None);
    assert_eq!(
        replaces("sbl.dq.spamhaus.net").as_deref(),
        Some("sbl.spamhaus.org"),
        "no circle"
    );
}

#[test]
fn d19_a_zone_with_its_key_is_refused_and_not_shown() {
    let key = "markedkey0123456789";
    let text = own(&format!("{key}.zen.dq.spamhaus.net"), "");
    let error = Catalogue::from_toml(&text).expect_err("a key");
    assert_eq!(
        (error.kind(), error.line()),
        (CatalogueErrorKind::Key, Some(2))
    );
    let shown = format!("{error} {error:?}");
    assert!(!shown.contains(key), "{shown}");
    let keyed = own("bl.test", "terms = { key = \"mine\" }") + &own(&format!("{key}.bl.test"), "");
    let error = Catalogue::from_toml(&keyed).expect_err("a key");
    assert_eq!(
        error.to_string(),
        "line 12: expected bl.test without the key, found something in front of it"
    );
}

#[test]
fn d30_every_zone_that_a_builtin_list_refers_to_is_there_and_its_codes_are_those_of_the_list() {
    let catalogue = Catalogue::builtin().expect("sound");
    for list in catalogue.lists() {
        for Inclusion { zone, codes } in &list.includes {
            assert!(catalogue.list(zone).is_some(), "{}: {zone}", list.zone);
            for code in codes {
                let known = list.codes.iter().any(|rule| rule.code == *code);
                assert!(known, "{}: {code:?}", list.zone);
            }
        }
        if let Some(zone) = &list.replaces {
            let replaced = catalogue.list(zone).expect("a list");
            let kinds = [crate::Kind::Ipv4, crate::Kind::Ipv6, crate::Kind::Domain];
            for kind in kinds {
                let has = |list: &List| list.controls(kind).is_some();
                assert_eq!(has(list), has(replaced), "{}: {kind}", list.zone);
            }
        }
    }
    for dead in catalogue.tombstones() {
        let successor = dead.successor.as_ref();
        assert!(successor.is_none_or(|zone| catalogue.list(zone).is_some()));
    }
}

/// The severity of `address` on a builtin list, for a domain that sends mail.
#[track_caller]
fn check_severity(zone: &str, address: [u8; 4], expected: crate::Severity) {
    let catalogue = Catalogue::builtin().expect("sound");
    let list = catalogue
        .list(&zone.parse().expect("a name"))
        .expect("a list");
    let rules = list.codes.iter();
    let meanings = rules.filter(|rule| rule.code.matches(address.into()));
    let meanings = meanings.map(|rule| rule.meaning.clone()).collect();
    let code = crate::Code::new(address.into(), Effect::Listed, meanings);
    let severity = crate::Severity::of(&list.into(), &code, crate::Role::OutboundSender);
    assert_eq!(severity, expected, "{zone} {address:?}");
}

#[test]
fn d08_bits_that_accuse_of_nothing_are_no_accusation() {
    use crate::Severity::{Error, Notice, Warning};
    check_severity("multi.uribl.com", [127, 0, 0, 2], Error);
    check_severity("multi.uribl.com", [127, 0, 0, 4], Warning);
    check_severity("multi.uribl.com", [127, 0, 0, 8], Notice);
    check_severity("multi.surbl.org", [127, 0, 0, 4], Warning);
    check_severity("multi.surbl.org", [127, 0, 0, 32], Warning);
    check_severity("multi.surbl.org", [127, 0, 0, 64 + 32], Error);
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

#[test]
fn d19_whoever_has_no_key_is_told_where_it_is_had() {
    let catalogue = Catalogue::builtin().expect("sound");
    let keyed = || {
        let lists = catalogue.lists().iter();
        lists.filter(|list| list.terms.key.is_some())
    };
    assert!(keyed().count() >= 8);
    for list in keyed() {
        assert!(list.terms.registration.is_some(), "{}", list.zone);
    }
}
