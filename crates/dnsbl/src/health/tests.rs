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
        &[(-1, false), (0, true), (1799, true), (1800, false)],
    );
    assert_eq!(health.state(NOW), HealthState::Healthy);
}

#[test]
fn controls_that_fail_are_asked_less_and_less_often() {
    let mut health = Health::default();
    for wait in [60, 120, 240, 480, 960, 1920, 1920] {
        health.record(dead(NOW), &POLICY);
        check_fresh(&health, &[(wait - 1, true), (wait, false)]);
    }
    assert!(matches!(health.state(NOW), HealthState::Broken(_)));
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
    for (second, believed) in [(120, false), (899, false), (900, true)] {
        let state = health.state(NOW + second);
        assert_eq!(state == HealthState::Healthy, believed, "{state}");
        assert_eq!(health.quarantine(NOW + second).is_none(), believed);
    }
    // A parked domain may have a TTL of days.
    health.record(wildcard(u32::MAX, NOW), &POLICY);
    assert!(health.quarantine(NOW + i64::from(MAX_ECHO)).is_none());
    assert!(health.quarantine(NOW + i64::from(MAX_ECHO) - 1).is_some());
}

#[test]
fn a_list_that_is_only_silent_leaves_no_echo() {
    let mut health = Health::default();
    health.record(dead(NOW), &POLICY);
    assert_eq!(health.quarantine(NOW), None);
}

#[test]
fn lookups_in_vain_bring_the_controls_forward_but_not_at_once() {
    let mut health = Health::default();
    health.record(healthy(NOW), &POLICY);
    for _ in 0..POLICY.patience {
        check_fresh(&health, &[(60, true)]);
        health.note(true);
    }
    check_fresh(&health, &[(59, true), (60, false)]);
    health.note(false);
    check_fresh(&health, &[(60, true)]);
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
