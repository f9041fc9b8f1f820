//! Which TLSA records last when the certificate changes, and when to change them (RFC 7671 §8).
//!
//! The rule of RFC 7671 §8 is that, at any time and for each combination of usage, selector and
//! matching type in use, a record matches the chain that the server sends. Caches keep old
//! records, so a new one must be out for some time before the chain that it is for (§8.1).

mod chain_records;
mod plan;

use std::cell::OnceCell;

pub use self::chain_records::{ChainRecord, TlsaParameters, all_tlsa_records, tlsa_records};
pub use self::plan::{
    RolloverAction, RolloverPlan, RolloverSchedule, RolloverScheme, RolloverStep,
};
use super::{
    CertificateUsage, DaneBinding, DaneFailureKind, DaneReport, DaneUncertainty, Judge,
    MatchingType, RecordOutcome, Selector, TlsaFault, TlsaRecord, is_spki,
};
use crate::{CryptoProvider, Der, ReferenceId};

/// A server whose certificate is to change, and what is published of it.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Rollover<'a> {
    /// The chain that the server sends now.
    pub chain: &'a [Der],
    /// The chains that the records are for as well, and which stay: of its other key, as of RSA
    /// beside ECDSA, and of its other addresses. A record that authenticates one of them is left
    /// where it is, whatever it is to the chain that changes.
    pub others: &'a [&'a [Der]],
    /// What is known of the chain that it is to send.
    pub next: NextChain<'a>,
    /// The published records.
    pub records: &'a [TlsaRecord],
    /// The reference identifiers of RFC 7672 §3.2.2, of which DANE-TA needs one.
    pub names: &'a [ReferenceId],
    /// The TTL of the records in seconds, as their zone has it. What a cache says is less.
    pub ttl: u32,
    /// For how many seconds a cache keeps that there are no records (RFC 2308 §5). It counts
    /// while none are published.
    pub negative_ttl: u32,
}

/// What is known of the chain that a server is to send. Where it is not all of it, plans take
/// its issuer to be that of the chain sent now.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum NextChain<'a> {
    /// Nothing.
    Unknown,
    /// The key of its end-entity certificate, as the DER of a SubjectPublicKeyInfo. A key can be
    /// made long before the certificate is issued. From anything else, nothing is planned: a digest
    /// of it would be one that no certificate matches.
    Key(&'a [u8]),
    /// All of it.
    Chain(&'a [Der]),
}

impl<'a> Rollover<'a> {
    /// A server of which nothing else is known than what it sends, and what is published with
    /// which TTL.
    #[must_use]
    pub const fn new(chain: &'a [Der], records: &'a [TlsaRecord], ttl: u32) -> Self {
        Self {
            chain,
            others: &[],
            next: NextChain::Unknown,
            records,
            names: &[],
            ttl,
            negative_ttl: 0,
        }
    }

    /// The same with these reference identifiers.
    #[must_use]
    pub const fn with_names(self, names: &'a [ReferenceId]) -> Self {
        Self { names, ..self }
    }

    /// The same with these chains beside it, which stay.
    #[must_use]
    pub const fn with_others(self, others: &'a [&'a [Der]]) -> Self {
        Self { others, ..self }
    }

    /// The same with this chain to come.
    #[must_use]
    pub const fn with_next(self, next: NextChain<'a>) -> Self {
        Self { next, ..self }
    }

    /// The same with this negative TTL.
    #[must_use]
    pub const fn with_negative_ttl(self, negative_ttl: u32) -> Self {
        Self {
            negative_ttl,
            ..self
        }
    }

    /// Says what lasts, what does not, and what to do when, at the time `now_unix`, in seconds
    /// since 1970-01-01T00:00:00Z.
    ///
    /// Limits: the first [`DaneReport::MAX_RECORDS`] records are looked at, and a path is built
    /// for at most [`DaneReport::MAX_PATHS`] of them with each of the two chains.
    #[must_use]
    pub fn advise(&self, provider: &CryptoProvider, now_unix: i64) -> RolloverAdvice {
        let looked_at = self.records.get(..DaneReport::MAX_RECORDS);
        let looked_at = looked_at.unwrap_or(self.records);
        let schedule = RolloverSchedule::of(self, now_unix);
        let current = judge_each(self.chain, looked_at, self.names, provider, now_unix);
        let next = self.next_outcomes(looked_at, provider, schedule.switch_from);
        let for_others = self.for_others(looked_at, provider, now_unix);
        let records: Vec<RecordAdvice> = looked_at
            .iter()
            .zip(current.into_iter().zip(next))
            .zip(for_others)
            .map(|((record, (now, next)), others)| RecordAdvice::of(record, now, next, others))
            .collect();
        let omitted = self.records.len() - looked_at.len();
        let schemes = RolloverScheme::ALL.iter().filter(|_| omitted == 0);
        let plans = schemes.filter_map(|&scheme| {
            RolloverPlan::of(self, scheme, &records, &schedule, provider, now_unix)
        });
        RolloverAdvice {
            uncovered: uncovered(&records, omitted, |one| {
                !one.is_current() && !matches!(one.standing, RecordStanding::Unclear(_))
            }),
            uncovered_by_next: uncovered(&records, omitted, |one| {
                one.next == NextMatch::DoesNotMatch
            }),
            plans: plans.collect(),
            omitted,
            records,
            schedule,
        }
    }

    /// Whether each of the records authenticates one of the chains that stay.
    fn for_others(
        &self,
        records: &[TlsaRecord],
        provider: &CryptoProvider,
        now_unix: i64,
    ) -> Vec<bool> {
        let mut found = vec![false; records.len()];
        for chain in self.others {
            let outcomes = judge_each(chain, records, self.names, provider, now_unix);
            for (found, outcome) in found.iter_mut().zip(outcomes) {
                // What may be needed, is.
                *found |= matches!(
                    outcome,
                    RecordOutcome::Matched { .. } | RecordOutcome::Unclear(_)
                );
            }
        }
        found
    }

    fn next_outcomes(
        &self,
        records: &[TlsaRecord],
        provider: &CryptoProvider,
        switch_from: i64,
    ) -> Vec<NextMatch> {
        match self.next {
            NextChain::Unknown => vec![NextMatch::NotKnown; records.len()],
            NextChain::Key(key) => records
                .iter()
                .map(|record| NextMatch::of_key(record, key))
                .collect(),
            NextChain::Chain(chain) => {
                // A chain is often at hand before it is valid.
                let begin = plan::validity(chain).map(|validity| validity.not_before);
                let at = switch_from.max(begin.unwrap_or(i64::MIN));
                let outcomes = judge_each(chain, records, self.names, provider, at);
                outcomes.into_iter().map(NextMatch::of).collect()
            }
        }
    }
}

/// What came of each record by itself, whichever others there are: a record that another has
/// outdone today may be the only one tomorrow.
fn judge_each(
    chain: &[Der],
    records: &[TlsaRecord],
    names: &[ReferenceId],
    provider: &CryptoProvider,
    now_unix: i64,
) -> Vec<RecordOutcome> {
    let judge = Judge {
        chain,
        names,
        provider,
        now_unix,
        report: OnceCell::new(),
    };
    let mut paths_left = DaneReport::MAX_PATHS;
    let outcomes = records.iter();
    outcomes
        .map(|record| judge.outcome(&[], record, &mut paths_left))
        .collect()
}

/// What follows for a server whose certificate is to change.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct RolloverAdvice {
    /// What becomes of each published record, in the order given.
    pub records: Vec<RecordAdvice>,
    /// How many records were left out, being over [`DaneReport::MAX_RECORDS`].
    pub omitted: usize,
    /// The combinations in use of which no record matches the chain sent now. There must be none
    /// (RFC 7671 §8): a sender that knows only such a combination refuses. What could not be
    /// told is not counted, so it is empty if records were left out: one of them may match.
    pub uncovered: Vec<TlsaParameters>,
    /// The combinations in use of which no record matches the next chain. There must be none
    /// when it is deployed. Empty if nothing of it is known, or if records were left out.
    pub uncovered_by_next: Vec<TlsaParameters>,
    /// When to do what.
    pub schedule: RolloverSchedule,
    /// What to do, in each of the ways that are safe and for which enough is known. None, if
    /// records were left out: one of them may outdo those of any plan (RFC 7671 §9).
    pub plans: Vec<RolloverPlan>,
}

/// What becomes of a published record.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct RecordAdvice {
    /// The record.
    pub record: TlsaRecord,
    /// What it is to the chain sent now.
    pub standing: RecordStanding,
    /// Whether it authenticates the next chain.
    pub next: NextMatch,
    /// Whether it authenticates one of the chains that stay, or may: see [`Rollover::others`].
    #[cfg_attr(feature = "serde", serde(default))]
    pub for_others: bool,
}

impl RecordAdvice {
    fn of(record: &TlsaRecord, now: RecordOutcome, next: NextMatch, for_others: bool) -> Self {
        let standing = match now {
            RecordOutcome::Unusable(fault) => RecordStanding::Unusable(fault),
            RecordOutcome::Matched { binding, path } => RecordStanding::Current {
                survives: Survival::of(record, binding, path.len() <= 1),
                binding,
            },
            // None is, since each is judged by itself.
            RecordOutcome::Outdone { .. } => RecordStanding::Idle,
            RecordOutcome::Unclear(cause) => RecordStanding::Unclear(cause),
            RecordOutcome::Failed(_) if for_others && next != NextMatch::Matches => {
                RecordStanding::Elsewhere
            }
            RecordOutcome::Failed(kinds) if kinds != [DaneFailureKind::NoMatch] => {
                RecordStanding::Failing(kinds)
            }
            RecordOutcome::Failed(_) => match next {
                NextMatch::Matches => RecordStanding::Planned,
                NextMatch::DoesNotMatch => RecordStanding::Stale,
                NextMatch::NotKnown | NextMatch::Unclear(_) => RecordStanding::Idle,
            },
        };
        Self {
            record: record.clone(),
            standing,
            next,
            for_others,
        }
    }

    /// Whether it authenticates the chain sent now.
    #[must_use]
    pub const fn is_current(&self) -> bool {
        matches!(self.standing, RecordStanding::Current { .. })
    }
}

/// What a published record is to the chain sent now.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum RecordStanding {
    /// It authenticates the chain.
    Current {
        /// What it binds.
        binding: DaneBinding,
        /// Which changes it outlasts.
        survives: Survival,
    },
    /// It matches nothing now, and authenticates the next chain: published beforehand, as it
    /// should be (RFC 7671 §8.1).
    Planned,
    /// It does not authenticate the chain, and does one of those that stay, or may: see
    /// [`Rollover::others`].
    Elsewhere,
    /// It matches neither chain, nor any of [`Rollover::others`], and can be withdrawn (RFC 7671
    /// §8.4) if those are all that the records are for.
    Stale,
    /// It matches nothing now, and not enough is known of the next chain: of a past one, or of
    /// one to come.
    Idle,
    /// It matches an authority, and yet the chain is not authenticated, for these reasons.
    Failing(Vec<DaneFailureKind>),
    /// It does not count for mail.
    Unusable(TlsaFault),
    /// Whether it authenticates the chain could not be told.
    Unclear(DaneUncertainty),
}

/// Whether a record authenticates the next chain.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum NextMatch {
    /// Nothing is known of the next chain.
    NotKnown,
    /// It does.
    Matches,
    /// It does not.
    DoesNotMatch,
    /// Could not be told.
    Unclear(DaneUncertainty),
}

impl NextMatch {
    fn of(outcome: RecordOutcome) -> Self {
        match outcome {
            RecordOutcome::Matched { .. } => Self::Matches,
            RecordOutcome::Unclear(cause) => Self::Unclear(cause),
            _ => Self::DoesNotMatch,
        }
    }

    /// Of a bare key, only DANE-EE with the selector SPKI says anything; of the certificate to
    /// come it is certain that it is another one.
    fn of_key(record: &TlsaRecord, key: &[u8]) -> Self {
        if record.unusable().is_some() {
            return Self::DoesNotMatch;
        }
        if !is_spki(key) {
            return Self::Unclear(DaneUncertainty::UnreadableKey);
        }
        match (record.usage, record.selector) {
            (CertificateUsage::DANE_EE, Selector::SPKI) if record.matches(key) => Self::Matches,
            (CertificateUsage::DANE_EE, _) => Self::DoesNotMatch,
            _ => Self::Unclear(DaneUncertainty::NoChain),
        }
    }
}

/// Which changes a record outlasts, each by itself. An authority that was sent must still be
/// sent afterwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Survival {
    /// A new end-entity certificate with the same key, from the same issuer.
    pub renewal: bool,
    /// A new end-entity certificate with a new key, from the same issuer.
    pub new_key: bool,
    /// A new end-entity certificate with the same key, from another issuer that the same
    /// authority above vouches for: a new intermediate.
    pub new_issuer: bool,
    /// A new certificate for the issuer's own, unchanged name and key, from the same authority
    /// above.
    pub reissued_issuer: bool,
}

impl Survival {
    /// `of_issuer` says whether the anchor itself signed the end-entity certificate.
    fn of(record: &TlsaRecord, binding: DaneBinding, of_issuer: bool) -> Self {
        let by_key = record.selector == Selector::SPKI;
        if record.usage == CertificateUsage::DANE_EE {
            return Self {
                renewal: by_key,
                new_key: false,
                new_issuer: by_key,
                reissued_issuer: true,
            };
        }
        // What is in the record in full need not be sent, so no other certificate displaces it.
        let in_full = record.matching_type == MatchingType::FULL
            || !matches!(binding, DaneBinding::Element(_));
        Self {
            renewal: true,
            new_key: true,
            new_issuer: !of_issuer,
            reissued_issuer: by_key || in_full || !of_issuer,
        }
    }
}

/// The combinations of usable records of which none matches, as `misses` says, and none may.
fn uncovered(
    records: &[RecordAdvice],
    omitted: usize,
    misses: impl Fn(&RecordAdvice) -> bool,
) -> Vec<TlsaParameters> {
    if omitted > 0 {
        return Vec::new();
    }
    let usable = |one: &&RecordAdvice| !matches!(one.standing, RecordStanding::Unusable(_));
    let mut found: Vec<_> = records
        .iter()
        .filter(usable)
        .map(|one| TlsaParameters::of(&one.record))
        .collect();
    found.sort_unstable();
    found.dedup();
    found.retain(|parameters| {
        let mut of_them = records
            .iter()
            .filter(|one| TlsaParameters::of(&one.record) == *parameters);
        of_them.all(&misses)
    });
    found
}

#[cfg(all(test, any(feature = "aws-lc-rs", feature = "ring")))]
mod tests;
