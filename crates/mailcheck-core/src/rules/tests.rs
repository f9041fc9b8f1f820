//! Literal facts for the rules' own tests, and what holds for all rules.

use std::collections::BTreeSet;
use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use dnsbl::{ListAnswer, ListSummary, Stance, Tier, Verdict};
use mail_dns::dane::{dane_host_at, dane_route};
use mail_dns::{
    DomainName, LookupErrorKind, RecordType, StaticLookup, mail_route, resolve, reverse,
};
use smtp_probe::{Cause, Observation, Phase, PortState, Reply, StartTls, Stop};
use tls_inspect::{Assessment, Capture, CryptoProvider, FailureCause, TrustStore};

use super::{ALL, Case};
use crate::{
    Facts, Finding, Judge, NotProbed, Outcome, ProbeResult, Profile, Rule, ServiceFacts, Target,
};

/// Facts in the making.
pub(super) struct Scene {
    target: Target,
    zone: String,
    failures: Vec<(String, LookupErrorKind)>,
    failing_aliases: Vec<(String, LookupErrorKind)>,
    services: Vec<ServiceFacts>,
    pub(super) listings: Vec<ListAnswer>,
    reverse: Vec<String>,
    unfinished: Vec<String>,
    reads_senders: bool,
    reads_dane: bool,
    signing: Vec<(String, bool)>,
    more_addresses: usize,
    now: i64,
    store: TrustStore,
}

impl Scene {
    pub(super) fn domain(name: &str) -> Self {
        Self::of(Target::Domain(parse(name)))
    }

    pub(super) fn host(name: &str, port: u16) -> Self {
        Self::of(Target::Host {
            name: parse(name),
            port,
        })
    }

    pub(super) fn address(address: &str) -> Self {
        Self::of(Target::Address {
            address: address.parse().expect("an address"),
            port: None,
        })
    }

    fn of(target: Target) -> Self {
        Self {
            target,
            zone: String::new(),
            failures: Vec::new(),
            failing_aliases: Vec::new(),
            services: Vec::new(),
            listings: Vec::new(),
            reverse: Vec::new(),
            unfinished: Vec::new(),
            reads_senders: false,
            reads_dane: false,
            signing: Vec::new(),
            more_addresses: 0,
            now: 0,
            store: TrustStore::webpki_roots(),
        }
    }

    pub(super) fn zone(mut self, text: &str) -> Self {
        self.zone.push_str(text);
        self
    }

    pub(super) fn dns_failure(mut self, name: &str, kind: LookupErrorKind) -> Self {
        self.failures.push((name.to_owned(), kind));
        self
    }

    /// With the question for the alias of this name failing, and no other.
    pub(super) fn alias_failure(mut self, name: &str, kind: LookupErrorKind) -> Self {
        self.failing_aliases.push((name.to_owned(), kind));
        self
    }

    pub(super) fn reverse(mut self, address: &str) -> Self {
        self.reverse.push(address.to_owned());
        self
    }

    pub(super) fn unfinished(mut self, what: &str) -> Self {
        self.unfinished.push(what.to_owned());
        self
    }

    /// With what is at this name and below signed, and rightly.
    pub(super) fn secure(mut self, name: &str) -> Self {
        self.signing.push((name.to_owned(), true));
        self
    }

    /// With what is at this name and below proved to be unsigned.
    pub(super) fn insecure(mut self, name: &str) -> Self {
        self.signing.push((name.to_owned(), false));
        self
    }

    /// With what a sender with DANE learns of the mail hosts.
    pub(super) fn dane(mut self) -> Self {
        self.reads_dane = true;
        self
    }

    /// With this many addresses past those that were looked at.
    pub(super) fn more_addresses(mut self, count: usize) -> Self {
        self.more_addresses = count;
        self
    }

    /// At this time.
    pub(super) fn at(mut self, now: i64) -> Self {
        self.now = now;
        self
    }

    /// Where these are the authorities that the public trusts.
    pub(super) fn trusting(mut self, store: TrustStore) -> Self {
        self.store = store;
        self
    }

    /// With what the SPF record of the domain says.
    pub(super) fn senders(mut self) -> Self {
        self.reads_senders = true;
        self
    }

    pub(super) fn port(self, host: &str, address: &str, state: PortState) -> Self {
        let outcome = match state {
            PortState::Open => smtp_probe::Outcome::Completed,
            _ => smtp_probe::Outcome::Stopped(Stop::new(Phase::Connect, Cause::NotConnected)),
        };
        self.service(host, address, Observation::new(None, state, outcome))
    }

    pub(super) fn served(self, host: &str, address: &str) -> Self {
        self.port(host, address, PortState::Open)
    }

    pub(super) fn stopped(self, host: &str, address: &str, stop: Stop) -> Self {
        let outcome = smtp_probe::Outcome::Stopped(stop);
        self.service(
            host,
            address,
            Observation::new(None, PortState::Open, outcome),
        )
    }

    pub(super) fn greeting(self, host: &str, address: &str, reply: Reply) -> Self {
        let mut observation =
            Observation::new(None, PortState::Open, smtp_probe::Outcome::Completed);
        observation.greeting = Some(reply);
        self.service(host, address, observation)
    }

    pub(super) fn starttls(self, host: &str, address: &str, starttls: StartTls) -> Self {
        let mut observation =
            Observation::new(None, PortState::Open, smtp_probe::Outcome::Completed);
        observation.starttls = starttls;
        self.service(host, address, observation)
    }

    pub(super) fn tls(self, host: &str, address: &str, capture: Capture) -> Self {
        let mut observation =
            Observation::new(None, PortState::Open, smtp_probe::Outcome::Completed);
        observation.tls = Some(capture);
        self.service(host, address, observation)
    }

    /// With a proved cause of the last service's failure.
    pub(super) fn cause(mut self, cause: FailureCause) -> Self {
        let proven =
            serde_json::json!({ "cause": cause, "proof": [1], "is_seen_in_handshake": false });
        let report = serde_json::json!({ "causes": [proven], "connections": [] });
        let report = serde_json::from_value(report).expect("a report");
        self.services.last_mut().expect("a service").causes = Some(report);
        self
    }

    pub(super) fn not_probed(mut self, address: &str, reason: NotProbed) -> Self {
        let address = address.parse().expect("an address");
        self.services.push(ServiceFacts::new(
            None,
            address,
            ProbeResult::NotProbed(reason),
        ));
        self
    }

    pub(super) fn listing(mut self, address: &str, stance: Stance, verdict: Verdict) -> Self {
        let zone = parse(&format!("list{}.test", self.listings.len()));
        let subject = dnsbl::Subject::Address(address.parse().expect("an address"));
        self.listings.push(ListAnswer::new(
            ListSummary::new(zone, "List", stance, Tier::Major),
            subject,
            0,
            verdict,
        ));
        self
    }

    pub(super) fn service(mut self, host: &str, address: &str, observation: Observation) -> Self {
        let address = address.parse().expect("an address");
        let probe = ProbeResult::Observed(Box::new(observation));
        self.services
            .push(ServiceFacts::new(Some(parse(host)), address, probe));
        self
    }

    pub(super) fn judge(&self) -> Judge {
        Judge::new(self.store.clone(), CryptoProvider::aws_lc_rs())
    }

    pub(super) fn facts(&self) -> Facts {
        let mut dns = StaticLookup::from_zone_text(&self.zone).expect("zone text");
        for (name, kind) in &self.failures {
            dns = dns.with_failure(parse(name), *kind);
        }
        for (name, kind) in &self.failing_aliases {
            dns = dns.with_failing_type(parse(name), RecordType::CNAME, *kind);
        }
        for (name, is_signed) in &self.signing {
            dns = match is_signed {
                true => dns.with_secure_zone(parse(name)),
                false => dns.with_insecure_zone(parse(name)),
            };
        }
        let mut facts = Facts::new(self.target.clone(), Profile::of(&self.target), self.now);
        match &self.target {
            Target::Domain(name) => {
                let route = now(mail_route(&dns, name));
                if self.reads_dane {
                    facts.dane = now(dane_route(&dns, &route, 25)).hosts;
                }
                facts.route = Some(route);
                let senders = self.reads_senders.then(|| now(dnsbl::senders(&dns, name)));
                facts.senders = senders;
            }
            Target::Host { name, port } => {
                let addresses = now(resolve(&dns, name));
                if self.reads_dane {
                    facts.dane = vec![now(dane_host_at(&dns, name, addresses.clone(), *port))];
                }
                facts.host = Some(addresses);
            }
            Target::Address { .. } => {}
        }
        for address in &self.reverse {
            facts
                .reverse
                .push(now(reverse(&dns, address.parse().expect("an address"))));
        }
        facts.services.clone_from(&self.services);
        facts.listings.clone_from(&self.listings);
        facts.unfinished.clone_from(&self.unfinished);
        facts.more_addresses = self.more_addresses;
        facts
    }
}

fn parse(name: &str) -> DomainName {
    name.parse().expect("a name")
}

/// Lookups in memory do not wait.
fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("nothing to wait for"),
    }
}

/// Judges a scene by one rule.
#[track_caller]
pub(super) fn check(rule: &'static Rule, scene: &Scene, expected: &[Outcome]) -> Vec<Finding> {
    check_case(rule, &scene.judge().case(&scene.facts()), expected)
}

/// The same, with what the chain of each service is said to be worth.
#[track_caller]
pub(super) fn check_assessed(
    rule: &'static Rule,
    scene: &Scene,
    assessments: Vec<Option<Assessment>>,
    expected: &[Outcome],
) -> Vec<Finding> {
    let facts = scene.facts();
    let case = Case {
        assessments,
        ..scene.judge().case(&facts)
    };
    check_case(rule, &case, expected)
}

#[track_caller]
fn check_case(rule: &'static Rule, case: &Case<'_>, expected: &[Outcome]) -> Vec<Finding> {
    let mut findings: Vec<Finding> = Vec::new();
    (rule.check)(case, &mut findings);
    let outcomes: Vec<_> = findings.iter().map(|finding| finding.outcome).collect();
    assert_eq!(outcomes, expected, "{findings:#?}");
    for finding in &findings {
        assert_eq!(finding.rule, rule.id);
        let doubtful = matches!(finding.outcome, Outcome::Inconclusive | Outcome::Fail(_));
        assert!(!doubtful || !finding.message.is_empty());
    }
    findings
}

#[test]
fn ids_are_unique_and_well_formed() {
    let mut seen = BTreeSet::new();
    for rule in ALL {
        assert!(seen.insert(rule.id), "{} twice", rule.id);
        let (axis, thing) = rule.id.split_once('.').expect("part and thing");
        for part in [axis, thing] {
            assert!(
                part.bytes()
                    .all(|octet| octet.is_ascii_lowercase() || octet == b'-'),
                "{}",
                rule.id
            );
        }
        assert!(
            !rule.citation.is_empty() && !rule.summary.ends_with('.'),
            "{}",
            rule.id
        );
    }
}
