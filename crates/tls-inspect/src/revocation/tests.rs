//! Responses and a list that OpenSSL made: see `tests/data/revocation/README.md`.

use super::*;
use crate::TrustStore;
use crate::pki::providers;

macro_rules! data {
    ($name:literal) => {
        include_bytes!(concat!("../../tests/data/revocation/", $name))
    };
}

/// An hour after the responses and the list were made.
const NOW: i64 = 1_795_938_899 + 3_600;

fn pem(text: &[u8]) -> Der {
    TrustStore::certificates_from_pem(text).unwrap().remove(0)
}

fn chain(certificate: &[u8]) -> [Der; 2] {
    [pem(certificate), pem(data!("root.pem"))]
}

#[track_caller]
fn staple(staple: &[u8], certificate: &[u8], now: i64) -> OcspVerdict {
    let provider = providers().remove(0);
    check_staple(&Der::new(staple), &chain(certificate), &provider, now)
}

#[track_caller]
fn list(certificate: &[u8], now: i64) -> CrlVerdict {
    let [certificate, issuer] = chain(certificate);
    let provider = providers().remove(0);
    check_crl(&certificate, &issuer, data!("list.pem"), &provider, now)
}

#[test]
fn item_61_responses_of_openssl_are_read_as_it_meant_them() {
    let verdict = staple(data!("1001.ocsp"), data!("1001.pem"), NOW);
    let OcspVerdict::Good(proof) = verdict else {
        panic!("{verdict:?}")
    };
    assert_eq!(proof.responder, OcspResponder::Issuer);
    assert_eq!(proof.next_update, Some(NOW - 3_600 + 7 * 86_400));
    let verdict = staple(data!("delegated.ocsp"), data!("1001.pem"), NOW);
    let OcspVerdict::Good(proof) = verdict else {
        panic!("{verdict:?}")
    };
    let OcspResponder::Delegated { subject, .. } = proof.responder else {
        panic!("{proof:?}")
    };
    assert_eq!(subject, "CN=Responder");
    let verdict = staple(data!("1002.ocsp"), data!("1002.pem"), NOW);
    let OcspVerdict::Revoked { revocation, .. } = verdict else {
        panic!("{verdict:?}")
    };
    assert_eq!(revocation.time, 1_795_132_800);
    assert_eq!(revocation.reason, Some(RevocationReason::KEY_COMPROMISE));
    let verdict = staple(data!("1001.ocsp"), data!("1002.pem"), NOW);
    let OcspVerdict::CouldNotTell(failure) = verdict else {
        panic!("{verdict:?}")
    };
    assert_eq!(failure.kind, OcspFailureKind::OtherCertificate);
}

#[test]
fn a_list_of_openssl_is_read_as_it_meant_it() {
    let verdict = list(data!("1001.pem"), NOW);
    assert!(matches!(verdict, CrlVerdict::NotRevoked(_)), "{verdict:?}");
    for (now, stale) in [(NOW, false), (NOW + 8 * 86_400, true)] {
        let verdict = list(data!("1002.pem"), now);
        let CrlVerdict::Revoked { proof, revocation } = verdict else {
            panic!("{verdict:?}")
        };
        assert_eq!((proof.number.as_str(), proof.stale), ("01", stale));
        assert_eq!(revocation.time, 1_795_132_800);
        assert_eq!(revocation.reason, Some(RevocationReason::KEY_COMPROMISE));
    }
}

#[test]
fn the_pointers_of_a_certificate_are_told() {
    let expected = RevocationPointers::Named {
        crl: vec!["http://crl.example.org/1.crl".to_owned()],
        ocsp: vec!["http://ocsp.example.org/".to_owned()],
    };
    let certificate = pem(data!("1001.pem"));
    assert_eq!(RevocationPointers::of(&certificate), expected);
}
