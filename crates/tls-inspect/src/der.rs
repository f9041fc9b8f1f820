//! DER octets kept exactly as received, and the few lines of DER reading that the rest needs.

pub(crate) mod reader;

use std::fmt;

use rustls_pki_types::CertificateDer;
use sha2::{Digest, Sha256};

/// DER octets exactly as the peer sent them: a certificate, a name or an OCSP response.
///
/// Nothing says that they are well-formed. In JSON they are standard base64, as in a PEM body.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Der(Vec<u8>);

impl Der {
    /// Keeps these octets.
    #[must_use]
    pub fn new(octets: impl Into<Vec<u8>>) -> Self {
        Self(octets.into())
    }

    /// The octets.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The SHA-256 of the octets, as lower-case hexadecimal.
    #[must_use]
    pub fn sha256(&self) -> String {
        sha256_hex(&self.0)
    }

    pub(crate) fn to_certificate_der(&self) -> CertificateDer<'_> {
        CertificateDer::from(self.as_bytes())
    }
}

impl AsRef<[u8]> for Der {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl From<CertificateDer<'_>> for Der {
    fn from(der: CertificateDer<'_>) -> Self {
        Self(der.as_ref().to_vec())
    }
}

impl fmt::Debug for Der {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Der({} octets, sha256 {})", self.0.len(), self.sha256())
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Der {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        base64_octets::serialize(&self.0, serializer)
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for Der {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        base64_octets::deserialize(deserializer).map(Self)
    }
}

/// Octets as a base64 string (RFC 4648 §4), for `serde(with = …)`.
#[cfg(feature = "serde")]
pub(crate) mod base64_octets {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    pub(crate) fn serialize<S: Serializer>(octets: &[u8], to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&STANDARD.encode(octets))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(from)?;
        STANDARD
            .decode(text)
            .map_err(|_| D::Error::custom("expected base64"))
    }
}

pub(crate) fn sha256_hex(octets: &[u8]) -> String {
    hex(&Sha256::digest(octets))
}

pub(crate) fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

/// One tag-length-value (X.690 §8.1), short tags and definite lengths only, as DER demands.
pub(crate) struct Tlv<'a> {
    pub(crate) tag: u8,
    pub(crate) value: &'a [u8],
}

/// Reads one value from the front of `input` and returns it with what follows.
pub(crate) fn read_tlv(input: &[u8]) -> Option<(Tlv<'_>, &[u8])> {
    let (&tag, rest) = input.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        0x81..=0x84 => {
            let (octets, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            let length = octets
                .iter()
                .fold(0_u64, |sum, &octet| sum << 8 | u64::from(octet));
            (usize::try_from(length).ok()?, rest)
        }
        _ => return None,
    };
    let (value, rest) = rest.split_at_checked(length)?;
    Some((Tlv { tag, value }, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tlv_reads_short_and_long_lengths() {
        let (tlv, rest) = read_tlv(&[0x02, 0x01, 0x05, 0xff]).unwrap();
        assert_eq!((tlv.tag, tlv.value, rest), (2, &[5][..], &[0xff][..]));
        let mut long = vec![0x30, 0x82, 0x01, 0x00];
        long.extend([7; 256]);
        assert_eq!(read_tlv(&long).unwrap().0.value.len(), 256);
    }

    #[test]
    fn tlv_refuses_what_is_cut_off_or_indefinite() {
        for input in [
            &[][..],
            &[0x30],
            &[0x30, 0x80, 0, 0],
            &[0x30, 2, 1],
            &[0x30, 0x82, 1],
        ] {
            assert!(read_tlv(input).is_none(), "{input:?}");
        }
    }

    #[cfg(feature = "serde")]
    #[test]
    fn der_is_base64_in_json() {
        let der = Der::new([0x30, 0x00]);
        let json = serde_json::to_string(&der).unwrap();
        assert_eq!(json, "\"MAA=\"");
        assert_eq!(serde_json::from_str::<Der>(&json).unwrap(), der);
        assert!(serde_json::from_str::<Der>("\"!\"").is_err());
    }
}
