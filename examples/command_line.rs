//! How a program begins and ends, and what its options mean.

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;

/// The exit code for a mistake of the caller's (EX_USAGE of sysexits): nothing was asked.
const USAGE: u8 = 64;
/// The exit code after Ctrl-C, as shells have it.
const INTERRUPTED: u8 = 130;

/// Reads the command line and runs, which gives the exit code; an error is a mistake of the caller's.
pub(crate) fn start<A, F>(program: &str, run: impl FnOnce(A) -> F) -> ExitCode
where
    A: Parser,
    F: Future<Output = Result<u8, String>>,
{
    let arguments = match A::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version are no mistakes.
            let code = if error.use_stderr() { USAGE } else { 0 };
            drop(error.print());
            return code.into();
        }
    };
    let complain = |message: &str| {
        eprintln!("{program}: {message}");
        USAGE.into()
    };
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return complain(&format!("this machine cannot run it: {error}")),
    };
    let code = runtime.block_on(async {
        tokio::select! {
            code = run(arguments) => code,
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

/// A time to take at the most.
pub(crate) fn seconds(text: &str) -> Result<Duration, String> {
    let fault = || {
        format!(
            "expected seconds from 0.1 to 3600, found `{}`",
            text.escape_debug()
        )
    };
    let seconds: f64 = text.parse().map_err(|_| fault())?;
    if (0.1..=3600.0).contains(&seconds) {
        Ok(Duration::from_secs_f64(seconds))
    } else {
        Err(fault())
    }
}
