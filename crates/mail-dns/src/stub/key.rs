//! A question with its hash, which is computed once and serves every table on the way.

use std::collections::HashMap;
use std::hash::{BuildHasher, BuildHasherDefault, Hash, Hasher, RandomState};

use crate::Question;

/// A question to look up by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Key {
    /// First, since it tells most keys apart.
    hash: u64,
    question: Question,
}

/// A table by questions.
pub(super) type KeyMap<V> = HashMap<Key, V, BuildHasherDefault<Computed>>;

impl Key {
    /// `state` is keyed at random, so that nobody can make names that collide; keys of one `state` go together.
    pub(super) fn new(question: Question, state: &RandomState) -> Self {
        Self {
            hash: state.hash_one(&question),
            question,
        }
    }

    pub(super) fn question(&self) -> &Question {
        &self.question
    }
}

/// Equal questions have equal hashes, since both are of one state.
impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash);
    }
}

/// Hands out the hash that a [`Key`] brings along.
#[derive(Debug, Default)]
pub(super) struct Computed(u64);

impl Hasher for Computed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, octets: &[u8]) {
        debug_assert!(octets.is_empty(), "a key writes its hash");
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}
