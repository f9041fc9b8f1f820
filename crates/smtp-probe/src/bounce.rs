//! Reports of delivery: what a bounce says of each recipient, whoever wrote it.
//!
//! The machine-readable form (RFC 3461, 3464; `message/delivery-status`) is read where there is one, and the words for people
//! otherwise: qmail, Exim, Sendmail before DSN, Exchange, Domino and many more only wrote text. What a report says of a recipient is
//! diagnosed as a reply would be, and nothing is taken from the returned message but the address that it was for.

use crate::code::EnhancedCode;
use crate::diagnosis::Diagnosis;

mod body;
mod fields;
mod log;
mod message;
mod notification;
mod report;
mod signs;
mod system;
#[cfg(test)]
mod tests;

pub use log::{Disposition, LogLine, LogSystem};
pub use system::System;

/// What a message reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum BounceKind {
    /// The mail was not delivered, and nobody tries any more.
    Failure,
    /// The mail was not delivered yet, and is still tried.
    Delay,
    /// The mail was delivered, relayed or expanded.
    Success,
    /// Somebody, or a program, answers: a vacation notice and its like (RFC 3834).
    AutoReply,
    /// A recipient complains about the mail (ARF, RFC 5965).
    Feedback,
}

/// What was done for a recipient (RFC 3464 §2.3.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Action {
    /// Not delivered, and given up.
    Failed,
    /// Not delivered yet.
    Delayed,
    /// Delivered.
    Delivered,
    /// Handed to a system that does not report.
    Relayed,
    /// Delivered to a list of more recipients.
    Expanded,
}

/// A report of delivery.
///
/// # Limits
///
/// The first 262,144 octets of a message are read, up to its 32nd nested message; 64 parts, the first
/// 32,768 octets of the text for people, 256 recipients, and 4,096 octets of text for each.
///
/// # Examples
///
/// ```
/// use smtp_probe::{Bounce, BounceKind, Reason};
///
/// let message = b"From: MAILER-DAEMON@mx.example\r\nSubject: failure notice\r\n\r\n\
///     Hi. This is the qmail-send program at mx.example.\r\n\r\n\
///     <a@b.example>:\r\n192.0.2.1 does not like recipient.\r\nRemote host said: 550 5.1.1 No such user\r\n";
/// let bounce = Bounce::parse(message).ok_or("a bounce")?;
/// assert_eq!(bounce.kind, BounceKind::Failure);
/// let recipient = bounce.recipients.first().ok_or("a recipient")?;
/// assert_eq!(recipient.address.as_deref(), Some("a@b.example"));
/// assert_eq!(recipient.diagnosis.reason, Reason::UserUnknown);
/// # Ok::<(), &str>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Bounce {
    /// What it reports; of several recipients, the worst.
    pub kind: BounceKind,
    /// Which software wrote it, if it shows.
    pub system: Option<System>,
    /// The system that reports (RFC 3464 §2.2.2), escaped.
    pub reporting_mta: Option<String>,
    /// Whom it is about, in order. A complaint or an automatic answer may name nobody.
    pub recipients: Vec<Recipient>,
    /// The kind of a complaint, such as `abuse` (RFC 5965 §3.1), escaped.
    pub feedback_type: Option<String>,
    /// Whether there was more than the limits allow.
    pub is_truncated: bool,
}

/// What a report says of one recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Recipient {
    /// The address that the mail was for at last (RFC 3464 §2.3.2), escaped; absent if the report does not say it.
    pub address: Option<String>,
    /// The address that the sender gave (RFC 3464 §2.3.1), if it is another one, escaped.
    pub original: Option<String>,
    /// What was done; absent if the report does not say it in its field.
    pub action: Option<Action>,
    /// The status (RFC 3464 §2.3.4), as its field has it.
    pub status: Option<EnhancedCode>,
    /// The system that refused (RFC 3464 §2.3.5), escaped.
    pub remote_mta: Option<String>,
    /// The text that was diagnosed, escaped: the diagnostic code (RFC 3464 §2.3.6), or what the report tells people.
    pub text: String,
    /// What it means.
    pub diagnosis: Diagnosis,
}

impl Bounce {
    /// Reads a whole message; `None` if it is no report of delivery and no automatic answer.
    #[must_use]
    pub fn parse(message: &[u8]) -> Option<Self> {
        message::read(message)
    }
}

impl Action {
    /// Whether the recipient has the mail, as far as the reporting system can know.
    #[must_use]
    pub fn is_success(self) -> bool {
        matches!(self, Self::Delivered | Self::Relayed | Self::Expanded)
    }

    fn of_field(value: &[u8]) -> Option<Self> {
        let word: Vec<u8> = value
            .trim_ascii()
            .iter()
            .take(16)
            .take_while(|octet| octet.is_ascii_alphabetic() || **octet == b'-')
            .map(u8::to_ascii_lowercase)
            .collect();
        Some(match word.as_slice() {
            b"failed" | b"failure" | b"fail" | b"undeliverable" => Self::Failed,
            b"delayed" | b"delay" | b"deferred" => Self::Delayed,
            b"delivered" | b"deliverable" => Self::Delivered,
            b"relayed" => Self::Relayed,
            b"expanded" => Self::Expanded,
            _ => return None,
        })
    }
}
