//! Replies from any octets: the same in two pieces as in one, and every octet accounted for.
#![no_main]

use libfuzzer_sys::fuzz_target;
use smtp_probe::{Reply, ReplyErrorKind, ReplyLimits, ReplyParser};

fn read(pieces: [&[u8]; 2]) -> (Vec<Reply>, Option<ReplyErrorKind>) {
    let mut parser = ReplyParser::new(ReplyLimits::default());
    let mut replies = Vec::new();
    for mut piece in pieces {
        loop {
            match parser.advance(&mut piece) {
                Ok(Some(reply)) => replies.push(reply),
                Ok(None) => break,
                Err(error) => return (replies, Some(error.kind())),
            }
        }
    }
    (replies, parser.finish().err().map(|error| error.kind()))
}

fuzz_target!(|input: (usize, &[u8])| {
    let (cut, octets) = input;
    let whole = read([octets, &[]]);
    let (head, tail) = octets.split_at(cut % (octets.len() + 1));
    assert_eq!(read([head, tail]), whole);
    let held: Vec<u8> = whole.0.iter().flat_map(|reply| reply.raw().to_vec()).collect();
    assert!(octets.starts_with(&held));
    assert!(whole.0.iter().all(|reply| reply.to_string().bytes().all(|octet| (b' '..=b'~').contains(&octet))));
});
