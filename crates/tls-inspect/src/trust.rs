//! Whether a chain leads to a trust anchor (RFC 5280 §6), and why not.

mod diagnosis;
mod store;

use std::time::Duration;

use rustls_pki_types::{CertificateDer, UnixTime};
use webpki::{EndEntityCert, KeyUsage};

pub use self::store::{TrustStore, TrustStoreError, TrustStoreErrorKind};
use crate::{ChainReport, CryptoProvider, Der, LifetimeState};

/// Whether a chain is trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum TrustVerdict {
    /// A path of valid certificates leads to an anchor of the store.
    Trusted {
        /// The elements of the chain that the path uses, the end-entity certificate first.
        path: Vec<usize>,
        /// The anchor's name.
        anchor: String,
    },
    /// There is none, for these reasons: at least one, the nearest to the end-entity
    /// certificate first.
    Untrusted(Vec<TrustFailure>),
}

impl TrustVerdict {
    /// Whether the chain is trusted.
    #[must_use]
    pub const fn is_trusted(&self) -> bool {
        matches!(self, Self::Trusted { .. })
    }

    /// The reasons why it is not, if it is not.
    #[must_use]
    pub fn failures(&self) -> &[TrustFailure] {
        match self {
            Self::Trusted { .. } => &[],
            Self::Untrusted(failures) => failures,
        }
    }
}

/// One reason why a chain is not trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct TrustFailure {
    /// The kind of reason.
    pub kind: TrustFailureKind,
    /// The element of the chain that it is about, as far as that can be told.
    #[cfg_attr(
        feature = "serde",
        serde(skip_serializing_if = "Option::is_none", default)
    )]
    pub element: Option<usize>,
    /// The issuer looked for, of [`MissingIntermediate`](TrustFailureKind::MissingIntermediate)
    /// and [`UnknownRoot`](TrustFailureKind::UnknownRoot).
    #[cfg_attr(
        feature = "serde",
        serde(skip_serializing_if = "Option::is_none", default)
    )]
    pub issuer: Option<String>,
    /// The reason in words.
    pub detail: String,
}

impl TrustFailure {
    /// A reason of this kind.
    #[must_use]
    pub fn new(kind: TrustFailureKind, element: Option<usize>, detail: impl Into<String>) -> Self {
        Self {
            kind,
            element,
            issuer: None,
            detail: detail.into(),
        }
    }
}

/// The kinds of [`TrustFailure`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum TrustFailureKind {
    /// The server sent no certificate.
    NoCertificate,
    /// Nobody who could have issued the end-entity certificate was sent or is in the store.
    /// Public authorities do not issue from a root, so an intermediate is missing; of a private
    /// authority, the root may simply be unknown.
    MissingIntermediate,
    /// The chain leads to an authority that the store does not hold: a root that was sent, or
    /// the issuer of the last intermediate, since roots usually are not sent. In the second
    /// case another intermediate may be missing in between.
    UnknownRoot,
    /// The end-entity certificate is signed with its own key, and not in the store.
    SelfSigned,
    /// A certificate of the path has expired.
    Expired,
    /// A certificate of the path is not valid yet.
    NotYetValid,
    /// A signature on the way up is wrong.
    BadSignature,
    /// The extended key usages do not allow a TLS server (RFC 5280 §4.2.1.12).
    InvalidPurpose,
    /// A certificate is used as an authority's and is none (RFC 5280 §4.2.1.9).
    NotCa,
    /// The end-entity certificate is an authority's, which the path check refuses. OpenSSL and
    /// browsers accept one.
    CaAsEndEntity,
    /// A path length or a name constraint forbids the path (RFC 5280 §4.2.1.9, §4.2.1.10).
    Constraint,
    /// A signature algorithm or a key is of a kind, or a size, that is not supported.
    UnsupportedAlgorithm,
    /// A certificate cannot be read, or holds what a verifier must refuse: an unknown critical
    /// extension, an old version, contradictory dates.
    Malformed,
    /// The authority has been distrusted by the root programs.
    Distrusted,
    /// Something else.
    Other,
}

impl TrustStore {
    /// Judges a chain at the time `now_unix`, in seconds since 1970-01-01T00:00:00Z.
    ///
    /// The elements after the first may be in any order, and those that a path does not need do
    /// no harm, expired or not. Names are not looked at: see
    /// [`match_identity`](crate::match_identity). Revocation is not looked at.
    ///
    /// If there is no path at `now_unix`, the chain is judged again at times at which its
    /// certificates were valid, so that an expired certificate does not hide that its issuer is
    /// unknown; both are then reported.
    ///
    /// Limits: the first [`ChainReport::MAX_ELEMENTS`] elements are used, a path holds at most
    /// six intermediates, and path building checks at most 100 signatures for each of at most
    /// nine times. An anchor's own expiry does not matter, as RFC 5280 §6.1 has it.
    #[must_use]
    pub fn judge(&self, chain: &[Der], provider: &CryptoProvider, now_unix: i64) -> TrustVerdict {
        self.judge_described(
            chain,
            &ChainReport::new(chain, provider),
            provider,
            now_unix,
        )
    }

    /// As [`judge`](Self::judge), of a chain already described.
    pub(crate) fn judge_described(
        &self,
        chain: &[Der],
        report: &ChainReport,
        provider: &CryptoProvider,
        now_unix: i64,
    ) -> TrustVerdict {
        let path = PathFinder {
            store: self,
            chain,
            provider,
        };
        let refusal = match path.find(now_unix) {
            Ok(verdict) => return verdict,
            Err(refusal) => refusal,
        };
        let mut failures = match path.find_at_other_times(report) {
            // Only the time is wrong.
            Ok(path) => time_failures(report, &path, now_unix),
            Err(timeless) => {
                let refusal = timeless.as_ref().unwrap_or(&refusal);
                let mut failures = diagnosis::diagnose(self, report, refusal);
                failures.extend(time_failures(report, &report.path, now_unix));
                failures
            }
        };
        if failures.is_empty() {
            failures.push(diagnosis::translate(&refusal, report));
        }
        // Those that belong to no element come last; the sort is stable.
        failures.sort_by_key(|failure| failure.element.unwrap_or(usize::MAX));
        TrustVerdict::Untrusted(failures)
    }
}

/// Why no path was found.
#[derive(Clone, Debug)]
enum Refusal {
    NoCertificate,
    /// The end-entity certificate was refused before a path was looked for.
    EndEntity(webpki::Error),
    Path(webpki::Error),
}

impl Refusal {
    fn is_about_time(&self) -> bool {
        use webpki::Error as E;
        matches!(
            self,
            Self::Path(E::CertExpired { .. } | E::CertNotValidYet { .. })
        )
    }
}

struct PathFinder<'a> {
    store: &'a TrustStore,
    chain: &'a [Der],
    provider: &'a CryptoProvider,
}

impl PathFinder<'_> {
    /// How many other times are tried.
    const MAX_TIMES: usize = 8;

    fn find(&self, unix: i64) -> Result<TrustVerdict, Refusal> {
        let (first, rest) = self.chain.split_first().ok_or(Refusal::NoCertificate)?;
        let rest = rest.get(..ChainReport::MAX_ELEMENTS - 1).unwrap_or(rest);
        let leaf_der = first.to_certificate_der();
        let leaf = EndEntityCert::try_from(&leaf_der).map_err(Refusal::EndEntity)?;
        let intermediates: Vec<CertificateDer<'_>> =
            rest.iter().map(Der::to_certificate_der).collect();
        let seconds = u64::try_from(unix).unwrap_or(0);
        let path = leaf
            .verify_for_usage(
                self.provider.algorithms(),
                self.store.anchors(),
                &intermediates,
                UnixTime::since_unix_epoch(Duration::from_secs(seconds)),
                KeyUsage::server_auth(),
                None,
                None,
            )
            .map_err(Refusal::Path)?;
        let used = path.intermediate_certificates().filter_map(|certificate| {
            let der = certificate.der();
            intermediates
                .iter()
                .position(|sent| *sent == der)
                .map(|index| index + 1)
        });
        Ok(TrustVerdict::Trusted {
            path: std::iter::once(0).chain(used).collect(),
            anchor: store::anchor_name(path.anchor()),
        })
    }

    /// A path that holds at all, holds when the last of its certificates begins to be valid; so
    /// these are the only times to try, and only within the end-entity certificate's.
    fn other_times(report: &ChainReport) -> Vec<i64> {
        let Some(leaf) = report.end_entity().map(|leaf| leaf.validity) else {
            return Vec::new();
        };
        let certificates = report
            .elements
            .iter()
            .filter_map(|element| element.certificate());
        let mut times: Vec<i64> = certificates
            .map(|certificate| certificate.validity.not_before)
            .filter(|time| (leaf.not_before..=leaf.not_after).contains(time))
            .collect();
        times.sort_unstable();
        times.dedup();
        times.truncate(Self::MAX_TIMES);
        times
    }

    /// The elements of a path that holds at another time, or the first refusal that is not
    /// about time.
    fn find_at_other_times(&self, report: &ChainReport) -> Result<Vec<usize>, Option<Refusal>> {
        let mut timeless = None;
        for time in Self::other_times(report) {
            match self.find(time) {
                Ok(TrustVerdict::Trusted { path, .. }) => return Ok(path),
                Err(refusal) if timeless.is_none() && !refusal.is_about_time() => {
                    timeless = Some(refusal);
                }
                _ => {}
            }
        }
        Err(timeless)
    }
}

/// The elements of `path` that are not valid at this time.
fn time_failures(report: &ChainReport, path: &[usize], now_unix: i64) -> Vec<TrustFailure> {
    let failure = |&index: &usize| {
        let certificate = report.certificate(index)?;
        // A root is trusted as it stands: its dates do not matter.
        if index > 0 && report.roots.contains(&index) {
            return None;
        }
        let validity = certificate.validity;
        let (kind, detail) = match validity.at(now_unix).state {
            LifetimeState::Valid => return None,
            LifetimeState::Expired => {
                let late = now_unix.abs_diff(validity.not_after);
                (
                    TrustFailureKind::Expired,
                    format!("expired {late} s before"),
                )
            }
            LifetimeState::NotYetValid => {
                let early = validity.not_before.abs_diff(now_unix);
                (
                    TrustFailureKind::NotYetValid,
                    format!("valid only {early} s later"),
                )
            }
        };
        Some(TrustFailure::new(kind, Some(index), detail))
    };
    path.iter().filter_map(failure).collect()
}

#[cfg(all(test, any(feature = "aws-lc-rs", feature = "ring")))]
mod tests;
