//! What senders that follow DANE make of the MX hosts (RFC 7672).

use mail_dns::dane::{BaseDomain, DaneHost, DaneOutcome, Obstacle, Tlsa};
use mail_dns::{DnssecStatus, RouteKind};

use crate::terminal::{Mark, Page, count, shell_word};
use crate::{Facts, State};

pub(crate) fn state(facts: &Facts) -> State {
    let dane = &facts.dane;
    let mx = match &dane.mx {
        Ok(mx) => *mx,
        Err(error) => return State::Unknown(error.to_string()),
    };
    let states = dane.hosts.iter().map(of_host);
    let state = states.fold(State::Absent, State::and);
    let all = dane.hosts.len();
    let is_bound = |host: &&DaneHost| matches!(host.outcome, DaneOutcome::Authenticate { .. });
    let bound = dane.hosts.iter().filter(is_bound).count();
    let whole = match (bound, mx) {
        (0, _) => State::Absent,
        (_, DnssecStatus::Indeterminate(cause)) => {
            State::Unknown(format!("whether the MX records are authentic: {cause}"))
        }
        (_, DnssecStatus::Secure) if bound == all => State::Good,
        (_, DnssecStatus::Secure) => {
            State::Bad(format!("only at {bound} of {}", count(all, "host")))
        }
        // Whoever forges the MX records leads mail past the hosts, so that it protects nobody.
        _ => return state.without_good(),
    };
    let rest = match facts.left_out.len() {
        0 => State::Absent,
        more => State::Unknown(format!("{} not looked at", count(more, "host"))),
    };
    state.and(whole).and(rest)
}

fn of_host(host: &DaneHost) -> State {
    match &host.outcome {
        DaneOutcome::Authenticate { .. } => State::Good,
        DaneOutcome::EncryptOnly { .. } => {
            State::Bad(format!("no TLSA record of {} counts", host.host))
        }
        DaneOutcome::DoesNotApply(Obstacle::TlsaInsecure) => {
            State::Bad(format!("the TLSA records of {} are not signed", host.host))
        }
        DaneOutcome::DoesNotApply(_) => State::Absent,
        DaneOutcome::Unreachable(error) => State::Unknown(error.to_string()),
        DaneOutcome::Indeterminate { cause, .. } => State::Unknown(cause.to_string()),
        _ => State::Unknown("it is something that this program does not know".to_owned()),
    }
}

pub(crate) fn tell(facts: &Facts, page: &mut Page) {
    tell_mx(facts, page);
    for host in &facts.dane.hosts {
        tell_host(host, page);
    }
    if !facts.left_out.is_empty() {
        let names: Vec<_> = facts.left_out.iter().map(ToString::to_string).collect();
        let text = format!("more hosts, not looked at: {}", names.join(", "));
        page.row(Mark::Unknown, "", &text);
    }
}

/// Whether the way to the hosts is authentic.
fn tell_mx(facts: &Facts, page: &mut Page) {
    let command = format!("{} MX {}", page.dig(), shell_word(&facts.domain));
    let mx = match &facts.idle.mx {
        Ok(mx) => mx,
        Err(error) => {
            let cause = page.cause(error);
            page.row(Mark::Unknown, "DANE", &format!("{command}  {cause}"));
            return;
        }
    };
    let found = match facts.route_kind {
        RouteKind::NullMx => "a null MX, so there is no host".to_owned(),
        RouteKind::NoDomain => "the domain does not exist, so there is no host".to_owned(),
        RouteKind::Implicit => "none, so the domain itself is the host".to_owned(),
        RouteKind::Mx | RouteKind::Unknown => count(mx.records().len(), "record"),
    };
    page.row(
        Mark::Plain,
        "DANE",
        &format!("{command}  {found} (DNSSEC {})", mx.dnssec),
    );
    let is_bound = |host: &DaneHost| matches!(host.outcome, DaneOutcome::Authenticate { .. });
    if !facts.dane.hosts.iter().any(is_bound) {
        return;
    }
    match mx.dnssec {
        DnssecStatus::Secure => {}
        DnssecStatus::Indeterminate(_) => {
            page.row(
                Mark::Unknown,
                "",
                "could not tell whether the MX records can be forged",
            );
        }
        _ => {
            let text = "the MX records are not signed: whoever forges them leads mail past the hosts below \
                        (RFC 7672 §2.2.1)";
            page.row(Mark::Odd, "", text);
        }
    }
}

fn tell_host(host: &DaneHost, page: &mut Page) {
    let name = &host.host;
    let (mark, text) = match &host.outcome {
        DaneOutcome::Authenticate { records, .. } => (
            Mark::Good,
            format!(
                "senders authenticate it, by {}",
                count(records.len(), "record")
            ),
        ),
        DaneOutcome::EncryptOnly { .. } => (
            Mark::Bad,
            "senders encrypt, and authenticate nobody: no TLSA record counts".to_owned(),
        ),
        DaneOutcome::DoesNotApply(obstacle) => {
            let mark = match obstacle {
                Obstacle::TlsaInsecure => Mark::Bad,
                _ => Mark::Plain,
            };
            (mark, format!("no DANE: {}", obstacle_in_words(*obstacle)))
        }
        DaneOutcome::Unreachable(error) => {
            let is_told = host.bases.iter().any(|base| base.tlsa.is_err());
            let cause = match is_told {
                true => "could not tell".to_owned(),
                false => format!("{}: {}", error.question(), page.cause(error)),
            };
            let text = format!("{cause}; senders take the host for unreachable (RFC 7672 §2.1.2)");
            (Mark::Unknown, text)
        }
        DaneOutcome::Indeterminate { cause, records } => (
            Mark::Unknown,
            format!(
                "could not tell whether {} authentic: {cause}",
                match records.len() {
                    0 => "that there is no TLSA record is".to_owned(),
                    1 => "the TLSA record is".to_owned(),
                    more => format!("the {more} TLSA records are"),
                }
            ),
        ),
        other => (Mark::Unknown, format!("{other:?}")),
    };
    page.row(mark, "", &format!("{name}  {text}"));
    if host.bases.is_empty() {
        let name = shell_word(name);
        let text = format!("  {} +dnssec A {name} AAAA {name}", page.dig());
        page.verbatim("", &text);
    }
    for base in &host.bases {
        tell_base(base, host.port, page);
    }
}

fn obstacle_in_words(obstacle: Obstacle) -> &'static str {
    match obstacle {
        Obstacle::NoAddresses => "it has no address",
        Obstacle::AddressesInsecure => {
            "its addresses are not signed, so nobody asks for TLSA records"
        }
        Obstacle::TlsaInsecure => "its TLSA records are not signed",
        Obstacle::NoTlsa => "it is proved that there are no TLSA records",
        Obstacle::NameTooLong => "the name for TLSA records is too long, so there can be none",
        Obstacle::NoTlsaInsecure => "there are no TLSA records, and no signature proves it",
        _ => "an obstacle that this program does not know",
    }
}

/// The records that were found, whatever their worth.
fn tell_base(base: &BaseDomain, port: u16, page: &mut Page) {
    let name = base.name.with_prefix(&format!("_{port}._tcp"));
    let Ok(name) = name else { return };
    let found = match &base.tlsa {
        Ok(answer) => match answer.negative() {
            Some(negative) => format!("nothing ({}), DNSSEC {}", negative.kind, answer.dnssec),
            None => format!("DNSSEC {}", answer.dnssec),
        },
        Err(error) => page.cause(error),
    };
    let command = format!("{} TLSA {}", page.dig(), shell_word(&name));
    page.row(Mark::Plain, "", &format!("  {command}  {found}"));
    let records = base.records();
    let counting = mail_dns::dane::effective(&records);
    for record in &records {
        let (mark, why) = match record.unusable() {
            Some(fault) => (Mark::Odd, format!("  does not count: {fault}")),
            None if !counting.contains(&record) => {
                (Mark::Plain, "  gives way to a stronger digest".to_owned())
            }
            None => (Mark::Plain, String::new()),
        };
        page.row(mark, "", &format!("    {}{why}", short(record)));
    }
}

/// By the acronyms of RFC 7218; nobody compares a digest by eye to its end.
fn short(record: &Tlsa) -> String {
    let octets: String = record
        .data
        .iter()
        .take(8)
        .map(|octet| format!("{octet:02x}"))
        .collect();
    let more = if record.data.len() > 8 { "…" } else { "" };
    let Tlsa {
        usage,
        selector,
        matching_type,
        ..
    } = record;
    format!("{usage} {selector} {matching_type} {octets}{more}")
}
