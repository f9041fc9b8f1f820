//! What an observation of a mail port comes to.

use serde::{Deserialize, Serialize};
use smtp_probe::{
    Cause, EnvelopeReplies, Exchange, Observation, Phase, PortState, Security, StartTls,
    StartTlsVerdict, Stop,
};
use tls_inspect::HandshakeFailure;

/// Of several, the greatest counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Outcome {
    /// It works as asked.
    Works,
    /// It is proved that it does not.
    Fails,
    /// Could not tell.
    Unknown,
}

impl Outcome {
    pub(crate) fn exit_code(self) -> u8 {
        match self {
            Self::Works => 0,
            Self::Fails => 1,
            Self::Unknown => 3,
        }
    }

    /// With the reason, in a line.
    pub(crate) fn of(seen: &Observation, security: Security) -> (Self, String) {
        if seen.port != PortState::Open {
            let outcome = match seen.port {
                PortState::Refused | PortState::Reset | PortState::Unreachable(_) => Self::Fails,
                _ => Self::Unknown,
            };
            return (outcome, seen.port.to_string());
        }
        if let Some(stop) = seen.stop() {
            return (of_stop(seen, stop), stop.to_string());
        }
        let (outcome, text) = of_tls(seen, security);
        match of_envelope(seen) {
            Some((worse, text)) if worse > outcome => (worse, text),
            _ => (outcome, text),
        }
    }
}

fn of_stop(seen: &Observation, stop: &Stop) -> Outcome {
    let handshake = seen.tls.as_ref().and_then(|tls| tls.outcome.failure());
    match &stop.cause {
        // What another client need not meet proves nothing.
        Cause::TlsFailed => of_handshake(handshake),
        Cause::TlsBroken(failure) => of_handshake(Some(failure)),
        Cause::Closed
        | Cause::Reset
        | Cause::Rejected
        | Cause::UnexpectedReply
        | Cause::NotSmtp(_)
        | Cause::Unreadable
        | Cause::PlaintextAfterStartTls => Outcome::Fails,
        _ => Outcome::Unknown,
    }
}

fn of_handshake(failure: Option<&HandshakeFailure>) -> Outcome {
    match failure.is_some_and(HandshakeFailure::is_conclusive) {
        true => Outcome::Fails,
        false => Outcome::Unknown,
    }
}

fn of_tls(seen: &Observation, security: Security) -> (Outcome, String) {
    let version = seen.tls.as_ref().and_then(|tls| tls.version);
    let version = version.map_or_else(String::new, |version| version.to_string());
    let verdict = seen.starttls_verdict();
    match (security, verdict, &seen.starttls) {
        (Security::Implicit, ..) => (Outcome::Works, format!("SMTP inside {version}")),
        (Security::None, ..) => (Outcome::Works, "SMTP in the clear, as asked".to_owned()),
        (_, StartTlsVerdict::Works, _) => (Outcome::Works, format!("SMTP, STARTTLS, {version}")),
        // Not now is neither no nor not there.
        (_, _, StartTls::Refused(reply)) if reply.effective_code().is_transient_negative() => {
            (Outcome::Unknown, format!("SMTP; STARTTLS is offered, and not to be had now: {reply}"))
        }
        (_, StartTlsVerdict::CouldNotTell, _) => {
            (Outcome::Unknown, "SMTP; could not tell whether STARTTLS is offered".to_owned())
        }
        (_, verdict, StartTls::Refused(reply)) => (Outcome::Fails, format!("SMTP; STARTTLS is {verdict}: {reply}")),
        (_, StartTlsVerdict::WorksThoughNotOffered, _) => (
            Outcome::Fails,
            "SMTP; STARTTLS works though it is not offered: something on the way takes the offer out".to_owned(),
        ),
        (_, verdict, _) => (Outcome::Fails, format!("SMTP; STARTTLS is {verdict}")),
    }
}

/// What keeps an envelope from being accepted, if there was one and something does.
fn of_envelope(seen: &Observation) -> Option<(Outcome, String)> {
    if let Some(skipped) = seen.skipped {
        return Some((Outcome::Unknown, format!("no envelope sent: {skipped}")));
    }
    let EnvelopeReplies {
        mail, recipients, ..
    } = seen.envelope();
    let refused = mail
        .into_iter()
        .chain(recipients)
        .filter(|said| !said.is_accepted());
    let judged = refused.map(|said| {
        let text = format!("{}: {}", said.command.escape_debug(), said.reply);
        (of_refusal(said), text)
    });
    judged.max_by_key(|(outcome, _)| *outcome)
}

fn of_refusal(said: &Exchange) -> Outcome {
    let about_client = Cause::of_reply(&said.reply, Phase::Rcpt).is_about_client();
    if said.reply.effective_code().is_permanent_negative() && !about_client {
        Outcome::Fails
    } else {
        Outcome::Unknown
    }
}
