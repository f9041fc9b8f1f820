//! What several targets share.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use mail_dns::spf::Query;
use mail_dns::{
    CharacterStrings, DomainName, LookupErrorKind, Record, RecordData, Span, StaticLookup, Tag,
};

/// The domain that every scene is about.
pub const DOMAIN: &str = "a.test";

/// What a future comes to that never waits: what is asked is in memory.
pub fn ready<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("memory does not wait"),
    }
}

/// Octets as `smtp-probe` shows them: printable ASCII, the rest as `\\`, `\r`, `\n`, `\t` or `\xNN`.
pub fn shown(octets: &[u8]) -> String {
    let each = octets.iter().map(|octet| match octet {
        b'\\' => "\\\\".to_owned(),
        b'\r' => "\\r".to_owned(),
        b'\n' => "\\n".to_owned(),
        b'\t' => "\\t".to_owned(),
        b' '..=b'~' => char::from(*octet).to_string(),
        _ => format!("\\x{octet:02x}"),
    });
    each.collect()
}

/// Whether nothing of it could do harm in a terminal.
pub fn is_printable(text: &str) -> bool {
    text.bytes().all(|octet| (b' '..=b'~').contains(&octet))
}

/// Whether a place is one of the text.
pub fn is_in(span: Span, text: &[u8]) -> bool {
    span.start <= span.end && span.end <= text.len()
}

/// The tags as a record that holds nothing else.
pub fn joined(tags: &[Tag]) -> Vec<u8> {
    let tags = tags.iter();
    let tags = tags.map(|tag| [tag.name.as_bytes(), b"=", tag.value.as_bytes()].concat());
    tags.collect::<Vec<_>>().join(&b';')
}

/// What a list of tags says, wherever it says it.
pub fn said(tags: &[Tag]) -> Vec<(&str, &[u8])> {
    let tags = tags.iter();
    tags.map(|tag| (tag.name.as_str(), tag.value.as_bytes())).collect()
}

/// A client and a world, so that a seed can be read: the address of the client on the first line, and on each that follows a
/// record, such as `a.test MX 10 b.test`, or `b.test FAIL` for a name that cannot be asked for.
///
/// `reverse` is the name of the client's address. What is no record is left out.
pub fn scene(text: &[u8]) -> Option<(StaticLookup, Query)> {
    let mut lines = text.split(|octet| *octet == b'\n');
    let ip = str::from_utf8(lines.next()?).ok()?.parse().ok()?;
    let mut world = StaticLookup::new();
    for line in lines {
        let mut words = line.splitn(3, |octet| *octet == b' ');
        let Some(name) = words.next().and_then(|word| str::from_utf8(word).ok()) else { continue };
        let name = match name {
            "reverse" => DomainName::reverse_of(ip),
            name => name.parse().unwrap_or(DomainName::root()),
        };
        let kind = words.next().unwrap_or_default();
        if kind == b"FAIL" {
            world = world.with_failure(name, LookupErrorKind::ServFail);
        } else if let Some(data) = data(kind, words.next().unwrap_or_default()) {
            world.insert(Record::new(name, 60, data));
        }
    }
    Some((world, Query::mail_from(ip, &format!("l@{DOMAIN}"), "helo.test")))
}

fn data(kind: &[u8], octets: &[u8]) -> Option<RecordData> {
    let text = || str::from_utf8(octets).ok();
    Some(match kind {
        b"TXT" => RecordData::Txt(CharacterStrings::new([octets.to_vec()])),
        b"A" => RecordData::A(text()?.parse().ok()?),
        b"AAAA" => RecordData::Aaaa(text()?.parse().ok()?),
        b"CNAME" => RecordData::Cname(text()?.parse().ok()?),
        b"PTR" => RecordData::Ptr(text()?.parse().ok()?),
        b"MX" => {
            let (preference, exchange) = text()?.split_once(' ')?;
            RecordData::Mx { preference: preference.parse().ok()?, exchange: exchange.parse().ok()? }
        }
        _ => return None,
    })
}
