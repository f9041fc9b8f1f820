use std::net::SocketAddr;

use smtp_probe::{LocalFault, PortState};

use super::prelude::*;
use crate::{NotProbed, ProbeResult, ServiceFacts};

/// Whether a port answers.
pub(super) static RULE: Rule = Rule {
    id: "reach.port",
    summary: "the port accepts connections",
    citation: "RFC 5321 §4.5.4.2, RFC 8314 §3.3",
    requirement: Requirement::Should,
    default_severity: Severity::Error,
    axis: Axis::Reach,
    since: "0.1.0",
    check,
};

fn check(case: &Case<'_>, findings: &mut Vec<Finding>) {
    for service in &case.facts.services {
        let required = case.is_required(service);
        findings.push(match &service.probe {
            ProbeResult::Observed(observation) => judge(case, service, &observation.port, required),
            ProbeResult::NotProbed(reason) => not_probed(service, *reason, required),
        });
    }
}

fn judge(case: &Case<'_>, service: &ServiceFacts, state: &PortState, required: bool) -> Finding {
    let finding =
        |outcome, message: String| Finding::new(&RULE, outcome, service.subject(), message);
    let shown = match state {
        PortState::Open => return finding(Outcome::Pass, "the port answers".to_owned()),
        PortState::Refused | PortState::Reset | PortState::Unreachable(_) => {
            let outcome = Outcome::Fail(severity(case, service, required));
            finding(
                outcome,
                format!("{state}: {}", effect(case, service, required)),
            )
        }
        PortState::Filtered if !required => finding(
            Outcome::Unchecked,
            "no answer: nothing may listen there, or something drops the packets".to_owned(),
        ),
        PortState::Filtered if case.others_are_heard(service) => {
            let outcome = Outcome::Fail(severity(case, service, required));
            let effect = effect(case, service, required);
            finding(
                outcome,
                format!("no answer, though other addresses answer on this port: {effect}"),
            )
        }
        PortState::Filtered => finding(
            Outcome::Inconclusive,
            "no answer: the host is down, or a firewall there or on this side drops the packets"
                .to_owned(),
        ),
        PortState::CouldNotTell(LocalFault::NoRoute) if has_sibling(case, service) => {
            let family = if service.address.is_ipv4() {
                "IPv4"
            } else {
                "IPv6"
            };
            finding(
                Outcome::Unchecked,
                format!("not looked at: this machine has no {family} route"),
            )
        }
        other => finding(
            if required {
                Outcome::Inconclusive
            } else {
                Outcome::Unchecked
            },
            format!("could not tell: {other}"),
        ),
    };
    let shown = shown
        .evidence(format!("TCP connection to {}: {state}", service.address))
        .see(see(service.address));
    if required {
        shown.mend(mend(state))
    } else {
        shown
    }
}

fn not_probed(service: &ServiceFacts, reason: NotProbed, required: bool) -> Finding {
    let outcome = if required {
        Outcome::Inconclusive
    } else {
        Outcome::Unchecked
    };
    let message = format!("not looked at: {reason}");
    Finding::new(&RULE, outcome, service.subject(), message)
}

/// One of several addresses that is down costs redundancy; the last one costs mail. As long as the others are unknown, it is not
/// shown to be the last.
fn severity(case: &Case<'_>, service: &ServiceFacts, required: bool) -> Severity {
    match case.others_answer(service) {
        _ if !required => Severity::Info,
        Others::DoNot => Severity::Error,
        Others::Serve | Others::Unknown => Severity::Warning,
    }
}

fn effect(case: &Case<'_>, service: &ServiceFacts, required: bool) -> &'static str {
    match case.others_answer(service) {
        _ if !required => "nothing is served there, which is fine if it is served elsewhere",
        Others::Serve => "mail has one address less to go to",
        Others::Unknown => "nothing is accepted at this address",
        Others::DoNot if service.role().demands_tls() => "users cannot send",
        Others::DoNot => "mail is not accepted",
    }
}

/// Whether the same host was looked at on this port by another address, with a result.
fn has_sibling(case: &Case<'_>, service: &ServiceFacts) -> bool {
    case.facts.services.iter().any(|other| {
        other.host == service.host
            && other.address.port() == service.address.port()
            && other
                .observation()
                .is_some_and(|observation| !matches!(observation.port, PortState::CouldNotTell(_)))
    })
}

fn see(address: SocketAddr) -> String {
    format!("nc -vz -w 10 {} {}", address.ip(), address.port())
}

fn mend(state: &PortState) -> &'static str {
    match state {
        PortState::Refused => "start the mail server, or let it listen on this address and port",
        PortState::Reset => {
            "look at what resets connections there: a balancer with nothing behind it, or a list of addresses that may connect"
        }
        PortState::Unreachable(_) => {
            "look at the host's routing, or withdraw the address from the DNS"
        }
        PortState::Filtered => {
            "try from another network: many block port 25 outwards; then look at the host and its firewall"
        }
        _ => "this is a fault on this side: look again when it is mended",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::tests::{Scene, check};

    const ERROR: Outcome = Outcome::Fail(Severity::Error);
    const WARNING: Outcome = Outcome::Fail(Severity::Warning);

    #[test]
    fn refused_is_a_proof() {
        let scene = Scene::domain("d.test").port("a.test", "192.0.2.1:25", PortState::Refused);
        check(&RULE, &scene, &[ERROR]);
    }

    #[test]
    fn silence_is_none() {
        let scene = Scene::domain("d.test").port("a.test", "192.0.2.1:25", PortState::Filtered);
        check(&RULE, &scene, &[Outcome::Inconclusive]);
    }

    #[test]
    fn silence_where_others_answer_is_one() {
        let scene = Scene::domain("d.test")
            .port("a.test", "192.0.2.1:25", PortState::Filtered)
            .port("b.test", "192.0.2.2:25", PortState::Open);
        check(&RULE, &scene, &[WARNING, Outcome::Pass]);
        let scene = Scene::domain("d.test")
            .port("a.test", "192.0.2.1:25", PortState::Filtered)
            .port("b.test", "192.0.2.2:25", PortState::Refused);
        check(&RULE, &scene, &[ERROR, ERROR]);
    }

    #[test]
    fn another_port_of_the_same_host_proves_nothing_of_port_25() {
        let scene = Scene::domain("d.test")
            .port("a.test", "192.0.2.1:25", PortState::Filtered)
            .port("a.test", "192.0.2.1:587", PortState::Open);
        check(&RULE, &scene, &[Outcome::Inconclusive, Outcome::Pass]);
    }

    #[test]
    fn one_host_down_of_two_costs_redundancy() {
        let scene = Scene::domain("d.test")
            .port("a.test", "192.0.2.1:25", PortState::Refused)
            .port("b.test", "192.0.2.2:25", PortState::Open);
        check(&RULE, &scene, &[WARNING, Outcome::Pass]);
    }

    #[test]
    fn an_unknown_sibling_is_not_a_dead_one() {
        let scene = Scene::domain("d.test")
            .port("a.test", "192.0.2.1:25", PortState::Refused)
            .port(
                "b.test",
                "192.0.2.2:25",
                PortState::CouldNotTell(LocalFault::NotPermitted("x".into())),
            );
        check(&RULE, &scene, &[WARNING, Outcome::Inconclusive]);
        let scene = Scene::domain("d.test")
            .port("a.test", "192.0.2.1:25", PortState::Refused)
            .not_probed("192.0.2.2:25", NotProbed::Deadline);
        check(&RULE, &scene, &[WARNING, Outcome::Inconclusive]);
    }

    #[test]
    fn a_port_that_need_not_answer_fails_nothing() {
        let scene = Scene::domain("d.test")
            .port("a.test", "192.0.2.1:587", PortState::Refused)
            .port("a.test", "192.0.2.1:465", PortState::Filtered);
        check(
            &RULE,
            &scene,
            &[Outcome::Fail(Severity::Info), Outcome::Unchecked],
        );
    }

    #[test]
    fn a_fault_of_this_side_is_not_the_hosts() {
        let full = PortState::CouldNotTell(LocalFault::Resources("too many open files".into()));
        let scene = Scene::domain("d.test").port("a.test", "192.0.2.1:25", full);
        check(&RULE, &scene, &[Outcome::Inconclusive]);
    }

    #[test]
    fn item_82_a_machine_without_ipv6_still_passes_a_host_with_both() {
        let no_route = || PortState::CouldNotTell(LocalFault::NoRoute);
        let scene = Scene::domain("d.test")
            .port("a.test", "192.0.2.1:25", PortState::Open)
            .port("a.test", "[2001:db8::1]:25", no_route());
        check(&RULE, &scene, &[Outcome::Pass, Outcome::Unchecked]);
        let scene = Scene::domain("d.test").port("a.test", "[2001:db8::1]:25", no_route());
        check(&RULE, &scene, &[Outcome::Inconclusive]);
    }

    #[test]
    fn what_was_not_looked_at_is_not_judged() {
        let scene = Scene::domain("d.test").not_probed("192.0.2.1:25", NotProbed::Deadline);
        check(&RULE, &scene, &[Outcome::Inconclusive]);
    }
}
