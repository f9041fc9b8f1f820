//! However much a server sends, a capture holds no more than it says.

use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::ReadBuf;

use super::*;

/// What a handshake message may hold.
const MESSAGE: usize = 64 * 1024;

fn octets(ders: &[Der]) -> usize {
    ders.iter().map(|der| der.as_bytes().len()).sum()
}

/// The capture of a handshake with a server that sends so many octets of certificates and of a staple.
async fn capture(versions: Versions, chain: usize, staple: usize) -> Capture {
    let (provider, leaf) = (&providers()[0], leaf());
    let mut server = Server::new(provider, versions, &leaf);
    let count = chain / leaf.der.as_bytes().len();
    server.chain = vec![leaf.der.clone(); count.max(1)];
    server.ocsp = (staple > 0).then(|| vec![0x30; staple]);
    record(provider, server).await.capture
}

#[tokio::test]
async fn no_capture_holds_more_than_its_limits() {
    let (within, over) = (MESSAGE - 4_000, MESSAGE + 4_000);
    for versions in [TLS_1_2, TLS_1_3] {
        for (chain, staple) in [
            (within, 0),
            (over, 0),
            (1, within),
            (1, over),
            (within, within),
            (over, over),
            (4 * over, 4 * over),
        ] {
            // There it is an extension, which has no room for more.
            if versions == TLS_1_3 && staple > within {
                continue;
            }
            let capture = capture(versions, chain, staple).await;
            let case = format!("{chain} and {staple}: {:?}", capture.outcome);
            // Under TLS 1.3 the staple comes within the message of the chain (RFC 9846 §4.4.2.1).
            let longest = if versions == TLS_1_3 {
                chain + staple
            } else {
                chain.max(staple)
            };
            let fits = longest <= MESSAGE;
            // Messages that come together may be too much for the library together.
            let is_clear = !fits || chain + staple <= MESSAGE;
            assert!(
                !is_clear || capture.outcome.is_completed() == fits,
                "{case}"
            );
            let (kept, stapled) = (
                octets(&capture.chain),
                octets(capture.ocsp_staple.as_slice()),
            );
            assert!(kept <= MESSAGE && stapled <= MESSAGE, "{case}");
            if capture.outcome.is_completed() {
                assert!(kept > 0 && stapled == staple, "{case}");
            }
            let all = serde_json::to_vec(&capture).unwrap().len();
            // Base64 takes four octets for three, and everything else little.
            assert!(
                all <= 2 * MESSAGE * 4 / 3 + 24 * 1024,
                "{case}: {all} in all"
            );
        }
    }
}

/// What a handshake fails with that is too long for the recorder.
#[tokio::test]
async fn what_is_too_long_to_be_read_is_no_fault_of_the_server() {
    let (within, over) = (MESSAGE - 4_000, MESSAGE + 4_000);
    for (versions, chain, staple) in [
        (TLS_1_2, over, 0),
        (TLS_1_3, over, 0),
        (TLS_1_2, 1, over),
        // Each message fits, and the library keeps both until it has read both.
        (TLS_1_2, within, within),
        (TLS_1_2, 1_000, within + 3_000),
    ] {
        let capture = capture(versions, chain, staple).await;
        let failure = failure(&capture);
        let case = format!("{chain} and {staple}: {failure:?}");
        assert_eq!(failure.kind, HandshakeFailureKind::TooLong, "{case}");
    }
}

/// A stream that fails by itself as the library does when it keeps no more.
struct Broken;

impl AsyncRead for Broken {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        _: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let error = io::Error::new(io::ErrorKind::InvalidData, "message buffer full");
        Poll::Ready(Err(error))
    }
}

#[tokio::test]
async fn a_stream_that_fails_is_not_taken_for_a_limit() {
    let stream = tokio::io::join(Broken, tokio::io::sink());
    let recorder = Recorder::new(providers()[0].clone());
    let capture = recorder.record(stream, &mx()).await.capture;
    assert_eq!(failure(&capture).kind, HandshakeFailureKind::Io);
}
