//! Macro strings: text with places to fill in (RFC 7208 §7.1).

use std::fmt;

/// Text with macros, not yet expanded.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
pub struct MacroString {
    parts: Vec<MacroPart>,
}

impl MacroString {
    pub(super) fn new(parts: Vec<MacroPart>) -> Self {
        Self { parts }
    }

    /// The parts, in order; no two literals stand side by side.
    #[must_use]
    pub fn parts(&self) -> &[MacroPart] {
        &self.parts
    }

    /// The macros, in order.
    pub fn macros(&self) -> impl Iterator<Item = &Macro> {
        self.parts.iter().filter_map(|part| match part {
            MacroPart::Macro(expand) => Some(expand),
            _ => None,
        })
    }

    /// The text, if there is nothing to fill in.
    #[must_use]
    pub fn literal(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [MacroPart::Literal(text)] => Some(text),
            _ => None,
        }
    }

    /// Whether a macro of this letter is in the text.
    #[must_use]
    pub fn has(&self, letter: MacroLetter) -> bool {
        self.macros().any(|expand| expand.letter == letter)
    }
}

impl fmt::Display for MacroString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.parts.iter().try_for_each(|part| part.fmt(f))
    }
}

/// A part of a macro string.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[expect(
    clippy::exhaustive_enums,
    reason = "the grammar has these (RFC 7208 §7.1)"
)]
pub enum MacroPart {
    /// Text that stands for itself: printable ASCII without `%`; in an explanation, spaces too.
    Literal(String),
    /// `%%`: a percent sign.
    Percent,
    /// `%_`: a space.
    Space,
    /// `%-`: a space in a URL, `%20`.
    UrlSpace,
    /// `%{…}`: a value.
    Macro(Macro),
}

impl fmt::Display for MacroPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Literal(text) => f.write_str(text),
            Self::Percent => f.write_str("%%"),
            Self::Space => f.write_str("%_"),
            Self::UrlSpace => f.write_str("%-"),
            Self::Macro(expand) => expand.fmt(f),
        }
    }
}

/// A macro with its transformers: `%{ir}`, `%{L2r-}` (RFC 7208 §7.1, §7.3).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Macro {
    /// What it stands for.
    pub letter: MacroLetter,
    /// Whether the value is escaped for a URL: the letter is a capital.
    pub url_escape: bool,
    /// How many parts are kept, from the right; at least 1.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub keep: Option<u32>,
    /// Whether the parts are reversed before that.
    pub reverse: bool,
    /// Where the value is split; a dot if empty.
    pub delimiters: String,
}

impl fmt::Display for Macro {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let letter = self.letter.as_char();
        let letter = if self.url_escape {
            letter.to_ascii_uppercase()
        } else {
            letter
        };
        write!(f, "%{{{letter}")?;
        self.keep.iter().try_for_each(|keep| write!(f, "{keep}"))?;
        let reverse = if self.reverse { "r" } else { "" };
        write!(f, "{reverse}{}}}", self.delimiters)
    }
}

/// What a macro stands for (RFC 7208 §7.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[expect(
    clippy::exhaustive_enums,
    reason = "any other letter is a syntax error (RFC 7208 §7.1)"
)]
pub enum MacroLetter {
    /// `s`: the sender.
    Sender,
    /// `l`: the local-part of the sender.
    LocalPart,
    /// `o`: the domain of the sender.
    SenderDomain,
    /// `d`: the domain checked, of the include or redirect if in one.
    Domain,
    /// `i`: the client's address, in parts split by dots.
    Ip,
    /// `p`: the confirmed name of the client ("do not use").
    ValidatedName,
    /// `v`: `in-addr` or `ip6`.
    ReverseZone,
    /// `h`: the HELO or EHLO domain.
    Helo,
    /// `c`: the client's address as people write it; explanations only.
    ReadableIp,
    /// `r`: the receiver's name; explanations only.
    Receiver,
    /// `t`: the time in seconds since 1970; explanations only.
    Timestamp,
}

impl MacroLetter {
    const ALL: [Self; 11] = [
        Self::Sender,
        Self::LocalPart,
        Self::SenderDomain,
        Self::Domain,
        Self::Ip,
        Self::ValidatedName,
        Self::ReverseZone,
        Self::Helo,
        Self::ReadableIp,
        Self::Receiver,
        Self::Timestamp,
    ];

    /// The letter, in lower case.
    #[must_use]
    pub fn as_char(self) -> char {
        match self {
            Self::Sender => 's',
            Self::LocalPart => 'l',
            Self::SenderDomain => 'o',
            Self::Domain => 'd',
            Self::Ip => 'i',
            Self::ValidatedName => 'p',
            Self::ReverseZone => 'v',
            Self::Helo => 'h',
            Self::ReadableIp => 'c',
            Self::Receiver => 'r',
            Self::Timestamp => 't',
        }
    }

    /// Whether it may stand in explanations only (RFC 7208 §7.2).
    #[must_use]
    pub fn is_explanation_only(self) -> bool {
        matches!(self, Self::ReadableIp | Self::Receiver | Self::Timestamp)
    }

    pub(super) fn of(octet: u8) -> Option<Self> {
        let letter = char::from(octet.to_ascii_lowercase());
        Self::ALL
            .into_iter()
            .find(|known| known.as_char() == letter)
    }
}
