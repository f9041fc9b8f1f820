//! The recording handshake: a driver that reports what it saw and judges nothing.

mod options;
mod stream;
mod verifier;
mod wire;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use std::{io, mem};

use rustls::{ClientConfig, ClientConnection};
use rustls_pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;

pub use self::options::{
    HandshakeOptions, HandshakeOptionsError, HandshakeOptionsErrorKind, OfferedGroups, OfferedName,
    OfferedVersions, ServerKeyKind,
};
pub use self::stream::RecordedStream;
use self::stream::Tap;
use self::verifier::Witness;
use self::wire::Seen;
use crate::{
    AlertDescription, AlertSender, Capture, CipherSuite, CryptoProvider, HandshakeFailure,
    HandshakeFailureKind, HandshakeKind, HandshakeOutcome, NamedGroup, ProtocolVersion,
    ReferenceId, SentAlert,
};

/// Performs handshakes and records them.
///
/// The recorder accepts **any** certificate: it is for looking at a server, and nothing secret
/// may be sent over a stream it returns. Every handshake is a full one with a verifier of its
/// own, since a resumed session shows no certificate. What handshakes have in common is made
/// once: keep a recorder and record with it as often as wanted. A clone is cheap.
///
/// It speaks TLS 1.2 with ECDHE and AEAD, and TLS 1.3. Unless [`HandshakeOptions`] say otherwise, the ClientHello offers a key share for
/// X25519 only and lists X25519MLKEM768 where the provider has it, which keeps the hello within
/// one TCP segment: some servers do not survive a longer one. A server that prefers the
/// post-quantum group asks for it with HelloRetryRequest, and the capture shows that.
///
/// Limits: a handshake has [`DEFAULT_TIMEOUT`](Self::DEFAULT_TIMEOUT) unless told otherwise, and
/// a handshake message may hold 64 KiB, so the chain does too, and under TLS 1.2 the chain and the
/// staple hold little more together: see [`TooLong`](HandshakeFailureKind::TooLong).
#[derive(Clone, Debug)]
pub struct Recorder {
    provider: CryptoProvider,
    /// What every handshake starts from; in words, why there is none.
    template: Result<Arc<ClientConfig>, String>,
    options: HandshakeOptions,
    timeout: Duration,
}

/// What a [`Recorder`] hands back.
#[derive(Debug)]
#[non_exhaustive]
pub struct Recorded<S> {
    /// What was seen.
    pub capture: Capture,
    /// The stream, if the handshake completed.
    pub stream: Option<RecordedStream<S>>,
}

impl Recorder {
    /// The time a handshake may take unless [`with_timeout`](Self::with_timeout) says otherwise.
    pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);

    /// A recorder with this cryptography.
    #[must_use]
    pub fn new(provider: CryptoProvider) -> Self {
        let options = HandshakeOptions::default();
        Self {
            template: options
                .template(&provider)
                .map_err(|error| error.to_string()),
            options,
            provider,
            timeout: Self::DEFAULT_TIMEOUT,
        }
    }

    /// Offers to servers what these options say.
    ///
    /// # Errors
    ///
    /// If a protocol name has no octets or over 255, or if the provider lacks what the options
    /// ask for.
    pub fn with_options(
        mut self,
        options: &HandshakeOptions,
    ) -> Result<Self, HandshakeOptionsError> {
        self.template = Ok(options.template(&self.provider)?);
        self.options = options.clone();
        Ok(self)
    }

    /// Allows a handshake this long.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Performs a handshake over `stream` with the peer of this name and records it.
    ///
    /// The name decides only what is sent in `server_name`, unless the options say otherwise. A handshake that fails is a result
    /// and not an error: the capture then says why, and holds what was seen until then.
    ///
    /// Over a stream that spoke another protocol before, as with STARTTLS, nothing received may
    /// be left unread in a buffer outside `stream` (RFC 3207 §6).
    pub async fn record<S>(&self, stream: S, name: &ReferenceId) -> Recorded<S>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let witness = Arc::new(Witness::new(
            self.provider.clone(),
            self.options.server_key(),
        ));
        let (connector, target) = match self.prepare(&witness, name) {
            Ok(prepared) => prepared,
            Err(failure) => {
                let capture = Capture::new(HandshakeOutcome::Failed(failure));
                return Recorded {
                    capture,
                    stream: None,
                };
            }
        };
        let (tap, wire) = Tap::new(stream);
        let handshake = Box::pin(connector.connect(target, tap));
        let result = tokio::time::timeout(self.timeout, handshake).await;

        let (mut capture, mut seen) = (witness.take(), wire.take());
        capture.server_name = self.options.named(name).map(str::to_owned);
        let failure = match result {
            Ok(Ok(mut stream)) => {
                stream.get_mut().0.let_go();
                describe_connection(stream.get_ref().1, &mut capture);
                capture.alerts = seen.alerts;
                let is_asked = capture.client_certificate_request.is_some();
                return Recorded {
                    capture,
                    stream: Some(RecordedStream::new(stream, is_asked)),
                };
            }
            Ok(Err(error)) if is_too_long(&error, &seen) => {
                let detail = "handshake messages that together hold more than 64 KiB";
                HandshakeFailure::new(HandshakeFailureKind::TooLong, detail)
            }
            Ok(Err(error)) => HandshakeFailure::from_io_error(&error),
            Err(_) => {
                let detail = format!("handshake not finished within {:?}", self.timeout);
                HandshakeFailure::new(HandshakeFailureKind::Timeout, detail)
            }
        };
        seen.describe(&mut capture);
        let failure = refine(failure, &capture, &mut seen);
        capture.alerts = seen.alerts;
        capture.outcome = HandshakeOutcome::Failed(failure);
        Recorded {
            capture,
            stream: None,
        }
    }

    fn prepare(
        &self,
        witness: &Arc<Witness>,
        name: &ReferenceId,
    ) -> Result<(TlsConnector, ServerName<'static>), HandshakeFailure> {
        let unsupported =
            |text: String| HandshakeFailure::new(HandshakeFailureKind::Unsupported, text);
        let target = match (self.options.named(name), name) {
            (Some(name), _) => ServerName::try_from(name.to_owned())
                .map_err(|error| unsupported(error.to_string()))?,
            // Whatever stands here is not sent.
            (None, ReferenceId::Ip(address)) => ServerName::from(*address),
            (None, ReferenceId::Dns(_)) => ServerName::from(IpAddr::from([0, 0, 0, 0])),
        };
        let template = self
            .template
            .as_ref()
            .map_err(|text| unsupported(text.clone()))?;
        // Everything in it is shared, so this copies pointers.
        let mut config = ClientConfig::clone(template);
        config
            .dangerous()
            .set_certificate_verifier(Arc::<Witness>::clone(witness));
        config.client_auth_cert_resolver = Arc::<Witness>::clone(witness);
        Ok((TlsConnector::from(Arc::new(config)), target))
    }
}

fn describe_connection(connection: &ClientConnection, capture: &mut Capture) {
    capture.version = connection
        .protocol_version()
        .map(|version| ProtocolVersion(u16::from(version)));
    capture.cipher_suite = connection
        .negotiated_cipher_suite()
        .map(|suite| CipherSuite(u16::from(suite.suite())));
    capture.group = connection
        .negotiated_key_exchange_group()
        .map(|group| NamedGroup(u16::from(group.name())));
    capture.alpn = connection.alpn_protocol().map(<[u8]>::to_vec);
    capture.handshake = match connection.handshake_kind() {
        Some(rustls::HandshakeKind::Full) => Some(HandshakeKind::Full),
        Some(rustls::HandshakeKind::FullWithHelloRetryRequest) => {
            Some(HandshakeKind::FullWithHelloRetryRequest)
        }
        // Resumption is disabled.
        Some(rustls::HandshakeKind::Resumed) | None => None,
    };
}

/// Whether the library gave up since it keeps no more of messages that come together: it says so
/// in words alone, and not as an error of TLS or of the stream.
fn is_too_long(error: &io::Error, seen: &Seen) -> bool {
    let inner = error.get_ref();
    error.kind() == io::ErrorKind::InvalidData
        && !seen.has_stream_failed
        && !inner.is_some_and(|inner| inner.is::<rustls::Error>())
}

/// Reads a failure in the light of what came before it.
fn refine(mut failure: HandshakeFailure, capture: &Capture, seen: &mut Seen) -> HandshakeFailure {
    if !seen.plaintext.is_empty() {
        failure.kind = HandshakeFailureKind::NotTls;
        failure.received = mem::take(&mut seen.plaintext);
    } else if failure.kind == HandshakeFailureKind::NotTls {
        failure.kind = HandshakeFailureKind::PeerMisbehaved;
    }
    if let Some(received) = &mut failure.alert {
        let in_clear = seen.alerts.iter().rev().find(|sent| {
            sent.sender == AlertSender::Server && sent.alert.description == received.description
        });
        match in_clear {
            Some(sent) => *received = sent.alert,
            None => seen
                .alerts
                .push(SentAlert::new(AlertSender::Server, *received)),
        }
    }
    if failure.kind == HandshakeFailureKind::PeerClosed {
        describe_close(&mut failure, seen);
    }
    // Under TLS 1.3 a server sees only when this side has finished that it has no certificate.
    let can_refuse = seen.has_client_answered && capture.version < Some(ProtocolVersion::TLS_1_3);
    if can_refuse && capture.client_certificate_request.is_some() {
        failure = failure.after_request();
    }
    failure
}

/// Whether the peer said so when it closed the connection (RFC 9846 §6.1).
fn describe_close(failure: &mut HandshakeFailure, seen: &Seen) {
    let mut from_server = seen
        .alerts
        .iter()
        .filter(|sent| sent.sender == AlertSender::Server);
    let last = from_server.next_back().map(|sent| sent.alert);
    failure.alert = last.filter(|alert| alert.description == AlertDescription::CLOSE_NOTIFY);
    failure.detail = match failure.alert {
        Some(alert) => format!("the peer closed the connection with {alert}"),
        None => "the peer closed the connection".to_owned(),
    };
}

#[cfg(all(test, any(feature = "aws-lc-rs", feature = "ring")))]
mod tests;
