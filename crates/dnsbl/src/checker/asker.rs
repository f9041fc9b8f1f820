//! Asks one list.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use futures_util::future::{join, join_all};
use mail_dns::{Answer, DomainName, Lookup, LookupError, RecordType};

use super::standing::{Condition, Standing};
use super::{Checker, unconfirmed, withholding};
use crate::budget::Day;
use crate::control::{random_name, round_nonce};
use crate::key::Redaction;
use crate::memory::Remembered;
use crate::{
    Asked, AskingScope, Cause, ControlReport, Controls, Kind, List, ListAnswer, NotAsked, Reading,
    Subject, Unsettled, Verdict, judge,
};

/// How old in seconds the controls of a list may be that answers nothing any more.
const IMPATIENT_AGE: u32 = 5;

/// How old in seconds the controls of a list may be that lists a subject. A list begins to list the world from one minute to
/// the next, with controls that were right before.
const LISTING_AGE: u32 = 60;

/// For how many seconds listings may wait to be told, since their list is asked about many others.
const WAITING_AGE: i64 = 24 * 60 * 60;

/// Whether a list is no use to whoever asks so: it gives no answer, refuses, or answers as none does.
fn is_in_vain(asked: &Asked) -> bool {
    matches!(
        asked.reading,
        Reading::Unsettled(Unsettled::Lookup(_)) | Reading::Refused(_) | Reading::Faulty(_)
    )
}

/// How many questions the controls of a list take.
fn questions_of(controls: &Controls) -> u32 {
    count_of(controls.positive.len() + controls.negative.len() + 1)
}

fn count_of(questions: usize) -> u32 {
    u32::try_from(questions).unwrap_or(u32::MAX)
}

/// Asks one list.
pub(super) struct Asker<'a, L> {
    pub(super) checker: &'a Checker<L>,
    pub(super) list: &'a List,
    pub(super) standing: &'a Standing,
    pub(super) now: i64,
    /// Whether controls that failed settle it, those that are to be listed too.
    pub(super) strict: bool,
}

impl<'a, L: Lookup> Asker<'a, L> {
    pub(super) async fn ask(&self, subject: &Subject) -> ListAnswer {
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
        let report = self.report_for(controls, kind, names.len()).await?;
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
            let (report, verdict) = match self.confirmed(&report, controls, &remembered).await {
                Ok(again) => {
                    let entry = again.overall().or(remembered.entry);
                    let judged = || judge(self.list, &again, &remembered.asked);
                    let verdict = entry.unwrap_or_else(judged);
                    (again, verdict)
                }
                Err(why) => (report, Verdict::Unknown(unconfirmed(&why))),
            };
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
        let asked = self.ask_names(names, kind).await?;
        let condition = self.standing.condition(kind);
        condition.note(asked.iter().any(is_in_vain));
        let mut verdict = judge(self.list, &report, &asked);
        // Whoever asks strictly keeps listings back, and asks the controls once for all of them.
        if !self.strict && matches!(verdict, Verdict::Listed(_)) {
            verdict = match self.report_within(controls, kind, LISTING_AGE).await {
                Ok(again) => {
                    report = again;
                    judge(self.list, &report, &asked)
                }
                Err(why) => Verdict::Unknown(unconfirmed(&why)),
            };
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
        report: &Arc<ControlReport>,
        controls: &Controls,
        remembered: &Remembered,
    ) -> Result<Arc<ControlReport>, NotAsked> {
        let is_listed = matches!(remembered.entry, Some(Verdict::Listed(_)));
        let age = remembered.at.saturating_sub(report.at);
        if self.strict || !is_listed || age <= i64::from(LISTING_AGE) {
            return Ok(Arc::clone(report));
        }
        self.report_within(controls, report.kind, LISTING_AGE).await
    }

    /// Whether there is a key if one is needed, and no list that is asked in its place about subjects of `kind`.
    pub(super) fn may_be_asked(&self, kind: Kind) -> Result<(), NotAsked> {
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
    async fn ask_names(&self, names: Vec<DomainName>, kind: Kind) -> Result<Vec<Asked>, NotAsked> {
        let reserve = self.reserve(kind, names.len());
        let mut asked = Vec::new();
        for name in names {
            let is_above = !asked.is_empty();
            let question = self.ask_name(name, is_above, reserve).await?;
            let denied = matches!(question.reading, Reading::Absent(_));
            asked.push(question);
            if !denied {
                break;
            }
        }
        Ok(asked)
    }

    pub(super) fn redaction(&self) -> Redaction<'a> {
        let key = self.list.terms.key.as_ref();
        Redaction::new(
            &self.list.zone,
            key.and_then(|name| self.checker.keys.find(name)),
        )
    }

    /// How many questions are to be left of the day after the controls, which would else be asked for nothing: those for
    /// `names` of a subject, and what is kept back.
    fn left_after(&self, controls: &Controls, kind: Kind, names: usize) -> Result<u32, NotAsked> {
        let needed = questions_of(controls).saturating_add(count_of(names));
        match self.standing.budget.limit() {
            Some(limit) if limit < needed => Err(NotAsked::LimitTooSmall { limit, needed }),
            _ => Ok(count_of(names).saturating_add(self.reserve(kind, names))),
        }
    }

    /// How many questions are kept back, so that the controls can be asked once more before listings are told: those of
    /// `kind`, and of others that were asked about within a day, whose listings may still wait.
    ///
    /// None where a limit would leave no more than that, or not the `names` of one subject: they would be kept for listings
    /// that are not looked for. What is listed within a minute of the controls is told without.
    pub(super) fn reserve(&self, kind: Kind, names: usize) -> u32 {
        let Some(limit) = self.standing.budget.limit().filter(|_| self.strict) else {
            return 0;
        };
        let since = self.now.saturating_sub(WAITING_AGE);
        let is_asked = |(other, _): &(Kind, &Controls)| {
            let condition = self.standing.condition(*other);
            *other == kind || condition.read(|health| health.was_asked_since(since))
        };
        let kinds = Kind::ALL.into_iter();
        let own = kinds.filter_map(|kind| Some((kind, self.list.controls(kind)?)));
        let asked = own.filter(is_asked);
        let again: u32 = asked.map(|(_, controls)| questions_of(controls)).sum();
        let least = again
            .saturating_mul(2)
            .saturating_add(again.max(count_of(names)));
        if limit < least { 0 } else { again }
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
        let paid = self.standing.budget.take(1, reserve, self.now)?;
        Ok(self.ask_paid(&secret, is_above, paid).await)
    }

    /// Asks for a name with the list's key, a question that was taken from the budget of that day.
    async fn ask_paid(&self, secret: &DomainName, is_above: bool, paid: Day) -> Asked {
        let redaction = self.redaction();
        let outcome = self.checker.lookup.lookup(secret, RecordType::A).await;
        self.settle(&outcome, paid);
        let read = match is_above {
            true => Asked::of_name_above,
            false => Asked::of,
        };
        let asked = read(self.list, redaction.name(secret), &outcome);
        Asked {
            reading: asked.reading.redacted(redaction),
            ..asked
        }
    }

    /// Gives a question of that day back that never reached the list.
    pub(super) fn settle(&self, outcome: &Result<Answer, LookupError>, paid: Day) {
        if outcome.as_ref().is_ok_and(|answer| answer.source.cached) {
            self.standing.budget.refund(paid);
        }
    }

    /// What the controls showed, if that still holds; else they are asked, if `names` of a subject can be after them.
    pub(super) async fn report_for(
        &self,
        controls: &Controls,
        kind: Kind,
        names: usize,
    ) -> Result<Arc<ControlReport>, NotAsked> {
        self.report_where(controls, kind, None, || {
            self.left_after(controls, kind, names)
        })
        .await
    }

    /// What the controls showed, if that still holds and is no more than `age` seconds old; else they are asked.
    pub(super) async fn report_within(
        &self,
        controls: &Controls,
        kind: Kind,
        age: u32,
    ) -> Result<Arc<ControlReport>, NotAsked> {
        self.report_where(controls, kind, Some(age), || Ok(0)).await
    }

    /// The same, where they are asked only if so many questions are `left` of the day then.
    async fn report_where(
        &self,
        controls: &Controls,
        kind: Kind,
        age: Option<u32>,
        left: impl Fn() -> Result<u32, NotAsked> + Send,
    ) -> Result<Arc<ControlReport>, NotAsked> {
        let condition = self.standing.condition(kind);
        if let Some(report) = self.known(condition, age) {
            return Ok(report);
        }
        let _asking = condition.asking.lock().await;
        // Another may have asked meanwhile, and have spent what is missing now.
        if let Some(report) = self.known(condition, age) {
            return Ok(report);
        }
        let report = Arc::new(self.ask_controls(controls, kind, left()?).await?);
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
        left: u32,
    ) -> Result<ControlReport, NotAsked> {
        let nonce = round_nonce(self.checker.nonce, self.now);
        let random =
            random_name(&self.list.zone, kind, nonce).map_err(|_| NotAsked::NameTooLong)?;
        let redaction = self.redaction();
        // With the key a name may be too long to be asked (RFC 1035 §2.3.4). The others show what they show; without the
        // random one no list is believed, and a subject's name is hardly shorter.
        let random = redaction
            .reveal(&random)
            .map_err(|_| NotAsked::NameTooLong)?;
        let revealed = |names: &[DomainName]| -> (Vec<DomainName>, Vec<DomainName>) {
            let (secrets, long): (Vec<_>, Vec<_>) = names
                .iter()
                .map(|name| redaction.reveal(name).map_err(|_| name.clone()))
                .partition(Result::is_ok);
            let secrets = secrets.into_iter().filter_map(Result::ok).collect();
            (secrets, long.into_iter().filter_map(Result::err).collect())
        };
        let (positive, mut passed_over) = revealed(&controls.positive);
        let (negative, too_long) = revealed(&controls.negative);
        passed_over.extend(too_long);
        // All of them or none: half of them prove nothing, and would be spent.
        let questions = count_of(positive.len() + negative.len() + 1);
        let paid = self.standing.budget.take(questions, left, self.now)?;
        let fixed = positive.iter().chain(&negative);
        let fixed = join_all(fixed.map(|secret| self.ask_paid(secret, false, paid)));
        let (mut fixed, random) = join(fixed, self.ask_paid(&random, false, paid)).await;
        let unlisted = fixed.split_off(positive.len());
        let report = ControlReport {
            verified: controls.verified,
            passed_over,
            ..ControlReport::new(kind, fixed, unlisted, random, self.now)
        };
        Ok(self.with_refusal_words(report).await)
    }
}
