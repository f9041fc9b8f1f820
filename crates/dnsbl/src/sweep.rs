//! Many subjects, many lists.

mod options;
mod report;
mod row;
mod settle;
mod tally;

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Poll;

use futures_util::future::{join_all, select};
use mail_dns::Lookup;

use self::row::{Held, KINDS, Row, lock};
use self::settle::tell;
use crate::{Checker, Kind, List, ListAnswer, Subject};

pub use self::options::{MassListing, SweepOptions};
pub use self::report::{ListTally, ListTrouble, SweepNotice, SweepReport};
pub use self::tally::SweepCounts;

/// After so many pairs a lane lets others have a turn, though it could go on: a thousand answers that need no question are
/// no reason to miss a deadline.
const PAIRS_A_TURN: u32 = 64;

/// Asks every list of a [`Checker`] about many subjects.
///
/// Equal subjects are asked about once. A pair of a subject and a list is made when it is asked, so a million that wait take
/// the memory of the subjects alone.
///
/// Answers go to an observer as they come, save for listings: they wait until the list has been asked about all subjects,
/// and its controls have been asked again if they are older than a minute. If the controls fail by then, or the list has
/// listed [too many](MassListing), none of its listings is believed: they become [`Verdict::Unknown`](crate::Verdict), and
/// one [`SweepNotice`] says why. If the day has no questions left for the controls, the same becomes of those that were
/// seen more than a minute after them.
///
/// It starts no task and names no runtime: [`run`](Self::run) works in the task that awaits it, and [`work`](Self::work) may
/// be called in several at once.
///
/// # Examples
///
/// ```
/// use std::sync::Arc;
/// use dnsbl::{Catalogue, Checker, Subject, Sweep, SweepEvent, SweepOptions};
/// use mail_dns::StaticLookup;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let list = |zone| format!(r#"
/// #     [[list]]
/// #     zone = "{zone}"
/// #     name = "Example"
/// #     stance = "block"
/// #     tier = "minor"
/// #     status = "documented"
/// #     as_of = "2026-11"
/// #     source = "this page"
/// #     ipv4 = {{ positive = ["127.0.0.2"], negative = ["127.0.0.1"] }}
/// # "#);
/// # let catalogue = Catalogue::from_toml(&(list("bl.example") + &list("dead.example")))?;
/// // `catalogue` has two lists, and one of them is dead.
/// let dns = StaticLookup::from_zone_text(
///     "2.0.0.127.bl.example. 300 IN A 127.0.0.2\n\
///      1.1.1.9.bl.example.   300 IN A 127.0.0.2",
/// )?;
/// let checker = Arc::new(Checker::new(dns, catalogue, 7));
/// let subjects = ["9.1.1.1", "9.1.1.2", "9.1.1.1"].map(|address| Subject::Address(address.parse().unwrap()));
///
/// let now = || 1_795_000_000; // a program looks at the clock
/// let sweep = Sweep::new(checker, subjects, now, SweepOptions::default());
/// let mut listings = Vec::new();
/// let report = sweep
///     .run(|event| match event {
///         SweepEvent::Answer { answer, times } if answer.is_listing() => listings.push((answer, times)),
///         _ => println!("{} of {} done", sweep.progress().finished, sweep.progress().pairs),
///     })
///     .await;
///
/// let [(listing, times)] = &listings[..] else { panic!() };
/// assert_eq!((listing.subject.to_string(), *times), ("9.1.1.1".to_owned(), 2));
/// assert_eq!(report.counts().not_listed, 1);
/// assert_eq!(report.counts().broken, 2);
/// assert_eq!(report.notices.len(), 1);
/// assert_eq!(report.notices[0].zone.to_string(), "dead.example");
/// # Ok(())
/// # }
/// ```
pub struct Sweep<L> {
    checker: Arc<Checker<L>>,
    targets: Vec<Target>,
    /// How many targets there are of each of [`KINDS`].
    of_kind: [u64; KINDS.len()],
    /// One for each list, in the catalogue's order.
    rows: Vec<Row>,
    clock: Box<dyn Fn() -> i64 + Send + Sync>,
    options: SweepOptions,
    notices: Mutex<Vec<SweepNotice>>,
    over: AtomicBool,
}

/// A subject, and how many times it was given.
#[derive(Debug)]
struct Target {
    subject: Subject,
    times: u32,
}

/// What an observer is told.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SweepEvent {
    /// What a list says of a subject. It is not taken back.
    Answer {
        /// The answer.
        answer: ListAnswer,
        /// How many times the subject was given to the sweep.
        times: u32,
    },
    /// That a list could not be relied on; once for a list.
    Notice(SweepNotice),
}

/// How far a sweep has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct SweepProgress {
    /// How many pairs of a subject and a list there are.
    pub pairs: u64,
    /// How many of them were asked about, those whose listings wait among them.
    pub finished: u64,
}

impl<L> fmt::Debug for Sweep<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sweep")
            .field("checker", &self.checker)
            .field("subjects", &self.targets.len())
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

impl<L: Lookup> Sweep<L> {
    /// Builds a sweep; nothing is asked yet. `clock` tells the seconds since 1970.
    #[must_use]
    pub fn new(
        checker: Arc<Checker<L>>,
        subjects: impl IntoIterator<Item = Subject>,
        clock: impl Fn() -> i64 + Send + Sync + 'static,
        options: SweepOptions,
    ) -> Self {
        let targets = coalesce(subjects);
        let lists = checker.catalogue().lists().iter();
        Self {
            of_kind: KINDS.map(|kind| count_of(&targets, kind)),
            rows: lists.map(|_| Row::new(targets.len())).collect(),
            checker,
            targets,
            clock: Box::new(clock),
            options,
            notices: Mutex::default(),
            over: AtomicBool::new(false),
        }
    }

    /// The checker that it asks with.
    #[must_use]
    pub fn checker(&self) -> &Checker<L> {
        &self.checker
    }

    /// How far it has come.
    #[must_use]
    pub fn progress(&self) -> SweepProgress {
        let left: usize = self.rows.iter().map(Row::left).sum();
        let pairs = self.pairs();
        let left = u64::try_from(left).unwrap_or(u64::MAX);
        SweepProgress {
            pairs,
            finished: pairs.saturating_sub(left),
        }
    }

    fn pairs(&self) -> u64 {
        u64::try_from(self.targets.len().saturating_mul(self.rows.len())).unwrap_or(u64::MAX)
    }

    /// The pairs that nobody has finished, list by list, after the workers have stopped.
    pub fn unfinished(&self) -> impl Iterator<Item = (&List, &Subject)> {
        let lists = self.checker.catalogue().lists().iter();
        lists.zip(&self.rows).flat_map(|(list, row)| {
            let targets = row
                .unfinished()
                .filter_map(|target| self.targets.get(target));
            targets.map(move |target| (list, &target.subject))
        })
    }

    /// Asks everything in this task, and reports.
    pub async fn run(&self, mut observer: impl FnMut(SweepEvent) + Send) -> SweepReport {
        self.work(&mut observer).await;
        self.finish(observer).await
    }

    /// The same until `stop` resolves, if that is first: a deadline, or a key that is pressed. What was asked by then is
    /// reported; the controls of lists whose listings wait are asked once more, so it may take as long as one question.
    pub async fn run_until(
        &self,
        mut observer: impl FnMut(SweepEvent) + Send,
        stop: impl Future<Output = ()> + Send,
    ) -> SweepReport {
        self.work_until(&mut observer, stop).await;
        self.finish(observer).await
    }

    /// Asks what is left to ask, and returns when nothing is left that no other call has in hand. Several tasks may do that
    /// at once; when all have returned, one calls [`finish`](Self::finish).
    ///
    /// If the future is dropped, the pairs that it had in flight are not lost: the next call asks them.
    pub async fn work(&self, observer: impl FnMut(SweepEvent) + Send) {
        let worker = Worker {
            observer: Mutex::new(observer),
            turn: AtomicUsize::new(0),
            in_flight: self.rows.iter().map(|_| AtomicUsize::new(0)).collect(),
        };
        let lanes = self.options.in_flight.get();
        let lanes: Vec<_> = (0..lanes).map(|_| self.lane(&worker)).collect();
        join_all(lanes).await;
    }

    /// The same until `stop` resolves, and then no longer.
    pub async fn work_until(
        &self,
        observer: impl FnMut(SweepEvent) + Send,
        stop: impl Future<Output = ()> + Send,
    ) {
        select(pin!(self.work(observer)), pin!(stop)).await;
    }

    /// Asks one pair after the other.
    async fn lane<F: FnMut(SweepEvent) + Send>(&self, worker: &Worker<F>) {
        let mut pairs = 0;
        while let Some(mut pair) = self.take(worker) {
            self.ask(&mut pair, worker).await;
            drop(pair);
            pairs += 1;
            if pairs % PAIRS_A_TURN == 0 {
                let_others().await;
            }
        }
    }

    /// The next pair of the list whose turn it is. If every list that has some left has as many in flight as it may, the
    /// lanes that have those take the rest.
    fn take<'a, F>(&'a self, worker: &'a Worker<F>) -> Option<Pair<'a>> {
        if self.over.load(Ordering::Relaxed) {
            return None;
        }
        let lists = self.rows.len();
        let turn = worker.turn.fetch_add(1, Ordering::Relaxed);
        let in_flight = |list: &usize| {
            let count = worker.in_flight.get(*list);
            count.map_or(usize::MAX, |count| count.load(Ordering::Relaxed))
        };
        loop {
            // Lists that are slow have many in flight, and would have every lane in the end if they were taken in turn.
            let list = (0..lists)
                .map(|offset| (turn % lists + offset) % lists)
                .filter(|list| self.rows.get(*list).is_some_and(Row::has_more))
                .filter(|list| in_flight(list) < self.options.in_flight_per_list.get())
                .min_by_key(in_flight)?;
            let (row, in_flight) = (self.rows.get(list)?, worker.in_flight.get(list)?);
            // Another worker may have taken the last meanwhile.
            let Some(target) = row.take() else { continue };
            in_flight.fetch_add(1, Ordering::Relaxed);
            return Some(Pair {
                list,
                target,
                row,
                in_flight,
                is_finished: false,
            });
        }
    }

    async fn ask<F: FnMut(SweepEvent) + Send>(&self, pair: &mut Pair<'_>, worker: &Worker<F>) {
        let Some(target) = self.targets.get(pair.target) else {
            return;
        };
        let now = (self.clock)();
        let kind = target.subject.kind();
        let era = self.checker.era_at(pair.list, kind);
        let Some(check) = self
            .checker
            .check_strictly_at(pair.list, &target.subject, now)
        else {
            return;
        };
        let answer = Box::new(check.await);
        let times = target.times;
        let held = Held { answer, times, era };
        let Some(taken) = self.take_answer(pair.row, kind, held) else {
            return;
        };
        // It is asked about once, whatever an observer does that is told of it.
        pair.is_finished = true;
        self.follow(pair.list, kind, taken, worker).await;
    }

    /// Settles whatever waits, and reports. To be called when all work has ended; what still is in flight then is not
    /// finished, and no observer is told what comes of it.
    pub async fn finish(&self, observer: impl FnMut(SweepEvent) + Send) -> SweepReport {
        let worker = Worker::told(observer);
        let lists: Vec<_> = (0..self.rows.len())
            .map(|list| self.close(list, &worker))
            .collect();
        join_all(lists).await;
        self.report(&worker)
    }

    /// Reports at once, without another question. Listings that wait for the controls of their list are told as withdrawn.
    ///
    /// It may be called while others [`work`](Self::work): what they have in flight is not finished, no observer is told what
    /// comes of it, and they return when it has come. What is in the counts may be on its way to their observers.
    pub fn conclude(&self, observer: impl FnMut(SweepEvent) + Send) -> SweepReport {
        self.report(&Worker::told(observer))
    }

    fn report<F: FnMut(SweepEvent) + Send>(&self, worker: &Worker<F>) -> SweepReport {
        self.over.store(true, Ordering::Relaxed);
        // All at once, and told after that: whatever an answer comes to, it is in the counts from here on or never.
        let ended: Vec<_> = (0..self.rows.len())
            .flat_map(|list| self.end(list))
            .collect();
        for (section, told) in ended {
            tell(section, told, worker);
        }
        for list in 0..self.rows.len() {
            self.give_notice(list, worker);
        }
        let spending = self.checker.spending((self.clock)());
        let limits = self.checker.daily_limits();
        let lists = spending.into_iter().zip(limits).zip(&self.rows);
        SweepReport {
            subjects: u64::try_from(self.targets.len()).unwrap_or(u64::MAX),
            pairs: self.pairs(),
            lists: lists
                .map(|((spending, daily_limit), row)| ListTally {
                    zone: spending.zone.clone(),
                    counts: row.counts(),
                    spending,
                    daily_limit,
                })
                .collect(),
            notices: lock(&self.notices).clone(),
        }
    }
}

fn count_of(targets: &[Target], kind: Kind) -> u64 {
    let same = targets
        .iter()
        .filter(|target| target.subject.kind() == kind);
    u64::try_from(same.count()).unwrap_or(u64::MAX)
}

/// What one call of `work` has to itself.
struct Worker<F> {
    observer: Mutex<F>,
    /// Which list is asked next.
    turn: AtomicUsize,
    /// How many pairs of each list are in flight.
    in_flight: Vec<AtomicUsize>,
}

impl<F: FnMut(SweepEvent) + Send> Worker<F> {
    /// One that only tells.
    fn told(observer: F) -> Self {
        Self {
            observer: Mutex::new(observer),
            turn: AtomicUsize::new(0),
            in_flight: Vec::new(),
        }
    }

    fn tell(&self, event: SweepEvent) {
        (lock(&self.observer))(event);
    }
}

/// A pair in flight. If it is dropped unfinished, the row has it back.
struct Pair<'a> {
    list: usize,
    target: usize,
    row: &'a Row,
    in_flight: &'a AtomicUsize,
    is_finished: bool,
}

impl Drop for Pair<'_> {
    fn drop(&mut self) {
        self.in_flight.fetch_sub(1, Ordering::Relaxed);
        if !self.is_finished {
            self.row.give_back(self.target);
        }
    }
}

/// Each subject once, in the order of their first places. An IPv4 address in IPv6 clothing is the IPv4 address.
fn coalesce(subjects: impl IntoIterator<Item = Subject>) -> Vec<Target> {
    let mut places: HashMap<Subject, usize> = HashMap::new();
    let mut targets: Vec<Target> = Vec::new();
    for subject in subjects {
        match places.entry(subject.canonical()) {
            Entry::Occupied(place) => {
                if let Some(target) = targets.get_mut(*place.get()) {
                    target.times = target.times.saturating_add(1);
                }
            }
            Entry::Vacant(place) => {
                targets.push(Target {
                    subject: place.key().clone(),
                    times: 1,
                });
                place.insert(targets.len() - 1);
            }
        }
    }
    targets.shrink_to_fit();
    targets
}

/// Gives up this turn, and no more.
async fn let_others() {
    let mut waited = false;
    poll_fn(|context| {
        if std::mem::replace(&mut waited, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
