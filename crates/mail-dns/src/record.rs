//! Resource records: types, response codes and the data this crate understands.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::DomainName;

/// A resource record type, by its number (IANA, *DNS Parameters*).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
#[expect(
    clippy::exhaustive_structs,
    reason = "a wire number: two octets, for ever"
)]
pub struct RecordType(pub u16);

impl RecordType {
    /// IPv4 address (RFC 1035).
    pub const A: Self = Self(1);
    /// Name server (RFC 1035).
    pub const NS: Self = Self(2);
    /// Alias (RFC 1035).
    pub const CNAME: Self = Self(5);
    /// Start of a zone (RFC 1035).
    pub const SOA: Self = Self(6);
    /// Name of an address (RFC 1035).
    pub const PTR: Self = Self(12);
    /// Mail exchange (RFC 1035, RFC 7505).
    pub const MX: Self = Self(15);
    /// Text (RFC 1035).
    pub const TXT: Self = Self(16);
    /// IPv6 address (RFC 3596).
    pub const AAAA: Self = Self(28);
    /// Service (RFC 2782).
    pub const SRV: Self = Self(33);
    /// Delegation signer (RFC 4034).
    pub const DS: Self = Self(43);
    /// Proof that there is nothing else (RFC 4034).
    pub const NSEC: Self = Self(47);
    /// DNSSEC key (RFC 4034).
    pub const DNSKEY: Self = Self(48);
    /// Certificate association (RFC 6698).
    pub const TLSA: Self = Self(52);
    /// SPF's own type, dead since RFC 7208 §3.1.
    pub const SPF: Self = Self(99);
    /// In an NSEC record: the name does not exist (RFC 9824 §2).
    pub const NXNAME: Self = Self(128);
    /// Certification authority authorization (RFC 8659).
    pub const CAA: Self = Self(257);
}

/// The mnemonic, or `TYPE123` (RFC 3597 §5).
impl fmt::Display for RecordType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match *self {
            Self::A => "A",
            Self::NS => "NS",
            Self::CNAME => "CNAME",
            Self::SOA => "SOA",
            Self::PTR => "PTR",
            Self::MX => "MX",
            Self::TXT => "TXT",
            Self::AAAA => "AAAA",
            Self::SRV => "SRV",
            Self::DS => "DS",
            Self::NSEC => "NSEC",
            Self::DNSKEY => "DNSKEY",
            Self::TLSA => "TLSA",
            Self::SPF => "SPF",
            Self::NXNAME => "NXNAME",
            Self::CAA => "CAA",
            Self(number) => return write!(f, "TYPE{number}"),
        };
        f.pad(name)
    }
}

impl fmt::Debug for RecordType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A response code, extended by EDNS to twelve bits (RFC 6891 §6.1.3; IANA, *DNS RCODEs*).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
#[expect(clippy::exhaustive_structs, reason = "a wire number")]
pub struct Rcode(pub u16);

impl Rcode {
    /// The question was answered, perhaps with no record (NODATA).
    pub const NOERROR: Self = Self(0);
    /// The server could not read the question.
    pub const FORMERR: Self = Self(1);
    /// The server failed.
    pub const SERVFAIL: Self = Self(2);
    /// The name does not exist.
    pub const NXDOMAIN: Self = Self(3);
    /// The server does not do this.
    pub const NOTIMP: Self = Self(4);
    /// The server will not answer this client.
    pub const REFUSED: Self = Self(5);
}

/// The mnemonic, or `RCODE123`.
impl fmt::Display for Rcode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match *self {
            Self::NOERROR => "NOERROR",
            Self::FORMERR => "FORMERR",
            Self::SERVFAIL => "SERVFAIL",
            Self::NXDOMAIN => "NXDOMAIN",
            Self::NOTIMP => "NOTIMP",
            Self::REFUSED => "REFUSED",
            Self(number) => return write!(f, "RCODE{number}"),
        };
        f.pad(name)
    }
}

impl fmt::Debug for Rcode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A resource record, as received.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Record {
    /// The owner name.
    pub name: DomainName,
    /// For how many more seconds the record may be used; a value with the highest bit set counts as 0 (RFC 2181 §8).
    pub ttl: u32,
    /// What the record says.
    pub data: RecordData,
}

impl Record {
    /// Builds a record.
    #[must_use]
    pub fn new(name: DomainName, ttl: u32, data: RecordData) -> Self {
        Self { name, ttl, data }
    }
}

/// In presentation format, as `dig` prints it.
impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, ttl, data } = self;
        write!(f, "{name} {ttl} IN {} {data}", data.record_type())
    }
}

/// The data of a resource record.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum RecordData {
    /// An IPv4 address.
    A(Ipv4Addr),
    /// An IPv6 address.
    Aaaa(Ipv6Addr),
    /// The name that this one is an alias of.
    Cname(DomainName),
    /// A name server of the zone.
    Ns(DomainName),
    /// A name of an address.
    Ptr(DomainName),
    /// A mail exchange.
    Mx {
        /// Lower is tried first (RFC 5321 §5.1).
        preference: u16,
        /// The host; the root stands for a null MX (RFC 7505).
        exchange: DomainName,
    },
    /// Text: one or more character-strings of at most 255 octets each.
    Txt(CharacterStrings),
    /// The start of a zone.
    Soa {
        /// The primary name server.
        primary: DomainName,
        /// The mailbox of who is responsible, its at sign written as a dot.
        mailbox: DomainName,
        /// The version of the zone.
        serial: u32,
        /// After how many seconds a secondary server asks whether there is a newer version.
        refresh: u32,
        /// After how many seconds it asks again, if that failed.
        retry: u32,
        /// After how many seconds without success it stops answering.
        expire: u32,
        /// The upper bound of a negative answer's TTL, in seconds (RFC 2308 §4).
        minimum: u32,
    },
    /// A service (RFC 2782).
    Srv {
        /// Lower is tried first.
        priority: u16,
        /// The share among those of equal priority.
        weight: u16,
        /// The TCP or UDP port.
        port: u16,
        /// The host; the root says that the service is decidedly not there.
        target: DomainName,
    },
    /// A certificate association (RFC 6698 §2.1).
    Tlsa {
        /// The certificate usage.
        usage: u8,
        /// The selector.
        selector: u8,
        /// The matching type.
        matching_type: u8,
        /// The certificate association data.
        data: Vec<u8>,
    },
    /// A certification authority authorization (RFC 8659 §4.1).
    Caa {
        /// Flags; 128 is *issuer critical*.
        flags: u8,
        /// The property tag, in lower case.
        tag: String,
        /// The property value.
        value: Vec<u8>,
    },
    /// Which types there are at a name of a signed zone, and no others (RFC 4034 §4).
    Nsec {
        /// The types.
        types: Vec<RecordType>,
    },
    /// A type without a form of its own here.
    Other {
        /// The type.
        record_type: RecordType,
    },
}

impl RecordData {
    /// The record type of this data.
    #[must_use]
    pub fn record_type(&self) -> RecordType {
        match self {
            Self::A(_) => RecordType::A,
            Self::Aaaa(_) => RecordType::AAAA,
            Self::Cname(_) => RecordType::CNAME,
            Self::Ns(_) => RecordType::NS,
            Self::Ptr(_) => RecordType::PTR,
            Self::Mx { .. } => RecordType::MX,
            Self::Txt(_) => RecordType::TXT,
            Self::Soa { .. } => RecordType::SOA,
            Self::Srv { .. } => RecordType::SRV,
            Self::Tlsa { .. } => RecordType::TLSA,
            Self::Caa { .. } => RecordType::CAA,
            Self::Nsec { .. } => RecordType::NSEC,
            Self::Other { record_type } => *record_type,
        }
    }

    /// The address, of an A or AAAA record.
    #[must_use]
    pub fn address(&self) -> Option<IpAddr> {
        match self {
            Self::A(address) => Some(IpAddr::V4(*address)),
            Self::Aaaa(address) => Some(IpAddr::V6(*address)),
            _ => None,
        }
    }
}

/// In presentation format; octets of a peer are escaped as `\DDD`.
impl fmt::Display for RecordData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::A(address) => address.fmt(f),
            Self::Aaaa(address) => address.fmt(f),
            Self::Cname(name) | Self::Ns(name) | Self::Ptr(name) => name.fmt(f),
            Self::Mx {
                preference,
                exchange,
            } => write!(f, "{preference} {exchange}"),
            Self::Txt(strings) => strings.fmt(f),
            Self::Soa {
                primary,
                mailbox,
                serial,
                refresh,
                retry,
                expire,
                minimum,
            } => {
                write!(
                    f,
                    "{primary} {mailbox} {serial} {refresh} {retry} {expire} {minimum}"
                )
            }
            Self::Srv {
                priority,
                weight,
                port,
                target,
            } => {
                write!(f, "{priority} {weight} {port} {target}")
            }
            Self::Tlsa {
                usage,
                selector,
                matching_type,
                data,
            } => {
                write!(f, "{usage} {selector} {matching_type} ")?;
                data.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
            }
            Self::Caa { flags, tag, value } => {
                write!(f, "{flags} {} ", tag.as_bytes().escape_ascii())?;
                write_quoted(f, value)
            }
            Self::Nsec { types } => {
                f.write_str("(next name left out)")?;
                types
                    .iter()
                    .try_for_each(|record_type| write!(f, " {record_type}"))
            }
            Self::Other { .. } => f.write_str("(not decoded)"),
        }
    }
}

/// The character-strings of one TXT record.
///
/// A value published as several strings is one value, joined with nothing between (RFC 7208 §3.3,
/// RFC 6376 §3.6.2.2); several *records* are several values.
#[derive(Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
pub struct CharacterStrings(Vec<Vec<u8>>);

impl CharacterStrings {
    /// The strings, in order.
    #[must_use]
    pub fn new(strings: impl IntoIterator<Item = Vec<u8>>) -> Self {
        Self(strings.into_iter().collect())
    }

    /// The strings, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &[u8]> {
        self.0.iter().map(Vec::as_slice)
    }

    /// The strings joined with nothing between.
    #[must_use]
    pub fn joined(&self) -> Vec<u8> {
        self.0.concat()
    }
}

impl fmt::Display for CharacterStrings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, string) in self.iter().enumerate() {
            if index > 0 {
                f.write_str(" ")?;
            }
            write_quoted(f, string)?;
        }
        Ok(())
    }
}

impl fmt::Debug for CharacterStrings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A quoted character-string (RFC 1035 §5.1).
fn write_quoted(f: &mut fmt::Formatter<'_>, octets: &[u8]) -> fmt::Result {
    f.write_str("\"")?;
    for &octet in octets {
        match octet {
            b'"' | b'\\' => write!(f, "\\{}", char::from(octet))?,
            b' '..=b'~' => write!(f, "{}", char::from(octet))?,
            _ => write!(f, "\\{octet:03}")?,
        }
    }
    f.write_str("\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_numbers_can_be_held_and_shown() {
        assert_eq!(RecordType(65280).to_string(), "TYPE65280");
        assert_eq!(RecordType::TLSA.to_string(), "TLSA");
        assert_eq!(Rcode(4095).to_string(), "RCODE4095");
    }

    #[test]
    fn text_of_a_peer_is_shown_escaped() {
        let text = CharacterStrings::new([b"a\"b".to_vec(), b"\x1b[2J\xff".to_vec()]);
        assert_eq!(text.to_string(), r#""a\"b" "\027[2J\255""#);
        assert_eq!(text.joined(), b"a\"b\x1b[2J\xff");
    }
}
