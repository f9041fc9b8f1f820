use rcgen::{
    CertificateParams, CrlDistributionPoint, CrlIssuingDistributionPoint, CrlScope,
    ExtendedKeyUsagePurpose, KeyUsagePurpose, RevocationReason, SerialNumber, date_time_ymd,
};

use super::*;
use crate::pki::{Authority, Leaf, NOW, providers};
use crate::trust::Purpose;
use crate::{Profile, TrustFailureKind};

const MX: &[&str] = &["mx.example.org"];

/// The serial number of the leaf of [`World`].
const LEAF: u64 = 7;

/// The serial number of the intermediate of [`World`].
const INTERMEDIATE: u64 = 8;

/// 2026-05-02T00:00:00Z.
const REVOKED_AT: i64 = 1_777_680_000;

/// A root that issued an intermediate that issued a leaf.
struct World {
    root: Authority,
    intermediate: Authority,
    leaf: Leaf,
}

impl World {
    fn new() -> Self {
        Self::with_leaf(|_| {})
    }

    fn with_leaf(change: impl FnOnce(&mut CertificateParams)) -> Self {
        let root = Authority::root("Root");
        let intermediate = root.intermediate_with("Intermediate", |params| {
            params.serial_number = Some(SerialNumber::from(INTERMEDIATE));
        });
        let leaf = intermediate.leaf_with(MX, |params| {
            params.serial_number = Some(SerialNumber::from(LEAF));
            change(params);
        });
        Self {
            root,
            intermediate,
            leaf,
        }
    }

    fn judge(&self, options: &PathOptions, provider: &CryptoProvider) -> TrustVerdict {
        let store = TrustStore::empty("test").with(std::slice::from_ref(&self.root.der));
        let chain = [self.leaf.der.clone(), self.intermediate.der.clone()];
        store.judge_with(&chain, provider, NOW, options)
    }

    #[track_caller]
    fn check(
        &self,
        options: &PathOptions,
        expected: &[(TrustFailureKind, Option<usize>)],
    ) -> Vec<TrustFailure> {
        let mut failures = Vec::new();
        for provider in providers() {
            let verdict = self.judge(options, &provider);
            assert_eq!(verdict.is_trusted(), expected.is_empty(), "{verdict:?}");
            failures = verdict.failures().to_vec();
            let found = failures.iter();
            let found: Vec<_> = found
                .map(|failure| (failure.kind, failure.element))
                .collect();
            assert_eq!(found, expected, "{provider:?}: {failures:?}");
        }
        failures
    }

    /// What comes of a list of the intermediate's beside a good one of the root's.
    #[track_caller]
    fn check_crl(&self, crl: Der, expected: Option<(TrustFailureKind, &str)>) {
        let options = PathOptions::new().with_crls([crl, self.root.crl(&[])]);
        let elements: Vec<_> = expected.iter().map(|(kind, _)| (*kind, Some(0))).collect();
        let failures = self.check(&options, &elements);
        let details = failures.iter().map(|failure| failure.detail.as_str());
        assert!(details.eq(expected.map(|(_, detail)| detail)));
    }
}

#[test]
fn a_path_is_found_for_the_purpose_asked_for() {
    let server = World::new();
    let client = World::with_leaf(|params| {
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    });
    let for_client = PathOptions::new().with_purpose(Purpose::Client);
    let wrong = [(Kind::InvalidPurpose, Some(0))];
    server.check(&PathOptions::new(), &[]);
    server.check(&for_client, &wrong);
    client.check(&for_client, &[]);
    client.check(&PathOptions::new(), &wrong);
}

#[test]
fn a_path_has_no_more_intermediates_than_asked_for() {
    let world = World::new();
    world.check(&PathOptions::new().with_max_intermediates(1), &[]);
    let failures = world.check(
        &PathOptions::new().with_max_intermediates(0),
        &[(Kind::PathTooLong, None)],
    );
    assert_eq!(
        failures[0].detail,
        "1 intermediates, where at most 0 are allowed"
    );
}

#[test]
fn a_shorter_path_is_taken_where_the_longer_one_is_not_allowed() {
    let root = Authority::root("Root");
    let direct = Authority::root("Other");
    // The same authority and key, certified by the root too.
    let cross = root.certify(&direct, "Other");
    let leaf = direct.leaf(MX);
    let chain = [leaf.der, cross];
    let store = TrustStore::empty("test").with(&[root.der.clone(), direct.der.clone()]);
    let only_long = TrustStore::empty("test").with(std::slice::from_ref(&root.der));
    let options = PathOptions::new().with_max_intermediates(0);
    for provider in providers() {
        assert!(
            store
                .judge_with(&chain, &provider, NOW, &options)
                .is_trusted()
        );
        assert!(only_long.judge(&chain, &provider, NOW).is_trusted());
        let verdict = only_long.judge_with(&chain, &provider, NOW, &options);
        assert_eq!(verdict.failures()[0].kind, Kind::PathTooLong, "{verdict:?}");
    }
}

#[test]
fn conformity_is_asked_for_and_not_assumed() {
    let world = World::with_leaf(|params| params.use_authority_key_identifier_extension = false);
    world.check(&PathOptions::new(), &[]);
    let options = PathOptions::new().with_conformity(Profile::Rfc5280);
    let failures = world.check(&options, &[(Kind::Nonconforming, Some(0))]);
    assert_eq!(failures[0].detail, "no authority key identifier");
    World::new().check(&options, &[]);
}

#[test]
fn the_baseline_requirements_include_rfc_5280_and_not_the_other_way_round() {
    let no_usage = World::with_leaf(|params| params.extended_key_usages.clear());
    let no_key_id = World::with_leaf(|params| {
        params.use_authority_key_identifier_extension = false;
    });
    let baseline = PathOptions::new().with_conformity(Profile::BaselineRequirements);
    let refused = [(Kind::Nonconforming, Some(0))];
    World::new().check(&baseline, &[]);
    no_usage.check(&baseline, &refused);
    no_key_id.check(&baseline, &refused);
    let rfc = PathOptions::new().with_conformity(Profile::Rfc5280);
    no_usage.check(&rfc, &[]);
}

#[test]
fn lists_of_every_issuer_prove_that_nothing_was_revoked() {
    let world = World::new();
    let crls = [
        world.intermediate.crl(&[(99, None)]),
        world.root.crl(&[(LEAF, None)]),
    ];
    world.check(&PathOptions::new().with_crls(crls), &[]);
}

#[test]
fn a_revoked_certificate_is_told_with_time_and_reason() {
    let world = World::new();
    let reason = Some(RevocationReason::KeyCompromise);
    let crls = [
        world.intermediate.crl(&[(LEAF, reason)]),
        world.root.crl(&[]),
    ];
    let failures = world.check(
        &PathOptions::new().with_crls(crls),
        &[(Kind::Revoked, Some(0))],
    );
    let revocation = failures[0].revocation.unwrap();
    assert_eq!(revocation.time, REVOKED_AT);
    assert_eq!(
        revocation.reason,
        Some(crate::RevocationReason::KEY_COMPROMISE)
    );
    assert_eq!(
        failures[0].detail,
        "revoked at 1777680000, reason keyCompromise (1)"
    );
}

#[test]
fn a_revoked_intermediate_is_told_beside_an_unknown_leaf() {
    let world = World::new();
    let options = PathOptions::new().with_crls([world.root.crl(&[(INTERMEDIATE, None)])]);
    let both = [(Kind::RevocationUnknown, Some(0)), (Kind::Revoked, Some(1))];
    let failures = world.check(&options, &both);
    assert_eq!(failures[0].detail, "no revocation list of its issuer");
    assert_eq!(failures[1].revocation.unwrap().reason, None);
}

#[test]
fn a_list_that_does_not_count_leaves_the_status_unknown() {
    use TrustFailureKind::{RevocationUnknown, Revoked};

    let world = World::new();
    let issuer = &world.intermediate;
    let unknown = |detail| Some((RevocationUnknown, detail));
    world.check_crl(issuer.crl(&[]), None);
    world.check_crl(
        Der::new([0x30, 0x00]),
        unknown("no revocation list of its issuer, and 1 that cannot be read"),
    );
    let impostor = Authority::root("Intermediate");
    world.check_crl(
        impostor.crl(&[(LEAF, None)]),
        unknown("revocation list not signed with its issuer's key"),
    );
    let early = issuer.crl_with(&[(LEAF, None)], |params| {
        params.this_update = date_time_ymd(2026, 6, 2);
    });
    let detail = "revocation list issued only 86400 s later";
    world.check_crl(early, unknown(detail));
    let late = |revoked: &[_]| {
        issuer.crl_with(revoked, |params| {
            params.next_update = date_time_ymd(2026, 5, 31);
        })
    };
    let detail = "revocation list out of date since 86400 s, which does not have the certificate";
    world.check_crl(late(&[]), unknown(detail));
    // What was revoked stays so, unless it was on hold.
    let detail = "revoked at 1777680000, no reason given";
    world.check_crl(late(&[(LEAF, None)]), Some((Revoked, detail)));
    let hold = Some(RevocationReason::CertificateHold);
    let detail = "revocation list out of date since 86400 s, which has the certificate on hold";
    world.check_crl(late(&[(LEAF, hold)]), unknown(detail));
    let detail = "revoked at 1777680000, reason certificateHold (6)";
    world.check_crl(issuer.crl(&[(LEAF, hold)]), Some((Revoked, detail)));
}

#[test]
fn a_list_counts_for_what_it_covers() {
    let uri = "http://crl.example.org/1";
    let world = World::with_leaf(|params| {
        params.crl_distribution_points = vec![CrlDistributionPoint {
            uris: vec![uri.to_owned()],
        }];
    });
    let list = |uri: &str, scope| {
        world.intermediate.crl_with(&[], |params| {
            params.issuing_distribution_point = Some(CrlIssuingDistributionPoint {
                distribution_point: CrlDistributionPoint {
                    uris: vec![uri.to_owned()],
                },
                scope,
            });
        })
    };
    let outside = |detail| Some((Kind::RevocationUnknown, detail));
    world.check_crl(list(uri, None), None);
    world.check_crl(list(uri, Some(CrlScope::UserCertsOnly)), None);
    world.check_crl(
        list(uri, Some(CrlScope::CaCertsOnly)),
        outside("the revocation list is about certificates of authorities only"),
    );
    world.check_crl(
        list("http://crl.example.org/2", None),
        outside("the certificate names no distribution point of the revocation list"),
    );
}

#[test]
fn a_list_of_an_issuer_that_may_not_sign_one_does_not_count() {
    // A key usage without cRLSign, of an intermediate and of an anchor.
    let no_sign = |params: &mut CertificateParams| {
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    };
    let root = Authority::root_with("Root", no_sign);
    let intermediate = root.intermediate_with("Intermediate", no_sign);
    let leaf = intermediate.leaf(MX);
    let crls = [
        root.forbidden_crl("Root"),
        intermediate.forbidden_crl("Intermediate"),
    ];
    let options = PathOptions::new().with_crls(crls);
    let world = World {
        root,
        intermediate,
        leaf,
    };
    let both = [
        (Kind::RevocationUnknown, Some(0)),
        (Kind::RevocationUnknown, Some(1)),
    ];
    for failure in world.check(&options, &both) {
        assert_eq!(failure.detail, "its issuer may not sign revocation lists");
    }
}

#[test]
fn an_expired_certificate_does_not_hide_that_it_was_revoked() {
    let world = World::with_leaf(|params| {
        params.not_before = date_time_ymd(2026, 1, 1);
        params.not_after = date_time_ymd(2026, 5, 20);
    });
    let crls = [world.intermediate.crl(&[(LEAF, None)]), world.root.crl(&[])];
    let both = [(Kind::Revoked, Some(0)), (Kind::Expired, Some(0))];
    world.check(&PathOptions::new().with_crls(crls), &both);
}

#[test]
fn a_list_cut_off_anywhere_never_proves_anything() {
    let world = World::new();
    let whole = world.intermediate.crl(&[(LEAF, None)]);
    let provider = providers().remove(0);
    for length in 0..whole.as_bytes().len() {
        let cut = Der::new(&whole.as_bytes()[..length]);
        let options = PathOptions::new().with_crls([cut, world.root.crl(&[])]);
        let verdict = world.judge(&options, &provider);
        let kinds = verdict.failures().iter().map(|failure| failure.kind);
        assert!(kinds.eq([Kind::RevocationUnknown]), "{length}: {verdict:?}");
    }
}

#[test]
fn only_so_many_lists_are_used() {
    let world = World::new();
    let other = Authority::root("Other").crl(&[]);
    let fillers = std::iter::repeat_n(other, PathOptions::MAX_CRLS - 1);
    let good = [world.intermediate.crl(&[]), world.root.crl(&[])];
    let options = PathOptions::new().with_crls(fillers.chain(good));
    world.check(&options, &[(Kind::RevocationUnknown, Some(1))]);
}

#[test]
fn a_hold_that_a_newer_list_has_lifted_is_over() {
    let world = World::new();
    let hold = || [(LEAF, Some(RevocationReason::CertificateHold))];
    let newer = |entries: &[(u64, Option<RevocationReason>)]| {
        world.intermediate.crl_with(entries, |params| {
            params.this_update = date_time_ymd(2026, 5, 20);
            params.crl_number = SerialNumber::from(2_u64);
        })
    };
    for provider in providers() {
        let judge = |lists: [Der; 2]| {
            let lists = lists.into_iter().chain([world.root.crl(&[])]);
            world.judge(&PathOptions::new().with_crls(lists), &provider)
        };
        let lifted = [world.intermediate.crl(&hold()), newer(&[])];
        assert!(judge(lifted).is_trusted());
        for put in [
            [newer(&hold()), world.intermediate.crl(&[])],
            [newer(&[]), newer(&hold())],
            [newer(&hold()), newer(&[])],
        ] {
            let verdict = judge(put);
            assert_eq!(verdict.failures()[0].kind, TrustFailureKind::Revoked);
        }
    }
}

#[test]
fn a_search_that_ended_early_does_not_say_revoked() {
    let world = World::new();
    let other = Authority::root("Other");
    let cross = other.certify(&world.intermediate, "Intermediate");
    let store = TrustStore::empty("test").with(&[world.root.der.clone(), other.der.clone()]);
    let options = PathOptions::new().with_crls([
        world.intermediate.crl(&[]),
        world.root.crl(&[(INTERMEDIATE, None)]),
        other.crl(&[]),
    ]);
    let mut chain = vec![world.leaf.der.clone(), world.intermediate.der.clone()];
    // So many that the search ends before it comes to the last.
    chain.extend((0..10).map(|_| Authority::root("Intermediate").der));
    chain.push(cross);
    for provider in providers() {
        let verdict = store.judge_with(&chain, &provider, NOW, &options);
        let kinds: Vec<_> = verdict
            .failures()
            .iter()
            .map(|failure| failure.kind)
            .collect();
        assert!(!kinds.contains(&TrustFailureKind::Revoked), "{verdict:?}");
        assert!(!verdict.is_trusted(), "{verdict:?}");
    }
}
