use base64::Engine as _;
use rcgen::{
    CertificateRevocationListParams, CrlDistributionPoint, CustomExtension, KeyIdMethod, KeyPair,
    KeyUsagePurpose, RevokedCertParams, SerialNumber, SigningKey as _, date_time_ymd,
};

use super::*;
use crate::der::reader::{
    BIT_STRING, ENUMERATED, INTEGER, OCTET_STRING, OID, context, context_primitive,
    write_sequence as sequence, write_time as at, write_tlv,
};
use crate::pki::{Authority, DAY, NOW, providers};
use crate::revocation::RevocationPointers;

const ECDSA_SHA256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02];
const URL: &str = "http://crl.example.org/1.crl";

/// A list to be signed, from which the tests depart.
struct Issue<'a> {
    by: &'a Authority,
    key: &'a KeyPair,
    this_update: &'a str,
    next_update: Option<&'a str>,
    entries: Vec<Vec<u8>>,
    number: Option<Vec<u8>>,
    extensions: Vec<Vec<u8>>,
}

impl<'a> Issue<'a> {
    fn of(by: &'a Authority) -> Self {
        Self {
            by,
            key: by.issuer.key(),
            this_update: "20260531000000Z",
            next_update: Some("20260607000000Z"),
            entries: Vec::new(),
            number: Some(number(false)),
            extensions: Vec::new(),
        }
    }

    fn sign(&self) -> Vec<u8> {
        let issuer = read_certificate(self.by.der.as_bytes()).unwrap();
        let algorithm = sequence(&[&write_tlv(OID, ECDSA_SHA256)]);
        let next_update = self.next_update.map(at).unwrap_or_default();
        let list = |parts: &[Vec<u8>]| match parts {
            [] => Vec::new(),
            parts => sequence(&parts.iter().map(Vec::as_slice).collect::<Vec<_>>()),
        };
        let number = self.number.iter().chain(&self.extensions).cloned();
        let extensions = match list(&number.collect::<Vec<_>>()) {
            none if none.is_empty() => none,
            extensions => write_tlv(context(0), &extensions),
        };
        let tbs = sequence(&[
            &[INTEGER, 1, 1],
            &algorithm,
            issuer.subject().as_raw(),
            &at(self.this_update),
            &next_update,
            &list(&self.entries),
            &extensions,
        ]);
        let signature = [vec![0], self.key.sign(&tbs).unwrap()].concat();
        sequence(&[&tbs, &algorithm, &write_tlv(BIT_STRING, &signature)])
    }
}

fn serial(certificate: &Der) -> Vec<u8> {
    let certificate = read_certificate(certificate.as_bytes()).unwrap();
    certificate.raw_serial().to_vec()
}

fn entry(serial: &[u8], reason: Option<u8>) -> Vec<u8> {
    let reason = reason.map(|reason| {
        let value = [ENUMERATED, 1, reason];
        sequence(&[&extension(&[0x55, 0x1d, 21], false, &value)])
    });
    let serial = write_tlv(INTEGER, serial);
    sequence(&[&serial, &at("20260530000000Z"), &reason.unwrap_or_default()])
}

fn extension(oid: &[u8], critical: bool, value: &[u8]) -> Vec<u8> {
    let critical: &[u8] = if critical { &[1, 1, 0xff] } else { &[] };
    let value = write_tlv(OCTET_STRING, value);
    sequence(&[&write_tlv(OID, oid), critical, &value])
}

/// The CRL number 258.
fn number(critical: bool) -> Vec<u8> {
    extension(&[0x55, 0x1d, 20], critical, &[INTEGER, 2, 1, 2])
}

/// An issuing distribution point with these fields.
fn point(fields: &[u8]) -> Vec<u8> {
    let value = sequence(&[fields]);
    extension(list::ISSUING_DISTRIBUTION_POINT, true, &value)
}

/// A field `distributionPoint` with a full name of this URL.
fn full_name(url: &str) -> Vec<u8> {
    let name = write_tlv(context_primitive(6), url.as_bytes());
    write_tlv(context(0), &write_tlv(context(0), &name))
}

struct World {
    root: Authority,
    leaf: Der,
}

fn world() -> World {
    let root = Authority::root("Root");
    let leaf = root.leaf_with(&["mx.example.org"], |params| {
        params.crl_distribution_points = vec![CrlDistributionPoint {
            uris: vec![URL.to_owned()],
        }];
    });
    World {
        leaf: leaf.der,
        root,
    }
}

impl World {
    fn verdict(&self, crl: &[u8]) -> CrlVerdict {
        let mut verdicts = providers().into_iter();
        let check = |provider| check_crl(&self.leaf, &self.root.der, crl, &provider, NOW);
        let verdict = check(verdicts.next().unwrap());
        for other in verdicts {
            assert_eq!(check(other), verdict);
        }
        verdict
    }

    #[track_caller]
    fn fails(&self, crl: &[u8], expected: CrlFailureKind) {
        match self.verdict(crl) {
            CrlVerdict::CouldNotTell(failure) => assert_eq!(failure.kind, expected, "{failure:?}"),
            verdict => panic!("{verdict:?}"),
        }
    }

    #[track_caller]
    fn not_revoked(&self, crl: &[u8]) -> CrlProof {
        match self.verdict(crl) {
            CrlVerdict::NotRevoked(proof) => proof,
            verdict => panic!("{verdict:?}"),
        }
    }

    #[track_caller]
    fn revoked(&self, crl: &[u8]) -> (CrlProof, Revocation) {
        match self.verdict(crl) {
            CrlVerdict::Revoked { proof, revocation } => (proof, revocation),
            verdict => panic!("{verdict:?}"),
        }
    }
}

#[test]
fn a_list_without_the_certificate_is_proof_that_it_is_not_revoked() {
    let world = world();
    let mut issue = Issue::of(&world.root);
    let proof = world.not_revoked(&issue.sign());
    assert_eq!(proof.this_update, NOW - DAY);
    assert_eq!(proof.next_update, NOW + 6 * DAY);
    assert!(!proof.stale);
    assert_eq!(proof.number, "0102");
    issue.entries = vec![entry(&[1], None), entry(&[2], Some(1))];
    world.not_revoked(&issue.sign());
}

#[test]
fn an_entry_tells_when_and_why() {
    let world = world();
    let serial = serial(&world.leaf);
    for reason in [None, Some(1), Some(6), Some(9)] {
        let mut issue = Issue::of(&world.root);
        issue.entries = vec![entry(&[1], None), entry(&serial, reason), entry(&[2], None)];
        let (proof, revocation) = world.revoked(&issue.sign());
        assert_eq!(revocation.time, NOW - 2 * DAY);
        assert_eq!(revocation.reason.map(|reason| reason.0), reason);
        assert!(!proof.stale);
    }
    let mut issue = Issue::of(&world.root);
    issue.entries = vec![entry(&serial, Some(8))];
    world.fails(&issue.sign(), CrlFailureKind::RemovedFromWhat);
}

#[test]
fn pem_is_read_too() {
    let world = world();
    let mut issue = Issue::of(&world.root);
    issue.entries = vec![entry(&serial(&world.leaf), None)];
    let body = base64::engine::general_purpose::STANDARD.encode(issue.sign());
    let lines: Vec<_> = body.as_bytes().chunks(64).collect();
    let pem = format!(
        "made by a test\n-----BEGIN X509 CRL-----\n{}\n-----END X509 CRL-----\n",
        String::from_utf8(lines.join(&b'\n')).unwrap()
    );
    world.revoked(pem.as_bytes());
    world.fails(&pem.as_bytes()[..200], CrlFailureKind::Malformed);
    world.fails(&vec![b'a'; MAX_PEM + 1], CrlFailureKind::TooLong);
}

#[test]
fn lists_that_another_program_made_are_read() {
    let world = world();
    let serial = serial(&world.leaf);
    let make = |serial: &[u8]| {
        let params = CertificateRevocationListParams {
            this_update: date_time_ymd(2026, 5, 31),
            next_update: date_time_ymd(2026, 6, 7),
            crl_number: SerialNumber::from(7),
            issuing_distribution_point: Some(rcgen::CrlIssuingDistributionPoint {
                distribution_point: CrlDistributionPoint {
                    uris: vec![URL.to_owned()],
                },
                scope: Some(rcgen::CrlScope::UserCertsOnly),
            }),
            revoked_certs: vec![RevokedCertParams {
                serial_number: SerialNumber::from_slice(serial),
                revocation_time: date_time_ymd(2026, 5, 30),
                reason_code: Some(rcgen::RevocationReason::Superseded),
                invalidity_date: Some(date_time_ymd(2026, 5, 29)),
            }],
            key_identifier_method: KeyIdMethod::Sha256,
        };
        params.signed_by(&world.root.issuer).unwrap().der().to_vec()
    };
    let (proof, revocation) = world.revoked(&make(&serial));
    assert_eq!(proof.number, "07");
    assert_eq!(revocation.reason, Some(RevocationReason(4)));
    world.not_revoked(&make(&[1, 2, 3]));
}

#[test]
fn a_list_out_of_its_time_tells_only_of_what_is_never_taken_back() {
    let world = world();
    let serial = serial(&world.leaf);
    let mut issue = Issue::of(&world.root);
    issue.next_update = Some("20260531235959Z");
    world.fails(&issue.sign(), CrlFailureKind::Stale);
    issue.entries = vec![entry(&serial, Some(6))];
    world.fails(&issue.sign(), CrlFailureKind::Stale);
    issue.entries = vec![entry(&serial, Some(1))];
    assert!(world.revoked(&issue.sign()).0.stale);
    issue.entries.clear();
    issue.next_update = Some("20260601000000Z");
    world.fails(&issue.sign(), CrlFailureKind::Stale);
    issue.next_update = Some("20260601000001Z");
    world.not_revoked(&issue.sign());
    (issue.this_update, issue.next_update) = ("20260601000501Z", Some("20260607000000Z"));
    world.fails(&issue.sign(), CrlFailureKind::NotYetValid);
    issue.this_update = "20260601000500Z";
    world.not_revoked(&issue.sign());
}

#[test]
fn a_list_without_what_every_list_has_proves_nothing() {
    let world = world();
    for serial in [vec![1], serial(&world.leaf)] {
        let mut issue = Issue::of(&world.root);
        issue.entries = vec![entry(&serial, None)];
        issue.number = None;
        world.fails(&issue.sign(), CrlFailureKind::Nonconforming);
        issue.number = Some(number(true));
        world.fails(&issue.sign(), CrlFailureKind::Nonconforming);
        issue.number = Some(number(false));
        issue.next_update = None;
        world.fails(&issue.sign(), CrlFailureKind::Nonconforming);
    }
}

#[test]
fn a_serial_number_written_at_length_is_the_same() {
    let world = world();
    let mut issue = Issue::of(&world.root);
    let padded = [&[0, 0], &serial(&world.leaf)[..]].concat();
    issue.entries = vec![entry(&padded, None)];
    world.revoked(&issue.sign());
}

#[test]
fn a_distribution_point_of_some_reasons_or_another_issuer_is_not_the_lists() {
    let other = write_tlv(context(2), &write_tlv(context_primitive(2), b"other"));
    for (narrowed, counts) in [
        (&[][..], true),
        (&[0x81, 2, 6, 0x40], false),
        (&other, false),
    ] {
        let points = sequence(&[&sequence(&[&full_name(URL), narrowed])]);
        let root = Authority::root("Root");
        let leaf = root.leaf_with(&["mx.example.org"], |params| {
            let points = CustomExtension::from_oid_content(&[2, 5, 29, 31], points);
            params.custom_extensions.push(points);
        });
        let world = World {
            root,
            leaf: leaf.der,
        };
        let mut issue = Issue::of(&world.root);
        issue.extensions = vec![point(&full_name(URL))];
        if counts {
            world.not_revoked(&issue.sign());
        } else {
            world.fails(&issue.sign(), CrlFailureKind::OutOfScope);
        }
    }
}

#[test]
fn only_the_issuer_of_the_certificate_is_believed() {
    let world = world();
    let stranger = Authority::root("Stranger");
    let list = Issue::of(&stranger).sign();
    world.fails(&list, CrlFailureKind::OtherSigner);
    let mut issue = Issue::of(&world.root);
    issue.key = stranger.issuer.key();
    world.fails(&issue.sign(), CrlFailureKind::BadSignature);
    let impostor = Authority::root("Root");
    let list = Issue::of(&impostor).sign();
    for issuer in [&impostor, &stranger] {
        let provider = providers().remove(0);
        let verdict = check_crl(&world.leaf, &issuer.der, &list, &provider, NOW);
        let CrlVerdict::CouldNotTell(failure) = verdict else {
            panic!("{verdict:?}")
        };
        assert_eq!(failure.kind, CrlFailureKind::OtherIssuer);
    }
    let root = Authority::root_with("Root", |params| {
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    });
    let leaf = root.leaf(&["mx.example.org"]).der;
    let world = World { root, leaf };
    let list = Issue::of(&world.root).sign();
    world.fails(&list, CrlFailureKind::IssuerMayNotSign);
}

#[test]
fn a_list_about_other_certificates_proves_nothing() {
    let world = world();
    let other = full_name("http://crl.example.org/2.crl");
    for (fields, expected) in [
        (&[0x81, 1, 0xff][..], None),
        (&full_name(URL), None),
        (&[0x82, 1, 0xff], Some(CrlFailureKind::OutOfScope)),
        (&[0x85, 1, 0xff], Some(CrlFailureKind::OutOfScope)),
        (&other, Some(CrlFailureKind::OutOfScope)),
        (&[0x83, 2, 6, 0x40], Some(CrlFailureKind::SomeReasonsOnly)),
        (&[0x84, 1, 0xff], Some(CrlFailureKind::Indirect)),
        (&[0x86, 1, 0xff], Some(CrlFailureKind::Malformed)),
    ] {
        let mut issue = Issue::of(&world.root);
        issue.extensions = vec![point(fields)];
        match expected {
            Some(expected) => world.fails(&issue.sign(), expected),
            None => assert!(!world.not_revoked(&issue.sign()).stale),
        }
    }
    let mut issue = Issue::of(&world.root);
    issue.extensions = vec![extension(&[0x55, 0x1d, 27], true, &[INTEGER, 1, 1])];
    world.fails(&issue.sign(), CrlFailureKind::Delta);
}

#[test]
fn a_list_of_authorities_is_about_authorities_only() {
    let root = Authority::root("Root");
    let leaf = root.intermediate("Intermediate").der;
    let world = World { root, leaf };
    let mut issue = Issue::of(&world.root);
    issue.extensions = vec![point(&[0x82, 1, 0xff])];
    world.not_revoked(&issue.sign());
    issue.extensions = vec![point(&[0x81, 1, 0xff])];
    world.fails(&issue.sign(), CrlFailureKind::OutOfScope);
}

#[test]
fn a_critical_extension_that_is_not_known_stands_in_the_way_of_the_whole_list() {
    let world = world();
    let unknown = |critical| extension(&[0x55, 0x1d, 99], critical, &[5, 0]);
    for (critical, expected) in [(true, true), (false, false)] {
        let mut issue = Issue::of(&world.root);
        issue.extensions = vec![unknown(critical)];
        let told = |crl: &[u8]| match world.verdict(crl) {
            CrlVerdict::CouldNotTell(failure) => {
                assert_eq!(failure.kind, CrlFailureKind::UnknownCriticalExtension);
                true
            }
            _ => false,
        };
        assert_eq!(told(&issue.sign()), expected);
        issue.extensions.clear();
        let extensions = sequence(&[&unknown(critical)]);
        let other = sequence(&[&[INTEGER, 1, 1], &at("20260530000000Z"), &extensions]);
        issue.entries = vec![other];
        assert_eq!(told(&issue.sign()), expected);
    }
}

#[test]
fn too_long_a_list_is_refused_and_a_long_one_is_not() {
    let world = world();
    let mut long = vec![0; MAX_LIST + 1];
    long[0] = crate::der::reader::SEQUENCE;
    world.fails(&long, CrlFailureKind::TooLong);
    let mut issue = Issue::of(&world.root);
    issue.entries = vec![entry(&[1], None); 1000];
    issue.entries.push(entry(&serial(&world.leaf), None));
    world.revoked(&issue.sign());
    issue.entries = vec![
        [0x30, 0x14, 2, 1, 1]
            .into_iter()
            .chain(at("20260530000000Z"))
            .collect();
        1
    ];
    world.not_revoked(&issue.sign());
    issue.entries = vec![issue.entries.remove(0); 1_000_001];
    world.fails(&issue.sign(), CrlFailureKind::TooLong);
}

#[test]
fn no_single_changed_or_missing_octet_makes_another_answer() {
    let world = world();
    let mut issue = Issue::of(&world.root);
    issue.entries = vec![entry(&[1], Some(1))];
    issue.extensions = vec![point(&full_name(URL))];
    let list = issue.sign();
    let provider = providers().remove(0);
    for place in 0..list.len() {
        let mut changed = list.clone();
        changed[place] ^= 1;
        for octets in [&changed, &list[..place]] {
            let verdict = check_crl(&world.leaf, &world.root.der, octets, &provider, NOW);
            let told = !matches!(verdict, CrlVerdict::CouldNotTell(_));
            assert!(!told, "{place}: {verdict:?}");
        }
    }
}

#[test]
fn item_63_only_a_certificate_that_lives_longer_needs_a_pointer() {
    let world = world();
    let expected = RevocationPointers::Named {
        crl: vec![URL.to_owned()],
        ocsp: Vec::new(),
    };
    assert_eq!(RevocationPointers::of(&world.leaf), expected);
    let until = |day| {
        let leaf = world.root.leaf_with(&["mx.example.org"], |params| {
            params.not_before = date_time_ymd(2026, 5, 1);
            params.not_after = date_time_ymd(2026, 5, day);
        });
        RevocationPointers::of(&leaf.der)
    };
    assert_eq!(until(7), RevocationPointers::AbsentShortLived);
    assert_eq!(until(9), RevocationPointers::Absent);
    let unreadable = RevocationPointers::of(&Der::new([0x30, 0]));
    assert_eq!(unreadable, RevocationPointers::Unreadable);
}

#[test]
fn an_issuer_whose_key_usages_cannot_be_read_may_sign_no_list() {
    let root = Authority::root_with("Root", |params| {
        params.key_usages = Vec::new();
        let unreadable = CustomExtension::from_oid_content(&[2, 5, 29, 15], vec![4, 0]);
        params.custom_extensions.push(unreadable);
    });
    let leaf = root.leaf(&["mx.example.org"]);
    for provider in providers() {
        let list = Issue::of(&root).sign();
        let verdict = check_crl(&leaf.der, &root.der, &list, &provider, NOW);
        let CrlVerdict::CouldNotTell(failure) = verdict else {
            panic!("{verdict:?}")
        };
        assert_eq!(failure.kind, CrlFailureKind::IssuerMayNotSign);
    }
}

#[test]
fn a_list_that_ends_before_it_begins_proves_nothing() {
    let world = world();
    for serial in [vec![1], serial(&world.leaf)] {
        let mut issue = Issue::of(&world.root);
        issue.entries = vec![entry(&serial, None)];
        for (this_update, next_update) in [
            ("20260601000500Z", "20260601000459Z"),
            ("20260531000001Z", "20260531000000Z"),
            ("20260602000001Z", "20260602000000Z"),
        ] {
            (issue.this_update, issue.next_update) = (this_update, Some(next_update));
            world.fails(&issue.sign(), CrlFailureKind::Nonconforming);
        }
    }
}

#[test]
fn a_crl_number_has_at_most_20_octets_and_is_not_negative() {
    let world = world();
    let mut issue = Issue::of(&world.root);
    let number = |octets: &[u8]| {
        let integer = write_tlv(INTEGER, octets);
        Some(extension(&[0x55, 0x1d, 20], false, &integer))
    };
    issue.number = number(&[0x7f; 20]);
    assert_eq!(world.not_revoked(&issue.sign()).number, "7f".repeat(20));
    // The zero in front of a number whose first bit is set is no part of it.
    issue.number = number(&[&[0][..], &[0xff; 20]].concat());
    world.not_revoked(&issue.sign());
    for serial in [vec![1], serial(&world.leaf)] {
        issue.entries = vec![entry(&serial, None)];
        for octets in [&[0x7f; 21][..], &[1; 100_000], &[0x80], &[]] {
            issue.number = number(octets);
            world.fails(&issue.sign(), CrlFailureKind::Nonconforming);
        }
    }
}

#[test]
fn an_extension_that_a_list_has_twice_makes_it_malformed() {
    let world = world();
    let mut issue = Issue::of(&world.root);
    // Of authorities only, or so the first one says.
    let narrow = point(&[0x82, 1, 0xff]);
    for extensions in [
        vec![narrow.clone(), point(&[])],
        vec![point(&[]), narrow],
        vec![number(false)],
    ] {
        issue.extensions = extensions;
        world.fails(&issue.sign(), CrlFailureKind::Malformed);
    }
    issue.extensions = Vec::new();
    // On hold, and off the list again.
    let reason = |reason| extension(&[0x55, 0x1d, 21], false, &[ENUMERATED, 1, reason]);
    for reasons in [[6, 1], [8, 1], [1, 8]] {
        let serial = write_tlv(INTEGER, &serial(&world.leaf));
        let extensions = sequence(&[&reason(reasons[0]), &reason(reasons[1])]);
        issue.entries = vec![sequence(&[&serial, &at("20260530000000Z"), &extensions])];
        world.fails(&issue.sign(), CrlFailureKind::Malformed);
    }
}

#[test]
fn an_entry_of_another_issuer_is_no_revocation() {
    let world = world();
    let mut issue = Issue::of(&world.root);
    let name = write_tlv(context_primitive(2), b"other.example.org");
    for critical in [false, true] {
        let other = extension(&[0x55, 0x1d, 29], critical, &sequence(&[&name]));
        let serial = write_tlv(INTEGER, &serial(&world.leaf));
        let extensions = sequence(&[&other]);
        issue.entries = vec![sequence(&[&serial, &at("20260530000000Z"), &extensions])];
        world.fails(&issue.sign(), CrlFailureKind::Indirect);
    }
}

#[test]
fn a_list_of_one_kind_is_not_about_a_certificate_whose_kind_cannot_be_read() {
    let issue_with = |values: &[&[u8]]| {
        let root = Authority::root("Root");
        let leaf = root.leaf_with(&["mx.example.org"], |params| {
            params.custom_extensions = values
                .iter()
                .map(|value| CustomExtension::from_oid_content(&[2, 5, 29, 19], value.to_vec()))
                .collect();
        });
        World {
            root,
            leaf: leaf.der,
        }
    };
    let (end_entity, authority): (&[u8], &[u8]) = (&[0x30, 0], &[0x30, 3, 1, 1, 0xff]);
    for (values, user, ca) in [
        (&[][..], true, false),
        (&[end_entity][..], true, false),
        (&[authority][..], false, true),
        (&[&[4, 0][..]][..], false, false),
        (&[end_entity, authority][..], false, false),
    ] {
        let world = issue_with(values);
        for (tag, in_scope) in [(0x81, user), (0x82, ca)] {
            let mut issue = Issue::of(&world.root);
            issue.extensions = vec![point(&[tag, 1, 0xff])];
            if in_scope {
                world.not_revoked(&issue.sign());
            } else {
                world.fails(&issue.sign(), CrlFailureKind::OutOfScope);
            }
        }
    }
}

#[test]
fn a_negative_serial_number_is_not_the_positive_one_of_the_same_octets() {
    let root = Authority::root("Root");
    let leaf = root.leaf_with(&["mx.example.org"], |params| {
        params.serial_number = Some(SerialNumber::from_slice(&[0x80]));
    });
    assert_eq!(serial(&leaf.der), [0, 0x80]);
    let world = World {
        root,
        leaf: leaf.der,
    };
    let mut issue = Issue::of(&world.root);
    issue.entries = vec![entry(&[0x80], Some(1)), entry(&[0xff, 0x80], Some(1))];
    world.not_revoked(&issue.sign());
    issue.entries = vec![entry(&[0, 0x80], Some(1))];
    world.revoked(&issue.sign());
}

/// The pointers of a certificate with such extensions `authorityInfoAccess`.
#[track_caller]
fn check_access(values: &[Vec<u8>], expected: &RevocationPointers) {
    let leaf = Authority::root("Root").leaf_with(&["mx.example.org"], |params| {
        let oid = [1, 3, 6, 1, 5, 5, 7, 1, 1];
        let extension = |value: &Vec<u8>| CustomExtension::from_oid_content(&oid, value.clone());
        params.custom_extensions = values.iter().map(extension).collect();
    });
    assert_eq!(RevocationPointers::of(&leaf.der), *expected);
}

#[test]
fn item_63_a_pointer_that_is_not_told_is_not_taken_for_none() {
    let access = |last: u8, tag: u8, location: &[u8]| {
        let method = [OID, 8, 0x2b, 6, 1, 5, 5, 7, 0x30, last];
        sequence(&[&method, &write_tlv(tag, location)])
    };
    let issuer = access(2, 0x86, b"http://ca.example.org/");
    let ocsp = access(1, 0x86, b"http://ocsp.example.org/");
    let named = |ocsp: &[&str]| RevocationPointers::Named {
        crl: Vec::new(),
        ocsp: ocsp.iter().map(|&url| url.to_owned()).collect(),
    };
    let one = |descriptions: &[&[u8]]| vec![sequence(descriptions)];
    check_access(&one(&[&issuer]), &RevocationPointers::Absent);
    let found = named(&["http://ocsp.example.org/"]);
    check_access(&one(&[&issuer, &ocsp]), &found);
    // One whose URL is none, and one that is a name of another kind.
    check_access(&one(&[&access(1, 0x86, b"http://\xff/")]), &named(&[]));
    check_access(&one(&[&access(1, 0x82, b"ocsp.example.org")]), &named(&[]));
    // One beyond those that are looked at, and one in an extension that is there twice.
    let mut many = vec![&issuer[..]; 16];
    check_access(&one(&many), &RevocationPointers::Absent);
    many.push(&ocsp);
    check_access(&one(&many), &RevocationPointers::Unreadable);
    let twice = [sequence(&[&issuer]), sequence(&[&ocsp])];
    check_access(&twice, &RevocationPointers::Unreadable);
}

#[test]
fn a_list_need_not_have_a_certificate_that_had_expired() {
    let world = |day| {
        let root = Authority::root("Root");
        let leaf = root.leaf_with(&["mx.example.org"], |params| {
            params.not_after = date_time_ymd(2026, 5, day);
        });
        World {
            root,
            leaf: leaf.der,
        }
    };
    // It has expired since the list was issued.
    let late = world(31);
    late.not_revoked(&Issue::of(&late.root).sign());
    let world = world(30);
    let mut issue = Issue::of(&world.root);
    world.fails(&issue.sign(), CrlFailureKind::CertificateExpired);
    // The list may say since when it keeps those that have expired (ITU-T X.509, expiredCertsOnCRL).
    for (since, covers) in [("20260530000000Z", true), ("20260530000001Z", false)] {
        issue.extensions = vec![extension(&[0x55, 0x1d, 60], false, &at(since))];
        if covers {
            world.not_revoked(&issue.sign());
        } else {
            world.fails(&issue.sign(), CrlFailureKind::CertificateExpired);
        }
    }
    issue.extensions = Vec::new();
    issue.entries = vec![entry(&serial(&world.leaf), None)];
    world.revoked(&issue.sign());
}
