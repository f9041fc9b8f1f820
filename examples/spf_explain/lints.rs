//! What is worth a second look, at its place.

use std::collections::BTreeMap;

use mail_dns::spf::{AddressSet, Lint, Mechanism, NearMissKind, Place, RecordFound};
use mail_dns::{AddressScope, DomainName, Octets, Span};

use crate::terminal::{Mark, Page, count};
use crate::{Facts, excerpt, fault, telling};

/// Notes to a text.
type Notes = Vec<(Span, String)>;

pub(crate) fn tell(facts: &Facts, page: &mut Page) {
    let mut notes: BTreeMap<&DomainName, Notes> = BTreeMap::new();
    let mut rows: Vec<(Mark, String)> = Vec::new();
    for lint in &facts.explained.lints {
        match lint {
            Lint::NearMiss { text, kind, .. } => {
                let note = (meant(text.as_bytes()), near_miss(*kind).to_owned());
                excerpt::show(page, "near miss", text, usize::MAX, &[note]);
            }
            // Its addresses are for documentation.
            Lint::SpecialNetwork { scope, .. }
                if facts.is_in_laboratory && *scope == AddressScope::Documentation => {}
            Lint::Unknown(error) => {
                let question = error.question().to_string();
                let cause = page.cause(error);
                rows.push((Mark::Unknown, format!("{question}: {cause}")));
            }
            lint => match note(facts, lint) {
                Some((domain, span, text)) => {
                    let notes = notes.entry(domain).or_default();
                    // A record that the tree comes to twice is looked at twice.
                    if !notes.contains(&(span, text.clone())) {
                        notes.push((span, text));
                    }
                }
                None => rows.push((Mark::Odd, at_large(lint))),
            },
        }
    }
    let mut shown = Vec::new();
    for node in facts.explained.root.walk() {
        if shown.contains(&&node.domain) {
            continue;
        }
        shown.push(&node.domain);
        let mut notes = notes.remove(&node.domain).unwrap_or_default();
        let texts = match &node.found {
            RecordFound::Record(record) => vec![Octets::from(record.text.as_bytes())],
            RecordFound::Invalid { text, error, .. } => {
                notes.push((error.span(), fault(node)));
                vec![text.clone()]
            }
            RecordFound::Several { texts, .. } => texts.clone(),
            _ => continue,
        };
        if notes.is_empty() && node.record().is_some() {
            continue;
        }
        let text = format!("of {}", node.domain);
        page.row(Mark::Plain, "record", &text);
        for text in texts {
            excerpt::show(page, "", &text, usize::MAX, &notes);
        }
    }
    let mut label = "beside it";
    for (mark, text) in rows {
        page.row(mark, label, &text);
        label = "";
    }
}

/// A remark to a place in a record.
fn note<'a>(facts: &'a Facts, lint: &'a Lint) -> Option<(&'a DomainName, Span, String)> {
    let (place, text) = match lint {
        Lint::PassAll(place) => (place, "the whole world may send for the domain".to_owned()),
        Lint::NeutralAll(place) => (
            place,
            "of everybody else nothing is said, as if there were no record".to_owned(),
        ),
        Lint::AfterAll(place) => (
            place,
            "nothing comes to it, since all is before it (RFC 7208 §5.1)".to_owned(),
        ),
        Lint::RedirectBesideAll(place) => (
            place,
            "it is ignored, since there is an all (RFC 7208 §6.1)".to_owned(),
        ),
        Lint::Ptr(place) => (
            place,
            "slow and unreliable, and not to be used (RFC 7208 §5.5)".to_owned(),
        ),
        Lint::DuplicateTerm(place) => (place, "it stands in the record already".to_owned()),
        Lint::MissingTarget {
            place,
            target,
            kind,
            ..
        } => (
            place,
            format!(
                "{target} has no SPF record ({kind}): who comes here ends in permerror (RFC 7208 §5.2)"
            ),
        ),
        Lint::DanglingTarget { place, target, .. } => (
            place,
            format!("{target} does not exist, so nobody is matched by it"),
        ),
        Lint::MappedNetwork(place) => (
            place,
            "such clients come as IPv4, so that it matches nobody (RFC 7208 §5)".to_owned(),
        ),
        Lint::WideNetwork { place, prefix, .. } => (place, wide(facts, place, *prefix)),
        Lint::HostBits(place) => (place, host_bits(facts, place)),
        Lint::SpecialNetwork { place, scope, .. } => (
            place,
            format!("no client on the internet has such an address: {scope}"),
        ),
        Lint::Covered(place) => {
            let nodes = facts.explained.root.walk();
            let comes = nodes.iter().filter(|node| node.domain == place.domain);
            let again = match comes.count() {
                1 => "",
                _ => "where the tree comes to it again, ",
            };
            let text = "all of it is decided by terms before, and without it nothing would change";
            (place, format!("{again}{text}"))
        }
        Lint::NoAll { domain, .. } => {
            let nodes = facts.explained.root.walk();
            let node = nodes.into_iter().find(|node| node.domain == *domain)?;
            let end = node.record()?.text.len();
            let span = Span { start: end, end };
            let text = "no all: everybody else gets neutral, as if there were no record";
            return Some((domain, span, text.to_owned()));
        }
        _ => return None,
    };
    Some((&place.domain, place.span, text))
}

/// A remark to no place in a record.
fn at_large(lint: &Lint) -> String {
    match lint {
        Lint::TypeSpf { count: number, .. } => {
            let records = count(*number, "record");
            format!("{records} of type SPF (99), which nobody asks for (RFC 7208 §3.1)")
        }
        Lint::CopyElsewhere { name, .. } => {
            format!("a record stands at {name}, where nobody looks for it")
        }
        Lint::RepeatedRecord { domain, count, .. } => {
            format!("the tree comes to the record of {domain} {count} times, and each time costs")
        }
        Lint::LongRecord { domain, octets, .. } => format!(
            "the record of {domain} has {octets} octets; more than 450 may not fit an answer of 512 (RFC 7208 §3.4)"
        ),
        Lint::LongAnswer { domain, octets, .. } => format!(
            "the answer with all texts at {domain} has {octets} octets, and does not fit one of 512 (RFC 7208 §3.4)"
        ),
        Lint::EverybodyPasses { ipv4, ipv6, .. } => {
            let whose = match (ipv4, ipv6) {
                (true, true) => "",
                (true, false) => " of IPv4",
                _ => " of IPv6",
            };
            format!("every address{whose} passes")
        }
        other => format!("{other:?}"),
    }
}

/// The network of a term, as it is written.
fn network(facts: &Facts, place: &Place) -> Option<AddressSet> {
    let nodes = facts.explained.root.walk();
    let node = nodes.into_iter().find(|node| node.domain == place.domain)?;
    let mut directives = node.record()?.directives();
    let directive = directives.find(|directive| directive.span == place.span)?;
    match directive.mechanism {
        Mechanism::Ip4 { network, prefix } => {
            Some(AddressSet::network(network.into(), prefix.unwrap_or(32)))
        }
        Mechanism::Ip6 { network, prefix } => {
            Some(AddressSet::network(network.into(), prefix.unwrap_or(128)))
        }
        _ => None,
    }
}

fn wide(facts: &Facts, place: &Place, prefix: u8) -> String {
    let sizes = network(facts, place).and_then(|set| telling::sizes(&set));
    format!("a /{prefix} is wide: {}", sizes.unwrap_or_default())
}

fn host_bits(facts: &Facts, place: &Place) -> String {
    let meant = network(facts, place).and_then(|set| set.networks().next());
    let meant = meant.map(|network| format!(": it is {network}"));
    format!(
        "the bits behind the prefix are ignored{}",
        meant.unwrap_or_default()
    )
}

/// Where the version stands that somebody meant.
fn meant(text: &[u8]) -> Span {
    let is_blank = |octet: &u8| octet.is_ascii_whitespace();
    let start = text.iter().position(|octet| !is_blank(octet)).unwrap_or(0);
    let rest = text.get(start..).unwrap_or_default();
    let end = rest.iter().position(is_blank).unwrap_or(rest.len());
    Span {
        start,
        end: start + end.min(12),
    }
}

fn near_miss(kind: NearMissKind) -> &'static str {
    match kind {
        NearMissKind::LeadingBlank => "a blank before the version makes it no record",
        NearMissKind::OtherVersion => "the version is v=spf1, and no other; so it is no record",
        NearMissKind::NoSpace => "a space must follow the version, so it is no record",
        NearMissKind::SenderId => "Sender ID is historic, and no SPF record",
        NearMissKind::LiteralQuotes => {
            "the quotation marks of a zone file were published, so it is no record"
        }
        NearMissKind::NoVersionTag => "it must begin with v=spf1, so it is no record",
        _ => "it is no record",
    }
}
