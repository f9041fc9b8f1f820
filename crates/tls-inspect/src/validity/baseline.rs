//! How long a public certificate may be valid: a table with dates.

use super::Validity;

/// The longest validity that the CA/Browser Forum's Baseline Requirements for TLS servers allow
/// (§6.3.2, version of 2025), for certificates issued from some day on.
///
/// It binds authorities that browsers trust, and nobody else: a certificate of a private
/// authority, or one that DANE alone vouches for, may be valid for as long as its owner likes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct BaselineLimit {
    /// The first second from which on it holds, in seconds since 1970-01-01T00:00:00Z. The day of
    /// issue is not in a certificate; its `notBefore` stands for it.
    pub since: i64,
    /// The longest validity in days of 86,400 s, both ends included.
    pub days: u16,
}

/// Newest first.
const LIMITS: [BaselineLimit; 5] = [
    // 2029-03-15
    limit(1_868_227_200, 47),
    // 2027-03-15
    limit(1_805_068_800, 100),
    // 2026-03-15
    limit(1_773_532_800, 200),
    // 2020-09-01
    limit(1_598_918_400, 398),
    // 2018-03-01. Before that the limit was one of months, and all such certificates have expired.
    limit(1_519_862_400, 825),
];

/// The day from which on, and the days up to which, a certificate is short-lived (Baseline
/// Requirements §1.6.1), newest first: 2026-03-15 and 2024-03-15.
const SHORT_LIVED: [BaselineLimit; 2] = [limit(1_773_532_800, 7), limit(1_710_460_800, 10)];

const fn limit(since: i64, days: u16) -> BaselineLimit {
    BaselineLimit { since, days }
}

impl BaselineLimit {
    /// The longest validity in seconds, both ends included.
    #[must_use]
    pub fn seconds(&self) -> u64 {
        u64::from(self.days) * 86_400
    }
}

impl Validity {
    /// The limit in force when it began; `None` before 2018-03-01.
    ///
    /// ```
    /// use tls_inspect::Validity;
    ///
    /// // From 2026-03-15T00:00:00Z, 200 days to the second, and one second more.
    /// let from = 1_773_532_800;
    /// let longest = Validity::new(from, from + 200 * 86_400 - 1);
    /// assert_eq!(longest.baseline_limit().map(|limit| limit.days), Some(200));
    /// assert_eq!(longest.seconds_over_baseline(), Some(0));
    /// let longer = Validity::new(from, from + 200 * 86_400);
    /// assert_eq!(longer.seconds_over_baseline(), Some(1));
    /// ```
    #[must_use]
    pub fn baseline_limit(&self) -> Option<BaselineLimit> {
        in_force(&LIMITS, self.not_before)
    }

    /// By how many seconds it is longer than [`baseline_limit`](Self::baseline_limit), 0 if it
    /// is not; `None` where no limit is known.
    #[must_use]
    pub fn seconds_over_baseline(&self) -> Option<u64> {
        let limit = self.baseline_limit()?;
        Some(self.seconds().saturating_sub(limit.seconds()))
    }

    /// Whether it is a short-lived certificate's, which needs to say nowhere how it would be
    /// revoked: at most 10 days since 2024-03-15, at most 7 since 2026-03-15.
    #[must_use]
    pub fn is_short_lived(&self) -> bool {
        in_force(&SHORT_LIVED, self.not_before)
            .is_some_and(|limit| (1..=limit.seconds()).contains(&self.seconds()))
    }
}

fn in_force(limits: &[BaselineLimit], not_before: i64) -> Option<BaselineLimit> {
    limits
        .iter()
        .find(|limit| limit.since <= not_before)
        .copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400;

    #[track_caller]
    fn check(not_before: i64, days: Option<u16>) {
        let validity = Validity::new(not_before, not_before);
        assert_eq!(validity.baseline_limit().map(|limit| limit.days), days);
        let Some(days) = days else {
            assert_eq!(validity.seconds_over_baseline(), None);
            return;
        };
        let last = not_before + i64::from(days) * DAY - 1;
        for (not_after, over) in [(last - DAY, 0), (last, 0), (last + 1, 1), (last + 61, 61)] {
            let validity = Validity::new(not_before, not_after);
            assert_eq!(validity.seconds_over_baseline(), Some(over), "{validity:?}");
        }
    }

    #[test]
    fn item_57_the_limit_is_that_of_the_day_of_issue() {
        for (since, days, before) in [
            (1_519_862_400, 825, None),
            (1_598_918_400, 398, Some(825)),
            (1_773_532_800, 200, Some(398)),
            (1_805_068_800, 100, Some(200)),
            (1_868_227_200, 47, Some(100)),
        ] {
            check(since, Some(days));
            check(since - 1, before);
        }
        check(i64::from(i32::MAX), Some(47));
        check(0, None);
    }

    #[test]
    fn item_55_both_ends_count() {
        let from = 1_773_532_800;
        let validity = Validity::new(from, from + 17_279_999);
        assert_eq!(validity.seconds(), 17_280_000);
        assert_eq!(validity.seconds_over_baseline(), Some(0));
    }

    #[test]
    fn item_63_short_lived_is_seven_days_and_was_ten() {
        for (not_before, days) in [(1_773_532_800, 7), (1_773_532_799, 10), (1_710_460_800, 10)] {
            let longest = Validity::new(not_before, not_before + days * DAY - 1);
            assert!(longest.is_short_lived(), "{longest:?}");
            let longer = Validity::new(not_before, not_before + days * DAY);
            assert!(!longer.is_short_lived(), "{longer:?}");
        }
        assert!(!Validity::new(1_710_460_799, 1_710_460_800).is_short_lived());
        assert!(!Validity::new(1_800_000_000, 1_700_000_000).is_short_lived());
    }

    #[test]
    fn the_numbers_at_the_ends_do_no_harm() {
        let all = Validity::new(i64::MIN, i64::MAX);
        assert_eq!(all.seconds_over_baseline(), None);
        let late = Validity::new(i64::MAX, i64::MAX);
        assert_eq!(late.seconds_over_baseline(), Some(0));
        let long = Validity::new(1_868_227_200, i64::MAX);
        assert!(long.seconds_over_baseline() > Some(0));
    }
}
