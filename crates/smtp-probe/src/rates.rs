//! What refuses mail where, how often, and what rose: counts of reasons by receiver over a sliding window.
//!
//! `550 5.7.1` for a thousandth of the mail is noise; the same for half the mail to one receiver since an hour ago is a listing. So
//! the last window is compared with the one before it, by receiver and reason, and what rose comes with its counts. With too few
//! counts, or too short a record, nothing can be told, and that is said.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::diagnosis::{Diagnosis, Reason};

/// A window is counted in so many slots, so it slides by a twelfth of its length.
const SLOTS: u64 = 12;
/// How many receivers are told apart, unless told otherwise.
const MAX_RECEIVERS: usize = 256;
/// The longest name that is kept (RFC 1035 §2.3.4).
const MAX_NAME: usize = 255;
/// One in a thousand, one-sided, in standard deviations: seldom enough for a look at every receiver and reason each hour.
const SIGNIFICANT: f64 = 3.09;

/// Counts of reasons, by receiver, over the last two windows.
///
/// Time is a parameter: any clock that only goes on will do, as the time since any fixed moment. What is older than two windows is
/// forgotten. What comes late is counted where it belongs, if that is still remembered.
///
/// # Limits
///
/// 256 receivers unless told otherwise. Whenever there are more, the one with the fewest events is folded into one without a name,
/// `None`. Each holds at most 24 slots of counts.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use smtp_probe::{Diagnosis, Reason, ReasonRates, Trend};
///
/// let hour = Duration::from_secs(3600);
/// let mut rates = ReasonRates::new(hour);
/// let listed = Diagnosis::of_text(b"554 5.7.1 blocked using zen.spamhaus.org");
/// for minute in 0..120 {
///     let at = Duration::from_secs(60 * minute);
///     rates.record_success(at, "b.example");
///     if minute > 70 {
///         rates.record(at, "b.example", &listed);
///     }
/// }
/// let changes = rates.changes(hour * 2);
/// assert_eq!(changes[0].reason, Reason::Blocklisted);
/// assert_eq!(changes[0].trend, Trend::Rose);
/// assert_eq!((changes[0].before.count, changes[0].recent.count), (0, 49));
/// ```
#[derive(Debug, Clone)]
pub struct ReasonRates {
    window: Duration,
    max_receivers: usize,
    /// When the first event was, and the last.
    span: Option<(Duration, Duration)>,
    /// Without a name: all that were folded together.
    receivers: BTreeMap<Option<String>, Slots>,
}

/// Counts by slot; without a reason: what was delivered.
#[derive(Debug, Clone, Default)]
struct Slots {
    counts: BTreeMap<(u64, Option<Reason>), u64>,
}

/// What was counted of a receiver in the last window.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct ReceiverCounts {
    /// Its name; `None` for all that had too few events to be told apart.
    pub receiver: Option<String>,
    /// All events, deliveries among them.
    pub total: u64,
    /// The reasons, the most frequent one first.
    pub reasons: Vec<ReasonCount>,
}

/// How often a reason was given.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct ReasonCount {
    /// The reason.
    pub reason: Reason,
    /// How often in the window.
    pub count: u64,
    /// Which part of all events that is, from 0 to 1.
    pub share: f64,
    /// How often an hour.
    pub per_hour: f64,
}

/// A count, and what it is a part of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Sample {
    /// Events of the reason.
    pub count: u64,
    /// All events at the receiver.
    pub total: u64,
}

/// How a reason fares at a receiver, with the counts that prove it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Change {
    /// The receiver; `None` for all that had too few events to be told apart.
    pub receiver: Option<String>,
    /// The reason.
    pub reason: Reason,
    /// The window before the last.
    pub before: Sample,
    /// The last window.
    pub recent: Sample,
    /// What follows.
    pub trend: Trend,
}

/// What a comparison of two windows says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Trend {
    /// It rose, by more than chance does once in a thousand times.
    Rose,
    /// It did not rise by so much, though there was enough to see it.
    Steady,
    /// Could not tell: so few events would not show it if all were recent.
    TooFew,
    /// Could not tell: nothing is known of the whole window before.
    TooShort,
}

impl ReasonRates {
    /// Nothing counted yet; a window is at least twelve nanoseconds long.
    #[must_use]
    pub fn new(window: Duration) -> Self {
        Self {
            window: window.max(Duration::from_nanos(SLOTS)),
            max_receivers: MAX_RECEIVERS,
            span: None,
            receivers: BTreeMap::new(),
        }
    }

    /// So many receivers are told apart, at least one.
    #[must_use]
    pub fn with_max_receivers(mut self, receivers: usize) -> Self {
        self.max_receivers = receivers.max(1);
        self
    }

    /// Counts a refusal; the receiver is the domain or the host that gave it.
    pub fn record(&mut self, at: Duration, receiver: &str, diagnosis: &Diagnosis) {
        self.count(at, receiver, Some(diagnosis.reason));
    }

    /// Counts a delivery, so that the refusals have something to be a part of.
    pub fn record_success(&mut self, at: Duration, receiver: &str) {
        self.count(at, receiver, None);
    }

    fn count(&mut self, at: Duration, receiver: &str, reason: Option<Reason>) {
        let (first, last) = self.span.unwrap_or((at, at));
        self.span = Some((first.min(at), last.max(at)));
        let slot = self.slot(at);
        let newest = self.slot(last.max(at));
        if slot.saturating_add(2 * SLOTS) < newest {
            return;
        }
        let name: String = receiver
            .chars()
            .take(MAX_NAME)
            .map(|letter| letter.to_ascii_lowercase())
            .collect();
        let oldest = newest.saturating_sub(2 * SLOTS);
        let slots = self.receivers.entry(Some(name)).or_default();
        *slots.counts.entry((slot, reason)).or_default() += 1;
        slots.forget(oldest);
        self.fold(oldest);
    }

    /// Folds the least busy receiver while there are too many; those of long ago are forgotten first.
    fn fold(&mut self, oldest: u64) {
        let named = |receivers: &BTreeMap<Option<String>, Slots>| {
            receivers.len() - usize::from(receivers.contains_key(&None))
        };
        if named(&self.receivers) > self.max_receivers {
            self.receivers.retain(|_, slots| {
                slots.forget(oldest);
                !slots.counts.is_empty()
            });
        }
        while named(&self.receivers) > self.max_receivers {
            let least = self
                .receivers
                .iter()
                .filter(|(name, _)| name.is_some())
                .min_by_key(|(_, slots)| slots.counts.values().sum::<u64>());
            let Some(slots) = least
                .map(|(name, _)| name.clone())
                .and_then(|name| self.receivers.remove(&name))
            else {
                return;
            };
            let others = self.receivers.entry(None).or_default();
            for (key, count) in slots.counts {
                *others.counts.entry(key).or_default() += count;
            }
        }
    }

    /// What was counted in the window that ends at `now`, the receiver with the most refusals first.
    #[must_use]
    pub fn counts(&self, now: Duration) -> Vec<ReceiverCounts> {
        let recent = self.windows(now).1;
        let hours = self.window.as_secs_f64() / 3600.0;
        let mut all: Vec<ReceiverCounts> = Vec::new();
        for (receiver, slots) in &self.receivers {
            let (total, by_reason) = slots.within(recent);
            let mut reasons: Vec<ReasonCount> = by_reason
                .into_iter()
                .map(|(reason, count)| ReasonCount {
                    reason,
                    count,
                    share: number(count) / number(total.max(1)),
                    per_hour: number(count) / hours,
                })
                .collect();
            reasons.sort_by_key(|one| (std::cmp::Reverse(one.count), one.reason));
            if total > 0 {
                all.push(ReceiverCounts {
                    receiver: receiver.clone(),
                    total,
                    reasons,
                });
            }
        }
        all.sort_by_key(|one| {
            std::cmp::Reverse(one.reasons.iter().map(|reason| reason.count).sum::<u64>())
        });
        all
    }

    /// Compares the window that ends at `now` with the one before, for every receiver and reason of either; what rose comes first,
    /// by how much.
    ///
    /// Under the supposition that nothing changed, the events of a reason fall into the last window by its part of all events; where
    /// nothing was ever delivered to the receiver, or only refusals are recorded, by half. It rose if more fell there than chance
    /// explains (binomial, normal approximation with continuity correction).
    #[must_use]
    pub fn changes(&self, now: Duration) -> Vec<Change> {
        let (before, recent) = self.windows(now);
        // Whoever began to count in the middle of the window before cannot compare, nor can a clock that began there.
        let end = self.slot(now);
        let is_long_enough = self
            .span
            .is_some_and(|(first, _)| self.slot(first).saturating_add(2 * SLOTS - 2) <= end);
        let mut changes = Vec::new();
        for (receiver, slots) in &self.receivers {
            let (total_before, mut counts_before) = slots.within(before);
            let (total_recent, counts_recent) = slots.within(recent);
            let delivered = slots.delivered(before).min(slots.delivered(recent));
            for reason in counts_recent.keys() {
                counts_before.entry(*reason).or_default();
            }
            for (reason, count_before) in counts_before {
                let count_recent = counts_recent.get(&reason).copied().unwrap_or_default();
                let before = Sample {
                    count: count_before,
                    total: total_before,
                };
                let recent = Sample {
                    count: count_recent,
                    total: total_recent,
                };
                let trend = if is_long_enough {
                    trend(before, recent, delivered > 0)
                } else {
                    Trend::TooShort
                };
                changes.push(Change {
                    receiver: receiver.clone(),
                    reason,
                    before,
                    recent,
                    trend,
                });
            }
        }
        changes.sort_by_key(|change| {
            (
                change.trend,
                std::cmp::Reverse(change.recent.count.saturating_sub(change.before.count)),
            )
        });
        changes
    }

    /// The slots of the window before the last, and of the last one, as first and last slot.
    fn windows(&self, now: Duration) -> ((u64, u64), (u64, u64)) {
        let end = self.slot(now);
        let start = end.saturating_sub(SLOTS - 1);
        let before = start.saturating_sub(SLOTS);
        ((before, start.saturating_sub(1)), (start, end))
    }

    fn slot(&self, at: Duration) -> u64 {
        let width = (self.window.as_nanos() / u128::from(SLOTS)).max(1);
        u64::try_from(at.as_nanos() / width).unwrap_or(u64::MAX)
    }
}

impl Slots {
    /// Forgets what was before a slot.
    fn forget(&mut self, oldest: u64) {
        self.counts = self.counts.split_off(&(oldest, None));
    }

    /// All events in the slots from the first to the last, and those of each reason.
    fn within(&self, (first, last): (u64, u64)) -> (u64, BTreeMap<Reason, u64>) {
        let mut total = 0;
        let mut by_reason = BTreeMap::new();
        for ((slot, reason), count) in self.counts.range((first, None)..) {
            if *slot > last {
                break;
            }
            total += count;
            if let Some(reason) = reason {
                *by_reason.entry(*reason).or_default() += count;
            }
        }
        (total, by_reason)
    }

    fn delivered(&self, (first, last): (u64, u64)) -> u64 {
        let within = self.counts.range((first, None)..);
        within
            .take_while(|((slot, _), _)| *slot <= last)
            .filter(|((_, reason), _)| reason.is_none())
            .map(|(_, count)| count)
            .sum()
    }
}

fn trend(before: Sample, recent: Sample, has_deliveries: bool) -> Trend {
    let all = number(before.count + recent.count);
    let part = if has_deliveries {
        number(recent.total) / number(before.total + recent.total)
    } else {
        0.5
    };
    let deviation = (all * part * (1.0 - part)).sqrt();
    let stands_out = |count: f64| count - all * part - 0.5 > SIGNIFICANT * deviation;
    if !stands_out(all) {
        Trend::TooFew
    } else if stands_out(number(recent.count)) {
        Trend::Rose
    } else {
        Trend::Steady
    }
}

/// Counts of events are far below the 2^53 that a float holds exactly.
#[expect(clippy::cast_precision_loss, reason = "a count of events, for a rate")]
fn number(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    fn refusal(text: &str) -> Diagnosis {
        Diagnosis::of_text(text.as_bytes())
    }

    /// Two hours, in each so many deliveries and refusals; then what is said.
    #[track_caller]
    fn check(before: (u64, u64), recent: (u64, u64), expected: Trend) {
        let mut rates = ReasonRates::new(HOUR);
        // Something must have been there at the start.
        rates.record_success(Duration::ZERO, "elsewhere.example");
        for (start, (delivered, refused)) in [(1, before), (3602, recent)] {
            let at = Duration::from_secs(start);
            (0..delivered).for_each(|_| rates.record_success(at, "B.example"));
            (0..refused)
                .for_each(|_| rates.record(at, "b.example", &refusal("550 5.1.1 user unknown")));
        }
        let changes = rates.changes(HOUR * 2 - Duration::from_secs(1));
        let trend = changes
            .iter()
            .find(|change| change.reason == Reason::UserUnknown)
            .map(|change| change.trend);
        assert_eq!(trend, Some(expected), "{before:?} {recent:?}\n{changes:?}");
    }

    #[test]
    fn what_rose_is_told_from_chance_and_from_too_little() {
        check((100, 1), (100, 40), Trend::Rose);
        check((0, 2), (0, 40), Trend::Rose);
        check((100, 20), (100, 22), Trend::Steady);
        check((100, 40), (100, 20), Trend::Steady);
        // Ten times the mail and ten times the refusals is no rise.
        check((100, 10), (1000, 100), Trend::Steady);
        check((100, 0), (100, 3), Trend::TooFew);
        check((0, 1), (0, 2), Trend::TooFew);
    }

    #[test]
    fn a_record_shorter_than_two_windows_cannot_tell() {
        let mut rates = ReasonRates::new(HOUR);
        for second in 0..100 {
            rates.record(
                HOUR + Duration::from_secs(1800 + second),
                "b.example",
                &refusal("550 5.1.1"),
            );
        }
        let changes = rates.changes(HOUR * 2);
        assert_eq!(
            changes.first().map(|change| change.trend),
            Some(Trend::TooShort)
        );
    }

    #[test]
    fn the_window_slides_and_forgets() {
        let mut rates = ReasonRates::new(HOUR);
        rates.record(Duration::ZERO, "b.example", &refusal("550 5.1.1"));
        let total =
            |rates: &ReasonRates, now| rates.counts(now).iter().map(|one| one.total).sum::<u64>();
        assert_eq!(total(&rates, HOUR / 2), 1);
        assert_eq!(total(&rates, HOUR * 2), 0);
        rates.record(HOUR * 10, "b.example", &refusal("550 5.1.1"));
        // Too late to be counted anywhere.
        rates.record(HOUR, "b.example", &refusal("550 5.1.1"));
        assert_eq!(
            rates
                .receivers
                .values()
                .map(|slots| slots.counts.len())
                .sum::<usize>(),
            1
        );
        let counts = rates.counts(HOUR * 10);
        assert_eq!(
            (
                counts[0].reasons[0].count,
                counts[0].reasons[0].share,
                counts[0].reasons[0].per_hour
            ),
            (1, 1.0, 1.0)
        );
    }

    #[test]
    fn the_least_busy_receivers_are_folded_and_nothing_is_lost() {
        let mut rates = ReasonRates::new(HOUR).with_max_receivers(3);
        for number in 0..1000 {
            rates.record(Duration::ZERO, "busy.example", &refusal("550 5.1.1"));
            rates.record(
                Duration::ZERO,
                &format!("r{number}.example"),
                &refusal("550 5.1.1"),
            );
        }
        let counts = rates.counts(Duration::ZERO);
        assert_eq!(counts.len(), 4);
        assert_eq!(counts.iter().map(|one| one.total).sum::<u64>(), 2000);
        assert_eq!(
            counts
                .iter()
                .find(|one| one.receiver.as_deref() == Some("busy.example"))
                .map(|one| one.total),
            Some(1000)
        );
        assert!(
            counts
                .iter()
                .any(|one| one.receiver.is_none() && one.total == 998)
        );
    }

    #[test]
    fn any_time_will_do() {
        let mut rates = ReasonRates::new(Duration::ZERO);
        for at in [Duration::MAX, Duration::ZERO, Duration::MAX] {
            rates.record_success(at, "");
            assert!(rates.changes(at).len() < 2);
            drop(rates.counts(at));
        }
    }

    #[test]
    fn nothing_rises_before_two_windows_have_passed() {
        for minutes in [20, 59, 80, 100] {
            let mut rates = ReasonRates::new(HOUR);
            for minute in 0..minutes {
                let at = Duration::from_secs(60 * minute);
                for _ in 0..5 {
                    rates.record(at, "b.example", &refusal("550 5.1.1 User unknown"));
                }
            }
            let changes = rates.changes(Duration::from_secs(60 * minutes));
            assert!(
                changes.iter().all(|change| change.trend == Trend::TooShort),
                "{minutes} minutes: {changes:?}"
            );
        }
    }

    #[test]
    fn receivers_of_long_ago_leave_room_for_new_ones() {
        let mut rates = ReasonRates::new(HOUR).with_max_receivers(2);
        for _ in 0..10 {
            rates.record_success(Duration::ZERO, "a.example");
            rates.record_success(Duration::ZERO, "b.example");
        }
        rates.record_success(HOUR * 10, "c.example");
        let names: Vec<_> = rates
            .counts(HOUR * 10)
            .into_iter()
            .map(|one| one.receiver)
            .collect();
        assert_eq!(names, [Some("c.example".to_owned())]);
    }
}
