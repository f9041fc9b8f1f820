//! Why mail came back: a report of delivery, a mail log, or whatever reply was pasted, told per recipient with the words that told
//! it and what to do about it.
//!
//! ```console
//! $ cargo run --example bounce                               # samples of each kind, without a file
//! $ cargo run --example bounce -- returned.eml
//! $ cargo run --example bounce -- /var/log/mail.log --json
//! $ echo '550 5.7.1 blocked using zen.spamhaus.org' | cargo run --example bounce -- -
//! ```
//!
//! Exit code: 0 nothing was refused; 1 something was, and it is known why; 3 could not tell why of some of it, or nothing in it was
//! recognized; of several files, the highest. 64 for a mistake on the command line.

#[path = "../command_line.rs"]
#[expect(dead_code, reason = "there is nothing to wait for")]
mod command_line;
mod read;
mod samples;
mod telling;
#[cfg(test)]
mod tests;

use std::io::{IsTerminal as _, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;

use crate::read::Input;
use crate::telling::Page;

/// No more of a file is read.
const MAX_FILE: u64 = 64 * 1024 * 1024;

/// Tells why mail came back: of a report of delivery, a mail log or a pasted reply.
///
/// Without a file it tells of built-in samples.
///
/// Exit code: 0 nothing was refused; 1 something was, and it is known why; 3 could not tell; of several files, the highest.
#[derive(Debug, Parser)]
#[command(name = "bounce", version, max_term_width = 100)]
struct Arguments {
    /// A message, a log or a reply; `-` is the standard input.
    files: Vec<PathBuf>,

    /// Print all that was found as JSON, one object a line.
    #[arg(long)]
    json: bool,
}

fn main() -> ExitCode {
    command_line::start("bounce", run)
}

async fn run(arguments: Arguments) -> Result<u8, String> {
    let mut inputs = Vec::new();
    if arguments.files.is_empty() {
        inputs.extend(samples::ALL.map(|(name, text)| Input::read(name, text.as_bytes())));
    }
    for file in &arguments.files {
        let (name, octets) = load(file)?;
        inputs.push(Input::read(&name, &octets));
    }
    let text = if arguments.json {
        let lines = inputs.iter().map(serde_json::to_string);
        let lines: Result<Vec<_>, _> = lines.collect();
        lines.map_err(|error| error.to_string())?.join("\n")
    } else {
        let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let mut page = Page::new(std::io::stdout().is_terminal() && !plain);
        inputs.iter().for_each(|input| page.tell(input));
        page.into_text()
    };
    match writeln!(std::io::stdout().lock(), "{text}") {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.to_string()),
        _ => Ok(inputs.iter().map(Input::exit_code).max().unwrap_or(3)),
    }
}

fn load(file: &Path) -> Result<(String, Vec<u8>), String> {
    let mut octets = Vec::new();
    let read = if file.as_os_str() == "-" {
        std::io::stdin()
            .lock()
            .take(MAX_FILE)
            .read_to_end(&mut octets)
    } else {
        std::fs::File::open(file).and_then(|file| file.take(MAX_FILE).read_to_end(&mut octets))
    };
    let name = file.display().to_string().escape_debug().to_string();
    read.map_err(|error| format!("cannot read {name}: {error}"))?;
    Ok((name, octets))
}
