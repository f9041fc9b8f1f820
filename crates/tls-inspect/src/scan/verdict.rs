//! What the answer to a question says.

use super::plan::CURVE_SCHEMES;
use super::removal::{Beside, End};
use super::{
    Scan, ScanAuthentication, ScanEvidence, ScanQuestion, ScanSight, ScanSupport, ScanUncertainty,
    State, Verdict,
};
use crate::{
    AlertDescription, Certificate, CipherSuite, HelloOutcome, KeyExchange, NamedGroup,
    ProtocolVersion, ServerFlight, SuiteAuthentication, SuiteKeyExchange,
};

impl Scan {
    pub(super) fn support(&self, question: ScanQuestion) -> ScanSupport {
        let task = self.tasks.iter().find(|task| task.question == question);
        match task.map(|task| &task.state) {
            Some(State::Done(support)) => support.clone(),
            Some(State::Postponed { cause, .. }) => ScanSupport::Unknown(cause.clone()),
            Some(State::Taken(seen)) => self.told_by_schemes(seen).unwrap_or_else(|| {
                let why = "under TLS 1.3 the certificate is encrypted";
                ScanSupport::Unknown(ScanUncertainty::NotApplicable(why.to_owned()))
            }),
            _ => ScanSupport::not_asked(),
        }
    }

    pub(super) fn finish(&mut self, task: usize, support: ScanSupport) {
        if let Some(task) = self.tasks.get_mut(task) {
            task.state = State::Done(support);
        }
    }

    /// Takes what became of a question.
    pub(super) fn conclude(&mut self, index: usize, verdict: Verdict<'_>, connection: u32) {
        let legacy = self.highest_legacy();
        let Some(task) = self.tasks.get_mut(index) else {
            return;
        };
        let question = task.question;
        match &mut task.state {
            State::Suites(removal) => match item(question, legacy, &verdict, suite_of) {
                Some(Ok(suite)) => removal.chosen(suite, connection),
                Some(Err(cause)) => removal.ended(End::Unknown(cause), connection),
                None => removal.ended(end(verdict), connection),
            },
            State::Groups(removal) => match item(question, legacy, &verdict, group_of) {
                Some(Ok(group)) => {
                    if let Verdict::Answered(outcome, _) = verdict {
                        removal.needs(own_curve(outcome));
                    }
                    removal.chosen(group, connection);
                }
                Some(Err(cause)) => removal.ended(End::Unknown(cause), connection),
                None => removal.ended(end(verdict), connection),
            },
            State::Second { dropped } => {
                let dropped = dropped.take();
                self.conclude_second(index, verdict, dropped);
            }
            State::Postponed {
                is_second: true, ..
            } => self.conclude_second(index, verdict, None),
            State::Open | State::Postponed { .. } => self.conclude_first(index, verdict),
            State::Taken(_) => self.conclude_curve(index, verdict),
            State::Done(_) => {}
        }
    }

    fn conclude_first(&mut self, index: usize, verdict: Verdict<'_>) {
        let Some(question) = self.tasks.get(index).map(|task| task.question) else {
            return;
        };
        match verdict {
            Verdict::Refused(evidence) | Verdict::Dropped(evidence)
                if self.needs_second(question, &evidence) =>
            {
                let is_dropped = matches!(evidence.seen, ScanSight::Dropped { .. });
                let dropped = is_dropped.then_some(evidence);
                self.set(index, State::Second { dropped });
            }
            // Nothing below TLS 1.3 was asked, so that there is no other hello.
            verdict if self.highest_legacy().is_none() => {
                self.conclude_second(index, verdict, None);
            }
            verdict => {
                let support = self.judge(question, verdict);
                self.finish(index, support);
            }
        }
    }

    /// Takes what became of the last hello of a question. What was `dropped` before may be
    /// spoken: a refusal of the rest says nothing about it, unless it is one of the version.
    fn conclude_second(
        &mut self,
        index: usize,
        verdict: Verdict<'_>,
        dropped: Option<ScanEvidence>,
    ) {
        let Some(question) = self.tasks.get(index).map(|task| task.question) else {
            return;
        };
        let is_version = matches!(question, ScanQuestion::Version(_));
        if let ScanQuestion::Certificate(_) = question {
            match &verdict {
                Verdict::Answered(outcome, seen)
                    if version_of(outcome) == Some(ProtocolVersion::TLS_1_3) =>
                {
                    return self.set(index, State::Taken(seen.clone()));
                }
                verdict => self.note_schemes(verdict),
            }
        }
        let support = match (self.judge(question, verdict), dropped) {
            (ScanSupport::No(refusal), Some(dropped))
                if !(is_version && refusal.refuses_version()) =>
            {
                ScanSupport::LikelyNo(dropped)
            }
            (support, _) => support,
        };
        self.finish(index, support);
    }

    /// Takes what became of a hello of TLS 1.3 with the scheme of one curve.
    fn conclude_curve(&mut self, index: usize, verdict: Verdict<'_>) {
        match verdict {
            Verdict::Answered(..) => self.curves_taken = self.curves_taken.saturating_add(1),
            Verdict::Refused(_) => self.note_schemes(&verdict),
            Verdict::Dropped(ScanEvidence {
                seen: ScanSight::Dropped { cause, .. },
                ..
            }) => self.finish(index, ScanSupport::Unknown(*cause)),
            Verdict::Dropped(_) => {
                self.finish(index, ScanSupport::Unknown(ScanUncertainty::CutShort));
            }
            Verdict::Unknown(cause) => self.finish(index, ScanSupport::Unknown(cause)),
        }
    }

    /// Keeps that a hello of TLS 1.3 was refused for its schemes: nothing else set it apart from
    /// the one that was taken.
    fn note_schemes(&mut self, verdict: &Verdict<'_>) {
        if let Verdict::Refused(evidence) = verdict
            && let ScanSight::Alert(alert) = &evidence.seen
            && matches!(
                alert.description,
                AlertDescription::HANDSHAKE_FAILURE | AlertDescription::INSUFFICIENT_SECURITY
            )
        {
            self.scheme_refusal.get_or_insert(evidence.connection);
        }
    }

    /// What it says that a hello with the schemes of one kind of key was taken; `None` if that
    /// depends on what becomes of another.
    pub(super) fn told_by_schemes(&self, seen: &ScanEvidence) -> Option<ScanSupport> {
        if let Some(refused) = self.scheme_refusal {
            let seen_with = ScanSight::OnlyWithSchemes { refused };
            let evidence = ScanEvidence::new(seen.connection, seen_with);
            return Some(ScanSupport::Yes(evidence));
        }
        (self.curves_taken >= CURVE_SCHEMES.len()).then(|| {
            let why =
                "it takes any signature schemes, and under TLS 1.3 the certificate is encrypted";
            ScanSupport::Unknown(ScanUncertainty::NotApplicable(why.to_owned()))
        })
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

    fn judge(&mut self, question: ScanQuestion, verdict: Verdict<'_>) -> ScanSupport {
        match verdict {
            Verdict::Unknown(cause) => ScanSupport::Unknown(cause),
            // Whether a fallback is dropped for what it is, nothing says.
            Verdict::Dropped(evidence) if question == ScanQuestion::FallbackScsv => {
                match evidence.seen {
                    ScanSight::Dropped { cause, .. } => ScanSupport::Unknown(*cause),
                    _ => ScanSupport::Unknown(ScanUncertainty::CutShort),
                }
            }
            Verdict::Dropped(evidence) => ScanSupport::LikelyNo(evidence),
            Verdict::Refused(evidence) => refused(question, evidence),
            Verdict::Answered(outcome, evidence) => self.answered(question, outcome, evidence),
        }
    }

    fn answered(
        &mut self,
        question: ScanQuestion,
        outcome: &HelloOutcome,
        seen: ScanEvidence,
    ) -> ScanSupport {
        let flight = match outcome {
            HelloOutcome::Chosen(flight) => Some(flight.as_ref()),
            _ => None,
        };
        match question {
            ScanQuestion::Version(asked) => version(asked, outcome, seen),
            ScanQuestion::FallbackScsv => ScanSupport::No(seen),
            ScanQuestion::Compression => match flight {
                Some(flight) if flight.hello.compression != 0 => ScanSupport::Yes(seen),
                Some(_) => ScanSupport::No(seen),
                None => ScanSupport::Unknown(ScanUncertainty::CutShort),
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
            _ => ScanSupport::Yes(seen),
        }
    }

    fn certificate(
        &mut self,
        kind: ScanAuthentication,
        flight: Option<&ServerFlight>,
        seen: ScanEvidence,
    ) -> ScanSupport {
        // The certificate comes after the ServerHello and encrypted, and one that goes with none of
        // the schemes may come too (RFC 9846 §4.4.2.2).
        let told = flight.filter(|flight| flight.hello.version < ProtocolVersion::TLS_1_3);
        let Some(flight) = told else {
            let why = "under TLS 1.3 the certificate is encrypted";
            return ScanSupport::Unknown(ScanUncertainty::NotApplicable(why.to_owned()));
        };
        let authentication = flight.hello.cipher_suite.authentication();
        let is_asked = match kind {
            ScanAuthentication::Rsa => authentication == Some(SuiteAuthentication::Rsa),
            ScanAuthentication::Ecdsa => authentication == Some(SuiteAuthentication::Ecdsa),
        };
        if !is_asked {
            let suite = flight.hello.cipher_suite.to_string();
            return ScanSupport::Unknown(ScanUncertainty::NotOffered(suite));
        }
        match &flight.chain {
            Some(chain) if !chain.is_empty() => {
                self.sightings.chains.push((kind, chain.clone()));
                ScanSupport::Yes(seen)
            }
            _ => ScanSupport::Unknown(ScanUncertainty::CutShort),
        }
    }
}

/// Whether the suite chosen is of the kind that was offered.
fn offered(
    flight: Option<&ServerFlight>,
    is_meant: impl FnOnce(CipherSuite) -> bool,
    seen: ScanEvidence,
) -> ScanSupport {
    match flight.map(|flight| flight.hello.cipher_suite) {
        Some(suite) if is_meant(suite) => ScanSupport::Yes(seen),
        Some(suite) => ScanSupport::Unknown(ScanUncertainty::NotOffered(suite.to_string())),
        None => ScanSupport::Unknown(ScanUncertainty::CutShort),
    }
}

/// What the answer to a hello of one version says of it.
fn version(asked: ProtocolVersion, outcome: &HelloOutcome, seen: ScanEvidence) -> ScanSupport {
    let Some(version) = version_of(outcome) else {
        return ScanSupport::Unknown(ScanUncertainty::CutShort);
    };
    match outcome {
        _ if version == asked => ScanSupport::Yes(seen),
        HelloOutcome::Chosen(flight) if is_version_told(asked, flight) => ScanSupport::No(seen),
        HelloOutcome::Chosen(flight) => {
            let deviation = flight.deviations.first().cloned();
            ScanSupport::Unknown(ScanUncertainty::Malformed(deviation.unwrap_or_default()))
        }
        // A HelloRetryRequest is of TLS 1.3, whatever it says.
        _ => ScanSupport::Unknown(ScanUncertainty::NotOffered(version.to_string())),
    }
}

/// Whether an answer of a lower version than was asked for is one: up to TLS 1.2 the version
/// stands in the fixed part, and a server that was asked for TLS 1.3 may have said so in what
/// cannot be read.
pub(super) fn is_version_told(highest: ProtocolVersion, flight: &ServerFlight) -> bool {
    let hello = &flight.hello;
    highest < ProtocolVersion::TLS_1_3
        || hello.version >= ProtocolVersion::TLS_1_3
        || !(hello.has_unread_extensions || hello.has_extension(43))
}

/// The item of a list that was chosen, if anything was. An answer of another version than that of
/// the list says nothing about it.
fn item<T>(
    question: ScanQuestion,
    legacy: Option<ProtocolVersion>,
    verdict: &Verdict<'_>,
    item_of: impl FnOnce(&HelloOutcome) -> Option<T>,
) -> Option<Result<T, ScanUncertainty>> {
    let Verdict::Answered(outcome, _) = verdict else {
        return None;
    };
    let asked = match question {
        ScanQuestion::Groups(version) if version < ProtocolVersion::TLS_1_3 => legacy,
        ScanQuestion::Groups(version) | ScanQuestion::CipherSuites(version) => Some(version),
        _ => None,
    };
    Some(match version_of(outcome) {
        Some(version) if Some(version) != asked => {
            Err(ScanUncertainty::NotOffered(version.to_string()))
        }
        _ => item_of(outcome).ok_or(ScanUncertainty::CutShort),
    })
}

/// The curve of the certificate that was sent. Up to TLS 1.2 such a certificate goes only with
/// hellos that name its curve too (RFC 8422 §5.1), so that once it is taken away other groups may
/// be refused for its sake. Keys of EdDSA are on no named curve (RFC 8422 §5.1.1).
fn own_curve(outcome: &HelloOutcome) -> Beside<NamedGroup> {
    let HelloOutcome::Chosen(flight) = outcome else {
        return Beside::Nothing;
    };
    if flight.hello.cipher_suite.authentication() != Some(SuiteAuthentication::Ecdsa) {
        return Beside::Nothing;
    }
    let chain = flight.chain.as_deref().unwrap_or_default();
    let certificate = chain
        .first()
        .and_then(|der| Certificate::parse(der.as_ref()).ok());
    match certificate.map(|certificate| certificate.key) {
        Some(key) if key.algorithm.starts_with("Ed") => Beside::Nothing,
        Some(key) => key
            .curve
            .as_deref()
            .and_then(group_of_curve)
            .map_or(Beside::Unknown, Beside::Item),
        None => Beside::Unknown,
    }
}

/// The group of a curve by its name in a certificate.
fn group_of_curve(name: &str) -> Option<NamedGroup> {
    let name = match name {
        "P-192" => "secp192r1",
        "P-224" => "secp224r1",
        "P-256" => "secp256r1",
        "P-384" => "secp384r1",
        "P-521" => "secp521r1",
        name => name,
    };
    let mut known = NamedGroup::KNOWN.iter().copied();
    known.find(|group| group.name() == Some(name))
}

/// What a refusal says. `inappropriate_fallback` refuses the fallback and nothing else, and any
/// other refusal says nothing about it.
fn refused(question: ScanQuestion, evidence: ScanEvidence) -> ScanSupport {
    let ScanSight::Alert(alert) = &evidence.seen else {
        return ScanSupport::No(evidence);
    };
    let is_fallback = alert.description == AlertDescription::INAPPROPRIATE_FALLBACK;
    // That a hello with compression is refused does not say that one without it is not.
    if question == ScanQuestion::Compression {
        return ScanSupport::Unknown(ScanUncertainty::Alert(*alert));
    }
    match (question == ScanQuestion::FallbackScsv, is_fallback) {
        (true, true) => ScanSupport::Yes(evidence),
        (false, false) => ScanSupport::No(evidence),
        _ => ScanSupport::Unknown(ScanUncertainty::Alert(*alert)),
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

pub(super) fn version_of(outcome: &HelloOutcome) -> Option<ProtocolVersion> {
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

/// The group that a server chose: in its HelloRetryRequest under TLS 1.3, where no share of any is
/// sent, and in its ServerKeyExchange below.
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
