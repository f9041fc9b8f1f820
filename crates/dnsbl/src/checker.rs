//! Asks the lists.

mod words;

use std::fmt;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use futures_util::future::{join, join_all};
use futures_util::lock::Mutex;
use futures_util::stream::{self, StreamExt as _};
use mail_dns::dmarc::PublicSuffixes;
use mail_dns::{DomainName, Lookup, RecordType};

use crate::budget::Budget;
use crate::control::{random_name, round_nonce};
use crate::health::Health;
use crate::key::Redaction;
use crate::memory::Memory;
use crate::{
    Asked, AskingScope, Catalogue, Cause, ControlReport, Controls, HealthPolicy, Keys, Kind, List,
    ListAnswer, ListHealth, ListSummary, MemoryPolicy, NotAsked, Quarantine, QuarantineReason,
    Reading, Spending, Subject, Unsettled, Verdict, judge,
};

/// How many lists are asked at a time, unless told otherwise.
const CONCURRENCY: NonZeroUsize = NonZeroUsize::new(16).unwrap();

/// How old in seconds the controls of a list may be that answers nothing any more.
const IMPATIENT_AGE: u32 = 5;

/// How old in seconds the controls of a list may be that lists a subject. A list begins to list the world from one minute to
/// the next, with controls that were right before.
const LISTING_AGE: u32 = 60;

/// Asks the lists of a catalogue about subjects, through one [`Lookup`], which is one *resolver path*.
///
/// The controls of a list are asked once for each kind of subject, hold for a while ([`HealthPolicy`]), and are then asked
/// again; where they failed, they are asked less and less often. What they showed holds for this path alone: a list that
/// refuses one resolver serves another. Before a listing is told they are asked again if they are older than a minute.
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

/// What is known of one list over this path.
#[derive(Debug)]
struct Standing {
    summary: Arc<ListSummary>,
    ipv4: Condition,
    ipv6: Condition,
    domain: Condition,
    budget: Budget,
    memory: Option<Memory>,
}

impl Standing {
    fn condition(&self, kind: Kind) -> &Condition {
        match kind {
            Kind::Ipv4 => &self.ipv4,
            Kind::Ipv6 => &self.ipv6,
            Kind::Domain => &self.domain,
        }
    }
}

/// What is known of one list for one kind of subject. Every question reads it and few change it.
#[derive(Debug, Default)]
struct Condition {
    health: RwLock<Health>,
    /// How many lookups in a row came to nothing since the controls were asked.
    in_vain: AtomicU32,
    /// How many times the list was found not to be believed: what it said before is then forgotten.
    era: AtomicU64,
    /// Held while the controls are asked, so that nobody asks the same.
    asking: Mutex<()>,
}

impl Condition {
    fn read<T>(&self, look: impl FnOnce(&Health) -> T) -> T {
        look(&self.health.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn change<T>(&self, change: impl FnOnce(&mut Health) -> T) -> T {
        change(&mut self.health.write().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes what became of a lookup about a subject.
    fn note(&self, in_vain: bool) {
        if in_vain {
            self.in_vain.fetch_add(1, Ordering::Relaxed);
        } else if self.in_vain.load(Ordering::Relaxed) > 0 {
            self.in_vain.store(0, Ordering::Relaxed);
        }
    }
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
    /// A list whose [terms](crate::Terms::daily_queries) say how many questions a day are free is asked no more than that.
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
        if let Err(why) = asker.may_be_asked(kind) {
            return Some(Err(why));
        }
        if let Err(why) = asker.report(controls, kind).await {
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
        Some(asker.report_within(controls, kind, Some(age)).await)
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

/// Whether a list is no use to whoever asks so: it gives no answer, refuses, or answers as none does.
fn is_in_vain(asked: &Asked) -> bool {
    matches!(
        asked.reading,
        Reading::Unsettled(Unsettled::Lookup(_)) | Reading::Refused(_) | Reading::Faulty(_)
    )
}

/// Asks one list.
struct Asker<'a, L> {
    checker: &'a Checker<L>,
    list: &'a List,
    standing: &'a Standing,
    now: i64,
    /// Whether controls that failed settle it, those that are to be listed too.
    strict: bool,
}

impl<'a, L: Lookup> Asker<'a, L> {
    async fn ask(&self, subject: &Subject) -> ListAnswer {
        let kind = subject.kind();
        let Some(controls) = self.list.controls(kind) else {
            return self.answer(subject, Verdict::NotApplicable);
        };
        match self.ask_about(subject, controls, kind).await {
            Ok(answer) => answer,
            Err(why) => self.answer(subject, Verdict::Unknown(Cause::NotAsked(why))),
        }
    }

    fn answer(&self, subject: &Subject, verdict: Verdict) -> ListAnswer {
        ListAnswer {
            path: self.checker.path.clone(),
            ..ListAnswer::new(
                Arc::clone(&self.standing.summary),
                subject.clone(),
                self.now,
                verdict,
            )
        }
    }

    async fn ask_about(
        &self,
        subject: &Subject,
        controls: &Controls,
        kind: Kind,
    ) -> Result<ListAnswer, NotAsked> {
        self.may_be_asked(kind)?;
        let names = subject.query_names(self.list, &self.scope())?;
        // Controls prove nothing about a subject that cannot be asked about, and those kept back are for listings.
        if self.known(self.standing.condition(kind), None).is_none() {
            self.standing
                .budget
                .is_more_left(self.reserve(), self.now)?;
        }
        let report = self.report(controls, kind).await?;
        let condition = self.standing.condition(kind);
        let quarantine = condition.read(|health| health.quarantine(self.now).cloned());
        let settled = if self.strict {
            withholding(&report)
        } else {
            report.overall()
        };
        let unasked = match (settled, quarantine) {
            (Some(verdict), _) => Some(verdict),
            (None, Some(quarantine)) => Some(Verdict::Unknown(Cause::Quarantined(quarantine))),
            (None, None) => None,
        };
        if let Some(verdict) = unasked {
            return Ok(ListAnswer {
                controls: Some(report),
                ..self.answer(subject, verdict)
            });
        }
        let Some(memory) = &self.standing.memory else {
            return self.ask_list(subject, names, report, controls).await;
        };
        let era = condition.era.load(Ordering::Relaxed);
        if let Some(remembered) = memory.recall(subject, era, self.now) {
            let report = self.confirmed(report, controls, &remembered).await;
            let entry = report.overall().or(remembered.entry);
            let verdict = entry.unwrap_or_else(|| judge(self.list, &report, &remembered.asked));
            return Ok(ListAnswer {
                asked: remembered.asked,
                controls: Some(report),
                at: remembered.at,
                remembered: true,
                ..self.answer(subject, verdict)
            });
        }
        let answer = self.ask_list(subject, names, report, controls).await?;
        memory.remember(subject, &answer, era);
        Ok(answer)
    }

    async fn ask_list(
        &self,
        subject: &Subject,
        names: Vec<DomainName>,
        mut report: Arc<ControlReport>,
        controls: &Controls,
    ) -> Result<ListAnswer, NotAsked> {
        let kind = subject.kind();
        let asked = self.ask_names(names).await?;
        let condition = self.standing.condition(kind);
        condition.note(asked.iter().any(is_in_vain));
        let mut verdict = judge(self.list, &report, &asked);
        // Whoever asks strictly keeps listings back, and asks the controls once for all of them.
        if !self.strict && matches!(verdict, Verdict::Listed(_)) {
            // If they may not be asked, those that still hold have to do.
            let again = self.report_within(controls, kind, Some(LISTING_AGE)).await;
            report = again.unwrap_or(report);
            verdict = judge(self.list, &report, &asked);
        }
        let verdict = self.with_words(verdict, subject, &asked).await;
        Ok(ListAnswer {
            asked,
            controls: Some(report),
            ..self.answer(subject, verdict)
        })
    }

    /// What the controls show, asked again if an entry was seen more than a minute after those of `report`: whoever asked
    /// strictly kept it back, and may have ended before it was confirmed.
    async fn confirmed(
        &self,
        report: Arc<ControlReport>,
        controls: &Controls,
        remembered: &crate::memory::Remembered,
    ) -> Arc<ControlReport> {
        let is_listed = matches!(remembered.entry, Some(Verdict::Listed(_)));
        let age = remembered.at.saturating_sub(report.at);
        if self.strict || !is_listed || age <= i64::from(LISTING_AGE) {
            return report;
        }
        let again = self.report_within(controls, report.kind, Some(LISTING_AGE));
        again.await.unwrap_or(report)
    }

    /// Whether there is a key if one is needed, and no list that is asked in its place about subjects of `kind`.
    fn may_be_asked(&self, kind: Kind) -> Result<(), NotAsked> {
        let has_key = |list: &List| {
            let key = list.terms.key.as_ref();
            key.is_none_or(|name| self.checker.keys.has(name))
        };
        if !has_key(self.list) {
            return Err(NotAsked::KeyMissing);
        }
        let mut others = self.checker.catalogue.lists().iter();
        let replaces = |other: &List| {
            other.replaces.as_ref() == Some(&self.list.zone) && other.controls(kind).is_some()
        };
        if others.any(|other| replaces(other) && has_key(other)) {
            return Err(NotAsked::Replaced);
        }
        Ok(())
    }

    fn scope(&self) -> AskingScope<'a> {
        AskingScope {
            documentation: self.checker.documentation,
            suffixes: self.checker.suffixes.as_deref(),
        }
    }

    /// The names in turn, until one is not denied.
    async fn ask_names(&self, names: Vec<DomainName>) -> Result<Vec<Asked>, NotAsked> {
        let mut asked = Vec::new();
        for name in names {
            let is_above = !asked.is_empty();
            let question = self.ask_name(name, is_above, self.reserve()).await?;
            let denied = matches!(question.reading, Reading::Absent(_));
            asked.push(question);
            if !denied {
                break;
            }
        }
        Ok(asked)
    }

    fn redaction(&self) -> Redaction<'a> {
        let key = self.list.terms.key.as_ref();
        Redaction::new(
            &self.list.zone,
            key.and_then(|name| self.checker.keys.find(name)),
        )
    }

    /// How many questions are kept back, so that the controls can be asked once more before listings are told.
    fn reserve(&self) -> u32 {
        if !self.strict {
            return 0;
        }
        let kinds = Kind::ALL.into_iter();
        let controls = kinds.filter_map(|kind| self.list.controls(kind));
        let questions: usize = controls
            .map(|controls| controls.positive.len() + controls.negative.len() + 1)
            .sum();
        u32::try_from(questions).unwrap_or(u32::MAX)
    }

    /// Asks for `name`, which is above the subject's or is not, if the budget has `reserve` questions left then.
    async fn ask_name(
        &self,
        name: DomainName,
        is_above: bool,
        reserve: u32,
    ) -> Result<Asked, NotAsked> {
        let redaction = self.redaction();
        let secret = redaction.reveal(&name).map_err(|_| NotAsked::NameTooLong)?;
        self.standing.budget.take_leaving(reserve, self.now)?;
        let outcome = self.checker.lookup.lookup(&secret, RecordType::A).await;
        if outcome.as_ref().is_ok_and(|answer| answer.source.cached) {
            self.standing.budget.refund(self.now);
        }
        let read = match is_above {
            true => Asked::of_name_above,
            false => Asked::of,
        };
        let asked = read(self.list, redaction.name(&secret), &outcome);
        Ok(Asked {
            reading: asked.reading.redacted(redaction),
            ..asked
        })
    }

    /// What the controls showed, if that still holds; else they are asked.
    async fn report(
        &self,
        controls: &Controls,
        kind: Kind,
    ) -> Result<Arc<ControlReport>, NotAsked> {
        self.report_within(controls, kind, None).await
    }

    async fn report_within(
        &self,
        controls: &Controls,
        kind: Kind,
        age: Option<u32>,
    ) -> Result<Arc<ControlReport>, NotAsked> {
        let condition = self.standing.condition(kind);
        if let Some(report) = self.known(condition, age) {
            return Ok(report);
        }
        let _asking = condition.asking.lock().await;
        // Another may have asked meanwhile.
        if let Some(report) = self.known(condition, age) {
            return Ok(report);
        }
        let report = Arc::new(self.ask_controls(controls, kind).await?);
        condition.in_vain.store(0, Ordering::Relaxed);
        if withholding(&report).is_some() {
            condition.era.fetch_add(1, Ordering::Relaxed);
        }
        condition.change(|health| health.record(Arc::clone(&report), &self.checker.policy));
        Ok(report)
    }

    /// What was seen of the controls, if it still holds and is no more than `age` seconds old.
    fn known(&self, condition: &Condition, age: Option<u32>) -> Option<Arc<ControlReport>> {
        let policy = &self.checker.policy;
        // A list that answers nothing any more is looked at again before its controls have aged.
        let impatient = condition.in_vain.load(Ordering::Relaxed) >= policy.patience;
        let young = |report: &&Arc<ControlReport>| {
            let most = match age {
                None if impatient && report.is_healthy() => Some(IMPATIENT_AGE),
                age => age,
            };
            most.is_none_or(|most| self.now.saturating_sub(report.at) <= i64::from(most))
        };
        condition.read(|health| health.report(policy, self.now).filter(young).cloned())
    }

    async fn ask_controls(
        &self,
        controls: &Controls,
        kind: Kind,
    ) -> Result<ControlReport, NotAsked> {
        let nonce = round_nonce(self.checker.nonce, self.now);
        let random =
            random_name(&self.list.zone, kind, nonce).map_err(|_| NotAsked::NameTooLong)?;
        let redaction = self.redaction();
        let is_short = |name: &&DomainName| redaction.reveal(name).is_ok();
        // With the key a name may be too long to be asked (RFC 1035 §2.3.4). The others show what they show; without the
        // random one no list is believed, and a subject's name is hardly shorter.
        let (positive, long): (Vec<_>, Vec<_>) = controls.positive.iter().partition(is_short);
        let (negative, longer): (Vec<_>, Vec<_>) = controls.negative.iter().partition(is_short);
        let names = positive.iter().chain(&negative).copied().cloned();
        let fixed = join_all(names.map(|name| self.ask_name(name, false, 0)));
        let (fixed, random) = join(fixed, self.ask_name(random, false, 0)).await;
        let mut fixed = fixed.into_iter().collect::<Result<Vec<_>, _>>()?;
        let unlisted = fixed.split_off(positive.len());
        let report = ControlReport {
            verified: controls.verified,
            passed_over: long.into_iter().chain(longer).cloned().collect(),
            ..ControlReport::new(kind, fixed, unlisted, random?, self.now)
        };
        Ok(self.with_refusal_words(report).await)
    }
}

#[cfg(test)]
mod tests;
