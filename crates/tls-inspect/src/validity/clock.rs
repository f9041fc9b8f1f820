//! When a chain's dates say more about the clock than about the chain.

use super::{LifetimeState, Validity};

/// What suggests that the clock which gave the time is off, and not the chain. It is a reason to
/// compare the clock with another one before anybody is told; it proves nothing, and no verdict
/// takes note of it.
///
/// An end-entity certificate that has expired gives none by itself, since forgotten renewals are
/// commoner than clocks that are ahead. Of a whole chain there is one only if all of it would be
/// valid at some time: where one element expired before another began, no clock is the cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum ClockHint {
    /// The end-entity certificate begins to be valid within [`MAX_LEAD`](Self::MAX_LEAD).
    /// Authorities put the beginning at the time of issue or before it, so to whom such a
    /// certificate is shown, the clock is behind; by minutes, many are.
    BeginsSoon {
        /// The seconds by which the clock would at least be behind.
        seconds: u64,
    },
    /// No element is valid yet, an authority's neither, which is older than what it issues.
    NothingValidYet {
        /// The seconds by which the clock would at least be behind.
        seconds: u64,
    },
    /// Every element has expired, an authority's too, which outlives what it issues. A clock that
    /// is ahead explains that, and so does a server that was forgotten long ago.
    EverythingExpired {
        /// The seconds by which the clock would at least be ahead.
        seconds: u64,
    },
}

impl ClockHint {
    /// A day, in seconds.
    pub const MAX_LEAD: u64 = 86_400;

    /// What the periods of a chain say of a clock that shows `now_unix`: of the end-entity
    /// certificate, of the one that signed it, and so on.
    #[must_use]
    pub fn of(chain: &[Validity], now_unix: i64) -> Option<Self> {
        let end_entity = chain.first()?;
        let begin = chain.iter().map(|validity| validity.not_before).max()?;
        let end = chain.iter().map(|validity| validity.not_after).min()?;
        if chain.len() > 1 && begin <= end {
            if chain.iter().all(|validity| now_unix < validity.not_before) {
                let seconds = begin.abs_diff(now_unix);
                return Some(Self::NothingValidYet { seconds });
            }
            if chain.iter().all(|validity| now_unix > validity.not_after) {
                let seconds = end.abs_diff(now_unix);
                return Some(Self::EverythingExpired { seconds });
            }
        }
        let seconds = end_entity.not_before.abs_diff(now_unix);
        let soon = end_entity.at(now_unix).state == LifetimeState::NotYetValid
            && end_entity.not_before <= end_entity.not_after
            && seconds <= Self::MAX_LEAD;
        soon.then_some(Self::BeginsSoon { seconds })
    }

    /// Whether the clock would be behind; otherwise it would be ahead.
    #[must_use]
    pub const fn is_behind(&self) -> bool {
        !matches!(self, Self::EverythingExpired { .. })
    }

    /// The seconds by which the clock would at least be off.
    #[must_use]
    pub const fn seconds(&self) -> u64 {
        match self {
            Self::BeginsSoon { seconds }
            | Self::NothingValidYet { seconds }
            | Self::EverythingExpired { seconds } => *seconds,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const DAY: i64 = 86_400;
    const YEAR: i64 = 365 * DAY;

    /// 90 days from the year 10 on.
    const LEAF: Validity = Validity::new(10 * YEAR, 10 * YEAR + 90 * DAY - 1);
    /// The years 8 to 11, and 2 to 30.
    const INTERMEDIATE: Validity = Validity::new(8 * YEAR, 11 * YEAR);
    const ROOT: Validity = Validity::new(2 * YEAR, 30 * YEAR);

    #[track_caller]
    fn check(chain: &[Validity], now: i64, expected: Option<ClockHint>) {
        assert_eq!(ClockHint::of(chain, now), expected);
    }

    #[test]
    fn item_55_a_beginning_in_the_near_future_hints_at_the_clock() {
        let hint = |seconds| Some(ClockHint::BeginsSoon { seconds });
        for chain in [&[LEAF][..], &[LEAF, INTERMEDIATE, ROOT]] {
            check(chain, LEAF.not_before - 1, hint(1));
            check(chain, LEAF.not_before - 300, hint(300));
            check(chain, LEAF.not_before - DAY, hint(86_400));
            check(chain, LEAF.not_before - DAY - 1, None);
            check(chain, LEAF.not_before, None);
            check(chain, LEAF.not_after, None);
            check(chain, LEAF.not_after + 1, None);
        }
        let old = Validity::new(0, LEAF.not_before - DAY);
        check(&[LEAF, INTERMEDIATE, old], LEAF.not_before - 1, hint(1));
    }

    #[test]
    fn item_55_a_chain_of_which_nothing_is_valid_yet_hints_at_the_clock() {
        let now = INTERMEDIATE.not_before - 1;
        let seconds = 2 * 365 * 86_400 + 1;
        let hint = Some(ClockHint::NothingValidYet { seconds });
        check(&[LEAF, INTERMEDIATE], now, hint);
        check(&[LEAF, INTERMEDIATE, ROOT], now, None);
        check(&[LEAF], now, None);
    }

    #[test]
    fn item_55_a_chain_that_expired_as_a_whole_hints_at_the_clock() {
        let now = INTERMEDIATE.not_after + 1;
        let seconds = (now - LEAF.not_after).unsigned_abs();
        let hint = Some(ClockHint::EverythingExpired { seconds });
        check(&[LEAF, INTERMEDIATE], now, hint);
        check(&[LEAF, INTERMEDIATE, ROOT], now, None);
        check(&[LEAF], now, None);
        check(&[LEAF, INTERMEDIATE], INTERMEDIATE.not_after, None);
    }

    #[test]
    fn any_numbers_do() {
        let all = Validity::new(i64::MIN, i64::MAX);
        check(&[all, all], i64::MIN, None);
        let late = Validity::new(i64::MAX, i64::MAX);
        let seconds = u64::MAX;
        let hint = Some(ClockHint::NothingValidYet { seconds });
        check(&[late, late], i64::MIN, hint);
        let early = Validity::new(i64::MIN, i64::MIN);
        let hint = Some(ClockHint::EverythingExpired { seconds });
        check(&[early, early], i64::MAX, hint);
    }

    #[test]
    fn no_clock_helps_a_chain_that_is_never_valid() {
        let old = Validity::new(0, LEAF.not_before - 1);
        for now in [-1, 0, LEAF.not_before - 2 * DAY, LEAF.not_after + 1] {
            check(&[LEAF, old], now, None);
        }
        check(&[Validity::new(10, 5)], 7, None);
        check(&[], 0, None);
    }

    proptest! {
        #[test]
        fn a_clock_set_right_gives_no_hint(
            chain in proptest::collection::vec((0..9_i64, 0..9_i64), 0..4),
            now in -9..18_i64,
        ) {
            let chain: Vec<Validity> =
                chain.iter().map(|&(from, to)| Validity::new(from, to)).collect();
            if let Some(hint) = ClockHint::of(&chain, now) {
                let right = if hint.is_behind() {
                    now.checked_add_unsigned(hint.seconds())
                } else {
                    now.checked_sub_unsigned(hint.seconds())
                };
                let right = right.unwrap();
                let valid = |validity: &Validity| {
                    validity.not_before <= right && right <= validity.not_after
                };
                let whole = !matches!(hint, ClockHint::BeginsSoon { .. });
                let judged = if whole { chain.len() } else { 1 };
                prop_assert!(chain.iter().take(judged).all(valid));
                prop_assert_eq!(ClockHint::of(&chain, right), None);
            }
        }
    }
}
