//! How often a list is asked in a day.

use std::sync::atomic::{AtomicU64, Ordering};

use mail_dns::DomainName;

use crate::NotAsked;

const SECONDS_A_DAY: i64 = 24 * 60 * 60;

/// How many questions a list was asked on one day.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Spending {
    /// The list.
    pub zone: DomainName,
    /// The day, in days since 1970, UTC.
    pub day: u32,
    /// How many.
    pub questions: u32,
}

impl Spending {
    /// Builds an account of one list and day, to go on from.
    #[must_use]
    pub fn new(zone: DomainName, day: u32, questions: u32) -> Self {
        Self {
            zone,
            day,
            questions,
        }
    }
}

/// The day on whose account a question was taken, in days since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Day(u32);

/// The account of one list.
#[derive(Debug, Default)]
pub(crate) struct Budget {
    limit: Option<u32>,
    /// The day in the upper half, the questions in the lower.
    spent: AtomicU64,
}

impl Budget {
    pub(crate) fn new(limit: Option<u32>) -> Self {
        Self {
            limit,
            spent: AtomicU64::new(0),
        }
    }

    /// Sets the limit; what was spent stands.
    pub(crate) fn limit_to(&mut self, limit: u32) {
        self.limit = Some(limit);
    }

    /// Of several accounts the latest day counts, and of one day the greatest.
    pub(crate) fn go_on_from(&self, spending: &Spending) {
        let spent = pack(spending.day, spending.questions);
        self.spent.fetch_max(spent, Ordering::Relaxed);
    }

    /// How many questions a day may be taken, if there is a limit.
    pub(crate) fn limit(&self) -> Option<u32> {
        self.limit
    }

    fn allows(&self, questions: u32) -> bool {
        self.limit.is_none_or(|limit| questions <= limit)
    }

    fn spent_on(&self, today: u32) -> NotAsked {
        NotAsked::BudgetSpent {
            limit: self.limit.unwrap_or(u32::MAX),
            until: (i64::from(today) + 1) * SECONDS_A_DAY,
        }
    }

    /// Takes so many questions of the day of `now`, or none if `reserve` would not be left then. They are those of the
    /// [`Day`] that comes back.
    pub(crate) fn take(&self, count: u32, reserve: u32, now: i64) -> Result<Day, NotAsked> {
        let today = day_of(now);
        let take = |spent| {
            let questions = questions_on(today, spent).saturating_add(count);
            self.allows(questions.saturating_add(reserve))
                .then(|| pack(account_day(today, spent), questions))
        };
        let before = self
            .spent
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, take)
            .map_err(|_| self.spent_on(today))?;
        Ok(Day(account_day(today, before)))
    }

    /// Gives one of `day` back that never reached the list. If that day is over, it is of no use.
    pub(crate) fn refund(&self, day: Day) {
        let give = |spent| {
            let is_same = spent >> 32 == u64::from(day.0);
            is_same.then(|| pack(day.0, questions_on(day.0, spent).saturating_sub(1)))
        };
        // It says no on another day.
        let _ = self
            .spent
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, give);
    }

    pub(crate) fn spending(&self, zone: &DomainName, now: i64) -> Spending {
        let today = day_of(now);
        let questions = questions_on(today, self.spent.load(Ordering::Relaxed));
        Spending::new(zone.clone(), today, questions)
    }
}

fn day_of(now: i64) -> u32 {
    u32::try_from(now.div_euclid(SECONDS_A_DAY)).unwrap_or(0)
}

fn pack(day: u32, questions: u32) -> u64 {
    u64::from(day) << 32 | u64::from(questions)
}

/// The day on which `spent` goes on, seen from `today`: the next one, if a question of that was asked already, since those
/// of either day may be asked at the same time around midnight. A day further away is of a clock that was ahead, and the
/// account comes back with the clock.
fn account_day(today: u32, spent: u64) -> u32 {
    let tomorrow = today.saturating_add(1);
    if spent >> 32 == u64::from(tomorrow) {
        tomorrow
    } else {
        today
    }
}

/// How many of `spent` were asked on `today`. A clock that is set back does not begin a day anew.
fn questions_on(today: u32, spent: u64) -> u32 {
    let day = spent >> 32;
    if day < u64::from(today) {
        return 0;
    }
    u32::try_from(spent & u64::from(u32::MAX)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 20_000 * SECONDS_A_DAY;

    /// Takes and gives nothing back.
    fn take(budget: &Budget, count: u32, reserve: u32, now: i64) -> Result<(), NotAsked> {
        budget.take(count, reserve, now).map(|_| ())
    }

    #[test]
    fn d20_a_day_has_so_many_questions_and_the_next_begins_anew() {
        let budget = Budget::new(Some(2));
        assert_eq!(take(&budget, 1, 0, DAY), Ok(()));
        assert_eq!(take(&budget, 1, 0, DAY + 10), Ok(()));
        let until = DAY + SECONDS_A_DAY;
        let spent = Err(NotAsked::BudgetSpent { limit: 2, until });
        assert_eq!(take(&budget, 1, 0, DAY + 20), spent);
        budget.refund(Day(20_000));
        assert_eq!(take(&budget, 1, 0, DAY + 40), Ok(()));
        assert_eq!(take(&budget, 1, 0, until), Ok(()), "a new day");
        assert_eq!(take(&budget, 1, 0, DAY), Ok(()), "a clock that is set back");
        assert!(
            take(&budget, 1, 0, DAY).is_err(),
            "it does not begin anew by that"
        );
    }

    #[test]
    fn d20_what_is_given_back_of_yesterday_is_not_one_more_today() {
        let budget = Budget::new(Some(2));
        let paid = budget.take(1, 0, DAY).expect("there are two");
        assert_eq!(take(&budget, 2, 0, DAY + SECONDS_A_DAY), Ok(()));
        budget.refund(paid);
        assert!(take(&budget, 1, 0, DAY + SECONDS_A_DAY).is_err());
    }

    #[test]
    fn d20_several_questions_are_taken_at_once_or_not_at_all() {
        let budget = Budget::new(Some(6));
        assert!(take(&budget, 4, 3, DAY).is_err(), "of seven");
        assert_eq!(take(&budget, 3, 3, DAY), Ok(()));
        assert!(take(&budget, 1, 3, DAY).is_err(), "three are kept back");
        assert!(take(&budget, 4, 0, DAY).is_err(), "not three of the four");
        assert_eq!(take(&budget, 3, 0, DAY), Ok(()));
        assert!(take(&budget, 1, 0, DAY).is_err());
        assert_eq!(take(&Budget::new(None), u32::MAX, u32::MAX, DAY), Ok(()));
    }

    #[test]
    fn d20_a_question_of_yesterday_does_not_begin_today_anew() {
        let budget = Budget::new(Some(2));
        assert_eq!(take(&budget, 1, 0, DAY), Ok(()));
        let paid = budget.take(1, 0, DAY - 1);
        budget.refund(paid.expect("there is one left"));
        assert_eq!(take(&budget, 1, 0, DAY + 1), Ok(()));
        assert!(take(&budget, 1, 0, DAY - 1).is_err());
        assert!(take(&budget, 1, 0, DAY + 2).is_err());
        // A clock that was ahead by years does not stop the days.
        let budget = Budget::new(Some(2));
        assert_eq!(take(&budget, 1, 0, DAY * 2), Ok(()));
        assert_eq!(take(&budget, 1, 0, DAY), Ok(()));
        assert!(take(&budget, 1, 0, DAY).is_err());
        assert_eq!(take(&budget, 1, 0, DAY + SECONDS_A_DAY), Ok(()));
    }

    #[test]
    fn d20_of_several_accounts_the_latest_day_counts() {
        let zone: DomainName = "bl.test".parse().expect("a name");
        let budget = Budget::new(Some(3));
        for (day, questions) in [(19_999, 9), (20_000, 3), (20_000, 1), (19_998, 0)] {
            budget.go_on_from(&Spending::new(zone.clone(), day, questions));
        }
        assert!(take(&budget, 1, 0, DAY).is_err());
        assert_eq!(budget.spending(&zone, DAY).questions, 3);
    }

    #[test]
    fn d20_a_limit_that_is_set_later_counts_what_was_spent_before() {
        let mut budget = Budget::new(None);
        assert_eq!(take(&budget, 1, 0, DAY), Ok(()));
        budget.limit_to(1);
        assert!(take(&budget, 1, 0, DAY).is_err());
    }

    #[test]
    fn d20_an_account_goes_on_after_a_restart() {
        let zone: DomainName = "bl.test".parse().expect("a name");
        let budget = Budget::new(Some(3));
        budget.go_on_from(&Spending::new(zone.clone(), 20_000, 2));
        assert_eq!(take(&budget, 1, 0, DAY), Ok(()));
        assert!(take(&budget, 1, 0, DAY).is_err());
        assert_eq!(budget.spending(&zone, DAY).questions, 3);
    }
}
