//! Responses that contradict themselves, that hide something, or that mean less than they say.

use super::*;

#[test]
fn item_61_a_newer_answer_whose_issuer_cannot_be_told_is_not_passed_over() {
    let World { root, leaf, chain } = world();
    let mut newer = Answer::good(&root, &leaf);
    newer.revoke();
    (newer.algorithm, newer.this_update) = (ECDSA_SHA256, "20260531000001Z");
    let mut answer = Answer::good(&root, &leaf);
    let unsupported = OcspFailureKind::UnsupportedAlgorithm;
    for this_update in ["20260531000001Z", "20260531000000Z"] {
        newer.this_update = this_update;
        answer.more = newer.single();
        fails(&answer.sign(), &chain, unsupported);
    }
    newer.this_update = "20260530235959Z";
    answer.more = newer.single();
    fails(&answer.sign(), &chain, unsupported);
    newer.hold();
    answer.more = newer.single();
    is_good(&answer.sign(), &chain);
    // One that says the same, or is about another certificate, stands in no way.
    let mut same = Answer::good(&root, &leaf);
    same.algorithm = ECDSA_SHA256;
    same.this_update = "20260531000001Z";
    answer.more = same.single();
    is_good(&answer.sign(), &chain);
    newer.this_update = "20260531000001Z";
    let other = root.leaf(&["other.example.org"]).der;
    newer.subject = &other;
    answer.more = newer.single();
    is_good(&answer.sign(), &chain);
    // Nor is an older "revoked" told past a newer "good".
    let mut revoked = Answer::good(&root, &leaf);
    revoked.revoke();
    revoked.more = same.single();
    fails(&revoked.sign(), &chain, unsupported);
}

#[test]
fn item_61_a_staple_that_ends_before_it_begins_is_malformed_at_any_time() {
    let World { root, leaf, chain } = world();
    let mut answer = Answer::good(&root, &leaf);
    for (this_update, next_update) in [
        ("20260601000500Z", "20260601000459Z"),
        ("20260601000001Z", "20260601000000Z"),
        ("20260531000001Z", "20260531000000Z"),
        ("20260602000001Z", "20260602000000Z"),
    ] {
        (answer.this_update, answer.next_update) = (this_update, Some(next_update));
        fails(&answer.sign(), &chain, OcspFailureKind::Malformed);
    }
    answer.this_update = "20260601000000Z";
    answer.next_update = Some("20260601000000Z");
    is_good(&answer.sign(), &chain);
}

#[test]
fn item_61_only_a_hold_is_taken_back_by_a_newer_answer() {
    let World { root, leaf, chain } = world();
    let mut older = Answer::good(&root, &leaf);
    older.this_update = "20260530235959Z";
    let mut answer = Answer::good(&root, &leaf);
    older.hold();
    answer.more = older.single();
    is_good(&answer.sign(), &chain);
    older.revoke();
    answer.more = older.single();
    let malformed = OcspFailureKind::Malformed;
    check_detail(verdict(&answer.sign(), &chain), malformed, "contradict");
    // A newer revocation overrules whatever was said before.
    for before in [Answer::good(&root, &leaf).status, older.status.clone()] {
        let mut answer = Answer::good(&root, &leaf);
        answer.hold();
        older.status = before;
        answer.more = older.single();
        let found = verdict(&answer.sign(), &chain);
        assert!(matches!(found, OcspVerdict::Revoked { .. }), "{found:?}");
    }
}

#[test]
fn item_61_a_certificate_that_was_never_issued_is_told_as_that() {
    let World { root, leaf, chain } = world();
    let mut answer = Answer::good(&root, &leaf);
    answer.never_issued();
    // The extension by which a responder says that it answers so may be critical or missing.
    let oid = write_tlv(OID, EXTENDED_REVOKE);
    let value = write_tlv(OCTET_STRING, &[5, 0]);
    let marked = sequence(&[&oid, &[1, 1, 0xff], &value]);
    for extension in [Vec::new(), sequence(&[&oid, &value]), marked] {
        answer.extension = extension;
        let found = verdict(&answer.sign(), &chain);
        let OcspVerdict::NeverIssued(proof) = found else {
            panic!("{found:?}")
        };
        assert_eq!(proof.this_update, NOW - 86_400);
    }
    // A hold of another time, or another reason, is a revocation.
    answer.hold();
    let hold = answer.status.clone();
    let other_reason = write_tlv(context(0), &[ENUMERATED, 1, 1]);
    let key = write_tlv(context(1), &[at("19700101000000Z"), other_reason].concat());
    let none = write_tlv(context(1), &at("19700101000000Z"));
    for status in [hold, key, none] {
        answer.status = status;
        let found = verdict(&answer.sign(), &chain);
        assert!(matches!(found, OcspVerdict::Revoked { .. }), "{found:?}");
    }
    answer.never_issued();
    answer.next_update = Some("20260531235959Z");
    fails(&answer.sign(), &chain, OcspFailureKind::Stale);
}

#[test]
fn item_61_no_field_of_a_response_is_passed_over() {
    let World { root, leaf, chain } = world();
    let mut answer = Answer::good(&root, &leaf);
    // A critical extension may hide behind a field that is not known.
    let (oid, value) = (write_tlv(OID, SHA1), write_tlv(OCTET_STRING, &[4, 0]));
    let unknown = sequence(&[&oid, &[1, 1, 0xff], &value]);
    for place in [
        Place::CertId,
        Place::Single,
        Place::NextUpdate,
        Place::Data,
        Place::Certificates,
        Place::Basic,
        Place::ResponseBytes,
        Place::Response,
    ] {
        answer.trailing = Some(place);
        (answer.extension, answer.single_extension) = match place {
            Place::Data => (unknown.clone(), Vec::new()),
            Place::Single => (Vec::new(), unknown.clone()),
            _ => (Vec::new(), Vec::new()),
        };
        let found = verdict(&answer.sign(), &chain);
        let malformed = matches!(&found, OcspVerdict::CouldNotTell(failure)
            if failure.kind == OcspFailureKind::Malformed);
        assert!(malformed, "{place:?}: {found:?}");
    }
}

#[test]
fn item_61_a_response_of_another_version_proves_nothing() {
    let World { root, leaf, chain } = world();
    let mut answer = Answer::good(&root, &leaf);
    answer.version = write_tlv(context(0), &[INTEGER, 1, 0]);
    is_good(&answer.sign(), &chain);
    for version in [&[INTEGER, 1, 1][..], &[INTEGER, 2, 0, 0], &[]] {
        answer.version = write_tlv(context(0), version);
        fails(&answer.sign(), &chain, OcspFailureKind::Malformed);
    }
}

#[test]
fn item_61_what_follows_the_reason_of_a_revocation_is_not_passed_over() {
    let World { root, leaf, chain } = world();
    let mut answer = Answer::good(&root, &leaf);
    let reason = write_tlv(context(0), &[ENUMERATED, 1, 6]);
    let parts = [at("20260530000000Z"), reason, vec![5, 0]];
    answer.status = write_tlv(context(1), &parts.concat());
    fails(&answer.sign(), &chain, OcspFailureKind::Malformed);
    // "Good" and "unknown" are NULL, and nothing else.
    for status in [[0x80, 1, 0], [0x82, 1, 0]] {
        answer.status = status.to_vec();
        fails(&answer.sign(), &chain, OcspFailureKind::Malformed);
    }
}

#[test]
fn item_61_a_serial_number_written_at_length_is_the_same() {
    let World { root, leaf, chain } = world();
    let mut answer = Answer::good(&root, &leaf);
    let serial = write_tlv(
        INTEGER,
        read_certificate(leaf.as_bytes()).unwrap().raw_serial(),
    );
    let mut revoked = Answer::good(&root, &leaf);
    revoked.revoke();
    let single = revoked.single();
    let place = single.windows(serial.len()).position(|part| part == serial);
    let (head, tail) = single.split_at(place.unwrap());
    // One octet more, in the number and in the two sequences around it.
    let mut longer = [
        head,
        &[INTEGER, serial[1] + 1, 0],
        &serial[2..],
        &tail[serial.len()..],
    ]
    .concat();
    assert!(longer[1] == 0x81 || longer[1] < 0x7f);
    let outer = if longer[1] == 0x81 { 2 } else { 1 };
    longer[outer] += 1;
    assert_eq!(longer[outer + 1], 0x30);
    longer[outer + 2] += 1;
    answer.more = longer;
    check_detail(
        verdict(&answer.sign(), &chain),
        OcspFailureKind::Malformed,
        "contradict",
    );
}

#[test]
fn item_61_a_responder_whose_purposes_cannot_be_told_is_not_believed() {
    let World { root, leaf, chain } = world();
    let usage = |purpose: u8| {
        let oid = [OID, 8, 0x2b, 6, 1, 5, 5, 7, 3, purpose];
        let value = sequence(&[&oid]);
        rcgen::CustomExtension::from_oid_content(&[2, 5, 29, 37], value)
    };
    for (purposes, believed) in [(&[9][..], true), (&[9, 1], false), (&[1, 9], false)] {
        let signer = root.leaf_with(&["ocsp"], |params| {
            params.extended_key_usages = Vec::new();
            params.custom_extensions = purposes.iter().map(|&purpose| usage(purpose)).collect();
        });
        let staple = Answer::good(&root, &leaf).delegated(&signer).sign();
        if believed {
            is_good(&staple, &chain);
        } else {
            fails(&staple, &chain, OcspFailureKind::ResponderNotAuthorized);
        }
    }
}

/// Whether its own revocation matters is the issuer's to say, critically or not (RFC 6960
/// §4.2.2.2.1).
#[test]
fn item_61_a_responder_tells_whether_its_own_revocation_is_to_be_checked() {
    let World { root, leaf, chain } = world();
    for criticality in [None, Some(false), Some(true)] {
        let signer = root.leaf_with(&["ocsp"], |params| {
            params.extended_key_usages = vec![ExtendedKeyUsagePurpose::OcspSigning];
            params.custom_extensions.extend(criticality.map(|critical| {
                let oid = [1, 3, 6, 1, 5, 5, 7, 48, 1, 5];
                let mut extension = rcgen::CustomExtension::from_oid_content(&oid, vec![5, 0]);
                extension.set_criticality(critical);
                extension
            }));
        });
        let staple = Answer::good(&root, &leaf).delegated(&signer).sign();
        let responder = is_good(&staple, &chain).responder;
        assert_eq!(responder.revocation_matters(), criticality.is_none());
    }
    let issuer = is_good(&Answer::good(&root, &leaf).sign(), &chain).responder;
    assert!(!issuer.revocation_matters());
}

#[test]
fn item_61_a_response_signed_later_than_now_proves_nothing() {
    let World { root, leaf, chain } = world();
    let mut answer = Answer::good(&root, &leaf);
    answer.produced = Some("20260601000500Z");
    is_good(&answer.sign(), &chain);
    answer.produced = Some("20260601000501Z");
    fails(&answer.sign(), &chain, OcspFailureKind::NotYetValid);
}

#[test]
fn item_61_a_demand_for_a_staple_that_cannot_be_read_is_not_taken_for_none() {
    let root = Authority::root("Root");
    for (value, expected) in [
        (&[0x30, 3, 2, 1, 17][..], StapleState::Absent),
        (&[0x30, 3, 2, 1, 5], StapleState::MissingThoughRequired),
        (
            &[0x30, 3, 2, 9, 5],
            StapleState::AbsentCertificateUnreadable,
        ),
        (&[5, 0], StapleState::AbsentCertificateUnreadable),
    ] {
        let leaf = root.leaf_with(&["mx.example.org"], |params| {
            let oid = [1, 3, 6, 1, 5, 5, 7, 1, 24];
            let extension = rcgen::CustomExtension::from_oid_content(&oid, value.to_vec());
            params.custom_extensions.push(extension);
        });
        let found = StapleState::judge(None, &[leaf.der], &providers().remove(0), NOW);
        assert_eq!(found, expected);
    }
}

#[test]
fn item_61_a_response_that_knows_what_came_after_it_was_signed_is_malformed() {
    let World { root, leaf, chain } = world();
    let mut answer = Answer::good(&root, &leaf);
    answer.produced = Some("20260530235500Z");
    is_good(&answer.sign(), &chain);
    answer.produced = Some("20260530235459Z");
    fails(&answer.sign(), &chain, OcspFailureKind::Malformed);
}

#[test]
fn item_61_a_revocation_that_was_taken_back_is_none() {
    let World { root, leaf, chain } = world();
    let mut answer = Answer::good(&root, &leaf);
    let reason = write_tlv(context(0), &[ENUMERATED, 1, 8]);
    answer.status = write_tlv(context(1), &[at("20260530000000Z"), reason].concat());
    fails(&answer.sign(), &chain, OcspFailureKind::Malformed);
}

#[test]
fn item_61_good_says_nothing_of_a_certificate_that_had_expired() {
    let root = Authority::root("Root");
    let expired = |day| {
        let leaf = root.leaf_with(&["mx.example.org"], |params| {
            params.not_after = rcgen::date_time_ymd(2026, 5, day);
        });
        leaf.der
    };
    let chain = |leaf: &Der| [leaf.clone(), root.der.clone()];
    // It has expired since the responder looked.
    let leaf = expired(31);
    is_good(&Answer::good(&root, &leaf).sign(), &chain(&leaf));
    let leaf = expired(30);
    let chain = chain(&leaf);
    let mut answer = Answer::good(&root, &leaf);
    let kind = OcspFailureKind::CertificateExpired;
    fails(&answer.sign(), &chain, kind);
    // The responder may say how long it keeps what it knows (RFC 6960 §4.4.4).
    for (cutoff, covers) in [("20260530000000Z", true), ("20260530000001Z", false)] {
        let value = write_tlv(OCTET_STRING, &at(cutoff));
        answer.single_extension = sequence(&[&write_tlv(OID, ARCHIVE_CUTOFF), &value]);
        if covers {
            is_good(&answer.sign(), &chain);
        } else {
            fails(&answer.sign(), &chain, kind);
        }
    }
    answer.single_extension = Vec::new();
    answer.revoke();
    let found = verdict(&answer.sign(), &chain);
    assert!(matches!(found, OcspVerdict::Revoked { .. }), "{found:?}");
}
