use mail_dns::AddressScope;

use super::prelude::*;

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
    for host in &route.hosts {
        for address in host.addresses() {
            let scope = AddressScope::of(address);
            // Documentation addresses are on no network: seen in examples and test beds only.
            if matches!(scope, AddressScope::Global | AddressScope::Documentation) {
                continue;
            }
            let name = &host.name;
            findings.push(
                Finding::new(
                    &RULE,
                    Outcome::Fail(Severity::Error),
                    Subject::Host(name.clone()),
                    format!("{address} is a {scope} address: no sender outside reaches it"),
                )
                .evidence(format!("{name} has the address {address}"))
                .see(format!(
                    "dig {name} {}",
                    if address.is_ipv4() { "A" } else { "AAAA" }
                ))
                .mend("publish the address under which the host is reached from outside"),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::tests::{Scene, check};

    #[test]
    fn each_private_address_is_named() {
        let scene = Scene::domain("d.test").zone(
            "d.test. 60 IN MX 5 a.d.test.\na.d.test. 60 IN A 10.0.0.1\na.d.test. 60 IN A 127.0.0.1\na.d.test. 60 IN A 9.9.9.9",
        );
        let error = Outcome::Fail(Severity::Error);
        check(&RULE, &scene, &[error, error]);
    }
}
