//! Domains made for their policies, and the providers they lean on.
//!
//! A domain brings its own records of its topics; of the others it has good ones, the same for all. So one thing
//! is wrong with each, or none where the summary names no fault.

mod dkim;
mod dmarc;
mod non_sending;
mod providers;
mod spf;
mod transport;

use std::sync::LazyLock;

use super::{keys::Keys, zones::host_addresses};
use crate::{
    dns::{DnsServerBuilder, Fault, Signing},
    error::LabError,
};

/// A domain whose records, not servers, are of interest.
///
/// Its DKIM selector is `s1`, unless its summary names others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct PolicyDomain {
    /// Its name, without the final dot.
    pub name: &'static str,
    /// What is special about it, in a line.
    pub summary: &'static str,
    /// What it is an example of, the main thing first.
    pub topics: &'static [Topic],
    /// The records of its topics, in zone text with blanks.
    records: &'static str,
    signing: Signing,
    /// A zone cut out of it: origin, text and how it is signed.
    below: Option<(&'static str, &'static str, Signing)>,
    /// A failure of its DNS: the name, the type if not all, and what happens.
    fault: Option<(&'static str, Option<&'static str>, Fault)>,
}

/// What a policy domain is an example of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Topic {
    /// Who may send (RFC 7208).
    Spf,
    /// Keys of signatures (RFC 6376, RFC 8463).
    Dkim,
    /// What holds for mail that fails, and who is told (RFC 9989, RFC 9990).
    Dmarc,
    /// How mail reaches the servers: DANE (RFC 7672), MTA-STS (RFC 8461), TLS reports (RFC 8460), CAA (RFC 8659).
    Transport,
    /// Domains that send no mail and take none (RFC 7505).
    NonSending,
}

impl PolicyDomain {
    /// Unsigned, and its DNS works.
    const fn new(
        topics: &'static [Topic],
        name: &'static str,
        summary: &'static str,
        records: &'static str,
    ) -> Self {
        Self {
            name,
            summary,
            topics,
            records,
            signing: Signing::Unsigned,
            below: None,
            fault: None,
        }
    }

    const fn signed(mut self) -> Self {
        self.signing = Signing::Signed;
        self
    }

    /// With a zone of its own for a name below it.
    const fn below(mut self, origin: &'static str, text: &'static str, signing: Signing) -> Self {
        self.below = Some((origin, text, signing));
        self
    }

    /// With a name below which the DNS fails.
    const fn fails(
        mut self,
        name: &'static str,
        record_type: Option<&'static str>,
        fault: Fault,
    ) -> Self {
        self.fault = Some((name, record_type, fault));
        self
    }

    /// The zone: the good records of other topics, those of its own, and its hosts.
    fn zone(&self) -> String {
        let Self { name, records, .. } = self;
        let is_about = |topic| self.topics.contains(&topic);
        let mut zone = String::new();
        if !is_about(Topic::Transport) && !is_about(Topic::NonSending) {
            zone.push_str("@ MX 10 mx1.good.test.\n");
        }
        if !is_about(Topic::Spf) {
            zone.push_str("@ TXT \"v=spf1 mx -all\"\n");
        }
        if !is_about(Topic::Dkim) {
            zone.push_str("s1._domainkey TXT \"v=DKIM1; k=rsa; p=<rsa-2048>\"\n");
        }
        if !is_about(Topic::Dmarc) {
            let dmarc = "_dmarc TXT \"v=DMARC1; p=reject; rua=mailto:dmarc@";
            zone.extend([dmarc, name, "\"\n"]);
        }
        zone.extend([records, "\n", &host_addresses(name)]);
        zone
    }
}

/// Every policy domain, by topic and name.
pub(super) fn domains() -> &'static [PolicyDomain] {
    static DOMAINS: LazyLock<Vec<PolicyDomain>> = LazyLock::new(|| {
        [
            spf::DOMAINS,
            dkim::DOMAINS,
            dmarc::DOMAINS,
            transport::DOMAINS,
            non_sending::DOMAINS,
        ]
        .concat()
    });
    &DOMAINS
}

/// Adds the policy domains and their providers to a server.
pub(super) fn add(mut server: DnsServerBuilder, keys: &Keys) -> Result<DnsServerBuilder, LabError> {
    for (origin, text) in providers::ZONES {
        server = server.zone(*origin, keys.fill(text)?, Signing::Unsigned);
    }
    for domain in domains() {
        server = server.zone(domain.name, keys.fill(&domain.zone())?, domain.signing);
        if let Some((origin, text, signing)) = domain.below {
            let text = keys.fill(text)? + "\n" + &host_addresses(origin);
            server = server.zone(origin, text, signing);
        }
        server = match domain.fault {
            None => server,
            Some((name, None, fault)) => server.fault(name, fault),
            Some((name, Some(record_type), fault)) => server.fault_for(name, record_type, fault),
        };
    }
    Ok(server)
}
