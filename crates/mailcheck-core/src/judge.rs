//! From facts to a report.

use mail_dns::DnssecStatus;
use mail_dns::dane::{DaneHost, DaneOutcome};
use smtp_probe::StartTls;
use tls_inspect::{
    Assessment, CryptoProvider, Der, DnsId, MailServer, ReferenceId, Rollover, RolloverAdvice,
    SenderVerdict, TlsAttempt, TlsaAnswer, TrustStore, assess,
};

use crate::rules::{self, Case, explain};
use crate::{
    Facts, Finding, Outcome, PortRole, Report, SCHEMA_VERSION, ServiceFacts, Severity, Subject,
    TlsaSet, Verdict, picture,
};

/// How many other chains of a host the records of one are held against. Each costs as much as its own, and all with all would
/// cost a hostile host nothing.
const MAX_OTHERS: usize = 4;

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
        let case = self.case(facts);
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

    /// The facts, with what follows for each service.
    pub(crate) fn case<'a>(&self, facts: &'a Facts) -> Case<'a> {
        let services = || facts.services.iter();
        Case {
            facts,
            assessments: services().map(|one| self.assess(facts, one)).collect(),
            dane: services().map(|one| self.dane(facts, one)).collect(),
            rollovers: services().map(|one| self.rollover(facts, one)).collect(),
        }
    }

    /// What a sender with DANE does with a server that mail goes to.
    fn dane(&self, facts: &Facts, service: &ServiceFacts) -> Option<SenderVerdict> {
        let dane = facts.dane_of(service)?;
        let name = DnsId::parse(&dane.host.to_string()).ok()?;
        let seen = service.observation()?;
        let attempt = match (&seen.starttls, &seen.tls) {
            // A sender asks for what is offered, and takes a refusal for an answer, be it for a while or for good.
            (
                StartTls::NotOffered | StartTls::AcceptedThoughNotOffered | StartTls::Refused(_),
                _,
            ) => TlsAttempt::NotOffered,
            (_, Some(capture)) => TlsAttempt::Tls(capture),
            (_, None) => return None,
        };
        let published = tlsa_set(facts, dane);
        let answer = match &dane.outcome {
            DaneOutcome::Indeterminate { .. } => TlsaAnswer::Secure(&published.records),
            _ => published.answer(dane),
        };
        let server =
            MailServer::new(attempt, &name, &self.store).with_tlsa(answer, &published.names);
        Some(server.judge(&self.provider, facts.started_at).dane)
    }

    /// What becomes of the TLSA records when the certificate of a server changes, and those of its other addresses do not.
    fn rollover(&self, facts: &Facts, service: &ServiceFacts) -> Option<RolloverAdvice> {
        let chain = |one: &'_ ServiceFacts| -> Option<Vec<Der>> {
            let capture = one.observation()?.tls.as_ref()?;
            (!capture.chain.is_empty()).then(|| capture.chain.clone())
        };
        let dane = facts.dane_of(service)?;
        let own = chain(service)?;
        // The records are for this port: what is shown at others needs none of them.
        let is_beside = |one: &&ServiceFacts| {
            one.host == service.host && one.address.port() == service.address.port()
        };
        let of_host = facts.services.iter().filter(is_beside);
        let mut others: Vec<Vec<Der>> = Vec::new();
        for other in of_host.filter_map(chain) {
            if others.len() < MAX_OTHERS && other != own && !others.contains(&other) {
                others.push(other);
            }
        }
        let others: Vec<&[Der]> = others.iter().map(Vec::as_slice).collect();
        let published = tlsa_set(facts, dane);
        let rollover = Rollover::new(&own, &published.records, published.ttl?)
            .with_names(&published.names)
            .with_others(&others);
        Some(rollover.advise(&self.provider, facts.started_at))
    }
}

/// The TLSA records of a host, with the names that count: the domain too, and that of which it is an alias, if it is proved that
/// this is its host (RFC 7672 §3.2.2).
fn tlsa_set(facts: &Facts, dane: &DaneHost) -> TlsaSet {
    let set = TlsaSet::of(dane);
    match facts.route.as_ref().map(|route| (&route.domain, &route.mx)) {
        Some((domain, Ok(mx))) if mx.dnssec == DnssecStatus::Secure => {
            set.with_name(domain).with_name(mx.canonical_name())
        }
        _ => set,
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
