//! The tests that were asked for, at the distance that was asked for, until the server has had enough.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use serde::Serialize;
use smtp_probe::{
    Because, Budget, BudgetLimits, Decision, Ending, ForwardPath, Probe, ReversePath, SuiteTest,
    Verdict,
};

use crate::arguments::{Arguments, SuiteName};

/// A test and what it found.
#[derive(Debug, Serialize)]
pub(crate) struct Tested {
    pub(crate) name: &'static str,
    pub(crate) question: &'static str,
    pub(crate) sends: String,
    pub(crate) intrusive: bool,
    pub(crate) verdict: Verdict,
}

/// The tests of the command line, for the server of this name.
pub(crate) fn tests(
    arguments: &Arguments,
    probe: &Probe,
    server: &str,
) -> Result<Vec<SuiteTest>, String> {
    let mut tests = Vec::new();
    for name in &arguments.suite {
        match name {
            SuiteName::CommandInjection => tests.push(SuiteTest::command_injection()),
            SuiteName::TlsRequired => tests.push(SuiteTest::tls_required()),
            SuiteName::AuthBeforeTls => tests.push(SuiteTest::auth_before_tls()),
            SuiteName::OpenRelay => tests.push(open_relay(arguments, server)?),
            SuiteName::Vrfy => tests.push(SuiteTest::vrfy(mailbox(arguments)?)),
            SuiteName::Expn => tests.push(SuiteTest::expn(mailbox(arguments)?)),
            SuiteName::EhloNames => tests.extend(SuiteTest::ehlo_names(probe.options().name())),
        }
    }
    Ok(tests)
}

fn open_relay(arguments: &Arguments, server: &str) -> Result<SuiteTest, String> {
    match (&arguments.mail, arguments.rcpt.first()) {
        (Some(from), Some(to)) if *from != ReversePath::NULL => {
            Ok(SuiteTest::open_relay(from.clone(), to, server))
        }
        _ => {
            Err("expected --mail and --rcpt, with mailboxes of your own, for open-relay".to_owned())
        }
    }
}

fn mailbox(arguments: &Arguments) -> Result<ForwardPath, String> {
    match arguments.rcpt.first() {
        Some(path) => Ok(path.clone()),
        None => "postmaster".parse().map_err(|error| format!("{error}")),
    }
}

/// Makes them one after the other; `first` says how the look before them ended.
pub(crate) async fn make(
    tests: Vec<SuiteTest>,
    probe: &Probe,
    address: SocketAddr,
    spacing: Duration,
    first: Ending,
) -> Vec<Tested> {
    let mut limits = BudgetLimits::default();
    limits.spacing = spacing;
    let (mut budget, started) = (Budget::new(limits), now());
    if let Decision::Granted(permit) = budget.request(address.ip(), None, started.elapsed()) {
        budget.returned(permit, first, started.elapsed());
    }
    let mut made = Vec::new();
    for test in tests {
        let verdict = loop {
            match budget.request(address.ip(), None, started.elapsed()) {
                Decision::Granted(permit) => {
                    let (verdict, seen) = probe.test(&test, address).await;
                    budget.returned(permit, Ending::of(&seen), started.elapsed());
                    break verdict;
                }
                Decision::NotBefore {
                    at,
                    because: Because::Spacing,
                } => {
                    tokio::time::sleep(at.saturating_sub(started.elapsed())).await;
                }
                Decision::NotBefore { because, .. } => {
                    break Verdict::CouldNotTell(format!("not asked: {because}"));
                }
            }
        };
        made.push(Tested {
            name: test.name(),
            question: test.question(),
            sends: test.sends(),
            intrusive: test.is_intrusive(),
            verdict,
        });
    }
    made
}

#[expect(
    clippy::disallowed_methods,
    reason = "the distance between connections is kept here"
)]
fn now() -> Instant {
    Instant::now()
}
