//! What is asked about, and under which name.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};

use mail_dns::dmarc::PublicSuffixes;
use mail_dns::{AddressScope, DomainName};

use crate::{List, NameForm};

/// How many labels a registrable domain can have: a public suffix of up to four, and one more.
const REGISTRABLE_LABELS: std::ops::RangeInclusive<usize> = 2..=5;

/// What a list is asked about.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[expect(
    clippy::exhaustive_enums,
    reason = "RFC 5782 knows lists of addresses and lists of names"
)]
pub enum Subject {
    /// An address. IPv4 in IPv6 clothing (`::ffff:192.0.2.1`, or `64:ff9b::192.0.2.1` of a translator) is asked about as what
    /// it is.
    Address(IpAddr),
    /// A domain, or the name of a host. [`DomainName`] has it in lower case, in A-labels and without the final dot.
    Domain(DomainName),
}

impl Subject {
    /// The kind of subject, which a list answers for or does not.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::Address(address) if unclothed(*address).is_ipv4() => Kind::Ipv4,
            Self::Address(_) => Kind::Ipv6,
            Self::Domain(_) => Kind::Domain,
        }
    }

    /// The subject as it is asked about: an address without its IPv6 clothing.
    pub(crate) fn canonical(&self) -> Self {
        match self {
            Self::Address(address) => Self::Address(unclothed(*address)),
            Self::Domain(domain) => Self::Domain(domain.clone()),
        }
    }

    /// The names under which `list` is asked about it, in order; the first that the list does not deny decides.
    ///
    /// One name, save for a domain on a list of registrable domains ([`NameForm::Registrable`]), or on one of which it is
    /// not known whether it is that ([`NameForm::Unknown`]).
    ///
    /// # Errors
    ///
    /// If it must not or cannot be asked about: an address that is not global, a name that is an address or a public
    /// suffix, a name too long.
    pub fn query_names(
        &self,
        list: &List,
        scope: &AskingScope<'_>,
    ) -> Result<Vec<DomainName>, NotAsked> {
        match self {
            Self::Address(address) => {
                let address = unclothed(*address);
                match AddressScope::of(address) {
                    AddressScope::Global => {}
                    AddressScope::Documentation if scope.documentation => {}
                    scope => return Err(NotAsked::Scope(scope)),
                }
                // RFC 5782 §2.1: octets reversed; §2.4: nibbles reversed.
                let name = list.zone.with_address(address);
                name.map(|name| vec![name])
                    .map_err(|_| NotAsked::NameTooLong)
            }
            Self::Domain(domain) => {
                if domain.is_root() || is_address_literal(domain) || !is_plain(domain) {
                    return Err(NotAsked::NotADomain);
                }
                // RFC 5782 §3: the domain's labels as they are.
                scope
                    .forms(domain, list.name_form)?
                    .iter()
                    .map(|form| join(form, &list.zone))
                    .collect()
            }
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => address.fmt(f),
            Self::Domain(domain) => domain.fmt(f),
        }
    }
}

/// `address`, or the IPv4 address that it is another form of: mapped (RFC 4291 §2.5.5.2), or that of a translator (RFC 6052
/// §2.1), by which a server without IPv4 sees the hosts that have it. Lists know them by their own address alone.
fn unclothed(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(six) => match six.segments() {
            [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
                Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low)).into()
            }
            _ => six.into(),
        },
        four @ IpAddr::V4(_) => four,
    }
}

/// Whether the right-most label is all digits: the name is an IPv4 address, or reads as one.
///
/// Lists of domains answer a question for an address with a code of its own, or as if it were clean.
fn is_address_literal(domain: &DomainName) -> bool {
    let last = domain.labels().last();
    last.is_some_and(|label| label.iter().all(u8::is_ascii_digit))
}

/// Whether every label is of letters, digits, hyphens and underscores, as those of hosts in mail are. An IPv6 address, a URL
/// and an address of mail are names to the DNS, which no list has, so that they would be found clean.
fn is_plain(domain: &DomainName) -> bool {
    let plain = |octet: &u8| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_');
    domain.labels().flatten().all(plain)
}

/// What may be asked about, and what is known to ask less.
#[derive(Clone, Copy, Default)]
#[non_exhaustive]
pub struct AskingScope<'a> {
    /// Whether documentation addresses (RFC 5737, RFC 3849) are asked about, which no list knows.
    pub documentation: bool,
    /// Where registrable domains end. Without it, every name that may be the registrable one is asked in turn.
    pub suffixes: Option<&'a dyn PublicSuffixes>,
}

impl fmt::Debug for AskingScope<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AskingScope")
            .field("documentation", &self.documentation)
            .field("suffixes", &self.suffixes.is_some())
            .finish()
    }
}

impl AskingScope<'_> {
    /// The forms of `domain` that a list may have an entry for.
    fn forms(&self, domain: &DomainName, form: NameForm) -> Result<Vec<DomainName>, NotAsked> {
        if form == NameForm::Full {
            return Ok(vec![domain.clone()]);
        }
        let registrable = self.registrable(domain);
        if form == NameForm::Registrable {
            return registrable;
        }
        let above = registrable.unwrap_or_default().into_iter();
        let above = above.filter(|name| name != domain);
        Ok(std::iter::once(domain.clone()).chain(above).collect())
    }

    /// The registrable domain of `domain`, or the names that it may be.
    fn registrable(&self, domain: &DomainName) -> Result<Vec<DomainName>, NotAsked> {
        if let Some(suffixes) = self.suffixes {
            let registrable = suffixes.organizational_domain(domain);
            return registrable
                .map(|name| vec![name])
                .ok_or(NotAsked::PublicSuffix);
        }
        if domain.label_count() < *REGISTRABLE_LABELS.start() {
            return Ok(vec![domain.clone()]);
        }
        let names = std::iter::successors(Some(domain.clone()), DomainName::parent);
        Ok(names
            .filter(|name| REGISTRABLE_LABELS.contains(&name.label_count()))
            .collect())
    }
}

fn join(domain: &DomainName, zone: &DomainName) -> Result<DomainName, NotAsked> {
    DomainName::from_labels(domain.labels().chain(zone.labels())).map_err(|_| NotAsked::NameTooLong)
}

/// The kinds of [`Subject`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Kind {
    /// An IPv4 address.
    Ipv4,
    /// An IPv6 address.
    Ipv6,
    /// A domain.
    Domain,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Ipv4, Self::Ipv6, Self::Domain];
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Ipv4 => "ipv4",
            Self::Ipv6 => "ipv6",
            Self::Domain => "domain",
        })
    }
}

/// Why a list is not asked about a subject it answers for. This is not "not listed".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum NotAsked {
    /// The address is not global: a list knows nothing of it, and the question would tell others of a private network.
    Scope(AddressScope),
    /// The name to ask would be longer than 255 octets (RFC 1035 §2.3.4).
    NameTooLong,
    /// It is the root, or an address, a URL or the like in place of a domain.
    NotADomain,
    /// The list has registrable domains only, and it is a public suffix.
    PublicSuffix,
    /// The list needs a key, and none was given.
    KeyMissing,
    /// A list that is asked in its place is in the catalogue, with its key.
    Replaced,
    /// As many questions as the list may be asked in a day were asked, or so many that what is left of the day is not enough
    /// for an answer with its proof.
    BudgetSpent {
        /// How many that are.
        limit: u32,
        /// When the next day begins, in seconds since 1970.
        until: i64,
    },
    /// The list may be asked so seldom that its controls leave no question about the subject, and without them there is no
    /// proof.
    LimitTooSmall {
        /// How many questions a day it may be asked.
        limit: u32,
        /// How many one answer takes.
        needed: u32,
    },
}

impl fmt::Display for NotAsked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Scope(scope) => write!(f, "not asked, the address is {scope}"),
            Self::NameTooLong => f.write_str("not asked, the name would be longer than 255 octets"),
            Self::NotADomain => f.write_str("not asked, it is no domain"),
            Self::PublicSuffix => f.write_str("not asked, it is a public suffix"),
            Self::KeyMissing => f.write_str("not asked, the list needs a key"),
            Self::Replaced => f.write_str("not asked, another list is asked in its place"),
            Self::BudgetSpent { limit, .. } => {
                write!(f, "not asked, the {limit} questions of this day are spent")
            }
            Self::LimitTooSmall { limit, needed } => write!(
                f,
                "not asked, an answer with its proof takes {needed} questions, and the limit of a day is {limit}"
            ),
        }
    }
}

#[cfg(test)]
mod tests;
