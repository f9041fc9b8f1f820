use super::explain;
use super::prelude::*;

/// Whether the DNS said where the mail goes.
pub(super) static RULE: Rule = Rule {
    id: "mx.answer",
    summary: "the question for the domain's MX records is answered",
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
    findings.push(match &route.mx {
        Ok(answer) => Finding::new(
            &RULE,
            Outcome::Pass,
            subject,
            "the DNS says where mail goes",
        )
        .evidence(answer.to_string()),
        Err(error) => explain::lookup_failure(
            Finding::new(
                &RULE,
                Outcome::Inconclusive,
                subject,
                format!("could not tell where mail goes: {error}"),
            ),
            error,
        ),
    });
}

#[cfg(test)]
mod tests {
    use mail_dns::LookupErrorKind;

    use super::*;
    use crate::rules::tests::{Scene, check};

    #[test]
    fn a_failure_is_never_called_absence() {
        for kind in [
            LookupErrorKind::Timeout,
            LookupErrorKind::ServFail,
            LookupErrorKind::Refused,
            LookupErrorKind::Bogus,
            LookupErrorKind::Unreachable,
        ] {
            let scene = Scene::domain("d.test").dns_failure("d.test", kind);
            check(&RULE, &scene, &[Outcome::Inconclusive]);
        }
    }

    #[test]
    fn any_conclusive_answer_will_do() {
        check(
            &RULE,
            &Scene::domain("d.test").zone("d.test. 60 IN MX 0 ."),
            &[Outcome::Pass],
        );
        check(&RULE, &Scene::domain("d.test"), &[Outcome::Pass]);
    }
}
