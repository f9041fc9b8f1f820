//! TLSA records from any octets, one a line, its three numbers in as many octets: those that count are usable, there are some if any is
//! usable, and all of them count among themselves.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mail_dns::RecordData;
use mail_dns::dane::{Tlsa, effective};

fuzz_target!(|octets: &[u8]| {
    let record = |line: &[u8]| match line {
        [usage, selector, matching_type, data @ ..] => {
            let (usage, selector, matching_type) = (usage & 7, selector & 3, matching_type & 3);
            Tlsa::of(&RecordData::Tlsa { usage, selector, matching_type, data: data.into() })
        }
        _ => None,
    };
    let records: Vec<_> = octets.split(|octet| *octet == b'\n').filter_map(record).collect();
    let counting: Vec<_> = effective(&records).into_iter().cloned().collect();
    let is_usable = |record: &&Tlsa| record.unusable().is_none();
    assert!(counting.iter().all(|record| is_usable(&record) && records.contains(record)));
    for usable in records.iter().filter(is_usable) {
        assert!(counting.iter().any(|record| (record.usage, record.selector) == (usable.usage, usable.selector)));
    }
    assert_eq!(effective(&counting), counting.iter().collect::<Vec<_>>());
});
