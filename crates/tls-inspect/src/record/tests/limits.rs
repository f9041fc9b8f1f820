//! However much a server sends, a capture holds no more than it says.

use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::ReadBuf;

use super::*;
use crate::ClientCertificateRequest;

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

/// The octets of memory that a capture holds, and the most that there were while the handshake lasted.
fn held(record: impl Fn() -> Capture) -> (Capture, u64, u64) {
    // What is made once is none of a handshake's.
    drop(record());
    let mut capture = None;
    let counted = allocation_counter::measure(|| capture = Some(record()));
    let kept = counted.bytes_current.unsigned_abs();
    (capture.unwrap(), kept, counted.bytes_max)
}

/// What lib.rs states.
const KEPT: u64 = 216 * 1024;
const WHILE_IT_LASTS: u64 = 3 * 1024 * 1024;

fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len()).unwrap().to_be_bytes();
    [&[kind], &length[1..], body].concat()
}

/// As many items of so many octets as a list of 64 KiB has room for, each after its length in so many octets.
fn list(header: usize, item: usize) -> Vec<u8> {
    let one = [
        vec![0; header - 1],
        vec![u8::try_from(item).unwrap()],
        vec![0x30; item],
    ]
    .concat();
    one.repeat((MESSAGE - 1_000) / one.len())
}

/// The flight of a server of TLS 1.2 with these certificates and names of authorities, in clear. Its signature is good for nothing,
/// which is recorded and ends nothing.
fn flight(certificates: &[u8], names: &[u8]) -> &'static [u8] {
    let hello = [&[3, 3][..], &[7; 32], &[0, 0xc0, 0x2f, 0]].concat();
    let size = u32::try_from(certificates.len()).unwrap().to_be_bytes();
    let certificates = [&size[1..], certificates].concat();
    let exchange = [&[3, 0, 29, 32][..], &[9; 32], &[4, 1, 0, 8], &[0; 8]].concat();
    let size = u16::try_from(names.len()).unwrap().to_be_bytes();
    let request = [&[1, 1, 0, 2, 4, 1][..], &size, names].concat();
    let messages = [
        (2, hello),
        (11, certificates),
        (12, exchange),
        (13, request),
        (14, Vec::new()),
    ];
    let mut octets = Vec::new();
    // Each in records of its own, so that they need not fit into one buffer together.
    for (kind, body) in messages {
        for part in message(kind, &body).chunks(16 * 1024) {
            let length = u16::try_from(part.len()).unwrap().to_be_bytes();
            octets.extend([&[22, 3, 3][..], &length, part].concat());
        }
    }
    octets.leak()
}

fn run<T>(future: impl Future<Output = T>) -> T {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let runtime = builder.enable_all().build().unwrap();
    runtime.block_on(future)
}

#[test]
fn many_tiny_certificates_and_names_hold_little_memory() {
    let nothing = [0, 0, 1, 0x30];
    for (name, certificates, names) in [
        ("next to nothing", nothing.to_vec(), Vec::new()),
        ("empty certificates", list(3, 0), Vec::new()),
        ("certificates of an octet", list(3, 1), Vec::new()),
        ("certificates of 250 octets", list(3, 250), Vec::new()),
        ("names of an octet", nothing.to_vec(), list(2, 1)),
        ("names of 125 octets", nothing.to_vec(), list(2, 125)),
        (
            "empty certificates and names of an octet",
            list(3, 0),
            list(2, 1),
        ),
        ("as much as is kept", list(3, 255), list(2, 126)),
    ] {
        let flight = flight(&certificates, &names);
        let (capture, kept, most) = held(|| run(record_against(flight)));
        let request = capture.client_certificate_request.unwrap();
        let (shown, named) = (capture.chain.len(), request.ca_names.len());
        let case = format!("{name}: {shown} certificates, {named} names, {kept} and {most} octets");
        assert!(
            kept <= KEPT && most <= WHILE_IT_LASTS,
            "more memory than stated: {case}"
        );
        assert_eq!(
            capture.chain_omitted > 0,
            shown == Capture::MAX_CERTIFICATES,
            "{case}"
        );
        let is_cut = named == ClientCertificateRequest::MAX_NAMES;
        assert_eq!(request.names_omitted > 0, is_cut, "{case}");
    }
}

/// What is left out is counted, so that nobody takes the rest for all of it.
#[tokio::test]
async fn certificates_over_the_limit_are_counted() {
    for versions in [TLS_1_2, TLS_1_3] {
        let (provider, leaf) = (&providers()[0], leaf());
        let mut server = Server::new(provider, versions, &leaf);
        server.chain.extend(vec![Der::new([0x30]); 299]);
        let capture = record(provider, server).await.capture;
        assert_eq!(capture.outcome, HandshakeOutcome::Completed);
        assert_eq!((capture.chain.len(), capture.chain_omitted), (256, 44));
        let store = crate::TrustStore::empty("test");
        let assessment = crate::assess(&capture, &mx(), &store, provider, crate::pki::NOW);
        let looked_at = assessment.chain.elements.len();
        assert_eq!(assessment.chain.omitted, 300 - looked_at);
        let json = serde_json::to_value(&capture).unwrap();
        assert_eq!(json["chain_omitted"], 44);
    }
}
