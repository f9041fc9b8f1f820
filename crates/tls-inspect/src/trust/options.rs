//! What a caller asks of a path besides that it leads to an anchor.

use crate::{Der, Profile};

/// What the path from a certificate to an anchor has to be good for, and within which limits.
///
/// The default is what a TLS client asks of a server: the purpose of a server, no limit of the
/// caller's own, and no look at revocation.
///
/// ```
/// use tls_inspect::{PathOptions, Purpose};
///
/// let options = PathOptions::new()
///     .with_purpose(Purpose::Client)
///     .with_max_intermediates(1);
/// assert_eq!(options.max_intermediates, Some(1));
/// assert!(options.crls.is_empty());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct PathOptions {
    /// What the certificate is shown for.
    pub purpose: Purpose,
    /// The most intermediates that a path may have, self-issued ones not counted, as in the path
    /// length constraint (RFC 5280 §4.2.1.9); without it, the limits of
    /// [`TrustStore::judge`](crate::TrustStore::judge) hold alone.
    #[cfg_attr(
        feature = "serde",
        serde(skip_serializing_if = "Option::is_none", default)
    )]
    pub max_intermediates: Option<u8>,
    /// The rules that each certificate of a path has to keep to the letter, and not only as far
    /// as they make a path false; without it, [`Deviation`](crate::Deviation)s do not matter.
    /// [`Profile::BaselineRequirements`] includes [`Profile::Rfc5280`]. Anchors are exempt: they
    /// are trusted as they stand (RFC 5280 §6.1.1).
    #[cfg_attr(
        feature = "serde",
        serde(skip_serializing_if = "Option::is_none", default)
    )]
    pub conformity: Option<Profile>,
    /// Certificate revocation lists, as DER (RFC 5280 §5). With at least one, a path is only
    /// good if for each of its certificates a list shows that it is not revoked; of the lists
    /// the first [`MAX_CRLS`](Self::MAX_CRLS) are used. Without any, revocation is not looked at.
    ///
    /// A list counts as in [`check_crl`](crate::check_crl): if it is of the certificate's own
    /// issuer and signed with that issuer's key, covers the certificate, and is current. Delta
    /// lists and indirect lists do not count, and a list of some reasons only counts for a
    /// certificate that it has.
    pub crls: Vec<Der>,
}

impl PathOptions {
    /// The most revocation lists that are used.
    pub const MAX_CRLS: usize = 64;

    /// The default options.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The options with this purpose.
    #[must_use]
    pub fn with_purpose(mut self, purpose: Purpose) -> Self {
        self.purpose = purpose;
        self
    }

    /// The options with a limit to the number of intermediates.
    #[must_use]
    pub fn with_max_intermediates(mut self, most: u8) -> Self {
        self.max_intermediates = Some(most);
        self
    }

    /// The options with rules that each certificate has to keep.
    #[must_use]
    pub fn with_conformity(mut self, profile: Profile) -> Self {
        self.conformity = Some(profile);
        self
    }

    /// The options with these revocation lists besides.
    #[must_use]
    pub fn with_crls(mut self, crls: impl IntoIterator<Item = Der>) -> Self {
        self.crls.extend(crls);
        self
    }
}

/// What a certificate is shown for (RFC 5280 §4.2.1.12).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Purpose {
    /// To authenticate a TLS server: `serverAuth`.
    #[default]
    Server,
    /// To authenticate a TLS client: `clientAuth`.
    Client,
}

impl Purpose {
    pub(super) const fn key_usage(self) -> webpki::KeyUsage {
        match self {
            Self::Server => webpki::KeyUsage::server_auth(),
            Self::Client => webpki::KeyUsage::client_auth(),
        }
    }

    /// The name of the extended key usage.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Server => "serverAuth",
            Self::Client => "clientAuth",
        }
    }
}
