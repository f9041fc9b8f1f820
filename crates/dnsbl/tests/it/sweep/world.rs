//! Lists with every habit that lists have.

use std::collections::BTreeMap;
use std::future::pending;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use dnsbl::{Catalogue, Checker};
use mail_dns::{
    Answer, DomainName, Lookup, LookupError, LookupErrorKind, Negative, NegativeKind, Question,
    Record, RecordData, RecordType, Response,
};

pub(super) const NOW: i64 = 1_795_000_000;
pub(super) const NONCE: u64 = 7;

/// What a list of this world does with a question for an address of a subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Habit {
    /// Lists its test entry, and the subjects whose last octet is below this.
    Lists(u8),
    /// Lists everything.
    Wildcard,
    /// Lists everything from the so many-th question on.
    WildcardFrom(usize),
    /// Denies everything, its test entry too.
    Dead,
    /// Answers nothing.
    Silent,
    /// Answers nothing from the so many-th question on.
    SilentFrom(usize),
    /// Answers 127.255.255.254.
    Refuses,
    /// The same from the so many-th question on.
    RefusesFrom(usize),
}

/// Lists, and what was asked of them.
#[derive(Default)]
pub(super) struct World {
    pub(super) habits: BTreeMap<String, Habit>,
    asked: Mutex<BTreeMap<String, usize>>,
    in_flight: Mutex<BTreeMap<String, usize>>,
    pub(super) most_in_flight: Mutex<BTreeMap<String, usize>>,
    pub(super) now: AtomicI64,
    /// How many seconds a question takes.
    pub(super) pace: i64,
    /// Subjects are never answered for whose names end so.
    pub(super) stuck: Vec<String>,
}

impl World {
    pub(super) fn new(habits: impl IntoIterator<Item = (&'static str, Habit)>) -> Self {
        let habits = habits.into_iter();
        Self {
            habits: habits
                .map(|(zone, habit)| (zone.to_owned(), habit))
                .collect(),
            now: AtomicI64::new(NOW),
            ..Self::default()
        }
    }

    fn zone_of(&self, name: &DomainName) -> (String, String) {
        let text = name.to_string();
        let zone = self
            .habits
            .keys()
            .find(|zone| text.ends_with(zone.as_str()));
        let zone = zone.expect("a list of this world").clone();
        let own = text.strip_suffix(&format!(".{zone}")).expect("below it");
        (own.to_owned(), zone)
    }

    pub(super) fn asked(&self, zone: &str) -> usize {
        let asked = self.asked.lock().expect("not poisoned");
        asked.get(zone).copied().unwrap_or(0)
    }
}

fn records(question: Question, address: &str) -> Answer {
    let data = RecordData::A(address.parse().expect("an address"));
    let record = Record::new(question.name.clone(), 300, data);
    Answer::unasked(question, Response::Records(vec![record]))
}

fn denial(question: Question) -> Answer {
    let negative = Negative::new(NegativeKind::NxDomain, Some(300), None);
    Answer::unasked(question, Response::Negative(negative))
}

/// Counts a question in flight until it is dropped.
struct InFlight<'a>(&'a World, String);

impl<'a> InFlight<'a> {
    fn begin(world: &'a World, zone: &str) -> Self {
        let mut in_flight = world.in_flight.lock().expect("not poisoned");
        let count = in_flight.entry(zone.to_owned()).or_default();
        *count += 1;
        let mut most = world.most_in_flight.lock().expect("not poisoned");
        let most = most.entry(zone.to_owned()).or_default();
        *most = (*most).max(*count);
        Self(world, zone.to_owned())
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        let mut in_flight = self.0.in_flight.lock().expect("not poisoned");
        *in_flight.get_mut(&self.1).expect("begun") -= 1;
    }
}

impl Lookup for World {
    async fn lookup(
        &self,
        name: &DomainName,
        record_type: RecordType,
    ) -> Result<Answer, LookupError> {
        let (own, zone) = self.zone_of(name);
        let question = Question {
            name: name.clone(),
            record_type,
        };
        if record_type == RecordType::TXT {
            return Ok(denial(question));
        }
        let nth = {
            let mut asked = self.asked.lock().expect("not poisoned");
            let count = asked.entry(zone.clone()).or_default();
            *count += 1;
            *count
        };
        let _in_flight = InFlight::begin(self, &zone);
        self.now.fetch_add(self.pace, Ordering::Relaxed);
        tokio::task::yield_now().await;
        let is_subject = own.ends_with(".9") || own.ends_with(".test-subject");
        let text = name.to_string();
        if is_subject
            && self
                .stuck
                .iter()
                .any(|stuck| text.ends_with(stuck.as_str()))
        {
            pending::<()>().await;
        }
        let last: u8 = own
            .split('.')
            .next()
            .and_then(|octet| octet.parse().ok())
            .unwrap_or(0);
        let is_test_entry = own == "2.0.0.127" || own == "test";
        let listed = Ok(records(question.clone(), "127.0.0.2"));
        let refused = Ok(records(question.clone(), "127.255.255.254"));
        let silent = Err(LookupError::new(LookupErrorKind::Timeout, question.clone()));
        let honest = |limit| {
            if is_test_entry || is_subject && last < limit {
                Ok(records(question.clone(), "127.0.0.2"))
            } else {
                Ok(denial(question.clone()))
            }
        };
        match self.habits[&zone] {
            Habit::Wildcard => listed,
            Habit::WildcardFrom(from) if nth >= from => listed,
            Habit::Dead => Ok(denial(question)),
            Habit::Silent => silent,
            Habit::SilentFrom(from) if nth >= from => silent,
            Habit::Refuses => refused,
            Habit::RefusesFrom(from) if nth >= from => refused,
            Habit::Lists(limit) => honest(limit),
            Habit::WildcardFrom(_) | Habit::SilentFrom(_) | Habit::RefusesFrom(_) => honest(2),
        }
    }
}

pub(super) fn catalogue(zones: impl IntoIterator<Item = String>) -> Catalogue {
    let list = |zone| {
        format!(
            "[[list]]\nzone = \"{zone}\"\nname = \"List\"\nstance = \"block\"\ntier = \"minor\"\n\
             status = \"documented\"\nas_of = \"2026-11\"\nsource = \"a test\"\n\
             ipv4 = {{ positive = [\"127.0.0.2\"], negative = [\"127.0.0.1\"] }}\n\
             domain = {{ positive = [\"test\"] }}\n"
        )
    };
    let text: String = zones.into_iter().map(list).collect();
    Catalogue::from_toml(&text).expect("sound")
}

pub(super) fn checker(world: &Arc<World>) -> Checker<Arc<World>> {
    let zones = world.habits.keys().cloned();
    Checker::new(Arc::clone(world), catalogue(zones), NONCE)
}
