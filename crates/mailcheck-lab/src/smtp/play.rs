//! Plays a script to one connection.

use std::{io, net::SocketAddr, time::Duration};

use tokio::{
    net::TcpStream,
    time::{sleep, timeout},
};

use super::{
    Stage,
    script::Step,
    serve::{Next, Responder},
    stream::Stream,
};

/// What `REPEAT` sends at most, in portions, with a rest between them so that others get their turn.
const MAX_REPEAT: usize = 64 * 1_024 * 1_024;
const PORTION: usize = 16 * 1_024;
const REST: Duration = Duration::from_millis(2);

/// How long a closing server reads what is still on its way, so that no reset takes its last words away.
const LINGER: Duration = Duration::from_millis(500);

/// A script on its way through a connection.
#[derive(Debug)]
pub(super) struct Player<'a> {
    stage: &'a Stage,
    stream: Stream,
    session: Option<usize>,
}

impl<'a> Player<'a> {
    pub(super) fn new(stage: &'a Stage, stream: TcpStream, peer: SocketAddr) -> Self {
        let session = stage.log.open(peer);
        Self {
            stage,
            stream: Stream::new(stream),
            session,
        }
    }

    /// Plays to the end, which may be the peer's.
    pub(super) async fn play(&mut self) -> io::Result<()> {
        for step in &self.stage.script.steps {
            match step {
                Step::Say(text) => self.say(text).await?,
                Step::Expect(prefix) => {
                    if !self.expect(prefix).await? {
                        break;
                    }
                }
                Step::Tls => self.start_tls().await?,
                Step::Wait(time) => sleep(*time).await,
                Step::Drip(interval, text) => self.drip(*interval, text).await?,
                Step::Repeat(text) => self.repeat(text).await?,
                Step::Hang => self.listen().await?,
                Step::Close => break,
                Step::Reset => {
                    self.note("RESET", b"");
                    return self.stream.reset();
                }
                Step::Serve(service) => {
                    self.serve(Responder::new(service)).await?;
                    break;
                }
            }
        }
        self.note("CLOSE", b"");
        self.stream.shut_down().await?;
        // A peer that does not close in time is left to itself.
        timeout(LINGER, self.listen()).await.unwrap_or(Ok(()))
    }

    /// Reads a line and says whether the script goes on.
    async fn expect(&mut self, prefix: &[u8]) -> io::Result<bool> {
        let Some(line) = self.line().await? else {
            return Ok(false);
        };
        let begins = |prefix: &[u8]| {
            line.get(..prefix.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(prefix))
        };
        if begins(prefix) {
            return Ok(true);
        }
        let reply: &[u8] = if begins(b"QUIT") {
            b"221 2.0.0 Bye\r\n"
        } else {
            b"500 5.5.1 Not in the script\r\n"
        };
        self.say(reply).await?;
        Ok(false)
    }

    async fn serve(&mut self, mut responder: Responder<'_>) -> io::Result<()> {
        loop {
            let Some(line) = self.line().await? else {
                return Ok(());
            };
            let (reply, next) = responder.respond(&line, self.stream.is_tls());
            self.say(&reply).await?;
            match next {
                Next::Read => {}
                Next::StartTls => self.start_tls().await?,
                Next::Close => return Ok(()),
            }
        }
    }

    /// Reads until the peer closes. What comes is noted and counted, whatever it is.
    async fn listen(&mut self) -> io::Result<()> {
        loop {
            match self.line().await {
                Ok(Some(_)) => {}
                Ok(None) => return Ok(()),
                Err(error) if error.kind() == io::ErrorKind::InvalidData => self.stream.forget(),
                Err(error) => return Err(error),
            }
        }
    }

    async fn drip(&mut self, interval: Duration, text: &[u8]) -> io::Result<()> {
        self.note("S: ", text.trim_ascii_end());
        for byte in text {
            self.stream.write(std::slice::from_ref(byte)).await?;
            sleep(interval).await;
        }
        Ok(())
    }

    async fn repeat(&mut self, text: &[u8]) -> io::Result<()> {
        self.note("S: ", text.trim_ascii_end());
        let portion = text.repeat((PORTION / text.len().max(1)).max(1));
        let mut sent = 0;
        while sent < MAX_REPEAT {
            self.stream.write(&portion).await?;
            sent += portion.len();
            sleep(REST).await;
        }
        Ok(())
    }

    async fn start_tls(&mut self) -> io::Result<()> {
        // A script with TLS does not start without a certificate.
        let acceptor = self
            .stage
            .acceptor
            .as_ref()
            .ok_or(io::ErrorKind::InvalidInput)?;
        let result = self.stream.start_tls(acceptor).await;
        match &result {
            Ok((0, agreed)) => self.note("TLS ", agreed.as_bytes()),
            // RFC 3207, section 4.2: what the client said before TLS is forgotten.
            Ok((early, agreed)) => {
                self.note(
                    "TLS ",
                    format!("{agreed}, {early} octets before it dropped").as_bytes(),
                );
            }
            Err(error) => self.note("TLS failed: ", error.to_string().as_bytes()),
        }
        result.map(|_| ())
    }

    async fn say(&mut self, text: &[u8]) -> io::Result<()> {
        for line in text.split_inclusive(|&byte| byte == b'\n') {
            self.note("S: ", line.strip_suffix(b"\r\n").unwrap_or(line));
        }
        self.stream.write(text).await
    }

    async fn line(&mut self) -> io::Result<Option<Vec<u8>>> {
        let line = self.stream.line().await?;
        if let Some(line) = &line {
            self.note("C: ", line);
            self.stage.log.count(line);
        }
        Ok(line)
    }

    pub(super) fn note(&self, mark: &str, bytes: &[u8]) {
        self.stage.log.note(self.session, mark, bytes);
    }
}
