//! Certificates from any octets.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tls_inspect::Certificate;

fuzz_target!(|octets: &[u8]| {
    if let Ok(certificate) = Certificate::parse(octets) {
        assert!(certificate.subject.bytes().all(|octet| (b' '..=b'~').contains(&octet)));
        let _lifetime = certificate.validity.at(0);
    }
});
