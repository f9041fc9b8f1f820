//! Revocation lists that a caller hands in (RFC 5280 §5), and what they say of one certificate.
//!
//! A list is worth something for a certificate only after RFC 5280 §6.3.3: it is of the same
//! issuer, covers the certificate, is signed with the key that signed the certificate, and is
//! current. Whatever falls short of that leaves the status unknown, with the cause.

use std::cell::Cell;
use std::fmt;

use webpki::BorrowedCertRevocationList;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::{
    DistributionPointName, GeneralName, IssuingDistributionPoint, ParsedExtension, X509Extension,
};
use x509_parser::prelude::FromDer as _;
use x509_parser::time::ASN1Time;

use super::PathOptions;
use crate::der::read_tlv;
use crate::escape::printable;
use crate::numbers::wire_number;
use crate::provider::{SignatureCheck, check_signature};
use crate::{CryptoProvider, Der};

/// That a revocation list names a certificate: since when and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct CrlRevocation {
    /// The time at which the authority revoked it, in seconds since 1970-01-01T00:00:00Z.
    pub time: i64,
    /// Why, if the list says so.
    #[cfg_attr(
        feature = "serde",
        serde(skip_serializing_if = "Option::is_none", default)
    )]
    pub reason: Option<CrlReasonCode>,
}

impl fmt::Display for CrlRevocation {
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
    CrlReasonCode(u8), "{} ({})" {
        UNSPECIFIED = 0 => "unspecified",
        KEY_COMPROMISE = 1 => "keyCompromise",
        CA_COMPROMISE = 2 => "cACompromise",
        AFFILIATION_CHANGED = 3 => "affiliationChanged",
        SUPERSEDED = 4 => "superseded",
        CESSATION_OF_OPERATION = 5 => "cessationOfOperation",
        CERTIFICATE_HOLD = 6 => "certificateHold",
        REMOVE_FROM_CRL = 8 => "removeFromCRL",
        PRIVILEGE_WITHDRAWN = 9 => "privilegeWithdrawn",
        AA_COMPROMISE = 10 => "aACompromise",
    }
}

/// What the lists say of one certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Status {
    NotRevoked,
    Revoked(CrlRevocation),
    /// It could not be told, for this cause.
    Unknown(String),
}

/// The certificate that is asked about, and who issued it.
pub(super) struct Question<'a> {
    pub(super) certificate: &'a X509Certificate<'a>,
    pub(super) is_end_entity: bool,
    /// The DER of the issuer's SubjectPublicKeyInfo.
    pub(super) issuer_spki: &'a [u8],
    pub(super) issuer_may_sign: bool,
}

/// The lists of one judgement.
pub(super) struct Crls<'a> {
    lists: Vec<Crl<'a>>,
    provider: &'a CryptoProvider,
    now_unix: i64,
    /// Each look into a list costs a signature check and a pass over its entries.
    looks_left: Cell<usize>,
}

impl<'a> Crls<'a> {
    const MAX_LOOKS: usize = 128;

    pub(super) fn new(crls: &'a [Der], provider: &'a CryptoProvider, now_unix: i64) -> Self {
        let used = crls.get(..PathOptions::MAX_CRLS).unwrap_or(crls);
        Self {
            lists: used.iter().map(Crl::of).collect(),
            provider,
            now_unix,
            looks_left: Cell::new(Self::MAX_LOOKS),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.lists.is_empty()
    }

    /// One list that says "revoked" outweighs others, and one that counts outweighs those that
    /// do not.
    pub(super) fn status(&self, question: &Question<'_>) -> Status {
        let issuer = name_contents(question.certificate.issuer().as_raw());
        let mut status = Status::Unknown("no revocation list of its issuer".to_owned());
        for list in self.lists.iter().filter(|list| list.issuer == issuer) {
            let Some(left) = self.looks_left.get().checked_sub(1) else {
                return Status::Unknown("too many revocation lists to look into".to_owned());
            };
            self.looks_left.set(left);
            match self.status_in(list, question) {
                Ok(Some(revocation)) => return Status::Revoked(revocation),
                Ok(None) => status = Status::NotRevoked,
                Err(cause) if status != Status::NotRevoked => status = Status::Unknown(cause),
                Err(_) => {}
            }
        }
        status
    }

    /// What one list of the right issuer says, or why it does not count.
    fn status_in(
        &self,
        crl: &Crl<'_>,
        question: &Question<'_>,
    ) -> Result<Option<CrlRevocation>, String> {
        let list = crl.list.as_ref().map_err(Clone::clone)?;
        if !list.covers(question) {
            return Err("its issuer's revocation list does not cover it".to_owned());
        }
        // RFC 5280 §6.3.3 (f).
        if !question.issuer_may_sign {
            return Err("its issuer may not sign revocation lists".to_owned());
        }
        if list.this_update > self.now_unix {
            let early = list.this_update.abs_diff(self.now_unix);
            return Err(format!("revocation list issued only {early} s later"));
        }
        list.check_signature(question.issuer_spki, self.provider)?;
        let entry = list.entry(question.certificate.raw_serial())?;
        if list.next_update > self.now_unix {
            return Ok(entry);
        }
        match entry {
            // Only a hold is ever taken back (RFC 5280 §5.3.1), so an old list is proof enough.
            Some(entry) if entry.reason != Some(CrlReasonCode::CERTIFICATE_HOLD) => Ok(Some(entry)),
            _ => {
                let late = self.now_unix.abs_diff(list.next_update);
                Err(format!("revocation list out of date since {late} s"))
            }
        }
    }
}

/// One list, and whether it can be used.
struct Crl<'a> {
    /// The contents of its issuer's Name, if it gets that far.
    issuer: &'a [u8],
    list: Result<List<'a>, String>,
}

impl<'a> Crl<'a> {
    fn of(der: &'a Der) -> Self {
        let Some(frame) = Frame::read(der.as_bytes()) else {
            return Self {
                issuer: &[],
                list: Err("revocation list malformed".to_owned()),
            };
        };
        Self {
            issuer: frame.issuer,
            list: List::of(der, &frame),
        }
    }
}

/// A list that can be used.
struct List<'a> {
    entries: BorrowedCertRevocationList<'a>,
    to_be_signed: &'a [u8],
    signature_algorithm: &'a [u8],
    signature: &'a [u8],
    this_update: i64,
    next_update: i64,
    scope: Option<IssuingDistributionPoint<'a>>,
}

impl<'a> List<'a> {
    fn of(der: &'a Der, frame: &Frame<'a>) -> Result<Self, String> {
        // This refuses old versions, delta lists, indirect lists, lists of some reasons only,
        // and critical extensions that are not known.
        let entries = BorrowedCertRevocationList::from_der(der.as_bytes())
            .map_err(|error| printable(format!("revocation list unusable: {error}")))?;
        let malformed = || "revocation list malformed".to_owned();
        let mut extensions = frame.extensions().ok_or_else(malformed)?;
        // RFC 5280 §5.2.3.
        match extensions
            .iter()
            .find(|extension| matches!(extension.parsed_extension(), ParsedExtension::CRLNumber(_)))
        {
            None => return Err("revocation list without a CRL number".to_owned()),
            Some(number) if number.critical => {
                return Err("revocation list with a critical CRL number".to_owned());
            }
            Some(_) => {}
        }
        let scope =
            extensions
                .iter_mut()
                .find_map(|extension| match extension.parsed_extension() {
                    ParsedExtension::IssuingDistributionPoint(scope) => Some(scope.clone()),
                    _ => None,
                });
        Ok(Self {
            entries,
            to_be_signed: frame.to_be_signed,
            signature_algorithm: frame.signature_algorithm,
            signature: frame.signature,
            this_update: frame.this_update,
            next_update: frame.next_update.ok_or_else(malformed)?,
            scope,
        })
    }

    /// RFC 5280 §6.3.3 (b) (2).
    fn covers(&self, question: &Question<'_>) -> bool {
        let Some(scope) = &self.scope else {
            return true;
        };
        let excluded = if question.is_end_entity {
            scope.only_contains_ca_certs
        } else {
            scope.only_contains_user_certs
        };
        if excluded {
            return false;
        }
        let points = question.certificate.extensions().iter();
        let mut points = points.filter_map(|extension| match extension.parsed_extension() {
            ParsedExtension::CRLDistributionPoints(points) => Some(points),
            _ => None,
        });
        let Some(points) = points.next() else {
            return true;
        };
        let whole = points
            .iter()
            .filter(|point| point.reasons.is_none() && point.crl_issuer.is_none());
        let mut names = whole.flat_map(|point| uris(point.distribution_point.as_ref()));
        names.any(|name| uris(scope.distribution_point.as_ref()).any(|other| other == name))
    }

    fn check_signature(&self, spki: &[u8], provider: &CryptoProvider) -> Result<(), String> {
        let algorithms = provider.algorithms().iter().copied();
        let algorithms = algorithms
            .filter(|known| known.signature_alg_id().as_ref() == self.signature_algorithm);
        match check_signature(algorithms, spki, self.to_be_signed, self.signature) {
            SignatureCheck::Verified => Ok(()),
            SignatureCheck::Failed => {
                Err("revocation list not signed with its issuer's key".to_owned())
            }
            SignatureCheck::Unsupported(text) => Err(format!("revocation list: {text}")),
        }
    }

    /// The entry of a serial number. With an entry that cannot be read, that there is none
    /// cannot be said.
    fn entry(&self, serial: &[u8]) -> Result<Option<CrlRevocation>, String> {
        let mut unreadable = None;
        for entry in &self.entries {
            match entry {
                Ok(entry) if significant(entry.serial_number) == significant(serial) => {
                    return Ok(Some(CrlRevocation {
                        time: i64::try_from(entry.revocation_date.as_secs()).unwrap_or(i64::MAX),
                        reason: entry.reason_code.map(reason_code),
                    }));
                }
                Ok(_) => {}
                Err(error) => unreadable = Some(error),
            }
        }
        match unreadable {
            None => Ok(None),
            Some(error) => Err(printable(format!(
                "revocation list with an unusable entry: {error}"
            ))),
        }
    }
}

fn reason_code(reason: webpki::RevocationReason) -> CrlReasonCode {
    use webpki::RevocationReason as R;
    match reason {
        R::Unspecified => CrlReasonCode::UNSPECIFIED,
        R::KeyCompromise => CrlReasonCode::KEY_COMPROMISE,
        R::CaCompromise => CrlReasonCode::CA_COMPROMISE,
        R::AffiliationChanged => CrlReasonCode::AFFILIATION_CHANGED,
        R::Superseded => CrlReasonCode::SUPERSEDED,
        R::CessationOfOperation => CrlReasonCode::CESSATION_OF_OPERATION,
        R::CertificateHold => CrlReasonCode::CERTIFICATE_HOLD,
        R::RemoveFromCrl => CrlReasonCode::REMOVE_FROM_CRL,
        R::PrivilegeWithdrawn => CrlReasonCode::PRIVILEGE_WITHDRAWN,
        R::AaCompromise => CrlReasonCode::AA_COMPROMISE,
    }
}

fn uris<'a>(
    point: Option<&'a DistributionPointName<'a>>,
) -> impl Iterator<Item = &'a str> + use<'a> {
    let names = match point {
        Some(DistributionPointName::FullName(names)) => names.as_slice(),
        _ => &[],
    };
    names.iter().filter_map(|name| match name {
        GeneralName::URI(uri) => Some(*uri),
        _ => None,
    })
}

/// The contents of a Name, without its header.
fn name_contents(name: &[u8]) -> &[u8] {
    read_tlv(name).map_or(&[], |(name, _)| name.value)
}

/// An INTEGER without leading zeros.
fn significant(integer: &[u8]) -> &[u8] {
    let zeros = integer.iter().take_while(|&&octet| octet == 0).count();
    integer.get(zeros..).unwrap_or_default()
}

/// The outside of `CertificateList ::= SEQUENCE { tbsCertList, signatureAlgorithm,
/// signatureValue }` and the head of `TBSCertList ::= SEQUENCE { version OPTIONAL, signature,
/// issuer, thisUpdate, nextUpdate OPTIONAL, revokedCertificates OPTIONAL, crlExtensions [0]
/// OPTIONAL }` (RFC 5280 §5.1). The entries, which may be many, are left alone.
struct Frame<'a> {
    to_be_signed: &'a [u8],
    /// The contents of the AlgorithmIdentifier.
    signature_algorithm: &'a [u8],
    signature: &'a [u8],
    /// The contents of the Name.
    issuer: &'a [u8],
    this_update: i64,
    next_update: Option<i64>,
    /// What follows the dates.
    rest: &'a [u8],
}

impl<'a> Frame<'a> {
    const SEQUENCE: u8 = 0x30;

    fn read(der: &'a [u8]) -> Option<Self> {
        let (list, _) = read_tlv(der)?;
        let (tbs, after) = read_tlv(list.value)?;
        let to_be_signed = list.value.get(..list.value.len() - after.len())?;
        let (algorithm, after) = read_tlv(after)?;
        let (signature, _) = read_tlv(after)?;
        // The first octet of a BIT STRING counts its unused bits: none in a signature.
        let (&0, signature) = signature.value.split_first()? else {
            return None;
        };
        let (first, mut rest) = read_tlv(tbs.value)?;
        if first.tag != Self::SEQUENCE {
            (_, rest) = read_tlv(rest)?;
        }
        let (issuer, rest) = read_tlv(rest)?;
        let (rest, this_update) = ASN1Time::from_der(rest).ok()?;
        let (rest, next_update) = match ASN1Time::from_der(rest) {
            Ok((rest, time)) => (rest, Some(time.timestamp())),
            Err(_) => (rest, None),
        };
        Some(Self {
            to_be_signed,
            signature_algorithm: algorithm.value,
            signature,
            issuer: issuer.value,
            this_update: this_update.timestamp(),
            next_update,
            rest,
        })
    }

    fn extensions(&self) -> Option<Vec<X509Extension<'a>>> {
        let mut rest = self.rest;
        let (mut tlv, mut after) = read_tlv(rest)?;
        if tlv.tag == Self::SEQUENCE {
            rest = after;
            (tlv, after) = read_tlv(rest)?;
        }
        if tlv.tag != 0xa0 || !after.is_empty() {
            return None;
        }
        let (list, _) = read_tlv(tlv.value)?;
        let mut rest = list.value;
        let mut extensions = Vec::new();
        while !rest.is_empty() {
            let extension;
            (rest, extension) = X509Extension::from_der(rest).ok()?;
            extensions.push(extension);
        }
        Some(extensions)
    }
}
