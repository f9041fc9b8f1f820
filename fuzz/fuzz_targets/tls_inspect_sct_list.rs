//! Lists of SCTs from any octets, as of the TLS extension; a certificate and a staple from the same.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use tls_inspect::{CryptoProvider, CtLog, Der, LogList, SctVerdict, TrustStore, check_scts};

static LEAF: LazyLock<Der> = LazyLock::new(|| {
    let leaf = include_bytes!("../../crates/tls-inspect/tests/data/revocation/1001.pem");
    TrustStore::certificates_from_pem(leaf).unwrap().remove(0)
});

fuzz_target!(|octets: &[u8]| {
    let key = include_bytes!("../../crates/tls-inspect/tests/data/ct/log-key.der");
    let logs = LogList::new([CtLog::new(Der::new(*key), "log", "operator")]);
    let other = Der::new(octets);
    for chain in [[LEAF.clone()], [other.clone()]] {
        let report = check_scts(&chain, Some(octets), Some(&other), &logs, &CryptoProvider::ring(), 0);
        assert!(report.scts.len() <= 3 * 32);
        // The log signed for other certificates only.
        assert!(!report.scts.iter().any(|sct| matches!(sct.verdict, SctVerdict::Valid { .. })));
    }
});
