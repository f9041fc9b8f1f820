//! What the answers of a list mean.

use std::fmt;
use std::net::Ipv4Addr;

/// What one answer of a list means.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct CodeRule {
    /// Which addresses.
    pub code: CodeMatch,
    /// What they say.
    pub meaning: Meaning,
    /// Whether it is an entry at all, and of which sort.
    pub effect: Effect,
}

/// What a list says by a code, or by a bit of one.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Meaning {
    /// The list's word for it.
    pub text: String,
    /// What sort of thing it is.
    pub category: Category,
    /// Whether the meaning is known from the list or a maintained filter.
    #[cfg_attr(feature = "serde", serde(default))]
    pub verified: bool,
}

impl Meaning {
    /// Builds a meaning that is known from the list.
    #[must_use]
    pub fn new(text: impl Into<String>, category: Category) -> Self {
        Self {
            text: text.into(),
            category,
            verified: true,
        }
    }
}

impl fmt::Display for Meaning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.text.escape_debug())
    }
}

/// The addresses that a [`CodeRule`] is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum CodeMatch {
    /// Those with these octets; `None` stands for any octet, `*` in the file.
    Octets([Option<u8>; 4]),
    /// Those in `127.0.0.0/24` with this bit set in the last octet; the value of one bit.
    Bit(u8),
}

impl CodeMatch {
    /// Whether `address` is one of them.
    #[must_use]
    pub fn matches(&self, address: Ipv4Addr) -> bool {
        match self {
            Self::Octets(octets) => octets
                .iter()
                .zip(address.octets())
                .all(|(expected, octet)| expected.is_none_or(|expected| expected == octet)),
            Self::Bit(bit) => {
                matches!(address.octets(), [127, 0, 0, last] if last & bit != 0)
            }
        }
    }
}

/// What an answer does to the question.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, Default, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Effect {
    /// The subject has an entry that says something bad.
    #[default]
    Listed,
    /// The subject has an entry that says something good.
    Allowed,
    /// The subject has an entry that says neither: a reputation in the middle, an age, a count.
    Neutral,
    /// The list did not answer the question.
    Refused,
}

/// What sort of thing an entry says, as far as it matters for what follows from it.
///
/// One code means different things on different lists, and one meaning matters more or less by what the subject does:
/// a dynamic address that sends mail is refused, one that only submits it is as it should be.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, Default, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Category {
    /// It sent spam, or has a reputation as if it had.
    #[default]
    Spam,
    /// It is broken into, infected, part of a botnet, or an open proxy.
    Exploit,
    /// A network that criminals run or have taken over.
    Hijacked,
    /// By a policy, its operator's or the list's, it is not meant to send mail to others: dynamic, residential, nameless.
    Policy,
    /// A network of which others misbehave.
    Neighbor,
    /// It answers forged senders: bounces, challenges, callouts.
    Backscatter,
    /// It tries passwords, or was used with stolen ones.
    Login,
    /// An exit of an anonymizing network.
    Anonymizer,
    /// A domain in spam.
    SpamDomain,
    /// A domain or host that phishes.
    Phishing,
    /// A domain or host that spreads or commands malware.
    Malware,
    /// An honest domain or host that others abuse.
    Abused,
    /// A domain that is new, which is no abuse.
    Young,
    /// Something between good and bad, for which mail is delayed or scored.
    Grey,
    /// Anything else.
    Other,
}

impl fmt::Display for Category {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Spam => "spam",
            Self::Exploit => "exploit",
            Self::Hijacked => "hijacked network",
            Self::Policy => "policy",
            Self::Neighbor => "neighbor",
            Self::Backscatter => "backscatter",
            Self::Login => "login attempts",
            Self::Anonymizer => "anonymizer",
            Self::SpamDomain => "domain in spam",
            Self::Phishing => "phishing",
            Self::Malware => "malware",
            Self::Abused => "abused by others",
            Self::Young => "young domain",
            Self::Grey => "grey",
            Self::Other => "other",
        })
    }
}
