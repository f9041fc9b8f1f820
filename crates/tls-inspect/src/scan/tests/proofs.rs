//! The strongest proof wins, and nothing is proof of more than it shows.

use super::*;
use crate::cause::tests::server::{alert, extension, list16, record, server_hello};
use crate::{NamedGroup, SignatureScheme};

const TLS_1_3: ProtocolVersion = ProtocolVersion::TLS_1_3;
const TLS_1_2: ProtocolVersion = ProtocolVersion::TLS_1_2;
const TLS_1_0: ProtocolVersion = ProtocolVersion::TLS_1_0;

fn offers_only(hello: &Hello, version: u16) -> bool {
    match hello.versions.as_slice() {
        [] => hello.legacy_version == version,
        versions => versions == [version],
    }
}

#[test]
fn common_suites_dropped_and_rare_ones_refused_is_no_proof() {
    for (description, is_proof) in [(40, false), (71, false), (70, true)] {
        let report = run(
            full(),
            &Model {
                habit: Habit::Alert(description),
                chokes: |hello| offers_only(hello, 0x0301) && hello.suites.contains(&0x002f),
                ..Model::modern()
            },
        );
        let found = report.version(TLS_1_0);
        assert_eq!(found.is_no(), is_proof, "{description} {found}");
        let is_likely = matches!(found, ScanSupport::LikelyNo(_));
        assert_eq!(is_likely, !is_proof, "{description} {found}");
    }
}

#[test]
fn a_certificate_whose_suites_are_dropped_is_not_disproved_by_a_refusal_of_tls13() {
    let report = run(
        full(),
        &Model {
            chokes: |hello| hello.suites.contains(&0xc02b) && !hello.suites.contains(&0xc02f),
            ..Model::modern()
        },
    );
    let found = &report.certificates[1].support;
    assert!(matches!(found, ScanSupport::LikelyNo(_)), "{found}");
}

/// An ECDSA-only server's curves, up to TLS 1.2.
#[track_caller]
fn check_curves(model: &Model, expected: &[u16], is_complete: bool) {
    let suites = vec![0xc02b, 0xc02c];
    let model = Model {
        suites: if model.rsa {
            vec![0xc02b, 0xc02f]
        } else {
            suites
        },
        versions: vec![0x0303],
        ..model.clone()
    };
    let report = run(full(), &model);
    check_sound(&model, &report);
    let list = report.groups.iter().find(|list| list.version == TLS_1_2);
    let list = list.unwrap();
    let found: Vec<u16> = list.groups.iter().map(|group| group.0).collect();
    assert_eq!(sorted(found), sorted(expected.to_vec()), "{list:#?}");
    assert_eq!(
        list.completeness == ScanCompleteness::Complete,
        is_complete,
        "{list:#?}"
    );
}

#[test]
fn the_curve_of_an_ecdsa_certificate_hides_no_other() {
    let ecdsa = Model {
        rsa: false,
        ecdsa: Some(0x0017),
        has_own_order: false,
        ..Model::modern()
    };
    let all = [0x001d, 0x0017, 0x0018];
    check_curves(&ecdsa, &all, true);
    let rare = Model {
        ecdsa: Some(0x0019),
        groups: vec![0x0019, 0x001d],
        ..ecdsa.clone()
    };
    check_curves(&rare, &[0x0019, 0x001d], true);
    // A curve of the certificate that is none to agree on keys with is never chosen.
    let apart = Model {
        ecdsa: Some(0x0018),
        groups: vec![0x001d, 0x0017],
        ..ecdsa.clone()
    };
    check_curves(&apart, &[0x001d, 0x0017], true);
    // Its own order puts the curve of the certificate before the rest, so that it is all that shows.
    let own_order = Model {
        has_own_order: true,
        groups: vec![0x001d, 0x0017, 0x0018],
        ..ecdsa.clone()
    };
    check_curves(&own_order, &[0x001d, 0x0017], false);
    let alone = Model {
        groups: vec![0x0017],
        ..ecdsa.clone()
    };
    check_curves(&alone, &[0x0017], false);
    let both = Model {
        rsa: true,
        has_own_order: true,
        groups: vec![0x0017, 0x001d, 0x0018],
        ..ecdsa
    };
    check_curves(&both, &all, true);
}

/// A server that marks its answers, and answers all that offers TLS 1.3 with this alert.
fn marked(description: u8) -> ScanReport {
    let model = Model::modern();
    run_with(full(), |hello, number| match hello.offers(0x0304) {
        true => alert(2, description),
        false => model.answer(hello, number),
    })
}

#[test]
fn item_69_a_mark_outweighs_a_refusal_that_names_no_version() {
    for description in [40, 71, 80] {
        let found = marked(description).version(TLS_1_3);
        assert!(found.is_yes(), "{description}: {found}");
    }
}

#[test]
fn item_69_a_mark_and_a_refusal_of_the_version_are_a_contradiction() {
    let found = marked(70).version(TLS_1_3);
    assert!(found.is_unknown(), "{found}");
}

#[test]
fn item_69_the_lower_mark_shows_the_one_version_if_the_other_is_refused() {
    let model = Model {
        versions: vec![0x0301, 0x0304],
        suites: vec![0x002f],
        ..Model::modern()
    };
    for (description, is_told) in [(40, true), (70, false)] {
        let report = run_with(full(), |hello, number| {
            match (hello.offers(0x0304), hello.legacy_version) {
                (true, _) => alert(2, 70),
                (_, 0x0303) => alert(2, description),
                _ => model.answer(hello, number),
            }
        });
        let [newer, found] = [TLS_1_3, TLS_1_2].map(|version| report.version(version));
        assert_eq!(found.is_yes(), is_told, "{description}: {found}");
        assert_eq!(found.is_unknown(), !is_told, "{description}: {found}");
        assert_eq!(newer.is_unknown(), !is_told, "{description}: {newer}");
    }
}

#[test]
fn a_version_that_was_chosen_anywhere_is_spoken() {
    for habit in [Habit::Drop(End::Close), Habit::Alert(40)] {
        for versions in [vec![0x0303], vec![0x0304]] {
            let model = Model {
                longest: 250,
                habit,
                versions: versions.clone(),
                ..Model::modern()
            };
            let report = run(full(), &model);
            assert!(report.tolerance.small.is_yes(), "{report:#?}");
            let found = report.version(ProtocolVersion(versions[0]));
            assert!(found.is_yes(), "{found}");
        }
    }
}

/// A ServerHello of TLS 1.2 with these extensions.
fn chosen(hello: &Hello, suite: u16, extensions: &[u8]) -> (Vec<u8>, End) {
    let body = server_hello(0x0303, [5; 32], &hello.session_id, suite, extensions);
    (record(22, 0x0303, &body), End::Close)
}

#[test]
fn what_extensions_that_cannot_be_read_would_say_is_not_told() {
    let report = run_with(full(), |hello, _| match offers_only(hello, 0x0303) {
        true => chosen(hello, 0xc02f, &[0, 6, 0, 0, 0, 9, 0, 1]),
        false => alert(2, 70),
    });
    assert!(report.version(TLS_1_2).is_yes(), "{report:#?}");
    let features = &report.features;
    assert!(features.secure_renegotiation.is_unknown(), "{features:#?}");
    assert!(
        features.extended_master_secret.is_unknown(),
        "{features:#?}"
    );
}

#[test]
fn a_version_that_cannot_be_read_is_not_told() {
    let truncated = list16(&extension(43, &[3]));
    let cut_off = [&[0, 40][..], &extension(51, &[0, 0x1d])].concat();
    for extensions in [truncated, cut_off] {
        let report = run_with(full(), |hello, _| match hello.offers(0x0304) {
            true => chosen(hello, 0x1301, &extensions),
            false => alert(2, 70),
        });
        let found = report.version(TLS_1_3);
        assert!(found.is_unknown(), "{found}");
        let found = report.version(TLS_1_2);
        assert!(found.is_no(), "{found}");
    }
}

#[test]
fn an_answer_of_another_version_adds_nothing_to_a_list() {
    let modern = Model::modern();
    let older = Model {
        versions: vec![0x0303],
        groups: vec![0x0019],
        ..Model::modern()
    };
    // After some connections another server answers, as one of a pool may.
    for until in 1..40 {
        let report = run_with(full(), |hello, number| {
            let is_groups = hello.offers(0x0304) && hello.shares.is_empty();
            match is_groups && number > until {
                true => {
                    let mut hello = Hello::read(
                        HelloProbe::new(&ClientHello::small([1; 32]))
                            .unwrap()
                            .output(),
                    );
                    hello.versions.clear();
                    older.answer(&hello, 1)
                }
                false => modern.answer(hello, number),
            }
        });
        for list in &report.groups {
            let is_13 = list.version == TLS_1_3;
            let has_other = list.groups.contains(&NamedGroup(0x0019));
            assert!(!(is_13 && has_other), "{list:#?}");
        }
    }
}

#[test]
fn a_certificate_of_rsa_is_found_by_any_suite_of_rsa() {
    for suite in [
        0x0005, 0x0004, 0x000a, 0x0003, 0x0001, 0x0007, 0x0096, 0x009e,
    ] {
        let report = check(&Model {
            versions: vec![0x0303],
            suites: vec![suite],
            ..Model::modern()
        });
        assert!(report.certificates[0].support.is_yes(), "{suite:04x}");
        assert!(report.certificates[1].support.is_no(), "{suite:04x}");
    }
}

#[test]
fn a_version_is_found_by_any_suite_that_needs_no_secret_shared_before() {
    for suite in CipherSuite::all().filter(|&suite| offers::suites(TLS_1_2).contains(&suite)) {
        let model = Model {
            versions: vec![0x0303],
            suites: vec![suite.0],
            dsa: true,
            ecdsa: Some(0x0017),
            ..Model::modern()
        };
        if model.usable(0x0303).is_empty() {
            continue;
        }
        let report = run(ScanOptions::quick([7; 32]), &model);
        assert!(report.version(TLS_1_2).is_yes(), "{suite} {report:#?}");
    }
}

#[test]
fn a_small_hello_is_taken_by_a_server_of_any_one_common_curve() {
    for group in [0x0017, 0x0018, 0x0019, 0x001d, 0x001e] {
        for versions in [vec![0x0303], vec![0x0304]] {
            let report = run(
                full(),
                &Model {
                    groups: vec![group],
                    versions,
                    ..Model::modern()
                },
            );
            let tolerance = &report.tolerance;
            for support in [&tolerance.small, &tolerance.large, &tolerance.split] {
                assert!(support.is_yes(), "{group:04x} {report:#?}");
            }
        }
    }
}

/// The kinds of key of a server, and whether each is told; `None` for what is not.
#[track_caller]
fn check_keys(model: &Model, expected: [Option<bool>; 2]) {
    let versions = vec![0x0304];
    let model = Model {
        versions,
        ..model.clone()
    };
    let report = run(full(), &model);
    check_sound(&model, &report);
    let told = |certificate: &ScannedCertificate| match certificate.support {
        ScanSupport::Yes(_) => Some(true),
        ScanSupport::No(_) => Some(false),
        _ => None,
    };
    let found: Vec<_> = report.certificates.iter().map(told).collect();
    assert_eq!(found, expected, "{:#?}", report.certificates);
}

#[test]
fn item_58_the_kinds_of_key_of_a_server_of_tls13_are_told_by_what_it_refuses() {
    let rsa = Model::modern();
    let ecdsa = Model {
        rsa: false,
        ecdsa: Some(0x0017),
        ..Model::modern()
    };
    let both = Model {
        ecdsa: Some(0x0017),
        ..Model::modern()
    };
    check_keys(&rsa, [Some(true), Some(false)]);
    check_keys(&ecdsa, [Some(false), Some(true)]);
    check_keys(&both, [Some(true), Some(true)]);
    // Its groups make it ask for another share first.
    let groups = vec![0x0018];
    check_keys(
        &Model {
            groups,
            ..both.clone()
        },
        [Some(true), Some(true)],
    );
    for model in [rsa.clone(), ecdsa, both] {
        let is_lax = true;
        check_keys(&Model { is_lax, ..model }, [None, None]);
    }
    // A refusal that may be of anything shows nothing.
    let habit = Habit::Drop(End::Close);
    check_keys(
        &Model {
            habit,
            ..rsa.clone()
        },
        [None, None],
    );
    for until in 1..40 {
        let model = Model {
            versions: vec![0x0304],
            until,
            is_lax: true,
            ..rsa.clone()
        };
        check_sound(&model, &run(full(), &model));
    }
}

#[test]
fn item_58_the_key_alone_decides_and_not_the_authority() {
    let model = Model {
        versions: vec![0x0304],
        ..Model::modern()
    };
    let asked = std::cell::Cell::new(0);
    run_with(full(), |hello, number| {
        let is_rsa = |scheme: &u16| SignatureScheme(*scheme).to_string().starts_with("rsa_");
        let is_all = hello.schemes.len() > 15;
        if hello.versions == [0x0304] && !is_all {
            assert!(hello.extensions.contains(&50), "{hello:?}");
            asked.set(asked.get() + u32::from(hello.schemes.iter().all(is_rsa)));
        }
        model.answer(hello, number)
    });
    assert_eq!(asked.get(), 1);
}
