//! Reads a `CertificateList` (RFC 5280 §5.1): its head, its scope and one entry at a time.

use super::{CrlFailure, CrlFailureKind, MAX_LIST};
use crate::der::reader::{
    ENUMERATED, Extension, GENERALIZED_TIME, INTEGER, Reader, SEQUENCE, UTC_TIME, context,
    context_primitive,
};
use crate::revocation::{RevocationReason, Signed, shortest};

/// The most entries of a list that are read.
const MAX_ENTRIES: usize = 1_000_000;

/// The most octets of a CRL number (RFC 5280 §5.2.3).
const MAX_NUMBER: usize = 20;

/// `cRLNumber`, 2.5.29.20.
const CRL_NUMBER: &[u8] = &[0x55, 0x1d, 20];
/// `reasonCode`, 2.5.29.21.
const REASON_CODE: &[u8] = &[0x55, 0x1d, 21];
/// `invalidityDate`, 2.5.29.24.
const INVALIDITY_DATE: &[u8] = &[0x55, 0x1d, 24];
/// `deltaCRLIndicator`, 2.5.29.27.
const DELTA_CRL_INDICATOR: &[u8] = &[0x55, 0x1d, 27];
/// `issuingDistributionPoint`, 2.5.29.28.
pub(super) const ISSUING_DISTRIBUTION_POINT: &[u8] = &[0x55, 0x1d, 28];
/// `certificateIssuer`, 2.5.29.29.
const CERTIFICATE_ISSUER: &[u8] = &[0x55, 0x1d, 29];
/// `expiredCertsOnCRL`, 2.5.29.60 (ITU-T X.509).
const EXPIRED_CERTS_ON_CRL: &[u8] = &[0x55, 0x1d, 60];
/// `authorityKeyIdentifier`, 2.5.29.35. It only helps to find the issuer, who is given here.
const AUTHORITY_KEY_IDENTIFIER: &[u8] = &[0x55, 0x1d, 35];

/// A list that has been read as far as its entries.
pub(crate) struct List<'a> {
    pub(super) signed: Signed<'a>,
    /// The DER of the name.
    pub(crate) issuer: &'a [u8],
    pub(super) this_update: i64,
    pub(super) next_update: Option<i64>,
    entries: Reader<'a>,
    extensions: Reader<'a>,
}

fn malformed(expected: &str) -> CrlFailure {
    let detail = format!("expected {expected}, found other octets");
    CrlFailure::new(CrlFailureKind::Malformed, detail)
}

fn unknown_critical(place: &str) -> CrlFailure {
    let detail = format!("a critical extension of {place} is not known");
    CrlFailure::new(CrlFailureKind::UnknownCriticalExtension, detail)
}

/// RFC 5280 §5.2.3.
fn nonconforming(how: &str) -> CrlFailure {
    let detail = format!("revocation list {how}");
    CrlFailure::new(CrlFailureKind::Nonconforming, detail)
}

impl<'a> List<'a> {
    pub(crate) fn read(der: &'a [u8]) -> Result<Self, CrlFailure> {
        if der.len() > MAX_LIST {
            let detail = format!("expected at most {MAX_LIST} octets, found {}", der.len());
            return Err(CrlFailure::new(CrlFailureKind::TooLong, detail));
        }
        Self::fields(der).ok_or_else(|| malformed("a CertificateList"))
    }

    /// `TBSCertList ::= SEQUENCE { version INTEGER OPTIONAL, signature, issuer, thisUpdate,
    /// nextUpdate OPTIONAL, revokedCertificates SEQUENCE OF SEQUENCE OPTIONAL,
    /// crlExtensions [0] EXPLICIT OPTIONAL }`.
    fn fields(der: &'a [u8]) -> Option<Self> {
        Reader::only(der, SEQUENCE)?;
        let signed = Signed::read(der)?;
        let mut fields = signed.contents;
        // Version 2 is written as 1, and version 1 not at all.
        if !matches!(fields.optional(INTEGER)?, None | Some([1])) {
            return None;
        }
        // What is signed has to name the algorithm that it is signed with (RFC 5280 §5.1.2.2).
        if fields.value(SEQUENCE)? != signed.algorithm || !signed.after.is_empty() {
            return None;
        }
        let issuer = fields.tagged(SEQUENCE)?.raw;
        let this_update = fields.time()?;
        let next_update = match fields.peek_tag() {
            Some(UTC_TIME | GENERALIZED_TIME) => Some(fields.time()?),
            _ => None,
        };
        let entries = fields.optional(SEQUENCE)?.unwrap_or_default();
        let extensions = match fields.optional(context(0))? {
            Some(extensions) => Reader::only_sequence(extensions)?,
            None => Reader::new(&[]),
        };
        fields.is_empty().then_some(Self {
            signed,
            issuer,
            this_update,
            next_update,
            entries: Reader::new(entries),
            extensions,
        })
    }

    pub(super) fn scope(&self) -> Result<Scope<'a>, CrlFailure> {
        let mut scope = Scope::default();
        let mut number = None;
        let mut seen = Vec::new();
        let mut extensions = self.extensions;
        while !extensions.is_empty() {
            let extension = Extension::next(&mut extensions);
            let extension =
                extension.ok_or_else(|| malformed("an extension of the revocation list"))?;
            // No list may have an extension twice (RFC 5280 §4.2), since one would hide the other.
            if [CRL_NUMBER, ISSUING_DISTRIBUTION_POINT].contains(&extension.oid) {
                if seen.contains(&extension.oid) {
                    return Err(malformed("each extension of the revocation list once"));
                }
                seen.push(extension.oid);
            }
            match extension.oid {
                CRL_NUMBER if extension.critical => {
                    return Err(nonconforming("with a critical CRL number"));
                }
                CRL_NUMBER => number = Some(crl_number(extension.value)?),
                DELTA_CRL_INDICATOR => scope.delta = true,
                ISSUING_DISTRIBUTION_POINT => scope
                    .read_point(extension.value)
                    .ok_or_else(|| malformed("an IssuingDistributionPoint"))?,
                EXPIRED_CERTS_ON_CRL => {
                    scope.keeps_expired_since = Reader::new(extension.value).time();
                }
                AUTHORITY_KEY_IDENTIFIER => {}
                _ if extension.critical => return Err(unknown_critical("the revocation list")),
                _ => {}
            }
        }
        scope.number = number.ok_or_else(|| nonconforming("without a CRL number"))?;
        Ok(scope)
    }

    /// The first entry with this serial number. All entries are read, because a critical
    /// extension in any of them stands in the way of the list as a whole (RFC 5280 §5.3).
    pub(super) fn find(&self, serial: &[u8]) -> Result<Option<Entry<'a>>, CrlFailure> {
        let serial = shortest(serial);
        let mut found = None;
        let mut entries = self.entries;
        let mut left = MAX_ENTRIES;
        while !entries.is_empty() {
            if left == 0 {
                let detail = format!("expected at most {MAX_ENTRIES} entries, found more");
                return Err(CrlFailure::new(CrlFailureKind::TooLong, detail));
            }
            left -= 1;
            let entry = Entry::next(&mut entries)
                .ok_or_else(|| malformed("an entry of the revocation list"))?;
            if entry.names_an_issuer {
                let detail = "the revocation list names the issuer of an entry";
                return Err(CrlFailure::new(CrlFailureKind::Indirect, detail));
            }
            if entry.has_unknown_critical {
                return Err(unknown_critical("an entry of the revocation list"));
            }
            if shortest(entry.serial) == serial && found.is_none() {
                found = Some(entry);
            }
        }
        Ok(found)
    }
}

/// `CRLNumber ::= INTEGER (0..MAX)`, of at most 20 octets (RFC 5280 §5.2.3). The zero in front of
/// a number whose first bit is set is not counted, so as to refuse none that others take.
fn crl_number(value: &[u8]) -> Result<&[u8], CrlFailure> {
    let number = Reader::only(value, INTEGER).map(shortest);
    let octets = match number {
        Some([0, octets @ ..] | octets @ [1..=0x7f, ..]) => octets,
        _ => return Err(nonconforming("with a CRL number that is none")),
    };
    if octets.len() > MAX_NUMBER {
        let length = octets.len();
        let how = format!("with a CRL number of {length} octets, where {MAX_NUMBER} are the most");
        return Err(nonconforming(&how));
    }
    Ok(number.unwrap_or_default())
}

/// What certificates a list is about.
#[derive(Default)]
pub(super) struct Scope<'a> {
    pub(super) number: &'a [u8],
    pub(super) delta: bool,
    /// The contents of the DistributionPointName.
    pub(super) point: Option<&'a [u8]>,
    pub(super) only_user: bool,
    pub(super) only_ca: bool,
    pub(super) some_reasons: bool,
    pub(super) indirect: bool,
    pub(super) only_attribute: bool,
    /// Certificates that expired from then on are still listed.
    pub(super) keeps_expired_since: Option<i64>,
}

impl<'a> Scope<'a> {
    /// `IssuingDistributionPoint ::= SEQUENCE { distributionPoint [0], onlyContainsUserCerts [1],
    /// onlyContainsCACerts [2], onlySomeReasons [3], indirectCRL [4],
    /// onlyContainsAttributeCerts [5] }`, all optional (RFC 5280 §5.2.5).
    fn read_point(&mut self, value: &'a [u8]) -> Option<()> {
        let mut fields = Reader::only_sequence(value)?;
        let flag = |fields: &mut Reader<'a>, number| {
            let octets = fields.optional(context_primitive(number))?;
            Some(octets.is_some_and(|octets| octets != [0]))
        };
        self.point = fields.optional(context(0))?;
        self.only_user = flag(&mut fields, 1)?;
        self.only_ca = flag(&mut fields, 2)?;
        self.some_reasons = fields.optional(context_primitive(3))?.is_some();
        self.indirect = flag(&mut fields, 4)?;
        self.only_attribute = flag(&mut fields, 5)?;
        fields.is_empty().then_some(())
    }
}

/// An entry of `revokedCertificates`.
pub(super) struct Entry<'a> {
    serial: &'a [u8],
    pub(super) time: i64,
    pub(super) reason: Option<RevocationReason>,
    /// It and those after it are about certificates of that issuer.
    names_an_issuer: bool,
    has_unknown_critical: bool,
}

impl<'a> Entry<'a> {
    /// `SEQUENCE { userCertificate INTEGER, revocationDate Time, crlEntryExtensions OPTIONAL }`.
    fn next(from: &mut Reader<'a>) -> Option<Self> {
        let mut fields = from.sequence()?;
        let mut entry = Self {
            serial: fields.value(INTEGER)?,
            time: fields.time()?,
            reason: None,
            names_an_issuer: false,
            has_unknown_critical: false,
        };
        let mut extensions = Reader::new(fields.optional(SEQUENCE)?.unwrap_or_default());
        while !extensions.is_empty() {
            let extension = Extension::next(&mut extensions)?;
            match extension.oid {
                REASON_CODE if entry.reason.is_some() => return None,
                REASON_CODE => match Reader::only(extension.value, ENUMERATED)? {
                    &[reason] => entry.reason = Some(RevocationReason(reason)),
                    _ => return None,
                },
                CERTIFICATE_ISSUER => entry.names_an_issuer = true,
                INVALIDITY_DATE => {}
                _ => entry.has_unknown_critical |= extension.critical,
            }
        }
        fields.is_empty().then_some(entry)
    }
}
