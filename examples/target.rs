//! What a mail port is given by on the command line, and how it is come to.

use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::str::FromStr;
use std::time::Duration;

use clap::Args;
use mail_dns::stub::{Server, StubConfig, StubResolver};
use mail_dns::{AddressScope, DomainName, resolve};
use smtp_probe::EhloName;

use crate::command_line::seconds;
use crate::domain_name::domain_name;

/// A host or an address, and a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) host: Host,
    pub(crate) port: u16,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Host {
    Name(DomainName),
    Address(IpAddr),
}

impl FromStr for Target {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let address = text.trim_start_matches('[').trim_end_matches(']');
        if let Ok(address) = address.parse() {
            let host = Host::Address(address);
            return Ok(Self { host, port: 25 });
        }
        if let Ok(address) = text.parse::<SocketAddr>() {
            let host = Host::Address(address.ip());
            return Ok(Self {
                host,
                port: port(address.port())?,
            });
        }
        let (name, port_text) = text.rsplit_once(':').unwrap_or((text, "25"));
        let is_name = !name.is_empty() && !name.contains(['/', ':', '@', '[', ']']);
        let number = port_text.parse().ok().filter(|_| is_name);
        let expected = "HOST, HOST:PORT or an address";
        let fault = || format!("expected {expected}, found `{}`", text.escape_debug());
        let number = number.ok_or_else(fault)?;
        let name = domain_name(name, expected)?;
        Ok(Self {
            host: Host::Name(name),
            port: port(number)?,
        })
    }
}

/// What a target comes to.
#[derive(Debug)]
pub(crate) struct Resolved {
    /// The name that it was given by.
    pub(crate) host: Option<String>,
    pub(crate) addresses: Vec<IpAddr>,
    /// The questions without an answer: as long as there is one, more addresses may exist.
    pub(crate) failures: Vec<String>,
}

impl Resolved {
    /// Why addresses may be missing that the target has.
    pub(crate) fn without_address(&self) -> Vec<String> {
        let mut reasons: Vec<_> = self
            .failures
            .iter()
            .map(|failure| format!("{failure}, so there may be more addresses"))
            .collect();
        if self.addresses.is_empty() && reasons.is_empty() {
            reasons.push("no address was found".to_owned());
        }
        reasons
    }
}

fn port(port: u16) -> Result<u16, String> {
    match port {
        0 => Err("expected a port from 1 to 65535, found 0".to_owned()),
        port => Ok(port),
    }
}

impl Target {
    /// The name, if it was given by one, and its addresses, of which a name may have none.
    pub(crate) async fn resolve(&self, reach: &Reach) -> Result<Resolved, String> {
        let name = match &self.host {
            Host::Address(address) => {
                return Ok(Resolved {
                    host: None,
                    addresses: vec![*address],
                    failures: Vec::new(),
                });
            }
            Host::Name(name) => name,
        };
        let found = resolve(&reach.resolver()?, name).await;
        Ok(Resolved {
            host: Some(name.to_string()),
            addresses: found.found().collect(),
            failures: found.failures().map(ToString::to_string).collect(),
        })
    }
}

/// How ports are come to.
#[derive(Debug, Args)]
pub(crate) struct Reach {
    /// The name to say in EHLO: what the PTR record of this machine's address gives.
    #[arg(long, value_name = "EHLO")]
    pub(crate) name: Option<EhloName>,

    /// The most time to take for a connection, in seconds.
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = seconds)]
    pub(crate) timeout: Duration,

    /// Ask this DNS resolver in place of the system's; may be given several times.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) resolver: Vec<Server>,

    /// Contact addresses that are not global too: private ones, loopback.
    #[arg(long)]
    pub(crate) allow_private: bool,
}

impl Reach {
    pub(crate) fn resolver(&self) -> Result<StubResolver, String> {
        let config = if self.resolver.is_empty() {
            StubConfig::from_system().map_err(|error| format!("{error}; give one by --resolver"))?
        } else {
            StubConfig::new(self.resolver.iter().cloned())
        };
        Ok(StubResolver::new(config))
    }

    /// Why an address is not contacted, if it is not.
    pub(crate) fn leaves_alone(&self, address: IpAddr) -> Option<String> {
        let scope = AddressScope::of(address);
        (scope != AddressScope::Global && !self.allow_private)
            .then(|| format!("a {scope} address is not contacted without --allow-private"))
    }

    /// The name to say in EHLO: the one given or, without, this machine's.
    pub(crate) fn ehlo_name(&self) -> EhloName {
        let own = || {
            let name = std::fs::read_to_string("/proc/sys/kernel/hostname").ok()?;
            name.trim().parse().ok()
        };
        // A machine without a fully qualified name says its address (RFC 5321 §4.1.4).
        let name = self.name.clone().or_else(own);
        name.unwrap_or_else(|| EhloName::from(own_address()))
    }
}

/// The address that this machine sends from: connecting a datagram socket looks up the route and sends nothing.
fn own_address() -> IpAddr {
    let outside = SocketAddr::from(([192, 0, 2, 1], 9));
    let socket = UdpSocket::bind("0.0.0.0:0").and_then(|socket| {
        socket.connect(outside)?;
        socket.local_addr()
    });
    socket.map_or(IpAddr::from([127, 0, 0, 1]), |address| address.ip())
}
