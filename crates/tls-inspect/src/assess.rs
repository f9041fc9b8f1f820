//! Everything judged for one capture under the rules of the public key infrastructure.

use crate::trust::{TrustFailure, TrustStore, TrustVerdict};
use crate::{
    Capture, ChainReport, ClockHint, CryptoProvider, Der, HandshakeFailure, IdentityMatch,
    KeyPossession, Lifetime, LogList, OcspVerdict, ReferenceId, Revocation, StapleState,
    TransparencyReport, Validity, check_scts, match_identity,
};

/// Judges a capture: its chain, its staple, and whether the server holds the key.
///
/// Only a proof that failed is a [`Failure`]. One that could not be checked, or that the
/// handshake did not get to, is neither good nor bad: it is told in
/// [`Assessment::reservations`], as is a handshake that failed after the chain. So it is with
/// the staple: only one that proves a revocation, or that the certificate was never issued,
/// is a failure, and everything else is told in [`Assessment::staple`].
///
/// The same capture can be judged again with another store, at another time, or for another
/// name. It is offline work and pure.
#[must_use]
pub fn assess(
    capture: &Capture,
    reference: &ReferenceId,
    store: &TrustStore,
    provider: &CryptoProvider,
    now_unix: i64,
) -> Assessment {
    let mut assessment = assess_chain(&capture.chain, reference, store, provider, now_unix);
    let omitted = &mut assessment.chain.omitted;
    *omitted = omitted.saturating_add(capture.chain_omitted);
    if has_shown_staple(capture) {
        let staple = capture.ocsp_staple.as_ref();
        let staple = StapleState::judge(staple, &capture.chain, provider, now_unix);
        assessment = assessment.with_staple(staple);
    }
    if let KeyPossession::Failed(detail) = &capture.key_possession {
        // Nothing else matters of a certificate that belongs to somebody else.
        assessment
            .failures
            .insert(0, Failure::KeyPossession(detail.clone()));
    }
    assessment.reservations = reservations(capture);
    assessment
}

/// What the handshake leaves open, the earlier first.
fn reservations(capture: &Capture) -> Vec<Reservation> {
    let failure = capture.outcome.failure().or(capture.late_failure.as_ref());
    let key = match &capture.key_possession {
        KeyPossession::Verified | KeyPossession::Failed(_) => None,
        KeyPossession::Unsupported(why) => Some(Some(why.clone())),
        KeyPossession::NotProven => Some(None),
    };
    let handshake = failure.cloned().map(Reservation::Handshake);
    let key = key.map(Reservation::KeyPossession);
    handshake.into_iter().chain(key).collect()
}

/// Whether the handshake got as far as a staple that was sent would have been seen: before any
/// proof of the key (RFC 6066 §8, RFC 9846 §4.4.2.1).
fn has_shown_staple(capture: &Capture) -> bool {
    let is_past = capture.outcome.is_completed()
        || !matches!(capture.key_possession, KeyPossession::NotProven);
    !capture.chain.is_empty() && (is_past || capture.ocsp_staple.is_some())
}

/// Judges a chain by itself.
#[must_use]
pub fn assess_chain(
    chain: &[Der],
    reference: &ReferenceId,
    store: &TrustStore,
    provider: &CryptoProvider,
    now_unix: i64,
) -> Assessment {
    let report = ChainReport::new(chain, provider);
    let trust = store.judge_described(chain, &report, provider, now_unix);
    Assessment::new(reference.clone(), store.name(), now_unix, report, trust)
}

/// What was found out about a chain, for one name, one store and one time.
///
/// It says what holds under the rules of RFC 5280 and RFC 9525, not what follows from it: a
/// self-signed certificate may be just what DANE-EE (RFC 7672 §3.1.1) or opportunistic TLS wants.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Assessment {
    /// The name it was judged for.
    pub reference: ReferenceId,
    /// The name of the store it was judged with.
    pub store: String,
    /// The time it was judged at, in seconds since 1970-01-01T00:00:00Z.
    pub now_unix: i64,
    /// The chain as sent.
    pub chain: ChainReport,
    /// How much is left of the end-entity certificate, if it can be read.
    #[cfg_attr(
        feature = "serde",
        serde(skip_serializing_if = "Option::is_none", default)
    )]
    pub lifetime: Option<Lifetime>,
    /// The element of the path that expires first.
    #[cfg_attr(
        feature = "serde",
        serde(skip_serializing_if = "Option::is_none", default)
    )]
    pub next_to_expire: Option<Expiry>,
    /// What suggests that the clock which gave `now_unix` is off. It changes no verdict.
    #[cfg_attr(
        feature = "serde",
        serde(skip_serializing_if = "Option::is_none", default)
    )]
    pub clock_hint: Option<ClockHint>,
    /// Whether the end-entity certificate has the name, if it can be read.
    #[cfg_attr(
        feature = "serde",
        serde(skip_serializing_if = "Option::is_none", default)
    )]
    pub identity: Option<IdentityMatch>,
    /// Whether the chain is trusted.
    pub trust: TrustVerdict,
    /// What the server did about stapling, and what its staple says. Of a chain by itself, and
    /// of a handshake that failed before a staple was due, nothing is known.
    ///
    /// The issuer of the end-entity certificate has to be in the chain as sent; if it is a root
    /// that was not sent, the staple proves nothing.
    #[cfg_attr(
        feature = "serde",
        serde(skip_serializing_if = "Option::is_none", default)
    )]
    pub staple: Option<StapleState>,
    /// What the SCTs are worth, if somebody looked: see
    /// [`with_transparency`](Self::with_transparency).
    #[cfg_attr(
        feature = "serde",
        serde(skip_serializing_if = "Option::is_none", default)
    )]
    pub transparency: Option<TransparencyReport>,
    /// All that is wrong, the most telling first: that the server does not hold the key, then
    /// the faults of the chain from the end-entity certificate upwards, then a revocation that
    /// the staple proves, or that the certificate was never issued, then a wrong name. What the authority says comes after the faults of
    /// the chain, since an untrusted one says nothing, and so does the name of an untrusted
    /// certificate.
    pub failures: Vec<Failure>,
    /// What keeps the judgement of the chain from being one of the server, if anything does. Of
    /// a chain by itself nothing is said.
    #[cfg_attr(
        feature = "serde",
        serde(skip_serializing_if = "Vec::is_empty", default)
    )]
    pub reservations: Vec<Reservation>,
}

impl Assessment {
    /// Puts together what follows from a described chain and a verdict on it.
    #[must_use]
    pub fn new(
        reference: ReferenceId,
        store: impl Into<String>,
        now_unix: i64,
        chain: ChainReport,
        trust: TrustVerdict,
    ) -> Self {
        let leaf = chain.end_entity();
        let lifetime = leaf.map(|leaf| leaf.validity.at(now_unix));
        let identity = leaf.map(|leaf| match_identity(leaf, &reference));
        let mismatch = identity.clone().filter(|identity| !identity.is_match());
        let failures = trust.failures().iter().cloned().map(Failure::Trust);
        Self {
            store: store.into(),
            now_unix,
            lifetime,
            next_to_expire: next_to_expire(&chain, &trust),
            clock_hint: clock_hint(&chain, now_unix),
            failures: failures.chain(mismatch.map(Failure::Identity)).collect(),
            reference,
            chain,
            identity,
            trust,
            staple: None,
            transparency: None,
            reservations: Vec::new(),
        }
    }

    /// With what the server did about stapling. A revocation that the staple proves is a failure,
    /// and so is that the certificate was never issued.
    #[must_use]
    pub fn with_staple(mut self, staple: StapleState) -> Self {
        let is_of_staple =
            |failure: &_| matches!(failure, Failure::Revoked(_) | Failure::NeverIssued);
        self.failures.retain(|failure| !is_of_staple(failure));
        let failure = match &staple {
            StapleState::Present(OcspVerdict::Revoked { revocation, .. }) => {
                Some(Failure::Revoked(*revocation))
            }
            StapleState::Present(OcspVerdict::NeverIssued(_)) => Some(Failure::NeverIssued),
            _ => None,
        };
        if let Some(failure) = failure {
            let mut failures = self.failures.iter();
            let name = failures.position(|failure| matches!(failure, Failure::Identity(_)));
            let place = name.unwrap_or(self.failures.len());
            self.failures.insert(place, failure);
        }
        self.staple = Some(staple);
        self
    }

    /// With what the SCTs are worth, by [`check_scts`](crate::check_scts) of the chain, the
    /// staple and the logs that the caller knows. [`assess`] knows none, so it leaves this out;
    /// [`with_logs`](Self::with_logs) makes up for it.
    ///
    /// Nothing that is found there is a failure: mail needs no SCTs, and how many of whose logs
    /// make enough is a policy's to say.
    #[must_use]
    pub fn with_transparency(mut self, transparency: TransparencyReport) -> Self {
        self.transparency = Some(transparency);
        self
    }

    /// With what the SCTs that this capture shows are worth by these logs, at the time of the
    /// assessment: see [`with_transparency`](Self::with_transparency).
    #[must_use]
    pub fn with_logs(self, capture: &Capture, logs: &LogList, provider: &CryptoProvider) -> Self {
        let staple = capture.ocsp_staple.as_ref();
        let now = self.now_unix;
        let report = check_scts(&capture.chain, None, staple, logs, provider, now);
        self.with_transparency(report)
    }

    /// The most telling failure, if there is any.
    #[must_use]
    pub fn primary(&self) -> Option<&Failure> {
        self.failures.first()
    }
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Failure {
    /// The server did not prove that it holds the key; the text says how.
    KeyPossession(String),
    /// The chain is not trusted.
    Trust(TrustFailure),
    /// The staple proves that the end-entity certificate was revoked.
    Revoked(Revocation),
    /// The staple proves that the authority does not know to have issued the end-entity
    /// certificate.
    NeverIssued,
    /// The certificate has not the name.
    Identity(IdentityMatch),
}

/// Something that the handshake left open: anyone can send a chain, and one that is good may
/// have come from somebody else than its owner.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Reservation {
    /// The handshake did not complete, or the server refused after it.
    Handshake(HandshakeFailure),
    /// Whether the server holds the key was not proven; the text says why, if the proof came and
    /// could not be checked.
    KeyPossession(Option<String>),
}

/// When an element of a chain expires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Expiry {
    /// The element.
    pub element: usize,
    /// The last second at which it is valid.
    pub not_after: i64,
}

fn next_to_expire(report: &ChainReport, trust: &TrustVerdict) -> Option<Expiry> {
    let path = match trust {
        TrustVerdict::Trusted { path, .. } => path,
        TrustVerdict::Untrusted(_) => &report.path,
    };
    let expiries = path.iter().filter_map(|&element| {
        let not_after = report.certificate(element)?.validity.not_after;
        Some(Expiry { element, not_after })
    });
    expiries.min_by_key(|expiry| expiry.not_after)
}

/// What the elements that lead up from the end-entity certificate say of the clock. Whether they
/// are a path to the store is not asked: a path is not found at a time at which it is not valid.
fn clock_hint(report: &ChainReport, now_unix: i64) -> Option<ClockHint> {
    let certificates = report
        .path
        .iter()
        .map_while(|&element| report.certificate(element));
    let validities: Vec<Validity> = certificates
        .map(|certificate| certificate.validity)
        .collect();
    ClockHint::of(&validities, now_unix)
}

#[cfg(all(test, any(feature = "aws-lc-rs", feature = "ring")))]
mod tests;
