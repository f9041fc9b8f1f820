use std::net::Ipv4Addr;

use mail_dns::{Negative, NegativeKind};

use super::*;
use crate::{Asked, Cause, Effect, ListSummary, Listing, Proof, Reading, Stance, Subject, Tier};

const NOW: i64 = 1_795_000_000;

/// What is seen in one look.
#[derive(Debug, Clone, Copy)]
pub(super) enum Look {
    Listed,
    Clean,
    Blind,
}

use Look::{Blind, Clean, Listed};

/// An answer `minute` minutes after `NOW` over `path`, with a TTL of five minutes.
pub(super) fn answer(minute: i64, path: &str, look: Look) -> ListAnswer {
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
fn d22_an_entry_that_one_path_sees_is_confirmed_though_others_deny_it() {
    // List content is the union of what healthy paths see; another path may hide it, or hold an old denial.
    check(&[
        (0, "a", Clean, WAS_CLEAN),
        (15, "a", Listed, None),
        (15, "b", Clean, None),
        (30, "b", Clean, None),
        (30, "a", Listed, Some(Change::Listed)),
    ]);
    let watch = check(&[
        (0, "a", Listed, None),
        (15, "a", Listed, WAS_LISTED),
        (15, "b", Clean, None),
        (45, "b", Clean, None),
        (45, "a", Listed, None),
        (75, "b", Clean, None),
        (75, "a", Listed, None),
    ]);
    assert_eq!(watch.state(), &WatchState::Listed);
    assert_eq!(watch.episodes().count(), 1);
}

#[test]
fn a_path_that_saw_an_entry_and_tells_nothing_any_more_does_not_hold_it_for_ever() {
    let day = 24 * 60;
    check(&[
        (0, "a", Listed, None),
        (15, "a", Listed, WAS_LISTED),
        (30, "a", Blind, None),
        (30, "b", Clean, None),
        (90, "b", Clean, None),
        (15 + day, "b", Clean, None),
        (45 + day, "b", Clean, Some(Change::Delisted)),
    ]);
}

#[test]
fn d22_the_ttl_of_the_entry_is_waited_for_and_not_that_of_a_denial_before_it() {
    let mut watch = Watch::default();
    let policy = WatchPolicy::default();
    let look = |minute, look, ttls: [u32; 2]| {
        let mut answer = answer(minute, "a", look);
        answer.asked = ttls
            .iter()
            .map(|ttl| Asked {
                ttl: Some(*ttl),
                ..answer.asked[0].clone()
            })
            .collect();
        answer
    };
    // The registrable domain has the entry; the name of the host was denied for a minute.
    assert_eq!(watch.observe(&look(0, Listed, [60, 3600]), &policy), None);
    assert_eq!(watch.observe(&look(59, Listed, [60, 60]), &policy), None);
    assert_eq!(
        watch.observe(&look(60, Listed, [60, 3600]), &policy),
        WAS_LISTED
    );
    // One name was denied for a minute, and what hides the entry of the other is kept for an hour.
    assert_eq!(watch.observe(&look(100, Clean, [3600, 60]), &policy), None);
    assert_eq!(watch.observe(&look(159, Clean, [60, 60]), &policy), None);
    let cleared = watch.observe(&look(160, Clean, [3600, 60]), &policy);
    assert_eq!(cleared, Some(Change::Delisted));
}

#[test]
fn d22_a_lie_that_is_cached_for_hours_is_not_confirmed_by_the_same_cache() {
    let mut watch = Watch::default();
    let policy = WatchPolicy::default();
    let look = |minute: i64, left: u32| {
        let mut answer = answer(minute, "a", Listed);
        answer.asked[0].ttl = Some(left);
        answer
    };
    let hours = 5 * 3600;
    assert_eq!(watch.observe(&look(0, hours), &policy), None);
    assert_eq!(watch.observe(&look(61, hours - 3660), &policy), None);
    assert_eq!(watch.observe(&look(300, 300), &policy), WAS_LISTED);
}

#[test]
fn an_answer_that_comes_late_changes_nothing() {
    let watch = check(&[
        (0, "a", Clean, WAS_CLEAN),
        (15, "a", Listed, None),
        (30, "a", Listed, Some(Change::Listed)),
        (20, "a", Clean, None),
        (29, "a", Blind, None),
    ]);
    assert_eq!(watch.state(), &WatchState::Listed);
    assert_eq!(watch.blind_since(), None);
    // A path that is always a little behind another is heard all the same.
    check(&[
        (1, "a", Clean, WAS_CLEAN),
        (0, "b", Listed, None),
        (16, "a", Clean, None),
        (15, "b", Listed, Some(Change::Listed)),
    ]);
}

#[test]
fn a_clock_that_was_ahead_leaves_nothing_to_wait_for() {
    let year = 365 * 24 * 60;
    check(&[
        (0, "a", Clean, WAS_CLEAN),
        (year, "a", Listed, None),
        (15, "a", Listed, None),
        (20, "a", Listed, Some(Change::Listed)),
    ]);
    let watch = check(&[
        (0, "a", Listed, None),
        (15, "a", Listed, WAS_LISTED),
        (year, "a", Clean, None),
        (30, "a", Clean, None),
        (60, "a", Clean, Some(Change::Delisted)),
    ]);
    let episode = watch.episodes().next().expect("one");
    assert_eq!((episode.from, episode.until), (NOW, Some(NOW + 30 * 60)));
}

#[test]
fn d22_what_a_checker_remembers_confirms_nothing_and_is_no_clock_that_was_set_back() {
    let policy = WatchPolicy::default();
    let mut watch = check(&[
        (0, "b", Clean, WAS_CLEAN),
        (60, "a", Clean, None),
        (65, "a", Listed, None),
    ]);
    let before = watch.clone();
    let remembered = |minute, path, look| ListAnswer {
        remembered: true,
        ..answer(minute, path, look)
    };
    // The same answer, given again after it was ripe.
    for _ in 0..9 {
        assert_eq!(watch.observe(&remembered(65, "a", Listed), &policy), None);
    }
    assert_eq!(watch.observe(&remembered(0, "b", Clean), &policy), None);
    assert_eq!(watch, before);
    let change = watch.observe(&answer(70, "a", Listed), &policy);
    assert_eq!(change, Some(Change::Listed));
}

#[test]
fn a_list_that_has_no_such_entries_is_not_blind() {
    let mut watch = Watch::default();
    let mut answer = answer(0, "a", Blind);
    answer.verdict = Verdict::NotApplicable;
    assert_eq!(watch.observe(&answer, &WatchPolicy::default()), None);
    assert_eq!(watch.blind_since(), None);
}

/// Listed, by codes that were not kept either.
#[cfg(feature = "serde")]
pub(super) fn stored_before_paths_were_kept() -> Watch {
    let stored = serde_json::json!({
        "state": "listed",
        "has_baseline": true,
        "episodes": [{ "from": NOW, "until": null, "confirmed": true, "codes": [] }],
        "blind_since": null,
    });
    serde_json::from_value(stored).expect("deserializes")
}

#[cfg(feature = "serde")]
#[test]
fn a_watch_that_was_stored_before_paths_were_kept_is_read() {
    let mut watch = stored_before_paths_were_kept();
    let policy = WatchPolicy::default();
    assert_eq!(watch.observe(&answer(10, "b", Clean), &policy), None);
    let change = watch.observe(&answer(40, "b", Clean), &policy);
    assert_eq!(change, Some(Change::Delisted));
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
