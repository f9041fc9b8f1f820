//! What follows from what was seen: offline, for one name, one time and several stores.

use mail_dns::dane::DaneOutcome;
use mailcheck_core::TlsaSet;
use serde::Serialize;
use tls_inspect::{
    Assessment, Capture, ChainRecord, ChainReport, DaneVerdict, DnsId, Failure, FailureCauseReport,
    HandshakeFailure, HandshakeFailureKind, IdentityMatch, LifetimeState, MailServer, PathOptions,
    PolicyUncertainty, ReferenceId, Rollover, RolloverAdvice, SenderVerdict, Senders, StoreVerdict,
    TlsAttempt, TlsaAnswer, TrustStore, Validity, assess, judge_dane, judge_side_by_side,
    tlsa_records,
};

use crate::look::{Attempt, Inspector, Look, Place, Seen};
use crate::outcome::Outcome;
use crate::words;

/// What follows for a chain and for senders.
#[derive(Debug, Serialize)]
pub(crate) struct Judgement {
    /// By the first store.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) assessment: Option<Assessment>,
    /// What each store makes of the chain.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) stores: Vec<StoreVerdict>,
    /// What senders do; not told of a server without a name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) senders: Option<Senders>,
    /// The TLSA records that the chain would match.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) tlsa_records: Vec<ChainRecord>,
    /// What each of them alone would make of it.
    #[serde(skip)]
    pub(crate) tlsa_verdicts: Vec<DaneVerdict>,
    /// What becomes of the published ones; of one of several addresses without a plan, which is for all of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) rollover: Option<RolloverAdvice>,
}

impl Judgement {
    fn new(inspector: &Inspector<'_>, place: &Place, seen: &Seen, now: i64) -> Self {
        let provider = &inspector.provider;
        let name = place.name();
        let published = seen.dane.as_ref().map(TlsaSet::of);
        let mut judgement = Self {
            assessment: None,
            stores: Vec::new(),
            senders: None,
            tlsa_records: Vec::new(),
            tlsa_verdicts: Vec::new(),
            rollover: None,
        };
        if let Some(name) = &name {
            let store = inspector.stores.first();
            judgement.senders = senders(inspector, seen, name, store, published.as_ref(), now);
        }
        let capture = seen.capture().filter(|tls| !tls.chain.is_empty());
        let (Some(capture), Some(store)) = (capture, inspector.stores.first()) else {
            return judgement;
        };
        let reference = name.map_or(ReferenceId::Ip(place.address.ip()), ReferenceId::Dns);
        let names = [reference.clone()];
        let names = published.as_ref().map_or(&names[..], |one| &one.names);
        let options = PathOptions::new();
        judgement.assessment = Some(assess(capture, &reference, store, provider, now));
        judgement.stores =
            judge_side_by_side(&inspector.stores, &capture.chain, provider, now, &options);
        judgement.tlsa_records = tlsa_records(&capture.chain, provider);
        let alone = |one: &ChainRecord| {
            let record = std::slice::from_ref(&one.record);
            judge_dane(&capture.chain, record, names, provider, now)
        };
        judgement.tlsa_verdicts = judgement.tlsa_records.iter().map(alone).collect();
        judgement.rollover = published.as_ref().and_then(|published| {
            let ttl = published.ttl.filter(|_| !published.records.is_empty())?;
            let others: Vec<_> = seen.other_chain().into_iter().collect();
            let rollover = Rollover::new(&capture.chain, &published.records, ttl)
                .with_names(&published.names)
                .with_others(&others);
            let mut advice = rollover.advise(provider, now);
            if place.is_one_of_several {
                // The records are for the other addresses as well.
                advice.plans.clear();
            }
            Some(advice)
        });
        judgement
    }
}

fn senders(
    inspector: &Inspector<'_>,
    seen: &Seen,
    name: &DnsId,
    store: Option<&TrustStore>,
    published: Option<&TlsaSet>,
    now: i64,
) -> Option<Senders> {
    let attempt = match &seen.attempt {
        Attempt::Tls(capture) => TlsAttempt::Tls(capture),
        not_begun if not_begun.is_not_offered() => TlsAttempt::NotOffered,
        Attempt::NotBegun(_) => return None,
    };
    let server = MailServer::new(attempt, name, store?);
    let server = match (published, &seen.dane) {
        (Some(published), Some(host)) => server.with_tlsa(published.answer(host), &published.names),
        _ => server.with_tlsa(TlsaAnswer::NotKnown, &[]),
    };
    Some(server.judge(&inspector.provider, now))
}

/// Under TLS 1.3, that a client without a certificate is refused after the handshake (RFC 9846 §4.4.2.4).
fn refusal(capture: &Capture) -> Option<&HandshakeFailure> {
    let late = capture.late_failure.as_ref();
    late.filter(|late| late.kind == HandshakeFailureKind::ClientCertificateRequired)
}

impl Look {
    pub(crate) fn new(inspector: &Inspector<'_>, place: Place, seen: Seen, now: i64) -> Self {
        let judgement = Judgement::new(inspector, &place, &seen, now);
        Self::of(inspector, place, seen, judgement, now)
    }

    pub(crate) fn of(
        inspector: &Inspector<'_>,
        place: Place,
        seen: Seen,
        judgement: Judgement,
        now: i64,
    ) -> Self {
        let security = inspector.arguments.security.security(place.address.port());
        let mut look = Self {
            address: place.address,
            host: place.host.clone(),
            now_unix: now,
            outcome: Outcome::Unknown,
            because: String::new(),
            warnings: Vec::new(),
            seen,
            judgement,
            is_implicit: security == smtp_probe::Security::Implicit,
            place,
        };
        (look.outcome, look.because) = match &look.seen.attempt {
            Attempt::NotBegun(observation) => {
                let (outcome, because) = Outcome::of(observation, security);
                // Whatever works up to there, no certificate was seen.
                match outcome {
                    Outcome::Works => (Outcome::Unknown, because),
                    outcome => (outcome, because),
                }
            }
            Attempt::Tls(_) => look.of_handshake().unwrap_or_else(|| look.of_certificate()),
        };
        look.warnings = look.warnings();
        look
    }

    /// What a handshake that failed comes to. A failure that another client need not meet proves nothing without its cause, unless
    /// what was sent before it keeps senders away by itself.
    fn of_handshake(&self) -> Option<(Outcome, String)> {
        let capture = self.seen.capture()?;
        let failure = capture.outcome.failure().or(refusal(capture))?;
        let text = words::handshake(failure);
        let causes = self.seen.causes.as_ref();
        let is_proven = causes.is_some_and(FailureCauseReport::is_conclusive);
        let is_everybodys = failure.is_conclusive()
            || failure.kind == HandshakeFailureKind::ClientCertificateRequired;
        let fault = match self.of_certificate() {
            (Outcome::Fails, fault) if !capture.chain.is_empty() => Some(fault),
            _ => None,
        };
        let also = fault
            .as_ref()
            .map_or_else(String::new, |fault| format!("; {fault}, too"));
        Some(match (causes.filter(|_| is_proven), fault) {
            (Some(report), _) => (Outcome::Fails, format!("no TLS: {report}{also}")),
            (None, _) if is_everybodys => (Outcome::Fails, text + &also),
            (None, Some(fault)) => (Outcome::Fails, format!("{fault}; {text}")),
            (None, None) => (Outcome::Unknown, text),
        })
    }

    /// What senders do that check certificates: with DANE where it was asked about and decides, else without.
    fn of_certificate(&self) -> (Outcome, String) {
        let Some(senders) = &self.judgement.senders else {
            return self.of_nameless();
        };
        let outcome = self.seen.dane.as_ref().map(|host| &host.outcome);
        let verdict = match outcome {
            // What those do that follow MTA-STS as well depends on the sender, and on whether there is a policy at all.
            Some(DaneOutcome::Authenticate { .. }) => &senders.dane,
            Some(_) => &senders.both,
            None => &senders.pkix,
        };
        match verdict {
            SenderVerdict::DeliversAuthenticated => (Outcome::Works, self.good(senders)),
            SenderVerdict::Refuses { causes } => {
                let mut said = causes.iter().map(|cause| words::policy_cause(cause, self));
                let first = said.next().unwrap_or_default();
                let more = match said.len() {
                    0 => String::new(),
                    more => format!("; and {more} more"),
                };
                (Outcome::Fails, first + &more)
            }
            SenderVerdict::CouldNotTell { cause } => (Outcome::Unknown, words::uncertainty(cause)),
            _ => (
                Outcome::Unknown,
                "whether anybody authenticates the server".to_owned(),
            ),
        }
    }

    /// Of an address without a name, a certificate can be bad, and good only if it is for the address.
    fn of_nameless(&self) -> (Outcome, String) {
        let Some(assessment) = &self.judgement.assessment else {
            return (Outcome::Unknown, "no certificate was sent".to_owned());
        };
        let is_named = assessment
            .identity
            .as_ref()
            .is_some_and(IdentityMatch::is_match);
        let is_hiding = |failure: &&Failure| match failure {
            Failure::Trust(failure) => assessment.chain.may_hide(failure),
            _ => false,
        };
        let (hidden, shown): (Vec<_>, Vec<_>) = assessment.failures.iter().partition(is_hiding);
        let is_hidden = !hidden.is_empty();
        let mut shown = shown.into_iter();
        let fault = shown.find_map(|failure| words::failure(failure, self));
        match fault {
            Some(fault) => (Outcome::Fails, fault),
            None if is_hidden => (
                Outcome::Unknown,
                words::uncertainty(&PolicyUncertainty::ChainTooLong),
            ),
            None if is_named => (Outcome::Works, "trusted, and for this address".to_owned()),
            None => (
                Outcome::Unknown,
                "trusted, but no name was given to look for (--server-name)".to_owned(),
            ),
        }
    }

    fn good(&self, senders: &Senders) -> String {
        let mut parts = Vec::new();
        let capture = self.seen.capture();
        parts.extend(
            capture
                .and_then(|tls| tls.version)
                .map(|version| version.to_string()),
        );
        if senders.pkix == SenderVerdict::DeliversAuthenticated {
            parts.push("trusted".to_owned());
        }
        if self.seen.dane.is_some() && senders.dane == SenderVerdict::DeliversAuthenticated {
            parts.push("authenticated by DANE".to_owned());
        }
        let chain = self.judgement.assessment.as_ref().map(|one| &one.chain);
        let leaf = chain.and_then(ChainReport::end_entity);
        let validity = leaf.map(|leaf| leaf.validity);
        let is_valid =
            |validity: &Validity| validity.at(self.now_unix).state == LifetimeState::Valid;
        parts.extend(
            validity
                .filter(is_valid)
                .map(|one| words::left(one, self.now_unix)),
        );
        parts.join(", ")
    }

    /// What is to be seen to, though it works.
    fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        let assessment = self.judgement.assessment.as_ref();
        let staple = assessment.and_then(|one| one.staple.as_ref());
        let leaf = assessment.and_then(|one| one.chain.end_entity());
        let is_demanded = leaf.is_some_and(|leaf| leaf.must_staple);
        warnings.extend(staple.and_then(|one| words::staple_warning(one, is_demanded)));
        let lifetime = assessment.and_then(|one| one.lifetime);
        if lifetime.is_some_and(|life| life.renewal_overdue && life.state == LifetimeState::Valid) {
            warnings.push("renewal is overdue".to_owned());
        }
        if let Some(senders) = &self.judgement.senders {
            let is_dane_only = senders.dane == SenderVerdict::DeliversAuthenticated
                && matches!(senders.mta_sts, SenderVerdict::Refuses { .. });
            if is_dane_only {
                let text = "with an MTA-STS policy, senders without DANE do not deliver, and of those with both not all";
                warnings.push(text.to_owned());
            }
        }
        let advice = self.judgement.rollover.as_ref();
        for parameters in advice.iter().flat_map(|advice| &advice.uncovered) {
            warnings.push(format!("no TLSA record {parameters} matches the chain"));
        }
        warnings
    }
}
