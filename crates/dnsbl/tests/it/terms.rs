//! Keys, lists that stand in for others, budgets, and what a checker takes over from an earlier one.

use dnsbl::{
    Catalogue, Cause, Checker, HealthState, Keys, ListAnswer, MemoryPolicy, NotAsked, Subject,
    Verdict,
};
use mail_dns::{Answer, DomainName, Lookup, LookupError, RecordType, StaticLookup};

use crate::lists::catalogue;

const NOW: i64 = 1_795_000_000;

/// A list for everybody, and one with a key that stands in for it, about IPv4 addresses alone.
fn lists() -> Catalogue {
    let six = r#"ipv6 = { positive = ["::ffff:127.0.0.2"], negative = ["::ffff:127.0.0.1"] }"#;
    let instead = "replaces = \"free.test\"\nterms = { key = \"paid\" }";
    catalogue(&[("free.test", six), ("paid.test", instead)])
}

const ZONES: &str = "2.0.0.127.free.test. 300 IN A 127.0.0.2\n\
     2.0.0.0.0.0.f.7.f.f.f.f.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.free.test. 300 IN A 127.0.0.2\n\
     2.0.0.127.key1234567.paid.test. 300 IN A 127.0.0.2\n\
     1.1.1.9.key1234567.paid.test. 300 IN A 127.0.0.2\n";

fn checker() -> Checker<StaticLookup> {
    let dns = StaticLookup::from_zone_text(ZONES).expect("zone text");
    Checker::new(dns, lists(), 7)
}

fn keys() -> Keys {
    Keys::default().with("paid", "key1234567".parse().expect("a key"))
}

fn subject(text: &str) -> Subject {
    Subject::Address(text.parse().expect("an address"))
}

async fn ask(checker: &Checker<StaticLookup>, text: &str) -> [ListAnswer; 2] {
    let answers = checker.check_all(&subject(text), NOW).await;
    answers.try_into().expect("two lists")
}

#[track_caller]
fn check_not_asked(answer: &ListAnswer, expected: NotAsked) {
    let Verdict::Unknown(Cause::NotAsked(why)) = &answer.verdict else {
        panic!("{answer}")
    };
    assert_eq!(*why, expected);
}

#[tokio::test]
async fn d18_a_list_that_needs_a_key_is_not_asked_without_and_stands_in_for_the_other_with() {
    let [free, paid] = ask(&checker(), "9.1.1.1").await;
    assert!(matches!(free.verdict, Verdict::NotListed(_)), "{free}");
    check_not_asked(&paid, NotAsked::KeyMissing);

    let [free, paid] = ask(&checker().with_keys(keys()), "9.1.1.1").await;
    check_not_asked(&free, NotAsked::Replaced);
    assert!(paid.is_listing(), "{paid}");
    assert!(!format!("{paid} {paid:?}").contains("key1234567"));
}

#[tokio::test]
async fn a_list_is_asked_about_what_the_one_in_its_place_does_not_answer_for() {
    let [free, paid] = ask(&checker().with_keys(keys()), "2620:fe::fe").await;
    assert!(matches!(free.verdict, Verdict::NotListed(_)), "{free}");
    assert_eq!(paid.verdict, Verdict::NotApplicable);
}

/// Has all answers in its cache.
struct Cached(StaticLookup);

impl Lookup for Cached {
    async fn lookup(
        &self,
        name: &DomainName,
        record_type: RecordType,
    ) -> Result<Answer, LookupError> {
        let mut answer = self.0.lookup(name, record_type).await?;
        answer.source.cached = true;
        Ok(answer)
    }
}

#[tokio::test]
async fn d20_what_is_in_the_cache_is_not_counted_be_it_words_of_an_entry_or_of_a_refusal() {
    for zones in [
        "2.0.0.127.free.test. 300 IN A 127.0.0.2\n1.1.1.9.free.test. 300 IN A 127.0.0.2\n\
         1.1.1.9.free.test. 300 IN TXT \"an entry\"",
        "*.free.test. 300 IN A 127.255.255.254\n*.free.test. 300 IN TXT \"a refusal\"",
    ] {
        let dns = Cached(StaticLookup::from_zone_text(zones).expect("zone text"));
        let checker = Checker::new(dns, catalogue(&[("free.test", "")]), 7);
        let told = checker.check_all(&subject("9.1.1.1"), NOW).await;
        assert!(
            matches!(told[0].verdict, Verdict::Listed(_) | Verdict::Refused(_)),
            "{}",
            told[0]
        );
        assert_eq!(checker.spending(NOW)[0].questions, 0, "{}", told[0]);
    }
}

#[tokio::test]
async fn d20_the_order_in_which_a_checker_is_built_does_not_forget_what_was_spent() {
    let spent = checker();
    ask(&spent, "9.1.1.1").await;
    let spent = spent.spending(NOW);
    assert!(spent[0].questions >= 4, "{spent:?}");
    for checker in [
        checker().with_daily_limit(4).with_spending(&spent),
        checker().with_spending(&spent).with_daily_limit(4),
    ] {
        let [free, _] = ask(&checker, "9.1.1.1").await;
        let until = NOW - NOW % 86_400 + 86_400;
        check_not_asked(&free, NotAsked::BudgetSpent { limit: 4, until });
    }
}

#[tokio::test]
async fn d12_dnswl_answers_whom_it_serves_and_is_seen_through_by_whom_it_turns_away() {
    let ask = async |zones: &str, of: &str| {
        let zone = "list.dnswl.org".parse().expect("a name");
        let builtin = Catalogue::builtin().expect("sound");
        let catalogue = builtin.only_zones(&[zone]).expect("it is there");
        let dns = StaticLookup::from_zone_text(zones).expect("zone text");
        let checker = Checker::new(dns, catalogue, 7);
        checker.check_all(&subject(of), NOW).await.remove(0)
    };
    let served = "2.0.0.127.list.dnswl.org. 300 IN A 127.0.10.0\n\
         1.1.1.9.list.dnswl.org. 300 IN A 127.0.5.2\n";
    let answer = ask(served, "9.1.1.1").await;
    assert!(matches!(answer.verdict, Verdict::Allowed(_)), "{answer}");
    let answer = ask(served, "9.1.1.2").await;
    assert!(matches!(answer.verdict, Verdict::NotListed(_)), "{answer}");
    for lie in ["127.0.10.3", "127.0.0.255"] {
        let turned_away = format!("*.list.dnswl.org. 300 IN A {lie}\n");
        let answer = ask(&turned_away, "9.1.1.1").await;
        assert!(matches!(answer.verdict, Verdict::Refused(_)), "{answer}");
    }
}

#[tokio::test]
async fn d24_a_memory_knows_a_mapped_address_as_what_it_is() {
    let checker = checker().with_memory(MemoryPolicy::default());
    let [first, _] = ask(&checker, "9.1.1.1").await;
    assert!(!first.remembered);
    let [again, _] = ask(&checker, "::ffff:9.1.1.1").await;
    assert!(again.remembered, "{again}");
}

#[tokio::test]
async fn d27_a_host_is_not_clean_on_a_builtin_list_that_has_its_domain() {
    let builtin = Catalogue::builtin().expect("sound");
    let of_domains = builtin
        .lists()
        .iter()
        .filter(|list| list.controls(dnsbl::Kind::Domain).is_some());
    for list in
        of_domains.filter(|list| list.stance != dnsbl::Stance::Allow && list.terms.key.is_none())
    {
        // The full name of a host is what these are documented to be asked for: they have wildcards.
        if ["dbl.spamhaus.org", "multi.surbl.org"].contains(&list.zone.to_string().as_str()) {
            continue;
        }
        let zone = &list.zone;
        let mut zones = format!("bad.example.{zone}. 300 IN A 127.0.0.2\n");
        for entry in &list
            .controls(dnsbl::Kind::Domain)
            .expect("controls")
            .positive
        {
            zones += &format!("{entry}. 300 IN A 127.0.0.2\n");
        }
        let dns = StaticLookup::from_zone_text(&zones).expect("zone text");
        let one = builtin
            .clone()
            .only_zones(std::slice::from_ref(zone))
            .expect("it is there");
        let host = Subject::Domain("mail.bad.example".parse().expect("a name"));
        let answer = Checker::new(dns, one, 7)
            .check_all(&host, NOW)
            .await
            .remove(0);
        assert!(answer.entry().is_some(), "{answer}");
    }
}

#[tokio::test]
async fn what_was_seen_of_the_lists_is_taken_over() {
    let first = checker();
    ask(&first, "9.1.1.1").await;
    let seen = first.health(NOW);
    assert_eq!(seen.len(), 3, "two kinds and one");
    assert_eq!(seen[0].state, HealthState::Healthy);
    assert_eq!(seen[1].state, HealthState::Untested);

    let second = checker().with_health(&seen);
    assert_eq!(second.health(NOW), seen);
    ask(&second, "9.1.1.1").await;
    assert_eq!(
        second.spending(NOW)[0].questions,
        1,
        "the controls still hold"
    );
}
