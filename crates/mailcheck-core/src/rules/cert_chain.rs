use tls_inspect::{ChainReport, Failure, KeyPossession, TrustFailure, TrustFailureKind};

use super::explain;
use super::prelude::*;
use crate::{PortRole, ServiceFacts};

/// Whether the chain leads to a trusted authority, and the server holds the key.
pub(crate) static RULE: Rule = Rule {
    id: "cert.chain",
    summary: "the chain leads to a trusted authority, and the server holds the key",
    citation: "RFC 5280 §6, RFC 8461 §4.2",
    requirement: Requirement::Must,
    default_severity: Severity::Warning,
    axis: Axis::Tls,
    since: "0.1.0",
    check,
};

fn check(case: &Case<'_>, findings: &mut Vec<Finding>) {
    for (service, assessment) in case.assessed() {
        let demands_tls = service.role().demands_tls();
        // What cannot be judged here does not hide what can; of equals the first, nearest to the end entity, stands.
        let chain = &assessment.chain;
        let failures = assessment.failures.iter();
        let said = failures.filter_map(|failure| Some((failure, said_here(failure, chain)?)));
        let gravest = said.min_by_key(|(_, (outcome, _))| outcome.rank());
        let Some((failure, (outcome, what))) = gravest else {
            if let Some(finding) = unproven(service) {
                findings.push(finding);
                continue;
            }
            let message = format!("the chain is trusted by {}", assessment.store);
            findings.push(Finding::new(
                &RULE,
                Outcome::Pass,
                service.subject(),
                message,
            ));
            continue;
        };
        let outcome = if demands_tls && outcome == Outcome::Fail(Severity::Warning) {
            Outcome::Fail(Severity::Error)
        } else {
            outcome
        };
        let effect = match outcome {
            Outcome::Unchecked => "this program cannot judge it, others may".to_owned(),
            _ if demands_tls => "mail clients refuse to connect".to_owned(),
            _ => effect(case, service, failure),
        };
        let details = assessment
            .trust
            .failures()
            .iter()
            .map(|failure| failure.detail.clone());
        findings.push(
            Finding::new(
                &RULE,
                outcome,
                service.subject(),
                format!("{what}: {effect}"),
            )
            .evidence_lines(details)
            .evidence_lines(explain::end_entity(assessment))
            .see(explain::openssl(service))
            .mend(match outcome {
                Outcome::Unchecked if chain.omitted > 0 => SHORTER.to_owned(),
                _ => mend(
                    &assessment.failures,
                    outcome,
                    service.role(),
                    case.passes_dane(service),
                ),
            }),
        );
    }
}

/// What senders do. Nobody goes on from a signature that is wrong (RFC 9846 §4.4.3), and RFC 8461 §4.2 has none look at revocation.
fn effect(case: &Case<'_>, service: &ServiceFacts, failure: &Failure) -> String {
    match failure {
        Failure::KeyPossession(_) => {
            "senders that insist on TLS hold mail back, the others deliver in the clear".to_owned()
        }
        Failure::Revoked(_) | Failure::NeverIssued => {
            "senders need not look at that, and mail goes on; the key may be in other hands"
                .to_owned()
        }
        _ => explain::senders(case, service, "MTA-STS"),
    }
}

const SHORTER: &str =
    "let the server send the certificate and every intermediate above it, and nothing else";

/// A chain alone proves nothing: anyone can show another's.
fn unproven(service: &ServiceFacts) -> Option<Finding> {
    let capture = service.observation()?.tls.as_ref()?;
    let KeyPossession::Unsupported(why) = &capture.key_possession else {
        return None;
    };
    let message = "could not tell whether the server holds the key of its certificate";
    let finding = Finding::new(&RULE, Outcome::Unchecked, service.subject(), message);
    Some(finding.evidence(why.escape_debug().to_string()))
}

/// The failures that this rule speaks of: not the dates of the end-entity certificate, nor its name.
fn said_here(failure: &Failure, chain: &ChainReport) -> Option<(Outcome, String)> {
    match failure {
        Failure::KeyPossession(_) => Some((
            Outcome::Fail(Severity::Error),
            "the server does not hold the key of the certificate it shows".to_owned(),
        )),
        // Senders do not look, so mail goes on; the key may be in other hands.
        Failure::Revoked(revocation) => Some((
            Outcome::Fail(Severity::Error),
            format!("the stapled OCSP response says that the certificate is {revocation}"),
        )),
        Failure::NeverIssued => Some((
            Outcome::Fail(Severity::Error),
            "the stapled OCSP response says that the authority never issued the certificate"
                .to_owned(),
        )),
        Failure::Trust(TrustFailure {
            kind: TrustFailureKind::Expired | TrustFailureKind::NotYetValid,
            element: Some(0),
            ..
        }) => None,
        Failure::Trust(failure) if chain.may_hide(failure) => Some((
            Outcome::Unchecked,
            "the chain has more certificates than are looked at, and none of those leads to an authority that is trusted".to_owned(),
        )),
        // The limits of the path building here are nobody's fault.
        Failure::Trust(failure)
            if matches!(
                failure.kind,
                TrustFailureKind::UnsupportedAlgorithm
                    | TrustFailureKind::CaAsEndEntity
                    | TrustFailureKind::AnchorOutOfDate
                    | TrustFailureKind::RevocationUnknown
                    | TrustFailureKind::Other
            ) =>
        {
            Some((Outcome::Unchecked, what(failure)))
        }
        Failure::Trust(failure) => Some((Outcome::Fail(Severity::Warning), what(failure))),
        _ => None,
    }
}

fn what(failure: &TrustFailure) -> String {
    let issuer = failure.issuer.as_deref().unwrap_or("its issuer");
    match failure.kind {
        TrustFailureKind::NoCertificate => "the server shows no certificate".to_owned(),
        TrustFailureKind::MissingIntermediate => {
            format!("the chain is incomplete: the certificate of {issuer} is missing")
        }
        TrustFailureKind::UnknownRoot => {
            format!("the chain leads to an authority that is not trusted: {issuer}")
        }
        TrustFailureKind::SelfSigned => "the certificate is self-signed".to_owned(),
        TrustFailureKind::Expired => "a certificate further up the chain has expired".to_owned(),
        TrustFailureKind::NotYetValid => {
            "a certificate further up the chain is not valid yet".to_owned()
        }
        TrustFailureKind::AnchorOutOfDate => {
            "the authority at the end of the chain is out of date itself, which OpenSSL and GnuTLS refuse and RFC 5280 §6.1 does not".to_owned()
        }
        TrustFailureKind::NotCa => {
            format!("the chain goes through a certificate that may not sign others: {}", failure.detail)
        }
        TrustFailureKind::BadSignature => "a signature in the chain is wrong".to_owned(),
        TrustFailureKind::InvalidPurpose => "the certificate is not for TLS servers".to_owned(),
        TrustFailureKind::Distrusted => "the authority has been distrusted".to_owned(),
        _ => format!("the chain is not trusted: {}", failure.detail),
    }
}

/// What senders with DANE do not look at need not be mended for them; what is worse than an unknown authority must.
fn mend(failures: &[Failure], outcome: Outcome, role: PortRole, passes_dane: bool) -> String {
    let is_of_authority = outcome == Outcome::Fail(Severity::Warning);
    let kinds = failures.iter().find_map(|failure| match failure {
        Failure::Trust(failure) => Some(failure.kind),
        _ => None,
    });
    let advice = match kinds {
        Some(TrustFailureKind::MissingIntermediate) => {
            return "let the server send the whole chain: the certificate and every intermediate, as in the authority's `fullchain` file".to_owned();
        }
        _ if passes_dane && is_of_authority => {
            "nothing, if the domain has no MTA-STS policy; if it has, get a certificate of a public authority"
        }
        Some(TrustFailureKind::SelfSigned | TrustFailureKind::UnknownRoot)
            if role.demands_tls() =>
        {
            "get a certificate of a public authority; if it is meant to be private, let the users' programs trust its root, and check with it given"
        }
        Some(TrustFailureKind::SelfSigned | TrustFailureKind::UnknownRoot) if !passes_dane => {
            "get a certificate of a public authority; if it is meant to be private, publish it by DANE (RFC 7672), or check with its root given"
        }
        _ => {
            "get a new certificate from a public authority, and let the server send the whole chain"
        }
    };
    match passes_dane {
        true => format!("{advice}, {}", explain::RECORD_FIRST),
        false => advice.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use tls_inspect::{Assessment, Capture, HandshakeOutcome, ReferenceId, TrustVerdict};

    use super::*;
    use crate::rules::tests::{Scene, check_assessed};

    #[track_caller]
    fn check(port: u16, kinds: &[TrustFailureKind], key: KeyPossession, expected: Outcome) {
        let failures = kinds
            .iter()
            .map(|kind| TrustFailure::new(*kind, Some(0), "detail"));
        let failures: Vec<_> = failures.collect();
        let reference = ReferenceId::parse("a.test").expect("a name");
        let verdict = TrustVerdict::Untrusted(failures.clone());
        let chain = ChainReport::default();
        let mut assessment = Assessment::new(reference, "store", 0, chain, verdict);
        assessment.failures = failures.into_iter().map(Failure::Trust).collect();
        let mut capture = Capture::new(HandshakeOutcome::Completed);
        capture.key_possession = key;
        let scene = Scene::domain("d.test").tls("a.test", &format!("192.0.2.1:{port}"), capture);
        check_assessed(&RULE, &scene, vec![Some(assessment)], &[expected]);
    }

    #[test]
    fn a_bad_chain_stops_clients_and_only_some_senders() {
        let kinds = [TrustFailureKind::SelfSigned];
        check(
            25,
            &kinds,
            KeyPossession::Verified,
            Outcome::Fail(Severity::Warning),
        );
        check(
            587,
            &kinds,
            KeyPossession::Verified,
            Outcome::Fail(Severity::Error),
        );
    }

    #[test]
    fn what_is_missing_may_be_beyond_what_is_looked_at() {
        let outcome = |kind, omitted| {
            let mut chain = ChainReport::default();
            chain.omitted = omitted;
            let failure = Failure::Trust(TrustFailure::new(kind, Some(0), "detail"));
            said_here(&failure, &chain).map(|(outcome, _)| outcome)
        };
        let warning = Outcome::Fail(Severity::Warning);
        for kind in [
            TrustFailureKind::MissingIntermediate,
            TrustFailureKind::UnknownRoot,
        ] {
            assert_eq!(outcome(kind, 0), Some(warning));
            assert_eq!(outcome(kind, 1), Some(Outcome::Unchecked));
        }
        assert_eq!(outcome(TrustFailureKind::SelfSigned, 1), Some(warning));
    }

    /// RFC 8461 §4.2 has senders look at the date, the name and the authority, and no handshake goes on without the key.
    #[test]
    fn what_senders_do_is_said_of_each_fault() {
        let revocation = serde_json::from_str(r#"{"time":0,"reason":1}"#).expect("a revocation");
        let scene = Scene::domain("d.test").tls(
            "a.test",
            "192.0.2.1:25",
            Capture::new(HandshakeOutcome::Completed),
        );
        for (failure, words) in [
            (
                Failure::Revoked(revocation),
                "senders need not look at that",
            ),
            (Failure::NeverIssued, "senders need not look at that"),
            (
                Failure::KeyPossession("why".into()),
                "the others deliver in the clear",
            ),
        ] {
            let reference = ReferenceId::parse("a.test").expect("a name");
            let verdict = TrustVerdict::Untrusted(Vec::new());
            let mut assessment =
                Assessment::new(reference, "store", 0, ChainReport::default(), verdict);
            assessment.failures = vec![failure];
            let error = Outcome::Fail(Severity::Error);
            let found = check_assessed(&RULE, &scene, vec![Some(assessment)], &[error]);
            assert!(found[0].message.contains(words), "{found:?}");
            assert!(!found[0].message.contains("MTA-STS"), "{found:?}");
        }
    }

    /// Who reads one finding must not be told what another denies.
    #[test]
    fn what_senders_with_dane_do_is_said_as_it_is() {
        let pem = include_bytes!("../../../tls-inspect/tests/data/example.pem");
        let chain = tls_inspect::TrustStore::certificates_from_pem(pem).expect("a certificate");
        let right = tls_inspect::TlsaParameters::SERVER_KEY.record(&chain[0]);
        let right = right.expect("a record").to_string();
        let said = |record: Option<&str>| {
            let tlsa = record.map(|record| format!("_25._tcp.a.d.test. 60 IN TLSA {record}\n"));
            let zone = "d.test. 60 IN MX 5 a.d.test.\na.d.test. 60 IN A 192.0.2.1\n";
            let mut capture = Capture::new(HandshakeOutcome::Completed);
            capture.chain.clone_from(&chain);
            capture.key_possession = KeyPossession::Verified;
            let scene = Scene::domain("d.test")
                .zone(zone)
                .zone(&tlsa.unwrap_or_default());
            let scene = scene.secure("d.test").dane().at(1_800_000_000);
            let scene = scene.tls("a.d.test", "192.0.2.1:25", capture);
            let warning = Outcome::Fail(Severity::Warning);
            let found = crate::rules::tests::check(&RULE, &scene, &[warning]).remove(0);
            (found.message, found.mend.expect("advice"))
        };
        let (message, mend) = said(Some(&right));
        assert!(
            message.ends_with("those with DANE and the others deliver"),
            "{message}"
        );
        assert!(
            mend.starts_with("nothing, if the domain has no MTA-STS policy"),
            "{mend}"
        );
        let (message, _) = said(Some(&right.replace('0', "1")));
        assert!(message.ends_with("(MTA-STS) hold mail back"), "{message}");
        let (message, mend) = said(None);
        assert!(
            message.ends_with("hold mail back, the others deliver"),
            "{message}"
        );
        assert!(mend.contains("publish it by DANE"), "{mend}");
    }

    /// Programs of users look for no TLSA records.
    #[test]
    fn dane_is_advised_for_mail_hosts_alone() {
        for (port, is_relay) in [(25, true), (587, false), (465, false)] {
            let self_signed = TrustFailure::new(TrustFailureKind::SelfSigned, Some(0), "detail");
            let failures = [Failure::Trust(self_signed)];
            let advice = mend(&failures, Outcome::Inconclusive, PortRole::of(port), false);
            assert_eq!(advice.contains("DANE"), is_relay, "{port}: {advice}");
        }
    }

    /// Its key may be in other hands, whatever senders look at.
    #[test]
    fn of_a_revoked_certificate_it_is_never_advised_to_do_nothing() {
        let revocation = serde_json::from_str(r#"{"time":0,"reason":1}"#).expect("a revocation");
        let self_signed = TrustFailure::new(TrustFailureKind::SelfSigned, Some(0), "detail");
        let trust = Failure::Trust(self_signed);
        let warning = Outcome::Fail(Severity::Warning);
        assert!(
            mend(std::slice::from_ref(&trust), warning, PortRole::Relay, true)
                .starts_with("nothing")
        );
        let error = Outcome::Fail(Severity::Error);
        let failures = [trust, Failure::Revoked(revocation)];
        let advice = mend(&failures, error, PortRole::Relay, true);
        assert!(advice.starts_with("get a new certificate"), "{advice}");
        assert!(advice.ends_with("if none outlasts it"), "{advice}");
    }

    #[test]
    fn a_staple_that_proves_a_revocation_is_an_error() {
        let revocation = serde_json::from_str(r#"{"time":0,"reason":1}"#).expect("a revocation");
        let (outcome, message) =
            said_here(&Failure::Revoked(revocation), &ChainReport::default()).expect("it is said");
        assert_eq!(outcome, Outcome::Fail(Severity::Error));
        assert!(message.ends_with("reason keyCompromise (1)"), "{message}");
        let (outcome, message) =
            said_here(&Failure::NeverIssued, &ChainReport::default()).expect("it is said");
        assert_eq!(outcome, Outcome::Fail(Severity::Error));
        assert!(message.contains("never issued"), "{message}");
    }

    #[test]
    fn what_cannot_be_judged_is_neither_good_nor_bad_and_hides_nothing() {
        let limit = TrustFailureKind::UnsupportedAlgorithm;
        check(587, &[limit], KeyPossession::Verified, Outcome::Unchecked);
        let both = [limit, TrustFailureKind::UnknownRoot];
        check(
            587,
            &both,
            KeyPossession::Verified,
            Outcome::Fail(Severity::Error),
        );
    }

    #[test]
    fn a_chain_without_proof_of_its_key_does_not_pass() {
        check(25, &[], KeyPossession::Verified, Outcome::Pass);
        check(
            25,
            &[],
            KeyPossession::Unsupported("odd key".into()),
            Outcome::Unchecked,
        );
    }
}
