//! What a domain asks receivers to do with mail that only claims to be from it: the DMARC record that applies, how it was found,
//! what is odd in it, who may be told, and what receivers that still follow RFC 7489 make of it.
//!
//! ```console
//! $ cargo run --example dmarc                                # the laboratory's domains, without a network
//! $ cargo run --example dmarc -- example.com
//! $ cargo run --example dmarc -- news.example.com nobody.example.com
//! $ cargo run --example dmarc -- example.com --json --resolver 127.0.0.1
//! ```
//!
//! Exit code: 0 a record applies, as it was meant; 1 proof that none does, that it counts for less than it says, or that a
//! destination does not take its reports; 3 could not tell one of these, or the organizational domain; of several domains, the
//! highest. 64 for a mistake on the command line. What readers of RFC 7489 make of it changes nothing about it.

#[path = "../excerpt.rs"]
mod excerpt;
#[path = "../session.rs"]
mod session;
mod telling;
#[path = "../terminal.rs"]
mod terminal;

use std::process::ExitCode;

use clap::Parser;
use futures_util::future::{join, join_all};
use mail_dns::dmarc::{
    self, Applied, Audience, Authorization, BuiltInList, Difference, Discovery, Force, Found,
    HistoricDiscovery, Policy, Psd, Record, ReportKind,
};
use mail_dns::{DomainName, Lookup, ReportUri};
use serde::Serialize;

use crate::session::{Asking, Outcome, Session};
use crate::terminal::{Page, count};

/// Of so many destinations it is found out whether they want reports.
const MAX_DESTINATIONS: usize = 8;

/// What is looked at in the laboratory: the domains made for DMARC, and names below them that make the point.
const TOUR: [&str; 18] = [
    "good.test",
    "dmarc-sub.test",
    "mail.dmarc-sub.test",
    "missing.dmarc-sub.test",
    "dmarc-cut.test",
    "x.team.dmarc-cut.test",
    "dmarc-psd.test",
    "shop.dmarc-psd.test",
    "dmarc-authorised.test",
    "dmarc-foreign.test",
    "dmarc-monitor.test",
    "dmarc-testing.test",
    "dmarc-old.test",
    "dmarc-unrelated.test",
    "dmarc-rua-only.test",
    "dmarc-two.test",
    "dmarc-none.test",
    "dmarc-servfail.test",
];

/// Finds the DMARC record that applies to a domain, and what it asks for.
///
/// Without a domain it looks at domains of the built-in laboratory, and needs no network.
///
/// Exit code: 0 a record applies; 1 proof that none does, or that it counts for less than it says, or that a destination does
/// not take its reports; 3 could not tell; of several domains, the highest.
#[derive(Debug, Parser)]
#[command(name = "dmarc", version, max_term_width = 100)]
struct Arguments {
    #[command(flatten)]
    asking: Asking,
}

fn main() -> ExitCode {
    session::start("dmarc", run)
}

async fn run(arguments: Arguments) -> Result<Outcome, String> {
    let session = Session::open(arguments.asking).await?;
    let domains = session.subjects((), |_| TOUR.map(|name| (name, ())).to_vec())?;
    let look = |(domain, ())| Facts::collect(session.dns(), domain);
    session.visit(domains, look).await
}

/// What was found out about a domain.
#[derive(Debug, Serialize)]
struct Facts {
    domain: DomainName,
    outcome: Outcome,
    discovery: Discovery,
    /// The destinations of the record that applies.
    destinations: Vec<Destination>,
    /// What a reader of RFC 7489 finds.
    historic: HistoricDiscovery,
    /// Where that differs; `None` if one of the two is not known.
    differences: Option<Vec<Difference>>,
}

#[derive(Debug, Serialize)]
struct Destination {
    /// `rua` or `ruf`.
    tag: &'static str,
    uri: ReportUri,
    authorization: Authorization,
}

impl Facts {
    async fn collect(lookup: &impl Lookup, domain: DomainName) -> Self {
        let (discovery, historic) = join(
            dmarc::discover(lookup, &domain),
            dmarc::discover_historic(lookup, &domain, &BuiltInList),
        )
        .await;
        let mut destinations = Vec::new();
        if let Applied::Record { domain, record, .. } = discovery.applied() {
            let uris = wanted(record).take(MAX_DESTINATIONS);
            let asked = uris.map(|(tag, kind, uri)| async move {
                Destination {
                    tag,
                    authorization: dmarc::authorization(lookup, domain, uri, kind).await,
                    uri: uri.clone(),
                }
            });
            destinations = join_all(asked).await;
        }
        let mut facts = Self {
            differences: dmarc::differences(&discovery, &historic),
            outcome: Outcome::Unknown,
            domain,
            discovery,
            destinations,
            historic,
        };
        facts.outcome = facts.judge().0;
        facts
    }

    fn judge(&self) -> (Outcome, String) {
        let (domain, record, audience, policy) = match self.discovery.applied() {
            Applied::Unknown(error) => return (Outcome::Unknown, error.to_string()),
            Applied::Nothing => return self.judge_nothing(),
            Applied::Record {
                domain,
                record,
                audience,
                policy,
            } => (domain, record, audience, policy),
        };
        let by = self.found_by(domain, record, audience);
        let said = match policy {
            None => format!("nothing, {by}"),
            Some(Policy::None) => format!("p=none, so nothing but reports is asked for, {by}"),
            Some(policy) => format!("{policy}, {by}"),
        };
        if let Some(error) = self.discovery.walk.failure() {
            let text = format!("{said}; but not what the organizational domain is: {error}");
            return (Outcome::Unknown, text);
        }
        let unknown =
            self.destinations
                .iter()
                .find_map(|destination| match &destination.authorization {
                    Authorization::Unknown(error) => Some((&destination.uri, error)),
                    _ => None,
                });
        if let Some((uri, error)) = unknown {
            let text = format!("{said}; but not whether {uri} takes its reports: {error}");
            return (Outcome::Unknown, text);
        }
        match record.force() {
            Force::AsStated => {}
            Force::AsNone => {
                let text = format!("it counts as p=none, {by}, for want of a good policy");
                return (Outcome::Broken, text);
            }
            Force::NotAtAll => {
                let text =
                    format!("it counts for nothing, {by}, for want of a good policy and rua");
                return (Outcome::Broken, text);
            }
        }
        if let Some((name, number)) = self.several() {
            let records = count(number, "record");
            return (
                Outcome::Broken,
                format!("{said}; the {records} of {name} cancel each other"),
            );
        }
        match self.refused() {
            0 => (Outcome::Yes, said),
            number => {
                let destinations = count(number, "destination");
                let text = format!("{said}; but {destinations} of its reports will get none");
                (Outcome::Broken, text)
            }
        }
    }

    fn judge_nothing(&self) -> (Outcome, String) {
        if let Some((name, number)) = self.several() {
            let records = count(number, "record");
            let text = format!("the {records} of {name} cancel each other, and no other applies");
            return (Outcome::Broken, text);
        }
        let mut steps = self.discovery.walk.steps.iter();
        match steps.find(|step| !step.near_misses.is_empty()) {
            Some(step) => (
                Outcome::Broken,
                format!(
                    "what stands at _dmarc.{} was meant as a record, but is none",
                    step.name
                ),
            ),
            None => (
                Outcome::No,
                "no record applies, so there is no DMARC for it".to_owned(),
            ),
        }
    }

    /// Whose record it is, and for whom it is read.
    fn found_by(&self, domain: &DomainName, record: &Record, audience: Audience) -> String {
        let is_suffix = record.psd == Psd::Yes
            && self.discovery.walk.organizational_domain().as_ref() != Ok(domain);
        let whose = match audience {
            Audience::Domain => return "by its own record".to_owned(),
            _ if is_suffix => format!("by the record of {domain}, its public suffix"),
            _ => format!("by the record of {domain}"),
        };
        match (audience, &self.discovery.existence) {
            (Audience::NonexistentSubdomain, _) => {
                format!("{whose}, since the name does not exist")
            }
            (_, Some(_)) => format!("{whose}, since the name exists"),
            (_, None) => whose,
        }
    }

    /// The first name with several records, and how many.
    fn several(&self) -> Option<(&DomainName, usize)> {
        let mut steps = self.discovery.walk.steps.iter();
        steps.find_map(|step| match &step.found {
            Found::Several { texts, .. } => Some((&step.name, texts.len())),
            _ => None,
        })
    }

    /// How many destinations will get no reports.
    fn refused(&self) -> usize {
        let is_refused = |destination: &&Destination| {
            !matches!(
                destination.authorization,
                Authorization::NotNeeded
                    | Authorization::Granted { .. }
                    | Authorization::Unknown(_)
            )
        };
        self.destinations.iter().filter(is_refused).count()
    }
}

/// Where a record wants reports.
fn wanted(record: &Record) -> impl Iterator<Item = (&'static str, ReportKind, &ReportUri)> {
    let aggregate = record.aggregate_reports.iter();
    let failure = record.failure_reports.iter();
    aggregate
        .map(|uri| ("rua", ReportKind::Aggregate, uri))
        .chain(failure.map(|uri| ("ruf", ReportKind::Failure, uri)))
}

impl session::Facts for Facts {
    fn domain(&self) -> &DomainName {
        &self.domain
    }

    fn verdict(&self) -> (Outcome, String) {
        self.judge()
    }

    fn tell(&self, page: &mut Page) {
        telling::tell(self, page);
    }
}

#[cfg(test)]
mod tests {
    use mail_dns::{LookupErrorKind, StaticLookup};

    use super::*;

    async fn told(zone: &str, domain: &str, failing: &[&str]) -> (Outcome, String) {
        let name = |text: &str| text.parse::<DomainName>().expect("a name");
        let mut dns = StaticLookup::from_zone_text(zone).expect("zone text");
        for failing in failing {
            dns = dns.with_failure(name(failing), LookupErrorKind::ServFail);
        }
        let facts = Facts::collect(&dns, name(domain)).await;
        (facts.outcome, session::page(&facts, None, None).into_text())
    }

    #[track_caller]
    fn has(text: &str, lines: &[&str]) {
        for line in lines {
            assert!(text.contains(line), "expected {line:?} in\n{text}");
        }
    }

    #[tokio::test]
    async fn every_oddity_is_told_at_its_place() {
        let zone =
            r#"_dmarc.d.test. 60 IN TXT "v=DMARC1; p=rejct; rua=d@d.test,mailto:a@d.test; foo=1""#;
        let (outcome, text) = told(zone, "d.test", &[]).await;
        assert_eq!(outcome, Outcome::Broken, "{text}");
        has(
            &text,
            &[
                "\n    record     v=DMARC1; p=rejct; rua=d@d.test,mailto:a@d.test; foo=1\n",
                "\n  !                        ^^^^^\n",
                "\n  !                                   ^^^^^^^^\n",
                "\n  !                                                             ^^^^^\n",
            ],
        );
    }

    #[tokio::test]
    async fn a_record_of_many_rows_is_shown_whole() {
        let uris: Vec<_> = (0..20)
            .map(|n| format!("mailto:reports-{n}@d.test"))
            .collect();
        let zone = format!(
            "_dmarc.d.test. 60 IN TXT \"v=DMARC1; p=none; t=x;\" \" rua={}\"",
            uris[..9].join(",")
        );
        let (outcome, text) = told(&zone, "d.test", &[]).await;
        assert_eq!(outcome, Outcome::Yes, "{text}");
        has(
            &text,
            &[
                "^ this value means nothing",
                "reports-8@d.test",
                "only the first 8 of 9",
            ],
        );
    }

    #[tokio::test]
    async fn a_gap_in_the_walk_is_not_hidden_behind_a_record() {
        let zone = r#"_dmarc.d.test. 60 IN TXT "v=DMARC1; p=reject""#;
        let (outcome, text) = told(zone, "d.test", &["_dmarc.test"]).await;
        assert_eq!(outcome, Outcome::Unknown, "{text}");
        has(
            &text,
            &["could not tell: reject, by its own record; but not what the organizational"],
        );
    }

    #[tokio::test]
    async fn a_text_that_was_meant_as_a_record_is_no_proof_of_good_will() {
        let zone = r#"_dmarc.d.test. 60 IN TXT " v=DMARC1; p=reject""#;
        let (outcome, text) = told(zone, "d.test", &[]).await;
        assert_eq!(outcome, Outcome::Broken, "{text}");
        has(
            &text,
            &["  !             ^^^^^^^^ a blank before the version"],
        );
    }
}
