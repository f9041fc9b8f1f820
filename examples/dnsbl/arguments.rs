//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser};
use dnsbl::{ListSet, Role, Subject};
use mail_dns::DomainName;
use mail_dns::stub::Server;

use crate::command_line::seconds;
use crate::domain_name::domain_name;

/// Tells whether addresses and domains are on blocklists, why, how they get off them, and which lists could not be asked.
///
/// Without a subject it asks the lists of the built-in laboratory, and needs no network.
///
/// Exit code: 0 no list that was asked has an entry that matters, with proof; 1 one has, of any subject; 3 not listed as far as
/// could be told, or not all senders are known. Allowlists alone: 0 whether they vouch or not, 3 could not tell. Of `--doctor`: 0 served by all, 1 refused by a list or lied to, 3 could not tell.
#[derive(Debug, Parser)]
#[command(name = "dnsbl", version, max_term_width = 100)]
pub(crate) struct Arguments {
    /// The addresses and domains to ask about.
    #[arg(value_name = "ADDRESS|DOMAIN", value_parser = given)]
    pub(crate) subjects: Vec<Given>,

    /// Ask about the addresses too that the SPF records of the domains let send.
    #[arg(long, requires = "subjects")]
    pub(crate) from_spf: bool,

    /// What the subjects do, for how bad an entry is: outbound-sender, mail-exchanger, submission-client or web-host.
    #[arg(long, value_name = "ROLE", default_value = "outbound-sender", value_parser = role)]
    pub(crate) role: Role,

    /// Say which lists serve the resolver, which refuse it, and what to do about those.
    #[arg(long)]
    pub(crate) doctor: bool,

    #[command(flatten)]
    pub(crate) lists: Lists,

    #[command(flatten)]
    pub(crate) asking: Asking,

    /// Print the facts as JSON, one object a line.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Which lists are asked, and with which keys.
#[derive(Debug, Args)]
pub(crate) struct Lists {
    /// The sets of lists to ask: default, wide, domains, allow.
    #[arg(long, value_name = "SET", value_delimiter = ',', value_parser = set)]
    pub(crate) lists: Vec<ListSet>,

    /// Ask the list of this zone; may be given several times.
    #[arg(long, value_name = "ZONE")]
    pub(crate) zone: Vec<DomainName>,

    /// Take lists from this file; alone, in place of those that are built in.
    #[arg(long, value_name = "FILE")]
    pub(crate) catalogue: Option<PathBuf>,

    /// A key for lists that need one, by its name in the catalogue, from a file or a variable of the environment:
    /// spamhaus-dqs=@FILE or spamhaus-dqs=env:VARIABLE; may be given several times.
    #[arg(long, value_name = "NAME=@FILE")]
    pub(crate) key: Vec<String>,
}

/// How the lists are asked.
#[derive(Debug, Args)]
pub(crate) struct Asking {
    /// Ask through this DNS resolver in place of the system's: address, address:port, address#name over TLS, or
    /// address#name/path over HTTPS; may be given several times.
    #[arg(long, value_name = "ADDRESS", visible_alias = "server")]
    pub(crate) resolver: Vec<Server>,

    /// Trust the authorities in this PEM file too, for resolvers over TLS and HTTPS.
    #[arg(long, value_name = "FILE", requires = "resolver")]
    pub(crate) ca: Option<PathBuf>,

    /// Ask the lists of the built-in laboratory.
    #[arg(long, conflicts_with_all = ["resolver", "catalogue"])]
    pub(crate) from_lab: bool,

    /// The most time to take for a question, in seconds.
    #[arg(long, value_name = "SECONDS", default_value = "5", value_parser = seconds)]
    pub(crate) timeout: Duration,

    /// The most time to take for everything, in seconds; what was not answered by then could not be told.
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = seconds)]
    pub(crate) deadline: Duration,
}

/// A subject as it was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Given {
    pub(crate) subject: Subject,
    /// What it was written as, if that does not look like what is asked for: a domain in its own script.
    pub(crate) remark: Option<String>,
}

fn given(text: &str) -> Result<Given, String> {
    let remark = || format!("given as {}", text.escape_debug());
    Ok(Given {
        subject: subject(text)?,
        remark: (!text.is_ascii()).then(remark),
    })
}

/// An address or a domain, and none of what people paste in its place.
pub(crate) fn subject(text: &str) -> Result<Subject, String> {
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    if let Ok(address) = bare.parse() {
        return Ok(Subject::Address(address));
    }
    let expected = "an address or a domain";
    let fault = |found: &str| Err(format!("expected {expected}, found {found}"));
    if text.contains('@') {
        return fault("a mail address");
    }
    if text.contains("://") {
        return fault("a URL");
    }
    if text.contains('/') {
        return fault("a network or a path; lists are asked about single addresses");
    }
    match text.matches(':').count() {
        0 => domain_name(text, expected).map(Subject::Domain),
        1 => fault("a port"),
        _ => fault(&format!(
            "`{}`, which is no IPv6 address",
            text.escape_debug()
        )),
    }
}

fn role(text: &str) -> Result<Role, String> {
    let wanted = text.replace(['-', '_'], " ");
    one_of(&Role::ALL, &wanted, text)
}

fn set(text: &str) -> Result<ListSet, String> {
    one_of(&ListSet::ALL, text, text)
}

/// The one of `all` that is called `wanted`.
fn one_of<T: Copy + ToString>(all: &[T], wanted: &str, text: &str) -> Result<T, String> {
    let found = all.iter().find(|one| one.to_string() == wanted);
    found.copied().ok_or_else(|| {
        let names: Vec<String> = all
            .iter()
            .map(|one| one.to_string().replace(' ', "-"))
            .collect();
        format!(
            "expected one of {}, found `{}`",
            names.join(", "),
            text.escape_debug()
        )
    })
}
