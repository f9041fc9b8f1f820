use std::net::Ipv4Addr;

use proptest::prelude::*;
use rcgen::{CustomExtension, DnType, ExtendedKeyUsagePurpose, KeyUsagePurpose, SerialNumber};

use super::*;
use crate::pki::{Authority, common_name, critical_extension, self_signed_leaf};
use crate::{Der, TrustStore};

fn parse(der: &Der) -> Certificate {
    Certificate::parse(der.as_bytes()).unwrap()
}

#[test]
fn a_certificate_is_described() {
    let root = Authority::root("Root, of \"all\"");
    let leaf = root.leaf_with(&["mx.example.org", "192.0.2.1"], |params| {
        params
            .distinguished_name
            .push(DnType::OrganizationName, "Ex\u{e4}mple");
        params.serial_number = Some(SerialNumber::from_slice(&[0x12, 0xab]));
    });
    let certificate = parse(&leaf.der);
    assert_eq!(certificate.version, 3);
    assert_eq!(certificate.serial, "12ab");
    assert_eq!(certificate.subject, "O=Ex\\C3\\A4mple,CN=mx.example.org");
    assert_eq!(certificate.issuer, "CN=Root\\, of \\\"all\\\"");
    assert_eq!(certificate.common_names, ["mx.example.org"]);
    assert_eq!(
        certificate.dns_names().collect::<Vec<_>>(),
        ["mx.example.org"]
    );
    let address = IpAddr::from(Ipv4Addr::new(192, 0, 2, 1));
    assert_eq!(certificate.ip_addresses().collect::<Vec<_>>(), [address]);
    assert_eq!(
        certificate.validity,
        Validity::new(1_775_001_600, 1_782_864_000)
    );
    assert_eq!(certificate.key.to_string(), "EC P-256");
    assert_eq!(certificate.key.bits, Some(256));
    assert_eq!(certificate.signature_algorithm, "ecdsa-with-SHA256");
    assert_eq!(
        certificate.extended_key_usages.as_deref(),
        Some(&["serverAuth".to_owned()][..])
    );
    assert!(certificate.allows_server_auth());
    assert!(!certificate.is_ca && !certificate.self_issued && !certificate.must_staple);
    assert_eq!(certificate.sha256, leaf.der.sha256());
    assert_eq!(certificate.deviations, []);

    let issuer = parse(&root.der);
    assert!(issuer.is_ca && issuer.self_issued);
    assert_eq!(issuer.alt_names, None);
    assert_eq!(issuer.subject, certificate.issuer);
    assert_eq!(issuer.subject_key_id, certificate.authority_key_id);
    let usages = issuer.key_usages.unwrap();
    assert_eq!(usages, ["keyCertSign", "cRLSign"]);
}

#[test]
fn item_61_must_staple_is_read() {
    let feature = |content: &[u8]| {
        let extension =
            CustomExtension::from_oid_content(&[1, 3, 6, 1, 5, 5, 7, 1, 24], content.to_vec());
        parse(&self_signed_leaf(&["a.example"], |p| p.custom_extensions = vec![extension]).der)
    };
    assert!(feature(&[0x30, 3, 2, 1, 5]).must_staple);
    assert!(feature(&[0x30, 6, 2, 1, 17, 2, 1, 5]).must_staple);
    assert!(!feature(&[0x30, 3, 2, 1, 17]).must_staple);
    let broken = feature(&[0x30, 3, 2, 9, 5]);
    assert!(!broken.must_staple);
    let expected = [Deviation::MalformedExtension(
        "1.3.6.1.5.5.7.1.24".to_owned(),
    )];
    assert_eq!(broken.deviations, expected);
}

#[test]
fn deviations_are_told() {
    let leaf = self_signed_leaf(&["a.example"], |params| {
        params.custom_extensions = vec![critical_extension()];
        params.serial_number = Some(SerialNumber::from_slice(&[0]));
    });
    let mut octets = leaf.der.as_bytes().to_vec();
    octets.extend(*b"xy");
    let certificate = Certificate::parse(&octets).unwrap();
    assert_eq!(
        certificate.deviations,
        [
            Deviation::TrailingData(2),
            Deviation::SerialZero,
            Deviation::UnknownCriticalExtension("1.3.6.1.4.1.99999.1".to_owned()),
        ]
    );
}

#[test]
fn item_65_a_negative_serial_and_an_old_version_are_read_all_the_same() {
    let leaf = self_signed_leaf(&["a.example"], |params| {
        params.serial_number = Some(SerialNumber::from_slice(&[0x12, 0xab, 0xcd]));
    });
    let mut octets = leaf.der.as_bytes().to_vec();
    let serial = octets
        .windows(3)
        .position(|part| part == [0x12, 0xab, 0xcd])
        .unwrap();
    octets[serial] = 0x92;
    // The version: [0] EXPLICIT INTEGER 2 (RFC 5280 §4.1).
    let version = octets
        .windows(5)
        .position(|part| part == [0xa0, 3, 2, 1, 2])
        .unwrap();
    octets[version + 4] = 1;
    let certificate = Certificate::parse(&octets).unwrap();
    assert_eq!(certificate.serial, "92abcd");
    assert_eq!(
        certificate.deviations,
        [Deviation::Version(2), Deviation::SerialNegative]
    );
}

/// A SubjectAltName extension of these entries, each a context tag and its octets.
fn with_alt_names(entries: &[(u8, &[u8])]) -> Certificate {
    let mut body = Vec::new();
    for (tag, octets) in entries {
        body.extend([0x80 | tag, u8::try_from(octets.len()).unwrap()]);
        body.extend(*octets);
    }
    let mut content = vec![0x30, u8::try_from(body.len()).unwrap()];
    content.extend(body);
    let extension = CustomExtension::from_oid_content(&[2, 5, 29, 17], content);
    parse(&self_signed_leaf(&[], |params| params.custom_extensions = vec![extension]).der)
}

#[test]
fn malformed_alt_names_are_kept_and_named() {
    let certificate = with_alt_names(&[
        (2, b"good.example"),
        (2, b"a\0b\x1b.example"),
        (2, b"b\xfc.example"),
        (7, &[192, 0, 2]),
        (1, b"me@example"),
    ]);
    assert_eq!(
        certificate.alt_names.as_deref().unwrap(),
        [
            AltName::Dns("good.example".to_owned()),
            AltName::Dns("a\\x00b\\x1b.example".to_owned()),
            AltName::Malformed("dns:b\\xfc.example".to_owned()),
            AltName::Malformed("ip:c00002".to_owned()),
            AltName::Other("email:me@example".to_owned()),
        ]
    );
    assert_eq!(
        certificate.deviations,
        [
            Deviation::MalformedAltName("dns:b\\xfc.example".to_owned()),
            Deviation::MalformedAltName("ip:c00002".to_owned()),
            Deviation::BadDnsName("a\\x00b\\x1b.example".to_owned()),
            Deviation::CommonNameNotInAltNames("nobody".to_owned()),
        ]
    );
}

#[test]
fn a_nul_in_a_name_matches_nothing() {
    let certificate = with_alt_names(&[(2, b"mx.example.org\0.evil.example")]);
    let reference = "mx.example.org".parse().unwrap();
    assert!(!crate::match_identity(&certificate, &reference).is_match());
}

#[test]
fn item_50_an_address_is_matched_by_addresses_only() {
    let reference = "192.0.2.1".parse().unwrap();
    for (tag, octets, expected) in [
        (2, &b"192.0.2.1"[..], false),
        (7, &[192, 0, 2, 1], true),
        (7, &[192, 0, 2, 2], false),
        // The same address as IPv6, and with a mask, which only name constraints have.
        (
            7,
            &[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 192, 0, 2, 1],
            false,
        ),
        (7, &[192, 0, 2, 1, 255, 255, 255, 255], false),
    ] {
        let certificate = with_alt_names(&[(tag, octets)]);
        let found = crate::match_identity(&certificate, &reference);
        assert_eq!(found.is_match(), expected, "{found:?}");
    }
}

#[test]
fn item_51_a_u_label_in_a_certificate_matches_nothing() {
    let certificate = with_alt_names(&[(2, "b\u{fc}cher.example".as_bytes())]);
    let shown = "dns:b\\xc3\\xbccher.example".to_owned();
    assert_eq!(
        certificate.deviations[0],
        Deviation::MalformedAltName(shown)
    );
    for reference in ["b\u{fc}cher.example", "xn--bcher-kva.example"] {
        let reference = reference.parse().unwrap();
        assert!(!crate::match_identity(&certificate, &reference).is_match());
    }
}

/// What becomes of a certificate with this common name and these alternative names.
#[track_caller]
fn check_common_name(common: &str, names: &[&str], reference: &str, expected: Option<&str>) {
    let leaf = self_signed_leaf(names, |params| {
        params.distinguished_name = common_name(common);
    });
    let reference = reference.parse().unwrap();
    let found = crate::match_identity(&parse(&leaf.der), &reference);
    assert!(!found.is_match());
    assert_eq!(found.matching_common_name(), expected, "{found:?}");
}

#[test]
fn item_48_a_common_name_never_counts_and_is_told_if_it_would() {
    let mx = "mx.example.org";
    check_common_name(mx, &[], mx, Some(mx));
    check_common_name(mx, &["other.example"], mx, Some(mx));
    check_common_name("MX.example.org", &["a.example"], mx, Some("MX.example.org"));
    check_common_name("*.example.org", &["a.example"], mx, Some("*.example.org"));
    check_common_name("192.0.2.1", &["a.example"], "192.0.2.1", Some("192.0.2.1"));
    check_common_name("other.example", &["a.example"], mx, None);
    check_common_name("A mail server", &[], mx, None);
}

#[test]
fn what_is_no_certificate() {
    for octets in [&b""[..], b"\x30\x00", b"-----BEGIN CERTIFICATE-----"] {
        let error = Certificate::parse(octets).unwrap_err();
        assert_eq!(error.kind(), CertificateErrorKind::Malformed);
    }
}

#[cfg(feature = "serde")]
#[test]
fn a_certificate_survives_json() {
    let certificate = parse(&Authority::root("Root").leaf(&["a.example", "::1"]).der);
    let json = serde_json::to_string(&certificate).unwrap();
    assert_eq!(
        serde_json::from_str::<Certificate>(&json).unwrap(),
        certificate
    );
}

#[track_caller]
fn assert_printable(certificate: &Certificate) {
    let mut text = format!(
        "{certificate:?}{}{}",
        certificate.subject, certificate.issuer
    );
    for name in certificate.alt_names.iter().flatten() {
        text.push_str(&name.to_string());
    }
    for deviation in &certificate.deviations {
        text.push_str(&deviation.to_string());
    }
    assert!(
        text.bytes().all(|octet| (b' '..=b'~').contains(&octet)),
        "{text:?}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..Default::default() })]

    #[test]
    fn any_octets_do(octets in proptest::collection::vec(any::<u8>(), 0..256)) {
        if let Ok(certificate) = Certificate::parse(&octets) {
            assert_printable(&certificate);
        }
    }

    #[test]
    fn any_damage_does(
        damage in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in any::<prop::sample::Index>(),
        cuts in any::<bool>(),
    ) {
        let pem = include_bytes!("../../tests/data/example.pem");
        let der = TrustStore::certificates_from_pem(pem).unwrap().remove(0);
        let mut octets = der.as_bytes().to_vec();
        for (at, octet) in damage {
            let at = at.index(octets.len());
            octets[at] = octet;
        }
        if cuts {
            octets.truncate(cut.index(octets.len()));
        }
        if let Ok(certificate) = Certificate::parse(&octets) {
            assert_printable(&certificate);
        }
    }
}

#[track_caller]
fn check_deviations(der: &Der, expected: &[Deviation]) {
    assert_eq!(parse(der).deviations, expected);
}

#[test]
fn what_the_tests_own_authority_issues_departs_from_nothing() {
    let root = Authority::root("Root");
    let intermediate = root.intermediate("Intermediate");
    check_deviations(&root.der, &[]);
    check_deviations(&intermediate.der, &[]);
    check_deviations(&intermediate.leaf(&["mx.example.org"]).der, &[]);
}

#[test]
fn what_a_public_authority_must_not_issue_is_told() {
    let authority = Authority::root("Root");
    let leaf = authority.leaf_with(&["mx.example.org", "a_b.example.org"], |params| {
        params.distinguished_name = common_name("MX.example.org");
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::Any];
        params.use_authority_key_identifier_extension = false;
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    });
    let expected = [
        Deviation::KeyCertSignWithoutCa,
        Deviation::AnyExtendedKeyUsage,
        Deviation::BadDnsName("a_b.example.org".to_owned()),
        Deviation::CommonNameNotInAltNames("MX.example.org".to_owned()),
        Deviation::NoAuthorityKeyId,
    ];
    check_deviations(&leaf.der, &expected);
    let profiles = expected.map(|deviation| deviation.profile());
    let (rfc, public) = (Profile::Rfc5280, Profile::BaselineRequirements);
    assert_eq!(profiles, [rfc, public, rfc, public, rfc]);
}

#[test]
fn item_65_a_weak_key_is_read_and_told() {
    let pem = include_bytes!("../../tests/data/rsa1024.pem");
    let der = TrustStore::certificates_from_pem(pem).unwrap().remove(0);
    let weak = Deviation::KeyNotAllowed("RSA 1024 bits".to_owned());
    assert!(parse(&der).deviations.contains(&weak));
}

#[test]
fn item_65_a_signature_with_sha_1_is_read_and_told() {
    // sha256WithRSAEncryption becomes sha1WithRSAEncryption (RFC 8017 appendix C).
    const SHA_256: [u8; 9] = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 11];
    let pem = include_bytes!("../../tests/data/rsa1024.pem");
    let der = TrustStore::certificates_from_pem(pem).unwrap().remove(0);
    let mut octets = der.as_bytes().to_vec();
    let is_there = |at: &usize| octets[*at..].starts_with(&SHA_256);
    for at in (0..octets.len()).filter(is_there).collect::<Vec<_>>() {
        octets[at + 8] = 5;
    }
    let weak = Deviation::SignatureNotAllowed("sha1WithRSAEncryption".to_owned());
    assert_eq!(weak.profile(), Profile::BaselineRequirements);
    let root = parse(&Der::new(octets.clone()));
    assert_eq!(root.signature_algorithm, "sha1WithRSAEncryption");
    assert!(!root.deviations.contains(&weak));

    // The issuer comes before the subject, so that another one issued this.
    let issuer = octets.windows(3).position(|part| part == b"mx.").unwrap();
    octets[issuer] = b'n';
    let issued = parse(&Der::new(octets));
    assert!(!issued.self_issued && issued.deviations.contains(&weak));
}

#[track_caller]
fn check_usages(usages: &[ExtendedKeyUsagePurpose], for_servers: bool) {
    let leaf = self_signed_leaf(&["mx.example.org"], |params| {
        params.extended_key_usages = usages.to_vec();
    });
    let certificate = parse(&leaf.der);
    assert_eq!(certificate.allows_server_auth(), for_servers);
    assert_eq!(certificate.deviations, []);
}

#[test]
fn item_64_server_auth_is_what_counts_and_client_auth_is_not_missed() {
    use ExtendedKeyUsagePurpose::{ClientAuth, EmailProtection, ServerAuth};

    check_usages(&[ServerAuth], true);
    check_usages(&[ServerAuth, ClientAuth], true);
    check_usages(&[ClientAuth], false);
    check_usages(&[EmailProtection], false);
}
