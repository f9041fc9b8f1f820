use tls_inspect::{IdentityMatch, ReferenceId};

use super::explain;
use super::prelude::*;

/// Whether the certificate names the host.
pub(super) static RULE: Rule = Rule {
    id: "cert.name",
    summary: "the certificate names the host it was asked for",
    citation: "RFC 9525 §6, RFC 8461 §4.2",
    requirement: Requirement::Must,
    default_severity: Severity::Warning,
    axis: Axis::Tls,
    since: "0.1.0",
    check,
};

fn check(case: &Case<'_>, findings: &mut Vec<Finding>) {
    for (service, assessment) in case.assessed() {
        // Only an address was given: there is no name to compare with.
        let ReferenceId::Dns(name) = &assessment.reference else {
            continue;
        };
        // Users may connect to an MX host by another name, unless this one was asked for.
        let demands_tls = service.role().demands_tls() && case.is_required(service);
        let fail = Outcome::Fail(if demands_tls {
            Severity::Error
        } else {
            Severity::Warning
        });
        let presented = match &assessment.identity {
            None => continue,
            Some(IdentityMatch::Matched { presented, .. }) => {
                let message = format!("the certificate names the host, as {presented}");
                findings.push(Finding::new(
                    &RULE,
                    Outcome::Pass,
                    service.subject(),
                    message,
                ));
                continue;
            }
            Some(IdentityMatch::NoMatch { presented, .. }) => presented.join(", "),
            Some(_) => "nobody in its subject alternative names".to_owned(),
        };
        let effect = if demands_tls {
            "mail clients refuse to connect".to_owned()
        } else if service.role().demands_tls() {
            "mail clients that connect by this name refuse to".to_owned()
        } else {
            explain::senders(case, service, "MTA-STS, DANE-TA")
        };
        let message = format!("the certificate is not for {}: {effect}", name.as_str());
        findings.push(
            Finding::new(&RULE, fail, service.subject(), message)
                .evidence(format!("it names {presented}"))
                .evidence_lines(explain::end_entity(assessment))
                .see(explain::openssl(service))
                .mend(mend(
                    name.as_str(),
                    !demands_tls && case.passes_dane(service),
                )),
        );
    }
}

/// A certificate that a TLSA record matches must not be replaced by one that none does.
fn mend(name: &str, passes_dane: bool) -> String {
    if passes_dane {
        return format!(
            "nothing, if the domain has no MTA-STS policy; if it has, get a certificate with the DNS name {name}, {}",
            explain::RECORD_FIRST
        );
    }
    format!("get a certificate with the DNS name {name}, or point to the host by a name it has")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_senders_with_dane_ignore_is_no_reason_to_break_their_records() {
        assert!(mend("a.test", false).starts_with("get a certificate with the DNS name a.test"));
        let advice = mend("a.test", true);
        assert!(
            advice.starts_with("nothing, if the domain has no MTA-STS policy"),
            "{advice}"
        );
        assert!(advice.contains("publish its TLSA record"), "{advice}");
    }
}
