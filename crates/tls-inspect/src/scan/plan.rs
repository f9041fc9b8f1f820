//! Which hello answers a question.

use super::offers::{self, groups, schemes, suites, with_authentication, with_certificate};
use super::removal::Removal;
use super::{
    Asked, Scan, ScanAuthentication, ScanEvidence, ScanQuestion, ScanRole, ScanSight, ScanSupport,
    ScanUncertainty, State,
};
use crate::cause::offers::large;
use crate::{
    CipherSuite, ClientHello, NamedGroup, ProtocolVersion, SignatureScheme, SuiteAuthentication,
    SuiteKeyExchange,
};

/// How a question is gone about.
pub(super) fn first_state(question: ScanQuestion) -> State {
    match question {
        ScanQuestion::CipherSuites(version) => {
            State::Suites(Removal::new(offers::suite_chunks(version)))
        }
        ScanQuestion::Groups(version) => State::Groups(Removal::new(vec![groups(version)])),
        _ => State::Open,
    }
}

/// What to do about a question now.
enum Step {
    Ask(Box<ClientHello>),
    /// It has been answered, or has to wait.
    Nothing,
    /// It needs no further hello.
    Done(Box<ScanSupport>),
}

impl Step {
    fn ask(hello: ClientHello) -> Self {
        Self::Ask(Box::new(hello))
    }

    /// It has no meaning for this server.
    fn void(why: &str) -> Self {
        let cause = ScanUncertainty::NotApplicable(why.to_owned());
        Self::Done(Box::new(ScanSupport::Unknown(cause)))
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
                Step::Done(support) => self.finish(task, *support),
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
            State::Second { .. }
            | State::Postponed {
                is_second: true, ..
            } => self.second(task.question),
            State::Open | State::Postponed { .. } => self.simple(task.question),
            State::Taken(seen) => self.taken_step(index, seen),
            State::Suites(removal) => self.suites_step(task.question, removal),
            State::Groups(removal) => self.groups_step(task.question, removal),
        }
    }

    fn simple(&self, question: ScanQuestion) -> Step {
        let number = self.used();
        let small = self.template.small(number);
        match question {
            ScanQuestion::SmallHello => Step::ask(small),
            ScanQuestion::Version(version) => {
                let first = offers::suite_chunks(version).into_iter().next();
                let first = first.unwrap_or_default();
                Step::ask(self.template.hello(number, version, first))
            }
            ScanQuestion::LargeHello | ScanQuestion::PaddedHello | ScanQuestion::SplitHello
                if !self.support(ScanQuestion::SmallHello).is_yes() =>
            {
                Step::void("the small hello was not taken either")
            }
            ScanQuestion::LargeHello => Step::ask(large(&small)),
            ScanQuestion::PaddedHello => Step::ask(small.with_least_length(1500)),
            ScanQuestion::SplitHello => Step::ask(small.with_record_length(64)),
            ScanQuestion::Certificate(kind) => self.certificate_step(kind),
            ScanQuestion::FallbackScsv => self.fallback_step(),
            ScanQuestion::Anonymous => self.legacy_step(|version| {
                let mut suites = suites(version);
                suites.retain(|suite| suite.is_anonymous());
                suites
            }),
            // Without groups of finite fields among the offers the server uses its own.
            ScanQuestion::Dhe => {
                self.legacy_step(|version| with_certificate(version, SuiteKeyExchange::Dhe))
            }
            ScanQuestion::Compression => match self.highest_legacy() {
                Some(version) => Step::ask(self.taken_hello(version).with_compression()),
                None => Step::void(NO_LEGACY),
            },
            ScanQuestion::Groups(_) | ScanQuestion::CipherSuites(_) => Step::Nothing,
        }
    }

    /// After the first hello was refused, the one that makes sure.
    fn second(&self, question: ScanQuestion) -> Step {
        let number = self.used();
        match question {
            ScanQuestion::Version(version) => {
                let rest = suites(version).into_iter().skip(offers::CHUNK).collect();
                Step::ask(self.template.hello(number, version, rest))
            }
            ScanQuestion::Certificate(kind) => self.certificate_tls13_step(kind),
            _ => Step::Nothing,
        }
    }

    /// A hello of a version that is spoken, with suites of which one was chosen.
    fn taken_hello(&self, version: ProtocolVersion) -> ClientHello {
        let taken = match self.support(ScanQuestion::Version(version)) {
            ScanSupport::Yes(evidence) => match evidence.seen {
                ScanSight::Chosen { cipher_suite, .. } => Some(cipher_suite),
                _ => None,
            },
            _ => None,
        };
        let mut offered = suites(version);
        let place = offered.iter().position(|&suite| Some(suite) == taken);
        if place.is_some_and(|place| place >= offers::CHUNK) {
            offered.drain(..offers::CHUNK);
        } else {
            offered.truncate(offers::CHUNK);
        }
        self.template.hello(self.used(), version, offered)
    }

    /// The highest version up to TLS 1.2 that is spoken.
    pub(super) fn highest_legacy(&self) -> Option<ProtocolVersion> {
        self.spoken()
            .find(|&version| version < ProtocolVersion::TLS_1_3)
    }

    /// The versions known to be spoken, the highest first.
    fn spoken(&self) -> impl Iterator<Item = ProtocolVersion> + '_ {
        let mut versions = offers::VERSIONS;
        versions.sort_unstable();
        let is_spoken = |version| self.support(ScanQuestion::Version(version)).is_yes();
        versions.into_iter().rev().filter(move |&v| is_spoken(v))
    }

    fn legacy_step(&self, offered: impl FnOnce(ProtocolVersion) -> Vec<CipherSuite>) -> Step {
        match self.highest_legacy() {
            Some(version) => {
                let hello = self.template.hello(self.used(), version, offered(version));
                Step::ask(hello)
            }
            None => Step::void(NO_LEGACY),
        }
    }

    fn certificate_step(&self, kind: ScanAuthentication) -> Step {
        let Some(version) = self.highest_legacy() else {
            return self.certificate_tls13_step(kind);
        };
        let authentication = match kind {
            ScanAuthentication::Rsa => SuiteAuthentication::Rsa,
            ScanAuthentication::Ecdsa => SuiteAuthentication::Ecdsa,
        };
        let offered = with_authentication(version, authentication);
        // The suites alone decide: the schemes are for the signatures of the whole chain too
        // (RFC 5246 §7.4.2), and an authority may have a key of the other kind.
        Step::ask(self.template.hello(self.used(), version, offered))
    }

    /// Under TLS 1.3 the schemes alone decide (RFC 9846 §4.4.2.2).
    fn certificate_tls13_step(&self, kind: ScanAuthentication) -> Step {
        let version = ProtocolVersion::TLS_1_3;
        if !self.support(ScanQuestion::Version(version)).is_yes() {
            return Step::void("TLS 1.3 could not be asked");
        }
        Step::ask(self.schemes_hello(&schemes(kind == ScanAuthentication::Ecdsa)))
    }

    /// A hello of TLS 1.3 with these schemes for the key of the server, and all for the signatures
    /// of its certificates, as the authority may have a key of another kind (RFC 9846 §4.2.3).
    fn schemes_hello(&self, schemes: &[SignatureScheme]) -> ClientHello {
        let version = ProtocolVersion::TLS_1_3;
        let hello = self.template.hello(self.used(), version, suites(version));
        hello
            .with_signature_schemes(schemes)
            .with_certificate_signature_schemes(SignatureScheme::KNOWN)
    }

    /// Some servers take any schemes, and end the handshake later or sign with others: a hello
    /// that was taken says something beside one that is refused. Where both kinds of key were
    /// taken, that is one with the scheme of a single curve, since few have keys on two.
    fn taken_step(&self, index: usize, seen: &ScanEvidence) -> Step {
        if let Some(support) = self.told_by_schemes(seen) {
            return Step::Done(Box::new(support));
        }
        let is_asked_first = |other: usize| {
            let task = self.tasks.get(other);
            task.is_some_and(|task| {
                matches!(task.question, ScanQuestion::Certificate(_))
                    && !matches!(task.state, State::Taken(_))
            }) && self.is_open(other)
        };
        let mut others = (0..self.tasks.len()).filter(|&other| other != index);
        match CURVE_SCHEMES.get(self.curves_taken) {
            Some(&scheme) if !others.any(is_asked_first) => {
                Step::ask(self.schemes_hello(&[scheme]))
            }
            _ => Step::Nothing,
        }
    }

    /// A fallback is needless if the server would have spoken a higher version.
    fn fallback_step(&self) -> Step {
        match self.spoken().nth(1) {
            Some(lower) => Step::ask(self.taken_hello(lower).with_fallback_scsv()),
            None => Step::void("no two versions are known to be spoken"),
        }
    }

    fn suites_step(&self, question: ScanQuestion, removal: &Removal<CipherSuite>) -> Step {
        let (ScanQuestion::CipherSuites(version), Some(offer)) = (question, removal.next()) else {
            return Step::Nothing;
        };
        if !self.support(ScanQuestion::Version(version)).is_yes() {
            return Step::Nothing;
        }
        let number = self.used();
        Step::ask(self.template.hello(number, version, offer.into_items()))
    }

    fn groups_step(&self, question: ScanQuestion, removal: &Removal<NamedGroup>) -> Step {
        let (ScanQuestion::Groups(version), Some(offer)) = (question, removal.next()) else {
            return Step::Nothing;
        };
        let offered = offer.into_items();
        if version == ProtocolVersion::TLS_1_3 {
            if !self.support(ScanQuestion::Version(version)).is_yes() {
                return Step::Nothing;
            }
            return Step::ask(self.template.shareless(self.used(), &offered));
        }
        match self.highest_legacy() {
            // SSL 3.0 has no extension to name curves in.
            Some(version) if version > ProtocolVersion::SSL_3_0 => {
                let suites = with_certificate(version, SuiteKeyExchange::Ecdhe);
                let hello = self.template.hello(self.used(), version, suites);
                Step::ask(ClientHello {
                    groups: offered,
                    ..hello
                })
            }
            _ => Step::Nothing,
        }
    }

    /// Whether a question would still be asked.
    pub(super) fn is_open(&self, task: usize) -> bool {
        matches!(self.step(task), Step::Ask(_))
    }
}

/// The schemes of single curves that every library knows (RFC 9846 §4.2.3), the rarer first.
pub(super) const CURVE_SCHEMES: [SignatureScheme; 2] = [
    SignatureScheme::ECDSA_SECP384R1_SHA384,
    SignatureScheme::ECDSA_SECP256R1_SHA256,
];

const NO_LEGACY: &str = "no version up to TLS 1.2 is known to be spoken";
