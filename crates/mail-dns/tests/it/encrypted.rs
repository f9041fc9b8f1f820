//! Servers asked over TLS and over HTTPS, with certificates of the laboratory's authority.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use hickory_proto::op::{Message, OpCode};
use http::{Response, StatusCode};
use mail_dns::stub::{Server, StubConfig, StubResolver, TlsClient};
use mail_dns::{LookupErrorKind, Transport};
use mailcheck_lab::ca::{CertificateKind, TestCa};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::ask;
use crate::responder::record;

/// What a server does with a connection.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Habit {
    Good,
    /// Closes after every answer.
    OneEach,
    /// Answers another question.
    Wrong,
    /// HTTP status 500.
    Ill,
    /// Says that it is text.
    Text,
    /// Sends more than a message can have.
    Endless,
}

struct Encrypted {
    address: SocketAddr,
    connections: Arc<AtomicUsize>,
    _tasks: JoinSet<()>,
}

fn provider() -> Arc<rustls::crypto::CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}

impl Encrypted {
    async fn start(ca: &TestCa, alpn: &[&str], habit: Habit) -> Self {
        let (chain, key) = ca
            .chain(CertificateKind::Healthy, &["dns.test"])
            .expect("a certificate");
        let mut config = rustls::ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .expect("a certificate");
        config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("bound");
        let connections = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&connections);
        let is_https = !alpn.is_empty();
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut serving = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::Relaxed);
                let acceptor = acceptor.clone();
                serving.spawn(async move {
                    // A client that does not believe the certificate goes away.
                    let Ok(stream) = acceptor.accept(stream).await else {
                        return;
                    };
                    if is_https {
                        serve_https(stream, habit).await;
                    } else {
                        serve_tls(stream, habit).await;
                    }
                });
            }
        });
        Self {
            address,
            connections,
            _tasks: tasks,
        }
    }

    fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }
}

fn answer(question: &[u8], habit: Habit) -> Vec<u8> {
    let question = Message::from_vec(question).expect("a question");
    let mut reply = Message::response(question.metadata.id, OpCode::Query);
    reply.metadata.recursion_available = true;
    if habit != Habit::Wrong {
        reply.add_queries(question.queries.clone());
    }
    reply.add_answer(record("www.test. 300 IN A 192.0.2.1"));
    reply.to_vec().expect("octets")
}

async fn serve_tls(mut stream: TlsStream<TcpStream>, habit: Habit) {
    while let Ok(length) = stream.read_u16().await {
        let mut question = vec![0; usize::from(length)];
        stream.read_exact(&mut question).await.expect("a question");
        let reply = answer(&question, habit);
        stream
            .write_u16(u16::try_from(reply.len()).expect("short"))
            .await
            .expect("a peer");
        stream.write_all(&reply).await.expect("a peer");
        stream.flush().await.expect("a peer");
        if habit == Habit::OneEach {
            return drop(stream.shutdown().await);
        }
    }
}

async fn serve_https(stream: TlsStream<TcpStream>, habit: Habit) {
    let mut connection = h2::server::handshake(stream).await.expect("HTTP/2");
    while let Some(Ok((request, mut respond))) = connection.accept().await {
        assert_eq!(request.uri(), "https://dns.test/dns-query");
        assert_eq!(request.headers()["content-type"], "application/dns-message");
        let mut body = request.into_body();
        let mut question = Vec::new();
        // The connection has to be driven while the request comes.
        loop {
            tokio::select! {
                data = body.data() => match data {
                    Some(data) => question.extend_from_slice(&data.expect("a body")),
                    None => break,
                },
                more = connection.accept() => assert!(more.is_none(), "one question a connection at a time"),
            }
        }
        assert_eq!(question[..2], [0, 0], "the id is zero");
        let status = if habit == Habit::Ill {
            StatusCode::INTERNAL_SERVER_ERROR
        } else {
            StatusCode::OK
        };
        let media_type = if habit == Habit::Text {
            "text/plain"
        } else {
            "application/dns-message"
        };
        let response = Response::builder()
            .status(status)
            .header("content-type", media_type)
            .body(())
            .expect("a response");
        let mut stream = respond.send_response(response, false).expect("a peer");
        if habit == Habit::Endless {
            stream
                .send_data(Bytes::from(vec![0; 70_000]), true)
                .expect("a peer");
        } else {
            stream
                .send_data(Bytes::from(answer(&question, habit)), true)
                .expect("a peer");
        }
        if habit == Habit::OneEach {
            connection.graceful_shutdown();
        }
    }
}

fn resolver(ca: &TestCa, server: &str) -> StubResolver {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(ca.root_der()).expect("a root");
    let tls = rustls::ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    // What the path is worth is another question.
    let server: Server = server.parse().expect("a server");
    let mut config = StubConfig::new([server.with_trusted(false)]);
    config.cache_octets = 0;
    config.tls = Some(TlsClient::new(tls));
    StubResolver::new(config)
}

const DOT: &str = "#dns.test";
const DOH: &str = "#dns.test/dns-query";

async fn start(ca: &TestCa, suffix: &str, habit: Habit) -> (Encrypted, StubResolver) {
    let alpn: &[&str] = if suffix == DOH { &["h2"] } else { &[] };
    let server = Encrypted::start(ca, alpn, habit).await;
    let dns = resolver(ca, &format!("{}{suffix}", server.address));
    (server, dns)
}

#[tokio::test]
async fn questions_share_a_connection() {
    let ca = TestCa::new().expect("an authority");
    for (suffix, transport) in [(DOT, Transport::Tls), (DOH, Transport::Https)] {
        let (server, dns) = start(&ca, suffix, Habit::Good).await;
        for _ in 0..5 {
            let answer = ask(&dns, "www.test").await.expect("an answer");
            assert_eq!(
                (answer.addresses().count(), answer.source.transport),
                (1, transport)
            );
        }
        assert_eq!(server.connections(), 1, "{suffix}");
    }
}

#[tokio::test]
async fn a_connection_that_was_closed_is_replaced() {
    let ca = TestCa::new().expect("an authority");
    for suffix in [DOT, DOH] {
        let (server, dns) = start(&ca, suffix, Habit::OneEach).await;
        for _ in 0..3 {
            assert!(ask(&dns, "www.test").await.is_ok(), "{suffix}");
        }
        assert_eq!(server.connections(), 3, "{suffix}");
    }
}

#[tokio::test]
async fn many_questions_at_a_time_are_answered() {
    let ca = TestCa::new().expect("an authority");
    for suffix in [DOT, DOH] {
        let (server, dns) = start(&ca, suffix, Habit::Good).await;
        let asking: JoinSet<_> = (0..20)
            .map(|host| {
                let dns = dns.clone();
                async move { ask(&dns, &format!("h{host}.test")).await.is_ok() }
            })
            .collect();
        assert!(
            asking.join_all().await.into_iter().all(|answered| answered),
            "{suffix}"
        );
        assert!(server.connections() <= 20);
    }
}

#[tokio::test]
async fn whoever_cannot_prove_the_name_is_not_asked() {
    let (ca, other) = (
        TestCa::new().expect("an authority"),
        TestCa::new().expect("another"),
    );
    for suffix in [DOT, DOH, "#other.test", "#other.test/dns-query"] {
        let alpn: &[&str] = if suffix.contains('/') { &["h2"] } else { &[] };
        let server = Encrypted::start(&ca, alpn, Habit::Good).await;
        let believed = if suffix.contains("other") {
            &ca
        } else {
            &other
        };
        let error = ask(
            &resolver(believed, &format!("{}{suffix}", server.address)),
            "www.test",
        )
        .await
        .expect_err("a stranger");
        assert_eq!(error.kind(), LookupErrorKind::Unreachable, "{suffix}");
        assert!(
            error
                .attempts()
                .iter()
                .all(|attempt| attempt.to_string().contains("certificate")),
            "{error:?}"
        );
    }
}

#[tokio::test]
async fn replies_that_are_none_are_told() {
    let ca = TestCa::new().expect("an authority");
    let shown = |error: mail_dns::LookupError| error.attempts()[0].failure.to_string();
    for (habit, expected) in [
        (Habit::Ill, "expected HTTP status 200, found 500"),
        (
            Habit::Text,
            "expected the media type application/dns-message, found another",
        ),
        (
            Habit::Endless,
            "expected a message of at most 65535 octets, found a longer one",
        ),
        (
            Habit::Wrong,
            "unreadable answer: expected the answer to the question, found another",
        ),
    ] {
        let (_server, dns) = start(&ca, DOH, habit).await;
        assert_eq!(
            shown(ask(&dns, "www.test").await.expect_err("no answer")),
            expected
        );
    }
    let (_server, dns) = start(&ca, DOT, Habit::Wrong).await;
    assert!(shown(ask(&dns, "www.test").await.expect_err("no answer")).contains("found another"));
}

#[tokio::test]
async fn without_a_client_nothing_is_asked_in_clear() {
    let ca = TestCa::new().expect("an authority");
    let server = Encrypted::start(&ca, &[], Habit::Good).await;
    let place: Server = format!("{}{DOT}", server.address)
        .parse()
        .expect("a server");
    let dns = StubResolver::new(StubConfig::new([place.with_trusted(false)]));
    let error = ask(&dns, "www.test").await.expect_err("nobody is asked");
    assert_eq!(
        (error.kind(), server.connections()),
        (LookupErrorKind::Unreachable, 0)
    );
}
