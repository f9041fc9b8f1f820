//! What a sender learns about a host before it connects (RFC 7672 §2.2).

use futures_util::future::join_all;

use crate::dane::{Tlsa, effective};
use crate::{
    Answer, DnssecStatus, DomainName, HostAddresses, IndeterminateCause, Lookup, LookupError,
    LookupErrorKind, MailRoute, RecordType, resolve,
};

/// Asks for the addresses of a host, whether they are authentic, and, only if they are, for its TLSA records on a port (RFC 7672 §2.2.2, §2.2.3).
///
/// Servers that break on questions for TLSA are so left alone where no DANE can be.
pub async fn dane_host(lookup: &impl Lookup, host: &DomainName, port: u16) -> DaneHost {
    dane_host_at(lookup, host, resolve(lookup, host).await, port).await
}

/// The same for a host whose addresses are known already, as those of a [`MailRoute`].
pub async fn dane_host_at(
    lookup: &impl Lookup,
    host: &DomainName,
    addresses: HostAddresses,
    port: u16,
) -> DaneHost {
    let mut found = DaneHost {
        host: host.clone(),
        port,
        addresses,
        alias: None,
        bases: Vec::new(),
        outcome: DaneOutcome::DoesNotApply(Obstacle::NoAddresses),
    };
    let candidates = match found.candidates(lookup).await {
        Ok(candidates) => candidates,
        Err(outcome) => {
            found.outcome = outcome;
            return found;
        }
    };
    for base in candidates {
        let name = base
            .with_prefix("_tcp")
            .and_then(|name| name.with_prefix(&format!("_{port}")));
        let Ok(name) = name else {
            found.outcome = DaneOutcome::DoesNotApply(Obstacle::NameTooLong);
            continue;
        };
        let answer = lookup.lookup(&name, RecordType::TLSA).await;
        let settles = match &answer {
            // A failure ends the search: the host is unreachable, not without DANE (§2.1.2).
            Err(_) => true,
            Ok(answer) => match answer.dnssec {
                DnssecStatus::Secure => !answer.records().is_empty(),
                DnssecStatus::Bogus => true,
                DnssecStatus::Insecure | DnssecStatus::Indeterminate(_) => false,
            },
        };
        found.bases.push(BaseDomain {
            name: base,
            tlsa: answer,
        });
        if settles {
            break;
        }
    }
    if !found.bases.is_empty() {
        found.outcome = found.judge();
    }
    found
}

/// What a sender learns about all hosts of a route, and whether it may believe that they are the hosts.
pub async fn dane_route(lookup: &impl Lookup, route: &MailRoute, port: u16) -> DaneRoute {
    let hosts = route.hosts.iter().filter_map(|host| {
        let addresses = host.addresses.clone()?;
        Some(dane_host_at(lookup, &host.name, addresses, port))
    });
    DaneRoute {
        mx: match &route.mx {
            Ok(answer) => Ok(answer.dnssec),
            Err(error) => Err(error.clone()),
        },
        hosts: join_all(hosts).await,
    }
}

/// What a sender learns about all hosts of a domain.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct DaneRoute {
    /// Whether the MX records are authentic. If they are not, whoever forges them names hosts of their own, so what holds for the hosts
    /// protects from nothing; senders may still follow it (RFC 7672 §2.2.1).
    pub mx: Result<DnssecStatus, LookupError>,
    /// The hosts, in order of preference.
    pub hosts: Vec<DaneHost>,
}

/// What a sender learns about a host.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct DaneHost {
    /// The host, as an MX record names it.
    pub host: DomainName,
    /// The port.
    pub port: u16,
    /// Its addresses.
    pub addresses: HostAddresses,
    /// The answer to the question for its own alias, if the addresses are an alias's and insecure: it tells which link is (§2.1.3).
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub alias: Option<Result<Answer, LookupError>>,
    /// The names under which TLSA records were asked for, in order, and what came back.
    pub bases: Vec<BaseDomain>,
    /// What follows.
    pub outcome: DaneOutcome,
}

/// A name under which TLSA records were asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct BaseDomain {
    /// The name, without port and protocol.
    pub name: DomainName,
    /// What came back.
    pub tlsa: Result<Answer, LookupError>,
}

impl BaseDomain {
    /// The records, whatever their worth.
    #[must_use]
    pub fn records(&self) -> Vec<Tlsa> {
        let records = self.tlsa.iter().flat_map(Answer::records);
        records
            .filter_map(|record| Tlsa::of(&record.data))
            .collect()
    }
}

/// What follows for a sender that follows RFC 7672.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum DaneOutcome {
    /// It must authenticate the host by one of these records, or go elsewhere (§2.2, first case).
    Authenticate {
        /// The TLSA base domain: the name that is said by SNI, and that counts for DANE-TA (§8.1, §3.2.2).
        base: DomainName,
        /// The records that count.
        records: Vec<Tlsa>,
    },
    /// There are authentic records, but none that counts: it must encrypt, and need not authenticate (§2.2, second case).
    EncryptOnly {
        /// The TLSA base domain.
        base: DomainName,
        /// The records.
        records: Vec<Tlsa>,
    },
    /// DANE does not apply: the host is treated as any other.
    DoesNotApply(Obstacle),
    /// A question failed, so the host counts as unreachable: mail goes to another, or waits (§2.1.2). That is what a forger would make
    /// happen, and never means *no DANE*.
    Unreachable(LookupError),
    /// Could not tell here: nobody says whether the answers are authentic. A sender with a resolver that validates can.
    Indeterminate {
        /// Why.
        cause: IndeterminateCause,
        /// The TLSA records that there seem to be.
        records: Vec<Tlsa>,
    },
}

/// Why DANE does not apply to a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Obstacle {
    /// The host has no addresses.
    NoAddresses,
    /// Its addresses are not signed, so nobody asks for TLSA records, be there any or not (§2.2.2).
    AddressesInsecure,
    /// There are TLSA records, but they are not signed (§2.2.3).
    TlsaInsecure,
    /// It is proved that there are no TLSA records.
    NoTlsa,
    /// That there are no TLSA records is not proved, because their zone is not signed.
    NoTlsaInsecure,
    /// The name for TLSA records would be too long, so there can be none.
    NameTooLong,
}

impl DaneHost {
    /// The names under which TLSA records may be, in order (§2.2.2).
    async fn candidates(&mut self, lookup: &impl Lookup) -> Result<Vec<DomainName>, DaneOutcome> {
        let addresses = &self.addresses;
        // An error on any question means that the host is left alone (§2.2.2), be the other family as it may.
        if let Some(error) = addresses.failures().next() {
            return Err(DaneOutcome::Unreachable(error.clone()));
        }
        let with_records = addresses
            .conclusive()
            .filter(|answer| !answer.records().is_empty());
        // The least authentic of both families decides.
        let Some(answer) = with_records.min_by_key(|answer| strength(answer.dnssec)) else {
            return Err(DaneOutcome::DoesNotApply(Obstacle::NoAddresses));
        };
        let is_alias = !answer.aliases.is_empty();
        match answer.dnssec {
            DnssecStatus::Bogus => Err(bogus(answer)),
            DnssecStatus::Secure | DnssecStatus::Indeterminate(_) if is_alias => {
                Ok(vec![answer.canonical_name().clone(), self.host.clone()])
            }
            DnssecStatus::Secure | DnssecStatus::Indeterminate(_) => Ok(vec![self.host.clone()]),
            DnssecStatus::Insecure if is_alias => self.own_name(lookup).await,
            DnssecStatus::Insecure => Err(DaneOutcome::DoesNotApply(Obstacle::AddressesInsecure)),
        }
    }

    /// Somewhere on the way of aliases it is not signed; if not at the host itself, its own name may have TLSA records (§2.2.2).
    async fn own_name(&mut self, lookup: &impl Lookup) -> Result<Vec<DomainName>, DaneOutcome> {
        let alias = lookup.lookup(&self.host, RecordType::CNAME).await;
        let outcome = match &alias {
            Err(error) => Err(DaneOutcome::Unreachable(error.clone())),
            Ok(answer) => match answer.dnssec {
                DnssecStatus::Secure => Ok(vec![self.host.clone()]),
                DnssecStatus::Insecure => {
                    Err(DaneOutcome::DoesNotApply(Obstacle::AddressesInsecure))
                }
                DnssecStatus::Bogus => Err(bogus(answer)),
                DnssecStatus::Indeterminate(cause) => Err(DaneOutcome::Indeterminate {
                    cause,
                    records: Vec::new(),
                }),
            },
        };
        self.alias = Some(alias);
        outcome
    }

    fn judge(&self) -> DaneOutcome {
        let all = || {
            self.bases
                .iter()
                .flat_map(BaseDomain::records)
                .collect::<Vec<_>>()
        };
        // What is not known of the addresses is not known of all that hangs on them.
        let mut unknown = self.addresses.conclusive().find_map(indeterminate);
        let mut obstacle = Obstacle::NoTlsa;
        for base in &self.bases {
            let answer = match &base.tlsa {
                Ok(answer) => answer,
                Err(error) => return DaneOutcome::Unreachable(error.clone()),
            };
            let records = base.records();
            match answer.dnssec {
                DnssecStatus::Bogus => return bogus(answer),
                DnssecStatus::Indeterminate(cause) => unknown = unknown.or(Some(cause)),
                DnssecStatus::Insecure if records.is_empty() => obstacle = Obstacle::NoTlsaInsecure,
                DnssecStatus::Insecure => obstacle = Obstacle::TlsaInsecure,
                DnssecStatus::Secure if records.is_empty() || unknown.is_some() => {}
                DnssecStatus::Secure => {
                    let base = base.name.clone();
                    let counting: Vec<_> = effective(&records).into_iter().cloned().collect();
                    return if counting.is_empty() {
                        DaneOutcome::EncryptOnly { base, records }
                    } else {
                        DaneOutcome::Authenticate {
                            base,
                            records: counting,
                        }
                    };
                }
            }
        }
        match unknown {
            Some(cause) => DaneOutcome::Indeterminate {
                cause,
                records: all(),
            },
            None => DaneOutcome::DoesNotApply(obstacle),
        }
    }
}

fn indeterminate(answer: &Answer) -> Option<IndeterminateCause> {
    match answer.dnssec {
        DnssecStatus::Indeterminate(cause) if !answer.records().is_empty() => Some(cause),
        _ => None,
    }
}

/// A bogus answer is a failed question (§2.1.1).
fn bogus(answer: &Answer) -> DaneOutcome {
    DaneOutcome::Unreachable(LookupError::new(
        LookupErrorKind::Bogus,
        answer.question.clone(),
    ))
}

/// From the least authentic to the most.
fn strength(status: DnssecStatus) -> u8 {
    match status {
        DnssecStatus::Bogus => 0,
        DnssecStatus::Insecure => 1,
        DnssecStatus::Indeterminate(_) => 2,
        DnssecStatus::Secure => 3,
    }
}
