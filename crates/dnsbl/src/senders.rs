//! The addresses that a domain sends from, as its SPF record says.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use mail_dns::spf::{
    self, AddressSet, Explained, Network, Problem, Qualifier, Reach, RecordNode, TermNode,
    TreeFault, TreeProblem,
};
use mail_dns::{DomainName, Lookup};

/// How many addresses of a domain are named one by one; the rest is counted.
pub const MAX_SENDERS: usize = 256;

/// A network of up to so many host bits, which is sixteen addresses, is taken address by address. A larger one is most often
/// a provider's, of which the domain uses a few.
const MAX_HOST_BITS: u8 = 4;

/// Reads the SPF record of `domain` (RFC 7208) and those that it includes, and says which addresses it lets send.
///
/// A listing of an MX host alone says nothing about mail that goes out: what others refuse is the address that mail comes
/// from. Whoever knows the addresses that really send had better ask about those; a domain's record names the servers of
/// its providers too, which others use as well.
///
/// # Examples
///
/// ```
/// use dnsbl::Senders;
/// use mail_dns::StaticLookup;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let dns = StaticLookup::from_zone_text(
///     "shop.test.      300 IN TXT \"v=spf1 a include:_spf.crm.test -all\"\n\
///      shop.test.      300 IN A   192.0.2.1\n\
///      _spf.crm.test.  300 IN TXT \"v=spf1 ip4:198.51.100.8/31 ip4:203.0.113.0/24 ~all\"",
/// )?;
/// let senders = dnsbl::senders(&dns, &"shop.test".parse()?).await;
/// let addresses: Vec<_> = senders.addresses.iter().map(ToString::to_string).collect();
/// assert_eq!(addresses, [
///     "192.0.2.1 (a of shop.test)",
///     "198.51.100.8 (ip4:198.51.100.8/31 of _spf.crm.test)",
///     "198.51.100.9 (ip4:198.51.100.8/31 of _spf.crm.test)",
/// ]);
/// assert_eq!(senders.networks.ipv4_count(), 256, "a network is not asked about address by address");
/// assert!(!senders.is_complete());
/// # Ok(())
/// # }
/// ```
pub async fn senders(lookup: &impl Lookup, domain: &DomainName) -> Senders {
    Senders::of(&spf::explain(lookup, domain).await)
}

/// What the SPF record of a domain says about the addresses that it sends from.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Senders {
    /// The domain.
    pub domain: DomainName,
    /// Single addresses, and those of networks of at most sixteen, in order; at most [`MAX_SENDERS`].
    pub addresses: Vec<SenderAddress>,
    /// The larger networks, which are not taken address by address.
    pub networks: AddressSet,
    /// What was left out of [`addresses`](Self::addresses) because there are too many.
    pub left_out: AddressSet,
    /// Where the record does not say, or could not be read.
    pub gaps: Vec<SenderGap>,
}

impl Senders {
    /// Takes the addresses out of what was read of a domain's records. Pure.
    #[must_use]
    pub fn of(explained: &Explained) -> Self {
        let named = named_by(&explained.root);
        // What stands behind a broken include ends in an error today, and is meant to send all the same.
        let mut meant = explained.authorized.clone();
        meant.union(&explained.erroneous);
        let all = named.iter().flat_map(|named| named.networks.networks());
        let (small, large): (Vec<_>, Vec<_>) = all.partition(is_small);
        let single = both(&AddressSet::from(small), &meant);
        let addresses: Vec<_> = single
            .networks()
            .flat_map(|network| every_address(&network))
            .take(MAX_SENDERS)
            .collect();
        let taken: Vec<_> = addresses.iter().map(|address| whole(*address)).collect();
        let sender = |address: IpAddr| SenderAddress {
            address,
            by: named
                .iter()
                .find(|named| named.networks.contains(address))
                .map(|named| named.place.clone()),
            passes: explained.authorized.contains(address),
        };
        Self {
            domain: explained.root.domain.clone(),
            left_out: single.without(&AddressSet::from(taken)),
            networks: both(&AddressSet::from(large), &meant),
            addresses: addresses.into_iter().map(sender).collect(),
            gaps: gaps_of(explained),
        }
    }

    /// Whether the addresses are all that the domain sends from, by its record.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.networks.is_empty() && self.left_out.is_empty() && self.gaps.is_empty()
    }

    /// Whether there is proof that the domain lets nobody send, or says nothing about it.
    #[must_use]
    pub fn is_nobody(&self) -> bool {
        let says_nothing = |gap: &SenderGap| gap.why == GapCause::Broken(Problem::NoRecord);
        let is_empty = self.addresses.is_empty() && self.networks.is_empty();
        is_empty && self.gaps.iter().all(says_nothing)
    }
}

/// How many, and what is not known.
impl fmt::Display for Senders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = |f: &mut fmt::Formatter<'_>, set: &AddressSet, what: &str| {
            let (ipv4, ipv6) = (set.ipv4_count(), set.ipv6_count());
            match (ipv4, ipv6) {
                (0, 0) => Ok(()),
                (_, 0) => write!(f, "; {ipv4} IPv4 addresses {what}"),
                (0, _) => write!(f, "; {ipv6} IPv6 addresses {what}"),
                _ => write!(f, "; {ipv4} IPv4 and {ipv6} IPv6 addresses {what}"),
            }
        };
        write!(
            f,
            "{}: addresses that may send: {}",
            self.domain,
            self.addresses.len()
        )?;
        count(f, &self.left_out, "more")?;
        count(
            f,
            &self.networks,
            "in networks that are not taken one by one",
        )?;
        for gap in &self.gaps {
            write!(f, "; {gap}")?;
        }
        Ok(())
    }
}

/// An address that a domain sends from.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct SenderAddress {
    /// The address.
    pub address: IpAddr,
    /// The first term that names it.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub by: Option<TermPlace>,
    /// Whether an evaluation for it gives *pass*. If not, it ends in an error on the way to the term, so that the domain's
    /// mail from there is not authenticated now. The limits of RFC 7208 §4.6.4 are not counted for it.
    pub passes: bool,
}

impl fmt::Display for SenderAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.address.fmt(f)?;
        match &self.by {
            Some(by) => write!(f, " ({by})"),
            None => Ok(()),
        }
    }
}

/// A term of an SPF record.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct TermPlace {
    /// The domain whose record it stands in.
    pub domain: DomainName,
    /// The term as it stands there.
    pub term: String,
}

impl TermPlace {
    fn of(node: &RecordNode, term: &TermNode) -> Self {
        let text = node.record().map(|record| record.text_of(term.span));
        Self {
            domain: node.domain.clone(),
            term: text.unwrap_or_default().to_owned(),
        }
    }
}

impl fmt::Display for TermPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}", self.term.escape_debug(), self.domain)
    }
}

/// Where a record does not say who sends, or could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct SenderGap {
    /// The term; `None` for the domain's own record.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub at: Option<TermPlace>,
    /// Why.
    pub why: GapCause,
}

impl fmt::Display for SenderGap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.at {
            Some(at) => write!(f, "{at}: {}", self.why),
            None => self.why.fmt(f),
        }
    }
}

/// Why a record does not say who sends.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum GapCause {
    /// The term asks about each client (`exists`, `ptr`, a macro): no question finds out whom it lets send.
    HangsOnClient,
    /// Could not tell: a question failed.
    Unanswered(mail_dns::LookupError),
    /// The record is wrong there, or there is none, and an evaluation that comes to it ends in an error.
    Broken(Problem),
    /// The includes go in a circle.
    Circle,
    /// It was not looked at: too deep, or too much.
    NotVisited,
    /// It gives *neutral*, as a record does that ends without `all`: it says of those neither that they may send nor that
    /// they may not (RFC 7208 §2.6.2, §4.7).
    LeftOpen,
}

impl GapCause {
    /// Whether it could not be told; else the record itself is why.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        matches!(self, Self::Unanswered(_) | Self::NotVisited)
    }
}

impl fmt::Display for GapCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::HangsOnClient => f.write_str("whom it lets send hangs on the client"),
            Self::Unanswered(error) => write!(f, "could not tell: {error}"),
            Self::Broken(problem) => problem.fmt(f),
            Self::Circle => f.write_str("the includes go in a circle"),
            Self::NotVisited => f.write_str("not looked at: too deep, or too much"),
            Self::LeftOpen => f.write_str("whether others may send is left open"),
        }
    }
}

/// A term that lets send, and whom.
struct Named {
    place: TermPlace,
    networks: AddressSet,
}

/// The terms of the tree that let somebody send, in the order of an evaluation as far as records go.
fn named_by(root: &RecordNode) -> Vec<Named> {
    let mut named = Vec::new();
    for node in root.walk() {
        let passing = node
            .terms
            .iter()
            .filter(|term| term.qualifier == Some(Qualifier::Pass));
        named.extend(passing.filter_map(|term| {
            let networks = match &term.reach {
                Reach::Addresses(networks) => networks.clone(),
                Reach::All => AddressSet::everything(),
                _ => return None,
            };
            let place = TermPlace::of(node, term);
            Some(Named { place, networks })
        }));
    }
    named
}

fn gaps_of(explained: &Explained) -> Vec<SenderGap> {
    let nodes = explained.root.walk();
    let opaque = nodes.iter().flat_map(|node| {
        let terms = node.terms.iter().filter(|term| term.reach == Reach::Client);
        // A term that only takes away names nobody.
        let terms = terms.filter(|term| matches!(term.qualifier, Some(Qualifier::Pass) | None));
        terms.map(|term| SenderGap {
            at: Some(TermPlace::of(node, term)),
            why: GapCause::HangsOnClient,
        })
    });
    let place = |domain: DomainName, span| {
        let mut nodes = nodes.iter().filter(|node| node.domain == domain);
        let term = nodes.find_map(|node| Some(node.record()?.text_of(span).to_owned()));
        TermPlace {
            domain,
            term: term.unwrap_or_default(),
        }
    };
    let broken = explained.faults().into_iter().map(|fault| {
        let TreeFault { at, problem, .. } = fault;
        SenderGap {
            at: at.map(|(domain, span)| place(domain, span)),
            why: cause_of(problem),
        }
    });
    let mut gaps: Vec<SenderGap> = Vec::new();
    for gap in broken.chain(opaque).chain(left_open(&explained.root)) {
        // A host that cannot be asked for has two questions, and an include may stand twice.
        let told = |other: &SenderGap| {
            let same_sort = std::mem::discriminant(&other.why) == std::mem::discriminant(&gap.why);
            other.at == gap.at && same_sort
        };
        if !gaps.iter().any(told) {
            gaps.push(gap);
        }
    }
    gaps
}

/// Where a domain's record gives *neutral*: by a term, or because it ends without `all`. What an included record says of those
/// whom it does not pass counts for nothing (RFC 7208 §5.2); what a redirect leads to counts in full.
fn left_open(node: &RecordNode) -> Option<SenderGap> {
    let record = node.record()?;
    let gap = |at| SenderGap {
        at: Some(at),
        why: GapCause::LeftOpen,
    };
    let mut terms = node.terms.iter();
    if let Some(term) = terms.find(|term| term.qualifier == Some(Qualifier::Neutral)) {
        return Some(gap(TermPlace::of(node, term)));
    }
    match node.terms.last() {
        Some(last) if last.reach == Reach::All => None,
        Some(last) if last.qualifier.is_none() => last.child.as_deref().and_then(left_open),
        _ => Some(gap(TermPlace {
            domain: node.domain.clone(),
            term: record.to_string(),
        })),
    }
}

fn cause_of(problem: TreeProblem) -> GapCause {
    match problem {
        TreeProblem::Evaluation(Problem::Lookup(error)) => GapCause::Unanswered(error),
        TreeProblem::Evaluation(problem) => GapCause::Broken(problem),
        TreeProblem::Circle => GapCause::Circle,
        _ => GapCause::NotVisited,
    }
}

fn is_small(network: &Network) -> bool {
    bits(network.address).saturating_sub(network.prefix) <= MAX_HOST_BITS
}

fn bits(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

fn whole(address: IpAddr) -> Network {
    Network {
        address,
        prefix: bits(address),
    }
}

fn both(left: &AddressSet, right: &AddressSet) -> AddressSet {
    left.without(&left.without(right))
}

/// Every address of a network, lazily: neighbors that were joined may be many.
fn every_address(network: &Network) -> Box<dyn Iterator<Item = IpAddr>> {
    let host = bits(network.address).saturating_sub(network.prefix);
    let more = 1_u128
        .checked_shl(host.into())
        .map_or(u128::MAX, |count| count - 1);
    match network.address {
        IpAddr::V4(first) => {
            let first = first.to_bits();
            let last = first.saturating_add(u32::try_from(more).unwrap_or(u32::MAX));
            Box::new((first..=last).map(|number| Ipv4Addr::from_bits(number).into()))
        }
        IpAddr::V6(first) => {
            let first = first.to_bits();
            let last = first.saturating_add(more);
            Box::new((first..=last).map(|number| Ipv6Addr::from_bits(number).into()))
        }
    }
}
