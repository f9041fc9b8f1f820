//! What a search found, in values and in words.

use std::fmt;

use crate::escape::printable;
use crate::{Alert, NamedGroup, ProtocolVersion, SignatureScheme};

/// Why a handshake failed, as far as it could be found out.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct FailureCauseReport {
    /// The causes that are proven. There can be two, as of a server with a certificate and a
    /// group that are both unusual.
    #[cfg_attr(
        feature = "serde",
        serde(skip_serializing_if = "Vec::is_empty", default)
    )]
    pub causes: Vec<ProvenCause>,
    /// Why no cause could be told; `None` if one is proven.
    #[cfg_attr(
        feature = "serde",
        serde(skip_serializing_if = "Option::is_none", default)
    )]
    pub unknown: Option<CauseUncertainty>,
    /// The connections made, in order.
    pub connections: Vec<CauseConnection>,
}

impl FailureCauseReport {
    /// Whether a cause is proven that another client meets as well, if it offers the same: see
    /// [`FailureCause::is_conclusive`].
    #[must_use]
    pub fn is_conclusive(&self) -> bool {
        let mut causes = self.causes.iter();
        causes.any(|proven| proven.cause.is_conclusive())
    }
}

impl fmt::Display for FailureCauseReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(unknown) = &self.unknown {
            return write!(f, "could not tell: {unknown}");
        }
        for (index, proven) in self.causes.iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            write!(f, "{separator}{}", proven.cause)?;
        }
        Ok(())
    }
}

/// A cause and what proves it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct ProvenCause {
    /// The cause.
    pub cause: FailureCause,
    /// The numbers of the connections that prove it, as in [`CauseConnection::number`].
    pub proof: Vec<u32>,
    /// Whether the handshake that was handed in is part of the proof.
    pub is_seen_in_handshake: bool,
}

/// A connection of a search.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct CauseConnection {
    /// Its number, from 1 on.
    pub number: u32,
    /// What was asked.
    pub question: CauseQuestion,
    /// Whether this only looked whether the server still answers what it answered before.
    pub is_control: bool,
    /// What came back, in words that can be shown as they are.
    pub answer: String,
}

/// Why a handshake of the `Recorder`, or of any client like it, failed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum FailureCause {
    /// The server speaks no version above this one, which is below TLS 1.2 (RFC 8996, RFC 7568).
    OnlyOldVersions {
        /// The highest version that it speaks.
        highest: ProtocolVersion,
    },
    /// The server speaks TLS 1.2, and of its cipher suites these kinds only.
    OnlySuiteKinds {
        /// The kinds, in the order that it chose them.
        kinds: Vec<SuiteKind>,
        /// The length in bits of the prime, if finite-field Diffie-Hellman was seen.
        #[cfg_attr(
            feature = "serde",
            serde(skip_serializing_if = "Option::is_none", default)
        )]
        dh_bits: Option<u32>,
    },
    /// The server agrees on keys with this group and with none of those that the client has.
    OnlyGroup(NamedGroup),
    /// The certificate has a key that the client cannot check signatures of.
    CertificateKey(UnsupportedKey),
    /// The server signs with this scheme and with none of those that the client can check.
    OnlySignatureScheme(SignatureScheme),
    /// The server refuses whoever does not list the scheme that a certificate of its chain is
    /// signed with, whatever it signs with itself (RFC 9846 §4.2.3).
    ChainSignatures,
    /// The server refuses clients without a certificate.
    ClientCertificateRequired,
    /// The peer speaks another protocol in clear. The text is its first line, escaped.
    Plaintext(String),
    /// The server closes or resets the connection at every hello.
    DropsEveryHello,
    /// The server says nothing to any hello.
    Silent,
    /// The server takes a short hello and fails at one too long for a TCP segment, whatever makes
    /// it long.
    LargeHelloIntolerance,
    /// The server takes a hello as long, and fails at one with a share for X25519MLKEM768.
    HybridIntolerance {
        /// Whether it fails too if the group is listed without a share; `None` if that could not
        /// be told.
        fails_when_listed: Option<bool>,
    },
    /// The server fails at a hello that offers this version, instead of answering with a lower.
    VersionIntolerance {
        /// The version that it fails at.
        offered: ProtocolVersion,
        /// The version that it answers with if that is not offered.
        answered: ProtocolVersion,
    },
    /// The server fails at a hello that asks for a stapled OCSP response (RFC 6066 §8), and
    /// answers the same without.
    StatusRequestIntolerance,
    /// The server refuses a hello without `server_name` (RFC 6066 §3).
    ServerNameRequired,
    /// The server does not know the name in `server_name`.
    UnrecognizedName {
        /// Whether it answers a hello without a name; `None` if that could not be told.
        #[cfg_attr(
            feature = "serde",
            serde(skip_serializing_if = "Option::is_none", default)
        )]
        is_answered_without: Option<bool>,
    },
    /// The server speaks none of the application protocols offered (RFC 7301 §3.2).
    NoApplicationProtocol,
    /// The server answered the hello of the client, and then gave up with `internal_error`, which
    /// speaks of a fault of its own (RFC 9846 §6.2): a key too short for the signature, as may be.
    ServerFailed,
    /// The server answers the hello of the client: the fault comes later in the handshake, or
    /// lies with the client, or is gone.
    NotInHello,
}

/// A kind of cipher suites up to TLS 1.2 that current clients do without.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum SuiteKind {
    /// ECDHE with a block cipher in CBC mode.
    EcdheCbc,
    /// ECDHE with RC4, or with an AEAD that current clients do not offer.
    EcdheOther,
    /// Finite-field Diffie-Hellman.
    FiniteFieldDhe,
    /// Key transport with the certificate's RSA key, without forward secrecy.
    StaticRsa,
    /// Diffie-Hellman with the certificate's key, without forward secrecy.
    StaticDh,
    /// Signed with DSA.
    Dss,
    /// Weakened for export to 40 or 56 bits.
    Export,
    /// Without encryption.
    Null,
    /// Without a certificate.
    Anonymous,
    /// Something else.
    Other,
}

impl fmt::Display for SuiteKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::EcdheCbc => "ECDHE with CBC",
            Self::EcdheOther => "ECDHE with RC4 or a rare AEAD",
            Self::FiniteFieldDhe => "finite-field DHE",
            Self::StaticRsa => "static RSA, without forward secrecy",
            Self::StaticDh => "static Diffie-Hellman, without forward secrecy",
            Self::Dss => "DSS",
            Self::Export => "export grade",
            Self::Null => "no encryption",
            Self::Anonymous => "anonymous, without a certificate",
            Self::Other => "rare ones",
        })
    }
}

/// A kind of signature schemes that needs a key of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum SchemeKind {
    /// A key for RSASSA-PSS alone.
    RsaPss,
    /// An Ed448 key.
    Ed448,
    /// A key on a brainpool curve (RFC 8734).
    Brainpool,
    /// An ML-DSA key.
    MlDsa,
}

impl fmt::Display for SchemeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::RsaPss => "RSASSA-PSS",
            Self::Ed448 => "Ed448",
            Self::Brainpool => "brainpool",
            Self::MlDsa => "ML-DSA",
        })
    }
}

/// How the kind of a certificate's key became known.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum UnsupportedKey {
    /// It was read from the certificate: algorithm, and curve or length.
    Read(String),
    /// Under TLS 1.3, where certificates are encrypted: the server answers if the schemes of
    /// this kind alone are offered, so it has a key that signs with them, and refuses the usual
    /// ones.
    Deduced(SchemeKind),
    /// The server answers if unusual schemes alone are offered, and refuses the usual ones. Of
    /// which kind it is could not be told.
    OfUnknownKind,
}

impl fmt::Display for UnsupportedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read(text) => f.write_str(&printable(text)),
            Self::Deduced(kind) => kind.fmt(f),
            Self::OfUnknownKind => f.write_str("unknown"),
        }
    }
}

impl fmt::Display for FailureCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OnlyOldVersions { highest } => write!(
                f,
                "offered every version up to TLSv1.3, the server took {highest} and nothing \
                 above: enable TLSv1.2 and TLSv1.3 on it"
            ),
            Self::OnlySuiteKinds { kinds, dh_bits } => fmt_kinds(f, kinds, *dh_bits),
            Self::OnlyGroup(group) => write!(
                f,
                "offered every group, the server took {group} and refused the groups of the \
                 client: enable x25519 or secp256r1 on it"
            ),
            Self::CertificateKey(key) => write!(
                f,
                "the server's certificate has a key that the client cannot check ({key}), and \
                 the server showed no other: add a certificate with an RSA key of 2048 bits or a \
                 P-256 key"
            ),
            Self::OnlySignatureScheme(scheme) => write!(
                f,
                "offered every signature scheme, the server signed with {scheme} and refused \
                 the schemes of the client: allow it to sign with SHA-256"
            ),
            other => f.write_str(&other.sentence()),
        }
    }
}

fn fmt_kinds(f: &mut fmt::Formatter<'_>, kinds: &[SuiteKind], dh_bits: Option<u32>) -> fmt::Result {
    f.write_str("offered every kind of cipher suite, the server took only ")?;
    for (index, kind) in kinds.iter().enumerate() {
        let separator = if index == 0 { "" } else { "; " };
        write!(f, "{separator}{kind}")?;
    }
    if let Some(bits) = dh_bits {
        write!(f, " (a prime of {bits} bits)")?;
    }
    f.write_str(": enable suites with ECDHE and AES-GCM on it")
}

impl FailureCause {
    /// Whether another client meets it as well, if it offers the same. A server that
    /// [drops](Self::DropsEveryHello) every hello, or says [nothing](Self::Silent) to any, may do
    /// so to one client alone, which has connected too often; and where the hello is
    /// [answered](Self::NotInHello), nothing is shown.
    #[must_use]
    pub const fn is_conclusive(&self) -> bool {
        !matches!(
            self,
            Self::DropsEveryHello | Self::Silent | Self::NotInHello
        )
    }

    /// The sentence of a cause that needs no number of a registry but the versions.
    fn sentence(&self) -> String {
        let text = match self {
            Self::Plaintext(line) => {
                return format!(
                    "offered TLS, the peer answered in plaintext with \"{}\": check that this \
                     port speaks TLS at this point",
                    printable(line)
                );
            }
            Self::VersionIntolerance { offered, answered } => {
                return format!(
                    "offered {offered} among others, the server failed, and without it answered \
                     {answered}: update its TLS library or the device in front of it"
                );
            }
            Self::ChainSignatures => {
                "offered every signature scheme for certificates, the server answered, and refused \
                 the schemes of the client: let its chain be signed with SHA-256 by RSA or ECDSA"
            }
            Self::ClientCertificateRequired => {
                "offered no client certificate, the server broke off after asking for one: let \
                 it accept clients without a certificate"
            }
            Self::DropsEveryHello => {
                "offered anything from SSLv3 to TLSv1.3, the server dropped the connection \
                 without an alert: check that it has a certificate, and what stands in front of it"
            }
            Self::Silent => {
                "offered anything from SSLv3 to TLSv1.3, the server said nothing: check that TLS \
                 is served here, and what stands in front of it"
            }
            Self::LargeHelloIntolerance => {
                "offered a small hello, the server answered, and failed at long ones, with a \
                 post-quantum key share and without: update the device or library that cannot take a hello \
                 of more than one packet"
            }
            Self::HybridIntolerance { .. } => {
                "offered a long hello, the server answered, and failed at one as long with a share \
                 for X25519MLKEM768: update its TLS library"
            }
            Self::StatusRequestIntolerance => {
                "offered to take a stapled OCSP response, the server failed, and without that \
                 offer it answered: mend the OCSP stapling of the server, or turn it off"
            }
            Self::ServerNameRequired => {
                "offered no server_name, the server refused: send its name, or give it a default \
                 certificate"
            }
            Self::UnrecognizedName {
                is_answered_without: Some(true),
            } => {
                "offered this server_name, the server refused it, and without a name answered: \
                 configure the name on it"
            }
            Self::UnrecognizedName { .. } => {
                "offered this server_name, the server refused it as unknown: configure the name \
                 on it"
            }
            Self::NoApplicationProtocol => {
                "offered these application protocols, the server took none: offer none, or \
                 configure one on it"
            }
            Self::ServerFailed => {
                "offered the hello of the client, the server answered it and then failed itself, \
                 with alert internal_error: look into its log, and check that its key fits what \
                 it is to sign with"
            }
            _ => {
                "offered the hello of the client, the server answered it: the fault comes later \
                 in the handshake, lies with the client, or is gone"
            }
        };
        text.to_owned()
    }
}

/// Why no cause could be told.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum CauseUncertainty {
    /// The search has not ended.
    Unfinished,
    /// The connections allowed were used up.
    Budget,
    /// The server refused the connection, or to go on to TLS, with these words. Nothing more was
    /// asked.
    Refused(String),
    /// No connection could be had, for this reason.
    Unreachable(String),
    /// The server refuses whatever is offered, with this alert at first.
    RefusesEverything(Alert),
    /// What was offered came to nothing that tells: the text is the last such answer.
    NoAnswer(String),
    /// The server, or what stands in front of it, begins to answer the client's hello and breaks
    /// off. Another hello would not tell why.
    CutOff,
    /// The server did not answer what it had answered before.
    Unstable,
    /// The server refuses the signature schemes of the client: be it that its key cannot sign
    /// with them, or that its certificates are signed with others.
    KeyOrChain,
    /// The answers name no cause: the server takes each part of the client's hello by itself.
    NoSingleCause,
    /// The server asks for a key share that the search does not have, and what it would refuse
    /// after that is not known.
    OtherKeyShare,
}

impl fmt::Display for CauseUncertainty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unfinished => f.write_str("the search has not ended"),
            Self::Budget => f.write_str("the connections allowed were used up"),
            Self::Refused(words) => write!(
                f,
                "the server refused to go on with \"{}\"",
                printable(words)
            ),
            Self::Unreachable(words) => {
                write!(f, "no connection could be had: {}", printable(words))
            }
            Self::RefusesEverything(alert) => {
                write!(f, "the server refuses whatever is offered, with {alert}")
            }
            Self::NoAnswer(text) => {
                write!(f, "no answer tells anything: {}", printable(text))
            }
            Self::CutOff => {
                f.write_str("the server begins to answer and breaks off, or something cuts it off")
            }
            Self::KeyOrChain => f.write_str(
                "the server refuses the signature schemes of the client, for its key or for the \
                 signatures of its chain",
            ),
            Self::Unstable => f.write_str("the server did not answer what it had answered before"),
            Self::NoSingleCause => {
                f.write_str("the server takes each part of the client's hello by itself")
            }
            Self::OtherKeyShare => {
                f.write_str("the server asks for a key share that the search does not have")
            }
        }
    }
}

/// What one hello of a search asks.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum CauseQuestion {
    /// The hello of a current client: TLS 1.2 and 1.3, some 250 octets.
    Usual,
    /// The same with a post-quantum key share.
    Large,
    /// The same as long as that, without the post-quantum group.
    Padded,
    /// The same with the post-quantum group, and no share for it.
    HybridListed,
    /// The same without `server_name`.
    WithoutServerName,
    /// The same without `status_request`.
    WithoutStatusRequest,
    /// The same without TLS 1.3.
    UsualTls12,
    /// Everything with a certificate up to TLS 1.2.
    Legacy,
    /// That without suites of these kinds.
    Without(Vec<SuiteKind>),
    /// TLS 1.2 with the client's suites and groups, and every scheme.
    UsualGroups,
    /// TLS 1.2 with the client's suites and schemes, and every group.
    UsualSchemes,
    /// That with every scheme for certificates.
    AnyChain,
    /// Anonymous suites alone.
    Anonymous,
    /// TLS 1.0 and SSL 3.0 alone.
    Tls10,
    /// SSL 3.0 alone.
    Ssl30,
    /// TLS 1.3 with everything, and without a key share.
    Tls13,
    /// That with the groups of the client.
    Tls13UsualGroups,
    /// TLS 1.3 with the client's groups, and every scheme.
    Tls13AllSchemes,
    /// TLS 1.3 with the client's groups and schemes.
    Tls13UsualSchemes,
    /// That with every scheme for certificates.
    Tls13AnyChain,
    /// TLS 1.3 with the client's groups, every scheme for certificates, and to sign with those
    /// alone that the client lacks.
    Tls13UnusualSchemes,
    /// That with schemes of this kind alone.
    Tls13Schemes(SchemeKind),
}
