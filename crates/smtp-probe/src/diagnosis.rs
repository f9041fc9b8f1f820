//! Why a server says no, from its codes and its words.
//!
//! A reply code says that something failed and an enhanced status code says where, but servers use both loosely: `550 5.7.1` is
//! a blocklist here and an unknown user there. So the words count too, and each diagnosis says what it was drawn from.
//!
//! The text becomes words without names and numbers, all wordings of all tables are looked for in one pass, and the surest one
//! counts; a code that says the same makes it surer, and a code alone is believed where no words speak. No more than the first
//! 8,192 octets of a text are read.

use std::fmt;
use std::time::Duration;

use crate::code::{EnhancedCode, ReplyCode};
use crate::escape::Escaped;
use crate::reply::Reply;

mod codes;
mod links;
mod lists;
mod retry;
mod status;
#[cfg(test)]
mod tests;
mod text;
mod wording;

use codes::Codes;
use text::Words;
use wording::{Hit, SPECIFIC, SURE, USUAL, Weight};

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

/// A code that says the same as the words makes them surer by so much.
const AGREEMENT: Weight = 10;
/// Words before the code are less sure by so much.
const FRAME: Weight = 25;

impl Diagnosis {
    /// What a reply says; of one that is no refusal, [`Reason::Unknown`] without confidence.
    ///
    /// The matched words stand in what [`Reply`] shows of itself.
    #[must_use]
    pub fn of_reply(reply: &Reply) -> Self {
        let mut text = reply.effective_code().to_string().into_bytes();
        for (index, line) in reply.lines().enumerate() {
            if !line.is_empty() {
                text.extend_from_slice(if index == 0 { b" " } else { b" / " });
                text.extend_from_slice(line);
            }
            if text.len() > text::LIMIT {
                break;
            }
        }
        let code = reply.effective_code();
        let enhanced = reply.enhanced_code().or_else(|| {
            let found = Codes::find(bounded(&text)).enhanced;
            // Elsewhere than at its place it must go with the reply code all the more (RFC 2034 §4).
            found.filter(|found| u16::from(found.class) == code.0 / 100)
        });
        Self::read(
            &text,
            Codes {
                code: Some(code),
                enhanced,
                at: 0,
            },
        )
    }

    /// What any text says: a pasted reply, the diagnostic code of a report, a line of a log; with codes or without.
    ///
    /// # Examples
    ///
    /// ```
    /// use smtp_probe::{Confidence, Diagnosis, Reason};
    ///
    /// let text = b"host mx.example[192.0.2.1] said: 554 5.7.1 Service unavailable; Client host [198.51.100.7] blocked using zen.spamhaus.org";
    /// let diagnosis = Diagnosis::of_text(text);
    /// assert_eq!(diagnosis.reason, Reason::Blocklisted);
    /// assert_eq!(diagnosis.confidence, Confidence::High);
    /// assert_eq!(diagnosis.list.as_deref(), Some("zen.spamhaus.org"));
    /// assert_eq!(diagnosis.enhanced.map(|code| code.to_string()).as_deref(), Some("5.7.1"));
    /// ```
    #[must_use]
    pub fn of_text(text: &[u8]) -> Self {
        Self::read(text, Codes::find(bounded(text)))
    }

    /// As [`of_text`](Self::of_text), with a code that is known from elsewhere where the text has none.
    #[cfg(feature = "bounce")]
    pub(crate) fn with_status(text: &[u8], status: Option<EnhancedCode>) -> Self {
        let mut codes = Codes::find(bounded(text));
        codes.enhanced = codes.enhanced.or(status);
        Self::read(text, codes)
    }

    fn read(text: &[u8], codes: Codes) -> Self {
        let text = bounded(text);
        let words = Words::of(text, codes.code.map(|code| code.0));
        let is_refusal = codes.code.is_none_or(|code| code.0 / 100 != 2)
            && (codes.code.is_some() || codes.enhanced.is_none_or(|code| code.class != 2));
        let by_codes = is_refusal
            .then(|| status::reason(codes.code, codes.enhanced))
            .flatten();
        let by_words = is_refusal
            .then(|| best(&words, text, codes, by_codes))
            .flatten();
        let (reason, confidence) = match (by_words, by_codes) {
            (Some(said), by_codes) if by_codes.is_none_or(|(_, weight)| said.weight >= weight) => (
                refined(said, &words, codes, by_codes),
                confidence_of(said, by_codes),
            ),
            (_, Some((reason, SPECIFIC..))) => (reason, Confidence::Medium),
            (_, Some((reason, _))) => (reason, Confidence::Low),
            (_, None) => (Reason::Unknown, Confidence::None),
        };
        let matched = by_words
            .filter(|said| by_codes.is_none_or(|(_, weight)| said.weight >= weight))
            .and_then(|said| text.get(said.start..said.end))
            .map_or_else(String::new, |words| Escaped(words).to_string());
        let names_list = matches!(reason, Reason::Blocklisted | Reason::Reputation);
        Self {
            reason,
            confidence,
            code: codes.code,
            enhanced: codes.enhanced,
            matched,
            list: names_list.then(|| lists::named(text)).flatten(),
            retry_after: is_refusal.then(|| retry::after(&words)).flatten(),
        }
    }
}

fn bounded(text: &[u8]) -> &[u8] {
    text.get(..text::LIMIT).unwrap_or(text)
}

/// The surest words of a text, as places in it.
#[derive(Debug, Clone, Copy)]
struct Said {
    reason: Reason,
    weight: Weight,
    start: usize,
    end: usize,
}

/// The surest of the wordings and links; of equally sure ones the longest, and of those the first.
fn best(
    words: &Words,
    text: &[u8],
    codes: Codes,
    by_codes: Option<(Reason, Weight)>,
) -> Option<Said> {
    let mut best: Option<((Weight, usize), Said)> = None;
    let mut consider = |reason, mut weight: Weight, length, (start, end): (usize, usize)| {
        // What is said before the code is the frame that another program put around it.
        if start < codes.at {
            weight = weight.saturating_sub(FRAME);
        }
        let agrees = by_codes.is_some_and(|(by_code, _)| by_code == reason);
        let worth = (weight + if agrees { AGREEMENT } else { 0 }, length);
        if best.is_none_or(|(before, _)| worth > before) {
            best = Some((
                worth,
                Said {
                    reason,
                    weight,
                    start,
                    end,
                },
            ));
        }
    };
    // Postfix ends with the command that was answered, and its words are no cause.
    let answered = memchr::memmem::rfind(words.text(), b" in reply to ").unwrap_or(usize::MAX);
    wording::each(words, |hit: Hit| {
        if hit.end > answered.saturating_add(1) {
            return;
        }
        // A frame names senders, recipients and failures that are not the cause.
        if let Some(range) = words.source_range(hit.start, hit.end)
            && !(hit.is_pair && range.0 < codes.at)
        {
            consider(hit.reason, hit.weight, hit.length, range);
        }
    });
    links::each(text, |reason, weight, start, end| {
        consider(reason, weight, 0, (start, end));
    });
    best.map(|(_, said)| said)
}

/// The reason that the words name, seen from what they were said to: an unknown user or domain in answer to MAIL is the sender's,
/// and a code may tell a recipient that has moved from one that never was.
fn refined(said: Said, words: &Words, codes: Codes, by_codes: Option<(Reason, Weight)>) -> Reason {
    let reason = said.reason;
    let by_code = by_codes.map(|(reason, _)| reason);
    // 4.7.1 with nothing but "try again later" is how rspamd and others put a client on their grey list.
    let is_policy_for_now = codes
        .enhanced
        .is_some_and(|code| (code.class, code.subject, code.detail) == (4, 7, 1));
    let is_about_command = codes
        .code
        .is_some_and(|code| matches!(code.0, 500 | 502 | 503));
    let follows = |commands: &[&[u8]]| {
        let mut commands = commands.iter();
        commands.any(|command| memchr::memmem::find(words.text(), command).is_some())
    };
    let after_mail = || {
        follows(&[
            b" in reply to mail from command ",
            b" after mail from ",
            b" after pipelined mail from ",
            b" our mail from ",
        ])
    };
    // qmail says it of HELO.
    let after_helo = || {
        follows(&[
            b" in reply to ehlo command ",
            b" in reply to helo command ",
            b" after ehlo ",
            b" after helo ",
            b" my name was rejected ",
        ])
    };
    match (reason, by_code) {
        (Reason::UserUnknown | Reason::HostUnknown, Some(Reason::SenderRefused)) => {
            Reason::SenderRefused
        }
        (Reason::UserUnknown | Reason::HostUnknown, _) if after_mail() => Reason::SenderRefused,
        (Reason::UserUnknown | Reason::HostUnknown, _) if after_helo() => Reason::EhloRefused,
        // These codes are about a command, not about its argument (RFC 5321 §4.2.4): the name of the command says no more.
        (Reason::EhloRefused, _) if is_about_command => Reason::Protocol,
        (Reason::UserUnknown, Some(Reason::UserMoved)) => Reason::UserMoved,
        // "Server busy" is also said to those only who send too much.
        (Reason::System, Some(by_code @ (Reason::RateLimited | Reason::Reputation))) => by_code,
        (Reason::System, _) if is_policy_for_now && said.weight < USUAL => Reason::Greylisted,
        _ => reason,
    }
}

fn confidence_of(said: Said, by_codes: Option<(Reason, Weight)>) -> Confidence {
    let agrees = by_codes.is_some_and(|(reason, _)| reason == said.reason);
    match said.weight {
        SURE.. => Confidence::High,
        USUAL.. if agrees => Confidence::High,
        SPECIFIC.. => Confidence::Medium,
        _ if agrees => Confidence::Medium,
        _ => Confidence::Low,
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
