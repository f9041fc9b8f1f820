//! One server: asked over UDP, over TCP if need be, and whether it validates.

use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::{Instant, timeout_at};

use super::exchange::Channel;
use super::message::{Query, Reply, Verdict, is_truncated};
use super::{Server, now, random_id};
use crate::{Attempt, AttemptFailure, DomainName, Question, Rcode, RecordType, Transport};

/// How long it stays known whether a server validates.
const KNOWN_FOR: Duration = Duration::from_secs(60 * 60);
/// How soon a server that did not say is asked again.
const UNKNOWN_FOR: Duration = Duration::from_secs(60);

/// A server, its sockets, and what is known of it.
#[derive(Debug)]
pub(super) struct Upstream {
    pub(super) server: Server,
    channel: Channel,
    /// Held while it is found out, so that one asks and all learn.
    validation: Mutex<Option<(Validation, Instant)>>,
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
    pub(super) fn new(server: Server) -> Self {
        Self {
            server,
            channel: Channel::new(server.address),
            validation: Mutex::default(),
        }
    }

    /// Asks once: over UDP, and over TCP if the answer was cut (RFC 7766 §5).
    pub(super) async fn ask(
        &self,
        question: &Question,
        manner: Manner,
        limits: Limits,
    ) -> Result<Received, Attempt> {
        let started = now();
        let query = Query::new(random_id(), question, manner);
        let mut transport = Transport::Udp;
        let mut outcome = self
            .channel
            .ask_udp(&query, limits.end_of_attempt(started))
            .await;
        if outcome.as_ref().is_ok_and(|reply| is_truncated(reply)) {
            transport = Transport::Tcp;
            outcome = Box::pin(self.channel.ask_tcp(&query, limits.end_of_attempt(now()))).await;
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
