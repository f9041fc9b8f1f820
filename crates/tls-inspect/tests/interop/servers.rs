//! Servers on the loopback interface: the programs that mail meets, started as wanted.

pub(crate) mod device;
mod keys;
pub(crate) mod postfix;
mod programs;
pub(crate) mod rustls;

use std::any::Any;
use std::future::Future;
use std::io::{self, BufRead as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::Child;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use tls_inspect::DialError;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

pub(crate) use self::keys::{
    BRAINPOOL, EC, ED448, ED25519, KeyKind, P521, RSA, RSA_1024, RSA_PSS, certificate,
};
pub(crate) use self::programs::{gnutls, openssl, openssl_with};

/// What stands before TLS on a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Talk {
    Nothing,
    /// SMTP up to the reply to STARTTLS.
    Smtp,
}

/// A running server, ended when dropped.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) talk: Talk,
    /// What the program writes of itself.
    log: Option<PathBuf>,
    alive: Vec<Box<dyn Any + Send + Sync>>,
}

impl Server {
    /// A server that listens here as long as `alive` lives.
    fn new(address: SocketAddr, alive: impl Any + Send + Sync) -> Self {
        Self {
            address,
            talk: Talk::Nothing,
            log: None,
            alive: vec![Box::new(alive)],
        }
    }

    /// Connects, up to where TLS is the next thing to be spoken.
    pub(crate) fn dial(&self) -> impl Future<Output = Result<TcpStream, DialError>> + Send + use<> {
        let (address, talk) = (self.address, self.talk);
        async move {
            let mut stream = TcpStream::connect(address)
                .await
                .map_err(|error| DialError::from_io_error(&error))?;
            if talk == Talk::Smtp {
                expect_reply(&mut stream, "", "220").await?;
                expect_reply(&mut stream, "EHLO localhost\r\n", "250").await?;
                expect_reply(&mut stream, "STARTTLS\r\n", "220").await?;
            }
            Ok(stream)
        }
    }

    /// The end of what the program wrote of itself.
    pub(crate) fn log(&self) -> String {
        let log = self.log.as_ref().map(std::fs::read_to_string);
        let log = log.and_then(Result::ok).unwrap_or_default();
        let lines: Vec<_> = log.lines().collect();
        lines[lines.len().saturating_sub(40)..].join("\n")
    }
}

/// Sends a command and reads the reply to its end, and no further.
async fn expect_reply(stream: &mut TcpStream, command: &str, code: &str) -> Result<(), DialError> {
    let mut reply = String::new();
    let unreachable = |reply: &str, error: io::Error| {
        let text = format!("{error}, after {command:?} and the reply {reply:?}");
        DialError::Unreachable(text)
    };
    let sent = stream.write_all(command.as_bytes()).await;
    sent.map_err(|error| unreachable(&reply, error))?;
    loop {
        let begin = reply.len();
        while !reply.ends_with('\n') || reply.len() == begin {
            let octet = stream.read_u8().await;
            reply.push(char::from(
                octet.map_err(|error| unreachable(&reply, error))?,
            ));
        }
        if reply.as_bytes().get(begin + 3) != Some(&b'-') {
            break;
        }
    }
    match reply.starts_with(code) {
        true => Ok(()),
        false => Err(DialError::Refused(reply)),
    }
}

/// A program, killed when dropped.
pub(crate) struct Process(pub(crate) Child);

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Ports of the loopback interface that nobody listens on, for the programs that cannot choose
/// one themselves. None is told twice, and none is of the range from which the system takes the
/// ports of others, who could have it before the program does.
fn free_ports(count: usize) -> Vec<SocketAddr> {
    static NEXT: AtomicU16 = AtomicU16::new(20_000);
    let next = || SocketAddr::from((Ipv4Addr::LOCALHOST, NEXT.fetch_add(1, Ordering::Relaxed)));
    let is_free = |address: &SocketAddr| std::net::TcpListener::bind(address).is_ok();
    let free = std::iter::repeat_with(next).take(10_000).filter(is_free);
    let all: Vec<_> = free.take(count).collect();
    assert_eq!(all.len(), count, "no free ports from 20000 on");
    all
}

/// Waits until somebody listens.
fn wait_for(address: SocketAddr) -> bool {
    wait_until(|| std::net::TcpStream::connect(address).map(drop))
}

/// Waits until SMTP is spoken from the greeting to the end. Somebody may listen long before.
fn wait_for_smtp(address: SocketAddr) -> bool {
    wait_until(|| {
        let mut stream = std::net::TcpStream::connect(address)?;
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        let mut lines = io::BufReader::new(stream.try_clone()?).lines();
        for command in ["QUIT\r\n", ""] {
            let line = lines.next().ok_or(io::ErrorKind::UnexpectedEof)??;
            if !line.starts_with("22") {
                return Err(io::Error::other(line));
            }
            stream.write_all(command.as_bytes())?;
        }
        Ok(())
    })
}

fn wait_until(is_up: impl Fn() -> io::Result<()>) -> bool {
    for _ in 0..200 {
        if is_up().is_ok() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    false
}
