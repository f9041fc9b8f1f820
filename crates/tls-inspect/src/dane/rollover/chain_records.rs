//! The records that a chain would match.

use std::fmt;

use sha2::{Digest as _, Sha256, Sha512};

use crate::dane::{CertificateUsage, MatchingType, Selector, TlsaRecord, is_spki, select};
use crate::{ChainReport, CryptoProvider, Der};

/// The usage, selector and matching type of TLSA records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[expect(clippy::exhaustive_structs, reason = "RFC 6698 §2.1 has three")]
pub struct TlsaParameters {
    /// How the data bind the certificate.
    pub usage: CertificateUsage,
    /// Which part of the certificate they are about.
    pub selector: Selector,
    /// How they are derived from it.
    pub matching_type: MatchingType,
}

impl TlsaParameters {
    /// `3 1 1`: the SHA-256 of the server's key.
    pub const SERVER_KEY: Self = Self {
        usage: CertificateUsage::DANE_EE,
        selector: Selector::SPKI,
        matching_type: MatchingType::SHA2_256,
    };

    /// `2 1 1`: the SHA-256 of an authority's key.
    pub const AUTHORITY_KEY: Self = Self {
        usage: CertificateUsage::DANE_TA,
        selector: Selector::SPKI,
        matching_type: MatchingType::SHA2_256,
    };

    /// The parameters of a record.
    #[must_use]
    pub const fn of(record: &TlsaRecord) -> Self {
        Self {
            usage: record.usage,
            selector: record.selector,
            matching_type: record.matching_type,
        }
    }

    /// The record with these parameters for a certificate; `None` if its key cannot be found, or
    /// if selector or matching type are unknown.
    ///
    /// ```
    /// use tls_inspect::{TlsaParameters, TrustStore};
    ///
    /// # let pem = include_bytes!("../../../tests/data/example.pem");
    /// let chain = TrustStore::certificates_from_pem(pem)?;
    /// let record = TlsaParameters::SERVER_KEY.record(&chain[0]).unwrap();
    /// assert!(record.to_string().starts_with("3 1 1 "));
    /// # Ok::<(), tls_inspect::TrustStoreError>(())
    /// ```
    #[must_use]
    pub fn record(self, certificate: &Der) -> Option<TlsaRecord> {
        self.with_data(select(certificate, self.selector)?)
    }

    /// The record with these parameters for a key, given as SubjectPublicKeyInfo; `None` if it is
    /// something else, such as a private key or PEM, if the selector is another, or the matching
    /// type unknown.
    #[must_use]
    pub fn record_of_key(self, key: &[u8]) -> Option<TlsaRecord> {
        (self.selector == Selector::SPKI && is_spki(key))
            .then(|| self.with_data(key))
            .flatten()
    }

    fn with_data(self, selected: &[u8]) -> Option<TlsaRecord> {
        let data = match self.matching_type {
            MatchingType::FULL => selected.to_vec(),
            MatchingType::SHA2_256 => Sha256::digest(selected).to_vec(),
            MatchingType::SHA2_512 => Sha512::digest(selected).to_vec(),
            _ => return None,
        };
        Some(TlsaRecord {
            usage: self.usage,
            selector: self.selector,
            matching_type: self.matching_type,
            data,
        })
    }
}

/// As in a record: `3 1 1`.
impl fmt::Display for TlsaParameters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (usage, selector) = (self.usage.0, self.selector.0);
        write!(f, "{usage} {selector} {}", self.matching_type.0)
    }
}

/// A record that a chain would match.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct ChainRecord {
    /// The element of the chain that it is of.
    pub element: usize,
    /// The record.
    pub record: TlsaRecord,
}

/// The records `3 1 1` of the end-entity certificate and `2 1 1` of each authority that the
/// chain leads up to, nearest first.
///
/// A record of the second kind authenticates only with a name that the certificate has
/// (RFC 7672 §3.2.2), and only while the chain holds.
#[must_use]
pub fn tlsa_records(chain: &[Der], provider: &CryptoProvider) -> Vec<ChainRecord> {
    let parameters = [TlsaParameters::SERVER_KEY, TlsaParameters::AUTHORITY_KEY];
    records_with(&parameters, chain, provider)
}

/// As [`tlsa_records`], with every selector and matching type that is registered. The whole
/// certificate in a record is correct and large; RFC 7671 §10.1.2 advises against it.
#[must_use]
pub fn all_tlsa_records(chain: &[Der], provider: &CryptoProvider) -> Vec<ChainRecord> {
    let mut parameters = Vec::new();
    for usage in [CertificateUsage::DANE_EE, CertificateUsage::DANE_TA] {
        for &selector in Selector::KNOWN {
            for &matching_type in MatchingType::KNOWN {
                parameters.push(TlsaParameters {
                    usage,
                    selector,
                    matching_type,
                });
            }
        }
    }
    records_with(&parameters, chain, provider)
}

fn records_with(
    parameters: &[TlsaParameters],
    chain: &[Der],
    provider: &CryptoProvider,
) -> Vec<ChainRecord> {
    let report = ChainReport::new(chain, provider);
    let is_authority = |&element: &usize| {
        let certificate = report.certificate(element);
        certificate.is_some_and(|one| one.is_ca)
    };
    let authorities = report.path.iter().copied().skip(1).filter(is_authority);
    // A path has the first element even where it cannot be read, and its octets are matched all
    // the same.
    let elements = report.path.iter().copied().take(1).chain(authorities);
    let mut found = Vec::new();
    for element in elements {
        let usage = match element {
            0 => CertificateUsage::DANE_EE,
            _ => CertificateUsage::DANE_TA,
        };
        let of_element = parameters.iter().filter(|one| one.usage == usage);
        found.extend(of_element.filter_map(|parameters| {
            let record = parameters.record(chain.get(element)?)?;
            Some(ChainRecord { element, record })
        }));
    }
    found
}
