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

#[test]
fn garbage_behind_quit_is_no_part_of_the_refusal_before_it() {
    let mut session = session();
    session.handle_input(b"554 mx.example no\r\n", NOW);
    session.poll_output(NOW);
    session.handle_input(b"50 what is this\r\n", NOW);
    let seen = session.into_observation(NOW);
    let stop = seen.stop().expect("it was refused");
    assert_eq!((stop.phase, stop.error.as_ref()), (Phase::Greeting, None));
}

#[test]
fn not_now_in_the_clear_on_a_port_for_tls_is_heard() {
    let name = || "probe.example.com".parse().expect("a name");
    let said = b"421 Too many concurrent SMTP connections\r\n";
    let mut early = Session::new(name(), Security::Implicit);
    assert!(matches!(early.poll_output(NOW), Output::StartTls { .. }));
    early.handle_input(said, NOW);
    early.poll_output(NOW);
    let mut late = Session::new(name(), Security::Implicit);
    late.poll_output(NOW);
    let mut failure = HandshakeFailure::new(HandshakeFailureKind::NotTls, "plaintext");
    failure.received = said.to_vec();
    late.handle_tls(Capture::new(HandshakeOutcome::Failed(failure)), NOW);
    for session in [early, late] {
        let seen = session.into_observation(NOW);
        let cause = seen.stop().map(|stop| &stop.cause);
        assert_eq!(cause, Some(&Cause::RateLimited));
        assert_eq!(seen.service(), crate::Service::PlaintextSmtp);
        assert_eq!(seen.starttls_verdict(), StartTlsVerdict::NotAsked);
    }
}
