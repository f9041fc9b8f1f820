//! Looks at a mail port: does it speak SMTP, does TLS work, what can it do, how long does each step take, and if something is
//! wrong, why?
//!
//! ```console
//! $ cargo run --example probe                                       # the laboratory's servers, without a network
//! $ cargo run --example probe -- mx.example.com                     # port 25, with STARTTLS
//! $ cargo run --example probe -- mail.example.com:465 192.0.2.1:587 --transcript
//! $ cargo run --example probe -- mx.example.com --rcpt postmaster@example.com
//! $ cargo run --example probe -- mx.example.com --suite auth-before-tls,tls-required
//! $ cargo run --example probe -- mx.example.com --json > seen.json; cargo run --example probe -- --replay seen.json
//! ```
//!
//! Exit code: 0 it works as asked, 1 proof that it does not, 3 could not tell, of the port or of a test; of several addresses,
//! the highest. 64 for a mistake on the command line. It never sends a message.

mod arguments;
#[path = "../command_line.rs"]
mod command_line;
#[path = "../domain_name.rs"]
mod domain_name;
mod laboratory;
#[path = "../outcome.rs"]
mod outcome;
mod run;
mod suite;
#[path = "../target.rs"]
mod target;
mod telling;

use std::process::ExitCode;

fn main() -> ExitCode {
    command_line::start("probe", run::run)
}

#[cfg(test)]
mod tests;
