use super::explain;
use super::prelude::*;

/// Whether the domain declines mail by a null MX.
pub(super) static RULE: Rule = Rule {
    id: "mx.null",
    summary: "a null MX is alone and meant",
    citation: "RFC 7505 §3",
    requirement: Requirement::Must,
    default_severity: Severity::Info,
    axis: Axis::Route,
    since: "0.1.0",
    check,
};

fn check(case: &Case<'_>, findings: &mut Vec<Finding>) {
    let Some(route) = &case.facts.route else {
        return;
    };
    let subject = Subject::Domain(route.domain.clone());
    let see = explain::dig(&route.domain, &["MX"]);
    if route.kind() == RouteKind::NullMx {
        findings.push(
            Finding::new(
                &RULE,
                Outcome::Fail(Severity::Info),
                subject,
                "the domain says that it takes no mail (null MX): nothing else is expected of it",
            )
            .evidence_lines(route.mx.iter().map(ToString::to_string))
            .see(see),
        );
    } else if route.hosts.iter().any(|host| host.name.is_root()) {
        findings.push(
            Finding::new(
                &RULE,
                Outcome::Fail(Severity::Error),
                subject,
                "a null MX stands beside other MX records: some senders return the mail, others deliver it",
            )
            .evidence_lines(route.mx.iter().map(ToString::to_string))
            .see(see)
            .mend("remove the record `MX 0 .`, or all the others"),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::tests::{Scene, check};

    #[test]
    fn alone_it_is_the_domains_own_word() {
        let scene = Scene::domain("d.test").zone("d.test. 60 IN MX 0 .");
        check(&RULE, &scene, &[Outcome::Fail(Severity::Info)]);
    }

    #[test]
    fn beside_others_it_is_an_error() {
        let scene =
            Scene::domain("d.test").zone("d.test. 60 IN MX 0 .\nd.test. 60 IN MX 5 mx.d.test.");
        check(&RULE, &scene, &[Outcome::Fail(Severity::Error)]);
    }

    #[test]
    fn elsewhere_there_is_nothing_to_say() {
        check(
            &RULE,
            &Scene::domain("d.test").zone("d.test. 60 IN MX 5 mx.d.test."),
            &[],
        );
        check(&RULE, &Scene::domain("d.test"), &[]);
    }
}
