//! TLSA records (RFC 6698 §2.1) and which of them count (RFC 7671 §9).

use std::fmt;

use crate::RecordData;

/// A TLSA record.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[expect(clippy::exhaustive_structs, reason = "RFC 6698 §2.1 has four fields")]
pub struct Tlsa {
    /// How the data bind the certificate.
    pub usage: CertificateUsage,
    /// Which part of the certificate they are about.
    pub selector: Selector,
    /// How they are derived from it.
    pub matching_type: MatchingType,
    /// The data.
    pub data: Vec<u8>,
}

impl Tlsa {
    /// The record in DNS data; `None` for data of another type.
    #[must_use]
    pub fn of(data: &RecordData) -> Option<Self> {
        match data {
            RecordData::Tlsa {
                usage,
                selector,
                matching_type,
                data,
            } => Some(Self {
                usage: CertificateUsage(*usage),
                selector: Selector(*selector),
                matching_type: MatchingType(*matching_type),
                data: data.clone(),
            }),
            _ => None,
        }
    }

    /// Why a sender of mail leaves the record out of account; `None` if it counts.
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
            // A certificate and a public key are both a SEQUENCE of DER.
            None if self.data.first() != Some(&0x30) => Some(TlsaFault::NotDer),
            None => None,
        }
    }
}

/// In presentation format (RFC 6698 §2.2).
impl fmt::Display for Tlsa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} {} {} ",
            self.usage.0, self.selector.0, self.matching_type.0
        )?;
        self.data
            .iter()
            .try_for_each(|octet| write!(f, "{octet:02x}"))
    }
}

/// Why a TLSA record does not count for mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum TlsaFault {
    /// PKIX-TA or PKIX-EE: not for SMTP (RFC 7672 §3.1.3).
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
            Self::PkixUsage => {
                f.write_str("its usage is not for mail (0 and 1 need public authorities)")
            }
            Self::UnknownUsage => f.write_str("its usage is unknown"),
            Self::UnknownSelector => f.write_str("its selector is unknown"),
            Self::UnknownMatchingType => f.write_str("its matching type is unknown"),
            Self::DigestLength { expected, found } => {
                write!(
                    f,
                    "its digest has {found} octets, and its type has {expected}"
                )
            }
            Self::NotDer => f.write_str("its data are neither a certificate nor a key"),
        }
    }
}

/// The records that count: the usable ones, and of those with equal usage and selector, beside the full ones, only those of the
/// strongest digest (RFC 7671 §9; for mail a MUST, RFC 7672 §5).
pub fn effective(records: &[Tlsa]) -> Vec<&Tlsa> {
    let usable: Vec<_> = records
        .iter()
        .filter(|record| record.unusable().is_none())
        .collect();
    let strongest = |record: &Tlsa| {
        let peers = usable
            .iter()
            .filter(|peer| (peer.usage, peer.selector) == (record.usage, record.selector));
        peers.map(|peer| peer.matching_type).max()
    };
    let counts = |record: &&&Tlsa| {
        // SHA2-512 is the stronger one, and has the greater number.
        record.matching_type == MatchingType::FULL
            || Some(record.matching_type) == strongest(record)
    };
    usable.iter().filter(counts).copied().collect()
}

/// A number of a registry, with the acronyms of RFC 7218.
macro_rules! registered {
    ($(#[$doc:meta])* $name:ident { $($(#[$item_doc:meta])* $constant:ident = $number:literal $acronym:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
        #[cfg_attr(feature = "serde", serde(transparent))]
        #[expect(clippy::exhaustive_structs, reason = "a wire number: one octet, for ever")]
        pub struct $name(pub u8);

        impl $name {
            $($(#[$item_doc])* pub const $constant: Self = Self($number);)+
        }

        /// The acronym, or the number.
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match *self {
                    $(Self::$constant => f.pad($acronym),)+
                    Self(number) => write!(f, "{number}"),
                }
            }
        }
    };
}

registered! {
    /// How a TLSA record binds the certificate (IANA, *TLSA Certificate Usages*; RFC 7218 §2.1).
    CertificateUsage {
        /// An authority that the public trusts.
        PKIX_TA = 0 "PKIX-TA",
        /// The end entity, which the public must trust as well.
        PKIX_EE = 1 "PKIX-EE",
        /// An authority of the domain's own; names and dates count (RFC 7672 §3.1.2).
        DANE_TA = 2 "DANE-TA",
        /// The end entity; names and dates do not count (RFC 7672 §3.1.1).
        DANE_EE = 3 "DANE-EE",
    }
}

registered! {
    /// Which part of the certificate a TLSA record is about (IANA, *TLSA Selectors*; RFC 7218 §2.2).
    Selector {
        /// The whole.
        CERT = 0 "Cert",
        /// The public key.
        SPKI = 1 "SPKI",
    }
}

registered! {
    /// How the data of a TLSA record are derived (IANA, *TLSA Matching Types*; RFC 7218 §2.3).
    MatchingType {
        /// Not at all.
        FULL = 0 "Full",
        /// By SHA-256.
        SHA2_256 = 1 "SHA2-256",
        /// By SHA-512.
        SHA2_512 = 2 "SHA2-512",
    }
}

impl MatchingType {
    /// How many octets a digest of the type has.
    fn digest_octets(self) -> Option<usize> {
        match self {
            Self::SHA2_256 => Some(32),
            Self::SHA2_512 => Some(64),
            _ => None,
        }
    }
}
