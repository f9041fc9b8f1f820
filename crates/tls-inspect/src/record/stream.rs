//! The stream under a recorded handshake, and the one after it.

use std::io;
use std::mem;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_rustls::client::TlsStream;

use crate::HandshakeFailure;

/// The encrypted stream after a completed handshake.
///
/// The peer may be anyone: look at the capture's
/// [`key_possession`](crate::Capture::key_possession) and judge the chain before believing
/// anything read from it.
#[derive(Debug)]
pub struct RecordedStream<S> {
    inner: TlsStream<Tap<S>>,
    truncated: bool,
}

impl<S> RecordedStream<S> {
    pub(super) fn new(inner: TlsStream<Tap<S>>) -> Self {
        Self {
            inner,
            truncated: false,
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
        match ready!(Pin::new(&mut self.inner).poll_read(cx, buffer)) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                self.truncated = true;
                Poll::Ready(Ok(()))
            }
            result => Poll::Ready(result),
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

/// Keeps the first octets received, so that a peer that answers in plaintext can be quoted.
#[derive(Debug)]
pub(super) struct Tap<S> {
    inner: S,
    /// Nothing is kept once the handshake is over.
    received: Option<Received>,
}

/// The octets that a [`Tap`] keeps; outlives it.
#[derive(Clone, Debug, Default)]
pub(super) struct Received(Arc<Mutex<Vec<u8>>>);

impl Received {
    /// What was kept. It is handed out once.
    pub(super) fn take(&self) -> Vec<u8> {
        mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn keep(&self, octets: &[u8]) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let room = HandshakeFailure::FIRST_OCTETS.saturating_sub(kept.len());
        kept.extend_from_slice(octets.get(..room).unwrap_or(octets));
    }
}

impl<S> Tap<S> {
    pub(super) fn new(inner: S) -> (Self, Received) {
        let received = Received::default();
        (
            Self {
                inner,
                received: Some(received.clone()),
            },
            received,
        )
    }

    /// Keeps nothing from here on, and what was kept no longer than its other owner.
    pub(super) fn let_go(&mut self) {
        self.received = None;
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
        if let Some(received) = &self.received {
            received.keep(buffer.filled().get(before..).unwrap_or_default());
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
        Pin::new(&mut self.inner).poll_write(cx, octets)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}
