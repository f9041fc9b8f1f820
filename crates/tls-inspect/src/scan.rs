//! A scan: what a server speaks, found out with one ClientHello on each of several connections.
//!
//! No single handshake shows it, and no TLS library speaks to servers of every age: it takes raw
//! hellos, of which the server chooses or refuses. [`Scan`] says which hello comes next and reads
//! the answer; it opens no connection. What was chosen is taken away until the rest is refused,
//! two hellos in either order tell whose order decides, and hellos of TLS 1.3 without a key share
//! make a server name its groups in a HelloRetryRequest.
//!
//! A refusal is an alert that says so. Everything else in place of an answer is "could not
//! tell", unless it comes again while a hello that was taken before still is.

mod features;
mod offers;
mod options;
mod plan;
mod removal;
mod report;
mod support;
#[cfg(test)]
mod tests;
#[cfg(feature = "serde")]
mod text;
mod verdict;

pub use self::options::{ScanOptions, ScanPart};
pub use self::report::{
    DhePrime, HelloTolerance, ScanAuthentication, ScanCompleteness, ScanFeatures, ScanPreference,
    ScanQuestion, ScanReport, ScanRole, ScanStop, ScannedCertificate, ScannedConnection,
    ScannedGroups, ScannedSuites, ScannedVersion,
};
pub use self::support::{ScanEvidence, ScanSight, ScanSupport, ScanUncertainty};

use self::features::Sightings;
use self::offers::Template;
use self::removal::Removal;
use self::support::{Reading, read};
use crate::escape::printable;
use crate::{CipherSuite, ClientHello, HelloAnswer, HelloOutcome, NamedGroup};

/// A scan under way.
///
/// The caller takes [`next_hello`](Self::next_hello), sends it on a connection of its own, and
/// hands back the answer, until there is none; then [`report`](Self::report) says what was found.
///
/// ```
/// use tls_inspect::{Scan, ScanOptions, ScanStop};
///
/// let mut scan = Scan::new(ScanOptions::quick([7; 32]));
/// let hello = scan.next_hello().expect("a scan begins with a hello");
/// assert_eq!(hello.versions.len(), 2);
///
/// scan.handle_refused("421 4.7.0 too many connections");
/// assert!(scan.next_hello().is_none());
/// let report = scan.report();
/// assert!(matches!(report.stop, ScanStop::Refused { .. }));
/// assert!(report.versions.iter().all(|version| version.support.is_unknown()));
/// ```
#[derive(Clone, Debug)]
pub struct Scan {
    options: ScanOptions,
    at_most: u32,
    template: Template,
    tasks: Vec<Task>,
    sightings: Sightings,
    connections: Vec<ScannedConnection>,
    asked: Option<Asked>,
    doubt: Option<Doubt>,
    /// The last hello that the server took.
    control: Option<ClientHello>,
    /// The connection of the last hello that the server took: what it refused before, it refused
    /// for what was asked.
    trusted: Option<u32>,
    /// The connection on which a hello of TLS 1.3 was refused for its signature schemes.
    scheme_refusal: Option<u32>,
    /// How many of the hellos with the scheme of one curve were taken.
    curves_taken: usize,
    /// Whether the control that ends a scan was sent.
    is_controlled: bool,
    unanswered: u32,
    stop: Option<ScanStop>,
}

#[derive(Clone, Debug)]
struct Task {
    question: ScanQuestion,
    state: State,
}

#[derive(Clone, Debug)]
enum State {
    Open,
    /// The first hello was not taken, and a second is to make sure.
    Second {
        /// What the first came to, if that was no refusal.
        dropped: Option<ScanEvidence>,
    },
    /// Not answered while no control was known; to be asked again when one is.
    Postponed {
        cause: ScanUncertainty,
        first: u32,
        /// Whether it was the second hello.
        is_second: bool,
    },
    /// A hello of TLS 1.3 with the schemes of one kind of key was taken, which says something if
    /// one without them is not.
    Taken(ScanEvidence),
    Suites(Removal<CipherSuite>),
    Groups(Removal<NamedGroup>),
    Done(ScanSupport),
}

/// The hello that is out.
#[derive(Clone, Debug)]
struct Asked {
    task: usize,
    role: ScanRole,
    hello: ClientHello,
}

/// A question that got no answer: it is asked again, and then a control is.
#[derive(Clone, Debug)]
struct Doubt {
    asked: Asked,
    first: u32,
    /// What came of the repetition, once it has.
    again: Option<(ScanUncertainty, u32)>,
}

/// What became of a question's hello.
enum Verdict<'a> {
    Answered(&'a HelloOutcome, ScanEvidence),
    Refused(ScanEvidence),
    Dropped(ScanEvidence),
    Unknown(ScanUncertainty),
}

impl Scan {
    /// A scan that has not begun.
    #[must_use]
    pub fn new(options: ScanOptions) -> Self {
        let template = Template {
            server_name: options.server_name.clone(),
            random: options.random,
        };
        let tasks = options
            .questions()
            .into_iter()
            .map(|question| Task {
                question,
                state: plan::first_state(question),
            })
            .collect();
        Self {
            at_most: options.connections_at_most(),
            options,
            template,
            tasks,
            sightings: Sightings::default(),
            connections: Vec::new(),
            asked: None,
            doubt: None,
            control: None,
            trusted: None,
            scheme_refusal: None,
            curves_taken: 0,
            is_controlled: false,
            unanswered: 0,
            stop: None,
        }
    }

    /// The hello for the next connection; none when the scan has ended.
    ///
    /// The same hello is returned until its answer is handed in.
    pub fn next_hello(&mut self) -> Option<ClientHello> {
        if self.stop.is_some() {
            return None;
        }
        if self.asked.is_none() {
            let asked = self.doubtful().or_else(|| self.plan());
            self.asked = asked.or_else(|| self.last_control());
        }
        let Some(asked) = &self.asked else {
            self.stop = Some(ScanStop::Done);
            return None;
        };
        if self.used() >= self.options.budget {
            self.asked = None;
            self.stop = Some(ScanStop::Budget);
            return None;
        }
        Some(asked.hello.clone())
    }

    /// Takes what came back for the hello.
    pub fn handle_answer(&mut self, answer: HelloAnswer) {
        let Some(asked) = self.asked.take() else {
            return;
        };
        let connection = self.used();
        let reading = read(&answer.outcome);
        self.note(&asked, &reading);
        match &reading {
            Reading::Answered(_) => {
                self.control = Some(asked.hello.clone());
                self.trusted = Some(connection);
                self.unanswered = 0;
            }
            Reading::Refused(_) => self.unanswered = 0,
            Reading::Unanswered(_) => self.count_unanswered(),
        }
        if let Reading::Answered(seen) = &reading {
            let evidence = ScanEvidence::new(connection, seen.clone());
            self.sightings
                .note(&asked.hello, &answer.outcome, &evidence);
        }
        match asked.role {
            ScanRole::Control => self.settle(&reading, connection),
            ScanRole::Question | ScanRole::Repetition => {
                self.weigh(asked, &answer.outcome, reading, connection);
            }
        }
    }

    /// Takes that the server refused the connection, or to go on to TLS, with these words: the
    /// scan ends, since asking on would make it worse.
    pub fn handle_refused(&mut self, words: &str) {
        let words = printable(words);
        if let Some(asked) = self.asked.take() {
            let cause = ScanUncertainty::NoConnection(words.clone());
            self.note(&asked, &Reading::Unanswered(cause.clone()));
            self.give_up(asked.task, cause);
        }
        self.stop = Some(ScanStop::Refused { words });
    }

    /// Takes that no connection could be had, for a reason that is no refusal.
    pub fn handle_unreachable(&mut self, words: &str) {
        let Some(asked) = self.asked.take() else {
            return;
        };
        let cause = ScanUncertainty::NoConnection(printable(words));
        self.note(&asked, &Reading::Unanswered(cause.clone()));
        self.count_unanswered();
        self.doubt = None;
        self.give_up(asked.task, cause);
    }

    fn give_up(&mut self, task: usize, cause: ScanUncertainty) {
        let connection = self.used().saturating_sub(1);
        self.conclude(task, Verdict::Unknown(cause), connection);
    }

    fn used(&self) -> u32 {
        u32::try_from(self.connections.len()).unwrap_or(u32::MAX)
    }

    fn note(&mut self, asked: &Asked, reading: &Reading) {
        let Some(task) = self.tasks.get(asked.task) else {
            return;
        };
        self.connections.push(ScannedConnection {
            question: task.question,
            role: asked.role,
            answer: match reading {
                Reading::Answered(seen) => seen.to_string(),
                Reading::Refused(alert) => alert.to_string(),
                Reading::Unanswered(cause) => cause.to_string(),
            },
        });
    }

    fn count_unanswered(&mut self) {
        self.unanswered += 1;
        if self.unanswered >= self.options.unanswered_limit {
            self.stop = Some(ScanStop::Unanswered {
                connections: self.unanswered,
            });
        }
    }

    /// The repetition or the control that a doubt needs next.
    fn doubtful(&self) -> Option<Asked> {
        let doubt = self.doubt.as_ref()?;
        let role = match doubt.again {
            None => ScanRole::Repetition,
            Some(_) => ScanRole::Control,
        };
        let hello = match role {
            ScanRole::Control => self.control.clone()?,
            _ => doubt.asked.hello.clone(),
        };
        Some(Asked {
            task: doubt.asked.task,
            role,
            hello,
        })
    }

    /// A control after the last refusals: a server that has come to refuse everything would have
    /// refused them too.
    fn last_control(&mut self) -> Option<Asked> {
        if self.is_controlled {
            return None;
        }
        let asked = Asked {
            task: (0..self.tasks.len()).find(|&task| self.is_unconfirmed(task))?,
            role: ScanRole::Control,
            hello: self.control.clone()?,
        };
        self.is_controlled = true;
        Some(asked)
    }

    fn is_unconfirmed(&self, task: usize) -> bool {
        match self.tasks.get(task).map(|task| &task.state) {
            Some(State::Done(support)) => support.is_unconfirmed(self.trusted),
            Some(State::Suites(removal)) => removal.is_unconfirmed(self.trusted),
            Some(State::Groups(removal)) => removal.is_unconfirmed(self.trusted),
            _ => false,
        }
    }

    /// What a question came to, as far as it can be relied on.
    fn found(&self, question: ScanQuestion) -> ScanSupport {
        match self.support(question) {
            support if support.is_unconfirmed(self.trusted) => {
                ScanSupport::Unknown(ScanUncertainty::Unconfirmed)
            }
            support => support,
        }
    }

    /// Reads the answer to a question or to its repetition.
    fn weigh(&mut self, asked: Asked, outcome: &HelloOutcome, reading: Reading, connection: u32) {
        let task = asked.task;
        let verdict = match reading {
            Reading::Answered(seen) => {
                Verdict::Answered(outcome, ScanEvidence::new(connection, seen))
            }
            Reading::Refused(alert) => {
                Verdict::Refused(ScanEvidence::new(connection, ScanSight::Alert(alert)))
            }
            Reading::Unanswered(cause) if self.stop.is_none() && cause.can_be_habit() => {
                return self.doubt(asked, cause, connection);
            }
            Reading::Unanswered(cause) => Verdict::Unknown(cause),
        };
        self.doubt = None;
        self.conclude(task, verdict, connection);
    }

    fn doubt(&mut self, asked: Asked, cause: ScanUncertainty, connection: u32) {
        if self.control.is_none() {
            if let Some(task) = self.tasks.get_mut(asked.task) {
                task.state = State::Postponed {
                    cause,
                    first: connection,
                    is_second: matches!(task.state, State::Second { .. }),
                };
            }
            return;
        }
        let before = self.doubt.take().map(|doubt| doubt.first);
        let postponed = self
            .tasks
            .get(asked.task)
            .and_then(|task| match task.state {
                State::Postponed { first, .. } => Some(first),
                _ => None,
            });
        self.doubt = Some(match before.or(postponed) {
            Some(first) => Doubt {
                asked,
                first,
                again: Some((cause, connection)),
            },
            None => Doubt {
                asked,
                first: connection,
                again: None,
            },
        });
    }

    /// Reads the answer to a control: only if it was taken, what came before tells something.
    fn settle(&mut self, reading: &Reading, control: u32) {
        let Some(Doubt {
            asked,
            first,
            again: Some((cause, connection)),
        }) = self.doubt.take()
        else {
            return;
        };
        let verdict = match reading {
            Reading::Answered(_) => Verdict::Dropped(ScanEvidence::new(
                connection,
                ScanSight::Dropped {
                    cause: Box::new(cause),
                    first,
                    control,
                },
            )),
            _ => Verdict::Unknown(cause),
        };
        self.conclude(asked.task, verdict, connection);
    }

    /// What was found until now.
    #[must_use]
    pub fn report(&self) -> ScanReport {
        features::report(self)
    }

    /// How many connections were made and are allowed at most.
    #[must_use]
    pub fn progress(&self) -> (u32, u32) {
        (self.used(), self.at_most)
    }

    /// What the hello that is out asks.
    #[must_use]
    pub fn question(&self) -> Option<ScanQuestion> {
        let asked = self.asked.as_ref()?;
        self.tasks.get(asked.task).map(|task| task.question)
    }
}
