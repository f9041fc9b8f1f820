//! Reading SMTP replies: this project's parser beside the receiver of `smtp-proto` and a plain splitter at line ends, on the same octets.
//!
//! Of each reply its code and enhanced status code are taken, as `smtp-proto` does by itself; it makes a text and drops the octets, while
//! here the octets stay and the text is a view of them. The splitter understands nothing and is the bound.

use std::hint::black_box;
use std::process::ExitCode;

use mailcheck_benches::{Goals, allocations, in_turns, median, ratio};
use smtp_probe::{ReplyLimits, ReplyParser};
use smtp_proto::response::parser::ResponseReceiver;

/// How often a stream is repeated, as replies that follow each other; how often that is read in one round; how many rounds there are.
const REPEATED: usize = 50;
const TIMES: usize = 2_000;
const ROUNDS: usize = 15;

/// What is read: its name, the octets, and how many replies that is.
type Stream = (&'static str, &'static [u8], usize);

const LINE: Stream = ("one line", b"250 2.1.0 Originator ok\r\n", 1);
const EHLO: Stream = (
    "EHLO of ten lines",
    b"250-mx1.example.com at your service\r\n250-PIPELINING\r\n250-SIZE 52428800\r\n250-ETRN\r\n250-STARTTLS\r\n\
    250-AUTH PLAIN LOGIN\r\n250-ENHANCEDSTATUSCODES\r\n250-8BITMIME\r\n250-DSN\r\n250 SMTPUTF8\r\n",
    1,
);
const SESSION: Stream = (
    "a session",
    b"220 mx1.example.com ESMTP ready\r\n\
    250-mx1.example.com at your service\r\n250-PIPELINING\r\n250-SIZE 52428800\r\n250-ETRN\r\n250-STARTTLS\r\n\
    250-AUTH PLAIN LOGIN\r\n250-ENHANCEDSTATUSCODES\r\n250-8BITMIME\r\n250-DSN\r\n250 SMTPUTF8\r\n\
    220 2.0.0 Ready to start TLS\r\n\
    550-5.7.1 Client host blocked using list.example\r\n550 5.7.1 See https://list.example/query\r\n\
    221 2.0.0 Bye\r\n",
    5,
);

fn ours(octets: &[u8]) -> usize {
    let mut parser = ReplyParser::new(ReplyLimits::default());
    let mut input = black_box(octets);
    let mut replies = 0;
    while let Ok(Some(reply)) = parser.advance(&mut input) {
        black_box((reply.effective_code(), reply.enhanced_code(), reply));
        replies += 1;
    }
    replies
}

/// The same with the octets coming a few at a time, which is the dear case: they are collected.
fn ours_in_pieces(octets: &[u8]) -> usize {
    let mut parser = ReplyParser::new(ReplyLimits::default());
    let mut replies = 0;
    for mut input in black_box(octets).chunks(20) {
        while let Ok(Some(reply)) = parser.advance(&mut input) {
            black_box((reply.effective_code(), reply.enhanced_code(), reply));
            replies += 1;
        }
    }
    replies
}

fn smtp_proto(octets: &[u8]) -> usize {
    let mut input = black_box(octets).iter();
    let mut replies = 0;
    loop {
        // One for each reply, as its users do: it has no state to keep between them.
        let Ok(reply) = ResponseReceiver::default().parse(&mut input) else {
            return replies;
        };
        black_box(reply);
        replies += 1;
    }
}

fn splitter(octets: &[u8]) -> usize {
    let octets = black_box(octets);
    let mut replies = 0;
    let mut start = 0;
    for end in memchr::memchr_iter(b'\n', octets) {
        let line = octets.get(start..end).unwrap_or_default();
        replies += usize::from(black_box(line).get(3) == Some(&b' '));
        start = end + 1;
    }
    replies
}

/// Reads one stream in all ways; the CPU time here relative to `smtp-proto`.
fn compare((name, octets, replies): Stream) -> f64 {
    let octets = &octets.repeat(REPEATED);
    let replies = replies * REPEATED;
    type Reader = (&'static str, fn(&[u8]) -> usize);
    const READERS: [Reader; 4] = [
        ("smtp-probe", ours),
        ("smtp-proto", smtp_proto),
        ("splitter", splitter),
        ("in pieces", ours_in_pieces),
    ];
    for (reader, read) in READERS {
        assert_eq!(read(octets), replies, "{reader} reads all of {name}");
    }
    let times = in_turns(
        ROUNDS,
        [
            &|| repeat(ours, octets),
            &|| repeat(smtp_proto, octets),
            &|| repeat(splitter, octets),
            &|| repeat(ours_in_pieces, octets),
        ],
    );
    println!("{name}, {} octets:", octets.len() / REPEATED);
    for ((reader, read), times) in READERS.iter().zip(&times) {
        let time = median(times.iter().copied()) / TIMES as f64;
        let allocated = allocations(|| {
            black_box(read(octets));
        });
        println!(
            "  {reader:<10} {:>6.1} ns a reply, {:>6.0} MB/s of CPU time, {:.1} allocations",
            time * 1e9 / replies as f64,
            octets.len() as f64 / time / 1e6,
            allocated / replies as f64,
        );
    }
    let [here, there, ..] = &times;
    ratio(here, there)
}

fn repeat(read: fn(&[u8]) -> usize, octets: &[u8]) {
    for _ in 0..TIMES {
        black_box(read(octets));
    }
}

fn main() -> ExitCode {
    let mut goals = Goals::of("smtp_reply");
    for stream in [LINE, EHLO, SESSION] {
        let relative = compare(stream);
        let what = format!("CPU time of {} relative to smtp-proto", stream.0);
        goals.at_most(&what, relative, 1.0 / 3.0);
    }
    for (name, octets, replies) in [LINE, EHLO, SESSION] {
        let counted = allocations(|| {
            black_box(ours(octets));
        });
        let what = format!("allocations for a reply of {name}");
        goals.at_most(&what, counted / replies as f64, 0.0);
    }
    goals.outcome()
}
