//! What to do about a list that does not serve a resolver.

use std::fmt;

use mail_dns::LookupErrorKind;

use super::{Condition, ResolverVerdict};
use crate::{
    Catalogue, Cause, Fault, List, ListAnswer, NotAsked, Refusal, RefusalReason, Unsettled, Verdict,
};

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
    /// Ask the list at least so often in a day, or not at all: fewer questions prove nothing.
    RaiseLimit {
        /// How many questions an answer takes with its proof.
        needed: u32,
    },
    /// Correct the name of the zone.
    CorrectZone,
    /// Look at the resolver: it may be what rewrites, hides or refuses the answers.
    LookAtResolver,
    /// Have the resolver let addresses of 127.0.0.0/8 through: entries are of these, and what protects from rebinding takes
    /// them out.
    LetLoopbackThrough,
    /// Check that the resolver runs, is reached, and reaches the network: it answers nothing, so it is not the list.
    CheckResolver,
    /// Have the resolver serve this host: its own access rules refuse whatever it is asked from here.
    AllowHost,
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
        let stand_in = stand_in(catalogue, list);
        Self::all(list, stand_in, &condition, None, None)
    }

    /// What to do about `condition` of `list`, in whose place `stand_in` is asked where there is a key for it, over a
    /// resolver of which all lists together say `verdict`, if they were asked. What is known to help with this list comes
    /// before what helps with any; where it is the resolver, nothing about the list helps.
    pub(super) fn all(
        list: &List,
        stand_in: Option<&List>,
        condition: &Condition,
        next_at: Option<i64>,
        verdict: Option<&ResolverVerdict>,
    ) -> Vec<Self> {
        let again = next_at.map(|at| Self::LookAgain { at });
        match condition {
            Condition::Healthy | Condition::Unclear(Cause::NoPositiveControl) => Vec::new(),
            Condition::Refusing(refusal) => Self::about_refusal(list, stand_in, refusal, verdict),
            Condition::NeedsKey => Self::key_of(list).into_iter().collect(),
            Condition::Broken(fault) => Self::about_fault(list, fault, verdict),
            Condition::Unclear(cause) => Self::about_doubt(list, cause, again, verdict),
            Condition::Quarantined(_) => again.into_iter().collect(),
            Condition::NotAsked(NotAsked::BudgetSpent { until, .. }) => {
                vec![Self::WaitForNextDay { at: Some(*until) }]
            }
            Condition::NotAsked(NotAsked::LimitTooSmall { needed, .. }) => {
                vec![Self::RaiseLimit { needed: *needed }]
            }
            Condition::NotAsked(_) => Vec::new(),
        }
    }

    /// Whether it is the same thing to do, be it at another time or by another number.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::LookAgain { .. }, Self::LookAgain { .. })
            | (Self::WaitForNextDay { .. }, Self::WaitForNextDay { .. })
            | (Self::RaiseLimit { .. }, Self::RaiseLimit { .. }) => true,
            _ => self == other,
        }
    }

    /// Of two that are the same, the one by which both are done: the later, and where one has no time, it is not known; the
    /// limit that is enough for both.
    pub(super) fn for_both(self, other: &Self) -> Self {
        match (self, other) {
            (Self::LookAgain { at }, Self::LookAgain { at: other }) => {
                Self::LookAgain { at: at.max(*other) }
            }
            (Self::WaitForNextDay { at }, Self::WaitForNextDay { at: other }) => {
                Self::WaitForNextDay {
                    at: at.zip(*other).map(|(one, other)| one.max(other)),
                }
            }
            (Self::RaiseLimit { needed }, Self::RaiseLimit { needed: other }) => Self::RaiseLimit {
                needed: needed.max(*other),
            },
            (advice, _) => advice,
        }
    }

    fn about_fault(list: &List, fault: &Fault, verdict: Option<&ResolverVerdict>) -> Vec<Self> {
        let is_the_resolver = match fault {
            Fault::PositiveControlMissing(_) => is_hidden(verdict),
            Fault::OutsideLoopback(addresses) => match verdict {
                Some(ResolverVerdict::Rewrites(common)) => {
                    addresses.iter().any(|address| common.contains(address))
                }
                _ => false,
            },
            _ => return vec![Self::LeaveOut],
        };
        if is_the_resolver {
            return vec![Self::LookAtResolver, Self::OwnResolver];
        }
        let admission = match fault {
            Fault::PositiveControlMissing(_) => Self::admission(list),
            _ => None,
        };
        let then = [Self::LookAtResolver, Self::LeaveOut];
        admission.into_iter().chain(then).collect()
    }

    /// What the list wants of whom it serves, if that is known: its key, or else that the resolver is registered.
    fn admission(list: &List) -> Option<Self> {
        let terms = &list.terms;
        let register = || {
            let page = terms.registration.clone();
            page.map(|page| Self::Register { page: Some(page) })
        };
        let key = terms.key.clone();
        key.map(|name| Self::CheckKey { name }).or_else(register)
    }

    fn about_doubt(
        list: &List,
        cause: &Cause,
        again: Option<Self>,
        verdict: Option<&ResolverVerdict>,
    ) -> Vec<Self> {
        let why = match cause {
            Cause::Control { why, .. } | Cause::Subject(why) => why,
            Cause::UnverifiedControlMissing(_) if is_hidden(verdict) => {
                return vec![Self::LookAtResolver, Self::OwnResolver];
            }
            Cause::UnverifiedControlMissing(_) => {
                return Self::admission(list).into_iter().collect();
            }
            _ => return again.into_iter().collect(),
        };
        let first = match why {
            Unsettled::DomainGone(_) if is_hidden(verdict) => {
                return vec![Self::LookAtResolver, Self::OwnResolver];
            }
            Unsettled::DomainGone(_) => return vec![Self::LookAtResolver, Self::LeaveOut],
            Unsettled::NoData if is_hidden(verdict) => {
                return vec![Self::LetLoopbackThrough, Self::OwnResolver];
            }
            Unsettled::NotTheLists(_) if is_hidden(verdict) => {
                return vec![Self::LookAtResolver, Self::OwnResolver];
            }
            Unsettled::NoData | Unsettled::NotTheLists(_) => Some(Self::LookAtResolver),
            Unsettled::Lookup(error) => match (verdict, error.kind()) {
                (Some(ResolverVerdict::RefusesAll { .. }), _) => {
                    return vec![Self::AllowHost, Self::OwnResolver];
                }
                (
                    Some(ResolverVerdict::Unanswered {
                        answers_others: false,
                        ..
                    }),
                    _,
                )
                | (None, LookupErrorKind::Unreachable | LookupErrorKind::NoServers) => {
                    Some(Self::CheckResolver)
                }
                // Some lists give no answer to whom they do not know.
                _ => Self::admission(list).filter(|_| is_served(verdict)),
            },
            _ => None,
        };
        first.into_iter().chain(again).collect()
    }

    fn about_refusal(
        list: &List,
        stand_in: Option<&List>,
        refusal: &Refusal,
        verdict: Option<&ResolverVerdict>,
    ) -> Vec<Self> {
        // A key that stands in for the list's other terms is had as surely as a registration.
        let own = Self::admission(list)
            .into_iter()
            .chain(stand_in.and_then(Self::key_of));
        let has_key = list.terms.key.is_some();
        let (before, after) = match refusal {
            Refusal::Rcode(_) if is_served(verdict) => {
                (Vec::new(), vec![Self::LookAtResolver, Self::OwnResolver])
            }
            Refusal::Rcode(_) => (vec![Self::LookAtResolver], vec![Self::OwnResolver]),
            Refusal::Code { reason, .. } => match reason {
                RefusalReason::ZoneMistyped if has_key => (Vec::new(), Vec::new()),
                RefusalReason::ZoneMistyped => (vec![Self::CorrectZone], Vec::new()),
                RefusalReason::PublicResolver if has_key => (Vec::new(), vec![Self::OwnResolver]),
                // It is not one's own to register.
                RefusalReason::PublicResolver => (vec![Self::OwnResolver], Vec::new()),
                RefusalReason::TooManyQuestions => {
                    (Vec::new(), vec![Self::WaitForNextDay { at: None }])
                }
                RefusalReason::Unspecified | RefusalReason::ListSpecific => (
                    Vec::new(),
                    vec![Self::OwnResolver, Self::WaitForNextDay { at: None }],
                ),
            },
        };
        before.into_iter().chain(own).chain(after).collect()
    }

    fn key_of(list: &List) -> Option<Self> {
        let terms = &list.terms;
        terms.key.clone().map(|name| Self::GetKey {
            name,
            page: terms.registration.clone(),
        })
    }
}

/// Whether some list serves the resolver: then it is not the resolver that keeps another from answering, unless it means to.
fn is_served(verdict: Option<&ResolverVerdict>) -> bool {
    match verdict {
        Some(ResolverVerdict::Refused { served, .. }) => *served > 0,
        Some(verdict) => matches!(
            verdict,
            ResolverVerdict::Served { .. } | ResolverVerdict::ServedByFew { .. }
        ),
        None => false,
    }
}

fn is_hidden(verdict: Option<&ResolverVerdict>) -> bool {
    matches!(verdict, Some(ResolverVerdict::Hides { .. }))
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
            Self::RaiseLimit { needed } => write!(
                f,
                "allow {needed} questions a day or more, if the list does, or leave it out"
            ),
            Self::CorrectZone => f.write_str("correct the name of the zone"),
            Self::LookAtResolver => f.write_str("see whether the resolver is the cause"),
            Self::LetLoopbackThrough => f.write_str(
                "have the resolver let addresses in 127.0.0.0/8 through, which protection against rebinding takes out",
            ),
            Self::CheckResolver => {
                f.write_str("check that the resolver runs, is reached, and reaches the network")
            }
            Self::AllowHost => f.write_str("have the resolver's own rules serve this host"),
            Self::LeaveOut => f.write_str("leave the list out until it works"),
            Self::LookAgain { .. } => f.write_str("look again later"),
        }
    }
}
