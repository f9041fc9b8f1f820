use std::fmt;

use crate::escape::Escaped;

/// How many of the octets at fault an error keeps.
const KEPT: usize = 256;

/// Why what came is no reply.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ReplyError {
    kind: ReplyErrorKind,
    #[cfg_attr(feature = "serde", serde(with = "crate::escape::octets"))]
    received: Vec<u8>,
}

/// The kinds of [`ReplyError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum ReplyErrorKind {
    /// It does not begin with three digits, so this is not SMTP.
    NotSmtp(Resemblance),
    /// A line is longer than the limit.
    LongLine {
        /// The limit, in octets.
        limit: usize,
    },
    /// The reply has more lines than the limit.
    ManyLines {
        /// The limit.
        limit: usize,
    },
    /// The reply is longer than the limit.
    LongReply {
        /// The limit, in octets.
        limit: usize,
    },
    /// The stream ended inside a reply: octets without a line end are no reply.
    Truncated,
    /// There is more after the reply.
    Trailing,
}

/// What a stream looks like that is not SMTP, judged by its first octets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Resemblance {
    /// A TLS record (RFC 9846 §5.1): an alert or a handshake message.
    Tls,
    /// HTTP.
    Http,
    /// SSH (RFC 4253 §4.2).
    Ssh,
    /// IMAP (RFC 9051 §7.1).
    Imap,
    /// POP3 (RFC 1939 §3).
    Pop3,
    /// FTP and SMTP greet alike; this is anything else.
    Unknown,
}

impl Resemblance {
    pub(super) fn of(octets: &[u8]) -> Self {
        match octets {
            [0x15 | 0x16, ..] => Self::Tls,
            _ if octets.starts_with(b"HTTP/")
                || octets.starts_with(b"<!")
                || octets.starts_with(b"<html") =>
            {
                Self::Http
            }
            _ if octets.starts_with(b"SSH-") => Self::Ssh,
            _ if octets.starts_with(b"* ") => Self::Imap,
            _ if octets.starts_with(b"+OK") || octets.starts_with(b"-ERR") => Self::Pop3,
            _ => Self::Unknown,
        }
    }
}

impl fmt::Display for Resemblance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Tls => "TLS",
            Self::Http => "HTTP",
            Self::Ssh => "SSH",
            Self::Imap => "IMAP",
            Self::Pop3 => "POP3",
            Self::Unknown => "something else",
        })
    }
}

impl ReplyError {
    pub(super) fn new(kind: ReplyErrorKind, received: &[u8]) -> Self {
        Self {
            kind,
            received: received.iter().copied().take(KEPT).collect(),
        }
    }

    /// What is wrong.
    #[must_use]
    pub fn kind(&self) -> ReplyErrorKind {
        self.kind
    }

    /// The octets at fault; the first 256.
    #[must_use]
    pub fn received(&self) -> &[u8] {
        &self.received
    }
}

impl std::error::Error for ReplyError {}

impl fmt::Display for ReplyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let excerpt = self
            .received
            .get(..self.received.len().min(48))
            .unwrap_or_default();
        let excerpt = Escaped(excerpt);
        match self.kind {
            ReplyErrorKind::NotSmtp(Resemblance::Unknown) => {
                write!(f, "expected an SMTP reply, found `{excerpt}`")
            }
            ReplyErrorKind::NotSmtp(resemblance) => {
                write!(
                    f,
                    "expected an SMTP reply, found {resemblance}: `{excerpt}`"
                )
            }
            ReplyErrorKind::LongLine { limit } => {
                write!(
                    f,
                    "expected a line of at most {limit} octets, found a longer one: `{excerpt}`"
                )
            }
            ReplyErrorKind::ManyLines { limit } => {
                write!(
                    f,
                    "expected a reply of at most {limit} lines, found more, from `{excerpt}`"
                )
            }
            ReplyErrorKind::LongReply { limit } => {
                write!(
                    f,
                    "expected a reply of at most {limit} octets, found a longer one, from `{excerpt}`"
                )
            }
            ReplyErrorKind::Truncated if self.received.is_empty() => {
                f.write_str("expected a reply, found the end of the stream")
            }
            ReplyErrorKind::Truncated => {
                write!(
                    f,
                    "expected the rest of a reply, found the end of the stream after `{excerpt}`"
                )
            }
            ReplyErrorKind::Trailing => {
                write!(f, "expected one reply, found more after it: `{excerpt}`")
            }
        }
    }
}
