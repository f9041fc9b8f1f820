//! Many subjects on many lists.

mod under_attack;
mod world;

use std::collections::BTreeMap;
use std::future::ready;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};

use dnsbl::{
    Catalogue, Cause, Checker, Fault, HealthState, Kind, ListAnswer, MassListing, MemoryPolicy,
    NotAsked, QuarantineReason, Subject, Sweep, SweepCounts, SweepEvent, SweepNotice, SweepOptions,
    SweepReport, Verdict,
};

use world::{Habit, NONCE, NOW, World, checker};

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
}

async fn run(sweep: &Sweep<Arc<World>>) -> (Told, SweepReport) {
    let mut told = Told::default();
    let report = sweep.run(|event| told.take(event)).await;
    assert_sound(sweep, &told, &report);
    (told, report)
}

/// Each pair is in the counts once, and each one that is finished was told once.
#[track_caller]
fn assert_sound(sweep: &Sweep<Arc<World>>, told: &Told, report: &SweepReport) {
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
async fn a_list_that_lists_more_than_half_is_isolated_and_none_of_it_is_believed() {
    // The wildcard leaves the controls out, so nothing else shows it.
    let world = Arc::new(World::new([
        ("a.test", Habit::Lists(255)),
        ("b.test", Habit::Lists(2)),
    ]));
    let sweep = sweep(&world, addresses(20));
    let (told, report) = run(&sweep).await;
    let zones: Vec<_> = told
        .listings()
        .iter()
        .map(|answer| answer.list.zone.to_string())
        .collect();
    assert_eq!(zones, ["b.test"]);
    assert_eq!(counts(&report, "a.test").quarantined, 20);
    let [notice] = &report.notices[..] else {
        panic!("{report:?}")
    };
    let HealthState::Quarantined(quarantine) = &notice.troubles[0].state else {
        panic!("{notice}")
    };
    assert_eq!(
        quarantine.reason,
        QuarantineReason::MassListing { listed: 11, of: 20 }
    );
    assert_eq!(quarantine.until, NOW + 3600);
    assert_eq!(notice.subjects(), 20);

    // It stays so for whoever asks next, and comes back by itself.
    let again = sweep
        .checker()
        .check(
            &"a.test".parse().expect("a name"),
            &address("9.1.0.1"),
            NOW + 60,
        )
        .await;
    let verdict = again.expect("a list").verdict;
    assert!(
        matches!(verdict, Verdict::Unknown(Cause::Quarantined(_))),
        "{verdict}"
    );
    let later = sweep
        .checker()
        .check(
            &"a.test".parse().expect("a name"),
            &address("9.1.0.1"),
            NOW + 3600,
        )
        .await;
    assert!(later.expect("a list").is_listing());
}

#[track_caller]
fn check_guard(percent_listed: u8, of: u32, guard: Option<MassListing>, listed: u64) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let world = Arc::new(World::new([("a.test", Habit::Lists(percent_listed + 1))]));
        let mut options = SweepOptions::default();
        options.mass_listing = guard;
        let sweep = sweep_with(&world, checker(&world), addresses(of), options);
        let (_, report) = run(&sweep).await;
        assert_eq!(report.counts().listed, listed);
        assert_eq!(report.counts().quarantined > 0, listed == 0);
    });
}

#[test]
fn the_guard_has_a_share_and_a_least_and_can_be_off() {
    let default = Some(MassListing::default());
    check_guard(5, 10, default, 5);
    check_guard(6, 10, default, 0);
    check_guard(7, 7, default, 7);
    check_guard(8, 8, default, 0);
    check_guard(10, 10, None, 10);
    let lenient = Some(MassListing {
        percent: 90,
        least: 5,
    });
    check_guard(9, 10, lenient, 9);
    check_guard(10, 10, lenient, 0);
}

#[tokio::test]
async fn a_list_that_informs_may_have_an_entry_for_everybody() {
    let world = Arc::new(World::new([("a.test", Habit::Lists(255))]));
    let text = "[[list]]\nzone = \"a.test\"\nname = \"Networks\"\nstance = \"information\"\ntier = \"minor\"\n\
                status = \"documented\"\nas_of = \"2026-11\"\nsource = \"a test\"\n\
                ipv4 = { positive = [\"127.0.0.2\"], negative = [\"127.0.0.1\"] }\n";
    let checker = Checker::new(
        Arc::clone(&world),
        Catalogue::from_toml(text).expect("sound"),
        NONCE,
    );
    let sweep = sweep_with(&world, checker, addresses(20), SweepOptions::default());
    let report = sweep.run(|_| ()).await;
    assert_eq!((report.counts().listed, report.notices.len()), (20, 0));
}

#[tokio::test]
async fn d22_a_list_that_begins_to_lie_during_the_sweep_is_found_before_it_is_believed() {
    // Three controls and ten answers are honest; each question takes ten seconds.
    let mut world = World::new([
        ("a.test", Habit::WildcardFrom(14)),
        ("b.test", Habit::Lists(2)),
    ]);
    world.pace = 10;
    let world = Arc::new(world);
    let mut options = SweepOptions::default();
    options.mass_listing = None;
    let sweep = sweep_with(&world, checker(&world), addresses(20), options);
    let (told, report) = run(&sweep).await;
    let zones: Vec<_> = told
        .listings()
        .iter()
        .map(|answer| answer.list.zone.to_string())
        .collect();
    assert_eq!(
        zones,
        ["b.test"],
        "and the true listing of a.test is not told either"
    );
    let own = counts(&report, "a.test");
    assert!(own.withdrawn > 1, "{own:?}");
    let [notice] = &report.notices[..] else {
        panic!("{report:?}")
    };
    assert!(
        matches!(
            notice.troubles[0].state,
            HealthState::Broken(Fault::Wildcard { .. })
        ),
        "{notice}"
    );
    assert_eq!(notice.troubles[0].subjects, own.withdrawn);
}

#[tokio::test]
async fn d22_a_listing_is_told_only_after_controls_no_older_than_a_minute() {
    for (pace, rounds) in [(0, 1), (10, 2)] {
        let mut world = World::new([("a.test", Habit::Lists(2))]);
        world.pace = pace;
        let world = Arc::new(world);
        let (told, report) = run(&sweep(&world, addresses(20))).await;
        assert_eq!(report.counts().listed, 1);
        assert_eq!(
            world.asked("a.test"),
            20 + rounds * 3,
            "{pace} s a question"
        );
        // Everything else was told before it.
        let last = told.answers.last().expect("answers");
        assert!(last.0.is_listing(), "{}", last.0);
    }
}

#[tokio::test]
async fn so_many_listings_wait_at_most() {
    let world = Arc::new(World::new([("a.test", Habit::Lists(100))]));
    let mut options = SweepOptions::default();
    options.mass_listing = None;
    options.held = 10.try_into().expect("not zero");
    options.in_flight = 1.try_into().expect("not zero");
    let sweep = sweep_with(&world, checker(&world), addresses(250), options);
    let (mut told, mut most_waiting) = (0, 0);
    let report = sweep
        .run(|_| {
            most_waiting = most_waiting.max(sweep.progress().finished - told);
            told += 1;
        })
        .await;
    assert_eq!(
        (report.counts().listed, report.counts().not_listed),
        (99, 151)
    );
    assert_eq!(most_waiting, 10);
}

#[tokio::test]
async fn a_list_that_lists_all_is_isolated_before_it_was_asked_about_all() {
    let world = Arc::new(World::new([("a.test", Habit::Lists(255))]));
    let mut options = SweepOptions::default();
    options.held = 10.try_into().expect("not zero");
    let sweep = sweep_with(&world, checker(&world), addresses(250), options);
    let (told, report) = run(&sweep).await;
    assert_eq!(report.counts().quarantined, 250);
    assert_eq!(told.notices.len(), 1);
    assert!(world.asked("a.test") < 100, "{}", world.asked("a.test"));
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
        // Three were for the controls, and five are kept for those at the end.
        assert_eq!(list.counts.not_listed, 2);
        assert_eq!(list.counts.budget_spent, 18);
        assert_eq!((list.spending.questions, list.daily_limit), (5, Some(10)));
        assert_eq!(world.asked(&list.zone.to_string()), 5);
    }
    let spent = told.answers.iter().filter(|(answer, _)| {
        matches!(
            answer.verdict,
            Verdict::Unknown(Cause::NotAsked(NotAsked::BudgetSpent { limit: 10, .. }))
        )
    });
    assert_eq!(spent.count(), 36);
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

const A_TEST: &str = "a.test";

/// One list and a checker with a memory, and how many questions the list was asked by a sweep at that second.
struct Remembering {
    world: Arc<World>,
    checker: Arc<Checker<Arc<World>>>,
}

impl Remembering {
    fn new(habit: Habit, policy: MemoryPolicy) -> Self {
        let world = Arc::new(World::new([(A_TEST, habit)]));
        let checker = Arc::new(checker(&world).with_memory(policy));
        Self { world, checker }
    }

    async fn sweep_at(&self, second: i64, subjects: u32) -> (usize, Told, SweepReport) {
        let now = NOW + second;
        let before = self.world.asked(A_TEST);
        let checker = Arc::clone(&self.checker);
        let sweep = Sweep::new(
            checker,
            addresses(subjects),
            move || now,
            SweepOptions::default(),
        );
        let (told, report) = run(&sweep).await;
        (self.world.asked(A_TEST) - before, told, report)
    }
}

#[tokio::test]
async fn d20_a_second_sweep_within_15_minutes_asks_nothing_and_says_so() {
    let lists = Remembering::new(Habit::Lists(2), MemoryPolicy::default());
    let (asked, told, first) = lists.sweep_at(0, 20).await;
    assert_eq!(asked, 3 + 20);
    assert!(told.answers.iter().all(|(answer, _)| !answer.remembered));

    // The TTL of the answers is 300 seconds.
    let (asked, told, second) = lists.sweep_at(899, 20).await;
    assert_eq!(asked, 0);
    for (answer, _) in &told.answers {
        assert!(answer.remembered, "{answer}");
        assert_eq!(answer.at, NOW, "it is as old as the question");
    }
    assert_eq!(first.counts(), second.counts());
    assert_eq!(told.listings().len(), 1);

    let (asked, _, third) = lists.sweep_at(900, 20).await;
    assert_eq!(
        asked,
        20 + 3,
        "all again, and the controls for the one that is listed"
    );
    assert_eq!(first.counts(), third.counts());
}

#[tokio::test]
async fn d21_an_answer_is_kept_for_its_ttl_and_no_longer_than_allowed() {
    let keep = |least, most| MemoryPolicy {
        least,
        most,
        ..MemoryPolicy::default()
    };
    // The TTL of entries and denials is 300 seconds.
    for (policy, holds) in [
        (keep(60, 3600), 300),
        (keep(60, 120), 120),
        (keep(900, 3600), 900),
    ] {
        let lists = Remembering::new(Habit::Lists(0), policy);
        lists.sweep_at(0, 20).await;
        assert_eq!(lists.sweep_at(holds - 1, 20).await.0, 0, "{policy:?}");
        assert_eq!(lists.sweep_at(holds, 20).await.0, 20, "{policy:?}");
    }
}

#[tokio::test]
async fn what_a_list_said_is_forgotten_when_its_controls_fail() {
    let lists = Remembering::new(Habit::WildcardFrom(24), MemoryPolicy::default());
    let (asked, _, report) = lists.sweep_at(0, 20).await;
    assert_eq!((asked, report.counts().not_listed), (23, 19));
    // The controls are stale by now, and the list is broken; nothing is taken from before.
    let lists_most = MemoryPolicy {
        least: 3600,
        most: 3600,
        ..MemoryPolicy::default()
    };
    let long = Remembering::new(Habit::WildcardFrom(24), lists_most);
    long.sweep_at(0, 20).await;
    let (asked, told, report) = long.sweep_at(1800, 20).await;
    assert_eq!((asked, report.counts().broken), (3, 20));
    assert!(told.answers.iter().all(|(answer, _)| !answer.remembered));
}

#[tokio::test]
async fn a_memory_keeps_no_more_than_it_may() {
    let policy = MemoryPolicy {
        answers: 100.try_into().expect("not zero"),
        ..MemoryPolicy::default()
    };
    let lists = Remembering::new(Habit::Lists(0), policy);
    lists.sweep_at(0, 1000).await;
    let (asked, told, _) = lists.sweep_at(1, 1000).await;
    let remembered = told
        .answers
        .iter()
        .filter(|(answer, _)| answer.remembered)
        .count();
    assert_eq!(asked, 1000 - remembered);
    assert!(remembered <= 100, "{remembered}");
    let fits = Remembering::new(Habit::Lists(0), policy);
    fits.sweep_at(0, 50).await;
    assert_eq!(fits.sweep_at(1, 50).await.0, 0);
}
