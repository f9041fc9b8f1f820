//! Lists, clocks, budgets and observers that fail while a sweep is under way.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::AtomicI64;
use std::time::Duration;

use dnsbl::{Catalogue, HealthPolicy, MemoryPolicy};
use mail_dns::{
    Answer, DomainName, Lookup, LookupError, Question, Record, RecordData, RecordType, Response,
};

use super::world::NONCE;
use super::*;

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build();
    runtime.expect("a runtime").block_on(future)
}

fn catalogue(zones: &[&str]) -> Catalogue {
    let list = |zone: &&str| {
        format!(
            "[[list]]\nzone = \"{zone}\"\nname = \"Test\"\nstance = \"block\"\ntier = \"minor\"\n\
             status = \"documented\"\nas_of = \"2026-11\"\nsource = \"here\"\n\
             ipv4 = {{ positive = [\"127.0.0.2\"], negative = [\"127.0.0.1\"] }}\n"
        )
    };
    let text: String = zones.iter().map(list).collect();
    Catalogue::from_toml(&text).expect("sound")
}

fn one_at_a_time() -> SweepOptions {
    let mut options = SweepOptions::default();
    options.in_flight = 1.try_into().expect("one");
    options
}

/// Honest, save that from one question to another it lists all.
struct Interval {
    world: Arc<World>,
    lies: std::ops::Range<usize>,
}

impl Lookup for Interval {
    async fn lookup(&self, name: &DomainName, kind: RecordType) -> Result<Answer, LookupError> {
        let lies = self.lies.contains(&self.world.asked("a.test"));
        let honest = self.world.lookup(name, kind).await;
        if !lies || kind != RecordType::A {
            return honest;
        }
        let question = Question {
            name: name.clone(),
            record_type: kind,
        };
        let code = RecordData::A("127.0.0.2".parse().expect("an address"));
        let records = vec![Record::new(name.clone(), 60, code)];
        Ok(Answer::unasked(question, Response::Records(records)))
    }
}

#[tokio::test]
async fn d22_what_a_list_said_before_its_controls_failed_is_withdrawn_though_it_is_mended_by_the_end()
 {
    let mut world = World::new([("a.test", Habit::Lists(0))]);
    world.pace = 0;
    let world = Arc::new(world);
    let lookup = Interval {
        world: Arc::clone(&world),
        lies: 33..46,
    };
    let policy = HealthPolicy {
        fresh_for: 400,
        ..HealthPolicy::default()
    };
    let checker = Checker::new(lookup, catalogue(&["a.test"]), NONCE).with_health_policy(policy);
    let clock = move || world.now.fetch_add(10, Ordering::Relaxed);
    let sweep = Sweep::new(Arc::new(checker), addresses(200), clock, one_at_a_time());
    let mut told = Told::default();
    let report = sweep.run(|event| told.take(event)).await;
    assert_eq!(report.counts().listed, 0, "{:?}", report.counts());
    assert_eq!(report.counts().withdrawn, 10);
    assert!(told.listings().is_empty() && report.notices.len() == 1);
}

#[test]
fn d22_an_entry_that_a_sweep_did_not_confirm_is_not_believed_by_the_next_for_being_remembered() {
    block_on(async {
        // Its controls and the first subject are the first four.
        let mut world = World::new([("a.test", Habit::WildcardFrom(5))]);
        world.stuck = vec!["20.0.1.9.a.test".to_owned()];
        let world = Arc::new(world);
        let checker = Arc::new(checker(&world).with_memory(MemoryPolicy::default()));
        checker.check_all(&address("9.1.0.10"), NOW).await;
        let sweep_at = |second, subjects: &[&str]| {
            let subjects: Vec<_> = subjects.iter().map(|it| address(it)).collect();
            let checker = Arc::clone(&checker);
            Sweep::new(
                checker,
                subjects,
                move || NOW + second,
                SweepOptions::default(),
            )
        };
        let first = sweep_at(1200, &["9.1.0.5", "9.1.0.20"]);
        first
            .work_until(|_| (), tokio::time::sleep(Duration::from_secs(1)))
            .await;
        let report = first.conclude(|_| ());
        assert_eq!(
            (report.counts().withdrawn, report.counts().unfinished),
            (1, 1)
        );
        let report = sweep_at(1500, &["9.1.0.5"]).run(|_| ()).await;
        assert_eq!(report.counts().listed, 0, "{:?}", report.counts());
        assert_eq!(report.counts().withdrawn, 1);
    });
}

#[tokio::test]
async fn d22_a_remembered_entry_is_withdrawn_if_the_controls_fail_in_this_sweep() {
    let mut world = World::new([("a.test", Habit::WildcardFrom(24))]);
    world.pace = 0;
    let world = Arc::new(world);
    let memory = MemoryPolicy {
        least: 3600,
        most: 3600,
        ..MemoryPolicy::default()
    };
    let checker = Arc::new(checker(&world).with_memory(memory));
    let first = Sweep::new(Arc::clone(&checker), addresses(20), || NOW, one_at_a_time());
    first.run(|_| ()).await;
    // What is known of the controls holds for the first pair alone.
    let ticks = AtomicI64::new(0);
    let clock = move || match ticks.fetch_add(1, Ordering::Relaxed) {
        0 => NOW + 1799,
        _ => NOW + 1800,
    };
    let second = Sweep::new(checker, addresses(20), clock, one_at_a_time());
    let report = second.run(|_| ()).await;
    assert_eq!(report.counts().listed, 0, "{:?}", report.counts());
}

#[tokio::test]
async fn d20_a_budget_keeps_what_the_controls_need_so_that_listings_can_be_confirmed() {
    let mut world = World::new([("a.test", Habit::Lists(1))]);
    world.pace = 2;
    let world = Arc::new(world);
    let checker = checker(&world).with_daily_limit(100);
    let sweep = sweep_with(&world, checker, addresses(200), SweepOptions::default());
    let (told, report) = run(&sweep).await;
    assert_eq!(report.counts().withdrawn, 0, "{:?}", report.counts());
    assert_eq!(report.counts().listed, told.listings().len() as u64);
    assert!(report.is_accounted_for());
}

#[test]
fn an_observer_that_panics_makes_no_pair_count_twice_or_get_lost() {
    for listed in [0, 4] {
        let world = Arc::new(World::new([("a.test", Habit::Lists(listed))]));
        let mut options = SweepOptions::default();
        options.mass_listing = None;
        let sweep = sweep_with(&world, checker(&world), addresses(20), options);
        let mut seen = 0;
        let mut observe = |event: SweepEvent| {
            if let SweepEvent::Answer { answer, .. } = &event {
                seen += 1;
                let bad = answer.is_listing() || listed == 0 && seen == 6;
                assert!(!bad, "the observer fails");
            }
        };
        let worked = catch_unwind(AssertUnwindSafe(|| block_on(sweep.work(&mut observe))));
        assert!(worked.is_err(), "{listed}");
        block_on(sweep.work(|_| ()));
        let report = block_on(sweep.finish(|_| ()));
        assert_eq!(report.counts().total(), 20, "{:?}", report.counts());
        assert!(report.is_accounted_for());
    }
}

#[tokio::test]
async fn the_order_of_the_subjects_does_not_make_a_list_suspect() {
    for listed_first in [true, false] {
        let world = Arc::new(World::new([("a.test", Habit::Lists(100))]));
        let mut options = SweepOptions::default();
        options.held = 20.try_into().expect("not none");
        let listed = (1..30).map(|last| address(&format!("9.1.0.{last}")));
        let clean = (0..971).map(|n| address(&format!("9.2.{}.{}", n / 100, 100 + n % 100)));
        let subjects: Vec<_> = if listed_first {
            listed.chain(clean).collect()
        } else {
            clean.chain(listed).collect()
        };
        let sweep = sweep_with(&world, checker(&world), subjects, options);
        let (_, report) = run(&sweep).await;
        assert_eq!(report.counts().listed, 29, "{:?}", report.counts());
    }
}

/// Takes its time for the lists whose names begin so.
struct Slow(Arc<World>);

impl Lookup for Slow {
    async fn lookup(&self, name: &DomainName, kind: RecordType) -> Result<Answer, LookupError> {
        if name.to_string().contains(".slow") {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        self.0.lookup(name, kind).await
    }
}

#[tokio::test(start_paused = true)]
async fn slow_lists_do_not_hold_up_a_fast_one() {
    let zones = ["slow-one.test", "slow-two.test", "fast.test"];
    let world = Arc::new(World::new(zones.map(|zone| (zone, Habit::Lists(0)))));
    let checker = Checker::new(Slow(world), catalogue(&zones), NONCE);
    let options = SweepOptions::default();
    let sweep = Sweep::new(Arc::new(checker), addresses(3000), || NOW, options);
    let mut fast = 0;
    let stop = tokio::time::sleep(Duration::from_millis(1500));
    let observe = |event: SweepEvent| {
        if let SweepEvent::Answer { answer, .. } = event {
            fast += u32::from(answer.list.zone.to_string() == "fast.test");
        }
    };
    sweep.work_until(observe, stop).await;
    assert_eq!(fast, 3000);
}
