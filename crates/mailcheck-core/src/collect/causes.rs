//! Looks why a TLS handshake failed, where the failure says it of this client alone.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use futures_util::stream::{self, StreamExt as _};
use mail_dns::Lookup;
use tls_inspect::{
    Capture, CauseUncertainty, FailureCauseReport, FailureSearch, FailureSearchOptions,
    HandshakeFailureKind,
};
use tokio::time::{Instant, timeout};

use super::{Collector, MARGIN, MAX_CONNECTIONS, instant, server_name};
use crate::{Profile, ServiceFacts};

/// How long one connection may take to come about, and to answer.
const A_CONNECTION: Duration = Duration::from_secs(5);

/// Whether it may be found out why a handshake failed that other clients need not fail at. Words in clear say it by themselves,
/// and after `421 too many connections` to come again at once would make it worse.
fn is_worth_asking(capture: &Capture) -> bool {
    let failure = capture.outcome.failure();
    failure.is_some_and(|failure| {
        let is_told = matches!(
            failure.kind,
            HandshakeFailureKind::NotTls | HandshakeFailureKind::Timeout | HandshakeFailureKind::Io
        );
        !is_told && !failure.is_conclusive()
    })
}

impl<L: Lookup> Collector<L> {
    /// Asks the servers at which a handshake failed once more, after all were looked at: over so many connections for an address,
    /// whatever its ports, one after the other. What comes so often is taken for an attack.
    pub(super) async fn causes(
        &self,
        services: &mut [ServiceFacts],
        profile: &Profile,
        until: Instant,
    ) {
        let mut addresses: BTreeMap<IpAddr, Vec<&mut ServiceFacts>> = BTreeMap::new();
        for service in services {
            let capture = service.observation().and_then(|seen| seen.tls.as_ref());
            if capture.is_some_and(is_worth_asking) {
                let of_address = addresses.entry(service.address.ip());
                of_address.or_default().push(service);
            }
        }
        // Collected first: a stream that holds the closure is not known to be `Send` for every lifetime.
        let mut searches = Vec::new();
        for (_, of_address) in addresses {
            searches.push(self.causes_at(of_address, profile, until));
        }
        let searches = stream::iter(searches).buffer_unordered(MAX_CONNECTIONS);
        searches.collect::<()>().await;
    }

    /// What must be served comes first, as the connections may not do for all.
    async fn causes_at(
        &self,
        mut services: Vec<&mut ServiceFacts>,
        profile: &Profile,
        until: Instant,
    ) {
        services.sort_by_key(|service| {
            let expectation = profile.expectation(service.address.port());
            !expectation.is_some_and(|expectation| expectation.required)
        });
        let mut left = FailureSearchOptions::DEFAULT_BUDGET;
        for service in services {
            service.causes = self.cause(service, left, until).await;
            left = match &service.causes {
                Some(report) if matches!(report.unknown, Some(CauseUncertainty::Refused(_))) => 0,
                Some(report) => left.saturating_sub(report.connections.len()),
                None => left,
            };
        }
    }

    /// Asks one server over as many connections at the most.
    async fn cause(
        &self,
        service: &ServiceFacts,
        connections: usize,
        until: Instant,
    ) -> Option<FailureCauseReport> {
        let capture = service.observation()?.tls.as_ref()?;
        let address = self.way_to(service.address).ok()?;
        let left = until.saturating_duration_since(instant());
        let left = left.saturating_sub(MARGIN);
        let random = std::array::from_fn(|_| fastrand::u8(..));
        let mut options = FailureSearchOptions::new(random)
            .with_budget(connections)
            .with_capture(capture.clone());
        if let Some(name) = server_name(service) {
            options = options.with_server_name(&name);
        }
        let probe = self.configure(service, left);
        let mut search = FailureSearch::new(options);
        let mut dialer = || probe.dial_for_tls(address);
        // What was found by then is kept.
        drop(timeout(left, search.run(&mut dialer, A_CONNECTION)).await);
        Some(search.report())
    }
}
