//! Every rule, one a file.
//!
//! A rule is a pure function of the [`Case`]: facts, the time they were taken, and what the captured certificates are worth.
//! It appends one [`Finding`](crate::Finding) for each subject that it applies to, passes included, so that a report can
//! show what was looked at.

mod explain;
mod mx_addresses;
mod mx_alias;
mod mx_answer;
mod mx_domain;
mod mx_implicit;
mod mx_null;
mod mx_scope;
mod mx_spelled_address;
#[cfg(test)]
mod tests;

use tls_inspect::Assessment;

use crate::{Facts, Rule};

/// Every rule, in the order of the picture: route, reach, session, certificate, names, lists.
pub static ALL: &[&Rule] = &[
    &mx_answer::RULE,
    &mx_domain::RULE,
    &mx_null::RULE,
    &mx_implicit::RULE,
    &mx_addresses::RULE,
    &mx_alias::RULE,
    &mx_spelled_address::RULE,
    &mx_scope::RULE,
];

/// What a rule looks at.
#[derive(Debug)]
#[non_exhaustive]
pub struct Case<'a> {
    /// What was seen.
    pub facts: &'a Facts,
    /// What the chain of each of [`Facts::services`] is worth, by its place there; `None` where none was captured.
    pub assessments: Vec<Option<Assessment>>,
}

/// What nearly every rule names.
mod prelude {
    pub(super) use mail_dns::{DomainName, RouteKind};

    pub(super) use crate::rules::Case;
    pub(super) use crate::{Axis, Finding, Outcome, Requirement, Rule, Severity, Subject, Target};
}
