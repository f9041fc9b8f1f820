//! The driver: it moves octets and time between a [`Session`] and the network, and takes no decision.

use std::future::poll_fn;
use std::io;
use std::mem::MaybeUninit;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tls_inspect::{
    CryptoProvider, DialError, HandshakeFailure, RecordedStream, Recorder, ReferenceId,
};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio::time::{Instant, timeout_at};

use crate::config::{EhloName, Security, SessionOptions, Timeouts};
use crate::envelope::Envelope;
use crate::observation::{Cause, Observation, Outcome, Phase, PortState, StartTls, Stop};
use crate::proxy_header::ProxyHeader;
use crate::reply::ReplyLimits;
use crate::session::{Output, Session};
use crate::suite::{SuiteTest, Verdict};

mod connect;

pub use connect::PromptStream;

/// How many octets are read at a time.
const CHUNK: usize = 4096;
/// How long to look, after a failed write, for the server's last words (RFC 5321 §3.8: a 421 may be waiting).
const LAST_WORDS: Duration = Duration::from_millis(200);
/// Longer than any session.
const FOREVER: Duration = Duration::from_secs(86_400 * 365);

/// Looks at one port of one address.
///
/// It makes one TCP connection, with `TCP_NODELAY`, and never exceeds [`Timeouts::session`]. Dropping the future closes the
/// connection at once.
///
/// It connects to whatever address it is given: whether an address may be contacted is for the caller to say.
///
/// # Examples
///
/// ```no_run
/// use smtp_probe::{Probe, Security};
/// use tls_inspect::{CryptoProvider, ReferenceId};
///
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// let probe = Probe::new("probe.example.com".parse()?, Security::StartTls, CryptoProvider::aws_lc_rs())
///     .with_server_name(ReferenceId::parse("mx.example.net")?);
/// let observation = probe.run("192.0.2.1:25".parse()?).await;
/// println!("{}: {:?}", observation.port, observation.outcome);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Probe {
    options: SessionOptions,
    recorder: Recorder,
    server_name: Option<ReferenceId>,
    local_address: Option<IpAddr>,
}

impl Probe {
    /// A probe with the usual timeouts and limits.
    #[must_use]
    pub fn new(name: EhloName, security: Security, provider: CryptoProvider) -> Self {
        Self::with_options(SessionOptions::new(name, security), provider)
    }

    /// A probe whose sessions go by these options.
    #[must_use]
    pub fn with_options(options: SessionOptions, provider: CryptoProvider) -> Self {
        Self {
            options,
            recorder: Recorder::new(provider),
            server_name: None,
            local_address: None,
        }
    }

    /// How its sessions go; needed for [`Observation::replay`].
    #[must_use]
    pub fn options(&self) -> &SessionOptions {
        &self.options
    }

    /// The same with other timeouts.
    #[must_use]
    pub fn with_timeouts(mut self, timeouts: Timeouts) -> Self {
        self.options = self.options.with_timeouts(timeouts);
        self
    }

    /// The same with other limits of a reply.
    #[must_use]
    pub fn with_limits(mut self, limits: ReplyLimits) -> Self {
        self.options = self.options.with_limits(limits);
        self
    }

    /// The same with STARTTLS where it is not offered; see [`SessionOptions::trying_unoffered_starttls`].
    #[must_use]
    pub fn trying_unoffered_starttls(mut self) -> Self {
        self.options = self.options.trying_unoffered_starttls();
        self
    }

    /// The same with an envelope; see [`SessionOptions::with_envelope`].
    #[must_use]
    pub fn with_envelope(mut self, envelope: Envelope) -> Self {
        self.options = self.options.with_envelope(envelope);
        self
    }

    /// The same with a header of the PROXY protocol before everything else.
    #[must_use]
    pub fn with_proxy_header(mut self, header: ProxyHeader) -> Self {
        self.options = self.options.with_proxy_header(header);
        self
    }

    /// The same for a server of this name, which is sent in the TLS handshake (RFC 6066 §3). Without it none is sent.
    #[must_use]
    pub fn with_server_name(mut self, name: ReferenceId) -> Self {
        self.server_name = Some(name);
        self
    }

    /// The same with this recorder for the handshakes: one that offers something else, say. The time that it allows is not looked
    /// at, as the session has timeouts of its own.
    #[must_use]
    pub fn with_recorder(mut self, recorder: Recorder) -> Self {
        self.recorder = recorder;
        self
    }

    /// The same from this address of this host.
    #[must_use]
    pub fn with_local_address(mut self, address: IpAddr) -> Self {
        self.local_address = Some(address);
        self
    }

    /// Connects, and holds a session.
    pub async fn run(&self, address: SocketAddr) -> Observation {
        let clock = Clock::start();
        match self.open(address, &clock).await {
            Ok(stream) => {
                let session = self.session().connected(address, clock.now());
                self.drive(session, stream, Some(address.ip()), &clock)
                    .await
            }
            Err(observation) => observation,
        }
    }

    /// Connects, speaks up to where TLS is the next thing to be spoken, and hands the stream over: at once with
    /// [`Security::Implicit`], and after the reply to STARTTLS with [`Security::StartTls`]. So whoever knows more of TLS than a
    /// session does, as a scan of its versions, comes to a stream to try it on.
    ///
    /// The connection is the caller's from there, and so is the time that it takes.
    ///
    /// ```no_run
    /// # async fn look() -> Result<(), Box<dyn std::error::Error>> {
    /// use smtp_probe::{Probe, Security};
    /// use tls_inspect::{CryptoProvider, Recorder, ReferenceId};
    ///
    /// let provider = CryptoProvider::aws_lc_rs();
    /// let probe = Probe::new("probe.example.com".parse()?, Security::StartTls, provider.clone());
    /// match probe.connect_for_tls("192.0.2.1:25".parse()?).await {
    ///     Ok(stream) => {
    ///         let name = ReferenceId::parse("mx.example.net")?;
    ///         println!("{:?}", Recorder::new(provider).record(stream, &name).await.capture);
    ///     }
    ///     Err(observation) => println!("STARTTLS: {}", observation.starttls_verdict()),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The whole observation, if there is no such place: there is no connection, the session ended before, or STARTTLS is not
    /// offered, refused, or followed by octets in the clear.
    pub async fn connect_for_tls(
        &self,
        address: SocketAddr,
    ) -> Result<PromptStream, Box<Observation>> {
        let clock = Clock::start();
        let stream = self.open(address, &clock).await?;
        let mut session = self.session().connected(address, clock.now());
        let mut channel = Channel::Clear(stream);
        while let Some(_until) = self.advance(&mut session, &mut channel, &clock).await {
            if channel.read_now(&mut session, &clock).await == 0
                && let Some(stream) = channel.take_clear()
            {
                return Ok(stream);
            }
        }
        Err(Box::new(self.end(session, channel, &clock).await))
    }

    /// The same, for whoever makes one connection after the other, as a [`Scan`](tls_inspect::Scan) does: whatever a server says
    /// in place of going on to TLS is a no, after which it is not asked again.
    ///
    /// ```no_run
    /// # async fn look() -> Result<(), Box<dyn std::error::Error>> {
    /// use smtp_probe::{Probe, Security};
    /// use tls_inspect::{CryptoProvider, Scan, ScanOptions};
    ///
    /// let address = "192.0.2.1:25".parse()?;
    /// let probe = Probe::new("probe.example.com".parse()?, Security::StartTls, CryptoProvider::aws_lc_rs());
    /// let mut scan = Scan::new(ScanOptions::quick([7; 32]));
    /// scan.run(&mut || probe.dial_for_tls(address), std::time::Duration::from_secs(10)).await;
    /// println!("{:?}", scan.report().versions);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// That the server refuses, or that there was no connection for a reason that says nothing about it.
    pub async fn dial_for_tls(&self, address: SocketAddr) -> Result<PromptStream, DialError> {
        let seen = match self.connect_for_tls(address).await {
            Ok(stream) => return Ok(stream),
            Err(seen) => seen,
        };
        let is_said = seen.stop().is_some_and(|stop| stop.reply.is_some());
        let is_refused = matches!(seen.starttls, StartTls::Refused(_) | StartTls::NotOffered);
        let words = match (seen.stop(), &seen.starttls) {
            (Some(stop), _) => stop.to_string(),
            (None, StartTls::Refused(reply)) => format!("STARTTLS is refused: {reply}"),
            (None, StartTls::NotOffered) => "STARTTLS is not offered".to_owned(),
            (None, _) => format!("no TLS was begun, and the port is {}", seen.port),
        };
        Err(
            match is_said || is_refused || seen.port == PortState::Refused {
                true => DialError::Refused(words),
                false => DialError::Unreachable(words),
            },
        )
    }

    /// A connection, or what its failure says of the port.
    async fn open(&self, address: SocketAddr, clock: &Clock) -> Result<PromptStream, Observation> {
        let timeouts = self.options.timeouts;
        let until = clock.at(timeouts.connect.min(timeouts.session));
        let connected = timeout_at(until, connect::connect(address, self.local_address)).await;
        let state = match connected {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => connect::classify(&error, address),
            Err(_) => PortState::Filtered,
        };
        let mut stop = Stop::new(Phase::Connect, Cause::NotConnected);
        stop.elapsed = clock.now();
        let mut observation = Observation::new(Some(address), state, Outcome::Stopped(stop));
        observation.timings.total = clock.now();
        Err(observation)
    }

    /// Runs a test: a session as the test has it, and what it says.
    pub async fn test(&self, test: &SuiteTest, address: SocketAddr) -> (Verdict, Observation) {
        let mut probe = self.clone();
        probe.options = test.options(&self.options);
        let observation = probe.run(address).await;
        (test.judge(&observation), observation)
    }

    /// Holds a session over a stream of the caller's.
    pub async fn run_on<S>(&self, stream: S) -> Observation
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        self.drive(self.session(), stream, None, &Clock::start())
            .await
    }

    fn session(&self) -> Session {
        Session::with_options(self.options.clone())
    }

    async fn drive<S>(
        &self,
        mut session: Session,
        stream: S,
        address: Option<IpAddr>,
        clock: &Clock,
    ) -> Observation
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let mut channel = Channel::Clear(stream);
        while let Some(until) = self.advance(&mut session, &mut channel, clock).await {
            if channel.read_now(&mut session, clock).await > 0 {
                continue;
            }
            let left = until.saturating_sub(clock.now());
            let recorder = self.recorder.clone().with_timeout(left);
            if let Some(stream) = channel.take_clear() {
                let recorded = recorder.record(stream, &self.reference(address)).await;
                channel = recorded
                    .stream
                    .map_or(Channel::Closed, |stream| Channel::Tls(Box::new(stream)));
                session.handle_tls(recorded.capture, clock.now());
            }
        }
        self.end(session, channel, clock).await
    }

    /// Moves the session on until TLS is the next thing to be spoken, and says by when; none at its end.
    async fn advance<S>(
        &self,
        session: &mut Session,
        channel: &mut Channel<S>,
        clock: &Clock,
    ) -> Option<Duration>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let end = self.options.timeouts.session;
        loop {
            if session.is_about_to_send() {
                channel.read_now(session, clock).await;
            }
            match session.poll_output(clock.now()) {
                Output::Send { octets, until } => {
                    match timeout_at(clock.at(until), channel.send(&octets)).await {
                        Ok(Ok(())) => {}
                        Ok(Err(error)) => {
                            let until = (clock.now() + LAST_WORDS).min(end);
                            let told = channel.last_words(session, clock, until).await;
                            let cause = told.as_ref().map_or_else(|| cause(&error), cause);
                            session.handle_error(cause, clock.now());
                        }
                        Err(_) => session.handle_timeout(clock.now()),
                    }
                }
                Output::Receive { until } => {
                    match timeout_at(clock.at(until), channel.read(session, clock)).await {
                        Ok(Ok(0)) => session.handle_eof(clock.now()),
                        Ok(Ok(_)) => {}
                        Ok(Err(error)) => session.handle_error(cause(&error), clock.now()),
                        Err(_) => session.handle_timeout(clock.now()),
                    }
                }
                Output::StartTls { until } => return Some(until),
                Output::Done => return None,
            }
        }
    }

    async fn end<S>(&self, session: Session, mut channel: Channel<S>, clock: &Clock) -> Observation
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let mut observation = session.into_observation(clock.now());
        if let (Channel::Tls(stream), Some(capture)) = (&channel, &mut observation.tls) {
            capture.late_failure = stream.late_failure().cloned();
        }
        let end = self.options.timeouts.session;
        let until = clock.at((clock.now() + LAST_WORDS).min(end));
        channel.close(until).await;
        observation
    }

    /// Whom the handshake is for; an address sends no name (RFC 6066 §3).
    fn reference(&self, address: Option<IpAddr>) -> ReferenceId {
        let unnamed = IpAddr::from([0, 0, 0, 0]);
        self.server_name
            .clone()
            .unwrap_or_else(|| ReferenceId::Ip(address.unwrap_or(unnamed)))
    }
}

/// A connection, before TLS and in it.
enum Channel<S> {
    Clear(S),
    Tls(Box<RecordedStream<S>>),
    Closed,
}

impl<S> Channel<S>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    async fn send(&mut self, octets: &[u8]) -> io::Result<()> {
        match self {
            Self::Clear(stream) => {
                stream.write_all(octets).await?;
                stream.flush().await
            }
            Self::Tls(stream) => {
                stream.write_all(octets).await?;
                stream.flush().await
            }
            Self::Closed => Err(io::ErrorKind::NotConnected.into()),
        }
    }

    /// Hands what comes to the session; how many octets that were, 0 at the end of the stream.
    async fn read(&mut self, session: &mut Session, clock: &Clock) -> io::Result<usize> {
        poll_fn(|context| self.poll_read(context, session, clock)).await
    }

    /// What has already arrived, without waiting.
    async fn read_now(&mut self, session: &mut Session, clock: &Clock) -> usize {
        // The runtime learns here of what the kernel holds.
        tokio::task::yield_now().await;
        poll_fn(|context| {
            Poll::Ready(match self.poll_read(context, session, clock) {
                Poll::Ready(Ok(count)) => count,
                Poll::Ready(Err(_)) | Poll::Pending => 0,
            })
        })
        .await
    }

    /// The buffer lives no longer than the call: a probe that waits holds none.
    fn poll_read(
        &mut self,
        context: &mut Context<'_>,
        session: &mut Session,
        clock: &Clock,
    ) -> Poll<io::Result<usize>> {
        let mut octets = [const { MaybeUninit::uninit() }; CHUNK];
        let mut buffer = ReadBuf::uninit(&mut octets);
        let read = match self {
            Self::Clear(stream) => Pin::new(stream).poll_read(context, &mut buffer),
            Self::Tls(stream) => Pin::new(stream.as_mut()).poll_read(context, &mut buffer),
            Self::Closed => Poll::Ready(Ok(())),
        };
        read.map_ok(|()| {
            let octets = buffer.filled();
            session.handle_input(octets, clock.now());
            octets.len()
        })
    }

    /// After a failed write: what the server said before it closed; and how TLS failed, if it did, which tells more than the write.
    async fn last_words(
        &mut self,
        session: &mut Session,
        clock: &Clock,
        until: Duration,
    ) -> Option<io::Error> {
        loop {
            match timeout_at(clock.at(until), self.read(session, clock)).await {
                Ok(Ok(count)) if count > 0 => {}
                Ok(Err(error)) if error.kind() == io::ErrorKind::InvalidData => return Some(error),
                _ => return None,
            }
        }
    }

    /// The stream before TLS, to begin TLS on.
    fn take_clear(&mut self) -> Option<S> {
        match std::mem::replace(self, Self::Closed) {
            Self::Clear(stream) => Some(stream),
            Self::Tls(_) | Self::Closed => None,
        }
    }

    /// Says goodbye to the transport; a server that does not take it in time is left alone.
    async fn close(&mut self, until: Instant) {
        let closing = async {
            match self {
                Self::Clear(stream) => stream.shutdown().await,
                Self::Tls(stream) => stream.shutdown().await,
                Self::Closed => Ok(()),
            }
        };
        // There is nobody left to tell.
        drop(timeout_at(until, closing).await);
    }
}

/// What a failure of the connection means for the session.
fn cause(error: &io::Error) -> Cause {
    match error.kind() {
        io::ErrorKind::ConnectionReset
        | io::ErrorKind::ConnectionAborted
        | io::ErrorKind::BrokenPipe => Cause::Reset,
        io::ErrorKind::UnexpectedEof => Cause::Closed,
        // So rustls reports its own errors.
        io::ErrorKind::InvalidData => Cause::TlsBroken(HandshakeFailure::from_io_error(error)),
        _ => Cause::Network(error.to_string()),
    }
}

/// The time since the probe began.
struct Clock {
    started: Instant,
}

impl Clock {
    fn start() -> Self {
        Self { started: instant() }
    }

    fn now(&self) -> Duration {
        instant().duration_since(self.started)
    }

    fn at(&self, time: Duration) -> Instant {
        // A time past what the clock holds is never reached.
        self.started
            .checked_add(time)
            .unwrap_or_else(|| self.started + FOREVER)
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place where the driver reads the clock"
)]
fn instant() -> Instant {
    Instant::now()
}

// They need a provider of either kind.
#[cfg(all(test, any(feature = "aws-lc-rs", feature = "ring")))]
mod tests;
