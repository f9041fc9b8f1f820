//! Lists that may be asked a few times a day.

use std::num::NonZeroUsize;

use dnsbl::{Condition, MemoryPolicy, Spending};

use super::*;

const A_TEST: &str = "a.test";

/// A world of one list, which lists 9.1.0.1 and no other.
fn world() -> Arc<World> {
    Arc::new(World::new([(A_TEST, Habit::Lists(2))]))
}

/// What a sweep over `count` addresses comes to where a list of that habit may be asked `limit` times, and how often it was.
async fn swept(habit: Habit, limit: u32, count: u32) -> (SweepCounts, usize) {
    let world = Arc::new(World::new([(A_TEST, habit)]));
    let sweep = sweep_with(
        &world,
        checker(&world).with_daily_limit(limit),
        addresses(count),
        SweepOptions::default(),
    );
    let (_, report) = run(&sweep).await;
    (report.counts(), world.asked(A_TEST))
}

#[tokio::test]
async fn d20_a_small_limit_leaves_questions_for_subjects_or_nothing_is_asked() {
    // Three questions are the controls.
    for (limit, answered, asked) in [
        (1, 0, 0),
        (3, 0, 0),
        (4, 1, 4),
        (5, 2, 5),
        (6, 3, 6),
        (8, 5, 8),
        // From here on the controls may be asked once more before listings are told.
        (9, 3, 6),
        (20, 14, 17),
    ] {
        let (counts, questions) = swept(Habit::Lists(0), limit, 30).await;
        assert_eq!(counts.not_listed, answered, "of {limit}");
        assert_eq!(questions, asked, "of {limit}");
        let unasked = 30 - answered;
        match limit {
            1 | 3 => assert_eq!(counts.not_asked, unasked, "of {limit}"),
            _ => assert_eq!(counts.budget_spent, unasked, "of {limit}"),
        }
    }
}

#[tokio::test]
async fn d20_a_limit_that_leaves_no_question_says_so_to_one_check_as_to_a_sweep() {
    let world = world();
    let checker = checker(&world).with_daily_limit(3);
    let why = NotAsked::LimitTooSmall {
        limit: 3,
        needed: 4,
    };
    let answers = checker.check_all(&address("9.1.0.2"), NOW).await;
    assert_eq!(answers[0].verdict, Verdict::Unknown(Cause::NotAsked(why)));
    let doctor = checker.examine(NOW).await;
    let [ipv4, domain] = &doctor.examinations[..] else {
        panic!("{:?}", doctor.examinations)
    };
    assert_eq!(ipv4.condition, Condition::NotAsked(why));
    assert_eq!(
        domain.condition,
        Condition::Healthy,
        "it has one control less"
    );
    assert_eq!(world.asked(A_TEST), 2);
}

#[tokio::test]
async fn d20_what_is_left_of_a_day_is_not_spent_on_controls_that_leave_no_question() {
    let world = world();
    let today = u32::try_from(NOW / 86_400).expect("a day");
    let spent = Spending::new(A_TEST.parse().expect("a name"), today, 7);
    let checker = checker(&world).with_daily_limit(10).with_spending(&[spent]);
    let answers = checker.check_all(&address("9.1.0.2"), NOW).await;
    assert!(
        matches!(
            answers[0].verdict,
            Verdict::Unknown(Cause::NotAsked(NotAsked::BudgetSpent { limit: 10, .. }))
        ),
        "{}",
        answers[0]
    );
    assert_eq!(
        (world.asked(A_TEST), checker.spending(NOW)[0].questions),
        (0, 7)
    );
}

/// One question is left when the controls are 20 minutes old, and it finds an entry.
#[tokio::test]
async fn d22_an_entry_without_questions_to_confirm_it_is_told_alike_by_one_check_and_a_sweep() {
    let spent = || async {
        let world = world();
        let checker = checker(&world).with_daily_limit(5);
        let first = checker.check_all(&address("9.1.0.2"), NOW).await;
        assert!(matches!(first[0].verdict, Verdict::NotListed(_)));
        world.now.fetch_add(20 * 60, Ordering::Relaxed);
        (world, checker)
    };
    let listed = address("9.1.0.1");
    let (world, checker) = spent().await;
    let answers = checker.check_all(&listed, NOW + 20 * 60).await;
    assert_eq!(world.asked(A_TEST), 5);

    let (world, checker) = spent().await;
    let sweep = sweep_with(&world, checker, [listed], SweepOptions::default());
    let (told, _) = run(&sweep).await;
    assert_eq!(world.asked(A_TEST), 5);

    let [(answer, 1)] = &told.answers[..] else {
        panic!("{:?}", told.answers)
    };
    let Verdict::Unknown(Cause::Withdrawn(why)) = &answer.verdict else {
        panic!("{answer}")
    };
    assert!(why.contains("5 questions of this day are spent"), "{why}");
    assert_eq!(answer.verdict, answers[0].verdict);
    assert!(!answers[0].asked.is_empty(), "what was seen is kept");
}

/// Within a minute the controls that were asked first prove an entry, and no question is left to ask them again.
#[tokio::test]
async fn d22_an_entry_by_controls_of_this_minute_needs_no_more_questions() {
    let world = world();
    let checker = checker(&world).with_daily_limit(4);
    let answers = checker.check_all(&address("9.1.0.1"), NOW).await;
    assert!(answers[0].is_listing(), "{}", answers[0]);
    let (counts, _) = swept(Habit::Lists(2), 4, 1).await;
    assert_eq!(counts.listed, 1);
}

#[tokio::test]
async fn d22_an_entry_that_is_remembered_without_questions_to_confirm_it_is_not_told() {
    let world = world();
    let checker = checker(&world).with_daily_limit(5);
    let checker = Arc::new(checker.with_memory(MemoryPolicy::default()));
    checker.check_all(&address("9.1.0.2"), NOW).await;
    let listed = address("9.1.0.1");
    let later = NOW + 20 * 60;
    let sweep = Sweep::new(
        Arc::clone(&checker),
        [listed.clone()],
        move || later,
        SweepOptions::default(),
    );
    run(&sweep).await;
    let answer = checker.check_all(&listed, later + 60).await.remove(0);
    assert!(answer.remembered, "{answer}");
    assert!(
        matches!(&answer.verdict, Verdict::Unknown(Cause::Withdrawn(_))),
        "{answer}"
    );
    assert_eq!(world.asked(A_TEST), 5);
}

/// Options with one pair in flight, so that the first subject is asked about first.
fn in_turn() -> SweepOptions {
    let mut options = SweepOptions::default();
    options.in_flight = NonZeroUsize::MIN;
    options.mass_listing = None;
    options
}

/// The domain is asked about first, and its controls are no longer fresh when the addresses have spent the day.
#[tokio::test]
async fn d20_the_controls_of_a_kind_whose_entry_waits_for_an_hour_are_kept_back_too() {
    let mut world = World::new([(A_TEST, Habit::Lists(200))]);
    world.pace = 100;
    let world = Arc::new(world);
    let domain = Subject::Domain("1.test-subject".parse().expect("a name"));
    let subjects = [domain.clone()].into_iter().chain(addresses(90));
    let checker = checker(&world).with_daily_limit(100);
    let sweep = sweep_with(&world, checker, subjects, in_turn());
    let (told, report) = run(&sweep).await;
    let counts = report.counts();
    assert!(
        told.listings().iter().any(|it| it.subject == domain),
        "{counts:?}"
    );
    assert_eq!(counts.withdrawn, 0, "{counts:?}");
    assert!(counts.budget_spent > 0, "{counts:?}");
}

/// Two minutes pass between the entry and the end of the sweep, and no question is left to ask the controls again.
#[tokio::test]
async fn d22_an_entry_by_controls_of_its_minute_is_told_whenever_the_sweep_ends() {
    let world = world();
    let checker = checker(&world).with_daily_limit(4);
    let sweep = sweep_with(&world, checker, addresses(2), in_turn());
    let mut told = Told::default();
    let report = sweep
        .run(|event| {
            told.take(event);
            world.now.fetch_add(120, Ordering::Relaxed);
        })
        .await;
    assert_sound(&sweep, &told, &report);
    let counts = report.counts();
    assert_eq!((counts.listed, counts.budget_spent), (1, 1), "{counts:?}");
}

/// Of three subjects the second is listed when nothing is left of the day, and the third on the next one.
#[tokio::test]
async fn d22_a_day_that_is_spent_does_not_keep_back_the_entries_of_the_next() {
    let world = world();
    let checker = checker(&world).with_daily_limit(5);
    let mut options = in_turn();
    options.held = NonZeroUsize::MIN;
    let subjects = [address("9.1.0.2"), address("9.1.0.1"), address("9.1.1.1")];
    let sweep = sweep_with(&world, checker, subjects, options);
    let mut told = Told::default();
    let waits = [20 * 60, 24 * 60 * 60, 0, 0];
    let report = sweep
        .run(|event| {
            let wait = waits[told.answers.len()];
            told.take(event);
            world.now.fetch_add(wait, Ordering::Relaxed);
        })
        .await;
    assert_sound(&sweep, &told, &report);
    let listings = told.listings();
    let [listing] = &listings[..] else {
        panic!("{:?}", told.answers)
    };
    assert_eq!(listing.subject, address("9.1.1.1"));
    assert_eq!(report.counts().withdrawn, 1);
    assert_eq!(report.notices.len(), 1, "what was withdrawn is said");
}

/// The controls of two kinds and the subjects of four tasks are taken from one day at the same time.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn d20_tasks_that_ask_at_the_same_time_spend_no_more_than_the_day_and_nothing_that_is_kept_back()
 {
    for limit in (15..45).chain(15..45) {
        let mut world = World::new([(A_TEST, Habit::Lists(200))]);
        world.pace = 10;
        let world = Arc::new(world);
        let domains = (0..40).map(|number| format!("{number}.test-subject"));
        let domains = domains.map(|name| Subject::Domain(name.parse().expect("a name")));
        let mut options = in_turn();
        options.in_flight = NonZeroUsize::new(4).expect("not zero");
        let subjects = addresses(40)
            .zip(domains)
            .flat_map(|(one, other)| [one, other]);
        let checker = checker(&world).with_daily_limit(limit);
        let sweep = Arc::new(sweep_with(&world, checker, subjects, options));
        let work = |_| {
            let sweep = Arc::clone(&sweep);
            tokio::spawn(async move { sweep.work(|_| ()).await })
        };
        for task in (0..4).map(work).collect::<Vec<_>>() {
            task.await.expect("no panic");
        }
        let counts = sweep.finish(|_| ()).await.counts();
        let spent = sweep.checker().spending(NOW)[0].questions;
        assert!(spent <= limit, "{spent} of {limit}");
        assert!(world.asked(A_TEST) <= limit as usize, "of {limit}");
        assert_eq!(counts.withdrawn, 0, "of {limit}: {counts:?}");
        assert!(counts.listed > 0, "of {limit}: {counts:?}");
    }
}
