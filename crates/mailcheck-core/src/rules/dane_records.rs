use mail_dns::dane::{DaneHost, DaneOutcome, Obstacle, Tlsa};
use mail_dns::{Answer, DnssecStatus, LookupError, RecordType};

use super::explain;
use super::prelude::*;

/// Whether the TLSA records of a host are authentic, and count.
pub(super) static RULE: Rule = Rule {
    id: "dane.records",
    summary: "the TLSA records of a mail host are authentic, and each counts for mail",
    citation: "RFC 7672 §2.1, §2.2, §3.1",
    requirement: Requirement::Must,
    default_severity: Severity::Notice,
    axis: Axis::Tls,
    since: "0.1.0",
    check,
};

fn check(case: &Case<'_>, findings: &mut Vec<Finding>) {
    findings.extend(case.facts.dane.iter().filter_map(judge));
    findings.extend(forgeable(case));
}

fn judge(host: &DaneHost) -> Option<Finding> {
    let finding = |outcome, message: String| {
        let finding = Finding::new(&RULE, outcome, Subject::Host(host.host.clone()), message);
        finding.see(explain::dig_tlsa(host))
    };
    let dead = dead(host);
    Some(match &host.outcome {
        DaneOutcome::Authenticate { records, .. } if dead.is_empty() => {
            let count = explain::counted(records.len(), "TLSA record");
            finding(
                Outcome::Pass,
                format!("senders with DANE authenticate by {count}"),
            )
        }
        DaneOutcome::Authenticate { .. } => finding(
            Outcome::Fail(Severity::Notice),
            format!(
                "{} for nothing in mail; senders with DANE go by the others",
                match dead.len() {
                    1 => "one TLSA record counts".to_owned(),
                    count => format!("{count} TLSA records count"),
                }
            ),
        )
        .evidence_lines(explain::tlsa_lines(dead.into_iter()))
        .mend("withdraw what does not count; `3 1 1` with the SHA-256 digest of the server's key does"),
        DaneOutcome::EncryptOnly { .. } => finding(
            Outcome::Fail(Severity::Warning),
            "no TLSA record counts for mail: senders with DANE encrypt, and authenticate nobody"
                .to_owned(),
        )
        .evidence_lines(explain::tlsa_lines(dead.into_iter()))
        .mend("publish `3 1 1` with the SHA-256 digest of the server's key"),
        DaneOutcome::DoesNotApply(Obstacle::TlsaInsecure) => finding(
            Outcome::Fail(Severity::Notice),
            "there are TLSA records, and nobody goes by them, as they are not signed".to_owned(),
        )
        .mend("sign their zone (DNSSEC), or withdraw them"),
        DaneOutcome::Unreachable(error) => return of_failure(host, error),
        DaneOutcome::Indeterminate { cause, records } if !records.is_empty() => finding(
            Outcome::Unchecked,
            format!(
                "there are TLSA records, and it could not be told whether they are authentic: {cause}"
            ),
        )
        .mend("ask a resolver that validates DNSSEC, on this machine or over TLS"),
        _ => return None,
    })
}

/// A question that failed; the rule about addresses tells those for addresses.
fn of_failure(host: &DaneHost, error: &LookupError) -> Option<Finding> {
    let what = match error.question().record_type {
        RecordType::TLSA => "what TLSA records there are",
        RecordType::CNAME => "whether there are TLSA records for the host, which is an alias",
        _ => return None,
    };
    // Of a host whose addresses nobody signs, no sender asks for the records (RFC 7672 §2.2.2).
    let outcome = match is_asked_for(host) {
        true => Outcome::Inconclusive,
        false => Outcome::Unchecked,
    };
    let message = format!(
        "could not tell {what}: {error}; a sender with DANE that gets no answer either holds mail back"
    );
    let finding = Finding::new(&RULE, outcome, Subject::Host(host.host.clone()), message);
    Some(explain::lookup_failure(finding, error))
}

/// What the records are worth where the MX records can be forged.
fn forgeable(case: &Case<'_>) -> Option<Finding> {
    let route = case.facts.route.as_ref()?;
    let mx = route.mx.as_ref().ok()?;
    let counts = |host: &DaneHost| matches!(host.outcome, DaneOutcome::Authenticate { .. });
    if mx.dnssec != DnssecStatus::Insecure || !case.facts.dane.iter().any(counts) {
        return None;
    }
    let subject = Subject::Domain(route.domain.clone());
    let message = "the mail hosts have TLSA records, and the MX records are not signed: whoever forges those leads mail to a host of their own";
    // Of a domain at a provider it is the rule.
    let finding = Finding::new(&RULE, Outcome::Fail(Severity::Info), subject, message);
    Some(
        finding
            .evidence(mx.to_string())
            .see(explain::dig(&route.domain, &["MX", "DS"]))
            .mend("sign the domain's zone (DNSSEC)"),
    )
}

/// Whether senders ask for TLSA records: if the addresses are signed, or of an alias its own name, for which they ask for the
/// alias itself (RFC 7672 §2.2.2).
fn is_asked_for(host: &DaneHost) -> bool {
    let mut answers = host.addresses.conclusive();
    let is_secure = |answer: &Answer| answer.dnssec == DnssecStatus::Secure;
    let of_alias = |alias: &Result<Answer, _>| alias.as_ref().map_or(true, is_secure);
    answers.any(|answer| is_secure(answer) && !answer.records().is_empty())
        || host.alias.as_ref().is_some_and(of_alias)
}

/// The records that do not count, and why. Those that a stronger digest outdoes are not among them.
fn dead(host: &DaneHost) -> Vec<String> {
    let records = explain::tlsa(host).into_iter();
    let line = |record: Tlsa| {
        let fault = record.unusable()?;
        let record = explain::tlsa_line(&record, record.data.len());
        Some(format!("{record}: {fault}"))
    };
    records.filter_map(line).collect()
}

#[cfg(test)]
mod tests {
    use mail_dns::LookupErrorKind;

    use super::*;
    use crate::rules::tests::{Scene, check};

    const ZONE: &str = "d.test. 60 IN MX 5 a.d.test.\na.d.test. 60 IN A 192.0.2.1\n";
    const RIGHT: &str = "_25._tcp.a.d.test. 60 IN TLSA 3 1 1 d2abde240d7cd3ee6b4b28c54df034b97983a1d16e8a410e4561cb106618e971\n";
    const PKIX: &str = "_25._tcp.a.d.test. 60 IN TLSA 1 1 1 d2abde240d7cd3ee6b4b28c54df034b97983a1d16e8a410e4561cb106618e971\n";

    fn scene(records: &str) -> Scene {
        Scene::domain("d.test").zone(ZONE).zone(records).dane()
    }

    #[test]
    fn signed_records_count_and_a_host_without_any_is_not_spoken_of() {
        check(&RULE, &scene(RIGHT).secure("d.test"), &[Outcome::Pass]);
        check(&RULE, &scene("").secure("d.test"), &[]);
        check(&RULE, &scene("").insecure("d.test"), &[]);
    }

    #[test]
    fn a_usage_that_is_not_for_mail_is_told_of() {
        let notice = Outcome::Fail(Severity::Notice);
        let both = format!("{RIGHT}{PKIX}");
        let found = check(&RULE, &scene(&both).secure("d.test"), &[notice]);
        assert!(found[0].evidence[0].starts_with("TLSA 1 1 1 d2ab"));
        let warning = Outcome::Fail(Severity::Warning);
        check(&RULE, &scene(PKIX).secure("d.test"), &[warning]);
    }

    /// Nobody asks for records below addresses that are not signed.
    #[test]
    fn unsigned_addresses_end_the_search() {
        check(&RULE, &scene(RIGHT).insecure("d.test"), &[]);
    }

    #[test]
    fn records_that_are_not_signed_are_told_of() {
        let scene = scene(RIGHT).secure("d.test").insecure("_tcp.a.d.test");
        check(&RULE, &scene, &[Outcome::Fail(Severity::Notice)]);
    }

    #[test]
    fn what_is_not_known_to_be_signed_is_not_said_to_be() {
        check(&RULE, &scene(RIGHT), &[Outcome::Unchecked]);
    }

    #[test]
    fn a_failed_question_is_never_no_records() {
        for kind in [
            LookupErrorKind::Timeout,
            LookupErrorKind::ServFail,
            LookupErrorKind::Bogus,
        ] {
            let failing = |scene: Scene| scene.dns_failure("_25._tcp.a.d.test", kind);
            let secure = failing(scene("").secure("d.test"));
            check(&RULE, &secure, &[Outcome::Inconclusive]);
            // It is not known whether a sender would have asked.
            check(&RULE, &failing(scene("")), &[Outcome::Unchecked]);
        }
    }

    /// The name of the host is signed, and that of which it is an alias is not: a sender asks below the first.
    #[test]
    fn a_failed_question_about_an_alias_is_told_too() {
        let zone = "d.test. 60 IN MX 5 a.d.test.\na.d.test. 60 IN CNAME b.host.test.\nb.host.test. 60 IN A 192.0.2.1\n";
        let alias = || {
            let scene = Scene::domain("d.test").zone(zone).dane();
            scene.secure("d.test").insecure("host.test")
        };
        let failure = LookupErrorKind::ServFail;
        check(&RULE, &alias(), &[]);
        let found = check(
            &RULE,
            &alias().alias_failure("a.d.test", failure),
            &[Outcome::Inconclusive],
        );
        assert!(found[0].message.contains("a.d.test CNAME"), "{found:?}");
        let scene = alias().dns_failure("_25._tcp.a.d.test", failure);
        check(&RULE, &scene, &[Outcome::Inconclusive]);
    }

    /// The time of a run may be up before a question is answered, which is no fault of the zone's servers.
    #[test]
    fn a_question_that_no_server_is_known_to_have_failed_is_blamed_on_none() {
        let scene = scene("").secure("d.test");
        let scene = scene.dns_failure("_25._tcp.a.d.test", LookupErrorKind::Timeout);
        let found = check(&RULE, &scene, &[Outcome::Inconclusive]);
        let mend = found[0].mend.as_deref().expect("advice");
        assert!(mend.starts_with("look again with a longer time"), "{mend}");
    }

    #[test]
    fn mx_records_that_can_be_forged_lead_away_from_dane() {
        let elsewhere = "d.test. 60 IN MX 5 a.host.test.\na.host.test. 60 IN A 192.0.2.1\n_25._tcp.a.host.test. 60 IN TLSA 3 1 1 d2abde240d7cd3ee6b4b28c54df034b97983a1d16e8a410e4561cb106618e971";
        let scene = Scene::domain("d.test").zone(elsewhere).dane();
        let scene = scene.insecure("d.test").secure("host.test");
        check(
            &RULE,
            &scene,
            &[Outcome::Pass, Outcome::Fail(Severity::Info)],
        );
    }
}
