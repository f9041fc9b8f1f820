use std::collections::{BTreeMap, BTreeSet};

use dnsbl::{Cause, ListAnswer, NotAsked, Stance, Tier, Verdict};

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
        let is_told = match &answer.verdict {
            Verdict::Unknown(Cause::NotAsked(_)) => is_spent(&answer.verdict),
            verdict => !matches!(verdict, Verdict::NotApplicable),
        };
        if is_told {
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
            // `list.senders` says which senders no list was asked about.
            let is_left_out = silent.iter().all(|it| is_spent(&it.verdict));
            if is_left_out && case.sender(&first.subject).is_some() {
                continue;
            }
            let is_answered = silent.iter().any(|it| is_disbelieved(&it.verdict));
            let what = match is_answered {
                true => "said anything that is believed",
                false => "could be asked",
            };
            let message = format!("could not tell whether it is listed: no list {what}");
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

/// Whether the list has answered, and that is no proof.
fn is_disbelieved(verdict: &Verdict) -> bool {
    matches!(
        verdict,
        Verdict::Unknown(Cause::Withdrawn(_) | Cause::Quarantined(_))
    )
}

/// Whether the list may be asked no more on this day, or so seldom that an answer would have no proof.
fn is_spent(verdict: &Verdict) -> bool {
    matches!(
        verdict,
        Verdict::Unknown(Cause::NotAsked(
            NotAsked::BudgetSpent { .. } | NotAsked::LimitTooSmall { .. }
        ))
    )
}

/// Whether an entry on the list would be an error, since many ask it: without its answer nobody can say that all is well.
pub(super) fn matters(answer: &ListAnswer) -> bool {
    answer.list.stance == Stance::Block && answer.list.tier == Tier::Major
}

fn one(answer: &ListAnswer) -> Finding {
    let what = match is_disbelieved(&answer.verdict) {
        true => "is not believed",
        false => "could not be asked",
    };
    let message = format!("{} {what}: {}", answer.list.name, answer.verdict);
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
    } else if all(is_disbelieved) {
        "look again later: what the list says now is no proof by itself"
    } else if all(is_spent) {
        "look again on another day, or allow more questions a day if the list does"
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

    #[test]
    fn d22_an_entry_that_is_not_believed_is_no_fault_of_the_resolver() {
        let withdrawn = Verdict::Unknown(Cause::Withdrawn("spent".to_owned()));
        let scene =
            || Scene::address("192.0.2.1").listing("192.0.2.1", Stance::Block, withdrawn.clone());
        for scene in [
            scene(),
            scene().listing(
                "192.0.2.1",
                Stance::Block,
                Verdict::Listed(Listing::new(Vec::new())),
            ),
        ] {
            let finding = check(&RULE, &scene, &[Outcome::Inconclusive]).remove(0);
            assert!(!finding.message.contains("could be asked"), "{finding:?}");
            assert!(
                !finding.message.contains("could not be asked"),
                "{finding:?}"
            );
            let mend = finding.mend.expect("there is something to do");
            assert!(mend.starts_with("look again"), "{mend}");
        }
    }

    #[test]
    fn d20_a_list_whose_questions_of_the_day_are_spent_is_not_passed_over_in_silence() {
        for why in [
            NotAsked::BudgetSpent {
                limit: 20,
                until: 86_400,
            },
            NotAsked::LimitTooSmall {
                limit: 2,
                needed: 4,
            },
        ] {
            let spent = Verdict::Unknown(Cause::NotAsked(why));
            let scene = Scene::address("192.0.2.1").listing("192.0.2.1", Stance::Block, spent);
            let finding = check(&RULE, &scene, &[Outcome::Inconclusive]).remove(0);
            let mend = finding.mend.expect("there is something to do");
            assert!(!mend.contains("resolver"), "{mend}");
        }
        let told = Verdict::Listed(Listing::new(Vec::new()));
        let spent = NotAsked::BudgetSpent {
            limit: 20,
            until: 86_400,
        };
        let spent = Verdict::Unknown(Cause::NotAsked(spent));
        let sender = Scene::domain("d.test")
            .zone("d.test. 60 IN TXT \"v=spf1 ip4:192.0.2.1 -all\"\n")
            .senders()
            .listing("192.0.2.1", Stance::Block, spent);
        check(&RULE, &sender, &[]);
        let sender = sender.listing("192.0.2.1", Stance::Block, told);
        check(&RULE, &sender, &[Outcome::Inconclusive]);
        let missing = Verdict::Unknown(Cause::NotAsked(NotAsked::KeyMissing));
        let scene = Scene::address("192.0.2.1").listing("192.0.2.1", Stance::Block, missing);
        check(&RULE, &scene, &[]);
    }
}
