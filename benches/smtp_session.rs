//! A whole session with a server, in the clear and with STARTTLS, beside a blind client that makes the same exchange: it sends its
//! commands, takes whatever a read gives for the reply, checks of TLS the server's signature alone and keeps nothing. And ten thousand probes at a time of servers that never answer.
//!
//! The server is a process of its own; CPU time is this process's.

use std::error::Error;
use std::hint::black_box;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cpu_time::ProcessTime;
use mailcheck_benches::{Behavior, Goals, MailServer, blind_client, median, ratio, serve_if_asked};
use rustls::pki_types::ServerName;
use smtp_probe::{Cause, Probe, Security, StartTls, Timeouts};
use tls_inspect::{CryptoProvider, ReferenceId};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;

/// How many sessions are in flight.
const IN_FLIGHT: usize = 64;
const ROUNDS: usize = 9;
/// How many probes wait for servers that never answer, and how often.
const CROWD: usize = 10_000;
const WAVES: usize = 3;
/// How long each of them may take.
const DEADLINE: Duration = Duration::from_secs(8);

type Failure = Box<dyn Error + Send + Sync>;

fn main() -> Result<ExitCode, Failure> {
    serve_if_asked()?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let mut goals = Goals::of("smtp_session");
    runtime.block_on(async {
        sessions(&mut goals).await?;
        crowds(&mut goals).await
    })?;
    Ok(goals.outcome())
}

async fn sessions(goals: &mut Goals) -> Result<(), Failure> {
    let server = MailServer::start(Behavior::Healthy)?;
    let blind = Arc::new(Blind::new()?);
    for (name, security, count) in [
        ("in the clear", Security::None, 3000),
        ("STARTTLS", Security::StartTls, 600),
    ] {
        let probe = Arc::new(probe(security)?);
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for round in 0..=ROUNDS {
            let here = in_flight(&server, count, |address| {
                let probe = Arc::clone(&probe);
                async move { judge(&probe, address, security).await }
            });
            let here = here.await?;
            let there = in_flight(&server, count, |address| {
                let blind = Arc::clone(&blind);
                async move { blind.session(address, security).await }
            });
            let there = there.await?;
            // The first warms up.
            if round > 0 {
                ours.push(here);
                theirs.push(there);
            }
        }
        for (client, times) in [("smtp-probe", &ours), ("blind", &theirs)] {
            let each = median(times.iter().copied()) / count as f64;
            println!(
                "{name}: {client:<10} {:>6.1} µs of CPU time a session",
                each * 1e6
            );
        }
        let what = format!("CPU time of a session {name} relative to a blind client");
        goals.at_most(&what, ratio(&ours, &theirs), 1.25);
    }
    Ok(())
}

fn probe(security: Security) -> Result<Probe, Failure> {
    let probe = Probe::new(
        "probe.example.com".parse()?,
        security,
        CryptoProvider::aws_lc_rs(),
    );
    Ok(probe.with_server_name(ReferenceId::parse("mx.example")?))
}

/// One look, which must have seen everything.
async fn judge(probe: &Probe, address: SocketAddr, security: Security) -> Result<(), Failure> {
    let seen = probe.run(address).await;
    let encrypted = seen.starttls == StartTls::Accepted && seen.ehlo_in_tls.is_some();
    if seen.stop().is_some() || encrypted != (security == Security::StartTls) {
        return Err(format!("expected a whole session, found {seen:?}").into());
    }
    black_box(seen);
    Ok(())
}

/// Holds so many sessions, some at a time; the CPU time they took.
async fn in_flight<F, Fut>(server: &MailServer, count: usize, session: F) -> Result<f64, Failure>
where
    F: Fn(SocketAddr) -> Fut,
    Fut: Future<Output = Result<(), Failure>> + Send + 'static,
{
    let started = ProcessTime::now();
    let mut sessions = JoinSet::new();
    for number in 0..count {
        if sessions.len() == IN_FLIGHT {
            sessions.join_next().await.ok_or("no session")???;
        }
        sessions.spawn(session(server.address(number)));
    }
    while let Some(ended) = sessions.join_next().await {
        ended??;
    }
    Ok(started.elapsed().as_secs_f64())
}

/// A client that does what it has to and looks at nothing.
struct Blind {
    connector: TlsConnector,
    name: ServerName<'static>,
}

impl Blind {
    fn new() -> Result<Self, Failure> {
        let config = blind_client()?;
        Ok(Self {
            connector: TlsConnector::from(Arc::new(config)),
            name: ServerName::try_from("mx.example")?,
        })
    }

    async fn session(&self, address: SocketAddr, security: Security) -> Result<(), Failure> {
        let mut stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let mut buffer = [0; 4096];
        read(&mut stream, &mut buffer).await?;
        ask(&mut stream, b"EHLO probe.example.com\r\n", &mut buffer).await?;
        if security == Security::None {
            ask(&mut stream, b"QUIT\r\n", &mut buffer).await?;
            return Ok(stream.shutdown().await?);
        }
        ask(&mut stream, b"STARTTLS\r\n", &mut buffer).await?;
        let mut stream = self.connector.connect(self.name.clone(), stream).await?;
        ask(&mut stream, b"EHLO probe.example.com\r\n", &mut buffer).await?;
        ask(&mut stream, b"QUIT\r\n", &mut buffer).await?;
        // The server may have closed already.
        drop(stream.shutdown().await);
        Ok(())
    }
}

async fn ask<S>(stream: &mut S, command: &[u8], buffer: &mut [u8]) -> Result<(), Failure>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    stream.write_all(command).await?;
    stream.flush().await?;
    read(stream, buffer).await
}

async fn read<S: AsyncRead + Unpin>(stream: &mut S, buffer: &mut [u8]) -> Result<(), Failure> {
    match stream.read(buffer).await? {
        0 => Err("the server closed".into()),
        count => {
            black_box(buffer.get(..count));
            Ok(())
        }
    }
}

async fn crowds(goals: &mut Goals) -> Result<(), Failure> {
    let before = resident()?;
    for (name, behavior) in [
        ("silent servers", Behavior::Silent),
        ("tarpits", Behavior::Tarpit),
    ] {
        let server = MailServer::start(behavior)?;
        let probe = Arc::new(
            probe(Security::StartTls)?.with_timeouts(Timeouts::default().within(DEADLINE)),
        );
        let (mut peaks, mut slowest) = (Vec::new(), Duration::ZERO);
        for _ in 0..WAVES {
            let (peak, longest) = crowd(&server, &probe).await?;
            peaks.push(peak.saturating_sub(before) as f64 / CROWD as f64);
            slowest = slowest.max(longest);
        }
        println!(
            "{name}: {peaks:.0?} octets of resident memory a probe, in waves of {CROWD}; the slowest took {slowest:.2?}"
        );
        let (first, last) = (peaks.first().copied(), peaks.last().copied());
        let what = format!("KiB of resident memory for a probe of {name}");
        goals.at_most(&what, median(peaks.iter().copied()) / 1024.0, 8.0);
        let growth = last.unwrap_or(f64::NAN) / first.unwrap_or(f64::NAN);
        goals.at_most(
            &format!("growth of it over {WAVES} waves, {name}"),
            growth,
            1.1,
        );
        let over = slowest.saturating_sub(DEADLINE).as_secs_f64();
        goals.at_most(&format!("seconds over the deadline, {name}"), over, 1.0);
    }
    Ok(())
}

/// Probes that all wait at the same time: the most memory that was resident, and the longest that one took.
async fn crowd(server: &MailServer, probe: &Arc<Probe>) -> Result<(usize, Duration), Failure> {
    let mut probes = JoinSet::new();
    for number in 0..CROWD {
        let (probe, address) = (Arc::clone(probe), server.address(number));
        probes.spawn(async move {
            #[expect(clippy::disallowed_methods, reason = "this is what is measured")]
            let started = Instant::now();
            let seen = probe.run(address).await;
            (
                started.elapsed(),
                seen.stop().map(|stop| stop.cause.clone()),
            )
        });
    }
    let mut peak = 0;
    let mut slowest = Duration::ZERO;
    let mut waiting = tokio::time::interval(DEADLINE / 8);
    loop {
        tokio::select! {
            _ = waiting.tick() => peak = peak.max(resident()?),
            ended = probes.join_next() => {
                let Some(ended) = ended else { break };
                let (elapsed, cause) = ended?;
                slowest = slowest.max(elapsed);
                let expected = matches!(cause, Some(Cause::Timeout | Cause::Deadline | Cause::Tarpit { .. }));
                if !expected {
                    return Err(format!("expected a timeout, found {cause:?}").into());
                }
            }
        }
    }
    Ok((peak, slowest))
}

/// The resident memory of this process, in octets (proc(5)).
fn resident() -> Result<usize, Failure> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.and_then(|line| line.split_whitespace().next());
    let kibibytes: usize = number.ok_or("no VmRSS")?.parse()?;
    Ok(kibibytes * 1024)
}
