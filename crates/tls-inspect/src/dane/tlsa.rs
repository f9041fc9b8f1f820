//! TLSA records (RFC 6698 §2.1), and which of them count for mail.

use std::fmt;

use sha2::{Digest as _, Sha256, Sha512};

use crate::der::read_tlv;
use crate::numbers::wire_number;

wire_number! {
    /// How a TLSA record binds the certificate (RFC 6698 §2.1.1, RFC 7218 §2.1).
    CertificateUsage(u8), "{} ({})" {
        /// An authority that the public trusts.
        PKIX_TA = 0 => "PKIX-TA",
        /// The end entity, which the public must trust as well.
        PKIX_EE = 1 => "PKIX-EE",
        /// An authority that the domain names; the names (RFC 7672 §3.2.2) and dates
        /// (RFC 7671 §5.1) of what it signed count.
        DANE_TA = 2 => "DANE-TA",
        /// The end entity; names and dates do not count (RFC 7672 §3.1.1).
        DANE_EE = 3 => "DANE-EE",
    }
}

wire_number! {
    /// Which part of the certificate a TLSA record is about (RFC 6698 §2.1.2, RFC 7218 §2.2).
    Selector(u8), "{} ({})" {
        /// The whole.
        CERT = 0 => "Cert",
        /// The SubjectPublicKeyInfo.
        SPKI = 1 => "SPKI",
    }
}

wire_number! {
    /// How the data of a TLSA record are derived (RFC 6698 §2.1.3, RFC 7218 §2.3).
    MatchingType(u8), "{} ({})" {
        /// Not at all.
        FULL = 0 => "Full",
        /// By SHA-256.
        SHA2_256 = 1 => "SHA2-256",
        /// By SHA-512.
        SHA2_512 = 2 => "SHA2-512",
    }
}

impl MatchingType {
    /// How many octets a digest of the type has.
    const fn digest_octets(self) -> Option<usize> {
        match self {
            Self::SHA2_256 => Some(32),
            Self::SHA2_512 => Some(64),
            _ => None,
        }
    }
}

/// A TLSA record.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[expect(clippy::exhaustive_structs, reason = "RFC 6698 §2.1 has four fields")]
pub struct TlsaRecord {
    /// How the data bind the certificate.
    pub usage: CertificateUsage,
    /// Which part of the certificate they are about.
    pub selector: Selector,
    /// How they are derived from it.
    pub matching_type: MatchingType,
    /// The data.
    #[cfg_attr(feature = "serde", serde(with = "crate::der::base64_octets"))]
    pub data: Vec<u8>,
}

impl TlsaRecord {
    /// Why a sender of mail leaves the record out of account (RFC 6698 §4.1); `None` if it
    /// counts.
    #[must_use]
    pub fn unusable(&self) -> Option<TlsaFault> {
        match self.usage {
            CertificateUsage::DANE_TA | CertificateUsage::DANE_EE => {}
            CertificateUsage::PKIX_TA | CertificateUsage::PKIX_EE => {
                return Some(TlsaFault::PkixUsage);
            }
            _ => return Some(TlsaFault::UnknownUsage),
        }
        if !matches!(self.selector, Selector::CERT | Selector::SPKI) {
            return Some(TlsaFault::UnknownSelector);
        }
        let found = self.data.len();
        match self.matching_type.digest_octets() {
            Some(expected) if expected != found => {
                Some(TlsaFault::DigestLength { expected, found })
            }
            Some(_) => None,
            None if self.matching_type != MatchingType::FULL => {
                Some(TlsaFault::UnknownMatchingType)
            }
            None => (!is_sequence(&self.data)).then_some(TlsaFault::NotDer),
        }
    }

    /// Whether the data are those of `selected`, the part of a certificate that the selector
    /// names.
    pub(super) fn matches(&self, selected: &[u8]) -> bool {
        match self.matching_type {
            MatchingType::FULL => self.data == selected,
            MatchingType::SHA2_256 => self.data == Sha256::digest(selected).as_slice(),
            MatchingType::SHA2_512 => self.data == Sha512::digest(selected).as_slice(),
            _ => false,
        }
    }
}

/// In presentation format (RFC 6698 §2.2).
impl fmt::Display for TlsaRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} {} {} {}",
            self.usage.0,
            self.selector.0,
            self.matching_type.0,
            crate::der::hex(&self.data)
        )
    }
}

/// A certificate and a SubjectPublicKeyInfo are both one SEQUENCE and nothing after it.
fn is_sequence(data: &[u8]) -> bool {
    read_tlv(data).is_some_and(|(tlv, rest)| tlv.tag == 0x30 && rest.is_empty())
}

/// Why a TLSA record does not count for mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum TlsaFault {
    /// PKIX-TA or PKIX-EE. What a sender makes of them is undefined, and leaving them out is
    /// what RFC 7672 §3.1.3 names.
    PkixUsage,
    /// A usage that no RFC knows.
    UnknownUsage,
    /// A selector that no RFC knows.
    UnknownSelector,
    /// A matching type that no RFC knows.
    UnknownMatchingType,
    /// A digest of another length than its type has.
    DigestLength {
        /// How many octets it has by its type.
        expected: usize,
        /// How many it has.
        found: usize,
    },
    /// Data that should be a certificate or a key in full, and are neither.
    NotDer,
}

impl fmt::Display for TlsaFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PkixUsage => f.write_str("usages 0 and 1 are not for mail"),
            Self::UnknownUsage => f.write_str("unknown usage"),
            Self::UnknownSelector => f.write_str("unknown selector"),
            Self::UnknownMatchingType => f.write_str("unknown matching type"),
            Self::DigestLength { expected, found } => {
                write!(f, "expected a digest of {expected} octets, found {found}")
            }
            Self::NotDer => f.write_str("expected a certificate or a key as DER, found other"),
        }
    }
}

/// The record that takes the place of `records[index]`, if there is one: a usable one of the
/// same usage and selector with a stronger digest. A record in full is outdone by none and
/// outdoes none.
///
/// To prefer the stronger is a SHOULD of RFC 7671 §9, which RFC 7672 §5 has senders of mail
/// comply with; which digest is the stronger one is the sender's to say. One that keeps to
/// neither accepts what is refused here, and a domain must not count on it.
pub(super) fn outdone_by(records: &[TlsaRecord], record: &TlsaRecord) -> Option<usize> {
    record.matching_type.digest_octets()?;
    records.iter().position(|peer| {
        (peer.usage, peer.selector) == (record.usage, record.selector)
            // SHA2-512 is the stronger one, and has the greater number.
            && peer.matching_type > record.matching_type
            && peer.unusable().is_none()
    })
}
