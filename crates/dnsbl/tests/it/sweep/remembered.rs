//! Sweeps with a checker that remembers what lists have said.

use dnsbl::MemoryPolicy;

use super::*;

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
