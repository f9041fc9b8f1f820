use std::fmt;
use std::time::Duration;

use super::Phase;
use crate::diagnosis::Diagnosis;
use crate::reply::Reply;

/// A command and the reply to it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Exchange {
    /// What kind of command it was.
    pub phase: Phase,
    /// The command, without its line end.
    pub command: String,
    /// The reply.
    pub reply: Reply,
    /// How long the reply took to be whole.
    pub elapsed: Duration,
}

impl Exchange {
    /// Whether the reply is a 2yz. Of RCPT it does not say that the mailbox exists: some servers accept everything, and refuse
    /// later.
    #[must_use]
    pub fn is_accepted(&self) -> bool {
        self.reply.effective_code().is_positive_completion()
    }

    /// What the reply says of the reason, if it is a refusal. A 5yz to RCPT does not say that the mailbox does not exist: see
    /// [`Reason`](crate::Reason).
    #[must_use]
    pub fn diagnosis(&self) -> Option<Diagnosis> {
        let code = self.reply.effective_code();
        let refused = code.is_transient_negative() || code.is_permanent_negative();
        refused.then(|| Diagnosis::of_reply(&self.reply))
    }
}

/// The replies to an envelope, as far as the session went.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct EnvelopeReplies<'a> {
    /// MAIL.
    pub mail: Option<&'a Exchange>,
    /// RCPT, one for each forward-path. They are not asked for if MAIL is refused.
    pub recipients: Vec<&'a Exchange>,
    /// RSET. It is not sent if MAIL is refused: there is nothing to take back.
    pub reset: Option<&'a Exchange>,
}

impl<'a> EnvelopeReplies<'a> {
    pub(super) fn of(exchanges: &'a [Exchange]) -> Self {
        let of = |phase| {
            exchanges
                .iter()
                .filter(move |exchange| exchange.phase == phase)
        };
        Self {
            mail: of(Phase::Mail).next(),
            recipients: of(Phase::Rcpt).collect(),
            reset: of(Phase::Rset).next(),
        }
    }
}

/// Why an envelope was not sent in a session that was completed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Skipped {
    /// TLS was wanted for it, and could not be had.
    NoTls,
    /// An address is not ASCII, and the server does not offer SMTPUTF8 (RFC 6531 §3.2).
    NoSmtpUtf8,
}

impl fmt::Display for Skipped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::NoTls => "TLS was wanted and could not be had",
            Self::NoSmtpUtf8 => "the server does not offer SMTPUTF8",
        })
    }
}
