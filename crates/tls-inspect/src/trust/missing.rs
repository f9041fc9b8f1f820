//! What a certificate says of an issuer that was not sent.

use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::{GeneralName, ParsedExtension};
use x509_parser::prelude::FromDer as _;

use crate::der::hex;
use crate::{Der, escape::printable};

/// An issuer that was neither sent nor is in the store, as the certificate it issued names it.
/// Nothing of it has been verified, nor fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct MissingIssuer {
    /// Its key identifier, in hexadecimal (RFC 5280 §4.2.1.1): of several certificates of its
    /// name, the one with this `subjectKeyIdentifier` is meant.
    #[cfg_attr(
        feature = "serde",
        serde(skip_serializing_if = "Option::is_none", default)
    )]
    pub key_id: Option<String>,
    /// Where the certificate says that it can be had (`caIssuers`, RFC 5280 §4.2.2.1): the first
    /// [`MAX_URLS`](Self::MAX_URLS) of them with the scheme `http` or `https`, each of at most
    /// [`MAX_URL_OCTETS`](Self::MAX_URL_OCTETS) octets. A URL is the choice of whoever made the
    /// certificate, so where it leads is to be checked before it is followed.
    pub urls: Vec<String>,
}

impl MissingIssuer {
    /// The most URLs that are kept.
    pub const MAX_URLS: usize = 4;

    /// The most octets of a URL that is kept.
    pub const MAX_URL_OCTETS: usize = 2048;

    /// `id-ad-caIssuers` (RFC 5280 §4.2.2.1).
    const CA_ISSUERS: &'static str = "1.3.6.1.5.5.7.48.2";

    /// What the certificate in `der` says of its issuer, if it says anything.
    pub(super) fn of(der: &Der) -> Option<Self> {
        let (_, x509) = X509Certificate::from_der(der.as_bytes()).ok()?;
        let mut missing = Self {
            key_id: None,
            urls: Vec::new(),
        };
        for extension in x509.extensions() {
            match extension.parsed_extension() {
                ParsedExtension::AuthorityKeyIdentifier(id) => {
                    missing.key_id = id.key_identifier.as_ref().map(|id| hex(id.0));
                }
                ParsedExtension::AuthorityInfoAccess(access) => {
                    let issuers = access.accessdescs.iter().filter(|description| {
                        description.access_method.to_id_string() == Self::CA_ISSUERS
                    });
                    let urls =
                        issuers.filter_map(|description| match description.access_location {
                            GeneralName::URI(url) if is_url(url) => Some(printable(url)),
                            _ => None,
                        });
                    let left = Self::MAX_URLS.saturating_sub(missing.urls.len());
                    missing.urls.extend(urls.take(left));
                }
                _ => {}
            }
        }
        (missing.key_id.is_some() || !missing.urls.is_empty()).then_some(missing)
    }
}

/// Whether this is a URL of the web that needs no escaping to be shown (RFC 3986 §2).
fn is_url(text: &str) -> bool {
    let scheme = text.split_once("://").map(|(scheme, _)| scheme);
    scheme.is_some_and(|scheme| {
        ["http", "https"]
            .iter()
            .any(|known| scheme.eq_ignore_ascii_case(known))
    }) && text.len() <= MissingIssuer::MAX_URL_OCTETS
        && text.bytes().all(|octet| octet.is_ascii_graphic())
}
