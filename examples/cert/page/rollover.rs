//! How to change a chain and its TLSA records.

use tls_inspect::{
    RecordStanding, RolloverAction, RolloverAdvice, RolloverScheme, RolloverStep, TlsaRecord,
};

use crate::terminal::{Mark, Page};
use crate::words;

/// What a plan is for.
pub(super) struct Change {
    /// Which chain, if there are several: how the first row begins.
    pub(super) of: String,
    /// Who is to send the next chain.
    pub(super) who: String,
    /// When a record stays all the same that matches nothing seen.
    pub(super) unless: String,
    /// Whether something was not seen, so that any record may be for it.
    pub(super) is_open: bool,
}

pub(super) fn tell_uncovered(advice: &RolloverAdvice, chain: &str, page: &mut Page) {
    for parameters in &advice.uncovered {
        let text = format!(
            "no record {parameters} matches {chain}: senders that know only such ones refuse"
        );
        page.row(Mark::Bad, "", &text);
    }
}

/// The way from this chain to the next that leaves the fewest senders without a match, in as few steps as can be; whether there is one.
pub(super) fn tell_plan(
    advice: &RolloverAdvice,
    change: &Change,
    now: i64,
    page: &mut Page,
) -> bool {
    let best = advice
        .plans
        .iter()
        .min_by_key(|plan| (plan.uncovered.len(), plan.steps.len()));
    let Some(plan) = best else { return false };
    let scheme = match plan.scheme {
        RolloverScheme::CurrentAndNextKey => "by 3 1 1 of this and of the next key",
        RolloverScheme::KeyAndIssuer => "by 3 1 1 of the key and 2 1 1 of its issuer",
        _ => "in steps",
    };
    let (of, wait) = (&change.of, advice.schedule.wait);
    let text = format!(
        "{of}{scheme}; records must be out for {wait} s, twice the TTL that the resolver told (the zone may have a longer one), before the chain (RFC 7671 §8.1)"
    );
    page.row(Mark::Plain, "roll-over", &text);
    if advice.schedule.late {
        let text = "too late to publish before the certificate expires: some senders will meet one or the other";
        page.row(Mark::Bad, "", text);
    }
    for (number, step) in plan.steps.iter().enumerate() {
        let text = in_words(step, advice, change, now);
        page.row(Mark::Plain, "", &format!("{}. {text}", number + 1));
    }
    true
}

fn in_words(step: &RolloverStep, advice: &RolloverAdvice, change: &Change, now: i64) -> String {
    let what = match &step.action {
        RolloverAction::Publish { records, of_next } => {
            let known = records.iter().map(words::short);
            let next = of_next.iter().map(|one| format!("{one} of the next key"));
            let all: Vec<_> = known.chain(next).collect();
            format!("publish {}", all.join(" and "))
        }
        RolloverAction::Deploy => format!("have {} send the next chain", change.who),
        RolloverAction::Withdraw { records } => {
            let is_unmatched = || records.iter().any(|record| is_unmatched(record, advice));
            let unless = match change.is_open || is_unmatched() {
                true => format!(" unless {}", change.unless),
                false => String::new(),
            };
            let records: Vec<_> = records.iter().map(words::short).collect();
            format!("withdraw {}{unless}", records.join(" and "))
        }
        other => format!("{other:?}"),
    };
    let by = step.by.map(|by| format!(", by {}", words::minute(by)));
    let from = match (&step.action, step.from <= now) {
        (RolloverAction::Withdraw { .. }, false) => "when they do".to_owned(),
        (_, true) => "now".to_owned(),
        _ => format!("from {}", words::minute(step.from)),
    };
    format!("{what}, {from}{}", by.unwrap_or_default())
}

/// A look is at one machine, and a record may be for another that was not met.
fn is_unmatched(record: &TlsaRecord, advice: &RolloverAdvice) -> bool {
    let mut of_it = advice.records.iter().filter(|one| one.record == *record);
    of_it.any(|one| matches!(one.standing, RecordStanding::Idle | RecordStanding::Stale))
}
