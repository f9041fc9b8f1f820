//! The session, without sockets and without a clock.
//!
//! A driver moves octets and time, and takes no decision: it asks [`Session::poll_output`] what to do, does it, and reports what
//! came of it. Time is counted from the start of the session.
//!
//! The session is in lock-step: it never speaks first, and sends one command at a time, each after the whole reply to the one before.
//! It ends with QUIT wherever the channel is in a known state. There is no way to a message: it knows no DATA and no BDAT, and MAIL,
//! RCPT and RSET only if an envelope is asked for.

use std::net::SocketAddr;
use std::time::Duration;

use tls_inspect::{Capture, HandshakeFailure, HandshakeFailureKind};

use crate::config::{EhloName, Security, SessionOptions, Timeouts};
use crate::observation::{Cause, Observation, Outcome, Pace, Phase, PortState, StartTls, Stop};
use crate::reply::{Reply, ReplyError, ReplyLimits, ReplyParser, ReplyRef};
use crate::transcript::Event;

mod dialogue;
mod early;
mod errand;
mod replay;
#[cfg(test)]
mod tests;

pub(crate) use errand::Errand;
pub use replay::{ReplayError, ReplayErrorKind};

/// How long a server that was sent a command before TLS is listened to inside TLS, at the most.
const LISTEN: Duration = Duration::from_secs(3);

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
/// session.handle_input(b"421 mx.example going down\r\n", now);
/// assert!(matches!(session.poll_output(now), Output::Done));
///
/// let observation = session.into_observation(now);
/// assert_eq!(observation.stop().map(|stop| &stop.cause), Some(&Cause::TemporarilyUnavailable));
/// assert_eq!(observation.starttls, StartTls::NotReached);
/// # Ok::<(), smtp_probe::EhloNameError>(())
/// ```
#[derive(Debug)]
pub struct Session {
    options: SessionOptions,
    parser: ReplyParser,
    state: State,
    /// What came between the 220 to STARTTLS and the handshake.
    early: Vec<u8>,
    /// When the last of it came.
    early_at: Duration,
    /// A command that is to be sent before anything else.
    command: Option<Vec<u8>>,
    /// Which step of the errand is awaited.
    step: usize,
    phase_started: Duration,
    phase_received: usize,
    /// Whether the last of the observation's paces is that of this phase.
    paced: bool,
    observation: Observation,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// The PROXY header is to be sent.
    Proxy,
    /// The reply of this phase is awaited.
    Reply(Phase),
    /// The server agreed to TLS, and must be silent until the handshake begins.
    Upgrade,
    Handshake,
    /// Nothing is asked, to hear whether something is said inside TLS all the same.
    Listen,
    Done,
}

/// What the driver is to do next.
#[derive(Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a driver must know them all")]
pub enum Output {
    /// Send these octets, all of them in one write, before `until`.
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
        Self::with_options(SessionOptions::new(name, security))
    }

    /// A session over a fresh connection.
    #[must_use]
    pub fn with_options(options: SessionOptions) -> Self {
        let mut observation = Observation::new(None, PortState::Open, Outcome::Completed);
        if options.security != Security::StartTls {
            observation.starttls = StartTls::NotAsked;
        }
        Self {
            parser: ReplyParser::new(options.limits),
            state: match options.proxy {
                Some(_) => State::Proxy,
                None => State::first(options.security),
            },
            options,
            early: Vec::new(),
            early_at: Duration::ZERO,
            command: None,
            step: 0,
            phase_started: Duration::ZERO,
            phase_received: 0,
            paced: false,
            observation,
        }
    }

    /// The same with other timeouts.
    #[must_use]
    pub fn with_timeouts(mut self, timeouts: Timeouts) -> Self {
        self.options.timeouts = timeouts;
        self
    }

    /// The same with other limits of a reply.
    #[must_use]
    pub fn with_limits(mut self, limits: ReplyLimits) -> Self {
        self.options.limits = limits;
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
        // What is measured is what is kept, so that a replay measures the same.
        let now = self.observation.transcript.received(now, octets);
        let mut rest = octets;
        while !rest.is_empty() {
            let State::Reply(phase) = self.state else {
                self.note_received(rest.len());
                return self.handle_early(rest, now);
            };
            if self.command.is_some() {
                self.note_received(rest.len());
                return self.note_unsolicited(rest, now);
            }
            let length = rest.len();
            let read = next_reply(&mut self.parser, &mut rest);
            // Only what was read of this reply: what is behind it may come in a piece of its own, and must measure the same.
            let taken = read.as_ref().map_or(length, |_| length - rest.len());
            self.note_pace(phase, taken, now);
            match read {
                Ok(Some(reply)) => self.handle_reply(phase, reply, now),
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
        self.judge_early();
        match self.parser.finish() {
            Err(error) if self.parser_is_reading() => self.handle_unreadable(error, now),
            _ => self.stop(Cause::Closed, None, now),
        }
    }

    /// Says that the connection failed, for this reason.
    pub fn handle_error(&mut self, cause: Cause, now: Duration) {
        if self.state == State::Done {
            return;
        }
        let transcript = &mut self.observation.transcript;
        if cause == Cause::Reset && !transcript.has_received() && !transcript.has_spoken() {
            self.observation.port = PortState::Reset;
        }
        transcript.mark(now, Event::Failed(Box::new(cause.clone())));
        self.stop(cause, None, now);
    }

    /// Says that the deadline of the last output has passed.
    pub fn handle_timeout(&mut self, now: Duration) {
        if self.state == State::Done {
            return;
        }
        self.observation.transcript.mark(now, Event::TimedOut);
        let is_over = now >= self.options.timeouts.session;
        if self.state == State::Listen && !is_over {
            return self.send_ehlo(Phase::EhloInTls);
        }
        let usual = if is_over {
            Cause::Deadline
        } else {
            Cause::Timeout
        };
        let pace = self.observation.paces.last().filter(|_| self.paced);
        let elapsed = now.saturating_sub(self.phase_started);
        self.stop(Cause::of_lateness(pace, elapsed, usual), None, now);
    }

    /// Says how the TLS handshake went.
    pub fn handle_tls(&mut self, capture: Capture, now: Duration) {
        if self.state != State::Handshake {
            return;
        }
        let failure = capture.outcome.failure().cloned();
        let event = match failure {
            None => Event::Tls,
            Some(_) => Event::TlsFailed,
        };
        self.observation.transcript.mark(now, event);
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
            }) if self.options.security == Security::StartTls && !received.is_empty() => {
                return self.judge_plaintext(&received, now);
            }
            Some(HandshakeFailure {
                kind: HandshakeFailureKind::NotTls,
                received,
                ..
            }) if self.is_put_off(&received, now) => return,
            Some(_) => return self.stop(Cause::TlsFailed, None, now),
        }
        self.finish_phase(Phase::Handshake, now);
        self.start_phase(now);
        // Everything learned before is worth nothing now (RFC 3207 §4.2), a half-read reply included.
        self.parser = ReplyParser::new(self.options.limits);
        match self.options.security {
            Security::Implicit => self.state = State::Reply(Phase::Greeting),
            _ if self.errand() == Some(&Errand::Injection) => self.state = State::Listen,
            Security::StartTls | Security::None => self.send_ehlo(Phase::EhloInTls),
        }
    }

    /// What the driver is to do next; a command handed out counts as sent.
    pub fn poll_output(&mut self, now: Duration) -> Output {
        self.judge_early();
        if let Some(octets) = self.command.take() {
            self.observation.transcript.sent(now, &octets);
            self.start_phase(now);
            if self.state == State::Listen {
                self.state = State::Reply(Phase::Quit);
            }
            return Output::Send {
                octets,
                until: self.deadline(),
            };
        }
        match (self.state, self.options.proxy) {
            (State::Proxy, Some(header)) => {
                let octets = header.to_octets();
                self.observation.transcript.sent_proxy_header(now, &octets);
                self.start_phase(now);
                let until = self.deadline();
                self.state = State::first(self.options.security);
                Output::Send { octets, until }
            }
            (State::Upgrade, _) => {
                self.state = State::Handshake;
                self.observation.transcript.mark(now, Event::Handshake);
                self.start_phase(now);
                Output::StartTls {
                    until: self.deadline(),
                }
            }
            (State::Done, _) => Output::Done,
            _ => Output::Receive {
                until: self.deadline(),
            },
        }
    }

    /// What was seen.
    #[must_use]
    pub fn into_observation(mut self, now: Duration) -> Observation {
        self.judge_early();
        if self.state != State::Done {
            self.stop(Cause::Deadline, None, now);
        }
        // What is out of step proves neither absence nor refusal; what follows a list of extensions unasked leaves it in doubt too.
        let seen = &self.observation;
        let unclear = match seen.starttls {
            StartTls::NotOffered => seen
                .unsolicited
                .iter()
                .any(|said| said.phase != Phase::Ehlo),
            StartTls::Refused(_) => !seen.is_in_step() && self.errand() != Some(&Errand::Injection),
            _ => false,
        };
        if unclear {
            self.observation.starttls = StartTls::Unclear;
        }
        self.observation.timings.total = now;
        self.observation
    }

    fn phase(&self) -> Phase {
        match self.state {
            State::Proxy if self.options.security == Security::Implicit => Phase::Handshake,
            State::Proxy => Phase::Greeting,
            State::Reply(phase) => phase,
            State::Upgrade | State::Handshake => Phase::Handshake,
            State::Listen => Phase::EhloInTls,
            State::Done => Phase::Quit,
        }
    }

    fn deadline(&self) -> Duration {
        let timeouts = &self.options.timeouts;
        let timeout = match self.phase() {
            Phase::Connect => timeouts.connect,
            Phase::Greeting => timeouts.greeting,
            Phase::Handshake => timeouts.handshake,
            Phase::Quit => timeouts.quit,
            _ if self.state == State::Listen => timeouts.reply.min(LISTEN),
            _ => timeouts.reply,
        };
        self.phase_started
            .saturating_add(timeout)
            .min(timeouts.session)
    }

    fn start_phase(&mut self, now: Duration) {
        self.phase_started = now;
        self.phase_received = 0;
        self.paced = false;
    }

    fn note_received(&mut self, octets: usize) {
        self.phase_received = self.phase_received.saturating_add(octets);
    }

    /// Notes how octets come while a reply is awaited.
    fn note_pace(&mut self, phase: Phase, octets: usize, now: Duration) {
        self.note_received(octets);
        let at = now.saturating_sub(self.phase_started);
        let paces = &mut self.observation.paces;
        if !std::mem::replace(&mut self.paced, true) {
            paces.push(Pace::new(phase, at));
        }
        if let Some(pace) = paces.last_mut() {
            pace.note(octets, at);
        }
    }

    fn parser_is_reading(&self) -> bool {
        matches!(self.state, State::Reply(_)) && !self.parser.pending().is_empty()
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
        *timing = Some(timing.unwrap_or_default().saturating_add(taken));
    }

    fn errand(&self) -> Option<&Errand> {
        self.options.errand.as_deref()
    }

    fn send_ehlo(&mut self, phase: Phase) {
        self.send(phase, &format!("EHLO {}", self.options.name));
    }

    fn send_quit(&mut self) {
        self.send(Phase::Quit, "QUIT");
    }

    fn send(&mut self, phase: Phase, command: &str) {
        self.state = State::Reply(phase);
        self.command = Some(format!("{command}\r\n").into_bytes());
    }
}

impl State {
    /// What comes first, once the PROXY header is sent if there is one.
    fn first(security: Security) -> Self {
        match security {
            Security::Implicit => Self::Upgrade,
            Security::StartTls | Security::None => Self::Reply(Phase::Greeting),
        }
    }
}

/// The one place where replies leave the parser.
fn next_reply(parser: &mut ReplyParser, input: &mut &[u8]) -> Result<Option<Reply>, ReplyError> {
    Ok(parser.advance(input)?.map(ReplyRef::to_owned))
}
