//! Looks why a TLS handshake failed, where the failure says it of this client alone.

use std::net::SocketAddr;
use std::time::Duration;

use mail_dns::Lookup;
use smtp_probe::Probe;
use tls_inspect::{
    Capture, FailureCauseReport, FailureSearch, FailureSearchOptions, HandshakeFailureKind,
    ReferenceId,
};
use tokio::time::timeout;

use super::Collector;

/// How long one connection may take to come about, and to answer.
const A_CONNECTION: Duration = Duration::from_secs(5);

/// Whether it may be found out why a handshake failed that other clients need not fail at. Words in clear say it by themselves,
/// and after `421 too many connections` to come again at once would make it worse.
pub(super) fn is_worth_asking(capture: &Capture) -> bool {
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
    /// Asks a server at which a handshake failed, over some connections more, one after the other.
    pub(super) async fn causes(
        &self,
        probe: &Probe,
        address: SocketAddr,
        name: Option<&ReferenceId>,
        capture: &Capture,
        left: Duration,
    ) -> FailureCauseReport {
        let random = std::array::from_fn(|_| fastrand::u8(..));
        let mut options = FailureSearchOptions::new(random).with_capture(capture.clone());
        if let Some(name) = name {
            options = options.with_server_name(name);
        }
        let mut search = FailureSearch::new(options);
        let mut dialer = || probe.dial_for_tls(address);
        // What was found by then is kept.
        drop(timeout(left, search.run(&mut dialer, A_CONNECTION)).await);
        search.report()
    }
}
