//! The steps of a roll-over, and when each may be taken (RFC 7671 §8.1 to §8.4).

use super::{
    NextChain, NextMatch, RecordAdvice, RecordStanding, Rollover, TlsaParameters, judge_each,
};
use crate::dane::{RecordOutcome, TlsaRecord};
use crate::{Certificate, ChainReport, CryptoProvider, Der, Validity};

/// When a chain may be changed, in seconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct RolloverSchedule {
    /// How many seconds a new record must be published before the chain that it is for is
    /// deployed: twice the TTL (RFC 7671 §8.1). While there are no records at all, it is twice
    /// the negative TTL; a sender that knows of none refuses nothing, but is not protected.
    pub wait: u64,
    /// The earliest time to deploy if the records are published at once.
    pub switch_from: i64,
    /// The last second to deploy: the last one at which the certificate is valid. Senders of
    /// DANE-EE do not look at it (RFC 7671 §5.1), and others do. `None` if the certificate
    /// cannot be read.
    #[cfg_attr(
        feature = "serde",
        serde(skip_serializing_if = "Option::is_none", default)
    )]
    pub switch_by: Option<i64>,
    /// The last second to publish, so that deploying by [`switch_by`](Self::switch_by) breaks
    /// nothing. It may be past.
    #[cfg_attr(
        feature = "serde",
        serde(skip_serializing_if = "Option::is_none", default)
    )]
    pub publish_by: Option<i64>,
    /// Whether [`publish_by`](Self::publish_by) is past: whatever is done now, for some time
    /// senders see an expired certificate, or some hold records without the new one.
    pub late: bool,
}

impl RolloverSchedule {
    pub(super) fn of(rollover: &Rollover<'_>, now_unix: i64) -> Self {
        let ttl = if rollover.records.is_empty() {
            rollover.negative_ttl
        } else {
            rollover.ttl
        };
        let wait = 2 * u64::from(ttl);
        let switch_by = validity(rollover.chain).map(|validity| validity.not_after);
        let publish_by = switch_by.map(|last| last.saturating_sub_unsigned(wait));
        Self {
            wait,
            switch_from: now_unix.saturating_add_unsigned(wait),
            switch_by,
            publish_by,
            late: publish_by.is_some_and(|last| last < now_unix),
        }
    }
}

/// When the end-entity certificate is valid, if it can be read.
pub(super) fn validity(chain: &[Der]) -> Option<Validity> {
    let certificate = Certificate::parse(chain.first()?.as_bytes()).ok()?;
    Some(certificate.validity)
}

/// A way to keep records and chain in step.
///
/// Records of combinations that are not of the scheme stay only if some of them are certain to
/// match the chain sent now, and some the next; those of which it could not be told go as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum RolloverScheme {
    /// `3 1 1` of the current and of the next key (RFC 7671 §8.1). The next key must be made
    /// long before it is used.
    CurrentAndNextKey,
    /// `3 1 1` of the current key and `2 1 1` of its issuer. Of the two, one outlasts a new key
    /// and the other a new issuer.
    KeyAndIssuer,
}

impl RolloverScheme {
    pub(super) const ALL: &'static [Self] = &[Self::CurrentAndNextKey, Self::KeyAndIssuer];

    const fn parameters(self) -> &'static [TlsaParameters] {
        const BOTH: &[TlsaParameters] =
            &[TlsaParameters::SERVER_KEY, TlsaParameters::AUTHORITY_KEY];
        match self {
            Self::CurrentAndNextKey => &[TlsaParameters::SERVER_KEY],
            Self::KeyAndIssuer => BOTH,
        }
    }
}

/// The steps from the current chain to the next, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct RolloverPlan {
    /// The way that it follows.
    pub scheme: RolloverScheme,
    /// The steps. Each is taken after those before it, one at a time (RFC 7671 §8.4).
    pub steps: Vec<RolloverStep>,
    /// The combinations of which, between deploying and the next step, no record matches the
    /// chain sent. RFC 7671 §8 allows none; where the next key is known only once it is in use,
    /// the rule cannot be kept, and senders that know only that combination refuse.
    pub uncovered: Vec<TlsaParameters>,
}

/// One step of a [`RolloverPlan`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct RolloverStep {
    /// The earliest time for it, in seconds since 1970-01-01T00:00:00Z.
    pub from: i64,
    /// The latest time for it, if there is one.
    #[cfg_attr(
        feature = "serde",
        serde(skip_serializing_if = "Option::is_none", default)
    )]
    pub by: Option<i64>,
    /// What to do.
    pub action: RolloverAction,
}

/// What to do in a step.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum RolloverAction {
    /// Add records.
    Publish {
        /// These records.
        records: Vec<TlsaRecord>,
        /// And with these parameters, those of the next chain, of which nothing is known yet.
        of_next: Vec<TlsaParameters>,
    },
    /// Have every server send the next chain, and see that it does.
    Deploy,
    /// Remove records.
    Withdraw {
        /// These records.
        records: Vec<TlsaRecord>,
    },
}

impl RolloverPlan {
    /// `None` if the scheme does not fit: no key can be read, no issuer was sent, the record of
    /// the issuer would not authenticate the chain, or the chains that stay need a record that it
    /// would have withdrawn.
    pub(super) fn of(
        rollover: &Rollover<'_>,
        scheme: RolloverScheme,
        records: &[RecordAdvice],
        schedule: &RolloverSchedule,
        provider: &CryptoProvider,
        now_unix: i64,
    ) -> Option<Self> {
        let site = Site {
            rollover,
            scheme,
            provider,
        };
        let begin = match rollover.next {
            NextChain::Chain(chain) => validity(chain).map(|validity| validity.not_before),
            _ => None,
        };
        let deploy_from = schedule.switch_from.max(begin.unwrap_or(i64::MIN));
        let now = site.records(rollover.chain, now_unix)?;
        let next = site.next_records(&now, deploy_from)?;
        let mut others = Vec::new();
        for chain in rollover.others {
            others.extend(site.records(chain, now_unix)?);
        }
        let plan = Plan {
            scheme,
            records,
            now,
            next,
            others,
            same_issuer: !matches!(rollover.next, NextChain::Chain(_)),
            schedule,
            now_unix,
            deploy_from,
        };
        (!plan.strands_others()).then(|| plan.steps())
    }
}

/// What records are made from.
struct Site<'a> {
    rollover: &'a Rollover<'a>,
    scheme: RolloverScheme,
    provider: &'a CryptoProvider,
}

impl Site<'_> {
    /// The records of the scheme for a chain.
    fn records(&self, chain: &[Der], at: i64) -> Option<Vec<TlsaRecord>> {
        let mut records = vec![TlsaParameters::SERVER_KEY.record(chain.first()?)?];
        if self.scheme == RolloverScheme::KeyAndIssuer {
            let report = ChainReport::new(chain, self.provider);
            let issuer = chain.get(*report.path.get(1)?)?;
            let record = TlsaParameters::AUTHORITY_KEY.record(issuer)?;
            let names = self.rollover.names;
            let outcomes = judge_each(
                chain,
                std::slice::from_ref(&record),
                names,
                self.provider,
                at,
            );
            if !matches!(outcomes.first(), Some(RecordOutcome::Matched { .. })) {
                return None;
            }
            records.push(record);
        }
        Some(records)
    }

    /// The records of the scheme for the next chain, as far as they are known. Where only the
    /// key is, its issuer is taken to be the same.
    fn next_records(&self, now: &[TlsaRecord], at: i64) -> Option<Option<Vec<TlsaRecord>>> {
        match self.rollover.next {
            NextChain::Unknown => Some(None),
            NextChain::Chain(chain) => self.records(chain, at).map(Some),
            NextChain::Key(key) => {
                let mut records = vec![TlsaParameters::SERVER_KEY.record_of_key(key)?];
                records.extend(now.iter().skip(1).cloned());
                Some(Some(records))
            }
        }
    }
}

/// What the steps follow from.
struct Plan<'a> {
    scheme: RolloverScheme,
    records: &'a [RecordAdvice],
    now: Vec<TlsaRecord>,
    next: Option<Vec<TlsaRecord>>,
    /// Those of the scheme for the chains that stay.
    others: Vec<TlsaRecord>,
    /// Whether the next chain is taken to be of the same issuer, since it is not known.
    same_issuer: bool,
    schedule: &'a RolloverSchedule,
    now_unix: i64,
    deploy_from: i64,
}

impl Plan<'_> {
    fn steps(self) -> RolloverPlan {
        // The key that is made while the certificate is issued can be published only afterwards.
        let key_follows = self.next.is_none() && self.scheme == RolloverScheme::KeyAndIssuer;
        let key = vec![TlsaParameters::SERVER_KEY];
        let of_next = match &self.next {
            None if !key_follows => key.clone(),
            _ => Vec::new(),
        };
        let publish_by = self.schedule.publish_by;
        let mut steps = Steps(Vec::new());
        steps.publish(self.now_unix, publish_by, self.missing(), of_next);
        let (foreign, old) = self.outdated();
        steps.withdraw(self.now_unix, publish_by, foreign);
        steps.0.push(RolloverStep {
            from: self.deploy_from,
            by: self.schedule.switch_by,
            action: RolloverAction::Deploy,
        });
        let after = self.deploy_from;
        if key_follows {
            steps.publish(after, None, Vec::new(), key.clone());
        }
        steps.withdraw(after, None, old);
        RolloverPlan {
            scheme: self.scheme,
            steps: steps.0,
            uncovered: if key_follows { key } else { Vec::new() },
        }
    }

    /// The records of the scheme that are not published.
    fn missing(&self) -> Vec<TlsaRecord> {
        let mut missing: Vec<TlsaRecord> = Vec::new();
        let of_next = self.next.iter().flatten();
        for record in self.now.iter().chain(of_next).chain(&self.others) {
            let published = self.records.iter().any(|one| one.record == *record);
            if !published && !missing.contains(record) {
                missing.push(record.clone());
            }
        }
        missing
    }

    /// Whether a record that the chains that stay may need is of a combination that has to go.
    fn strands_others(&self) -> bool {
        let mut needed = self.records.iter().filter(|one| one.for_others);
        needed.any(|one| !self.is_covered(TlsaParameters::of(&one.record)))
    }

    /// What is withdrawn: first all of the combinations that are not of the scheme and of which
    /// no record is certain to match, then the records that go after the change.
    ///
    /// The first must be gone before it (RFC 7671 §8), and entirely (§8.3): a sender that knows
    /// only such a combination refuses, and a stronger digest puts the records of the scheme out
    /// of account with every sender that honors RFC 7671 §9.
    fn outdated(&self) -> (Vec<TlsaRecord>, Vec<TlsaRecord>) {
        let (mut foreign, mut old) = (Vec::new(), Vec::new());
        for one in self.records {
            if matches!(one.standing, RecordStanding::Unusable(_)) || one.for_others {
                continue;
            }
            if !self.is_covered(TlsaParameters::of(&one.record)) {
                foreign.push(one.record.clone());
            } else if !self.outlasts(one) {
                old.push(one.record.clone());
            }
        }
        for record in &self.now {
            let published = self.records.iter().any(|one| one.record == *record);
            let stays = match &self.next {
                Some(next) => next.contains(record),
                None => TlsaParameters::of(record) == TlsaParameters::AUTHORITY_KEY,
            };
            if !published && !stays && !self.others.contains(record) {
                old.push(record.clone());
            }
        }
        (foreign, old)
    }

    /// Whether of a combination one record matches for certain before the change, and one
    /// after it (RFC 7671 §8). The scheme sees to its own.
    fn is_covered(&self, parameters: TlsaParameters) -> bool {
        let of_them = |one: &&RecordAdvice| TlsaParameters::of(&one.record) == parameters;
        let published = || self.records.iter().filter(of_them);
        self.scheme.parameters().contains(&parameters)
            || published().any(RecordAdvice::is_current)
                && published().any(|one| self.will_match(one))
    }

    /// Whether a record is certain to match after the change. Where not the whole next chain is
    /// known, its issuer is taken to be the same.
    fn will_match(&self, one: &RecordAdvice) -> bool {
        let survives = match &one.standing {
            RecordStanding::Current { survives, .. } => survives.new_key,
            _ => false,
        };
        match one.next {
            NextMatch::Matches => true,
            NextMatch::DoesNotMatch => false,
            NextMatch::NotKnown | NextMatch::Unclear(_) => self.same_issuer && survives,
        }
    }

    /// Whether a record of a combination that is covered stays: it will match, or may.
    fn outlasts(&self, one: &RecordAdvice) -> bool {
        if self.next.iter().flatten().any(|next| *next == one.record) {
            return true;
        }
        match (&one.standing, &one.next) {
            (_, NextMatch::Matches | NextMatch::Unclear(_)) => true,
            (_, NextMatch::DoesNotMatch) => false,
            (RecordStanding::Current { survives, .. }, NextMatch::NotKnown) => survives.new_key,
            (_, NextMatch::NotKnown) => true,
        }
    }
}

struct Steps(Vec<RolloverStep>);

impl Steps {
    fn publish(
        &mut self,
        from: i64,
        by: Option<i64>,
        records: Vec<TlsaRecord>,
        of_next: Vec<TlsaParameters>,
    ) {
        if !records.is_empty() || !of_next.is_empty() {
            let action = RolloverAction::Publish { records, of_next };
            self.0.push(RolloverStep { from, by, action });
        }
    }

    fn withdraw(&mut self, from: i64, by: Option<i64>, records: Vec<TlsaRecord>) {
        if !records.is_empty() {
            let action = RolloverAction::Withdraw { records };
            self.0.push(RolloverStep { from, by, action });
        }
    }
}
