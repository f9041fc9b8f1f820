//! DKIM keys from any octets: every place is in the text, and the tags say the same without what stands around them.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mail_dns::dkim::{KeyRecord, Oddity};
use mailcheck_fuzz::{is_in, joined, said};

fuzz_target!(|text: &[u8]| match KeyRecord::parse(text) {
    Ok(record) => {
        assert!(KeyRecord::is_claimed_by(text));
        assert!(record.tags.iter().all(|tag| record.text.at(tag.value_span) == tag.value.as_bytes()));
        assert!(record.oddities.iter().all(|odd| !matches!(odd, Oddity::Syntax(fault) if !is_in(fault.span, text))));
        let again = KeyRecord::parse(&joined(&record.tags)).expect("a record of the same tags");
        assert_eq!(said(&again.tags), said(&record.tags));
        assert_eq!((again.unusable(), again.services, again.flags), (record.unusable(), record.services, record.flags));
        assert_eq!((again.key, again.key_type, again.hashes), (record.key, record.key_type, record.hashes));
    }
    Err(error) => assert!(is_in(error.span(), text), "{error}"),
});
