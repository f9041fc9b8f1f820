use super::explain;
use super::prelude::*;

/// Whether the domain exists.
pub(super) static RULE: Rule = Rule {
    id: "mx.domain",
    summary: "the domain exists in the DNS",
    citation: "RFC 5321 §5.1",
    requirement: Requirement::Must,
    default_severity: Severity::Error,
    axis: Axis::Route,
    since: "0.1.0",
    check,
};

fn check(case: &Case<'_>, findings: &mut Vec<Finding>) {
    let Some(route) = &case.facts.route else {
        return;
    };
    let subject = Subject::Domain(route.domain.clone());
    match route.kind() {
        RouteKind::NoDomain => findings.push(
            Finding::new(
                &RULE,
                Outcome::Fail(Severity::Error),
                subject,
                "the domain does not exist: mail to it is returned at once",
            )
            .evidence_lines(route.mx.iter().map(ToString::to_string))
            .see(explain::dig(&route.domain, &["MX"]))
            .mend("check the spelling; if the domain is yours, look at its registration and delegation"),
        ),
        RouteKind::Unknown => {}
        RouteKind::Mx | RouteKind::NullMx | RouteKind::Implicit => {
            findings.push(Finding::new(&RULE, Outcome::Pass, subject, "the domain exists"));
        }
    }
}

#[cfg(test)]
mod tests {
    use mail_dns::LookupErrorKind;

    use super::*;
    use crate::rules::tests::{Scene, check};

    #[test]
    fn only_nxdomain_says_so() {
        check(
            &RULE,
            &Scene::domain("d.test"),
            &[Outcome::Fail(Severity::Error)],
        );
        check(
            &RULE,
            &Scene::domain("d.test").zone("d.test. 60 IN TXT x"),
            &[Outcome::Pass],
        );
        let failing = Scene::domain("d.test").dns_failure("d.test", LookupErrorKind::ServFail);
        check(&RULE, &failing, &[]);
    }
}
