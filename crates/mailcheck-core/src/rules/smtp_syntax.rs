use smtp_probe::{DeviationKind, Observation, Reply};

use super::explain;
use super::prelude::*;

/// Whether the server's replies keep to the grammar.
pub(super) static RULE: Rule = Rule {
    id: "smtp.syntax",
    summary: "the server's replies keep to the grammar, and come when it is their turn",
    citation: "RFC 5321 §4.2, §2.3.8, §4.5.3.1.5",
    requirement: Requirement::Must,
    default_severity: Severity::Notice,
    axis: Axis::Smtp,
    since: "0.1.0",
    check,
};

fn check(case: &Case<'_>, findings: &mut Vec<Finding>) {
    for service in &case.facts.services {
        let Some(observation) = service.observation() else {
            continue;
        };
        let mut evidence = Vec::new();
        let mut mixed = false;
        for reply in replies(observation) {
            mixed |= reply
                .deviations()
                .any(|deviation| matches!(deviation.kind, DeviationKind::MixedCodes(_)));
            let told = reply.deviations().take(EVIDENCE);
            evidence.extend(told.map(|deviation| format!("{deviation} of `{reply}`")));
        }
        evidence.extend(
            observation
                .unsolicited
                .iter()
                .map(|said| format!("{said:?}")),
        );
        if evidence.is_empty() {
            continue;
        }
        let (severity, message) = if mixed {
            (
                Severity::Warning,
                "a reply has lines of different codes: senders disagree on what it says, and some hang",
            )
        } else {
            (
                Severity::Notice,
                "the server's replies do not keep to the grammar; most senders put up with it",
            )
        };
        findings.push(
            Finding::new(&RULE, Outcome::Fail(severity), service.subject(), message)
                .evidence_lines(evidence.into_iter().take(EVIDENCE))
                .see(explain::talk(service))
                .mend(
                    "update the mail server, or mend the text that it was given for its greeting",
                ),
        );
    }
}

/// How many deviations are shown.
const EVIDENCE: usize = 6;

fn replies(observation: &Observation) -> impl Iterator<Item = &Reply> {
    let said = [
        &observation.greeting,
        &observation.ehlo_refusal,
        &observation.quit,
    ]
    .into_iter()
    .flatten();
    let extensions = [&observation.ehlo, &observation.ehlo_in_tls]
        .into_iter()
        .flatten();
    said.chain(extensions.map(smtp_probe::Ehlo::reply))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::tests::{Scene, check};

    fn scene(greeting: &[u8]) -> Scene {
        Scene::domain("d.test").greeting(
            "a.test",
            "192.0.2.1:25",
            Reply::parse(greeting).expect("a reply"),
        )
    }

    #[test]
    fn mixed_codes_are_worse_than_a_stray_octet() {
        check(&RULE, &scene(b"220 mx.example\r\n"), &[]);
        check(
            &RULE,
            &scene(b"220 caf\xe9\n"),
            &[Outcome::Fail(Severity::Notice)],
        );
        check(
            &RULE,
            &scene(b"220-a\r\n250 b\r\n"),
            &[Outcome::Fail(Severity::Warning)],
        );
    }
}
