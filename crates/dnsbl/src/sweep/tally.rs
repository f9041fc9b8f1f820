//! What became of the pairs.

use std::ops::AddAssign;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::{Cause, NotAsked, Verdict};

/// How many pairs of a subject and a list came to what; each pair is counted once.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct SweepCounts {
    /// [`Verdict::Listed`], on lists that only inform too.
    pub listed: u64,
    /// [`Verdict::Allowed`].
    pub allowed: u64,
    /// [`Verdict::Neutral`].
    pub neutral: u64,
    /// [`Verdict::NotListed`].
    pub not_listed: u64,
    /// [`Verdict::Refused`].
    pub refused: u64,
    /// [`Verdict::Broken`].
    pub broken: u64,
    /// [`Verdict::NotApplicable`].
    pub not_applicable: u64,
    /// Unknown, by the answer about the subject itself.
    pub unknown_by_subject: u64,
    /// Unknown, by the list's controls.
    pub unknown_by_controls: u64,
    /// Unknown, because the list is not believed for a while.
    pub quarantined: u64,
    /// Unknown, because the list's controls failed after it had listed the subject.
    pub withdrawn: u64,
    /// Unknown, because the list must not or cannot be asked.
    pub not_asked: u64,
    /// Unknown, because the questions of the day are spent.
    pub budget_spent: u64,
    /// Not finished: the sweep was stopped first.
    pub unfinished: u64,
}

impl SweepCounts {
    /// All of them together.
    #[must_use]
    pub fn total(&self) -> u64 {
        let conclusive = self.listed + self.allowed + self.neutral + self.not_listed;
        let by_list = self.refused + self.broken + self.not_applicable;
        conclusive + by_list + self.unknown() + self.unfinished
    }

    /// Those that could not be told, whatever the cause.
    #[must_use]
    pub fn unknown(&self) -> u64 {
        let asked = self.unknown_by_subject + self.unknown_by_controls;
        asked + self.quarantined + self.withdrawn + self.not_asked + self.budget_spent
    }
}

impl AddAssign for SweepCounts {
    fn add_assign(&mut self, other: Self) {
        self.listed += other.listed;
        self.allowed += other.allowed;
        self.neutral += other.neutral;
        self.not_listed += other.not_listed;
        self.refused += other.refused;
        self.broken += other.broken;
        self.not_applicable += other.not_applicable;
        self.unknown_by_subject += other.unknown_by_subject;
        self.unknown_by_controls += other.unknown_by_controls;
        self.quarantined += other.quarantined;
        self.withdrawn += other.withdrawn;
        self.not_asked += other.not_asked;
        self.budget_spent += other.budget_spent;
        self.unfinished += other.unfinished;
    }
}

/// Counts while several workers do.
#[derive(Debug, Default)]
pub(super) struct Tally {
    listed: AtomicU64,
    allowed: AtomicU64,
    neutral: AtomicU64,
    not_listed: AtomicU64,
    refused: AtomicU64,
    broken: AtomicU64,
    not_applicable: AtomicU64,
    unknown_by_subject: AtomicU64,
    unknown_by_controls: AtomicU64,
    quarantined: AtomicU64,
    withdrawn: AtomicU64,
    not_asked: AtomicU64,
    budget_spent: AtomicU64,
}

impl Tally {
    pub(super) fn count(&self, verdict: &Verdict) {
        let place = match verdict {
            Verdict::Listed(_) => &self.listed,
            Verdict::Allowed(_) => &self.allowed,
            Verdict::Neutral(_) => &self.neutral,
            Verdict::NotListed(_) => &self.not_listed,
            Verdict::Refused(_) => &self.refused,
            Verdict::Broken(_) => &self.broken,
            Verdict::NotApplicable => &self.not_applicable,
            Verdict::Unknown(cause) => match cause {
                Cause::Subject(_) | Cause::NothingAsked => &self.unknown_by_subject,
                Cause::Control { .. }
                | Cause::NoPositiveControl
                | Cause::UnverifiedControlMissing(_) => &self.unknown_by_controls,
                Cause::Quarantined(_) => &self.quarantined,
                Cause::Withdrawn(_) => &self.withdrawn,
                Cause::NotAsked(NotAsked::BudgetSpent { .. }) => &self.budget_spent,
                Cause::NotAsked(_) => &self.not_asked,
            },
        };
        place.fetch_add(1, Ordering::Relaxed);
    }

    /// How many subjects the list has answered for and not listed.
    pub(super) fn answered_otherwise(&self) -> u64 {
        let load = |count: &AtomicU64| count.load(Ordering::Relaxed);
        load(&self.allowed) + load(&self.neutral) + load(&self.not_listed)
    }

    pub(super) fn snapshot(&self) -> SweepCounts {
        let load = |count: &AtomicU64| count.load(Ordering::Relaxed);
        SweepCounts {
            listed: load(&self.listed),
            allowed: load(&self.allowed),
            neutral: load(&self.neutral),
            not_listed: load(&self.not_listed),
            refused: load(&self.refused),
            broken: load(&self.broken),
            not_applicable: load(&self.not_applicable),
            unknown_by_subject: load(&self.unknown_by_subject),
            unknown_by_controls: load(&self.unknown_by_controls),
            quarantined: load(&self.quarantined),
            withdrawn: load(&self.withdrawn),
            not_asked: load(&self.not_asked),
            budget_spent: load(&self.budget_spent),
            unfinished: 0,
        }
    }
}
