//! What the answer to a question says.

use super::removal::End;
use super::{
    Authentication, Scan, ScanEvidence, ScanQuestion, ScanSight, ScanUncertainty, State, Support,
    Verdict,
};
use crate::{
    AlertDescription, CipherSuite, HelloOutcome, KeyExchange, NamedGroup, ProtocolVersion,
    ServerFlight, SuiteAuthentication, SuiteKeyExchange,
};

impl Scan {
    pub(super) fn support(&self, question: ScanQuestion) -> Support {
        let task = self.tasks.iter().find(|task| task.question == question);
        match task.map(|task| &task.state) {
            Some(State::Done(support)) => support.clone(),
            Some(State::Postponed { cause, .. }) => Support::Unknown(cause.clone()),
            _ => Support::not_asked(),
        }
    }

    pub(super) fn finish(&mut self, task: usize, support: Support) {
        if let Some(task) = self.tasks.get_mut(task) {
            task.state = State::Done(support);
        }
    }

    /// Takes what became of a question.
    pub(super) fn conclude(&mut self, index: usize, verdict: Verdict<'_>, connection: u32) {
        let Some(task) = self.tasks.get_mut(index) else {
            return;
        };
        let question = task.question;
        match &mut task.state {
            State::Suites(removal) => match verdict {
                Verdict::Answered(outcome, _) => match suite_of(outcome) {
                    Some(suite) => removal.chosen(suite, connection),
                    None => removal.ended(End::Unknown(ScanUncertainty::CutShort), connection),
                },
                other => removal.ended(end(other), connection),
            },
            State::Groups(removal) => match verdict {
                Verdict::Answered(outcome, _) => match group_of(outcome) {
                    Some(group) => {
                        removal.hide_more(needs_own_curve(outcome));
                        removal.chosen(group, connection);
                    }
                    None => removal.ended(End::Unknown(ScanUncertainty::CutShort), connection),
                },
                other => removal.ended(end(other), connection),
            },
            State::Open | State::Postponed { .. } => match verdict {
                Verdict::Refused(evidence) | Verdict::Dropped(evidence)
                    if self.needs_second(question, &evidence) =>
                {
                    self.set(index, State::Second);
                }
                verdict => {
                    let support = self.judge(question, verdict);
                    self.finish(index, support);
                }
            },
            State::Second | State::Done(_) => {
                let support = self.judge(question, verdict);
                self.finish(index, support);
            }
        }
    }

    fn set(&mut self, task: usize, state: State) {
        if let Some(task) = self.tasks.get_mut(task) {
            task.state = state;
        }
    }

    /// Whether a refusal, or what seems one, leaves open what a second hello can tell: the
    /// version may go with rare suites, and the certificate may be one of TLS 1.3 only.
    fn needs_second(&self, question: ScanQuestion, refusal: &ScanEvidence) -> bool {
        let alert = match &refusal.seen {
            ScanSight::Alert(alert) => Some(alert.description),
            _ => None,
        };
        match question {
            _ if alert == Some(AlertDescription::INAPPROPRIATE_FALLBACK) => false,
            ScanQuestion::Version(version) => {
                version < ProtocolVersion::TLS_1_3
                    && alert != Some(AlertDescription::PROTOCOL_VERSION)
            }
            ScanQuestion::Certificate(_) => {
                let tls13 = self.support(ScanQuestion::Version(ProtocolVersion::TLS_1_3));
                self.highest_legacy().is_some() && !tls13.is_no()
            }
            _ => false,
        }
    }

    fn judge(&mut self, question: ScanQuestion, verdict: Verdict<'_>) -> Support {
        match verdict {
            Verdict::Unknown(cause) => Support::Unknown(cause),
            // Whether a fallback is dropped for what it is, nothing says.
            Verdict::Dropped(evidence) if question == ScanQuestion::FallbackScsv => {
                match evidence.seen {
                    ScanSight::Dropped { cause, .. } => Support::Unknown(*cause),
                    _ => Support::Unknown(ScanUncertainty::CutShort),
                }
            }
            Verdict::Dropped(evidence) => Support::LikelyNo(evidence),
            Verdict::Refused(evidence) => refused(question, evidence),
            Verdict::Answered(outcome, evidence) => self.answered(question, outcome, evidence),
        }
    }

    fn answered(
        &mut self,
        question: ScanQuestion,
        outcome: &HelloOutcome,
        seen: ScanEvidence,
    ) -> Support {
        let flight = match outcome {
            HelloOutcome::Chosen(flight) => Some(flight.as_ref()),
            _ => None,
        };
        match question {
            ScanQuestion::Version(asked) => match version_of(outcome) {
                Some(version) if version == asked => Support::Yes(seen),
                // It was offered nothing else, and named what it would rather speak.
                _ => Support::No(seen),
            },
            ScanQuestion::FallbackScsv => Support::No(seen),
            ScanQuestion::Compression => match flight {
                Some(flight) if flight.hello.compression != 0 => Support::Yes(seen),
                Some(_) => Support::No(seen),
                None => Support::Unknown(ScanUncertainty::CutShort),
            },
            ScanQuestion::Anonymous => offered(flight, CipherSuite::is_anonymous, seen),
            ScanQuestion::Dhe => {
                if let Some(KeyExchange::Dhe { bits, prime_sha256 }) = flight
                    .and_then(|flight| flight.key_exchange.as_ref())
                    .map(|exchange| &exchange.parameters)
                {
                    self.sightings.dhe = Some((*bits, prime_sha256.clone()));
                }
                let is_dhe =
                    |suite: CipherSuite| suite.key_exchange() == Some(SuiteKeyExchange::Dhe);
                offered(flight, is_dhe, seen)
            }
            ScanQuestion::Certificate(kind) => self.certificate(kind, flight, seen),
            _ => Support::Yes(seen),
        }
    }

    fn certificate(
        &mut self,
        kind: Authentication,
        flight: Option<&ServerFlight>,
        seen: ScanEvidence,
    ) -> Support {
        // The certificate comes after the ServerHello and encrypted, and one that goes with none of
        // the schemes may come too (RFC 9846 §4.4.2.2).
        let told = flight.filter(|flight| flight.hello.version < ProtocolVersion::TLS_1_3);
        let Some(flight) = told else {
            let why = "under TLS 1.3 the certificate is encrypted";
            return Support::Unknown(ScanUncertainty::NotApplicable(why.to_owned()));
        };
        let authentication = flight.hello.cipher_suite.authentication();
        let is_asked = match kind {
            Authentication::Rsa => authentication == Some(SuiteAuthentication::Rsa),
            Authentication::Ecdsa => authentication == Some(SuiteAuthentication::Ecdsa),
        };
        if !is_asked {
            let suite = flight.hello.cipher_suite.to_string();
            return Support::Unknown(ScanUncertainty::NotOffered(suite));
        }
        match &flight.chain {
            Some(chain) if !chain.is_empty() => {
                self.sightings.chains.push((kind, chain.clone()));
                Support::Yes(seen)
            }
            _ => Support::Unknown(ScanUncertainty::CutShort),
        }
    }
}

/// Whether the suite chosen is of the kind that was offered.
fn offered(
    flight: Option<&ServerFlight>,
    is_meant: impl FnOnce(CipherSuite) -> bool,
    seen: ScanEvidence,
) -> Support {
    match flight.map(|flight| flight.hello.cipher_suite) {
        Some(suite) if is_meant(suite) => Support::Yes(seen),
        Some(suite) => Support::Unknown(ScanUncertainty::NotOffered(suite.to_string())),
        None => Support::Unknown(ScanUncertainty::CutShort),
    }
}

/// Up to TLS 1.2 a certificate on a curve goes only with hellos that name this curve too
/// (RFC 8422 §5.1), so that once it is taken away other groups may be refused for its sake.
fn needs_own_curve(outcome: &HelloOutcome) -> bool {
    matches!(outcome, HelloOutcome::Chosen(_))
        && suite_of(outcome).and_then(CipherSuite::authentication)
            == Some(SuiteAuthentication::Ecdsa)
}

/// What a refusal says. `inappropriate_fallback` refuses the fallback and nothing else, and any
/// other refusal says nothing about it.
fn refused(question: ScanQuestion, evidence: ScanEvidence) -> Support {
    let ScanSight::Alert(alert) = &evidence.seen else {
        return Support::No(evidence);
    };
    let is_fallback = alert.description == AlertDescription::INAPPROPRIATE_FALLBACK;
    // That a hello with compression is refused does not say that one without it is not.
    if question == ScanQuestion::Compression {
        return Support::Unknown(ScanUncertainty::Alert(*alert));
    }
    match (question == ScanQuestion::FallbackScsv, is_fallback) {
        (true, true) => Support::Yes(evidence),
        (false, false) => Support::No(evidence),
        _ => Support::Unknown(ScanUncertainty::Alert(*alert)),
    }
}

fn end(verdict: Verdict<'_>) -> End {
    match verdict {
        Verdict::Refused(evidence) => match evidence.seen {
            ScanSight::Alert(alert)
                if alert.description == AlertDescription::INAPPROPRIATE_FALLBACK =>
            {
                End::Unknown(ScanUncertainty::Alert(alert))
            }
            _ => End::Refused,
        },
        Verdict::Dropped(_) => End::Dropped,
        Verdict::Unknown(cause) => End::Unknown(cause),
        Verdict::Answered(..) => End::Unknown(ScanUncertainty::CutShort),
    }
}

fn version_of(outcome: &HelloOutcome) -> Option<ProtocolVersion> {
    match outcome {
        HelloOutcome::Chosen(flight) => Some(flight.hello.version),
        HelloOutcome::Retry(retry) => Some(retry.version),
        _ => None,
    }
}

fn suite_of(outcome: &HelloOutcome) -> Option<CipherSuite> {
    match outcome {
        HelloOutcome::Chosen(flight) => Some(flight.hello.cipher_suite),
        HelloOutcome::Retry(retry) => Some(retry.cipher_suite),
        _ => None,
    }
}

/// The group that a server chose: in its HelloRetryRequest or key share under TLS 1.3, in its
/// ServerKeyExchange below.
fn group_of(outcome: &HelloOutcome) -> Option<NamedGroup> {
    match outcome {
        HelloOutcome::Retry(retry) => retry.group,
        HelloOutcome::Chosen(flight) => match flight.key_exchange.as_ref()?.parameters {
            KeyExchange::Ecdhe(group) => Some(group),
            _ => None,
        },
        _ => None,
    }
}
