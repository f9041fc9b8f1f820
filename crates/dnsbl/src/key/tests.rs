use mail_dns::{LookupErrorKind, NegativeKind, RecordType, Transport};

use super::*;

const KEY: &str = "markedkey0123456789";

fn name(text: &str) -> DomainName {
    text.parse().expect("a name")
}

fn key() -> Key {
    KEY.parse().expect("a key")
}

#[track_caller]
fn check_unshown(shown: &str) {
    assert!(!shown.to_ascii_lowercase().contains(KEY), "{shown}");
}

#[test]
fn d19_the_key_goes_before_the_zone_and_is_masked_in_what_is_shown() {
    let (zone, key) = (name("zen.dq.test"), key());
    let redaction = Redaction::new(&zone, Some(&key));
    let bare = name("2.0.0.127.zen.dq.test");
    let secret = redaction.reveal(&bare).expect("short");
    assert_eq!(secret, name(&format!("2.0.0.127.{KEY}.zen.dq.test")));
    let shown = redaction.name(&secret);
    assert_eq!(shown, name("2.0.0.127.key-redacted.zen.dq.test"));
    assert_eq!(redaction.restore(&shown), Ok(secret));
}

#[test]
fn d19_a_name_that_just_fits_with_a_short_key_is_masked_and_found_again() {
    let (zone, key) = (name("zen.dq.test"), "k3ykeyk9".parse().expect("a key"));
    let redaction = Redaction::new(&zone, Some(&key));
    // 13 octets of the zone, 9 of the key, and 233 of labels: 255.
    let labels = format!("{0}.{0}.{0}.{1}", "a".repeat(63), "a".repeat(40));
    let secret = redaction.reveal(&name(&format!("{labels}.{zone}")));
    let secret = secret.expect("it fits");
    assert_eq!(secret.wire_len(), 255);
    let shown = redaction.name(&secret);
    assert_eq!(shown.to_string(), format!("{labels}.key-reda.{zone}"));
    assert_eq!(redaction.restore(&shown), Ok(secret));
}

#[test]
fn a_list_without_a_key_is_asked_as_it_is() {
    let zone = name("bl.test");
    let redaction = Redaction::new(&zone, None);
    let bare = name("2.0.0.127.bl.test");
    assert_eq!(redaction.reveal(&bare), Ok(bare.clone()));
    assert_eq!(redaction.name(&bare), bare);
    assert_eq!(redaction.restore(&bare), Ok(bare));
}

#[test]
fn d19_errors_denials_and_texts_do_not_show_it() {
    let (zone, key) = (name("zen.dq.test"), key());
    let redaction = Redaction::new(&zone, Some(&key));
    let secret = redaction
        .reveal(&name("2.0.0.127.zen.dq.test"))
        .expect("short");
    let said = format!(
        "no data for <2.0.0.127.{}.zen.dq.test. A IN>",
        KEY.to_uppercase()
    );
    let question = Question {
        name: secret.clone(),
        record_type: RecordType::A,
    };
    let server = "192.0.2.53:53".parse().expect("an address");
    let attempt =
        |failure| Attempt::new(server, Transport::Udp, failure, std::time::Duration::ZERO);
    let error = LookupError::new(LookupErrorKind::ServFail, question)
        .with_attempts(vec![
            attempt(AttemptFailure::Network(said.clone())),
            attempt(AttemptFailure::Malformed(said.clone())),
        ])
        .with_extended_errors(vec![ExtendedError::new(22, said.clone())]);
    let shown = redaction.error(error);
    check_unshown(&format!("{shown} {shown:?}"));
    assert_eq!(shown.attempts().len(), 2);
    assert_eq!(shown.kind(), LookupErrorKind::ServFail);

    let denial = Negative::new(
        NegativeKind::NxDomain,
        Some(60),
        secret.parent().and_then(|name| name.parent()),
    );
    check_unshown(&format!("{:?}", redaction.negative(&denial)));
    let text = redaction.octets(format!("{said}{KEY}{KEY}").as_bytes());
    check_unshown(&String::from_utf8(text).expect("text"));
}

#[test]
fn keys_do_not_show_themselves_nor_does_a_bad_one() {
    let keys = Keys::default().with("dqs", key());
    check_unshown(&format!("{keys:?} {:?}", key()));
    assert_eq!(format!("{:?}", key()), "Key(redacted)");
    for bad in [
        "",
        "short",
        "with a blank in it",
        "two.labels.here",
        &"a".repeat(64),
    ] {
        let error = bad.parse::<Key>().expect_err("no key");
        let shown = format!("{error} {error:?}");
        assert!(bad.len() < 6 || !shown.contains(bad), "{shown}");
    }
    assert_eq!(
        "markedkey 1"
            .parse::<Key>()
            .expect_err("no key")
            .to_string(),
        "expected a key of 8 to 63 letters, digits, hyphens and underscores, found another character at octet 9"
    );
    assert_eq!(format!(" {} \n", KEY.to_uppercase()).parse(), Ok(key()));
}

/// What the resolvers and the pages of lists make of a key by accident.
#[test]
fn d19_the_key_is_masked_in_whatever_guise_it_comes() {
    let key: Key = "marked_key-7f3a9c".parse().expect("a key");
    for (text, expected) in [
        ("a marked_key-7f3a9c b", "a key-redacted b"),
        ("MARKED_KEY-7F3A9C", "key-redacted"),
        ("1.mArKeD_kEy-7f3A9c.zen", "1.key-redacted.zen"),
        (
            "marked_key-7f3a9cmarked_key-7f3a9c",
            "key-redactedkey-redacted",
        ),
        ("markedmarked_key-7f3a9c", "markedkey-redacted"),
        ("?q=marked%5Fkey%2d7f3a9c&", "?q=key-redacted&"),
        (r"\109arked\095key-7f3a9\099 <", "key-redacted <"),
        (r"marked\_key\-7f3a9c", "key-redacted"),
        (r"marked\x5fkey\x2d7f3a9c", "key-redacted"),
        ("\"marked_key\" \"-7f3a9c\"", "\"key-redacted\""),
        ("marked_key.-7f3a9c.zen", "key-redacted.zen"),
        ("marked_key\r\n -7f3a9c", "key-redacted"),
        // Cut at the end.
        ("see marked_key-7f3a9", "see key-redacted"),
        ("see MARK", "see key-redacted"),
        ("see mar", "see mar"),
        // What is not it stays.
        ("marked_key-7f3a9d", "marked_key-7f3a9d"),
        ("marked key-7f3a9c", "marked key-7f3a9c"),
        ("100 % of \\", "100 % of \\"),
        ("", ""),
    ] {
        let masked = key.mask(text.as_bytes());
        assert_eq!(String::from_utf8_lossy(&masked), expected, "{text}");
    }
}

#[test]
fn d19_a_name_that_has_the_key_over_several_labels_is_not_shown() {
    let (zone, key) = (name("zen.dq.test"), key());
    let redaction = Redaction::new(&zone, Some(&key));
    for text in [
        "1.markedkey.0123456789.zen.dq.test",
        "mark.edke.y0123456789.test",
    ] {
        assert_eq!(redaction.name(&name(text)), zone);
    }
    let other = name("1.markedkey.012345678.zen.dq.test");
    assert_eq!(redaction.name(&other), other);
}
