//! The x509-limbo suite of C2SP: whether a chain is accepted, case by case.
//!
//! It is not part of this repository. `MAILCHECK_CONFORMANCE` names the folder that holds `x509-limbo/`; without the variable,
//! `shared/conformance` beside the workspace is looked at. Where there is no suite, the test says so and passes.
//!
//! The path check is webpki's, which looks at what makes a path false and not at every rule that a certificate may break. The options of
//! a case add its purpose, its limit to the length of a path, its revocation lists and, where it is about RFC 5280, that certificates
//! keep it; `data/limbo-refusals.tsv` sees to it that what agrees by these options does so for the case's own reason. Each case that is
//! decided otherwise all the same stands in `data/limbo-exceptions.tsv` with a reason and, where a rule is broken, with the words in
//! which the certificates' own deviations report that.

use std::collections::BTreeMap;
use std::path::PathBuf;

use rustls_pki_types::CertificateRevocationListDer;
use rustls_pki_types::pem::PemObject as _;
use serde::Deserialize;
use tls_inspect::{
    Certificate, CryptoProvider, Der, LifetimeState, PathOptions, Profile, Purpose, ReferenceId,
    TrustStore, match_identity,
};

/// 2026-06-01T00:00:00Z, for the cases that name no time.
const NOW: i64 = 1_780_272_000;

#[derive(Deserialize)]
struct Suite {
    testcases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    id: String,
    trusted_certs: Vec<String>,
    untrusted_intermediates: Vec<String>,
    peer_certificate: String,
    validation_time: Option<jiff::Timestamp>,
    expected_result: String,
    expected_peer_name: Option<PeerName>,
    validation_kind: String,
    max_chain_depth: Option<u8>,
    crls: Vec<String>,
}

impl Case {
    fn options(&self) -> PathOptions {
        let purpose = match self.validation_kind.as_str() {
            "SERVER" => Purpose::Server,
            "CLIENT" => Purpose::Client,
            other => panic!("{}: a validation kind {other}", self.id),
        };
        let options = PathOptions::new()
            .with_purpose(purpose)
            .with_crls(self.crls.iter().map(|pem| crl(pem)));
        let options = match self.max_chain_depth {
            Some(most) => options.with_max_intermediates(most),
            None => options,
        };
        // The first part of a name says whose rules the case is about. Those of `webpki` are the Baseline Requirements', which the
        // certificates of the suite do not keep where a case is about something else, so nothing would follow from a refusal.
        if self.id.starts_with("rfc5280::") {
            options.with_conformity(Profile::Rfc5280)
        } else {
            options
        }
    }
}

#[derive(Deserialize)]
struct PeerName {
    value: String,
}

/// A case that is decided otherwise, and knowingly so.
struct Exception<'a> {
    reason: &'a str,
    /// What must be among the reports, if anything can be.
    report: Option<&'a str>,
}

#[test]
fn x509_limbo() {
    let Some(text) = suite() else {
        println!("x509-limbo: no suite found, nothing tested");
        return;
    };
    let suite: Suite = serde_json::from_str(&text).expect("the suite is JSON of the known shape");
    let mut exceptions = exceptions(include_str!("data/limbo-exceptions.tsv"));
    let mut reasons = pairs(include_str!("data/limbo-refusals.tsv"));
    let (mut agree, mut excepted) = (0, 0);
    let mut wrong = Vec::new();
    for case in &suite.testcases {
        let seen = Seen::of(case);
        let exception = exceptions.remove(case.id.as_str());
        if let Some(reason) = reasons.remove(case.id.as_str())
            && seen.refusals != [reason]
        {
            wrong.push(format!("{}: expected `{reason}`, {seen}", case.id));
        }
        let agrees = seen.accepted == (case.expected_result == "SUCCESS");
        match exception {
            None if agrees => agree += 1,
            None => wrong.push(format!(
                "{}: expected {}, {seen}",
                case.id, case.expected_result
            )),
            Some(_) if agrees => wrong.push(format!("{}: agrees, and is an exception", case.id)),
            Some(Exception {
                report: Some(report),
                ..
            }) if !seen.reports.iter().any(|line| line == report) => {
                wrong.push(format!("{}: `{report}` not reported, {seen}", case.id));
            }
            Some(Exception { reason, .. }) => {
                println!("{}: {reason}", case.id);
                excepted += 1;
            }
        }
    }
    println!(
        "x509-limbo: {agree} agree, {excepted} exceptions, of {}",
        suite.testcases.len()
    );
    wrong.extend(
        exceptions
            .keys()
            .map(|id| format!("{id}: an exception without a case")),
    );
    wrong.extend(
        reasons
            .keys()
            .map(|id| format!("{id}: a refusal without a case")),
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(agree > 0, "a suite without cases");
}

fn suite() -> Option<String> {
    let folder = std::env::var_os("MAILCHECK_CONFORMANCE").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/conformance"),
        PathBuf::from,
    );
    std::fs::read_to_string(folder.join("x509-limbo/limbo-core.json")).ok()
}

/// Lines of a case, a reason, and a report or `-`, with tabs between them; `#` begins a comment.
fn exceptions(table: &str) -> BTreeMap<&str, Exception<'_>> {
    let lines = table.lines().filter(|line| !line.starts_with('#'));
    let exceptions = lines.map(|line| {
        let mut fields = line.split('\t');
        let mut field = || {
            fields
                .next()
                .unwrap_or_else(|| panic!("expected three fields, found `{line}`"))
        };
        let (id, reason, report) = (field(), field(), field());
        assert!(!reason.is_empty(), "{id}: an exception without a reason");
        let report = (report != "-").then_some(report);
        (id, Exception { reason, report })
    });
    exceptions.collect()
}

/// Lines of a case and why it has to be refused, with a tab between them.
fn pairs(table: &str) -> BTreeMap<&str, &str> {
    let lines = table.lines().filter(|line| !line.starts_with('#'));
    let pairs = lines.map(|line| {
        line.split_once('\t')
            .unwrap_or_else(|| panic!("expected two fields, found `{line}`"))
    });
    pairs.collect()
}

/// What is made of a case.
struct Seen {
    accepted: bool,
    /// Why not, or nothing.
    refusals: Vec<String>,
    /// What the certificates' descriptions say against them.
    reports: Vec<String>,
}

impl Seen {
    fn of(case: &Case) -> Self {
        let roots: Vec<Der> = case.trusted_certs.iter().map(|pem| der(pem)).collect();
        let store = TrustStore::empty("limbo").with(&roots);
        let sent = std::iter::once(&case.peer_certificate).chain(&case.untrusted_intermediates);
        let chain: Vec<Der> = sent.map(|pem| der(pem)).collect();
        let now = case.validation_time.map_or(NOW, jiff::Timestamp::as_second);
        let verdict = store.judge_with(&chain, &CryptoProvider::aws_lc_rs(), now, &case.options());
        let mut refusals: Vec<String> = verdict
            .failures()
            .iter()
            .map(|failure| format!("{:?}: {}", failure.kind, failure.detail))
            .collect();
        if let Some(name) = &case.expected_peer_name {
            refusals.extend(mismatch(&chain[0], &name.value));
        }
        let known = chain.iter().chain(&roots);
        let known = known.filter_map(|der| Certificate::parse(der.as_bytes()).ok());
        Self {
            accepted: refusals.is_empty(),
            refusals,
            reports: known
                .flat_map(|certificate| reports(&certificate, now))
                .collect(),
        }
    }
}

impl std::fmt::Display for Seen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "refused for {:?}, reported {:?}",
            self.refusals, self.reports
        )
    }
}

fn mismatch(leaf: &Der, name: &str) -> Option<String> {
    let reference = match ReferenceId::parse(name) {
        Ok(reference) => reference,
        Err(error) => return Some(error.to_string()),
    };
    // What cannot be read has been refused already.
    let leaf = Certificate::parse(leaf.as_bytes()).ok()?;
    let identity = match_identity(&leaf, &reference);
    (!identity.is_match()).then(|| format!("{identity:?}"))
}

fn reports(certificate: &Certificate, now: i64) -> Vec<String> {
    let deviations = certificate.deviations.iter();
    let mut reports: Vec<String> = deviations.map(ToString::to_string).collect();
    if certificate.validity.at(now).state == LifetimeState::Expired {
        reports.push("expired".to_owned());
    }
    reports
}

fn der(pem: &str) -> Der {
    let mut certificates = TrustStore::certificates_from_pem(pem.as_bytes()).expect("PEM");
    certificates.remove(0)
}

fn crl(pem: &str) -> Der {
    let crl = CertificateRevocationListDer::from_pem_slice(pem.as_bytes()).expect("PEM");
    Der::new(crl.as_ref())
}
