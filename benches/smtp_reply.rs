//! Reading SMTP replies: this project's parser beside `smtp-proto` and a plain splitter at line ends, on the same octets.
//!
//! `smtp-proto` makes a text and drops the octets; the splitter understands nothing and is the bound. Time is the process's own CPU
//! time, the median of interleaved rounds; allocations are counted.

use std::hint::black_box;
use std::process::ExitCode;
use std::time::Duration;

use cpu_time::ProcessTime;
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

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

fn goal(what: &str, value: f64, limit: f64) -> bool {
    let met = value <= limit;
    println!(
        "smtp_reply: {what} = {value:.2} (goal ≤ {limit}){}",
        if met { "" } else { "  MISSED" }
    );
    met
}

fn main() -> ExitCode {
    let mut times: [Vec<Duration>; 3] = Default::default();
    for _ in 0..ROUNDS {
        for (times, read) in times.iter_mut().zip([ours, smtp_proto, splitter]) {
            times.push(time(read));
        }
    }
    let [ours_time, proto_time, splitter_time] = times.map(median);
    let octets = (CORPUS.len() * TIMES) as f64;
    for (name, time) in [
        ("smtp-probe", ours_time),
        ("smtp-proto", proto_time),
        ("splitter", splitter_time),
    ] {
        println!(
            "{name:<11} {:>7.0} MB/s of CPU time",
            octets / time.as_secs_f64() / 1e6
        );
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
    let met = [
        goal(
            "CPU time relative to smtp-proto",
            ours_time.as_secs_f64() / proto_time.as_secs_f64(),
            2.0,
        ),
        goal("allocations per line", per_line, 1.5),
    ];
    if met.iter().all(|met| *met) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
