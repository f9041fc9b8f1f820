//! What is told of a sweep as a whole.

use std::fmt;

use mail_dns::{DomainName, LookupErrorKind};

use super::SweepCounts;
use crate::{
    Cause, Fault, HealthState, Kind, Quarantine, QuarantineReason, Refusal, RefusalReason,
    Spending, Unsettled, Verdict,
};

/// What a sweep did, list by list. The answers themselves went to the observers.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct SweepReport {
    /// How many different subjects there were.
    pub subjects: u64,
    /// How many pairs of a subject and a list there were.
    pub pairs: u64,
    /// One for each list, in the catalogue's order.
    pub lists: Vec<ListTally>,
    /// What an operator should know, one notice at most for each list.
    pub notices: Vec<SweepNotice>,
}

impl SweepReport {
    /// What became of all pairs.
    #[must_use]
    pub fn counts(&self) -> SweepCounts {
        let mut counts = SweepCounts::default();
        for list in &self.lists {
            counts += list.counts;
        }
        counts
    }

    /// Whether every pair is in the [`counts`](Self::counts), once.
    #[must_use]
    pub fn is_accounted_for(&self) -> bool {
        self.counts().total() == self.pairs
    }

    /// Whether every pair was finished.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.counts().unfinished == 0
    }
}

/// What became of the pairs of one list.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct ListTally {
    /// The list.
    pub zone: DomainName,
    /// What became of its pairs.
    pub counts: SweepCounts,
    /// How many questions it was asked today, by whomever this checker has served.
    pub spending: Spending,
    /// How many it may be asked in a day; `None` if there is no limit.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub daily_limit: Option<u32>,
}

/// That a list could not be relied on in this sweep: one message for an operator, however many subjects it concerns.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct SweepNotice {
    /// The list.
    pub zone: DomainName,
    /// What was wrong, one for each kind of subject that it concerns; at least one.
    pub troubles: Vec<ListTrouble>,
}

/// What was wrong with a list, for one kind of subject.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct ListTrouble {
    /// For which kind of subject.
    pub kind: Kind,
    /// How the list is doing.
    pub state: HealthState,
    /// About how many subjects nothing could be told for that.
    pub subjects: u64,
}

impl SweepNotice {
    /// About how many subjects nothing could be told.
    #[must_use]
    pub fn subjects(&self) -> u64 {
        self.troubles.iter().map(|trouble| trouble.subjects).sum()
    }

    /// What to do about it; of several kinds of subject, about the first.
    #[must_use]
    pub fn advice(&self) -> &'static str {
        let first = self.troubles.first();
        first.map_or("", |trouble| advice(&trouble.state))
    }
}

impl fmt::Display for SweepNotice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.zone)?;
        for trouble in &self.troubles {
            let ListTrouble {
                kind,
                state,
                subjects,
            } = trouble;
            write!(f, "; {kind}, {subjects} could not be told: {state}")?;
        }
        let mut told: Vec<&str> = Vec::new();
        for trouble in &self.troubles {
            let advice = advice(&trouble.state);
            if !told.contains(&advice) {
                write!(f, "; {advice}")?;
                told.push(advice);
            }
        }
        Ok(())
    }
}

/// The state of a list whose controls give this verdict on every subject.
pub(super) fn state_of(verdict: Verdict) -> HealthState {
    match verdict {
        Verdict::Refused(refusal) => HealthState::Refusing(refusal),
        Verdict::Broken(fault) => HealthState::Broken(fault),
        Verdict::Unknown(Cause::Quarantined(quarantine)) => HealthState::Quarantined(quarantine),
        Verdict::Unknown(cause) => HealthState::Unclear(cause),
        _ => HealthState::Healthy,
    }
}

fn advice(state: &HealthState) -> &'static str {
    match state {
        HealthState::Refusing(Refusal::Rcode(_)) => {
            "ask through a resolver that the list and its own access rules serve"
        }
        HealthState::Refusing(Refusal::Code { reason, .. }) => match reason {
            RefusalReason::ZoneMistyped => "correct the zone in the catalogue",
            RefusalReason::PublicResolver => {
                "ask through a resolver of your own, or with a key of the list"
            }
            RefusalReason::TooManyQuestions => "ask less, or register with the list",
            RefusalReason::Unspecified | RefusalReason::ListSpecific => {
                "read the terms of the list, and ask through a resolver of your own"
            }
        },
        HealthState::Broken(Fault::PositiveControlMissing(_)) => {
            "ask through another resolver; if it is the same there, the list is dead and is to be taken out"
        }
        HealthState::Broken(Fault::OutsideLoopback(_)) => {
            "ask through a resolver that rewrites nothing; if it is the same there, the list's domain is parked and is to be taken out"
        }
        HealthState::Broken(_) => "take the list out if this lasts: it lists everything",
        HealthState::Unclear(Cause::NoPositiveControl | Cause::UnverifiedControlMissing(_)) => {
            "name a test entry in the catalogue that the list is known to have"
        }
        HealthState::Unclear(Cause::Withdrawn(_)) => "sweep again: it is mended",
        HealthState::Unclear(Cause::Control { why, .. }) => advice_on_answer(why),
        HealthState::Unclear(Cause::NotAsked(_)) => "see the limits under which the list is asked",
        HealthState::Quarantined(Quarantine {
            reason: QuarantineReason::MassListing { .. },
            ..
        }) => "look up some of these subjects on the list's own page before believing it",
        HealthState::Quarantined(_) => "wait until caches have forgotten it",
        HealthState::Unclear(_) | HealthState::Untested | HealthState::Healthy => {
            "see whether the resolver reaches the list's name servers"
        }
    }
}

fn advice_on_answer(why: &Unsettled) -> &'static str {
    match why {
        Unsettled::DomainGone(_) => {
            "ask through another resolver; if it is the same there, the list's domain is gone and the list is to be taken out"
        }
        Unsettled::NoData => {
            "see whether the resolver takes addresses in 127.0.0.0/8 out of answers; if it does not, the list is broken"
        }
        Unsettled::NotTheLists(_) => "ask through a resolver that answers nothing of its own",
        Unsettled::Lookup(error) if error.kind() == LookupErrorKind::NoServers => {
            "name a resolver to ask"
        }
        _ => "see whether the resolver reaches the list's name servers",
    }
}

#[cfg(test)]
mod tests;
