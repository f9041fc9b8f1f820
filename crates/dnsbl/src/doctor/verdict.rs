//! What the lists together say of a resolver.

use std::collections::BTreeSet;
use std::fmt;
use std::net::IpAddr;

use mail_dns::{AddressScope, DomainName};

use super::comparison::Footing;
use super::{Condition, Doctor, Examination};
use crate::reading::write_list;
use crate::{Cause, Fault, Refusal, RefusalReason, Unsettled};

/// How many labels of a zone tell its operator apart from others, where no list of public suffixes is at hand.
const OPERATOR_LABELS: usize = 2;

/// The lists of so many operators are not dead or parked at once. Those of two may be: lists die, some parking places have
/// the domains of many, and one operator may have two domains.
const OPERATORS_AT_ONCE: usize = 3;

/// What can be said of a resolver, by what the lists show over it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum ResolverVerdict {
    /// No list refuses it, and so many of those asked answer as they should, which is more than half.
    Served {
        /// How many answer.
        by: usize,
        /// Of how many that were asked.
        of: usize,
    },
    /// No list refuses it, and half of those asked or fewer answer as they should. Whether it is the resolver or the other
    /// lists could not be told.
    ServedByFew {
        /// How many answer.
        by: usize,
        /// Of how many that were asked.
        of: usize,
    },
    /// Lists refuse it.
    Refused {
        /// How many.
        by: usize,
        /// How many serve it all the same.
        served: usize,
        /// Of how many that were asked.
        of: usize,
        /// How many say by their code that it is a public resolver, or one that cannot be attributed.
        #[cfg_attr(feature = "serde", serde(default))]
        as_public: usize,
    },
    /// It refuses whatever it is asked from here, what is no list's too ([`Doctor::comparisons`]): of the lists nothing is
    /// known.
    RefusesAll {
        /// How many lists.
        lists: usize,
    },
    /// It, or something before it, rewrites answers: lists of different operators answer with these addresses, which no list
    /// gives. Where a host may have the address, they are of three operators at least, and no list answers as it should.
    Rewrites(Vec<IpAddr>),
    /// It hides the lists: those of three operators at least, and of most that were asked, do not have their own test
    /// entries or domains over it, and none answers as it should. An entry that is NODATA is not there either, nor one that
    /// the resolver says it blocks. Lists that are asked with a key are not counted, since it may be wrong, nor those of which
    /// no test entry is known for sure.
    Hides {
        /// How many lists.
        lists: usize,
    },
    /// Could not tell: lists do not have their own test entries or domains, and none answers as it should, but they are too
    /// few to say that it is the resolver.
    MayHide {
        /// How many lists.
        lists: usize,
    },
    /// No list gave an answer through it.
    Unanswered {
        /// How many lists.
        lists: usize,
        /// Whether it answers what is no list's ([`Doctor::comparisons`]).
        #[cfg_attr(feature = "serde", serde(default))]
        answers_others: bool,
    },
    /// Could not tell: no list was asked, or none that was shows anything of the resolver.
    Unknown,
}

impl ResolverVerdict {
    pub(super) fn of(doctor: &Doctor) -> Self {
        let of = doctor.asked().len();
        let served = doctor.serving().len();
        if let Some(addresses) = rewritten(doctor) {
            return Self::Rewrites(addresses);
        }
        let footing = doctor.footing();
        if footing == Footing::RefusesAll {
            return Self::RefusesAll { lists: of };
        }
        let refusing = doctor.refusing().len();
        if refusing > 0 {
            return Self::Refused {
                by: refusing,
                served,
                of,
                as_public: doctor.lists(is_refused_as_public).len(),
            };
        }
        match served {
            0 => {}
            by if by > of / 2 => return Self::Served { by, of },
            by => return Self::ServedByFew { by, of },
        }
        if let Some(verdict) = hidden(doctor) {
            return verdict;
        }
        let mut asked = asked(doctor);
        if of > 0 && asked.all(|it| is_unanswered(&it.condition)) {
            return Self::Unanswered {
                lists: of,
                answers_others: footing == Footing::Answers,
            };
        }
        Self::Unknown
    }
}

fn asked(doctor: &Doctor) -> impl Iterator<Item = &Examination> {
    let examinations = doctor.examinations.iter();
    examinations.filter(|it| it.condition.was_asked())
}

/// What the lists that lack their own entries come to where none answers as it should, if there are any.
fn hidden(doctor: &Doctor) -> Option<ResolverVerdict> {
    // Without the right key a list has no test entries.
    let telling = || asked(doctor).filter(|it| it.key.is_none() && !is_no_proof(&it.condition));
    let lacking = || telling().filter(|it| is_lacking(&it.condition));
    let zones: BTreeSet<&DomainName> = lacking().map(|it| &it.list.zone).collect();
    let lists = zones.len();
    let (some, all) = (operators(lacking()), operators(telling()));
    match lists {
        0 => None,
        _ if some >= OPERATORS_AT_ONCE && some > all / 2 => Some(ResolverVerdict::Hides { lists }),
        _ => Some(ResolverVerdict::MayHide { lists }),
    }
}

/// Whether a list does not have what it always has: a test entry, or its domain. A protection against rebinding takes what
/// is in 127.0.0.0/8 out of answers, so that an entry is NODATA; some resolvers say that they block.
fn is_lacking(condition: &Condition) -> bool {
    match condition {
        Condition::Broken(Fault::PositiveControlMissing(_)) => true,
        Condition::Unclear(Cause::Control { why, .. }) => match why {
            Unsettled::DomainGone(_) | Unsettled::NoData => true,
            // RFC 8914 §4.5, §4.16 to §4.19; the others say that an answer is old.
            Unsettled::NotTheLists(code) => matches!(code, 4 | 15..=18),
            _ => false,
        },
        _ => false,
    }
}

/// The addresses outside 127.0.0.0/8 that lists of different operators have in common: one list that does so is parked.
///
/// Where a list answers as it should, what rewrites every denial is ruled out, for its negative controls came through. Lists
/// that have an address in common are then parked with one provider, which has the same few for all its domains, and two may
/// be where none answers; save where it is an address that no host of the world has, such as that of a filter of names.
fn rewritten(doctor: &Doctor) -> Option<Vec<IpAddr>> {
    let outside = |it: &Examination| match &it.condition {
        Condition::Broken(Fault::OutsideLoopback(addresses)) => addresses.clone(),
        _ => Vec::new(),
    };
    let all: BTreeSet<IpAddr> = doctor.examinations.iter().flat_map(outside).collect();
    let is_served = !doctor.serving().is_empty();
    let is_common = |address: &IpAddr| {
        let with = doctor.examinations.iter();
        let operators = operators(with.filter(|it| outside(it).contains(address)));
        match AddressScope::of(*address) {
            AddressScope::Global => !is_served && operators >= OPERATORS_AT_ONCE,
            _ => operators > 1,
        }
    };
    let common: Vec<IpAddr> = all.into_iter().filter(is_common).collect();
    (!common.is_empty()).then_some(common)
}

/// How many operators the lists have, as far as their zones tell.
fn operators<'a>(examinations: impl Iterator<Item = &'a Examination>) -> usize {
    let operator = |it: &Examination| -> Option<DomainName> {
        let zone = &it.list.zone;
        let above = zone.label_count().saturating_sub(OPERATOR_LABELS);
        DomainName::from_labels(zone.labels().skip(above)).ok()
    };
    let operators: BTreeSet<_> = examinations.filter_map(operator).collect();
    operators.len()
}

/// Whether a list is not known to have what it lacks.
fn is_no_proof(condition: &Condition) -> bool {
    matches!(
        condition,
        Condition::Unclear(Cause::UnverifiedControlMissing(_) | Cause::NoPositiveControl)
    )
}

fn is_refused_as_public(condition: &Condition) -> bool {
    matches!(
        condition,
        Condition::Refusing(Refusal::Code {
            reason: RefusalReason::PublicResolver,
            ..
        })
    )
}

pub(super) fn is_unanswered(condition: &Condition) -> bool {
    matches!(
        condition,
        Condition::Unclear(Cause::Control {
            why: Unsettled::Lookup(_),
            ..
        })
    )
}

impl fmt::Display for ResolverVerdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Served { by: 1, of: 1 } => f.write_str("served by the one list that was asked"),
            Self::Served { by, of } if by == of => {
                write!(f, "served by all {} that were asked", Lists(*of))
            }
            Self::Served { by, of } => {
                write!(f, "served by {by} of {}, and refused by none", Lists(*of))
            }
            Self::ServedByFew { by, of } => {
                write!(
                    f,
                    "served by no more than {by} of {}, and refused by none",
                    Lists(*of)
                )
            }
            Self::Refused {
                by,
                served,
                of,
                as_public,
            } => {
                write!(f, "refused by {by} of {}, and served by ", Lists(*of))?;
                match served {
                    0 => f.write_str("none")?,
                    _ => served.fmt(f)?,
                }
                match as_public {
                    0 => Ok(()),
                    _ if as_public == by => {
                        f.write_str("; by their word it is public, shared, or cannot be attributed")
                    }
                    _ => write!(
                        f,
                        "; by the word of {as_public} it is public, shared, or cannot be attributed"
                    ),
                }
            }
            Self::Rewrites(addresses) => {
                f.write_str("it, or something before it, rewrites answers: lists of different operators answer with ")?;
                write_list(f, addresses)
            }
            Self::RefusesAll { lists } => write!(
                f,
                "it refuses whatever it is asked from here, what is no list's too; of {} nothing is known",
                Lists(*lists)
            ),
            Self::Hides { lists } => write!(
                f,
                "it hides lists: {} do not have their own test entries over it, and none answers as it should",
                Lists(*lists)
            ),
            Self::MayHide { lists } => write!(
                f,
                "it hides lists, or they are dead: {} without the test entries that belong to them, and none answers as it should",
                Lists(*lists)
            ),
            Self::Unanswered {
                lists,
                answers_others,
            } => {
                write!(f, "no answer came through it, of {}", Lists(*lists))?;
                match answers_others {
                    true => f.write_str(", though it answers what is no list's"),
                    false => Ok(()),
                }
            }
            Self::Unknown => f.write_str("no list that was asked shows anything of it"),
        }
    }
}

/// `1 list`, `2 lists`.
struct Lists(usize);

impl fmt::Display for Lists {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = if self.0 == 1 { "" } else { "s" };
        write!(f, "{} list{plural}", self.0)
    }
}
