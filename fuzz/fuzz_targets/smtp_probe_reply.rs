//! Replies from any octets: the same in pieces as whole, every octet accounted for, and a reply that is read again is the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use smtp_probe::{Deviation, EnhancedCode, Reply, ReplyCode, ReplyErrorKind, ReplyLimits, ReplyParser, ReplyRef};

type Told = (Vec<u8>, ReplyCode, ReplyCode, Option<EnhancedCode>, Vec<Deviation>, Vec<Vec<u8>>);

fn tell(reply: ReplyRef<'_>) -> Told {
    let lines = reply.lines().map(<[u8]>::to_vec).collect();
    let codes = (reply.code(), reply.effective_code(), reply.enhanced_code());
    (reply.raw().to_vec(), codes.0, codes.1, codes.2, reply.deviations().collect(), lines)
}

fn read<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> (Vec<Told>, Option<ReplyErrorKind>) {
    let mut parser = ReplyParser::new(ReplyLimits::default());
    let mut replies = Vec::new();
    for mut piece in pieces {
        loop {
            match parser.advance(&mut piece) {
                Ok(Some(reply)) => replies.push(tell(reply)),
                Ok(None) => break,
                Err(error) => return (replies, Some(error.kind())),
            }
        }
    }
    (replies, parser.finish().err().map(|error| error.kind()))
}

fuzz_target!(|octets: &[u8]| {
    let whole = read([octets]);
    for cut in 0..octets.len().min(256) {
        let (head, tail) = octets.split_at(cut);
        assert_eq!(read([head, tail]), whole, "cut at {cut}");
    }
    assert_eq!(read(octets.chunks(1)), whole, "octet by octet");
    let held: Vec<u8> = whole.0.iter().flat_map(|told| told.0.clone()).collect();
    assert!(octets.starts_with(&held));
    for told in &whole.0 {
        let reply = Reply::parse(&told.0).expect("it was read before");
        assert_eq!(&tell(reply.as_ref()), told);
        assert!(reply.to_string().bytes().all(|octet| (b' '..=b'~').contains(&octet)));
    }
});
