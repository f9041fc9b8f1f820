//! What a run contacts, and for how long.

use std::time::{Duration, Instant};

use mail_dns::StaticLookup;
use mailcheck_core::{Collector, Judge, NotProbed, ProbeResult, Profile, Target, Verdict};
use mailcheck_lab::World;
use tls_inspect::{CryptoProvider, TrustStore};

use crate::laboratory::{collector, facts, judge};

#[expect(
    clippy::disallowed_methods,
    reason = "the test measures how long a run takes"
)]
fn now() -> Instant {
    Instant::now()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_run_exceeds_its_deadline_whatever_the_servers_do() {
    // Each of these would take its session's 3 s. The bound leaves room for a busy machine.
    let world = World::start().await.expect("the laboratory");
    for domain in [
        "silent.test",
        "tarpit.test",
        "endless.test",
        "endless-greeting.test",
        "filtered.test",
        "dns-silent.test",
    ] {
        let collector = collector(&world).with_deadline(Duration::from_millis(800));
        let started = now();
        let facts = facts(&collector, domain).await;
        let taken = started.elapsed();
        assert!(taken < Duration::from_secs(2), "{domain} took {taken:?}");
        assert_ne!(
            judge(&world).judge(&facts).verdict,
            Verdict::Pass,
            "{domain}"
        );
    }
}

#[tokio::test]
async fn what_is_not_done_in_time_is_said_and_the_rest_is_kept() {
    let world = World::start().await.expect("the laboratory");
    let collector = collector(&world).with_deadline(Duration::from_millis(300));
    let facts = facts(&collector, "filtered.test").await;
    assert_eq!(
        facts.unfinished.len(),
        3,
        "silence of 0.3 s is no word about a port: {:?}",
        facts.unfinished
    );
    assert_eq!(facts.reverse.len(), 1, "what was found in time is kept");
    let report = judge(&world).judge(&facts);
    assert_eq!(report.verdict, Verdict::CouldNotTell, "{report}");
}

/// One silent mail host costs its own answers only.
#[tokio::test]
async fn a_silent_name_server_of_one_host_does_not_lose_the_others() {
    let world = World::start().await.expect("the laboratory");
    world
        .dns()
        .set_fault("mx2.good.test", mailcheck_lab::dns::Fault::Silence)
        .expect("a name");
    let collector = collector(&world);
    let facts = facts(&collector, "good.test").await;
    assert_eq!(facts.services.len(), 6, "both addresses of the first host");
    let report = judge(&world).judge(&facts);
    assert_eq!(report.verdict, Verdict::CouldNotTell, "{report}");
    assert!(
        report
            .findings
            .iter()
            .all(|finding| !finding.message.contains("not accepted")),
        "{report}"
    );
}

/// Whoever controls a zone must not make us contact the network we are in.
#[tokio::test]
async fn addresses_that_are_not_global_are_not_contacted() {
    let zone = "d.test. 60 IN MX 5 a.d.test.\n\
                a.d.test. 60 IN A 127.0.0.1\n\
                a.d.test. 60 IN A 10.1.2.3\n\
                a.d.test. 60 IN A 169.254.169.254\n\
                a.d.test. 60 IN AAAA ::1\n\
                a.d.test. 60 IN AAAA ::ffff:127.0.0.1";
    let dns = StaticLookup::from_zone_text(zone).expect("zone text");
    let name = "probe.example.com".parse().expect("a name");
    let collector = Collector::new(dns, name, CryptoProvider::aws_lc_rs());
    let target: Target = "d.test".parse().expect("a target");
    let facts = collector.collect(&target, &Profile::of(&target)).await;
    assert_eq!(facts.services.len(), 15);
    for service in &facts.services {
        let refused = matches!(service.probe, ProbeResult::NotProbed(NotProbed::Scope(_)));
        assert!(refused, "{}", service.address);
    }
    let judge = Judge::new(TrustStore::webpki_roots(), CryptoProvider::aws_lc_rs());
    assert_eq!(
        judge.judge(&facts).verdict,
        Verdict::Failures,
        "no sender outside reaches them"
    );
}

#[tokio::test]
async fn with_detours_nothing_else_is_contacted() {
    let dns = StaticLookup::from_zone_text("d.test. 60 IN A 9.9.9.9").expect("zone text");
    let name = "probe.example.com".parse().expect("a name");
    let collector = Collector::new(dns, name, CryptoProvider::aws_lc_rs()).with_detours([].into());
    let target: Target = "d.test".parse().expect("a target");
    let facts = collector.collect(&target, &Profile::of(&target)).await;
    for service in &facts.services {
        assert_eq!(service.probe, ProbeResult::NotProbed(NotProbed::NoDetour));
    }
}

/// Mail for a domain arrives at port 25, whatever else is looked at; whoever names a port of a host sends there.
#[tokio::test]
async fn tlsa_records_are_asked_for_where_mail_arrives() {
    let zone = "d.test. 60 IN MX 5 a.d.test.\nd.test. 60 IN MX 9 a.d.test.\na.d.test. 60 IN A 192.0.2.1\n\
                *._tcp.a.d.test. 60 IN TLSA 3 1 1 d2abde240d7cd3ee6b4b28c54df034b97983a1d16e8a410e4561cb106618e971";
    for (target, ports, expected) in [
        ("d.test", &[25, 2525, 465][..], &[25][..]),
        ("d.test", &[2525], &[]),
        ("a.d.test:2525", &[2525], &[2525]),
        ("a.d.test:465", &[465], &[]),
        ("192.0.2.1", &[25], &[]),
    ] {
        let dns = StaticLookup::from_zone_text(zone).expect("zone text");
        let name = "probe.example.com".parse().expect("a name");
        let collector = Collector::new(dns, name, CryptoProvider::aws_lc_rs());
        let target: Target = target.parse().expect("a target");
        let profile = Profile::of(&target).with_ports(ports);
        let facts = collector.collect(&target, &profile).await;
        let asked: Vec<_> = facts.dane.iter().map(|host| host.port).collect();
        assert_eq!(asked, expected, "{target}");
    }
}

/// A domain with more hosts than one run looks at.
#[tokio::test]
async fn a_flood_of_addresses_is_bounded_and_the_rest_is_named() {
    let zone: String = (1..=40)
        .map(|n| format!("d.test. 60 IN MX 5 h{n}.d.test.\nh{n}.d.test. 60 IN A 9.9.9.{n}\nh{n}.d.test. 60 IN A 9.9.8.{n}\n"))
        .collect();
    let dns = StaticLookup::from_zone_text(&zone).expect("zone text");
    let name = "probe.example.com".parse().expect("a name");
    let collector = Collector::new(dns, name, CryptoProvider::aws_lc_rs()).with_detours([].into());
    let target: Target = "d.test".parse().expect("a target");
    let facts = collector
        .collect(&target, &Profile::of(&target).with_ports(&[25]))
        .await;
    assert_eq!(
        (facts.services.len(), facts.more_addresses),
        (32, 32),
        "32 hosts, 32 of their addresses"
    );
}
