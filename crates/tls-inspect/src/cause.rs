//! Why a handshake failed, found out with a few hellos.
//!
//! A server that has nothing in common with its client answers `handshake_failure`, whatever it
//! is that they differ in, and many servers and devices just close. [`FailureSearch`] offers
//! more, and then less, until what is missing is known: what the server takes when everything is
//! offered, and that it refuses the same hello without it. It opens no connection.
//!
//! A refusal is an alert that says so. A close, a reset, silence and other alerts are believed
//! if they come twice, and count as a refusal only if a hello is answered in between: a server
//! that was down for a while refuses nothing. An answer that is cut off is no refusal at all.
//!
//! A cause is that of the handshake that was handed in. If that had an answer to its hello, no
//! hello tells why it failed.

mod ask;
mod key;
pub(crate) mod offers;
mod plan;
mod reading;
mod report;

pub use self::report::{
    CauseConnection, CauseQuestion, CauseUncertainty, FailureCause, FailureCauseReport,
    ProvenCause, SchemeKind, SuiteKind, UnsupportedKey,
};

use self::plan::Conclusion;
use self::reading::outcome_text;
use crate::escape::printable;
use crate::{
    Capture, ClientHello, HandshakeFailure, HelloAnswer, HelloOutcome, KeyShareOffer, NamedGroup,
    ReferenceId,
};

/// How many connections in a row may not come about before a search ends.
const UNREACHABLE_LIMIT: usize = 2;

/// What a search is about, and how much it may spend.
#[derive(Clone, Debug)]
pub struct FailureSearchOptions {
    /// What the client that failed had offered. The random octets of all hellos come from its.
    hello: ClientHello,
    /// What that client had sent in `key_share`, if that is known.
    key_share: Option<KeyShareOffer>,
    budget: usize,
    capture: Option<Capture>,
    failure: Option<HandshakeFailure>,
}

impl FailureSearchOptions {
    /// How many connections a search may use unless told otherwise.
    pub const DEFAULT_BUDGET: usize = 12;

    /// A search for why a handshake of the `Recorder` fails. The hellos' random octets are made
    /// from `random`.
    #[must_use]
    pub fn new(random: [u8; 32]) -> Self {
        Self {
            hello: offers::client(random),
            key_share: None,
            budget: Self::DEFAULT_BUDGET,
            capture: None,
            failure: None,
        }
    }

    /// Sends the name in `server_name`. An address is never sent.
    #[must_use]
    pub fn with_server_name(mut self, name: &ReferenceId) -> Self {
        self.hello = self.hello.with_server_name(name);
        self
    }

    /// Offers these application protocols, which the client that failed had offered.
    #[must_use]
    pub fn with_alpn(mut self, protocols: &[&[u8]]) -> Self {
        self.hello = self.hello.with_alpn(protocols);
        self
    }

    /// The groups that the client that failed had offered.
    #[must_use]
    pub fn with_groups(mut self, groups: &[NamedGroup]) -> Self {
        self.hello.groups = groups.to_vec();
        self
    }

    /// The key share that the client that failed had sent. If it had none for X25519MLKEM768, no
    /// large hello is tried. Unless told, one is.
    #[must_use]
    pub fn with_key_share(mut self, share: KeyShareOffer) -> Self {
        self.key_share = Some(share);
        self
    }

    /// Allows this many connections.
    #[must_use]
    pub const fn with_budget(mut self, connections: usize) -> Self {
        self.budget = connections;
        self
    }

    /// The handshake that failed, at once or [late](Capture::late_failure). It tells what no hello
    /// can: that a client certificate is required, under TLS 1.3 the certificate, and that the
    /// hello had been answered, so that nothing in it can be the cause.
    #[must_use]
    pub fn with_capture(mut self, capture: Capture) -> Self {
        let failure = capture.outcome.failure().or(capture.late_failure.as_ref());
        self.failure = failure.cloned().or(self.failure);
        self.capture = Some(capture);
        self
    }

    /// How the handshake failed, or the first read after it: see
    /// [`HandshakeFailure::from_io_error`].
    #[must_use]
    pub fn with_failure(mut self, failure: HandshakeFailure) -> Self {
        self.failure = Some(failure);
        self
    }
}

/// A search under way.
///
/// The caller takes [`next_hello`](Self::next_hello), sends it on a connection of its own, and
/// hands back the answer, until there is none; then [`report`](Self::report) says what was found.
///
/// ```
/// use tls_inspect::{CauseUncertainty, FailureSearch, FailureSearchOptions};
///
/// let mut search = FailureSearch::new(FailureSearchOptions::new([7; 32]));
/// assert!(search.next_hello().is_some());
/// search.handle_refused("421 4.7.0 too many connections");
/// assert!(search.next_hello().is_none());
/// let unknown = search.report().unknown;
/// assert!(matches!(unknown, Some(CauseUncertainty::Refused(_))));
/// ```
#[derive(Clone, Debug)]
pub struct FailureSearch {
    options: FailureSearchOptions,
    asked: Option<(Ask, ClientHello)>,
    answers: Vec<Answer>,
    unreachable: usize,
    conclusion: Option<Conclusion>,
}

/// A question to be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Ask {
    question: CauseQuestion,
    is_control: bool,
}

/// A connection and what came of it.
#[derive(Clone, Debug)]
struct Answer {
    ask: Ask,
    offer: ClientHello,
    number: u32,
    outcome: Result<HelloOutcome, String>,
    /// Whether the server had begun to answer, and the answer tells nothing.
    is_begun: bool,
}

impl FailureSearch {
    /// A search that has not begun.
    #[must_use]
    pub const fn new(options: FailureSearchOptions) -> Self {
        Self {
            options,
            asked: None,
            answers: Vec::new(),
            unreachable: 0,
            conclusion: None,
        }
    }

    /// The hello for the next connection; none when the search has ended.
    ///
    /// The same hello is returned until its answer is handed in.
    pub fn next_hello(&mut self) -> Option<ClientHello> {
        if self.conclusion.is_some() {
            return None;
        }
        if self.asked.is_none() {
            match self.plan() {
                Ok(conclusion) => self.conclusion = Some(conclusion),
                Err(_) if self.answers.len() >= self.options.budget => {
                    self.conclusion = Some(Conclusion::unknown(CauseUncertainty::Budget));
                }
                Err(ask) => {
                    let hello = offers::hello(&ask.question, &self.options, self.number());
                    self.asked = Some((ask, hello));
                }
            }
        }
        self.asked.as_ref().map(|(_, hello)| hello.clone())
    }

    /// Takes what came back for the hello. Plaintext after a connection without is what
    /// [`handle_refused`](Self::handle_refused) takes.
    pub fn handle_answer(&mut self, answer: HelloAnswer) {
        self.unreachable = 0;
        let is_begun = is_begun(&answer);
        let is_first = !self.answers.iter().any(|answer| answer.outcome.is_ok());
        if let HelloOutcome::NotTls(octets) = &answer.outcome
            && !is_first
            && self.asked.is_some()
        {
            let words = octets.trim_ascii_end().escape_ascii().to_string();
            self.conclusion = Some(Conclusion::unknown(CauseUncertainty::Refused(words)));
        }
        self.note(Ok(answer.outcome), is_begun);
    }

    /// Takes that the server refused the connection, or to go on to TLS, with these words: the
    /// search ends, since asking on would make it worse.
    pub fn handle_refused(&mut self, words: &str) {
        if self.conclusion.is_some() {
            return;
        }
        let words = printable(words);
        self.note(Err(format!("refused: {words}")), false);
        self.conclusion = Some(Conclusion::unknown(CauseUncertainty::Refused(words)));
    }

    /// Takes that no connection could be had, for a reason that is no refusal. The hello is
    /// tried once more.
    pub fn handle_unreachable(&mut self, words: &str) {
        if self.asked.is_none() {
            return;
        }
        let words = printable(words);
        self.note(Err(format!("no connection: {words}")), false);
        self.unreachable += 1;
        if self.unreachable >= UNREACHABLE_LIMIT {
            self.conclusion = Some(Conclusion::unknown(CauseUncertainty::Unreachable(words)));
        }
    }

    /// What was found until now.
    #[must_use]
    pub fn report(&self) -> FailureCauseReport {
        let conclusion = self.conclusion.clone().or_else(|| self.plan().ok());
        let conclusion =
            conclusion.unwrap_or_else(|| Conclusion::unknown(CauseUncertainty::Unfinished));
        FailureCauseReport {
            causes: conclusion.causes,
            unknown: conclusion.unknown,
            connections: self.answers.iter().map(Answer::report).collect(),
        }
    }

    /// How many connections were made, and how many are allowed.
    #[must_use]
    pub const fn progress(&self) -> (usize, usize) {
        (self.answers.len(), self.options.budget)
    }

    fn note(&mut self, outcome: Result<HelloOutcome, String>, is_begun: bool) {
        if let Some((ask, offer)) = self.asked.take() {
            let number = self.number();
            self.answers.push(Answer {
                ask,
                offer,
                number,
                outcome,
                is_begun,
            });
        }
    }

    /// The number of the next connection.
    fn number(&self) -> u32 {
        u32::try_from(self.answers.len()).map_or(u32::MAX, |count| count.saturating_add(1))
    }
}

/// Whether there was more than an alert, and not all of a choice.
fn is_begun(answer: &HelloAnswer) -> bool {
    match &answer.outcome {
        HelloOutcome::Chosen(flight) => !flight.is_complete,
        HelloOutcome::Malformed(_) => true,
        HelloOutcome::Closed | HelloOutcome::Reset | HelloOutcome::TimedOut => {
            answer.received > 0 && answer.alerts.is_empty()
        }
        _ => false,
    }
}

impl Answer {
    fn report(&self) -> CauseConnection {
        CauseConnection {
            number: self.number,
            question: self.ask.question.clone(),
            is_control: self.ask.is_control,
            answer: match &self.outcome {
                Ok(outcome) => outcome_text(outcome),
                Err(words) => words.clone(),
            },
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
