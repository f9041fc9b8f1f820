//! The numbered items, and servers at random.

use super::*;
use crate::{AlertDescription, NamedGroup};

#[test]
fn item_43_a_server_that_fails_at_a_long_hello_is_told_by_it() {
    let report = run(
        full(),
        &Model {
            longest: 1200,
            ..Model::modern()
        },
    );
    assert!(report.tolerance.small.is_yes(), "{report:#?}");
    assert!(report.tolerance.large.is_no() && report.tolerance.padded.is_no());
    let drops = Habit::Drop(End::Close);
    let report = run(
        full(),
        &Model {
            longest: 1200,
            habit: drops,
            ..Model::modern()
        },
    );
    assert!(
        matches!(report.tolerance.large, ScanSupport::LikelyNo(_)),
        "{report:#?}"
    );
    let silent = Habit::Drop(End::Silence);
    let report = run(
        full(),
        &Model {
            longest: 1200,
            habit: silent,
            ..Model::modern()
        },
    );
    let expected = ScanSupport::Unknown(ScanUncertainty::TimedOut);
    assert_eq!(report.tolerance.large, expected, "{report:#?}");
}

#[test]
fn item_58_both_certificates_are_found() {
    let suites = vec![0xc02f, 0xc02b];
    let report = check(&Model {
        ecdsa: Some(0x0017),
        suites,
        ..Model::modern()
    });
    for certificate in &report.certificates {
        assert!(certificate.support.is_yes(), "{report:#?}");
        assert_eq!(certificate.chain.len(), 1, "{report:#?}");
    }
}

#[test]
fn item_66_what_no_library_speaks_is_found() {
    let versions = vec![0x0300, 0x0301];
    let report = check(&Model {
        versions,
        suites: vec![0x0005, 0x0016],
        ..Model::modern()
    });
    assert!(report.dhe.is_yes(), "{report:#?}");
    assert_eq!(report.dhe_prime.map(|prime| prime.bits), Some(1024));
}

#[test]
fn item_69_a_mark_shows_a_version_that_asking_did_not() {
    let mut scan = Scan::new(full());
    let model = Model::modern();
    while let Some(hello) = scan.next_hello() {
        if hello.versions.contains(&ProtocolVersion::TLS_1_3) {
            scan.handle_unreachable("no route");
            continue;
        }
        let mut probe = HelloProbe::new(&hello).unwrap();
        probe.handle_input(&model.answer(&Hello::read(probe.output()), 1).0);
        scan.handle_answer(probe.finish());
    }
    let ScanSupport::Yes(evidence) = scan.report().version(ProtocolVersion::TLS_1_3) else {
        panic!("{:#?}", scan.report())
    };
    assert_eq!(
        evidence.seen,
        ScanSight::Downgrade(DowngradeSentinel::FromTls13)
    );
}

#[test]
fn item_70_a_budget_is_kept_and_what_is_left_undone_is_told() {
    for budget in (0..80).step_by(3) {
        let report = run(full().with_budget(budget), &Model::modern());
        check_sound(&Model::modern(), &report);
        assert_eq!(
            (report.used, report.allowed),
            (budget.min(report.used), budget)
        );
        if report.stop == ScanStop::Budget {
            assert_eq!(report.used, budget);
        } else {
            assert_eq!(report.stop, ScanStop::Done);
            assert!(report.left_undone.is_empty());
        }
    }
    let report = run(full().with_budget(7), &Model::modern());
    assert!(
        report.left_undone.contains(&ScanQuestion::Dhe),
        "{report:#?}"
    );
    // Groups are found with no share of any.
    let report = run(
        full(),
        &Model {
            groups: vec![0x0018, 0x0017],
            ..Model::modern()
        },
    );
    let groups = &report.groups.first().unwrap().groups;
    assert_eq!(groups, &[NamedGroup(0x0018), NamedGroup(0x0017)]);
}

#[test]
fn item_71_two_hellos_tell_whose_order_decides() {
    for has_own_order in [true, false] {
        check(&Model {
            has_own_order,
            ..Model::modern()
        });
    }
}

#[test]
fn item_72_only_three_alerts_refuse() {
    for description in [40, 70, 71, 47, 80, 50] {
        let habit = Habit::Alert(description);
        let report = run(
            full(),
            &Model {
                habit,
                groups: vec![0x0018],
                ..Model::modern()
            },
        );
        let list = report
            .cipher_suites
            .iter()
            .find(|list| list.version.0 == 0x0303);
        let expected = match description {
            40 | 70 | 71 => ScanCompleteness::Complete,
            _ => ScanCompleteness::Likely,
        };
        assert_eq!(list.unwrap().completeness, expected, "{description}");
    }
    let mut scan = Scan::new(full());
    scan.next_hello().unwrap();
    scan.handle_refused("421 4.7.0 too\nmany");
    assert_eq!(scan.next_hello(), None);
    let ScanStop::Refused { words } = scan.report().stop else {
        panic!("{:#?}", scan.report())
    };
    assert!(!words.contains('\n') && words.contains("421"));
}

#[test]
fn item_72_a_server_that_comes_to_refuse_everything_is_not_believed() {
    for model in [
        Model::modern(),
        Model {
            rsa: false,
            ecdsa: Some(0x17),
            ..Model::modern()
        },
    ] {
        for habit in [Habit::Alert(40), Habit::Alert(80), Habit::Drop(End::Close)] {
            for until in (0..60).step_by(4) {
                let model = Model {
                    until,
                    habit,
                    ..model.clone()
                };
                let report = run(full(), &model);
                check_sound(&model, &report);
            }
        }
    }
}

#[test]
fn item_73_a_signaling_value_is_never_found() {
    let report = run(full(), &Model::modern());
    let ScanSupport::Yes(evidence) = &report.features.fallback_scsv else {
        panic!("{report:#?}")
    };
    let ScanSight::Alert(alert) = &evidence.seen else {
        panic!("{report:#?}")
    };
    assert_eq!(alert.description, AlertDescription::INAPPROPRIATE_FALLBACK);
    let mut suites = report.cipher_suites.iter().flat_map(|list| &list.suites);
    assert!(suites.all(|suite| suite.is_suite()));
}

#[test]
fn item_74_a_certificate_on_a_rare_curve_is_found() {
    let suites = vec![0xc02b, 0xc02c];
    let model = Model {
        rsa: false,
        ecdsa: Some(0x0019),
        suites,
        ..Model::modern()
    };
    let groups = vec![0x0019, 0x001d];
    let report = check(&Model { groups, ..model });
    assert!(report.certificates[1].support.is_yes(), "{report:#?}");
    // The rest would go only beside its curve, which this server chooses first.
    let list = &report.groups[1];
    assert!(
        matches!(list.completeness, ScanCompleteness::Partial(_)),
        "{report:#?}"
    );
}

/// A generator by Marsaglia: xorshift.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn is(&mut self, in_eight: u64) -> bool {
        self.next() >> 20 & 7 < in_eight
    }

    fn some(&mut self, of: &[u16], in_eight: u64) -> Vec<u16> {
        let mut some: Vec<u16> = of.iter().copied().filter(|_| self.is(in_eight)).collect();
        some.sort_by_cached_key(|_| self.next());
        some
    }

    fn model(&mut self) -> Model {
        // One that refuses everything as another version is not to be told from one of that version.
        let habits = [
            Habit::Alert(40),
            Habit::Alert(40),
            Habit::Alert(71),
            Habit::Alert(80),
            Habit::Drop(End::Close),
            Habit::Drop(End::Reset),
            Habit::Drop(End::Silence),
        ];
        let all = [
            0xc02f, 0xc02b, 0xc030, 0xc013, 0xc009, 0x009e, 0x0033, 0x002f, 0x0035, 0x000a, 0x0034,
            0xc018, 0x003b, 0x0003, 0xc060,
        ];
        let habit = habits[usize::try_from(self.next() >> 20).unwrap() % habits.len()];
        Model {
            versions: self.some(&VERSIONS, 4),
            suites: self.some(&all, 3),
            suites13: self.some(&[0x1301, 0x1302, 0x1303, 0x1304], 6),
            has_own_order: self.is(4),
            groups: self.some(&[0x0017, 0x0018, 0x0019, 0x001d], 5),
            rsa: self.is(6),
            ecdsa: self.is(3).then_some(0x0017),
            dsa: false,
            is_lax: self.is(2),
            chokes: |_| false,
            habit,
            longest: if self.is(1) { 1200 } else { usize::MAX },
            most_records: if self.is(1) { 1 } else { usize::MAX },
            compresses: self.is(2),
            renegotiates: self.is(6),
            binds: self.is(6),
            knows_fallback: self.is(5),
            requests: self.is(2),
            until: if self.is(1) { 12 } else { usize::MAX },
        }
    }
}

#[test]
fn nothing_false_is_said_of_servers_at_random() {
    let mut chance = Chance(0x9e37_79b9_7f4a_7c15);
    for _ in 0..400 {
        let mut model = chance.model();
        if !model.rsa && model.ecdsa.is_none()
            || model.suites13.is_empty()
            || model.groups.is_empty()
        {
            model.versions.retain(|&version| version < 0x0304);
        }
        if model.versions.is_empty() {
            continue;
        }
        let report = run(full(), &model);
        check_sound(&model, &report);
    }
}
