//! What was seen of one port, as plain data.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use tls_inspect::Capture;

use crate::code::ReplyCode;
use crate::ehlo::Ehlo;
use crate::escape::Escaped;
use crate::reply::{Reply, ReplyLimits, ReplyParser};
use crate::transcript::Transcript;

mod cause;
mod exchange;
mod interception;
mod pace;
mod port;
mod service;
mod starttls;

pub use cause::{Cause, Stop};
pub use exchange::{EnvelopeReplies, Exchange, Skipped};
pub use interception::{Interception, SameGreeting, same_greeting};
pub use pace::Pace;
pub use port::{LocalFault, PortState};
pub use service::Service;
pub use starttls::{StartTls, StartTlsVerdict};

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
    /// The reply to STARTTLS, where it was asked for though not offered.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub unoffered: Option<Reply>,
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
    /// What was said between EHLO and QUIT, each command with its reply: the envelope, if there was one; see
    /// [`envelope`](Self::envelope).
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Vec::is_empty")
    )]
    pub exchanges: Vec<Exchange>,
    /// Why none of it was said, if it was to be and the session was completed.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub skipped: Option<Skipped>,
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
    /// How the octets of each phase came, in order; none of a phase in which nothing came.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Vec::is_empty")
    )]
    pub paces: Vec<Pace>,
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
            unoffered: None,
            tls: None,
            ehlo_in_tls: None,
            exchanges: Vec::new(),
            skipped: None,
            quit: None,
            unsolicited: Vec::new(),
            timings: Timings::default(),
            paces: Vec::new(),
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

    /// What offer, reply and handshake of STARTTLS come to.
    #[must_use]
    pub fn starttls_verdict(&self) -> StartTlsVerdict {
        // *Not now* in the place of a handshake is no handshake that fails.
        let put_off = self
            .stop()
            .is_some_and(|stop| stop.phase == Phase::Handshake && stop.reply.is_some());
        if put_off && self.starttls != StartTls::NotAsked {
            return StartTlsVerdict::CouldNotTell;
        }
        StartTlsVerdict::of(&self.starttls, self.tls.as_ref())
    }

    /// The replies to MAIL, RCPT and RSET.
    #[must_use]
    pub fn envelope(&self) -> EnvelopeReplies<'_> {
        EnvelopeReplies::of(&self.exchanges)
    }

    /// What answers on the port, by what came of it first.
    #[must_use]
    pub fn service(&self) -> Service {
        Service::of(self)
    }

    /// The traces of a middlebox that speaks for the server, or rewrites what it says; each kind once.
    #[must_use]
    pub fn interception(&self) -> Vec<Interception> {
        Interception::all(self)
    }

    /// How the octets of a phase came, if any did.
    #[must_use]
    pub fn pace(&self, phase: Phase) -> Option<&Pace> {
        self.paces.iter().find(|pace| pace.phase == phase)
    }

    /// Whether every reply can be trusted to answer its command: nothing came unasked, but before EHLO or to say farewell.
    pub(crate) fn is_in_step(&self) -> bool {
        let in_step = |said: &Unsolicited| said.phase == Phase::Ehlo || said.is_farewell();
        self.unsolicited.iter().all(in_step)
    }

    /// The reply to EHLO that counts: the one inside TLS, if there is one.
    pub(crate) fn last_ehlo(&self) -> Option<&Ehlo> {
        self.ehlo_in_tls.as_ref().or(self.ehlo.as_ref())
    }
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
    /// MAIL: the envelope's reverse-path.
    Mail,
    /// RCPT: a forward-path.
    Rcpt,
    /// RSET: the envelope is taken back.
    Rset,
    /// VRFY.
    Vrfy,
    /// EXPN.
    Expn,
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
            Self::Mail => "MAIL",
            Self::Rcpt => "RCPT",
            Self::Rset => "RSET",
            Self::Vrfy => "VRFY",
            Self::Expn => "EXPN",
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

impl Unsolicited {
    /// The whole replies that it begins with.
    pub(crate) fn replies(&self) -> Vec<Reply> {
        let mut parser = ReplyParser::new(ReplyLimits::default());
        let mut rest = self.octets.as_slice();
        let mut replies = Vec::new();
        while let Ok(Some(reply)) = parser.advance(&mut rest) {
            replies.push(reply.to_owned());
        }
        replies
    }

    /// Whether it is *not now* and nothing else, which a server may say at any time (RFC 5321 §3.8).
    pub(crate) fn is_farewell(&self) -> bool {
        let replies = self.replies();
        let first = replies.first().map(Reply::effective_code);
        first == Some(ReplyCode::NOT_AVAILABLE)
    }
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
    /// What was said between EHLO and QUIT, together; each reply has its own in [`Exchange::elapsed`].
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub envelope: Option<Duration>,
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
            Phase::Mail | Phase::Rcpt | Phase::Rset | Phase::Vrfy | Phase::Expn => {
                &mut self.envelope
            }
            Phase::Quit => &mut self.quit,
        }
    }
}
