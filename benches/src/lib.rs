//! What the benchmarks share; they are the files beside this folder.

mod responder;

use std::process::ExitCode;

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
        let met = value <= limit;
        self.missed |= !met;
        println!(
            "{}: {what} = {value:.2} (goal ≤ {limit}){}",
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
