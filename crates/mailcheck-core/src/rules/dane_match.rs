use mail_dns::DnssecStatus;
use mail_dns::dane::{CertificateUsage, DaneHost, DaneOutcome, Tlsa, effective};
use smtp_probe::StartTls;
use tls_inspect::{
    DaneFailureKind, DaneUncertainty, MatchingType, PolicyCause, PolicyUncertainty, SenderVerdict,
    TlsaParameters,
};

use super::explain;
use super::prelude::*;
use crate::ServiceFacts;

/// Whether a sender with DANE delivers.
pub(super) static RULE: Rule = Rule {
    id: "dane.match",
    summary: "the server is what its TLSA records say",
    citation: "RFC 7672 §2.2, §3",
    requirement: Requirement::Must,
    default_severity: Severity::Error,
    axis: Axis::Tls,
    since: "0.1.0",
    check,
};

fn check(case: &Case<'_>, findings: &mut Vec<Finding>) {
    for (service, host, verdict) in case.for_dane() {
        let finding = match &host.outcome {
            DaneOutcome::Authenticate { .. } | DaneOutcome::EncryptOnly { .. } => {
                judge(case, service, host, verdict)
            }
            DaneOutcome::Indeterminate { records, .. } if !records.is_empty() => {
                if_authentic(service, host, verdict)
            }
            _ => None,
        };
        let Some(finding) = finding else { continue };
        findings.push(match finding.outcome {
            Outcome::Pass => finding,
            _ => with_proof(case, finding, (service, host, verdict)),
        });
    }
}

fn judge(
    case: &Case<'_>,
    service: &ServiceFacts,
    host: &DaneHost,
    verdict: &SenderVerdict,
) -> Option<Finding> {
    let finding = |outcome, message| Finding::new(&RULE, outcome, service.subject(), message);
    Some(match verdict {
        SenderVerdict::DeliversAuthenticated if is_other_name(service, host) => finding(
            Outcome::Unchecked,
            format!(
                "the certificate is the one of the TLSA records; senders with DANE ask for that of another name than this run did: {}",
                explain::tlsa_base(host)
            ),
        ),
        SenderVerdict::DeliversAuthenticated => finding(
            Outcome::Pass,
            "the certificate is the one of the TLSA records".to_owned(),
        ),
        // Another rule says that no record counts.
        SenderVerdict::DeliversUnauthenticated => return None,
        SenderVerdict::Refuses { causes }
            if is_other_name(service, host) && is_of_certificate(causes) =>
        {
            finding(
                Outcome::Inconclusive,
                format!(
                    "could not tell whether senders with DANE deliver: they ask for the certificate of another name than this run did, for which {}",
                    reason(service, host, causes)
                ),
            )
        }
        SenderVerdict::Refuses { causes } => {
            let (severity, effect) = match case.others_pass_dane(service) {
                Others::Serve => (Severity::Warning, "senders with DANE go to another address"),
                Others::Unknown => (Severity::Warning, "senders with DANE do not deliver here"),
                // Its domain may have other hosts.
                Others::DoNot if case.facts.route.is_none() => {
                    (Severity::Error, "senders with DANE do not deliver here")
                }
                Others::DoNot => (Severity::Error, "senders with DANE hold mail back"),
            };
            finding(
                Outcome::Fail(severity),
                format!("{}: {effect}", reason(service, host, causes)),
            )
        }
        SenderVerdict::CouldNotTell { cause } => finding(
            Outcome::Inconclusive,
            format!(
                "could not tell whether senders with DANE deliver: {}",
                doubt(cause)
            ),
        ),
        _ => return None,
    })
}

/// Of records that nobody here can prove to be authentic, only that senders refuse matters: if they match, all is well
/// either way.
fn if_authentic(
    service: &ServiceFacts,
    host: &DaneHost,
    verdict: &SenderVerdict,
) -> Option<Finding> {
    let SenderVerdict::Refuses { causes } = verdict else {
        return None;
    };
    let other = match is_other_name(service, host) && is_of_certificate(causes) {
        true => ", and send the same certificate for the name that they ask for",
        false => "",
    };
    let message = format!(
        "{}: if the records are authentic, which could not be told here{other}, senders with DANE do not deliver here",
        reason(service, host, causes)
    );
    Some(Finding::new(
        &RULE,
        Outcome::Inconclusive,
        service.subject(),
        message,
    ))
}

/// Whether it is shown of a server what a sender with DANE does: deliver or refuse.
pub(super) fn is_shown(service: &ServiceFacts, host: &DaneHost, verdict: &SenderVerdict) -> bool {
    let is_other = is_other_name(service, host);
    let is_authentic = matches!(
        host.outcome,
        DaneOutcome::Authenticate { .. } | DaneOutcome::EncryptOnly { .. }
    );
    match verdict {
        SenderVerdict::DeliversAuthenticated => !is_other,
        SenderVerdict::Refuses { causes } => {
            is_authentic && !(is_other && is_of_certificate(causes))
        }
        verdict => verdict.delivers(),
    }
}

/// Whether DANE has another name said by SNI than the host's: that of an alias's target (RFC 7672 §8.1).
fn is_other_name(service: &ServiceFacts, host: &DaneHost) -> bool {
    service.host.as_ref() != Some(explain::tlsa_base(host))
}

/// Whether a server that is asked for the certificate of another name may do better.
fn is_of_certificate(causes: &[PolicyCause]) -> bool {
    matches!(
        causes.first(),
        Some(PolicyCause::Dane(_) | PolicyCause::KeyPossession(_))
    )
}

fn reason(service: &ServiceFacts, host: &DaneHost, causes: &[PolicyCause]) -> String {
    match causes.first() {
        Some(PolicyCause::TlsNotOffered) => {
            match service.observation().map(|seen| &seen.starttls) {
                Some(StartTls::Refused(reply)) => {
                    format!(
                        "there are TLSA records, and STARTTLS is refused with {}",
                        reply.code()
                    )
                }
                _ => "there are TLSA records, and STARTTLS is not offered".to_owned(),
            }
        }
        Some(PolicyCause::Handshake(failure)) => {
            format!("there are TLSA records, and the TLS handshake fails ({failure})")
        }
        Some(PolicyCause::KeyPossession(_)) => {
            "the server does not hold the key of the certificate it shows".to_owned()
        }
        Some(PolicyCause::Dane(failure)) => of_record(host, &failure.kind),
        _ => "the server is not what its TLSA records say".to_owned(),
    }
}

fn of_record(host: &DaneHost, kind: &DaneFailureKind) -> String {
    match kind {
        DaneFailureKind::NoMatch if has_outdone(host) => {
            "no TLSA record of the strongest digest matches the certificate".to_owned()
        }
        DaneFailureKind::NoMatch if has_authority(host) => {
            "no TLSA record matches a certificate of the chain".to_owned()
        }
        DaneFailureKind::NoMatch => "no TLSA record matches the certificate".to_owned(),
        DaneFailureKind::NotCa { .. } => {
            "a TLSA record of usage 2 is of a certificate that may not sign others".to_owned()
        }
        DaneFailureKind::Trust(failure) => format!(
            "the chain does not lead to the authority of the TLSA record ({})",
            failure.detail
        ),
        DaneFailureKind::Identity(_) => {
            "the certificate has not the name that a TLSA record of usage 2 demands".to_owned()
        }
        _ => "the server is not what its TLSA records say".to_owned(),
    }
}

/// Whether a record that counts is of an authority, which the server must send (RFC 7671 §5.2.2).
fn has_authority(host: &DaneHost) -> bool {
    let published = explain::tlsa(host);
    let counting = effective(&published);
    counting
        .iter()
        .any(|record| record.usage == CertificateUsage::DANE_TA)
}

/// Whether a record is left out of account for the digest of another: it may well match (RFC 7671 §9).
fn has_outdone(host: &DaneHost) -> bool {
    let published = explain::tlsa(host);
    let usable = published.iter().filter(|one| one.unusable().is_none());
    usable.count() > effective(&published).len()
}

fn doubt(cause: &PolicyUncertainty) -> String {
    match cause {
        PolicyUncertainty::Handshake(failure) => {
            format!("the TLS handshake failed, and need not with them ({failure})")
        }
        PolicyUncertainty::KeyPossession(_) => {
            "the server did not prove that it holds the key of its certificate".to_owned()
        }
        PolicyUncertainty::KeyUsage => {
            "the certificate's key usage does not allow signatures, for which some of them end the handshake".to_owned()
        }
        PolicyUncertainty::ChainTooLong | PolicyUncertainty::Dane(DaneUncertainty::ChainTooLong) => "the chain has more certificates than are looked at".to_owned(),
        PolicyUncertainty::Dane(DaneUncertainty::TooManyRecords) => {
            "there are more TLSA records than are looked at".to_owned()
        }
        PolicyUncertainty::Dane(DaneUncertainty::CommonNameOnly) => {
            "the certificate has the name that a TLSA record of usage 2 demands as its common name only".to_owned()
        }
        PolicyUncertainty::PathNotChecked(why)
        | PolicyUncertainty::Dane(
            DaneUncertainty::PathNotChecked(why) | DaneUncertainty::Unsupported(why),
        ) => why.clone(),
        _ => "the certificate cannot be held against the TLSA records here".to_owned(),
    }
}

/// The records, what is to be done about it, and how to see it.
fn with_proof(
    case: &Case<'_>,
    finding: Finding,
    (service, host, verdict): (&ServiceFacts, &DaneHost, &SenderVerdict),
) -> Finding {
    let published = explain::tlsa(host);
    let counting = effective(&published);
    let lines = published.iter().map(|record| {
        let line = explain::tlsa_line(record, record.data.len());
        match record.unusable() {
            Some(fault) => format!("{line}: {fault}"),
            None if !counting.contains(&record) => format!("{line}: {}", explain::OUTDONE),
            None => line,
        }
    });
    let route = case.facts.route.as_ref();
    let mx = route.and_then(|route| route.mx.as_ref().ok());
    let is_forgeable = mx.is_some_and(|mx| mx.dnssec == DnssecStatus::Insecure);
    let finding = finding
        .evidence_lines(is_forgeable.then(|| UNSIGNED_MX.to_owned()))
        .evidence_lines(explain::tlsa_lines(lines))
        .see(explain::openssl_dane(service, host));
    match verdict.causes().first() {
        Some(PolicyCause::Dane(_)) => with_record(finding, service, host),
        Some(PolicyCause::KeyPossession(_)) => finding.mend(
            "let the server use the key of its certificate; if it does, someone on the way answers in its place",
        ),
        Some(_) => finding.mend("let the server offer STARTTLS with the certificate that the records are of, or withdraw the records; if it does offer it, look for a firewall that rewrites SMTP"),
        None if verdict.delivers() => finding,
        None => finding.mend("look again with the command above, from another machine too, and into the server's log"),
    }
}

const UNSIGNED_MX: &str =
    "the MX records are not signed, and some senders with DANE go by TLSA records only if they are";

/// The record that the certificate would need. Whoever sits on the way shows a certificate too, and with its record published
/// would be let in by all.
fn with_record(finding: Finding, service: &ServiceFacts, host: &DaneHost) -> Finding {
    let capture = service.observation().and_then(|seen| seen.tls.as_ref());
    let leaf = capture.and_then(|capture| capture.chain.first());
    let wanted = leaf.and_then(|leaf| parameters(host).record(leaf));
    let Some(wanted) = wanted else {
        return finding.mend("let the server send the certificate that the records are of, or publish the records of the one it has");
    };
    let owner = explain::tlsa_place(host);
    let chain = match has_authority(host) {
        true => ", with that of the authority, for usage 2",
        false => "",
    };
    finding.evidence(format!("the key of the certificate is {wanted}")).mend(format!(
        "look on the server itself whether that is its key: if not, someone on the way answers in its place. If it is, publish `{owner} IN TLSA {wanted}` beside the others, or let the server send the certificate that they are of{chain}; the next time, publish the new record two TTLs before the change"
    ))
}

/// Which record of the key counts beside those that are published: none whose digest is weaker than another's.
fn parameters(host: &DaneHost) -> TlsaParameters {
    let mut parameters = TlsaParameters::SERVER_KEY;
    let of_key = |record: &&Tlsa| {
        record.usage.0 == parameters.usage.0 && record.selector.0 == parameters.selector.0
    };
    let published = explain::tlsa(host);
    let counting = effective(&published);
    let types = counting.iter().copied().filter(of_key);
    let strongest = types.map(|record| record.matching_type.0).max();
    let least = parameters.matching_type.0;
    parameters.matching_type = MatchingType(strongest.unwrap_or(least).max(least));
    parameters
}

#[cfg(test)]
mod tests;
