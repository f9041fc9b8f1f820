//! The one place where hickory's types become this crate's.

use hickory_proto::rr::{self, RData};

use crate::{CharacterStrings, DomainName, NameError, Record, RecordData, RecordType};

/// The name in this crate's form. An over-long name cannot come from the wire, but from zone text.
pub(crate) fn name(name: &rr::Name) -> Result<DomainName, NameError> {
    DomainName::from_labels(name.iter())
}

/// The record in this crate's form; a TTL with the highest bit set is taken as 0 (RFC 2181 §8).
pub(crate) fn record(record: &rr::Record) -> Result<Record, NameError> {
    let ttl = if record.ttl > i32::MAX.unsigned_abs() {
        0
    } else {
        record.ttl
    };
    Ok(Record::new(name(&record.name)?, ttl, data(&record.data)?))
}

fn data(data: &RData) -> Result<RecordData, NameError> {
    Ok(match data {
        RData::A(address) => RecordData::A(address.0),
        RData::AAAA(address) => RecordData::Aaaa(address.0),
        RData::CNAME(target) => RecordData::Cname(name(&target.0)?),
        RData::NS(target) => RecordData::Ns(name(&target.0)?),
        RData::PTR(target) => RecordData::Ptr(name(&target.0)?),
        RData::MX(mx) => RecordData::Mx {
            preference: mx.preference,
            exchange: name(&mx.exchange)?,
        },
        RData::TXT(txt) => RecordData::Txt(CharacterStrings::new(
            txt.txt_data.iter().map(|part| part.to_vec()),
        )),
        RData::SOA(soa) => RecordData::Soa {
            primary: name(&soa.mname)?,
            mailbox: name(&soa.rname)?,
            serial: soa.serial,
            refresh: soa.refresh.cast_unsigned(),
            retry: soa.retry.cast_unsigned(),
            expire: soa.expire.cast_unsigned(),
            minimum: soa.minimum,
        },
        RData::SRV(srv) => RecordData::Srv {
            priority: srv.priority,
            weight: srv.weight,
            port: srv.port,
            target: name(&srv.target)?,
        },
        RData::TLSA(tlsa) => RecordData::Tlsa {
            usage: tlsa.cert_usage.into(),
            selector: tlsa.selector.into(),
            matching_type: tlsa.matching.into(),
            data: tlsa.cert_data.clone(),
        },
        RData::CAA(caa) => RecordData::Caa {
            flags: caa.flags(),
            tag: caa.tag.to_ascii_lowercase(),
            value: caa.value.clone(),
        },
        // hickory decodes it only with a cryptography provider.
        RData::Unknown { code, rdata } if u16::from(*code) == RecordType::NSEC.0 => {
            RecordData::Nsec {
                types: nsec_types(&rdata.anything).unwrap_or_default(),
            }
        }
        other => RecordData::Other {
            record_type: RecordType(other.record_type().into()),
        },
    })
}

/// The types in an NSEC record (RFC 4034 §4.1): behind the next name, which is not compressed, windows of bits.
pub(crate) fn nsec_types(data: &[u8]) -> Option<Vec<RecordType>> {
    let mut rest = data;
    loop {
        let (length, after) = rest.split_first()?;
        rest = after.get(usize::from(*length)..)?;
        if *length == 0 {
            break;
        }
    }
    let mut types = Vec::new();
    while let [window, length, after @ ..] = rest {
        let (bits, after) = after.split_at_checked(usize::from(*length))?;
        for (index, octet) in (0u16..32).zip(bits) {
            let set = (0u16..8).filter(|bit| octet & (0x80 >> bit) != 0);
            types.extend(set.map(|bit| RecordType((u16::from(*window) << 8) | (index * 8 + bit))));
        }
        rest = after;
    }
    Some(types)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nsec_bitmaps_are_read() {
        // RFC 4034 §4.3: host.example.com. A MX RRSIG NSEC TYPE1234.
        let mut data = b"\x04host\x07example\x03com\x00\x00\x06\x40\x01\x00\x00\x00\x03".to_vec();
        data.extend(b"\x04\x1b");
        data.extend([0; 26]);
        data.push(0x20);
        let numbers: Vec<_> = nsec_types(&data)
            .expect("types")
            .iter()
            .map(|found| found.0)
            .collect();
        assert_eq!(numbers, [1, 15, 46, 47, 1234]);
        assert_eq!(nsec_types(b"\x04ho"), None);
        assert_eq!(nsec_types(b"\x00\x00\x20\x01"), None);
    }
}
