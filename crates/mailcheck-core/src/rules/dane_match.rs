use mail_dns::dane::{DaneHost, DaneOutcome};
use tls_inspect::{DaneFailureKind, PolicyCause, PolicyUncertainty, SenderVerdict, TlsaParameters};

use super::explain;
use super::prelude::*;
use crate::ServiceFacts;

/// Whether a sender with DANE delivers.
pub(crate) static RULE: Rule = Rule {
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
                if_authentic(service, verdict)
            }
            _ => None,
        };
        let Some(finding) = finding else { continue };
        findings.push(match finding.outcome {
            Outcome::Pass => finding,
            _ => with_proof(finding, service, host),
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
        SenderVerdict::DeliversAuthenticated => finding(
            Outcome::Pass,
            "the certificate is the one of the TLSA records".to_owned(),
        ),
        // Another rule says that no record counts.
        SenderVerdict::DeliversUnauthenticated => return None,
        SenderVerdict::Refuses { causes } if is_other_name(service, host) => finding(
            Outcome::Inconclusive,
            format!(
                "could not tell whether senders with DANE deliver: they ask for the certificate of another name than this run did, for which {}",
                reason(causes)
            ),
        ),
        SenderVerdict::Refuses { causes } => {
            let (severity, effect) = match case.others_pass_dane(service) {
                Others::Serve => (Severity::Warning, "senders with DANE go to another address"),
                Others::Unknown => (Severity::Warning, "senders with DANE do not deliver here"),
                Others::DoNot => (Severity::Error, "senders with DANE hold mail back"),
            };
            finding(
                Outcome::Fail(severity),
                format!("{}: {effect}", reason(causes)),
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
fn if_authentic(service: &ServiceFacts, verdict: &SenderVerdict) -> Option<Finding> {
    let SenderVerdict::Refuses { causes } = verdict else {
        return None;
    };
    let message = format!(
        "{}: if the records are authentic, which could not be told here, senders with DANE hold mail back",
        reason(causes)
    );
    Some(Finding::new(
        &RULE,
        Outcome::Inconclusive,
        service.subject(),
        message,
    ))
}

/// Whether DANE has another name said by SNI than the host's: that of an alias's target (RFC 7672 §8.1).
fn is_other_name(service: &ServiceFacts, host: &DaneHost) -> bool {
    service.host.as_ref() != Some(explain::tlsa_base(host))
}

fn reason(causes: &[PolicyCause]) -> String {
    match causes.first() {
        Some(PolicyCause::TlsNotOffered) => {
            "there are TLSA records, and TLS is not to be had".to_owned()
        }
        Some(PolicyCause::Handshake(failure)) => {
            format!("there are TLSA records, and the TLS handshake fails ({failure})")
        }
        Some(PolicyCause::KeyPossession(_)) => {
            "the server does not hold the key of the certificate it shows".to_owned()
        }
        Some(PolicyCause::Dane(failure)) => of_record(&failure.kind),
        _ => "the server is not what its TLSA records say".to_owned(),
    }
}

fn of_record(kind: &DaneFailureKind) -> String {
    match kind {
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
        PolicyUncertainty::ChainTooLong => "the chain has more certificates than are looked at".to_owned(),
        PolicyUncertainty::PathNotChecked(why) => why.clone(),
        _ => "the certificate cannot be held against the TLSA records here".to_owned(),
    }
}

/// The records, what the certificate would need, and how to see it.
fn with_proof(finding: Finding, service: &ServiceFacts, host: &DaneHost) -> Finding {
    let published = explain::tlsa(host);
    let mut finding =
        finding.evidence_lines(published.iter().map(|record| format!("TLSA {record}")));
    let capture = service.observation().and_then(|seen| seen.tls.as_ref());
    let leaf = capture.and_then(|capture| capture.chain.first());
    let wanted = leaf.and_then(|leaf| TlsaParameters::SERVER_KEY.record(leaf));
    if let Some(wanted) = wanted {
        let owner = explain::tlsa_place(host);
        finding = finding.evidence(format!("the key of the certificate is {wanted}")).mend(format!(
            "publish `{owner} IN TLSA {wanted}` beside the others, or let the server send the certificate that they are of; the next time, publish the new record two TTLs before the change"
        ));
    } else {
        finding = finding.mend("let the server offer STARTTLS with the certificate that the records are of, or withdraw the records");
    }
    finding.see(explain::openssl_dane(service, host))
}

#[cfg(test)]
mod tests {
    use smtp_probe::{PortState, StartTls};
    use tls_inspect::{Capture, Der, HandshakeOutcome, KeyPossession, TrustStore};

    use super::*;
    use crate::NotProbed;
    use crate::rules::tests::{Scene, check};

    /// Usage 3 with the whole certificate: what the certificate says is not looked at.
    const LEAF: &[u8] = &[0x30, 0x03, 0x02, 0x01, 0x05];
    const ZONE: &str = "d.test. 60 IN MX 5 a.d.test.\nd.test. 60 IN MX 9 b.d.test.\na.d.test. 60 IN A 192.0.2.1\nb.d.test. 60 IN A 192.0.2.2\n\
        _25._tcp.a.d.test. 60 IN TLSA 3 0 0 3003020105\n";
    const A: &str = "192.0.2.1:25";
    const B: &str = "192.0.2.2:25";

    fn scene() -> Scene {
        Scene::domain("d.test").zone(ZONE).dane()
    }

    fn sends(leaf: &[u8]) -> Capture {
        let mut capture = Capture::new(HandshakeOutcome::Completed);
        capture.chain = vec![Der::new(leaf)];
        capture.key_possession = KeyPossession::Verified;
        capture
    }

    const OTHER: &[u8] = &[0x30, 0x03, 0x02, 0x01, 0x06];
    const ERROR: Outcome = Outcome::Fail(Severity::Error);
    const WARNING: Outcome = Outcome::Fail(Severity::Warning);

    #[test]
    fn a_certificate_that_a_record_matches_passes_and_another_fails() {
        let secure = || scene().secure("d.test");
        let found = secure().tls("a.d.test", A, sends(LEAF));
        check(&RULE, &found, &[Outcome::Pass]);
        let found = secure().tls("a.d.test", A, sends(OTHER));
        let found = check(&RULE, &found, &[ERROR]);
        let said = "no TLSA record matches the certificate: senders with DANE hold mail back";
        assert_eq!(found[0].message, said);
        assert_eq!(found[0].evidence, ["TLSA 3 0 0 3003020105"]);
    }

    /// A sender goes on to the next host, so mail is held back only if no host will do.
    #[test]
    fn another_host_that_passes_saves_the_mail() {
        let both = scene()
            .secure("d.test")
            .tls("a.d.test", A, sends(OTHER))
            .tls("b.d.test", B, sends(OTHER));
        let found = check(&RULE, &both, &[WARNING]);
        assert!(
            found[0]
                .message
                .ends_with("senders with DANE go to another address")
        );
    }

    /// Two names of one address are two hosts, each with records of its own.
    #[test]
    fn another_host_at_the_same_address_saves_the_mail_too() {
        let zone = "d.test. 60 IN MX 5 a.d.test.\nd.test. 60 IN MX 9 c.d.test.\na.d.test. 60 IN A 192.0.2.1\nc.d.test. 60 IN A 192.0.2.1\n\
            _25._tcp.a.d.test. 60 IN TLSA 3 0 0 3003020105\n_25._tcp.c.d.test. 60 IN TLSA 3 0 0 3003020106\n";
        let scene = Scene::domain("d.test").zone(zone).secure("d.test").dane();
        let both = scene
            .tls("a.d.test", A, sends(OTHER))
            .tls("c.d.test", A, sends(OTHER));
        check(&RULE, &both, &[WARNING, Outcome::Pass]);
    }

    #[test]
    fn another_host_that_is_down_saves_nothing() {
        let scene = || scene().secure("d.test").tls("a.d.test", A, sends(OTHER));
        check(
            &RULE,
            &scene().port("b.d.test", B, PortState::Refused),
            &[ERROR],
        );
        // This side lets packets out: the first host answers.
        check(
            &RULE,
            &scene().port("b.d.test", B, PortState::Filtered),
            &[ERROR],
        );
        check(
            &RULE,
            &scene().not_probed(B, NotProbed::Deadline),
            &[WARNING],
        );
    }

    /// What was not looked at may be as it should.
    #[test]
    fn addresses_that_were_not_looked_at_are_not_said_to_fail() {
        let host = || {
            let scene = Scene::host("a.d.test", 25)
                .zone(ZONE)
                .secure("d.test")
                .dane();
            scene.tls("a.d.test", A, sends(OTHER))
        };
        check(&RULE, &host(), &[ERROR]);
        check(&RULE, &host().more_addresses(1), &[WARNING]);
    }

    #[test]
    fn tls_that_is_not_offered_is_as_bad() {
        let clear = scene()
            .secure("d.test")
            .starttls("a.d.test", A, StartTls::NotOffered);
        check(&RULE, &clear, &[ERROR]);
        let unknown = scene()
            .secure("d.test")
            .starttls("a.d.test", A, StartTls::NotReached);
        check(&RULE, &unknown, &[]);
    }

    #[test]
    fn nothing_is_held_against_records_that_do_not_count() {
        let insecure = scene().insecure("d.test").tls("a.d.test", A, sends(OTHER));
        check(&RULE, &insecure, &[]);
    }

    /// A resolver that does not validate cannot tell, and must neither alarm nor reassure.
    #[test]
    fn records_that_may_be_authentic_are_no_proof() {
        let unknown = |leaf| scene().tls("a.d.test", A, sends(leaf));
        check(&RULE, &unknown(LEAF), &[]);
        check(&RULE, &unknown(OTHER), &[Outcome::Inconclusive]);
    }

    /// Of an alias two names are asked about, and the records may be at the first.
    #[test]
    fn records_of_an_alias_that_may_be_authentic_are_held_against_it() {
        let zone = "d.test. 60 IN MX 5 a.d.test.\na.d.test. 60 IN CNAME b.d.test.\nb.d.test. 60 IN A 192.0.2.1\n\
            _25._tcp.b.d.test. 60 IN TLSA 3 0 0 3003020105\n";
        let scene = Scene::domain("d.test").zone(zone).dane();
        let found = scene.tls("a.d.test", A, sends(OTHER));
        let found = check(&RULE, &found, &[Outcome::Inconclusive]);
        assert_eq!(found[0].evidence, ["TLSA 3 0 0 3003020105"]);
        let see = found[0].see.as_deref().expect("a command");
        assert!(see.contains("-dane_tlsa_domain b.d.test "), "{see}");
    }

    /// Beside an alias nothing can be published.
    #[test]
    fn a_record_is_to_be_published_where_the_others_are() {
        let pem = include_bytes!("../../../tls-inspect/tests/data/example.pem");
        let chain = TrustStore::certificates_from_pem(pem).expect("a certificate");
        let zone = "d.test. 60 IN MX 5 a.d.test.\na.d.test. 60 IN A 192.0.2.1\n\
            _25._tcp.a.d.test. 60 IN CNAME shared.d.test.\nshared.d.test. 60 IN TLSA 3 0 0 3003020105\n";
        let scene = Scene::domain("d.test").zone(zone).secure("d.test").dane();
        let mut capture = sends(OTHER);
        capture.chain = chain;
        let found = check(&RULE, &scene.tls("a.d.test", A, capture), &[ERROR]);
        let mend = found[0].mend.as_deref().expect("advice");
        assert!(mend.contains("`shared.d.test. IN TLSA 3 1 1 "), "{mend}");
    }

    #[test]
    fn a_key_that_was_not_proved_is_no_pass() {
        let mut capture = sends(LEAF);
        capture.key_possession = KeyPossession::NotProven;
        let found = scene().secure("d.test").tls("a.d.test", A, capture);
        check(&RULE, &found, &[Outcome::Inconclusive]);
    }

    /// Nobody sends mail to the ports for users by DANE.
    #[test]
    fn ports_for_users_are_not_judged() {
        let found = scene()
            .secure("d.test")
            .tls("a.d.test", "192.0.2.1:465", sends(OTHER));
        check(&RULE, &found, &[]);
    }
}
