//! Looks at one port and prints what was seen, a fact a line, for `.ci/interop-smtp`, which starts real servers and knows what each is set
//! up to say. It holds no expectation itself, so it is no test of libtest's; without arguments, as `cargo test` runs it, it says who runs it.
//!
//! ```text
//! servers ADDRESS:PORT starttls|implicit|none [from=ADDRESS] [name=NAME] [rcpt=MAILBOX] [test=NAME] [greeting=SECONDS] [reply=SECONDS]
//!     [connect=SECONDS] [runs=COUNT]
//! ```
//!
//! What is empty is not printed. The times go to standard error, in milliseconds, because no two runs have the same.

use std::error::Error;
use std::fmt::{Display, Write as _};
use std::net::SocketAddr;
use std::time::Duration;

use smtp_probe::{
    Cause, Ehlo, Envelope, Observation, PortState, Probe, Reply, Security, StartTls, Stop,
    SuiteTest, Timeouts,
};
use tls_inspect::{Capture, CryptoProvider, HandshakeFailureKind, ReferenceId};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [address, security, options @ ..] = arguments.as_slice() else {
        println!("servers: .ci/interop-smtp starts them, and runs this against each");
        return Ok(());
    };
    let address: SocketAddr = address.parse()?;
    let (probe, runs) = probe(security, options)?;
    if let Some(name) = options
        .iter()
        .find_map(|option| option.strip_prefix("test="))
    {
        let (verdict, _) = probe.test(&test(name)?, address).await;
        println!("{verdict}");
        return Ok(());
    }
    let mut seen = probe.run(address).await;
    for _ in 1..runs {
        seen = probe.run(address).await;
    }
    print!("{}", summary(&seen)?);
    eprint!("{}", times(&seen)?);
    Ok(())
}

/// A test of the suite; what it needs for an envelope is nobody's.
fn test(name: &str) -> Result<SuiteTest, Box<dyn Error>> {
    Ok(match name {
        "injection" => SuiteTest::command_injection(),
        "tls" => SuiteTest::tls_required(),
        "auth" => SuiteTest::auth_before_tls(),
        "relay" => {
            let (from, to) = (
                "a@probe.interop.test".parse()?,
                "b@elsewhere.interop.test".parse()?,
            );
            SuiteTest::open_relay(from, &to, "interop.test")
        }
        "vrfy" => SuiteTest::vrfy("root@interop.test".parse()?),
        other => return Err(format!("expected a test, found `{other}`").into()),
    })
}

/// The probe, and how often it is to look; the last look is shown.
fn probe(security: &str, options: &[String]) -> Result<(Probe, usize), Box<dyn Error>> {
    let security = match security {
        "starttls" => Security::StartTls,
        "implicit" => Security::Implicit,
        "none" => Security::None,
        other => return Err(format!("expected a kind of security, found `{other}`").into()),
    };
    let (mut timeouts, mut runs) = (Timeouts::default(), 1);
    let name = "probe.interop.test".parse()?;
    let mut probe = Probe::new(name, security, CryptoProvider::aws_lc_rs());
    for option in options {
        let (key, value) = option.split_once('=').ok_or("expected key=value")?;
        match key {
            "from" => probe = probe.with_local_address(value.parse()?),
            "name" => probe = probe.with_server_name(ReferenceId::parse(value)?),
            "connect" => timeouts.connect = Duration::from_secs_f64(value.parse()?),
            "greeting" => timeouts.greeting = Duration::from_secs_f64(value.parse()?),
            "reply" => timeouts.reply = Duration::from_secs_f64(value.parse()?),
            "session" => timeouts.session = Duration::from_secs_f64(value.parse()?),
            "rcpt" => probe = probe.with_envelope(Envelope::null_sender().to(value.parse()?)?),
            "test" => {}
            "runs" => runs = value.parse()?,
            other => return Err(format!("expected an option, found `{other}`").into()),
        }
    }
    Ok((probe.with_timeouts(timeouts), runs))
}

fn summary(seen: &Observation) -> Result<String, std::fmt::Error> {
    let mut text = String::new();
    if seen.port != PortState::Open {
        writeln!(text, "port: {:?}", seen.port)?;
    }
    match seen.stop() {
        None => writeln!(text, "outcome: completed")?,
        Some(Stop { cause, phase, .. }) => match cause {
            Cause::TlsBroken(failure) => {
                writeln!(text, "outcome: TlsBroken({:?}) at {phase}", failure.kind)?;
            }
            cause => writeln!(text, "outcome: {cause:?} at {phase}")?,
        },
    }
    let stop = seen.stop();
    line(
        &mut text,
        "stopped by",
        stop.and_then(|stop| stop.reply.as_ref()),
    )?;
    line(
        &mut text,
        "unreadable",
        stop.and_then(|stop| stop.error.as_ref()),
    )?;
    line(&mut text, "greeting", seen.greeting.as_ref())?;
    line(&mut text, "ehlo refused", seen.ehlo_refusal.as_ref())?;
    line(&mut text, "offers", seen.ehlo.as_ref().map(offers))?;
    match &seen.starttls {
        StartTls::NotAsked => {}
        StartTls::Refused(reply) => writeln!(text, "starttls: refused, {reply}")?,
        other => writeln!(text, "starttls: {other:?}")?,
    }
    line(&mut text, "tls", seen.tls.as_ref().map(handshake))?;
    line(
        &mut text,
        "offers in tls",
        seen.ehlo_in_tls.as_ref().map(offers),
    )?;
    for exchange in &seen.exchanges {
        let reason = exchange.diagnosis().map(|diagnosis| diagnosis.reason);
        let reason = reason.map_or_else(String::new, |reason| format!(" ({reason})"));
        writeln!(text, "{}: {}{reason}", exchange.phase, exchange.reply)?;
    }
    line(&mut text, "quit", seen.quit.as_ref())?;
    for unsolicited in &seen.unsolicited {
        writeln!(text, "unsolicited: {unsolicited:?}")?;
    }
    let ehlos = seen.ehlo.iter().chain(&seen.ehlo_in_tls).map(Ehlo::reply);
    let others = seen.greeting.iter().chain(&seen.ehlo_refusal);
    for reply in others.chain(ehlos).chain(&seen.quit) {
        deviations(&mut text, reply)?;
    }
    Ok(text)
}

fn line(text: &mut String, name: &str, fact: Option<impl Display>) -> std::fmt::Result {
    fact.map_or(Ok(()), |fact| writeln!(text, "{name}: {fact}"))
}

fn offers(ehlo: &Ehlo) -> String {
    let extensions: Vec<_> = ehlo.extensions().map(|line| line.to_string()).collect();
    extensions.join(", ")
}

fn handshake(capture: &Capture) -> String {
    match (capture.outcome.failure(), capture.version) {
        // How much had come by then, before or after the ClientHello, is a matter of luck, but for the first line.
        (Some(failure), _) if failure.kind == HandshakeFailureKind::NotTls => {
            let said = failure.received.split(|octet| *octet == b'\r').next();
            format!("not TLS but {}", said.unwrap_or_default().escape_ascii())
        }
        (Some(failure), _) => format!("failed, {failure}"),
        (None, Some(version)) => version.to_string(),
        (None, None) => "completed".to_owned(),
    }
}

fn deviations(text: &mut String, reply: &Reply) -> std::fmt::Result {
    for deviation in reply.deviations() {
        writeln!(text, "deviation: {:?}", deviation.kind)?;
    }
    Ok(())
}

fn times(seen: &Observation) -> Result<String, std::fmt::Error> {
    let times = &seen.timings;
    let mut text = String::new();
    for (phase, time) in [
        ("connect", times.connect),
        ("greeting", times.greeting),
        ("ehlo", times.ehlo),
        ("starttls", times.starttls),
        ("handshake", times.handshake),
        ("ehlo_in_tls", times.ehlo_in_tls),
        ("quit", times.quit),
        ("stop", seen.stop().map(|stop| stop.elapsed)),
        ("total", Some(times.total)),
    ] {
        if let Some(time) = time {
            writeln!(text, "{phase} {}", time.as_millis())?;
        }
    }
    Ok(text)
}
