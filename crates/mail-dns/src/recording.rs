//! Questions and answers kept, and given again.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::{Answer, DomainName, Lookup, LookupError, LookupErrorKind, Question, RecordType};

/// How many exchanges a [`Recorder`] keeps, if it is not told otherwise; a check of a domain takes some 200.
const MAX_EXCHANGES: usize = 10_000;
/// How many octets their answers take together, about; servers choose how long an answer is.
const MAX_OCTETS: usize = 16 << 20;

/// A [`Lookup`] that keeps every question and its outcome, failures among them.
///
/// What it has kept can be stored, sent along with a fault report, and [replayed](Replay): the same code then comes to the same facts.
///
/// # Examples
///
/// ```
/// use mail_dns::{Lookup, LookupErrorKind, Recorder, RecordType, Replay, StaticLookup, mail_route};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let dns = StaticLookup::from_zone_text("good.test. 300 IN MX 10 mx.good.test.\nmx.good.test. 300 IN A 192.0.2.1")?;
/// let recorder = Recorder::new(dns);
/// let seen = mail_route(&recorder, &"good.test".parse()?).await;
///
/// let replay = Replay::new(recorder.into_recording());
/// assert_eq!(mail_route(&replay, &"good.test".parse()?).await, seen);
/// // What was not asked then is not known now.
/// let error = replay.lookup(&"other.test".parse()?, RecordType::MX).await.unwrap_err();
/// assert_eq!(error.kind(), LookupErrorKind::NotRecorded);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Recorder<L> {
    lookup: L,
    most: usize,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    recording: Recording,
    octets: usize,
}

impl<L: Lookup> Recorder<L> {
    /// Records what goes through `lookup`, up to 10,000 exchanges and 16 MiB.
    pub fn new(lookup: L) -> Self {
        Self {
            lookup,
            most: MAX_EXCHANGES,
            kept: Mutex::default(),
        }
    }

    /// The same with another limit; what is asked beyond it is answered and not kept.
    #[must_use]
    pub fn with_limit(self, most: usize) -> Self {
        Self { most, ..self }
    }

    /// What was recorded so far, in the order in which the answers came.
    pub fn recording(&self) -> Recording {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.recording.clone()
    }

    /// What was recorded, in the order in which the answers came.
    pub fn into_recording(self) -> Recording {
        let kept = self.kept.into_inner();
        kept.unwrap_or_else(PoisonError::into_inner).recording
    }
}

impl<L: Lookup> Lookup for Recorder<L> {
    async fn lookup(
        &self,
        name: &DomainName,
        record_type: RecordType,
    ) -> Result<Answer, LookupError> {
        let outcome = self.lookup.lookup(name, record_type).await;
        let question = Question {
            name: name.clone(),
            record_type,
        };
        let octets = outcome.as_ref().map_or(0, Answer::footprint);
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let has_room =
            kept.recording.exchanges.len() < self.most && kept.octets + octets <= MAX_OCTETS;
        if has_room {
            kept.octets += octets;
            kept.recording.exchanges.push(Exchange {
                question,
                outcome: outcome.clone(),
            });
        } else {
            kept.recording.left_out += 1;
        }
        drop(kept);
        outcome
    }
}

/// What a [`Recorder`] has kept.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Recording {
    /// Questions and outcomes, in the order in which the answers came.
    pub exchanges: Vec<Exchange>,
    /// How many more there were than the limit allowed.
    #[cfg_attr(feature = "serde", serde(default))]
    pub left_out: usize,
}

/// A question and what came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[expect(
    clippy::exhaustive_structs,
    reason = "an exchange is a question and its outcome"
)]
pub struct Exchange {
    /// The question.
    pub question: Question,
    /// The answer, or why there is none.
    pub outcome: Result<Answer, LookupError>,
}

/// A [`Lookup`] that answers from a [`Recording`].
///
/// A question that was asked several times gets its outcomes in order, and the last one from then on. One that was never asked fails
/// with [`LookupErrorKind::NotRecorded`].
#[derive(Debug)]
pub struct Replay {
    outcomes: HashMap<Question, Vec<Result<Answer, LookupError>>>,
    asked: Mutex<HashMap<Question, usize>>,
}

impl Replay {
    /// Replays a recording from its start.
    #[must_use]
    pub fn new(recording: Recording) -> Self {
        let mut outcomes: HashMap<_, Vec<_>> = HashMap::new();
        for Exchange { question, outcome } in recording.exchanges {
            outcomes.entry(question).or_default().push(outcome);
        }
        Self {
            outcomes,
            asked: Mutex::default(),
        }
    }
}

impl Lookup for Replay {
    async fn lookup(
        &self,
        name: &DomainName,
        record_type: RecordType,
    ) -> Result<Answer, LookupError> {
        let question = Question {
            name: name.clone(),
            record_type,
        };
        let Some(outcomes) = self.outcomes.get(&question) else {
            return Err(LookupError::new(LookupErrorKind::NotRecorded, question));
        };
        let turn = {
            let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
            let turn = asked.entry(question.clone()).or_insert(0);
            *turn += 1;
            *turn - 1
        };
        let outcome = outcomes.get(turn).or_else(|| outcomes.last());
        outcome
            .cloned()
            .unwrap_or_else(|| Err(LookupError::new(LookupErrorKind::NotRecorded, question)))
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use super::*;
    use crate::StaticLookup;

    fn ask(lookup: &impl Lookup, name: &str) -> Result<Answer, LookupError> {
        let name = name.parse().expect("a name");
        match pin!(lookup.lookup(&name, RecordType::A))
            .poll(&mut Context::from_waker(Waker::noop()))
        {
            Poll::Ready(outcome) => outcome,
            Poll::Pending => panic!("memory does not wait"),
        }
    }

    fn world() -> StaticLookup {
        StaticLookup::from_zone_text("a.test. 60 IN A 192.0.2.1")
            .expect("zone text")
            .with_failure("b.test".parse().expect("a name"), LookupErrorKind::Timeout)
    }

    #[test]
    fn failures_and_denials_are_replayed_too() {
        let recorder = Recorder::new(world());
        let seen: Vec<_> = ["a.test", "b.test", "c.test"]
            .map(|name| ask(&recorder, name))
            .into();
        assert_eq!(recorder.recording().exchanges.len(), 3);
        let replay = Replay::new(recorder.into_recording());
        let again: Vec<_> = ["a.test", "b.test", "c.test"]
            .map(|name| ask(&replay, name))
            .into();
        assert_eq!(again, seen);
    }

    #[test]
    fn repeated_questions_get_their_outcomes_in_order() {
        let mut recording = Recorder::new(world());
        let first = ask(&recording, "a.test");
        recording.lookup = StaticLookup::new();
        let second = ask(&recording, "a.test");
        let replay = Replay::new(recording.into_recording());
        assert_eq!(ask(&replay, "a.test"), first);
        assert_eq!(ask(&replay, "a.test"), second);
        assert_eq!(ask(&replay, "a.test"), second);
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let recorder = Recorder::new(world()).with_limit(1);
        assert!(ask(&recorder, "a.test").is_ok() && ask(&recorder, "a.test").is_ok());
        let recording = recorder.into_recording();
        assert_eq!((recording.exchanges.len(), recording.left_out), (1, 1));
    }

    #[cfg(feature = "serde")]
    #[test]
    fn a_recording_survives_storage() {
        let recorder = Recorder::new(world());
        let _ = (ask(&recorder, "a.test"), ask(&recorder, "b.test"));
        let recording = recorder.into_recording();
        let text = serde_json::to_string(&recording).expect("JSON");
        assert_eq!(
            serde_json::from_str::<Recording>(&text).expect("a recording"),
            recording
        );
    }
}
