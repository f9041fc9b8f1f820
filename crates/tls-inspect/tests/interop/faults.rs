//! Servers with each fault that makes a handshake fail: is it named for what it is?
//!
//! For each fault a [`Recorder`] makes its handshake. If that fails, a [`FailureSearch`] looks
//! for the cause; if not, what it recorded must show the fault.

mod expected;
mod setups;

use std::time::Duration;

use tls_inspect::{
    Capture, Certificate, CryptoProvider, FailureCauseReport, FailureSearch, FailureSearchOptions,
    HandshakeFailure, HandshakeFailureKind, HandshakeOptions, HandshakeOutcome, OfferedGroups,
    Recorder, ReferenceId,
};
use tokio::io::AsyncReadExt as _;

use self::expected::expected;
use self::setups::SetUp;
use crate::servers::device::{End, Step};
use crate::servers::{Server, Talk};

/// The programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Openssl,
    Gnutls,
    Rustls,
    Postfix(Talk),
    /// None: what is done by hand.
    Nothing,
}

/// What is wrong with a server, or with what stands in front of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    Tls10Only,
    Tls11Only,
    CbcOnly,
    StaticRsaOnly,
    DheOnly,
    Anonymous,
    NullOnly,
    P521Only,
    P521OnlyTls13,
    X448Only,
    MlKem768Only,
    Ed448Key,
    Ed448KeyTls13,
    RsaPssKey,
    RsaPssKeyTls13,
    BrainpoolKey,
    Rsa1024Key,
    /// The server wants to sign with what does not fit the key.
    Rsa1024KeyTooShort,
    ClientCertificate,
    ClientCertificateTls13,
    Plaintext,
    NoKey,
    Device(Step, End),
    Deaf(Step, End),
}

use self::Fault as F;

const STEPS: [Fault; 12] = [
    F::Device(Step::Accepted, End::Close),
    F::Device(Step::Accepted, End::Reset),
    F::Device(Step::Hello, End::Close),
    F::Device(Step::Hello, End::Reset),
    F::Device(Step::InServerHello, End::Close),
    F::Device(Step::InServerHello, End::Reset),
    F::Device(Step::Certificate, End::Close),
    F::Device(Step::Certificate, End::Reset),
    F::Device(Step::Finished12, End::Close),
    F::Device(Step::Finished12, End::Reset),
    F::Device(Step::Finished13, End::Close),
    F::Device(Step::Finished13, End::Reset),
];

const LARGE_HELLO: [Fault; 3] = [
    F::Device(Step::LargeHello, End::Close),
    F::Device(Step::LargeHello, End::Reset),
    F::Device(Step::LargeHello, End::Silence),
];

const SETTINGS: [Fault; 22] = [
    F::Tls10Only,
    F::Tls11Only,
    F::CbcOnly,
    F::StaticRsaOnly,
    F::DheOnly,
    F::Anonymous,
    F::NullOnly,
    F::P521Only,
    F::P521OnlyTls13,
    F::X448Only,
    F::MlKem768Only,
    F::Ed448Key,
    F::Ed448KeyTls13,
    F::RsaPssKey,
    F::RsaPssKeyTls13,
    F::BrainpoolKey,
    F::Rsa1024Key,
    F::Rsa1024KeyTooShort,
    F::ClientCertificate,
    F::ClientCertificateTls13,
    F::Plaintext,
    F::NoKey,
];

const BY_HAND: [Fault; 7] = [
    F::Plaintext,
    F::Deaf(Step::Accepted, End::Close),
    F::Deaf(Step::Accepted, End::Reset),
    F::Deaf(Step::Accepted, End::Silence),
    F::Deaf(Step::Hello, End::Close),
    F::Deaf(Step::Hello, End::Reset),
    F::Deaf(Step::Hello, End::Silence),
];

/// How long a server may take for each answer. Silence is told in this time.
const LIMIT: Duration = Duration::from_secs(3);
/// How long a server may take to refuse after the client has finished.
const AFTER: Duration = Duration::from_secs(1);

/// What is seen of a server.
#[derive(Debug)]
struct Looked {
    capture: Capture,
    search: Option<FailureCauseReport>,
}

async fn look(server: &Server, fault: Fault) -> Looked {
    let provider = CryptoProvider::aws_lc_rs();
    // What fails at large hellos only takes the recorder's usual one.
    let groups = match fault {
        F::Device(Step::LargeHello, _) => OfferedGroups::HybridFirst,
        _ => OfferedGroups::X25519First,
    };
    let options = HandshakeOptions::new().with_groups(groups);
    let recorder = Recorder::new(provider)
        .with_options(&options)
        .unwrap()
        .with_timeout(LIMIT);
    let name: ReferenceId = "localhost".parse().unwrap();
    let mut dialed = server.dial().await;
    if let (Talk::Smtp, Err(error)) = (server.talk, &dialed) {
        // What comes before TLS is not what is tested. It is told, and done once more.
        println!("again  {fault:?}: {error}\n{}", server.log());
        dialed = server.dial().await;
    }
    let mut recorded = match dialed {
        Ok(stream) => recorder.record(stream, &name).await,
        Err(error) => {
            let failure = HandshakeFailure::new(HandshakeFailureKind::Io, error.to_string());
            return search(
                server,
                Capture::new(HandshakeOutcome::Failed(failure)),
                &name,
            )
            .await;
        }
    };
    if let Some(mut stream) = recorded.stream.take() {
        // What the server says of the handshake comes with the first read.
        let read = tokio::time::timeout(AFTER, stream.read_u8()).await;
        drop(read);
        recorded.capture.late_failure = stream.late_failure().cloned();
    }
    let capture = recorded.capture;
    if capture.late_failure.is_none() && capture.outcome.is_completed() {
        return Looked {
            capture,
            search: None,
        };
    }
    search(server, capture, &name).await
}

async fn search(server: &Server, capture: Capture, name: &ReferenceId) -> Looked {
    let failure = capture.late_failure.clone();
    let mut options = FailureSearchOptions::new([7; 32])
        .with_server_name(name)
        .with_capture(capture.clone());
    if let Some(failure) = failure {
        options = options.with_failure(failure);
    }
    let mut search = FailureSearch::new(options);
    search.run(&mut || server.dial(), LIMIT).await;
    Looked {
        capture,
        search: Some(search.report()),
    }
}

/// What is said of a server, in one line.
impl std::fmt::Display for Looked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let capture = &self.capture;
        match (capture.outcome.failure(), &capture.late_failure) {
            (Some(failure), _) => write!(f, "failed: {:?}: {failure}", failure.kind)?,
            (None, Some(failure)) => write!(f, "refused after: {:?}: {failure}", failure.kind)?,
            (None, None) => f.write_str("completed")?,
        }
        if let (Some(version), Some(suite)) = (capture.version, capture.cipher_suite) {
            write!(f, "; {version}, {suite}")?;
        }
        let leaf = capture.chain.first();
        if let Some(leaf) = leaf.and_then(|leaf| Certificate::parse(leaf.as_bytes()).ok()) {
            write!(f, "; key {}", leaf.key)?;
            write!(f, ", possession {:?}", capture.key_possession)?;
        }
        match &self.search {
            Some(report) => write!(f, " => {report} ({} hellos)", report.connections.len()),
            None => Ok(()),
        }
    }
}

/// Looks at a server of each fault that the program can have.
async fn check(kind: Kind, faults: &[Fault]) {
    let mut wrong = Vec::new();
    let (mut named, mut cannot) = (0, 0);
    for (fault, set_up) in setups::all(kind, faults).await {
        let server = match set_up {
            SetUp::Server(server) => server,
            SetUp::Cannot(why) => {
                println!("exception  {kind:?}  {fault:?}: {why}");
                cannot += 1;
                continue;
            }
        };
        let looked = look(&server, fault).await;
        println!("{kind:?}  {fault:?}: {looked}");
        match expected(kind, fault).disagreement(&looked) {
            None => named += 1,
            Some(text) => {
                println!("WRONG  {text}");
                wrong.push(format!("{fault:?}: {text}\n{looked:#?}"));
            }
        }
    }
    println!(
        "faults: {kind:?}: {named} named, {cannot} exceptions, {} wrong",
        wrong.len()
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(named + cannot, faults.len());
}

fn with_devices() -> Vec<Fault> {
    [&SETTINGS[..], &STEPS, &LARGE_HELLO].concat()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the program openssl"]
async fn faults_of_openssl_are_named() {
    check(Kind::Openssl, &with_devices()).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the program gnutls-serv"]
async fn faults_of_gnutls_are_named() {
    check(Kind::Gnutls, &with_devices()).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the program openssl, for keys"]
async fn faults_of_rustls_are_named() {
    check(Kind::Rustls, &with_devices()).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Postfix, and root"]
async fn faults_of_postfix_are_named() {
    check(Kind::Postfix(Talk::Nothing), &with_devices()).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Postfix, and root"]
async fn faults_of_postfix_are_named_after_starttls() {
    check(Kind::Postfix(Talk::Smtp), &SETTINGS).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes seconds of silence"]
async fn peers_that_are_no_servers_are_named() {
    check(Kind::Nothing, &BY_HAND).await;
}
