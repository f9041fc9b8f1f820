//! Whom the certificate should name: reference identifiers and their match (RFC 9525).

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use crate::{AltName, Certificate};

/// What the client looks for in the certificate (RFC 9525 §2.3): a DNS name or an address.
///
/// ```
/// use tls_inspect::ReferenceId;
///
/// let id: ReferenceId = "MX1.Example.com.".parse()?;
/// assert_eq!(id.to_string(), "mx1.example.com");
/// assert!("mx1.bücher.example".parse::<ReferenceId>().is_err());
/// # Ok::<(), tls_inspect::ReferenceIdError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum ReferenceId {
    /// A DNS-ID.
    Dns(DnsId),
    /// An IP-ID.
    Ip(IpAddr),
}

impl ReferenceId {
    /// Reads an address or, failing that, a DNS name.
    ///
    /// # Errors
    ///
    /// If `text` is neither; see [`DnsId::parse`].
    pub fn parse(text: &str) -> Result<Self, ReferenceIdError> {
        match text.parse::<IpAddr>() {
            Ok(address) => Ok(Self::Ip(address)),
            Err(_) => DnsId::parse(text).map(Self::Dns),
        }
    }

    /// What to send in `server_name`: the DNS name without a trailing dot, and nothing for an
    /// address (RFC 6066 §3).
    #[must_use]
    pub fn server_name(&self) -> Option<&str> {
        match self {
            Self::Dns(name) => Some(name.as_str()),
            Self::Ip(_) => None,
        }
    }
}

impl FromStr for ReferenceId {
    type Err = ReferenceIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl From<IpAddr> for ReferenceId {
    fn from(address: IpAddr) -> Self {
        Self::Ip(address)
    }
}

impl From<DnsId> for ReferenceId {
    fn from(name: DnsId) -> Self {
        Self::Dns(name)
    }
}

impl fmt::Display for ReferenceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dns(name) => name.fmt(f),
            Self::Ip(address) => address.fmt(f),
        }
    }
}

/// A DNS name to look for: lower case, without a trailing dot, internationalized labels as
/// A-labels.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "String", into = "String"))]
pub struct DnsId(String);

impl DnsId {
    /// Reads a host name. Upper case becomes lower case and one trailing dot is dropped;
    /// underscores are allowed, since such hosts exist.
    ///
    /// # Errors
    ///
    /// If `text` has a U-label (convert it first, RFC 9525 §6.3), a wildcard, a label that is
    /// empty, over 63 octets long (RFC 1035 §2.3.4) or begins or ends with a hyphen, if the name
    /// is over 253 octets long, or if its last label is all digits and so an address.
    pub fn parse(text: &str) -> Result<Self, ReferenceIdError> {
        let error = |kind| {
            Err(ReferenceIdError {
                kind,
                found: text.escape_default().to_string(),
            })
        };
        if !text.is_ascii() {
            return error(ReferenceIdErrorKind::NonAscii);
        }
        let name = text.strip_suffix('.').unwrap_or(text);
        if name.is_empty() {
            return error(ReferenceIdErrorKind::Empty);
        }
        if name.len() > 253 {
            return error(ReferenceIdErrorKind::TooLong);
        }
        if !name.split('.').all(is_label) {
            return error(ReferenceIdErrorKind::BadLabel);
        }
        let last = name.rsplit('.').next().unwrap_or_default();
        if last.bytes().all(|octet| octet.is_ascii_digit()) {
            return error(ReferenceIdErrorKind::NumericLastLabel);
        }
        Ok(Self(name.to_ascii_lowercase()))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label
            .bytes()
            .all(|octet| octet.is_ascii_alphanumeric() || b"-_".contains(&octet))
}

impl TryFrom<String> for DnsId {
    type Error = ReferenceIdError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<DnsId> for String {
    fn from(name: DnsId) -> Self {
        name.0
    }
}

impl fmt::Display for DnsId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a text is no reference identifier.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected {}, found \"{found}\"", .kind.expected())]
pub struct ReferenceIdError {
    kind: ReferenceIdErrorKind,
    found: String,
}

impl ReferenceIdError {
    /// The kind of error.
    #[must_use]
    pub const fn kind(&self) -> ReferenceIdErrorKind {
        self.kind
    }
}

/// The kinds of [`ReferenceIdError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ReferenceIdErrorKind {
    /// Nothing, or the root.
    Empty,
    /// A U-label or other text that is not ASCII.
    NonAscii,
    /// Over 253 octets.
    TooLong,
    /// A label that is empty, too long, or of other characters; a wildcard too.
    BadLabel,
    /// A last label all of digits.
    NumericLastLabel,
}

impl ReferenceIdErrorKind {
    const fn expected(self) -> &'static str {
        match self {
            Self::Empty => "a host name",
            Self::NonAscii => "a host name of A-labels",
            Self::TooLong => "a host name of at most 253 octets",
            Self::BadLabel => "labels of 1 to 63 letters, digits, hyphens and underscores",
            Self::NumericLastLabel => "a last label that is not all digits",
        }
    }
}

/// Looks for the reference identifier among the names that the certificate presents.
///
/// The rules are those of RFC 9525 §6: a DNS-ID is compared with dNSName entries only, without
/// regard to case; a wildcard is the whole left-most label and stands for exactly one label; an
/// address is compared with iPAddress entries only; the common name never counts.
#[must_use]
pub fn match_identity(certificate: &Certificate, reference: &ReferenceId) -> IdentityMatch {
    let Some(names) = &certificate.alt_names else {
        return IdentityMatch::NoSubjectAltName {
            common_names: certificate.common_names.clone(),
        };
    };
    let matched = names.iter().find(|presented| match (presented, reference) {
        (AltName::Dns(presented), ReferenceId::Dns(name)) => matches_dns(presented, name.as_str()),
        (AltName::Ip(presented), ReferenceId::Ip(address)) => presented == address,
        _ => false,
    });
    match matched {
        Some(presented) => IdentityMatch::Matched {
            presented: presented.to_string(),
        },
        None => IdentityMatch::NoMatch {
            presented: names.iter().map(AltName::to_string).collect(),
        },
    }
}

/// RFC 9525 §6.3. The reference holds no `*`, so a second wildcard or a partial one in what is
/// presented equals nothing.
fn matches_dns(presented: &str, reference: &str) -> bool {
    match presented.strip_prefix("*.") {
        Some(parent) => reference
            .split_once('.')
            .is_some_and(|(_, reference_parent)| parent.eq_ignore_ascii_case(reference_parent)),
        None => presented.eq_ignore_ascii_case(reference),
    }
}

/// Whether a certificate names whom it should.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum IdentityMatch {
    /// It does.
    Matched {
        /// The first presented identifier that matches.
        presented: String,
    },
    /// It names others.
    NoMatch {
        /// All presented identifiers.
        presented: Vec<String>,
    },
    /// It has no subject alternative names, and so matches nothing.
    NoSubjectAltName {
        /// Its common names. One of them may be the name looked for; it still does not count
        /// (RFC 9525 §2).
        common_names: Vec<String>,
    },
}

impl IdentityMatch {
    /// Whether it matches.
    #[must_use]
    pub const fn is_match(&self) -> bool {
        matches!(self, Self::Matched { .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(presented: &str, reference: &str, expected: bool) {
        let reference = DnsId::parse(reference).unwrap();
        assert_eq!(matches_dns(presented, reference.as_str()), expected);
    }

    #[test]
    fn names_are_compared_without_case_and_trailing_dot() {
        check("mx.example.com", "MX.Example.COM.", true);
        check("MX.EXAMPLE.COM", "mx.example.com", true);
        check("mx.example.com", "mx2.example.com", false);
        check("mx.example.com.", "mx.example.com", false);
    }

    #[test]
    fn a_wildcard_is_one_whole_leftmost_label() {
        check("*.example.com", "mx.example.com", true);
        check("*.EXAMPLE.com", "mx.example.com", true);
        check("*.example.com", "example.com", false);
        check("*.example.com", "a.mx.example.com", false);
        check("m*.example.com", "mx.example.com", false);
        check("*x.example.com", "mx.example.com", false);
        check("mx.*.com", "mx.example.com", false);
        check("*.*.com", "mx.example.com", false);
        check("*", "localhost", false);
        check("*.", "localhost", false);
        check("", "localhost", false);
    }

    #[test]
    fn a_labels_are_names_like_others() {
        check("xn--bcher-kva.example", "XN--BCHER-KVA.example", true);
        check("*.example", "xn--bcher-kva.example", true);
    }

    #[track_caller]
    fn refused(text: &str, expected: ReferenceIdErrorKind) {
        assert_eq!(ReferenceId::parse(text).unwrap_err().kind(), expected);
    }

    #[test]
    fn what_is_no_reference_identifier() {
        use ReferenceIdErrorKind as Kind;

        refused("", Kind::Empty);
        refused(".", Kind::Empty);
        refused("bücher.example", Kind::NonAscii);
        refused(&"a.".repeat(128), Kind::TooLong);
        refused("a..b", Kind::BadLabel);
        refused("*.example.com", Kind::BadLabel);
        refused("-a.example", Kind::BadLabel);
        refused("mx example.com", Kind::BadLabel);
        refused("[::1]", Kind::BadLabel);
        refused("192.0.2.256", Kind::NumericLastLabel);
    }

    #[test]
    fn addresses_and_odd_names_are_taken() {
        assert_eq!(
            ReferenceId::parse("192.0.2.1"),
            Ok(ReferenceId::Ip("192.0.2.1".parse().unwrap()))
        );
        assert!(matches!(
            ReferenceId::parse("2001:db8::1"),
            Ok(ReferenceId::Ip(_))
        ));
        assert!(matches!(
            ReferenceId::parse("_mx.host_1.example"),
            Ok(ReferenceId::Dns(_))
        ));
        assert!(matches!(
            ReferenceId::parse("localhost"),
            Ok(ReferenceId::Dns(_))
        ));
    }

    #[test]
    fn an_error_shows_no_control_characters() {
        let error = ReferenceId::parse("a\r\nb").unwrap_err();
        assert_eq!(
            error.to_string(),
            "expected labels of 1 to 63 letters, digits, hyphens and underscores, \
             found \"a\\r\\nb\""
        );
    }

    #[test]
    fn every_reference_name_can_be_sent() {
        for name in [
            "mx.example.com",
            "_mx.host_1.example",
            "localhost",
            "1a.2b",
            "a.xn--p1ai",
        ] {
            let id = DnsId::parse(name).unwrap();
            assert!(
                rustls_pki_types::ServerName::try_from(id.as_str()).is_ok(),
                "{name}"
            );
        }
    }
}
