//! Lines of mail logs that say what became of a recipient: of Postfix, Exim and OpenSMTPD.

use std::fmt;
use std::net::IpAddr;
use std::ops::Range;
use std::time::Duration;

use crate::code::EnhancedCode;
use crate::diagnosis::Diagnosis;
use crate::escape::Escaped;

mod exim;
mod opensmtpd;
mod postfix;
mod prefix;
#[cfg(test)]
mod tests;

use prefix::Prefix;

/// No more of a line is read.
const LIMIT: usize = 8192;

/// Whose log a line is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum LogSystem {
    /// Postfix, through syslog or its own log file.
    Postfix,
    /// Exim's main log, or the same through syslog.
    Exim,
    /// OpenSMTPD, through syslog.
    OpenSmtpd,
}

/// What became of a recipient, or of a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Disposition {
    /// Delivered, or handed on.
    Sent,
    /// Not yet; it is tried again.
    Deferred,
    /// Not, and given up.
    Bounced,
    /// Given up because it took too long.
    Expired,
    /// This system refused a client's command for good.
    Rejected,
    /// This system refused a client's command for now.
    RejectedForNow,
}

/// A line of a mail log.
///
/// # Limits
///
/// The first 8,192 octets of a line are read.
///
/// # Examples
///
/// ```
/// use smtp_probe::{Disposition, LogLine, Reason};
///
/// let line = b"Nov 29 00:34:26 out postfix/smtp[7]: 4XYZ: to=<a@b.example>, relay=mx.b.example[192.0.2.1]:25, delay=1, \
///     delays=0/0/1/0, dsn=4.7.1, status=deferred (host mx.b.example[192.0.2.1] said: 450 4.7.1 Greylisted, try again in 300 s)";
/// let line = LogLine::parse(line).ok_or("a line that is known")?;
/// assert_eq!(line.disposition, Disposition::Deferred);
/// assert_eq!(line.relay_host.as_deref(), Some("mx.b.example"));
/// assert_eq!(line.diagnosis.reason, Reason::Greylisted);
/// # Ok::<(), &str>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct LogLine {
    /// Whose log it is of.
    pub system: LogSystem,
    /// When it was written. The traditional form of syslog has no year: the time is then since the start of a leap year. All
    /// others are since 1970; one without a zone is taken for UTC.
    pub time: Option<Duration>,
    /// The queue's name for the message, escaped.
    pub queue_id: Option<String>,
    /// What became of it.
    pub disposition: Disposition,
    /// The recipient, escaped; a client that was refused early may have named none.
    pub recipient: Option<String>,
    /// Where the recipient stands in the line.
    pub recipient_at: Option<Range<usize>>,
    /// The other host: the next one for mail that goes out, the client for mail that was refused; escaped.
    pub relay_host: Option<String>,
    /// Its address.
    pub relay_address: Option<IpAddr>,
    /// Its status (RFC 3463), from a field of the line or from its text.
    pub dsn: Option<EnhancedCode>,
    /// What was said, escaped.
    pub text: String,
    /// Where that stands in the line.
    pub text_at: Range<usize>,
    /// What it means; of what was sent, nothing.
    pub diagnosis: Diagnosis,
}

impl LogLine {
    /// Reads a line, with or without its end; `None` if it is of another kind.
    #[must_use]
    pub fn parse(line: &[u8]) -> Option<Self> {
        let line = line.get(..LIMIT).unwrap_or(line).trim_ascii_end();
        let prefix = Prefix::of(line)?;
        let found = match prefix.system {
            LogSystem::Postfix => postfix::parse(line, &prefix),
            LogSystem::Exim => exim::parse(line, &prefix),
            LogSystem::OpenSmtpd => opensmtpd::parse(line, &prefix),
        }?;
        Some(found.into_line(line, &prefix))
    }
}

/// What a parser finds, as places in the line.
#[derive(Debug, Default)]
struct Found {
    disposition: Option<Disposition>,
    queue_id: Option<Range<usize>>,
    recipient: Option<Range<usize>>,
    host: Option<Range<usize>>,
    address: Option<IpAddr>,
    dsn: Option<EnhancedCode>,
    text: Range<usize>,
}

impl Found {
    fn into_line(self, line: &[u8], prefix: &Prefix) -> LogLine {
        let shown =
            |range: &Range<usize>| Escaped(line.get(range.clone()).unwrap_or_default()).to_string();
        let disposition = self.disposition.unwrap_or(Disposition::Rejected);
        let said = line.get(self.text.clone()).unwrap_or_default();
        let diagnosis = match disposition {
            Disposition::Sent => Diagnosis::of_text(b""),
            _ => Diagnosis::with_status(said, self.dsn),
        };
        LogLine {
            system: prefix.system,
            time: prefix.time,
            queue_id: self.queue_id.as_ref().map(shown),
            disposition,
            recipient: self.recipient.as_ref().map(shown),
            recipient_at: self.recipient,
            relay_host: self.host.as_ref().map(shown),
            relay_address: self.address,
            dsn: self.dsn.or(diagnosis.enhanced),
            text: shown(&self.text),
            text_at: self.text,
            diagnosis,
        }
    }
}

/// Where `needle` stands in `line` from `start` on.
fn find(line: &[u8], start: usize, needle: &[u8]) -> Option<usize> {
    let rest = line.get(start..)?;
    memchr::memmem::find(rest, needle).map(|at| start + at)
}

/// From `start` to the first octet of `ends`, or to the end.
fn until(line: &[u8], start: usize, ends: &[u8]) -> Range<usize> {
    let rest = line.get(start..).unwrap_or_default();
    let length = rest
        .iter()
        .position(|octet| ends.contains(octet))
        .unwrap_or(rest.len());
    start..start + length
}

/// What stands in the angle brackets behind `label`, such as `to=`.
fn bracketed(line: &[u8], start: usize, label: &[u8]) -> Option<Range<usize>> {
    let at = find(line, start, label)? + label.len();
    let at = if line.get(at) == Some(&b'<') {
        at + 1
    } else {
        return None;
    };
    let inner = until(line, at, b">");
    (inner.end > inner.start && line.get(inner.end) == Some(&b'>')).then_some(inner)
}

/// An address such as `192.0.2.1` or `IPv6:2001:db8::1`.
fn ip(text: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(text).ok()?;
    text.strip_prefix("IPv6:").unwrap_or(text).parse().ok()
}

/// `mx.example[192.0.2.1]:25`, `[192.0.2.1]:25` or `mx.example [192.0.2.1]`, from `start` on: the name if it is one, and the address.
fn host_and_address(line: &[u8], start: usize) -> (Option<Range<usize>>, Option<IpAddr>) {
    let name = until(line, start, b"[ ,;:()");
    let bracket = if line.get(name.end) == Some(&b' ') {
        name.end + 1
    } else {
        name.end
    };
    let address = (line.get(bracket) == Some(&b'['))
        .then(|| until(line, bracket + 1, b"]"))
        .and_then(|inner| ip(line.get(inner)?));
    let is_name = line
        .get(name.clone())
        .is_some_and(|name| !name.is_empty() && !matches!(name, b"none" | b"unknown" | b"local"));
    (is_name.then_some(name), address)
}

/// Whether `text` begins with a code of a temporary refusal.
fn is_for_now(text: &[u8]) -> bool {
    text.trim_ascii_start().starts_with(b"4")
}

impl fmt::Display for Disposition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Sent => "sent",
            Self::Deferred => "deferred",
            Self::Bounced => "bounced",
            Self::Expired => "expired",
            Self::Rejected => "rejected",
            Self::RejectedForNow => "rejected for now",
        })
    }
}
