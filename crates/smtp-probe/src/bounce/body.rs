//! The part of a report that is for people: which addresses it names as failed, and what it says of each.

use memchr::memmem;

/// So many lines are read, and so many addresses and octets of text are kept.
const MAX_LINES: usize = 4096;
pub(super) const MAX_RECIPIENTS: usize = 256;
const MAX_TEXT: usize = 4096;

/// Where the returned message begins: a line that holds one of these, in lower case.
const ORIGINAL: [&[u8]; 28] = [
    b"below this line is a copy of",
    b"this is a copy of the message",
    b"this is a copy of your message",
    b"this is a copy of the headers",
    b"original message follows",
    b"----original message",
    b"---- original message",
    b"--- original message",
    b"----- message header follows",
    b"message header follows",
    b"--- returned message",
    b"-- returned message",
    b"unsent message",
    b"message text follows",
    b"----- message text",
    b"included is a copy of the message header",
    b"the original message",
    b"original message headers:",
    b"original message header",
    b"------ original",
    b"begin of message",
    b"message from yourself",
    b"the header of the original message",
    b"your original message",
    b"below is a copy of",
    b"headers from the original",
    b"copy of the original message",
    b"returned mail follows",
];
/// A line that begins so is a header of the returned message.
const HEADERS: [&[u8]; 3] = [
    b"return-path:",
    b"received:",
    b"content-type: message/rfc822",
];

/// What a report says of an address.
#[derive(Debug)]
pub(super) struct Segment<'a> {
    pub(super) address: &'a [u8],
    /// Up to the next address.
    pub(super) text: &'a [u8],
    /// Up to the first empty line.
    pub(super) paragraph: &'a [u8],
}

/// The text before the returned message.
pub(super) fn before_original(text: &[u8]) -> &[u8] {
    let mut at = 0;
    for line in text
        .split_inclusive(|octet| *octet == b'\n')
        .take(MAX_LINES)
    {
        let start = line.trim_ascii_start();
        let lower = start.get(..120).unwrap_or(start).to_ascii_lowercase();
        let is_marker = ORIGINAL
            .iter()
            .any(|marker| memmem::find(&lower, marker).is_some())
            && (lower.starts_with(b"-")
                || lower.len() < 90 && memmem::find(&lower, b"was received").is_none() && at > 0)
            || at > 0 && HEADERS.iter().any(|header| lower.starts_with(header));
        // "The original message was received at" begins a report of Sendmail's.
        if is_marker
            && memmem::find(&lower, b"was received").is_none()
            && memmem::find(&lower, b"attached").is_none()
        {
            break;
        }
        at += line.len();
    }
    text.get(..at).unwrap_or_default()
}

/// What `text` says of each address that stands where a failed one does: at the start of a line, or behind a label.
pub(super) fn segments(text: &[u8]) -> Vec<Segment<'_>> {
    let mut found: Vec<(&[u8], usize, usize)> = Vec::new();
    let mut at = 0;
    for line in text
        .split_inclusive(|octet| *octet == b'\n')
        .take(MAX_LINES)
    {
        if let Some((address, behind)) = recipient_line(line) {
            if let Some((_, _, end)) = found.last_mut() {
                *end = at;
            }
            if found.len() >= MAX_RECIPIENTS {
                break;
            }
            found.push((address, at + behind, text.len()));
        }
        at += line.len();
    }
    let mut segments: Vec<Segment<'_>> = Vec::new();
    for (address, start, end) in found {
        let end = end.min(start + MAX_TEXT);
        let said = text.get(start..end).unwrap_or_default();
        // A report often lists its addresses first and tells of each later; the telling counts.
        let before = segments
            .iter_mut()
            .find(|segment| segment.address.eq_ignore_ascii_case(address));
        match before {
            Some(before) if before.text.trim_ascii().len() < said.trim_ascii().len() => {
                (before.text, before.paragraph) = (said, paragraph(said));
            }
            Some(_) => {}
            None => segments.push(Segment {
                address,
                text: said,
                paragraph: paragraph(said),
            }),
        }
    }
    segments
}

/// The text up to the first empty line behind a line that says something.
fn paragraph(text: &[u8]) -> &[u8] {
    let mut at = 0;
    let mut has_words = false;
    for line in text.split_inclusive(|octet| *octet == b'\n') {
        let is_empty = !line.iter().any(u8::is_ascii_alphanumeric);
        if is_empty && has_words {
            break;
        }
        has_words |= !is_empty;
        at += line.len();
    }
    text.get(..at).unwrap_or_default()
}

/// An address where a failed one stands in a line, and where what is said of it begins.
fn recipient_line(line: &[u8]) -> Option<(&[u8], usize)> {
    let trimmed = line.trim_ascii_start();
    let indent = line.len() - trimmed.len();
    let label = label(trimmed);
    let rest = trimmed.get(label..)?;
    let (address, length) = address_at(rest)?;
    let behind = rest.get(length..).unwrap_or_default().trim_ascii();
    let fits = label > 0
        || behind.is_empty()
        || behind.starts_with(b":")
        || behind.starts_with(b"...")
        || behind.starts_with(b"(")
        || behind.starts_with(b"on ")
        || behind.starts_with(b"->")
        || behind.starts_with(b";")
        || behind.starts_with(b",")
        || has_code(behind);
    fits.then_some((address, indent + label + length))
}

/// Whether a number of the form of a refusal's code stands in `text`.
fn has_code(text: &[u8]) -> bool {
    text.split(|octet| !octet.is_ascii_digit())
        .any(|number| matches!(number, [b'4' | b'5', _, _]))
}

/// The length of a label that names a failed recipient, such as `Recipient address:`, or of a bullet.
fn label(line: &[u8]) -> usize {
    const LABELS: [&[u8]; 19] = [
        b"recipient address:",
        b"recipient:",
        b"recipients:",
        b"failed recipient:",
        b"final-recipient: rfc822;",
        b"original-recipient: rfc822;",
        b"addressed to:",
        b"delivered to:",
        b"could not be delivered to:",
        b"undeliverable to",
        b"unknown user:",
        b"user unknown:",
        b">>> rcpt to:",
        b"invalid final delivery userid:",
        b"mailbox:",
        b"address:",
        b"e-mail address:",
        b"email address:",
        b"failed to deliver to",
    ];
    let lower = line.get(..40).unwrap_or(line).to_ascii_lowercase();
    let label = LABELS
        .iter()
        .find(|label| lower.starts_with(label))
        .map_or(0, |label| label.len());
    // Sendmail: `554 <a@b.example>... 550 Host unknown`.
    let label = match lower.as_slice() {
        [b'4' | b'5', tens, ones, b' ', b'<', ..]
            if tens.is_ascii_digit() && ones.is_ascii_digit() =>
        {
            4
        }
        _ => label,
    };
    let blanks = |from: usize| {
        line.get(from..)
            .unwrap_or_default()
            .iter()
            .take(8)
            .take_while(|octet| b" \t*<\"'".contains(octet))
            .count()
    };
    label + blanks(label)
}

/// The address that `text` begins with, and where it ends, its bracket included.
pub(super) fn address_at(text: &[u8]) -> Option<(&[u8], usize)> {
    let text = text.get(..320).unwrap_or(text);
    let end = text
        .iter()
        .position(|octet| octet.is_ascii_whitespace() || b"<>:;,()\"'[]".contains(octet))
        .unwrap_or(text.len());
    let address = text.get(..end)?;
    let address = address.strip_suffix(b"...").unwrap_or(address);
    let at = memchr::memrchr(b'@', address)?;
    let (local, domain) = address.split_at_checked(at)?;
    let fits = !local.is_empty()
        && domain.len() > 2
        && domain
            .iter()
            .skip(1)
            .all(|octet| octet.is_ascii_alphanumeric() || b"-._".contains(octet) || *octet >= 0x80);
    let closing = text
        .get(address.len()..)
        .unwrap_or_default()
        .iter()
        .take(2)
        .take_while(|octet| b">\"'".contains(octet))
        .count();
    fits.then_some((address, address.len() + closing))
}

/// The first address anywhere in `text` that is none of `others`.
pub(super) fn first_address<'a>(text: &'a [u8], others: &[&[u8]]) -> Option<&'a [u8]> {
    memchr::memchr_iter(b'@', text)
        .take(MAX_RECIPIENTS)
        .find_map(|at| {
            let before = text.get(at.saturating_sub(64)..at)?;
            let start = before
                .iter()
                .rposition(|octet| octet.is_ascii_whitespace() || b"<>:;,()\"'[]=".contains(octet))
                .map_or(0, |start| start + 1);
            let (address, _) = address_at(text.get(at - (before.len() - start)..)?)?;
            let address = address.strip_suffix(b".").unwrap_or(address);
            (!others
                .iter()
                .any(|other| other.eq_ignore_ascii_case(address)))
            .then_some(address)
        })
}

/// The lines that mention `address`, and the first answer of a server behind the first of them.
pub(super) fn lines_about(text: &[u8], address: &[u8]) -> Vec<u8> {
    let finder = memmem::Finder::new(address);
    let mut about = Vec::new();
    for line in text
        .split_inclusive(|octet| *octet == b'\n')
        .take(MAX_LINES)
    {
        if about.len() + line.len() > MAX_TEXT {
            break;
        }
        if finder.find(line).is_some() {
            about.extend_from_slice(line);
        }
    }
    about
}

/// The first refusal of a server in a transcript (`<<< 550 …`, and Postfix's `Out: 550 …`), or nothing. Those that follow it, such as
/// `503 need RCPT`, follow from it.
pub(super) fn answers(text: &[u8]) -> Vec<u8> {
    let mut answers = Vec::new();
    let mut is_answer = false;
    for line in text
        .split_inclusive(|octet| *octet == b'\n')
        .take(MAX_LINES)
    {
        let trimmed = line.trim_ascii_start();
        let answer = trimmed
            .strip_prefix(b"<<<")
            .or_else(|| trimmed.strip_prefix(b"Out:"));
        is_answer = match answer.map(<[u8]>::trim_ascii_start) {
            // Courier shows words without a code too.
            Some(answer) => {
                let is_refusal = !answer.starts_with(b"2") && !answer.starts_with(b"3");
                if is_refusal && !answers.is_empty() && answers.get(..3) != answer.get(..3) {
                    break;
                }
                is_refusal
            }
            None => is_answer && line.starts_with(b" ") && !trimmed.starts_with(b"In:"),
        };
        if is_answer && answers.len() + line.len() <= MAX_TEXT {
            answers.extend_from_slice(answer.unwrap_or(line).trim_ascii_start());
        }
    }
    answers
}
