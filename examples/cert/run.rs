//! One run: the addresses one after the other, each page as it comes, and then what those of one name come to.

use std::net::SocketAddr;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use smtp_probe::Timeouts;
use tls_inspect::{CryptoProvider, Der, TrustStore};

use crate::arguments::Arguments;
use crate::look::{Inspector, Look, Place, now_unix};
use crate::machines::{Machines, Open};
use crate::outcome::Outcome;
use crate::target::Target;
use crate::terminal::say;
use crate::{laboratory, page};

/// Runs, and gives the exit code; an error is a mistake of the caller's.
pub(crate) async fn run(arguments: Arguments) -> Result<u8, String> {
    if arguments.from_lab || arguments.targets.is_empty() {
        return laboratory::tour(&arguments).await;
    }
    let inspector = Inspector {
        arguments: &arguments,
        provider: CryptoProvider::aws_lc_rs(),
        stores: stores(arguments.ca.as_deref())?,
        resolver: match arguments.dane {
            true => Some(arguments.reach.resolver()?),
            false => None,
        },
        timeouts: Timeouts::default().within(arguments.reach.timeout),
    };
    let mut worst = Outcome::Works;
    for (at, target) in arguments.targets.iter().enumerate() {
        if at > 0 {
            part(&arguments)?;
        }
        worst = worst.max(visit(&inspector, target).await?);
    }
    Ok(worst.exit_code())
}

/// Each address of a target, and then all of them together.
async fn visit(inspector: &Inspector<'_>, target: &Target) -> Result<Outcome, String> {
    let arguments = inspector.arguments;
    let found = target.resolve(&arguments.reach).await?;
    let mut worst = Outcome::Works;
    for why in found.without_address() {
        untold(arguments, found.host.as_deref().unwrap_or_default(), &why)?;
        worst = Outcome::Unknown;
    }
    let given = arguments.server_name.as_ref().map(ToString::to_string);
    let host = given.or_else(|| found.host.clone());
    let is_one_of_several = found.addresses.len() + found.failures.len() > 1;
    let mut looks: Vec<Look> = Vec::new();
    let mut open: Vec<Open> = found.failures.into_iter().map(Open::of_name).collect();
    for ip in found.addresses {
        let address = SocketAddr::new(ip, target.port);
        if let Some(why) = arguments.reach.leaves_alone(ip) {
            untold(arguments, &ip.to_string(), &why)?;
            worst = Outcome::Unknown;
            open.push(Open::of_address(address, why));
            continue;
        }
        let mut place = Place::new(address, host.clone());
        place.is_one_of_several = is_one_of_several;
        if !looks.is_empty() {
            part(arguments)?;
        }
        let look = inspector.look(place).await;
        print(arguments, &look)?;
        worst = worst.max(look.outcome);
        looks.push(look);
    }
    if let Some(host) = host.filter(|_| is_one_of_several && !looks.is_empty()) {
        let machines = Machines::of(inspector, &host, target.port, &looks, open, now_unix());
        print_machines(arguments, &machines)?;
    }
    Ok(worst)
}

/// An empty line between two pages.
pub(crate) fn part(arguments: &Arguments) -> Result<(), String> {
    match arguments.json || arguments.pem {
        true => Ok(()),
        false => say(""),
    }
}

/// Mozilla's authorities, and before them those of the file.
fn stores(file: Option<&Path>) -> Result<Vec<TrustStore>, String> {
    let mut stores = Vec::new();
    if let Some(file) = file {
        let fault = |error: &dyn std::fmt::Display| format!("{}: {error}", file.display());
        let pem = std::fs::read(file).map_err(|error| fault(&error))?;
        let name = file.file_name().unwrap_or(file.as_os_str());
        let name = name.to_string_lossy().escape_debug().to_string();
        stores.push(TrustStore::from_pem(name, &pem).map_err(|error| fault(&error))?);
    }
    stores.push(TrustStore::webpki_roots());
    Ok(stores)
}

/// Tells that nothing was looked at.
fn untold(arguments: &Arguments, subject: &str, why: &str) -> Result<(), String> {
    if arguments.json {
        let line = json!({ "subject": subject, "outcome": Outcome::Unknown, "because": why });
        return say(&line.to_string());
    }
    let text = format!("? {subject}  could not tell: {why}");
    if arguments.pem {
        eprintln!("{text}");
        return Ok(());
    }
    say(&text)
}

pub(crate) fn print(arguments: &Arguments, look: &Look) -> Result<(), String> {
    if arguments.json {
        return say(&serde_json::to_string(look).map_err(|error| error.to_string())?);
    }
    if !arguments.pem {
        return say(&page::full(look, arguments.reach.resolver.first()).into_text());
    }
    let chain = look.seen.capture().map_or(&[][..], |tls| &tls.chain);
    if chain.is_empty() {
        eprintln!("{}", page::headline(look).into_text());
        return Ok(());
    }
    say(&chain.iter().map(pem).collect::<Vec<_>>().join("\n"))
}

pub(crate) fn print_machines(arguments: &Arguments, machines: &Machines) -> Result<(), String> {
    if arguments.json {
        return say(&serde_json::to_string(machines).map_err(|error| error.to_string())?);
    }
    if arguments.pem {
        return Ok(());
    }
    part(arguments)?;
    say(&page::machines(machines).into_text())
}

/// In lines of 64 characters (RFC 7468 §3).
pub(crate) fn pem(certificate: &Der) -> String {
    let text = STANDARD.encode(certificate.as_bytes());
    let mut lines = vec!["-----BEGIN CERTIFICATE-----"];
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (line, more) = rest.split_at(rest.len().min(64));
        lines.push(line);
        rest = more;
    }
    lines.push("-----END CERTIFICATE-----");
    lines.join("\n")
}
