//! Transcripts, one for each way a server behaves, played whole and cut at every octet, and replayed.

use std::path::Path;

use tls_inspect::HandshakeOutcome;

use self::script::{Script, summary};
use super::*;
use crate::ehlo::Ehlo;
use crate::observation::Exchange;

mod hostile;
mod script;

#[test]
fn transcripts() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts");
    let mut paths: Vec<_> = std::fs::read_dir(folder)
        .expect("the folder of transcripts")
        .map(|entry| entry.expect("a file").path())
        .collect();
    paths.sort();
    assert!(paths.len() >= 120, "{} transcripts", paths.len());
    let mut wrong = Vec::new();
    for path in paths {
        let script = Script::load(&path);
        let expected = &script.expected;
        let whole = script.play(&|octets| vec![octets.to_vec()]);
        let found = summary(&whole);
        if found != *expected {
            wrong.push(format!("{path:?}: expected\n{expected}found\n{found}"));
            continue;
        }
        let octet_by_octet = |octets: &[u8]| octets.chunks(1).map(<[u8]>::to_vec).collect();
        assert_eq!(
            summary(&script.play(&octet_by_octet)),
            *expected,
            "{path:?} octet by octet"
        );
        for at in 1..script.longest().min(600) {
            let cut = |octets: &[u8]| {
                let (head, tail) = octets.split_at(at.min(octets.len()));
                vec![head.to_vec(), tail.to_vec()]
            };
            assert_eq!(
                summary(&script.play(&cut)),
                *expected,
                "{path:?} cut at {at}"
            );
        }
        #[cfg(feature = "serde")]
        script.store_and_replay(&whole);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn session() -> Session {
    Session::new(
        "probe.example.com".parse().expect("a name"),
        Security::StartTls,
    )
}

fn deadline(session: &mut Session, now: Duration) -> Duration {
    match session.poll_output(now) {
        Output::Send { until, .. } | Output::Receive { until } | Output::StartTls { until } => {
            until
        }
        Output::Done => panic!("over"),
    }
}

#[test]
fn item_10_an_octet_now_and_then_renews_no_deadline() {
    let mut session = session();
    let first = deadline(&mut session, Duration::ZERO);
    assert_eq!(first, Duration::from_secs(30));
    for second in 1..29 {
        session.handle_input(b"2", Duration::from_secs(second));
        // "22222…" is digits, then a text; it is never whole.
        assert_eq!(deadline(&mut session, Duration::from_secs(second)), first);
    }
    session.handle_timeout(first);
    let observation = session.into_observation(first);
    let stop = observation.stop().expect("it stopped");
    assert_eq!(
        (stop.phase, stop.received, stop.elapsed),
        (Phase::Greeting, 28, first)
    );
    let tarpit = Cause::Tarpit {
        octets_per_minute: 56,
        longest_gap: Duration::from_secs(1),
    };
    assert_eq!(stop.cause, tarpit);
}

#[test]
fn item_18_each_phase_has_its_own_clock_and_all_have_one() {
    let mut session = session();
    let at = Duration::from_secs(25);
    session.handle_input(b"220 mx.example\r\n", at);
    assert_eq!(
        deadline(&mut session, at),
        Duration::from_secs(45),
        "20 s for the reply to EHLO"
    );
    session.handle_input(
        b"250-mx.example\r\n250 STARTTLS\r\n",
        Duration::from_secs(44),
    );
    let until = deadline(&mut session, Duration::from_secs(44));
    assert_eq!(
        until,
        Duration::from_secs(60),
        "the session's end comes first"
    );
    session.handle_timeout(until);
    let observation = session.into_observation(until);
    assert_eq!(
        observation.stop().map(|stop| &stop.cause),
        Some(&Cause::Deadline)
    );
    assert_eq!(observation.timings.greeting, Some(at));
    assert_eq!(observation.timings.ehlo, Some(Duration::from_secs(19)));
    assert_eq!(observation.timings.starttls, None, "not finished");
}

#[test]
fn item_33_everything_learned_in_the_clear_is_dropped() {
    let mut session = session();
    let now = Duration::ZERO;
    session.handle_input(b"220 mx.example\r\n", now);
    session.poll_output(now);
    session.handle_input(b"250-mx.example\r\n250-STARTTLS\r\n250 XCLEAR\r\n", now);
    session.poll_output(now);
    session.handle_input(b"220 go\r\n", now);
    session.poll_output(now);
    session.handle_tls(Capture::new(HandshakeOutcome::Completed), now);
    session.poll_output(now);
    session.handle_input(b"250-mx.example\r\n250 XINSIDE\r\n", now);
    session.poll_output(now);
    session.handle_input(b"221 bye\r\n", now);
    let observation = session.into_observation(now);
    let supports =
        |ehlo: &Option<Ehlo>, keyword| ehlo.as_ref().is_some_and(|ehlo| ehlo.supports(keyword));
    assert!(supports(&observation.ehlo, "XCLEAR") && !supports(&observation.ehlo, "XINSIDE"));
    assert!(
        supports(&observation.ehlo_in_tls, "XINSIDE")
            && !supports(&observation.ehlo_in_tls, "XCLEAR")
    );
}

#[test]
fn a_session_holds_no_more_than_its_limits_against_a_flood() {
    let mut session = session();
    let line = [b"220-".as_slice(), &[b'x'; 200], b"\r\n"].concat();
    for _ in 0..10_000 {
        session.handle_input(&line, Duration::ZERO);
    }
    assert_eq!(session.poll_output(Duration::ZERO), Output::Done);
    let observation = session.into_observation(Duration::ZERO);
    assert_eq!(
        observation.stop().map(|stop| &stop.cause),
        Some(&Cause::Unreadable)
    );
    assert!(format!("{:?}", observation.transcript).len() < 200_000);
}

#[cfg(feature = "serde")]
#[test]
fn an_observation_reads_back_from_json() {
    let mut session = session().connected(
        "192.0.2.1:25".parse().expect("an address"),
        Duration::from_millis(3),
    );
    session.handle_input(
        b"554-mx.example caf\xe9\r\n554 no\r\n",
        Duration::from_millis(9),
    );
    let observation = session.into_observation(Duration::from_millis(10));
    let json = serde_json::to_string(&observation).expect("plain data");
    assert_eq!(
        serde_json::from_str::<Observation>(&json).expect("it reads back"),
        observation
    );
}

#[test]
fn item_77_a_greylisted_recipient_is_told_with_its_time() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/transcripts/envelope-rcpt-greylisted.txt");
    let seen = Script::load(&path).play(&|octets| vec![octets.to_vec()]);
    let replies = seen.envelope();
    let told = replies.recipients[0].diagnosis().expect("it is refused");
    assert_eq!(told.reason, crate::Reason::Greylisted);
    assert_eq!(told.retry_after, Some(Duration::from_secs(300)));
    assert!(replies.reset.is_some_and(Exchange::is_accepted));
    assert!(replies.mail.expect("it was sent").diagnosis().is_none());
}

#[test]
fn what_is_measured_is_replayed_from_pieces_of_any_time() {
    let options = SessionOptions::new("probe.example.com".parse().expect("a name"), Security::None);
    let mut session = Session::with_options(options.clone());
    let mut now = Duration::ZERO;
    for octet in b"220 mx.example\r\n" {
        now += Duration::from_micros(700);
        session.handle_input(&[*octet], now);
    }
    session.poll_output(now);
    session.handle_input(b"250-mx.exam", now + Duration::from_micros(400));
    session.handle_input(b"ple\r\n250 X\r\n", now + Duration::from_secs(3));
    let seen = session.into_observation(now + Duration::from_secs(4));
    let pace = seen.pace(Phase::Ehlo).expect("octets came");
    assert_eq!(pace.longest_gap, Duration::from_micros(2_999_600));
    assert_eq!(seen.replay(&options).as_ref(), Ok(&seen));
}

#[test]
fn a_replay_with_other_options_says_that_they_are_others() {
    let mut session = session();
    session.handle_input(b"220 mx.example\r\n", Duration::ZERO);
    session.poll_output(Duration::ZERO);
    let seen = session.into_observation(Duration::ZERO);
    let other = SessionOptions::new(
        "other.example.com".parse().expect("a name"),
        Security::StartTls,
    );
    let error = seen.replay(&other).expect_err("it said another name");
    assert_eq!(
        (error.kind(), error.entry()),
        (ReplayErrorKind::Diverged, 1)
    );
}

/// A stored observation may come from anybody.
#[cfg(feature = "serde")]
#[test]
fn times_that_cannot_be_are_no_panic_in_a_replay() {
    let options = SessionOptions::new("probe.example.com".parse().expect("a name"), Security::None);
    let mut session = Session::with_options(options.clone());
    session.handle_input(b"220 mx.example\r\n", Duration::from_secs(1));
    session.poll_output(Duration::from_secs(2));
    session.handle_input(b"500 what\r\n", Duration::from_secs(3));
    session.poll_output(Duration::from_secs(4));
    session.handle_input(b"250 ok\r\n", Duration::from_secs(5));
    let seen = session.into_observation(Duration::from_secs(6));
    let json = serde_json::to_string(&seen).expect("plain data");
    for second in ["1", "3", "5", "6"] {
        let wild = json.replace(
            &format!("\"secs\":{second}"),
            &format!("\"secs\":{}", u64::MAX),
        );
        let wild: Observation = serde_json::from_str(&wild).expect("times");
        let replayed = wild.replay(&options).expect("the same octets");
        assert_eq!(replayed.greeting, seen.greeting);
    }
}
