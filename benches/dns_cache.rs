//! The memory of the stub resolver's cache: a million distinct names, and what is left of them.
//!
//! They are offered to a resolver with the default limit, and a quarter of them to one with 4 MiB, 64 at a time, and answered by
//! the responder with five shapes of answer. Memory is what the asking thread has allocated at its peak: the cache, and what is in
//! flight. For the latter there is an [allowance](ALLOWANCE), which a resolver without a cache is held to. Then the names are asked
//! for again from the newest on, and the answer that comes from the cache counts, up to the first that does not.

use std::cell::Cell;
use std::hint::black_box;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::rc::Rc;

use cpu_time::ThreadTime;
use mail_dns::stub::{StubConfig, StubResolver};
use mail_dns::{Answer, DomainName, Lookup as _, RecordType};
use mailcheck_benches::{Goals, start_responder};
use tokio::runtime::Runtime;
use tokio::task::LocalSet;

/// How many questions are in flight.
const IN_FLIGHT: usize = 64;
/// The memory that a question in flight may take: its socket's buffer of 4 KiB, its task, the reply and the answer.
const ALLOWANCE: usize = IN_FLIGHT * (8 << 10);
/// How many names show what is in flight.
const UNCACHED: usize = 50_000;
/// The limits, how many distinct names are offered under each, and how many of the newest are to be kept.
const LIMITS: [(usize, usize, usize); 2] =
    [(64 << 20, 1_000_000, 10_000), (4 << 20, 250_000, 2_000)];
/// The shapes of answers: see the responder.
const SHAPES: [RecordType; 5] = [
    RecordType::A,
    RecordType::AAAA,
    RecordType::MX,
    RecordType::TXT,
    RecordType::CAA,
];

/// What offering the names took.
struct Offered {
    resolver: StubResolver,
    /// In octets.
    peak: f64,
    /// For each question, in seconds.
    cpu: f64,
}

async fn ask(resolver: &StubResolver, number: usize) -> Answer {
    let name = format!("{number:08}.mail.example.com");
    let name: DomainName = name.parse().expect("a name");
    let shape = SHAPES.get(number % SHAPES.len()).expect("a shape");
    resolver.lookup(&name, *shape).await.expect("an answer")
}

/// Asks for so many names, each once and in order, by a resolver with that limit.
fn offer(runtime: &Runtime, server: SocketAddr, cache_octets: usize, names: usize) -> Offered {
    let mut config = StubConfig::new([server]);
    config.cache_octets = cache_octets;
    let mut resolver = None;
    let started = ThreadTime::now();
    let allocated = allocation_counter::measure(|| {
        let asking = resolver.insert(StubResolver::new(config));
        let next = Rc::new(Cell::new(0));
        let tasks = LocalSet::new();
        for _ in 0..IN_FLIGHT {
            let (asking, next) = (asking.clone(), Rc::clone(&next));
            tasks.spawn_local(async move {
                while next.get() < names {
                    let number = next.replace(next.get() + 1);
                    let answer = ask(&asking, number).await;
                    assert!(!black_box(answer).source.cached, "it is asked for once");
                }
            });
        }
        runtime.block_on(tasks);
        assert_eq!(next.get(), names, "all were asked for");
    });
    Offered {
        resolver: resolver.expect("built above"),
        peak: allocated.bytes_max as f64,
        cpu: started.elapsed().as_secs_f64() / names as f64,
    }
}

/// How many of the newest names are kept, up to the first that is not.
fn kept(runtime: &Runtime, resolver: &StubResolver, names: usize) -> usize {
    let cached = |number| runtime.block_on(ask(resolver, number)).source.cached;
    (0..names)
        .rev()
        .take_while(|number| cached(*number))
        .count()
}

fn main() -> ExitCode {
    let server = start_responder().expect("a socket");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let mut goals = Goals::of("dns_cache");
    let uncached = offer(&runtime, server, 0, UNCACHED);
    println!(
        "no cache: a peak of {:.0} KiB, {:.2} µs CPU for a question",
        uncached.peak / 1024.0,
        uncached.cpu * 1e6
    );
    goals.at_most(
        "no cache, peak of memory relative to the allowance",
        uncached.peak / ALLOWANCE as f64,
        1.0,
    );
    for (limit, names, newest) in LIMITS {
        let offered = offer(&runtime, server, limit, names);
        let kept = kept(&runtime, &offered.resolver, names);
        let mib = limit >> 20;
        println!(
            "{mib} MiB: {names} names, a peak of {:.2} MiB, {:.2} µs CPU for a question; {kept} kept, {:.0} octets of the limit each",
            offered.peak / f64::from(1 << 20),
            offered.cpu * 1e6,
            limit as f64 / kept as f64,
        );
        goals.at_most(
            &format!("{mib} MiB, peak of memory less the allowance, relative to the limit"),
            (offered.peak - ALLOWANCE as f64) / limit as f64,
            1.05,
        );
        goals.at_most(
            &format!("{mib} MiB, of the newest {newest} names those not kept"),
            newest.saturating_sub(kept) as f64,
            0.0,
        );
    }
    goals.outcome()
}
