//! The server's loop: datagrams and connections in, replies out.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use hickory_proto::{
    op::{Message, Query, ResponseCode},
    rr::{LowerName, Name, RData, Record, RecordType},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream, UdpSocket},
    task::JoinSet,
    time::{sleep, timeout},
};

use super::{
    Fault, SeenQuery, Shared, Transport,
    answer::{self, complaint, dnssec_ok, empty_response, encode, respond, truncated, udp_limit},
};

/// Connections at a time, and how long each may live.
const MAX_CONNECTIONS: usize = 64;
const CONNECTION_LIFE: Duration = Duration::from_secs(120);

/// Answers that wait for their time at a time.
const MAX_DELAYED: usize = 4_096;

/// Serves until dropped.
pub(super) async fn serve(shared: Arc<Shared>, udp: UdpSocket, tcp: Arc<TcpListener>) {
    let udp = Arc::new(udp);
    let mut delayed = JoinSet::new();
    let mut connections = JoinSet::new();
    let mut buffer = vec![0; usize::from(u16::MAX)];
    loop {
        tokio::select! {
            received = udp.recv_from(&mut buffer) => {
                // An error here is the echo of an answer somebody did not wait for.
                let Ok((length, from)) = received else { continue };
                let Some(bytes) = buffer.get(..length) else { continue };
                let Some(reply) = shared.reply(bytes, Transport::Udp, from) else { continue };
                if reply.delay.is_zero() {
                    reply.send(&udp, from).await;
                } else if delayed.len() < MAX_DELAYED {
                    let udp = Arc::clone(&udp);
                    delayed.spawn(async move {
                        sleep(reply.delay).await;
                        reply.send(&udp, from).await;
                    });
                }
            }
            accepted = tcp.accept(), if connections.len() < MAX_CONNECTIONS => {
                let Ok((stream, from)) = accepted else {
                    // Out of descriptors, most likely: others may give some back.
                    sleep(Duration::from_millis(10)).await;
                    continue;
                };
                let shared = Arc::clone(&shared);
                connections.spawn(async move {
                    // Ends by the client's close, by a fault or by time: all the same to the server.
                    let _ended = timeout(CONNECTION_LIFE, serve_stream(&shared, stream, from)).await;
                });
            }
            Some(_) = connections.join_next() => {}
            Some(_) = delayed.join_next() => {}
        }
    }
}

/// RFC 7766, section 6.2.1: any number of queries, each with its length before it.
async fn serve_stream(shared: &Shared, mut stream: TcpStream, from: SocketAddr) -> io::Result<()> {
    loop {
        let length = stream.read_u16().await?;
        let mut bytes = vec![0; usize::from(length)];
        stream.read_exact(&mut bytes).await?;
        let Some(reply) = shared.reply(&bytes, Transport::Tcp, from) else {
            continue;
        };
        sleep(reply.delay).await;
        for packet in reply.packets {
            let length = u16::try_from(packet.len()).unwrap_or(u16::MAX);
            let mut framed = length.to_be_bytes().to_vec();
            framed.extend_from_slice(&packet);
            stream.write_all(&framed).await?;
        }
        if reply.close {
            return Ok(());
        }
    }
}

/// What to send for a query, when, and whether to hang up then.
#[derive(Debug, Default)]
struct Reply {
    packets: Vec<Vec<u8>>,
    delay: Duration,
    close: bool,
}

impl Reply {
    fn now(packet: Vec<u8>) -> Self {
        Self {
            packets: vec![packet],
            ..Self::default()
        }
    }

    async fn send(&self, udp: &UdpSocket, to: SocketAddr) {
        for packet in &self.packets {
            // A client that is gone misses nothing.
            let _sent = udp.send_to(packet, to).await;
        }
    }
}

impl Shared {
    /// The reply to some octets, or none.
    fn reply(&self, bytes: &[u8], transport: Transport, from: SocketAddr) -> Option<Reply> {
        let Some(query) = answer::parse(bytes) else {
            return answer::format_error(bytes).map(Reply::now);
        };
        let limit = match transport {
            Transport::Udp => udp_limit(&query),
            Transport::Tcp => usize::from(u16::MAX),
        };
        if let Some(question) = query.queries.first() {
            self.record(seen(&query, question, transport, from));
        }
        if let Some(rcode) = complaint(&query) {
            return Some(Reply::now(encode(&empty_response(&query, rcode), limit)));
        }
        let question = query.queries.first()?;
        let resolution = self.resolve(question);
        let fault = {
            let mut faults = self.faults();
            resolution
                .names
                .iter()
                .find_map(|name| faults.take(name, question.query_type))
        };
        let response = respond(&query, &resolution);
        match fault {
            None => Some(Reply::now(encode(&response, limit))),
            Some(fault) => misbehave(fault, &query, response, transport, limit),
        }
    }
}

/// The reply as the fault has it; none is silence.
fn misbehave(
    fault: Fault,
    query: &Message,
    mut response: Message,
    transport: Transport,
    limit: usize,
) -> Option<Reply> {
    let code = |rcode| Reply::now(encode(&empty_response(query, rcode), limit));
    let over_udp = transport == Transport::Udp;
    match fault {
        Fault::ServFail | Fault::ServFailFirst(_) => return Some(code(ResponseCode::ServFail)),
        Fault::Refused => return Some(code(ResponseCode::Refused)),
        Fault::Silence | Fault::SilenceFirst(_) => return None,
        Fault::Truncate | Fault::TruncateBoth if over_udp => response = truncated(&response),
        Fault::TruncateBoth => {
            return Some(Reply {
                close: true,
                ..Reply::default()
            });
        }
        Fault::Truncate => {}
        Fault::WrongId => response.metadata.id ^= 0x5555,
        Fault::WrongQuestion => {
            let name = Name::from_ascii("wrong-question.test.").unwrap_or_default();
            response.queries = vec![Query::query(name, RecordType::A)];
        }
        Fault::SpoofFirst => {
            let mut forged = empty_response(query, ResponseCode::NXDomain);
            forged.metadata.id ^= 0x5555;
            let packets = vec![encode(&forged, limit), encode(&response, limit)];
            return Some(Reply {
                packets,
                ..Reply::default()
            });
        }
        Fault::Delay(delay) => {
            let packets = vec![encode(&response, limit)];
            return Some(Reply {
                packets,
                delay,
                close: false,
            });
        }
        Fault::FormErrOnEdns if query.edns.is_some() => {
            response = empty_response(query, ResponseCode::FormErr);
            response.edns = None;
        }
        Fault::FormErrOnEdns => {}
        Fault::Garbage => {
            let [high, low] = query.metadata.id.to_be_bytes();
            let mut packet = vec![0xff; 40];
            packet.splice(..2, [high, low]);
            return Some(Reply::now(packet));
        }
        Fault::NxdomainRewrite(address) => {
            if response.metadata.response_code == ResponseCode::NXDomain {
                response = empty_response(query, ResponseCode::NoError);
                response.answers.extend(rewritten(query, address));
            }
        }
    }
    Some(Reply::now(encode(&response, limit)))
}

/// The made-up address record; other types get none.
fn rewritten(query: &Message, address: std::net::Ipv4Addr) -> Option<Record> {
    let question = query.queries.first()?;
    let is_address = question.query_type == RecordType::A;
    is_address.then(|| Record::from_rdata(question.name.clone(), 60, RData::A(address.into())))
}

fn seen(query: &Message, question: &Query, transport: Transport, from: SocketAddr) -> SeenQuery {
    let name = LowerName::new(&question.name).to_string();
    let name = if name == "." {
        name
    } else {
        name.trim_end_matches('.').to_owned()
    };
    SeenQuery {
        name,
        record_type: question.query_type.to_string(),
        transport,
        from,
        id: query.metadata.id,
        recursion_desired: query.metadata.recursion_desired,
        authentic_data: query.metadata.authentic_data,
        checking_disabled: query.metadata.checking_disabled,
        dnssec_ok: dnssec_ok(query),
        edns_payload: query
            .edns
            .as_ref()
            .map(hickory_proto::op::Edns::max_payload),
    }
}
