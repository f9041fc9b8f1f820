//! One server: asked over UDP, over TCP if need be, and whether it validates.

use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::{Instant, timeout_at};

use super::exchange::Channel;
use super::message::{Query, Reply, Verdict, is_truncated};
use super::{Protocol, Server, StubConfig, now, random_id};
use crate::{Attempt, AttemptFailure, DomainName, Question, Rcode, RecordType, Transport};

/// How long it stays known whether a server validates.
const KNOWN_FOR: Duration = Duration::from_secs(60 * 60);
/// How soon a server that did not say is asked again.
const UNKNOWN_FOR: Duration = Duration::from_secs(60);

/// A server, its sockets, and what is known of it.
#[derive(Debug)]
pub(super) struct Upstream {
    pub(super) server: Server,
    route: Route,
    /// Held while it is found out, so that one asks and all learn.
    validation: Mutex<Option<(Validation, Instant)>>,
}

/// How a server is reached.
#[derive(Debug)]
enum Route {
    Plain(Channel),
    #[cfg(feature = "dns-over-tls")]
    Encrypted(super::encrypted::Channel),
    /// Not at all: this build does not speak what it wants.
    None,
}

impl Route {
    #[cfg_attr(
        not(feature = "dns-over-tls"),
        expect(
            unused_variables,
            reason = "what is configured is for encrypted servers"
        )
    )]
    fn to(server: &Server, config: &StubConfig) -> Self {
        if server.protocol == Protocol::Plain {
            return Self::Plain(Channel::new(server.address));
        }
        #[cfg(feature = "dns-over-tls")]
        if let Some(client) = config.tls.clone()
            && let Some(channel) =
                super::encrypted::Channel::new(server.address, &server.protocol, client)
        {
            return Self::Encrypted(channel);
        }
        Self::None
    }
}

/// Whether a server validates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Validation {
    Done,
    NotDone,
    Unknown,
}

/// How a question is put.
#[derive(Debug, Clone, Copy)]
pub(super) struct Manner {
    /// The UDP payload size offered; without EDNS if `None`.
    pub(super) edns: Option<u16>,
    /// Whether the server is asked not to validate (CD).
    pub(super) checking_disabled: bool,
    /// Whether the server is asked to find the answer out (RD).
    pub(super) recursion_desired: bool,
}

/// Until when.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) attempt: Duration,
    pub(super) deadline: Instant,
}

impl Limits {
    fn end_of_attempt(self, started: Instant) -> Instant {
        super::after(started, self.attempt).min(self.deadline)
    }
}

/// A reply as it came.
#[derive(Debug)]
pub(super) struct Received {
    pub(super) reply: Reply,
    pub(super) transport: Transport,
    pub(super) elapsed: Duration,
}

fn fresh(known: Option<(Validation, Instant)>) -> Option<Validation> {
    known
        .filter(|(_, until)| now() < *until)
        .map(|(validation, _)| validation)
}

impl Upstream {
    pub(super) fn new(server: Server, config: &StubConfig) -> Self {
        Self {
            route: Route::to(&server, config),
            server,
            validation: Mutex::default(),
        }
    }

    /// Asks once: over UDP, and over TCP if the answer was cut (RFC 7766 §5); or over TLS or HTTPS.
    pub(super) async fn ask(
        &self,
        question: &Question,
        manner: Manner,
        limits: Limits,
    ) -> Result<Received, Attempt> {
        let started = now();
        let mut transport = match self.server.protocol {
            Protocol::Plain => Transport::Udp,
            Protocol::Tls { .. } => Transport::Tls,
            Protocol::Https { .. } => Transport::Https,
        };
        // Over HTTPS it is zero, so that equal questions are equal requests (RFC 8484 §4.1).
        let id = if transport == Transport::Https {
            0
        } else {
            random_id()
        };
        let query = Query::new(id, question, manner);
        let end = limits.end_of_attempt(started);
        let mut outcome = match &self.route {
            Route::Plain(channel) => channel.ask_udp(&query, end).await,
            #[cfg(feature = "dns-over-tls")]
            Route::Encrypted(channel) => Box::pin(channel.ask(&query, end)).await,
            Route::None => Err(AttemptFailure::Network(
                "asking over TLS or HTTPS is not configured, or the name of the server cannot be used".into(),
            )),
        };
        if let Route::Plain(channel) = &self.route
            && outcome.as_ref().is_ok_and(|reply| is_truncated(reply))
        {
            transport = Transport::Tcp;
            outcome = Box::pin(channel.ask_tcp(&query, limits.end_of_attempt(now()))).await;
        }
        let elapsed = now().duration_since(started);
        match outcome {
            Ok(reply) => Ok(Received {
                reply: query.read(&reply),
                transport,
                elapsed,
            }),
            Err(failure) => Err(self.attempt(transport, failure, elapsed)),
        }
    }

    /// A failed attempt on this server.
    pub(super) fn attempt(
        &self,
        transport: Transport,
        failure: AttemptFailure,
        elapsed: Duration,
    ) -> Attempt {
        Attempt::new(self.server.address, transport, failure, elapsed)
    }

    /// Whether the server validates. The root zone is signed: who does sets the AD bit for its SOA.
    pub(super) async fn validation(&self, edns: u16, limits: Limits) -> Validation {
        if let Some(validation) = self
            .validation
            .try_lock()
            .ok()
            .and_then(|known| fresh(*known))
        {
            return validation;
        }
        // It is found out once an hour: its state is not to weigh on every question.
        Box::pin(self.find_out_validation(edns, limits)).await
    }

    async fn find_out_validation(&self, edns: u16, limits: Limits) -> Validation {
        let find_out = async {
            let mut known = self.validation.lock().await;
            if let Some(validation) = fresh(*known) {
                return validation;
            }
            let validation = self.probe_root(edns, limits).await;
            let keep = if validation == Validation::Unknown {
                UNKNOWN_FOR
            } else {
                KNOWN_FOR
            };
            *known = Some((validation, now() + keep));
            validation
        };
        timeout_at(limits.deadline, find_out)
            .await
            .unwrap_or(Validation::Unknown)
    }

    async fn probe_root(&self, edns: u16, limits: Limits) -> Validation {
        let root = Question {
            name: DomainName::root(),
            record_type: RecordType::SOA,
        };
        let manner = Manner {
            edns: Some(edns),
            checking_disabled: false,
            recursion_desired: true,
        };
        match self
            .ask(&root, manner, limits)
            .await
            .map(|received| received.reply)
        {
            Ok(Reply {
                verdict:
                    Verdict::Answer {
                        rcode: Rcode::NOERROR,
                        ..
                    },
                authentic_data,
                ..
            }) => {
                if authentic_data {
                    Validation::Done
                } else {
                    Validation::NotDone
                }
            }
            _ => Validation::Unknown,
        }
    }
}
