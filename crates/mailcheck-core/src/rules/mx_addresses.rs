use mail_dns::{HostAddresses, MailHost, MailRoute};

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
        for host in &route.hosts {
            if let Some(addresses) = &host.addresses {
                let effect = effect(route, host);
                findings.push(judge(&host.name, addresses, effect));
            }
        }
        if !route.unresolved.is_empty() {
            let message = format!(
                "{} more mail hosts were not asked about",
                route.unresolved.len()
            );
            let subject = Subject::Domain(route.domain.clone());
            findings.push(Finding::new(&RULE, Outcome::Unchecked, subject, message));
        }
    }
    if let (Target::Host { name, .. }, Some(addresses)) = (&facts.target, &facts.host) {
        findings.push(judge(name, addresses, Effect::Unreachable));
    }
}

/// What it costs that a host has no address.
#[derive(Clone, Copy)]
enum Effect {
    /// The host itself was asked for.
    Unreachable,
    /// The domain has no mail host but itself.
    NoMail,
    /// No other host has one.
    Nowhere,
    /// Another host has one.
    OneLess,
    /// Whether another host has one is not known.
    Perhaps,
}

fn effect(route: &MailRoute, host: &MailHost) -> Effect {
    let others = || route.hosts.iter().filter(|other| other.name != host.name);
    let known = |other: &MailHost| {
        other
            .addresses
            .as_ref()
            .is_none_or(HostAddresses::is_proved_empty)
    };
    if route.kind() == RouteKind::Implicit {
        Effect::NoMail
    } else if others().any(|other| other.addresses().next().is_some()) {
        Effect::OneLess
    } else if route.unresolved.is_empty() && others().all(known) {
        Effect::Nowhere
    } else {
        Effect::Perhaps
    }
}

fn judge(name: &DomainName, addresses: &HostAddresses, effect: Effect) -> Finding {
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
        (0, None) => missing(subject, addresses, effect)
            .evidence_lines(addresses.conclusive().map(ToString::to_string))
            .see(explain::dig(name, &["A", "AAAA"])),
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

fn missing(subject: Subject, addresses: &HostAddresses, effect: Effect) -> Finding {
    let what = if addresses.is_nxdomain() {
        "does not exist"
    } else {
        "has no address"
    };
    let record = "correct the name in the MX record, or publish the host's address";
    let (severity, message, mend) = match effect {
        Effect::NoMail => (
            Severity::Error,
            "the domain has neither an MX record nor an address: mail to it is returned".to_owned(),
            "publish an MX record; if the domain takes no mail, say so by a null MX (`MX 0 .`, RFC 7505)",
        ),
        Effect::Unreachable => (
            Severity::Error,
            format!("the host {what}: nobody can connect to it by this name"),
            "check the spelling, or publish the host's address",
        ),
        Effect::Nowhere => (
            Severity::Error,
            format!("the host {what}: mail has nowhere to go"),
            record,
        ),
        Effect::OneLess => (
            Severity::Warning,
            format!("the host {what}: mail has one host less to go to"),
            record,
        ),
        Effect::Perhaps => (
            Severity::Warning,
            format!("the host {what}: mail cannot go to it"),
            record,
        ),
    };
    Finding::new(&RULE, Outcome::Fail(severity), subject, message).mend(mend)
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
    fn an_unknown_host_is_not_one_without_address() {
        let scene = Scene::domain("d.test")
            .zone(TWO)
            .dns_failure("a.d.test", LookupErrorKind::ServFail);
        check(
            &RULE,
            &scene,
            &[Outcome::Inconclusive, Outcome::Fail(Severity::Warning)],
        );
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
