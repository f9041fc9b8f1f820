//! What was said, for tests to look at.

use std::{
    net::SocketAddr,
    ops::Add,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// Bounds on the memory of the log.
const MAX_SESSIONS: usize = 10_000;
const MAX_LINES: usize = 1_000;
const MAX_LINE: usize = 1_024;

/// One connection.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Session {
    /// Who connected.
    pub peer: SocketAddr,
    /// What happened: `S: …` and `C: …` with odd octets escaped, `TLS …`, `CLOSE`, `RESET`, and `END …` with
    /// the cause when it did not end by the script.
    pub lines: Vec<String>,
}

/// Commands that a probe must never send, counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Attempts {
    /// MAIL commands.
    pub mail: u64,
    /// RCPT commands.
    pub rcpt: u64,
    /// DATA and BDAT commands.
    pub data: u64,
    /// AUTH commands.
    pub auth: u64,
}

impl Attempts {
    /// Whether there were none.
    #[must_use]
    pub fn is_zero(self) -> bool {
        self == Self::default()
    }
}

impl Add for Attempts {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            mail: self.mail + other.mail,
            rcpt: self.rcpt + other.rcpt,
            data: self.data + other.data,
            auth: self.auth + other.auth,
        }
    }
}

/// The log of one server.
#[derive(Debug, Default)]
pub(super) struct Log {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    sessions: Vec<Session>,
    attempts: Attempts,
}

impl Log {
    /// Opens a session; its number, or none when the log is full.
    pub(super) fn open(&self, peer: SocketAddr) -> Option<usize> {
        let mut inner = self.lock();
        let number = inner.sessions.len();
        (number < MAX_SESSIONS).then(|| {
            inner.sessions.push(Session {
                peer,
                lines: Vec::new(),
            });
            number
        })
    }

    pub(super) fn note(&self, session: Option<usize>, mark: &str, bytes: &[u8]) {
        let mut inner = self.lock();
        let session = session.and_then(|number| inner.sessions.get_mut(number));
        let Some(session) = session.filter(|session| session.lines.len() < MAX_LINES) else {
            return;
        };
        let text = bytes.escape_ascii().take(MAX_LINE).map(char::from);
        session.lines.push(mark.chars().chain(text).collect());
    }

    pub(super) fn count(&self, command: &[u8]) {
        let end = command.iter().position(|byte| !byte.is_ascii_alphabetic());
        let verb = command
            .get(..end.unwrap_or(command.len()))
            .unwrap_or_default();
        let mut inner = self.lock();
        match verb.to_ascii_uppercase().as_slice() {
            b"MAIL" => inner.attempts.mail += 1,
            b"RCPT" => inner.attempts.rcpt += 1,
            b"DATA" | b"BDAT" => inner.attempts.data += 1,
            b"AUTH" => inner.attempts.auth += 1,
            _ => {}
        }
    }

    pub(super) fn sessions(&self) -> Vec<Session> {
        self.lock().sessions.clone()
    }

    pub(super) fn attempts(&self) -> Attempts {
        self.lock().attempts
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
