//! "Could not tell", with the cause.

use std::fmt::{self, Write as _};
use std::net::SocketAddr;
use std::time::Duration;

use crate::{ExtendedError, Question, Rcode, Transport};

/// The question got no conclusive answer: the record may or may not exist.
///
/// This is never proof of absence. It keeps every attempt that was made, so that a report can show which server did
/// what, and it is plain data, so that a stored run can be judged again.
///
/// # Examples
///
/// ```
/// use mail_dns::{LookupError, LookupErrorKind, Question, RecordType};
///
/// let question = Question { name: "example.com".parse()?, record_type: RecordType::MX };
/// let error = LookupError::new(LookupErrorKind::Timeout, question);
/// assert_eq!(error.kind(), LookupErrorKind::Timeout);
/// assert_eq!(error.to_string(), "no answer in time to example.com MX");
/// # Ok::<(), mail_dns::NameError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
pub struct LookupError(Box<Inner>);

#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
struct Inner {
    kind: LookupErrorKind,
    question: Question,
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Vec::is_empty")
    )]
    attempts: Vec<Attempt>,
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Vec::is_empty")
    )]
    extended_errors: Vec<ExtendedError>,
}

impl LookupError {
    /// An error without attempts, for implementations of [`Lookup`](crate::Lookup) and for tests.
    #[must_use]
    pub fn new(kind: LookupErrorKind, question: Question) -> Self {
        Self(Box::new(Inner {
            kind,
            question,
            attempts: Vec::new(),
            extended_errors: Vec::new(),
        }))
    }

    /// The same with the attempts that were made, in order.
    #[must_use]
    pub fn with_attempts(mut self, attempts: Vec<Attempt>) -> Self {
        self.0.attempts = attempts;
        self
    }

    /// The same with the extended errors that came with the deciding answer.
    #[must_use]
    pub fn with_extended_errors(mut self, extended_errors: Vec<ExtendedError>) -> Self {
        self.0.extended_errors = extended_errors;
        self
    }

    /// What kept the answer away.
    #[must_use]
    pub fn kind(&self) -> LookupErrorKind {
        self.0.kind
    }

    /// What was asked.
    #[must_use]
    pub fn question(&self) -> &Question {
        &self.0.question
    }

    /// What was tried, in order.
    #[must_use]
    pub fn attempts(&self) -> &[Attempt] {
        &self.0.attempts
    }

    /// The extended errors of the deciding answer (RFC 8914).
    #[must_use]
    pub fn extended_errors(&self) -> &[ExtendedError] {
        &self.0.extended_errors
    }
}

impl std::error::Error for LookupError {}

impl fmt::Display for LookupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner {
            kind,
            question,
            extended_errors,
            ..
        } = &*self.0;
        write!(f, "{} to {question}", kind.message())?;
        if let Some(error) = extended_errors.first() {
            write!(f, " ({error})")?;
        }
        Ok(())
    }
}

/// The kinds of [`LookupError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum LookupErrorKind {
    /// No server answered in time.
    Timeout,
    /// No server could be reached: refused, no route, or a local fault.
    Unreachable,
    /// A server answered SERVFAIL: it, or the zone's own servers, failed.
    ServFail,
    /// A server answered REFUSED: it does not serve this client or this name.
    Refused,
    /// The zone is signed and validation failed.
    Bogus,
    /// A server answered with a response code that settles nothing.
    UnexpectedRcode,
    /// What came back could not be read, or answered another question.
    Malformed,
    /// The answer was too long for a datagram, and TCP failed.
    Truncated,
    /// The aliases (CNAME) go in a circle or on for too long.
    AliasLoop,
    /// There is no server to ask.
    NoServers,
    /// The question is not in the recording that is replayed.
    NotRecorded,
}

impl LookupErrorKind {
    fn message(self) -> &'static str {
        match self {
            Self::Timeout => "no answer in time",
            Self::Unreachable => "no server could be reached for an answer",
            Self::ServFail => "SERVFAIL in answer",
            Self::Refused => "REFUSED in answer",
            Self::Bogus => "an answer that fails DNSSEC validation",
            Self::UnexpectedRcode => "an unexpected response code in answer",
            Self::Malformed => "an unreadable answer",
            Self::Truncated => "only a truncated answer",
            Self::AliasLoop => "a loop of aliases in answer",
            Self::NoServers => "no resolver is configured for an answer",
            Self::NotRecorded => "no recorded answer",
        }
    }
}

/// The cause alone, for a sentence that names the question elsewhere.
impl fmt::Display for LookupErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Timeout => "no answer in time",
            Self::Unreachable => "no server could be reached",
            Self::ServFail => "SERVFAIL",
            Self::Refused => "REFUSED",
            Self::Bogus => "DNSSEC validation failed",
            Self::UnexpectedRcode => "an unexpected response code",
            Self::Malformed => "an unreadable answer",
            Self::Truncated => "only a truncated answer",
            Self::AliasLoop => "a loop of aliases",
            Self::NoServers => "no resolver is configured",
            Self::NotRecorded => "not in the recording",
        })
    }
}

/// One message sent, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Attempt {
    /// The server asked.
    pub server: SocketAddr,
    /// Over what.
    pub transport: Transport,
    /// How it failed.
    pub failure: AttemptFailure,
    /// How long it took to fail.
    pub elapsed: Duration,
}

impl Attempt {
    /// Builds an attempt.
    #[must_use]
    pub fn new(
        server: SocketAddr,
        transport: Transport,
        failure: AttemptFailure,
        elapsed: Duration,
    ) -> Self {
        Self {
            server,
            transport,
            failure,
            elapsed,
        }
    }
}

impl fmt::Display for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            server,
            transport,
            failure,
            elapsed,
        } = self;
        write!(
            f,
            "{server} over {transport}: {failure} after {} ms",
            elapsed.as_millis()
        )
    }
}

/// How an attempt failed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum AttemptFailure {
    /// Nothing came in time, or nothing that answers the question: as many datagrams as `ignored` had another id or question.
    Timeout {
        /// Datagrams that were not the answer: late ones, or forged.
        ignored: u32,
    },
    /// A response code that settles nothing.
    Rcode(Rcode),
    /// The network or this host refused, in its own words.
    Network(String),
    /// What came could not be read.
    Malformed(String),
    /// The connection was closed before the answer.
    Closed,
}

impl fmt::Display for AttemptFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Timeout { ignored: 0 } => f.write_str("no answer"),
            Self::Timeout { ignored } => {
                write!(
                    f,
                    "no answer ({ignored} datagrams answered another question)"
                )
            }
            Self::Rcode(rcode) => rcode.fmt(f),
            Self::Network(text) => shown(text, f),
            Self::Malformed(text) => {
                f.write_str("unreadable answer: ")?;
                shown(text, f)
            }
            Self::Closed => f.write_str("connection closed"),
        }
    }
}

/// Without what a terminal would obey; quotes stay as they are.
fn shown(text: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    text.chars().try_for_each(|character| match character {
        '"' | '\'' => f.write_char(character),
        _ => character
            .escape_debug()
            .try_for_each(|character| f.write_char(character)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_peer_says_is_shown_without_what_a_terminal_obeys() {
        let failure = AttemptFailure::Network("not valid for \"a.test\"\u{1b}[2J\r\n".into());
        assert_eq!(
            failure.to_string(),
            r#"not valid for "a.test"\u{1b}[2J\r\n"#
        );
    }
}
