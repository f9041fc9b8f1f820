//! The search for the cause of a failure against servers of `openssl s_server` on the loopback
//! interface.
//!
//! Ignored by default, as it needs the program: `cargo test -p tls-inspect --test cause_openssl
//! -- --ignored`.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tls_inspect::{
    FailureCause, FailureCauseReport, FailureSearch, FailureSearchOptions, HelloProbe,
    HelloProgress, NamedGroup, ProtocolVersion, SchemeKind, SuiteKind, UnsupportedKey,
};

/// A running server, ended when dropped.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

/// A server with a key of this kind, and where it listens.
fn start(key: &[&str], arguments: &[&str]) -> (Server, String) {
    // A file of its own for each server, as the tests run at the same time.
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("cause-{count}.pem"));
    let made = Command::new("openssl")
        .args(["req", "-x509", "-nodes", "-subj", "/CN=localhost"])
        .args(["-days", "2", "-newkey"])
        .args(key)
        .arg("-out")
        .arg(&file)
        .arg("-keyout")
        .arg(file.with_extension("key"))
        .stderr(Stdio::null())
        .status();
    assert!(made.unwrap().success());
    let mut child = Command::new("openssl")
        .args(["s_server", "-accept", "127.0.0.1:0", "-cert"])
        .arg(&file)
        .arg("-key")
        .arg(file.with_extension("key"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let address = lines.find_map(|line| line.unwrap().strip_prefix("ACCEPT ").map(str::to_owned));
    // The rest is read too, so that the server never waits for a reader.
    std::thread::spawn(move || lines.for_each(drop));
    (Server(child), address.unwrap())
}

fn run(address: &str) -> FailureCauseReport {
    let mut search = FailureSearch::new(FailureSearchOptions::new([7; 32]));
    while let Some(hello) = search.next_hello() {
        let mut probe = HelloProbe::new(&hello).unwrap();
        let mut stream = TcpStream::connect(address).unwrap();
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
        search.handle_answer(probe.finish());
    }
    search.report()
}

#[track_caller]
fn check(key: &[&str], arguments: &[&str], expected: FailureCause) {
    let (_server, address) = start(key, arguments);
    let report = run(&address);
    let causes: Vec<_> = report.causes.iter().map(|proven| &proven.cause).collect();
    assert_eq!(causes, [&expected], "{report:#?}");
}

const RSA: [&str; 1] = ["rsa:2048"];

fn kinds(kind: SuiteKind, dh_bits: Option<u32>) -> FailureCause {
    FailureCause::OnlySuiteKinds {
        kinds: vec![kind],
        dh_bits,
    }
}

#[test]
#[ignore = "needs the program openssl"]
fn old_versions_and_kinds_of_suites_are_told() {
    for (argument, highest) in [
        ("-tls1", ProtocolVersion::TLS_1_0),
        ("-tls1_1", ProtocolVersion::TLS_1_1),
    ] {
        let arguments = [argument, "-cipher", "ALL:@SECLEVEL=0"];
        check(&RSA, &arguments, FailureCause::OnlyOldVersions { highest });
    }
    for (suite, expected) in [
        ("ECDHE-RSA-AES128-SHA", kinds(SuiteKind::EcdheCbc, None)),
        ("AES128-SHA", kinds(SuiteKind::StaticRsa, None)),
        (
            "DHE-RSA-AES128-SHA",
            kinds(SuiteKind::FiniteFieldDhe, Some(2048)),
        ),
        // Without a certificate to measure by, OpenSSL takes 1024 bits with AES-128.
        ("ADH-AES128-SHA", kinds(SuiteKind::Anonymous, Some(1024))),
        ("NULL-SHA", kinds(SuiteKind::Null, None)),
    ] {
        let suites = format!("{suite}:@SECLEVEL=0");
        check(&RSA, &["-tls1_2", "-cipher", &suites], expected);
    }
}

#[test]
#[ignore = "needs the program openssl"]
fn item_74_groups_and_keys_are_told() {
    for (group, number) in [("P-521", NamedGroup::SECP521R1), ("X448", NamedGroup::X448)] {
        for version in ["-tls1_2", "-tls1_3"] {
            let expected = FailureCause::OnlyGroup(number);
            check(&RSA, &[version, "-groups", group], expected);
        }
    }
    let pss = ["rsa-pss", "-pkeyopt", "rsa_keygen_bits:2048"];
    let read = |text: &str| FailureCause::CertificateKey(UnsupportedKey::Read(text.to_owned()));
    check(&["ed448"], &["-tls1_2"], read("Ed448"));
    check(&pss, &["-tls1_2"], read("RSASSA-PSS"));
    let brainpool = ["ec", "-pkeyopt", "ec_paramgen_curve:brainpoolP256r1"];
    check(&brainpool, &["-tls1_2"], read("EC, brainpoolP256r1"));
    let deduced = |kind| FailureCause::CertificateKey(UnsupportedKey::Deduced(kind));
    check(&["ed448"], &["-tls1_3"], deduced(SchemeKind::Ed448));
    check(&pss, &["-tls1_3"], deduced(SchemeKind::RsaPss));
    check(&RSA, &[], FailureCause::NotInHello);
}
