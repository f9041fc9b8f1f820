//! What a recorded handshake offers to the server.

use std::sync::Arc;

use rustls::client::Resumption;
use rustls::crypto::CryptoProvider as Cryptography;
use rustls::{ClientConfig, SupportedCipherSuite, SupportedProtocolVersion};

use super::verifier::Witness;
use crate::{CryptoProvider, DnsId, ReferenceId};

/// What a [`Recorder`](crate::Recorder) offers to the server.
///
/// One handshake shows one certificate, one version and one group. With other options the same
/// server may show others: its RSA certificate instead of its ECDSA one, or what it sends to a
/// client that names no server.
///
/// # Example
///
/// ```
/// # #[cfg(feature = "aws-lc-rs")] {
/// use tls_inspect::{CryptoProvider, HandshakeOptions, OfferedVersions, Recorder, ServerKeyKind};
///
/// // Does the server have an RSA certificate for clients of TLS 1.2?
/// let options = HandshakeOptions::new()
///     .with_versions(OfferedVersions::Tls12)
///     .with_server_key(ServerKeyKind::Rsa);
/// let recorder = Recorder::new(CryptoProvider::aws_lc_rs()).with_options(&options)?;
/// # drop(recorder);
/// # }
/// # Ok::<(), tls_inspect::HandshakeOptionsError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HandshakeOptions {
    server_key: Option<ServerKeyKind>,
    alpn: Vec<Vec<u8>>,
    versions: OfferedVersions,
    server_name: OfferedName,
    groups: OfferedGroups,
}

/// A kind of key that a server's certificate may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ServerKeyKind {
    /// RSA.
    Rsa,
    /// ECDSA, on any curve.
    Ecdsa,
}

/// The protocol versions that are offered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OfferedVersions {
    /// TLS 1.3 and TLS 1.2.
    #[default]
    Both,
    /// TLS 1.2 only.
    Tls12,
    /// TLS 1.3 only.
    Tls13,
}

/// The name sent in `server_name` (RFC 6066 §3).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OfferedName {
    /// The name that the handshake is recorded for; none if that is an address.
    #[default]
    Peer,
    /// No name. Some servers then send another certificate.
    Nothing,
    /// This name.
    Other(DnsId),
}

/// The key exchange groups that are offered, which decide the size of the ClientHello.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OfferedGroups {
    /// A key share for X25519, with X25519MLKEM768 in the list where the provider has it: some
    /// 250 octets. A server that prefers the hybrid asks for it with HelloRetryRequest.
    #[default]
    X25519First,
    /// A key share for X25519, and no hybrid group at all: the same size. No server then asks
    /// for a hello that is too long for it.
    Classical,
    /// A key share for X25519MLKEM768: some 1,470 octets, which is more than one TCP segment
    /// usually holds. Some servers do not survive it.
    HybridFirst,
}

impl HandshakeOptions {
    /// TLS 1.2 and 1.3, the peer's name, any key, no ALPN, and a small hello.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes certificates of this kind of key only.
    ///
    /// The hello then lists the signature schemes of that kind and, for TLS 1.2, the cipher
    /// suites that authenticate with it (RFC 9846 §4.2.3, RFC 8422 §2). The list speaks of the
    /// signatures within the chain too (RFC 9846 §4.4.2.2), so a strict server may refuse an
    /// ECDSA certificate that an RSA authority has signed, although it has one. A server may
    /// send another kind all the same: the chain says what it was.
    #[must_use]
    pub fn with_server_key(mut self, kind: ServerKeyKind) -> Self {
        self.server_key = Some(kind);
        self
    }

    /// Offers these application protocols (RFC 7301), the first preferred.
    #[must_use]
    pub fn with_alpn<P: Into<Vec<u8>>>(mut self, protocols: impl IntoIterator<Item = P>) -> Self {
        self.alpn = protocols.into_iter().map(Into::into).collect();
        self
    }

    /// Offers these versions.
    #[must_use]
    pub fn with_versions(mut self, versions: OfferedVersions) -> Self {
        self.versions = versions;
        self
    }

    /// Sends this name.
    #[must_use]
    pub fn with_server_name(mut self, name: OfferedName) -> Self {
        self.server_name = name;
        self
    }

    /// Offers these groups.
    #[must_use]
    pub fn with_groups(mut self, groups: OfferedGroups) -> Self {
        self.groups = groups;
        self
    }

    pub(super) const fn server_key(&self) -> Option<ServerKeyKind> {
        self.server_key
    }

    /// Whom the hello names when a handshake is recorded for `peer`.
    pub(super) fn named<'a>(&'a self, peer: &'a ReferenceId) -> Option<&'a str> {
        match &self.server_name {
            OfferedName::Peer => peer.server_name(),
            OfferedName::Nothing => None,
            OfferedName::Other(name) => Some(name.as_str()),
        }
    }

    /// The configuration that all handshakes share but for the witness, who sees one only: the
    /// one put in here sees none.
    pub(super) fn template(
        &self,
        provider: &CryptoProvider,
    ) -> Result<Arc<ClientConfig>, HandshakeOptionsError> {
        self.check_alpn()?;
        let nobody = Arc::new(Witness::new(provider.clone(), self.server_key));
        let mut config =
            ClientConfig::builder_with_provider(Arc::new(self.cryptography(provider)?))
                .with_protocol_versions(self.versions.supported())
                .map_err(|error| HandshakeOptionsError {
                    kind: HandshakeOptionsErrorKind::NothingToOffer,
                    found: error.to_string(),
                })?
                .dangerous()
                .with_custom_certificate_verifier(Arc::<Witness>::clone(&nobody))
                .with_client_cert_resolver(nobody);
        config.resumption = Resumption::disabled();
        config.alpn_protocols.clone_from(&self.alpn);
        // A server that chooses what was not offered is to be seen.
        config.check_selected_alpn = false;
        config.enable_sni = self.server_name != OfferedName::Nothing;
        Ok(Arc::new(config))
    }

    fn cryptography(
        &self,
        provider: &CryptoProvider,
    ) -> Result<Cryptography, HandshakeOptionsError> {
        let mut offered = provider.rustls().clone();
        let groups = &mut offered.kx_groups;
        if self.groups == OfferedGroups::HybridFirst
            && !groups.iter().any(|group| is_hybrid(group.name()))
        {
            return Err(HandshakeOptionsError {
                kind: HandshakeOptionsErrorKind::NoHybridGroup,
                found: provider.name().to_owned(),
            });
        }
        if self.groups == OfferedGroups::Classical {
            groups.retain(|group| !is_hybrid(group.name()));
        }
        // The first group's key share goes into the ClientHello. The rest keep their order, the
        // sort being stable.
        let [first, second] = match self.groups {
            OfferedGroups::HybridFirst => [HYBRID, CLASSICAL],
            OfferedGroups::X25519First | OfferedGroups::Classical => [CLASSICAL, HYBRID],
        };
        groups.sort_by_key(|group| match group.name() {
            name if name == first => 0,
            name if name == second => 1,
            _ => 2,
        });
        if let Some(kind) = self.server_key {
            offered.cipher_suites.retain(|suite| kind.fits_suite(suite));
        }
        Ok(offered)
    }

    /// `opaque ProtocolName<1..2^8-1>; ProtocolName protocol_name_list<2..2^16-1>` (RFC 7301
    /// §3.1).
    fn check_alpn(&self) -> Result<(), HandshakeOptionsError> {
        let bad = self
            .alpn
            .iter()
            .find(|name| !(1..=255).contains(&name.len()));
        let length: usize = self
            .alpn
            .iter()
            .map(|name| name.len().saturating_add(1))
            .sum();
        let found = match bad {
            Some(name) => format!("one of {}", name.len()),
            None if length > MAX_ALPN => format!("{length} in all"),
            None => return Ok(()),
        };
        Err(HandshakeOptionsError {
            kind: HandshakeOptionsErrorKind::BadAlpn,
            found,
        })
    }
}

type Versions = &'static [&'static SupportedProtocolVersion];

const TLS_1_2: Versions = &[&rustls::version::TLS12];
const TLS_1_3: Versions = &[&rustls::version::TLS13];

const CLASSICAL: rustls::NamedGroup = rustls::NamedGroup::X25519;
const HYBRID: rustls::NamedGroup = rustls::NamedGroup::X25519MLKEM768;

/// The longest list of application protocols. RFC 7301 allows 64 KiB, of which a hello would
/// not fit into one record (RFC 9846 §5.1).
const MAX_ALPN: usize = 1024;

fn is_hybrid(group: rustls::NamedGroup) -> bool {
    use rustls::NamedGroup as G;
    matches!(group, G::X25519MLKEM768 | G::secp256r1MLKEM768)
}

impl ServerKeyKind {
    /// Whether a key of this kind makes signatures of this scheme.
    pub(super) fn fits_scheme(self, scheme: rustls::SignatureScheme) -> bool {
        use rustls::SignatureScheme as S;
        match self {
            Self::Rsa => matches!(
                scheme,
                S::RSA_PKCS1_SHA256
                    | S::RSA_PKCS1_SHA384
                    | S::RSA_PKCS1_SHA512
                    | S::RSA_PSS_SHA256
                    | S::RSA_PSS_SHA384
                    | S::RSA_PSS_SHA512
            ),
            Self::Ecdsa => matches!(
                scheme,
                S::ECDSA_NISTP256_SHA256 | S::ECDSA_NISTP384_SHA384 | S::ECDSA_NISTP521_SHA512
            ),
        }
    }

    /// Whether the suite authenticates with such a key. Those of TLS 1.3 say nothing of it.
    fn fits_suite(self, suite: &SupportedCipherSuite) -> bool {
        match suite {
            SupportedCipherSuite::Tls12(suite) => {
                suite.sign.iter().any(|scheme| self.fits_scheme(*scheme))
            }
            SupportedCipherSuite::Tls13(_) => true,
        }
    }
}

impl OfferedVersions {
    fn supported(self) -> Versions {
        match self {
            Self::Both => rustls::ALL_VERSIONS,
            Self::Tls12 => TLS_1_2,
            Self::Tls13 => TLS_1_3,
        }
    }
}

/// Why options cannot be offered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected {}, found {found}", .kind.expected())]
pub struct HandshakeOptionsError {
    kind: HandshakeOptionsErrorKind,
    found: String,
}

impl HandshakeOptionsError {
    /// The kind of error.
    #[must_use]
    pub const fn kind(&self) -> HandshakeOptionsErrorKind {
        self.kind
    }
}

/// The kinds of [`HandshakeOptionsError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum HandshakeOptionsErrorKind {
    /// An application protocol of no or too many octets, or too many of them.
    BadAlpn,
    /// The provider has no hybrid group.
    NoHybridGroup,
    /// The provider has nothing that fits all of the options.
    NothingToOffer,
}

impl HandshakeOptionsErrorKind {
    const fn expected(self) -> &'static str {
        match self {
            Self::BadAlpn => "application protocols of 1 to 255 octets and 1024 in all",
            Self::NoHybridGroup => "a provider with X25519MLKEM768",
            Self::NothingToOffer => "a cipher suite and a group for the versions",
        }
    }
}
