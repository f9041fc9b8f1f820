//! Answers kept for as long as their TTLs say. Time is a parameter.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::key::{Key, KeyMap};
use crate::footprint::ALLOCATION;
use crate::{Answer, Response};

/// How much one answer may take: 64 KiB. A few answers made to be large shall not drive out all others.
const MAX_ENTRY: usize = 64 << 10;
/// There are at most so many entries as the limit has times this.
const MIN_ENTRY: usize = 1024;
/// A place in the table, with its control octet.
const SLOT: usize = size_of::<(Key, Box<Entry>)>() + 1;
/// What an entry takes in both orders: nodes of eleven, of which five may be in use, and the nodes above them.
const ORDERS: usize =
    (11 * (size_of::<u64>() + size_of::<Key>() + size_of::<(Duration, u64)>()) + 64) / 5 * 6 / 5
        + ALLOCATION;

/// Bounded in octets of memory; what has expired leaves first, then what came first.
#[derive(Debug)]
pub(super) struct Cache {
    most_entries: usize,
    /// For the entries; the table has its share already.
    budget: usize,
    max_ttl: Duration,
    max_negative_ttl: Duration,
    entries: KeyMap<Box<Entry>>,
    /// By arrival.
    arrivals: BTreeMap<u64, Key>,
    /// By expiry, with the arrival.
    expiries: BTreeSet<(Duration, u64)>,
    next_arrival: u64,
    /// Of all entries.
    footprint: usize,
}

#[derive(Debug)]
struct Entry {
    answer: Answer,
    stored: Duration,
    expires: Duration,
    arrival: u64,
    footprint: usize,
}

impl Cache {
    /// A cache that never takes more than `octets` of memory; one with less than 1 KiB keeps nothing.
    pub(super) fn new(octets: usize, max_ttl: Duration, max_negative_ttl: Duration) -> Self {
        let most_entries = octets / MIN_ENTRY;
        // The table grows by doubling: while it does, the old one is there as well.
        let places = (most_entries.saturating_mul(8) / 7 + 1).next_power_of_two();
        let table = places.saturating_mul(SLOT) / 2 * 3;
        Self {
            most_entries,
            budget: octets.saturating_sub(table),
            max_ttl,
            max_negative_ttl,
            entries: KeyMap::default(),
            arrivals: BTreeMap::new(),
            expiries: BTreeSet::new(),
            next_arrival: 0,
            footprint: 0,
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
        let Some(ttl) = answer.ttl().filter(|ttl| *ttl > 0) else {
            return;
        };
        let limit = match answer.response {
            Response::Records(_) => self.max_ttl,
            Response::Negative(_) => self.max_negative_ttl,
        };
        self.remove(key);
        let footprint = ORDERS + size_of::<Entry>() + ALLOCATION + answer.footprint();
        if footprint > MAX_ENTRY.min(self.budget) || self.most_entries == 0 {
            return;
        }
        self.make_room(footprint, now);
        let expires = now.saturating_add(Duration::from_secs(ttl.into()).min(limit));
        let arrival = self.next_arrival;
        self.next_arrival += 1;
        self.arrivals.insert(arrival, key.clone());
        self.expiries.insert((expires, arrival));
        self.footprint += footprint;
        let entry = Entry {
            // A copy has no spare room in it.
            answer: answer.clone(),
            stored: now,
            expires,
            arrival,
            footprint,
        };
        self.entries.insert(key.clone(), Box::new(entry));
    }

    fn make_room(&mut self, footprint: usize, now: Duration) {
        while self.entries.len() >= self.most_entries || self.footprint + footprint > self.budget {
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
            self.footprint -= entry.footprint;
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

#[cfg(test)]
mod tests {
    use std::hash::RandomState;
    use std::sync::LazyLock;

    use super::*;
    use crate::{
        DomainName, ExtendedError, Negative, NegativeKind, Question, Record, RecordData, RecordType,
    };

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

    fn cache(entries: usize) -> Cache {
        // So small that no more entries have room.
        Cache {
            most_entries: entries,
            ..Cache::new(64 << 20, DAY, at(10_800))
        }
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

    /// Answers of many shapes.
    fn shaped(host: usize) -> Answer {
        let name = format!("{host}.{}.test", "a".repeat(host % 60 + 1));
        let mut answer = match host % 4 {
            0 => denial(&name, Some(300)),
            1 => records(&name, &[300]),
            2 => records(&name, &[300; 7]),
            _ => {
                let strings = (0..host % 9 + 1).map(|n| vec![b'x'; n * 31 % 256]);
                let data = RecordData::Txt(crate::CharacterStrings::new(strings));
                let owner: DomainName = name.parse().expect("a name");
                Answer::unasked(
                    question(&name),
                    Response::Records(vec![Record::new(owner, 300, data)]),
                )
            }
        };
        if host.is_multiple_of(5) {
            let target = RecordData::Cname(format!("{host}.alias.test").parse().expect("a name"));
            answer
                .aliases
                .push(Record::new(answer.question.name.clone(), 60, target));
            answer.extended_errors.push(ExtendedError::new(3, "stale"));
        }
        answer
    }

    /// Real memory, as an allocator counts it.
    #[test]
    fn however_many_names_stay_within_the_limit() {
        for octets in [256 << 10, 2 << 20] {
            let mut kept = 0;
            let used = allocation_counter::measure(|| {
                let mut cache = Cache::new(octets, DAY, at(10_800));
                for host in 0..20_000 {
                    cache.keep(&shaped(host), at(0));
                }
                kept = cache.entries.len();
                std::mem::forget(cache);
            });
            let used = usize::try_from(used.bytes_max).expect("octets");
            // One answer is being made beside the cache.
            assert!(
                used <= octets + MAX_ENTRY / 16,
                "{used} of {octets} octets for {kept} answers"
            );
            assert!(
                used > octets / 3 && kept > octets / 4096,
                "{used} of {octets} octets for {kept} answers"
            );
        }
    }

    #[test]
    fn the_footprint_is_bounded_whatever_servers_send() {
        let mut cache = Cache::new(64 << 20, DAY, at(10_800));
        let name = |host: usize| format!("{host}.{}.{}", "a".repeat(60), "b".repeat(60));
        for host in 0..2000 {
            cache.keep(&records(&name(host), &[300; 200]), at(0));
        }
        let footprints = cache.entries.values().map(|entry| entry.footprint);
        assert_eq!(cache.footprint, footprints.sum::<usize>());
        assert!(cache.footprint <= cache.budget && cache.footprint > cache.budget - MAX_ENTRY);
        assert!(cache.entries.len() < 2000 && cache.look(&question(&name(1999)), at(0)).is_some());

        let heavy = records("heavy.test", &[300; 1000]);
        cache.keep(&heavy, at(0));
        assert_eq!(cache.look(&heavy.question, at(0)), None);
    }

    #[test]
    fn an_answer_too_large_takes_the_old_one_away() {
        let mut cache = Cache::new(64 << 20, DAY, at(10_800));
        cache.keep(&records("a.test", &[300]), at(0));
        cache.keep(&records("a.test", &[300; 1000]), at(1));
        assert_eq!(
            cache.look(&question("a.test"), at(1)),
            None,
            "it is no longer so"
        );
    }

    #[test]
    fn no_room_keeps_nothing() {
        for octets in [0, 1, 1023] {
            let mut cache = Cache::new(octets, DAY, at(10_800));
            cache.keep(&records("a.test", &[300]), at(0));
            assert_eq!(cache.look(&question("a.test"), at(0)), None);
            assert!(cache.entries.is_empty());
        }
        let mut cache = Cache::new(8 << 10, DAY, at(10_800));
        cache.keep(&records("a.test", &[300]), at(0));
        assert!(cache.look(&question("a.test"), at(0)).is_some());
    }
}
