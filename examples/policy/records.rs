//! Policies that are one TXT record: MTA-STS, TLS-RPT, BIMI.

use mail_dns::dmarc::Applied;
use mail_dns::{
    Answer, Avatar, BimiRecord, Octets, Published, PublishedPolicy, Span, Tag, Unenforced,
};

use crate::terminal::{Mark, Page, count, shell_word};
use crate::{Facts, State, excerpt};

pub(crate) fn of_mta_sts(facts: &Facts) -> State {
    state(&facts.mta_sts)
}

pub(crate) fn of_tls_rpt(facts: &Facts) -> State {
    state(&facts.tls_rpt)
}

/// A record that nobody may show for want of DMARC is in vain.
pub(crate) fn of_bimi(facts: &Facts) -> State {
    let published = bimi(facts);
    match (state(published), published.record()) {
        (State::Good, Some(record)) if !record.declines() => enforced(facts),
        (state, _) => state,
    }
}

fn state<T>(published: &Published<T>) -> State {
    match &published.policy {
        PublishedPolicy::Record(_) => State::Good,
        PublishedPolicy::Nothing | PublishedPolicy::NotAskable(_) => State::Absent,
        PublishedPolicy::Invalid { error, .. } => State::Bad(error.kind().to_string()),
        PublishedPolicy::Several { texts, .. } => {
            let records = count(texts.len(), "record");
            State::Bad(format!("{records}, which count for nothing"))
        }
        PublishedPolicy::Unknown(error) => State::Unknown(error.to_string()),
        _ => State::Unknown("it is something that this program does not know".to_owned()),
    }
}

/// The record that receivers take.
pub(crate) fn bimi(facts: &Facts) -> &Published<BimiRecord> {
    facts.organizational_bimi.as_ref().unwrap_or(&facts.bimi)
}

/// Whether DMARC is strong enough for a logo to be shown (BIMI draft §7.1).
fn enforced(facts: &Facts) -> State {
    let discovery = &facts.idle.dmarc;
    if matches!(discovery.applied(), Applied::Nothing) {
        return State::Bad("there is no DMARC".to_owned());
    }
    match Unenforced::of_domain(discovery) {
        Ok(Some(why)) => State::Bad(why.to_string()),
        Ok(None) => State::Good,
        Err(error) => State::Unknown(error.to_string()),
    }
}

pub(crate) fn tell_mta_sts(facts: &Facts, page: &mut Page) {
    let published = &facts.mta_sts;
    let found = published
        .record()
        .map(|record| (&record.text, format!("id {}", record.id)));
    tell("MTA-STS", published, found, page);
    if let Some(record) = published.record() {
        let notes: Vec<_> = record.extensions.iter().map(ignored).collect();
        show(&record.text, &notes, page);
        let host = facts.domain.with_prefix("mta-sts");
        let host = host.map_or_else(|error| error.to_string(), |host| host.to_string());
        let text = format!("not looked at: https://{host}/.well-known/mta-sts.txt");
        page.row(Mark::Plain, "", &text);
    }
}

pub(crate) fn tell_tls_rpt(facts: &Facts, page: &mut Page) {
    let published = &facts.tls_rpt;
    let found = published.record().map(|record| {
        let uris = record.reports.iter();
        let uris = uris.map(|uri| uri.text.escape_debug().to_string());
        let uris = uris.collect::<Vec<_>>().join(", ");
        (&record.text, format!("reports to {uris}"))
    });
    tell("TLS-RPT", published, found, page);
    if let Some(record) = published.record() {
        let faulty = record.faulty.iter().map(|(text, error)| {
            let place = place(&record.text, text);
            (place, format!("it is ignored: {error}"))
        });
        let mut notes: Vec<_> = faulty.collect();
        notes.extend(record.extensions.iter().map(ignored));
        show(&record.text, &notes, page);
        if record.left_out > 0 {
            let uris = count(record.left_out, "URI");
            page.row(Mark::Odd, "", &format!("{uris} past the first 64"));
        }
    }
}

pub(crate) fn tell_bimi(facts: &Facts, page: &mut Page) {
    if let Some(organizational) = &facts.organizational_bimi {
        tell("BIMI", &facts.bimi, None, page);
        tell_logo(facts, "", organizational, page);
    } else {
        tell_logo(facts, "BIMI", &facts.bimi, page);
    }
}

fn tell_logo(facts: &Facts, label: &str, published: &Published<BimiRecord>, page: &mut Page) {
    let found = published.record().map(|record| {
        let text = match &record.location {
            _ if record.declines() => "the domain wants no logo shown".to_owned(),
            Some(location) => format!("the logo is at {}", location.escape_debug()),
            None => "no logo, but evidence".to_owned(),
        };
        (&record.text, text)
    });
    tell(label, published, found, page);
    let Some(record) = published.record() else {
        return;
    };
    let evidence = match &record.evidence {
        Some(evidence) => format!("its mark certificate is at {}", evidence.escape_debug()),
        None if record.declines() => return,
        None => "without a mark certificate, which some receivers want".to_owned(),
    };
    page.row(Mark::Plain, "", &evidence);
    if record.avatar == Avatar::Personal {
        page.row(
            Mark::Plain,
            "",
            "the picture of a person is to be shown before it",
        );
    }
    let notes: Vec<_> = record.extensions.iter().map(ignored).collect();
    show(&record.text, &notes, page);
    let enforced = enforced(facts);
    let text = match &enforced {
        State::Good => "DMARC is strong enough for it to be shown".to_owned(),
        State::Bad(why) => format!("nobody may show it: {why}"),
        State::Unknown(why) => format!("whether DMARC is strong enough: could not tell: {why}"),
        State::Absent => return,
    };
    page.row(enforced.mark(), "", &text);
}

/// The question, what came of it, and what is wrong with it.
fn tell<T>(
    label: &str,
    published: &Published<T>,
    record: Option<(&Octets, String)>,
    page: &mut Page,
) {
    let command = match &published.name {
        Some(name) => format!("{} TXT {}", page.dig(), shell_word(name)),
        None => "no such name can be asked for".to_owned(),
    };
    let (mark, text) = match (&published.policy, &record) {
        (PublishedPolicy::Record(_), Some((_, text))) => (Mark::Good, text.clone()),
        (PublishedPolicy::Record(_), None) => (Mark::Good, "a record".to_owned()),
        (PublishedPolicy::Nothing, _) => {
            let answer = published.answer.as_ref();
            (Mark::Plain, answer.map(nothing).unwrap_or_default())
        }
        (PublishedPolicy::NotAskable(error), _) => (Mark::Plain, error.to_string()),
        (PublishedPolicy::Unknown(error), _) => (Mark::Unknown, page.cause(error)),
        (PublishedPolicy::Invalid { .. }, _) => (
            Mark::Bad,
            "a record with a fault, which counts for nothing".to_owned(),
        ),
        (PublishedPolicy::Several { texts, .. }, _) => {
            let records = count(texts.len(), "record");
            (Mark::Bad, format!("{records}, which count for nothing"))
        }
        _ => (
            Mark::Unknown,
            "something that this program does not know".to_owned(),
        ),
    };
    page.row(mark, label, &format!("{command}  {text}"));
    if let Some(target) = published.delegated_to() {
        page.row(Mark::Plain, "", &format!("an alias of {target}"));
    }
    match &published.policy {
        PublishedPolicy::Invalid { text, error, .. } => {
            let note = (error.span(), error.kind().to_string());
            excerpt::show(page, "", text, usize::MAX, &[note]);
        }
        PublishedPolicy::Several { texts, .. } => {
            for text in texts {
                excerpt::show(page, "", text, usize::MAX, &[]);
            }
        }
        // A wildcard, mostly.
        PublishedPolicy::Nothing => {
            let texts = published.answer.iter().flat_map(Answer::texts);
            let texts = texts.map(Octets::from);
            for text in texts.filter(|text| !published.near_misses.contains(text)) {
                excerpt::show(page, "", &text, 2, &[at_start("it is something else")]);
            }
        }
        _ => {}
    }
    for text in &published.near_misses {
        let note = at_start("it was meant as a record, and does not begin as one must");
        excerpt::show(page, "", text, usize::MAX, &[note]);
    }
}

fn at_start(note: &str) -> (Span, String) {
    (Span { start: 0, end: 1 }, note.to_owned())
}

fn nothing(answer: &Answer) -> String {
    match answer.negative() {
        Some(negative) => format!("nothing ({})", negative.kind),
        None => format!(
            "no such record in {}",
            count(answer.texts().count(), "text")
        ),
    }
}

/// A field that means nothing.
fn ignored(tag: &Tag) -> (Span, String) {
    (
        tag.span,
        "no RFC knows this field; it is ignored".to_owned(),
    )
}

/// A record that there is something to say of.
fn show(text: &Octets, notes: &[(Span, String)], page: &mut Page) {
    if !notes.is_empty() {
        excerpt::show(page, "", text, usize::MAX, notes);
    }
}

/// Where a part stands.
fn place(text: &Octets, part: &Octets) -> Span {
    let (octets, part) = (text.as_bytes(), part.as_bytes());
    let mut windows = octets.windows(part.len().max(1));
    let start = windows.position(|window| window == part).unwrap_or(0);
    Span {
        start,
        end: start + part.len(),
    }
}
