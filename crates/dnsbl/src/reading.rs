//! What one answer says by itself, before it is weighed against the controls.

use std::collections::BTreeSet;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr};

use mail_dns::{
    Answer, DomainName, ExtendedError, LookupError, LookupErrorKind, Negative, NegativeKind,
};

use crate::key::Redaction;
use crate::{Category, CodeMatch, Effect, List, ListText, Meaning, Stance};

/// How many different addresses one answer may have. A bitmask needs one and the richest composite list five;
/// an answer that has more is a fault of the list.
pub const MAX_ADDRESSES: usize = 64;

/// What one answer of a list says by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Reading {
    /// There is an entry, good or bad: every address that is one, each once, in order of their values.
    Entry(Vec<Code>),
    /// There is no entry: NXDOMAIN (RFC 5782 §2.1), and nothing else is that; of a name above the subject's, NODATA too.
    Absent(Negative),
    /// The question was not answered, on purpose.
    Refused(Refusal),
    /// The answer is none that a working list gives.
    Faulty(Fault),
    /// The answer settles nothing, or there is none.
    Unsettled(Unsettled),
}

impl Reading {
    /// What was read, with the key taken out.
    pub(crate) fn redacted(self, redaction: Redaction<'_>) -> Self {
        match self {
            Self::Absent(denial) => Self::Absent(redaction.negative(&denial)),
            Self::Refused(Refusal::Rcode(error)) => {
                Self::Refused(Refusal::Rcode(redaction.error(error)))
            }
            Self::Unsettled(Unsettled::Lookup(error)) => {
                Self::Unsettled(Unsettled::Lookup(redaction.error(error)))
            }
            // The rest has addresses and the catalogue's own words alone.
            other => other,
        }
    }

    /// Reads the outcome of a question for the A records at a name of `list`.
    #[must_use]
    pub fn of(list: &List, outcome: &Result<Answer, LookupError>) -> Self {
        let answer = match outcome {
            Ok(answer) => answer,
            Err(error) if error.kind() == LookupErrorKind::Refused => {
                return Self::Refused(Refusal::Rcode(error.clone()));
            }
            Err(error) => return Self::Unsettled(Unsettled::Lookup(error.clone())),
        };
        let mut extended = answer.extended_errors.iter();
        if let Some(error) = extended.find(|error| is_not_the_lists(error.code)) {
            return Self::Unsettled(Unsettled::NotTheLists(error.code));
        }
        match answer.negative() {
            Some(denial) if denial.kind == NegativeKind::NxDomain && answer.aliases.is_empty() => {
                absence(list, denial)
            }
            // The name exists and has no A record: a list of other records, a broken one, or a signer that denies in
            // the manner of RFC 9824. Or it is an alias of what does not exist (RFC 6604 §3): the denial is not of the list's
            // name. RFC 5782 knows no such answer.
            Some(_) => Self::Unsettled(Unsettled::NoData),
            None => decode(list, answer.addresses().collect()),
        }
    }

    /// Reads the outcome of a question for a name above the one that the subject has, which was denied.
    ///
    /// Each entry has an A record (RFC 5782 §2.1), and a name above entries exists without one (RFC 8020 §2): `co.uk` of a
    /// list that has other domains below it. There NODATA is what a working list answers.
    fn of_name_above(list: &List, outcome: &Result<Answer, LookupError>) -> Self {
        let answer = outcome.as_ref().ok();
        // An alias of what has no address is not the list's own denial.
        let answer = answer.filter(|answer| answer.aliases.is_empty());
        match (Self::of(list, outcome), answer.and_then(Answer::negative)) {
            (Self::Unsettled(Unsettled::NoData), Some(denial))
                if denial.kind == NegativeKind::NoData =>
            {
                Self::Absent(denial.clone())
            }
            (reading, _) => reading,
        }
    }
}

impl fmt::Display for Reading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Entry(codes) => write_list(f, codes),
            Self::Absent(denial) => denial.kind.fmt(f),
            Self::Refused(refusal) => refusal.fmt(f),
            Self::Faulty(fault) => fault.fmt(f),
            Self::Unsettled(unsettled) => unsettled.fmt(f),
        }
    }
}

/// A denial, unless it is by the root or a top-level domain: then the domain of the list is gone, and the list says nothing.
fn absence(list: &List, denial: &Negative) -> Reading {
    let is_above = |zone: &&DomainName| zone.label_count() < 2 && list.zone.label_count() >= 2;
    match denial.zone.as_ref().filter(is_above) {
        Some(zone) => Reading::Unsettled(Unsettled::DomainGone(zone.clone())),
        None => Reading::Absent(denial.clone()),
    }
}

/// Whether a resolver says by this extended error that an answer is an old one (RFC 8914 §4.4, §4.20), or its own (§4.5, §4.16 to
/// §4.19).
fn is_not_the_lists(code: u16) -> bool {
    matches!(code, 3 | 4 | 15..=19)
}

/// The worst address decides: one that no list gives, then a refusal, and only then entries.
fn decode(list: &List, addresses: BTreeSet<IpAddr>) -> Reading {
    if addresses.len() > MAX_ADDRESSES {
        return Reading::Faulty(Fault::TooManyAddresses(addresses.len()));
    }
    // RFC 5782 §2.1: answers are in 127.0.0.0/8. A parked domain, a captive portal or a filter that rewrites NXDOMAIN
    // answers with an address of its own.
    let inside: Vec<Ipv4Addr> = addresses.iter().filter_map(loopback).collect();
    if inside.len() < addresses.len() {
        let outside = addresses
            .into_iter()
            .filter(|address| loopback(address).is_none());
        return Reading::Faulty(Fault::OutsideLoopback(outside.collect()));
    }
    if inside.is_empty() {
        return Reading::Unsettled(Unsettled::NoData);
    }
    let verdicts: Vec<Said> = inside.iter().map(|address| said(list, *address)).collect();
    let refusal = verdicts.iter().find_map(|said| match said {
        Said::Refusal(refusal) => Some(refusal.clone()),
        _ => None,
    });
    if let Some(refusal) = refusal {
        return Reading::Refused(refusal);
    }
    let codes: Vec<Code> = verdicts.into_iter().filter_map(Said::entry).collect();
    if codes.is_empty() {
        return Reading::Unsettled(Unsettled::Ambiguous(inside));
    }
    Reading::Entry(codes)
}

fn loopback(address: &IpAddr) -> Option<Ipv4Addr> {
    match address {
        IpAddr::V4(address) if address.is_loopback() => Some(*address),
        _ => None,
    }
}

/// What one address says.
enum Said {
    Entry(Code),
    Refusal(Refusal),
    Nothing,
}

impl Said {
    fn entry(self) -> Option<Code> {
        match self {
            Self::Entry(code) => Some(code),
            _ => None,
        }
    }
}

/// What `address` says on `list`: by the list's own rules, then by what holds for every list.
fn said(list: &List, address: Ipv4Addr) -> Said {
    let matching = || list.codes.iter().filter(|rule| rule.code.matches(address));
    let first = matching().next();
    let refused = matching().find(|rule| rule.effect == Effect::Refused);
    // A bit that refuses does so whatever the other bits say; of other rules, the first that matches decides.
    let refused =
        refused.filter(|rule| matches!(rule.code, CodeMatch::Bit(_)) || first == Some(*rule));
    let reason = RefusalReason::of(address);
    if refused.is_some() || reason.is_some() {
        let meaning = refused.map(|rule| rule.meaning.text.clone());
        return refusal(address, reason, meaning);
    }
    let Some(first) = first else {
        return said_by_no_rule(list, address);
    };
    let mut strange = None;
    let (rules, effect) = match (first.code, address.octets()) {
        (CodeMatch::Bit(_), [.., mask]) => {
            let rules: Vec<_> = matching().collect();
            let explained = rules.iter().fold(0, |bits, rule| bits | bit_of(rule.code));
            strange = unknown_bits(mask & !explained);
            let unexplained = strange.is_some();
            if unexplained && list.stance == Stance::Allow {
                // What nobody explains vouches for nothing, in part as little as whole.
                return Said::Nothing;
            }
            let effect = worst(rules.iter().map(|rule| rule.effect), unexplained);
            (rules, effect)
        }
        _ => (vec![first], first.effect),
    };
    Said::Entry(Code {
        address,
        // On an allowlist an entry is good unless its rule says otherwise.
        effect: match (list.stance, effect) {
            (Stance::Allow, Effect::Listed) => Effect::Allowed,
            _ => effect,
        },
        meanings: rules
            .iter()
            .map(|rule| rule.meaning.clone())
            .chain(strange)
            .collect(),
    })
}

/// What is said by bits that nobody explains, if there are any: that is taken for what most codes say, as a whole code is.
fn unknown_bits(bits: u8) -> Option<Meaning> {
    (bits != 0).then(|| Meaning {
        verified: false,
        ..Meaning::new(format!("{bits} of unknown meaning"), Category::Spam)
    })
}

fn bit_of(code: CodeMatch) -> u8 {
    match code {
        CodeMatch::Bit(bit) => bit,
        CodeMatch::Octets(_) => 0,
    }
}

/// Bits say several things at once; the worst of them is what the answer does. One that nobody explains is bad.
fn worst(mut effects: impl Iterator<Item = Effect> + Clone, unexplained: bool) -> Effect {
    let all_good = effects.clone().all(|effect| effect == Effect::Allowed);
    if unexplained || effects.any(|effect| effect == Effect::Listed) {
        Effect::Listed
    } else if all_good {
        Effect::Allowed
    } else {
        Effect::Neutral
    }
}

fn refusal(address: Ipv4Addr, reason: Option<RefusalReason>, meaning: Option<String>) -> Said {
    Said::Refusal(Refusal::Code {
        address,
        reason: reason.unwrap_or(RefusalReason::ListSpecific),
        meaning,
        text: Vec::new(),
    })
}

fn said_by_no_rule(list: &List, address: Ipv4Addr) -> Said {
    match list.stance {
        // Allowlists turn away whom they do not serve with an address that ends so, and an answer that nobody explains
        // vouches for nothing.
        Stance::Allow if address.octets()[3] == 255 => refusal(address, None, None),
        Stance::Allow => Said::Nothing,
        _ if is_never_an_entry(list, address) => Said::Nothing,
        _ => Said::Entry(Code::new(address, Effect::Listed, Vec::new())),
    }
}

/// Whether `address`, which no rule of `list` names, cannot be an entry.
fn is_never_an_entry(list: &List, address: Ipv4Addr) -> bool {
    let bits = |rule: &crate::CodeRule| matches!(rule.code, CodeMatch::Bit(_));
    match address.octets() {
        // RFC 5782 §5 keeps 127.0.0.1 as what no list has; a rewriting resolver gives it too.
        [127, 0, 0, 1] => true,
        // The zones of domains answer so to a question for an address: a fault of the one who asks.
        [127, 0, 1 | 2, 255] => true,
        // RFC 5782 §2.3: a bitmask is in the last octet; with none set, or others used, it is no bitmask.
        [127, 0, 0, last] => last == 0,
        _ => list.codes.iter().any(bits),
    }
}

/// One address of an answer, and what it means on its list.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Code {
    /// The address, in `127.0.0.0/8`.
    pub address: Ipv4Addr,
    /// Whether it says something bad, something good, or neither.
    pub effect: Effect,
    /// What the catalogue says it means on this list: one meaning, or one for every bit that is set. Empty if the
    /// catalogue does not know the code.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Vec::is_empty")
    )]
    pub meanings: Vec<Meaning>,
}

impl Code {
    /// Builds a code.
    #[must_use]
    pub fn new(address: Ipv4Addr, effect: Effect, meanings: Vec<Meaning>) -> Self {
        Self {
            address,
            effect,
            meanings,
        }
    }

    /// Whether it says something bad of its subject.
    #[must_use]
    pub fn is_listing(&self) -> bool {
        self.effect == Effect::Listed
    }

    /// Whether one of its meanings is of `category`.
    #[must_use]
    pub fn is_of(&self, category: Category) -> bool {
        let mut meanings = self.meanings.iter();
        meanings.any(|meaning| meaning.category == category)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (", self.address)?;
        if self.meanings.is_empty() {
            f.write_str("of unknown meaning")?;
        }
        for (index, meaning) in self.meanings.iter().enumerate() {
            let separator = if index > 0 { ", " } else { "" };
            write!(f, "{separator}{meaning}")?;
        }
        f.write_str(")")
    }
}

/// How a question was not answered, on purpose.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Refusal {
    /// By an address that stands for a refusal, though it looks like an entry.
    Code {
        /// The address.
        address: Ipv4Addr,
        /// What it stands for.
        reason: RefusalReason,
        /// The list's word for it, if the catalogue has one.
        #[cfg_attr(
            feature = "serde",
            serde(default, skip_serializing_if = "Option::is_none")
        )]
        meaning: Option<String>,
        /// The list's own words, if they were asked for: some name the resolver that they see.
        #[cfg_attr(
            feature = "serde",
            serde(default, skip_serializing_if = "Vec::is_empty")
        )]
        text: Vec<ListText>,
    },
    /// By the response code REFUSED, of the list or of the resolver.
    Rcode(LookupError),
}

impl Refusal {
    /// The address of the resolver that the list saw the question come from, if its words have one.
    ///
    /// It is the list's claim: the first address in its words that is no answer of its own.
    #[must_use]
    pub fn resolver_address(&self) -> Option<IpAddr> {
        let Self::Code { text, .. } = self else {
            return None;
        };
        text.iter().find_map(ListText::first_address)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code {
                address,
                meaning: Some(meaning),
                ..
            } => write!(f, "{address} ({})", meaning.escape_debug()),
            Self::Code {
                address, reason, ..
            } => write!(f, "{address} ({reason})"),
            Self::Rcode(error) => write!(f, "{error}, by the list or by the resolver"),
        }
    }
}

/// Why a list refuses, by the codes of `127.255.255.0/24` that Spamhaus began and others follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum RefusalReason {
    /// `127.255.255.252`: the zone's name is mistyped.
    ZoneMistyped,
    /// `127.255.255.254`: the question came through a public resolver, or one that cannot be attributed.
    PublicResolver,
    /// `127.255.255.255`: too many questions, or no registration.
    TooManyQuestions,
    /// Another address of `127.255.255.0/24`.
    Unspecified,
    /// An address by which this list alone refuses.
    ListSpecific,
}

impl RefusalReason {
    fn of(address: Ipv4Addr) -> Option<Self> {
        Some(match address.octets() {
            [127, 255, 255, 252] => Self::ZoneMistyped,
            [127, 255, 255, 254] => Self::PublicResolver,
            [127, 255, 255, 255] => Self::TooManyQuestions,
            [127, 255, 255, _] => Self::Unspecified,
            _ => return None,
        })
    }
}

impl fmt::Display for RefusalReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::ZoneMistyped => "the zone's name is mistyped",
            Self::PublicResolver => "the resolver is public or cannot be attributed",
            Self::TooManyQuestions => "too many questions, or not registered",
            Self::Unspecified => "a refusal of unknown meaning",
            Self::ListSpecific => "a refusal by this list's own code",
        })
    }
}

/// How a list, or the resolver before it, is seen to be broken.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Fault {
    /// It lists what nobody lists: this control, with these addresses.
    Wildcard {
        /// The name that must not be there.
        name: DomainName,
        /// What it answered.
        addresses: Vec<Ipv4Addr>,
    },
    /// It does not list its own test entry: it is dead or emptied, or the resolver hides it.
    PositiveControlMissing(DomainName),
    /// It answers with addresses outside `127.0.0.0/8` (RFC 5782 §2.1): its domain is parked, or a resolver on the way
    /// rewrites answers.
    OutsideLoopback(Vec<IpAddr>),
    /// It answers with more than [`MAX_ADDRESSES`] addresses: this many.
    TooManyAddresses(usize),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Wildcard { name, addresses } => {
                write!(f, "it lists {name}, which nobody lists, with ")?;
                write_list(f, addresses)
            }
            Self::PositiveControlMissing(name) => {
                write!(f, "it does not list its own test entry {name}")
            }
            Self::OutsideLoopback(addresses) => {
                f.write_str("it answers outside 127.0.0.0/8, with ")?;
                write_list(f, addresses)
            }
            Self::TooManyAddresses(count) => write!(f, "it answers with {count} addresses"),
        }
    }
}

/// Why an answer settles nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Unsettled {
    /// There is no conclusive answer.
    Lookup(LookupError),
    /// NODATA: the name is there, without an address.
    NoData,
    /// The addresses are in `127.0.0.0/8` and none can be an entry.
    Ambiguous(Vec<Ipv4Addr>),
    /// NXDOMAIN by this zone, the root or a top-level domain: the domain that the list is in is not registered any more. A
    /// test entry that a cache still holds proves nothing then.
    DomainGone(DomainName),
    /// By its own words, this extended error, the resolver gave an old answer of the list, or one of its own.
    NotTheLists(u16),
}

impl fmt::Display for Unsettled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lookup(error) => error.fmt(f),
            Self::NoData => f.write_str("NODATA, which is neither an entry nor none"),
            Self::Ambiguous(addresses) => {
                write_list(f, addresses)?;
                f.write_str(", which is no entry")
            }
            Self::DomainGone(zone) => write!(f, "{zone} denies the domain of the list"),
            Self::NotTheLists(code) => {
                let error = ExtendedError::new(*code, "");
                write!(f, "an old answer, or the resolver's own: {error}")
            }
        }
    }
}

pub(crate) fn write_list<T: fmt::Display>(f: &mut fmt::Formatter<'_>, items: &[T]) -> fmt::Result {
    for (index, item) in items.iter().enumerate() {
        write!(f, "{}{item}", if index > 0 { ", " } else { "" })?;
    }
    Ok(())
}

/// A question for A records that was asked, and what its answer says.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Asked {
    /// The name asked; where a key is part of it, the key is masked.
    pub name: DomainName,
    /// What came back.
    pub reading: Reading,
    /// For how many seconds the answer holds, a denial too: the same question before that gives the same answer from a
    /// cache. `None` if there is no answer, or none that may be kept.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub ttl: Option<u32>,
}

impl Asked {
    /// Builds a question with its reading.
    #[must_use]
    pub fn new(name: DomainName, reading: Reading, ttl: Option<u32>) -> Self {
        Self { name, reading, ttl }
    }

    /// Reads the outcome of the question for the A records at `name` of `list`.
    #[must_use]
    pub fn of(list: &List, name: DomainName, outcome: &Result<Answer, LookupError>) -> Self {
        let ttl = outcome.as_ref().ok().and_then(Answer::ttl);
        Self::new(name, Reading::of(list, outcome), ttl)
    }

    /// The same at a name above the subject's, which was denied.
    pub(crate) fn of_name_above(
        list: &List,
        name: DomainName,
        outcome: &Result<Answer, LookupError>,
    ) -> Self {
        Self {
            reading: Reading::of_name_above(list, outcome),
            ..Self::of(list, name, outcome)
        }
    }
}

impl fmt::Display for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.reading)
    }
}

#[cfg(test)]
mod tests;
