//! When a listing is believed.

use std::sync::atomic::Ordering;

use mail_dns::Lookup;

use super::report::state_of;
use super::row::{Held, KINDS, Section, lock};
use super::{Sweep, SweepEvent, SweepNotice, Worker};
use crate::checker::withholding;
use crate::{
    Cause, ControlReport, HealthState, Kind, ListAnswer, QuarantineReason, Stance, Verdict,
};

/// Why a listing is withdrawn whose list was not looked at again.
const FAILED: &str = "the list was found not to be believed after that, and is mended";

/// The same.
const ENDED: &str = "the sweep ended before the list's controls were asked again";

impl<L: Lookup> Sweep<L> {
    /// Tells an answer, or keeps it if it is a listing. Says whether so many wait that they are to be settled.
    pub(super) fn take_answer<F: FnMut(SweepEvent) + Send>(
        &self,
        list: usize,
        kind: Kind,
        held: Held,
        worker: &Worker<F>,
    ) -> bool {
        let Some(row) = self.rows.get(list) else {
            return false;
        };
        let section = row.section(kind);
        if !matches!(held.answer.verdict, Verdict::Listed(_)) {
            note_trouble(section, &held.answer);
            release(section, vec![held], worker);
            return false;
        }
        let listed = section.listed.fetch_add(1, Ordering::Relaxed) + 1;
        let mut ward = section.ward();
        if let Some(cause) = ward.shut.clone() {
            drop(ward);
            disbelieve(section, vec![held], &cause, worker);
            return false;
        }
        ward.held.push(held);
        let is_full = ward.held.len() >= self.options.held.get();
        drop(ward);
        // Whatever the rest of the answers will be.
        let of = self.of_kind(kind);
        if self.is_too_many(list, listed, of) {
            self.isolate(list, kind, listed, of, worker);
            return false;
        }
        is_full
    }

    fn of_kind(&self, kind: Kind) -> u64 {
        let mut counts = KINDS.iter().zip(self.of_kind);
        counts
            .find(|(each, _)| **each == kind)
            .map_or(0, |(_, count)| count)
    }

    /// Whether the list at `list` is not to be believed if it lists `listed` of `of` subjects.
    fn is_too_many(&self, list: usize, listed: u64, of: u64) -> bool {
        let Some(guard) = &self.options.mass_listing else {
            return false;
        };
        let list = self.checker.catalogue().lists().get(list);
        list.is_some_and(|list| list.stance == Stance::Block) && guard.is_reached(listed, of)
    }

    /// Settles the listings of a list for every kind, and says what was wrong with it if all its pairs are finished.
    pub(super) async fn close<F: FnMut(SweepEvent) + Send>(&self, list: usize, worker: &Worker<F>) {
        for kind in KINDS {
            self.settle(list, kind, worker).await;
        }
        if self.rows.get(list).is_some_and(|row| row.left() == 0) {
            self.give_notice(list, worker);
        }
    }

    /// Releases the listings that wait, if the list is to be believed; else withdraws them.
    pub(super) async fn settle<F: FnMut(SweepEvent) + Send>(
        &self,
        list: usize,
        kind: Kind,
        worker: &Worker<F>,
    ) {
        let Some(row) = self.rows.get(list) else {
            return;
        };
        let section = row.section(kind);
        if section.ward().held.is_empty() {
            return;
        }
        let listed = section.listed.load(Ordering::Relaxed);
        let of = listed + section.tally.answered_otherwise();
        if self.is_too_many(list, listed, of) {
            self.isolate(list, kind, listed, of, worker);
            return;
        }
        // An entry is forgotten when its list fails, so one that is remembered needs no other confirmation.
        let remembered = {
            let mut ward = section.ward();
            let era = self.checker.era_at(list, kind);
            let still_holds = |held: &Held| held.answer.remembered && held.era == era;
            let all = ward.held.iter().all(still_holds);
            if all {
                std::mem::take(&mut ward.held)
            } else {
                Vec::new()
            }
        };
        if !remembered.is_empty() {
            release(section, remembered, worker);
            return;
        }
        let age = self.options.confirm_age;
        let now = (self.clock)();
        let failure = match self.checker.confirm_at(list, kind, age, now).await {
            Some(Ok(report)) => withholding(&report),
            Some(Err(why)) => Some(Verdict::Unknown(Cause::NotAsked(why))),
            None => Some(Verdict::Unknown(Cause::NothingAsked)),
        };
        match failure {
            None => {
                let era = self.checker.era_at(list, kind);
                let held = std::mem::take(&mut section.ward().held);
                let (sound, unsound) = held.into_iter().partition(|held| held.era == era);
                doubt(section, unsound, worker);
                release(section, sound, worker);
            }
            Some(failure) => self.withdraw(list, kind, failure, worker),
        }
    }

    /// The list lists too many: it is left alone, and what it listed is not believed.
    fn isolate<F: FnMut(SweepEvent) + Send>(
        &self,
        list: usize,
        kind: Kind,
        listed: u64,
        of: u64,
        worker: &Worker<F>,
    ) {
        let reason = QuarantineReason::MassListing { listed, of };
        let now = (self.clock)();
        let quarantine = self.checker.isolate(list, kind, reason, now);
        let (Some(row), Some(quarantine)) = (self.rows.get(list), quarantine) else {
            return;
        };
        let state = HealthState::Quarantined(quarantine.clone());
        shut(
            row.section(kind),
            state,
            Cause::Quarantined(quarantine),
            worker,
        );
    }

    /// The list's controls failed after it had listed what waits.
    fn withdraw<F: FnMut(SweepEvent) + Send>(
        &self,
        list: usize,
        kind: Kind,
        failure: Verdict,
        worker: &Worker<F>,
    ) {
        if let Some(row) = self.rows.get(list) {
            let cause = Cause::Withdrawn(failure.to_string());
            shut(row.section(kind), state_of(failure), cause, worker);
        }
    }

    /// Nobody has looked at the list again, so what waits is not told as a listing.
    pub(super) fn withdraw_unconfirmed<F: FnMut(SweepEvent) + Send>(
        &self,
        list: usize,
        kind: Kind,
        worker: &Worker<F>,
    ) {
        if let Some(row) = self.rows.get(list) {
            let section = row.section(kind);
            let held = std::mem::take(&mut section.ward().held);
            disbelieve(section, held, &Cause::Withdrawn(ENDED.to_owned()), worker);
        }
    }

    /// Says what was wrong with the list, if anything was and it was not said.
    pub(super) fn give_notice<F: FnMut(SweepEvent) + Send>(&self, list: usize, worker: &Worker<F>) {
        let lists = self.checker.catalogue().lists();
        let (Some(row), Some(list)) = (self.rows.get(list), lists.get(list)) else {
            return;
        };
        let troubles = row.troubles();
        if troubles.is_empty() || row.closed.swap(true, Ordering::AcqRel) {
            return;
        }
        let notice = SweepNotice {
            zone: list.zone.clone(),
            troubles,
        };
        lock(&self.notices).push(notice.clone());
        worker.tell(SweepEvent::Notice(notice));
    }
}

/// Takes note of an answer that the list's controls or its quarantine gave.
fn note_trouble(section: &Section, answer: &ListAnswer) {
    let by_list = match &answer.verdict {
        Verdict::Refused(_) | Verdict::Broken(_) => {
            let controls = answer.controls.as_deref();
            controls.and_then(ControlReport::failure).is_some()
        }
        Verdict::Unknown(cause) => !matches!(
            cause,
            Cause::Subject(_) | Cause::NotAsked(_) | Cause::NothingAsked
        ),
        _ => false,
    };
    if by_list {
        section.troubled.fetch_add(1, Ordering::Relaxed);
        let mut ward = section.ward();
        if ward.trouble.is_none() {
            ward.trouble = Some(state_of(answer.verdict.clone()));
        }
    }
}

/// The list failed after it had listed these, though it has been mended since.
fn doubt<F: FnMut(SweepEvent) + Send>(section: &Section, held: Vec<Held>, worker: &Worker<F>) {
    if held.is_empty() {
        return;
    }
    let cause = Cause::Withdrawn(FAILED.to_owned());
    let unclear = || HealthState::Unclear(cause.clone());
    section.ward().trouble.get_or_insert_with(unclear);
    disbelieve(section, held, &cause, worker);
}

/// Believes no listing of the list in this sweep, neither what waits nor what comes.
fn shut<F: FnMut(SweepEvent) + Send>(
    section: &Section,
    state: HealthState,
    cause: Cause,
    worker: &Worker<F>,
) {
    let mut ward = section.ward();
    ward.trouble = Some(state);
    ward.shut = Some(cause.clone());
    let held = std::mem::take(&mut ward.held);
    drop(ward);
    disbelieve(section, held, &cause, worker);
}

fn disbelieve<F: FnMut(SweepEvent) + Send>(
    section: &Section,
    held: Vec<Held>,
    cause: &Cause,
    worker: &Worker<F>,
) {
    let mut telling = Telling::of(section, held);
    for Held {
        mut answer, times, ..
    } in telling.held.by_ref()
    {
        answer.verdict = Verdict::Unknown(cause.clone());
        section.troubled.fetch_add(1, Ordering::Relaxed);
        section.tally.count(&answer.verdict);
        let answer = *answer;
        worker.tell(SweepEvent::Answer { answer, times });
    }
}

fn release<F: FnMut(SweepEvent) + Send>(section: &Section, held: Vec<Held>, worker: &Worker<F>) {
    let mut telling = Telling::of(section, held);
    for Held { answer, times, .. } in telling.held.by_ref() {
        section.tally.count(&answer.verdict);
        let answer = *answer;
        worker.tell(SweepEvent::Answer { answer, times });
    }
}

/// Listings that an observer is being told. If it panics, the others wait again.
struct Telling<'a> {
    section: &'a Section,
    held: std::vec::IntoIter<Held>,
}

impl<'a> Telling<'a> {
    fn of(section: &'a Section, held: Vec<Held>) -> Self {
        let held = held.into_iter();
        Self { section, held }
    }
}

impl Drop for Telling<'_> {
    fn drop(&mut self) {
        if self.held.len() > 0 {
            self.section.ward().held.extend(self.held.by_ref());
        }
    }
}
