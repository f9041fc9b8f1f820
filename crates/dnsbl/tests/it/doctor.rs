//! Which lists serve a resolver.

mod measures;
mod resolver;
mod what_to_do;

use std::sync::atomic::{AtomicBool, Ordering};

use dnsbl::{Advice, Checker, Condition, Doctor, KeyState, Keys, Kind, ResolverVerdict, Spending};
use mail_dns::{
    Answer, DomainName, Lookup, LookupError, LookupErrorKind, RecordType, StaticLookup,
};

use crate::lists::catalogue;

const NOW: i64 = 1_795_000_000;
const KEY: &str = "s3cr3tk3ys3cr3tk3y";

fn works(zone: &str) -> String {
    format!("2.0.0.127.{zone}. 60 IN A 127.0.0.2\n")
}

/// Answers every control with one address.
fn answers(zone: &str, address: &str) -> String {
    format!("*.{zone}. 60 IN A {address}\n")
}

async fn examine(lists: &[(&str, &str)], zones: &str, failing: &[&str]) -> Doctor {
    examine_with(Keys::default(), lists, zones, failing).await
}

async fn examine_with(keys: Keys, lists: &[(&str, &str)], zones: &str, failing: &[&str]) -> Doctor {
    let failing: Vec<_> = failing
        .iter()
        .map(|name| (*name, LookupErrorKind::Timeout))
        .collect();
    let checker = Checker::new(world(zones, &failing), catalogue(lists), 7).with_keys(keys);
    checker.with_path("here").examine(NOW).await
}

/// What is in `zones`, save that what is below the names given fails.
fn world(zones: &str, failing: &[(&str, LookupErrorKind)]) -> StaticLookup {
    let dns = StaticLookup::from_zone_text(zones).expect("zone text");
    let fail = |dns: StaticLookup, (name, kind): &(&str, LookupErrorKind)| {
        dns.with_failure(name.parse().expect("a name"), *kind)
    };
    failing.iter().fold(dns, fail)
}

/// What a resolver shows over which the names below those given fail.
async fn examine_failing(
    lists: &[(&str, &str)],
    zones: &str,
    failing: &[(&str, LookupErrorKind)],
) -> Doctor {
    let checker = Checker::new(world(zones, failing), catalogue(lists), 7);
    checker.with_path("here").examine(NOW).await
}

#[track_caller]
fn check(doctor: &Doctor, conditions: &[&str], verdict: &str) {
    let found: Vec<_> = doctor
        .examinations
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(found, conditions);
    assert_eq!(doctor.to_string(), format!("resolver path here: {verdict}"));
}

#[tokio::test]
async fn a_resolver_that_every_list_serves_is_told_so() {
    let zones = works("a.example") + &works("b.example");
    let doctor = examine(&[("a.example", ""), ("b.example", "")], &zones, &[]).await;
    check(
        &doctor,
        &[
            "a.example (ipv4): serves this resolver",
            "b.example (ipv4): serves this resolver",
        ],
        "served by all 2 lists that were asked",
    );
    assert!(doctor.examinations.iter().all(|it| it.advice.is_empty()));
}

#[tokio::test]
async fn d18_a_resolver_is_called_public_by_the_word_of_lists_alone() {
    let lists = [
        (
            "a.example",
            "terms = { registration = \"https://a.example/register\" }",
        ),
        (
            "b.example",
            "codes = [{ code = \"127.0.0.1\", meaning = \"over quota\", effect = \"refused\" }]",
        ),
        ("c.example", ""),
        (
            "dq.example",
            "replaces = \"a.example\"\nterms = { key = \"a-key\", registration = \"https://a.example/key\" }",
        ),
    ];
    let zones = answers("a.example", "127.255.255.254")
        + &answers("b.example", "127.0.0.1")
        + &works("c.example")
        + "*.a.example. 60 IN TXT \"Open resolver; see https://a.example/?ip=198.51.100.53\"\n";
    let doctor = examine(&lists, &zones, &[]).await;
    check(
        &doctor,
        &[
            "a.example (ipv4): refuses this resolver: 127.255.255.254 (the resolver is public or cannot be attributed)",
            "b.example (ipv4): refuses this resolver: 127.0.0.1 (over quota)",
            "c.example (ipv4): serves this resolver",
            "dq.example (ipv4): needs a key, and none was given",
        ],
        "refused by 2 of 3 lists, and served by 1; by the word of 1 it is public, shared, or cannot be attributed",
    );
    let advice = |index: usize| doctor.examinations[index].advice.clone();
    let page = |text: &str| Some(text.to_owned());
    let name = "a-key".to_owned();
    assert_eq!(
        advice(0),
        [
            Advice::OwnResolver,
            Advice::Register {
                page: page("https://a.example/register")
            },
            Advice::GetKey {
                name: name.clone(),
                page: page("https://a.example/key")
            },
        ]
    );
    assert_eq!(
        advice(1),
        [Advice::OwnResolver, Advice::WaitForNextDay { at: None }]
    );
    assert_eq!(
        advice(3),
        [Advice::GetKey {
            name,
            page: page("https://a.example/key")
        }]
    );

    let [egress] = &doctor.egress()[..] else {
        panic!("expected one address, found {:?}", doctor.egress());
    };
    assert_eq!(egress.address.to_string(), "198.51.100.53");
    assert_eq!(egress.told_by, ["a.example".parse().expect("a name")]);

    // Without that word nothing is said of what the resolver is.
    let doctor = examine(&lists[1..3], &zones, &[]).await;
    assert_eq!(
        doctor.verdict().to_string(),
        "refused by 1 of 2 lists, and served by 1"
    );
}

#[tokio::test]
async fn d20_a_list_with_too_many_questions_is_left_alone_until_the_day_is_over() {
    let zones = answers("a.example", "127.255.255.255");
    let doctor = examine(&[("a.example", "")], &zones, &[]).await;
    assert_eq!(
        doctor.examinations[0].advice,
        [Advice::WaitForNextDay { at: None }]
    );

    // The controls are three questions, and one of this day is left.
    let terms = [("a.example", "terms = { daily_queries = 4 }")];
    let zone = "a.example".parse().expect("a name");
    let doctor = Checker::new(world(&works("a.example"), &[]), catalogue(&terms), 7)
        .with_spending(&[Spending::new(zone, 20_775, 3)])
        .examine(NOW)
        .await;
    let midnight = 20_776 * 24 * 60 * 60;
    assert_eq!(
        doctor.examinations[0].advice,
        [Advice::WaitForNextDay { at: Some(midnight) }]
    );
    assert_eq!(doctor.verdict(), ResolverVerdict::Unknown);

    // No day is long enough.
    let terms = "terms = { daily_queries = 3 }";
    let doctor = examine(&[("a.example", terms)], &works("a.example"), &[]).await;
    assert_eq!(
        doctor.examinations[0].advice,
        [Advice::RaiseLimit { needed: 4 }]
    );
    assert_eq!(doctor.verdict(), ResolverVerdict::Unknown);
}

#[tokio::test]
async fn d02_one_parked_list_is_the_list_and_two_on_one_address_are_the_resolver() {
    let lists = [("bl.a.example", ""), ("bl.b.test", ""), ("c.example", "")];
    let parked = answers("bl.a.example", "203.0.113.7");
    let doctor = examine(&lists, &(parked.clone() + &works("bl.b.test")), &[]).await;
    assert_eq!(
        doctor.verdict(),
        ResolverVerdict::ServedByFew { by: 1, of: 3 }
    );

    let both = parked.clone() + &answers("bl.b.test", "203.0.113.7") + &works("c.example");
    let doctor = examine(&lists, &both, &[]).await;
    let address = "203.0.113.7".parse().expect("an address");
    assert_eq!(doctor.verdict(), ResolverVerdict::Rewrites(vec![address]));
    assert_eq!(doctor.examinations[0].advice[0], Advice::LookAtResolver);

    // Two lists of one operator are parked together.
    let lists = [("x.a.example", ""), ("y.a.example", ""), ("bl.b.test", "")];
    let zones = answers("x.a.example", "203.0.113.7") + &answers("y.a.example", "203.0.113.7");
    let doctor = examine(&lists, &(zones + &works("bl.b.test")), &[]).await;
    assert_eq!(
        doctor.verdict(),
        ResolverVerdict::ServedByFew { by: 1, of: 3 }
    );
}

#[tokio::test]
async fn d19_keys_are_tested_and_never_shown() {
    let lists = [
        ("dq.example", "terms = { key = \"a-key\" }"),
        ("dz.example", "terms = { key = \"a-key\" }"),
        ("other.test", "terms = { key = \"b-key\" }"),
        ("free.test", ""),
    ];
    let keys = || Keys::default().with("a-key", KEY.parse().expect("a key"));
    let good = works(&format!("{KEY}.dq.example"));
    let wrong =
        answers("dq.example", "127.255.255.250") + &answers("dz.example", "127.255.255.250");
    // The operator's words have the key in them.
    let wrong = format!("{wrong}*.dq.example. 60 IN TXT \"{KEY} is not valid\"\n");
    let denied = "x.example. 60 IN A 192.0.2.1\n".to_owned();
    let failing = format!("{KEY}.dq.example");
    let spent = answers("dq.example", "127.255.255.255");
    let free = works("free.test");
    let cases = [
        (good, vec![], KeyState::Accepted),
        (wrong + &free, vec![], KeyState::NotAccepted),
        (denied.clone() + &free, vec![], KeyState::NotAccepted),
        // A resolver that denies everything says nothing of the key, nor does a list that was asked too much.
        (denied.clone(), vec![], KeyState::Unknown),
        (spent + &free, vec![], KeyState::Unknown),
        (denied + &free, vec![failing.as_str()], KeyState::Unknown),
    ];
    for (zones, failing, state) in cases {
        let doctor = examine_with(keys(), &lists, &zones, &failing).await;
        let tests = doctor.keys();
        assert_eq!(tests[0].state, state, "{doctor:?}");
        assert_eq!(tests[0].name, "a-key");
        assert_eq!(tests[0].lists.len(), 2);
        assert_eq!(tests[1].state, KeyState::Missing);
        let json = stored(&doctor);
        let told: String = doctor
            .examinations
            .iter()
            .flat_map(|it| &it.advice)
            .map(|it| format!("{it}\n"))
            .collect();
        for text in [
            format!("{doctor:?}"),
            json,
            doctor.to_string(),
            told,
            format!("{tests:?}"),
        ] {
            assert!(!text.to_ascii_lowercase().contains(KEY), "{text}");
        }
        if state == KeyState::NotAccepted {
            let advice = &doctor.examinations[0].advice;
            assert_eq!(
                advice[0],
                Advice::CheckKey {
                    name: "a-key".to_owned()
                }
            );
        }
    }
}

/// A list that lists everything until it is mended.
struct Mended {
    before: StaticLookup,
    after: StaticLookup,
    is_mended: AtomicBool,
}

impl Lookup for Mended {
    async fn lookup(
        &self,
        name: &DomainName,
        record_type: RecordType,
    ) -> Result<Answer, LookupError> {
        match self.is_mended.load(Ordering::Relaxed) {
            false => self.before.lookup(name, record_type).await,
            true => self.after.lookup(name, record_type).await,
        }
    }
}

#[tokio::test]
async fn d22_a_list_that_was_mended_is_waited_for_while_caches_may_have_its_lies() {
    let zone = |text: &str| StaticLookup::from_zone_text(text).expect("zone text");
    let dns = Mended {
        before: zone("*.a.example. 3600 IN A 127.0.0.2\n"),
        after: zone(&works("a.example")),
        is_mended: AtomicBool::new(false),
    };
    let checker = Checker::new(&dns, catalogue(&[("a.example", "")]), 7);
    let condition = async |now| checker.examine(now).await.examinations.remove(0).condition;
    let broken = condition(NOW).await;
    assert!(matches!(broken, Condition::Broken(_)), "{broken}");
    dns.is_mended.store(true, Ordering::Relaxed);
    let waiting = condition(NOW + 120).await;
    assert!(matches!(waiting, Condition::Quarantined(_)), "{waiting}");
    let doctor = checker.examine(NOW + 120).await;
    assert_eq!(doctor.verdict(), ResolverVerdict::Unknown, "{doctor}");
    // A cache may have asked just before the list was seen to be mended.
    let waiting = condition(NOW + 3601).await;
    assert!(matches!(waiting, Condition::Quarantined(_)), "{waiting}");
    assert_eq!(condition(NOW + 120 + 3600).await, Condition::Healthy);
}

#[tokio::test]
async fn each_kind_of_subject_is_examined_by_itself() {
    let more = "domain = { positive = [\"test\"], negative = [\"invalid\"] }";
    let doctor = examine(&[("a.example", more)], &works("a.example"), &[]).await;
    let kinds: Vec<_> = doctor.examinations.iter().map(|it| it.kind).collect();
    assert_eq!(kinds, [Kind::Ipv4, Kind::Domain]);
    assert_eq!(doctor.examinations[0].condition, Condition::Healthy);
    assert!(matches!(
        doctor.examinations[1].condition,
        Condition::Broken(_)
    ));
    assert_eq!(doctor.asked().len(), 1, "it is one list");
    #[cfg(feature = "serde")]
    assert_eq!(
        serde_json::from_str::<Doctor>(&stored(&doctor)).expect("a doctor"),
        doctor
    );
}

#[tokio::test]
async fn d02_two_lists_parked_at_one_place_say_nothing_of_a_resolver_over_which_others_work() {
    let lists = [
        ("bl.one.test", ""),
        ("bl.two.test", ""),
        ("bl.three.test", ""),
    ];
    let zones = works("bl.one.test")
        + &answers("bl.two.test", "199.59.243.228")
        + &answers("bl.three.test", "199.59.243.228");
    let doctor = examine(&lists, &zones, &[]).await;
    assert_eq!(
        doctor.verdict(),
        ResolverVerdict::ServedByFew { by: 1, of: 3 }
    );
}

#[tokio::test]
async fn d02_two_lists_parked_at_one_place_are_no_proof_of_a_resolver_that_rewrites() {
    let zones = ["bl.one.test", "bl.two.test", "bl.three.test"];
    let lists = zones.map(|zone| (zone, ""));
    let parked = zones.map(|zone| answers(zone, "199.59.243.228")).concat();
    let doctor = examine(&lists[..2], &parked, &[]).await;
    assert_eq!(doctor.verdict(), ResolverVerdict::Unknown);
    let doctor = examine(&lists, &parked, &[]).await;
    let address = "199.59.243.228".parse().expect("an address");
    assert_eq!(doctor.verdict(), ResolverVerdict::Rewrites(vec![address]));
    // Nothing is parked at an address that no host has.
    let filtered = zones.map(|zone| answers(zone, "0.0.0.0")).concat();
    let doctor = examine(&lists[..2], &filtered, &[]).await;
    let address = "0.0.0.0".parse().expect("an address");
    assert_eq!(doctor.verdict(), ResolverVerdict::Rewrites(vec![address]));
}

/// The form in which it is stored, where there is one.
fn stored(doctor: &Doctor) -> String {
    #[cfg(feature = "serde")]
    return serde_json::to_string(doctor).expect("JSON");
    #[cfg(not(feature = "serde"))]
    format!("{doctor:?}")
}
