//! Stapled OCSP responses (RFC 6960, with the nonce of RFC 9654, which a staple has no use for).

use std::fmt;

use sha1::Sha1;
use sha2::{Digest as _, Sha256, Sha384, Sha512};
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::ParsedExtension;

use super::{
    CLOCK_SKEW, IssuerSearch, Revocation, RevocationReason, Signed, find_issuer, key_octets,
    read_certificate,
};
use crate::certificate::naming::distinguished_name;
use crate::der::reader::{
    ENUMERATED, Extension, INTEGER, OCTET_STRING, OID, Reader, context, context_primitive,
};
use crate::der::sha256_hex;
use crate::provider::SignatureCheck;
use crate::{Certificate, CryptoProvider, Der};

/// The most octets of a response that is looked at; real ones have 300 to 3,000.
const MAX_RESPONSE: usize = 64 * 1024;

/// The most certificates of a response that are looked at; one is usual.
const MAX_RESPONDERS: usize = 8;

/// How old a response without `nextUpdate` may be, in seconds: ten days, the longest that the
/// Baseline Requirements (§4.9.10) let one with it last.
const MAX_AGE: i64 = 10 * 86_400;

/// `id-pkix-ocsp-basic`, 1.3.6.1.5.5.7.48.1.1.
const BASIC_RESPONSE: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 0x30, 1, 1];

/// 1.3.6.1.4.1.11129.2.4.5 (RFC 6962 §3.3).
const SCT_LIST: &[u8] = &[0x2b, 6, 1, 4, 1, 0xd6, 0x79, 2, 4, 5];

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
    },
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
    /// It is no basic OCSP response, or over 64 KiB.
    Malformed,
    /// The responder gave no answer, but this status.
    NotSuccessful(OcspResponseStatus),
    /// It answers for other certificates only.
    OtherCertificate,
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
            Some(_) => Self::Absent,
            None => Self::AbsentCertificateUnreadable,
        }
    }
}

/// Checks what `staple` says of the first certificate of `chain`.
///
/// The issuer has to be in `chain`: a caller whose issuer is a root that was not sent adds it.
/// That the chain is trusted is not checked here.
///
/// A response without `nextUpdate` is taken for stale after ten days. A `thisUpdate` may be five
/// minutes ahead, for clocks that differ.
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

    let basic = basic_response(staple)?;
    let malformed = || OcspFailure::new(Kind::Malformed, "expected ResponseData, found other");
    let signed = Signed::read(basic).ok_or_else(malformed)?;
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
    let proof = OcspProof {
        responder,
        produced_at: data.produced_at,
        this_update: single.this_update,
        next_update: single.next_update,
    };
    Ok(match single.status {
        Status::Good => OcspVerdict::Good(proof),
        Status::Revoked(revocation) => OcspVerdict::Revoked { proof, revocation },
        Status::Unknown => OcspVerdict::Unknown(proof),
    })
}

/// Reads `OCSPResponse ::= SEQUENCE { responseStatus ENUMERATED, responseBytes [0] EXPLICIT
/// SEQUENCE { responseType OID, response OCTET STRING } OPTIONAL }` down to the
/// `BasicOCSPResponse` in it (RFC 6960 §4.2.1).
fn basic_response(staple: &[u8]) -> Result<&[u8], OcspFailure> {
    let malformed = |detail: &str| OcspFailure::new(OcspFailureKind::Malformed, detail);
    if staple.len() > MAX_RESPONSE {
        return Err(malformed("expected at most 65536 octets, found more"));
    }
    let other = || malformed("expected an OCSPResponse, found other octets");
    let mut fields = Reader::only_sequence(staple).ok_or_else(other)?;
    let status = fields.value(ENUMERATED).ok_or_else(other)?;
    let &[status] = status else {
        return Err(other());
    };
    let status = OcspResponseStatus(status);
    if status != OcspResponseStatus::SUCCESSFUL {
        let kind = OcspFailureKind::NotSuccessful(status);
        let detail = format!("expected status successful, found {status}");
        return Err(OcspFailure::new(kind, detail));
    }
    let bytes = fields.value(context(0)).ok_or_else(other)?;
    let mut bytes = Reader::only_sequence(bytes).ok_or_else(other)?;
    if bytes.value(OID).ok_or_else(other)? != BASIC_RESPONSE {
        return Err(malformed("expected a basic response, found another type"));
    }
    bytes.value(OCTET_STRING).ok_or_else(other)
}

/// `ResponseData` (RFC 6960 §4.2.1).
struct ResponseData<'a> {
    responder: ResponderId<'a>,
    produced_at: i64,
    responses: Reader<'a>,
    extensions: Option<&'a [u8]>,
}

enum ResponderId<'a> {
    /// The DER of a name.
    Name(&'a [u8]),
    /// The SHA-1 of the octets of a key.
    KeyHash(&'a [u8]),
}

impl<'a> ResponseData<'a> {
    /// `SEQUENCE { version [0] EXPLICIT DEFAULT v1, responderID CHOICE { byName [1], byKey [2] },
    /// producedAt, responses SEQUENCE OF, responseExtensions [1] EXPLICIT OPTIONAL }`.
    fn read(mut fields: Reader<'a>) -> Option<Self> {
        fields.optional(context(0))?;
        let id = fields.element()?;
        let responder = if id.tag == context(1) {
            ResponderId::Name(id.value)
        } else if id.tag == context(2) {
            ResponderId::KeyHash(Reader::only(id.value, OCTET_STRING)?)
        } else {
            return None;
        };
        Some(Self {
            responder,
            produced_at: fields.time()?,
            responses: fields.sequence()?,
            extensions: fields.optional(context(1))?,
        })
    }
}

impl ResponderId<'_> {
    fn is(&self, certificate: &X509Certificate<'_>) -> bool {
        match self {
            Self::Name(name) => *name == certificate.subject().as_raw(),
            Self::KeyHash(hash) => {
                key_octets(certificate).is_some_and(|key| Sha1::digest(key).as_slice() == *hash)
            }
        }
    }
}

/// One `SingleResponse` (RFC 6960 §4.2.1).
struct SingleResponse<'a> {
    id: CertId<'a>,
    status: Status,
    this_update: i64,
    next_update: Option<i64>,
    extensions: Option<&'a [u8]>,
}

enum Status {
    Good,
    Revoked(Revocation),
    Unknown,
}

impl<'a> SingleResponse<'a> {
    /// `SEQUENCE { certID, certStatus CHOICE { good [0], revoked [1], unknown [2] }, thisUpdate,
    /// nextUpdate [0] EXPLICIT OPTIONAL, singleExtensions [1] EXPLICIT OPTIONAL }`.
    fn next(from: &mut Reader<'a>) -> Option<Self> {
        let mut fields = from.sequence()?;
        let id = CertId::next(&mut fields)?;
        let status = fields.element()?;
        let status = if status.tag == context_primitive(0) {
            Status::Good
        } else if status.tag == context(1) {
            Status::Revoked(revocation(status.value)?)
        } else if status.tag == context_primitive(2) {
            Status::Unknown
        } else {
            return None;
        };
        Some(Self {
            id,
            status,
            this_update: fields.time()?,
            next_update: match fields.optional(context(0))? {
                Some(time) => Some(Reader::new(time).time()?),
                None => None,
            },
            extensions: fields.optional(context(1))?,
        })
    }
}

/// The contents of `RevokedInfo ::= SEQUENCE { revocationTime, revocationReason [0] EXPLICIT
/// CRLReason OPTIONAL }`.
fn revocation(value: &[u8]) -> Option<Revocation> {
    let mut fields = Reader::new(value);
    let time = fields.time()?;
    let reason = match fields.optional(context(0))? {
        Some(reason) => match Reader::only(reason, ENUMERATED)? {
            &[reason] => Some(RevocationReason(reason)),
            _ => return None,
        },
        None => None,
    };
    Some(Revocation { time, reason })
}

/// `CertID ::= SEQUENCE { hashAlgorithm, issuerNameHash, issuerKeyHash, serialNumber }`.
struct CertId<'a> {
    algorithm: &'a [u8],
    name_hash: &'a [u8],
    key_hash: &'a [u8],
    serial: &'a [u8],
}

impl<'a> CertId<'a> {
    fn next(from: &mut Reader<'a>) -> Option<Self> {
        let mut fields = from.sequence()?;
        Some(Self {
            algorithm: fields.sequence()?.value(OID)?,
            name_hash: fields.value(OCTET_STRING)?,
            key_hash: fields.value(OCTET_STRING)?,
            serial: fields.value(INTEGER)?,
        })
    }

    /// Whether the hashes are the issuer's; `None` if the algorithm is not known.
    fn is_of(&self, issuer: &X509Certificate<'_>) -> Option<bool> {
        let name = hash(self.algorithm, issuer.subject().as_raw())?;
        let key = hash(self.algorithm, key_octets(issuer)?)?;
        Some(name == self.name_hash && key == self.key_hash)
    }
}

fn hash(algorithm: &[u8], octets: &[u8]) -> Option<Vec<u8>> {
    Some(match algorithm {
        [0x2b, 0x0e, 0x03, 0x02, 0x1a] => Sha1::digest(octets).to_vec(),
        [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, last] => match last {
            1 => Sha256::digest(octets).to_vec(),
            2 => Sha384::digest(octets).to_vec(),
            3 => Sha512::digest(octets).to_vec(),
            _ => return None,
        },
        _ => return None,
    })
}

/// The newest response about the certificate with this serial number from this issuer.
fn find_response<'a>(
    mut responses: Reader<'a>,
    serial: &[u8],
    issuer: &X509Certificate<'_>,
) -> Result<SingleResponse<'a>, OcspFailure> {
    use OcspFailureKind as Kind;

    let mut newest: Option<SingleResponse<'a>> = None;
    let mut failure = OcspFailure::new(Kind::OtherCertificate, "the serial number differs");
    // Hashing is only for responses with the right serial number, and only for so many.
    let mut hashes_left = MAX_RESPONDERS;
    while !responses.is_empty() {
        let Some(single) = SingleResponse::next(&mut responses) else {
            let detail = "expected a SingleResponse, found other octets";
            return Err(OcspFailure::new(Kind::Malformed, detail));
        };
        if single.id.serial != serial || hashes_left == 0 {
            continue;
        }
        hashes_left -= 1;
        match single.id.is_of(issuer) {
            Some(true) => {
                if newest
                    .as_ref()
                    .is_none_or(|newest| newest.this_update < single.this_update)
                {
                    newest = Some(single);
                }
            }
            Some(false) => {
                failure = OcspFailure::new(Kind::OtherCertificate, "the issuer differs");
            }
            None => {
                let detail = "the hash algorithm of the CertID is not known";
                failure = OcspFailure::new(Kind::UnsupportedAlgorithm, detail);
            }
        }
    }
    newest.ok_or(failure)
}

/// Who signed the response, if it was someone who may: the issuer, or whom the issuer gave a
/// certificate with `OCSPSigning` (RFC 6960 §4.2.2.2).
fn check_signer(
    signed: &Signed<'_>,
    id: ResponderId<'_>,
    issuer: &X509Certificate<'_>,
    provider: &CryptoProvider,
    now: i64,
) -> Result<OcspResponder, OcspFailure> {
    use OcspFailureKind as Kind;

    let detail = "no certificate at hand has the name or the key of the responder";
    let mut failure = OcspFailure::new(Kind::ResponderNotAuthorized, detail);
    if id.is(issuer) {
        match signed.check(issuer.tbs_certificate.subject_pki.raw, provider) {
            SignatureCheck::Verified => return Ok(OcspResponder::Issuer),
            other => failure = bad_signature(other),
        }
    }
    for der in embedded_certificates(signed)? {
        let Some(responder) = read_certificate(der).filter(|responder| id.is(responder)) else {
            continue;
        };
        match check_delegated(signed, der, &responder, issuer, provider, now) {
            Ok(()) => {
                return Ok(OcspResponder::Delegated {
                    subject: distinguished_name(responder.subject()),
                    sha256: sha256_hex(der),
                });
            }
            Err(other) => failure = other,
        }
    }
    Err(failure)
}

fn check_delegated(
    signed: &Signed<'_>,
    der: &[u8],
    responder: &X509Certificate<'_>,
    issuer: &X509Certificate<'_>,
    provider: &CryptoProvider,
    now: i64,
) -> Result<(), OcspFailure> {
    let not = |detail: &str| OcspFailure::new(OcspFailureKind::ResponderNotAuthorized, detail);
    if responder.issuer().as_raw() != issuer.subject().as_raw() {
        return Err(not("the responder's certificate is of another issuer"));
    }
    let delegated = responder.extensions().iter().any(|extension| {
        matches!(extension.parsed_extension(), ParsedExtension::ExtendedKeyUsage(usage)
            if usage.ocsp_signing)
    });
    if !delegated {
        return Err(not("the responder's certificate is not for OCSPSigning"));
    }
    let issuer_key = issuer.tbs_certificate.subject_pki.raw;
    let certificate = Signed::read(der).ok_or_else(|| not("no certificate"))?;
    match certificate.check(issuer_key, provider) {
        SignatureCheck::Verified => {}
        SignatureCheck::Failed => {
            return Err(not("the issuer did not sign the responder's certificate"));
        }
        other @ SignatureCheck::Unsupported(_) => return Err(bad_signature(other)),
    }
    let validity = &responder.tbs_certificate.validity;
    if now < validity.not_before.timestamp() || now > validity.not_after.timestamp() {
        return Err(not("the responder's certificate is not valid at this time"));
    }
    match signed.check(responder.tbs_certificate.subject_pki.raw, provider) {
        SignatureCheck::Verified => Ok(()),
        other => Err(bad_signature(other)),
    }
}

fn bad_signature(check: SignatureCheck) -> OcspFailure {
    match check {
        SignatureCheck::Unsupported(text) => {
            OcspFailure::new(OcspFailureKind::UnsupportedAlgorithm, text)
        }
        _ => OcspFailure::new(
            OcspFailureKind::BadSignature,
            "the responder's key did not make the signature",
        ),
    }
}

/// The first certificates of `certs [0] EXPLICIT SEQUENCE OF Certificate OPTIONAL`.
fn embedded_certificates<'a>(signed: &Signed<'a>) -> Result<Vec<&'a [u8]>, OcspFailure> {
    let read = || {
        let mut found = Vec::new();
        let mut after = signed.after;
        let Some(certificates) = after.optional(context(0))? else {
            return Some(found);
        };
        let mut certificates = Reader::only_sequence(certificates)?;
        while !certificates.is_empty() && found.len() < MAX_RESPONDERS {
            found.push(certificates.element()?.raw);
        }
        Some(found)
    };
    let detail = "expected certificates after the signature, found other octets";
    read().ok_or_else(|| OcspFailure::new(OcspFailureKind::Malformed, detail))
}

fn check_time(single: &SingleResponse<'_>, now: i64) -> Result<(), OcspFailure> {
    let this_update = single.this_update;
    if this_update.saturating_sub(CLOCK_SKEW) > now {
        let detail = format!("now is {now}, thisUpdate {this_update}");
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
        let detail = format!("now is {now}, it said {said} until {end}");
        return Err(OcspFailure::new(OcspFailureKind::Stale, detail));
    }
    Ok(())
}

/// Extensions that may be critical without harm: the nonce, which is for who asks, and the list
/// of SCTs.
const KNOWN_EXTENSIONS: &[&[u8]] = &[&[0x2b, 6, 1, 5, 5, 7, 0x30, 1, 2], SCT_LIST];

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
