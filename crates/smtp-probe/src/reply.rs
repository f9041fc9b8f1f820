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
//! Servers send other things too, so the parser is lenient and nothing is lost: every octet is kept, and every deviation from
//! the grammar can be told with its place. What cannot be a reply at all is an error, and says what it looks like.

use std::fmt;

use crate::code::{EnhancedCode, ReplyCode};
use crate::escape::Escaped;

mod deviation;
mod error;
mod line;
mod parser;
mod scan;
#[cfg(test)]
mod tests;

pub use deviation::{Deviation, DeviationKind};
pub use error::{ReplyError, ReplyErrorKind, Resemblance};
pub use parser::{ReplyLimits, ReplyParser};

/// A reply where it was received: a view of octets that others own.
///
/// Nothing is copied, and nothing but its codes is worked out before it is asked for. [`to_owned`](Self::to_owned) makes a
/// [`Reply`] of it.
///
/// # Examples
///
/// ```
/// use smtp_probe::{ReplyCode, ReplyLimits, ReplyParser};
///
/// let mut input = &b"250-mx.example\r\n250 SIZE 1000\r\n221 bye\r\n"[..];
/// let mut parser = ReplyParser::new(ReplyLimits::default());
/// while let Some(reply) = parser.advance(&mut input)? {
///     println!("{} in {} lines", reply.code(), reply.lines().count());
/// }
/// # Ok::<(), smtp_probe::ReplyError>(())
/// ```
#[derive(Clone, Copy)]
pub struct ReplyRef<'a> {
    raw: &'a [u8],
    head: Head,
}

/// What reading a reply tells of it at once.
#[derive(Debug, Clone, Copy)]
struct Head {
    code: ReplyCode,
    /// The code to act on.
    effective: ReplyCode,
    /// It is known to have no deviation. Where it is not known, the octets tell.
    well_formed: bool,
}

impl<'a> ReplyRef<'a> {
    /// Reads one whole reply, such as a stored one.
    ///
    /// # Errors
    ///
    /// If the octets are not exactly one reply: none, a part of one, or more after it.
    pub fn parse(octets: &'a [u8]) -> Result<Self, ReplyError> {
        let mut parser = ReplyParser::new(ReplyLimits::default());
        let mut rest = octets;
        let head = parser.advance(&mut rest)?.map(|reply| reply.head);
        match head {
            Some(head) if rest.is_empty() => Ok(Self { raw: octets, head }),
            Some(_) => Err(ReplyError::new(ReplyErrorKind::Trailing, rest)),
            None => Err(parser
                .finish()
                .err()
                .unwrap_or_else(|| ReplyError::new(ReplyErrorKind::Truncated, octets))),
        }
    }

    /// The code: that of the first line, if they differ ([`DeviationKind::MixedCodes`]).
    #[must_use]
    pub fn code(self) -> ReplyCode {
        self.head.code
    }

    /// The code to act on, which is [`code`](Self::code) unless the lines differ.
    ///
    /// RFC 5321 §4.2 leaves open what a reply of mixed codes says, so the worst counts: 421 on any line, because the server closes
    /// (RFC 5321 §3.8), else a refusal on the last line. Some servers begin a greeting with 220 and end it with a refusal.
    #[must_use]
    pub fn effective_code(self) -> ReplyCode {
        self.head.effective
    }

    /// The enhanced status code of the first line (RFC 2034 §4); it means nothing in a greeting or a reply to EHLO.
    #[inline]
    #[must_use]
    pub fn enhanced_code(self) -> Option<EnhancedCode> {
        match self.raw {
            [_, _, _, b' ' | b'-', text @ ..] => EnhancedCode::parse_line(self.head.code, text),
            _ => None,
        }
    }

    /// The text of each line, without code, separator and line end.
    pub fn lines(self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        line::lines(self.raw).map(|line| line.text)
    }

    /// The text of the first line.
    #[must_use]
    pub fn first_line(self) -> &'a [u8] {
        self.lines().next().unwrap_or_default()
    }

    /// Every octet, line ends included.
    #[must_use]
    pub fn raw(self) -> &'a [u8] {
        self.raw
    }

    /// Where the reply deviates from the grammar, in the order of the octets.
    pub fn deviations(self) -> impl Iterator<Item = Deviation> + use<'a> {
        // Nothing is looked for where it is known that there is nothing.
        let raw = if self.head.well_formed { &[] } else { self.raw };
        deviation::deviations(raw, self.head.code)
    }

    /// The same, with octets of its own.
    #[must_use]
    pub fn to_owned(self) -> Reply {
        Reply {
            raw: self.raw.into(),
            head: self.head,
        }
    }
}

/// The lines on one line, escaped: `250 mx.example / SIZE 1000 / STARTTLS`.
impl fmt::Display for ReplyRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.head.code.fmt(f)?;
        for (index, line) in self.lines().enumerate() {
            if !line.is_empty() {
                let gap = if index == 0 { " " } else { " / " };
                write!(f, "{gap}{}", Escaped(line))?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for ReplyRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Reply(\"{}\"", Escaped(self.raw))?;
        for deviation in self.deviations().take(8) {
            write!(f, ", {deviation}")?;
        }
        f.write_str(")")
    }
}

/// The same octets.
impl PartialEq for ReplyRef<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.raw == other.raw
    }
}

impl Eq for ReplyRef<'_> {}

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
/// assert_eq!(reply.deviations().next(), None);
/// # Ok::<(), smtp_probe::ReplyError>(())
/// ```
#[derive(Clone)]
pub struct Reply {
    raw: Box<[u8]>,
    head: Head,
}

impl Reply {
    /// Reads one whole reply, such as a stored one.
    ///
    /// # Errors
    ///
    /// If the octets are not exactly one reply: none, a part of one, or more after it.
    pub fn parse(octets: &[u8]) -> Result<Self, ReplyError> {
        ReplyRef::parse(octets).map(ReplyRef::to_owned)
    }

    /// The reply as a view.
    #[must_use]
    pub fn as_ref(&self) -> ReplyRef<'_> {
        ReplyRef {
            raw: &self.raw,
            head: self.head,
        }
    }

    /// See [`ReplyRef::code`].
    #[must_use]
    pub fn code(&self) -> ReplyCode {
        self.head.code
    }

    /// See [`ReplyRef::effective_code`].
    #[must_use]
    pub fn effective_code(&self) -> ReplyCode {
        self.head.effective
    }

    /// See [`ReplyRef::enhanced_code`].
    #[must_use]
    pub fn enhanced_code(&self) -> Option<EnhancedCode> {
        self.as_ref().enhanced_code()
    }

    /// See [`ReplyRef::lines`].
    pub fn lines(&self) -> impl Iterator<Item = &[u8]> {
        self.as_ref().lines()
    }

    /// See [`ReplyRef::first_line`].
    #[must_use]
    pub fn first_line(&self) -> &[u8] {
        self.as_ref().first_line()
    }

    /// See [`ReplyRef::raw`].
    #[must_use]
    pub fn raw(&self) -> &[u8] {
        &self.raw
    }

    /// See [`ReplyRef::deviations`].
    pub fn deviations(&self) -> impl Iterator<Item = Deviation> {
        self.as_ref().deviations()
    }
}

/// As [`ReplyRef`] is shown.
impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_ref().fmt(f)
    }
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.as_ref(), f)
    }
}

/// The same octets.
impl PartialEq for Reply {
    fn eq(&self, other: &Self) -> bool {
        self.as_ref() == other.as_ref()
    }
}

impl Eq for Reply {}

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
            Ok(Some(reply)) if rest.is_empty() => Ok(reply.to_owned()),
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
