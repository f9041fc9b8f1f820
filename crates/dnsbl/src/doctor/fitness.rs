//! Whether a resolver is of use for asking lists.

use std::fmt;

use super::{Condition, Doctor, ResolverVerdict};
use crate::{Cause, ListSummary};

/// Whether a resolver is of use for asking lists. Most resolvers do not suit every list, and that is no reason to change
/// one: the lists that do not serve it have reasons of their own, as a limit that was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Fitness {
    /// Every list that was asked serves it.
    Fit,
    /// It serves for asking lists: more of them serve it than refuse it, and more than half of those that do not refuse it.
    /// These do not, or not for every kind of subject ([`Doctor::wanting`]).
    FitButFor {
        /// How many lists.
        lists: usize,
    },
    /// It is not of use here: at least as many lists refuse it as serve it, or it lies about them, or refuses whatever it is
    /// asked.
    Unfit,
    /// Could not tell.
    Unknown,
}

impl Fitness {
    fn of(doctor: &Doctor) -> Self {
        let wanting = doctor.wanting().len();
        match doctor.verdict() {
            ResolverVerdict::Served { .. } if wanting == 0 => Self::Fit,
            ResolverVerdict::Served { .. } => Self::FitButFor { lists: wanting },
            ResolverVerdict::Refused { by, served, .. } if by >= served => Self::Unfit,
            // As where none refuses it: what the others do may be its own doing.
            ResolverVerdict::Refused { by, served, of, .. }
                if served > of.saturating_sub(by) / 2 =>
            {
                Self::FitButFor { lists: wanting }
            }
            ResolverVerdict::RefusesAll { .. }
            | ResolverVerdict::Rewrites(_)
            | ResolverVerdict::Hides { .. } => Self::Unfit,
            _ => Self::Unknown,
        }
    }
}

impl fmt::Display for Fitness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fit => f.write_str("fit"),
            Self::FitButFor { lists: 1 } => f.write_str("fit, but for 1 list"),
            Self::FitButFor { lists } => write!(f, "fit, but for {lists} lists"),
            Self::Unfit => f.write_str("unfit"),
            Self::Unknown => f.write_str("could not tell"),
        }
    }
}

impl Doctor {
    /// Whether the resolver is of use for asking lists, in a word; [`verdict`](Self::verdict) says why.
    #[must_use]
    pub fn fitness(&self) -> Fitness {
        Fitness::of(self)
    }

    /// The lists that were asked and do not serve this resolver, or not for every kind of subject. A kind for which no test
    /// entry is known for sure is no want of a list that serves it for another.
    #[must_use]
    pub fn wanting(&self) -> Vec<&ListSummary> {
        let serving = self.serving();
        let asked = self.asked().into_iter();
        let is_wanting = |list: &&ListSummary| {
            let own = self.examinations.iter().filter(|it| it.list == **list);
            !serving.contains(list) || own.into_iter().any(|it| is_ill(&it.condition))
        };
        asked.filter(is_wanting).collect()
    }
}

/// Whether a list does not do as it should. Where the catalogue knows of no test entry, there is nothing that it should.
fn is_ill(condition: &Condition) -> bool {
    match condition {
        Condition::Healthy
        | Condition::Unclear(Cause::NoPositiveControl | Cause::UnverifiedControlMissing(_)) => {
            false
        }
        condition => condition.was_asked(),
    }
}
