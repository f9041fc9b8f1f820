//! How much memory an answer takes, so that what is kept can be bounded in octets.

use crate::{Answer, DomainName, ExtendedError, Record, RecordData, RecordType};

/// What an allocator takes for an allocation, beside what was asked for.
pub(crate) const ALLOCATION: usize = 16;

impl Answer {
    /// How many octets of memory the answer takes behind its own, at the most. Names that share their octets count as if they did not.
    pub(crate) fn footprint(&self) -> usize {
        let texts = self
            .extended_errors
            .iter()
            .map(|error| error.text.len() + ALLOCATION);
        let errors = self.extended_errors.len() * size_of::<ExtendedError>() + texts.sum::<usize>();
        let zone = self.negative().and_then(|negative| negative.zone.as_ref());
        let records = self.records().iter().chain(&self.aliases).map(of_record);
        let vectors = 3 * ALLOCATION;
        of_name(&self.question.name)
            + zone.map_or(0, of_name)
            + vectors
            + errors
            + records.sum::<usize>()
    }
}

fn of_record(record: &Record) -> usize {
    let data = match &record.data {
        RecordData::Cname(name) | RecordData::Ns(name) | RecordData::Ptr(name) => of_name(name),
        RecordData::Mx { exchange: name, .. } | RecordData::Srv { target: name, .. } => {
            of_name(name)
        }
        RecordData::Soa {
            primary, mailbox, ..
        } => of_name(primary) + of_name(mailbox),
        RecordData::Txt(strings) => {
            let strings = strings
                .iter()
                .map(|string| size_of::<Vec<u8>>() + ALLOCATION + string.len());
            ALLOCATION + strings.sum::<usize>()
        }
        RecordData::Tlsa { data, .. } => data.len() + ALLOCATION,
        RecordData::Caa { tag, value, .. } => tag.len() + value.len() + 2 * ALLOCATION,
        RecordData::Nsec { types } => types.len() * size_of::<RecordType>() + ALLOCATION,
        RecordData::A(_) | RecordData::Aaaa(_) | RecordData::Other { .. } => 0,
    };
    size_of::<Record>() + of_name(&record.name) + data
}

/// The octets behind two counters.
fn of_name(name: &DomainName) -> usize {
    2 * size_of::<usize>() + name.wire_len() + ALLOCATION
}
