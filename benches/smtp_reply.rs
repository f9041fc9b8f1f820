//! Reading SMTP replies: this project's parser beside `smtp-proto` and a plain splitter at line ends, on the same octets.
//!
//! `smtp-proto` makes a text and drops the octets; the splitter understands nothing and is the bound. Time is the process's own CPU
//! time, the median of interleaved rounds; allocations are counted.

use std::hint::black_box;
use std::process::ExitCode;
use std::time::Duration;

use cpu_time::ProcessTime;
use mailcheck_benches::{Goals, median};
use smtp_probe::{ReplyLimits, ReplyParser};
use smtp_proto::response::parser::ResponseReceiver;

/// How often the corpus is read in one round.
const TIMES: usize = 40_000;
/// How many rounds there are.
const ROUNDS: usize = 11;

/// A session's replies.
const CORPUS: &[u8] = b"220 mx1.example.com ESMTP ready\r\n\
    250-mx1.example.com at your service\r\n250-PIPELINING\r\n250-SIZE 52428800\r\n250-ETRN\r\n250-STARTTLS\r\n\
    250-AUTH PLAIN LOGIN\r\n250-ENHANCEDSTATUSCODES\r\n250-8BITMIME\r\n250-DSN\r\n250 SMTPUTF8\r\n\
    220 2.0.0 Ready to start TLS\r\n\
    550-5.7.1 Client host blocked using list.example\r\n550 5.7.1 See https://list.example/query\r\n\
    221 2.0.0 Bye\r\n";
/// How many replies that is.
const REPLIES: usize = 5;

fn ours() -> usize {
    let mut parser = ReplyParser::new(ReplyLimits::default());
    let mut input = black_box(CORPUS);
    let mut replies = 0;
    while let Ok(Some(reply)) = parser.advance(&mut input) {
        black_box(reply);
        replies += 1;
    }
    replies
}

fn smtp_proto() -> usize {
    let mut input = black_box(CORPUS).iter();
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

fn splitter() -> usize {
    let mut replies = 0;
    for line in black_box(CORPUS).split_inclusive(|octet| *octet == b'\n') {
        replies += usize::from(black_box(line).get(3) == Some(&b' '));
    }
    replies
}

fn time(read: fn() -> usize) -> Duration {
    let started = ProcessTime::now();
    for _ in 0..TIMES {
        assert_eq!(read(), REPLIES, "all must read the same replies");
    }
    started.elapsed()
}

fn main() -> ExitCode {
    let mut times: [Vec<f64>; 3] = Default::default();
    for _ in 0..ROUNDS {
        for (times, read) in times.iter_mut().zip([ours, smtp_proto, splitter]) {
            times.push(time(read).as_secs_f64());
        }
    }
    let [ours_time, proto_time, splitter_time] = times.map(median);
    let octets = (CORPUS.len() * TIMES) as f64;
    for (name, time) in [
        ("smtp-probe", ours_time),
        ("smtp-proto", proto_time),
        ("splitter", splitter_time),
    ] {
        println!("{name:<11} {:>7.0} MB/s of CPU time", octets / time / 1e6);
    }
    let allocations = allocation_counter::measure(|| {
        black_box(ours());
    });
    let opponent = allocation_counter::measure(|| {
        black_box(smtp_proto());
    });
    println!(
        "allocations for {REPLIES} replies of 15 lines: {} here, {} in smtp-proto",
        allocations.count_total, opponent.count_total
    );
    let per_line = allocations.count_total as f64 / 15.0;
    let mut goals = Goals::of("smtp_reply");
    goals.at_most(
        "CPU time relative to smtp-proto",
        ours_time / proto_time,
        2.0,
    );
    goals.at_most("allocations per line", per_line, 1.5);
    goals.outcome()
}
