//! Which answers are believed: what was asked, and what was asked once more.

use super::plan::Known;
use super::reading::{Reading, read};
use super::{Answer, Ask, CauseQuestion as Question, FailureSearch};
use crate::{Alert, AlertDescription, HelloOutcome};

impl FailureSearch {
    /// Reads the answer to a question, or asks it, twice if the first answer tells nothing.
    ///
    /// Before the second time it is seen whether the server still answers what it had answered.
    pub(super) fn ask(&self, question: Question) -> Known<Reading<'_>> {
        let ask = Ask {
            question,
            is_control: false,
        };
        let mut numbers = Vec::new();
        for answer in self.answers.iter().filter(|answer| answer.ask == ask) {
            let Ok(outcome) = &answer.outcome else {
                continue;
            };
            if let Some(reading) = read(outcome, &answer.offer, answer.number) {
                return Ok(reading);
            }
            numbers.push(answer.number);
        }
        match *numbers {
            [] => Err(ask),
            [only] if !self.is_habit(only) => Err(self.control_after(only).unwrap_or(ask)),
            _ => Ok(Reading::Dropped(numbers)),
        }
    }

    /// Whether the question is refused, with the numbers that prove it: at once, or by being
    /// dropped before and after a hello that was answered.
    ///
    /// One that was dropped on one side of it alone may have come while the server was down.
    pub(super) fn refused(&self, question: Question) -> Known<Option<Vec<u32>>> {
        let numbers = match self.ask(question.clone())? {
            Reading::Flight(..) | Reading::Retry(..) => return Ok(None),
            Reading::Refused(Some(alert), _) if is_about_other(alert, &question) => {
                return Ok(None);
            }
            Reading::Refused(_, numbers) => return Ok(Some(numbers)),
            Reading::Dropped(numbers) => numbers,
        };
        if self.is_begun(&numbers) {
            return Ok(None);
        }
        let (Some(&first), Some(&last)) = (numbers.first(), numbers.last()) else {
            return Ok(None);
        };
        let mut answered = self.answered().filter(|answer| answer.number > first);
        match answered.next() {
            Some(control) if control.number < last => {
                Ok(Some([numbers.as_slice(), &[control.number]].concat()))
            }
            Some(_) => Err(Ask {
                question,
                is_control: false,
            }),
            None => self.control_after(first).map_or(Ok(None), Err),
        }
    }

    /// Whether one of these answers had begun before it was lost. Whoever speaks has not refused,
    /// whatever cut the answer off.
    pub(super) fn is_begun(&self, numbers: &[u32]) -> bool {
        let mut answers = self.answers.iter();
        answers.any(|answer| answer.is_begun && numbers.contains(&answer.number))
    }

    /// The hello that was answered last, to be asked again after this connection, unless that was
    /// done twice or another was answered since.
    fn control_after(&self, number: u32) -> Option<Ask> {
        let last = self.answered().last()?;
        let later = self.answers.iter().filter(|answer| answer.number > number);
        let controls = later.filter(|answer| answer.ask.is_control && answer.outcome.is_ok());
        (last.number < number && controls.count() < 2).then(|| Ask {
            question: last.ask.question.clone(),
            is_control: true,
        })
    }

    /// Whether any hello was answered.
    pub(super) fn has_answered(&self) -> bool {
        self.answered().next().is_some()
    }

    fn answered(&self) -> impl Iterator<Item = &Answer> {
        self.answers.iter().filter(|answer| {
            let outcome = answer.outcome.as_ref().ok();
            let reading = outcome.and_then(|outcome| read(outcome, &answer.offer, answer.number));
            reading.is_some_and(|reading| reading.is_answered())
        })
    }

    /// Whether the server had done nothing but drop hellos up to this connection, so that it
    /// need not do it twice each time.
    pub(super) fn is_habit(&self, number: u32) -> bool {
        let answers = self.answers.iter().filter(|answer| answer.number <= number);
        let mut outcomes = answers.filter_map(|answer| answer.outcome.as_ref().ok());
        number > 2
            && outcomes.all(|outcome| {
                matches!(
                    outcome,
                    HelloOutcome::Closed | HelloOutcome::Reset | HelloOutcome::TimedOut
                )
            })
    }
}

/// Whether the alert refuses the name or the protocols, and the question is about something else.
fn is_about_other(alert: Alert, question: &Question) -> bool {
    match alert.description {
        AlertDescription::UNRECOGNIZED_NAME => *question != Question::WithoutServerName,
        AlertDescription::NO_APPLICATION_PROTOCOL => true,
        _ => false,
    }
}
