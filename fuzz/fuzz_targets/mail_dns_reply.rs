//! Replies of a name server from any octets, after two that are the type asked for: the aliases are limited, and no more records are
//! read than there is room for.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mail_dns::stub::fuzz_reply;
use mail_dns::{Question, RecordType};
use mailcheck_fuzz::DOMAIN;

fuzz_target!(|input: &[u8]| {
    let Some((record_type, reply)) = input.split_first_chunk() else { return };
    let record_type = RecordType(u16::from_be_bytes(*record_type));
    let question = Question { name: DOMAIN.parse().expect("a name"), record_type };
    let Some((aliases, records)) = fuzz_reply(reply, &question) else { return };
    assert!(aliases <= 12);
    // After the header: no record is shorter than the root's without data.
    assert!(aliases + records <= reply.len().saturating_sub(12) / 11);
});
