//! From a whole message to its parts, by `mail-parser`.

use mail_parser::decoders::html::html_to_text;
use mail_parser::{Message, MessageParser, MessagePart, MimeHeaders as _, PartType};

use super::body::MAX_RECIPIENTS;
use super::fields::{self, Group};
use super::report::Report;
use super::{Bounce, BounceKind};

/// More of a message is not read.
const LIMIT: usize = 262_144;
/// So much of the text for people is read: it is looked through for every recipient.
const MAX_TEXT: usize = 32_768;
/// So many nested messages are read: each is a level of recursion for the MIME parser.
const MAX_NESTED: usize = 32;
const MAX_PARTS: usize = 64;

/// Reads a whole message.
pub(super) fn read(message: &[u8]) -> Option<Bounce> {
    let bounded = nested_at_most(message.get(..LIMIT).unwrap_or(message));
    let parsed = MessageParser::default().parse(bounded)?;
    let mut bounce = of_message(&parsed, bounded)?;
    bounce.is_truncated =
        bounded.len() < message.len() || bounce.recipients.len() >= MAX_RECIPIENTS;
    Some(bounce)
}

/// What a message reports; if it says nothing itself, what a report says that it carries on.
fn of_message(message: &Message<'_>, octets: &[u8]) -> Option<Bounce> {
    let header = header_of(message, octets);
    let bounce = Report {
        header: &header,
        parts: Parts::of(message),
    }
    .read()?;
    let says_nothing = bounce
        .recipients
        .iter()
        .all(|one| one.diagnosis.code.is_none() && one.status.is_none());
    if bounce.kind != BounceKind::Failure || !says_nothing {
        return Some(bounce);
    }
    let carried = message
        .parts
        .iter()
        .take(MAX_PARTS)
        .find_map(|part| match &part.body {
            PartType::Message(inner) => Some(inner),
            _ => None,
        });
    let carried = carried.and_then(|inner| {
        let parts = Parts::of(inner);
        let has_status = parts.status.iter().any(Group::is_recipient);
        let header = header_of(inner, octets);
        has_status
            .then(|| {
                Report {
                    header: &header,
                    parts,
                }
                .read()
            })
            .flatten()
    });
    carried.or(Some(bounce))
}

/// The part of `message` before its 33rd content type of a nested message. A subtype must stand as it is in the text, behind a
/// slash, blanks or a comment.
fn nested_at_most(message: &[u8]) -> &[u8] {
    let mut nested = 0;
    for at in memchr::memchr2_iter(b'/', b')', message) {
        let rest = message.get(at + 1..).unwrap_or_default();
        let rest = rest.trim_ascii_start();
        let is_nested = [&b"rfc822"[..], b"global", b"digest"].iter().any(|kind| {
            rest.get(..kind.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(kind))
        });
        nested += usize::from(is_nested);
        if nested > MAX_NESTED {
            return message.get(..at).unwrap_or_default();
        }
    }
    message
}

/// What the header of the message says.
pub(super) struct Header {
    pub(super) raw: Vec<u8>,
    pub(super) from: String,
    pub(super) subject: String,
    /// To whom the report was sent: no failed recipient.
    pub(super) to: Vec<String>,
    pub(super) is_automatic: bool,
    pub(super) failed: Vec<String>,
}

fn header_of(message: &Message<'_>, octets: &[u8]) -> Header {
    let end = message.parts.first().map_or(0, |part| part.offset_body);
    let raw = octets
        .get(..usize::try_from(end).unwrap_or(0))
        .unwrap_or_default();
    let text = |name: &str| {
        let value = message.header_raw(name).unwrap_or_default();
        value.trim().to_ascii_lowercase()
    };
    let addresses = |list: Option<&mail_parser::Address<'_>>| -> Vec<String> {
        let list = list.into_iter().flat_map(mail_parser::Address::iter);
        list.filter_map(|one| one.address().map(str::to_owned))
            .take(16)
            .collect()
    };
    let submitted = text("Auto-Submitted");
    let is_automatic = submitted.starts_with("auto-replied")
        || submitted.starts_with("auto-generated")
        || ["X-Autoreply", "X-Autorespond", "X-Auto-Response-Suppress"]
            .iter()
            .any(|name| message.header_raw(*name).is_some())
        || text("Precedence") == "auto_reply";
    let failed = text_of(message.header_raw("X-Failed-Recipients"));
    Header {
        raw: raw.to_vec(),
        from: text("From"),
        subject: message.subject().unwrap_or_default().to_lowercase(),
        to: addresses(message.to()),
        is_automatic,
        failed: failed
            .split(',')
            .map(|one| one.trim().to_owned())
            .filter(|one| one.contains('@'))
            .take(MAX_RECIPIENTS)
            .collect(),
    }
}

fn text_of(value: Option<&str>) -> &str {
    value.unwrap_or_default().trim()
}

/// The parts of a message that tell something.
#[derive(Default)]
pub(super) struct Parts {
    /// Groups of `message/delivery-status`.
    pub(super) status: Vec<Group>,
    pub(super) feedback: Vec<Group>,
    pub(super) has_feedback: bool,
    /// What is for people, before the returned message.
    pub(super) text: Vec<u8>,
    /// To whom the returned message was addressed.
    pub(super) original_to: Option<String>,
}

impl Parts {
    fn of(message: &Message<'_>) -> Self {
        let mut parts = Self::default();
        let mut html = Vec::new();
        for part in message.parts.iter().take(MAX_PARTS) {
            let subtype = part
                .content_type()
                .and_then(|kind| kind.subtype())
                .unwrap_or_default()
                .to_ascii_lowercase();
            match (&part.body, subtype.as_str()) {
                (_, "delivery-status" | "global-delivery-status" | "disposition-notification") => {
                    parts.status.extend(fields::groups(part.contents()));
                }
                (_, "feedback-report") => {
                    parts.has_feedback = true;
                    parts.feedback.extend(fields::groups(part.contents()));
                }
                (PartType::Message(original), _) => parts.original(original.to()),
                (_, "rfc822-headers" | "global-headers") => {
                    if let Some(original) = MessageParser::default().parse_headers(part.contents())
                    {
                        parts.original(original.to());
                    }
                }
                (PartType::Html(text), _) if html.is_empty() => {
                    html = html_to_text(text).into_bytes();
                }
                (PartType::Text(text), _) if parts.original_to.is_none() => {
                    parts.text.extend_from_slice(text.as_bytes());
                    parts.text.push(b'\n');
                }
                // A multipart whose boundary cannot be read is text with much else in it.
                (PartType::Binary(octets) | PartType::InlineBinary(octets), _)
                    if is_multipart(part) && parts.original_to.is_none() =>
                {
                    parts.text.extend_from_slice(octets);
                }
                _ => {}
            }
        }
        if parts.text.trim_ascii().is_empty() {
            parts.text = html;
        }
        parts.text.truncate(MAX_TEXT);
        parts
    }

    fn original(&mut self, to: Option<&mail_parser::Address<'_>>) {
        let first = to.and_then(|to| to.first()).and_then(|one| one.address());
        if self.original_to.is_none() {
            self.original_to = Some(first.unwrap_or_default().to_owned());
        }
    }
}

fn is_multipart(part: &MessagePart<'_>) -> bool {
    part.content_type()
        .is_some_and(|kind| kind.ctype().eq_ignore_ascii_case("multipart"))
}
