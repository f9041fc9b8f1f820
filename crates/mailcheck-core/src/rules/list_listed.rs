use dnsbl::{ListAnswer, Verdict};

use super::explain;
use super::prelude::*;

/// Whether a blocklist has an entry.
pub(super) static RULE: Rule = Rule {
    id: "list.listed",
    summary: "no blocklist has an entry for the domain or its addresses",
    citation: "RFC 5782 §2.1",
    requirement: Requirement::Advice,
    default_severity: Severity::Error,
    axis: Axis::Lists,
    since: "0.1.0",
    check,
};

fn check(case: &Case<'_>, findings: &mut Vec<Finding>) {
    for answer in &case.facts.listings {
        let subject = explain::listed_subject(answer);
        match &answer.verdict {
            Verdict::Listed(_) if answer.is_listing() => {
                findings.push(listed(case, answer, subject));
            }
            Verdict::Listed(_) | Verdict::Allowed(_) | Verdict::NotListed(_) => {
                findings.push(Finding::new(
                    &RULE,
                    Outcome::Pass,
                    subject,
                    answer.to_string(),
                ));
            }
            // `list.answered` says these.
            _ => {}
        }
    }
}

fn listed(case: &Case<'_>, answer: &ListAnswer, subject: Subject) -> Finding {
    let sender = matches!(subject, Subject::Domain(_)) || case.facts.profile.sends_mail;
    let (severity, effect) = if sender {
        (Severity::Error, "receivers that ask it refuse the mail")
    } else {
        (
            Severity::Warning,
            "receivers that ask it refuse mail that this host sends; mail to it arrives",
        )
    };
    let zone = &answer.list.zone;
    let mut finding = Finding::new(
        &RULE,
        Outcome::Fail(severity),
        subject,
        format!("listed by {}: {effect}", answer.list.name),
    )
    .evidence(answer.to_string());
    if let Verdict::Listed(listing) = &answer.verdict {
        finding = finding.evidence_lines(listing.text.iter().map(ToString::to_string));
    }
    if let Some(asked) = answer.asked.first() {
        finding = finding.see(explain::dig(&asked.name, &["A", "TXT"]));
    }
    finding.mend(format!(
        "stop what got it listed, then ask for its removal on the pages of {zone}"
    ))
}

#[cfg(test)]
mod tests {
    use dnsbl::{Listing, Role};

    use super::*;
    use crate::rules::tests::{Scene, check};

    fn scene(target: Scene, role: Role) -> Scene {
        target.listing(
            "192.0.2.1",
            role,
            Verdict::Listed(Listing::new(Vec::new(), None)),
        )
    }

    #[test]
    fn what_a_listing_costs_depends_on_what_the_address_does() {
        let error = Outcome::Fail(Severity::Error);
        check(
            &RULE,
            &scene(Scene::address("192.0.2.1"), Role::Block),
            &[error],
        );
        check(
            &RULE,
            &scene(Scene::domain("d.test"), Role::Block),
            &[Outcome::Fail(Severity::Warning)],
        );
    }

    #[test]
    fn d11_an_allowlist_entry_is_no_listing() {
        check(
            &RULE,
            &scene(Scene::address("192.0.2.1"), Role::Allow),
            &[Outcome::Pass],
        );
    }
}
