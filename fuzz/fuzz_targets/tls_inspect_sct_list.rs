//! Lists of SCTs from any octets, as of the TLS extension; a certificate and a staple from the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mailcheck_fuzz::REVOCATION_CHAIN;
use tls_inspect::{CryptoProvider, CtLog, Der, LogList, SctVerdict, check_scts};

fuzz_target!(|octets: &[u8]| {
    let key = include_bytes!("../../crates/tls-inspect/tests/data/ct/log-key.der");
    let logs = LogList::new([CtLog::new(Der::new(*key), "log", "operator")]);
    let other = Der::new(octets);
    for chain in [[REVOCATION_CHAIN[0].clone()], [other.clone()]] {
        let report = check_scts(&chain, Some(octets), Some(&other), &logs, &CryptoProvider::ring(), 0);
        assert!(report.scts.len() <= 3 * 32);
        // The log signed for other certificates only.
        assert!(!report.scts.iter().any(|sct| matches!(sct.verdict, SctVerdict::Valid { .. })));
    }
});
