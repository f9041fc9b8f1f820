//! The stream under a recorded handshake, and the one after it.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_rustls::client::TlsStream;

use super::wire::{Seen, Wire};
use crate::{HandshakeFailure, HandshakeFailureKind};

/// The encrypted stream after a completed handshake.
///
/// The peer may be anyone: look at the capture's
/// [`key_possession`](crate::Capture::key_possession) and judge the chain before believing
/// anything read from it.
#[derive(Debug)]
pub struct RecordedStream<S> {
    inner: TlsStream<Tap<S>>,
    truncated: bool,
    /// Whether the server is known to have finished the handshake too.
    confirmed: bool,
    /// Whether the server had asked for a client certificate.
    is_asked: bool,
    late_failure: Option<HandshakeFailure>,
}

impl<S> RecordedStream<S> {
    pub(super) fn new(inner: TlsStream<Tap<S>>, is_asked: bool) -> Self {
        // Under TLS 1.2 the server finishes last (RFC 5246 §7.3), under TLS 1.3 the client does.
        let version = inner.get_ref().1.protocol_version();
        Self {
            inner,
            truncated: false,
            confirmed: version != Some(rustls::ProtocolVersion::TLSv1_3),
            is_asked,
            late_failure: None,
        }
    }

    /// Why the server did not finish the handshake that this side believed done.
    ///
    /// Under TLS 1.3 the client finishes first and learns only from the next read whether the
    /// server has: one that insists on a client certificate then sends an alert
    /// (RFC 9846 §4.4.2.4), or just goes. This is what went wrong before the first octet of
    /// application data came, if something did; `close_notify` is nothing wrong. If it is no
    /// alert, the server may have finished and gone for another reason.
    #[must_use]
    pub const fn late_failure(&self) -> Option<&HandshakeFailure> {
        self.late_failure.as_ref()
    }

    fn note_failure(&mut self, failure: impl FnOnce() -> HandshakeFailure) {
        if !self.confirmed && self.late_failure.is_none() {
            let failure = failure();
            self.late_failure = Some(if self.is_asked {
                failure.after_request()
            } else {
                failure
            });
        }
    }

    /// Whether the peer closed the connection without `close_notify` (RFC 9846 §6.1). Many mail
    /// servers do after QUIT, so a read then sees the plain end of the stream.
    #[must_use]
    pub const fn is_truncated(&self) -> bool {
        self.truncated
    }

    /// The stream underneath.
    #[must_use]
    pub fn transport(&self) -> &S {
        &self.inner.get_ref().0.inner
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for RecordedStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        match ready!(Pin::new(&mut self.inner).poll_read(cx, buffer)) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                self.truncated = true;
                let text = "closed before the first octet of application data";
                self.note_failure(|| HandshakeFailure::new(HandshakeFailureKind::PeerClosed, text));
                Poll::Ready(Ok(()))
            }
            Err(error) => {
                self.note_failure(|| HandshakeFailure::from_io_error(&error));
                Poll::Ready(Err(error))
            }
            Ok(()) => {
                self.confirmed |= buffer.filled().len() > before;
                Poll::Ready(Ok(()))
            }
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for RecordedStream<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        octets: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, octets)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

/// Looks at what passes while the handshake lasts.
#[derive(Debug)]
pub(super) struct Tap<S> {
    inner: S,
    /// Nothing is looked at once the handshake is over.
    wire: Option<SharedWire>,
}

/// What a [`Tap`] sees; outlives it.
#[derive(Clone, Debug, Default)]
pub(super) struct SharedWire(Arc<Mutex<Wire>>);

impl SharedWire {
    /// What was seen. It is handed out once.
    pub(super) fn take(&self) -> Seen {
        self.lock().take()
    }

    fn lock(&self) -> MutexGuard<'_, Wire> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S> Tap<S> {
    pub(super) fn new(inner: S) -> (Self, SharedWire) {
        let wire = SharedWire::default();
        (
            Self {
                inner,
                wire: Some(wire.clone()),
            },
            wire,
        )
    }

    /// Looks at nothing from here on.
    pub(super) fn let_go(&mut self) {
        self.wire = None;
    }

    /// Keeps in mind that writing failed, if it did.
    fn written<T>(&self, result: io::Result<T>) -> io::Result<T> {
        if let (Err(_), Some(wire)) = (&result, &self.wire) {
            wire.lock().failed();
        }
        result
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Tap<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let result = ready!(Pin::new(&mut self.inner).poll_read(cx, buffer));
        if let Some(wire) = &self.wire {
            let mut wire = wire.lock();
            wire.received(buffer.filled().get(before..).unwrap_or_default());
            if result.is_err() {
                wire.failed();
            }
        }
        Poll::Ready(result)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Tap<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        octets: &[u8],
    ) -> Poll<io::Result<usize>> {
        let result = ready!(Pin::new(&mut self.inner).poll_write(cx, octets));
        let count = self.written(result)?;
        if let Some(wire) = &self.wire {
            wire.lock().sent(octets.get(..count).unwrap_or(octets));
        }
        Poll::Ready(Ok(count))
    }

    // A flight of several records goes in one piece: a server that refuses the first record would
    // else be gone before the last, and take its alert with it.
    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let result = ready!(Pin::new(&mut self.inner).poll_write_vectored(cx, pieces));
        let count = self.written(result)?;
        if let Some(wire) = &self.wire {
            let (mut wire, mut left) = (wire.lock(), count);
            for piece in pieces {
                let sent = piece.get(..left).unwrap_or(piece);
                wire.sent(sent);
                left = left.saturating_sub(sent.len());
            }
        }
        Poll::Ready(Ok(count))
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let result = ready!(Pin::new(&mut self.inner).poll_flush(cx));
        Poll::Ready(self.written(result))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}
