//! A subject on a page that is read in five seconds: the verdict, the entries, what could not be asked, and the rest in a line.

use std::collections::BTreeSet;

use dnsbl::{
    Advice, Catalogue, DelistingMode, Independent, ListAnswer, Listing, Severity, Subject,
};
use jiff::Timestamp;
use mail_dns::DomainName;
use mail_dns::stub::Server;

use crate::look::{Look, Outcome, Sort};
use crate::terminal::{Mark, Page, count};
use crate::words;

/// How many texts of a list are shown.
const TEXTS: usize = 2;

/// What was told before, on pages of the same run, and through which resolver.
#[derive(Debug, Default)]
pub(crate) struct Told {
    before: BTreeSet<String>,
    server: Option<Server>,
}

impl Told {
    /// Nothing yet; `server` is the resolver, if it is not the system's.
    pub(crate) fn through(server: Option<Server>) -> Self {
        let before = BTreeSet::new();
        Self { before, server }
    }

    fn is_new(&mut self, text: &str) -> bool {
        self.before.insert(text.to_owned())
    }
}

/// All about a subject.
pub(crate) fn full(look: &Look, catalogue: &Catalogue, told: &mut Told) -> Page {
    let mut page = headline(look);
    if look.is_asked_nowhere().is_some() {
        return page;
    }
    let mut remedies = BTreeSet::new();
    for entry in look.entries() {
        tell_entry(&mut page, look, &entry, &mut remedies);
    }
    tell_again(&mut page, look);
    tell_informing(&mut page, look);
    tell_unknown(&mut page, look, catalogue, told);
    tell_names(&mut page, Mark::Good, "clean", "", &look.of(Sort::Clean));
    tell_vouched(&mut page, look);
    tell_keys(&mut page, look, catalogue, told);
    page
}

/// The verdict alone.
pub(crate) fn headline(look: &Look) -> Page {
    let mut page = Page::for_stdout(None);
    let (outcome, text) = look.verdict();
    let subject = look.subject.to_string();
    page.headline(outcome.mark(), &subject, outcome.word(), &text);
    if let Some(remark) = &look.remark {
        page.remark(remark);
    }
    page
}

/// An entry, and how it is got rid of; `remedies` are those that were told of others.
fn tell_entry(
    page: &mut Page,
    look: &Look,
    entry: &Independent<'_>,
    remedies: &mut BTreeSet<String>,
) {
    let answer = entry.answer;
    let Some(listing) = answer.entry() else {
        return;
    };
    let severity = answer.severity(look.role).unwrap_or(Severity::Info);
    page.row(
        mark(severity),
        &severity.to_string(),
        &format!("{}: {}", name(answer), codes(listing)),
    );
    tell_words(page, listing);
    for same in &entry.repeated {
        tell_repeated(page, look, same, listing.text.is_empty());
    }
    let Some(help) = look.help_for(answer) else {
        return;
    };
    if help.subject != look.subject {
        page.row(
            Mark::Plain,
            "",
            &format!("the entry is of {}", help.subject),
        );
    }
    let remedy = help.remedy.to_string();
    if remedies.insert(remedy.clone()) {
        page.row(Mark::Plain, "mend", &remedy);
    }
    page.row(Mark::Plain, "remove", &help.way_off());
    if help.mode == DelistingMode::Form {
        page.row(Mark::Plain, "reason", &format!("\"{}\"", help.reason));
    }
    if let Some(ending) = help.ending() {
        page.row(Mark::Plain, "ends", &ending);
    }
}

/// When to look again, once for all entries for which it is the same.
fn tell_again(page: &mut Page, look: &Look) {
    let mut whens: Vec<(String, Vec<String>)> = Vec::new();
    for entry in look.entries() {
        let Some(help) = look.help_for(entry.answer) else {
            continue;
        };
        // The last step says after how long, and a person wants to know when.
        let again = help.steps().pop().unwrap_or_default();
        let again = again.trim_end_matches('.');
        let text = format!("{again}, at {}.", clock(help.look_again_at));
        let list = entry.answer.list.name.escape_debug().to_string();
        match whens.iter_mut().find(|(when, _)| *when == text) {
            Some((_, lists)) => lists.push(list),
            None => whens.push((text, vec![list])),
        }
    }
    let is_one = whens.len() == 1;
    for (when, lists) in whens {
        let text = match is_one {
            true => when,
            false => format!("{}: {when}", words::of_names(&lists)),
        };
        page.row(Mark::Plain, "again", &text);
    }
}

/// A list that has the same entry, where removal may be asked for as well.
fn tell_repeated(page: &mut Page, look: &Look, same: &ListAnswer, with_words: bool) {
    let help = look.help_for(same).and_then(|help| help.page.as_ref());
    let help = help.map_or_else(String::new, |page| format!(": {}", page.escape_debug()));
    page.row(
        Mark::Plain,
        "",
        &format!("the same entry as on {}{help}", name(same)),
    );
    if let Some(listing) = same.entry().filter(|_| with_words) {
        tell_words(page, listing);
    }
}

/// The list's own words, which it could not be asked for or which are shown as they are, fit for a terminal.
fn tell_words(page: &mut Page, listing: &Listing) {
    for text in listing.text.iter().take(TEXTS) {
        page.row(Mark::Plain, "", &format!("\"{text}\""));
    }
    let more = listing.text.len().saturating_sub(TEXTS);
    if more > 0 {
        page.row(
            Mark::Plain,
            "",
            &format!("and {} more", count(more, "text")),
        );
    }
    if let Some(error) = &listing.text_failure {
        page.row(
            Mark::Plain,
            "",
            &format!("its words are not known: {error}"),
        );
    }
}

fn tell_informing(page: &mut Page, look: &Look) {
    for answer in look.of(Sort::Informs) {
        if let Some(listing) = answer.entry() {
            let text = format!("{}: {}", name(answer), codes(listing));
            page.row(Mark::Odd, "informs", &text);
            tell_words(page, listing);
        }
    }
}

/// A line for each thing that is the matter, and below them the first thing to do, once for all lists that it is for; on later
/// pages the names alone. The doctor tells what else there is to do.
fn tell_unknown(page: &mut Page, look: &Look, catalogue: &Catalogue, told: &mut Told) {
    let mut before = Vec::new();
    let mut matters: Vec<(&str, String, Vec<&ListAnswer>)> = Vec::new();
    let mut measures: Vec<(String, Vec<&ListAnswer>)> = Vec::new();
    for answer in look.of(Sort::Unknown) {
        let (label, why) = words::of_verdict(&answer.verdict);
        // What a list says of the resolver, it says for every subject.
        if !told.is_new(&format!("{} {label} {why}", answer.list.zone)) {
            before.push(answer);
            continue;
        }
        let same = matters
            .iter_mut()
            .find(|(other, same, _)| *other == label && *same == why);
        match same {
            Some((.., answers)) => answers.push(answer),
            None => matters.push((label, why, vec![answer])),
        }
        if let Some(advice) = Advice::of(catalogue, answer).first() {
            let advice = advice.to_string();
            match measures.iter_mut().find(|(same, _)| *same == advice) {
                Some((_, answers)) => answers.push(answer),
                None => measures.push((advice, vec![answer])),
            }
        }
    }
    for (label, matter, answers) in matters {
        let text = match answers.len() {
            1 => format!("{}: {matter}", names(&answers)),
            _ => format!("{matter}: {}", names(&answers)),
        };
        page.row(Mark::Unknown, label, &text);
    }
    if look.is_silence() {
        if told.is_new(words::SILENT_RESOLVER) {
            tell_silence(page, told.server.as_ref());
        }
    } else {
        for (advice, answers) in measures {
            let text = format!("{advice}: {}", names(&answers));
            page.row(Mark::Plain, "to do", &text);
        }
    }
    tell_names(page, Mark::Unknown, "as above", "could not tell: ", &before);
}

/// What to do where no list answered, by a command that asks `server`, or the system's resolver.
pub(crate) fn tell_silence(page: &mut Page, server: Option<&Server>) {
    page.row(Mark::Plain, "to do", words::SILENT_RESOLVER);
    let command = format!("{} . NS", Page::for_stdout(server).dig());
    page.verbatim("", &command);
}

/// Keys that would help: not for a list that stands in for one that has answered.
fn tell_keys(page: &mut Page, look: &Look, catalogue: &Catalogue, told: &mut Told) {
    let is_answered = |zone: &DomainName| {
        let mut answers = look
            .answers
            .iter()
            .filter(|answer| answer.list.zone == *zone);
        answers.any(|answer| Sort::of(answer) != Sort::Unknown)
    };
    let mut matters: Vec<(String, Vec<&ListAnswer>)> = Vec::new();
    for answer in look.of(Sort::NeedsKey) {
        let list = catalogue.list(&answer.list.zone);
        let replaced = list.and_then(|list| list.replaces.as_ref());
        let key = list.and_then(|list| list.terms.key.as_deref());
        let how = key.map_or_else(String::new, |key| {
            format!(" and give it by --key {}=@FILE", key.escape_debug())
        });
        let advice = Advice::of(catalogue, answer);
        let advice = advice.first().map(|advice| format!(" → {advice}{how}"));
        let advice = advice.unwrap_or_default();
        if replaced.is_some_and(is_answered)
            || !told.is_new(&format!("{} needs a key", answer.list.zone))
        {
            continue;
        }
        match matters.iter_mut().find(|(same, _)| *same == advice) {
            Some((_, answers)) => answers.push(answer),
            None => matters.push((advice, vec![answer])),
        }
    }
    for (advice, answers) in matters {
        let need = if answers.len() == 1 { "needs" } else { "need" };
        let text = format!("{}: {need} a key{advice}", names(&answers));
        page.row(Mark::Plain, "no key", &text);
    }
}

fn tell_vouched(page: &mut Page, look: &Look) {
    for answer in look.of(Sort::Vouched) {
        if let Some(listing) = answer.entry() {
            let text = format!("{} vouches for it: {}", name(answer), codes(listing));
            page.row(Mark::Good, "allowed", &text);
        }
    }
    let not = look.of(Sort::NotVouched);
    tell_names(
        page,
        Mark::Plain,
        "",
        "not on allowlists, which is no fault: ",
        &not,
    );
}

fn tell_names(page: &mut Page, mark: Mark, label: &str, before: &str, answers: &[&ListAnswer]) {
    if !answers.is_empty() {
        page.row(mark, label, &format!("{before}{}", names(answers)));
    }
}

fn names(answers: &[&ListAnswer]) -> String {
    let names = answers
        .iter()
        .map(|answer| answer.list.name.escape_debug().to_string());
    words::of_names(&names.collect::<Vec<_>>())
}

/// The name of a list and its zone.
fn name(answer: &ListAnswer) -> String {
    let (name, zone) = (answer.list.name.escape_debug(), &answer.list.zone);
    format!("{name} ({zone})")
}

fn codes(listing: &Listing) -> String {
    let codes: Vec<String> = listing.codes.iter().map(ToString::to_string).collect();
    let network = listing.network.as_ref();
    let network = network.map_or_else(String::new, |network| format!(", as {network}"));
    format!("{}{network}", codes.join(", "))
}

pub(crate) fn mark(severity: Severity) -> Mark {
    match severity {
        Severity::Error => Mark::Bad,
        Severity::Warning | Severity::Notice => Mark::Odd,
        Severity::Info => Mark::Plain,
    }
}

/// The minute, in UTC.
fn clock(unix: i64) -> String {
    Timestamp::from_second(unix).map_or_else(
        |_| format!("second {unix}"),
        |time| time.strftime("%Y-%m-%d %H:%MZ").to_string(),
    )
}

/// The last line of several subjects, and whether those are all that were to be asked about.
pub(crate) fn tally(looks: &[(Subject, Outcome)], are_all: bool) -> String {
    let of = |wanted: Outcome| {
        let number = looks
            .iter()
            .filter(|(_, outcome)| *outcome == wanted)
            .count();
        (number > 0).then(|| format!("{number} {}", wanted.word()))
    };
    let all = [
        Outcome::Clean,
        Outcome::Vouched,
        Outcome::NotVouched,
        Outcome::Listed,
        Outcome::Unknown,
    ];
    let parts: Vec<_> = all.into_iter().filter_map(of).collect();
    let doubt = match are_all {
        true => "",
        false => "; not all senders are known",
    };
    let subjects = count(looks.len(), "subject");
    format!("\n{subjects}: {}{doubt}", parts.join(", "))
}
