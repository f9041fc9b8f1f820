//! The stub resolver against servers on loopback that misbehave in every way it is built for.

mod answers;
mod bounds;
mod direct;
mod dnssec;
#[cfg(feature = "dns-over-https")]
mod encrypted;
mod failures;
mod lab;
mod responder;
mod sharing;

use std::time::{Duration, Instant};

use mail_dns::stub::{Server, StubConfig, StubResolver};
use mail_dns::{Answer, Lookup, LookupError, RecordType};

use crate::responder::Responder;

/// Long enough for a loaded machine, short enough for a test.
const PATIENCE: Duration = Duration::from_secs(5);

fn config<'a>(responders: impl IntoIterator<Item = &'a Responder>) -> StubConfig {
    let mut config = StubConfig::new(responders.into_iter().map(|responder| responder.address));
    config.attempt_timeout = Duration::from_secs(2);
    config.deadline = PATIENCE;
    config
}

fn resolver<'a>(responders: impl IntoIterator<Item = &'a Responder>) -> StubResolver {
    StubResolver::new(config(responders))
}

/// Whose AD bit is not believed.
fn untrusting(responder: &Responder) -> StubResolver {
    StubResolver::new(StubConfig::new([
        Server::new(responder.address).with_trusted(false)
    ]))
}

async fn ask(dns: &impl Lookup, name: &str) -> Result<Answer, LookupError> {
    dns.lookup(&name.parse().expect("a name"), RecordType::A)
        .await
}

#[expect(
    clippy::disallowed_methods,
    reason = "deadlines are measured from outside"
)]
fn now() -> Instant {
    Instant::now()
}
