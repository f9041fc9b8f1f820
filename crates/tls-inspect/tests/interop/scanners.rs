//! What a [`Scan`] finds of a server agrees with what `sslscan` and `testssl` find of it.
//!
//! Where they do not, a handshake of another client decides who is right, and the difference is
//! named here: a difference that is not named fails the test, and so does one that is gone.

mod exceptions;
mod sslscan;
mod testssl;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tls_inspect::{
    NamedGroup, ProtocolVersion, Scan, ScanCompleteness, ScanOptions, ScanPreference, ScanReport,
    ScanStop,
};

use crate::servers::postfix::{self, Service};
use crate::servers::rustls::Setup;
use crate::servers::{EC, RSA, Server, Talk, gnutls, openssl, openssl_with};

/// What can be compared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Found {
    versions: BTreeSet<u16>,
    /// By version.
    suites: BTreeMap<u16, BTreeSet<u16>>,
    /// By version; all together under 0 by who does not tell them apart.
    groups: BTreeMap<u16, BTreeSet<u16>>,
    /// Whether the server's order of suites decides up to TLS 1.2.
    is_server_order: Option<bool>,
}

impl Found {
    /// All that is found, an entry a line.
    fn entries(&self) -> BTreeSet<String> {
        let mut entries = BTreeSet::new();
        for &version in &self.versions {
            entries.insert(ProtocolVersion(version).to_string());
        }
        for (&version, suites) in &self.suites {
            let version = ProtocolVersion(version);
            entries.extend(suites.iter().map(|suite| format!("{version} {suite:#06x}")));
        }
        for (&version, groups) in &self.groups {
            let version = match version {
                0 => "any".to_owned(),
                version => ProtocolVersion(version).to_string(),
            };
            let groups = groups.iter().map(|&group| NamedGroup(group));
            entries.extend(groups.map(|group| format!("{version} group {group}")));
        }
        if let Some(is_server_order) = self.is_server_order {
            entries.insert(format!("server order: {is_server_order}"));
        }
        entries
    }

    /// Without groups of their own for each version.
    fn with_groups_together(mut self) -> Self {
        let all = self.groups.values().flatten().copied().collect();
        self.groups = BTreeMap::from([(0, all)]);
        self
    }
}

async fn scan(server: &Server) -> ScanReport {
    let mut scan = Scan::new(ScanOptions::full([7; 32]));
    scan.run(&mut || server.dial(), Duration::from_secs(5))
        .await;
    scan.report()
}

/// A report as what can be compared. What the scan could not tell fails the test.
fn found(report: &ScanReport) -> Found {
    assert_eq!(report.stop, ScanStop::Done, "{report:#?}");
    let mut found = Found::default();
    for version in &report.versions {
        assert!(!version.support.is_unknown(), "{report:#?}");
        if version.support.is_yes() {
            found.versions.insert(version.version.0);
        }
    }
    for list in &report.cipher_suites {
        if list.suites.is_empty() {
            continue;
        }
        assert_eq!(list.completeness, ScanCompleteness::Complete, "{report:#?}");
        let numbers = list.suites.iter().map(|suite| suite.0).collect();
        found.suites.insert(list.version.0, numbers);
        if list.version < ProtocolVersion::TLS_1_3 {
            found.is_server_order = match list.preference {
                ScanPreference::Server { .. } => Some(true),
                ScanPreference::Client { .. } => Some(false),
                _ => found.is_server_order,
            };
        }
    }
    for list in &report.groups {
        if !list.groups.is_empty() {
            assert_eq!(list.completeness, ScanCompleteness::Complete, "{report:#?}");
            let numbers = list.groups.iter().map(|group| group.0).collect();
            found.groups.insert(list.version.0, numbers);
        }
    }
    found
}

/// That the kinds of key that the server has are found, and no other. One of TLS 1.3 only shows no
/// certificate, and rustls ends a handshake with schemes that it has no key for after it has chosen.
fn check_keys(name: &str, report: &ScanReport) {
    let has_rsa = !matches!(name, "openssl, ECDSA" | "rustls");
    let has_ecdsa = matches!(name, "openssl, ECDSA" | "openssl, two keys" | "rustls");
    for (certificate, is_held) in report.certificates.iter().zip([has_rsa, has_ecdsa]) {
        let support = &certificate.support;
        println!("{name}: {:?}: {support}", certificate.authentication);
        assert_eq!(support.is_yes(), is_held, "{report:#?}");
        let is_told = support.is_yes() || support.is_no() || name == "rustls";
        assert!(is_told, "{report:#?}");
    }
}

/// What only one of the two has found, with who it was.
fn differences(ours: &Found, theirs: &Found) -> BTreeSet<String> {
    let (ours, theirs) = (ours.entries(), theirs.entries());
    let only_ours = ours
        .difference(&theirs)
        .map(|entry| format!("scan: {entry}"));
    let only_theirs = theirs
        .difference(&ours)
        .map(|entry| format!("other: {entry}"));
    only_ours.chain(only_theirs).collect()
}

/// Compares, but for what is named.
async fn check(name: &str, server: &Server, tool: &str, ours: &Found, theirs: &Found) -> bool {
    let found = differences(ours, theirs);
    let mut named = BTreeSet::new();
    for exception in exceptions::of(name, tool) {
        let (entry, why) = (exception.entry, exception.why);
        let is_proven = exception.is_proven(server).await;
        println!("exception  {name}  {tool}: {entry}: {why}; proven: {is_proven}");
        if is_proven {
            named.insert(entry.to_owned());
        }
    }
    let suites: usize = ours.suites.values().map(BTreeSet::len).sum();
    let is_well = found == named;
    println!(
        "{name}  {tool}: {} versions, {suites} suites, {} groups{}: {}",
        ours.versions.len(),
        ours.groups.values().map(BTreeSet::len).sum::<usize>(),
        match ours.is_server_order {
            Some(true) => ", the server's order",
            Some(false) => ", the client's order",
            None => "",
        },
        if is_well { "agree" } else { "DISAGREE" }
    );
    for entry in found.symmetric_difference(&named) {
        println!("    {entry}");
    }
    is_well
}

/// The servers, each with a name and whether `testssl` is run too: it takes seconds a suite.
async fn servers() -> Vec<(&'static str, bool, Server)> {
    let wide = ["-no_tls1_3", "-cipher", "ALL:COMPLEMENTOFALL:@SECLEVEL=0"];
    let few = "ECDHE-RSA-AES128-GCM-SHA256:AES256-SHA:ECDHE-RSA-AES256-GCM-SHA384";
    let service = |talk, parameters: &[(&'static str, &str)]| Service {
        talk,
        key: Some(RSA),
        parameters: parameters
            .iter()
            .map(|(name, value)| (*name, (*value).to_owned()))
            .collect(),
    };
    let short = "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-AES128-SHA";
    let services = [
        service(Talk::Nothing, &[]),
        service(Talk::Smtp, &[("tls_high_cipherlist", short)]),
    ];
    let mut all = vec![
        ("openssl wide", false, openssl(RSA, &wide)),
        (
            "openssl 1.2, its order",
            true,
            openssl(RSA, &["-tls1_2", "-serverpref", "-cipher", few]),
        ),
        ("openssl 1.3", true, openssl(RSA, &["-tls1_3"])),
        ("openssl", false, openssl(RSA, &[])),
        ("openssl, ECDSA", false, openssl(EC, &["-tls1_2"])),
        ("openssl, two keys", false, openssl_with(&[RSA, EC], &[])),
        ("gnutls", false, gnutls(RSA, "NORMAL", &[])),
        (
            "rustls",
            true,
            crate::servers::rustls::start(Setup::default())
                .await
                .unwrap(),
        ),
    ];
    let mail = postfix::start("scanners", &services).into_iter();
    let names = [("postfix", false), ("postfix, STARTTLS", true)];
    all.extend(
        names
            .into_iter()
            .zip(mail)
            .map(|((name, long), server)| (name, long, server)),
    );
    all
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the programs openssl, gnutls-serv, postfix, sslscan and testssl, and root"]
async fn scanners_agree() {
    let servers = servers().await;
    let slow: Vec<_> = servers.iter().filter(|(_, is_slow, _)| *is_slow).collect();
    let runs: Vec<_> = slow
        .iter()
        .map(|(_, _, server)| testssl::start(server))
        .collect();
    let (mut fast, mut wrong) = (0, 0);
    let mut reports = BTreeMap::new();
    for (name, _, server) in &servers {
        let report = scan(server).await;
        println!("{name}: scanned with {} connections", report.used);
        let ours = found(&report);
        check_keys(name, &report);
        let theirs = sslscan::run(server);
        let mut comparable = ours.clone();
        // It does not say whose order decides.
        comparable.is_server_order = None;
        match check(name, server, "sslscan", &comparable, &theirs).await {
            true => fast += 1,
            false => wrong += 1,
        }
        reports.insert(*name, ours);
    }
    let mut long = 0;
    for ((name, _, server), run) in slow.iter().zip(runs) {
        let theirs = run.finish();
        let ours = reports[name].clone().with_groups_together();
        match check(name, server, "testssl", &ours, &theirs).await {
            true => long += 1,
            false => wrong += 1,
        }
    }
    println!("scanners: {fast} servers agree with sslscan, {long} with testssl, {wrong} wrong");
    assert_eq!(wrong, 0);
}
