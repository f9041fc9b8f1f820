//! Whether all name servers of a domain's zone say the same about its mail: a row for each server, and who says what where they differ.
//!
//! ```console
//! $ cargo run --example consistency                          # name servers in this process, without a network
//! $ cargo run --example consistency -- example.com
//! $ cargo run --example consistency -- example.com --selector s2026 --json
//! ```
//!
//! Exit code: 0 all say the same; 1 proof that they do not, that one does not know the zone or refuses a question, or that there is no
//! such domain; 3 could not tell. 64 for a mistake on the command line. That a server is behind with its version is told, and is no fault
//! by itself.

#[path = "../program.rs"]
mod program;
mod telling;
#[path = "../terminal.rs"]
mod terminal;
mod tour;
#[path = "../trust.rs"]
mod trust;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use mail_dns::consistency::{self, AskServer, Consistency, NameServer, mail_questions};
use mail_dns::stub::{DirectResolver, Server, StubConfig, StubResolver};
use mail_dns::{DomainName, Existence, Lookup, LookupError, LookupErrorKind, existence};
use serde::Serialize;

use crate::program::{Outcome, domain, seconds};
use crate::terminal::{Page, count, say};
use crate::tour::Tour;

/// Asks every name server of a domain's zone about its mail.
///
/// Without a domain it asks name servers in this process, and needs no network.
///
/// Exit code: 0 all say the same; 1 proof that they do not, or that there is no such domain; 3 could not tell.
#[derive(Debug, Parser)]
#[command(name = "consistency", version, max_term_width = 100)]
struct Arguments {
    /// The domain; always taken as complete, whatever search list the system has.
    #[arg(value_parser = domain)]
    domain: Option<DomainName>,

    /// Ask for this DKIM key too; may be given several times.
    #[arg(long, value_name = "NAME", requires = "domain", value_parser = selector)]
    selector: Vec<String>,

    /// Contact name servers on addresses that are not global too: private ones, loopback.
    #[arg(long, requires = "domain")]
    allow_special: bool,

    /// Ask this DNS resolver for the name servers in place of the system's: address, address:port, address#name over TLS, or
    /// address#name/path over HTTPS; may be given several times.
    #[arg(long, value_name = "ADDRESS", requires = "domain")]
    resolver: Vec<Server>,

    /// Trust the authorities in this PEM file too, for resolvers over TLS and HTTPS.
    #[arg(long, value_name = "FILE", requires = "resolver")]
    ca: Option<PathBuf>,

    /// The most time to take for a question, in seconds.
    #[arg(long, value_name = "SECONDS", default_value = "5", value_parser = seconds)]
    timeout: Duration,

    /// Print the facts as JSON.
    #[arg(long)]
    json: bool,
}

/// One label or several.
fn selector(text: &str) -> Result<String, String> {
    match text.parse::<DomainName>() {
        Ok(name) if !name.is_root() => Ok(name.to_string()),
        Ok(_) => Err("expected a selector such as s2026, found the root".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

fn main() -> ExitCode {
    program::start("consistency", run)
}

async fn run(arguments: Arguments) -> Result<Outcome, String> {
    let Some(domain) = &arguments.domain else {
        let tour = Tour::start().await?;
        let facts = tour.facts().await?;
        let mut page = facts.page(Some(&tour.server()));
        page.remark(tour::REMARK);
        telling::tell(&facts, &mut page);
        return show(&facts, page, arguments.json);
    };
    let mut config = if arguments.resolver.is_empty() {
        StubConfig::from_system().map_err(|error| format!("{error}; give one by --resolver"))?
    } else {
        let mut config = StubConfig::new(arguments.resolver.iter().cloned());
        config.tls = Some(trust::client(arguments.ca.as_deref())?);
        config
    };
    config.deadline = arguments.timeout;
    let mut direct = DirectResolver::default();
    direct.deadline = arguments.timeout;
    let selectors: Vec<_> = arguments.selector.iter().map(String::as_str).collect();
    let resolver = StubResolver::new(config);
    let special = arguments.allow_special;
    let facts = Facts::collect(&resolver, &direct, domain.clone(), &selectors, special).await?;
    let mut page = facts.page(arguments.resolver.first());
    telling::tell(&facts, &mut page);
    show(&facts, page, arguments.json)
}

fn show(facts: &Facts, page: Page, json: bool) -> Result<Outcome, String> {
    let text = if json {
        serde_json::to_string(facts).map_err(|error| error.to_string())?
    } else {
        page.into_text()
    };
    say(&text)?;
    Ok(facts.outcome)
}

/// What was found out about a domain.
#[derive(Debug, Serialize)]
struct Facts {
    domain: DomainName,
    outcome: Outcome,
    existence: Existence,
    /// The zone that the domain is in, if any.
    zone: Result<Option<DomainName>, LookupError>,
    /// What its name servers say.
    #[serde(skip_serializing_if = "Option::is_none")]
    found: Option<Consistency>,
}

impl Facts {
    /// An error is a name that cannot be asked for.
    async fn collect(
        lookup: &impl Lookup,
        servers: &impl AskServer,
        domain: DomainName,
        selectors: &[&str],
        special_addresses: bool,
    ) -> Result<Self, String> {
        let questions =
            mail_questions(&domain, selectors).map_err(|error| format!("{domain}: {error}"))?;
        let existence = existence(lookup, &domain).await;
        let zone = consistency::zone_of(lookup, &domain).await;
        let mut found = None;
        // That of an alias's target has other servers, and those of a domain that does not exist are a registry's.
        if let Ok(Some(zone)) = &zone
            && domain.is_within(zone)
            && !matches!(existence, Existence::DoesNotExist { .. })
        {
            let asked =
                consistency::consistency(lookup, servers, zone, questions, special_addresses);
            found = Some(asked.await);
        }
        let mut facts = Self {
            domain,
            outcome: Outcome::Unknown,
            existence,
            zone,
            found,
        };
        facts.outcome = facts.judge().0;
        Ok(facts)
    }

    /// Begins with the verdict.
    fn page(&self, server: Option<&Server>) -> Page {
        let mut page = Page::for_stdout(server);
        let (outcome, text) = self.judge();
        let subject = self.domain.to_string();
        page.headline(outcome.mark(), &subject, outcome.word(), &text);
        page
    }

    /// What it comes to, and why in a line.
    fn judge(&self) -> (Outcome, String) {
        if matches!(self.existence, Existence::DoesNotExist { .. }) {
            return (Outcome::No, "the domain does not exist".to_owned());
        }
        let found = match (&self.zone, &self.found) {
            (Err(error), _) => return (Outcome::Unknown, error.to_string()),
            (Ok(None), _) => {
                let text = "no answer says which zone it is in";
                return (Outcome::Unknown, text.to_owned());
            }
            (Ok(Some(zone)), None) => {
                let text = format!("it is an alias of a name in the zone {zone}: ask about that");
                return (Outcome::Unknown, text);
            }
            (Ok(Some(_)), Some(found)) => found,
        };
        if let Err(error) = &found.ns {
            return (Outcome::Unknown, error.to_string());
        }
        let faults = Self::faults(found);
        if !faults.is_empty() {
            return (Outcome::Broken, faults.join("; "));
        }
        let contacted = found.servers.iter().filter(|server| server.soa.is_some());
        let has_answered = |server: &NameServer| matches!(server.soa, Some(Ok(_)));
        match contacted.count() {
            0 => (Outcome::Unknown, "no name server was contacted".to_owned()),
            _ if !found.servers.iter().any(has_answered) => {
                (Outcome::Unknown, "no name server has answered".to_owned())
            }
            _ if !found.is_complete() => (
                Outcome::Unknown,
                "what was said is the same, but not everything was said".to_owned(),
            ),
            servers => {
                let behind = match found.stale().len() {
                    0 => String::new(),
                    _ => ", though not all of them have the same version of the zone".to_owned(),
                };
                let who = match servers {
                    1 => "1 server address".to_owned(),
                    more => format!("{more} server addresses"),
                };
                let verb = if servers == 1 { "says" } else { "say" };
                let text = format!("{who} of {} {verb} the same{behind}", found.zone);
                (Outcome::Yes, text)
            }
        }
    }

    /// What is proved to be wrong.
    fn faults(found: &Consistency) -> Vec<String> {
        let lame = found.servers.iter().filter(|server| server.is_lame());
        let without = found
            .hosts
            .iter()
            .filter(|(_, addresses)| addresses.is_proved_empty());
        let numbers = [
            (found.differences().len(), "difference"),
            (lame.count(), "lame server"),
            (refusals(found).count(), "refusal"),
            (without.count(), "name server"),
        ];
        let faults = numbers.into_iter().filter(|(number, _)| *number > 0);
        let told = faults.map(|(number, thing)| match thing {
            "name server" => format!("{} without an address", count(number, thing)),
            _ => count(number, thing),
        });
        told.collect()
    }
}

/// The questions that a server refuses, though it knows the zone.
fn refusals(found: &Consistency) -> impl Iterator<Item = &NameServer> {
    let failures = found.failures();
    failures.filter_map(|(server, _, error)| {
        (error.kind() == LookupErrorKind::Refused && !server.is_lame()).then_some(server)
    })
}

/// The servers that answer a question in one way.
fn names(servers: &[&NameServer]) -> String {
    let names: Vec<_> = servers
        .iter()
        .map(|server| format!("{} {}", server.name, server.address))
        .collect();
    names.join(", ")
}

#[cfg(test)]
mod tests;
