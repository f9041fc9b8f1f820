//! A connection, in clear or under TLS, read by lines.

use std::{io, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_rustls::server::TlsStream;

use super::Acceptor;

/// RFC 5321, section 4.5.3.1.4 asks for 512; tests may send more than that.
const MAX_LINE: usize = 4_096;

/// A connection and what was read ahead from it.
#[derive(Debug)]
pub(super) struct Stream {
    wire: Option<Wire>,
    ahead: Vec<u8>,
}

#[derive(Debug)]
enum Wire {
    Clear(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl Stream {
    pub(super) fn new(tcp: TcpStream) -> Self {
        Self {
            wire: Some(Wire::Clear(tcp)),
            ahead: Vec::new(),
        }
    }

    /// The next line without its ending, or none at the end.
    pub(super) async fn line(&mut self) -> io::Result<Option<Vec<u8>>> {
        loop {
            if let Some(end) = self.ahead.iter().position(|&byte| byte == b'\n') {
                let mut line: Vec<u8> = self.ahead.drain(..=end).collect();
                line.pop();
                if line.last() == Some(&b'\r') {
                    line.pop();
                }
                return Ok(Some(line));
            }
            if self.ahead.len() > MAX_LINE {
                return Err(io::ErrorKind::InvalidData.into());
            }
            if !self.fill().await? {
                return Ok(None);
            }
        }
    }

    /// Forgets what was read ahead.
    pub(super) fn forget(&mut self) {
        self.ahead.clear();
    }

    pub(super) async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self.wire()? {
            Wire::Clear(tcp) => tcp.write_all(bytes).await,
            Wire::Tls(tls) => {
                tls.write_all(bytes).await?;
                tls.flush().await
            }
        }
    }

    /// Makes the TLS handshake; how many octets had come before it, and what was agreed.
    pub(super) async fn start_tls(&mut self, acceptor: &Acceptor) -> io::Result<(usize, String)> {
        let early = std::mem::take(&mut self.ahead).len();
        let Some(Wire::Clear(tcp)) = self.wire.take() else {
            return Err(io::ErrorKind::InvalidInput.into());
        };
        let tls = acceptor.0.accept(tcp).await?;
        let session = tls.get_ref().1;
        let agreed = match (session.protocol_version(), session.server_name()) {
            (Some(version), Some(name)) => format!("{version:?} {name}"),
            (Some(version), None) => format!("{version:?}"),
            (None, _) => String::new(),
        };
        self.wire = Some(Wire::Tls(Box::new(tls)));
        Ok((early, agreed))
    }

    pub(super) fn is_tls(&self) -> bool {
        matches!(self.wire, Some(Wire::Tls(_)))
    }

    /// Ends what the server has to say.
    pub(super) async fn shut_down(&mut self) -> io::Result<()> {
        match self.wire()? {
            Wire::Clear(tcp) => tcp.shutdown().await,
            Wire::Tls(tls) => tls.shutdown().await,
        }
    }

    /// Closes with a reset.
    pub(super) fn reset(&mut self) -> io::Result<()> {
        let tcp = match self.wire()? {
            Wire::Clear(tcp) => &*tcp,
            Wire::Tls(tls) => tls.get_ref().0,
        };
        socket2::SockRef::from(tcp).set_linger(Some(Duration::ZERO))?;
        self.wire = None;
        Ok(())
    }

    async fn fill(&mut self) -> io::Result<bool> {
        let mut chunk = [0; 1_024];
        let length = match self.wire()? {
            Wire::Clear(tcp) => tcp.read(&mut chunk).await?,
            Wire::Tls(tls) => tls.read(&mut chunk).await?,
        };
        self.ahead.extend(chunk.iter().take(length));
        Ok(length > 0)
    }

    fn wire(&mut self) -> io::Result<&mut Wire> {
        self.wire
            .as_mut()
            .ok_or_else(|| io::ErrorKind::NotConnected.into())
    }
}
