//! What a server says when it is not its turn.

use std::time::Duration;

use tls_inspect::{Capture, HandshakeFailure, HandshakeFailureKind, HandshakeOutcome};

use super::{Session, State, next_reply};
use crate::code::ReplyCode;
use crate::config::Security;
use crate::observation::{Cause, Outcome, StartTls, Unsolicited};
use crate::reply::{ReplyError, ReplyErrorKind, ReplyParser};

/// How many octets of unsolicited data are kept in each phase.
const UNSOLICITED: usize = 512;

impl Session {
    /// Octets while no reply is awaited.
    pub(super) fn handle_early(&mut self, octets: &[u8], now: Duration) {
        match self.state {
            // Judged when there is no more of it: a part may look like another thing.
            State::Upgrade | State::Handshake => {
                let room = UNSOLICITED.saturating_sub(self.early.len());
                self.early.extend(octets.iter().take(room));
                self.early_at = now;
            }
            State::Listen => {
                self.note_unsolicited(octets, now);
                if self.state != State::Done {
                    self.send_quit();
                    // Until that is sent, what comes belongs to what has come.
                    self.state = State::Listen;
                }
            }
            State::Proxy => self.note_unsolicited(octets, now),
            // Behind the last reply nothing is awaited, and nothing follows from it.
            State::Done | State::Reply(_) => {}
        }
    }

    /// What comes when the server has nothing to say, between its 220 to STARTTLS and the handshake, or before a handshake on a port for
    /// TLS from the first octet.
    pub(super) fn judge_early(&mut self) {
        if self.early.is_empty() {
            return;
        }
        let now = self.early_at;
        let octets = &std::mem::take(&mut self.early);
        let tls = matches!(octets.as_slice(), [20..=24, ..]);
        let implicit = self.options.security == Security::Implicit;
        if implicit && self.is_put_off(octets, now) {
            return;
        }
        if tls || implicit {
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
    pub(super) fn judge_plaintext(&mut self, octets: &[u8], now: Duration) {
        if !self.is_put_off(octets, now) {
            self.observation.starttls = StartTls::PlaintextInjected(first(octets));
            self.stop(Cause::PlaintextAfterStartTls, None, now);
        }
    }

    /// Whether what came in the place of TLS is *not now* and nothing else; then the session is over. A server that has too many
    /// connections says so in the clear, on a port for TLS too.
    pub(super) fn is_put_off(&mut self, octets: &[u8], now: Duration) -> bool {
        let mut rest = octets;
        let mut parser = ReplyParser::new(self.options.limits);
        match next_reply(&mut parser, &mut rest) {
            Ok(Some(reply))
                if rest.is_empty() && reply.effective_code().is_transient_negative() =>
            {
                let cause = Cause::of_reply(&reply, self.phase());
                self.stop(cause, Some(reply), now);
                true
            }
            _ => false,
        }
    }

    /// What came before the next command was sent cannot be its reply. A 421 is legal (RFC 5321 §3.8): the server closes.
    pub(super) fn note_unsolicited(&mut self, octets: &[u8], now: Duration) {
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
        let mut parser = ReplyParser::new(self.options.limits);
        let mut said = said.as_slice();
        while let Ok(Some(reply)) = next_reply(&mut parser, &mut said) {
            if reply.effective_code() == ReplyCode::NOT_AVAILABLE {
                let cause = Cause::of_reply(&reply, phase);
                return self.stop(cause, Some(reply), now);
            }
        }
    }

    pub(super) fn handle_unreadable(&mut self, error: ReplyError, now: Duration) {
        let cause = match error.kind() {
            // Once a server has greeted, it speaks SMTP, however badly.
            ReplyErrorKind::NotSmtp(resemblance) if self.observation.greeting.is_none() => {
                Cause::NotSmtp(resemblance)
            }
            _ => Cause::Unreadable,
        };
        // What is unreadable behind QUIT is no part of what ended the session before.
        let goes_on = self.observation.outcome == Outcome::Completed;
        self.stop(cause, None, now);
        if let Outcome::Stopped(stop) = &mut self.observation.outcome
            && goes_on
        {
            stop.error = Some(error);
        }
    }
}

pub(super) fn first(octets: &[u8]) -> Vec<u8> {
    octets.iter().copied().take(UNSOLICITED).collect()
}
