//! The lists as data.

mod file;

use std::fmt;
use std::net::Ipv4Addr;

use mail_dns::DomainName;

pub use file::{CatalogueError, CatalogueErrorKind};

use crate::{Kind, ListAnswer};

/// How many positive controls, and how many negative ones, a list may have for one kind of subject.
pub const MAX_CONTROLS: usize = 4;

const BUILTIN: &str = include_str!("catalogue/catalogue.toml");

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
///     role = "block"
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
    /// The lists that come with this crate: free to ask, within the terms of each.
    ///
    /// # Errors
    ///
    /// If the file that was compiled in is not sound; a test of this crate says that it is.
    pub fn builtin() -> Result<Self, CatalogueError> {
        file::parse(BUILTIN, Vec::new())
    }

    /// Reads lists from TOML. The tombstones that come with this crate hold for them too.
    ///
    /// The file's form is that of `catalogue.toml` in this crate's source.
    ///
    /// # Errors
    ///
    /// If the text is not TOML of that form, or names a dead list; the error says in which line.
    pub fn from_toml(text: &str) -> Result<Self, CatalogueError> {
        file::parse(text, Self::builtin()?.tombstones)
    }

    /// The lists to ask, in the file's order.
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

    /// The answers among `answers` that are listings on a blocklist, without those that another of them includes.
    ///
    /// A composite list repeats its parts, so one entry looks like many listings.
    #[must_use]
    pub fn independent_listings<'a>(&self, answers: &'a [ListAnswer]) -> Vec<&'a ListAnswer> {
        let listings = || answers.iter().filter(|answer| answer.is_listing());
        let included = |answer: &ListAnswer| {
            listings().any(|other| {
                other.subject == answer.subject
                    && self
                        .list(&other.list.zone)
                        .is_some_and(|list| list.includes.contains(&answer.list.zone))
            })
        };
        listings().filter(|answer| !included(answer)).collect()
    }
}

fn buried<'a>(tombstones: &'a [Tombstone], zone: &DomainName) -> Option<&'a Tombstone> {
    tombstones.iter().find(|dead| zone.is_within(&dead.zone))
}

/// One list: where it is, what it answers for, and what its answers mean.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct List {
    /// The zone that is asked.
    pub zone: DomainName,
    /// What people call it.
    pub name: String,
    /// What an entry says.
    pub role: Role,
    /// The controls for IPv4 addresses; `None` if it is not asked about them.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub ipv4: Option<Controls>,
    /// The controls for IPv6 addresses; `None` if it is not asked about them.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub ipv6: Option<Controls>,
    /// The controls for domains; `None` if it is not asked about them.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub domain: Option<Controls>,
    /// Which name of a domain it lists.
    pub name_form: NameForm,
    /// What its answers mean; the first rule that matches an address decides, save that every bit that is set counts.
    pub codes: Vec<CodeRule>,
    /// The zones whose entries it repeats.
    pub includes: Vec<DomainName>,
    /// How well it is known to be alive.
    pub status: Status,
    /// When that was known: a year, a month or a day.
    pub as_of: String,
    /// From where it is known.
    pub source: String,
    /// Where an entry can be looked up, and its removal asked for.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub delisting: Option<String>,
    /// What a user of the list should know: terms, registration, how entries end.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub note: Option<String>,
}

impl List {
    /// The controls for subjects of `kind`; `None` if the list does not answer for them.
    #[must_use]
    pub fn controls(&self, kind: Kind) -> Option<&Controls> {
        match kind {
            Kind::Ipv4 => self.ipv4.as_ref(),
            Kind::Ipv6 => self.ipv6.as_ref(),
            Kind::Domain => self.domain.as_ref(),
        }
    }
}

/// The test entries of a list for one kind of subject (RFC 5782 §5), as the names to ask.
///
/// They differ from list to list: not every list has the entries of the RFC.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Controls {
    /// Listed as long as the list works. Without one, the list can never prove that something is not listed.
    pub positive: Vec<DomainName>,
    /// Never listed, unless the list lists everything.
    pub negative: Vec<DomainName>,
    /// Whether the list is known to have the positive ones; if not, their absence proves nothing.
    pub verified: bool,
}

/// What an entry of a list says about its subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Role {
    /// Something bad.
    Block,
    /// Something good: an entry is never a listing.
    Allow,
    /// Something to know: of a neighbor or a network, or by a policy that few follow.
    Information,
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Block => "block",
            Self::Allow => "allow",
            Self::Information => "information",
        })
    }
}

/// Which name of a domain a list has entries for.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, Default, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum NameForm {
    /// The full name of a host: the list itself has entries for names below a listed one.
    #[default]
    Full,
    /// The registrable domain only, and no name below it. The subject and the names above it are asked in turn, from five
    /// labels down to two, so that an entry is found without knowing where the public suffix ends.
    Registrable,
}

/// How well a list is known to be alive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Status {
    /// Its test entries answered.
    Tested,
    /// Its operator documents it as running.
    Documented,
    /// The default configuration of a maintained mail filter asks it.
    InUse,
}

/// What one answer of a list means.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct CodeRule {
    /// Which addresses.
    pub code: CodeMatch,
    /// The list's word for it.
    pub meaning: String,
    /// Whether it is an entry at all.
    pub effect: Effect,
    /// Whether the meaning is known from the list or a maintained filter.
    pub verified: bool,
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
    /// The subject has an entry.
    #[default]
    Listed,
    /// The list did not answer the question.
    Refused,
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
