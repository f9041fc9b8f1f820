//! The three values of every answer of a scan, each with what it rests on.

use std::fmt;

#[cfg(feature = "serde")]
use super::text;
use crate::escape::printable;
use crate::{
    Alert, AlertDescription, CipherSuite, DowngradeSentinel, HelloOutcome, NamedGroup,
    ProtocolVersion,
};

/// Whether a server does something.
///
/// Silence, a close or an unfitting alert is never read as "no".
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum ScanSupport {
    /// It does, and this shows it.
    Yes(ScanEvidence),
    /// It does not, and this shows it: it chose otherwise, or refused with an alert that says so.
    No(ScanEvidence),
    /// It probably does not: it answers this, twice, with a close, a reset or an alert that is
    /// no refusal, while a hello that it had taken before was taken again afterwards.
    LikelyNo(ScanEvidence),
    /// It could not be told, for this cause.
    Unknown(ScanUncertainty),
}

impl ScanSupport {
    /// Whether it is a yes with proof.
    #[must_use]
    pub const fn is_yes(&self) -> bool {
        matches!(self, Self::Yes(_))
    }

    /// Whether it is a no with proof.
    #[must_use]
    pub const fn is_no(&self) -> bool {
        matches!(self, Self::No(_))
    }

    /// Whether nothing could be told.
    #[must_use]
    pub const fn is_unknown(&self) -> bool {
        matches!(self, Self::Unknown(_))
    }

    pub(super) const fn not_asked() -> Self {
        Self::Unknown(ScanUncertainty::NotAsked)
    }

    /// Whether this rests on a refusal after the last connection on which anything was taken.
    pub(super) fn is_unconfirmed(&self, trusted: Option<u32>) -> bool {
        let refusal = match self {
            Self::No(evidence) => match evidence.seen {
                ScanSight::Alert(_) => Some(evidence.connection),
                _ => None,
            },
            Self::Yes(evidence) => match evidence.seen {
                ScanSight::OnlyWithSchemes { refused } => Some(refused),
                _ => None,
            },
            Self::LikelyNo(_) | Self::Unknown(_) => None,
        };
        refusal.is_some() && refusal > trusted
    }
}

impl fmt::Display for ScanSupport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Yes(evidence) => write!(f, "yes ({evidence})"),
            Self::No(evidence) => write!(f, "no ({evidence})"),
            Self::LikelyNo(evidence) => write!(f, "probably not ({evidence})"),
            Self::Unknown(cause) => write!(f, "could not tell ({cause})"),
        }
    }
}

/// What an answer of a scan rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct ScanEvidence {
    /// The number of the connection, as in [`ScanReport::connections`](super::ScanReport).
    pub connection: u32,
    /// What was seen on it.
    pub seen: ScanSight,
}

impl ScanEvidence {
    pub(super) const fn new(connection: u32, seen: ScanSight) -> Self {
        Self { connection, seen }
    }

    /// Whether this is a no to a version as such: `protocol_version`, or the choice of another.
    pub(super) fn refuses_version(&self) -> bool {
        match &self.seen {
            ScanSight::Alert(alert) => alert.description == AlertDescription::PROTOCOL_VERSION,
            seen => matches!(seen, ScanSight::Chosen { .. }),
        }
    }
}

impl fmt::Display for ScanEvidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "connection {}: {}", self.connection, self.seen)
    }
}

/// What was seen on a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum ScanSight {
    /// The server chose.
    Chosen {
        /// The version.
        #[cfg_attr(feature = "serde", serde(with = "text"))]
        version: ProtocolVersion,
        /// The cipher suite.
        #[cfg_attr(feature = "serde", serde(with = "text"))]
        cipher_suite: CipherSuite,
    },
    /// The server asked for a share of this group.
    Retry {
        /// The group.
        #[cfg_attr(feature = "serde", serde(with = "text"))]
        group: NamedGroup,
    },
    /// The server asked for a second ClientHello without naming a group.
    RetryWithoutGroup,
    /// The server sent this fatal alert.
    Alert(#[cfg_attr(feature = "serde", serde(with = "text"))] Alert),
    /// The server marked its answer as one below what it can do (RFC 9846 §4.1.3).
    Downgrade(DowngradeSentinel),
    /// The server took a hello of TLS 1.3 with no signature schemes but those of one kind of key,
    /// and refused one with others: it goes by them.
    OnlyWithSchemes {
        /// The connection of the refusal.
        refused: u32,
    },
    /// Something other than an answer, here and on an earlier connection, while the hello of a
    /// control was taken before and after.
    Dropped {
        /// What came in place of an answer.
        cause: Box<ScanUncertainty>,
        /// The connection on which it came the first time.
        first: u32,
        /// The connection of the control that followed.
        control: u32,
    },
}

impl fmt::Display for ScanSight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Chosen {
                version,
                cipher_suite,
            } => write!(f, "chose {version}, {cipher_suite}"),
            Self::Retry { group } => write!(f, "asked for a share of {group}"),
            Self::RetryWithoutGroup => f.write_str("asked for another hello"),
            Self::Alert(alert) => alert.fmt(f),
            Self::Downgrade(DowngradeSentinel::FromTls13) => {
                f.write_str("marked as downgraded from TLSv1.3")
            }
            Self::Downgrade(DowngradeSentinel::FromTls12) => {
                f.write_str("marked as downgraded from TLSv1.2")
            }
            Self::OnlyWithSchemes { refused } => write!(
                f,
                "took these signature schemes, and refused others on connection {refused}"
            ),
            Self::Dropped {
                cause,
                first,
                control,
            } => write!(
                f,
                "{cause}, as on connection {first}; the control {control} was answered"
            ),
        }
    }
}

/// Why something could not be told.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum ScanUncertainty {
    /// It was not asked: not wanted, or the scan ended first.
    NotAsked,
    /// It has no meaning for this server, or nothing can show it. The text says why.
    NotApplicable(String),
    /// The server closed the connection in place of an answer.
    Closed,
    /// The connection was reset.
    Reset,
    /// No answer came in time.
    TimedOut,
    /// The server sent a fatal alert that refuses nothing in particular.
    Alert(#[cfg_attr(feature = "serde", serde(with = "text"))] Alert),
    /// The server answered in plaintext. These are its first words, escaped.
    NotTls(String),
    /// The answer cannot be read. The text says where.
    Malformed(String),
    /// The server chose what had not been offered. The text says what.
    NotOffered(String),
    /// The server refused, and no hello was taken afterwards: it may refuse whatever it is asked.
    Unconfirmed,
    /// The answer ended before the message that would tell.
    CutShort,
    /// The server says both.
    Contradiction {
        /// That it does.
        yes: Box<ScanEvidence>,
        /// That it does not.
        no: Box<ScanEvidence>,
    },
    /// The stream failed in another way.
    Io(String),
    /// No connection could be had, or the server did not go on to TLS. These are its words.
    NoConnection(String),
}

impl ScanUncertainty {
    /// Whether some servers do this in place of refusing, so that doing it again, between hellos
    /// that are taken, tells something.
    pub(super) const fn can_be_habit(&self) -> bool {
        matches!(self, Self::Closed | Self::Reset | Self::Alert(_))
    }
}

impl fmt::Display for ScanUncertainty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAsked => f.write_str("not asked"),
            Self::NotApplicable(why) => f.write_str(&printable(why)),
            Self::Closed => f.write_str("closed in place of an answer"),
            Self::Reset => f.write_str("reset in place of an answer"),
            Self::TimedOut => f.write_str("no answer in time"),
            Self::Alert(alert) => write!(f, "{alert}, which is no refusal"),
            Self::NotTls(words) => write!(f, "plaintext: {}", printable(words)),
            Self::Malformed(text) => write!(f, "answer not readable: {}", printable(text)),
            Self::NotOffered(text) => write!(f, "chose what was not offered: {}", printable(text)),
            Self::Unconfirmed => f.write_str("refused, as anything may be by then"),
            Self::CutShort => f.write_str("the answer ended too early"),
            Self::Contradiction { yes, no } => write!(f, "says both: {yes}; {no}"),
            Self::Io(text) => write!(f, "stream failed: {}", printable(text)),
            Self::NoConnection(words) => write!(f, "no connection: {}", printable(words)),
        }
    }
}

/// What an answer that is no choice says.
pub(super) enum Reading {
    /// The server chose, or asked for a share.
    Answered(ScanSight),
    /// It refused with an alert that says so.
    Refused(Alert),
    /// It could not be told.
    Unanswered(ScanUncertainty),
}

/// Reads an outcome. Only `handshake_failure`, `protocol_version` and `insufficient_security`
/// refuse what was offered (RFC 9846 §6.2), and `inappropriate_fallback` the fallback
/// (RFC 7507 §3).
pub(super) fn read(outcome: &HelloOutcome) -> Reading {
    match outcome {
        HelloOutcome::Chosen(flight) => Reading::Answered(ScanSight::Chosen {
            version: flight.hello.version,
            cipher_suite: flight.hello.cipher_suite,
        }),
        HelloOutcome::Retry(retry) => Reading::Answered(match retry.group {
            Some(group) => ScanSight::Retry { group },
            None => ScanSight::RetryWithoutGroup,
        }),
        HelloOutcome::Alert(alert) => {
            // Every alert that ends an answer is fatal, so that its level says nothing.
            let alert = Alert::new(alert.description);
            match alert.description.0 {
                40 | 70 | 71 | 86 => Reading::Refused(alert),
                _ => Reading::Unanswered(ScanUncertainty::Alert(alert)),
            }
        }
        HelloOutcome::Closed => Reading::Unanswered(ScanUncertainty::Closed),
        HelloOutcome::Reset => Reading::Unanswered(ScanUncertainty::Reset),
        HelloOutcome::TimedOut => Reading::Unanswered(ScanUncertainty::TimedOut),
        HelloOutcome::NotTls(octets) => {
            Reading::Unanswered(ScanUncertainty::NotTls(octets.escape_ascii().to_string()))
        }
        HelloOutcome::Malformed(text) => {
            Reading::Unanswered(ScanUncertainty::Malformed(printable(text)))
        }
        HelloOutcome::Io(text) => Reading::Unanswered(ScanUncertainty::Io(printable(text))),
    }
}
