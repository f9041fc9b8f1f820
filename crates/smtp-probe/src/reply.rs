//! Replies, and the parser that reads them from whatever a server sends.
//!
//! A reply is one or more lines, each of them a code, a separator and text (RFC 5321 §4.2):
//!
//! ```text
//! Reply-line = *( Reply-code "-" [ textstring ] CRLF )
//!              Reply-code [ SP textstring ] CRLF
//! Reply-code = %x32-35 %x30-35 %x30-39
//! textstring = 1*(%d09 / %d32-126)
//! ```
//!
//! Servers send other things too, so the parser is lenient and keeps a record: every octet is kept, and every deviation from
//! the grammar is noted with its place. What cannot be a reply at all is an error, and says what it looks like.

use std::fmt;

use crate::code::{EnhancedCode, ReplyCode};
use crate::escape::Escaped;

mod deviation;
mod error;
mod parser;
#[cfg(test)]
mod tests;

pub use deviation::{Deviation, DeviationKind};
pub use error::{ReplyError, ReplyErrorKind, Resemblance};
pub use parser::{ReplyLimits, ReplyParser};

/// A reply of a server, with every octet it came in.
///
/// # Examples
///
/// ```
/// use smtp_probe::{Reply, ReplyCode};
///
/// let reply = Reply::parse(b"550-5.7.1 Listed\r\n550 5.7.1 See https://list.example\r\n")?;
/// assert_eq!(reply.code(), ReplyCode(550));
/// assert_eq!(reply.enhanced_code().map(|code| code.to_string()).as_deref(), Some("5.7.1"));
/// assert_eq!(reply.lines().count(), 2);
/// assert!(reply.deviations().is_empty());
/// # Ok::<(), smtp_probe::ReplyError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Reply {
    code: ReplyCode,
    /// The code to act on.
    effective: ReplyCode,
    raw: Vec<u8>,
    /// The text of each line, as a range of `raw`.
    texts: Vec<Span>,
    deviations: Vec<Deviation>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Span {
    start: usize,
    end: usize,
}

impl Reply {
    /// Reads one whole reply, such as a stored one.
    ///
    /// # Errors
    ///
    /// If the octets are not exactly one reply: none, a part of one, or more after it.
    pub fn parse(octets: &[u8]) -> Result<Self, ReplyError> {
        let mut parser = ReplyParser::new(ReplyLimits::default());
        let mut rest = octets;
        match parser.advance(&mut rest)? {
            Some(reply) if rest.is_empty() => Ok(reply),
            Some(_) => Err(ReplyError::new(ReplyErrorKind::Trailing, rest)),
            None => Err(parser
                .finish()
                .err()
                .unwrap_or_else(|| ReplyError::new(ReplyErrorKind::Truncated, octets))),
        }
    }

    /// The code: that of the first line, if they differ ([`DeviationKind::MixedCodes`]).
    #[must_use]
    pub fn code(&self) -> ReplyCode {
        self.code
    }

    /// The code to act on, which is [`code`](Self::code) unless the lines differ.
    ///
    /// RFC 5321 §4.2 leaves open what a reply of mixed codes says, so the worst counts: 421 on any line, because the server closes
    /// (RFC 5321 §3.8), else a refusal on the last line. Some servers begin a greeting with 220 and end it with a refusal.
    #[must_use]
    pub fn effective_code(&self) -> ReplyCode {
        self.effective
    }

    /// The enhanced status code of the first line (RFC 2034 §4); it means nothing in a greeting or a reply to EHLO.
    #[must_use]
    pub fn enhanced_code(&self) -> Option<EnhancedCode> {
        EnhancedCode::parse(self.code, self.first_line())
    }

    /// The text of each line, without code, separator and line end.
    pub fn lines(&self) -> impl ExactSizeIterator<Item = &[u8]> {
        self.texts
            .iter()
            .map(|span| self.raw.get(span.start..span.end).unwrap_or_default())
    }

    /// The text of the first line.
    #[must_use]
    pub fn first_line(&self) -> &[u8] {
        self.lines().next().unwrap_or_default()
    }

    /// Every octet, line ends included.
    #[must_use]
    pub fn raw(&self) -> &[u8] {
        &self.raw
    }

    /// Where the reply deviates from the grammar, in order; the first 32.
    #[must_use]
    pub fn deviations(&self) -> &[Deviation] {
        &self.deviations
    }
}

/// The lines on one line, escaped: `250 mx.example / SIZE 1000 / STARTTLS`.
impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.code.fmt(f)?;
        for (index, line) in self.lines().enumerate() {
            if !line.is_empty() {
                write!(
                    f,
                    "{}{}",
                    if index == 0 { " " } else { " / " },
                    Escaped(line)
                )?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Reply(\"{}\"", Escaped(&self.raw))?;
        if !self.deviations.is_empty() {
            write!(f, ", {:?}", self.deviations)?;
        }
        f.write_str(")")
    }
}

/// A reply is stored as its octets, and all else follows from them.
#[cfg(feature = "serde")]
impl serde::Serialize for Reply {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        crate::escape::octets::serialize(&self.raw, serializer)
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for Reply {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let octets = crate::escape::octets::deserialize(deserializer)?;
        // It was within its limits when it was stored; here only the stored text bounds it.
        let mut parser = ReplyParser::new(ReplyLimits::within(octets.len()));
        let mut rest = octets.as_slice();
        match parser.advance(&mut rest) {
            Ok(Some(reply)) if rest.is_empty() => Ok(reply),
            Ok(Some(_)) => Err(serde::de::Error::custom(
                "expected one reply, found more after it",
            )),
            Ok(None) => Err(serde::de::Error::custom(
                "expected a whole reply, found a part of one",
            )),
            Err(error) => Err(serde::de::Error::custom(error)),
        }
    }
}
