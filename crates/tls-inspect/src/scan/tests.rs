//! Scans of model servers, compared with what the models are.

mod items;
mod model;
mod proofs;

use self::model::{Habit, Model};
use super::*;
use crate::cause::tests::server::{End, Hello};
use crate::{DowngradeSentinel, HelloProbe, ProtocolVersion};

const VERSIONS: [u16; 5] = [0x0300, 0x0301, 0x0302, 0x0303, 0x0304];

fn full() -> ScanOptions {
    ScanOptions::full([7; 32]).with_budget(2000)
}

fn run(options: ScanOptions, model: &Model) -> ScanReport {
    run_with(options, |hello, number| model.answer(hello, number))
}

/// Scans whatever answers a hello of this number so.
fn run_with(options: ScanOptions, answer: impl Fn(&Hello, usize) -> (Vec<u8>, End)) -> ScanReport {
    let (budget, mut scan) = (options.budget, Scan::new(options));
    while let Some(hello) = scan.next_hello() {
        let number = scan.progress().0 + 1;
        let mut probe = HelloProbe::new(&hello).unwrap();
        let (octets, end) = answer(&Hello::read(probe.output()), number as usize);
        probe.handle_input(&octets);
        match end {
            End::Close => probe.handle_close(),
            End::Reset => probe.handle_reset(),
            End::Silence => probe.handle_timeout(),
        }
        scan.handle_answer(probe.finish());
        let (used, most) = scan.progress();
        assert!(used <= most && most <= budget, "{used} {most}");
    }
    let report = scan.report();
    check_form(&report);
    report
}

/// What holds of every report.
#[track_caller]
fn check_form(report: &ScanReport) {
    assert_eq!(report.connections.len(), report.used as usize);
    #[cfg(feature = "serde")]
    {
        let json = serde_json::to_string(report).unwrap();
        let again: ScanReport = serde_json::from_str(&json).unwrap();
        assert_eq!(again, *report);
    }
}

/// That what is said to be, is, and what is said not to be, is not.
#[track_caller]
fn check_support(name: &str, support: &ScanSupport, truth: bool, context: &impl std::fmt::Debug) {
    match support {
        ScanSupport::Yes(_) => assert!(truth, "{name}: {support} {context:#?}"),
        ScanSupport::No(_) | ScanSupport::LikelyNo(_) => {
            assert!(!truth, "{name}: {support} {context:#?}");
        }
        ScanSupport::Unknown(_) => {}
    }
}

fn numbers(suites: &[CipherSuite]) -> Vec<u16> {
    suites.iter().map(|suite| suite.0).collect()
}

fn sorted(mut list: Vec<u16>) -> Vec<u16> {
    list.sort_unstable();
    list
}

fn spoken(model: &Model) -> Vec<u16> {
    let is_spoken = |&version: &u16| !model.usable(version).is_empty();
    model.versions.iter().copied().filter(is_spoken).collect()
}

/// Nothing of a report is false, whatever the model does.
#[track_caller]
fn check_sound(model: &Model, report: &ScanReport) {
    let context = (model, report);
    let spoken = spoken(model);
    for entry in &report.versions {
        let truth = spoken.contains(&entry.version.0);
        check_support("version", &entry.support, truth, &context);
    }
    for list in &report.cipher_suites {
        let (found, truth) = (numbers(&list.suites), model.usable(list.version.0));
        let is_subset = found.iter().all(|suite| truth.contains(suite));
        assert!(is_subset, "{context:#?}");
        if !matches!(list.completeness, ScanCompleteness::Partial(_)) {
            assert_eq!(sorted(found.clone()), sorted(truth.clone()), "{context:#?}");
        }
        match list.preference {
            ScanPreference::Server { .. } => assert!(model.has_own_order, "{context:#?}"),
            ScanPreference::Client { .. } => assert!(!model.has_own_order, "{context:#?}"),
            ScanPreference::Unknown(_) => assert!(!list.is_ordered, "{context:#?}"),
        }
        if list.is_ordered {
            let mut truth = truth;
            truth.retain(|suite| found.contains(suite));
            assert_eq!(found, truth, "{context:#?}");
        }
    }
    for list in &report.groups {
        let found: Vec<u16> = list.groups.iter().map(|group| group.0).collect();
        let is_subset = found.iter().all(|group| model.groups.contains(group));
        assert!(is_subset, "{context:#?}");
        let is_13 = list.version == ProtocolVersion::TLS_1_3;
        let has_curves = |&suite: &u16| CipherSuite(suite).to_string().contains("_ECDHE_");
        let usable = is_13 || model.usable(list.version.0).iter().any(has_curves);
        if usable && !matches!(list.completeness, ScanCompleteness::Partial(_)) {
            assert_eq!(sorted(found), sorted(model.groups.clone()), "{context:#?}");
        }
    }
    check_rest(model, report);
}

#[track_caller]
fn check_rest(model: &Model, report: &ScanReport) {
    let context = (model, report);
    let check = |name, support, truth| check_support(name, support, truth, &context);
    let features = &report.features;
    check("compression", &features.compression, model.compresses);
    check(
        "renegotiation",
        &features.secure_renegotiation,
        model.renegotiates,
    );
    check(
        "master secret",
        &features.extended_master_secret,
        model.binds,
    );
    check("fallback", &features.fallback_scsv, model.knows_fallback);
    check(
        "client certificate",
        &features.client_certificate,
        model.requests,
    );
    let any = |is_meant: fn(&CipherSuite) -> bool| {
        let spoken = spoken(model)
            .into_iter()
            .filter(|&version| version < 0x0304);
        let usable = spoken.max().map(|version| model.usable(version));
        let mut usable = usable.unwrap_or_default().into_iter().map(CipherSuite);
        usable.any(|suite| is_meant(&suite))
    };
    check(
        "anonymous",
        &features.anonymous,
        any(|suite| suite.is_anonymous()),
    );
    let is_dhe = |suite: &CipherSuite| {
        !suite.is_anonymous() && suite.key_exchange() == Some(crate::SuiteKeyExchange::Dhe)
    };
    check("dhe", &report.dhe, any(is_dhe));
    for certificate in &report.certificates {
        match &certificate.support {
            ScanSupport::Yes(_) if certificate.authentication == ScanAuthentication::Rsa => {
                assert!(model.rsa, "{context:#?}");
            }
            ScanSupport::Yes(_) => assert!(model.ecdsa.is_some(), "{context:#?}"),
            ScanSupport::No(_) if certificate.authentication == ScanAuthentication::Rsa => {
                assert!(!model.rsa || !speaks_with(model, "RSA"), "{context:#?}");
            }
            ScanSupport::No(_) => {
                assert!(
                    model.ecdsa.is_none() || !speaks_with(model, "ECDSA"),
                    "{context:#?}"
                );
            }
            _ => {}
        }
    }
}

/// Whether a certificate of this kind would ever be sent.
fn speaks_with(model: &Model, kind: &str) -> bool {
    let highest = spoken(model)
        .into_iter()
        .filter(|&version| version < 0x0304)
        .max();
    let usable = highest
        .map(|version| model.usable(version))
        .unwrap_or_default();
    let has_kind = |&suite: &u16| {
        CipherSuite(suite)
            .to_string()
            .contains(&format!("_{kind}_"))
    };
    spoken(model).contains(&0x0304) || usable.iter().any(has_kind)
}

/// Of a server that answers whatever it can, all is found.
#[track_caller]
fn check(model: &Model) -> ScanReport {
    let report = run(full(), model);
    check_sound(model, &report);
    assert_eq!(report.stop, ScanStop::Done, "{report:#?}");
    assert!(report.left_undone.is_empty(), "{report:#?}");
    for version in VERSIONS {
        let truth = spoken(model).contains(&version);
        let found = report.version(ProtocolVersion(version));
        assert_eq!(
            found.is_yes(),
            truth,
            "{version:04x} {model:#?} {report:#?}"
        );
        let list = report
            .cipher_suites
            .iter()
            .find(|list| list.version.0 == version);
        let suites = list.map(|list| numbers(&list.suites)).unwrap_or_default();
        let usable = if truth {
            model.usable(version)
        } else {
            Vec::new()
        };
        assert_eq!(
            sorted(suites),
            sorted(usable.clone()),
            "{model:#?} {report:#?}"
        );
        if let Some(list) = list.filter(|_| usable.len() > 1) {
            let is_servers = matches!(list.preference, ScanPreference::Server { .. });
            assert_eq!(is_servers, model.has_own_order, "{report:#?}");
            assert_eq!(list.is_ordered, model.has_own_order, "{report:#?}");
        }
    }
    report
}

fn table() -> Vec<Model> {
    let modern = Model::modern;
    let old = vec![0x0301, 0x0302, 0x0303];
    vec![
        modern(),
        Model {
            has_own_order: false,
            ..modern()
        },
        Model {
            ecdsa: Some(0x0017),
            suites: vec![0xc02b, 0xc02f, 0xc009],
            ..modern()
        },
        Model {
            rsa: false,
            ecdsa: Some(0x0018),
            suites: vec![0xc02c, 0xc02b],
            ..modern()
        },
        Model {
            versions: vec![0x0304],
            groups: vec![0x0018],
            ..modern()
        },
        Model {
            versions: vec![0x0303],
            compresses: true,
            requests: true,
            ..modern()
        },
        Model {
            versions: old.clone(),
            suites: vec![0x0035, 0x002f, 0x0033, 0xc013],
            ..modern()
        },
        Model {
            versions: vec![0x0300],
            suites: vec![0x0005, 0x0004],
            ..modern()
        },
        Model {
            versions: old.clone(),
            suites: vec![0x0003, 0x0001],
            ..modern()
        },
        Model {
            versions: old.clone(),
            suites: vec![0x0034, 0xc018, 0x002f],
            ..modern()
        },
        Model {
            renegotiates: false,
            binds: false,
            knows_fallback: false,
            ..modern()
        },
        Model {
            longest: 1200,
            ..modern()
        },
        Model {
            most_records: 1,
            ..modern()
        },
        Model {
            habit: Habit::Alert(80),
            ..modern()
        },
        Model {
            habit: Habit::Drop(End::Close),
            versions: old,
            ..modern()
        },
        Model {
            habit: Habit::Drop(End::Reset),
            ..modern()
        },
        Model {
            suites: vec![0x002f, 0xc0ac, 0x003b, 0xc02b],
            ecdsa: Some(0x17),
            ..modern()
        },
    ]
}

#[test]
fn all_of_a_server_that_answers_is_found() {
    for model in table() {
        check(&model);
    }
}

#[test]
fn a_server_that_refuses_with_an_alert_is_told_completely() {
    let report = check(&Model::modern());
    let is_complete = |list: &ScannedSuites| list.completeness == ScanCompleteness::Complete;
    assert!(report.cipher_suites.iter().all(is_complete), "{report:#?}");
    assert!(report.version(ProtocolVersion::TLS_1_0).is_no());
    assert_eq!(
        report.features.downgrade,
        Some(DowngradeSentinel::FromTls13)
    );
    assert!(report.tolerance.large.is_yes() && report.tolerance.split.is_yes());
}

#[test]
fn the_common_suites_fit_one_hello_and_the_rest_another() {
    let version = ProtocolVersion::TLS_1_2;
    let chunks = offers::suite_chunks(version);
    let first = chunks.first().unwrap();
    for number in [
        0xc02b, 0xc02f, 0xcca8, 0xc009, 0x009e, 0x0033, 0x002f, 0x000a, 0x0005,
    ] {
        assert!(first.contains(&CipherSuite(number)), "{number:04x}");
    }
    let rest = offers::suites(version).len() - first.len();
    assert!(rest < 192, "{rest}");
}
