//! What a certificate says of an issuer that was not sent.

use crate::Certificate;

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
    pub const MAX_URL_OCTETS: usize = Certificate::MAX_URL_OCTETS;

    /// What a certificate says of its issuer, if it says anything.
    pub(super) fn of(certificate: &Certificate) -> Option<Self> {
        let urls = certificate.ca_issuer_urls.iter().filter(|url| {
            let scheme = url.split_once("://").map(|(scheme, _)| scheme);
            scheme.is_some_and(|scheme| {
                let mut known = ["http", "https"].iter();
                known.any(|known| scheme.eq_ignore_ascii_case(known))
            })
        });
        let missing = Self {
            key_id: certificate.authority_key_id.clone(),
            urls: urls.take(Self::MAX_URLS).cloned().collect(),
        };
        (missing.key_id.is_some() || !missing.urls.is_empty()).then_some(missing)
    }
}
