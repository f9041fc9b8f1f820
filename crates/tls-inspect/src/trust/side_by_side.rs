//! One chain under several stores.

use super::{PathOptions, TrustStore, TrustVerdict};
use crate::{ChainReport, CryptoProvider, Der};

/// What one store makes of a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct StoreVerdict {
    /// The name of the store.
    pub store: String,
    /// Its verdict.
    pub verdict: TrustVerdict,
}

/// Judges a chain under several stores, with a verdict for each in their order.
///
/// Root programs differ, and so do the systems that mail is sent from: a chain may be good for
/// one peer and not for another. The chain is described once, so this costs less than as many
/// calls of [`TrustStore::judge_with`]; the verdicts are the same.
///
/// ```
/// # #[cfg(feature = "aws-lc-rs")] {
/// use tls_inspect::{CryptoProvider, PathOptions, TrustStore, judge_side_by_side};
///
/// # let pem = include_bytes!("../../tests/data/example.pem");
/// let chain = TrustStore::certificates_from_pem(pem)?;
/// let stores = [TrustStore::webpki_roots(), TrustStore::from_pem("own", pem)?];
/// let provider = CryptoProvider::aws_lc_rs();
/// let now_unix = 1_800_000_000;
///
/// let verdicts = judge_side_by_side(&stores, &chain, &provider, now_unix, &PathOptions::new());
/// let names: Vec<_> = verdicts.iter().map(|one| one.store.as_str()).collect();
/// assert_eq!(names, ["mozilla", "own"]);
/// assert!(!verdicts[0].verdict.is_trusted());
/// # }
/// # Ok::<(), tls_inspect::TrustStoreError>(())
/// ```
#[must_use]
pub fn judge_side_by_side(
    stores: &[TrustStore],
    chain: &[Der],
    provider: &CryptoProvider,
    now_unix: i64,
    options: &PathOptions,
) -> Vec<StoreVerdict> {
    let report = ChainReport::new(chain, provider);
    let verdicts = stores.iter().map(|store| StoreVerdict {
        store: store.name().to_owned(),
        verdict: store.judge_described_with(chain, &report, provider, now_unix, options),
    });
    verdicts.collect()
}
