//! The session, without sockets and without a clock.
//!
//! A driver moves octets and time, and takes no decision: it asks [`Session::poll_output`] what to do, does it, and reports what
//! came of it. Time is counted from the start of the session.
//!
//! The session is in lock-step: it never speaks first, and sends one command at a time, each after the whole reply to the one before.
//! It ends with QUIT wherever the channel is in a known state. There is no way to a message: it knows no MAIL, no RCPT, no DATA.

use std::net::SocketAddr;
use std::time::Duration;

use tls_inspect::{Capture, HandshakeFailure, HandshakeFailureKind, HandshakeOutcome};

use crate::code::ReplyCode;
use crate::config::{EhloName, Security, Timeouts};
use crate::ehlo::Ehlo;
use crate::observation::{
    Cause, Observation, Outcome, Phase, PortState, StartTls, Stop, Unsolicited,
};
use crate::reply::{Reply, ReplyError, ReplyErrorKind, ReplyLimits, ReplyParser};
use crate::transcript::Event;

#[cfg(test)]
mod tests;

/// How many octets of unsolicited data are kept in each phase.
const UNSOLICITED: usize = 512;

/// One session with a server: greeting, EHLO, STARTTLS, EHLO again, QUIT.
///
/// # Examples
///
/// A server that is in trouble is not one without STARTTLS:
///
/// ```
/// use std::time::Duration;
/// use smtp_probe::{Cause, Output, Security, Session, StartTls};
///
/// let mut session = Session::new("probe.example.com".parse()?, Security::StartTls);
/// let now = Duration::from_millis(20);
/// assert!(matches!(session.poll_output(now), Output::Receive { .. }), "it never speaks first");
/// session.handle_input(b"421 mx.example too many connections\r\n", now);
/// assert!(matches!(session.poll_output(now), Output::Done));
///
/// let observation = session.into_observation(now);
/// assert_eq!(observation.stop().map(|stop| &stop.cause), Some(&Cause::TemporarilyUnavailable));
/// assert_eq!(observation.starttls, StartTls::NotReached);
/// # Ok::<(), smtp_probe::EhloNameError>(())
/// ```
#[derive(Debug)]
pub struct Session {
    name: EhloName,
    security: Security,
    timeouts: Timeouts,
    parser: ReplyParser,
    limits: ReplyLimits,
    state: State,
    /// What came between the 220 to STARTTLS and the handshake.
    early: Vec<u8>,
    /// A command that is to be sent before anything else.
    command: Option<Vec<u8>>,
    phase_started: Duration,
    phase_received: usize,
    observation: Observation,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// The reply of this phase is awaited.
    Reply(Phase),
    /// The server agreed to TLS, and must be silent until the handshake begins.
    Upgrade,
    Handshake,
    Done,
}

/// What the driver is to do next.
#[derive(Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a driver must know them all")]
pub enum Output {
    /// Send these octets, all of them, before `until`.
    Send {
        /// The octets.
        octets: Vec<u8>,
        /// The deadline; report it by [`Session::handle_timeout`].
        until: Duration,
    },
    /// Report, by [`Session::handle_input`], what has already arrived, without waiting; if that is nothing, do the TLS handshake and report
    /// it by [`Session::handle_tls`].
    StartTls {
        /// The deadline of the handshake.
        until: Duration,
    },
    /// Wait for octets.
    Receive {
        /// The deadline; report it by [`Session::handle_timeout`].
        until: Duration,
    },
    /// Close the connection: there is no more to do.
    Done,
}

impl Session {
    /// A session over a fresh connection, with the usual timeouts and limits.
    #[must_use]
    pub fn new(name: EhloName, security: Security) -> Self {
        let limits = ReplyLimits::default();
        let outcome = Outcome::Completed;
        let mut observation = Observation::new(None, PortState::Open, outcome);
        if security != Security::StartTls {
            observation.starttls = StartTls::NotAsked;
        }
        Self {
            name,
            security,
            timeouts: Timeouts::default(),
            parser: ReplyParser::new(limits),
            limits,
            state: match security {
                Security::Implicit => State::Upgrade,
                Security::StartTls | Security::None => State::Reply(Phase::Greeting),
            },
            early: Vec::new(),
            command: None,
            phase_started: Duration::ZERO,
            phase_received: 0,
            observation,
        }
    }

    /// The same with other timeouts.
    #[must_use]
    pub fn with_timeouts(mut self, timeouts: Timeouts) -> Self {
        self.timeouts = timeouts;
        self
    }

    /// The same with other limits of a reply.
    #[must_use]
    pub fn with_limits(mut self, limits: ReplyLimits) -> Self {
        self.limits = limits;
        self.parser = ReplyParser::new(limits);
        self
    }

    /// The same over a connection to `address` that took `connect` to come about; the time goes on from there.
    #[must_use]
    pub fn connected(mut self, address: SocketAddr, connect: Duration) -> Self {
        self.observation.address = Some(SocketAddr::new(address.ip(), address.port()));
        self.observation.timings.connect = Some(connect);
        self.phase_started = connect;
        self
    }

    /// Whether the next output is a command. What has already arrived then cannot be its reply, so a driver reports that
    /// first, by [`Session::handle_input`].
    #[must_use]
    pub fn is_about_to_send(&self) -> bool {
        self.command.is_some()
    }

    /// Says that octets came.
    pub fn handle_input(&mut self, octets: &[u8], now: Duration) {
        if self.state == State::Done || octets.is_empty() {
            return;
        }
        self.observation.transcript.received(now, octets);
        self.phase_received = self.phase_received.saturating_add(octets.len());
        let mut rest = octets;
        while !rest.is_empty() {
            let State::Reply(phase) = self.state else {
                // Judged when there is no more of it: a part may look like another thing.
                let room = UNSOLICITED.saturating_sub(self.early.len());
                return self.early.extend(rest.iter().take(room));
            };
            if self.command.is_some() {
                return self.note_unsolicited(rest, now);
            }
            match self.parser.advance(&mut rest) {
                Ok(Some(reply)) => {
                    let reply = reply.to_owned();
                    self.handle_reply(phase, reply, now);
                }
                Ok(None) => return,
                Err(error) => return self.handle_unreadable(error, now),
            }
        }
    }

    /// Says that the server closed the connection.
    pub fn handle_eof(&mut self, now: Duration) {
        if self.state == State::Done {
            return;
        }
        self.observation.transcript.mark(now, Event::Closed);
        self.judge_early(now);
        match self.parser.finish() {
            Err(error) if self.parser_is_reading() => self.handle_unreadable(error, now),
            _ => self.stop(Cause::Closed, None, now),
        }
    }

    /// Says that the connection failed, for this reason.
    pub fn handle_error(&mut self, cause: Cause, now: Duration) {
        self.stop(cause, None, now);
    }

    /// Says that the deadline of the last output has passed.
    pub fn handle_timeout(&mut self, now: Duration) {
        let cause = if now >= self.timeouts.session {
            Cause::Deadline
        } else {
            Cause::Timeout
        };
        self.stop(cause, None, now);
    }

    /// Says how the TLS handshake went.
    pub fn handle_tls(&mut self, capture: Capture, now: Duration) {
        if self.state != State::Handshake {
            return;
        }
        let failure = capture.outcome.failure().cloned();
        self.observation.tls = Some(capture);
        match failure {
            None => {}
            Some(failure) if failure.kind == HandshakeFailureKind::Timeout => {
                return self.handle_timeout(now);
            }
            // Plaintext that came a moment later than what `judge_early` sees.
            Some(HandshakeFailure {
                kind: HandshakeFailureKind::NotTls,
                received,
                ..
            }) if self.security == Security::StartTls && !received.is_empty() => {
                return self.judge_plaintext(&received, now);
            }
            Some(_) => return self.stop(Cause::TlsFailed, None, now),
        }
        self.finish_phase(Phase::Handshake, now);
        self.observation.transcript.mark(now, Event::Tls);
        // Everything learned before is worth nothing now (RFC 3207 §4.2), a half-read reply included.
        self.parser = ReplyParser::new(self.limits);
        match self.security {
            Security::Implicit => self.state = State::Reply(Phase::Greeting),
            Security::StartTls | Security::None => self.send_ehlo(Phase::EhloInTls),
        }
    }

    /// What the driver is to do next; a command handed out counts as sent.
    pub fn poll_output(&mut self, now: Duration) -> Output {
        self.judge_early(now);
        if let Some(octets) = self.command.take() {
            self.observation.transcript.sent(now, &octets);
            self.phase_started = now;
            self.phase_received = 0;
            return Output::Send {
                octets,
                until: self.deadline(),
            };
        }
        match self.state {
            State::Upgrade => {
                self.state = State::Handshake;
                self.phase_started = now;
                self.phase_received = 0;
                Output::StartTls {
                    until: self.deadline(),
                }
            }
            State::Reply(_) | State::Handshake => Output::Receive {
                until: self.deadline(),
            },
            State::Done => Output::Done,
        }
    }

    /// What was seen.
    #[must_use]
    pub fn into_observation(mut self, now: Duration) -> Observation {
        if self.state != State::Done {
            self.stop(Cause::Deadline, None, now);
        }
        // A list of extensions out of step proves no absence.
        let in_step = self
            .observation
            .unsolicited
            .iter()
            .all(|said| said.phase == Phase::Ehlo);
        if self.observation.starttls == StartTls::NotOffered && !in_step {
            self.observation.starttls = StartTls::Unclear;
        }
        self.observation.timings.total = now;
        self.observation
    }

    fn phase(&self) -> Phase {
        match self.state {
            State::Reply(phase) => phase,
            State::Upgrade | State::Handshake => Phase::Handshake,
            State::Done => Phase::Quit,
        }
    }

    fn deadline(&self) -> Duration {
        let timeout = match self.phase() {
            Phase::Connect => self.timeouts.connect,
            Phase::Greeting => self.timeouts.greeting,
            Phase::Handshake => self.timeouts.handshake,
            Phase::Quit => self.timeouts.quit,
            Phase::Ehlo | Phase::Helo | Phase::StartTls | Phase::EhloInTls => self.timeouts.reply,
        };
        self.phase_started
            .saturating_add(timeout)
            .min(self.timeouts.session)
    }

    fn handle_reply(&mut self, phase: Phase, reply: Reply, now: Duration) {
        self.finish_phase(phase, now);
        // 421 may answer anything, and the server closes the channel (RFC 5321 §3.8).
        let closing = reply.effective_code() == ReplyCode::NOT_AVAILABLE;
        match phase {
            Phase::Greeting => {
                self.observation.greeting = Some(reply.clone());
                // Only 220 welcomes (RFC 5321 §3.1, §4.3.2).
                match reply.effective_code() {
                    ReplyCode::READY => self.send_ehlo(self.first_ehlo()),
                    _ => self.refuse(reply, now),
                }
            }
            Phase::Ehlo | Phase::Helo | Phase::EhloInTls
                if reply.effective_code() == ReplyCode::OK =>
            {
                self.handle_ehlo(phase, Ehlo::new(reply));
            }
            // "Command not recognized", as RFC 5321 §3.2 has it and as servers say it; never after 4yz, which says nothing of EHLO.
            Phase::Ehlo if matches!(reply.effective_code().0, 500 | 501 | 502 | 504 | 550) => {
                self.observation.ehlo_refusal = Some(reply);
                self.send(Phase::Helo, format!("HELO {}\r\n", self.name));
            }
            Phase::StartTls if reply.effective_code() == ReplyCode::READY => {
                self.observation.starttls = StartTls::Accepted;
                self.state = State::Upgrade;
            }
            Phase::StartTls if closing => self.refuse(reply, now),
            Phase::StartTls => {
                self.observation.starttls = StartTls::Refused(reply);
                self.send_quit();
            }
            Phase::Quit => {
                // A reply that fits another command: what came before was out of step too.
                if reply.effective_code() == ReplyCode::OK {
                    let octets = first(reply.raw());
                    self.observation
                        .unsolicited
                        .push(Unsolicited { phase, octets });
                }
                self.observation.quit = Some(reply);
                self.state = State::Done;
            }
            Phase::Connect | Phase::Handshake | Phase::Ehlo | Phase::Helo | Phase::EhloInTls => {
                self.refuse(reply, now);
            }
        }
    }

    fn handle_ehlo(&mut self, phase: Phase, ehlo: Ehlo) {
        if phase == Phase::EhloInTls {
            self.observation.ehlo_in_tls = Some(ehlo);
            return self.send_quit();
        }
        let offered = ehlo.supports("STARTTLS");
        self.observation.ehlo = Some(ehlo);
        match self.security {
            // HELO has no extensions, whatever its reply says (RFC 5321 §4.1.1.1).
            Security::StartTls if phase == Phase::Helo => {
                self.observation.starttls = StartTls::NoExtensions;
                self.send_quit();
            }
            Security::StartTls if offered => {
                self.observation.starttls = StartTls::Unanswered;
                self.send(Phase::StartTls, "STARTTLS\r\n".to_owned());
            }
            Security::StartTls => {
                self.observation.starttls = StartTls::NotOffered;
                self.send_quit();
            }
            Security::Implicit | Security::None => self.send_quit(),
        }
    }

    /// What comes when the server has nothing to say, between its 220 to STARTTLS and the handshake, or before a handshake on a port for
    /// TLS from the first octet.
    fn judge_early(&mut self, now: Duration) {
        if self.early.is_empty() {
            return;
        }
        let octets = &std::mem::take(&mut self.early);
        let tls = matches!(octets.as_slice(), [20..=24, ..]);
        if tls || self.security == Security::Implicit {
            let (kind, detail) = if tls {
                (
                    HandshakeFailureKind::PeerMisbehaved,
                    "a TLS record came before the handshake",
                )
            } else {
                (
                    HandshakeFailureKind::NotTls,
                    "the server spoke in the clear before the handshake",
                )
            };
            let mut failure = HandshakeFailure::new(kind, detail);
            failure.received = first(octets);
            self.observation.tls = Some(Capture::new(HandshakeOutcome::Failed(failure)));
            self.stop(Cause::TlsFailed, None, now);
        } else {
            self.judge_plaintext(octets, now);
        }
    }

    /// Plaintext where TLS should begin: an injection (RFC 3207 §6 warns of what is said in the clear), unless all it says is *not now*.
    fn judge_plaintext(&mut self, octets: &[u8], now: Duration) {
        let mut rest = octets;
        match ReplyParser::new(self.limits).advance(&mut rest) {
            Ok(Some(reply))
                if rest.is_empty() && reply.effective_code().is_transient_negative() =>
            {
                let reply = reply.to_owned();
                self.stop(Cause::TemporarilyUnavailable, Some(reply), now);
            }
            _ => {
                self.observation.starttls = StartTls::PlaintextInjected(first(octets));
                self.stop(Cause::PlaintextAfterStartTls, None, now);
            }
        }
    }

    /// What came before the next command was sent cannot be its reply. A 421 is legal (RFC 5321 §3.8): the server closes.
    fn note_unsolicited(&mut self, octets: &[u8], now: Duration) {
        let phase = self.phase();
        let unsolicited = &mut self.observation.unsolicited;
        match unsolicited.last_mut() {
            Some(last) if last.phase == phase => {
                let room = UNSOLICITED.saturating_sub(last.octets.len());
                last.octets.extend(octets.iter().take(room));
            }
            _ => unsolicited.push(Unsolicited {
                phase,
                octets: first(octets),
            }),
        }
        let said = unsolicited
            .last()
            .map(|last| last.octets.clone())
            .unwrap_or_default();
        let mut parser = ReplyParser::new(self.limits);
        let mut said = said.as_slice();
        while let Ok(Some(reply)) = parser.advance(&mut said) {
            if reply.effective_code() == ReplyCode::NOT_AVAILABLE {
                let reply = reply.to_owned();
                return self.stop(Cause::TemporarilyUnavailable, Some(reply), now);
            }
        }
    }

    fn handle_unreadable(&mut self, error: ReplyError, now: Duration) {
        let cause = match error.kind() {
            // Once a server has greeted, it speaks SMTP, however badly.
            ReplyErrorKind::NotSmtp(resemblance) if self.observation.greeting.is_none() => {
                Cause::NotSmtp(resemblance)
            }
            _ => Cause::Unreadable,
        };
        self.stop(cause, None, now);
        if let Outcome::Stopped(stop) = &mut self.observation.outcome
            && stop.error.is_none()
        {
            stop.error = Some(error);
        }
    }

    fn parser_is_reading(&self) -> bool {
        matches!(self.state, State::Reply(_)) && !self.parser.pending().is_empty()
    }

    /// Ends the session over a reply, with QUIT unless the server closes anyway.
    fn refuse(&mut self, reply: Reply, now: Duration) {
        let code = reply.effective_code();
        let cause = if code.is_transient_negative() {
            Cause::TemporarilyUnavailable
        } else if code.is_permanent_negative() {
            Cause::Rejected
        } else {
            Cause::UnexpectedReply
        };
        self.stop(cause, Some(reply), now);
        if code != ReplyCode::NOT_AVAILABLE {
            self.send_quit();
        }
    }

    /// Ends the session; the first reason stands, and nothing that happens after QUIT is one.
    fn stop(&mut self, cause: Cause, reply: Option<Reply>, now: Duration) {
        let phase = self.phase();
        if self.state != State::Done
            && phase != Phase::Quit
            && self.observation.outcome == Outcome::Completed
        {
            self.observation.outcome = Outcome::Stopped(Stop {
                phase,
                cause,
                reply,
                error: None,
                received: self.phase_received,
                elapsed: now.saturating_sub(self.phase_started),
            });
        }
        self.command = None;
        self.state = State::Done;
    }

    fn finish_phase(&mut self, phase: Phase, now: Duration) {
        let taken = now.saturating_sub(self.phase_started);
        let timing = self.observation.timings.of(phase);
        *timing = Some(timing.unwrap_or_default() + taken);
        if phase == Phase::Handshake {
            self.phase_started = now;
            self.phase_received = 0;
        }
    }

    /// EHLO goes by one phase inside TLS and by another outside.
    fn first_ehlo(&self) -> Phase {
        match self.security {
            Security::Implicit => Phase::EhloInTls,
            Security::StartTls | Security::None => Phase::Ehlo,
        }
    }

    fn send_ehlo(&mut self, phase: Phase) {
        self.send(phase, format!("EHLO {}\r\n", self.name));
    }

    fn send_quit(&mut self) {
        self.send(Phase::Quit, "QUIT\r\n".to_owned());
    }

    fn send(&mut self, phase: Phase, command: String) {
        self.state = State::Reply(phase);
        self.command = Some(command.into_bytes());
    }
}

fn first(octets: &[u8]) -> Vec<u8> {
    octets.iter().copied().take(UNSOLICITED).collect()
}
