//! Asks the lists.

mod asker;
mod standing;
mod words;

use std::fmt;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use futures_util::stream::{self, StreamExt as _};
use mail_dns::dmarc::PublicSuffixes;
use mail_dns::{DomainName, Lookup};

use self::asker::Asker;
use self::standing::{Condition, Standing};
use crate::budget::Budget;
use crate::memory::Memory;
use crate::{
    Catalogue, Cause, ControlReport, HealthPolicy, Keys, Kind, List, ListAnswer, ListHealth,
    ListSummary, MemoryPolicy, NotAsked, Quarantine, QuarantineReason, Spending, Subject, Verdict,
};

/// How many lists are asked at a time, unless told otherwise.
const CONCURRENCY: NonZeroUsize = NonZeroUsize::new(16).unwrap();

/// Asks the lists of a catalogue about subjects, through one [`Lookup`], which is one *resolver path*.
///
/// The controls of a list are asked once for each kind of subject, hold for a while ([`HealthPolicy`]), and are then asked
/// again; where they failed, they are asked less and less often. What they showed holds for this path alone: a list that
/// refuses one resolver serves another. Before a listing is told they are asked again if they are older than a minute; if the
/// day has no questions left for that, it could not be told.
///
/// It has no clock: each call takes `now`, in seconds since 1970.
///
/// While one check asks the controls of a list, others of that list wait for it. A check that was begun is to be awaited
/// or dropped; one that is kept and not polled holds up the others.
pub struct Checker<L> {
    lookup: L,
    catalogue: Catalogue,
    keys: Keys,
    nonce: u64,
    path: String,
    documentation: bool,
    suffixes: Option<Arc<dyn PublicSuffixes>>,
    concurrency: NonZeroUsize,
    policy: HealthPolicy,
    daily_limit: Option<u32>,
    /// One for each list of the catalogue, in its order.
    standings: Vec<Standing>,
}

/// Everything but the keys and the lookup, which may have some.
impl<L> fmt::Debug for Checker<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Checker")
            .field("path", &self.path)
            .field("lists", &self.catalogue.lists().len())
            .field("keys", &self.keys)
            .finish_non_exhaustive()
    }
}

impl<L: Lookup> Checker<L> {
    /// Builds a checker. The random controls are made from `nonce`; take a new random number for each checker, or caches
    /// answer in place of the lists.
    ///
    /// A list whose [terms](crate::Terms::daily_queries) say how many questions a day are free is asked no more than that by
    /// this checker. Each list is counted for itself, and so are other checkers and programs: where an operator counts its
    /// zones, or all who ask, together, set [less](Self::with_daily_limit).
    #[must_use]
    pub fn new(lookup: L, catalogue: Catalogue, nonce: u64) -> Self {
        let standing = |list: &List| Standing {
            summary: Arc::new(ListSummary::from(list)),
            ipv4: Condition::default(),
            ipv6: Condition::default(),
            domain: Condition::default(),
            budget: Budget::new(list.terms.daily_queries),
            memory: None,
        };
        Self {
            standings: catalogue.lists().iter().map(standing).collect(),
            lookup,
            catalogue,
            keys: Keys::default(),
            nonce,
            path: "default".to_owned(),
            documentation: false,
            suffixes: None,
            concurrency: CONCURRENCY,
            policy: HealthPolicy::default(),
            daily_limit: None,
        }
    }

    /// Asks the lists that need a key with these.
    #[must_use]
    pub fn with_keys(mut self, keys: Keys) -> Self {
        self.keys = keys;
        self
    }

    /// Names the resolver path, for the answers: "unbound on this host", "region eu". It is "default" unless set.
    #[must_use]
    pub fn with_path(mut self, path: impl Into<String>) -> Self {
        self.path = path.into();
        self
    }

    /// Asks about documentation addresses (RFC 5737, RFC 3849) too, which no list knows: for tests and examples.
    ///
    /// The random control is one of 512 such addresses. A zone that lists one of them is taken for a wildcard if it
    /// happens to be that one, so a test fixes the nonce.
    #[must_use]
    pub fn with_documentation_addresses(mut self) -> Self {
        self.documentation = true;
        self
    }

    /// Asks lists of registrable domains for that domain alone, instead of for each name that it may be.
    #[must_use]
    pub fn with_public_suffixes(mut self, suffixes: Arc<dyn PublicSuffixes>) -> Self {
        self.suffixes = Some(suffixes);
        self
    }

    /// Asks `concurrency` lists at a time, in each call of [`check_all`](Self::check_all), in place of 16. Each list has at
    /// most nine questions in flight.
    #[must_use]
    pub fn with_concurrency(mut self, concurrency: NonZeroUsize) -> Self {
        self.concurrency = concurrency;
        self
    }

    /// Asks the controls by this policy.
    #[must_use]
    pub fn with_health_policy(mut self, policy: HealthPolicy) -> Self {
        self.policy = policy;
        self
    }

    /// Keeps answers by this policy, and does not ask the same again while they hold. Without it, that is left to the
    /// [`Lookup`] and to the resolver.
    ///
    /// An answer from there says so ([`ListAnswer::remembered`]). It is judged by the controls as they are now, and forgotten
    /// when these fail.
    #[must_use]
    pub fn with_memory(mut self, policy: MemoryPolicy) -> Self {
        for standing in &mut self.standings {
            standing.memory = Some(Memory::new(policy));
        }
        self
    }

    /// Asks no list more than `limit` questions a day (UTC), or what its terms allow if that is less.
    #[must_use]
    pub fn with_daily_limit(mut self, limit: u32) -> Self {
        self.daily_limit = Some(limit);
        for (list, standing) in self.catalogue.lists().iter().zip(&mut self.standings) {
            let terms = list.terms.daily_queries.unwrap_or(u32::MAX);
            standing.budget.limit_to(limit.min(terms));
        }
        self
    }

    /// Goes on from what was spent before, by this process or an earlier one. Lists that are not in the catalogue are
    /// passed over.
    #[must_use]
    pub fn with_spending(self, spending: &[Spending]) -> Self {
        for (list, standing) in self.catalogue.lists().iter().zip(&self.standings) {
            let own = spending.iter().filter(|spent| spent.zone == list.zone);
            for spent in own {
                standing.budget.go_on_from(spent);
            }
        }
        self
    }

    /// How many questions each list was asked on the day of `now`, in the catalogue's order. What the lookup says it had
    /// in its cache is not counted.
    #[must_use]
    pub fn spending(&self, now: i64) -> Vec<Spending> {
        let lists = self.catalogue.lists().iter().zip(&self.standings);
        lists
            .map(|(list, standing)| standing.budget.spending(&list.zone, now))
            .collect()
    }

    /// How every list is doing for each kind of subject that it answers for, as far as that was seen; nothing is asked.
    #[must_use]
    pub fn health(&self, now: i64) -> Vec<ListHealth> {
        let lists = self.catalogue.lists().iter().zip(&self.standings);
        let each = lists.flat_map(|(list, standing)| {
            let kinds = Kind::ALL.into_iter();
            let answered = kinds.filter(|kind| list.controls(*kind).is_some());
            answered.map(move |kind| {
                standing
                    .condition(kind)
                    .read(|health| health.snapshot(&list.zone, kind, &self.policy, now))
            })
        });
        each.collect()
    }

    /// Goes on from what was seen of the lists before, by this process or an earlier one over the same resolver path: a list
    /// that lied is not believed sooner for a restart. Lists that are not in the catalogue are passed over.
    ///
    /// The policy is to be set before.
    #[must_use]
    pub fn with_health(self, seen: &[ListHealth]) -> Self {
        for (list, standing) in self.catalogue.lists().iter().zip(&self.standings) {
            for health in seen.iter().filter(|health| health.zone == list.zone) {
                let condition = standing.condition(health.kind);
                condition.change(|own| own.go_on_from(health, &self.policy));
            }
        }
        self
    }

    /// The lists.
    #[must_use]
    pub fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// The name of the resolver path.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    pub(crate) fn lookup(&self) -> &L {
        &self.lookup
    }

    pub(crate) fn concurrency(&self) -> NonZeroUsize {
        self.concurrency
    }

    /// Asks every list about `subject`; the answers are in the catalogue's order.
    pub async fn check_all(&self, subject: &Subject, now: i64) -> Vec<ListAnswer> {
        // Collected first: a stream that holds the closure is not known to be `Send` for every lifetime, and then the
        // whole future could not be spawned.
        let answers: Vec<_> = (0..self.catalogue.lists().len())
            .filter_map(|index| self.check_at(index, subject, now))
            .collect();
        stream::iter(answers)
            .buffered(self.concurrency.get())
            .collect()
            .await
    }

    /// Asks the list of `zone` about `subject`; `None` if the catalogue has no such list.
    pub async fn check(
        &self,
        zone: &DomainName,
        subject: &Subject,
        now: i64,
    ) -> Option<ListAnswer> {
        let mut lists = self.catalogue.lists().iter();
        let index = lists.position(|list| list.zone == *zone)?;
        Some(self.check_at(index, subject, now)?.await)
    }

    /// Asks the list at `index` of the catalogue.
    pub(crate) fn check_at<'a>(
        &'a self,
        index: usize,
        subject: &'a Subject,
        now: i64,
    ) -> Option<impl Future<Output = ListAnswer> + Send + use<'a, L>> {
        let asker = self.asker(index, now)?;
        Some(async move { asker.ask(subject).await })
    }

    /// The same, save that a list is not asked at all whose controls failed: nothing that it lists is believed.
    pub(crate) fn check_strictly_at<'a>(
        &'a self,
        index: usize,
        subject: &'a Subject,
        now: i64,
    ) -> Option<impl Future<Output = ListAnswer> + Send + use<'a, L>> {
        let asker = Asker {
            strict: true,
            ..self.asker(index, now)?
        };
        Some(async move { asker.ask(subject).await })
    }

    /// How many questions each list may be asked in a day, in the catalogue's order.
    pub(crate) fn daily_limits(&self) -> impl Iterator<Item = Option<u32>> {
        let limits = self.catalogue.lists().iter();
        limits.map(|list| {
            let both = [list.terms.daily_queries, self.daily_limit];
            both.into_iter().flatten().min()
        })
    }

    /// How the list at `index` is doing for subjects of `kind`; its controls are asked if what was seen of them no longer
    /// holds. `None` if it does not answer for them.
    pub(crate) async fn health_at(
        &self,
        index: usize,
        kind: Kind,
        now: i64,
    ) -> Option<Result<ListHealth, NotAsked>> {
        let asker = self.asker(index, now)?;
        let controls = asker.list.controls(kind)?;
        let report = async {
            asker.may_be_asked(kind)?;
            // Of a list that is never asked about a subject the controls say nothing that helps.
            asker.report_for(controls, kind, 1).await
        };
        if let Err(why) = report.await {
            return Some(Err(why));
        }
        let condition = asker.standing.condition(kind);
        Some(Ok(condition.read(|health| {
            health.snapshot(&asker.list.zone, kind, &self.policy, now)
        })))
    }

    /// Asks the controls of the list at `index` anew if they are older than `age` seconds, and says what they showed.
    pub(crate) async fn confirm_at(
        &self,
        index: usize,
        kind: Kind,
        age: u32,
        now: i64,
    ) -> Option<Result<Arc<ControlReport>, NotAsked>> {
        let asker = self.asker(index, now)?;
        let controls = asker.list.controls(kind)?;
        Some(asker.report_within(controls, kind, age).await)
    }

    /// How many times the list at `index` was found not to be believed.
    pub(crate) fn era_at(&self, index: usize, kind: Kind) -> u64 {
        let standing = self.standings.get(index);
        standing.map_or(0, |it| it.condition(kind).era.load(Ordering::Relaxed))
    }

    /// Stops believing the list at `index` for a while, and says until when. `None` if there is no such list.
    pub(crate) fn isolate(
        &self,
        index: usize,
        kind: Kind,
        reason: QuarantineReason,
        now: i64,
    ) -> Option<Quarantine> {
        let condition = self.standings.get(index)?.condition(kind);
        condition.era.fetch_add(1, Ordering::Relaxed);
        condition.change(|health| {
            health.isolate(reason, &self.policy, now);
            health.quarantine(now).cloned()
        })
    }

    fn asker(&self, index: usize, now: i64) -> Option<Asker<'_, L>> {
        Some(Asker {
            checker: self,
            list: self.catalogue.lists().get(index)?,
            standing: self.standings.get(index)?,
            now,
            strict: false,
        })
    }
}

/// Why an entry is not told whose list may not be asked again whether it lists everything by now: `why`.
pub(crate) fn unconfirmed(why: &NotAsked) -> Cause {
    Cause::Withdrawn(format!("its list's controls had to be asked again: {why}"))
}

/// Why no entry of a list is believed when many are asked for, if that is so: its controls failed. That the catalogue knows
/// of no test entry, or is not sure of it, is no failure of the list.
pub(crate) fn withholding(report: &ControlReport) -> Option<Verdict> {
    let forgiven = |verdict: &Verdict| {
        matches!(
            verdict,
            Verdict::Unknown(Cause::NoPositiveControl | Cause::UnverifiedControlMissing(_))
        )
    };
    report.failure().filter(|verdict| !forgiven(verdict))
}

#[cfg(test)]
mod tests;
