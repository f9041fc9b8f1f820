//! What a list has answered, for as long as it holds.

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};

use crate::{Asked, ListAnswer, Subject, Verdict};

/// For how long the answers of lists are kept, so that a list is not asked the same again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "the knobs of one memory; a new one is a change of behavior"
)]
pub struct MemoryPolicy {
    /// For how many seconds an answer is kept though it holds for less, or does not say; 15 minutes unless set.
    pub least: u32,
    /// For how many seconds an answer is kept at the most though it holds for longer; an hour unless set.
    pub most: u32,
    /// How many answers of each list are kept; 16,384 unless set, which take some 4 MiB.
    pub answers: NonZeroUsize,
}

impl Default for MemoryPolicy {
    fn default() -> Self {
        Self {
            least: 15 * 60,
            most: 60 * 60,
            answers: NonZeroUsize::new(16 * 1024).unwrap_or(NonZeroUsize::MIN),
        }
    }
}

/// The answers of one list.
///
/// There are two generations. What is new or was used goes into the young one; when that has half of what is to be kept,
/// the old one is forgotten and the young one is the old. So nothing is searched for, and there are never too many.
#[derive(Debug)]
pub(crate) struct Memory {
    policy: MemoryPolicy,
    generations: Mutex<[HashMap<Subject, Remembered>; 2]>,
}

/// An answer that is kept.
#[derive(Debug, Clone)]
pub(crate) struct Remembered {
    pub(crate) asked: Vec<Asked>,
    /// The entry with the list's words, if there is one; else the answers are judged again, by the controls of now.
    pub(crate) entry: Option<Verdict>,
    pub(crate) at: i64,
    until: i64,
    /// What the list had failed by then: after each failure it starts anew.
    era: u64,
}

impl Memory {
    pub(crate) fn new(policy: MemoryPolicy) -> Self {
        Self {
            policy,
            generations: Mutex::default(),
        }
    }

    /// What is known of `subject` at `now`, if the list has not failed since.
    pub(crate) fn recall(&self, subject: &Subject, era: u64, now: i64) -> Option<Remembered> {
        let subject = &subject.canonical();
        let mut generations = self.generations();
        let [young, old] = &mut *generations;
        let holds = |found: &Remembered| found.era == era && (found.at..found.until).contains(&now);
        if let Some(found) = young.get(subject) {
            return holds(found).then(|| found.clone());
        }
        let found = old.remove(subject).filter(holds)?;
        self.keep(&mut generations, subject.clone(), found.clone());
        Some(found)
    }

    /// Keeps `answer`, if it says whether there is an entry.
    pub(crate) fn remember(&self, subject: &Subject, answer: &ListAnswer, era: u64) {
        let entry = match &answer.verdict {
            Verdict::NotListed(_) => None,
            entry @ (Verdict::Listed(_) | Verdict::Allowed(_) | Verdict::Neutral(_)) => {
                Some(entry.clone())
            }
            _ => return,
        };
        // RFC 2308 §5 for denials. The least is etiquette: no list changes its mind so often that it is worth asking.
        let holds = answer.ttl().unwrap_or(0);
        let holds = holds.max(self.policy.least).min(self.policy.most);
        let remembered = Remembered {
            asked: answer.asked.clone(),
            entry,
            at: answer.at,
            until: answer.at.saturating_add(i64::from(holds)),
            era,
        };
        self.keep(&mut self.generations(), subject.canonical(), remembered);
    }

    fn keep(
        &self,
        generations: &mut [HashMap<Subject, Remembered>; 2],
        subject: Subject,
        remembered: Remembered,
    ) {
        let [young, old] = generations;
        if young.len() >= self.policy.answers.get().div_ceil(2) {
            *old = std::mem::take(young);
        }
        young.insert(subject, remembered);
    }

    fn generations(&self) -> std::sync::MutexGuard<'_, [HashMap<Subject, Remembered>; 2]> {
        self.generations
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
