//! Exim's main log: `<id> ** …`, `==`, `=>`, and `rejected …` of its ACLs.

use std::ops::Range;

use super::prefix::Prefix;
use super::{Disposition, Found, find, host_and_address, until};

pub(super) fn parse(line: &[u8], prefix: &Prefix) -> Option<Found> {
    let id = until(line, prefix.message, b" ");
    let has_id = line.get(id.clone()).is_some_and(is_message_id);
    let start = if has_id { id.end + 1 } else { prefix.message };
    let mut found = delivery(line, start)
        .filter(|_| has_id)
        .or_else(|| rejection(line, start))?;
    found.queue_id = has_id.then_some(id);
    Some(found)
}

/// `1abCDe-0003xY-2Z`, and since 4.97 `1abCDe-00000003xY1-2Zab`.
fn is_message_id(word: &[u8]) -> bool {
    let mut parts = word.split(|octet| *octet == b'-').map(<[u8]>::len);
    let fits = matches!(
        (parts.next(), parts.next(), parts.next(), parts.next()),
        (Some(6), Some(6 | 11), Some(2 | 4), None)
    );
    fits && word
        .iter()
        .all(|octet| octet.is_ascii_alphanumeric() || *octet == b'-')
}

/// `** a@b <c@d> R=… T=… H=mx [192.0.2.1]: text`, and the other flags.
fn delivery(line: &[u8], start: usize) -> Option<Found> {
    let disposition = match line.get(start..start + 3)? {
        b"** " => Disposition::Bounced,
        b"== " => Disposition::Deferred,
        b"=> " | b"-> " | b">> " | b"*> " => Disposition::Sent,
        _ => return None,
    };
    let recipient = recipient(line, start + 3);
    let behind = recipient.end;
    let host = find(line, behind, b" H=").map(|at| at + 3);
    let (host, address) = host.map_or((None, None), |at| host_and_address(line, at));
    let text = match disposition {
        Disposition::Sent => quoted(line, behind).unwrap_or(line.len()..line.len()),
        _ => said(line, behind),
    };
    let is_expired = disposition == Disposition::Bounced
        && find(line.get(..text.end)?, text.start, b"retry timeout exceeded").is_some();
    Some(Found {
        disposition: Some(if is_expired {
            Disposition::Expired
        } else {
            disposition
        }),
        recipient: (!recipient.is_empty()).then_some(recipient),
        host,
        address,
        text,
        ..Found::default()
    })
}

/// The address behind the flag; the one in brackets if a name stands before it.
fn recipient(line: &[u8], start: usize) -> Range<usize> {
    let first = until(line, start, b" :");
    if line
        .get(first.clone())
        .is_some_and(|first| first.contains(&b'@'))
        || line.get(first.end + 1) != Some(&b'<')
    {
        return first;
    }
    until(line, first.end + 2, b">")
}

/// `C="250 ok"`.
fn quoted(line: &[u8], start: usize) -> Option<Range<usize>> {
    let at = find(line, start, b" C=\"")? + 4;
    Some(until(line, at, b"\""))
}

/// What stands behind the fields: from the first `: ` on that is no part of an address, or behind the error's number (`defer (-44)`).
fn said(line: &[u8], start: usize) -> Range<usize> {
    let text = find(line, start, b": ").map(|at| at + 2);
    let defer = find(line, start, b" defer (")
        .and_then(|at| find(line, at, b")"))
        .map(|at| at + 1);
    let at = match (text, defer) {
        (Some(text), Some(defer)) if line.get(defer) == Some(&b':') => text.min(defer + 2),
        (Some(text), _) => text,
        (None, Some(defer)) => defer,
        (None, None) => start,
    };
    at.min(line.len())..line.len()
}

/// `H=client [192.0.2.1] F=<a@b> rejected RCPT <c@d>: text`, for now if it is `temporarily rejected`.
fn rejection(line: &[u8], start: usize) -> Option<Found> {
    let word = find(line, start, b"rejected ")
        .filter(|at| *at == start || line.get(at - 1) == Some(&b' '))?;
    let is_for_now = line.get(..word)?.ends_with(b"temporarily ");
    let behind = word + b"rejected ".len();
    let what = line.get(behind..)?;
    let is_known = [
        &b"RCPT"[..],
        b"MAIL",
        b"EHLO",
        b"HELO",
        b"after DATA",
        b"DATA",
        b"connection",
        b"AUTH",
        b"STARTTLS",
        b"during MIME",
        b"VRFY",
    ]
    .iter()
    .any(|command| what.starts_with(command));
    if !is_known {
        return None;
    }
    let recipient = what.starts_with(b"RCPT ").then(|| {
        let at = behind + b"RCPT ".len();
        if line.get(at) == Some(&b'<') {
            until(line, at + 1, b">")
        } else {
            until(line, at, b": ")
        }
    });
    let text = find(
        line,
        recipient.as_ref().map_or(behind, |recipient| recipient.end),
        b": ",
    )
    .map_or(behind, |at| at + 2);
    let host = find(line.get(..word)?, start, b"H=").map(|at| at + 2);
    let (host, address) = host.map_or((None, None), |at| client(line, at));
    Some(Found {
        disposition: Some(if is_for_now {
            Disposition::RejectedForNow
        } else {
            Disposition::Rejected
        }),
        recipient,
        host,
        address,
        text: text..line.len(),
        ..Found::default()
    })
}

/// `mx.example (helo) [192.0.2.1]:4711` or `(helo) [192.0.2.1]`.
fn client(line: &[u8], start: usize) -> (Option<Range<usize>>, Option<std::net::IpAddr>) {
    let name = until(line, start, b" [(");
    let bracket = find(line, name.end, b"[").filter(|at| at - start < 600);
    let address = bracket.and_then(|at| super::ip(line.get(until(line, at + 1, b"]"))?));
    ((!name.is_empty()).then_some(name), address)
}
