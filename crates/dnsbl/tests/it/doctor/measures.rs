//! One thing to do for several lists, and whether a resolver is fit but for some.

use dnsbl::{Fitness, Measure};

use super::*;

const ZONES: [&str; 5] = ["a.test", "b.test", "c.test", "d.test", "e.test"];

/// What a resolver shows that the first lists refuse by these answers, the next do not answer, and the rest serve.
async fn doctor(refusals: &[&str], silent: usize) -> Doctor {
    let lists = ZONES.map(|zone| (zone, ""));
    let refusing = refusals.iter().zip(ZONES);
    let refusing = refusing.map(|(code, zone)| answers(zone, code));
    let served = ZONES.iter().skip(refusals.len() + silent);
    let zones: String = refusing.chain(served.map(|zone| works(zone))).collect();
    let failing: Vec<&str> = ZONES[refusals.len()..][..silent].to_vec();
    examine(&lists, &zones, &failing).await
}

const QUOTA: &str = "127.255.255.255";
const PUBLIC: &str = "127.255.255.254";

#[tokio::test]
async fn d18_a_resolver_that_few_lists_refuse_is_fit_but_for_these() {
    for (refusals, silent, expected) in [
        (&[][..], 0, Fitness::Fit),
        (&[QUOTA], 0, Fitness::FitButFor { lists: 1 }),
        (&[PUBLIC], 1, Fitness::FitButFor { lists: 2 }),
        (&[], 2, Fitness::FitButFor { lists: 2 }),
        (&[QUOTA, PUBLIC], 0, Fitness::FitButFor { lists: 2 }),
        // Of those that do not refuse it half give no answer.
        (&[QUOTA], 2, Fitness::Unknown),
        (&[], 3, Fitness::Unknown),
        (&[], 5, Fitness::Unknown),
        (&[QUOTA, PUBLIC, QUOTA], 0, Fitness::Unfit),
        (&[QUOTA], 4, Fitness::Unfit),
        (&[PUBLIC; 5], 0, Fitness::Unfit),
    ] {
        let doctor = doctor(refusals, silent).await;
        let about = format!("{refusals:?}, {silent} silent: {doctor}");
        assert_eq!(doctor.fitness(), expected, "{about}");
        let wanting = doctor.wanting().len();
        assert_eq!(wanting, refusals.len() + silent, "{about}");
    }
    let words = [
        (Fitness::FitButFor { lists: 1 }, "fit, but for 1 list"),
        (Fitness::FitButFor { lists: 2 }, "fit, but for 2 lists"),
    ];
    for (fitness, text) in words {
        assert_eq!(fitness.to_string(), text);
    }
}

fn told(measures: &[Measure]) -> Vec<String> {
    measures.iter().map(ToString::to_string).collect()
}

#[tokio::test]
async fn what_helps_with_several_lists_is_told_once_and_first() {
    let doctor = doctor(&[QUOTA, PUBLIC, PUBLIC], 1).await;
    assert_eq!(
        told(&doctor.measures()),
        [
            "ask through a recursive resolver of your own (for b.test, c.test)",
            "ask less, and wait for the next day (for a.test)",
            "look again later (for d.test)",
        ]
    );
    let one = doctor.measures().remove(0);
    assert_eq!((one.first_for.len(), one.otherwise_for.len()), (2, 0));
}

#[tokio::test]
async fn a_list_of_two_kinds_is_named_once_and_what_comes_second_for_it_is_told_as_that() {
    let both = r#"ipv6 = { positive = ["::ffff:127.0.0.2"], negative = ["::ffff:127.0.0.1"] }"#;
    // b.test lacks its entries.
    let lists = [("a.test", both), ("b.test", both), ("c.test", "")];
    let zones = answers("a.test", "127.255.255.250") + &works("c.test");
    let measures = examine(&lists, &zones, &[]).await.measures();
    assert_eq!(
        told(&measures),
        [
            "ask through a recursive resolver of your own (for a.test)",
            "see whether the resolver is the cause (for b.test)",
            "ask less, and wait for the next day (for a.test)",
            "leave the list out until it works (for b.test)",
        ]
    );
    let first: Vec<usize> = measures.iter().map(|it| it.first_for.len()).collect();
    assert_eq!(first, [1, 1, 0, 0]);
}

#[tokio::test]
async fn nothing_is_to_be_done_where_all_is_well() {
    assert_eq!(doctor(&[], 0).await.measures(), []);
}

/// A list's kinds of subject have more controls, or fewer.
#[tokio::test]
async fn d20_of_a_limit_that_is_too_small_the_number_that_is_enough_for_all_is_told_once() {
    let domains = r#"domain = { positive = ["test"] }"#;
    let lists = catalogue(&[("a.test", domains), ("b.test", "")]);
    let dns = StaticLookup::from_zone_text(&works("a.test")).expect("zone text");
    let checker = Checker::new(dns, lists, 7).with_daily_limit(1);
    let measures = checker.examine(NOW).await.measures();
    assert_eq!(
        told(&measures),
        ["allow 4 questions a day or more, if the list does, or leave it out (for a.test, b.test)"]
    );
}
