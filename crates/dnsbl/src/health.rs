//! How a list is doing over one resolver path, and when it is looked at again.

use std::fmt;
use std::sync::Arc;

use mail_dns::DomainName;

use crate::{Cause, ControlReport, Fault, Kind, Refusal, Verdict};

/// How often a list's controls are asked, and how long a list that lied is left alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "the knobs of one state machine; a new one is a change of behavior"
)]
pub struct HealthPolicy {
    /// For how many seconds controls that were right prove something; 30 minutes unless set.
    pub fresh_for: u32,
    /// After how many seconds controls that failed are asked again for the first time, and then after twice as many each
    /// time; a minute unless set.
    pub retry_least: u32,
    /// The longest that they are left alone in seconds; 32 minutes unless set.
    pub retry_most: u32,
    /// For how many seconds a list in quarantine is left alone; an hour unless set.
    pub quarantine: u32,
    /// After how many lookups in a row that came to nothing the controls are asked again though they are fresh; 4 unless set.
    pub patience: u32,
}

impl Default for HealthPolicy {
    fn default() -> Self {
        Self {
            fresh_for: 30 * 60,
            retry_least: 60,
            retry_most: 32 * 60,
            quarantine: 60 * 60,
            patience: 4,
        }
    }
}

/// Why a list whose controls are right is not believed for a while.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum QuarantineReason {
    /// In one sweep it listed this many of so many subjects, which is more than can be.
    MassListing {
        /// How many it listed.
        listed: u64,
        /// Of how many.
        of: u64,
    },
    /// It has listed everything, or answered as no list does, and caches may still hold what it said: from when it was
    /// first seen to be mended, for as long as its lies may be kept, at most six hours.
    Echo(Box<Fault>),
}

impl fmt::Display for QuarantineReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MassListing { listed, of } => {
                write!(f, "it listed {listed} of {of} subjects in one sweep")
            }
            Self::Echo(fault) => write!(
                f,
                "caches may still hold what it said while it was broken: {fault}"
            ),
        }
    }
}

/// A time in which a list is not believed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Quarantine {
    /// Why.
    pub reason: QuarantineReason,
    /// Until when, in seconds since 1970.
    pub until: i64,
}

impl fmt::Display for Quarantine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.reason.fmt(f)
    }
}

/// How a list is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum HealthState {
    /// It was not looked at.
    Untested,
    /// Its controls are right.
    Healthy,
    /// It does not serve this resolver.
    Refusing(Refusal),
    /// It lists everything or nothing, or answers as no list does.
    Broken(Fault),
    /// It could not be told.
    Unclear(Cause),
    /// Its controls are right, and it is not believed for a while.
    Quarantined(Quarantine),
}

impl fmt::Display for HealthState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Untested => f.write_str("not looked at"),
            Self::Healthy => f.write_str("answers, and its controls are right"),
            Self::Refusing(refusal) => write!(f, "refuses this resolver: {refusal}"),
            Self::Broken(fault) => write!(f, "broken: {fault}"),
            Self::Unclear(cause) => write!(f, "could not tell: {cause}"),
            Self::Quarantined(quarantine) => write!(f, "not believed for now: {quarantine}"),
        }
    }
}

/// How a list is doing for one kind of subject, over one resolver path.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct ListHealth {
    /// The list.
    pub zone: DomainName,
    /// For which kind of subject.
    pub kind: Kind,
    /// How it is doing.
    pub state: HealthState,
    /// What its controls showed; `None` if they were not asked.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub report: Option<ControlReport>,
    /// The time in which it is not believed, whatever its controls show.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub quarantine: Option<Quarantine>,
    /// For whoever goes on from this: it is not known to be mended.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    lie: Option<Lie>,
    /// How many times in a row the controls failed, by which they are asked less and less often.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "is_none"))]
    failures: u32,
    /// When they are asked again, if somebody wants to know, in seconds since 1970.
    #[cfg_attr(feature = "serde", serde(default))]
    pub next_at: i64,
}

#[cfg(feature = "serde")]
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes it so")]
fn is_none(failures: &u32) -> bool {
    *failures == 0
}

/// What a list lied with, and for how many seconds caches hold it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
struct Lie {
    fault: Fault,
    echo: u32,
}

impl fmt::Display for ListHealth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}): {}", self.zone, self.kind, self.state)
    }
}

/// The state machine behind [`ListHealth`], for one list, kind and path.
#[derive(Debug, Default)]
pub(crate) struct Health {
    report: Option<Arc<ControlReport>>,
    /// How many times in a row the controls failed.
    failures: u32,
    quarantine: Option<Quarantine>,
    /// The last that it lied with, while it is not known to be mended.
    lie: Option<Lie>,
}

impl Health {
    /// What was seen of the controls, if that still holds at `now`; else they are to be asked.
    pub(crate) fn report(&self, policy: &HealthPolicy, now: i64) -> Option<&Arc<ControlReport>> {
        let report = self.report.as_ref()?;
        // A clock that is set back makes nothing fresh; calls that overtake each other do not set it back.
        let from = report.at.saturating_sub(i64::from(policy.retry_least));
        let fresh = (from..self.next_at(policy)).contains(&now);
        fresh.then_some(report)
    }

    /// Whether the controls were asked at `from` or later, be it that this no longer holds.
    pub(crate) fn was_asked_since(&self, from: i64) -> bool {
        self.report.as_ref().is_some_and(|it| it.at >= from)
    }

    /// The time in which the list is not believed, if `now` is in it.
    pub(crate) fn quarantine(&self, now: i64) -> Option<&Quarantine> {
        self.quarantine.as_ref().filter(|it| now < it.until)
    }

    /// Takes what the controls showed.
    pub(crate) fn record(&mut self, report: Arc<ControlReport>, policy: &HealthPolicy) {
        self.follow_clock(report.at);
        self.failures = if report.is_healthy() {
            0
        } else {
            self.failures.saturating_add(1)
        };
        match (report.lie(), report.overall()) {
            (Some((fault, echo)), _) => self.note_lie(fault, echo, policy),
            (None, None) => self.wait_out_lie(report.at),
            // Whether it still lies is not known.
            (None, Some(_)) => {}
        }
        self.report = Some(report);
    }

    /// Takes what was seen before, by another.
    pub(crate) fn go_on_from(&mut self, seen: &ListHealth, policy: &HealthPolicy) {
        if let Some(report) = &seen.report {
            self.record(Arc::new(report.clone()), policy);
            if self.failures > 0 {
                // None are known of what was stored before they were kept.
                self.failures = self.failures.max(seen.failures);
            }
        }
        // Some was stored when the state alone told of it.
        let of_state = match &seen.state {
            HealthState::Quarantined(quarantine) => Some(quarantine),
            _ => None,
        };
        for quarantine in of_state.into_iter().chain(&seen.quarantine) {
            self.quarantine_until(quarantine.reason.clone(), quarantine.until);
        }
        if let Some(lie) = &seen.lie {
            self.note_lie(lie.fault.clone(), lie.echo, policy);
        }
    }

    /// Keeps what the list lied with, which a cache may hold for `echo` seconds.
    fn note_lie(&mut self, fault: Fault, echo: u32, policy: &HealthPolicy) {
        let wait = echo.max(policy.retry_least).min(MAX_ECHO);
        let before = self.lie.take().map_or(0, |lie| lie.echo);
        let echo = wait.max(before);
        self.lie = Some(Lie { fault, echo });
    }

    /// A list that has lied is seen to be mended. That may have been just now, and a cache may have asked just before: it
    /// is not believed until what caches hold of the lie has run out.
    fn wait_out_lie(&mut self, now: i64) {
        if let Some(Lie { fault, echo }) = self.lie.take() {
            let reason = QuarantineReason::Echo(Box::new(fault));
            self.quarantine_until(reason, now.saturating_add(i64::from(echo)));
        }
    }

    /// A quarantine that lasts longer is not cut short by another.
    fn quarantine_until(&mut self, reason: QuarantineReason, until: i64) {
        if self.quarantine.as_ref().is_none_or(|it| it.until < until) {
            self.quarantine = Some(Quarantine { reason, until });
        }
    }

    /// A clock that was set back takes the end of the quarantine with it, so that it does not last for years.
    fn follow_clock(&mut self, now: i64) {
        let last = self.report.as_ref().map_or(now, |report| report.at);
        let back = last.saturating_sub(now).max(0);
        if let Some(quarantine) = &mut self.quarantine {
            quarantine.until = quarantine.until.saturating_sub(back);
        }
    }

    /// Stops believing the list for a while.
    pub(crate) fn isolate(&mut self, reason: QuarantineReason, policy: &HealthPolicy, now: i64) {
        self.quarantine_until(reason, now.saturating_add(i64::from(policy.quarantine)));
    }

    /// When the controls are to be asked again.
    pub(crate) fn next_at(&self, policy: &HealthPolicy) -> i64 {
        let Some(report) = &self.report else {
            return i64::MIN;
        };
        let wait = match self.failures.checked_sub(1) {
            None => policy.fresh_for,
            Some(doublings) => policy
                .retry_least
                .saturating_mul(2u32.saturating_pow(doublings))
                .min(policy.retry_most),
        };
        // An entry is believed by these controls, so they are no older than those that were right.
        let wait = match report.overall() {
            None => wait.min(policy.fresh_for),
            Some(_) => wait,
        };
        report.at.saturating_add(i64::from(wait))
    }

    pub(crate) fn state(&self, now: i64) -> HealthState {
        let Some(report) = &self.report else {
            return HealthState::Untested;
        };
        match (report.failure(), self.quarantine(now)) {
            (Some(Verdict::Refused(refusal)), _) => HealthState::Refusing(refusal),
            (Some(Verdict::Broken(fault)), _) => HealthState::Broken(fault),
            (Some(Verdict::Unknown(cause)), _) => HealthState::Unclear(cause),
            (_, Some(quarantine)) => HealthState::Quarantined(quarantine.clone()),
            _ => HealthState::Healthy,
        }
    }

    pub(crate) fn snapshot(
        &self,
        zone: &DomainName,
        kind: Kind,
        policy: &HealthPolicy,
        now: i64,
    ) -> ListHealth {
        ListHealth {
            zone: zone.clone(),
            kind,
            state: self.state(now),
            report: self.report.as_deref().cloned(),
            quarantine: self.quarantine(now).cloned(),
            lie: self.lie.clone(),
            failures: self.failures,
            next_at: self
                .report(policy, now)
                .map_or(now, |_| self.next_at(policy)),
        }
    }
}

/// The longest time for which a lie is waited out, in seconds: a parked domain's TTL may be days.
const MAX_ECHO: u32 = 6 * 60 * 60;

#[cfg(test)]
mod tests;
