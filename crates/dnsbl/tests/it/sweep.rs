//! Many subjects on many lists.

mod believed;
mod remembered;
mod small_limits;
mod stopped;
mod under_attack;
mod world;

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};

use dnsbl::{
    Cause, Checker, Fault, HealthState, Kind, ListAnswer, NotAsked, Subject, Sweep, SweepCounts,
    SweepEvent, SweepNotice, SweepOptions, SweepReport, Verdict,
};

use world::{Habit, NOW, World, checker};

fn sweep_with(
    world: &Arc<World>,
    checker: Checker<Arc<World>>,
    subjects: impl IntoIterator<Item = Subject>,
    options: SweepOptions,
) -> Sweep<Arc<World>> {
    let clock = Arc::clone(world);
    let clock = move || clock.now.load(Ordering::Relaxed);
    Sweep::new(Arc::new(checker), subjects, clock, options)
}

fn sweep(world: &Arc<World>, subjects: impl IntoIterator<Item = Subject>) -> Sweep<Arc<World>> {
    sweep_with(world, checker(world), subjects, SweepOptions::default())
}

/// 9.1.0.1, 9.1.0.2 and so on.
fn addresses(count: u32) -> impl Iterator<Item = Subject> {
    let first = u32::from(std::net::Ipv4Addr::new(9, 1, 0, 1));
    (first..first + count).map(|bits| Subject::Address(std::net::Ipv4Addr::from(bits).into()))
}

fn address(text: &str) -> Subject {
    Subject::Address(text.parse().expect("an address"))
}

/// What an observer was told.
#[derive(Default)]
struct Told {
    answers: Vec<(ListAnswer, u32)>,
    notices: Vec<SweepNotice>,
}

impl Told {
    fn take(&mut self, event: SweepEvent) {
        match event {
            SweepEvent::Answer { answer, times } => self.answers.push((answer, times)),
            SweepEvent::Notice(notice) => self.notices.push(notice),
            other => panic!("{other:?}"),
        }
    }

    fn listings(&self) -> Vec<&ListAnswer> {
        let answers = self.answers.iter().map(|(answer, _)| answer);
        answers.filter(|answer| answer.is_listing()).collect()
    }

    /// The lists of these.
    fn listing_zones(&self) -> Vec<String> {
        let listings = self.listings().into_iter();
        listings
            .map(|answer| answer.list.zone.to_string())
            .collect()
    }
}

async fn run(sweep: &Sweep<Arc<World>>) -> (Told, SweepReport) {
    let mut told = Told::default();
    let report = sweep.run(|event| told.take(event)).await;
    assert_sound(sweep, &told, &report);
    (told, report)
}

/// Each pair is in the counts once, and each one that is finished was told once.
#[track_caller]
fn assert_sound<L: mail_dns::Lookup>(sweep: &Sweep<L>, told: &Told, report: &SweepReport) {
    assert!(report.is_accounted_for(), "{report:?}");
    let counts = report.counts();
    let unfinished = sweep.unfinished().count() as u64;
    assert_eq!(counts.unfinished, unfinished);
    assert_eq!(told.answers.len() as u64, report.pairs - unfinished);
    assert_eq!(told.listings().len() as u64, counts.listed);
    assert_eq!(told.notices, report.notices);
    let pairs: std::collections::BTreeSet<_> = told
        .answers
        .iter()
        .map(|(answer, _)| (answer.list.zone.to_string(), answer.subject.to_string()))
        .collect();
    assert_eq!(pairs.len(), told.answers.len(), "no pair is told twice");
}

fn counts(report: &SweepReport, zone: &str) -> SweepCounts {
    let lists = report.lists.iter();
    let mut own = lists.filter(|list| list.zone.to_string() == zone);
    own.next().expect("a list of the sweep").counts
}

#[tokio::test]
async fn equal_subjects_are_asked_about_once_and_every_pair_is_accounted_for() {
    let world = Arc::new(World::new([
        ("a.test", Habit::Lists(3)),
        ("b.test", Habit::Lists(0)),
    ]));
    let subjects = [
        "9.1.1.1",
        "9.1.1.20",
        "::ffff:9.1.1.1",
        "10.0.0.1",
        "9.1.1.1",
    ];
    let (told, report) = run(&sweep(&world, subjects.map(address))).await;
    assert_eq!((report.subjects, report.pairs), (3, 6));
    assert_eq!(world.asked("a.test"), 3 + 2, "three controls, two subjects");
    let expected = |listed| (listed, 2 - listed, 1);
    for (zone, listed) in [("a.test", 1), ("b.test", 0)] {
        let counts = counts(&report, zone);
        let found = (counts.listed, counts.not_listed, counts.not_asked);
        assert_eq!(found, expected(listed), "{zone}");
    }
    let times: Vec<_> = told
        .answers
        .iter()
        .map(|(answer, times)| (answer.subject.to_string(), *times))
        .collect();
    assert!(times.contains(&("9.1.1.1".to_owned(), 3)), "{times:?}");
    assert!(times.contains(&("9.1.1.20".to_owned(), 1)), "{times:?}");
    assert!(report.is_complete() && report.notices.is_empty());
}

#[tokio::test]
async fn a_list_whose_controls_fail_yields_one_notice_and_no_listing() {
    let habits = [
        ("wildcard.test", Habit::Wildcard),
        ("dead.test", Habit::Dead),
        ("refuses.test", Habit::Refuses),
        ("silent.test", Habit::Silent),
        ("good.test", Habit::Lists(0)),
    ];
    let world = Arc::new(World::new(habits));
    let domains = ["bad.test-subject", "good.test-subject"];
    let domains = domains.map(|name| Subject::Domain(name.parse().expect("a name")));
    let (told, report) = run(&sweep(&world, addresses(200).chain(domains))).await;
    assert_eq!(told.listings(), Vec::<&ListAnswer>::new());
    assert_eq!(report.notices.len(), 4, "{:?}", report.notices);
    for notice in &report.notices {
        let kinds: Vec<_> = notice.troubles.iter().map(|trouble| trouble.kind).collect();
        assert_eq!(
            kinds,
            [Kind::Ipv4, Kind::Domain],
            "one notice for both kinds"
        );
        assert_eq!(notice.subjects(), 202, "{notice}");
    }
    let states: BTreeMap<_, _> = report
        .notices
        .iter()
        .map(|notice| (notice.zone.to_string(), &notice.troubles[0].state))
        .collect();
    assert!(matches!(
        states["wildcard.test"],
        HealthState::Broken(Fault::Wildcard { .. })
    ));
    assert!(matches!(
        states["dead.test"],
        HealthState::Broken(Fault::PositiveControlMissing(_))
    ));
    assert!(matches!(states["refuses.test"], HealthState::Refusing(_)));
    assert!(matches!(
        states["silent.test"],
        HealthState::Unclear(Cause::Control { .. })
    ));
    assert_eq!(counts(&report, "good.test").not_listed, 202);
    for zone in ["wildcard.test", "dead.test", "refuses.test", "silent.test"] {
        assert_eq!(
            world.asked(zone),
            3 + 2,
            "{zone} was asked for its controls alone"
        );
    }
}

#[tokio::test]
async fn a_target_listed_on_one_list_among_50_dead_ones_yields_one_finding() {
    const DEAD: [Habit; 4] = [Habit::Dead, Habit::Wildcard, Habit::Refuses, Habit::Silent];
    let mut world = World::new([("live.test", Habit::Lists(2))]);
    for (number, habit) in (0..50).zip(DEAD.iter().cycle()) {
        world.habits.insert(format!("dead{number}.test"), *habit);
    }
    let world = Arc::new(world);
    let (told, report) = run(&sweep(&world, [address("9.1.1.1")])).await;
    let listings = told.listings();
    assert_eq!(listings.len(), 1);
    assert_eq!(
        listings[0].to_string(),
        "live.test: 9.1.1.1 is listed: 127.0.0.2 (of unknown meaning)"
    );
    assert_eq!(
        dnsbl::independent(&listings.into_iter().cloned().collect::<Vec<_>>()).len(),
        1
    );
    assert_eq!(report.notices.len(), 50);
}

#[tokio::test]
async fn a_slow_list_holds_up_no_other() {
    let mut world = World::new([("a.test", Habit::Lists(2)), ("b.test", Habit::Lists(2))]);
    world.stuck = vec!["a.test".to_owned()];
    let world = Arc::new(world);
    let mut options = SweepOptions::default();
    options.in_flight = 8.try_into().expect("not zero");
    options.in_flight_per_list = 3.try_into().expect("not zero");
    let sweep = sweep_with(&world, checker(&world), addresses(100), options);
    let mut told = Told::default();
    {
        let work = sweep.work(|event| told.take(event));
        let work = tokio::time::timeout(std::time::Duration::from_millis(200), work).await;
        assert!(work.is_err(), "the slow list is waited for");
    }
    assert_eq!(counts_of(&told, "b.test"), 100);
    assert_eq!(counts_of(&told, "a.test"), 0);
    let most = world.most_in_flight.lock().expect("not poisoned").clone();
    assert_eq!(most["a.test"], 3, "controls and subjects");
    let report = sweep.conclude(|event| told.take(event));
    assert_eq!(counts(&report, "a.test").unfinished, 100);
    assert_sound(&sweep, &told, &report);
}

fn counts_of(told: &Told, zone: &str) -> usize {
    let answers = told.answers.iter();
    answers
        .filter(|(answer, _)| answer.list.zone.to_string() == zone)
        .count()
}

#[tokio::test]
async fn a_list_that_falls_silent_or_refuses_is_left_alone_soon() {
    for habit in [Habit::SilentFrom(50), Habit::RefusesFrom(50)] {
        let mut world = World::new([("a.test", habit)]);
        // A second for each question.
        world.pace = 1;
        let world = Arc::new(world);
        let mut options = SweepOptions::default();
        options.in_flight_per_list = 4.try_into().expect("not zero");
        let sweep = sweep_with(&world, checker(&world), addresses(2000), options);
        let (told, report) = run(&sweep).await;
        assert!(
            world.asked("a.test") < 100,
            "{} of 2000 asked",
            world.asked("a.test")
        );
        assert_eq!(report.notices.len(), 1);
        assert_eq!(
            told.listings(),
            Vec::<&ListAnswer>::new(),
            "its controls failed at the end"
        );
    }
}

#[tokio::test]
async fn d20_a_list_is_asked_no_more_than_its_budget_and_the_report_says_so() {
    let world = Arc::new(World::new([
        ("a.test", Habit::Lists(0)),
        ("b.test", Habit::Lists(0)),
    ]));
    let sweep = sweep_with(
        &world,
        checker(&world).with_daily_limit(10),
        addresses(20),
        SweepOptions::default(),
    );
    let (told, report) = run(&sweep).await;
    for list in &report.lists {
        // Three were for the controls, and three are kept for those at the end.
        assert_eq!(list.counts.not_listed, 4);
        assert_eq!(list.counts.budget_spent, 16);
        assert_eq!((list.spending.questions, list.daily_limit), (7, Some(10)));
        assert_eq!(world.asked(&list.zone.to_string()), 7);
    }
    let spent = told.answers.iter().filter(|(answer, _)| {
        matches!(
            answer.verdict,
            Verdict::Unknown(Cause::NotAsked(NotAsked::BudgetSpent { limit: 10, .. }))
        )
    });
    assert_eq!(spent.count(), 32);
}

#[tokio::test]
async fn d26_and_d28_what_must_not_be_asked_is_counted_and_no_question_goes_out() {
    let world = Arc::new(World::new([("a.test", Habit::Lists(0))]));
    let long = "abcdefghi.".repeat(24) + "test-subject";
    let subjects = [
        address("192.168.1.1"),
        address("10.0.0.1"),
        address("127.0.0.9"),
        Subject::Domain(long.parse().expect("a name")),
    ];
    let (told, report) = run(&sweep(&world, subjects)).await;
    assert_eq!(report.counts().not_asked, 4);
    assert_eq!(world.asked("a.test"), 0);
    let why = |why: &dyn Fn(NotAsked) -> bool| {
        let answers = told.answers.iter().filter(|(answer, _)| matches!(answer.verdict, Verdict::Unknown(Cause::NotAsked(cause)) if why(cause)));
        answers.count()
    };
    assert_eq!(why(&|cause| matches!(cause, NotAsked::Scope(_))), 3);
    assert_eq!(why(&|cause| cause == NotAsked::NameTooLong), 1);
}

#[tokio::test]
async fn d17_what_one_path_is_refused_another_is_served() {
    let here = Arc::new(World::new([("a.test", Habit::Refuses)]));
    let there = Arc::new(World::new([("a.test", Habit::Lists(2))]));
    let sweep_over = |world: &Arc<World>, path: &str| {
        sweep_with(
            world,
            checker(world).with_path(path),
            addresses(4),
            SweepOptions::default(),
        )
    };
    let (told, report) = run(&sweep_over(&here, "here")).await;
    assert_eq!((report.counts().refused, report.notices.len()), (4, 1));
    assert!(told.answers.iter().all(|(answer, _)| answer.path == "here"));
    let (_, report) = run(&sweep_over(&there, "there")).await;
    assert_eq!((report.counts().listed, report.notices.len()), (1, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_tasks_share_one_sweep() {
    let world = Arc::new(World::new([
        ("a.test", Habit::Lists(20)),
        ("b.test", Habit::Wildcard),
        ("c.test", Habit::Lists(0)),
    ]));
    let sweep = Arc::new(sweep(&world, addresses(2000)));
    let told = Arc::new(Mutex::new(Told::default()));
    let tasks: Vec<_> = (0..4)
        .map(|_| {
            let (sweep, told) = (Arc::clone(&sweep), Arc::clone(&told));
            tokio::spawn(async move {
                sweep
                    .work(|event| told.lock().expect("not poisoned").take(event))
                    .await;
            })
        })
        .collect();
    for task in tasks {
        task.await.expect("no panic");
    }
    let report = sweep
        .finish(|event| told.lock().expect("not poisoned").take(event))
        .await;
    let told = told.lock().expect("not poisoned");
    assert_sound(&sweep, &told, &report);
    assert_eq!(counts(&report, "b.test").broken, 2000);
    assert_eq!(counts(&report, "c.test").not_listed, 2000);
    assert_eq!(report.notices.len(), 1);
}
