//! The life of one question: which server is asked when, what settles it, and what is reported if nothing does.

use std::collections::HashSet;

use tokio::time::{Instant, timeout_at};

use super::message::{Verdict, end_of};
use super::server::{Limits, Manner, Received, Upstream, Validation};
use super::{Core, after, now};
use crate::consistency::ServerAnswer;
use crate::static_lookup::MAX_ALIASES;
use crate::{
    Answer, Attempt, AttemptFailure, DnssecStatus, ExtendedError, IndeterminateCause, LookupError,
    LookupErrorKind, Question, Rcode, Record, RecordData, Response, Source, Transport,
};

/// So that a question keeps few failures, however fast they come.
const MAX_ROUNDS: u32 = 10;

/// One question being asked.
#[derive(Debug)]
pub(super) struct Asking<'a> {
    core: &'a Core,
    started: Instant,
    limits: Limits,
    failures: Vec<Failure>,
    /// Asking with checking disabled is tried once a question.
    asked_unchecked: bool,
}

/// A failed attempt, with the extended errors of the reply.
#[derive(Debug)]
struct Failure {
    attempt: Attempt,
    extended_errors: Vec<ExtendedError>,
}

/// What one reply contributes to the answer.
#[derive(Debug)]
struct Part {
    aliases: Vec<Record>,
    response: Option<Response>,
    dnssec: DnssecStatus,
    extended_errors: Vec<ExtendedError>,
    source: Source,
}

/// Why there is no answer.
#[derive(Debug)]
struct NoAnswer {
    kind: LookupErrorKind,
    extended_errors: Vec<ExtendedError>,
}

/// What asking one server leads to.
#[derive(Debug)]
enum Step {
    Answered(Part),
    /// Another server is not to be asked.
    Ended(NoAnswer),
    NextServer,
}

impl<'a> Asking<'a> {
    pub(super) fn new(core: &'a Core, started: Instant) -> Self {
        let limits = Limits {
            attempt: core.config.attempt_timeout,
            deadline: after(started, core.config.deadline),
        };
        Self {
            core,
            started,
            limits,
            failures: Vec::new(),
            asked_unchecked: false,
        }
    }

    /// Asks until there is an answer, or nobody is left to ask, or the time is up.
    pub(super) async fn run(mut self, question: &Question) -> Result<Answer, LookupError> {
        let turns = &self.core.turns;
        let turn = match turns.try_acquire() {
            Ok(turn) => Some(turn),
            Err(_) => match timeout_at(self.limits.deadline, turns.acquire()).await {
                // It may have come just then.
                Ok(turn) => turn.ok().filter(|_| now() < self.limits.deadline),
                Err(_) => None,
            },
        };
        let outcome = match turn {
            Some(_turn) => self.follow(question).await,
            None => Err(NoAnswer::new(LookupErrorKind::Timeout)),
        };
        outcome.map_err(|no_answer| self.error(question, no_answer))
    }

    /// Asks, and takes what comes: an alias is not followed any further.
    pub(super) async fn run_once(
        mut self,
        question: &Question,
    ) -> Result<ServerAnswer, LookupError> {
        match self.ask(question).await {
            Ok(part) => {
                let mut answer =
                    ServerAnswer::new(part.aliases, part.response, part.source.authoritative);
                answer.transport = part.source.transport;
                answer.elapsed = now().duration_since(self.started);
                Ok(answer)
            }
            Err(no_answer) => Err(self.error(question, no_answer)),
        }
    }

    /// With all that was tried.
    fn error(self, question: &Question, no_answer: NoAnswer) -> LookupError {
        let attempts = self.failures.into_iter().map(|failure| failure.attempt);
        LookupError::new(no_answer.kind, question.clone())
            .with_attempts(attempts.collect())
            .with_extended_errors(no_answer.extended_errors)
    }

    /// Asks again for the target for as long as what came ends at an alias.
    async fn follow(&mut self, question: &Question) -> Result<Answer, NoAnswer> {
        let mut whole = self.ask(question).await?;
        loop {
            if let Some(response) = whole.response.take() {
                return Ok(self.settle(question, whole, response));
            }
            let target = Question {
                name: end_of(&whole.aliases, question).clone(),
                record_type: question.record_type,
            };
            let next = self.ask(&target).await?;
            whole.join(next);
            if !ends(&whole.aliases, question) {
                return Err(NoAnswer::new(LookupErrorKind::AliasLoop));
            }
        }
    }

    fn settle(&self, question: &Question, part: Part, response: Response) -> Answer {
        Answer {
            question: question.clone(),
            aliases: part.aliases,
            response,
            dnssec: part.dnssec,
            extended_errors: part.extended_errors,
            source: Source {
                elapsed: now().duration_since(self.started),
                ..part.source
            },
        }
    }

    /// Asks the servers in turn, in rounds.
    async fn ask(&mut self, question: &Question) -> Result<Part, NoAnswer> {
        let Core {
            config, upstreams, ..
        } = self.core;
        if upstreams.is_empty() {
            return Err(NoAnswer::new(LookupErrorKind::NoServers));
        }
        let first_failure = self.failures.len();
        let start = self.core.next_start();
        'rounds: for _ in 0..config.rounds.clamp(1, MAX_ROUNDS) {
            for upstream in upstreams.iter().cycle().skip(start).take(upstreams.len()) {
                // The first attempt has its own end.
                if !self.failures.is_empty() && now() >= self.limits.deadline {
                    break 'rounds;
                }
                match self.ask_server(upstream, question).await {
                    Step::Answered(part) => return Ok(part),
                    Step::Ended(no_answer) => return Err(no_answer),
                    Step::NextServer => {}
                }
            }
        }
        Err(most_telling(
            self.failures.get_mut(first_failure..).unwrap_or_default(),
        ))
    }

    async fn ask_server(&mut self, upstream: &Upstream, question: &Question) -> Step {
        let mut has_unchecked_data = false;
        loop {
            let Some(received) = self.ask_plainly(upstream, question).await else {
                return Step::NextServer;
            };
            let Received {
                reply,
                transport,
                elapsed,
            } = received;
            let says_bogus = reply.is_bogus();
            let source = |rcode| Source {
                server: Some(upstream.server.address),
                transport,
                authoritative: reply.authoritative,
                authentic_data: reply.authentic_data,
                ..Source::unasked(rcode)
            };
            let failure = match reply.verdict {
                Verdict::Answer {
                    rcode,
                    aliases,
                    response,
                } => {
                    return Step::Answered(Part {
                        aliases,
                        response,
                        dnssec: self.dnssec(upstream, reply.authentic_data).await,
                        source: source(rcode),
                        extended_errors: reply.extended_errors,
                    });
                }
                Verdict::AliasLoop => {
                    return Step::Ended(NoAnswer::new(LookupErrorKind::AliasLoop));
                }
                Verdict::Rcode(rcode) => AttemptFailure::Rcode(rcode),
                Verdict::Malformed(text) => AttemptFailure::Malformed(text),
            };
            let is_servfail = failure == AttemptFailure::Rcode(Rcode::SERVFAIL);
            let extended_errors = reply.extended_errors;
            self.fail(
                upstream.attempt(transport, failure, elapsed),
                extended_errors.clone(),
            );
            if says_bogus || (is_servfail && has_unchecked_data) {
                // A server that does not validate would now give out the very data that this one has refused.
                let kind = LookupErrorKind::Bogus;
                return Step::Ended(NoAnswer {
                    kind,
                    extended_errors,
                });
            }
            if !is_servfail || !Box::pin(self.has_unchecked_data(upstream, question)).await {
                return Step::NextServer;
            }
            // It may have been a passing fault that is over by now: only a second SERVFAIL shows that it is validation.
            has_unchecked_data = true;
        }
    }

    /// Asks with EDNS, and if the server cannot do it, without (RFC 6891 §7).
    async fn ask_plainly(&mut self, upstream: &Upstream, question: &Question) -> Option<Received> {
        let mut manner = Manner {
            edns: Some(self.core.payload()),
            checking_disabled: false,
            recursion_desired: self.core.config.recursion_desired,
        };
        loop {
            match upstream.ask(question, manner, self.limits).await {
                Ok(received) => match received.reply.verdict {
                    Verdict::Rcode(rcode)
                        if manner.edns.is_some() && received.reply.rejects_edns() =>
                    {
                        let failure = AttemptFailure::Rcode(rcode);
                        let attempt =
                            upstream.attempt(received.transport, failure, received.elapsed);
                        self.fail(attempt, received.reply.extended_errors);
                        manner.edns = None;
                    }
                    _ => return Some(received),
                },
                Err(attempt) => {
                    self.fail(attempt, Vec::new());
                    return None;
                }
            }
        }
    }

    /// Whether a server that validates has data for what it answers SERVFAIL to. The data themselves go nowhere: they
    /// are what validation has refused.
    async fn has_unchecked_data(&mut self, upstream: &Upstream, question: &Question) -> bool {
        if !upstream.server.trusted
            || self.asked_unchecked
            || upstream.validation(self.core.payload(), self.limits).await != Validation::Done
        {
            return false;
        }
        self.asked_unchecked = true;
        let manner = Manner {
            edns: Some(self.core.payload()),
            checking_disabled: true,
            recursion_desired: true,
        };
        let received = upstream.ask(question, manner, self.limits).await;
        received.is_ok_and(|received| matches!(received.reply.verdict, Verdict::Answer { .. }))
    }

    /// What the AD bit is worth (RFC 4035 §4.9.3).
    async fn dnssec(&self, upstream: &Upstream, authentic_data: bool) -> DnssecStatus {
        let cause = match (upstream.server.trusted, authentic_data) {
            (false, _) => IndeterminateCause::PathNotTrusted,
            (true, true) => return DnssecStatus::Secure,
            (true, false) => match upstream.validation(self.core.payload(), self.limits).await {
                Validation::Done => return DnssecStatus::Insecure,
                Validation::NotDone => IndeterminateCause::ResolverDoesNotValidate,
                Validation::Unknown => IndeterminateCause::ValidationUnknown,
            },
        };
        DnssecStatus::Indeterminate(cause)
    }

    fn fail(&mut self, attempt: Attempt, extended_errors: Vec<ExtendedError>) {
        self.failures.push(Failure {
            attempt,
            extended_errors,
        });
    }
}

impl NoAnswer {
    fn new(kind: LookupErrorKind) -> Self {
        Self {
            kind,
            extended_errors: Vec::new(),
        }
    }
}

impl Part {
    /// Appends what was said about the last alias's target.
    fn join(&mut self, next: Self) {
        self.aliases.extend(next.aliases);
        self.response = next.response;
        self.dnssec = self.dnssec.weaker(next.dnssec);
        self.extended_errors.extend(next.extended_errors);
        self.source = Source {
            authoritative: self.source.authoritative && next.source.authoritative,
            authentic_data: self.source.authentic_data && next.source.authentic_data,
            ..next.source
        };
    }
}

/// Whether the aliases are few enough, and none leads back.
fn ends(aliases: &[Record], question: &Question) -> bool {
    let mut seen = HashSet::from([&question.name]);
    aliases.len() <= MAX_ALIASES
        && aliases.iter().all(|alias| match &alias.data {
            RecordData::Cname(target) => seen.insert(target),
            _ => true,
        })
}

/// The failure that says most about why there is no answer, the first of its kind.
///
/// What a server says of itself beats what was not heard: SERVFAIL from one server tells more than the silence of
/// another. Of what servers say, the nearer to the question comes first: SERVFAIL is about the name, REFUSED about who
/// asks, the others about the server. Of what was not heard, the further it got comes first.
fn most_telling(failures: &mut [Failure]) -> NoAnswer {
    let weight = |failure: &Failure| match kind(&failure.attempt) {
        LookupErrorKind::ServFail => 0,
        LookupErrorKind::Refused => 1,
        LookupErrorKind::UnexpectedRcode => 2,
        LookupErrorKind::Malformed => 3,
        LookupErrorKind::Truncated => 4,
        LookupErrorKind::Timeout => 5,
        _ => 6,
    };
    match failures.iter_mut().min_by_key(|failure| weight(failure)) {
        Some(failure) => NoAnswer {
            kind: kind(&failure.attempt),
            extended_errors: std::mem::take(&mut failure.extended_errors),
        },
        // The time was up before anybody could be asked.
        None => NoAnswer::new(LookupErrorKind::Timeout),
    }
}

fn kind(attempt: &Attempt) -> LookupErrorKind {
    match &attempt.failure {
        AttemptFailure::Rcode(Rcode::SERVFAIL) => LookupErrorKind::ServFail,
        AttemptFailure::Rcode(Rcode::REFUSED) => LookupErrorKind::Refused,
        AttemptFailure::Rcode(_) => LookupErrorKind::UnexpectedRcode,
        AttemptFailure::Malformed(_) => LookupErrorKind::Malformed,
        // TCP is asked only after a truncated datagram.
        _ if attempt.transport == Transport::Tcp => LookupErrorKind::Truncated,
        AttemptFailure::Timeout { .. } => LookupErrorKind::Timeout,
        AttemptFailure::Network(_) | AttemptFailure::Closed => LookupErrorKind::Unreachable,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn failure(transport: Transport, failure: AttemptFailure) -> Failure {
        let address = ([192, 0, 2, 53], 53).into();
        Failure {
            attempt: Attempt::new(address, transport, failure, Duration::ZERO),
            extended_errors: Vec::new(),
        }
    }

    #[test]
    fn the_most_telling_failure_names_the_error() {
        use LookupErrorKind as Kind;
        // From the least telling to the most; each beats all before it.
        let failures = [
            (
                Kind::Unreachable,
                Transport::Udp,
                AttemptFailure::Network("no route".into()),
            ),
            (
                Kind::Timeout,
                Transport::Udp,
                AttemptFailure::Timeout { ignored: 3 },
            ),
            (Kind::Truncated, Transport::Tcp, AttemptFailure::Closed),
            (
                Kind::Malformed,
                Transport::Udp,
                AttemptFailure::Malformed("expected sense".into()),
            ),
            (
                Kind::UnexpectedRcode,
                Transport::Udp,
                AttemptFailure::Rcode(Rcode::NOTIMP),
            ),
            (
                Kind::Refused,
                Transport::Tcp,
                AttemptFailure::Rcode(Rcode::REFUSED),
            ),
            (
                Kind::ServFail,
                Transport::Udp,
                AttemptFailure::Rcode(Rcode::SERVFAIL),
            ),
        ];
        let mut seen = Vec::new();
        assert_eq!(
            most_telling(&mut seen).kind,
            Kind::Timeout,
            "nobody was asked"
        );
        for (kind, transport, attempt) in failures {
            seen.push(failure(transport, attempt));
            assert_eq!(most_telling(&mut seen).kind, kind);
            seen.reverse();
            assert_eq!(most_telling(&mut seen).kind, kind);
        }
    }

    #[test]
    fn joined_aliases_must_end() {
        let name = |text: &str| text.parse().expect("a name");
        let question = Question {
            name: name("0.test"),
            record_type: crate::RecordType::A,
        };
        let alias = |from: usize, to: usize| {
            let target = RecordData::Cname(name(&format!("{to}.test")));
            Record::new(name(&format!("{from}.test")), 60, target)
        };
        let chain = |length: usize| (0..length).map(|at| alias(at, at + 1)).collect::<Vec<_>>();
        assert!(ends(&chain(MAX_ALIASES), &question));
        assert!(!ends(&chain(MAX_ALIASES + 1), &question));
        assert!(!ends(&[alias(0, 1), alias(1, 0)], &question));
        assert!(!ends(&[alias(0, 1), alias(1, 1)], &question));
    }
}
