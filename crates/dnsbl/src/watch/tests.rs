use std::net::Ipv4Addr;

use mail_dns::{Negative, NegativeKind};

use super::*;
use crate::{Asked, Cause, Effect, ListSummary, Listing, Proof, Reading, Stance, Subject, Tier};

const NOW: i64 = 1_795_000_000;

/// What is seen in one look.
#[derive(Debug, Clone, Copy)]
enum Look {
    Listed,
    Clean,
    Blind,
}

use Look::{Blind, Clean, Listed};

/// An answer `minute` minutes after `NOW` over `path`, with a TTL of five minutes.
fn answer(minute: i64, path: &str, look: Look) -> ListAnswer {
    let name: mail_dns::DomainName = "1.1.1.9.bl.test".parse().expect("a name");
    let code = Code::new(Ipv4Addr::new(127, 0, 0, 2), Effect::Listed, Vec::new());
    let denial = Negative::new(NegativeKind::NxDomain, Some(300), None);
    let (verdict, reading) = match look {
        Listed => (
            Verdict::Listed(Listing::new(vec![code.clone()])),
            Reading::Entry(vec![code]),
        ),
        Clean => (
            Verdict::NotListed(Proof::new(vec![denial.clone()], Vec::new(), Vec::new())),
            Reading::Absent(denial),
        ),
        Blind => (
            Verdict::Unknown(Cause::NothingAsked),
            Reading::Unsettled(crate::Unsettled::NoData),
        ),
    };
    let list = ListSummary::new(
        "bl.test".parse().expect("a name"),
        "Test",
        Stance::Block,
        Tier::Minor,
    );
    let subject = Subject::Address("9.1.1.1".parse().expect("an address"));
    let mut answer = ListAnswer::new(list, subject, NOW + 60 * minute, verdict);
    path.clone_into(&mut answer.path);
    answer.asked = vec![Asked::new(name, reading, Some(300))];
    answer
}

/// Looks at the minutes given, over the paths given, and compares what each look changes.
#[track_caller]
fn check(looks: &[(i64, &str, Look, Option<Change>)]) -> Watch {
    let mut watch = Watch::default();
    for (minute, path, look, expected) in looks {
        let change = watch.observe(&answer(*minute, path, *look), &WatchPolicy::default());
        assert_eq!(change, *expected, "in minute {minute}");
    }
    watch
}

const WAS_LISTED: Option<Change> = Some(Change::Baseline { listed: true });
const WAS_CLEAN: Option<Change> = Some(Change::Baseline { listed: false });

#[test]
fn d33_the_first_that_is_known_is_no_change() {
    check(&[(0, "a", Clean, WAS_CLEAN), (15, "a", Clean, None)]);
    check(&[
        (0, "a", Blind, None),
        (15, "a", Listed, None),
        (30, "a", Listed, WAS_LISTED),
        (45, "a", Listed, None),
    ]);
    // Listed once and then not: it began clean.
    check(&[(0, "a", Listed, None), (15, "a", Clean, WAS_CLEAN)]);
}

#[test]
fn d22_a_listing_is_confirmed_after_its_ttl_or_over_another_path() {
    check(&[
        (0, "a", Clean, WAS_CLEAN),
        (15, "a", Listed, None),
        (19, "a", Listed, None),
        (20, "a", Listed, Some(Change::Listed)),
    ]);
    check(&[
        (0, "a", Clean, WAS_CLEAN),
        (15, "a", Listed, None),
        (15, "b", Listed, Some(Change::Listed)),
    ]);
}

#[test]
fn a_delisting_is_confirmed_half_an_hour_later() {
    let watch = check(&[
        (0, "a", Listed, None),
        (5, "a", Listed, WAS_LISTED),
        (60, "a", Clean, None),
        (60, "b", Clean, None),
        (89, "a", Clean, None),
        (90, "a", Clean, Some(Change::Delisted)),
    ]);
    let episode = watch.episodes().next().expect("one");
    assert_eq!((episode.from, episode.until), (NOW, Some(NOW + 3600)));
    assert!(episode.confirmed);
}

#[test]
fn d32_a_listing_that_comes_and_goes_is_history_and_not_an_alert_each_time() {
    let watch = check(&[
        (0, "a", Clean, WAS_CLEAN),
        (10, "a", Listed, None),
        (12, "a", Clean, None),
        (20, "a", Listed, None),
        (22, "a", Clean, None),
        (30, "a", Listed, None),
        (32, "a", Clean, None),
        (40, "a", Listed, None),
        (45, "a", Listed, Some(Change::Listed)),
        (50, "a", Clean, None),
        (52, "a", Listed, None),
        (60, "a", Clean, None),
        (75, "a", Listed, None),
    ]);
    assert_eq!(watch.state(), &WatchState::Listed, "held throughout");
    assert_eq!(watch.episodes().count(), 4);
    let policy = WatchPolicy::default();
    assert!(watch.is_flapping(&policy, NOW + 75 * 60));
    assert!(!watch.is_flapping(&policy, NOW + 25 * 60 * 60));
}

#[test]
fn d01_what_is_not_known_changes_nothing() {
    let watch = check(&[
        (0, "a", Listed, None),
        (5, "a", Listed, WAS_LISTED),
        (20, "a", Blind, None),
        (40, "a", Blind, None),
    ]);
    assert_eq!(watch.state(), &WatchState::Listed);
    assert_eq!(watch.blind_since(), Some(NOW + 20 * 60));
    let mut watch = check(&[
        (0, "a", Clean, WAS_CLEAN),
        (15, "a", Listed, None),
        (30, "a", Blind, None),
    ]);
    assert!(matches!(watch.state(), WatchState::Unconfirmed(_)));
    watch.observe(&answer(31, "a", Listed), &WatchPolicy::default());
    assert_eq!(watch.blind_since(), None);
}

#[test]
fn d33_a_list_that_is_no_longer_asked_is_no_delisting() {
    let mut watch = check(&[(0, "a", Listed, None), (5, "a", Listed, WAS_LISTED)]);
    watch.retire(NOW + 600);
    assert_eq!(watch.state(), &WatchState::Retired);
    let policy = WatchPolicy::default();
    let change = watch.observe(&answer(60, "a", Clean), &policy);
    assert_eq!(change, WAS_CLEAN, "asked again, it begins anew");
    assert_eq!(watch.episodes().count(), 1);
}

#[test]
fn what_a_list_said_that_lists_everything_is_taken_back_unless_it_was_confirmed() {
    let mut watch = check(&[(0, "a", Clean, WAS_CLEAN), (15, "a", Listed, None)]);
    watch.withdraw();
    assert_eq!(watch.state(), &WatchState::Clean);
    assert_eq!(watch.episodes().count(), 0);
    let mut watch = check(&[(0, "a", Listed, None), (5, "a", Listed, WAS_LISTED)]);
    watch.withdraw();
    assert_eq!(watch.state(), &WatchState::Listed);
}

#[test]
fn the_history_is_bounded() {
    let mut watch = Watch::default();
    for minute in 0..200 {
        let look = if minute % 2 == 0 { Listed } else { Clean };
        watch.observe(&answer(minute, "a", look), &WatchPolicy::default());
    }
    assert_eq!(watch.episodes().count(), MAX_EPISODES);
}

#[cfg(feature = "serde")]
#[test]
fn a_watch_survives_a_restart() {
    let watch = check(&[
        (0, "a", Listed, None),
        (5, "a", Listed, WAS_LISTED),
        (60, "a", Clean, None),
    ]);
    let json = serde_json::to_string(&watch).expect("serializes");
    let back: Watch = serde_json::from_str(&json).expect("deserializes");
    assert_eq!(back, watch);
}
