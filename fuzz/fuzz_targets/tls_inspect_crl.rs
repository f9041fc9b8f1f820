//! Revocation lists from any octets: only what the issuer signed says anything about its certificate.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use tls_inspect::{CrlVerdict, CryptoProvider, Der, RevocationPointers, TrustStore, check_crl};

static CHAIN: LazyLock<[Der; 2]> = LazyLock::new(|| {
    let read = |pem: &[u8]| TrustStore::certificates_from_pem(pem).unwrap().remove(0);
    let leaf = include_bytes!("../../crates/tls-inspect/tests/data/revocation/1001.pem");
    [read(leaf), read(include_bytes!("../../crates/tls-inspect/tests/data/revocation/root.pem"))]
});

fuzz_target!(|octets: &[u8]| {
    let [leaf, root] = &*CHAIN;
    let verdict = check_crl(leaf, root, octets, &CryptoProvider::ring(), 1_795_942_499);
    // The list that is signed has not the certificate, and nobody can sign another.
    assert!(matches!(verdict, CrlVerdict::NotRevoked(_) | CrlVerdict::CouldNotTell(_)), "{verdict:?}");
    let _pointers = RevocationPointers::of(&Der::new(octets));
});
