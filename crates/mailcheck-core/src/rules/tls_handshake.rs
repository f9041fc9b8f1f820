use tls_inspect::{FailureCause, HandshakeFailure, HandshakeFailureKind, HandshakeOutcome};

use super::explain;
use super::prelude::*;
use crate::ServiceFacts;

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
        let cause = proven(service);
        // A client without a certificate is what nearly everyone is.
        let is_shown = cause.is_some()
            || failure.is_conclusive()
            || failure.kind == HandshakeFailureKind::ClientCertificateRequired;
        let outcome = match is_shown {
            false => doubt,
            true if demands_tls => Outcome::Fail(Severity::Error),
            true => Outcome::Fail(Severity::Warning),
        };
        let effect = match (cause.is_some(), demands_tls) {
            (true, true) => "mail clients that offer the same as this one cannot connect",
            (true, false) => {
                "senders that offer the same as this client hold mail back, or deliver in the clear"
            }
            (false, true) => "mail clients cannot connect",
            (false, false) => "senders hold mail back, or deliver in the clear",
        };
        let message = match outcome {
            Outcome::Fail(_) => {
                let why = cause.as_deref().unwrap_or_else(|| reason(failure));
                format!("the TLS handshake fails ({why}): {effect}")
            }
            _ => format!(
                "the TLS handshake fails, and could not tell whether it does with others: {}",
                reason(failure)
            ),
        };
        let finding = Finding::new(&RULE, outcome, service.subject(), message)
            .evidence(failure.to_string())
            .evidence_lines(search(service))
            .see(explain::openssl(service));
        findings.push(match cause {
            // It says what to do.
            Some(_) => finding,
            None => finding.mend("offer TLS 1.2 or 1.3 with a key and certificate that fit each other, and look into the server's log"),
        });
    }
}

/// Why it fails, if that is proved of others as well. That a server wants a name is not: this run had none to say, and whoever
/// sends mail has one.
fn proven(service: &ServiceFacts) -> Option<String> {
    let report = service.causes.as_ref()?;
    let mut causes = report.causes.iter().map(|proven| &proven.cause);
    let wants_name = causes.all(|cause| *cause == FailureCause::ServerNameRequired);
    (report.is_conclusive() && !wants_name).then(|| report.to_string())
}

/// At which cost the cause was found, or what stood in the way.
fn search(service: &ServiceFacts) -> Option<String> {
    let report = service.causes.as_ref()?;
    let hellos = explain::counted(report.connections.len(), "more hello");
    match proven(service) {
        // The handshake itself told it.
        Some(_) if report.connections.is_empty() => None,
        Some(_) => Some(format!("the cause was found out by {hellos}")),
        None => Some(format!("{report} (looked for with {hellos})")),
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
    use tls_inspect::{Capture, ProtocolVersion};

    use super::*;
    use crate::rules::tests::{Scene, check};

    fn scene(port: u16, kind: HandshakeFailureKind) -> Scene {
        let mut failure = HandshakeFailure::new(kind, "detail");
        if kind == HandshakeFailureKind::NotTls {
            failure.received = b"220 mx\r\n".to_vec();
        }
        let outcome = HandshakeOutcome::Failed(failure);
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
            &scene(25, HandshakeFailureKind::NotTls),
            &[Outcome::Fail(Severity::Warning)],
        );
        check(
            &RULE,
            &scene(465, HandshakeFailureKind::NotTls),
            &[Outcome::Fail(Severity::Error)],
        );
    }

    /// What one client is refused, another may get.
    #[test]
    fn a_refusal_of_this_client_is_undecided_unless_its_cause_is_proved() {
        let refused = || scene(25, HandshakeFailureKind::AlertReceived);
        check(&RULE, &refused(), &[Outcome::Inconclusive]);
        let highest = ProtocolVersion::TLS_1_0;
        let old = refused().cause(FailureCause::OnlyOldVersions { highest });
        let found = check(&RULE, &old, &[Outcome::Fail(Severity::Warning)]);
        let why = "the server took TLSv1.0 and nothing above";
        assert!(found[0].message.contains(why), "{found:?}");
        let open = refused().cause(FailureCause::NotInHello);
        check(&RULE, &open, &[Outcome::Inconclusive]);
    }

    /// Which it may do to this client alone, for the connections that it made; and of an address no name can be said.
    #[test]
    fn a_server_that_does_so_to_this_client_at_least_is_undecided() {
        for cause in [
            FailureCause::DropsEveryHello,
            FailureCause::Silent,
            FailureCause::ServerNameRequired,
        ] {
            let dropped = scene(25, HandshakeFailureKind::PeerClosed).cause(cause);
            let found = check(&RULE, &dropped, &[Outcome::Inconclusive]);
            let said = found[0].evidence.last().expect("what was found");
            assert!(said.contains("offered"), "{found:?}");
        }
    }

    /// Who has other versions, another name or a certificate may get through.
    #[test]
    fn a_proved_cause_is_said_of_those_who_offer_the_same() {
        let refused = scene(25, HandshakeFailureKind::ClientCertificateRequired);
        let refused = refused.cause(FailureCause::ClientCertificateRequired);
        let found = check(&RULE, &refused, &[Outcome::Fail(Severity::Warning)]);
        let message = &found[0].message;
        assert!(message.contains("senders that offer the same"), "{message}");
        let evidence = found[0].evidence.join(" ");
        assert!(!evidence.contains("0 more"), "{evidence}");
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
