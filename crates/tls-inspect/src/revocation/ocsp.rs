//! Stapled OCSP responses (RFC 6960, with the nonce of RFC 9654, which a staple has no use for).

mod response;
mod signer;

use std::fmt;

use x509_parser::time::ASN1Time;

use self::response::{ResponseData, SingleResponse, Status, basic_response, find_response};
pub(crate) use self::response::{StapledList, stapled_lists};
use self::signer::check_signer;
use super::{
    CLOCK_SKEW, IssuerSearch, Revocation, RevocationReason, find_issuer, has_critical,
    read_certificate,
};
use crate::der::reader::SCT_LIST;
use crate::{Certificate, CryptoProvider, Der, Deviation};

/// How old a response without `nextUpdate` may be, in seconds: ten days, the longest that the
/// Baseline Requirements (§4.9.10) let one with it last.
const MAX_AGE: i64 = 10 * 86_400;

/// What a responder answers for a certificate that was never issued (RFC 6960 §2.2). The
/// extension that comes along need not be looked at (§4.4.8).
const NEVER_ISSUED: Revocation = Revocation {
    time: 0,
    reason: Some(RevocationReason::CERTIFICATE_HOLD),
};

/// `id-pe-tlsfeature`.
const TLS_FEATURE: &str = "1.3.6.1.5.5.7.1.24";

/// What a stapled response says of a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum OcspVerdict {
    /// Not revoked, with proof.
    Good(OcspProof),
    /// Revoked, with proof.
    Revoked {
        /// Who says so, and for how long.
        proof: OcspProof,
        /// When and why it was revoked.
        revocation: Revocation,
    },
    /// The issuer never issued such a certificate, by a responder that answers "revoked" for
    /// those too, on hold since 1970-01-01 (RFC 6960 §2.2), with proof. Since the issuer's key
    /// did sign it, somebody else has the key or the authority lost count.
    NeverIssued(OcspProof),
    /// The responder says, with proof, that it does not know the certificate.
    Unknown(OcspProof),
    /// The response proves nothing about the certificate, for this reason.
    CouldNotTell(OcspFailure),
}

/// Who signed a response, and the time that it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct OcspProof {
    /// Who signed it.
    pub responder: OcspResponder,
    /// When it was signed, in seconds since 1970-01-01T00:00:00Z.
    pub produced_at: i64,
    /// The last time at which the responder knew it to be so.
    pub this_update: i64,
    /// The time at or before which newer information will be there.
    #[cfg_attr(
        feature = "serde",
        serde(skip_serializing_if = "Option::is_none", default)
    )]
    pub next_update: Option<i64>,
}

/// Who signed a response (RFC 6960 §4.2.2.2).
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum OcspResponder {
    /// The issuer of the certificate, with the key that signed it.
    Issuer,
    /// A responder whom the issuer gave a certificate for that purpose.
    #[non_exhaustive]
    Delegated {
        /// The subject of that certificate.
        subject: String,
        /// The SHA-256 of that certificate, in hexadecimal.
        sha256: String,
        /// Whether the issuer says in it that nobody need ask whether it was revoked itself
        /// (`id-pkix-ocsp-nocheck`, RFC 6960 §4.2.2.2.1).
        #[cfg_attr(feature = "serde", serde(default))]
        no_check: bool,
    },
}

impl OcspResponder {
    /// Whether the response is worth less if the responder's own certificate was revoked, which
    /// is not looked at here: the issuer does not say that it need not be.
    #[must_use]
    pub const fn revocation_matters(&self) -> bool {
        matches!(
            self,
            Self::Delegated {
                no_check: false,
                ..
            }
        )
    }
}

/// Why a response proves nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct OcspFailure {
    /// The kind of failure.
    pub kind: OcspFailureKind,
    /// What was expected and what was found.
    pub detail: String,
}

impl OcspFailure {
    fn new(kind: OcspFailureKind, detail: impl Into<String>) -> Self {
        Self {
            kind,
            detail: detail.into(),
        }
    }
}

/// The kinds of [`OcspFailure`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum OcspFailureKind {
    /// It is no basic OCSP response, contradicts itself, or has over 64 KiB.
    Malformed,
    /// The responder gave no answer, but this status.
    NotSuccessful(OcspResponseStatus),
    /// It answers for other certificates only.
    OtherCertificate,
    /// It says "good" of a time at which the certificate had expired, and responders may forget
    /// about revoked certificates that have (RFC 6960 §2.2).
    CertificateExpired,
    /// It is good, but its time is over.
    Stale,
    /// It is good, but its time has yet to come.
    NotYetValid,
    /// The signature is not good.
    BadSignature,
    /// Who signed it had no right to (RFC 6960 §4.2.2.2).
    ResponderNotAuthorized,
    /// It needs a hash or signature algorithm that cannot be computed here.
    UnsupportedAlgorithm,
    /// It has a critical extension that is not known here.
    UnknownCriticalExtension,
    /// The chain has no certificate whose key signed the first one.
    IssuerNotInChain,
}

/// `OCSPResponseStatus` (RFC 6960 §4.2.1), as the number found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
#[non_exhaustive]
pub struct OcspResponseStatus(pub u8);

impl OcspResponseStatus {
    /// The response holds an answer.
    pub const SUCCESSFUL: Self = Self(0);
    /// The responder could not read the request.
    pub const MALFORMED_REQUEST: Self = Self(1);
    /// The responder is out of order.
    pub const INTERNAL_ERROR: Self = Self(2);
    /// The responder is busy.
    pub const TRY_LATER: Self = Self(3);
    /// The responder answers signed requests only.
    pub const SIG_REQUIRED: Self = Self(5);
    /// The responder does not answer this asker, or for this certificate.
    pub const UNAUTHORIZED: Self = Self(6);
}

impl fmt::Display for OcspResponseStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            0 => "successful",
            1 => "malformedRequest",
            2 => "internalError",
            3 => "tryLater",
            5 => "sigRequired",
            6 => "unauthorized",
            other => return write!(f, "status {other}"),
        })
    }
}

/// What a server did about stapling.
///
/// Most authorities have given OCSP up, so absence alone says nothing. A certificate that
/// demands a staple (RFC 7633) is refused without one by those who heed it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum StapleState {
    /// It sent none, and none is demanded.
    Absent,
    /// It sent none though the certificate demands one.
    MissingThoughRequired,
    /// It sent none, and whether one is demanded cannot be read from the certificate.
    AbsentCertificateUnreadable,
    /// It sent this.
    Present(OcspVerdict),
}

impl StapleState {
    /// Judges the staple of a handshake, or that there is none. The `chain` is as in
    /// [`check_staple`].
    #[must_use]
    pub fn judge(
        staple: Option<&Der>,
        chain: &[Der],
        provider: &CryptoProvider,
        now_unix: i64,
    ) -> Self {
        if let Some(staple) = staple {
            return Self::Present(check_staple(staple, chain, provider, now_unix));
        }
        let first = chain.first();
        match first.and_then(|der| Certificate::parse(der.as_bytes()).ok()) {
            Some(certificate) if certificate.must_staple => Self::MissingThoughRequired,
            Some(certificate) if !hides_a_demand(&certificate) => Self::Absent,
            _ => Self::AbsentCertificateUnreadable,
        }
    }
}

/// Whether the certificate has a list of demands that cannot be read (RFC 7633 §4).
fn hides_a_demand(certificate: &Certificate) -> bool {
    let mut deviations = certificate.deviations.iter();
    deviations.any(
        |deviation| matches!(deviation, Deviation::MalformedExtension(oid) if oid == TLS_FEATURE),
    )
}

/// Checks what `staple` says of the first certificate of `chain`.
///
/// The issuer has to be in `chain`: a caller whose issuer is a root that was not sent adds it.
/// That the chain is trusted is not checked here.
///
/// A response without `nextUpdate` is taken for stale after ten days. The `thisUpdate` and the
/// `producedAt` may be five minutes ahead, for clocks that differ. Whether the certificate of a
/// responder other than the issuer was revoked itself is not asked (RFC 6960 §4.2.2.2.1): see
/// [`OcspResponder::revocation_matters`].
#[must_use]
pub fn check_staple(
    staple: &Der,
    chain: &[Der],
    provider: &CryptoProvider,
    now_unix: i64,
) -> OcspVerdict {
    match judge(staple.as_bytes(), chain, provider, now_unix) {
        Ok(verdict) => verdict,
        Err(failure) => OcspVerdict::CouldNotTell(failure),
    }
}

fn judge(
    staple: &[u8],
    chain: &[Der],
    provider: &CryptoProvider,
    now: i64,
) -> Result<OcspVerdict, OcspFailure> {
    use OcspFailureKind as Kind;

    let signed = basic_response(staple)?;
    let malformed = || OcspFailure::new(Kind::Malformed, "expected ResponseData, found other");
    let data = ResponseData::read(signed.contents).ok_or_else(malformed)?;
    let first = chain.first();
    let certificate = first.and_then(|der| Some((der, read_certificate(der.as_bytes())?)));
    let Some((der, certificate)) = certificate else {
        let detail = "the chain does not begin with a certificate that can be read";
        return Err(OcspFailure::new(Kind::IssuerNotInChain, detail));
    };
    let others = chain.get(1..).unwrap_or_default();
    let issuer = match find_issuer(der, others, provider) {
        IssuerSearch::Found(issuer) => issuer,
        IssuerSearch::NotInChain => {
            let detail = "no certificate after the first has the key that signed the first";
            return Err(OcspFailure::new(Kind::IssuerNotInChain, detail));
        }
        IssuerSearch::Unsupported(text) => {
            return Err(OcspFailure::new(Kind::UnsupportedAlgorithm, text));
        }
    };
    let single = find_response(data.responses, certificate.raw_serial(), &issuer)?;
    let responder = check_signer(&signed, data.responder, &issuer, provider, now)?;
    let critical = has_critical(data.extensions, KNOWN_EXTENSIONS).ok_or_else(malformed)?
        || has_critical(single.extensions, KNOWN_EXTENSIONS).ok_or_else(malformed)?;
    if critical {
        let detail = "a critical extension of the response is not known";
        return Err(OcspFailure::new(Kind::UnknownCriticalExtension, detail));
    }
    check_time(&single, now)?;
    check_signing_time(data.produced_at, single.this_update, now)?;
    let not_after = certificate.tbs_certificate.validity.not_after;
    check_meaning(&single, not_after.timestamp())?;
    let proof = OcspProof {
        responder,
        produced_at: data.produced_at,
        this_update: single.this_update,
        next_update: single.next_update,
    };
    Ok(match single.status {
        Status::Good => OcspVerdict::Good(proof),
        Status::Revoked(NEVER_ISSUED) => OcspVerdict::NeverIssued(proof),
        Status::Revoked(revocation) => OcspVerdict::Revoked { proof, revocation },
        Status::Unknown => OcspVerdict::Unknown(proof),
    })
}

fn check_time(single: &SingleResponse<'_>, now: i64) -> Result<(), OcspFailure> {
    let this_update = single.this_update;
    if single.next_update.is_some_and(|next| next < this_update) {
        let detail = "nextUpdate is before thisUpdate";
        return Err(OcspFailure::new(OcspFailureKind::Malformed, detail));
    }
    if this_update.saturating_sub(CLOCK_SKEW) > now {
        let detail = format!("now is {}, thisUpdate {}", moment(now), moment(this_update));
        return Err(OcspFailure::new(OcspFailureKind::NotYetValid, detail));
    }
    let end = single.next_update;
    let end = end.unwrap_or_else(|| this_update.saturating_add(MAX_AGE));
    if now > end {
        let said = match &single.status {
            Status::Good => "good",
            Status::Revoked(_) => "revoked",
            Status::Unknown => "unknown",
        };
        let detail = format!(
            "now is {}, it said {said} until {}",
            moment(now),
            moment(end)
        );
        return Err(OcspFailure::new(OcspFailureKind::Stale, detail));
    }
    Ok(())
}

/// What a response says may be so, but nobody can have signed it yet, nor have known at its
/// signing what was so later.
fn check_signing_time(produced_at: i64, this_update: i64, now: i64) -> Result<(), OcspFailure> {
    if produced_at.saturating_sub(CLOCK_SKEW) > now {
        let detail = format!("now is {}, producedAt {}", moment(now), moment(produced_at));
        return Err(OcspFailure::new(OcspFailureKind::NotYetValid, detail));
    }
    if this_update.saturating_sub(CLOCK_SKEW) > produced_at {
        let detail = format!(
            "producedAt is {}, thisUpdate {}",
            moment(produced_at),
            moment(this_update)
        );
        return Err(OcspFailure::new(OcspFailureKind::Malformed, detail));
    }
    Ok(())
}

/// Whether the status means what it says. "Good" is said of certificates within their validity
/// only (RFC 6960 §2.2), unless the responder says that it remembers more (§4.4.4).
fn check_meaning(single: &SingleResponse<'_>, not_after: i64) -> Result<(), OcspFailure> {
    match single.status {
        Status::Revoked(Revocation {
            reason: Some(RevocationReason::REMOVE_FROM_CRL),
            ..
        }) => {
            let detail = "removeFromCRL is for delta lists, and takes a revocation back";
            Err(OcspFailure::new(OcspFailureKind::Malformed, detail))
        }
        Status::Good
            if single.this_update > not_after
                && single
                    .archive_cutoff()
                    .is_none_or(|since| since > not_after) =>
        {
            let detail = format!(
                "notAfter is {}, thisUpdate {}",
                moment(not_after),
                moment(single.this_update)
            );
            Err(OcspFailure::new(
                OcspFailureKind::CertificateExpired,
                detail,
            ))
        }
        _ => Ok(()),
    }
}

/// A time as people read it.
fn moment(unix: i64) -> String {
    ASN1Time::from_timestamp(unix)
        .map_or_else(|_| format!("second {unix}"), |time| time.to_string())
}

/// `id-pkix-ocsp-nonce`, 1.3.6.1.5.5.7.48.1.2.
const NONCE: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 0x30, 1, 2];

/// `id-pkix-ocsp-extended-revoke`, 1.3.6.1.5.5.7.48.1.9.
const EXTENDED_REVOKE: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 0x30, 1, 9];

/// `id-pkix-ocsp-archive-cutoff`, 1.3.6.1.5.5.7.48.1.6.
const ARCHIVE_CUTOFF: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 0x30, 1, 6];

/// Extensions that may be critical without harm: the nonce, which is for who asks, the list of
/// SCTs, and those by which "good" and "revoked" are said of more certificates than else.
const KNOWN_EXTENSIONS: &[&[u8]] = &[NONCE, SCT_LIST, EXTENDED_REVOKE, ARCHIVE_CUTOFF];

#[cfg(all(test, any(feature = "aws-lc-rs", feature = "ring")))]
pub(super) mod tests;
