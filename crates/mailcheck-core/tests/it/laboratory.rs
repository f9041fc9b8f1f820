//! Every domain of the laboratory gets the verdict that it was made for.

use std::time::Duration;

use dnsbl::Catalogue;
use futures_util::stream::{self, StreamExt as _};
use mail_dns::stub::{StubConfig, StubResolver};
use mailcheck_core::{Collector, Facts, Judge, Profile, Report, Target, Verdict};
use mailcheck_lab::World;
use mailcheck_lab::world::Expected;
use smtp_probe::Timeouts;
use tls_inspect::{CryptoProvider, TrustStore};

const LISTS: &str = include_str!("../../../../examples/check/lists.toml");

pub(crate) fn collector(world: &World) -> Collector<StubResolver> {
    let mut config = StubConfig::new([world.resolver()]);
    config.attempt_timeout = Duration::from_millis(700);
    config.deadline = Duration::from_millis(1500);
    let mut timeouts = Timeouts::default().within(Duration::from_secs(3));
    timeouts.connect = Duration::from_secs(1);
    timeouts.quit = Duration::from_millis(200);
    let name = "probe.example.com".parse().expect("a name");
    Collector::new(StubResolver::new(config), name, CryptoProvider::aws_lc_rs())
        .with_lists(Catalogue::from_toml(LISTS).expect("a catalogue"))
        .with_deadline(Duration::from_secs(20))
        .with_timeouts(timeouts)
        .with_special_addresses()
        .with_detours(world.routes().collect())
}

pub(crate) fn judge(world: &World) -> Judge {
    let root = TrustStore::certificates_from_pem(world.ca_pem().as_bytes()).expect("a certificate");
    Judge::new(
        TrustStore::webpki_roots().with(&root),
        CryptoProvider::aws_lc_rs(),
    )
}

pub(crate) async fn facts(collector: &Collector<StubResolver>, target: &str) -> Facts {
    let target: Target = target.parse().expect("a target");
    collector.collect(&target, &Profile::of(&target)).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_domain_gets_the_verdict_it_was_made_for() {
    let world = World::start().await.expect("the laboratory");
    let (collector, judge) = (collector(&world), judge(&world));
    let reports: Vec<(_, Report)> = stream::iter(world.domains())
        .map(|domain| {
            let (collector, judge) = (&collector, &judge);
            async move { (domain, judge.judge(&facts(collector, domain.name).await)) }
        })
        .buffered(8)
        .collect()
        .await;
    for (domain, report) in &reports {
        let expected = match domain.expected {
            Expected::Well => Verdict::Pass,
            Expected::Warnings => Verdict::Warnings,
            Expected::Broken => Verdict::Failures,
            Expected::Untold => Verdict::CouldNotTell,
            other => panic!("{other:?}"),
        };
        assert_eq!(report.verdict, expected, "{report}");
    }
    assert!(reports.len() >= 40);
    assert!(
        world.stats().is_zero(),
        "no mail was sent: {:?}",
        world.stats()
    );
}

/// The rule that makes the verdict, for each domain that shows one thing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_right_rule_speaks() {
    let world = World::start().await.expect("the laboratory");
    let (collector, judge) = (collector(&world), judge(&world));
    for (domain, rule) in [
        ("near-expiry.test", "cert.lifetime"),
        ("expired.test", "cert.lifetime"),
        ("not-yet-valid.test", "cert.lifetime"),
        ("self-signed.test", "cert.chain"),
        ("wrong-name.test", "cert.name"),
        ("missing-intermediate.test", "cert.chain"),
        ("untrusted-root.test", "cert.chain"),
        ("dane-renewed.test", "dane.match"),
        ("no-starttls.test", "smtp.starttls"),
        ("starttls-454.test", "smtp.starttls"),
        ("injected.test", "smtp.starttls"),
        ("greeting-421.test", "smtp.session"),
        ("refused.test", "reach.port"),
        ("filtered.test", "reach.port"),
        ("null-mx.test", "mx.null"),
        ("no-mail.test", "mx.addresses"),
        ("mx-cname.test", "mx.alias"),
        ("nothing.test", "mx.domain"),
        ("dns-servfail.test", "mx.answer"),
        ("listed.test", "list.listed"),
        ("mixed-codes.test", "smtp.starttls"),
        ("bare-lf.test", "smtp.starttls"),
        ("greeting-554.test", "smtp.session"),
    ] {
        let report = judge.judge(&facts(&collector, domain).await);
        let first = report.findings.first().map(|finding| finding.rule.as_ref());
        assert_eq!(first, Some(rule), "{report}");
    }
}

#[tokio::test]
async fn stored_facts_give_the_same_report_again() {
    let world = World::start().await.expect("the laboratory");
    let (collector, judge) = (collector(&world), judge(&world));
    for domain in [
        "good.test",
        "expired.test",
        "latin1.test",
        "dane-renewed.test",
        "dns-bogus.test",
        "listed.test",
    ] {
        let facts = facts(&collector, domain).await;
        let json = serde_json::to_string(&facts).expect("plain data");
        let again: Facts = serde_json::from_str(&json).expect("it reads back");
        assert_eq!(again, facts, "{domain}");
        let report = judge.judge(&again);
        assert_eq!(report, judge.judge(&facts), "{domain}");
        let json = serde_json::to_string(&report).expect("plain data");
        assert_eq!(
            serde_json::from_str::<Report>(&json).expect("it reads back"),
            report
        );
    }
}

#[tokio::test]
async fn an_address_and_a_port_of_a_host_are_targets_too() {
    let world = World::start().await.expect("the laboratory");
    let (collector, judge) = (collector(&world), judge(&world));
    for (target, verdict) in [
        ("192.0.2.10", Verdict::Pass),
        ("203.0.113.66", Verdict::Failures),
        ("mx1.good.test:587", Verdict::Pass),
        ("mx.expired.test:465", Verdict::Failures),
        ("mx.expired.test:25", Verdict::Warnings),
        ("mx.refused.test:25", Verdict::Failures),
        ("mx.dane-renewed.test:25", Verdict::Failures),
        ("mx.dane-renewed.test:465", Verdict::Pass),
        ("mx.filtered.test:25", Verdict::CouldNotTell),
        ("gone.good.test:25", Verdict::Failures),
    ] {
        let report = judge.judge(&facts(&collector, target).await);
        assert_eq!(report.verdict, verdict, "{report}");
    }
}

#[tokio::test]
async fn a_report_is_json_with_a_version_and_no_raw_octets() {
    let world = World::start().await.expect("the laboratory");
    let (collector, judge) = (collector(&world), judge(&world));
    let report = judge.judge(&facts(&collector, "latin1.test").await);
    let json: serde_json::Value = serde_json::to_value(&report).expect("plain data");
    assert_eq!(json["schema_version"], 1);
    assert_eq!(json["verdict"], "warnings");
    assert_eq!(json["findings"][0]["outcome"], "fail");
    for text in [
        report.to_string(),
        report.render(mailcheck_core::Style::Plain).to_string(),
    ] {
        assert!(!text.contains('\u{e9}') && !text.contains('\x1b'), "{text}");
    }
}
