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
use crate::look::{Attempt, Inspector, Look, Place};
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
    let all = places(&world).await;
    let is_tour = arguments.targets.is_empty();
    let places = match is_tour {
        true => all,
        false => chosen(&all, &arguments.targets)?,
    };
    let looks = stream::iter(places)
        .map(|place| inspector.look(place))
        .buffered(AT_A_TIME);
    let mut looks = std::pin::pin!(looks);
    let (mut worst, mut seen, mut closed) = (Outcome::Works, 0, 0);
    while let Some(look) = looks.next().await {
        // Most hosts have one port, and the others of them tell nothing new.
        if is_tour && is_closed(&look) && look.address.port() != 25 {
            closed += 1;
            continue;
        }
        let is_prose = is_tour && !arguments.json && !arguments.pem;
        if !is_prose || seen == 0 {
            run::print(arguments, &look)?;
            if is_prose {
                say("\nThe other servers of the laboratory, a line each:\n")?;
            }
        } else {
            say(&page::headline(&look).into_text())?;
        }
        seen += 1;
        worst = worst.max(look.outcome);
    }
    if is_tour && !arguments.json && !arguments.pem {
        say(&format!(
            "\n{} looked at, {closed} more that refuse",
            count(seen, "port")
        ))?;
    }
    Ok(worst.exit_code())
}

/// Those of the command line.
fn chosen(all: &[Place], targets: &[Target]) -> Result<Vec<Place>, String> {
    let find = |target: &Target| {
        let found = all.iter().find(|place| match &target.host {
            Host::Name(name) => {
                place.host.as_deref() == Some(&name.to_string())
                    && place.address.port() == target.port
            }
            Host::Address(address) => place.address == SocketAddr::new(*address, target.port),
        });
        let fault = || format!("expected a mail host of the laboratory, found {target:?}");
        found.cloned().ok_or_else(fault)
    };
    targets.iter().map(find).collect()
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

/// The mail hosts of its domains, by name.
pub(crate) async fn places(world: &World) -> Vec<Place> {
    let about = |topics: &[Topic]| topics.contains(&Topic::Transport);
    let made = world.policy_domains().iter();
    let made = made
        .filter(|domain| about(domain.topics))
        .map(|domain| (domain.name, domain.summary));
    let domains = world
        .domains()
        .iter()
        .map(|domain| (domain.name, domain.summary));
    let resolver = resolver(world);
    let mut places: Vec<Place> = Vec::new();
    for (domain, summary) in domains.chain(made) {
        let Ok(name) = domain.parse::<DomainName>() else {
            continue;
        };
        for host in mail_route(&resolver, &name).await.hosts {
            let addresses = host.addresses.iter().flat_map(|found| found.found());
            for ip in addresses.filter(std::net::IpAddr::is_ipv4) {
                for port in PORTS {
                    let logical = SocketAddr::new(ip, port);
                    let mut place = Place::new(logical, Some(host.name.to_string()));
                    place.remark = Some(format!("{domain} in the laboratory: {summary}"));
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
