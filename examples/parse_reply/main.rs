//! Reads SMTP replies from a file or standard input, octet for octet, and says what each is worth: its codes, what they mean, what a
//! refusal is about, what EHLO offers, and every place where it breaks the grammar.
//!
//! ```console
//! $ cargo run --example parse_reply                                # a tour of odd replies, without a network
//! $ printf '550 5.7.1 no\r\n' | cargo run --example parse_reply -- -
//! $ cargo run --example parse_reply -- --escaped '220-mx\r\n220 caf\xe9\n'
//! $ cargo run --example parse_reply -- reply.bin --json
//! ```
//!
//! Exit code: 0 all is well-formed, 1 it is not, 3 the input ends inside a reply, which could have gone on in any way; the highest
//! of several. 64 for a mistake on the command line.

#[path = "../command_line.rs"]
#[expect(dead_code, reason = "there is nothing to wait for")]
mod command_line;
mod telling;
#[path = "../terminal.rs"]
#[expect(dead_code, reason = "the others show what the DNS said")]
mod terminal;
#[cfg(test)]
mod tests;
mod tour;

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use smtp_probe::{ReplyError, ReplyErrorKind, ReplyLimits, ReplyParser, ReplyRef};

use crate::telling::{Told, tell_error, tell_reply};
use crate::terminal::say;

/// The most octets that are read of a file.
const MOST: u64 = 16 << 20;

/// Reads SMTP replies and says what they are worth.
///
/// Without a file it tours odd replies.
#[derive(Debug, Parser)]
#[command(name = "parse_reply", version, max_term_width = 100)]
struct Arguments {
    /// Files that hold what a server sent; `-` is standard input.
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,

    /// Read this text, with \r, \n, \t, \\ and \xNN for octets, in place of a file; may be given several times.
    #[arg(long, value_name = "TEXT", value_parser = unescape)]
    escaped: Vec<Octets>,

    /// Read each stream again, cut at every octet, and say whether that gives the same.
    #[arg(long)]
    cut: bool,

    /// Print each reply as JSON, one object a line.
    #[arg(long)]
    json: bool,
}

/// What a server sent.
#[derive(Debug, Clone)]
struct Octets(Vec<u8>);

fn main() -> ExitCode {
    command_line::start("parse_reply", async |arguments: Arguments| run(&arguments))
}

fn run(arguments: &Arguments) -> Result<u8, String> {
    let mut worst = 0;
    if arguments.files.is_empty() && arguments.escaped.is_empty() {
        for (about, stream) in tour::STREAMS {
            if !arguments.json {
                say(&format!("— {about} —"))?;
            }
            worst = worst.max(read(arguments, stream)?);
        }
        return Ok(worst);
    }
    for Octets(stream) in &arguments.escaped {
        worst = worst.max(read(arguments, stream)?);
    }
    for file in &arguments.files {
        worst = worst.max(read(arguments, &load(file)?)?);
    }
    Ok(worst)
}

fn load(file: &Path) -> Result<Vec<u8>, String> {
    let fault = |error: std::io::Error| format!("{}: {error}", file.display());
    let mut octets = Vec::new();
    let read = if file.as_os_str() == "-" {
        std::io::stdin().take(MOST).read_to_end(&mut octets)
    } else {
        let opened = std::fs::File::open(file).map_err(fault)?;
        opened.take(MOST).read_to_end(&mut octets)
    };
    read.map_err(fault)?;
    if octets.is_empty() {
        return Err(format!(
            "{}: expected replies, found nothing",
            file.display()
        ));
    }
    Ok(octets)
}

/// Tells of each reply of a stream; the exit code.
fn read(arguments: &Arguments, stream: &[u8]) -> Result<u8, String> {
    let mut told = Vec::new();
    let end = replies(&[stream], |reply| told.push(tell_reply(reply)));
    let mut code = if told.iter().any(Told::is_odd) { 1 } else { 0 };
    if let Err(error) = &end {
        let cut_off = error.kind() == ReplyErrorKind::Truncated;
        code = code.max(if cut_off { 3 } else { 1 });
        told.push(tell_error(error));
    }
    for told in &told {
        say(&if arguments.json {
            told.json()?
        } else {
            told.page()
        })?;
    }
    if arguments.cut && !same_however_cut(stream) {
        return Err("cut in two the stream reads differently: please report it".to_owned());
    }
    if arguments.cut && !arguments.json {
        let places = stream.len().saturating_sub(1);
        say(&format!("  the same, cut at each of {places} places"))?;
    }
    Ok(code)
}

/// Calls for each reply; how the stream ends.
fn replies(pieces: &[&[u8]], mut each: impl FnMut(ReplyRef<'_>)) -> Result<(), ReplyError> {
    let mut parser = ReplyParser::new(ReplyLimits::default());
    for mut input in pieces.iter().copied() {
        while let Some(reply) = parser.advance(&mut input)? {
            each(reply);
        }
    }
    parser.finish()
}

fn same_however_cut(stream: &[u8]) -> bool {
    let read = |pieces: &[&[u8]]| {
        let mut raw = Vec::new();
        let end = replies(pieces, |reply| raw.push(reply.to_owned()));
        (raw, end.map_err(|error| error.kind()))
    };
    let whole = read(&[stream]);
    (1..stream.len()).all(|at| read(&[&stream[..at], &stream[at..]]) == whole)
}

/// Reads `\r`, `\n`, `\t`, `\\` and `\xNN`; anything else stands for itself.
fn unescape(text: &str) -> Result<Octets, String> {
    let fault = |rest: &str| {
        let found: String = rest.chars().take(4).collect();
        format!(
            "expected \\r, \\n, \\t, \\\\ or \\xNN, found `{}`",
            found.escape_debug()
        )
    };
    let mut octets = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        octets.extend(rest[..at].bytes());
        rest = &rest[at..];
        let (octet, length) = match rest.as_bytes() {
            [_, b'r', ..] => (b'\r', 2),
            [_, b'n', ..] => (b'\n', 2),
            [_, b't', ..] => (b'\t', 2),
            [_, b'\\', ..] => (b'\\', 2),
            [_, b'x', high, low, ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                let value = u8::from_str_radix(&rest[2..4], 16);
                (value.map_err(|_| fault(rest))?, 4)
            }
            _ => return Err(fault(rest)),
        };
        octets.push(octet);
        rest = &rest[length..];
    }
    octets.extend(rest.bytes());
    if octets.is_empty() {
        return Err("expected what a server sent, found nothing".to_owned());
    }
    Ok(Octets(octets))
}
