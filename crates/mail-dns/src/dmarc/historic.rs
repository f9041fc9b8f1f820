//! What a reader of RFC 7489 concludes, beside what RFC 9989 says.

use crate::dmarc::{Applied, Discovery, Policy, Record, Stated};
use crate::{DomainName, Lookup, LookupError, RecordType};

/// A public suffix list, as RFC 7489 §3.2 wants one.
pub trait PublicSuffixes: Send + Sync {
    /// The suffix of `domain` and one label more; `None` if `domain` is a public suffix itself.
    fn organizational_domain(&self, domain: &DomainName) -> Option<DomainName>;
}

/// The list of <https://publicsuffix.org> that was current when this crate's dependency was built.
#[cfg(feature = "public-suffix-list")]
#[derive(Debug, Clone, Copy, Default)]
#[expect(
    clippy::exhaustive_structs,
    reason = "it stands for data that are built in"
)]
pub struct BuiltInList;

#[cfg(feature = "public-suffix-list")]
impl PublicSuffixes for BuiltInList {
    fn organizational_domain(&self, domain: &DomainName) -> Option<DomainName> {
        // A name is in A-labels and lower case already, as the list has it. A dot within a label would look like one between two.
        let labels: Vec<&[u8]> = domain.labels().collect();
        if labels.iter().any(|label| label.contains(&b'.')) {
            return None;
        }
        let found = psl::domain(&labels.join(&b'.'))?.as_bytes().to_vec();
        DomainName::from_labels(found.split(|octet| *octet == b'.')).ok()
    }
}

/// Finds the record that applies to mail from `domain` for a reader of RFC 7489, and what it asks for.
///
/// Asks two questions at most (RFC 7489 §6.6.3).
pub async fn discover_historic(
    lookup: &impl Lookup,
    domain: &DomainName,
    suffixes: &impl PublicSuffixes,
) -> HistoricDiscovery {
    let organizational = suffixes.organizational_domain(domain);
    let organizational = organizational.unwrap_or_else(|| domain.clone());
    let mut discovery = HistoricDiscovery {
        domain: domain.clone(),
        outcome: ask(lookup, domain, domain).await,
        organizational_domain: organizational,
    };
    // Only if there is nothing at all: several records end the search (RFC 7489 §6.6.3, steps 3 and 5).
    if discovery.outcome == HistoricOutcome::Nothing && discovery.organizational_domain != *domain {
        discovery.outcome = ask(lookup, &discovery.organizational_domain, domain).await;
    }
    discovery
}

async fn ask(lookup: &impl Lookup, at: &DomainName, author: &DomainName) -> HistoricOutcome {
    let Ok(name) = at.with_prefix("_dmarc") else {
        return HistoricOutcome::Nothing;
    };
    let answer = match lookup.lookup(&name, RecordType::TXT).await {
        Ok(answer) => answer,
        Err(error) => return HistoricOutcome::Unknown(error),
    };
    let records: Vec<_> = answer
        .texts()
        .filter_map(|text| Record::parse(&text))
        .collect();
    match records.as_slice() {
        [] => HistoricOutcome::Nothing,
        [record] => HistoricOutcome::Record {
            domain: at.clone(),
            policy: historic_policy(record, at != author),
            percentage: record.historic_percentage(),
        },
        _ => HistoricOutcome::Several { domain: at.clone() },
    }
}

/// `p` and `sp` alone; without a good one, *none* if reports are wanted (RFC 7489 §6.6.3, step 6). `t` means nothing.
fn historic_policy(record: &Record, is_subdomain: bool) -> Option<Policy> {
    let is_bad = record.policy.valid().is_none() || record.subdomain_policy == Stated::Invalid;
    if is_bad {
        return (!record.aggregate_reports.is_empty()).then_some(Policy::None);
    }
    let below = record.subdomain_policy.valid().filter(|_| is_subdomain);
    below.or(record.policy.valid())
}

/// What a reader of RFC 7489 finds.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct HistoricDiscovery {
    /// The domain.
    pub domain: DomainName,
    /// Its organizational domain by the list; itself, if it is a public suffix.
    pub organizational_domain: DomainName,
    /// What applies.
    pub outcome: HistoricOutcome,
}

/// What applies for a reader of RFC 7489.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[expect(
    clippy::exhaustive_enums,
    reason = "the cases of RFC 7489 §6.6.3, and a failure"
)]
pub enum HistoricOutcome {
    /// A record.
    Record {
        /// Where it is.
        domain: DomainName,
        /// What it asks for; `None` if it counts for nothing.
        policy: Option<Policy>,
        /// Of how much of the mail (`pct`); of the rest, one level less.
        percentage: u8,
    },
    /// Several records at one name: no DMARC.
    Several {
        /// Where they are.
        domain: DomainName,
    },
    /// No record.
    Nothing,
    /// Could not tell.
    Unknown(LookupError),
}

/// Where a reader of RFC 7489 and RFC 9989 part.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Difference {
    /// Another organizational domain, so other names are aligned.
    OrganizationalDomain {
        /// By the tree walk.
        current: DomainName,
        /// By the list.
        historic: DomainName,
    },
    /// The record of another domain applies; `None` for no record.
    PolicyDomain {
        /// By the tree walk.
        current: Option<DomainName>,
        /// By the list.
        historic: Option<DomainName>,
    },
    /// Another policy; `None` for none at all.
    Policy {
        /// By RFC 9989.
        current: Option<Policy>,
        /// By RFC 7489.
        historic: Option<Policy>,
    },
    /// `pct` below 100: readers of RFC 7489 apply the policy to so much of the mail, RFC 9989 to all.
    Percentage {
        /// The percentage.
        historic: u8,
    },
    /// `t=y` is unknown to readers of RFC 7489: they apply the policy in full.
    TestingIgnored,
}

/// The differences between the two readings; `None` if one of them is not known.
#[must_use]
pub fn differences(current: &Discovery, historic: &HistoricDiscovery) -> Option<Vec<Difference>> {
    let mut differences = Vec::new();
    let organizational = current.walk.organizational_domain().ok()?;
    let (domain, record, policy) = match current.applied() {
        Applied::Record {
            domain,
            record,
            policy,
            ..
        } => (Some(domain.clone()), Some(record), policy),
        Applied::Nothing => (None, None, None),
        Applied::Unknown(_) => return None,
    };
    let (historic_domain, historic_policy, percentage) = match &historic.outcome {
        HistoricOutcome::Record {
            domain,
            policy,
            percentage,
        } => (Some(domain.clone()), *policy, *percentage),
        HistoricOutcome::Several { .. } | HistoricOutcome::Nothing => (None, None, 100),
        HistoricOutcome::Unknown(_) => return None,
    };
    // Where no record applies, nobody compares organizational domains.
    let applies = domain.is_some() || historic_domain.is_some();
    if applies && organizational != historic.organizational_domain {
        differences.push(Difference::OrganizationalDomain {
            current: organizational,
            historic: historic.organizational_domain.clone(),
        });
    }
    let same_record = domain == historic_domain;
    if !same_record {
        differences.push(Difference::PolicyDomain {
            current: domain,
            historic: historic_domain,
        });
    }
    if policy != historic_policy {
        differences.push(Difference::Policy {
            current: policy,
            historic: historic_policy,
        });
    }
    // To lower *none* is nothing, and so is a part of it.
    let asks = !matches!(historic_policy, None | Some(Policy::None));
    if asks && same_record && record.is_some_and(|record| record.testing) {
        differences.push(Difference::TestingIgnored);
    }
    if asks && percentage < 100 {
        differences.push(Difference::Percentage {
            historic: percentage,
        });
    }
    Some(differences)
}
