//! SPF: reading records, and evaluating them for a client, beside `mail-auth`.
//!
//! `mail-auth` evaluates from a cache that its user provides, which here holds all that is asked for, so that nothing touches the
//! network. The cache holds records as parsed. It is also shown with one that holds texts, since `mail-dns` reads every record for
//! every evaluation.
//!
//! They do not do the same: `mail-dns` tells every step, what was asked for it, where its term stands and the texts of all records,
//! and its `StaticLookup` makes whole answers; `mail-auth` keeps no trace and no places, and tells the result.
//!
//! Time is CPU time, in rounds that take turns. Allocations cost somewhat more than elsewhere, since they are counted.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::future::Future;
use std::hash::Hash;
use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr};
use std::process::ExitCode;
use std::time::Instant;

use hickory_resolver::config::{ResolverConfig, ResolverOpts};
use mail_auth::common::parse::TxtRecordParser as _;
use mail_auth::spf::Spf;
use mail_auth::spf::verify::SpfParameters;
use mail_auth::{MessageAuthenticator, Parameters, ResolverCache, Txt};
use mail_dns::StaticLookup;
use mail_dns::spf::{Query, Record, SpfResult, check_host};
use mailcheck_benches::{Goals, Reader, allocations, compare_readers, in_turns, median, ratio};
use tokio::runtime::Runtime;

/// How many rounds there are.
const ROUNDS: usize = 11;
/// How often a tree of records is evaluated in one round, and a single one.
const TREES: usize = 2_000;
const SINGLES: usize = 40_000;

/// As they are published, but for the names and the networks.
const RECORDS: [&str; 10] = [
    "v=spf1 -all",
    "v=spf1 mx a:www.shop.example ~all",
    "v=spf1 include:_spf.mail.example ~all",
    "v=spf1 redirect=_spf.group.example",
    "v=spf1 include:spf.protection.office.example include:servers.crm.example include:_spf.news.example \
     include:mail.tickets.example ip4:192.0.2.17 ip4:198.51.100.64/26 -all",
    "v=spf1 ip4:192.0.2.0/27 ip4:192.0.2.64/26 ip4:192.0.2.128/28 ip4:198.51.100.0/25 ip4:198.51.100.128/26 \
     ip4:198.51.100.200/29 ip4:203.0.113.0/26 ip4:203.0.113.96/27 ip4:203.0.113.128/25 ~all",
    "v=spf1 ip6:2001:db8:4000::/36 ip6:2001:db8:4864::/56 ip6:2001:db8:f8b0:4000::/64 ip6:2001:db8:2a00:1450::/64 \
     ip6:2001:db8:2c0f:fb50:4000::/96 ~all",
    "v=spf1 include:%{ir}.%{v}.%{d}.spf.filter.example ~all",
    "v=spf1 exists:%{i}._spf.%{d2} exists:%{l}._user.%{o} ip4:192.0.2.0/24 -all exp=explain._spf.%{d}",
    "v=spf1 a mx ptr:mail.old.example a:relay.old.example/28 mx:old.example//64 ip4:203.0.113.7 ?all",
];

const IP: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 254);
const SINGLE: &str = "single.example";
const TREE: &str = "tree.example";
const HELO: &str = "mx.tree.example";

/// Networks that the client is not in.
const OTHERS: &str = "ip4:192.0.2.0/26 ip4:192.0.2.64/27 ip4:198.51.100.0/25 ip4:198.51.100.128/26 ip4:198.51.100.240 \
                      ip6:2001:db8:10::/48 ip6:2001:db8:20:30::/64";

/// The names with their records: a single one, and a tree of eleven, the last of which has the client, so that all ten lookups
/// that RFC 7208 §4.6.4 allows are made.
fn world() -> Vec<(String, String)> {
    let includes = |names: &[usize]| {
        let includes = names.iter().map(|name| format!("include:s{name}.{TREE} "));
        includes.collect::<String>()
    };
    let mut world = vec![
        (
            SINGLE.to_owned(),
            format!("v=spf1 {OTHERS} ip4:{IP}/30 -all"),
        ),
        (
            TREE.to_owned(),
            format!("v=spf1 {}-all", includes(&[1, 2, 3])),
        ),
    ];
    for (number, below) in [(1, &[4, 5][..]), (2, &[6, 7]), (3, &[8, 9, 10])] {
        let text = format!("v=spf1 ip4:192.0.2.{number} {}~all", includes(below));
        world.push((format!("s{number}.{TREE}"), text));
    }
    for leaf in 4..=10 {
        let last = if leaf == 10 {
            format!(" ip4:{IP}/30")
        } else {
            String::new()
        };
        world.push((
            format!("s{leaf}.{TREE}"),
            format!("v=spf1 {OTHERS}{last} ~all"),
        ));
    }
    world
}

/// A cache of `mail-auth` that has all there is.
struct Primed<T> {
    held: HashMap<Box<str>, T>,
}

/// Gives what is held as `mail-auth` takes it.
trait Held {
    fn record(&self) -> Txt;
}

impl Held for Txt {
    fn record(&self) -> Txt {
        self.clone()
    }
}

impl Held for String {
    fn record(&self) -> Txt {
        Spf::parse(self.as_bytes()).into()
    }
}

impl<T: Held> Primed<T> {
    fn new(hold: impl Fn(String) -> T) -> Self {
        let held = world()
            .into_iter()
            .map(|(name, text)| (format!("{name}.").into(), hold(text)));
        Self {
            held: held.collect(),
        }
    }
}

impl<T: Held> ResolverCache<Box<str>, Txt> for Primed<T> {
    fn get<Q>(&self, name: &Q) -> Option<Txt>
    where
        Box<str>: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.held.get(name).map(T::record)
    }

    fn remove<Q>(&self, _: &Q) -> Option<Txt>
    where
        Box<str>: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        None
    }

    fn insert(&self, _: Box<str>, _: Txt, _: Instant) {}
}

/// Reads all records; how many directives they have.
fn read_ours() -> usize {
    let read = |text: &&str| Record::parse(black_box(text.as_bytes())).expect("a record");
    RECORDS
        .iter()
        .map(read)
        .map(|record| black_box(record).directives().count())
        .sum()
}

fn read_theirs() -> usize {
    let read = |text: &&str| Spf::parse(black_box(text.as_bytes())).expect("a record");
    RECORDS
        .iter()
        .map(read)
        .map(|record| black_box(record).directives.len())
        .sum()
}

async fn evaluate_ours(dns: &StaticLookup, domain: &str) {
    let sender = ["alice@", domain].concat();
    let query = Query::mail_from(IpAddr::V4(IP), &sender, HELO);
    let evaluation = check_host(dns, &query).await;
    assert_eq!(black_box(evaluation).result, SpfResult::Pass);
}

async fn evaluate_theirs<T: Held>(
    authenticator: &MessageAuthenticator,
    cache: &Primed<T>,
    domain: &str,
) {
    let sender = ["alice@", domain].concat();
    let query = SpfParameters::verify_mail_from(IpAddr::V4(IP), HELO, HELO, &sender);
    let output = authenticator
        .check_host(Parameters::new(query).with_txt_cache(cache))
        .await;
    assert_eq!(black_box(output).result(), mail_auth::SpfResult::Pass);
}

/// What evaluating the record of a domain may take.
struct Limits {
    to_parsed_before: f64,
    to_parsed_each_time: f64,
    allocations: f64,
}

/// All that evaluate.
struct Evaluators {
    runtime: Runtime,
    dns: StaticLookup,
    authenticator: MessageAuthenticator,
    parsed: Primed<Txt>,
    texts: Primed<String>,
}

impl Evaluators {
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        let zone: String = world()
            .iter()
            .map(|(name, text)| format!("{name}. 300 IN TXT \"{text}\"\n"))
            .collect();
        // With no servers: whatever it asks fails.
        let config = ResolverConfig::from_parts(None, Vec::new(), Vec::new());
        let authenticator = {
            let _within = runtime.enter();
            MessageAuthenticator::new(config, ResolverOpts::default()).expect("a resolver")
        };
        Self {
            runtime,
            dns: StaticLookup::from_zone_text(&zone).expect("a zone"),
            authenticator,
            parsed: Primed::new(|text| Spf::parse(text.as_bytes()).into()),
            texts: Primed::new(|text| text),
        }
    }

    fn compare(&self, goals: &mut Goals, what: &str, domain: &str, times: usize, limits: Limits) {
        let ours = |times| self.repeat(times, || evaluate_ours(&self.dns, domain));
        let before = |times| {
            self.repeat(times, || {
                evaluate_theirs(&self.authenticator, &self.parsed, domain)
            });
        };
        let each_time = |times| {
            self.repeat(times, || {
                evaluate_theirs(&self.authenticator, &self.texts, domain)
            });
        };
        let took = in_turns(
            ROUNDS,
            [&|| ours(times), &|| before(times), &|| each_time(times)],
        );
        let once: [&dyn Fn(); 3] = [&|| ours(1), &|| before(1), &|| each_time(1)];
        let allocated = once.map(allocations);
        let names = [
            "mail-dns",
            "mail-auth, parsed before",
            "mail-auth, parsed each time",
        ];
        for ((name, took), allocated) in names.iter().zip(&took).zip(&allocated) {
            println!(
                "{name:<27} evaluates {what} in {:>5.2} µs of CPU time, {allocated:>3} allocations",
                median(took.iter().copied()) / times as f64 * 1e6,
            );
        }
        let [ours, before, each_time] = took;
        let [allocated, ..] = allocated;
        goals.at_most(
            &format!("{what}, CPU time relative to mail-auth, parsed before"),
            ratio(&ours, &before),
            limits.to_parsed_before,
        );
        goals.at_most(
            &format!("{what}, CPU time relative to mail-auth, parsed each time"),
            ratio(&ours, &each_time),
            limits.to_parsed_each_time,
        );
        goals.at_most(
            &format!("{what}, allocations"),
            allocated,
            limits.allocations,
        );
    }

    fn repeat<F: Future>(&self, times: usize, work: impl Fn() -> F) {
        self.runtime.block_on(async {
            for _ in 0..times {
                work().await;
            }
        });
    }
}

fn main() -> ExitCode {
    let mut goals = Goals::of("spf");
    let readers: [Reader; 2] = [("mail-dns", read_ours), ("mail-auth", read_theirs)];
    let (ratio, allocations) = compare_readers(&RECORDS, readers);
    goals.at_most("reading, CPU time relative to mail-auth", ratio, 2.6);
    goals.at_most("reading, allocations for a record", allocations, 5.5);
    let evaluators = Evaluators::new();
    let limits = Limits {
        to_parsed_before: 7.25,
        to_parsed_each_time: 3.25,
        allocations: 23.0,
    };
    evaluators.compare(&mut goals, "one record", SINGLE, SINGLES, limits);
    let limits = Limits {
        to_parsed_before: 9.0,
        to_parsed_each_time: 4.0,
        allocations: 205.0,
    };
    evaluators.compare(&mut goals, "11 records", TREE, TREES, limits);
    goals.outcome()
}
