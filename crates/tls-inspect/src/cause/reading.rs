//! What one answer says, before it is weighed.

use crate::escape::printable;
use crate::{
    Alert, AlertDescription, Certificate, ClientHello, Der, HelloOutcome, KeyExchange, NamedGroup,
    ServerFlight,
};

/// What an answer says of a question.
#[derive(Debug)]
pub(super) enum Reading<'a> {
    /// The server chose from what was offered.
    Flight(&'a ServerFlight, Vec<u32>),
    /// The server asks for another share.
    Retry(Option<NamedGroup>, Vec<u32>),
    /// It refused, or chose what was not offered.
    Refused(Option<Alert>, Vec<u32>),
    /// Something else came, twice.
    Dropped(Vec<u32>),
}

impl Reading<'_> {
    pub(super) const fn is_answered(&self) -> bool {
        matches!(self, Self::Flight(..) | Self::Retry(..))
    }

    pub(super) const fn is_dropped(&self) -> bool {
        matches!(self, Self::Dropped(..))
    }

    pub(super) fn numbers(&self) -> Vec<u32> {
        match self {
            Self::Flight(_, numbers)
            | Self::Retry(_, numbers)
            | Self::Refused(_, numbers)
            | Self::Dropped(numbers) => numbers.clone(),
        }
    }

    pub(super) fn is_alert(&self, description: AlertDescription) -> bool {
        matches!(self, Self::Refused(Some(alert), _) if alert.description == description)
    }
}

/// Reads one outcome; `None` if it must come again to be believed.
///
/// Only `handshake_failure`, `protocol_version` and `insufficient_security` refuse what was
/// offered (RFC 9846 §6.2), `unrecognized_name` the name (RFC 6066 §3) and
/// `no_application_protocol` the protocols (RFC 7301 §3.2).
pub(super) fn read<'a>(
    outcome: &'a HelloOutcome,
    offer: &ClientHello,
    number: u32,
) -> Option<Reading<'a>> {
    let numbers = vec![number];
    match outcome {
        HelloOutcome::Chosen(flight) => {
            let is_offered = offer.versions.contains(&flight.hello.version)
                && offer.cipher_suites.contains(&flight.hello.cipher_suite);
            if !is_offered {
                return Some(Reading::Refused(None, numbers));
            }
            flight
                .is_complete
                .then_some(Reading::Flight(flight, numbers))
        }
        HelloOutcome::Retry(retry) => Some(match retry.group {
            Some(group) if !offer.groups.contains(&group) => Reading::Refused(None, numbers),
            group => Reading::Retry(group, numbers),
        }),
        HelloOutcome::Alert(alert) if matches!(alert.description.0, 40 | 70 | 71 | 112 | 120) => {
            Some(Reading::Refused(Some(*alert), numbers))
        }
        _ => None,
    }
}

/// An outcome in words that can be shown as they are.
pub(super) fn outcome_text(outcome: &HelloOutcome) -> String {
    match outcome {
        HelloOutcome::Chosen(flight) => {
            let (version, suite) = (flight.hello.version, flight.hello.cipher_suite);
            let end = if flight.is_complete { "" } else { ", cut off" };
            format!("chose {version}, {suite}{end}")
        }
        HelloOutcome::Retry(retry) => match retry.group {
            Some(group) => format!("asked for a share of {group}"),
            None => "asked for another hello".to_owned(),
        },
        HelloOutcome::Alert(alert) => alert.to_string(),
        HelloOutcome::Closed => "closed".to_owned(),
        HelloOutcome::Reset => "reset".to_owned(),
        HelloOutcome::TimedOut => "no answer in time".to_owned(),
        HelloOutcome::NotTls(octets) => format!("plaintext: {}", octets.escape_ascii()),
        HelloOutcome::Malformed(text) => format!("not readable: {}", printable(text)),
        HelloOutcome::Io(text) => format!("the stream failed: {}", printable(text)),
    }
}

/// The key of a certificate in words, if signatures made with it cannot be checked.
pub(super) fn unsupported_key(leaf: Option<&Der>) -> Option<String> {
    let key = Certificate::parse(leaf?.as_bytes()).ok()?.key;
    let is_supported = match key.algorithm.as_str() {
        "RSA" => key.bits.is_none_or(|bits| (2048..=8192).contains(&bits)),
        "EC" => matches!(
            key.curve.as_deref(),
            None | Some("P-256" | "P-384" | "P-521")
        ),
        "Ed25519" => true,
        name => name.starts_with("ML-DSA"),
    };
    let size = key.bits.map(|bits| format!("{bits} bits"));
    let detail = key.curve.or(size).map(|text| format!(", {text}"));
    (!is_supported).then(|| key.algorithm + &detail.unwrap_or_default())
}

/// Whether every certificate of a chain is signed with what the client has schemes for; how a root
/// signs itself is looked at by nobody.
pub(super) fn is_usual_chain(flight: &ServerFlight) -> bool {
    let is_usual = |(place, der): (usize, &Der)| {
        Certificate::parse(der.as_bytes()).is_ok_and(|certificate| {
            let is_root = place > 0 && certificate.self_issued;
            is_root
                || certificate.is_signed_with_sha2()
                || certificate.signature_algorithm == "Ed25519"
        })
    };
    let chain = flight.chain.as_deref().unwrap_or_default();
    chain.iter().enumerate().all(is_usual)
}

pub(super) fn leaf(flight: &ServerFlight) -> Option<&Der> {
    flight.chain.as_ref()?.first()
}

/// The length of the prime, if the key exchange was finite-field Diffie-Hellman.
pub(super) fn bits(flight: &ServerFlight) -> Option<u32> {
    match flight.key_exchange.as_ref()?.parameters {
        KeyExchange::Dhe { bits, .. } => Some(bits),
        _ => None,
    }
}
