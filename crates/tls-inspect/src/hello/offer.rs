//! What a ClientHello offers.

use crate::{CipherSuite, DnsId, NamedGroup, ProtocolVersion, ReferenceId, SignatureScheme};

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
    /// The schemes of `signature_algorithms_cert` (RFC 9846 §4.2.3), sent if TLS 1.2 or 1.3 is
    /// offered: with it, those of [`signature_schemes`](Self::signature_schemes) are for the
    /// server's own signature, and those of its certificates are not bound by them.
    #[cfg_attr(
        feature = "serde",
        serde(skip_serializing_if = "Vec::is_empty", default)
    )]
    pub certificate_signature_schemes: Vec<SignatureScheme>,
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

impl ClientHello {
    /// The hello to begin with: TLS 1.2 and 1.3, the suites with ECDHE and AEAD, and a share for
    /// X25519, so that a server answers at once.
    ///
    /// It takes 231 octets on the wire, and 9 more than its name has if a `server_name` is
    /// added. Post-quantum groups are not offered: the hellos that offer them are another matter.
    ///
    /// ```
    /// use tls_inspect::{ClientHello, HelloProbe};
    ///
    /// let hello = ClientHello::small([7; 32]).with_server_name(&"mx.example.org".parse()?);
    /// let probe = HelloProbe::new(&hello)?;
    /// assert!(probe.output().len() < 256);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn small(random: [u8; 32]) -> Self {
        Self {
            versions: vec![ProtocolVersion::TLS_1_3, ProtocolVersion::TLS_1_2],
            cipher_suites: MODERN_SUITES.to_vec(),
            groups: MODERN_GROUPS.to_vec(),
            key_share: KeyShareOffer::X25519,
            signature_schemes: MODERN_SCHEMES.to_vec(),
            certificate_signature_schemes: Vec::new(),
            server_name: None,
            alpn: Vec::new(),
            offers_compression: false,
            offers_status_request: true,
            offers_extended_master_secret: true,
            offers_renegotiation_info: true,
            offers_fallback_scsv: false,
            least_length: 0,
            record_length: 0,
            random,
        }
    }

    /// A hello of these versions with every cipher suite, group and signature scheme that has a
    /// name here and goes with one of the versions, by number.
    ///
    /// It is long, about 1,000 octets, and holds suites that encrypt or authenticate nothing:
    /// some servers choke on it that answer a shorter one. Suites of TLS 1.3 are left out if that
    /// is not offered, and all others if nothing else is.
    #[must_use]
    pub fn everything(versions: &[ProtocolVersion], random: [u8; 32]) -> Self {
        let offers = |tls13| {
            let mut versions = versions.iter();
            versions.any(|&version| (version >= ProtocolVersion::TLS_1_3) == tls13)
        };
        let suites = CipherSuite::all().filter(|suite| offers(suite.is_tls13()));
        Self {
            versions: versions.to_vec(),
            cipher_suites: suites.collect(),
            groups: NamedGroup::KNOWN.to_vec(),
            signature_schemes: SignatureScheme::KNOWN.to_vec(),
            ..Self::small(random)
        }
    }

    /// Offers these versions instead.
    #[must_use]
    pub fn with_versions(mut self, versions: &[ProtocolVersion]) -> Self {
        self.versions = versions.to_vec();
        self
    }

    /// Offers these cipher suites instead.
    #[must_use]
    pub fn with_cipher_suites(mut self, suites: &[CipherSuite]) -> Self {
        self.cipher_suites = suites.to_vec();
        self
    }

    /// Offers these groups and this key share instead.
    #[must_use]
    pub fn with_groups(mut self, groups: &[NamedGroup], share: KeyShareOffer) -> Self {
        self.groups = groups.to_vec();
        self.key_share = share;
        self
    }

    /// Offers these signature schemes instead.
    #[must_use]
    pub fn with_signature_schemes(mut self, schemes: &[SignatureScheme]) -> Self {
        self.signature_schemes = schemes.to_vec();
        self
    }

    /// Offers these signature schemes for the signatures of certificates.
    #[must_use]
    pub fn with_certificate_signature_schemes(mut self, schemes: &[SignatureScheme]) -> Self {
        self.certificate_signature_schemes = schemes.to_vec();
        self
    }

    /// Names the server in `server_name`; an address is never sent (RFC 6066 §3), and then
    /// nothing is.
    #[must_use]
    pub fn with_server_name(mut self, name: &ReferenceId) -> Self {
        self.server_name = match name {
            ReferenceId::Dns(name) => Some(name.clone()),
            ReferenceId::Ip(_) => None,
        };
        self
    }

    /// Offers these application protocols.
    #[must_use]
    pub fn with_alpn(mut self, protocols: &[&[u8]]) -> Self {
        self.alpn = protocols.iter().map(|protocol| protocol.to_vec()).collect();
        self
    }

    /// Offers DEFLATE too. Offer no TLS 1.3 then: its servers must refuse such a hello with
    /// `illegal_parameter` (RFC 9846 §4.1.2).
    #[must_use]
    pub fn with_compression(mut self) -> Self {
        self.offers_compression = true;
        self
    }

    /// Says that this is a second try with a lower version (RFC 7507).
    #[must_use]
    pub fn with_fallback_scsv(mut self) -> Self {
        self.offers_fallback_scsv = true;
        self
    }

    /// Makes the message at least this long. If fewer than four octets are missing it becomes up
    /// to three longer, since an extension has a header of four.
    #[must_use]
    pub fn with_least_length(mut self, octets: usize) -> Self {
        self.least_length = octets;
        self
    }

    /// Splits the message over records of at most this many octets.
    #[must_use]
    pub fn with_record_length(mut self, octets: usize) -> Self {
        self.record_length = octets;
        self
    }
}

const MODERN_SUITES: [CipherSuite; 9] = [
    CipherSuite::TLS_AES_128_GCM_SHA256,
    CipherSuite::TLS_AES_256_GCM_SHA384,
    CipherSuite::TLS_CHACHA20_POLY1305_SHA256,
    CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
    CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
    CipherSuite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
    CipherSuite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
    CipherSuite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
];

const MODERN_GROUPS: [NamedGroup; 5] = [
    NamedGroup::X25519,
    NamedGroup::SECP256R1,
    NamedGroup::SECP384R1,
    NamedGroup::SECP521R1,
    NamedGroup::X448,
];

/// With those of Ed448, brainpool and RSA-PSS keys, which no handshake of the recorder can do.
const MODERN_SCHEMES: [SignatureScheme; 17] = [
    SignatureScheme::ECDSA_SECP256R1_SHA256,
    SignatureScheme::ECDSA_SECP384R1_SHA384,
    SignatureScheme::ECDSA_SECP521R1_SHA512,
    SignatureScheme::ED25519,
    SignatureScheme::ED448,
    SignatureScheme::RSA_PSS_RSAE_SHA256,
    SignatureScheme::RSA_PSS_RSAE_SHA384,
    SignatureScheme::RSA_PSS_RSAE_SHA512,
    SignatureScheme::RSA_PSS_PSS_SHA256,
    SignatureScheme::RSA_PSS_PSS_SHA384,
    SignatureScheme::RSA_PSS_PSS_SHA512,
    SignatureScheme::RSA_PKCS1_SHA256,
    SignatureScheme::RSA_PKCS1_SHA384,
    SignatureScheme::RSA_PKCS1_SHA512,
    SignatureScheme::ECDSA_BRAINPOOL_P256R1_TLS13_SHA256,
    SignatureScheme::ECDSA_BRAINPOOL_P384R1_TLS13_SHA384,
    SignatureScheme::ECDSA_BRAINPOOL_P512R1_TLS13_SHA512,
];

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
