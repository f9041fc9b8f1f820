use rcgen::{CertificateParams, GeneralSubtree, NameConstraints};

use super::*;
use crate::pki::{Authority, NOW, common_name, providers};
use crate::{Der, TrustFailureKind as Kind, TrustStore};

fn dns(names: &[&str]) -> Vec<GeneralSubtree> {
    let names = names.iter().copied().map(str::to_owned);
    names.map(GeneralSubtree::DnsName).collect()
}

/// An authority with these constraints, and one of directory names, that the path check does not read.
fn constrained(root: &Authority, permitted: &[&str], excluded: &[&str]) -> Authority {
    let change = |params: &mut CertificateParams| {
        params.name_constraints = Some(constraints(permitted, excluded));
    };
    root.intermediate_with("Intermediate", change)
}

fn constraints(permitted: &[&str], excluded: &[&str]) -> NameConstraints {
    let mut permitted_subtrees = dns(permitted);
    permitted_subtrees.push(GeneralSubtree::DirectoryName(common_name("mx.example.org")));
    NameConstraints {
        permitted_subtrees,
        excluded_subtrees: dns(excluded),
    }
}

#[track_caller]
fn judge(anchors: &[&Der], chain: &[&Der], expected: Kind) {
    let anchors: Vec<Der> = anchors.iter().copied().cloned().collect();
    let store = TrustStore::empty("test").with(&anchors);
    let chain: Vec<Der> = chain.iter().copied().cloned().collect();
    for provider in providers() {
        let verdict = store.judge(&chain, &provider, NOW);
        let kinds: Vec<_> = verdict.failures().iter().map(|one| one.kind).collect();
        assert_eq!(kinds, [expected], "{verdict:?}");
    }
}

#[track_caller]
fn check(names: &[&str], permitted: &[&str], excluded: &[&str], expected: Kind) {
    let root = Authority::root("Root");
    let authority = constrained(&root, permitted, excluded);
    let leaf = authority.leaf(names);
    judge(&[&root.der], &[&leaf.der, &authority.der], expected);
}

#[test]
fn a_name_that_is_not_permitted_is_a_fault_beside_constraints_that_are_not_read() {
    let name = &["mx.example.org"];
    check(name, &["other.example"], &[], Kind::Constraint);
    check(
        name,
        &["other.example", "x.example.org"],
        &[],
        Kind::Constraint,
    );
    check(name, &["MX.example.ORG.example"], &[], Kind::Constraint);
    check(name, &["ample.org"], &[], Kind::Constraint);
    let two = &["mx.example.org", "mx.other.example"];
    check(two, &["example.org"], &[], Kind::Constraint);
    for permitted in [
        &["example.org"][..],
        &["EXAMPLE.org"],
        &["a.example", "org"],
        &[""],
        &[],
    ] {
        check(name, permitted, &[], Kind::Other);
    }
}

#[test]
fn a_name_that_is_excluded_is_a_fault_beside_constraints_that_are_not_read() {
    let name = &["mx.example.org"];
    for excluded in ["mx.example.org", "Example.org", "org", ""] {
        check(name, &[], &[excluded], Kind::Constraint);
        check(name, &["example.org"], &[excluded], Kind::Constraint);
    }
    check(
        name,
        &[],
        &["a.mx.example.org", "ample.org", "other.example"],
        Kind::Other,
    );
}

#[test]
fn a_wildcard_is_outside_only_if_all_that_it_stands_for_is() {
    let name = &["*.example.org"];
    check(name, &["other.example"], &[], Kind::Constraint);
    check(name, &[], &["example.org"], Kind::Constraint);
    for (permitted, excluded) in [
        (&["example.org"][..], &[][..]),
        (&["mx.example.org"], &[]),
        (&[], &["mx.example.org"]),
    ] {
        check(name, permitted, excluded, Kind::Other);
    }
}

/// A leading period is of no form of RFC 5280 §4.2.1.10, and some take it for what is below.
#[test]
fn a_constraint_of_no_known_form_proves_nothing() {
    let outside = |base| is_certainly_outside("mx.example.org", base);
    let inside = |base| is_certainly_inside("mx.example.org", base);
    assert!(outside(Some("other.example")) && inside(Some("example.org")));
    assert!(!outside(None) && !inside(None));
    let bases = |octets: &'static [u8]| subtrees(octets);
    assert_eq!(bases(&[0x30, 4, 0x82, 2, b'a', b'b']), [Some("ab")]);
    assert_eq!(bases(&[0x30, 4, 0x82, 2, b'.', b'b']), [None]);
    assert_eq!(bases(&[0x30, 4, 0x82, 2, b'*', b'b']), [None]);
    assert_eq!(bases(&[0x30, 3, 0x82, 1, 0xff]), [None]);
    // With a minimum, which must not be there.
    assert_eq!(bases(&[0x30, 6, 0x82, 1, b'a', 0x80, 1, 1]), [None]);
    assert_eq!(bases(&[0x30, 2, 0x81, 0]), [None; 0]);
    assert_eq!(bases(&[0x30, 9, 0x82]), [None]);
    assert_eq!(bases(&[0x30, 0]), [None]);
}

#[test]
fn as_long_as_one_path_has_no_such_authority_nothing_is_certain() {
    let root = Authority::root("Root");
    let narrow = constrained(&root, &["other.example"], &[]);
    let wide = root.certify_with(&narrow, "Intermediate", |params| {
        params.name_constraints = Some(constraints(&["example.org"], &[]));
    });
    let leaf = narrow.leaf(&["mx.example.org"]);
    judge(&[&root.der], &[&leaf.der, &narrow.der, &wide], Kind::Other);
    judge(&[&root.der], &[&leaf.der, &wide, &narrow.der], Kind::Other);
    let chain = [&leaf.der, &narrow.der, &narrow.der, &root.der];
    judge(&[&root.der], &chain, Kind::Constraint);
    let unreadable = Der::new([0x30, 0x00]);
    judge(
        &[&root.der],
        &[&leaf.der, &narrow.der, &unreadable],
        Kind::Other,
    );
}

/// The other of the same name did not sign it, which is a fault of that path alone.
#[test]
fn a_path_that_fails_does_not_hide_that_another_could_not_be_checked() {
    let root = Authority::root("Root");
    let other = root.intermediate("Intermediate");
    for (permitted, expected) in [(&["example.org"][..], Kind::Other), (&[], Kind::Other)] {
        let authority = constrained(&root, permitted, &[]);
        let leaf = authority.leaf(&["mx.example.org"]);
        judge(
            &[&root.der],
            &[&leaf.der, &authority.der, &other.der],
            expected,
        );
        judge(
            &[&root.der],
            &[&leaf.der, &other.der, &authority.der],
            expected,
        );
    }
}

#[test]
fn an_authority_higher_up_forbids_as_well_and_an_anchor_does_not() {
    let root = Authority::root("Root");
    let narrow = constrained(&root, &["other.example"], &[]);
    let below = narrow.intermediate("Below");
    let leaf = below.leaf(&["mx.example.org"]);
    judge(
        &[&root.der],
        &[&leaf.der, &below.der, &narrow.der],
        Kind::Constraint,
    );
    let anchor = Authority::root_with("Anchor", |params| {
        params.name_constraints = Some(constraints(&["other.example"], &[]));
    });
    let leaf = anchor.leaf(&["mx.example.org"]);
    judge(&[&anchor.der], &[&leaf.der], Kind::Other);
    judge(&[&anchor.der], &[&leaf.der, &anchor.der], Kind::Other);
}
