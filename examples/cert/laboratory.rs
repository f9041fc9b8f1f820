//! The built-in laboratory: mail servers on loopback with good and bad certificates, and those that come to none.

use std::net::SocketAddr;
use std::time::Duration;

use futures_util::stream::{self, StreamExt as _};
use mail_dns::stub::{StubConfig, StubResolver};
use mail_dns::{DomainName, mail_route};
use mailcheck_lab::World;
use mailcheck_lab::world::Topic;
use smtp_probe::{PortState, Timeouts};
use tls_inspect::{CryptoProvider, TrustStore};

use crate::arguments::Arguments;
use crate::look::{Attempt, Inspector, Look, Place, now_unix};
use crate::machines::Machines;
use crate::outcome::Outcome;
use crate::target::{Host, Target};
use crate::terminal::{count, say};
use crate::{page, run};

/// How many servers are looked at at a time.
const AT_A_TIME: usize = 8;
/// Everything is on this machine: what does not answer soon never will.
const PATIENCE: Duration = Duration::from_secs(2);
/// The ports that are looked at.
const PORTS: [u16; 2] = [25, 465];

/// Every mail host, on port 25 and 465: the first in full, the others in a line.
pub(crate) async fn tour(arguments: &Arguments) -> Result<u8, String> {
    let world = World::start()
        .await
        .map_err(|error| format!("the laboratory does not start: {error}"))?;
    let inspector = inspector(arguments, &world)?;
    let all = places(&world, |domain| is_asked(&arguments.targets, domain)).await;
    let is_tour = arguments.targets.is_empty();
    let mut places = match is_tour {
        true => all,
        false => chosen(&all, &arguments.targets)?,
    };
    tell_of_others(&mut places);
    let looks = stream::iter(places)
        .map(|place| inspector.look(place))
        .buffered(AT_A_TIME);
    let mut looks = std::pin::pin!(looks);
    let mut tour = Tour::new(&inspector, is_tour);
    while let Some(look) = looks.next().await {
        tour.tell(look)?;
    }
    tour.end()
}

/// Whether a host of the domain may be among the targets; without any, all are.
fn is_asked(targets: &[Target], domain: &str) -> bool {
    let mut hosts = targets.iter().map(|target| &target.host);
    targets.is_empty()
        || hosts.any(|host| match host {
            Host::Name(name) => is_at_or_below(&name.to_string(), domain),
            Host::Address(_) => true,
        })
}

/// Whether a name is a domain's own or one below it.
pub(crate) fn is_at_or_below(name: &str, domain: &str) -> bool {
    let above = name.strip_suffix(domain);
    above.is_some_and(|above| above.is_empty() || above.ends_with('.'))
}

/// Has each place know whether others of its name are looked at as well.
fn tell_of_others(places: &mut [Place]) {
    let names: Vec<_> = places.iter().map(of_name).collect();
    for place in places {
        let name = of_name(place);
        place.is_one_of_several = names.iter().filter(|other| **other == name).count() > 1;
    }
}

fn of_name(place: &Place) -> (Option<String>, u16) {
    (place.host.clone(), place.address.port())
}

/// What was told so far.
struct Tour<'a> {
    inspector: &'a Inspector<'a>,
    is_tour: bool,
    worst: Outcome,
    seen: usize,
    closed: usize,
    /// Those of one name and port, until another comes.
    of_name: Vec<Look>,
    /// How many names and ports came before it.
    names: usize,
}

impl<'a> Tour<'a> {
    const fn new(inspector: &'a Inspector<'a>, is_tour: bool) -> Self {
        Self {
            inspector,
            is_tour,
            worst: Outcome::Works,
            seen: 0,
            closed: 0,
            of_name: Vec::new(),
            names: 0,
        }
    }

    fn is_prose(&self) -> bool {
        self.is_tour && !self.inspector.arguments.json && !self.inspector.arguments.pem
    }

    fn tell(&mut self, look: Look) -> Result<(), String> {
        // Most hosts have one port, and the others of them tell nothing new.
        if self.is_tour && is_closed(&look) && look.address.port() != 25 {
            self.closed += 1;
            return Ok(());
        }
        let before = self.of_name.last();
        let is_same = before
            .is_some_and(|one| one.host == look.host && one.address.port() == look.address.port());
        if !is_same {
            self.end_name()?;
        }
        if self.is_prose() && self.seen > 0 {
            say(&page::headline(&look).into_text())?;
        } else {
            if self.seen > 0 {
                run::part(self.inspector.arguments)?;
            }
            run::print(self.inspector.arguments, &look)?;
        }
        self.seen += 1;
        self.worst = self.worst.max(look.outcome);
        self.of_name.push(look);
        Ok(())
    }

    /// What the addresses of a name come to, of which in prose the first name alone is told of.
    fn end_name(&mut self) -> Result<(), String> {
        let looks = std::mem::take(&mut self.of_name);
        let Some(first) = looks.first() else {
            return Ok(());
        };
        self.names += 1;
        let is_told = !self.is_prose() || self.names == 1;
        if let Some(host) = first.host.as_ref().filter(|_| is_told && looks.len() > 1) {
            let port = first.address.port();
            let (open, now) = (Vec::new(), now_unix());
            let machines = Machines::of(self.inspector, host, port, &looks, open, now);
            run::print_machines(self.inspector.arguments, &machines)?;
        }
        if self.is_prose() && self.names == 1 {
            say("\nThe other servers of the laboratory, a line each:\n")?;
        }
        Ok(())
    }

    fn end(mut self) -> Result<u8, String> {
        self.end_name()?;
        if self.is_prose() {
            say(&format!(
                "\n{} looked at, {} more that refuse",
                count(self.seen, "port"),
                self.closed
            ))?;
        }
        Ok(self.worst.exit_code())
    }
}

/// Those of the command line: of a name, all addresses.
fn chosen(all: &[Place], targets: &[Target]) -> Result<Vec<Place>, String> {
    let mut chosen = Vec::new();
    for target in targets {
        let is_it = |place: &&Place| match &target.host {
            Host::Name(name) => {
                place.host.as_deref() == Some(&name.to_string())
                    && place.address.port() == target.port
            }
            Host::Address(address) => place.address == SocketAddr::new(*address, target.port),
        };
        let found = all.iter().filter(is_it);
        let before = chosen.len();
        chosen.extend(found.cloned());
        if chosen.len() == before {
            return Err(format!(
                "expected a mail host of the laboratory, found {target:?}"
            ));
        }
    }
    Ok(chosen)
}

fn is_closed(look: &Look) -> bool {
    matches!(&look.seen.attempt, Attempt::NotBegun(seen) if seen.port == PortState::Refused)
}

/// Looks with the laboratory's authority and resolver, and without patience.
pub(crate) fn inspector<'a>(
    arguments: &'a Arguments,
    world: &World,
) -> Result<Inspector<'a>, String> {
    let own = TrustStore::from_pem("laboratory", world.ca_pem().as_bytes());
    let mut timeouts = Timeouts::default().within(PATIENCE);
    timeouts.connect = PATIENCE / 2;
    Ok(Inspector {
        arguments,
        provider: CryptoProvider::aws_lc_rs(),
        stores: vec![
            own.map_err(|error| error.to_string())?,
            TrustStore::webpki_roots(),
        ],
        resolver: Some(resolver(world)),
        timeouts,
    })
}

fn resolver(world: &World) -> StubResolver {
    let mut config = StubConfig::new([world.resolver()]);
    config.attempt_timeout = PATIENCE / 4;
    config.deadline = PATIENCE / 2;
    StubResolver::new(config)
}

/// The mail hosts of those of its domains that are asked for.
pub(crate) async fn places(world: &World, is_asked: impl Fn(&str) -> bool) -> Vec<Place> {
    let about = |topics: &[Topic]| topics.contains(&Topic::Transport);
    let made = world.policy_domains().iter();
    let made = made
        .filter(|domain| about(domain.topics))
        .map(|domain| (domain.name, domain.summary));
    let domains = world
        .domains()
        .iter()
        .map(|domain| (domain.name, domain.summary));
    let domains = domains.chain(made).filter(|(domain, _)| is_asked(domain));
    let resolver = &resolver(world);
    // Side by side: one of them does not answer.
    let routes = domains.filter_map(|(domain, summary)| {
        let name = domain.parse::<DomainName>().ok()?;
        let remark = format!("{domain} in the laboratory: {summary}");
        Some(async move { (remark, mail_route(resolver, &name).await) })
    });
    let mut routes = stream::iter(routes).buffered(AT_A_TIME);
    let mut places: Vec<Place> = Vec::new();
    while let Some((remark, route)) = routes.next().await {
        for host in &route.hosts {
            for port in PORTS {
                for ip in host.addresses() {
                    let logical = SocketAddr::new(ip, port);
                    let mut place = Place::new(logical, Some(host.name.to_string()));
                    place.remark = Some(remark.clone());
                    let Some(real) = world.route(logical) else {
                        continue;
                    };
                    place.real = real;
                    let is_new = places.iter().all(|one| one.address != logical);
                    places.extend(is_new.then_some(place));
                }
            }
        }
    }
    places
}
