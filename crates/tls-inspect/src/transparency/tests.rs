use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{CertificateParams, CustomExtension, KeyPair, PublicKeyData as _, SigningKey as _};

use super::*;
use crate::TrustStore;
use crate::der::reader::{OCTET_STRING, write_sequence, write_tlv};
use crate::pki::{Authority, NOW, providers};

/// The key of the log of the vectors, and what it signed, in base64: see `tests/data/ct/README.md`.
const LOG_KEY: &[u8] = include_bytes!("../../tests/data/ct/log-key.der");
const CERTIFICATE_SCT: &str = "AN8cLsEVAJRSR6lhaDJd3Fx5Wej3xtOI/AAuC70/dNdkAAABPdsn3tkAAAQDAEcwRQIgYG4QrlwtWhsK\
    7UncSTf0jecaTpeE6cII37/p71Ns9/ICIQC+spxy19BtYdBr2zigaUaaqG/hLhi7fMRWiaLAGH71pQ==";
const PRECERTIFICATE_SCT: &str = "AN8cLsEVAJRSR6lhaDJd3Fx5Wej3xtOI/AAuC70/dNdkAAABPdsn35MAAAQDAEcwRQIgSC9nUa8126ZU\
    Nr4f1mQPPb+aQUKUlZJFMCiPo+XiPgYCIQDk7cDbOsVyseL16KtqaAZTmH3PQQJ9/v+hBVGdie2/CA==";

fn decode(text: &str) -> Vec<u8> {
    STANDARD.decode(text).unwrap()
}

fn opaque(octets: &[u8]) -> Vec<u8> {
    let length = u16::try_from(octets.len()).unwrap().to_be_bytes();
    [&length, octets].concat()
}

fn list(scts: &[&[u8]]) -> Vec<u8> {
    opaque(&scts.iter().flat_map(|sct| opaque(sct)).collect::<Vec<_>>())
}

fn pem(text: &[u8]) -> Der {
    TrustStore::certificates_from_pem(text).unwrap().remove(0)
}

/// A log made for a test.
struct Log {
    key: KeyPair,
    logs: LogList,
}

impl Log {
    fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let der = Der::new(key.subject_public_key_info());
        let logs = LogList::new([CtLog::new(der, "log", "operator")]);
        Self { key, logs }
    }

    /// Signs an entry, its type included, by RFC 6962 §3.2.
    fn sign(&self, timestamp: u64, entry: &[u8]) -> Vec<u8> {
        let time = timestamp.to_be_bytes();
        let message = [&[0, 0][..], &time, entry, &[0, 0]].concat();
        let signature = opaque(&self.key.sign(&message).unwrap());
        let id = self.logs.logs[0].id();
        [&[0][..], id, &time, &[0, 0, 4, 3], &signature].concat()
    }
}

/// A certificate whose key and serial number are always the same, with this list of SCTs in it.
fn certificate(root: &Authority, key: &KeyPair, scts: Option<&[u8]>) -> Der {
    let mut params = CertificateParams::new(vec!["mx.example.org".to_owned()]).unwrap();
    params.serial_number = Some(rcgen::SerialNumber::from(77));
    params.custom_extensions.extend(scts.map(|list| {
        let oid = [1, 3, 6, 1, 4, 1, 11_129, 2, 4, 2];
        CustomExtension::from_oid_content(&oid, write_tlv(OCTET_STRING, list))
    }));
    let certificate = params.signed_by(key, &root.issuer).unwrap();
    Der::from(certificate.der().clone())
}

/// The entry that a log signs for a certificate without SCTs, made without the code under test.
fn precert_entry(root: &Authority, certificate: &Der) -> Vec<u8> {
    use x509_parser::prelude::{FromDer as _, X509Certificate};
    let (_, issuer) = X509Certificate::from_der(root.der.as_bytes()).unwrap();
    let (_, certificate) = X509Certificate::from_der(certificate.as_bytes()).unwrap();
    let tbs: &[u8] = certificate.tbs_certificate.as_ref();
    let length = u32::try_from(tbs.len()).unwrap().to_be_bytes();
    let hash = Sha256::digest(issuer.tbs_certificate.subject_pki.raw);
    [&[0, 1][..], &hash, &length[1..], tbs].concat()
}

fn x509_entry(certificate: &Der) -> Vec<u8> {
    let length = u32::try_from(certificate.as_bytes().len()).unwrap();
    [
        &[0, 0][..],
        &length.to_be_bytes()[1..],
        certificate.as_bytes(),
    ]
    .concat()
}

fn verdicts(chain: &[Der], handshake: Option<&[u8]>, logs: &LogList) -> Vec<SctVerdict> {
    let mut reports = providers()
        .into_iter()
        .map(|provider| check_scts(chain, handshake, None, logs, &provider, NOW));
    let report = reports.next().unwrap();
    for other in reports {
        assert_eq!(other, report);
    }
    assert_eq!(report.unreadable_lists, []);
    report.scts.into_iter().map(|sct| sct.verdict).collect()
}

fn is_valid(verdict: &SctVerdict) -> bool {
    matches!(verdict, SctVerdict::Valid { log, operator, .. } if log == "log" && operator == "operator")
}

#[test]
fn item_62_an_sct_of_the_vectors_is_valid_for_its_certificate_and_for_no_other() {
    let log = CtLog::new(Der::new(LOG_KEY), "log", "operator");
    let logs = LogList::new([log]);
    let certificate = pem(include_bytes!("../../tests/data/ct/certificate.pem"));
    let other = pem(include_bytes!("../../tests/data/ct/authority.pem"));
    let scts = list(&[&decode(CERTIFICATE_SCT)]);
    let found = verdicts(&[certificate], Some(&scts), &logs);
    assert!(found.iter().all(is_valid) && found.len() == 1, "{found:?}");
    let found = verdicts(&[other], Some(&scts), &logs);
    assert!(matches!(found[..], [SctVerdict::BadSignature { .. }]));
}

#[test]
fn item_62_a_precertificate_of_the_vectors_is_made_up_again() {
    let precertificate = pem(include_bytes!("../../tests/data/ct/precertificate.pem"));
    let authority = pem(include_bytes!("../../tests/data/ct/authority.pem"));
    let octets = decode(PRECERTIFICATE_SCT);
    let sct = Sct::read(&octets).unwrap();
    assert_eq!(sct.timestamp, 1365181456275);
    let spki = crate::Certificate::parse(authority.as_bytes())
        .unwrap()
        .spki_sha256;
    let hash: Vec<u8> = (0..64)
        .step_by(2)
        .map(|at| u8::from_str_radix(&spki[at..at + 2], 16).unwrap())
        .collect();
    let mut hash: [u8; 32] = hash.try_into().unwrap();
    for provider in providers() {
        let entry = precertificate::entry(precertificate.as_bytes(), &hash).unwrap();
        let check = sct.check(&entry, LOG_KEY, &provider);
        assert_eq!(check, SignatureCheck::Verified);
    }
    hash[0] ^= 1;
    let entry = precertificate::entry(precertificate.as_bytes(), &hash).unwrap();
    let check = sct.check(&entry, LOG_KEY, &providers().remove(0));
    assert_eq!(check, SignatureCheck::Failed);
}

#[test]
fn item_62_an_embedded_sct_is_about_the_certificate_without_it_and_its_issuer() {
    let (root, key, log) = (
        Authority::root("Root"),
        KeyPair::generate().unwrap(),
        Log::new(),
    );
    let bare = certificate(&root, &key, None);
    let entry = precert_entry(&root, &bare);
    let early = log.sign(1_700_000_000_000, &entry);
    let late = log.sign(1_900_000_000_000, &entry);
    let stranger = Log::new().sign(1_700_000_000_000, &entry);
    let of_other = log.sign(1_700_000_000_000, &x509_entry(&bare));
    let scts = list(&[&early, &late, &stranger, &of_other, &[1, 2, 3]]);
    let leaf = certificate(&root, &key, Some(&scts));
    let found = verdicts(&[leaf.clone(), root.der.clone()], None, &log.logs);
    assert!(is_valid(&found[0]), "{found:?}");
    assert_eq!(
        found[1..3],
        [SctVerdict::InTheFuture, SctVerdict::UnknownLog]
    );
    assert!(matches!(found[3], SctVerdict::BadSignature { .. }));
    assert_eq!(found[4..], [SctVerdict::Unreadable]);
    let found = verdicts(&[leaf], None, &log.logs);
    assert!(matches!(found[0], SctVerdict::CouldNotTell(_)), "{found:?}");
    assert_eq!(verdicts(&[bare, root.der], None, &log.logs), []);
}

#[test]
fn an_sct_of_another_algorithm_is_not_told_to_be_bad() {
    let (root, log) = (Authority::root("Root"), Log::new());
    let leaf = root.leaf(&["mx.example.org"]).der;
    let mut sct = log.sign(1_700_000_000_000, &x509_entry(&leaf));
    assert_eq!(sct[43..45], [4, 3]);
    sct[43] = 6;
    let found = verdicts(&[leaf], Some(&list(&[&sct])), &log.logs);
    assert!(
        matches!(found[..], [SctVerdict::CouldNotTell(_)]),
        "{found:?}"
    );
}

#[test]
fn no_single_changed_octet_leaves_an_sct_valid() {
    let (root, log) = (Authority::root("Root"), Log::new());
    let leaf = root.leaf(&["mx.example.org"]).der;
    let sct = log.sign(1_700_000_000_000, &x509_entry(&leaf));
    let provider = providers().remove(0);
    for place in 0..sct.len() {
        let mut changed = sct.clone();
        changed[place] ^= 1;
        let changed = list(&[&changed]);
        let chain = [leaf.clone()];
        let report = check_scts(&chain, Some(&changed), None, &log.logs, &provider, NOW);
        assert!(!is_valid(&report.scts[0].verdict), "{place}");
    }
}

#[test]
fn a_list_that_breaks_off_is_told_and_one_without_end_is_cut() {
    let (root, log) = (Authority::root("Root"), Log::new());
    let chain = [root.leaf(&["mx.example.org"]).der];
    let sct = log.sign(1_700_000_000_000, &x509_entry(&chain[0]));
    let provider = providers().remove(0);
    let check = |list: &[u8]| check_scts(&chain, Some(list), None, &log.logs, &provider, NOW);
    for broken in [
        &[][..],
        &[0],
        &[0, 0],
        &[0, 2, 0, 0],
        &[0, 1, 0],
        &[0, 3, 0, 1, 0, 0],
    ] {
        let report = check(broken);
        assert_eq!(
            report.unreadable_lists,
            [SctChannel::Handshake],
            "{broken:?}"
        );
        assert!(report.scts.is_empty());
    }
    let broken = opaque(&[opaque(&sct), vec![0, 9, 1]].concat());
    let report = check(&broken);
    assert!(is_valid(&report.scts[0].verdict));
    assert_eq!(report.unreadable_lists, [SctChannel::Handshake]);
    let many = list(&vec![&sct[..]; 100]);
    assert_eq!(check(&many).scts.len(), MAX_SCTS);
    let leaf = certificate(&root, &KeyPair::generate().unwrap(), Some(&[1]));
    let report = check_scts(&[leaf], None, None, &log.logs, &provider, NOW);
    assert_eq!(report.unreadable_lists, [SctChannel::Certificate]);
}

#[test]
fn an_sct_in_a_staple_is_found() {
    let (root, log) = (Authority::root("Root"), Log::new());
    let chain = [root.leaf(&["mx.example.org"]).der];
    let sct = log.sign(1_700_000_000_000, &x509_entry(&chain[0]));
    let staple = crate::revocation::staple_with_scts(&root, &chain[0], &list(&[&sct]));
    let provider = providers().remove(0);
    let report = check_scts(&chain, None, Some(&staple), &log.logs, &provider, NOW);
    assert_eq!(report.scts[0].channel, SctChannel::Staple);
    assert!(is_valid(&report.scts[0].verdict), "{report:?}");
    assert_eq!(report.scts[0].timestamp_ms, Some(1_700_000_000_000));
}

#[cfg(feature = "serde")]
#[test]
fn the_list_that_chrome_publishes_is_read() {
    let json = include_bytes!("../../tests/data/ct/log-list.json");
    let list = LogList::from_json(json).unwrap();
    let states: Vec<_> = list.logs.iter().map(|log| log.state.unwrap()).collect();
    let expected = [LogState::ReadOnly, LogState::Usable, LogState::Retired];
    assert_eq!(states, expected);
    assert_eq!(list.timestamp, Some(1_651_841_711));
    assert_eq!(list.logs[0].state_since, Some(1_480_512_258));
    assert_eq!(list.logs[2].operator, "Bob's CT Log Shop");
    assert_eq!(list.unreadable, 1);
    for (json, kind) in [
        (b"{}".to_vec(), LogListErrorKind::Malformed),
        (vec![b'['; 100_000], LogListErrorKind::Malformed),
        (vec![b' '; 5 << 20], LogListErrorKind::TooLong),
    ] {
        assert_eq!(LogList::from_json(&json).unwrap_err().kind(), kind);
    }
}

/// What is told of the channels that cannot be read, by every provider.
#[track_caller]
fn check_unreadable(chain: &[Der], staple: Option<&[u8]>, expected: &[SctChannel]) {
    let logs = LogList::default();
    let staple = staple.map(Der::new);
    for provider in providers() {
        let report = check_scts(chain, None, staple.as_ref(), &logs, &provider, NOW);
        assert_eq!(report.unreadable_lists, expected, "{report:?}");
        assert_eq!(report.scts, []);
    }
}

#[test]
fn item_62_what_cannot_be_read_is_not_without_timestamps() {
    let (root, key) = (Authority::root("Root"), KeyPair::generate().unwrap());
    let leaf = root.leaf(&["mx.example.org"]).der;
    let chain = [leaf.clone()];
    check_unreadable(&chain, None, &[]);
    // A certificate that is missing, is none, breaks off, or has the list twice or no list in it.
    let certificate_only = [SctChannel::Certificate];
    check_unreadable(&[], None, &certificate_only);
    let octets = leaf.as_bytes();
    for broken in [&[][..], &[0x30, 2, 0x30, 0], &octets[..octets.len() / 2]] {
        check_unreadable(&[Der::new(broken)], None, &certificate_only);
    }
    let sct_oid = [1, 3, 6, 1, 4, 1, 11_129, 2, 4, 2];
    for values in [vec![vec![5, 0]], vec![write_tlv(OCTET_STRING, &[0, 0]); 2]] {
        let mut params = CertificateParams::new(vec!["mx.example.org".to_owned()]).unwrap();
        params.custom_extensions.extend(
            values
                .into_iter()
                .map(|value| CustomExtension::from_oid_content(&sct_oid, value)),
        );
        let signed = params.signed_by(&key, &root.issuer).unwrap();
        let broken = Der::from(signed.der().clone());
        check_unreadable(&[broken], None, &certificate_only);
    }
    // A staple that is none or breaks off; one that has no answer has no timestamps.
    let staple = crate::revocation::revoked_staple(&root, &leaf);
    check_unreadable(&chain, Some(staple.as_bytes()), &[]);
    check_unreadable(&chain, Some(&[0x30, 3, 10, 1, 3]), &[]);
    let octets = staple.as_bytes();
    for broken in [&[][..], &[0x30, 0], &octets[..octets.len() - 1]] {
        check_unreadable(&chain, Some(broken), &[SctChannel::Staple]);
    }
}

#[test]
fn item_62_an_sct_of_another_certificates_staple_is_told_as_that() {
    let (root, log) = (Authority::root("Root"), Log::new());
    let leaf = root.leaf(&["mx.example.org"]).der;
    let other = root.leaf(&["other.example.org"]).der;
    let stranger = Authority::root("Root");
    let own = log.sign(1_700_000_000_000, &x509_entry(&leaf));
    let foreign = log.sign(1_700_000_000_000, &x509_entry(&other));
    let other_verdict = SctVerdict::OfOtherCertificate;
    let check = |chain: &[Der], issuer: &Authority, subject: &Der, sct: &[u8]| {
        let staple = crate::revocation::staple_with_scts(issuer, subject, &list(&[sct]));
        let provider = providers().remove(0);
        let report = check_scts(chain, None, Some(&staple), &log.logs, &provider, NOW);
        assert_eq!(report.unreadable_lists, []);
        let [sct] = report.scts.try_into().unwrap();
        sct.verdict
    };
    let chain = [leaf.clone(), root.der.clone()];
    assert!(is_valid(&check(&chain, &root, &leaf, &own)));
    // Another serial number, with or without the issuer at hand, and another issuer.
    assert_eq!(check(&chain, &root, &other, &foreign), other_verdict);
    assert_eq!(check(&chain[..1], &root, &other, &foreign), other_verdict);
    assert_eq!(check(&chain, &stranger, &leaf, &foreign), other_verdict);
    // In the certificate's own staple the log is known not to have signed it.
    let found = check(&chain, &root, &leaf, &foreign);
    assert!(
        matches!(found, SctVerdict::BadSignature { .. }),
        "{found:?}"
    );
    // Whose staple it is cannot be told without the issuer, and what the log signed can.
    let found = check(&chain[..1], &root, &leaf, &foreign);
    assert!(matches!(found, SctVerdict::CouldNotTell(_)), "{found:?}");
    assert!(is_valid(&check(&chain[..1], &root, &leaf, &own)));
}

#[test]
fn an_sct_of_another_algorithm_than_the_key_is_not_of_the_log() {
    let (root, log) = (Authority::root("Root"), Log::new());
    let leaf = root.leaf(&["mx.example.org"]).der;
    let sct = log.sign(1_700_000_000_000, &x509_entry(&leaf));
    let verdict = |place: usize, octet: u8| {
        let mut sct = sct.clone();
        sct[place] = octet;
        verdicts(std::slice::from_ref(&leaf), Some(&list(&[&sct])), &log.logs).remove(0)
    };
    let expected = SctVerdict::WrongAlgorithm {
        log: "log".to_owned(),
    };
    // RSA, DSA, none and one that has yet to be given out, where the key is one for ECDSA.
    for algorithm in [1, 2, 0, 200] {
        assert_eq!(verdict(44, algorithm), expected);
    }
    assert!(matches!(verdict(43, 2), SctVerdict::CouldNotTell(_)));
    // And the other way about, with the key of a log that signs with RSA.
    let oid = [6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1, 5, 0];
    let key = write_sequence(&[&write_sequence(&[&oid]), &[3, 3, 0, 0x30, 0]]);
    let rsa = CtLog::new(Der::new(key), "log", "operator");
    let mut of_rsa = sct.clone();
    of_rsa[1..33].copy_from_slice(rsa.id());
    let found = verdicts(&[leaf], Some(&list(&[&of_rsa])), &LogList::new([rsa]));
    assert_eq!(found, [expected]);
}

#[test]
fn scts_that_are_left_out_are_told() {
    let (root, log) = (Authority::root("Root"), Log::new());
    let chain = [root.leaf(&["mx.example.org"]).der];
    let sct = log.sign(1_700_000_000_000, &x509_entry(&chain[0]));
    for (count, expected) in [
        (MAX_SCTS, &[][..]),
        (MAX_SCTS + 1, &[SctChannel::Handshake]),
    ] {
        let many = list(&vec![&sct[..]; count]);
        let provider = providers().remove(0);
        let report = check_scts(&chain, Some(&many), None, &log.logs, &provider, NOW);
        assert_eq!(report.scts.len(), MAX_SCTS);
        assert_eq!(report.unreadable_lists, expected);
    }
}

#[test]
fn scts_without_a_certificate_are_shown_and_not_judged() {
    let log = Log::new();
    let sct = log.sign(1_700_000_000_000, &[0, 0, 0, 0, 0]);
    let provider = providers().remove(0);
    for chain in [&[][..], &[Der::new([])]] {
        let scts = list(&[&sct]);
        let report = check_scts(chain, Some(&scts), None, &log.logs, &provider, NOW);
        let found = &report.scts[0].verdict;
        assert!(matches!(found, SctVerdict::CouldNotTell(_)), "{found:?}");
        assert_eq!(report.unreadable_lists, [SctChannel::Certificate]);
    }
}

#[cfg(feature = "serde")]
#[test]
fn a_log_of_several_states_has_none() {
    let json = include_str!("../../tests/data/ct/log-list.json");
    let changed = json.replacen("\"state\": {", "\"state\": {\"pending\": {},", 1);
    assert_ne!(changed, json);
    let list = LogList::from_json(changed.as_bytes()).unwrap();
    assert_eq!((list.logs[0].state, list.logs[0].state_since), (None, None));
    assert_eq!(list.logs[1].state, Some(LogState::Usable));
}

#[test]
fn an_sct_in_a_certificate_that_is_not_der_is_not_told_to_be_bad() {
    let (root, key, log) = (
        Authority::root("Root"),
        KeyPair::generate().unwrap(),
        Log::new(),
    );
    let bare = certificate(&root, &key, None);
    let sct = log.sign(1_700_000_000_000, &precert_entry(&root, &bare));
    let leaf = certificate(&root, &key, Some(&list(&[&sct])));
    let of_der = precertificate::entry(leaf.as_bytes(), &[0; 32]);
    assert!(of_der.is_some());
    // A zero in front of the length of the TBSCertificate, which has two octets.
    let octets = leaf.as_bytes();
    assert_eq!((octets[1], octets[4], octets[5]), (0x82, 0x30, 0x82));
    let length = u16::from_be_bytes([octets[2], octets[3]]) + 1;
    let length = length.to_be_bytes();
    let head = [0x30, 0x82, length[0], length[1], 0x30, 0x83, 0];
    let longer = [&head, &octets[6..]].concat();
    assert!(precertificate::entry(&longer, &[0; 32]).is_none());
}

#[cfg(feature = "serde")]
#[test]
fn a_log_whose_key_cannot_be_read_is_not_told_to_be_unknown() {
    let json = include_str!("../../tests/data/ct/log-list.json");
    let id = LogList::from_json(json.as_bytes()).unwrap().logs[1]
        .id()
        .to_owned();
    let key = STANDARD.encode(
        LogList::from_json(json.as_bytes()).unwrap().logs[1]
            .key
            .as_bytes(),
    );
    let list_of = |json: &str| LogList::from_json(json.as_bytes()).unwrap();
    let mut sct = vec![0];
    sct.extend_from_slice(&id);
    sct.extend_from_slice(&[0; 10]);
    sct.extend_from_slice(&[4, 3, 0, 0]);
    let leaf = Authority::root("Root").leaf(&["mx.example.org"]).der;
    let found = |logs: &LogList| {
        let scts = list(&[&sct]);
        verdicts(std::slice::from_ref(&leaf), Some(&scts), logs).remove(0)
    };
    let changed = json.replace(&key, "MAA");
    assert_ne!(changed, json);
    assert_eq!(list_of(&changed).unreadable, list_of(json).unreadable + 1);
    let verdict = found(&list_of(&changed));
    assert!(
        matches!(verdict, SctVerdict::CouldNotTell(_)),
        "{verdict:?}"
    );
    assert_eq!(found(&LogList::default()), SctVerdict::UnknownLog);
}
