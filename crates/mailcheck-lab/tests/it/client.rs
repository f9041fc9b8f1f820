//! A plain client, as simple as can be.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use mailcheck_lab::ca::TestCa;
use rustls::{ClientConfig, RootCertStore, pki_types::ServerName};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

pub(crate) const PATIENCE: Duration = Duration::from_secs(5);

#[expect(clippy::disallowed_methods, reason = "tests of delays measure them")]
pub(crate) fn now() -> std::time::Instant {
    std::time::Instant::now()
}

pub(crate) async fn connect(addr: SocketAddr) -> TcpStream {
    timeout(PATIENCE, TcpStream::connect(addr))
        .await
        .unwrap()
        .unwrap()
}

/// What comes until `end` is seen, or the peer closes.
pub(crate) async fn read_until(stream: &mut (impl AsyncRead + Unpin), end: &[u8]) -> Vec<u8> {
    let mut seen = Vec::new();
    let reading = async {
        while !seen.ends_with(end) || end.is_empty() {
            match stream.read_u8().await {
                Ok(byte) => seen.push(byte),
                Err(_) => break,
            }
        }
    };
    timeout(PATIENCE, reading).await.unwrap();
    seen
}

/// Sends a command and reads the reply to its last line.
pub(crate) async fn ask(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    command: &str,
) -> String {
    stream
        .write_all(format!("{command}\r\n").as_bytes())
        .await
        .unwrap();
    reply(stream).await
}

pub(crate) async fn reply(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut whole = String::new();
    loop {
        let line = String::from_utf8(read_until(stream, b"\r\n").await).unwrap();
        let more = line.as_bytes().get(3) == Some(&b'-');
        whole.push_str(&line);
        if !more {
            return whole;
        }
    }
}

pub(crate) async fn start_tls(
    stream: TcpStream,
    ca: &TestCa,
    name: &str,
) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(ca.root_der()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from(name.to_owned()).unwrap();
    TlsConnector::from(Arc::new(config))
        .connect(name, stream)
        .await
}
