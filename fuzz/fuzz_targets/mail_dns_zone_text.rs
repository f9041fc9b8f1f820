//! Zone text from anybody: a line that includes a file is refused; no panic, and a world in which every question gets an answer.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mail_dns::{Lookup, RecordType, StaticLookup};
use mailcheck_fuzz::{DOMAIN, ready};

fuzz_target!(|text: &str| {
    let is_include = |line: &str| line.split_ascii_whitespace().next() == Some("$INCLUDE");
    if text.split(['\n', '\r']).any(is_include) {
        return assert!(StaticLookup::from_zone_text(text).is_err());
    }
    // Behind another word, or with no blank behind it, it is not refused yet; no file shall be read here.
    if text.contains("$INCLUDE") {
        return;
    }
    let Ok(world) = StaticLookup::from_zone_text(text) else { return };
    let name = DOMAIN.parse().expect("a name");
    for record_type in [RecordType::A, RecordType::MX, RecordType::TXT, RecordType::TLSA, RecordType::CAA] {
        if let Ok(answer) = ready(world.lookup(&name, record_type)) {
            assert!(answer.to_string().chars().all(|character| !character.is_control()));
        }
    }
});
