//! How a session is to go: who we say we are, whether TLS, and how long to wait.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;
use std::time::Duration;

use crate::envelope::Envelope;
use crate::proxy_header::ProxyHeader;
use crate::reply::ReplyLimits;
use crate::session::Errand;

/// How a session is to go: all that a [`Session`](crate::Session) and a [`Probe`](crate::Probe) need to know of it.
///
/// # Examples
///
/// ```
/// use smtp_probe::{Envelope, Security, SessionOptions};
///
/// let options = SessionOptions::new("probe.example.com".parse()?, Security::StartTls)
///     .trying_unoffered_starttls()
///     .with_envelope(Envelope::null_sender().to("postmaster@example.net".parse()?)?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SessionOptions {
    pub(crate) name: EhloName,
    pub(crate) security: Security,
    #[cfg_attr(feature = "serde", serde(default))]
    pub(crate) timeouts: Timeouts,
    #[cfg_attr(feature = "serde", serde(default, with = "Limits"))]
    pub(crate) limits: ReplyLimits,
    #[cfg_attr(feature = "serde", serde(default))]
    pub(crate) tries_unoffered: bool,
    /// What to say between EHLO and QUIT; rare, so it takes no room where there is none.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub(crate) errand: Option<Box<Errand>>,
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub(crate) proxy: Option<ProxyHeader>,
}

/// How limits are stored.
#[cfg(feature = "serde")]
#[derive(serde::Serialize, serde::Deserialize)]
#[serde(remote = "ReplyLimits")]
struct Limits {
    line: usize,
    lines: usize,
    reply: usize,
}

impl SessionOptions {
    /// Greeting, EHLO, TLS if it is wanted, EHLO again and QUIT, with the usual timeouts and limits.
    #[must_use]
    pub fn new(name: EhloName, security: Security) -> Self {
        Self {
            name,
            security,
            timeouts: Timeouts::default(),
            limits: ReplyLimits::default(),
            tries_unoffered: false,
            errand: None,
            proxy: None,
        }
    }

    /// The same with other timeouts.
    #[must_use]
    pub fn with_timeouts(mut self, timeouts: Timeouts) -> Self {
        self.timeouts = timeouts;
        self
    }

    /// The same with other limits of a reply.
    #[must_use]
    pub fn with_limits(mut self, limits: ReplyLimits) -> Self {
        self.limits = limits;
        self
    }

    /// The same with STARTTLS where a list of extensions lacks it: if it works there, something on the way takes the offer out.
    ///
    /// It is a command that the server has not offered, so it is not sent unless asked for.
    #[must_use]
    pub fn trying_unoffered_starttls(mut self) -> Self {
        self.tries_unoffered = true;
        self
    }

    /// The same with this envelope after the last EHLO, and RSET after it; never a message.
    ///
    /// Where TLS is wanted it is sent inside TLS or not at all ([`Observation::skipped`](crate::Observation::skipped)); with
    /// [`Security::None`] it is sent in the clear.
    #[must_use]
    pub fn with_envelope(mut self, envelope: Envelope) -> Self {
        self.errand = Some(Box::new(Errand::Envelope(envelope)));
        self
    }

    /// The same with this header before everything else, TLS included, for a server behind a proxy.
    #[must_use]
    pub fn with_proxy_header(mut self, header: ProxyHeader) -> Self {
        self.proxy = Some(header);
        self
    }

    /// Whether and how the session is encrypted.
    #[must_use]
    pub fn security(&self) -> Security {
        self.security
    }

    /// The name said in EHLO.
    #[must_use]
    pub fn name(&self) -> &EhloName {
        &self.name
    }

    /// How long is waited for what.
    #[must_use]
    pub fn timeouts(&self) -> Timeouts {
        self.timeouts
    }

    pub(crate) fn with_errand(mut self, errand: Errand) -> Self {
        self.errand = Some(Box::new(errand));
        self
    }

    pub(crate) fn without_errand(mut self) -> Self {
        self.errand = None;
        self
    }

    pub(crate) fn with_name(mut self, name: EhloName) -> Self {
        self.name = name;
        self
    }

    pub(crate) fn with_security(mut self, security: Security) -> Self {
        self.security = security;
        self
    }
}

/// What follows EHLO: the name of this host (RFC 5321 §4.1.1.1).
///
/// Servers judge it, so there is no default: it should be the name that the sending address's PTR record gives. A host without
/// a name says its address in brackets. Names that real servers refuse are refused here: `localhost`, single labels, underscores.
///
/// # Examples
///
/// ```
/// use smtp_probe::EhloName;
///
/// let name: EhloName = "probe.example.com".parse()?;
/// assert_eq!(name.to_string(), "probe.example.com");
/// let literal = EhloName::from(std::net::IpAddr::from([192, 0, 2, 1]));
/// assert_eq!(literal.to_string(), "[192.0.2.1]");
///
/// let error = "localhost".parse::<EhloName>().unwrap_err();
/// assert_eq!(error.to_string(), "expected a fully qualified name or an address in brackets, found `localhost`");
/// # Ok::<(), smtp_probe::EhloNameError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(into = "String"))]
pub struct EhloName(String);

/// What is stored may be of a test, whose names servers refuse; it stays on its line all the same.
#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for EhloName {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::raw(&text).ok_or_else(|| serde::de::Error::custom(EhloNameError { found: text }))
    }
}

impl EhloName {
    /// A name that servers may refuse, to see whether they do; `None` if it would not stay on its line.
    pub(crate) fn raw(text: &str) -> Option<Self> {
        let fits =
            (1..=255).contains(&text.len()) && text.bytes().all(|octet| octet.is_ascii_graphic());
        fits.then(|| Self(text.to_owned()))
    }
}

impl From<EhloName> for String {
    fn from(name: EhloName) -> Self {
        name.0
    }
}

impl TryFrom<String> for EhloName {
    type Error = EhloNameError;

    fn try_from(text: String) -> Result<Self, EhloNameError> {
        text.parse()
    }
}

impl fmt::Display for EhloName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The address literal (RFC 5321 §4.1.3).
impl From<IpAddr> for EhloName {
    fn from(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V4(address) => format!("[{address}]"),
            IpAddr::V6(address) => format!("[IPv6:{address}]"),
        })
    }
}

impl FromStr for EhloName {
    type Err = EhloNameError;

    fn from_str(text: &str) -> Result<Self, EhloNameError> {
        if is_host_name(text) || is_literal(text) {
            return Ok(Self(text.to_owned()));
        }
        Err(EhloNameError {
            found: text.to_owned(),
        })
    }
}

/// Two labels at least, of letters, digits and inner hyphens, the last not all digits (RFC 5321 §4.1.2, RFC 1123 §2.1).
fn is_host_name(text: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label
                .bytes()
                .all(|octet| octet.is_ascii_alphanumeric() || octet == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let last = text.rsplit('.').next().unwrap_or_default();
    text.len() <= 253
        && text.contains('.')
        && text.split('.').all(label)
        && !last.bytes().all(|octet| octet.is_ascii_digit())
}

fn is_literal(text: &str) -> bool {
    let Some(inner) = text
        .strip_prefix('[')
        .and_then(|text| text.strip_suffix(']'))
    else {
        return false;
    };
    match inner.strip_prefix("IPv6:") {
        Some(address) => address.parse::<Ipv6Addr>().is_ok(),
        None => inner.parse::<std::net::Ipv4Addr>().is_ok(),
    }
}

/// Text that is no name for EHLO.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected a fully qualified name or an address in brackets, found `{}`", found.escape_debug())]
pub struct EhloNameError {
    found: String,
}

/// Whether and how a session is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Security {
    /// Begins in the clear and asks for TLS where it is offered (RFC 3207): ports 25 and 587.
    StartTls,
    /// TLS from the first octet (RFC 8314 §3): port 465.
    Implicit,
    /// In the clear; TLS is not asked for.
    None,
}

/// How long to wait for what.
///
/// A deadline is for a whole reply, not for one read: a server that sends an octet now and then does not renew it.
/// RFC 5321 §4.5.3.2 has a sender wait 5 minutes for a greeting and for most replies, so what is late here is not proved to be dead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Timeouts {
    /// For the TCP connection: 10 s.
    pub connect: Duration,
    /// For the greeting: 30 s, because servers delay it on purpose, by up to about 20 s.
    pub greeting: Duration,
    /// For every other reply, and for a command to be taken: 20 s.
    pub reply: Duration,
    /// For the TLS handshake: 15 s.
    pub handshake: Duration,
    /// For the reply to QUIT, which nothing depends on: 2 s.
    pub quit: Duration,
    /// For all together: 60 s.
    pub session: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            greeting: Duration::from_secs(30),
            reply: Duration::from_secs(20),
            handshake: Duration::from_secs(15),
            quit: Duration::from_secs(2),
            session: Duration::from_secs(60),
        }
    }
}

impl Timeouts {
    /// The same with nothing longer than `session`.
    #[must_use]
    pub fn within(self, session: Duration) -> Self {
        Self {
            connect: self.connect.min(session),
            greeting: self.greeting.min(session),
            reply: self.reply.min(session),
            handshake: self.handshake.min(session),
            quit: self.quit.min(session),
            session: self.session.min(session),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn item_29_names_that_servers_refuse_are_refused_here() {
        for name in [
            "probe.example.com",
            "a-b.example",
            "[192.0.2.1]",
            "[IPv6:2001:db8::1]",
        ] {
            assert_eq!(
                name.parse::<EhloName>().map(|name| name.to_string()),
                Ok(name.to_owned())
            );
        }
        for name in [
            "",
            "localhost",
            "a_b.example",
            ".example",
            "example.",
            "-a.example",
            "192.0.2.1",
            "[2001:db8::1]",
            "[192.0.2.256]",
            "a b.example",
            "bücher.example",
        ] {
            assert!(name.parse::<EhloName>().is_err(), "{name}");
        }
    }

    #[test]
    fn item_75_no_command_can_be_smuggled_in() {
        for name in ["a.example\r\nMAIL FROM:<>", "a.example\n", "a.example\0"] {
            let error = name.parse::<EhloName>().expect_err("refused");
            assert!(!error.to_string().contains(['\r', '\n', '\0']), "{error}");
        }
    }

    #[test]
    fn mapped_addresses_are_said_as_ipv4() {
        let mapped: IpAddr = "::ffff:192.0.2.1".parse().expect("an address");
        assert_eq!(EhloName::from(mapped).to_string(), "[192.0.2.1]");
    }
}
