//! Whether a certificate was revoked: what a stapled OCSP response or a list says, and what that
//! is worth.
//!
//! An authority takes a certificate back by publishing its serial number. Some also answer for
//! one certificate at a time (OCSP, RFC 6960), and a TLS server may send such an answer along
//! with its certificate, stapled (RFC 6066 §8). It is checked here from octets, offline.

mod crl;
mod ocsp;
mod pointers;

use std::fmt;

use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer as _;

pub use self::crl::{CrlFailure, CrlFailureKind, CrlProof, CrlVerdict, check_crl};
pub(crate) use self::crl::{CrlIssuer, List, allows_crl_signing, judge_list};
#[cfg(all(test, any(feature = "aws-lc-rs", feature = "ring")))]
pub(crate) use self::ocsp::tests::{
    demanding_leaf, never_issued_staple, revoked_staple, staple_with_scts,
};
pub use self::ocsp::{
    OcspFailure, OcspFailureKind, OcspProof, OcspResponder, OcspResponseStatus, OcspVerdict,
    StapleState, check_staple,
};
pub(crate) use self::ocsp::{StapledList, stapled_lists};
pub use self::pointers::RevocationPointers;
use crate::der::reader::{Extension, Reader, SEQUENCE};
use crate::numbers::wire_number;
use crate::provider::SignatureCheck;
use crate::{CryptoProvider, Der};

/// How far ahead a signer's clock may be, in seconds: five minutes, as in OpenSSL.
pub(crate) const CLOCK_SKEW: i64 = 300;

/// That a certificate was revoked, when and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Revocation {
    /// The time of the revocation, in seconds since 1970-01-01T00:00:00Z.
    pub time: i64,
    /// Why, if the authority says so.
    #[cfg_attr(
        feature = "serde",
        serde(skip_serializing_if = "Option::is_none", default)
    )]
    pub reason: Option<RevocationReason>,
}

impl fmt::Display for Revocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "revoked at {}", self.time)?;
        match self.reason {
            Some(reason) => write!(f, ", reason {reason}"),
            None => f.write_str(", no reason given"),
        }
    }
}

wire_number! {
    /// `CRLReason` (RFC 5280 §5.3.1).
    RevocationReason(u8), "{} ({})" {
        UNSPECIFIED = 0 => "unspecified",
        KEY_COMPROMISE = 1 => "keyCompromise",
        CA_COMPROMISE = 2 => "cACompromise",
        AFFILIATION_CHANGED = 3 => "affiliationChanged",
        SUPERSEDED = 4 => "superseded",
        CESSATION_OF_OPERATION = 5 => "cessationOfOperation",
        /// The only reason that may be taken back:
        CERTIFICATE_HOLD = 6 => "certificateHold",
        /// Off the list again, in a list of changes to another list:
        REMOVE_FROM_CRL = 8 => "removeFromCRL",
        PRIVILEGE_WITHDRAWN = 9 => "privilegeWithdrawn",
        AA_COMPROMISE = 10 => "aACompromise",
    }
}

/// Reads a certificate; what follows it is left alone, as by [`Certificate`](crate::Certificate).
pub(crate) fn read_certificate(der: &[u8]) -> Option<X509Certificate<'_>> {
    X509Certificate::from_der(der)
        .ok()
        .map(|(_, certificate)| certificate)
}

/// `SEQUENCE { tbs, signatureAlgorithm AlgorithmIdentifier, signature BIT STRING, … }`: the form
/// of a certificate, of an OCSP response and of a revocation list.
struct Signed<'a> {
    /// All octets of what is signed.
    message: &'a [u8],
    /// The contents of what is signed.
    contents: Reader<'a>,
    algorithm: &'a [u8],
    signature: &'a [u8],
    /// What follows the signature.
    after: Reader<'a>,
}

impl<'a> Signed<'a> {
    fn read(der: &'a [u8]) -> Option<Self> {
        let mut fields = Reader::new(der).sequence()?;
        let tbs = fields.tagged(SEQUENCE)?;
        Some(Self {
            message: tbs.raw,
            contents: Reader::new(tbs.value),
            algorithm: fields.value(SEQUENCE)?,
            signature: fields.bit_string()?,
            after: fields,
        })
    }

    /// Checks the signature with the key in `spki`.
    fn check(&self, spki: &[u8], provider: &CryptoProvider) -> SignatureCheck {
        provider.check_signature(self.algorithm, spki, self.message, self.signature)
    }
}

/// What came of looking for the issuer of an element of a chain.
pub(crate) enum IssuerSearch<'a> {
    Found(Box<X509Certificate<'a>>),
    NotInChain,
    Unsupported(String),
}

/// The certificate of `chain` whose key signed `certificate`. The name alone would let a server
/// that adds a certificate of its own making to the chain choose who vouches for the first.
pub(crate) fn find_issuer<'a>(
    certificate: &Der,
    chain: &'a [Der],
    provider: &CryptoProvider,
) -> IssuerSearch<'a> {
    let (Some(subject), Some(signed)) = (
        read_certificate(certificate.as_bytes()),
        Signed::read(certificate.as_bytes()),
    ) else {
        return IssuerSearch::NotInChain;
    };
    let seen = chain.iter().take(crate::ChainReport::MAX_ELEMENTS);
    let candidates = seen
        .filter_map(|der| read_certificate(der.as_bytes()))
        .filter(|issuer| issuer.subject().as_raw() == subject.issuer().as_raw());
    let mut unsupported = None;
    for issuer in candidates {
        match signed.check(issuer.tbs_certificate.subject_pki.raw, provider) {
            SignatureCheck::Verified => return IssuerSearch::Found(Box::new(issuer)),
            SignatureCheck::Unsupported(text) => unsupported = Some(text),
            SignatureCheck::Failed => {}
        }
    }
    unsupported.map_or(IssuerSearch::NotInChain, IssuerSearch::Unsupported)
}

/// The octets of the public key: the contents of the BIT STRING in a SubjectPublicKeyInfo.
fn key_octets<'a>(certificate: &X509Certificate<'a>) -> Option<&'a [u8]> {
    let mut fields = Reader::new(certificate.tbs_certificate.subject_pki.raw).sequence()?;
    fields.sequence()?;
    fields.bit_string()
}

/// An INTEGER without the octets in front that only repeat its sign (X.690 §8.3.2). A number
/// written in more octets than DER allows is still the same certificate's.
fn shortest(mut integer: &[u8]) -> &[u8] {
    while let [first @ (0 | 0xff), rest @ ..] = integer
        && rest.first().is_some_and(|next| (next ^ first) & 0x80 == 0)
    {
        integer = rest;
    }
    integer
}

/// Whether one of the extensions is critical and none of `known`; `None` if they are malformed.
fn has_critical(extensions: Option<&[u8]>, known: &[&[u8]]) -> Option<bool> {
    let Some(extensions) = extensions else {
        return Some(false);
    };
    let mut extensions = Reader::only_sequence(extensions)?;
    let mut found = false;
    while !extensions.is_empty() {
        let extension = Extension::next(&mut extensions)?;
        found |= extension.critical && !known.contains(&extension.oid);
    }
    Some(found)
}

#[cfg(all(test, any(feature = "aws-lc-rs", feature = "ring")))]
mod tests;
