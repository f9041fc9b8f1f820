//! Octets that are shown read back, and text that is read is shown in one form.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mail_dns::Octets;

fuzz_target!(|octets: &[u8]| {
    let shown = Octets::from(octets).to_string();
    assert!(shown.bytes().all(|octet| (b' '..=b'~').contains(&octet)));
    assert_eq!(Octets::from_escaped(&shown).as_ref().map(Octets::as_bytes), Some(octets));
    if let Some(read) = str::from_utf8(octets).ok().and_then(Octets::from_escaped) {
        assert_eq!(Octets::from_escaped(&read.to_string()), Some(read));
    }
});
