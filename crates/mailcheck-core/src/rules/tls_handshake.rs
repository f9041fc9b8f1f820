use tls_inspect::{HandshakeFailure, HandshakeFailureKind, HandshakeOutcome};

use super::explain;
use super::prelude::*;

/// Whether the TLS handshake goes through.
pub(super) static RULE: Rule = Rule {
    id: "tls.handshake",
    summary: "the TLS handshake goes through",
    citation: "RFC 9325 §3.1, RFC 3207 §4.1",
    requirement: Requirement::Must,
    default_severity: Severity::Error,
    axis: Axis::Tls,
    since: "0.1.0",
    check,
};

fn check(case: &Case<'_>, findings: &mut Vec<Finding>) {
    for service in &case.facts.services {
        let Some(capture) = service.observation().and_then(|seen| seen.tls.as_ref()) else {
            continue;
        };
        let HandshakeOutcome::Failed(failure) = &capture.outcome else {
            let version = capture
                .version
                .map(|version| version.to_string())
                .unwrap_or_default();
            findings.push(Finding::new(
                &RULE,
                Outcome::Pass,
                service.subject(),
                version,
            ));
            continue;
        };
        let demands_tls = service.role().demands_tls();
        let required = case.is_required(service);
        let doubt = if required {
            Outcome::Inconclusive
        } else {
            Outcome::Unchecked
        };
        let outcome = match failure.kind {
            // The first says nothing of what would have come; the others may be this side's fault.
            HandshakeFailureKind::Timeout
            | HandshakeFailureKind::Io
            | HandshakeFailureKind::TooLong
            | HandshakeFailureKind::Unsupported => doubt,
            _ if demands_tls => Outcome::Fail(Severity::Error),
            _ => Outcome::Fail(Severity::Warning),
        };
        let effect = if demands_tls {
            "mail clients cannot connect"
        } else {
            "senders hold mail back, or deliver in the clear"
        };
        let message = match outcome {
            Outcome::Fail(_) => format!("the TLS handshake fails ({}): {effect}", reason(failure)),
            _ => format!("could not tell whether TLS works: {}", reason(failure)),
        };
        findings.push(
            Finding::new(&RULE, outcome, service.subject(), message)
                .evidence(failure.to_string())
                .see(explain::openssl(service))
                .mend("offer TLS 1.2 or 1.3 with a key and certificate that fit each other, and look into the server's log"),
        );
    }
}

fn reason(failure: &HandshakeFailure) -> &'static str {
    match failure.kind {
        HandshakeFailureKind::AlertReceived => "the server sends an alert",
        HandshakeFailureKind::PeerClosed => "the server closes the connection",
        HandshakeFailureKind::Reset => "the connection is reset",
        HandshakeFailureKind::NotTls => "the server speaks in the clear",
        HandshakeFailureKind::Timeout => "it does not end in time",
        HandshakeFailureKind::PeerMisbehaved => "the server breaks the protocol",
        HandshakeFailureKind::Unsupported => "there is no version or cipher in common",
        HandshakeFailureKind::TooLong => "the server sends more than is read here",
        HandshakeFailureKind::ClientCertificateRequired => {
            "the server demands a client certificate"
        }
        _ => "the connection fails",
    }
}

#[cfg(test)]
mod tests {
    use tls_inspect::Capture;

    use super::*;
    use crate::rules::tests::{Scene, check};

    fn scene(port: u16, kind: HandshakeFailureKind) -> Scene {
        let outcome = HandshakeOutcome::Failed(HandshakeFailure::new(kind, "detail"));
        Scene::domain("d.test").tls(
            "a.test",
            &format!("192.0.2.1:{port}"),
            Capture::new(outcome),
        )
    }

    #[test]
    fn a_failed_handshake_fails_where_tls_is_demanded() {
        check(
            &RULE,
            &scene(25, HandshakeFailureKind::AlertReceived),
            &[Outcome::Fail(Severity::Warning)],
        );
        check(
            &RULE,
            &scene(465, HandshakeFailureKind::NotTls),
            &[Outcome::Fail(Severity::Error)],
        );
    }

    #[test]
    fn one_that_is_too_long_for_this_side_is_undecided() {
        check(
            &RULE,
            &scene(25, HandshakeFailureKind::TooLong),
            &[Outcome::Inconclusive],
        );
    }

    #[test]
    fn one_that_takes_too_long_is_undecided() {
        check(
            &RULE,
            &scene(25, HandshakeFailureKind::Timeout),
            &[Outcome::Inconclusive],
        );
        check(
            &RULE,
            &scene(465, HandshakeFailureKind::Timeout),
            &[Outcome::Unchecked],
        );
    }
}
