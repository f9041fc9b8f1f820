//! What is worth a second look in a domain's SPF, though it may be no error.

use std::collections::{BTreeMap, HashSet};
use std::net::IpAddr;

use crate::spf::explain::decision::Decision;
use crate::spf::explain::{RecordFound, RecordNode, fetch};
use crate::spf::{AddressSet, Mechanism, ModifierKind, Qualifier, Record, Term};
use crate::{
    AddressScope, Answer, DomainName, Exchange, Lookup, LookupError, NegativeKind, Octets,
    RecordData, RecordType, Span,
};

/// How many are kept.
const MAX_LINTS: usize = 256;
/// The longest datagram without EDNS (RFC 1035 §4.2.1).
const DATAGRAM: usize = 512;
/// A longer record risks an answer that does not fit a datagram of 512 octets (RFC 7208 §3.4).
const LONG_RECORD: usize = 450;
/// A network with fewer fixed bits than this has more than 65,536 IPv4 addresses.
const WIDE_IPV4: u8 = 16;
/// The same for IPv6: more than a provider is given as a rule.
const WIDE_IPV6: u8 = 32;

/// A place in a record of the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[expect(
    clippy::exhaustive_structs,
    reason = "a place is whose record and where in it"
)]
pub struct Place {
    /// Whose record.
    pub domain: DomainName,
    /// Where in it.
    pub span: Span,
}

/// Something worth a second look. What it means for mail is for the caller to say.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Lint {
    /// A text at the domain that is no SPF record, but was meant as one.
    #[non_exhaustive]
    NearMiss {
        /// The text.
        text: Octets,
        /// What keeps it from being one.
        kind: NearMissKind,
    },
    /// Records of the dead type SPF (99): nobody asks for them (RFC 7208 §3.1).
    #[non_exhaustive]
    TypeSpf {
        /// How many.
        count: usize,
    },
    /// The domain has no record, but one stands at a name below it that nobody asks for.
    #[non_exhaustive]
    CopyElsewhere {
        /// The name.
        name: DomainName,
    },
    /// `+all`: everybody may send for the domain.
    PassAll(Place),
    /// All addresses of a family give *pass*, by whatever term: `all` in an included record, a network of length 0.
    #[non_exhaustive]
    EverybodyPasses {
        /// Every IPv4 address.
        ipv4: bool,
        /// Every IPv6 address.
        ipv6: bool,
    },
    /// `?all`: nothing is said of those who are not named.
    NeutralAll(Place),
    /// Neither `all` nor `redirect` at the end: those who are not named get *neutral*.
    #[non_exhaustive]
    NoAll {
        /// Whose record.
        domain: DomainName,
    },
    /// A term after `all`: nothing comes to it (RFC 7208 §5.1).
    AfterAll(Place),
    /// `redirect` beside `all`: it is ignored (RFC 7208 §6.1).
    RedirectBesideAll(Place),
    /// `ptr`: do not use (RFC 7208 §5.5).
    Ptr(Place),
    /// A term that stands a second time in its record.
    DuplicateTerm(Place),
    /// A record that the tree comes to more than once; each time costs.
    #[non_exhaustive]
    RepeatedRecord {
        /// Whose.
        domain: DomainName,
        /// How many times.
        count: usize,
    },
    /// A record of more than 450 octets (RFC 7208 §3.4).
    #[non_exhaustive]
    LongRecord {
        /// Whose.
        domain: DomainName,
        /// How long it is.
        octets: usize,
    },
    /// `a`, `mx` or `exists` of a name that does not exist.
    #[non_exhaustive]
    DanglingTarget {
        /// Where.
        place: Place,
        /// The name, or the one that it is an alias of.
        target: DomainName,
        /// The zone that says so. If it is a registry's, anybody may register the domain, and then send.
        #[cfg_attr(
            feature = "serde",
            serde(default, skip_serializing_if = "Option::is_none")
        )]
        denied_by: Option<DomainName>,
    },
    /// An answer that does not fit a datagram of 512 octets, with every other text at the domain (RFC 7208 §3.4): it comes by EDNS or TCP.
    #[non_exhaustive]
    LongAnswer {
        /// Whose.
        domain: DomainName,
        /// How long it is.
        octets: usize,
    },
    /// `include` or `redirect` to a domain without a record, which is an error (RFC 7208 §5.2).
    #[non_exhaustive]
    MissingTarget {
        /// Where.
        place: Place,
        /// The domain, or the one that it is an alias of.
        target: DomainName,
        /// Whether its name exists.
        kind: NegativeKind,
        /// The zone that says so. If it is a registry's, anybody may register the domain, and then send.
        #[cfg_attr(
            feature = "serde",
            serde(default, skip_serializing_if = "Option::is_none")
        )]
        denied_by: Option<DomainName>,
    },
    /// A network with very many addresses: IPv4 shorter than /16, IPv6 shorter than /32.
    #[non_exhaustive]
    WideNetwork {
        /// Where.
        place: Place,
        /// How many bits are fixed.
        prefix: u8,
    },
    /// A network with bits set behind its prefix; they are ignored.
    HostBits(Place),
    /// An `ip6` network of IPv4 addresses in IPv6 clothing: such clients are IPv4, so it matches nobody (RFC 7208 §5).
    MappedNetwork(Place),
    /// A network that is not of the public internet.
    #[non_exhaustive]
    SpecialNetwork {
        /// Where.
        place: Place,
        /// What it is reserved for.
        scope: AddressScope,
    },
    /// Addresses that terms before have all decided: without the term nothing would change.
    Covered(Place),
    /// Whether there are records of the dead type, or copies elsewhere, could not be told.
    Unknown(LookupError),
}

/// What keeps a text from being an SPF record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum NearMissKind {
    /// Blanks before the version.
    LeadingBlank,
    /// Another version, such as `v=spf10` or `v=spf2`.
    OtherVersion,
    /// Something other than a space after the version.
    NoSpace,
    /// Sender ID (RFC 4406), which is historic: `spf2.0/`.
    SenderId,
    /// Quotation marks are part of the data: the quoting of a zone file was published.
    LiteralQuotes,
    /// The `v=` is missing.
    NoVersionTag,
}

impl NearMissKind {
    /// What keeps a text from being a record, if it looks like one.
    #[must_use]
    pub fn of(text: &[u8]) -> Option<Self> {
        if Record::is_claimed_by(text) {
            return None;
        }
        let lower = text.to_ascii_lowercase();
        let begins = |start: &[u8]| lower.starts_with(start);
        let trimmed = lower.trim_ascii_start();
        if begins(b"\"v=spf1") {
            Some(Self::LiteralQuotes)
        } else if begins(b"spf2.0/") {
            Some(Self::SenderId)
        } else if begins(b"v=spf1") {
            let after = lower.get(6);
            let is_digit = after.is_some_and(|octet| octet.is_ascii_digit() || *octet == b'.');
            Some(if is_digit {
                Self::OtherVersion
            } else {
                Self::NoSpace
            })
        } else if begins(b"v=spf") {
            Some(Self::OtherVersion)
        } else if begins(b"spf1 ") {
            Some(Self::NoVersionTag)
        } else if trimmed.len() < lower.len() && trimmed.starts_with(b"v=spf1") {
            Some(Self::LeadingBlank)
        } else {
            None
        }
    }
}

/// What is at the domain beside the record, and at names where people put copies.
pub(super) async fn of_domain(
    lookup: &impl Lookup,
    domain: &DomainName,
    root: &RecordNode,
) -> Vec<Lint> {
    let mut lints = Vec::new();
    for text in root.answer.iter().flat_map(Answer::texts) {
        if let Some(kind) = NearMissKind::of(&text) {
            let text = text.into();
            lints.push(Lint::NearMiss { text, kind });
        }
    }
    match lookup.lookup(domain, RecordType::SPF).await {
        Ok(answer) if !answer.records().is_empty() => lints.push(Lint::TypeSpf {
            count: answer.records().len(),
        }),
        Ok(_) => {}
        Err(error) => lints.push(Lint::Unknown(error)),
    }
    if root.found == RecordFound::Nothing {
        for label in ["_spf", "spf"] {
            let Ok(name) = domain.with_prefix(label) else {
                continue;
            };
            match fetch(lookup, &name).await {
                RecordFound::Record(_)
                | RecordFound::Several { .. }
                | RecordFound::Invalid { .. } => {
                    lints.push(Lint::CopyElsewhere { name });
                }
                RecordFound::Unknown(error) => lints.push(Lint::Unknown(error)),
                _ => {}
            }
        }
    }
    lints
}

/// What is in the records of the tree.
pub(super) fn of_tree(root: &RecordNode, decision: &Decision, exchanges: &[Exchange]) -> Vec<Lint> {
    let mut lints = Vec::new();
    of_ending(root, &mut lints);
    let everybody = Lint::EverybodyPasses {
        ipv4: AddressSet::every_ipv4().without(&decision.pass).is_empty(),
        ipv6: AddressSet::every_ipv6().without(&decision.pass).is_empty(),
    };
    if everybody
        != (Lint::EverybodyPasses {
            ipv4: false,
            ipv6: false,
        })
    {
        lints.push(everybody);
    }
    let nodes = root.walk();
    for node in &nodes {
        of_record(node, &mut lints);
        of_targets(node, exchanges, &mut lints);
    }
    lints.extend(decision.covered.iter().cloned().map(Lint::Covered));
    let mut counts = BTreeMap::new();
    for node in nodes.iter().filter(|node| node.record().is_some()) {
        *counts.entry(&node.domain).or_insert(0) += 1;
    }
    let repeated = counts.into_iter().filter(|(_, count)| *count > 1);
    lints.extend(repeated.map(|(domain, count)| Lint::RepeatedRecord {
        domain: domain.clone(),
        count,
    }));
    lints
}

/// Leaves of each one, since a record that the tree comes to twice is read twice, and of all the first 256.
pub(super) fn distinct(lints: &mut Vec<Lint>) {
    let mut seen: Vec<Lint> = Vec::new();
    for lint in lints.drain(..) {
        if seen.len() < MAX_LINTS && !seen.contains(&lint) {
            seen.push(lint);
        }
    }
    *lints = seen;
}

/// How the record ends that decides about those who are not named: the domain's own, or that which it redirects to.
fn of_ending(node: &RecordNode, lints: &mut Vec<Lint>) {
    let Some(record) = node.record() else { return };
    let all = record
        .directives()
        .find(|directive| directive.mechanism == Mechanism::All);
    let redirected = node.terms.iter().find(|term| term.qualifier.is_none());
    match (all, redirected) {
        (Some(all), _) => {
            let place = place(node, all.span);
            match all.qualifier {
                Qualifier::Pass => lints.push(Lint::PassAll(place)),
                Qualifier::Neutral => lints.push(Lint::NeutralAll(place)),
                Qualifier::Fail | Qualifier::SoftFail => {}
            }
        }
        (None, Some(term)) => {
            if let Some(child) = &term.child {
                of_ending(child, lints);
            }
        }
        (None, None) => lints.push(Lint::NoAll {
            domain: node.domain.clone(),
        }),
    }
}

fn place(node: &RecordNode, span: Span) -> Place {
    Place {
        domain: node.domain.clone(),
        span,
    }
}

fn of_record(node: &RecordNode, lints: &mut Vec<Lint>) {
    let Some(record) = node.record() else { return };
    let mut texts = HashSet::new();
    let mut after_all = false;
    let has_all = record
        .directives()
        .any(|directive| directive.mechanism == Mechanism::All);
    for term in &record.terms {
        let at = || place(node, term.span());
        if !texts.insert(comparable(term)) {
            lints.push(Lint::DuplicateTerm(at()));
        }
        match term {
            Term::Directive(directive) => {
                if after_all {
                    lints.push(Lint::AfterAll(at()));
                }
                after_all |= directive.mechanism == Mechanism::All;
                of_mechanism(&directive.mechanism, &at(), lints);
            }
            Term::Modifier(modifier) => {
                if has_all && matches!(modifier.kind, ModifierKind::Redirect { .. }) {
                    lints.push(Lint::RedirectBesideAll(at()));
                }
            }
        }
    }
    if record.text.len() > LONG_RECORD {
        lints.push(Lint::LongRecord {
            domain: node.domain.clone(),
            octets: record.text.len(),
        });
    }
    if let Some(octets) = node
        .answer
        .as_ref()
        .map(answer_octets)
        .filter(|octets| *octets > DATAGRAM)
    {
        lints.push(Lint::LongAnswer {
            domain: node.domain.clone(),
            octets,
        });
    }
    for term in &node.terms {
        let Some(child) = &term.child else { continue };
        let Some(answer) = child
            .answer
            .as_ref()
            .filter(|_| child.found == RecordFound::Nothing)
        else {
            continue;
        };
        let negative = answer.negative();
        lints.push(Lint::MissingTarget {
            place: place(node, term.span),
            target: answer.canonical_name().clone(),
            kind: negative.map_or(NegativeKind::NoData, |negative| negative.kind),
            denied_by: negative.and_then(|negative| negative.zone.clone()),
        });
    }
}

/// Names that do not exist.
fn of_targets(node: &RecordNode, exchanges: &[Exchange], lints: &mut Vec<Lint>) {
    for term in &node.terms {
        let Some(target) = &term.target else { continue };
        let about = |exchange: &&Exchange| {
            exchange.question.name == *target && exchange.question.record_type != RecordType::TXT
        };
        let answers: Vec<_> = exchanges
            .iter()
            .filter(about)
            .filter_map(|exchange| exchange.outcome.as_ref().ok())
            .collect();
        let Some(answer) = answers
            .first()
            .filter(|_| answers.iter().all(|answer| answer.is_nxdomain()))
        else {
            continue;
        };
        lints.push(Lint::DanglingTarget {
            place: place(node, term.span),
            target: answer.canonical_name().clone(),
            denied_by: answer.negative().and_then(|negative| negative.zone.clone()),
        });
    }
}

/// The same for terms that mean the same: names in lower case, and letters of macros as they are, since a capital one escapes.
fn comparable(term: &Term) -> String {
    let text = term.to_string();
    if text.contains('%') {
        text
    } else {
        text.to_ascii_lowercase()
    }
}

/// How long a message with the answer is, about: header, question, and each record with a pointer to its name (RFC 1035 §4.1).
fn answer_octets(answer: &Answer) -> usize {
    let records = answer.records().iter().map(|record| match &record.data {
        RecordData::Txt(strings) => {
            12 + strings.iter().map(|string| 1 + string.len()).sum::<usize>()
        }
        _ => 12,
    });
    12 + answer.question.name.wire_len() + 4 + records.sum::<usize>()
}

fn of_mechanism(mechanism: &Mechanism, at: &Place, lints: &mut Vec<Lint>) {
    let mut wide = |prefix: Option<u8>, least: u8| {
        if let Some(prefix) = prefix.filter(|prefix| *prefix < least) {
            let place = at.clone();
            lints.push(Lint::WideNetwork { place, prefix });
        }
    };
    let (address, prefix) = match mechanism {
        Mechanism::Ptr { .. } => {
            lints.push(Lint::Ptr(at.clone()));
            return;
        }
        Mechanism::A { cidr, .. } | Mechanism::Mx { cidr, .. } => {
            wide(cidr.ip4, WIDE_IPV4);
            wide(cidr.ip6, WIDE_IPV6);
            return;
        }
        Mechanism::Ip4 { network, prefix } => {
            wide(*prefix, WIDE_IPV4);
            (IpAddr::V4(*network), prefix.unwrap_or(32))
        }
        Mechanism::Ip6 { network, prefix } => {
            wide(*prefix, WIDE_IPV6);
            if network.to_ipv4_mapped().is_some() {
                lints.push(Lint::MappedNetwork(at.clone()));
            }
            (IpAddr::V6(*network), prefix.unwrap_or(128))
        }
        _ => return,
    };
    let first = AddressSet::network(address, prefix).networks().next();
    if first.is_some_and(|first| first.address != address) {
        lints.push(Lint::HostBits(at.clone()));
    }
    let scope = AddressScope::of(address);
    if scope != AddressScope::Global && prefix > 0 {
        lints.push(Lint::SpecialNetwork {
            place: at.clone(),
            scope,
        });
    }
}

#[cfg(test)]
mod tests;
