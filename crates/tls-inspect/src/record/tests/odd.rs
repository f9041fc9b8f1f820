//! Certificates that a verifier refuses, recorded all the same.

use super::*;
use crate::Certificate;

/// The octets with one part replaced by another of the same length, wherever it stands.
#[track_caller]
fn replaced(der: &Der, part: &[u8], by: &[u8]) -> Der {
    let mut octets = der.as_bytes().to_vec();
    let places: Vec<usize> = (0..octets.len())
        .filter(|place| octets[*place..].starts_with(part))
        .collect();
    assert!(!places.is_empty());
    for place in places {
        octets[place..place + part.len()].copy_from_slice(by);
    }
    Der::new(octets)
}

/// The certificate without its `version`, which makes it one of version 1 (RFC 5280 §4.1.2.1).
fn version_1(der: &Der) -> Der {
    let mut octets = der.as_bytes().to_vec();
    assert_eq!(octets[8..13], [0xa0, 3, 2, 1, 2]);
    octets.drain(8..13);
    for place in [2, 6] {
        let length = u16::from_be_bytes([octets[place], octets[place + 1]]) - 5;
        octets[place..place + 2].copy_from_slice(&length.to_be_bytes());
    }
    Der::new(octets)
}

/// Records a server with this certificate and this key: the handshake completes, the certificate is
/// kept as sent and can be read, and the server proves that it holds the key.
async fn check(provider: &CryptoProvider, leaf: &Leaf) {
    for versions in [TLS_1_2, TLS_1_3] {
        let capture = record(provider, Server::new(provider, versions, leaf))
            .await
            .capture;
        assert_eq!(capture.outcome, HandshakeOutcome::Completed);
        assert_eq!(capture.chain, std::slice::from_ref(&leaf.der));
        assert_eq!(capture.key_possession, KeyPossession::Verified);
        assert!(Certificate::parse(leaf.der.as_bytes()).is_ok());
    }
}

#[tokio::test]
async fn item_65_an_authoritys_own_certificate() {
    for provider in providers() {
        let authority = crate::pki::self_signed_leaf(&["mx.example.org"], |params| {
            params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        });
        check(&provider, &authority).await;
    }
}

#[tokio::test]
async fn item_65_a_certificate_of_version_1() {
    for provider in providers() {
        let mut odd = leaf();
        odd.der = version_1(&odd.der);
        check(&provider, &odd).await;
    }
}

#[tokio::test]
async fn item_65_a_critical_extension_that_nobody_knows() {
    for provider in providers() {
        let odd = Authority::root("Root").leaf_with(&["mx.example.org"], |params| {
            params.custom_extensions = vec![critical_extension()];
        });
        check(&provider, &odd).await;
    }
}

#[tokio::test]
async fn item_65_a_negative_serial_number() {
    let serial = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];
    for provider in providers() {
        let mut odd = Authority::root("Root").leaf_with(&["mx.example.org"], |params| {
            params.serial_number = Some(rcgen::SerialNumber::from_slice(&serial));
        });
        let mut negative = serial;
        negative[0] = 0x81;
        odd.der = replaced(&odd.der, &serial, &negative);
        check(&provider, &odd).await;
    }
}

#[tokio::test]
async fn item_65_a_certificate_signed_with_sha_1() {
    // sha256WithRSAEncryption and sha-1WithRSAEncryption (RFC 8017 §A.2.4). Nobody checks that
    // signature here.
    let sha_256 = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 0x0b];
    let sha_1 = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 0x05];
    for provider in providers() {
        let mut odd = rsa_leaf();
        odd.der = replaced(&odd.der, &sha_256, &sha_1);
        check(&provider, &odd).await;
    }
}

#[tokio::test]
async fn item_65_a_key_too_short_to_be_checked_is_not_called_a_forgery() {
    let pem = include_bytes!("../../../tests/data/rsa1024.pem");
    let short = crate::TrustStore::certificates_from_pem(pem).unwrap();
    for provider in providers() {
        for versions in [TLS_1_2, TLS_1_3] {
            let mut server = Server::new(&provider, versions, &rsa_leaf());
            server.chain = short.clone();
            let capture = record(&provider, server).await.capture;
            assert_eq!(capture.chain, short);
            assert_eq!(
                capture.key_possession,
                KeyPossession::Unsupported(
                    "RSA key of 1024 bits, where 2048 to 8192 can be checked".to_owned()
                )
            );
        }
    }
}
