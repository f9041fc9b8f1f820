//! A transcript file: the header says how the session is to go and what is expected of it, and the rest is what happens.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use tls_inspect::HandshakeOutcome;

use super::super::*;
use crate::escape::{Escaped, unescape};
use crate::{Envelope, Interception, ProxyHeader, ReversePath, Service, StartTlsVerdict};

/// How octets are cut into pieces.
pub(super) type Cut<'a> = &'a dyn Fn(&[u8]) -> Vec<Vec<u8>>;

pub(super) struct Script {
    path: PathBuf,
    options: SessionOptions,
    port: Option<u16>,
    /// What is expected, line by line.
    pub(super) expected: String,
    steps: Vec<Step>,
}

enum Step {
    /// The server sends these octets, in one go.
    Server(Vec<u8>),
    /// The client must send this line.
    Client(String),
    /// The client must begin TLS, and the handshake completes or fails.
    Tls(bool),
    /// So much time goes by.
    Wait(Duration),
    Closed,
    Reset,
    /// Nothing comes any more, until the deadline.
    Silence,
}

impl Script {
    pub(super) fn load(path: &Path) -> Self {
        let text = std::fs::read_to_string(path).expect("a transcript");
        let (header, body) = text
            .split_once("\n\n")
            .expect("a header, a blank line, a session");
        let mut script = Self {
            path: path.to_owned(),
            options: SessionOptions::new(
                "probe.example.com".parse().expect("a name"),
                Security::StartTls,
            ),
            port: None,
            expected: String::new(),
            steps: Vec::new(),
        };
        for line in header.lines().filter(|line| !line.starts_with('#')) {
            if !script.set(line) {
                script.expected += line;
                script.expected += "\n";
            }
        }
        for line in body.lines() {
            script.add(line);
        }
        script
    }

    /// Whether a line of the header says how the session is to go.
    fn set(&mut self, line: &str) -> bool {
        let (key, value) = line
            .split_once(": ")
            .unwrap_or_else(|| panic!("{:?}: {line}", self.path));
        let options = self.options.clone();
        let envelope = match options.errand.as_deref() {
            Some(Errand::Envelope(envelope)) => Some(envelope.clone()),
            _ => None,
        };
        self.options = match (key, value) {
            ("security", "implicit") => options.with_security(Security::Implicit),
            ("security", "none") => options.with_security(Security::None),
            ("try unoffered", "yes") => options.trying_unoffered_starttls(),
            ("proxy", "local") => options.with_proxy_header(ProxyHeader::local()),
            ("from", "<>") => options.with_envelope(Envelope::new(ReversePath::NULL)),
            ("from", path) => options.with_envelope(Envelope::new(path.parse().expect("a path"))),
            ("to", path) => {
                let envelope = envelope.expect("a reverse-path first");
                options.with_envelope(envelope.to(path.parse().expect("a path")).expect("room"))
            }
            ("errand", "injection") => options.with_errand(Errand::Injection),
            ("errand", "verify") => {
                options.with_errand(Errand::Verify("root@mx.example".parse().expect("a path")))
            }
            ("errand", "relay") => {
                let path = |text: &str| text.parse().expect("a path");
                options.with_errand(Errand::Relay {
                    from: "probe@probe.example.com".parse().expect("a path"),
                    to: vec![
                        path("a@foreign.example"),
                        path("a%foreign.example@mx.example"),
                    ],
                })
            }
            ("port number", port) => {
                self.port = Some(port.parse().expect("a number"));
                options
            }
            _ => return false,
        };
        true
    }

    fn add(&mut self, line: &str) {
        let steps = &mut self.steps;
        match line.split_once(' ').unwrap_or((line, "")) {
            ("S:", text) => server(steps, &format!("{text}\\r\\n")),
            ("S-", text) => server(steps, text),
            ("S*", text) => {
                let (times, text) = text.split_once(' ').expect("a number and a text");
                let times = times.parse().expect("a number");
                server(steps, &format!("{text}\\r\\n").repeat(times));
            }
            ("C:", text) => steps.push(Step::Client(format!("{text}\\r\\n"))),
            ("C-", text) => steps.push(Step::Client(text.to_owned())),
            ("TLS", "") => steps.push(Step::Tls(true)),
            ("TLS", "fails") => steps.push(Step::Tls(false)),
            ("WAIT", seconds) => {
                let seconds = seconds.parse().expect("seconds");
                steps.push(Step::Wait(Duration::from_secs_f64(seconds)));
            }
            ("CLOSED", "") => steps.push(Step::Closed),
            ("RESET", "") => steps.push(Step::Reset),
            ("SILENCE", "") => steps.push(Step::Silence),
            _ => panic!("{:?}: expected a step, found {line:?}", self.path),
        }
    }

    /// How many octets the server sends in one go, at the most.
    pub(super) fn longest(&self) -> usize {
        let lengths = self.steps.iter().map(|step| match step {
            Step::Server(octets) => octets.len(),
            _ => 0,
        });
        lengths.max().unwrap_or_default()
    }

    /// Plays the session; each thing the server sends comes in pieces as `cut` makes them.
    pub(super) fn play(&self, cut: Cut<'_>) -> Observation {
        let mut now = Duration::from_secs(1);
        let mut session = Session::with_options(self.options.clone());
        if let Some(port) = self.port {
            session = session.connected(SocketAddr::from(([192, 0, 2, 1], port)), now);
        }
        for step in &self.steps {
            self.perform(step, &mut session, &mut now, cut);
        }
        assert_eq!(
            session.poll_output(now),
            Output::Done,
            "{:?}: the session is over",
            self.path
        );
        session.into_observation(now)
    }

    fn perform(&self, step: &Step, session: &mut Session, now: &mut Duration, cut: Cut<'_>) {
        let path = &self.path;
        match step {
            Step::Server(octets) => {
                // It never speaks first, and is in lock-step: nothing to send while the server has the word.
                let output = session.poll_output(*now);
                let listening = matches!(output, Output::Receive { .. } | Output::StartTls { .. });
                let octets_shown = Escaped(octets);
                assert!(listening, "{path:?}: {output:?} before {octets_shown}");
                for piece in cut(octets) {
                    session.handle_input(&piece, *now);
                }
            }
            Step::Client(line) => match session.poll_output(*now) {
                Output::Send { octets, .. } => {
                    assert_eq!(Escaped(&octets).to_string(), *line, "{path:?}");
                }
                output => panic!("{path:?}: expected {line}, found {output:?}"),
            },
            Step::Tls(completes) => {
                let output = session.poll_output(*now);
                let begins = matches!(output, Output::StartTls { .. });
                assert!(begins, "{path:?}: {output:?}");
                let failure = HandshakeFailure::new(HandshakeFailureKind::AlertReceived, "alert");
                let outcome = match completes {
                    true => HandshakeOutcome::Completed,
                    false => HandshakeOutcome::Failed(failure),
                };
                session.handle_tls(Capture::new(outcome), *now);
            }
            Step::Wait(time) => *now += *time,
            Step::Closed => session.handle_eof(*now),
            Step::Reset => session.handle_error(Cause::Reset, *now),
            Step::Silence => {
                let (Output::Receive { until } | Output::StartTls { until }) =
                    session.poll_output(*now)
                else {
                    panic!("{path:?}: nothing is awaited");
                };
                *now = until;
                session.handle_timeout(until);
            }
        }
    }

    /// Stored as JSON, read back and replayed.
    #[cfg(feature = "serde")]
    pub(super) fn store_and_replay(&self, seen: &Observation) {
        let path = &self.path;
        let stored = serde_json::to_string(&(seen, &self.options)).expect("plain data");
        let (read, options): (Observation, SessionOptions) =
            serde_json::from_str(&stored).expect("it reads back");
        assert_eq!(read, *seen, "{path:?}");
        if seen.transcript.dropped() == 0 {
            let replayed = read
                .replay(&options)
                .unwrap_or_else(|error| panic!("{path:?}: {error}"));
            assert_eq!(replayed, *seen, "{path:?}");
            assert_eq!(summary(&replayed), self.expected, "{path:?}");
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
pub(super) fn summary(seen: &Observation) -> String {
    let mut text = String::new();
    let mut line = |key: &str, value: String| writeln!(text, "{key}: {value}").expect("text");
    match seen.stop() {
        None => line("outcome", "completed".to_owned()),
        Some(stop) => {
            line("outcome", format!("{:?} at {}", stop.cause, stop.phase));
            if let Some(reply) = &stop.reply {
                line("reply", reply.to_string());
            }
            if let Some(error) = &stop.error {
                line("error", format!("{:?}", error.kind()));
            }
        }
    }
    if seen.port != PortState::Open {
        line("port", format!("{:?}", seen.port));
    }
    line("starttls", starttls(seen));
    if let Some(reply) = &seen.unoffered {
        line("unoffered", reply.to_string());
    }
    for said in &seen.unsolicited {
        line("unsolicited", format!("{said:?}"));
    }
    if seen.ehlo_in_tls.is_some() {
        line("in tls", "yes".to_owned());
    }
    for exchange in &seen.exchanges {
        line(
            "exchange",
            format!("{}: {}", exchange.command, exchange.reply),
        );
    }
    if let Some(skipped) = seen.skipped {
        line("skipped", format!("{skipped:?}"));
    }
    for pace in seen
        .paces
        .iter()
        .filter(|pace| pace.longest_gap >= Duration::from_millis(500))
    {
        let (first, gap) = (
            pace.first_octet.as_secs_f64(),
            pace.longest_gap.as_secs_f64(),
        );
        line(
            "pace",
            format!("{} after {first:.1} s, gap {gap:.1} s", pace.phase),
        );
    }
    if !matches!(seen.service(), Service::Smtp | Service::Unknown) {
        line("service", format!("{:?}", seen.service()));
    }
    let traces: Vec<Interception> = seen.interception();
    if !traces.is_empty() {
        line("interception", format!("{traces:?}"));
    }
    if let Some(reply) = &seen.quit {
        line("quit", reply.to_string());
    }
    text
}

fn starttls(seen: &Observation) -> String {
    match (&seen.starttls, seen.starttls_verdict()) {
        (StartTls::Refused(reply), _) => format!("refused, {reply}"),
        (StartTls::PlaintextInjected(_), _) => "injected".to_owned(),
        (StartTls::Accepted, StartTlsVerdict::Works) => "works".to_owned(),
        (other @ (StartTls::Accepted | StartTls::AcceptedThoughNotOffered), verdict) => {
            format!("{other:?}, {verdict}")
        }
        (other, _) => format!("{other:?}"),
    }
}
