use smtp_probe::{Cause, Phase, PortState, Stop};
use tls_inspect::{HandshakeFailure, HandshakeFailureKind};

use super::explain;
use super::prelude::*;
use crate::ServiceFacts;

/// Whether a session goes through.
pub(super) static RULE: Rule = Rule {
    id: "smtp.session",
    summary: "the server greets, names its extensions and takes its leave",
    citation: "RFC 5321 §3.1, §4.1.1.1",
    requirement: Requirement::Must,
    default_severity: Severity::Error,
    axis: Axis::Smtp,
    since: "0.1.0",
    check,
};

fn check(case: &Case<'_>, findings: &mut Vec<Finding>) {
    for service in &case.facts.services {
        let Some(observation) = service.observation() else {
            continue;
        };
        let Some(stop) = observation.stop() else {
            findings.push(Finding::new(
                &RULE,
                Outcome::Pass,
                service.subject(),
                "the server answers as it should",
            ));
            continue;
        };
        let Some((outcome, message)) = judge(case, service, &observation.port, stop) else {
            continue;
        };
        findings.push(
            Finding::new(&RULE, outcome, service.subject(), message)
                .evidence(stop.to_string())
                .evidence_lines(
                    observation
                        .transcript
                        .to_string()
                        .lines()
                        .take(8)
                        .map(str::to_owned),
                )
                .see(explain::talk(service))
                .mend(mend(&stop.cause)),
        );
    }
}

/// What a stop means; `None` where another rule says it.
fn judge(
    case: &Case<'_>,
    service: &ServiceFacts,
    port: &PortState,
    stop: &Stop,
) -> Option<(Outcome, String)> {
    let required = case.is_required(service);
    let doubt = if required {
        Outcome::Inconclusive
    } else {
        Outcome::Unchecked
    };
    let failure = Outcome::Fail(match case.others_serve(service) {
        _ if !required => Severity::Notice,
        Others::DoNot => Severity::Error,
        Others::Serve | Others::Unknown => Severity::Warning,
    });
    let phase = stop.phase;
    Some(match &stop.cause {
        // RFC 5321 §4.5.3.2.1: a sender waits 5 minutes for a greeting, so what is late here is not shown to be dead.
        Cause::Timeout | Cause::Deadline => {
            let seconds = stop.elapsed.as_secs_f64();
            let patience = if phase == Phase::Greeting {
                "; a sender waits 5 minutes"
            } else {
                ""
            };
            let words = format!(
                "the port answers, but no whole reply came at {phase} within {seconds:.1} s{patience}"
            );
            (doubt, words)
        }
        Cause::TemporarilyUnavailable => (
            doubt,
            "the server says `not now`, which tells nothing of what it does otherwise".to_owned(),
        ),
        Cause::Tarpit { .. } => (
            doubt,
            format!(
                "the server answers at {phase} as slowly as it can; it may do so to this client alone"
            ),
        ),
        Cause::RateLimited => (
            doubt,
            "the server has had too many connections of this client; it may serve others"
                .to_owned(),
        ),
        Cause::Greylisted { .. } => (
            doubt,
            "the server wants this client to come again later".to_owned(),
        ),
        Cause::Blocklisted { list } => (doubt, blocklisted(list.as_deref())),
        Cause::Network(_) => (doubt, "the connection failed on the way".to_owned()),
        Cause::PolicyReject => (
            doubt,
            "the server refuses this client; it may serve others".to_owned(),
        ),
        // `reach.port` says that the port resets.
        Cause::Reset if *port == PortState::Reset => return None,
        Cause::Rejected => (
            failure,
            format!("the server says at {phase} that it takes no mail, from this client at least"),
        ),
        Cause::Closed | Cause::Reset => (
            failure,
            format!(
                "the server ends the connection at {phase} without a word, with this client at least"
            ),
        ),
        Cause::NotSmtp(resemblance) => (
            failure,
            format!("this is not SMTP: it looks like {resemblance}"),
        ),
        Cause::UnexpectedReply | Cause::Unreadable => (
            failure,
            format!("the server's reply at {phase} follows no rule, so no sender can go on"),
        ),
        Cause::TlsBroken(broken) if !is_of_all(broken) => (
            doubt,
            "the server ends the session inside TLS, which it need not do with others".to_owned(),
        ),
        Cause::TlsBroken(_) => (failure, "the server ends the session inside TLS".to_owned()),
        // `reach.port`, `smtp.starttls` and `tls.handshake` say these.
        Cause::NotConnected | Cause::PlaintextAfterStartTls | Cause::TlsFailed => return None,
        _ => (doubt, format!("the session stopped at {phase}")),
    })
}

/// Whether it ends so for all, or for nearly all: a client without a certificate is what nearly everyone is.
fn is_of_all(broken: &HandshakeFailure) -> bool {
    broken.is_conclusive() || broken.kind == HandshakeFailureKind::ClientCertificateRequired
}

fn blocklisted(list: Option<&str>) -> String {
    let list = list.map_or_else(String::new, |list| format!(" by {}", list.escape_debug()));
    format!("the server refuses this client, whose address is listed{list}; it may serve others")
}

/// Whether a stop is shown to be how the server treats everyone; a refusal of this client is not.
pub(super) fn is_shown(stop: &Stop) -> bool {
    matches!(
        stop.cause,
        Cause::Rejected
            | Cause::Closed
            | Cause::Reset
            | Cause::NotSmtp(_)
            | Cause::UnexpectedReply
            | Cause::Unreadable
    )
}

fn mend(cause: &Cause) -> &'static str {
    match cause {
        Cause::Timeout | Cause::Deadline => {
            "look again with a longer time; if it stays silent, look at what the server waits for, such as a DNS question about the client"
        }
        Cause::TemporarilyUnavailable => {
            "look again in some minutes, from the same address; a server may limit connections or greylist"
        }
        Cause::Tarpit { .. } | Cause::RateLimited => {
            "look again in an hour, from an address that the server knows, and seldom"
        }
        Cause::Greylisted { .. } => {
            "look again from the same address after half an hour, or after the time that the server names"
        }
        Cause::Rejected | Cause::Blocklisted { .. } | Cause::PolicyReject => {
            "read the reply: if it names this client's address or a list, look from elsewhere"
        }
        Cause::NotSmtp(_) => {
            "let the mail server listen here, or take the host out of the MX records"
        }
        Cause::TlsBroken(broken) if is_of_all(broken) => {
            "do not demand a client certificate of senders"
        }
        _ => "look into the server's log at the time of this run",
    }
}

#[cfg(test)]
mod tests {
    use smtp_probe::Resemblance;

    use super::*;
    use crate::rules::tests::{Scene, check};

    fn stopped(phase: Phase, cause: Cause) -> Scene {
        Scene::domain("d.test").stopped("a.test", "192.0.2.1:25", Stop::new(phase, cause))
    }

    #[test]
    fn not_now_and_silence_are_no_failures() {
        for cause in [
            Cause::Timeout,
            Cause::Deadline,
            Cause::TemporarilyUnavailable,
            Cause::RateLimited,
            Cause::Greylisted { retry_after: None },
            Cause::Tarpit {
                octets_per_minute: 60,
                longest_gap: std::time::Duration::from_secs(1),
            },
            Cause::Network("x".into()),
        ] {
            check(
                &RULE,
                &stopped(Phase::Greeting, cause),
                &[Outcome::Inconclusive],
            );
        }
    }

    /// What ends a session inside TLS may be what this client alone offers or lacks.
    #[test]
    fn an_end_inside_tls_is_shown_of_others_only_if_they_lack_the_same() {
        use tls_inspect::HandshakeFailureKind as Kind;

        for (kind, outcome) in [
            (
                Kind::ClientCertificateRequired,
                Outcome::Fail(Severity::Error),
            ),
            (Kind::AlertReceived, Outcome::Inconclusive),
            (Kind::PeerMisbehaved, Outcome::Inconclusive),
        ] {
            let cause = Cause::TlsBroken(HandshakeFailure::new(kind, "detail"));
            check(&RULE, &stopped(Phase::EhloInTls, cause), &[outcome]);
        }
    }

    #[test]
    fn refusals_and_nonsense_are() {
        let error = Outcome::Fail(Severity::Error);
        for cause in [
            Cause::Rejected,
            Cause::Closed,
            Cause::Reset,
            Cause::NotSmtp(Resemblance::Http),
            Cause::UnexpectedReply,
            Cause::Unreadable,
        ] {
            check(&RULE, &stopped(Phase::Greeting, cause), &[error]);
        }
    }

    #[test]
    fn a_refusal_of_this_client_says_nothing_of_others() {
        let list = Some("zen.example".to_owned());
        for cause in [Cause::PolicyReject, Cause::Blocklisted { list }] {
            check(
                &RULE,
                &stopped(Phase::Greeting, cause),
                &[Outcome::Inconclusive],
            );
        }
    }

    /// The other server may serve everyone else, so the first is not shown to be the last.
    #[test]
    fn a_sibling_that_refuses_this_client_is_not_a_dead_one() {
        let refusal = Stop::new(Phase::Greeting, Cause::PolicyReject);
        let scene =
            stopped(Phase::Greeting, Cause::Closed).stopped("b.test", "192.0.2.2:25", refusal);
        check(
            &RULE,
            &scene,
            &[Outcome::Fail(Severity::Warning), Outcome::Inconclusive],
        );
    }

    #[test]
    fn what_other_rules_say_is_not_said_twice() {
        for cause in [
            Cause::NotConnected,
            Cause::TlsFailed,
            Cause::PlaintextAfterStartTls,
        ] {
            check(&RULE, &stopped(Phase::Handshake, cause), &[]);
        }
    }

    #[test]
    fn one_of_two_hosts_costs_redundancy() {
        let scene = stopped(Phase::Greeting, Cause::Rejected).served("b.test", "192.0.2.2:25");
        check(
            &RULE,
            &scene,
            &[Outcome::Fail(Severity::Warning), Outcome::Pass],
        );
    }
}
