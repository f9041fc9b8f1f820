//! What was seen of a domain's policy over time (RFC 8461 §5.1, §8).

use crate::mta_sts::{Mode, PolicyFile};

/// One look at record and policy.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Seen {
    /// When, in seconds since 1970.
    pub at: u64,
    /// What the record says.
    pub id: SeenId,
    /// The policy, if it was fetched and is good.
    pub policy: Option<PolicyFile>,
}

impl Seen {
    /// What was seen at a time.
    #[must_use]
    pub fn new(at: u64, id: SeenId, policy: Option<PolicyFile>) -> Self {
        Self { at, id, policy }
    }
}

/// The `id` of a record.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[expect(clippy::exhaustive_enums, reason = "yes, no, could not tell")]
pub enum SeenId {
    /// There is a record, and this is its `id`.
    Is(String),
    /// It is proved that there is no record that counts.
    Absent,
    /// Could not tell.
    Unknown,
}

/// The memory that a checker needs to tell what senders hold.
///
/// # Examples
///
/// ```
/// use mail_dns::mta_sts::{Change, History, PolicyFile, Seen, SeenId};
///
/// let policy = |mx: &str| PolicyFile::parse(format!("version: STSv1\nmode: enforce\nmx: {mx}\nmax_age: 86400\n").as_bytes());
/// let id = SeenId::Is("1".to_owned());
/// let mut history = History::default();
/// assert!(history.look(Seen::new(1000, id.clone(), Some(policy("a.test")?))).is_empty());
/// // Senders do not fetch it again: they look at the id alone.
/// assert_eq!(history.look(Seen::new(2000, id, Some(policy("b.test")?))), [Change::PolicyWithoutId]);
/// assert_eq!(history.held_until(), Some(2000 + 86400));
/// # Ok::<(), mail_dns::mta_sts::PolicyFileError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct History {
    /// The last `id` that was learned.
    id: Option<String>,
    /// The first policy that was fetched under that `id`: what senders hold who saw the `id` change.
    announced: Option<PolicyFile>,
    /// Whether the record is gone.
    gone: bool,
    /// Whether it was said that the policy is another than the one announced.
    told: bool,
    /// Until when some sender may hold a policy that binds it.
    held_until: Option<u64>,
}

/// What is worth saying about a look at the policy, after those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Change {
    /// Another policy under the same id: senders that hold the old one do not see it (RFC 8461 §3.1). For a short time that is as it should
    /// be: the policy is changed before the record (§8.1).
    PolicyWithoutId,
    /// Another id, but the policy cannot be fetched: senders go on with the old one (§3.3).
    IdWithoutPolicy,
    /// Another id, and the policy is the same.
    IdAlone,
    /// The record is gone while senders may still hold a policy that binds them: they go on with it (§5.1). To take MTA-STS back,
    /// publish mode *none* first (§8.3).
    RemovedTooEarly,
}

impl History {
    /// Takes another look into account, and says what it means. What could not be learned changes nothing.
    pub fn look(&mut self, seen: Seen) -> Vec<Change> {
        let mut changes = Vec::new();
        match &seen.id {
            SeenId::Unknown => {}
            SeenId::Absent => {
                let is_bound = self.held_until.is_some_and(|until| until > seen.at);
                if self.id.is_some() && !self.gone && is_bound {
                    changes.push(Change::RemovedTooEarly);
                }
                self.gone = true;
            }
            SeenId::Is(id) => {
                changes.extend(self.compare(id, seen.policy.as_ref()));
                self.gone = false;
            }
        }
        // Without a record nobody fetches a policy; only *enforce* keeps mail back.
        let binding = seen
            .policy
            .filter(|policy| policy.mode == Mode::Enforce && !self.gone);
        if let Some(policy) = binding {
            let until = seen.at.saturating_add(policy.max_age);
            self.held_until = self.held_until.max(Some(until));
        }
        changes
    }

    /// Holds a policy against the one that the `id` announced.
    fn compare(&mut self, id: &str, policy: Option<&PolicyFile>) -> Option<Change> {
        let is_first = self.id.is_none();
        if self.id.as_deref() == Some(id) {
            return match (&self.announced, policy) {
                (Some(announced), Some(policy)) if same(announced, policy) => {
                    self.told = false;
                    None
                }
                (Some(_), Some(_)) => {
                    (!std::mem::replace(&mut self.told, true)).then_some(Change::PolicyWithoutId)
                }
                (None, Some(policy)) => {
                    self.announced = Some(policy.clone());
                    None
                }
                (_, None) => None,
            };
        }
        let before = std::mem::replace(&mut self.announced, policy.cloned());
        self.id = Some(id.to_owned());
        self.told = false;
        match (before, policy) {
            _ if is_first => None,
            (Some(before), Some(policy)) if same(&before, policy) => Some(Change::IdAlone),
            (_, None) => Some(Change::IdWithoutPolicy),
            _ => None,
        }
    }

    /// Until when some sender may hold a policy that was seen here and keeps mail back, in seconds since 1970.
    #[must_use]
    pub fn held_until(&self) -> Option<u64> {
        self.held_until
    }

    /// The last `id` that was learned.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
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
