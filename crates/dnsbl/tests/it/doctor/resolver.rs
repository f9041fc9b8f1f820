//! What the lists together say of a resolver.

use super::*;

/// An address at the name by which a resolver is compared.
const ELSEWHERE: &str = "example.com. 60 IN A 192.0.2.1\n";

/// Lists of so many operators.
fn zones(count: usize) -> Vec<String> {
    (1..=count)
        .map(|n| format!("bl.operator{n}.test"))
        .collect()
}

fn lists(zones: &[String]) -> Vec<(&str, &str)> {
    zones.iter().map(|zone| (zone.as_str(), "")).collect()
}

#[track_caller]
fn check_verdict(doctor: &Doctor, verdict: ResolverVerdict, text: &str) {
    assert_eq!(doctor.verdict(), verdict);
    assert_eq!(doctor.verdict().to_string(), text);
}

#[tokio::test]
async fn d18_a_resolver_that_refuses_everything_is_not_called_refused_by_lists() {
    let zones = zones(2);
    let refused = [(".", LookupErrorKind::Refused)];
    let doctor = examine_failing(&lists(&zones), ELSEWHERE, &refused).await;
    check_verdict(
        &doctor,
        ResolverVerdict::RefusesAll { lists: 2 },
        "it refuses whatever it is asked from here, what is no list's too; of 2 lists nothing is known",
    );
    assert!(doctor.refusing().is_empty(), "no list was reached");
    let questions: Vec<_> = doctor
        .comparisons
        .iter()
        .map(|it| it.question.to_string())
        .collect();
    assert_eq!(questions, [". NS", "example.com A"]);
    for it in &doctor.examinations {
        assert!(matches!(it.condition, Condition::Unclear(_)), "{it}");
        assert_eq!(it.advice, [Advice::AllowHost, Advice::OwnResolver]);
    }
    #[cfg(feature = "serde")]
    assert_eq!(
        serde_json::from_str::<Doctor>(&stored(&doctor)).expect("a doctor"),
        doctor
    );
}

#[tokio::test]
async fn d18_lists_that_are_refused_over_a_resolver_that_answers_else_are_told_as_refusing() {
    let zones = zones(2);
    let refused = zones
        .iter()
        .map(|zone| (zone.as_str(), LookupErrorKind::Refused));
    let refused: Vec<_> = refused.collect();
    let doctor = examine_failing(&lists(&zones), ELSEWHERE, &refused).await;
    check_verdict(
        &doctor,
        ResolverVerdict::Refused {
            by: 2,
            served: 0,
            of: 2,
            as_public: 0,
        },
        "refused by 2 of 2 lists, and served by none",
    );
    let advice = [Advice::LookAtResolver, Advice::OwnResolver];
    assert_eq!(doctor.examinations[0].advice, advice);
    // Nothing is asked beside the lists if one of them serves the resolver.
    let doctor = examine_failing(&lists(&zones), &works(&zones[1]), &refused[..1]).await;
    assert!(doctor.comparisons.is_empty());
    assert_eq!(doctor.refusing().len(), 1);
}

#[tokio::test]
async fn d13_a_resolver_that_denies_what_three_operators_have_hides_it() {
    let zones = zones(5);
    for count in 1..=5 {
        let doctor = examine(&lists(&zones[..count]), ELSEWHERE, &[]).await;
        let verdict = match count {
            1 | 2 => ResolverVerdict::MayHide { lists: count },
            _ => ResolverVerdict::Hides { lists: count },
        };
        assert_eq!(doctor.verdict(), verdict);
        assert_eq!(doctor.serving().len(), 0);
    }
    // Lists of one operator die together.
    let own = [("a.one.test", ""), ("b.one.test", ""), ("c.one.test", "")];
    let doctor = examine(&own, ELSEWHERE, &[]).await;
    check_verdict(
        &doctor,
        ResolverVerdict::MayHide { lists: 3 },
        "it hides lists, or they are dead: 3 lists without the test entries that belong to them, and none answers as it should",
    );
    // Of most that were asked nothing is known.
    let silent: Vec<&str> = zones[..3].iter().map(String::as_str).collect();
    let seven = self::zones(7);
    let doctor = examine(&lists(&seven), ELSEWHERE, &silent).await;
    assert_eq!(doctor.verdict(), ResolverVerdict::Hides { lists: 4 });
    let doctor = examine(&lists(&seven[..6]), ELSEWHERE, &silent).await;
    assert_eq!(doctor.verdict(), ResolverVerdict::MayHide { lists: 3 });
    // One list that works over it shows that the others are dead.
    let doctor = examine(&lists(&zones), &works(&zones[4]), &[]).await;
    assert_eq!(
        doctor.verdict(),
        ResolverVerdict::ServedByFew { by: 1, of: 5 }
    );
}

#[tokio::test]
async fn d13_lists_that_prove_nothing_are_not_counted_against_it() {
    // Without the right key a list has no entries.
    let keyed = "terms = { key = \"a-key\" }";
    let zones = zones(7);
    let more = |index: usize| if index < 3 { "" } else { keyed };
    let lists = zones.iter().enumerate();
    let lists: Vec<_> = lists
        .map(|(index, zone)| (zone.as_str(), more(index)))
        .collect();
    let keys = Keys::default().with("a-key", KEY.parse().expect("a key"));
    let doctor = examine_with(keys, &lists, ELSEWHERE, &[]).await;
    assert_eq!(doctor.verdict(), ResolverVerdict::Hides { lists: 3 });

    // The last four may have no test entries.
    let zones = [
        "bl.spamcop.net",
        "psbl.surriel.com",
        "truncate.gbudb.net",
        "bl.mailspike.net",
        "all.s5h.net",
        "multi.surbl.org",
        "multi.uribl.com",
    ];
    let zones = zones.map(|zone| zone.parse().expect("a name"));
    let catalogue = dnsbl::Catalogue::builtin().expect("a catalogue");
    let catalogue = catalogue.only_zones(&zones).expect("lists");
    let checker = Checker::new(world(ELSEWHERE, &[]), catalogue, 7);
    let doctor = checker.examine(NOW).await;
    let last = doctor.examinations.last().expect("one");
    let unverified = last.condition.to_string();
    assert!(unverified.contains("may not exist"), "{unverified}");
    assert_eq!(doctor.verdict(), ResolverVerdict::Hides { lists: 3 });
}

#[tokio::test]
async fn d19_wrong_keys_are_not_taken_for_a_resolver_that_hides_lists() {
    let keyed = "terms = { key = \"a-key\" }";
    let zones = zones(4);
    let lists: Vec<_> = zones.iter().map(|zone| (zone.as_str(), keyed)).collect();
    let keys = Keys::default().with("a-key", KEY.parse().expect("a key"));
    let doctor = examine_with(keys, &lists, ELSEWHERE, &[]).await;
    assert_eq!(doctor.asked().len(), 4);
    assert_eq!(doctor.verdict(), ResolverVerdict::Unknown);
}

#[tokio::test]
async fn a_resolver_over_which_few_lists_work_is_not_called_served() {
    let zones = zones(11);
    let working = |count: usize| zones[..count].iter().map(|zone| works(zone));
    for count in 1..=11 {
        let text: String = working(count).collect();
        let doctor = examine(&lists(&zones), &text, &[]).await;
        let (by, of) = (count, 11);
        let verdict = match count {
            1..=5 => ResolverVerdict::ServedByFew { by, of },
            _ => ResolverVerdict::Served { by, of },
        };
        assert_eq!(doctor.verdict(), verdict);
    }
    let text: String = working(1).collect();
    let doctor = examine(&lists(&zones), &text, &[]).await;
    assert_eq!(
        doctor.to_string(),
        "resolver path here: served by no more than 1 of 11 lists, and refused by none"
    );
}

#[tokio::test]
async fn d01_no_answer_is_neither_a_refusal_nor_a_dead_list() {
    let zones = zones(2);
    let silent = |name| (name, LookupErrorKind::Timeout);
    let doctor = examine_failing(&lists(&zones), ELSEWHERE, &[silent(".")]).await;
    check_verdict(
        &doctor,
        ResolverVerdict::Unanswered {
            lists: 2,
            answers_others: false,
        },
        "no answer came through it, of 2 lists",
    );
    assert!(doctor.refusing().is_empty());
    let doctor = examine_failing(&lists(&zones), ELSEWHERE, &[silent("test")]).await;
    check_verdict(
        &doctor,
        ResolverVerdict::Unanswered {
            lists: 2,
            answers_others: true,
        },
        "no answer came through it, of 2 lists, though it answers what is no list's",
    );
    // One list that is silent among others is that list.
    let doctor = examine(&lists(&zones), &works(&zones[1]), &[zones[0].as_str()]).await;
    assert!(doctor.comparisons.is_empty());
}
