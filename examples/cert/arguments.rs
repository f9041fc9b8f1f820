//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, ValueEnum};
use smtp_probe::Security;
use tls_inspect::DnsId;

use crate::target::{Reach, Target};

/// Tells whether the certificate of a mail server is good, for whom and for how long.
///
/// Without a target it looks at the servers of the built-in laboratory, and needs no network.
///
/// Exit code: 0 a sender that checks certificates delivers; 1 proof that it does not; 3 could not tell; of several addresses,
/// the highest.
#[derive(Debug, Parser)]
#[command(name = "cert", version, max_term_width = 100)]
pub(crate) struct Arguments {
    /// A host or an address, with or without a port (25): mail.example.com:465, 192.0.2.1, [2001:db8::1]:465.
    #[arg(value_name = "HOST[:PORT]")]
    pub(crate) targets: Vec<Target>,

    #[command(flatten)]
    pub(crate) security: Wanted,

    /// The name to ask for and to look for in the certificate, in place of the target's; an address has none.
    #[arg(long, value_name = "HOST", value_parser = DnsId::parse)]
    pub(crate) server_name: Option<DnsId>,

    /// Judge by the authorities in this PEM file; what Mozilla's make of the chain is told beside.
    #[arg(long, value_name = "FILE")]
    pub(crate) ca: Option<PathBuf>,

    /// Ask for TLSA records too, hold the chain against them, and say what becomes of them with the next one.
    #[arg(long)]
    pub(crate) dane: bool,

    /// Take the names from the laboratory, where DANE is always asked about: mx.expired.test, mx1.good.test:465.
    #[arg(long, requires = "targets", conflicts_with_all = ["ca", "resolver", "server_name"])]
    pub(crate) from_lab: bool,

    /// Make a second handshake, for the certificate with the other kind of key: RSA or ECDSA. Where TLSA records count, it is made unasked.
    #[arg(long)]
    pub(crate) keys: bool,

    /// Find out what TLS the server speaks: up to 24 connections, or 200 with `full`.
    #[arg(long, value_name = "HOW", num_args = 0..=1, require_equals = true, default_missing_value = "quick")]
    pub(crate) scan: Option<Depth>,

    /// Print all facts as JSON, one object a line; the last of a name with several addresses is of the kind `machines`.
    #[arg(long)]
    pub(crate) json: bool,

    /// Print the chain as PEM, as it was sent, and nothing else.
    #[arg(long, conflicts_with_all = ["json", "scan", "keys", "dane"])]
    pub(crate) pem: bool,

    #[command(flatten)]
    pub(crate) reach: Reach,
}

/// How to begin; by default as the port has it: 465 with TLS, all others with STARTTLS.
#[derive(Debug, Args)]
#[group(multiple = false)]
pub(crate) struct Wanted {
    /// Begin in the clear and ask for TLS.
    #[arg(long)]
    pub(crate) starttls: bool,
    /// TLS from the first octet.
    #[arg(long)]
    pub(crate) implicit: bool,
}

impl Wanted {
    pub(crate) fn security(&self, port: u16) -> Security {
        match (self.implicit, self.starttls) {
            (true, _) => Security::Implicit,
            (_, true) => Security::StartTls,
            _ if port == 465 => Security::Implicit,
            _ => Security::StartTls,
        }
    }
}

/// How much a scan asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Depth {
    /// Versions, certificates, and what a server bears.
    Quick,
    /// Groups and cipher suites too.
    Full,
}
