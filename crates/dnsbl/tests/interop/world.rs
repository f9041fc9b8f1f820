//! The lists and the zones of the tests, and one who asks them.

use std::net::SocketAddr;
use std::time::Duration;

use dnsbl::{Catalogue, Checker, ListAnswer, Subject};
use mail_dns::DomainName;
use mail_dns::stub::{Server, StubConfig, StubResolver};

/// What rbldnsd serves.
pub(crate) const ZONES: &str = include_str!("zones.txt");
/// The lists of it.
const LISTS: &str = include_str!("lists.toml");

/// The time of a test, where it does not matter.
pub(crate) const NOW: i64 = 1_795_000_000;
/// The random controls are the same in every run: 9.1.0.0/16, the subjects, is none of them.
const NONCE: u64 = 7;

/// `text` with what every list has. A list is called as its zone is.
pub(crate) fn complete(text: &str) -> String {
    let common =
        "tier = \"major\"\nstatus = \"tested\"\nas_of = \"2026-11\"\nsource = \"zones.txt\"\n";
    let lines = text.lines().map(|line| match line.strip_prefix("zone = ") {
        Some(zone) => format!("{line}\nname = {zone}\n{common}"),
        None => format!("{line}\n"),
    });
    lines.collect()
}

pub(crate) fn catalogue(text: &str) -> Catalogue {
    Catalogue::from_toml(&complete(text)).expect("sound lists")
}

pub(crate) fn lists() -> Catalogue {
    catalogue(LISTS)
}

/// Asks `server`, and keeps no answers: the caches of these tests are unbound's.
pub(crate) fn resolver(server: SocketAddr) -> StubResolver {
    StubResolver::new(configuration(server))
}

pub(crate) fn configuration(server: SocketAddr) -> StubConfig {
    // Whether it validates would be found out by the root zone, which nobody has here.
    let mut config = StubConfig::new([Server::new(server).with_trusted(false)]);
    config.cache_octets = 0;
    config.attempt_timeout = Duration::from_secs(2);
    config.deadline = Duration::from_secs(5);
    config
}

/// Asks all lists through `server`.
pub(crate) fn checker(server: SocketAddr) -> Checker<StubResolver> {
    Checker::new(resolver(server), lists(), NONCE)
}

pub(crate) fn checker_of(lists: Catalogue, resolver: StubResolver) -> Checker<StubResolver> {
    Checker::new(resolver, lists, NONCE)
}

pub(crate) fn name(text: &str) -> DomainName {
    text.parse().expect("a name")
}

/// An address if it reads as one, else a domain.
pub(crate) fn subject(text: &str) -> Subject {
    match text.parse() {
        Ok(address) => Subject::Address(address),
        Err(_) => Subject::Domain(name(text)),
    }
}

/// The answer of the list of `zone`, with its controls asked anew.
pub(crate) async fn ask(server: SocketAddr, zone: &str, about: &str) -> ListAnswer {
    ask_at(&checker(server), zone, about, NOW).await
}

pub(crate) async fn ask_at(
    checker: &Checker<StubResolver>,
    zone: &str,
    about: &str,
    now: i64,
) -> ListAnswer {
    let answer = checker.check(&name(zone), &subject(about), now).await;
    answer.expect("a list of the catalogue")
}
