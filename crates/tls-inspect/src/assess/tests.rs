use rcgen::{ExtendedKeyUsagePurpose, KeyUsagePurpose, date_time_ymd};

use super::*;
use crate::pki::{Authority, DAY, NOW, critical_extension, providers, self_signed_leaf};
use crate::revocation::{demanding_leaf, never_issued_staple, revoked_staple, staple_with_scts};
use crate::{
    Deviation, HandshakeFailureKind, HandshakeOutcome, LifetimeState, LogList, OcspFailureKind,
    RevocationReason, SctChannel, SctVerdict, TrustFailureKind, check_scts,
};

fn assess_for(chain: &[&Der], name: &str, anchor: &Authority) -> Assessment {
    let chain: Vec<Der> = chain.iter().copied().cloned().collect();
    let store = TrustStore::empty("test").with(std::slice::from_ref(&anchor.der));
    let reference = name.parse().unwrap();
    assess_chain(&chain, &reference, &store, &providers()[0], NOW)
}

#[test]
fn a_healthy_chain_has_no_failures() {
    let root = Authority::root("Root");
    let intermediate = root.intermediate("Intermediate");
    let leaf = intermediate.leaf(&["*.example.org"]);
    let assessment = assess_for(&[&leaf.der, &intermediate.der], "mx.example.org", &root);
    assert_eq!(assessment.failures, []);
    assert_eq!(assessment.primary(), None);
    assert_eq!(assessment.store, "test");
    let lifetime = assessment.lifetime.unwrap();
    assert_eq!(lifetime.state, LifetimeState::Valid);
    assert_eq!(lifetime.days_left, 30);
    assert!(assessment.identity.unwrap().is_match());
    let expiry = assessment.next_to_expire.unwrap();
    assert_eq!((expiry.element, expiry.not_after), (0, NOW + 30 * DAY));
}

#[test]
fn an_intermediate_may_expire_before_the_end_entity() {
    let root = Authority::root("Root");
    let intermediate = root.intermediate_with("Intermediate", |params| {
        params.not_after = date_time_ymd(2026, 6, 11);
    });
    let leaf = intermediate.leaf(&["mx.example.org"]);
    let assessment = assess_for(&[&leaf.der, &intermediate.der], "mx.example.org", &root);
    let expiry = assessment.next_to_expire.unwrap();
    assert_eq!((expiry.element, expiry.not_after), (1, NOW + 10 * DAY));
}

#[test]
fn item_52_all_failures_are_kept_and_the_name_comes_last() {
    let own = self_signed_leaf(&["other.example"], |params| {
        params.not_after = date_time_ymd(2026, 5, 1);
    });
    let assessment = assess_for(&[&own.der], "mx.example.org", &Authority::root("Root"));
    let [
        Failure::Trust(first),
        Failure::Trust(second),
        Failure::Identity(third),
    ] = assessment.failures.as_slice()
    else {
        panic!("{:?}", assessment.failures)
    };
    assert_eq!(first.kind, TrustFailureKind::SelfSigned);
    assert_eq!(second.kind, TrustFailureKind::Expired);
    assert_eq!(
        third,
        &IdentityMatch::NoMatch {
            presented: vec!["other.example".to_owned()],
            matching_common_name: None,
        }
    );
    assert_eq!(assessment.primary(), Some(&assessment.failures[0]));
}

#[test]
fn a_replayed_chain_is_reported_before_everything_else() {
    let root = Authority::root("Root");
    let leaf = root.leaf(&["mx.example.org"]);
    let mut capture = Capture::new(HandshakeOutcome::Completed);
    capture.chain = vec![leaf.der];
    capture.key_possession = KeyPossession::Failed("wrong".to_owned());
    let store = TrustStore::empty("test").with(&[root.der]);
    let reference = "other.example".parse().unwrap();
    let assessment = assess(&capture, &reference, &store, &providers()[0], NOW);
    assert_eq!(
        assessment.primary(),
        Some(&Failure::KeyPossession("wrong".to_owned()))
    );
    assert!(matches!(assessment.failures[1..], [Failure::Identity(_)]));
}

#[test]
fn what_keeps_a_chain_from_being_the_servers_is_told_beside_the_faults() {
    let root = Authority::root("Root");
    let leaf = root.leaf(&["mx.example.org"]);
    let mut capture = Capture::new(HandshakeOutcome::Completed);
    capture.chain = vec![leaf.der];
    capture.key_possession = KeyPossession::Verified;
    let reservations = |capture: &Capture| {
        let assessment = assess_capture(capture, &root, "mx.example.org");
        assert_eq!(assessment.failures, []);
        assessment.reservations
    };
    assert_eq!(reservations(&capture), []);

    let failure = HandshakeFailure::new(HandshakeFailureKind::Reset, "why");
    let handshake = Reservation::Handshake(failure.clone());
    capture.late_failure = Some(failure.clone());
    assert_eq!(reservations(&capture), std::slice::from_ref(&handshake));

    capture.late_failure = None;
    capture.outcome = HandshakeOutcome::Failed(failure);
    assert_eq!(reservations(&capture), std::slice::from_ref(&handshake));

    capture.key_possession = KeyPossession::NotProven;
    let key = Reservation::KeyPossession(None);
    assert_eq!(reservations(&capture), [handshake, key]);

    capture.outcome = HandshakeOutcome::Completed;
    capture.key_possession = KeyPossession::Unsupported("Ed448".to_owned());
    let key = Reservation::KeyPossession(Some("Ed448".to_owned()));
    assert_eq!(reservations(&capture), [key]);
}

#[test]
fn a_chain_by_itself_has_no_reservations() {
    let root = Authority::root("Root");
    let leaf = root.leaf(&["mx.example.org"]);
    let assessment = assess_for(&[&leaf.der], "mx.example.org", &root);
    assert_eq!(assessment.reservations, []);
}

/// A capture of a leaf and its root, with this staple.
fn assess_staple(root: &Authority, leaf: &Der, staple: Option<Der>, name: &str) -> Assessment {
    let mut capture = Capture::new(HandshakeOutcome::Completed);
    capture.chain = vec![leaf.clone(), root.der.clone()];
    capture.ocsp_staple = staple;
    assess_capture(&capture, root, name)
}

fn assess_capture(capture: &Capture, root: &Authority, name: &str) -> Assessment {
    let store = TrustStore::empty("test").with(std::slice::from_ref(&root.der));
    assess(
        capture,
        &name.parse().unwrap(),
        &store,
        &providers()[0],
        NOW,
    )
}

#[test]
fn a_staple_that_proves_a_revocation_is_a_failure_before_the_name() {
    let root = Authority::root("Root");
    let leaf = root.leaf(&["mx.example.org"]).der;
    let staple = revoked_staple(&root, &leaf);
    let assessment = assess_staple(&root, &leaf, Some(staple.clone()), "mx.example.org");
    let [Failure::Revoked(revocation)] = assessment.failures.as_slice() else {
        panic!("{assessment:?}")
    };
    assert_eq!(revocation.reason, Some(RevocationReason::KEY_COMPROMISE));
    assert!(assessment.trust.is_trusted());
    let assessment = assess_staple(&root, &leaf, Some(staple), "other.example");
    let expected =
        |failures: &[Failure]| matches!(failures, [Failure::Revoked(_), Failure::Identity(_)]);
    assert!(expected(&assessment.failures), "{assessment:?}");
    // Told again, it is still one failure; taken back, it is none.
    let staple = assessment.staple.clone().unwrap();
    let again = assessment.with_staple(staple);
    assert!(expected(&again.failures), "{again:?}");
    let none = again.with_staple(StapleState::Absent);
    assert!(matches!(none.failures[..], [Failure::Identity(_)]));
}

#[test]
fn item_61_a_certificate_that_was_never_issued_is_a_failure_before_the_name() {
    let root = Authority::root("Root");
    let leaf = root.leaf(&["mx.example.org"]).der;
    let staple = never_issued_staple(&root, &leaf);
    let assessment = assess_staple(&root, &leaf, Some(staple), "other.example");
    let expected = [Failure::NeverIssued];
    assert_eq!(assessment.failures[..1], expected, "{assessment:?}");
    assert!(matches!(assessment.failures[1..], [Failure::Identity(_)]));
    let none = assessment.with_staple(StapleState::Absent);
    assert!(matches!(none.failures[..], [Failure::Identity(_)]));
}

#[test]
fn item_61_a_staple_that_proves_nothing_is_told_and_is_no_failure() {
    let root = Authority::root("Root");
    let leaf = root.leaf(&["mx.example.org"]).der;
    let staple = staple_with_scts(&root, &leaf, &[]);
    let good = assess_staple(&root, &leaf, Some(staple), "mx.example.org");
    let is_good = |state: &Option<StapleState>| {
        matches!(state, Some(StapleState::Present(OcspVerdict::Good(_))))
    };
    assert!(is_good(&good.staple), "{:?}", good.staple);
    assert_eq!(good.failures, []);
    let other = Authority::root("Other");
    let staple = revoked_staple(&other, &leaf);
    let unproven = assess_staple(&root, &leaf, Some(staple), "mx.example.org");
    let Some(StapleState::Present(OcspVerdict::CouldNotTell(failure))) = &unproven.staple else {
        panic!("{unproven:?}")
    };
    assert_eq!(failure.kind, OcspFailureKind::OtherCertificate);
    assert_eq!(unproven.failures, []);
}

#[test]
fn item_61_an_absent_staple_is_told_apart_from_a_missing_one() {
    let root = Authority::root("Root");
    let leaf = root.leaf(&["mx.example.org"]).der;
    for (leaf, expected) in [
        (leaf, StapleState::Absent),
        (demanding_leaf(&root), StapleState::MissingThoughRequired),
    ] {
        let assessment = assess_staple(&root, &leaf, None, "mx.example.org");
        assert_eq!(assessment.staple, Some(expected));
        assert_eq!(assessment.failures, []);
    }
}

#[test]
fn a_handshake_that_failed_before_a_staple_was_due_says_nothing_of_one() {
    let root = Authority::root("Root");
    let failure = HandshakeFailure::new(HandshakeFailureKind::Reset, "reset");
    let mut capture = Capture::new(HandshakeOutcome::Failed(failure));
    assert_eq!(
        assess_capture(&capture, &root, "mx.example.org").staple,
        None
    );
    capture.chain = vec![demanding_leaf(&root), root.der.clone()];
    let staple = |capture: &Capture| assess_capture(capture, &root, "mx.example.org").staple;
    assert_eq!(staple(&capture), None);
    capture.key_possession = KeyPossession::Verified;
    assert_eq!(staple(&capture), Some(StapleState::MissingThoughRequired));
    let chain = assess_for(&[&capture.chain[0]], "mx.example.org", &root);
    assert_eq!(chain.staple, None);
}

#[test]
fn item_62_what_scts_are_worth_is_told_and_is_no_failure() {
    let root = Authority::root("Root");
    let leaf = root.leaf(&["mx.example.org"]).der;
    let staple = staple_with_scts(&root, &leaf, &[0, 5, 0, 3, 1, 2, 3]);
    let chain = [leaf.clone(), root.der.clone()];
    let logs = LogList::default();
    let report = check_scts(&chain, None, Some(&staple), &logs, &providers()[0], NOW);
    assert_eq!(report.scts[0].verdict, SctVerdict::Unreadable);
    let assessment = assess_staple(&root, &leaf, Some(staple), "mx.example.org");
    assert_eq!(assessment.transparency, None);
    let told = assessment.clone().with_transparency(report.clone());
    assert_eq!(told.transparency, Some(report));
    assert_eq!(told.failures, []);
    assert_eq!(told.trust, assessment.trust);
}

#[test]
fn item_62_scts_of_every_channel_of_a_capture_are_told_with_the_logs_at_hand() {
    let root = Authority::root("Root");
    let leaf = root.leaf(&["mx.example.org"]).der;
    let mut capture = Capture::new(HandshakeOutcome::Completed);
    capture.ocsp_staple = Some(staple_with_scts(&root, &leaf, &[0, 5, 0, 3, 1, 2, 3]));
    capture.chain = vec![leaf, root.der.clone()];
    let assessment = assess_capture(&capture, &root, "mx.example.org");
    let told = assessment.with_logs(&capture, &LogList::default(), &providers()[0]);
    let report = told.transparency.unwrap();
    let [sct] = report.scts.as_slice() else {
        panic!("{report:?}")
    };
    assert_eq!(sct.channel, SctChannel::Staple);
    assert_eq!(sct.verdict, SctVerdict::Unreadable);
}

#[test]
fn item_55_a_hint_at_the_clock_changes_no_verdict() {
    let root = Authority::root("Root");
    let leaf = root.leaf_with(&["mx.example.org"], |params| {
        params.not_before = date_time_ymd(2026, 6, 2);
    });
    let assessment = assess_for(&[&leaf.der], "mx.example.org", &root);
    let hint = ClockHint::BeginsSoon { seconds: 86_400 };
    assert_eq!(assessment.clock_hint, Some(hint));
    assert_eq!(
        assessment.lifetime.unwrap().state,
        LifetimeState::NotYetValid
    );
    let [Failure::Trust(failure)] = assessment.failures.as_slice() else {
        panic!("{:?}", assessment.failures)
    };
    assert_eq!(failure.kind, TrustFailureKind::NotYetValid);

    let healthy = root.leaf(&["mx.example.org"]);
    let assessment = assess_for(&[&healthy.der], "mx.example.org", &root);
    assert_eq!(assessment.clock_hint, None);
}

#[test]
fn item_53_an_expired_element_beside_the_path_is_no_failure_and_no_hint() {
    let root = Authority::root("Root");
    let old = Authority::root_with("Old root", |params| {
        params.not_after = date_time_ymd(2026, 5, 1);
    });
    let intermediate = root.intermediate("Intermediate");
    let leaf = intermediate.leaf(&["mx.example.org"]);
    let cross = old.certify(&root, "Root");
    let chain = [&leaf.der, &intermediate.der, &cross, &old.der];
    let assessment = assess_for(&chain, "mx.example.org", &root);
    assert_eq!(assessment.failures, []);
    assert_eq!(assessment.clock_hint, None);
    let expiry = assessment.next_to_expire.unwrap();
    assert_eq!(expiry.element, 0);
    let state = |element| {
        let certificate = assessment.chain.certificate(element).unwrap();
        certificate.validity.at(NOW).state
    };
    assert_eq!(state(3), LifetimeState::Expired);
}

/// What comes of an end-entity certificate that no verifier takes, and that is described.
#[track_caller]
fn check_refused(der: &Der, anchor: &Authority, kind: TrustFailureKind, deviation: &Deviation) {
    let assessment = assess_for(&[der], "mx.example.org", anchor);
    let Some(Failure::Trust(failure)) = assessment.primary() else {
        panic!("{:?}", assessment.failures)
    };
    assert_eq!(failure.kind, kind);
    let certificate = assessment.chain.end_entity().unwrap();
    assert_eq!(certificate.sha256, der.sha256());
    assert!(
        certificate.deviations.contains(deviation),
        "{certificate:?}"
    );
    assert!(assessment.lifetime.is_some() && assessment.identity.is_some());
}

#[test]
fn item_65_what_a_verifier_refuses_is_described_all_the_same() {
    let root = Authority::root("Root");
    let names = &["mx.example.org"];
    let critical = root.leaf_with(names, |params| {
        params.custom_extensions = vec![critical_extension()];
    });
    let unknown = Deviation::UnknownCriticalExtension("1.3.6.1.4.1.99999.1".to_owned());
    check_refused(&critical.der, &root, TrustFailureKind::Malformed, &unknown);

    let authority = root.intermediate_with("Authority", |params| {
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    });
    let told = Deviation::CaWithoutKeyCertSign;
    let kind = TrustFailureKind::CaAsEndEntity;
    check_refused(&authority.der, &root, kind, &told);
}

#[test]
fn no_certificate_is_a_failure_and_no_name_is_judged() {
    let assessment = assess_for(&[], "mx.example.org", &Authority::root("Root"));
    assert_eq!(assessment.failures.len(), 1);
    assert_eq!(assessment.identity, None);
    assert_eq!(assessment.lifetime, None);
}

#[cfg(feature = "serde")]
#[test]
fn an_assessment_survives_json() {
    let root = Authority::root("Root");
    let leaf = root.leaf(&["mx.example.org"]);
    for (name, anchor) in [
        ("mx.example.org", &root),
        ("192.0.2.1", &Authority::root("Other")),
    ] {
        let chain = [leaf.der.clone(), root.der.clone()];
        let staple = revoked_staple(&root, &leaf.der);
        let staple = StapleState::judge(Some(&staple), &chain, &providers()[0], NOW);
        let assessment = assess_for(&[&leaf.der], name, anchor).with_staple(staple);
        let json = serde_json::to_string(&assessment).unwrap();
        assert_eq!(
            serde_json::from_str::<Assessment>(&json).unwrap(),
            assessment
        );
    }
}
