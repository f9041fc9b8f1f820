//! Which DKIM keys a domain has, what they are, and whether a verifier can use them; found by trying names, because the DNS has no
//! list of selectors.
//!
//! ```console
//! $ cargo run --example dkim_keys                            # the laboratory's domains, without a network
//! $ cargo run --example dkim_keys -- example.com             # names of its providers, and common ones
//! $ cargo run --example dkim_keys -- example.com --selector s2026 --selector s2025
//! $ cargo run --example dkim_keys -- example.com --json --resolver 127.0.0.1
//! ```
//!
//! Exit code: 0 a key was found that verifiers can use (of each `--selector`, if there are any); 1 proof that none of what was
//! found can be used (or one of those given by `--selector`); 3 could not tell: questions without an answer, or none of the
//! names tried holds a key, which is no proof, not even if `_domainkey` is said not to exist: broken servers say so of names
//! with others below them; of several domains, the highest. 64 for a mistake on the command line.

#[path = "../control.rs"]
mod control;
#[path = "../excerpt.rs"]
mod excerpt;
#[path = "../session.rs"]
mod session;
mod telling;
#[path = "../terminal.rs"]
mod terminal;

use std::process::ExitCode;

use clap::Parser;
use futures_util::future::join;
use mail_dns::dkim::{self, Candidates, Discovery, Found, Provider, PublicKey, Selector};
use mail_dns::spf::{self, Mechanism};
use mail_dns::{Answer, DomainName, Existence, Lookup, LookupError, RecordType, existence};
use serde::Serialize;

use crate::session::{Asking, Outcome, Session};
use crate::terminal::{Page, count};

/// What is looked at in the laboratory, and the selectors that are given, if any.
const TOUR: [(&str, &[&str]); 17] = [
    ("good.test", &["s2026", "ed2026"]),
    ("good.test", &[]),
    ("dkim-cname.test", &[]),
    ("dkim-testing.test", &[]),
    ("dkim-1024.test", &[]),
    ("dkim-pkcs1.test", &[]),
    ("dkim-ed25519.test", &[]),
    ("dkim-512.test", &[]),
    ("dkim-sha1.test", &[]),
    ("dkim-cut.test", &[]),
    ("dkim-two.test", &[]),
    ("dkim-quoted.test", &[]),
    ("dkim-revoked.test", &[]),
    ("dkim-wildcard.test", &[]),
    ("idle-good.test", &[]),
    ("dkim-none.test", &[]),
    ("dkim-servfail.test", &[]),
];

/// Finds the DKIM keys of a domain, and says what they are worth.
///
/// Without a domain it looks at domains of the built-in laboratory, and needs no network.
///
/// Exit code: 0 a key that verifiers can use; 1 proof that what was found is no use; 3 could not tell, as when none of the
/// names tried holds a key; of several domains, the highest.
#[derive(Debug, Parser)]
#[command(name = "dkim_keys", version, max_term_width = 100)]
struct Arguments {
    /// Ask for this selector (`s=` of a signature), and for no other; may be given several times.
    #[arg(long, value_name = "NAME", requires = "domains", value_parser = selector)]
    selector: Vec<String>,

    #[command(flatten)]
    asking: Asking,
}

fn main() -> ExitCode {
    session::start("dkim_keys", run)
}

async fn run(arguments: Arguments) -> Result<Outcome, String> {
    let Arguments { selector, asking } = arguments;
    let session = Session::open(asking).await?;
    let subjects = session.subjects(selector, |_| {
        let named = |(name, selectors): (&'static str, &[&str])| {
            let selectors = selectors.iter().map(ToString::to_string);
            (name, selectors.collect())
        };
        TOUR.map(named).to_vec()
    })?;
    let look = |(domain, selectors)| Facts::collect(session.dns(), domain, selectors);
    session.visit(subjects, look).await
}

/// One or more labels: `s2026`, `mail.news`.
fn selector(text: &str) -> Result<String, String> {
    let name: Result<DomainName, _> = text.parse();
    match name {
        Ok(name) if !name.is_root() => Ok(text.trim_end_matches('.').to_owned()),
        Ok(_) => Err("expected a selector such as s2026, found the root".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

/// What was found out about a domain.
#[derive(Debug, Serialize)]
struct Facts {
    domain: DomainName,
    outcome: Outcome,
    /// Whether there is anything at or below `_domainkey`, as a hint; `None` if there can be no such name.
    domainkey: Option<Existence>,
    /// Where names of providers come from; `None` if selectors were given.
    #[serde(skip_serializing_if = "Option::is_none")]
    hints: Option<Hints>,
    discovery: Discovery,
}

/// Who may be hosting or sending the domain's mail.
#[derive(Debug, Serialize)]
struct Hints {
    mx: Result<Answer, LookupError>,
    txt: Result<Answer, LookupError>,
    /// Hosts of MX records, and targets of includes in the SPF record.
    names: Vec<DomainName>,
    providers: Vec<&'static str>,
}

impl Hints {
    async fn collect(lookup: &impl Lookup, domain: &DomainName) -> Self {
        let (mx, txt) = join(
            lookup.lookup(domain, RecordType::MX),
            lookup.lookup(domain, RecordType::TXT),
        )
        .await;
        let exchanges = mx.iter().flat_map(Answer::exchanges);
        let exchanges = exchanges.map(|(_, exchange)| exchange);
        let records = txt
            .iter()
            .flat_map(Answer::texts)
            .filter(|text| spf::Record::is_claimed_by(text));
        let records = records.filter_map(|text| spf::Record::parse(&text).ok());
        let names: Vec<_> = exchanges
            .chain(records.flat_map(|record| targets(&record)))
            .collect();
        Self {
            providers: Provider::of(&names)
                .into_iter()
                .map(|provider| provider.name)
                .collect(),
            names,
            mx,
            txt,
        }
    }
}

/// The domains that a record includes, or redirects to, as far as they are the same for every message.
fn targets(record: &spf::Record) -> Vec<DomainName> {
    let included = record
        .directives()
        .filter_map(|directive| match &directive.mechanism {
            Mechanism::Include { domain } => Some(domain),
            _ => None,
        });
    included
        .chain(record.redirect().map(|(domain, _)| domain))
        .filter_map(|domain| domain.literal()?.parse().ok())
        .collect()
}

impl Facts {
    async fn collect(lookup: &impl Lookup, domain: DomainName, selectors: Vec<String>) -> Self {
        let mut hints = None;
        let mut candidates = Candidates::given(selectors);
        if candidates.iter().len() == 0 {
            let found = Hints::collect(lookup, &domain).await;
            candidates = candidates.with_providers_of(&found.names).with_common();
            hints = Some(found);
        }
        let control = control::label(&domain);
        let domainkey = async {
            let name = domain.with_prefix("_domainkey").ok()?;
            Some(existence(lookup, &name).await)
        };
        let discovery = dkim::discover(lookup, &domain, &candidates, &control);
        let (domainkey, discovery) = join(domainkey, discovery).await;
        let mut facts = Self {
            discovery,
            outcome: Outcome::Unknown,
            domain,
            domainkey,
            hints,
        };
        facts.outcome = facts.judge().0;
        facts
    }

    /// Whether the selectors were given, so that each of them counts.
    fn is_given(&self) -> bool {
        self.hints.is_none()
    }

    /// What is worth telling of: all selectors that were given, or those of the candidates that hold something.
    fn shown(&self) -> Vec<&Selector> {
        if self.is_given() {
            return self.discovery.selectors.iter().collect();
        }
        let hits: Vec<_> = self.discovery.hits().collect();
        // An alias that leads nowhere holds no key, but somebody has put it there.
        let wildcard = self.discovery.control.delegated_to();
        let lost = self.discovery.dangling();
        let lost = lost.filter(|selector| selector.delegated_to() != wildcard);
        hits.iter().copied().chain(lost).collect()
    }

    fn judge(&self) -> (Outcome, String) {
        if self.is_given() {
            return self.judge_given();
        }
        let hits: Vec<_> = self.discovery.hits().collect();
        let control = &self.discovery.control.found;
        if is_usable(control) {
            let text = match hits.len() {
                0 => "a wildcard holds a key that verifiers can use, the same for every selector"
                    .to_owned(),
                more => {
                    format!("a wildcard holds a key for every selector, and {more} more were found")
                }
            };
            return (Outcome::Yes, text);
        }
        let usable = hits.iter().filter(|hit| is_usable(&hit.found)).count();
        match (hits.len(), usable) {
            (0, _) => self.judge_nothing(),
            (1, 1) => (Outcome::Yes, "found 1, which verifiers can use".to_owned()),
            (all, usable) if all == usable => (
                Outcome::Yes,
                format!("found {all}, all of which verifiers can use"),
            ),
            (all, 0) => self.judge_unusable(all, hits.iter().map(|hit| &hit.found)),
            (all, usable) => (
                Outcome::Yes,
                format!("found {all}, {usable} of which verifiers can use"),
            ),
        }
    }

    fn judge_unusable<'a>(
        &self,
        all: usize,
        mut found: impl Iterator<Item = &'a Found> + Clone,
    ) -> (Outcome, String) {
        let unknown = self.discovery.unknown().count();
        if unknown > 0 {
            let text = format!(
                "found {all}, none of which verifiers can use, and {} got no answer",
                count(unknown, "name")
            );
            return (Outcome::Unknown, text);
        }
        if found.clone().all(is_revoked) {
            let text = match all {
                1 => "found 1, and it is revoked".to_owned(),
                all => format!("found {all}, and all are revoked"),
            };
            return (Outcome::No, text);
        }
        let text = match (all, found.next()) {
            (1, Some(only)) => format!("found 1, which no verifier can use: {}", fault(only)),
            _ => format!("found {all}, none of which verifiers can use"),
        };
        (Outcome::Broken, text)
    }

    fn judge_nothing(&self) -> (Outcome, String) {
        let tried = self.discovery.selectors.len();
        let unknown: Vec<_> = self.discovery.unknown().collect();
        if let Some(Found::Unknown(error)) = unknown.first().map(|selector| &selector.found) {
            let text = format!("{} of {tried} names got no answer: {error}", unknown.len());
            return (Outcome::Unknown, text);
        }
        let control = &self.discovery.control.found;
        if is_revoked(control) {
            let text = "a wildcard says of every selector that its key is revoked".to_owned();
            return (Outcome::No, text);
        }
        if control.key().is_some() {
            let text = "a wildcard holds a key for every selector, which no verifier can use";
            return (Outcome::Broken, text.to_owned());
        }
        let text = format!(
            "none of {} tried holds a key; that is no proof that the domain has no DKIM",
            count(tried, "name")
        );
        (Outcome::Unknown, text)
    }

    fn judge_given(&self) -> (Outcome, String) {
        let all = self.discovery.selectors.len();
        let unknown: Vec<_> = self.discovery.unknown().collect();
        let mut selectors = self.discovery.selectors.iter();
        if let Some(Found::Unknown(error)) = unknown.first().map(|selector| &selector.found) {
            let text = format!(
                "{} of {} got no answer: {error}",
                unknown.len(),
                count(all, "selector")
            );
            return (Outcome::Unknown, text);
        }
        let usable = selectors
            .clone()
            .filter(|selector| is_usable(&selector.found))
            .count();
        let selector = count(all, "selector");
        if usable == all {
            let text = match all {
                1 => "there is a key that verifiers can use at it".to_owned(),
                _ => format!("there is a key that verifiers can use at each of {selector}"),
            };
            return (Outcome::Yes, text);
        }
        let is_nothing = |found: &Found| matches!(found, Found::Nothing | Found::NotAskable(_));
        if selectors.all(|selector| is_nothing(&selector.found)) {
            return (Outcome::No, format!("there is nothing at {selector}"));
        }
        let text = format!(
            "no key that verifiers can use at {} of {selector}",
            all - usable
        );
        (Outcome::Broken, text)
    }
}

fn is_usable(found: &Found) -> bool {
    found
        .key()
        .is_some_and(|record| record.unusable().is_none())
}

/// Why something that was found is no use.
fn fault(found: &Found) -> String {
    match found {
        Found::Key(record) => record
            .unusable()
            .map(|why| why.to_string())
            .unwrap_or_default(),
        Found::Invalid { error, .. } => error.to_string(),
        Found::Several { texts, .. } => format!("there are {}", count(texts.len(), "record")),
        _ => "it is no key".to_owned(),
    }
}

fn is_revoked(found: &Found) -> bool {
    found
        .key()
        .is_some_and(|record| record.key == PublicKey::Revoked)
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

    const KEY: &str = "\"v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\"";

    async fn told(zone: &str, selectors: &[&str], failing: &[&str]) -> (Outcome, String) {
        let name = |text: &str| text.parse::<DomainName>().expect("a name");
        let zone = zone.replace("KEY", KEY);
        let mut dns = StaticLookup::from_zone_text(&zone).expect("zone text");
        for failing in failing {
            dns = dns.with_failure(name(failing), LookupErrorKind::ServFail);
        }
        let selectors = selectors.iter().map(ToString::to_string).collect();
        let facts = Facts::collect(&dns, name("d.test"), selectors).await;
        (facts.outcome, session::page(&facts, None, None).into_text())
    }

    #[track_caller]
    fn has(text: &str, lines: &[&str]) {
        for line in lines {
            assert!(text.contains(line), "expected {line:?} in\n{text}");
        }
    }

    #[tokio::test]
    async fn nothing_found_is_no_proof() {
        let (outcome, text) = told("d.test. 60 IN MX 0 .", &[], &[]).await;
        assert_eq!(outcome, Outcome::Unknown, "broken servers say so: {text}");
        has(&text, &["NXDOMAIN: a hint that nothing is below it"]);
        let (outcome, text) = told("odd._domainkey.d.test. 60 IN TXT KEY", &[], &[]).await;
        assert_eq!(outcome, Outcome::Unknown, "{text}");
        has(
            &text,
            &[
                "that is no proof that the domain\n    has no DKIM",
                "dk, dkim1",
            ],
        );
    }

    #[tokio::test]
    async fn providers_of_mx_and_spf_bring_their_names() {
        let zone = "d.test. 60 IN MX 10 d-test.mail.protection.outlook.com.\n\
                    d.test. 60 IN TXT \"v=spf1 include:spf.messagingengine.com -all\"\n\
                    fm2._domainkey.d.test. 60 IN TXT KEY";
        let (outcome, text) = told(zone, &[], &[]).await;
        assert_eq!(outcome, Outcome::Yes, "{text}");
        has(
            &text,
            &[
                "those of Fastmail, Microsoft 365, and common ones",
                "✓ fm2        dig TXT fm2._domainkey.d.test",
            ],
        );
    }

    #[tokio::test]
    async fn a_gap_is_not_hidden() {
        let zone = "s1._domainkey.d.test. 60 IN TXT \"v=DKIM1; p=\"";
        let (outcome, text) = told(zone, &[], &["s2._domainkey.d.test"]).await;
        assert_eq!(outcome, Outcome::Unknown, "{text}");
        has(
            &text,
            &["1 name got no answer", "? no answer  to 1 name: s2"],
        );
        let (outcome, text) = told(zone, &["s1", "s2"], &["s2._domainkey.d.test"]).await;
        assert_eq!(outcome, Outcome::Unknown, "{text}");
    }

    #[tokio::test]
    async fn each_selector_given_counts() {
        let zone = "a._domainkey.d.test. 60 IN TXT KEY\nb._domainkey.d.test. 60 IN TXT \"v=DKIM1; x=1; p=%\"";
        assert_eq!(told(zone, &["a"], &[]).await.0, Outcome::Yes);
        assert_eq!(told(zone, &["c"], &[]).await.0, Outcome::No);
        let (outcome, text) = told(zone, &["a", "b"], &[]).await;
        assert_eq!(outcome, Outcome::Broken, "{text}");
        has(
            &text,
            &[
                "can use at 1 of 2 selectors",
                "v=DKIM1; x=1; p=%\n  !                     ^^^ no RFC knows this tag",
                "\n  !                            ^ no base64",
            ],
        );
    }
}
