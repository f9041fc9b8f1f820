//! What is worth a second look in a domain's SPF, though it may be no error.

use std::collections::BTreeMap;

use crate::spf::explain::{Reach, RecordFound, RecordNode};
use crate::spf::{AddressSet, Mechanism, ModifierKind, Qualifier, Record, Term};
use crate::{
    AddressScope, DomainName, Lookup, LookupError, NegativeKind, Octets, RecordType, Span,
};

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
    NearMiss {
        /// The text.
        text: Octets,
        /// What keeps it from being one.
        kind: NearMissKind,
    },
    /// Records of the dead type SPF (99): nobody asks for them (RFC 7208 §3.1).
    TypeSpf {
        /// How many.
        count: usize,
    },
    /// The domain has no record, but one stands at a name below it that nobody asks for.
    CopyElsewhere {
        /// The name.
        name: DomainName,
    },
    /// `+all`: everybody may send for the domain.
    PassAll(Place),
    /// `?all`: nothing is said of those who are not named.
    NeutralAll(Place),
    /// Neither `all` nor `redirect` at the end: those who are not named get *neutral*.
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
    RepeatedRecord {
        /// Whose.
        domain: DomainName,
        /// How many times.
        count: usize,
    },
    /// A record of more than 450 octets (RFC 7208 §3.4).
    LongRecord {
        /// Whose.
        domain: DomainName,
        /// How long it is.
        octets: usize,
    },
    /// `include` or `redirect` to a domain without a record, which is an error (RFC 7208 §5.2).
    MissingTarget {
        /// Where.
        place: Place,
        /// The domain.
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
    WideNetwork {
        /// Where.
        place: Place,
        /// How many bits are fixed.
        prefix: u8,
    },
    /// A network with bits set behind its prefix; they are ignored.
    HostBits(Place),
    /// A network that is not of the public internet.
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
    if let Ok(answer) = lookup.lookup(domain, RecordType::TXT).await {
        for text in answer.texts() {
            if let Some(kind) = NearMissKind::of(&text) {
                let text = text.into();
                lints.push(Lint::NearMiss { text, kind });
            }
        }
    }
    match lookup.lookup(domain, RecordType::SPF).await {
        Ok(answer) if !answer.records().is_empty() => lints.push(Lint::TypeSpf {
            count: answer.records().len(),
        }),
        Ok(_) => {}
        Err(error) => lints.push(Lint::Unknown(error)),
    }
    if matches!(root.found, RecordFound::Nothing { .. }) {
        for label in ["_spf", "spf"] {
            let Ok(name) = domain.with_prefix(label) else {
                continue;
            };
            match super::explain::fetch(lookup, &name).await {
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
pub(super) fn of_tree(root: &RecordNode) -> Vec<Lint> {
    let mut lints = Vec::new();
    of_ending(root, &mut lints);
    let mut seen = AddressSet::default();
    let nodes = root.walk();
    for node in &nodes {
        of_record(node, &mut lints);
    }
    of_addresses(root, &mut seen, &mut lints);
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
    let mut texts = Vec::new();
    let mut after_all = false;
    let has_all = record
        .directives()
        .any(|directive| directive.mechanism == Mechanism::All);
    for term in &record.terms {
        let at = || place(node, term.span());
        let text = term.to_string().to_ascii_lowercase();
        if texts.contains(&text) {
            lints.push(Lint::DuplicateTerm(at()));
        }
        texts.push(text);
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
    for term in &node.terms {
        let Some(child) = &term.child else { continue };
        let RecordFound::Nothing { answer } = &child.found else {
            continue;
        };
        let negative = answer.negative();
        lints.push(Lint::MissingTarget {
            place: place(node, term.span),
            target: child.domain.clone(),
            kind: negative.map_or(NegativeKind::NoData, |negative| negative.kind),
            denied_by: negative.and_then(|negative| negative.zone.clone()),
        });
    }
}

fn of_mechanism(mechanism: &Mechanism, at: &Place, lints: &mut Vec<Lint>) {
    let (address, prefix, wide) = match mechanism {
        Mechanism::Ptr { .. } => {
            lints.push(Lint::Ptr(at.clone()));
            return;
        }
        Mechanism::Ip4 { network, prefix } => ((*network).into(), prefix.unwrap_or(32), WIDE_IPV4),
        Mechanism::Ip6 { network, prefix } => ((*network).into(), prefix.unwrap_or(128), WIDE_IPV6),
        _ => return,
    };
    if prefix < wide {
        lints.push(Lint::WideNetwork {
            place: at.clone(),
            prefix,
        });
    }
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

/// In the order of an evaluation: what a term matches, and everybody before has decided already.
fn of_addresses(node: &RecordNode, seen: &mut AddressSet, lints: &mut Vec<Lint>) {
    let Some(record) = node.record() else { return };
    for term in &node.terms {
        let directive = record
            .directives()
            .find(|directive| directive.span == term.span);
        let is_all = directive.is_some_and(|directive| directive.mechanism == Mechanism::All);
        match (&term.reach, &term.child) {
            (Reach::Child, Some(child)) => of_addresses(child, seen, lints),
            // What an included record says of all others decides nothing outside it.
            (Reach::Addresses(set), _) if !is_all => {
                if !set.is_empty() && set.without(seen).is_empty() {
                    lints.push(Lint::Covered(place(node, term.span)));
                }
                seen.union(set);
            }
            _ => {}
        }
    }
}
