//! The picture, line by line: what was seen, in a few words.

use std::collections::BTreeSet;

use dnsbl::{Cause, Verdict as ListVerdict};
use mail_dns::RouteKind;
use smtp_probe::{Observation, PortState, StartTls};
use tls_inspect::Assessment;

use crate::rules::Case;
use crate::rules::cert_chain;
use crate::rules::explain::{self, listed_subject};
use crate::{
    Axis, Facts, Finding, Line, LineKind, Outcome, ProbeResult, ServiceFacts, Severity, Subject,
    Target, rules,
};

/// A line for the route, for every port, for every address, and for what the lists say of each subject.
pub(crate) fn lines(case: &Case<'_>, findings: &[Finding]) -> Vec<Line> {
    let facts = case.facts;
    let mut lines = Vec::new();
    lines.extend(route(facts).map(|text| {
        let mut line = line(findings, LineKind::Route, None, text);
        line.subject = Some(Subject::from(&facts.target));
        line
    }));
    for (service, assessment) in facts.services.iter().zip(&case.assessments) {
        let mut text = describe(service, assessment.as_ref());
        if case.passes_dane(service) {
            text.push_str(" · DANE");
        }
        let mut line = line(findings, LineKind::Service, Some(service.subject()), text);
        line.elapsed_ms = service
            .observation()
            .map(|seen| u64::try_from(seen.timings.total.as_millis()).unwrap_or(u64::MAX));
        lines.push(line);
    }
    for reverse in &facts.reverse {
        let text = match (reverse.confirmed(), reverse.names.first(), &reverse.ptr) {
            (Some(name), ..) => name.to_string(),
            (None, Some(name), _) => format!("{}, which does not lead back", name.name),
            (None, None, Ok(_)) => "no name".to_owned(),
            (None, None, Err(error)) => format!("could not tell: {error}"),
        };
        lines.push(line(
            findings,
            LineKind::Reverse,
            Some(Subject::Address(reverse.address)),
            text,
        ));
    }
    lines.extend(lists(case, findings));
    lines
}

/// The headline when nothing is wrong.
pub(crate) fn all_well(facts: &Facts, findings: &[Finding]) -> String {
    let more = findings
        .iter()
        .filter(|finding| finding.outcome == Outcome::Unchecked)
        .count();
    let unchecked = if more == 0 {
        String::new()
    } else {
        format!("; {more} not checked, see above")
    };
    // A chain or key that could not be judged is no proof of who answered.
    let unproven = findings.iter().any(|finding| {
        finding.outcome == Outcome::Unchecked && finding.rule == cert_chain::RULE.id
    });
    let secured = if unproven {
        "encrypted"
    } else {
        "encrypted and authenticated"
    };
    let served = |required: bool| {
        let served = |service: &&ServiceFacts| {
            let port = facts.profile.expectation(service.address.port());
            port.is_some_and(|port| port.required || !required)
                && service
                    .observation()
                    .is_some_and(|seen| seen.stop().is_none())
        };
        facts.services.iter().filter(served).count()
    };
    match (
        &facts.target,
        facts.route.as_ref().map(mail_dns::MailRoute::kind),
    ) {
        (Target::Domain(name), Some(RouteKind::NullMx)) => {
            format!("{name} takes no mail, and says so")
        }
        (Target::Domain(name), _) => {
            let count = served(true);
            let noun = if count == 1 { "address" } else { "addresses" };
            format!("the mail servers of {name} answer at {count} {noun}, {secured}{unchecked}")
        }
        (Target::Host { name, port }, _) => {
            format!("{name}:{port} serves mail, {secured}{unchecked}")
        }
        (Target::Address { address, .. }, _) if served(false) > 0 => {
            format!("{address} serves mail, and nothing speaks against it{unchecked}")
        }
        (Target::Address { address, .. }, _) => {
            format!("nothing speaks against {address}{unchecked}")
        }
    }
}

fn line(findings: &[Finding], kind: LineKind, subject: Option<Subject>, text: String) -> Line {
    let concerns = |finding: &&Finding| {
        subject
            .as_ref()
            .is_none_or(|subject| *subject == finding.subject)
            && line_of(&finding.rule) == Some(kind)
    };
    let outcome = findings
        .iter()
        .filter(concerns)
        .map(|finding| finding.outcome);
    let outcome = outcome
        .min_by_key(|outcome| outcome.rank())
        .unwrap_or(Outcome::Pass);
    Line::new(kind, subject, outcome, text)
}

/// The kind of line that shows the outcome of a rule.
fn line_of(rule: &str) -> Option<LineKind> {
    let rule = rules::ALL.iter().find(|known| known.id == rule)?;
    match rule.axis {
        Axis::Run => None,
        Axis::Route => Some(LineKind::Route),
        Axis::Reach | Axis::Smtp | Axis::Tls => Some(LineKind::Service),
        Axis::Reverse => Some(LineKind::Reverse),
        Axis::Lists => Some(LineKind::Lists),
    }
}

fn route(facts: &Facts) -> Option<String> {
    if let Some(addresses) = &facts.host {
        let found: Vec<_> = addresses
            .found()
            .map(|address| address.to_string())
            .collect();
        return Some(if found.is_empty() {
            "no address known".to_owned()
        } else {
            found.join(", ")
        });
    }
    let route = facts.route.as_ref()?;
    Some(match (route.kind(), &route.mx) {
        (RouteKind::Unknown, Err(error)) => format!("could not tell: {error}"),
        (RouteKind::NoDomain, _) => "the domain does not exist".to_owned(),
        (RouteKind::NullMx, _) => "null MX: the domain takes no mail".to_owned(),
        (RouteKind::Implicit, _) if facts.services.is_empty() => {
            "no MX record and no address".to_owned()
        }
        (RouteKind::Implicit, _) => {
            "no MX record; the domain's own address takes its mail".to_owned()
        }
        (_, mx) => {
            let hosts: Vec<_> = route
                .hosts
                .iter()
                .map(|host| format!("{} {}", host.preference, host.name))
                .collect();
            let dnssec = mx.as_ref().map(|mx| mx.dnssec).ok();
            let secure = dnssec == Some(mail_dns::DnssecStatus::Secure);
            format!(
                "{}{}",
                hosts.join(", "),
                if secure { " · DNSSEC secure" } else { "" }
            )
        }
    })
}

fn describe(service: &ServiceFacts, assessment: Option<&Assessment>) -> String {
    let observation = match &service.probe {
        ProbeResult::Observed(observation) => observation,
        ProbeResult::NotProbed(reason) => return format!("not looked at: {reason}"),
    };
    if observation.port != PortState::Open {
        return observation.port.to_string();
    }
    let mut parts = Vec::new();
    parts.extend(security(observation));
    if let Some(assessment) = assessment {
        parts.push(format!("certificate {}", explain::standing(assessment)));
    }
    if let Some(stop) = observation.stop() {
        parts.push(stop.to_string());
    }
    parts.join(" · ")
}

fn security(observation: &Observation) -> Option<String> {
    let version = observation.tls.as_ref().and_then(|tls| tls.version);
    Some(match (&observation.starttls, version) {
        (StartTls::Accepted, Some(version)) => format!("STARTTLS {version}"),
        (StartTls::NotAsked, Some(version)) => version.to_string(),
        (StartTls::NotOffered, _) => "no STARTTLS".to_owned(),
        (StartTls::Refused(reply), _) => format!("STARTTLS refused: {reply}"),
        _ => return None,
    })
}

/// One line for each subject: how many lists it is on, of how many that could be asked.
fn lists(case: &Case<'_>, findings: &[Finding]) -> Vec<Line> {
    let facts = case.facts;
    let subjects: BTreeSet<_> = facts
        .listings
        .iter()
        .map(|answer| answer.subject.to_string())
        .collect();
    let mut lines = Vec::new();
    for subject in subjects {
        let answers = || {
            facts
                .listings
                .iter()
                .filter(|answer| answer.subject.to_string() == subject)
        };
        let listed: Vec<_> = answers()
            .filter(|answer| answer.is_listing())
            .map(|answer| answer.list.name.as_str())
            .collect();
        let clean = answers().filter(|answer| {
            !answer.is_listing()
                && matches!(
                    answer.verdict,
                    ListVerdict::NotListed(_) | ListVerdict::Allowed(_)
                )
        });
        let silent: Vec<_> = answers()
            .filter(|answer| !matches!(answer.verdict, ListVerdict::Unknown(Cause::NotAsked(_))))
            .filter(|answer| {
                matches!(
                    answer.verdict,
                    ListVerdict::Refused(_) | ListVerdict::Broken(_) | ListVerdict::Unknown(_)
                )
            })
            .map(|answer| answer.list.name.as_str())
            .collect();
        let clean = clean.count();
        let mut parts = Vec::new();
        if !listed.is_empty() {
            parts.push(format!("listed by {}", listed.join(", ")));
        }
        if clean > 0 {
            parts.push(format!("not listed by {clean}"));
        }
        if !silent.is_empty() {
            parts.push(format!("no answer of {}", silent.join(", ")));
        }
        if parts.is_empty() {
            continue;
        }
        let Some(first) = answers().next() else {
            continue;
        };
        // A host that takes mail stands above; another address would be a riddle.
        if !is_host(facts, &first.subject) {
            let by = case.sender(&first.subject).and_then(|it| it.by.as_ref());
            parts.extend(by.map(|by| format!("sends by {by}")));
        }
        let subject = listed_subject(first);
        let mut line = line(findings, LineKind::Lists, Some(subject), parts.join(" · "));
        if listed.is_empty() && clean == 0 {
            line.outcome = Outcome::Inconclusive;
        } else if listed.is_empty() {
            line.outcome = Outcome::Pass;
        } else if line.outcome == Outcome::Pass {
            line.outcome = Outcome::Fail(Severity::Warning);
        }
        lines.push(line);
    }
    lines
}

/// Whether its ports were looked at.
fn is_host(facts: &Facts, subject: &dnsbl::Subject) -> bool {
    let mut services = facts.services.iter();
    services.any(|service| *subject == dnsbl::Subject::Address(service.address.ip()))
}
