use rustls::ServerConfig;
use rustls::server::WebPkiClientVerifier;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};
use tokio_rustls::TlsAcceptor;

use super::*;
use crate::pki::{Authority, Leaf, critical_extension, providers};
use crate::{Alert, AlertLevel, Der, KeyPossession};

mod alerts;
mod cuts;
mod limits;
mod odd;
mod options;

type Versions = &'static [&'static rustls::SupportedProtocolVersion];

const TLS_1_2: Versions = &[&rustls::version::TLS12];
const TLS_1_3: Versions = &[&rustls::version::TLS13];

/// A server to look at.
struct Server {
    provider: rustls::crypto::CryptoProvider,
    versions: Versions,
    chain: Vec<Der>,
    key: Vec<u8>,
    client_ca: Option<Der>,
    ocsp: Option<Vec<u8>>,
}

impl Server {
    fn new(provider: &CryptoProvider, versions: Versions, leaf: &Leaf) -> Self {
        Self {
            provider: provider.rustls().clone(),
            versions,
            chain: vec![leaf.der.clone()],
            key: leaf.key.serialize_der(),
            client_ca: None,
            ocsp: None,
        }
    }

    fn acceptor(self) -> TlsAcceptor {
        let key = PrivateKeyDer::try_from(self.key).unwrap();
        let key = self.provider.key_provider.load_private_key(key).unwrap();
        let chain = self
            .chain
            .iter()
            .map(|der| CertificateDer::from(der.as_bytes().to_vec()));
        let mut certified = CertifiedKey::new(chain.collect(), key);
        certified.ocsp = self.ocsp;
        let provider = Arc::new(self.provider);
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(self.versions)
            .unwrap();
        let builder = match self.client_ca {
            None => builder.with_no_client_auth(),
            Some(ca) => {
                let mut roots = rustls::RootCertStore::empty();
                roots.add(ca.to_certificate_der().into_owned()).unwrap();
                let verifier =
                    WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
                builder.with_client_cert_verifier(verifier.build().unwrap())
            }
        };
        let config = builder.with_cert_resolver(Arc::new(SingleCertAndKey::from(certified)));
        TlsAcceptor::from(Arc::new(config))
    }
}

fn mx() -> ReferenceId {
    "mx.example.org".parse().unwrap()
}

fn leaf() -> Leaf {
    Authority::root("Root").leaf(&["mx.example.org"])
}

/// A leaf whose key is RSA.
fn rsa_leaf() -> Leaf {
    let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_RSA_SHA256).unwrap();
    let mut params = rcgen::CertificateParams::new(vec!["mx.example.org".to_owned()]).unwrap();
    params.distinguished_name = crate::pki::common_name("mx.example.org");
    let der = Der::from(params.self_signed(&key).unwrap().der().clone());
    Leaf { der, key }
}

async fn record(provider: &CryptoProvider, server: Server) -> Recorded<DuplexStream> {
    record_by(&Recorder::new(provider.clone()), server.acceptor()).await
}

async fn record_by(recorder: &Recorder, acceptor: TlsAcceptor) -> Recorded<DuplexStream> {
    let (near, far) = duplex(16 * 1024);
    tokio::spawn(async move {
        let Ok(mut stream) = acceptor.accept(far).await else {
            return;
        };
        let mut line = [0; 4];
        if stream.read_exact(&mut line).await.is_ok() && line == *b"NOOP" {
            stream.write_all(b"250 ok\r\n").await.unwrap();
            stream.flush().await.unwrap();
        }
        // Dropped without close_notify, as by many mail servers.
    });
    recorder.record(near, &mx()).await
}

/// A peer that is no TLS server: it reads the hello, sends `answer` and goes.
async fn record_against(answer: &'static [u8]) -> Capture {
    let (near, mut far) = duplex(16 * 1024);
    tokio::spawn(async move {
        let mut hello = [0; 1024];
        assert_ne!(far.read(&mut hello).await.unwrap(), 0);
        far.write_all(answer).await.unwrap();
    });
    let recorded = Recorder::new(providers()[0].clone())
        .record(near, &mx())
        .await;
    assert!(recorded.stream.is_none());
    recorded.capture
}

#[track_caller]
fn failure(capture: &Capture) -> &HandshakeFailure {
    capture.outcome.failure().unwrap()
}

#[tokio::test]
async fn a_completed_handshake_is_recorded_and_its_stream_works() {
    for provider in providers() {
        for (versions, version) in [
            (TLS_1_2, ProtocolVersion::TLS_1_2),
            (TLS_1_3, ProtocolVersion::TLS_1_3),
        ] {
            let root = Authority::root("Root");
            let leaf = root.leaf(&["mx.example.org"]);
            let mut server = Server::new(&provider, versions, &leaf);
            server.chain = vec![leaf.der.clone(), root.der.clone(), leaf.der.clone()];
            server.ocsp = Some(b"staple".to_vec());
            let Recorded {
                capture, stream, ..
            } = record(&provider, server).await;
            assert_eq!(capture.outcome, HandshakeOutcome::Completed);
            assert_eq!(capture.server_name.as_deref(), Some("mx.example.org"));
            assert_eq!(capture.version, Some(version));
            assert!(capture.cipher_suite.unwrap().name().is_some());
            assert_eq!(capture.key_possession, KeyPossession::Verified);
            assert!(capture.signature_scheme.is_some());
            assert_eq!(capture.chain, [leaf.der.clone(), root.der, leaf.der]);
            assert_eq!(capture.ocsp_staple, Some(Der::new(*b"staple")));
            assert_eq!(capture.client_certificate_request, None);

            let mut stream = stream.unwrap();
            stream.write_all(b"NOOP").await.unwrap();
            stream.flush().await.unwrap();
            assert!(!stream.is_truncated());
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer).await.unwrap();
            assert_eq!(answer, b"250 ok\r\n");
            assert!(stream.is_truncated(), "there was no close_notify");
        }
    }
}

#[tokio::test]
async fn item_40_a_close_without_close_notify_after_data_is_the_end_of_the_stream() {
    for provider in providers() {
        for versions in [TLS_1_2, TLS_1_3] {
            let recorded = record(&provider, Server::new(&provider, versions, &leaf())).await;
            let mut stream = recorded.stream.unwrap();
            stream.write_all(b"NOOP").await.unwrap();
            stream.flush().await.unwrap();
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer).await.unwrap();
            assert_eq!(answer, b"250 ok\r\n");
            assert!(stream.is_truncated());
            assert_eq!(stream.late_failure(), None);
        }
    }
}

#[tokio::test]
async fn item_59_the_second_handshake_with_a_server_is_a_full_one_too() {
    for provider in providers() {
        for versions in [TLS_1_2, TLS_1_3] {
            let recorder = Recorder::new(provider.clone());
            // It keeps sessions, and under TLS 1.3 sends tickets ahead of the answer.
            let acceptor = Server::new(&provider, versions, &leaf()).acceptor();
            for _ in 0..2 {
                let recorded = record_by(&recorder, acceptor.clone()).await;
                let mut stream = recorded.stream.unwrap();
                stream.write_all(b"NOOP").await.unwrap();
                stream.flush().await.unwrap();
                stream.read_to_end(&mut Vec::new()).await.unwrap();
                assert_eq!(recorded.capture.handshake, Some(HandshakeKind::Full));
                assert_eq!(recorded.capture.chain.len(), 1);
                assert_eq!(recorded.capture.key_possession, KeyPossession::Verified);
            }
        }
    }
}

#[tokio::test]
async fn another_group_takes_a_hello_retry_request() {
    for provider in providers() {
        let server = Server::new(&provider, TLS_1_3, &leaf());
        let capture = record(&provider, server).await.capture;
        // A server of the same library takes the key share it is offered.
        assert_eq!(capture.group, Some(NamedGroup::X25519));
        assert_eq!(capture.handshake, Some(HandshakeKind::Full));

        let mut server = Server::new(&provider, TLS_1_3, &leaf());
        server
            .provider
            .kx_groups
            .retain(|group| group.name() == rustls::NamedGroup::secp256r1);
        let capture = record(&provider, server).await.capture;
        assert_eq!(capture.group, Some(NamedGroup::SECP256R1));
        assert_eq!(
            capture.handshake,
            Some(HandshakeKind::FullWithHelloRetryRequest)
        );
    }
}

#[tokio::test]
async fn item_60_a_replayed_chain_does_not_prove_possession_of_the_key() {
    for provider in providers() {
        for versions in [TLS_1_2, TLS_1_3] {
            let mut server = Server::new(&provider, versions, &leaf());
            server.key = leaf().key.serialize_der();
            let Recorded { capture, .. } = record(&provider, server).await;
            assert!(
                matches!(capture.key_possession, KeyPossession::Failed(_)),
                "{:?}",
                capture.key_possession
            );
            assert_eq!(capture.chain.len(), 1);
        }
    }
}

#[tokio::test]
async fn item_60_possession_of_an_odd_certificates_key_is_checked_all_the_same() {
    let odd = || {
        Authority::root("Root").leaf_with(&["mx.example.org"], |params| {
            params.custom_extensions = vec![critical_extension()];
        })
    };
    for provider in providers() {
        for versions in [TLS_1_2, TLS_1_3] {
            let server = Server::new(&provider, versions, &odd());
            let capture = record(&provider, server).await.capture;
            assert_eq!(capture.key_possession, KeyPossession::Verified);

            let mut server = Server::new(&provider, versions, &odd());
            server.key = leaf().key.serialize_der();
            let capture = record(&provider, server).await.capture;
            assert!(matches!(capture.key_possession, KeyPossession::Failed(_)));
        }
    }
}

#[tokio::test]
async fn a_certificate_that_cannot_be_read_is_captured() {
    for provider in providers() {
        let mut server = Server::new(&provider, TLS_1_3, &leaf());
        server.chain = vec![Der::new(*b"junk")];
        let capture = record(&provider, server).await.capture;
        assert_eq!(capture.chain, [Der::new(*b"junk")]);
        assert!(matches!(
            capture.key_possession,
            KeyPossession::Unsupported(_)
        ));
    }
}

#[tokio::test]
async fn item_41_a_client_certificate_required_under_tls_1_2_fails_the_handshake() {
    for provider in providers() {
        let ca = Authority::root("Client CA");
        let mut server = Server::new(&provider, TLS_1_2, &leaf());
        server.client_ca = Some(ca.der.clone());
        let Recorded {
            capture, stream, ..
        } = record(&provider, server).await;
        assert!(stream.is_none());
        assert_eq!(
            failure(&capture).kind,
            HandshakeFailureKind::ClientCertificateRequired
        );
        assert!(failure(&capture).alert.is_some());
        assert_eq!(capture.chain.len(), 1, "the chain is kept");
        assert_eq!(capture.version, Some(ProtocolVersion::TLS_1_2));
        let request = capture.client_certificate_request.unwrap();
        assert_eq!(request.ca_names.len(), 1);
    }
}

#[tokio::test]
async fn item_41_a_client_certificate_required_under_tls_1_3_shows_at_the_first_read() {
    for provider in providers() {
        let ca = Authority::root("Client CA");
        let mut server = Server::new(&provider, TLS_1_3, &leaf());
        server.client_ca = Some(ca.der.clone());
        let Recorded {
            capture, stream, ..
        } = record(&provider, server).await;
        assert_eq!(capture.outcome, HandshakeOutcome::Completed);
        assert!(capture.client_certificate_request.is_some());
        let mut stream = stream.unwrap();
        assert_eq!(stream.late_failure(), None);
        let error = stream.read(&mut [0; 16]).await.unwrap_err();
        let failure = HandshakeFailure::from_io_error(&error);
        assert_eq!(stream.late_failure(), Some(&failure));
        assert_eq!(
            failure.kind,
            HandshakeFailureKind::ClientCertificateRequired
        );
        assert_eq!(
            failure.alert,
            Some(Alert::new(AlertDescription::CERTIFICATE_REQUIRED))
        );
    }
}

#[tokio::test]
async fn a_plaintext_peer_is_quoted() {
    let capture = record_against(b"454 4.7.0 TLS not available\r\n").await;
    let failure = failure(&capture);
    assert_eq!(failure.kind, HandshakeFailureKind::NotTls);
    assert_eq!(failure.received, b"454 4.7.0 TLS not available\r\n");
    assert!(
        failure
            .to_string()
            .ends_with("; received \"454 4.7.0 TLS not available\\r\\n\""),
        "{failure}"
    );
    assert_eq!(capture.key_possession, KeyPossession::NotProven);
}

#[tokio::test]
async fn plaintext_shorter_than_a_record_header_is_plaintext_too() {
    assert_eq!(
        failure(&record_against(b"no\r\n").await).kind,
        HandshakeFailureKind::NotTls
    );
}

#[tokio::test]
async fn an_early_close_and_an_alert() {
    let capture = record_against(b"").await;
    assert_eq!(failure(&capture).kind, HandshakeFailureKind::PeerClosed);

    let capture = record_against(&[21, 3, 1, 0, 2, 2, 40]).await;
    assert_eq!(failure(&capture).kind, HandshakeFailureKind::AlertReceived);
    let mut alert = Alert::new(AlertDescription::HANDSHAKE_FAILURE);
    alert.level = Some(AlertLevel::FATAL);
    assert_eq!(failure(&capture).alert, Some(alert));
    assert_eq!(failure(&capture).received, b"");

    let capture = record_against(&[22, 3, 3, 0, 4, 99, 0, 0, 0]).await;
    assert_eq!(failure(&capture).kind, HandshakeFailureKind::PeerMisbehaved);
}

#[tokio::test(start_paused = true)]
async fn a_silent_peer_times_out() {
    let recorder = Recorder::new(providers()[0].clone()).with_timeout(Duration::from_secs(7));
    let within = async |patience: u64| {
        let (near, _far) = duplex(16 * 1024);
        let name = mx();
        tokio::time::timeout(
            Duration::from_millis(patience),
            recorder.record(near, &name),
        )
        .await
    };
    assert!(within(6_990).await.is_err(), "not before the time is over");
    let capture = within(7_010).await.unwrap().capture;
    assert_eq!(failure(&capture).kind, HandshakeFailureKind::Timeout);
    assert_eq!(failure(&capture).detail, "handshake not finished within 7s");
}

/// The ClientHello for this name, as one record.
async fn hello(provider: &CryptoProvider, name: &str) -> Vec<u8> {
    hello_of(&Recorder::new(provider.clone()), name).await
}

async fn hello_of(recorder: &Recorder, name: &str) -> Vec<u8> {
    let (near, mut far) = duplex(16 * 1024);
    let reader = tokio::spawn(async move {
        let mut record = vec![0; 5];
        far.read_exact(&mut record).await.unwrap();
        let length = usize::from(u16::from_be_bytes([record[3], record[4]]));
        record.resize(5 + length, 0);
        far.read_exact(&mut record[5..]).await.unwrap();
        record
    });
    recorder.record(near, &name.parse().unwrap()).await;
    reader.await.unwrap()
}

#[tokio::test]
async fn the_hello_is_small_and_names_the_server_without_trailing_dot() {
    for provider in providers() {
        let with_dot = hello(&provider, "mx.example.org.").await;
        assert!(with_dot.len() < 300, "{} octets", with_dot.len());
        // The length of the host name and the name (RFC 6066 §3).
        let contains = |needle: &[u8]| with_dot.windows(needle.len()).any(|part| part == needle);
        assert!(contains(b"\x00\x0emx.example.org"));
        assert!(!contains(b"mx.example.org."));
        if provider.name() == "aws-lc-rs" {
            // supported_groups: X25519 first, X25519MLKEM768 second (RFC 9846 §4.2.7).
            assert!(contains(&[0x00, 0x1d, 0x11, 0xec]));
        }
    }
}

#[tokio::test]
async fn an_address_is_not_sent_as_a_server_name() {
    for provider in providers() {
        let named = hello(&provider, "a.example").await;
        let unnamed = hello(&provider, "192.0.2.1").await;
        // The extension: 4 octets of header, 5 of list and entry, and the name.
        assert_eq!(named.len() - unnamed.len(), 4 + 5 + "a.example".len());
    }
}

#[cfg(feature = "serde")]
#[tokio::test]
async fn a_capture_survives_json() {
    let provider = &providers()[0];
    let server = Server::new(provider, TLS_1_3, &leaf());
    for capture in [
        record(provider, server).await.capture,
        record_against(b"220 \xff\r\n").await,
    ] {
        let json = serde_json::to_string(&capture).unwrap();
        assert_eq!(serde_json::from_str::<Capture>(&json).unwrap(), capture);
    }
}
