//! The hello prober against servers of `openssl s_server`.

use std::time::Duration;

use tls_inspect::{
    Alert, AlertDescription, CipherSuite, ClientHello, DowngradeSentinel, HelloAnswer,
    HelloOutcome, KeyExchange, KeyShareOffer, NamedGroup, ProtocolVersion, ServerFlight,
    SignatureScheme, send_hello,
};

use crate::servers::{ED448, ED25519, P521, RSA, RSA_PSS, Server, certificate, openssl};

async fn probe(server: &Server, offer: &ClientHello) -> HelloAnswer {
    let stream = server.dial().await.unwrap();
    let answer = send_hello(stream, offer, Duration::from_secs(5)).await;
    answer.unwrap()
}

async fn choice(server: &Server, offer: &ClientHello) -> ServerFlight {
    let answer = probe(server, offer).await;
    let HelloOutcome::Chosen(flight) = answer.outcome else {
        panic!("expected a choice, found {answer:?}");
    };
    assert!(flight.is_complete, "{flight:?}");
    assert_eq!(flight.deviations, [""; 0]);
    *flight
}

fn offer(versions: &[ProtocolVersion]) -> ClientHello {
    ClientHello::everything(versions, [7; 32])
}

const OLD: [ProtocolVersion; 3] = [
    ProtocolVersion::TLS_1_0,
    ProtocolVersion::TLS_1_1,
    ProtocolVersion::TLS_1_2,
];

#[tokio::test]
#[ignore = "needs the program openssl"]
async fn every_version_is_seen_with_every_key_exchange() {
    for (suites, has_chain, exchange) in [
        ("ECDHE-RSA-AES128-SHA", true, "ecdhe"),
        ("DHE-RSA-AES128-SHA", true, "dhe"),
        ("AES128-SHA", true, "none"),
        ("ADH-AES128-SHA", false, "dhe"),
        ("AECDH-AES128-SHA", false, "ecdhe"),
    ] {
        let suites = format!("{suites}:@SECLEVEL=0");
        let server = openssl(RSA, &["-cipher", &suites, "-no_tls1_3"]);
        for version in OLD {
            let flight = choice(&server, &offer(&[version])).await;
            assert_eq!(flight.hello.version, version);
            assert_eq!(flight.chain.is_some(), has_chain, "{suites} {version}");
            let found = flight.key_exchange.as_ref();
            let name = match found.map(|exchange| &exchange.parameters) {
                Some(KeyExchange::Ecdhe(_)) => "ecdhe",
                Some(KeyExchange::Dhe { .. }) => "dhe",
                Some(_) => "another",
                None => "none",
            };
            assert_eq!(name, exchange, "{suites} {version}");
            let is_signed = found.and_then(|exchange| exchange.is_signed);
            assert_eq!(is_signed, found.map(|_| has_chain), "{suites} {version}");
            let scheme = found.and_then(|exchange| exchange.signature_scheme);
            let has_scheme = version == ProtocolVersion::TLS_1_2 && is_signed == Some(true);
            assert_eq!(scheme.is_some(), has_scheme, "{suites} {version}");
        }
    }
}

#[tokio::test]
#[ignore = "needs the program openssl"]
async fn tls13_answers_with_a_hello_or_asks_for_a_share() {
    let server = openssl(RSA, &[]);
    let flight = choice(&server, &ClientHello::small([7; 32])).await;
    assert_eq!(flight.hello.version, ProtocolVersion::TLS_1_3);
    assert_eq!(flight.hello.group, Some(NamedGroup::X25519));
    let post_quantum = [NamedGroup::X25519_MLKEM768, NamedGroup::X25519];
    let hello =
        ClientHello::small([7; 32]).with_groups(&post_quantum, KeyShareOffer::X25519Mlkem768);
    let flight = choice(&server, &hello).await;
    assert!(flight.hello.group.is_some());
    for group in [
        NamedGroup::X25519,
        NamedGroup::SECP256R1,
        NamedGroup::SECP384R1,
        NamedGroup::SECP521R1,
        NamedGroup::X448,
    ] {
        let hello = offer(&[ProtocolVersion::TLS_1_3]).with_groups(&[group], KeyShareOffer::Empty);
        let answer = probe(&server, &hello).await;
        let HelloOutcome::Retry(retry) = answer.outcome else {
            panic!("{group}: {answer:?}");
        };
        assert_eq!(retry.group, Some(group));
        assert_eq!(retry.deviations, [""; 0]);
    }
}

#[tokio::test]
#[ignore = "needs the program openssl"]
async fn a_server_of_tls13_marks_a_choice_of_less() {
    let server = openssl(RSA, &["-cipher", "ALL:@SECLEVEL=0"]);
    for (version, sentinel) in [
        (ProtocolVersion::TLS_1_2, DowngradeSentinel::FromTls13),
        (ProtocolVersion::TLS_1_1, DowngradeSentinel::FromTls12),
    ] {
        let flight = choice(&server, &offer(&[version])).await;
        assert_eq!(flight.hello.downgrade, Some(sentinel), "{version}");
    }
}

#[tokio::test]
#[ignore = "needs the program openssl"]
async fn padded_and_split_hellos_are_understood() {
    let server = openssl(RSA, &[]);
    for hello in [
        ClientHello::small([7; 32]).with_least_length(1500),
        ClientHello::small([7; 32]).with_record_length(50),
        ClientHello::small([7; 32]).with_alpn(&[b"smtp"]),
        ClientHello::small([7; 32])
            .with_versions(&[ProtocolVersion::TLS_1_2])
            .with_compression(),
    ] {
        choice(&server, &hello).await;
    }
}

#[tokio::test]
#[ignore = "needs the program openssl"]
async fn what_cannot_be_agreed_on_is_an_alert() {
    for (arguments, hello, description) in [
        (
            &["-tls1_2"][..],
            offer(&[ProtocolVersion::TLS_1_3]),
            AlertDescription::PROTOCOL_VERSION,
        ),
        (
            &["-tls1_2"],
            offer(&[ProtocolVersion::TLS_1_2])
                .with_cipher_suites(&[CipherSuite::TLS_RSA_WITH_RC4_128_MD5]),
            AlertDescription::HANDSHAKE_FAILURE,
        ),
        (
            &[],
            offer(&[ProtocolVersion::TLS_1_2]).with_fallback_scsv(),
            AlertDescription::INAPPROPRIATE_FALLBACK,
        ),
    ] {
        let answer = probe(&openssl(RSA, arguments), &hello).await;
        let HelloOutcome::Alert(Alert {
            description: found, ..
        }) = answer.outcome
        else {
            panic!("{answer:?}");
        };
        assert_eq!(found, description);
    }
}

#[tokio::test]
#[ignore = "needs the program openssl"]
async fn a_request_for_a_certificate_is_seen_with_its_names() {
    let (certificate, _) = certificate(ED25519);
    let file = certificate.to_str().unwrap();
    let server = openssl(RSA, &["-tls1_2", "-Verify", "1", "-CAfile", file]);
    let hello = ClientHello::small([7; 32])
        .with_versions(&[ProtocolVersion::TLS_1_2])
        .with_signature_schemes(&[SignatureScheme::RSA_PKCS1_SHA256]);
    let flight = choice(&server, &hello).await;
    let request = flight.client_certificate_request.unwrap();
    assert_eq!(request.ca_names.len(), 1);
    let exchange = flight.key_exchange.unwrap();
    assert_eq!(
        exchange.signature_scheme,
        Some(SignatureScheme::RSA_PKCS1_SHA256)
    );
}

#[tokio::test]
#[ignore = "needs the program openssl"]
async fn keys_that_the_recorder_cannot_use_are_seen() {
    for (kind, scheme) in [
        (ED448, SignatureScheme::ED448),
        (P521, SignatureScheme::ECDSA_SECP521R1_SHA512),
        (RSA_PSS, SignatureScheme::RSA_PSS_PSS_SHA256),
    ] {
        let server = openssl(kind, &["-tls1_2"]);
        let hello = ClientHello::small([7; 32])
            .with_versions(&[ProtocolVersion::TLS_1_2])
            .with_signature_schemes(&[scheme]);
        let flight = choice(&server, &hello).await;
        let exchange = flight.key_exchange.unwrap();
        assert_eq!(exchange.signature_scheme, Some(scheme));
        assert_eq!(flight.chain.map(|chain| chain.len()), Some(1));
    }
}
