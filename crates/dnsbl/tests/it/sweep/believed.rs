//! Which listings of a sweep are believed.

use dnsbl::{Catalogue, MassListing, QuarantineReason};

use super::world::NONCE;
use super::*;

#[tokio::test]
async fn a_list_that_lists_more_than_half_is_isolated_and_none_of_it_is_believed() {
    // The wildcard leaves the controls out, so nothing else shows it.
    let world = Arc::new(World::new([
        ("a.test", Habit::Lists(255)),
        ("b.test", Habit::Lists(2)),
    ]));
    let sweep = sweep(&world, addresses(20));
    let (told, report) = run(&sweep).await;
    assert_eq!(told.listing_zones(), ["b.test"]);
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
    let zone = "a.test".parse().expect("a name");
    let subject = address("9.1.0.1");
    let ask = async |now| {
        let answer = sweep.checker().check(&zone, &subject, now).await;
        answer.expect("a list")
    };
    let again = ask(NOW + 60).await;
    assert!(
        matches!(again.verdict, Verdict::Unknown(Cause::Quarantined(_))),
        "{again}"
    );
    assert!(ask(NOW + 3600).await.is_listing());
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
    assert_eq!(
        told.listing_zones(),
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
