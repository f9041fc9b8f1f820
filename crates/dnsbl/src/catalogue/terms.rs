//! How entries end, and on what terms a list may be asked.

use std::fmt;

/// How an entry of a list ends, as far as it is known.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Delisting {
    /// Where an entry can be looked up, and its removal asked for; `{subject}` stands for the subject.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub page: Option<String>,
    /// How one gets off the list.
    #[cfg_attr(feature = "serde", serde(default))]
    pub mode: DelistingMode,
    /// After how many hours without a new cause an entry ends by itself.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub expires_hours: Option<u32>,
    /// How many hours a removal that was asked for takes.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub takes_hours: Option<u32>,
    /// Whether all of this is known from the list itself.
    #[cfg_attr(feature = "serde", serde(default))]
    pub verified: bool,
}

/// How one gets off a list.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, Default, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum DelistingMode {
    /// By a form, which a person or a program looks at.
    Form,
    /// At once, by whoever asks for it on the page.
    SelfService,
    /// By waiting alone.
    Automatic,
    /// By waiting, or sooner for money.
    Paid,
    /// Not at all: an entry says what the subject is, or what its network does.
    None,
    /// It is not known.
    #[default]
    Unknown,
}

impl fmt::Display for DelistingMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Form => "ask by its form",
            Self::SelfService => "remove it on its page",
            Self::Automatic => "wait: there is no removal on request",
            Self::Paid => "wait: earlier removal is sold",
            Self::None => "no removal: the entry says what the subject or its network is",
            Self::Unknown => "not known how",
        })
    }
}

/// On what terms a list may be asked.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Terms {
    /// The name of the key that goes in front of the zone, under which [`Keys`](crate::Keys) has it; `None` if none is
    /// needed.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub key: Option<String>,
    /// Where the addresses of resolvers, or a key, are registered.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub registration: Option<String>,
    /// How many questions a day are free; `None` if that is not known. An operator with several zones may count them all
    /// together.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub daily_queries: Option<u32>,
    /// Whether it answers questions that come through public resolvers.
    #[cfg_attr(feature = "serde", serde(default))]
    pub public_resolvers: PublicResolvers,
}

/// Whether a list answers questions that come through public resolvers.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, Default, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum PublicResolvers {
    /// It does.
    Served,
    /// It does not.
    Refused,
    /// It is not known.
    #[default]
    Unknown,
}
