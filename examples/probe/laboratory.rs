//! The built-in laboratory: mail servers on loopback, good and hostile ones.

use std::net::SocketAddr;
use std::time::Duration;

use futures_util::stream::{self, StreamExt as _};
use mailcheck_lab::World;
use smtp_probe::{PortState, Probe, Timeouts};
use tls_inspect::CryptoProvider;

use crate::arguments::Arguments;
use crate::outcome::Outcome;
use crate::run::{self, Look, say};
use crate::telling;

/// How many servers are looked at at a time.
const AT_A_TIME: usize = 8;
/// Everything is on this machine: what does not answer soon never will.
const PATIENCE: Duration = Duration::from_secs(2);

/// Every server on an IPv4 address: the first in full, the others in a line.
pub(crate) async fn tour(arguments: &Arguments) -> Result<u8, String> {
    let world = World::start()
        .await
        .map_err(|error| format!("the laboratory does not start: {error}"))?;
    let routes: Vec<_> = world
        .routes()
        .filter(|(logical, _)| logical.is_ipv4())
        .collect();
    let looks = stream::iter(routes)
        .map(|(logical, real)| look(arguments, logical, real))
        .buffered(AT_A_TIME);
    let mut looks = std::pin::pin!(looks);
    let (mut worst, mut count, mut closed) = (Outcome::Works, 0, 0);
    while let Some(look) = looks.next().await {
        let look = look?;
        // Most hosts have one port, and the others of them tell nothing new.
        if look.seen.port == PortState::Refused && look.address.port() != 25 {
            closed += 1;
            continue;
        }
        if arguments.json || count == 0 {
            run::print(arguments, &look)?;
            if !arguments.json {
                say("\nThe other servers of the laboratory, a line each:\n")?;
            }
        } else {
            say(&telling::headline(&look))?;
        }
        count += 1;
        worst = worst.max(look.outcome);
    }
    if !arguments.json {
        let attempts = world.stats();
        let mail = match attempts.is_zero() {
            true => "no mail sent".to_owned(),
            false => format!("{attempts:?}"),
        };
        say(&format!(
            "\n{count} ports looked at, {closed} more that refuse; {mail}"
        ))?;
    }
    Ok(worst.exit_code())
}

async fn look(
    arguments: &Arguments,
    logical: SocketAddr,
    real: SocketAddr,
) -> Result<Look, String> {
    let probe = run::probe(arguments, logical, None)?;
    let mut timeouts = Timeouts::default().within(PATIENCE);
    timeouts.connect = PATIENCE / 2;
    let options = probe.options().clone().with_timeouts(timeouts);
    let probe = Probe::with_options(options, CryptoProvider::aws_lc_rs());
    let mut seen = probe.run(real).await;
    seen.address = Some(logical);
    Ok(Look::new(logical, None, probe.options().clone(), seen))
}
