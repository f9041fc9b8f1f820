//! SMTP servers that follow a script, good or hostile.
//!
//! A [`Script`] is text, a step a line, in the notation of the RFCs: `S:` is what the server says, `C:`
//! what it waits for. The same script is played for each connection.
//!
//! | line | what the server does |
//! | --- | --- |
//! | `S: text` | sends the text and CRLF |
//! | `S- text` | sends the text alone |
//! | `C: prefix` | reads a line; if it begins otherwise (letter case aside), answers 500, or 221 to `QUIT`, and closes |
//! | `TLS` | makes the server's side of a TLS handshake; what had arrived before is dropped |
//! | `WAIT 3s` | waits (`ms` or `s`) |
//! | `DRIP 1s text` | sends the text and CRLF, one octet each interval |
//! | `REPEAT text` | sends the text and CRLF until the peer closes, or 64 MiB are sent |
//! | `HANG` | reads and says nothing until the peer closes |
//! | `CLOSE` | closes; so does the end of the script |
//! | `RESET` | closes with a TCP reset |
//! | `ON verb text` | from here on, `SERVE` answers this command with the text and CRLF |
//! | `SERVE host …` | answers as a well-behaved server; `STARTTLS` and `AUTH` after the name offer them, AUTH only under TLS |
//!
//! Text knows the escapes `\r`, `\n`, `\0`, `\\` and `\xNN`. Empty lines and lines that begin with `#` are
//! skipped. A text that is sent is not read meanwhile: `REPEAT` hears nothing.
//!
//! ```
//! use mailcheck_lab::smtp::{Script, SmtpServer};
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! let script = Script::parse("S: 421 4.3.2 not today\nCLOSE")?;
//! let server = SmtpServer::start(script, None).await?;
//! assert!(server.addr().ip().is_loopback());
//! # Ok::<(), mailcheck_lab::LabError>(())
//! # }).unwrap();
//! ```
//!
//! # Limits
//!
//! 256 connections at a time, of 120 s each; lines of 4,096 octets; a log of 10,000 sessions of 1,000 lines of
//! 1,024 characters.

mod built_in;
mod log;
mod play;
mod port;
mod script;
mod serve;
mod stream;

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use rustls::ServerConfig;
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinSet,
    time::{sleep, timeout},
};
use tokio_rustls::TlsAcceptor;

pub use self::{
    built_in::BuiltIn,
    log::{Attempts, Session},
    port::{ClosedPort, FilteredPort, closed_port, filtered_port},
    script::Script,
};
use self::{log::Log, play::Player};
use crate::{
    ca::Identity,
    error::{LabError, LabErrorKind},
    guard::Guard,
};

/// Connections at a time, and how long each may live.
const MAX_CONNECTIONS: usize = 256;
const CONNECTION_LIFE: Duration = Duration::from_secs(120);

/// A running server; it ends when this is dropped.
#[derive(Debug)]
pub struct SmtpServer {
    addr: SocketAddr,
    log: Arc<Log>,
    guard: Guard,
}

impl SmtpServer {
    /// Starts a server on 127.0.0.1, on a port of the system's choice.
    ///
    /// # Errors
    ///
    /// When the script needs a certificate and none is given, when certificate and key cannot be used, or
    /// no port can be had.
    pub async fn start(script: Script, tls: Option<Identity>) -> Result<Self, LabError> {
        if tls.is_none() && script.needs_tls() {
            let detail = "expected a certificate for a script with TLS, found none";
            return Err(LabError::new(LabErrorKind::Script, detail));
        }
        let acceptor = tls.map(acceptor).transpose()?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .map_err(|error| LabError::socket("a TCP port", error))?;
        let addr = listener
            .local_addr()
            .map_err(|error| LabError::socket("an address", error))?;
        let log = Arc::new(Log::default());
        let stage = Arc::new(Stage {
            script,
            acceptor,
            log: Arc::clone(&log),
        });
        let guard = Guard::spawn(listener, |listener| serve_all(stage, listener));
        Ok(Self { addr, log, guard })
    }

    /// Where it listens.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// What was said in each connection so far, in order of arrival.
    #[must_use]
    pub fn sessions(&self) -> Vec<Session> {
        self.log.sessions()
    }

    /// How many commands came that a probe must never send.
    #[must_use]
    pub fn attempts(&self) -> Attempts {
        self.log.attempts()
    }

    /// How many MAIL commands came.
    #[must_use]
    pub fn mail_attempts(&self) -> u64 {
        self.attempts().mail
    }

    /// Ends the server and waits until its sockets are closed.
    pub async fn stop(self) {
        self.guard.stop().await;
    }
}

/// What every connection of a server shares.
#[derive(Debug)]
struct Stage {
    script: Script,
    acceptor: Option<Acceptor>,
    log: Arc<Log>,
}

/// `TlsAcceptor`, which has no `Debug` of its own.
#[derive(Clone)]
struct Acceptor(TlsAcceptor);

impl std::fmt::Debug for Acceptor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Acceptor")
    }
}

fn acceptor((chain, key): Identity) -> Result<Acceptor, LabError> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key))
        .map(|config| Acceptor(Arc::new(config).into()))
        .map_err(|error| {
            let detail = format!("expected a certificate and its key, found: {error}");
            LabError::new(LabErrorKind::Certificate, detail)
        })
}

async fn serve_all(stage: Arc<Stage>, listener: Arc<TcpListener>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept(), if connections.len() < MAX_CONNECTIONS => {
                let Ok((stream, peer)) = accepted else {
                    // Out of descriptors, most likely: others may give some back.
                    sleep(Duration::from_millis(10)).await;
                    continue;
                };
                connections.spawn(serve_one(Arc::clone(&stage), stream, peer));
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn serve_one(stage: Arc<Stage>, stream: TcpStream, peer: SocketAddr) {
    let mut player = Player::new(&stage, stream, peer);
    match timeout(CONNECTION_LIFE, player.play()).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => player.note("END ", error.to_string().as_bytes()),
        Err(_) => player.note("END ", b"of its time"),
    }
}
