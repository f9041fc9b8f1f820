//! Lines of mail logs from any octets: every place is in the line and holds what is shown of it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mailcheck_fuzz::{is_printable, shown};
use smtp_probe::LogLine;

fuzz_target!(|octets: &[u8]| {
    let Some(line) = LogLine::parse(octets) else {
        return;
    };
    assert_eq!(Some(&line), LogLine::parse(octets).as_ref());
    assert_eq!(shown(&octets[line.text_at.clone()]), line.text);
    assert_eq!(line.recipient_at.clone().map(|at| shown(&octets[at])), line.recipient);
    assert!(line.text.contains(&line.diagnosis.matched));
    assert!(line.queue_id.as_deref().is_none_or(is_printable));
    assert!(line.relay_host.as_deref().is_none_or(is_printable));
});
