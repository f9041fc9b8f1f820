//! Where mail programs find the servers of a domain: SRV records of RFC 6186 and RFC 8314.

use std::fmt;

use futures_util::future::join_all;

use crate::{Answer, DomainName, Lookup, LookupError, NameError, RecordData, RecordType};

/// A service for mail programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum MailService {
    /// Submission with implicit TLS, port 465 (RFC 8314 §5.1).
    Submissions,
    /// Submission with STARTTLS, port 587 (RFC 6186 §3.1).
    Submission,
    /// IMAP with implicit TLS, port 993 (RFC 6186 §3.2).
    Imaps,
    /// IMAP with STARTTLS, port 143 (RFC 6186 §3.2).
    Imap,
    /// POP3 with implicit TLS, port 995 (RFC 6186 §3.3).
    Pop3s,
    /// POP3 with STARTTLS, port 110 (RFC 6186 §3.3).
    Pop3,
}

impl MailService {
    /// All of them; of each kind, the one with implicit TLS first, as RFC 8314 §5.1 prefers.
    pub const ALL: [Self; 6] = [
        Self::Submissions,
        Self::Submission,
        Self::Imaps,
        Self::Imap,
        Self::Pop3s,
        Self::Pop3,
    ];

    /// The first label of its name: `_submissions`.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Submissions => "_submissions",
            Self::Submission => "_submission",
            Self::Imaps => "_imaps",
            Self::Imap => "_imap",
            Self::Pop3s => "_pop3s",
            Self::Pop3 => "_pop3",
        }
    }

    /// Whether TLS begins with the connection.
    #[must_use]
    pub fn is_implicit_tls(self) -> bool {
        matches!(self, Self::Submissions | Self::Imaps | Self::Pop3s)
    }
}

impl fmt::Display for MailService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.label())
    }
}

/// Asks for the servers of one service.
///
/// # Examples
///
/// ```
/// use mail_dns::{MailService, ServicePlaces, StaticLookup, mail_service};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let dns = StaticLookup::from_zone_text(
///     "_imaps._tcp.good.test. 300 IN SRV 0 1 993 imap.good.test.\n\
///      _pop3s._tcp.good.test. 300 IN SRV 0 0 0 .",
/// )?;
/// let imap = mail_service(&dns, &"good.test".parse()?, MailService::Imaps).await;
/// let ServicePlaces::Servers { servers, .. } = &imap.places else { panic!("{imap:?}") };
/// assert_eq!((servers[0].port, &servers[0].target), (993, &"imap.good.test".parse()?));
///
/// let pop = mail_service(&dns, &"good.test".parse()?, MailService::Pop3s).await;
/// assert!(matches!(pop.places, ServicePlaces::NotOffered), "decidedly");
/// # Ok(())
/// # }
/// ```
pub async fn mail_service(
    lookup: &impl Lookup,
    domain: &DomainName,
    service: MailService,
) -> ServiceRecords {
    let name = domain
        .with_prefix("_tcp")
        .and_then(|name| name.with_prefix(service.label()));
    let asked = name.as_ref().ok().cloned();
    let (answer, places) = match name {
        Ok(name) => match lookup.lookup(&name, RecordType::SRV).await {
            Ok(answer) => {
                let places = ServicePlaces::of(&answer);
                (Some(answer), places)
            }
            Err(error) => (None, ServicePlaces::Unknown(error)),
        },
        Err(error) => (None, ServicePlaces::NotAskable(error)),
    };
    ServiceRecords {
        service,
        name: asked,
        answer,
        places,
    }
}

/// Asks for the servers of all six services, at once.
pub async fn mail_services(lookup: &impl Lookup, domain: &DomainName) -> Vec<ServiceRecords> {
    let services = MailService::ALL.into_iter();
    join_all(services.map(|service| mail_service(lookup, domain, service))).await
}

/// The servers of one service.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct ServiceRecords {
    /// The service.
    pub service: MailService,
    /// The name asked for; `None` if there can be no such name.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub name: Option<DomainName>,
    /// The answer; `None` if there is none that settles anything.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub answer: Option<Answer>,
    /// Where it is.
    pub places: ServicePlaces,
}

/// Where a service is.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum ServicePlaces {
    /// On these servers.
    #[non_exhaustive]
    Servers {
        /// By priority; of equal priority, the greater weight first, and then by name.
        servers: Vec<ServiceServer>,
        /// Whether a target of "." stands beside them, where it means nothing (RFC 2782 has it alone).
        beside_nowhere: bool,
    },
    /// Nowhere: the domain says that it does not offer it, by a target of "." (RFC 6186 §3.4).
    NotOffered,
    /// The domain says nothing.
    Nothing,
    /// There can be no such name: it would be too long.
    NotAskable(NameError),
    /// Could not tell.
    Unknown(LookupError),
}

impl ServicePlaces {
    fn of(answer: &Answer) -> Self {
        let servers = answer
            .records()
            .iter()
            .filter_map(|record| ServiceServer::of(&record.data));
        let mut servers: Vec<_> = servers.collect();
        if servers.is_empty() {
            return Self::Nothing;
        }
        let all = servers.len();
        servers.retain(|server| !server.target.is_root());
        if servers.is_empty() {
            return Self::NotOffered;
        }
        servers.sort_by(|one, other| {
            let key = |server: &ServiceServer| (server.priority, u16::MAX - server.weight);
            key(one)
                .cmp(&key(other))
                .then_with(|| one.target.cmp(&other.target))
        });
        Self::Servers {
            beside_nowhere: servers.len() < all,
            servers,
        }
    }
}

/// A server of a service (RFC 2782).
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[expect(
    clippy::exhaustive_structs,
    reason = "an SRV record has four fields (RFC 2782)"
)]
pub struct ServiceServer {
    /// Lower is tried first.
    pub priority: u16,
    /// The share among those of equal priority.
    pub weight: u16,
    /// The port.
    pub port: u16,
    /// The host; it must be no alias.
    pub target: DomainName,
}

impl ServiceServer {
    fn of(data: &RecordData) -> Option<Self> {
        match data {
            RecordData::Srv {
                priority,
                weight,
                port,
                target,
            } => Some(Self {
                priority: *priority,
                weight: *weight,
                port: *port,
                target: target.clone(),
            }),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use super::*;
    use crate::{LookupErrorKind, StaticLookup};

    fn places(zone: &str) -> Vec<ServicePlaces> {
        let name = |text: &str| text.parse::<DomainName>().expect("a name");
        let dns = StaticLookup::from_zone_text(&format!("$ORIGIN _tcp.d.test.\n{zone}\n"))
            .expect("zone text")
            .with_failure(name("_pop3._tcp.d.test"), LookupErrorKind::Refused);
        match pin!(mail_services(&dns, &name("d.test")))
            .poll(&mut Context::from_waker(Waker::noop()))
        {
            Poll::Ready(found) => found.into_iter().map(|records| records.places).collect(),
            Poll::Pending => panic!("memory does not wait"),
        }
    }

    #[test]
    fn item_77_nowhere_is_said_and_silence_is_not() {
        let found = places(
            "_submissions 60 IN SRV 0 1 465 b.d.test.\n_submissions 60 IN SRV 0 5 465 c.d.test.\n\
             _submissions 60 IN SRV 10 9 465 a.d.test.\n_submission 60 IN SRV 0 0 0 .\n\
             _imaps 60 IN SRV 0 0 0 .\n_imaps 60 IN SRV 0 0 993 i.d.test.\n_imap 60 IN TXT x",
        );
        let [submissions, submission, imaps, imap, pop3s, pop3] = found.as_slice() else {
            panic!("six services")
        };
        let ServicePlaces::Servers {
            servers,
            beside_nowhere: false,
        } = submissions
        else {
            panic!("{submissions:?}")
        };
        let targets: Vec<_> = servers
            .iter()
            .map(|server| server.target.to_string())
            .collect();
        assert_eq!(targets, ["c.d.test", "b.d.test", "a.d.test"]);
        assert!(matches!(submission, ServicePlaces::NotOffered));
        assert!(
            matches!(imaps, ServicePlaces::Servers { beside_nowhere: true, servers } if servers.len() == 1)
        );
        assert!(matches!(imap, ServicePlaces::Nothing));
        assert!(matches!(pop3s, ServicePlaces::Nothing));
        assert!(matches!(pop3, ServicePlaces::Unknown(_)));
        assert!(
            MailService::Submissions.is_implicit_tls()
                && !MailService::Submission.is_implicit_tls()
        );
    }
}
