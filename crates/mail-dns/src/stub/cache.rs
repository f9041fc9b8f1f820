//! Answers kept for as long as their TTLs say. Time is a parameter.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::key::{Key, KeyMap};
use crate::{Answer, Record, RecordData, Response};

/// How much all answers together may weigh: 64 MiB.
const MAX_WEIGHT: usize = 64 << 20;
/// How much one may: 64 KiB. A few answers made to be large shall not drive out all others.
const MAX_ENTRY_WEIGHT: usize = 64 << 10;

/// Bounded in number and weight; what has expired leaves first, then what came first.
#[derive(Debug)]
pub(super) struct Cache {
    capacity: usize,
    max_ttl: Duration,
    max_negative_ttl: Duration,
    entries: KeyMap<Entry>,
    /// By arrival.
    arrivals: BTreeMap<u64, Key>,
    /// By expiry, with the arrival.
    expiries: BTreeSet<(Duration, u64)>,
    next_arrival: u64,
    /// Of all entries.
    weight: usize,
}

#[derive(Debug)]
struct Entry {
    answer: Answer,
    stored: Duration,
    expires: Duration,
    arrival: u64,
    weight: usize,
}

impl Cache {
    pub(super) fn new(capacity: usize, max_ttl: Duration, max_negative_ttl: Duration) -> Self {
        Self {
            capacity,
            max_ttl,
            max_negative_ttl,
            entries: KeyMap::default(),
            arrivals: BTreeMap::new(),
            expiries: BTreeSet::new(),
            next_arrival: 0,
            weight: 0,
        }
    }

    /// The answer with what is left of its TTLs. `now` counts from any fixed moment, as in all functions here.
    pub(super) fn find(&mut self, key: &Key, now: Duration) -> Option<Answer> {
        let entry = self.entries.get(key)?;
        if entry.expires <= now {
            self.remove(key);
            return None;
        }
        let mut answer = entry.answer.clone();
        age(&mut answer, now.saturating_sub(entry.stored));
        Some(answer)
    }

    /// Keeps the answer, if it may be kept at all: a TTL of 0 is for the one who asked (RFC 1035 §3.2.1), and so is a
    /// denial without SOA (RFC 2308 §5).
    pub(super) fn insert(&mut self, key: &Key, answer: &Answer, now: Duration) {
        let Some(ttl) = answer.ttl().filter(|ttl| *ttl > 0 && self.capacity > 0) else {
            return;
        };
        let limit = match answer.response {
            Response::Records(_) => self.max_ttl,
            Response::Negative(_) => self.max_negative_ttl,
        };
        let weight = weight(answer);
        if weight > MAX_ENTRY_WEIGHT {
            return;
        }
        let expires = now.saturating_add(Duration::from_secs(ttl.into()).min(limit));
        self.remove(key);
        self.make_room(weight, now);
        let arrival = self.next_arrival;
        self.next_arrival += 1;
        self.arrivals.insert(arrival, key.clone());
        self.expiries.insert((expires, arrival));
        let entry = Entry {
            answer: answer.clone(),
            stored: now,
            expires,
            arrival,
            weight,
        };
        self.weight += weight;
        self.entries.insert(key.clone(), entry);
    }

    fn make_room(&mut self, weight: usize, now: Duration) {
        while self.entries.len() >= self.capacity || self.weight + weight > MAX_WEIGHT {
            let expired = self.expiries.first().filter(|(expires, _)| *expires <= now);
            let arrival = expired.map(|(_, arrival)| *arrival);
            let Some(arrival) = arrival.or_else(|| self.arrivals.keys().next().copied()) else {
                return;
            };
            let Some(key) = self.arrivals.get(&arrival).cloned() else {
                return;
            };
            self.remove(&key);
        }
    }

    fn remove(&mut self, key: &Key) {
        if let Some(entry) = self.entries.remove(key) {
            self.weight -= entry.weight;
            self.arrivals.remove(&entry.arrival);
            self.expiries.remove(&(entry.expires, entry.arrival));
        }
    }
}

/// Makes a fresh answer one that has been kept for `age`.
fn age(answer: &mut Answer, age: Duration) {
    let age = u32::try_from(age.as_secs()).unwrap_or(u32::MAX);
    match &mut answer.response {
        Response::Records(records) => {
            for record in records {
                record.ttl = record.ttl.saturating_sub(age);
            }
        }
        Response::Negative(negative) => {
            negative.ttl = negative.ttl.map(|ttl| ttl.saturating_sub(age));
        }
    }
    for alias in &mut answer.aliases {
        alias.ttl = alias.ttl.saturating_sub(age);
    }
    answer.source.cached = true;
    answer.source.elapsed = Duration::ZERO;
}

/// How many octets of memory an entry takes, about.
fn weight(answer: &Answer) -> usize {
    // The question is held as the key, by arrival and in the answer.
    let keys = 3 * (size_of::<Key>() + answer.question.name.wire_len());
    let texts = answer
        .extended_errors
        .iter()
        .map(|error| error.text.len())
        .sum::<usize>();
    let zone = answer
        .negative()
        .and_then(|negative| negative.zone.as_ref());
    let records = answer
        .records()
        .iter()
        .chain(&answer.aliases)
        .map(record_weight)
        .sum::<usize>();
    size_of::<Entry>() + keys + texts + zone.map_or(0, |zone| zone.wire_len()) + records
}

fn record_weight(record: &Record) -> usize {
    let data = match &record.data {
        RecordData::Cname(name) | RecordData::Ns(name) | RecordData::Ptr(name) => name.wire_len(),
        RecordData::Mx { exchange: name, .. } | RecordData::Srv { target: name, .. } => {
            name.wire_len()
        }
        RecordData::Soa {
            primary, mailbox, ..
        } => primary.wire_len() + mailbox.wire_len(),
        RecordData::Txt(strings) => strings
            .iter()
            .map(|string| size_of::<Vec<u8>>() + string.len())
            .sum(),
        RecordData::Tlsa { data, .. } => data.len(),
        RecordData::Caa { tag, value, .. } => tag.len() + value.len(),
        RecordData::Nsec { types } => types.len() * 2,
        RecordData::A(_) | RecordData::Aaaa(_) | RecordData::Other { .. } => 0,
    };
    size_of::<Record>() + record.name.wire_len() + data
}

#[cfg(test)]
mod tests {
    use std::hash::RandomState;
    use std::sync::LazyLock;

    use super::*;
    use crate::{Negative, NegativeKind, Question, Record, RecordData, RecordType};

    static STATE: LazyLock<RandomState> = LazyLock::new(RandomState::new);

    impl Cache {
        fn look(&mut self, question: &Question, now: Duration) -> Option<Answer> {
            self.find(&Key::new(question.clone(), &STATE), now)
        }

        fn keep(&mut self, answer: &Answer, now: Duration) {
            self.insert(&Key::new(answer.question.clone(), &STATE), answer, now);
        }
    }

    const DAY: Duration = Duration::from_secs(86_400);

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn question(name: &str) -> Question {
        Question {
            name: name.parse().expect("a name"),
            record_type: RecordType::A,
        }
    }

    fn records(name: &str, ttls: &[u32]) -> Answer {
        let question = question(name);
        let record = |ttl: &u32| {
            Record::new(
                question.name.clone(),
                *ttl,
                RecordData::A([192, 0, 2, 1].into()),
            )
        };
        Answer::unasked(
            question.clone(),
            Response::Records(ttls.iter().map(record).collect()),
        )
    }

    fn denial(name: &str, ttl: Option<u32>) -> Answer {
        let negative = Negative::new(NegativeKind::NoData, ttl, None);
        Answer::unasked(question(name), Response::Negative(negative))
    }

    fn cache(capacity: usize) -> Cache {
        Cache::new(capacity, DAY, at(10_800))
    }

    #[track_caller]
    fn check_kept(answer: &Answer, until: Option<u64>) {
        let mut cache = cache(10);
        cache.keep(answer, at(1000));
        match until {
            None => assert_eq!(cache.look(&answer.question, at(1000)), None),
            Some(until) => {
                assert!(cache.look(&answer.question, at(1000 + until - 1)).is_some());
                assert_eq!(cache.look(&answer.question, at(1000 + until)), None);
                assert!(
                    cache.entries.is_empty()
                        && cache.arrivals.is_empty()
                        && cache.expiries.is_empty()
                );
            }
        }
    }

    #[test]
    fn answers_are_kept_for_their_least_ttl() {
        check_kept(&records("a.test", &[300, 60, 90]), Some(60));
        check_kept(&records("a.test", &[0, 60]), None);
        check_kept(&records("a.test", &[u32::MAX]), Some(86_400));
        let mut aliased = records("a.test", &[60]);
        let cname = RecordData::Cname("b.test".parse().expect("a name"));
        aliased
            .aliases
            .push(Record::new("a.test".parse().expect("a name"), 5, cname));
        check_kept(&aliased, Some(5));
    }

    #[test]
    fn denials_are_kept_as_their_soa_says() {
        check_kept(&denial("a.test", Some(300)), Some(300));
        check_kept(&denial("a.test", Some(86_400)), Some(10_800));
        check_kept(&denial("a.test", Some(0)), None);
        check_kept(&denial("a.test", None), None);
    }

    #[test]
    fn ttls_count_down() {
        let mut cache = cache(10);
        let mut fresh = records("a.test", &[300, 60]);
        fresh.source.elapsed = at(1);
        cache.keep(&fresh, at(1000));
        let kept = cache
            .look(&fresh.question, at(1010) + Duration::from_millis(900))
            .expect("kept");
        assert_eq!(
            kept.records()
                .iter()
                .map(|record| record.ttl)
                .collect::<Vec<_>>(),
            [290, 50]
        );
        assert!(kept.source.cached);
        assert_eq!(kept.source.elapsed, Duration::ZERO);

        cache.keep(&denial("b.test", Some(300)), at(1000));
        assert_eq!(
            cache
                .look(&question("b.test"), at(1299))
                .and_then(|kept| kept.ttl()),
            Some(1)
        );
    }

    #[test]
    fn a_type_is_kept_apart_from_another() {
        let mut cache = cache(10);
        cache.keep(&records("a.test", &[60]), at(0));
        let other = Question {
            record_type: RecordType::AAAA,
            ..question("a.test")
        };
        assert_eq!(cache.look(&other, at(0)), None);
    }

    #[test]
    fn the_expired_leave_first_then_the_oldest() {
        let mut cache = cache(2);
        cache.keep(&records("long.test", &[300]), at(0));
        cache.keep(&records("short.test", &[5]), at(1));
        cache.keep(&records("third.test", &[300]), at(10));
        assert!(
            cache.look(&question("long.test"), at(10)).is_some(),
            "short.test had expired"
        );
        cache.keep(&records("fourth.test", &[300]), at(11));
        assert!(
            cache.look(&question("long.test"), at(11)).is_none(),
            "the oldest"
        );
        assert!(cache.look(&question("third.test"), at(11)).is_some());
        assert!(cache.look(&question("fourth.test"), at(11)).is_some());
    }

    #[test]
    fn a_newer_answer_takes_the_place() {
        let mut cache = cache(2);
        cache.keep(&records("a.test", &[300]), at(0));
        cache.keep(&records("b.test", &[300]), at(0));
        cache.keep(&records("a.test", &[60]), at(10));
        assert_eq!(cache.entries.len(), 2);
        assert_eq!(
            cache
                .look(&question("a.test"), at(10))
                .and_then(|kept| kept.ttl()),
            Some(60)
        );
        assert!(cache.look(&question("b.test"), at(10)).is_some());
    }

    #[test]
    fn the_weight_is_bounded_whatever_servers_send() {
        let mut cache = cache(usize::MAX);
        let name = |host: usize| format!("{host}.{}.{}", "a".repeat(60), "b".repeat(60));
        for host in 0..3000 {
            cache.keep(&records(&name(host), &[300; 200]), at(0));
        }
        let weights = cache.entries.values().map(|entry| entry.weight);
        assert_eq!(cache.weight, weights.sum::<usize>());
        assert!(cache.weight <= MAX_WEIGHT && cache.weight > MAX_WEIGHT - MAX_ENTRY_WEIGHT);
        assert!(cache.entries.len() < 3000 && cache.look(&question(&name(2999)), at(0)).is_some());

        let heavy = records("heavy.test", &[300; 1000]);
        cache.keep(&heavy, at(0));
        assert_eq!(cache.look(&heavy.question, at(0)), None);
    }

    #[test]
    fn no_capacity_keeps_nothing() {
        let mut cache = cache(0);
        cache.keep(&records("a.test", &[300]), at(0));
        assert_eq!(cache.look(&question("a.test"), at(0)), None);
        assert!(cache.entries.is_empty());
    }
}
