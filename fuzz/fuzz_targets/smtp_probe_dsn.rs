//! Reports of delivery from any message: bounded, printable, and the same each time.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mailcheck_fuzz::is_printable;
use smtp_probe::Bounce;

fuzz_target!(|octets: &[u8]| {
    let Some(bounce) = Bounce::parse(octets) else {
        return;
    };
    assert_eq!(Some(&bounce), Bounce::parse(octets).as_ref());
    assert!(bounce.recipients.len() <= 256);
    assert!(bounce.reporting_mta.as_deref().is_none_or(is_printable));
    assert!(bounce.feedback_type.as_deref().is_none_or(is_printable));
    for one in &bounce.recipients {
        for text in [&one.address, &one.original, &one.remote_mta] {
            assert!(text.as_deref().is_none_or(is_printable));
        }
        // Four octets show each.
        assert!(is_printable(&one.text) && one.text.len() <= 4 * 4096);
        assert!(is_printable(&one.diagnosis.matched));
    }
});
