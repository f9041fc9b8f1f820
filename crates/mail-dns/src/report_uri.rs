//! Where reports are wanted: the URIs in DMARC and TLS-RPT records.

use std::fmt;

use crate::DomainName;

/// A URI that reports are to be sent to (RFC 9989 §4.6, RFC 8460 §3).
///
/// # Examples
///
/// ```
/// use mail_dns::ReportUri;
///
/// let uri: ReportUri = "mailto:dmarc@reports.test!10m".parse()?;
/// assert_eq!(uri.text, "mailto:dmarc@reports.test");
/// assert_eq!(uri.host, Some("reports.test".parse()?));
/// assert_eq!(uri.max_octets, Some(10 << 20), "obsolete, and ignored by senders of reports");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct ReportUri {
    /// The URI as written, without a size.
    pub text: String,
    /// The scheme in lower case: `mailto`, `https`.
    pub scheme: String,
    /// The domain after the `@` of a `mailto:` URI, or the host of another; `None` for an address literal.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub host: Option<DomainName>,
    /// The most octets that a report was to have, by the obsolete `!10m` (RFC 9989 §C.4).
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub max_octets: Option<u64>,
}

impl ReportUri {
    /// Whether reports go there by mail.
    #[must_use]
    pub fn is_mail(&self) -> bool {
        self.scheme == "mailto"
    }
}

impl fmt::Display for ReportUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::str::FromStr for ReportUri {
    type Err = UriError;

    /// `scheme ":" hier-part` of RFC 3986 §3, as far as a destination can be told from it.
    fn from_str(written: &str) -> Result<Self, UriError> {
        let fault = |kind| UriError { kind };
        if !written.bytes().all(is_uri) {
            return Err(fault(UriErrorKind::Character));
        }
        let (text, max_octets) = match written.rsplit_once('!') {
            None => (written, None),
            Some((text, size)) => (
                text,
                Some(octets(size).ok_or_else(|| fault(UriErrorKind::Size))?),
            ),
        };
        // In the URI itself both are written in percent (RFC 9989 §4.8).
        if text.contains(['!', ',']) {
            return Err(fault(UriErrorKind::Character));
        }
        let (scheme, rest) = text
            .split_once(':')
            .ok_or_else(|| fault(UriErrorKind::Scheme))?;
        if !is_scheme(scheme) {
            return Err(fault(UriErrorKind::Scheme));
        }
        let scheme = scheme.to_ascii_lowercase();
        let host = if scheme == "mailto" {
            mailbox_domain(rest).ok_or_else(|| fault(UriErrorKind::Mailbox))?
        } else {
            authority_host(rest).ok_or_else(|| fault(UriErrorKind::Host))?
        };
        let host = if is_address(host) {
            None
        } else {
            let name: Option<DomainName> = host.parse().ok().filter(|_| is_name(host));
            Some(name.ok_or_else(|| fault(UriErrorKind::Host))?)
        };
        Ok(Self {
            text: text.to_owned(),
            scheme,
            host,
            max_octets,
        })
    }
}

/// `unreserved`, `gen-delims`, `sub-delims` and `%` (RFC 3986 §2): no quotation marks, brackets and backslashes of other notations.
fn is_uri(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=%".contains(&octet)
}

/// An address in place of a name, bare or in brackets.
fn is_address(host: &str) -> bool {
    let inner = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'));
    let inner = inner.unwrap_or(host);
    let inner = inner.strip_prefix("IPv6:").unwrap_or(inner);
    inner.parse::<std::net::IpAddr>().is_ok()
}

/// Letters, digits, hyphens and underscores between dots.
fn is_name(host: &str) -> bool {
    let in_name = |octet: u8| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_' | b'.');
    host != "." && host.bytes().all(in_name)
}

/// `scheme = ALPHA *( ALPHA / DIGIT / "+" / "-" / "." )` (RFC 3986 §3.1).
fn is_scheme(text: &str) -> bool {
    let in_scheme =
        |octet: u8| octet.is_ascii_alphanumeric() || matches!(octet, b'+' | b'-' | b'.');
    text.bytes()
        .next()
        .is_some_and(|octet| octet.is_ascii_alphabetic())
        && text.bytes().all(in_scheme)
}

/// The domain of the one mailbox of `mailto:local@domain?headers` (RFC 6068 §2).
fn mailbox_domain(rest: &str) -> Option<&str> {
    let mailbox = rest.split(['?', '#']).next()?;
    let (local, domain) = mailbox.rsplit_once('@')?;
    (!local.is_empty() && !domain.is_empty()).then_some(domain)
}

/// The host of `//user@host:port/path` (RFC 3986 §3.2).
fn authority_host(rest: &str) -> Option<&str> {
    let authority = rest.strip_prefix("//")?.split(['/', '?', '#']).next()?;
    let host_port = authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host);
    let host = match host_port.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|octet| octet.is_ascii_digit()) => host,
        _ => host_port,
    };
    (!host.is_empty()).then_some(host)
}

/// `1*DIGIT [ "k" / "m" / "g" / "t" ]`, in powers of two (RFC 7489 §6.2).
fn octets(size: &str) -> Option<u64> {
    let unit = match size.bytes().last()?.to_ascii_lowercase() {
        b'k' => 10,
        b'm' => 20,
        b'g' => 30,
        b't' => 40,
        _ => 0,
    };
    let digits = if unit == 0 {
        size
    } else {
        size.get(..size.len() - 1)?
    };
    if digits.is_empty() || !digits.bytes().all(|octet| octet.is_ascii_digit()) {
        return None;
    }
    digits.parse::<u64>().ok()?.checked_mul(1 << unit)
}

/// Why text is no URI that reports can be sent to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[error("{}", kind.message())]
pub struct UriError {
    kind: UriErrorKind,
}

impl UriError {
    pub(crate) fn new(kind: UriErrorKind) -> Self {
        Self { kind }
    }

    /// What is wrong.
    #[must_use]
    pub fn kind(&self) -> UriErrorKind {
        self.kind
    }
}

/// The kinds of [`UriError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum UriErrorKind {
    /// A character that no URI has.
    Character,
    /// No scheme, such as an address without `mailto:`.
    Scheme,
    /// `mailto:` without one mailbox.
    Mailbox,
    /// No host, or one that is no name.
    Host,
    /// An exclamation mark that no size follows; elsewhere in a URI it is written `%21`.
    Size,
}

impl UriErrorKind {
    fn message(self) -> &'static str {
        match self {
            Self::Character => "expected a URI in printable ASCII, found another character",
            Self::Scheme => "expected a URI that begins with a scheme such as mailto:, found none",
            Self::Mailbox => "expected one mailbox after mailto:, found none",
            Self::Host => "expected a URI with a host, found none",
            Self::Size => "expected a size after an exclamation mark, found something else",
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(text: &str, scheme: &str, host: Option<&str>, size: Option<u64>) {
        let uri: ReportUri = text.parse().expect("a URI");
        assert_eq!(uri.scheme, scheme);
        assert_eq!(uri.host.as_ref().map(ToString::to_string).as_deref(), host);
        assert_eq!(uri.max_octets, size);
    }

    #[test]
    fn destinations_are_told_from_uris() {
        check("mailto:a@B.test", "mailto", Some("b.test"), None);
        check(
            "MAILTO:a@b.test?subject=x@y",
            "mailto",
            Some("b.test"),
            None,
        );
        check("mailto:a@[192.0.2.1]", "mailto", None, None);
        check(
            "https://u@r.test:443/v1/report?x=1",
            "https",
            Some("r.test"),
            None,
        );
        check("https://[2001:db8::1]/x", "https", None, None);
        check(
            "mailto:a@b.test!50k",
            "mailto",
            Some("b.test"),
            Some(51_200),
        );
        check("mailto:a@b.test!7", "mailto", Some("b.test"), Some(7));
    }

    #[test]
    fn what_is_no_destination_is_said() {
        let kind = |text: &str| text.parse::<ReportUri>().expect_err(text).kind();
        assert_eq!(kind("a@b.test"), UriErrorKind::Scheme);
        assert_eq!(kind(""), UriErrorKind::Scheme);
        assert_eq!(kind("mailto:"), UriErrorKind::Mailbox);
        assert_eq!(kind("mailto:@b.test"), UriErrorKind::Mailbox);
        assert_eq!(kind("https:b.test"), UriErrorKind::Host);
        assert_eq!(kind("mailto:a@b..test"), UriErrorKind::Host);
        assert_eq!(kind("mailto:a@b.test!10x"), UriErrorKind::Size);
        assert_eq!(
            kind("mailto:a@b.test!99999999999999999999t"),
            UriErrorKind::Size
        );
        assert_eq!(kind("mailto:\u{e9}@b.test"), UriErrorKind::Character);
        for text in [
            "mailto:<a@b.test>",
            "mailto:a@\\098.test",
            "mailto:a!b@c.test!10m",
            "mailto:a@b.test!5!5",
            "mailto:a@b.test,c@d.test",
        ] {
            assert_eq!(kind(text), UriErrorKind::Character, "{text}");
        }
        for text in [
            "mailto:a@.",
            "https://r.test%2eevil/",
            "mailto:a@[x",
            "mailto:a@[b.test]",
        ] {
            assert_eq!(kind(text), UriErrorKind::Host, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_shown_reads_back(text in "\\PC{0,40}|(mailto:|https://|[a-z]{1,4}:)[!-~]{0,40}|mailto:[ab!.]{1,3}@[ab.!\\\\,]{1,8}(![0-9]{1,3}[km]?)?") {
            if let Ok(uri) = text.parse::<ReportUri>() {
                let again: ReportUri = uri.to_string().parse().expect("a URI");
                prop_assert_eq!((again.text, again.host), (uri.text, uri.host));
            }
        }
    }
}
