//! What is printed about all addresses of a name together, after the page of each.

use tls_inspect::RecordStanding;

use super::rollover::{self, Change};
use crate::machines::{Comparison, Machines, Open, RecordMatches, SentChain};
use crate::terminal::{Mark, Page, count};
use crate::words;

/// How many addresses are shown of those that send the same.
const ADDRESSES: usize = 6;

pub(crate) fn page(machines: &Machines) -> Page {
    let mut page = Page::for_stdout(None);
    say_verdict(machines, &mut page);
    for (place, chain) in machines.chains.iter().enumerate() {
        tell_chain(place, chain, machines, &mut page);
    }
    let mut label = "not seen";
    for open in &machines.open {
        let text = format!("{}{}", subject(open), open.because);
        page.row(Mark::Unknown, label, &text);
        label = "";
    }
    tell_records(machines, &mut page);
    if machines.is_secure {
        tell_rollover(machines, &mut page);
    }
    page
}

fn say_verdict(machines: &Machines, page: &mut Page) {
    let chains = count(machines.chains.len(), "chain");
    let same = match machines.chains.len() {
        1 => "chain",
        _ => &chains,
    };
    let open = match machines.open.len() {
        0 => String::new(),
        open => format!("; {open} not seen"),
    };
    let (mark, verdict, text) = match machines.comparison {
        Comparison::Alike => (Mark::Good, "alike", format!("each sends the same {same}")),
        Comparison::Differ => (Mark::Odd, "differ", format!("they send {chains}{open}")),
        Comparison::CouldNotTell => (
            Mark::Unknown,
            "could not tell",
            format!("those that were seen send {chains}{open}"),
        ),
    };
    let host = machines.host.escape_debug();
    let addresses = match machines.addresses {
        1 => "1 address".to_owned(),
        number => format!("{number} addresses"),
    };
    let subject = format!("{host}:{}, {addresses}", machines.port);
    page.headline(mark, &subject, verdict, &text);
}

/// How a chain is called: by its place, if there are several.
fn name(place: usize, machines: &Machines) -> String {
    match machines.chains.len() {
        1 => "chain".to_owned(),
        _ => format!("chain {}", place + 1),
    }
}

fn tell_chain(place: usize, chain: &SentChain, machines: &Machines, page: &mut Page) {
    let Some(leaf) = &chain.leaf else {
        let text = format!("a certificate that cannot be read, at {}", addresses(chain));
        return page.row(Mark::Unknown, &name(place, machines), &text);
    };
    let until = words::day(leaf.not_after);
    let left = leaf.not_after.saturating_sub(machines.now_unix);
    let (mark, left) = match left < 0 {
        true => (Mark::Bad, format!("expired {} ago", words::span(left))),
        false => (Mark::Plain, format!("{} left", words::span(left))),
    };
    let text = format!(
        "{}, SHA-256 {}…, until {until}, {left}",
        leaf.key,
        leaf.sha256.get(..16).unwrap_or(&leaf.sha256)
    );
    page.row(mark, &name(place, machines), &text);
    let before = machines.chains.iter().enumerate().take(place);
    let mut before = before.filter_map(|(other, one)| Some((other, one.leaf.as_ref()?)));
    let same = before.find(|(_, other)| other.spki_sha256 == leaf.spki_sha256);
    if let Some((other, one)) = same {
        let what = match one.sha256 == leaf.sha256 {
            true => "certificate",
            false => "key",
        };
        let elements = count(chain.elements, "element");
        let text = format!(
            "the same {what} as chain {}, here with {elements}",
            other + 1
        );
        page.row(Mark::Plain, "", &text);
    }
    page.row(Mark::Plain, "", &format!("at {}", addresses(chain)));
}

fn addresses(chain: &SentChain) -> String {
    let all = chain.sent_by.iter().map(|one| one.ip().to_string());
    words::some(&all.collect::<Vec<_>>(), ADDRESSES)
}

fn subject(open: &Open) -> String {
    match (open.address, open.key) {
        (Some(address), Some(key)) => format!("{} with {key}: ", address.ip()),
        (Some(address), None) => format!("{}: ", address.ip()),
        (None, _) => String::new(),
    }
}

/// Which record is for which key of which address.
fn tell_records(machines: &Machines, page: &mut Page) {
    let mut label = "TLSA";
    for (at, record) in machines.records.iter().enumerate() {
        let (mark, text) = whose(at, record, machines);
        let text = format!("{}  {text}", words::short(&record.record));
        page.row(mark, label, &text);
        label = "";
    }
    if machines.omitted > 0 {
        let more = count(machines.omitted, "more record");
        let text = format!("could not tell: {more}, which were not looked at");
        page.row(Mark::Unknown, "", &text);
    }
}

fn whose(at: usize, record: &RecordMatches, machines: &Machines) -> (Mark, String) {
    let of = |places: &[usize]| {
        let chains = places.iter().filter_map(|&place| {
            let chain = machines.chains.get(place)?;
            let key = chain.leaf.as_ref().map_or("?", |leaf| &leaf.key);
            let which = match machines.chains.len() {
                1 => String::new(),
                _ => format!(" (chain {})", place + 1),
            };
            Some(format!("{key} at {}{which}", addresses(chain)))
        });
        chains.collect::<Vec<_>>().join("; ")
    };
    let advices = machines
        .chains
        .iter()
        .filter_map(|one| one.rollover.as_ref());
    let standings = advices.filter_map(|advice| advice.records.get(at));
    let mut standings = standings.map(|one| &one.standing);
    let fault = standings.clone().find_map(|standing| match standing {
        RecordStanding::Unusable(fault) => Some(fault),
        _ => None,
    });
    match (record.matches.as_slice(), record.may_match.as_slice()) {
        _ if fault.is_some() => {
            let fault = fault.map(ToString::to_string).unwrap_or_default();
            (Mark::Odd, format!("does not count for mail: {fault}"))
        }
        ([], []) if standings.any(|one| matches!(one, RecordStanding::Failing(_))) => (
            Mark::Bad,
            "is of an authority, and yet authenticates nothing: see above".to_owned(),
        ),
        ([], []) => {
            let more = match machines.open.is_empty() {
                true => "",
                false => ", or of what was not seen",
            };
            let text = format!("matches nothing seen: of a past chain, of one to come{more}");
            (Mark::Plain, text)
        }
        ([], maybe) => (Mark::Unknown, format!("may match {}", of(maybe))),
        (sure, []) => (Mark::Good, format!("matches {}", of(sure))),
        (sure, maybe) => (
            Mark::Good,
            format!("matches {}; may match {}", of(sure), of(maybe)),
        ),
    }
}

fn tell_rollover(machines: &Machines, page: &mut Page) {
    for (place, chain) in machines.chains.iter().enumerate() {
        if let Some(advice) = &chain.rollover {
            let name = match machines.chains.len() {
                1 => "the chain".to_owned(),
                _ => format!("chain {}", place + 1),
            };
            rollover::tell_uncovered(advice, &name, page);
        }
    }
    if !machines.open.is_empty() {
        let text = "open: what was not seen may need records beside these, so look again before anything is withdrawn";
        page.row(Mark::Unknown, "roll-over", text);
    }
    let Some(first) = machines.chains.first() else {
        return;
    };
    let Some(advice) = &first.rollover else {
        return;
    };
    let is_alone = machines.chains.len() == 1;
    let change = Change {
        of: match is_alone {
            true => String::new(),
            false => "of chain 1, the first to expire: ".to_owned(),
        },
        who: match is_alone {
            true => "all servers".to_owned(),
            false => addresses(first),
        },
        unless: match machines.open.is_empty() {
            true => "a machine that was not met has the key".to_owned(),
            false => "what was not seen has the key".to_owned(),
        },
        is_open: !machines.open.is_empty(),
    };
    if !rollover::tell_plan(advice, &change, machines.now_unix, page) {
        let text = "could not tell how: there are too many chains or records, or a record that one chain needs stands in the way of another's";
        return page.row(Mark::Unknown, "roll-over", text);
    }
    tell_later(machines, page);
}

/// What one plan leaves to the next: chains are changed one at a time (RFC 7671 §8.4).
fn tell_later(machines: &Machines, page: &mut Page) {
    for (place, chain) in machines.chains.iter().enumerate().skip(1) {
        let last = chain.rollover.as_ref();
        let last = last.and_then(|advice| advice.schedule.publish_by);
        let by = last.map_or_else(String::new, |last| {
            format!(", whose change is to be begun by {}", words::minute(last))
        });
        let text = format!("then look again for chain {}{by}", place + 1);
        page.row(Mark::Plain, "", &text);
    }
}
