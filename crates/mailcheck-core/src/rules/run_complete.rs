use super::prelude::*;

/// Whether the run came to its end.
pub(super) static RULE: Rule = Rule {
    id: "run.complete",
    summary: "everything was looked at before the time was up",
    citation: "this project's own rule",
    requirement: Requirement::Advice,
    default_severity: Severity::Notice,
    axis: Axis::Run,
    since: "0.1.0",
    check,
};

fn check(case: &Case<'_>, findings: &mut Vec<Finding>) {
    let more = case.facts.more_addresses;
    if more > 0 {
        let subject = Subject::from(&case.facts.target);
        let message = format!("{more} more addresses were not looked at: one run looks at 32");
        findings.push(Finding::new(&RULE, Outcome::Unchecked, subject, message));
    }
    if case.facts.unfinished.is_empty() {
        return;
    }
    let subject = Subject::from(&case.facts.target);
    // `reach.port` speaks of each port that must answer; here it matters whether anything was seen at all.
    let nothing_seen = case
        .facts
        .services
        .iter()
        .all(|service| service.observation().is_none());
    findings.push(
        Finding::new(
            &RULE,
            if nothing_seen {
                Outcome::Inconclusive
            } else {
                Outcome::Unchecked
            },
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
