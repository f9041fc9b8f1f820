//! Why a server says no, from its codes and its words.
//!
//! A reply code says that something failed and an enhanced status code says where, but servers use both loosely: `550 5.7.1` is
//! a blocklist here and an unknown user there. So the words count too, and each diagnosis says what it was drawn from.

use std::fmt;
use std::time::Duration;

use crate::code::{EnhancedCode, ReplyCode};
use crate::reply::Reply;

/// Why mail, or a session, was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Reason {
    /// The recipient does not exist.
    UserUnknown,
    /// The recipient's mailbox is disabled or suspended.
    UserDisabled,
    /// The recipient's mailbox is full.
    MailboxFull,
    /// The recipient has moved.
    UserMoved,
    /// The recipient exists and refuses this mail, or the server does not say whether it exists.
    RecipientRefused,
    /// The domain or host of the recipient does not exist, or cannot be found.
    HostUnknown,
    /// The host or domain takes no mail at all (null MX, 521).
    NoMailAccepted,
    /// The server does not relay for the recipient's domain.
    RelayDenied,
    /// The envelope's sender is refused.
    SenderRefused,
    /// The client's address or the sender's domain is on a list; [`Diagnosis::list`] names it if the text does.
    Blocklisted,
    /// The client's or the sender's reputation is bad, by the receiver's own measure.
    Reputation,
    /// The client's address has no reverse name, or none that fits.
    ReverseDns,
    /// The name in EHLO or HELO is refused.
    EhloRefused,
    /// SPF, DKIM or DMARC failed.
    AuthenticationFailure,
    /// Mail is taken only over TLS.
    TlsRequired,
    /// TLS was wanted and could not be had.
    TlsFailed,
    /// The client must authenticate.
    AuthRequired,
    /// Too much mail, too fast.
    RateLimited,
    /// Too many connections.
    TooManyConnections,
    /// Come again later: greylisting.
    Greylisted,
    /// The message is taken for spam.
    Spam,
    /// The message is taken for malware.
    Virus,
    /// The message's content, form or headers are refused.
    Content,
    /// The message is too large.
    TooLarge,
    /// A policy of the receiver, which it does not say more of.
    Policy,
    /// A security measure of the receiver.
    Security,
    /// A command was not understood or out of order.
    Protocol,
    /// The receiving system is at fault.
    System,
    /// The receiving system is out of storage.
    SystemFull,
    /// A program behind the receiving system is at fault.
    Mailer,
    /// The network between, or the DNS, is at fault.
    Network,
    /// The mail goes in a circle.
    Loop,
    /// It was tried for too long.
    Expired,
    /// None of the above can be told.
    Unknown,
}

/// How sure a [`Diagnosis`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Confidence {
    /// Nothing tells the reason.
    None,
    /// A reply code alone, or a word that has several meanings.
    Low,
    /// An enhanced status code of a general kind, or a usual wording.
    Medium,
    /// An enhanced status code and a wording that agree, or a wording that has one meaning only.
    High,
}

/// What a refusal says.
///
/// # Examples
///
/// ```
/// use smtp_probe::{Diagnosis, Reason, Reply};
///
/// let reply = Reply::parse(b"450 4.2.0 <a@b.example>: Recipient address rejected: Greylisted, see https://postgrey.example\r\n")?;
/// let diagnosis = Diagnosis::of_reply(&reply);
/// assert_eq!(diagnosis.reason, Reason::Greylisted);
/// # Ok::<(), smtp_probe::ReplyError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Diagnosis {
    /// Why.
    pub reason: Reason,
    /// How sure that is.
    pub confidence: Confidence,
    /// The reply code, if there is one.
    pub code: Option<ReplyCode>,
    /// The enhanced status code, if there is one.
    pub enhanced: Option<EnhancedCode>,
    /// The words that told, as they stand in the text (escaped); empty if the codes alone did.
    pub matched: String,
    /// The list that the text names, such as `zen.spamhaus.org`.
    pub list: Option<String>,
    /// How long to wait before another attempt, if the text says it.
    pub retry_after: Option<Duration>,
}

impl Diagnosis {
    /// What a reply says; of one that is no refusal, [`Reason::Unknown`] without confidence.
    #[must_use]
    pub fn of_reply(reply: &Reply) -> Self {
        let said = reply.to_string().to_ascii_lowercase();
        let code = reply.effective_code();
        let (reason, matched) = if said.contains("greylist") {
            (Reason::Greylisted, "greylist")
        } else {
            (Reason::Unknown, "")
        };
        Self {
            reason,
            confidence: Confidence::Low,
            code: Some(code),
            enhanced: reply.enhanced_code(),
            matched: matched.to_owned(),
            list: None,
            retry_after: None,
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::UserUnknown => "user unknown",
            Self::UserDisabled => "user disabled",
            Self::MailboxFull => "mailbox full",
            Self::UserMoved => "user moved",
            Self::RecipientRefused => "recipient refused",
            Self::HostUnknown => "host unknown",
            Self::NoMailAccepted => "no mail accepted",
            Self::RelayDenied => "relay denied",
            Self::SenderRefused => "sender refused",
            Self::Blocklisted => "blocklisted",
            Self::Reputation => "bad reputation",
            Self::ReverseDns => "reverse DNS",
            Self::EhloRefused => "EHLO name refused",
            Self::AuthenticationFailure => "SPF, DKIM or DMARC failed",
            Self::TlsRequired => "TLS required",
            Self::TlsFailed => "TLS failed",
            Self::AuthRequired => "authentication required",
            Self::RateLimited => "rate limited",
            Self::TooManyConnections => "too many connections",
            Self::Greylisted => "greylisted",
            Self::Spam => "spam",
            Self::Virus => "virus",
            Self::Content => "content refused",
            Self::TooLarge => "too large",
            Self::Policy => "policy",
            Self::Security => "security",
            Self::Protocol => "protocol",
            Self::System => "system fault",
            Self::SystemFull => "system full",
            Self::Mailer => "mailer fault",
            Self::Network => "network fault",
            Self::Loop => "mail loop",
            Self::Expired => "expired",
            Self::Unknown => "unknown",
        })
    }
}
