//! Reads an OCSP response (RFC 6960 §4.2.1) and finds what it says of one certificate.

use sha1::Sha1;
use sha2::{Digest as _, Sha256, Sha384, Sha512};
use x509_parser::certificate::X509Certificate;

use super::{ARCHIVE_CUTOFF, OcspFailure, OcspFailureKind, OcspResponseStatus};
use crate::der::reader::{
    ENUMERATED, Extension, INTEGER, OCTET_STRING, OID, Reader, SCT_LIST, context, context_primitive,
};
use crate::revocation::{Revocation, RevocationReason, Signed, key_octets, shortest};

/// The most octets of a response that is looked at; real ones have 300 to 3,000.
const MAX_RESPONSE: usize = 64 * 1024;

/// The most responses with the serial number looked for whose issuer is compared.
const MAX_HASHES: usize = 8;

/// The most lists of SCTs of a response that are looked at; one is usual.
const MAX_SCT_LISTS: usize = 32;

/// `id-pkix-ocsp-basic`, 1.3.6.1.5.5.7.48.1.1.
pub(super) const BASIC_RESPONSE: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 0x30, 1, 1];

fn malformed(detail: &str) -> OcspFailure {
    OcspFailure::new(OcspFailureKind::Malformed, detail)
}

/// Reads `OCSPResponse ::= SEQUENCE { responseStatus ENUMERATED, responseBytes [0] EXPLICIT
/// SEQUENCE { responseType OID, response OCTET STRING } OPTIONAL }` down to the
/// `BasicOCSPResponse` in it (RFC 6960 §4.2.1). Nothing may follow any of its fields, nor those
/// of what is in it: a field that is not known here might say anything.
pub(super) fn basic_response(staple: &[u8]) -> Result<Signed<'_>, OcspFailure> {
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
    let basic = bytes.value(OCTET_STRING).ok_or_else(other)?;
    if !fields.is_empty() || !bytes.is_empty() {
        return Err(other());
    }
    signed(basic).ok_or_else(|| malformed("expected a BasicOCSPResponse, found other octets"))
}

/// `BasicOCSPResponse ::= SEQUENCE { tbsResponseData, signatureAlgorithm, signature, certs [0]
/// EXPLICIT SEQUENCE OF Certificate OPTIONAL }`.
fn signed(basic: &[u8]) -> Option<Signed<'_>> {
    Reader::only_sequence(basic)?;
    let signed = Signed::read(basic)?;
    let mut after = signed.after;
    after.optional(context(0))?;
    after.is_empty().then_some(signed)
}

/// `ResponseData` (RFC 6960 §4.2.1).
pub(super) struct ResponseData<'a> {
    pub(super) responder: ResponderId<'a>,
    pub(super) produced_at: i64,
    pub(super) responses: Reader<'a>,
    pub(super) extensions: Option<&'a [u8]>,
}

pub(super) enum ResponderId<'a> {
    /// The DER of a name.
    Name(&'a [u8]),
    /// The SHA-1 of the octets of a key.
    KeyHash(&'a [u8]),
}

impl<'a> ResponseData<'a> {
    /// `SEQUENCE { version [0] EXPLICIT DEFAULT v1, responderID CHOICE { byName [1], byKey [2] },
    /// producedAt, responses SEQUENCE OF, responseExtensions [1] EXPLICIT OPTIONAL }`.
    pub(super) fn read(mut fields: Reader<'a>) -> Option<Self> {
        // Version 1 is written as 0, if at all.
        if let Some(version) = fields.optional(context(0))?
            && Reader::only(version, INTEGER)? != [0]
        {
            return None;
        }
        let id = fields.element()?;
        let responder = if id.tag == context(1) {
            ResponderId::Name(id.value)
        } else if id.tag == context(2) {
            ResponderId::KeyHash(Reader::only(id.value, OCTET_STRING)?)
        } else {
            return None;
        };
        let data = Self {
            responder,
            produced_at: fields.time()?,
            responses: fields.sequence()?,
            extensions: fields.optional(context(1))?,
        };
        fields.is_empty().then_some(data)
    }
}

impl ResponderId<'_> {
    pub(super) fn is(&self, certificate: &X509Certificate<'_>) -> bool {
        match self {
            Self::Name(name) => *name == certificate.subject().as_raw(),
            Self::KeyHash(hash) => {
                key_octets(certificate).is_some_and(|key| Sha1::digest(key).as_slice() == *hash)
            }
        }
    }
}

/// One `SingleResponse` (RFC 6960 §4.2.1).
pub(super) struct SingleResponse<'a> {
    pub(super) id: CertId<'a>,
    pub(super) status: Status,
    pub(super) this_update: i64,
    pub(super) next_update: Option<i64>,
    pub(super) extensions: Option<&'a [u8]>,
}

#[derive(PartialEq, Eq)]
pub(super) enum Status {
    Good,
    Revoked(Revocation),
    Unknown,
}

impl<'a> SingleResponse<'a> {
    /// `SEQUENCE { certID, certStatus CHOICE { good [0], revoked [1], unknown [2] }, thisUpdate,
    /// nextUpdate [0] EXPLICIT OPTIONAL, singleExtensions [1] EXPLICIT OPTIONAL }`.
    pub(super) fn next(from: &mut Reader<'a>) -> Option<Self> {
        let mut fields = from.sequence()?;
        let id = CertId::next(&mut fields)?;
        let status = fields.element()?;
        let is_null = |number| status.tag == context_primitive(number) && status.value.is_empty();
        let status = if is_null(0) {
            Status::Good
        } else if status.tag == context(1) {
            Status::Revoked(revocation(status.value)?)
        } else if is_null(2) {
            Status::Unknown
        } else {
            return None;
        };
        let single = Self {
            id,
            status,
            this_update: fields.time()?,
            next_update: match fields.optional(context(0))? {
                Some(time) => Some(only_time(time)?),
                None => None,
            },
            extensions: fields.optional(context(1))?,
        };
        fields.is_empty().then_some(single)
    }

    /// `ArchiveCutoff ::= GeneralizedTime`: certificates that expired from then on are still
    /// answered for (RFC 6960 §4.4.4).
    pub(super) fn archive_cutoff(&self) -> Option<i64> {
        let mut extensions = Reader::only_sequence(self.extensions?)?;
        while !extensions.is_empty() {
            let extension = Extension::next(&mut extensions)?;
            if extension.oid == ARCHIVE_CUTOFF {
                return only_time(extension.value);
            }
        }
        None
    }

    /// Whether this one takes from another, about the same certificate, what it says: if it is
    /// as new and says something else, or tells of a revocation that is never taken back
    /// (RFC 5280 §5.3.1).
    fn contradicts(&self, other: &Self) -> bool {
        let is_lasting = matches!(&self.status, Status::Revoked(revocation)
            if revocation.reason != Some(RevocationReason::CERTIFICATE_HOLD));
        if self.this_update >= other.this_update {
            self.status != other.status
        } else {
            is_lasting && !matches!(other.status, Status::Revoked(_))
        }
    }
}

fn only_time(octets: &[u8]) -> Option<i64> {
    let mut fields = Reader::new(octets);
    let time = fields.time()?;
    fields.is_empty().then_some(time)
}

/// The contents of `RevokedInfo ::= SEQUENCE { revocationTime, revocationReason [0] EXPLICIT
/// CRLReason OPTIONAL }`.
pub(super) fn revocation(value: &[u8]) -> Option<Revocation> {
    let mut fields = Reader::new(value);
    let time = fields.time()?;
    let reason = match fields.optional(context(0))? {
        Some(reason) => match Reader::only(reason, ENUMERATED)? {
            &[reason] => Some(RevocationReason(reason)),
            _ => return None,
        },
        None => None,
    };
    fields.is_empty().then_some(Revocation { time, reason })
}

/// A list of SCTs in a response (RFC 6962 §3.3).
pub(crate) struct StapledList<'a> {
    /// Whether it is shown for the certificate asked about; `None` if that cannot be told.
    pub(crate) is_about: Option<bool>,
    /// The list, if the extension can be read.
    pub(crate) list: Option<&'a [u8]>,
}

/// The lists of SCTs in a response, and whether it can be read to its end. The response is not
/// checked: SCTs are signed by themselves.
pub(crate) fn stapled_lists<'a>(
    staple: &'a [u8],
    certificate: Option<&X509Certificate<'_>>,
    issuer: Option<&X509Certificate<'_>>,
) -> (Vec<StapledList<'a>>, bool) {
    let mut lists = Vec::new();
    let mut read = |signed: Signed<'a>| {
        let mut responses = ResponseData::read(signed.contents)?.responses;
        while !responses.is_empty() {
            let single = SingleResponse::next(&mut responses)?;
            let mut extensions = match single.extensions {
                Some(extensions) => Reader::only_sequence(extensions)?,
                None => continue,
            };
            while !extensions.is_empty() {
                let extension = Extension::next(&mut extensions)?;
                if extension.oid != SCT_LIST {
                    continue;
                }
                if lists.len() == MAX_SCT_LISTS {
                    return None;
                }
                lists.push(StapledList {
                    is_about: single.id.is_about(certificate, issuer),
                    list: Reader::only(extension.value, OCTET_STRING),
                });
            }
        }
        Some(())
    };
    let whole = match basic_response(staple) {
        Ok(signed) => read(signed).is_some(),
        // A responder that gives no answer shows no SCT either.
        Err(failure) => matches!(failure.kind, OcspFailureKind::NotSuccessful(_)),
    };
    (lists, whole)
}

/// `CertID ::= SEQUENCE { hashAlgorithm, issuerNameHash, issuerKeyHash, serialNumber }`.
pub(super) struct CertId<'a> {
    pub(super) algorithm: &'a [u8],
    pub(super) name_hash: &'a [u8],
    pub(super) key_hash: &'a [u8],
    pub(super) serial: &'a [u8],
}

impl<'a> CertId<'a> {
    pub(super) fn next(from: &mut Reader<'a>) -> Option<Self> {
        let mut fields = from.sequence()?;
        let id = Self {
            algorithm: fields.sequence()?.value(OID)?,
            name_hash: fields.value(OCTET_STRING)?,
            key_hash: fields.value(OCTET_STRING)?,
            serial: fields.value(INTEGER)?,
        };
        fields.is_empty().then_some(id)
    }

    /// Whether it names this certificate; `None` if that cannot be told.
    fn is_about(
        &self,
        certificate: Option<&X509Certificate<'_>>,
        issuer: Option<&X509Certificate<'_>>,
    ) -> Option<bool> {
        if shortest(self.serial) == shortest(certificate?.raw_serial()) {
            self.is_of(issuer?)
        } else {
            Some(false)
        }
    }

    /// Whether the hashes are the issuer's; `None` if the algorithm is not known.
    pub(super) fn is_of(&self, issuer: &X509Certificate<'_>) -> Option<bool> {
        let name = hash(self.algorithm, issuer.subject().as_raw())?;
        let key = hash(self.algorithm, key_octets(issuer)?)?;
        Some(name == self.name_hash && key == self.key_hash)
    }
}

pub(super) fn hash(algorithm: &[u8], octets: &[u8]) -> Option<Vec<u8>> {
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
pub(super) fn find_response<'a>(
    mut responses: Reader<'a>,
    serial: &[u8],
    issuer: &X509Certificate<'_>,
) -> Result<SingleResponse<'a>, OcspFailure> {
    let serial = shortest(serial);
    let (mut found, mut unclear) = (Vec::new(), Vec::new());
    let mut other = "the serial number differs";
    // Hashing is only for responses with the right serial number, and only for so many.
    let mut hashes_left = MAX_HASHES;
    while !responses.is_empty() {
        let single = SingleResponse::next(&mut responses)
            .ok_or_else(|| malformed("expected a SingleResponse, found other octets"))?;
        if shortest(single.id.serial) != serial {
            continue;
        }
        if hashes_left == 0 {
            let detail = format!(
                "expected at most {MAX_HASHES} responses with the serial number, found more"
            );
            return Err(malformed(&detail));
        }
        hashes_left -= 1;
        match single.id.is_of(issuer) {
            Some(true) => found.push(single),
            Some(false) => other = "the issuer differs",
            None => unclear.push(single),
        }
    }
    found.sort_by_key(|single| single.this_update);
    match found.pop() {
        Some(newest) if found.iter().any(|other| other.contradicts(&newest)) => {
            Err(malformed("two responses contradict each other"))
        }
        Some(newest) if !unclear.iter().any(|other| other.contradicts(&newest)) => Ok(newest),
        None if unclear.is_empty() => {
            Err(OcspFailure::new(OcspFailureKind::OtherCertificate, other))
        }
        _ => {
            let detail = "the hash algorithm of the CertID is not known";
            let kind = OcspFailureKind::UnsupportedAlgorithm;
            Err(OcspFailure::new(kind, detail))
        }
    }
}
