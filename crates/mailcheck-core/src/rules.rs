//! Every rule, one a file.
//!
//! A rule is a pure function of the [`Case`]: facts, and what the captured certificates are worth. It appends one
//! [`Finding`](crate::Finding) for each subject that it applies to, passes included, so that a report can show what was looked at.

pub(crate) mod explain;

mod cert_chain;
mod cert_lifetime;
mod cert_name;
mod list_answered;
mod list_listed;
mod mx_addresses;
mod mx_alias;
mod mx_answer;
mod mx_domain;
mod mx_implicit;
mod mx_null;
mod mx_scope;
mod mx_spelled_address;
mod reach_port;
mod reverse_name;
mod run_complete;
mod smtp_session;
mod smtp_starttls;
mod smtp_syntax;
#[cfg(test)]
mod tests;
mod tls_handshake;

use smtp_probe::PortState;
use tls_inspect::Assessment;

use crate::{Facts, Rule, ServiceFacts};

/// Every rule, in the order of the picture: route, reach, session, certificate, names, lists.
pub static ALL: &[&Rule] = &[
    &run_complete::RULE,
    &mx_answer::RULE,
    &mx_domain::RULE,
    &mx_null::RULE,
    &mx_implicit::RULE,
    &mx_addresses::RULE,
    &mx_alias::RULE,
    &mx_spelled_address::RULE,
    &mx_scope::RULE,
    &reach_port::RULE,
    &smtp_session::RULE,
    &smtp_syntax::RULE,
    &smtp_starttls::RULE,
    &tls_handshake::RULE,
    &cert_chain::RULE,
    &cert_name::RULE,
    &cert_lifetime::RULE,
    &reverse_name::RULE,
    &list_listed::RULE,
    &list_answered::RULE,
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

impl Case<'_> {
    /// The services that showed a certificate, with what it is worth.
    pub(crate) fn assessed(&self) -> impl Iterator<Item = (&ServiceFacts, &Assessment)> {
        let assessed = |(service, assessment)| Some((service, Option::as_ref(assessment)?));
        self.facts
            .services
            .iter()
            .zip(&self.assessments)
            .filter_map(assessed)
    }

    /// Whether the port must answer.
    pub(crate) fn is_required(&self, service: &ServiceFacts) -> bool {
        let expectation = self.facts.profile.expectation(service.address.port());
        expectation.is_some_and(|expectation| expectation.required)
    }

    /// Whether another address accepts connections on the same port.
    pub(crate) fn another_answers(&self, service: &ServiceFacts) -> bool {
        self.others(service)
            .any(|seen| seen.port == PortState::Open)
    }

    /// Whether another address holds a whole session on the same port.
    pub(crate) fn another_serves(&self, service: &ServiceFacts) -> bool {
        self.others(service)
            .any(|seen| seen.port == PortState::Open && seen.stop().is_none())
    }

    fn others(&self, service: &ServiceFacts) -> impl Iterator<Item = &smtp_probe::Observation> {
        let (port, address) = (service.address.port(), service.address.ip());
        let other = move |other: &&ServiceFacts| {
            other.address.port() == port && other.address.ip() != address
        };
        self.facts
            .services
            .iter()
            .filter(other)
            .filter_map(ServiceFacts::observation)
    }
}

/// What nearly every rule names.
mod prelude {
    pub(super) use mail_dns::{DomainName, RouteKind};

    pub(super) use crate::rules::Case;
    pub(super) use crate::{Axis, Finding, Outcome, Requirement, Rule, Severity, Subject, Target};
}
