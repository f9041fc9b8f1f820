use super::*;
use crate::observation::{Exchange, Outcome, PortState, Stop};
use crate::reply::Reply;

const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn address(last: u8) -> IpAddr {
    IpAddr::from([192, 0, 2, last])
}

fn quick() -> BudgetLimits {
    BudgetLimits {
        spacing: secs(10),
        connections: 3,
        provider_at_a_time: 2,
        provider_spacing: secs(1),
        provider_connections: 100,
        period: secs(1000),
        cool_down: secs(60),
        permit: secs(100),
        in_all: 3,
        remembered: 4,
        ..BudgetLimits::default()
    }
}

#[track_caller]
fn granted(budget: &mut Budget, last: u8, provider: Option<&str>, now: u64) -> Permit {
    match budget.request(address(last), provider, secs(now)) {
        Decision::Granted(permit) => permit,
        Decision::NotBefore { at, because } => panic!("not before {at:?}: {because}"),
    }
}

#[track_caller]
fn refused(
    budget: &mut Budget,
    last: u8,
    provider: Option<&str>,
    now: u64,
    expected: (u64, Because),
) {
    match budget.request(address(last), provider, secs(now)) {
        Decision::Granted(_) => panic!("granted"),
        Decision::NotBefore { at, because } => {
            assert_eq!((at, because), (secs(expected.0), expected.1));
        }
    }
}

#[track_caller]
fn quiet(budget: &mut Budget, last: u8, provider: Option<&str>, now: u64) {
    let permit = granted(budget, last, provider, now);
    budget.returned(permit, Ending::Quiet, secs(now));
}

const PUSHED_BACK: Ending = Ending::PushedBack { retry_after: None };

#[test]
fn connections_to_an_address_are_spaced() {
    let mut budget = Budget::new(quick());
    quiet(&mut budget, 1, None, 0);
    refused(&mut budget, 1, None, 4, (10, Because::Spacing));
    quiet(&mut budget, 2, None, 4);
    quiet(&mut budget, 1, None, 10);
}

#[test]
fn an_address_is_busy_until_its_permit_is_returned_or_runs_out() {
    let mut budget = Budget::new(quick());
    let permit = granted(&mut budget, 1, None, 0);
    refused(&mut budget, 1, None, 50, (100, Because::Busy));
    budget.returned(permit, Ending::Quiet, secs(60));
    let forgotten = granted(&mut budget, 1, None, 60);
    refused(&mut budget, 1, None, 159, (160, Because::Busy));
    let third = granted(&mut budget, 1, None, 160);
    budget.returned(forgotten, Ending::Quiet, secs(161));
    assert_eq!(
        budget.in_flight(),
        1,
        "a permit that ran out is returned once"
    );
    budget.returned(third, Ending::Quiet, secs(162));
}

#[test]
fn a_period_has_so_many_connections() {
    let mut budget = Budget::new(quick());
    for now in [0, 10, 20] {
        quiet(&mut budget, 1, None, now);
    }
    refused(&mut budget, 1, None, 30, (1000, Because::Spent));
    quiet(&mut budget, 1, None, 1000);
}

#[test]
fn the_first_421_stops_an_address_and_its_provider() {
    let mut budget = Budget::new(quick());
    let permit = granted(&mut budget, 1, Some("big"), 0);
    budget.returned(permit, PUSHED_BACK, secs(1));
    refused(&mut budget, 1, Some("big"), 20, (61, Because::CoolDown));
    refused(&mut budget, 2, Some("big"), 20, (61, Because::CoolDown));
    quiet(&mut budget, 3, Some("other"), 20);
    quiet(&mut budget, 2, Some("big"), 61);
}

#[test]
fn each_further_one_doubles_the_pause_and_a_quiet_period_takes_it_back() {
    let mut budget = Budget::new(quick());
    let mut now = 0;
    for pause in [60, 120] {
        let permit = granted(&mut budget, 1, None, now);
        budget.returned(permit, PUSHED_BACK, secs(now));
        refused(
            &mut budget,
            1,
            None,
            now + 1,
            (now + pause, Because::CoolDown),
        );
        now += pause;
    }
    now += 1000;
    let permit = granted(&mut budget, 1, None, now);
    budget.returned(permit, PUSHED_BACK, secs(now));
    refused(&mut budget, 1, None, now + 1, (now + 60, Because::CoolDown));
}

#[test]
fn the_servers_own_time_counts_if_it_is_longer() {
    let mut budget = Budget::new(quick());
    let permit = granted(&mut budget, 1, None, 0);
    let retry_after = Some(secs(300));
    budget.returned(permit, Ending::PushedBack { retry_after }, secs(0));
    refused(&mut budget, 1, None, 1, (300, Because::CoolDown));
}

#[test]
fn a_provider_is_counted_over_all_its_addresses() {
    let mut budget = Budget::new(quick());
    let first = granted(&mut budget, 1, Some("big"), 0);
    refused(
        &mut budget,
        2,
        Some("big"),
        0,
        (1, Because::ProviderSpacing),
    );
    let second = granted(&mut budget, 2, Some("big"), 1);
    refused(&mut budget, 3, Some("big"), 5, (100, Because::ProviderBusy));
    let other = granted(&mut budget, 3, Some("small"), 5);
    refused(&mut budget, 4, None, 6, (100, Because::AllBusy));
    for permit in [first, second, other] {
        budget.returned(permit, Ending::Quiet, secs(7));
    }
    assert_eq!(budget.in_flight(), 0);
}

#[test]
fn a_refused_request_costs_nothing() {
    let mut budget = Budget::new(quick());
    quiet(&mut budget, 1, Some("big"), 0);
    for now in 1..10 {
        refused(&mut budget, 1, Some("big"), now, (10, Because::Spacing));
    }
    quiet(&mut budget, 1, Some("big"), 10);
}

#[test]
fn no_more_is_remembered_than_allowed_and_what_is_of_no_use_is_forgotten() {
    let mut budget = Budget::new(quick());
    for last in 1..=4 {
        quiet(&mut budget, last, None, 0);
    }
    refused(&mut budget, 5, None, 1, (1000, Because::Full));
    assert_eq!(budget.remembered(), 4);
    quiet(&mut budget, 1, None, 10);
    quiet(&mut budget, 5, None, 1000);
    assert_eq!(budget.remembered(), 1, "the others' period is over");
}

#[test]
fn mapped_addresses_and_long_names_are_the_same_ones() {
    let mut budget = Budget::new(quick());
    let long = "\u{fc}".repeat(200);
    quiet(&mut budget, 1, Some(&long), 0);
    let mapped: IpAddr = "::ffff:192.0.2.1".parse().expect("an address");
    let decision = budget.request(mapped, Some(&format!("{long}x")), secs(5));
    assert!(matches!(
        decision,
        Decision::NotBefore {
            because: Because::Spacing,
            ..
        }
    ));
}

#[track_caller]
fn ending(cause: Cause, reply: &str, expected: Ending) {
    let mut stop = Stop::new(Phase::Ehlo, cause);
    if !reply.is_empty() {
        stop = stop.with_reply(Reply::parse(reply.as_bytes()).expect("a reply"));
    }
    let seen = Observation::new(None, PortState::Open, Outcome::Stopped(stop));
    assert_eq!(Ending::of(&seen), expected);
}

#[test]
fn item_44_what_pushes_back() {
    ending(
        Cause::TemporarilyUnavailable,
        "421 mx.example\r\n",
        PUSHED_BACK,
    );
    let limited = "450 4.7.1 Error: too many connections from you\r\n";
    ending(Cause::RateLimited, limited, PUSHED_BACK);
    let tarpit = Cause::Tarpit {
        octets_per_minute: 60,
        longest_gap: secs(1),
    };
    ending(tarpit, "", PUSHED_BACK);
    ending(
        Cause::TemporarilyUnavailable,
        "451 later\r\n",
        Ending::Quiet,
    );
    ending(Cause::Timeout, "", Ending::Quiet);
    let seen = Observation::new(None, PortState::Open, Outcome::Completed);
    assert_eq!(Ending::of(&seen), Ending::Quiet);
    let mut asked = seen;
    let reply = |text: &str| Reply::parse(text.as_bytes()).expect("a reply");
    asked.exchanges = vec![Exchange {
        phase: Phase::Rcpt,
        command: "RCPT TO:<a@b.example>".to_owned(),
        reply: reply(limited),
        elapsed: secs(1),
    }];
    assert_eq!(
        Ending::of(&asked),
        PUSHED_BACK,
        "a session may be completed all the same"
    );
    asked.exchanges.clear();
    asked.quit = Some(reply("421 and do not come back\r\n"));
    assert_eq!(Ending::of(&asked), PUSHED_BACK);
}

/// A session in the clear in which the server says these replies, one after the other.
fn session_of(replies: &[&str]) -> Observation {
    use crate::{Output, Security, Session};
    let name = "probe.example.com".parse().expect("a name");
    let mut session = Session::new(name, Security::StartTls);
    for reply in replies {
        session.handle_input(format!("{reply}\r\n").as_bytes(), Duration::ZERO);
        let _next: Output = session.poll_output(Duration::ZERO);
    }
    session.into_observation(Duration::ZERO)
}

#[test]
fn a_push_back_in_any_reply_is_heard() {
    let hello = "250-mx.example\r\n250 STARTTLS";
    let many = "454 4.7.0 Too many connections from your host";
    for replies in [
        &["220 mx.example", hello, many][..],
        &["220 mx.example", hello, &format!("{many}\r\n421 bye")],
        // Behind the reply to EHLO, before QUIT is said.
        &["220 mx.example", "250 mx.example\r\n421 too much"],
        &[
            "220 mx.example",
            "550 5.7.1 Too many connections from your host",
            "250 mx.example",
        ],
    ] {
        let ending = Ending::of(&session_of(replies));
        assert!(matches!(ending, Ending::PushedBack { .. }), "{replies:?}");
    }
    let quiet = ["220 mx.example", "250 mx.example", "221 bye"];
    assert_eq!(Ending::of(&session_of(&quiet)), Ending::Quiet);
}

#[test]
fn many_permits_may_run_out_at_once() {
    let many: u32 = 100_000;
    let limits = BudgetLimits {
        in_all: 200_000,
        remembered: 200_000,
        ..BudgetLimits::default()
    };
    let mut budget = Budget::new(limits);
    for host in 0..many {
        let address = IpAddr::from(host.to_be_bytes());
        assert!(matches!(
            budget.request(address, None, Duration::ZERO),
            Decision::Granted(_)
        ));
    }
    let later = limits.permit;
    assert!(matches!(
        budget.request(address(1), None, later),
        Decision::Granted(_)
    ));
    assert_eq!(budget.in_flight(), 1);
}
