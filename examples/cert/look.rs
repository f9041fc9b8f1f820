//! What is looked at of a server: a handshake and, where wanted, what tells more.

use std::net::SocketAddr;
use std::time::Duration;

use mail_dns::dane::{DaneHost, dane_host};
use mail_dns::stub::StubResolver;
use serde::Serialize;
use smtp_probe::{Observation, Probe, SessionOptions, StartTls, Timeouts};
use tls_inspect::{
    AlertDescription, Capture, Certificate, CryptoProvider, Der, DnsId, FailureCauseReport,
    FailureSearch, FailureSearchOptions, HandshakeFailure, HandshakeFailureKind, HandshakeOptions,
    Recorder, ReferenceId, Scan, ScanOptions, ScanReport, ServerKeyKind, TrustStore,
};
use tokio::io::AsyncReadExt as _;

use crate::arguments::{Arguments, Depth};
use crate::dane::is_secure;
use crate::judgement::Judgement;
use crate::outcome::Outcome;

/// How long a server that asked for a client certificate may take to refuse.
const LATE: Duration = Duration::from_secs(2);

/// What servers are looked at with.
pub(crate) struct Inspector<'a> {
    pub(crate) arguments: &'a Arguments,
    pub(crate) provider: CryptoProvider,
    /// The first is the one that senders are judged with.
    pub(crate) stores: Vec<TrustStore>,
    /// Who is asked for TLSA records, if anybody is.
    pub(crate) resolver: Option<StubResolver>,
    pub(crate) timeouts: Timeouts,
}

/// Where a server is.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) address: SocketAddr,
    /// Where it is connected to; another address in the laboratory.
    pub(crate) real: SocketAddr,
    /// The name of the host, if it is known.
    pub(crate) host: Option<String>,
    pub(crate) remark: Option<String>,
    /// Whether it is one of several of its name, so that no plan can be made from it alone.
    pub(crate) is_one_of_several: bool,
}

impl Place {
    pub(crate) fn new(address: SocketAddr, host: Option<String>) -> Self {
        Self {
            address,
            real: address,
            host,
            remark: None,
            is_one_of_several: false,
        }
    }

    /// The name that senders look for in the certificate.
    pub(crate) fn name(&self) -> Option<DnsId> {
        DnsId::parse(self.host.as_deref()?).ok()
    }

    fn reference(&self) -> ReferenceId {
        self.name()
            .map_or(ReferenceId::Ip(self.address.ip()), ReferenceId::Dns)
    }
}

/// What was seen of a server.
#[derive(Debug, Serialize)]
pub(crate) struct Seen {
    pub(crate) attempt: Attempt,
    /// Why the handshake failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) causes: Option<FailureCauseReport>,
    /// What came of the handshake for the other kind of key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) other_key: Option<OtherKey>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) scan: Option<ScanReport>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) dane: Option<DaneHost>,
}

/// What came of the way to a handshake.
#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Attempt {
    /// There was none, for this reason.
    NotBegun(Box<Observation>),
    Tls(Box<Capture>),
}

/// A handshake that took certificates of one kind of key only.
#[derive(Debug, Serialize)]
pub(crate) struct OtherKey {
    pub(crate) wanted: &'static str,
    pub(crate) attempt: Attempt,
}

impl Seen {
    pub(crate) fn capture(&self) -> Option<&Capture> {
        self.attempt.capture()
    }

    /// The chain that comes with the other kind of key.
    pub(crate) fn other_chain(&self) -> Option<&[Der]> {
        match self.other_key.as_ref()?.chain() {
            OtherChain::Sent(chain) => Some(chain),
            _ => None,
        }
    }
}

/// What a server sends to a client that takes the other kind of key only.
pub(crate) enum OtherChain<'a> {
    Sent(&'a [Der]),
    /// It has none: it refuses such clients by an alert that says so.
    None,
    NotKnown(String),
}

impl OtherKey {
    pub(crate) fn chain(&self) -> OtherChain<'_> {
        let capture = match &self.attempt {
            Attempt::Tls(capture) => capture,
            Attempt::NotBegun(_) => return OtherChain::NotKnown("no second connection".to_owned()),
        };
        match capture.outcome.failure() {
            _ if !capture.chain.is_empty() => OtherChain::Sent(&capture.chain),
            Some(failure) if has_nothing_in_common(failure) => OtherChain::None,
            Some(failure) => OtherChain::NotKnown(failure.to_string()),
            None => OtherChain::NotKnown("no certificate was sent".to_owned()),
        }
    }
}

/// Whether a server says that it has nothing of what the client takes (RFC 9846 §6.2). With another alert it may be in trouble, or
/// tired of this client.
fn has_nothing_in_common(failure: &HandshakeFailure) -> bool {
    let alert = failure.alert.map(|alert| alert.description);
    matches!(
        alert,
        Some(AlertDescription::HANDSHAKE_FAILURE | AlertDescription::INSUFFICIENT_SECURITY)
    )
}

/// The kind of key that a server did not show.
pub(crate) fn other_kind(capture: &Capture) -> (ServerKeyKind, &'static str) {
    let leaf = capture.chain.first().map(Der::as_bytes);
    let leaf = leaf.and_then(|leaf| Certificate::parse(leaf).ok());
    match leaf.is_some_and(|leaf| leaf.key.algorithm == "RSA") {
        true => (ServerKeyKind::Ecdsa, "ECDSA"),
        false => (ServerKeyKind::Rsa, "RSA"),
    }
}

impl Attempt {
    pub(crate) fn capture(&self) -> Option<&Capture> {
        match self {
            Self::Tls(capture) => Some(capture),
            Self::NotBegun(_) => None,
        }
    }

    /// Whether the server does not offer to begin TLS.
    pub(crate) fn is_not_offered(&self) -> bool {
        matches!(self, Self::NotBegun(seen) if seen.starttls == StartTls::NotOffered)
    }
}

/// All about a server, as JSON has it.
#[derive(Debug, Serialize)]
pub(crate) struct Look {
    pub(crate) address: SocketAddr,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) host: Option<String>,
    pub(crate) now_unix: i64,
    pub(crate) outcome: Outcome,
    pub(crate) because: String,
    /// What is to be seen to, though it works.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) warnings: Vec<String>,
    #[serde(flatten)]
    pub(crate) seen: Seen,
    #[serde(flatten)]
    pub(crate) judgement: Judgement,
    #[serde(skip)]
    pub(crate) place: Place,
    #[serde(skip)]
    pub(crate) is_implicit: bool,
}

impl Inspector<'_> {
    /// Looks at a server, and judges what was seen.
    pub(crate) async fn look(&self, place: Place) -> Look {
        let seen = self.see(&place).await;
        let now = now_unix();
        Look::new(self, place, seen, now)
    }

    async fn see(&self, place: &Place) -> Seen {
        let wanted = self.arguments;
        let attempt = self.handshake(place, &HandshakeOptions::new()).await;
        let mut seen = Seen {
            attempt,
            causes: None,
            other_key: None,
            scan: None,
            dane: self.dane(place).await,
        };
        let Attempt::Tls(capture) = &seen.attempt else {
            return seen;
        };
        let late = capture.late_failure.as_ref();
        let failure = capture.outcome.failure().or(late);
        if let Some(failure) = failure {
            // Plaintext says by itself what it is.
            if failure.kind != HandshakeFailureKind::NotTls {
                seen.causes = Some(self.search(place, capture).await);
            }
        } else if wanted.keys || seen.dane.as_ref().is_some_and(is_secure) {
            // Records may be for the other key, and are no use to a plan that does not know of it.
            seen.other_key = self.other_key(place, capture).await;
        }
        if let Some(depth) = wanted.scan {
            seen.scan = Some(self.scan(place, depth).await);
        }
        seen
    }

    fn probe(&self, place: &Place) -> Probe {
        let security = self.arguments.security.security(place.address.port());
        let name = self.arguments.reach.ehlo_name();
        let options = SessionOptions::new(name, security).with_timeouts(self.timeouts);
        Probe::with_options(options, self.provider.clone())
    }

    async fn handshake(&self, place: &Place, options: &HandshakeOptions) -> Attempt {
        let stream = match self.probe(place).connect_for_tls(place.real).await {
            Ok(stream) => stream,
            Err(observation) => {
                return match &observation.tls {
                    // The peer spoke where it should have listened.
                    Some(capture) => Attempt::Tls(Box::new(capture.clone())),
                    None => Attempt::NotBegun(observation),
                };
            }
        };
        let recorder = Recorder::new(self.provider.clone()).with_timeout(self.timeouts.handshake);
        let recorder = match recorder.clone().with_options(options) {
            Ok(recorder) => recorder,
            // Both kinds of key are within what the provider has.
            Err(_) => recorder,
        };
        let recorded = recorder.record(stream, &place.reference()).await;
        let mut capture = recorded.capture;
        if let Some(mut stream) = recorded.stream {
            // Under TLS 1.3 a server refuses clients without a certificate only afterwards.
            if capture.client_certificate_request.is_some() {
                let read = stream.read_u8();
                drop(tokio::time::timeout(LATE, read).await);
                capture.late_failure = stream.late_failure().cloned();
            }
            let leaving = tokio::io::AsyncWriteExt::shutdown(&mut stream);
            // The capture is there; how the connection ends changes nothing.
            drop(tokio::time::timeout(LATE, leaving).await);
        }
        Attempt::Tls(Box::new(capture))
    }

    async fn dane(&self, place: &Place) -> Option<DaneHost> {
        let name = place.host.as_deref()?.parse().ok()?;
        Some(dane_host(self.resolver.as_ref()?, &name, place.address.port()).await)
    }

    async fn search(&self, place: &Place, capture: &Capture) -> FailureCauseReport {
        let options = FailureSearchOptions::new(random())
            .with_server_name(&place.reference())
            .with_capture(capture.clone());
        let mut search = FailureSearch::new(options);
        let probe = self.probe(place);
        let mut dial = || probe.dial_for_tls(place.real);
        search.run(&mut dial, self.timeouts.session).await;
        search.report()
    }

    async fn scan(&self, place: &Place, depth: Depth) -> ScanReport {
        let options = match depth {
            Depth::Quick => ScanOptions::quick(random()),
            Depth::Full => ScanOptions::full(random()),
        };
        let options = match place.name() {
            Some(name) => options.with_server_name(name),
            None => options,
        };
        let mut scan = Scan::new(options);
        let probe = self.probe(place);
        let mut dial = || probe.dial_for_tls(place.real);
        scan.run(&mut dial, self.timeouts.session).await;
        scan.report()
    }

    /// Whether the server has a certificate with the kind of key that it did not show.
    async fn other_key(&self, place: &Place, capture: &Capture) -> Option<OtherKey> {
        let leaf = capture.chain.first()?;
        Certificate::parse(leaf.as_bytes()).ok()?;
        let (kind, wanted) = other_kind(capture);
        let options = HandshakeOptions::new().with_server_key(kind);
        let attempt = self.handshake(place, &options).await;
        Some(OtherKey { wanted, attempt })
    }
}

fn random() -> [u8; 32] {
    std::array::from_fn(|_| fastrand::u8(..))
}

#[expect(
    clippy::disallowed_methods,
    reason = "certificates are judged at the time of the run"
)]
pub(crate) fn now_unix() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::SystemTime::UNIX_EPOCH);
    i64::try_from(since.unwrap_or_default().as_secs()).unwrap_or(i64::MAX)
}
