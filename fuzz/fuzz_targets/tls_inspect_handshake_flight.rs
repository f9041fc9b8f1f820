//! The messages of a server in clear, after a ServerHello that is good: what `tls_inspect_server_hello` would hardly come upon.
//!
//! The first octet has the version and suite, the second says how the connection ends, the third how the octets are cut. The rest
//! is messages, put into records by the target.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mailcheck_fuzz::{check_hello, hello};

/// ECDHE-RSA, DHE-RSA, RSA, ECDH_anon, RSA_EXPORT, DHE_PSK, ECDHE_PSK.
const SUITES: [u16; 7] = [0xc02f, 0x0033, 0x002f, 0xc018, 0x0003, 0x0090, 0xc035];

fuzz_target!(|input: &[u8]| {
    let [kind, end, cut, messages @ ..] = input else { return };
    let version = kind & 3;
    let suite = SUITES[usize::from(kind >> 2) % SUITES.len()].to_be_bytes();
    let body = [&[3, version][..], &[5; 32], &[0], &suite, &[0]].concat();
    let flight = [&[2, 0, 0, 38][..], &body, messages].concat();
    // Records of 1 octet up, as the cut says.
    let records = flight.chunks(usize::from(*cut).max(1));
    let octets: Vec<u8> = records.flat_map(|part| [&[22, 3, version, 0, part.len() as u8][..], part].concat()).collect();
    check_hello(&hello(1), &octets, *end, *cut);
});
