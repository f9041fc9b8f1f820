//! What to do about a list that does not serve a resolver.

use std::fmt;

use super::Condition;
use crate::{Catalogue, Cause, Fault, List, ListAnswer, NotAsked, Refusal, RefusalReason, Verdict};

/// Something to do, so that a list answers.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Advice {
    /// Ask through a recursive resolver of one's own, on an address whose name does not make it one of a cloud's: lists
    /// refuse resolvers by their own reverse names, wherever they stand.
    OwnResolver,
    /// Register the address of the resolver with the list.
    Register {
        /// Where, if that is known.
        page: Option<String>,
    },
    /// Get a key and give it.
    GetKey {
        /// Its name in the catalogue.
        name: String,
        /// Where it is to be had, if that is known.
        page: Option<String>,
    },
    /// Look whether the key is right, and still valid.
    CheckKey {
        /// Its name in the catalogue.
        name: String,
    },
    /// Ask less, and wait until the day is over.
    WaitForNextDay {
        /// When it is, in seconds since 1970, if that is known; days of lists may have other hours.
        at: Option<i64>,
    },
    /// Correct the name of the zone.
    CorrectZone,
    /// Look at the resolver: it may be what rewrites, hides or refuses the answers.
    LookAtResolver,
    /// Leave the list out until it works again.
    LeaveOut,
    /// Look again.
    LookAgain {
        /// When, in seconds since 1970.
        at: i64,
    },
}

impl Advice {
    /// What to do so that the list of `answer`, which is one of `catalogue`, says something of the subject; nothing if it
    /// does, or if nothing helps.
    #[must_use]
    pub fn of(catalogue: &Catalogue, answer: &ListAnswer) -> Vec<Self> {
        let condition = match &answer.verdict {
            Verdict::Refused(refusal) => Condition::Refusing(refusal.clone()),
            Verdict::Broken(fault) => Condition::Broken(fault.clone()),
            Verdict::Unknown(Cause::NotAsked(NotAsked::KeyMissing)) => Condition::NeedsKey,
            Verdict::Unknown(Cause::NotAsked(why)) => Condition::NotAsked(*why),
            Verdict::Unknown(cause) => Condition::Unclear(cause.clone()),
            _ => return Vec::new(),
        };
        let Some(list) = catalogue.list(&answer.list.zone) else {
            return Vec::new();
        };
        Self::all(list, stand_in(catalogue, list), &condition, None)
    }

    /// What to do about `condition` of `list`, in whose place `stand_in` is asked where there is a key for it.
    pub(super) fn all(
        list: &List,
        stand_in: Option<&List>,
        condition: &Condition,
        next_at: Option<i64>,
    ) -> Vec<Self> {
        let again = next_at.map(|at| Self::LookAgain { at });
        let own_key = || list.terms.key.clone().map(|name| Self::CheckKey { name });
        match condition {
            Condition::Healthy => Vec::new(),
            Condition::Refusing(refusal) => Self::about_refusal(list, stand_in, refusal),
            Condition::NeedsKey => Self::key_of(list).into_iter().collect(),
            Condition::Broken(Fault::PositiveControlMissing(_)) => own_key()
                .into_iter()
                .chain([Self::LookAtResolver, Self::LeaveOut])
                .collect(),
            Condition::Broken(Fault::OutsideLoopback(_)) => {
                vec![Self::LookAtResolver, Self::LeaveOut]
            }
            Condition::Broken(_) => vec![Self::LeaveOut],
            Condition::Unclear(Cause::NoPositiveControl) => Vec::new(),
            Condition::Unclear(Cause::UnverifiedControlMissing(_)) => {
                own_key().into_iter().collect()
            }
            Condition::Unclear(_) | Condition::Quarantined(_) => again.into_iter().collect(),
            Condition::NotAsked(NotAsked::BudgetSpent { until, .. }) => {
                vec![Self::WaitForNextDay { at: Some(*until) }]
            }
            Condition::NotAsked(_) => Vec::new(),
        }
    }

    fn about_refusal(list: &List, stand_in: Option<&List>, refusal: &Refusal) -> Vec<Self> {
        let key = list.terms.key.clone();
        let own_key = key.map(|name| Self::CheckKey { name });
        let register = list
            .terms
            .registration
            .as_ref()
            .filter(|_| own_key.is_none());
        let register = register.map(|page| Self::Register {
            page: Some(page.clone()),
        });
        let other_key = stand_in.and_then(Self::key_of);
        let first: Vec<Self> = match refusal {
            Refusal::Rcode(_) => vec![Self::LookAtResolver, Self::OwnResolver],
            Refusal::Code { reason, .. } => match reason {
                RefusalReason::ZoneMistyped if own_key.is_some() => Vec::new(),
                RefusalReason::ZoneMistyped => vec![Self::CorrectZone],
                RefusalReason::PublicResolver => vec![Self::OwnResolver],
                RefusalReason::TooManyQuestions => vec![Self::WaitForNextDay { at: None }],
                RefusalReason::Unspecified | RefusalReason::ListSpecific => {
                    vec![Self::OwnResolver, Self::WaitForNextDay { at: None }]
                }
            },
        };
        own_key
            .into_iter()
            .chain(first)
            .chain(register)
            .chain(other_key)
            .collect()
    }

    fn key_of(list: &List) -> Option<Self> {
        let terms = &list.terms;
        terms.key.clone().map(|name| Self::GetKey {
            name,
            page: terms.registration.clone(),
        })
    }
}

/// The list that is asked in place of `list` where there is a key for it.
pub(super) fn stand_in<'a>(catalogue: &'a Catalogue, list: &List) -> Option<&'a List> {
    let mut lists = catalogue.lists().iter();
    lists.find(|other| other.replaces.as_ref() == Some(&list.zone))
}

/// An imperative, to stand in a list of several.
impl fmt::Display for Advice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = |page: &Option<String>| match page {
            Some(page) => format!(" at {}", page.escape_debug()),
            None => String::new(),
        };
        match self {
            Self::OwnResolver => f.write_str("ask through a recursive resolver of your own"),
            Self::Register { page } => {
                write!(f, "register the resolver's address{}", at(page))
            }
            Self::GetKey { name, page } => {
                write!(f, "get the key {}{}", name.escape_debug(), at(page))
            }
            Self::CheckKey { name } => write!(f, "check the key {}", name.escape_debug()),
            Self::WaitForNextDay { .. } => f.write_str("ask less, and wait for the next day"),
            Self::CorrectZone => f.write_str("correct the name of the zone"),
            Self::LookAtResolver => f.write_str("see whether the resolver is the cause"),
            Self::LeaveOut => f.write_str("leave the list out until it works"),
            Self::LookAgain { .. } => f.write_str("look again later"),
        }
    }
}
