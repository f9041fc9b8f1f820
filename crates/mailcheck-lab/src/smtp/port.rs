//! Ports without a server: one that refuses, one that never answers.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
};

use socket2::{Domain, Socket, Type};

use crate::error::LabError;

/// A loopback address that refuses connections while this lives.
#[derive(Debug)]
pub struct ClosedPort {
    addr: SocketAddr,
    _bound: Socket,
}

/// A loopback address where connections get no answer while this lives.
#[derive(Debug)]
pub struct FilteredPort {
    addr: SocketAddr,
    _listener: Socket,
    _waiting: Vec<Socket>,
}

impl ClosedPort {
    /// The address that refuses.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }
}

impl FilteredPort {
    /// The address that does not answer.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }
}

/// A port that refuses: a socket is bound to it, so that nobody else takes it, but does not listen.
///
/// # Errors
///
/// When no port can be had.
pub fn closed_port() -> Result<ClosedPort, LabError> {
    let (bound, addr) = bound().map_err(|error| LabError::socket("a closed port", error))?;
    Ok(ClosedPort {
        addr,
        _bound: bound,
    })
}

/// A port that does not answer, as behind a firewall that drops.
///
/// A socket listens with a backlog of none and never accepts, and the queue is filled here. Linux drops the
/// SYNs of all who come later, for as long as `net.ipv4.tcp_abort_on_overflow` and SYN cookies do not change
/// that (neither does by default: the accept queue is what is full).
///
/// # Errors
///
/// When no port can be had.
pub fn filtered_port() -> Result<FilteredPort, LabError> {
    /// One more than a backlog of none takes, and one for good measure.
    const FILL: usize = 3;
    let filled = || -> io::Result<_> {
        let (listener, addr) = bound()?;
        listener.listen(0)?;
        let mut waiting = Vec::new();
        for _ in 0..FILL {
            let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
            socket.set_nonblocking(true)?;
            // The first is connected at once, the others never: both are as it should be.
            let _in_progress = socket.connect(&addr.into());
            waiting.push(socket);
        }
        Ok(FilteredPort {
            addr,
            _listener: listener,
            _waiting: waiting,
        })
    };
    filled().map_err(|error| LabError::socket("a filtered port", error))
}

fn bound() -> io::Result<(Socket, SocketAddr)> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into())?;
    let addr = socket
        .local_addr()?
        .as_socket()
        .ok_or(io::ErrorKind::AddrNotAvailable)?;
    Ok((socket, addr))
}
