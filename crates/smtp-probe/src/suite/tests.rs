use std::time::Duration;

use tls_inspect::{Capture, HandshakeOutcome};

use super::*;
use crate::session::{Output, Session};

fn usual() -> SessionOptions {
    SessionOptions::new(
        "probe.example.com".parse().expect("a name"),
        Security::StartTls,
    )
}

/// Plays a server that says these replies, one after each command; what is left unsaid is silence.
fn play(test: &SuiteTest, replies: &[&str]) -> (Verdict, Vec<String>) {
    play_as(&usual(), test, replies)
}

fn play_as(usual: &SessionOptions, test: &SuiteTest, replies: &[&str]) -> (Verdict, Vec<String>) {
    let mut session = Session::with_options(test.options(usual));
    let mut now = Duration::from_secs(1);
    let mut replies = replies.iter();
    let mut sent = Vec::new();
    loop {
        match session.poll_output(now) {
            Output::Send { octets, .. } => sent.push(String::from_utf8(octets).expect("ASCII")),
            Output::StartTls { .. } => {
                session.handle_tls(Capture::new(HandshakeOutcome::Completed), now);
            }
            Output::Receive { until } => match replies.next() {
                Some(&"") => {
                    now = until;
                    session.handle_timeout(until);
                }
                Some(reply) => session.handle_input(format!("{reply}\r\n").as_bytes(), now),
                None => {
                    now = until;
                    session.handle_timeout(until);
                }
            },
            Output::Done => return (test.judge(&session.into_observation(now)), sent),
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Is {
    Yes,
    No,
    Unknown,
}

#[track_caller]
fn check(test: &SuiteTest, replies: &[&str], expected: &Is) -> Vec<String> {
    let (verdict, sent) = play(test, replies);
    let is = match verdict {
        Verdict::Yes(_) => Is::Yes,
        Verdict::No(_) => Is::No,
        Verdict::CouldNotTell(_) => Is::Unknown,
    };
    assert_eq!(&is, expected, "{verdict}");
    assert!(!verdict.because().is_empty());
    assert!(
        sent.iter()
            .all(|line| !line.starts_with("DATA") && !line.starts_with("BDAT"))
    );
    sent
}

const HELLO: [&str; 2] = ["220 mx.example", "250-mx.example\r\n250 STARTTLS"];

fn after_hello<'a>(replies: &[&'a str]) -> Vec<&'a str> {
    [&HELLO[..], replies].concat()
}

#[test]
fn item_32_an_answer_inside_tls_that_nobody_asked_for_is_the_proof() {
    let test = SuiteTest::command_injection();
    let sent = check(
        &test,
        &after_hello(&["220 go", "250 ok", "221 bye"]),
        &Is::Yes,
    );
    assert!(
        sent.contains(&"STARTTLS\r\nNOOP\r\n".to_owned()),
        "{sent:?}"
    );
    check(
        &test,
        &after_hello(&["220 go", "", "250 mx.example", "221 bye"]),
        &Is::No,
    );
    check(
        &test,
        &after_hello(&["220 go", "", "250 ok", "250 mx.example"]),
        &Is::Yes,
    );
    check(
        &test,
        &after_hello(&["220 go", "", "250 mx.example", ""]),
        &Is::Unknown,
    );
    check(
        &test,
        &after_hello(&["220 go", "", "250 mx.example", "250 bye"]),
        &Is::Unknown,
    );
    check(&test, &after_hello(&["220 go\r\n250 ok"]), &Is::Unknown);
    check(
        &test,
        &after_hello(&["454 not now", "221 bye"]),
        &Is::Unknown,
    );
    check(&test, &["421 too many"], &Is::Unknown);
    check(
        &test,
        &["220 mx.example", "250 mx.example", "221 bye"],
        &Is::No,
    );
}

#[test]
fn item_36_tls_may_be_required_before_mail() {
    let test = SuiteTest::tls_required();
    let sent = check(
        &test,
        &after_hello(&["530 5.7.0 Must issue a STARTTLS command first", "221 bye"]),
        &Is::Yes,
    );
    assert_eq!(
        sent,
        ["EHLO probe.example.com\r\n", "MAIL FROM:<>\r\n", "QUIT\r\n"]
    );
    let sent = check(
        &test,
        &after_hello(&["250 ok", "250 ok", "221 bye"]),
        &Is::No,
    );
    assert!(sent.contains(&"RSET\r\n".to_owned()), "{sent:?}");
    check(
        &test,
        &after_hello(&["530 5.7.0 Authentication required", "221 bye"]),
        &Is::Unknown,
    );
    check(&test, &after_hello(&["451 later", "221 bye"]), &Is::Unknown);
    check(&test, &after_hello(&[""]), &Is::Unknown);
}

#[test]
fn item_36_auth_before_tls_is_read_from_the_list() {
    let test = SuiteTest::auth_before_tls();
    let sent = check(
        &test,
        &["220 x", "250-x\r\n250 AUTH PLAIN", "221 bye"],
        &Is::Yes,
    );
    assert_eq!(sent, ["EHLO probe.example.com\r\n", "QUIT\r\n"]);
    check(&test, &["220 x", "250 x", "221 bye"], &Is::No);
    check(
        &test,
        &["220 x", "500 what", "250 x", "221 bye"],
        &Is::Unknown,
    );
    check(&test, &["220 x", "421 later"], &Is::Unknown);
}

fn relay() -> SuiteTest {
    let (from, to) = ("a@probe.example", "b@foreign.example");
    SuiteTest::open_relay(
        from.parse().expect("a path"),
        &to.parse().expect("a path"),
        "[192.0.2.1]",
    )
}

/// In TLS, because the usual options ask for it.
fn after_mail<'a>(replies: &[&'a str]) -> Vec<&'a str> {
    let mut all = after_hello(&["220 go", "250 mx.example", "250 ok"]);
    all.extend(replies);
    all
}

#[test]
fn an_open_relay_is_shown_by_the_first_form_that_it_accepts() {
    let no = "550 5.7.1 relaying denied";
    let sent = check(
        &relay(),
        &after_mail(&[no, "250 ok", "250 ok", "221 bye"]),
        &Is::Yes,
    );
    let recipients = sent.iter().filter(|line| line.starts_with("RCPT")).count();
    assert_eq!(recipients, 2, "the first acceptance ends it: {sent:?}");
    assert_eq!(sent.last().map(String::as_str), Some("QUIT\r\n"));
    assert!(sent.contains(&"RSET\r\n".to_owned()), "{sent:?}");
}

#[test]
fn a_closed_relay_refuses_every_form() {
    let no = "550 relay not permitted";
    let sent = check(
        &relay(),
        &after_mail(&[no, no, no, no, "250 ok", "221 bye"]),
        &Is::No,
    );
    let recipients: Vec<_> = sent
        .iter()
        .filter(|line| line.starts_with("RCPT"))
        .collect();
    assert_eq!(
        recipients,
        [
            "RCPT TO:<b@foreign.example>\r\n",
            "RCPT TO:<b%foreign.example@[192.0.2.1]>\r\n",
            "RCPT TO:<foreign.example!b@[192.0.2.1]>\r\n",
            "RCPT TO:<\"b@foreign.example\"@[192.0.2.1]>\r\n",
        ]
    );
}

#[test]
fn not_now_is_no_word_about_relaying() {
    let no = "550 relay not permitted";
    check(
        &relay(),
        &after_mail(&[no, "450 later", no, no, "250 ok", "221 bye"]),
        &Is::Unknown,
    );
    let sent = check(
        &relay(),
        &after_mail(&[no, "421 too many errors"]),
        &Is::Unknown,
    );
    assert_eq!(
        sent.last().map(String::as_str),
        Some("RCPT TO:<b%foreign.example@[192.0.2.1]>\r\n")
    );
    check(&relay(), &["554 no"], &Is::Unknown);
    check(&relay(), &["220 x", "250 x", "221 bye"], &Is::Unknown);
}

#[test]
fn item_76_252_says_nothing() {
    let mailbox = || "root@mx.example".parse().expect("a path");
    for test in [SuiteTest::vrfy(mailbox()), SuiteTest::expn(mailbox())] {
        let asked = |reply| after_hello(&["220 go", "250 mx.example", reply, "221 bye"]);
        check(&test, &asked("252 2.1.5 try and see"), &Is::Unknown);
        check(&test, &asked("250 2.1.5 root@mx.example"), &Is::Yes);
        check(&test, &asked("502 5.5.1 disabled"), &Is::No);
        check(&test, &asked("550 5.7.1 not allowed"), &Is::Unknown);
        check(&test, &asked("450 later"), &Is::Unknown);
    }
}

#[test]
fn item_29_each_kind_of_name_is_said_and_judged() {
    let proper = "probe.example.com".parse().expect("a name");
    let tests = SuiteTest::ehlo_names(&proper);
    let said: Vec<_> = tests.iter().map(SuiteTest::sends).collect();
    assert_eq!(
        said,
        [
            "EHLO probe.example.com",
            "EHLO [192.0.2.1]",
            "EHLO [IPv6:2001:db8::1]",
            "EHLO probe",
            "EHLO localhost",
            "EHLO probe_x.example.com",
            "EHLO probe.invalid",
            "EHLO probe.example.com.",
        ]
    );
    for test in &tests {
        let sent = check(test, &["220 x", "250 x", "221 bye"], &Is::No);
        assert_eq!(sent[0], format!("{}\r\n", test.sends()));
        check(
            test,
            &["220 x", "504 5.5.2 need a name", "504 no", "221 bye"],
            &Is::Yes,
        );
        check(test, &["220 x", "554 5.7.1 no", "221 bye"], &Is::Yes);
        check(
            test,
            &["220 x", "502 what", "250 x", "221 bye"],
            &Is::Unknown,
        );
        check(test, &["220 x", "451 later", "221 bye"], &Is::Unknown);
    }
}

#[test]
fn an_address_for_a_name_makes_names_too() {
    let proper = EhloName::from(std::net::IpAddr::from([198, 51, 100, 7]));
    let said: Vec<_> = SuiteTest::ehlo_names(&proper)
        .iter()
        .map(SuiteTest::sends)
        .collect();
    assert_eq!(said[3], "EHLO 198");
    assert!(said.iter().all(|line| !line.contains(['\r', '\n'])));
}

#[test]
fn every_test_says_what_it_does() {
    let path: ForwardPath = "a@b.example".parse().expect("a path");
    for test in [
        SuiteTest::command_injection(),
        relay(),
        SuiteTest::vrfy(path),
    ] {
        assert!(test.is_intrusive() && test.connections() == 1 && !test.sends().is_empty());
        assert!(test.question().ends_with('?'));
    }
    assert!(!SuiteTest::auth_before_tls().is_intrusive());
}

/// Judged with what a session of this security heard.
#[track_caller]
fn unknown(test: &SuiteTest, replies: &[&str]) {
    check(test, replies, &Is::Unknown);
}

#[test]
fn what_is_no_answer_to_noop_is_no_proof_of_injection() {
    let test = SuiteTest::command_injection();
    unknown(
        &test,
        &after_hello(&["220 go", "421 4.4.2 idle for too long"]),
    );
    unknown(
        &test,
        &after_hello(&["220 go", "220 mx.example once more", "221 bye"]),
    );
    check(
        &test,
        &after_hello(&["220 go", "530 5.7.0 first EHLO", "221 bye"]),
        &Is::Yes,
    );
}

#[test]
fn replies_out_of_step_prove_nothing() {
    let relay = SuiteTest::open_relay(
        "a@probe.example".parse().expect("a path"),
        &"b@foreign.example".parse().expect("a path"),
        "mx.example",
    );
    let mut usual = usual();
    usual.security = Security::None;
    // Two replies to EHLO, and each of the rest a command late: the relay is denied.
    let late = [
        "220 mx.example",
        "250 mx.example",
        "250 mx.example",
        "250 2.1.0 sender ok",
        "554 5.7.1 Relay access denied",
        "250 2.0.0 reset",
    ];
    let (verdict, _) = play_as(&usual, &relay, &late);
    assert!(matches!(verdict, Verdict::CouldNotTell(_)), "{verdict}");
    let (verdict, _) = play_as(
        &usual,
        &SuiteTest::tls_required(),
        &[
            "220 mx.example",
            "250 mx.example",
            "250 mx.example",
            "530 5.7.0 Must issue a STARTTLS command first",
            "250 2.0.0 reset",
        ],
    );
    assert!(matches!(verdict, Verdict::CouldNotTell(_)), "{verdict}");
}

#[test]
fn what_is_accepted_inside_tls_tells_nothing_of_the_clear() {
    let test = SuiteTest::tls_required();
    let options = usual().with_envelope(crate::Envelope::null_sender());
    let mut session = Session::with_options(options);
    let now = Duration::ZERO;
    for said in ["220 mx.example", "250-mx.example\r\n250 STARTTLS", "220 go"] {
        session.handle_input(format!("{said}\r\n").as_bytes(), now);
        session.poll_output(now);
    }
    session.handle_tls(Capture::new(HandshakeOutcome::Completed), now);
    session.poll_output(now);
    for said in ["250 mx.example", "250 sender ok", "250 reset", "221 bye"] {
        session.handle_input(format!("{said}\r\n").as_bytes(), now);
        session.poll_output(now);
    }
    let verdict = test.judge(&session.into_observation(now));
    assert!(matches!(verdict, Verdict::CouldNotTell(_)), "{verdict}");
}

#[test]
fn a_refusal_of_the_client_is_none_of_its_name() {
    let name = "probe.example.com".parse().expect("a name");
    for kind in [EhloNameKind::Fqdn, EhloNameKind::LiteralV4] {
        let test = SuiteTest::ehlo_name(kind, &name);
        for refusal in [
            "554 5.7.1 Service unavailable; Client host [192.0.2.9] blocked using zen.spamhaus.org",
            "550 5.7.1 Too many connections from your host",
        ] {
            unknown(&test, &["220 mx.example", refusal, refusal, "221 bye"]);
        }
        let refusal = "550 5.7.1 Helo command rejected: need fully-qualified hostname";
        check(
            &test,
            &["220 mx.example", refusal, refusal, "221 bye"],
            &Is::Yes,
        );
    }
}

#[test]
fn a_list_that_is_withheld_or_masked_proves_no_absence() {
    let masked = [
        "220 mx.example",
        "250-mx.example\r\n250-SIZE 1\r\n250 XXXXXXXA",
        "221 bye",
    ];
    unknown(&SuiteTest::command_injection(), &masked);
    let test = SuiteTest::auth_before_tls();
    unknown(&test, &masked);
    unknown(
        &test,
        &[
            "220 mx.example",
            "250-mx.example\r\n250 ENHANCEDSTATUSCODES",
            "221 bye",
        ],
    );
}

#[cfg(feature = "serde")]
#[test]
fn the_options_of_every_test_read_back() {
    let usual = usual();
    for test in SuiteTest::ehlo_names(usual.name()) {
        let options = test.options(&usual);
        let json = serde_json::to_string(&options).expect("plain data");
        assert_eq!(
            serde_json::from_str::<SessionOptions>(&json).ok(),
            Some(options),
            "{json}"
        );
    }
    let json = serde_json::to_string(&usual).expect("plain data");
    for smuggled in ["a.example\\r\\nDATA", "a b", ""] {
        let json = json.replace("probe.example.com", smuggled);
        assert!(
            serde_json::from_str::<SessionOptions>(&json).is_err(),
            "{json}"
        );
    }
}
