//! What a server answers to a hello, from any octets: it is the same however they are cut, it is bounded, and what is sent back is
//! well-formed.
//!
//! The first octet has the hello, the second says how the connection ends, the third how the octets are cut.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mailcheck_fuzz::{check_hello, hello};

fuzz_target!(|input: &[u8]| {
    let [kind, end, cut, octets @ ..] = input else { return };
    check_hello(&hello(*kind), octets, *end, *cut);
});
