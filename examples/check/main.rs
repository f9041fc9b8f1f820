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
mod laboratory;
mod run;
#[path = "../trust.rs"]
mod trust;

use std::process::ExitCode;

use clap::Parser as _;

use crate::arguments::Arguments;

/// The exit code for a mistake of the caller's (EX_USAGE of sysexits): what was asked for was not looked at.
const USAGE: u8 = 64;
/// The exit code after Ctrl-C, as shells have it.
const INTERRUPTED: u8 = 130;

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version are no mistakes.
            let code = if error.use_stderr() { USAGE } else { 0 };
            drop(error.print());
            return code.into();
        }
    };
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return complain(&format!("this machine cannot run it: {error}")),
    };
    let code = runtime.block_on(async {
        tokio::select! {
            code = run::run(arguments) => code,
            _ = tokio::signal::ctrl_c() => Ok(INTERRUPTED),
        }
    });
    // Nothing that still waits for a server keeps the program.
    runtime.shutdown_background();
    match code {
        Ok(code) => code.into(),
        Err(message) => complain(&message),
    }
}

fn complain(message: &str) -> ExitCode {
    eprintln!("check: {message}");
    USAGE.into()
}
