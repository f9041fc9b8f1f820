//! MTA-STS, TLS-RPT and BIMI records from any octets: a good record claims to be one, what claims to be one has the version, and
//! every error is at a place in the text.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mail_dns::mta_sts::StsRecord;
use mail_dns::{BimiRecord, PolicyTextError, PolicyTextErrorKind, TlsRptRecord};
use mailcheck_fuzz::is_in;

fn check<T>(text: &[u8], claims: fn(&[u8]) -> bool, parse: fn(&[u8]) -> Result<T, PolicyTextError>) {
    match parse(text) {
        Ok(_) => assert!(claims(text)),
        Err(error) => {
            assert!(is_in(error.span(), text), "{error}");
            assert!(!claims(text) || *error.kind() != PolicyTextErrorKind::Version);
        }
    }
}

fuzz_target!(|text: &[u8]| {
    check(text, StsRecord::is_claimed_by, StsRecord::parse);
    check(text, TlsRptRecord::is_claimed_by, TlsRptRecord::parse);
    check(text, BimiRecord::is_claimed_by, BimiRecord::parse);
});
