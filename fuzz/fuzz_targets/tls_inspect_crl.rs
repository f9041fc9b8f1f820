//! Revocation lists from any octets: only what the issuer signed says anything about its certificate.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mailcheck_fuzz::{REVOCATION_CHAIN, REVOCATION_NOW};
use tls_inspect::{CrlVerdict, CryptoProvider, Der, RevocationPointers, check_crl};

fuzz_target!(|octets: &[u8]| {
    let [leaf, root] = &*REVOCATION_CHAIN;
    let verdict = check_crl(leaf, root, octets, &CryptoProvider::ring(), REVOCATION_NOW);
    // The list that is signed has not the certificate, and nobody can sign another.
    assert!(matches!(verdict, CrlVerdict::NotRevoked(_) | CrlVerdict::CouldNotTell(_)), "{verdict:?}");
    let _pointers = RevocationPointers::of(&Der::new(octets));
});
