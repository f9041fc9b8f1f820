//! Readings and controls weighed together.

use std::fmt;
use std::net::Ipv4Addr;
use std::sync::Arc;

use mail_dns::spf::Network;
use mail_dns::{DomainName, LookupError, Negative};

use crate::reading::write_list;
use crate::{
    Asked, Code, ControlReport, Delisting, Effect, Fault, Inclusion, List, ListText, NotAsked,
    Quarantine, Reading, Refusal, Role, Severity, SeverityCap, Stance, Subject, Tier, Unsettled,
};

/// What can be said of a subject on a list.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Verdict {
    /// It has an entry, and the list does not list everything. On a list that only informs, an entry is no accusation:
    /// [`ListAnswer::is_listing`] tells.
    Listed(Listing),
    /// It has an entry that says something good, which is never a listing.
    Allowed(Listing),
    /// It has an entry that says nothing bad and nothing good, such as a reputation in the middle.
    Neutral(Listing),
    /// It has no entry, and the list would have shown one.
    NotListed(Proof),
    /// The list did not answer, on purpose.
    Refused(Refusal),
    /// The list, or the resolver before it, is broken: its answers mean nothing.
    Broken(Fault),
    /// Could not tell.
    Unknown(Cause),
    /// The list has no entries for this kind of subject.
    NotApplicable,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Listed(listing) => write!(f, "listed: {listing}"),
            Self::Allowed(listing) => write!(f, "vouched for: {listing}"),
            Self::Neutral(listing) => write!(f, "known, neither good nor bad: {listing}"),
            Self::NotListed(_) => f.write_str("not listed"),
            Self::Refused(refusal) => write!(f, "not known, the list refuses: {refusal}"),
            Self::Broken(fault) => write!(f, "not known, the list is broken: {fault}"),
            Self::Unknown(cause) => write!(f, "not known: {cause}"),
            Self::NotApplicable => f.write_str("of a kind that the list has no entries for"),
        }
    }
}

/// An entry.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Listing {
    /// Every code of the answer; a composite list gives several.
    pub codes: Vec<Code>,
    /// What the entry is about, if it is more than the address that was asked about.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub network: Option<Network>,
    /// The list's own words, one for each TXT record, at most [`MAX_TEXTS`](crate::MAX_TEXTS).
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Vec::is_empty")
    )]
    pub text: Vec<ListText>,
    /// Why the words are not known, if they are not. The entry stands without them.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub text_failure: Option<LookupError>,
}

impl Listing {
    /// Builds an entry without words.
    #[must_use]
    pub fn new(codes: Vec<Code>) -> Self {
        Self {
            codes,
            network: None,
            text: Vec::new(),
            text_failure: None,
        }
    }
}

impl fmt::Display for Listing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_list(f, &self.codes)?;
        if let Some(network) = &self.network {
            write!(f, ", as {network}")?;
        }
        for text in &self.text {
            write!(f, "; \"{text}\"")?;
        }
        Ok(())
    }
}

/// Why "not listed" is true.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Proof {
    /// The denials, one for each name that was asked.
    pub denials: Vec<Negative>,
    /// The test entries that were listed; at least one.
    pub listed: Vec<DomainName>,
    /// The controls that were not listed; the last is the random one.
    pub unlisted: Vec<DomainName>,
}

impl Proof {
    /// Builds a proof.
    #[must_use]
    pub fn new(denials: Vec<Negative>, listed: Vec<DomainName>, unlisted: Vec<DomainName>) -> Self {
        Self {
            denials,
            listed,
            unlisted,
        }
    }
}

/// Why it could not be told.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Cause {
    /// The answer about the subject settles nothing.
    Subject(Unsettled),
    /// The answer about a control settles nothing, so neither does the one about the subject.
    Control {
        /// The name of the control.
        name: DomainName,
        /// What came of it.
        why: Unsettled,
    },
    /// There is no entry, and nothing by which the list could be seen to work.
    NoPositiveControl,
    /// There is no entry, nor this test entry; whether the list has that one is not known.
    UnverifiedControlMissing(DomainName),
    /// The list was not asked.
    NotAsked(NotAsked),
    /// The list answers, and is not believed for a while.
    Quarantined(Quarantine),
    /// The list's controls failed after it had given its answer, they could not be asked again since the sweep ended first or
    /// the day had no questions left, or it is known by now that the list was dead ([`Catalogue::rejudge`](crate::Catalogue::rejudge)).
    Withdrawn(String),
    /// No question about the subject is among what was to be judged.
    NothingAsked,
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Subject(why) => why.fmt(f),
            Self::Control { name, why } => write!(f, "control {name}: {why}"),
            Self::NoPositiveControl => f.write_str("no entry, and no test entry to prove it by"),
            Self::UnverifiedControlMissing(name) => {
                write!(f, "no entry, and no test entry {name}, which may not exist")
            }
            Self::NotAsked(why) => why.fmt(f),
            Self::Quarantined(quarantine) => write!(f, "not believed for now: {quarantine}"),
            Self::Withdrawn(why) => {
                write!(f, "an answer that is not believed: {}", why.escape_debug())
            }
            Self::NothingAsked => f.write_str("no question about it was asked"),
        }
    }
}

/// Weighs what was `asked` about a subject, name by name, against the `controls` of the list.
///
/// - An entry is believed once every negative control and the random one were seen not to be listed. It needs no positive
///   control: a list that answers for this name alone has answered.
/// - "Not listed" needs every positive control listed as well that can be asked, and one at least.
/// - A control that is refused, or answered as no list answers, settles it for every subject.
///
/// Pure: stored answers are judged again and give the same verdict. The words of a listing are not looked up.
#[must_use]
pub fn judge(list: &List, controls: &ControlReport, asked: &[Asked]) -> Verdict {
    if let Some(verdict) = controls.overall() {
        return verdict;
    }
    if asked.is_empty() {
        return Verdict::Unknown(Cause::NothingAsked);
    }
    let mut denials = Vec::new();
    for Asked { reading, .. } in asked {
        match reading {
            Reading::Absent(denial) => denials.push(denial.clone()),
            Reading::Entry(codes) => return entry(list, codes),
            Reading::Refused(refusal) => return Verdict::Refused(refusal.clone()),
            Reading::Faulty(fault) => return Verdict::Broken(fault.clone()),
            Reading::Unsettled(why) => return Verdict::Unknown(Cause::Subject(why.clone())),
        }
    }
    let names = |asked: &Asked| asked.name.clone();
    controls.doubt().unwrap_or_else(|| {
        Verdict::NotListed(Proof::new(
            denials,
            controls.positive.iter().map(names).collect(),
            controls.unlisted().map(names).collect(),
        ))
    })
}

/// An entry says the worst that one of its codes says.
fn entry(list: &List, codes: &[Code]) -> Verdict {
    let listing = Listing::new(codes.to_vec());
    if list.stance != Stance::Allow && codes.iter().any(Code::is_listing) {
        Verdict::Listed(listing)
    } else if codes.iter().any(|code| code.effect == Effect::Allowed) {
        Verdict::Allowed(listing)
    } else {
        Verdict::Neutral(listing)
    }
}

/// What a list said of a subject, with all that was asked to know it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct ListAnswer {
    /// The list.
    pub list: Arc<ListSummary>,
    /// The subject.
    pub subject: Subject,
    /// The name of the resolver path over which it was asked ([`Checker::with_path`](crate::Checker::with_path)).
    pub path: String,
    /// When, in seconds since 1970.
    pub at: i64,
    /// Whether nothing was asked, because an answer of that time still held
    /// ([`Checker::with_memory`](crate::Checker::with_memory)).
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "std::ops::Not::not")
    )]
    pub remembered: bool,
    /// The questions about the subject, in order; none if the verdict was clear without.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Vec::is_empty")
    )]
    pub asked: Vec<Asked>,
    /// What the controls showed; `None` if they were not asked.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub controls: Option<Arc<ControlReport>>,
    /// What can be said.
    pub verdict: Verdict,
}

impl ListAnswer {
    /// Builds an answer for which nothing was asked.
    #[must_use]
    pub fn new(
        list: impl Into<Arc<ListSummary>>,
        subject: Subject,
        at: i64,
        verdict: Verdict,
    ) -> Self {
        Self {
            list: list.into(),
            subject,
            path: String::new(),
            at,
            remembered: false,
            asked: Vec::new(),
            controls: None,
            verdict,
        }
    }

    /// Whether this is a listing on a blocklist. A hit on an allowlist is none, nor one on a list that only informs.
    #[must_use]
    pub fn is_listing(&self) -> bool {
        self.list.stance == Stance::Block && matches!(self.verdict, Verdict::Listed(_))
    }

    /// The entry, good or bad, if there is one.
    #[must_use]
    pub fn entry(&self) -> Option<&Listing> {
        match &self.verdict {
            Verdict::Listed(entry) | Verdict::Allowed(entry) | Verdict::Neutral(entry) => {
                Some(entry)
            }
            _ => None,
        }
    }

    /// How bad the entry is for a subject of `role`, by [`Severity::of`] of its worst code; `None` if the subject is not
    /// listed.
    #[must_use]
    pub fn severity(&self, role: Role) -> Option<Severity> {
        let Verdict::Listed(listing) = &self.verdict else {
            return None;
        };
        let codes = listing.codes.iter();
        let worst = codes.map(|code| Severity::of(&self.list, code, role)).max();
        // An entry without a code is none that was read here; it is taken for one that nobody explains.
        let unknown = || {
            let code = Code::new(Ipv4Addr::new(127, 0, 0, 2), Effect::Listed, Vec::new());
            Severity::of(&self.list, &code, role)
        };
        Some(worst.unwrap_or_else(unknown))
    }

    /// For how many seconds the same questions give the same answers from a cache: the least of their TTLs (RFC 2308 §5 for
    /// denials). `None` if nothing was answered.
    #[must_use]
    pub fn ttl(&self) -> Option<u32> {
        self.asked.iter().filter_map(|asked| asked.ttl).min()
    }
}

impl fmt::Display for ListAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            list,
            subject,
            verdict,
            ..
        } = self;
        write!(f, "{}: {subject} is {verdict}", list.zone)
    }
}

/// Which list an answer is of, and what matters of it for what follows.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct ListSummary {
    /// The zone that is asked.
    pub zone: DomainName,
    /// What people call it.
    pub name: String,
    /// What an entry says.
    pub stance: Stance,
    /// How many receivers act on it.
    pub tier: Tier,
    /// How bad an entry is at the most, by what the subject does.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Vec::is_empty")
    )]
    pub severity: Vec<SeverityCap>,
    /// The zones whose entries it repeats.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Vec::is_empty")
    )]
    pub includes: Vec<Inclusion>,
    /// How an entry ends.
    #[cfg_attr(feature = "serde", serde(default))]
    pub delisting: Delisting,
}

impl ListSummary {
    /// Builds the summary of a list of which no more is known.
    #[must_use]
    pub fn new(zone: DomainName, name: impl Into<String>, stance: Stance, tier: Tier) -> Self {
        Self {
            zone,
            name: name.into(),
            stance,
            tier,
            severity: Vec::new(),
            includes: Vec::new(),
            delisting: Delisting::default(),
        }
    }
}

impl From<&List> for ListSummary {
    fn from(list: &List) -> Self {
        Self {
            severity: list.severity.clone(),
            includes: list.includes.clone(),
            delisting: list.delisting.clone(),
            ..Self::new(list.zone.clone(), list.name.clone(), list.stance, list.tier)
        }
    }
}

#[cfg(test)]
mod tests;
