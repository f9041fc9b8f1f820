//! Which messages report a failure, which answer by themselves, and which complain: by the header and the words for people, for
//! those that have no parts that say it.

use std::borrow::Cow;

use memchr::memmem;

use super::message::Header;
use crate::diagnosis::Diagnosis;

/// An automatic answer: it says so, and nothing about it is a failure.
pub(super) fn is_answer(header: &Header, text: &[u8]) -> bool {
    const SUBJECTS: [&str; 14] = [
        "auto:",
        "automatic reply",
        "auto reply",
        "auto-reply",
        "autoreply",
        "auto response",
        "automated response",
        "autoresponse",
        "out of office",
        "out-of-office",
        "vacation",
        "abwesenheit",
        "absence",
        "away from",
    ];
    let subject = &header.subject;
    let says_so = SUBJECTS.iter().any(|word| subject.contains(word));
    let is_daemon = is_daemon(&header.from) || !header.failed.is_empty();
    !is_daemon && (says_so || header.is_automatic && !fails(text) && !subject_fails(subject))
}

/// A complaint of a receiver that does not send reports of RFC 5965, or not in parts.
pub(super) fn is_complaint(header: &Header, is_returned: bool, text: &[u8]) -> bool {
    is_opt_out(header)
        || is_returned
            && header.from.contains("staff@hotmail.com")
            && header.subject.contains("complaint")
        || contains(text, b"this is an email abuse report")
}

/// A client that sends what a list's header asks for (RFC 2369 §3.2), without its user's hand.
pub(super) fn is_opt_out(header: &Header) -> bool {
    header.is_automatic && header.subject.trim() == "unsubscribe"
}

/// Whether a message without the parts of a report is one.
pub(super) fn reports_failure(header: &Header, text: &[u8]) -> bool {
    !header.failed.is_empty()
        || fails(text)
        || subject_fails(&header.subject)
        || is_daemon(&header.from)
            && (!is_postmaster(&header.from) || Diagnosis::of_text(text).code.is_some())
}

/// The text, without the quotation marks of a report that somebody forwarded.
pub(super) fn unquoted(text: &[u8]) -> Cow<'_, [u8]> {
    if memmem::find(text, b"\n> Final-Recipient:").is_none() {
        return Cow::Borrowed(text);
    }
    let lines = text
        .split_inclusive(|octet| *octet == b'\n')
        .map(|line| match line {
            [b'>', b' ', rest @ ..] | [b'>', rest @ ..] => rest,
            line => line,
        });
    Cow::Owned(lines.flatten().copied().collect())
}

/// Whether mail from there is usually a report.
fn is_daemon(from: &str) -> bool {
    [
        "mailer-daemon",
        "mailerdaemon",
        "postmaster",
        "post_master",
        "mail-daemon",
        "mail delivery",
        "mail.daemon",
    ]
    .iter()
    .any(|name| from.contains(name))
}

/// A person, sometimes.
fn is_postmaster(from: &str) -> bool {
    from.contains("postmaster") || from.contains("post_master")
}

fn subject_fails(subject: &str) -> bool {
    [
        "undeliver",
        "non-deliver",
        "delivery failure",
        "delivery fail",
        "delivery status",
        "failure notice",
        "mail failure",
        "returned mail",
        "mail system error",
        "delivery problem",
        "delivery report",
        "delivery notification",
        "delivery has failed",
        "delivery error",
        "message rejected",
        "failed delivery",
        "mail error",
        "could not be delivered",
        "unzustellbar",
        "rejected mail",
        "message undelivered",
    ]
    .iter()
    .any(|word| subject.contains(word))
}

/// Whether the text for people says that mail was not delivered.
fn fails(text: &[u8]) -> bool {
    const PHRASES: [&[u8]; 20] = [
        b"could not be delivered",
        b"couldn't be delivered",
        b"cannot be delivered",
        b"can't be delivered",
        b"not be delivered",
        b"was not delivered",
        b"wasn't delivered",
        b"unable to deliver",
        b"able to deliver your message",
        b"undeliverable",
        b"failed to deliver",
        b"did not reach the following",
        b"permanent fatal errors",
        b"delivery to the following",
        b"permanent error",
        b"has been rejected",
        b"was rejected",
        b"could not deliver",
        b"were not delivered",
        b"delivery failed",
    ];
    let start = text.get(..8192).unwrap_or(text);
    let mut words: Vec<u8> = Vec::with_capacity(start.len());
    for word in start
        .split(u8::is_ascii_whitespace)
        .filter(|word| !word.is_empty())
    {
        words.extend(word.iter().map(u8::to_ascii_lowercase));
        words.push(b' ');
    }
    PHRASES
        .iter()
        .any(|phrase| memmem::find(&words, phrase).is_some())
}

fn contains(text: &[u8], phrase: &[u8]) -> bool {
    let start = text.get(..2048).unwrap_or(text).to_ascii_lowercase();
    memmem::find(&start, phrase).is_some()
}
