use mail_dns::dane::DaneOutcome;
use tls_inspect::{RecordStanding, RolloverAdvice};

use super::explain;
use super::prelude::*;
use crate::ServiceFacts;

/// Whether the next certificate will match the TLSA records.
pub(super) static RULE: Rule = Rule {
    id: "dane.renewal",
    summary: "a TLSA record outlasts the renewal of the certificate",
    citation: "RFC 7671 §8.1, RFC 7672 §8.5",
    requirement: Requirement::Should,
    default_severity: Severity::Notice,
    axis: Axis::Tls,
    since: "0.1.0",
    check,
};

fn check(case: &Case<'_>, findings: &mut Vec<Finding>) {
    let assessments = case.facts.services.iter().zip(&case.assessments);
    for ((service, assessment), advice) in assessments.zip(&case.rollovers) {
        let (Some(assessment), Some(advice)) = (assessment, advice) else {
            continue;
        };
        let is_due = assessment
            .lifetime
            .is_some_and(|lifetime| lifetime.renewal_overdue);
        findings.extend(judge(case, service, advice, is_due));
    }
}

/// `None` where no record matches the certificate of today, which another rule tells.
fn judge(
    case: &Case<'_>,
    service: &ServiceFacts,
    advice: &RolloverAdvice,
    is_due: bool,
) -> Option<Finding> {
    let host = case.facts.dane_of(service)?;
    if !matches!(host.outcome, DaneOutcome::Authenticate { .. }) {
        return None;
    }
    let finding = |outcome, message: &str| {
        let finding = Finding::new(&RULE, outcome, service.subject(), message);
        finding.evidence_lines(lines(advice))
    };
    match future(advice)? {
        Future::NewKey => Some(finding(
            Outcome::Pass,
            "a TLSA record outlasts a new certificate with a new key",
        )),
        // Whether the next certificate has the same key is for its owner to know, and soon matters.
        Future::SameKey if is_due => Some(
            finding(
                Outcome::Fail(Severity::Notice),
                "renewal is due, and the TLSA records last for as long as the key: with another key, senders with DANE hold mail back",
            )
            .mend("renew with the same key, or publish the `3 1 1` record of the next key two TTLs before it is used"),
        ),
        Future::SameKey => Some(finding(
            Outcome::Pass,
            "a TLSA record outlasts a new certificate with the same key",
        )),
        Future::Another => Some(finding(
            Outcome::Unchecked,
            "the TLSA record that matches is of this certificate alone; whether one of the others is of the next could not be told",
        )),
        Future::Ends => Some(
            finding(
                Outcome::Fail(if is_due { Severity::Warning } else { Severity::Notice }),
                if is_due {
                    "renewal is due, and the TLSA record is of this certificate alone: with the next one, senders with DANE hold mail back"
                } else {
                    "the TLSA record is of this certificate alone: from its renewal on, senders with DANE hold mail back"
                },
            )
            .see(explain::dig_tlsa(host))
            .mend("publish `3 1 1` with the digest of the key beside it, keep the key at renewal, and two TTLs later withdraw the record of the certificate"),
        ),
    }
}

/// What becomes of the records at renewal.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Future {
    /// One outlasts a new key too.
    NewKey,
    /// One outlasts a new certificate with the same key.
    SameKey,
    /// None of those that match, and there are others.
    Another,
    /// None.
    Ends,
}

fn future(advice: &RolloverAdvice) -> Option<Future> {
    let current = advice
        .records
        .iter()
        .filter_map(|record| match &record.standing {
            RecordStanding::Current { survives, .. } => Some(*survives),
            _ => None,
        });
    let current: Vec<_> = current.collect();
    let is_other = |standing: &RecordStanding| {
        !matches!(
            standing,
            RecordStanding::Current { .. } | RecordStanding::Unusable(_)
        )
    };
    if current.is_empty() {
        return None;
    }
    Some(if current.iter().any(|one| one.renewal && one.new_key) {
        Future::NewKey
    } else if current.iter().any(|one| one.renewal) {
        Future::SameKey
    } else if advice.omitted > 0 || advice.records.iter().any(|one| is_other(&one.standing)) {
        Future::Another
    } else {
        Future::Ends
    })
}

/// The records, and what each is to the certificate.
fn lines(advice: &RolloverAdvice) -> Vec<String> {
    let line = |one: &tls_inspect::RecordAdvice| {
        let standing = match &one.standing {
            RecordStanding::Current { survives, .. } if survives.new_key => {
                "matches, and outlasts a new key"
            }
            RecordStanding::Current { survives, .. } if survives.renewal => {
                "matches, and outlasts a renewal with the same key"
            }
            RecordStanding::Current { .. } => "matches this certificate alone",
            RecordStanding::Unusable(_) => "does not count",
            RecordStanding::Elsewhere => "matches another address of the host",
            _ => "does not match",
        };
        let record = explain::tlsa_line(&one.record, one.record.data.len());
        format!("{record}: {standing}")
    };
    explain::tlsa_lines(advice.records.iter().map(line)).collect()
}

#[cfg(test)]
mod tests {
    use tls_inspect::{Capture, HandshakeOutcome, KeyPossession, TlsaParameters, TrustStore};

    use super::*;
    use crate::rules::tests::{Scene, check};

    /// Self-signed, and valid for a hundred years.
    const PEM: &[u8] = include_bytes!("../../../tls-inspect/tests/data/example.pem");
    const ZONE: &str = "d.test. 60 IN MX 5 a.d.test.\na.d.test. 60 IN A 192.0.2.1\n";
    const SOON: i64 = 1_800_000_000;
    /// After two thirds of the hundred years.
    const LATE: i64 = 4_000_000_000;

    /// A server whose TLSA records have these parameters, and match.
    #[track_caller]
    fn case(parameters: &[TlsaParameters], more: &str, now: i64, expected: &[Outcome]) {
        let mut capture = Capture::new(HandshakeOutcome::Completed);
        capture.chain = TrustStore::certificates_from_pem(PEM).expect("a certificate");
        capture.key_possession = KeyPossession::Verified;
        let records = parameters.iter().map(|parameters| {
            let record = parameters.record(&capture.chain[0]).expect("a record");
            format!("_25._tcp.a.d.test. 60 IN TLSA {record}\n")
        });
        let zone = format!("{ZONE}{}{more}", records.collect::<String>());
        let scene = Scene::domain("d.test")
            .zone(&zone)
            .secure("d.test")
            .dane()
            .at(now)
            .tls("a.d.test", "192.0.2.1:25", capture);
        check(&RULE, &scene, expected);
    }

    const KEY: TlsaParameters = TlsaParameters::SERVER_KEY;
    const NOTICE: Outcome = Outcome::Fail(Severity::Notice);
    const OTHER: &str = "_25._tcp.a.d.test. 60 IN TLSA 3 1 1 d2abde240d7cd3ee6b4b28c54df034b97983a1d16e8a410e4561cb106618e971\n";

    fn certificate() -> TlsaParameters {
        let mut parameters = KEY;
        parameters.selector = tls_inspect::Selector::CERT;
        parameters
    }

    #[test]
    fn a_record_of_the_key_outlasts_a_renewal() {
        case(&[KEY], "", SOON, &[Outcome::Pass]);
        case(&[KEY, certificate()], "", SOON, &[Outcome::Pass]);
        // With which key the next certificate comes is not known, and it comes soon.
        case(&[KEY], "", LATE, &[NOTICE]);
    }

    #[test]
    fn a_record_of_the_certificate_ends_with_it() {
        case(&[certificate()], "", SOON, &[NOTICE]);
        let warning = Outcome::Fail(Severity::Warning);
        case(&[certificate()], "", LATE, &[warning]);
    }

    /// Published beforehand, or left behind.
    #[test]
    fn a_record_that_matches_nothing_may_be_of_the_next_certificate() {
        case(&[certificate()], OTHER, LATE, &[Outcome::Unchecked]);
    }

    /// Another rule says that no record matches.
    #[test]
    fn without_a_match_there_is_nothing_to_outlast() {
        case(&[], OTHER, SOON, &[]);
        case(&[], "", SOON, &[]);
    }
}
