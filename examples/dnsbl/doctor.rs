//! Which lists serve the resolver, on a page.

use std::collections::BTreeSet;

use dnsbl::{
    Cause, Condition, Doctor, Examination, KeyState, ListSummary, Refusal, ResolverVerdict,
};
use mail_dns::stub::Server;
use serde_json::{Value, json};

use crate::look::Outcome;
use crate::page::tell_silence;
use crate::terminal::{Mark, Page};
use crate::words;

/// What it comes to: served by every list that was asked, proof that it is not, or could not tell.
pub(crate) fn outcome(doctor: &Doctor) -> Outcome {
    match doctor.verdict() {
        ResolverVerdict::Served { by, of } if by == of && !is_in_part(doctor) => Outcome::Clean,
        ResolverVerdict::Refused { .. }
        | ResolverVerdict::RefusesAll { .. }
        | ResolverVerdict::Rewrites(_)
        | ResolverVerdict::Hides { .. } => Outcome::Listed,
        _ => Outcome::Unknown,
    }
}

/// Whether a list serves it for one kind of subject, and for another does not answer as it should. Where the catalogue knows
/// of no test entry, there is nothing that it should.
fn is_in_part(doctor: &Doctor) -> bool {
    let mut examinations = doctor.examinations.iter();
    examinations.any(|it| match &it.condition {
        Condition::Healthy
        | Condition::Unclear(Cause::NoPositiveControl | Cause::UnverifiedControlMissing(_)) => {
            false
        }
        condition => condition.was_asked(),
    })
}

/// `server` is the resolver, if it is not the system's.
pub(crate) fn page(doctor: &Doctor, server: Option<&Server>) -> Page {
    let mut page = Page::for_stdout(None);
    let verdict = doctor.verdict();
    let (mark, word) = match outcome(doctor) {
        Outcome::Clean => (Mark::Good, "fit"),
        Outcome::Listed => (Mark::Bad, "unfit"),
        Outcome::Unknown if matches!(verdict, ResolverVerdict::Served { .. }) => {
            (Mark::Odd, "fit, as far as could be told")
        }
        _ => (Mark::Unknown, "could not tell"),
    };
    page.headline(
        mark,
        &format!("resolver {}", doctor.path),
        word,
        &verdict.to_string(),
    );
    for egress in doctor.egress() {
        let zones: Vec<String> = egress.told_by.iter().map(ToString::to_string).collect();
        let text = format!(
            "lists see it as {}, by the word of {}",
            egress.address,
            zones.join(", ")
        );
        page.remark(&text);
    }
    tell_healthy(&mut page, doctor);
    // It has asked that itself, and the resolver answered: for what is no list's, or that it serves nobody here.
    let has_said = matches!(
        verdict,
        ResolverVerdict::RefusesAll { .. }
            | ResolverVerdict::Unanswered {
                answers_others: true,
                ..
            }
    );
    if is_silence(doctor) && !has_said {
        tell_silence(&mut page, server);
    }
    for matter in matters(doctor) {
        tell_matter(&mut page, &matter);
    }
    for key in doctor.keys() {
        let mark = match key.state {
            KeyState::Accepted => Mark::Good,
            KeyState::NotAccepted => Mark::Bad,
            KeyState::Unknown => Mark::Unknown,
            KeyState::Missing => Mark::Plain,
        };
        let zones: Vec<String> = key.lists.iter().map(ToString::to_string).collect();
        let text = format!(
            "{}: {} ({})",
            key.name.escape_debug(),
            key.state,
            zones.join(", ")
        );
        page.row(mark, "key", &text);
    }
    page
}

/// Whether no list answered anything.
fn is_silence(doctor: &Doctor) -> bool {
    let asked = doctor
        .examinations
        .iter()
        .filter(|it| !matches!(it.condition, Condition::NeedsKey | Condition::NotAsked(_)));
    let labels: BTreeSet<_> = asked.map(|it| label(&it.condition)).collect();
    labels == BTreeSet::from([words::NO_ANSWER])
}

/// Those that answer, in a line.
fn tell_healthy(page: &mut Page, doctor: &Doctor) {
    let healthy = doctor.examinations.iter();
    let healthy = healthy.filter(|it| it.condition == Condition::Healthy);
    let healthy: Vec<&Examination> = healthy.collect();
    if !healthy.is_empty() {
        page.row(Mark::Good, "served", &names(&healthy));
    }
}

/// The lists, each with the kinds of subject that it is about.
fn names(examinations: &[&Examination]) -> String {
    let mut names: Vec<(&ListSummary, Vec<String>)> = Vec::new();
    for it in examinations {
        match names.iter_mut().find(|(list, _)| list.zone == it.list.zone) {
            Some((_, kinds)) => kinds.push(it.kind.to_string()),
            None => names.push((&it.list, vec![it.kind.to_string()])),
        }
    }
    let name = |(list, kinds): &(&ListSummary, Vec<String>)| {
        format!("{} ({})", list.name.escape_debug(), kinds.join(", "))
    };
    names.iter().map(name).collect::<Vec<_>>().join(", ")
}

/// The others: those that refuse first, and together what ails several of them alike.
fn matters(doctor: &Doctor) -> Vec<Vec<&Examination>> {
    let mut matters: Vec<Vec<&Examination>> = Vec::new();
    let ill = doctor.examinations.iter();
    for it in ill.filter(|it| it.condition != Condition::Healthy) {
        let is_same = |other: &&Examination| {
            let is_own = other.list.zone == it.list.zone;
            let (label, other_label) = (label(&it.condition), label(&other.condition));
            let is_alike = what(it) == what(other) && it.advice == other.advice;
            label == other_label && (is_own || is_alike)
        };
        let mut known = matters.iter_mut();
        match known.find(|matter| matter.first().is_some_and(is_same)) {
            Some(matter) => matter.push(it),
            None => matters.push(vec![it]),
        }
    }
    let rank = |matter: &Vec<&Examination>| match matter.first().map(|it| mark(&it.condition)) {
        Some(Mark::Bad) => 0,
        Some(Mark::Odd) => 1,
        Some(Mark::Unknown) => 2,
        _ => 3,
    };
    matters.sort_by_key(rank);
    matters
}

fn tell_matter(page: &mut Page, matter: &[&Examination]) {
    let Some(first) = matter.first() else {
        return;
    };
    let is_one = matter.iter().all(|it| it.list.zone == first.list.zone);
    let text = match is_one {
        true => format!("{}: {}", names(matter), what(first)),
        false => format!("{}: {}", what(first), names(matter)),
    };
    page.row(mark(&first.condition), label(&first.condition), &text);
    if let Condition::Refusing(Refusal::Code { text, .. }) = &first.condition {
        for said in text {
            page.row(Mark::Plain, "", &format!("\"{said}\""));
        }
    }
    let advice: Vec<String> = first.advice.iter().map(ToString::to_string).collect();
    if !advice.is_empty() {
        page.row(Mark::Plain, "to do", &advice.join("; or "));
    }
}

/// What is the matter, as exactly as it is known.
fn what(it: &Examination) -> String {
    match &it.condition {
        Condition::Refusing(refusal) => refusal.to_string(),
        Condition::Broken(fault) => fault.to_string(),
        Condition::Unclear(cause) => words::of_cause(cause).1,
        Condition::NeedsKey => "not asked without a key".to_owned(),
        other => other.to_string(),
    }
}

fn mark(condition: &Condition) -> Mark {
    match condition {
        Condition::Refusing(_) => Mark::Bad,
        Condition::NeedsKey | Condition::NotAsked(_) => Mark::Plain,
        Condition::Broken(_) | Condition::Quarantined(_) => Mark::Odd,
        _ => Mark::Unknown,
    }
}

fn label(condition: &Condition) -> &'static str {
    match condition {
        Condition::Healthy => "served",
        Condition::Refusing(_) => "refused",
        Condition::Broken(_) => "broken",
        Condition::Quarantined(_) => "waiting",
        Condition::NeedsKey => "no key",
        Condition::NotAsked(_) => "not asked",
        Condition::Unclear(cause) => words::of_cause(cause).0,
        _ => "unknown",
    }
}

/// All facts, for a program.
pub(crate) fn json(doctor: &Doctor) -> Value {
    json!({
        "outcome": match outcome(doctor) {
            Outcome::Clean => "fit",
            Outcome::Listed => "unfit",
            _ => "unknown",
        },
        "verdict": doctor.verdict(),
        "text": doctor.verdict().to_string(),
        "egress": doctor.egress(),
        "keys": doctor.keys(),
        "doctor": doctor,
    })
}
