//! Which question comes next, and what the answers prove.
//!
//! The plan is run anew after every answer. It reads answers where there are some, and ends with
//! the first question that has none: so it stands here as if all answers were known.

use super::offers::is_usual_scheme;
use super::reading::{Reading, bits, leaf, outcome_text, read, unsupported_key};
use super::{
    Answer, Ask, CauseQuestion as Question, CauseUncertainty as Unknown, FailureCause as Cause,
    FailureSearch, ProvenCause, SchemeKind, SuiteKind, UnsupportedKey,
};
use crate::{
    AlertDescription, HandshakeFailureKind, HelloOutcome, KeyExchange, ProtocolVersion,
    ServerFlight,
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

    fn proven(cause: Cause, proof: impl Into<Vec<u32>>) -> Self {
        Self::all(vec![proven(cause, proof)])
    }

    const fn all(causes: Vec<ProvenCause>) -> Self {
        Self {
            causes,
            unknown: None,
        }
    }

    /// The handshake that was handed in is part of the proof.
    fn with_handshake(mut self) -> Self {
        for cause in &mut self.causes {
            cause.is_seen_in_handshake = true;
        }
        self
    }
}

fn proven(cause: Cause, proof: impl Into<Vec<u32>>) -> ProvenCause {
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
type Known<T> = Result<T, Ask>;

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
        } else if usual.is_alert(AlertDescription::UNRECOGNIZED_NAME) {
            self.after_name_alert(&usual)
        } else if usual.is_alert(AlertDescription::NO_APPLICATION_PROTOCOL)
            && !self.options.hello.alpn.is_empty()
        {
            let proof = usual.numbers();
            Ok(Conclusion::proven(Cause::NoApplicationProtocol, proof))
        } else {
            self.after_failure(&usual)
        }
    }

    /// Plaintext needs no repetition: its words are there to be read.
    fn plaintext(&self) -> Option<Conclusion> {
        let first = self.answers.iter().find(|answer| answer.outcome.is_ok())?;
        let Ok(HelloOutcome::NotTls(octets)) = &first.outcome else {
            return None;
        };
        let line = octets.trim_ascii_end().escape_ascii().to_string();
        Some(Conclusion::proven(Cause::Plaintext(line), [first.number]))
    }

    /// The hello of the client is answered: what else can have failed?
    fn after_answer(&self, usual: &Reading<'_>) -> Known<Conclusion> {
        let proof = usual.numbers();
        if let Some(conclusion) = self.after_flight(usual) {
            return Ok(conclusion);
        }
        if let Reading::Retry(..) = usual
            && let Some(conclusion) = self.certificate_below_tls13()?
        {
            return Ok(conclusion);
        }
        let capture = self.options.capture.as_ref();
        if capture.is_some_and(|capture| capture.server_name.is_none())
            && self.options.hello.server_name.is_some()
            && let Some(numbers) = self.refused(Question::WithoutServerName)?
        {
            let proof = [proof, numbers].concat();
            return Ok(Conclusion::proven(Cause::ServerNameRequired, proof));
        }
        if let Some(numbers) = self.refused(Question::Large)? {
            let proof = [proof, numbers].concat();
            return Ok(Conclusion::proven(Cause::LargeHelloIntolerance, proof));
        }
        if self.ask(Question::Large)?.is_dropped() {
            return Ok(Conclusion::unknown(Unknown::Unstable));
        }
        Ok(Conclusion::proven(Cause::NotInHello, proof))
    }

    /// What the flight, with the handshake that was handed in, tells at once.
    fn after_flight(&self, usual: &Reading<'_>) -> Option<Conclusion> {
        let proof = usual.numbers();
        let capture = self.options.capture.as_ref();
        if let Some(key) = unsupported_key(capture.and_then(|capture| capture.chain.first())) {
            let cause = Cause::CertificateKey(UnsupportedKey::Read(key));
            return Some(Conclusion::proven(cause, proof).with_handshake());
        }
        let Reading::Flight(flight, _) = usual else {
            return None;
        };
        if let Some(key) = unsupported_key(leaf(flight)) {
            let cause = Cause::CertificateKey(UnsupportedKey::Read(key));
            return Some(Conclusion::proven(cause, proof));
        }
        // Up to TLS 1.2 a server refuses a client without a certificate with these
        // (RFC 5246 §7.4.6).
        let alert = self.options.failure.as_ref().and_then(|f| f.alert);
        let is_refusal = alert.is_some_and(|alert| matches!(alert.description.0, 40..=42));
        if flight.client_certificate_request.is_some() && is_refusal {
            let conclusion = Conclusion::proven(Cause::ClientCertificateRequired, proof);
            return Some(conclusion.with_handshake());
        }
        None
    }

    /// A HelloRetryRequest may come before the server looks for a certificate that fits the
    /// schemes. Under TLS 1.2 the certificate can be read.
    fn certificate_below_tls13(&self) -> Known<Option<Conclusion>> {
        let legacy = self.ask(Question::Legacy)?;
        let Reading::Flight(flight, numbers) = &legacy else {
            return Ok(None);
        };
        let Some(key) = unsupported_key(leaf(flight)) else {
            return Ok(None);
        };
        let refused = self.refused(Question::UsualTls12)?;
        Ok(refused.map(|more| {
            let cause = Cause::CertificateKey(UnsupportedKey::Read(key));
            Conclusion::proven(cause, [numbers.as_slice(), &more].concat())
        }))
    }

    fn after_name_alert(&self, usual: &Reading<'_>) -> Known<Conclusion> {
        let proof = usual.numbers();
        if self.options.hello.server_name.is_none() {
            return Ok(Conclusion::proven(Cause::ServerNameRequired, proof));
        }
        let without = self.ask(Question::WithoutServerName)?;
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
            return Ok(self.intolerance(ProtocolVersion::TLS_1_3, flight, usual, &numbers));
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
            if let Reading::Flight(flight, numbers) = self.ask(Question::Anonymous)? {
                return self.only_anonymous(flight, &numbers);
            }
        }
        for old in [Question::Tls10, Question::Ssl30] {
            if let Reading::Flight(flight, numbers) = self.ask(old)? {
                return Ok(self.intolerance(ProtocolVersion::TLS_1_2, flight, &legacy, &numbers));
            }
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

    fn intolerance(
        &self,
        offered: ProtocolVersion,
        flight: &ServerFlight,
        failed: &Reading<'_>,
        numbers: &[u32],
    ) -> Conclusion {
        let answered = flight.hello.version;
        let proof = [&failed.numbers()[..], numbers].concat();
        Conclusion::proven(Cause::VersionIntolerance { offered, answered }, proof)
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
    fn after_doubt(&self, question: Question) -> Known<Conclusion> {
        let reading = self.ask(question.clone())?;
        match &reading {
            Reading::Dropped(..) => Ok(Conclusion::unknown(Unknown::Unstable)),
            answered if question == Question::Tls13 => self.after_tls13(answered),
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

    /// The server took a suite of the client under TLS 1.2 when every group and scheme was
    /// offered: which of them does the client lack?
    fn after_modern(&self, flight: &ServerFlight, numbers: &[u32]) -> Known<Conclusion> {
        let mut causes = Vec::new();
        let exchange = flight.key_exchange.as_ref();
        let key = unsupported_key(leaf(flight));
        let group = match exchange.map(|exchange| &exchange.parameters) {
            Some(KeyExchange::Ecdhe(group)) => Some(*group),
            _ => None,
        };
        let group = group.filter(|group| !self.options.hello.groups.contains(group));
        let scheme = exchange
            .and_then(|exchange| exchange.signature_scheme)
            .filter(|&scheme| !is_usual_scheme(scheme));
        if (key.is_some() || scheme.is_some())
            && let Some(more) = self.refused(Question::UsualSchemes)?
        {
            let cause = match (&key, scheme) {
                (None, Some(scheme)) => Cause::OnlySignatureScheme(scheme),
                (key, _) => {
                    let text = key.clone().unwrap_or_default();
                    Cause::CertificateKey(UnsupportedKey::Read(text))
                }
            };
            causes.push(proven(cause, [numbers, &more].concat()));
        }
        // The curve of a certificate must be among the groups too (RFC 8422 §5.1).
        let is_key_on_curve =
            causes.is_empty() && key.as_ref().is_some_and(|k| k.starts_with("EC"));
        if (group.is_some() || is_key_on_curve)
            && let Some(more) = self.refused(Question::UsualGroups)?
        {
            let cause = match (group, &key) {
                (_, Some(key)) if is_key_on_curve => {
                    Cause::CertificateKey(UnsupportedKey::Read(key.clone()))
                }
                (Some(group), _) => Cause::OnlyGroup(group),
                (None, _) => return Ok(Conclusion::unknown(Unknown::NoSingleCause)),
            };
            causes.push(proven(cause, [numbers, &more].concat()));
        }
        if !causes.is_empty() {
            return Ok(Conclusion::all(causes));
        }
        match self.ask(Question::UsualTls12)? {
            Reading::Flight(flight, more) => {
                let usual = self.ask(Question::Usual)?;
                Ok(self.intolerance(ProtocolVersion::TLS_1_3, flight, &usual, &more))
            }
            _ => Ok(Conclusion::unknown(Unknown::NoSingleCause)),
        }
    }

    /// The server takes TLS 1.3 when everything is offered, and refuses the client's hello.
    fn after_tls13(&self, tls13: &Reading<'_>) -> Known<Conclusion> {
        let numbers = [tls13.numbers(), self.ask(Question::Usual)?.numbers()].concat();
        if let Reading::Retry(Some(group), _) = tls13
            && !self.options.hello.groups.contains(group)
            && let Some(more) = self.refused(Question::Tls13UsualGroups)?
        {
            let proof = [numbers, more].concat();
            return Ok(Conclusion::proven(Cause::OnlyGroup(*group), proof));
        }
        let all = match self.ask(Question::Tls13AllSchemes)? {
            Reading::Flight(_, more) => more,
            Reading::Retry(..) => return Ok(Conclusion::unknown(Unknown::OtherKeyShare)),
            _ => return Ok(Conclusion::unknown(Unknown::NoSingleCause)),
        };
        let Some(more) = self.refused(Question::Tls13UsualSchemes)? else {
            return self.after_doubt(Question::Tls13UsualSchemes);
        };
        let proof = [numbers, all, more].concat();
        for kind in SchemeKind::ALL {
            let reading = self.ask(Question::Tls13Schemes(kind))?;
            if reading.is_answered() {
                let cause = Cause::CertificateKey(UnsupportedKey::Deduced(kind));
                let proof = [proof, reading.numbers()].concat();
                return Ok(Conclusion::proven(cause, proof));
            }
            // More questions would not be answered either.
            if reading.is_dropped() {
                break;
            }
        }
        let cause = Cause::CertificateKey(UnsupportedKey::OfUnknownKind);
        Ok(Conclusion::proven(cause, proof))
    }

    /// Every hello failed: in the same way, or not.
    fn nothing_answered(&self) -> Conclusion {
        let outcomes = || self.answers.iter().filter_map(|a| a.outcome.as_ref().ok());
        let proof: Vec<_> = self.answers.iter().map(|answer| answer.number).collect();
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

    /// Whether the server had done nothing but drop hellos up to this connection, so that it
    /// need not do it twice each time.
    fn is_habit(&self, number: u32) -> bool {
        let answers = self.answers.iter().filter(|answer| answer.number <= number);
        let mut outcomes = answers.filter_map(|answer| answer.outcome.as_ref().ok());
        number > 2
            && outcomes.all(|outcome| {
                matches!(
                    outcome,
                    HelloOutcome::Closed | HelloOutcome::Reset | HelloOutcome::TimedOut
                )
            })
    }

    /// Reads the answer to a question, or asks it, twice if the first answer tells nothing.
    fn ask(&self, question: Question) -> Known<Reading<'_>> {
        let ask = Ask {
            question,
            is_control: false,
        };
        let mut numbers = Vec::new();
        for answer in self.answers.iter().filter(|answer| answer.ask == ask) {
            let Ok(outcome) = &answer.outcome else {
                continue;
            };
            if let Some(reading) = read(outcome, &answer.offer, answer.number) {
                return Ok(reading);
            }
            numbers.push(answer.number);
        }
        let is_habit = numbers.first().is_some_and(|&number| self.is_habit(number));
        let is_enough = numbers.len() > 1 || is_habit;
        is_enough.then_some(Reading::Dropped(numbers)).ok_or(ask)
    }

    /// Whether the question is refused, with the numbers that prove it: at once, or by being
    /// dropped while a hello that was answered is answered again afterwards.
    fn refused(&self, question: Question) -> Known<Option<Vec<u32>>> {
        let numbers = match self.ask(question)? {
            Reading::Flight(..) | Reading::Retry(..) => return Ok(None),
            Reading::Refused(_, numbers) => return Ok(Some(numbers)),
            Reading::Dropped(numbers) => numbers,
        };
        // Whoever chose has not refused, whatever cut the answer off.
        let is_chosen = |answer: &Answer| matches!(answer.outcome, Ok(HelloOutcome::Chosen(_)));
        let mut dropped = self.answers.iter().filter(|a| numbers.contains(&a.number));
        if dropped.any(is_chosen) {
            return Ok(None);
        }
        let last = numbers.iter().copied().max().unwrap_or_default();
        let is_answered = |answer: &&Answer| {
            let outcome = answer.outcome.as_ref().ok();
            let reading = outcome.and_then(|outcome| read(outcome, &answer.offer, answer.number));
            reading.is_some_and(|reading| reading.is_answered())
        };
        let later = || self.answers.iter().filter(|answer| answer.number > last);
        if let Some(control) = later().find(is_answered) {
            return Ok(Some([numbers.as_slice(), &[control.number]].concat()));
        }
        if later().any(|answer| answer.ask.is_control && answer.outcome.is_ok()) {
            return Ok(None);
        }
        match self.answers.iter().rev().find(is_answered) {
            Some(answer) => Err(Ask {
                question: answer.ask.question.clone(),
                is_control: true,
            }),
            None => Ok(None),
        }
    }
}
