//! The addresses that a domain sends from, on the lists.

use std::collections::BTreeSet;

use dnsbl::Catalogue;
use mail_dns::StaticLookup;
use mailcheck_core::{
    Collector, Facts, Finding, Outcome, Profile, Report, Severity, Subject, Target, Verdict,
};
use mailcheck_lab::World;
use tls_inspect::CryptoProvider;

use crate::laboratory::{collector, facts, judge};

async fn report(world: &World, domain: &str) -> Report {
    judge(world).judge(&facts(&collector(world), domain).await)
}

/// What is said of whom the domain lets send.
fn of_senders(report: &Report) -> Vec<&Finding> {
    let findings = report.findings.iter().chain(&report.passed);
    findings
        .filter(|finding| finding.rule == "list.senders")
        .collect()
}

fn asked(facts: &Facts) -> BTreeSet<String> {
    let listings = facts.listings.iter();
    listings.map(|answer| answer.subject.to_string()).collect()
}

#[tokio::test]
async fn d25_a_listed_sender_is_found_though_the_mail_hosts_are_clean() {
    let world = World::start().await.expect("the laboratory");
    let report = report(&world, "spf-listed.test").await;
    assert_eq!(report.verdict, Verdict::Failures, "{report}");
    let sender = Subject::Address("203.0.113.66".parse().expect("an address"));
    let of_lists = report.findings.iter();
    let of_lists: Vec<_> = of_lists
        .filter(|one| one.rule.starts_with("list."))
        .collect();
    let [finding] = of_lists[..] else {
        panic!("expected one finding of a list, found {report}");
    };
    assert_eq!(finding.rule, "list.listed");
    assert_eq!(finding.subject, sender);
    assert_eq!(finding.outcome, Outcome::Fail(Severity::Error));
    let by = "may send for spf-listed.test by ip4:203.0.113.66 of spf-listed.test";
    assert!(finding.evidence.iter().any(|line| line == by), "{report}");
    let lines = report.lines.iter();
    let line = lines.filter(|line| line.subject.as_ref() == Some(&sender));
    let texts: Vec<_> = line.map(|line| line.text.as_str()).collect();
    assert_eq!(
        texts,
        ["listed by Normal · not listed by 1 · sends by ip4:203.0.113.66 of spf-listed.test"]
    );
    let [known] = of_senders(&report)[..] else {
        panic!("expected one finding, found {report}");
    };
    assert_eq!(known.outcome, Outcome::Pass, "{report}");
}

/// The mail hosts are senders too by most records, and are told of once.
#[tokio::test]
async fn an_address_that_takes_mail_and_sends_is_asked_about_once() {
    let world = World::start().await.expect("the laboratory");
    let facts = facts(&collector(&world), "good.test").await;
    let expected = ["192.0.2.10", "192.0.2.11", "2001:db8::10", "good.test"];
    assert_eq!(asked(&facts), expected.map(str::to_owned).into());
    let senders = facts.senders.as_ref().expect("it has a record");
    assert_eq!(senders.addresses.len(), 3);
    assert_eq!(facts.listings.len(), 4 * 3, "three lists, about each");
    let report = judge(&world).judge(&facts);
    assert_eq!(report.verdict, Verdict::Pass, "{report}");
    assert!(report.findings.is_empty(), "{report}");
}

/// A record that is none, or leaves something open, says nothing about mail: the report stands, and says what it does not know.
/// One that fails may name a sender that is listed.
#[tokio::test]
async fn d25_what_the_record_does_not_tell_is_said_and_only_what_failed_matters() {
    let world = World::start().await.expect("the laboratory");
    for (domain, said) in [
        (
            "spf-servfail.test",
            "not all addresses that may send for spf-servfail.test are known: include:_spf.spf-servfail.test",
        ),
        (
            "spf-blank.test",
            "no SPF record says which addresses send for spf-blank.test",
        ),
        (
            "spf-wide.test",
            "not every address that may send for spf-wide.test was asked about; left out: 3 networks",
        ),
        ("spf-ptr.test", "1 term that names no address"),
        (
            "spf-two.test",
            "expected one SPF record at spf-two.test, found 2",
        ),
    ] {
        let report = report(&world, domain).await;
        let (verdict, outcome) = match domain {
            "spf-servfail.test" => (Verdict::CouldNotTell, Outcome::Inconclusive),
            _ => (Verdict::Pass, Outcome::Unchecked),
        };
        assert_eq!(report.verdict, verdict, "{report}");
        let [finding] = of_senders(&report)[..] else {
            panic!("expected one finding about {domain}, found {report}");
        };
        assert_eq!(finding.outcome, outcome, "{report}");
        assert!(finding.message.contains(said), "{said}\n{report}");
    }
    for domain in ["null-mx.test", "no-mail.test"] {
        let report = report(&world, domain).await;
        let [finding] = of_senders(&report)[..] else {
            panic!("expected one finding about {domain}, found {report}");
        };
        assert_eq!(finding.outcome, Outcome::Pass, "{report}");
    }
}

async fn collect(zone: &str) -> Facts {
    let dns = StaticLookup::from_zone_text(zone).expect("zone text");
    let name = "probe.example.com".parse().expect("a name");
    let lists = Catalogue::from_toml(include_str!("../../../../examples/check/lists.toml"));
    let collector = Collector::new(dns, name, CryptoProvider::aws_lc_rs())
        .with_lists(lists.expect("a catalogue"))
        .with_special_addresses()
        .with_detours([].into());
    let target: Target = "d.test".parse().expect("a target");
    collector.collect(&target, &Profile::of(&target)).await
}

/// A record of thousands of addresses does not become thousands of questions.
#[tokio::test]
async fn d25_the_senders_that_are_asked_about_are_bounded_and_those_of_the_domain_itself_come_first()
 {
    let networks = |from: u8| (from..from + 4).map(|n| format!("ip4:192.0.{n}.0/28 "));
    let theirs: String = networks(10).collect();
    let zone = format!(
        "d.test. 60 IN TXT \"v=spf1 include:p.test ip4:203.0.113.0/28 ip4:198.0.0.0/16 ip4:10.0.0.1 -all\"\n\
         p.test. 60 IN TXT \"v=spf1 {theirs}-all\"\n"
    );
    let facts = collect(&zone).await;
    let senders = facts.senders.as_ref().expect("it has a record");
    assert_eq!(senders.addresses.len(), 4 * 16 + 16 + 1);
    let asked = asked(&facts);
    assert_eq!(asked.len(), 1 + 32, "the domain, and so many: {asked:?}");
    for last in 0..16 {
        assert!(asked.contains(&format!("203.0.113.{last}")), "{asked:?}");
    }
    let world = World::start().await.expect("the laboratory");
    let report = judge(&world).judge(&facts);
    let [finding] = of_senders(&report)[..] else {
        panic!("expected one finding, found {report}");
    };
    assert_eq!(finding.outcome, Outcome::Unchecked);
    assert_eq!(
        finding.message,
        "not every address that may send for d.test was asked about; left out: 1 network of more than 16 addresses, \
         50 single addresses"
    );
    assert!(
        finding.evidence.contains(&"198.0.0.0/16".to_owned()),
        "{report}"
    );
    assert!(
        finding
            .evidence
            .contains(&"10.0.0.1: not asked, the address is private".to_owned()),
        "{report}"
    );
}

/// Facts that were stored before there were senders in them are judged as they were.
#[tokio::test]
async fn facts_without_senders_are_judged_as_before() {
    let world = World::start().await.expect("the laboratory");
    let facts = facts(&collector(&world), "good.test").await;
    let mut json = serde_json::to_value(&facts).expect("plain data");
    assert!(json["senders"].is_object());
    json.as_object_mut().expect("an object").remove("senders");
    let older: Facts = serde_json::from_value(json).expect("it reads back");
    let report = judge(&world).judge(&older);
    assert_eq!(report.verdict, Verdict::Pass, "{report}");
    assert!(of_senders(&report).is_empty());
    assert_eq!(report.schema_version, 1);
}
