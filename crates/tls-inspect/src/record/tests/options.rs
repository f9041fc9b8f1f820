//! What the options make the hello say, and what servers then show.

use rustls::server::{ClientHello, ResolvesServerCert};

use super::*;
use crate::Certificate;

fn recorder(provider: &CryptoProvider, options: &HandshakeOptions) -> Recorder {
    Recorder::new(provider.clone())
        .with_options(options)
        .unwrap()
}

/// Sends the certificate that fits the client, as servers with two do (RFC 9846 §4.4.2.2).
#[derive(Debug)]
struct TwoCertificates {
    rsa: Arc<CertifiedKey>,
    ecdsa: Arc<CertifiedKey>,
}

impl ResolvesServerCert for TwoCertificates {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        // ECDSA is preferred, as it usually is.
        [&self.ecdsa, &self.rsa]
            .into_iter()
            .find(|certified| {
                certified
                    .key
                    .choose_scheme(hello.signature_schemes())
                    .is_some()
            })
            .map(Arc::clone)
    }
}

fn certified(provider: &CryptoProvider, leaf: &Leaf) -> Arc<CertifiedKey> {
    let key = PrivateKeyDer::try_from(leaf.key.serialize_der()).unwrap();
    let key = provider
        .rustls()
        .key_provider
        .load_private_key(key)
        .unwrap();
    Arc::new(CertifiedKey::new(
        vec![leaf.der.to_certificate_der().into_owned()],
        key,
    ))
}

fn server(
    provider: &CryptoProvider,
    versions: Versions,
    change: impl FnOnce(&mut ServerConfig),
) -> TlsAcceptor {
    let certificates = TwoCertificates {
        rsa: certified(provider, &rsa_leaf()),
        ecdsa: certified(provider, &leaf()),
    };
    let mut config = ServerConfig::builder_with_provider(Arc::new(provider.rustls().clone()))
        .with_protocol_versions(versions)
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(certificates));
    change(&mut config);
    TlsAcceptor::from(Arc::new(config))
}

#[tokio::test]
async fn item_58_both_certificates_of_a_server_can_be_had() {
    for provider in providers() {
        for versions in [TLS_1_2, TLS_1_3] {
            for (kind, is_rsa) in [(ServerKeyKind::Rsa, true), (ServerKeyKind::Ecdsa, false)] {
                let options = HandshakeOptions::new().with_server_key(kind);
                let recorder = recorder(&provider, &options);
                let server = server(&provider, versions, |_| {});
                let capture = record_by(&recorder, server).await.capture;
                assert_eq!(capture.outcome, HandshakeOutcome::Completed);
                assert_eq!(capture.key_possession, KeyPossession::Verified);
                let key = Certificate::parse(capture.chain[0].as_bytes()).unwrap().key;
                assert_eq!(key.algorithm.contains("RSA"), is_rsa, "{key:?}");
            }
        }
    }
}

#[tokio::test]
async fn item_58_a_server_without_the_kind_of_key_refuses() {
    for provider in providers() {
        for versions in [TLS_1_2, TLS_1_3] {
            let options = HandshakeOptions::new().with_server_key(ServerKeyKind::Rsa);
            let server = Server::new(&provider, versions, &leaf());
            let capture = record_by(&recorder(&provider, &options), server.acceptor())
                .await
                .capture;
            assert_eq!(failure(&capture).kind, HandshakeFailureKind::AlertReceived);
            assert!(capture.chain.is_empty());
        }
    }
}

#[tokio::test]
async fn versions_are_those_offered() {
    const BOTH: Versions = rustls::ALL_VERSIONS;
    for provider in providers() {
        for (offered, expected) in [
            (OfferedVersions::Both, ProtocolVersion::TLS_1_3),
            (OfferedVersions::Tls13, ProtocolVersion::TLS_1_3),
            (OfferedVersions::Tls12, ProtocolVersion::TLS_1_2),
        ] {
            let recorder = recorder(&provider, &HandshakeOptions::new().with_versions(offered));
            let capture = record_by(&recorder, server(&provider, BOTH, |_| {}))
                .await
                .capture;
            assert_eq!(capture.version, Some(expected));
        }
        let options = HandshakeOptions::new().with_versions(OfferedVersions::Tls13);
        let capture = record_by(
            &recorder(&provider, &options),
            server(&provider, TLS_1_2, |_| {}),
        )
        .await
        .capture;
        assert_eq!(
            failure(&capture).alert.map(|alert| alert.description),
            Some(AlertDescription::PROTOCOL_VERSION)
        );
    }
}

#[tokio::test]
async fn application_protocols_are_offered_and_the_servers_choice_is_kept() {
    let provider = &providers()[0];
    let options = HandshakeOptions::new().with_alpn(["smtp", "http/1.1"]);
    let recorder = recorder(provider, &options);
    for (spoken, chosen) in [(&b"http/1.1"[..], Some(&b"http/1.1"[..])), (b"", None)] {
        let server = server(provider, TLS_1_3, |config| {
            config.alpn_protocols = Some(spoken.to_vec())
                .filter(|name| !name.is_empty())
                .into_iter()
                .collect();
        });
        let capture = record_by(&recorder, server).await.capture;
        assert_eq!(capture.alpn.as_deref(), chosen);
    }
    let server = server(provider, TLS_1_3, |config| {
        config.alpn_protocols = vec![b"imap".to_vec()];
    });
    let capture = record_by(&recorder, server).await.capture;
    assert_eq!(
        failure(&capture).alert.map(|alert| alert.description),
        Some(AlertDescription::NO_APPLICATION_PROTOCOL)
    );
}

#[track_caller]
fn check_refused(options: &HandshakeOptions, expected: HandshakeOptionsErrorKind, text: &str) {
    let error = Recorder::new(providers()[0].clone())
        .with_options(options)
        .unwrap_err();
    assert_eq!(error.kind(), expected);
    assert!(error.to_string().ends_with(text), "{error}");
}

#[test]
fn application_protocols_that_cannot_be_sent_are_refused() {
    let bad = HandshakeOptionsErrorKind::BadAlpn;
    let options = |names: &[usize]| {
        HandshakeOptions::new().with_alpn(names.iter().map(|length| vec![b'a'; *length]))
    };
    check_refused(&options(&[4, 0]), bad, "found one of 0");
    check_refused(&options(&[256]), bad, "found one of 256");
    check_refused(&options(&[255; 5]), bad, "found 1280 in all");
    let recorder = Recorder::new(providers()[0].clone());
    assert!(recorder.with_options(&options(&[255; 4])).is_ok());
}

#[tokio::test]
async fn the_name_sent_is_the_one_asked_for() {
    let provider = &providers()[0];
    let other = OfferedName::Other(crate::DnsId::parse("Other.Example").unwrap());
    for (name, expected) in [
        (OfferedName::Peer, Some("mx.example.org")),
        (OfferedName::Nothing, None),
        (other, Some("other.example")),
    ] {
        let recorder = recorder(provider, &HandshakeOptions::new().with_server_name(name));
        let capture = record_by(&recorder, server(provider, TLS_1_3, |_| {}))
            .await
            .capture;
        assert_eq!(capture.outcome, HandshakeOutcome::Completed);
        assert_eq!(capture.server_name.as_deref(), expected);
        let hello = hello_of(&recorder, "mx.example.org").await;
        let contains = |needle: &str| {
            let needle = needle.as_bytes();
            hello.windows(needle.len()).any(|part| part == needle)
        };
        for name in ["mx.example.org", "other.example"] {
            assert_eq!(contains(name), expected == Some(name), "{name}");
        }
    }
}

#[tokio::test]
async fn a_small_hello_is_at_most_260_octets() {
    for provider in providers() {
        for groups in [OfferedGroups::X25519First, OfferedGroups::Classical] {
            let recorder = recorder(&provider, &HandshakeOptions::new().with_groups(groups));
            let hello = hello_of(&recorder, "mx.example").await;
            assert!(hello.len() <= 260, "{} octets", hello.len());
            // X25519MLKEM768 (RFC 9846 §4.2.7) after X25519 in the list.
            let listed = hello
                .windows(4)
                .any(|part| part == [0x00, 0x1d, 0x11, 0xec]);
            let expected = groups == OfferedGroups::X25519First && provider.name() == "aws-lc-rs";
            assert_eq!(listed, expected);
        }
    }
}

#[tokio::test]
async fn a_large_hello_has_a_share_for_the_hybrid_group_or_is_refused() {
    let options = HandshakeOptions::new().with_groups(OfferedGroups::HybridFirst);
    for provider in providers() {
        if provider.name() == "aws-lc-rs" {
            let recorder = recorder(&provider, &options);
            let hello = hello_of(&recorder, "mx.example").await;
            assert!(
                (1400..1600).contains(&hello.len()),
                "{} octets",
                hello.len()
            );
            let capture = record_by(&recorder, server(&provider, TLS_1_3, |_| {}))
                .await
                .capture;
            assert_eq!(capture.group, Some(NamedGroup::X25519_MLKEM768));
            assert_eq!(capture.handshake, Some(HandshakeKind::Full));
        } else {
            let error = Recorder::new(provider).with_options(&options).unwrap_err();
            assert_eq!(error.kind(), HandshakeOptionsErrorKind::NoHybridGroup);
        }
    }
}
