//! Every rule, one a file.
//!
//! A rule is a pure function of the [`Case`]: facts, and what the captured certificates are worth. It appends one
//! [`Finding`](crate::Finding) for each subject that it applies to, passes included, so that a report can show what was looked at.

pub(crate) mod explain;

pub(crate) mod cert_chain;
mod cert_lifetime;
mod cert_name;
mod dane_match;
mod dane_records;
mod dane_renewal;
mod list_answered;
mod list_listed;
mod list_senders;
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

use dnsbl::SenderAddress;
use mail_dns::dane::{DaneHost, DaneOutcome};
use mail_dns::{HostAddresses, MailRoute};
use smtp_probe::{Observation, PortState};
use tls_inspect::{Assessment, RolloverAdvice, SenderVerdict};

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
    &dane_records::RULE,
    &dane_match::RULE,
    &dane_renewal::RULE,
    &reverse_name::RULE,
    &list_listed::RULE,
    &list_answered::RULE,
    &list_senders::RULE,
];

/// What a rule looks at.
#[derive(Debug)]
#[non_exhaustive]
pub struct Case<'a> {
    /// What was seen.
    pub facts: &'a Facts,
    /// What the chain of each of [`Facts::services`] is worth, by its place there; `None` where none was captured.
    pub assessments: Vec<Option<Assessment>>,
    /// What a sender with DANE does with each of [`Facts::services`], by its place there, if the TLSA records are authentic:
    /// [`Facts::dane`] says whether they are. `None` where mail does not arrive, the host has no name, or it was not found out
    /// whether TLS is offered.
    pub dane: Vec<Option<SenderVerdict>>,
    /// What becomes of the TLSA records when the certificate of each changes; `None` where there are none, or no certificate.
    pub rollovers: Vec<Option<RolloverAdvice>>,
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

    /// The services of which can be told what a sender with DANE does, what it knows of the host, and what it does.
    pub(crate) fn for_dane(
        &self,
    ) -> impl Iterator<Item = (&ServiceFacts, &DaneHost, &SenderVerdict)> {
        let services = self.facts.services.iter().zip(&self.dane);
        services.filter_map(|(service, verdict)| {
            Some((service, self.facts.dane_of(service)?, verdict.as_ref()?))
        })
    }

    /// Whether it is shown that a sender with DANE authenticates the server.
    pub(crate) fn passes_dane(&self, service: &ServiceFacts) -> bool {
        self.for_dane().any(|(one, host, verdict)| {
            one == service
                && matches!(host.outcome, DaneOutcome::Authenticate { .. })
                && *verdict == SenderVerdict::DeliversAuthenticated
                && dane_match::is_shown(one, host, verdict)
        })
    }

    /// Whether a sender with DANE refuses the server, or may.
    pub(crate) fn holds_for_dane(&self, service: &ServiceFacts) -> bool {
        self.for_dane().any(|(one, host, verdict)| {
            one == service && !(verdict.delivers() && dane_match::is_shown(one, host, verdict))
        })
    }

    /// Whether a sender with DANE delivers to another host or address on the same port, to which it turns from one that is not
    /// what its records say. Hosts that share an address differ in their records, and in the certificate that is asked for.
    pub(crate) fn others_pass_dane(&self, service: &ServiceFacts) -> Others {
        let verdicts: Vec<_> = self.for_dane().collect();
        let is_other = |other: &ServiceFacts| other.host != service.host;
        self.others(service, is_other, |other, seen| {
            let found = verdicts.iter().find(|(one, ..)| *one == other);
            let served = self.serves(other, seen);
            match found.filter(|(one, host, verdict)| dane_match::is_shown(one, host, verdict)) {
                _ if served == Others::DoNot => Others::DoNot,
                Some((.., verdict)) if !verdict.delivers() => Others::DoNot,
                Some(_) if served == Others::Serve => Others::Serve,
                _ => Others::Unknown,
            }
        })
    }

    /// The subject as an address that the domain's SPF record names as a sender, if it does.
    pub(crate) fn sender(&self, subject: &dnsbl::Subject) -> Option<&SenderAddress> {
        let dnsbl::Subject::Address(address) = subject else {
            return None;
        };
        let mut senders = self.facts.senders.iter().flat_map(|it| &it.addresses);
        senders.find(|sender| sender.address.to_canonical() == address.to_canonical())
    }

    /// How the domain lets it send, if the subject is a sender.
    pub(crate) fn sends_by(&self, subject: &dnsbl::Subject) -> Option<String> {
        let by = self.sender(subject)?.by.as_ref()?;
        Some(format!("may send for {} by {by}", self.facts.target))
    }

    /// Whether the port must answer.
    pub(crate) fn is_required(&self, service: &ServiceFacts) -> bool {
        let expectation = self.facts.profile.expectation(service.address.port());
        expectation.is_some_and(|expectation| expectation.required)
    }

    /// Whether an answer of any kind came from another address on the same port: then this side lets the packets out, and silence is
    /// the other side's.
    pub(crate) fn others_are_heard(&self, service: &ServiceFacts) -> bool {
        self.facts.services.iter().any(|other| {
            other.address.port() == service.address.port()
                && other.address.ip() != service.address.ip()
                && other.address.is_ipv4() == service.address.is_ipv4()
                && other.observation().is_some_and(|seen| {
                    matches!(
                        seen.port,
                        PortState::Open | PortState::Reset | PortState::Refused
                    )
                })
        })
    }

    /// Whether another address accepts connections on the same port.
    pub(crate) fn others_answer(&self, service: &ServiceFacts) -> Others {
        self.others(
            service,
            |_| false,
            |other, seen| match seen.port {
                PortState::Open => Others::Serve,
                PortState::Refused | PortState::Reset | PortState::Unreachable(_) => Others::DoNot,
                PortState::Filtered if self.others_are_heard(other) => Others::DoNot,
                _ => Others::Unknown,
            },
        )
    }

    /// Whether another address holds a whole session on the same port.
    pub(crate) fn others_serve(&self, service: &ServiceFacts) -> Others {
        self.others(service, |_| false, |other, seen| self.serves(other, seen))
    }

    /// Whether a whole session is held there.
    fn serves(&self, service: &ServiceFacts, seen: &Observation) -> Others {
        match (&seen.port, seen.stop()) {
            (PortState::Open, None) => Others::Serve,
            (PortState::Refused | PortState::Reset | PortState::Unreachable(_), _) => Others::DoNot,
            (PortState::Filtered, _) if self.others_are_heard(service) => Others::DoNot,
            (PortState::Open, Some(stop)) if smtp_session::is_shown(stop) => Others::DoNot,
            _ => Others::Unknown,
        }
    }

    /// What is shown of all others on the same port: those at other addresses, and those that `is_other` names besides.
    fn others(
        &self,
        service: &ServiceFacts,
        is_other: impl Fn(&ServiceFacts) -> bool,
        judge: impl Fn(&ServiceFacts, &Observation) -> Others,
    ) -> Others {
        let (port, address) = (service.address.port(), service.address.ip());
        let mut sum = if self.knows_all_addresses() {
            Others::DoNot
        } else {
            Others::Unknown
        };
        for other in &self.facts.services {
            let differs = other.address.ip() != address || is_other(other);
            if other.address.port() != port || !differs {
                continue;
            }
            match other
                .observation()
                .map_or(Others::Unknown, |seen| judge(other, seen))
            {
                Others::Serve => return Others::Serve,
                Others::Unknown => sum = Others::Unknown,
                Others::DoNot => {}
            }
        }
        sum
    }

    /// Whether no address of a mail host can have been missed.
    fn knows_all_addresses(&self) -> bool {
        let complete = |addresses: &HostAddresses| addresses.failures().next().is_none();
        let all = |route: &MailRoute| {
            let mut hosts = route.hosts.iter();
            route.unresolved.is_empty()
                && hosts.all(|host| host.addresses.as_ref().is_none_or(complete))
        };
        self.facts.more_addresses == 0
            && self.facts.host.as_ref().is_none_or(complete)
            && self.facts.route.as_ref().is_none_or(all)
    }
}

/// Whether the other addresses do what one does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Others {
    /// At least one does.
    Serve,
    /// None does, and this is shown of each.
    DoNot,
    /// Could not tell.
    Unknown,
}

/// What nearly every rule names.
mod prelude {
    pub(super) use mail_dns::{DomainName, RouteKind};

    pub(super) use crate::rules::{Case, Others};
    pub(super) use crate::{Axis, Finding, Outcome, Requirement, Rule, Severity, Subject, Target};
}
