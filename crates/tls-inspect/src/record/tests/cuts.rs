//! A handshake that is cut at every point, in every way, and what it shows all the same.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use rustls::ServerConnection;
use tokio::io::ReadBuf;

use super::*;

/// How a peer stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Close,
    Reset,
    /// A reset that has not arrived yet when the last octets have.
    ResetLater,
    Silence,
    /// These octets, and then a close.
    Octets(&'static [u8]),
}

const FATAL: End = End::Octets(&[21, 3, 3, 0, 2, 2, 80]);
const PLAINTEXT: End = End::Octets(b"421 4.3.2 shutting down\r\n");

/// A stream whose other end is a real server that stops after so many octets.
struct Cut {
    server: Option<ServerConnection>,
    /// What it sends before anything else.
    ahead: &'static [u8],
    sent: Vec<u8>,
    left: usize,
    delivered: usize,
    end: End,
}

impl Cut {
    fn new(acceptor: &TlsAcceptor, after: usize, end: End) -> Self {
        let server = ServerConnection::new(Arc::clone(acceptor.config())).unwrap();
        Self {
            server: Some(server),
            ..Self::of_octets(&[], after, end)
        }
    }

    /// A peer that is no server and sends these octets.
    fn of_octets(ahead: &'static [u8], after: usize, end: End) -> Self {
        Self {
            server: None,
            ahead,
            sent: Vec::new(),
            left: after,
            delivered: 0,
            end,
        }
    }
}

impl AsyncRead for Cut {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        this.sent.extend(mem::take(&mut this.ahead));
        if let Some(server) = &mut this.server {
            while server.wants_write() {
                server.write_tls(&mut this.sent).unwrap();
            }
        }
        if this.left == 0 || (this.sent.is_empty() && this.server.is_none()) {
            match mem::replace(&mut this.end, End::Close) {
                End::Close => return Poll::Ready(Ok(())),
                End::Reset => return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into())),
                End::ResetLater => {
                    this.end = End::Reset;
                    return Poll::Pending;
                }
                End::Silence => {
                    this.end = End::Silence;
                    return Poll::Pending;
                }
                End::Octets(octets) => buffer.put_slice(octets),
            }
            return Poll::Ready(Ok(()));
        }
        if this.sent.is_empty() {
            return Poll::Pending;
        }
        let count = this.left.min(this.sent.len()).min(buffer.remaining());
        buffer.put_slice(&this.sent.drain(..count).collect::<Vec<_>>());
        this.left -= count;
        this.delivered += count;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Cut {
    fn poll_write(
        mut self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
        mut octets: &[u8],
    ) -> Poll<io::Result<usize>> {
        let all = octets.len();
        while let (Some(server), false) = (&mut self.server, octets.is_empty()) {
            server.read_tls(&mut octets).unwrap();
            // A server that refuses has its alert to send.
            drop(server.process_new_packets());
        }
        Poll::Ready(Ok(all))
    }

    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

async fn record_cut(cut: Cut) -> Recorded<Cut> {
    Recorder::new(providers()[0].clone())
        .record(cut, &mx())
        .await
}

fn acceptor(versions: Versions) -> TlsAcceptor {
    // Signatures of Ed25519 are all of one length, so every handshake is as long as the last.
    let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
    let params = rcgen::CertificateParams::new(vec!["mx.example.org".to_owned()]).unwrap();
    let der = Der::from(params.self_signed(&key).unwrap().der().clone());
    Server::new(&providers()[0], versions, &Leaf { der, key }).acceptor()
}

/// A handshake that is not cut, and how many octets of the server's it took.
async fn whole(acceptor: &TlsAcceptor) -> (Capture, usize) {
    let recorded = record_cut(Cut::new(acceptor, usize::MAX, End::Silence)).await;
    let delivered = recorded.stream.unwrap().transport().delivered;
    (recorded.capture, delivered)
}

async fn check_cuts(end: End, expected: HandshakeFailureKind) {
    for versions in [TLS_1_2, TLS_1_3] {
        let acceptor = acceptor(versions);
        let (whole, octets) = whole(&acceptor).await;
        let mut known = false;
        for after in (0..octets).step_by(5).chain([octets - 1]) {
            let capture = record_cut(Cut::new(&acceptor, after, end)).await.capture;
            assert_eq!(
                failure(&capture).kind,
                expected,
                "after {after} of {octets}"
            );
            // From the ServerHello on all is known, and stays known.
            known |= capture.version.is_some();
            assert_eq!(capture.version, whole.version.filter(|_| known));
            assert_eq!(capture.cipher_suite, whole.cipher_suite.filter(|_| known));
            assert!(capture.group.is_none() || capture.group == whole.group);
            assert!(capture.chain.is_empty() || capture.chain == whole.chain);
            assert!(known || after < 150, "unknown after {after}");
        }
        assert!(known);
    }
}

#[tokio::test]
async fn item_43_a_close_at_any_point_is_a_close() {
    check_cuts(End::Close, HandshakeFailureKind::PeerClosed).await;
}

#[tokio::test]
async fn item_43_a_reset_at_any_point_is_a_reset() {
    check_cuts(End::Reset, HandshakeFailureKind::Reset).await;
}

#[tokio::test(start_paused = true)]
async fn item_43_silence_at_any_point_is_a_timeout() {
    check_cuts(End::Silence, HandshakeFailureKind::Timeout).await;
}

#[tokio::test]
async fn item_43_the_five_outcomes_right_after_the_hello_are_told_apart() {
    for (end, expected) in [
        (End::Close, HandshakeFailureKind::PeerClosed),
        (End::Reset, HandshakeFailureKind::Reset),
        (FATAL, HandshakeFailureKind::AlertReceived),
        (PLAINTEXT, HandshakeFailureKind::NotTls),
        (
            End::Octets(&[22, 3, 3, 0, 4, 99, 0, 0, 0]),
            HandshakeFailureKind::PeerMisbehaved,
        ),
    ] {
        let capture = record_cut(Cut::of_octets(&[], 0, end)).await.capture;
        assert_eq!(failure(&capture).kind, expected, "{end:?}");
        assert_eq!(capture.version, None);
    }
}

/// Under TLS 1.2 certificates are in the clear, and come before what proves that the key is held.
#[tokio::test]
async fn a_chain_that_was_sent_whole_is_kept_whatever_comes_of_the_rest() {
    let acceptor = acceptor(TLS_1_2);
    let (whole, octets) = whole(&acceptor).await;
    let mut unproven = 0;
    for after in (0..octets).step_by(5) {
        let capture = record_cut(Cut::new(&acceptor, after, End::Reset))
            .await
            .capture;
        if !capture.chain.is_empty() && capture.key_possession == KeyPossession::NotProven {
            assert_eq!(capture.chain, whole.chain);
            unproven += 1;
        }
    }
    // The signature has 64 octets.
    assert!(unproven > 10, "{unproven}");
}

/// How many octets the first record of the server's has.
async fn first_record(acceptor: &TlsAcceptor) -> usize {
    let mut cut = Cut::new(acceptor, usize::MAX, End::Silence);
    let octets = hello(&providers()[0], "mx.example.org").await;
    cut.write_all(&octets).await.unwrap();
    let mut header = [0; 5];
    cut.read_exact(&mut header).await.unwrap();
    5 + usize::from(u16::from_be_bytes([header[3], header[4]]))
}

#[tokio::test]
async fn an_alert_after_the_server_hello_leaves_what_was_agreed_on() {
    let acceptor = acceptor(TLS_1_2);
    let (whole, _) = whole(&acceptor).await;
    let after = first_record(&acceptor).await;
    let capture = record_cut(Cut::new(&acceptor, after, FATAL)).await.capture;
    assert_eq!(failure(&capture).kind, HandshakeFailureKind::AlertReceived);
    assert_eq!(capture.version, Some(ProtocolVersion::TLS_1_2));
    assert_eq!(capture.cipher_suite, whole.cipher_suite);
}

#[tokio::test]
async fn plaintext_within_the_handshake_is_no_plaintext_peer() {
    for versions in [TLS_1_2, TLS_1_3] {
        let acceptor = acceptor(versions);
        let after = first_record(&acceptor).await;
        let capture = record_cut(Cut::new(&acceptor, after, PLAINTEXT))
            .await
            .capture;
        assert_eq!(failure(&capture).kind, HandshakeFailureKind::PeerMisbehaved);
        assert_eq!(failure(&capture).received, b"");
        assert!(capture.version.is_some());
    }
}

#[tokio::test]
async fn item_42_an_alert_is_kept_with_level_and_number() {
    for (octets, description) in [
        (
            &[21, 3, 1, 0, 2, 2, 40],
            AlertDescription::HANDSHAKE_FAILURE,
        ),
        (&[21, 3, 3, 0, 2, 2, 70], AlertDescription::PROTOCOL_VERSION),
        (&[21, 3, 3, 0, 2, 2, 80], AlertDescription::INTERNAL_ERROR),
        (&[21, 3, 3, 0, 2, 2, 201], AlertDescription(201)),
    ] {
        let capture = record_cut(Cut::of_octets(octets, 7, End::Close))
            .await
            .capture;
        let mut expected = Alert::new(description);
        expected.level = Some(AlertLevel::FATAL);
        assert_eq!(failure(&capture).alert, Some(expected));
        assert_eq!(
            capture.alerts,
            [SentAlert::new(AlertSender::Server, expected)]
        );
    }
}

#[tokio::test]
async fn item_42_a_warning_does_not_end_a_handshake_of_tls_1_2_and_is_kept() {
    let mut cut = Cut::new(&acceptor(TLS_1_2), usize::MAX, End::Silence);
    cut.ahead = &[21, 3, 3, 0, 2, 1, 112];
    let capture = record_cut(cut).await.capture;
    assert_eq!(capture.outcome, HandshakeOutcome::Completed);
    let mut expected = Alert::new(AlertDescription::UNRECOGNIZED_NAME);
    expected.level = Some(AlertLevel::WARNING);
    assert_eq!(
        capture.alerts,
        [SentAlert::new(AlertSender::Server, expected)]
    );
}

#[tokio::test]
async fn a_server_that_chooses_tls_1_0_is_seen_to_and_is_sent_an_alert() {
    // A ServerHello of TLS 1.0 with TLS_RSA_WITH_AES_256_CBC_SHA, without extensions.
    const HELLO: &[u8] = &[
        22, 3, 1, 0, 42, 2, 0, 0, 38, 3, 1, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9,
        9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 0, 0, 0x35, 0,
    ];
    let capture = record_cut(Cut::of_octets(HELLO, HELLO.len(), End::Close))
        .await
        .capture;
    assert!(!capture.outcome.is_completed());
    assert_eq!(capture.version, Some(ProtocolVersion::TLS_1_0));
    assert_eq!(capture.cipher_suite, Some(CipherSuite(0x0035)));
    let [sent] = capture.alerts[..] else {
        panic!("{:?}", capture.alerts)
    };
    assert_eq!(sent.sender, AlertSender::Client);
    assert_eq!(sent.alert.level, Some(AlertLevel::FATAL));
    assert_eq!(failure(&capture).alert, None);
}

#[tokio::test]
async fn item_41_what_goes_wrong_after_this_side_has_finished_is_a_late_failure() {
    for (end, expected) in [
        (End::Close, HandshakeFailureKind::PeerClosed),
        (End::ResetLater, HandshakeFailureKind::Reset),
    ] {
        for versions in [TLS_1_2, TLS_1_3] {
            let acceptor = acceptor(versions);
            let (_, octets) = whole(&acceptor).await;
            let recorded = record_cut(Cut::new(&acceptor, octets, end)).await;
            assert_eq!(recorded.capture.outcome, HandshakeOutcome::Completed);
            let mut stream = recorded.stream.unwrap();
            assert_eq!(stream.late_failure(), None);
            drop(stream.read(&mut [0; 16]).await);
            // Under TLS 1.2 the server had finished before.
            let late = stream.late_failure().map(|failure| failure.kind);
            assert_eq!(late, Some(expected).filter(|_| versions == TLS_1_3));
        }
    }
}

/// What comes together with the last octets is read with them: the handshake has failed, and shows all the same that the server
/// holds its key.
#[tokio::test]
async fn item_41_a_reset_together_with_the_last_octets_fails_the_handshake_and_takes_no_proof_away()
{
    for versions in [TLS_1_2, TLS_1_3] {
        let acceptor = acceptor(versions);
        let (_, octets) = whole(&acceptor).await;
        let capture = record_cut(Cut::new(&acceptor, octets, End::Reset))
            .await
            .capture;
        assert_eq!(failure(&capture).kind, HandshakeFailureKind::Reset);
        assert_eq!(capture.key_possession, KeyPossession::Verified);
        assert_eq!(capture.chain.len(), 1);
    }
}
