//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;
use mail_dns::stub::Server;
use mailcheck_core::Target;
use smtp_probe::EhloName;

use crate::command_line::seconds;

/// Checks a mail domain, host or address.
///
/// Without a target it checks the domains of the built-in laboratory, and needs no network.
#[derive(Debug, Parser)]
#[command(name = "check", version, max_term_width = 100)]
pub(crate) struct Arguments {
    /// A domain (example.com), a port of a host (mail.example.com:587) or an address (192.0.2.1).
    pub(crate) targets: Vec<Target>,

    /// Ask this DNS resolver in place of the system's: address, address:port, address#name over TLS, or address#name/path over
    /// HTTPS; may be given several times.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) resolver: Vec<Server>,

    /// Look at these ports only, and expect each to answer.
    #[arg(long, value_name = "PORTS", value_delimiter = ',', value_parser = port)]
    pub(crate) ports: Vec<u16>,

    /// The most time to take for a target, in seconds.
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = seconds)]
    pub(crate) timeout: Duration,

    /// The name to say in EHLO: what the PTR record of this machine's address gives.
    #[arg(long, value_name = "NAME")]
    pub(crate) ehlo: Option<EhloName>,

    /// Trust the authorities in this PEM file too.
    #[arg(long, value_name = "FILE")]
    pub(crate) ca: Option<PathBuf>,

    /// Ask the blocklists in this file (in the form of the catalogue of `dnsbl`) in place of the built-in ones.
    #[arg(long, value_name = "FILE", conflicts_with = "no_lists")]
    pub(crate) lists: Option<PathBuf>,

    /// Ask no blocklists.
    #[arg(long)]
    pub(crate) no_lists: bool,

    /// Contact addresses that are not global too: private ones, loopback.
    #[arg(long)]
    pub(crate) allow_private: bool,

    /// Connect to another address in place of one, and to no address that has no such detour; may be given several times.
    #[arg(long, value_name = "ADDRESS:PORT=ADDRESS:PORT", value_parser = detour)]
    pub(crate) connect_to: Vec<(SocketAddr, SocketAddr)>,

    /// Print the report as JSON: one object for one target, one a line for several.
    #[arg(long)]
    pub(crate) json: bool,

    /// Keep the facts of the run in this file.
    #[arg(long, value_name = "FILE")]
    pub(crate) save: Option<PathBuf>,

    /// Judge the facts in this file again, and look at nothing.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["targets", "from_lab", "save"])]
    pub(crate) replay: Option<PathBuf>,

    /// Take the targets from the built-in laboratory.
    #[arg(long, conflicts_with_all = ["resolver", "connect_to", "lists"])]
    pub(crate) from_lab: bool,
}

fn port(text: &str) -> Result<u16, String> {
    match text.parse() {
        Ok(port) if port != 0 && text.bytes().all(|octet| octet.is_ascii_digit()) => Ok(port),
        _ => Err(format!(
            "expected a port from 1 to 65535, found `{}`",
            text.escape_debug()
        )),
    }
}

fn detour(text: &str) -> Result<(SocketAddr, SocketAddr), String> {
    let parsed = text
        .split_once('=')
        .and_then(|(from, to)| Some((from.parse().ok()?, to.parse().ok()?)));
    parsed.ok_or_else(|| {
        format!(
            "expected ADDRESS:PORT=ADDRESS:PORT, found `{}`",
            text.escape_debug()
        )
    })
}
