//! Where a certificate says that its revocation can be looked up.

use x509_parser::certificate::X509Certificate;

use super::read_certificate;
use crate::der::reader::{OID, Reader, SEQUENCE, context, context_primitive};
use crate::{Der, Validity};

/// The most distribution points, or descriptions of access, that are looked at.
const MAX_POINTS: usize = 16;

/// The most octets of a URL that is told.
const MAX_URL: usize = 2048;

/// `cRLDistributionPoints`, 2.5.29.31.
const CRL_DISTRIBUTION_POINTS: &str = "2.5.29.31";

/// `authorityInfoAccess`, 1.3.6.1.5.5.7.1.1.
const AUTHORITY_INFO_ACCESS: &str = "1.3.6.1.5.5.7.1.1";

/// `id-ad-ocsp`, 1.3.6.1.5.5.7.48.1.
const AD_OCSP: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 0x30, 1];

/// Where a certificate says that its revocation can be looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum RevocationPointers {
    /// At these URLs. Those of one octet or more that no URL has, and those of over 2,048
    /// octets, are left out, and so are those beyond 16 distribution points or descriptions.
    #[non_exhaustive]
    Named {
        /// Of revocation lists (RFC 5280 §4.2.1.13).
        crl: Vec<String>,
        /// Of OCSP responders (RFC 5280 §4.2.2.1).
        ocsp: Vec<String>,
    },
    /// Nowhere, and it need not: it is short-lived (see [`Validity::is_short_lived`]) and
    /// expires before a revocation would be heard of.
    AbsentShortLived,
    /// Nowhere.
    Absent,
    /// It cannot be read.
    Unreadable,
}

impl RevocationPointers {
    /// Reads them out of a certificate.
    #[must_use]
    pub fn of(certificate: &Der) -> Self {
        let Some(certificate) = read_certificate(certificate.as_bytes()) else {
            return Self::Unreadable;
        };
        let read = |oid, urls: fn(Reader<'_>) -> Option<Option<Vec<String>>>| {
            extension(&certificate, oid)?
                .map_or(Some(None), |value| urls(Reader::only_sequence(value)?))
        };
        let crl = read(CRL_DISTRIBUTION_POINTS, crl_urls);
        let ocsp = read(AUTHORITY_INFO_ACCESS, ocsp_urls);
        match (crl, ocsp) {
            (Some(None), Some(None)) => {
                let validity = &certificate.tbs_certificate.validity;
                let (start, end) = (&validity.not_before, &validity.not_after);
                if Validity::new(start.timestamp(), end.timestamp()).is_short_lived() {
                    Self::AbsentShortLived
                } else {
                    Self::Absent
                }
            }
            (Some(crl), Some(ocsp)) => Self::Named {
                crl: crl.unwrap_or_default(),
                ocsp: ocsp.unwrap_or_default(),
            },
            _ => Self::Unreadable,
        }
    }
}

/// The value of an extension, if the certificate has it. The outer `None` says that it has it
/// twice, which no certificate may (RFC 5280 §4.2): there is no telling which of them counts.
fn extension<'a>(certificate: &'a X509Certificate<'_>, oid: &str) -> Option<Option<&'a [u8]>> {
    let extensions = certificate.extensions().iter();
    let mut found = extensions.filter(|extension| extension.oid.to_id_string() == oid);
    match (found.next(), found.next()) {
        (_, Some(_)) => None,
        (first, None) => Some(first.map(|extension| extension.value)),
    }
}

/// The URLs of `CRLDistributionPoints ::= SEQUENCE OF DistributionPoint`.
fn crl_urls(mut points: Reader<'_>) -> Option<Option<Vec<String>>> {
    let mut urls = Vec::new();
    for _ in 0..MAX_POINTS {
        if points.is_empty() {
            break;
        }
        let Some(mut names) = full_name(&mut points.sequence()?)? else {
            continue;
        };
        while !names.is_empty() && urls.len() < MAX_POINTS {
            let name = names.element()?;
            if name.tag == context_primitive(6) {
                urls.extend(url(name.value));
            }
        }
    }
    Some(Some(urls))
}

/// The URLs of OCSP in `AuthorityInfoAccessSyntax ::= SEQUENCE OF SEQUENCE { accessMethod,
/// accessLocation GeneralName }`, if OCSP is mentioned at all.
fn ocsp_urls(mut descriptions: Reader<'_>) -> Option<Option<Vec<String>>> {
    let mut urls: Option<Vec<String>> = None;
    for _ in 0..MAX_POINTS {
        if descriptions.is_empty() {
            return Some(urls);
        }
        let mut fields = descriptions.sequence()?;
        let method = fields.value(OID)?;
        let location = fields.element()?;
        if method == AD_OCSP {
            let urls = urls.get_or_insert_default();
            if location.tag == context_primitive(6) {
                urls.extend(url(location.value));
            }
        }
    }
    // That OCSP is not mentioned is known at the end only.
    (descriptions.is_empty() || urls.is_some()).then_some(urls)
}

/// A URI has visible ASCII only (RFC 3986 §2).
fn url(octets: &[u8]) -> Option<String> {
    let sound = octets.len() <= MAX_URL && octets.iter().all(u8::is_ascii_graphic);
    let text = std::str::from_utf8(octets).ok()?;
    sound.then(|| text.to_owned())
}

/// The names of a `DistributionPoint ::= SEQUENCE { distributionPoint [0] CHOICE { fullName [0]
/// GeneralNames, nameRelativeToCRLIssuer [1] } OPTIONAL, … }`, if it has such (RFC 5280
/// §4.2.1.13).
fn full_name<'a>(point: &mut Reader<'a>) -> Option<Option<Reader<'a>>> {
    let Some(name) = point.optional(context(0))? else {
        return Some(None);
    };
    let choice = Reader::new(name).element()?;
    Some((choice.tag == context(0)).then(|| Reader::new(choice.value)))
}

/// Whether a distribution point of the certificate, for all reasons and of its own issuer, has a
/// name in common with the `DistributionPointName` of a list. Names are compared octet for octet;
/// one relative to the issuer is none here.
pub(super) fn names_a_point(certificate: &X509Certificate<'_>, name: &[u8]) -> bool {
    let Some(Some(value)) = extension(certificate, CRL_DISTRIBUTION_POINTS) else {
        return false;
    };
    let search = || {
        let mut wanted = Reader::new(Reader::new(name).value(context(0))?);
        let mut seen = Vec::new();
        while !wanted.is_empty() && seen.len() < MAX_POINTS {
            seen.push(wanted.element()?.raw);
        }
        let mut points = Reader::new(Reader::only(value, SEQUENCE)?);
        for _ in 0..MAX_POINTS {
            if points.is_empty() {
                break;
            }
            let mut point = points.sequence()?;
            let names = full_name(&mut point)?;
            // What follows narrows it to some reasons or gives its list to another issuer.
            let Some(mut names) = names.filter(|_| point.is_empty()) else {
                continue;
            };
            while !names.is_empty() {
                if seen.contains(&names.element()?.raw) {
                    return Some(true);
                }
            }
        }
        Some(false)
    };
    search().unwrap_or(false)
}
