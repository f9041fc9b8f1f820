//! What the rules say in common: why a question failed, and how to look again.

use mail_dns::{LookupError, LookupErrorKind};
use tls_inspect::{Assessment, Certificate, Validity};

use crate::{Finding, PortRole, ServiceFacts, Subject};

/// The evidence of a failed question, and what to do.
pub(super) fn lookup_failure(finding: Finding, error: &LookupError) -> Finding {
    let question = error.question();
    let see = match error.attempts().first() {
        Some(attempt) => {
            let server = attempt.server;
            format!("dig @{} -p {} {question}", server.ip(), server.port())
        }
        None => format!("dig {question}"),
    };
    finding
        .evidence_lines(error.attempts().iter().map(ToString::to_string))
        .see(see)
        .mend(advice(error.kind()))
}

fn advice(kind: LookupErrorKind) -> &'static str {
    match kind {
        LookupErrorKind::Timeout => {
            "look whether the resolver answers other names; if it does, the zone's own servers are slow or silent"
        }
        LookupErrorKind::Unreachable | LookupErrorKind::NoServers => {
            "this is a fault on this side: give a resolver that answers"
        }
        LookupErrorKind::Refused => {
            "the resolver does not serve this machine, or not this name: ask another"
        }
        LookupErrorKind::Bogus => {
            "the zone's signatures do not fit: compare the DS record at the parent with the DNSKEY of the zone, and the dates of the RRSIG records"
        }
        LookupErrorKind::ServFail => {
            "the zone's own servers fail, or the resolver does: ask another resolver, then each server of the zone"
        }
        _ => "ask another resolver, then each server of the zone",
    }
}

/// A command that shows the certificate.
pub(super) fn openssl(service: &ServiceFacts) -> String {
    let starttls = if service.role() == PortRole::Submissions {
        ""
    } else {
        " -starttls smtp"
    };
    let name = service
        .host
        .as_ref()
        .map(|host| format!(" -servername {host}"))
        .unwrap_or_default();
    format!(
        "openssl s_client{starttls} -connect {}{name} -showcerts </dev/null",
        service.address
    )
}

/// Where the end-entity certificate stands in its life, after the words "the certificate".
pub(crate) fn standing(assessment: &Assessment) -> String {
    let Some(leaf) = assessment.chain.end_entity() else {
        return "cannot be read".to_owned();
    };
    let Validity {
        not_before,
        not_after,
        ..
    } = leaf.validity;
    let now = assessment.now_unix;
    if now < not_before {
        format!("is not valid before {}", time(not_before))
    } else if now > not_after {
        format!("expired {} ago", whole_days(now.saturating_sub(not_after)))
    } else {
        format!("expires in {}", whole_days(not_after.saturating_sub(now)))
    }
}

/// Days, rounded down; less than one in hours.
fn whole_days(seconds: i64) -> String {
    let (count, unit) = if seconds < 86_400 {
        (seconds / 3600, "hour")
    } else {
        (seconds / 86_400, "day")
    };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

/// The end-entity certificate in a few lines.
pub(super) fn end_entity(assessment: &Assessment) -> Vec<String> {
    let Some(leaf) = assessment.chain.end_entity() else {
        return Vec::new();
    };
    vec![
        format!("certificate for {} by {}", names(leaf), leaf.issuer),
        format!(
            "valid from {} to {}",
            time(leaf.validity.not_before),
            time(leaf.validity.not_after)
        ),
        format!("SHA-256 {}", leaf.sha256),
    ]
}

/// Whom a certificate names: the first few, or its subject if it names nobody.
fn names(leaf: &Certificate) -> String {
    let names: Vec<_> = leaf.alt_names.iter().flatten().map(ToString::to_string).collect();
    match names.as_slice() {
        [] => leaf.subject.clone(),
        [a, b, c, rest @ ..] if !rest.is_empty() => format!("{a}, {b}, {c} and {} more", rest.len()),
        few => few.join(", "),
    }
}

/// A time as RFC 3339 has it; one that no calendar holds as a number.
pub(crate) fn time(seconds: i64) -> String {
    jiff::Timestamp::from_second(seconds)
        .map_or_else(|_| seconds.to_string(), |time| time.to_string())
}

/// Whom a list was asked about.
pub(crate) fn listed_subject(answer: &dnsbl::ListAnswer) -> Subject {
    match &answer.subject {
        dnsbl::Subject::Domain(name) => Subject::Domain(name.clone()),
        dnsbl::Subject::Address(address) => Subject::Address(*address),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_rounded_down() {
        assert_eq!(whole_days(86_399), "23 hours");
        assert_eq!(whole_days(86_400), "1 day");
        assert_eq!(whole_days(12 * 86_400 + 40), "12 days");
        assert_eq!(whole_days(59), "0 hours");
    }
}
