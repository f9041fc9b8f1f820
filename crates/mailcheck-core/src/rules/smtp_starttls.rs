use smtp_probe::StartTls;

use super::explain;
use super::prelude::*;
use crate::ServiceFacts;

/// Whether TLS can be had on a port that begins in the clear.
pub(super) static RULE: Rule = Rule {
    id: "smtp.starttls",
    summary: "STARTTLS is offered, accepted, and followed by nothing in the clear",
    citation: "RFC 3207 §4, §6; RFC 8314 §5.2; RFC 9325 §3.2",
    requirement: Requirement::Should,
    default_severity: Severity::Warning,
    axis: Axis::Smtp,
    since: "0.1.0",
    check,
};

fn check(case: &Case<'_>, findings: &mut Vec<Finding>) {
    for service in &case.facts.services {
        let Some(observation) = service.observation() else {
            continue;
        };
        let demands_tls = service.role().demands_tls();
        let severity = if demands_tls {
            Severity::Error
        } else {
            Severity::Warning
        };
        let (outcome, message, mend) = match &observation.starttls {
            // Could not tell, and the rule about the session says why; or TLS came first.
            StartTls::NotReached | StartTls::NotAsked | StartTls::Unanswered => continue,
            StartTls::NoExtensions | StartTls::Unclear => (
                if case.is_required(service) { Outcome::Inconclusive } else { Outcome::Unchecked },
                "could not tell whether STARTTLS is offered: the server gave no list of extensions that can be trusted".to_owned(),
                "say a proper name in EHLO (`--ehlo`); then look into the server's log at the time of this run",
            ),
            StartTls::Accepted => (Outcome::Pass, "STARTTLS is offered and accepted".to_owned(), ""),
            StartTls::AcceptedThoughNotOffered => (
                Outcome::Fail(severity),
                format!("STARTTLS is not offered, and accepted all the same: something on the way takes the offer out; {}", effect(service)),
                "look for a firewall that rewrites SMTP, on the way to the server or near this machine",
            ),
            StartTls::NotOffered => (
                Outcome::Fail(severity),
                format!("STARTTLS is not offered: {}", effect(service)),
                "give the server a certificate and turn STARTTLS on; if it is on, look for a firewall that rewrites SMTP",
            ),
            StartTls::Refused(reply) => (
                Outcome::Fail(severity),
                format!("STARTTLS is offered, and refused with {}: {}", reply.code(), effect(service)),
                "look into the server's log: most often it cannot read its certificate or key",
            ),
            StartTls::PlaintextInjected(_) => (
                Outcome::Fail(Severity::Error),
                "text in the clear follows the reply to STARTTLS: someone on the way could speak inside the TLS session of careless senders".to_owned(),
                "update the server; if it is clean, someone on the way injects text",
            ),
            _ => continue,
        };
        let mut finding = Finding::new(&RULE, outcome, service.subject(), message);
        if outcome != Outcome::Pass {
            finding = finding
                .evidence_lines(
                    observation
                        .transcript
                        .to_string()
                        .lines()
                        .take(16)
                        .map(str::to_owned),
                )
                .see(explain::openssl(service))
                .mend(mend);
        }
        findings.push(finding);
    }
}

fn effect(service: &ServiceFacts) -> &'static str {
    if service.role().demands_tls() {
        "mail clients refuse to send passwords"
    } else {
        "mail travels in the clear, and senders that demand TLS hold it back"
    }
}

#[cfg(test)]
mod tests {
    use smtp_probe::{Cause, Phase, Reply, Stop};

    use super::*;
    use crate::rules::tests::{Scene, check};

    fn scene(port: u16, starttls: StartTls) -> Scene {
        Scene::domain("d.test").starttls("a.test", &format!("192.0.2.1:{port}"), starttls)
    }

    #[test]
    fn in_the_clear_a_relay_is_warned_of_and_a_submission_port_fails() {
        check(
            &RULE,
            &scene(25, StartTls::NotOffered),
            &[Outcome::Fail(Severity::Warning)],
        );
        check(
            &RULE,
            &scene(587, StartTls::NotOffered),
            &[Outcome::Fail(Severity::Error)],
        );
        let refused = StartTls::Refused(Reply::parse(b"454 4.7.0 no\r\n").expect("a reply"));
        check(
            &RULE,
            &scene(25, refused),
            &[Outcome::Fail(Severity::Warning)],
        );
    }

    #[test]
    fn an_injection_is_an_error_everywhere() {
        let injected = StartTls::PlaintextInjected(b"250 evil\r\n".to_vec());
        check(
            &RULE,
            &scene(25, injected),
            &[Outcome::Fail(Severity::Error)],
        );
    }

    #[test]
    fn a_server_in_trouble_is_not_one_without_starttls() {
        let stop = Stop::new(Phase::Greeting, Cause::TemporarilyUnavailable);
        let scene = Scene::domain("d.test").stopped("a.test", "192.0.2.1:25", stop);
        check(&RULE, &scene, &[]);
    }

    #[test]
    fn accepted_passes_and_implicit_tls_needs_none() {
        check(&RULE, &scene(25, StartTls::Accepted), &[Outcome::Pass]);
        check(&RULE, &scene(465, StartTls::NotAsked), &[]);
    }
}
