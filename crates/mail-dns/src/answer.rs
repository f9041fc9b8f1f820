//! What came back: records, or proof that there are none, and how it was learned.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use crate::{DomainName, Rcode, Record, RecordData, RecordType};

/// A question to the DNS; the class is always IN.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[expect(
    clippy::exhaustive_structs,
    reason = "a question is a name and a type (RFC 1035 §4.1.2)"
)]
pub struct Question {
    /// The name asked about.
    pub name: DomainName,
    /// The type of record asked for.
    pub record_type: RecordType,
}

impl fmt::Display for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.name, self.record_type)
    }
}

/// A conclusive answer: *yes* with the records, or *no* with the proof. What is inconclusive is a
/// [`LookupError`](crate::LookupError).
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Answer {
    /// What was asked.
    pub question: Question,
    /// The CNAME records that were followed from the question's name, in order.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Vec::is_empty")
    )]
    pub aliases: Vec<Record>,
    /// The records, or that there are none.
    pub response: Response,
    /// Whether the answer is authentic.
    pub dnssec: DnssecStatus,
    /// Extended DNS errors that came along (RFC 8914); some explain a good answer, such as a stale one.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Vec::is_empty")
    )]
    pub extended_errors: Vec<ExtendedError>,
    /// From whom and how it came.
    pub source: Source,
}

/// The content of a conclusive answer.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[expect(clippy::exhaustive_enums, reason = "a conclusive answer is yes or no")]
pub enum Response {
    /// The RRset: at least one record, all of the type asked for, all at the last alias's name. The order carries no meaning.
    Records(Vec<Record>),
    /// There is no such RRset.
    Negative(Negative),
}

/// Proof that there is no such RRset (RFC 2308).
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Negative {
    /// Whether the name itself is missing.
    pub kind: NegativeKind,
    /// For how many more seconds the denial may be used: the lesser of the SOA record's TTL and its minimum
    /// (RFC 2308 §5). `None` if the answer carried no SOA; it is then not cached.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub ttl: Option<u32>,
    /// The zone that made the denial: the owner of the SOA record.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub zone: Option<DomainName>,
}

impl Negative {
    /// Builds a denial.
    #[must_use]
    pub fn new(kind: NegativeKind, ttl: Option<u32>, zone: Option<DomainName>) -> Self {
        Self { kind, ttl, zone }
    }
}

/// The two negative answers of RFC 2308 §2.
///
/// A signer that follows RFC 9824 answers NODATA for a name that does not exist, so NODATA alone is no proof
/// that the name exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[expect(clippy::exhaustive_enums, reason = "RFC 2308 knows two")]
pub enum NegativeKind {
    /// The name does not exist, for any type.
    NxDomain,
    /// The name has no record of this type.
    NoData,
}

impl fmt::Display for NegativeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::NxDomain => "NXDOMAIN",
            Self::NoData => "NODATA",
        })
    }
}

/// Whether an answer is authentic (RFC 4035 §4.3), as far as can be told over a trusted path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum DnssecStatus {
    /// A validating resolver on a trusted path vouches for every record, and every alias on the way.
    Secure,
    /// A validating resolver on a trusted path says that some part is not signed: it does not set the AD bit. One that is told to let
    /// pass what fails (unbound's `val-permissive-mode`) says the same of forged data.
    Insecure,
    /// Validation failed: the records are forged or the zone is broken. Seen only with checking disabled; else it is a
    /// [`LookupError`](crate::LookupError) of kind [`Bogus`](crate::LookupErrorKind::Bogus).
    Bogus,
    /// Could not tell.
    Indeterminate(IndeterminateCause),
}

impl DnssecStatus {
    /// The status of what hangs on both: a chain is as authentic as its weakest link.
    #[must_use]
    pub fn weaker(self, other: Self) -> Self {
        let strength = |status: &Self| match status {
            Self::Bogus => 0,
            Self::Indeterminate(_) => 1,
            Self::Insecure => 2,
            Self::Secure => 3,
        };
        if strength(&other) < strength(&self) {
            other
        } else {
            self
        }
    }
}

impl fmt::Display for DnssecStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Secure => f.pad("secure"),
            Self::Insecure => f.pad("insecure"),
            Self::Bogus => f.pad("bogus"),
            Self::Indeterminate(cause) => write!(f, "indeterminate: {cause}"),
        }
    }
}

/// Why the DNSSEC status is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum IndeterminateCause {
    /// Anyone between the resolver and here could have set the AD bit (RFC 4035 §4.9.3).
    PathNotTrusted,
    /// The resolver does not set the AD bit for the root zone, which is signed: it does not validate, so its
    /// silence says nothing.
    ResolverDoesNotValidate,
    /// Whether the resolver validates could not be learned: it gave no answer about the root zone.
    ValidationUnknown,
    /// Nobody asked: the records are from a file or a test.
    NotAsked,
}

impl fmt::Display for IndeterminateCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::PathNotTrusted => "the path to the resolver is not trusted",
            Self::ResolverDoesNotValidate => "the resolver does not validate",
            Self::ValidationUnknown => "the resolver does not say whether it validates",
            Self::NotAsked => "nobody was asked",
        })
    }
}

/// An extended DNS error (RFC 8914).
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct ExtendedError {
    /// The info-code (IANA, *Extended DNS Error Codes*).
    pub code: u16,
    /// The server's own words; untrusted, and escaped when shown.
    pub text: String,
}

impl ExtendedError {
    /// Builds an extended error.
    #[must_use]
    pub fn new(code: u16, text: impl Into<String>) -> Self {
        Self {
            code,
            text: text.into(),
        }
    }

    /// Whether the code says that DNSSEC validation failed: 6 to 12 (RFC 8914 §4.7 to §4.13).
    #[must_use]
    pub fn is_validation_failure(&self) -> bool {
        matches!(self.code, 6..=12)
    }

    /// The registry's name of the code; `None` for one that is not known here.
    #[must_use]
    pub fn name(&self) -> Option<&'static str> {
        Some(match self.code {
            0 => "Other",
            1 => "Unsupported DNSKEY Algorithm",
            2 => "Unsupported DS Digest Type",
            3 => "Stale Answer",
            4 => "Forged Answer",
            5 => "DNSSEC Indeterminate",
            6 => "DNSSEC Bogus",
            7 => "Signature Expired",
            8 => "Signature Not Yet Valid",
            9 => "DNSKEY Missing",
            10 => "RRSIGs Missing",
            11 => "No Zone Key Bit Set",
            12 => "NSEC Missing",
            13 => "Cached Error",
            14 => "Not Ready",
            15 => "Blocked",
            16 => "Censored",
            17 => "Filtered",
            18 => "Prohibited",
            19 => "Stale NXDOMAIN Answer",
            20 => "Not Authoritative",
            21 => "Not Supported",
            22 => "No Reachable Authority",
            23 => "Network Error",
            24 => "Invalid Data",
            _ => return None,
        })
    }
}

impl fmt::Display for ExtendedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => write!(f, "EDE {} ({name})", self.code)?,
            None => write!(f, "EDE {}", self.code)?,
        }
        if !self.text.is_empty() {
            write!(f, ": {}", self.text.as_bytes().escape_ascii())?;
        }
        Ok(())
    }
}

/// From whom an answer came, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Source {
    /// The server asked; `None` if none was, as with [`StaticLookup`](crate::StaticLookup).
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub server: Option<SocketAddr>,
    /// The transport of the answer.
    pub transport: Transport,
    /// Whether it came from this process's cache; the TTLs are then what is left of them.
    pub cached: bool,
    /// Whether the server said it is authoritative for the answer (AA).
    pub authoritative: bool,
    /// Whether the server set the AD bit, trusted or not.
    pub authentic_data: bool,
    /// The response code: NOERROR or NXDOMAIN.
    pub rcode: Rcode,
    /// How long the answer took, all attempts included; zero from the cache.
    pub elapsed: Duration,
}

impl Source {
    /// The source of data that no server was asked for.
    #[must_use]
    pub fn unasked(rcode: Rcode) -> Self {
        Self {
            server: None,
            transport: Transport::None,
            cached: false,
            authoritative: false,
            authentic_data: false,
            rcode,
            elapsed: Duration::ZERO,
        }
    }
}

/// How a DNS message travelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Transport {
    /// It did not.
    None,
    /// A datagram.
    Udp,
    /// A TCP connection, after a truncated datagram (RFC 7766 §5) or because it was asked for.
    Tcp,
    /// A TLS connection (RFC 7858).
    Tls,
    /// An HTTPS request (RFC 8484).
    Https,
    /// Many messages, from the root servers on.
    Recursion,
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::None => "none",
            Self::Udp => "UDP",
            Self::Tcp => "TCP",
            Self::Tls => "TLS",
            Self::Https => "HTTPS",
            Self::Recursion => "recursion",
        })
    }
}

impl Answer {
    /// Builds an answer that no server gave, for tests and stored data.
    #[must_use]
    pub fn unasked(question: Question, response: Response) -> Self {
        let rcode = match &response {
            Response::Negative(Negative {
                kind: NegativeKind::NxDomain,
                ..
            }) => Rcode::NXDOMAIN,
            _ => Rcode::NOERROR,
        };
        Self {
            question,
            aliases: Vec::new(),
            response,
            dnssec: DnssecStatus::Indeterminate(IndeterminateCause::NotAsked),
            extended_errors: Vec::new(),
            source: Source::unasked(rcode),
        }
    }

    /// The records; none if the answer is negative.
    #[must_use]
    pub fn records(&self) -> &[Record] {
        match &self.response {
            Response::Records(records) => records,
            Response::Negative(_) => &[],
        }
    }

    /// The denial, if the answer is negative.
    #[must_use]
    pub fn negative(&self) -> Option<&Negative> {
        match &self.response {
            Response::Records(_) => None,
            Response::Negative(negative) => Some(negative),
        }
    }

    /// Whether the answer is that the name does not exist.
    #[must_use]
    pub fn is_nxdomain(&self) -> bool {
        self.negative()
            .is_some_and(|negative| negative.kind == NegativeKind::NxDomain)
    }

    /// The name that the records stand at, or would: the last alias's target.
    #[must_use]
    pub fn canonical_name(&self) -> &DomainName {
        match self.aliases.last().map(|alias| &alias.data) {
            Some(RecordData::Cname(target)) => target,
            _ => &self.question.name,
        }
    }

    /// For how many more seconds the answer may be used: the least TTL of its records and aliases, or the denial's.
    /// `None` for a denial without SOA.
    #[must_use]
    pub fn ttl(&self) -> Option<u32> {
        let own = match &self.response {
            Response::Records(records) => records.iter().map(|record| record.ttl).min(),
            Response::Negative(negative) => negative.ttl,
        }?;
        Some(
            self.aliases
                .iter()
                .map(|alias| alias.ttl)
                .fold(own, u32::min),
        )
    }

    /// The exchanges of the MX records with their preference, in order; those of equal preference by name, because the order of an RRset is
    /// noise. The root stands for a null MX.
    #[must_use]
    pub fn exchanges(&self) -> Vec<(u16, DomainName)> {
        let mut exchanges: Vec<_> = self
            .records()
            .iter()
            .filter_map(|record| match &record.data {
                RecordData::Mx {
                    preference,
                    exchange,
                } => Some((*preference, exchange.clone())),
                _ => None,
            })
            .collect();
        exchanges.sort();
        exchanges.dedup();
        exchanges
    }

    /// The addresses of the A or AAAA records.
    pub fn addresses(&self) -> impl Iterator<Item = IpAddr> + '_ {
        self.records()
            .iter()
            .filter_map(|record| record.data.address())
    }

    /// The values of the TXT records: the strings of each record joined, and one value a record.
    pub fn texts(&self) -> impl Iterator<Item = Vec<u8>> + '_ {
        self.records()
            .iter()
            .filter_map(|record| match &record.data {
                RecordData::Txt(strings) => Some(strings.joined()),
                _ => None,
            })
    }
}

/// One line, for a log or a person: `good.test MX: 10 mx1.good.test, 20 mx2.good.test`.
impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.question)?;
        match &self.response {
            Response::Negative(negative) => negative.kind.fmt(f),
            Response::Records(records) => {
                for (index, record) in records.iter().enumerate() {
                    write!(f, "{}{}", if index > 0 { ", " } else { "" }, record.data)?;
                }
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_is_as_authentic_as_its_weakest_link() {
        use DnssecStatus::{Bogus, Indeterminate, Insecure, Secure};
        let unknown = Indeterminate(IndeterminateCause::PathNotTrusted);
        for (one, other, expected) in [
            (Secure, Secure, Secure),
            (Secure, Insecure, Insecure),
            (Insecure, Secure, Insecure),
            (Insecure, unknown, unknown),
            (Bogus, unknown, Bogus),
        ] {
            assert_eq!(one.weaker(other), expected);
        }
    }
}
