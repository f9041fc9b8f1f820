//! Model servers that read the octets of a hello and answer in octets.

mod course;
mod drops;
mod keys;
pub(crate) mod server;
mod settings;

use self::server::{Certificate, End, Hello, Server, alert, cut_flight};
use super::*;
use crate::{
    Alert, AlertDescription, AlertSender, Capture, CipherSuite, Der, HandshakeFailure,
    HandshakeFailureKind, HandshakeOutcome, HelloProbe, KeyPossession, KeyShareOffer, NamedGroup,
    ProtocolVersion, SentAlert, SignatureScheme,
};

fn options() -> FailureSearchOptions {
    FailureSearchOptions::new([7; 32]).with_server_name(&"mx.example.org".parse().unwrap())
}

/// Runs a search against a server, one connection after another.
fn run(options: FailureSearchOptions, server: &Server) -> FailureCauseReport {
    run_with(options, |hello, number| server.answer(hello, number))
}

fn run_with(
    options: FailureSearchOptions,
    answer: impl Fn(&Hello, usize) -> (Vec<u8>, End),
) -> FailureCauseReport {
    let budget = options.budget;
    let mut search = FailureSearch::new(options);
    while let Some(hello) = search.next_hello() {
        let number = search.progress().0 + 1;
        let mut probe = HelloProbe::new(&hello).unwrap();
        let (octets, end) = answer(&Hello::read(probe.output()), number);
        probe.handle_input(&octets);
        match end {
            End::Close => probe.handle_close(),
            End::Reset => probe.handle_reset(),
            End::Silence => probe.handle_timeout(),
        }
        search.handle_answer(probe.finish());
    }
    let report = search.report();
    assert!(report.connections.len() <= budget, "{report:#?}");
    check_form(&report);
    report
}

/// What holds of every report.
#[track_caller]
fn check_form(report: &FailureCauseReport) {
    assert_eq!(report.causes.is_empty(), report.unknown.is_some());
    for proven in &report.causes {
        assert!(proven.is_seen_in_handshake || !proven.proof.is_empty());
        assert!(proven.proof.is_sorted_by(|a, b| a < b));
        for &number in &proven.proof {
            assert!(report.connections.iter().any(|c| c.number == number));
        }
    }
    let text = report.to_string();
    assert!(text.bytes().all(|octet| (b' '..=b'~').contains(&octet)));
    #[cfg(feature = "serde")]
    {
        let json = serde_json::to_string(report).unwrap();
        let again: FailureCauseReport = serde_json::from_str(&json).unwrap();
        assert_eq!(again, *report);
    }
}

/// The causes, and the numbers of the connections that prove each.
#[track_caller]
fn check(server: &Server, expected: &[(FailureCause, &[u32])]) -> FailureCauseReport {
    check_with(options(), server, expected)
}

#[track_caller]
fn check_with(
    options: FailureSearchOptions,
    server: &Server,
    expected: &[(FailureCause, &[u32])],
) -> FailureCauseReport {
    let report = run(options, server);
    let found: Vec<_> = report
        .causes
        .iter()
        .map(|proven| (proven.cause.clone(), proven.proof.as_slice()))
        .collect();
    assert_eq!(found, expected, "{report:#?}");
    report
}

#[track_caller]
fn check_unknown(options: FailureSearchOptions, server: &Server, expected: &CauseUncertainty) {
    let report = run(options, server);
    assert_eq!(report.unknown.as_ref(), Some(expected), "{report:#?}");
}

fn kinds(kinds: &[SuiteKind], dh_bits: Option<u32>) -> FailureCause {
    FailureCause::OnlySuiteKinds {
        kinds: kinds.to_vec(),
        dh_bits,
    }
}

fn key(text: &str) -> FailureCause {
    FailureCause::CertificateKey(UnsupportedKey::Read(text.to_owned()))
}

fn failed(kind: HandshakeFailureKind) -> Capture {
    let failure = HandshakeFailure::new(kind, "it failed");
    Capture::new(HandshakeOutcome::Failed(failure))
}

const CUT: [End; 3] = [End::Close, End::Reset, End::Silence];
