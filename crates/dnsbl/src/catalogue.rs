//! The lists as data.

mod code;
mod file;
mod list;
mod terms;

use std::sync::LazyLock;

use mail_dns::DomainName;

use crate::{Cause, ListAnswer, Verdict};

pub use code::{Category, CodeMatch, CodeRule, Effect, Meaning};
pub use file::{CatalogueError, CatalogueErrorKind};
pub use list::{Controls, Inclusion, List, ListSet, NameForm, SeverityCap, Stance, Status, Tier};
pub use terms::{Delisting, DelistingMode, PublicResolvers, Terms};

/// How many positive controls, and how many negative ones, a list may have for one kind of subject.
pub const MAX_CONTROLS: usize = 4;

/// The dead first: they hold for the files that follow.
const FILES: [&str; 4] = [
    include_str!("catalogue/tombstones.toml"),
    include_str!("catalogue/addresses.toml"),
    include_str!("catalogue/domains.toml"),
    include_str!("catalogue/allow.toml"),
];

/// Read once: every other catalogue is checked against it.
static BUILTIN: LazyLock<Result<Catalogue, CatalogueError>> = LazyLock::new(|| {
    let mut whole = Catalogue {
        lists: Vec::new(),
        tombstones: Vec::new(),
    };
    for text in FILES {
        let part = file::parse(text, whole.tombstones, &[])?;
        whole.lists.extend(part.lists);
        whole.tombstones = part.tombstones;
    }
    Ok(whole)
});

/// The lists to ask, and the tombstones of those that must not be asked.
///
/// A dead list does not go silent: its domain is sold, and the new owner's wildcard lists the world. So the names of the
/// dead are kept, and a catalogue that names one is refused.
///
/// # Examples
///
/// ```
/// use dnsbl::{Catalogue, CatalogueErrorKind};
///
/// let catalogue = Catalogue::builtin()?;
/// assert!(catalogue.list(&"zen.spamhaus.org".parse()?).is_some());
///
/// let tombstone = catalogue.tombstone(&"dnsbl.sorbs.net".parse()?).expect("it is dead");
/// assert_eq!(tombstone.date.as_deref(), Some("2024-06-05"));
///
/// let error = Catalogue::from_toml(
///     r#"
///     [[list]]
///     zone = "dnsbl.sorbs.net"
///     name = "SORBS"
///     stance = "block"
///     tier = "minor"
///     status = "in_use"
///     as_of = "2019-01"
///     source = "an old configuration"
///     ipv4 = { positive = ["127.0.0.2"] }
///     "#,
/// )
/// .unwrap_err();
/// assert_eq!(error.kind(), CatalogueErrorKind::Tombstone);
/// assert_eq!(error.line(), Some(3));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Catalogue {
    lists: Vec<List>,
    tombstones: Vec<Tombstone>,
}

impl Catalogue {
    /// The lists that come with this crate. Some need a [key](Terms::key), and are not asked without one.
    ///
    /// # Errors
    ///
    /// If a file that was compiled in is not sound; a test of this crate shows that each is.
    pub fn builtin() -> Result<Self, CatalogueError> {
        BUILTIN.clone()
    }

    /// Reads lists from TOML. The tombstones that come with this crate hold for them too.
    ///
    /// The file's form is that of `addresses.toml` in this crate's source, which explains it.
    ///
    /// # Errors
    ///
    /// If the text is not TOML of that form, names a dead list, or says what cannot be meant: a code that an earlier one
    /// hides, lists that stand in for each other, a page without https, a zone with its key. The error says in which line.
    ///
    /// That a zone of `includes` or `replaces` is not there is no error, since it may come from another file.
    pub fn from_toml(text: &str) -> Result<Self, CatalogueError> {
        let builtin = BUILTIN.as_ref().map_err(Clone::clone)?;
        let keyed = builtin.lists.iter().filter(|it| it.terms.key.is_some());
        let keyed: Vec<_> = keyed.map(|list| list.zone.clone()).collect();
        file::parse(text, builtin.tombstones.clone(), &keyed)
    }

    /// The catalogue with the lists of `other` as well. A list of `other` takes the place of the one here that has its
    /// zone, and a list here that `other` holds to be dead is gone. Where lists would stand in for each other, so that none
    /// is asked, those here do no longer.
    #[must_use]
    pub fn extended_by(mut self, other: Self) -> Self {
        let zones: Vec<DomainName> = other.lists.iter().map(|it| it.zone.clone()).collect();
        for list in other.lists {
            match self.lists.iter_mut().find(|mine| mine.zone == list.zone) {
                Some(mine) => *mine = list,
                None => self.lists.push(list),
            }
        }
        let tombstones = other.tombstones.into_iter();
        let new: Vec<_> = tombstones
            .filter(|dead| !self.tombstones.contains(dead))
            .collect();
        self.tombstones.extend(new);
        let tombstones = &self.tombstones;
        self.lists
            .retain(|list| buried(tombstones, &list.zone).is_none());
        let circle = self
            .lists
            .iter()
            .map(|it| file::is_in_circle(it, &self.lists));
        let circle: Vec<bool> = circle.collect();
        for (list, in_circle) in self.lists.iter_mut().zip(circle) {
            if in_circle && !zones.contains(&list.zone) {
                list.replaces = None;
            }
        }
        self
    }

    /// The lists of the sets in `sets`, and every tombstone.
    #[must_use]
    pub fn only(mut self, sets: &[ListSet]) -> Self {
        self.lists
            .retain(|list| sets.iter().any(|set| list.is_in(*set)));
        self
    }

    /// The lists of `zones` alone, and every tombstone.
    ///
    /// # Errors
    ///
    /// If there is no list of one of them; the error has the tombstone if it is dead.
    pub fn only_zones(mut self, zones: &[DomainName]) -> Result<Self, NoSuchList> {
        for zone in zones {
            if self.list(zone).is_none() {
                return Err(NoSuchList {
                    zone: zone.clone(),
                    tombstone: self.tombstone(zone).cloned(),
                });
            }
        }
        self.lists.retain(|list| zones.contains(&list.zone));
        Ok(self)
    }

    /// The lists to ask, in the order of the files.
    #[must_use]
    pub fn lists(&self) -> &[List] {
        &self.lists
    }

    /// The list of `zone`.
    #[must_use]
    pub fn list(&self, zone: &DomainName) -> Option<&List> {
        self.lists.iter().find(|list| list.zone == *zone)
    }

    /// The lists that must not be asked.
    #[must_use]
    pub fn tombstones(&self) -> &[Tombstone] {
        &self.tombstones
    }

    /// Why `zone` must not be asked, if it must not: it, or a zone above it, is dead.
    #[must_use]
    pub fn tombstone(&self, zone: &DomainName) -> Option<&Tombstone> {
        buried(&self.tombstones, zone)
    }
}

impl Catalogue {
    /// What is to be thought today of an answer that was given in the past.
    ///
    /// The answer of a list that was dead by then, as is known now, is withdrawn; every other stands as it was given, that of
    /// a list which died later too. An answer that said nothing of the subject keeps its cause.
    #[must_use]
    pub fn rejudge(&self, answer: ListAnswer) -> ListAnswer {
        let is_not_listed = matches!(answer.verdict, Verdict::NotListed(_));
        if answer.entry().is_none() && !is_not_listed {
            return answer;
        }
        let dead = self.tombstone(&answer.list.zone);
        let Some(dead) = dead.filter(|dead| dead.is_dead_at(answer.at)) else {
            return answer;
        };
        let why = format!("the list was dead by then: {}", dead.reason);
        ListAnswer {
            verdict: Verdict::Unknown(Cause::Withdrawn(why)),
            ..answer
        }
    }
}

fn buried<'a>(tombstones: &'a [Tombstone], zone: &DomainName) -> Option<&'a Tombstone> {
    tombstones.iter().find(|dead| zone.is_within(&dead.zone))
}

/// A list that must not be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Tombstone {
    /// The zone; it holds for every zone below too.
    pub zone: DomainName,
    /// What became of it.
    pub reason: String,
    /// When that was, or was noticed: a year, a month or a day; `None` if that is not known.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub date: Option<String>,
    /// From where it is known.
    pub source: String,
    /// The list that took its place.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub successor: Option<DomainName>,
}

impl Tombstone {
    /// Whether the list was dead at `at`, in seconds since 1970: from the first day of its [`date`](Self::date) on, or always
    /// if that is not known.
    #[must_use]
    pub fn is_dead_at(&self, at: i64) -> bool {
        self.date
            .as_deref()
            .is_none_or(|date| at >= first_second(date))
    }
}

/// When the first day of a year, a month or a day begins, UTC.
///
/// The days are counted from the first of March of the year 0, so that the leap day is the last of its year.
fn first_second(date: &str) -> i64 {
    let mut parts = date.split('-').map(|part| part.parse::<i64>().unwrap_or(1));
    let mut part = || parts.next().unwrap_or(1);
    let (year, month, day) = (part(), part(), part());
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let days = 365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    let days = days + (153 * month + 2) / 5 + day - 1;
    // From there to the first of January 1970.
    (days - 719_468) * 24 * 60 * 60
}

/// A catalogue has no list of that zone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected the zone of a list in the catalogue, found {zone}{}", why(tombstone.as_ref()))]
#[non_exhaustive]
pub struct NoSuchList {
    /// The zone that was named.
    pub zone: DomainName,
    /// What became of it, if it is dead.
    pub tombstone: Option<Tombstone>,
}

fn why(tombstone: Option<&Tombstone>) -> String {
    match tombstone {
        Some(Tombstone {
            reason,
            date: Some(date),
            ..
        }) => format!(", which is dead: {} ({date})", reason.escape_debug()),
        Some(Tombstone { reason, .. }) => format!(", which is dead: {}", reason.escape_debug()),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests;
