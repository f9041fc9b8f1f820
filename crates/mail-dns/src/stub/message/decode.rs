//! Reading what a message is made of (RFC 1035 §4.1), octet by octet.
//!
//! Whatever the octets are, the work is linear in their number: a name is at most 255 octets long and takes a bounded
//! number of pointers, each of which leads back.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::OPT;
use crate::{CharacterStrings, DomainName, Record, RecordData, RecordType, wire};

/// The class of the Internet (RFC 1035 §3.2.4).
const IN: u16 = 1;
/// No record is shorter: the root, type, class, TTL and the length of no data.
const MIN_RECORD: usize = 11;
/// The longest name without the root's zero octet (RFC 1035 §2.3.4).
const MAX_NAME: usize = 254;
/// As many as a name can have labels: whoever points more often only points on.
const MAX_POINTERS: usize = 127;

/// What is wrong, and where: `expected a name, found its end at octet 17`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fault {
    what: &'static str,
    offset: usize,
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} at octet {}", self.what, self.offset)
    }
}

/// The OPT pseudo-record (RFC 6891 §6.1).
#[derive(Debug, Clone, Copy)]
pub(super) struct Opt<'a> {
    /// The upper eight bits of the response code.
    pub(super) rcode_high: u8,
    options: &'a [u8],
}

/// A record's fixed part.
struct Head {
    record_type: RecordType,
    class: u16,
    /// The TTL; of OPT, something else (RFC 6891 §6.1.3).
    bits: u32,
    /// Where the data end.
    end: usize,
}

impl Head {
    /// One with the highest bit set is taken as 0 (RFC 2181 §8).
    fn ttl(&self) -> u32 {
        if self.bits > i32::MAX.unsigned_abs() {
            0
        } else {
            self.bits
        }
    }
}

/// Reads a message from front to back.
#[derive(Debug)]
pub(super) struct Decoder<'a> {
    message: &'a [u8],
    at: usize,
}

impl<'a> Decoder<'a> {
    /// Starts at `offset`.
    pub(super) fn new(message: &'a [u8], offset: usize) -> Self {
        Self {
            message,
            at: offset,
        }
    }

    pub(super) fn skip_questions(&mut self, count: u16) -> Result<(), Fault> {
        for _ in 0..count {
            self.skip_name()?;
            self.take(4)?;
        }
        Ok(())
    }

    /// The records of class IN in a section of `count`; those of a type that is not `wanted` are passed over. Owners
    /// that equal `likely` share its octets.
    pub(super) fn records(
        &mut self,
        count: u16,
        likely: &DomainName,
        wanted: impl Fn(RecordType) -> bool,
    ) -> Result<Vec<Record>, Fault> {
        let room = self.message.len().saturating_sub(self.at) / MIN_RECORD;
        let mut records = Vec::with_capacity(room.min(count.into()));
        for _ in 0..count {
            let start = self.at;
            self.skip_name()?;
            let head = self.head()?;
            if head.record_type.0 == OPT {
                return Err(self.fault("expected a record, found OPT"));
            }
            if head.class == IN && wanted(head.record_type) {
                let (owner, _) = self.name_at(start, Some(likely))?;
                let data = self.data(&head)?;
                records.push(Record::new(owner, head.ttl(), data));
            }
            self.at = head.end;
        }
        Ok(records)
    }

    /// The OPT record of an additional section of `count`. The other records are passed over: nobody asked for them.
    pub(super) fn opt(&mut self, count: u16) -> Result<Option<Opt<'a>>, Fault> {
        let mut found = None;
        for _ in 0..count {
            self.skip_name()?;
            let head = self.head()?;
            if head.record_type.0 == OPT {
                let options = self.message.get(self.at..head.end).unwrap_or_default();
                let [rcode_high, ..] = head.bits.to_be_bytes();
                let opt = Opt {
                    rcode_high,
                    options,
                };
                if found.replace(opt).is_some() {
                    return Err(self.fault("expected one OPT record, found two"));
                }
            }
            self.at = head.end;
        }
        Ok(found)
    }

    fn head(&mut self) -> Result<Head, Fault> {
        let record_type = RecordType(self.u16()?);
        let class = self.u16()?;
        let bits = self.u32()?;
        let length = self.u16()?;
        let end = self.at + usize::from(length);
        if end > self.message.len() {
            return Err(self.fault("expected a record's data, found the end"));
        }
        Ok(Head {
            record_type,
            class,
            bits,
            end,
        })
    }

    fn data(&mut self, head: &Head) -> Result<RecordData, Fault> {
        let data = match head.record_type {
            RecordType::A => RecordData::A(Ipv4Addr::from(self.octets::<4>()?)),
            RecordType::AAAA => RecordData::Aaaa(Ipv6Addr::from(self.octets::<16>()?)),
            RecordType::CNAME => RecordData::Cname(self.name()?),
            RecordType::NS => RecordData::Ns(self.name()?),
            RecordType::PTR => RecordData::Ptr(self.name()?),
            RecordType::MX => RecordData::Mx {
                preference: self.u16()?,
                exchange: self.name()?,
            },
            RecordType::TXT => {
                let mut strings = Vec::new();
                while self.at < head.end {
                    let length = usize::from(self.u8()?);
                    strings.push(self.take(length)?.to_vec());
                }
                RecordData::Txt(CharacterStrings::new(strings))
            }
            RecordType::SOA => RecordData::Soa {
                primary: self.name()?,
                mailbox: self.name()?,
                serial: self.u32()?,
                refresh: self.u32()?,
                retry: self.u32()?,
                expire: self.u32()?,
                minimum: self.u32()?,
            },
            RecordType::SRV => RecordData::Srv {
                priority: self.u16()?,
                weight: self.u16()?,
                port: self.u16()?,
                target: self.name()?,
            },
            RecordType::TLSA => RecordData::Tlsa {
                usage: self.u8()?,
                selector: self.u8()?,
                matching_type: self.u8()?,
                data: self.rest(head)?.to_vec(),
            },
            RecordType::CAA => {
                let flags = self.u8()?;
                let length = usize::from(self.u8()?);
                let tag = self.take(length)?;
                // RFC 8659 §4.1: at least one octet, all of them letters and digits.
                if tag.is_empty() || !tag.iter().all(u8::is_ascii_alphanumeric) {
                    return Err(self.fault("expected a property tag, found something else"));
                }
                let tag = String::from_utf8_lossy(tag).to_ascii_lowercase();
                RecordData::Caa {
                    flags,
                    tag,
                    value: self.rest(head)?.to_vec(),
                }
            }
            RecordType::NSEC => {
                let data = self.rest(head)?;
                let types = wire::nsec_types(data);
                RecordData::Nsec {
                    types: types.ok_or_else(|| {
                        self.fault("expected types in an NSEC record, found something else")
                    })?,
                }
            }
            record_type => {
                self.at = head.end;
                RecordData::Other { record_type }
            }
        };
        if self.at == head.end {
            Ok(data)
        } else {
            Err(self.fault("expected the end of a record's data, found another"))
        }
    }

    fn rest(&mut self, head: &Head) -> Result<&'a [u8], Fault> {
        match head.end.checked_sub(self.at) {
            Some(length) => self.take(length),
            None => Err(self.fault("expected the end of a record's data, found another")),
        }
    }

    fn name(&mut self) -> Result<DomainName, Fault> {
        let (name, end) = self.name_at(self.at, None)?;
        self.at = end;
        Ok(name)
    }

    /// Passes over a name without following its pointer.
    fn skip_name(&mut self) -> Result<(), Fault> {
        loop {
            let length = self.u8()?;
            match length {
                0 => return Ok(()),
                1..=63 => self.take(length.into())?,
                192.. => {
                    self.u8()?;
                    return Ok(());
                }
                _ => return Err(self.fault("expected a label, found another type of label")),
            };
        }
    }

    /// The name at `start`, and where what stands there ends (RFC 1035 §4.1.4).
    fn name_at(
        &self,
        start: usize,
        likely: Option<&DomainName>,
    ) -> Result<(DomainName, usize), Fault> {
        let mut wire = [0; MAX_NAME];
        let mut length = 0;
        let mut reader = Decoder::new(self.message, start);
        // A pointer leads before the part of the name that it stands in.
        let mut limit = start;
        let mut end = None;
        let mut pointers = 0;
        loop {
            let part = reader.at;
            let octet = reader.u8()?;
            match octet {
                0 => break,
                1..=63 => {
                    let label = reader.take(octet.into())?;
                    let space = wire
                        .get_mut(length..=length + label.len())
                        .and_then(<[u8]>::split_first_mut);
                    let Some((first, rest)) = space else {
                        return Err(reader.fault("expected a name, found a longer one"));
                    };
                    *first = octet;
                    rest.copy_from_slice(label);
                    rest.make_ascii_lowercase();
                    length += 1 + label.len();
                }
                192.. => {
                    let target = (usize::from(octet & 0x3f) << 8) | usize::from(reader.u8()?);
                    end.get_or_insert(reader.at);
                    if target >= limit {
                        reader.at = part;
                        return Err(reader.fault("expected a pointer back, found one ahead"));
                    }
                    pointers += 1;
                    if pointers > MAX_POINTERS {
                        return Err(reader.fault("expected a name, found too many pointers"));
                    }
                    limit = target;
                    reader.at = target;
                }
                _ => return Err(reader.fault("expected a label, found another type of label")),
            }
        }
        let end = end.unwrap_or(reader.at);
        let wire = wire.get(..length).unwrap_or_default();
        let name = match likely {
            Some(likely) if likely.as_wire() == wire => likely.clone(),
            _ => DomainName::from_lower_wire(wire),
        };
        Ok((name, end))
    }

    fn u8(&mut self) -> Result<u8, Fault> {
        self.octets::<1>().map(|[octet]| octet)
    }

    fn u16(&mut self) -> Result<u16, Fault> {
        self.octets().map(u16::from_be_bytes)
    }

    fn u32(&mut self) -> Result<u32, Fault> {
        self.octets().map(u32::from_be_bytes)
    }

    fn octets<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        let rest = self.message.get(self.at..).unwrap_or_default();
        let Some(octets) = rest.first_chunk() else {
            return Err(self.fault("expected more octets, found the end"));
        };
        self.at += N;
        Ok(*octets)
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], Fault> {
        let Some(octets) = self.message.get(self.at..self.at + length) else {
            return Err(self.fault("expected more octets, found the end"));
        };
        self.at += length;
        Ok(octets)
    }

    fn fault(&self, what: &'static str) -> Fault {
        Fault {
            what,
            offset: self.at,
        }
    }
}

impl<'a> Opt<'a> {
    /// The data of the options of this code; what is cut at the end is left out.
    pub(super) fn options(self, code: u16) -> impl Iterator<Item = &'a [u8]> {
        let mut rest = self.options;
        std::iter::from_fn(move || {
            let (found, after) = rest.split_first_chunk()?;
            let (length, after) = after.split_first_chunk()?;
            let (data, after) = after.split_at_checked(u16::from_be_bytes(*length).into())?;
            rest = after;
            Some((u16::from_be_bytes(*found), data))
        })
        .filter_map(move |(found, data)| (found == code).then_some(data))
    }
}

#[cfg(test)]
mod tests;
