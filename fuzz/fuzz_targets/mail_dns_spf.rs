//! SPF records from any octets: what is shown reads back as the same terms, and every span lies within the text.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mail_dns::spf::Record;

fuzz_target!(|octets: &[u8]| {
    let Ok(record) = Record::parse(octets) else { return };
    let shown = record.to_string();
    let again = Record::parse(shown.as_bytes()).map(|record| record.to_string());
    assert_eq!(again, Ok(shown));
});
