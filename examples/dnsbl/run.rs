//! One run: whom to ask, about what, and each page as it comes.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use dnsbl::{Catalogue, Checker, DelistingHelp, GapCause, Keys, Role, SenderGap, Senders, Subject};
use futures_util::stream::{self, StreamExt as _};
use indicatif::{ProgressBar, ProgressStyle};
use mail_dns::dmarc::BuiltInList;
use mail_dns::spf::Problem;
use mail_dns::stub::{Server, StubConfig, StubResolver};
use mail_dns::{Answer, DomainName, Lookup, LookupError, LookupErrorKind, Question, RecordType};
use serde_json::json;
use tokio::time::{Instant, timeout_at};

use crate::arguments::{Arguments, Asking, Given};
use crate::look::{Look, Outcome};
use crate::page::Told;
use crate::terminal::{Mark, Page, say};
use crate::{doctor, laboratory, lists, page, trust};

/// How many subjects are asked about at a time; each is asked of 16 lists at a time.
const AT_A_TIME: usize = 4;
/// How many networks of a domain are shown.
const NETWORKS: usize = 12;
/// From how many subjects on a clean one is told of in a line.
const MANY: usize = 4;

/// Runs, and gives the exit code; an error is a mistake of the caller's.
pub(crate) async fn run(arguments: Arguments) -> Result<u8, String> {
    if let Some(mistake) = mistake(&arguments) {
        return Err(mistake);
    }
    let until = now() + arguments.asking.deadline;
    let keys = lists::keys(&arguments.lists.key)?;
    if arguments.asking.from_lab || (arguments.subjects.is_empty() && !arguments.doctor) {
        return laboratory::run(&arguments, keys, until).await;
    }
    let catalogue = lists::choose(&arguments.lists, &keys)?;
    let resolver = StubResolver::new(config(&arguments.asking)?);
    let lookup = Bounded { resolver, until };
    let desk = Desk::new(&arguments, catalogue, keys, lookup, fastrand::u64(..));
    Ok(desk.serve(&arguments).await?.exit_code())
}

/// What does not go together on the command line, and would pass unnoticed.
pub(crate) fn mistake(arguments: &Arguments) -> Option<String> {
    let mut subjects = arguments.subjects.iter();
    let has_domain = subjects.any(|given| matches!(given.subject, Subject::Domain(_)));
    let is_vain = arguments.from_spf && !has_domain;
    is_vain.then(|| "expected a domain with --from-spf, found addresses alone".to_owned())
}

/// Adds a subject, or the remark to one that is there already: an address may be given, and send for several domains.
pub(crate) fn add(
    subjects: &mut Vec<(Subject, Option<String>)>,
    subject: Subject,
    remark: Option<String>,
) {
    let subject = match subject {
        Subject::Address(address) => Subject::Address(address.to_canonical()),
        domain @ Subject::Domain(_) => domain,
    };
    match subjects.iter_mut().find(|(known, _)| *known == subject) {
        Some((_, known)) => *known = known.take().or(remark),
        None => subjects.push((subject, remark)),
    }
}

/// The resolvers given, or the system's.
fn config(asking: &Asking) -> Result<StubConfig, String> {
    let mut config = if asking.resolver.is_empty() {
        StubConfig::from_system().map_err(|error| format!("{error}; give one by --resolver"))?
    } else {
        let mut config = StubConfig::new(asking.resolver.iter().cloned());
        config.tls = Some(trust::client(asking.ca.as_deref())?);
        config
    };
    config.deadline = asking.timeout.min(asking.deadline);
    Ok(config)
}

/// Asks nobody after a time.
pub(crate) struct Bounded {
    pub(crate) resolver: StubResolver,
    pub(crate) until: Instant,
}

impl Lookup for Bounded {
    async fn lookup(
        &self,
        name: &DomainName,
        record_type: RecordType,
    ) -> Result<Answer, LookupError> {
        let lookup = self.resolver.lookup(name, record_type);
        timeout_at(self.until, lookup).await.unwrap_or_else(|_| {
            let name = name.clone();
            let question = Question { name, record_type };
            Err(LookupError::new(LookupErrorKind::Timeout, question))
        })
    }
}

/// Where questions are asked, and answers told.
pub(crate) struct Desk<L> {
    pub(crate) checker: Checker<L>,
    lookup: L,
    /// The resolver, if it is not the system's.
    server: Option<Server>,
    role: Role,
    json: bool,
}

impl Desk<Arc<Bounded>> {
    pub(crate) fn new(
        arguments: &Arguments,
        catalogue: Catalogue,
        keys: Keys,
        lookup: Bounded,
        nonce: u64,
    ) -> Self {
        let lookup = Arc::new(lookup);
        let checker = Checker::new(Arc::clone(&lookup), catalogue, nonce)
            .with_keys(keys)
            .with_path(path(&arguments.asking))
            .with_public_suffixes(Arc::new(BuiltInList));
        Self {
            checker,
            lookup,
            server: arguments.asking.resolver.first().cloned(),
            role: arguments.role,
            json: arguments.json,
        }
    }

    /// Asks the lists of the laboratory, whose hosts have documentation addresses.
    pub(crate) fn in_laboratory(self) -> Self {
        let checker = self.checker.with_documentation_addresses();
        Self {
            checker: checker.with_path("of the laboratory"),
            ..self
        }
    }
}

/// What the resolver is called.
fn path(asking: &Asking) -> String {
    let servers: Vec<String> = asking
        .resolver
        .iter()
        .map(|server| server.address.ip().to_string())
        .collect();
    match servers.is_empty() {
        true => "of this system".to_owned(),
        false => servers.join(", "),
    }
}

impl<L: Lookup> Desk<L> {
    /// Does what the command line asks for.
    pub(crate) async fn serve(&self, arguments: &Arguments) -> Result<Outcome, String> {
        let mut worst = Outcome::Clean;
        if arguments.doctor {
            worst = worst.max(self.examine().await?);
            if !arguments.subjects.is_empty() && !self.json {
                say("")?;
            }
        }
        let mut subjects = Vec::new();
        let mut of_senders = Outcome::Clean;
        for Given { subject, remark } in &arguments.subjects {
            add(&mut subjects, subject.clone(), remark.clone());
            if let (Subject::Domain(domain), true) = (subject, arguments.from_spf) {
                let (senders, outcome) = self.senders(domain).await?;
                for (subject, remark) in senders {
                    add(&mut subjects, subject, remark);
                }
                of_senders = of_senders.max(outcome);
            }
        }
        let mut told = Told::through(self.server.clone());
        let visited = self.visit(subjects, of_senders, &mut told).await?;
        Ok(worst.max(visited))
    }

    /// Which lists serve the resolver.
    pub(crate) async fn examine(&self) -> Result<Outcome, String> {
        let found = self.checker.examine(unix_time()).await;
        if self.json {
            say(&doctor::json(&found).to_string())?;
        } else {
            say(&doctor::page(&found, self.server.as_ref()).into_text())?;
        }
        Ok(doctor::outcome(&found))
    }

    /// The addresses that a domain sends from, and whether that is all that is to be known.
    pub(crate) async fn senders(
        &self,
        domain: &DomainName,
    ) -> Result<(Vec<(Subject, Option<String>)>, Outcome), String> {
        let found = dnsbl::senders(&self.lookup, domain).await;
        let is_unknown = found.gaps.iter().any(|gap| gap.why.is_unknown());
        // A sender that is not asked about may be on any list.
        let outcome = match found.is_complete() {
            true => Outcome::Clean,
            false => Outcome::Unknown,
        };
        if self.json {
            say(&json!({ "outcome": outcome, "senders": found }).to_string())?;
        } else {
            say(&(tell_senders(&found, is_unknown).into_text() + "\n"))?;
        }
        let subjects = found.addresses.iter().map(|sender| {
            let by = sender.by.as_ref();
            let remark = by.map(|by| format!("may send for {domain} by {by}"));
            (Subject::Address(sender.address), remark)
        });
        Ok((subjects.collect(), outcome))
    }

    /// Asks about all, several at a time, and tells of each in its turn. `of_senders` is whether they are all that were to be
    /// asked about.
    pub(crate) async fn visit(
        &self,
        subjects: Vec<(Subject, Option<String>)>,
        of_senders: Outcome,
        told: &mut Told,
    ) -> Result<Outcome, String> {
        let number = subjects.len();
        let is_many = number >= MANY;
        let looks = stream::iter(subjects).map(|(subject, remark)| self.look(subject, remark));
        let mut looks = std::pin::pin!(looks.buffered(AT_A_TIME));
        let mut outcomes = Vec::new();
        let mut was_brief = true;
        let bar = progress(number);
        while let Some(look) = looks.next().await {
            let (outcome, _) = look.verdict();
            let catalogue = self.checker.catalogue();
            let is_brief = is_many && look.is_plain();
            let text = if self.json {
                look.json().to_string()
            } else if is_brief {
                page::headline(&look).into_text()
            } else {
                page::full(&look, catalogue, told).into_text()
            };
            let is_close = self.json || outcomes.is_empty() || (is_brief && was_brief);
            was_brief = is_brief;
            let gap = if is_close { "" } else { "\n" };
            bar.inc(1);
            bar.suspend(|| say(&format!("{gap}{text}")))?;
            outcomes.push((look.subject, outcome));
        }
        bar.finish_and_clear();
        let are_all = of_senders == Outcome::Clean;
        if (outcomes.len() > 1 || !are_all) && !self.json {
            say(&page::tally(&outcomes, are_all))?;
        }
        let worst = outcomes.into_iter().map(|(_, outcome)| outcome).max();
        Ok(worst.unwrap_or(Outcome::Clean).max(of_senders))
    }

    pub(crate) async fn look(&self, subject: Subject, remark: Option<String>) -> Look {
        // At the time of each, or the controls would never age.
        let answers = self.checker.check_all(&subject, unix_time()).await;
        Look {
            help: answers
                .iter()
                .filter_map(DelistingHelp::of_answer)
                .collect(),
            role: self.role,
            subject,
            remark,
            answers,
        }
    }
}

/// On a terminal alone, and only until the next subject is told of.
fn progress(subjects: usize) -> ProgressBar {
    let bar = ProgressBar::new(u64::try_from(subjects).unwrap_or(u64::MAX));
    let style = "{spinner} asking the lists, {pos} of {len} subjects done";
    if let Ok(style) = ProgressStyle::with_template(style) {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
}

/// What an SPF record says of the addresses, before they are asked about.
pub(crate) fn tell_senders(senders: &Senders, is_unknown: bool) -> Page {
    let mut page = Page::for_stdout(None);
    let number = senders.addresses.len();
    let (mark, word) = match (is_unknown, senders.is_complete()) {
        (true, _) => (Mark::Unknown, "could not tell"),
        (_, true) => (Mark::Good, "senders"),
        (_, false) => (Mark::Odd, "senders"),
    };
    let has_none = |gap: &SenderGap| gap.why == GapCause::Broken(Problem::NoRecord);
    let is_unread = senders
        .gaps
        .iter()
        .any(|gap| gap.at.is_none() && gap.why.is_unknown());
    let text = match senders.is_nobody() {
        _ if is_unread => {
            "its SPF record could not be read, so its senders are not known".to_owned()
        }
        true if senders.gaps.iter().any(has_none) => {
            "no SPF record, so nothing is said about them".to_owned()
        }
        true => "none: its SPF record lets nobody send".to_owned(),
        false if senders.is_complete() => {
            format!("{number} by its SPF record, all of them asked about below")
        }
        false if number == 0 => {
            "none that its SPF record names one by one, and there may be some".to_owned()
        }
        false => {
            format!("{number} by its SPF record are asked about below, and there may be more")
        }
    };
    page.headline(mark, &senders.domain.to_string(), word, &text);
    let networks = || senders.networks.networks();
    let more = networks().count().saturating_sub(NETWORKS);
    if !senders.networks.is_empty() {
        let shown = networks().take(NETWORKS).map(|network| network.to_string());
        let more = (more > 0).then(|| format!("and {more} more"));
        let shown: Vec<String> = shown.chain(more).collect();
        let text = format!("not asked about one by one: {}", shown.join(", "));
        page.row(Mark::Odd, "networks", &text);
    }
    if !senders.left_out.is_empty() {
        let (ipv4, ipv6) = (senders.left_out.ipv4_count(), senders.left_out.ipv6_count());
        page.row(
            Mark::Odd,
            "left out",
            &format!("{ipv4} IPv4 and {ipv6} IPv6 addresses more than are taken"),
        );
    }
    for gap in senders.gaps.iter().filter(|gap| !has_none(gap)) {
        let mark = match gap.why.is_unknown() {
            true => Mark::Unknown,
            false => Mark::Odd,
        };
        page.row(mark, "gap", &gap.to_string());
    }
    page
}

#[expect(clippy::disallowed_methods, reason = "a program has a clock")]
fn now() -> Instant {
    Instant::now()
}

#[expect(clippy::disallowed_methods, reason = "a program has a clock")]
fn unix_time() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    i64::try_from(since.unwrap_or(Duration::ZERO).as_secs()).unwrap_or(i64::MAX)
}
