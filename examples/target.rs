//! What a mail port is given by on the command line, and how it is come to.

use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::str::FromStr;

use mail_dns::stub::{Server, StubConfig, StubResolver};
use mail_dns::{AddressScope, DomainName, resolve};
use smtp_probe::EhloName;

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
        let fault = || {
            format!(
                "expected HOST, HOST:PORT or an address, found `{}`",
                text.escape_debug()
            )
        };
        let name: DomainName = name.parse().map_err(|_| fault())?;
        Ok(Self {
            host: Host::Name(name),
            port: port(number.ok_or_else(fault)?)?,
        })
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
    pub(crate) async fn resolve(
        &self,
        resolvers: &[Server],
    ) -> Result<(Option<String>, Vec<IpAddr>), String> {
        let name = match &self.host {
            Host::Address(address) => return Ok((None, vec![*address])),
            Host::Name(name) => name,
        };
        let found = resolve(&resolver(resolvers)?, name).await;
        Ok((Some(name.to_string()), found.found().collect()))
    }
}

/// One that asks these servers or, without any, the system's.
pub(crate) fn resolver(servers: &[Server]) -> Result<StubResolver, String> {
    let config = if servers.is_empty() {
        StubConfig::from_system().map_err(|error| format!("{error}; give one by --resolver"))?
    } else {
        StubConfig::new(servers.iter().cloned())
    };
    Ok(StubResolver::new(config))
}

/// Why an address is not contacted, if it is not.
pub(crate) fn left_alone(address: IpAddr, allow_private: bool) -> Option<String> {
    let scope = AddressScope::of(address);
    (scope != AddressScope::Global && !allow_private)
        .then(|| format!("a {scope} address is not contacted without --allow-private"))
}

/// The name to say in EHLO: the one given or, without, this machine's.
pub(crate) fn ehlo_name(given: Option<&EhloName>) -> EhloName {
    let own = || {
        let name = std::fs::read_to_string("/proc/sys/kernel/hostname").ok()?;
        name.trim().parse().ok()
    };
    // A machine without a fully qualified name says its address (RFC 5321 §4.1.4).
    let name = given.cloned().or_else(own);
    name.unwrap_or_else(|| EhloName::from(own_address()))
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
