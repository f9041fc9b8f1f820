//! The DANE vectors of OpenSSL: which TLSA record authenticates a chain, and at which depth.
//!
//! They are read from `dane-openssl/danetest.jsonl` in the folder that `MAILCHECK_CONFORMANCE`
//! names; without the variable, `shared/conformance` beside the workspace is looked at. Where
//! there are no vectors, the test says so and passes.
//!
//! OpenSSL judges for any protocol, and this crate for mail. So what is expected follows from
//! the case by three rules:
//!
//! - A set of the usages 0 and 1 only is unusable, as RFC 7672 §3.1.3 allows, whatever OpenSSL
//!   says.
//! - With DANE-EE, no name is checked (RFC 7671 §5.1, RFC 7672 §3.1.1). OpenSSL does check it
//!   unless told otherwise, so its name mismatch is an authenticated chain here.
//! - All else is as OpenSSL has it: the result, the depth, and the reason.

use std::path::PathBuf;

use serde::Deserialize;
use tls_inspect::{
    Certificate, CertificateUsage, CryptoProvider, DaneBinding, DaneFailureKind, DaneVerdict, Der,
    LifetimeState, MatchingType, ReferenceId, Selector, TlsaRecord, TrustStore, judge_dane,
};

/// 2026-06-01T00:00:00Z, at which every certificate after the first of each chain is valid. The
/// end-entity certificate of the first ten cases is valid at no time at all.
const NOW: i64 = 1_780_272_000;

#[derive(Deserialize)]
struct Case {
    case: u32,
    base_domain: String,
    openssl_verify_result: u32,
    match_depth: i64,
    tlsa: Vec<Tlsa>,
    chain_pem: Vec<String>,
}

#[derive(Deserialize)]
struct Tlsa {
    usage: u8,
    selector: u8,
    mtype: u8,
    data: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    /// At this depth.
    Authenticated(i64),
    NoMatch,
    WrongName,
    AllUnusable,
}

#[test]
fn openssl_dane() {
    let Some(text) = vectors() else { return };
    let (mut count, mut wrong) = (0, Vec::new());
    let mut kinds = [0; 4];
    for line in text.lines() {
        let case: Case = serde_json::from_str(line).expect("a case is JSON of the known shape");
        count += 1;
        let expected = expected(&case);
        kinds[match expected {
            Outcome::Authenticated(_) => 0,
            Outcome::NoMatch => 1,
            Outcome::WrongName => 2,
            Outcome::AllUnusable => 3,
        }] += 1;
        let verdict = verdict(&case);
        if outcome(&verdict) != Some(expected) {
            wrong.push(format!(
                "{}: expected {expected:?}, found {verdict:?}",
                case.case
            ));
        }
    }
    println!("openssl-dane: {} of {count}", count - wrong.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!((count, kinds), (54, [28, 4, 2, 20]));
}

fn vectors() -> Option<String> {
    let folder = std::env::var_os("MAILCHECK_CONFORMANCE").map_or_else(
        || {
            PathBuf::from(concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/../../../shared/conformance"
            ))
        },
        PathBuf::from,
    );
    let path = folder.join("dane-openssl/danetest.jsonl");
    let text = std::fs::read_to_string(&path).ok();
    if text.is_none() {
        println!("openssl-dane: skipped, no vectors at {}", path.display());
    }
    text
}

fn expected(case: &Case) -> Outcome {
    let usage = |number| case.tlsa.iter().any(|record| record.usage == number);
    if !usage(2) && !usage(3) {
        return Outcome::AllUnusable;
    }
    match case.openssl_verify_result {
        0 => Outcome::Authenticated(case.match_depth),
        // X509_V_ERR_HOSTNAME_MISMATCH
        62 if usage(3) => Outcome::Authenticated(case.match_depth),
        62 => Outcome::WrongName,
        // X509_V_ERR_DANE_NO_MATCH
        65 => Outcome::NoMatch,
        other => panic!("case {}: unknown result {other}", case.case),
    }
}

fn verdict(case: &Case) -> DaneVerdict {
    let pem = case.chain_pem.join("\n");
    let chain: Vec<Der> = TrustStore::certificates_from_pem(pem.as_bytes()).expect("PEM");
    assert_eq!(chain.len(), case.chain_pem.len(), "case {}", case.case);
    assert!(chain.iter().skip(1).all(is_valid), "case {}", case.case);
    let records = case.tlsa.iter().map(|record| TlsaRecord {
        usage: CertificateUsage(record.usage),
        selector: Selector(record.selector),
        matching_type: MatchingType(record.mtype),
        data: octets(&record.data),
    });
    let records: Vec<_> = records.collect();
    let names: [ReferenceId; 1] = [case.base_domain.parse().expect("a name")];
    judge_dane(&chain, &records, &names, &CryptoProvider::aws_lc_rs(), NOW)
}

fn is_valid(der: &Der) -> bool {
    let certificate = Certificate::parse(der.as_bytes()).expect("a certificate");
    certificate.validity.at(NOW).state == LifetimeState::Valid
}

fn octets(hex: &str) -> Vec<u8> {
    assert!(hex.len().is_multiple_of(2), "{hex}");
    (0..hex.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).expect("hexadecimal"))
        .collect()
}

/// `None` for what no case ends in. Only a wrong name that is the sole failure counts as one.
fn outcome(verdict: &DaneVerdict) -> Option<Outcome> {
    match verdict {
        DaneVerdict::Authenticated { binding, path, .. } => {
            let depth = match *binding {
                DaneBinding::Element(element) => element,
                // The certificate is one above the path.
                DaneBinding::RecordCertificate { .. } => path.len(),
                // A key has no depth, so OpenSSL gives that of what it signed.
                DaneBinding::RecordKey { .. } => path.len() - 1,
                _ => return None,
            };
            Some(Outcome::Authenticated(i64::try_from(depth).ok()?))
        }
        DaneVerdict::NotAuthenticated { failures } => match failures.as_slice() {
            [only] if matches!(only.kind, DaneFailureKind::NoMatch) => Some(Outcome::NoMatch),
            [only] if matches!(only.kind, DaneFailureKind::Identity(_)) => Some(Outcome::WrongName),
            _ => None,
        },
        DaneVerdict::AllUnusable => Some(Outcome::AllUnusable),
        _ => None,
    }
}
