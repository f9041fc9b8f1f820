//! From a whole message to a [`Bounce`]: its parts by `mail-parser`, and what they are put together to.

use std::borrow::Cow;

use mail_parser::decoders::html::html_to_text;
use mail_parser::{Message, MessageParser, MessagePart, MimeHeaders as _, PartType};
use memchr::memmem;

use super::body::{self, MAX_RECIPIENTS, Segment};
use super::fields::{self, Group};
use super::notification::Notification;
use super::{Action, Bounce, BounceKind, Recipient, system};
use crate::code::EnhancedCode;
use crate::diagnosis::{Confidence, Diagnosis};
use crate::escape::Escaped;

/// More of a message is not read.
const LIMIT: usize = 262_144;
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
struct Header {
    raw: Vec<u8>,
    from: String,
    subject: String,
    /// To whom the report was sent: no failed recipient.
    to: Vec<String>,
    is_automatic: bool,
    failed: Vec<String>,
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
struct Parts {
    /// Groups of `message/delivery-status`.
    status: Vec<Group>,
    feedback: Vec<Group>,
    has_feedback: bool,
    /// What is for people, before the returned message.
    text: Vec<u8>,
    /// To whom the returned message was addressed.
    original_to: Option<String>,
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
                    html = html_to_text(text).into_bytes()
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

/// All that the parts of a message say together.
struct Report<'a> {
    header: &'a Header,
    parts: Parts,
}

impl Report<'_> {
    fn read(&self) -> Option<Bounce> {
        let unquoted = unquoted(&self.parts.text);
        let text = body::before_original(&unquoted);
        let in_text;
        let groups = if self.parts.status.iter().any(Group::is_recipient) {
            &self.parts.status
        } else {
            // Not all that looks like a report has the parts of one.
            in_text = fields::groups(&unquoted);
            &in_text
        };
        if self.parts.has_feedback || self.is_complaint(text) {
            return Some(self.feedback());
        }
        if let Some(notification) = Notification::of(&self.parts.text) {
            return Some(self.notified(notification));
        }
        let segments = body::segments(text);
        let mut recipients: Vec<Recipient> = groups
            .iter()
            .filter(|group| group.is_recipient())
            .take(MAX_RECIPIENTS)
            .map(|group| self.recipient(group, text, &segments, groups.len()))
            .collect();
        let has_groups = !recipients.is_empty();
        if !has_groups {
            if self.is_answer(text) {
                return Some(self.bounce(BounceKind::AutoReply, recipients, groups, text));
            }
            if !self.reports_failure(text) {
                return None;
            }
            recipients = self.told(text, &segments);
        }
        let kind = self.kind(&recipients, has_groups);
        Some(self.bounce(kind, recipients, groups, text))
    }

    fn bounce(
        &self,
        kind: BounceKind,
        recipients: Vec<Recipient>,
        groups: &[Group],
        text: &[u8],
    ) -> Bounce {
        let reporting = groups
            .iter()
            .find_map(|group| group.typed(b"reporting-mta"));
        Bounce {
            kind,
            system: system::of(&self.header.raw, text),
            reporting_mta: reporting.map(shown),
            recipients,
            feedback_type: None,
            is_truncated: false,
        }
    }

    fn notified(&self, notification: Notification) -> Bounce {
        let mut bounce = self.bounce(notification.kind, Vec::new(), &[], &[]);
        bounce.system = Some(system::System::Amazon);
        bounce
            .recipients
            .extend(notification.recipients.into_iter().map(|one| {
                let status = status_of(&one.status);
                Recipient {
                    address: Some(shown(&one.address)),
                    original: None,
                    action:
                        Action::of_field(&one.action)
                            .or((notification.kind == BounceKind::Success)
                                .then_some(Action::Delivered)),
                    status,
                    remote_mta: None,
                    text: shown(&one.text),
                    diagnosis: Diagnosis::with_status(&one.text, status),
                }
            }));
        bounce
    }

    fn feedback(&self) -> Bounce {
        let field = |name: &[u8]| {
            self.parts
                .feedback
                .iter()
                .find_map(|group| group.typed(name))
        };
        let named = |name| {
            self.parts
                .feedback
                .iter()
                .flat_map(move |group| group.all(name))
        };
        // One report may name several recipients (RFC 5965 §3.2).
        let named = named(b"original-rcpt-to")
            .chain(named(b"removal-recipient"))
            .take(MAX_RECIPIENTS);
        let mut addresses: Vec<String> = named.map(trim_brackets).map(shown).collect();
        if addresses.is_empty() {
            addresses.extend(self.original_to());
        }
        let text = body::before_original(&self.parts.text);
        let mut bounce = self.bounce(BounceKind::Feedback, Vec::new(), &self.parts.feedback, text);
        bounce.feedback_type = field(b"feedback-type")
            .map(shown)
            .or_else(|| self.is_opt_out().then(|| "opt-out".to_owned()));
        bounce
            .recipients
            .extend(addresses.into_iter().map(|address| Recipient {
                address: Some(address),
                original: None,
                action: None,
                status: None,
                remote_mta: None,
                text: String::new(),
                diagnosis: Diagnosis::of_text(b""),
            }));
        bounce
    }

    /// What a group of fields says, and the text for people where the fields say too little.
    fn recipient(
        &self,
        group: &Group,
        text: &[u8],
        segments: &[Segment<'_>],
        groups: usize,
    ) -> Recipient {
        let address = group
            .typed(b"final-recipient")
            .or_else(|| group.typed(b"x-actual-recipient"));
        let original = group.typed(b"original-recipient").map(trim_brackets);
        let address = address
            .map(trim_brackets)
            .filter(|address| !address.is_empty())
            .or(original);
        let status = group.get(b"status").and_then(status_of);
        let action = group.get(b"action").and_then(Action::of_field);
        let code = group.get(b"diagnostic-code").filter(|code| code.len() > 6);
        let mut said = code.unwrap_or_default().to_vec();
        let told = said_of(address, text, segments, groups);
        let own = Diagnosis::of_text(&said);
        let other = Diagnosis::of_text(&told);
        let known = own
            .enhanced
            .or_else(|| status.filter(|status| status.detail != 0))
            .or(other.enhanced)
            .or(status);
        let mut diagnosis = Diagnosis::with_status(&said, known);
        if diagnosis.matched.is_empty()
            || diagnosis.confidence < Confidence::Medium
            || diagnosis.code.is_none()
            || contradicts(&diagnosis)
        {
            if said.is_empty() {
                said.clone_from(&told);
            }
            diagnosis = merged(diagnosis, Diagnosis::with_status(&told, known));
        }
        Recipient {
            address: address.map(shown).or_else(|| self.original_to()),
            original: original
                .filter(|original| Some(*original) != address)
                .map(shown),
            action,
            status,
            remote_mta: group.typed(b"remote-mta").map(shown),
            text: shown(&said),
            diagnosis,
        }
    }

    /// The recipients that only the text for people names.
    fn told(&self, text: &[u8], segments: &[Segment<'_>]) -> Vec<Recipient> {
        let is_other = |address: &[u8]| {
            self.header
                .to
                .iter()
                .any(|to| to.as_bytes().eq_ignore_ascii_case(address))
        };
        let mut addresses: Vec<&[u8]> = segments
            .iter()
            .map(|segment| segment.address)
            .filter(|address| !is_other(address))
            .collect();
        if !self.header.failed.is_empty() {
            addresses = self.header.failed.iter().map(String::as_bytes).collect();
        }
        if addresses.is_empty() {
            let others: Vec<&[u8]> = self.header.to.iter().map(String::as_bytes).collect();
            addresses.extend(body::first_address(text, &others));
        }
        let one = |address: Option<&[u8]>, alone: usize| {
            let said = said_of(address, text, segments, alone);
            let mut diagnosis = Diagnosis::of_text(&said);
            if diagnosis.matched.is_empty() && alone <= 1 {
                diagnosis = merged(diagnosis, Diagnosis::of_text(text));
                diagnosis = merged(
                    diagnosis,
                    Diagnosis::of_text(self.header.subject.as_bytes()),
                );
            }
            Recipient {
                address: address.map(shown).or_else(|| self.original_to()),
                original: None,
                action: None,
                status: None,
                remote_mta: None,
                text: shown(&said),
                diagnosis,
            }
        };
        if addresses.is_empty() {
            return vec![one(None, 1)];
        }
        let count = addresses.len();
        addresses
            .into_iter()
            .map(|address| one(Some(address), count))
            .collect()
    }

    fn original_to(&self) -> Option<String> {
        let to = self
            .parts
            .original_to
            .as_deref()
            .filter(|to| !to.is_empty());
        to.map(|to| shown(to.as_bytes()))
    }

    fn kind(&self, recipients: &[Recipient], has_groups: bool) -> BounceKind {
        let has = |action: Action| {
            recipients
                .iter()
                .any(|recipient| recipient.action == Some(action))
        };
        let are_all_good = has_groups
            && recipients.iter().all(|recipient| match recipient.action {
                Some(action) => action.is_success(),
                None => recipient.status.is_some_and(|status| status.class == 2),
            });
        if are_all_good {
            BounceKind::Success
        } else if !has(Action::Failed) && has(Action::Delayed) {
            BounceKind::Delay
        } else if !has_groups
            && ["delayed", "warning: ", "delay)"]
                .iter()
                .any(|word| self.header.subject.contains(word))
        {
            BounceKind::Delay
        } else {
            BounceKind::Failure
        }
    }

    /// An automatic answer: it says so, and nothing about it is a failure.
    fn is_answer(&self, text: &[u8]) -> bool {
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
        let subject = &self.header.subject;
        let says_so = SUBJECTS.iter().any(|word| subject.contains(word));
        let is_daemon = is_daemon(&self.header.from) || !self.header.failed.is_empty();
        !is_daemon
            && (says_so || self.header.is_automatic && !fails(text) && !subject_fails(subject))
    }

    fn is_complaint(&self, text: &[u8]) -> bool {
        let is_returned = self.parts.original_to.is_some();
        self.is_opt_out()
            || is_returned
                && self.header.from.contains("staff@hotmail.com")
                && self.header.subject.contains("complaint")
            || contains(text, b"this is an email abuse report")
    }

    /// A client that sends what a list's header asks for (RFC 2369 §3.2), without its user's hand.
    fn is_opt_out(&self) -> bool {
        self.header.is_automatic && self.header.subject.trim() == "unsubscribe"
    }

    fn reports_failure(&self, text: &[u8]) -> bool {
        !self.header.failed.is_empty()
            || fails(text)
            || subject_fails(&self.header.subject)
            || is_daemon(&self.header.from)
                && (!is_postmaster(&self.header.from) || Diagnosis::of_text(text).code.is_some())
    }
}

/// The text, without the quotation marks of a report that somebody forwarded.
fn unquoted(text: &[u8]) -> Cow<'_, [u8]> {
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

/// What the text for people says of `address`.
fn said_of(address: Option<&[u8]>, text: &[u8], segments: &[Segment<'_>], alone: usize) -> Vec<u8> {
    let segment = address.and_then(|address| {
        segments
            .iter()
            .find(|segment| segment.address.eq_ignore_ascii_case(address))
    });
    // What stands right behind an address is of it; what follows may be the program's advice.
    let tells = |text: &[u8]| {
        let diagnosis = Diagnosis::of_text(text);
        diagnosis.code.is_some() || diagnosis.confidence >= Confidence::Medium
    };
    let answers = body::answers(text);
    // The server's own words, where there is one to ask about.
    if alone <= 1 && Diagnosis::of_text(&answers).code.is_some() {
        return answers;
    }
    let said = segment.map(|segment| {
        if tells(segment.paragraph) {
            segment.paragraph
        } else {
            segment.text
        }
    });
    let mut said = said.unwrap_or_default().to_vec();
    if said.trim_ascii().is_empty() {
        said = address
            .map(|address| body::lines_about(text, address))
            .unwrap_or_default();
        said.extend_from_slice(&answers);
    }
    let first = Diagnosis::of_text(&said);
    let is_vague = first.matched.is_empty()
        || first.confidence < Confidence::Medium
            && first.confidence < Diagnosis::of_text(text).confidence;
    if is_vague && alone <= 2 {
        said = if answers.is_empty() {
            text.to_vec()
        } else {
            answers
        };
    }
    said.truncate(4096);
    said
}

/// The surer reason of two texts about one thing, and the codes of the first that has them.
fn merged(first: Diagnosis, second: Diagnosis) -> Diagnosis {
    // Codes of two classes are no reply's; a pair that agrees is (RFC 2034 §4).
    let is_mended = contradicts(&first)
        && second.code.is_some()
        && second.enhanced.is_some()
        && !contradicts(&second);
    let (code, enhanced) = if is_mended {
        (second.code, second.enhanced)
    } else {
        (
            first.code.or(second.code),
            first.enhanced.or(second.enhanced),
        )
    };
    let is_surer = second.confidence > first.confidence
        || first.matched.is_empty()
            && !second.matched.is_empty()
            && second.confidence >= first.confidence;
    let mut merged = if is_surer { second } else { first };
    merged.code = code;
    merged.enhanced = enhanced;
    merged
}

/// Whether the codes are of two classes.
fn contradicts(diagnosis: &Diagnosis) -> bool {
    let classes = diagnosis.code.zip(diagnosis.enhanced);
    classes.is_some_and(|(code, enhanced)| code.0 / 100 != u16::from(enhanced.class))
}

/// The status at the start of its field, whatever comment follows it.
fn status_of(value: &[u8]) -> Option<EnhancedCode> {
    let end = value
        .iter()
        .position(|octet| !octet.is_ascii_digit() && *octet != b'.')
        .unwrap_or(value.len());
    let value = value.get(..end)?;
    let class = value.first().filter(|class| class.is_ascii_digit())?;
    let code = crate::code::ReplyCode(u16::from(class - b'0') * 100);
    EnhancedCode::parse(code, value)
}

fn trim_brackets(address: &[u8]) -> &[u8] {
    let address = address.trim_ascii();
    let address = address.strip_prefix(b"<").unwrap_or(address);
    address.strip_suffix(b">").unwrap_or(address)
}

fn shown(octets: &[u8]) -> String {
    Escaped(octets.get(..4096).unwrap_or(octets)).to_string()
}
