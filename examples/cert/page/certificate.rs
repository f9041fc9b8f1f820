//! The certificate and its chain.

use tls_inspect::{
    Assessment, Certificate, ChainReport, ElementContent, IdentityMatch, LifetimeState, Profile,
    StoreVerdict, TrustFailure, TrustVerdict,
};

use crate::look::Look;
use crate::terminal::{Mark, Page};
use crate::words;

/// How many names are shown.
const NAMES: usize = 6;
/// How many elements of a chain are shown; some servers send a whole bundle.
const ELEMENTS: usize = 8;

pub(super) fn tell(assessment: &Assessment, look: &Look, page: &mut Page) {
    if let Some(leaf) = assessment.chain.end_entity() {
        tell_leaf(leaf, page);
        tell_validity(leaf, assessment, page);
    }
    tell_chain(&assessment.chain, look, page);
    tell_identity(assessment, look, page);
    let mut label = "trust";
    for (position, verdict) in look.judgement.stores.iter().enumerate() {
        tell_trust(verdict, position == 0, label, look, page);
        label = "";
    }
    tell_deviations(assessment, look, page);
}

fn tell_leaf(leaf: &Certificate, page: &mut Page) {
    let names: Vec<_> = leaf
        .alt_names
        .iter()
        .flatten()
        .map(ToString::to_string)
        .collect();
    let names = match names.as_slice() {
        [] => "none: names are looked for among the alternative ones, and it has none".to_owned(),
        names => words::some(names, NAMES),
    };
    page.row(Mark::Plain, "names", &names);
    let issuer = match (leaf.issuer.as_str(), leaf.self_issued) {
        (_, true) => "itself",
        ("", false) => "without a name",
        (issuer, false) => issuer,
    };
    page.row(
        Mark::Plain,
        "issuer",
        &format!("{issuer} · serial {}", leaf.serial),
    );
    let signed = &leaf.signature_algorithm;
    page.row(
        Mark::Plain,
        "key",
        &format!("{}, signed by {signed}", leaf.key),
    );
    page.verbatim("SHA-256", &leaf.sha256);
}

fn tell_validity(leaf: &Certificate, assessment: &Assessment, page: &mut Page) {
    let validity = leaf.validity;
    let life = validity.at(assessment.now_unix);
    let period = format!(
        "{} to {}",
        words::day(validity.not_before),
        words::minute(validity.not_after)
    );
    let state = words::lifetime(validity, assessment.now_unix);
    let (mark, text) = match life.state {
        LifetimeState::Valid => {
            let share = life.share_left_per_mille / 10;
            let left = words::left(validity, assessment.now_unix);
            let share = format!("{period}: {left}, {share} %");
            match life.renewal_overdue {
                true => (
                    Mark::Odd,
                    format!("{share}; renewal is overdue, two thirds are over"),
                ),
                false => (Mark::Good, share),
            }
        }
        _ => (Mark::Bad, format!("{period}: {state}")),
    };
    page.row(mark, "validity", &text);
    let first = assessment.next_to_expire.filter(|first| first.element != 0);
    if let Some(first) = first.filter(|first| first.not_after < validity.not_after) {
        let (element, day) = (first.element, words::day(first.not_after));
        let late = assessment.now_unix.saturating_sub(first.not_after);
        let (mark, what) = match late > 0 {
            true => (
                expired_mark(&assessment.chain, element),
                format!("expired {} ago", words::span(late)),
            ),
            false => (Mark::Odd, "expires before it".to_owned()),
        };
        let text = format!("element {element} of the chain {what}, on {day}");
        page.row(mark, "", &text);
    }
}

/// Each element, and what is wrong with their order.
fn tell_chain(chain: &ChainReport, look: &Look, page: &mut Page) {
    let mut label = "chain";
    for (index, element) in chain.elements.iter().enumerate().take(ELEMENTS) {
        let (mark, text) = match &element.content {
            ElementContent::Unreadable(why) => (Mark::Bad, format!("{index} {why}")),
            ElementContent::Certificate(one) => {
                let (mark, role) = role(chain, index);
                let (mark, until) = match one.validity.at(look.now_unix).state {
                    LifetimeState::Valid => (
                        mark,
                        format!("until {}", words::day(one.validity.not_after)),
                    ),
                    _ => (
                        expired_mark(chain, index),
                        words::lifetime(one.validity, look.now_unix),
                    ),
                };
                (mark, format!("{index} {}, {until}{role}", subject(one)))
            }
            other => (Mark::Unknown, format!("{index} {other:?}")),
        };
        page.row(mark, label, &text);
        label = "";
    }
    let more = chain.elements.len().saturating_sub(ELEMENTS) + chain.omitted;
    if more > 0 {
        page.row(Mark::Odd, "", &format!("and {more} more elements"));
    }
    if !chain.in_order {
        let text = "the elements are not in order, which TLS 1.2 demands (RFC 5246 §7.4.2)";
        page.row(Mark::Odd, "", text);
    }
    let failures = look
        .judgement
        .assessment
        .iter()
        .flat_map(|one| one.trust.failures());
    for failure in failures {
        tell_missing(failure, page);
    }
}

/// Many end-entity certificates have alternative names alone.
fn subject(certificate: &Certificate) -> String {
    let subject = &certificate.subject;
    match certificate.alt_names.iter().flatten().next() {
        Some(name) if subject.is_empty() => name.to_string(),
        None if subject.is_empty() => "without a name".to_owned(),
        _ => subject.clone(),
    }
}

/// An element that no path needs may be out of its time beside one that is not.
fn expired_mark(chain: &ChainReport, element: usize) -> Mark {
    match chain.path.contains(&element) {
        true => Mark::Bad,
        false => Mark::Odd,
    }
}

/// What an element does in the chain.
fn role(chain: &ChainReport, index: usize) -> (Mark, String) {
    let below = chain.path.iter().position(|&element| element == index);
    let below = below.and_then(|at| chain.path.get(at.checked_sub(1)?));
    if chain.duplicates.contains(&index) {
        (Mark::Odd, "; sent before".to_owned())
    } else if chain.unrelated.contains(&index) && index > 0 {
        (Mark::Odd, "; signs nothing that is needed".to_owned())
    } else if chain.roots.contains(&index) {
        (Mark::Odd, "; a root, which need not be sent".to_owned())
    } else {
        let role = below.map_or_else(String::new, |below| format!("; signed {below}"));
        (Mark::Plain, role)
    }
}

/// Where an issuer that was not sent can be had.
fn tell_missing(failure: &TrustFailure, page: &mut Page) {
    let Some(missing) = &failure.missing else {
        return;
    };
    let issuer = failure.issuer.as_deref().unwrap_or("its issuer");
    let from = match missing.urls.as_slice() {
        [] => "the certificate does not say where it can be had".to_owned(),
        urls => format!("it can be had at {}", words::some(urls, 2)),
    };
    page.row(Mark::Bad, "", &format!("not sent: {issuer}; {from}"));
}

fn tell_identity(assessment: &Assessment, look: &Look, page: &mut Page) {
    let Some(found) = &assessment.identity else {
        return;
    };
    if look.host.is_none() && !found.is_match() {
        let text = "no name was given to look for (--server-name)";
        page.row(Mark::Unknown, "identity", text);
        return;
    }
    let mark = match found {
        IdentityMatch::Matched { .. } => Mark::Good,
        _ => Mark::Bad,
    };
    let text = words::identity(&assessment.reference.to_string(), found);
    page.row(mark, "identity", &text);
}

fn tell_trust(store: &StoreVerdict, is_first: bool, label: &str, look: &Look, page: &mut Page) {
    let name = &store.store;
    let (mark, text) = match &store.verdict {
        TrustVerdict::Trusted { path, anchor } => {
            let path: Vec<_> = path.iter().map(ToString::to_string).collect();
            let path = path.join(" → ");
            (Mark::Good, format!("{name}: trusted, {path} → {anchor}"))
        }
        TrustVerdict::Untrusted(failures) => {
            let why: Vec<_> = failures
                .iter()
                .map(|failure| words::trust(failure, look))
                .collect();
            // That another store does not hold the authority is nothing wrong.
            let mark = if is_first { Mark::Bad } else { Mark::Plain };
            (mark, format!("{name}: not trusted: {}", why.join("; ")))
        }
        other => (Mark::Unknown, format!("{name}: {other:?}")),
    };
    page.row(mark, label, &text);
}

fn tell_deviations(assessment: &Assessment, look: &Look, page: &mut Page) {
    let mut label = "deviations";
    let public = look.judgement.stores.iter().any(|one| {
        one.store == tls_inspect::TrustStore::webpki_roots().name() && one.verdict.is_trusted()
    });
    for (index, element) in assessment.chain.elements.iter().enumerate() {
        for deviation in element.certificate().iter().flat_map(|one| &one.deviations) {
            let rules = match deviation.profile() {
                Profile::Rfc5280 => "RFC 5280",
                // A private authority need not keep them.
                _ if !public => continue,
                _ => "Baseline Requirements",
            };
            let text = format!("element {index}: {deviation} ({rules})");
            page.row(Mark::Odd, label, &text);
            label = "";
        }
    }
    let leaf = assessment.chain.end_entity().filter(|_| public);
    let over = leaf.and_then(|leaf| leaf.validity.seconds_over_baseline());
    if let Some(over) = over.filter(|&over| over > 0) {
        let text = format!("element 0: valid for {over} s more than public certificates may be");
        page.row(Mark::Odd, label, &text);
        label = "";
    }
    if !label.is_empty() {
        page.row(Mark::Plain, label, "none");
    }
}
