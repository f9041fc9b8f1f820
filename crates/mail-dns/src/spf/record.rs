//! An SPF record and its terms.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

use crate::Span;
use crate::spf::{MacroString, SpfResult, SyntaxError, grammar};

/// An SPF record that is correct in every term (RFC 7208 §4.6: an error anywhere spoils the whole).
///
/// Shown in canonical form: one space between terms, no `+`, names of mechanisms in lower case.
///
/// # Examples
///
/// ```
/// use mail_dns::spf::{Mechanism, Qualifier, Record, SyntaxErrorKind, Term};
///
/// let record = Record::parse(b"v=spf1 +MX  ip4:192.0.2.0/24 -all")?;
/// assert_eq!(record.to_string(), "v=spf1 mx ip4:192.0.2.0/24 -all");
/// let all = record.directives().last().expect("three directives");
/// assert_eq!((all.qualifier, &all.mechanism), (Qualifier::Fail, &Mechanism::All));
/// assert_eq!(record.text_of(all.span), "-all");
///
/// let error = Record::parse(b"v=spf1 mx a:localhost -all").unwrap_err();
/// assert_eq!(error.kind(), SyntaxErrorKind::DomainSpec);
/// assert_eq!((error.span().start, error.span().end), (12, 21));
/// # Ok::<(), mail_dns::spf::SyntaxError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Record {
    /// The text, octet for octet; printable ASCII and spaces.
    pub text: String,
    /// The terms, in order.
    pub terms: Vec<Term>,
}

impl Record {
    /// Reads a record: the strings of one TXT record, joined (RFC 7208 §3.3).
    ///
    /// # Errors
    ///
    /// If any part of the text is against the grammar of RFC 7208 §12; the error says which octets.
    pub fn parse(text: &[u8]) -> Result<Self, SyntaxError> {
        grammar::record(text)
    }

    /// Whether a text claims to be an SPF record: `v=spf1` in any case, and a space or the end (RFC 7208 §4.5).
    ///
    /// `v=spf10` is another version, and a leading blank makes it something else.
    #[must_use]
    pub fn is_claimed_by(text: &[u8]) -> bool {
        grammar::version(text).is_some()
    }

    /// The mechanisms with their qualifiers, in order.
    pub fn directives(&self) -> impl Iterator<Item = &Directive> {
        self.terms.iter().filter_map(|term| match term {
            Term::Directive(directive) => Some(directive),
            Term::Modifier(_) => None,
        })
    }

    /// The modifiers, in order.
    pub fn modifiers(&self) -> impl Iterator<Item = &Modifier> {
        self.terms.iter().filter_map(|term| match term {
            Term::Directive(_) => None,
            Term::Modifier(modifier) => Some(modifier),
        })
    }

    /// Where `redirect` points, and where it stands.
    #[must_use]
    pub fn redirect(&self) -> Option<(&MacroString, Span)> {
        self.modifiers().find_map(|modifier| match &modifier.kind {
            ModifierKind::Redirect { domain } => Some((domain, modifier.span)),
            _ => None,
        })
    }

    /// Where the explanation is, by `exp`.
    #[must_use]
    pub fn explanation(&self) -> Option<&MacroString> {
        self.modifiers().find_map(|modifier| match &modifier.kind {
            ModifierKind::Explanation { domain } => Some(domain),
            _ => None,
        })
    }

    /// The text at a place; empty for a place that is not in the text.
    #[must_use]
    pub fn text_of(&self, span: Span) -> &str {
        self.text.get(span.start..span.end).unwrap_or_default()
    }
}

impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("v=spf1")?;
        for term in &self.terms {
            write!(f, " {term}")?;
        }
        Ok(())
    }
}

/// A term of a record (RFC 7208 §4.6.1).
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[expect(
    clippy::exhaustive_enums,
    reason = "the grammar has two kinds (RFC 7208 §4.6.1)"
)]
pub enum Term {
    /// A mechanism and what its match gives.
    Directive(Directive),
    /// A name and a value.
    Modifier(Modifier),
}

impl Term {
    /// Where the term stands in the record.
    #[must_use]
    pub fn span(&self) -> Span {
        match self {
            Self::Directive(directive) => directive.span,
            Self::Modifier(modifier) => modifier.span,
        }
    }
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Directive(directive) => directive.fmt(f),
            Self::Modifier(modifier) => modifier.fmt(f),
        }
    }
}

/// A mechanism and what its match gives (RFC 7208 §4.6.1).
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Directive {
    /// Where it stands in the record, with its qualifier.
    pub span: Span,
    /// What a match gives.
    pub qualifier: Qualifier,
    /// What is matched.
    pub mechanism: Mechanism,
}

impl fmt::Display for Directive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.qualifier, self.mechanism)
    }
}

/// What the match of a mechanism gives (RFC 7208 §4.6.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[expect(
    clippy::exhaustive_enums,
    reason = "the grammar has four (RFC 7208 §4.6.2)"
)]
pub enum Qualifier {
    /// `+`, or nothing.
    Pass,
    /// `-`.
    Fail,
    /// `~`.
    SoftFail,
    /// `?`.
    Neutral,
}

impl Qualifier {
    /// The result that a match gives.
    #[must_use]
    pub fn result(self) -> SpfResult {
        match self {
            Self::Pass => SpfResult::Pass,
            Self::Fail => SpfResult::Fail,
            Self::SoftFail => SpfResult::SoftFail,
            Self::Neutral => SpfResult::Neutral,
        }
    }
}

/// The sign; nothing for *pass*.
impl fmt::Display for Qualifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pass => "",
            Self::Fail => "-",
            Self::SoftFail => "~",
            Self::Neutral => "?",
        })
    }
}

/// What is matched against the client (RFC 7208 §5).
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[expect(
    clippy::exhaustive_enums,
    reason = "any other name is a permerror (RFC 7208 §5)"
)]
pub enum Mechanism {
    /// Always (§5.1).
    All,
    /// If the other domain's record gives *pass* (§5.2).
    Include {
        /// The other domain.
        domain: MacroString,
    },
    /// The addresses of a name (§5.3).
    A {
        /// The name; without one, the domain checked.
        #[cfg_attr(
            feature = "serde",
            serde(default, skip_serializing_if = "Option::is_none")
        )]
        domain: Option<MacroString>,
        /// How much of the address counts.
        cidr: DualCidr,
    },
    /// The addresses of the mail exchanges of a name (§5.4).
    Mx {
        /// The name; without one, the domain checked.
        #[cfg_attr(
            feature = "serde",
            serde(default, skip_serializing_if = "Option::is_none")
        )]
        domain: Option<MacroString>,
        /// How much of the address counts.
        cidr: DualCidr,
    },
    /// If a confirmed name of the client is the domain or below it (§5.5, "do not use").
    Ptr {
        /// The domain; without one, the domain checked.
        #[cfg_attr(
            feature = "serde",
            serde(default, skip_serializing_if = "Option::is_none")
        )]
        domain: Option<MacroString>,
    },
    /// An IPv4 network (§5.6).
    Ip4 {
        /// The address.
        network: Ipv4Addr,
        /// How many of its bits count, if not all 32.
        #[cfg_attr(
            feature = "serde",
            serde(default, skip_serializing_if = "Option::is_none")
        )]
        prefix: Option<u8>,
    },
    /// An IPv6 network (§5.6).
    Ip6 {
        /// The address.
        network: Ipv6Addr,
        /// How many of its bits count, if not all 128.
        #[cfg_attr(
            feature = "serde",
            serde(default, skip_serializing_if = "Option::is_none")
        )]
        prefix: Option<u8>,
    },
    /// If the name has an A record, whatever it says (§5.7).
    Exists {
        /// The name.
        domain: MacroString,
    },
}

impl Mechanism {
    /// Whether it asks the DNS, and so is one of the ten (RFC 7208 §4.6.4).
    #[must_use]
    pub fn is_counted(&self) -> bool {
        !matches!(self, Self::All | Self::Ip4 { .. } | Self::Ip6 { .. })
    }
}

impl fmt::Display for Mechanism {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let target = |f: &mut fmt::Formatter<'_>, name: &str, domain: &Option<MacroString>| {
            f.write_str(name)?;
            domain.iter().try_for_each(|domain| write!(f, ":{domain}"))
        };
        match self {
            Self::All => f.write_str("all"),
            Self::Include { domain } => write!(f, "include:{domain}"),
            Self::A { domain, cidr } => {
                target(f, "a", domain)?;
                cidr.fmt(f)
            }
            Self::Mx { domain, cidr } => {
                target(f, "mx", domain)?;
                cidr.fmt(f)
            }
            Self::Ptr { domain } => target(f, "ptr", domain),
            Self::Ip4 { network, prefix } => {
                write!(f, "ip4:{network}")?;
                prefix.iter().try_for_each(|prefix| write!(f, "/{prefix}"))
            }
            Self::Ip6 { network, prefix } => {
                write!(f, "ip6:{network}")?;
                prefix.iter().try_for_each(|prefix| write!(f, "/{prefix}"))
            }
            Self::Exists { domain } => write!(f, "exists:{domain}"),
        }
    }
}

/// How many bits of an address count, for either family: `/24//64` (RFC 7208 §5.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[expect(clippy::exhaustive_structs, reason = "there are two families")]
pub struct DualCidr {
    /// For IPv4, if not all 32.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub ip4: Option<u8>,
    /// For IPv6, if not all 128.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub ip6: Option<u8>,
}

impl fmt::Display for DualCidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.ip4
            .iter()
            .try_for_each(|prefix| write!(f, "/{prefix}"))?;
        self.ip6
            .iter()
            .try_for_each(|prefix| write!(f, "//{prefix}"))
    }
}

/// A name and a value (RFC 7208 §6).
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Modifier {
    /// Where it stands in the record.
    pub span: Span,
    /// Which it is.
    pub kind: ModifierKind,
}

impl fmt::Display for Modifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            ModifierKind::Redirect { domain } => write!(f, "redirect={domain}"),
            ModifierKind::Explanation { domain } => write!(f, "exp={domain}"),
            ModifierKind::Unknown { name, value } => write!(f, "{name}={value}"),
        }
    }
}

/// The modifiers (RFC 7208 §6).
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[expect(
    clippy::exhaustive_enums,
    reason = "what is not known here is `Unknown`"
)]
pub enum ModifierKind {
    /// Whose record decides if no mechanism matches (§6.1).
    Redirect {
        /// The other domain.
        domain: MacroString,
    },
    /// Where the explanation of a *fail* is (§6.2).
    Explanation {
        /// The name of the TXT record.
        domain: MacroString,
    },
    /// Any other; it has no effect (§6), such as `ra`, `rp` and `rr` (RFC 6652 §4).
    Unknown {
        /// The name as written.
        name: String,
        /// The value.
        value: MacroString,
    },
}
