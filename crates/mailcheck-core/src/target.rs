//! What is to be checked.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use mail_dns::DomainName;
use serde::{Deserialize, Serialize};

/// What is to be checked: a mail domain, one port of a host, or an address.
///
/// # Examples
///
/// ```
/// use mailcheck_core::Target;
///
/// assert!(matches!("example.com".parse()?, Target::Domain(_)));
/// assert!(matches!("mail.example.com:587".parse()?, Target::Host { port: 587, .. }));
/// assert!(matches!("[2001:db8::1]:25".parse()?, Target::Address { port: Some(25), .. }));
///
/// let error = "mail.example.com:70000".parse::<Target>().unwrap_err();
/// assert_eq!(error.to_string(), "expected a port from 1 to 65535, found `70000`");
/// # Ok::<(), mailcheck_core::TargetError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[expect(
    clippy::exhaustive_enums,
    reason = "a name, a name with a port, an address"
)]
pub enum Target {
    /// A mail domain, what stands behind the `@`: `example.com`.
    Domain(DomainName),
    /// One port of a host: `mail.example.com:587`.
    Host {
        /// The host.
        name: DomainName,
        /// The TCP port.
        port: u16,
    },
    /// An address, with a port or without: `192.0.2.1`, `[2001:db8::1]:25`.
    Address {
        /// The address.
        address: IpAddr,
        /// The one port to look at; `None` for the usual ones.
        port: Option<u16>,
    },
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Domain(name) => name.fmt(f),
            Self::Host { name, port } => write!(f, "{name}:{port}"),
            Self::Address {
                address,
                port: None,
            } => address.fmt(f),
            Self::Address {
                address,
                port: Some(port),
            } => SocketAddr::new(*address, *port).fmt(f),
        }
    }
}

impl From<Target> for String {
    fn from(target: Target) -> Self {
        target.to_string()
    }
}

impl TryFrom<String> for Target {
    type Error = TargetError;

    fn try_from(text: String) -> Result<Self, TargetError> {
        text.parse()
    }
}

impl FromStr for Target {
    type Err = TargetError;

    fn from_str(text: &str) -> Result<Self, TargetError> {
        let fault = |kind| {
            Err(TargetError {
                kind,
                found: text.to_owned(),
            })
        };
        if text.trim().is_empty() {
            return fault(TargetErrorKind::Empty);
        }
        if text.contains("://") {
            return fault(TargetErrorKind::Url);
        }
        if text.contains('@') {
            return fault(TargetErrorKind::MailAddress);
        }
        let (host, port) = split_port(text);
        let port = port.map(parse_port).transpose()?;
        if let Some(address) = parse_address(host) {
            return Ok(Self::Address { address, port });
        }
        if host.starts_with('[') || looks_like_address(host) {
            return fault(TargetErrorKind::Address);
        }
        let name: DomainName = host.parse().map_err(|error| TargetError {
            kind: TargetErrorKind::Name(error),
            found: host.to_owned(),
        })?;
        if name.is_root() {
            return fault(TargetErrorKind::Root);
        }
        Ok(match port {
            Some(port) => Self::Host { name, port },
            None => Self::Domain(name),
        })
    }
}

/// `host:port`, where a bare IPv6 address has colons but no port.
fn split_port(text: &str) -> (&str, Option<&str>) {
    match text.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') || host.ends_with(']') => (host, Some(port)),
        _ => (text, None),
    }
}

fn parse_port(text: &str) -> Result<u16, TargetError> {
    // `parse` would take a sign.
    let digits = text.bytes().all(|octet| octet.is_ascii_digit());
    match text.parse() {
        Ok(port) if digits && port != 0 => Ok(port),
        _ => Err(TargetError {
            kind: TargetErrorKind::Port,
            found: text.to_owned(),
        }),
    }
}

fn parse_address(host: &str) -> Option<IpAddr> {
    let inner = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'));
    let address: IpAddr = inner.unwrap_or(host).parse().ok()?;
    // Brackets go with IPv6 only.
    (inner.is_none() || address.is_ipv6()).then(|| address.to_canonical())
}

/// No top-level domain is all digits (RFC 3696 §2), so `192.0.2.256` is a mistyped address, not a name.
fn looks_like_address(host: &str) -> bool {
    let last = host
        .trim_end_matches('.')
        .rsplit('.')
        .next()
        .unwrap_or(host);
    !last.is_empty() && last.bytes().all(|octet| octet.is_ascii_digit()) || host.contains(':')
}

/// Why text is no target.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.message())]
pub struct TargetError {
    kind: TargetErrorKind,
    found: String,
}

/// The kinds of [`TargetError`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum TargetErrorKind {
    /// There is no text.
    Empty,
    /// The text is a URL.
    Url,
    /// The text is a mail address.
    MailAddress,
    /// The port is no number from 1 to 65535.
    Port,
    /// The text looks like an address and is none.
    Address,
    /// The host is no domain name.
    Name(mail_dns::NameError),
    /// The root of the DNS takes no mail.
    Root,
}

impl TargetError {
    /// What is wrong.
    #[must_use]
    pub fn kind(&self) -> &TargetErrorKind {
        &self.kind
    }

    fn message(&self) -> String {
        let found = self.found.escape_debug();
        match &self.kind {
            TargetErrorKind::Empty => {
                "expected a domain, host:port or address, found nothing".to_owned()
            }
            TargetErrorKind::Url => {
                format!("expected a domain, host:port or address, found the URL `{found}`")
            }
            TargetErrorKind::MailAddress => {
                let domain = found.to_string();
                let domain = domain.rsplit('@').next().unwrap_or_default();
                format!(
                    "expected a domain, found the mail address `{found}`; its domain is `{domain}`"
                )
            }
            TargetErrorKind::Port => format!("expected a port from 1 to 65535, found `{found}`"),
            TargetErrorKind::Address => format!("expected an IP address, found `{found}`"),
            TargetErrorKind::Name(error) => format!("invalid name `{found}`: {error}"),
            TargetErrorKind::Root => format!("expected a domain, found the root `{found}`"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, shown: &str) {
        let target: Target = text.parse().expect("a target");
        assert_eq!(target.to_string(), shown);
        assert_eq!(shown.parse::<Target>().as_ref(), Ok(&target));
        let json = serde_json::to_string(&target).expect("it is text");
        assert_eq!(
            serde_json::from_str::<Target>(&json).expect("it reads back"),
            target
        );
    }

    #[track_caller]
    fn check_error(text: &str, message: &str) {
        assert_eq!(
            text.parse::<Target>().expect_err("no target").to_string(),
            message
        );
    }

    #[test]
    fn names_and_addresses() {
        check("Example.COM.", "example.com");
        check("bücher.example", "xn--bcher-kva.example");
        check("mail.example.com:587", "mail.example.com:587");
        check("192.0.2.1", "192.0.2.1");
        check("192.0.2.1:25", "192.0.2.1:25");
        check("2001:DB8::1", "2001:db8::1");
        check("[2001:db8::1]", "2001:db8::1");
        check("[2001:db8::1]:465", "[2001:db8::1]:465");
        check("::ffff:192.0.2.1", "192.0.2.1");
    }

    #[test]
    fn mistakes_are_named() {
        check_error("", "expected a domain, host:port or address, found nothing");
        check_error(
            "  ",
            "expected a domain, host:port or address, found nothing",
        );
        check_error(
            "smtp://example.com",
            "expected a domain, host:port or address, found the URL `smtp://example.com`",
        );
        check_error(
            "user@example.com",
            "expected a domain, found the mail address `user@example.com`; its domain is `example.com`",
        );
        for port in ["0", "65536", "+25", "", "smtp"] {
            check_error(
                &format!("example.com:{port}"),
                &format!("expected a port from 1 to 65535, found `{port}`"),
            );
        }
        check_error("192.0.2.256", "expected an IP address, found `192.0.2.256`");
        check_error(
            "2001:db8:::1",
            "expected an IP address, found `2001:db8:::1`",
        );
        check_error("[192.0.2.1]", "expected an IP address, found `[192.0.2.1]`");
        check_error(".", "expected a domain, found the root `.`");
        check_error(
            "a..b",
            "invalid name `a..b`: expected a label, found two dots in a row at octet 2",
        );
        check_error(
            "a\u{1b}[2J.example",
            "invalid name `a\\u{1b}[2J.example`: expected a printable character, found a blank or control character at octet 1",
        );
    }
}
