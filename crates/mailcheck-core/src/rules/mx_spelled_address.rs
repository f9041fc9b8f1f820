use super::explain;
use super::prelude::*;

/// Whether an MX record holds an address in place of a name.
pub(super) static RULE: Rule = Rule {
    id: "mx.spelled-address",
    summary: "MX records hold names, not addresses",
    citation: "RFC 1035 §3.3.9, RFC 5321 §5.1",
    requirement: Requirement::Must,
    default_severity: Severity::Error,
    axis: Axis::Route,
    since: "0.1.0",
    check,
};

fn check(case: &Case<'_>, findings: &mut Vec<Finding>) {
    let Some(route) = case
        .facts
        .route
        .as_ref()
        .filter(|route| route.kind() == RouteKind::Mx)
    else {
        return;
    };
    for host in &route.hosts {
        if let Some(address) = host.spelled_address() {
            findings.push(
                Finding::new(
                    &RULE,
                    Outcome::Fail(Severity::Error),
                    Subject::Host(host.name.clone()),
                    "an MX record holds an address in place of a name: senders look the name up, and there is none",
                )
                .evidence_lines(route.mx.iter().map(ToString::to_string))
                .see(explain::dig(&route.domain, &["MX"]))
                .mend(format!("publish a name for {address} and point the MX record to it")),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::tests::{Scene, check};

    #[test]
    fn an_address_is_no_host_name() {
        let scene = Scene::domain("d.test").zone("d.test. 60 IN MX 5 192.0.2.1.");
        check(&RULE, &scene, &[Outcome::Fail(Severity::Error)]);
        check(
            &RULE,
            &Scene::domain("d.test").zone("d.test. 60 IN MX 5 mx.d.test."),
            &[],
        );
    }
}
