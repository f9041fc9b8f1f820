//! A session against any peer: it ends, stays in lock-step, sends nothing but its five commands, and holds a bounded transcript.
#![no_main]

use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use smtp_probe::{Output, Security, Session};
use tls_inspect::{Capture, HandshakeOutcome};

fuzz_target!(|pieces: Vec<Vec<u8>>| {
    let Ok(name) = "probe.example.com".parse() else { return };
    let mut session = Session::new(name, Security::StartTls);
    let now = Duration::from_secs(1);
    let mut pieces = pieces.iter();
    for _ in 0..10_000 {
        match session.poll_output(now) {
            Output::Send { octets, .. } => {
                let commands: [&[u8]; 4] = [b"EHLO ", b"HELO ", b"STARTTLS\r\n", b"QUIT\r\n"];
                assert!(commands.iter().any(|command| octets.starts_with(command)));
            }
            Output::StartTls { .. } => session.handle_tls(Capture::new(HandshakeOutcome::Completed), now),
            Output::Receive { until } => match pieces.next() {
                Some(piece) if piece.is_empty() => session.handle_eof(now),
                Some(piece) => session.handle_input(piece, now),
                None => session.handle_timeout(until),
            },
            Output::Done => {
                let shown = session.into_observation(now).transcript.to_string();
                assert!(shown.bytes().all(|octet| octet == b'\n' || (b' '..=b'~').contains(&octet)));
                return;
            }
        }
    }
    panic!("the session does not end");
});
