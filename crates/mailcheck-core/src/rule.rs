//! What a rule is.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Case, Finding, Severity};

/// A rule: one thing that is right or wrong with the mail of a target.
///
/// A rule is pure: it looks at [facts](crate::Facts) and asks nobody. All of them are in [`rules::ALL`](crate::rules::ALL).
#[derive(Clone)]
#[non_exhaustive]
pub struct Rule {
    /// A name for the thing, never for its severity: `mx.null-mx-with-other-mx`. It never changes.
    pub id: &'static str,
    /// One line: what is right.
    pub summary: &'static str,
    /// Where it is written, RFC and section.
    pub citation: &'static str,
    /// What that text demands; what we think of it is the severity.
    pub requirement: Requirement,
    /// The severity of most of its findings; a finding may say otherwise.
    pub default_severity: Severity,
    /// Which part of the picture it is about.
    pub axis: Axis,
    /// The version that brought it.
    pub since: &'static str,
    /// Judges every subject that the rule applies to.
    pub(crate) check: fn(&Case<'_>, &mut Vec<Finding>),
}

impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rule")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// What the text that a rule cites demands (RFC 2119).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::exhaustive_enums, reason = "RFC 2119, and what it leaves open")]
pub enum Requirement {
    /// MUST.
    Must,
    /// SHOULD.
    Should,
    /// No text demands it.
    Advice,
}

/// A part of the picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Axis {
    /// The run itself.
    Run,
    /// Where mail goes: MX records and addresses.
    Route,
    /// Whether a port answers.
    Reach,
    /// What the server says.
    Smtp,
    /// Encryption and certificates.
    Tls,
    /// The names of an address.
    Reverse,
    /// Blocklists.
    Lists,
}

impl fmt::Display for Axis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Run => "run",
            Self::Route => "route",
            Self::Reach => "reach",
            Self::Smtp => "smtp",
            Self::Tls => "tls",
            Self::Reverse => "reverse",
            Self::Lists => "lists",
        })
    }
}
