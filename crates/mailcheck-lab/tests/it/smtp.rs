//! Scripts, seen by a plain client.

use std::{io, time::Duration};

use mailcheck_lab::{
    LabErrorKind,
    ca::{CertificateKind, TestCa},
    smtp::{BuiltIn, Script, SmtpServer, closed_port, filtered_port},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{sleep, timeout},
};

use crate::client::{PATIENCE, ask, connect, now, read_until, reply, start_tls};

async fn plain(script: &str) -> SmtpServer {
    SmtpServer::start(Script::parse(script).unwrap(), None)
        .await
        .unwrap()
}

async fn built_in(script: BuiltIn) -> (SmtpServer, TestCa) {
    let ca = TestCa::new().unwrap();
    let identity = ca.chain(CertificateKind::Healthy, &["mx.test"]).unwrap();
    let server = SmtpServer::start(script.script("mx.test").unwrap(), Some(identity)).await;
    (server.unwrap(), ca)
}

#[tokio::test]
async fn lines_go_out_as_written_and_are_logged() {
    let server = plain("S: 220 a\nS- 250-\\xfc\\r\\n\nC: ehlo\nS: 250 b\nCLOSE").await;
    let mut stream = connect(server.addr()).await;
    assert_eq!(
        read_until(&mut stream, b"\xfc\r\n").await,
        b"220 a\r\n250-\xfc\r\n"
    );
    assert_eq!(ask(&mut stream, "EHLO me").await, "250 b\r\n");
    assert_eq!(read_until(&mut stream, b"").await, b"");
    let sessions = server.sessions();
    assert_eq!(sessions[0].peer, stream.local_addr().unwrap());
    assert_eq!(
        sessions[0].lines,
        [
            "S: 220 a",
            r"S: 250-\xfc",
            "C: EHLO me",
            "S: 250 b",
            "CLOSE"
        ]
    );
}

#[tokio::test]
async fn what_is_not_in_the_script_ends_it() {
    let server = plain("C: EHLO\nS: 250 b").await;
    let mut stream = connect(server.addr()).await;
    assert_eq!(
        ask(&mut stream, "HELO me").await,
        "500 5.5.1 Not in the script\r\n"
    );
    assert_eq!(read_until(&mut stream, b"").await, b"");
    let mut stream = connect(server.addr()).await;
    assert_eq!(ask(&mut stream, "quit").await, "221 2.0.0 Bye\r\n");
}

#[tokio::test]
async fn a_healthy_server_speaks_tls_and_takes_no_mail() {
    let (server, ca) = built_in(BuiltIn::Submission).await;
    let mut stream = connect(server.addr()).await;
    assert_eq!(reply(&mut stream).await, "220 mx.test ESMTP\r\n");
    let clear = ask(&mut stream, "EHLO me").await;
    assert!(
        clear.contains("250-STARTTLS\r\n") && !clear.contains("AUTH"),
        "{clear}"
    );
    assert!(ask(&mut stream, "STARTTLS now").await.starts_with("501 "));
    assert!(ask(&mut stream, "STARTTLS").await.starts_with("220 "));
    let mut stream = start_tls(stream, &ca, "mx.test").await.unwrap();
    // RFC 3207, section 4.2: the session begins anew.
    assert!(ask(&mut stream, "MAIL FROM:<>").await.starts_with("503 "));
    let hidden = ask(&mut stream, "EHLO me").await;
    assert!(
        !hidden.contains("STARTTLS") && hidden.contains("250-AUTH PLAIN LOGIN\r\n"),
        "{hidden}"
    );
    assert!(ask(&mut stream, "STARTTLS").await.starts_with("503 "));
    for (command, code) in [
        ("NOOP", "250 "),
        ("RCPT TO:<a@b.test>", "503 "),
        ("MAIL FROM:<>", "250 "),
        ("RCPT TO:<a@b.test>", "250 "),
        ("DATA", "554 "),
        ("RSET", "250 "),
        ("DATA", "503 "),
        ("AUTH PLAIN AA==", "535 "),
        ("NONSENSE", "500 "),
        ("EHLO", "501 "),
        ("HELO me", "250 mx.test\r\n"),
        ("QUIT", "221 "),
    ] {
        let reply = ask(&mut stream, command).await;
        assert!(reply.starts_with(code), "{command}: {reply}");
    }
    let attempts = server.attempts();
    assert_eq!(
        (attempts.mail, attempts.rcpt, attempts.data, attempts.auth),
        (2, 2, 2, 1)
    );
    assert_eq!(server.mail_attempts(), 2);
    assert!(
        server.sessions()[0]
            .lines
            .contains(&"TLS TLSv1_3 mx.test".to_owned())
    );
}

#[tokio::test]
async fn plaintext_behind_starttls_is_dropped() {
    let (server, ca) = built_in(BuiltIn::Healthy).await;
    let mut stream = connect(server.addr()).await;
    reply(&mut stream).await;
    ask(&mut stream, "EHLO me").await;
    // In one segment: the server must not answer the second after TLS.
    assert!(
        ask(&mut stream, "STARTTLS\r\nNOOP")
            .await
            .starts_with("220 ")
    );
    let mut stream = start_tls(stream, &ca, "mx.test").await.unwrap();
    assert!(ask(&mut stream, "QUIT").await.starts_with("221 "));
    let lines = &server.sessions()[0].lines;
    assert!(
        lines
            .iter()
            .any(|line| line.ends_with("6 octets before it dropped")),
        "{lines:?}"
    );
}

#[tokio::test]
async fn injected_plaintext_comes_in_one_segment_and_tls_works_after_it() {
    let (server, ca) = built_in(BuiltIn::Injected).await;
    let mut stream = connect(server.addr()).await;
    reply(&mut stream).await;
    ask(&mut stream, "EHLO me").await;
    stream.write_all(b"STARTTLS\r\n").await.unwrap();
    let mut buffer = [0; 512];
    let length = stream.read(&mut buffer).await.unwrap();
    assert_eq!(
        &buffer[..length],
        b"220 2.0.0 Go ahead\r\n250-evil.example\r\n250 AUTH PLAIN\r\n"
    );
    let mut stream = start_tls(stream, &ca, "mx.test").await.unwrap();
    assert!(ask(&mut stream, "EHLO me").await.starts_with("250-mx.test"));
    drop(server);
}

#[tokio::test]
async fn built_in_greetings() {
    for (script, expected) in [
        (BuiltIn::Healthy, &b"220 mx.test ESMTP\r\n"[..]),
        (
            BuiltIn::Greeting421,
            b"421 4.3.2 mx.test Too many connections, try again later\r\n",
        ),
        (
            BuiltIn::Greeting554,
            b"554 5.7.1 mx.test No SMTP service for you\r\n",
        ),
        (BuiltIn::ClosesAfterGreeting, b"220 mx.test ESMTP\r\n"),
        (BuiltIn::ClosesEarly, b""),
        (BuiltIn::Latin1, b"220 mx.test Gr\xfc\xdfe aus K\xf6ln\r\n"),
        (
            BuiltIn::MultilineGreeting,
            b"220-mx.test ESMTP\r\n220-No junk mail\r\n220 Go ahead\r\n",
        ),
        (BuiltIn::BareLf, b"220 mx.test ESMTP\n"),
        (BuiltIn::Ssh, b"SSH-2.0-OpenSSH_9.6\r\n"),
    ] {
        let (server, _ca) = built_in(script).await;
        let mut stream = connect(server.addr()).await;
        assert_eq!(
            read_until(&mut stream, expected).await,
            expected,
            "{script:?}"
        );
    }
}

#[tokio::test]
async fn built_in_replies() {
    for (script, command, expected) in [
        (BuiltIn::StarttlsRefused, "STARTTLS", "454 4.7.0 "),
        (BuiltIn::NoStarttls, "STARTTLS", "502 5.5.1 "),
        (BuiltIn::Greeting554, "EHLO me", "503 5.5.1 "),
        (
            BuiltIn::MixedCodes,
            "EHLO me",
            "250-mx.test\r\n220-SIZE 1000\r\n550 8BITMIME\r\n",
        ),
        (
            BuiltIn::EndlessEhlo,
            "EHLO me",
            "250-X-MORE\r\n250-X-MORE\r\n250-X-MORE\r\n",
        ),
    ] {
        let (server, _ca) = built_in(script).await;
        let mut stream = connect(server.addr()).await;
        reply(&mut stream).await;
        stream
            .write_all(format!("{command}\r\n").as_bytes())
            .await
            .unwrap();
        let mut seen = vec![0; expected.len()];
        timeout(PATIENCE, stream.read_exact(&mut seen))
            .await
            .unwrap()
            .unwrap();
        assert_eq!(String::from_utf8(seen).unwrap(), expected, "{script:?}");
    }
}

#[tokio::test]
async fn garbage_where_tls_was_promised() {
    let (server, ca) = built_in(BuiltIn::StarttlsGarbage).await;
    let mut stream = connect(server.addr()).await;
    reply(&mut stream).await;
    ask(&mut stream, "EHLO me").await;
    assert!(ask(&mut stream, "STARTTLS").await.starts_with("220 "));
    let error = start_tls(stream, &ca, "mx.test").await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::InvalidData);
}

#[tokio::test]
async fn a_reset_is_a_reset() {
    let (server, _ca) = built_in(BuiltIn::ResetsEarly).await;
    let mut stream = connect(server.addr()).await;
    let error = timeout(PATIENCE, stream.read_u8())
        .await
        .unwrap()
        .unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn silence_lasts() {
    let (server, _ca) = built_in(BuiltIn::Silent).await;
    let mut stream = connect(server.addr()).await;
    stream.write_all(b"EHLO me\r\n").await.unwrap();
    assert!(
        timeout(Duration::from_millis(200), stream.read_u8())
            .await
            .is_err()
    );
}

#[tokio::test]
async fn an_endless_greeting_does_not_end_and_is_bounded_by_the_reader() {
    let (server, _ca) = built_in(BuiltIn::EndlessGreeting).await;
    let mut stream = connect(server.addr()).await;
    let mut seen = vec![0; 200_000];
    timeout(PATIENCE, stream.read_exact(&mut seen))
        .await
        .unwrap()
        .unwrap();
    let line = b"220-mx.test and there is more\r\n";
    assert!(seen.chunks_exact(line.len()).all(|chunk| chunk == line));
}

#[tokio::test]
async fn drips_and_waits_take_their_time() {
    let server = plain("WAIT 60ms\nDRIP 20ms 220").await;
    let begin = now();
    let mut stream = connect(server.addr()).await;
    assert_eq!(stream.read_u8().await.unwrap(), b'2');
    let first = begin.elapsed();
    assert!(first >= Duration::from_millis(60), "{first:?}");
    assert_eq!(read_until(&mut stream, b"\r\n").await, b"20\r\n");
    let whole = begin.elapsed();
    assert!(whole >= Duration::from_millis(140), "{whole:?}");
}

#[tokio::test]
async fn every_built_in_script_starts() {
    for script in BuiltIn::ALL {
        built_in(script).await;
        let error = script.script("no good\nHELO").unwrap_err();
        assert_eq!(error.kind(), LabErrorKind::Name, "{script:?}");
    }
}

#[tokio::test]
async fn a_script_with_tls_needs_a_certificate() {
    for script in ["TLS", "SERVE mx.test STARTTLS"] {
        let script = Script::parse(script).unwrap();
        let error = SmtpServer::start(script, None).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "expected a certificate for a script with TLS, found none"
        );
    }
}

#[tokio::test]
async fn commands_count_wherever_they_are_said() {
    let (server, _ca) = built_in(BuiltIn::Silent).await;
    let mut stream = connect(server.addr()).await;
    stream.write_all(&[b'x'; 10_000]).await.unwrap();
    stream
        .write_all(b"\r\nmail from:<>\r\nDATABASE\r\nBDAT 1\r\n")
        .await
        .unwrap();
    stream.shutdown().await.unwrap();
    assert_eq!(read_until(&mut stream, b"").await, b"");
    assert_eq!((server.attempts().mail, server.attempts().data), (1, 1));

    // After its close as well.
    let (server, _ca) = built_in(BuiltIn::Greeting421).await;
    let mut stream = connect(server.addr()).await;
    read_until(&mut stream, b"").await;
    stream.write_all(b"DATA\r\n").await.unwrap();
    stream.shutdown().await.unwrap();
    while server.attempts().is_zero() {
        sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(server.sessions()[0].lines[1..], ["CLOSE", "C: DATA"]);
}

#[tokio::test]
async fn connections_beyond_the_limit_wait_their_turn() {
    let server = plain("S: 220 a\nHANG").await;
    let mut open = Vec::new();
    for _ in 0..256 {
        let mut stream = connect(server.addr()).await;
        assert_eq!(stream.read_u8().await.unwrap(), b'2');
        open.push(stream);
    }
    let mut late = connect(server.addr()).await;
    assert!(
        timeout(Duration::from_millis(100), late.read_u8())
            .await
            .is_err()
    );
    open.pop();
    assert_eq!(
        timeout(PATIENCE, late.read_u8()).await.unwrap().unwrap(),
        b'2'
    );
}

#[tokio::test]
async fn a_session_that_breaks_says_why() {
    let (server, ca) = built_in(BuiltIn::ImplicitTls).await;
    let mut stream = connect(server.addr()).await;
    stream.write_all(b"EHLO me\r\n").await.unwrap();
    // The alert.
    assert_eq!(read_until(&mut stream, b"").await.first(), Some(&21));
    let mut lines = Vec::new();
    while lines.len() < 2 {
        sleep(Duration::from_millis(5)).await;
        lines.clone_from(&server.sessions()[0].lines);
    }
    assert!(
        lines[0].starts_with("TLS failed: ") && lines[1].starts_with("END "),
        "{lines:?}"
    );
    drop(ca);
}

#[tokio::test]
async fn ends_with_its_handle() {
    let server = plain("S: 220 a\nHANG").await;
    let addr = server.addr();
    let mut open = connect(addr).await;
    reply(&mut open).await;
    drop(server);
    assert!(TcpStream::connect(addr).await.is_err());
    // Sessions end as well.
    assert_eq!(read_until(&mut open, b"").await, b"");

    let server = plain("HANG").await;
    let addr = server.addr();
    server.stop().await;
    std::net::TcpListener::bind(addr).unwrap();
}

#[tokio::test]
async fn a_closed_port_refuses() {
    let port = closed_port().unwrap();
    let error = TcpStream::connect(port.addr()).await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
}

#[tokio::test]
async fn a_filtered_port_does_not_answer() {
    let port = filtered_port().unwrap();
    let tries: Vec<_> = (0..3)
        .map(|_| tokio::spawn(TcpStream::connect(port.addr())))
        .collect();
    // Long enough for a SYN sent again after one second.
    sleep(Duration::from_millis(1_500)).await;
    assert!(tries.iter().all(|attempt| !attempt.is_finished()));
    tries.iter().for_each(tokio::task::JoinHandle::abort);
}
