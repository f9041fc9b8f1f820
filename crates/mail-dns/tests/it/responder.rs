//! A DNS server on loopback that does as it is told.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hickory_proto::op::{Edns, Message, OpCode, ResponseCode};
use hickory_proto::rr::rdata::opt::EdnsOption;
use hickory_proto::rr::{Name, Record};
use hickory_proto::serialize::txt::Parser;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, UdpSocket};
use tokio::task::JoinSet;

/// What is done about a question, in order. No act at all is silence.
pub(crate) enum Act {
    Send(Message),
    SendOctets(Vec<u8>),
    Wait(Duration),
}

/// A question, as it arrived.
pub(crate) struct Asked {
    pub(crate) message: Message,
    pub(crate) over_tcp: bool,
    pub(crate) from: SocketAddr,
    /// How many questions came before.
    pub(crate) before: usize,
}

impl Asked {
    /// `www.test A`
    pub(crate) fn question(&self) -> String {
        let query = self.message.queries.first().expect("a question");
        format!(
            "{} {}",
            query.name.to_string().trim_end_matches('.'),
            query.query_type
        )
    }

    pub(crate) fn is_root(&self) -> bool {
        self.message
            .queries
            .first()
            .is_some_and(|query| query.name.is_root())
    }

    pub(crate) fn checking_disabled(&self) -> bool {
        self.message.metadata.checking_disabled
    }

    /// An empty NOERROR answer.
    pub(crate) fn reply(&self) -> Message {
        let mut reply = Message::response(self.message.metadata.id, OpCode::Query);
        reply.add_queries(self.message.queries.clone());
        reply.metadata.recursion_desired = true;
        reply.metadata.recursion_available = true;
        if self.message.edns.is_some() {
            reply.set_edns(Edns::new());
        }
        reply
    }

    /// An answer with these records, one a line.
    pub(crate) fn records(&self, text: &str) -> Vec<Act> {
        let mut reply = self.reply();
        reply.add_answers(text.lines().map(record));
        vec![Act::Send(reply)]
    }

    /// The same with the AD bit.
    pub(crate) fn authentic_records(&self, text: &str) -> Vec<Act> {
        let mut reply = self.reply();
        reply.metadata.authentic_data = true;
        reply.add_answers(text.lines().map(record));
        vec![Act::Send(reply)]
    }

    /// A denial by a zone with a minimum of 300 s.
    pub(crate) fn denial(&self, rcode: ResponseCode) -> Vec<Act> {
        let mut reply = self.reply();
        reply.metadata.response_code = rcode;
        reply.add_authority(record(
            "test. 900 IN SOA ns.test. hostmaster.test. 7 7200 900 86400 300",
        ));
        vec![Act::Send(reply)]
    }

    /// A bare response code.
    pub(crate) fn rcode(&self, rcode: ResponseCode) -> Vec<Act> {
        let mut reply = self.reply();
        reply.metadata.response_code = rcode;
        vec![Act::Send(reply)]
    }

    /// SERVFAIL with an extended error.
    pub(crate) fn servfail_because(&self, code: u16, text: &str) -> Vec<Act> {
        let mut reply = self.reply();
        reply.metadata.response_code = ResponseCode::ServFail;
        let mut edns = Edns::new();
        let data = [&code.to_be_bytes(), text.as_bytes()].concat();
        edns.options_mut().insert(EdnsOption::Unknown(15, data));
        reply.set_edns(edns);
        vec![Act::Send(reply)]
    }

    /// A datagram that was too short for the answer.
    pub(crate) fn truncated(&self) -> Vec<Act> {
        let mut reply = self.reply();
        reply.metadata.truncation = true;
        vec![Act::Send(reply)]
    }
}

pub(crate) fn record(line: &str) -> Record {
    let (_, sets) = Parser::new(line, None, Some(Name::root()))
        .parse()
        .expect("zone text");
    let set = sets.values().next().expect("a record");
    set.records_without_rrsigs()
        .next()
        .expect("a record")
        .clone()
}

type Handler = Box<dyn Fn(&Asked) -> Vec<Act> + Send + Sync>;

struct Shared {
    handler: Handler,
    count: AtomicUsize,
    log: Mutex<Vec<String>>,
    peers: Mutex<Vec<SocketAddr>>,
}

/// Runs until it is dropped.
pub(crate) struct Responder {
    pub(crate) address: SocketAddr,
    shared: Arc<Shared>,
    _tasks: JoinSet<()>,
}

impl Responder {
    pub(crate) async fn start(
        handler: impl Fn(&Asked) -> Vec<Act> + Send + Sync + 'static,
    ) -> Self {
        let (udp, tcp) = bind().await;
        let address = udp.local_addr().expect("bound");
        let shared = Arc::new(Shared {
            handler: Box::new(handler),
            count: AtomicUsize::new(0),
            log: Mutex::default(),
            peers: Mutex::default(),
        });
        let mut tasks = JoinSet::new();
        tasks.spawn(serve_udp(Arc::new(udp), Arc::clone(&shared)));
        tasks.spawn(serve_tcp(tcp, Arc::clone(&shared)));
        Self {
            address,
            shared,
            _tasks: tasks,
        }
    }

    /// What was asked so far, as `www.test A`, with `CD` and `TCP` where they apply. The root is left out.
    pub(crate) fn log(&self) -> Vec<String> {
        let log = self.shared.log.lock().expect("no panic");
        log.iter()
            .filter(|line| !line.starts_with(' '))
            .cloned()
            .collect()
    }

    /// How often the root was asked for.
    pub(crate) fn root_count(&self) -> usize {
        let log = self.shared.log.lock().expect("no panic");
        log.iter().filter(|line| line.starts_with(' ')).count()
    }

    /// From where each question came.
    pub(crate) fn peers(&self) -> Vec<SocketAddr> {
        self.shared.peers.lock().expect("no panic").clone()
    }
}

/// The same port for both.
async fn bind() -> (UdpSocket, TcpListener) {
    for _ in 0..50 {
        let udp = UdpSocket::bind("127.0.0.1:0").await.expect("a free port");
        if let Ok(tcp) = TcpListener::bind(udp.local_addr().expect("bound")).await {
            return (udp, tcp);
        }
    }
    panic!("no port is free for UDP and TCP");
}

impl Shared {
    fn acts(&self, octets: &[u8], from: SocketAddr, over_tcp: bool) -> Vec<Act> {
        let message = Message::from_vec(octets).expect("a question");
        let before = self.count.fetch_add(1, Ordering::Relaxed);
        let asked = Asked {
            message,
            over_tcp,
            from,
            before,
        };
        let cd = if asked.checking_disabled() { " CD" } else { "" };
        let tcp = if over_tcp { " TCP" } else { "" };
        self.log
            .lock()
            .expect("no panic")
            .push(format!("{}{cd}{tcp}", asked.question()));
        self.peers.lock().expect("no panic").push(asked.from);
        (self.handler)(&asked)
    }
}

fn octets(act: Act) -> Result<Vec<u8>, Duration> {
    match act {
        Act::Send(message) => Ok(message.to_vec().expect("an encodable message")),
        Act::SendOctets(octets) => Ok(octets),
        Act::Wait(duration) => Err(duration),
    }
}

async fn serve_udp(socket: Arc<UdpSocket>, shared: Arc<Shared>) {
    let mut answering = JoinSet::new();
    let mut buffer = vec![0; 4096];
    loop {
        let Ok((length, from)) = socket.recv_from(&mut buffer).await else {
            continue;
        };
        let acts = shared.acts(&buffer[..length], from, false);
        let socket = Arc::clone(&socket);
        answering.spawn(async move {
            for act in acts {
                match octets(act) {
                    Ok(octets) => drop(socket.send_to(&octets, from).await),
                    Err(wait) => tokio::time::sleep(wait).await,
                }
            }
        });
    }
}

/// One question a connection, which is then closed.
async fn serve_tcp(listener: TcpListener, shared: Arc<Shared>) {
    let mut answering = JoinSet::new();
    loop {
        let (mut stream, from) = listener.accept().await.expect("a connection");
        let shared = Arc::clone(&shared);
        answering.spawn(async move {
            let length = stream.read_u16().await.expect("a length");
            let mut question = vec![0; usize::from(length)];
            stream.read_exact(&mut question).await.expect("a question");
            for act in shared.acts(&question, from, true) {
                match octets(act) {
                    Ok(octets) => {
                        let length = u16::try_from(octets.len()).expect("short");
                        stream.write_u16(length).await.expect("a peer");
                        stream.write_all(&octets).await.expect("a peer");
                    }
                    Err(wait) => tokio::time::sleep(wait).await,
                }
            }
        });
    }
}
