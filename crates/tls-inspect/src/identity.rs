//! Whom the certificate should name: reference identifiers and their match (RFC 9525).

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};

use crate::{AltName, Certificate};

/// The longest name in octets of text: 255 on the wire (RFC 1035 §2.3.4).
const MAX_NAME: usize = 253;

/// What the client looks for in the certificate (RFC 9525 §2.3): a DNS name or an address.
///
/// ```
/// use tls_inspect::ReferenceId;
///
/// let id: ReferenceId = "MX1.Example.com.".parse()?;
/// assert_eq!(id.to_string(), "mx1.example.com");
/// let id: ReferenceId = "mx1.Bücher.example".parse()?;
/// assert_eq!(id.to_string(), "mx1.xn--bcher-kva.example");
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
    /// underscores are allowed, since such hosts exist. U-labels become A-labels (UTS 46), which
    /// certificates hold (RFC 9525 §6.3); A-labels are taken as they are, valid or not, since a
    /// certificate may hold the same.
    ///
    /// # Errors
    ///
    /// If `text` has a U-label that cannot be converted, a wildcard, a label that is empty, over
    /// 63 octets long (RFC 1035 §2.3.4) or begins or ends with a hyphen, if the name is over 253
    /// octets long, or if its last label is all digits and so an address.
    pub fn parse(text: &str) -> Result<Self, ReferenceIdError> {
        let error = |kind| {
            Err(ReferenceIdError {
                kind,
                found: text
                    .chars()
                    .take(MAX_NAME)
                    .flat_map(char::escape_default)
                    .collect(),
            })
        };
        // Four octets a character: a bound on the work of the conversion.
        if text.len() > 4 * MAX_NAME {
            return error(ReferenceIdErrorKind::TooLong);
        }
        let Some(ascii) = to_ascii(text) else {
            return error(ReferenceIdErrorKind::BadULabel);
        };
        let name = ascii.strip_suffix('.').unwrap_or(&ascii);
        if name.is_empty() {
            return error(ReferenceIdErrorKind::Empty);
        }
        if name.len() > MAX_NAME {
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

/// The text in ASCII: as it is, or by UTS 46, not transitional. What a host name may be is looked
/// at afterwards, so that underscores pass.
fn to_ascii(text: &str) -> Option<Cow<'_, str>> {
    if text.is_ascii() {
        return Some(Cow::Borrowed(text));
    }
    let (octets, any, ignore) = (text.as_bytes(), Hyphens::Allow, DnsLength::Ignore);
    Uts46::new()
        .to_ascii(octets, AsciiDenyList::EMPTY, any, ignore)
        .ok()
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
    /// Text outside ASCII that is no U-label (UTS 46).
    BadULabel,
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
            Self::BadULabel => "a host name that can be converted to A-labels",
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
/// address is compared with iPAddress entries only; the common name never counts. With DANE-TA
/// records it may (RFC 7672 §3.2.3), and [`judge_dane`](crate::judge_dane) says then that it
/// could not tell.
#[must_use]
pub fn match_identity(certificate: &Certificate, reference: &ReferenceId) -> IdentityMatch {
    let Some(names) = &certificate.alt_names else {
        return IdentityMatch::NoSubjectAltName {
            common_names: certificate.common_names.clone(),
            matching_common_name: matching_common_name(certificate, reference),
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
            matching_common_name: matching_common_name(certificate, reference),
        },
    }
}

/// The common name that a client of RFC 2818 §3.1 would have taken for the reference.
fn matching_common_name(certificate: &Certificate, reference: &ReferenceId) -> Option<String> {
    let mut names = certificate.common_names.iter();
    let found = names.find(|name| match reference {
        ReferenceId::Dns(reference) => matches_dns(name, reference.as_str()),
        ReferenceId::Ip(reference) => name.parse() == Ok(*reference),
    });
    found.cloned()
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
        /// The common name that would match. It does not count (RFC 9525 §2), but whoever made
        /// the certificate meant this name, and older senders may look at it.
        #[cfg_attr(
            feature = "serde",
            serde(skip_serializing_if = "Option::is_none", default)
        )]
        matching_common_name: Option<String>,
    },
    /// It has no subject alternative names, and so matches nothing.
    NoSubjectAltName {
        /// Its common names.
        common_names: Vec<String>,
        /// The common name that would match. It does not count (RFC 9525 §2), but whoever made
        /// the certificate meant this name, and older senders look at it, as do some with DANE:
        /// see [`CommonNameOnly`](crate::DaneUncertainty::CommonNameOnly).
        #[cfg_attr(
            feature = "serde",
            serde(skip_serializing_if = "Option::is_none", default)
        )]
        matching_common_name: Option<String>,
    },
}

impl IdentityMatch {
    /// Whether it matches.
    #[must_use]
    pub const fn is_match(&self) -> bool {
        matches!(self, Self::Matched { .. })
    }

    /// The common name that would match, were it looked at, if nothing else does.
    #[must_use]
    pub fn matching_common_name(&self) -> Option<&str> {
        match self {
            Self::Matched { .. } => None,
            Self::NoMatch {
                matching_common_name,
                ..
            }
            | Self::NoSubjectAltName {
                matching_common_name,
                ..
            } => matching_common_name.as_deref(),
        }
    }
}

#[cfg(test)]
mod tests;
