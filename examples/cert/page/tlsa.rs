//! TLSA records: those that are published, those to publish, and how to change them.

use mail_dns::dane::{DaneHost, DaneOutcome};
use mail_dns::{DomainName, LookupErrorKind};
use tls_inspect::{
    CertificateUsage, KeyPossession, RecordAdvice, RecordStanding, RolloverAction, RolloverAdvice,
    RolloverPlan, RolloverScheme, Survival, TlsaRecord,
};

use crate::dane;
use crate::look::Look;
use crate::terminal::{Mark, Page, shell_word};
use crate::words;

pub(super) fn tell(look: &Look, page: &mut Page) {
    if let Some(host) = &look.seen.dane {
        tell_published(host, look, page);
    }
    tell_to_publish(look, page);
    let advice = look.judgement.rollover.as_ref();
    if let Some(advice) = advice.filter(|_| is_secure(look)) {
        tell_rollover(advice, look.now_unix, page);
    }
}

fn is_secure(look: &Look) -> bool {
    let outcome = look.seen.dane.as_ref().map(|host| &host.outcome);
    matches!(
        outcome,
        Some(DaneOutcome::Authenticate { .. } | DaneOutcome::EncryptOnly { .. })
    )
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
    page.verbatim(
        "publish",
        &format!("_{}._tcp.{name}. IN TLSA, one of:", look.address.port()),
    );
    for one in records {
        let whose = match one.record.usage {
            CertificateUsage::DANE_EE => "the server's key".to_owned(),
            _ => format!("the authority's key, element {}", one.element),
        };
        let is_there = published.contains(&&one.record);
        let there = if is_there { "; published" } else { "" };
        page.verbatim("", &one.record.to_string());
        page.verbatim("", &format!("  {whose}{there}"));
    }
}

/// The way from this chain to the next that leaves the fewest senders without a match, in as few steps as can be.
fn tell_rollover(advice: &RolloverAdvice, now: i64, page: &mut Page) {
    for parameters in &advice.uncovered {
        let text = format!(
            "no record {parameters} matches the chain: senders that know only such ones refuse"
        );
        page.row(Mark::Bad, "", &text);
    }
    let best = advice
        .plans
        .iter()
        .min_by_key(|plan| (plan.uncovered.len(), plan.steps.len()));
    let Some(plan) = best else { return };
    let scheme = match plan.scheme {
        RolloverScheme::CurrentAndNextKey => "by 3 1 1 of this and of the next key",
        RolloverScheme::KeyAndIssuer => "by 3 1 1 of the key and 2 1 1 of its issuer",
        _ => "in steps",
    };
    let wait = advice.schedule.wait;
    let text = format!(
        "{scheme}; records must be out for {wait} s, twice the TTL that the resolver told (the zone may have a longer one), before the chain (RFC 7671 §8.1)"
    );
    page.row(Mark::Plain, "roll-over", &text);
    if advice.schedule.late {
        let text = "too late to publish before the certificate expires: some senders will meet one or the other";
        page.row(Mark::Bad, "", text);
    }
    for (number, text) in steps(plan, advice, now).iter().enumerate() {
        page.row(Mark::Plain, "", &format!("{}. {text}", number + 1));
    }
}

fn steps(plan: &RolloverPlan, advice: &RolloverAdvice, now: i64) -> Vec<String> {
    // One look is at one machine, and the records are for all of the name.
    let is_unmatched = |record: &TlsaRecord| {
        let mut of_it = advice.records.iter().filter(|one| one.record == *record);
        of_it.any(|one| matches!(one.standing, RecordStanding::Idle | RecordStanding::Stale))
    };
    let step = |step: &tls_inspect::RolloverStep| {
        let what = match &step.action {
            RolloverAction::Publish { records, of_next } => {
                let known = records.iter().map(words::short);
                let next = of_next.iter().map(|one| format!("{one} of the next key"));
                format!(
                    "publish {}",
                    known.chain(next).collect::<Vec<_>>().join(" and ")
                )
            }
            RolloverAction::Deploy => "have all servers send the next chain".to_owned(),
            RolloverAction::Withdraw { records } => {
                let unless = match records.iter().any(is_unmatched) {
                    true => " unless another machine of this name has the key",
                    false => "",
                };
                let records: Vec<_> = records.iter().map(words::short).collect();
                format!("withdraw {}{unless}", records.join(" and "))
            }
            other => format!("{other:?}"),
        };
        let by = step.by.map(|by| format!(", by {}", words::minute(by)));
        let from = match (&step.action, step.from <= now) {
            (RolloverAction::Withdraw { .. }, false) => "when they do".to_owned(),
            (_, true) => "now".to_owned(),
            _ => format!("from {}", words::minute(step.from)),
        };
        format!("{what}, {from}{}", by.unwrap_or_default())
    };
    plan.steps.iter().map(step).collect()
}
