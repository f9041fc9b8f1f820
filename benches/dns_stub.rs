//! Asking a recursive resolver over UDP: this project's stub resolver beside `hickory-resolver` and a bare socket, which
//! understands nothing and is the bound.
//!
//! All ask the same responder on its own thread for as many distinct names, so that no cache helps, 64 at a time and one at a
//! time. Time is the CPU time of the asking thread and the wall clock, the median of interleaved rounds; allocations are those of
//! the asking thread.

use std::hint::black_box;
use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use cpu_time::ThreadTime;
use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolveHosts, ResolverConfig};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::rr::{Name, RecordType as HickoryType};
use hickory_resolver::{Resolver, TokioResolver};
use mail_dns::stub::{StubConfig, StubResolver};
use mail_dns::{DomainName, Lookup as _, RecordType};
use mailcheck_benches::{Goals, median, start_responder};
use tokio::net::UdpSocket;
use tokio::runtime::Runtime;

/// How many questions are in flight when many are.
const IN_FLIGHT: usize = 64;
/// How many questions a round asks with many in flight, and one at a time.
const MANY: usize = 256 * IN_FLIGHT;
const SINGLE: usize = 4096;
/// How many rounds there are.
const ROUNDS: usize = 9;
/// How often a cached answer is asked for.
const CACHED: usize = 100_000;

/// Who asks.
#[derive(Clone)]
enum Asker {
    Bare(SocketAddr),
    Ours(StubResolver),
    Hickory(Arc<TokioResolver>),
}

/// The names of one round, in the form that each asker takes them in, made before the clock runs.
enum Names {
    Bare(Vec<[u8; DIGITS]>),
    Ours(Vec<DomainName>),
    Hickory(Vec<Name>),
}

/// What one round took.
#[derive(Clone, Copy)]
struct Cost {
    cpu: Duration,
    wall: Duration,
}

/// The medians of the rounds, for each question, in seconds.
#[derive(Clone, Copy)]
struct Figures {
    cpu: f64,
    wall: f64,
    allocations: f64,
    /// Each round's, relative to the same round of the first asker: what slows the machine down slows both.
    cpu_to_first: f64,
    wall_to_first: f64,
}

const DIGITS: usize = 8;

/// The label that makes a name distinct.
fn digits(number: usize) -> [u8; DIGITS] {
    let mut digits = [b'0'; DIGITS];
    let mut rest = number;
    for digit in digits.iter_mut().rev() {
        *digit += u8::try_from(rest % 10).unwrap_or_default();
        rest /= 10;
    }
    digits
}

fn text(number: usize) -> String {
    format!("{number:08}.mail.example.com.")
}

/// Where the distinct label stands in [`question`].
const LABEL_AT: usize = 13;

/// A question for the A records of a name as [`text`] makes it, with EDNS.
fn question() -> Vec<u8> {
    let mut question = vec![0, 0, 1, 0x20, 0, 1, 0, 0, 0, 0, 0, 1, 8];
    question.extend([b'0'; DIGITS]);
    question.extend(b"\x04mail\x07example\x03com\0\0\x01\0\x01");
    question.extend([0, 0, 41, 4, 0xd0, 0, 0, 0, 0, 0, 0]);
    question
}

/// One asker's share of the bare questions: nothing but the id and the name is looked at.
async fn ask_bare(server: SocketAddr, names: &[[u8; DIGITS]]) {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))
        .await
        .expect("a socket");
    socket.connect(server).await.expect("connected");
    let mut question = question();
    let mut buffer = [0; 4096];
    for (id, name) in (0..=u16::MAX).cycle().zip(names) {
        question[..2].copy_from_slice(&id.to_be_bytes());
        question[LABEL_AT..LABEL_AT + DIGITS].copy_from_slice(name);
        socket.send(&question).await.expect("sent");
        loop {
            let length = socket.recv(&mut buffer).await.expect("a datagram");
            if length > question.len() && buffer[..2] == question[..2] {
                break;
            }
        }
        black_box(&buffer);
    }
}

impl Asker {
    fn names(&self, numbers: impl Iterator<Item = usize>) -> Names {
        match self {
            Self::Bare(_) => Names::Bare(numbers.map(digits).collect()),
            Self::Ours(_) => Names::Ours(
                numbers
                    .map(|number| text(number).parse().expect("a name"))
                    .collect(),
            ),
            Self::Hickory(_) => Names::Hickory(
                numbers
                    .map(|number| Name::from_ascii(text(number)).expect("a name"))
                    .collect(),
            ),
        }
    }

    /// Asks for every name, one after another.
    async fn ask(self, names: Names) {
        match (self, names) {
            (Self::Bare(server), Names::Bare(names)) => ask_bare(server, &names).await,
            (Self::Ours(resolver), Names::Ours(names)) => {
                for name in &names {
                    let answer = resolver.lookup(name, RecordType::A).await;
                    assert_eq!(answer.expect("an answer").records().len(), 1);
                }
            }
            (Self::Hickory(resolver), Names::Hickory(names)) => {
                for name in names {
                    let answer = resolver.lookup(name, HickoryType::A).await;
                    assert_eq!(answer.expect("an answer").answers().len(), 1);
                }
            }
            _ => unreachable!("names are made by who asks for them"),
        }
    }

    /// Asks for `count` names that were never asked for before, so many in flight.
    fn round(&self, runtime: &Runtime, count: usize, in_flight: usize) -> Cost {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let share = count / in_flight;
        let shares: Vec<Names> = (0..in_flight)
            .map(|_| {
                let first = NEXT.fetch_add(share, Ordering::Relaxed);
                self.names(first..first + share)
            })
            .collect();
        let (cpu, wall) = (ThreadTime::now(), now());
        runtime.block_on(async {
            let tasks: Vec<_> = shares
                .into_iter()
                .map(|names| tokio::spawn(self.clone().ask(names)))
                .collect();
            for task in tasks {
                task.await.expect("no panic");
            }
        });
        Cost {
            cpu: cpu.elapsed(),
            wall: wall.elapsed(),
        }
    }
}

/// Measures all askers, in turns.
fn measure<const N: usize>(
    runtime: &Runtime,
    askers: &[Asker; N],
    count: usize,
    in_flight: usize,
) -> [Figures; N] {
    let mut costs: [Vec<Cost>; N] = [const { Vec::new() }; N];
    for _ in 0..ROUNDS {
        for (costs, asker) in costs.iter_mut().zip(askers) {
            costs.push(asker.round(runtime, count, in_flight));
        }
    }
    let mut index = 0..N;
    askers.each_ref().map(|asker| {
        let costs_of = |at: usize| costs.get(at).map_or(&[][..], Vec::as_slice);
        let (first, costs) = (costs_of(0), costs_of(index.next().unwrap_or_default()));
        let each = |time: fn(&Cost) -> Duration| {
            median(costs.iter().map(|cost| time(cost).as_secs_f64())) / count as f64
        };
        let to_first = |time: fn(&Cost) -> Duration| {
            let pairs = costs.iter().zip(first);
            median(pairs.map(|(cost, first)| time(cost).as_secs_f64() / time(first).as_secs_f64()))
        };
        let allocated = allocation_counter::measure(|| {
            asker.round(runtime, count, in_flight);
        });
        // The names are made in there too.
        let names = allocation_counter::measure(|| {
            drop(asker.names(0..count));
        });
        Figures {
            cpu: each(|cost| cost.cpu),
            wall: each(|cost| cost.wall),
            allocations: allocated.count_total.saturating_sub(names.count_total) as f64
                / count as f64,
            cpu_to_first: to_first(|cost| cost.cpu),
            wall_to_first: to_first(|cost| cost.wall),
        }
    })
}

#[expect(
    clippy::disallowed_methods,
    reason = "a benchmark is about the time that things take"
)]
fn now() -> Instant {
    Instant::now()
}

fn cached(runtime: &Runtime, resolver: &StubResolver) -> f64 {
    let name: DomainName = "cached.mail.example.com".parse().expect("a name");
    let times = (0..ROUNDS).map(|_| {
        runtime.block_on(async {
            let first = resolver.lookup(&name, RecordType::A).await;
            black_box(first.expect("an answer"));
            let started = ThreadTime::now();
            for _ in 0..CACHED {
                black_box(resolver.lookup(&name, RecordType::A).await.expect("kept"));
            }
            started.elapsed().as_secs_f64()
        })
    });
    median(times) / CACHED as f64
}

fn hickory(server: SocketAddr) -> TokioResolver {
    let mut udp = ConnectionConfig::udp();
    udp.port = server.port();
    let server = NameServerConfig::new(server.ip(), true, vec![udp]);
    let config = ResolverConfig::from_parts(None, Vec::new(), vec![server]);
    let mut builder = Resolver::builder_with_config(config, TokioRuntimeProvider::default());
    let options = builder.options_mut();
    options.attempts = 0;
    options.cache_size = 0;
    options.num_concurrent_reqs = 1;
    options.use_hosts_file = ResolveHosts::Never;
    builder.build().expect("a resolver")
}

fn print(what: &str, figures: Figures) {
    println!(
        "{what:<31} {:>8.0} questions/s  {:>6.2} µs CPU  {:>6.2} µs wall  {:>5.1} allocations",
        1.0 / figures.wall,
        figures.cpu * 1e6,
        figures.wall * 1e6,
        figures.allocations,
    );
}

fn main() -> ExitCode {
    let server = start_responder().expect("a socket");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let ours = StubResolver::new(StubConfig::new([server]));
    let askers = {
        let _within = runtime.enter();
        [
            Asker::Ours(ours.clone()),
            Asker::Bare(server),
            Asker::Hickory(Arc::new(hickory(server))),
        ]
    };

    let names = ["mail-dns", "bare socket", "hickory-resolver"];
    let many = measure(&runtime, &askers, MANY, IN_FLIGHT);
    for (name, figures) in names.iter().zip(many) {
        print(&format!("{name}, {IN_FLIGHT} in flight"), figures);
    }
    let single = measure(&runtime, &askers, SINGLE, 1);
    for (name, figures) in names.iter().zip(single) {
        print(&format!("{name}, one at a time"), figures);
    }
    println!(
        "mail-dns, cached: {:.0} ns CPU",
        cached(&runtime, &ours) * 1e9
    );

    // The others are told relative to us.
    let [_, bare, hickory] = many;
    let [_, bare_single, hickory_single] = single;
    println!(
        "one at a time, CPU time relative to hickory-resolver {:.2}, to a bare socket {:.2}",
        1.0 / hickory_single.cpu_to_first,
        1.0 / bare_single.cpu_to_first
    );
    let mut goals = Goals::of("dns_stub");
    goals.at_most(
        "CPU time relative to hickory-resolver",
        1.0 / hickory.cpu_to_first,
        0.333,
    );
    goals.at_most(
        "CPU time relative to a bare socket",
        1.0 / bare.cpu_to_first,
        2.5,
    );
    goals.at_most(
        "one at a time, wall time relative to a bare socket",
        1.0 / bare_single.wall_to_first,
        1.25,
    );
    goals.outcome()
}
