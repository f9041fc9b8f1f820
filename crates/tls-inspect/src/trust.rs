//! Whether a chain leads to a trust anchor (RFC 5280 §6), and why not.

mod crl;
mod diagnosis;
mod dns_constraints;
mod limits;
mod missing;
mod options;
mod path;
mod side_by_side;
mod store;

use self::crl::Crls;
pub use self::missing::MissingIssuer;
pub use self::options::{PathOptions, Purpose};
use self::path::{PathFinder, Refusal};
pub use self::side_by_side::{StoreVerdict, judge_side_by_side};
pub use self::store::{TrustStore, TrustStoreError, TrustStoreErrorKind};
use crate::revocation::Revocation;
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
    /// What the element says of that issuer, if the issuer was not sent.
    #[cfg_attr(
        feature = "serde",
        serde(skip_serializing_if = "Option::is_none", default)
    )]
    pub missing: Option<Box<MissingIssuer>>,
    /// When and why it was revoked, of [`Revoked`](TrustFailureKind::Revoked).
    #[cfg_attr(
        feature = "serde",
        serde(skip_serializing_if = "Option::is_none", default)
    )]
    pub revocation: Option<Revocation>,
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
            missing: None,
            revocation: None,
            detail: detail.into(),
        }
    }
}

impl TrustFailure {
    /// What the element that this is about says of an issuer that was not sent.
    fn missing_issuer(&self, report: &ChainReport) -> Option<Box<MissingIssuer>> {
        let looked_for = matches!(
            self.kind,
            TrustFailureKind::MissingIntermediate | TrustFailureKind::UnknownRoot
        );
        let element = self.element.filter(|_| looked_for)?;
        if report.elements.get(element)?.is_self_signed(element) {
            return None;
        }
        MissingIssuer::of(report.certificate(element)?).map(Box::new)
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
    /// The extended key usages do not allow the [`Purpose`] asked for, which is a TLS server's
    /// unless said otherwise (RFC 5280 §4.2.1.12).
    InvalidPurpose,
    /// A certificate is used as an authority's and is none (RFC 5280 §4.2.1.9), or its key usages
    /// do not let it sign certificates (§4.2.1.3).
    NotCa,
    /// The end-entity certificate is an authority's, which the path check refuses. OpenSSL and
    /// browsers accept one.
    CaAsEndEntity,
    /// A path length or a name constraint forbids the path (RFC 5280 §4.2.1.9, §4.2.1.10).
    Constraint,
    /// There is a path, with more intermediates than
    /// [`PathOptions::max_intermediates`] allows.
    PathTooLong,
    /// There is a path, and a certificate of it breaks a rule of
    /// [`PathOptions::conformity`].
    Nonconforming,
    /// A certificate of the path has been revoked, says one of [`PathOptions::crls`].
    Revoked,
    /// There is a path, and [`PathOptions::crls`] do not tell whether this certificate of it has
    /// been revoked. This is neither good nor bad: with other lists the path may hold or not.
    RevocationUnknown,
    /// There is a path, and its anchor is not within its dates. By RFC 5280 §6.1 they do not
    /// matter, and OpenSSL, GnuTLS and Go refuse such a path. Of anchors that were not given as
    /// certificates the dates are not known.
    AnchorOutOfDate,
    /// A signature algorithm or a key is of a kind, or a size, that is not supported.
    UnsupportedAlgorithm,
    /// A certificate cannot be read, or holds what a verifier must refuse: an unknown critical
    /// extension, an old version, contradictory dates.
    Malformed,
    /// The authority has been distrusted by the root programs.
    Distrusted,
    /// Something else, such as what the path check refuses and others accept: an end-entity
    /// certificate before version 3, a critical extension about policies, or constraints of names
    /// that are neither DNS names nor addresses.
    Other,
}

impl TrustStore {
    /// Judges a chain at the time `now_unix`, in seconds since 1970-01-01T00:00:00Z.
    ///
    /// The elements after the first may be in any order, and those that a path does not need do
    /// no harm, expired or not. Names are not looked at: see
    /// [`match_identity`](crate::match_identity). Revocation is not looked at, and the purpose is
    /// that of a server: see [`judge_with`](Self::judge_with) for others.
    ///
    /// If there is no path at `now_unix`, the chain is judged again at times at which its
    /// certificates were valid, so that an expired certificate does not hide that its issuer is
    /// unknown; both are then reported.
    ///
    /// Limits: the first [`ChainReport::MAX_ELEMENTS`] elements are used, a path holds at most
    /// six intermediates, and path building checks at most 100 signatures for each of at most
    /// nine times, and as many again where there are elements that the path does not need. An anchor's own dates are looked at where they are known: see
    /// [`AnchorOutOfDate`](TrustFailureKind::AnchorOutOfDate).
    #[must_use]
    pub fn judge(&self, chain: &[Der], provider: &CryptoProvider, now_unix: i64) -> TrustVerdict {
        self.judge_described(
            chain,
            &ChainReport::new(chain, provider),
            provider,
            now_unix,
        )
    }

    /// As [`judge`](Self::judge), with options of the caller's own.
    ///
    /// Where there are several paths, one that the options do not allow is passed over for one
    /// that they do. If none is allowed, a path of which it could not be told whether it holds, by
    /// revocation lists or by its anchor, is reported before one that does not hold.
    ///
    /// Revocation lists are held against `now_unix`. An anchor's own revocation does not matter,
    /// and whether it may sign lists is known only of anchors given as certificates.
    ///
    /// ```
    /// # #[cfg(feature = "aws-lc-rs")] {
    /// use tls_inspect::{CryptoProvider, PathOptions, TrustStore};
    ///
    /// # let pem = include_bytes!("../tests/data/example.pem");
    /// let chain = TrustStore::certificates_from_pem(pem)?;
    /// let store = TrustStore::from_pem("example", pem)?;
    /// let provider = CryptoProvider::aws_lc_rs();
    /// let now_unix = 1_800_000_000;
    /// // Without options of the caller's own, it is the same question.
    /// let options = PathOptions::new();
    /// let verdict = store.judge_with(&chain, &provider, now_unix, &options);
    /// assert_eq!(verdict, store.judge(&chain, &provider, now_unix));
    /// # }
    /// # Ok::<(), tls_inspect::TrustStoreError>(())
    /// ```
    #[must_use]
    pub fn judge_with(
        &self,
        chain: &[Der],
        provider: &CryptoProvider,
        now_unix: i64,
        options: &PathOptions,
    ) -> TrustVerdict {
        let report = ChainReport::new(chain, provider);
        self.judge_described_with(chain, &report, provider, now_unix, options)
    }

    /// As [`judge`](Self::judge), of a chain already described.
    pub(crate) fn judge_described(
        &self,
        chain: &[Der],
        report: &ChainReport,
        provider: &CryptoProvider,
        now_unix: i64,
    ) -> TrustVerdict {
        self.judge_described_with(chain, report, provider, now_unix, &PathOptions::default())
    }

    fn judge_described_with(
        &self,
        chain: &[Der],
        report: &ChainReport,
        provider: &CryptoProvider,
        now_unix: i64,
        options: &PathOptions,
    ) -> TrustVerdict {
        let finder = PathFinder {
            store: self,
            chain,
            provider,
            options,
            crls: Crls::new(&options.crls, provider, now_unix),
            now_unix,
        };
        let refusal = match finder.find_beside(report, now_unix) {
            Ok(path) => return path.into(),
            Err(Refusal::Options(failures)) => return TrustVerdict::Untrusted(failures),
            Err(refusal) => refusal,
        };
        let mut failures = match finder.find_at_other_times(report) {
            // Only the time is wrong.
            Ok(path) => time_failures(report, &path, now_unix),
            Err(timeless) => {
                let refusal = timeless.as_ref().unwrap_or(&refusal);
                let mut failures = diagnosis::diagnose(&finder, report, refusal);
                failures.extend(time_failures(report, &report.path, now_unix));
                failures
            }
        };
        if failures.is_empty() {
            failures.extend(diagnosis::translate(&finder, &refusal, report));
        }
        for failure in &mut failures {
            failure.missing = failure.missing_issuer(report);
        }
        // Those that belong to no element come last; the sort is stable.
        failures.sort_by_key(|failure| failure.element.unwrap_or(usize::MAX));
        TrustVerdict::Untrusted(failures)
    }
}

/// The elements of `path` that are not valid at this time.
fn time_failures(report: &ChainReport, path: &[usize], now_unix: i64) -> Vec<TrustFailure> {
    let failure = |&index: &usize| {
        let certificate = report.certificate(index)?;
        // The dates of an anchor are looked at where a path leads to it.
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
