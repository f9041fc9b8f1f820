//! One list in a sweep: which of its pairs are still to be asked, and which of its listings wait.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{ListTrouble, SweepCounts};
use crate::{Cause, HealthState, Kind, ListAnswer, Verdict};

pub(super) const KINDS: [Kind; 3] = [Kind::Ipv4, Kind::Ipv6, Kind::Domain];

/// One list. Its pairs are the targets by their index, made when they are taken.
#[derive(Debug)]
pub(super) struct Row {
    targets: usize,
    /// How far apart those are that are taken one after the other; no divisor of it but one divides `targets`.
    stride: usize,
    /// How many were taken for the first time.
    next: AtomicUsize,
    /// Those that were taken and given back, and how many they are.
    returned: Mutex<Vec<usize>>,
    returned_count: AtomicUsize,
    /// How many are not finished.
    left: AtomicUsize,
    ipv4: Section,
    ipv6: Section,
    domain: Section,
    /// Whether all was said of it that an operator should know.
    pub(super) closed: AtomicBool,
}

impl Row {
    pub(super) fn new(targets: usize) -> Self {
        Self {
            targets,
            stride: stride(targets),
            next: AtomicUsize::new(0),
            returned: Mutex::default(),
            returned_count: AtomicUsize::new(0),
            left: AtomicUsize::new(targets),
            ipv4: Section::default(),
            ipv6: Section::default(),
            domain: Section::default(),
            closed: AtomicBool::new(false),
        }
    }

    pub(super) fn section(&self, kind: Kind) -> &Section {
        match kind {
            Kind::Ipv4 => &self.ipv4,
            Kind::Ipv6 => &self.ipv6,
            Kind::Domain => &self.domain,
        }
    }

    /// The next target to ask about; `None` if all were taken.
    pub(super) fn take(&self) -> Option<usize> {
        if self.returned_count.load(Ordering::Relaxed) > 0 {
            let mut returned = lock(&self.returned);
            let target = returned.pop();
            self.returned_count.store(returned.len(), Ordering::Relaxed);
            if target.is_some() {
                return target;
            }
        }
        if self.next.load(Ordering::Relaxed) >= self.targets {
            return None;
        }
        let place = self.next.fetch_add(1, Ordering::Relaxed);
        (place < self.targets).then(|| self.at(place))
    }

    /// Whether there is a target that nobody has taken.
    pub(super) fn has_more(&self) -> bool {
        self.returned_count.load(Ordering::Relaxed) > 0
            || self.next.load(Ordering::Relaxed) < self.targets
    }

    /// The target whose turn is the so many-th. Neighbors may be listed together, so each is followed by one from
    /// elsewhere: what is listed of the first is what is listed of all.
    fn at(&self, place: usize) -> usize {
        let scattered = place as u128 * self.stride as u128 % self.targets.max(1) as u128;
        usize::try_from(scattered).unwrap_or(place)
    }

    /// Takes back a target about which nothing was learned.
    pub(super) fn give_back(&self, target: usize) {
        let mut returned = lock(&self.returned);
        returned.push(target);
        self.returned_count.store(returned.len(), Ordering::Relaxed);
    }

    /// Takes note that a target is finished, and says whether it was the last.
    pub(super) fn finish(&self) -> bool {
        // What the others did to their targets is seen by the one that finishes the last.
        self.left.fetch_sub(1, Ordering::AcqRel) == 1
    }

    pub(super) fn left(&self) -> usize {
        self.left.load(Ordering::Acquire)
    }

    /// The targets that are not finished, while no worker has any.
    pub(super) fn unfinished(&self) -> impl Iterator<Item = usize> + use<> {
        let mut returned = lock(&self.returned).clone();
        let next = self.next.load(Ordering::Relaxed).min(self.targets);
        returned.extend((next..self.targets).map(|place| self.at(place)));
        returned.sort_unstable();
        returned.into_iter()
    }

    pub(super) fn counts(&self) -> SweepCounts {
        let mut counts = SweepCounts {
            unfinished: u64::try_from(self.left()).unwrap_or(u64::MAX),
            ..SweepCounts::default()
        };
        for kind in KINDS {
            counts += self.section(kind).ward().counts;
        }
        counts
    }

    /// What was wrong with the list.
    pub(super) fn troubles(&self) -> Vec<ListTrouble> {
        let trouble = |kind| {
            let ward = self.section(kind).ward();
            Some(ListTrouble {
                kind,
                state: ward.trouble.clone()?,
                subjects: ward.troubled,
            })
        };
        KINDS.into_iter().filter_map(trouble).collect()
    }
}

/// One list and one kind of subject.
#[derive(Debug, Default)]
pub(super) struct Section {
    ward: Mutex<Ward>,
}

impl Section {
    pub(super) fn ward(&self) -> MutexGuard<'_, Ward> {
        lock(&self.ward)
    }
}

/// What became of the pairs, and where listings wait until they are believed. A pair is counted when it is known what it
/// comes to, and told of after that.
#[derive(Debug, Default)]
pub(super) struct Ward {
    pub(super) counts: SweepCounts,
    /// How many subjects were listed, believed or not.
    pub(super) listed: u64,
    /// About how many subjects nothing could be told because of the list.
    pub(super) troubled: u64,
    pub(super) held: Vec<Held>,
    /// What is counted and was not told, because the observer panicked.
    pub(super) untold: Vec<Held>,
    /// Why none is believed any more in this sweep.
    pub(super) shut: Option<Cause>,
    /// What was wrong with the list.
    pub(super) trouble: Option<HealthState>,
    /// Whether the sweep was reported on: what is answered after that is not taken.
    pub(super) is_over: bool,
}

impl Ward {
    /// Counts `held` as they are.
    pub(super) fn count(&mut self, held: &[Held]) {
        for Held { answer, .. } in held {
            self.counts.count(&answer.verdict);
        }
    }

    /// Counts `held` as what could not be told, for `cause`.
    pub(super) fn disbelieve(&mut self, mut held: Vec<Held>, cause: &Cause) -> Vec<Held> {
        for Held { answer, .. } in &mut held {
            answer.verdict = Verdict::Unknown(cause.clone());
            self.troubled += 1;
        }
        self.count(&held);
        held
    }

    /// Takes no more. What waits is not believed, for `cause`; it is to be told.
    pub(super) fn end(&mut self, cause: &Cause) -> Vec<Held> {
        self.is_over = true;
        let held = std::mem::take(&mut self.held);
        let mut ended = std::mem::take(&mut self.untold);
        ended.extend(self.disbelieve(held, cause));
        ended
    }
}

/// An answer with what belongs to it: a listing that waits, or what is to be told.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) answer: Box<ListAnswer>,
    pub(super) times: u32,
    /// How many times its list had failed when it was asked.
    pub(super) era: u64,
}

/// The golden section of `targets`, or the next number that has no divisor with it in common: the multiples of that are
/// spread evenly, however many there are.
fn stride(targets: usize) -> usize {
    let golden = targets / 1000 * 618 + targets % 1000 * 618 / 1000;
    let mut candidates = golden.max(1)..=targets.max(1);
    candidates
        .find(|stride| gcd(*stride, targets) == 1)
        .unwrap_or(1)
}

fn gcd(mut a: usize, mut b: usize) -> usize {
    while b > 0 {
        (a, b) = (b, a % b);
    }
    a
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
