//! Which lists serve the resolver, on a page.

use std::collections::BTreeSet;

use dnsbl::{
    Advice, Condition, Doctor, Examination, Fitness, KeyState, ListSummary, Refusal,
    ResolverVerdict,
};
use mail_dns::DomainName;
use mail_dns::stub::Server;
use serde_json::{Value, json};

use crate::look::Outcome;
use crate::page::tell_silence;
use crate::terminal::{Mark, Page};
use crate::words;

/// What it comes to: served by every list that was asked, proof that some list does not serve it, or could not tell.
pub(crate) fn outcome(doctor: &Doctor) -> Outcome {
    match (doctor.fitness(), doctor.verdict()) {
        (Fitness::Fit, _) => Outcome::Clean,
        (Fitness::Unfit, _) | (_, ResolverVerdict::Refused { .. }) => Outcome::Listed,
        _ => Outcome::Unknown,
    }
}

/// `server` is the resolver, if it is not the system's.
pub(crate) fn page(doctor: &Doctor, server: Option<&Server>) -> Page {
    let mut page = Page::for_stdout(None);
    let verdict = doctor.verdict();
    let fitness = doctor.fitness();
    let mark = match fitness {
        Fitness::Fit => Mark::Good,
        Fitness::FitButFor { .. } => Mark::Odd,
        Fitness::Unfit => Mark::Bad,
        _ => Mark::Unknown,
    };
    page.headline(
        mark,
        &format!("resolver {}", doctor.path),
        &fitness.to_string(),
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
    let is_left = is_silence(doctor) && !has_said;
    if is_left {
        tell_silence(&mut page, server);
    }
    for matter in matters(doctor) {
        tell_matter(&mut page, doctor, &matter);
    }
    tell_measures(&mut page, doctor, is_left);
    for key in doctor.keys() {
        // What is to be done for one that is missing was told.
        if key.state == KeyState::Missing {
            continue;
        }
        let mark = match key.state {
            KeyState::Accepted => Mark::Good,
            KeyState::NotAccepted => Mark::Bad,
            _ => Mark::Unknown,
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
        page.row(Mark::Good, "served", &names(doctor, &healthy));
    }
}

/// The lists, each with the kinds of subject that it is about, if for others it is otherwise.
fn names(doctor: &Doctor, examinations: &[&Examination]) -> String {
    let mut names: Vec<(&ListSummary, Vec<String>)> = Vec::new();
    for it in examinations {
        match names.iter_mut().find(|(list, _)| list.zone == it.list.zone) {
            Some((_, kinds)) => kinds.push(it.kind.to_string()),
            None => names.push((&it.list, vec![it.kind.to_string()])),
        }
    }
    let name = |(list, kinds): &(&ListSummary, Vec<String>)| {
        let all = doctor.examinations.iter();
        let all = all.filter(|it| it.list.zone == list.zone).count();
        match all == kinds.len() {
            true => list.name.escape_debug().to_string(),
            false => format!("{} ({})", list.name.escape_debug(), kinds.join(" and ")),
        }
    };
    words::of_names(&names.iter().map(name).collect::<Vec<_>>())
}

/// The others: those that refuse first, and together what ails several of them alike.
fn matters(doctor: &Doctor) -> Vec<Vec<&Examination>> {
    let mut matters: Vec<Vec<&Examination>> = Vec::new();
    let ill = doctor.examinations.iter();
    for it in ill.filter(|it| it.condition != Condition::Healthy) {
        let is_same = |other: &&Examination| {
            // Most of what is the matter names a control, which is another for each kind. Another code is another reason.
            let has_code = matches!(it.condition, Condition::Refusing(Refusal::Code { .. }));
            let is_own = other.list.zone == it.list.zone && !has_code;
            let (label, other_label) = (label(&it.condition), label(&other.condition));
            let is_alike = what(it) == what(other);
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

fn tell_matter(page: &mut Page, doctor: &Doctor, matter: &[&Examination]) {
    let Some(first) = matter.first() else {
        return;
    };
    let is_one = matter.iter().all(|it| it.list.zone == first.list.zone);
    let text = match is_one {
        true => format!("{}: {}", names(doctor, matter), what(first)),
        false => format!("{}: {}", what(first), names(doctor, matter)),
    };
    page.row(mark(&first.condition), label(&first.condition), &text);
    if let Condition::Refusing(Refusal::Code { text, .. }) = &first.condition {
        for said in text {
            page.row(Mark::Plain, "", &format!("\"{said}\""));
        }
    }
}

/// Each thing that there is to do, once, with the lists that it is for: what is the first thing for some, and then what else
/// there is. What is to be done about a resolver that answers nothing `is_told`.
fn tell_measures(page: &mut Page, doctor: &Doctor, is_told: bool) {
    let names = |zones: &[DomainName]| {
        let name = |zone: &DomainName| {
            let mut own = doctor.examinations.iter();
            let own = own.find(|it| it.list.zone == *zone);
            own.map_or_else(String::new, |it| it.list.name.escape_debug().to_string())
        };
        words::of_names(&zones.iter().map(name).collect::<Vec<_>>())
    };
    let about_silence =
        |advice: &Advice| matches!(advice, Advice::CheckResolver | Advice::LookAgain { .. });
    let (first, then): (Vec<_>, Vec<_>) = doctor
        .measures()
        .into_iter()
        .filter(|measure| !(is_told && about_silence(&measure.advice)))
        .partition(|measure| !measure.first_for.is_empty());
    for measure in first {
        let text = format!("{}: {}", measure.advice, names(&measure.first_for));
        let text = match measure.otherwise_for.as_slice() {
            [] => text,
            zones => format!("{text}; if the first thing does not help, {}", names(zones)),
        };
        page.row(Mark::Plain, "to do", &text);
    }
    for measure in then {
        let text = format!("{}: {}", measure.advice, names(&measure.otherwise_for));
        page.row(Mark::Plain, "or else", &text);
    }
}

/// What is the matter, as exactly as it is known.
fn what(it: &Examination) -> String {
    match &it.condition {
        Condition::Refusing(refusal) => refusal.to_string(),
        Condition::Broken(fault) => fault.to_string(),
        Condition::Unclear(cause) => words::of_cause(cause).1,
        Condition::NeedsKey => "not asked without a key".to_owned(),
        Condition::NotAsked(why) => words::of_unasked(why),
        Condition::Quarantined(quarantine) => quarantine.to_string(),
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
        "outcome": match doctor.fitness() {
            Fitness::Fit => "fit",
            Fitness::FitButFor { .. } => "fit_but_for",
            Fitness::Unfit => "unfit",
            _ => "unknown",
        },
        "fitness": doctor.fitness(),
        "verdict": doctor.verdict(),
        "text": doctor.verdict().to_string(),
        "measures": measures(doctor),
        "egress": doctor.egress(),
        "keys": doctor.keys(),
        "doctor": doctor,
    })
}

fn measures(doctor: &Doctor) -> Vec<Value> {
    let measures = doctor.measures().into_iter();
    let told = measures.map(|it| {
        json!({
            "text": it.advice.to_string(),
            "advice": it.advice,
            "first_for": it.first_for,
            "otherwise_for": it.otherwise_for,
        })
    });
    told.collect()
}
