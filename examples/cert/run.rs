//! One run: the addresses one after the other, each page as it comes.

use std::net::SocketAddr;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use smtp_probe::Timeouts;
use tls_inspect::{CryptoProvider, Der, TrustStore};

use crate::arguments::Arguments;
use crate::look::{Inspector, Look, Place};
use crate::outcome::Outcome;
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
    let (mut worst, mut is_first) = (Outcome::Works, true);
    for target in &arguments.targets {
        let found = target.resolve(&arguments.reach).await?;
        for why in found.without_address() {
            untold(&arguments, found.host.as_deref().unwrap_or_default(), &why)?;
            worst = worst.max(Outcome::Unknown);
        }
        let host = found.host;
        for ip in found.addresses {
            if let Some(why) = arguments.reach.leaves_alone(ip) {
                untold(&arguments, &ip.to_string(), &why)?;
                worst = worst.max(Outcome::Unknown);
                continue;
            }
            let given = arguments.server_name.as_ref().map(ToString::to_string);
            let address = SocketAddr::new(ip, target.port);
            let place = Place::new(address, given.or_else(|| host.clone()));
            let look = inspector.look(place).await;
            if !is_first && !arguments.json && !arguments.pem {
                say("")?;
            }
            print(&arguments, &look)?;
            worst = worst.max(look.outcome);
            is_first = false;
        }
    }
    Ok(worst.exit_code())
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
