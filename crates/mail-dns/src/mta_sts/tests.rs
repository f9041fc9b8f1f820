use std::pin::pin;
use std::task::{Context, Poll, Waker};

use proptest::prelude::*;

use super::*;
use crate::{
    DomainName, LookupErrorKind, PolicyTextErrorKind, Published, PublishedPolicy, StaticLookup,
};

fn published(zone: &str) -> Published<StsRecord> {
    let name = |text: &str| text.parse::<DomainName>().expect("a name");
    let dns = StaticLookup::from_zone_text(&format!("$ORIGIN d.test.\n{zone}\n"))
        .expect("zone text")
        .with_failure(name("broken.test"), LookupErrorKind::Timeout);
    match pin!(record(&dns, &name("d.test"))).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(found) => found,
        Poll::Pending => panic!("memory does not wait"),
    }
}

fn kind(text: &str) -> PolicyTextErrorKind {
    StsRecord::parse(text.as_bytes())
        .expect_err(text)
        .kind()
        .clone()
}

#[test]
fn item_61_one_record_of_the_version_counts() {
    let at = "_mta-sts 60 IN TXT";
    assert!(
        published(&format!("{at} \"v=STSv1; id=a1;\""))
            .record()
            .is_some()
    );
    assert!(
        published(&format!("{at} \"v=STSv1; \" \"id=a1\""))
            .record()
            .is_some(),
        "strings join"
    );
    assert!(
        published(&format!("{at} \"v=STSv1; id=a1\"\n{at} \"v=spf1 -all\""))
            .record()
            .is_some()
    );
    let policy = |zone: &str| published(zone).policy;
    let two = policy(&format!("{at} \"v=STSv1; id=a1\"\n{at} \"v=STSv1; id=a2\""));
    assert!(matches!(two, PublishedPolicy::Several { texts } if texts.len() == 2));
    assert_eq!(
        policy(&format!("{at} \"v=STSv10; id=a\"")),
        PublishedPolicy::Nothing
    );
    assert_eq!(
        policy(&format!("{at} \"v=STSv1\"")),
        PublishedPolicy::Nothing
    );
    let near: Vec<_> = published(&format!(
        "{at} \"v=STSv1\"\n{at} \" v=stsv1; id=1\"\n{at} other"
    ))
    .near_misses;
    assert_eq!(near.len(), 2);
    assert_eq!(policy(""), PublishedPolicy::Nothing);
    assert!(
        published("")
            .answer
            .is_some_and(|answer| answer.is_nxdomain()),
        "with the proof"
    );
    assert!(matches!(
        policy(&format!("{at} \"v=STSv1; id=a_b\"")),
        PublishedPolicy::Invalid { .. }
    ));
    assert!(matches!(
        policy("_mta-sts 60 IN CNAME broken.test."),
        PublishedPolicy::Unknown(_)
    ));
    let alias = published("_mta-sts 60 IN CNAME p\np 60 IN TXT \"v=STSv1; id=1\"");
    assert_eq!(alias.delegated_to(), "p.d.test".parse().ok().as_ref());
}

#[test]
fn item_61_an_id_is_letters_and_digits() {
    let value = PolicyTextErrorKind::Value { name: "id".into() };
    assert_eq!(kind("v=STSv1; id=a-b"), value);
    assert_eq!(kind(&format!("v=STSv1; id={}", "a".repeat(33))), value);
    assert_eq!(kind("v=STSv1; id="), PolicyTextErrorKind::Field);
    assert_eq!(
        kind("v=STSv1; ID=1"),
        PolicyTextErrorKind::Missing { name: "id".into() }
    );
    assert_eq!(
        kind("v=STSv1; id = 1"),
        PolicyTextErrorKind::Field,
        "no blanks around the equals sign"
    );
    assert_eq!(kind("v=STSv1;; id=1"), PolicyTextErrorKind::Field);
    assert_eq!(kind("v=stsv1; id=1"), PolicyTextErrorKind::Version);
    assert_eq!(kind(" v=STSv1; id=1"), PolicyTextErrorKind::Version);
    for text in [
        "v=STSv1; id=1 ",
        "v=STSv1; id=1\n",
        "v=STSv1;\r\nid=1",
        "v=STSv1; id=1; x=a=b",
        "v=STSv1; id=1; x=a b",
        "v=STSv1; id=1; x=\u{e9}",
    ] {
        assert!(StsRecord::parse(text.as_bytes()).is_err(), "{text:?}");
    }
    let flood = format!("v=STSv1; id=1;{}garbage", "x=1;".repeat(256));
    assert_eq!(kind(&flood), PolicyTextErrorKind::Field);
    assert!(
        StsRecord::parse(b"v=STSv1; id=1 ;\t").is_ok(),
        "blanks around a semicolon"
    );
    let odd = StsRecord::parse(b"v=STSv1 ; x-y.z=1; id=first; id=second;").expect("a record");
    assert_eq!((odd.id.as_str(), odd.extensions.len()), ("first", 1));
}

const GOOD: &str =
    "version: STSv1\r\nmode: enforce\r\nmx: mail.d.test\r\nmx: *.d.net\r\nmax_age: 604800\r\n";

fn policy(text: &str) -> PolicyFile {
    PolicyFile::parse(text.as_bytes()).expect("a policy")
}

#[track_caller]
fn check_error(text: &str, kind: PolicyFileErrorKind, line: Option<usize>) {
    let error = PolicyFile::parse(text.as_bytes()).expect_err("no policy");
    assert_eq!((error.kind(), error.line()), (kind, line), "{error}");
}

#[test]
fn item_63_a_wildcard_is_one_label() {
    let policy = policy(GOOD);
    let covers = |host: &str| policy.covers(&host.parse().expect("a name"));
    assert!(covers("mail.d.test") && covers("MAIL.D.test"));
    assert!(covers("a.d.net"));
    assert!(
        !covers("d.net")
            && !covers("a.b.d.net")
            && !covers("evild.net")
            && !covers("x.mail.d.test")
    );
    let hosts = ["a.d.net".parse().expect("a name")];
    let unused: Vec<_> = policy.unused(&hosts).map(ToString::to_string).collect();
    assert_eq!(unused, ["mail.d.test"]);
}

#[test]
fn item_64_lines_duplicates_and_unknown_fields() {
    assert_eq!(
        policy(GOOD),
        policy(&GOOD.replace("\r\n", "\n")),
        "erratum 6253"
    );
    assert_eq!(
        policy(GOOD),
        policy(GOOD.trim_end()),
        "the last line may end without"
    );
    let odd = policy("mode: none\nversion: STSv1\nmode: enforce\nfoo: bar\n\nmax_age:1\t\n");
    assert_eq!((odd.mode, odd.max_age, odd.mx.len()), (Mode::None, 1, 0));
    assert_eq!(
        odd.oddities,
        [
            PolicyOddity::Duplicate {
                name: "mode".into(),
                line: 3
            },
            PolicyOddity::UnknownField {
                name: b"foo".as_slice().into(),
                line: 4
            },
            PolicyOddity::EmptyLine { line: 5 },
        ]
    );
    let long = policy("version: STSv1\nmode: none\nmax_age: 9999999999");
    assert_eq!(long.max_age, 31_557_600);
    assert_eq!(
        long.oddities,
        [PolicyOddity::LongAge {
            seconds: 9_999_999_999,
            line: 3
        }]
    );
}

#[test]
fn policies_that_do_not_count_say_why() {
    use PolicyFileErrorKind as Kind;
    check_error("", Kind::NoVersion, None);
    check_error("version: STSv2\n", Kind::Version, Some(1));
    check_error("version: STSv1\nmode: Enforce\n", Kind::Mode, Some(2));
    check_error("version: STSv1\nmax_age: 1\n", Kind::NoMode, None);
    check_error(
        "version: STSv1\nmode: testing\nmx: a.test\n",
        Kind::NoMaxAge,
        None,
    );
    check_error(
        "version: STSv1\nmode: testing\nmax_age: 1\n",
        Kind::NoMx,
        None,
    );
    for age in ["-1", "1d", "+1", "12345678901"] {
        check_error(&format!("max_age: {age}"), Kind::MaxAge, Some(1));
    }
    for mx in [
        "mail.d.test.",
        "*",
        "*.*.d.test",
        "a.*.test",
        "192.0.2.1",
        "m\u{fc}x.test",
        "a_b.test",
    ] {
        check_error(&format!("mx: {mx}"), Kind::Mx, Some(1));
    }
    check_error("<html>\n", Kind::Line, Some(1));
    check_error("version STSv1\n", Kind::Line, Some(1));
    check_error("version:\n", Kind::Line, Some(1));
    check_error(
        "\u{feff}version: STSv1\nmode: none\nmax_age: 1",
        Kind::Line,
        Some(1),
    );
    check_error("mode : none", Kind::Line, Some(1));
    check_error(" version: STSv1", Kind::Line, Some(1));
    check_error("foo bar: y", Kind::Line, Some(1));
    check_error(&"x".repeat(65_537), Kind::TooLong, None);
    let start = "version: STSv1\nmode: none\nmax_age: 1\nx: ";
    let full = format!("{start}{}", "y".repeat(65_536 - start.len()));
    assert!(PolicyFile::parse(full.as_bytes()).is_ok());
    let flood = policy(&format!(
        "version: STSv1\nmode: none\nmax_age: 1{}",
        "\n".repeat(60_000)
    ));
    assert!(flood.oddities.len() <= 65);
}

fn looks(looks: &[(u64, SeenId, Option<&PolicyFile>)]) -> (Vec<Vec<Change>>, Option<u64>) {
    let mut history = History::default();
    let changes = looks
        .iter()
        .map(|(at, id, policy)| history.look(Seen::new(*at, id.clone(), policy.cloned())));
    (changes.collect(), history.held_until())
}

#[track_caller]
fn check_last(steps: &[(u64, SeenId, Option<&PolicyFile>)], expected: &[Change]) {
    let (changes, _) = looks(steps);
    assert_eq!(
        changes.last().map(Vec::as_slice),
        Some(expected),
        "{changes:?}"
    );
}

#[test]
fn item_65_what_senders_hold_is_remembered() {
    use SeenId::{Absent, Unknown};
    let id = |id: &str| SeenId::Is(id.to_owned());
    let (one, two) = (policy(GOOD), policy(&GOOD.replace("mail", "mx")));
    let reordered =
        policy("version: STSv1\nmode: enforce\nmx: *.d.net\nmx: mail.d.test\nmax_age: 604800");
    check_last(&[(0, id("1"), Some(&one))], &[]);
    check_last(&[(0, id("1"), Some(&one)), (1, id("1"), Some(&one))], &[]);
    check_last(
        &[(0, id("1"), Some(&one)), (1, id("1"), Some(&reordered))],
        &[],
    );
    check_last(&[(0, id("1"), Some(&one)), (1, Unknown, None)], &[]);
    check_last(
        &[(0, id("1"), Some(&one)), (1, id("1"), Some(&two))],
        &[Change::PolicyWithoutId],
    );
    // It is said once.
    check_last(
        &[
            (0, id("1"), Some(&one)),
            (1, id("1"), Some(&two)),
            (2, id("1"), Some(&two)),
        ],
        &[],
    );
    check_last(
        &[(0, id("1"), Some(&one)), (1, id("2"), Some(&one))],
        &[Change::IdAlone],
    );
    check_last(
        &[(0, id("1"), Some(&one)), (1, id("2"), None)],
        &[Change::IdWithoutPolicy],
    );
    // The order of RFC 8461 §8.1: the policy first, then the id.
    check_last(
        &[
            (0, id("1"), Some(&one)),
            (1, id("1"), Some(&two)),
            (2, id("2"), Some(&two)),
        ],
        &[],
    );
    // A policy is compared with the one that its id announced, whatever was seen between.
    check_last(
        &[
            (0, id("1"), Some(&one)),
            (1, id("2"), None),
            (2, id("2"), Some(&two)),
        ],
        &[],
    );
    check_last(
        &[
            (0, id("1"), Some(&one)),
            (1, Unknown, Some(&two)),
            (2, id("1"), Some(&two)),
        ],
        &[Change::PolicyWithoutId],
    );
    check_last(
        &[
            (0, id("1"), Some(&one)),
            (1, Unknown, Some(&two)),
            (2, id("2"), Some(&two)),
        ],
        &[],
    );
    check_last(
        &[
            (0, id("1"), Some(&one)),
            (1, Absent, None),
            (2, id("1"), Some(&two)),
        ],
        &[Change::PolicyWithoutId],
    );
}

#[test]
fn item_65_removal_has_an_order() {
    use SeenId::Absent;
    let id = |id: &str| SeenId::Is(id.to_owned());
    let enforce = policy("version: STSv1\nmode: enforce\nmx: a.test\nmax_age: 1000");
    let brief = policy("version: STSv1\nmode: enforce\nmx: a.test\nmax_age: 10");
    let none = policy("version: STSv1\nmode: none\nmax_age: 10");
    let testing = policy("version: STSv1\nmode: testing\nmx: a.test\nmax_age: 5000");
    check_last(
        &[(0, id("1"), Some(&enforce)), (999, Absent, None)],
        &[Change::RemovedTooEarly],
    );
    check_last(&[(0, id("1"), Some(&enforce)), (1000, Absent, None)], &[]);
    check_last(
        &[
            (0, id("1"), Some(&enforce)),
            (1, Absent, Some(&enforce)),
            (2, Absent, Some(&enforce)),
        ],
        &[],
    );
    // The longest policy that was served counts (§8.3), and mode none and testing bind nobody.
    let (changes, until) = looks(&[
        (0, id("1"), Some(&enforce)),
        (1, id("2"), Some(&brief)),
        (2, id("3"), Some(&none)),
        (3, id("4"), Some(&testing)),
        (4, Absent, None),
    ]);
    assert_eq!(
        (changes.last(), until),
        (Some(&vec![Change::RemovedTooEarly]), Some(1000))
    );
    // Without a record nobody fetches a policy.
    let (changes, until) = looks(&[(0, Absent, Some(&enforce)), (1, Absent, Some(&enforce))]);
    assert_eq!((changes.concat(), until), (vec![], None));
}

proptest! {
    #[test]
    fn no_octets_panic(text: Vec<u8>) {
        let _ = StsRecord::parse(&text);
        let _ = PolicyFile::parse(&text);
        let _ = StsRecord::parse(&[b"v=STSv1;".as_slice(), &text].concat());
    }

    #[test]
    fn what_is_shown_reads_back(
        lines in proptest::collection::vec("(mx|mode|max_age|version): ?(a\\.test|\\*\\.b\\.test|none|enforce|STSv1|[0-9]{1,11})", 0..9),
    ) {
        if let Ok(policy) = PolicyFile::parse(lines.join("\n").as_bytes()) {
            let again = PolicyFile::parse(policy.to_string().as_bytes()).expect("a policy");
            prop_assert_eq!((again.mode, &again.mx, again.max_age), (policy.mode, &policy.mx, policy.max_age));
        }
    }
}
