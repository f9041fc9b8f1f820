//! Whether TLSA records authenticate a chain, by the rules for mail (RFC 7671, RFC 7672).

mod anchor;
mod rollover;
mod tlsa;

use std::cell::OnceCell;

use x509_parser::prelude::FromDer as _;
use x509_parser::x509::SubjectPublicKeyInfo;

pub use self::rollover::{
    ChainRecord, NextChain, NextMatch, RecordAdvice, RecordStanding, Rollover, RolloverAction,
    RolloverAdvice, RolloverPlan, RolloverSchedule, RolloverScheme, RolloverStep, Survival,
    TlsaParameters, all_tlsa_records, tlsa_records,
};
pub use self::tlsa::{CertificateUsage, MatchingType, Selector, TlsaFault, TlsaRecord};
use crate::der::read_tlv;
use crate::{
    ChainReport, CryptoProvider, Der, IdentityMatch, LifetimeState, ReferenceId, TrustFailure,
};

/// Judges a chain by the TLSA records of a server, at the time `now_unix`, in seconds since
/// 1970-01-01T00:00:00Z.
///
/// The records must be secure by DNSSEC, which is the caller's to know. `names` are the
/// reference identifiers of RFC 7672 §3.2.2; one of them must be in the certificate where a
/// DANE-TA record is to count (§3.2.3). For DANE-EE they do not matter, nor do dates, nor the
/// rest of the chain (RFC 7671 §5.1).
///
/// That a chain is authenticated does not say that the peer holds its key: a copied chain
/// authenticates just as well. See [`Capture::key_possession`](crate::Capture::key_possession).
///
/// Limits: the first [`DaneReport::MAX_RECORDS`] records are judged, and a path is built for at
/// most [`DaneReport::MAX_PATHS`] of them.
#[must_use]
pub fn judge_dane(
    chain: &[Der],
    records: &[TlsaRecord],
    names: &[ReferenceId],
    provider: &CryptoProvider,
    now_unix: i64,
) -> DaneVerdict {
    DaneReport::new(chain, records, names, provider, now_unix).verdict
}

/// What came of each TLSA record, and of all together.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct DaneReport {
    /// What came of each record, in the order given.
    pub records: Vec<RecordOutcome>,
    /// How many records were left out, being over [`MAX_RECORDS`](Self::MAX_RECORDS).
    pub omitted: usize,
    /// What follows for the chain.
    pub verdict: DaneVerdict,
}

impl DaneReport {
    /// How many records are judged.
    pub const MAX_RECORDS: usize = 64;

    /// How many DANE-TA records get a path built.
    pub const MAX_PATHS: usize = 8;

    /// Judges as [`judge_dane`] does.
    #[must_use]
    pub fn new(
        chain: &[Der],
        records: &[TlsaRecord],
        names: &[ReferenceId],
        provider: &CryptoProvider,
        now_unix: i64,
    ) -> Self {
        let judge = Judge {
            chain,
            names,
            provider,
            now_unix,
            report: OnceCell::new(),
        };
        let looked_at = records.get(..Self::MAX_RECORDS).unwrap_or(records);
        let omitted = records.len() - looked_at.len();
        let mut paths_left = Self::MAX_PATHS;
        let outcomes = looked_at
            .iter()
            .map(|record| judge.outcome(looked_at, record, &mut paths_left));
        let outcomes: Vec<_> = outcomes.collect();
        let verdict = judge.verdict(looked_at, &outcomes, omitted);
        Self {
            records: outcomes,
            omitted,
            verdict,
        }
    }
}

/// What TLSA records say of a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum DaneVerdict {
    /// A record authenticates it. Of several, this is a DANE-EE record before a DANE-TA record,
    /// and of those the one with the shortest path.
    Authenticated {
        /// The index of the record.
        record: usize,
        /// The usage of the record.
        usage: CertificateUsage,
        /// What the record binds.
        binding: DaneBinding,
        /// The elements that the path uses, the end-entity certificate first and the anchor
        /// left out.
        path: Vec<usize>,
        /// The elements, of the path and the bound one, that are not within their dates now.
        /// This is information only: RFC 7671 §5.1 has DANE-EE ignore dates. With DANE-TA,
        /// whether an anchor counts that is out of its dates cannot be told.
        outside_validity: Vec<usize>,
    },
    /// Every usable record was checked, and none authenticates it.
    NotAuthenticated {
        /// Why not, the most telling first: the faults of a chain that leads to a record, from
        /// the end-entity certificate upwards, then a wrong name, then records that match
        /// nothing.
        failures: Vec<DaneFailure>,
    },
    /// No record is usable for mail. TLS is still mandatory, without authentication
    /// (RFC 7672 §2.2).
    AllUnusable,
    /// No record authenticates it as far as could be checked, and something could not.
    CouldNotTell {
        /// What stood in the way.
        cause: DaneUncertainty,
    },
}

impl DaneVerdict {
    /// Whether the chain is authenticated.
    #[must_use]
    pub const fn is_authenticated(&self) -> bool {
        matches!(self, Self::Authenticated { .. })
    }

    /// Why the chain is not authenticated, if it is known not to be.
    #[must_use]
    pub fn failures(&self) -> &[DaneFailure] {
        match self {
            Self::NotAuthenticated { failures } => failures,
            _ => &[],
        }
    }
}

/// What came of one TLSA record.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum RecordOutcome {
    /// The record does not count for mail.
    Unusable(TlsaFault),
    /// The record is usable and yet left out of account, since the record at this index has a
    /// stronger digest for the same usage and selector (RFC 7671 §9).
    Outdone {
        /// The index of the other record.
        by: usize,
    },
    /// The record authenticates the chain.
    Matched {
        /// What the record binds.
        binding: DaneBinding,
        /// The elements that the path uses, the end-entity certificate first and the anchor
        /// left out.
        path: Vec<usize>,
    },
    /// The record does not authenticate the chain, for these reasons.
    Failed(Vec<DaneFailureKind>),
    /// Whether it does could not be told.
    Unclear(DaneUncertainty),
}

/// What a TLSA record binds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum DaneBinding {
    /// This element of the chain.
    Element(usize),
    /// The certificate in the record itself, an authority that was not sent. Every sender must
    /// be able to use it (RFC 7671 §5.2.2).
    RecordCertificate {
        /// The element that it signed.
        below: usize,
    },
    /// The key in the record itself. Senders are advised to look at it, and cannot be counted on
    /// to (RFC 7671 §5.2.3).
    RecordKey {
        /// The element that it signed.
        signed: usize,
    },
}

/// One reason why a chain is not authenticated.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct DaneFailure {
    /// The index of the record.
    pub record: usize,
    /// What is wrong.
    pub kind: DaneFailureKind,
}

/// The kinds of [`DaneFailure`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum DaneFailureKind {
    /// The record matches nothing that was sent and is no authority of it.
    NoMatch,
    /// What a DANE-TA record matches or holds is no authority's certificate.
    NotCa {
        /// The element that it matches. `None` if it was not sent and is in the record itself.
        #[cfg_attr(
            feature = "serde",
            serde(skip_serializing_if = "Option::is_none", default)
        )]
        element: Option<usize>,
    },
    /// The chain does not lead to the authority of the record as it should.
    Trust(TrustFailure),
    /// The certificate has none of the names; this is what came of each.
    Identity(Vec<(ReferenceId, IdentityMatch)>),
}

impl DaneFailureKind {
    /// The lower, the more telling. The wrong name of a chain that is trusted by no record says
    /// nothing; of records that match nothing, most are of another time or another server.
    fn rank(&self) -> (u8, usize) {
        match self {
            Self::Trust(failure) => (0, failure.element.unwrap_or(usize::MAX)),
            Self::NotCa { element } => (0, element.unwrap_or(usize::MAX)),
            Self::Identity(_) => (1, 0),
            Self::NoMatch => (2, 0),
        }
    }
}

/// Why it could not be told whether a record authenticates a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum DaneUncertainty {
    /// There is no chain.
    NoChain,
    /// There is no record.
    NoRecord,
    /// There is no name to look for, and a DANE-TA record needs one.
    NoName,
    /// The certificate has the name as its common name only, and no DNS-ID. Of a sender with a
    /// DANE-TA record, RFC 7672 §3.2.3 has it count then, RFC 7671 §10.2 where it is still
    /// supported, and RFC 9525 §2 never.
    CommonNameOnly,
    /// The key of the end-entity certificate cannot be found in it.
    UnreadableCertificate,
    /// What was given as the key of a certificate to come is no SubjectPublicKeyInfo.
    UnreadableKey,
    /// What a DANE-TA record holds or matches cannot serve as an anchor.
    UnreadableAnchor,
    /// A key or a signature is beyond the provider; the text says which.
    Unsupported(String),
    /// The path check gave up, or refused what others accept; the text says why.
    PathNotChecked(String),
    /// The chain has more than [`ChainReport::MAX_ELEMENTS`] elements.
    ChainTooLong,
    /// There are more records, or more of DANE-TA, than are judged.
    TooManyRecords,
}

/// What records are judged with.
struct Judge<'a> {
    chain: &'a [Der],
    names: &'a [ReferenceId],
    provider: &'a CryptoProvider,
    now_unix: i64,
    report: OnceCell<ChainReport>,
}

impl Judge<'_> {
    /// The chain described, which takes signature checks that DANE-EE has no use for.
    fn report(&self) -> &ChainReport {
        self.report
            .get_or_init(|| ChainReport::new(self.chain, self.provider))
    }

    fn outcome(
        &self,
        records: &[TlsaRecord],
        record: &TlsaRecord,
        paths_left: &mut usize,
    ) -> RecordOutcome {
        if let Some(fault) = record.unusable() {
            return RecordOutcome::Unusable(fault);
        }
        if let Some(by) = tlsa::outdone_by(records, record) {
            return RecordOutcome::Outdone { by };
        }
        let Some(leaf) = self.chain.first() else {
            return RecordOutcome::Unclear(DaneUncertainty::NoChain);
        };
        if record.usage == CertificateUsage::DANE_EE {
            return end_entity(leaf, record);
        }
        let Some(left) = paths_left.checked_sub(1) else {
            return RecordOutcome::Unclear(DaneUncertainty::TooManyRecords);
        };
        *paths_left = left;
        anchor::judge(self, record)
    }

    fn verdict(
        &self,
        records: &[TlsaRecord],
        outcomes: &[RecordOutcome],
        omitted: usize,
    ) -> DaneVerdict {
        if let Some(authenticated) = self.best(records, outcomes) {
            return authenticated;
        }
        let doubt = outcomes.iter().find_map(|outcome| match outcome {
            RecordOutcome::Unclear(cause) => Some(cause.clone()),
            _ => None,
        });
        let too_many = (omitted > 0).then_some(DaneUncertainty::TooManyRecords);
        let none = outcomes.is_empty().then_some(DaneUncertainty::NoRecord);
        if let Some(cause) = doubt.or(too_many).or(none) {
            return DaneVerdict::CouldNotTell { cause };
        }
        let mut failures = Vec::new();
        for (record, outcome) in outcomes.iter().enumerate() {
            if let RecordOutcome::Failed(kinds) = outcome {
                let of_record = |kind: &DaneFailureKind| DaneFailure {
                    record,
                    kind: kind.clone(),
                };
                failures.extend(kinds.iter().map(of_record));
            }
        }
        if failures.is_empty() {
            return DaneVerdict::AllUnusable;
        }
        // The sort is stable.
        failures.sort_by_key(|failure| failure.kind.rank());
        DaneVerdict::NotAuthenticated { failures }
    }

    fn best(&self, records: &[TlsaRecord], outcomes: &[RecordOutcome]) -> Option<DaneVerdict> {
        let matched = records.iter().zip(outcomes).enumerate();
        let matched = matched.filter_map(|(index, (record, outcome))| match outcome {
            RecordOutcome::Matched { binding, path } => Some((index, record.usage, *binding, path)),
            _ => None,
        });
        let (record, usage, binding, path) =
            matched.min_by_key(|&(_, usage, _, path)| (std::cmp::Reverse(usage), path.len()))?;
        let bound = match binding {
            DaneBinding::Element(element) => Some(element),
            _ => None,
        };
        let bound = bound.filter(|element| !path.contains(element));
        let used = path.iter().copied().chain(bound);
        Some(DaneVerdict::Authenticated {
            record,
            usage,
            binding,
            path: path.clone(),
            outside_validity: used
                .filter(|&element| self.is_out_of_date(element))
                .collect(),
        })
    }

    fn is_out_of_date(&self, element: usize) -> bool {
        let certificate = self.report().certificate(element);
        certificate.is_some_and(|one| one.validity.at(self.now_unix).state != LifetimeState::Valid)
    }
}

/// Judges by a usable DANE-EE record: no name, no date and no other element counts
/// (RFC 7671 §5.1, RFC 7672 §3.1.1).
fn end_entity(leaf: &Der, record: &TlsaRecord) -> RecordOutcome {
    match select(leaf, record.selector) {
        None => RecordOutcome::Unclear(DaneUncertainty::UnreadableCertificate),
        Some(selected) if record.matches(selected) => RecordOutcome::Matched {
            binding: DaneBinding::Element(0),
            path: vec![0],
        },
        Some(_) => RecordOutcome::Failed(vec![DaneFailureKind::NoMatch]),
    }
}

/// The part of a certificate that a record is about.
fn select(certificate: &Der, selector: Selector) -> Option<&[u8]> {
    match selector {
        Selector::CERT => Some(certificate.as_bytes()),
        Selector::SPKI => spki(certificate.as_bytes()),
        _ => None,
    }
}

/// The SubjectPublicKeyInfo of a certificate, header and all, exactly as received. It stands
/// after the optional version, the serial number, the signature algorithm, the issuer, the
/// validity and the subject (RFC 5280 §4.1).
fn spki(certificate: &[u8]) -> Option<&[u8]> {
    let (certificate, _) = read_tlv(certificate)?;
    let (tbs, _) = read_tlv(certificate.value)?;
    let mut input = tbs.value;
    let (first, after) = read_tlv(input)?;
    if first.tag == 0xa0 {
        input = after;
    }
    for _ in 0..5 {
        (_, input) = read_tlv(input)?;
    }
    let (spki, rest) = read_tlv(input)?;
    (spki.tag == 0x30)
        .then(|| input.split_at_checked(input.len() - rest.len()))
        .flatten()
        .map(|(spki, _)| spki)
}

/// Whether the octets are one SubjectPublicKeyInfo, and no certificate, private key or text.
fn is_spki(octets: &[u8]) -> bool {
    SubjectPublicKeyInfo::from_der(octets).is_ok_and(|(rest, _)| rest.is_empty())
}

#[cfg(all(test, any(feature = "aws-lc-rs", feature = "ring")))]
mod tests;
