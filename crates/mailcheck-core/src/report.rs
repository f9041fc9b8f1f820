//! What a run amounts to.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Finding, Outcome, Severity, Subject, Target};

/// The version of the form that [`Report`] has as JSON; it grows when a reader would have to change.
///
/// Rules, findings and lines that are new, and fields that a reader may ignore, do not make it grow.
pub const SCHEMA_VERSION: u32 = 1;

/// What a run amounts to: a verdict, the picture line by line, and every finding in order of consequence.
///
/// As JSON it is made to be read by programs; as text (its `Display`, or [`Report::render`]) by people.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Report {
    /// [`SCHEMA_VERSION`].
    pub schema_version: u32,
    /// What was checked.
    pub target: Target,
    /// When the run began (RFC 3339, UTC).
    pub started_at: String,
    /// How long it took, in milliseconds.
    pub elapsed_ms: u64,
    /// The verdict.
    pub verdict: Verdict,
    /// The verdict in one line, in words of mail.
    pub headline: String,
    /// The picture: a line for each part and subject.
    pub lines: Vec<Line>,
    /// What is wrong or could not be told, the gravest first.
    pub findings: Vec<Finding>,
    /// What was shown to be as it should.
    pub passed: Vec<Finding>,
    /// What was left undone when the time was up.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unfinished: Vec<String>,
}

/// One line of the picture.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Line {
    /// What kind of line it is.
    pub kind: LineKind,
    /// What the line is about; `None` for the target itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<Subject>,
    /// The gravest outcome of the rules about it.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// What was seen, in a few words.
    pub text: String,
    /// How long it took to see it, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub elapsed_ms: Option<u64>,
}

impl Line {
    /// Builds a line.
    #[must_use]
    pub fn new(kind: LineKind, subject: Option<Subject>, outcome: Outcome, text: String) -> Self {
        Self {
            kind,
            subject,
            outcome,
            text,
            elapsed_ms: None,
        }
    }
}

/// What a [`Line`] is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum LineKind {
    /// Where mail goes, or what a host's addresses are.
    Route,
    /// A port: whether it answers, what it says, its encryption and certificate.
    Service,
    /// The name of an address.
    Reverse,
    /// What the lists say of an address or a domain.
    Lists,
}

/// The sum of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::exhaustive_enums, reason = "each has its exit code")]
pub enum Verdict {
    /// All that matters was shown to be well.
    Pass,
    /// Mail flows; something will hurt under conditions that occur.
    Warnings,
    /// Mail is lost, refused or forgeable now, and this is shown.
    Failures,
    /// Nothing is shown to be broken, but something that matters could not be told.
    CouldNotTell,
}

impl Verdict {
    /// Sums up findings. A shown failure stands whatever else is unknown; what is unknown stands above a mere warning.
    #[must_use]
    pub fn of(outcomes: impl IntoIterator<Item = Outcome>) -> Self {
        let gravest = outcomes.into_iter().min_by_key(|outcome| outcome.rank());
        match gravest {
            Some(Outcome::Fail(Severity::Error)) => Self::Failures,
            Some(Outcome::Inconclusive) => Self::CouldNotTell,
            Some(Outcome::Fail(Severity::Warning)) => Self::Warnings,
            Some(
                Outcome::Fail(Severity::Notice | Severity::Info)
                | Outcome::Unchecked
                | Outcome::Pass,
            )
            | None => Self::Pass,
        }
    }

    /// The exit code of a program: 0 pass, 1 warnings, 2 failures, 3 could not tell.
    #[must_use]
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Pass => 0,
            Self::Warnings => 1,
            Self::Failures => 2,
            Self::CouldNotTell => 3,
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Pass => "PASS",
            Self::Warnings => "WARNINGS",
            Self::Failures => "FAILURES",
            Self::CouldNotTell => "COULD NOT TELL",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(outcomes: &[Outcome], verdict: Verdict, code: u8) {
        let summed = Verdict::of(outcomes.iter().copied());
        assert_eq!((summed, summed.exit_code()), (verdict, code));
        let backwards = Verdict::of(outcomes.iter().rev().copied());
        assert_eq!(backwards, verdict, "the order does not matter");
    }

    #[test]
    fn could_not_tell_is_folded_into_nothing() {
        let fail = Outcome::Fail;
        check(&[], Verdict::Pass, 0);
        check(
            &[Outcome::Pass, fail(Severity::Notice), Outcome::Unchecked],
            Verdict::Pass,
            0,
        );
        check(
            &[Outcome::Pass, fail(Severity::Warning)],
            Verdict::Warnings,
            1,
        );
        check(
            &[Outcome::Pass, Outcome::Inconclusive],
            Verdict::CouldNotTell,
            3,
        );
        check(
            &[fail(Severity::Warning), Outcome::Inconclusive],
            Verdict::CouldNotTell,
            3,
        );
        check(
            &[fail(Severity::Error), Outcome::Inconclusive],
            Verdict::Failures,
            2,
        );
    }
}
