//! Certificate revocation lists (RFC 5280 §5), checked from octets.
//!
//! A list is published at a URL that the certificate names. Getting it is the caller's work:
//! fetch the URLs of [`RevocationPointers`](crate::RevocationPointers) by any means, with a limit
//! on what is read, and hand the octets of the body to [`check_crl`], as they came.

mod list;

use rustls_pki_types::CertificateRevocationListDer;
use rustls_pki_types::pem::PemObject as _;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::ParsedExtension;

use self::list::{Entry, List, Scope};
use super::{
    CLOCK_SKEW, MAX_AGE, Revocation, RevocationReason, Signed, pointers, read_certificate,
};
use crate::der::hex;
use crate::provider::SignatureCheck;
use crate::{CryptoProvider, Der};

/// The most octets of a list that is looked at. The longest public ones have some 10 MiB; those
/// of authorities that split their lists have less than 1 MiB.
const MAX_LIST: usize = 32 * 1024 * 1024;

/// The most octets of a list in PEM: base64 with its line ends, and some text around it.
const MAX_PEM: usize = MAX_LIST / 64 * 90;

/// What a revocation list says of a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum CrlVerdict {
    /// Not revoked, with proof: the list is about the certificate, is of this time, and does
    /// not have it.
    NotRevoked(CrlProof),
    /// Revoked, with proof.
    Revoked {
        /// The list that says so.
        proof: CrlProof,
        /// When and why it was revoked.
        revocation: Revocation,
    },
    /// The list proves nothing about the certificate, for this reason.
    CouldNotTell(CrlFailure),
}

/// The list that an answer rests on. Its issuer is that of the certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct CrlProof {
    /// When it was issued, in seconds since 1970-01-01T00:00:00Z.
    pub this_update: i64,
    /// The time by which the next one will be issued.
    #[cfg_attr(
        feature = "serde",
        serde(skip_serializing_if = "Option::is_none", default)
    )]
    pub next_update: Option<i64>,
    /// The CRL number's octets, in lower-case hexadecimal.
    #[cfg_attr(
        feature = "serde",
        serde(skip_serializing_if = "Option::is_none", default)
    )]
    pub number: Option<String>,
    /// Whether its time is over. Only a revocation is told from such a list, since none but a
    /// hold is ever taken back (RFC 5280 §5.3.1).
    pub stale: bool,
}

/// Why a list proves nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct CrlFailure {
    /// The kind of failure.
    pub kind: CrlFailureKind,
    /// What was expected and what was found.
    pub detail: String,
}

impl CrlFailure {
    fn new(kind: CrlFailureKind, detail: impl Into<String>) -> Self {
        Self {
            kind,
            detail: detail.into(),
        }
    }
}

/// The kinds of [`CrlFailure`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum CrlFailureKind {
    /// It is no list, neither as DER nor as PEM.
    Malformed,
    /// It has over 32 MiB, or over a million entries.
    TooLong,
    /// The certificate or that of the issuer cannot be read.
    CertificateUnreadable,
    /// The certificate given as the issuer's did not sign the certificate.
    OtherIssuer,
    /// The list is by somebody else than the issuer of the certificate.
    OtherSigner,
    /// The issuer may not sign lists: its key usages have no `cRLSign` (RFC 5280 §6.3.3 (f)).
    IssuerMayNotSign,
    /// The signature is not good.
    BadSignature,
    /// It needs a signature algorithm that cannot be computed here.
    UnsupportedAlgorithm,
    /// It is about other certificates: of another kind, or of another distribution point.
    OutOfScope,
    /// It lists certificates of other issuers too, which is not read here.
    Indirect,
    /// It tells only what changed since another list.
    Delta,
    /// It tells of some reasons only, and has not this certificate.
    SomeReasonsOnly,
    /// It has a critical extension that is not known here (RFC 5280 §5.2 and §5.3).
    UnknownCriticalExtension,
    /// It takes the certificate off a list, which only a delta list may (RFC 5280 §5.3.1).
    RemovedFromWhat,
    /// It is good, but its time is over.
    Stale,
    /// It is good, but its time has yet to come.
    NotYetValid,
}

/// Checks what a revocation list says of `certificate`.
///
/// The `issuer` is the certificate whose key signed `certificate`; that it is trusted is not
/// checked here. The `crl` is a list as DER, or the first one in PEM text.
///
/// A list is the answer only if the issuer signed it and may, if it is complete for the kind of
/// the certificate and for a distribution point that the certificate names, and if it is of this
/// time. A `thisUpdate` may be five minutes ahead, for clocks that differ, and a list without
/// `nextUpdate` is taken for stale after ten days. The work grows linearly with the length of
/// `crl`, and DER is read without a copy.
#[must_use]
pub fn check_crl(
    certificate: &Der,
    issuer: &Der,
    crl: &[u8],
    provider: &CryptoProvider,
    now_unix: i64,
) -> CrlVerdict {
    let verdict = if crl.first() == Some(&crate::der::reader::SEQUENCE) {
        judge(certificate, issuer, crl, provider, now_unix)
    } else {
        from_pem(crl).and_then(|crl| judge(certificate, issuer, &crl, provider, now_unix))
    };
    verdict.unwrap_or_else(CrlVerdict::CouldNotTell)
}

fn from_pem(text: &[u8]) -> Result<CertificateRevocationListDer<'static>, CrlFailure> {
    if text.len() > MAX_PEM {
        let detail = format!("expected at most {MAX_PEM} octets of PEM, found more");
        return Err(CrlFailure::new(CrlFailureKind::TooLong, detail));
    }
    CertificateRevocationListDer::from_pem_slice(text).map_err(|_| {
        let detail = "expected a list as DER or PEM, found other octets";
        CrlFailure::new(CrlFailureKind::Malformed, detail)
    })
}

fn judge(
    certificate: &Der,
    issuer: &Der,
    crl: &[u8],
    provider: &CryptoProvider,
    now: i64,
) -> Result<CrlVerdict, CrlFailure> {
    use CrlFailureKind as Kind;

    if crl.len() > MAX_LIST {
        let detail = format!("expected at most {MAX_LIST} octets, found {}", crl.len());
        return Err(CrlFailure::new(Kind::TooLong, detail));
    }
    let unreadable = || CrlFailure::new(Kind::CertificateUnreadable, "expected a certificate");
    let subject = read_certificate(certificate.as_bytes()).ok_or_else(unreadable)?;
    let issuer = read_certificate(issuer.as_bytes()).ok_or_else(unreadable)?;
    let list = List::read(crl)?;
    check_issuer(certificate, &subject, &issuer, provider)?;
    check_signer(&list, &issuer, provider)?;
    let scope = list.scope()?;
    check_scope(&scope, &subject)?;
    let entry = list.find(subject.raw_serial())?;
    let stale = check_time(&list, now)?;
    let proof = CrlProof {
        this_update: list.this_update,
        next_update: list.next_update,
        number: scope.number.map(hex),
        stale,
    };
    conclude(entry, proof, &scope)
}

/// What follows from the entry of a certificate, or from there being none.
fn conclude(
    entry: Option<Entry<'_>>,
    proof: CrlProof,
    scope: &Scope<'_>,
) -> Result<CrlVerdict, CrlFailure> {
    use CrlFailureKind as Kind;

    let Some(Entry { time, reason, .. }) = entry else {
        return if proof.stale {
            Err(stale("it did not have the certificate"))
        } else if scope.some_reasons {
            let detail = "the list is about some reasons only and has not the certificate";
            Err(CrlFailure::new(Kind::SomeReasonsOnly, detail))
        } else {
            Ok(CrlVerdict::NotRevoked(proof))
        };
    };
    match reason {
        Some(RevocationReason::REMOVE_FROM_CRL) => {
            let detail = "removeFromCRL is for delta lists, and this is none";
            Err(CrlFailure::new(Kind::RemovedFromWhat, detail))
        }
        Some(RevocationReason::CERTIFICATE_HOLD) if proof.stale => {
            Err(stale("it had the certificate on hold"))
        }
        _ => Ok(CrlVerdict::Revoked {
            proof,
            revocation: Revocation { time, reason },
        }),
    }
}

fn stale(said: &str) -> CrlFailure {
    let detail = format!("the time of the list is over; {said}");
    CrlFailure::new(CrlFailureKind::Stale, detail)
}

fn check_issuer(
    certificate: &Der,
    subject: &X509Certificate<'_>,
    issuer: &X509Certificate<'_>,
    provider: &CryptoProvider,
) -> Result<(), CrlFailure> {
    let other = |detail: &str| CrlFailure::new(CrlFailureKind::OtherIssuer, detail);
    if subject.issuer().as_raw() != issuer.subject().as_raw() {
        return Err(other("the certificate names another issuer"));
    }
    let signed = Signed::read(certificate.as_bytes());
    let signed = signed.ok_or_else(|| other("the certificate has no signature"))?;
    match signed.check(issuer.tbs_certificate.subject_pki.raw, provider) {
        SignatureCheck::Verified => Ok(()),
        SignatureCheck::Failed => Err(other("the issuer's key did not sign the certificate")),
        SignatureCheck::Unsupported(text) => {
            Err(CrlFailure::new(CrlFailureKind::UnsupportedAlgorithm, text))
        }
    }
}

fn check_signer(
    list: &List<'_>,
    issuer: &X509Certificate<'_>,
    provider: &CryptoProvider,
) -> Result<(), CrlFailure> {
    use CrlFailureKind as Kind;

    if list.issuer != issuer.subject().as_raw() {
        let detail = "the list names another issuer";
        return Err(CrlFailure::new(Kind::OtherSigner, detail));
    }
    let forbidden = issuer.extensions().iter().any(|extension| {
        matches!(extension.parsed_extension(), ParsedExtension::KeyUsage(usage) if !usage.crl_sign())
    });
    if forbidden {
        let detail = "the issuer's key usages have no cRLSign";
        return Err(CrlFailure::new(Kind::IssuerMayNotSign, detail));
    }
    match list
        .signed
        .check(issuer.tbs_certificate.subject_pki.raw, provider)
    {
        SignatureCheck::Verified => Ok(()),
        SignatureCheck::Failed => {
            let detail = "the issuer's key did not make the signature";
            Err(CrlFailure::new(Kind::BadSignature, detail))
        }
        SignatureCheck::Unsupported(text) => Err(CrlFailure::new(Kind::UnsupportedAlgorithm, text)),
    }
}

/// Whether the list is about such a certificate (RFC 5280 §6.3.3 (b)).
fn check_scope(scope: &Scope<'_>, subject: &X509Certificate<'_>) -> Result<(), CrlFailure> {
    use CrlFailureKind as Kind;

    if scope.delta {
        let detail = "the list tells changes to another list";
        return Err(CrlFailure::new(Kind::Delta, detail));
    }
    if scope.indirect {
        let detail = "the list is about certificates of several issuers";
        return Err(CrlFailure::new(Kind::Indirect, detail));
    }
    let out = |detail: &str| Err(CrlFailure::new(Kind::OutOfScope, detail));
    if scope.only_attribute {
        return out("the list is about attribute certificates only");
    }
    if scope.only_user && subject.is_ca() {
        return out("the list is about end-entity certificates only");
    }
    if scope.only_ca && !subject.is_ca() {
        return out("the list is about certificates of authorities only");
    }
    if let Some(names) = scope.point
        && !pointers::names_a_point(subject, names)
    {
        return out("the certificate names no distribution point of the list");
    }
    Ok(())
}

/// Whether the time of the list is over.
fn check_time(list: &List<'_>, now: i64) -> Result<bool, CrlFailure> {
    let this_update = list.this_update;
    if this_update.saturating_sub(CLOCK_SKEW) > now {
        let detail = format!("now is {now}, thisUpdate {this_update}");
        return Err(CrlFailure::new(CrlFailureKind::NotYetValid, detail));
    }
    let end = list.next_update;
    Ok(now > end.unwrap_or_else(|| this_update.saturating_add(MAX_AGE)))
}

#[cfg(all(test, any(feature = "aws-lc-rs", feature = "ring")))]
mod tests;
