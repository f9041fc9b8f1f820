//! What an evaluation found, and how.

use std::fmt;

use crate::Span;
use crate::spf::SyntaxError;
use crate::{DomainName, LookupError, LookupErrorKind, NegativeKind, Question};

/// The outcome of [`check_host`](crate::spf::check_host), with every step.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Evaluation {
    /// The result.
    pub result: SpfResult,
    /// Why the result is *none*, *temperror* or *permerror*.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub problem: Option<Problem>,
    /// What the domain says about a *fail*, printable ASCII only; `None` if it says nothing that can be used (RFC 7208 §6.2).
    /// These are the domain's words: nobody vouches for them.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub explanation: Option<String>,
    /// How many terms asked the DNS, with the one that went over the limit (RFC 7208 §4.6.4).
    pub term_count: u32,
    /// How many of them found nothing.
    pub void_count: u32,
    /// The domains that answered when asked for their record, in order; one that was included twice is here twice.
    pub records: Vec<CheckedRecord>,
    /// The terms that were evaluated, in order; the steps of an include follow its own.
    pub steps: Vec<Step>,
    /// What was asked for the explanation; it counts towards no limit.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Vec::is_empty")
    )]
    pub explanation_asked: Vec<Asked>,
}

impl Evaluation {
    /// An evaluation without steps, for tests and stored data.
    #[must_use]
    pub fn new(result: SpfResult) -> Self {
        Self {
            result,
            problem: None,
            explanation: None,
            term_count: 0,
            void_count: 0,
            records: Vec::new(),
            steps: Vec::new(),
            explanation_asked: Vec::new(),
        }
    }

    /// The term of the outermost record, or of the record it redirects to, that matched.
    #[must_use]
    pub fn matched(&self) -> Option<&Step> {
        let decided = |step: &&Step| step.depth == 0 && step.outcome == StepOutcome::Matched;
        self.steps.iter().find(decided)
    }
}

/// The results of an evaluation (RFC 7208 §2.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "lowercase"))]
#[expect(clippy::exhaustive_enums, reason = "RFC 7208 §2.6 has seven")]
pub enum SpfResult {
    /// There is no domain to check, or it has no record.
    None,
    /// The domain says nothing about the client.
    Neutral,
    /// The client may send for the domain.
    Pass,
    /// The client may not.
    Fail,
    /// The client probably may not.
    SoftFail,
    /// Could not tell: the DNS gave no answer. Later it may.
    TempError,
    /// The records cannot be evaluated until somebody mends them.
    PermError,
}

impl fmt::Display for SpfResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::None => "none",
            Self::Neutral => "neutral",
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::SoftFail => "softfail",
            Self::TempError => "temperror",
            Self::PermError => "permerror",
        })
    }
}

/// Why there is no verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Problem {
    /// The identity's domain is no name of two labels or more (§4.3); *none*.
    NotADomain,
    /// The domain has no SPF record (§4.5); *none*.
    NoRecord,
    /// The DNS gave no answer (§2.6.6); *temperror*.
    Lookup(LookupError),
    /// The domain has several SPF records (§4.5); *permerror*, like all that follow.
    SeveralRecords {
        /// The domain.
        domain: DomainName,
        /// How many.
        count: usize,
    },
    /// A record is against the grammar (§4.6).
    Syntax {
        /// The domain.
        domain: DomainName,
        /// What and where.
        error: SyntaxError,
    },
    /// What is included or redirected to has no SPF record (§5.2, §6.1).
    TargetWithoutRecord {
        /// The target; `None` if its name cannot be asked.
        domain: Option<DomainName>,
    },
    /// More terms ask the DNS than are allowed (§4.6.4).
    TooManyTerms {
        /// How many are.
        limit: u8,
    },
    /// More terms find nothing than are allowed (§4.6.4).
    TooManyVoidLookups {
        /// How many are.
        limit: u8,
    },
    /// Includes nest more than 32 deep; not to be met with the ten terms of §4.6.4.
    IncludesTooDeep,
    /// A name has more MX records than are allowed (§4.6.4).
    TooManyMxNames {
        /// The name.
        domain: DomainName,
        /// How many.
        count: usize,
    },
}

impl Problem {
    /// The result that it gives.
    #[must_use]
    pub fn result(&self) -> SpfResult {
        match self {
            Self::NotADomain | Self::NoRecord => SpfResult::None,
            Self::Lookup(_) => SpfResult::TempError,
            _ => SpfResult::PermError,
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotADomain => f.write_str("expected a domain of two labels or more, found none"),
            Self::NoRecord => f.write_str("expected an SPF record, found none"),
            Self::Lookup(error) => error.fmt(f),
            Self::SeveralRecords { domain, count } => {
                write!(f, "expected one SPF record at {domain}, found {count}")
            }
            Self::Syntax { domain, error } => write!(f, "{error} of the SPF record at {domain}"),
            Self::TargetWithoutRecord {
                domain: Some(domain),
            } => write!(f, "expected an SPF record at {domain}, found none"),
            Self::TargetWithoutRecord { domain: None } => {
                f.write_str("expected a target that can be asked for, found an impossible name")
            }
            Self::TooManyTerms { limit } => {
                write!(
                    f,
                    "expected at most {limit} terms that ask the DNS, found another"
                )
            }
            Self::TooManyVoidLookups { limit } => {
                write!(
                    f,
                    "expected at most {limit} lookups without result, found another"
                )
            }
            Self::IncludesTooDeep => f.write_str("expected no deeper includes, found another"),
            Self::TooManyMxNames { domain, count } => {
                write!(f, "expected fewer MX records at {domain}, found {count}")
            }
        }
    }
}

/// A domain that answered when asked for its record.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct CheckedRecord {
    /// The domain.
    pub domain: DomainName,
    /// The SPF records found there, well-formed or not: none, one, or too many. Octets that are not printable ASCII are
    /// shown escaped.
    pub texts: Vec<String>,
}

/// A term that was evaluated.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Step {
    /// Which of [`Evaluation::records`] the term stands in.
    pub record: usize,
    /// Where in that record.
    pub span: Span,
    /// How many includes deep.
    pub depth: u32,
    /// Which of [`Evaluation::records`] an `include` or `redirect` leads to; `None` for other terms, and if there was no answer.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub target: Option<usize>,
    /// What was asked for it; an include's own record is among [`Evaluation::records`].
    pub asked: Vec<Asked>,
    /// What came of it.
    pub outcome: StepOutcome,
    /// [`Evaluation::term_count`] after it.
    pub term_count: u32,
    /// [`Evaluation::void_count`] after it.
    pub void_count: u32,
}

/// What came of a term.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum StepOutcome {
    /// The mechanism matched, and its record gives the qualifier's result.
    Matched,
    /// It did not.
    NotMatched,
    /// Another domain's record decides.
    Redirected,
    /// The evaluation ended here, with [`Evaluation::problem`].
    Stopped,
}

/// A question and the short form of its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Asked {
    /// The question.
    pub question: Question,
    /// What came back.
    pub outcome: AskedOutcome,
}

/// The short form of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum AskedOutcome {
    /// So many records.
    Records(usize),
    /// None, for sure.
    Void(NegativeKind),
    /// No answer.
    Failed(LookupErrorKind),
}
