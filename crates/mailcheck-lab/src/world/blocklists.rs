//! The blocklists; the table is in the documentation of the module above.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{
    hosts::HOSTS,
    zones::{reversed, writeln},
};
use crate::dns::{DnsServerBuilder, Fault, Signing};

/// Adds their zones.
pub(super) fn add(server: DnsServerBuilder) -> DnsServerBuilder {
    let lists = [
        ("normal", normal()),
        ("clean", controls()),
        ("domains", domains()),
        (
            "refusing",
            "* A 127.255.255.254\n* TXT \"Error: open resolver\"".to_owned(),
        ),
        ("world", "* A 127.0.0.2\n* TXT \"Everybody\"".to_owned()),
        ("dead", String::new()),
        ("parked", "* A 203.0.113.7".to_owned()),
        ("silent", controls()),
        ("servfail", controls()),
        ("bits", bits()),
        ("composite", composite()),
        ("six", six()),
        ("allow", allow()),
        (
            "quota",
            "* A 127.0.10.3\n* TXT \"Query limit exceeded\"".to_owned(),
        ),
        ("egress", egress()),
        ("keyed", below(KEY, &normal())),
    ];
    let server = server.zone("dnsbl.test", "", Signing::Unsigned);
    let add = |server: DnsServerBuilder, (name, zone): (&str, String)| {
        server.zone(format!("{name}.dnsbl.test"), zone, Signing::Unsigned)
    };
    lists
        .into_iter()
        .fold(server, add)
        .fault("silent.dnsbl.test", Fault::Silence)
        .fault("servfail.dnsbl.test", Fault::ServFail)
}

/// The label in front of the list that needs one.
const KEY: &str = "laboratory-key";

/// RFC 5782, section 5: the IPv6 test entry is ::FFFF:7F00:2.
const IPV6_CONTROL: Ipv6Addr = Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, 0x7f00, 2);

fn controls() -> String {
    format!(
        "2.0.0.127 A 127.0.0.2\n2.0.0.127 TXT \"Test entry\"\n{} A 127.0.0.2\n",
        reversed(IPV6_CONTROL.into()),
    )
}

/// The addresses of the listed hosts.
fn listed() -> impl Iterator<Item = Ipv4Addr> {
    let listed = HOSTS
        .iter()
        .filter(|host| host.name.ends_with(".listed.test"));
    listed.map(|host| host.v4)
}

/// The test entries, and the listed hosts by two codes.
fn addresses() -> String {
    let mut zone = controls();
    for address in listed() {
        let owner = reversed(address.into());
        let entry = format_args!("{owner} A 127.0.0.2\n{owner} A 127.0.0.4");
        writeln(&mut zone, entry);
    }
    zone
}

fn normal() -> String {
    let mut zone = addresses();
    for address in listed() {
        let owner = reversed(address.into());
        let text =
            format_args!("{owner} TXT \"Spam source, see https://normal.dnsbl.test/{address}\"");
        writeln(&mut zone, text);
    }
    zone
}

fn domains() -> String {
    "TEST A 127.0.1.2\nTEST TXT \"Test entry\"\n\
     listed.test A 127.0.1.2\nlisted.test TXT \"Spam domain\""
        .to_owned()
}

fn bits() -> String {
    "TEST A 127.0.0.254\nTEST TXT \"Test entry\"\n\
     listed.test A 127.0.0.80\nlisted.test TXT \"Malware and abuse\""
        .to_owned()
}

fn composite() -> String {
    let neighbor = reversed(Ipv4Addr::new(203, 0, 113, 67).into());
    addresses() + &format!("{neighbor} A 127.0.0.10\n{neighbor} TXT \"Dynamic address\"\n")
}

/// The entry is of a network: a wildcard below its nibbles.
fn six() -> String {
    let network = Ipv6Addr::new(0x2001, 0xdb8, 0xbad, 1, 0, 0, 0, 0);
    let labels = reversed(network.into());
    // 16 nibbles of the network, the last ones of the name.
    let network: Vec<&str> = labels.split('.').skip(16).collect();
    let network = network.join(".");
    format!(
        "{} A 127.0.0.2\n*.{network} A 127.0.0.2\n*.{network} TXT \"Network of a botnet\"\n",
        reversed(IPV6_CONTROL.into())
    )
}

fn allow() -> String {
    let mut zone = "2.0.0.127 A 127.0.5.3\n".to_owned();
    let good = HOSTS
        .iter()
        .filter(|host| host.name.ends_with(".good.test"));
    for host in good {
        let owner = reversed(IpAddr::V4(host.v4));
        writeln(
            &mut zone,
            format_args!(
                "{owner} A 127.0.5.3\n{owner} TXT \"{} https://allow.dnsbl.test/\"",
                host.name
            ),
        );
    }
    zone
}

fn egress() -> String {
    "* A 127.0.0.1\n\
     * TXT \"127.0.0.1 is a refusal, see https://egress.dnsbl.test/refused [your resolver: 198.51.100.53]\""
        .to_owned()
}

/// The records of `zone` under one more label.
fn below(label: &str, zone: &str) -> String {
    let lines = zone.lines().map(|line| match line.split_once(' ') {
        Some((owner, rest)) => format!("{owner}.{label} {rest}\n"),
        None => String::new(),
    });
    lines.collect()
}
