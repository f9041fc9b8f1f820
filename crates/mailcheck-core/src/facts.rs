//! What was seen, before anyone judges it.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use dnsbl::{ListAnswer, Senders};
use mail_dns::dane::DaneHost;
use mail_dns::{AddressScope, DomainName, HostAddresses, MailRoute, Reverse};
use serde::{Deserialize, Serialize};
use smtp_probe::Observation;
use tls_inspect::FailureCauseReport;

use crate::{PortRole, Profile, Subject, Target};

/// Everything that was seen of a target in one run: plain data.
///
/// Stored as JSON and [judged](crate::Judge) again elsewhere, they give the same report, so a fault report is a fixture.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Facts {
    /// What was looked at.
    pub target: Target,
    /// What was expected of it.
    pub profile: Profile,
    /// When the run began, in seconds since 1970-01-01T00:00:00Z.
    pub started_at: i64,
    /// How long it took.
    pub elapsed: Duration,
    /// Where the mail goes; for a domain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub route: Option<MailRoute>,
    /// The addresses; for a host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<HostAddresses>,
    /// Every port of every address that was looked at, in order.
    pub services: Vec<ServiceFacts>,
    /// How many addresses there are past those that one run looks at.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub more_addresses: usize,
    /// What a sender with DANE learns of each mail host before it connects, for each port that mail arrives at.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dane: Vec<DaneHost>,
    /// The names of every address.
    pub reverse: Vec<Reverse>,
    /// Whom the SPF record of a domain lets send; `None` where no lists were asked, which is what it is read for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub senders: Option<Senders>,
    /// What the lists say of the domain, of every address of its hosts, and of the first of those that it sends from.
    pub listings: Vec<ListAnswer>,
    /// What was left undone when the time was up; empty if the run was complete.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unfinished: Vec<String>,
}

impl Facts {
    /// Facts of a run that saw nothing yet.
    #[must_use]
    pub fn new(target: Target, profile: Profile, started_at: i64) -> Self {
        Self {
            target,
            profile,
            started_at,
            elapsed: Duration::ZERO,
            route: None,
            host: None,
            services: Vec::new(),
            more_addresses: 0,
            dane: Vec::new(),
            reverse: Vec::new(),
            senders: None,
            listings: Vec::new(),
            unfinished: Vec::new(),
        }
    }

    /// What a sender with DANE learns of the host of `service`, if it was asked.
    #[must_use]
    pub fn dane_of(&self, service: &ServiceFacts) -> Option<&DaneHost> {
        let host = service.host.as_ref()?;
        let port = service.address.port();
        self.dane
            .iter()
            .find(|dane| dane.host == *host && dane.port == port)
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands it over so")]
fn is_zero(count: &usize) -> bool {
    *count == 0
}

/// What was seen of one port of one address.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ServiceFacts {
    /// The host that the address belongs to; `None` if only the address was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<DomainName>,
    /// The address and port.
    pub address: SocketAddr,
    /// What was seen.
    pub probe: ProbeResult,
    /// Why the TLS handshake failed, if it did, and if that was looked for: over some connections more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub causes: Option<FailureCauseReport>,
}

impl ServiceFacts {
    /// Builds the facts of a port.
    #[must_use]
    pub fn new(host: Option<DomainName>, address: SocketAddr, probe: ProbeResult) -> Self {
        Self {
            host,
            address,
            probe,
            causes: None,
        }
    }

    /// What the port is for.
    #[must_use]
    pub fn role(&self) -> PortRole {
        PortRole::of(self.address.port())
    }

    /// What was observed, if it was probed.
    #[must_use]
    pub fn observation(&self) -> Option<&Observation> {
        match &self.probe {
            ProbeResult::Observed(observation) => Some(observation),
            ProbeResult::NotProbed(_) => None,
        }
    }

    /// The subject of findings about it.
    #[must_use]
    pub fn subject(&self) -> Subject {
        Subject::Service {
            host: self.host.clone(),
            address: self.address,
        }
    }
}

/// What came of looking at a port.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::exhaustive_enums, reason = "it was looked at or it was not")]
pub enum ProbeResult {
    /// It was looked at.
    Observed(Box<Observation>),
    /// It was not, and why.
    NotProbed(NotProbed),
}

/// Why a port was not looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum NotProbed {
    /// The address is not a global one, and such are not contacted unless the caller allows it.
    Scope(AddressScope),
    /// The time was up.
    Deadline,
    /// The run may contact only addresses that it has a detour for, and it has none for this one.
    NoDetour,
}

impl fmt::Display for NotProbed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Scope(scope) => write!(
                f,
                "a {scope} address, which is not contacted unless allowed"
            ),
            Self::Deadline => f.write_str("the time was up"),
            Self::NoDetour => f.write_str("no detour leads there"),
        }
    }
}
