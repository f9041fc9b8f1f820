use std::fmt;

use tls_inspect::HandshakeFailureKind;

use super::{Cause, Observation, Phase, PortState, StartTls};
use crate::code::ReplyCode;
use crate::reply::{Reply, ReplyErrorKind, ReplyLimits, ReplyParser, Resemblance};

/// The port that is for TLS from the first octet (RFC 8314 §7.3).
const SUBMISSIONS: u16 = 465;

/// What answers on a port, by what came of it first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Service {
    /// SMTP, in the way that was asked for.
    Smtp,
    /// SMTP in the clear, where TLS was tried from the first octet.
    PlaintextSmtp,
    /// TLS from the first octet, where SMTP was awaited in the clear: the first octets are a TLS record.
    ImplicitTls,
    /// No octet came on a port that is for TLS from the first octet: a server that waits for a ClientHello is silent too, so TLS
    /// should be tried before the port is called dead.
    SilentPerhapsTls,
    /// Something that greets as SMTP does, says that it is FTP, and knows neither EHLO nor HELO.
    Ftp,
    /// Something else; this is what it looks like.
    Other(Resemblance),
    /// Could not tell: there was no connection, or nothing came that would tell.
    Unknown,
}

impl Service {
    pub(super) fn of(seen: &Observation) -> Self {
        if seen.port != PortState::Open {
            return Self::Unknown;
        }
        if let Some(greeting) = &seen.greeting {
            return of_greeting(greeting, seen);
        }
        let Some(stop) = seen.stop() else {
            return Self::Unknown;
        };
        match &stop.cause {
            Cause::NotSmtp(Resemblance::Tls) => Self::ImplicitTls,
            Cause::NotSmtp(resemblance) => Self::Other(*resemblance),
            Cause::Timeout | Cause::Deadline
                if stop.received == 0
                    && stop.phase == Phase::Greeting
                    && seen.tls.is_none()
                    && seen
                        .address
                        .is_some_and(|address| address.port() == SUBMISSIONS) =>
            {
                Self::SilentPerhapsTls
            }
            // *Not now*, in the clear.
            _ if stop.phase == Phase::Handshake
                && stop.reply.is_some()
                && seen.starttls == StartTls::NotAsked =>
            {
                Self::PlaintextSmtp
            }
            Cause::TlsFailed if seen.starttls == StartTls::NotAsked => in_the_clear(seen),
            _ => Self::Unknown,
        }
    }
}

/// Other protocols have replies of the same form: NNTP greets with 200 (RFC 3977 §5.1), FTP with 120 or 220 (RFC 959 §5.4).
fn of_greeting(greeting: &Reply, seen: &Observation) -> Service {
    let code = greeting.effective_code();
    let greets =
        code == ReplyCode::READY || code.is_transient_negative() || code.is_permanent_negative();
    if is_ftp(seen) {
        Service::Ftp
    } else if seen.last_ehlo().is_some() || (greets && !names_ftp(greeting)) {
        Service::Smtp
    } else {
        Service::Unknown
    }
}

/// What spoke in the clear where a handshake was begun.
fn in_the_clear(seen: &Observation) -> Service {
    let failure = seen.tls.as_ref().and_then(|tls| tls.outcome.failure());
    let Some(failure) = failure.filter(|failure| failure.kind == HandshakeFailureKind::NotTls)
    else {
        return Service::Unknown;
    };
    let mut parser = ReplyParser::new(ReplyLimits::default());
    let mut received = failure.received.as_slice();
    let read = parser.advance(&mut received).map(|_| ());
    match read
        .and_then(|()| parser.finish())
        .map_err(|error| error.kind())
    {
        Err(ReplyErrorKind::NotSmtp(resemblance)) => Service::Other(resemblance),
        _ if failure.received.is_empty() => Service::Unknown,
        _ => Service::PlaintextSmtp,
    }
}

/// RFC 959 has the same codes and the same greeting; FTP knows no EHLO, and says so by 500, 502 or 530.
fn is_ftp(seen: &Observation) -> bool {
    let unknown = |reply: &Reply| matches!(reply.effective_code().0, 500 | 502 | 530);
    let helo = seen.stop().filter(|stop| stop.phase == Phase::Helo);
    seen.greeting.as_ref().is_some_and(names_ftp)
        && seen.ehlo_refusal.as_ref().is_some_and(unknown)
        && helo
            .and_then(|stop| stop.reply.as_ref())
            .is_some_and(unknown)
}

/// Whether a greeting has the word FTP and not SMTP.
fn names_ftp(greeting: &Reply) -> bool {
    let text = greeting.to_string().to_ascii_uppercase();
    let says = |word| {
        text.split(|letter: char| !letter.is_ascii_alphanumeric())
            .any(|part| part == word)
    };
    says("FTP") && !says("SMTP") && !says("ESMTP")
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Smtp => f.pad("SMTP"),
            Self::PlaintextSmtp => f.pad("SMTP in the clear, where TLS was tried first"),
            Self::ImplicitTls => f.pad("TLS from the first octet"),
            Self::SilentPerhapsTls => f.pad("silent in the clear; it may wait for TLS"),
            Self::Ftp => f.pad("FTP"),
            Self::Other(Resemblance::Unknown) => f.pad("something else than SMTP"),
            Self::Other(resemblance) => resemblance.fmt(f),
            Self::Unknown => f.pad("could not tell"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observation::{Outcome, Stop};

    #[track_caller]
    fn check(greeting: &str, stop: Stop, expected: Service) {
        let mut seen = Observation::new(None, PortState::Open, Outcome::Stopped(stop));
        let octets = format!("{greeting}\r\n");
        seen.greeting = Some(Reply::parse(octets.as_bytes()).expect("a reply"));
        assert_eq!(seen.service(), expected, "{greeting}");
    }

    #[test]
    fn a_greeting_of_another_protocol_is_no_proof_of_smtp() {
        let unexpected = Stop::new(Phase::Greeting, Cause::UnexpectedReply);
        check(
            "200 news.example NNRP ready",
            unexpected.clone(),
            Service::Unknown,
        );
        check("120 ready in 5 minutes", unexpected, Service::Unknown);
        let closed = Stop::new(Phase::Ehlo, Cause::Closed);
        check(
            "220 files.example FTP server",
            closed.clone(),
            Service::Unknown,
        );
        check("220 mx.example ESMTP", closed, Service::Smtp);
        let rejected = Stop::new(Phase::Greeting, Cause::Rejected);
        check("554 mx.example no", rejected, Service::Smtp);
    }
}
