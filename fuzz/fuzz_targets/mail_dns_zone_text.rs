//! Zone text from anybody: no panic, and a world in which every question gets an answer.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mail_dns::{Lookup, RecordType, StaticLookup};
use mailcheck_fuzz::{DOMAIN, ready};

fuzz_target!(|text: &str| {
    let Ok(world) = StaticLookup::from_zone_text(text) else { return };
    let name = DOMAIN.parse().expect("a name");
    for record_type in [RecordType::A, RecordType::MX, RecordType::TXT, RecordType::TLSA, RecordType::CAA] {
        if let Ok(answer) = ready(world.lookup(&name, record_type)) {
            assert!(answer.to_string().chars().all(|character| !character.is_control()));
        }
    }
});
