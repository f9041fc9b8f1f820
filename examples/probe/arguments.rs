//! The command line.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::{Args, Parser, ValueEnum};
use smtp_probe::{ForwardPath, ProxyHeader, ReversePath, Security};

use crate::command_line::seconds;
use crate::target::{Reach, Target};

/// Looks at mail ports, and says what is there and why not.
///
/// Without a target it looks at the servers of the built-in laboratory, and needs no network.
///
/// Exit code: 0 it works as asked; 1 proof that it does not; 3 could not tell; of several addresses, the highest.
#[derive(Debug, Parser)]
#[command(name = "probe", version, max_term_width = 100)]
pub(crate) struct Arguments {
    /// A host or an address, with or without a port (25): mx.example.com, 192.0.2.1:587, [2001:db8::1]:465.
    #[arg(value_name = "HOST[:PORT]")]
    pub(crate) targets: Vec<Target>,

    #[command(flatten)]
    pub(crate) security: Wanted,

    /// Send MAIL with this reverse-path after EHLO, and RSET; `<>` is the null reverse-path. Inside TLS, unless --plain is given.
    #[arg(long, value_name = "MAILBOX", value_parser = reverse_path)]
    pub(crate) mail: Option<ReversePath>,

    /// Send RCPT with this forward-path after MAIL; may be given twice. There is no message.
    #[arg(long, value_name = "MAILBOX", value_parser = forward_path)]
    pub(crate) rcpt: Vec<ForwardPath>,

    /// Try STARTTLS where it is not offered.
    #[arg(long, conflicts_with_all = ["implicit", "plain"])]
    pub(crate) unoffered: bool,

    /// Send a header of the PROXY protocol (version 2) first: for this source address and port, or `local`.
    #[arg(long, value_name = "ADDRESS:PORT", value_parser = Proxy::from_str)]
    pub(crate) proxy: Option<Proxy>,

    /// Connect from this address of this machine.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) source: Option<IpAddr>,

    /// Make these tests too, a connection each. Those that are intrusive say so; ask the owner first.
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub(crate) suite: Vec<SuiteName>,

    /// Leave so many seconds between the connections of the tests.
    #[arg(long, value_name = "SECONDS", default_value = "5", value_parser = seconds, requires = "suite")]
    pub(crate) spacing: Duration,

    /// Show what was said, without the local parts of the mailboxes.
    #[arg(long)]
    pub(crate) transcript: bool,

    /// Print everything as JSON, one object a line.
    #[arg(long)]
    pub(crate) json: bool,

    /// Look at nothing, and judge again what --json has printed into this file.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["targets", "suite"])]
    pub(crate) replay: Option<PathBuf>,

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
    /// In the clear.
    #[arg(long)]
    pub(crate) plain: bool,
}

impl Wanted {
    pub(crate) fn security(&self, port: u16) -> Security {
        match (self.implicit, self.plain, self.starttls) {
            (true, ..) => Security::Implicit,
            (_, true, _) => Security::None,
            (.., true) => Security::StartTls,
            _ if port == 465 => Security::Implicit,
            _ => Security::StartTls,
        }
    }
}

/// What the PROXY header says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Proxy {
    Local,
    From(SocketAddr),
}

impl FromStr for Proxy {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.parse() {
            Ok(address) => Ok(Self::From(address)),
            Err(_) if text == "local" => Ok(Self::Local),
            Err(_) => Err(format!(
                "expected ADDRESS:PORT or `local`, found `{}`",
                text.escape_debug()
            )),
        }
    }
}

impl Proxy {
    pub(crate) fn header(self, destination: SocketAddr) -> ProxyHeader {
        match self {
            Self::Local => ProxyHeader::local(),
            Self::From(source) => ProxyHeader::tcp(source, destination),
        }
    }
}

/// A test by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SuiteName {
    CommandInjection,
    TlsRequired,
    AuthBeforeTls,
    /// Needs --mail and --rcpt, with a mailbox of your own that the server does not serve.
    OpenRelay,
    /// Asks for the first --rcpt, or for postmaster.
    Vrfy,
    /// The same with EXPN.
    Expn,
    /// EHLO with eight kinds of name, a connection each.
    EhloNames,
}

fn reverse_path(text: &str) -> Result<ReversePath, String> {
    let text = text.trim_start_matches('<').trim_end_matches('>');
    text.parse().map_err(|error| format!("{error}"))
}

fn forward_path(text: &str) -> Result<ForwardPath, String> {
    let text = text.trim_start_matches('<').trim_end_matches('>');
    text.parse().map_err(|error| format!("{error}"))
}
