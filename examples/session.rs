//! What the examples about domains share: the command line, whom to ask, and what the outcomes come to.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use futures_util::stream::{self, StreamExt as _};
use indicatif::{ProgressBar, ProgressStyle};
use mail_dns::stub::{Server, StubConfig, StubResolver};
use mail_dns::{Answer, DomainName, Lookup, LookupError, RecordType, Recorder, Replay};
use mailcheck_lab::World;
use serde::Serialize;

use crate::terminal::{Page, count, say};

#[path = "program.rs"]
mod program;
#[path = "trust.rs"]
mod trust;

pub(crate) use program::{Outcome, start};

use program::{domain, seconds};

/// How many domains are looked at at a time.
const AT_A_TIME: usize = 8;

/// The arguments that all of them have.
#[derive(Debug, clap::Args)]
pub(crate) struct Asking {
    /// The domains to ask about; always taken as complete, whatever search list the system has.
    #[arg(value_name = "DOMAIN", value_parser = domain)]
    domains: Vec<DomainName>,

    /// Ask this DNS resolver in place of the system's: address, address:port, address#name over TLS, or address#name/path over
    /// HTTPS; may be given several times.
    #[arg(long, value_name = "ADDRESS", requires = "domains")]
    resolver: Vec<Server>,

    /// Trust the authorities in this PEM file too, for resolvers over TLS and HTTPS.
    #[arg(long, value_name = "FILE", requires = "resolver")]
    ca: Option<PathBuf>,

    /// Ask the built-in laboratory about the domains.
    #[arg(long, conflicts_with = "resolver")]
    from_lab: bool,

    /// The most time to take for a question, in seconds.
    #[arg(long, value_name = "SECONDS", default_value = "8", value_parser = seconds)]
    timeout: Duration,

    /// Print the facts as JSON, one object a line.
    #[arg(long)]
    json: bool,

    /// Keep all questions and answers in this file, as JSON.
    #[arg(long, value_name = "FILE", conflicts_with = "replay")]
    record: Option<PathBuf>,

    /// Ask nobody, and take the answers from a file that `--record` has made.
    #[arg(long, value_name = "FILE", conflicts_with = "resolver")]
    replay: Option<PathBuf>,
}

/// What was found out about a domain.
pub(crate) trait Facts: Serialize {
    /// The domain.
    fn domain(&self) -> &DomainName;
    /// What they come to, and why in a line.
    fn verdict(&self) -> (Outcome, String);
    /// All there is to say.
    fn tell(&self, page: &mut Page);
}

/// Whom to ask, and how to tell.
pub(crate) struct Session {
    asking: Asking,
    dns: Dns,
    laboratory: Option<World>,
}

/// Where answers come from.
pub(crate) enum Dns {
    Stub(StubResolver),
    Recorder(Recorder<StubResolver>),
    Replay(Replay),
}

impl Lookup for Dns {
    async fn lookup(
        &self,
        name: &DomainName,
        record_type: RecordType,
    ) -> Result<Answer, LookupError> {
        match self {
            Self::Stub(stub) => stub.lookup(name, record_type).await,
            Self::Recorder(recorder) => recorder.lookup(name, record_type).await,
            Self::Replay(replay) => replay.lookup(name, record_type).await,
        }
    }
}

impl Session {
    /// Asks the resolvers given, or the system's; without a domain, the laboratory. What is replayed is asked of nobody.
    pub(crate) async fn open(asking: Asking) -> Result<Self, String> {
        let mut laboratory = None;
        if asking.from_lab || asking.domains.is_empty() {
            let world = World::start().await;
            let world = world.map_err(|error| format!("the laboratory does not start: {error}"))?;
            laboratory = Some(world);
        }
        let dns = match &asking.replay {
            Some(file) => Dns::Replay(Replay::new(read_recording(file)?)),
            None => {
                let stub = StubResolver::new(asking.config(laboratory.as_ref())?);
                match &asking.record {
                    Some(file) => {
                        touch(file)?;
                        Dns::Recorder(Recorder::new(stub))
                    }
                    None => Dns::Stub(stub),
                }
            }
        };
        Ok(Self {
            asking,
            dns,
            laboratory,
        })
    }

    /// Where answers come from.
    pub(crate) fn dns(&self) -> &Dns {
        &self.dns
    }

    /// The domains of the command line, each with what is `given` for all; without any, those that the laboratory is to be asked
    /// about.
    pub(crate) fn subjects<T: Clone>(
        &self,
        given: T,
        tour: impl FnOnce(&World) -> Vec<(&'static str, T)>,
    ) -> Result<Vec<(DomainName, T)>, String> {
        match &self.laboratory {
            Some(world) if self.asking.domains.is_empty() => tour(world)
                .into_iter()
                .map(|(name, how)| {
                    let domain = name.parse().map_err(|error| format!("{name}: {error}"))?;
                    Ok((domain, how))
                })
                .collect(),
            _ => {
                let domains = self.asking.domains.iter().cloned();
                Ok(domains.map(|domain| (domain, given.clone())).collect())
            }
        }
    }

    /// Whether the laboratory is asked.
    pub(crate) fn is_in_laboratory(&self) -> bool {
        self.laboratory.is_some()
    }

    /// Looks at several domains at a time, and tells of each in its turn.
    pub(crate) async fn visit<S, F>(
        &self,
        subjects: Vec<S>,
        look: impl Fn(S) -> F,
    ) -> Result<Outcome, String>
    where
        F: Future,
        F::Output: Facts,
    {
        if self.is_in_laboratory() && !self.asking.json {
            say(
                "Domains of the laboratory, which ends with this program: to ask it by hand, keep one up by\n\
                 `cargo run --example lab`. (`--from-lab DOMAIN` tells of one.)\n",
            )?;
        }
        let bar = progress(subjects.len());
        let found = stream::iter(subjects).map(look).buffered(AT_A_TIME);
        let mut found = std::pin::pin!(found);
        let mut outcomes = Vec::new();
        while let Some(facts) = found.next().await {
            bar.inc(1);
            let text = if self.asking.json {
                serde_json::to_string(&facts).map_err(|error| error.to_string())?
            } else {
                let gap = if outcomes.is_empty() { "" } else { "\n" };
                let summary = self.summary(facts.domain());
                let page = page(&facts, summary, self.server());
                format!("{gap}{}", page.into_text())
            };
            bar.suspend(|| say(&text))?;
            outcomes.push(facts.verdict().0);
        }
        bar.finish_and_clear();
        if outcomes.len() > 1 && !self.asking.json {
            say(&tally(&outcomes))?;
        }
        self.keep()?;
        Ok(outcomes.into_iter().max().unwrap_or(Outcome::Yes))
    }

    /// Writes what was recorded, if that was asked for.
    fn keep(&self) -> Result<(), String> {
        let (Dns::Recorder(recorder), Some(file)) = (&self.dns, &self.asking.record) else {
            return Ok(());
        };
        let recording = recorder.recording();
        if recording.left_out > 0 {
            let exchanges = count(recording.left_out, "exchange");
            eprintln!("{}: {exchanges} more than it holds", file.display());
        }
        let text = serde_json::to_string(&recording).map_err(|error| error.to_string())?;
        fs::write(file, text + "\n").map_err(|error| format!("{}: {error}", file.display()))
    }

    /// The server to ask by hand, if it is not the system's.
    fn server(&self) -> Option<&Server> {
        self.asking.resolver.first()
    }

    /// What the laboratory has made a domain for.
    fn summary(&self, domain: &DomainName) -> Option<String> {
        let world = self.laboratory.as_ref()?;
        let policy = world.policy_domains().iter();
        let all = policy.map(|domain| (domain.name, domain.summary)).chain(
            world
                .domains()
                .iter()
                .map(|domain| (domain.name, domain.summary)),
        );
        let holds = |name: &str| {
            let name = name.parse::<DomainName>();
            name.is_ok_and(|name| domain.is_within(&name))
        };
        let (name, summary) = all.into_iter().find(|(name, _)| holds(name))?;
        let whose = if domain.to_string() == name {
            String::new()
        } else {
            format!("{name} ")
        };
        Some(format!("{whose}in the laboratory: {summary}"))
    }
}

impl Asking {
    /// How the network is asked, or the laboratory.
    fn config(&self, laboratory: Option<&World>) -> Result<StubConfig, String> {
        let mut config = if let Some(world) = laboratory {
            let mut config = StubConfig::new([world.resolver()]);
            // Everything is on this machine: what does not answer soon never will.
            config.attempt_timeout = Duration::from_millis(400);
            config
        } else if self.resolver.is_empty() {
            StubConfig::from_system().map_err(|error| format!("{error}; give one by --resolver"))?
        } else {
            let mut config = StubConfig::new(self.resolver.iter().cloned());
            config.tls = Some(trust::client(self.ca.as_deref())?);
            config
        };
        let most = if laboratory.is_some() { 1 } else { u64::MAX };
        config.deadline = self.timeout.min(Duration::from_secs(most));
        Ok(config)
    }
}

fn read_recording(file: &Path) -> Result<mail_dns::Recording, String> {
    let fault = |error: &dyn std::fmt::Display| format!("{}: {error}", file.display());
    let text = fs::read(file).map_err(|error| fault(&error))?;
    serde_json::from_slice(&text)
        .map_err(|error| fault(&format!("expected what --record makes: {error}")))
}

/// Finds out whether the file can be written before anybody is asked; what is in it stays until then.
fn touch(file: &Path) -> Result<(), String> {
    let opened = fs::OpenOptions::new().append(true).create(true).open(file);
    opened
        .map(drop)
        .map_err(|error| format!("{}: {error}", file.display()))
}

/// All about a domain, the verdict first.
pub(crate) fn page(facts: &impl Facts, remark: Option<String>, server: Option<&Server>) -> Page {
    let mut page = Page::for_stdout(server);
    let (outcome, text) = facts.verdict();
    let subject = facts.domain().to_string();
    page.headline(outcome.mark(), &subject, outcome.word(), &text);
    if let Some(remark) = remark {
        page.remark(&remark);
    }
    facts.tell(&mut page);
    page
}

fn tally(outcomes: &[Outcome]) -> String {
    let of = |wanted: Outcome| {
        let number = outcomes.iter().filter(|outcome| **outcome == wanted);
        let number = number.count();
        (number > 0).then(|| format!("{number} {}", wanted.word()))
    };
    let all = [Outcome::Yes, Outcome::No, Outcome::Broken, Outcome::Unknown];
    let parts: Vec<_> = all.into_iter().filter_map(of).collect();
    format!(
        "\n{}: {}",
        count(outcomes.len(), "domain"),
        parts.join(", ")
    )
}

/// On a terminal alone, and only until the next domain is told of.
fn progress(domains: usize) -> ProgressBar {
    let bar = ProgressBar::new(u64::try_from(domains).unwrap_or(u64::MAX));
    if let Ok(style) =
        ProgressStyle::with_template("{spinner} asking the DNS, {pos} of {len} domains done")
    {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
}
