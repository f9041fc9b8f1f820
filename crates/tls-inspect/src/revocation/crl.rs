//! Certificate revocation lists (RFC 5280 §5), checked from octets.
//!
//! A list is published at a URL that the certificate names. Getting it is the caller's work:
//! fetch the URLs of [`RevocationPointers`](crate::RevocationPointers) by any means, with a limit
//! on what is read, and hand the octets of the body to [`check_crl`], as they came.

mod list;

use rustls_pki_types::CertificateRevocationListDer;
use rustls_pki_types::pem::PemObject as _;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::{KeyUsage, ParsedExtension};
use x509_parser::oid_registry::OID_X509_EXT_BASIC_CONSTRAINTS;

pub(crate) use self::list::List;
use self::list::{Entry, Scope};
use super::{CLOCK_SKEW, Revocation, RevocationReason, Signed, pointers, read_certificate};
use crate::certificate::key_usages_allow;
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
    pub next_update: i64,
    /// The CRL number's octets, in lower-case hexadecimal.
    pub number: String,
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
    /// It lacks what RFC 5280 demands of every list: a `nextUpdate` (§5.1.2.5) that is not before
    /// its `thisUpdate`, and a CRL number of at most 20 octets that is not critical (§5.2.3).
    Nonconforming,
    /// It is about other certificates: of another kind, or of another distribution point. So is
    /// a list of one kind if the kind of the certificate cannot be read.
    OutOfScope,
    /// It lists certificates of other issuers too, which is not read here.
    Indirect,
    /// It tells only what changed since another list.
    Delta,
    /// It tells of some reasons only, and has not this certificate.
    SomeReasonsOnly,
    /// It has a critical extension that is not known here (RFC 5280 §5.2 and §5.3).
    UnknownCriticalExtension,
    /// It was issued when the certificate had expired, and has it not. A list need only have
    /// certificates that have not expired (RFC 5280 §5), unless it says otherwise.
    CertificateExpired,
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
/// time. A `thisUpdate` may be five minutes ahead, for clocks that differ. The work grows
/// linearly with the length of `crl`, and DER is read without a copy.
///
/// Of several lists, and for all certificates of a path, the same is asked with
/// [`PathOptions`](crate::PathOptions).
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
    let unreadable = || {
        let detail = "expected a certificate";
        CrlFailure::new(CrlFailureKind::CertificateUnreadable, detail)
    };
    let list = List::read(crl)?;
    let subject = read_certificate(certificate.as_bytes()).ok_or_else(unreadable)?;
    let issuer = read_certificate(issuer.as_bytes()).ok_or_else(unreadable)?;
    let issuer = CrlIssuer {
        name: issuer.subject().as_raw(),
        spki: issuer.tbs_certificate.subject_pki.raw,
        may_sign: allows_crl_signing(&issuer),
    };
    check_issuer(certificate, &subject, &issuer, provider)?;
    Ok(judge_list(&list, &subject, &issuer, provider, now))
}

/// The issuer of a certificate. A trust anchor need not have a certificate to read this from.
pub(crate) struct CrlIssuer<'a> {
    /// The DER of the name.
    pub(crate) name: &'a [u8],
    /// The DER of the SubjectPublicKeyInfo.
    pub(crate) spki: &'a [u8],
    /// Whether it may sign lists.
    pub(crate) may_sign: bool,
}

/// Whether the key usages allow to sign revocation lists (RFC 5280 §6.3.3 (f)).
pub(crate) fn allows_crl_signing(issuer: &X509Certificate<'_>) -> bool {
    key_usages_allow(issuer, KeyUsage::crl_sign)
}

/// What a list says of `subject`, which is known to be issued by `issuer`.
pub(crate) fn judge_list(
    list: &List<'_>,
    subject: &X509Certificate<'_>,
    issuer: &CrlIssuer<'_>,
    provider: &CryptoProvider,
    now: i64,
) -> CrlVerdict {
    let judge = || {
        check_signer(list, issuer, provider)?;
        let scope = list.scope()?;
        check_scope(&scope, subject)?;
        let entry = list.find(subject.raw_serial())?;
        let proof = proof(list, &scope, now)?;
        let not_after = subject.tbs_certificate.validity.not_after.timestamp();
        conclude(entry, proof, &scope, not_after, now)
    };
    judge().unwrap_or_else(CrlVerdict::CouldNotTell)
}

/// What follows from the entry of a certificate, or from there being none.
fn conclude(
    entry: Option<Entry<'_>>,
    proof: CrlProof,
    scope: &Scope<'_>,
    not_after: i64,
    now: i64,
) -> Result<CrlVerdict, CrlFailure> {
    use CrlFailureKind as Kind;

    let stale = |said: &str| {
        let late = now.abs_diff(proof.next_update);
        let detail = format!("revocation list out of date since {late} s, which {said}");
        CrlFailure::new(Kind::Stale, detail)
    };
    let Some(Entry { time, reason, .. }) = entry else {
        return if proof.stale {
            Err(stale("does not have the certificate"))
        } else if proof.this_update > not_after
            && scope
                .keeps_expired_since
                .is_none_or(|since| since > not_after)
        {
            let detail = "the revocation list was issued when the certificate had expired";
            Err(CrlFailure::new(Kind::CertificateExpired, detail))
        } else if scope.some_reasons {
            let detail =
                "the revocation list is about some reasons only and has not the certificate";
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
            Err(stale("has the certificate on hold"))
        }
        _ => Ok(CrlVerdict::Revoked {
            proof,
            revocation: Revocation { time, reason },
        }),
    }
}

fn check_issuer(
    certificate: &Der,
    subject: &X509Certificate<'_>,
    issuer: &CrlIssuer<'_>,
    provider: &CryptoProvider,
) -> Result<(), CrlFailure> {
    let other = |detail: &str| CrlFailure::new(CrlFailureKind::OtherIssuer, detail);
    if subject.issuer().as_raw() != issuer.name {
        return Err(other("the certificate names another issuer"));
    }
    let signed = Signed::read(certificate.as_bytes());
    let signed = signed.ok_or_else(|| other("the certificate has no signature"))?;
    match signed.check(issuer.spki, provider) {
        SignatureCheck::Verified => Ok(()),
        SignatureCheck::Failed => Err(other("the issuer's key did not sign the certificate")),
        SignatureCheck::Unsupported(text) => {
            Err(CrlFailure::new(CrlFailureKind::UnsupportedAlgorithm, text))
        }
    }
}

fn check_signer(
    list: &List<'_>,
    issuer: &CrlIssuer<'_>,
    provider: &CryptoProvider,
) -> Result<(), CrlFailure> {
    use CrlFailureKind as Kind;

    if list.issuer != issuer.name {
        let detail = "the revocation list names another issuer";
        return Err(CrlFailure::new(Kind::OtherSigner, detail));
    }
    if !issuer.may_sign {
        let detail = "its issuer may not sign revocation lists";
        return Err(CrlFailure::new(Kind::IssuerMayNotSign, detail));
    }
    match list.signed.check(issuer.spki, provider) {
        SignatureCheck::Verified => Ok(()),
        SignatureCheck::Failed => {
            let detail = "revocation list not signed with its issuer's key";
            Err(CrlFailure::new(Kind::BadSignature, detail))
        }
        SignatureCheck::Unsupported(text) => {
            let detail = format!("revocation list: {text}");
            Err(CrlFailure::new(Kind::UnsupportedAlgorithm, detail))
        }
    }
}

/// Whether the list is about such a certificate (RFC 5280 §6.3.3 (b)).
fn check_scope(scope: &Scope<'_>, subject: &X509Certificate<'_>) -> Result<(), CrlFailure> {
    use CrlFailureKind as Kind;

    if scope.delta {
        let detail = "the revocation list tells changes to another";
        return Err(CrlFailure::new(Kind::Delta, detail));
    }
    if scope.indirect {
        let detail = "the revocation list is about certificates of several issuers";
        return Err(CrlFailure::new(Kind::Indirect, detail));
    }
    let out = |detail: &str| Err(CrlFailure::new(Kind::OutOfScope, detail));
    if scope.only_attribute {
        return out("the revocation list is about attribute certificates only");
    }
    if scope.only_user && is_authority(subject) != Some(false) {
        return out("the revocation list is about end-entity certificates only");
    }
    if scope.only_ca && is_authority(subject) != Some(true) {
        return out("the revocation list is about certificates of authorities only");
    }
    if let Some(names) = scope.point
        && !pointers::names_a_point(subject, names)
    {
        return out("the certificate names no distribution point of the revocation list");
    }
    Ok(())
}

/// Whether the certificate is an authority's, by its only basic constraints (RFC 5280 §4.2.1.9);
/// `None` if these cannot be read.
fn is_authority(subject: &X509Certificate<'_>) -> Option<bool> {
    let mut constraints = subject
        .extensions()
        .iter()
        .filter(|extension| extension.oid == OID_X509_EXT_BASIC_CONSTRAINTS);
    match (constraints.next(), constraints.next()) {
        (None, _) => Some(false),
        (Some(only), None) => match only.parsed_extension() {
            ParsedExtension::BasicConstraints(constraints) => Some(constraints.ca),
            _ => None,
        },
        _ => None,
    }
}

/// What the answer rests on. The time of `nextUpdate` is one at which there is a newer list.
fn proof(list: &List<'_>, scope: &Scope<'_>, now: i64) -> Result<CrlProof, CrlFailure> {
    let nonconforming = |detail: &str| CrlFailure::new(CrlFailureKind::Nonconforming, detail);
    let this_update = list.this_update;
    let Some(next_update) = list.next_update else {
        return Err(nonconforming(
            "revocation list without the time of the next one",
        ));
    };
    if next_update < this_update {
        return Err(nonconforming(
            "revocation list whose next one is due before it",
        ));
    }
    if this_update.saturating_sub(CLOCK_SKEW) > now {
        let early = this_update.abs_diff(now);
        let detail = format!("revocation list issued only {early} s later");
        return Err(CrlFailure::new(CrlFailureKind::NotYetValid, detail));
    }
    Ok(CrlProof {
        this_update,
        next_update,
        number: hex(scope.number),
        stale: now >= next_update,
    })
}

#[cfg(all(test, any(feature = "aws-lc-rs", feature = "ring")))]
mod tests;
