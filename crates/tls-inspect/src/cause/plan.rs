//! Which question comes next, and what the answers prove.
//!
//! The plan is run anew after every answer. It reads answers where there are some, and ends with
//! the first question that has none: so it stands here as if all answers were known.

use super::offers::is_usual_suite;
use super::reading::{Reading, bits, leaf, outcome_text, unsupported_key};
use super::{
    Ask, CauseQuestion as Question, CauseUncertainty as Unknown, FailureCause as Cause,
    FailureSearch, ProvenCause, SuiteKind, UnsupportedKey,
};
use crate::{
    AlertDescription, HandshakeFailureKind, HelloOutcome, KeyShareOffer, NamedGroup,
    ProtocolVersion, ServerFlight,
};

/// The end of a search.
#[derive(Clone, Debug)]
pub(super) struct Conclusion {
    pub(super) causes: Vec<ProvenCause>,
    pub(super) unknown: Option<Unknown>,
}

impl Conclusion {
    pub(super) const fn unknown(unknown: Unknown) -> Self {
        Self {
            causes: Vec::new(),
            unknown: Some(unknown),
        }
    }

    pub(super) fn proven(cause: Cause, proof: impl Into<Vec<u32>>) -> Self {
        Self::all(vec![proven(cause, proof)])
    }

    pub(super) const fn all(causes: Vec<ProvenCause>) -> Self {
        Self {
            causes,
            unknown: None,
        }
    }

    /// The handshake that was handed in is part of the proof.
    pub(super) fn with_handshake(mut self) -> Self {
        for cause in &mut self.causes {
            cause.is_seen_in_handshake = true;
        }
        self
    }
}

pub(super) fn proven(cause: Cause, proof: impl Into<Vec<u32>>) -> ProvenCause {
    let mut proof = proof.into();
    proof.sort_unstable();
    proof.dedup();
    ProvenCause {
        cause,
        proof,
        is_seen_in_handshake: false,
    }
}

/// What is known, or the question that must be asked to know it.
pub(super) type Known<T> = Result<T, Ask>;

impl FailureSearch {
    /// The cause, or the question that must be asked first.
    pub(super) fn plan(&self) -> Known<Conclusion> {
        let failure = self.options.failure.as_ref();
        if failure.is_some_and(|f| f.kind == HandshakeFailureKind::ClientCertificateRequired) {
            let conclusion = Conclusion::proven(Cause::ClientCertificateRequired, []);
            return Ok(conclusion.with_handshake());
        }
        if let Some(conclusion) = self.plaintext() {
            return Ok(conclusion);
        }
        let usual = self.ask(Question::Usual)?;
        if usual.is_answered() {
            self.after_answer(&usual)
        } else if let Some(unknown) = self.broken_off(&usual) {
            Ok(Conclusion::unknown(unknown))
        } else if usual.is_alert(AlertDescription::UNRECOGNIZED_NAME) {
            self.after_name_alert(&usual)
        } else if usual.is_alert(AlertDescription::NO_APPLICATION_PROTOCOL)
            && !self.options.hello.alpn.is_empty()
        {
            let proof = usual.numbers();
            Ok(Conclusion::proven(Cause::NoApplicationProtocol, proof))
        } else {
            self.confirmed(self.after_failure(&usual)?)
        }
    }

    /// What holds of other hellos is the cause only if that of the client is refused for certain.
    fn confirmed(&self, mut conclusion: Conclusion) -> Known<Conclusion> {
        if conclusion.causes.is_empty() || !self.has_answered() {
            return Ok(conclusion);
        }
        let Some(numbers) = self.refused(Question::Usual)? else {
            return Ok(Conclusion::unknown(Unknown::Unstable));
        };
        for proven in &mut conclusion.causes {
            proven.proof.extend(&numbers);
            proven.proof.sort_unstable();
            proven.proof.dedup();
        }
        Ok(conclusion)
    }

    /// Plaintext needs no repetition: its words are there to be read.
    fn plaintext(&self) -> Option<Conclusion> {
        let first = self.answers.iter().find(|answer| answer.outcome.is_ok())?;
        let Ok(HelloOutcome::NotTls(octets)) = &first.outcome else {
            return None;
        };
        let line = octets.trim_ascii_end().escape_ascii().to_string();
        Some(if self.had_server_hello() || self.is_refusal(octets) {
            // The peer does speak TLS, or may at another time.
            Conclusion::unknown(Unknown::Refused(line))
        } else {
            Conclusion::proven(Cause::Plaintext(line), [first.number])
        })
    }

    /// Whether words in clear may be meant for this client, or for now: those of a transient reply
    /// (RFC 5321 §4.2.1), any after an alert, which is TLS, and a no after a handshake that failed
    /// without words.
    fn is_refusal(&self, octets: &[u8]) -> bool {
        let failed = self.options.failure.as_ref().map(|failure| failure.kind);
        match octets.first() {
            Some(b'4') => true,
            Some(b'5') => !matches!(failed, None | Some(HandshakeFailureKind::NotTls)),
            _ => failed == Some(HandshakeFailureKind::AlertReceived),
        }
    }

    /// Why it is of no use to ask on after a hello that is not answered: what the server does with
    /// it is not what it did when the handshake failed, or it does not refuse it.
    fn broken_off(&self, usual: &Reading<'_>) -> Option<Unknown> {
        if self.is_begun(&usual.numbers()) {
            return Some(self.unfinished_answer());
        }
        self.had_server_hello().then_some(Unknown::Unstable)
    }

    /// What is to be said if an answer had begun: it is there and cannot be read, or is cut off.
    fn unfinished_answer(&self) -> Unknown {
        let begun = self.answers.iter().filter(|answer| answer.is_begun);
        let mut outcomes = begun.filter_map(|answer| answer.outcome.as_ref().ok());
        let malformed = outcomes.find(|outcome| matches!(outcome, HelloOutcome::Malformed(_)));
        malformed.map_or(Unknown::CutOff, |outcome| {
            Unknown::NoAnswer(outcome_text(outcome))
        })
    }

    /// Whether the handshake that failed had an answer to its hello, from among what was offered.
    fn had_server_hello(&self) -> bool {
        let capture = self.options.capture.as_ref();
        let version = capture.and_then(|capture| capture.version);
        let suite = capture.and_then(|capture| capture.cipher_suite);
        self.options.failure.is_some()
            && version.is_some_and(|version| self.options.hello.versions.contains(&version))
            && suite.is_some_and(is_usual_suite)
    }

    /// Whether the handshake that failed was one without the name that is now sent.
    fn is_nameless(&self) -> bool {
        let capture = self.options.capture.as_ref();
        capture.is_some_and(|capture| capture.server_name.is_none())
            && self.options.hello.server_name.is_some()
    }

    /// The hello of the client is answered: what else can have failed?
    fn after_answer(&self, usual: &Reading<'_>) -> Known<Conclusion> {
        let proof = usual.numbers();
        if let Some(conclusion) = self.key_of_certificate(usual) {
            return Ok(conclusion);
        }
        if let Some(cause) = self.words_after_hello(usual) {
            return Ok(Conclusion::proven(cause, proof).with_handshake());
        }
        if let Reading::Retry(..) = usual
            && let Some(conclusion) = self.certificate_below_tls13()?
        {
            return Ok(conclusion);
        }
        if self.had_server_hello() {
            return Ok(Conclusion::proven(Cause::NotInHello, proof));
        }
        if self.is_nameless()
            && let Some(numbers) = self.refused(Question::WithoutServerName)?
        {
            let proof = [proof, numbers].concat();
            return Ok(Conclusion::proven(Cause::ServerNameRequired, proof));
        }
        let share = self.options.key_share.as_ref();
        if share.is_none_or(|share| *share == KeyShareOffer::X25519Mlkem768)
            && let Some(conclusion) = self.at_large_hello(&proof)?
        {
            return Ok(conclusion);
        }
        Ok(Conclusion::proven(Cause::NotInHello, proof))
    }

    /// What the alert that the handshake failed with says, which came after the server's hello.
    fn words_after_hello(&self, usual: &Reading<'_>) -> Option<Cause> {
        let alert = self.options.failure.as_ref().and_then(|f| f.alert)?;
        let capture = self.options.capture.as_ref();
        if alert.description == AlertDescription::INTERNAL_ERROR && self.had_server_hello() {
            return Some(Cause::ServerFailed);
        }
        let Reading::Flight(flight, _) = usual else {
            return None;
        };
        // Up to TLS 1.2 a server refuses a client without a certificate with these
        // (RFC 5246 §7.4.6).
        let is_refusal = matches!(alert.description.0, 40..=42);
        let is_after = capture.is_none() || self.had_server_hello();
        (flight.client_certificate_request.is_some() && is_refusal && is_after)
            .then_some(Cause::ClientCertificateRequired)
    }

    /// Whether the server fails at the hello that current clients send, and at what of it.
    fn at_large_hello(&self, proof: &[u32]) -> Known<Option<Conclusion>> {
        let unstable = || Conclusion::unknown(Unknown::Unstable);
        let Some(large) = self.refused(Question::Large)? else {
            return Ok(self.ask(Question::Large)?.is_dropped().then(unstable));
        };
        let proof = [proof, &large].concat();
        if let Some(padded) = self.refused(Question::Padded)? {
            let proof = [proof, padded].concat();
            let conclusion = Conclusion::proven(Cause::LargeHelloIntolerance, proof);
            return Ok(Some(conclusion));
        }
        let padded = self.ask(Question::Padded)?;
        if padded.is_dropped() {
            return Ok(Some(unstable()));
        }
        let (fails_when_listed, listed) = self.at_hybrid_group()?;
        let cause = Cause::HybridIntolerance { fails_when_listed };
        let proof = [proof, padded.numbers(), listed].concat();
        Ok(Some(Conclusion::proven(cause, proof)))
    }

    /// Whether the server fails at the hybrid group without a share for it.
    fn at_hybrid_group(&self) -> Known<(Option<bool>, Vec<u32>)> {
        let groups = &self.options.hello.groups;
        if groups.contains(&NamedGroup::X25519_MLKEM768) {
            return Ok((Some(false), Vec::new()));
        }
        if let Some(numbers) = self.refused(Question::HybridListed)? {
            return Ok((Some(true), numbers));
        }
        let listed = self.ask(Question::HybridListed)?;
        let is_answered = listed.is_answered();
        Ok((is_answered.then_some(false), listed.numbers()))
    }

    /// Whether the server fails at being asked for a staple, before groups or schemes are blamed
    /// for it: as a server does whose stapling is broken, with `internal_error`. A refusal that
    /// speaks of what is offered is about something else.
    pub(super) fn at_status_request(&self) -> Known<Option<Conclusion>> {
        if !self.ask(Question::Usual)?.is_dropped() {
            return Ok(None);
        }
        let without = self.ask(Question::WithoutStatusRequest)?;
        if !without.is_answered() {
            return Ok(None);
        }
        let refused = self.refused(Question::Usual)?;
        Ok(refused.map(|numbers| {
            let proof = [numbers, without.numbers()].concat();
            Conclusion::proven(Cause::StatusRequestIntolerance, proof)
        }))
    }

    fn after_name_alert(&self, usual: &Reading<'_>) -> Known<Conclusion> {
        let proof = usual.numbers();
        if self.options.hello.server_name.is_none() {
            return Ok(Conclusion::proven(Cause::ServerNameRequired, proof));
        }
        let without = self.ask(Question::WithoutServerName)?;
        if self.is_nameless() {
            return Ok(if without.is_answered() {
                Conclusion::proven(Cause::NotInHello, without.numbers())
            } else {
                Conclusion::unknown(Unknown::NoSingleCause)
            });
        }
        let is_answered_without = match &without {
            Reading::Dropped(..) => None,
            reading => Some(reading.is_answered()),
        };
        let cause = Cause::UnrecognizedName {
            is_answered_without,
        };
        Ok(Conclusion::proven(
            cause,
            [proof, without.numbers()].concat(),
        ))
    }

    /// The hello of the client is not answered.
    fn after_failure(&self, usual: &Reading<'_>) -> Known<Conclusion> {
        if usual.is_dropped()
            && let Reading::Flight(flight, numbers) = self.ask(Question::UsualTls12)?
        {
            return self.tls13_intolerance(flight, &numbers);
        }
        let legacy = self.ask(Question::Legacy)?;
        if let Reading::Flight(flight, numbers) = &legacy {
            return self.after_legacy(flight, numbers, usual);
        }
        if !self.is_habit(u32::MAX) {
            let tls13 = self.ask(Question::Tls13)?;
            if tls13.is_answered() {
                return self.after_tls13(&tls13);
            }
            if let Some(conclusion) = self.at_status_request()? {
                return Ok(conclusion);
            }
            if let Reading::Flight(flight, numbers) = self.ask(Question::Anonymous)? {
                return self.only_anonymous(flight, &numbers);
            }
        }
        for old in [Question::Tls10, Question::Ssl30] {
            if let Reading::Flight(flight, numbers) = self.ask(old)? {
                let version = ProtocolVersion::TLS_1_2;
                return self.intolerance(version, flight, Question::Legacy, &numbers);
            }
        }
        // The one hello that most servers answer was sent once, when all others had been dropped.
        if matches!(&legacy, Reading::Dropped(numbers) if numbers.len() == 1) {
            return Err(Ask {
                question: Question::Legacy,
                is_control: false,
            });
        }
        Ok(self.nothing_answered())
    }

    fn only_anonymous(&self, flight: &ServerFlight, numbers: &[u32]) -> Known<Conclusion> {
        let mut proof = numbers.to_vec();
        for question in [Question::Usual, Question::Legacy, Question::Tls13] {
            let Some(numbers) = self.refused(question)? else {
                return Ok(Conclusion::unknown(Unknown::Unstable));
            };
            proof.extend(numbers);
        }
        let cause = Cause::OnlySuiteKinds {
            kinds: vec![SuiteKind::Anonymous],
            dh_bits: bits(flight),
        };
        Ok(Conclusion::proven(cause, proof))
    }

    /// The server answers the client's hello without TLS 1.3: does it fail at that version, or at
    /// what the client offers with it?
    pub(super) fn tls13_intolerance(
        &self,
        flight: &ServerFlight,
        numbers: &[u32],
    ) -> Known<Conclusion> {
        match self.refused(Question::Tls13)? {
            Some(more) => {
                let numbers = [numbers, &more].concat();
                let version = ProtocolVersion::TLS_1_3;
                self.intolerance(version, flight, Question::Usual, &numbers)
            }
            None => self.after_doubt(Question::Tls13),
        }
    }

    /// The server fails at a question that offers this version, and answers one without.
    fn intolerance(
        &self,
        offered: ProtocolVersion,
        flight: &ServerFlight,
        failed: Question,
        numbers: &[u32],
    ) -> Known<Conclusion> {
        let Some(refused) = self.refused(failed)? else {
            return Ok(Conclusion::unknown(Unknown::Unstable));
        };
        let answered = flight.hello.version;
        let cause = Cause::VersionIntolerance { offered, answered };
        Ok(Conclusion::proven(cause, [&refused, numbers].concat()))
    }

    /// Everything up to TLS 1.2 was offered, and this was chosen.
    fn after_legacy(
        &self,
        flight: &ServerFlight,
        numbers: &[u32],
        usual: &Reading<'_>,
    ) -> Known<Conclusion> {
        let numbers = [numbers, &usual.numbers()].concat();
        if flight.hello.version < ProtocolVersion::TLS_1_2 {
            let highest = flight.hello.version;
            return match self.refused(Question::Tls13)? {
                Some(more) => {
                    let cause = Cause::OnlyOldVersions { highest };
                    Ok(Conclusion::proven(cause, [numbers, more].concat()))
                }
                None => self.after_doubt(Question::Tls13),
            };
        }
        match SuiteKind::of(flight.hello.cipher_suite) {
            Some(kind) => self.only_kinds(vec![kind], flight, numbers),
            None => self.after_modern(flight, &numbers),
        }
    }

    /// What was expected to be refused was not, or not for certain.
    pub(super) fn after_doubt(&self, question: Question) -> Known<Conclusion> {
        let reading = self.ask(question.clone())?;
        match &reading {
            Reading::Dropped(..) => Ok(Conclusion::unknown(Unknown::Unstable)),
            reading if question == Question::Tls13 && reading.is_answered() => {
                self.after_tls13(reading)
            }
            _ => Ok(Conclusion::unknown(Unknown::NoSingleCause)),
        }
    }

    /// Takes kinds of suites away until the rest is refused.
    fn only_kinds(
        &self,
        mut kinds: Vec<SuiteKind>,
        flight: &ServerFlight,
        mut proof: Vec<u32>,
    ) -> Known<Conclusion> {
        let mut dh_bits = bits(flight);
        let mut key = unsupported_key(leaf(flight));
        while let Reading::Flight(next, numbers) = self.ask(Question::Without(kinds.clone()))? {
            dh_bits = dh_bits.or_else(|| bits(next));
            key = key.or_else(|| unsupported_key(leaf(next)));
            proof.extend(numbers);
            match SuiteKind::of(next.hello.cipher_suite) {
                Some(kind) if !kinds.contains(&kind) => kinds.push(kind),
                // What was chosen is among what was offered.
                Some(_) => return Ok(Conclusion::unknown(Unknown::Unstable)),
                // The server has what the client has, but prefers others.
                None => return self.after_modern(next, &proof),
            }
        }
        let question = Question::Without(kinds.clone());
        let Some(numbers) = self.refused(question.clone())? else {
            return self.after_doubt(question);
        };
        proof.extend(numbers);
        let Some(numbers) = self.refused(Question::Tls13)? else {
            return self.after_doubt(Question::Tls13);
        };
        proof.extend(numbers);
        let cause = match key {
            Some(key) if kinds == [SuiteKind::Dss] => {
                Cause::CertificateKey(UnsupportedKey::Read(key))
            }
            _ => Cause::OnlySuiteKinds { kinds, dh_bits },
        };
        Ok(Conclusion::proven(cause, proof))
    }

    /// Every hello failed: in the same way, or not.
    fn nothing_answered(&self) -> Conclusion {
        if self.answers.iter().any(|answer| answer.is_begun) {
            return Conclusion::unknown(self.unfinished_answer());
        }
        let outcomes = || self.answers.iter().filter_map(|a| a.outcome.as_ref().ok());
        let answers = self.answers.iter().filter(|answer| answer.outcome.is_ok());
        let proof: Vec<_> = answers.map(|answer| answer.number).collect();
        let is_dropped = |o: &HelloOutcome| matches!(o, HelloOutcome::Closed | HelloOutcome::Reset);
        if outcomes().all(|outcome| *outcome == HelloOutcome::TimedOut) {
            return Conclusion::proven(Cause::Silent, proof);
        }
        if outcomes().all(is_dropped) {
            return Conclusion::proven(Cause::DropsEveryHello, proof);
        }
        let mut alerts = outcomes().map(|outcome| match outcome {
            HelloOutcome::Alert(alert) => Some(*alert),
            _ => None,
        });
        let first = alerts.next().flatten();
        match first {
            Some(first) if alerts.all(|alert| alert.is_some()) => {
                Conclusion::unknown(Unknown::RefusesEverything(first))
            }
            _ => {
                let last = outcomes().next_back().map(outcome_text);
                Conclusion::unknown(Unknown::NoAnswer(last.unwrap_or_default()))
            }
        }
    }
}
