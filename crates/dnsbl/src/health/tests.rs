use std::net::Ipv4Addr;

use mail_dns::{Negative, NegativeKind};

use super::*;
use crate::{Asked, Code, Effect, Reading};

const POLICY: HealthPolicy = HealthPolicy {
    fresh_for: 1800,
    retry_least: 60,
    retry_most: 1920,
    quarantine: 3600,
    patience: 4,
};
const NOW: i64 = 1_795_000_000;

fn name(text: &str) -> DomainName {
    text.parse().expect("a name")
}

fn absent(text: &str) -> Asked {
    let denial = Negative::new(NegativeKind::NxDomain, Some(60), None);
    Asked::new(name(text), Reading::Absent(denial), Some(60))
}

fn entry(text: &str, ttl: u32) -> Asked {
    let code = Code::new(Ipv4Addr::new(127, 0, 0, 2), Effect::Listed, Vec::new());
    Asked::new(name(text), Reading::Entry(vec![code]), Some(ttl))
}

fn report(positive: Asked, random: Asked, at: i64) -> Arc<ControlReport> {
    let negative = vec![absent("1.0.0.127.bl.test")];
    let positive = vec![positive];
    Arc::new(ControlReport::new(
        Kind::Ipv4,
        positive,
        negative,
        random,
        at,
    ))
}

fn healthy(at: i64) -> Arc<ControlReport> {
    report(
        entry("2.0.0.127.bl.test", 300),
        absent("7.2.0.192.bl.test"),
        at,
    )
}

fn dead(at: i64) -> Arc<ControlReport> {
    report(absent("2.0.0.127.bl.test"), absent("7.2.0.192.bl.test"), at)
}

fn wildcard(ttl: u32, at: i64) -> Arc<ControlReport> {
    report(
        entry("2.0.0.127.bl.test", 300),
        entry("7.2.0.192.bl.test", ttl),
        at,
    )
}

fn refused(at: i64) -> Arc<ControlReport> {
    let refused = || {
        Reading::Refused(Refusal::Code {
            address: Ipv4Addr::new(127, 255, 255, 254),
            reason: crate::RefusalReason::PublicResolver,
            meaning: None,
            text: Vec::new(),
        })
    };
    let asked = |text| Asked::new(name(text), refused(), Some(60));
    report(asked("2.0.0.127.bl.test"), asked("7.2.0.192.bl.test"), at)
}

/// Whether what is known of the controls holds at `NOW + second`, for each of `expected`.
#[track_caller]
fn check_fresh(health: &Health, expected: &[(i64, bool)]) {
    for (second, fresh) in expected {
        let report = health.report(&POLICY, NOW + second);
        assert_eq!(report.is_some(), *fresh, "after {second} seconds");
    }
}

#[test]
fn d13_controls_that_were_right_prove_something_for_half_an_hour() {
    let mut health = Health::default();
    check_fresh(&health, &[(0, false)]);
    assert_eq!(health.state(NOW), HealthState::Untested);
    health.record(healthy(NOW), &POLICY);
    check_fresh(
        &health,
        &[
            (-61, false),
            (-60, true),
            (0, true),
            (1799, true),
            (1800, false),
        ],
    );
    assert_eq!(health.state(NOW), HealthState::Healthy);
}

#[test]
fn controls_that_fail_are_asked_less_and_less_often() {
    let mut health = Health::default();
    for wait in [60, 120, 240, 480, 960, 1920, 1920] {
        health.record(refused(NOW), &POLICY);
        check_fresh(&health, &[(wait - 1, true), (wait, false)]);
    }
    assert!(matches!(health.state(NOW), HealthState::Refusing(_)));
    health.record(healthy(NOW), &POLICY);
    assert_eq!(
        health.state(NOW),
        HealthState::Healthy,
        "it is back at once"
    );
    health.record(dead(NOW), &POLICY);
    check_fresh(&health, &[(59, true), (60, false)]);
}

#[test]
fn d22_a_list_that_lied_is_not_believed_until_no_cache_holds_the_lie() {
    let mut health = Health::default();
    health.record(wildcard(900, NOW), &POLICY);
    assert!(matches!(health.state(NOW), HealthState::Broken(_)));
    health.record(healthy(NOW + 120), &POLICY);
    // Who asked just before it was mended keeps the lie for as long as it may be kept.
    for (second, believed) in [(120, false), (900, false), (1019, false), (1020, true)] {
        let state = health.state(NOW + second);
        assert_eq!(state == HealthState::Healthy, believed, "{state}");
        assert_eq!(health.quarantine(NOW + second).is_none(), believed);
    }
    // A parked domain may have a TTL of days.
    let mut health = Health::default();
    health.record(wildcard(u32::MAX, NOW), &POLICY);
    health.record(healthy(NOW), &POLICY);
    assert!(health.quarantine(NOW + i64::from(MAX_ECHO)).is_none());
    assert!(health.quarantine(NOW + i64::from(MAX_ECHO) - 1).is_some());
}

#[test]
fn d22_the_wait_for_caches_begins_when_the_list_is_mended_however_long_it_lied() {
    let mut health = Health::default();
    health.record(wildcard(900, NOW), &POLICY);
    // Its controls were left alone for longer than the lie is kept.
    health.record(wildcard(300, NOW + 1920), &POLICY);
    health.record(refused(NOW + 3840), &POLICY);
    assert_eq!(
        health.quarantine(NOW + 3840),
        None,
        "not known to be mended"
    );
    health.record(healthy(NOW + 5760), &POLICY);
    assert!(health.quarantine(NOW + 5760 + 899).is_some());
    assert!(health.quarantine(NOW + 5760 + 900).is_none());
    health.record(healthy(NOW + 9000), &POLICY);
    assert_eq!(health.state(NOW + 9000), HealthState::Healthy, "once");
}

#[test]
fn d22_a_lie_is_waited_out_though_another_control_was_refused() {
    let mut health = Health::default();
    let mut both = ControlReport::clone(&refused(NOW));
    both.random = entry("7.2.0.192.bl.test", 900);
    health.record(Arc::new(both), &POLICY);
    health.record(healthy(NOW + 60), &POLICY);
    assert!(health.quarantine(NOW + 60 + 899).is_some());
}

#[test]
fn a_quarantine_is_not_cut_short_by_another() {
    let reason = || QuarantineReason::MassListing { listed: 9, of: 10 };
    let mut health = Health::default();
    health.record(wildcard(5 * 3600, NOW), &POLICY);
    health.record(healthy(NOW), &POLICY);
    health.isolate(reason(), &POLICY, NOW);
    assert!(health.quarantine(NOW + 5 * 3600 - 1).is_some());
    let mut health = Health::default();
    health.record(healthy(NOW), &POLICY);
    health.isolate(reason(), &POLICY, NOW);
    health.record(wildcard(60, NOW), &POLICY);
    health.record(healthy(NOW), &POLICY);
    assert!(health.quarantine(NOW + 3599).is_some());
}

#[test]
fn a_clock_that_was_ahead_leaves_no_quarantine_of_years() {
    let ahead = NOW + 400 * 86_400;
    let mut health = Health::default();
    health.record(healthy(ahead), &POLICY);
    let reason = QuarantineReason::MassListing { listed: 9, of: 10 };
    health.isolate(reason, &POLICY, ahead);
    let snapshot = health.snapshot(&name("bl.test"), Kind::Ipv4, &POLICY, NOW);
    assert_eq!(snapshot.next_at, NOW, "nothing that was seen holds");
    health.record(healthy(NOW), &POLICY);
    assert!(health.quarantine(NOW + 3599).is_some());
    assert!(health.quarantine(NOW + 3600).is_none());
}

#[test]
fn d13_no_entry_is_believed_by_controls_that_are_older_than_half_an_hour() {
    let mut health = Health::default();
    for _ in 0..9 {
        health.record(dead(NOW), &POLICY);
    }
    // The random control was right, so that an entry is believed though its absence is not.
    check_fresh(&health, &[(1799, true), (1800, false)]);
}

/// How many rounds of controls a list gets in a day from one who wants to know something every minute.
#[track_caller]
fn check_rounds_a_day(report: impl Fn(i64) -> Arc<ControlReport>, expected: usize) {
    let mut health = Health::default();
    let mut rounds = 0;
    for minute in 0..24 * 60 {
        let now = NOW + 60 * minute;
        if health.report(&POLICY, now).is_none() {
            rounds += 1;
            health.record(report(now), &POLICY);
        }
    }
    assert_eq!(rounds, expected);
}

#[test]
fn d20_a_list_that_refuses_is_not_pressed() {
    check_rounds_a_day(refused, 50);
    check_rounds_a_day(|now| wildcard(60, now), 50);
    check_rounds_a_day(healthy, 48);
}

#[test]
fn a_list_that_is_only_silent_leaves_no_echo() {
    let mut health = Health::default();
    health.record(dead(NOW), &POLICY);
    assert_eq!(health.quarantine(NOW), None);
}

#[test]
fn a_quarantine_ends() {
    let mut health = Health::default();
    health.record(healthy(NOW), &POLICY);
    let reason = QuarantineReason::MassListing { listed: 9, of: 10 };
    health.isolate(reason.clone(), &POLICY, NOW);
    let expected = Quarantine {
        reason,
        until: NOW + 3600,
    };
    assert_eq!(health.quarantine(NOW + 3599), Some(&expected));
    assert_eq!(health.quarantine(NOW + 3600), None);
    let snapshot = health.snapshot(&name("bl.test"), Kind::Ipv4, &POLICY, NOW);
    assert_eq!(
        snapshot.to_string(),
        "bl.test (ipv4): not believed for now: it listed 9 of 10 subjects in one sweep"
    );
    assert_eq!(snapshot.next_at, NOW + 1800);
}

#[test]
fn d22_a_list_that_lied_is_not_believed_sooner_for_a_restart() {
    let zone = name("bl.test");
    let snapshot = |health: &Health, now| health.snapshot(&zone, Kind::Ipv4, &POLICY, now);
    let mut health = Health::default();
    health.record(wildcard(900, NOW), &POLICY);
    // Stopped while it lies, and started when it is mended.
    let mut again = Health::default();
    again.go_on_from(&snapshot(&health, NOW), &POLICY);
    again.record(healthy(NOW + 120), &POLICY);
    assert!(again.quarantine(NOW + 120 + 899).is_some());
    // Stopped while it is waited for.
    let mut later = Health::default();
    later.go_on_from(&snapshot(&again, NOW + 200), &POLICY);
    assert_eq!(later.quarantine(NOW + 300), again.quarantine(NOW + 300));
    assert_eq!(later.quarantine(NOW + 120 + 900), None);
}

/// Another process goes on from what was seen at `now`.
fn restarted(health: &Health, now: i64) -> Health {
    let seen = health.snapshot(&name("bl.test"), Kind::Ipv4, &POLICY, now);
    #[cfg(feature = "serde")]
    let seen: ListHealth = {
        let json = serde_json::to_string(&seen).expect("serializes");
        serde_json::from_str(&json).expect("deserializes")
    };
    let mut next = Health::default();
    next.go_on_from(&seen, &POLICY);
    next
}

#[test]
fn d22_a_quarantine_outlasts_a_restart_while_the_controls_fail() {
    let mut health = Health::default();
    health.record(healthy(NOW), &POLICY);
    let reason = QuarantineReason::MassListing { listed: 9, of: 10 };
    health.isolate(reason, &POLICY, NOW);
    health.record(dead(NOW + 1800), &POLICY);
    let mut health = restarted(&health, NOW + 1800);
    assert!(matches!(health.state(NOW + 1800), HealthState::Broken(_)));
    health.record(healthy(NOW + 1900), &POLICY);
    let state = health.state(NOW + 3599);
    assert!(matches!(state, HealthState::Quarantined(_)), "{state}");
    assert_eq!(health.state(NOW + 3600), HealthState::Healthy);
}

#[test]
fn d22_a_lie_is_waited_out_after_a_restart_though_the_list_was_silent_last() {
    let silent = |at| {
        let random = Asked::new(
            name("7.2.0.192.bl.test"),
            Reading::Unsettled(crate::Unsettled::NoData),
            None,
        );
        report(entry("2.0.0.127.bl.test", 300), random, at)
    };
    let mut health = Health::default();
    health.record(wildcard(3600, NOW), &POLICY);
    health.record(silent(NOW + 60), &POLICY);
    let mut health = restarted(&health, NOW + 60);
    health.record(healthy(NOW + 180), &POLICY);
    let state = health.state(NOW + 180 + 3599);
    assert!(matches!(state, HealthState::Quarantined(_)), "{state}");
    assert_eq!(health.state(NOW + 180 + 3600), HealthState::Healthy);
}

#[test]
fn a_list_that_fails_is_not_asked_more_often_for_a_restart() {
    let mut health = Health::default();
    // After 1, 2, 4 and 8 minutes, and then after 16.
    for minutes in [0, 1, 3, 7, 15] {
        health.record(dead(NOW + minutes * 60), &POLICY);
    }
    let next_at = health.next_at(&POLICY);
    assert_eq!(next_at, NOW + 31 * 60);
    let mut again = restarted(&health, NOW + 16 * 60);
    assert_eq!(again.next_at(&POLICY), next_at);
    // It goes on from there, and begins anew once the list works.
    again.record(dead(next_at), &POLICY);
    assert_eq!(
        again.next_at(&POLICY),
        next_at + 30 * 60,
        "as fresh as ever"
    );
    again.record(healthy(next_at + 60), &POLICY);
    again.record(dead(next_at + 120), &POLICY);
    assert_eq!(again.next_at(&POLICY), next_at + 180);
}

/// As it was stored before failures were kept: the second in a row, 60 seconds after the first.
#[cfg(feature = "serde")]
#[test]
fn what_was_stored_before_failures_were_kept_is_read() {
    let stored = r#"{
        "zone": "bl.test", "kind": "ipv4",
        "state": { "broken": { "positive_control_missing": "2.0.0.127.bl.test" } },
        "report": {
            "kind": "ipv4",
            "positive": [{ "name": "2.0.0.127.bl.test",
                "reading": { "absent": { "kind": "nx_domain", "ttl": 60 } }, "ttl": 60 }],
            "verified": true,
            "negative": [{ "name": "1.0.0.127.bl.test",
                "reading": { "absent": { "kind": "nx_domain", "ttl": 60 } }, "ttl": 60 }],
            "random": { "name": "7.2.0.192.bl.test",
                "reading": { "absent": { "kind": "nx_domain", "ttl": 60 } }, "ttl": 60 },
            "at": 1795000060
        },
        "next_at": 1795000180
    }"#;
    let seen: ListHealth = serde_json::from_str(stored).expect("deserializes");
    let mut health = Health::default();
    health.go_on_from(&seen, &POLICY);
    assert!(matches!(health.state(NOW + 60), HealthState::Broken(_)));
    assert_eq!(health.next_at(&POLICY), NOW + 120, "as after the first");
    let now = serde_json::to_value(restarted(&health, NOW + 60).snapshot(
        &name("bl.test"),
        Kind::Ipv4,
        &POLICY,
        NOW + 60,
    ));
    assert_eq!(now.expect("serializes")["failures"], 1);
}
