use rcgen::{ExtendedKeyUsagePurpose, KeyPair, SigningKey as _};

use sha1::{Digest as _, Sha1};

use super::response::{BASIC_RESPONSE, hash};
use super::*;
use crate::der::reader::{
    BIT_STRING, ENUMERATED, INTEGER, OCTET_STRING, OID, context, write_sequence as sequence,
    write_time as at, write_tlv,
};
use crate::pki::{Authority, NOW, providers};
use crate::revocation::{RevocationReason, key_octets};

mod doubtful;

const SHA1: &[u8] = &[0x2b, 0x0e, 0x03, 0x02, 0x1a];
const SHA256: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01];
const ECDSA_SHA256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02];

/// A response to be signed, from which the tests depart.
struct Answer<'a> {
    issuer: &'a Authority,
    subject: &'a Der,
    signer: &'a Der,
    key: &'a KeyPair,
    algorithm: &'a [u8],
    by_key: bool,
    status: Vec<u8>,
    this_update: &'a str,
    next_update: Option<&'a str>,
    extension: Vec<u8>,
    single_extension: Vec<u8>,
    embedded: Vec<&'a Der>,
    /// More of what `single` is one of.
    more: Vec<u8>,
    /// What follows in the structure that has this place.
    trailing: Option<Place>,
    version: Vec<u8>,
    /// When it is signed; if nothing is said, at `this_update`.
    produced: Option<&'a str>,
}

/// A structure of a response.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Place {
    CertId,
    Single,
    NextUpdate,
    Data,
    Certificates,
    Basic,
    ResponseBytes,
    Response,
}

impl<'a> Answer<'a> {
    fn good(issuer: &'a Authority, subject: &'a Der) -> Self {
        Self {
            issuer,
            subject,
            signer: &issuer.der,
            key: issuer.issuer.key(),
            algorithm: SHA1,
            by_key: false,
            status: vec![0x80, 0],
            this_update: "20260531000000Z",
            next_update: Some("20260607000000Z"),
            extension: Vec::new(),
            single_extension: Vec::new(),
            embedded: Vec::new(),
            more: Vec::new(),
            trailing: None,
            version: Vec::new(),
            produced: None,
        }
    }

    fn delegated(mut self, signer: &'a crate::pki::Leaf) -> Self {
        (self.signer, self.key) = (&signer.der, &signer.key);
        self.embedded = vec![&signer.der];
        self
    }

    /// Two days ago, because the key is in other hands.
    fn revoke(&mut self) {
        let reason = write_tlv(context(0), &[ENUMERATED, 1, 1]);
        self.status = write_tlv(context(1), &[at("20260530000000Z"), reason].concat());
    }

    /// Two days ago, for a time.
    fn hold(&mut self) {
        let reason = write_tlv(context(0), &[ENUMERATED, 1, 6]);
        self.status = write_tlv(context(1), &[at("20260530000000Z"), reason].concat());
    }

    /// As RFC 6960 §2.2 has it of a certificate that was never issued.
    fn never_issued(&mut self) {
        let reason = write_tlv(context(0), &[ENUMERATED, 1, 6]);
        self.status = write_tlv(context(1), &[at("19700101000000Z"), reason].concat());
    }

    /// A NULL where one is asked for.
    fn after(&self, place: Place) -> &'static [u8] {
        if self.trailing == Some(place) {
            &[5, 0]
        } else {
            &[]
        }
    }

    fn single(&self) -> Vec<u8> {
        let issuer = read_certificate(self.issuer.der.as_bytes()).unwrap();
        let subject = read_certificate(self.subject.as_bytes()).unwrap();
        let hash = |octets| {
            let hash = hash(self.algorithm, octets).unwrap_or_default();
            write_tlv(OCTET_STRING, &hash)
        };
        let id = sequence(&[
            &sequence(&[&write_tlv(OID, self.algorithm)]),
            &hash(issuer.subject().as_raw()),
            &hash(key_octets(&issuer).unwrap()),
            &write_tlv(INTEGER, subject.raw_serial()),
            self.after(Place::CertId),
        ]);
        let next_update = self.next_update.map(|time| {
            write_tlv(
                context(0),
                &[&at(time), self.after(Place::NextUpdate)].concat(),
            )
        });
        let next_update = next_update.unwrap_or_default();
        let extensions = match self.single_extension.as_slice() {
            [] => Vec::new(),
            one => write_tlv(context(1), &sequence(&[one])),
        };
        let this_update = at(self.this_update);
        let after = self.after(Place::Single);
        sequence(&[
            &id,
            &self.status,
            &this_update,
            &next_update,
            after,
            &extensions,
        ])
    }

    fn sign(&self) -> Vec<u8> {
        let signer = read_certificate(self.signer.as_bytes()).unwrap();
        let id = if self.by_key {
            let hash = Sha1::digest(key_octets(&signer).unwrap());
            write_tlv(context(2), &write_tlv(OCTET_STRING, &hash))
        } else {
            write_tlv(context(1), signer.subject().as_raw())
        };
        let extensions = match self.extension.as_slice() {
            [] => Vec::new(),
            one => write_tlv(context(1), &sequence(&[one])),
        };
        let produced = at(self.produced.unwrap_or(self.this_update));
        let responses = sequence(&[&self.single(), &self.more]);
        let after = self.after(Place::Data);
        let data = sequence(&[
            &self.version,
            &id,
            &produced,
            &responses,
            after,
            &extensions,
        ]);
        let signature = [vec![0], self.key.sign(&data).unwrap()].concat();
        let embedded: Vec<&[u8]> = self.embedded.iter().map(|der| der.as_bytes()).collect();
        let basic = sequence(&[
            &data,
            &sequence(&[&write_tlv(OID, ECDSA_SHA256)]),
            &write_tlv(BIT_STRING, &signature),
            &write_tlv(context(0), &sequence(&embedded)),
            self.after(Place::Certificates),
        ]);
        let bytes = sequence(&[
            &write_tlv(OID, BASIC_RESPONSE),
            &write_tlv(OCTET_STRING, &[&basic, self.after(Place::Basic)].concat()),
            self.after(Place::ResponseBytes),
        ]);
        sequence(&[
            &[ENUMERATED, 1, 0],
            &write_tlv(context(0), &bytes),
            self.after(Place::Response),
        ])
    }
}

/// A good response with a list of SCTs in it.
pub(crate) fn staple_with_scts(issuer: &Authority, subject: &Der, list: &[u8]) -> Der {
    let mut answer = Answer::good(issuer, subject);
    let value = write_tlv(OCTET_STRING, &write_tlv(OCTET_STRING, list));
    answer.single_extension = sequence(&[&write_tlv(OID, SCT_LIST), &value]);
    Der::new(answer.sign())
}

/// A response that says "revoked".
pub(crate) fn revoked_staple(issuer: &Authority, subject: &Der) -> Der {
    let mut answer = Answer::good(issuer, subject);
    answer.revoke();
    Der::new(answer.sign())
}

/// A response that says that the certificate was never issued.
pub(crate) fn never_issued_staple(issuer: &Authority, subject: &Der) -> Der {
    let mut answer = Answer::good(issuer, subject);
    answer.never_issued();
    Der::new(answer.sign())
}

struct World {
    root: Authority,
    leaf: Der,
    chain: Vec<Der>,
}

fn world() -> World {
    let root = Authority::root("Root");
    let leaf = root.leaf(&["mx.example.org"]).der;
    let chain = vec![leaf.clone(), root.der.clone()];
    World { root, leaf, chain }
}

fn verdict(staple: &[u8], chain: &[Der]) -> OcspVerdict {
    let mut verdicts = providers().into_iter();
    let provider = verdicts.next().unwrap();
    let verdict = check_staple(&Der::new(staple), chain, &provider, NOW);
    for other in verdicts {
        assert_eq!(check_staple(&Der::new(staple), chain, &other, NOW), verdict);
    }
    verdict
}

#[track_caller]
fn fails(staple: &[u8], chain: &[Der], expected: OcspFailureKind) {
    match verdict(staple, chain) {
        OcspVerdict::CouldNotTell(failure) => assert_eq!(failure.kind, expected, "{failure:?}"),
        verdict => panic!("{verdict:?}"),
    }
}

#[track_caller]
fn is_good(staple: &[u8], chain: &[Der]) -> OcspProof {
    match verdict(staple, chain) {
        OcspVerdict::Good(proof) => proof,
        verdict => panic!("{verdict:?}"),
    }
}

#[test]
fn item_61_a_good_staple_is_proof() {
    let World { root, leaf, chain } = world();
    let proof = is_good(&Answer::good(&root, &leaf).sign(), &chain);
    assert_eq!(proof.responder, OcspResponder::Issuer);
    assert_eq!(proof.this_update, NOW - 86_400);
    assert_eq!(proof.next_update, Some(NOW + 6 * 86_400));
    let mut answer = Answer::good(&root, &leaf);
    (answer.algorithm, answer.by_key) = (SHA256, true);
    is_good(&answer.sign(), &chain);
}

#[test]
fn revoked_and_unknown_are_answers_too() {
    let World { root, leaf, chain } = world();
    let mut answer = Answer::good(&root, &leaf);
    answer.revoke();
    let OcspVerdict::Revoked { revocation, .. } = verdict(&answer.sign(), &chain) else {
        panic!()
    };
    assert_eq!(revocation.time, NOW - 2 * 86_400);
    assert_eq!(revocation.reason, Some(RevocationReason::KEY_COMPROMISE));
    answer.status = vec![0x82, 0];
    let verdict = verdict(&answer.sign(), &chain);
    assert!(matches!(verdict, OcspVerdict::Unknown(_)), "{verdict:?}");
}

#[test]
fn item_61_a_responder_that_gives_no_answer_proves_nothing() {
    let World { chain, .. } = world();
    for (status, name) in [(3, "tryLater"), (6, "unauthorized"), (4, "status 4")] {
        let response = sequence(&[&[ENUMERATED, 1, status]]);
        let status = OcspResponseStatus(status);
        assert_eq!(status.to_string(), name);
        fails(&response, &chain, OcspFailureKind::NotSuccessful(status));
    }
    for response in [
        &[][..],
        &[0x30, 0],
        &[0x30, 3, ENUMERATED, 1, 0],
        &[1; 70_000],
    ] {
        fails(response, &chain, OcspFailureKind::Malformed);
    }
}

#[test]
fn item_61_a_staple_out_of_its_time_proves_nothing() {
    let World { root, leaf, chain } = world();
    let mut answer = Answer::good(&root, &leaf);
    answer.next_update = Some("20260531235959Z");
    fails(&answer.sign(), &chain, OcspFailureKind::Stale);
    let OcspVerdict::CouldNotTell(failure) = verdict(&answer.sign(), &chain) else {
        panic!("it is stale");
    };
    let until = "it said good until May 31 23:59:59 2026 +00:00";
    assert!(failure.detail.ends_with(until), "{failure:?}");
    answer.next_update = None;
    is_good(&answer.sign(), &chain);
    answer.this_update = "20260521000000Z";
    fails(&answer.sign(), &chain, OcspFailureKind::Stale);
    answer.this_update = "20260601000500Z";
    is_good(&answer.sign(), &chain);
    answer.this_update = "20260601000501Z";
    fails(&answer.sign(), &chain, OcspFailureKind::NotYetValid);
}

#[test]
fn item_61_a_staple_for_another_certificate_proves_nothing() {
    let World { root, leaf, chain } = world();
    let other = root.leaf(&["other.example.org"]).der;
    let staple = Answer::good(&root, &other).sign();
    fails(&staple, &chain, OcspFailureKind::OtherCertificate);
    let stranger = Authority::root("Stranger");
    let staple = Answer::good(&stranger, &leaf).sign();
    fails(&staple, &chain, OcspFailureKind::OtherCertificate);
    let mut answer = Answer::good(&root, &leaf);
    answer.algorithm = ECDSA_SHA256;
    fails(
        &answer.sign(),
        &chain,
        OcspFailureKind::UnsupportedAlgorithm,
    );
}

#[test]
fn item_61_a_delegated_responder_needs_the_right_to_sign() {
    let World { root, leaf, chain } = world();
    let ocsp = |authority: &Authority, usage: ExtendedKeyUsagePurpose| {
        authority.leaf_with(&["ocsp"], |params| params.extended_key_usages = vec![usage])
    };
    let signer = ocsp(&root, ExtendedKeyUsagePurpose::OcspSigning);
    let staple = Answer::good(&root, &leaf).delegated(&signer).sign();
    let OcspResponder::Delegated { subject, .. } = is_good(&staple, &chain).responder else {
        panic!()
    };
    assert_eq!(subject, "CN=ocsp");
    let refused = OcspFailureKind::ResponderNotAuthorized;
    let signer = ocsp(&root, ExtendedKeyUsagePurpose::ServerAuth);
    let staple = Answer::good(&root, &leaf).delegated(&signer).sign();
    fails(&staple, &chain, refused);
    for name in ["Stranger", "Root"] {
        let signer = ocsp(&Authority::root(name), ExtendedKeyUsagePurpose::OcspSigning);
        let staple = Answer::good(&root, &leaf).delegated(&signer).sign();
        fails(&staple, &chain, refused);
    }
    let mut answer = Answer::good(&root, &leaf).delegated(&signer);
    answer.embedded = Vec::new();
    fails(&answer.sign(), &chain, refused);
}

#[test]
fn a_signature_by_another_key_proves_nothing() {
    let World { root, leaf, chain } = world();
    let other = KeyPair::generate().unwrap();
    assert_eq!(other.algorithm(), &rcgen::PKCS_ECDSA_P256_SHA256);
    let mut answer = Answer::good(&root, &leaf);
    answer.key = &other;
    fails(&answer.sign(), &chain, OcspFailureKind::BadSignature);
}

#[test]
fn an_issuer_that_did_not_sign_the_certificate_is_none() {
    let World { root, leaf, .. } = world();
    let impostor = Authority::root("Root");
    let staple = Answer::good(&impostor, &leaf).sign();
    let chain = [leaf.clone(), impostor.der.clone()];
    fails(&staple, &chain, OcspFailureKind::IssuerNotInChain);
    fails(&staple, &[leaf], OcspFailureKind::IssuerNotInChain);
    assert_ne!(root.der, impostor.der);
}

#[test]
fn only_a_critical_extension_that_is_not_known_stands_in_the_way() {
    let World { root, leaf, chain } = world();
    let mut answer = Answer::good(&root, &leaf);
    for (oid, failed) in [(KNOWN_EXTENSIONS[0], false), (SHA1, true)] {
        let (oid, value) = (write_tlv(OID, oid), write_tlv(OCTET_STRING, &[4, 0]));
        answer.extension = sequence(&[&oid, &[1, 1, 0xff], &value]);
        let verdict = verdict(&answer.sign(), &chain);
        assert_eq!(matches!(verdict, OcspVerdict::CouldNotTell(_)), failed);
    }
}

/// A certificate that demands a staple (RFC 7633).
pub(crate) fn demanding_leaf(issuer: &Authority) -> Der {
    let leaf = issuer.leaf_with(&["mx.example.org"], |params| {
        let oid = [1, 3, 6, 1, 5, 5, 7, 1, 24];
        let value = vec![0x30, 3, 2, 1, 5];
        let extension = rcgen::CustomExtension::from_oid_content(&oid, value);
        params.custom_extensions.push(extension);
    });
    leaf.der
}

#[test]
fn item_61_an_absent_staple_matters_only_where_one_is_demanded() {
    let World { root, chain, .. } = world();
    let demanding = demanding_leaf(&root);
    let provider = providers().remove(0);
    let judge = |chain: &[Der]| StapleState::judge(None, chain, &provider, NOW);
    assert_eq!(judge(&chain), StapleState::Absent);
    assert_eq!(judge(&[demanding]), StapleState::MissingThoughRequired);
    assert_eq!(judge(&[]), StapleState::AbsentCertificateUnreadable);
}

#[test]
fn no_single_changed_or_missing_octet_makes_another_answer() {
    let World { root, leaf, chain } = world();
    let staple = Answer::good(&root, &leaf).sign();
    let provider = providers().remove(0);
    for place in 0..staple.len() {
        let mut changed = staple.clone();
        changed[place] ^= 1;
        for octets in [&changed, &staple[..place]] {
            let verdict = check_staple(&Der::new(octets), &chain, &provider, NOW);
            let told = !matches!(verdict, OcspVerdict::CouldNotTell(_) | OcspVerdict::Good(_));
            assert!(!told, "{place}: {verdict:?}");
        }
    }
}

#[track_caller]
fn check_detail(found: OcspVerdict, kind: OcspFailureKind, detail: &str) {
    let OcspVerdict::CouldNotTell(failure) = found else {
        panic!("{found:?}")
    };
    assert_eq!(failure.kind, kind, "{failure:?}");
    assert!(failure.detail.contains(detail), "{failure:?}");
}

#[test]
fn item_61_a_response_that_says_both_says_nothing() {
    let World { root, leaf, chain } = world();
    let mut revoked = Answer::good(&root, &leaf);
    revoked.revoke();
    revoked.algorithm = SHA256;
    let mut answer = Answer::good(&root, &leaf);
    answer.more = revoked.single();
    let malformed = OcspFailureKind::Malformed;
    check_detail(verdict(&answer.sign(), &chain), malformed, "contradict");
    // Nor does one hide behind others of the same serial number.
    let stranger = Authority::root("Stranger");
    answer.more = (0..8)
        .flat_map(|_| Answer::good(&stranger, &leaf).single())
        .collect();
    answer.more.extend(revoked.single());
    check_detail(verdict(&answer.sign(), &chain), malformed, "at most 8");
}

#[test]
fn item_61_a_responder_whose_certificate_must_be_rejected_is_not_believed() {
    let World { root, leaf, chain } = world();
    let check = |change: &dyn Fn(&mut rcgen::CertificateParams), detail: &str| {
        let signer = root.leaf_with(&["ocsp"], |params| {
            params.extended_key_usages = vec![ExtendedKeyUsagePurpose::OcspSigning];
            change(params);
        });
        let answer = Answer::good(&root, &leaf).delegated(&signer).sign();
        let kind = OcspFailureKind::ResponderNotAuthorized;
        check_detail(verdict(&answer, &chain), kind, detail);
    };
    check(
        &|params| {
            let unknown = crate::pki::critical_extension();
            params.custom_extensions.push(unknown);
        },
        "critical extension",
    );
    check(
        &|params| params.key_usages = vec![rcgen::KeyUsagePurpose::KeyEncipherment],
        "key usages",
    );
}

#[test]
fn item_61_certificates_of_the_same_name_do_not_hide_the_issuer() {
    let World { root, leaf, .. } = world();
    let mut chain = vec![leaf.clone()];
    chain.extend((0..8).map(|_| Authority::root("Root").der));
    chain.push(root.der.clone());
    let found = verdict(revoked_staple(&root, &leaf).as_bytes(), &chain);
    assert!(matches!(found, OcspVerdict::Revoked { .. }), "{found:?}");
}
