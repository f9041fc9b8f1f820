use std::fmt;

use tls_inspect::{Capture, HandshakeFailureKind};

use crate::reply::Reply;

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
    /// Could not tell: the server refused EHLO and took HELO, which has no extensions;
    /// [`Observation::ehlo_refusal`](crate::Observation::ehlo_refusal) says how.
    NoExtensions,
    /// It is offered, and the session ended before the server answered to it.
    Unanswered,
    /// It was not asked for: TLS began with the first octet, or was not wanted.
    NotAsked,
    /// The server's list of extensions does not have it. If it was asked for all the same,
    /// [`Observation::unoffered`](crate::Observation::unoffered) has the reply.
    NotOffered,
    /// It is offered, and this was the reply to it.
    Refused(Reply),
    /// Plaintext followed the reply 220, which RFC 3207 has no place for: a response injection. It was never taken for part of the
    /// TLS session.
    PlaintextInjected(
        #[cfg_attr(feature = "serde", serde(with = "crate::escape::octets"))] Vec<u8>,
    ),
    /// The server agreed; [`Observation::tls`](crate::Observation::tls) says how the handshake went.
    Accepted,
    /// The server's list of extensions does not have it, and the server agreed all the same when asked
    /// ([`SessionOptions::trying_unoffered_starttls`](crate::SessionOptions::trying_unoffered_starttls)).
    AcceptedThoughNotOffered,
}

/// What all that was seen of STARTTLS comes to: offer, reply and handshake together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum StartTlsVerdict {
    /// It is offered, and the handshake completed.
    Works,
    /// It is not offered, and the handshake completed: something on the way strips the offer.
    WorksThoughNotOffered,
    /// It is offered and agreed to, and the handshake failed.
    Broken,
    /// It is offered, and refused.
    Refused,
    /// It is not offered, and was not agreed to if it was asked for.
    NotOffered,
    /// Plaintext followed the reply 220.
    Injected,
    /// It was not asked for.
    NotAsked,
    /// Could not tell.
    CouldNotTell,
}

impl StartTlsVerdict {
    pub(super) fn of(starttls: &StartTls, tls: Option<&Capture>) -> Self {
        let handshake = tls.map(|tls| tls.outcome.failure().map(|failure| failure.kind));
        match (starttls, handshake) {
            (StartTls::NotAsked, _) => Self::NotAsked,
            (StartTls::NotOffered, _) => Self::NotOffered,
            (StartTls::Refused(_), _) => Self::Refused,
            (StartTls::PlaintextInjected(_), _) => Self::Injected,
            (StartTls::Accepted, Some(None)) => Self::Works,
            (StartTls::AcceptedThoughNotOffered, Some(None)) => Self::WorksThoughNotOffered,
            // These may be this side's fault, or say nothing of what would have come.
            (
                _,
                Some(Some(
                    HandshakeFailureKind::Timeout
                    | HandshakeFailureKind::Io
                    | HandshakeFailureKind::Unsupported,
                )),
            ) => Self::CouldNotTell,
            (StartTls::Accepted, Some(Some(_))) => Self::Broken,
            // It was not offered, and what agreed to it does not do it.
            (StartTls::AcceptedThoughNotOffered, Some(Some(_))) => Self::NotOffered,
            _ => Self::CouldNotTell,
        }
    }
}

impl fmt::Display for StartTlsVerdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Works => "works",
            Self::WorksThoughNotOffered => "works though not offered",
            Self::Broken => "offered and agreed to, and the handshake fails",
            Self::Refused => "offered and refused",
            Self::NotOffered => "not offered",
            Self::Injected => "followed by plaintext",
            Self::NotAsked => "not asked for",
            Self::CouldNotTell => "could not tell",
        })
    }
}
