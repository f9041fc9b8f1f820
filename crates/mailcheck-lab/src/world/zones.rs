//! The domains of the world and their zones.

use std::{fmt::Write as _, net::IpAddr, time::Duration};

use super::{
    blocklists,
    hosts::{HOSTS, Pointer},
    keys::Keys,
    policies,
};
use crate::{
    dns::{DnsServer, DnsServerBuilder, Fault, Signing},
    error::LabError,
};

/// A domain of the world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Domain {
    /// Its name, without the final dot.
    pub name: &'static str,
    /// What is special about it.
    pub summary: &'static str,
    /// What a check of it should come to.
    pub expected: Expected,
    /// The mail records at its apex, in zone text; the rest is the same for all.
    mail: &'static str,
    kind: Kind,
}

/// What a check of a domain should come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Expected {
    /// Mail flows.
    Well,
    /// Mail flows, and something will hurt under conditions that occur.
    Warnings,
    /// Mail is lost, refused or forgeable, and this can be shown.
    Broken,
    /// It cannot be told from one look.
    Untold,
}

/// How a domain's zone is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Signed, with every policy there is; it brings them all itself.
    Model,
    Unsigned,
    /// Signed; the rest as unsigned ones.
    Signed,
    Bogus,
    /// Publishes that it sends no mail.
    NoMail,
    /// Does not exist.
    Absent,
    /// Unsigned, and the DNS fails.
    Faulty(Fault),
}

const fn domain(
    expected: Expected,
    name: &'static str,
    summary: &'static str,
    mail: &'static str,
    kind: Kind,
) -> Domain {
    Domain {
        name,
        summary,
        expected,
        mail,
        kind,
    }
}

/// A domain with one MX host, `mx`.
const fn one_mx(expected: Expected, name: &'static str, summary: &'static str) -> Domain {
    domain(expected, name, summary, "@ MX 10 mx", Kind::Unsigned)
}

/// Every domain of the world.
pub(super) const DOMAINS: &[Domain] = &[
    domain(
        Expected::Well,
        "good.test",
        "two MX hosts, all well; signed",
        MODEL,
        Kind::Model,
    ),
    one_mx(
        Expected::Warnings,
        "near-expiry.test",
        "certificate with 9 of 90 days left",
    ),
    one_mx(
        Expected::Broken,
        "expired.test",
        "certificate expired 12 days ago",
    ),
    one_mx(
        Expected::Broken,
        "not-yet-valid.test",
        "certificate valid in 3 days",
    ),
    one_mx(
        Expected::Broken,
        "self-signed.test",
        "certificate signed by itself",
    ),
    one_mx(
        Expected::Warnings,
        "wrong-name.test",
        "certificate for another name",
    ),
    one_mx(
        Expected::Broken,
        "missing-intermediate.test",
        "certificate sent without its intermediate",
    ),
    one_mx(
        Expected::Broken,
        "untrusted-root.test",
        "certificate of an authority nobody trusts",
    ),
    one_mx(
        Expected::Warnings,
        "no-starttls.test",
        "STARTTLS is not offered",
    ),
    one_mx(
        Expected::Warnings,
        "starttls-454.test",
        "STARTTLS is offered and refused with 454",
    ),
    one_mx(
        Expected::Broken,
        "starttls-garbage.test",
        "no TLS after the 220 to STARTTLS",
    ),
    one_mx(
        Expected::Broken,
        "injected.test",
        "plaintext behind the 220 to STARTTLS",
    ),
    one_mx(Expected::Untold, "greeting-421.test", "421 as greeting"),
    one_mx(Expected::Untold, "greeting-554.test", "554 as greeting"),
    one_mx(Expected::Untold, "silent.test", "accepts and says nothing"),
    one_mx(Expected::Untold, "tarpit.test", "an octet a second"),
    one_mx(
        Expected::Broken,
        "endless.test",
        "the reply to EHLO never ends",
    ),
    one_mx(
        Expected::Broken,
        "endless-greeting.test",
        "the greeting never ends",
    ),
    one_mx(
        Expected::Broken,
        "closes-early.test",
        "closes before the greeting",
    ),
    one_mx(
        Expected::Untold,
        "mixed-codes.test",
        "different codes in one reply",
    ),
    one_mx(Expected::Warnings, "latin1.test", "greeting in ISO 8859-1"),
    one_mx(Expected::Warnings, "bare-lf.test", "lines end in LF alone"),
    one_mx(
        Expected::Broken,
        "not-smtp.test",
        "HTTP on 25, plaintext SMTP on 465, SSH on 587",
    ),
    one_mx(Expected::Broken, "refused.test", "connections are refused"),
    one_mx(
        Expected::Untold,
        "filtered.test",
        "connections get no answer",
    ),
    domain(
        Expected::Warnings,
        "half-down.test",
        "the first MX host refuses, the second is well",
        "@ MX 10 mx1\n@ MX 20 mx2",
        Kind::Unsigned,
    ),
    one_mx(
        Expected::Well,
        "ptr-missing.test",
        "the host's address has no PTR record",
    ),
    one_mx(
        Expected::Well,
        "ptr-mismatch.test",
        "the PTR record leads to another host",
    ),
    domain(
        Expected::Well,
        "null-mx.test",
        "null MX: takes no mail (RFC 7505)",
        "@ MX 0 .",
        Kind::NoMail,
    ),
    domain(
        Expected::Well,
        "implicit-mx.test",
        "no MX, the address takes mail",
        "",
        Kind::Unsigned,
    ),
    domain(
        Expected::Broken,
        "no-mail.test",
        "neither MX nor address",
        "",
        Kind::NoMail,
    ),
    domain(
        Expected::Warnings,
        "mx-cname.test",
        "the MX target is an alias",
        "@ MX 10 mail\nmail CNAME mx1.good.test.",
        Kind::Unsigned,
    ),
    domain(
        Expected::Broken,
        "mx-dangling.test",
        "the MX target does not exist",
        "@ MX 10 gone",
        Kind::Unsigned,
    ),
    domain(
        Expected::Broken,
        "mx-ip.test",
        "the MX target looks like an address",
        "@ MX 10 192.0.2.10.",
        Kind::Unsigned,
    ),
    one_mx(
        Expected::Broken,
        "listed.test",
        "host and domain are on blocklists",
    ),
    domain(
        Expected::Broken,
        "dane-renewed.test",
        "the TLSA record is of a certificate that was renewed with another key",
        "@ MX 10 mx\n_25._tcp.mx TLSA 3 1 1 <spki mx1.good.test>",
        Kind::Signed,
    ),
    domain(
        Expected::Untold,
        "dns-servfail.test",
        "SERVFAIL",
        "@ MX 10 mx1.good.test.",
        Kind::Faulty(Fault::ServFail),
    ),
    domain(
        Expected::Untold,
        "dns-refused.test",
        "REFUSED",
        "@ MX 10 mx1.good.test.",
        Kind::Faulty(Fault::Refused),
    ),
    domain(
        Expected::Untold,
        "dns-silent.test",
        "DNS queries get no answer",
        "@ MX 10 mx1.good.test.",
        Kind::Faulty(Fault::Silence),
    ),
    domain(
        Expected::Untold,
        "dns-bogus.test",
        "signed wrongly",
        "@ MX 10 mx",
        Kind::Bogus,
    ),
    domain(
        Expected::Well,
        "dns-truncated.test",
        "DNS answers come over TCP only",
        "@ MX 10 mx",
        Kind::Faulty(Fault::Truncate),
    ),
    domain(
        Expected::Well,
        "dns-slow.test",
        "DNS answers take 300 ms",
        "@ MX 10 mx",
        Kind::Faulty(Fault::Delay(Duration::from_millis(300))),
    ),
    domain(
        Expected::Broken,
        "nothing.test",
        "does not exist",
        "",
        Kind::Absent,
    ),
];

/// The records of `good.test`. The TLSA records hold on every port: a host has one certificate.
///
/// An SRV target of `.` says that there is no such service (RFC 2782; RFC 6186, section 3.4).
const MODEL: &str = r#"
@ MX 10 mx1
@ MX 20 mx2
@ TXT "v=spf1 mx -all"
@ CAA 0 issue "ca.lab.test"
@ CAA 0 issuemail "ca.lab.test"
s2026._domainkey TXT "v=DKIM1; k=rsa; p=<good-rsa>"
ed2026._domainkey TXT "v=DKIM1; k=ed25519; p=<good-ed25519>"
_dmarc TXT "v=DMARC1; p=reject; rua=mailto:dmarc@good.test,mailto:good@dmarc-reports.test"
default._bimi TXT "v=BIMI1; l=https://www.good.test/logo.svg"
_mta-sts TXT "v=STSv1; id=20261101"
_smtp._tls TXT "v=TLSRPTv1; rua=mailto:tlsrpt@good.test"
_25._tcp.mx1 TLSA 3 1 1 <spki mx1.good.test>
_25._tcp.mx2 TLSA 3 1 1 <spki mx2.good.test>
_submissions._tcp SRV 0 1 465 mx1
_imaps._tcp SRV 0 0 0 .
_pop3s._tcp SRV 0 0 0 .
mta-sts A 198.51.100.80
www A 198.51.100.80
"#;

/// The DNS server of the world, not yet started.
pub(super) fn server(keys: &Keys) -> Result<DnsServerBuilder, LabError> {
    let mut server = DnsServer::builder()
        .zone("test", "ns.lab A 192.0.2.1", Signing::Signed)
        .zone("in-addr.arpa", pointers(IpAddr::is_ipv4), Signing::Unsigned)
        .zone("ip6.arpa", pointers(IpAddr::is_ipv6), Signing::Unsigned);
    for domain in DOMAINS {
        let signing = match domain.kind {
            Kind::Absent => continue,
            Kind::Model | Kind::Signed => Signing::Signed,
            Kind::Bogus => Signing::Bogus,
            Kind::Unsigned | Kind::NoMail | Kind::Faulty(_) => Signing::Unsigned,
        };
        server = server.zone(domain.name, keys.fill(&domain.zone())?, signing);
        if let Kind::Faulty(fault) = domain.kind {
            server = server.fault(domain.name, fault);
        }
    }
    policies::add(blocklists::add(server), keys)
}

impl Domain {
    /// The zone: mail records, SPF (RFC 7208), DMARC (RFC 9989) and the domain's hosts.
    fn zone(&self) -> String {
        let Self { name, mail, .. } = self;
        let spf = match self.kind {
            Kind::NoMail => "v=spf1 -all",
            _ => "v=spf1 mx -all",
        };
        let mut zone = format!("{mail}\n");
        if self.kind != Kind::Model {
            writeln(&mut zone, format_args!("@ TXT \"{spf}\""));
            let dmarc = format_args!("_dmarc TXT \"v=DMARC1; p=reject; rua=mailto:dmarc@{name}\"");
            writeln(&mut zone, dmarc);
        }
        zone + &host_addresses(name)
    }
}

/// The address records of the hosts at a name and below it.
pub(super) fn host_addresses(origin: &str) -> String {
    let mut records = String::new();
    let suffix = format!(".{origin}");
    for host in HOSTS
        .iter()
        .filter(|host| host.name == origin || host.name.ends_with(&suffix))
    {
        for address in host.addresses() {
            let kind = if address.is_ipv4() { "A" } else { "AAAA" };
            writeln(
                &mut records,
                format_args!("{}. {kind} {address}", host.name),
            );
        }
    }
    records
}

/// The PTR records of the hosts, of one address family.
fn pointers(family: impl Fn(&IpAddr) -> bool) -> String {
    let mut zone = String::new();
    for host in HOSTS {
        let name = match host.pointer {
            Pointer::Own => host.name,
            Pointer::Other(name) => name,
            Pointer::Missing => continue,
        };
        for address in host.addresses().filter(|address| family(address)) {
            writeln(&mut zone, format_args!("{} PTR {name}.", reversed(address)));
        }
    }
    zone
}

/// The labels of an address as reverse zones and blocklists have it (RFC 5782, sections 2.1 and 2.4).
pub(super) fn reversed(address: IpAddr) -> String {
    let labels: Vec<String> = match address {
        IpAddr::V4(v4) => v4.octets().iter().rev().map(u8::to_string).collect(),
        IpAddr::V6(v6) => {
            let nibbles = v6
                .octets()
                .into_iter()
                .rev()
                .flat_map(|octet| [octet & 15, octet >> 4]);
            nibbles.map(|nibble| format!("{nibble:x}")).collect()
        }
    };
    labels.join(".")
}

pub(super) fn writeln(text: &mut String, line: std::fmt::Arguments<'_>) {
    // Writing to a string does not fail.
    let _written = text.write_fmt(line);
    text.push('\n');
}
