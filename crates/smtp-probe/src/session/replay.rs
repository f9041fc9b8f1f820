use std::fmt;

use super::{Output, Session, SessionOptions};
use crate::observation::{Observation, Phase};
use crate::transcript::{Entry, Event};

impl Observation {
    /// The observation that a session with these options makes of this one's transcript: the code that ran on the wire runs again.
    ///
    /// Handshakes are taken from [`tls`](Self::tls), since no transcript has them. A connection that never came about has no session,
    /// and is returned as it is. With the options of the first session the result is equal to this observation, unless the code has
    /// changed since, which is what a replay is for.
    ///
    /// # Errors
    ///
    /// If the transcript was cut, or a session with these options would have said something else.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use smtp_probe::{Security, Session, SessionOptions};
    ///
    /// let options = SessionOptions::new("probe.example.com".parse()?, Security::StartTls);
    /// let mut session = Session::with_options(options.clone());
    /// session.handle_input(b"554 mx.example no\r\n", Duration::from_millis(20));
    /// let seen = session.into_observation(Duration::from_millis(20));
    /// assert_eq!(seen.replay(&options)?, seen);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn replay(&self, options: &SessionOptions) -> Result<Self, ReplayError> {
        if self.stop().is_some_and(|stop| stop.phase == Phase::Connect) {
            return Ok(self.clone());
        }
        if self.transcript.dropped() > 0 {
            return Err(ReplayError::new(ReplayErrorKind::Cut, 0));
        }
        let mut session = Session::with_options(options.clone());
        session.observation.address = self.address;
        if let Some(connect) = self.timings.connect {
            session.observation.timings.connect = Some(connect);
            session.phase_started = connect;
        }
        for (index, entry) in self.transcript.entries().iter().enumerate() {
            session
                .replay_entry(entry, self)
                .map_err(|kind| ReplayError::new(kind, index))?;
        }
        Ok(session.into_observation(self.timings.total))
    }
}

impl Session {
    fn replay_entry(&mut self, entry: &Entry, seen: &Observation) -> Result<(), ReplayErrorKind> {
        let at = entry.at;
        match &entry.event {
            Event::Sent(expected) | Event::ProxyHeader(expected) => match self.poll_output(at) {
                Output::Send { octets, .. } if octets == *expected => {}
                _ => return Err(ReplayErrorKind::Diverged),
            },
            Event::Handshake => match self.poll_output(at) {
                Output::StartTls { .. } => {}
                _ => return Err(ReplayErrorKind::Diverged),
            },
            Event::Tls | Event::TlsFailed => match &seen.tls {
                Some(capture) => self.handle_tls(capture.clone(), at),
                None => return Err(ReplayErrorKind::Diverged),
            },
            Event::Received(octets) => self.handle_input(octets, at),
            Event::Closed => self.handle_eof(at),
            Event::Failed(cause) => self.handle_error((**cause).clone(), at),
            Event::TimedOut => self.handle_timeout(at),
        }
        Ok(())
    }
}

/// Why a transcript could not be replayed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReplayError {
    kind: ReplayErrorKind,
    entry: usize,
}

/// The kinds of [`ReplayError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReplayErrorKind {
    /// The transcript does not hold all octets: they were more than it keeps.
    Cut,
    /// A session with these options does something else than the transcript has.
    Diverged,
}

impl ReplayError {
    fn new(kind: ReplayErrorKind, entry: usize) -> Self {
        Self { kind, entry }
    }

    /// What is wrong.
    #[must_use]
    pub fn kind(&self) -> ReplayErrorKind {
        self.kind
    }

    /// At which entry of the transcript, from 0.
    #[must_use]
    pub fn entry(&self) -> usize {
        self.entry
    }
}

impl std::error::Error for ReplayError {}

impl fmt::Display for ReplayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            ReplayErrorKind::Cut => {
                f.write_str("expected a whole transcript, found one that was cut")
            }
            ReplayErrorKind::Diverged => {
                let entry = self.entry;
                write!(
                    f,
                    "expected a session of these options, found another at entry {entry}"
                )
            }
        }
    }
}
