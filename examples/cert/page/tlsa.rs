//! TLSA records: those that are published, and those to publish.

use mail_dns::dane::{DaneHost, DaneOutcome, Obstacle};
use mail_dns::{DomainName, LookupErrorKind};
use tls_inspect::{
    CertificateUsage, DaneVerdict, KeyPossession, RecordAdvice, RecordStanding, RolloverAdvice,
    Survival,
};

use super::rollover::{self, Change};
use crate::dane;
use crate::look::{Look, OtherChain};
use crate::terminal::{Mark, Page, shell_word};
use crate::words;

pub(super) fn tell(look: &Look, page: &mut Page) {
    if let Some(host) = &look.seen.dane {
        tell_published(host, look, page);
    }
    tell_to_publish(look, page);
    let advice = look.judgement.rollover.as_ref();
    let is_secure = look.seen.dane.as_ref().is_some_and(dane::is_secure);
    if let Some(advice) = advice.filter(|_| is_secure) {
        tell_rollover(advice, look, page);
    }
}

fn tell_rollover(advice: &RolloverAdvice, look: &Look, page: &mut Page) {
    rollover::tell_uncovered(advice, "the chain", page);
    if look.place.is_one_of_several {
        let text = "for all addresses of the name together, below";
        return page.row(Mark::Plain, "roll-over", text);
    }
    let other = look.seen.other_key.as_ref();
    let unseen = other.and_then(|one| match one.chain() {
        OtherChain::NotKnown(why) => Some(format!("{}: {why}", one.wanted)),
        _ => None,
    });
    if let Some(unseen) = &unseen {
        let text = format!("open: a certificate may need records of its own with {unseen}");
        page.row(Mark::Unknown, "roll-over", &text);
    }
    let change = Change {
        of: String::new(),
        who: "all servers".to_owned(),
        unless: "another machine of this name has the key".to_owned(),
        is_open: unseen.is_some(),
    };
    rollover::tell_plan(advice, &change, look.now_unix, page);
}

fn tell_published(host: &DaneHost, look: &Look, page: &mut Page) {
    let mark = match &host.outcome {
        DaneOutcome::Authenticate { .. } => Mark::Good,
        DaneOutcome::EncryptOnly { .. } => Mark::Odd,
        DaneOutcome::DoesNotApply(_) => Mark::Plain,
        _ if dane::is_bogus(host) => Mark::Bad,
        _ => Mark::Unknown,
    };
    page.row(mark, "TLSA", &dane::in_words(host));
    for base in &host.bases {
        let Ok(name) = base.name.with_prefix(&format!("_{}._tcp", host.port)) else {
            continue;
        };
        let found = match &base.tlsa {
            Ok(answer) => format!("DNSSEC {}", answer.dnssec),
            Err(error) if error.kind() == LookupErrorKind::Bogus => {
                let cause = page.cause(error);
                cause.trim_start_matches("could not tell: ").to_owned()
            }
            Err(error) => page.cause(error),
        };
        page.verbatim(
            "",
            &format!("{} TLSA {}  {found}", page.dig(), shell_word(&name)),
        );
    }
    for record in look
        .judgement
        .rollover
        .iter()
        .flat_map(|advice| &advice.records)
    {
        let (mark, text) = standing(record, look);
        page.row(
            mark,
            "",
            &format!("{}  {text}", words::short(&record.record)),
        );
    }
}

/// What a published record is worth now, and which changes it outlasts.
fn standing(advice: &RecordAdvice, look: &Look) -> (Mark, String) {
    match &advice.standing {
        RecordStanding::Current { survives, .. } => (
            Mark::Good,
            format!("matches; outlasts {}", survival(*survives)),
        ),
        RecordStanding::Idle => (
            Mark::Plain,
            "matches nothing seen here: of a past chain, of one to come, or of another machine of this name"
                .to_owned(),
        ),
        RecordStanding::Elsewhere => (
            Mark::Plain,
            "matches the chain of the server's other key, or may".to_owned(),
        ),
        RecordStanding::Failing(kinds) => {
            let why = kinds.iter().map(|kind| words::dane_failure(kind, look));
            let why = why.collect::<Vec<_>>().join("; ");
            (Mark::Bad, format!("fails: {why}"))
        }
        RecordStanding::Unusable(fault) => (Mark::Odd, format!("does not count for mail: {fault}")),
        RecordStanding::Unclear(cause) => (
            Mark::Unknown,
            format!("could not tell: {}", words::dane_uncertainty(cause)),
        ),
        other => (Mark::Plain, format!("{other:?}")),
    }
}

fn survival(survives: Survival) -> String {
    let changes = [
        (survives.renewal, "a renewal with the same key"),
        (survives.new_key, "a new key"),
        (survives.new_issuer, "a new issuer"),
    ];
    let lasts: Vec<_> = changes
        .iter()
        .filter(|(lasts, _)| *lasts)
        .map(|(_, name)| *name)
        .collect();
    let not: Vec<_> = changes
        .iter()
        .filter(|(lasts, _)| !*lasts)
        .map(|(_, name)| *name)
        .collect();
    match (lasts.is_empty(), not.is_empty()) {
        (true, _) => "nothing".to_owned(),
        (_, true) => lasts.join(", "),
        _ => format!("{}, not {}", lasts.join(", "), not.join(", ")),
    }
}

/// The records that the chain matches, to be copied, unless it is somebody else's.
fn tell_to_publish(look: &Look, page: &mut Page) {
    let records = &look.judgement.tlsa_records;
    let key = look.seen.capture().map(|tls| &tls.key_possession);
    let is_foreign = matches!(key, Some(KeyPossession::Failed(_)));
    let host = look.host.as_deref();
    let Some(host) = host.filter(|_| !records.is_empty() && !is_foreign) else {
        return;
    };
    let published = look
        .judgement
        .rollover
        .iter()
        .flat_map(|advice| &advice.records);
    let published: Vec<_> = published.map(|advice| &advice.record).collect();
    let name: Option<DomainName> = host.parse().ok();
    let name = name.map_or_else(String::new, |name| name.to_string());
    let whose = match look.place.is_one_of_several {
        true => ", for this address",
        false => "",
    };
    let port = look.address.port();
    let unsigned = match look.seen.dane.as_ref().map(|host| &host.outcome) {
        Some(DaneOutcome::DoesNotApply(
            Obstacle::AddressesInsecure | Obstacle::TlsaInsecure | Obstacle::NoTlsaInsecure,
        )) => ", once DNSSEC signs the name",
        _ => "",
    };
    let text = format!("_{port}._tcp.{name}. IN TLSA, one of{whose}{unsigned}:");
    page.verbatim("publish", &text);
    let verdicts = look.judgement.tlsa_verdicts.iter();
    for (one, verdict) in records.iter().zip(verdicts) {
        let whose = match one.record.usage {
            CertificateUsage::DANE_EE => "the server's key".to_owned(),
            _ => format!("the authority's key, element {}", one.element),
        };
        let is_there = published.contains(&&one.record);
        let there = if is_there { "; published" } else { "" };
        page.verbatim("", &one.record.to_string());
        page.verbatim("", &format!("  {whose}{there}"));
        // Names and dates count with an authority's key (RFC 7672 §3.2.2, RFC 7671 §5.1).
        let (mark, text) = match verdict {
            DaneVerdict::NotAuthenticated { failures } => {
                let why = failures
                    .iter()
                    .map(|one| words::dane_failure(&one.kind, look));
                let why = why.collect::<Vec<_>>().join("; ");
                (
                    Mark::Bad,
                    format!("does not authenticate this chain: {why}"),
                )
            }
            DaneVerdict::CouldNotTell { cause } => {
                let cause = words::dane_uncertainty(cause);
                (
                    Mark::Unknown,
                    format!("could not tell whether it authenticates this chain: {cause}"),
                )
            }
            _ => continue,
        };
        page.row(mark, "", &format!("  {text}"));
    }
}
