//! One message to one server, and the reply: over UDP, or over TCP.

use std::future::poll_fn;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket as StdSocket};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, Interest};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::{Instant, timeout_at};

use super::message::Query;
use crate::AttemptFailure;

/// How many sockets wait for the next question.
const MAX_IDLE: usize = 32;
/// How many questions a socket asks before its port is given up: whoever has found the port out has to start again.
const MAX_USES: u32 = 64;
/// The longest datagram taken, and asked for.
pub(super) const MAX_PAYLOAD: u16 = 4096;
/// How many datagrams that answer another question are read; so many are a flood or an attack (RFC 5452 §9.3).
const MAX_IGNORED: u32 = 64;
/// What to wait for.
const TIDINGS: Interest = Interest::READABLE.add(Interest::ERROR);

/// Asks one server.
#[derive(Debug)]
pub(super) struct Channel {
    address: SocketAddr,
    idle: Mutex<Vec<Socket>>,
}

/// A connected UDP socket with a port of the system's choice, which is random (RFC 5452 §9.2). It serves one question at
/// a time and goes back only after its answer has come, so a late answer finds its port closed.
#[derive(Debug)]
struct Socket {
    socket: UdpSocket,
    buffer: Box<[u8]>,
    uses: u32,
}

impl Socket {
    /// Tells the runtime that there is nothing to read, as it finds out by itself only by trying: one system call less a
    /// question. What comes from now on is announced all the same.
    fn expect_nothing_yet(&self) {
        let nothing = || Err::<(), _>(io::ErrorKind::WouldBlock.into());
        let _ = self.socket.try_io(TIDINGS, nothing);
    }

    async fn receive(&mut self) -> io::Result<&[u8]> {
        loop {
            let ready = self.socket.ready(TIDINGS).await?;
            if ready.is_error() {
                // A port that is closed makes nothing readable.
                if let Some(error) = self.socket.take_error()? {
                    return Err(error);
                }
                let nothing = || Err::<(), _>(io::ErrorKind::WouldBlock.into());
                let _ = self.socket.try_io(Interest::ERROR, nothing);
            }
            match self.socket.try_recv(&mut self.buffer) {
                Ok(length) => return Ok(self.buffer.get(..length).unwrap_or_default()),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
    }
}

impl Channel {
    pub(super) fn new(address: SocketAddr) -> Self {
        Self {
            address,
            idle: Mutex::default(),
        }
    }

    /// Sends a datagram and waits for its answer. Nothing is left behind if the caller is cancelled.
    pub(super) async fn ask_udp(
        &self,
        query: &Query,
        deadline: Instant,
    ) -> Result<Vec<u8>, AttemptFailure> {
        let mut ignored = 0;
        let exchange = async {
            let mut socket = self.send(query).await?;
            while ignored < MAX_IGNORED {
                let datagram = socket.receive().await?;
                if query.is_answered_by(datagram) {
                    let reply = datagram.to_vec();
                    self.put_back(socket);
                    return Ok(Some(reply));
                }
                ignored += 1;
            }
            Ok::<_, io::Error>(None)
        };
        match timeout_at(deadline, exchange).await {
            Ok(Ok(Some(reply))) => Ok(reply),
            Ok(Err(error)) => Err(AttemptFailure::Network(error.to_string())),
            Ok(Ok(None)) | Err(_) => Err(AttemptFailure::Timeout { ignored }),
        }
    }

    /// Asks over a TCP connection of its own (RFC 7766 §8: each message behind its length in two octets).
    pub(super) async fn ask_tcp(
        &self,
        query: &Query,
        deadline: Instant,
    ) -> Result<Vec<u8>, AttemptFailure> {
        let exchange = async {
            let mut stream = TcpStream::connect(self.address).await?;
            exchange(&mut stream, query).await
        };
        match timeout_at(deadline, exchange).await {
            Ok(Ok(reply)) if query.is_answered_by(&reply) => Ok(reply),
            Ok(Ok(_)) => Err(AttemptFailure::Malformed(
                "expected the answer to the question, found another".into(),
            )),
            Ok(Err(error)) => Err(failure(&error)),
            Err(_) => Err(AttemptFailure::Timeout { ignored: 0 }),
        }
    }

    /// Sends from an idle socket, or from a new one.
    async fn send(&self, query: &Query) -> io::Result<Socket> {
        let kept = self.idle().pop();
        if let Some(mut kept) = kept {
            kept.uses += 1;
            kept.expect_nothing_yet();
            let sent = poll_fn(|cx| kept.socket.poll_send(cx, query.as_bytes())).await;
            if sent.is_ok() {
                return Ok(kept);
            }
            // The address that idle sockets are bound to may be gone, or the runtime that they belong to.
            self.idle().clear();
        }
        // A datagram leaves a new socket at once or not at all.
        let socket = self.connect()?;
        socket.send(query.as_bytes())?;
        Ok(Socket {
            socket: UdpSocket::from_std(socket)?,
            buffer: vec![0; MAX_PAYLOAD.into()].into(),
            uses: 1,
        })
    }

    fn connect(&self) -> io::Result<StdSocket> {
        let any: SocketAddr = match self.address {
            SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
            SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
        };
        let socket = StdSocket::bind(any)?;
        socket.set_nonblocking(true)?;
        // Then the system drops datagrams from anywhere else, and tells of a port that is closed.
        socket.connect(self.address)?;
        Ok(socket)
    }

    fn put_back(&self, socket: Socket) {
        let mut idle = self.idle();
        if socket.uses < MAX_USES && idle.len() < MAX_IDLE {
            idle.push(socket);
        }
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Socket>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A question and its answer on a stream, each behind its length in two octets (RFC 7766 §8).
pub(super) async fn exchange(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    query: &Query,
) -> io::Result<Vec<u8>> {
    let message = query.as_bytes();
    // In one write, so that they travel in one segment (RFC 7766 §8). A question is under 300 octets long.
    let length = u16::try_from(message.len()).map_err(io::Error::other)?;
    stream
        .write_all(&[&length.to_be_bytes(), message].concat())
        .await?;
    stream.flush().await?;
    let length = stream.read_u16().await?;
    let mut reply = vec![0; usize::from(length)];
    stream.read_exact(&mut reply).await?;
    Ok(reply)
}

/// What a failed stream means.
pub(super) fn failure(error: &io::Error) -> AttemptFailure {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
    match error.kind() {
        UnexpectedEof | ConnectionReset | ConnectionAborted | BrokenPipe => AttemptFailure::Closed,
        _ => AttemptFailure::Network(error.to_string()),
    }
}
