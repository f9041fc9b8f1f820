mod live;

use std::time::Duration;

use clap::Parser as _;
use smtp_probe::{Output, Security, Session, SessionOptions};
use tls_inspect::{Capture, HandshakeFailure, HandshakeFailureKind, HandshakeOutcome};

use crate::arguments::{Arguments, Proxy};
use crate::outcome::Outcome;
use crate::run::Look;
use crate::target::{Host, Target};
use crate::{run, telling};

fn parse(line: &str) -> Result<Arguments, clap::Error> {
    Arguments::try_parse_from(["probe"].into_iter().chain(line.split_whitespace()))
}

#[track_caller]
fn target(text: &str, host: &str, port: u16) {
    let target: Target = text.parse().expect("a target");
    let found = match target.host {
        Host::Name(name) => name.to_string(),
        Host::Address(address) => address.to_string(),
    };
    assert_eq!((found.as_str(), target.port), (host, port));
}

#[test]
fn targets_are_hosts_and_addresses_with_and_without_a_port() {
    target("mx.example.com", "mx.example.com", 25);
    target("mx.example.com:587", "mx.example.com", 587);
    target("192.0.2.1", "192.0.2.1", 25);
    target("192.0.2.1:465", "192.0.2.1", 465);
    target("2001:db8::1", "2001:db8::1", 25);
    target("[2001:db8::1]", "2001:db8::1", 25);
    target("[2001:db8::1]:465", "2001:db8::1", 465);
    for text in [
        "",
        ":25",
        "mx.example.com:0",
        "mx.example.com:x",
        "a@b.example",
        "smtp://mx.example",
        "192.0.2.1:0",
        "300.1.1.1",
        "300.1.1.1:25",
        "1.2.3",
    ] {
        assert!(text.parse::<Target>().is_err(), "{text}");
    }
}

#[test]
fn the_port_says_how_to_begin_unless_an_option_does() {
    let of = |line: &str, port| parse(line).expect("arguments").security.security(port);
    assert_eq!(of("a.example", 25), Security::StartTls);
    assert_eq!(of("a.example", 465), Security::Implicit);
    assert_eq!(of("a.example --starttls", 465), Security::StartTls);
    assert_eq!(of("a.example --plain", 465), Security::None);
    assert_eq!(of("a.example --implicit", 25), Security::Implicit);
    for line in [
        "a.example --plain --implicit",
        "a.example --unoffered --plain",
        "--replay x --suite vrfy",
    ] {
        assert!(parse(line).is_err(), "{line}");
    }
}

#[test]
fn item_75_no_option_leaves_its_line() {
    for [option, value] in [
        ["--mail", "a@b.example\r\nDATA"],
        ["--rcpt", "a@b.example>\r\nDATA"],
        ["--name", "a.example\r\nMAIL FROM:<>"],
    ] {
        assert!(
            Arguments::try_parse_from(["probe", "a.example", option, value]).is_err(),
            "{value:?}"
        );
    }
    assert_eq!("local".parse(), Ok(Proxy::Local));
    assert!("local\r\n".parse::<Proxy>().is_err());
}

#[test]
fn a_third_recipient_is_too_many() {
    let arguments = parse("a.example --rcpt a@b.example --rcpt c@b.example --rcpt d@b.example");
    let address = "192.0.2.1:25".parse().expect("an address");
    let error = run::probe(&arguments.expect("arguments"), address, None).expect_err("it is");
    assert!(error.contains("no more recipients"), "{error}");
}

/// What is told of a server that says this.
fn look(options: SessionOptions, replies: &[&str]) -> Look {
    look_with(options, replies, &Capture::new(HandshakeOutcome::Completed))
}

/// The same, with this for the handshake.
fn look_with(options: SessionOptions, replies: &[&str], tls: &Capture) -> Look {
    let address = "192.0.2.1:25".parse().expect("an address");
    let mut now = Duration::from_millis(3);
    let mut session = Session::with_options(options.clone()).connected(address, now);
    let mut replies = replies.iter();
    loop {
        match session.poll_output(now) {
            Output::Send { .. } => {}
            Output::StartTls { .. } => {
                session.handle_tls(tls.clone(), now);
            }
            Output::Receive { until } => match replies.next() {
                Some(reply) => {
                    now += Duration::from_millis(20);
                    session.handle_input(format!("{reply}\r\n").as_bytes(), now);
                }
                None => {
                    now = until;
                    session.handle_timeout(until);
                }
            },
            Output::Done => break,
        }
    }
    Look::new(address, None, options, session.into_observation(now))
}

fn options() -> SessionOptions {
    let name = "probe.example.com".parse().expect("a name");
    SessionOptions::new(name, Security::StartTls)
}

#[track_caller]
fn check(replies: &[&str], outcome: Outcome, lines: &[&str]) -> Look {
    let look = look(options(), replies);
    let text = telling::page(&look, true);
    assert_eq!(look.outcome, outcome, "{text}");
    for line in lines {
        assert!(text.contains(line), "expected {line:?} in\n{text}");
    }
    look
}

const OFFER: &str = "250-mx.example\r\n250-SIZE 1000\r\n250 STARTTLS";

#[test]
fn the_verdict_comes_first_and_then_the_phases() {
    let replies = [
        "220 mx.example ESMTP",
        OFFER,
        "220 go",
        "250-mx.example\r\n250 SIZE 1000",
        "221 bye",
    ];
    let look = check(
        &replies,
        Outcome::Works,
        &[
            "✓ 192.0.2.1:25  works: SMTP, STARTTLS",
            "    phases     connect 3.0 ms · greeting 20.0 ms · EHLO 20.0 ms",
            "    offers     SIZE 1000 · STARTTLS\n",
            "    in TLS     SIZE 1000\n",
            "               S: 220 mx.example ESMTP\n",
        ],
    );
    assert!(telling::page(&look, false).starts_with("✓"));
}

#[test]
fn not_now_is_neither_works_nor_does_not() {
    check(
        &["421 4.3.2 mx.example down"],
        Outcome::Unknown,
        &["could not tell: temporarily unavailable at greeting"],
    );
    check(&[], Outcome::Unknown, &["nothing complete at greeting"]);
    check(
        &["220 x", OFFER, "454 later", "221 bye"],
        Outcome::Unknown,
        &["not to be had now"],
    );
}

#[test]
fn no_starttls_is_proved_by_the_list() {
    check(
        &["220 x", "250 x", "221 bye"],
        Outcome::Fails,
        &["STARTTLS is not offered", "offers     nothing"],
    );
    check(
        &["554 no"],
        Outcome::Fails,
        &["rejected at greeting: 554 no"],
    );
}

/// As the library has it of senders: an alert may be for what this client offers.
#[test]
fn a_handshake_that_another_client_may_finish_proves_nothing() {
    use HandshakeFailureKind as Kind;

    let outcome = |kind, received: &[u8]| {
        let mut failure = HandshakeFailure::new(kind, "why");
        failure.received = received.to_vec();
        let tls = Capture::new(HandshakeOutcome::Failed(failure));
        look_with(options(), &["220 x", OFFER, "220 go"], &tls).outcome
    };
    for kind in [
        Kind::AlertReceived,
        Kind::PeerClosed,
        Kind::Reset,
        Kind::PeerMisbehaved,
        Kind::TooLong,
        Kind::Timeout,
        Kind::Io,
        Kind::Unsupported,
        Kind::ClientCertificateRequired,
    ] {
        assert_eq!(outcome(kind, b""), Outcome::Unknown, "{kind:?}");
    }
    assert_eq!(outcome(Kind::NotTls, b"500 what?\r\n"), Outcome::Fails);
    assert_eq!(outcome(Kind::NotTls, b"421 later\r\n"), Outcome::Unknown);
}

#[test]
fn a_look_reads_back_and_replays() {
    let look = look(options(), &["220 x", OFFER, "220 go", "250 x", "221 bye"]);
    let json = serde_json::to_string(&look).expect("plain data");
    let stored: Look = serde_json::from_str(&json).expect("it reads back");
    assert_eq!(stored.seen.replay(&stored.options).as_ref(), Ok(&look.seen));
}

#[test]
fn nothing_raw_reaches_the_terminal() {
    let look = look(options(), &["554 \x1b[2J\u{202e} no"]);
    let text = telling::page(&look, true);
    assert!(!text.contains(['\x1b', '\u{202e}']), "{text}");
}
