use mail_dns::dane::DaneOutcome;
use tls_inspect::{Assessment, RecordStanding, RolloverAdvice, SenderVerdict, TlsaRecord};

use super::explain;
use super::prelude::*;
use crate::ServiceFacts;
use crate::dane::convert;

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
    let services = case.facts.services.iter();
    let judged = services.zip(&case.dane).zip(&case.assessments);
    for (((service, verdict), assessment), advice) in judged.zip(&case.rollovers) {
        // Where no record authenticates the certificate of today, another rule tells.
        let (Some(SenderVerdict::DeliversAuthenticated), Some(assessment), Some(advice)) =
            (verdict, assessment, advice)
        else {
            continue;
        };
        findings.extend(judge(case, service, assessment, advice));
    }
}

fn judge(
    case: &Case<'_>,
    service: &ServiceFacts,
    assessment: &Assessment,
    advice: &RolloverAdvice,
) -> Option<Finding> {
    let host = case.facts.dane_of(service)?;
    let DaneOutcome::Authenticate { records, .. } = &host.outcome else {
        return None;
    };
    let counting: Vec<_> = records.iter().map(convert).collect();
    let future = future(advice, &counting)?;
    let lifetime = assessment.lifetime;
    let is_due = lifetime.is_some_and(|lifetime| lifetime.renewal_overdue);
    // Whoever has a private authority says when it changes; a public one does as it likes.
    let is_settled = future == Future::SameIssuer && !assessment.trust.is_trusted();
    let (outcome, message, mend) = words(future, is_due && !is_settled, has_others(advice));
    let finding = Finding::new(&RULE, outcome, service.subject(), message);
    let finding = finding.evidence_lines(lines(advice, &counting));
    Some(match mend {
        Some(mend) => finding.see(explain::dig_tlsa(host)).mend(mend),
        None => finding,
    })
}

/// How it comes out, what is said, and what is to be done. Of the next certificate nothing is known, neither its key nor who
/// signs it; where there are other records, they may be of it.
fn words(
    future: Future,
    is_due: bool,
    has_others: bool,
) -> (Outcome, &'static str, Option<&'static str>) {
    let notice = Outcome::Fail(Severity::Notice);
    match (future, is_due, has_others) {
        (Future::AnyIssuer, ..) => (
            Outcome::Pass,
            "a TLSA record outlasts a new certificate, with a new key and of another issuer too",
            None,
        ),
        (Future::SameIssuer, false, _) => (
            Outcome::Pass,
            "a TLSA record outlasts a new certificate, with a new key too, of the same issuer",
            None,
        ),
        (Future::SameIssuer, true, true) => (
            Outcome::Unchecked,
            "renewal is due, and a TLSA record lasts for as long as the same authority signs; whether one of the others is of the next could not be told",
            None,
        ),
        (Future::SameIssuer, true, false) => (
            notice,
            "renewal is due, and the TLSA records last for as long as the same authority signs: with a certificate by another intermediate, senders with DANE hold mail back",
            Some(
                "publish `3 1 1` with the digest of the server's key beside it, and renew with the same key, or publish the record of the next key two TTLs before it is used",
            ),
        ),
        (Future::SameKey, false, _) => (
            Outcome::Pass,
            "a TLSA record outlasts a new certificate with the same key",
            None,
        ),
        (Future::SameKey, true, true) => (
            Outcome::Unchecked,
            "renewal is due, and a TLSA record lasts for as long as the key; whether one of the others is of the next could not be told",
            None,
        ),
        (Future::SameKey, true, false) => (
            notice,
            "renewal is due, and the TLSA records last for as long as the key: with another key, senders with DANE hold mail back",
            Some(
                "renew with the same key, or publish the record of the next key, with the same digest as that of this one, two TTLs before it is used",
            ),
        ),
        (Future::Another, ..) => (
            Outcome::Unchecked,
            "the TLSA record that matches is of this certificate alone; whether one of the others is of the next could not be told",
            None,
        ),
        (Future::Ends, true, _) => (
            Outcome::Fail(Severity::Warning),
            "renewal is due, and the TLSA record is of this certificate alone: with the next one, senders with DANE hold mail back, unless its record is published before",
            Some(KEEP_THE_KEY),
        ),
        (Future::Ends, false, _) => (
            notice,
            "the TLSA record is of this certificate alone: with the next one, senders with DANE hold mail back, unless its record is published before",
            Some(KEEP_THE_KEY),
        ),
    }
}

const KEEP_THE_KEY: &str = "publish `3 1 1` with the digest of the key beside it, keep the key at renewal, and two TTLs later withdraw the record of the certificate";

/// What becomes of the records at renewal.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Future {
    /// One outlasts a new key, and another issuer.
    AnyIssuer,
    /// One outlasts a new key, if the issuer stays.
    SameIssuer,
    /// One outlasts a new certificate with the same key.
    SameKey,
    /// None of those that match, and there are others.
    Another,
    /// None.
    Ends,
}

/// `counting` are the records that senders go by: the others may match, and yet are left out of account (RFC 7671 §9).
fn future(advice: &RolloverAdvice, counting: &[TlsaRecord]) -> Option<Future> {
    let current = advice
        .records
        .iter()
        .filter(|record| counting.contains(&record.record))
        .filter_map(|record| match &record.standing {
            RecordStanding::Current { survives, .. } => Some(*survives),
            _ => None,
        });
    let current: Vec<_> = current.collect();
    if current.is_empty() {
        return None;
    }
    Some(if current.iter().any(|one| one.new_key && one.new_issuer) {
        Future::AnyIssuer
    } else if current.iter().any(|one| one.new_key) {
        Future::SameIssuer
    } else if current.iter().any(|one| one.renewal) {
        Future::SameKey
    } else if has_others(advice) {
        Future::Another
    } else {
        Future::Ends
    })
}

/// Whether there are records that count and are not of this certificate.
fn has_others(advice: &RolloverAdvice) -> bool {
    let is_other = |standing: &RecordStanding| {
        !matches!(
            standing,
            RecordStanding::Current { .. } | RecordStanding::Unusable(_)
        )
    };
    advice.omitted > 0 || advice.records.iter().any(|one| is_other(&one.standing))
}

/// The records, and what each is to the certificate.
fn lines(advice: &RolloverAdvice, counting: &[TlsaRecord]) -> Vec<String> {
    let line = |one: &tls_inspect::RecordAdvice| {
        let standing = match &one.standing {
            RecordStanding::Unusable(_) => "does not count",
            _ if !counting.contains(&one.record) => explain::OUTDONE,
            RecordStanding::Current { survives, .. } if survives.new_key && survives.new_issuer => {
                "matches, and outlasts a new key and issuer"
            }
            RecordStanding::Current { survives, .. } if survives.new_key => {
                "matches, and outlasts a new key of the same issuer"
            }
            RecordStanding::Current { survives, .. } if survives.renewal => {
                "matches, and outlasts a renewal with the same key"
            }
            RecordStanding::Current { .. } => "matches this certificate alone",
            RecordStanding::Elsewhere => "matches another address of the host",
            // Of a host with many chains, not all were held against it.
            _ => "does not match this certificate",
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
    /// Of a private authority, valid for as long.
    const CHAIN: &[u8] = include_bytes!("../../tests/data/private-chain.pem");
    const ZONE: &str = "d.test. 60 IN MX 5 a.d.test.\na.d.test. 60 IN A 192.0.2.1\n";
    const SOON: i64 = 1_800_000_000;
    /// After two thirds of the hundred years.
    const LATE: i64 = 4_000_000_000;

    /// A server whose TLSA records have these parameters, and match.
    #[track_caller]
    fn case(parameters: &[TlsaParameters], more: &str, now: i64, expected: &[Outcome]) {
        let records: Vec<_> = parameters.iter().map(|one| (*one, 0)).collect();
        check(&RULE, &scene(PEM, &records, more).at(now), expected);
    }

    /// A server that shows this chain, and has TLSA records with these parameters of these elements of it.
    fn scene(pem: &[u8], records: &[(TlsaParameters, usize)], more: &str) -> Scene {
        let capture = shows(pem);
        let records = records.iter().map(|(parameters, element)| {
            let record = parameters.record(&capture.chain[*element]);
            format!(
                "_25._tcp.a.d.test. 60 IN TLSA {}\n",
                record.expect("a record")
            )
        });
        let zone = format!("{ZONE}{}{more}", records.collect::<String>());
        let scene = Scene::domain("d.test").zone(&zone).secure("d.test").dane();
        scene.tls("a.d.test", "192.0.2.1:25", capture)
    }

    fn shows(pem: &[u8]) -> Capture {
        let mut capture = Capture::new(HandshakeOutcome::Completed);
        capture.chain = TrustStore::certificates_from_pem(pem).expect("a certificate");
        capture.key_possession = KeyPossession::Verified;
        capture
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

    /// Senders leave the record of the weaker digest out of account, and refuse (RFC 7671 §9).
    #[test]
    fn a_record_that_is_outdone_outlasts_nothing() {
        let stronger = format!("_25._tcp.a.d.test. 60 IN TLSA 3 1 2 {}\n", "ab".repeat(64));
        case(&[KEY], &stronger, SOON, &[]);
        let mut strong = certificate();
        strong.matching_type = tls_inspect::MatchingType::SHA2_512;
        case(&[strong, certificate()], "", SOON, &[NOTICE]);
    }

    /// An authority signs with another intermediate when it likes, and the record ends with that.
    #[test]
    fn a_record_of_the_issuer_lasts_as_long_as_it_signs() {
        let mut issuer = KEY;
        issuer.usage = tls_inspect::CertificateUsage::DANE_TA;
        let said = |scene: Scene, outcome| {
            let found = check(&RULE, &scene, &[outcome]);
            found[0].message.clone()
        };
        let scene = |now| scene(CHAIN, &[(issuer, 1)], "").at(now);
        let passes =
            "a TLSA record outlasts a new certificate, with a new key too, of the same issuer";
        assert_eq!(said(scene(SOON), Outcome::Pass), passes);
        // That of a private one is in the same hands.
        assert_eq!(said(scene(LATE), Outcome::Pass), passes);
        let store = TrustStore::from_pem("test", CHAIN).expect("an authority");
        assert!(said(scene(LATE).trusting(store), NOTICE).contains("another intermediate"));
    }

    /// The record of the next key, or of another intermediate, is published beforehand as it should be (RFC 7671 §8.1).
    #[test]
    fn where_the_next_record_may_be_there_no_alarm_is_given() {
        case(&[KEY], OTHER, LATE, &[Outcome::Unchecked]);
        case(&[KEY], OTHER, SOON, &[Outcome::Pass]);
        let mut issuer = KEY;
        issuer.usage = tls_inspect::CertificateUsage::DANE_TA;
        let another = OTHER.replace("3 1 1", "2 1 1");
        let store = TrustStore::from_pem("test", CHAIN).expect("an authority");
        let scene = scene(CHAIN, &[(issuer, 1)], &another)
            .at(LATE)
            .trusting(store);
        check(&RULE, &scene, &[Outcome::Unchecked]);
    }

    /// Its chain at another port is held against no record of this one.
    #[test]
    fn a_port_for_users_needs_no_record_of_mail_hosts() {
        let mut own = KEY;
        own.selector = tls_inspect::Selector::CERT;
        let other = own.record(&shows(CHAIN).chain[0]).expect("a record");
        let more = format!("_25._tcp.a.d.test. 60 IN TLSA {other}\n");
        let scene = scene(PEM, &[(own, 0)], &more).at(SOON);
        let scene = scene.tls("a.d.test", "192.0.2.1:465", shows(CHAIN));
        let found = check(&RULE, &scene, &[Outcome::Unchecked]);
        assert!(
            found[0].evidence[1].ends_with(": does not match this certificate"),
            "{found:?}"
        );
    }

    /// Another rule says that no record matches.
    #[test]
    fn without_a_match_there_is_nothing_to_outlast() {
        case(&[], OTHER, SOON, &[]);
        case(&[], "", SOON, &[]);
    }
}
