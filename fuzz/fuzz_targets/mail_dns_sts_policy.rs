//! MTA-STS policies from any octets: one that is shown reads back, with nothing odd left; errors are on a line that there is; and
//! no host is read that is not written.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mail_dns::mta_sts::PolicyFile;

fuzz_target!(|text: &[u8]| match PolicyFile::parse(text) {
    Ok(policy) => {
        let again = PolicyFile::parse(policy.to_string().as_bytes()).expect("a policy");
        assert_eq!((again.mode, &again.mx, again.max_age), (policy.mode, &policy.mx, policy.max_age));
        assert_eq!(again.oddities, []);
        let written = text.to_ascii_lowercase();
        for pattern in &policy.mx {
            assert!(pattern.wildcard || policy.covers(&pattern.name));
            let shown = pattern.to_string();
            assert!(written.windows(shown.len()).any(|part| part == shown.as_bytes()), "{shown}");
        }
    }
    Err(error) => assert!(error.line().is_none_or(|line| line <= text.split(|octet| *octet == b'\n').count())),
});
