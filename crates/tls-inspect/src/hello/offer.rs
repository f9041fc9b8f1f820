//! What a ClientHello offers.

use crate::{CipherSuite, DnsId, NamedGroup, ProtocolVersion, SignatureScheme};

/// The offers of one ClientHello (RFC 9846 §4.1.2, RFC 5246 §7.4.1.2), in the order sent.
///
/// It can be built in ways that no sane client uses, since the answers to those tell most. What
/// is empty is left out: no groups, no `supported_groups` extension.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct ClientHello {
    /// The versions. The highest up to TLS 1.2 goes into `legacy_version`; `supported_versions`
    /// (RFC 9846 §4.2.1) is sent if TLS 1.3 is among them.
    pub versions: Vec<ProtocolVersion>,
    /// The cipher suites, the signaling values 0x00ff and 0x5600 not among them.
    pub cipher_suites: Vec<CipherSuite>,
    /// The groups of `supported_groups`.
    pub groups: Vec<NamedGroup>,
    /// What `key_share` holds, sent if TLS 1.3 is offered.
    pub key_share: KeyShareOffer,
    /// The schemes of `signature_algorithms`, sent if TLS 1.2 or 1.3 is offered.
    pub signature_schemes: Vec<SignatureScheme>,
    /// The name in `server_name` (RFC 6066 §3).
    #[cfg_attr(
        feature = "serde",
        serde(skip_serializing_if = "Option::is_none", default)
    )]
    pub server_name: Option<DnsId>,
    /// The application protocols (RFC 7301).
    #[cfg_attr(
        feature = "serde",
        serde(skip_serializing_if = "Vec::is_empty", default)
    )]
    pub alpn: Vec<Vec<u8>>,
    /// Whether DEFLATE (RFC 3749) is offered beside the null compression.
    pub offers_compression: bool,
    /// Whether an OCSP response is asked for (`status_request`, RFC 6066 §8).
    pub offers_status_request: bool,
    /// Whether `extended_master_secret` is sent (RFC 7627).
    pub offers_extended_master_secret: bool,
    /// Whether an empty `renegotiation_info` is sent (RFC 5746).
    pub offers_renegotiation_info: bool,
    /// Whether `TLS_FALLBACK_SCSV` is sent (RFC 7507), which says that this is a second try
    /// after a failure with a higher version.
    pub offers_fallback_scsv: bool,
    /// The least length of the handshake message in octets, made up with the `padding`
    /// extension (RFC 7685); 0 for no padding.
    pub least_length: usize,
    /// The most octets of the message in one record, 0 for the most that is allowed (2^14). A
    /// small number splits the hello over several records (RFC 9846 §5.1).
    pub record_length: usize,
    /// `random`, and of it the octets that a session identifier and key shares are made up of:
    /// as nothing is ever decrypted, it need not be secret, but servers may look for repetition.
    pub random: [u8; 32],
}

/// What a ClientHello puts into `key_share` (RFC 9846 §4.2.8).
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum KeyShareOffer {
    /// An empty list. A server that takes one of the groups names it in a HelloRetryRequest, and
    /// so no group needs an implementation.
    Empty,
    /// A share for X25519, so that the server answers with its ServerHello.
    X25519,
    /// Shares for X25519MLKEM768, of 1,216 octets, and for X25519: the hello that current
    /// clients send by default, too long for one TCP segment.
    ///
    /// The share of ML-KEM is well-formed as FIPS 203 §7.2 checks it.
    X25519Mlkem768,
}
