use tls_inspect::HandshakeFailureKind;
use tokio::io::{AsyncReadExt as _, DuplexStream, duplex};

use super::*;
use crate::observation::StartTls;

mod tls;

/// Whichever provider this build has.
fn provider() -> CryptoProvider {
    #[cfg(feature = "aws-lc-rs")]
    return CryptoProvider::aws_lc_rs();
    #[cfg(all(feature = "ring", not(feature = "aws-lc-rs")))]
    return CryptoProvider::ring();
}

fn probe(security: Security) -> Probe {
    let name = "probe.example.com".parse().expect("a name");
    let provider = provider();
    let server = ReferenceId::parse("mx.example").expect("a name");
    Probe::new(name, security, provider).with_server_name(server)
}

/// Runs a server of the given behavior against the probe, in paused time.
async fn run<F, Fut>(security: Security, server: F) -> Observation
where
    F: FnOnce(DuplexStream) -> Fut,
    Fut: Future<Output = ()> + Send + 'static,
{
    let (near, far) = duplex(256);
    let server = tokio::spawn(server(far));
    let observation = probe(security).run_on(near).await;
    server.abort();
    observation
}

/// The server's part up to the first command.
async fn greet(stream: &mut DuplexStream) {
    stream.write_all(b"220 mx.example\r\n").await.expect("open");
    let _command = stream.read(&mut [0; 64]).await;
}

/// The server's part up to the command STARTTLS.
async fn offer_starttls(stream: &mut DuplexStream) {
    greet(stream).await;
    stream
        .write_all(b"250-mx.example\r\n250 STARTTLS\r\n")
        .await
        .expect("open");
    let _command = stream.read(&mut [0; 64]).await;
}

#[track_caller]
fn check_stop(observation: &Observation, phase: Phase, cause: &Cause) {
    let stop = observation.stop().expect("it stopped");
    assert_eq!(
        (stop.phase, &stop.cause),
        (phase, cause),
        "{}",
        observation.transcript
    );
}

#[tokio::test(start_paused = true)]
async fn a_silent_server_costs_the_greeting_timeout() {
    let observation = run(Security::StartTls, |stream| async move {
        let _held = stream;
        std::future::pending::<()>().await;
    })
    .await;
    check_stop(&observation, Phase::Greeting, &Cause::Timeout);
    assert_eq!(observation.timings.total.as_secs(), 30);
}

#[tokio::test(start_paused = true)]
async fn a_tarpit_renews_no_deadline() {
    let observation = run(Security::StartTls, |mut stream| async move {
        loop {
            if stream.write_all(b"2").await.is_err() {
                return;
            }
            tokio::time::sleep(Duration::from_secs(4)).await;
        }
    })
    .await;
    let tarpit = Cause::Tarpit {
        octets_per_minute: 16,
        longest_gap: Duration::from_secs(4),
    };
    check_stop(&observation, Phase::Greeting, &tarpit);
    let stop = observation.stop().expect("it stopped");
    assert_eq!((stop.received, stop.elapsed.as_secs()), (8, 30));
}

#[tokio::test(start_paused = true)]
async fn an_endless_reply_ends_at_the_limit() {
    let observation = run(Security::StartTls, |mut stream| async move {
        while stream.write_all(b"220-and another line\r\n").await.is_ok() {}
    })
    .await;
    check_stop(&observation, Phase::Greeting, &Cause::Unreadable);
    assert!(observation.timings.total < Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_never_reads_costs_a_reply_timeout() {
    // The stream holds no octet of the client's.
    let (near, mut far) = duplex(8);
    let server = tokio::spawn(async move {
        far.write_all(b"220 x\r\n").await.expect("room");
        std::future::pending::<()>().await;
    });
    let observation = probe(Security::StartTls).run_on(near).await;
    check_stop(&observation, Phase::Ehlo, &Cause::Timeout);
    assert_eq!(observation.timings.total.as_secs(), 20);
    server.abort();
}

#[tokio::test(start_paused = true)]
async fn the_whole_session_has_an_end() {
    let timeouts = Timeouts::default().within(Duration::from_secs(7));
    let (near, far) = duplex(64);
    let observation = probe(Security::StartTls)
        .with_timeouts(timeouts)
        .run_on(near)
        .await;
    check_stop(&observation, Phase::Greeting, &Cause::Deadline);
    assert_eq!(observation.timings.total.as_secs(), 7);
    drop(far);
}

#[tokio::test(start_paused = true)]
async fn item_16_the_last_words_are_heard_after_a_failed_write() {
    let observation = run(Security::StartTls, |mut stream| async move {
        greet(&mut stream).await;
        stream.write_all(b"421 too slow\r\n").await.expect("open");
    })
    .await;
    check_stop(&observation, Phase::Ehlo, &Cause::TemporarilyUnavailable);
}

#[tokio::test(start_paused = true)]
async fn item_31_plaintext_behind_the_reply_to_starttls_is_never_input() {
    let observation = run(Security::StartTls, |mut stream| async move {
        offer_starttls(&mut stream).await;
        let injected = b"220 go\r\n250-evil.example\r\n250 AUTH PLAIN\r\n";
        stream.write_all(injected).await.expect("open");
        std::future::pending::<()>().await;
    })
    .await;
    check_stop(
        &observation,
        Phase::Handshake,
        &Cause::PlaintextAfterStartTls,
    );
    let evidence = b"250-evil.example\r\n250 AUTH PLAIN\r\n".to_vec();
    assert_eq!(observation.starttls, StartTls::PlaintextInjected(evidence));
    assert_eq!(observation.ehlo_in_tls, None);
}

#[tokio::test(start_paused = true)]
async fn item_21_plaintext_on_a_port_for_tls_is_named() {
    let observation = run(Security::Implicit, |mut stream| async move {
        tokio::time::sleep(Duration::from_millis(50)).await;
        stream
            .write_all(b"220 mx.example ESMTP\r\n")
            .await
            .expect("open");
        std::future::pending::<()>().await;
    })
    .await;
    check_stop(&observation, Phase::Handshake, &Cause::TlsFailed);
    let capture = observation.tls.expect("a handshake was begun");
    let failure = capture.outcome.failure().expect("it failed");
    assert_eq!(failure.kind, HandshakeFailureKind::NotTls);
    assert!(failure.received.starts_with(b"220 mx.example"), "{failure}");
}

#[tokio::test(start_paused = true)]
async fn a_handshake_that_goes_nowhere_has_its_own_timeout() {
    let observation = run(Security::Implicit, |stream| async move {
        let _held = stream;
        std::future::pending::<()>().await;
    })
    .await;
    check_stop(&observation, Phase::Handshake, &Cause::Timeout);
    let failure = observation
        .tls
        .and_then(|tls| tls.outcome.failure().cloned())
        .expect("it failed");
    assert_eq!(failure.kind, HandshakeFailureKind::Timeout);
    assert_eq!(observation.timings.total.as_secs(), 15);
}

#[tokio::test]
async fn a_closed_port_refuses() {
    // Bound and not listening: the kernel refuses, and nobody else can take the port.
    let socket = tokio::net::TcpSocket::new_v4().expect("a socket");
    socket
        .bind(SocketAddr::from(([127, 0, 0, 1], 0)))
        .expect("a port");
    let address = socket.local_addr().expect("bound");
    let observation = probe(Security::StartTls).run(address).await;
    assert_eq!(observation.port, PortState::Refused);
    assert_eq!(observation.address, Some(address));
    check_stop(&observation, Phase::Connect, &Cause::NotConnected);
    assert_eq!(observation.starttls, StartTls::NotReached);
}

#[tokio::test]
async fn an_address_that_is_not_this_hosts_is_this_hosts_fault() {
    let foreign = IpAddr::from([192, 0, 2, 1]);
    let probe = probe(Security::StartTls).with_local_address(foreign);
    let observation = probe.run(SocketAddr::from(([127, 0, 0, 1], 9))).await;
    assert!(
        matches!(observation.port, PortState::CouldNotTell(_)),
        "{}",
        observation.port
    );
}

#[tokio::test(start_paused = true)]
async fn last_words_in_pieces_are_heard() {
    let observation = run(Security::StartTls, |mut stream| async move {
        greet(&mut stream).await;
        stream.write_all(b"421-closing\r\n").await.expect("open");
        tokio::time::sleep(Duration::from_millis(20)).await;
        stream.write_all(b"421 bye\r\n").await.expect("open");
    })
    .await;
    check_stop(&observation, Phase::Ehlo, &Cause::TemporarilyUnavailable);
}

#[tokio::test(start_paused = true)]
async fn a_timeout_without_end_is_no_panic() {
    let timeouts = Timeouts {
        greeting: Duration::MAX,
        reply: Duration::MAX,
        session: Duration::MAX,
        ..Timeouts::default()
    };
    let (near, mut far) = duplex(64);
    let server = tokio::spawn(async move {
        far.write_all(b"220 x\r\n").await.expect("room");
    });
    let observation = probe(Security::StartTls)
        .with_timeouts(timeouts)
        .run_on(near)
        .await;
    assert!(observation.stop().is_some());
    server.await.expect("it ends");
}

/// Plaintext a moment after the 220 reaches the handshake; it is the same injection.
#[tokio::test(start_paused = true)]
async fn plaintext_a_moment_behind_the_220_is_the_same_injection() {
    let observation = run(Security::StartTls, |mut stream| async move {
        offer_starttls(&mut stream).await;
        stream.write_all(b"220 go\r\n").await.expect("open");
        tokio::time::sleep(Duration::from_millis(5)).await;
        stream
            .write_all(b"250-evil.example\r\n250 AUTH PLAIN\r\n")
            .await
            .expect("open");
        std::future::pending::<()>().await;
    })
    .await;
    check_stop(
        &observation,
        Phase::Handshake,
        &Cause::PlaintextAfterStartTls,
    );
    assert!(matches!(
        observation.starttls,
        StartTls::PlaintextInjected(_)
    ));
}

#[tokio::test(start_paused = true)]
async fn a_proxy_header_is_the_first_thing_that_a_server_hears() {
    let (near, mut far) = duplex(256);
    let server = tokio::spawn(async move {
        let mut header = [0; 28];
        far.read_exact(&mut header).await.expect("a header");
        greet(&mut far).await;
        header
    });
    let (source, destination) = ("192.0.2.1:4000", "192.0.2.2:25");
    let address = |text: &str| text.parse().expect("an address");
    let header = ProxyHeader::tcp(address(source), address(destination));
    let observation = probe(Security::StartTls)
        .with_proxy_header(header)
        .run_on(near)
        .await;
    let received = server.await.expect("it ends");
    assert_eq!(ProxyHeader::parse(&received), Some(header));
    assert!(observation.greeting.is_some(), "{}", observation.transcript);
    let shown = observation.transcript.to_string();
    assert!(
        shown.starts_with("-- PROXY TCP4 192.0.2.1:4000 192.0.2.2:25 --\n"),
        "{shown}"
    );
}

/// Between the first line of a greeting and its last a server may wait on purpose; the wait is measured.
#[tokio::test(start_paused = true)]
async fn item_19_the_gap_within_a_greeting_is_measured() {
    let observation = run(Security::StartTls, |mut stream| async move {
        stream.write_all(b"220-mx.example\r\n").await.expect("open");
        tokio::time::sleep(Duration::from_secs(6)).await;
        greet(&mut stream).await;
    })
    .await;
    let pace = observation.pace(Phase::Greeting).expect("octets came");
    assert_eq!((pace.arrivals, pace.longest_gap.as_secs()), (2, 6));
    let options = probe(Security::StartTls).options().clone();
    assert_eq!(observation.replay(&options).as_ref(), Ok(&observation));
}

/// Serves one connection on the loopback interface: says this before TLS, and what it heard after.
async fn serve_once(
    lines: &'static [&'static [u8]],
) -> (SocketAddr, tokio::task::JoinHandle<Vec<u8>>) {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0))
        .await
        .expect("a port");
    let address = listener.local_addr().expect("bound");
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        let mut heard = vec![0; 64];
        for line in lines {
            stream.write_all(line).await.expect("open");
            let count = stream.read(&mut heard).await.unwrap_or(0);
            heard.truncate(count);
            heard.resize(64, 0);
        }
        heard
    });
    (address, server)
}

#[tokio::test]
async fn a_stream_for_tls_is_handed_over_behind_the_reply_to_starttls() {
    let lines: &[&[u8]] = &[
        b"220 mx.example\r\n",
        b"250-mx.example\r\n250 STARTTLS\r\n",
        b"220 go\r\n",
    ];
    let (address, server) = serve_once(lines).await;
    let mut stream = probe(Security::StartTls)
        .connect_for_tls(address)
        .await
        .expect("a stream");
    stream.write_all(b"\x16\x03\x01").await.expect("open");
    let heard = server.await.expect("it ends");
    assert!(
        heard.starts_with(b"\x16\x03\x01\0"),
        "the last thing heard: {}",
        heard.escape_ascii()
    );
}

#[tokio::test]
async fn implicit_tls_has_its_stream_at_once() {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0))
        .await
        .expect("a port");
    let address = listener.local_addr().expect("bound");
    let ready = probe(Security::Implicit).connect_for_tls(address).await;
    assert!(ready.is_ok());
}

/// A server without STARTTLS.
const NOT_OFFERED: &[&[u8]] = &[b"220 mx.example\r\n", b"250 mx.example\r\n", b"221 bye\r\n"];
/// One that offers it, and has it for later.
const REFUSED: &[&[u8]] = &[
    b"220 mx.example\r\n",
    b"250-mx.example\r\n250 STARTTLS\r\n",
    b"454 later\r\n",
    b"221 bye\r\n",
];

#[tokio::test]
async fn where_tls_cannot_begin_the_observation_says_why() {
    let injected: &[&[u8]] = &[
        b"220 mx.example\r\n",
        b"250-mx.example\r\n250 STARTTLS\r\n",
        b"220 go\r\n250 evil\r\n",
    ];
    for (lines, expected) in [
        (NOT_OFFERED, "NotOffered"),
        (REFUSED, "Refused"),
        (injected, "PlaintextInjected"),
    ] {
        let (address, _server) = serve_once(lines).await;
        let ended = probe(Security::StartTls).connect_for_tls(address).await;
        let observation = ended.expect_err("no stream");
        let starttls = format!("{:?}", observation.starttls);
        assert!(
            starttls.starts_with(expected),
            "{starttls}\n{}",
            observation.transcript
        );
        assert_eq!(observation.tls, None);
    }
}

/// A series of connections ends at a word against it, and not at a loss on the way.
#[tokio::test]
async fn what_a_server_says_in_place_of_tls_is_a_no_and_silence_is_none() {
    let busy: &[&[u8]] = &[b"421 mx.example too many connections\r\n"];
    for (lines, said) in [
        (busy, "421"),
        (NOT_OFFERED, "not offered"),
        (REFUSED, "454 later"),
    ] {
        let (address, _server) = serve_once(lines).await;
        match probe(Security::StartTls).dial_for_tls(address).await {
            Err(DialError::Refused(words)) => assert!(words.contains(said), "{words}"),
            other => panic!("expected a refusal, found {other:?}"),
        }
    }
    let closes: &[&[u8]] = &[];
    let (address, _server) = serve_once(closes).await;
    let ended = probe(Security::StartTls).dial_for_tls(address).await;
    assert!(matches!(ended, Err(DialError::Unreachable(_))), "{ended:?}");
}
