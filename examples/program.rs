//! How a program about domains begins and ends, and what the outcomes come to.

#[path = "command_line.rs"]
mod command_line;
#[path = "domain_name.rs"]
mod domain_name;

use std::process::ExitCode;

use clap::Parser;
use mail_dns::DomainName;
use serde::Serialize;

pub(crate) use self::command_line::seconds;
use crate::terminal::Mark;

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
    command_line::start(program, async |arguments| {
        run(arguments).await.map(Outcome::exit_code)
    })
}

/// A domain, and none of what people paste in its place.
pub(crate) fn domain(text: &str) -> Result<DomainName, String> {
    let expected = "a domain such as example.com";
    let found = |what: &str| Err(format!("expected {expected}, found {what}"));
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
    domain_name::domain_name(text, expected)
}
