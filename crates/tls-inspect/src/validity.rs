//! The time a certificate is valid, and how much of it is left.

mod baseline;
mod clock;

pub use self::baseline::BaselineLimit;
pub use self::clock::ClockHint;

/// The period in which a certificate is valid (RFC 5280 §4.1.2.5), both ends included, in
/// seconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Validity {
    /// The first second of it.
    pub not_before: i64,
    /// The last second of it.
    pub not_after: i64,
}

impl Validity {
    /// The period between these seconds.
    #[must_use]
    pub const fn new(not_before: i64, not_after: i64) -> Self {
        Self {
            not_before,
            not_after,
        }
    }

    /// How many seconds it holds: with both ends included, 90 days end one second before the
    /// 90 × 86,400th second after `not_before`. Zero if it ends before it begins.
    #[must_use]
    pub const fn seconds(&self) -> u64 {
        if self.not_after < self.not_before {
            return 0;
        }
        self.not_after.abs_diff(self.not_before).saturating_add(1)
    }

    /// Where in it the second `now_unix` lies.
    ///
    /// ```
    /// use tls_inspect::{LifetimeState, Validity};
    ///
    /// let validity = Validity::new(0, 90 * 86_400 - 1);
    /// let lifetime = validity.at(60 * 86_400);
    /// assert_eq!(lifetime.state, LifetimeState::Valid);
    /// assert_eq!(lifetime.days_left, 29);
    /// assert_eq!(lifetime.share_left_per_mille, 333);
    /// assert!(lifetime.renewal_overdue);
    /// ```
    #[must_use]
    pub fn at(&self, now_unix: i64) -> Lifetime {
        let (now, from, to) = (
            i128::from(now_unix),
            i128::from(self.not_before),
            i128::from(self.not_after),
        );
        let state = if now > to {
            LifetimeState::Expired
        } else if now < from {
            LifetimeState::NotYetValid
        } else {
            LifetimeState::Valid
        };
        let total = i128::from(self.seconds());
        let left = (to - now + 1).clamp(0, total);
        let parts = if self.is_short_lived() { 2 } else { 3 };
        let share = (left * 1000).checked_div(total).unwrap_or(0);
        Lifetime {
            state,
            days_left: saturate((to - now).div_euclid(86_400)),
            share_left_per_mille: u16::try_from(share).unwrap_or(1000),
            renewal_overdue: left * parts <= total,
        }
    }
}

fn saturate(days: i128) -> i64 {
    i64::try_from(days).unwrap_or(if days < 0 { i64::MIN } else { i64::MAX })
}

/// Where in a [`Validity`] a moment lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Lifetime {
    /// Before, in or after it.
    pub state: LifetimeState,
    /// Whole days from then to `not_after`, rounded down, so negative once expired.
    pub days_left: i64,
    /// The share of the period still to come, in thousandths, rounded down: 1000 before it
    /// begins and 0 after it ends. With periods from six days to a year, this and not the
    /// number of days says whether a renewal is late.
    pub share_left_per_mille: u16,
    /// Whether two thirds of the period are over, or half of it if it is
    /// [short](Validity::is_short_lived): the time by which automatic renewal has usually
    /// happened.
    pub renewal_overdue: bool,
}

/// The states of a [`Lifetime`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum LifetimeState {
    /// `not_before` is in the future. It may be a clock that is off: see [`ClockHint`].
    NotYetValid,
    /// Valid.
    Valid,
    /// `not_after` is in the past.
    Expired,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const DAY: i64 = 86_400;

    #[track_caller]
    fn check(now: i64, state: LifetimeState, days_left: i64, share: u16, overdue: bool) {
        let validity = Validity::new(0, 90 * DAY - 1);
        let expected = Lifetime {
            state,
            days_left,
            share_left_per_mille: share,
            renewal_overdue: overdue,
        };
        assert_eq!(validity.at(now), expected);
    }

    #[test]
    fn item_55_not_after_is_inclusive() {
        check(90 * DAY - 1, LifetimeState::Valid, 0, 0, true);
        check(90 * DAY, LifetimeState::Expired, -1, 0, true);
        assert_eq!(Validity::new(0, 200 * DAY - 1).seconds(), 17_280_000);
    }

    #[test]
    fn item_56_days_are_rounded_down() {
        check(89 * DAY - 1, LifetimeState::Valid, 1, 11, true);
        check(89 * DAY, LifetimeState::Valid, 0, 11, true);
        check(91 * DAY - 1, LifetimeState::Expired, -1, 0, true);
        check(91 * DAY, LifetimeState::Expired, -2, 0, true);
    }

    #[test]
    fn item_56_renewal_is_overdue_past_two_thirds() {
        check(60 * DAY - 1, LifetimeState::Valid, 30, 333, false);
        check(60 * DAY, LifetimeState::Valid, 29, 333, true);
    }

    /// Of a certificate of so many days from 2026-03-15 on, the first second of overdue renewal.
    #[track_caller]
    fn check_overdue(days: i64, expected: i64) {
        let from = 1_773_532_800;
        let validity = Validity::new(from, from + days * DAY - 1);
        assert!(!validity.at(from + expected - 1).renewal_overdue);
        assert!(validity.at(from + expected).renewal_overdue);
    }

    #[test]
    fn item_56_renewal_of_a_short_lived_one_is_overdue_past_half() {
        check_overdue(6, 3 * DAY);
        check_overdue(7, 7 * DAY / 2);
        check_overdue(9, 6 * DAY);
        check_overdue(45, 30 * DAY);
    }

    #[test]
    fn before_the_beginning() {
        check(-1, LifetimeState::NotYetValid, 90, 1000, false);
        check(0, LifetimeState::Valid, 89, 1000, false);
    }

    #[test]
    fn a_reversed_period_is_never_valid() {
        let validity = Validity::new(100, 50);
        assert_eq!(validity.seconds(), 0);
        for now in [0, 50, 75, 100, 150] {
            assert_ne!(validity.at(now).state, LifetimeState::Valid);
        }
    }

    proptest! {
        #[test]
        fn any_numbers_do(from: i64, to: i64, now: i64) {
            let lifetime = Validity::new(from, to).at(now);
            prop_assert!(lifetime.share_left_per_mille <= 1000);
            let inside = from <= now && now <= to;
            prop_assert_eq!(inside, lifetime.state == LifetimeState::Valid);
        }
    }
}
