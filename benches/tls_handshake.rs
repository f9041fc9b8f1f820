//! Recorded handshakes beside those of two bare rustls clients with the same cryptography: a blind one, which checks the server's
//! signature and nothing else, as the recorder does; and a common one, which verifies the chain too.
//!
//! The server is in the same thread and does its work within the client's reads and writes. What it takes, of time and of memory, is not
//! counted as the client's.

use std::cell::Cell;
use std::error::Error;
use std::hint::black_box;
use std::io;
use std::pin::Pin;
use std::process::ExitCode;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime};

use cpu_time::ThreadTime;
use mailcheck_benches::{Goals, blind_client, client_cryptography, in_turns, median, ratio};
use mailcheck_lab::ca::{CertificateKind, TestCa};
use rustls::client::danger::ServerCertVerifier as _;
use rustls::client::{Resumption, WebPkiServerVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, RootCertStore, ServerConfig, ServerConnection};
use tls_inspect::{CryptoProvider, Der, Recorder, ReferenceId, TrustStore, assess_chain};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_rustls::TlsConnector;

/// How many handshakes a client makes in a round, and how many rounds there are.
const HANDSHAKES: usize = 200;
const ROUNDS: usize = 15;
/// How many connections are held to see what one takes.
const HELD: usize = 100;
/// How often the chain is judged in a round.
const TIMES: usize = 200;

const NAME: &str = "mx.example";

type Failure = Box<dyn Error + Send + Sync>;

fn main() -> Result<ExitCode, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()?;
    let mut goals = Goals::of("tls_handshake");
    let world = World::new()?;
    for (version, supported) in [
        ("TLS 1.3", &rustls::version::TLS13),
        ("TLS 1.2", &rustls::version::TLS12),
    ] {
        let server = world.server(supported)?;
        let bench = Bench {
            version,
            server,
            clients: world.clients()?,
        };
        runtime.block_on(async {
            bench.time(&mut goals).await?;
            bench.memory(&mut goals).await
        })?;
    }
    world.judge(&mut goals)?;
    Ok(goals.outcome())
}

/// What the clients are shown.
struct World {
    chain: Vec<CertificateDer<'static>>,
    key: rustls::pki_types::PrivateKeyDer<'static>,
    authority: TestCa,
}

impl World {
    fn new() -> Result<Self, Failure> {
        let authority = TestCa::new()?;
        let (chain, key) = authority.chain(CertificateKind::Healthy, &[NAME])?;
        Ok(Self {
            chain,
            key,
            authority,
        })
    }

    fn server(
        &self,
        version: &'static rustls::SupportedProtocolVersion,
    ) -> Result<Arc<ServerConfig>, Failure> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[version])?
            .with_no_client_auth()
            .with_single_cert(self.chain.clone(), self.key.clone_key())?;
        Ok(Arc::new(config))
    }

    fn clients(&self) -> Result<[(&'static str, Client); 3], Failure> {
        Ok([
            (
                "recorder",
                Client::Recorder(Recorder::new(CryptoProvider::aws_lc_rs())),
            ),
            ("blind", Client::Bare(Arc::new(blind_client()?))),
            (
                "verifying",
                Client::Bare(Arc::new(self.verifying_client()?)),
            ),
        ])
    }

    fn verifying_client(&self) -> Result<ClientConfig, Failure> {
        let mut config = ClientConfig::builder_with_provider(Arc::new(client_cryptography()))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(self.roots()?)
            .with_no_client_auth();
        config.resumption = Resumption::disabled();
        Ok(config)
    }

    fn roots(&self) -> Result<RootCertStore, Failure> {
        let mut roots = RootCertStore::empty();
        roots.add(self.authority.root_der())?;
        Ok(roots)
    }

    /// Everything that is said of a chain, beside the verification of it alone.
    fn judge(&self, goals: &mut Goals) -> Result<(), Failure> {
        let provider = CryptoProvider::aws_lc_rs();
        let store = TrustStore::from_pem("lab", self.authority.root_pem().as_bytes())?;
        let chain: Vec<Der> = self.chain.iter().cloned().map(Der::from).collect();
        let reference = ReferenceId::parse(NAME)?;
        let now = now()?;
        let now_unix = i64::try_from(now.as_secs())?;
        let verifier = WebPkiServerVerifier::builder_with_provider(
            Arc::new(self.roots()?),
            Arc::new(client_cryptography()),
        )
        .build()?;
        let name = ServerName::try_from(NAME)?;
        let (leaf, intermediates) = self.chain.split_first().ok_or("no chain")?;
        let assess = || assess_chain(&chain, &reference, &store, &provider, now_unix);
        let verify = || {
            let now = UnixTime::since_unix_epoch(now);
            verifier.verify_server_cert(leaf, intermediates, &name, &[], now)
        };
        let assessed = assess();
        if !assessed.failures.is_empty() {
            return Err(format!("expected a good chain, found {:?}", assessed.failures).into());
        }
        verify()?;
        let [ours, theirs] = in_turns(
            ROUNDS,
            [
                &|| (0..TIMES).for_each(|_| drop(black_box(assess()))),
                &|| (0..TIMES).for_each(|_| drop(black_box(verify()))),
            ],
        );
        for (what, times) in [("assess_chain", &ours), ("webpki alone", &theirs)] {
            let each = median(times.iter().copied()) / TIMES as f64;
            println!("{what:<12} {:>6.1} µs of CPU time a chain", each * 1e6);
        }
        let what = "CPU time of assess_chain relative to webpki's verification alone";
        goals.at_most(what, ratio(&ours, &theirs), 2.25);
        Ok(())
    }
}

#[expect(clippy::disallowed_methods, reason = "the certificates are of today")]
fn now() -> Result<Duration, Failure> {
    Ok(SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?)
}

/// One version, and who is to speak it.
struct Bench {
    version: &'static str,
    server: Arc<ServerConfig>,
    clients: [(&'static str, Client); 3],
}

impl Bench {
    async fn time(&self, goals: &mut Goals) -> Result<(), Failure> {
        let mut times = [const { Vec::new() }; 3];
        for round in 0..=ROUNDS {
            for (times, (_, client)) in times.iter_mut().zip(&self.clients) {
                let time = self.handshakes(client).await?;
                // The first warms up.
                if round > 0 {
                    times.push(time);
                }
            }
        }
        for ((name, _), times) in self.clients.iter().zip(&times) {
            let each = median(times.iter().copied()) / HANDSHAKES as f64;
            println!(
                "{}: {name:<9} {:>6.1} µs of CPU time a handshake",
                self.version,
                each * 1e6
            );
        }
        let [recorder, blind, verifying] = &times;
        for (name, theirs) in [("blind", blind), ("verifying", verifying)] {
            let what = format!(
                "CPU time of a recorded handshake, {}, relative to a {name} rustls client",
                self.version
            );
            goals.at_most(&what, ratio(recorder, theirs), 1.1);
        }
        Ok(())
    }

    /// Makes handshakes; the CPU time they took the client, in seconds.
    async fn handshakes(&self, client: &Client) -> Result<f64, Failure> {
        let elsewhere = Rc::default();
        let started = ThreadTime::now();
        for _ in 0..HANDSHAKES {
            black_box(client.handshake(self.connect(&elsewhere)?).await?);
        }
        let all = started.elapsed();
        Ok(all.saturating_sub(elsewhere.get()).as_secs_f64())
    }

    fn connect(&self, elsewhere: &Rc<Cell<Duration>>) -> Result<Peer, Failure> {
        let elsewhere = Rc::clone(elsewhere);
        let connection = aside(&elsewhere, || {
            ServerConnection::new(Arc::clone(&self.server))
        })?;
        Ok(Peer {
            connection,
            elsewhere,
        })
    }

    async fn memory(&self, goals: &mut Goals) -> Result<(), Failure> {
        let mut kept = Vec::new();
        for (name, client) in &self.clients {
            let elsewhere = Rc::default();
            let mut held = Vec::with_capacity(HELD);
            // Measuring goes by closures, so the future of each handshake is polled within one; it never waits.
            let mut failed = None;
            let counted = allocation_counter::measure(|| {
                for _ in 0..HELD {
                    let connected = self.connect(&elsewhere);
                    match connected.and_then(|peer| at_once(client.handshake(peer))) {
                        Ok(stream) => held.push(stream),
                        Err(error) => failed = Some(error),
                    }
                }
            });
            if let Some(error) = failed {
                return Err(error);
            }
            let each = counted.bytes_current as f64 / HELD as f64;
            println!(
                "{}: {name:<9} {each:>6.0} octets kept for a connection, {:.0} allocated, in {:.1} allocations",
                self.version,
                counted.bytes_total as f64 / HELD as f64,
                counted.count_total as f64 / HELD as f64,
            );
            kept.push(each);
            drop(held);
        }
        if let [recorder, blind, _] = kept[..] {
            let what = format!(
                "memory of a recorded connection and its capture, {}, relative to a blind rustls client",
                self.version
            );
            goals.at_most(&what, recorder / blind, 1.5);
        }
        Ok(())
    }
}

/// The outcome of something that is ready when first asked.
fn at_once<T>(future: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let mut future = Box::pin(future);
    match future
        .as_mut()
        .poll(&mut Context::from_waker(std::task::Waker::noop()))
    {
        Poll::Ready(result) => result,
        Poll::Pending => Err("expected a handshake without waiting".into()),
    }
}

enum Client {
    Recorder(Recorder),
    Bare(Arc<ClientConfig>),
}

/// What is there after a handshake.
#[expect(dead_code, reason = "it is held for its memory")]
enum Connection {
    Recorded(Box<tls_inspect::Recorded<Peer>>),
    Bare(Box<tokio_rustls::client::TlsStream<Peer>>),
}

impl Client {
    async fn handshake(&self, peer: Peer) -> Result<Connection, Failure> {
        match self {
            Self::Recorder(recorder) => {
                let recorded = recorder.record(peer, &ReferenceId::parse(NAME)?).await;
                if recorded.stream.is_none() || recorded.capture.chain.len() != 2 {
                    return Err(
                        format!("expected a handshake, found {:?}", recorded.capture).into(),
                    );
                }
                Ok(Connection::Recorded(Box::new(recorded)))
            }
            Self::Bare(config) => {
                let connector = TlsConnector::from(Arc::clone(config));
                let stream = connector.connect(ServerName::try_from(NAME)?, peer).await?;
                Ok(Connection::Bare(Box::new(stream)))
            }
        }
    }
}

/// A stream whose other end is a server that answers while it is written to.
#[derive(Debug)]
struct Peer {
    connection: ServerConnection,
    /// The CPU time that servers took.
    elsewhere: Rc<Cell<Duration>>,
}

/// Does the server's part of the work; neither its time nor its memory is the client's.
fn aside<T>(elsewhere: &Cell<Duration>, work: impl FnOnce() -> T) -> T {
    let started = ThreadTime::now();
    let mut result = None;
    allocation_counter::opt_out(|| result = Some(work()));
    elsewhere.set(elsewhere.get() + started.elapsed());
    let Some(result) = result else {
        unreachable!("the work was done")
    };
    result
}

impl AsyncRead for Peer {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let Self {
            connection,
            elsewhere,
        } = &mut *self;
        if !connection.wants_write() {
            return Poll::Pending;
        }
        let written = aside(elsewhere, || {
            let mut room = buffer.initialize_unfilled();
            connection.write_tls(&mut room)
        });
        buffer.advance(written?);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Peer {
    fn poll_write(
        mut self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
        mut octets: &[u8],
    ) -> Poll<io::Result<usize>> {
        let Self {
            connection,
            elsewhere,
        } = &mut *self;
        let read = aside(elsewhere, || {
            let read = connection.read_tls(&mut octets)?;
            connection.process_new_packets().map_err(io::Error::other)?;
            Ok(read)
        });
        Poll::Ready(read)
    }

    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
