//! What is printed about one server: the verdict first, and a row for each thing that it hangs on.

mod certificate;
mod connection;
mod machines;
mod rollover;
mod scan;
mod senders;
mod staple;
mod tlsa;

use mail_dns::stub::Server;

pub(crate) use self::machines::page as machines;
use crate::look::{Attempt, Look};
use crate::outcome::Outcome;
use crate::terminal::{Mark, Page};

/// The line that says it all.
pub(crate) fn headline(look: &Look) -> Page {
    let mut page = Page::for_stdout(None);
    say_verdict(look, &mut page);
    page
}

/// All about a server; its commands ask `server`, if one is given.
pub(crate) fn full(look: &Look, server: Option<&Server>) -> Page {
    let mut page = Page::for_stdout(server);
    say_verdict(look, &mut page);
    if let Some(remark) = &look.place.remark {
        page.remark(remark);
    }
    match &look.seen.attempt {
        Attempt::NotBegun(observation) => connection::tell_not_begun(observation, &mut page),
        Attempt::Tls(capture) => connection::tell(capture, look, &mut page),
    }
    if let Some(assessment) = &look.judgement.assessment {
        certificate::tell(assessment, look, &mut page);
        if let Some(staple) = &assessment.staple {
            staple::tell(staple, &mut page);
        }
    }
    senders::tell(look, &mut page);
    tlsa::tell(look, &mut page);
    if let Some(report) = &look.seen.scan {
        scan::tell(report, &mut page);
    }
    connection::tell_by_hand(look, &mut page);
    page
}

fn say_verdict(look: &Look, page: &mut Page) {
    let subject = match &look.host {
        Some(host) => format!("{} {}", host.escape_debug(), look.address),
        None => look.address.to_string(),
    };
    let (mark, word) = match look.outcome {
        Outcome::Works if look.warnings.is_empty() => (Mark::Good, "good"),
        Outcome::Works => (Mark::Odd, "good"),
        Outcome::Fails => (Mark::Bad, "not good"),
        Outcome::Unknown => (Mark::Unknown, "could not tell"),
    };
    let mut text = look.because.clone();
    for warning in &look.warnings {
        text = format!("{text}; {warning}");
    }
    page.headline(mark, &subject, word, &text);
}
