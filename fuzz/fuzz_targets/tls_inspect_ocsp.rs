//! OCSP responses from any octets: only what the issuer signed says anything about its certificate.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use tls_inspect::{CryptoProvider, Der, OcspVerdict, TrustStore, check_staple};

static CHAIN: LazyLock<[Der; 2]> = LazyLock::new(|| {
    let read = |pem: &[u8]| TrustStore::certificates_from_pem(pem).unwrap().remove(0);
    let leaf = include_bytes!("../../crates/tls-inspect/tests/data/revocation/1001.pem");
    [read(leaf), read(include_bytes!("../../crates/tls-inspect/tests/data/revocation/root.pem"))]
});

fuzz_target!(|octets: &[u8]| {
    let verdict = check_staple(&Der::new(octets), &*CHAIN, &CryptoProvider::ring(), 1_795_942_499);
    // What is signed is good, and nobody can sign anything else.
    assert!(matches!(verdict, OcspVerdict::Good(_) | OcspVerdict::CouldNotTell(_)), "{verdict:?}");
});
