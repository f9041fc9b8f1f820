//! Who signed an OCSP response, and whether it had the right to (RFC 6960 §4.2.2.2).

use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::ParsedExtension;
use x509_parser::oid_registry::OID_X509_EXT_KEY_USAGE;

use super::response::ResponderId;
use super::{OcspFailure, OcspFailureKind, OcspResponder};
use crate::CryptoProvider;
use crate::certificate::naming::distinguished_name;
use crate::der::reader::{Reader, context};
use crate::der::sha256_hex;
use crate::provider::SignatureCheck;
use crate::revocation::{Signed, read_certificate};

/// The most certificates of a response that are looked at; one is usual.
const MAX_RESPONDERS: usize = 8;

/// Who signed the response, if it was someone who may: the issuer, or whom the issuer gave a
/// certificate with `OCSPSigning` (RFC 6960 §4.2.2.2).
pub(super) fn check_signer(
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
                    no_check: has_no_check(&responder),
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
    // Of two such extensions there is no telling which counts.
    let delegated = matches!(responder.extended_key_usage(), Ok(Some(usage))
        if usage.value.ocsp_signing);
    if !delegated {
        return Err(not("the responder's certificate is not for OCSPSigning"));
    }
    if !may_sign_responses(responder) {
        return Err(not(
            "the key usages of the responder's certificate are for no signature",
        ));
    }
    if has_unknown_critical(responder) {
        return Err(not(
            "the responder's certificate has a critical extension that is not known",
        ));
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

/// Both usages must fit (RFC 5280 §4.2.1.12); one that cannot be read fits nothing.
fn may_sign_responses(responder: &X509Certificate<'_>) -> bool {
    let mut usages = responder
        .extensions()
        .iter()
        .filter(|extension| extension.oid == OID_X509_EXT_KEY_USAGE);
    usages.all(|extension| {
        matches!(extension.parsed_extension(), ParsedExtension::KeyUsage(usage)
            if usage.digital_signature() || usage.non_repudiation())
    })
}

/// `id-pkix-ocsp-nocheck`, 1.3.6.1.5.5.7.48.1.5. Its value is NULL, and nobody looks at it.
const NO_CHECK: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 0x30, 1, 5];

fn has_no_check(responder: &X509Certificate<'_>) -> bool {
    let mut extensions = responder.extensions().iter();
    extensions.any(|extension| extension.oid.as_bytes() == NO_CHECK)
}

/// RFC 5280 §4.2: such a certificate must be rejected.
fn has_unknown_critical(responder: &X509Certificate<'_>) -> bool {
    let mut critical = responder
        .extensions()
        .iter()
        .filter(|extension| extension.critical);
    critical.any(|extension| {
        let is_known = matches!(
            extension.parsed_extension(),
            ParsedExtension::BasicConstraints(_)
                | ParsedExtension::KeyUsage(_)
                | ParsedExtension::ExtendedKeyUsage(_)
                | ParsedExtension::SubjectAlternativeName(_)
        );
        !is_known && extension.oid.as_bytes() != NO_CHECK
    })
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
