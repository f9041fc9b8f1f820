//! The notifications of Amazon SES, which are JSON in the text of a message.
//!
//! Of the whole object only the recipients count: `"emailAddress":"…"` with the members that follow it, up to the next one. A relay
//! may have broken long lines inside strings, so line ends with the blanks behind them are passed over.

use memchr::memmem;

use super::BounceKind;
use super::body::MAX_RECIPIENTS;

/// What a notification tells.
pub(super) struct Notification {
    pub(super) kind: BounceKind,
    pub(super) recipients: Vec<Told>,
}

/// What it tells of a recipient; what is not said is empty.
pub(super) struct Told {
    pub(super) address: Vec<u8>,
    pub(super) action: Vec<u8>,
    pub(super) status: Vec<u8>,
    pub(super) text: Vec<u8>,
}

impl Notification {
    pub(super) fn of(text: &[u8]) -> Option<Self> {
        let text = text.trim_ascii_start();
        if !text.starts_with(b"{") {
            return None;
        }
        let text = unfolded(text);
        let kind = match member(&text, b"notificationType")?.as_slice() {
            b"Bounce" => BounceKind::Failure,
            b"Delivery" => BounceKind::Success,
            b"Complaint" => BounceKind::Feedback,
            _ => return None,
        };
        let recipients = match kind {
            BounceKind::Success => delivered(&text),
            _ => named(&text),
        };
        Some(Self { kind, recipients })
    }
}

/// The recipients of a bounce or a complaint.
fn named(text: &[u8]) -> Vec<Told> {
    const ADDRESS: &[u8] = b"\"emailAddress\"";
    let starts: Vec<usize> = memmem::find_iter(text, ADDRESS)
        .take(MAX_RECIPIENTS)
        .collect();
    let ends = starts.iter().skip(1).copied().chain([text.len()]);
    starts
        .iter()
        .zip(ends)
        .filter_map(|(start, end)| {
            // Members that belong to no recipient follow the list of them.
            let of_one = text.get(*start..end)?;
            let of_one = of_one.get(..memchr::memchr(b']', of_one).unwrap_or(of_one.len()))?;
            let get = |name: &[u8]| member(of_one, name).unwrap_or_default();
            Some(Told {
                address: member(of_one, b"emailAddress")?,
                action: get(b"action"),
                status: get(b"status"),
                text: get(b"diagnosticCode"),
            })
        })
        .collect()
}

/// The recipients of a delivery: a list of addresses, and one answer for all.
fn delivered(text: &[u8]) -> Vec<Told> {
    let delivery = memmem::find(text, b"\"delivery\"")
        .and_then(|at| text.get(at..))
        .unwrap_or_default();
    let answer = member(delivery, b"smtpResponse").unwrap_or_default();
    let list = memmem::find(delivery, b"\"recipients\"")
        .and_then(|at| delivery.get(at + 12..))
        .unwrap_or_default();
    let list = list
        .get(..memchr::memchr(b']', list).unwrap_or(list.len()))
        .unwrap_or_default();
    list.split(|octet| *octet == b'"')
        .filter(|one| one.contains(&b'@'))
        .take(MAX_RECIPIENTS)
        .map(|address| Told {
            address: address.to_vec(),
            action: Vec::new(),
            status: Vec::new(),
            text: answer.clone(),
        })
        .collect()
}

/// The string behind `"name":`, its simple escapes undone.
fn member(text: &[u8], name: &[u8]) -> Option<Vec<u8>> {
    let mut quoted = vec![b'"'];
    quoted.extend_from_slice(name);
    quoted.push(b'"');
    let behind = text
        .get(memmem::find(text, &quoted)? + quoted.len()..)?
        .trim_ascii_start();
    let string = behind
        .strip_prefix(b":")?
        .trim_ascii_start()
        .strip_prefix(b"\"")?;
    let mut value = Vec::new();
    let mut octets = string.iter().take(4096);
    while let Some(&octet) = octets.next() {
        match octet {
            b'"' => return Some(value),
            b'\\' => value.push(match octets.next()? {
                b'n' | b'r' | b't' => b' ',
                other => *other,
            }),
            other => value.push(other),
        }
    }
    None
}

fn unfolded(text: &[u8]) -> Vec<u8> {
    let mut unfolded = Vec::with_capacity(text.len());
    for (index, line) in text.split(|octet| *octet == b'\n').enumerate() {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        unfolded.extend_from_slice(if index == 0 {
            line
        } else {
            line.strip_prefix(b" ").unwrap_or(line)
        });
    }
    unfolded
}
