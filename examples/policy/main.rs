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
use mail_dns::dane::DaneRoute;
use mail_dns::mta_sts::{self, StsRecord};
use mail_dns::{
    BimiRecord, CaaSet, DomainName, IdleDomain, Intent, Lookup, Part, Published, RouteKind, Said,
    ServiceRecords, TlsRptRecord,
};
use mailcheck_lab::world::{Topic, World};
use serde::Serialize;

use crate::session::{Asking, Outcome, Session};
use crate::terminal::{Mark, Page};

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
    route_kind: RouteKind,
    dane: DaneRoute,
    /// MX hosts past the first 32.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    left_out: Vec<DomainName>,
    /// For the domain, the MX hosts and the host of the MTA-STS policy.
    caa: Vec<(DomainName, CaaSet)>,
    services: Vec<ServiceRecords>,
}

impl Facts {
    async fn collect(lookup: &impl Lookup, domain: DomainName) -> Self {
        let control = control::label(&domain);
        let (parts, mta_sts, tls_rpt, bimi, services) = join5(
            join(
                mail_dns::idle_domain(lookup, &domain, &control),
                mail_dns::mail_route(lookup, &domain),
            ),
            mta_sts::record(lookup, &domain),
            mail_dns::tls_rpt(lookup, &domain),
            mail_dns::bimi(lookup, &domain, BIMI_SELECTOR),
            mail_dns::mail_services(lookup, &domain),
        )
        .await;
        let (idle, mut route) = parts;
        let mut organizational_bimi = None;
        if let (mail_dns::PublishedPolicy::Nothing, Ok(organizational)) =
            (&bimi.policy, idle.dmarc.walk.organizational_domain())
            && organizational != domain
        {
            let found = mail_dns::bimi(lookup, &organizational, BIMI_SELECTOR).await;
            organizational_bimi = Some(found);
        }
        let mut names = vec![domain.clone()];
        // A host may stand under several preferences.
        route.hosts.retain(|host| {
            let is_new = !host.name.is_root() && !names[1..].contains(&host.name);
            names.extend(is_new.then(|| host.name.clone()));
            is_new
        });
        if mta_sts.record().is_some() {
            names.extend(domain.with_prefix("mta-sts"));
        }
        names.dedup();
        let caa = names
            .into_iter()
            .map(|name| async move { (name.clone(), mail_dns::caa(lookup, &name).await) });
        let dane = mail_dns::dane::dane_route(lookup, &route, SMTP);
        let (dane, caa) = join(dane, join_all(caa)).await;
        let mut facts = Self {
            domain,
            outcome: Outcome::Unknown,
            idle,
            mta_sts,
            tls_rpt,
            bimi,
            organizational_bimi,
            route_kind: route.kind(),
            dane,
            left_out: route.unresolved,
            caa,
            services,
        };
        facts.outcome = facts.judge().0;
        facts
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
            (Intent::NoDomain, true) => (Outcome::No, "the domain does not exist".to_owned()),
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
        Intent::NoDomain => (Mark::Plain, "the domain does not exist"),
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
    let is_unknown = |(part, _)| matches!(idle.says(part), Said::Unknown(_));
    let mark = match parts.into_iter().any(is_unknown) {
        true => Mark::Unknown,
        false => Mark::Plain,
    };
    page.row(mark, "", &said.join("; "));
    match idle.revokes_all_keys() {
        Said::Yes => page.row(Mark::Plain, "", "a wildcard revokes all DKIM keys"),
        Said::No => {}
        Said::Unknown(error) => {
            let cause = page.cause(error);
            let text = format!("whether a wildcard revokes all DKIM keys: {cause}");
            page.row(Mark::Unknown, "", &text);
        }
    }
}

#[cfg(test)]
mod tests;
