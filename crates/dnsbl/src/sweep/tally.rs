//! What became of the pairs.

use std::ops::AddAssign;

use crate::{Cause, NotAsked, Verdict};

/// How many pairs of a subject and a list came to what; each pair is counted once.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default))]
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
    /// Unknown, because the list's controls failed after it had listed the subject, or could not be asked again.
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

    /// Takes one more.
    pub(super) fn count(&mut self, verdict: &Verdict) {
        let place = match verdict {
            Verdict::Listed(_) => &mut self.listed,
            Verdict::Allowed(_) => &mut self.allowed,
            Verdict::Neutral(_) => &mut self.neutral,
            Verdict::NotListed(_) => &mut self.not_listed,
            Verdict::Refused(_) => &mut self.refused,
            Verdict::Broken(_) => &mut self.broken,
            Verdict::NotApplicable => &mut self.not_applicable,
            Verdict::Unknown(cause) => match cause {
                Cause::Subject(_) | Cause::NothingAsked => &mut self.unknown_by_subject,
                Cause::Control { .. }
                | Cause::NoPositiveControl
                | Cause::UnverifiedControlMissing(_) => &mut self.unknown_by_controls,
                Cause::Quarantined(_) => &mut self.quarantined,
                Cause::Withdrawn(_) => &mut self.withdrawn,
                Cause::NotAsked(NotAsked::BudgetSpent { .. }) => &mut self.budget_spent,
                Cause::NotAsked(_) => &mut self.not_asked,
            },
        };
        *place += 1;
    }

    /// About how many subjects there is an answer that is no listing.
    pub(super) fn answered_otherwise(&self) -> u64 {
        self.allowed + self.neutral + self.not_listed
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
