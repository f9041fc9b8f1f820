use super::explain;
use super::prelude::*;

/// Whether an MX record points to an alias.
pub(super) static RULE: Rule = Rule {
    id: "mx.alias",
    summary: "no MX record points to an alias",
    citation: "RFC 2181 §10.3, RFC 5321 §5.1",
    requirement: Requirement::Must,
    default_severity: Severity::Warning,
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
        let Some(target) = host
            .addresses
            .as_ref()
            .and_then(|addresses| addresses.alias_of())
        else {
            continue;
        };
        let name = &host.name;
        findings.push(
            Finding::new(
                &RULE,
                Outcome::Fail(Severity::Warning),
                Subject::Host(name.clone()),
                "an MX record points to an alias (CNAME): most senders follow it, some refuse",
            )
            .evidence(format!("{name} is an alias of {target}"))
            .see(explain::dig(name, &["CNAME"]))
            .mend(format!(
                "point the MX record to `{target}.`, or give `{name}.` addresses of its own"
            )),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::tests::{Scene, check};

    #[test]
    fn an_alias_is_seen_with_its_target() {
        let scene = Scene::domain("d.test").zone(
            "d.test. 60 IN MX 5 a.d.test.\na.d.test. 60 IN CNAME b.d.test.\nb.d.test. 60 IN A 192.0.2.1",
        );
        check(&RULE, &scene, &[Outcome::Fail(Severity::Warning)]);
    }

    #[test]
    fn a_domain_that_is_an_alias_itself_is_another_thing() {
        let scene =
            Scene::domain("d.test").zone("d.test. 60 IN CNAME e.test.\ne.test. 60 IN A 192.0.2.1");
        check(&RULE, &scene, &[]);
    }
}
