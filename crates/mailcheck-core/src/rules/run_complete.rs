use super::prelude::*;

/// Whether the run came to its end.
pub(super) static RULE: Rule = Rule {
    id: "run.complete",
    summary: "everything was looked at before the time was up",
    citation: "this project's own rule",
    requirement: Requirement::Advice,
    default_severity: Severity::Notice,
    axis: Axis::Route,
    since: "0.1.0",
    check,
};

fn check(case: &Case<'_>, findings: &mut Vec<Finding>) {
    if case.facts.unfinished.is_empty() {
        return;
    }
    let subject = Subject::from(&case.facts.target);
    findings.push(
        Finding::new(
            &RULE,
            Outcome::Inconclusive,
            subject,
            format!(
                "the time was up before everything was looked at: {}",
                case.facts.unfinished.join(", ")
            ),
        )
        .mend("look again with a longer time"),
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::tests::{Scene, check};

    #[test]
    fn what_was_left_undone_is_said() {
        check(&RULE, &Scene::domain("d.test"), &[]);
        check(
            &RULE,
            &Scene::domain("d.test").unfinished("lists"),
            &[Outcome::Inconclusive],
        );
    }
}
