//! What a server answered to a ClientHello.

use crate::{
    Alert, CipherSuite, ClientCertificateRequest, Der, NamedGroup, ProtocolVersion, SignatureScheme,
};

/// All that came back for one ClientHello.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct HelloAnswer {
    /// How it ended.
    pub outcome: HelloOutcome,
    /// Every alert received, warnings too, in order.
    #[cfg_attr(
        feature = "serde",
        serde(skip_serializing_if = "Vec::is_empty", default)
    )]
    pub alerts: Vec<Alert>,
    /// How many octets were received, up to the one that decided.
    pub received: usize,
}

/// How the answer to a ClientHello ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum HelloOutcome {
    /// The server chose from the offers.
    Chosen(Box<ServerFlight>),
    /// The server chose and asks for a share of this group (TLS 1.3 only).
    Retry(HelloRetryRequest),
    /// The server sent a fatal alert before it chose.
    Alert(Alert),
    /// The server closed the connection before it chose.
    Closed,
    /// The connection was reset or aborted before the server chose.
    Reset,
    /// Nothing, or not enough for a choice, came in time.
    TimedOut,
    /// What came is no TLS record: its first octets are those of no content type that a server
    /// begins with, or of no version. These are the octets up to the end of the line, at most
    /// 512. They may be anything: escape them before showing them.
    NotTls(#[cfg_attr(feature = "serde", serde(with = "crate::der::base64_octets"))] Vec<u8>),
    /// What came cannot be read as TLS. The text says what was expected and found, and at which
    /// octet.
    Malformed(String),
    /// The stream failed in another way.
    Io(String),
}

/// The messages of a server from ServerHello on, as far as they come in clear.
///
/// Under TLS 1.3 that is the ServerHello alone.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct ServerFlight {
    /// The choice.
    pub hello: ServerHello,
    /// The certificates as sent, up to TLS 1.2. `None` if there was no Certificate message, as
    /// of an anonymous suite or if the connection ended before it.
    #[cfg_attr(
        feature = "serde",
        serde(skip_serializing_if = "Option::is_none", default)
    )]
    pub chain: Option<Vec<Der>>,
    /// The stapled OCSP response (CertificateStatus, RFC 6066 §8).
    #[cfg_attr(
        feature = "serde",
        serde(skip_serializing_if = "Option::is_none", default)
    )]
    pub ocsp_staple: Option<Der>,
    /// ServerKeyExchange, up to TLS 1.2. A suite of static RSA has none.
    #[cfg_attr(
        feature = "serde",
        serde(skip_serializing_if = "Option::is_none", default)
    )]
    pub key_exchange: Option<ServerKeyExchange>,
    /// CertificateRequest, up to TLS 1.2.
    #[cfg_attr(
        feature = "serde",
        serde(skip_serializing_if = "Option::is_none", default)
    )]
    pub client_certificate_request: Option<ClientCertificateRequest>,
    /// Whether the flight was seen to its end: ServerHelloDone up to TLS 1.2, the ServerHello
    /// itself under TLS 1.3.
    pub is_complete: bool,
    /// What is wrong, in words: what the server chose that was not offered, what could not be
    /// read after the fixed part of the ServerHello, and what ended the flight before its end.
    /// Everything is read as far as it can be.
    #[cfg_attr(
        feature = "serde",
        serde(skip_serializing_if = "Vec::is_empty", default)
    )]
    pub deviations: Vec<String>,
}

/// A ServerHello (RFC 9846 §4.1.3, RFC 5246 §7.4.1.3).
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct ServerHello {
    /// The version chosen: that of `supported_versions` if it is there, else `legacy_version`.
    pub version: ProtocolVersion,
    /// `legacy_version` as sent; TLS 1.2 also where 1.3 was chosen.
    pub legacy_version: ProtocolVersion,
    /// The version in the header of the record that it came in.
    pub record_version: ProtocolVersion,
    /// `random`.
    pub random: [u8; 32],
    /// The length of the session identifier.
    pub session_id_length: usize,
    /// The cipher suite chosen.
    pub cipher_suite: CipherSuite,
    /// The compression method chosen, 0 for none. Any other is one that CRIME (CVE-2012-4929)
    /// made dangerous.
    pub compression: u8,
    /// The group of the server's `key_share`, under TLS 1.3.
    #[cfg_attr(
        feature = "serde",
        serde(skip_serializing_if = "Option::is_none", default)
    )]
    pub group: Option<NamedGroup>,
    /// The application protocol chosen, in clear up to TLS 1.2 only.
    #[cfg_attr(
        feature = "serde",
        serde(skip_serializing_if = "Option::is_none", default)
    )]
    pub alpn: Option<Vec<u8>>,
    /// Every extension, in the order sent.
    #[cfg_attr(
        feature = "serde",
        serde(skip_serializing_if = "Vec::is_empty", default)
    )]
    pub extensions: Vec<ServerExtension>,
    /// Whether what follows the fixed part could not be read to its end. What is missing from
    /// [`extensions`](Self::extensions) may then have been sent all the same.
    #[cfg_attr(feature = "serde", serde(default))]
    pub has_unread_extensions: bool,
    /// What the end of `random` says of higher versions that the server would have spoken.
    #[cfg_attr(
        feature = "serde",
        serde(skip_serializing_if = "Option::is_none", default)
    )]
    pub downgrade: Option<DowngradeSentinel>,
}

impl ServerHello {
    /// Whether an extension of this number was sent.
    #[must_use]
    pub fn has_extension(&self, number: u16) -> bool {
        self.extensions
            .iter()
            .any(|extension| extension.number == number)
    }

    /// Whether the server binds the session to the handshake (RFC 7627). TLS 1.3 always does,
    /// and says nothing.
    #[must_use]
    pub fn extended_master_secret(&self) -> bool {
        self.has_extension(0x0017)
    }

    /// Whether the server renegotiates securely or not at all (RFC 5746). TLS 1.3 has no
    /// renegotiation, and says nothing.
    #[must_use]
    pub fn secure_renegotiation(&self) -> bool {
        self.has_extension(0xff01)
    }
}

/// An extension of a ServerHello.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct ServerExtension {
    /// Its number in the IANA registry.
    pub number: u16,
    /// How many octets it holds.
    pub length: usize,
}

/// The marks in a ServerHello's `random` (RFC 9846 §4.1.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum DowngradeSentinel {
    /// `DOWNGRD` and 1: the server speaks TLS 1.3 and was offered 1.2.
    FromTls13,
    /// `DOWNGRD` and 0: the server speaks TLS 1.2 or 1.3 and was offered less.
    FromTls12,
}

/// A HelloRetryRequest (RFC 9846 §4.1.4).
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct HelloRetryRequest {
    /// The version chosen.
    pub version: ProtocolVersion,
    /// The cipher suite chosen.
    pub cipher_suite: CipherSuite,
    /// The group that a share is asked for; `None` if only a cookie was sent.
    #[cfg_attr(
        feature = "serde",
        serde(skip_serializing_if = "Option::is_none", default)
    )]
    pub group: Option<NamedGroup>,
    /// What of it was not offered or could not be read, in words.
    #[cfg_attr(
        feature = "serde",
        serde(skip_serializing_if = "Vec::is_empty", default)
    )]
    pub deviations: Vec<String>,
}

/// A ServerKeyExchange (RFC 5246 §7.4.3, RFC 8422 §5.4).
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct ServerKeyExchange {
    /// What the key is agreed on with.
    pub parameters: KeyExchange,
    /// The scheme of the server's signature. `None` before TLS 1.2, which has one fixed, and
    /// without a signature.
    #[cfg_attr(
        feature = "serde",
        serde(skip_serializing_if = "Option::is_none", default)
    )]
    pub signature_scheme: Option<SignatureScheme>,
    /// Whether it is signed. An anonymous suite has no signature. `None` if that cannot be told:
    /// the parameters are of a kind whose end is not known, or the signature is cut off.
    #[cfg_attr(
        feature = "serde",
        serde(skip_serializing_if = "Option::is_none", default)
    )]
    pub is_signed: Option<bool>,
}

/// The parameters of a key exchange.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum KeyExchange {
    /// Diffie-Hellman on this curve.
    Ecdhe(NamedGroup),
    /// Finite-field Diffie-Hellman with a prime of this many bits, whose SHA-256 in hexadecimal
    /// tells the well-known ones.
    Dhe {
        /// The length of the prime in bits.
        bits: u32,
        /// The SHA-256 of the prime's octets, leading zeros left out.
        prime_sha256: String,
    },
    /// An RSA key of this many bits, made for the occasion: that of an export suite (FREAK,
    /// CVE-2015-0204), if the suite is one.
    Rsa {
        /// The length of the modulus in bits.
        bits: u32,
    },
    /// Something else, of this many octets: explicit curves, PSK, SRP.
    Other(usize),
}
