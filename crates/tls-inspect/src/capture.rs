//! What one handshake showed, as plain data.

use std::fmt;

use crate::escape::printable;
use crate::{Alert, CipherSuite, Der, NamedGroup, ProtocolVersion, SignatureScheme};

/// Everything seen in one handshake, whether it completed or not.
///
/// A capture holds no judgement: the chain is kept exactly as sent, in the order sent, and is
/// kept also if the handshake failed after it. [`assess`](crate::assess) judges it, at any time
/// later and as often as wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Capture {
    /// The name sent in `server_name` (RFC 6066 §3); `None` if none was sent, as for an address.
    #[cfg_attr(
        feature = "serde",
        serde(skip_serializing_if = "Option::is_none", default)
    )]
    pub server_name: Option<String>,
    /// Whether the handshake completed and, if not, why.
    pub outcome: HandshakeOutcome,
    /// The version agreed on. It is known from the ServerHello on, also if the handshake failed
    /// after it, or because of it: a server that chose TLS 1.0 is seen to have done so.
    #[cfg_attr(
        feature = "serde",
        serde(skip_serializing_if = "Option::is_none", default)
    )]
    pub version: Option<ProtocolVersion>,
    /// The cipher suite agreed on, known from the ServerHello on.
    #[cfg_attr(
        feature = "serde",
        serde(skip_serializing_if = "Option::is_none", default)
    )]
    pub cipher_suite: Option<CipherSuite>,
    /// The key exchange group agreed on, known from the ServerHello on, under TLS 1.2 from the
    /// ServerKeyExchange on. If only a HelloRetryRequest was seen, it is the group asked for.
    #[cfg_attr(
        feature = "serde",
        serde(skip_serializing_if = "Option::is_none", default)
    )]
    pub group: Option<NamedGroup>,
    /// Whether the server asked for a second ClientHello. After a failure it is known only if
    /// the server did.
    #[cfg_attr(
        feature = "serde",
        serde(skip_serializing_if = "Option::is_none", default)
    )]
    pub handshake: Option<HandshakeKind>,
    /// The application protocol that the server chose (RFC 7301), as its octets. The recorder
    /// offers none unless told to.
    #[cfg_attr(
        feature = "serde",
        serde(skip_serializing_if = "Option::is_none", default)
    )]
    pub alpn: Option<Vec<u8>>,
    /// The certificates as sent: the end-entity certificate first, the rest in the order sent, up
    /// to [`MAX_CERTIFICATES`](Self::MAX_CERTIFICATES).
    pub chain: Vec<Der>,
    /// How many more the server sent.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "is_zero", default))]
    pub chain_omitted: usize,
    /// The OCSP response that the server stapled (RFC 6066 §8), unchecked.
    #[cfg_attr(
        feature = "serde",
        serde(skip_serializing_if = "Option::is_none", default)
    )]
    pub ocsp_staple: Option<Der>,
    /// Whether the server showed that it holds the private key of its certificate.
    pub key_possession: KeyPossession,
    /// The scheme of the signature that [`key_possession`](Self::key_possession) is about.
    #[cfg_attr(
        feature = "serde",
        serde(skip_serializing_if = "Option::is_none", default)
    )]
    pub signature_scheme: Option<SignatureScheme>,
    /// The server's request for a client certificate (RFC 9846 §4.3.2), if it sent one.
    #[cfg_attr(
        feature = "serde",
        serde(skip_serializing_if = "Option::is_none", default)
    )]
    pub client_certificate_request: Option<ClientCertificateRequest>,
    /// The alerts of both sides, the earliest first: those in the clear, with their levels, and
    /// the one that ended the handshake. Warnings do not end one.
    #[cfg_attr(
        feature = "serde",
        serde(skip_serializing_if = "Vec::is_empty", default)
    )]
    pub alerts: Vec<SentAlert>,
    /// How the server refused after this side had finished (RFC 9846 §4.4.2.4). The recorder is
    /// done by then: whoever reads from the stream sets this to what the stream's `late_failure`
    /// says.
    #[cfg_attr(
        feature = "serde",
        serde(skip_serializing_if = "Option::is_none", default)
    )]
    pub late_failure: Option<HandshakeFailure>,
}

/// An alert, and who sent it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct SentAlert {
    /// Who sent it.
    pub sender: AlertSender,
    /// The alert.
    pub alert: Alert,
}

impl SentAlert {
    /// This alert from this side.
    #[must_use]
    pub const fn new(sender: AlertSender, alert: Alert) -> Self {
        Self { sender, alert }
    }
}

/// Who sent an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum AlertSender {
    /// This side.
    Client,
    /// The server.
    Server,
}

impl Capture {
    /// The most certificates that are kept. In 64 KiB there is room for no more than so many of 250
    /// octets, less than any real one has; tiny ones would take much more memory than they have
    /// octets.
    pub const MAX_CERTIFICATES: usize = 256;

    /// A capture of this outcome with nothing else seen.
    ///
    /// ```
    /// use tls_inspect::{Capture, HandshakeFailure, HandshakeFailureKind, HandshakeOutcome};
    ///
    /// let failure = HandshakeFailure::new(HandshakeFailureKind::Timeout, "no answer in 30 s");
    /// let capture = Capture::new(HandshakeOutcome::Failed(failure));
    /// assert!(!capture.outcome.is_completed());
    /// assert!(capture.chain.is_empty());
    /// ```
    #[must_use]
    pub fn new(outcome: HandshakeOutcome) -> Self {
        Self {
            server_name: None,
            outcome,
            version: None,
            cipher_suite: None,
            group: None,
            handshake: None,
            alpn: None,
            chain: Vec::new(),
            chain_omitted: 0,
            ocsp_staple: None,
            key_possession: KeyPossession::NotProven,
            signature_scheme: None,
            client_certificate_request: None,
            alerts: Vec::new(),
            late_failure: None,
        }
    }
}

/// How a handshake ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum HandshakeOutcome {
    /// Both sides finished. Under TLS 1.3 a server that insists on a client certificate says so
    /// only afterwards, at the first read: see [`HandshakeFailure::from_io_error`].
    Completed,
    /// It failed, for this reason.
    Failed(HandshakeFailure),
}

impl HandshakeOutcome {
    /// Whether the handshake completed.
    #[must_use]
    pub const fn is_completed(&self) -> bool {
        matches!(self, Self::Completed)
    }

    /// Why the handshake failed, if it did.
    #[must_use]
    pub const fn failure(&self) -> Option<&HandshakeFailure> {
        match self {
            Self::Completed => None,
            Self::Failed(failure) => Some(failure),
        }
    }
}

/// Why a handshake failed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct HandshakeFailure {
    /// The kind of failure.
    pub kind: HandshakeFailureKind,
    /// The alert received, if one was.
    #[cfg_attr(
        feature = "serde",
        serde(skip_serializing_if = "Option::is_none", default)
    )]
    pub alert: Option<Alert>,
    /// What happened, in words, escaped so that it can be shown as it is.
    pub detail: String,
    /// The first octets that the peer sent, up to [`FIRST_OCTETS`](Self::FIRST_OCTETS), kept
    /// if they are not TLS. They may be anything: escape them before showing them.
    #[cfg_attr(
        feature = "serde",
        serde(
            with = "crate::der::base64_octets",
            skip_serializing_if = "Vec::is_empty",
            default
        )
    )]
    pub received: Vec<u8>,
}

impl HandshakeFailure {
    /// The most octets kept in [`received`](Self::received): the longest SMTP reply line
    /// (RFC 5321 §4.5.3.1.5).
    pub const FIRST_OCTETS: usize = 512;

    /// A failure of this kind; whatever in `detail` is not printable ASCII is escaped.
    #[must_use]
    pub fn new(kind: HandshakeFailureKind, detail: impl AsRef<[u8]>) -> Self {
        let detail = detail.as_ref().escape_ascii().to_string();
        Self {
            kind,
            alert: None,
            detail,
            received: Vec::new(),
        }
    }

    /// Whether every client would meet the failure, so that it proves something of the server. One
    /// that may depend on the client is not conclusive, however clear it is that this client
    /// failed, nor is one that may pass:
    ///
    /// - [`NotTls`](HandshakeFailureKind::NotTls) is conclusive: the very first octets are an
    ///   answer in clear, which no version, no certificate and no other offer of a client turns
    ///   into TLS. If it begins with the digit of a transient reply (RFC 5321 §4.2.1), such as
    ///   `421 too many connections`, it may pass. Where no answer was seen, as of a record that is
    ///   none in the midst of a session, nothing is shown.
    /// - [`AlertReceived`](HandshakeFailureKind::AlertReceived) may be for what this client offers
    ///   or does not: a version, a cipher suite, a group, a signature scheme.
    ///   [`FailureSearch`](crate::FailureSearch) finds out.
    /// - [`ClientCertificateRequired`](HandshakeFailureKind::ClientCertificateRequired) is no
    ///   refusal of a sender that has a certificate.
    /// - [`PeerMisbehaved`](HandshakeFailureKind::PeerMisbehaved) may be a fault of the server that
    ///   only some hellos bring out, such as one in a group that others do not choose, or a message
    ///   that others are lenient about.
    /// - [`Unsupported`](HandshakeFailureKind::Unsupported) says of this client that it cannot do
    ///   what the server wants.
    /// - [`TooLong`](HandshakeFailureKind::TooLong) is a limit of this client; others read more.
    /// - [`PeerClosed`](HandshakeFailureKind::PeerClosed) and
    ///   [`Reset`](HandshakeFailureKind::Reset) are how some servers refuse without an alert, for
    ///   the reasons of an alert, and how a middlebox or a server under load drops anyone.
    /// - [`Timeout`](HandshakeFailureKind::Timeout) and [`Io`](HandshakeFailureKind::Io) may be the
    ///   network's, or this machine's.
    #[must_use]
    pub fn is_conclusive(&self) -> bool {
        match self.kind {
            HandshakeFailureKind::NotTls => {
                self.received.first().is_some_and(|first| *first != b'4')
            }
            HandshakeFailureKind::AlertReceived
            | HandshakeFailureKind::ClientCertificateRequired
            | HandshakeFailureKind::PeerMisbehaved
            | HandshakeFailureKind::Unsupported
            | HandshakeFailureKind::TooLong
            | HandshakeFailureKind::PeerClosed
            | HandshakeFailureKind::Reset
            | HandshakeFailureKind::Timeout
            | HandshakeFailureKind::Io => false,
        }
    }
}

impl fmt::Display for HandshakeFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The field is public and may come from a file: `new` may not have seen it.
        f.write_str(&printable(&self.detail))?;
        if !self.received.is_empty() {
            write!(f, "; received \"{}\"", self.received.escape_ascii())?;
        }
        Ok(())
    }
}

/// The kinds of handshake failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum HandshakeFailureKind {
    /// The peer sent a fatal alert. `handshake_failure` and `protocol_version` usually mean
    /// that it offers nothing of TLS 1.2 with ECDHE and AEAD, or of TLS 1.3.
    AlertReceived,
    /// The peer closed the connection without a fatal alert.
    PeerClosed,
    /// The connection was reset or aborted.
    Reset,
    /// The first octet received is that of no TLS record: the peer speaks plaintext.
    NotTls,
    /// The handshake did not finish in the time allowed.
    Timeout,
    /// The peer broke the protocol.
    PeerMisbehaved,
    /// The peer and this client have nothing in common, or this client cannot do what is needed.
    Unsupported,
    /// The peer refuses a client without a certificate.
    ClientCertificateRequired,
    /// The peer sent more than this client reads, which the protocol allows: a handshake message
    /// over 64 KiB, or several at once that are longer together.
    TooLong,
    /// The stream failed in another way.
    Io,
}

/// Whether the server proved that it holds the private key of the certificate it sent.
///
/// A chain alone proves nothing, since anyone can replay one: the proof is the signature in
/// CertificateVerify (RFC 9846 §4.4.3) or ServerKeyExchange (RFC 8422 §5.4).
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum KeyPossession {
    /// The signature is good.
    Verified,
    /// The signature is wrong: whoever answered does not hold the key. The text says how it
    /// failed.
    Failed(String),
    /// The signature cannot be checked here; the text says why. It may be good.
    Unsupported(String),
    /// The handshake ended before there was a signature.
    NotProven,
}

/// The kinds of full handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum HandshakeKind {
    /// A full handshake.
    Full,
    /// A full handshake for which the server asked for another key share (RFC 9846 §4.1.4).
    FullWithHelloRetryRequest,
}

/// The server's request for a client certificate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct ClientCertificateRequest {
    /// The distinguished names of the acceptable authorities, as DER, up to
    /// [`MAX_NAMES`](Self::MAX_NAMES). Often empty.
    pub ca_names: Vec<Der>,
    /// How many more the server named. A [`HelloProbe`](crate::HelloProbe) does not count them,
    /// and says in its deviations that there were more.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "is_zero", default))]
    pub names_omitted: usize,
}

impl ClientCertificateRequest {
    /// The most names that are kept: the roots of a browser are some 150.
    pub const MAX_NAMES: usize = 512;

    /// A request that names these authorities.
    #[must_use]
    pub fn new(ca_names: Vec<Der>) -> Self {
        Self {
            ca_names,
            names_omitted: 0,
        }
    }
}

#[cfg(feature = "serde")]
#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands over a reference"
)]
pub(crate) const fn is_zero(number: &usize) -> bool {
    *number == 0
}
