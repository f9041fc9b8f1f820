//! One list: where it is, what it answers for, and on what terms.

use std::fmt;

use mail_dns::DomainName;

use super::{CodeRule, Delisting, Terms};
use crate::{Kind, Role, Severity};

/// One list: where it is, what it answers for, and what its answers mean.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct List {
    /// The zone that is asked; a [key](Terms::key) goes in front of it.
    pub zone: DomainName,
    /// What people call it.
    pub name: String,
    /// What an entry says.
    pub stance: Stance,
    /// How many receivers act on it.
    pub tier: Tier,
    /// The sets that it belongs to.
    pub sets: Vec<ListSet>,
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
    /// How many bits of an IPv6 address its entries are about; `None` if that is not known.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub ipv6_prefix: Option<u8>,
    /// What its answers mean; the first rule that matches an address decides, save that every bit that is set counts.
    pub codes: Vec<CodeRule>,
    /// The zones whose entries it repeats.
    pub includes: Vec<Inclusion>,
    /// The list that this one stands in for, where a key for it is at hand: that one is then not asked.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub replaces: Option<DomainName>,
    /// How bad an entry is at the most, by what the subject does, where that is not what follows from tier and code.
    pub severity: Vec<SeverityCap>,
    /// How an entry ends.
    pub delisting: Delisting,
    /// On what terms it may be asked.
    pub terms: Terms,
    /// How well it is known to be alive.
    pub status: Status,
    /// When that was known: a year, a month or a day.
    pub as_of: String,
    /// From where it is known.
    pub source: String,
    /// What else a user of the list should know.
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

    /// Whether it belongs to `set`.
    #[must_use]
    pub fn is_in(&self, set: ListSet) -> bool {
        self.sets.contains(&set)
    }
}

/// The test entries of a list for one kind of subject (RFC 5782 §5), as the names to ask, without a key.
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
    #[cfg_attr(feature = "serde", serde(default))]
    pub verified: bool,
}

/// What an entry of a list says about its subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Stance {
    /// Something bad.
    Block,
    /// Something good: an entry is never a listing.
    Allow,
    /// Something to know: of a neighbor or a network, or by a policy that few follow.
    Information,
}

impl fmt::Display for Stance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Block => "block",
            Self::Allow => "allow",
            Self::Information => "information",
        })
    }
}

/// How many receivers act on a list, as far as the defaults of mail filters show.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Tier {
    /// Many: several maintained filters ask it, or large providers do.
    Major,
    /// Some: one maintained filter asks it.
    Minor,
    /// Few, or it is not known of any.
    Marginal,
}

/// A set of lists that are asked together.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ListSet {
    /// The lists of addresses and of domains that matter most, about ten.
    Default,
    /// Every list of addresses that is known to be alive, those of the default set among them.
    Wide,
    /// Every list of domains that is known to be alive.
    Domains,
    /// The allowlists.
    Allow,
}

impl ListSet {
    /// Every set.
    pub const ALL: [Self; 4] = [Self::Default, Self::Wide, Self::Domains, Self::Allow];
}

impl fmt::Display for ListSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Default => "default",
            Self::Wide => "wide",
            Self::Domains => "domains",
            Self::Allow => "allow",
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
    /// It is not known which. The name itself is asked, and then what is asked of a list of registrable domains: an entry
    /// of either form is found, and no host is said to be not listed whose domain is. Not for an allowlist, which would vouch
    /// for hosts of others below a domain of its.
    Unknown,
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
    /// It stands in lists that people keep, and nothing more is known.
    Mentioned,
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Tested => "tested",
            Self::Documented => "documented",
            Self::InUse => "in use",
            Self::Mentioned => "mentioned",
        })
    }
}

/// A zone whose entries a list repeats, so that both together are one fact.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Inclusion {
    /// The zone.
    pub zone: DomainName,
    /// By which of its codes the list repeats it; any, if there are none here.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Vec::is_empty")
    )]
    pub codes: Vec<super::CodeMatch>,
}

impl Inclusion {
    /// Builds the inclusion of a whole zone.
    #[must_use]
    pub fn new(zone: DomainName) -> Self {
        Self {
            zone,
            codes: Vec::new(),
        }
    }
}

/// The worst that an entry is for a subject of one role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct SeverityCap {
    /// What the subject does.
    pub role: Role,
    /// The worst.
    pub severity: Severity,
}
