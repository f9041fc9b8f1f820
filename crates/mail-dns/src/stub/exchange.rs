//! One message to one server, and the reply: over UDP, or over TCP.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
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
                let length = socket.socket.recv(&mut socket.buffer).await?;
                let datagram = socket.buffer.get(..length).unwrap_or_default();
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
            let message = query.as_bytes();
            // In one write, so that they travel in one segment (RFC 7766 §8). A question is under 300 octets long.
            let length = u16::try_from(message.len()).map_err(io::Error::other)?;
            stream
                .write_all(&[&length.to_be_bytes(), message].concat())
                .await?;
            let length = stream.read_u16().await?;
            let mut reply = vec![0; usize::from(length)];
            stream.read_exact(&mut reply).await?;
            Ok::<_, io::Error>(reply)
        };
        match timeout_at(deadline, exchange).await {
            Ok(Ok(reply)) if query.is_answered_by(&reply) => Ok(reply),
            Ok(Ok(_)) => Err(AttemptFailure::Malformed(
                "expected the answer to the question, found another".into(),
            )),
            Ok(Err(error)) if is_closed(&error) => Err(AttemptFailure::Closed),
            Ok(Err(error)) => Err(AttemptFailure::Network(error.to_string())),
            Err(_) => Err(AttemptFailure::Timeout { ignored: 0 }),
        }
    }

    async fn send(&self, query: &Query) -> io::Result<Socket> {
        let kept = self.idle().pop();
        if let Some(mut kept) = kept {
            kept.uses += 1;
            if kept.socket.send(query.as_bytes()).await.is_ok() {
                return Ok(kept);
            }
            // The address that idle sockets are bound to may be gone, or the runtime that they belong to.
            self.idle().clear();
        }
        let socket = self.connect().await?;
        socket.send(query.as_bytes()).await?;
        Ok(Socket {
            socket,
            buffer: vec![0; MAX_PAYLOAD.into()].into(),
            uses: 1,
        })
    }

    async fn connect(&self) -> io::Result<UdpSocket> {
        let any: SocketAddr = match self.address {
            SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
            SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
        };
        let socket = UdpSocket::bind(any).await?;
        // Then the system drops datagrams from anywhere else, and tells of a port that is closed.
        socket.connect(self.address).await?;
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

fn is_closed(error: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
    matches!(
        error.kind(),
        UnexpectedEof | ConnectionReset | ConnectionAborted | BrokenPipe
    )
}
