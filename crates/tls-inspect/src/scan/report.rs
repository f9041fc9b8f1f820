//! What a scan found.

use std::fmt;

#[cfg(feature = "serde")]
use super::text;
use super::{ScanSupport, ScanUncertainty};
use crate::escape::printable;
use crate::{CipherSuite, Der, DowngradeSentinel, NamedGroup, ProtocolVersion};

/// What a scan found out about a server, as plain data.
///
/// Nothing in it is a judgement. Numbers of the registries are written with their names.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct ScanReport {
    /// The protocol versions, the highest first: whether each is spoken with a client that shares
    /// no secret with the server.
    pub versions: Vec<ScannedVersion>,
    /// The cipher suites of each version that was looked at.
    pub cipher_suites: Vec<ScannedSuites>,
    /// The key exchange groups of TLS 1.3, and the curves of the highest version below.
    pub groups: Vec<ScannedGroups>,
    /// Whether it agrees on keys by finite-field Diffie-Hellman up to TLS 1.2.
    pub dhe: ScanSupport,
    /// The prime that it does so with.
    #[cfg_attr(
        feature = "serde",
        serde(skip_serializing_if = "Option::is_none", default)
    )]
    pub dhe_prime: Option<DhePrime>,
    /// What it signs with: a server may have a certificate for each kind of key.
    pub certificates: Vec<ScannedCertificate>,
    /// What of a ClientHello it bears.
    pub tolerance: HelloTolerance,
    /// What else it does.
    pub features: ScanFeatures,
    /// Every connection, in order; its number is its place, from 0.
    pub connections: Vec<ScannedConnection>,
    /// How many connections were used.
    pub used: u32,
    /// How many were allowed.
    pub allowed: u32,
    /// Why the scan ended.
    pub stop: ScanStop,
    /// What was still to be asked when it ended.
    #[cfg_attr(
        feature = "serde",
        serde(skip_serializing_if = "Vec::is_empty", default)
    )]
    pub left_undone: Vec<ScanQuestion>,
}

impl ScanReport {
    /// Whether this version is spoken; that it could not be told if it was not asked.
    #[must_use]
    pub fn version(&self, version: ProtocolVersion) -> ScanSupport {
        self.versions
            .iter()
            .find(|entry| entry.version == version)
            .map_or_else(ScanSupport::not_asked, |entry| entry.support.clone())
    }
}

/// Whether a protocol version is spoken.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct ScannedVersion {
    /// The version.
    #[cfg_attr(feature = "serde", serde(with = "text"))]
    pub version: ProtocolVersion,
    /// Whether it is spoken.
    pub support: ScanSupport,
}

/// The cipher suites that a server takes under one version.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct ScannedSuites {
    /// The version.
    #[cfg_attr(feature = "serde", serde(with = "text"))]
    pub version: ProtocolVersion,
    /// Those it takes: in its own order if [`preference`](Self::preference) is the server's and
    /// [`is_ordered`](Self::is_ordered), else in the order found.
    #[cfg_attr(feature = "serde", serde(with = "text::list"))]
    pub suites: Vec<CipherSuite>,
    /// Whether there are no others.
    pub completeness: ScanCompleteness,
    /// Whose order decides.
    pub preference: ScanPreference,
    /// Whether the order is the server's.
    pub is_ordered: bool,
}

/// The key exchange groups that a server takes under one version.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct ScannedGroups {
    /// The version.
    #[cfg_attr(feature = "serde", serde(with = "text"))]
    pub version: ProtocolVersion,
    /// Those it takes, in its own order if [`preference`](Self::preference) is the server's.
    #[cfg_attr(feature = "serde", serde(with = "text::list"))]
    pub groups: Vec<NamedGroup>,
    /// Whether there are no others.
    pub completeness: ScanCompleteness,
    /// Whose order decides.
    pub preference: ScanPreference,
}

/// Whether a list found by taking away what was chosen is whole.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum ScanCompleteness {
    /// All else was refused.
    Complete,
    /// All else was answered with a close or the like, as in [`ScanSupport::LikelyNo`].
    Likely,
    /// There may be more: the asking ended early, for this cause.
    Partial(ScanUncertainty),
}

/// Whose order decides between two offers that both sides know.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum ScanPreference {
    /// The server's: it chose the same of two offered in either order.
    Server {
        /// The two connections.
        connections: [u32; 2],
    },
    /// The client's: it chose the first of two offered in either order.
    Client {
        /// The two connections.
        connections: [u32; 2],
    },
    /// It could not be told.
    Unknown(ScanUncertainty),
}

/// The prime of a finite-field Diffie-Hellman exchange.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct DhePrime {
    /// Its length in bits.
    pub bits: u32,
    /// The SHA-256 of its octets in hexadecimal, which tells the well-known ones.
    pub sha256: String,
}

/// The kinds of key that a server authenticates itself with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum ScanAuthentication {
    /// RSA.
    Rsa,
    /// A key on an elliptic curve: ECDSA or EdDSA.
    Ecdsa,
}

/// The certificate for one kind of key.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct ScannedCertificate {
    /// The kind of key.
    pub authentication: ScanAuthentication,
    /// Whether there is a certificate for it. Under TLS 1.3, where none is seen, a yes rests on
    /// what is refused in its place ([`ScanSight::OnlyWithSchemes`](super::ScanSight)).
    pub support: ScanSupport,
    /// The chain as sent, unproven: nothing shows that the server holds the key. Empty under
    /// TLS 1.3, where it is encrypted.
    #[cfg_attr(
        feature = "serde",
        serde(skip_serializing_if = "Vec::is_empty", default)
    )]
    pub chain: Vec<Der>,
}

/// What of a ClientHello a server bears.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct HelloTolerance {
    /// A hello of TLS 1.2 and 1.3 of some 250 octets.
    pub small: ScanSupport,
    /// The same with a key share of X25519MLKEM768, some 1,500 octets in two TCP segments.
    pub large: ScanSupport,
    /// The small one made as long with padding (RFC 7685), which tells whether it is the length.
    pub padded: ScanSupport,
    /// The small one over several records (RFC 9846 §5.1).
    pub split: ScanSupport,
}

/// What else a server does.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct ScanFeatures {
    /// It compresses, which CRIME (CVE-2012-4929) reads through.
    pub compression: ScanSupport,
    /// It renegotiates securely or not at all (RFC 5746).
    pub secure_renegotiation: ScanSupport,
    /// It binds the session to the handshake (RFC 7627).
    pub extended_master_secret: ScanSupport,
    /// It refuses a needless fallback (RFC 7507).
    pub fallback_scsv: ScanSupport,
    /// It asks for a client certificate. Told up to TLS 1.2 only.
    pub client_certificate: ScanSupport,
    /// It does without a certificate.
    pub anonymous: ScanSupport,
    /// The mark of its answer to a hello of TLS 1.2 or less.
    #[cfg_attr(
        feature = "serde",
        serde(skip_serializing_if = "Option::is_none", default)
    )]
    pub downgrade: Option<DowngradeSentinel>,
}

/// One connection of a scan.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct ScannedConnection {
    /// What was asked.
    pub question: ScanQuestion,
    /// What it was asked as.
    pub role: ScanRole,
    /// What came of it, in words.
    pub answer: String,
}

/// What a hello was sent as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum ScanRole {
    /// The question.
    Question,
    /// The same again, since the answer was none.
    Repetition,
    /// A hello that the server had taken before, to see whether it still does.
    Control,
}

/// What a scan asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum ScanQuestion {
    /// Whether a small hello of a current client is taken.
    SmallHello,
    /// Whether a version is spoken.
    Version(#[cfg_attr(feature = "serde", serde(with = "text"))] ProtocolVersion),
    /// Whether a large hello is taken.
    LargeHello,
    /// Whether a small hello made long is taken.
    PaddedHello,
    /// Whether a hello over several records is taken.
    SplitHello,
    /// Whether there is a certificate for this kind of key.
    Certificate(ScanAuthentication),
    /// Whether there are suites without a certificate.
    Anonymous,
    /// The prime of finite-field Diffie-Hellman.
    Dhe,
    /// Whether a needless fallback is refused.
    FallbackScsv,
    /// Whether it compresses.
    Compression,
    /// The groups of a version.
    Groups(#[cfg_attr(feature = "serde", serde(with = "text"))] ProtocolVersion),
    /// The cipher suites of a version.
    CipherSuites(#[cfg_attr(feature = "serde", serde(with = "text"))] ProtocolVersion),
}

impl fmt::Display for ScanQuestion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SmallHello => f.write_str("small hello"),
            Self::Version(version) => write!(f, "version {version}"),
            Self::LargeHello => f.write_str("large hello"),
            Self::PaddedHello => f.write_str("padded hello"),
            Self::SplitHello => f.write_str("hello over several records"),
            Self::Certificate(ScanAuthentication::Rsa) => f.write_str("RSA certificate"),
            Self::Certificate(ScanAuthentication::Ecdsa) => f.write_str("ECDSA certificate"),
            Self::Anonymous => f.write_str("anonymous suites"),
            Self::Dhe => f.write_str("finite-field Diffie-Hellman"),
            Self::FallbackScsv => f.write_str("fallback SCSV"),
            Self::Compression => f.write_str("compression"),
            Self::Groups(version) => write!(f, "groups of {version}"),
            Self::CipherSuites(version) => write!(f, "cipher suites of {version}"),
        }
    }
}

/// Why a scan ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum ScanStop {
    /// Everything wanted was asked.
    Done,
    /// The connections allowed were used up.
    Budget,
    /// The server refused the connection, or to go on to TLS, with these words.
    Refused {
        /// The words, escaped.
        words: String,
    },
    /// This many connections after one another went without an answer.
    Unanswered {
        /// How many.
        connections: u32,
    },
    /// The report was taken before the scan had ended.
    Unfinished,
}

impl fmt::Display for ScanStop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Done => f.write_str("done"),
            Self::Budget => f.write_str("the connections allowed were used up"),
            Self::Refused { words } => write!(f, "refused: {}", printable(words)),
            Self::Unanswered { connections } => {
                write!(f, "{connections} connections without an answer")
            }
            Self::Unfinished => f.write_str("not finished"),
        }
    }
}
