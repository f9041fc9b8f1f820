//! The check of a client, step by step.

use mail_dns::spf::{Asked, AskedOutcome, Evaluation, Qualifier, SpfResult, Step, StepOutcome};

use crate::terminal::{Mark, Page, ROOM, count, shell_word, wrap};
use crate::{Check, comes_to};

pub(crate) fn tell(check: &Check, page: &mut Page) {
    let Check { query, evaluation } = check;
    let text = format!(
        "{} for mail from {}@{}, HELO {}",
        query.ip.to_canonical(),
        query.local_part.escape_debug(),
        query.domain.escape_debug(),
        query.helo.escape_debug()
    );
    page.row(Mark::Plain, "check of", &text);
    if !evaluation.records.is_empty() {
        page.verbatim("terms void", "so far, after each term and all inside it");
    }
    let mut trace = Trace {
        evaluation,
        record: 0,
    };
    for step in &evaluation.steps {
        trace.records_to(step.record, step.depth, page);
        trace.step(step, page);
        // The record that it leads to, before what is in it.
        if let Some(target) = step.target {
            let inside = u32::from(
                !trace
                    .text(step)
                    .to_ascii_lowercase()
                    .starts_with("redirect="),
            );
            trace.records_to(target, step.depth + inside, page);
        }
    }
    let depth = evaluation.steps.last().map_or(0, |step| step.depth + 1);
    trace.records_to(evaluation.records.len().saturating_sub(1), depth, page);
    result(evaluation, page);
}

struct Trace<'a> {
    evaluation: &'a Evaluation,
    /// The first record that is not told of.
    record: usize,
}

impl<'a> Trace<'a> {
    /// Tells of the records up to one.
    fn records_to(&mut self, last: usize, depth: u32, page: &mut Page) {
        let all = &self.evaluation.records;
        for record in all.iter().take(last + 1).skip(self.record) {
            let texts = match record.texts.as_slice() {
                [] => "no SPF record".to_owned(),
                texts => texts.join("  and  "),
            };
            let text = format!("{}: {texts}", record.domain);
            indented(page, Mark::Plain, "", depth, &text);
            self.record += 1;
        }
    }

    fn step(&self, step: &Step, page: &mut Page) {
        let text = self.text(step);
        let outcome = match step.outcome {
            StepOutcome::Matched => format!("match: {}", comes_to(Some(qualifier(text)))),
            StepOutcome::NotMatched => "no match".to_owned(),
            StepOutcome::Redirected => "the other record decides".to_owned(),
            StepOutcome::Stopped if self.evaluation.steps.last() == Some(step) => {
                "the check ends here".to_owned()
            }
            StepOutcome::Stopped => "the check ends inside it".to_owned(),
            other => format!("{other:?}"),
        };
        let mark = match step.outcome {
            StepOutcome::Matched if step.depth == 0 => mark(self.evaluation.result),
            StepOutcome::Stopped => mark(self.evaluation.result),
            _ => Mark::Plain,
        };
        let label = format!("{:>5} {:>4}", step.term_count, step.void_count);
        let text = format!("{text}  {outcome}");
        indented(page, mark, &label, step.depth + 1, &text);
        for asked in &step.asked {
            tell_asked(asked, step.depth + 2, page);
        }
    }

    /// The term as it stands in its record.
    fn text(&self, step: &Step) -> &'a str {
        let record = self.evaluation.records.get(step.record);
        let text = record.and_then(|record| record.texts.first());
        let range = step.span.start..step.span.end;
        text.and_then(|text| text.get(range)).unwrap_or_default()
    }
}

fn qualifier(term: &str) -> Qualifier {
    match term.as_bytes().first() {
        Some(b'-') => Qualifier::Fail,
        Some(b'~') => Qualifier::SoftFail,
        Some(b'?') => Qualifier::Neutral,
        _ => Qualifier::Pass,
    }
}

fn tell_asked(asked: &Asked, depth: u32, page: &mut Page) {
    let question = &asked.question;
    let outcome = match asked.outcome {
        AskedOutcome::Records(number) => count(number, "record"),
        AskedOutcome::Void(kind) => format!("nothing ({kind})"),
        AskedOutcome::Failed(kind) => format!("could not tell: {kind}"),
        _ => "?".to_owned(),
    };
    let name = shell_word(&question.name);
    let text = format!("{} {} {name}  {outcome}", page.dig(), question.record_type);
    let mark = match asked.outcome {
        AskedOutcome::Failed(_) => Mark::Unknown,
        _ => Mark::Plain,
    };
    indented(page, mark, "", depth, &text);
}

fn result(evaluation: &Evaluation, page: &mut Page) {
    let result = evaluation.result;
    let why = match (&evaluation.problem, evaluation.matched()) {
        (Some(problem), _) => format!("{result}: {problem}"),
        (None, Some(step)) => {
            let trace = Trace {
                evaluation,
                record: 0,
            };
            let domain = evaluation.records.get(step.record);
            let domain = domain.map(|record| format!(" of {}", record.domain));
            format!(
                "{result}, by {}{}",
                trace.text(step),
                domain.unwrap_or_default()
            )
        }
        (None, None) => format!("{result}: no term matches"),
    };
    let text = format!(
        "{why}; {} asked, {} found nothing",
        count_of(evaluation.term_count),
        evaluation.void_count
    );
    page.row(mark(result), "result", &text);
    if let Some(explanation) = &evaluation.explanation {
        page.row(Mark::Plain, "", &format!("the domain says: {explanation}"));
    }
    for asked in &evaluation.explanation_asked {
        tell_asked(asked, 1, page);
    }
}

fn count_of(terms: u32) -> String {
    let plural = if terms == 1 { "" } else { "s" };
    format!("{terms} term{plural}")
}

fn mark(result: SpfResult) -> Mark {
    match result {
        SpfResult::Pass => Mark::Good,
        SpfResult::Neutral | SpfResult::SoftFail => Mark::Odd,
        SpfResult::None | SpfResult::Fail | SpfResult::PermError => Mark::Bad,
        SpfResult::TempError => Mark::Unknown,
    }
}

/// A row that is indented as a whole; not without end.
fn indented(page: &mut Page, mark: Mark, label: &str, depth: u32, text: &str) {
    let indent = usize::try_from(depth).unwrap_or(0).min(12) * 2;
    let (mut mark, mut label) = (mark, label);
    for line in wrap(text, ROOM - indent) {
        let line = format!("{:indent$}{line}", "");
        if line.chars().count() <= ROOM {
            page.row(mark, label, &line);
        } else {
            page.verbatim(label, &line);
        }
        (mark, label) = (Mark::Plain, "");
    }
}
