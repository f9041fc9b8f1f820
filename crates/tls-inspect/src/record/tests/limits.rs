//! However much a server sends, a capture holds no more than it says.

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
