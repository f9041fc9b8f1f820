//! A recursive resolver of one's own: from the root servers on, without asking anybody's resolver.
//!
//! Operators of blocklists refuse the large public resolvers, and what a provider's resolver filters nobody sees. This one, by hickory-resolver's
//! recursor, asks the servers of each zone itself. It does not validate, so the DNSSEC status of its answers is
//! [indeterminate](crate::IndeterminateCause::ResolverDoesNotValidate), and it gives no extended errors. Its connections are driven by tasks that hickory starts on
//! the tokio runtime.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;
use std::time::Duration;

use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::{DnsError, NetError, NoRecords};
use hickory_resolver::proto::op::{Query as HickoryQuery, ResponseCode};
use hickory_resolver::proto::rr::rdata::SOA;
use hickory_resolver::proto::rr::{Name, Record as HickoryRecord};
use hickory_resolver::recursor::{Recursor, RecursorError, RecursorOptions};
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};

use crate::stub::read_message;
use crate::{
    Answer, DnssecStatus, DomainName, IndeterminateCause, Lookup, LookupError, LookupErrorKind,
    Negative, NegativeKind, Question, RecordType, Response, Source, Transport, wire,
};

/// The addresses of the root servers (IANA, *Root Hints*; `b` has moved in 2023).
pub const ROOT_SERVERS: [IpAddr; 26] = [
    v4([198, 41, 0, 4]),
    v4([170, 247, 170, 2]),
    v4([192, 33, 4, 12]),
    v4([199, 7, 91, 13]),
    v4([192, 203, 230, 10]),
    v4([192, 5, 5, 241]),
    v4([192, 112, 36, 4]),
    v4([198, 97, 190, 53]),
    v4([192, 36, 148, 17]),
    v4([192, 58, 128, 30]),
    v4([193, 0, 14, 129]),
    v4([199, 7, 83, 42]),
    v4([202, 12, 27, 33]),
    v6([0x2001, 0x503, 0xba3e, 0, 0, 0, 0x2, 0x30]),
    v6([0x2801, 0x1b8, 0x10, 0, 0, 0, 0, 0xb]),
    v6([0x2001, 0x500, 0x2, 0, 0, 0, 0, 0xc]),
    v6([0x2001, 0x500, 0x2d, 0, 0, 0, 0, 0xd]),
    v6([0x2001, 0x500, 0xa8, 0, 0, 0, 0, 0xe]),
    v6([0x2001, 0x500, 0x2f, 0, 0, 0, 0, 0xf]),
    v6([0x2001, 0x500, 0x12, 0, 0, 0, 0, 0xd0d]),
    v6([0x2001, 0x500, 0x1, 0, 0, 0, 0, 0x53]),
    v6([0x2001, 0x7fe, 0, 0, 0, 0, 0, 0x53]),
    v6([0x2001, 0x503, 0xc27, 0, 0, 0, 0x2, 0x30]),
    v6([0x2001, 0x7fd, 0, 0, 0, 0, 0, 0x1]),
    v6([0x2001, 0x500, 0x9f, 0, 0, 0, 0, 0x42]),
    v6([0x2001, 0xdc3, 0, 0, 0, 0, 0, 0x35]),
];

const fn v4(octets: [u8; 4]) -> IpAddr {
    let [a, b, c, d] = octets;
    IpAddr::V4(Ipv4Addr::new(a, b, c, d))
}

const fn v6(segments: [u16; 8]) -> IpAddr {
    let [a, b, c, d, e, f, g, h] = segments;
    IpAddr::V6(Ipv6Addr::new(a, b, c, d, e, f, g, h))
}

/// How long a question may take, with all that it leads to.
const DEADLINE: Duration = Duration::from_secs(15);
/// How many questions are in flight at a time.
const MAX_IN_FLIGHT: usize = 128;

/// Finds answers out from the root servers on; see the [module](self).
///
/// A clone shares the cache.
///
/// # Examples
///
/// ```no_run
/// use mail_dns::recursive::{ROOT_SERVERS, RecursiveResolver};
/// use mail_dns::{Lookup, RecordType};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let dns = RecursiveResolver::new(&ROOT_SERVERS)?;
/// println!("{}", dns.lookup(&"2.0.0.127.zen.spamhaus.org".parse()?, RecordType::A).await?);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct RecursiveResolver {
    recursor: Arc<Recursor<TokioRuntimeProvider>>,
    deadline: Duration,
    turns: Arc<Semaphore>,
}

impl RecursiveResolver {
    /// A resolver that begins at these root servers, and asks no name server on an address that is not global.
    ///
    /// # Errors
    ///
    /// If hickory-resolver cannot be set up.
    pub fn new(roots: &[IpAddr]) -> Result<Self, RecursiveError> {
        Self::with_options(roots, RecursorOptions::default())
    }

    /// The same, which asks name servers on any address: for tests and for networks of one's own.
    ///
    /// # Errors
    ///
    /// If hickory-resolver cannot be set up.
    pub fn with_special_addresses(roots: &[IpAddr]) -> Result<Self, RecursiveError> {
        let options = RecursorOptions {
            deny_server: Vec::new(),
            ..RecursorOptions::default()
        };
        Self::with_options(roots, options)
    }

    fn with_options(roots: &[IpAddr], options: RecursorOptions) -> Result<Self, RecursiveError> {
        let recursor = Recursor::with_options(roots, options, TokioRuntimeProvider::default());
        Ok(Self {
            recursor: Arc::new(recursor.map_err(|error| RecursiveError {
                detail: error.to_string(),
            })?),
            deadline: DEADLINE,
            turns: Arc::new(Semaphore::new(MAX_IN_FLIGHT)),
        })
    }

    /// The same with another deadline; it is 15 seconds if nothing else is said.
    #[must_use]
    pub fn with_deadline(self, deadline: Duration) -> Self {
        Self { deadline, ..self }
    }
}

impl fmt::Debug for RecursiveResolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("RecursiveResolver");
        shown
            .field("deadline", &self.deadline)
            .finish_non_exhaustive()
    }
}

impl Lookup for RecursiveResolver {
    async fn lookup(
        &self,
        name: &DomainName,
        record_type: RecordType,
    ) -> Result<Answer, LookupError> {
        let question = Question {
            name: name.clone(),
            record_type,
        };
        let started = now();
        let find_out = async {
            let _turn = self.turns.acquire().await;
            let name = Name::from_labels(name.labels()).map_err(|_| LookupErrorKind::Malformed)?;
            let query = HickoryQuery::query(name, record_type.0.into());
            match self
                .recursor
                .resolve(query, started.into_std(), false)
                .await
            {
                Ok(message) => match message.to_vec() {
                    Ok(octets) => read_message(&octets, &question),
                    Err(_) => Err(LookupErrorKind::Malformed),
                },
                Err(error) => negative(&error)
                    .map(|response| (Vec::new(), response))
                    .ok_or_else(|| kind(&error)),
            }
        };
        let outcome = timeout_at(started + self.deadline, find_out).await;
        let (aliases, response) = outcome
            .unwrap_or(Err(LookupErrorKind::Timeout))
            .map_err(|kind| LookupError::new(kind, question.clone()))?;
        let answer = Answer::unasked(question, response);
        let cause = IndeterminateCause::ResolverDoesNotValidate;
        Ok(Answer {
            aliases,
            dnssec: DnssecStatus::Indeterminate(cause),
            source: Source {
                transport: Transport::Recursion,
                elapsed: now().duration_since(started),
                ..answer.source
            },
            ..answer
        })
    }
}

/// hickory tells of denials by errors.
fn negative(error: &RecursorError) -> Option<Response> {
    match error {
        RecursorError::Negative(data) if data.is_nx_domain() => {
            Some(denial(NegativeKind::NxDomain, data.soa.as_deref()))
        }
        RecursorError::Negative(data) if data.is_no_records_found() => {
            Some(denial(NegativeKind::NoData, data.soa.as_deref()))
        }
        RecursorError::Net(NetError::Dns(DnsError::NoRecordsFound(NoRecords {
            response_code,
            soa,
            ..
        }))) => match *response_code {
            ResponseCode::NXDomain => Some(denial(NegativeKind::NxDomain, soa.as_deref())),
            ResponseCode::NoError => Some(denial(NegativeKind::NoData, soa.as_deref())),
            _ => None,
        },
        _ => None,
    }
}

fn denial(kind: NegativeKind, soa: Option<&HickoryRecord<SOA>>) -> Response {
    let ttl = soa.map(|soa| soa.ttl.min(soa.data.minimum));
    let zone = soa.and_then(|soa| wire::name(&soa.name).ok());
    Response::Negative(Negative::new(kind, ttl, zone))
}

fn kind(error: &RecursorError) -> LookupErrorKind {
    match error {
        RecursorError::Timeout | RecursorError::Net(NetError::Timeout) => LookupErrorKind::Timeout,
        RecursorError::Io(_) | RecursorError::Net(NetError::Io(_) | NetError::NoConnections) => {
            LookupErrorKind::Unreachable
        }
        RecursorError::Net(NetError::Dns(DnsError::ResponseCode(ResponseCode::Refused))) => {
            LookupErrorKind::Refused
        }
        _ => LookupErrorKind::ServFail,
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the resolver is a driver: deadlines and the age of answers need the time"
)]
fn now() -> Instant {
    Instant::now()
}

/// Why there is no recursive resolver.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected a recursive resolver, found a fault: {}", detail.escape_debug())]
pub struct RecursiveError {
    detail: String,
}
