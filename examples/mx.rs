//! Where the mail of a domain goes: every host with every address, whether the world can reach it, what DNSSEC says of it,
//! and whether the names of each address lead back to it.
//!
//! ```console
//! $ cargo run --example mx                                   # the laboratory's domains, without a network
//! $ cargo run --example mx -- example.com
//! $ cargo run --example mx -- example.com example.org --json
//! $ cargo run --example mx -- example.com --resolver 127.0.0.1:5353 --timeout 3
//! ```
//!
//! Exit code: 0 mail has a way in, and each host has an address that the world can reach; 1 proof that it has none (no such
//! domain, a null MX, no address) or that one of the hosts can take none; 3 could not tell of one of these; of several
//! domains, the highest. 64 for a mistake on the command line. Aliases, names of addresses and DNSSEC are shown, and change
//! nothing about it.

mod session;
mod terminal;

use std::net::IpAddr;
use std::process::ExitCode;

use clap::Parser;
use futures_util::stream::{self, StreamExt as _};
use mail_dns::{
    AddressScope, Answer, Confirmation, DnssecStatus, DomainName, HostAddresses, Lookup,
    LookupError, MailHost, MailRoute, Negative, Reverse, RouteKind, mail_route, reverse,
};
use serde::Serialize;

use crate::session::{Asking, Outcome, Session};
use crate::terminal::{Mark, Page, ROOM, count, shell_word};

/// Of so many addresses the names are asked for; no provider has more.
const MAX_ADDRESSES: usize = 64;
/// How many addresses of a domain are asked about at a time.
const AT_A_TIME: usize = 16;
/// So many names of an address are shown.
const MAX_NAMES: usize = 3;

/// What is looked at in the laboratory: a domain for each kind of route.
const TOUR: [&str; 14] = [
    "good.test",
    "half-down.test",
    "implicit-mx.test",
    "ptr-missing.test",
    "ptr-mismatch.test",
    "mx-cname.test",
    "mx-dangling.test",
    "mx-ip.test",
    "null-mx.test",
    "no-mail.test",
    "nothing.test",
    "dns-servfail.test",
    "dns-silent.test",
    "dns-bogus.test",
];

/// Finds where the mail of a domain goes, with every address of every host.
///
/// Without a domain it looks at domains of the built-in laboratory, and needs no network.
///
/// Exit code: 0 mail has a way in by every host; 1 proof that it has none, or that a host can take none; 3 could not tell; of
/// several domains, the highest.
#[derive(Debug, Parser)]
#[command(name = "mx", version, max_term_width = 100)]
struct Arguments {
    #[command(flatten)]
    asking: Asking,
}

fn main() -> ExitCode {
    session::start("mx", run)
}

async fn run(arguments: Arguments) -> Result<Outcome, String> {
    let session = Session::open(arguments.asking).await?;
    let domains = session.subjects((), |_| TOUR.map(|name| (name, ())).to_vec())?;
    let world = if session.is_in_laboratory() {
        Reach::Laboratory
    } else {
        Reach::Internet
    };
    let look = |(domain, ())| Facts::collect(session.dns(), domain, world);
    session.visit(domains, look).await
}

/// From where hosts are reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reach {
    Internet,
    /// Its hosts have addresses kept for documentation.
    Laboratory,
}

impl Reach {
    fn has(self, address: IpAddr) -> bool {
        match AddressScope::of(address) {
            AddressScope::Global => true,
            AddressScope::Documentation => self == Self::Laboratory,
            _ => false,
        }
    }
}

/// What was found out about a domain.
#[derive(Debug, Serialize)]
struct Facts {
    domain: DomainName,
    outcome: Outcome,
    route: MailRoute,
    /// The addresses of all hosts, each once.
    addresses: Vec<AddressFacts>,
    #[serde(skip)]
    world: Reach,
}

#[derive(Debug, Serialize)]
struct AddressFacts {
    address: IpAddr,
    scope: AddressScope,
    /// Its names; `None` past the first 64 addresses.
    #[serde(skip_serializing_if = "Option::is_none")]
    reverse: Option<Reverse>,
}

impl Facts {
    async fn collect(lookup: &impl Lookup, domain: DomainName, world: Reach) -> Self {
        let route = mail_route(lookup, &domain).await;
        let mut addresses: Vec<_> = route.hosts.iter().flat_map(MailHost::addresses).collect();
        addresses.sort_unstable();
        addresses.dedup();
        let addresses = stream::iter(addresses.into_iter().enumerate())
            .map(|(index, address)| async move {
                AddressFacts {
                    address,
                    scope: AddressScope::of(address),
                    reverse: if index < MAX_ADDRESSES {
                        Some(reverse(lookup, address).await)
                    } else {
                        None
                    },
                }
            })
            .buffered(AT_A_TIME);
        let mut facts = Self {
            addresses: addresses.collect().await,
            outcome: Outcome::Unknown,
            domain,
            route,
            world,
        };
        facts.outcome = facts.judge().0;
        facts
    }

    fn judge(&self) -> (Outcome, String) {
        match self.route.kind() {
            RouteKind::Mx => self.judge_hosts(),
            RouteKind::NullMx => (
                Outcome::No,
                "it says that it takes no mail, by a null MX (RFC 7505)".to_owned(),
            ),
            RouteKind::Implicit => match self.route.hosts.first().map(|host| self.way(host)) {
                Some(Way::Open) => (
                    Outcome::Yes,
                    "no MX record, so mail goes to the domain's own address: the implicit MX"
                        .to_owned(),
                ),
                Some(Way::Unknown(cause)) => (Outcome::Unknown, cause),
                Some(Way::Shut(why)) => (
                    Outcome::No,
                    format!("no MX record, and the domain itself {why}"),
                ),
                None => (Outcome::No, "no MX record".to_owned()),
            },
            RouteKind::NoDomain => {
                let end = self.route.mx.as_ref().ok().map(Answer::canonical_name);
                let text = match end.filter(|end| **end != self.domain) {
                    None => "the domain does not exist, so it takes no mail".to_owned(),
                    Some(end) => format!("it is an alias of {end}, which does not exist"),
                };
                (Outcome::No, text)
            }
            RouteKind::Unknown => {
                let error = self.route.mx.as_ref().err();
                let text = error.map(ToString::to_string).unwrap_or_default();
                (Outcome::Unknown, text)
            }
        }
    }

    fn judge_hosts(&self) -> (Outcome, String) {
        let all = self.route.hosts.len() + self.route.unresolved.len();
        let hosts = |number| count(number, "host");
        let (mut open, mut shut, mut unknown) = (0, 0, self.route.unresolved.len());
        for host in &self.route.hosts {
            match self.way(host) {
                Way::Open => open += 1,
                Way::Shut(_) => shut += 1,
                Way::Unknown(_) => unknown += 1,
            }
        }
        match (open, shut, unknown) {
            (_, 0, 0) => (Outcome::Yes, format!("mail goes to {}", hosts(all))),
            (0, _, 0) => (
                Outcome::Broken,
                format!("it names {}, and none can take mail", hosts(all)),
            ),
            (_, _, 0) => (
                Outcome::Broken,
                format!("mail goes to {}; {shut} more can take none", hosts(open)),
            ),
            (0, _, _) => (
                Outcome::Unknown,
                format!("nothing is known of {unknown} of {}", hosts(all)),
            ),
            (_, _, _) => (
                Outcome::Unknown,
                format!(
                    "mail goes to {}, but nothing is known of {unknown} more",
                    hosts(open)
                ),
            ),
        }
    }

    fn way(&self, host: &MailHost) -> Way {
        if host.name.is_root() {
            return Way::Shut("is a null MX, which must stand alone (RFC 7505 §3)".into());
        }
        let Some(addresses) = &host.addresses else {
            return Way::Unknown("it was not asked about".to_owned());
        };
        if host.addresses().any(|address| self.world.has(address)) {
            return Way::Open;
        }
        if let Some(address) = host.spelled_address()
            && host.addresses().next().is_none()
        {
            return Way::Shut(format!(
                "looks like the address {address}, and an MX must name a host (RFC 5321 §5.1)"
            ));
        }
        let failures: Vec<_> = addresses.failures().map(ToString::to_string).collect();
        if !failures.is_empty() {
            return Way::Unknown(failures.join("; "));
        }
        Way::Shut(if host.addresses().next().is_some() {
            "has no address that the world can reach".to_owned()
        } else if addresses.is_nxdomain() {
            "does not exist".to_owned()
        } else {
            "has no address".to_owned()
        })
    }
}

/// Whether mail has a way in by a host, as far as the DNS goes.
enum Way {
    Open,
    Shut(String),
    Unknown(String),
}

impl session::Facts for Facts {
    fn domain(&self) -> &DomainName {
        &self.domain
    }

    fn verdict(&self) -> (Outcome, String) {
        self.judge()
    }

    fn tell(&self, page: &mut Page) {
        tell_mx(&self.route, page);
        let table = Table::of(self);
        for (preference, group) in self.route.preference_groups() {
            let label = match self.route.kind() {
                RouteKind::Implicit => "implicit".to_owned(),
                _ => preference.to_string(),
            };
            if let [host] = group {
                self.tell_host(host, &label, &table, page);
                continue;
            }
            let text = format!(
                "{} of equal preference, tried in random order (RFC 5321 §5.1)",
                count(group.len(), "host")
            );
            page.verbatim(&label, &text);
            for host in group {
                self.tell_host(host, "", &table, page);
            }
        }
        if !self.route.unresolved.is_empty() {
            let names: Vec<_> = self
                .route
                .unresolved
                .iter()
                .map(ToString::to_string)
                .collect();
            let text = format!("more hosts, not asked about: {}", names.join(", "));
            page.row(Mark::Unknown, "", &text);
        }
        self.tell_indeterminate(page);
        self.tell_command(page);
    }
}

fn tell_mx(route: &MailRoute, page: &mut Page) {
    let answer = match &route.mx {
        Ok(answer) => answer,
        Err(error) => {
            let cause = page.cause(error);
            page.row(Mark::Unknown, "MX", &cause);
            return;
        }
    };
    for alias in &answer.aliases {
        page.row(Mark::Odd, "alias", &alias.to_string());
    }
    let dnssec = dnssec(answer);
    let text = match answer.negative() {
        None => {
            let ttl = answer.ttl().unwrap_or_default();
            let records = count(answer.records().len(), "record");
            format!("{records} for {ttl} s, DNSSEC {dnssec}")
        }
        Some(negative) => format!("{}, DNSSEC {dnssec}", denial(negative)),
    };
    page.row(Mark::Plain, "MX", &text);
    for error in &answer.extended_errors {
        page.row(Mark::Odd, "", &format!("the resolver says {error}"));
    }
}

/// What is not there, and who says so.
fn denial(negative: &Negative) -> String {
    let zone = match &negative.zone {
        Some(zone) if zone.is_root() => ", says the root zone".to_owned(),
        Some(zone) => format!(", says the zone {zone}"),
        None => ", without an SOA record".to_owned(),
    };
    let ttl = negative.ttl.map(|ttl| format!(" for {ttl} s"));
    format!("{}{zone}{}", negative.kind, ttl.unwrap_or_default())
}

/// In one word; why it is not known is said once for all.
fn dnssec(answer: &Answer) -> &'static str {
    match answer.dnssec {
        DnssecStatus::Secure => "secure",
        DnssecStatus::Insecure => "insecure",
        DnssecStatus::Bogus => "bogus",
        _ => "unknown",
    }
}

/// The widths of the columns of addresses.
struct Table {
    address: usize,
    scope: usize,
}

impl Table {
    fn of(facts: &Facts) -> Self {
        let addresses = facts.addresses.iter();
        let address = addresses
            .clone()
            .map(|facts| facts.address.to_string().len());
        let scope = addresses.map(|facts| scope(facts.scope).len());
        Self {
            address: address.max().unwrap_or(0),
            scope: scope.max().unwrap_or(0),
        }
    }
}

/// Only what is remarkable.
fn scope(scope: AddressScope) -> String {
    match scope {
        AddressScope::Global => String::new(),
        other => other.to_string(),
    }
}

impl Facts {
    fn tell_host(&self, host: &MailHost, label: &str, table: &Table, page: &mut Page) {
        let (mark, text) = match self.way(host) {
            Way::Open if !host.name.is_host_name() => (
                Mark::Odd,
                format!("{}  this is no name of a host (RFC 1123 §2.1)", host.name),
            ),
            Way::Open => (Mark::Good, host.name.to_string()),
            Way::Shut(why) => (Mark::Bad, format!("{}  {why}", host.name)),
            Way::Unknown(_) => (Mark::Unknown, format!("{}  could not tell", host.name)),
        };
        page.row(mark, label, &text);
        let Some(addresses) = &host.addresses else {
            return;
        };
        if let Some(target) = addresses.alias_of() {
            let text =
                format!("  an alias of {target}, which an MX must not name (RFC 2181 §10.3)");
            page.row(Mark::Odd, "", &text);
        }
        let HostAddresses { ipv4, ipv6 } = addresses;
        self.tell_rrset("A", ipv4, table, page);
        self.tell_rrset("AAAA", ipv6, table, page);
    }

    fn tell_rrset(
        &self,
        kind: &str,
        answer: &Result<Answer, LookupError>,
        table: &Table,
        page: &mut Page,
    ) {
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) => {
                let cause = page.cause(error);
                page.row(Mark::Unknown, "", &format!("  {kind:<4}  {cause}"));
                return;
            }
        };
        let dnssec = dnssec(answer);
        if let Some(negative) = answer.negative() {
            let text = format!("  {kind:<4}  {}, DNSSEC {dnssec}", denial(negative));
            page.row(Mark::Plain, "", &text);
        }
        let mut kind = kind;
        let mut dnssec = dnssec;
        for address in answer.addresses() {
            let facts = self.addresses.iter().find(|facts| facts.address == address);
            let Some(facts) = facts else { continue };
            let text = format!(
                "  {kind:<4}  {:<address$}  {dnssec:<8}  {:<scope$}  ",
                address.to_string(),
                scope(facts.scope),
                address = table.address,
                scope = table.scope,
            );
            let (mark, names) = names(facts.reverse.as_ref(), page);
            let mark = if self.world.has(address) {
                mark
            } else {
                Mark::Bad
            };
            // Both of an RRset are said once.
            (kind, dnssec) = ("", "");
            page.row(mark, "", &(text + &names));
        }
    }

    /// Why the DNSSEC status is not known, each cause once.
    fn tell_indeterminate(&self, page: &mut Page) {
        let addresses = self
            .route
            .hosts
            .iter()
            .filter_map(|host| host.addresses.as_ref());
        let answers = addresses.flat_map(HostAddresses::conclusive);
        let mut causes: Vec<_> = self
            .route
            .mx
            .iter()
            .chain(answers)
            .filter_map(|answer| match answer.dnssec {
                DnssecStatus::Indeterminate(cause) => Some(cause.to_string()),
                _ => None,
            })
            .collect();
        causes.sort();
        causes.dedup();
        for cause in causes {
            page.row(Mark::Unknown, "DNSSEC", &format!("unknown: {cause}"));
        }
    }

    /// All questions in one command, to be pasted as it stands; its parts stay whole.
    fn tell_command(&self, page: &mut Page) {
        let mut parts = vec![format!("{} {} MX", page.dig(), shell_word(&self.domain))];
        let asked = self
            .route
            .hosts
            .iter()
            .filter(|host| host.addresses.is_some());
        for name in asked.map(|host| shell_word(&host.name)) {
            parts.extend([format!("{name} A"), format!("{name} AAAA")]);
        }
        let reversed = self
            .addresses
            .iter()
            .filter(|facts| facts.reverse.is_some());
        parts.extend(reversed.map(|facts| format!("-x {}", facts.address)));
        let mut label = "by hand";
        let mut row = String::new();
        for part in parts {
            if !row.is_empty() && row.len() + part.len() + 3 > ROOM {
                page.verbatim(label, &format!("{row} \\"));
                label = "";
                row.clear();
            }
            if !row.is_empty() {
                row.push(' ');
            }
            row.push_str(&part);
        }
        page.verbatim(label, &row);
    }
}

/// The names of an address, and whether they lead back.
fn names(reverse: Option<&Reverse>, page: &mut Page) -> (Mark, String) {
    let Some(reverse) = reverse else {
        return (Mark::Unknown, "not asked for names".to_owned());
    };
    let answer = match &reverse.ptr {
        Ok(answer) => answer,
        Err(error) => return (Mark::Unknown, page.cause(error)),
    };
    if let Some(negative) = answer.negative() {
        return (Mark::Odd, format!("no name ({})", negative.kind));
    }
    let all = reverse.names.len() + reverse.unconfirmed.len();
    let mut shown: Vec<_> = reverse
        .names
        .iter()
        .take(MAX_NAMES)
        .map(|name| {
            let meaning = match &name.confirmation {
                Confirmation::Confirmed => "leads back".to_owned(),
                Confirmation::Denied => "does not lead back".to_owned(),
                Confirmation::Unknown(error) => {
                    format!("leads back? {}", page.cause(error))
                }
            };
            format!("{} {meaning}", name.name)
        })
        .collect();
    if all > shown.len() {
        shown.push(format!("{} more", all - shown.len()));
    }
    let is_unknown = |confirmation: &Confirmation| matches!(confirmation, Confirmation::Unknown(_));
    let mark = if reverse.confirmed().is_some() {
        Mark::Good
    } else if !reverse.unconfirmed.is_empty()
        || reverse
            .names
            .iter()
            .any(|name| is_unknown(&name.confirmation))
    {
        Mark::Unknown
    } else {
        Mark::Odd
    };
    (mark, shown.join(", "))
}

#[cfg(test)]
mod tests {
    use mail_dns::{LookupErrorKind, StaticLookup};

    use super::*;

    async fn told(zone: &str, failing: &[&str]) -> (Outcome, String) {
        let name = |text: &str| text.parse::<DomainName>().expect("a name");
        let mut dns = StaticLookup::from_zone_text(zone).expect("zone text");
        for failing in failing {
            dns = dns.with_failure(name(failing), LookupErrorKind::ServFail);
        }
        let facts = Facts::collect(&dns, name("d.test"), Reach::Laboratory).await;
        let page = session::page(&facts, None, None);
        (facts.outcome, page.into_text())
    }

    #[track_caller]
    fn has(text: &str, lines: &[&str]) {
        for line in lines {
            assert!(text.contains(line), "expected {line:?} in\n{text}");
        }
    }

    #[tokio::test]
    async fn hosts_of_equal_preference_are_one_group() {
        let zone = "d.test. 60 IN MX 10 b.test.\n\
                    d.test. 60 IN MX 10 a.test.\n\
                    d.test. 60 IN MX 20 gone.test.\n\
                    a.test. 60 IN A 192.0.2.1\n\
                    a.test. 60 IN A 10.0.0.1\n\
                    b.test. 60 IN AAAA 2001:db8::1";
        let (outcome, text) = told(zone, &[]).await;
        assert_eq!(outcome, Outcome::Broken, "{text}");
        has(
            &text,
            &[
                "broken: mail goes to 2 hosts; 1 more can take none",
                "    10         2 hosts of equal preference, tried in random order",
                "  ✓            a.test\n",
                "  ✗                    10.0.0.1               private ",
                "  ✗ 20         gone.test  does not exist",
            ],
        );
    }

    #[tokio::test]
    async fn what_is_not_known_of_one_host_is_not_hidden_behind_another() {
        let zone = "d.test. 60 IN MX 10 a.test.\n\
                    d.test. 60 IN MX 20 b.test.\n\
                    d.test. 60 IN MX 30 gone.test.\n\
                    a.test. 60 IN A 192.0.2.1";
        let (outcome, text) = told(zone, &["b.test"]).await;
        assert_eq!(outcome, Outcome::Unknown, "{text}");
        has(
            &text,
            &[
                "could not tell: mail goes to 1 host, but",
                "? 20         b.test",
            ],
        );
    }

    #[tokio::test]
    async fn a_flood_of_hosts_is_not_known_to_the_end() {
        let zone: String = (0..40)
            .map(|n| format!("d.test. 60 IN MX {n} h{n}.test.\nh{n}.test. 60 IN A 192.0.2.{n}\n"))
            .collect();
        let (outcome, text) = told(&zone, &[]).await;
        assert_eq!(outcome, Outcome::Unknown, "{text}");
        has(&text, &["not asked about: h32.test, h33.test"]);
    }

    #[test]
    fn a_name_cannot_break_out_of_the_command() {
        let name = |text: &str| text.parse::<DomainName>().expect("a name");
        assert_eq!(shell_word(&name("mx1.d.test")), "mx1.d.test");
        assert_eq!(
            shell_word(&name(r"a`id`'$(id).test")),
            r"'a`id`'\''\$\(id\).test'"
        );
        assert_eq!(shell_word(&name("-x.test")), "-q -x.test");
        assert_eq!(shell_word(&name("mx")), "mx.", "not the type");
    }
}
