//! What a domain says about its mail beside SPF, DKIM and DMARC: that it has none, how it wants to be reached (MTA-STS, TLS-RPT,
//! DANE), who may issue certificates for it (CAA), its logo (BIMI) and the servers for mail programs (SRV).
//!
//! ```console
//! $ cargo run --example policy                               # the laboratory's domains, without a network
//! $ cargo run --example policy -- example.com
//! $ cargo run --example policy -- example.com --record example.json
//! $ cargo run --example policy -- example.com --replay example.json --json
//! ```
//!
//! Exit code: 0 what there is of it is good; 1 proof that there is nothing of it, or that something of it does not work; 3 could
//! not tell of something; of several domains, the highest. 64 for a mistake on the command line. Policies and logos on web
//! servers, and certificates, are not looked at.

mod certificates;
#[path = "../control.rs"]
mod control;
mod dane;
#[path = "../excerpt.rs"]
mod excerpt;
mod records;
mod services;
#[path = "../session.rs"]
mod session;
#[path = "../terminal.rs"]
mod terminal;

use std::process::ExitCode;

use clap::Parser;
use futures_util::future::{join, join_all, join5};
use mail_dns::dane::DaneHost;
use mail_dns::mta_sts::{self, StsRecord};
use mail_dns::{
    Answer, BimiRecord, CaaSet, DomainName, IdleDomain, Intent, Lookup, MailRoute, Part, Published,
    RouteKind, Said, ServiceRecords, TlsRptRecord,
};
use mailcheck_lab::world::{Topic, World};
use serde::Serialize;

use crate::session::{Asking, Outcome, Session};
use crate::terminal::{Mark, Page};

/// So many MX hosts are looked at.
const MAX_HOSTS: usize = 32;
/// The port that mail comes in by.
const SMTP: u16 = 25;
/// The selector of BIMI that receivers ask for if a message names none.
const BIMI_SELECTOR: &str = "default";

/// Tells what a domain says about its mail beside SPF, DKIM and DMARC.
///
/// Without a domain it looks at domains of the built-in laboratory, and needs no network.
///
/// Exit code: 0 what there is of it is good; 1 proof that there is nothing of it, or that something of it does not work; 3
/// could not tell; of several domains, the highest.
#[derive(Debug, Parser)]
#[command(name = "policy", version, max_term_width = 100)]
struct Arguments {
    #[command(flatten)]
    asking: Asking,
}

fn main() -> ExitCode {
    session::start("policy", run)
}

async fn run(arguments: Arguments) -> Result<Outcome, String> {
    let session = Session::open(arguments.asking).await?;
    let domains = session.subjects((), tour)?;
    let look = |(domain, ())| Facts::collect(session.dns(), domain);
    session.visit(domains, look).await
}

/// The domains made for it.
fn tour(world: &World) -> Vec<(&'static str, ())> {
    let about = [Topic::Transport, Topic::NonSending];
    let made = world
        .policy_domains()
        .iter()
        .filter(|domain| about.iter().any(|topic| domain.topics.contains(topic)));
    let names = std::iter::once("good.test").chain(made.map(|domain| domain.name));
    names.map(|name| (name, ())).collect()
}

/// What was found out about a domain.
#[derive(Debug, Serialize)]
struct Facts {
    domain: DomainName,
    outcome: Outcome,
    /// Whether the domain has mail at all; with the MX records and DMARC, on which the rest hangs.
    idle: IdleDomain,
    mta_sts: Published<StsRecord>,
    tls_rpt: Published<TlsRptRecord>,
    bimi: Published<BimiRecord>,
    /// That of the organizational domain, if the domain has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    organizational_bimi: Option<Published<BimiRecord>>,
    /// The MX hosts.
    dane: Vec<DaneHost>,
    /// Those past the first 32.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    left_out: Vec<DomainName>,
    /// For the domain, the MX hosts and the host of the MTA-STS policy.
    caa: Vec<(DomainName, CaaSet)>,
    services: Vec<ServiceRecords>,
}

impl Facts {
    async fn collect(lookup: &impl Lookup, domain: DomainName) -> Self {
        let control = control::label(&domain);
        let (idle, mta_sts, tls_rpt, bimi, services) = join5(
            mail_dns::idle_domain(lookup, &domain, &control),
            mta_sts::record(lookup, &domain),
            mail_dns::tls_rpt(lookup, &domain),
            mail_dns::bimi(lookup, &domain, BIMI_SELECTOR),
            mail_dns::mail_services(lookup, &domain),
        )
        .await;
        let mut organizational_bimi = None;
        if let (mail_dns::PublishedPolicy::Nothing, Ok(organizational)) =
            (&bimi.policy, idle.dmarc.walk.organizational_domain())
            && organizational != domain
        {
            let found = mail_dns::bimi(lookup, &organizational, BIMI_SELECTOR).await;
            organizational_bimi = Some(found);
        }
        let mut hosts = hosts(&idle);
        let left_out = hosts.split_off(hosts.len().min(MAX_HOSTS));
        let mut names = vec![domain.clone()];
        names.extend(hosts.iter().cloned());
        if mta_sts.record().is_some() {
            names.extend(domain.with_prefix("mta-sts"));
        }
        names.dedup();
        let dane = hosts
            .iter()
            .map(|host| mail_dns::dane::dane_host(lookup, host, SMTP));
        let caa = names
            .into_iter()
            .map(|name| async move { (name.clone(), mail_dns::caa(lookup, &name).await) });
        let (dane, caa) = join(join_all(dane), join_all(caa)).await;
        let mut facts = Self {
            domain,
            outcome: Outcome::Unknown,
            idle,
            mta_sts,
            tls_rpt,
            bimi,
            organizational_bimi,
            dane,
            left_out,
            caa,
            services,
        };
        facts.outcome = facts.judge().0;
        facts
    }

    fn route_kind(&self) -> RouteKind {
        route_kind(&self.idle)
    }

    /// What each policy comes to.
    fn states(&self) -> [(&'static str, State); 6] {
        [
            ("MTA-STS", records::of_mta_sts(self)),
            ("TLS-RPT", records::of_tls_rpt(self)),
            ("DANE", dane::state(self)),
            ("CAA", certificates::state(self)),
            ("BIMI", records::of_bimi(self)),
            ("SRV", services::state(self)),
        ]
    }

    fn judge(&self) -> (Outcome, String) {
        let states = self.states();
        let intent = self.idle.intent();
        let told = |wanted: fn(&State) -> Option<&String>| {
            let found = states
                .iter()
                .filter_map(|(name, state)| Some(format!("{name}: {}", wanted(state)?)));
            found.collect::<Vec<_>>()
        };
        let mut unknown = told(|state| match state {
            State::Unknown(why) => Some(why),
            _ => None,
        });
        if let Intent::Unknown(error) = &intent {
            unknown.insert(0, format!("whether it has mail: {error}"));
        }
        if let [first, more @ ..] = unknown.as_slice() {
            let more = match more.len() {
                0 => String::new(),
                more => format!("; and {more} more"),
            };
            return (Outcome::Unknown, format!("{first}{more}"));
        }
        let bad = told(|state| match state {
            State::Bad(why) => Some(why),
            _ => None,
        });
        if !bad.is_empty() {
            return (Outcome::Broken, bad.join("; "));
        }
        let with = |wanted: State| {
            let found = states.iter().filter(|(_, state)| *state == wanted);
            found.map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
        };
        let (good, absent) = (with(State::Good), with(State::Absent));
        match (intent, good.is_empty()) {
            (Intent::Idle, true) => (
                Outcome::Yes,
                "it neither sends nor takes mail, and says so".to_owned(),
            ),
            (Intent::Idle, false) => (
                Outcome::Yes,
                format!("it neither sends nor takes mail, and says so; it has {good}"),
            ),
            (_, true) if self.route_kind() == RouteKind::NoDomain => {
                (Outcome::No, "the domain does not exist".to_owned())
            }
            (_, true) => (Outcome::No, format!("it has no {absent}")),
            (_, false) if absent.is_empty() => (Outcome::Yes, format!("it has {good}")),
            (_, false) => (Outcome::Yes, format!("it has {good}; no {absent}")),
        }
    }
}

/// What the facts about a policy come to.
#[derive(Debug, Clone, PartialEq, Eq)]
enum State {
    /// It is there, as was seen.
    Good,
    /// It is proved that it is not there.
    Absent,
    /// It is there, and it is proved that it does not work, or not all of it.
    Bad(String),
    /// Could not tell.
    Unknown(String),
}

impl State {
    fn mark(&self) -> Mark {
        match self {
            Self::Good => Mark::Good,
            Self::Absent => Mark::Plain,
            Self::Bad(_) => Mark::Bad,
            Self::Unknown(_) => Mark::Unknown,
        }
    }

    /// What is good counts for nothing.
    fn without_good(self) -> Self {
        match self {
            Self::Good => Self::Absent,
            other => other,
        }
    }

    /// Of both: what is not known goes before what is bad, and that before the rest.
    fn and(self, other: Self) -> Self {
        let rank = |state: &Self| match state {
            Self::Absent => 0,
            Self::Good => 1,
            Self::Bad(_) => 2,
            Self::Unknown(_) => 3,
        };
        if rank(&other) > rank(&self) {
            other
        } else {
            self
        }
    }
}

fn route_kind(idle: &IdleDomain) -> RouteKind {
    MailRoute::new(idle.domain.clone(), idle.mx.clone(), Vec::new()).kind()
}

/// The hosts that mail comes in by, each once.
fn hosts(idle: &IdleDomain) -> Vec<DomainName> {
    match route_kind(idle) {
        RouteKind::Implicit => vec![idle.domain.clone()],
        RouteKind::Mx => {
            let exchanges = idle.mx.as_ref().map(Answer::exchanges).unwrap_or_default();
            let mut hosts = Vec::new();
            for (_, host) in exchanges {
                if !host.is_root() && !hosts.contains(&host) {
                    hosts.push(host);
                }
            }
            hosts
        }
        RouteKind::NullMx | RouteKind::NoDomain | RouteKind::Unknown => Vec::new(),
    }
}

impl session::Facts for Facts {
    fn domain(&self) -> &DomainName {
        &self.domain
    }

    fn verdict(&self) -> (Outcome, String) {
        self.judge()
    }

    fn tell(&self, page: &mut Page) {
        tell_intent(&self.idle, page);
        records::tell_mta_sts(self, page);
        records::tell_tls_rpt(self, page);
        dane::tell(self, page);
        certificates::tell(self, page);
        records::tell_bimi(self, page);
        services::tell(self, page);
    }
}

/// Whether the domain has mail, as far as it says.
fn tell_intent(idle: &IdleDomain, page: &mut Page) {
    let parts = [
        (Part::NullMx, "a null MX"),
        (Part::SpfNobody, "SPF for nobody"),
        (Part::DmarcReject, "DMARC reject"),
    ];
    let (mark, text) = match idle.intent() {
        Intent::Idle => (Mark::Good, "neither sends nor takes mail, and says so"),
        Intent::Half { .. } => (
            Mark::Odd,
            "says in part that it has no mail: it only sends or only takes it, or the rest is forgotten",
        ),
        Intent::InUse if route_kind(idle) == RouteKind::NoDomain => {
            (Mark::Plain, "the domain does not exist")
        }
        Intent::InUse => (Mark::Plain, "in use"),
        Intent::Unknown(_) => (Mark::Unknown, "could not tell"),
    };
    page.row(mark, "intent", text);
    let said = parts.map(|(part, name)| {
        let word = match idle.says(part) {
            Said::Yes => "yes".to_owned(),
            Said::No => "no".to_owned(),
            Said::Unknown(error) => page.cause(error),
        };
        format!("{name}: {word}")
    });
    page.row(Mark::Plain, "", &said.join("; "));
    if idle.revokes_all_keys() {
        page.row(Mark::Plain, "", "a wildcard revokes all DKIM keys");
    }
}

#[cfg(test)]
mod tests;
