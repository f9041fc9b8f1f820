//! OCSP responses from any octets: only what the issuer signed says anything about its certificate.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mailcheck_fuzz::{REVOCATION_CHAIN, REVOCATION_NOW};
use tls_inspect::{CryptoProvider, Der, OcspVerdict, check_staple};

fuzz_target!(|octets: &[u8]| {
    let verdict = check_staple(&Der::new(octets), &*REVOCATION_CHAIN, &CryptoProvider::ring(), REVOCATION_NOW);
    // What is signed is good, and nobody can sign anything else.
    assert!(matches!(verdict, OcspVerdict::Good(_) | OcspVerdict::CouldNotTell(_)), "{verdict:?}");
});
