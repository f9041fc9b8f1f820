//! What hostile servers, and servers in bad order, must not bring a session to say.

use tls_inspect::HandshakeOutcome;

use super::*;
use crate::StartTlsVerdict;

const NOW: Duration = Duration::from_millis(7);

/// A session up to its first EHLO.
fn greeted() -> Session {
    let mut session = session();
    session.handle_input(b"220 mx.example\r\n", NOW);
    session.poll_output(NOW);
    session
}

/// A session up to the handshake of STARTTLS.
fn at_handshake() -> Session {
    let mut session = greeted();
    session.handle_input(b"250-mx.example\r\n250 STARTTLS\r\n", NOW);
    session.poll_output(NOW);
    session.handle_input(b"220 go\r\n", NOW);
    assert!(matches!(session.poll_output(NOW), Output::StartTls { .. }));
    session
}

#[test]
fn pieces_of_one_moment_are_replayed_as_they_were_measured() {
    for (first, second) in [
        ("220 mx.example\r\n", "250 unasked\r\n"),
        ("554 no\r\n", "and more\r\n"),
        ("220 mx.example\r\n", "421 bye\r\n"),
    ] {
        let mut session = session();
        session.handle_input(first.as_bytes(), NOW);
        session.handle_input(second.as_bytes(), NOW);
        session.poll_output(NOW);
        let seen = session.into_observation(NOW);
        let options = SessionOptions::new(
            "probe.example.com".parse().expect("a name"),
            Security::StartTls,
        );
        assert_eq!(seen.replay(&options).as_ref(), Ok(&seen), "{first}{second}");
    }
}

#[test]
fn not_now_in_the_place_of_a_handshake_is_not_broken() {
    for said in ["421 4.3.2 shutting down\r\n", "454 no TLS now\r\n"] {
        let mut session = at_handshake();
        let mut failure = HandshakeFailure::new(HandshakeFailureKind::NotTls, "plaintext");
        failure.received = said.into();
        session.handle_tls(Capture::new(HandshakeOutcome::Failed(failure)), NOW);
        let seen = session.into_observation(NOW);
        let cause = seen.stop().map(|stop| &stop.cause);
        assert_eq!(cause, Some(&Cause::TemporarilyUnavailable));
        assert_eq!(seen.starttls_verdict(), StartTlsVerdict::CouldNotTell);
    }
}

#[test]
fn a_refusal_out_of_step_is_no_refusal_of_starttls() {
    let mut session = greeted();
    session.handle_input(b"250-mx.example\r\n250 STARTTLS\r\n", NOW);
    session.poll_output(NOW);
    // The second reply to EHLO; that to STARTTLS comes after QUIT.
    session.handle_input(b"500 what?\r\n", NOW);
    session.poll_output(NOW);
    session.handle_input(b"220 go ahead\r\n", NOW);
    let seen = session.into_observation(NOW);
    assert_eq!(seen.starttls, StartTls::Unclear);
    assert_eq!(seen.starttls_verdict(), StartTlsVerdict::CouldNotTell);
}

#[test]
fn a_refusal_with_a_farewell_behind_it_stays_one() {
    let mut session = greeted();
    session.handle_input(b"250-mx.example\r\n250 STARTTLS\r\n", NOW);
    session.poll_output(NOW);
    session.handle_input(b"502 no\r\n421 bye\r\n", NOW);
    let seen = session.into_observation(NOW);
    assert_eq!(seen.starttls_verdict(), StartTlsVerdict::Refused);
}
