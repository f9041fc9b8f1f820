//! From facts to a report.

use tls_inspect::{Assessment, CryptoProvider, ReferenceId, TrustStore, assess};

use crate::rules::{self, Case, explain};
use crate::{
    Facts, Finding, Outcome, PortRole, Report, SCHEMA_VERSION, ServiceFacts, Severity, Subject,
    Verdict, picture,
};

/// Judges facts: pure, offline, and with the same result each time.
///
/// # Examples
///
/// A stored run is judged again:
///
/// ```no_run
/// use mailcheck_core::{Facts, Judge};
/// use tls_inspect::{CryptoProvider, TrustStore};
///
/// # fn run() -> Result<(), Box<dyn std::error::Error>> {
/// let facts: Facts = serde_json::from_str(&std::fs::read_to_string("facts.json")?)?;
/// let judge = Judge::new(TrustStore::webpki_roots(), CryptoProvider::aws_lc_rs());
/// println!("{}", judge.judge(&facts));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Judge {
    store: TrustStore,
    provider: CryptoProvider,
}

impl Judge {
    /// A judge who trusts the authorities of `store`.
    #[must_use]
    pub fn new(store: TrustStore, provider: CryptoProvider) -> Self {
        Self { store, provider }
    }

    /// Judges `facts`, as of the time they were taken.
    #[must_use]
    pub fn judge(&self, facts: &Facts) -> Report {
        let assessments = facts
            .services
            .iter()
            .map(|service| self.assess(facts, service))
            .collect();
        let case = Case { facts, assessments };
        let mut findings = Vec::new();
        for rule in rules::ALL {
            (rule.check)(&case, &mut findings);
        }
        // Stable: findings of one rank stay in the order of the picture.
        findings.sort_by_key(|finding| finding.outcome.rank());
        let lines = picture::lines(&case, &findings);
        let (findings, passed): (Vec<_>, Vec<_>) = findings
            .into_iter()
            .partition(|finding| finding.outcome != Outcome::Pass);
        let verdict = Verdict::of(findings.iter().map(|finding| finding.outcome));
        Report {
            schema_version: SCHEMA_VERSION,
            target: facts.target.clone(),
            started_at: explain::time(facts.started_at),
            elapsed_ms: u64::try_from(facts.elapsed.as_millis()).unwrap_or(u64::MAX),
            verdict,
            headline: headline(facts, verdict, &findings),
            lines,
            findings,
            passed,
            unfinished: facts.unfinished.clone(),
        }
    }

    fn assess(&self, facts: &Facts, service: &ServiceFacts) -> Option<Assessment> {
        let capture = service.observation()?.tls.as_ref()?;
        if capture.chain.is_empty() {
            return None;
        }
        let named = service
            .host
            .as_ref()
            .and_then(|host| ReferenceId::parse(&host.to_string()).ok());
        let reference = named.unwrap_or(ReferenceId::Ip(service.address.ip()));
        Some(assess(
            capture,
            &reference,
            &self.store,
            &self.provider,
            facts.started_at,
        ))
    }
}

/// The verdict in one line: the gravest finding, or what was shown.
fn headline(facts: &Facts, verdict: Verdict, findings: &[Finding]) -> String {
    let leading = match verdict {
        Verdict::Failures => find(findings, Outcome::Fail(Severity::Error)),
        Verdict::CouldNotTell => find(findings, Outcome::Inconclusive),
        Verdict::Warnings => find(findings, Outcome::Fail(Severity::Warning)),
        Verdict::Pass => None,
    };
    let Some((leading, more)) = leading else {
        return picture::all_well(facts, findings);
    };
    let more = match more {
        0 => String::new(),
        1 => " (and 1 more)".to_owned(),
        more => format!(" (and {more} more)"),
    };
    let arrives = if arrives_all_the_same(facts, verdict, findings) {
        "port 25 takes mail, but "
    } else {
        ""
    };
    format!("{arrives}{}: {}{more}", leading.subject, leading.message)
}

/// Whether all that fails concerns the domain's own users, who send by other ports than mail arrives by.
fn arrives_all_the_same(facts: &Facts, verdict: Verdict, findings: &[Finding]) -> bool {
    let of_users = |finding: &Finding| matches!(&finding.subject, Subject::Service { address, .. } if PortRole::of(address.port()).demands_tls());
    let relays = |service: &ServiceFacts| {
        service.role() == PortRole::Relay
            && service
                .observation()
                .is_some_and(|seen| seen.stop().is_none())
    };
    verdict == Verdict::Failures
        && findings
            .iter()
            .filter(|finding| {
                matches!(
                    finding.outcome,
                    Outcome::Fail(Severity::Error) | Outcome::Inconclusive
                )
            })
            .all(of_users)
        && facts.services.iter().any(relays)
}

/// The first finding of this outcome, and how many others there are.
fn find(findings: &[Finding], outcome: Outcome) -> Option<(&Finding, usize)> {
    let mut same = findings.iter().filter(|finding| finding.outcome == outcome);
    Some((same.next()?, same.count()))
}
