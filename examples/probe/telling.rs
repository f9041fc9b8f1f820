//! What is printed about one look.

use std::io::IsTerminal as _;
use std::time::Duration;

use smtp_probe::{Ehlo, Interception, Observation, Service, Verdict};
use tls_inspect::{Capture, KeyPossession};

use crate::outcome::Outcome;
use crate::run::Look;

/// A gap within a reply that is worth a word.
const GAP: Duration = Duration::from_millis(500);

/// The line that says it all.
pub(crate) fn headline(look: &Look) -> String {
    let (sign, color, word) = match look.outcome {
        Outcome::Works => ("✓", "32", "works"),
        Outcome::Fails => ("✗", "1;31", "does not work"),
        Outcome::Unknown => ("?", "35", "could not tell"),
    };
    let host = look
        .host
        .as_ref()
        // It may come from a file.
        .map_or_else(String::new, |host| format!(" {}", host.escape_debug()));
    let (sign, word) = (paint(sign, color), paint(word, color));
    format!("{sign} {}{host}  {word}: {}", look.address, look.because)
}

/// The verdict first, then phases, capabilities, TLS, and what is odd.
pub(crate) fn page(look: &Look, transcript: bool) -> String {
    let seen = &look.seen;
    let mut page = headline(look) + "\n";
    let mut row = |label: &str, text: &str| {
        let line = format!("    {label:<10} {text}");
        page.push_str(line.trim_end());
        page.push('\n');
    };
    row("phases", &phases(seen));
    if let Some(greeting) = &seen.greeting {
        row("greeting", &greeting.to_string());
    }
    if let Some(ehlo) = &seen.ehlo {
        row("offers", &extensions(ehlo));
    }
    if let Some(ehlo) = &seen.ehlo_in_tls {
        row("in TLS", &extensions(ehlo));
    }
    if let Some(tls) = &seen.tls {
        row("TLS", &handshake(tls));
    }
    for said in &seen.exchanges {
        let diagnosis = said.diagnosis();
        let reason = diagnosis.map_or_else(String::new, |told| format!(" ({})", told.reason));
        let command = said.command.escape_debug();
        row("envelope", &format!("{command}: {}{reason}", said.reply));
    }
    for (label, text) in oddities(seen) {
        row(label, &text);
    }
    for test in &look.tests {
        let intrusive = if test.intrusive { " (intrusive)" } else { "" };
        row(
            "test",
            &format!("{}{intrusive}: {}", test.name, test.question),
        );
        row("", &shown(&test.verdict));
    }
    if transcript {
        row("session", "");
        for line in seen.transcript.redacted().to_string().lines() {
            row("", line);
        }
    }
    page.trim_end().to_owned()
}

fn phases(seen: &Observation) -> String {
    let timings = &seen.timings;
    let phases = [
        ("connect", timings.connect),
        ("greeting", timings.greeting),
        ("EHLO", timings.ehlo),
        ("STARTTLS", timings.starttls),
        ("TLS", timings.handshake),
        ("EHLO in TLS", timings.ehlo_in_tls),
        ("envelope", timings.envelope),
        ("QUIT", timings.quit),
    ];
    let done = phases
        .into_iter()
        .filter_map(|(name, time)| Some(format!("{name} {}", time_of(time?))));
    let mut done: Vec<_> = done.collect();
    done.push(format!("total {}", time_of(timings.total)));
    done.join(" · ")
}

fn time_of(time: Duration) -> String {
    match time.as_secs_f64() {
        seconds if seconds >= 1.0 => format!("{seconds:.1} s"),
        seconds => format!("{:.1} ms", seconds * 1000.0),
    }
}

fn extensions(ehlo: &Ehlo) -> String {
    let all: Vec<_> = ehlo
        .extensions()
        .map(|extension| extension.to_string())
        .collect();
    match all.is_empty() {
        true => "nothing".to_owned(),
        false => all.join(" · "),
    }
}

fn handshake(tls: &Capture) -> String {
    if let Some(failure) = tls.outcome.failure() {
        return format!("failed: {failure}");
    }
    let mut parts = Vec::new();
    parts.extend(tls.version.map(|version| version.to_string()));
    parts.extend(tls.cipher_suite.map(|suite| suite.to_string()));
    parts.extend(tls.group.map(|group| group.to_string()));
    parts.push(format!("{} certificates", tls.chain.len()));
    parts.push(match &tls.key_possession {
        KeyPossession::Verified => "key shown".to_owned(),
        other => format!("key not shown: {other:?}"),
    });
    parts.join(" · ")
}

fn oddities(seen: &Observation) -> Vec<(&'static str, String)> {
    let mut odd = Vec::new();
    if !matches!(seen.service(), Service::Smtp | Service::Unknown) {
        odd.push(("speaks", seen.service().to_string()));
    }
    if let Some(reply) = &seen.unoffered {
        odd.push(("unoffered", format!("STARTTLS: {reply}")));
    }
    for trace in seen.interception() {
        odd.push(("on the way", intercepted(trace).to_owned()));
    }
    for said in &seen.unsolicited {
        odd.push(("unasked", format!("{said:?}")));
    }
    for pace in seen.paces.iter().filter(|pace| pace.longest_gap >= GAP) {
        let (first, gap) = (time_of(pace.first_octet), time_of(pace.longest_gap));
        odd.push((
            "pace",
            format!(
                "{}: first octet after {first}, longest gap {gap}",
                pace.phase
            ),
        ));
    }
    let told = seen.stop().and_then(|stop| stop.diagnosis());
    if let Some(told) = told {
        odd.push((
            "reason",
            format!("{} ({:?} confidence)", told.reason, told.confidence),
        ));
    }
    odd
}

fn intercepted(trace: Interception) -> &'static str {
    match trace {
        Interception::MaskedGreeting => "a firewall has overwritten the greeting",
        Interception::MaskedExtensions => "a firewall has overwritten extensions",
        Interception::FixupRefusal => "a firewall has refused a command in the server's place",
        Interception::StrippedStartTls => "something takes out the offer of STARTTLS",
        _ => "something speaks in the server's place",
    }
}

fn shown(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Yes(proof) => format!("{}: {proof}", paint("yes", "1")),
        Verdict::No(proof) => format!("{}: {proof}", paint("no", "1")),
        Verdict::CouldNotTell(cause) => format!("{}: {cause}", paint("could not tell", "35")),
    }
}

/// Colors on a terminal, unless <https://no-color.org> is asked for.
fn paint(text: &str, color: &str) -> String {
    let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    if std::io::stdout().is_terminal() && !plain {
        format!("\x1b[{color}m{text}\x1b[0m")
    } else {
        text.to_owned()
    }
}
