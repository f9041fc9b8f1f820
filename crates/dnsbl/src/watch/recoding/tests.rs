use super::super::tests::{Look, answer};
use super::*;
use crate::{Effect, Listing, Reading, Verdict, WatchState};

const PBL: u8 = 10;
const XBL: u8 = 4;
const SBL: u8 = 2;

fn codes(last: &[u8]) -> Vec<Code> {
    let code = |last: &u8| Code::new(Ipv4Addr::new(127, 0, 0, *last), Effect::Listed, Vec::new());
    last.iter().map(code).collect()
}

/// A listing by the codes that end so, with a TTL of five minutes; a denial if there are none.
fn seen(minute: i64, path: &str, last: &[u8]) -> ListAnswer {
    if last.is_empty() {
        return answer(minute, path, Look::Clean);
    }
    let mut answer = answer(minute, path, Look::Listed);
    answer.verdict = Verdict::Listed(Listing::new(codes(last)));
    answer.asked[0].reading = Reading::Entry(codes(last));
    answer
}

/// When, over which path, by which codes, and what that recodes: the codes before and after.
type Step<'a> = (i64, &'a str, &'a [u8], Option<(&'a [u8], &'a [u8])>);

/// What comes after two listings by policy over `a`, which are the baseline.
#[track_caller]
fn check(steps: &[Step<'_>]) -> Watch {
    let (mut watch, policy) = (Watch::default(), WatchPolicy::default());
    for minute in [-60, -45] {
        watch.observe(&seen(minute, "a", &[PBL]), &policy);
    }
    assert_eq!(watch.state(), &WatchState::Listed);
    for (minute, path, last, expected) in steps {
        let change = watch.observe(&seen(*minute, path, last), &policy);
        let expected = expected.map(|(was, is)| Change::Recoded {
            was: codes(was),
            is: codes(is),
        });
        assert_eq!(change, expected, "in minute {minute} over {path}");
    }
    watch
}

#[test]
fn d08_another_code_is_another_fact_once_it_is_confirmed() {
    let watch = check(&[
        (0, "a", &[XBL], None),
        (4, "a", &[XBL], None),
        (5, "a", &[XBL], Some((&[PBL], &[XBL]))),
        (20, "a", &[XBL], None),
    ]);
    let episodes: Vec<_> = watch.episodes().collect();
    assert_eq!(episodes.len(), 1, "it was listed throughout");
    assert_eq!(episodes[0].codes, codes(&[XBL]));
    let change = Change::Recoded {
        was: codes(&[PBL]),
        is: codes(&[SBL, XBL]),
    };
    assert_eq!(
        change.to_string(),
        "listed for another reason: 127.0.0.2 (of unknown meaning), 127.0.0.4 (of unknown meaning); \
         until now 127.0.0.10 (of unknown meaning)"
    );
}

#[test]
fn d06_a_code_that_comes_or_goes_beside_another_is_told() {
    check(&[
        (0, "a", &[XBL, PBL], None),
        (15, "a", &[PBL, XBL], Some((&[PBL], &[XBL, PBL]))),
        (30, "a", &[PBL], None),
        (45, "a", &[PBL], Some((&[XBL, PBL], &[PBL]))),
    ]);
}

#[test]
fn d22_codes_that_are_seen_once_change_nothing() {
    let watch = check(&[
        (0, "a", &[XBL], None),
        (15, "a", &[PBL], None),
        (30, "a", &[XBL], None),
        (45, "a", &[SBL], None),
        (60, "a", &[PBL], None),
    ]);
    let episode = watch.episodes().next().expect("one");
    assert_eq!(episode.codes, codes(&[PBL]), "those that hold");
}

#[test]
fn d22_a_new_code_is_confirmed_over_another_path_and_not_by_one_that_holds_the_old() {
    // The same second over both: new on the one, and in the cache of the other still the old.
    check(&[
        (0, "b", &[PBL], None),
        (15, "a", &[PBL, XBL], None),
        (15, "b", &[PBL], None),
        (16, "b", &[PBL, XBL], Some((&[PBL], &[XBL, PBL]))),
    ]);
    // Another code in the place of the first, over two caches that are asked in turn, is one change.
    check(&[
        (0, "b", &[PBL], None),
        (15, "a", &[XBL], None),
        (15, "b", &[XBL], None),
        (16, "a", &[XBL], None),
        (30, "a", &[XBL], Some((&[PBL], &[XBL]))),
        (30, "b", &[XBL], None),
    ]);
}

#[test]
fn what_two_paths_see_for_ever_in_their_own_ways_is_told_once() {
    check(&[
        (0, "b", &[XBL], None),
        (15, "a", &[PBL], None),
        (15, "b", &[XBL], Some((&[PBL], &[XBL, PBL]))),
        (30, "a", &[PBL], None),
        (30, "b", &[XBL], None),
        (45, "a", &[PBL], None),
        (45, "b", &[XBL], None),
    ]);
}

#[test]
fn a_code_is_gone_by_the_word_of_the_path_that_saw_it_or_when_that_is_silent_for_a_day() {
    let day = 24 * 60;
    let both = (&[PBL][..], &[XBL, PBL][..]);
    check(&[
        (0, "a", &[PBL, XBL], None),
        (15, "a", &[PBL, XBL], Some(both)),
        (15, "b", &[PBL], None),
        (60, "b", &[PBL], None),
        (15 + day, "b", &[PBL], None),
        (30 + day, "b", &[PBL], Some((both.1, both.0))),
    ]);
    check(&[
        (0, "a", &[PBL, XBL], None),
        (15, "a", &[PBL, XBL], Some(both)),
        (30, "a", &[PBL], None),
        (30, "b", &[PBL], None),
        (45, "b", &[PBL], None),
        (45, "a", &[PBL], Some((both.1, both.0))),
    ]);
}

#[test]
fn d32_a_code_that_one_path_denies_once_is_not_gone_for_a_path_that_never_saw_it() {
    let begin: [Step<'_>; 4] = [
        (0, "b", &[PBL, XBL], None),
        (15, "b", &[PBL, XBL], Some((&[PBL], &[XBL, PBL]))),
        (30, "b", &[], None),
        (31, "a", &[PBL], None),
    ];
    let flap: [Step<'_>; 2] = [(46, "a", &[PBL], None), (47, "b", &[PBL, XBL], None)];
    check(&[&begin[..], &flap].concat());
    let gone: [Step<'_>; 2] = [
        (45, "b", &[], Some((&[XBL, PBL], &[PBL]))),
        (46, "a", &[PBL], None),
    ];
    check(&[&begin[..], &gone].concat());
}

#[test]
fn an_address_that_moves_from_one_reason_to_another_while_it_is_cleared_is_recoded_and_not_delisted()
 {
    let watch = check(&[
        (0, "a", &[], None),
        (10, "a", &[XBL], None),
        (25, "a", &[XBL], Some((&[PBL], &[XBL]))),
    ]);
    assert_eq!(watch.episodes().count(), 1);
}

#[test]
fn d32_codes_that_come_and_go_are_flapping() {
    let (mut watch, policy) = (check(&[]), WatchPolicy::default());
    let mut now = 0;
    for turn in 1..=3 {
        assert!(!watch.is_flapping(&policy, now), "one listing, and {turn}");
        let codes = if turn % 2 == 1 { [XBL] } else { [PBL] };
        for change in [false, true] {
            let answer = seen(turn * 30 + 15 * i64::from(change), "a", &codes);
            assert_eq!(watch.observe(&answer, &policy).is_some(), change);
            now = answer.at;
        }
    }
    assert!(watch.is_flapping(&policy, now));
    assert!(!watch.is_flapping(&policy, now + 24 * 60 * 60));
}

#[test]
fn codes_of_a_list_that_lists_everything_are_taken_back() {
    let mut watch = check(&[(0, "a", &[PBL, SBL], None)]);
    let policy = WatchPolicy::default();
    watch.withdraw();
    assert_eq!(watch.state(), &WatchState::Listed);
    assert_eq!(watch.observe(&seen(15, "a", &[PBL, SBL]), &policy), None);
    assert_eq!(watch.observe(&seen(30, "a", &[PBL]), &policy), None);
}

#[test]
fn after_a_delisting_the_codes_begin_anew() {
    let mut watch = check(&[(0, "a", &[], None)]);
    let policy = WatchPolicy::default();
    let delisted = watch.observe(&seen(30, "a", &[]), &policy);
    assert_eq!(delisted, Some(Change::Delisted));
    assert_eq!(watch.observe(&seen(60, "a", &[XBL]), &policy), None);
    let listed = watch.observe(&seen(75, "a", &[XBL]), &policy);
    assert_eq!(listed, Some(Change::Listed));
    let last = watch.episodes().next_back().expect("two");
    assert_eq!(last.codes, codes(&[XBL]));
}

#[test]
fn a_clock_that_was_ahead_leaves_no_code_to_wait_for() {
    let year = 365 * 24 * 60;
    check(&[
        (year, "a", &[XBL], None),
        (0, "a", &[XBL], None),
        (5, "a", &[XBL], Some((&[PBL], &[XBL]))),
    ]);
}

#[cfg(feature = "serde")]
#[test]
fn codes_that_wait_survive_a_restart_and_a_watch_without_codes_takes_them_without_a_word() {
    let watch = check(&[(0, "a", &[XBL], None)]);
    let json = serde_json::to_string(&watch).expect("serializes");
    let mut back: Watch = serde_json::from_str(&json).expect("deserializes");
    assert_eq!(back, watch);
    let policy = WatchPolicy::default();
    assert!(back.observe(&seen(15, "a", &[XBL]), &policy).is_some());

    let mut watch = super::super::tests::stored_before_paths_were_kept();
    for minute in [15, 30, 45] {
        assert_eq!(watch.observe(&seen(minute, "a", &[XBL]), &policy), None);
    }
}
