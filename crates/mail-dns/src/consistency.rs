//! Whether all name servers of a zone say the same about its mail.
//!
//! A recursive resolver asks one of the servers, and another the next time. If one of them is stale, drops a type, or does not know the zone, mail
//! fails now and then, and no single question shows why. [`consistency`] asks each server at each of its addresses.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::future::join_all;
use futures_util::stream;

use crate::{
    AddressScope, Answer, DomainName, HostAddresses, Lookup, LookupError, NameError, NegativeKind,
    Question, Record, RecordData, RecordType, Response, Transport, resolve,
};

/// How many name servers of a zone are asked; real zones have two to thirteen.
const MAX_SERVERS: usize = 16;
/// How many addresses of one are.
const MAX_ADDRESSES: usize = 8;
/// How many servers are asked at a time.
const AT_A_TIME: usize = 8;
/// How many questions one gets at a time: a silent one costs few deadlines, and none is flooded.
const QUESTIONS_AT_A_TIME: usize = 4;

/// Asks one name server, and nobody else.
///
/// `DirectResolver` of the stub resolver does (feature `stub`); a test does without a network.
pub trait AskServer: Send + Sync {
    /// Asks the server at an address, without recursion. Aliases are not followed beyond what the server itself says.
    ///
    /// # Errors
    ///
    /// If the server gives no conclusive answer: a timeout, SERVFAIL, REFUSED, a referral to other servers.
    fn ask_server(
        &self,
        server: SocketAddr,
        question: &Question,
    ) -> impl Future<Output = Result<ServerAnswer, LookupError>> + Send;
}

/// What one name server says.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct ServerAnswer {
    /// The aliases (CNAME) from the question's name on.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Vec::is_empty")
    )]
    pub aliases: Vec<Record>,
    /// The records or the denial; `None` if the aliases lead out of what the server knows.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub response: Option<Response>,
    /// Whether it says that it is authoritative (AA). One that does not is lame: the zone names it, and it does not know the zone.
    pub authoritative: bool,
    /// Over what the answer came.
    pub transport: Transport,
    /// How long it took.
    pub elapsed: Duration,
}

impl ServerAnswer {
    /// Builds an answer, for implementations of [`AskServer`].
    #[must_use]
    pub fn new(aliases: Vec<Record>, response: Option<Response>, authoritative: bool) -> Self {
        Self {
            aliases,
            response,
            authoritative,
            transport: Transport::None,
            elapsed: Duration::ZERO,
        }
    }

    /// What is said, in a form that is equal where the content is: TTLs and order are left out.
    #[must_use]
    pub fn content(&self) -> Content {
        let mut aliases: Vec<_> = self
            .aliases
            .iter()
            .map(|alias| format!("CNAME {}", alias.data))
            .collect();
        match &self.response {
            Some(Response::Negative(negative)) => Content {
                denial: Some(negative.kind),
                records: aliases,
            },
            Some(Response::Records(records)) => {
                let mut records: Vec<_> = records
                    .iter()
                    .map(|record| record.data.to_string())
                    .collect();
                records.sort();
                aliases.extend(records);
                Content {
                    denial: None,
                    records: aliases,
                }
            }
            None => Content {
                denial: None,
                records: aliases,
            },
        }
    }
}

/// What a server says about a question, without TTLs and order.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Content {
    /// The denial, if there are no records.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub denial: Option<NegativeKind>,
    /// Aliases and records in presentation format, the records sorted.
    pub records: Vec<String>,
}

/// `10 mx1.good.test, 20 mx2.good.test`, or `NXDOMAIN`.
impl fmt::Display for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.records.join(", "))?;
        match self.denial {
            None => Ok(()),
            Some(kind) if self.records.is_empty() => kind.fmt(f),
            Some(kind) => write!(f, ", {kind}"),
        }
    }
}

/// The questions about the mail of a domain that its servers should agree on: MX, SPF, DMARC, MTA-STS, TLS-RPT, and the DKIM selectors given.
///
/// # Errors
///
/// If a name would be too long, or a selector is no name.
pub fn mail_questions(domain: &DomainName, selectors: &[&str]) -> Result<Vec<Question>, NameError> {
    let question = |name: DomainName, record_type| Question { name, record_type };
    let mut questions = vec![
        question(domain.clone(), RecordType::MX),
        question(domain.clone(), RecordType::TXT),
    ];
    for label in ["_dmarc", "_mta-sts", "_smtp._tls"] {
        questions.push(question(domain.with_prefix(label)?, RecordType::TXT));
    }
    for selector in selectors {
        let name = domain.with_prefix("_domainkey")?.with_prefix(selector)?;
        questions.push(question(name, RecordType::TXT));
    }
    Ok(questions)
}

/// The zone that a name is in: the owner of the SOA record that comes with the answer for one (RFC 2308 §3). One question.
///
/// For an alias that is the zone of its target (see [`DomainName::is_within`]), and for a name that does not exist the zone that says so, such as
/// that of the registry (see [`existence`](crate::existence())).
///
/// # Errors
///
/// If the question gets no answer, or one without a zone.
pub async fn zone_of(
    lookup: &impl Lookup,
    name: &DomainName,
) -> Result<Option<DomainName>, LookupError> {
    let answer = lookup.lookup(name, RecordType::SOA).await?;
    let owner = answer.records().first().map(|record| record.name.clone());
    Ok(owner.or_else(|| answer.negative().and_then(|negative| negative.zone.clone())))
}

/// Asks every name server of a zone, at each of its addresses, for the zone's version and all `questions`, which are about names in the zone.
///
/// Addresses that are not global are only contacted if `special_addresses` is set: names lead where their owners like. At most 16 servers with
/// 8 addresses each are asked, 8 at a time with 4 questions each at a time.
///
/// # Examples
///
/// ```no_run
/// # #[cfg(feature = "stub")]
/// # mod with_stub {
/// use mail_dns::consistency::{consistency, mail_questions};
/// use mail_dns::stub::{DirectResolver, Server, StubConfig, StubResolver};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let domain = "example.com".parse()?;
/// let questions = mail_questions(&domain, &["s2026"])?;
/// let resolver = StubResolver::new(StubConfig::new(["127.0.0.1".parse::<Server>()?]));
/// let found = consistency(&resolver, &DirectResolver::default(), &domain, questions, false).await;
/// for difference in found.differences() {
///     println!("{}", difference.question);
///     for (content, servers) in &difference.variants {
///         println!("  {content} at {servers:?}");
///     }
/// }
/// # Ok(())
/// # }
/// # }
/// ```
pub async fn consistency(
    lookup: &impl Lookup,
    servers: &impl AskServer,
    zone: &DomainName,
    questions: Vec<Question>,
    special_addresses: bool,
) -> Consistency {
    let ns = lookup.lookup(zone, RecordType::NS).await;
    let mut names: Vec<_> = ns
        .iter()
        .flat_map(Answer::records)
        .filter_map(|record| match &record.data {
            RecordData::Ns(name) => Some(name.clone()),
            _ => None,
        })
        .collect();
    names.sort();
    names.dedup();
    let left_out = names.split_off(names.len().min(MAX_SERVERS));
    let addresses = join_all(names.iter().map(|name| resolve(lookup, name))).await;
    let hosts: Vec<_> = names.into_iter().zip(addresses).collect();
    let mut places = Vec::new();
    for (name, addresses) in &hosts {
        let found = addresses.found().take(MAX_ADDRESSES);
        places.extend(found.map(|address| (name.clone(), address)));
    }
    let asked = stream::iter(places)
        .map(|(name, address)| ask(servers, zone, &questions, name, address, special_addresses))
        .buffered(AT_A_TIME);
    Consistency {
        zone: zone.clone(),
        servers: asked.collect().await,
        hosts,
        left_out,
        questions,
        ns,
    }
}

async fn ask(
    servers: &impl AskServer,
    zone: &DomainName,
    questions: &[Question],
    name: DomainName,
    address: IpAddr,
    special_addresses: bool,
) -> NameServer {
    let mut server = NameServer {
        name,
        address,
        soa: None,
        replies: Vec::new(),
    };
    if AddressScope::of(address) != AddressScope::Global && !special_addresses {
        return server;
    }
    let place = SocketAddr::new(address, 53);
    let soa = Question {
        name: zone.clone(),
        record_type: RecordType::SOA,
    };
    let all = std::iter::once(&soa).chain(questions);
    let asked = stream::iter(all.map(|question| servers.ask_server(place, question)));
    let mut replies: VecDeque<_> = asked.buffered(QUESTIONS_AT_A_TIME).collect().await;
    server.soa = replies.pop_front();
    server.replies = replies.into();
    server
}

/// What all name servers of a zone say.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Consistency {
    /// The zone.
    pub zone: DomainName,
    /// The answer to the question for its name servers.
    pub ns: Result<Answer, LookupError>,
    /// The name servers and what is known of their addresses.
    pub hosts: Vec<(DomainName, HostAddresses)>,
    /// Name servers past the first 16, which were not asked.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Vec::is_empty")
    )]
    pub left_out: Vec<DomainName>,
    /// What was asked.
    pub questions: Vec<Question>,
    /// What each server said, one for each address.
    pub servers: Vec<NameServer>,
}

/// A name server at one of its addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct NameServer {
    /// Its name.
    pub name: DomainName,
    /// The address.
    pub address: IpAddr,
    /// What it says of the zone's version; `None` if it was not contacted, because the address is not global.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub soa: Option<Result<ServerAnswer, LookupError>>,
    /// What it says to each of the questions, in their order; nothing if it was not contacted.
    pub replies: Vec<Result<ServerAnswer, LookupError>>,
}

impl NameServer {
    /// The version of the zone that it has.
    #[must_use]
    pub fn serial(&self) -> Option<u32> {
        let answer = self
            .soa
            .as_ref()?
            .as_ref()
            .ok()
            .filter(|answer| answer.authoritative)?;
        let Some(Response::Records(records)) = &answer.response else {
            return None;
        };
        records.iter().find_map(|record| match record.data {
            RecordData::Soa { serial, .. } => Some(serial),
            _ => None,
        })
    }

    /// Whether it is asked for the zone and does not know it: it answers without authority, refuses, or refers to others
    /// (an unreadable answer is not told from that).
    #[must_use]
    pub fn is_lame(&self) -> bool {
        use crate::LookupErrorKind::{Malformed, Refused};
        match &self.soa {
            Some(Ok(answer)) => !answer.authoritative,
            Some(Err(error)) => matches!(error.kind(), Refused | Malformed),
            None => false,
        }
    }
}

/// A question that not all servers answer alike.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Inconsistency<'a> {
    /// The question.
    pub question: &'a Question,
    /// What is said, and by whom; what most say comes first.
    pub variants: Vec<(Content, Vec<&'a NameServer>)>,
}

impl Consistency {
    /// The questions that are not answered alike by all servers that answer with authority.
    #[must_use]
    pub fn differences(&self) -> Vec<Inconsistency<'_>> {
        let mut differences = Vec::new();
        for (index, question) in self.questions.iter().enumerate() {
            let mut variants: BTreeMap<Content, Vec<&NameServer>> = BTreeMap::new();
            for server in &self.servers {
                if let Some(Ok(answer)) = server.replies.get(index)
                    && answer.authoritative
                {
                    variants.entry(answer.content()).or_default().push(server);
                }
            }
            if variants.len() > 1 {
                let mut variants: Vec<_> = variants.into_iter().collect();
                variants.sort_by_key(|(_, servers)| std::cmp::Reverse(servers.len()));
                differences.push(Inconsistency { question, variants });
            }
        }
        differences
    }

    /// The questions that got no answer from a server that answers others: it refuses a type, or breaks on it.
    pub fn failures(&self) -> impl Iterator<Item = (&NameServer, &Question, &LookupError)> {
        self.servers.iter().flat_map(|server| {
            let replies = server.replies.iter().zip(&self.questions);
            replies.filter_map(move |(reply, question)| {
                Some((server, question, reply.as_ref().err()?))
            })
        })
    }

    /// The servers that have an older version than another has (RFC 1982 §3.2). For a short time after a change that is as it should be.
    #[must_use]
    pub fn stale(&self) -> Vec<&NameServer> {
        let serials: Vec<_> = self.servers.iter().filter_map(NameServer::serial).collect();
        let is_older = |serial: u32| serials.iter().any(|other| precedes(serial, *other));
        self.servers
            .iter()
            .filter(|server| server.serial().is_some_and(is_older))
            .collect()
    }

    /// Whether there are servers, and every one was asked at every address and has answered everything, so that the absence of differences
    /// means that there are none.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        let is_known = |addresses: &HostAddresses| {
            addresses.failures().next().is_none() && addresses.found().count() <= MAX_ADDRESSES
        };
        let has_answered = |server: &NameServer| {
            matches!(server.soa, Some(Ok(_))) && server.replies.len() == self.questions.len()
        };
        self.ns.is_ok()
            && self.left_out.is_empty()
            && self.hosts.iter().all(|(_, addresses)| is_known(addresses))
            && !self.servers.is_empty()
            && self.servers.iter().all(has_answered)
            && self.failures().next().is_none()
    }
}

/// Serial number arithmetic (RFC 1982 §3.2).
fn precedes(one: u32, other: u32) -> bool {
    let ahead = other.wrapping_sub(one);
    ahead != 0 && ahead < 1 << 31
}

#[cfg(test)]
mod tests;
