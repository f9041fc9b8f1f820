//! OpenSMTPD: `mta delivery … result="PermFail" stat="…"`, its older `smtp-out: PermFail for …: stat=…`, and `smtp failed-command`.

use std::ops::Range;

use super::prefix::Prefix;
use super::{Disposition, Found, bracketed, find, ip, is_for_now, until};

pub(super) fn parse(line: &[u8], prefix: &Prefix) -> Option<Found> {
    let start = prefix.message;
    let has = |words: &[u8]| find(line, start, words).is_some();
    if has(b" smtp failed-command ") {
        return failed_command(line, start);
    }
    if has(b" delivery ") || has(b"smtp-out: ") || has(b"delivery: ") {
        return delivery(line, start);
    }
    None
}

fn delivery(line: &[u8], start: usize) -> Option<Found> {
    let result = value(line, start, b" result=").and_then(|range| line.get(range));
    let result = match result {
        Some(result) => result,
        // The older form names it first.
        None => line.get(start..)?.split(|octet| *octet == b' ').nth(1)?,
    };
    let disposition = match result {
        b"Ok" | b"Delivered" => Disposition::Sent,
        b"TempFail" => Disposition::Deferred,
        b"PermFail" => Disposition::Bounced,
        b"Expire" | b"Expired" => Disposition::Expired,
        _ => return None,
    };
    let (host, address) =
        value(line, start, b"relay=").map_or((None, None), |range| relay(line, range));
    let id = until(line, start, b" ");
    let is_session = line
        .get(id.clone())
        .is_some_and(|id| id.len() == 16 && id.iter().all(u8::is_ascii_hexdigit));
    Some(Found {
        disposition: Some(disposition),
        queue_id: value(line, start, b"evpid=").or(is_session.then_some(id)),
        recipient: bracketed(line, start, b" to="),
        host,
        address,
        text: value(line, start, b"stat=").unwrap_or(line.len()..line.len()),
        ..Found::default()
    })
}

/// `smtp failed-command address=192.0.2.1 host=c.example command="RCPT TO:<a@b>" result="550 …"`.
fn failed_command(line: &[u8], start: usize) -> Option<Found> {
    let text = value(line, start, b"result=")?;
    let command = value(line, start, b"command=")?;
    let address = value(line, start, b"address=").and_then(|range| ip(line.get(range)?));
    let recipient = line
        .get(command.clone())
        .filter(|command| {
            command
                .get(..8)
                .is_some_and(|verb| verb.eq_ignore_ascii_case(b"RCPT TO:"))
        })
        .and_then(|_| bracketed(line, command.start + 7, b":"));
    let is_for_now = is_for_now(line.get(text.clone())?);
    Some(Found {
        disposition: Some(if is_for_now {
            Disposition::RejectedForNow
        } else {
            Disposition::Rejected
        }),
        recipient,
        host: value(line, start, b"host="),
        address,
        text,
        ..Found::default()
    })
}

/// A value in quotes, or up to a comma or blank; `stat=` is the last field and has blanks.
fn value(line: &[u8], start: usize, label: &[u8]) -> Option<Range<usize>> {
    let at = find(line, start, label)? + label.len();
    let range = match line.get(at) {
        Some(b'"') => {
            // A quote inside is escaped by nobody: the last one before the next field, or the end, closes it.
            let end = find(line, at + 1, b"\" ")
                .or_else(|| line.ends_with(b"\"").then(|| line.len() - 1));
            at + 1..end.filter(|end| *end > at).unwrap_or(line.len())
        }
        Some(_) if label == b"stat=" => at..line.len(),
        _ => until(line, at, b", "),
    };
    (!range.is_empty()).then_some(range)
}

/// `192.0.2.1 (mx.example)`.
fn relay(line: &[u8], range: Range<usize>) -> (Option<Range<usize>>, Option<std::net::IpAddr>) {
    let address = until(line, range.start, b" \",(");
    let name = find(line, range.start, b"(")
        .filter(|at| *at <= range.end + 2)
        .map(|at| until(line, at + 1, b")"));
    (
        name.filter(|name| !name.is_empty()),
        line.get(address).and_then(ip),
    )
}
