//! Checks a mail domain, host or address: does mail flow, and if not, who loses what, and why?
//!
//! ```console
//! $ cargo run --example check                         # the laboratory's domains, without a network
//! $ cargo run --example check -- example.com          # the real thing
//! $ cargo run --example check -- mail.example.com:587
//! $ cargo run --example check -- 192.0.2.1
//! ```
//!
//! Exit code: 0 pass, 1 warnings, 2 failures, 3 could not tell; 64 for a mistake on the command line.

mod arguments;
#[path = "../command_line.rs"]
mod command_line;
mod laboratory;
mod run;
#[path = "../trust.rs"]
mod trust;

use std::process::ExitCode;

fn main() -> ExitCode {
    command_line::start("check", run::run)
}
