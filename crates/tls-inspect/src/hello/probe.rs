//! Sends one ClientHello and reads what comes back.

use std::io;

use super::flight;
use super::records::{Event, Message, Records};
use super::server_hello::{self, Choice};
use crate::escape::printable;
use crate::{
    Alert, AlertDescription, AlertLevel, ClientHello, HelloAnswer, HelloError, HelloOutcome,
    ProtocolVersion, ServerFlight,
};

/// The most alerts that are kept; the last of them must be fatal.
const ALERT_LIMIT: usize = 32;

const HELLO_REQUEST: u8 = 0;
const SERVER_HELLO: u8 = 2;

/// Whether the probe wants to read more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum HelloProgress {
    /// More input is needed.
    NeedInput,
    /// The answer is there, and more input changes nothing.
    Done,
}

/// One ClientHello and the answer to it, without I/O.
///
/// Write [`output`](Self::output), hand over what is read until the probe is done, write
/// [`farewell`](Self::farewell) and close. The answer depends on the octets received and not on
/// how they were cut.
///
/// ```
/// use tls_inspect::{ClientHello, HelloOutcome, HelloProbe, HelloProgress};
///
/// let mut probe = HelloProbe::new(&ClientHello::small([7; 32]))?;
/// assert_eq!(probe.output().first(), Some(&22));
/// // The server answers with the fatal alert handshake_failure.
/// let progress = probe.handle_input(&[21, 3, 3, 0, 2, 2, 40]);
/// assert_eq!(progress, HelloProgress::Done);
/// assert!(matches!(probe.finish().outcome, HelloOutcome::Alert(_)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct HelloProbe {
    offer: ClientHello,
    legacy_version: ProtocolVersion,
    output: Vec<u8>,
    records: Records,
    flight: Option<Box<ServerFlight>>,
    rank: usize,
    alerts: Vec<Alert>,
    outcome: Option<HelloOutcome>,
    /// Whether the server still listens.
    is_open: bool,
}

impl HelloProbe {
    /// A probe that sends this hello.
    ///
    /// # Errors
    ///
    /// If the hello cannot be sent as it is, see [`ClientHello::to_records`].
    pub fn new(offer: &ClientHello) -> Result<Self, HelloError> {
        Ok(Self {
            legacy_version: offer.legacy_version()?,
            output: offer.to_records()?,
            offer: offer.clone(),
            records: Records::default(),
            flight: None,
            rank: 0,
            alerts: Vec::new(),
            outcome: None,
            is_open: true,
        })
    }

    /// Reads octets from the server.
    pub fn handle_input(&mut self, mut input: &[u8]) -> HelloProgress {
        while self.outcome.is_none() {
            match self.records.next(&mut input) {
                Ok(None) => break,
                Ok(Some(Event::Message(message))) => self.handle_message(&message),
                Ok(Some(Event::Alert(alert))) => self.handle_alert(alert),
                Ok(Some(Event::Foreign(octets))) => {
                    self.outcome = Some(HelloOutcome::NotTls(octets));
                }
                Err(text) => self.end_malformed(text),
            }
        }
        match self.outcome {
            Some(_) => HelloProgress::Done,
            None => HelloProgress::NeedInput,
        }
    }

    /// The server closed the connection, or its half of it.
    pub fn handle_close(&mut self) {
        self.is_open = false;
        self.end(HelloOutcome::Closed, "the connection was closed");
    }

    /// The connection was reset or aborted.
    pub fn handle_reset(&mut self) {
        self.is_open = false;
        self.end(HelloOutcome::Reset, "the connection was reset");
    }

    /// The time is up.
    pub fn handle_timeout(&mut self) {
        self.end(HelloOutcome::TimedOut, "nothing more came in time");
    }

    /// The stream failed: a reset, an end or the time that was up if the error is one of those.
    pub fn handle_io_error(&mut self, error: &io::Error) {
        use io::ErrorKind as Kind;

        match error.kind() {
            Kind::ConnectionReset | Kind::ConnectionAborted | Kind::BrokenPipe => {
                self.handle_reset();
            }
            Kind::UnexpectedEof => self.handle_close(),
            Kind::TimedOut => self.handle_timeout(),
            _ => {
                self.is_open = false;
                let text = printable(error.to_string());
                let cause = format!("the stream failed with \"{text}\"");
                self.end(HelloOutcome::Io(text), &cause);
            }
        }
    }

    /// The octets of the ClientHello, to be sent at once.
    #[must_use]
    pub fn output(&self) -> &[u8] {
        &self.output
    }

    /// What to send before the connection is closed: the alerts `user_canceled`, so that the
    /// server does not log a failure, and `close_notify` (RFC 9846 §6.1).
    ///
    /// Nothing is sent to a server that sent a fatal alert, closed, or speaks no TLS. SSL 3.0
    /// has no `user_canceled`.
    #[must_use]
    pub fn farewell(&self) -> Vec<u8> {
        if !self.is_open || matches!(self.outcome, Some(HelloOutcome::NotTls(_))) {
            return Vec::new();
        }
        let flight = match &self.outcome {
            Some(HelloOutcome::Chosen(flight)) => Some(flight),
            _ => self.flight.as_ref(),
        };
        let version = match (flight, &self.outcome) {
            // The server may have chosen any number, one that no record has too.
            (Some(flight), _) => {
                let (lowest, highest) = (ProtocolVersion::SSL_3_0, ProtocolVersion::TLS_1_2);
                flight.hello.version.clamp(lowest, highest)
            }
            (None, Some(HelloOutcome::Retry(_))) => ProtocolVersion::TLS_1_2,
            (None, _) => self.legacy_version.min(ProtocolVersion::TLS_1_0),
        };
        let mut records = Vec::new();
        if version > ProtocolVersion::SSL_3_0 {
            records.extend(alert_record(version, AlertDescription::USER_CANCELED));
        }
        records.extend(alert_record(version, AlertDescription::CLOSE_NOTIFY));
        records
    }

    /// The answer. If the probe is not done, this is as if the time were up.
    #[must_use]
    pub fn finish(mut self) -> HelloAnswer {
        self.handle_timeout();
        HelloAnswer {
            // A timeout has an outcome if there was none.
            outcome: self.outcome.unwrap_or(HelloOutcome::TimedOut),
            alerts: self.alerts,
            received: self.records.received(),
        }
    }

    fn handle_message(&mut self, message: &Message) {
        let Message { kind, body, .. } = message;
        // A server may ask for a new handshake at any time (RFC 5246 §7.4.1.1), and this is one.
        if *kind == HELLO_REQUEST && body.is_empty() {
            return;
        }
        if let Some(flight) = &mut self.flight {
            let read = flight.read(*kind, body, &self.offer, &mut self.rank);
            let is_complete = flight.is_complete;
            match read {
                Err(text) => self.end_malformed(text),
                Ok(()) if is_complete => self.end_flight(),
                Ok(()) => {}
            }
        } else if *kind == SERVER_HELLO {
            self.handle_hello(message);
        } else {
            self.end_malformed(format!(
                "expected a ServerHello, found a handshake message of type {kind}"
            ));
        }
    }

    fn handle_hello(&mut self, message: &Message) {
        match server_hello::read(&message.body, message.record_version, &self.offer) {
            Ok(Choice::Hello(hello, deviations)) => {
                let flight = ServerFlight::new(hello, deviations);
                let is_complete = flight.is_complete;
                self.flight = Some(Box::new(flight));
                if is_complete {
                    self.end_flight();
                }
            }
            Ok(Choice::Retry(mut retry)) => {
                retry.deviations = flight::bound(retry.deviations);
                self.outcome = Some(HelloOutcome::Retry(retry));
            }
            Err(text) => self.end_malformed(text),
        }
    }

    /// Every alert is fatal but those that say they are not.
    fn handle_alert(&mut self, alert: Alert) {
        let is_last = self.alerts.len() + 1 == ALERT_LIMIT;
        self.alerts.push(alert);
        if alert.description == AlertDescription::CLOSE_NOTIFY {
            self.is_open = false;
            self.end(HelloOutcome::Closed, "the server sent close_notify");
        } else if alert.level != Some(AlertLevel::WARNING) {
            self.is_open = false;
            let cause = format!("the server sent the fatal {alert}");
            self.end(HelloOutcome::Alert(alert), &cause);
        } else if is_last {
            self.end_malformed(format!(
                "expected fewer than {ALERT_LIMIT} warnings, found as many"
            ));
        }
    }

    /// What cannot be read takes nothing away from a choice that was.
    fn end_malformed(&mut self, text: String) {
        match &mut self.flight {
            Some(flight) => {
                flight.note(text);
                self.end_flight();
            }
            None => self.outcome = Some(HelloOutcome::Malformed(text)),
        }
    }

    /// Ends with this outcome, or with the choice if there is one, of which the cause then says
    /// why it is not complete.
    fn end(&mut self, outcome: HelloOutcome, cause: &str) {
        if self.outcome.is_some() {
            return;
        }
        if let Some(flight) = &mut self.flight {
            flight.note(format!("{cause} before ServerHelloDone"));
            self.end_flight();
        } else if let Some(octets) = self.records.take_foreign() {
            self.outcome = Some(HelloOutcome::NotTls(octets));
        } else {
            self.outcome = Some(outcome);
        }
    }

    fn end_flight(&mut self) {
        self.outcome = self.flight.take().map(HelloOutcome::Chosen);
    }
}

fn alert_record(version: ProtocolVersion, description: AlertDescription) -> [u8; 7] {
    let [v0, v1] = version.0.to_be_bytes();
    [21, v0, v1, 0, 2, AlertLevel::WARNING.0, description.0]
}
