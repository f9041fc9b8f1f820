mod domains;

use std::future::Future as _;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Waker};

use futures_util::future::join_all;
use mail_dns::{Answer, LookupError, LookupErrorKind, RecordType, StaticLookup};

use super::*;
use crate::control::{random_name, round_nonce};
use crate::{Fault, ListText, MAX_TEXTS, Refusal, Stance, Unsettled, independent};

const NOW: i64 = 1_795_000_000;

const NONCE: u64 = 7;
const SUBJECT: &str = "9.1.1.1";

/// Counts the questions, and the most of them in flight at once.
#[derive(Debug, Default)]
struct Counted {
    zone: StaticLookup,
    questions: AtomicUsize,
    texts: AtomicUsize,
    in_flight: AtomicUsize,
    most: AtomicUsize,
}

impl Lookup for Counted {
    async fn lookup(&self, name: &DomainName, kind: RecordType) -> Result<Answer, LookupError> {
        let count = if kind == RecordType::TXT {
            &self.texts
        } else {
            &self.questions
        };
        count.fetch_add(1, Ordering::Relaxed);
        let in_flight = 1 + self.in_flight.fetch_add(1, Ordering::Relaxed);
        self.most.fetch_max(in_flight, Ordering::Relaxed);
        tokio::task::yield_now().await;
        let answer = self.zone.lookup(name, kind).await;
        self.in_flight.fetch_sub(1, Ordering::Relaxed);
        answer
    }
}

const FULL_CONTROLS: &str = "ipv4 = { positive = [\"127.0.0.2\"], negative = [\"127.0.0.1\"] }";

fn list_text(zone: &str, role: &str, rest: &str) -> String {
    format!(
        "[[list]]\nzone = \"{zone}\"\nname = \"Test\"\nstance = \"{role}\"\ntier = \"minor\"\nstatus = \"tested\"\n\
         as_of = \"2026-11\"\nsource = \"here\"\n{rest}\n"
    )
}

/// A blocklist of IPv4 addresses with these controls.
fn with_controls(controls: &str) -> String {
    list_text("bl.test", "block", &format!("ipv4 = {{ {controls} }}"))
}

fn zone(text: &str) -> StaticLookup {
    StaticLookup::from_zone_text(text).expect("zone text")
}

fn name(text: &str) -> DomainName {
    text.parse().expect("a name")
}

fn subject(text: &str) -> Subject {
    Subject::Address(text.parse().expect("an address"))
}

fn domain(text: &str) -> Subject {
    Subject::Domain(name(text))
}

/// The answer of one list over `dns`.
async fn ask_list(list: &str, dns: impl Lookup, subject: &Subject) -> ListAnswer {
    let catalogue = Catalogue::from_toml(list).expect("sound");
    let mut answers = Checker::new(dns, catalogue, NONCE)
        .check_all(subject, NOW)
        .await;
    answers.remove(0)
}

async fn ask(dns: impl Lookup) -> ListAnswer {
    let list = list_text("bl.test", "block", FULL_CONTROLS);
    ask_list(&list, dns, &subject(SUBJECT)).await
}

const HEALTHY: &str = "2.0.0.127.bl.test. 300 IN A 127.0.0.2\n";
const LISTED: &str = "1.1.1.9.bl.test. 300 IN A 127.0.0.4\n";

fn healthy(more: &str) -> StaticLookup {
    zone(&format!("{HEALTHY}{more}"))
}

#[tokio::test]
async fn an_entry_on_a_healthy_list_is_listed_with_its_words() {
    let dns = healthy(&format!(
        "{LISTED}1.1.1.9.bl.test. 300 IN TXT \"see \" \"https://bl.test/\"\n"
    ));
    let answer = ask(dns).await;
    let Verdict::Listed(listing) = &answer.verdict else {
        panic!("{answer}")
    };
    assert_eq!(listing.codes[0].address.to_string(), "127.0.0.4");
    assert_eq!(listing.text, [ListText::new(b"see https://bl.test/")]);
    assert_eq!((answer.ttl(), &listing.text_failure), (Some(300), &None));
    assert_eq!(answer.asked[0].name, name("1.1.1.9.bl.test"));
    assert!(answer.is_listing());
}

#[tokio::test]
async fn d01_what_is_inconclusive_is_unknown_with_its_cause() {
    let subject = name("1.1.1.9.bl.test");
    for kind in [
        LookupErrorKind::ServFail,
        LookupErrorKind::Timeout,
        LookupErrorKind::Bogus,
    ] {
        let answer = ask(healthy("").with_failure(subject.clone(), kind)).await;
        let Verdict::Unknown(Cause::Subject(Unsettled::Lookup(error))) = &answer.verdict else {
            panic!("{answer}");
        };
        assert_eq!(error.kind(), kind);
    }
    let answer = ask(healthy("1.1.1.9.bl.test. 300 IN TXT \"text only\"\n")).await;
    assert_eq!(
        answer.verdict,
        Verdict::Unknown(Cause::Subject(Unsettled::NoData))
    );
    let answer = ask(healthy("").with_failure(subject, LookupErrorKind::Refused)).await;
    assert!(
        matches!(answer.verdict, Verdict::Refused(Refusal::Rcode(_))),
        "{answer}"
    );
}

#[tokio::test]
async fn d02_a_parked_zone_is_broken() {
    let answer = ask(zone("*.bl.test. 300 IN A 203.0.113.7\n")).await;
    let parked = Fault::OutsideLoopback(vec!["203.0.113.7".parse().expect("an address")]);
    assert_eq!(answer.verdict, Verdict::Broken(parked.clone()));
    // So is one that answers so for the subject alone.
    let answer = ask(healthy("1.1.1.9.bl.test. 300 IN A 203.0.113.7\n")).await;
    assert_eq!(answer.verdict, Verdict::Broken(parked));
}

#[tokio::test]
async fn d03_127_0_0_1_for_the_subject_settles_nothing() {
    let answer = ask(healthy("1.1.1.9.bl.test. 300 IN A 127.0.0.1\n")).await;
    let Verdict::Unknown(Cause::Subject(Unsettled::Ambiguous(addresses))) = answer.verdict else {
        panic!("{answer}");
    };
    assert_eq!(addresses[0].to_string(), "127.0.0.1");
}

#[tokio::test]
async fn d04_a_list_that_refuses_everything_refuses_and_is_not_a_wildcard() {
    let dns = Counted {
        zone: zone("*.bl.test. 300 IN A 127.255.255.254\n"),
        ..Counted::default()
    };
    let answer = ask(&dns).await;
    assert!(
        matches!(answer.verdict, Verdict::Refused(Refusal::Code { .. })),
        "{answer}"
    );
    // The three controls, and then no more questions to a list that wants none.
    assert_eq!(dns.questions.load(Ordering::Relaxed), 3);
    assert!(answer.asked.is_empty());
}

#[tokio::test]
async fn d04_a_refusal_for_the_subject_alone_is_a_refusal() {
    let answer = ask(healthy("1.1.1.9.bl.test. 300 IN A 127.255.255.255\n")).await;
    assert!(matches!(answer.verdict, Verdict::Refused(_)), "{answer}");
}

#[tokio::test]
async fn d11_an_allowlist_never_lists() {
    let rule = "codes = [{ code = \"127.0.*.4\", meaning = \"vouched for\" }]\n";
    let list = list_text("bl.test", "allow", &format!("{rule}{FULL_CONTROLS}"));
    let answer = ask_list(&list, healthy(LISTED), &subject(SUBJECT)).await;
    assert!(matches!(answer.verdict, Verdict::Allowed(_)), "{answer}");
    assert!(!answer.is_listing());

    // A code that nobody explains vouches for nothing.
    let list = list_text("bl.test", "allow", FULL_CONTROLS);
    let answer = ask_list(&list, healthy(LISTED), &subject(SUBJECT)).await;
    assert!(matches!(answer.verdict, Verdict::Unknown(_)), "{answer}");

    let list = list_text("bl.test", "information", FULL_CONTROLS);
    let answer = ask_list(&list, healthy(LISTED), &subject(SUBJECT)).await;
    assert!(matches!(answer.verdict, Verdict::Listed(_)), "{answer}");
    assert!(!answer.is_listing());
}

#[tokio::test]
async fn d13_not_listed_comes_with_its_proof() {
    let dns = healthy("bl.test. 300 IN SOA ns.bl.test. h.bl.test. 1 7200 900 86400 60\n");
    let answer = ask(dns).await;
    let Verdict::NotListed(proof) = &answer.verdict else {
        panic!("{answer}")
    };
    assert_eq!(proof.listed, [name("2.0.0.127.bl.test")]);
    let random = random_name(&name("bl.test"), Kind::Ipv4, round_nonce(NONCE, NOW)).expect("short");
    assert_eq!(proof.unlisted, [name("1.0.0.127.bl.test"), random]);
    assert_eq!(proof.denials.len(), 1);
    assert_eq!(proof.denials[0].ttl, Some(60));
}

#[tokio::test]
async fn d13_nxdomain_for_everything_is_not_clean() {
    let answer = ask(StaticLookup::new()).await;
    let missing = Fault::PositiveControlMissing(name("2.0.0.127.bl.test"));
    assert_eq!(answer.verdict, Verdict::Broken(missing));
}

#[tokio::test]
async fn d13_an_inconclusive_positive_control_proves_nothing() {
    let control = name("2.0.0.127.bl.test");
    let dns = zone("").with_failure(control.clone(), LookupErrorKind::Timeout);
    let answer = ask(dns).await;
    let Verdict::Unknown(Cause::Control { name, .. }) = &answer.verdict else {
        panic!("{answer}")
    };
    assert_eq!(name, &control);
    // An entry stands, since the other controls show that not everything is listed.
    let dns = zone(LISTED).with_failure(control, LookupErrorKind::Timeout);
    assert!(ask(dns).await.is_listing());
}

#[tokio::test]
async fn d13_every_positive_control_must_be_listed() {
    let list = with_controls("positive = [\"127.0.0.2\", \"127.0.0.3\"]");
    let answer = ask_list(&list, healthy(""), &subject(SUBJECT)).await;
    let missing = Fault::PositiveControlMissing(name("3.0.0.127.bl.test"));
    assert_eq!(answer.verdict, Verdict::Broken(missing));
}

#[tokio::test]
async fn d14_a_wildcard_is_broken_and_never_listed() {
    let answer = ask(zone("*.bl.test. 300 IN A 127.0.0.2\n")).await;
    let Verdict::Broken(Fault::Wildcard { name: seen, .. }) = &answer.verdict else {
        panic!("{answer}");
    };
    assert_eq!(seen, &name("1.0.0.127.bl.test"));
}

#[tokio::test]
async fn d14_a_listed_negative_control_is_a_wildcard_even_by_an_answer_that_is_no_entry() {
    let answer = ask(healthy(&format!(
        "{LISTED}1.0.0.127.bl.test. 300 IN A 127.0.0.1\n"
    )))
    .await;
    assert!(
        matches!(answer.verdict, Verdict::Broken(Fault::Wildcard { .. })),
        "{answer}"
    );
}

#[tokio::test]
async fn d14_a_listing_is_not_believed_while_a_wildcard_is_not_excluded() {
    let control = name("1.0.0.127.bl.test");
    let dns = healthy(LISTED).with_failure(control.clone(), LookupErrorKind::ServFail);
    let answer = ask(dns).await;
    let Verdict::Unknown(Cause::Control { name, .. }) = &answer.verdict else {
        panic!("{answer}")
    };
    assert_eq!(name, &control);
}

#[tokio::test]
async fn d15_a_list_has_its_own_controls() {
    let list = list_text("bl.test", "block", "ipv4 = { positive = [\"127.0.0.99\"] }");
    let dns =
        zone("99.0.0.127.bl.test. 300 IN A 127.0.0.99\n1.0.0.127.bl.test. 300 IN A 127.0.0.1\n");
    let answer = ask_list(&list, dns, &subject(SUBJECT)).await;
    assert!(matches!(answer.verdict, Verdict::NotListed(_)), "{answer}");
}

#[tokio::test]
async fn d15_without_a_positive_control_nothing_is_clean_but_an_entry_is_one() {
    let list = list_text("bl.test", "block", "ipv4 = {}");
    let answer = ask_list(&list, zone(""), &subject(SUBJECT)).await;
    assert_eq!(answer.verdict, Verdict::Unknown(Cause::NoPositiveControl));
    assert!(
        ask_list(&list, zone(LISTED), &subject(SUBJECT))
            .await
            .is_listing()
    );
}

#[tokio::test]
async fn d15_a_control_that_may_not_exist_does_not_make_a_list_broken() {
    let list = with_controls("positive = [\"127.0.0.2\"], verified = false");
    let answer = ask_list(&list, zone(""), &subject(SUBJECT)).await;
    let missing = Cause::UnverifiedControlMissing(name("2.0.0.127.bl.test"));
    assert_eq!(answer.verdict, Verdict::Unknown(missing));
    let answer = ask_list(&list, healthy(""), &subject(SUBJECT)).await;
    assert!(matches!(answer.verdict, Verdict::NotListed(_)), "{answer}");
}

#[tokio::test]
async fn d15_ipv6_and_domains_have_controls_of_their_own() {
    let list = list_text(
        "bl.test",
        "block",
        "ipv6 = { positive = [\"::ffff:127.0.0.2\"] }\ndomain = { positive = [\"TEST\"] }",
    );
    let dns = zone(
        "test.bl.test. 300 IN A 127.0.1.2\n\
         bad.example.bl.test. 300 IN A 127.0.1.2\n\
         2.0.0.0.0.0.f.7.f.f.f.f.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.bl.test. 300 IN A 127.0.0.2\n",
    );
    let answer = ask_list(&list, &dns, &domain("bad.example")).await;
    assert!(answer.is_listing(), "{answer}");
    for clean in [domain("good.example"), subject("2a00:1450::25")] {
        let answer = ask_list(&list, &dns, &clean).await;
        assert!(matches!(answer.verdict, Verdict::NotListed(_)), "{answer}");
        let controls = answer.controls.expect("asked");
        assert_eq!(controls.kind, clean.kind());
    }
    let answer = ask_list(&list, &dns, &subject(SUBJECT)).await;
    assert_eq!(
        (answer.verdict, answer.controls),
        (Verdict::NotApplicable, None)
    );
}

#[tokio::test]
async fn d16_a_wildcard_that_leaves_out_the_test_entries_is_found() {
    // Below 192.0.2.0/24 and 198.51.100.0/24, everything; the negative control is not there.
    let dns = healthy(
        "*.2.0.192.bl.test. 300 IN A 127.0.0.2\n*.100.51.198.bl.test. 300 IN A 127.0.0.2\n\
         1.1.1.9.bl.test. 300 IN A 127.0.0.2\n",
    );
    let answer = ask(dns).await;
    let random = random_name(&name("bl.test"), Kind::Ipv4, round_nonce(NONCE, NOW)).expect("short");
    let Verdict::Broken(Fault::Wildcard { name, addresses }) = &answer.verdict else {
        panic!("{answer}");
    };
    assert_eq!((name, addresses.len()), (&random, 1));
}

#[tokio::test]
async fn d24_a_mapped_address_is_judged_as_ipv4() {
    let list = list_text("bl.test", "block", FULL_CONTROLS);
    let answer = ask_list(&list, healthy(LISTED), &subject("::ffff:9.1.1.1")).await;
    assert!(answer.is_listing(), "{answer}");
}

#[tokio::test]
async fn d26_a_private_address_is_asked_of_nobody() {
    let dns = Counted {
        zone: healthy("1.0.0.10.bl.test. 300 IN A 127.0.0.2\n"),
        ..Counted::default()
    };
    let list = list_text("bl.test", "block", FULL_CONTROLS);
    let answer = ask_list(&list, &dns, &subject("10.0.0.1")).await;
    let scope = mail_dns::AddressScope::Private;
    assert_eq!(
        answer.verdict,
        Verdict::Unknown(Cause::NotAsked(NotAsked::Scope(scope)))
    );
    assert_eq!(dns.questions.load(Ordering::Relaxed), 0);
}

/// Answers from one zone, and from another from some moment on.
struct Turning {
    before: StaticLookup,
    after: StaticLookup,
    turned: Arc<AtomicBool>,
}

impl Lookup for Turning {
    async fn lookup(&self, name: &DomainName, kind: RecordType) -> Result<Answer, LookupError> {
        match self.turned.load(Ordering::Relaxed) {
            false => self.before.lookup(name, kind).await,
            true => self.after.lookup(name, kind).await,
        }
    }
}

/// A list that lists the world from when it is told to, and what tells it.
fn turning() -> (Checker<Turning>, Arc<AtomicBool>) {
    let turned = Arc::default();
    let dns = Turning {
        before: healthy(""),
        after: zone("*.bl.test. 300 IN A 127.0.0.2\n"),
        turned: Arc::clone(&turned),
    };
    let list = Catalogue::from_toml(&list_text("bl.test", "block", FULL_CONTROLS)).expect("sound");
    (Checker::new(dns, list, NONCE), turned)
}

#[tokio::test]
async fn d14_a_list_that_lists_the_world_since_its_controls_were_right_lists_nothing() {
    let (checker, turned) = turning();
    let before = checker.check_all(&subject(SUBJECT), NOW).await.remove(0);
    assert!(matches!(before.verdict, Verdict::NotListed(_)), "{before}");
    turned.store(true, Ordering::Relaxed);
    let after = checker.check_all(&subject(SUBJECT), NOW + 29 * 60).await;
    assert!(
        matches!(after[0].verdict, Verdict::Broken(Fault::Wildcard { .. })),
        "{}",
        after[0]
    );
}

#[tokio::test]
async fn d22_an_entry_that_a_sweep_kept_back_and_left_is_confirmed_before_it_is_told() {
    let (checker, turned) = turning();
    let checker = checker.with_memory(MemoryPolicy::default());
    checker.check_all(&subject("9.1.1.2"), NOW).await;
    turned.store(true, Ordering::Relaxed);
    let listed = subject(SUBJECT);
    let kept = checker.check_strictly_at(0, &listed, NOW + 1200);
    assert!(kept.expect("a list").await.is_listing());
    let told = checker.check_all(&listed, NOW + 1500).await.remove(0);
    assert!(
        matches!(told.verdict, Verdict::Broken(Fault::Wildcard { .. })),
        "{told}"
    );
}

#[tokio::test]
async fn d26_documentation_addresses_are_for_tests() {
    let list = Catalogue::from_toml(&list_text("bl.test", "block", FULL_CONTROLS)).expect("sound");
    let dns = healthy("10.2.0.192.bl.test. 300 IN A 127.0.0.2\n");
    let checker = Checker::new(dns, list, NONCE).with_documentation_addresses();
    let answer = checker
        .check(&name("BL.test"), &subject("192.0.2.10"), NOW)
        .await
        .expect("a list");
    assert!(answer.is_listing(), "{answer}");
    assert_eq!(
        checker
            .check(&name("other.test"), &subject(SUBJECT), NOW)
            .await,
        None
    );
}

/// Answers for addresses, and fails for texts.
struct NoText(StaticLookup);

impl Lookup for NoText {
    async fn lookup(&self, name: &DomainName, kind: RecordType) -> Result<Answer, LookupError> {
        let answer = self.0.lookup(name, kind).await?;
        if kind == RecordType::TXT {
            return Err(LookupError::new(LookupErrorKind::Timeout, answer.question));
        }
        Ok(answer)
    }
}

#[tokio::test]
async fn d29_a_text_that_fails_does_not_change_the_verdict() {
    let answer = ask(NoText(healthy(LISTED))).await;
    let Verdict::Listed(listing) = &answer.verdict else {
        panic!("{answer}")
    };
    assert!(listing.text.is_empty());
    let failure = listing.text_failure.as_ref().expect("it failed");
    assert_eq!(failure.kind(), LookupErrorKind::Timeout);
}

#[tokio::test]
async fn d29_texts_are_asked_of_entries_only_and_bounded() {
    let texts: String = (0..20)
        .map(|number| format!("1.1.1.9.bl.test. 300 IN TXT \"text {number}\"\n"))
        .collect();
    let dns = Counted {
        zone: healthy(&format!("{LISTED}{texts}")),
        ..Counted::default()
    };
    let answer = ask(&dns).await;
    let Verdict::Listed(listing) = &answer.verdict else {
        panic!("{answer}")
    };
    assert_eq!(listing.text.len(), MAX_TEXTS);
    assert_eq!(dns.texts.load(Ordering::Relaxed), 1);

    let dns = Counted {
        zone: healthy(""),
        ..Counted::default()
    };
    assert!(matches!(ask(&dns).await.verdict, Verdict::NotListed(_)));
    assert_eq!(dns.texts.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn d30_a_composite_list_and_its_part_are_one_listing() {
    let text = list_text(
        "zen.test",
        "block",
        &format!("includes = [\"xbl.test\"]\n{FULL_CONTROLS}"),
    ) + &list_text("xbl.test", "block", FULL_CONTROLS)
        + &list_text("other.test", "block", FULL_CONTROLS)
        + &list_text("good.test", "allow", FULL_CONTROLS);
    let catalogue = Catalogue::from_toml(&text).expect("sound");
    let records: String = ["zen", "xbl", "other", "good"]
        .map(|list| {
            format!(
                "2.0.0.127.{list}.test. 300 IN A 127.0.0.2\n1.1.1.9.{list}.test. 300 IN A 127.0.0.4\n"
            )
        })
        .concat();
    let checker = Checker::new(zone(&records), catalogue, NONCE);
    let answers = checker.check_all(&subject(SUBJECT), NOW).await;
    assert_eq!(
        answers.iter().filter(|answer| answer.is_listing()).count(),
        3
    );
    let facts = independent(&answers);
    let zones: Vec<_> = facts
        .iter()
        .map(|fact| fact.answer.list.zone.to_string())
        .collect();
    assert_eq!(zones, ["zen.test", "other.test"]);
    assert_eq!(answers[3].list.stance, Stance::Allow);
    // Without the composite's own entry, the part counts.
    assert_eq!(independent(&answers[1..]).len(), 2);
}

#[tokio::test]
async fn controls_are_asked_once_for_many_subjects_at_once() {
    let dns = Counted {
        zone: healthy(LISTED),
        ..Counted::default()
    };
    let catalogue =
        Catalogue::from_toml(&list_text("bl.test", "block", FULL_CONTROLS)).expect("sound");
    let checker = Checker::new(&dns, catalogue, NONCE);
    let subjects: Vec<_> = (1..=20)
        .map(|last| subject(&format!("9.1.1.{last}")))
        .collect();
    let answers = join_all(
        subjects
            .iter()
            .map(|subject| checker.check_all(subject, NOW)),
    )
    .await;
    assert_eq!(dns.questions.load(Ordering::Relaxed), 3 + 20);
    let listed = answers
        .iter()
        .flatten()
        .filter(|answer| answer.is_listing());
    assert_eq!(listed.count(), 1);
}

#[tokio::test]
async fn a_dropped_check_leaves_the_checker_usable() {
    let dns = Counted {
        zone: healthy(LISTED),
        ..Counted::default()
    };
    let catalogue =
        Catalogue::from_toml(&list_text("bl.test", "block", FULL_CONTROLS)).expect("sound");
    let checker = Checker::new(&dns, catalogue, NONCE);
    let subject = subject(SUBJECT);
    {
        let check = pin!(checker.check_all(&subject, NOW));
        let mut context = Context::from_waker(Waker::noop());
        assert!(
            check.poll(&mut context).is_pending(),
            "the controls are under way"
        );
    }
    assert!(checker.check_all(&subject, NOW).await[0].is_listing());
}

#[tokio::test]
async fn a_check_can_be_spawned() {
    let list = list_text("bl.test", "block", FULL_CONTROLS);
    let catalogue = Catalogue::from_toml(&list).expect("sound");
    let checker = Arc::new(Checker::new(healthy(LISTED), catalogue, NONCE));
    let one = Arc::clone(&checker);
    let all = tokio::spawn(async move { checker.check_all(&subject(SUBJECT), NOW).await });
    let one =
        tokio::spawn(async move { one.check(&name("bl.test"), &subject(SUBJECT), NOW).await });
    let all = all.await.expect("no panic");
    assert!(all[0].is_listing());
    assert_eq!(one.await.expect("no panic"), all.into_iter().next());
}

#[tokio::test]
async fn as_many_lists_as_allowed_are_asked_at_a_time() {
    let text: String = (0..40)
        .map(|number| list_text(&format!("bl{number}.test"), "block", FULL_CONTROLS))
        .collect();
    for limit in [1, 5] {
        let dns = Counted::default();
        let catalogue = Catalogue::from_toml(&text).expect("sound");
        let limit = NonZeroUsize::new(limit).expect("not zero");
        let checker = Checker::new(&dns, catalogue, NONCE).with_concurrency(limit);
        let answers = checker.check_all(&subject(SUBJECT), NOW).await;
        let zones: Vec<_> = answers
            .iter()
            .map(|answer| answer.list.zone.clone())
            .collect();
        let expected: Vec<_> = (0..40)
            .map(|number| name(&format!("bl{number}.test")))
            .collect();
        assert_eq!(zones, expected, "in the catalogue's order");
        // Three controls each.
        assert_eq!(dns.most.load(Ordering::Relaxed), 3 * limit.get());
    }
}
