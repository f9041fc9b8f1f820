//! One run: the addresses one after the other, each page as it comes.

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::Path;

use serde::{Deserialize, Serialize};
use smtp_probe::{EhloName, Ending, Envelope, Observation, Probe, SessionOptions, Timeouts};
use tls_inspect::{CryptoProvider, ReferenceId};

use crate::arguments::{Arguments, SuiteName};
use crate::outcome::Outcome;
use crate::suite::{self, Tested};
use crate::{laboratory, telling};

/// What is printed as JSON, and read back by --replay.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Look {
    pub(crate) address: SocketAddr,
    /// The name that the address was found by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) host: Option<String>,
    pub(crate) outcome: Outcome,
    pub(crate) because: String,
    pub(crate) options: SessionOptions,
    pub(crate) seen: Observation,
    #[serde(default, skip_serializing_if = "Vec::is_empty", skip_deserializing)]
    pub(crate) tests: Vec<Tested>,
}

impl Look {
    pub(crate) fn new(
        address: SocketAddr,
        host: Option<String>,
        options: SessionOptions,
        seen: Observation,
    ) -> Self {
        let (outcome, because) = Outcome::of(&seen, options.security());
        Self {
            address,
            host,
            outcome,
            because,
            options,
            seen,
            tests: Vec::new(),
        }
    }
}

/// Runs, and gives the exit code; an error is a mistake of the caller's.
pub(crate) async fn run(arguments: Arguments) -> Result<u8, String> {
    if let Some(path) = &arguments.replay {
        return replay(&arguments, path);
    }
    if arguments.targets.is_empty() {
        return laboratory::tour(&arguments).await;
    }
    let mut worst = Outcome::Works;
    for target in &arguments.targets {
        let found = target.resolve(&arguments.reach).await?;
        for why in found.without_address() {
            let name = found.host.as_deref().unwrap_or_default();
            say(&format!("? {name}  could not tell: {why}"))?;
            worst = worst.max(Outcome::Unknown);
        }
        for ip in found.addresses {
            let address = SocketAddr::new(ip, target.port);
            worst = worst.max(visit(&arguments, address, found.host.clone()).await?);
        }
    }
    Ok(worst.exit_code())
}

async fn visit(
    arguments: &Arguments,
    address: SocketAddr,
    host: Option<String>,
) -> Result<Outcome, String> {
    if let Some(why) = arguments.reach.leaves_alone(address.ip()) {
        say(&format!("? {address}  could not tell: {why}"))?;
        return Ok(Outcome::Unknown);
    }
    let probe = probe(arguments, address, host.as_deref())?;
    let server = host
        .clone()
        .unwrap_or_else(|| EhloName::from(address.ip()).to_string());
    let tests = suite::tests(arguments, &probe, &server)?;
    let seen = probe.run(address).await;
    let first = Ending::of(&seen);
    let mut look = Look::new(address, host, probe.options().clone(), seen);
    look.tests = suite::make(tests, &probe, address, arguments.spacing, first).await;
    print(arguments, &look)?;
    let untold = look
        .tests
        .iter()
        .any(|test| !test.verdict.is_yes() && !test.verdict.is_no());
    Ok(if untold {
        look.outcome.max(Outcome::Unknown)
    } else {
        look.outcome
    })
}

/// A probe as the command line has it.
pub(crate) fn probe(
    arguments: &Arguments,
    address: SocketAddr,
    host: Option<&str>,
) -> Result<Probe, String> {
    let security = arguments.security.security(address.port());
    let mut options = SessionOptions::new(arguments.reach.ehlo_name(), security)
        .with_timeouts(Timeouts::default().within(arguments.reach.timeout));
    if arguments.unoffered {
        options = options.trying_unoffered_starttls();
    }
    // Mailboxes that are meant for a test are not asked about beforehand.
    let for_suite = arguments.suite.iter().any(|name| {
        matches!(
            name,
            SuiteName::OpenRelay | SuiteName::Vrfy | SuiteName::Expn
        )
    });
    if !for_suite && (arguments.mail.is_some() || !arguments.rcpt.is_empty()) {
        let mut envelope = arguments
            .mail
            .clone()
            .map_or_else(Envelope::null_sender, Envelope::new);
        for recipient in &arguments.rcpt {
            envelope = envelope
                .to(recipient.clone())
                .map_err(|error| error.to_string())?;
        }
        options = options.with_envelope(envelope);
    }
    if let Some(proxy) = arguments.proxy {
        options = options.with_proxy_header(proxy.header(address));
    }
    let mut probe = Probe::with_options(options, CryptoProvider::aws_lc_rs());
    if let Some(name) = host.and_then(|host| ReferenceId::parse(host).ok()) {
        probe = probe.with_server_name(name);
    }
    Ok(match arguments.source {
        Some(source) => probe.with_local_address(source),
        None => probe,
    })
}

fn replay(arguments: &Arguments, path: &Path) -> Result<u8, String> {
    let fault = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let text = std::fs::read_to_string(path).map_err(|error| fault(&error))?;
    let mut worst = Outcome::Works;
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let stored: Look = serde_json::from_str(line)
            .map_err(|error| fault(&format!("expected what --json prints: {error}")))?;
        let seen = stored
            .seen
            .replay(&stored.options)
            .map_err(|error| fault(&error))?;
        let look = Look::new(stored.address, stored.host, stored.options, seen);
        print(arguments, &look)?;
        worst = worst.max(look.outcome);
    }
    Ok(worst.exit_code())
}

pub(crate) fn print(arguments: &Arguments, look: &Look) -> Result<(), String> {
    if arguments.json {
        return say(&serde_json::to_string(look).map_err(|error| error.to_string())?);
    }
    say(&telling::page(look, arguments.transcript))
}

/// Prints a line. If nobody reads any more, as with `probe … | head`, that is no mistake.
pub(crate) fn say(text: &str) -> Result<(), String> {
    match writeln!(std::io::stdout().lock(), "{text}") {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.to_string()),
        _ => Ok(()),
    }
}
