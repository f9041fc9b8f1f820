//! What the rules say in common: why a question failed, and how to look again.

use std::fmt;

use mail_dns::dane::{BaseDomain, DaneHost, Tlsa, effective};
use mail_dns::{DomainName, LookupError, LookupErrorKind, Question};
use tls_inspect::{Assessment, Certificate, Validity};

use crate::dane::base;
use crate::rules::Case;
use crate::{Finding, PortRole, ServiceFacts, Subject};

/// How many TLSA records are shown.
const MAX_RECORDS: usize = 8;
/// The longest data of a TLSA record that are shown whole: those of SHA2-512.
const MAX_OCTETS: usize = 64;

/// The evidence of a failed question, and what to do.
pub(super) fn lookup_failure(finding: Finding, error: &LookupError) -> Finding {
    let Question { name, record_type } = error.question();
    let dig = dig(name, &[&record_type.to_string()]);
    let see = match error.attempts().first() {
        Some(attempt) => format!(
            "{dig} @{} -p {}",
            attempt.server.ip(),
            attempt.server.port()
        ),
        None => dig,
    };
    finding
        .evidence_lines(error.attempts().iter().map(ToString::to_string))
        .see(see)
        .mend(match error.attempts() {
            // No server is known to have been slow: most likely the run ended the question.
            [] if error.kind() == LookupErrorKind::Timeout => {
                "look again with a longer time, as that of this run may have been up; if it was not, ask another resolver"
            }
            _ => advice(error.kind()),
        })
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

/// A command that asks for records, each type by itself; safe to paste whatever the name holds.
pub(super) fn dig(name: &DomainName, types: &[&str]) -> String {
    let name = shell(&name.to_string());
    let commands: Vec<_> = types
        .iter()
        .map(|kind| format!("dig -q {name} {kind}"))
        .collect();
    commands.join("; ")
}

/// A command that asks for the TLSA records of a host.
pub(super) fn dig_tlsa(host: &DaneHost) -> String {
    format!("dig +dnssec -q {} TLSA", shell(&tlsa_owner(host)))
}

/// The name of the TLSA records of a host (RFC 6698 §3).
pub(super) fn tlsa_owner(host: &DaneHost) -> String {
    format!("_{}._tcp.{}.", host.port, tlsa_base(host))
}

/// The name whose records count for a host: its own, or that of which it is an alias.
pub(super) fn tlsa_base(host: &DaneHost) -> &DomainName {
    base(host).map_or(&host.host, |base| &base.name)
}

/// The name at which the TLSA records of a host stand in their zone: often it is another that [`tlsa_owner`] is an alias of,
/// and beside an alias nothing can be published (RFC 1034 §3.6.2).
pub(super) fn tlsa_place(host: &DaneHost) -> String {
    let answer = base(host).and_then(|base| base.tlsa.as_ref().ok());
    match answer {
        Some(answer) => format!("{}.", answer.canonical_name()),
        None => tlsa_owner(host),
    }
}

/// The TLSA records of a host, whatever their worth.
pub(super) fn tlsa(host: &DaneHost) -> Vec<Tlsa> {
    let records = base(host).map(BaseDomain::records);
    records.unwrap_or_default()
}

/// Why a record is left out of account that is as it should be (RFC 7671 §9).
pub(super) const OUTDONE: &str = "a stronger digest outdoes it";

/// Lines of TLSA records, as many as anyone reads: a zone may hold any number.
pub(super) fn tlsa_lines(
    lines: impl ExactSizeIterator<Item = String>,
) -> impl Iterator<Item = String> {
    let more = lines.len().saturating_sub(MAX_RECORDS);
    let more = (more > 0).then(|| format!("and {} more", counted(more, "TLSA record")));
    lines.take(MAX_RECORDS).chain(more)
}

/// A TLSA record with as much of its data as a digest has: a whole certificate is as long as a page.
pub(super) fn tlsa_line(record: &impl fmt::Display, octets: usize) -> String {
    let record = record.to_string();
    if octets <= MAX_OCTETS {
        return format!("TLSA {record}");
    }
    let begin: String = record.chars().take(2 * MAX_OCTETS).collect();
    format!("TLSA {begin}… ({octets} octets)")
}

/// A number of things.
pub(super) fn counted(count: usize, thing: &str) -> String {
    format!("{count} {thing}{}", if count == 1 { "" } else { "s" })
}

/// A word for a shell: names of a peer may hold anything that is printable.
fn shell(word: &str) -> String {
    let plain =
        |octet: u8| octet.is_ascii_alphanumeric() || matches!(octet, b'.' | b'_' | b'-' | b':');
    if word.bytes().all(plain) && !word.starts_with('-') {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

/// A command to talk to the server by hand.
pub(super) fn talk(service: &ServiceFacts) -> String {
    let (address, port) = (service.address.ip(), service.address.port());
    match service.role() {
        PortRole::Submissions => openssl(service),
        PortRole::Relay | PortRole::Submission => format!("nc -C {address} {port}"),
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
        .map(|host| format!(" -servername {}", shell(&host.to_string())))
        .unwrap_or_default();
    format!(
        "openssl s_client{starttls} -connect {}{name} -showcerts </dev/null",
        shell(&service.address.to_string())
    )
}

/// A command that holds the certificate against the TLSA records that count, as senders do: they say the base domain by SNI, and
/// of usage 3 look at no name (RFC 7672 §3.1.1, §8.1). Without such records, or with more than anyone pastes, both are shown.
pub(super) fn openssl_dane(service: &ServiceFacts, host: &DaneHost) -> String {
    let records = tlsa(host);
    let records = effective(&records);
    if records.is_empty() {
        return openssl(service);
    }
    let is_long = |record: &&Tlsa| record.data.len() > MAX_OCTETS;
    if records.len() > MAX_RECORDS || records.iter().any(is_long) {
        return format!("{}; {}", dig_tlsa(host), openssl(service));
    }
    let records = records
        .iter()
        .map(|record| format!(" -dane_tlsa_rrdata '{record}'"));
    format!(
        "openssl s_client -starttls smtp -connect {} -dane_ee_no_namechecks -dane_tlsa_domain {}{} </dev/null",
        shell(&service.address.to_string()),
        shell(&tlsa_base(host).to_string()),
        records.collect::<String>()
    )
}

/// What a change of certificate takes where senders go by TLSA records (RFC 7671 §8.1).
pub(super) const RECORD_FIRST: &str =
    "and publish its TLSA record two TTLs before the change, if none outlasts it";

/// What senders do that find fault with a certificate as `who` do, and what the others do. Whether the domain has an MTA-STS
/// policy is not known here.
pub(super) fn senders(case: &Case<'_>, service: &ServiceFacts, who: &str) -> String {
    if case.passes_dane(service) {
        return "senders that check it (MTA-STS, if the domain has a policy) hold mail back, those with DANE and the others deliver".to_owned();
    }
    let rest = match case.holds_for_dane(service) {
        // Another rule says what they do.
        true => "",
        false => ", the others deliver",
    };
    format!("senders that check it ({who}) hold mail back{rest}")
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
    let names: Vec<_> = leaf
        .alt_names
        .iter()
        .flatten()
        .map(ToString::to_string)
        .collect();
    match names.as_slice() {
        [] => leaf.subject.clone(),
        [a, b, c, rest @ ..] if !rest.is_empty() => {
            format!("{a}, {b}, {c} and {} more", rest.len())
        }
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

    /// What stands in a zone must not run when the command that we show is pasted.
    #[test]
    fn names_of_a_peer_are_quoted() {
        let name: DomainName = "`id`|sh.d.test".parse().expect("the DNS allows it");
        assert_eq!(dig(&name, &["A"]), "dig -q '`id`|sh.d.test' A");
        let name: DomainName = "it's.d.test".parse().expect("the DNS allows it");
        assert_eq!(dig(&name, &["MX"]), r"dig -q 'it'\''s.d.test' MX");
        let name: DomainName = "-f.d.test".parse().expect("the DNS allows it");
        assert_eq!(dig(&name, &["MX"]), "dig -q '-f.d.test' MX");
    }

    #[test]
    fn days_are_rounded_down() {
        assert_eq!(whole_days(86_399), "23 hours");
        assert_eq!(whole_days(86_400), "1 day");
        assert_eq!(whole_days(12 * 86_400 + 40), "12 days");
        assert_eq!(whole_days(59), "0 hours");
    }
}
