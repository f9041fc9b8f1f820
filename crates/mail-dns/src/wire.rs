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
            serial: soa.serial,
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
        other => RecordData::Other {
            record_type: RecordType(other.record_type().into()),
        },
    })
}
