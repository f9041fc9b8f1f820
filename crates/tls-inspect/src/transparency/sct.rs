//! One signed certificate timestamp, and lists of them (RFC 6962 §3.2 and §3.3).

use crate::CryptoProvider;
use crate::der::reader::{OID, Reader};
use crate::provider::SignatureCheck;

/// The contents of the AlgorithmIdentifier of ecdsa-with-SHA256 (RFC 5758 §3.2).
const ECDSA_SHA256: &[u8] = &[6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2];

/// That of sha256WithRSAEncryption (RFC 4055 §5).
const RSA_SHA256: &[u8] = &[6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 0x0b, 5, 0];

/// The entry of a log as it is signed: its type and its contents.
pub(super) struct Entry(Vec<u8>);

impl Entry {
    /// `x509_entry(0)` with `opaque ASN.1Cert<1..2^24-1>`; `None` if it is too
    /// long for one, or empty.
    pub(super) fn certificate(der: &[u8]) -> Option<Self> {
        let mut octets = vec![0, 0];
        push_long(&mut octets, der)?;
        Some(Self(octets))
    }

    /// `precert_entry(1)` with `opaque issuer_key_hash[32]` and `opaque
    /// TBSCertificate<1..2^24-1>`.
    pub(super) fn precertificate(issuer_key_hash: &[u8; 32], tbs: &[u8]) -> Option<Self> {
        let mut octets = vec![0, 1];
        octets.extend_from_slice(issuer_key_hash);
        push_long(&mut octets, tbs)?;
        Some(Self(octets))
    }
}

/// Writes octets with a length of three octets before them.
fn push_long(to: &mut Vec<u8>, octets: &[u8]) -> Option<()> {
    if octets.is_empty() {
        return None;
    }
    let [0, length @ ..] = u32::try_from(octets.len()).ok()?.to_be_bytes() else {
        return None;
    };
    to.extend_from_slice(&length);
    to.extend_from_slice(octets);
    Some(())
}

/// `SignedCertificateTimestamp` of version 1.
pub(super) struct Sct<'a> {
    pub(super) log_id: &'a [u8; 32],
    /// In milliseconds since 1970.
    pub(super) timestamp: u64,
    extensions: &'a [u8],
    hash_algorithm: u8,
    signature_algorithm: u8,
    signature: &'a [u8],
}

impl<'a> Sct<'a> {
    /// `struct { Version sct_version; opaque id[32]; uint64 timestamp;
    /// opaque extensions<0..2^16-1>; digitally-signed … }`, where the latter is the two
    /// algorithms of RFC 5246 §4.7 and `opaque signature<0..2^16-1>`.
    pub(super) fn read(octets: &'a [u8]) -> Option<Self> {
        let (&[0], rest) = octets.split_first_chunk()? else {
            return None;
        };
        let (log_id, rest) = rest.split_first_chunk()?;
        let (timestamp, rest) = rest.split_first_chunk()?;
        let (extensions, rest) = read_opaque(rest)?;
        let (&[hash_algorithm, signature_algorithm], rest) = rest.split_first_chunk()?;
        let (signature, rest) = read_opaque(rest)?;
        rest.is_empty().then_some(Self {
            log_id,
            timestamp: u64::from_be_bytes(*timestamp),
            extensions,
            hash_algorithm,
            signature_algorithm,
            signature,
        })
    }

    /// Whether the signature says to be of another algorithm than the log's key is for. Then it
    /// is not the log's, whatever its octets are.
    pub(super) fn is_of_other_algorithm(&self, key: &[u8]) -> bool {
        signature_algorithm(key).is_some_and(|of_key| of_key != self.signature_algorithm)
    }

    /// Checks the signature with the key of the log, the DER of a SubjectPublicKeyInfo.
    pub(super) fn check(
        &self,
        entry: &Entry,
        key: &[u8],
        provider: &CryptoProvider,
    ) -> SignatureCheck {
        // A log signs with SHA-256, and with ECDSA or RSA (RFC 6962 §2.1.4).
        let algorithm = match (self.hash_algorithm, self.signature_algorithm) {
            (4, 1) => RSA_SHA256,
            (4, 3) => ECDSA_SHA256,
            (hash, signature) => {
                let text = format!("signature of hash {hash} and algorithm {signature} not known");
                return SignatureCheck::Unsupported(text);
            }
        };
        let Ok(extensions_length) = u16::try_from(self.extensions.len()) else {
            return SignatureCheck::Failed;
        };
        // Version 1, and the signature type certificate_timestamp.
        let mut message = vec![0, 0];
        message.extend_from_slice(&self.timestamp.to_be_bytes());
        message.extend_from_slice(&entry.0);
        message.extend_from_slice(&extensions_length.to_be_bytes());
        message.extend_from_slice(self.extensions);
        provider.check_signature(algorithm, key, &message, self.signature)
    }
}

/// The `SignatureAlgorithm` (RFC 5246 §7.4.1.4.1, RFC 8422 §5.1.3) of a key, the DER of a
/// SubjectPublicKeyInfo, if it is one that has a number.
fn signature_algorithm(key: &[u8]) -> Option<u8> {
    let mut fields = Reader::new(key).sequence()?;
    match fields.sequence()?.value(OID)? {
        // rsaEncryption (RFC 3279 §2.3.1)
        [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1] => Some(1),
        // id-ecPublicKey (RFC 5480 §2.1.1)
        [0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1] => Some(3),
        // id-Ed25519 and id-Ed448 (RFC 8410 §3)
        [0x2b, 0x65, 0x70] => Some(7),
        [0x2b, 0x65, 0x71] => Some(8),
        _ => None,
    }
}

/// Reads `opaque value<0..2^16-1>` and returns it with what follows.
fn read_opaque(octets: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = octets.split_first_chunk()?;
    rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))
}

/// The first SCTs of `SerializedSCT sct_list<1..2^16-1>`, each an `opaque<1..2^16-1>`, at most so
/// many, and whether those are all and the list can be read to its end.
pub(super) fn split_list(list: &[u8], most: usize) -> (Vec<&[u8]>, bool) {
    let mut scts = Vec::new();
    let Some((mut rest, [])) = read_opaque(list) else {
        return (scts, false);
    };
    let mut whole = !rest.is_empty();
    while !rest.is_empty() {
        let Some((sct, after)) = read_opaque(rest).filter(|(sct, _)| !sct.is_empty()) else {
            whole = false;
            break;
        };
        if scts.len() == most {
            whole = false;
            break;
        }
        scts.push(sct);
        rest = after;
    }
    (scts, whole)
}
