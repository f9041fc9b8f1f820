//! Is an address or a domain on blocklists, on which ones and why, how does one get off them, and which lists answer at all?
//!
//! ```console
//! $ cargo run --example dnsbl                                   # the laboratory's lists, without a network
//! $ cargo run --example dnsbl -- 192.0.2.1
//! $ cargo run --example dnsbl -- example.com --from-spf         # the addresses that its SPF record lets send
//! $ cargo run --example dnsbl -- 192.0.2.1 --lists wide,allow --json
//! $ cargo run --example dnsbl -- 192.0.2.1 --zone bl.example --catalogue own.toml
//! $ cargo run --example dnsbl -- --doctor --resolver 127.0.0.1  # which lists serve this resolver
//! $ cargo run --example dnsbl -- 192.0.2.1 --key spamhaus-dqs=@dqs.key
//! ```
//!
//! Exit code: 0 no list that was asked has an entry that matters, with proof; 1 one has, of any subject; 3 not listed as far as
//! could be told, or not all senders are known. Allowlists alone: 0 whether they vouch or not, 3 could not tell. Of `--doctor`: 0 served by all, 1 refused by a list or lied to, 3 could not tell. 64 for a mistake on the command line.

mod arguments;
#[path = "../command_line.rs"]
mod command_line;
mod doctor;
#[path = "../domain_name.rs"]
mod domain_name;
mod laboratory;
mod lists;
mod look;
mod page;
mod run;
#[path = "../terminal.rs"]
#[expect(dead_code, reason = "the others show what the DNS said")]
mod terminal;
#[path = "../trust.rs"]
mod trust;
mod words;

use std::process::ExitCode;

fn main() -> ExitCode {
    command_line::start("dnsbl", run::run)
}

#[cfg(test)]
mod tests;
