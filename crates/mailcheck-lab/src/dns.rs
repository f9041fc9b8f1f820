//! A DNS server for one process: the answers of a trusted, validating, recursive resolver, from zone text.
//!
//! [`DnsServer`] listens on one loopback address, with the same port for UDP and TCP. It holds several
//! zones, the root always among them, so that every question has an answer: unknown top-level domains
//! are NXDOMAIN. It follows CNAMEs across its zones, tells NXDOMAIN from NODATA (both with the SOA of the
//! zone, RFC 2308), expands wildcards (RFC 4592), truncates at the size the client advertised (RFC 6891)
//! and sets AD as a validating resolver would (RFC 6840, section 5.8), though it holds no signatures.
//!
//! What it does wrong it does on purpose: see [`Fault`].
//!
//! ```
//! use mailcheck_lab::dns::{DnsServer, Fault, Signing};
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! let server = DnsServer::builder()
//!     .zone("good.test", "@ MX 10 mx\nmx A 192.0.2.10", Signing::Signed)
//!     .fault("broken.test", Fault::ServFail)
//!     .start()
//!     .await?;
//! assert!(server.addr().ip().is_loopback());
//! # Ok::<(), mailcheck_lab::LabError>(())
//! # }).unwrap();
//! ```
//!
//! # Limits
//!
//! 64 TCP connections of at most 120 s each, 4,096 delayed answers, 100,000 logged queries; a CNAME
//! chain ends after 16 links with SERVFAIL.

mod answer;
mod fault;
mod server;
mod zone;

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use hickory_proto::rr::{LowerName, Name, RecordType};
use tokio::net::{TcpListener, UdpSocket};

pub use self::fault::Fault;
use self::{fault::FaultTable, zone::Zone};
use crate::{
    error::{LabError, LabErrorKind},
    guard::Guard,
};

/// Whether a zone is signed, as a validating resolver sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Signing {
    /// Signed, and the signatures are good: AD=1 when the zones above are signed as well.
    Signed,
    /// Not signed, with proof that it is not: answers, without AD.
    Unsigned,
    /// Signed wrongly: SERVFAIL with extended error 6 (RFC 8914, DNSSEC Bogus), unless CD=1.
    Bogus,
}

/// How a query arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Transport {
    /// In a UDP datagram.
    Udp,
    /// On a TCP connection.
    Tcp,
}

/// A query the server received.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SeenQuery {
    /// The name asked for, lower-case, without the final dot (the root is `.`).
    pub name: String,
    /// The type asked for, as in zone text: `MX`.
    pub record_type: String,
    /// How it arrived.
    pub transport: Transport,
    /// Where it came from.
    pub from: SocketAddr,
    /// Its identifier.
    pub id: u16,
    /// The RD bit.
    pub recursion_desired: bool,
    /// The AD bit (RFC 6840, section 5.7: the client wants to know).
    pub authentic_data: bool,
    /// The CD bit.
    pub checking_disabled: bool,
    /// The DO bit of EDNS.
    pub dnssec_ok: bool,
    /// The UDP payload size the client advertised, when it sent EDNS.
    pub edns_payload: Option<u16>,
}

/// Zones and faults of a [`DnsServer`] to be started.
#[derive(Debug, Default)]
#[must_use]
pub struct DnsServerBuilder {
    zones: Vec<(String, String, Signing)>,
    faults: Vec<(String, Option<String>, Fault)>,
}

impl DnsServerBuilder {
    /// Adds a zone in the text of RFC 1035, section 5. Names are relative to `origin` unless they end
    /// in a dot. `$TTL 300` is assumed, and an SOA (negative TTL 60 s) and NS when the text has none.
    pub fn zone(
        mut self,
        origin: impl Into<String>,
        text: impl Into<String>,
        signing: Signing,
    ) -> Self {
        self.zones.push((origin.into(), text.into(), signing));
        self
    }

    /// Makes `name` and every name below it misbehave. The fault nearest to the name asked counts;
    /// a fault at `.` is one of the whole server.
    pub fn fault(mut self, name: impl Into<String>, fault: Fault) -> Self {
        self.faults.push((name.into(), None, fault));
        self
    }

    /// The same for questions of one type only, for instance `TXT`. It goes before a fault without type.
    pub fn fault_for(
        mut self,
        name: impl Into<String>,
        record_type: impl Into<String>,
        fault: Fault,
    ) -> Self {
        self.faults
            .push((name.into(), Some(record_type.into()), fault));
        self
    }

    /// Starts the server on 127.0.0.1, on a port of the system's choice.
    ///
    /// # Errors
    ///
    /// When zone text, a name or a type cannot be read, or no port can be had.
    pub async fn start(self) -> Result<DnsServer, LabError> {
        let mut zones = vec![Zone::root()?];
        for (origin, text, signing) in &self.zones {
            let zone = Zone::parse(origin, text, *signing)?;
            zones.retain(|known| known.origin != zone.origin);
            zones.push(zone);
        }
        let mut faults = FaultTable::default();
        for (name, record_type, fault) in self.faults {
            faults.set(read_name(&name)?, read_type(record_type.as_deref())?, fault);
        }
        let (udp, tcp) = bind().await?;
        let addr = udp
            .local_addr()
            .map_err(|error| LabError::socket("an address", error))?;
        let shared = Arc::new(Shared {
            zones,
            faults: Mutex::new(faults),
            seen: Mutex::default(),
        });
        let guard = Guard::spawn(tcp, |tcp| server::serve(Arc::clone(&shared), udp, tcp));
        Ok(DnsServer {
            addr,
            shared,
            guard,
        })
    }
}

/// A running DNS server; it ends when this is dropped.
///
/// TCP refuses from then on. The UDP socket closes as soon as the runtime comes to it; to wait for that, use
/// [`stop`](Self::stop).
#[derive(Debug)]
pub struct DnsServer {
    addr: SocketAddr,
    shared: Arc<Shared>,
    guard: Guard,
}

impl DnsServer {
    /// A server to be filled and started.
    pub fn builder() -> DnsServerBuilder {
        DnsServerBuilder::default()
    }

    /// Changes what happens to `name` and the names below it from now on.
    ///
    /// # Errors
    ///
    /// When the name cannot be read.
    pub fn set_fault(&self, name: &str, fault: Fault) -> Result<(), LabError> {
        self.shared.faults().set(read_name(name)?, None, fault);
        Ok(())
    }

    /// Takes the faults set at exactly `name` away, those for one type as well.
    ///
    /// # Errors
    ///
    /// When the name cannot be read.
    pub fn clear_fault(&self, name: &str) -> Result<(), LabError> {
        self.shared.faults().clear(&read_name(name)?);
        Ok(())
    }

    /// Forgets the queries seen so far.
    pub fn clear_queries(&self) {
        self.shared.seen().clear();
    }

    /// The address, for UDP and TCP alike.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The queries seen so far, in order of arrival; 100,000 at most.
    #[must_use]
    pub fn queries(&self) -> Vec<SeenQuery> {
        self.shared.seen().clone()
    }

    /// How many queries for this name (without final dot) and type were seen.
    #[must_use]
    pub fn query_count(&self, name: &str, record_type: &str) -> usize {
        let seen = self.shared.seen();
        seen.iter()
            .filter(|query| query.name.eq_ignore_ascii_case(name))
            .filter(|query| query.record_type.eq_ignore_ascii_case(record_type))
            .count()
    }

    /// Ends the server and waits until its sockets are closed.
    pub async fn stop(self) {
        self.guard.stop().await;
    }
}

/// What the server's task and its handle share.
#[derive(Debug)]
struct Shared {
    zones: Vec<Zone>,
    faults: Mutex<FaultTable>,
    seen: Mutex<Vec<SeenQuery>>,
}

/// A bound on the memory of the log; no test asks so often.
const MAX_SEEN: usize = 100_000;

impl Shared {
    fn faults(&self) -> MutexGuard<'_, FaultTable> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn seen(&self) -> MutexGuard<'_, Vec<SeenQuery>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn record(&self, query: SeenQuery) {
        let mut seen = self.seen();
        if seen.len() < MAX_SEEN {
            seen.push(query);
        }
    }
}

/// One port for both transports: the system picks it for UDP, and TCP may find it taken.
async fn bind() -> Result<(UdpSocket, TcpListener), LabError> {
    const TRIES: usize = 64;
    let mut last = None;
    for _ in 0..TRIES {
        let udp = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .map_err(|error| LabError::socket("a UDP port", error))?;
        let addr = udp
            .local_addr()
            .map_err(|error| LabError::socket("an address", error))?;
        match TcpListener::bind(addr).await {
            Ok(tcp) => return Ok((udp, tcp)),
            Err(error) => last = Some(error),
        }
    }
    let error = last.unwrap_or_else(|| std::io::ErrorKind::AddrInUse.into());
    Err(LabError::socket("a port free for UDP and TCP", error))
}

fn read_name(text: &str) -> Result<LowerName, LabError> {
    let mut name = Name::from_ascii(text).map_err(|error| {
        LabError::new(
            LabErrorKind::Name,
            format!(
                "expected a domain name, found `{}`: {error}",
                text.escape_debug()
            ),
        )
    })?;
    name.set_fqdn(true);
    Ok(LowerName::new(&name))
}

fn read_type(text: Option<&str>) -> Result<Option<RecordType>, LabError> {
    let Some(text) = text else { return Ok(None) };
    text.to_ascii_uppercase().parse().map(Some).map_err(|_| {
        LabError::new(
            LabErrorKind::Name,
            format!("expected a record type, found `{}`", text.escape_debug()),
        )
    })
}
