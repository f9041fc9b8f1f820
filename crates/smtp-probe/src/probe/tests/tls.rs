//! What a server does inside the handshake and after it, with real TLS.

use std::sync::Arc;

use mailcheck_lab::ca::{CertificateKind, TestCa};
use rustls::server::{Acceptor, WebPkiClientVerifier};
use rustls::{RootCertStore, ServerConfig};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::{LazyConfigAcceptor, TlsAcceptor};

use super::*;

/// A server's part of TLS, which wants a certificate of its clients or does not.
fn config(wants_certificate: bool) -> Arc<ServerConfig> {
    let authority = TestCa::new().expect("an authority");
    let identity = authority.chain(CertificateKind::Healthy, &["mx.example"]);
    let (chain, key) = identity.expect("a certificate");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .expect("usual versions");
    let builder = if wants_certificate {
        let mut roots = RootCertStore::empty();
        roots.add(authority.root_der()).expect("a root");
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
        builder.with_client_cert_verifier(verifier.build().expect("a verifier"))
    } else {
        builder.with_no_client_auth()
    };
    Arc::new(builder.with_single_cert(chain, key).expect("a pair"))
}

#[tokio::test]
async fn item_37_sni_is_a_name_without_a_final_dot() {
    for (server, expected) in [
        ("MX.example.", Some("mx.example")),
        ("192.0.2.1", None),
        ("2001:db8::1", None),
    ] {
        let (near, mut far) = duplex(4096);
        let named = tokio::spawn(async move {
            offer_starttls(&mut far).await;
            far.write_all(b"220 go\r\n").await.expect("open");
            let hello = LazyConfigAcceptor::new(Acceptor::default(), far);
            let hello = hello.await.expect("a ClientHello");
            hello.client_hello().server_name().map(str::to_owned)
        });
        let name = ReferenceId::parse(server).expect("a name");
        let probe = probe(Security::StartTls).with_server_name(name);
        let observation = probe.run_on(near).await;
        assert_eq!(named.await.expect("it ends").as_deref(), expected);
        let capture = observation.tls.expect("a handshake was begun");
        assert_eq!(capture.server_name.as_deref(), expected);
    }
}

#[tokio::test]
async fn item_40_a_close_without_close_notify_is_no_failure() {
    let (near, far) = duplex(4096);
    tokio::spawn(async move {
        let stream = TlsAcceptor::from(config(false)).accept(far).await;
        let mut stream = stream.expect("TLS");
        for reply in ["220 x\r\n", "250 x\r\n", "221 bye\r\n"] {
            stream.write_all(reply.as_bytes()).await.expect("open");
            stream.flush().await.expect("open");
            if reply != "221 bye\r\n" {
                let _command = stream.read(&mut [0; 64]).await;
            }
        }
        // What is under TLS ends; TLS does not.
        drop(stream.into_inner());
    });
    let observation = probe(Security::Implicit).run_on(near).await;
    assert_eq!(observation.stop(), None, "{}", observation.transcript);
    assert!(observation.quit.is_some());
}

#[tokio::test]
async fn item_41_a_client_certificate_that_is_required_late_is_named() {
    let (near, far) = duplex(4096);
    tokio::spawn(TlsAcceptor::from(config(true)).accept(far));
    let observation = probe(Security::Implicit).run_on(near).await;
    let capture = observation.tls.as_ref().expect("a handshake was begun");
    assert_eq!(capture.outcome.failure(), None, "here it completed");
    let stop = observation.stop().expect("it stopped");
    let Cause::TlsBroken(failure) = &stop.cause else {
        panic!("{stop}")
    };
    let expected = HandshakeFailureKind::ClientCertificateRequired;
    assert_eq!((stop.phase, failure.kind), (Phase::Greeting, expected));
    assert_eq!(capture.late_failure.as_ref(), Some(failure));
}

/// How a handshake fails with a server that answers the ClientHello in this way.
async fn failure<F, Fut>(server: F) -> HandshakeFailureKind
where
    F: FnOnce(TcpStream) -> Fut + Send + 'static,
    Fut: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("bound");
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a client");
        let hello = stream.read(&mut [0; 4096]).await.expect("a ClientHello");
        assert!(hello < 512, "a hello of {hello} octets");
        server(stream).await;
    });
    let timeouts = Timeouts {
        handshake: Duration::from_millis(300),
        ..Timeouts::default()
    };
    let probe = probe(Security::Implicit).with_timeouts(timeouts);
    let observation = probe.run(address).await;
    let capture = observation.tls.expect("a handshake was begun");
    capture.outcome.failure().expect("it failed").kind
}

#[tokio::test]
async fn item_43_a_handshake_fails_in_five_ways() {
    let closed = failure(|stream| async move { drop(stream) }).await;
    let reset = failure(|stream| async move {
        stream.set_zero_linger().expect("an option");
    })
    .await;
    let alert = failure(|mut stream| async move {
        let handshake_failure = b"\x15\x03\x03\x00\x02\x02\x28";
        stream.write_all(handshake_failure).await.expect("open");
    })
    .await;
    let late = failure(|stream| async move {
        tokio::time::sleep(Duration::from_secs(2)).await;
        drop(stream);
    })
    .await;
    let garbage = failure(|mut stream| async move {
        stream.write_all(b"hello there\r\n").await.expect("open");
    })
    .await;
    assert_eq!(
        [closed, reset, alert, late, garbage],
        [
            HandshakeFailureKind::PeerClosed,
            HandshakeFailureKind::Reset,
            HandshakeFailureKind::AlertReceived,
            HandshakeFailureKind::Timeout,
            HandshakeFailureKind::NotTls,
        ]
    );
}
