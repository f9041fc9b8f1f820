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
