//! What is asked and what is not, of whom, and what follows from an answer.

use std::time::Duration;

use dnsbl::{
    Cause, Change, NotAsked, Role, Severity, Unsettled, Verdict, Watch, WatchPolicy, independent,
};
use mail_dns::{LookupErrorKind, RecordType};

use crate::servers::{Rbldnsd, Trouble, Unbound, relay};
use crate::world::{NOW, ZONES, ask, ask_at, checker, checker_of, lists, name, resolver, subject};

/// No answer in time, one that is cut where there is no TCP, and a refusal.
#[tokio::test]
#[ignore = "needs rbldnsd: .ci/interop-dnsbl"]
async fn d01_no_answer_is_not_absence() {
    let rbldnsd = Rbldnsd::start(ZONES);
    let plain = rbldnsd.address();
    let slow = |milliseconds| {
        let delay = Trouble::Delay(Duration::from_millis(milliseconds));
        relay(plain, delay, None)
    };
    let cut = relay(plain, Trouble::Cut, None);
    for (server, zone, expected) in [
        (
            plain,
            "silent.test",
            "not known: control 1.0.0.127.silent.test: no answer in time",
        ),
        (
            slow(5000),
            "plain.test",
            "not known: control 1.0.0.127.plain.test: no answer in time",
        ),
        (slow(300), "plain.test", "not listed"),
        (
            cut,
            "plain.test",
            "not known: control 1.0.0.127.plain.test: only a truncated answer",
        ),
        (
            plain,
            "refusing.test",
            "not known, the list refuses: REFUSED in answer to",
        ),
        (
            plain,
            "unserved.test",
            "not known, the list refuses: REFUSED in answer to",
        ),
    ] {
        let verdict = ask(server, zone, "9.1.9.9").await.verdict.to_string();
        assert!(verdict.starts_with(expected), "{zone}: {verdict}");
    }
}

#[tokio::test]
#[ignore = "needs rbldnsd: .ci/interop-dnsbl"]
async fn d09_a_policy_matters_to_who_sends() {
    let rbldnsd = Rbldnsd::start(ZONES);
    let answer = ask(rbldnsd.address(), "composite.test", "9.1.1.3").await;
    let verdict = "listed: 127.0.0.10 (PBL); \"PBL of 9.1.1.3, by its operator\"";
    assert_eq!(answer.verdict.to_string(), verdict);
    assert_eq!(answer.severity(Role::OutboundSender), Some(Severity::Error));
    assert_eq!(answer.severity(Role::MailExchanger), Some(Severity::Info));
    assert_eq!(
        answer.severity(Role::SubmissionClient),
        Some(Severity::Info)
    );
    let answer = ask(rbldnsd.address(), "composite.test", "9.1.1.2").await;
    assert_eq!(
        answer.severity(Role::MailExchanger),
        Some(Severity::Warning)
    );
}

#[tokio::test]
#[ignore = "needs rbldnsd and unbound: .ci/interop-dnsbl"]
async fn d17_a_list_is_well_over_one_path_and_not_over_another() {
    let rbldnsd = Rbldnsd::start(ZONES);
    let mut verdicts = Vec::new();
    for path in ["198.51.100.4", "198.51.100.3", "198.51.100.2", "127.0.0.1"] {
        let server = rbldnsd.address_from(path.parse().expect("an address"));
        let checker = checker(server).with_path(path);
        let answer = ask_at(&checker, "particular.test", "9.1.1.1", NOW).await;
        assert_eq!(answer.path, path);
        verdicts.push(answer.verdict.to_string());
    }
    assert!(
        verdicts[0].starts_with("not known, the list refuses: REFUSED in answer to"),
        "{verdicts:?}"
    );
    assert_eq!(
        verdicts[1..],
        [
            "not known, the list is broken: it does not list its own test entry 2.0.0.127.particular.test",
            "not known, the list refuses: 127.255.255.254 (the resolver is public or cannot be attributed)",
            "listed: 127.0.0.2 (of unknown meaning); \"9.1.1.1 is listed\"",
        ]
    );
}

/// Two resolvers on one host, of which the list sees different addresses.
#[tokio::test]
#[ignore = "needs rbldnsd and unbound: .ci/interop-dnsbl"]
async fn d18_who_is_refused_is_the_resolver_that_the_list_sees() {
    let rbldnsd = Rbldnsd::start(ZONES);
    let through = |address: &str| {
        let stub = rbldnsd.address_from(address.parse().expect("an address"));
        let more = format!("    outgoing-interface: {address}\n");
        Unbound::before(&[("particular.test".to_owned(), stub)], &more)
    };
    let (refused, served) = (through("198.51.100.2"), through("127.0.0.1"));
    let answer = ask(refused.address(), "particular.test", "9.1.1.1").await;
    let Verdict::Refused(refusal) = &answer.verdict else {
        panic!("{answer}")
    };
    let seen = "198.51.100.2".parse().expect("an address");
    assert_eq!(refusal.resolver_address(), Some(seen));
    let answer = ask(served.address(), "particular.test", "9.1.1.1").await;
    assert!(answer.is_listing(), "{answer}");
}

/// The server's own log says what it was asked.
#[tokio::test]
#[ignore = "needs rbldnsd: .ci/interop-dnsbl"]
async fn d20_a_list_is_asked_no_more_than_is_counted_and_allowed() {
    let rbldnsd = Rbldnsd::start(ZONES);
    let checker = checker_of(lists(), resolver(rbldnsd.address())).with_daily_limit(6);
    let mut verdicts = Vec::new();
    for about in ["9.1.9.1", "9.1.9.2", "9.1.9.3", "9.1.9.4"] {
        verdicts.push(ask_at(&checker, "plain.test", about, NOW).await.verdict);
    }
    assert!(
        verdicts[..3]
            .iter()
            .all(|it| matches!(it, Verdict::NotListed(_))),
        "{verdicts:?}"
    );
    let Verdict::Unknown(Cause::NotAsked(NotAsked::BudgetSpent { limit: 6, .. })) = verdicts[3]
    else {
        panic!("{:?}", verdicts[3])
    };
    let asked = rbldnsd.questions("plain.test");
    assert_eq!(asked.len(), 6, "{asked:?}");
    let zone = name("plain.test");
    let spending = checker.spending(NOW);
    let spent = spending.iter().find(|spent| spent.zone == zone);
    assert_eq!(spent.map(|spent| spent.questions), Some(6));
}

#[tokio::test]
#[ignore = "needs rbldnsd and unbound: .ci/interop-dnsbl"]
async fn d21_an_answer_says_for_how_long_it_holds() {
    let rbldnsd = Rbldnsd::start(ZONES);
    let unbound = Unbound::start(&rbldnsd, "");
    for (about, longest) in [("9.1.1.1", 300), ("9.1.9.9", 60)] {
        let answer = ask(rbldnsd.address(), "plain.test", about).await;
        assert_eq!(answer.ttl(), Some(longest), "{answer}");
        // A cache counts down.
        ask(unbound.address(), "plain.test", about).await;
        tokio::time::sleep(Duration::from_millis(1100)).await;
        let left = ask(unbound.address(), "plain.test", about).await.ttl();
        assert!(
            left.is_some_and(|left| (longest - 30..longest).contains(&left)),
            "{left:?}"
        );
    }
}

#[tokio::test]
#[ignore = "needs rbldnsd: .ci/interop-dnsbl"]
async fn d26_nobody_is_asked_about_addresses_that_are_not_global() {
    let rbldnsd = Rbldnsd::start(ZONES);
    let checker = checker(rbldnsd.address());
    for about in [
        "10.1.1.1",
        "127.0.0.2",
        "169.254.1.1",
        "192.168.1.1",
        "100.64.0.1",
        "0.0.0.0",
        "255.255.255.255",
        "224.0.0.1",
        "192.0.2.9",
        "::1",
        "fe80::1",
        "fc00::1",
        "2001:db8::1",
        "::ffff:10.1.1.1",
        "::ffff:127.0.0.2",
    ] {
        for answer in checker.check_all(&subject(about), NOW).await {
            let not_asked = matches!(
                answer.verdict,
                Verdict::NotApplicable | Verdict::Unknown(Cause::NotAsked(NotAsked::Scope(_)))
            );
            assert!(not_asked && answer.asked.is_empty(), "{answer}");
        }
    }
    assert_eq!(rbldnsd.questions("test"), [""; 0], "not even the controls");
}

#[tokio::test]
#[ignore = "needs rbldnsd: .ci/interop-dnsbl"]
async fn d28_a_name_too_long_is_not_asked_and_not_clean() {
    const ZONE: &str = "a-long-name-in-front-of-the-zone.and-another-one-behind-it.long.test";
    let rbldnsd = Rbldnsd::start(ZONES);
    let checker = checker(rbldnsd.address());
    let host = |labels: usize, last: usize| {
        let label = format!("{}.", "a".repeat(59));
        format!("{}{}.example", label.repeat(labels), "b".repeat(last))
    };
    let fits = ask_at(&checker, ZONE, &host(2, 56), NOW).await;
    assert!(matches!(fits.verdict, Verdict::NotListed(_)), "{fits}");
    assert_eq!(fits.asked[0].name.wire_len(), 255);
    let before = rbldnsd.questions(ZONE).len();
    let longer = ask_at(&checker, ZONE, &host(2, 57), NOW).await;
    assert_eq!(
        longer.verdict,
        Verdict::Unknown(Cause::NotAsked(NotAsked::NameTooLong))
    );
    assert_eq!(rbldnsd.questions(ZONE).len(), before);
}

#[tokio::test]
#[ignore = "needs rbldnsd: .ci/interop-dnsbl"]
async fn d29_words_that_fail_change_no_verdict() {
    let rbldnsd = Rbldnsd::start(ZONES);
    for (trouble, kind) in [
        (Trouble::Cut, LookupErrorKind::Truncated),
        (
            Trouble::Delay(Duration::from_secs(5)),
            LookupErrorKind::Timeout,
        ),
    ] {
        let server = relay(rbldnsd.address(), trouble, Some(RecordType::TXT));
        let answer = ask(server, "plain.test", "9.1.1.1").await;
        let entry = answer.entry().expect("an entry");
        assert_eq!(answer.verdict.to_string(), "listed: 127.0.0.2 (trap)");
        let failure = entry.text_failure.as_ref().map(|error| error.kind());
        assert_eq!(failure, Some(kind));
    }
}

#[tokio::test]
#[ignore = "needs rbldnsd: .ci/interop-dnsbl"]
async fn d30_a_list_and_its_part_are_one_fact() {
    let rbldnsd = Rbldnsd::start(ZONES);
    let zones = ["composite.test", "part.test", "own-controls.test"].map(name);
    let lists = lists().only_zones(&zones).expect("lists");
    let checker = checker_of(lists, resolver(rbldnsd.address()));
    let answers = checker.check_all(&subject("9.1.1.1"), NOW).await;
    assert!(answers.iter().all(dnsbl::ListAnswer::is_listing));
    let facts: Vec<_> = independent(&answers)
        .iter()
        .map(|fact| fact.answer.list.zone.to_string())
        .collect();
    assert_eq!(facts, ["composite.test", "own-controls.test"]);
}

#[tokio::test]
#[ignore = "needs rbldnsd: .ci/interop-dnsbl"]
async fn d31_the_sins_of_neighbors_are_no_listing() {
    let rbldnsd = Rbldnsd::start(ZONES);
    let answer = ask(rbldnsd.address(), "neighbors.test", "9.1.1.1").await;
    assert_eq!(
        answer.verdict.to_string(),
        "listed: 127.0.0.2 (a bad network)"
    );
    assert!(!answer.is_listing());
    assert_eq!(
        answer.severity(Role::OutboundSender),
        Some(Severity::Notice)
    );
}

/// The list takes an address up and drops it, again and again.
#[tokio::test]
#[ignore = "needs rbldnsd: .ci/interop-dnsbl"]
async fn d32_a_listing_that_comes_and_goes_is_told_once_it_lasts() {
    let with = "=== hasty.test ip4set\n:2:\n127.0.0.2\n9.1.1.1\n";
    let without = "=== hasty.test ip4set\n:2:\n127.0.0.2\n";
    let rbldnsd = Rbldnsd::start(without);
    let list = "[[list]]\nzone = \"hasty.test\"\nstance = \"block\"\nipv4 = { positive = [\"127.0.0.2\"] }\n";
    let checker = checker_of(crate::world::catalogue(list), resolver(rbldnsd.address()));
    let policy = WatchPolicy::default();
    let mut watch = Watch::default();
    let mut now = NOW;
    let mut changes = Vec::new();
    for zone in [
        without, with, without, with, without, with, without, with, with,
    ] {
        rbldnsd.serve(zone);
        let answer = ask_at(&checker, "hasty.test", "9.1.1.1", now).await;
        changes.push(watch.observe(&answer, &policy));
        now += 1800;
    }
    assert_eq!(changes[0], Some(Change::Baseline { listed: false }));
    assert!(changes[1..8].iter().all(Option::is_none), "{changes:?}");
    assert_eq!(changes[8], Some(Change::Listed));
    assert!(watch.is_flapping(&policy, now));
}

#[tokio::test]
#[ignore = "needs rbldnsd: .ci/interop-dnsbl"]
async fn d33_what_is_seen_first_is_no_change() {
    let rbldnsd = Rbldnsd::start(ZONES);
    let policy = WatchPolicy::default();
    let checker = checker(rbldnsd.address());
    for (zone, expected) in [
        (
            "plain.test",
            [None, Some(Change::Baseline { listed: true })],
        ),
        (
            "allow.test",
            [Some(Change::Baseline { listed: false }), None],
        ),
        ("wildcard.test", [None, None]),
        ("nodata.test", [None, None]),
    ] {
        let mut watch = Watch::default();
        let mut changes = Vec::new();
        for now in [NOW, NOW + 1800] {
            let answer = ask_at(&checker, zone, "9.1.1.1", now).await;
            changes.push(watch.observe(&answer, &policy));
        }
        assert_eq!(changes, expected, "{zone}");
    }
    let answer = ask(rbldnsd.address(), "nodata.test", "9.1.1.1").await;
    assert_eq!(
        answer.verdict,
        Verdict::Unknown(Cause::Subject(Unsettled::NoData))
    );
}
