//! What a server says it can do (RFC 5321 §4.1.1.1).

use std::collections::BTreeSet;
use std::fmt;

use crate::escape::Escaped;
use crate::reply::Reply;

mod capability;
mod deviation;
mod difference;
#[cfg(test)]
mod tests;

pub use capability::{Capability, FutureRelease, Limits, Priorities};
pub use deviation::{EhloDeviation, EhloDeviationKind};
pub use difference::{AcrossTls, EhloDifference};

/// A positive reply to EHLO or HELO.
///
/// The first line is the server's name and a greeting, never a keyword, whatever it says. Keywords are compared without regard to case;
/// lines that are no keyword by the grammar are kept all the same.
///
/// # Examples
///
/// ```
/// use smtp_probe::{Ehlo, Reply, Size};
///
/// let reply = Reply::parse(b"250-STARTTLS.example hello\r\n250-size 35882577\r\n250 8BITMIME\r\n")?;
/// let ehlo = Ehlo::new(reply);
/// assert_eq!(ehlo.domain(), b"STARTTLS.example");
/// assert!(!ehlo.supports("STARTTLS"), "that was its name");
/// assert_eq!(ehlo.size(), Some(Size::Limit(35_882_577)));
/// # Ok::<(), smtp_probe::ReplyError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
pub struct Ehlo {
    reply: Reply,
}

impl Ehlo {
    /// Takes the reply for a positive one to EHLO.
    #[must_use]
    pub fn new(reply: Reply) -> Self {
        Self { reply }
    }

    /// The reply.
    #[must_use]
    pub fn reply(&self) -> &Reply {
        &self.reply
    }

    /// The server's name: the first word of the first line.
    #[must_use]
    pub fn domain(&self) -> &[u8] {
        self.reply
            .first_line()
            .split(u8::is_ascii_whitespace)
            .next()
            .unwrap_or_default()
    }

    /// The extensions, in the server's order, unknown and malformed ones included.
    pub fn extensions(&self) -> impl Iterator<Item = Extension<'_>> {
        self.reply.lines().skip(1).map(Extension::parse)
    }

    /// Whether `keyword` is among the extensions.
    #[must_use]
    pub fn supports(&self, keyword: &str) -> bool {
        self.extensions().any(|extension| extension.is(keyword))
    }

    /// Whether it is what Sendmail gives to a client that it refuses: it greets it with 220, lists ENHANCEDSTATUSCODES alone, and
    /// answers all but NOOP and QUIT with the refusal.
    pub(crate) fn may_be_withheld(&self) -> bool {
        let mut extensions = self.capabilities();
        extensions.next() == Some(Capability::EnhancedStatusCodes) && extensions.next().is_none()
    }

    /// What each extension says the server can do, in the server's order.
    pub fn capabilities(&self) -> impl Iterator<Item = Capability<'_>> {
        self.extensions().map(|extension| extension.capability())
    }

    /// Where the reply breaks the rules of the extensions that it names.
    #[must_use]
    pub fn deviations(&self) -> Vec<EhloDeviation> {
        deviation::deviations(self)
    }

    /// The SIZE extension; `None` if it is not offered. Of several, the first.
    #[must_use]
    pub fn size(&self) -> Option<Size> {
        self.capabilities().find_map(|capability| match capability {
            Capability::Size(size) => Some(size),
            _ => None,
        })
    }

    /// The limits of the LIMITS extension (RFC 9422); `None` if it is not offered, or malformed, which voids it as a whole.
    #[must_use]
    pub fn limits(&self) -> Option<Limits> {
        self.capabilities().find_map(|capability| match capability {
            Capability::Limits(limits) => limits,
            _ => None,
        })
    }

    /// The authentication mechanisms of every AUTH line (RFC 4954 §3), in upper case, each once; the old form `AUTH=` counts.
    #[must_use]
    pub fn auth_mechanisms(&self) -> Vec<String> {
        let mut seen = BTreeSet::new();
        let mut mechanisms = Vec::new();
        for extension in self.extensions().filter(|extension| extension.is("AUTH")) {
            for mechanism in extension.parameters() {
                let mechanism = Escaped(mechanism).to_string().to_ascii_uppercase();
                if seen.insert(mechanism.clone()) {
                    mechanisms.push(mechanism);
                }
            }
        }
        mechanisms
    }
}

/// One line of a reply to EHLO after the first.
///
/// ```text
/// ehlo-line    = ehlo-keyword *( SP ehlo-param )
/// ehlo-keyword = (ALPHA / DIGIT) *(ALPHA / DIGIT / "-")
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Extension<'a> {
    line: &'a [u8],
    keyword: &'a [u8],
}

impl<'a> Extension<'a> {
    /// A CR too many at the end and blanks at the start do not hide a keyword: careless senders see it too.
    fn parse(line: &'a [u8]) -> Self {
        let line = line.trim_ascii();
        let end = line.iter().position(|octet| matches!(octet, b' ' | b'\t'));
        let mut keyword = line.get(..end.unwrap_or(line.len())).unwrap_or_default();
        // `AUTH=LOGIN PLAIN`, from before RFC 4954.
        if let Some((name, [b'=', ..])) = keyword.split_at_checked(4)
            && name.eq_ignore_ascii_case(b"AUTH")
        {
            keyword = name;
        }
        Self { line, keyword }
    }

    /// What it says the server can do.
    #[must_use]
    pub fn capability(&self) -> Capability<'a> {
        Capability::of(*self)
    }

    /// The whole line, as sent.
    #[must_use]
    pub fn line(&self) -> &'a [u8] {
        self.line
    }

    /// Whether this is `keyword`, without regard to case.
    #[must_use]
    pub fn is(&self, keyword: &str) -> bool {
        self.keyword.eq_ignore_ascii_case(keyword.as_bytes())
    }

    /// The keyword as sent.
    #[must_use]
    pub fn keyword(&self) -> &'a [u8] {
        self.keyword
    }

    /// The parameters, split at blanks.
    pub fn parameters(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let rest = self.line.get(self.keyword.len()..).unwrap_or_default();
        let rest = rest.strip_prefix(b"=").unwrap_or(rest);
        rest.split(|octet| matches!(octet, b' ' | b'\t'))
            .filter(|parameter| !parameter.is_empty())
    }

    /// Whether the keyword is one by the grammar.
    #[must_use]
    pub fn is_well_formed(&self) -> bool {
        let [first, rest @ ..] = self.keyword else {
            return false;
        };
        first.is_ascii_alphanumeric()
            && rest
                .iter()
                .all(|octet| octet.is_ascii_alphanumeric() || *octet == b'-')
    }
}

impl fmt::Display for Extension<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Escaped(self.line).fmt(f)
    }
}

impl fmt::Debug for Extension<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Extension({self})")
    }
}

/// What the SIZE extension says (RFC 1870 §4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "RFC 1870 §4 knows these, and there are mistakes"
)]
pub enum Size {
    /// It is offered without a value.
    Unstated,
    /// 0: there is no fixed limit.
    Unlimited,
    /// The longest message, in octets. A value of more than 64 bits, which twenty digits can spell, counts as the greatest.
    Limit(u64),
    /// The value is no number of at most twenty digits.
    Invalid,
}

impl Size {
    fn of(extension: Extension<'_>) -> Self {
        let mut parameters = extension.parameters();
        match (parameters.next(), parameters.next()) {
            (None, _) => Self::Unstated,
            (Some(digits), None) => Self::parse(digits),
            (Some(_), Some(_)) => Self::Invalid,
        }
    }

    fn parse(digits: &[u8]) -> Self {
        if digits.len() > 20 || !digits.iter().all(u8::is_ascii_digit) {
            return Self::Invalid;
        }
        let value = digits.iter().fold(0u64, |sum, digit| {
            sum.saturating_mul(10)
                .saturating_add(u64::from(digit - b'0'))
        });
        if value == 0 {
            Self::Unlimited
        } else {
            Self::Limit(value)
        }
    }
}
