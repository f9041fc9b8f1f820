//! What was seen of one port, as plain data.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use tls_inspect::{Capture, HandshakeFailure};

use crate::ehlo::Ehlo;
use crate::escape::Escaped;
use crate::reply::{Reply, ReplyError, Resemblance};
use crate::transcript::Transcript;

/// Everything seen in one look at a port: no opinion, no question left to the network.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Observation {
    /// The address that was contacted; `None` if the stream was the caller's.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub address: Option<SocketAddr>,
    /// Whether a TCP connection came about.
    pub port: PortState,
    /// How the session ended. A session that never began has [`Outcome::Stopped`] at [`Phase::Connect`].
    pub outcome: Outcome,
    /// The first reply.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub greeting: Option<Reply>,
    /// The reply to EHLO in the clear, or to HELO if [`ehlo_refusal`](Self::ehlo_refusal) is set.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub ehlo: Option<Ehlo>,
    /// The refusal of EHLO after which HELO was tried.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub ehlo_refusal: Option<Reply>,
    /// What became of STARTTLS.
    pub starttls: StartTls,
    /// The TLS handshake, if one was begun.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub tls: Option<Capture>,
    /// The reply to EHLO inside TLS. Nothing said before TLS counts after it (RFC 3207 §4.2).
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub ehlo_in_tls: Option<Ehlo>,
    /// The reply to QUIT, if it came in time.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub quit: Option<Reply>,
    /// What the server said when it was not its turn; dropped, never taken for a reply.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Vec::is_empty")
    )]
    pub unsolicited: Vec<Unsolicited>,
    /// How long each phase took.
    pub timings: Timings,
    /// What was said.
    pub transcript: Transcript,
}

impl Observation {
    /// What is known of a port before its session: all that is not given is empty.
    #[must_use]
    pub fn new(address: Option<SocketAddr>, port: PortState, outcome: Outcome) -> Self {
        Self {
            address,
            port,
            outcome,
            greeting: None,
            ehlo: None,
            ehlo_refusal: None,
            starttls: StartTls::NotReached,
            tls: None,
            ehlo_in_tls: None,
            quit: None,
            unsolicited: Vec::new(),
            timings: Timings::default(),
            transcript: Transcript::default(),
        }
    }

    /// Where and why the session stopped, if it did before its end.
    #[must_use]
    pub fn stop(&self) -> Option<&Stop> {
        match &self.outcome {
            Outcome::Completed => None,
            Outcome::Stopped(stop) => Some(stop),
        }
    }
}

/// Whether a TCP connection came about, and if not, what the network or this host said.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum PortState {
    /// It did.
    Open,
    /// The host, or a firewall in its name, refused (RST).
    Refused,
    /// Nothing came back in time: the host is gone, or something on the way, perhaps on this side, drops the packets.
    Filtered,
    /// The network said that there is no way to the host, in these words.
    Unreachable(String),
    /// This host could not even try: the port may be in any state.
    CouldNotTell(LocalFault),
}

impl fmt::Display for PortState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open => f.write_str("open"),
            Self::Refused => f.write_str("connection refused"),
            Self::Filtered => f.write_str("no answer"),
            Self::Unreachable(text) => write!(f, "unreachable: {}", text.escape_debug()),
            Self::CouldNotTell(fault) => fault.fmt(f),
        }
    }
}

/// What kept this host from trying.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum LocalFault {
    /// It has no route for this kind of address, such as IPv6 on a host without.
    NoRoute,
    /// It ran out of sockets, ports or memory, in these words.
    Resources(String),
    /// Its own firewall or policy forbids it, in these words.
    NotPermitted(String),
    /// Something else, in these words.
    Other(String),
}

impl fmt::Display for LocalFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoRoute => f.write_str("this host has no route there"),
            Self::Resources(text) => {
                write!(f, "this host is out of resources: {}", text.escape_debug())
            }
            Self::NotPermitted(text) => write!(f, "this host forbids it: {}", text.escape_debug()),
            Self::Other(text) => write!(f, "a fault of this host: {}", text.escape_debug()),
        }
    }
}

/// What became of STARTTLS (RFC 3207).
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum StartTls {
    /// Could not tell: the session ended before the extensions were known. It may be offered or not.
    NotReached,
    /// Could not tell: replies came that no command had asked for, so none can be trusted to answer its command.
    Unclear,
    /// Could not tell: the server refused EHLO and took HELO, which has no extensions; [`Observation::ehlo_refusal`] says how.
    NoExtensions,
    /// It is offered, and the session ended before the server answered to it.
    Unanswered,
    /// It was not asked for: TLS began with the first octet, or was not wanted.
    NotAsked,
    /// The server's list of extensions does not have it.
    NotOffered,
    /// It is offered, and this was the reply to it.
    Refused(Reply),
    /// Plaintext followed the reply 220, which RFC 3207 has no place for: a response injection. It was never taken for part of the
    /// TLS session.
    PlaintextInjected(
        #[cfg_attr(feature = "serde", serde(with = "crate::escape::octets"))] Vec<u8>,
    ),
    /// The server agreed; [`Observation::tls`] says how the handshake went.
    Accepted,
}

/// How a session ended.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[expect(clippy::exhaustive_enums, reason = "it went to its end or it did not")]
pub enum Outcome {
    /// It went through all its phases; [`Observation::starttls`] says whether TLS was among them.
    Completed,
    /// It stopped before.
    Stopped(Stop),
}

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
    /// How many octets had come in this phase: a few in a long time are a tarpit.
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
}

/// Why a session stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Cause {
    /// There was no connection; see [`Observation::port`].
    NotConnected,
    /// The reply or the handshake was not complete in its time.
    Timeout,
    /// The time for the whole session was up.
    Deadline,
    /// The server closed the connection.
    Closed,
    /// The server, or something on the way, reset the connection.
    Reset,
    /// The server said *not now*: 421, or any other 4yz. It says nothing about what it can do.
    TemporarilyUnavailable,
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
    /// The TLS handshake failed; [`Observation::tls`] says how.
    TlsFailed,
    /// The TLS connection failed after its handshake; a server that insists on a client certificate says so here.
    TlsBroken(HandshakeFailure),
    /// The network failed, in these words.
    Network(String),
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { phase, cause, .. } = self;
        match cause {
            Cause::NotConnected => f.write_str("no connection")?,
            Cause::Timeout | Cause::Deadline => {
                write!(
                    f,
                    "nothing complete at {phase} within {:.1} s",
                    self.elapsed.as_secs_f64()
                )?;
                if self.received > 0 {
                    write!(f, " ({} octets came)", self.received)?;
                }
            }
            Cause::Closed => write!(f, "connection closed at {phase}")?,
            Cause::Reset => write!(f, "connection reset at {phase}")?,
            Cause::TemporarilyUnavailable => write!(f, "temporarily unavailable at {phase}")?,
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

/// What is going on in a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Phase {
    /// The TCP connection.
    Connect,
    /// The wait for the greeting.
    Greeting,
    /// EHLO in the clear.
    Ehlo,
    /// HELO, after EHLO was not understood.
    Helo,
    /// STARTTLS.
    StartTls,
    /// The TLS handshake.
    Handshake,
    /// EHLO inside TLS.
    EhloInTls,
    /// QUIT.
    Quit,
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Connect => "connect",
            Self::Greeting => "greeting",
            Self::Ehlo => "EHLO",
            Self::Helo => "HELO",
            Self::StartTls => "STARTTLS",
            Self::Handshake => "TLS handshake",
            Self::EhloInTls => "EHLO inside TLS",
            Self::Quit => "QUIT",
        })
    }
}

/// Something a server said when it was not its turn.
#[derive(Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Unsolicited {
    /// What was to be said next when it came, or [`Phase::Quit`] for a reply that does not fit QUIT.
    pub phase: Phase,
    /// What it said; the first 512 octets.
    #[cfg_attr(feature = "serde", serde(with = "crate::escape::octets"))]
    pub octets: Vec<u8>,
}

impl fmt::Debug for Unsolicited {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Unsolicited({}, \"{}\")",
            self.phase,
            Escaped(&self.octets)
        )
    }
}

/// How long each phase took, from its command (or its start) to the last octet of its reply; `None` for one that was not finished.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Timings {
    /// The TCP connection.
    pub connect: Option<Duration>,
    /// The greeting.
    pub greeting: Option<Duration>,
    /// EHLO in the clear, HELO included.
    pub ehlo: Option<Duration>,
    /// STARTTLS.
    pub starttls: Option<Duration>,
    /// The TLS handshake.
    pub handshake: Option<Duration>,
    /// EHLO inside TLS.
    pub ehlo_in_tls: Option<Duration>,
    /// QUIT.
    pub quit: Option<Duration>,
    /// All together, finished or not.
    pub total: Duration,
}

impl Timings {
    pub(crate) fn of(&mut self, phase: Phase) -> &mut Option<Duration> {
        match phase {
            Phase::Connect => &mut self.connect,
            Phase::Greeting => &mut self.greeting,
            Phase::Ehlo | Phase::Helo => &mut self.ehlo,
            Phase::StartTls => &mut self.starttls,
            Phase::Handshake => &mut self.handshake,
            Phase::EhloInTls => &mut self.ehlo_in_tls,
            Phase::Quit => &mut self.quit,
        }
    }
}
