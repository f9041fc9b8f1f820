//! Asking over TLS (RFC 7858), and over HTTPS (RFC 8484): the one place where the types of rustls and h2 are.
//!
//! A connection serves one question at a time, waits for the next, and is driven by who asks: no task is started. One that was closed meanwhile
//! is replaced by a new one, once a question.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::config::Protocol;
use super::exchange::{exchange, failure};
use super::message::Query;
use crate::AttemptFailure;

/// How many connections wait for the next question.
const MAX_IDLE: usize = 8;

/// How servers that are asked over TLS or HTTPS are authenticated: the cryptography provider and the trusted authorities are the caller's choice.
///
/// # Examples
///
/// ```no_run
/// use std::sync::Arc;
/// use mail_dns::stub::{Server, StubConfig, StubResolver, TlsClient};
///
/// # fn example(provider: rustls::crypto::CryptoProvider, roots: rustls::RootCertStore) -> Result<(), Box<dyn std::error::Error>> {
/// let tls = rustls::ClientConfig::builder_with_provider(Arc::new(provider))
///     .with_safe_default_protocol_versions()?
///     .with_root_certificates(roots)
///     .with_no_client_auth();
/// let mut config = StubConfig::new(["192.0.2.53#dns.example".parse::<Server>()?]);
/// config.tls = Some(TlsClient::new(tls));
/// let dns = StubResolver::new(config);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct TlsClient {
    tls: Arc<ClientConfig>,
    #[cfg(feature = "dns-over-https")]
    https: Arc<ClientConfig>,
}

impl TlsClient {
    /// Takes a configuration; for HTTPS, ALPN is set to HTTP/2.
    #[must_use]
    pub fn new(config: ClientConfig) -> Self {
        #[cfg(feature = "dns-over-https")]
        let https = {
            let mut https = config.clone();
            https.alpn_protocols = vec![b"h2".to_vec()];
            Arc::new(https)
        };
        Self {
            tls: Arc::new(config),
            #[cfg(feature = "dns-over-https")]
            https,
        }
    }
}

/// Equal if it is the same.
impl PartialEq for TlsClient {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.tls, &other.tls)
    }
}

impl Eq for TlsClient {}

impl fmt::Debug for TlsClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsClient").finish_non_exhaustive()
    }
}

/// Asks one server.
#[derive(Debug)]
pub(super) struct Channel {
    address: SocketAddr,
    client: TlsClient,
    name: ServerName<'static>,
    kind: Kind,
}

enum Kind {
    Tls(Mutex<Vec<TlsStream<TcpStream>>>),
    #[cfg(feature = "dns-over-https")]
    Https(https::Connections),
}

impl fmt::Debug for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tls(_) => "Tls",
            #[cfg(feature = "dns-over-https")]
            Self::Https(_) => "Https",
        })
    }
}

impl Channel {
    /// `None` for a protocol that is not encrypted, or that this build does not speak.
    pub(super) fn new(address: SocketAddr, protocol: &Protocol, client: TlsClient) -> Option<Self> {
        let (name, kind) = match protocol {
            Protocol::Plain => return None,
            Protocol::Tls { name } => (name, Kind::Tls(Mutex::default())),
            #[cfg(feature = "dns-over-https")]
            Protocol::Https { name, path } => {
                (name, Kind::Https(https::Connections::new(name, path)?))
            }
            #[cfg(not(feature = "dns-over-https"))]
            Protocol::Https { .. } => return None,
        };
        Some(Self {
            address,
            client,
            name: ServerName::try_from(name.to_string()).ok()?,
            kind,
        })
    }

    pub(super) async fn ask(
        &self,
        query: &Query,
        deadline: Instant,
    ) -> Result<Vec<u8>, AttemptFailure> {
        let exchange = async {
            match &self.kind {
                Kind::Tls(idle) => self.ask_tls(idle, query).await,
                #[cfg(feature = "dns-over-https")]
                Kind::Https(connections) => {
                    let connect = || connect(self.address, &self.client.https, &self.name);
                    connections.ask(query, connect).await
                }
            }
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

    async fn ask_tls(
        &self,
        idle: &Mutex<Vec<TlsStream<TcpStream>>>,
        query: &Query,
    ) -> io::Result<Vec<u8>> {
        let kept = lock(idle).pop();
        if let Some(mut stream) = kept
            && let Ok(reply) = exchange(&mut stream, query).await
        {
            keep(idle, stream);
            return Ok(reply);
        }
        let mut stream = connect(self.address, &self.client.tls, &self.name).await?;
        let reply = exchange(&mut stream, query).await?;
        keep(idle, stream);
        Ok(reply)
    }
}

async fn connect(
    address: SocketAddr,
    config: &Arc<ClientConfig>,
    name: &ServerName<'static>,
) -> io::Result<TlsStream<TcpStream>> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    TlsConnector::from(Arc::clone(config))
        .connect(name.clone(), stream)
        .await
}

fn lock<T>(idle: &Mutex<Vec<T>>) -> MutexGuard<'_, Vec<T>> {
    idle.lock().unwrap_or_else(PoisonError::into_inner)
}

fn keep<T>(idle: &Mutex<Vec<T>>, connection: T) {
    let mut idle = lock(idle);
    if idle.len() < MAX_IDLE {
        idle.push(connection);
    }
}

#[cfg(feature = "dns-over-https")]
mod https {
    //! One POST a question, over HTTP/2 (RFC 8484 §4.1, §5.2).

    use std::pin::pin;

    use bytes::Bytes;
    use futures_util::future::{Either, select};
    use h2::client::{Connection, SendRequest};
    use http::{HeaderMap, Request, StatusCode, Uri, header};

    use super::*;

    /// The longest DNS message (RFC 1035 §4.2.2).
    const MAX_REPLY: usize = 65_535;
    const MEDIA_TYPE: &str = "application/dns-message";

    pub(super) struct Connections {
        uri: Uri,
        idle: Mutex<Vec<Http>>,
    }

    /// Both ends of a connection: what asks, and what moves octets while it is polled.
    struct Http {
        requests: SendRequest<Bytes>,
        connection: Connection<TlsStream<TcpStream>, Bytes>,
    }

    impl Connections {
        pub(super) fn new(name: &crate::DomainName, path: &str) -> Option<Self> {
            let uri = Uri::builder()
                .scheme("https")
                .authority(name.to_string())
                .path_and_query(path);
            Some(Self {
                uri: uri.build().ok()?,
                idle: Mutex::default(),
            })
        }

        pub(super) async fn ask<F>(
            &self,
            query: &Query,
            connect: impl Fn() -> F,
        ) -> io::Result<Vec<u8>>
        where
            F: Future<Output = io::Result<TlsStream<TcpStream>>>,
        {
            let kept = lock(&self.idle).pop();
            if let Some(mut http) = kept
                && let Ok(reply) = http.ask(&self.uri, query).await
            {
                keep(&self.idle, http);
                return Ok(reply);
            }
            let (requests, connection) = h2::client::handshake(connect().await?)
                .await
                .map_err(io_error)?;
            let mut http = Http {
                requests,
                connection,
            };
            let reply = http.ask(&self.uri, query).await?;
            keep(&self.idle, http);
            Ok(reply)
        }
    }

    impl Http {
        async fn ask(&mut self, uri: &Uri, query: &Query) -> io::Result<Vec<u8>> {
            let exchange = pin!(exchange(self.requests.clone(), uri, query));
            match select(exchange, &mut self.connection).await {
                Either::Left((reply, _)) => reply,
                // It is over, but what has come before is there to be read.
                Either::Right((Ok(()), exchange)) => exchange.await,
                Either::Right((Err(error), _)) => Err(io_error(error)),
            }
        }
    }

    async fn exchange(
        requests: SendRequest<Bytes>,
        uri: &Uri,
        query: &Query,
    ) -> io::Result<Vec<u8>> {
        let mut requests = requests.ready().await.map_err(io_error)?;
        let request = Request::post(uri.clone())
            .header(header::CONTENT_TYPE, MEDIA_TYPE)
            .header(header::ACCEPT, MEDIA_TYPE)
            .header(header::CONTENT_LENGTH, query.as_bytes().len())
            .body(())
            .map_err(io::Error::other)?;
        let (response, mut body) = requests.send_request(request, false).map_err(io_error)?;
        body.send_data(Bytes::copy_from_slice(query.as_bytes()), true)
            .map_err(io_error)?;
        let response = response.await.map_err(io_error)?;
        check(response.status(), response.headers())?;
        let mut stream = response.into_body();
        let mut reply = Vec::new();
        while let Some(data) = stream.data().await {
            let data = data.map_err(io_error)?;
            if reply.len() + data.len() > MAX_REPLY {
                return Err(io::Error::other(
                    "expected a message of at most 65535 octets, found a longer one",
                ));
            }
            reply.extend_from_slice(&data);
            stream
                .flow_control()
                .release_capacity(data.len())
                .map_err(io_error)?;
        }
        Ok(reply)
    }

    /// Any other status, such as a redirect, is no answer (RFC 8484 §4.2.1).
    fn check(status: StatusCode, headers: &HeaderMap) -> io::Result<()> {
        if status != StatusCode::OK {
            return Err(io::Error::other(format!(
                "expected HTTP status 200, found {}",
                status.as_u16()
            )));
        }
        let media_type = headers
            .get(header::CONTENT_TYPE)
            .map(http::HeaderValue::as_bytes);
        let essence = media_type.and_then(|text| text.split(|octet| *octet == b';').next());
        match essence.map(<[u8]>::trim_ascii) {
            Some(essence) if essence.eq_ignore_ascii_case(MEDIA_TYPE.as_bytes()) => Ok(()),
            _ => Err(io::Error::other(
                "expected the media type application/dns-message, found another",
            )),
        }
    }

    fn io_error(error: h2::Error) -> io::Error {
        if error.is_io() {
            error
                .into_io()
                .unwrap_or_else(|| io::ErrorKind::UnexpectedEof.into())
        } else {
            io::Error::other(error.to_string())
        }
    }
}
