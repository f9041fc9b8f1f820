//! Which hello answers a question, and what its answer says.

use super::offers::{
    self, ANONYMOUS, CURVES_12, DHE_DSS, DHE_RSA, ECDHE_ECDSA, ECDHE_RSA, ECDSA_SCHEMES, GROUPS_13,
    LEGACY, RSA, RSA_SCHEMES, TLS13, groups, schemes, suites,
};
use super::removal::{End, Removal};
use super::{
    Asked, Authentication, Scan, ScanEvidence, ScanQuestion, ScanRole, ScanUncertainty, State,
    Support, Verdict,
};
use crate::{
    AlertDescription, ClientHello, HelloOutcome, KeyExchange, KeyShareOffer, NamedGroup,
    ProtocolVersion, ServerFlight,
};

/// How a question is gone about.
pub(super) fn first_state(question: ScanQuestion) -> State {
    match question {
        ScanQuestion::CipherSuites(version) => {
            State::Suites(Removal::new(offers::suite_chunks(version)))
        }
        ScanQuestion::Groups(ProtocolVersion::TLS_1_3) => {
            State::Groups(Removal::new(vec![groups(GROUPS_13)]))
        }
        ScanQuestion::Groups(_) => State::Groups(Removal::new(vec![groups(CURVES_12)])),
        _ => State::Open,
    }
}

/// What to do about a question now.
enum Step {
    Ask(Box<ClientHello>),
    /// It has been answered, or has to wait.
    Nothing,
    /// It has no meaning for this server.
    Void(&'static str),
}

impl Step {
    fn ask(hello: ClientHello) -> Self {
        Self::Ask(Box::new(hello))
    }
}

impl Scan {
    /// The first question that is to be asked. Those that were put off come again as soon as
    /// there is a control.
    pub(super) fn plan(&mut self) -> Option<Asked> {
        for task in 0..self.tasks.len() {
            match self.step(task) {
                Step::Ask(hello) => {
                    return Some(Asked {
                        task,
                        role: ScanRole::Question,
                        hello: *hello,
                    });
                }
                Step::Nothing => {}
                Step::Void(why) => {
                    self.finish(
                        task,
                        Support::Unknown(ScanUncertainty::NotApplicable(why.to_owned())),
                    );
                }
            }
        }
        None
    }

    fn step(&self, index: usize) -> Step {
        let Some(task) = self.tasks.get(index) else {
            return Step::Nothing;
        };
        match &task.state {
            State::Done(_) => Step::Nothing,
            State::Postponed { .. } if self.control.is_none() => Step::Nothing,
            State::Open | State::Postponed { .. } => self.simple(task.question),
            State::Suites(removal) => self.suites_step(task.question, removal),
            State::Groups(removal) => self.groups_step(task.question, removal),
        }
    }

    fn simple(&self, question: ScanQuestion) -> Step {
        let number = self.used();
        let small = self.template.small(number);
        match question {
            ScanQuestion::SmallHello => Step::ask(small),
            ScanQuestion::Version(version) => Step::ask(self.version_hello(number, version)),
            ScanQuestion::LargeHello | ScanQuestion::PaddedHello | ScanQuestion::SplitHello
                if !self.support(ScanQuestion::SmallHello).is_yes() =>
            {
                Step::Void("the small hello was not taken either")
            }
            ScanQuestion::LargeHello => Step::ask(ClientHello {
                groups: groups(&[0x11ec, 0x001d, 0x0017, 0x0018]),
                key_share: KeyShareOffer::X25519Mlkem768,
                ..small
            }),
            ScanQuestion::PaddedHello => Step::ask(ClientHello {
                least_length: 1500,
                ..small
            }),
            ScanQuestion::SplitHello => Step::ask(ClientHello {
                record_length: 64,
                ..small
            }),
            ScanQuestion::Certificate(kind) => self.certificate_step(number, kind),
            ScanQuestion::FallbackScsv => self.fallback_step(number),
            ScanQuestion::Anonymous => self.legacy_step(number, ANONYMOUS, |hello| hello),
            ScanQuestion::Dhe => {
                let offered = [DHE_RSA, DHE_DSS].concat();
                // Without groups of finite fields among the offers the server uses its own.
                self.legacy_step(number, &offered, |hello| hello)
            }
            ScanQuestion::Compression => self.legacy_step(number, LEGACY, |hello| ClientHello {
                offers_compression: true,
                ..hello
            }),
            _ => Step::Nothing,
        }
    }

    fn version_hello(&self, number: u32, version: ProtocolVersion) -> ClientHello {
        let offered = if version == ProtocolVersion::TLS_1_3 {
            suites(TLS13)
        } else {
            offers::suite_chunks(version)
                .into_iter()
                .next()
                .unwrap_or_default()
        };
        let mut hello = self.template.hello(number, &[version], offered);
        if version == ProtocolVersion::TLS_1_3 {
            hello.groups = groups(GROUPS_13);
        }
        hello
    }

    /// The highest version up to TLS 1.2 that is spoken.
    pub(super) fn highest_legacy(&self) -> Option<ProtocolVersion> {
        self.spoken()
            .find(|&version| version < ProtocolVersion::TLS_1_3)
    }

    /// The versions known to be spoken, the highest first.
    pub(super) fn spoken(&self) -> impl Iterator<Item = ProtocolVersion> + '_ {
        let mut versions = offers::VERSIONS;
        versions.sort_unstable();
        versions
            .into_iter()
            .rev()
            .filter(|&version| self.support(ScanQuestion::Version(version)).is_yes())
    }

    fn legacy_step(
        &self,
        number: u32,
        offered: &[u16],
        change: impl FnOnce(ClientHello) -> ClientHello,
    ) -> Step {
        match self.highest_legacy() {
            Some(version) => {
                let hello = self.template.hello(number, &[version], suites(offered));
                Step::ask(change(hello))
            }
            None => Step::Void("no version up to TLS 1.2 is known to be spoken"),
        }
    }

    fn certificate_step(&self, number: u32, kind: Authentication) -> Step {
        let (offered, signing) = match kind {
            Authentication::Rsa => ([ECDHE_RSA, DHE_RSA, RSA].concat(), RSA_SCHEMES),
            Authentication::Ecdsa => (ECDHE_ECDSA.to_vec(), ECDSA_SCHEMES),
        };
        // Of RSA there are more than 64; the rare ones at the end decide nothing here.
        let offered = offered.get(..offers::CHUNK).unwrap_or(&offered);
        if self.highest_legacy().is_some() {
            return self.legacy_step(number, offered, |hello| ClientHello {
                signature_schemes: schemes(signing),
                ..hello
            });
        }
        if self
            .support(ScanQuestion::Version(ProtocolVersion::TLS_1_3))
            .is_yes()
        {
            let hello = self.version_hello(number, ProtocolVersion::TLS_1_3);
            return Step::ask(ClientHello {
                signature_schemes: schemes(signing),
                ..hello
            });
        }
        Step::Void("no version is known to be spoken")
    }

    /// A fallback is needless if the server would have spoken a higher version.
    fn fallback_step(&self, number: u32) -> Step {
        let Some(lower) = self.spoken().nth(1) else {
            return Step::Void("no two versions are known to be spoken");
        };
        Step::ask(ClientHello {
            offers_fallback_scsv: true,
            ..self.version_hello(number, lower)
        })
    }

    fn suites_step(&self, question: ScanQuestion, removal: &Removal<crate::CipherSuite>) -> Step {
        let ScanQuestion::CipherSuites(version) = question else {
            return Step::Nothing;
        };
        if !self.support(ScanQuestion::Version(version)).is_yes() {
            return Step::Nothing;
        }
        match removal.next() {
            Some(offer) => {
                let hello = self.version_hello(self.used(), version);
                Step::ask(ClientHello {
                    cipher_suites: offer.into_items(),
                    ..hello
                })
            }
            None => Step::Nothing,
        }
    }

    fn groups_step(&self, question: ScanQuestion, removal: &Removal<NamedGroup>) -> Step {
        let ScanQuestion::Groups(version) = question else {
            return Step::Nothing;
        };
        let Some(offer) = removal.next() else {
            return Step::Nothing;
        };
        let offered = offer.into_items();
        let number = self.used();
        if version == ProtocolVersion::TLS_1_3 {
            if !self.support(ScanQuestion::Version(version)).is_yes() {
                return Step::Nothing;
            }
            return Step::ask(self.template.shareless(number, offered));
        }
        // SSL 3.0 has no curves.
        match self.highest_legacy() {
            Some(version) if version > ProtocolVersion::SSL_3_0 => Step::ask(ClientHello {
                groups: offered,
                ..self.template.hello(number, &[version], offers::ecdhe())
            }),
            _ => Step::Nothing,
        }
    }

    /// Whether a question would still be asked.
    pub(super) fn is_open(&self, task: usize) -> bool {
        matches!(self.step(task), Step::Ask(_))
    }

    pub(super) fn support(&self, question: ScanQuestion) -> Support {
        let task = self.tasks.iter().find(|task| task.question == question);
        match task.map(|task| &task.state) {
            Some(State::Done(support)) => support.clone(),
            Some(State::Postponed { cause, .. }) => Support::Unknown(cause.clone()),
            _ => Support::not_asked(),
        }
    }

    fn finish(&mut self, task: usize, support: Support) {
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
                    None => removal.ended(End::Unknown(ScanUncertainty::CutShort)),
                },
                other => removal.ended(end(other)),
            },
            State::Groups(removal) => match verdict {
                Verdict::Answered(outcome, _) => match group_of(outcome) {
                    Some(group) => removal.chosen(group, connection),
                    None => removal.ended(End::Unknown(ScanUncertainty::CutShort)),
                },
                other => removal.ended(end(other)),
            },
            State::Open | State::Postponed { .. } | State::Done(_) => {
                let support = self.judge(question, verdict);
                self.finish(index, support);
            }
        }
    }

    fn judge(&mut self, question: ScanQuestion, verdict: Verdict<'_>) -> Support {
        match verdict {
            Verdict::Unknown(cause) => Support::Unknown(cause),
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
            ScanQuestion::Anonymous => self.offered(flight, ANONYMOUS, seen),
            ScanQuestion::Dhe => {
                if let Some(KeyExchange::Dhe { bits, prime_sha256 }) = flight
                    .and_then(|flight| flight.key_exchange.as_ref())
                    .map(|exchange| &exchange.parameters)
                {
                    self.sightings.dhe = Some((*bits, prime_sha256.clone()));
                }
                self.offered(flight, &[DHE_RSA, DHE_DSS].concat(), seen)
            }
            ScanQuestion::Certificate(kind) => self.certificate(kind, flight, seen),
            _ => Support::Yes(seen),
        }
    }

    fn offered(
        &self,
        flight: Option<&ServerFlight>,
        offered: &[u16],
        seen: ScanEvidence,
    ) -> Support {
        match flight.map(|flight| flight.hello.cipher_suite) {
            Some(suite) if offered.contains(&suite.0) => Support::Yes(seen),
            Some(suite) => Support::Unknown(ScanUncertainty::NotOffered(suite.to_string())),
            None => Support::Unknown(ScanUncertainty::CutShort),
        }
    }

    fn certificate(
        &mut self,
        kind: Authentication,
        flight: Option<&ServerFlight>,
        seen: ScanEvidence,
    ) -> Support {
        // A HelloRetryRequest comes before the server looks for a certificate.
        let Some(flight) = flight else {
            let why = "under TLS 1.3 the server asked for another share first";
            return Support::Unknown(ScanUncertainty::NotApplicable(why.to_owned()));
        };
        if flight.hello.version == ProtocolVersion::TLS_1_3 {
            return Support::Yes(seen);
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

/// What a refusal says. `inappropriate_fallback` refuses the fallback and nothing else, and any
/// other refusal says nothing about it.
fn refused(question: ScanQuestion, evidence: ScanEvidence) -> Support {
    let super::ScanSight::Alert(alert) = &evidence.seen else {
        return Support::No(evidence);
    };
    let is_fallback = alert.description == AlertDescription::INAPPROPRIATE_FALLBACK;
    match (question == ScanQuestion::FallbackScsv, is_fallback) {
        (true, true) => Support::Yes(evidence),
        (false, false) => Support::No(evidence),
        _ => Support::Unknown(ScanUncertainty::Alert(*alert)),
    }
}

fn end(verdict: Verdict<'_>) -> End {
    match verdict {
        Verdict::Refused(evidence) => match evidence.seen {
            super::ScanSight::Alert(alert)
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

fn suite_of(outcome: &HelloOutcome) -> Option<crate::CipherSuite> {
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
