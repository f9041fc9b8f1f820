//! What the benchmarks share; they are the files beside this folder.

mod blind;
mod mail_server;
mod responder;

use std::hint::black_box;
use std::process::ExitCode;

use cpu_time::ThreadTime;

pub use blind::{blind_client, client_cryptography};
pub use mail_server::{Behavior, MailServer, serve_if_asked};
pub use responder::start_responder;

/// The goals of one benchmark: each prints a line, and the outcome fails if one was missed.
#[derive(Debug)]
pub struct Goals {
    bench: &'static str,
    missed: bool,
}

impl Goals {
    /// The goals of the benchmark of this name.
    #[must_use]
    pub fn of(bench: &'static str) -> Self {
        Self {
            bench,
            missed: false,
        }
    }

    /// States that `value` shall be no more than `limit`.
    pub fn at_most(&mut self, what: &str, value: f64, limit: f64) {
        // What is not a number meets nothing.
        self.state(what, value, value <= limit, &format!("≤ {limit:.2}"));
    }

    /// States that `value` shall be no less than `limit`.
    pub fn at_least(&mut self, what: &str, value: f64, limit: f64) {
        self.state(what, value, value >= limit, &format!("≥ {limit:.2}"));
    }

    fn state(&mut self, what: &str, value: f64, met: bool, goal: &str) {
        self.missed |= !met;
        println!(
            "{}: {what} = {value:.2} (goal {goal}){}",
            self.bench,
            if met { "" } else { "  MISSED" }
        );
    }

    /// Failure if one was missed.
    #[must_use]
    pub fn outcome(&self) -> ExitCode {
        if self.missed {
            ExitCode::FAILURE
        } else {
            ExitCode::SUCCESS
        }
    }
}

/// The middle one; not a number if there is none.
#[must_use]
pub fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// The CPU time of each piece of work, in seconds, in so many rounds that take turns: what slows the machine down slows all.
pub fn in_turns<const N: usize>(rounds: usize, work: [&dyn Fn(); N]) -> [Vec<f64>; N] {
    let mut times = [const { Vec::new() }; N];
    for _ in 0..rounds {
        for (times, work) in times.iter_mut().zip(work) {
            let started = ThreadTime::now();
            work();
            times.push(started.elapsed().as_secs_f64());
        }
    }
    times
}

/// How much longer one takes than another: the median over the rounds.
#[must_use]
pub fn ratio(times: &[f64], others: &[f64]) -> f64 {
    median(times.iter().zip(others).map(|(time, other)| time / other))
}

/// How many allocations this thread makes for that.
pub fn allocations(work: impl FnOnce()) -> f64 {
    allocation_counter::measure(work).count_total as f64
}

/// A reader's name, and what reads the whole corpus and tells how much it has found.
pub type Reader = (&'static str, fn() -> usize);

/// States what reading the corpus takes each reader; gives the CPU time of the first relative to the second, and the first's
/// allocations for a text.
///
/// # Panics
///
/// If they find different amounts.
#[must_use]
pub fn compare_readers(corpus: &[&str], readers: [Reader; 2]) -> (f64, f64) {
    const ROUNDS: usize = 11;
    const TIMES: usize = 10_000;
    let [ours, theirs] = readers.map(|(_, read)| read);
    assert_eq!(ours(), theirs(), "both find the same");
    let repeat = |read: fn() -> usize| {
        for _ in 0..TIMES {
            black_box(read());
        }
    };
    let allocated = |read: fn() -> usize| {
        let all = allocations(|| {
            black_box(read());
        });
        all / corpus.len() as f64
    };
    let times = in_turns(ROUNDS, [&|| repeat(ours), &|| repeat(theirs)]);
    let octets = corpus.iter().map(|text| text.len()).sum::<usize>();
    for ((name, read), times) in readers.iter().zip(&times) {
        let time = median(times.iter().copied()) / TIMES as f64;
        println!(
            "{name:<9} reads {:>4.0} MB/s of CPU time, {:.2} µs and {:.1} allocations for a record",
            octets as f64 / time / 1e6,
            time / corpus.len() as f64 * 1e6,
            allocated(*read),
        );
    }
    let [our_times, their_times] = times;
    (ratio(&our_times, &their_times), allocated(ours))
}
