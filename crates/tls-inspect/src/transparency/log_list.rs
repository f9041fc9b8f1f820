//! The logs that a caller knows, and the list that the browsers publish of them.

use sha2::{Digest as _, Sha256};

use crate::Der;

/// The logs whose SCTs can be checked.
///
/// Logs come and go, so none is built in. The list that Chrome publishes is read by
/// `LogList::from_json`, with the feature `serde`; getting it, and checking the signature that is
/// published along with it, is the caller's work.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct LogList {
    /// The logs.
    pub logs: Vec<CtLog>,
    /// When the list was made, in seconds since 1970-01-01T00:00:00Z, if it says so.
    pub timestamp: Option<i64>,
    /// How many logs of the list are left out, since the key cannot be read or is not what the
    /// identifier is the hash of.
    pub unreadable: usize,
    /// The identifiers of those that are left out.
    left_out: Vec<[u8; 32]>,
}

impl LogList {
    /// Takes these logs.
    #[must_use]
    pub fn new(logs: impl IntoIterator<Item = CtLog>) -> Self {
        Self {
            logs: logs.into_iter().collect(),
            timestamp: None,
            unreadable: 0,
            left_out: Vec::new(),
        }
    }

    /// Whether the list has a log of this identifier that is left out.
    pub(super) fn has_left_out(&self, id: &[u8; 32]) -> bool {
        self.left_out.contains(id)
    }

    pub(super) fn find(&self, id: &[u8; 32]) -> Option<&CtLog> {
        self.logs.iter().find(|log| log.id == *id)
    }
}

/// A log.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CtLog {
    id: [u8; 32],
    /// The SubjectPublicKeyInfo of its key.
    pub(super) key: Der,
    /// What it is called.
    pub description: String,
    /// Who runs it.
    pub operator: String,
    /// Its state, if it is known.
    pub state: Option<LogState>,
    /// The time from which on it is in that state, in seconds since 1970-01-01T00:00:00Z.
    pub state_since: Option<i64>,
}

impl CtLog {
    /// A log with this key, the DER of a SubjectPublicKeyInfo. Its identifier is the SHA-256 of
    /// that (RFC 6962 §3.2).
    #[must_use]
    pub fn new(key: Der, description: impl Into<String>, operator: impl Into<String>) -> Self {
        Self {
            id: Sha256::digest(key.as_bytes()).into(),
            key,
            description: description.into(),
            operator: operator.into(),
            state: None,
            state_since: None,
        }
    }

    /// The identifier.
    #[must_use]
    pub const fn id(&self) -> &[u8; 32] {
        &self.id
    }
}

/// The state of a log by the policy of Chrome.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "lowercase"))]
#[non_exhaustive]
pub enum LogState {
    /// It has asked to be accepted.
    Pending,
    /// It is accepted, and browsers are yet to hear of it.
    Qualified,
    /// It is in use.
    Usable,
    /// It takes no more certificates, and its SCTs count.
    ReadOnly,
    /// Its SCTs from before that time count.
    Retired,
    /// It was never accepted.
    Rejected,
}

/// Why octets are no list of logs.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a list of logs, found other octets ({detail})")]
pub struct LogListError {
    kind: LogListErrorKind,
    detail: String,
}

impl LogListError {
    /// The kind of error.
    #[must_use]
    pub const fn kind(&self) -> LogListErrorKind {
        self.kind
    }
}

/// The kinds of [`LogListError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LogListErrorKind {
    /// It is no JSON of that form.
    Malformed,
    /// It has over 4 MiB.
    TooLong,
}

#[cfg(feature = "serde")]
mod json {
    use std::collections::BTreeMap;

    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use serde::Deserialize;

    use super::{CtLog, LogList, LogListError, LogListErrorKind, LogState};
    use crate::Der;
    use crate::der::reader::{Reader, unix_seconds};
    use crate::escape::printable;

    /// The most octets that are looked at; the list has some 100 KiB.
    const MAX_JSON: usize = 4 * 1024 * 1024;

    #[derive(Deserialize)]
    struct List {
        log_list_timestamp: Option<String>,
        operators: Vec<Operator>,
    }

    #[derive(Deserialize)]
    struct Operator {
        name: String,
        #[serde(default)]
        logs: Vec<Log>,
        #[serde(default)]
        tiled_logs: Vec<Log>,
    }

    #[derive(Deserialize)]
    struct Log {
        #[serde(default)]
        description: String,
        log_id: String,
        key: String,
        #[serde(default)]
        state: BTreeMap<String, State>,
    }

    #[derive(Deserialize)]
    struct State {
        timestamp: Option<String>,
    }

    impl LogList {
        /// Reads the list of version 3 that Chrome publishes, with its `operators`, their `logs`
        /// and their `tiled_logs`. What else it says is not looked at.
        ///
        /// # Errors
        ///
        /// If it is no JSON of that form, or has over 4 MiB.
        pub fn from_json(json: &[u8]) -> Result<Self, LogListError> {
            if json.len() > MAX_JSON {
                return Err(LogListError {
                    kind: LogListErrorKind::TooLong,
                    detail: format!("{} octets, where {MAX_JSON} are the most", json.len()),
                });
            }
            let list: List = serde_json::from_slice(json).map_err(|error| LogListError {
                kind: LogListErrorKind::Malformed,
                detail: printable(error.to_string()),
            })?;
            let mut read = Self {
                timestamp: list.log_list_timestamp.as_deref().and_then(time),
                ..Self::default()
            };
            for operator in list.operators {
                for log in operator.logs.into_iter().chain(operator.tiled_logs) {
                    let id = STANDARD.decode(&log.log_id);
                    if let Some(log) = log.read(&operator.name) {
                        read.logs.push(log);
                        continue;
                    }
                    read.unreadable += 1;
                    let id: Option<[u8; 32]> = id.ok().and_then(|id| id.try_into().ok());
                    read.left_out.extend(id);
                }
            }
            Ok(read)
        }
    }

    impl Log {
        fn read(self, operator: &str) -> Option<CtLog> {
            let key = Der::new(STANDARD.decode(&self.key).ok()?);
            Reader::only_sequence(key.as_bytes())?;
            let mut log = CtLog::new(key, printable(self.description), printable(operator));
            if STANDARD.decode(&self.log_id).ok()? != log.id {
                return None;
            }
            // The list gives each log one state; of several none would be the one that holds.
            let mut states = self.state.into_iter();
            if let (Some((name, state)), None) = (states.next(), states.next()) {
                log.state = match name.as_str() {
                    "pending" => Some(LogState::Pending),
                    "qualified" => Some(LogState::Qualified),
                    "usable" => Some(LogState::Usable),
                    "readonly" => Some(LogState::ReadOnly),
                    "retired" => Some(LogState::Retired),
                    "rejected" => Some(LogState::Rejected),
                    _ => None,
                };
                log.state_since = state.timestamp.as_deref().and_then(time);
            }
            Some(log)
        }
    }

    /// A time as `2022-05-06T12:55:11Z`, a fraction of a second left out (RFC 3339 §5.6).
    fn time(text: &str) -> Option<i64> {
        let text = text.strip_suffix('Z')?;
        let (text, _) = text.split_once('.').unwrap_or((text, ""));
        let (date, day_time) = text.split_once('T')?;
        let mut fields = date.split('-').chain(day_time.split(':')).map(|field| {
            let digits = field.bytes().all(|octet| octet.is_ascii_digit());
            digits.then(|| field.parse::<i64>().ok()).flatten()
        });
        let mut field = || fields.next().flatten();
        unix_seconds(field()?, [field()?, field()?, field()?, field()?, field()?])
    }
}
