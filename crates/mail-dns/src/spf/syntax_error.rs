//! Why text is not an SPF record.

use crate::Span;

/// Why text is not an SPF record, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[error("{} at octets {span}", kind.message())]
pub struct SyntaxError {
    kind: SyntaxErrorKind,
    span: Span,
}

impl SyntaxError {
    pub(super) fn new(kind: SyntaxErrorKind, span: Span) -> Self {
        Self { kind, span }
    }

    /// What is wrong.
    #[must_use]
    pub fn kind(&self) -> SyntaxErrorKind {
        self.kind
    }

    /// The octets of the record that are at fault.
    #[must_use]
    pub fn span(&self) -> Span {
        self.span
    }
}

/// The kinds of [`SyntaxError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum SyntaxErrorKind {
    /// The text does not begin with `v=spf1` and a space or the end.
    Version,
    /// An octet that is neither a space nor printable ASCII.
    Character,
    /// The name is no mechanism's, and no `=` makes it a modifier.
    UnknownMechanism,
    /// The mechanism needs a value after a colon.
    MissingValue,
    /// The mechanism takes no such value.
    UnexpectedValue,
    /// The domain-spec is empty, or ends in neither a top label nor a macro.
    DomainSpec,
    /// A `%` begins no macro.
    Macro,
    /// `c`, `r` or `t` outside an explanation (RFC 7208 §7.2).
    ExplanationMacro,
    /// The IPv4 or IPv6 network is no address.
    Network,
    /// The prefix length is no number in its range, or has a leading zero.
    PrefixLength,
    /// `redirect` or `exp` stands a second time (RFC 7208 §6).
    DuplicateModifier,
}

/// What was expected and found, without the place.
impl std::fmt::Display for SyntaxErrorKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.message())
    }
}

impl SyntaxErrorKind {
    fn message(self) -> &'static str {
        match self {
            Self::Version => "expected v=spf1 and a space, found something else",
            Self::Character => {
                "expected a printable ASCII character, found a control or another character"
            }
            Self::UnknownMechanism => "expected a mechanism or a modifier, found an unknown name",
            Self::MissingValue => "expected a value after a colon, found none",
            Self::UnexpectedValue => "expected the end of the mechanism, found more",
            Self::DomainSpec => {
                "expected a domain that ends in a top label or a macro, found another end"
            }
            Self::Macro => "expected a macro after the percent sign, found none",
            Self::ExplanationMacro => {
                "expected a macro that may stand in a domain, found one of explanations only"
            }
            Self::Network => "expected an IP address of the mechanism's family, found none",
            Self::PrefixLength => "expected a prefix length in range, found none",
            Self::DuplicateModifier => "expected at most one such modifier, found a second",
        }
    }
}
