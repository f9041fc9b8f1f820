//! A zone with four name servers in this process, three of which are not as they should be.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use mail_dns::stub::{DirectResolver, Server, StubConfig, StubResolver};
use mailcheck_lab::dns::{DnsServer, Fault, Signing};
use tokio::net::UdpSocket;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::Facts;

/// What is as it is.
pub(crate) const REMARK: &str = "a zone with four name servers in this process, at addresses that detours lead to: ns1 is as it should be, \
    ns2 is behind and refuses a question, ns3 does not know the zone, and ns4 is silent; all of them end with this program";

const DOMAIN: &str = "tour.test";
const SELECTOR: &str = "s2026";
/// What is at all of them, as the parent zone has it.
const SERVERS: &str = "@ NS ns1\n@ NS ns2\n@ NS ns3\n@ NS ns4\n\
    ns1 A 192.0.2.1\nns1 AAAA 2001:db8::1\nns2 A 192.0.2.2\nns3 A 192.0.2.3\nns4 A 192.0.2.4\n\
    @ MX 10 mx1\nmx1 A 192.0.2.25\n_mta-sts TXT \"v=STSv1; id=20261101\"\n";
const NEW: &str = "@ SOA ns1 hostmaster 2026112402 7200 900 1209600 60\n\
    @ TXT \"v=spf1 mx ip4:198.51.100.0/24 -all\"\n_dmarc TXT \"v=DMARC1; p=reject\"\n\
    s2026._domainkey TXT \"v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\"\n";
const OLD: &str = "@ SOA ns1 hostmaster 2026112401 7200 900 1209600 60\n\
    @ TXT \"v=spf1 mx -all\"\n_dmarc TXT \"v=DMARC1; p=none\"\n";
/// Everything is on this machine: what does not answer soon never will.
const PATIENCE: Duration = Duration::from_millis(300);

/// The servers; they end when this is dropped.
pub(crate) struct Tour {
    direct: DirectResolver,
    resolver: StubResolver,
    servers: [DnsServer; 4],
    _fronts: JoinSet<()>,
}

impl Tour {
    pub(crate) async fn start() -> Result<Self, String> {
        let fault =
            |error: &dyn std::fmt::Display| format!("the laboratory does not start: {error}");
        let zone = |text: &str| {
            DnsServer::builder().zone(DOMAIN, format!("{SERVERS}{text}"), Signing::Unsigned)
        };
        let behind = zone(OLD).fault_for(format!("_dmarc.{DOMAIN}"), "TXT", Fault::Refused);
        let lame = DnsServer::builder();
        let silent = DnsServer::builder().fault(".", Fault::Silence);
        let mut servers = Vec::new();
        for server in [zone(NEW), behind, lame, silent] {
            servers.push(server.start().await.map_err(|error| fault(&error))?);
        }
        let servers: [DnsServer; 4] = servers.try_into().map_err(|_| fault(&"not four servers"))?;
        let [new, old, lame, silent] = servers.each_ref().map(DnsServer::addr);
        let mut fronts = JoinSet::new();
        let mut detours = BTreeMap::new();
        for (address, server) in [("192.0.2.1", new), ("2001:db8::1", new), ("192.0.2.2", old)] {
            let front = front(server, &mut fronts).await;
            detours.insert(place(address)?, front.map_err(|error| fault(&error))?);
        }
        detours.insert(place("192.0.2.3")?, lame);
        detours.insert(place("192.0.2.4")?, silent);
        let mut direct = DirectResolver::default().with_detours(detours);
        direct.attempt_timeout = PATIENCE;
        direct.deadline = PATIENCE;
        Ok(Self {
            direct,
            resolver: StubResolver::new(StubConfig::new([new])),
            servers,
            _fronts: fronts,
        })
    }

    /// The resolver.
    pub(crate) fn server(&self) -> Server {
        let [resolver, ..] = &self.servers;
        resolver.addr().into()
    }

    pub(crate) async fn facts(&self) -> Result<Facts, String> {
        let domain = DOMAIN
            .parse()
            .map_err(|error| format!("{DOMAIN}: {error}"))?;
        Facts::collect(&self.resolver, &self.direct, domain, &[SELECTOR], true).await
    }
}

/// Where a name server is said to be.
fn place(address: &str) -> Result<SocketAddr, String> {
    let address: IpAddr = address
        .parse()
        .map_err(|error| format!("{address}: {error}"))?;
    Ok(SocketAddr::new(address, 53))
}

/// The laboratory's server answers as a resolver does; before it, this answers as a name server does: with authority (AA), and
/// without recursion (RA).
async fn front(server: SocketAddr, fronts: &mut JoinSet<()>) -> std::io::Result<SocketAddr> {
    let clients = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = clients.local_addr()?;
    let upstream = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    upstream.connect(server).await?;
    fronts.spawn(async move {
        let mut buffer = [0; 4096];
        while let Ok((length, client)) = clients.recv_from(&mut buffer).await {
            // What is lost is asked again.
            if upstream.send(&buffer[..length]).await.is_err() {
                continue;
            }
            let Ok(Ok(length)) = timeout(PATIENCE, upstream.recv(&mut buffer)).await else {
                continue;
            };
            if let [_, _, flags, more, ..] = &mut buffer[..length] {
                *flags |= 0x04;
                *more &= 0x7f;
            }
            let _sent = clients.send_to(&buffer[..length], client).await;
        }
    });
    Ok(address)
}
