use std::collections::{BTreeMap, BTreeSet};

use dnsbl::{Cause, ListAnswer, Stance, Tier, Verdict};

use super::explain;
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
    let mut subjects: BTreeMap<String, Vec<&ListAnswer>> = BTreeMap::new();
    for answer in &case.facts.listings {
        let not_asked = matches!(answer.verdict, Verdict::Unknown(Cause::NotAsked(_)));
        if !not_asked && !matches!(answer.verdict, Verdict::NotApplicable) {
            subjects
                .entry(answer.subject.to_string())
                .or_default()
                .push(answer);
        }
    }
    // A list that is silent about one subject is silent about the others for the same reason: it is named once.
    let mut named = BTreeSet::new();
    for answers in subjects.values() {
        let silent: Vec<_> = answers
            .iter()
            .copied()
            .filter(|answer| is_silent(answer))
            .collect();
        if let Some(first) = silent.first()
            && silent.len() == answers.len()
        {
            let subject = explain::listed_subject(first);
            let message = "could not tell whether it is listed: no list could be asked";
            findings.push(
                Finding::new(&RULE, Outcome::Inconclusive, subject, message)
                    .evidence_lines(silent.iter().map(ToString::to_string))
                    .mend(mend(&silent)),
            );
            continue;
        }
        for answer in silent {
            if named.insert(&answer.list.zone) {
                findings.push(one(answer));
            }
        }
    }
}

fn is_silent(answer: &ListAnswer) -> bool {
    matches!(
        answer.verdict,
        Verdict::Refused(_) | Verdict::Broken(_) | Verdict::Unknown(_)
    )
}

/// Whether an entry on the list would be an error, since many ask it: without its answer nobody can say that all is well.
pub(super) fn matters(answer: &ListAnswer) -> bool {
    answer.list.stance == Stance::Block && answer.list.tier == Tier::Major
}

fn one(answer: &ListAnswer) -> Finding {
    let message = format!(
        "{} could not be asked: {}",
        answer.list.name, answer.verdict
    );
    let subject = Subject::List(answer.list.zone.clone());
    let outcome = if matters(answer) {
        Outcome::Inconclusive
    } else {
        Outcome::Unchecked
    };
    let finding = Finding::new(&RULE, outcome, subject, message).mend(mend(&[answer]));
    // The names before it were denied.
    match answer.asked.last() {
        Some(asked) => finding.see(explain::dig(&asked.name, &["A"])),
        None => finding,
    }
}

fn mend(silent: &[&ListAnswer]) -> &'static str {
    let all = |holds: fn(&Verdict) -> bool| silent.iter().all(|answer| holds(&answer.verdict));
    let unproved = |verdict: &Verdict| {
        matches!(
            verdict,
            Verdict::Unknown(Cause::UnverifiedControlMissing(_) | Cause::NoPositiveControl)
        )
    };
    if all(unproved) {
        "the list has no test entry that is known, so what it denies has no proof: leave it out"
    } else if all(|verdict| matches!(verdict, Verdict::Unknown(_))) {
        "the DNS gave no answer: look at the resolver, or ask another"
    } else if all(|verdict| matches!(verdict, Verdict::Broken(_))) {
        "see whether the resolver is the cause; if it is not, leave the list out until it works"
    } else {
        "most lists refuse the resolvers of large providers: ask through a resolver of your own"
    }
}

#[cfg(test)]
mod tests {
    use dnsbl::{Fault, Listing};

    use super::*;
    use crate::rules::tests::{Scene, check};

    #[test]
    fn lists_that_are_silent_are_neither_clean_nor_listed() {
        let scene = Scene::address("192.0.2.1").listing(
            "192.0.2.1",
            Stance::Block,
            Verdict::Unknown(Cause::NothingAsked),
        );
        check(&RULE, &scene, &[Outcome::Inconclusive]);
    }

    #[test]
    fn one_silent_list_that_many_ask_keeps_the_report_from_saying_that_all_is_well() {
        let gone = Verdict::Broken(Fault::TooManyAddresses(99));
        let scene = Scene::address("192.0.2.1")
            .listing(
                "192.0.2.1",
                Stance::Block,
                Verdict::Listed(Listing::new(Vec::new())),
            )
            .listing("192.0.2.1", Stance::Block, gone);
        check(&RULE, &scene, &[Outcome::Inconclusive]);
        check(&RULE, &Scene::address("192.0.2.1"), &[]);
    }
}
