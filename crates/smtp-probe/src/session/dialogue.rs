//! What follows from each reply.

use std::time::Duration;

use super::early::first;
use super::{Errand, Session, State};
use crate::code::ReplyCode;
use crate::config::Security;
use crate::ehlo::Ehlo;
use crate::observation::{Cause, Exchange, Phase, Skipped, StartTls, Unsolicited};
use crate::reply::Reply;

impl Session {
    pub(super) fn handle_reply(&mut self, phase: Phase, reply: Reply, now: Duration) {
        self.finish_phase(phase, now);
        let code = reply.effective_code();
        match phase {
            Phase::Greeting => {
                self.observation.greeting = Some(reply.clone());
                // Only 220 welcomes (RFC 5321 §3.1, §4.3.2).
                match code {
                    ReplyCode::READY => self.send_ehlo(self.first_ehlo()),
                    _ => self.refuse(reply, now),
                }
            }
            Phase::Ehlo | Phase::Helo | Phase::EhloInTls if code == ReplyCode::OK => {
                self.handle_ehlo(phase, Ehlo::new(reply));
            }
            // "Command not recognized", as RFC 5321 §3.2 has it and as servers say it; never after 4yz, which says nothing of EHLO.
            Phase::Ehlo if is_unknown_command(code) || code == ReplyCode(550) => {
                self.observation.ehlo_refusal = Some(reply);
                self.send(Phase::Helo, &format!("HELO {}", self.options.name));
            }
            Phase::StartTls => self.handle_starttls(reply, now),
            Phase::Mail | Phase::Rcpt | Phase::Rset | Phase::Vrfy | Phase::Expn => {
                self.handle_exchange(phase, reply, now);
            }
            Phase::Quit => self.handle_quit(reply),
            Phase::Connect | Phase::Handshake | Phase::Ehlo | Phase::Helo | Phase::EhloInTls => {
                self.refuse(reply, now);
            }
        }
    }

    fn handle_ehlo(&mut self, phase: Phase, ehlo: Ehlo) {
        if phase == Phase::EhloInTls {
            self.observation.ehlo_in_tls = Some(ehlo);
            return self.begin_errand();
        }
        let offered = ehlo.supports("STARTTLS");
        self.observation.ehlo = Some(ehlo);
        match self.options.security {
            // HELO has no extensions, whatever its reply says (RFC 5321 §4.1.1.1).
            Security::StartTls if phase == Phase::Helo => {
                self.observation.starttls = StartTls::NoExtensions;
                self.begin_errand();
            }
            Security::StartTls if offered => {
                self.observation.starttls = StartTls::Unanswered;
                self.send_starttls();
            }
            // Only the reply to STARTTLS tells.
            Security::StartTls if self.may_withhold() => self.send_starttls(),
            Security::StartTls => {
                self.observation.starttls = StartTls::NotOffered;
                if self.options.tries_unoffered {
                    self.send_starttls();
                } else {
                    self.begin_errand();
                }
            }
            Security::Implicit | Security::None => self.begin_errand(),
        }
    }

    /// Whether the list of extensions may be withheld from this client. To ask for STARTTLS brings that out.
    fn may_withhold(&self) -> bool {
        let ehlo = self.observation.ehlo.as_ref();
        ehlo.is_some_and(Ehlo::may_be_withheld)
    }

    fn send_starttls(&mut self) {
        // One write: what is behind STARTTLS must reach the server together with it.
        let command = match self.errand() {
            Some(Errand::Injection) => "STARTTLS\r\nNOOP",
            _ => "STARTTLS",
        };
        self.send(Phase::StartTls, command);
    }

    fn handle_starttls(&mut self, reply: Reply, now: Duration) {
        let offered = self.observation.starttls == StartTls::Unanswered;
        let withheld = self.observation.starttls == StartTls::NotReached;
        match reply.effective_code() {
            ReplyCode::READY => {
                self.observation.starttls = if offered {
                    StartTls::Accepted
                } else {
                    self.observation.unoffered = Some(reply);
                    StartTls::AcceptedThoughNotOffered
                };
                self.state = State::Upgrade;
            }
            // It may answer anything, and the server closes the channel (RFC 5321 §3.8).
            ReplyCode::NOT_AVAILABLE => self.refuse(reply, now),
            _ if offered => {
                self.observation.starttls = StartTls::Refused(reply);
                self.begin_errand();
            }
            // The refusal is of the client: what would be offered to another is not known.
            code if withheld && !is_unknown_command(code) && code != OUT_OF_ORDER => {
                self.refuse(reply, now);
            }
            _ => {
                self.observation.starttls = StartTls::NotOffered;
                self.observation.unoffered = Some(reply);
                self.begin_errand();
            }
        }
    }

    /// What is to be said between EHLO and QUIT, if anything is.
    fn begin_errand(&mut self) {
        let in_tls = self.observation.ehlo_in_tls.is_some();
        let skipped = match self.errand() {
            None | Some(Errand::Injection) => return self.send_quit(),
            Some(_) if self.options.security == Security::StartTls && !in_tls => {
                Some(Skipped::NoTls)
            }
            Some(errand) if errand.is_international() && !self.offers("SMTPUTF8") => {
                Some(Skipped::NoSmtpUtf8)
            }
            Some(_) => None,
        };
        self.observation.skipped = skipped;
        if skipped.is_some() {
            return self.send_quit();
        }
        self.take_step(0);
    }

    fn offers(&self, keyword: &str) -> bool {
        let ehlo = self.observation.last_ehlo();
        ehlo.is_some_and(|ehlo| ehlo.supports(keyword))
    }

    fn take_step(&mut self, step: usize) {
        self.step = step;
        match self.errand().and_then(|errand| errand.step(step)) {
            Some((phase, command)) => self.send(phase, &command),
            None => self.send_quit(),
        }
    }

    /// A refusal is an answer; only what ends the channel ends the session.
    fn handle_exchange(&mut self, phase: Phase, reply: Reply, now: Duration) {
        let code = reply.effective_code();
        let answers = code.is_positive_completion()
            || code.is_transient_negative()
            || code.is_permanent_negative();
        if !answers || code == ReplyCode::NOT_AVAILABLE {
            return self.refuse(reply, now);
        }
        let command = self.errand().and_then(|errand| errand.step(self.step));
        let next = self
            .errand()
            .and_then(|errand| errand.next(self.step, code.is_positive_completion()));
        self.observation.exchanges.push(Exchange {
            phase,
            command: command.map(|(_, command)| command).unwrap_or_default(),
            reply,
            elapsed: now.saturating_sub(self.phase_started),
        });
        match next {
            Some(step) => self.take_step(step),
            None => self.send_quit(),
        }
    }

    fn handle_quit(&mut self, reply: Reply) {
        // A reply that fits another command: what came before was out of step too.
        if matches!(reply.effective_code(), ReplyCode::OK | ReplyCode::READY) {
            let octets = first(reply.raw());
            let phase = Phase::Quit;
            self.observation
                .unsolicited
                .push(Unsolicited { phase, octets });
        }
        self.observation.quit = Some(reply);
        self.state = State::Done;
    }

    /// Ends the session over a reply, with QUIT unless the server closes anyway.
    pub(super) fn refuse(&mut self, reply: Reply, now: Duration) {
        let closes = reply.effective_code() == ReplyCode::NOT_AVAILABLE;
        let cause = Cause::of_reply(&reply, self.phase());
        self.stop(cause, Some(reply), now);
        if !closes {
            self.send_quit();
        }
    }

    /// EHLO goes by one phase inside TLS and by another outside.
    fn first_ehlo(&self) -> Phase {
        match self.options.security {
            Security::Implicit => Phase::EhloInTls,
            Security::StartTls | Security::None => Phase::Ehlo,
        }
    }
}

/// A command that has no place there (RFC 5321 §4.2.2), which some servers say of one that they do not offer.
const OUT_OF_ORDER: ReplyCode = ReplyCode(503);

/// Whether a reply says that the command is not known, not implemented or has no such parameter (RFC 5321 §4.2.2).
fn is_unknown_command(code: ReplyCode) -> bool {
    matches!(code.0, 500..=502 | 504)
}
