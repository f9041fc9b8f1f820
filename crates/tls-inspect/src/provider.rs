//! The cryptography that signature checks are done with, passed in by the caller.

use std::fmt;
use std::sync::Arc;

use rustls_pki_types::SignatureVerificationAlgorithm;
use x509_parser::prelude::FromDer as _;
use x509_parser::public_key::PublicKey;
use x509_parser::x509::SubjectPublicKeyInfo;

use crate::der::read_tlv;

/// A cryptography provider: an opaque handle, cheap to clone.
///
/// It is always a parameter and never a default of the process. With neither of the features
/// `aws-lc-rs` and `ring` there is none to be had, and only what needs no signature check is of
/// use.
#[derive(Clone)]
pub struct CryptoProvider {
    name: &'static str,
    inner: Arc<rustls::crypto::CryptoProvider>,
}

impl CryptoProvider {
    /// The provider on aws-lc-rs, which also knows ML-KEM and ML-DSA.
    #[cfg(feature = "aws-lc-rs")]
    #[must_use]
    pub fn aws_lc_rs() -> Self {
        Self {
            name: "aws-lc-rs",
            inner: Arc::new(rustls::crypto::aws_lc_rs::default_provider()),
        }
    }

    /// The provider on ring.
    #[cfg(feature = "ring")]
    #[must_use]
    pub fn ring() -> Self {
        Self {
            name: "ring",
            inner: Arc::new(rustls::crypto::ring::default_provider()),
        }
    }

    /// The library's name, `aws-lc-rs` or `ring`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    #[cfg(feature = "tokio")]
    pub(crate) fn rustls(&self) -> &rustls::crypto::CryptoProvider {
        &self.inner
    }

    /// Checks `signature` over `message` with the key in `spki`. The `algorithm` is the contents
    /// of the AlgorithmIdentifier that goes with the signature (RFC 5280 §4.1.1.2).
    pub(crate) fn check_signature(
        &self,
        algorithm: &[u8],
        spki: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> SignatureCheck {
        let known = self.algorithms().iter().copied();
        let mut algorithms = known
            .filter(|known| known.signature_alg_id().as_ref() == algorithm)
            .peekable();
        if algorithms.peek().is_none() {
            return SignatureCheck::Unsupported("signature algorithm not known".to_owned());
        }
        check_signature(algorithms, spki, message, signature)
    }

    /// Every signature algorithm that can be checked.
    pub(crate) fn algorithms(&self) -> &'static [&'static dyn SignatureVerificationAlgorithm] {
        self.inner.signature_verification_algorithms.all
    }
}

impl fmt::Debug for CryptoProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CryptoProvider({})", self.name)
    }
}

/// What came of checking one signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SignatureCheck {
    Verified,
    Failed,
    /// The algorithm or the key is beyond the provider; the text says which.
    Unsupported(String),
}

/// Checks `signature` over `message` with the key in `spki` (the DER of a whole
/// SubjectPublicKeyInfo) and whichever of `algorithms` takes such a key.
pub(crate) fn check_signature<'a>(
    algorithms: impl IntoIterator<Item = &'a dyn SignatureVerificationAlgorithm>,
    spki: &[u8],
    message: &[u8],
    signature: &[u8],
) -> SignatureCheck {
    let Some((key_algorithm, key)) = split_spki(spki) else {
        return SignatureCheck::Unsupported("public key expected as DER, found other".to_owned());
    };
    let mut tried = false;
    for algorithm in algorithms {
        if algorithm.public_key_alg_id().as_ref() != key_algorithm {
            continue;
        }
        tried = true;
        if algorithm.verify_signature(key, message, signature).is_ok() {
            return SignatureCheck::Verified;
        }
    }
    if !tried {
        let text = "no algorithm of this provider takes this kind of key";
        return SignatureCheck::Unsupported(text.to_owned());
    }
    match unsupported_rsa_key(spki) {
        Some(text) => SignatureCheck::Unsupported(text),
        None => SignatureCheck::Failed,
    }
}

/// Why an RSA key is out of the provider's range, if it is one and is. The providers report
/// such a key as a bad signature.
pub(crate) fn unsupported_rsa_key(spki: &[u8]) -> Option<String> {
    let (_, spki) = SubjectPublicKeyInfo::from_der(spki).ok()?;
    let PublicKey::RSA(rsa) = spki.parsed().ok()? else {
        return None;
    };
    let bits = rsa_bits(rsa.modulus);
    let supported = (2048..=8192).contains(&bits);
    (!supported).then(|| format!("RSA key of {bits} bits, where 2048 to 8192 can be checked"))
}

/// The length of a modulus in bits, leading zeros left out.
pub(crate) fn rsa_bits(modulus: &[u8]) -> usize {
    let zeros = modulus.iter().take_while(|&&octet| octet == 0).count();
    let significant = modulus.get(zeros..).unwrap_or_default();
    let unused = significant.first().map_or(0, |octet| octet.leading_zeros());
    significant
        .len()
        .saturating_mul(8)
        .saturating_sub(unused as usize)
}

/// Splits `SubjectPublicKeyInfo ::= SEQUENCE { algorithm, subjectPublicKey BIT STRING }`
/// (RFC 5280 §4.1) into the contents of the algorithm and the key.
fn split_spki(spki: &[u8]) -> Option<(&[u8], &[u8])> {
    let (spki, _) = read_tlv(spki)?;
    let (algorithm, rest) = read_tlv(spki.value)?;
    let (key, _) = read_tlv(rest)?;
    // The first octet of a BIT STRING counts its unused bits: none in a key.
    let (&0, key_octets) = key.value.split_first()? else {
        return None;
    };
    (spki.tag == 0x30 && algorithm.tag == 0x30 && key.tag == 0x03)
        .then_some((algorithm.value, key_octets))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rsa_bits_leave_out_leading_zeros() {
        assert_eq!(rsa_bits(&[0, 0x80, 0]), 16);
        assert_eq!(rsa_bits(&[0x01, 0]), 9);
        assert_eq!(rsa_bits(&[]), 0);
    }

    #[test]
    fn an_unreadable_key_is_unsupported_and_not_failed() {
        let check = check_signature([], &[1, 2, 3], b"", b"");
        assert!(matches!(check, SignatureCheck::Unsupported(_)), "{check:?}");
    }
}
