//! Asks the DNS, and says what the answer is worth: whether there are records, whether it is proved that there are none,
//! or whether it cannot be told; who said so, over what, and whether DNSSEC vouches for it.
//!
//! ```console
//! $ cargo run --example ask                                  # the laboratory's names, without a network
//! $ cargo run --example ask -- example.com                   # MX
//! $ cargo run --example ask -- example.com mx txt caa --json
//! $ cargo run --example ask -- example.com --resolver 127.0.0.1
//! $ cargo run --example ask -- example.com --resolver 192.0.2.53#dns.example/dns-query   # over HTTPS
//! $ cargo run --example ask -- example.com --root 198.41.0.4                             # without a resolver
//! ```
//!
//! Exit code: 0 records, 1 proof that there are none, 3 could not tell; of several questions, the highest. 64 for a mistake
//! on the command line.

#[path = "command_line.rs"]
mod command_line;
#[path = "trust.rs"]
mod trust;

use std::io::{IsTerminal as _, Write as _};
use std::net::IpAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use futures_util::stream::{self, StreamExt as _};
use mail_dns::recursive::RecursiveResolver;
use mail_dns::stub::{Server, StubConfig, StubResolver};
use mail_dns::{
    AddressScope, Answer, DnssecStatus, DomainName, ExtendedError, IndeterminateCause, Lookup,
    LookupError, LookupErrorKind, Negative, NegativeKind, Question, RecordType, Response,
    Transport,
};
use mailcheck_lab::World;

use crate::command_line::seconds;

/// How many questions are asked at a time.
const AT_A_TIME: usize = 8;

/// The types that have a name here.
const TYPES: [RecordType; 14] = [
    RecordType::A,
    RecordType::NS,
    RecordType::CNAME,
    RecordType::SOA,
    RecordType::PTR,
    RecordType::MX,
    RecordType::TXT,
    RecordType::AAAA,
    RecordType::SRV,
    RecordType::DS,
    RecordType::DNSKEY,
    RecordType::TLSA,
    RecordType::SPF,
    RecordType::CAA,
];

/// What is asked of the laboratory: a name for each kind of outcome.
const TOUR: [(&str, RecordType); 14] = [
    ("good.test", RecordType::MX),
    ("good.test", RecordType::TXT),
    ("good.test", RecordType::CAA),
    ("nothing.test", RecordType::MX),
    ("implicit-mx.test", RecordType::MX),
    ("implicit-mx.test", RecordType::A),
    ("null-mx.test", RecordType::MX),
    ("mx-cname.test", RecordType::MX),
    ("mail.mx-cname.test", RecordType::AAAA),
    ("dns-truncated.test", RecordType::MX),
    ("dns-bogus.test", RecordType::MX),
    ("dns-servfail.test", RecordType::MX),
    ("dns-refused.test", RecordType::MX),
    ("dns-silent.test", RecordType::MX),
];

/// Asks the DNS, and says what the answer is worth.
///
/// Without a name it asks for names of the built-in laboratory, and needs no network.
#[derive(Debug, Parser)]
#[command(name = "ask", version, max_term_width = 100)]
struct Arguments {
    /// The name to ask about; always taken as complete, whatever search list the system has.
    name: Option<DomainName>,

    /// The types of record to ask for: a, mx, txt, tlsa and so on, or by number as TYPE123.
    #[arg(value_name = "TYPE", default_value = "MX", value_parser = record_type)]
    types: Vec<RecordType>,

    /// Ask this DNS resolver in place of the system's: address, address:port, address#name over TLS, or address#name/path over
    /// HTTPS; may be given several times.
    #[arg(long, value_name = "ADDRESS", requires = "name")]
    resolver: Vec<Server>,

    /// Trust the authorities in this PEM file too, for resolvers over TLS and HTTPS.
    #[arg(long, value_name = "FILE", requires = "resolver")]
    ca: Option<PathBuf>,

    /// Ask no resolver, but the name servers themselves, from this root server on; may be given several times.
    #[arg(
        long,
        value_name = "ADDRESS",
        requires = "name",
        conflicts_with = "resolver"
    )]
    root: Vec<IpAddr>,

    /// Ask root and name servers on addresses that are not global too: private ones, loopback.
    #[arg(long, requires = "root")]
    allow_special: bool,

    /// The most time to take for a question, in seconds.
    #[arg(long, value_name = "SECONDS", default_value = "8", value_parser = seconds)]
    timeout: Duration,

    /// Print each outcome as JSON, one object a line: an answer has a `response`, what could not be told a `kind`.
    #[arg(long)]
    json: bool,
}

/// What became of a question.
type Outcome = Result<Answer, LookupError>;

fn main() -> ExitCode {
    command_line::start("ask", run)
}

/// Runs, and gives the exit code; an error is a mistake of the caller's.
async fn run(arguments: Arguments) -> Result<u8, String> {
    let Some(name) = &arguments.name else {
        return tour(&arguments).await;
    };
    let questions = arguments.types.iter().map(|&record_type| Question {
        name: name.clone(),
        record_type,
    });
    if !arguments.root.is_empty() {
        return ask(&recursor(&arguments)?, questions, arguments.json).await;
    }
    let mut config = if arguments.resolver.is_empty() {
        StubConfig::from_system().map_err(|error| format!("{error}; give one by --resolver"))?
    } else {
        let mut config = StubConfig::new(arguments.resolver.iter().cloned());
        config.tls = Some(trust::client(arguments.ca.as_deref())?);
        config
    };
    config.deadline = arguments.timeout;
    ask(&StubResolver::new(config), questions, arguments.json).await
}

/// Begins at the root servers given.
fn recursor(arguments: &Arguments) -> Result<RecursiveResolver, String> {
    let resolver = if arguments.allow_special {
        RecursiveResolver::with_special_addresses(&arguments.root)
    } else {
        let mut roots = arguments.root.iter();
        if let Some(root) = roots.find(|root| AddressScope::of(**root) != AddressScope::Global) {
            let scope = AddressScope::of(*root);
            return Err(format!(
                "{root} is not global ({scope}); see --allow-special"
            ));
        }
        RecursiveResolver::new(&arguments.root)
    };
    let resolver = resolver.map_err(|error| error.to_string())?;
    Ok(resolver.with_deadline(arguments.timeout))
}

/// Asks for the laboratory's names.
async fn tour(arguments: &Arguments) -> Result<u8, String> {
    let world = World::start()
        .await
        .map_err(|error| format!("the laboratory does not start: {error}"))?;
    let mut config = StubConfig::new([world.resolver()]);
    // Everything is on this machine: what does not answer soon never will.
    config.attempt_timeout = Duration::from_millis(400);
    config.deadline = arguments.timeout.min(Duration::from_secs(1));
    let questions = TOUR.iter().map(|&(name, record_type)| {
        let name = name.parse().map_err(|error| format!("{name}: {error}"))?;
        Ok(Question { name, record_type })
    });
    let questions: Vec<_> = questions.collect::<Result<_, String>>()?;
    ask(&StubResolver::new(config), questions, arguments.json).await
}

/// Asks several questions at a time and shows the outcomes in their order.
async fn ask(
    resolver: &impl Lookup,
    questions: impl IntoIterator<Item = Question>,
    json: bool,
) -> Result<u8, String> {
    let outcomes = stream::iter(questions)
        .map(|question| async move { resolver.lookup(&question.name, question.record_type).await })
        .buffered(AT_A_TIME);
    let mut outcomes = std::pin::pin!(outcomes);
    let painter = Painter::for_stdout();
    let mut worst = 0;
    let mut first = true;
    while let Some(outcome) = outcomes.next().await {
        if json {
            say(&to_json(&outcome)?)?;
        } else {
            let gap = if first { "" } else { "\n" };
            say(&format!("{gap}{}", in_words(&outcome, painter)))?;
        }
        first = false;
        worst = worst.max(exit_code(&outcome));
    }
    Ok(worst)
}

fn exit_code(outcome: &Outcome) -> u8 {
    match outcome {
        Ok(answer) if answer.negative().is_none() => 0,
        Ok(_) => 1,
        Err(_) => 3,
    }
}

fn to_json(outcome: &Outcome) -> Result<String, String> {
    let json = match outcome {
        Ok(answer) => serde_json::to_string(answer),
        Err(error) => serde_json::to_string(error),
    };
    json.map_err(|error| error.to_string())
}

/// Everything there is to say of an outcome; the first line says what it comes to.
fn in_words(outcome: &Outcome, painter: Painter) -> String {
    let (question, verdict) = match outcome {
        Ok(answer) => (&answer.question, headline(answer, painter)),
        Err(error) => (
            error.question(),
            painter.paint(Color::Red, "could not tell"),
        ),
    };
    let mut lines = vec![format!("{question}: {verdict}")];
    match outcome {
        Ok(answer) => answered(answer, &mut lines),
        Err(error) => untold(error, &mut lines),
    }
    lines.join("\n  ")
}

fn headline(answer: &Answer, painter: Painter) -> String {
    match &answer.response {
        Response::Records(records) => {
            let plural = if records.len() == 1 { "" } else { "s" };
            painter.paint(Color::Green, &format!("{} record{plural}", records.len()))
        }
        Response::Negative(Negative { kind, .. }) => {
            let end = answer.canonical_name();
            let meaning = match kind {
                NegativeKind::NxDomain => format!("{end} does not exist"),
                NegativeKind::NoData => {
                    format!("{end} has no {} record", answer.question.record_type)
                }
            };
            format!(
                "{}, {meaning}",
                painter.paint(Color::Yellow, &kind.to_string())
            )
        }
    }
}

fn answered(answer: &Answer, lines: &mut Vec<String>) {
    let shown = |record: &mail_dns::Record| record.to_string();
    lines.extend(answer.aliases.iter().map(shown));
    lines.extend(answer.records().iter().map(shown));
    if let Some(Negative { ttl, zone, .. }) = answer.negative() {
        let zone = zone.as_ref().map_or_else(
            || "nobody: there is no SOA record".to_owned(),
            |zone| format!("the zone {zone}"),
        );
        let ttl = ttl.map_or_else(String::new, |ttl| format!(", for {ttl} seconds"));
        lines.push(labeled("denied by", &format!("{zone}{ttl}")));
    }
    lines.push(labeled("DNSSEC", &worth(answer)));
    lines.extend(extended(&answer.extended_errors));
    lines.push(labeled("source", &source(answer)));
}

/// The DNSSEC status, and what it rests on.
fn worth(answer: &Answer) -> String {
    let status = answer.dnssec;
    let basis = match status {
        DnssecStatus::Secure => {
            "the resolver vouches for all of it by the AD bit, which nobody on the way could set"
        }
        DnssecStatus::Insecure => {
            "the resolver validates, since it sets the AD bit for the root zone, and does not vouch for all of this"
        }
        DnssecStatus::Bogus => "validation failed",
        DnssecStatus::Indeterminate(IndeterminateCause::PathNotTrusted) => {
            if answer.source.authentic_data {
                "anyone on it could have set the AD bit that came"
            } else {
                "anyone on it could have cleared the AD bit"
            }
        }
        DnssecStatus::Indeterminate(IndeterminateCause::ResolverDoesNotValidate)
            if answer.source.transport == Transport::Recursion =>
        {
            "the name servers were asked, and no signature was looked at"
        }
        DnssecStatus::Indeterminate(IndeterminateCause::ResolverDoesNotValidate) => {
            "the root zone is signed, and even that comes without the AD bit"
        }
        DnssecStatus::Indeterminate(IndeterminateCause::ValidationUnknown) => {
            "there was no answer about the root zone, which would have shown it"
        }
        _ => return status.to_string(),
    };
    format!("{status} ({basis})")
}

fn source(answer: &Answer) -> String {
    let source = &answer.source;
    if source.transport == Transport::Recursion {
        let elapsed = source.elapsed.as_millis();
        return format!("the name servers from the root on, {elapsed} ms");
    }
    let server = source
        .server
        .map_or_else(|| "nobody".to_owned(), |server| server.to_string());
    let flags = [
        (source.authoritative, " AA"),
        (source.authentic_data, " AD"),
    ];
    let flags: String = flags
        .iter()
        .filter_map(|&(set, flag)| set.then_some(flag))
        .collect();
    let cached = if source.cached { ", cached" } else { "" };
    format!(
        "{server} over {}, {}{flags}, {} ms{cached}",
        source.transport,
        source.rcode,
        source.elapsed.as_millis(),
    )
}

/// What kept the answer away, and every attempt.
fn untold(error: &LookupError, lines: &mut Vec<String>) {
    lines.push(labeled("because", &error.to_string()));
    if error.kind() == LookupErrorKind::Bogus {
        let said = error
            .extended_errors()
            .iter()
            .any(ExtendedError::is_validation_failure);
        let basis = if said {
            "the resolver says so by an extended error"
        } else {
            "a resolver that validates has an answer with checking disabled, and fails again without"
        };
        lines.push(labeled("DNSSEC", &format!("bogus ({basis})")));
    }
    lines.extend(extended(error.extended_errors()));
    for attempt in error.attempts() {
        lines.push(labeled("attempt", &attempt.to_string()));
    }
}

fn extended(errors: &[ExtendedError]) -> impl Iterator<Item = String> {
    errors
        .iter()
        .map(|error| labeled("said", &error.to_string()))
}

fn labeled(label: &str, text: &str) -> String {
    format!("{label:<10} {text}")
}

/// Colors on a terminal, unless <https://no-color.org> is asked for.
#[derive(Debug, Clone, Copy)]
struct Painter {
    colors: bool,
}

#[derive(Debug, Clone, Copy)]
enum Color {
    Red = 31,
    Green = 32,
    Yellow = 33,
}

impl Painter {
    fn for_stdout() -> Self {
        let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self {
            colors: std::io::stdout().is_terminal() && !plain,
        }
    }

    fn paint(self, color: Color, text: &str) -> String {
        if self.colors {
            format!("\x1b[{}m{text}\x1b[0m", color as u8)
        } else {
            text.to_owned()
        }
    }
}

/// Prints a line. If nobody reads any more, as with `ask … | head`, that is no mistake.
fn say(text: &str) -> Result<(), String> {
    match writeln!(std::io::stdout().lock(), "{text}") {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.to_string()),
        _ => Ok(()),
    }
}

/// A mnemonic, or `TYPE123` (RFC 3597 §5).
fn record_type(text: &str) -> Result<RecordType, String> {
    let named = TYPES
        .into_iter()
        .find(|known| known.to_string().eq_ignore_ascii_case(text));
    let numbered = || {
        let (word, number) = text.split_at_checked(4)?;
        let is_number = !number.is_empty() && number.bytes().all(|octet| octet.is_ascii_digit());
        (word.eq_ignore_ascii_case("TYPE") && is_number)
            .then(|| number.parse().ok().map(RecordType))?
    };
    named.or_else(numbered).ok_or_else(|| {
        let known = TYPES.map(|known| known.to_string()).join(", ");
        format!(
            "expected {known} or TYPE123, found `{}`",
            text.escape_debug()
        )
    })
}
