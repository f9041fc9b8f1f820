//! Transcripts, one for each way a server behaves, replayed whole and cut at every octet.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use super::*;
use crate::escape::unescape;

/// A transcript file: a header of `key: value` lines, a blank line, then the session.
struct Script {
    path: PathBuf,
    header: BTreeMap<String, String>,
    steps: Vec<Step>,
}

enum Step {
    /// The server sends these octets, in one go.
    Server(Vec<u8>),
    /// The client must send this line.
    Client(String),
    /// The client must begin TLS, and the handshake completes or fails.
    Tls(bool),
    Closed,
    Reset,
    /// Nothing comes any more.
    Silence,
}

impl Script {
    fn load(path: &Path) -> Self {
        let text = std::fs::read_to_string(path).expect("a transcript");
        let (header, body) = text
            .split_once("\n\n")
            .expect("a header, a blank line, a session");
        let header = header
            .lines()
            .filter(|line| !line.starts_with('#'))
            .map(|line| {
                line.split_once(": ")
                    .unwrap_or_else(|| panic!("{path:?}: {line}"))
            })
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .collect();
        let mut steps: Vec<Step> = Vec::new();
        for line in body.lines() {
            match line.split_once(' ').unwrap_or((line, "")) {
                ("S:", text) => server(&mut steps, &format!("{text}\\r\\n")),
                ("S-", text) => server(&mut steps, text),
                ("C:", text) => steps.push(Step::Client(text.to_owned())),
                ("TLS", "") => steps.push(Step::Tls(true)),
                ("TLS", "fails") => steps.push(Step::Tls(false)),
                ("CLOSED", "") => steps.push(Step::Closed),
                ("RESET", "") => steps.push(Step::Reset),
                ("SILENCE", "") => steps.push(Step::Silence),
                _ => panic!("{path:?}: expected a step, found {line:?}"),
            }
        }
        Self {
            path: path.to_owned(),
            header,
            steps,
        }
    }

    /// Replays the session; each thing the server sends comes in pieces as `cut` makes them.
    fn replay(&self, cut: &dyn Fn(&[u8]) -> Vec<Vec<u8>>) -> String {
        let security = match self.header.get("security").map(String::as_str) {
            None => Security::StartTls,
            Some("implicit") => Security::Implicit,
            Some("none") => Security::None,
            Some(other) => panic!("{:?}: security {other}", self.path),
        };
        let mut session = Session::new("probe.example.com".parse().expect("a name"), security);
        let now = Duration::from_secs(1);
        for step in &self.steps {
            self.perform(step, &mut session, now, cut);
        }
        assert_eq!(
            session.poll_output(now),
            Output::Done,
            "{:?}: the session is over",
            self.path
        );
        summary(&session.into_observation(now))
    }

    fn perform(
        &self,
        step: &Step,
        session: &mut Session,
        now: Duration,
        cut: &dyn Fn(&[u8]) -> Vec<Vec<u8>>,
    ) {
        let path = &self.path;
        match step {
            Step::Server(octets) => {
                // It never speaks first, and is in lock-step: nothing to send while the server has the word.
                let output = session.poll_output(now);
                let listening = matches!(output, Output::Receive { .. } | Output::StartTls { .. });
                assert!(
                    listening,
                    "{path:?}: {output:?} before {}",
                    crate::escape::Escaped(octets)
                );
                for piece in cut(octets) {
                    session.handle_input(&piece, now);
                }
            }
            Step::Client(line) => match session.poll_output(now) {
                Output::Send { octets, .. } => {
                    let sent = crate::escape::Escaped(&octets).to_string();
                    assert_eq!(sent, format!("{line}\\r\\n"), "{path:?}");
                }
                output => panic!("{path:?}: expected {line}, found {output:?}"),
            },
            Step::Tls(completes) => {
                let output = session.poll_output(now);
                assert!(
                    matches!(output, Output::StartTls { .. }),
                    "{path:?}: {output:?}"
                );
                let failure = HandshakeFailure::new(HandshakeFailureKind::AlertReceived, "alert");
                let outcome = match completes {
                    true => HandshakeOutcome::Completed,
                    false => HandshakeOutcome::Failed(failure),
                };
                session.handle_tls(Capture::new(outcome), now);
            }
            Step::Closed => session.handle_eof(now),
            Step::Reset => session.handle_error(Cause::Reset, now),
            Step::Silence => {
                let Output::Receive { until } = session.poll_output(now) else {
                    panic!("{path:?}: nothing is awaited");
                };
                session.handle_timeout(until);
            }
        }
    }
}

fn server(steps: &mut Vec<Step>, text: &str) {
    let octets = unescape(text).expect("escaped text");
    match steps.last_mut() {
        Some(Step::Server(last)) => last.extend(octets),
        _ => steps.push(Step::Server(octets)),
    }
}

/// What a transcript's header says is expected, line by line.
fn summary(observation: &Observation) -> String {
    let mut text = String::new();
    match observation.stop() {
        None => text.push_str("outcome: completed\n"),
        Some(stop) => {
            let cause = format!("{:?}", stop.cause);
            writeln!(text, "outcome: {cause} at {}", stop.phase).expect("text");
            if let Some(reply) = &stop.reply {
                writeln!(text, "reply: {reply}").expect("text");
            }
            if let Some(error) = &stop.error {
                writeln!(text, "error: {:?}", error.kind()).expect("text");
            }
        }
    }
    let starttls = match &observation.starttls {
        StartTls::Refused(reply) => format!("refused, {reply}"),
        StartTls::PlaintextInjected(_) => "injected".to_owned(),
        other => format!("{other:?}"),
    };
    writeln!(text, "starttls: {starttls}").expect("text");
    for unsolicited in &observation.unsolicited {
        writeln!(text, "unsolicited: {unsolicited:?}").expect("text");
    }
    if observation.ehlo_in_tls.is_some() {
        text.push_str("in tls: yes\n");
    }
    if let Some(reply) = &observation.quit {
        writeln!(text, "quit: {reply}").expect("text");
    }
    text
}

#[test]
fn transcripts() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts");
    let mut paths: Vec<_> = std::fs::read_dir(folder)
        .expect("the folder of transcripts")
        .map(|entry| entry.expect("a file").path())
        .collect();
    paths.sort();
    assert!(paths.len() >= 20, "{} transcripts", paths.len());
    for path in paths {
        let script = Script::load(&path);
        let expected: String = std::fs::read_to_string(&path)
            .expect("a transcript")
            .lines()
            .take_while(|line| !line.is_empty())
            .filter(|line| !line.starts_with('#') && !line.starts_with("security: "))
            .map(|line| format!("{line}\n"))
            .collect();
        assert_eq!(
            script.replay(&|octets| vec![octets.to_vec()]),
            expected,
            "{path:?}"
        );
        assert_eq!(
            script.replay(&|octets| octets.chunks(1).map(<[u8]>::to_vec).collect()),
            expected,
            "{path:?} octet by octet"
        );
        for at in 1..600 {
            let cut = |octets: &[u8]| {
                let (head, tail) = octets.split_at(at.min(octets.len()));
                vec![head.to_vec(), tail.to_vec()]
            };
            assert_eq!(script.replay(&cut), expected, "{path:?} cut at {at}");
        }
    }
}

fn session() -> Session {
    Session::new(
        "probe.example.com".parse().expect("a name"),
        Security::StartTls,
    )
}

fn deadline(session: &mut Session, now: Duration) -> Duration {
    match session.poll_output(now) {
        Output::Send { until, .. } | Output::Receive { until } | Output::StartTls { until } => {
            until
        }
        Output::Done => panic!("over"),
    }
}

#[test]
fn item_10_an_octet_now_and_then_renews_no_deadline() {
    let mut session = session();
    let first = deadline(&mut session, Duration::ZERO);
    assert_eq!(first, Duration::from_secs(30));
    for second in 1..29 {
        session.handle_input(b"2", Duration::from_secs(second));
        // "22222…" is digits, then a text; it is never whole.
        assert_eq!(deadline(&mut session, Duration::from_secs(second)), first);
    }
    session.handle_timeout(first);
    let observation = session.into_observation(first);
    let stop = observation.stop().expect("it stopped");
    assert_eq!(
        (stop.phase, &stop.cause, stop.received),
        (Phase::Greeting, &Cause::Timeout, 28)
    );
    assert_eq!(stop.elapsed, first);
}

#[test]
fn item_18_each_phase_has_its_own_clock_and_all_have_one() {
    let mut session = session();
    let at = Duration::from_secs(25);
    session.handle_input(b"220 mx.example\r\n", at);
    assert_eq!(
        deadline(&mut session, at),
        Duration::from_secs(45),
        "20 s for the reply to EHLO"
    );
    session.handle_input(
        b"250-mx.example\r\n250 STARTTLS\r\n",
        Duration::from_secs(44),
    );
    let until = deadline(&mut session, Duration::from_secs(44));
    assert_eq!(
        until,
        Duration::from_secs(60),
        "the session's end comes first"
    );
    session.handle_timeout(until);
    let observation = session.into_observation(until);
    assert_eq!(
        observation.stop().map(|stop| &stop.cause),
        Some(&Cause::Deadline)
    );
    assert_eq!(observation.timings.greeting, Some(at));
    assert_eq!(observation.timings.ehlo, Some(Duration::from_secs(19)));
    assert_eq!(observation.timings.starttls, None, "not finished");
}

#[test]
fn item_33_everything_learned_in_the_clear_is_dropped() {
    let mut session = session();
    let now = Duration::ZERO;
    session.handle_input(b"220 mx.example\r\n", now);
    session.poll_output(now);
    session.handle_input(b"250-mx.example\r\n250-STARTTLS\r\n250 XCLEAR\r\n", now);
    session.poll_output(now);
    session.handle_input(b"220 go\r\n", now);
    session.poll_output(now);
    session.handle_tls(Capture::new(HandshakeOutcome::Completed), now);
    session.poll_output(now);
    session.handle_input(b"250-mx.example\r\n250 XINSIDE\r\n", now);
    session.poll_output(now);
    session.handle_input(b"221 bye\r\n", now);
    let observation = session.into_observation(now);
    let supports =
        |ehlo: &Option<Ehlo>, keyword| ehlo.as_ref().is_some_and(|ehlo| ehlo.supports(keyword));
    assert!(supports(&observation.ehlo, "XCLEAR") && !supports(&observation.ehlo, "XINSIDE"));
    assert!(
        supports(&observation.ehlo_in_tls, "XINSIDE")
            && !supports(&observation.ehlo_in_tls, "XCLEAR")
    );
}

#[test]
fn a_session_holds_no_more_than_its_limits_against_a_flood() {
    let mut session = session();
    let line = [b"220-".as_slice(), &[b'x'; 200], b"\r\n"].concat();
    for _ in 0..10_000 {
        session.handle_input(&line, Duration::ZERO);
    }
    assert_eq!(session.poll_output(Duration::ZERO), Output::Done);
    let observation = session.into_observation(Duration::ZERO);
    assert_eq!(
        observation.stop().map(|stop| &stop.cause),
        Some(&Cause::Unreadable)
    );
    assert!(format!("{:?}", observation.transcript).len() < 200_000);
}

#[cfg(feature = "serde")]
#[test]
fn an_observation_reads_back_from_json() {
    let mut session = session().connected(
        "192.0.2.1:25".parse().expect("an address"),
        Duration::from_millis(3),
    );
    session.handle_input(
        b"554-mx.example caf\xe9\r\n554 no\r\n",
        Duration::from_millis(9),
    );
    let observation = session.into_observation(Duration::from_millis(10));
    let json = serde_json::to_string(&observation).expect("plain data");
    assert_eq!(
        serde_json::from_str::<Observation>(&json).expect("it reads back"),
        observation
    );
}
