//! Asking lists in bulk: a sweep of 10,000 addresses over 10 lists, beside `dnsperf` and `adnshost` at the same server.
//!
//! The server is `rbldnsd` with ten zones on loopback; two in a hundred of the pairs are listed. All three ask for the same names.
//! `dnsperf` sends prepared questions and counts what comes back: it is the ceiling that this machine has for client and
//! server together. `adnshost` resolves the names asynchronously and prints each answer; it asks for a tenth of them, because
//! its time for a question grows with the number in flight and in all. A sweep does what neither does: it asks for controls
//! and for the words of entries, which count as questions, judges each answer with its proof and gives it to an observer.
//!
//! The memory for a million pending pairs is that of a process of its own, at its peak, from its start until every pair has
//! been asked and accounted for.
//!
//! It wants two cores, the right to listen on port 53 of a loopback address (`adnshost` knows no other port), and the Debian
//! packages `rbldnsd`, `dnsperf` and `adns-tools`.

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant, SystemTime};
use std::{env, fs, thread};

use cpu_time::ProcessTime;
use dnsbl::{Catalogue, Checker, Subject, Sweep, SweepEvent, SweepOptions, SweepReport};
use mail_dns::stub::{StubConfig, StubResolver};
use mail_dns::{DomainName, Lookup as _, RecordType};
use mailcheck_benches::{Goals, median};

/// How many lists there are.
const LISTS: u32 = 10;
/// How many addresses a round asks about.
const ADDRESSES: u32 = 10_000;
/// How many subjects make a million pairs.
const SUBJECTS: u32 = 1_000_000 / LISTS;
/// How many rounds there are.
const ROUNDS: usize = 7;
/// How many tasks and threads a sweep has.
const WORKERS: usize = 2;
/// How many questions are in flight, so few that none gets lost: whoever loses one waits for it.
const IN_FLIGHT: usize = 80;
/// One of so many addresses is listed on a list.
const LISTED: u32 = 50;
/// How many questions `adnshost` is asked, and how many of them at a time.
const ADNS_QUESTIONS: usize = 10_000;
const ADNS_IN_FLIGHT: usize = 128;
/// The address at which `rbldnsd` listens on port 53 too.
const PORT_53: Ipv4Addr = Ipv4Addr::new(127, 53, 0, 1);
/// Makes this program the process whose memory is measured.
const HOLD_A_MILLION: &str = "hold-a-million-pairs-of";

/// The so many-th address: an odd factor scatters them over 64 networks, each once.
fn address(number: u32) -> Ipv4Addr {
    let scattered = number.wrapping_mul(0x9e37_79b1) & 0x03ff_ffff;
    Ipv4Addr::from(0x0c00_0000 | scattered)
}

fn zone(list: u32) -> String {
    format!("bl{list}.test")
}

/// The names of a round, as they are asked.
fn names() -> Vec<String> {
    let pairs = (0..ADDRESSES).flat_map(|number| (0..LISTS).map(move |list| (number, list)));
    pairs
        .map(|(number, list)| {
            let [a, b, c, d] = address(number).octets();
            format!("{d}.{c}.{b}.{a}.{}", zone(list))
        })
        .collect()
}

/// `rbldnsd` in a folder of its own; both go when it is dropped.
struct Server {
    process: Child,
    folder: PathBuf,
    address: SocketAddr,
}

impl Server {
    fn start() -> Self {
        let folder = env::temp_dir().join(format!("dnsbl_sweep.{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder");
        let free = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a socket");
        let address = free.local_addr().expect("an address");
        drop(free);
        let mut command = Command::new("rbldnsd");
        command
            .args(["-n", "-r"])
            .arg(&folder)
            .args(["-b", &format!("{}/{}", address.ip(), address.port())])
            .args(["-b", &format!("{PORT_53}/53")]);
        for list in 0..LISTS {
            let file = format!("list{list}");
            fs::write(folder.join(&file), zone_file(list)).expect("a file");
            command.arg(format!("{}:ip4set:{file}", zone(list)));
        }
        let log = fs::File::create(folder.join("log")).expect("a file");
        let log_too = log.try_clone().expect("a file");
        let process = command.stdout(log).stderr(log_too).spawn();
        let mut server = Self {
            process: process.expect("rbldnsd, of the package of that name"),
            folder,
            address,
        };
        server.wait();
        server
    }

    /// Until it answers.
    fn wait(&mut self) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        let resolver = StubResolver::new(StubConfig::new([self.address]));
        let name: DomainName = format!("2.0.0.127.{}", zone(LISTS - 1))
            .parse()
            .expect("a name");
        runtime.expect("a runtime").block_on(async {
            loop {
                if self.process.try_wait().expect("a process").is_some() {
                    let log = fs::read_to_string(self.folder.join("log"));
                    panic!("rbldnsd ended: {}", log.unwrap_or_default());
                }
                if resolver.lookup(&name, RecordType::A).await.is_ok() {
                    break;
                }
            }
        });
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Whatever comes of it, the process of the bench ends.
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn zone_file(list: u32) -> String {
    let mut text = format!(
        "$SOA 300 ns.{0} hostmaster.{0} 0 600 300 86400 300\n:127.0.0.2:listed, as a test\n127.0.0.2\n",
        zone(list)
    );
    let listed = (0..SUBJECTS).filter(|number| number % LISTED == list);
    for number in listed {
        writeln!(text, "{}", address(number)).expect("memory");
    }
    text
}

fn catalogue() -> Catalogue {
    let list = |list| {
        format!(
            "[[list]]\nzone = \"{}\"\nname = \"List {list}\"\nstance = \"block\"\ntier = \"minor\"\n\
             status = \"documented\"\nas_of = \"2026-11\"\nsource = \"this bench\"\n\
             codes = [{{ code = \"127.0.0.2\", meaning = \"a test\" }}]\n\
             ipv4 = {{ positive = [\"127.0.0.2\"], negative = [\"127.0.0.1\"] }}\n",
            zone(list)
        )
    };
    Catalogue::from_toml(&(0..LISTS).map(list).collect::<String>()).expect("sound")
}

#[expect(
    clippy::disallowed_methods,
    reason = "a benchmark is about the time that things take"
)]
fn now() -> Instant {
    Instant::now()
}

#[expect(
    clippy::disallowed_methods,
    reason = "a sweep is told the time by its caller"
)]
fn seconds() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    i64::try_from(since.unwrap_or_default().as_secs()).unwrap_or(i64::MAX)
}

/// What a round took.
#[derive(Clone, Copy)]
struct Cost {
    questions: f64,
    wall: Duration,
    cpu: Duration,
}

impl Cost {
    fn rate(&self) -> f64 {
        self.questions / self.wall.as_secs_f64()
    }

    fn cpu_each(&self) -> f64 {
        self.cpu.as_secs_f64() / self.questions
    }
}

fn sweep(server: SocketAddr, subjects: u32) -> Sweep<StubResolver> {
    let mut config = StubConfig::new([server]);
    // No question is asked twice, so nothing is gained by keeping answers.
    config.cache_octets = 0;
    let checker = Checker::new(StubResolver::new(config), catalogue(), 7);
    let subjects = (0..subjects).map(|number| Subject::Address(address(number).into()));
    let mut options = SweepOptions::default();
    options.in_flight = (IN_FLIGHT / WORKERS).try_into().expect("not zero");
    Sweep::new(Arc::new(checker), subjects, seconds, options)
}

/// Runs a sweep in [`WORKERS`] tasks; gives the report and how many answers the observers were given.
fn run(sweep: Sweep<StubResolver>) -> (SweepReport, u64) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(WORKERS)
        .enable_all()
        .build()
        .expect("a runtime");
    let sweep = Arc::new(sweep);
    let answers = Arc::new(AtomicU64::new(0));
    let observer = {
        let answers = Arc::clone(&answers);
        move |event| {
            if let SweepEvent::Answer { .. } = event {
                answers.fetch_add(1, Ordering::Relaxed);
            }
        }
    };
    let report = runtime.block_on(async {
        let work = |observer| {
            let sweep = Arc::clone(&sweep);
            tokio::spawn(async move { sweep.work(observer).await })
        };
        let tasks: Vec<_> = (0..WORKERS).map(|_| work(observer.clone())).collect();
        for task in tasks {
            task.await.expect("no panic");
        }
        sweep.finish(observer).await
    });
    (report, answers.load(Ordering::Relaxed))
}

/// How many pairs are not accounted for, or came to something else than the zones say.
fn lost(report: &SweepReport, answers: u64, subjects: u32) -> f64 {
    let pairs = u64::from(subjects * LISTS);
    let listed = u64::from(subjects / LISTED * LISTS);
    let counts = report.counts();
    let wrong = counts.listed.abs_diff(listed) + counts.not_listed.abs_diff(pairs - listed);
    let lost = wrong + counts.total().abs_diff(pairs) + answers.abs_diff(pairs);
    if lost > 0 {
        eprintln!("{answers} answers for {pairs} pairs, {listed} of them listed: {counts:?}");
        report
            .notices
            .iter()
            .for_each(|notice| eprintln!("{notice}"));
    }
    lost as f64
}

fn measure_sweep(server: SocketAddr) -> (Cost, f64) {
    let sweep = sweep(server, ADDRESSES);
    let (cpu, wall) = (ProcessTime::now(), now());
    let (report, answers) = run(sweep);
    let cost = Cost {
        questions: report
            .lists
            .iter()
            .map(|list| f64::from(list.spending.questions))
            .sum(),
        wall: wall.elapsed(),
        cpu: cpu.elapsed(),
    };
    (cost, lost(&report, answers, ADDRESSES))
}

/// The CPU time of the children that have ended, in the kernel's ticks of 10 ms.
fn children_cpu() -> Duration {
    let stat = fs::read_to_string("/proc/self/stat").expect("Linux");
    let (_, fields) = stat.rsplit_once(')').expect("a name in parentheses");
    // proc(5): cutime and cstime are the 16th and 17th field, and the 3rd is the first behind the name.
    let ticks = fields.split_whitespace().skip(13).take(2);
    let ticks: u64 = ticks
        .map(|field| field.parse::<u64>().expect("a number"))
        .sum();
    Duration::from_millis(ticks * 10)
}

/// The faster of two settings: as many threads as a sweep has tasks, and as many questions in flight; and what it does
/// when it is told nothing.
fn measure_dnsperf(server: SocketAddr, file: &Path) -> Cost {
    let in_flight = IN_FLIGHT.to_string();
    let as_the_sweep =
        measure_dnsperf_with(server, file, &["-T", "2", "-c", "2", "-q", &in_flight]);
    let by_itself = measure_dnsperf_with(server, file, &[]);
    if as_the_sweep.rate() > by_itself.rate() {
        as_the_sweep
    } else {
        by_itself
    }
}

fn measure_dnsperf_with(server: SocketAddr, file: &Path, settings: &[&str]) -> Cost {
    let before = children_cpu();
    let output = Command::new("dnsperf")
        .args([
            "-s",
            &server.ip().to_string(),
            "-p",
            &server.port().to_string(),
        ])
        .args(settings)
        .args(["-n", "1", "-d"])
        .arg(file)
        .output()
        .expect("dnsperf, of the package of that name");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let value = |what: &str| -> f64 {
        let line = text.lines().find_map(|line| line.trim().strip_prefix(what));
        let value = line.and_then(|line| line.split_whitespace().next());
        value
            .and_then(|value| value.parse().ok())
            .unwrap_or_else(|| panic!("{text}"))
    };
    // It waits for each that is lost, and would be slow for that alone.
    assert_eq!(value("Queries lost:"), 0.0, "{text}");
    let questions = value("Queries completed:");
    Cost {
        questions,
        wall: Duration::from_secs_f64(questions / value("Queries per second:")),
        cpu: children_cpu().saturating_sub(before),
    }
}

/// Asks for the names by `adnshost`, so many in flight: left to itself it sends all at once, and waits two seconds for each
/// datagram that is then lost.
fn measure_adnshost(names: &[String]) -> Cost {
    let (before, wall) = (children_cpu(), now());
    let mut child = Command::new("adnshost")
        .args([
            "--config",
            &format!("nameserver {PORT_53}"),
            "-a",
            "-f",
            "-t",
            "a",
        ])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("adnshost, of the package adns-tools");
    let mut questions = child.stdin.take().expect("a pipe");
    let answers = BufReader::new(child.stdout.take().expect("a pipe"));
    let (begin, done) = mpsc::sync_channel(ADNS_IN_FLIGHT);
    thread::scope(|scope| {
        scope.spawn(move || {
            for name in names {
                begin.send(()).expect("the reader waits for all");
                writeln!(questions, "{name}").expect("it reads");
            }
        });
        // One line for each question that says how it went, and one for each record.
        let outcomes = answers.lines().map(|line| line.expect("text"));
        let outcomes = outcomes.filter(|line| !line.contains(" A 127.0.0.2"));
        for _ in outcomes {
            done.recv().expect("a question for each answer");
        }
    });
    assert!(child.wait().is_ok(), "adnshost ends");
    Cost {
        questions: names.len() as f64,
        wall: wall.elapsed(),
        cpu: children_cpu().saturating_sub(before),
    }
}

/// What `/proc/self/status` says of this process, in MiB.
fn memory(what: &str) -> f64 {
    let status = fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find_map(|line| line.strip_prefix(what));
    let value = line.and_then(|line| line.trim_start_matches(':').split_whitespace().next());
    value
        .and_then(|value| value.parse::<f64>().ok())
        .expect("kB")
        / 1024.0
}

/// The process whose memory is measured.
fn hold_a_million(server: SocketAddr) {
    let sweep = sweep(server, SUBJECTS);
    let pending = sweep.progress().pairs - sweep.progress().finished;
    let held = memory("VmRSS");
    let started = now();
    let (report, answers) = run(sweep);
    println!(
        "{pending} {} {held} {} {}",
        lost(&report, answers, SUBJECTS),
        memory("VmHWM"),
        started.elapsed().as_secs_f64()
    );
}

/// How many pairs were pending, how many were lost, the memory with all of them pending and that at the peak in MiB, and the
/// seconds.
fn measure_a_million(server: SocketAddr) -> [f64; 5] {
    let this = env::current_exe().expect("a path");
    let output = Command::new(this)
        .arg(HOLD_A_MILLION)
        .arg(server.to_string())
        .output();
    let output = output.expect("a process");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    eprint!("{}", String::from_utf8_lossy(&output.stderr));
    let values: Vec<f64> = text
        .split_whitespace()
        .filter_map(|value| value.parse().ok())
        .collect();
    values.try_into().unwrap_or_else(|_| panic!("{text}"))
}

fn print(what: &str, costs: &[Cost]) {
    println!(
        "{what:<9} {:>8.0} questions/s  {:>6.2} µs CPU a question",
        median(costs.iter().map(Cost::rate)),
        median(costs.iter().map(Cost::cpu_each)) * 1e6,
    );
}

fn main() -> ExitCode {
    let mut arguments = env::args().skip(1);
    if arguments.next().as_deref() == Some(HOLD_A_MILLION) {
        hold_a_million(
            arguments
                .next()
                .and_then(|server| server.parse().ok())
                .expect("a server"),
        );
        return ExitCode::SUCCESS;
    }
    let server = Server::start();
    let names = names();
    let file = server.folder.join("questions");
    fs::write(
        &file,
        names
            .iter()
            .map(|name| format!("{name} A\n"))
            .collect::<String>(),
    )
    .expect("a file");

    let (mut sweeps, mut dnsperfs, mut adnshosts, mut missing) =
        (Vec::new(), Vec::new(), Vec::new(), 0.0);
    for _ in 0..ROUNDS {
        dnsperfs.push(measure_dnsperf(server.address, &file));
        let (cost, lost) = measure_sweep(server.address);
        sweeps.push(cost);
        missing += lost;
        adnshosts.push(measure_adnshost(&names[..ADNS_QUESTIONS]));
    }
    for (ours, theirs) in sweeps.iter().zip(&dnsperfs) {
        println!(
            "a round: {:.0} questions/s, dnsperf {:.0}",
            ours.rate(),
            theirs.rate()
        );
    }
    print("sweep", &sweeps);
    print("dnsperf", &dnsperfs);
    print("adnshost", &adnshosts);
    let [pending, lost, held, peak, took] = measure_a_million(server.address);
    println!(
        "{pending} pairs pending: {held:.0} MiB, {peak:.0} MiB at the peak while they were asked in {took:.1} s"
    );

    let share = |value: fn(&Cost) -> f64, others: &[Cost]| {
        median(
            sweeps
                .iter()
                .zip(others)
                .map(|(ours, theirs)| value(ours) / value(theirs)),
        )
    };
    println!(
        "CPU time relative to dnsperf {:.2}, to adnshost {:.2}",
        share(Cost::cpu_each, &dnsperfs),
        share(Cost::cpu_each, &adnshosts)
    );
    let mut goals = Goals::of("dnsbl_sweep");
    goals.at_least(
        "questions/s relative to dnsperf",
        share(Cost::rate, &dnsperfs),
        0.40,
    );
    goals.at_most(
        "pairs lost, or with another outcome than the zones say",
        missing + lost,
        0.0,
    );
    goals.at_least("pairs that were pending at once", pending, 1_000_000.0);
    goals.at_most("MiB of memory at the peak for them", peak, 200.0);
    goals.outcome()
}
