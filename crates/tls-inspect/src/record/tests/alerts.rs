//! What an alert means, by when it came and who was asked for what.

use super::*;
use crate::ClientCertificateRequest;

/// The kind of a failure by this alert, in a handshake of this version in which the server had
/// asked for a client certificate.
#[track_caller]
fn check(
    version: Option<ProtocolVersion>,
    has_answered: bool,
    description: AlertDescription,
    expected: HandshakeFailureKind,
) {
    let mut capture = Capture::new(HandshakeOutcome::Completed);
    capture.version = version;
    capture.client_certificate_request = Some(ClientCertificateRequest::default());
    let mut seen = Seen::default();
    seen.has_client_answered = has_answered;
    let mut failure = HandshakeFailure::new(HandshakeFailureKind::AlertReceived, "received");
    failure.alert = Some(Alert::new(description));
    let kind = refine(failure, &capture, &mut seen).kind;
    assert_eq!(kind, expected, "{version:?} {has_answered} {description:?}");
}

#[test]
fn item_41_an_alert_refuses_a_client_without_a_certificate_only_once_it_has_answered() {
    use HandshakeFailureKind::{AlertReceived, ClientCertificateRequired};

    let tls12 = Some(ProtocolVersion::TLS_1_2);
    for description in [
        AlertDescription::HANDSHAKE_FAILURE,
        AlertDescription::BAD_CERTIFICATE,
        AlertDescription::DECODE_ERROR,
    ] {
        check(tls12, true, description, ClientCertificateRequired);
        // The server has not seen yet that there is no certificate.
        check(tls12, false, description, AlertReceived);
        // Under TLS 1.3 it sees it only when this side has finished.
        check(
            Some(ProtocolVersion::TLS_1_3),
            true,
            description,
            AlertReceived,
        );
    }
    for description in [
        AlertDescription::INTERNAL_ERROR,
        AlertDescription::DECRYPT_ERROR,
    ] {
        check(tls12, true, description, AlertReceived);
    }
}

#[tokio::test]
async fn a_close_with_close_notify_is_told_with_it() {
    for octets in [
        &[21, 3, 3, 0, 2, 1, 0][..],
        // A server that is canceled says so first (RFC 9846 §6.1).
        &[21, 3, 3, 0, 2, 1, 90, 21, 3, 3, 0, 2, 1, 0],
    ] {
        let capture = record_against(octets).await;
        let failure = failure(&capture);
        assert_eq!(failure.kind, HandshakeFailureKind::PeerClosed);
        let close = failure.alert.map(|alert| alert.description);
        assert_eq!(close, Some(AlertDescription::CLOSE_NOTIFY), "{failure:?}");
        assert!(failure.detail.contains("close_notify"), "{failure:?}");
        assert_eq!(capture.alerts.len(), octets.len() / 7);
    }
}
