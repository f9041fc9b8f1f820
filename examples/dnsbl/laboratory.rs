//! The lists of the built-in laboratory: good ones, and those that refuse, lie, are dead or do not answer.

use std::sync::Arc;
use std::time::Duration;

use dnsbl::{Catalogue, Keys, ListSet, Subject};
use mail_dns::stub::{StubConfig, StubResolver};
use mailcheck_lab::World;
use tokio::time::Instant;

use crate::arguments::{self, Arguments};
use crate::lists;
use crate::look::Outcome;
use crate::page::Told;
use crate::run::{Bounded, Desk};
use crate::terminal::say;

/// The catalogue.
const LISTS: &str = include_str!("laboratory.toml");
/// Everything is on this machine: what does not answer soon never will.
const PATIENCE: Duration = Duration::from_millis(400);
/// Its random controls are among the addresses that other hosts of the laboratory have; these are not listed.
const NONCE: u64 = 1;

/// What the tour asks of the lists that work, and what is to be seen by it.
const TOUR: [(&str, &str); 6] = [
    ("192.0.2.10", "a good host, which an allowlist vouches for"),
    (
        "203.0.113.67",
        "a dynamic address: a policy, not an accusation",
    ),
    ("2001:db8:bad:1::25", "an address in a listed network"),
    ("www.listed.test", "a host below a listed domain"),
    ("good.test", "a good domain"),
    (
        "10.0.0.1",
        "a private address, which no list is asked about",
    ),
];

/// Asks about the subjects given, or takes the tour.
pub(crate) async fn run(arguments: &Arguments, keys: Keys, until: Instant) -> Result<u8, String> {
    let world = World::start().await;
    let world = world.map_err(|error| format!("the laboratory does not start: {error}"))?;
    let all = Catalogue::from_toml(LISTS).map_err(|error| error.to_string())?;
    let desk = |sets: &[ListSet]| {
        let catalogue = lists::select(all.clone(), &arguments.lists, sets)?;
        let lookup = Bounded {
            resolver: resolver(&world),
            until,
        };
        let desk = Desk::new(arguments, catalogue, keys.clone(), lookup, NONCE);
        Ok::<_, String>(desk.in_laboratory())
    };
    if !arguments.subjects.is_empty() || arguments.doctor {
        return Ok(desk(&[ListSet::Default, ListSet::Wide])?
            .serve(arguments)
            .await?
            .exit_code());
    }
    let heading = |text: &str| match arguments.json {
        true => Ok(()),
        false => say(text),
    };
    heading("Lists of the laboratory, the good and the bad, about a host that is listed:\n")?;
    let listed = (subject("203.0.113.66")?, None);
    let every = desk(&[ListSet::Default, ListSet::Wide])?;
    let mut worst = every
        .visit(vec![listed], Outcome::Clean, &mut Told::default())
        .await?;
    heading("\nWhich of them serve this resolver (`dnsbl --doctor`):\n")?;
    worst = worst.max(every.examine().await?);
    heading("\nThe lists that work, about others:\n")?;
    let good = desk(&[ListSet::Default])?;
    let mut told = Told::default();
    let others = TOUR.map(|(text, remark)| Ok((subject(text)?, Some(remark.to_owned()))));
    let others = others.into_iter().collect::<Result<Vec<_>, String>>()?;
    worst = worst.max(good.visit(others, Outcome::Clean, &mut told).await?);
    heading("\nThe addresses that a domain sends from (`dnsbl --from-spf DOMAIN`):\n")?;
    worst = worst.max(tell_senders(&good, &mut told).await?);
    Ok(worst.exit_code())
}

async fn tell_senders(desk: &Desk<Arc<Bounded>>, told: &mut Told) -> Result<Outcome, String> {
    let domain = "listed.test".parse().map_err(|error| format!("{error}"))?;
    let (subjects, outcome) = desk.senders(&domain).await?;
    desk.visit(subjects, outcome, told).await
}

fn subject(text: &str) -> Result<Subject, String> {
    arguments::subject(text)
}

fn resolver(world: &World) -> StubResolver {
    let mut config = StubConfig::new([world.resolver()]);
    config.attempt_timeout = PATIENCE;
    config.deadline = PATIENCE * 2;
    StubResolver::new(config)
}
