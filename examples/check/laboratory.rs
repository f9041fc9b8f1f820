//! The built-in laboratory: a mail world on loopback, with a domain for each way that mail fails.

use std::time::{Duration, Instant};

use dnsbl::Catalogue;
use futures_util::stream::{self, StreamExt as _};
use mail_dns::stub::{StubConfig, StubResolver};
use mailcheck_core::{Collector, Judge, Report, Target, Verdict};
use mailcheck_lab::World;
use mailcheck_lab::world::Expected;
use smtp_probe::Timeouts;
use tls_inspect::CryptoProvider;

use crate::arguments::Arguments;
use crate::run;

/// The blocklists of the laboratory that work.
const LISTS: &str = include_str!("lists.toml");
/// How many domains are checked at a time.
const AT_A_TIME: usize = 4;

/// Checks the targets given in the laboratory; without any, `good.test` in full and every other domain in a line.
pub(crate) async fn run(arguments: &Arguments) -> Result<u8, String> {
    let started = now();
    let world = World::start()
        .await
        .map_err(|error| format!("the laboratory does not start: {error}"))?;
    let judge = run::judge(arguments, Some(&world.ca_pem()))?;
    // Its start counts towards the time given.
    let left = run::deadline(arguments).saturating_sub(started.elapsed());
    let collector = collector(arguments, &world, left)?;
    if arguments.targets.is_empty() {
        return tour(arguments, &world, &collector, &judge).await;
    }
    let mut verdicts = Vec::new();
    for target in &arguments.targets {
        let facts = run::collect(&collector, arguments, target).await;
        let report = judge.judge(&facts);
        run::print(arguments, &report)?;
        run::keep(arguments, &facts)?;
        verdicts.push(report.verdict);
    }
    Ok(run::exit_code(verdicts))
}

/// Every domain. The exit code is 0 if each verdict is the one that the domain was made for.
async fn tour(
    arguments: &Arguments,
    world: &World,
    collector: &Collector<StubResolver>,
    judge: &Judge,
) -> Result<u8, String> {
    let reports = stream::iter(world.domains())
        .map(|domain| async move {
            let target: Target = domain
                .name
                .parse()
                .map_err(|error| format!("{}: {error}", domain.name))?;
            let facts = collector
                .collect(&target, &run::profile(arguments, &target))
                .await;
            Ok::<_, String>((domain, judge.judge(&facts)))
        })
        .buffered(AT_A_TIME);
    let mut reports = std::pin::pin!(reports);
    let mut unexpected = 0;
    let mut first = true;
    while let Some(report) = reports.next().await {
        let (domain, report) = report?;
        if arguments.json {
            run::print(arguments, &report)?;
        } else if first {
            run::print(arguments, &report)?;
            run::say(
                "The other domains of the laboratory, a line each (`check --from-lab NAME` tells all):\n",
            )?;
        } else {
            line(&report)?;
        }
        first = false;
        if expected(domain.expected) != Some(report.verdict) {
            unexpected += 1;
            eprintln!(
                "check: {}: expected {:?}, found {}",
                domain.name, domain.expected, report.verdict
            );
        }
    }
    let attempts = world.stats();
    if !arguments.json {
        let count = world.domains().len();
        let mail = if attempts.is_zero() {
            "no mail sent".to_owned()
        } else {
            format!("{attempts:?}")
        };
        run::say(&format!(
            "\n{count} domains checked, {unexpected} unexpected verdicts, {mail}"
        ))?;
    }
    Ok(if unexpected == 0 && attempts.is_zero() {
        0
    } else {
        2
    })
}

fn expected(expected: Expected) -> Option<Verdict> {
    Some(match expected {
        Expected::Well => Verdict::Pass,
        Expected::Warnings => Verdict::Warnings,
        Expected::Broken => Verdict::Failures,
        Expected::Untold => Verdict::CouldNotTell,
        _ => return None,
    })
}

fn line(report: &Report) -> Result<(), String> {
    let (verdict, target) = (report.verdict, report.target.to_string());
    run::say(&format!("{verdict:<14} {target:<26} {}", report.headline))
}

fn collector(
    arguments: &Arguments,
    world: &World,
    deadline: Duration,
) -> Result<Collector<StubResolver>, String> {
    let mut config = StubConfig::new([world.resolver()]);
    // Everything is on this machine: what does not answer soon never will.
    config.attempt_timeout = Duration::from_millis(500);
    config.deadline = Duration::from_secs(1);
    let mut timeouts = Timeouts::default().within(Duration::from_secs(3));
    timeouts.connect = Duration::from_secs(1);
    timeouts.quit = Duration::from_millis(200);
    let lists = Catalogue::from_toml(LISTS).map_err(|error| error.to_string())?;
    let name = run::ehlo_name(arguments);
    Ok(
        Collector::new(StubResolver::new(config), name, CryptoProvider::aws_lc_rs())
            .with_lists(lists)
            .with_deadline(deadline)
            .with_timeouts(timeouts)
            .with_special_addresses()
            .with_detours(world.routes().collect()),
    )
}

#[expect(
    clippy::disallowed_methods,
    reason = "the laboratory's start counts towards the time given"
)]
fn now() -> Instant {
    Instant::now()
}
