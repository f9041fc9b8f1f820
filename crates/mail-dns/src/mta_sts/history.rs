//! What was seen of a domain's policy over time (RFC 8461 §5.1, §8).

use crate::mta_sts::{Mode, PolicyFile};

/// One look at record and policy. What could not be learned is `None`, and changes nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Seen {
    /// When, in seconds since 1970.
    pub at: u64,
    /// The `id` of the record; the inner `None` for proof that there is none.
    pub id: Option<Option<String>>,
    /// The policy, if it was fetched and is good.
    pub policy: Option<PolicyFile>,
}

impl Seen {
    /// What was seen at a time.
    #[must_use]
    pub fn new(at: u64, id: Option<Option<String>>, policy: Option<PolicyFile>) -> Self {
        Self { at, id, policy }
    }
}

/// The memory that a checker needs to tell what senders hold.
///
/// # Examples
///
/// ```
/// use mail_dns::mta_sts::{Change, History, PolicyFile, Seen};
///
/// let policy = |mx: &str| PolicyFile::parse(format!("version: STSv1\nmode: enforce\nmx: {mx}\nmax_age: 86400\n").as_bytes());
/// let mut history = History::default();
/// let id = Some(Some("1".to_owned()));
/// assert!(history.look(Seen::new(1000, id.clone(), Some(policy("a.test")?))).is_empty());
/// // Senders do not fetch it again: they look at the id alone.
/// assert_eq!(history.look(Seen::new(2000, id, Some(policy("b.test")?))), [Change::PolicyWithoutId]);
/// assert_eq!(history.held_until(), Some(2000 + 86400));
/// # Ok::<(), mail_dns::mta_sts::PolicyFileError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct History {
    /// The last `id` that was learned.
    pub id: Option<String>,
    /// The last policy that was fetched.
    pub policy: Option<PolicyFile>,
    /// Until when some sender may hold a policy that binds it, in seconds since 1970.
    held_until: Option<u64>,
}

/// What is worth saying about a look at the policy, after those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Change {
    /// Another policy under the same id: senders that hold the old one do not see it (RFC 8461 §3.1).
    PolicyWithoutId,
    /// Another id, but the policy cannot be fetched: senders go on with the old one (§3.3).
    IdWithoutPolicy,
    /// Another id, and the policy is the same.
    IdAlone,
    /// The record is gone while senders may still hold a binding policy: they go on with it (§5.1). To take MTA-STS back, publish
    /// mode *none* first (§8.3).
    RemovedTooEarly,
}

impl History {
    /// Takes another look into account, and says what it means.
    pub fn look(&mut self, seen: Seen) -> Vec<Change> {
        let mut changes = Vec::new();
        let known_id = self.id.clone();
        let changed_policy = match (&self.policy, &seen.policy) {
            (Some(known), Some(found)) => Some(!same(known, found)),
            _ => None,
        };
        match &seen.id {
            None => {}
            Some(None) => {
                if self.held_until.is_some_and(|until| until > seen.at) {
                    changes.push(Change::RemovedTooEarly);
                }
                self.id = None;
            }
            Some(Some(id)) => {
                let same_id = known_id.as_ref() == Some(id);
                match (same_id, changed_policy) {
                    (true, Some(true)) => changes.push(Change::PolicyWithoutId),
                    (false, Some(false)) if known_id.is_some() => changes.push(Change::IdAlone),
                    (false, None) if known_id.is_some() && seen.policy.is_none() => {
                        changes.push(Change::IdWithoutPolicy);
                    }
                    _ => {}
                }
                self.id = Some(id.clone());
            }
        }
        if let Some(policy) = seen.policy {
            if policy.mode != Mode::None {
                let until = seen.at.saturating_add(policy.max_age);
                self.held_until = self.held_until.max(Some(until));
            }
            self.policy = Some(policy);
        }
        changes
    }

    /// Until when some sender may hold a policy that was seen here and binds it, in seconds since 1970.
    #[must_use]
    pub fn held_until(&self) -> Option<u64> {
        self.held_until
    }
}

/// Whether two policies ask for the same; the order of hosts means nothing.
fn same(one: &PolicyFile, other: &PolicyFile) -> bool {
    let hosts = |policy: &PolicyFile| {
        let mut hosts: Vec<_> = policy.mx.iter().map(ToString::to_string).collect();
        hosts.sort();
        hosts.dedup();
        hosts
    };
    one.mode == other.mode && one.max_age == other.max_age && hosts(one) == hosts(other)
}
