//! Names from any text: what is shown reads back.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mail_dns::DomainName;

fuzz_target!(|text: &str| {
    if let Ok(name) = text.parse::<DomainName>() {
        assert!(name.wire_len() <= 255);
        assert_eq!(name.to_string().parse(), Ok(name));
    }
});
