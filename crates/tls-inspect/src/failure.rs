//! Reads why a handshake failed out of the errors of the TLS library.

use std::io;

use rustls::{Error as TlsError, InvalidMessage};

use crate::{Alert, AlertDescription, HandshakeFailure, HandshakeFailureKind as Kind};

impl HandshakeFailure {
    /// What an error of a TLS stream says about the handshake.
    ///
    /// Under TLS 1.3 the client finishes first, so a server that wants a client certificate
    /// refuses at the first read after a completed handshake, with the alert
    /// `certificate_required` (RFC 9846 §4.4.2.4). Given that read's error, this returns
    /// [`ClientCertificateRequired`](crate::HandshakeFailureKind::ClientCertificateRequired).
    ///
    /// ```
    /// use std::io::{Error, ErrorKind};
    /// use tls_inspect::{HandshakeFailure, HandshakeFailureKind};
    ///
    /// let failure = HandshakeFailure::from_io_error(&Error::from(ErrorKind::ConnectionReset));
    /// assert_eq!(failure.kind, HandshakeFailureKind::Reset);
    /// ```
    #[must_use]
    pub fn from_io_error(error: &io::Error) -> Self {
        match error
            .get_ref()
            .and_then(|inner| inner.downcast_ref::<TlsError>())
        {
            Some(inner) => from_tls_error(inner),
            None => Self::new(io_kind(error.kind()), error.to_string()),
        }
    }
}

#[cfg(any(feature = "tokio", test))]
impl HandshakeFailure {
    /// This failure, if it came after the client had been asked for a certificate and had
    /// answered that it has none.
    ///
    /// Up to TLS 1.2 a server refuses such a client with `handshake_failure` (RFC 5246 §7.4.6);
    /// some send `bad_certificate`, under TLS 1.3 too, and GnuTLS 3.7 `decode_error`.
    pub(crate) fn after_request(mut self) -> Self {
        let refusals = [
            AlertDescription::HANDSHAKE_FAILURE,
            AlertDescription::BAD_CERTIFICATE,
            AlertDescription::DECODE_ERROR,
        ];
        if self
            .alert
            .is_some_and(|alert| refusals.contains(&alert.description))
        {
            self.kind = Kind::ClientCertificateRequired;
        }
        self
    }
}

fn io_kind(kind: io::ErrorKind) -> Kind {
    match kind {
        io::ErrorKind::UnexpectedEof => Kind::PeerClosed,
        io::ErrorKind::ConnectionReset
        | io::ErrorKind::ConnectionAborted
        | io::ErrorKind::BrokenPipe => Kind::Reset,
        io::ErrorKind::TimedOut => Kind::Timeout,
        _ => Kind::Io,
    }
}

fn from_tls_error(error: &TlsError) -> HandshakeFailure {
    let mut alert = None;
    let kind = match error {
        TlsError::AlertReceived(description) => {
            let description = AlertDescription(u8::from(*description));
            alert = Some(Alert::new(description));
            if description == AlertDescription::CERTIFICATE_REQUIRED {
                Kind::ClientCertificateRequired
            } else {
                Kind::AlertReceived
            }
        }
        TlsError::InvalidMessage(InvalidMessage::InvalidContentType) => Kind::NotTls,
        // A message may have 2^24 octets (RFC 9846 §4); the library reads 2^16.
        TlsError::InvalidMessage(InvalidMessage::HandshakePayloadTooLarge) => Kind::TooLong,
        TlsError::InvalidMessage(_)
        | TlsError::InappropriateMessage { .. }
        | TlsError::InappropriateHandshakeMessage { .. }
        | TlsError::PeerMisbehaved(_)
        | TlsError::PeerSentOversizedRecord
        | TlsError::DecryptError
        | TlsError::NoCertificatesPresented
        | TlsError::InvalidCertificate(_) => Kind::PeerMisbehaved,
        TlsError::PeerIncompatible(_) | TlsError::NoApplicationProtocol => Kind::Unsupported,
        _ => Kind::Io,
    };
    let detail = match alert {
        Some(alert) => format!("received {alert}"),
        None => error.to_string(),
    };
    HandshakeFailure {
        alert,
        ..HandshakeFailure::new(kind, detail)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(error: TlsError, expected: Kind) {
        let error = io::Error::new(io::ErrorKind::InvalidData, error);
        assert_eq!(HandshakeFailure::from_io_error(&error).kind, expected);
    }

    /// As of a record that is none in the midst of a session: who spoke TLS before, does.
    #[test]
    fn words_in_clear_that_were_not_seen_prove_nothing() {
        let error = TlsError::from(InvalidMessage::InvalidContentType);
        let error = io::Error::new(io::ErrorKind::InvalidData, error);
        let mut failure = HandshakeFailure::from_io_error(&error);
        assert!(!failure.is_conclusive());
        for (received, is_conclusive) in [("220 mx\r\n", true), ("421 later\r\n", false)] {
            failure.received = received.as_bytes().to_vec();
            assert_eq!(failure.is_conclusive(), is_conclusive, "{received}");
        }
    }

    #[test]
    fn kinds_of_tls_errors() {
        use rustls::AlertDescription as A;

        check(
            TlsError::AlertReceived(A::HandshakeFailure),
            Kind::AlertReceived,
        );
        check(
            TlsError::AlertReceived(A::CertificateRequired),
            Kind::ClientCertificateRequired,
        );
        check(InvalidMessage::InvalidContentType.into(), Kind::NotTls);
        check(InvalidMessage::MessageTooLarge.into(), Kind::PeerMisbehaved);
        check(
            InvalidMessage::HandshakePayloadTooLarge.into(),
            Kind::TooLong,
        );
        check(
            rustls::PeerIncompatible::NoCipherSuitesInCommon.into(),
            Kind::Unsupported,
        );
    }

    #[test]
    fn item_41_what_refuses_a_client_that_was_asked_for_a_certificate() {
        use rustls::AlertDescription as A;

        let after = |error: TlsError| from_tls_error(&error).after_request().kind;
        for alert in [A::HandshakeFailure, A::BadCertificate, A::DecodeError] {
            let kind = after(TlsError::AlertReceived(alert));
            assert_eq!(kind, Kind::ClientCertificateRequired, "{alert:?}");
        }
        let kind = after(TlsError::AlertReceived(A::InternalError));
        assert_eq!(kind, Kind::AlertReceived);
        assert_eq!(after(TlsError::DecryptError), Kind::PeerMisbehaved);
    }

    #[test]
    fn an_alert_is_kept_with_its_number_even_if_unknown() {
        let error = TlsError::AlertReceived(rustls::AlertDescription::Unknown(201));
        let failure = from_tls_error(&error);
        assert_eq!(failure.alert, Some(Alert::new(AlertDescription(201))));
        assert_eq!(failure.detail, "received alert unknown (201)");
    }
}
