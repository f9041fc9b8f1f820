//! A stub resolver that keeps the evidence.
//!
//! A stub resolver asks recursive resolvers and believes them (RFC 9499 §6). This one differs from most in what it
//! keeps: the response code, NXDOMAIN apart from NODATA, the aliases in order, the extended errors, the AD bit and
//! what it is worth, and every failed attempt.
//!
//! It asks over UDP with EDNS, and over TCP what is too long for that. A server that times out, refuses, fails or talks
//! nonsense is followed by the next, until the question's deadline. Equal questions in flight are asked once. Answers
//! are cached for as long as they say. It starts no task: everything happens in the future that
//! [`lookup`](crate::Lookup::lookup) returns, and stops when that is dropped.
//!
//! # DNSSEC
//!
//! It does not validate; it asks those who do. The AD bit counts if the server is [trusted](Server::trusted): nobody
//! between here and there can set it (RFC 4035 §4.9.3). If it is not set, that says *insecure* only if the server does
//! validate, which is learned by asking it for the root zone, that is signed.
//!
//! SERVFAIL means *bogus* if the server says so (RFC 8914), or if a server that validates has an answer with checking
//! disabled (CD), and without it fails again. Then no other server is asked, since one that does not validate would give
//! out what validation has refused.
//!
//! # Examples
//!
//! ```no_run
//! use mail_dns::stub::StubConfig;
//! use mail_dns::{Lookup, RecordType, stub::StubResolver};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let dns = StubResolver::new(StubConfig::new(["127.0.0.1:53".parse::<std::net::SocketAddr>()?]));
//! let answer = dns.lookup(&"example.com".parse()?, RecordType::MX).await?;
//! println!("{answer} ({})", answer.dnssec);
//! # Ok(())
//! # }
//! ```

mod asking;
mod cache;
mod config;
mod direct;
#[cfg(feature = "dns-over-tls")]
mod encrypted;
mod exchange;
mod flight;
mod key;
mod message;
mod server;
#[cfg(feature = "system-config")]
mod system;

use std::fmt;
use std::hash::RandomState;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::Instant;

use self::asking::Asking;
use self::cache::Cache;
use self::flight::{Flights, Outcome};
use self::key::Key;
use self::server::Upstream;
use crate::{
    Answer, DnssecStatus, DomainName, IndeterminateCause, Lookup, LookupError, Question, RecordType,
};

pub use self::config::{Protocol, Server, ServerParseError, StubConfig};
pub use self::direct::DirectResolver;
#[cfg(feature = "dns-over-tls")]
pub use self::encrypted::TlsClient;
#[cfg(feature = "system-config")]
pub use self::system::SystemConfigError;

/// No deadline is further away: instants do not reach for ever.
const MAX_WAIT: Duration = Duration::from_secs(24 * 60 * 60);

/// Asks recursive resolvers; see the [module](self).
///
/// A clone shares the cache, the sockets and the questions in flight. It works on the tokio runtime that polls it, with
/// I/O and time enabled.
#[derive(Clone)]
pub struct StubResolver {
    core: Arc<Core>,
    flights: Arc<Flights>,
}

/// What all questions share.
#[derive(Debug)]
struct Core {
    config: StubConfig,
    upstreams: Vec<Upstream>,
    /// Where the next question starts among the servers.
    start: AtomicUsize,
    cache: Mutex<Cache>,
    /// Keys the hashes of the cache and of the flights.
    hashes: RandomState,
    /// The cache counts time from here.
    epoch: Instant,
    /// One permit a question in flight.
    turns: Semaphore,
}

impl StubResolver {
    /// Builds a resolver. Nothing is sent before the first question.
    #[must_use]
    pub fn new(config: StubConfig) -> Self {
        Self {
            core: Arc::new(Core::new(config)),
            flights: Arc::default(),
        }
    }

    /// The configuration that it was built with.
    #[must_use]
    pub fn config(&self) -> &StubConfig {
        &self.core.config
    }
}

/// The configuration; the cache may be long.
impl fmt::Debug for StubResolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("StubResolver");
        shown.field("config", self.config()).finish_non_exhaustive()
    }
}

impl Lookup for StubResolver {
    async fn lookup(&self, name: &DomainName, record_type: RecordType) -> Outcome {
        let question = Question {
            name: name.clone(),
            record_type,
        };
        let key = Key::new(question, &self.core.hashes);
        let started = now();
        if let Some(answer) = self.core.cached(&key, started) {
            return Ok(answer);
        }
        let core = Arc::clone(&self.core);
        let asked = key.clone();
        self.flights
            .join(&key, |landing| async move {
                let outcome = core.ask(&asked, started).await;
                drop(landing);
                outcome
            })
            .await
    }
}

impl Core {
    fn new(config: StubConfig) -> Self {
        Self {
            upstreams: config
                .servers
                .iter()
                .map(|server| Upstream::new(server.clone(), &config))
                .collect(),
            start: AtomicUsize::new(0),
            cache: Mutex::new(Cache::new(
                config.cache_octets,
                config.max_ttl,
                config.max_negative_ttl,
            )),
            hashes: RandomState::new(),
            epoch: now(),
            turns: Semaphore::new(config.max_in_flight.clamp(1, Semaphore::MAX_PERMITS)),
            config,
        }
    }

    async fn ask(&self, key: &Key, started: Instant) -> Result<Answer, LookupError> {
        let answer = Asking::new(self, started).run(key.question()).await?;
        // What could not be told now may be told next time.
        let unknown = DnssecStatus::Indeterminate(IndeterminateCause::ValidationUnknown);
        if answer.dnssec != unknown {
            self.cache()
                .insert(key, &answer, self.age(started + answer.source.elapsed));
        }
        Ok(answer)
    }

    fn cached(&self, key: &Key, now: Instant) -> Option<Answer> {
        self.cache().find(key, self.age(now))
    }

    fn cache(&self) -> MutexGuard<'_, Cache> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How long after the epoch `now` is.
    fn age(&self, now: Instant) -> Duration {
        now.duration_since(self.epoch)
    }

    /// The index of the server to start with.
    fn next_start(&self) -> usize {
        self.start.fetch_add(1, Ordering::Relaxed) % self.upstreams.len().max(1)
    }

    /// The UDP payload size to offer: at least what needs no EDNS (RFC 6891 §6.2.3), at most what a buffer takes.
    fn payload(&self) -> u16 {
        self.config.udp_payload.clamp(512, exchange::MAX_PAYLOAD)
    }
}

/// The moment `wait` after `start`.
fn after(start: Instant, wait: Duration) -> Instant {
    start + wait.min(MAX_WAIT)
}

/// The only clock of the stub resolver.
#[expect(
    clippy::disallowed_methods,
    reason = "the resolver is a driver: deadlines and the age of answers need the time"
)]
fn now() -> Instant {
    Instant::now()
}

/// The only randomness: an id that whoever forges an answer has to guess (RFC 5452 §9.2), on top of the port.
fn random_id() -> u16 {
    fastrand::u16(..)
}

/// Reads any octets as the reply to a question, for fuzz targets: how many aliases and records it gives, if it is an answer.
#[cfg(fuzzing)]
#[doc(hidden)]
#[must_use]
pub fn fuzz_reply(octets: &[u8], question: &Question) -> Option<(usize, usize)> {
    use self::message::{Query, Verdict, is_truncated};
    let manner = server::Manner {
        edns: Some(1232),
        checking_disabled: false,
        recursion_desired: true,
    };
    let query = Query::new(0, question, manner);
    let _ = (query.is_answered_by(octets), is_truncated(octets));
    match query.read(octets).verdict {
        Verdict::Answer {
            aliases, response, ..
        } => {
            let records = match response {
                Some(crate::Response::Records(records)) => records.len(),
                _ => 0,
            };
            Some((aliases.len(), records))
        }
        _ => None,
    }
}

/// Reads a message that somebody else has asked for.
#[cfg(feature = "recursor")]
pub(crate) fn read_message(
    octets: &[u8],
    question: &Question,
) -> Result<(Vec<crate::Record>, crate::Response), crate::LookupErrorKind> {
    use self::message::{Query, Verdict};
    let manner = server::Manner {
        edns: None,
        checking_disabled: false,
        recursion_desired: true,
    };
    match Query::new(0, question, manner).read(octets).verdict {
        Verdict::Answer {
            aliases,
            response: Some(response),
            ..
        } => Ok((aliases, response)),
        Verdict::AliasLoop => Err(crate::LookupErrorKind::AliasLoop),
        Verdict::Rcode(crate::Rcode::REFUSED) => Err(crate::LookupErrorKind::Refused),
        Verdict::Rcode(crate::Rcode::SERVFAIL) => Err(crate::LookupErrorKind::ServFail),
        Verdict::Rcode(_) => Err(crate::LookupErrorKind::UnexpectedRcode),
        Verdict::Answer { response: None, .. } | Verdict::Malformed(_) => {
            Err(crate::LookupErrorKind::Malformed)
        }
    }
}
