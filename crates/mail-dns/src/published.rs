//! Policies that are one TXT record at a name of their own: MTA-STS, TLS-RPT, BIMI.

use std::fmt;

use crate::{Answer, DomainName, Lookup, LookupError, NameError, Octets, RecordType, Span};

/// What is published at a name where one record of a kind may stand.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Published<T> {
    /// One good record.
    Record {
        /// The record.
        record: T,
        /// The name that the policy's name is an alias of (CNAME), if it is one: delegation to a provider.
        #[cfg_attr(
            feature = "serde",
            serde(default, skip_serializing_if = "Option::is_none")
        )]
        delegated_to: Option<DomainName>,
    },
    /// One record of that version, with an error in it: it counts for nothing.
    Invalid {
        /// The record.
        text: Octets,
        /// Why.
        error: PolicyTextError,
    },
    /// Several records of that version: they count for nothing.
    Several {
        /// The records.
        texts: Vec<Octets>,
    },
    /// No record of that version.
    Nothing {
        /// The answer that says so, with whatever other texts stand there.
        answer: Answer,
    },
    /// There can be no such name: it would be too long.
    NotAskable,
    /// Could not tell.
    Unknown(LookupError),
}

impl<T> Published<T> {
    /// Asks for the records at a name and reads the one that `claims` to be of the kind.
    pub(crate) async fn ask(
        lookup: &impl Lookup,
        name: Result<DomainName, NameError>,
        claims: fn(&[u8]) -> bool,
        parse: fn(&[u8]) -> Result<T, PolicyTextError>,
    ) -> Self {
        let Ok(name) = name else {
            return Self::NotAskable;
        };
        let answer = match lookup.lookup(&name, RecordType::TXT).await {
            Ok(answer) => answer,
            Err(error) => return Self::Unknown(error),
        };
        let texts: Vec<_> = answer.texts().filter(|text| claims(text)).collect();
        match texts.as_slice() {
            [] => Self::Nothing { answer },
            [text] => match parse(text) {
                Ok(record) => Self::Record {
                    record,
                    delegated_to: (!answer.aliases.is_empty())
                        .then(|| answer.canonical_name().clone()),
                },
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

    /// The record, if there is exactly one and it is good.
    #[must_use]
    pub fn record(&self) -> Option<&T> {
        match self {
            Self::Record { record, .. } => Some(record),
            _ => None,
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
    Missing {
        /// Its name.
        name: String,
    },
    /// A field has a value that it cannot have.
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
