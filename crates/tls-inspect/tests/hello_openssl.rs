//! The hello prober against servers of `openssl s_server` on the loopback interface.
//!
//! Ignored by default, as it needs the program: `cargo test -p tls-inspect --test hello_openssl
//! -- --ignored`.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tls_inspect::{
    Alert, AlertDescription, CipherSuite, ClientHello, DowngradeSentinel, HelloAnswer,
    HelloOutcome, HelloProbe, HelloProgress, KeyExchange, KeyShareOffer, NamedGroup,
    ProtocolVersion, ServerFlight, SignatureScheme,
};

/// A running server, ended when dropped.
struct Server {
    child: Child,
    address: String,
}

impl Server {
    fn start(arguments: &[&str]) -> Self {
        Self::start_with(&RSA, arguments)
    }

    fn start_with(kind: &[&str], arguments: &[&str]) -> Self {
        let (certificate, key) = certificate(kind);
        let mut child = Command::new("openssl")
            .args(["s_server", "-accept", "127.0.0.1:0", "-cert"])
            .arg(certificate)
            .arg("-key")
            .arg(key)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let address = lines.find_map(|line| {
            let line = line.unwrap();
            line.strip_prefix("ACCEPT ").map(str::to_owned)
        });
        // The rest is read too, so that the server never waits for a reader.
        std::thread::spawn(move || lines.for_each(drop));
        let address = address.unwrap();
        Self { child, address }
    }

    fn probe(&self, offer: &ClientHello) -> HelloAnswer {
        let mut probe = HelloProbe::new(offer).unwrap();
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let limit = Some(Duration::from_secs(5));
        stream.set_read_timeout(limit).unwrap();
        stream.write_all(probe.output()).unwrap();
        let mut buffer = [0; 4096];
        loop {
            match stream.read(&mut buffer) {
                Ok(0) => probe.handle_close(),
                Ok(count) => {
                    if probe.handle_input(&buffer[..count]) == HelloProgress::NeedInput {
                        continue;
                    }
                }
                Err(error) => probe.handle_io_error(&error),
            }
            break;
        }
        // The server may be gone already.
        let _ = stream.write_all(&probe.farewell());
        let _ = stream.shutdown(Shutdown::Both);
        probe.finish()
    }

    #[track_caller]
    fn choice(&self, offer: &ClientHello) -> ServerFlight {
        let answer = self.probe(offer);
        let HelloOutcome::Chosen(flight) = answer.outcome else {
            panic!("expected a choice, found {answer:?}");
        };
        assert!(flight.is_complete, "{flight:?}");
        assert_eq!(flight.deviations, [""; 0]);
        *flight
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// What `openssl req -newkey` takes for an RSA key.
const RSA: [&str; 1] = ["rsa:2048"];

/// A self-signed certificate of a key of this kind, and the key.
fn certificate(kind: &[&str]) -> (PathBuf, PathBuf) {
    // Made once, since a server may be reading what was made before.
    static MADE: std::sync::Mutex<Vec<String>> = std::sync::Mutex::new(Vec::new());
    let mut names = MADE.lock().unwrap();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let name = kind.join("-").replace(':', "-");
    let (certificate, key) = (
        folder.join(format!("{name}.pem")),
        folder.join(format!("{name}.key")),
    );
    if names.contains(&name) {
        return (certificate, key);
    }
    let made = Command::new("openssl")
        .args(["req", "-x509", "-nodes", "-subj", "/CN=localhost"])
        .args(["-days", "2", "-newkey"])
        .args(kind)
        .arg("-out")
        .arg(&certificate)
        .arg("-keyout")
        .arg(&key)
        .stderr(Stdio::null())
        .status()
        .unwrap();
    assert!(made.success());
    names.push(name);
    (certificate, key)
}

fn offer(versions: &[ProtocolVersion]) -> ClientHello {
    ClientHello::everything(versions, [7; 32])
}

const OLD: [ProtocolVersion; 3] = [
    ProtocolVersion::TLS_1_0,
    ProtocolVersion::TLS_1_1,
    ProtocolVersion::TLS_1_2,
];

#[test]
#[ignore = "needs the program openssl"]
fn every_version_is_seen_with_every_key_exchange() {
    for (suites, has_chain, exchange) in [
        ("ECDHE-RSA-AES128-SHA", true, "ecdhe"),
        ("DHE-RSA-AES128-SHA", true, "dhe"),
        ("AES128-SHA", true, "none"),
        ("ADH-AES128-SHA", false, "dhe"),
        ("AECDH-AES128-SHA", false, "ecdhe"),
    ] {
        let suites = format!("{suites}:@SECLEVEL=0");
        let server = Server::start(&["-cipher", &suites, "-no_tls1_3"]);
        for version in OLD {
            let flight = server.choice(&offer(&[version]));
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

#[test]
#[ignore = "needs the program openssl"]
fn tls13_answers_with_a_hello_or_asks_for_a_share() {
    let server = Server::start(&[]);
    let flight = server.choice(&ClientHello::small([7; 32]));
    assert_eq!(flight.hello.version, ProtocolVersion::TLS_1_3);
    assert_eq!(flight.hello.group, Some(NamedGroup::X25519));
    let post_quantum = [NamedGroup::X25519_MLKEM768, NamedGroup::X25519];
    let flight = server.choice(
        &ClientHello::small([7; 32]).with_groups(&post_quantum, KeyShareOffer::X25519Mlkem768),
    );
    assert!(flight.hello.group.is_some());
    for group in [
        NamedGroup::X25519,
        NamedGroup::SECP256R1,
        NamedGroup::SECP384R1,
        NamedGroup::SECP521R1,
        NamedGroup::X448,
    ] {
        let answer = server
            .probe(&offer(&[ProtocolVersion::TLS_1_3]).with_groups(&[group], KeyShareOffer::Empty));
        let HelloOutcome::Retry(retry) = answer.outcome else {
            panic!("{group}: {answer:?}");
        };
        assert_eq!(retry.group, Some(group));
        assert_eq!(retry.deviations, [""; 0]);
    }
}

#[test]
#[ignore = "needs the program openssl"]
fn a_server_of_tls13_marks_a_choice_of_less() {
    let server = Server::start(&["-cipher", "ALL:@SECLEVEL=0"]);
    for (version, sentinel) in [
        (ProtocolVersion::TLS_1_2, DowngradeSentinel::FromTls13),
        (ProtocolVersion::TLS_1_1, DowngradeSentinel::FromTls12),
    ] {
        let flight = server.choice(&offer(&[version]));
        assert_eq!(flight.hello.downgrade, Some(sentinel), "{version}");
    }
}

#[test]
#[ignore = "needs the program openssl"]
fn padded_and_split_hellos_are_understood() {
    let server = Server::start(&[]);
    for hello in [
        ClientHello::small([7; 32]).with_least_length(1500),
        ClientHello::small([7; 32]).with_record_length(50),
        ClientHello::small([7; 32]).with_alpn(&[b"smtp"]),
        ClientHello::small([7; 32])
            .with_versions(&[ProtocolVersion::TLS_1_2])
            .with_compression(),
    ] {
        server.choice(&hello);
    }
}

#[test]
#[ignore = "needs the program openssl"]
fn what_cannot_be_agreed_on_is_an_alert() {
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
        let answer = Server::start(arguments).probe(&hello);
        let HelloOutcome::Alert(Alert {
            description: found, ..
        }) = answer.outcome
        else {
            panic!("{answer:?}");
        };
        assert_eq!(found, description);
    }
}

#[test]
#[ignore = "needs the program openssl"]
fn a_request_for_a_certificate_is_seen_with_its_names() {
    let (certificate, _) = certificate(&["ed25519"]);
    let file = certificate.to_str().unwrap();
    let server = Server::start(&["-tls1_2", "-Verify", "1", "-CAfile", file]);
    let hello = ClientHello::small([7; 32])
        .with_versions(&[ProtocolVersion::TLS_1_2])
        .with_signature_schemes(&[SignatureScheme::RSA_PKCS1_SHA256]);
    let flight = server.choice(&hello);
    let request = flight.client_certificate_request.unwrap();
    assert_eq!(request.ca_names.len(), 1);
    let exchange = flight.key_exchange.unwrap();
    assert_eq!(
        exchange.signature_scheme,
        Some(SignatureScheme::RSA_PKCS1_SHA256)
    );
}

#[test]
#[ignore = "needs the program openssl"]
fn keys_that_the_recorder_cannot_use_are_seen() {
    for (kind, scheme) in [
        (&["ed448"][..], SignatureScheme::ED448),
        (
            &["ec", "-pkeyopt", "ec_paramgen_curve:P-521"],
            SignatureScheme::ECDSA_SECP521R1_SHA512,
        ),
        (&["rsa-pss"], SignatureScheme::RSA_PSS_PSS_SHA256),
    ] {
        let server = Server::start_with(kind, &["-tls1_2"]);
        let hello = ClientHello::small([7; 32])
            .with_versions(&[ProtocolVersion::TLS_1_2])
            .with_signature_schemes(&[scheme]);
        let flight = server.choice(&hello);
        let exchange = flight.key_exchange.unwrap();
        assert_eq!(exchange.signature_scheme, Some(scheme));
        assert_eq!(flight.chain.map(|chain| chain.len()), Some(1));
    }
}
