use rcgen::{CustomExtension, date_time_ymd};

use super::*;
use crate::pki::{information_access, self_signed_leaf, tlv};
use crate::{Profile, Validation};

#[track_caller]
fn check(url: &str, expected: Option<&str>) {
    assert_eq!(scheme(url.as_bytes()), expected.map(str::as_bytes));
}

#[test]
fn a_url_has_a_scheme_and_no_other_characters() {
    check("http://ca.example/1.crl", Some("http"));
    check("HTTP://ca.example", Some("HTTP"));
    check("https://ca.example/", Some("https"));
    check("ldap:///CN=a,DC=b?certificate", Some("ldap"));
    check("ca.example/1.crl", None);
    check("http:ca.example", None);
    check("://ca.example", None);
    check("1http://ca.example", None);
    check("http://ca.example/a b", None);
    check("http://ca.example/\r\n", None);
    check("http://b\u{fc}cher.example/", None);
    check("", None);
}

fn with(extensions: Vec<CustomExtension>) -> Certificate {
    let leaf = self_signed_leaf(&["a.example"], |params| {
        params.custom_extensions = extensions;
    });
    Certificate::parse(leaf.der.as_bytes()).unwrap()
}

fn extension(oid: &[u64], content: Vec<u8>) -> CustomExtension {
    CustomExtension::from_oid_content(oid, content)
}

/// CRL distribution points (RFC 5280 §4.2.1.13), each of these full names.
fn distribution_points(points: &[&[&[u8]]]) -> CustomExtension {
    let points = points.iter().flat_map(|names| {
        let names: Vec<u8> = names.iter().flat_map(|name| tlv(0x86, name)).collect();
        tlv(0x30, &tlv(0xa0, &tlv(0xa0, &names)))
    });
    let points: Vec<u8> = points.collect();
    extension(&[2, 5, 29, 31], tlv(0x30, &points))
}

/// Certificate policies (RFC 5280 §4.2.1.4) of these encoded object identifiers.
fn policies(oids: &[&[u8]]) -> CustomExtension {
    let policies = oids.iter().flat_map(|oid| tlv(0x30, &tlv(0x06, oid)));
    let policies: Vec<u8> = policies.collect();
    extension(&[2, 5, 29, 32], tlv(0x30, &policies))
}

#[test]
fn where_more_can_be_had_is_told() {
    let certificate = with(vec![
        information_access(&[
            (1, "http://ocsp.example/"),
            (2, "http://ca.example/1.der"),
            (2, "ldap:///CN=ca?cACertificate"),
            (3, "http://time.example/"),
        ]),
        distribution_points(&[
            &[b"http://crl.example/1", b"http://crl.example/2"],
            &[b"http://crl.example/3"],
        ]),
    ]);
    assert_eq!(certificate.ocsp_urls, ["http://ocsp.example/"]);
    assert_eq!(
        certificate.ca_issuer_urls,
        ["http://ca.example/1.der", "ldap:///CN=ca?cACertificate"]
    );
    assert_eq!(
        certificate.crl_urls,
        [
            "http://crl.example/1",
            "http://crl.example/2",
            "http://crl.example/3"
        ]
    );
    assert_eq!(certificate.left_out, 1);
    let expected = Deviation::UrlNotHttp("ldap:///CN=ca?cACertificate".to_owned());
    assert_eq!(expected.profile(), Profile::BaselineRequirements);
    assert_eq!(certificate.deviations, [expected]);
    assert_eq!(certificate.revocation_pointer(), RevocationPointer::Named);
}

#[test]
fn urls_that_are_none_are_kept_as_deviations() {
    let certificate = with(vec![
        information_access(&[(1, "ocsp.example"), (2, "http://ca.example/\x1b[31m")]),
        distribution_points(&[&[b"http://b\xfccher.example/"]]),
    ]);
    let found = (
        &certificate.ocsp_urls,
        &certificate.ca_issuer_urls,
        &certificate.crl_urls,
    );
    assert_eq!(found, (&vec![], &vec![], &vec![]));
    let expected = [
        "ocsp.example",
        "http://ca.example/\\x1b[31m",
        "http://b\\xfccher.example/",
    ];
    let expected = expected.map(|url| Deviation::MalformedUrl(url.to_owned()));
    assert_eq!(certificate.deviations, expected);
}

#[test]
fn urls_are_cut_in_number_and_length() {
    let long = format!(
        "http://ca.example/{}",
        "a".repeat(Certificate::MAX_URL_OCTETS)
    );
    let mut access = vec![(1, long.as_str())];
    access.extend([(1, "http://ocsp.example/"); 20]);
    access.extend([(2, "none"); 20]);
    let certificate = with(vec![information_access(&access)]);
    assert_eq!(certificate.ocsp_urls.len(), Certificate::MAX_URLS);
    assert_eq!(certificate.deviations.len(), Certificate::MAX_URLS);
    assert_eq!(certificate.left_out, 1 + 4 + 4);
}

#[test]
fn policies_have_the_names_of_the_forum() {
    let certificate = with(vec![policies(&[
        &[0x67, 0x81, 0x0c, 1, 2, 1],
        &[0x67, 0x81, 0x0c, 1, 2, 2],
        &[0x67, 0x81, 0x0c, 1, 2, 3],
        &[0x67, 0x81, 0x0c, 1, 1],
        &[0x55, 0x1d, 0x20, 0],
        &[0x2b, 6, 1, 4, 1, 1],
    ])]);
    let policies = certificate.policies.unwrap();
    let shown: Vec<String> = policies.iter().map(ToString::to_string).collect();
    assert_eq!(
        shown,
        [
            "domain-validated",
            "organization-validated",
            "individual-validated",
            "extended-validation",
            "anyPolicy",
            "1.3.6.1.4.1.1",
        ]
    );
    assert_eq!(policies[0].oid(), "2.23.140.1.2.1");
    assert_eq!(policies[0].validation(), Some(Validation::Domain));
    assert_eq!(policies[4].validation(), None);
}

#[test]
fn policies_are_cut_in_number_and_length() {
    let long = [0x2b; 65];
    let mut oids: Vec<&[u8]> = vec![&long];
    oids.extend([&[0x2b_u8, 6][..]; 40]);
    let certificate = with(vec![policies(&oids)]);
    assert_eq!(
        certificate.policies.unwrap().len(),
        Certificate::MAX_POLICIES
    );
    assert_eq!(certificate.left_out, 1 + 8);
}

#[test]
fn item_62_embedded_timestamps_are_counted_and_missed_by_nobody() {
    const SCTS: [u64; 10] = [1, 3, 6, 1, 4, 1, 11_129, 2, 4, 2];
    let features = [2, 1, 17].repeat(Certificate::MAX_TLS_FEATURES);
    let features = [features, vec![2, 1, 5]].concat();
    let certificate = with(vec![
        extension(&SCTS, vec![4, 9, 0, 7, 0, 1, 7, 0, 2, 8, 8]),
        extension(&[1, 3, 6, 1, 5, 5, 7, 1, 24], tlv(0x30, &features)),
    ]);
    assert_eq!(certificate.embedded_scts, Some(2));
    assert!(certificate.must_staple);
    assert_eq!(certificate.tls_features, Some(vec![17; 32]));
    assert_eq!(certificate.left_out, 1);
    assert_eq!(certificate.deviations, []);

    let without = with(vec![]);
    assert_eq!(without.embedded_scts, None);
    assert_eq!(without.deviations, []);

    let broken = with(vec![extension(&SCTS, vec![4, 2, 0, 0])]);
    assert_eq!(broken.embedded_scts, None);
    let expected = Deviation::MalformedExtension("1.3.6.1.4.1.11129.2.4.2".to_owned());
    assert_eq!(broken.deviations, [expected]);
}

#[test]
fn item_63_a_short_lived_certificate_needs_no_revocation_pointer() {
    let valid_until = |day| {
        let leaf = self_signed_leaf(&["a.example"], |params| {
            params.not_before = date_time_ymd(2026, 4, 1);
            params.not_after = date_time_ymd(2026, 4, day);
        });
        Certificate::parse(leaf.der.as_bytes()).unwrap()
    };
    let short = valid_until(7);
    assert_eq!(short.revocation_pointer(), RevocationPointer::NotNeeded);
    assert_eq!(short.deviations, []);
    let long = valid_until(30);
    assert_eq!(long.revocation_pointer(), RevocationPointer::Missing);
}
