use rcgen::{
    CertificateParams, CustomExtension, ExtendedKeyUsagePurpose, GeneralSubtree, IsCa,
    NameConstraints, date_time_ymd,
};

use super::*;
use crate::pki::{
    Authority, DAY, NOW, common_name, critical_extension, information_access, providers,
    self_signed_leaf,
};

const MX: &[&str] = &["mx.example.org"];

fn store(anchors: &[&Authority]) -> TrustStore {
    let anchors: Vec<Der> = anchors
        .iter()
        .map(|authority| authority.der.clone())
        .collect();
    TrustStore::empty("test").with(&anchors)
}

#[track_caller]
fn trusted(store: &TrustStore, chain: &[&Der], expected_path: &[usize]) {
    let chain: Vec<Der> = chain.iter().copied().cloned().collect();
    for provider in providers() {
        match store.judge(&chain, &provider, NOW) {
            TrustVerdict::Trusted { path, .. } => assert_eq!(path, expected_path, "{provider:?}"),
            verdict => panic!("{provider:?}: {verdict:?}"),
        }
    }
}

#[track_caller]
fn untrusted(
    store: &TrustStore,
    chain: &[&Der],
    expected: &[(TrustFailureKind, Option<usize>)],
) -> Vec<TrustFailure> {
    let chain: Vec<Der> = chain.iter().copied().cloned().collect();
    let mut failures = Vec::new();
    for provider in providers() {
        failures = store.judge(&chain, &provider, NOW).failures().to_vec();
        let found: Vec<_> = failures
            .iter()
            .map(|failure| (failure.kind, failure.element))
            .collect();
        assert_eq!(found, expected, "{provider:?}: {failures:?}");
    }
    failures
}

fn expired(params: &mut CertificateParams) {
    params.not_before = date_time_ymd(2026, 1, 1);
    params.not_after = date_time_ymd(2026, 5, 1);
}

fn not_yet_valid(params: &mut CertificateParams) {
    params.not_before = date_time_ymd(2026, 8, 1);
    params.not_after = date_time_ymd(2026, 12, 1);
}

#[test]
fn a_healthy_chain_is_trusted() {
    let root = Authority::root("Root");
    let intermediate = root.intermediate("Intermediate");
    let leaf = intermediate.leaf(MX);
    trusted(&store(&[&root]), &[&leaf.der, &intermediate.der], &[0, 1]);
    let chain = [leaf.der, intermediate.der];
    for provider in providers() {
        let verdict = store(&[&root]).judge(&chain, &provider, NOW);
        let TrustVerdict::Trusted { anchor, .. } = verdict else {
            panic!("{verdict:?}")
        };
        assert_eq!(anchor, "CN=Root");
    }
}

#[test]
fn order_duplicates_roots_and_extras_do_not_matter() {
    let root = Authority::root("Root");
    let upper = root.intermediate("Upper");
    let lower = upper.intermediate("Lower");
    let leaf = lower.leaf(MX);
    let other = Authority::root("Other");
    let store = store(&[&root]);
    trusted(&store, &[&leaf.der, &upper.der, &lower.der], &[0, 2, 1]);
    trusted(
        &store,
        &[&leaf.der, &lower.der, &lower.der, &upper.der],
        &[0, 1, 3],
    );
    trusted(
        &store,
        &[&leaf.der, &other.der, &lower.der, &upper.der, &root.der],
        &[0, 2, 3],
    );
}

#[test]
fn an_expired_extra_beside_a_valid_path_does_not_matter() {
    let root = Authority::root("Root");
    let old = Authority::root_with("Old Root", expired);
    let leaf = root.leaf(MX);
    trusted(&store(&[&root]), &[&leaf.der, &old.der], &[0]);
}

#[test]
fn time_failures_name_their_element() {
    use TrustFailureKind::{Expired, NotYetValid};

    let root = Authority::root("Root");
    let store = store(&[&root]);
    untrusted(
        &store,
        &[&root.leaf_with(MX, expired).der],
        &[(Expired, Some(0))],
    );
    untrusted(
        &store,
        &[&root.leaf_with(MX, not_yet_valid).der],
        &[(NotYetValid, Some(0))],
    );
    let intermediate = root.intermediate_with("Intermediate", |params| {
        params.not_after = date_time_ymd(2026, 5, 1);
    });
    let leaf = intermediate.leaf(MX);
    untrusted(
        &store,
        &[&leaf.der, &intermediate.der],
        &[(Expired, Some(1))],
    );
}

#[test]
fn an_expired_certificate_does_not_hide_an_unknown_issuer() {
    use TrustFailureKind::{Expired, MissingIntermediate, SelfSigned};

    let root = Authority::root("Root");
    let intermediate = root.intermediate("Intermediate");
    let leaf = intermediate.leaf_with(MX, expired);
    let both = [(MissingIntermediate, Some(0)), (Expired, Some(0))];
    untrusted(&store(&[&root]), &[&leaf.der], &both);
    let own = self_signed_leaf(MX, expired);
    untrusted(
        &store(&[&root]),
        &[&own.der],
        &[(SelfSigned, Some(0)), (Expired, Some(0))],
    );
}

#[test]
fn certificates_never_valid_together_do_not_hide_an_unknown_root() {
    use TrustFailureKind::{Expired, UnknownRoot};

    let root = Authority::root("Root");
    let intermediate = root.intermediate_with("Intermediate", |params| {
        params.not_after = date_time_ymd(2021, 1, 1);
    });
    let leaf = intermediate.leaf(MX);
    let chain = [&leaf.der, &intermediate.der];
    untrusted(&store(&[&root]), &chain, &[(Expired, Some(1))]);
    let both = [(UnknownRoot, Some(1)), (Expired, Some(1))];
    untrusted(&store(&[&Authority::root("Other")]), &chain, &both);
}

#[test]
fn causes_of_an_unknown_issuer_are_told_apart() {
    use TrustFailureKind::{MissingIntermediate, SelfSigned, UnknownRoot};

    let root = Authority::root("Root");
    let intermediate = root.intermediate("Intermediate");
    let leaf = intermediate.leaf(MX);
    let failures = untrusted(
        &store(&[&root]),
        &[&leaf.der],
        &[(MissingIntermediate, Some(0))],
    );
    assert_eq!(failures[0].issuer.as_deref(), Some("CN=Intermediate"));

    let other = store(&[&Authority::root("Other")]);
    let failures = untrusted(
        &other,
        &[&leaf.der, &intermediate.der],
        &[(UnknownRoot, Some(1))],
    );
    assert_eq!(failures[0].issuer.as_deref(), Some("CN=Root"));
    untrusted(
        &other,
        &[&leaf.der, &intermediate.der, &root.der],
        &[(UnknownRoot, Some(2))],
    );

    let own = self_signed_leaf(MX, |_| {});
    untrusted(&other, &[&own.der], &[(SelfSigned, Some(0))]);
    untrusted(
        &TrustStore::empty("none"),
        &[&own.der],
        &[(SelfSigned, Some(0))],
    );
}

#[test]
fn item_54_a_missing_intermediate_is_told_with_its_key_and_where_it_can_be_had() {
    let root = Authority::root("Root");
    let intermediate = root.intermediate("Intermediate");
    let long = format!("http://ca.example.org/{}", "a".repeat(2048));
    let leaf = intermediate.leaf_with(MX, |params| {
        params.custom_extensions = vec![information_access(&[
            (1, "http://ocsp.example.org/"),
            (2, "ldap://ca.example.org/"),
            (2, "http://ca.example.org/a b"),
            (2, &long),
            (2, "http://ca.example.org/1.der"),
            (2, "HTTPS://ca.example.org/2.der"),
            (2, "http://ca.example.org/3.der"),
            (2, "http://ca.example.org/4.der"),
            (2, "http://ca.example.org/5.der"),
        ])];
    });
    let failures = untrusted(
        &store(&[&root]),
        &[&leaf.der],
        &[(TrustFailureKind::MissingIntermediate, Some(0))],
    );
    let missing = failures[0].missing.as_ref().unwrap();
    let expected = crate::Certificate::parse(intermediate.der.as_bytes()).unwrap();
    assert_eq!(missing.key_id, expected.subject_key_id);
    assert_eq!(
        missing.urls,
        [
            "http://ca.example.org/1.der",
            "HTTPS://ca.example.org/2.der",
            "http://ca.example.org/3.der",
            "http://ca.example.org/4.der",
        ]
    );
}

#[test]
fn a_root_that_was_sent_is_not_missing() {
    let root = Authority::root("Root");
    let leaf = root.leaf(MX);
    let failures = untrusted(
        &store(&[&Authority::root("Other")]),
        &[&leaf.der, &root.der],
        &[(TrustFailureKind::UnknownRoot, Some(1))],
    );
    assert_eq!(failures[0].missing, None);
}

#[test]
fn an_anchor_that_allows_no_authority_below_it_is_none_for_most_senders() {
    let narrow = Authority::root_with("Root", |params| {
        params.is_ca = IsCa::Ca(rcgen::BasicConstraints::Constrained(0));
    });
    let intermediate = narrow.intermediate("Intermediate");
    let chain = [&intermediate.leaf(MX).der, &intermediate.der];
    untrusted(
        &store(&[&narrow]),
        &chain,
        &[(TrustFailureKind::Other, None)],
    );
    trusted(&store(&[&narrow]), &[&narrow.leaf(MX).der], &[0]);
    // The position of one that cannot serve as an anchor is the next one's.
    let junk = Der::new([1, 2, 3]);
    let mixed = TrustStore::empty("test").with(&[junk, narrow.der.clone()]);
    untrusted(&mixed, &chain, &[(TrustFailureKind::Other, None)]);
}

#[test]
fn an_anchor_of_the_same_name_and_another_key_is_no_issuer() {
    let root = Authority::root("Root");
    let impostor = Authority::root("Root");
    let leaf = impostor.leaf(MX);
    untrusted(
        &store(&[&root]),
        &[&leaf.der],
        &[(TrustFailureKind::BadSignature, Some(0))],
    );
}

#[test]
fn an_issuer_of_another_key_identifier_is_none_for_most_senders() {
    let root = Authority::root("Root");
    let leaf = root.leaf(MX);
    // The same name and key, certified again with an identifier of another make.
    let again = root.renamed(|params| {
        params.key_identifier_method = rcgen::KeyIdMethod::PreSpecified(vec![7; 20]);
    });
    let other = store_of(std::slice::from_ref(&again));
    untrusted(&other, &[&leaf.der], &[(TrustFailureKind::Other, Some(0))]);
    trusted(&store_of(&[again, root.der.clone()]), &[&leaf.der], &[0]);
}

fn store_of(anchors: &[Der]) -> TrustStore {
    TrustStore::empty("test").with(anchors)
}

#[test]
fn a_tampered_certificate_is_badly_signed() {
    let root = Authority::root("Root");
    let intermediate = root.intermediate("Intermediate");
    let leaf = intermediate.leaf(MX);
    let mut octets = leaf.der.as_bytes().to_vec();
    let at = octets
        .windows(4)
        .position(|window| window == b"mx.e")
        .unwrap();
    octets[at] = b'x';
    let tampered = Der::new(octets);
    let expected = [(TrustFailureKind::BadSignature, Some(0))];
    untrusted(&store(&[&root]), &[&tampered, &intermediate.der], &expected);
}

#[test]
fn a_path_to_an_anchor_that_is_out_of_date_gives_way_to_another() {
    let old = Authority::root_with("Root", expired);
    let leaf = old.leaf(MX);
    let expected = [(TrustFailureKind::AnchorOutOfDate, None)];
    untrusted(&store(&[&old]), &[&leaf.der], &expected);
    let other = Authority::root("Other");
    let cross = other.certify(&old, "Root");
    trusted(&store(&[&old, &other]), &[&leaf.der, &cross], &[0, 1]);
}

#[test]
fn an_anchor_that_is_out_of_date_hides_no_other_fault() {
    use TrustFailureKind::{AnchorOutOfDate, NotCa};

    let old = Authority::root_with("Root", expired);
    let crls_only = old.intermediate_with("CRLs only", |params| {
        params.key_usages = vec![rcgen::KeyUsagePurpose::CrlSign];
    });
    let leaf = crls_only.leaf(MX);
    let expected = [(NotCa, Some(1)), (AnchorOutOfDate, None)];
    untrusted(&store(&[&old]), &[&leaf.der, &crls_only.der], &expected);
}

#[test]
fn a_certificate_for_clients_only_has_the_wrong_purpose() {
    let root = Authority::root("Root");
    let leaf = root.leaf_with(MX, |params| {
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    });
    let expected = [(TrustFailureKind::InvalidPurpose, Some(0))];
    untrusted(&store(&[&root]), &[&leaf.der], &expected);
    let unrestricted = root.leaf_with(MX, |params| params.extended_key_usages.clear());
    trusted(&store(&[&root]), &[&unrestricted.der], &[0]);
}

#[test]
fn an_end_entity_certificate_cannot_issue() {
    let root = Authority::root("Root");
    let not_ca = root.intermediate_with("Not CA", |params| params.is_ca = IsCa::ExplicitNoCa);
    let leaf = not_ca.leaf(MX);
    let expected = [(TrustFailureKind::NotCa, Some(1))];
    untrusted(&store(&[&root]), &[&leaf.der, &not_ca.der], &expected);
}

#[test]
fn an_authority_whose_key_usages_have_no_certificates_cannot_issue() {
    let root = Authority::root("Root");
    let crls_only = root.intermediate_with("CRLs only", |params| {
        params.key_usages = vec![rcgen::KeyUsagePurpose::CrlSign];
    });
    let leaf = crls_only.leaf(MX);
    let expected = [(TrustFailureKind::NotCa, Some(1))];
    untrusted(&store(&[&root]), &[&leaf.der, &crls_only.der], &expected);
    let any = root.intermediate_with("Any", |params| params.key_usages.clear());
    let leaf = any.leaf(MX);
    trusted(&store(&[&root]), &[&leaf.der, &any.der], &[0, 1]);
}

#[test]
fn an_authority_as_end_entity_is_told_apart() {
    use TrustFailureKind::{CaAsEndEntity, SelfSigned};

    let root = Authority::root("Root");
    let intermediate = root.intermediate("Intermediate");
    untrusted(
        &store(&[&root]),
        &[&intermediate.der],
        &[(CaAsEndEntity, Some(0))],
    );
    let own = Authority::root("mx.example.org");
    let both = [(SelfSigned, Some(0)), (CaAsEndEntity, Some(0))];
    untrusted(&store(&[&root]), &[&own.der], &both);
}

#[test]
fn what_cannot_be_read_or_understood_is_malformed() {
    use TrustFailureKind::{Malformed, NoCertificate};

    let root = Authority::root("Root");
    let store = store(&[&root]);
    untrusted(&store, &[], &[(NoCertificate, None)]);
    untrusted(&store, &[&Der::new([0x30, 0x00])], &[(Malformed, Some(0))]);
    let odd = root.leaf_with(MX, |params| {
        params.custom_extensions = vec![critical_extension()];
    });
    untrusted(&store, &[&odd.der], &[(Malformed, Some(0))]);
}

/// Of what OpenSSL accepts too, all of it of its kind.
#[test]
fn what_only_this_path_check_refuses_is_no_fault_of_the_chain() {
    use TrustFailureKind::{Constraint, Malformed, Other};

    let policies = || {
        let oid = [0x30, 10, 0x30, 8, 6, 6, 0x67, 0x81, 0x0c, 1, 2, 1];
        let mut policies = CustomExtension::from_oid_content(&[2, 5, 29, 32], oid.to_vec());
        policies.set_criticality(true);
        policies
    };
    let root = Authority::root("Root");
    let check = |extensions: Vec<CustomExtension>, names: Vec<GeneralSubtree>, kind| {
        let authority = root.intermediate_with("Intermediate", |params| {
            params.custom_extensions = extensions;
            params.name_constraints = (!names.is_empty()).then_some(NameConstraints {
                permitted_subtrees: names,
                excluded_subtrees: Vec::new(),
            });
        });
        let leaf = authority.leaf(MX);
        untrusted(
            &store(&[&root]),
            &[&leaf.der, &authority.der],
            &[(kind, None)],
        );
    };
    check(vec![policies()], Vec::new(), Other);
    check(
        vec![policies(), critical_extension()],
        Vec::new(),
        Malformed,
    );
    let directory = GeneralSubtree::DirectoryName(common_name("mx.example.org"));
    let host = GeneralSubtree::DnsName("other.example".to_owned());
    check(Vec::new(), vec![directory.clone()], Other);
    check(Vec::new(), vec![host.clone()], Constraint);

    let constraints = NameConstraints {
        permitted_subtrees: vec![directory],
        excluded_subtrees: Vec::new(),
    };
    let narrow = Authority::root_with("Narrow", |params| {
        params.name_constraints = Some(constraints);
    });
    untrusted(
        &store(&[&narrow]),
        &[&narrow.leaf(MX).der],
        &[(Other, None)],
    );
}

#[test]
fn a_key_that_cannot_be_checked_is_no_bad_signature() {
    let pem = include_bytes!("../../tests/data/rsa1024-issuer.pem");
    let chain = TrustStore::certificates_from_pem(pem).unwrap();
    let store = TrustStore::from_der("weak", &chain[1..]).unwrap();
    for count in [1, 2] {
        for provider in providers() {
            let verdict = store.judge(&chain[..count], &provider, NOW + 365 * DAY);
            let [failure] = verdict.failures() else {
                panic!("{verdict:?}")
            };
            assert_eq!(failure.kind, TrustFailureKind::UnsupportedAlgorithm);
            assert!(failure.detail.contains("1024"), "{failure:?}");
        }
    }
}

#[test]
fn a_bundle_of_unrelated_roots_is_judged_in_bounded_time() {
    let root = Authority::root("Root");
    let leaf = root.leaf(MX);
    let same_name: Vec<Authority> = (0..100).map(|_| Authority::root("Root")).collect();
    let mut chain = vec![&leaf.der];
    chain.extend(same_name.iter().map(|authority| &authority.der));
    trusted(&store(&[&root]), &chain, &[0]);
}

#[test]
fn stores_are_made_of_pem_and_der() {
    let root = Authority::root("Root");
    let junk = Der::new([1, 2, 3]);
    let store = TrustStore::from_der("mixed", &[junk.clone(), root.der.clone()]).unwrap();
    assert_eq!((store.len(), store.rejected()), (1, &[0][..]));
    let error = TrustStore::from_der("junk", &[junk]).unwrap_err();
    assert_eq!(error.kind(), TrustStoreErrorKind::NoAnchor);
    assert_eq!(
        error.to_string(),
        "expected a certificate that can serve as an anchor, found 1 others"
    );

    let pem = include_bytes!("../../tests/data/example.pem");
    assert_eq!(TrustStore::from_pem("pem", pem).unwrap().len(), 1);
    let cut = &pem[..pem.len() / 2];
    let error = TrustStore::from_pem("cut", cut).unwrap_err();
    assert_eq!(error.kind(), TrustStoreErrorKind::NotPem);
}

#[test]
fn an_anchor_keeps_its_name() {
    let names = TrustStore::webpki_roots();
    let names: Vec<String> = names.anchors().iter().map(store::anchor_name).collect();
    let isrg = "CN=ISRG Root X1,O=Internet Security Research Group,C=US";
    assert!(names.iter().any(|name| name == isrg), "{names:?}");
}

#[test]
fn stores_side_by_side_say_what_each_says_alone() {
    let root = Authority::root("Root");
    let leaf = root.leaf(MX);
    let chain = [leaf.der];
    let stores = [
        store(&[&root]),
        TrustStore::empty("none"),
        store(&[&Authority::root("Other")]),
    ];
    for provider in providers() {
        let options = PathOptions::new();
        let found = judge_side_by_side(&stores, &chain, &provider, NOW, &options);
        let alone = stores.iter().map(|store| StoreVerdict {
            store: store.name().to_owned(),
            verdict: store.judge(&chain, &provider, NOW),
        });
        assert_eq!(found, alone.collect::<Vec<_>>());
        let trusted = found.iter().map(|one| one.verdict.is_trusted());
        assert!(trusted.eq([true, false, false]), "{found:?}");
    }
    let none = judge_side_by_side(&[], &chain, &providers()[0], NOW, &PathOptions::new());
    assert!(none.is_empty());
}
