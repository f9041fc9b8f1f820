//! Servers of the laboratory on loopback, with real TLS.

use std::time::Duration;

use mailcheck_lab::ca::{CertificateKind, TestCa};
use mailcheck_lab::smtp::{BuiltIn, Script, SmtpServer};
use smtp_probe::{
    Envelope, Interception, Phase, Probe, Security, StartTlsVerdict, SuiteTest, Timeouts, Verdict,
};
use tls_inspect::CryptoProvider;

async fn server(script: Script) -> SmtpServer {
    let ca = TestCa::new().expect("an authority");
    let identity = ca
        .chain(CertificateKind::Healthy, &["mx.test"])
        .expect("a certificate");
    SmtpServer::start(script, Some(identity))
        .await
        .expect("a server")
}

fn script(text: &str) -> Script {
    Script::parse(text).expect("a script")
}

fn probe(security: Security) -> Probe {
    let mut timeouts = Timeouts::default().within(Duration::from_secs(5));
    timeouts.reply = Duration::from_secs(1);
    let name = "probe.example.com".parse().expect("a name");
    Probe::new(name, security, CryptoProvider::aws_lc_rs()).with_timeouts(timeouts)
}

#[tokio::test]
async fn item_32_a_server_that_keeps_a_command_across_the_handshake_is_found() {
    let vulnerable = server(script(
        "S: 220 mx.test ESMTP\nC: EHLO\nS- 250-mx.test\\r\\n250 STARTTLS\\r\\n\nC: STARTTLS\nS: 220 go\nTLS\n\
         S: 250 2.0.0 OK\nSERVE mx.test",
    ))
    .await;
    let test = SuiteTest::command_injection();
    let probe = probe(Security::StartTls);
    let (verdict, seen) = probe.test(&test, vulnerable.addr()).await;
    assert!(verdict.is_yes(), "{verdict}\n{}", seen.transcript);
    assert!(
        seen.replay(&test.options(probe.options()))
            .is_ok_and(|again| again == seen)
    );

    let sound = server(BuiltIn::Healthy.script("mx.test").expect("a script")).await;
    let (verdict, seen) = probe.test(&test, sound.addr()).await;
    assert!(verdict.is_no(), "{verdict}\n{}", seen.transcript);
}

#[tokio::test]
async fn item_35_starttls_that_was_taken_out_of_the_list_is_found() {
    let stripped = server(script(
        "S: 220 mx.test ESMTP\nC: EHLO\nS: 250 mx.test\nC: STARTTLS\nS: 220 go\nTLS\nSERVE mx.test",
    ))
    .await;
    let probe = probe(Security::StartTls).trying_unoffered_starttls();
    let seen = probe.run(stripped.addr()).await;
    assert_eq!(
        seen.starttls_verdict(),
        StartTlsVerdict::WorksThoughNotOffered
    );
    assert_eq!(seen.interception(), [Interception::StrippedStartTls]);

    let without = server(BuiltIn::NoStarttls.script("mx.test").expect("a script")).await;
    let seen = probe.run(without.addr()).await;
    assert_eq!(seen.starttls_verdict(), StartTlsVerdict::NotOffered);
    assert!(seen.unoffered.is_some());
}

#[tokio::test]
async fn an_envelope_goes_inside_tls_and_is_taken_back() {
    let server = server(BuiltIn::Healthy.script("mx.test").expect("a script")).await;
    let envelope = Envelope::null_sender().to("a@mx.test".parse().expect("a path"));
    let probe = probe(Security::StartTls).with_envelope(envelope.expect("room"));
    let seen = probe.run(server.addr()).await;
    let phases: Vec<_> = seen.exchanges.iter().map(|said| said.phase).collect();
    assert_eq!(
        phases,
        [Phase::Mail, Phase::Rcpt, Phase::Rset],
        "{}",
        seen.transcript
    );
    assert_eq!(seen.replay(probe.options()).as_ref(), Ok(&seen));
    let attempts = server.attempts();
    assert_eq!((attempts.mail, attempts.rcpt, attempts.data), (1, 1, 0));
    assert!(
        !seen.transcript.redacted().to_string().contains("<a@"),
        "{}",
        seen.transcript
    );
}

#[tokio::test]
async fn mail_without_tls_is_asked_about_in_the_clear() {
    let lenient = server(BuiltIn::Healthy.script("mx.test").expect("a script")).await;
    let strict = server(script(
        "S: 220 mx.test ESMTP\nON MAIL 530 5.7.0 Must issue a STARTTLS command first\nSERVE mx.test STARTTLS",
    ))
    .await;
    let probe = probe(Security::StartTls);
    let test = SuiteTest::tls_required();
    assert!(matches!(
        probe.test(&test, lenient.addr()).await.0,
        Verdict::No(_)
    ));
    assert!(matches!(
        probe.test(&test, strict.addr()).await.0,
        Verdict::Yes(_)
    ));
}
