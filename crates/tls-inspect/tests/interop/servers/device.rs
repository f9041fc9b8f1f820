//! Peers that are made by hand: devices in front of a server, and some with none behind them.

use std::io;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::Server;
use super::rustls::Serving;

/// How a device ends a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Close,
    Reset,
    /// It says nothing more, and waits for the client to go.
    Silence,
}

/// When a device ends a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// The hello is there, and is not read.
    Accepted,
    /// The hello is read.
    Hello,
    /// The server's hello is on its way.
    InServerHello,
    /// The certificate is through, up to TLS 1.2.
    Certificate,
    /// The client has finished, up to TLS 1.2.
    Finished12,
    /// The client has finished under TLS 1.3.
    Finished13,
    /// The hello is read and has over a thousand octets.
    LargeHello,
}

const LARGE: usize = 1000;
const CHANGE_CIPHER_SPEC: u8 = 20;
const HANDSHAKE: u8 = 22;
const APPLICATION_DATA: u8 = 23;
const CERTIFICATE: u8 = 11;

/// A peer that says these words to everyone and reads on.
pub(crate) async fn speaker(words: &'static [u8]) -> Server {
    listen(move |mut stream| async move {
        stream.write_all(words).await?;
        end(stream, End::Silence).await
    })
    .await
}

/// A peer that ends each connection so, at once or after the hello, with no server behind it.
pub(crate) async fn deaf(step: Step, how: End) -> Server {
    listen(move |mut stream| async move {
        if step == Step::Accepted {
            stream.peek(&mut [0]).await?;
        } else {
            record(&mut stream).await?;
        }
        end(stream, how).await
    })
    .await
}

impl Server {
    /// The server behind a device that ends each connection so when it has come to this.
    pub(crate) async fn behind(self, step: Step, how: End) -> Self {
        let server = self.address;
        let mut front = listen(move |client| async move {
            let server = TcpStream::connect(server).await?;
            pass(client, server, step, how).await
        })
        .await;
        front.alive.push(Box::new(self.alive));
        front
    }
}

async fn listen<F, Serve>(serve: F) -> Server
where
    F: Fn(TcpStream) -> Serve + Send + Sync + 'static,
    Serve: Future<Output = io::Result<()>> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serving = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            // Clients go when they like.
            tokio::spawn(serve(stream));
        }
    });
    Server::new(address, Serving(serving.abort_handle()))
}

/// Passes records on until it has come to the step.
async fn pass(
    mut client: TcpStream,
    mut server: TcpStream,
    step: Step,
    how: End,
) -> io::Result<()> {
    if step == Step::Accepted {
        client.peek(&mut [0]).await?;
        return end(client, how).await;
    }
    let hello = record(&mut client).await?;
    let is_large = step == Step::LargeHello && hello.len() > LARGE;
    if step == Step::Hello || is_large {
        return end(client, how).await;
    }
    server.write_all(&hello).await?;
    let (mut from_client, mut to_client) = client.split();
    let (mut from_server, mut to_server) = server.split();
    let forth = async {
        let mut ciphers_changed = false;
        loop {
            let record = record(&mut from_client).await?;
            let is_finished = match step {
                Step::Finished12 => ciphers_changed && record[0] == HANDSHAKE,
                Step::Finished13 => record[0] == APPLICATION_DATA,
                _ => false,
            };
            if is_finished {
                return io::Result::Ok(());
            }
            ciphers_changed |= record[0] == CHANGE_CIPHER_SPEC;
            to_server.write_all(&record).await?;
        }
    };
    let back = async {
        loop {
            let record = record(&mut from_server).await?;
            let passed = match step {
                Step::InServerHello => Some(record[..record.len() / 2].to_vec()),
                Step::Certificate => up_to_certificate(&record),
                _ => None,
            };
            to_client
                .write_all(passed.as_ref().unwrap_or(&record))
                .await?;
            if passed.is_some() {
                return io::Result::Ok(());
            }
        }
    };
    let came = tokio::select! {
        came = forth => came,
        came = back => came,
    };
    match came {
        Ok(()) => end(client, how).await,
        // One side has gone, so the other is let go.
        Err(_) => end(client, End::Close).await,
    }
}

/// The record as if it ended with the Certificate message, if that is in it.
fn up_to_certificate(record: &[u8]) -> Option<Vec<u8>> {
    let mut end = 5;
    while record[0] == HANDSHAKE && end + 4 <= record.len() {
        let kind = record[end];
        let length = u32::from_be_bytes([0, record[end + 1], record[end + 2], record[end + 3]]);
        end += 4 + usize::try_from(length).unwrap();
        if kind == CERTIFICATE {
            let mut shorter = record[..end].to_vec();
            let length = u16::try_from(end - 5).unwrap();
            shorter[3..5].copy_from_slice(&length.to_be_bytes());
            return Some(shorter);
        }
    }
    None
}

/// Reads one record, with its header.
async fn record<R: tokio::io::AsyncRead + Unpin>(stream: &mut R) -> io::Result<Vec<u8>> {
    let mut record = vec![0; 5];
    stream.read_exact(&mut record).await?;
    let length = usize::from(u16::from_be_bytes([record[3], record[4]]));
    record.resize(5 + length, 0);
    stream.read_exact(&mut record[5..]).await?;
    Ok(record)
}

async fn end(mut stream: TcpStream, how: End) -> io::Result<()> {
    match how {
        End::Reset => return stream.set_zero_linger(),
        End::Close => stream.shutdown().await?,
        End::Silence => {}
    }
    // Octets left unread would turn the close into a reset.
    tokio::io::copy(&mut stream, &mut tokio::io::sink()).await?;
    Ok(())
}
