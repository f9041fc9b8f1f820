//! Servers on the loopback interface: the programs that mail meets, started as wanted.

pub(crate) mod device;
mod keys;
pub(crate) mod postfix;
mod programs;
pub(crate) mod rustls;

use std::any::Any;
use std::future::Future;
use std::net::{Ipv4Addr, SocketAddr};
use std::process::Child;
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
    alive: Vec<Box<dyn Any + Send + Sync>>,
}

impl Server {
    /// A server that listens here as long as `alive` lives.
    fn new(address: SocketAddr, alive: impl Any + Send + Sync) -> Self {
        Self {
            address,
            talk: Talk::Nothing,
            alive: vec![Box::new(alive)],
        }
    }

    /// Connects, up to where TLS is the next thing to be spoken.
    pub(crate) fn dial(&self) -> impl Future<Output = Result<TcpStream, DialError>> + Send + use<> {
        let (address, talk) = (self.address, self.talk);
        async move {
            let io = |error: std::io::Error| DialError::from_io_error(&error);
            let mut stream = TcpStream::connect(address).await.map_err(io)?;
            if talk == Talk::Smtp {
                expect_reply(&mut stream, "220").await?;
                stream.write_all(b"EHLO localhost\r\n").await.map_err(io)?;
                expect_reply(&mut stream, "250").await?;
                stream.write_all(b"STARTTLS\r\n").await.map_err(io)?;
                expect_reply(&mut stream, "220").await?;
            }
            Ok(stream)
        }
    }
}

/// Reads a reply to its end, and no further.
async fn expect_reply(stream: &mut TcpStream, code: &str) -> Result<(), DialError> {
    let mut reply = String::new();
    loop {
        let begin = reply.len();
        while !reply.ends_with('\n') || reply.len() == begin {
            let octet = stream.read_u8().await;
            reply.push(char::from(
                octet.map_err(|error| DialError::from_io_error(&error))?,
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

/// Ports of the loopback interface that nobody listened on just now, for the programs that cannot
/// choose one themselves. They are told at once, as one that is told may be told again.
fn free_ports(count: usize) -> Vec<SocketAddr> {
    let bind = |_| std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let all: Vec<_> = (0..count).map(bind).collect();
    all.iter().map(|one| one.local_addr().unwrap()).collect()
}

/// Waits until somebody listens.
fn wait_for(address: SocketAddr) -> bool {
    for _ in 0..200 {
        if std::net::TcpStream::connect(address).is_ok() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    false
}
