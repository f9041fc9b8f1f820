//! How a program about domains begins and ends: its command line, and what the outcomes come to.

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use mail_dns::DomainName;
use serde::Serialize;

use crate::terminal::Mark;

/// The exit code for a mistake of the caller's (EX_USAGE of sysexits): nothing was asked.
const USAGE: u8 = 64;
/// The exit code after Ctrl-C, as shells have it.
const INTERRUPTED: u8 = 130;

/// What the facts about a domain come to. Of several, the greatest counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Outcome {
    /// It is there, as was seen.
    Yes,
    /// It is proved that it is not there.
    No,
    /// It is there, and it is proved that it does not work, or not all of it.
    Broken,
    /// Could not tell.
    Unknown,
}

impl Outcome {
    fn exit_code(self) -> u8 {
        match self {
            Self::Yes => 0,
            Self::No | Self::Broken => 1,
            Self::Unknown => 3,
        }
    }

    pub(crate) fn mark(self) -> Mark {
        match self {
            Self::Yes => Mark::Good,
            Self::No | Self::Broken => Mark::Bad,
            Self::Unknown => Mark::Unknown,
        }
    }

    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No => "no",
            Self::Broken => "broken",
            Self::Unknown => "could not tell",
        }
    }
}

/// Reads the command line and runs; an error is a mistake of the caller's.
pub(crate) fn start<A, F>(program: &str, run: impl FnOnce(A) -> F) -> ExitCode
where
    A: Parser,
    F: Future<Output = Result<Outcome, String>>,
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
            outcome = run(arguments) => outcome.map(Outcome::exit_code),
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

/// A domain, and none of what people paste in its place.
pub(crate) fn domain(text: &str) -> Result<DomainName, String> {
    let found = |what: &str| {
        Err(format!(
            "expected a domain such as example.com, found {what}"
        ))
    };
    if text
        .trim_matches(['[', ']'])
        .parse::<std::net::IpAddr>()
        .is_ok()
    {
        return found("an IP address");
    }
    if text.contains('@') {
        return found("a mail address");
    }
    if text.contains(['/', ':']) {
        return found("a URL or a port");
    }
    let name: DomainName = text.parse().map_err(|error| format!("{error}"))?;
    if name.is_root() {
        return found("the root");
    }
    Ok(name)
}

/// A time for one question.
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
