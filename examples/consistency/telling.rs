//! The facts in words.

use mail_dns::consistency::{Consistency, NameServer};
use mail_dns::{AddressScope, LookupError, LookupErrorKind, Question};

use crate::terminal::{Mark, Page, shell_word};
use crate::{Facts, names};

pub(crate) fn tell(facts: &Facts, page: &mut Page) {
    let name = shell_word(&facts.domain);
    let zone = match &facts.zone {
        Ok(Some(zone)) => zone.to_string(),
        Ok(None) => "no SOA record came with the answer".to_owned(),
        Err(error) => page.cause(error),
    };
    let mark = match facts.zone {
        Ok(Some(_)) => Mark::Plain,
        _ => Mark::Unknown,
    };
    page.row(mark, "zone", &format!("{} SOA {name}  {zone}", page.dig()));
    let Some(found) = &facts.found else { return };
    if let Err(error) = &found.ns {
        let cause = page.cause(error);
        let text = format!("{} NS {}  {cause}", page.dig(), shell_word(&found.zone));
        page.row(Mark::Unknown, "servers", &text);
        return;
    }
    servers(found, page);
    differences(found, page);
    failures(found, page);
}

/// A row for each address of each server.
fn servers(found: &Consistency, page: &mut Page) {
    let widths = found.servers.iter().map(|server| {
        let address = server.address.to_string();
        (server.name.to_string().len(), address.len())
    });
    let (name, address) = widths.fold((0, 0), |(name, address), (one, other)| {
        (name.max(one), address.max(other))
    });
    let stale = found.stale();
    let mut label = "servers";
    for server in &found.servers {
        let (mark, text) = server_in_words(server, stale.contains(&server), page);
        let text = format!(
            "{:<name$}  {:<address$}  {text}",
            server.name.to_string(),
            server.address.to_string()
        );
        page.row(mark, label, &text);
        label = "";
    }
    for (host, addresses) in &found.hosts {
        let name = shell_word(host);
        for error in addresses.failures() {
            let (record_type, cause) = (error.question().record_type, page.cause(error));
            page.row(
                Mark::Unknown,
                label,
                &format!("{} {record_type} {name}  {cause}", page.dig()),
            );
            label = "";
        }
        if addresses.is_proved_empty() {
            let text = format!("{} A {name} AAAA {name}  it has no address", page.dig());
            page.row(Mark::Bad, label, &text);
            label = "";
        }
    }
    if found.hosts.is_empty() {
        let text = format!(
            "{} NS {}  no name server",
            page.dig(),
            shell_word(&found.zone)
        );
        page.row(Mark::Unknown, label, &text);
    }
    if !found.left_out.is_empty() {
        let names: Vec<_> = found.left_out.iter().map(ToString::to_string).collect();
        let text = format!("not asked: {}", names.join(", "));
        page.row(Mark::Unknown, "", &text);
    }
}

fn server_in_words(server: &NameServer, is_stale: bool, page: &mut Page) -> (Mark, String) {
    let answer = match &server.soa {
        None => {
            let scope = AddressScope::of(server.address);
            let text = format!("not contacted: {scope}; see --allow-special");
            return (Mark::Unknown, text);
        }
        Some(Err(error)) if server.is_lame() => {
            return (Mark::Bad, format!("lame: {}", page.cause(error)));
        }
        Some(Err(error)) => return (Mark::Unknown, page.cause(error)),
        Some(Ok(answer)) => answer,
    };
    let way = format!(
        "{} ms over {}",
        answer.elapsed.as_millis(),
        answer.transport
    );
    if server.is_lame() {
        let text = format!("lame: it answers without authority (AA); {way}");
        return (Mark::Bad, text);
    }
    match server.serial() {
        Some(serial) if is_stale => (
            Mark::Odd,
            format!("serial {serial}, older than another's; {way}"),
        ),
        Some(serial) => (Mark::Good, format!("serial {serial}; {way}")),
        None => (Mark::Bad, format!("no SOA record; {way}")),
    }
}

/// Who says what.
fn differences(found: &Consistency, page: &mut Page) {
    let mut label = "differs";
    for difference in found.differences() {
        page.row(Mark::Bad, label, &command(None, difference.question));
        label = "";
        for (content, servers) in &difference.variants {
            // Whole, to be compared.
            page.verbatim("", &format!("  {content}"));
            page.row(Mark::Plain, "", &format!("    by {}", names(servers)));
        }
    }
}

/// What was not answered, by servers that answer the first question.
fn failures(found: &Consistency, page: &mut Page) {
    let mut label = "no answer";
    for (server, question, error) in found.failures() {
        // The row of the server says it.
        if server.is_lame() || matches!(server.soa, Some(Err(_))) {
            continue;
        }
        let mark = match error.kind() {
            LookupErrorKind::Refused => Mark::Bad,
            _ => Mark::Unknown,
        };
        let text = format!(
            "{}  {}",
            command(Some(server), question),
            cause(error, page)
        );
        page.row(mark, label, &text);
        label = "";
    }
}

fn cause(error: &LookupError, page: &mut Page) -> String {
    match error.kind() {
        LookupErrorKind::Refused => "refused".to_owned(),
        _ => page.cause(error),
    }
}

fn command(server: Option<&NameServer>, question: &Question) -> String {
    let server = server.map_or_else(String::new, |server| format!(" @{}", server.address));
    let name = shell_word(&question.name);
    format!("dig +norec{server} {} {name}", question.record_type)
}
