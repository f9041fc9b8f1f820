//! What the server speaks, from many hellos.

use tls_inspect::{
    CipherSuite, NamedGroup, ProtocolVersion, ScanAuthentication, ScanCompleteness, ScanPreference,
    ScanReport, ScanSupport,
};

use crate::terminal::{Mark, Page};
use crate::words;

/// How many cipher suites or groups of a version are shown.
const NAMES: usize = 24;

pub(super) fn tell(report: &ScanReport, page: &mut Page) {
    let is_old = |version| version < ProtocolVersion::TLS_1_2;
    let mut versions = report.versions.iter();
    let odd = versions.any(|one| is_old(one.version) && one.support.is_yes());
    let versions = report
        .versions
        .iter()
        .map(|one| format!("{} {}", one.version, word(&one.support)));
    let mark = if odd { Mark::Odd } else { Mark::Plain };
    page.row(mark, "versions", &versions.collect::<Vec<_>>().join(" · "));
    for one in report
        .versions
        .iter()
        .filter(|one| one.support.is_unknown())
    {
        page.row(
            Mark::Unknown,
            "",
            &format!("{}: {}", one.version, one.support),
        );
    }
    let kinds = report.certificates.iter().map(|one| {
        let kind = match one.authentication {
            ScanAuthentication::Rsa => "RSA",
            _ => "elliptic curve",
        };
        format!("{kind} {}", word(&one.support))
    });
    let kinds: Vec<_> = kinds.collect();
    if !kinds.is_empty() {
        page.row(Mark::Plain, "keys", &kinds.join(" · "));
    }
    let mut label = "suites";
    for list in &report.cipher_suites {
        let name = |suite: &CipherSuite| {
            suite
                .name()
                .map_or_else(|| suite.to_string(), str::to_owned)
        };
        let names: Vec<_> = list.suites.iter().map(name).collect();
        let text = in_a_row(list.version, &names, &list.preference, &list.completeness);
        page.row(Mark::Plain, std::mem::take(&mut label), &text);
    }
    label = "groups";
    for list in &report.groups {
        let name = |group: &NamedGroup| {
            group
                .name()
                .map_or_else(|| group.to_string(), str::to_owned)
        };
        let names: Vec<_> = list.groups.iter().map(name).collect();
        let text = in_a_row(list.version, &names, &list.preference, &list.completeness);
        page.row(Mark::Plain, std::mem::take(&mut label), &text);
    }
    tell_features(report, page);
    let (used, allowed) = (report.used, report.allowed);
    page.row(
        Mark::Plain,
        "scan",
        &format!("{used} of {allowed} connections; {}", report.stop),
    );
}

fn tell_features(report: &ScanReport, page: &mut Page) {
    let (features, bears) = (&report.features, &report.tolerance);
    let prime = report.dhe_prime.as_ref();
    let prime = prime.map_or_else(String::new, |prime| {
        format!(" with a prime of {} bits", prime.bits)
    });
    let rows = [
        ("a hello of two packets", &bears.large, Wish::Yes),
        (
            "secure renegotiation",
            &features.secure_renegotiation,
            Wish::Yes,
        ),
        (
            "extended master secret",
            &features.extended_master_secret,
            Wish::Yes,
        ),
        (
            "refuses needless fallback",
            &features.fallback_scsv,
            Wish::None,
        ),
        ("compression", &features.compression, Wish::No),
        (
            "suites without a certificate",
            &features.anonymous,
            Wish::None,
        ),
        (
            &format!("finite-field Diffie-Hellman{prime}"),
            &report.dhe,
            Wish::None,
        ),
    ];
    let mut label = "features";
    let mut plain = Vec::new();
    for (name, support, wish) in &rows {
        let text = format!("{name} {}", word(support));
        let is_odd = match wish {
            Wish::Yes => support.is_no() || matches!(support, ScanSupport::LikelyNo(_)),
            Wish::No => support.is_yes(),
            Wish::None => false,
        };
        if is_odd {
            page.row(Mark::Odd, label, &text);
            label = "";
        } else {
            plain.push(text);
        }
    }
    page.row(Mark::Plain, label, &plain.join(" · "));
}

/// What would be good.
enum Wish {
    Yes,
    No,
    None,
}

fn word(support: &ScanSupport) -> &'static str {
    match support {
        ScanSupport::Yes(_) => "yes",
        ScanSupport::No(_) => "no",
        ScanSupport::LikelyNo(_) => "probably not",
        _ => "?",
    }
}

fn in_a_row(
    version: ProtocolVersion,
    names: &[String],
    preference: &ScanPreference,
    completeness: &ScanCompleteness,
) -> String {
    let names = words::some(names, NAMES);
    let whose = match preference {
        ScanPreference::Server { .. } => "; the server's order decides",
        ScanPreference::Client { .. } => "; the client's order decides",
        _ => "",
    };
    let more = match completeness {
        ScanCompleteness::Partial(cause) => format!("; there may be more ({cause})"),
        _ => String::new(),
    };
    format!("{version}: {names}{whose}{more}")
}
