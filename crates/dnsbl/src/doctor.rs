//! Which lists serve a resolver, before anybody relies on it.

mod advice;
mod comparison;
mod fitness;
mod measure;
mod verdict;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::IpAddr;

use futures_util::stream::{self, StreamExt as _};
use mail_dns::{DomainName, Lookup};

use crate::{
    Cause, Checker, Fault, HealthState, Kind, List, ListHealth, ListSummary, NotAsked, Quarantine,
    Refusal, RefusalReason,
};

use self::comparison::Footing;
pub use advice::Advice;
pub use comparison::Comparison;
pub use fitness::Fitness;
pub use measure::Measure;
pub use verdict::ResolverVerdict;

/// Every kind of subject.
const KINDS: [Kind; 3] = [Kind::Ipv4, Kind::Ipv6, Kind::Domain];

impl<L: Lookup> Checker<L> {
    /// Asks the controls of every list, for each kind of subject that it answers for, and says which lists serve this
    /// resolver path, which do not and why, and what to do about it ([`Doctor::fitness`], [`Doctor::measures`]).
    ///
    /// Controls that were asked a while ago still hold ([`HealthPolicy`](crate::HealthPolicy)), and are not asked again.
    /// Nothing is asked about anybody's addresses. If no list serves the resolver, and some give no answer or REFUSED, two
    /// questions that are no list's are asked too ([`Comparison`]).
    ///
    /// # Examples
    ///
    /// ```
    /// use dnsbl::{Advice, Catalogue, Checker};
    /// use mail_dns::StaticLookup;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// // A public resolver asks, and the list says by which address it saw it come.
    /// let dns = StaticLookup::from_zone_text(
    ///     "*.zen.spamhaus.org. 60 IN A 127.255.255.254\n\
    ///      *.zen.spamhaus.org. 60 IN TXT \"Error: open resolver; 198.51.100.53\"",
    /// )?;
    /// let catalogue = Catalogue::builtin()?.only_zones(&["zen.spamhaus.org".parse()?])?;
    /// let doctor = Checker::new(dns, catalogue, 7).examine(1_795_000_000).await;
    /// assert_eq!(
    ///     doctor.verdict().to_string(),
    ///     "refused by 1 of 1 list, and served by none; by their word it is public, shared, or cannot be attributed",
    /// );
    /// assert_eq!(doctor.egress()[0].address.to_string(), "198.51.100.53");
    /// assert!(doctor.examinations[0].advice.contains(&Advice::OwnResolver));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn examine(&self, now: i64) -> Doctor {
        // Collected first, for the reason that is given in `check_all`.
        let looks: Vec<_> = self
            .catalogue()
            .lists()
            .iter()
            .enumerate()
            .flat_map(|(index, list)| KINDS.map(|kind| (index, list, kind)))
            .filter(|(_, list, kind)| list.controls(*kind).is_some())
            .map(|(index, list, kind)| async move {
                let health = self.health_at(index, kind, now).await?;
                Some(Look::of(list, kind, health))
            })
            .collect();
        let looks = stream::iter(looks).buffered(self.concurrency().get());
        let looks: Vec<Look<'_>> = looks.filter_map(std::future::ready).collect().await;
        let conditions = || looks.iter().map(|look| &look.condition);
        let is_served = conditions().any(|it| *it == Condition::Healthy);
        let comparisons = match !is_served && conditions().any(comparison::is_to_be_compared) {
            true => comparison::compare(self.lookup()).await,
            false => Vec::new(),
        };
        let footing = Footing::of(conditions(), &comparisons);
        let mut doctor = Doctor {
            path: self.path().to_owned(),
            at: now,
            examinations: looks.iter().map(|look| look.examination(footing)).collect(),
            comparisons,
        };
        let verdict = doctor.verdict();
        for (look, examination) in looks.iter().zip(&mut doctor.examinations) {
            let stand_in = advice::stand_in(self.catalogue(), look.list);
            let next_at = look.next_at;
            let condition = &examination.condition;
            examination.advice =
                Advice::all(look.list, stand_in, condition, next_at, Some(&verdict));
        }
        doctor
    }
}

/// What was seen of one list.
struct Look<'a> {
    list: &'a List,
    kind: Kind,
    condition: Condition,
    next_at: Option<i64>,
}

impl<'a> Look<'a> {
    fn of(list: &'a List, kind: Kind, health: Result<ListHealth, NotAsked>) -> Self {
        let (condition, next_at) = match health {
            Ok(health) => (Condition::of_state(health.state), Some(health.next_at)),
            Err(NotAsked::KeyMissing) => (Condition::NeedsKey, None),
            Err(why) => (Condition::NotAsked(why), None),
        };
        Self {
            list,
            kind,
            condition,
            next_at,
        }
    }

    /// Without advice: that hangs on what the others show.
    fn examination(&self, footing: Footing) -> Examination {
        let condition = self.condition.clone();
        Examination {
            list: ListSummary::from(self.list),
            kind: self.kind,
            key: self.list.terms.key.clone(),
            advice: Vec::new(),
            condition: match footing {
                Footing::RefusesAll => comparison::acquitted(condition),
                _ => condition,
            },
            next_at: self.next_at,
        }
    }
}

/// What was found out about a resolver path, and about the keys at hand.
///
/// It has no key in it, and nothing of what it shows does.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Doctor {
    /// The name of the resolver path ([`Checker::with_path`]).
    pub path: String,
    /// When, in seconds since 1970.
    pub at: i64,
    /// Each list and kind of subject that it answers for, in the catalogue's order.
    pub examinations: Vec<Examination>,
    /// What became of questions that are no list's; none if they were not needed.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Vec::is_empty")
    )]
    pub comparisons: Vec<Comparison>,
}

impl Doctor {
    /// What can be said of the resolver.
    #[must_use]
    pub fn verdict(&self) -> ResolverVerdict {
        ResolverVerdict::of(self)
    }

    /// The lists that `holds` for one of their kinds of subject, each once.
    fn lists(&self, holds: impl Fn(&Condition) -> bool) -> Vec<&ListSummary> {
        let mut lists: Vec<&ListSummary> = Vec::new();
        for examination in &self.examinations {
            let known = lists.contains(&&examination.list);
            if !known && holds(&examination.condition) {
                lists.push(&examination.list);
            }
        }
        lists
    }

    /// The lists that were asked: not those that need a key, are replaced, or had their questions of the day.
    #[must_use]
    pub fn asked(&self) -> Vec<&ListSummary> {
        self.lists(Condition::was_asked)
    }

    /// The lists that serve this resolver for one kind of subject at least.
    #[must_use]
    pub fn serving(&self) -> Vec<&ListSummary> {
        self.lists(|condition| *condition == Condition::Healthy)
    }

    fn footing(&self) -> Footing {
        let conditions = self.examinations.iter().map(|it| &it.condition);
        Footing::of(conditions, &self.comparisons)
    }

    /// The lists that refuse this resolver.
    #[must_use]
    pub fn refusing(&self) -> Vec<&ListSummary> {
        self.lists(|condition| matches!(condition, Condition::Refusing(_)))
    }

    /// The addresses from which lists saw the questions come, where a list tells, and which lists those are. A resolver
    /// may have several, and what a list tells is its claim.
    #[must_use]
    pub fn egress(&self) -> Vec<Egress> {
        let mut told: BTreeMap<IpAddr, BTreeSet<DomainName>> = BTreeMap::new();
        for examination in &self.examinations {
            if let Some(address) = examination.egress() {
                let zone = examination.list.zone.clone();
                told.entry(address).or_default().insert(zone);
            }
        }
        let told = told.into_iter();
        told.map(|(address, zones)| Egress {
            address,
            told_by: zones.into_iter().collect(),
        })
        .collect()
    }

    /// What the lists show of each key that the catalogue knows of, by the key's name alone.
    #[must_use]
    pub fn keys(&self) -> Vec<KeyTest> {
        let mut names: BTreeMap<&String, Vec<&Examination>> = BTreeMap::new();
        for examination in &self.examinations {
            if let Some(name) = &examination.key {
                names.entry(name).or_default().push(examination);
            }
        }
        // A resolver over which no list answers shows nothing of a key.
        let is_fit = !self.serving().is_empty();
        let test = |(name, own): (&String, Vec<&Examination>)| {
            let zones: BTreeSet<_> = own.iter().map(|it| it.list.zone.clone()).collect();
            KeyTest {
                name: name.clone(),
                state: KeyState::of(&own, is_fit),
                lists: zones.into_iter().collect(),
            }
        };
        names.into_iter().map(test).collect()
    }
}

/// The verdict, in a sentence.
impl fmt::Display for Doctor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "resolver path {}: {}",
            self.path.escape_debug(),
            self.verdict()
        )
    }
}

/// How a list does for one kind of subject over this path.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Examination {
    /// The list.
    pub list: ListSummary,
    /// For which kind of subject.
    pub kind: Kind,
    /// The name of the key that it is asked with; `None` if it needs none.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub key: Option<String>,
    /// What was found.
    pub condition: Condition,
    /// What to do about it, the first thing first; nothing if all is well.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Vec::is_empty")
    )]
    pub advice: Vec<Advice>,
    /// When the controls are asked again, in seconds since 1970; `None` if the list is not asked.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub next_at: Option<i64>,
}

impl Examination {
    /// The address from which the list saw the question come, if its refusal tells.
    #[must_use]
    pub fn egress(&self) -> Option<IpAddr> {
        match &self.condition {
            Condition::Refusing(refusal) => refusal.resolver_address(),
            _ => None,
        }
    }
}

impl fmt::Display for Examination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}): {}", self.list.zone, self.kind, self.condition)
    }
}

/// How a list does over a resolver path.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Condition {
    /// It answers, and its controls are right.
    Healthy,
    /// It does not serve this resolver.
    Refusing(Refusal),
    /// It lists everything or nothing, or answers as no list does; or the resolver makes it so.
    Broken(Fault),
    /// Could not tell.
    Unclear(Cause),
    /// Its controls are right, and it is not believed for a while.
    Quarantined(Quarantine),
    /// It needs a key, and none was given.
    NeedsKey,
    /// It was not asked for another reason.
    NotAsked(NotAsked),
}

impl Condition {
    fn of_state(state: HealthState) -> Self {
        match state {
            HealthState::Healthy => Self::Healthy,
            HealthState::Refusing(refusal) => Self::Refusing(refusal),
            HealthState::Broken(fault) => Self::Broken(fault),
            HealthState::Unclear(cause) => Self::Unclear(cause),
            HealthState::Quarantined(quarantine) => Self::Quarantined(quarantine),
            HealthState::Untested => Self::Unclear(Cause::NothingAsked),
        }
    }

    /// Whether the list's controls were asked.
    #[must_use]
    pub fn was_asked(&self) -> bool {
        !matches!(self, Self::NeedsKey | Self::NotAsked(_))
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Healthy => f.write_str("serves this resolver"),
            Self::Refusing(refusal) => write!(f, "refuses this resolver: {refusal}"),
            Self::Broken(fault) => write!(f, "broken: {fault}"),
            Self::Unclear(cause) => write!(f, "could not tell: {cause}"),
            Self::Quarantined(quarantine) => write!(f, "not believed for now: {quarantine}"),
            Self::NeedsKey => f.write_str("needs a key, and none was given"),
            Self::NotAsked(why) => why.fmt(f),
        }
    }
}

/// An address of the resolver, as lists saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Egress {
    /// The address.
    pub address: IpAddr,
    /// The lists that say so.
    pub told_by: Vec<DomainName>,
}

/// What the lists that are asked with a key show of it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct KeyTest {
    /// The key's name in the catalogue; never the key.
    pub name: String,
    /// What they show.
    pub state: KeyState,
    /// The lists that are asked with it.
    pub lists: Vec<DomainName>,
}

impl fmt::Display for KeyTest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "key {}: {}", self.name.escape_debug(), self.state)
    }
}

/// What becomes of questions with a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[expect(
    clippy::exhaustive_enums,
    reason = "yes, no, could not tell, and no key"
)]
pub enum KeyState {
    /// A list answered with it as it should.
    Accepted,
    /// No list did: each refuses by a code of its own, or does not have its test entries under the key, while others answer
    /// over the same resolver. The key is not accepted, or its lists are dead.
    NotAccepted,
    /// Could not tell.
    Unknown,
    /// There is none.
    Missing,
}

impl KeyState {
    /// `is_fit` if some list answers over the resolver.
    fn of(examinations: &[&Examination], is_fit: bool) -> Self {
        let conditions = || examinations.iter().map(|it| &it.condition);
        let works = |condition: &Condition| {
            matches!(condition, Condition::Healthy | Condition::Quarantined(_))
        };
        if conditions().any(works) {
            Self::Accepted
        } else if conditions().any(|condition| *condition == Condition::NeedsKey) {
            Self::Missing
        } else if is_fit && conditions().all(speaks_against_key) {
            Self::NotAccepted
        } else {
            Self::Unknown
        }
    }
}

/// Whether a list's answer is one to a wrong key. Too many questions, or a resolver that is public, are not.
fn speaks_against_key(condition: &Condition) -> bool {
    match condition {
        Condition::Broken(Fault::PositiveControlMissing(_)) => true,
        Condition::Refusing(Refusal::Code { reason, .. }) => !matches!(
            reason,
            RefusalReason::PublicResolver | RefusalReason::TooManyQuestions
        ),
        _ => false,
    }
}

impl fmt::Display for KeyState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Accepted => "works",
            Self::NotAccepted => "not accepted, or its lists are dead",
            Self::Unknown => "could not tell",
            Self::Missing => "not given",
        })
    }
}
