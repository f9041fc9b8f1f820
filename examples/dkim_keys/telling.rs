//! The facts in words.

use mail_dns::dkim::{
    Found, KeyFault, KeyRecord, KeyType, Oddity, PublicKey, Quoting, RsaForm, Selector,
};
use mail_dns::{Answer, DomainName, Existence, Span};

use crate::session::Outcome;
use crate::terminal::{Mark, Page, count, shell_word};
use crate::{Facts, Hints, excerpt, is_usable};

/// So many rows of a record are shown: nobody reads a key.
const ROWS: usize = 2;

pub(crate) fn tell(facts: &Facts, page: &mut Page) {
    tried(facts, page);
    control(facts, page);
    domainkey(facts, page);
    for selector in facts.shown() {
        tell_selector(selector, facts, page);
    }
    unknown(facts, page);
}

fn tried(facts: &Facts, page: &mut Page) {
    let selectors = &facts.discovery.selectors;
    let Some(hints) = &facts.hints else {
        return;
    };
    let whose = match hints.providers.as_slice() {
        [] => "common ones; the MX and SPF records name no provider known here".to_owned(),
        providers => format!("those of {}, and common ones", providers.join(", ")),
    };
    let text = format!("{}: {whose}", count(selectors.len(), "name"));
    page.row(Mark::Plain, "tried", &text);
    unhinted(hints, page);
    // Those without an answer are listed for themselves.
    if facts.outcome == Outcome::Unknown && facts.discovery.unknown().next().is_none() {
        let names: Vec<_> = selectors
            .iter()
            .map(|selector| selector.selector.as_str())
            .collect();
        page.row(Mark::Plain, "", &names.join(", "));
    }
}

/// What could not be asked, so that a provider may be missing.
fn unhinted(hints: &Hints, page: &mut Page) {
    for (what, answer) in [("MX records", &hints.mx), ("SPF record", &hints.txt)] {
        if let Err(error) = answer {
            let cause = page.cause(error);
            let text = format!("the {what}, which may name a provider: {cause}");
            page.row(Mark::Unknown, "", &text);
        }
    }
}

/// Whether a wildcard answers.
fn control(facts: &Facts, page: &mut Page) {
    let control = &facts.discovery.control;
    let command = command(control.name.as_ref(), page);
    let (mark, text) = match &control.found {
        Found::Nothing => (Mark::Plain, nothing(control)),
        Found::Unknown(error) => (Mark::Unknown, page.cause(error)),
        Found::NotAskable(_) => (Mark::Unknown, "could not be asked for".to_owned()),
        _ => (
            Mark::Odd,
            "an answer for a name that nobody has chosen".to_owned(),
        ),
    };
    page.row(mark, "wildcard?", &format!("{command}  {text}"));
    if facts.discovery.has_wildcard() {
        tell_found(control, page);
    }
}

/// Whether there is anything below `_domainkey`.
fn domainkey(facts: &Facts, page: &mut Page) {
    let Some(existence) = &facts.domainkey else {
        page.row(
            Mark::Plain,
            "_domainkey",
            "can be no name: it would be too long",
        );
        return;
    };
    let name = facts.domain.with_prefix("_domainkey").ok();
    let name = name.as_ref().map(shell_word).unwrap_or_default();
    let command = format!("{} A {name}", page.dig());
    let has_hits = facts.discovery.hits().next().is_some();
    let (mark, text) = match existence {
        Existence::Exists if has_hits => return,
        Existence::Exists => (Mark::Plain, "exists, so there may be names below it"),
        Existence::DoesNotExist { .. } if has_hits => (
            Mark::Odd,
            "does not exist, says the server, which breaks RFC 8020: there are names below it",
        ),
        Existence::DoesNotExist { compact: false } => (
            Mark::Plain,
            "NXDOMAIN: a hint that nothing is below it (RFC 8020), and no proof, since broken servers say so of names \
             with others below them",
        ),
        Existence::DoesNotExist { compact: true } => (
            Mark::Plain,
            "NXNAME in its NSEC record: a hint that nothing is below it (RFC 9824)",
        ),
        Existence::Unknown(error) => {
            let text = page.cause(error);
            page.row(Mark::Unknown, "_domainkey", &format!("{command}  {text}"));
            return;
        }
    };
    page.row(mark, "_domainkey", &format!("{command}  {text}"));
}

fn tell_selector(selector: &Selector, facts: &Facts, page: &mut Page) {
    let mark = match &selector.found {
        Found::Unknown(_) => Mark::Unknown,
        found if is_usable(found) => Mark::Good,
        _ => Mark::Bad,
    };
    page.row(
        mark,
        &selector.selector,
        &command(selector.name.as_ref(), page),
    );
    if facts.discovery.has_wildcard() && selector.found == facts.discovery.control.found {
        page.row(Mark::Odd, "", "the same as the wildcard");
        return;
    }
    tell_found(selector, page);
}

fn tell_found(selector: &Selector, page: &mut Page) {
    if let Some(target) = selector.delegated_to() {
        page.row(Mark::Plain, "", &format!("an alias of {target}"));
    }
    match &selector.found {
        Found::Key(record) => tell_key(record, page),
        Found::Invalid { text, error, .. } => {
            let note = (error.span(), error.kind().to_string());
            excerpt::show(page, "", text, ROWS, &[note]);
            if let Some(quoting) = error.quoting() {
                page.row(Mark::Odd, "", &quoted(quoting));
            }
            page.row(Mark::Bad, "", "verifiers have to ignore this record");
        }
        Found::Several { texts, joined, .. } => {
            let records = count(texts.len(), "record");
            let text = format!("{records}: what a verifier does is undefined (RFC 6376 §3.6.2.2)");
            page.row(Mark::Bad, "", &text);
            for text in texts {
                excerpt::show(page, "", text, ROWS, &[]);
            }
            if joined.is_some() {
                let text =
                    "joined they make a good key: split it into the strings of one record instead";
                page.row(Mark::Odd, "", text);
            }
        }
        Found::OtherText { texts, .. } => {
            page.row(Mark::Bad, "", "no key, but other text");
            for text in texts {
                excerpt::show(page, "", text, ROWS, &[]);
            }
        }
        Found::Nothing => {
            let text = match selector.delegated_to() {
                Some(_) => format!("{}: the alias leads nowhere", nothing(selector)),
                None => nothing(selector),
            };
            page.row(Mark::Bad, "", &text);
        }
        Found::NotAskable(error) => {
            let text = format!("there can be no such name: {error}");
            page.row(Mark::Bad, "", &text);
        }
        Found::Unknown(error) => {
            let cause = page.cause(error);
            page.row(Mark::Unknown, "", &cause);
        }
        other => page.row(Mark::Unknown, "", &format!("{other:?}")),
    }
}

fn tell_key(record: &KeyRecord, page: &mut Page) {
    page.row(Mark::Plain, "", &key_in_words(record));
    if let Some(why) = record.unusable() {
        page.row(Mark::Bad, "", &format!("verifiers cannot use it: {why}"));
    }
    for (mark, text) in remarks(record) {
        page.row(mark, "", &text);
    }
    let mut notes: Vec<_> = record
        .oddities
        .iter()
        .map(|oddity| note(oddity, record))
        .collect();
    let key = record.tags.iter().find(|tag| tag.name == "p");
    if let (PublicKey::Damaged(KeyFault::NotBase64 { at }), Some(key)) = (&record.key, key) {
        let start = key.value_span.start + at;
        let end = start + 1;
        notes.push((Span { start, end }, "no base64".to_owned()));
    }
    if !notes.is_empty() {
        excerpt::show(page, "", &record.text, ROWS, &notes);
    }
}

fn key_in_words(record: &KeyRecord) -> String {
    match &record.key {
        PublicKey::Rsa {
            bits,
            exponent,
            form,
            ..
        } => {
            let exponent = exponent.map_or("of more than 64 bits".to_owned(), |exponent| {
                exponent.to_string()
            });
            let form = match form {
                RsaForm::SubjectPublicKeyInfo => "SubjectPublicKeyInfo",
                RsaForm::RsaPublicKey => "bare RSAPublicKey",
            };
            format!("RSA, {bits} bits, exponent {exponent}, in a {form}")
        }
        PublicKey::Ed25519(_) => "Ed25519".to_owned(),
        PublicKey::Revoked => "no key: p= is empty".to_owned(),
        PublicKey::Damaged(_) => {
            format!("said to be {}", record.key_type.to_string().escape_debug())
        }
        PublicKey::Unknown { octets } => {
            format!(
                "{octets} octets of type {}",
                record.key_type.to_string().escape_debug()
            )
        }
        other => format!("{other:?}"),
    }
}

/// What a person should know of a record that verifiers read.
fn remarks(record: &KeyRecord) -> Vec<(Mark, String)> {
    let mut remarks = Vec::new();
    let mut remark = |mark, text: &str| remarks.push((mark, text.to_owned()));
    match &record.key {
        PublicKey::Rsa { bits, .. } if (1024..2048).contains(bits) => {
            remark(
                Mark::Odd,
                "it should have at least 2048 bits (RFC 8301 §3.2)",
            );
        }
        _ => {}
    }
    match &record.key {
        PublicKey::Rsa {
            form: RsaForm::RsaPublicKey,
            ..
        } => remark(
            Mark::Odd,
            "some verifiers read a SubjectPublicKeyInfo alone",
        ),
        PublicKey::Ed25519(_) => {
            remark(
                Mark::Plain,
                "many verifiers do not know Ed25519 (RFC 8463): sign by RSA as well",
            );
        }
        _ => {}
    }
    if record.is_testing() {
        remark(
            Mark::Odd,
            "t=y: a test, so a bad signature is to be treated as none",
        );
    }
    if record.forbids_subdomains() {
        remark(Mark::Plain, "t=s: not for mail from names below the domain");
    }
    let known = |flag: &&String| matches!(flag.as_str(), "y" | "s");
    let unknown: Vec<_> = record.flags.iter().filter(|flag| !known(flag)).collect();
    if !unknown.is_empty() {
        let text = format!("t= has flags that no RFC knows: {}", words(unknown));
        remark(Mark::Odd, &text);
    }
    if record.services != ["*"] {
        remark(
            Mark::Plain,
            &format!("s=: only for {}", words(&record.services)),
        );
    }
    if let Some(hashes) = &record.hashes {
        remark(Mark::Plain, &format!("h=: only with {}", words(hashes)));
    }
    if let Some(notes) = &record.notes {
        remark(Mark::Plain, &format!("n=: {notes}"));
    }
    if let KeyType::Other(name) = &record.key_type {
        remark(
            Mark::Plain,
            &format!("k={} is no type that verifiers know", name.escape_debug()),
        );
    }
    remarks
}

/// A peer's words, escaped.
fn words<'a>(words: impl IntoIterator<Item = &'a String>) -> String {
    let words: Vec<_> = words
        .into_iter()
        .map(|word| word.escape_debug().to_string())
        .collect();
    words.join(", ")
}

/// An oddity, at its place.
fn note(oddity: &Oddity, record: &KeyRecord) -> (Span, String) {
    let whole = Span {
        start: 0,
        end: record.text.as_bytes().len(),
    };
    let tag = |name: &str| {
        let tag = record.tags.iter().find(|tag| tag.name == name);
        tag.map_or(whole, |tag| tag.span)
    };
    match oddity {
        Oddity::Syntax(fault) => (fault.span, fault.kind.to_string()),
        Oddity::Quoting(quoting) => (whole, quoted(*quoting)),
        Oddity::EmptyList { name } => (
            tag(name),
            "without a word it counts as if it were left out".to_owned(),
        ),
        Oddity::ObsoleteGranularity => (
            tag("g"),
            "g= is obsolete, and to an old verifier an empty one means nobody".to_owned(),
        ),
        Oddity::UnknownTag { name } => {
            (tag(name), "no RFC knows this tag; it is ignored".to_owned())
        }
        other => (whole, format!("{other:?}")),
    }
}

/// The notation of a zone file, published.
fn quoted(quoting: Quoting) -> String {
    format!("{quoting}, as if pasted from a zone file")
}

/// The candidates of which nothing is known.
fn unknown(facts: &Facts, page: &mut Page) {
    if facts.is_given() {
        return;
    }
    let unknown: Vec<_> = facts.discovery.unknown().collect();
    let Some(Found::Unknown(error)) = unknown.first().map(|selector| &selector.found) else {
        return;
    };
    let names: Vec<_> = unknown
        .iter()
        .map(|selector| selector.selector.as_str())
        .collect();
    let names_of = count(names.len(), "name");
    page.row(
        Mark::Unknown,
        "no answer",
        &format!("to {names_of}: {}", names.join(", ")),
    );
    let cause = page.cause(error);
    page.row(Mark::Plain, "", &format!("the first: {cause}"));
}

fn command(name: Option<&DomainName>, page: &Page) -> String {
    match name {
        Some(name) => format!("{} TXT {}", page.dig(), shell_word(name)),
        None => "no such name can be asked for".to_owned(),
    }
}

fn nothing(selector: &Selector) -> String {
    let negative = selector.answer.as_ref().and_then(Answer::negative);
    let kind = negative.map(|negative| negative.kind.to_string());
    format!("nothing ({})", kind.unwrap_or_else(|| "no text".to_owned()))
}
