use rcgen::{IsCa, SanType};
use sha2::{Digest as _, Sha256, Sha512};

use super::*;
use crate::pki::{Authority, DAY, NOW, providers, self_signed_leaf};
use crate::{Certificate, TrustFailureKind};

const NAME: &str = "mx.example.org";

/// A record of this certificate, with the data derived as its numbers say.
fn record(usage: u8, selector: u8, matching_type: u8, of: &Der) -> TlsaRecord {
    let selected = match selector {
        0 => of.as_bytes(),
        _ => spki(of.as_bytes()).unwrap(),
    };
    let data = match matching_type {
        1 => Sha256::digest(selected).to_vec(),
        2 => Sha512::digest(selected).to_vec(),
        _ => selected.to_vec(),
    };
    TlsaRecord {
        usage: CertificateUsage(usage),
        selector: Selector(selector),
        matching_type: MatchingType(matching_type),
        data,
    }
}

fn names(names: &[&str]) -> Vec<ReferenceId> {
    names.iter().map(|name| name.parse().unwrap()).collect()
}

/// The report for [`NAME`] at `now`, the same by every provider.
#[track_caller]
fn report_at(chain: &[Der], records: &[TlsaRecord], now: i64) -> DaneReport {
    let judge =
        |provider: &CryptoProvider| DaneReport::new(chain, records, &names(&[NAME]), provider, now);
    let mut reports: Vec<_> = providers().iter().map(judge).collect();
    let report = reports.pop().unwrap();
    for other in reports {
        assert_eq!(other, report);
    }
    report
}

#[track_caller]
fn check(chain: &[Der], records: &[TlsaRecord], expected: Result<(usize, DaneBinding), &[&str]>) {
    let verdict = report_at(chain, records, NOW).verdict;
    let found = match &verdict {
        DaneVerdict::Authenticated {
            record, binding, ..
        } => Ok((*record, *binding)),
        DaneVerdict::NotAuthenticated { failures } => {
            Err(failures.iter().map(|failure| word(&failure.kind)).collect())
        }
        DaneVerdict::AllUnusable => Err(vec!["all unusable".to_owned()]),
        DaneVerdict::CouldNotTell { cause } => Err(vec![format!("{cause:?}")]),
    };
    let expected = expected.map_err(|words| words.iter().map(ToString::to_string).collect());
    assert_eq!(found, expected, "{verdict:?}");
}

fn word(kind: &DaneFailureKind) -> String {
    match kind {
        DaneFailureKind::NoMatch => "NoMatch".to_owned(),
        DaneFailureKind::NotCa { element: None } => "NotCa".to_owned(),
        DaneFailureKind::NotCa {
            element: Some(element),
        } => format!("NotCa {element}"),
        DaneFailureKind::Trust(failure) => format!("{:?}", failure.kind),
        DaneFailureKind::Identity(_) => "Identity".to_owned(),
    }
}

/// A chain of three, the root sent as well.
fn chain_of_three() -> Vec<Der> {
    let root = Authority::root("Root");
    let intermediate = root.intermediate("Intermediate");
    let leaf = intermediate.leaf(&[NAME]);
    vec![leaf.der, intermediate.der, root.der]
}

#[test]
fn item_45_dane_ee_looks_at_no_name_no_date_and_no_chain() {
    let leaf = self_signed_leaf(&["other.example"], |_| {});
    for (selector, matching_type) in [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2)] {
        let records = [record(3, selector, matching_type, &leaf.der)];
        let years_later = NOW + 3_000 * DAY;
        let report = report_at(std::slice::from_ref(&leaf.der), &records, years_later);
        let expected = DaneVerdict::Authenticated {
            record: 0,
            usage: CertificateUsage::DANE_EE,
            binding: DaneBinding::Element(0),
            path: vec![0],
            outside_validity: vec![0],
        };
        assert_eq!(report.verdict, expected);
    }
}

#[test]
fn dane_ee_is_of_the_first_element_only() {
    let chain = chain_of_three();
    let other = chain_of_three();
    check(&chain, &[record(3, 1, 1, &chain[1])], Err(&["NoMatch"]));
    check(&chain, &[record(3, 1, 1, &other[0])], Err(&["NoMatch"]));
}

#[test]
fn item_46_the_authority_is_sent_or_in_the_record_in_full() {
    let all = chain_of_three();
    let (leaf, two) = (&all[..1], &all[..2]);
    for (selector, matching_type) in [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2)] {
        let root = [record(2, selector, matching_type, &all[2])];
        check(&all, &root, Ok((0, DaneBinding::Element(2))));
        let not_sent = match (selector, matching_type) {
            (0, 0) => Ok((0, DaneBinding::RecordCertificate { below: 1 })),
            (_, 0) => Ok((0, DaneBinding::RecordKey { signed: 1 })),
            _ => Err(&["NoMatch"][..]),
        };
        check(two, &root, not_sent);
    }
    let below = DaneBinding::RecordCertificate { below: 0 };
    check(leaf, &[record(2, 0, 0, &all[1])], Ok((0, below)));
    check(leaf, &[record(2, 0, 0, &all[2])], Err(&["NoMatch"]));
    check(leaf, &[record(2, 1, 0, &all[2])], Err(&["NoMatch"]));
}

#[test]
fn item_46_pkix_usages_are_unusable_for_mail() {
    let chain = chain_of_three();
    let pkix = [record(0, 0, 1, &chain[2]), record(1, 1, 1, &chain[0])];
    check(&chain, &pkix, Err(&["all unusable"]));
    let [first, second] = pkix;
    let beside = [first, second, record(3, 1, 1, &chain[0])];
    check(&chain, &beside, Ok((2, DaneBinding::Element(0))));
}

#[test]
fn item_52_a_wrong_name_comes_after_a_chain_that_fails() {
    let root = Authority::root("Root");
    let leaf = root.leaf(&["other.example"]);
    let chain = [leaf.der, root.der];
    let records = [record(3, 1, 1, &chain[1]), record(2, 0, 1, &chain[1])];
    check(&chain, &records, Err(&["Identity", "NoMatch"]));
    let report = report_at(&chain, &records, NOW + 400 * DAY);
    let words = report.verdict.failures().iter().map(|one| word(&one.kind));
    assert_eq!(
        words.collect::<Vec<_>>(),
        ["Expired", "Identity", "NoMatch"]
    );
}

#[test]
fn one_of_the_names_is_enough_and_each_is_reported() {
    let chain = chain_of_three();
    let records = [record(2, 0, 1, &chain[2])];
    let provider = &providers()[0];
    let judge = |of: &[&str]| judge_dane(&chain, &records, &names(of), provider, NOW);
    assert!(judge(&["a.example", NAME]).is_authenticated());
    let verdict = judge(&["a.example", "b.example"]);
    let [failure] = verdict.failures() else {
        panic!("{verdict:?}");
    };
    let DaneFailureKind::Identity(identities) = &failure.kind else {
        panic!("{verdict:?}");
    };
    assert_eq!(identities.len(), 2);
    let cause = DaneUncertainty::NoName;
    assert_eq!(judge(&[]), DaneVerdict::CouldNotTell { cause });
}

#[test]
fn a_digest_of_less_strength_does_not_count_beside_one_of_more() {
    let chain = chain_of_three();
    let other = chain_of_three();
    let right = record(3, 1, 1, &chain[0]);
    let stronger = record(3, 1, 2, &other[0]);
    let report = report_at(&chain, &[right.clone(), stronger.clone()], NOW);
    assert_eq!(report.records[0], RecordOutcome::Outdone { by: 1 });
    assert!(matches!(
        report.verdict,
        DaneVerdict::NotAuthenticated { .. }
    ));
    // Neither another selector, nor a record in full, nor one that is unusable outdoes.
    let unusable = TlsaRecord {
        data: vec![0; 63],
        ..stronger
    };
    for peer in [
        record(3, 0, 2, &other[0]),
        record(3, 1, 0, &other[0]),
        record(2, 1, 2, &other[0]),
        unusable,
    ] {
        check(
            &chain,
            &[right.clone(), peer],
            Ok((0, DaneBinding::Element(0))),
        );
    }
}

#[test]
fn what_is_unusable_says_why() {
    let leaf = self_signed_leaf(&[NAME], |_| {}).der;
    let good = record(3, 1, 1, &leaf);
    let short = TlsaFault::DigestLength {
        expected: 64,
        found: 32,
    };
    let with = |usage, selector, matching_type| TlsaRecord {
        usage: CertificateUsage(usage),
        selector: Selector(selector),
        matching_type: MatchingType(matching_type),
        ..good.clone()
    };
    for (record, expected) in [
        (with(3, 1, 1), None),
        (with(0, 1, 1), Some(TlsaFault::PkixUsage)),
        (with(1, 1, 1), Some(TlsaFault::PkixUsage)),
        (with(4, 1, 1), Some(TlsaFault::UnknownUsage)),
        (with(3, 2, 1), Some(TlsaFault::UnknownSelector)),
        (with(3, 1, 3), Some(TlsaFault::UnknownMatchingType)),
        (with(3, 1, 2), Some(short)),
        (with(3, 1, 0), Some(TlsaFault::NotDer)),
    ] {
        assert_eq!(record.unusable(), expected, "{record}");
    }
}

#[test]
fn dane_ee_comes_before_dane_ta_and_the_shorter_path_before_the_longer() {
    let chain = chain_of_three();
    let records = [
        record(2, 0, 1, &chain[2]),
        record(2, 1, 1, &chain[1]),
        record(3, 1, 1, &chain[0]),
    ];
    check(&chain, &records, Ok((2, DaneBinding::Element(0))));
    check(&chain, &records[..2], Ok((1, DaneBinding::Element(1))));
}

#[test]
fn the_matched_authority_must_have_signed_and_must_be_one() {
    let chain = chain_of_three();
    let other = chain_of_three();
    // The stranger has the issuer's name and not its key.
    let strangers = [chain[0].clone(), other[1].clone()];
    let report = report_at(&strangers, &[record(2, 0, 1, &other[1])], NOW);
    let failures = report.verdict.failures();
    let [failure] = failures else {
        panic!("{failures:?}");
    };
    assert!(
        matches!(&failure.kind, DaneFailureKind::Trust(trust)
            if trust.kind != TrustFailureKind::Expired),
        "{failure:?}"
    );
    let no_authority = Authority::root_with("Root", |params| params.is_ca = IsCa::ExplicitNoCa);
    let chain = [no_authority.leaf(&[NAME]).der, no_authority.der];
    check(&chain, &[record(2, 0, 1, &chain[1])], Err(&["NotCa 1"]));
    check(&chain, &[record(2, 0, 1, &chain[0])], Err(&["NoMatch"]));
}

#[test]
fn a_matched_authority_must_be_one_that_signs_certificates() {
    let root = Authority::root("Root");
    let crls_only = root.intermediate_with("CRLs only", |params| {
        params.key_usages = vec![rcgen::KeyUsagePurpose::CrlSign];
    });
    let chain = [crls_only.leaf(&[NAME]).der, crls_only.der, root.der];
    check(&chain, &[record(2, 1, 1, &chain[1])], Err(&["NotCa 1"]));
    check(&chain, &[record(2, 1, 1, &chain[2])], Err(&["NotCa"]));
}

/// Whether it was sent or not.
#[test]
fn a_certificate_in_a_record_must_be_an_authoritys_as_well() {
    let no_authority = Authority::root_with("Other", |params| params.is_ca = IsCa::ExplicitNoCa);
    let chain = [no_authority.leaf(&[NAME]).der, no_authority.der];
    let records = [record(2, 0, 0, &chain[1])];
    check(&chain, &records, Err(&["NotCa 1"]));
    check(&chain[..1], &records, Err(&["NotCa"]));
    // Of a chain that it did not sign, it says nothing.
    check(&chain_of_three(), &records, Err(&["NoMatch"]));
    let alone = self_signed_leaf(&[NAME], |_| {}).der;
    let itself = [record(2, 0, 0, &alone)];
    check(&[alone], &itself, Err(&["NotCa"]));
}

#[test]
fn item_48_a_common_name_counts_with_some_senders_and_not_with_others() {
    let root = Authority::root("Root");
    let with = |names: &[&str], others: &[SanType]| {
        let leaf = root.leaf_with(names, |params| params.subject_alt_names = others.to_vec());
        [leaf.der, root.der.clone()]
    };
    let records = [record(2, 1, 1, &root.der)];
    let mail = SanType::Rfc822Name("a@example.org".try_into().unwrap());
    let dns = SanType::DnsName("other.example".try_into().unwrap());
    for others in [&[][..], std::slice::from_ref(&mail)] {
        check(&with(&[NAME], others), &records, Err(&["CommonNameOnly"]));
        let wildcard = with(&["*.example.org"], others);
        check(&wildcard, &records, Err(&["CommonNameOnly"]));
        let wrong = with(&["other.example"], others);
        check(&wrong, &records, Err(&["Identity"]));
    }
    // Beside a DNS-ID it counts with none (RFC 7672 §3.2.3).
    check(&with(&[NAME], &[dns]), &records, Err(&["Identity"]));
    // A chain that fails does so with any name.
    let late = report_at(&with(&[NAME], &[]), &records, NOW + 400 * DAY);
    let words = late.verdict.failures().iter().map(|one| word(&one.kind));
    assert_eq!(words.collect::<Vec<_>>(), ["Expired"]);
}

#[test]
fn what_cannot_be_told_is_no_failure() {
    let chain = chain_of_three();
    let ee = record(3, 1, 1, &chain[0]);
    let miss = record(3, 1, 1, &chain[1]);
    check(&[], std::slice::from_ref(&ee), Err(&["NoChain"]));
    check(&chain, &[], Err(&["NoRecord"]));
    let junk = [Der::new([1, 2, 3])];
    check(
        &junk,
        std::slice::from_ref(&ee),
        Err(&["UnreadableCertificate"]),
    );
    let empty = TlsaRecord {
        data: vec![0x30, 0],
        ..record(2, 0, 0, &chain[2])
    };
    check(&chain, &[miss.clone(), empty], Err(&["UnreadableAnchor"]));
    let mut many = vec![miss; DaneReport::MAX_RECORDS];
    many.push(ee);
    check(&chain, &many, Err(&["TooManyRecords"]));
    let paths = vec![record(2, 0, 0, &chain_of_three()[2]); DaneReport::MAX_PATHS + 1];
    check(&chain, &paths, Err(&["TooManyRecords"]));
    let mut long = vec![chain[0].clone(); ChainReport::MAX_ELEMENTS];
    long.push(chain[1].clone());
    check(&long, &[record(2, 0, 1, &chain[1])], Err(&["ChainTooLong"]));
}

/// The certificate with the first year of its validity made unreadable; the rest is the same,
/// the key included.
fn garbled(der: &Der) -> Der {
    let mut octets = der.as_bytes().to_vec();
    let year = octets.windows(3).position(|at| at == b"200").unwrap();
    octets[year..][..3].copy_from_slice(b"??0");
    assert!(Certificate::parse(&octets).is_err());
    Der::new(octets)
}

#[test]
fn a_matched_element_that_cannot_be_read_is_not_said_to_be_no_authority() {
    let chain = chain_of_three();
    let root = garbled(&chain[2]);
    let garbled = [chain[0].clone(), chain[1].clone(), root];
    for (selector, matching_type) in [(0, 0), (0, 1), (1, 0), (1, 1), (1, 2)] {
        let records = [record(2, selector, matching_type, &garbled[2])];
        check(&garbled, &records, Err(&["UnreadableAnchor"]));
    }
    // The same key in a certificate that can be read settles it, wherever it stands.
    let [leaf, intermediate, root] = garbled;
    let both = [leaf, root, intermediate, chain[2].clone()];
    let by_key = [record(2, 1, 1, &chain[2])];
    check(&both, &by_key, Ok((0, DaneBinding::Element(3))));
    // It settles nothing where the path to it does not hold.
    let stranger = Authority::root("Root").intermediate("Intermediate");
    let apart = [
        stranger.leaf(&[NAME]).der,
        both[1].clone(),
        chain[2].clone(),
    ];
    check(&apart, &by_key, Err(&["UnreadableAnchor"]));
}

#[test]
fn an_authority_as_the_server_is_not_called_a_failure() {
    let root = Authority::root("Root");
    let server = root.leaf_with(&[NAME], |params| {
        params.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    });
    let chain = [server.der, root.der];
    let verdict = report_at(&chain, &[record(2, 0, 1, &chain[1])], NOW).verdict;
    assert!(
        matches!(
            verdict,
            DaneVerdict::CouldNotTell {
                cause: DaneUncertainty::PathNotChecked(_)
            }
        ),
        "{verdict:?}"
    );
}

/// As `openssl x509 -req` makes one without extensions; Postfix delivers to it.
#[test]
fn a_certificate_before_version_3_is_not_called_a_failure() {
    let pem = include_bytes!("../../tests/data/version1.pem");
    let chain = crate::TrustStore::certificates_from_pem(pem).unwrap();
    let verdict = report_at(&chain, &[record(2, 0, 1, &chain[1])], NOW + 365 * DAY).verdict;
    let DaneVerdict::CouldNotTell {
        cause: DaneUncertainty::PathNotChecked(text),
    } = verdict
    else {
        panic!("{verdict:?}");
    };
    assert!(text.contains("version"), "{text}");
}

#[test]
fn a_key_that_cannot_be_checked_is_no_failure() {
    let pem = include_bytes!("../../tests/data/rsa1024.pem");
    let rsa = crate::TrustStore::certificates_from_pem(pem).unwrap();
    let chain = chain_of_three();
    for selector in [0, 1] {
        let records = [record(2, selector, 0, &rsa[0])];
        let verdict = report_at(&chain, &records, NOW).verdict;
        let DaneVerdict::CouldNotTell {
            cause: DaneUncertainty::Unsupported(text),
        } = verdict
        else {
            panic!("{verdict:?}");
        };
        assert!(text.contains("1024"), "{text}");
    }
}

#[test]
fn the_key_is_cut_out_as_the_parser_has_it() {
    for der in chain_of_three() {
        let expected = Certificate::parse(der.as_bytes()).unwrap().spki_sha256;
        let found = crate::der::sha256_hex(spki(der.as_bytes()).unwrap());
        assert_eq!(found, expected);
    }
}

#[test]
fn with_an_expired_authority_senders_differ() {
    let root = Authority::root_with("Root", |params| {
        params.not_after = rcgen::date_time_ymd(2025, 1, 1);
    });
    let chain = [root.leaf(&[NAME]).der, root.der.clone()];
    // OpenSSL refuses each of them, and so Postfix does.
    for (sent, matching_type) in [(2, 1), (2, 0), (1, 0)] {
        let records = [record(2, 0, matching_type, &chain[1])];
        let verdict = report_at(&chain[..sent], &records, NOW).verdict;
        let DaneVerdict::CouldNotTell {
            cause: DaneUncertainty::PathNotChecked(text),
        } = verdict
        else {
            panic!("{verdict:?}");
        };
        assert!(text.contains("expired"), "{text}");
    }
    // Of an expired server, none differs.
    let leaf = root.leaf_with(&[NAME], |params| {
        params.not_before = rcgen::date_time_ymd(2024, 6, 1);
        params.not_after = rcgen::date_time_ymd(2025, 6, 1);
    });
    let chain = [leaf.der, root.der];
    let record = record(2, 0, 1, &chain[1]);
    check(&chain, &[record], Err(&["Expired", "AnchorOutOfDate"]));
}

#[cfg(feature = "serde")]
#[test]
fn a_report_survives_json() {
    let chain = chain_of_three();
    let records = [record(0, 0, 1, &chain[2]), record(2, 1, 2, &chain[1])];
    let report = report_at(&chain, &records, NOW);
    let json = serde_json::to_string(&report).unwrap();
    assert_eq!(serde_json::from_str::<DaneReport>(&json).unwrap(), report);
    let json = serde_json::to_string(&records).unwrap();
    assert_eq!(
        serde_json::from_str::<Vec<TlsaRecord>>(&json).unwrap(),
        records
    );
}
