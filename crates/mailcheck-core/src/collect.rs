//! Takes the facts: asks the DNS, looks at the ports, asks the lists.

mod causes;
mod lists;

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, SystemTime};

use dnsbl::Catalogue;
use futures_util::future::{join, join_all, join3};
use futures_util::stream::{FuturesOrdered, FuturesUnordered, StreamExt as _};
use mail_dns::dane::{DaneHost, dane_host_at};
use mail_dns::{
    AddressScope, Answer, DomainName, HostAddresses, Lookup, LookupError, LookupErrorKind,
    Question, RecordType, Reverse, mail_route, resolve, reverse,
};
use smtp_probe::{EhloName, PortState, Probe, Security, Timeouts};
use tls_inspect::{CryptoProvider, ReferenceId};
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};

use crate::{Facts, NotProbed, PortRole, ProbeResult, Profile, ServiceFacts, Target};

/// How many addresses one run looks at.
const MAX_ADDRESSES: usize = 32;
/// How many connections one run has open at a time to ports that must answer, and as many to others.
const MAX_CONNECTIONS: usize = 16;
/// How long silence must last to mean something: long enough for the kernel to send again twice.
const PATIENCE: Duration = Duration::from_secs(3);
/// How much sooner than the run a session ends.
const MARGIN: Duration = Duration::from_millis(50);
/// The longest run.
const MAX_DEADLINE: Duration = Duration::from_secs(86_400);

/// Takes facts of targets.
///
/// # Examples
///
/// ```no_run
/// use std::time::Duration;
/// use mail_dns::stub::StubResolver;
/// use mailcheck_core::{Collector, Judge, Profile, Target};
/// use tls_inspect::{CryptoProvider, TrustStore};
///
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// let provider = CryptoProvider::aws_lc_rs();
/// let collector = Collector::new(StubResolver::from_system()?, "probe.example.com".parse()?, provider.clone())
///     .with_lists(dnsbl::Catalogue::builtin()?)
///     .with_deadline(Duration::from_secs(30));
///
/// let target: Target = "example.com".parse()?;
/// let facts = collector.collect(&target, &Profile::of(&target)).await;
/// println!("{}", Judge::new(TrustStore::webpki_roots(), provider).judge(&facts));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Collector<L> {
    lookup: L,
    ehlo_name: EhloName,
    provider: CryptoProvider,
    lists: Option<Catalogue>,
    deadline: Duration,
    timeouts: Timeouts,
    special_addresses: bool,
    detours: Option<Detours>,
}

/// A lookup whose questions end when the time is up: what was asked before is kept.
struct Bounded<'a, L> {
    lookup: &'a L,
    until: Instant,
}

impl<L: Lookup> Lookup for Bounded<'_, L> {
    async fn lookup(
        &self,
        name: &DomainName,
        record_type: RecordType,
    ) -> Result<Answer, LookupError> {
        match timeout_at(self.until, self.lookup.lookup(name, record_type)).await {
            Ok(result) => result,
            Err(_) => {
                let question = Question {
                    name: name.clone(),
                    record_type,
                };
                Err(LookupError::new(LookupErrorKind::Timeout, question))
            }
        }
    }
}

/// Where to connect in place of an address, for a laboratory or a tunnel.
pub type Detours = BTreeMap<SocketAddr, SocketAddr>;

/// What a run has come to.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Progress {
    /// The route is known; so many ports are to be looked at.
    Routed {
        /// How many.
        ports: usize,
    },
    /// A port was looked at.
    Probed(SocketAddr),
    /// The names of the addresses are known.
    Named,
    /// The lists were asked.
    Listed,
}

impl<L: Lookup> Collector<L> {
    /// A collector that asks through `lookup` and calls itself `ehlo_name`; it asks no lists.
    #[must_use]
    pub fn new(lookup: L, ehlo_name: EhloName, provider: CryptoProvider) -> Self {
        Self {
            lookup,
            ehlo_name,
            provider,
            lists: None,
            deadline: Duration::from_secs(60),
            timeouts: Timeouts::default(),
            special_addresses: false,
            detours: None,
        }
    }

    /// The same asking these lists.
    #[must_use]
    pub fn with_lists(mut self, lists: Catalogue) -> Self {
        self.lists = Some(lists);
        self
    }

    /// The same with this time for a whole run, in place of 60 s, and a day at the most. Ports that are not looked at by then are
    /// [named](Facts::unfinished), a question that is not answered by then has [timed out](LookupErrorKind::Timeout), and the rest is kept.
    #[must_use]
    pub fn with_deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// The same with these timeouts of a session; the deadline of the run bounds them.
    #[must_use]
    pub fn with_timeouts(mut self, timeouts: Timeouts) -> Self {
        self.timeouts = timeouts;
        self
    }

    /// The same contacting addresses that are not global too: private ones, loopback, documentation.
    ///
    /// Whoever controls the DNS of a target says which addresses are contacted, so this is for targets that you trust.
    #[must_use]
    pub fn with_special_addresses(mut self) -> Self {
        self.special_addresses = true;
        self
    }

    /// The same connecting by detours only: an address that has none is not contacted.
    #[must_use]
    pub fn with_detours(mut self, detours: Detours) -> Self {
        self.detours = Some(detours);
        self
    }

    /// Takes the facts of `target`.
    pub async fn collect(&self, target: &Target, profile: &Profile) -> Facts {
        self.collect_with(target, profile, |_| {}).await
    }

    /// The same, telling how far it has come.
    pub async fn collect_with(
        &self,
        target: &Target,
        profile: &Profile,
        progress: impl Fn(Progress) + Send + Sync,
    ) -> Facts {
        let started = instant();
        let deadline = self.deadline.min(MAX_DEADLINE);
        let until = started + deadline;
        let mut facts = Facts::new(target.clone(), profile.clone(), unix_time());

        // Half of the time at the most, so that some is left to look at what is found.
        self.route(target, &mut facts, started + deadline / 2).await;
        let (mut services, more) = plan(&hosts(&facts), profile);
        facts.more_addresses = more;
        let addresses = addresses(&services);
        progress(Progress::Routed {
            ports: services.len(),
        });

        let probes = self.probe_all(&mut services, profile, until, &progress);
        let lists = async {
            let found = self.listings(target, &addresses, until).await;
            progress(Progress::Listed);
            found
        };
        let dane = self.dane(&facts, until);
        let questions = join3(self.names(&addresses, until, &progress), lists, dane);
        let ((), (names, (senders, listings), dane)) = Box::pin(join(probes, questions)).await;
        let late =
            |service: &&ServiceFacts| service.probe == ProbeResult::NotProbed(NotProbed::Deadline);
        facts.unfinished = services
            .iter()
            .filter(late)
            .map(|service| service.address.to_string())
            .collect();
        facts.services = services;
        facts.dane = dane;
        facts.reverse = names;
        facts.senders = senders;
        facts.listings = listings;
        facts.elapsed = started.elapsed();
        facts
    }

    async fn route(&self, target: &Target, facts: &mut Facts, until: Instant) {
        let lookup = Bounded {
            lookup: &self.lookup,
            until,
        };
        match target {
            Target::Domain(name) => facts.route = Some(mail_route(&lookup, name).await),
            Target::Host { name, .. } => facts.host = Some(resolve(&lookup, name).await),
            Target::Address { .. } => {}
        }
    }

    async fn probe_all(
        &self,
        services: &mut [ServiceFacts],
        profile: &Profile,
        until: Instant,
        progress: &(impl Fn(Progress) + Sync),
    ) {
        // Ports that need not answer often do not, and must not keep the others waiting.
        let (needed, others) = (
            Semaphore::new(MAX_CONNECTIONS),
            Semaphore::new(MAX_CONNECTIONS),
        );
        let probes = services.iter_mut().map(|service| {
            let expectation = profile.expectation(service.address.port());
            let required = expectation.is_some_and(|expectation| expectation.required);
            self.probe(service, if required { &needed } else { &others }, until)
        });
        let mut probes: FuturesUnordered<_> = probes.collect();
        while let Some(address) = probes.next().await {
            progress(Progress::Probed(address));
        }
        drop(probes);
        self.causes(services, profile, until).await;
    }

    async fn probe(
        &self,
        service: &mut ServiceFacts,
        permits: &Semaphore,
        until: Instant,
    ) -> SocketAddr {
        let logical = service.address;
        let physical = match self.way_to(logical) {
            Ok(physical) => physical,
            Err(reason) => {
                service.probe = ProbeResult::NotProbed(reason);
                return logical;
            }
        };
        let Ok(Ok(_permit)) = timeout_at(until, permits.acquire()).await else {
            return logical;
        };
        // The session ends itself before the run does, and so keeps what was seen.
        let left = until
            .saturating_duration_since(instant())
            .saturating_sub(MARGIN);
        if left < MARGIN {
            return logical;
        }
        let mut observation = self.configure(service, left).run(physical).await;
        observation.address = Some(logical);
        // Silence counts only if it was waited for; time cut short by the run is no word about the port.
        let patience = self.timeouts.connect.min(PATIENCE);
        let cut_short = observation.port == PortState::Filtered && left < patience;
        if !cut_short {
            service.probe = ProbeResult::Observed(Box::new(observation));
        }
        logical
    }

    /// Where to connect for an address, if it may be contacted.
    fn way_to(&self, address: SocketAddr) -> Result<SocketAddr, NotProbed> {
        let scope = AddressScope::of(address.ip());
        match &self.detours {
            _ if scope != AddressScope::Global && !self.special_addresses => {
                Err(NotProbed::Scope(scope))
            }
            None => Ok(address),
            Some(detours) => detours.get(&address).copied().ok_or(NotProbed::NoDetour),
        }
    }

    fn configure(&self, service: &ServiceFacts, left: Duration) -> Probe {
        let security = match service.role() {
            PortRole::Submissions => Security::Implicit,
            PortRole::Relay | PortRole::Submission => Security::StartTls,
        };
        let probe = Probe::new(self.ehlo_name.clone(), security, self.provider.clone())
            .with_timeouts(self.timeouts.within(left));
        match server_name(service) {
            Some(name) => probe.with_server_name(name),
            None => probe,
        }
    }

    /// What a sender with DANE asks for before it connects: of every mail host of a domain for port 25, or of a host for the port
    /// that was named.
    async fn dane(&self, facts: &Facts, until: Instant) -> Vec<DaneHost> {
        let lookup = Bounded {
            lookup: &self.lookup,
            until,
        };
        let hosts: Vec<_> = match (&facts.target, &facts.route, &facts.host) {
            (Target::Host { name, .. }, _, Some(addresses)) => vec![(name, addresses)],
            (Target::Domain(_), Some(route), _) => route
                .hosts
                .iter()
                .filter_map(|host| Some((&host.name, host.addresses.as_ref()?)))
                .collect(),
            _ => Vec::new(),
        };
        let ports = facts
            .profile
            .ports
            .iter()
            .map(|expectation| expectation.port);
        // MX records lead to this port and to no other (RFC 5321 §4.5.4.2), be there records for others as well.
        let is_domain = facts.route.is_some();
        let arrives = |port: &u16| match is_domain {
            true => *port == 25,
            false => PortRole::of(*port) == PortRole::Relay,
        };
        let ports: Vec<_> = ports.filter(arrives).collect();
        let mut questions = Vec::new();
        for (index, (name, addresses)) in hosts.iter().enumerate() {
            // A host with two MX records is asked about once.
            if hosts.iter().take(index).any(|(earlier, _)| earlier == name) {
                continue;
            }
            for port in &ports {
                questions.push(dane_host_at(&lookup, name, (*addresses).clone(), *port));
            }
        }
        join_all(questions).await
    }

    async fn names(
        &self,
        addresses: &[IpAddr],
        until: Instant,
        progress: &(impl Fn(Progress) + Sync),
    ) -> Vec<Reverse> {
        let lookup = Bounded {
            lookup: &self.lookup,
            until,
        };
        let names: FuturesOrdered<_> = addresses
            .iter()
            .map(|address| reverse(&lookup, *address))
            .collect();
        let names = names.collect().await;
        progress(Progress::Named);
        names
    }
}

/// The name to ask a server for.
fn server_name(service: &ServiceFacts) -> Option<ReferenceId> {
    let host = service.host.as_ref()?;
    ReferenceId::parse(&host.to_string()).ok()
}

/// The hosts to look at, with their addresses in order.
fn hosts(facts: &Facts) -> Vec<(Option<DomainName>, Vec<IpAddr>)> {
    let addresses = |addresses: &HostAddresses| addresses.found().collect();
    match (&facts.target, &facts.route, &facts.host) {
        (Target::Address { address, .. }, ..) => vec![(None, vec![*address])],
        (Target::Host { name, .. }, _, Some(host)) => vec![(Some(name.clone()), addresses(host))],
        (Target::Domain(_), Some(route), _) => {
            let mut hosts: Vec<(Option<DomainName>, Vec<IpAddr>)> = Vec::new();
            for host in &route.hosts {
                // A host with two MX records is looked at once.
                let name = Some(host.name.clone());
                if hosts.iter().all(|(seen, _)| *seen != name) {
                    hosts.push((name, host.addresses().collect()));
                }
            }
            hosts
        }
        _ => Vec::new(),
    }
}

/// Every port of every address up to the bound, and how many addresses there are past it.
fn plan(
    hosts: &[(Option<DomainName>, Vec<IpAddr>)],
    profile: &Profile,
) -> (Vec<ServiceFacts>, usize) {
    let addresses = hosts
        .iter()
        .flat_map(|(host, addresses)| addresses.iter().map(move |address| (host, *address)));
    let more = addresses.clone().count().saturating_sub(MAX_ADDRESSES);
    let services = addresses.take(MAX_ADDRESSES).flat_map(|(host, address)| {
        profile.ports.iter().map(move |expectation| {
            let address = SocketAddr::new(address, expectation.port);
            ServiceFacts::new(
                host.clone(),
                address,
                ProbeResult::NotProbed(NotProbed::Deadline),
            )
        })
    });
    (services.collect(), more)
}

/// The addresses of the services, each once, in order.
fn addresses(services: &[ServiceFacts]) -> Vec<IpAddr> {
    let mut addresses = Vec::new();
    for service in services {
        let address = service.address.ip();
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    addresses
}

#[expect(
    clippy::disallowed_methods,
    reason = "the driver stamps the facts with the time of the run"
)]
fn unix_time() -> i64 {
    let since = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

#[expect(
    clippy::disallowed_methods,
    reason = "the driver bounds the run by a deadline"
)]
fn instant() -> Instant {
    Instant::now()
}
