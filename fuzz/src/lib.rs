//! What several targets share.

use std::net::Ipv4Addr;
use std::pin::pin;
use std::sync::LazyLock;
use std::task::{Context, Poll, Waker};

use mail_dns::spf::Query;
use dnsbl::Catalogue;
use mail_dns::{
    Answer, CharacterStrings, DomainName, LookupError, LookupErrorKind, Negative, NegativeKind, Question, Record, RecordData,
    RecordType, Response, Span, StaticLookup, Tag,
};
use tls_inspect::{ClientHello, Der, HelloAnswer, HelloOutcome, HelloProbe, HelloProgress, ProtocolVersion, TrustStore};

/// The domain that every scene is about.
pub const DOMAIN: &str = "a.test";

/// The lists that come with `dnsbl`.
pub static LISTS: LazyLock<Catalogue> = LazyLock::new(|| Catalogue::builtin().expect("sound"));

/// What a list may answer, by the octet `how`: a failure, a denial, text, or the addresses that `octets` are; with those addresses, and
/// whether it is NXDOMAIN.
pub fn list_outcome(how: u8, octets: &[u8]) -> (Result<Answer, LookupError>, Vec<Ipv4Addr>, bool) {
    let question = Question {
        name: DomainName::root().with_prefix("1.1.1.9.bl.test").expect("a name"),
        record_type: RecordType::A,
    };
    let denied = |kind| Answer::unasked(question.clone(), Response::Negative(Negative::new(kind, None, None)));
    let records = |data: Vec<RecordData>| {
        let records = data.into_iter().map(|data| Record::new(question.name.clone(), 60, data));
        Answer::unasked(question.clone(), Response::Records(records.collect()))
    };
    let kinds = [LookupErrorKind::Timeout, LookupErrorKind::ServFail, LookupErrorKind::Refused, LookupErrorKind::Bogus];
    match how {
        0..4 => (Err(LookupError::new(kinds[usize::from(how)], question.clone())), Vec::new(), false),
        4 => (Ok(denied(NegativeKind::NxDomain)), Vec::new(), true),
        5 => (Ok(denied(NegativeKind::NoData)), Vec::new(), false),
        6 => (Ok(records(vec![RecordData::Txt(CharacterStrings::new([octets.to_vec()]))])), Vec::new(), false),
        _ => {
            let quads = octets.as_chunks::<4>().0;
            let addresses: Vec<Ipv4Addr> = quads.iter().map(|quad| Ipv4Addr::from(*quad)).collect();
            let data = addresses.iter().copied().map(RecordData::A).collect();
            (Ok(records(data)), addresses, false)
        }
    }
}

/// A certificate that was not revoked and its root, of whom there are OCSP responses and a list.
pub static REVOCATION_CHAIN: LazyLock<[Der; 2]> = LazyLock::new(|| {
    let read = |pem: &[u8]| TrustStore::certificates_from_pem(pem).expect("PEM").remove(0);
    let leaf = include_bytes!("../../crates/tls-inspect/tests/data/revocation/1001.pem");
    [read(leaf), read(include_bytes!("../../crates/tls-inspect/tests/data/revocation/root.pem"))]
});

/// A time at which those responses and that list are current.
pub const REVOCATION_NOW: i64 = 1_795_942_499;

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

/// A hello: the smallest, one of everything up to TLS 1.2, of SSL 3.0, or of everything.
pub fn hello(kind: u8) -> ClientHello {
    let all = [0x0300, 0x0301, 0x0302, 0x0303, 0x0304].map(ProtocolVersion);
    match kind % 4 {
        0 => ClientHello::small([7; 32]),
        1 => ClientHello::everything(&all[..4], [7; 32]),
        2 => ClientHello::everything(&all[..1], [7; 32]),
        _ => ClientHello::everything(&all, [7; 32]),
    }
}

/// That the answer of a server is the same however its octets are cut, is bounded, and is taken leave of in good form.
pub fn check_hello(offer: &ClientHello, octets: &[u8], end: u8, cut: u8) {
    let (whole, farewell) = answer(offer, std::iter::once(octets), end);
    for size in [1, usize::from(cut).max(1)] {
        let (again, leave) = answer(offer, octets.chunks(size), end);
        assert_eq!((&again, &leave), (&whole, &farewell), "cut at {size}");
    }
    check_bounds(&whole, octets.len());
    for record in farewell.chunks(7) {
        assert!(matches!(record, [21, 3, 0..=3, 0, 2, 1, 0 | 90]), "{farewell:?}");
    }
    assert!(farewell.is_empty() || farewell.ends_with(&[0]));
    assert!(farewell.len() <= 14);
}

fn answer<'a>(offer: &ClientHello, mut parts: impl Iterator<Item = &'a [u8]>, end: u8) -> (HelloAnswer, Vec<u8>) {
    let mut probe = HelloProbe::new(offer).expect("a hello");
    let is_done = parts.any(|part| probe.handle_input(part) == HelloProgress::Done);
    match end % 3 {
        _ if is_done => {}
        0 => probe.handle_close(),
        1 => probe.handle_reset(),
        _ => probe.handle_timeout(),
    }
    let farewell = probe.farewell();
    (probe.finish(), farewell)
}

fn check_bounds(answer: &HelloAnswer, sent: usize) {
    assert!(answer.received <= sent.min(128 * 1024));
    assert!(answer.alerts.len() <= 32);
    match &answer.outcome {
        HelloOutcome::Chosen(flight) => {
            let chain = flight.chain.iter().flatten();
            let certificates: usize = chain.clone().map(|der| der.as_bytes().len()).sum();
            let names = flight.client_certificate_request.iter().flat_map(|request| &request.ca_names);
            let staple = flight.ocsp_staple.iter().map(|der| der.as_bytes().len()).sum::<usize>();
            assert!(certificates + staple <= answer.received);
            assert!(chain.count() <= 256 && names.count() <= 512 && flight.hello.extensions.len() <= 64);
            assert!(flight.deviations.len() <= 64 && flight.deviations.iter().all(|text| is_printable(text)));
        }
        HelloOutcome::Retry(retry) => {
            assert!(retry.deviations.len() <= 64 && retry.deviations.iter().all(|text| is_printable(text)));
        }
        HelloOutcome::NotTls(octets) => assert!(octets.len() <= 512),
        HelloOutcome::Malformed(text) | HelloOutcome::Io(text) => assert!(is_printable(text)),
        _ => {}
    }
}
