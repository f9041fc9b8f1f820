//! What is known of the lists over one path.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use futures_util::lock::Mutex;

use crate::budget::Budget;
use crate::health::Health;
use crate::memory::Memory;
use crate::{Kind, ListSummary};

/// What is known of one list over this path.
#[derive(Debug)]
pub(super) struct Standing {
    pub(super) summary: Arc<ListSummary>,
    pub(super) ipv4: Condition,
    pub(super) ipv6: Condition,
    pub(super) domain: Condition,
    pub(super) budget: Budget,
    pub(super) memory: Option<Memory>,
}

impl Standing {
    pub(super) fn condition(&self, kind: Kind) -> &Condition {
        match kind {
            Kind::Ipv4 => &self.ipv4,
            Kind::Ipv6 => &self.ipv6,
            Kind::Domain => &self.domain,
        }
    }
}

/// What is known of one list for one kind of subject. Every question reads it and few change it.
#[derive(Debug, Default)]
pub(super) struct Condition {
    pub(super) health: RwLock<Health>,
    /// How many lookups in a row came to nothing since the controls were asked.
    pub(super) in_vain: AtomicU32,
    /// How many times the list was found not to be believed: what it said before is then forgotten.
    pub(super) era: AtomicU64,
    /// Held while the controls are asked, so that nobody asks the same.
    pub(super) asking: Mutex<()>,
}

impl Condition {
    pub(super) fn read<T>(&self, look: impl FnOnce(&Health) -> T) -> T {
        look(&self.health.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn change<T>(&self, change: impl FnOnce(&mut Health) -> T) -> T {
        change(&mut self.health.write().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes what became of a lookup about a subject.
    pub(super) fn note(&self, in_vain: bool) {
        if in_vain {
            self.in_vain.fetch_add(1, Ordering::Relaxed);
        } else if self.in_vain.load(Ordering::Relaxed) > 0 {
            self.in_vain.store(0, Ordering::Relaxed);
        }
    }
}
