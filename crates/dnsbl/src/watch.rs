//! A listing over time: what is a change, and what is only an answer.

mod recoding;

use std::collections::{BTreeMap, VecDeque};
use std::fmt;

use self::recoding::Recoding;
use crate::reading::write_list;
use crate::{Asked, Code, ListAnswer, Verdict};

/// After how many seconds a path that saw an entry, and has told nothing since, has no say any more.
const SILENT_AFTER: i64 = 24 * 60 * 60;

/// By how many seconds an answer may be older than the last one. If it is older than that, the clock was set back.
const LATE_BY: i64 = 60 * 60;

/// How many episodes of a watch are kept.
pub const MAX_EPISODES: usize = 32;

/// How often an answer must be seen before it is believed to have changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "the knobs of one state machine; a new one is a change of behavior"
)]
pub struct WatchPolicy {
    /// A listing is confirmed by one that is seen over another path, or after its TTL and at least so many seconds; a
    /// minute unless set. Other codes are confirmed in the same way.
    pub confirm_after: u32,
    /// A delisting is confirmed by a second denial after its TTL and at least so many seconds; 30 minutes unless set.
    pub clear_after: u32,
    /// The longest TTL that is waited for, in seconds; six hours unless set. What a cache holds for longer is confirmed
    /// over another path, or by that cache again after this time.
    pub longest_ttl: u32,
    /// So many listings and changes of codes within a day are flapping; 4 unless set.
    pub flaps: usize,
}

impl Default for WatchPolicy {
    fn default() -> Self {
        Self {
            confirm_after: 60,
            clear_after: 30 * 60,
            longest_ttl: 6 * 60 * 60,
            flaps: 4,
        }
    }
}

/// Whether one subject is on one list, as it is seen again and again.
///
/// A listing is content: it is the same from everywhere, so one path that can see it is enough, and a path that cannot
/// tell has no say. But lists are mended while caches still hold what they said, and zero-hour lists change their minds
/// within minutes. So what is first seen is confirmed before it is a [`Change`], and what is not known changes nothing.
/// A denial counts over the path that saw the entry last, since it is no news that another one does not see it; over any
/// path, once that one has not told of it for a day.
///
/// An address may stay on a list for another reason: it was listed by policy, and now for a trap that it hit. That is
/// [`Change::Recoded`], confirmed as a listing is. The reasons are the union of what the paths see, for a day each.
///
/// ```text
///            listed                  listed again
/// Clean ──────────────▶ Unconfirmed ──────────────▶ Listed
///   ▲  ◀────────────────────┘                        │  ▲
///   │       not listed                    not listed │  │ listed
///   │           not listed again                     ▼  │
///   └────────────────────────────────────────── Clearing
/// ```
///
/// # Examples
///
/// ```
/// use dnsbl::{Change, Catalogue, Checker, Subject, Watch, WatchPolicy};
/// use mail_dns::StaticLookup;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let catalogue = Catalogue::builtin()?.only_zones(&["bl.spamcop.net".parse()?])?;
/// let clean = StaticLookup::from_zone_text("2.0.0.127.bl.spamcop.net. 60 IN A 127.0.0.2")?;
/// let listed = StaticLookup::from_zone_text(
///     "2.0.0.127.bl.spamcop.net. 60 IN A 127.0.0.2\n\
///      1.1.1.9.bl.spamcop.net.   60 IN A 127.0.0.2",
/// )?;
/// let subject = Subject::Address("9.1.1.1".parse()?);
/// let ask = async |dns: &StaticLookup, now| {
///     let checker = Checker::new(dns.clone(), catalogue.clone(), 42);
///     checker.check_all(&subject, now).await.remove(0)
/// };
///
/// let (mut watch, policy) = (Watch::default(), WatchPolicy::default());
/// let now = 1_795_000_000;
/// assert_eq!(watch.observe(&ask(&clean, now).await, &policy), Some(Change::Baseline { listed: false }));
/// assert_eq!(watch.observe(&ask(&listed, now + 900).await, &policy), None, "seen once");
/// assert_eq!(watch.observe(&ask(&listed, now + 1800).await, &policy), Some(Change::Listed));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Watch {
    state: WatchState,
    /// Whether a change can be told: before the baseline there is nothing to change from.
    has_baseline: bool,
    episodes: VecDeque<Episode>,
    /// Since when nothing could be told.
    blind_since: Option<i64>,
    /// Where and when it was last seen listed.
    #[cfg_attr(feature = "serde", serde(default))]
    last_listed: Option<LastListed>,
    /// When each path last told something; those that were silent for long are forgotten.
    #[cfg_attr(feature = "serde", serde(default))]
    told: BTreeMap<String, i64>,
    /// The codes that each path told of, if it did not deny the entry since; forgotten with the path.
    #[cfg_attr(feature = "serde", serde(default))]
    seen: BTreeMap<String, Vec<Code>>,
    /// Other codes than those of the listing, which are to be confirmed.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    recoding: Option<Recoding>,
    /// When its codes changed, the oldest first, at most [`MAX_EPISODES`] times.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "VecDeque::is_empty")
    )]
    recoded: VecDeque<i64>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
struct LastListed {
    path: String,
    at: i64,
}

/// What a [`Watch`] knows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum WatchState {
    /// Nothing was told yet.
    #[default]
    Unknown,
    /// It is not listed.
    Clean,
    /// It was seen listed, and that is to be confirmed.
    Unconfirmed(Sighting),
    /// It is listed.
    Listed,
    /// It is listed, and was seen not to be, which is to be confirmed.
    Clearing(Sighting),
    /// The list is no longer asked.
    Retired,
}

/// What was seen first, and when it is old enough to be confirmed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Sighting {
    /// When, in seconds since 1970.
    pub at: i64,
    /// Over which path.
    pub path: String,
    /// When it is confirmed over the same path, if it is seen again.
    pub ripe_at: i64,
}

/// One time on the list.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Episode {
    /// When it was first seen, in seconds since 1970.
    pub from: i64,
    /// When it was first seen to be over; `None` while it lasts.
    pub until: Option<i64>,
    /// Whether it was ever confirmed.
    pub confirmed: bool,
    /// The codes that were last seen; once it was confirmed, those that were last confirmed.
    pub codes: Vec<Code>,
}

/// What is worth telling.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Change {
    /// How things stood when the watch began. It is no change: many of these are told as one summary.
    Baseline {
        /// Whether it is listed.
        listed: bool,
    },
    /// It is listed now.
    Listed,
    /// It is listed still, by other codes: another fact for whoever is to mend it.
    Recoded {
        /// The codes until now.
        was: Vec<Code>,
        /// The codes now.
        is: Vec<Code>,
    },
    /// It is no longer listed.
    Delisted,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Baseline { listed: true } => f.pad("listed when the watch began"),
            Self::Baseline { listed: false } => f.pad("not listed when the watch began"),
            Self::Listed => f.pad("listed"),
            Self::Recoded { was, is } => {
                f.write_str("listed for another reason: ")?;
                write_list(f, is)?;
                f.write_str("; until now ")?;
                write_list(f, was)
            }
            Self::Delisted => f.pad("no longer listed"),
        }
    }
}

impl Watch {
    /// Takes an answer, and says what it changes.
    ///
    /// An answer that is older than the last one of its path changes nothing: it came late. If one is older by more than an
    /// hour, the clock was set back: then it is taken, and what waits to be confirmed begins its wait anew.
    pub fn observe(&mut self, answer: &ListAnswer, policy: &WatchPolicy) -> Option<Change> {
        if matches!(answer.verdict, Verdict::NotApplicable) {
            return None;
        }
        let latest = self.told.values().max().copied().unwrap_or(i64::MIN);
        // What a checker remembers may be older, by whatever clock.
        if !answer.remembered && latest > answer.at.saturating_add(LATE_BY) {
            self.begin_anew_at(answer.at);
        }
        if self
            .told
            .get(&answer.path)
            .is_some_and(|last| answer.at < *last)
        {
            return None;
        }
        match &answer.verdict {
            Verdict::Listed(listing) => {
                self.hear(answer);
                self.last_listed = Some(LastListed {
                    path: answer.path.clone(),
                    at: answer.at,
                });
                self.seen.insert(answer.path.clone(), listing.codes.clone());
                self.see_listed(answer, &listing.codes, policy)
            }
            Verdict::NotListed(_) | Verdict::Allowed(_) | Verdict::Neutral(_) => {
                self.hear(answer);
                self.seen.remove(&answer.path);
                let is_denied = self.is_denied_by(answer);
                let change = is_denied.then(|| self.see_clean(answer, policy));
                change.flatten().or_else(|| self.lose_codes(answer, policy))
            }
            // What is not known changes nothing.
            _ => {
                self.blind_since.get_or_insert(answer.at);
                None
            }
        }
    }

    fn hear(&mut self, answer: &ListAnswer) {
        self.blind_since = None;
        self.told.insert(answer.path.clone(), answer.at);
        let silent = |last: i64| answer.at.saturating_sub(last) >= SILENT_AFTER;
        self.told.retain(|_, last| !silent(*last));
        self.seen.retain(|path, _| self.told.contains_key(path));
    }

    /// Whether a denial says anything: it is of the path that saw the entry last, or that one has been silent for long.
    fn is_denied_by(&self, answer: &ListAnswer) -> bool {
        let is_listed = matches!(
            self.state,
            WatchState::Unconfirmed(_) | WatchState::Listed | WatchState::Clearing(_)
        );
        let last = self.last_listed.as_ref().filter(|_| is_listed);
        last.is_none_or(|last| {
            last.path == answer.path || answer.at.saturating_sub(last.at) >= SILENT_AFTER
        })
    }

    /// Brings what was written by a clock that was ahead back to `now`, so that nothing waits for a time far away.
    fn begin_anew_at(&mut self, now: i64) {
        self.told.clear();
        if let WatchState::Unconfirmed(first) | WatchState::Clearing(first) = &mut self.state {
            first.begin_anew_at(now);
        }
        if let Some(recoding) = &mut self.recoding {
            recoding.first.begin_anew_at(now);
        }
        if let Some(last) = &mut self.last_listed {
            last.at = last.at.min(now);
        }
        self.blind_since = self.blind_since.map(|since| since.min(now));
        for at in &mut self.recoded {
            *at = now.min(*at);
        }
        for episode in &mut self.episodes {
            episode.from = episode.from.min(now);
            episode.until = episode.until.map(|until| until.min(now));
        }
    }

    fn see_listed(
        &mut self,
        answer: &ListAnswer,
        codes: &[Code],
        policy: &WatchPolicy,
    ) -> Option<Change> {
        let confirmed = match &self.state {
            WatchState::Unconfirmed(first) => first.is_confirmed_by(answer),
            WatchState::Listed | WatchState::Clearing(_) => {
                self.state = WatchState::Listed;
                return self.see_codes(answer, codes, policy);
            }
            _ => {
                let wait = policy.confirm_after;
                self.state = WatchState::Unconfirmed(Sighting::of(answer, wait, policy));
                self.begin(answer.at, codes);
                return None;
            }
        };
        self.go_on(&self.union());
        if !confirmed {
            return None;
        }
        self.state = WatchState::Listed;
        if let Some(episode) = self.episodes.back_mut() {
            episode.confirmed = true;
        }
        Some(self.change(true))
    }

    fn see_clean(&mut self, answer: &ListAnswer, policy: &WatchPolicy) -> Option<Change> {
        match &self.state {
            WatchState::Clean => None,
            WatchState::Unknown | WatchState::Retired => {
                self.state = WatchState::Clean;
                Some(self.change(false))
            }
            WatchState::Unconfirmed(_) => {
                self.end(answer.at);
                self.state = WatchState::Clean;
                (!self.has_baseline).then(|| self.change(false))
            }
            WatchState::Listed => {
                let wait = policy.clear_after;
                self.state = WatchState::Clearing(Sighting::of(answer, wait, policy));
                None
            }
            WatchState::Clearing(first) if answer.at >= first.ripe_at => {
                let at = first.at;
                self.end(at);
                self.state = WatchState::Clean;
                Some(self.change(false))
            }
            WatchState::Clearing(_) => None,
        }
    }

    fn change(&mut self, listed: bool) -> Change {
        let had_baseline = std::mem::replace(&mut self.has_baseline, true);
        match (had_baseline, listed) {
            (false, listed) => Change::Baseline { listed },
            (true, true) => Change::Listed,
            (true, false) => Change::Delisted,
        }
    }

    fn begin(&mut self, at: i64, codes: &[Code]) {
        self.recoding = None;
        // More than one is too many only in what was stored by others.
        while self.episodes.len() >= MAX_EPISODES {
            self.episodes.pop_front();
        }
        self.episodes.push_back(Episode {
            from: at,
            until: None,
            confirmed: false,
            codes: codes.to_vec(),
        });
    }

    fn go_on(&mut self, codes: &[Code]) {
        if let Some(episode) = self.episodes.back_mut() {
            episode.codes = codes.to_vec();
        }
    }

    fn end(&mut self, at: i64) {
        if let Some(episode) = self.episodes.back_mut() {
            episode.until = Some(at);
        }
        self.seen.clear();
        self.recoding = None;
    }

    /// Takes back what was seen and not confirmed, because the list is not believed: it listed everything.
    pub fn withdraw(&mut self) {
        self.seen.clear();
        self.recoding = None;
        if matches!(self.state, WatchState::Unconfirmed(_)) {
            self.episodes.pop_back();
            self.state = if self.has_baseline {
                WatchState::Clean
            } else {
                WatchState::Unknown
            };
        }
    }

    /// Ends the watch because the list is no longer asked: it is dead, or was taken out. That is no delisting, and when the
    /// list is asked again, what is seen then is a new baseline.
    pub fn retire(&mut self, now: i64) {
        if self
            .episodes
            .back()
            .is_some_and(|episode| episode.until.is_none())
        {
            self.end(now);
        }
        self.state = WatchState::Retired;
        self.seen.clear();
        self.recoding = None;
        self.has_baseline = false;
        self.blind_since = None;
    }

    /// What is known.
    #[must_use]
    pub fn state(&self) -> &WatchState {
        &self.state
    }

    /// The times on the list, the oldest first, at most [`MAX_EPISODES`].
    pub fn episodes(&self) -> impl DoubleEndedIterator<Item = &Episode> {
        self.episodes.iter()
    }

    /// Since when nothing could be told, in seconds since 1970; `None` if the last answer told something.
    #[must_use]
    pub fn blind_since(&self) -> Option<i64> {
        self.blind_since
    }

    /// Whether it comes and goes, or its codes do: so many listings began, or were told as recoded, within the day before
    /// `now`.
    #[must_use]
    pub fn is_flapping(&self, policy: &WatchPolicy, now: i64) -> bool {
        let since = now.saturating_sub(24 * 60 * 60);
        let begun = self.episodes.iter().map(|episode| &episode.from);
        let recent = begun
            .chain(&self.recoded)
            .filter(|at| **at > since && **at <= now);
        recent.count() >= policy.flaps
    }
}

impl Sighting {
    fn of(answer: &ListAnswer, least: u32, policy: &WatchPolicy) -> Self {
        // Before that, the same cache gives the same answer: that of the name that has the entry, or one of the denials.
        let ttls = || answer.asked.iter().map(|asked: &Asked| asked.ttl);
        let ttl = match answer.verdict {
            Verdict::NotListed(_) => ttls().max(),
            _ => ttls().next_back(),
        };
        let ttl = ttl.flatten().unwrap_or(0).min(policy.longest_ttl);
        Self {
            at: answer.at,
            path: answer.path.clone(),
            ripe_at: answer.at.saturating_add(i64::from(ttl.max(least))),
        }
    }

    /// Begins the wait anew, since a clock that was ahead was set back to `now`.
    fn begin_anew_at(&mut self, now: i64) {
        let wait = self.ripe_at.saturating_sub(self.at);
        self.at = self.at.min(now);
        self.ripe_at = now.saturating_add(wait);
    }

    fn is_confirmed_by(&self, answer: &ListAnswer) -> bool {
        answer.path != self.path || answer.at >= self.ripe_at
    }
}

#[cfg(test)]
mod tests;
