//! The items of RFC 6376, 8301 and 8463 that are most often got wrong, one test each.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use proptest::prelude::*;

use super::*;
use crate::{DomainName, LookupErrorKind, StaticLookup, TagFaultKind};

const RSA_512: &str = "MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBANLUckit5u+ZP6zHPKxvR5yAkqmGOZYB4hiWrw4iyNE4OJpf/d/ua7F4GSczB3J0IWxlQZaDG7Wx27E7TGFe3lUCAwEAAQ==";
const RSA_1023: &str = "MIGeMA0GCSqGSIb3DQEBAQUAA4GMADCBiAKBgG+J0MZcCEaV4Ehmd57OAm/gv4zZB6Ajltx75KtXQZnW0iTF6+udN/UN/jopu0AZ5N47QBDXdTMxUXXkC38z0Hbus+qpV6BpU3xseTyGoWGclkrC0IrVomUPrsoUC+qG30a5DBlGxxrnsQrn5EqX+57FlFcGwtG3sA2XwSl/TYKpAgMBAAE=";
const RSA_1024: &str = "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDOpCOnrBimEJ7YbuguwESgJSxZ4aXr4afZPwmtp8TbBF6+8uJinsUTR115Qn2BUeab2yDUGwh1WaK2Qb+QOM2/tr30icO77L7DrJi4rZaawq/A2B2Y5Y1xtq2atqZo2TOBsV8B2bSBHEsgiXWkEZoDrOSK5w1Kmo4Gkk4QVvsmJQIDAQAB";
const RSA_1024_PKCS1: &str = "MIGJAoGBAM6kI6esGKYQnthu6C7ARKAlLFnhpevhp9k/Ca2nxNsEXr7y4mKexRNHXXlCfYFR5pvbINQbCHVZorZBv5A4zb+2vfSJw7vsvsOsmLitlprCr8DYHZjljXG2rZq2pmjZM4GxXwHZtIEcSyCJdaQRmgOs5IrnDUqajgaSThBW+yYlAgMBAAE=";
const RSA_2048: &str = "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAtw+4q6zav8NhjRk0XhnfmHemZWwtG9e4qU2nKadwuzfOtIHDzojfbRkXOj/yh7Qt08qMdx7zODonamEbUcAdsjrMy/mfunbTYeHac/yImu62D+G7ZxmdSbjzPwQ0hWxDTgZhEHa6YDyE6QongAlqIfWz3bj6jrejMGz3MvTakx1OmsLqf+/behDXihOkNGmnW6naK8FAbl3YahnmOAuYLKTRxMyzO5pLXzVSZF5PYLrewsAunEpq1hnvxUOBqEzTAO0vH9M4dtLAMYx0f72WfxR0Hb1K4+FrPIZX/h33jukDr0WVYeIHLt1Tp/BBlhrF2eNYiD/CoFs+/LROAuMcdwIDAQAB";
const EC: &str = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEHHJnQlPyUC62a8D4+orr3xstKEDxD8Sg0q7MzBVCAL9gtHSw/ARMgUTbvDEZTxBFDd+/CSVmZfafWW9P6UVfIQ==";
/// The key of RFC 8463 §A.2.
const ED25519: &str = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";

fn read(text: &str) -> Result<KeyRecord, KeyError> {
    KeyRecord::parse(text.as_bytes())
}

#[track_caller]
fn record(text: &str) -> KeyRecord {
    read(text).expect("a key record")
}

#[track_caller]
fn check_error(text: &str, kind: KeyErrorKind) {
    assert_eq!(read(text).expect_err("no key record").kind(), kind);
}

#[track_caller]
fn check_rsa(value: &str, bits: usize, form: RsaForm, unusable: Option<Unusable>) {
    let record = record(&format!("v=DKIM1; p={value}"));
    let expected = PublicKey::Rsa {
        bits,
        exponent: Some(65_537),
        form,
    };
    assert_eq!(record.key, expected);
    assert_eq!(record.unusable(), unusable);
}

#[track_caller]
fn check_damaged(key_type: &str, value: &str, fault: KeyFault) {
    let record = record(&format!("v=DKIM1; k={key_type}; p={value}"));
    assert_eq!(record.key, PublicKey::Damaged(fault));
}

#[test]
fn item_42_an_empty_key_is_revoked_and_no_error() {
    let record = record("v=DKIM1; p=");
    assert_eq!(record.key, PublicKey::Revoked);
    assert_eq!(record.unusable(), Some(Unusable::Revoked));
    assert_eq!(self::record("p=; k=rsa; n=gone").key, PublicKey::Revoked);
}

#[test]
fn item_43_the_version_is_optional_but_first_and_exact() {
    assert!(read(&format!("k=rsa; p={RSA_2048}")).is_ok());
    assert!(
        read(&format!("p={RSA_2048}; k=rsa")).is_ok(),
        "no fixed places"
    );
    check_error(
        &format!("k=rsa; v=DKIM1; p={RSA_2048}"),
        KeyErrorKind::VersionNotFirst,
    );
    check_error("v=dkim1; p=", KeyErrorKind::Version);
    check_error("v=DKIM2; p=", KeyErrorKind::Version);
    check_error("v=DKIM1; k=rsa", KeyErrorKind::NoKey);
    check_error("v=DKIM1; p", KeyErrorKind::NotTags(TagFaultKind::NoEquals));
}

#[test]
fn item_44_key_types_obsolete_and_duplicate_tags() {
    assert_eq!(record("p=").key_type, KeyType::Rsa);
    let odd = record("v=DKIM1; k=mlkem; p=AAAA");
    assert_eq!(odd.key_type, KeyType::Other("mlkem".into()));
    assert_eq!(odd.unusable(), Some(Unusable::UnknownKeyType));
    let old = record("v=DKIM1; g=; x=y; p=");
    assert_eq!(
        old.oddities,
        [
            Oddity::ObsoleteGranularity,
            Oddity::UnknownTag { name: "x".into() }
        ]
    );
    check_error("v=DKIM1; p=; p=", KeyErrorKind::DuplicateTag);
    check_error("v=DKIM1; k=rsa; k=rsa; p=", KeyErrorKind::DuplicateTag);
}

#[test]
fn item_45_rsa_keys_come_in_two_structures() {
    check_rsa(RSA_1024, 1024, RsaForm::SubjectPublicKeyInfo, None);
    check_rsa(RSA_1024_PKCS1, 1024, RsaForm::RsaPublicKey, None);
    check_rsa(RSA_2048, 2048, RsaForm::SubjectPublicKeyInfo, None);
    check_damaged("rsa", EC, KeyFault::OtherAlgorithm);
    check_damaged("rsa", ED25519, KeyFault::Structure);
}

#[test]
fn item_46_ed25519_keys_are_32_raw_octets() {
    let key = record(&format!("k=ed25519; p={ED25519}"));
    assert!(matches!(key.key, PublicKey::Ed25519(key) if key[0] == 0xd7));
    assert_eq!(key.unusable(), None);
    check_damaged("ed25519", "AAAA", KeyFault::Length { found: 3 });
    // The structure that openssl prints is not it.
    let spki = "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
    check_damaged("ed25519", spki, KeyFault::Length { found: 44 });
}

#[test]
fn item_47_short_keys_and_sha1_are_unusable() {
    check_rsa(
        RSA_512,
        512,
        RsaForm::SubjectPublicKeyInfo,
        Some(Unusable::ShortKey { bits: 512 }),
    );
    check_rsa(
        RSA_1023,
        1023,
        RsaForm::SubjectPublicKeyInfo,
        Some(Unusable::ShortKey { bits: 1023 }),
    );
    let with = |hashes: &str| record(&format!("h={hashes}; p={RSA_2048}")).unusable();
    assert_eq!(with("sha1"), Some(Unusable::NoCommonHash));
    assert_eq!(with("sha1 : sha256"), None);
    assert_eq!(
        with("SHA256"),
        Some(Unusable::NoCommonHash),
        "the case of values counts"
    );
    assert_eq!(with(""), None, "an empty list restricts nothing");
    let empty = |name: &str| Oddity::EmptyList { name: name.into() };
    assert_eq!(
        record("h=; s=:; t= ; p=").oddities,
        [empty("h"), empty("s"), empty("t")]
    );
}

#[test]
fn item_48_blanks_in_base64_and_flags() {
    let spaced: String = RSA_2048
        .as_bytes()
        .chunks(64)
        .map(|chunk| format!("{} ", str::from_utf8(chunk).expect("ASCII")))
        .collect();
    assert_eq!(record(&format!("p={spaced};")).unusable(), None);
    let flagged = record("t=s:y : future; p=");
    assert!(flagged.is_testing() && flagged.forbids_subdomains());
    assert_eq!(flagged.flags, ["s", "y", "future"]);
    assert!(!record("t=; p=").is_testing());
    assert_eq!(
        record(&format!("s=tlsrpt; p={RSA_2048}")).unusable(),
        Some(Unusable::NotForMail)
    );
    assert_eq!(
        record(&format!("s=tlsrpt:email; p={RSA_2048}")).unusable(),
        None
    );
}

#[test]
fn damaged_keys_say_how() {
    let cut = &RSA_2048[..200];
    check_damaged(
        "rsa",
        cut,
        KeyFault::Cut {
            expected: 294,
            found: 150,
        },
    );
    check_damaged("rsa", &RSA_2048[..199], KeyFault::BrokenBase64);
    check_damaged("rsa", "MIIB-jAN", KeyFault::NotBase64 { at: 4 });
    check_damaged("rsa", "AAAA", KeyFault::Structure);
    check_damaged("rsa", "MAMCAQA=", KeyFault::Structure);
    // INTEGERs that are empty, negative, or followed by more: what verifiers make of them differs.
    check_damaged("rsa", "MAQCAAIA", KeyFault::Structure);
    check_damaged("rsa", "MAYCAYACAQM=", KeyFault::Structure);
    check_damaged("rsa", "MAkCAX8CAQMCAQM=", KeyFault::Structure);
    assert!(matches!(
        record("p=MAYCAX8CAQM=").key,
        PublicKey::Rsa {
            bits: 7,
            exponent: Some(3),
            ..
        }
    ));
    let even = RSA_1024
        .replace("wIDAQAB", "wIDAQAC")
        .replace("JQIDAQAB", "JQIDAQAC");
    assert_eq!(
        record(&format!("p={even}")).unusable(),
        Some(Unusable::Exponent)
    );
    assert_eq!(record("k=foo; p=!!").key, PublicKey::Unknown { octets: 2 });
    let text = format!("p={}AAAA", RSA_1024.trim_end_matches('='));
    assert_eq!(
        record(&text).key,
        PublicKey::Damaged(KeyFault::TrailingOctets { extra: 3 })
    );
    // Padding left out is what some panels publish.
    assert_eq!(
        record(&format!("k=ed25519; p={}", ED25519.trim_end_matches('='))).unusable(),
        None
    );
}

#[test]
fn item_9_the_quoting_of_zone_files_published_as_data_is_named() {
    let quoting = |text: &str| read(text).expect_err(text).quoting();
    assert_eq!(
        quoting(&format!("\"v=DKIM1; p={RSA_1024}\"")),
        Some(Quoting::Quotes)
    );
    let error = read(&format!("v=DKIM1\\; k=rsa\\; p={RSA_1024}")).expect_err("no record");
    assert_eq!(
        (error.kind(), error.quoting()),
        (KeyErrorKind::Version, Some(Quoting::Backslashes))
    );
    let split = record(&format!(
        "v=DKIM1; p={}\" \"{}",
        &RSA_1024[..100],
        &RSA_1024[100..]
    ));
    assert_eq!(split.oddities, [Oddity::Quoting(Quoting::Quotes)]);
    assert_eq!(
        split.key,
        PublicKey::Damaged(KeyFault::NotBase64 { at: 100 })
    );
    // Quotation marks in words for people are their own affair.
    assert_eq!(record("v=DKIM1; p=; n=\"our key\"").oddities, []);
    let error = read("v=DKIM1; k=rsa; n=\"our key\"").expect_err("no record");
    assert_eq!((error.kind(), error.quoting()), (KeyErrorKind::NoKey, None));
}

fn block<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("memory does not wait"),
    }
}

fn name(text: &str) -> DomainName {
    text.parse().expect("a name")
}

fn at(zone: &str, selector: &str) -> Selector {
    let dns = StaticLookup::from_zone_text(&format!("$ORIGIN _domainkey.d.test.\n{zone}\n"))
        .expect("zone text")
        .with_failure(name("broken._domainkey.d.test"), LookupErrorKind::ServFail);
    block(super::selector(&dns, &name("d.test"), selector))
}

#[test]
fn item_50_several_records_at_a_selector_are_shown() {
    let (one, other) = RSA_1024.split_at(120);
    let zone = format!("s1 60 IN TXT \"v=DKIM1; p={one}\"\ns1 60 IN TXT \"{other}\"");
    let Found::Several { texts, joined } = at(&zone, "s1").found else {
        panic!("several")
    };
    assert_eq!(texts.len(), 2);
    let joined = joined.expect("halves of one key");
    assert!(matches!(joined.key, PublicKey::Rsa { bits: 1024, .. }));

    let zone = format!("s1 60 IN TXT \"p={RSA_1024}\"\ns1 60 IN TXT \"p=\"");
    assert!(matches!(
        at(&zone, "s1").found,
        Found::Several { joined: None, .. }
    ));
}

#[test]
fn strings_of_one_record_make_one_key() {
    let (one, other) = RSA_2048.split_at(200);
    let found = at(
        &format!("s1 60 IN TXT \"v=DKIM1; p={one}\" \"{other}\""),
        "s1",
    )
    .found;
    assert!(matches!(
        &found.key().expect("a key").key,
        PublicKey::Rsa { bits: 2048, .. }
    ));
}

#[test]
fn what_is_at_a_selector_has_many_forms() {
    let alias = at("s1 60 IN CNAME k.p.test.", "s1");
    assert_eq!(
        alias.delegated_to().cloned(),
        Some(name("k.p.test")),
        "a dangling alias is named"
    );
    assert!(matches!(alias.found, Found::Nothing));
    assert!(matches!(at("", "s1").found, Found::Nothing));
    assert!(matches!(at("", "broken").found, Found::Unknown(_)));
    assert!(matches!(at("", "a..b").found, Found::NotAskable(_)));
    assert!(matches!(
        at("s1 60 IN TXT hello", "s1").found,
        Found::OtherText { .. }
    ));
    assert!(matches!(
        at("s1 60 IN TXT \"k=rsa; v=DKIM1; p=\"", "s1").found,
        Found::Invalid { .. }
    ));
    assert_eq!(
        at("", "2026.sub").name,
        Some(name("2026.sub._domainkey.d.test"))
    );
}

#[test]
fn other_records_with_a_p_tag_are_no_keys() {
    assert!(!KeyRecord::is_claimed_by(b"v=DMARC1; p=none"));
    assert!(KeyRecord::is_claimed_by(b"v=DKIM2; p=AAAA") && KeyRecord::is_claimed_by(b"k=rsa; p="));
    assert!(matches!(
        at("s1 60 IN TXT \"v=DMARC1; p=none\"", "s1").found,
        Found::OtherText { .. }
    ));
    assert!(matches!(at("", ".").found, Found::NotAskable(_)));
    let (one, two) = (
        record(&format!("p={RSA_1024}")),
        record(&format!("k=rsa; p={RSA_1024};")),
    );
    assert_eq!(one.key_octets(), two.key_octets());
    assert_eq!(record("p=").key_octets(), None);
}

fn discovery(zone: &str, failing: &[&str], tried: &[&str]) -> Discovery {
    let mut dns = StaticLookup::from_zone_text(&format!("$ORIGIN _domainkey.d.test.\n{zone}\n"))
        .expect("zone text");
    for failing in failing {
        dns = dns.with_failure(
            name(&format!("{failing}._domainkey.d.test")),
            LookupErrorKind::Timeout,
        );
    }
    let candidates = Candidates::given(tried.iter().copied());
    block(discover(&dns, &name("d.test"), &candidates, "control"))
}

#[test]
fn item_49_a_wildcard_is_not_a_key() {
    let zone = format!("* 60 IN TXT \"p=\"\nreal 60 IN TXT \"p={RSA_2048}\"");
    let found = discovery(&zone, &[], &["s1", "real", "s2"]);
    assert!(found.has_wildcard());
    let hits: Vec<_> = found.hits().map(|hit| hit.selector.as_str()).collect();
    assert_eq!(hits, ["real"]);
    assert_eq!(found.outcome(), Discovered::Found { hits: 1 });
}

#[test]
fn not_found_is_never_none_and_unknown_is_never_not_found() {
    assert_eq!(
        discovery("", &[], &["a", "b"]).outcome(),
        Discovered::NotFound { tried: 2 }
    );
    let undecidable = Discovered::Undecidable {
        tried: 2,
        unknown: 1,
    };
    assert_eq!(discovery("", &["b"], &["a", "b"]).outcome(), undecidable);
    let zone = "a 60 IN TXT \"p=\"";
    assert_eq!(
        discovery(zone, &["b"], &["a", "b"]).outcome(),
        Discovered::Found { hits: 1 }
    );
    let blind = Discovered::Undecidable {
        tried: 1,
        unknown: 0,
    };
    assert_eq!(discovery(zone, &["control"], &["a"]).outcome(), blind);
    // A control that cannot be asked for shows nothing either.
    let long: DomainName = format!("{0}.{0}.{0}.{1}.test", "a".repeat(63), "b".repeat(20))
        .parse()
        .expect("a name");
    let mut dns = StaticLookup::new();
    let text = crate::RecordData::Txt(crate::CharacterStrings::new([b"p=".to_vec()]));
    let wildcard = long.with_prefix("*._domainkey").expect("a name");
    dns.insert(crate::Record::new(wildcard, 60, text));
    let found = block(discover(
        &dns,
        &long,
        &Candidates::given(["x"]),
        &"k".repeat(40),
    ));
    assert!(
        matches!(found.outcome(), Discovered::Undecidable { .. }),
        "{found:?}"
    );
    assert_eq!(
        discovery("", &[], &["a..b"]).outcome(),
        Discovered::NotFound { tried: 0 }
    );
}

#[test]
fn providers_are_known_by_exchanges_and_includes() {
    let names = [
        name("d-test.mail.protection.outlook.com"),
        name("_spf.google.com"),
    ];
    let known: Vec<_> = Provider::of(&names)
        .iter()
        .map(|provider| provider.name)
        .collect();
    assert_eq!(known, ["Google Workspace", "Microsoft 365"]);
    assert!(Provider::of([&name("notgoogle.com")]).is_empty());
    let candidates = Candidates::given(["S1"]).with(["s1", "x"]);
    assert_eq!(candidates.iter().collect::<Vec<_>>(), ["S1", "x"]);
    for provider in Provider::ALL {
        assert!(
            provider
                .domains
                .iter()
                .all(|domain| domain.parse::<DomainName>().is_ok())
        );
    }
}

proptest! {
    #[test]
    fn no_octets_panic(text: Vec<u8>) {
        if let Err(error) = KeyRecord::parse(&text) {
            prop_assert!(error.span().end <= text.len());
        }
    }

    #[test]
    fn what_is_read_is_read_the_same_again(value in "[A-Za-z0-9+/= ]{0,60}", flags in "[a-z:]{0,6}") {
        let text = format!("v=DKIM1; t={flags}; p={value}; n=x");
        let record = KeyRecord::parse(text.as_bytes()).expect("a record");
        let tags: Vec<_> = record.tags.iter().map(ToString::to_string).collect();
        let again = KeyRecord::parse(tags.join(";").as_bytes()).expect("a record");
        prop_assert_eq!(again.key, record.key);
        prop_assert_eq!(again.flags, record.flags);
    }

    #[test]
    fn sizes_of_rsa_keys_are_those_of_their_modulus(octets in proptest::collection::vec(1u8..=0x7f, 1..200)) {
        let length = u8::try_from(octets.len()).unwrap_or(u8::MAX);
        let mut content = vec![2, 0x81, length];
        content.extend(&octets);
        content.extend([2, 1, 3]);
        let mut der = vec![0x30, 0x81, u8::try_from(content.len()).unwrap_or(u8::MAX)];
        der.extend(&content);
        let expected = octets.len() * 8 - usize::try_from(octets[0].leading_zeros()).expect("few");
        let key = public_key::rsa(&der);
        let is_right = matches!(key, Ok(PublicKey::Rsa { bits, exponent: Some(3), .. }) if bits == expected);
        prop_assert!(is_right);
        // Cut anywhere, it is no key.
        for end in 0..der.len() {
            prop_assert!(public_key::rsa(&der[..end]).is_err());
        }
    }
}
