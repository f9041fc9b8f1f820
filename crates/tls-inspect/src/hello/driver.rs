//! Moves octets and time between a hello and the network, and takes no decision.

use std::fmt;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::time::timeout;

use crate::{ClientHello, FailureSearch, HelloAnswer, HelloError, HelloProbe, HelloProgress, Scan};

/// How many octets are read at a time.
const CHUNK: usize = 4096;
/// How long a server may take to accept that we leave.
const FAREWELL: Duration = Duration::from_millis(200);

/// Sends one ClientHello over `stream`, reads the answer within `limit`, takes leave and closes.
///
/// TLS must be the next thing to be spoken on the stream, and nothing received may be left in a
/// buffer outside it. Whatever happens on the stream is a result, see
/// [`HelloOutcome`](crate::HelloOutcome).
///
/// ```no_run
/// # async fn look() -> Result<(), Box<dyn std::error::Error>> {
/// use std::time::Duration;
/// use tls_inspect::{ClientHello, send_hello};
///
/// let stream = tokio::net::TcpStream::connect("192.0.2.1:465").await?;
/// let hello = ClientHello::small([7; 32]).with_server_name(&"mx.example.org".parse()?);
/// let answer = send_hello(stream, &hello, Duration::from_secs(10)).await?;
/// println!("{:?}", answer.outcome);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// If the hello cannot be sent as it is, see [`ClientHello::to_records`].
pub async fn send_hello<S>(
    mut stream: S,
    hello: &ClientHello,
    limit: Duration,
) -> Result<HelloAnswer, HelloError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut probe = HelloProbe::new(hello)?;
    if timeout(limit, exchange(&mut stream, &mut probe))
        .await
        .is_err()
    {
        probe.handle_timeout();
    }
    let leaving = async {
        stream.write_all(&probe.farewell()).await?;
        stream.shutdown().await
    };
    // The answer is there; how the connection ends changes nothing.
    drop(timeout(FAREWELL, leaving).await);
    Ok(probe.finish())
}

async fn exchange<S>(stream: &mut S, probe: &mut HelloProbe)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let output = probe.output().to_vec();
    // A server that closed early may have said why, so a failed write is kept until all is read.
    let written = match stream.write_all(&output).await {
        Ok(()) => stream.flush().await,
        Err(error) => Err(error),
    };
    let mut chunk = vec![0; CHUNK];
    loop {
        let error = match stream.read(&mut chunk).await {
            Ok(0) => match written {
                Ok(()) => return probe.handle_close(),
                Err(error) => error,
            },
            Ok(count) => {
                let input = chunk.get(..count).unwrap_or_default();
                match probe.handle_input(input) {
                    HelloProgress::Done => return,
                    HelloProgress::NeedInput => continue,
                }
            }
            Err(error) => error,
        };
        return probe.handle_io_error(&error);
    }
}

/// Makes connections on which TLS is the next thing to be spoken: after TCP on port 465, after
/// the reply to STARTTLS on port 25.
///
/// Every function that returns a future of a stream is one:
///
/// ```no_run
/// # async fn look() {
/// use std::time::Duration;
/// use tls_inspect::{DialError, Scan, ScanOptions};
///
/// let mut dial = async || {
///     let stream = tokio::net::TcpStream::connect("192.0.2.1:465").await;
///     stream.map_err(|error| DialError::from_io_error(&error))
/// };
/// let mut scan = Scan::new(ScanOptions::quick([7; 32]));
/// scan.run(&mut dial, Duration::from_secs(10)).await;
/// println!("{:?}", scan.report().versions);
/// # }
/// ```
pub trait Dial {
    /// What a connection is.
    type Stream: AsyncRead + AsyncWrite + Unpin + Send;

    /// Makes the next connection.
    fn dial(&mut self) -> impl Future<Output = Result<Self::Stream, DialError>> + Send;
}

impl<F, Dialing, S> Dial for F
where
    F: FnMut() -> Dialing,
    Dialing: Future<Output = Result<S, DialError>> + Send,
    S: AsyncRead + AsyncWrite + Unpin + Send,
{
    type Stream = S;

    fn dial(&mut self) -> impl Future<Output = Result<S, DialError>> + Send {
        self()
    }
}

/// Why there is no connection to send a hello over.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DialError {
    /// The server said no, to the connection or to going on to TLS, with these words. To ask
    /// again would make it worse.
    Refused(String),
    /// There was no connection for another reason, which says nothing about TLS.
    Unreachable(String),
}

impl DialError {
    /// What a failed connection means: a refused one is the server's word.
    #[must_use]
    pub fn from_io_error(error: &std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::ConnectionRefused => Self::Refused(error.to_string()),
            _ => Self::Unreachable(error.to_string()),
        }
    }
}

impl fmt::Display for DialError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(words) => write!(f, "refused: {words}"),
            Self::Unreachable(words) => write!(f, "no connection: {words}"),
        }
    }
}

impl std::error::Error for DialError {}

/// What asks one hello after the other.
trait HelloSeries {
    fn next_hello(&mut self) -> Option<ClientHello>;
    fn handle_answer(&mut self, answer: HelloAnswer);
    fn handle_refused(&mut self, words: &str);
    fn handle_unreachable(&mut self, words: &str);
}

macro_rules! impl_series {
    ($series:ident) => {
        impl $series {
            /// Asks to the end, one connection after the other. Each has `limit` to come about,
            /// and as long again for its answer.
            ///
            /// If the future is dropped, what was found until then can still be reported, and
            /// running it again goes on from there.
            pub async fn run<D: Dial>(&mut self, dialer: &mut D, limit: Duration) {
                drive(self, dialer, limit).await;
            }
        }

        impl HelloSeries for $series {
            fn next_hello(&mut self) -> Option<ClientHello> {
                self.next_hello()
            }

            fn handle_answer(&mut self, answer: HelloAnswer) {
                self.handle_answer(answer);
            }

            fn handle_refused(&mut self, words: &str) {
                self.handle_refused(words);
            }

            fn handle_unreachable(&mut self, words: &str) {
                self.handle_unreachable(words);
            }
        }
    };
}

impl_series!(Scan);
impl_series!(FailureSearch);

async fn drive<D: Dial>(series: &mut impl HelloSeries, dialer: &mut D, limit: Duration) {
    while let Some(hello) = series.next_hello() {
        let stream = match timeout(limit, dialer.dial()).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(DialError::Refused(words))) => {
                series.handle_refused(&words);
                continue;
            }
            Ok(Err(DialError::Unreachable(words))) => {
                series.handle_unreachable(&words);
                continue;
            }
            Err(_) => {
                series.handle_unreachable(&format!("no connection within {limit:?}"));
                continue;
            }
        };
        match send_hello(stream, &hello, limit).await {
            Ok(answer) => series.handle_answer(answer),
            // Nothing was sent, so nothing was learned.
            Err(error) => series.handle_unreachable(&error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{DuplexStream, duplex};

    use super::*;
    use crate::{AlertDescription, HelloOutcome};

    const HELLO: usize = 231;
    const LIMIT: Duration = Duration::from_secs(5);

    async fn answer<F, Serving>(room: usize, server: F) -> (HelloAnswer, Vec<u8>)
    where
        F: FnOnce(DuplexStream) -> Serving,
        Serving: Future<Output = Vec<u8>> + Send + 'static,
    {
        let (near, far) = duplex(room);
        let server = tokio::spawn(server(far));
        let hello = ClientHello::small([7; 32]);
        let answer = send_hello(near, &hello, LIMIT)
            .await
            .expect("it can be sent");
        (answer, server.await.expect("the server ends"))
    }

    async fn heard(mut stream: DuplexStream) -> Vec<u8> {
        let mut heard = Vec::new();
        // A probe that has gone resets.
        drop(stream.read_to_end(&mut heard).await);
        heard
    }

    #[tokio::test(start_paused = true)]
    #[expect(clippy::disallowed_methods, reason = "it measures the driver")]
    async fn a_silent_server_costs_the_limit_and_hears_that_we_leave() {
        let start = tokio::time::Instant::now();
        let (answer, heard) = answer(4096, heard).await;
        assert_eq!(answer.outcome, HelloOutcome::TimedOut);
        assert_eq!(start.elapsed(), LIMIT);
        let farewell = heard.get(HELLO..).expect("the hello came whole");
        assert_eq!(farewell, [21, 3, 1, 0, 2, 1, 90, 21, 3, 1, 0, 2, 1, 0]);
    }

    #[tokio::test(start_paused = true)]
    async fn the_last_words_of_a_server_that_takes_no_hello_are_heard() {
        let (answer, _) = answer(16, |mut stream| async move {
            let alert = [21, 3, 3, 0, 2, 2, 80];
            stream.write_all(&alert).await.expect("room");
            Vec::new()
        })
        .await;
        let HelloOutcome::Alert(alert) = answer.outcome else {
            panic!("{answer:?}")
        };
        assert_eq!(alert.description, AlertDescription::INTERNAL_ERROR);
    }

    #[tokio::test(start_paused = true)]
    async fn a_close_is_a_close_and_no_timeout() {
        let (answer, _) = answer(4096, |mut stream| async move {
            let mut hello = vec![0; HELLO];
            stream.read_exact(&mut hello).await.expect("a hello");
            hello
        })
        .await;
        assert_eq!(answer.outcome, HelloOutcome::Closed);
    }

    /// A series of so many hellos, and what it was told.
    #[derive(Default)]
    struct Told {
        asks: usize,
        told: Vec<String>,
    }

    impl HelloSeries for Told {
        fn next_hello(&mut self) -> Option<ClientHello> {
            self.asks = self.asks.checked_sub(1)?;
            Some(ClientHello::small([7; 32]))
        }

        fn handle_answer(&mut self, answer: HelloAnswer) {
            self.told.push(format!("{:?}", answer.outcome));
        }

        fn handle_refused(&mut self, words: &str) {
            self.told.push(format!("refused: {words}"));
            self.asks = 0;
        }

        fn handle_unreachable(&mut self, words: &str) {
            self.told.push(format!("unreachable: {words}"));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn each_connection_is_told_to_the_series_for_what_it_was() {
        let mut connections = 0;
        let mut dial = || {
            connections += 1;
            let number = connections;
            async move {
                match number {
                    // Closed at once.
                    1 => Ok(duplex(4096).0),
                    2 => Err(DialError::Unreachable("no route".to_owned())),
                    3 => {
                        tokio::time::sleep(2 * LIMIT).await;
                        Ok(duplex(4096).0)
                    }
                    _ => Err(DialError::Refused("421 too many".to_owned())),
                }
            }
        };
        let mut series = Told {
            asks: 9,
            ..Told::default()
        };
        drive(&mut series, &mut dial, LIMIT).await;
        let expected = [
            "Reset",
            "unreachable: no route",
            "unreachable: no connection within 5s",
            "refused: 421 too many",
        ];
        assert_eq!(series.told, expected);
    }

    #[test]
    fn only_a_refused_connection_is_the_word_of_the_server() {
        let error = |kind: std::io::ErrorKind| DialError::from_io_error(&kind.into());
        let refused = error(std::io::ErrorKind::ConnectionRefused);
        assert!(matches!(refused, DialError::Refused(_)));
        let silent = error(std::io::ErrorKind::TimedOut);
        assert!(matches!(silent, DialError::Unreachable(_)));
    }
}
