//! Sweeps that are stopped before all was asked.

use std::future::{poll_fn, ready};
use std::pin::pin;
use std::task::Poll;

use mail_dns::{Answer, DomainName, Lookup, LookupError, RecordType};
use tokio::sync::Semaphore;

use super::world::{NONCE, catalogue};
use super::*;

#[tokio::test]
async fn what_was_in_flight_when_it_stopped_is_unfinished_and_can_be_gone_on_with() {
    let world = Arc::new(World::new([
        ("a.test", Habit::Lists(2)),
        ("b.test", Habit::Lists(0)),
    ]));
    let sweep = sweep(&world, addresses(100));
    let told = Mutex::new(Told::default());
    let observe = |event| told.lock().expect("not poisoned").take(event);
    let stop = async {
        while sweep.progress().finished < 30 {
            tokio::task::yield_now().await;
        }
    };
    sweep.work_until(observe, stop).await;
    let progress = sweep.progress();
    assert!((30..200).contains(&progress.finished), "{progress:?}");
    assert_eq!(
        sweep.unfinished().count() as u64,
        progress.pairs - progress.finished
    );

    let report = sweep.run(observe).await;
    assert_eq!(
        (report.counts().listed, report.counts().not_listed),
        (1, 199)
    );
    assert_sound(&sweep, &told.into_inner().expect("not poisoned"), &report);
}

#[tokio::test]
async fn a_sweep_that_is_stopped_reports_what_it_has() {
    let mut world = World::new([("a.test", Habit::Lists(2)), ("stuck.test", Habit::Lists(2))]);
    world.stuck = vec!["stuck.test".to_owned()];
    let world = Arc::new(world);
    let sweep = sweep(&world, addresses(10));
    let mut told = Told::default();
    let stop = async {
        while sweep.progress().finished < 10 {
            tokio::task::yield_now().await;
        }
    };
    let report = sweep.run_until(|event| told.take(event), stop).await;
    assert_sound(&sweep, &told, &report);
    assert_eq!(
        (
            counts(&report, "a.test").listed,
            counts(&report, "a.test").not_listed
        ),
        (1, 9)
    );
    assert_eq!(counts(&report, "stuck.test").unfinished, 10);
    assert!(!report.is_complete());
    let unfinished: Vec<_> = sweep
        .unfinished()
        .map(|(list, subject)| (list.zone.to_string(), subject.clone()))
        .collect();
    let expected: Vec<_> = addresses(10)
        .map(|subject| ("stuck.test".to_owned(), subject))
        .collect();
    assert_eq!(unfinished, expected);
}

#[tokio::test]
async fn nothing_is_asked_by_a_sweep_that_was_stopped_before_it_began() {
    let world = Arc::new(World::new([("a.test", Habit::Lists(2))]));
    let sweep = sweep(&world, addresses(10));
    let report = sweep
        .run_until(|event| panic!("{event:?}"), async { ready(()).await })
        .await;
    // The first turn of the work may have begun before the stop was seen, and nothing came of it.
    assert_eq!(report.counts().unfinished, 10);
    assert!(report.is_accounted_for());
}

#[tokio::test]
async fn a_deadline_is_kept_though_no_answer_needs_a_question() {
    let world = Arc::new(World::new([("a.test", Habit::Lists(2))]));
    let private = (0..100_000_u32)
        .map(|bits| Subject::Address(std::net::Ipv4Addr::from(0x0a00_0000 | bits).into()));
    let sweep = sweep(&world, private);
    let mut turns = 0;
    let stop = async {
        while turns < 3 {
            turns += 1;
            tokio::task::yield_now().await;
        }
    };
    let report = sweep.run_until(|_| (), stop).await;
    assert!(report.counts().unfinished > 0);
    assert_eq!(world.asked("a.test"), 0);
}

#[tokio::test]
async fn listings_that_nobody_could_confirm_are_withdrawn() {
    let mut world = World::new([("a.test", Habit::Lists(2))]);
    world.stuck = vec!["10.0.1.9.a.test".to_owned()];
    let world = Arc::new(world);
    let sweep = sweep(&world, addresses(10));
    let told = Mutex::new(Told::default());
    let observe = |event| told.lock().expect("not poisoned").take(event);
    let stop = async {
        while sweep.progress().finished < 9 {
            tokio::task::yield_now().await;
        }
    };
    sweep.work_until(observe, stop).await;
    let report = sweep.conclude(observe);
    let told = told.into_inner().expect("not poisoned");
    assert_eq!(told.listings(), Vec::<&ListAnswer>::new());
    let counts = report.counts();
    assert_eq!(
        (counts.listed, counts.withdrawn, counts.unfinished),
        (0, 1, 1)
    );
    assert_sound(&sweep, &told, &report);
}

/// Answers for subjects when it is let go.
struct Gate {
    world: Arc<World>,
    is_open: Arc<Semaphore>,
}

impl Lookup for Gate {
    async fn lookup(&self, name: &DomainName, kind: RecordType) -> Result<Answer, LookupError> {
        if kind == RecordType::A && name.to_string().contains(".9.") {
            let permit = self.is_open.acquire().await;
            permit.expect("it is never closed").forget();
        }
        self.world.lookup(name, kind).await
    }
}

#[tokio::test]
async fn what_is_in_flight_when_a_sweep_is_concluded_is_unfinished_and_is_not_told_after_that() {
    for answered in 0..=10 {
        let world = Arc::new(World::new([("a.test", Habit::Lists(4))]));
        let is_open = Arc::new(Semaphore::new(answered));
        let gate = Gate {
            world: Arc::clone(&world),
            is_open: Arc::clone(&is_open),
        };
        let checker = Checker::new(gate, catalogue(["a.test".to_owned()]), NONCE);
        let options = SweepOptions::default();
        let sweep = Sweep::new(Arc::new(checker), addresses(10), || NOW, options);
        let told = Mutex::new(Told::default());
        let observe = |event| told.lock().expect("not poisoned").take(event);
        let mut work = pin!(sweep.work(observe));
        for _ in 0..20 {
            let turn = poll_fn(|context| Poll::Ready(work.as_mut().poll(context)));
            if turn.await.is_ready() {
                break;
            }
            tokio::task::yield_now().await;
        }
        let report = sweep.conclude(observe);
        assert_eq!(report.counts().unfinished, 10 - answered as u64);
        assert!(report.is_accounted_for(), "{report:?}");
        let told_by_then = told.lock().expect("not poisoned").answers.len();
        assert_eq!(told_by_then, answered);
        // The work goes on, and comes to nothing.
        is_open.add_permits(10);
        if answered < 10 {
            work.await;
        }
        assert_eq!(sweep.conclude(observe).counts(), report.counts());
        assert_sound(&sweep, &told.lock().expect("not poisoned"), &report);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_sweep_may_be_concluded_at_any_moment_of_the_work() {
    for round in 0..200_u64 {
        let world = Arc::new(World::new([
            ("a.test", Habit::Lists(40)),
            ("b.test", Habit::Lists(2)),
        ]));
        let sweep = Arc::new(sweep(&world, addresses(250)));
        let told = Arc::new(Mutex::new(Told::default()));
        let work = |_| {
            let (sweep, told) = (Arc::clone(&sweep), Arc::clone(&told));
            let observe = move |event| told.lock().expect("not poisoned").take(event);
            tokio::spawn(async move { sweep.work(observe).await })
        };
        let tasks: Vec<_> = (0..3).map(work).collect();
        while sweep.progress().finished < round * 5 / 2 {
            std::hint::spin_loop();
        }
        let report = sweep.conclude(|event| told.lock().expect("not poisoned").take(event));
        for task in tasks {
            task.await.expect("no panic");
        }
        assert_sound(&sweep, &told.lock().expect("not poisoned"), &report);
    }
}
