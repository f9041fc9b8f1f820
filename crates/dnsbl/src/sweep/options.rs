//! How a sweep asks, and what it does not believe.

use std::num::NonZeroUsize;

/// How a [`Sweep`](super::Sweep) asks; every field may be changed.
///
/// # Examples
///
/// ```
/// use dnsbl::{MassListing, SweepOptions};
///
/// let mut options = SweepOptions::default();
/// options.confirm_age = 10;
/// // A network of spammers: it is no wonder if most of it is listed.
/// options.mass_listing = Some(MassListing { percent: 95, least: 100 });
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SweepOptions {
    /// How many pairs each call of [`work`](super::Sweep::work) has in flight; 64 unless set. A server's socket on Linux holds
    /// some 90 questions by default. More than that at once, by all calls together, get lost and are waited for.
    pub in_flight: NonZeroUsize,
    /// How many of them are of one list, so that a slow list does not hold up the others; 32 unless set.
    pub in_flight_per_list: NonZeroUsize,
    /// When a list lists too many to be believed; more than half of at least 8 unless set, `None` for never.
    pub mass_listing: Option<MassListing>,
    /// How old in seconds the controls of a list may be when its listings are released, or when these were seen if the day has
    /// no question left to ask them again; a minute unless set.
    pub confirm_age: u32,
    /// How many listings of one list and kind of subject wait at most until they are released; 1,024 unless set.
    pub held: NonZeroUsize,
}

impl Default for SweepOptions {
    fn default() -> Self {
        let count = |count| NonZeroUsize::new(count).unwrap_or(NonZeroUsize::MIN);
        Self {
            in_flight: count(64),
            in_flight_per_list: count(32),
            mass_listing: Some(MassListing::default()),
            confirm_age: 60,
            held: count(1024),
        }
    }
}

/// When a blocklist lists too many subjects of one kind in one sweep to be believed.
///
/// Lists have listed the world within a minute, with controls that were right a minute before, and some wildcards leave the
/// controls out. A list that only informs is never held to this: that a whole network has an entry is what it is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "a share and of how many at least: there is no third"
)]
pub struct MassListing {
    /// More than so many in a hundred of those for which there is an answer.
    pub percent: u8,
    /// Of how many at least.
    pub least: u64,
}

impl Default for MassListing {
    fn default() -> Self {
        Self {
            percent: 50,
            least: 8,
        }
    }
}

impl MassListing {
    /// Whether `listed` of `of` are too many.
    pub(super) fn is_reached(&self, listed: u64, of: u64) -> bool {
        of >= self.least && u128::from(listed) * 100 > u128::from(of) * u128::from(self.percent)
    }
}
