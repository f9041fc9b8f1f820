//! Is the certificate of a mail server good, for whom, for how long, and what is to be published of it?
//!
//! ```console
//! $ cargo run --example cert                                       # the laboratory's servers, without a network
//! $ cargo run --example cert -- mail.example.com:465               # TLS from the first octet
//! $ cargo run --example cert -- mx.example.com --dane              # port 25 with STARTTLS, held against its TLSA records too
//! $ cargo run --example cert -- mx.example.com --keys --scan       # its other certificate, and which versions it speaks
//! $ cargo run --example cert -- mx.example.com --ca own.pem --json
//! $ cargo run --example cert -- mx.example.com --pem > chain.pem
//! ```
//!
//! Of a name with several addresses, what all of them send is told together at the end: which chains there are, which TLSA record is
//! for which, and how to change them.
//!
//! Exit code: 0 a sender that checks certificates delivers, 1 proof that it does not, 3 could not tell; of several addresses, the
//! highest. 64 for a mistake on the command line. It never sends a message.

mod arguments;
#[path = "../command_line.rs"]
mod command_line;
mod dane;
#[path = "../domain_name.rs"]
mod domain_name;
mod judgement;
mod laboratory;
mod look;
mod machines;
#[path = "../outcome.rs"]
mod outcome;
mod page;
mod run;
#[path = "../target.rs"]
mod target;
#[path = "../terminal.rs"]
mod terminal;
mod words;

use std::process::ExitCode;

fn main() -> ExitCode {
    command_line::start("cert", run::run)
}

#[cfg(test)]
mod tests;
