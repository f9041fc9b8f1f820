//! The DNS tree walk and what it decides (RFC 9989 §4.10).

use crate::dmarc::{Audience, NearMiss, Policy, Psd, Record};
use crate::existence::{Existence, existence};
use crate::{Answer, DomainName, Lookup, LookupError, Octets, RecordType};

/// The most questions of one walk (RFC 9989 §4.10).
const MAX_QUESTIONS: usize = 8;
/// A longer name is cut to so many labels after the first question (RFC 9989 §4.10, step 4).
const SHORTENED: usize = 7;

/// Walks up the tree from `domain` and asks for the DMARC record of each name on the way (RFC 9989 §4.10).
///
/// It ends at a record that says `psd=y` or `psd=n`, or after the top-level domain; 8 questions at most. A question that gets no
/// answer does not end it, so that the walk shows all there is, but what hangs on it stays unknown.
pub async fn tree_walk(lookup: &impl Lookup, domain: &DomainName) -> Walk {
    let mut steps = Vec::new();
    let mut next = Some(domain.clone());
    while let Some(name) = next {
        if name.is_root() || steps.len() == MAX_QUESTIONS {
            break;
        }
        next = if steps.is_empty() {
            shortened(&name)
        } else {
            name.parent()
        };
        let step = WalkStep::ask(lookup, name).await;
        let record = step.found.record();
        let ends = record.is_some_and(|record| record.psd != Psd::Unstated);
        steps.push(step);
        if ends {
            break;
        }
    }
    Walk {
        start: domain.clone(),
        steps,
    }
}

/// The name that the second question is about.
fn shortened(name: &DomainName) -> Option<DomainName> {
    let labels = name.label_count();
    if labels <= SHORTENED + 1 {
        return name.parent();
    }
    DomainName::from_labels(name.labels().skip(labels - SHORTENED)).ok()
}

/// The names that were asked for their record, from the longest to the shortest.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Walk {
    /// Where it began.
    pub start: DomainName,
    /// What was found on the way.
    pub steps: Vec<WalkStep>,
}

/// One name on the way.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct WalkStep {
    /// The name; the record is at `_dmarc` below it.
    pub name: DomainName,
    /// The answer; `None` if there is none that settles anything.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub answer: Option<Answer>,
    /// What it says.
    pub found: Found,
    /// Texts in it that were meant as a record, and what keeps them from being one.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Vec::is_empty")
    )]
    pub near_misses: Vec<(Octets, NearMiss)>,
}

impl WalkStep {
    async fn ask(lookup: &impl Lookup, name: DomainName) -> Self {
        let mut step = Self {
            name,
            answer: None,
            found: Found::NotAskable,
            near_misses: Vec::new(),
        };
        let Ok(asked) = step.name.with_prefix("_dmarc") else {
            return step;
        };
        match lookup.lookup(&asked, RecordType::TXT).await {
            Ok(answer) => {
                step.found = Found::of(&answer);
                let near_miss = |text: Vec<u8>| NearMiss::of(&text).map(|miss| (text.into(), miss));
                step.near_misses = answer.texts().filter_map(near_miss).collect();
                step.answer = Some(answer);
            }
            Err(error) => step.found = Found::Unknown(error),
        }
        step
    }
}

/// What is at a `_dmarc` name.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Found {
    /// One DMARC record. Other texts beside it do no harm.
    Record(Box<Record>),
    /// Several DMARC records: all are discarded, and the walk goes on (RFC 9989 §4.10, step 2).
    #[non_exhaustive]
    Several {
        /// The records.
        texts: Vec<Octets>,
    },
    /// No DMARC record.
    Nothing,
    /// The name is too long for `_dmarc` before it, so nothing can be there.
    NotAskable,
    /// Could not tell.
    Unknown(LookupError),
}

impl Found {
    fn of(answer: &Answer) -> Self {
        let mut records: Vec<_> = answer
            .texts()
            .filter_map(|text| Record::parse(&text))
            .collect();
        match (records.pop(), records.is_empty()) {
            (None, _) => Self::Nothing,
            (Some(record), true) => Self::Record(Box::new(record)),
            (Some(last), false) => {
                records.push(last);
                Self::Several {
                    texts: records.into_iter().map(|record| record.text).collect(),
                }
            }
        }
    }

    /// The record, if there is exactly one.
    #[must_use]
    pub fn record(&self) -> Option<&Record> {
        match self {
            Self::Record(record) => Some(record),
            _ => None,
        }
    }
}

impl Walk {
    /// The organizational domain of where the walk began (RFC 9989 §4.10.2).
    ///
    /// # Errors
    ///
    /// If one of the questions got no answer: the missing record could have decided.
    pub fn organizational_domain(&self) -> Result<DomainName, &LookupError> {
        if let Some(error) = self.failure() {
            return Err(error);
        }
        let mut shortest = None;
        let mut below = None;
        for (index, step) in self.steps.iter().enumerate() {
            if let Some(record) = step.found.record() {
                match record.psd {
                    Psd::No => return Ok(step.name.clone()),
                    // One label below it on the way to the start; never above the start itself.
                    Psd::Yes if index > 0 => {
                        let below: Option<&DomainName> = below;
                        return Ok(below.map_or_else(
                            || self.start.clone(),
                            |below| self.child_of(&step.name, below),
                        ));
                    }
                    Psd::Yes | Psd::Unstated => shortest = Some(&step.name),
                }
            }
            below = Some(&step.name);
        }
        Ok(shortest.unwrap_or(&self.start).clone())
    }

    /// The name one label longer than `suffix` on the way to the start; the step before may be more than one label longer.
    fn child_of(&self, suffix: &DomainName, below: &DomainName) -> DomainName {
        let skip = self
            .start
            .label_count()
            .saturating_sub(suffix.label_count() + 1);
        DomainName::from_labels(self.start.labels().skip(skip)).unwrap_or_else(|_| below.clone())
    }

    /// The first question that got no answer.
    #[must_use]
    pub fn failure(&self) -> Option<&LookupError> {
        self.steps.iter().find_map(|step| match &step.found {
            Found::Unknown(error) => Some(error),
            _ => None,
        })
    }

    fn record_at(&self, name: &DomainName) -> Option<&Record> {
        let step = self.steps.iter().find(|step| step.name == *name)?;
        step.found.record()
    }
}

/// Finds the record that applies to mail from `domain`, and what it asks for (RFC 9989 §4.10.1).
///
/// Asks for the records of a tree walk (8 questions at most), and, only where the record has an `np` that may apply, whether the domain
/// exists (2 questions at most).
///
/// # Examples
///
/// ```
/// use mail_dns::StaticLookup;
/// use mail_dns::dmarc::{self, Applied, Policy};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let dns = StaticLookup::from_zone_text(
///     "_dmarc.good.test. 300 IN TXT \"v=DMARC1; p=reject; sp=quarantine; np=reject\"\n\
///      news.good.test.   300 IN A   192.0.2.1",
/// )?;
/// let discovery = dmarc::discover(&dns, &"news.good.test".parse()?).await;
/// let Applied::Record { domain, policy, .. } = discovery.applied() else { panic!("{discovery:?}") };
/// assert_eq!((domain, policy), (&"good.test".parse()?, Some(Policy::Quarantine)));
/// assert_eq!(discovery.walk.organizational_domain(), Ok("good.test".parse()?));
///
/// let discovery = dmarc::discover(&dns, &"gone.good.test".parse()?).await;
/// let Applied::Record { policy, .. } = discovery.applied() else { panic!("{discovery:?}") };
/// assert_eq!(policy, Some(Policy::Reject), "the name does not exist");
/// # Ok(())
/// # }
/// ```
pub async fn discover(lookup: &impl Lookup, domain: &DomainName) -> Discovery {
    let mut discovery = Discovery {
        walk: tree_walk(lookup, domain).await,
        existence: None,
    };
    let hangs_on_existence = match discovery.select() {
        Ok(Some((at, record))) => at != domain && record.has_nonexistent_policy(),
        Ok(None) | Err(_) => false,
    };
    if hangs_on_existence {
        discovery.existence = Some(existence(lookup, domain).await);
    }
    discovery
}

impl Record {
    fn has_nonexistent_policy(&self) -> bool {
        let existing = self.policy_for(Audience::ExistingSubdomain);
        self.policy_for(Audience::NonexistentSubdomain) != existing
    }
}

/// What was found for a domain.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Discovery {
    /// The walk from the domain.
    pub walk: Walk,
    /// Whether the domain exists, if that was asked because the policy hangs on it.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub existence: Option<Existence>,
}

impl Discovery {
    /// The record that applies, and what it asks for.
    #[must_use]
    pub fn applied(&self) -> Applied<'_> {
        let (domain, record) = match self.select() {
            Ok(Some(selected)) => selected,
            Ok(None) => return Applied::Nothing,
            Err(error) => return Applied::Unknown(error),
        };
        let audience = if *domain == self.walk.start {
            Audience::Domain
        } else {
            match &self.existence {
                Some(Existence::Unknown(error)) => return Applied::Unknown(error),
                Some(Existence::DoesNotExist { .. }) => Audience::NonexistentSubdomain,
                // If nobody asked, it makes no difference.
                Some(Existence::Exists) | None => Audience::ExistingSubdomain,
            }
        };
        Applied::Record {
            domain,
            record,
            audience,
            policy: record.applied_policy_for(audience),
        }
    }

    /// In order: the domain's own record, its organizational domain's, its public suffix's (RFC 9989 §4.10.1). Records between are
    /// never applied.
    fn select(&self) -> Result<Option<(&DomainName, &Record)>, &LookupError> {
        let walk = &self.walk;
        match walk.steps.first().map(|step| &step.found) {
            Some(Found::Record(record)) => return Ok(Some((&walk.start, record))),
            Some(Found::Unknown(error)) => return Err(error),
            _ => {}
        }
        let organizational = walk.organizational_domain()?;
        if let Some(step) = walk.steps.iter().find(|step| step.name == organizational)
            && let Some(record) = walk.record_at(&step.name)
        {
            return Ok(Some((&step.name, record)));
        }
        let suffix = walk.steps.iter().find_map(|step| {
            let record = step
                .found
                .record()
                .filter(|record| record.psd == Psd::Yes)?;
            Some((&step.name, record))
        });
        Ok(suffix)
    }
}

/// What applies to mail from a domain.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "yes, no, could not tell")]
pub enum Applied<'a> {
    /// A record does.
    Record {
        /// The domain that it is at: the policy domain.
        domain: &'a DomainName,
        /// The record.
        record: &'a Record,
        /// For whom it is read. Of a subdomain that nobody asked about, because it makes no difference, it says that it exists.
        audience: Audience,
        /// What receivers are asked to do, `t` taken into account; `None` if the record counts for nothing.
        policy: Option<Policy>,
    },
    /// None does: there is no DMARC for the domain.
    Nothing,
    /// Could not tell.
    Unknown(&'a LookupError),
}
