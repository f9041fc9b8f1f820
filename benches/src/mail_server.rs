//! A mail server in a process of its own, so that its work is not counted as the client's: the bench starts itself again.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use mailcheck_lab::ca::{CertificateKind, TestCa};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// The argument that makes a bench the server.
const ROLE: &str = "--serve-mail";
/// On how many loopback addresses it listens: one address would run out of ports.
const ADDRESSES: u8 = 16;

/// How a server behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "nobody depends on this package")]
pub enum Behavior {
    /// It says what a healthy server says, and offers STARTTLS.
    Healthy,
    /// It accepts and says nothing.
    Silent,
    /// It sends an octet of its greeting each second, and never all of it.
    Tarpit,
}

const BEHAVIORS: [Behavior; 3] = [Behavior::Healthy, Behavior::Silent, Behavior::Tarpit];

/// The running server; it ends with this.
#[derive(Debug)]
pub struct MailServer {
    process: Child,
    addresses: Vec<SocketAddr>,
}

impl MailServer {
    /// Starts the server; [`serve_if_asked`] must be called first thing in `main`.
    ///
    /// # Errors
    ///
    /// If there is no process to be had, or it does not start.
    pub fn start(behavior: Behavior) -> io::Result<Self> {
        let number = BEHAVIORS.iter().position(|each| *each == behavior);
        let mut process = Command::new(std::env::current_exe()?)
            .args([ROLE, &number.unwrap_or_default().to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut output = BufReader::new(process.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?);
        let mut line = String::new();
        output.read_line(&mut line)?;
        let addresses = line.split_whitespace().map(str::parse);
        let addresses: Result<Vec<_>, _> = addresses.collect();
        Ok(Self {
            process,
            addresses: addresses.map_err(io::Error::other)?,
        })
    }

    /// An address of the server's: another for each number.
    #[must_use]
    pub fn address(&self, number: usize) -> SocketAddr {
        let unspecified = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0));
        let place = number % self.addresses.len().max(1);
        self.addresses.get(place).copied().unwrap_or(unspecified)
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// Becomes the server, and never returns, if that is what this process was started for.
///
/// # Errors
///
/// If the server does not start.
pub fn serve_if_asked() -> io::Result<()> {
    let mut arguments = std::env::args().skip_while(|argument| argument != ROLE);
    let (Some(_), Some(number)) = (arguments.next(), arguments.next()) else {
        return Ok(());
    };
    let number: usize = number.parse().map_err(io::Error::other)?;
    let behavior = *BEHAVIORS.get(number).ok_or(io::ErrorKind::InvalidInput)?;
    // It ends when its client does, however that ends.
    std::thread::spawn(|| {
        drop(io::stdin().read_to_end(&mut Vec::new()));
        std::process::exit(0);
    });
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(serve(behavior))?;
    std::process::exit(0);
}

async fn serve(behavior: Behavior) -> io::Result<()> {
    let acceptor = acceptor()?;
    let mut listeners = Vec::new();
    for last in 1..=ADDRESSES {
        let address = IpAddr::from([127, 0, 0, last]);
        listeners.push(TcpListener::bind((address, 0)).await?);
    }
    let mut addresses = String::new();
    for listener in &listeners {
        addresses.push_str(&format!("{} ", listener.local_addr()?));
    }
    let mut output = io::stdout().lock();
    writeln!(output, "{addresses}")?;
    output.flush()?;
    drop(output);
    for listener in listeners {
        let acceptor = acceptor.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                drop(stream.set_nodelay(true));
                tokio::spawn(converse(stream, behavior, acceptor.clone()));
            }
        });
    }
    std::future::pending().await
}

fn acceptor() -> io::Result<TlsAcceptor> {
    let authority = TestCa::new().map_err(io::Error::other)?;
    let chain = authority.chain(CertificateKind::Healthy, &["mx.example"]);
    let (chain, key) = chain.map_err(io::Error::other)?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key));
    Ok(TlsAcceptor::from(Arc::new(
        config.map_err(io::Error::other)?,
    )))
}

async fn converse(
    mut stream: TcpStream,
    behavior: Behavior,
    acceptor: TlsAcceptor,
) -> io::Result<()> {
    match behavior {
        Behavior::Silent => {
            // Until the client gives up.
            let mut command = Vec::new();
            stream.read_to_end(&mut command).await?;
        }
        Behavior::Tarpit => {
            for octet in b"220-mx.example".iter().cycle() {
                stream.write_all(&[*octet]).await?;
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
        Behavior::Healthy => {
            stream.write_all(GREETING).await?;
            if answer(&mut stream, true).await? {
                answer(&mut acceptor.accept(stream).await?, false).await?;
            }
        }
    }
    Ok(())
}

const GREETING: &[u8] = b"220 mx.example ESMTP ready\r\n";
const IN_CLEAR: &[u8] =
    b"250-mx.example\r\n250-PIPELINING\r\n250-SIZE 52428800\r\n250-STARTTLS\r\n\
    250-ENHANCEDSTATUSCODES\r\n250-8BITMIME\r\n250 DSN\r\n";
const IN_TLS: &[u8] =
    b"250-mx.example\r\n250-PIPELINING\r\n250-SIZE 52428800\r\n250-AUTH PLAIN LOGIN\r\n\
    250-ENHANCEDSTATUSCODES\r\n250-8BITMIME\r\n250 DSN\r\n";

/// Answers commands; whether TLS is to begin.
async fn answer<S>(stream: &mut S, is_clear: bool) -> io::Result<bool>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut command = [0; 512];
    loop {
        let length = stream.read(&mut command).await?;
        let reply: &[u8] = match command.get(..length).unwrap_or_default() {
            [] => return Ok(false),
            [b'E', ..] if is_clear => IN_CLEAR,
            [b'E', ..] => IN_TLS,
            [b'S', ..] => b"220 2.0.0 go\r\n",
            _ => b"221 2.0.0 bye\r\n",
        };
        stream.write_all(reply).await?;
        stream.flush().await?;
        match command.first() {
            Some(b'E') => {}
            Some(b'S') => return Ok(true),
            _ => {
                stream.shutdown().await?;
                return Ok(false);
            }
        }
    }
}
