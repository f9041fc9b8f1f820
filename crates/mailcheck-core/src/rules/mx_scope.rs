use std::net::IpAddr;

use mail_dns::{AddressScope, MailHost};

use super::explain;
use super::prelude::*;
use crate::{NotProbed, ProbeResult};

/// Whether the hosts' addresses are global ones.
pub(super) static RULE: Rule = Rule {
    id: "mx.scope",
    summary: "hosts that take mail have global addresses",
    citation: "RFC 6890 §2.2.1",
    requirement: Requirement::Advice,
    default_severity: Severity::Error,
    axis: Axis::Route,
    since: "0.1.0",
    check,
};

fn check(case: &Case<'_>, findings: &mut Vec<Finding>) {
    let Some(route) = &case.facts.route else {
        return;
    };
    let global = |address: &IpAddr| AddressScope::of(*address) == AddressScope::Global;
    let another = route
        .hosts
        .iter()
        .flat_map(MailHost::addresses)
        .any(|address| global(&address));
    for host in &route.hosts {
        // An address that was not refused for its scope was allowed by the caller, who knows the network.
        let special: Vec<_> = host
            .addresses()
            .filter(|address| !global(address) && !was_allowed(case, *address))
            .collect();
        let Some(first) = special.first() else {
            continue;
        };
        let severity = if another {
            Severity::Warning
        } else {
            Severity::Error
        };
        let scope = AddressScope::of(*first);
        let more = if special.len() > 1 {
            format!(" (and {} more)", special.len() - 1)
        } else {
            String::new()
        };
        findings.push(
            Finding::new(
                &RULE,
                Outcome::Fail(severity),
                Subject::Host(host.name.clone()),
                format!("{first} is a {scope} address: no sender outside reaches it{more}"),
            )
            .evidence_lines(
                special
                    .iter()
                    .take(5)
                    .map(|address| format!("{} has the address {address}", host.name)),
            )
            .see(explain::dig(&host.name, &["A", "AAAA"]))
            .mend("publish the address under which the host is reached from outside"),
        );
    }
}

fn was_allowed(case: &Case<'_>, address: IpAddr) -> bool {
    let mut at = case
        .facts
        .services
        .iter()
        .filter(|service| service.address.ip() == address);
    at.any(|service| !matches!(service.probe, ProbeResult::NotProbed(NotProbed::Scope(_))))
}

#[cfg(test)]
mod tests {
    use smtp_probe::PortState;

    use super::*;
    use crate::rules::tests::{Scene, check};

    #[test]
    fn private_addresses_are_named_once_a_host() {
        let zone = "d.test. 60 IN MX 5 a.d.test.\na.d.test. 60 IN A 10.0.0.1\na.d.test. 60 IN A 127.0.0.1\n";
        check(
            &RULE,
            &Scene::domain("d.test").zone(zone),
            &[Outcome::Fail(Severity::Error)],
        );
        let scene = Scene::domain("d.test")
            .zone(zone)
            .zone("a.d.test. 60 IN A 9.9.9.9");
        check(&RULE, &scene, &[Outcome::Fail(Severity::Warning)]);
    }

    #[test]
    fn what_the_caller_allowed_is_no_fault() {
        let scene = Scene::domain("d.test")
            .zone("d.test. 60 IN MX 5 a.d.test.\na.d.test. 60 IN A 10.0.0.1")
            .port("a.d.test", "10.0.0.1:25", PortState::Open);
        check(&RULE, &scene, &[]);
    }
}
