use std::collections::BTreeMap;

use dnsbl::{ListAnswer, Verdict};
use mail_dns::DomainName;

use super::prelude::*;

/// Whether the lists could be asked.
pub(super) static RULE: Rule = Rule {
    id: "list.answered",
    summary: "the lists answer, and prove that they work",
    citation: "RFC 5782 §5",
    requirement: Requirement::Advice,
    default_severity: Severity::Notice,
    axis: Axis::Lists,
    since: "0.1.0",
    check,
};

fn check(case: &Case<'_>, findings: &mut Vec<Finding>) {
    let mut silent: BTreeMap<&DomainName, &ListAnswer> = BTreeMap::new();
    let mut conclusive = false;
    for answer in &case.facts.listings {
        match answer.verdict {
            Verdict::Refused(_) | Verdict::Broken(_) | Verdict::Unknown(_) => {
                silent.entry(&answer.list.zone).or_insert(answer);
            }
            Verdict::NotApplicable => {}
            _ => conclusive = true,
        }
    }
    if !silent.is_empty() && !conclusive {
        let subject = Subject::from(&case.facts.target);
        findings.push(
            Finding::new(&RULE, Outcome::Inconclusive, subject, "could not tell whether anything is listed: no list could be asked")
                .evidence_lines(silent.values().map(ToString::to_string))
                .mend("most lists refuse the resolvers of large providers: ask through a resolver of your own"),
        );
        return;
    }
    for (zone, answer) in silent {
        findings.push(
            Finding::new(&RULE, Outcome::Unchecked, Subject::Host(zone.clone()), format!("{} could not be asked: {}", answer.list.name, answer.verdict))
                .evidence(answer.to_string())
                .see(format!("dig 2.0.0.127.{zone} A"))
                .mend("other lists were asked; if this one matters, ask through a resolver that it answers"),
        );
    }
}

#[cfg(test)]
mod tests {
    use dnsbl::{Cause, Fault, Listing, Role};

    use super::*;
    use crate::rules::tests::{Scene, check};

    #[test]
    fn lists_that_are_silent_are_neither_clean_nor_listed() {
        let scene = Scene::address("192.0.2.1").listing(
            "192.0.2.1",
            Role::Block,
            Verdict::Unknown(Cause::NothingAsked),
        );
        check(&RULE, &scene, &[Outcome::Inconclusive]);
    }

    #[test]
    fn one_silent_list_among_others_decides_nothing() {
        let gone = Verdict::Broken(Fault::TooManyAddresses(99));
        let scene = Scene::address("192.0.2.1")
            .listing(
                "192.0.2.1",
                Role::Block,
                Verdict::Listed(Listing::new(Vec::new(), None)),
            )
            .listing("192.0.2.1", Role::Block, gone);
        check(&RULE, &scene, &[Outcome::Unchecked]);
        check(&RULE, &Scene::address("192.0.2.1"), &[]);
    }
}
