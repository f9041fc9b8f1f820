//! The key in a key record: base64 of DER, or of 32 octets.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use crate::tag_list::is_blank;

/// The key of `p=`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum PublicKey {
    /// `p=` is empty: the key is revoked (RFC 6376 §3.6.1).
    Revoked,
    /// An RSA key.
    #[non_exhaustive]
    Rsa {
        /// The size of the modulus in bits. Below 1024 it must not be used, from 2048 it should be (RFC 8301 §3.2).
        bits: usize,
        /// The public exponent; `None` for one of more than 64 bits.
        exponent: Option<u64>,
        /// Which structure it is in.
        form: RsaForm,
    },
    /// An Ed25519 key: 32 octets (RFC 8463 §4.2).
    Ed25519([u8; 32]),
    /// A key of a type that is not known here.
    Unknown {
        /// How many octets its value has, as it is written.
        octets: usize,
    },
    /// What stands there is no key of the type that the record states.
    Damaged(KeyFault),
}

/// Which structure holds an RSA key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[expect(clippy::exhaustive_enums, reason = "RFC 6376 names both, and no other")]
pub enum RsaForm {
    /// `SubjectPublicKeyInfo` (RFC 5280 §4.1), as nearly everybody publishes, and as the recipe of RFC 6376 §C makes it.
    SubjectPublicKeyInfo,
    /// `RSAPublicKey` (PKCS #1), as RFC 6376 §3.6.1 says. Some verifiers read only the other.
    RsaPublicKey,
}

/// How a key is damaged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum KeyFault {
    /// A character that is not base64's.
    #[error("expected base64, found another character at octet {at} of the value")]
    NotBase64 {
        /// The octet of the value.
        at: usize,
    },
    /// Base64 that ends within a group, or whose padding is wrong.
    #[error("expected whole groups of base64, found a broken one")]
    BrokenBase64,
    /// The structure says that it is longer than what is there: the end is missing.
    #[error("expected a key of {expected} octets, found {found}: its end is missing")]
    Cut {
        /// How long it says it is.
        expected: usize,
        /// How long it is.
        found: usize,
    },
    /// More octets follow the key.
    #[error("expected the end of the key, found {extra} more octets")]
    TrailingOctets {
        /// How many.
        extra: usize,
    },
    /// No structure that a key of this type can be in.
    #[error("expected a public key of the type stated, found another structure")]
    Structure,
    /// A key of another algorithm than the record says.
    #[error("expected a key of the type stated, found one of another algorithm")]
    OtherAlgorithm,
    /// An Ed25519 key that is not 32 octets long.
    #[error("expected the 32 octets of an Ed25519 key, found {found}")]
    Length {
        /// How many octets there are.
        found: usize,
    },
}

/// Padding may be left out: many publish it so, and verifiers take it.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The octets of a base64 value, in which blanks may stand (RFC 6376 §3.2).
pub(super) fn decode(value: &[u8]) -> Result<Vec<u8>, KeyFault> {
    let is_base64 =
        |octet: u8| octet.is_ascii_alphanumeric() || matches!(octet, b'+' | b'/' | b'=');
    let odd = |octet: &u8| !is_base64(*octet) && !is_blank(*octet);
    if let Some(at) = value.iter().position(odd) {
        return Err(KeyFault::NotBase64 { at });
    }
    let packed: Vec<u8> = value
        .iter()
        .copied()
        .filter(|octet| !is_blank(*octet))
        .collect();
    BASE64.decode(packed).map_err(|_| KeyFault::BrokenBase64)
}

/// 1.2.840.113549.1.1.1, *rsaEncryption* (RFC 8017 §C).
const RSA_ENCRYPTION: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];

const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OBJECT_IDENTIFIER: u8 = 0x06;
const SEQUENCE: u8 = 0x30;

/// An RSA key in either form.
pub(super) fn rsa(der: &[u8]) -> Result<PublicKey, KeyFault> {
    let whole = element(der).ok_or_else(|| cut(der))?;
    if whole.tag != SEQUENCE {
        return Err(KeyFault::Structure);
    }
    if !whole.rest.is_empty() {
        return Err(KeyFault::TrailingOctets {
            extra: whole.rest.len(),
        });
    }
    let first = element(whole.content).ok_or(KeyFault::Structure)?;
    if first.tag == INTEGER {
        return rsa_public_key(whole.content, RsaForm::RsaPublicKey);
    }
    // SubjectPublicKeyInfo ::= SEQUENCE { algorithm SEQUENCE { OBJECT IDENTIFIER, … }, subjectPublicKey BIT STRING }
    let algorithm = element(first.content).filter(|_| first.tag == SEQUENCE);
    let algorithm = algorithm.ok_or(KeyFault::Structure)?;
    if algorithm.tag != OBJECT_IDENTIFIER || algorithm.content != RSA_ENCRYPTION {
        return Err(KeyFault::OtherAlgorithm);
    }
    let bits = element(first.rest).filter(|bits| bits.tag == BIT_STRING);
    // The first octet counts unused bits: none.
    match bits.map(|bits| bits.content) {
        Some([0, key @ ..]) => match element(key) {
            Some(key) if key.tag == SEQUENCE => {
                rsa_public_key(key.content, RsaForm::SubjectPublicKeyInfo)
            }
            _ => Err(KeyFault::Structure),
        },
        _ => Err(KeyFault::Structure),
    }
}

/// `RSAPublicKey ::= SEQUENCE { modulus INTEGER, publicExponent INTEGER }` (RFC 8017 §A.1.1), its content.
fn rsa_public_key(content: &[u8], form: RsaForm) -> Result<PublicKey, KeyFault> {
    let modulus = element(content).filter(|modulus| modulus.tag == INTEGER);
    let modulus = modulus.ok_or(KeyFault::Structure)?;
    let exponent = element(modulus.rest).filter(|exponent| exponent.tag == INTEGER);
    let exponent = exponent.ok_or(KeyFault::Structure)?;
    if !exponent.rest.is_empty() {
        return Err(KeyFault::Structure);
    }
    let modulus = unsigned(modulus.content)?;
    let exponent = unsigned(exponent.content)?;
    let first = modulus.first().ok_or(KeyFault::Structure)?;
    let unused = usize::try_from(first.leading_zeros()).unwrap_or(0);
    let exponent = (exponent.len() <= 8).then(|| {
        exponent
            .iter()
            .fold(0, |number, octet| (number << 8) | u64::from(*octet))
    });
    Ok(PublicKey::Rsa {
        bits: modulus.len() * 8 - unused,
        exponent,
        form,
    })
}

/// An INTEGER without its leading zeros; it is not empty, and not negative (X.690 §8.3).
fn unsigned(octets: &[u8]) -> Result<&[u8], KeyFault> {
    match octets.first() {
        Some(0..=0x7f) => {
            let zeros = octets.iter().take_while(|octet| **octet == 0).count();
            Ok(octets.get(zeros..).unwrap_or_default())
        }
        _ => Err(KeyFault::Structure),
    }
}

/// One element of DER.
struct Element<'a> {
    tag: u8,
    content: &'a [u8],
    rest: &'a [u8],
}

/// The tag, how many octets tag and length take, and the length (X.690 §8.1.3).
fn header(der: &[u8]) -> Option<(u8, usize, usize)> {
    let (tag, rest) = der.split_first()?;
    let (length, rest) = rest.split_first()?;
    match length {
        0..=0x7f => Some((*tag, 2, usize::from(*length))),
        0x81 => Some((*tag, 3, usize::from(*rest.first()?))),
        0x82 => {
            let octets = rest.first_chunk::<2>()?;
            Some((*tag, 4, usize::from(u16::from_be_bytes(*octets))))
        }
        // A key of 64 KiB and more has no place in a TXT record.
        _ => None,
    }
}

fn element(der: &[u8]) -> Option<Element<'_>> {
    let (tag, taken, length) = header(der)?;
    let (content, rest) = der.get(taken..)?.split_at_checked(length)?;
    Some(Element { tag, content, rest })
}

fn cut(der: &[u8]) -> KeyFault {
    match header(der) {
        Some((SEQUENCE, taken, length)) => KeyFault::Cut {
            expected: taken + length,
            found: der.len(),
        },
        _ => KeyFault::Structure,
    }
}

/// The raw 32 octets (RFC 8463 §4.2); not a structure around them.
pub(super) fn ed25519(octets: &[u8]) -> Result<PublicKey, KeyFault> {
    match <[u8; 32]>::try_from(octets) {
        Ok(key) => Ok(PublicKey::Ed25519(key)),
        Err(_) => Err(KeyFault::Length {
            found: octets.len(),
        }),
    }
}
