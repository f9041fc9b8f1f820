//! One run: the targets one after the other, each report as it comes.

use std::io::{IsTerminal as _, Write as _};
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::path::Path;
use std::time::Duration;

use dnsbl::{Catalogue, ListSet};
use indicatif::{ProgressBar, ProgressStyle};
use mail_dns::stub::{StubConfig, StubResolver};
use mailcheck_core::{Collector, Facts, Judge, Profile, Progress, Report, Style, Target, Verdict};
use smtp_probe::EhloName;
use tls_inspect::{CryptoProvider, TrustStore};

use crate::arguments::Arguments;
use crate::laboratory;
use crate::trust;

/// The time kept back for judging and printing, so that the whole stays within the time given.
const MARGIN: Duration = Duration::from_millis(100);

/// Runs, and gives the exit code; an error is a mistake of the caller's.
pub(crate) async fn run(arguments: Arguments) -> Result<u8, String> {
    if let Some(path) = &arguments.replay {
        return replay(&arguments, path);
    }
    if arguments.save.is_some() && arguments.targets.len() != 1 {
        return Err(format!(
            "expected one target with --save, found {}",
            arguments.targets.len()
        ));
    }
    if arguments.from_lab || arguments.targets.is_empty() {
        return laboratory::run(&arguments).await;
    }
    let judge = judge(&arguments, None)?;
    let collector = collector(&arguments, resolver(&arguments)?)?;
    let mut verdicts = Vec::new();
    for target in &arguments.targets {
        let facts = collect(&collector, &arguments, target).await;
        let report = judge.judge(&facts);
        print(&arguments, &report)?;
        keep(&arguments, &facts)?;
        verdicts.push(report.verdict);
    }
    Ok(exit_code(verdicts))
}

/// The gravest verdict's; a shown failure stands above what could not be told.
pub(crate) fn exit_code(verdicts: impl IntoIterator<Item = Verdict>) -> u8 {
    let rank = |verdict: &Verdict| match verdict {
        Verdict::Pass => 0,
        Verdict::Warnings => 1,
        Verdict::CouldNotTell => 2,
        Verdict::Failures => 3,
    };
    verdicts
        .into_iter()
        .max_by_key(rank)
        .map_or(0, Verdict::exit_code)
}

/// A judge who trusts the public authorities, and those in the files given.
pub(crate) fn judge(arguments: &Arguments, more: Option<&str>) -> Result<Judge, String> {
    let mut store = TrustStore::webpki_roots();
    if let Some(path) = &arguments.ca {
        let added = TrustStore::certificates_from_pem(read(path)?.as_bytes());
        store = store.with(&added.map_err(|error| format!("{}: {error}", path.display()))?);
    }
    if let Some(pem) = more {
        let added = TrustStore::certificates_from_pem(pem.as_bytes());
        store = store.with(&added.map_err(|error| error.to_string())?);
    }
    Ok(Judge::new(store, CryptoProvider::aws_lc_rs()))
}

pub(crate) fn ehlo_name(arguments: &Arguments) -> EhloName {
    let own = || {
        let name = std::fs::read_to_string("/proc/sys/kernel/hostname").ok()?;
        name.trim().parse().ok()
    };
    // A machine without a fully qualified name says its address (RFC 5321 §4.1.4).
    arguments
        .ehlo
        .clone()
        .or_else(own)
        .unwrap_or_else(|| EhloName::from(own_address()))
}

/// The address that this machine sends from: connecting a datagram socket looks up the route and sends nothing.
fn own_address() -> IpAddr {
    let outside = SocketAddr::from(([192, 0, 2, 1], 9));
    let socket = UdpSocket::bind("0.0.0.0:0").and_then(|socket| {
        socket.connect(outside)?;
        socket.local_addr()
    });
    socket.map_or(IpAddr::from([127, 0, 0, 1]), |address| address.ip())
}

/// The time for taking facts.
pub(crate) fn deadline(arguments: &Arguments) -> Duration {
    arguments
        .timeout
        .saturating_sub(MARGIN.min(arguments.timeout / 10))
}

pub(crate) async fn collect(
    collector: &Collector<StubResolver>,
    arguments: &Arguments,
    target: &Target,
) -> Facts {
    let profile = profile(arguments, target);
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {prefix}: {msg}") {
        bar.set_style(style);
    }
    bar.set_prefix(target.to_string());
    bar.set_message("asking the DNS");
    bar.enable_steady_tick(Duration::from_millis(100));
    let facts = collector
        .collect_with(target, &profile, |progress| show(&bar, &progress))
        .await;
    bar.finish_and_clear();
    facts
}

pub(crate) fn profile(arguments: &Arguments, target: &Target) -> Profile {
    let profile = Profile::of(target);
    if arguments.ports.is_empty() {
        profile
    } else {
        profile.with_ports(&arguments.ports)
    }
}

fn show(bar: &ProgressBar, progress: &Progress) {
    match progress {
        Progress::Routed { ports } => {
            bar.set_length(u64::try_from(*ports).unwrap_or(u64::MAX));
            bar.set_message(format!(
                "looking at {ports} ports, and asking for names and lists"
            ));
        }
        Progress::Probed(address) => {
            bar.inc(1);
            let all = bar.length().unwrap_or_default();
            bar.set_message(format!("{address} done, {} of {all} ports", bar.position()));
        }
        _ => {}
    }
}

pub(crate) fn print(arguments: &Arguments, report: &Report) -> Result<(), String> {
    let text = if arguments.json {
        let one = arguments.targets.len() == 1 || arguments.replay.is_some();
        let json = if one {
            serde_json::to_string_pretty(report)
        } else {
            serde_json::to_string(report)
        };
        json.map_err(|error| error.to_string())?
    } else {
        report.render(style()).to_string()
    };
    say(&text)
}

/// Prints a line. If nobody reads any more, as with `check … | head`, that is no mistake.
pub(crate) fn say(text: &str) -> Result<(), String> {
    match writeln!(std::io::stdout().lock(), "{text}") {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.to_string()),
        _ => Ok(()),
    }
}

/// Colors on a terminal, unless <https://no-color.org> is asked for.
pub(crate) fn style() -> Style {
    let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    if std::io::stdout().is_terminal() && !plain {
        Style::Color
    } else {
        Style::Plain
    }
}

fn collector(
    arguments: &Arguments,
    resolver: StubResolver,
) -> Result<Collector<StubResolver>, String> {
    let provider = CryptoProvider::aws_lc_rs();
    let mut collector =
        Collector::new(resolver, ehlo_name(arguments), provider).with_deadline(deadline(arguments));
    if !arguments.no_lists {
        collector = collector.with_lists(match &arguments.lists {
            Some(path) => Catalogue::from_toml(&read(path)?)
                .map_err(|error| format!("{}: {error}", path.display()))?,
            None => Catalogue::builtin()
                .map_err(|error| error.to_string())?
                .only(&[ListSet::Default]),
        });
    }
    if arguments.allow_private || !arguments.connect_to.is_empty() {
        collector = collector.with_special_addresses();
    }
    if !arguments.connect_to.is_empty() {
        collector = collector.with_detours(arguments.connect_to.iter().copied().collect());
    }
    Ok(collector)
}

fn resolver(arguments: &Arguments) -> Result<StubResolver, String> {
    let mut config = if arguments.resolver.is_empty() {
        StubConfig::from_system().map_err(|error| format!("{error}; give one by --resolver"))?
    } else {
        let mut config = StubConfig::new(arguments.resolver.iter().cloned());
        config.tls = Some(trust::client(arguments.ca.as_deref())?);
        config
    };
    config.deadline = config.deadline.min(deadline(arguments));
    Ok(StubResolver::new(config))
}

fn replay(arguments: &Arguments, path: &Path) -> Result<u8, String> {
    let facts: Facts = serde_json::from_str(&read(path)?).map_err(|error| {
        format!(
            "{}: expected the facts of a run, found a fault: {error}",
            path.display()
        )
    })?;
    let report = judge(arguments, None)?.judge(&facts);
    print(arguments, &report)?;
    Ok(report.verdict.exit_code())
}

pub(crate) fn keep(arguments: &Arguments, facts: &Facts) -> Result<(), String> {
    let Some(path) = &arguments.save else {
        return Ok(());
    };
    let json = serde_json::to_string(facts).map_err(|error| error.to_string())?;
    std::fs::write(path, json).map_err(|error| format!("{}: {error}", path.display()))
}

fn read(path: &Path) -> Result<String, String> {
    std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}
