//! The DNS server, asked with raw messages.

use std::{
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

use hickory_proto::{
    op::{Edns, Message, MessageType, OpCode, Query, ResponseCode},
    rr::{Name, RData, RecordType, rdata::opt::EdnsCode},
};
use mailcheck_lab::{
    LabErrorKind,
    dns::{DnsServer, Fault, Signing, Transport},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpStream, UdpSocket},
    time::timeout,
};

use crate::client::now;

const SHORT: Duration = Duration::from_millis(700);

/// A question and its bits.
pub(crate) struct Ask {
    message: Message,
}

impl Ask {
    pub(crate) fn new(name: &str, record_type: &str) -> Self {
        let mut message = Message::new(0x1234, MessageType::Query, OpCode::Query);
        let name = Name::from_ascii(format!("{name}.")).unwrap();
        message.add_query(Query::query(name, record_type.parse().unwrap()));
        message.metadata.recursion_desired = true;
        Self { message }
    }

    pub(crate) fn ad(mut self) -> Self {
        self.message.metadata.authentic_data = true;
        self
    }

    pub(crate) fn cd(mut self) -> Self {
        self.message.metadata.checking_disabled = true;
        self
    }

    pub(crate) fn edns(mut self, payload: u16, dnssec_ok: bool) -> Self {
        let mut edns = Edns::new();
        edns.set_max_payload(payload).set_dnssec_ok(dnssec_ok);
        self.message.edns = Some(edns);
        self
    }

    async fn udp_raw(&self, to: SocketAddr) -> Option<Vec<u8>> {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        socket.connect(to).await.unwrap();
        socket.send(&self.message.to_vec().unwrap()).await.unwrap();
        receive(&socket).await
    }

    pub(crate) async fn udp(&self, to: SocketAddr) -> Message {
        Message::from_vec(&self.udp_raw(to).await.expect("an answer")).unwrap()
    }

    pub(crate) async fn try_udp(&self, to: SocketAddr) -> Option<Message> {
        Some(Message::from_vec(&self.udp_raw(to).await?).unwrap())
    }

    async fn tcp(&self, to: SocketAddr) -> Message {
        let mut stream = TcpStream::connect(to).await.unwrap();
        exchange(&mut stream, &self.message).await.unwrap()
    }
}

async fn receive(socket: &UdpSocket) -> Option<Vec<u8>> {
    let mut buffer = vec![0; 65_535];
    let length = timeout(SHORT, socket.recv(&mut buffer)).await.ok()?.ok()?;
    buffer.truncate(length);
    Some(buffer)
}

async fn exchange(stream: &mut TcpStream, message: &Message) -> std::io::Result<Message> {
    let bytes = message.to_vec().unwrap();
    stream.write_u16(bytes.len().try_into().unwrap()).await?;
    stream.write_all(&bytes).await?;
    let mut reply = vec![0; stream.read_u16().await?.into()];
    stream.read_exact(&mut reply).await?;
    Ok(Message::from_vec(&reply).unwrap())
}

const ZONE: &str = r#"
@       MX 10 mx
mx      A 192.0.2.10
a.b.c   TXT "deep"
*.wild  A 192.0.2.99
no.wild TXT "here"
alias   CNAME mx
outside CNAME www.plain.test.
dead    CNAME missing
loop1   CNAME loop2
loop2   CNAME loop1
"#;

async fn server() -> DnsServer {
    let long: String = (0..60)
        .map(|n| format!("@ TXT \"{n} {}\"\n", "x".repeat(200)))
        .collect();
    DnsServer::builder()
        .zone("good.test", ZONE, Signing::Signed)
        .zone("plain.test", "www A 192.0.2.20", Signing::Unsigned)
        .zone("under.plain.test", "@ A 192.0.2.21", Signing::Bogus)
        .zone("bogus.test", "@ A 192.0.2.30", Signing::Bogus)
        .zone("signed.bogus.test", "@ A 192.0.2.31", Signing::Signed)
        .zone("long.test", long, Signing::Signed)
        .start()
        .await
        .unwrap()
}

#[track_caller]
pub(crate) fn check(message: &Message, rcode: ResponseCode, answers: &[&str]) {
    assert_eq!(message.metadata.response_code, rcode);
    let found: Vec<_> = message.answers.iter().map(ToString::to_string).collect();
    assert_eq!(found, answers);
}

#[tokio::test]
async fn answers_as_a_recursive_resolver() {
    let server = server().await;
    let answer = Ask::new("good.test", "MX").udp(server.addr()).await;
    check(
        &answer,
        ResponseCode::NoError,
        &["good.test. 300 IN MX 10 mx.good.test."],
    );
    assert!(answer.metadata.recursion_available);
    assert!(answer.metadata.recursion_desired);
    assert!(!answer.metadata.authoritative);
    assert_eq!(answer.edns, None);
    assert_eq!(answer.queries.len(), 1);

    // The spelling of the question is kept.
    let answer = Ask::new("GoOd.TeSt", "MX").udp(server.addr()).await;
    assert_eq!(answer.queries[0].name.to_string(), "GoOd.TeSt.");
    assert_eq!(answer.answers.len(), 1);
}

#[tokio::test]
async fn negative_answers_carry_the_soa_with_the_negative_ttl() {
    let server = server().await;
    for (name, record_type, rcode, zone) in [
        (
            "nobody.good.test",
            "A",
            ResponseCode::NXDomain,
            "good.test.",
        ),
        ("mx.good.test", "AAAA", ResponseCode::NoError, "good.test."),
        // RFC 4592, section 2.2.2: empty non-terminals exist.
        ("b.c.good.test", "A", ResponseCode::NoError, "good.test."),
        ("c.good.test", "TXT", ResponseCode::NoError, "good.test."),
        ("nothing.nowhere", "A", ResponseCode::NXDomain, "."),
    ] {
        let answer = Ask::new(name, record_type).udp(server.addr()).await;
        check(&answer, rcode, &[]);
        let [soa] = answer.authorities.as_slice() else {
            panic!("{name}: {answer:?}")
        };
        assert_eq!(soa.name.to_string(), zone, "{name}");
        assert_eq!(
            (soa.record_type(), soa.ttl),
            (RecordType::SOA, 60),
            "{name}"
        );
    }
}

#[tokio::test]
async fn wildcards_are_expanded_below_the_closest_encloser_only() {
    let server = server().await;
    let answer = Ask::new("any.wild.good.test", "A").udp(server.addr()).await;
    check(
        &answer,
        ResponseCode::NoError,
        &["any.wild.good.test. 300 IN A 192.0.2.99"],
    );
    let answer = Ask::new("x.y.wild.good.test", "A").udp(server.addr()).await;
    assert_eq!(answer.answers.len(), 1);
    let answer = Ask::new("any.wild.good.test", "TXT")
        .udp(server.addr())
        .await;
    check(&answer, ResponseCode::NoError, &[]);
    // An existing name hides the wildcard, and so do the names below it.
    let answer = Ask::new("no.wild.good.test", "A").udp(server.addr()).await;
    check(&answer, ResponseCode::NoError, &[]);
    let answer = Ask::new("x.no.wild.good.test", "A")
        .udp(server.addr())
        .await;
    check(&answer, ResponseCode::NXDomain, &[]);
}

#[tokio::test]
async fn aliases_are_followed() {
    let server = server().await;
    let answer = Ask::new("alias.good.test", "A").udp(server.addr()).await;
    let chain = [
        "alias.good.test. 300 IN CNAME mx.good.test.",
        "mx.good.test. 300 IN A 192.0.2.10",
    ];
    check(&answer, ResponseCode::NoError, &chain);
    let answer = Ask::new("alias.good.test", "CNAME")
        .udp(server.addr())
        .await;
    check(&answer, ResponseCode::NoError, &chain[..1]);
    let answer = Ask::new("dead.good.test", "A").udp(server.addr()).await;
    check(
        &answer,
        ResponseCode::NXDomain,
        &["dead.good.test. 300 IN CNAME missing.good.test."],
    );
    let answer = Ask::new("loop1.good.test", "A").udp(server.addr()).await;
    check(&answer, ResponseCode::ServFail, &[]);
}

#[tokio::test]
async fn ad_needs_a_client_that_understands_and_signed_zones_all_the_way() {
    let server = server().await;
    let addr = server.addr();
    let good = || Ask::new("good.test", "MX");
    assert!(!good().udp(addr).await.metadata.authentic_data);
    assert!(good().ad().udp(addr).await.metadata.authentic_data);
    assert!(
        good()
            .edns(1232, true)
            .udp(addr)
            .await
            .metadata
            .authentic_data
    );
    assert!(
        !good()
            .edns(1232, false)
            .udp(addr)
            .await
            .metadata
            .authentic_data
    );
    for (name, expected) in [
        ("nobody.good.test", true),
        ("www.plain.test", false),
        // An unsigned zone in the chain of aliases.
        ("outside.good.test", false),
        ("under.plain.test", false),
        ("nothing.nowhere", true),
    ] {
        let answer = Ask::new(name, "A").ad().udp(addr).await;
        assert_eq!(answer.metadata.authentic_data, expected, "{name}");
        assert_ne!(
            answer.metadata.response_code,
            ResponseCode::ServFail,
            "{name}"
        );
    }
}

#[tokio::test]
async fn bogus_is_servfail_with_an_extended_error_unless_checking_is_disabled() {
    let server = server().await;
    for name in ["bogus.test", "signed.bogus.test", "nobody.bogus.test"] {
        let answer = Ask::new(name, "A")
            .edns(1232, true)
            .udp(server.addr())
            .await;
        check(&answer, ResponseCode::ServFail, &[]);
        let edns = answer.edns.unwrap();
        let option = edns.option(EdnsCode::from(15)).expect("an extended error");
        assert_eq!(Vec::<u8>::try_from(option).unwrap(), [0, 6]);
    }
    let answer = Ask::new("bogus.test", "A")
        .edns(1232, true)
        .cd()
        .udp(server.addr())
        .await;
    check(
        &answer,
        ResponseCode::NoError,
        &["bogus.test. 300 IN A 192.0.2.30"],
    );
    assert!(!answer.metadata.authentic_data);
    assert!(answer.metadata.checking_disabled);
}

#[tokio::test]
async fn truncates_at_the_advertised_size() {
    let server = server().await;
    for ask in [
        Ask::new("long.test", "TXT"),
        Ask::new("long.test", "TXT").edns(100, false),
        Ask::new("long.test", "TXT").edns(4096, false),
    ] {
        let answer = ask.udp(server.addr()).await;
        assert!(answer.metadata.truncation);
        check(&answer, ResponseCode::NoError, &[]);
        assert_eq!(answer.edns.is_some(), ask.message.edns.is_some());
        let whole = ask.tcp(server.addr()).await;
        assert!(!whole.metadata.truncation);
        assert_eq!(whole.answers.len(), 60);
    }
    let answer = Ask::new("long.test", "TXT")
        .edns(65_000, false)
        .udp(server.addr())
        .await;
    assert_eq!(answer.answers.len(), 60);
}

#[tokio::test]
async fn many_queries_share_a_connection() {
    let server = server().await;
    let mut stream = TcpStream::connect(server.addr()).await.unwrap();
    for name in ["good.test", "mx.good.test", "nothing.nowhere"] {
        let ask = Ask::new(name, "A");
        let answer = exchange(&mut stream, &ask.message).await.unwrap();
        assert_eq!(answer.queries, ask.message.queries);
    }
}

#[tokio::test]
async fn faults() {
    let slow = Fault::Delay(Duration::from_millis(100));
    let server = DnsServer::builder()
        .zone("test", "*.f A 192.0.2.1\n*.f TXT \"text\"", Signing::Signed)
        .fault("a.f.test", Fault::ServFail)
        .fault("b.f.test", Fault::Refused)
        .fault("c.f.test", Fault::Silence)
        .fault("d.f.test", Fault::Truncate)
        .fault("e.f.test", Fault::TruncateBoth)
        .fault("g.f.test", Fault::WrongId)
        .fault("h.f.test", Fault::WrongQuestion)
        .fault("i.f.test", slow)
        .fault("j.f.test", Fault::FormErrOnEdns)
        .fault("k.f.test", Fault::Garbage)
        .fault(
            "rewritten.test",
            Fault::NxdomainRewrite(Ipv4Addr::new(198, 51, 100, 7)),
        )
        .fault("l.f.test", Fault::ServFailFirst(1))
        .fault("m.f.test", Fault::SilenceFirst(2))
        .fault_for("n.f.test", "txt", Fault::ServFail)
        .fault("o.f.test", Fault::SpoofFirst)
        .start()
        .await
        .unwrap();
    let addr = server.addr();
    let a = |label: &str| Ask::new(&format!("{label}.f.test"), "A");
    let code = async |ask: Ask| ask.udp(addr).await.metadata.response_code;

    assert_eq!(code(a("a")).await, ResponseCode::ServFail);
    assert_eq!(code(a("below.a")).await, ResponseCode::ServFail);
    assert_eq!(code(a("b")).await, ResponseCode::Refused);
    assert_eq!(a("c").udp_raw(addr).await, None);

    for (label, truncated) in [("d", true), ("e", true), ("z", false)] {
        let answer = a(label).udp(addr).await;
        assert_eq!(answer.metadata.truncation, truncated);
        assert_eq!(answer.answers.is_empty(), truncated);
    }
    assert_eq!(a("d").tcp(addr).await.answers.len(), 1);
    let mut stream = TcpStream::connect(addr).await.unwrap();
    assert!(exchange(&mut stream, &a("e").message).await.is_err());

    let answer = a("g").udp(addr).await;
    assert_ne!(answer.metadata.id, 0x1234);
    let answer = a("h").udp(addr).await;
    assert_ne!(answer.queries, a("h").message.queries);

    let begin = now();
    assert_eq!(a("i").udp(addr).await.answers.len(), 1);
    let taken = begin.elapsed();
    assert!(taken >= Duration::from_millis(99), "{taken:?}");

    let refused = a("j").edns(1232, false).udp(addr).await;
    assert_eq!(
        (refused.metadata.response_code, refused.edns),
        (ResponseCode::FormErr, None)
    );
    assert_eq!(code(a("j")).await, ResponseCode::NoError);

    let garbage = a("k").udp_raw(addr).await.unwrap();
    assert_eq!(garbage[..2], [0x12, 0x34]);
    assert!(Message::from_vec(&garbage).is_err());

    let answer = Ask::new("x.rewritten.test", "A").udp(addr).await;
    check(
        &answer,
        ResponseCode::NoError,
        &["x.rewritten.test. 60 IN A 198.51.100.7"],
    );
    assert!(!answer.metadata.authentic_data);
    assert_eq!(
        code(Ask::new("x.rewritten.test", "TXT")).await,
        ResponseCode::NoError
    );

    assert_eq!(code(a("l")).await, ResponseCode::ServFail);
    assert_eq!(code(a("l")).await, ResponseCode::NoError);
    assert_eq!(a("m").udp_raw(addr).await, None);
    assert_eq!(a("m").udp_raw(addr).await, None);
    assert_eq!(code(a("m")).await, ResponseCode::NoError);

    assert_eq!(code(a("n")).await, ResponseCode::NoError);
    assert_eq!(
        code(Ask::new("n.f.test", "TXT")).await,
        ResponseCode::ServFail
    );

    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    socket.connect(addr).await.unwrap();
    socket
        .send(&a("o").message.to_vec().unwrap())
        .await
        .unwrap();
    let forged = Message::from_vec(&receive(&socket).await.unwrap()).unwrap();
    assert_ne!(forged.metadata.id, 0x1234);
    let answer = Message::from_vec(&receive(&socket).await.unwrap()).unwrap();
    assert_eq!((answer.metadata.id, answer.answers.len()), (0x1234, 1));

    // At run time, and for the whole server.
    server.set_fault("z.f.test", Fault::Refused).unwrap();
    assert_eq!(code(a("z")).await, ResponseCode::Refused);
    server.clear_fault("z.f.test").unwrap();
    assert_eq!(code(a("z")).await, ResponseCode::NoError);
    server.set_fault(".", Fault::ServFail).unwrap();
    assert_eq!(code(a("z")).await, ResponseCode::ServFail);
    assert_eq!(code(a("b")).await, ResponseCode::Refused);
}

#[tokio::test]
async fn a_fault_holds_for_aliases_that_lead_to_it() {
    let server = server().await;
    server.set_fault("www.plain.test", Fault::ServFail).unwrap();
    let answer = Ask::new("outside.good.test", "A").udp(server.addr()).await;
    check(&answer, ResponseCode::ServFail, &[]);
}

#[tokio::test]
async fn odd_queries() {
    let server = server().await;
    let addr = server.addr();
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    socket.connect(addr).await.unwrap();
    // A header that promises a question and has none.
    let mut header = vec![0; 12];
    header[1] = 9;
    header[5] = 1;
    socket.send(&header).await.unwrap();
    let answer = Message::from_vec(&receive(&socket).await.unwrap()).unwrap();
    assert_eq!(answer.metadata.id, 9);
    assert_eq!(answer.metadata.response_code, ResponseCode::FormErr);
    // Neither responses nor scraps are answered.
    header[2] = 0x80;
    socket.send(&header).await.unwrap();
    socket.send(&header[..5]).await.unwrap();
    assert_eq!(receive(&socket).await, None);

    let mut ask = Ask::new("good.test", "A");
    ask.message.metadata.op_code = OpCode::Status;
    assert_eq!(
        ask.udp(addr).await.metadata.response_code,
        ResponseCode::NotImp
    );
    let mut ask = Ask::new("good.test", "A").edns(1232, false);
    ask.message.edns.as_mut().unwrap().set_version(1);
    // 16 is BADVERS (RFC 6891) and BADSIG (RFC 8945) in one.
    let code = ask.udp(addr).await.metadata.response_code;
    assert_eq!(u16::from(code), u16::from(ResponseCode::BADVERS));
}

/// Whatever octets come, the server goes on.
#[tokio::test]
async fn damaged_queries_do_no_harm() {
    let server = server().await;
    let addr = server.addr();
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let query = Ask::new("any.wild.good.test", "A").edns(1232, true);
    let whole = query.message.to_vec().unwrap();
    for at in 0..whole.len() {
        for bits in [0x01, 0x80, 0xff] {
            let mut damaged = whole.clone();
            damaged[at] ^= bits;
            socket.send_to(&damaged, addr).await.unwrap();
        }
        socket.send_to(&whole[..at], addr).await.unwrap();
    }
    assert_eq!(query.udp(addr).await.answers.len(), 1);
}

#[tokio::test]
async fn queries_are_logged() {
    let server = server().await;
    Ask::new("GOOD.test", "MX")
        .edns(1400, true)
        .cd()
        .udp(server.addr())
        .await;
    Ask::new("good.test", "A").ad().tcp(server.addr()).await;
    let queries = server.queries();
    let [first, second] = queries.as_slice() else {
        panic!("{queries:?}")
    };
    assert_eq!(
        (first.name.as_str(), first.record_type.as_str()),
        ("good.test", "MX")
    );
    assert_eq!(
        (first.transport, first.edns_payload),
        (Transport::Udp, Some(1400))
    );
    assert!(first.dnssec_ok && first.checking_disabled && !first.authentic_data);
    assert_eq!(
        (second.transport, second.edns_payload),
        (Transport::Tcp, None)
    );
    assert!(second.authentic_data && second.recursion_desired);
    assert_eq!(server.query_count("good.test", "mx"), 1);
    server.clear_queries();
    assert_eq!(server.query_count("good.test", "mx"), 0);
}

#[tokio::test]
async fn ends_with_its_handle() {
    let server = server().await;
    let addr = server.addr();
    drop(server);
    assert!(TcpStream::connect(addr).await.is_err());

    let server = self::server().await;
    let addr = server.addr();
    let mut open = TcpStream::connect(addr).await.unwrap();
    exchange(&mut open, &Ask::new("good.test", "A").message)
        .await
        .unwrap();
    server.stop().await;
    assert!(TcpStream::connect(addr).await.is_err());
    assert!(
        exchange(&mut open, &Ask::new("good.test", "A").message)
            .await
            .is_err()
    );
    // Both ports are free again.
    UdpSocket::bind(addr).await.unwrap();
}

#[tokio::test]
async fn what_cannot_be_read_is_said() {
    let zone = |text: &str| {
        DnsServer::builder()
            .zone("a.test", text, Signing::Signed)
            .start()
    };
    let error = zone("@ MX ten mx").await.unwrap_err();
    assert_eq!(error.kind(), LabErrorKind::Zone);
    assert!(
        error
            .to_string()
            .starts_with("zone a.test.: expected zone text, found "),
        "{error}"
    );
    let error = zone("b.test. A 192.0.2.1").await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "zone a.test.: expected names below the origin, found b.test."
    );
    let server = DnsServer::builder().fault_for("a.test", "nope", Fault::Silence);
    let error = server.start().await.unwrap_err();
    assert_eq!(error.to_string(), "expected a record type, found `nope`");
    let root = DnsServer::builder().zone(".", "x A 192.0.2.1", Signing::Unsigned);
    let root = root.start().await.unwrap();
    let answer = Ask::new("x", "A").ad().udp(root.addr()).await;
    assert!(matches!(answer.answers[0].data, RData::A(_)));
    assert!(!answer.metadata.authentic_data);
}
