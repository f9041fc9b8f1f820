//! Who may send for a domain by SPF: the tree of its records, what each term costs and reaches, what is worth a second look;
//! and, for a client, every step of the check.
//!
//! ```console
//! $ cargo run --example spf_explain                          # the laboratory's domains, without a network
//! $ cargo run --example spf_explain -- example.com
//! $ cargo run --example spf_explain -- example.com --ip 192.0.2.1 --sender alice@example.com --helo mx.example.com
//! $ cargo run --example spf_explain -- example.com --flatten --json
//! ```
//!
//! Exit code: 0 a good record, within its limits for every client; 1 proof that there is none, that it is over the limits, or
//! that clients who come to a part of it end in permerror; 3 could not tell; of several domains, the highest. 64 for a mistake
//! on the command line. What is odd in the records changes nothing about it, and nor does what the check of a client says of
//! the client.

mod check;
#[path = "../excerpt.rs"]
mod excerpt;
mod lints;
#[path = "../session.rs"]
mod session;
mod telling;
#[path = "../terminal.rs"]
mod terminal;
mod tree;

use std::net::IpAddr;
use std::process::ExitCode;

use clap::Parser;
use mail_dns::spf::{
    self, AddressSet, Evaluation, Explained, Fit, Flattened, Limits, Lint, NotFlattenable,
    Qualifier, Query, Reach, RecordFound, RecordNode, SpfResult, TermNode, TreeFault, TreeProblem,
};
use mail_dns::{Answer, DomainName, Lookup};
use mailcheck_lab::world::{Topic, World};
use serde::Serialize;

use crate::session::{Asking, Outcome, Session};
use crate::terminal::{Page, count};

/// Explains the SPF record of a domain, and checks a client against it.
///
/// Without a domain it looks at domains of the built-in laboratory, and needs no network.
///
/// Exit code: 0 a good record, within its limits; 1 proof that there is none, that it is over the limits, or that clients end
/// in permerror; 3 could not tell; of several domains, the highest.
#[derive(Debug, Parser)]
#[command(name = "spf_explain", version, max_term_width = 100)]
struct Arguments {
    /// Check the client with this address, and tell every step.
    #[arg(long, value_name = "ADDRESS")]
    ip: Option<IpAddr>,

    /// The sender of the client's mail (MAIL FROM), whose domain is looked at as well; else postmaster of the domain.
    #[arg(long, value_name = "LOCAL@DOMAIN", requires_all = ["ip", "domains"], value_parser = sender)]
    sender: Option<Sender>,

    /// The name in the client's HELO, for macros; else the domain.
    #[arg(long, value_name = "NAME", requires = "ip")]
    helo: Option<DomainName>,

    /// Make a record that asks nobody, of what the DNS says now.
    #[arg(long)]
    flatten: bool,

    #[command(flatten)]
    asking: Asking,
}

/// A reverse-path, and its domain.
#[derive(Debug, Clone)]
struct Sender {
    path: String,
    domain: DomainName,
}

fn main() -> ExitCode {
    session::start("spf_explain", run)
}

async fn run(arguments: Arguments) -> Result<Outcome, String> {
    let Arguments {
        ip,
        sender,
        helo,
        flatten,
        asking,
    } = arguments;
    let session = Session::open(asking).await?;
    let how = How {
        ip,
        flatten,
        sender: None,
        helo,
    };
    let mut subjects = session.subjects(how.clone(), |world| tour(world, &how))?;
    if let Some(Sender { path, domain }) = sender {
        if subjects.iter().all(|(asked, _)| *asked != domain) {
            subjects.push((domain.clone(), how));
        }
        for (asked, how) in &mut subjects {
            how.sender = (*asked == domain).then(|| path.clone());
        }
    }
    let is_in_laboratory = session.is_in_laboratory();
    let look = |(domain, how)| Facts::collect(session.dns(), domain, how, is_in_laboratory);
    session.visit(subjects, look).await
}

/// What is asked for beside the tree.
#[derive(Debug, Clone)]
struct How {
    ip: Option<IpAddr>,
    sender: Option<String>,
    helo: Option<DomainName>,
    flatten: bool,
}

/// The domains made for SPF, and a client or a flat form where that makes the point.
fn tour(world: &World, how: &How) -> Vec<(&'static str, How)> {
    let domains = world.policy_domains().iter();
    let made = domains.filter(|domain| domain.topics.contains(&Topic::Spf));
    let names = std::iter::once("good.test").chain(made.map(|domain| domain.name));
    let with = |name| {
        let mut how = how.clone();
        match name {
            "spf-macro.test" | "spf-redirect.test" => {
                how.ip = how.ip.or(Some(IpAddr::from([198, 51, 100, 1])));
            }
            "spf-ten.test" => how.flatten = true,
            _ => {}
        }
        (name, how)
    };
    names.map(with).collect()
}

/// A local-part and a domain.
fn sender(text: &str) -> Result<Sender, String> {
    let found = |what: &str| {
        Err(format!(
            "expected a sender such as alice@example.com, found {what}"
        ))
    };
    match text.rsplit_once('@') {
        None => found("no @"),
        Some(("", _)) => found("nothing before the @"),
        Some((_, domain)) => match domain.parse::<DomainName>() {
            Ok(domain) if !domain.is_root() => Ok(Sender {
                path: text.to_owned(),
                domain,
            }),
            Ok(_) => found("the root"),
            Err(error) => Err(error.to_string()),
        },
    }
}

/// What was found out about a domain.
#[derive(Debug, Serialize)]
struct Facts {
    domain: DomainName,
    outcome: Outcome,
    explained: Explained,
    /// Who was checked, and what came of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    check: Option<Check>,
    /// A record without terms that ask, or why there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    flattened: Option<Result<Flattened, NotFlattenable>>,
    #[serde(skip)]
    is_in_laboratory: bool,
}

#[derive(Debug, Serialize)]
struct Check {
    query: Query,
    evaluation: Evaluation,
}

impl Facts {
    async fn collect(
        lookup: &impl Lookup,
        domain: DomainName,
        how: How,
        is_in_laboratory: bool,
    ) -> Self {
        let explained = spf::explain(lookup, &domain).await;
        let mut check = None;
        if let Some(ip) = how.ip {
            let sender = how.sender.unwrap_or_else(|| format!("postmaster@{domain}"));
            let helo = how.helo.as_ref().unwrap_or(&domain).to_string();
            let query = Query::mail_from(ip, &sender, &helo);
            let evaluation = spf::check_host(lookup, &query).await;
            check = Some(Check { query, evaluation });
        }
        let flattened = how.flatten.then(|| explained.flattened());
        let mut facts = Self {
            outcome: Outcome::Unknown,
            domain,
            explained,
            check,
            flattened,
            is_in_laboratory,
        };
        facts.outcome = facts.judge().0;
        facts
    }

    fn judge(&self) -> (Outcome, String) {
        let root = &self.explained.root;
        match &root.found {
            RecordFound::Unknown(error) => return (Outcome::Unknown, error.to_string()),
            RecordFound::Nothing => return self.judge_nothing(),
            RecordFound::Record(_) => {}
            _ => {
                let text = format!("every check ends in permerror: {}", fault(root));
                return (Outcome::Broken, text);
            }
        }
        let problems = problems(&self.explained);
        if let Some(over) = self.over_limits() {
            return (Outcome::Broken, over);
        }
        let is_proved = |problem: &&Problem<'_>| problem.is_proved;
        if let Some(Problem { term, text, .. }) = problems.iter().find(is_proved) {
            let text = format!("clients that come to {term} end in permerror: {text}");
            return (Outcome::Broken, text);
        }
        if let Some(Problem { term, text, .. }) = problems.first() {
            return (Outcome::Unknown, format!("what hangs on {term}: {text}"));
        }
        if let Some(Check { evaluation, .. }) = &self.check
            && let Some(problem) = &evaluation.problem
        {
            match evaluation.result {
                SpfResult::PermError => {
                    let text = format!("the check of the client ends in permerror: {problem}");
                    return (Outcome::Broken, text);
                }
                SpfResult::TempError => return (Outcome::Unknown, problem.to_string()),
                _ => {}
            }
        }
        let limits = Limits::default();
        if self.explained.fit(&limits) != Fit::Within {
            let text = "whether it keeps within the limits hangs on the client";
            return (Outcome::Unknown, text.to_owned());
        }
        (Outcome::Yes, self.summary())
    }

    fn judge_nothing(&self) -> (Outcome, String) {
        let answer = self.explained.root.answer.as_ref();
        if let Some(answer) = answer.filter(|answer| answer.is_nxdomain()) {
            let end = answer.canonical_name();
            let text = match *end == self.domain {
                true => "the domain does not exist, so it has no SPF record".to_owned(),
                false => format!("it is an alias of {end}, which does not exist"),
            };
            return (Outcome::No, text);
        }
        let lints = &self.explained.lints;
        if lints
            .iter()
            .any(|lint| matches!(lint, Lint::NearMiss { .. }))
        {
            let text = "what stands there was meant as an SPF record, but is none";
            return (Outcome::Broken, text.to_owned());
        }
        let copy = lints.iter().find_map(|lint| match lint {
            Lint::CopyElsewhere { name, .. } => Some(name),
            _ => None,
        });
        let text = match copy {
            Some(name) => {
                format!("no SPF record; the one at {name} is where nobody looks for it")
            }
            None => "no SPF record, so nothing is said about who may send".to_owned(),
        };
        (Outcome::No, text)
    }

    /// What is over the limits for clients of one family at least, whatever they are.
    fn over_limits(&self) -> Option<String> {
        let limits = Limits::default();
        let cost = self.explained.root.cost;
        if self.explained.goes_in_a_circle() {
            return Some("its includes go in a circle, so that no limit is enough".to_owned());
        }
        if cost.terms > u32::from(limits.terms) {
            let (terms, most) = (cost.terms, limits.terms);
            return Some(format!(
                "{terms} terms ask the DNS, and {most} are allowed; clients that come to more end in permerror"
            ));
        }
        let voids = cost.voids.ipv4.max(cost.voids.ipv6);
        let most = limits.void_lookups;
        (voids > u32::from(most)).then(|| {
            format!("{voids} terms find nothing, and {most} may; clients that come to more end in permerror")
        })
    }

    /// Who may send, of a record that is good.
    fn summary(&self) -> String {
        let terms = self.explained.root.cost.terms;
        let most = Limits::default().terms;
        let sizes = telling::sizes(&self.explained.authorized);
        let who = match (sizes, self.explained.opacity.may_add) {
            _ if self.is_for_everybody() => "everybody may send".to_owned(),
            (Some(sizes), false) => format!("{sizes} may send"),
            (Some(sizes), true) => {
                format!("{sizes} may send, and others by terms that hang on the client")
            }
            (None, true) => "who may send is decided for each client".to_owned(),
            (None, false) => "nobody may send".to_owned(),
        };
        format!("{who}; {terms} of {most} terms ask the DNS")
    }

    fn is_for_everybody(&self) -> bool {
        self.explained.authorized == AddressSet::everything()
    }
}

/// Something in the tree that ends the evaluation of those who come to it.
struct Problem<'a> {
    term: &'a str,
    text: String,
    /// Whether it is proved; else it could not be told.
    is_proved: bool,
}

/// All of them below the domain's own record, those of a record before those below it.
fn problems(explained: &Explained) -> Vec<Problem<'_>> {
    let nodes = explained.root.walk();
    let told = |fault: TreeFault| {
        let (domain, span) = fault.at?;
        let mut nodes = nodes.iter();
        let record = nodes.find_map(|node| node.record().filter(|_| node.domain == domain))?;
        let text = match &fault.problem {
            TreeProblem::Evaluation(problem) => problem.to_string(),
            TreeProblem::Circle => "it goes in a circle".to_owned(),
            _ => "too much to be looked at".to_owned(),
        };
        Some(Problem {
            term: record.text_of(span),
            text,
            is_proved: !fault.problem.is_transient() && fault.problem != TreeProblem::NotVisited,
        })
    };
    explained.faults().into_iter().filter_map(told).collect()
}

/// Why a term ends in permerror, other than by the record that it leads to.
fn reach_fault(term: &TermNode) -> String {
    match &term.reach {
        Reach::TooManyMxNames { count, .. } => format!("{count} MX records, and 10 are allowed"),
        Reach::NoTarget => "no name that can be asked for".to_owned(),
        other => format!("{other:?}"),
    }
}

/// Why what is at a domain is no record that can be evaluated.
fn fault(node: &RecordNode) -> String {
    match &node.found {
        RecordFound::Record(_) => String::new(),
        RecordFound::Nothing => match node.answer.as_ref().and_then(Answer::negative) {
            Some(negative) => format!("no SPF record ({})", negative.kind),
            None => "no SPF record".to_owned(),
        },
        RecordFound::Several { texts, .. } => {
            format!(
                "{}, and there must be one",
                count(texts.len(), "SPF record")
            )
        }
        RecordFound::Invalid { error, .. } => error.kind().to_string(),
        RecordFound::Loop => "it goes in a circle".to_owned(),
        RecordFound::NotVisited => "too much to be looked at".to_owned(),
        RecordFound::Unknown(error) => error.to_string(),
        other => format!("{other:?}"),
    }
}

/// What a match of the qualifier comes to.
fn comes_to(qualifier: Option<Qualifier>) -> String {
    qualifier.map_or_else(String::new, |qualifier| qualifier.result().to_string())
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
mod tests;
