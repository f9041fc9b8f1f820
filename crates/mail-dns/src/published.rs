//! Policies that are one TXT record at a name of their own: MTA-STS, TLS-RPT, BIMI.

use std::fmt;

use crate::{Answer, DomainName, Lookup, LookupError, NameError, Octets, RecordType, Span};

/// What is published at a name where one record of a kind may stand.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Published<T> {
    /// The name asked for; `None` if there can be no such name.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub name: Option<DomainName>,
    /// The answer; `None` if there is none that settles anything.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub answer: Option<Answer>,
    /// What it says.
    pub policy: PublishedPolicy<T>,
    /// Texts that hold the version, and are no record: blanks before it, no semicolon behind it, another case.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Vec::is_empty")
    )]
    pub near_misses: Vec<Octets>,
}

/// What stands at such a name.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum PublishedPolicy<T> {
    /// One good record.
    Record(T),
    /// One record of that version, with an error in it: it counts for nothing.
    #[non_exhaustive]
    Invalid {
        /// The record.
        text: Octets,
        /// Why.
        error: PolicyTextError,
    },
    /// Several records of that version: they count for nothing.
    #[non_exhaustive]
    Several {
        /// The records.
        texts: Vec<Octets>,
    },
    /// No record of that version.
    Nothing,
    /// There can be no such name, and so nothing at it.
    NotAskable(NameError),
    /// Could not tell.
    Unknown(LookupError),
}

impl<T> Published<T> {
    /// Asks for the records at a name and reads the one that `claims` to be of the kind.
    pub(crate) async fn ask(
        lookup: &impl Lookup,
        name: Result<DomainName, NameError>,
        version: &str,
        claims: fn(&[u8]) -> bool,
        parse: fn(&[u8]) -> Result<T, PolicyTextError>,
    ) -> Self {
        let name = match name {
            Ok(name) => name,
            Err(error) => {
                return Self {
                    name: None,
                    answer: None,
                    near_misses: Vec::new(),
                    policy: PublishedPolicy::NotAskable(error),
                };
            }
        };
        let (answer, policy) = match lookup.lookup(&name, RecordType::TXT).await {
            Ok(answer) => {
                let policy = PublishedPolicy::of(&answer, claims, parse);
                (Some(answer), policy)
            }
            Err(error) => (None, PublishedPolicy::Unknown(error)),
        };
        let version = version.to_ascii_lowercase();
        let is_near = |text: &Vec<u8>| {
            let text = text.to_ascii_lowercase();
            text.windows(version.len())
                .any(|window| window == version.as_bytes())
        };
        let texts = answer.iter().flat_map(Answer::texts);
        let near_misses = texts
            .filter(|text| !claims(text) && is_near(text))
            .map(Octets::from);
        Self {
            near_misses: near_misses.collect(),
            name: Some(name),
            answer,
            policy,
        }
    }

    /// The record, if there is exactly one and it is good.
    #[must_use]
    pub fn record(&self) -> Option<&T> {
        match &self.policy {
            PublishedPolicy::Record(record) => Some(record),
            _ => None,
        }
    }

    /// The name that the policy's name is an alias of (CNAME), if it is one: delegation to a provider.
    #[must_use]
    pub fn delegated_to(&self) -> Option<&DomainName> {
        let answer = self
            .answer
            .as_ref()
            .filter(|answer| !answer.aliases.is_empty());
        answer.map(Answer::canonical_name)
    }
}

impl<T> PublishedPolicy<T> {
    fn of(
        answer: &Answer,
        claims: fn(&[u8]) -> bool,
        parse: fn(&[u8]) -> Result<T, PolicyTextError>,
    ) -> Self {
        let texts: Vec<_> = answer.texts().filter(|text| claims(text)).collect();
        match texts.as_slice() {
            [] => Self::Nothing,
            [text] => match parse(text) {
                Ok(record) => Self::Record(record),
                Err(error) => Self::Invalid {
                    text: text.as_slice().into(),
                    error,
                },
            },
            texts => Self::Several {
                texts: texts.iter().map(|text| text.as_slice().into()).collect(),
            },
        }
    }
}

/// Why a text is no record of its kind, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[error("{kind} at octets {span}")]
pub struct PolicyTextError {
    kind: PolicyTextErrorKind,
    span: Span,
}

impl PolicyTextError {
    pub(crate) fn new(kind: PolicyTextErrorKind, span: Span) -> Self {
        Self { kind, span }
    }

    /// What is wrong.
    #[must_use]
    pub fn kind(&self) -> &PolicyTextErrorKind {
        &self.kind
    }

    /// The octets of the text that are at fault.
    #[must_use]
    pub fn span(&self) -> Span {
        self.span
    }
}

/// The kinds of [`PolicyTextError`].
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum PolicyTextErrorKind {
    /// The version is not the first field, or another.
    Version,
    /// Something that is no field.
    Field,
    /// A field is missing.
    #[non_exhaustive]
    Missing {
        /// Its name.
        name: String,
    },
    /// A field has a value that it cannot have.
    #[non_exhaustive]
    Value {
        /// Its name.
        name: String,
    },
}

impl fmt::Display for PolicyTextErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version => f.write_str("expected the version first, found something else"),
            Self::Field => f.write_str("expected a field, found something else"),
            Self::Missing { name } => {
                write!(f, "expected a field {}, found none", name.escape_debug())
            }
            Self::Value { name } => {
                write!(
                    f,
                    "expected a value that {} can have, found another",
                    name.escape_debug()
                )
            }
        }
    }
}
