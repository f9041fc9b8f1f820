//! Postfix: `QUEUEID: to=<…>, relay=…, dsn=…, status=… (…)` of its delivery agents, and `NOQUEUE: reject: …` of its servers.

use std::ops::Range;

use super::prefix::Prefix;
use super::{Disposition, Found, bracketed, find, host_and_address, is_for_now, until};
use crate::code::{EnhancedCode, ReplyCode};

pub(super) fn parse(line: &[u8], prefix: &Prefix) -> Option<Found> {
    let id = until(line, prefix.message, b":");
    if line.get(id.end + 1) != Some(&b' ')
        || !line.get(id.clone())?.iter().all(u8::is_ascii_alphanumeric)
    {
        return None;
    }
    let start = id.end + 2;
    let mut found = delivery(line, start).or_else(|| rejection(line, start))?;
    found.queue_id = (line.get(id.clone()) != Some(b"NOQUEUE")).then_some(id);
    Some(found)
}

/// `to=<a@b>, relay=mx[192.0.2.1]:25, delay=1, delays=…, dsn=5.1.1, status=bounced (…)`.
fn delivery(line: &[u8], start: usize) -> Option<Found> {
    let rest = line.get(start..)?;
    if !rest.starts_with(b"to=<") && !rest.starts_with(b"from=<") {
        return None;
    }
    let recipient = bracketed(line, start, b"to=").filter(|_| rest.starts_with(b"to=<"));
    let fields = recipient.as_ref().map_or(start, |recipient| recipient.end);
    let status = find(line, fields, b", status=")? + b", status=".len();
    let word = until(line, status, b" ,");
    let disposition = match line.get(word.clone())? {
        b"sent" | b"deliverable" => Disposition::Sent,
        b"deferred" | b"SOFTBOUNCE" => Disposition::Deferred,
        b"bounced" | b"undeliverable" => Disposition::Bounced,
        b"expired" | b"force-expired" => Disposition::Expired,
        _ => return None,
    };
    let field = |label: &[u8]| find(line.get(..status)?, fields, label).map(|at| at + label.len());
    let (host, address) = field(b", relay=").map_or((None, None), |at| host_and_address(line, at));
    let dsn = field(b", dsn=").and_then(|at| dsn(line.get(until(line, at, b", "))?));
    Some(Found {
        disposition: Some(disposition),
        recipient,
        host,
        address,
        dsn,
        // The queue manager says no more than that it expired.
        text: if disposition == Disposition::Expired {
            word.start..line.len()
        } else {
            said(line, word.end)
        },
        ..Found::default()
    })
}

/// What stands in the parentheses behind the status, or behind its comma.
fn said(line: &[u8], start: usize) -> Range<usize> {
    let rest = line.get(start..).unwrap_or_default();
    let skipped = rest
        .iter()
        .take_while(|octet| b" ,(".contains(octet))
        .count();
    let end = if rest.len() > skipped && rest.ends_with(b")") {
        line.len() - 1
    } else {
        line.len()
    };
    start + skipped..end
}

fn dsn(text: &[u8]) -> Option<EnhancedCode> {
    let class = text.first().filter(|class| class.is_ascii_digit())?;
    EnhancedCode::parse(ReplyCode(u16::from(class - b'0') * 100), text)
}

/// `reject: RCPT from host[192.0.2.1]: 450 4.7.1 …; from=<…> to=<…> proto=ESMTP helo=<…>`, of smtpd, postscreen, cleanup and milters.
fn rejection(line: &[u8], start: usize) -> Option<Found> {
    let rest = line.get(start..)?;
    let is_rejection = [&b"reject: "[..], b"milter-reject: ", b"reject_warning: "]
        .iter()
        .any(|word| rest.starts_with(word));
    if !is_rejection {
        return None;
    }
    let from = find(line, start, b" from ")? + b" from ".len();
    let (host, address) = host_and_address(line, from);
    let colon = find(line, from, b": ")? + 2;
    let end = ["; from=<", "; proto=", "; client="]
        .iter()
        .filter_map(|mark| find(line, colon, mark.as_bytes()))
        .min();
    let text = colon..end.unwrap_or(line.len());
    let disposition = if is_for_now(line.get(text.clone())?) {
        Disposition::RejectedForNow
    } else {
        Disposition::Rejected
    };
    Some(Found {
        disposition: Some(disposition),
        recipient: bracketed(line, text.end, b" to="),
        host,
        address,
        text,
        ..Found::default()
    })
}
