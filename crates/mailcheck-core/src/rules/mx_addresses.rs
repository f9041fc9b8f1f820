use mail_dns::{HostAddresses, MailHost};

use super::explain;
use super::prelude::*;

/// Whether every host has an address.
pub(super) static RULE: Rule = Rule {
    id: "mx.addresses",
    summary: "every host that takes mail has an address",
    citation: "RFC 5321 §5.1",
    requirement: Requirement::Must,
    default_severity: Severity::Error,
    axis: Axis::Route,
    since: "0.1.0",
    check,
};

fn check(case: &Case<'_>, findings: &mut Vec<Finding>) {
    let facts = case.facts;
    if let Some(route) = &facts.route {
        let resolved = |host: &MailHost| host.addresses().next().is_some();
        let another = route.hosts.iter().any(resolved);
        for host in &route.hosts {
            if let Some(addresses) = &host.addresses {
                findings.push(judge(&host.name, addresses, another, route.kind()));
            }
        }
    }
    if let (Target::Host { name, .. }, Some(addresses)) = (&facts.target, &facts.host) {
        findings.push(judge(name, addresses, false, RouteKind::Mx));
    }
}

fn judge(name: &DomainName, addresses: &HostAddresses, another: bool, kind: RouteKind) -> Finding {
    let subject = Subject::Host(name.clone());
    let failure = addresses.failures().next();
    match (addresses.found().count(), failure) {
        (0, Some(error)) => explain::lookup_failure(
            Finding::new(
                &RULE,
                Outcome::Inconclusive,
                subject,
                format!("could not tell the host's addresses: {error}"),
            ),
            error,
        ),
        (0, None) => missing(subject, addresses, another, kind)
            .evidence_lines(addresses.conclusive().map(ToString::to_string))
            .see(format!("dig {name} A; dig {name} AAAA")),
        (_, Some(error)) => explain::lookup_failure(
            Finding::new(
                &RULE,
                Outcome::Inconclusive,
                subject,
                format!("could not tell all the host's addresses: {error}"),
            ),
            error,
        ),
        (count, None) => {
            let noun = if count == 1 { "address" } else { "addresses" };
            Finding::new(&RULE, Outcome::Pass, subject, format!("{count} {noun}"))
                .evidence_lines(addresses.conclusive().map(ToString::to_string))
        }
    }
}

fn missing(subject: Subject, addresses: &HostAddresses, another: bool, kind: RouteKind) -> Finding {
    if kind == RouteKind::Implicit {
        let message = "the domain has neither an MX record nor an address: mail to it is returned";
        return Finding::new(&RULE, Outcome::Fail(Severity::Error), subject, message).mend(
            "publish an MX record; if the domain takes no mail, say so by a null MX (`MX 0 .`, RFC 7505)",
        );
    }
    let what = if addresses.is_nxdomain() {
        "does not exist"
    } else {
        "has no address"
    };
    let (severity, effect) = if another {
        (Severity::Warning, "mail has one host less to go to")
    } else {
        (Severity::Error, "mail has nowhere to go")
    };
    Finding::new(
        &RULE,
        Outcome::Fail(severity),
        subject,
        format!("the host {what}: {effect}"),
    )
    .mend("correct the name in the MX record, or publish the host's address")
}

#[cfg(test)]
mod tests {
    use mail_dns::LookupErrorKind;

    use super::*;
    use crate::rules::tests::{Scene, check};

    const TWO: &str = "d.test. 60 IN MX 5 a.d.test.\nd.test. 60 IN MX 9 b.d.test.\n";

    #[test]
    fn one_dangling_host_of_two_is_a_warning() {
        let scene = Scene::domain("d.test").zone(&format!("{TWO}b.d.test. 60 IN A 192.0.2.2"));
        check(
            &RULE,
            &scene,
            &[Outcome::Fail(Severity::Warning), Outcome::Pass],
        );
    }

    #[test]
    fn none_left_is_an_error() {
        let error = Outcome::Fail(Severity::Error);
        check(&RULE, &Scene::domain("d.test").zone(TWO), &[error, error]);
        check(
            &RULE,
            &Scene::domain("d.test").zone("d.test. 60 IN TXT x"),
            &[error],
        );
    }

    #[test]
    fn a_failed_question_is_not_a_missing_address() {
        let scene = Scene::domain("d.test")
            .zone(&format!("{TWO}b.d.test. 60 IN A 192.0.2.2"))
            .dns_failure("a.d.test", LookupErrorKind::Timeout);
        check(&RULE, &scene, &[Outcome::Inconclusive, Outcome::Pass]);
    }

    #[test]
    fn a_host_by_name_needs_an_address_too() {
        check(
            &RULE,
            &Scene::host("h.test", 587),
            &[Outcome::Fail(Severity::Error)],
        );
        let scene = Scene::host("h.test", 587).zone("h.test. 60 IN A 192.0.2.2");
        check(&RULE, &scene, &[Outcome::Pass]);
    }
}
