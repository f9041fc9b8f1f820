//! Servers of the tests' own on loopback.

use mailcheck_lab::ca::{CertificateKind, TestCa};
use mailcheck_lab::smtp::{BuiltIn, SmtpServer};
use smtp_probe::Timeouts;
use tls_inspect::{CryptoProvider, TrustStore};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::arguments;
use super::live::check;
use crate::arguments::Arguments;
use crate::judgement::Judgement;
use crate::look::{Inspector, Look, Place};
use crate::outcome::Outcome;

/// A server of the test's own, under a name that no DNS knows.
async fn own(arguments: &Arguments, server: std::net::SocketAddr, root: Option<&TestCa>) -> Look {
    let mut stores = vec![TrustStore::webpki_roots()];
    if let Some(ca) = root {
        let pem = ca.root_pem();
        stores.insert(
            0,
            TrustStore::from_pem("own", pem.as_bytes()).expect("a store"),
        );
    }
    let inspector = Inspector {
        arguments,
        provider: CryptoProvider::aws_lc_rs(),
        stores,
        resolver: None,
        timeouts: Timeouts::default().within(std::time::Duration::from_secs(3)),
    };
    inspector
        .look(Place::new(server, Some("mx.example".to_owned())))
        .await
}

#[tokio::test]
async fn an_untidy_chain_is_told_element_by_element() {
    let ca = TestCa::new().expect("an authority");
    let (chain, key) = ca
        .chain(CertificateKind::Healthy, &["mx.example"])
        .expect("a chain");
    let [leaf, intermediate] = <[_; 2]>::try_from(chain).expect("two elements");
    let untidy = vec![leaf.clone(), ca.root_der(), intermediate, leaf];
    let script = BuiltIn::Healthy.script("mx.example").expect("a script");
    let server = SmtpServer::start(script, Some((untidy, key)))
        .await
        .expect("a server");
    let look = own(&arguments("--starttls"), server.addr(), Some(&ca)).await;
    check(
        &look,
        Outcome::Works,
        &[
            "  !            1 CN=Lab Root, until ",
            "; a root, which need not be sent\n",
            "               2 CN=Lab Intermediate, until ",
            "  !            3 mx.example, until ",
            "; sent before\n",
            "the elements are not in order, which TLS 1.2 demands (RFC 5246 §7.4.2)\n",
            "  ✓ trust      own: trusted, 0 → 2 → CN=Lab Root\n",
            "  ?            with DANE       could not tell: TLSA records were not asked for (--dane)\n",
            "openssl s_client -connect 127.0.0.1:",
        ],
    );
}

#[tokio::test]
async fn a_server_that_refuses_all_hellos_proves_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let server = tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut hello = vec![0; 4096];
            drop(stream.read(&mut hello).await);
            // A fatal alert, handshake_failure.
            drop(stream.write_all(&[21, 3, 3, 0, 2, 2, 40]).await);
        }
    });
    let look = own(&arguments("--implicit"), address, None).await;
    server.abort();
    check(
        &look,
        Outcome::Unknown,
        &[
            "could not tell: the TLS handshake failed: received alert\n    handshake_failure (40)\n",
            "  ? cause      could not tell: the server refuses whatever is offered",
        ],
    );
    let Judgement {
        assessment,
        senders,
        ..
    } = &look.judgement;
    assert!(assessment.is_none() && senders.is_some());
}
