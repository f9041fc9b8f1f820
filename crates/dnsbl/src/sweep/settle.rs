//! When a listing is believed.

use std::sync::atomic::Ordering;

use mail_dns::Lookup;

use super::report::state_of;
use super::row::{Held, KINDS, Row, Section, Ward, lock};
use super::{Sweep, SweepEvent, SweepNotice, Worker};
use crate::checker::{unconfirmed, withholding};
use crate::{
    Cause, ControlReport, HealthState, Kind, ListAnswer, QuarantineReason, Stance, Verdict,
};

/// Why a listing is withdrawn whose list was not looked at again.
const FAILED: &str = "the list was found not to be believed after that, and is mended";

/// The same.
const ENDED: &str = "the sweep ended before the list's controls were asked again";

impl<L: Lookup> Sweep<L> {
    /// Takes an answer, and says what is to follow; `None` if the sweep is over, and the pair is not finished by it.
    pub(super) fn take_answer(&self, row: &Row, kind: Kind, held: Held) -> Option<Taken> {
        let mut ward = row.section(kind).ward();
        if ward.is_over {
            return None;
        }
        let mut told = Vec::new();
        if !matches!(held.answer.verdict, Verdict::Listed(_)) {
            note_trouble(&mut ward, &held.answer);
            ward.count(std::slice::from_ref(&held));
            told.push(held);
        } else {
            ward.listed += 1;
            match ward.shut.clone() {
                Some(cause) => told = ward.disbelieve(vec![held], &cause),
                None => ward.held.push(held),
            }
        }
        Some(Taken {
            is_full: ward.held.len() >= self.options.held.get(),
            is_held: told.is_empty(),
            told,
            listed: ward.listed,
            is_last: row.finish(),
        })
    }

    /// Tells what was taken, and settles what is to be settled then.
    pub(super) async fn follow<F: FnMut(SweepEvent) + Send>(
        &self,
        list: usize,
        kind: Kind,
        taken: Taken,
        worker: &Worker<F>,
    ) {
        if let Some(row) = self.rows.get(list) {
            tell(row.section(kind), taken.told, worker);
        }
        // Whatever the rest of the answers will be.
        let of = self.of_kind(kind);
        let is_too_many = taken.is_held && self.is_too_many(list, taken.listed, of);
        if is_too_many {
            self.isolate(list, kind, taken.listed, of, worker);
        }
        if taken.is_last {
            self.close(list, worker).await;
        } else if taken.is_held && taken.is_full && !is_too_many {
            self.settle(list, kind, worker).await;
        }
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
        let (listed, of, untold) = {
            let mut ward = section.ward();
            let of = ward.listed + ward.counts.answered_otherwise();
            (ward.listed, of, std::mem::take(&mut ward.untold))
        };
        tell(section, untold, worker);
        if section.ward().held.is_empty() {
            return;
        }
        if self.is_too_many(list, listed, of) {
            self.isolate(list, kind, listed, of, worker);
            return;
        }
        let age = self.options.confirm_age;
        // An entry is forgotten when its list fails, so one that is remembered needs no other confirmation once the controls
        // were right after it. They were not asked again by a sweep that ended first.
        let era = self.checker.era_at(list, kind);
        let still_holds = |held: &Held| {
            held.answer.remembered && held.era == era && is_confirmed(&held.answer, age)
        };
        if section.ward().held.iter().all(still_holds) {
            release(section, still_holds, worker);
            return;
        }
        let now = (self.clock)();
        let confirmed = self.checker.confirm_at(list, kind, age, now).await;
        let era = self.checker.era_at(list, kind);
        match confirmed.map(|report| report.map(|report| withholding(&report))) {
            Some(Ok(None)) => {
                let cause = Cause::Withdrawn(FAILED.to_owned());
                let state = HealthState::Unclear(cause.clone());
                let is_sound = |held: &Held| held.era == era;
                part(section, is_sound, (state, cause), worker);
            }
            // Its controls failed after it had listed what waits.
            Some(Ok(Some(failure))) => {
                let cause = Cause::Withdrawn(failure.to_string());
                shut(section, state_of(failure), cause, worker);
            }
            // They may not be asked again. As to one check, those that were asked shortly before an entry prove it; what
            // is listed on another day may be confirmed then.
            Some(Err(why)) => {
                let state = HealthState::Unclear(Cause::NotAsked(why));
                let is_sound = |held: &Held| held.era == era && is_confirmed(&held.answer, age);
                part(section, is_sound, (state, unconfirmed(&why)), worker);
            }
            // There is no such list, and nothing of it waits.
            None => {}
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

    /// Takes no more of the list at `list`. Nobody has looked at it again, so what waits is not told as a listing.
    pub(super) fn end(&self, list: usize) -> Vec<(&Section, Vec<Held>)> {
        let cause = Cause::Withdrawn(ENDED.to_owned());
        let Some(row) = self.rows.get(list) else {
            return Vec::new();
        };
        let sections = KINDS.map(|kind| row.section(kind));
        let ended = sections.map(|section| (section, section.ward().end(&cause)));
        ended.into()
    }

    /// Says what was wrong with the list, if anything was and it was not said.
    pub(super) fn give_notice<F: FnMut(SweepEvent) + Send>(&self, list: usize, worker: &Worker<F>) {
        let lists = self.checker.catalogue().lists();
        let (Some(row), Some(list)) = (self.rows.get(list), lists.get(list)) else {
            return;
        };
        // Held from the look at what was told to the notice, so that a report has all that were given.
        let mut notices = lock(&self.notices);
        let troubles = row.troubles();
        if troubles.is_empty() || row.closed.swap(true, Ordering::AcqRel) {
            return;
        }
        let notice = SweepNotice {
            zone: list.zone.clone(),
            troubles,
        };
        notices.push(notice.clone());
        drop(notices);
        worker.tell(SweepEvent::Notice(notice));
    }
}

/// What is to follow when an answer was taken.
pub(super) struct Taken {
    /// What is to be told.
    told: Vec<Held>,
    /// Whether it is a listing that waits.
    is_held: bool,
    /// How many subjects were listed by then.
    listed: u64,
    /// Whether so many wait that they are to be settled.
    is_full: bool,
    /// Whether every pair of the list is finished.
    is_last: bool,
}

/// Takes note of an answer that the list's controls or its quarantine gave.
fn note_trouble(ward: &mut Ward, answer: &ListAnswer) {
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
        ward.troubled += 1;
        let state = || state_of(answer.verdict.clone());
        ward.trouble.get_or_insert_with(state);
    }
}

/// Whether the controls were asked after the entry was seen, or no more than `age` seconds before.
fn is_confirmed(answer: &ListAnswer, age: u32) -> bool {
    let controls = answer.controls.as_deref();
    controls.is_some_and(|report| report.at.saturating_add(i64::from(age)) >= answer.at)
}

/// Believes those that wait and are `sound`. Of the others it is not known, for `doubt`: how the list is doing, and why they
/// are not believed.
fn part<F: FnMut(SweepEvent) + Send>(
    section: &Section,
    sound: impl Fn(&Held) -> bool,
    doubt: (HealthState, Cause),
    worker: &Worker<F>,
) {
    let (state, cause) = doubt;
    let told = {
        let mut ward = section.ward();
        let unsound: Vec<Held> = ward.held.extract_if(.., |held| !sound(held)).collect();
        if !unsound.is_empty() {
            ward.trouble.get_or_insert(state);
        }
        ward.disbelieve(unsound, &cause)
    };
    tell(section, told, worker);
    release(section, sound, worker);
}

/// Believes no listing of the list in this sweep, neither what waits nor what comes.
fn shut<F: FnMut(SweepEvent) + Send>(
    section: &Section,
    state: HealthState,
    cause: Cause,
    worker: &Worker<F>,
) {
    let told = {
        let mut ward = section.ward();
        if ward.is_over {
            return;
        }
        ward.trouble = Some(state);
        ward.shut = Some(cause.clone());
        let held = std::mem::take(&mut ward.held);
        ward.disbelieve(held, &cause)
    };
    tell(section, told, worker);
}

/// Believes those that wait and are `sound`.
fn release<F: FnMut(SweepEvent) + Send>(
    section: &Section,
    sound: impl Fn(&Held) -> bool,
    worker: &Worker<F>,
) {
    let told = {
        let mut ward = section.ward();
        let sound: Vec<Held> = ward.held.extract_if(.., |held| sound(held)).collect();
        ward.count(&sound);
        sound
    };
    tell(section, told, worker);
}

/// Tells what is counted.
pub(super) fn tell<F: FnMut(SweepEvent) + Send>(
    section: &Section,
    told: Vec<Held>,
    worker: &Worker<F>,
) {
    let mut telling = Telling {
        section,
        held: told.into_iter(),
    };
    for Held { answer, times, .. } in telling.held.by_ref() {
        let answer = *answer;
        worker.tell(SweepEvent::Answer { answer, times });
    }
}

/// Answers that an observer is being told. If it panics, the others are told by whoever settles the list next.
struct Telling<'a> {
    section: &'a Section,
    held: std::vec::IntoIter<Held>,
}

impl Drop for Telling<'_> {
    fn drop(&mut self) {
        if self.held.len() > 0 {
            self.section.ward().untold.extend(self.held.by_ref());
        }
    }
}
