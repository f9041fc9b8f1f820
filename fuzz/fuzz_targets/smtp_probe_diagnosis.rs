//! Diagnoses of any text: nothing raw is shown, the words that told stand in it, a time to wait is a sane one, and a reply says no
//! other words than it has.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mailcheck_fuzz::{is_printable, shown};
use smtp_probe::{Confidence, Diagnosis, Reason, Reply};

fuzz_target!(|octets: &[u8]| {
    let found = Diagnosis::of_text(octets);
    assert_eq!(found, Diagnosis::of_text(octets));
    assert!(shown(octets).contains(&found.matched));
    assert!(found.list.as_deref().is_none_or(is_printable));
    assert!(found.retry_after.is_none_or(|time| (1..=432_000).contains(&time.as_secs())));
    assert_eq!(found.reason == Reason::Unknown, found.confidence == Confidence::None);
    if let Ok(reply) = Reply::parse(octets) {
        let of_reply = Diagnosis::of_reply(&reply);
        assert!(reply.to_string().contains(&of_reply.matched));
        assert_eq!(of_reply.code, Some(reply.effective_code()));
    }
});
