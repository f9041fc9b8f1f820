//! A whole mail world: domains with DNS, servers, certificates and blocklists, all in this process.
//!
//! In the DNS of the world, hosts have addresses kept for documentation (192.0.2.0/24, 198.51.100.0/24,
//! 203.0.113.0/24, 2001:db8::/32), and so they do in reports. [`World::routes`] says where on loopback each
//! really is; a probe under test dials there instead. The same names and addresses come in every run, only
//! the ports on loopback change.
//!
//! Under `dnsbl.test` there are blocklists:
//!
//! | zone | what it does |
//! | --- | --- |
//! | `normal.dnsbl.test` | lists its test entries (RFC 5782, section 5) and the host of `listed.test`, by 127.0.0.2 and 127.0.0.4 |
//! | `clean.dnsbl.test` | lists its test entries alone |
//! | `domains.dnsbl.test` | a list of domains: `TEST` and `listed.test`, by 127.0.1.2; not `INVALID` |
//! | `refusing.dnsbl.test` | answers 127.255.255.254 to everything |
//! | `world.dnsbl.test` | lists everything, by 127.0.0.2 |
//! | `dead.dnsbl.test` | lists nothing, not even its test entries |
//! | `parked.dnsbl.test` | answers 203.0.113.7 to everything |
//! | `silent.dnsbl.test` | never answers |
//! | `servfail.dnsbl.test` | answers SERVFAIL |
//! | `bits.dnsbl.test` | a list of domains by a bit mask: `TEST` has every bit but the lowest, `listed.test` 16 and 64 |
//! | `composite.dnsbl.test` | repeats `normal` by its codes, and lists 203.0.113.67 by 127.0.0.10 of its own |
//! | `six.dnsbl.test` | a list of IPv6 networks: its test entry and every address of 2001:db8:bad:1::/64, by 127.0.0.2 |
//! | `allow.dnsbl.test` | an allowlist: its test entry and the hosts of `good.test`, by 127.0.5.3 |
//! | `quota.dnsbl.test` | an allowlist that has had too many questions: answers 127.0.10.3 to everything |
//! | `egress.dnsbl.test` | answers 127.0.0.1 to everything, and its text has the address 198.51.100.53 of a resolver |
//! | `keyed.dnsbl.test` | lists what `normal` does, below the label `laboratory-key` alone |
//!
//! `good.test` has every record that a mail domain can have, all of them right. The [policy
//! domains](World::policy_domains) are right as well, but for one record or one circumstance each: for checks
//! that never leave the DNS. Unless that is their topic, their mail goes to `mx1.good.test`.
//!
//! The world has mail servers alone. The web server of MTA-STS policies and BIMI logos has an address in the
//! DNS, 198.51.100.80, and no route; and `good.test` says by SRV that it has neither IMAP nor POP3.
//!
//! ```
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! let world = mailcheck_lab::World::start().await?;
//! let mx: std::net::SocketAddr = "192.0.2.10:25".parse().unwrap();
//! assert!(world.route(mx).is_some_and(|real| real.ip().is_loopback()));
//! assert!(world.stats().is_zero(), "nobody sent mail");
//! # Ok::<(), mailcheck_lab::LabError>(())
//! # }).unwrap();
//! ```

mod blocklists;
mod hosts;
mod keys;
mod policies;
mod zones;

use std::{
    collections::BTreeMap,
    net::{IpAddr, SocketAddr},
};

use self::{
    hosts::{HOSTS, Host, Place},
    keys::Keys,
};
pub use self::{
    policies::{PolicyDomain, Topic},
    zones::{Domain, Expected},
};
use crate::{
    ca::TestCa,
    dns::DnsServer,
    error::LabError,
    smtp::{Attempts, ClosedPort, FilteredPort, SmtpServer, closed_port, filtered_port},
};

/// The mail ports every host of the world has a route for.
pub const PORTS: [u16; 3] = [25, 465, 587];

/// A running world; it ends when this is dropped.
#[derive(Debug)]
pub struct World {
    dns: DnsServer,
    ca: TestCa,
    servers: BTreeMap<(&'static str, u16), SmtpServer>,
    routes: BTreeMap<SocketAddr, SocketAddr>,
    _closed: ClosedPort,
    _filtered: FilteredPort,
}

impl World {
    /// Starts every server of the world.
    ///
    /// # Errors
    ///
    /// When a loopback port cannot be had or a certificate cannot be made.
    pub async fn start() -> Result<Self, LabError> {
        let ca = TestCa::new()?;
        let (closed, filtered) = (closed_port()?, filtered_port()?);
        let mut servers = BTreeMap::new();
        let mut routes = BTreeMap::new();
        let mut keys = Keys::default();
        for host in HOSTS {
            let identity = ca.chain(host.certificate, &[host.name])?;
            if let Some(certificate) = identity.0.first() {
                keys.add(host.name, certificate)?;
            }
            for port in PORTS {
                let real = match host.place(port) {
                    Place::Server(script) => {
                        let script = script.script(host.name)?;
                        let identity = (identity.0.clone(), identity.1.clone_key());
                        let server = SmtpServer::start(script, Some(identity)).await?;
                        let addr = server.addr();
                        servers.insert((host.name, port), server);
                        addr
                    }
                    Place::Closed => closed.addr(),
                    Place::Filtered => filtered.addr(),
                };
                routes.extend(host.addresses().map(|ip| (SocketAddr::new(ip, port), real)));
            }
        }
        let dns = zones::server(&keys)?.start().await?;
        Ok(Self {
            dns,
            ca,
            servers,
            routes,
            _closed: closed,
            _filtered: filtered,
        })
    }

    /// The address of the world's resolver, for UDP and TCP.
    #[must_use]
    pub fn resolver(&self) -> SocketAddr {
        self.dns.addr()
    }

    /// The world's DNS server, to see its queries and to change its faults.
    #[must_use]
    pub fn dns(&self) -> &DnsServer {
        &self.dns
    }

    /// The world's authority.
    #[must_use]
    pub fn ca(&self) -> &TestCa {
        &self.ca
    }

    /// The root certificate the world trusts, as PEM.
    #[must_use]
    pub fn ca_pem(&self) -> String {
        self.ca.root_pem()
    }

    /// The domains, the good ones first.
    #[must_use]
    pub fn domains(&self) -> &'static [Domain] {
        zones::DOMAINS
    }

    /// The domains made for their policies (SPF, DKIM, DMARC and the like), by topic and name. They are none of
    /// [`domains`](Self::domains): most have no servers of their own.
    #[must_use]
    pub fn policy_domains(&self) -> &'static [PolicyDomain] {
        policies::domains()
    }

    /// From each address and port in the DNS of the world to the one on loopback, in order.
    pub fn routes(&self) -> impl Iterator<Item = (SocketAddr, SocketAddr)> + '_ {
        self.routes.iter().map(|(&logical, &real)| (logical, real))
    }

    /// Where on loopback an address and port of the world is.
    #[must_use]
    pub fn route(&self, logical: SocketAddr) -> Option<SocketAddr> {
        self.routes.get(&logical).copied()
    }

    /// The server of a host on a port, if it has one: `world.server("mx1.good.test", 25)`.
    #[must_use]
    pub fn server(&self, host: &str, port: u16) -> Option<&SmtpServer> {
        let mut servers = self.servers.iter();
        servers
            .find(|((name, at), _)| *name == host && *at == port)
            .map(|(_, server)| server)
    }

    /// The commands that no probe may send, over all servers: to stay zero.
    #[must_use]
    pub fn stats(&self) -> Attempts {
        let attempts = self.servers.values().map(SmtpServer::attempts);
        attempts.fold(Attempts::default(), std::ops::Add::add)
    }
}

impl Host {
    fn addresses(&self) -> impl Iterator<Item = IpAddr> {
        [Some(IpAddr::V4(self.v4)), self.v6.map(IpAddr::V6)]
            .into_iter()
            .flatten()
    }
}
