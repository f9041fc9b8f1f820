//! Takes the facts: asks the DNS, looks at the ports, asks the lists.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, SystemTime};

use dnsbl::{Catalogue, Checker};
use futures_util::future::join;
use futures_util::stream::{FuturesOrdered, FuturesUnordered, StreamExt as _};
use mail_dns::{
    AddressScope, DomainName, HostAddresses, Lookup, Reverse, mail_route, resolve, reverse,
};
use smtp_probe::{EhloName, Probe, Security, Timeouts};
use tls_inspect::{CryptoProvider, ReferenceId};
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};

use crate::{Facts, NotProbed, PortRole, ProbeResult, Profile, ServiceFacts, Target};

/// How many addresses one run looks at.
const MAX_ADDRESSES: usize = 32;
/// How many connections one run has open at a time.
const MAX_CONNECTIONS: usize = 16;

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

    /// The same with this time for a whole run, in place of 60 s. What is not done by then is
    /// [named](Facts::unfinished), and the rest is kept.
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
        let until = started + self.deadline;
        let mut facts = Facts::new(target.clone(), profile.clone(), unix_time());

        let hosts = if timeout_at(until, self.route(target, &mut facts))
            .await
            .is_ok()
        {
            hosts(&facts)
        } else {
            facts.unfinished.push("where mail goes".to_owned());
            Vec::new()
        };
        let mut services = plan(&hosts, profile);
        let addresses = addresses(&services);
        progress(Progress::Routed {
            ports: services.len(),
        });

        let probes = self.probe_all(&mut services, until, &progress);
        let questions = join(
            self.names(&addresses, until, &progress),
            self.listings(target, &addresses, until, &progress),
        );
        let ((), (names, listings)) = Box::pin(join(probes, questions)).await;
        facts.services = services;
        facts.reverse = names.found;
        facts.listings = listings.found;
        facts.unfinished.extend(names.unfinished);
        facts.unfinished.extend(listings.unfinished);
        facts.elapsed = started.elapsed();
        facts
    }

    async fn route(&self, target: &Target, facts: &mut Facts) {
        match target {
            Target::Domain(name) => facts.route = Some(mail_route(&self.lookup, name).await),
            Target::Host { name, .. } => facts.host = Some(resolve(&self.lookup, name).await),
            Target::Address { .. } => {}
        }
    }

    async fn probe_all(
        &self,
        services: &mut [ServiceFacts],
        until: Instant,
        progress: &(impl Fn(Progress) + Sync),
    ) {
        let permits = Semaphore::new(MAX_CONNECTIONS);
        let mut probes: FuturesUnordered<_> = services
            .iter_mut()
            .map(|service| self.probe(service, &permits, until))
            .collect();
        while let Some(address) = probes.next().await {
            progress(Progress::Probed(address));
        }
    }

    async fn probe(
        &self,
        service: &mut ServiceFacts,
        permits: &Semaphore,
        until: Instant,
    ) -> SocketAddr {
        let logical = service.address;
        let scope = AddressScope::of(logical.ip());
        let physical = match &self.detours {
            _ if scope != AddressScope::Global && !self.special_addresses => {
                Err(NotProbed::Scope(scope))
            }
            None => Ok(logical),
            Some(detours) => detours.get(&logical).copied().ok_or(NotProbed::NoDetour),
        };
        let physical = match (physical, &service.probe) {
            // Past the bound on addresses.
            (_, ProbeResult::NotProbed(NotProbed::TooMany)) => return logical,
            (Err(reason), _) => {
                service.probe = ProbeResult::NotProbed(reason);
                return logical;
            }
            (Ok(physical), _) => physical,
        };
        let probing = async {
            let _permit = permits.acquire().await.ok()?;
            let left = until.saturating_duration_since(instant());
            let probe = self.configure(service, left);
            Some(probe.run(physical).await)
        };
        // The session's own deadline ends it in time and keeps what was seen; this one is for the wait before it.
        if let Ok(Some(mut observation)) =
            timeout_at(until + Duration::from_millis(50), probing).await
        {
            observation.address = Some(logical);
            service.probe = ProbeResult::Observed(Box::new(observation));
        }
        logical
    }

    fn configure(&self, service: &ServiceFacts, left: Duration) -> Probe {
        let security = match service.role() {
            PortRole::Submissions => Security::Implicit,
            PortRole::Relay | PortRole::Submission => Security::StartTls,
        };
        let probe = Probe::new(self.ehlo_name.clone(), security, self.provider.clone())
            .with_timeouts(self.timeouts.within(left));
        let name = service
            .host
            .as_ref()
            .and_then(|host| ReferenceId::parse(&host.to_string()).ok());
        match name {
            Some(name) => probe.with_server_name(name),
            None => probe,
        }
    }

    async fn names(
        &self,
        addresses: &[IpAddr],
        until: Instant,
        progress: &(impl Fn(Progress) + Sync),
    ) -> Found<Reverse> {
        let names = addresses
            .iter()
            .map(|address| timeout_at(until, reverse(&self.lookup, *address)));
        let names: FuturesOrdered<_> = names.collect();
        let names: Vec<_> = names.collect().await;
        let unfinished = addresses
            .iter()
            .zip(&names)
            .filter(|(_, name)| name.is_err());
        let unfinished = unfinished
            .map(|(address, _)| format!("the name of {address}"))
            .collect();
        progress(Progress::Named);
        Found {
            found: names.into_iter().filter_map(Result::ok).collect(),
            unfinished,
        }
    }

    async fn listings(
        &self,
        target: &Target,
        addresses: &[IpAddr],
        until: Instant,
        progress: &(impl Fn(Progress) + Sync),
    ) -> Found<dnsbl::ListAnswer> {
        let mut subjects: Vec<_> = addresses
            .iter()
            .copied()
            .map(dnsbl::Subject::Address)
            .collect();
        if let Target::Domain(name) = target {
            subjects.insert(0, dnsbl::Subject::Domain(name.clone()));
        }
        let mut result = Found {
            found: Vec::new(),
            unfinished: Vec::new(),
        };
        if let Some(lists) = &self.lists {
            let checker = self.checker(lists.clone());
            let checks = subjects
                .iter()
                .map(|subject| timeout_at(until, checker.check_all(subject)));
            let checks: FuturesOrdered<_> = checks.collect();
            let checks: Vec<_> = Box::pin(checks.collect::<Vec<_>>()).await;
            for (subject, answers) in subjects.iter().zip(checks) {
                match answers {
                    Ok(answers) => result.found.extend(answers),
                    Err(_) => result.unfinished.push(format!("the lists about {subject}")),
                }
            }
        }
        progress(Progress::Listed);
        result
    }

    fn checker(&self, lists: Catalogue) -> Checker<&L> {
        // Only a name that no cache holds; nothing secret depends on it.
        let nonce = u64::from(std::process::id()) ^ unix_time().unsigned_abs();
        let checker = Checker::new(&self.lookup, lists, nonce);
        if self.special_addresses {
            checker.with_documentation_addresses()
        } else {
            checker
        }
    }
}

struct Found<T> {
    found: Vec<T>,
    unfinished: Vec<String>,
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

/// Every port of every address; those past the bound are named and not looked at.
fn plan(hosts: &[(Option<DomainName>, Vec<IpAddr>)], profile: &Profile) -> Vec<ServiceFacts> {
    let mut services = Vec::new();
    let mut seen = 0;
    for (host, addresses) in hosts {
        for address in addresses {
            seen += 1;
            let reason = if seen > MAX_ADDRESSES {
                NotProbed::TooMany
            } else {
                NotProbed::Deadline
            };
            services.extend(profile.ports.iter().map(|expectation| {
                let address = SocketAddr::new(*address, expectation.port);
                ServiceFacts::new(host.clone(), address, ProbeResult::NotProbed(reason))
            }));
        }
    }
    services
}

/// The addresses of the services, each once, in order.
fn addresses(services: &[ServiceFacts]) -> Vec<IpAddr> {
    let mut addresses = Vec::new();
    for service in services {
        let address = service.address.ip();
        if !addresses.contains(&address) && addresses.len() < MAX_ADDRESSES {
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
