use std::fmt;
use std::time::Duration;

use tls_inspect::HandshakeFailure;

use super::{Pace, Phase};
use crate::diagnosis::{Confidence, Diagnosis, Reason};
use crate::reply::{Reply, ReplyError, Resemblance};

/// Where and why a session stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Stop {
    /// What was going on.
    pub phase: Phase,
    /// Why it went no further.
    pub cause: Cause,
    /// The reply that ended it, if one did: the server's own words.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub reply: Option<Reply>,
    /// What was wrong with what came, if it was no reply.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub error: Option<ReplyError>,
    /// How many octets had come in this phase.
    pub received: usize,
    /// How long the phase had lasted.
    pub elapsed: Duration,
}

impl Stop {
    /// A stop of which no more is known.
    #[must_use]
    pub fn new(phase: Phase, cause: Cause) -> Self {
        Self {
            phase,
            cause,
            reply: None,
            error: None,
            received: 0,
            elapsed: Duration::ZERO,
        }
    }

    /// The same with the reply that ended the session.
    #[must_use]
    pub fn with_reply(mut self, reply: Reply) -> Self {
        self.reply = Some(reply);
        self
    }

    /// What the reply that ended the session says of the reason, if a reply did.
    #[must_use]
    pub fn diagnosis(&self) -> Option<Diagnosis> {
        self.reply.as_ref().map(Diagnosis::of_reply)
    }
}

/// Why a session stopped.
///
/// A refusal has a cause of its own where the reply says surely enough why; every other 4yz is
/// [`TemporarilyUnavailable`](Self::TemporarilyUnavailable) and every other 5yz [`Rejected`](Self::Rejected). The words
/// themselves are in [`Stop::reply`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Cause {
    /// There was no connection; see [`Observation::port`](crate::Observation::port).
    NotConnected,
    /// The reply or the handshake was not complete in its time.
    Timeout,
    /// The time for the whole session was up.
    Deadline,
    /// The server sent octets up to the deadline, but so slowly that no reply was whole: see [`Pace::is_tarpit`].
    Tarpit {
        /// How many octets came in a minute.
        octets_per_minute: u64,
        /// The longest time between two arrivals.
        longest_gap: Duration,
    },
    /// The server closed the connection.
    Closed,
    /// The server, or something on the way, reset the connection.
    Reset,
    /// The server said *not now*: 421, or any other 4yz. It says nothing about what it can do.
    TemporarilyUnavailable,
    /// The server has had too much from this client, or too many connections at a time. It says nothing about what it can do.
    RateLimited,
    /// The server wants this client to come again later, to see whether it does. RFC 5321 §4.5.4.1 has a sender wait 30 minutes
    /// at least; an attempt before the server's own time is up proves nothing.
    Greylisted {
        /// Not before that, if the server's words say it.
        retry_after: Option<Duration>,
    },
    /// This client's address is on a list.
    Blocklisted {
        /// The list, if the server's words name it, such as `zen.spamhaus.org`.
        list: Option<String>,
    },
    /// The server refuses this client by a policy of its own: reputation, reverse DNS, the name in EHLO, security.
    PolicyReject,
    /// The server said *no*: 5yz.
    Rejected,
    /// The reply fits no rule: neither the one that is due nor a refusal.
    UnexpectedReply,
    /// What came is no SMTP; this is what it looks like.
    NotSmtp(Resemblance),
    /// The reply could not be read to its end: too long, or cut off.
    Unreadable,
    /// Plaintext followed the reply to STARTTLS.
    PlaintextAfterStartTls,
    /// The TLS handshake failed; [`Observation::tls`](crate::Observation::tls) says how.
    TlsFailed,
    /// The TLS connection failed after its handshake; a server that insists on a client certificate says so here.
    TlsBroken(HandshakeFailure),
    /// The network failed, in these words.
    Network(String),
}

impl Cause {
    /// What a reply that is not the one hoped for says, in this phase.
    ///
    /// # Examples
    ///
    /// ```
    /// use smtp_probe::{Cause, Phase, Reply};
    ///
    /// let reply = Reply::parse(b"554 5.7.1 mx.example does not like you\r\n")?;
    /// assert_eq!(Cause::of_reply(&reply, Phase::Greeting), Cause::PolicyReject);
    /// let reply = Reply::parse(b"554 mx.example\r\n")?;
    /// assert_eq!(Cause::of_reply(&reply, Phase::Greeting), Cause::Rejected);
    /// # Ok::<(), smtp_probe::ReplyError>(())
    /// ```
    #[must_use]
    pub fn of_reply(reply: &Reply, phase: Phase) -> Self {
        let code = reply.effective_code();
        let usual = if code.is_transient_negative() {
            Self::TemporarilyUnavailable
        } else if code.is_permanent_negative() {
            Self::Rejected
        } else {
            return Self::UnexpectedReply;
        };
        let diagnosis = Diagnosis::of_reply(reply);
        if diagnosis.confidence >= Confidence::Medium
            && let Some(told) = Self::told(diagnosis)
        {
            // Greylisting is a 4yz (RFC 6647 §2.1): a sender takes a 5yz for final, whatever its words.
            if !matches!(told, Self::Greylisted { .. }) || code.is_transient_negative() {
                return told;
            }
        }
        // Before MAIL nobody but the client has been named, so a status of security or policy (RFC 3463 §3.8) is about the client.
        let policy = reply.lines().any(|line| {
            crate::code::EnhancedCode::parse(code, line).is_some_and(|code| code.subject == 7)
        });
        let early = phase < Phase::StartTls;
        if policy && early && code.is_permanent_negative() {
            Self::PolicyReject
        } else {
            usual
        }
    }

    fn told(diagnosis: Diagnosis) -> Option<Self> {
        Some(match diagnosis.reason {
            Reason::RateLimited | Reason::TooManyConnections => Self::RateLimited,
            Reason::Greylisted => Self::Greylisted {
                retry_after: diagnosis.retry_after,
            },
            Reason::Blocklisted => Self::Blocklisted {
                list: diagnosis.list,
            },
            Reason::Reputation
            | Reason::ReverseDns
            | Reason::EhloRefused
            | Reason::Policy
            | Reason::Security => Self::PolicyReject,
            _ => return None,
        })
    }

    /// What it means that no reply was whole when its time was up.
    pub(crate) fn of_lateness(pace: Option<&Pace>, elapsed: Duration, usual: Self) -> Self {
        match pace {
            Some(pace) if pace.is_tarpit(elapsed) => Self::Tarpit {
                octets_per_minute: pace.octets_per_minute(elapsed),
                longest_gap: pace.longest_gap,
            },
            _ => usual,
        }
    }

    /// Whether the server says how it treats this client, which tells nothing of how it treats others.
    #[must_use]
    pub fn is_about_client(&self) -> bool {
        matches!(
            self,
            Self::Tarpit { .. }
                | Self::RateLimited
                | Self::Greylisted { .. }
                | Self::Blocklisted { .. }
                | Self::PolicyReject
        )
    }
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { phase, cause, .. } = self;
        let seconds = self.elapsed.as_secs_f64();
        match cause {
            Cause::NotConnected => f.write_str("no connection")?,
            Cause::Timeout | Cause::Deadline => {
                write!(f, "nothing complete at {phase} within {seconds:.1} s")?;
                if self.received > 0 {
                    write!(f, " ({} octets came)", self.received)?;
                }
            }
            Cause::Tarpit {
                octets_per_minute,
                longest_gap,
            } => {
                let gap = longest_gap.as_secs_f64();
                write!(
                    f,
                    "tarpit at {phase}: {octets_per_minute} octets a minute, gaps of up to {gap:.1} s, \
                     nothing complete within {seconds:.1} s"
                )?;
            }
            Cause::Closed => write!(f, "connection closed at {phase}")?,
            Cause::Reset => write!(f, "connection reset at {phase}")?,
            Cause::TemporarilyUnavailable => write!(f, "temporarily unavailable at {phase}")?,
            Cause::RateLimited => write!(f, "rate limited at {phase}")?,
            Cause::Greylisted { retry_after } => {
                write!(f, "greylisted at {phase}")?;
                if let Some(after) = retry_after {
                    write!(f, " (not before {} s from now)", after.as_secs())?;
                }
            }
            Cause::Blocklisted { list } => {
                write!(f, "blocklisted at {phase}")?;
                if let Some(list) = list {
                    write!(f, " (by {})", list.escape_debug())?;
                }
            }
            Cause::PolicyReject => write!(f, "this client is refused at {phase}")?,
            Cause::Rejected => write!(f, "rejected at {phase}")?,
            Cause::UnexpectedReply => write!(f, "unexpected reply at {phase}")?,
            Cause::NotSmtp(resemblance) => write!(f, "not SMTP but {resemblance} at {phase}")?,
            Cause::Unreadable => write!(f, "unreadable reply at {phase}")?,
            Cause::PlaintextAfterStartTls => write!(f, "plaintext after the reply to STARTTLS")?,
            Cause::TlsFailed => write!(f, "TLS handshake failed")?,
            Cause::TlsBroken(failure) => write!(f, "TLS broke at {phase}: {failure}")?,
            Cause::Network(text) => {
                write!(f, "network failed at {phase}: {}", text.escape_debug())?;
            }
        }
        if let Some(reply) = &self.reply {
            write!(f, ": {reply}")?;
        }
        if let Some(error) = &self.error {
            write!(f, ": {error}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(reply: &str, phase: Phase, expected: &Cause) {
        let parsed = Reply::parse(format!("{reply}\r\n").as_bytes()).expect("a reply");
        assert_eq!(&Cause::of_reply(&parsed, phase), expected, "{reply}");
    }

    #[test]
    fn words_that_tell_nothing_keep_the_generic_causes() {
        check(
            "421 mx.example",
            Phase::Greeting,
            &Cause::TemporarilyUnavailable,
        );
        check("451 oops", Phase::Ehlo, &Cause::TemporarilyUnavailable);
        check("554 mx.example", Phase::Greeting, &Cause::Rejected);
        check("250 ok", Phase::Greeting, &Cause::UnexpectedReply);
        check("354 go", Phase::Mail, &Cause::UnexpectedReply);
    }

    #[test]
    fn surely_told_reasons_have_causes_of_their_own() {
        let list = Some("zen.spamhaus.org".to_owned());
        let said =
            "554 5.7.1 Service unavailable; Client host [192.0.2.9] blocked using zen.spamhaus.org";
        check(said, Phase::Greeting, &Cause::Blocklisted { list });
        check(
            "421 4.7.0 Too many connections from 192.0.2.9",
            Phase::Greeting,
            &Cause::RateLimited,
        );
        let retry_after = Some(Duration::from_secs(300));
        let said =
            "450 4.2.0 Recipient address rejected: Greylisted, please try again in 300 seconds";
        check(said, Phase::Rcpt, &Cause::Greylisted { retry_after });
        let said = "550 5.7.25 Client host rejected: cannot find your reverse hostname";
        check(said, Phase::Rcpt, &Cause::PolicyReject);
    }

    #[test]
    fn item_77_greylisting_with_a_5yz_is_final_to_a_sender() {
        check(
            "550 Greylisted, try again later",
            Phase::Rcpt,
            &Cause::Rejected,
        );
    }

    #[test]
    fn an_unknown_command_is_no_word_about_the_clients_name() {
        check(
            "500 'HELO': command not understood",
            Phase::Helo,
            &Cause::Rejected,
        );
        check(
            "503 5.5.1 Duplicate HELO/EHLO",
            Phase::EhloInTls,
            &Cause::Rejected,
        );
        check(
            "504 5.5.2 <x>: Helo command rejected: need fully-qualified hostname",
            Phase::Helo,
            &Cause::PolicyReject,
        );
    }

    #[test]
    fn before_mail_a_status_of_policy_is_about_the_client() {
        check("554 5.7.1 no", Phase::Greeting, &Cause::PolicyReject);
        check("550 5.7.999 no", Phase::Ehlo, &Cause::PolicyReject);
        check("554 5.3.2 no", Phase::Greeting, &Cause::Rejected);
    }

    #[test]
    fn causes_about_this_client_say_nothing_of_others() {
        assert!(Cause::PolicyReject.is_about_client());
        assert!(Cause::Greylisted { retry_after: None }.is_about_client());
        assert!(!Cause::TemporarilyUnavailable.is_about_client());
        assert!(!Cause::Rejected.is_about_client());
    }
}
