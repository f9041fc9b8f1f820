//! Many subjects on all lists at once, and what the doctor says of the resolver.

use std::collections::BTreeMap;
use std::sync::Arc;

use dnsbl::{Checker, HealthState, Subject, Sweep, SweepEvent, SweepOptions, SweepReport};
use mail_dns::stub::StubResolver;

use crate::keys::{self, Shown};
use crate::servers::{Rbldnsd, Unbound};
use crate::world::{NOW, ZONES, checker, resolver, subject};

/// Every subject of the tables, and a few that nobody lists.
fn subjects() -> Vec<Subject> {
    let addresses = (1..=9).map(|last| format!("9.1.1.{last}"));
    let clean = (1..=20).map(|last| format!("9.77.0.{last}"));
    let others = ["spam.example", "good.example", "2a00:1:2:3::5", "2a00:9::1"].map(str::to_owned);
    addresses
        .chain(clean)
        .chain(others)
        .map(|text| subject(&text))
        .collect()
}

async fn sweep(checker: Checker<StubResolver>) -> (SweepReport, Vec<SweepEvent>) {
    let sweep = Sweep::new(
        Arc::new(checker),
        subjects(),
        || NOW,
        SweepOptions::default(),
    );
    let mut events = Vec::new();
    let report = sweep.run(|event| events.push(event)).await;
    (report, events)
}

/// Which lists have listed how many, and what is said of the others.
fn outcome(
    report: &SweepReport,
    events: &[SweepEvent],
) -> (BTreeMap<String, usize>, BTreeMap<String, String>) {
    let mut listed = BTreeMap::new();
    for event in events {
        if let SweepEvent::Answer { answer, .. } = event
            && answer.is_listing()
        {
            *listed.entry(answer.list.zone.to_string()).or_default() += 1;
        }
    }
    let notices = report.notices.iter().map(|notice| {
        let state = match notice.troubles[0].state {
            HealthState::Refusing(_) => "refuses",
            HealthState::Broken(_) => "broken",
            HealthState::Unclear(_) => "unclear",
            HealthState::Quarantined(_) => "quarantined",
            _ => "other",
        };
        (notice.zone.to_string(), state.to_owned())
    });
    (listed, notices.collect())
}

/// Each list that cannot be relied on is told once, and lists nobody.
#[tokio::test]
#[ignore = "needs rbldnsd and unbound: .ci/interop-dnsbl"]
async fn d17_a_sweep_tells_of_each_list_that_fails_once_and_believes_none_of_them() {
    let rbldnsd = Rbldnsd::start(ZONES);
    let (report, events) = sweep(checker(rbldnsd.address())).await;
    assert!(report.is_accounted_for() && report.is_complete());
    let (listed, notices) = outcome(&report, &events);
    assert_eq!(report.notices.len(), notices.len(), "one for a list");
    for (zone, state) in [
        ("wildcard.test", "broken"),
        ("hole.test", "broken"),
        ("parked.test", "broken"),
        ("emptied.test", "broken"),
        ("pretending.test", "broken"),
        ("turned-away.test", "refuses"),
        ("volume.test", "refuses"),
        ("mistyped.test", "refuses"),
        ("refusing.test", "refuses"),
        ("over-quota.test", "refuses"),
        ("mask-turned-away.test", "refuses"),
        ("silent.test", "unclear"),
        ("nodata-control.test", "unclear"),
    ] {
        assert_eq!(notices.get(zone).map(String::as_str), Some(state), "{zone}");
        assert_eq!(listed.get(zone), None, "{zone}");
    }
    let expected = [
        ("composite.test", 3),
        ("domains.test", 1),
        ("mask.test", 1),
        ("misnamed.test", 1),
        ("mixed.test", 2),
        ("no-controls.test", 1),
        ("own-controls.test", 1),
        ("part.test", 2),
        ("particular.test", 1),
        ("plain.test", 1),
        ("registrable.test", 1),
        ("reputation.test", 1),
        ("rude.test", 1),
        ("six.test", 1),
    ];
    let expected = expected.map(|(zone, count)| (zone.to_owned(), count));
    assert_eq!(listed, BTreeMap::from(expected));

    // Through unbound it comes to the same.
    let unbound = Unbound::start(&rbldnsd, "");
    let (report, events) = sweep(checker(unbound.address())).await;
    let (behind, _) = outcome(&report, &events);
    assert_eq!(behind, listed);
}

#[tokio::test]
#[ignore = "needs rbldnsd: .ci/interop-dnsbl"]
async fn d19_nor_do_a_sweep_and_a_doctor_show_the_key() {
    let rbldnsd = Rbldnsd::start(&keys::zones());
    let mut shown = Shown::default();
    let doctor = keys::checker(resolver(rbldnsd.address()))
        .examine(NOW)
        .await;
    shown.debug(&doctor);
    shown.debug(&doctor.keys());
    shown.json(&doctor);
    let (report, events) = sweep(keys::checker(resolver(rbldnsd.address()))).await;
    shown.debug(&report);
    shown.json(&report);
    for event in &events {
        shown.debug(event);
        if let SweepEvent::Answer { answer, .. } = event {
            shown.answer(answer);
        }
    }
    for notice in &report.notices {
        shown.text(notice);
    }
    shown.check();
    println!(
        "keys: {} texts of a sweep and a doctor, 0 with the key",
        shown.len()
    );
}
