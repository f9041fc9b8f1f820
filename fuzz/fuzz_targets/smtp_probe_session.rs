//! A session against any peer, with any options: it ends, stays in lock-step, sends nothing but the commands it may, holds a
//! bounded transcript, and a replay of what it saw sees the same.
//!
//! The first octet has the options. What the peer does is cut at 0xFE into events, and the first octet of each says how it comes:
//! in time, too late, as an end or as a reset.
#![no_main]

use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use smtp_probe::{
    Cause, Envelope, EhloName, ForwardPath, Output, ProxyHeader, ReplayErrorKind, Security, Session, SessionOptions, SuiteTest,
};
use tls_inspect::{Capture, HandshakeFailure, HandshakeFailureKind, HandshakeOutcome};

const COMMANDS: [&[u8]; 11] = [
    b"EHLO ", b"HELO ", b"STARTTLS\r\n", b"STARTTLS\r\nNOOP\r\n", b"MAIL FROM:<", b"RCPT TO:<", b"RSET\r\n", b"VRFY ", b"EXPN ",
    b"QUIT\r\n", b"\r\n\r\n\0\r\nQUIT\n",
];

fuzz_target!(|input: &[u8]| {
    let Some((head, rest)) = input.split_first() else { return };
    let options = options(*head);
    let mut session = Session::with_options(options.clone());
    let mut now = Duration::from_millis(5);
    let mut events = rest.split(|octet| *octet == 0xFE);
    for _ in 0..10_000 {
        match session.poll_output(now) {
            Output::Send { octets, .. } => check(&octets),
            Output::StartTls { .. } => session.handle_tls(handshake(*head), now),
            Output::Receive { until } => {
                assert!(until <= Duration::from_secs(60));
                match events.next().and_then(<[u8]>::split_first) {
                    Some((how, octets)) if how % 8 > 2 => {
                        // From nothing to a second, mostly little.
                        now = (now + Duration::from_millis(u64::from(how / 8).pow(2))).min(until);
                        session.handle_input(octets, now);
                    }
                    Some((how, _)) if how % 8 == 1 => session.handle_eof(now),
                    Some((how, _)) if how % 8 == 2 => session.handle_error(Cause::Reset, now),
                    _ => {
                        now = until;
                        session.handle_timeout(now);
                    }
                }
            }
            Output::Done => {
                let seen = session.into_observation(now);
                let shown = seen.transcript.to_string() + &seen.transcript.redacted().to_string();
                assert!(shown.bytes().all(|octet| octet == b'\n' || (b' '..=b'~').contains(&octet)));
                let _ = (seen.service(), seen.interception(), seen.starttls_verdict(), seen.envelope().mail.is_some());
                match seen.replay(&options) {
                    Ok(again) => assert_eq!(again, seen),
                    Err(error) => assert_eq!(error.kind(), ReplayErrorKind::Cut),
                }
                return;
            }
        }
    }
    panic!("the session does not end");
});

/// One line and one command, or the two of the test of injection, or the PROXY header.
fn check(octets: &[u8]) {
    assert!(COMMANDS.iter().any(|command| octets.starts_with(command)), "{octets:?}");
    let ends = octets.iter().filter(|octet| **octet == b'\n').count();
    assert!(ends == 1 || octets == COMMANDS[3] || octets.starts_with(COMMANDS[10]), "{octets:?}");
    assert!(octets.len() <= 600);
}

fn options(bits: u8) -> SessionOptions {
    let name: EhloName = "probe.example.com".parse().expect("a name");
    let path: ForwardPath = "a@b.example".parse().expect("a path");
    let security = [Security::StartTls, Security::Implicit, Security::None, Security::StartTls][usize::from(bits % 4)];
    let mut options = SessionOptions::new(name, security);
    if bits & 4 != 0 {
        options = options.trying_unoffered_starttls();
    }
    if bits & 8 != 0 {
        options = options.with_proxy_header(ProxyHeader::local());
    }
    let from = "c@d.example".parse().expect("a path");
    match bits >> 4 & 3 {
        0 => options,
        1 => options.with_envelope(Envelope::null_sender().to(path.clone()).and_then(|envelope| envelope.to(path)).expect("room")),
        2 => SuiteTest::open_relay(from, &path, "mx.example").options(&options),
        _ => SuiteTest::command_injection().options(&options),
    }
}

fn handshake(bits: u8) -> Capture {
    let kind = match bits >> 6 {
        0 | 1 => return Capture::new(HandshakeOutcome::Completed),
        2 => HandshakeFailureKind::Timeout,
        _ => HandshakeFailureKind::NotTls,
    };
    let mut failure = HandshakeFailure::new(kind, "it failed");
    failure.received = b"250 x\r\n".to_vec();
    Capture::new(HandshakeOutcome::Failed(failure))
}
