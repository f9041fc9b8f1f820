//! Enhanced status codes from any text: what is read is written there, goes with the reply code, and reads back.
#![no_main]

use libfuzzer_sys::fuzz_target;
use smtp_probe::{EnhancedCode, ReplyCode};

fuzz_target!(|input: (u16, &[u8])| {
    let (code, text) = (ReplyCode(input.0 % 1000), input.1);
    if let Some(found) = EnhancedCode::parse(code, text) {
        let shown = found.to_string();
        assert!(text.starts_with(shown.as_bytes()));
        assert!(found.goes_with(code) && matches!(found.class, 2 | 4 | 5));
        assert!(found.subject < 1000 && found.detail < 1000);
        assert_eq!(EnhancedCode::parse(code, shown.as_bytes()), Some(found));
        assert!(found.meaning().is_none_or(|meaning| meaning.is_ascii()));
    }
});
