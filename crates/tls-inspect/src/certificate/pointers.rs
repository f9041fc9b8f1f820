//! Where a certificate says that more about it can be had.

use x509_parser::extensions::{
    AuthorityInfoAccess, CRLDistributionPoints, DistributionPointName, GeneralName,
};

use super::{Certificate, Deviation};
use crate::escape::printable;

/// `id-ad-ocsp` (RFC 5280 §4.2.2.1).
const OCSP: &str = "1.3.6.1.5.5.7.48.1";

/// `id-ad-caIssuers` (RFC 5280 §4.2.2.1).
const CA_ISSUERS: &str = "1.3.6.1.5.5.7.48.2";

/// Whether a certificate says where to ask about its revocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum RevocationPointer {
    /// It names an OCSP responder or a revocation list.
    Named,
    /// It names neither, and need not: it is an end entity's and short-lived (Baseline
    /// Requirements §7.1.2.11.2).
    NotNeeded,
    /// It names neither. A public authority's end-entity certificate has to (Baseline
    /// Requirements §7.1.2.11.2); of a private one nothing follows.
    Missing,
}

impl Certificate {
    /// The most URLs of a kind that are kept: of OCSP responders, of issuers, of revocation lists.
    pub const MAX_URLS: usize = 16;

    /// The most octets of a URL that is kept.
    pub const MAX_URL_OCTETS: usize = 2048;

    /// Whether it says where to ask about its revocation.
    #[must_use]
    pub fn revocation_pointer(&self) -> RevocationPointer {
        if !self.ocsp_urls.is_empty() || !self.crl_urls.is_empty() {
            RevocationPointer::Named
        } else if !self.is_ca && self.validity.is_short_lived() {
            RevocationPointer::NotNeeded
        } else {
            RevocationPointer::Missing
        }
    }

    /// RFC 5280 §4.2.2.1.
    pub(super) fn read_information_access(&mut self, access: &AuthorityInfoAccess<'_>) {
        let (mut ocsp, mut issuers) = (Urls::default(), Urls::default());
        for description in &access.accessdescs {
            let location = &description.access_location;
            match description.access_method.to_id_string().as_str() {
                OCSP => ocsp.read(location),
                CA_ISSUERS => issuers.read(location),
                _ => self.count_left_out(1),
            }
        }
        self.ocsp_urls = self.take_urls(ocsp);
        self.ca_issuer_urls = self.take_urls(issuers);
    }

    /// RFC 5280 §4.2.1.13.
    pub(super) fn read_distribution_points(&mut self, points: &CRLDistributionPoints<'_>) {
        let mut urls = Urls::default();
        for point in &points.points {
            match &point.distribution_point {
                Some(DistributionPointName::FullName(names)) => {
                    names.iter().for_each(|name| urls.read(name));
                }
                _ => self.count_left_out(1),
            }
        }
        self.crl_urls = self.take_urls(urls);
    }

    fn take_urls(&mut self, mut urls: Urls) -> Vec<String> {
        self.deviations.append(&mut urls.deviations);
        self.count_left_out(urls.left_out);
        urls.kept
    }

    pub(super) const fn count_left_out(&mut self, more: usize) {
        self.left_out = self.left_out.saturating_add(more);
    }
}

/// The URLs of one kind.
#[derive(Default)]
struct Urls {
    kept: Vec<String>,
    deviations: Vec<Deviation>,
    left_out: usize,
}

impl Urls {
    /// Keeps a location, as a URL or as what is wrong with it.
    fn read(&mut self, location: &GeneralName<'_>) {
        let octets = match location {
            GeneralName::URI(url) => url.as_bytes(),
            GeneralName::Invalid(tag, octets) if tag.0 == 6 => octets,
            _ => &[],
        };
        let full = self.kept.len().max(self.deviations.len()) >= Certificate::MAX_URLS;
        if full || octets.is_empty() || octets.len() > Certificate::MAX_URL_OCTETS {
            self.left_out = self.left_out.saturating_add(1);
            return;
        }
        let text = printable(octets);
        match scheme(octets) {
            Some(scheme) if scheme.eq_ignore_ascii_case(b"http") => self.kept.push(text),
            Some(_) => {
                self.deviations.push(Deviation::UrlNotHttp(text.clone()));
                self.kept.push(text);
            }
            None => self.deviations.push(Deviation::MalformedUrl(text)),
        }
    }
}

/// The scheme of a URL with an authority (RFC 3986 §3.1, §3.2) that is all of characters which
/// need no escaping to be shown (§2).
fn scheme(url: &[u8]) -> Option<&[u8]> {
    let colon = url.iter().position(|&octet| octet == b':')?;
    let (scheme, rest) = url.split_at_checked(colon)?;
    let well_formed = scheme.first().is_some_and(u8::is_ascii_alphabetic)
        && scheme
            .iter()
            .all(|octet| octet.is_ascii_alphanumeric() || b"+-.".contains(octet))
        && rest.starts_with(b"://")
        && rest.iter().all(u8::is_ascii_graphic);
    well_formed.then_some(scheme)
}

#[cfg(all(test, any(feature = "aws-lc-rs", feature = "ring")))]
mod tests;
