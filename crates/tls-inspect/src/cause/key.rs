//! What a server signs and agrees on keys with, and what the client lacks of it.

use super::offers::is_usual_scheme;
use super::plan::{Conclusion, Known, proven};
use super::reading::{Reading, is_usual_chain, leaf, unsupported_key};
use super::{
    CauseQuestion as Question, CauseUncertainty as Unknown, FailureCause as Cause, FailureSearch,
    ProvenCause, SchemeKind, UnsupportedKey,
};
use crate::{
    AlertDescription, AlertSender, HandshakeFailureKind as Kind, KeyExchange, KeyPossession,
    NamedGroup, ServerFlight, SignatureScheme,
};

impl FailureSearch {
    /// The key of the certificate, if the client cannot check signatures of it and nothing says
    /// that its handshake failed at something else.
    pub(super) fn key_of_certificate(&self, usual: &Reading<'_>) -> Option<Conclusion> {
        if !self.may_fail_at_key() {
            return None;
        }
        let capture = self.options.capture.as_ref();
        // What the server shows now, or showed then if that is encrypted now.
        let (shown, is_shown_now) = match usual {
            Reading::Flight(flight, _) if flight.chain.is_some() => (leaf(flight), true),
            _ => (capture.and_then(|capture| capture.chain.first()), false),
        };
        let key = unsupported_key(shown)?;
        let cause = Cause::CertificateKey(UnsupportedKey::Read(key));
        let conclusion = Conclusion::proven(cause, usual.numbers());
        let is_seen = !is_shown_now || self.options.failure.is_some();
        Some(if is_seen {
            conclusion.with_handshake()
        } else {
            conclusion
        })
    }

    /// Whether the handshake failed as at a key that the client cannot check: it then says that
    /// it has no use for the certificate, or that the signature is wrong (RFC 9846 §6.2), and has
    /// not gone on. A client that failed in a way not told must have failed at such a key, since
    /// it may not go on (RFC 9846 §4.4.3).
    fn may_fail_at_key(&self) -> bool {
        let capture = self.options.capture.as_ref();
        let possession = capture.map(|capture| &capture.key_possession);
        let Some(failure) = &self.options.failure else {
            return possession != Some(&KeyPossession::Verified);
        };
        let alerts = capture.into_iter().flat_map(|capture| &capture.alerts);
        let mut sent = alerts.filter(|alert| alert.sender == AlertSender::Client);
        let says_so = sent.next_back().is_some_and(|sent| {
            matches!(
                sent.alert.description,
                AlertDescription::UNSUPPORTED_CERTIFICATE | AlertDescription::DECRYPT_ERROR
            )
        });
        says_so && failure.alert.is_none() && possession == Some(&KeyPossession::NotProven)
    }

    /// A HelloRetryRequest may come before the server looks for a certificate that fits the
    /// schemes. Under TLS 1.2 the certificate can be read.
    pub(super) fn certificate_below_tls13(&self) -> Known<Option<Conclusion>> {
        let failure = self.options.failure.as_ref();
        let is_refusal = failure.is_none_or(|failure| {
            matches!(
                failure.kind,
                Kind::AlertReceived | Kind::PeerClosed | Kind::Reset | Kind::Timeout
            )
        });
        let capture = self.options.capture.as_ref();
        if !is_refusal || capture.is_some_and(|capture| !capture.chain.is_empty()) {
            return Ok(None);
        }
        let Reading::Flight(flight, numbers) = self.ask(Question::Legacy)? else {
            return Ok(None);
        };
        let cause = self.scheme_below_tls13(flight, &numbers)?;
        let is_key = |proven: &ProvenCause| matches!(proven.cause, Cause::CertificateKey(_));
        Ok(cause
            .filter(is_key)
            .map(|cause| Conclusion::all(vec![cause])))
    }

    /// The server signed with a scheme that the client lacks, and refuses those that it has.
    fn scheme_below_tls13(
        &self,
        flight: &ServerFlight,
        numbers: &[u32],
    ) -> Known<Option<ProvenCause>> {
        let Some(scheme) = unusual_scheme(flight) else {
            return Ok(None);
        };
        let Some(more) = self.refused(Question::UsualSchemes)? else {
            return Ok(None);
        };
        let cause = match unsupported_key(leaf(flight)) {
            // No other key signs so.
            Some(key) if needs_own_key(scheme) => Cause::CertificateKey(UnsupportedKey::Read(key)),
            // What the server prefers need not be all that it has: its chain may be what it looks at.
            _ if !is_usual_chain(flight) => return Ok(None),
            _ => Cause::OnlySignatureScheme(scheme),
        };
        Ok(Some(proven(cause, [numbers, &more].concat())))
    }

    /// The server took a suite of the client under TLS 1.2 when every group and scheme was
    /// offered: which of them does the client lack?
    pub(super) fn after_modern(&self, flight: &ServerFlight, numbers: &[u32]) -> Known<Conclusion> {
        if let Some(conclusion) = self.at_status_request()? {
            return Ok(conclusion);
        }
        let mut causes = Vec::new();
        causes.extend(self.scheme_below_tls13(flight, numbers)?);
        let group = ecdhe_group(flight).filter(|group| !self.options.hello.groups.contains(group));
        // The curve of a certificate must be among the groups too (RFC 8422 §5.1).
        let key = unsupported_key(leaf(flight));
        let key = key.filter(|key| causes.is_empty() && key.starts_with("EC"));
        let cause = match (key, group) {
            (Some(key), _) => Some(Cause::CertificateKey(UnsupportedKey::Read(key))),
            (None, group) => group.map(Cause::OnlyGroup),
        };
        if let Some(cause) = cause
            && let Some(more) = self.refused(Question::UsualGroups)?
        {
            causes.push(proven(cause, [numbers, &more].concat()));
        }
        if !causes.is_empty() {
            return Ok(Conclusion::all(causes));
        }
        match self.ask(Question::UsualTls12)? {
            Reading::Flight(flight, more) => self.tls13_intolerance(flight, &more),
            _ => self.chain_below_tls13(numbers),
        }
    }

    /// Whether it is the schemes of certificates that a server of TLS 1.2 lacks.
    fn chain_below_tls13(&self, numbers: &[u32]) -> Known<Conclusion> {
        let Some(refused) = self.refused(Question::UsualSchemes)? else {
            return Ok(Conclusion::unknown(Unknown::NoSingleCause));
        };
        match self.ask(Question::AnyChain)? {
            Reading::Flight(_, more) => {
                let proof = [numbers, &refused, &more].concat();
                Ok(Conclusion::proven(Cause::ChainSignatures, proof))
            }
            _ => Ok(Conclusion::unknown(Unknown::KeyOrChain)),
        }
    }

    /// The server takes TLS 1.3 when everything is offered, and refuses the client's hello.
    pub(super) fn after_tls13(&self, tls13: &Reading<'_>) -> Known<Conclusion> {
        if let Some(conclusion) = self.at_status_request()? {
            return Ok(conclusion);
        }
        let numbers = [tls13.numbers(), self.ask(Question::Usual)?.numbers()].concat();
        if let Reading::Retry(Some(group), _) = tls13
            && !self.options.hello.groups.contains(group)
            && let Some(more) = self.refused(Question::Tls13UsualGroups)?
        {
            let proof = [numbers, more].concat();
            return Ok(Conclusion::proven(Cause::OnlyGroup(*group), proof));
        }
        let unusual = match self.ask(Question::Tls13UnusualSchemes)? {
            Reading::Flight(_, more) => more,
            Reading::Retry(..) => return Ok(Conclusion::unknown(Unknown::OtherKeyShare)),
            _ => return self.chain_of_tls13(numbers),
        };
        match self.refused(Question::Tls13AnyChain)? {
            Some(more) => self.kind_of_key([numbers, unusual, more].concat()),
            None => self.chain_of_tls13(numbers),
        }
    }

    /// The server signs with schemes that the client lacks, and refuses those that it has.
    fn kind_of_key(&self, proof: Vec<u32>) -> Known<Conclusion> {
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

    /// Whether it is the schemes of certificates that a server of TLS 1.3 lacks.
    fn chain_of_tls13(&self, numbers: Vec<u32>) -> Known<Conclusion> {
        if let Reading::Flight(_, more) = self.ask(Question::Tls13AnyChain)? {
            return match self.refused(Question::Tls13UsualSchemes)? {
                Some(refused) => {
                    let proof = [numbers, more, refused].concat();
                    Ok(Conclusion::proven(Cause::ChainSignatures, proof))
                }
                None => self.after_doubt(Question::Tls13UsualSchemes),
            };
        }
        let unknown = match self.ask(Question::Tls13AllSchemes)? {
            Reading::Flight(..) => Unknown::KeyOrChain,
            Reading::Retry(..) => Unknown::OtherKeyShare,
            _ => Unknown::NoSingleCause,
        };
        Ok(Conclusion::unknown(unknown))
    }
}

fn ecdhe_group(flight: &ServerFlight) -> Option<NamedGroup> {
    match flight.key_exchange.as_ref()?.parameters {
        KeyExchange::Ecdhe(group) => Some(group),
        _ => None,
    }
}

fn unusual_scheme(flight: &ServerFlight) -> Option<SignatureScheme> {
    let scheme = flight.key_exchange.as_ref()?.signature_scheme;
    scheme.filter(|&scheme| !is_usual_scheme(scheme))
}

/// Whether a key that signs with this scheme signs with none of those that the client has.
fn needs_own_key(scheme: SignatureScheme) -> bool {
    let is_dsa = matches!(scheme.0, 0x0202 | 0x0302 | 0x0402 | 0x0502 | 0x0602);
    let mut kinds = SchemeKind::ALL.into_iter();
    is_dsa || kinds.any(|kind| kind.schemes().contains(&scheme))
}
