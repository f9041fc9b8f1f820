//! Questions that are no list's.

use futures_util::future::join_all;
use mail_dns::{DomainName, Lookup, LookupError, LookupErrorKind, Question, RecordType};

use super::{Condition, verdict};
use crate::{Cause, Refusal, Unsettled};

/// A question that is no list's, and what came of it.
///
/// Where no list serves a resolver, it tells a resolver that does not work, or serves nobody here, from one that the lists
/// do not serve.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Comparison {
    /// The question.
    pub question: Question,
    /// Why there is no answer; `None` if there is one, and a denial is one.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub failure: Option<LookupError>,
}

impl Comparison {
    fn kind(&self) -> Option<LookupErrorKind> {
        self.failure.as_ref().map(LookupError::kind)
    }
}

/// Asks what every resolver can answer that serves whoever asks: for the servers of the root (RFC 9609 §3), and for a name
/// that is kept for examples and exists (RFC 2606 §3).
pub(super) async fn compare(lookup: &impl Lookup) -> Vec<Comparison> {
    let example: Option<DomainName> = "example.com".parse().ok();
    let questions = [
        Some((DomainName::root(), RecordType::NS)),
        example.map(|name| (name, RecordType::A)),
    ];
    let ask = |(name, record_type): (DomainName, RecordType)| async move {
        let failure = lookup.lookup(&name, record_type).await.err();
        let question = Question { name, record_type };
        Comparison { question, failure }
    };
    join_all(questions.into_iter().flatten().map(ask)).await
}

/// How a resolver does apart from the list in question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Footing {
    /// It answers something.
    Answers,
    /// It refuses what is no list's as well, and answers nothing.
    RefusesAll,
    /// It answers nothing, or that is not known.
    Silent,
}

impl Footing {
    pub(super) fn of<'a>(
        conditions: impl Iterator<Item = &'a Condition>,
        comparisons: &[Comparison],
    ) -> Self {
        let mut asked = conditions.filter(|condition| condition.was_asked());
        let refuses = |it: &Comparison| it.kind() == Some(LookupErrorKind::Refused);
        let no_list_answers = asked.all(is_to_be_compared);
        if !no_list_answers || comparisons.iter().any(|it| it.failure.is_none()) {
            Self::Answers
        } else if !comparisons.is_empty() && comparisons.iter().all(refuses) {
            Self::RefusesAll
        } else {
            Self::Silent
        }
    }
}

/// Whether it may be the resolver alone that keeps a list from being asked.
pub(super) fn is_to_be_compared(condition: &Condition) -> bool {
    verdict::is_unanswered(condition) || matches!(condition, Condition::Refusing(Refusal::Rcode(_)))
}

/// The condition of a list of which a resolver knows nothing, since it refuses every question: the list refuses nobody.
pub(super) fn acquitted(condition: Condition) -> Condition {
    match condition {
        Condition::Refusing(Refusal::Rcode(error)) => Condition::Unclear(Cause::Control {
            name: error.question().name.clone(),
            why: Unsettled::Lookup(error),
        }),
        other => other,
    }
}
