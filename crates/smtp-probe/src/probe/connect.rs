//! The TCP connection, and what it means when there is none.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpSocket, TcpStream};

use crate::observation::{LocalFault, PortState};

/// A TCP stream that keeps nobody waiting, neither by what it sends nor by what it acknowledges.
///
/// Without `TCP_NODELAY` the end of the TLS handshake waits here for an acknowledgment (RFC 896), and so does the EHLO after it. The
/// server's reply waits there in the same way, behind the session tickets of TLS 1.3, until they are acknowledged; so whoever
/// waits for more acknowledges what came at once, not up to 500 ms later (RFC 1122 §4.2.3.2). Each costs 40 ms on Linux.
#[derive(Debug)]
pub struct PromptStream(TcpStream);

impl AsyncRead for PromptStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let read = Pin::new(&mut self.0).poll_read(context, buffer);
        #[cfg(target_os = "linux")]
        if read.is_pending() {
            // It holds until the kernel thinks better of it, which is why it is said again; if it cannot be had, things take longer.
            drop(self.0.set_quickack(true));
        }
        read
    }
}

impl AsyncWrite for PromptStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        octets: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, octets)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        octets: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write_vectored(context, octets)
    }

    fn is_write_vectored(&self) -> bool {
        self.0.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }
}

pub(super) async fn connect(
    address: SocketAddr,
    local: Option<IpAddr>,
) -> io::Result<PromptStream> {
    let socket = if address.is_ipv4() {
        TcpSocket::new_v4()?
    } else {
        TcpSocket::new_v6()?
    };
    if let Some(local) = local {
        socket.bind(SocketAddr::new(local, 0))?;
    }
    let stream = socket.connect(address).await?;
    // A peer that has reset already makes it fail, which is no fault of this host; the session will see.
    drop(stream.set_nodelay(true));
    Ok(PromptStream(stream))
}

/// What a failed connection says of the port.
///
/// Only what came from the other side is said of it; what this host could not do is its own fault.
pub(super) fn classify(error: &io::Error, address: SocketAddr) -> PortState {
    let text = || error.to_string();
    match error.kind() {
        // A reset in answer to a SYN.
        io::ErrorKind::ConnectionRefused => PortState::Refused,
        // One after it, before this host could do anything with the connection.
        io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted => PortState::Reset,
        io::ErrorKind::TimedOut => PortState::Filtered,
        // The kernel says the same when a router does and when it has no route itself.
        io::ErrorKind::NetworkUnreachable | io::ErrorKind::HostUnreachable => {
            if has_route(address) {
                PortState::Unreachable(text())
            } else {
                PortState::CouldNotTell(LocalFault::NoRoute)
            }
        }
        io::ErrorKind::PermissionDenied => {
            PortState::CouldNotTell(LocalFault::NotPermitted(text()))
        }
        io::ErrorKind::AddrInUse | io::ErrorKind::AddrNotAvailable | io::ErrorKind::OutOfMemory => {
            PortState::CouldNotTell(LocalFault::Resources(text()))
        }
        _ if is_network_word(error) => PortState::Unreachable(text()),
        _ if is_descriptor_shortage(error) => {
            PortState::CouldNotTell(LocalFault::Resources(text()))
        }
        _ => PortState::CouldNotTell(LocalFault::Other(text())),
    }
}

/// Whether this host knows a way to `address`: connecting a datagram socket looks one up and sends nothing.
fn has_route(address: SocketAddr) -> bool {
    let any = if address.is_ipv4() {
        IpAddr::V4(Ipv4Addr::UNSPECIFIED)
    } else {
        IpAddr::V6(Ipv6Addr::UNSPECIFIED)
    };
    UdpSocket::bind((any, 0))
        .and_then(|socket| socket.connect(address))
        .is_ok()
}

/// ENOPROTOOPT, EHOSTDOWN and ENONET: what routers and hosts say by ICMP, and have no kind of their own.
fn is_network_word(error: &io::Error) -> bool {
    cfg!(target_os = "linux") && matches!(error.raw_os_error(), Some(64 | 92 | 112))
}

/// ENFILE and EMFILE have no kind of their own.
fn is_descriptor_shortage(error: &io::Error) -> bool {
    cfg!(unix) && matches!(error.raw_os_error(), Some(23 | 24))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(error: io::Error, expected: &PortState) {
        let address = SocketAddr::from(([127, 0, 0, 1], 25));
        assert_eq!(&classify(&error, address), expected, "{error}");
    }

    #[test]
    fn only_what_the_other_side_says_is_said_of_it() {
        check(io::ErrorKind::ConnectionRefused.into(), &PortState::Refused);
        check(io::ErrorKind::ConnectionReset.into(), &PortState::Reset);
        check(io::ErrorKind::TimedOut.into(), &PortState::Filtered);
        let unreachable = io::Error::from(io::ErrorKind::HostUnreachable);
        let text = unreachable.to_string();
        check(unreachable, &PortState::Unreachable(text));
    }

    /// With Nagle's algorithm, the last flight of a handshake and the EHLO behind it wait for each other.
    #[tokio::test]
    async fn small_writes_are_not_held_back() {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await;
        let address = listener.and_then(|listener| listener.local_addr().map(|at| (listener, at)));
        let (_listener, address) = address.expect("a listener");
        let stream = connect(address, None).await.expect("a connection");
        assert!(stream.0.nodelay().expect("an option"));
    }

    #[test]
    fn what_this_host_cannot_do_is_no_word_about_the_port() {
        for error in [
            io::ErrorKind::PermissionDenied.into(),
            io::ErrorKind::AddrNotAvailable.into(),
            io::Error::from_raw_os_error(24),
            io::Error::other("strange"),
        ] {
            let state = classify(&error, SocketAddr::from(([127, 0, 0, 1], 25)));
            assert!(
                matches!(state, PortState::CouldNotTell(_)),
                "{error}: {state:?}"
            );
        }
    }

    #[test]
    fn no_route_is_told_from_an_unreachable_network() {
        // Nothing routes to the unspecified part of this reserved range in IPv6 (RFC 6666: discard-only).
        let error = io::Error::from(io::ErrorKind::NetworkUnreachable);
        let loopback = SocketAddr::from(([127, 0, 0, 1], 25));
        assert!(matches!(
            classify(&error, loopback),
            PortState::Unreachable(_)
        ));
        assert!(has_route(loopback));
    }
}
