//! Whether there is TLS at all, before any certificate is judged.

use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::KeyUsage;
use x509_parser::prelude::FromDer as _;

use super::{PolicyCause, PolicyUncertainty, SenderVerdict, TlsAttempt};
use crate::certificate::key_usages_allow;
use crate::{Capture, HandshakeFailure, KeyPossession};

/// What came of TLS, before any certificate is judged.
pub(super) enum Channel<'a> {
    /// There is none, with any sender.
    None(PolicyCause),
    Unclear(PolicyUncertainty),
    /// The server sent what can be judged. If the handshake failed after it, a client that gets
    /// further finds the same faults, but where there are none, nothing is known.
    Sent {
        capture: &'a Capture,
        /// Why a client may not get through, or the server be another than the certificate's.
        doubt: Option<PolicyUncertainty>,
    },
}

impl<'a> Channel<'a> {
    pub(super) fn of(attempt: TlsAttempt<'a>) -> Self {
        let capture = match attempt {
            TlsAttempt::NotOffered => return Self::None(PolicyCause::TlsNotOffered),
            TlsAttempt::Tls(capture) => capture,
        };
        let failure = capture.outcome.failure();
        if let Some(failure) = failure.filter(|failure| failure.is_conclusive()) {
            return Self::None(PolicyCause::Handshake(failure.clone()));
        }
        // Under TLS 1.3 a server refuses a client when that has long finished. It spoke TLS, and
        // what it refuses is this client.
        match failure.or(capture.late_failure.as_ref()) {
            Some(failure) if capture.chain.is_empty() => {
                Self::Unclear(PolicyUncertainty::Handshake(failure.clone()))
            }
            failure => Self::Sent {
                capture,
                doubt: doubt(&capture.key_possession, failure).or_else(|| key_usage(capture)),
            },
        }
    }

    /// The capture with what was sent, or what a sender does that insists on TLS.
    pub(super) fn sent(&self) -> Result<(&'a Capture, Option<PolicyUncertainty>), SenderVerdict> {
        match self {
            Self::None(cause) => Err(SenderVerdict::Refuses {
                causes: vec![cause.clone()],
            }),
            Self::Unclear(cause) => Err(SenderVerdict::CouldNotTell {
                cause: cause.clone(),
            }),
            Self::Sent { capture, doubt } => Ok((capture, doubt.clone())),
        }
    }

    /// A sender that asks for nothing falls back to clear text (RFC 7435 §3, RFC 7672 §2.2). A
    /// signature that is wrong ends the handshake of any client (RFC 9846 §4.4.3), whatever it
    /// asks for.
    pub(super) fn opportunistic(&self) -> SenderVerdict {
        let cause = match self {
            Self::None(cause) => cause.clone(),
            Self::Unclear(cause)
            | Self::Sent {
                doubt: Some(cause), ..
            } => {
                let cause = cause.clone();
                return SenderVerdict::CouldNotTell { cause };
            }
            Self::Sent {
                capture,
                doubt: None,
            } => match &capture.key_possession {
                KeyPossession::Failed(detail) => PolicyCause::KeyPossession(detail.clone()),
                _ => return SenderVerdict::DeliversUnauthenticated,
            },
        };
        SenderVerdict::DeliversUnencrypted {
            causes: vec![cause],
        }
    }
}

/// What is left open of a server whose certificate is good. That it does not hold the key leaves
/// nothing open: no client goes on from a signature that is wrong (RFC 9846 §4.4.3).
fn doubt(key: &KeyPossession, failure: Option<&HandshakeFailure>) -> Option<PolicyUncertainty> {
    match (key, failure) {
        (KeyPossession::Failed(_), _) | (KeyPossession::Verified, None) => None,
        (_, Some(failure)) => Some(PolicyUncertainty::Handshake(failure.clone())),
        (KeyPossession::Unsupported(why), None) => {
            Some(PolicyUncertainty::KeyPossession(Some(why.clone())))
        }
        (KeyPossession::NotProven, None) => Some(PolicyUncertainty::KeyPossession(None)),
    }
}

/// What is left open of a key that made a signature which the key usages of its certificate do not
/// allow (RFC 9846 §4.4.2.2, RFC 5246 §7.4.2): GnuTLS ends the handshake for that, whatever its user
/// asks for, and OpenSSL goes on. From a signature that is wrong, nobody does.
fn key_usage(capture: &Capture) -> Option<PolicyUncertainty> {
    if matches!(capture.key_possession, KeyPossession::Failed(_)) {
        return None;
    }
    let (_, leaf) = X509Certificate::from_der(capture.chain.first()?.as_bytes()).ok()?;
    let signs = key_usages_allow(&leaf, KeyUsage::digital_signature);
    (!signs).then_some(PolicyUncertainty::KeyUsage)
}
