//! The world as a whole.

use std::{collections::BTreeSet, net::SocketAddr, time::Duration};

use hickory_proto::{op::ResponseCode, rr::RData};
use mailcheck_lab::{World, world::PORTS};
use tokio::{net::TcpStream, time::timeout};

use crate::{
    client::{ask, connect, reply, start_tls},
    dns::{Ask, check},
};

async fn world() -> World {
    timeout(Duration::from_secs(2), World::start())
        .await
        .expect("a start within 2 s")
        .unwrap()
}

fn logical(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

#[tokio::test]
async fn from_the_domain_to_a_verified_session() {
    let world = world().await;
    let answer = Ask::new("good.test", "MX").ad().udp(world.resolver()).await;
    check(
        &answer,
        ResponseCode::NoError,
        &[
            "good.test. 300 IN MX 10 mx1.good.test.",
            "good.test. 300 IN MX 20 mx2.good.test.",
        ],
    );
    assert!(answer.metadata.authentic_data);
    let answer = Ask::new("mx1.good.test", "AAAA")
        .udp(world.resolver())
        .await;
    check(
        &answer,
        ResponseCode::NoError,
        &["mx1.good.test. 300 IN AAAA 2001:db8::10"],
    );
    for address in ["192.0.2.10:25", "[2001:db8::10]:587"] {
        let real = world.route(logical(address)).unwrap();
        let mut stream = connect(real).await;
        assert_eq!(reply(&mut stream).await, "220 mx1.good.test ESMTP\r\n");
        ask(&mut stream, "EHLO me").await;
        ask(&mut stream, "STARTTLS").await;
        let mut stream = start_tls(stream, world.ca(), "mx1.good.test")
            .await
            .unwrap();
        ask(&mut stream, "QUIT").await;
    }
    let stream = connect(world.route(logical("192.0.2.10:465")).unwrap()).await;
    let mut stream = start_tls(stream, world.ca(), "mx1.good.test")
        .await
        .unwrap();
    assert_eq!(reply(&mut stream).await, "220 mx1.good.test ESMTP\r\n");
    assert!(world.stats().is_zero());
    assert_eq!(
        world.server("mx1.good.test", 25).unwrap().sessions().len(),
        1
    );
    assert_eq!(world.dns().query_count("good.test", "MX"), 1);
}

#[tokio::test]
async fn attempts_to_send_are_counted() {
    let world = world().await;
    let mut stream = connect(world.route(logical("192.0.2.30:25")).unwrap()).await;
    reply(&mut stream).await;
    ask(&mut stream, "MAIL FROM:<>").await;
    assert_eq!(world.stats().mail, 1);
}

/// Every domain answers as its summary says, and its MX hosts have addresses and routes, but for those that
/// are not to have them.
#[tokio::test]
async fn domains_and_routes_agree() {
    let world = world().await;
    let names: BTreeSet<_> = world.domains().iter().map(|domain| domain.name).collect();
    assert_eq!(names.len(), world.domains().len());
    let mut without_answer = Vec::new();
    let mut without_address = Vec::new();
    for domain in world.domains() {
        assert!(domain.name.ends_with(".test") && !domain.summary.is_empty());
        let ask = Ask::new(domain.name, "MX");
        let Some(answer) = ask.try_udp(world.resolver()).await else {
            without_answer.push(domain.name);
            continue;
        };
        let expected = match domain.name {
            "nothing.test" => ResponseCode::NXDomain,
            "dns-servfail.test" | "dns-bogus.test" => ResponseCode::ServFail,
            "dns-refused.test" => ResponseCode::Refused,
            _ => ResponseCode::NoError,
        };
        assert_eq!(answer.metadata.response_code, expected, "{}", domain.name);
        assert_eq!(
            answer.metadata.truncation,
            domain.name == "dns-truncated.test"
        );
        let has_mx = expected == ResponseCode::NoError
            && !["implicit-mx.test", "no-mail.test", "dns-truncated.test"].contains(&domain.name);
        assert_eq!(!answer.answers.is_empty(), has_mx, "{}", domain.name);
        for record in &answer.answers {
            let RData::MX(mx) = &record.data else {
                panic!("{record}")
            };
            if mx.exchange.is_root() {
                assert_eq!(domain.name, "null-mx.test");
                continue;
            }
            let host = mx.exchange.to_string();
            let hosts = Ask::new(host.trim_end_matches('.'), "A")
                .udp(world.resolver())
                .await;
            let address = hosts.answers.last().map(|record| &record.data);
            let Some(RData::A(address)) = address else {
                without_address.push(host);
                continue;
            };
            assert!(world.route((address.0, 25).into()).is_some(), "{host}");
        }
    }
    assert_eq!(without_answer, ["dns-silent.test"]);
    assert_eq!(without_address, ["gone.mx-dangling.test.", "192.0.2.10."]);
    let implicit = Ask::new("implicit-mx.test", "A")
        .udp(world.resolver())
        .await;
    check(
        &implicit,
        ResponseCode::NoError,
        &["implicit-mx.test. 300 IN A 192.0.2.12"],
    );

    let routes: Vec<_> = world.routes().collect();
    let hosts: BTreeSet<_> = routes.iter().map(|(logical, _)| logical.ip()).collect();
    assert_eq!(routes.len(), hosts.len() * PORTS.len());
    assert!(routes.iter().all(|(_, real)| real.ip().is_loopback()));
    assert_eq!(world.route(logical("192.0.2.10:26")), None);
}

#[tokio::test]
async fn ports_refuse_or_keep_silent_as_their_domains_say() {
    let world = world().await;
    for closed in ["198.51.100.50:25", "192.0.2.13:587", "192.0.2.30:465"] {
        let real = world.route(logical(closed)).unwrap();
        assert!(TcpStream::connect(real).await.is_err(), "{closed}");
    }
    let real = world.route(logical("198.51.100.51:25")).unwrap();
    assert!(
        timeout(Duration::from_millis(300), TcpStream::connect(real))
            .await
            .is_err()
    );
}

#[tokio::test]
async fn pointers() {
    let world = world().await;
    for (octet, target) in [
        (10, "mx1.good.test."),
        (11, "mx2.good.test."),
        (16, "mx2.good.test."),
    ] {
        let owner = format!("{octet}.2.0.192.in-addr.arpa");
        let answer = Ask::new(&owner, "PTR").udp(world.resolver()).await;
        check(
            &answer,
            ResponseCode::NoError,
            &[&format!("{owner}. 300 IN PTR {target}")],
        );
    }
    let answer = Ask::new("15.2.0.192.in-addr.arpa", "PTR")
        .udp(world.resolver())
        .await;
    check(&answer, ResponseCode::NXDomain, &[]);
    let owner = "0.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa";
    let answer = Ask::new(owner, "PTR").udp(world.resolver()).await;
    check(
        &answer,
        ResponseCode::NoError,
        &[&format!("{owner}. 300 IN PTR mx1.good.test.")],
    );
}

#[tokio::test]
async fn policies() {
    let world = world().await;
    for (name, text) in [
        ("good.test", "v=spf1 mx -all"),
        ("null-mx.test", "v=spf1 -all"),
        (
            "_dmarc.good.test",
            "v=DMARC1; p=reject; rua=mailto:dmarc@good.test,mailto:good@dmarc-reports.test",
        ),
        (
            "_smtp._tls.good.test",
            "v=TLSRPTv1; rua=mailto:tlsrpt@good.test",
        ),
    ] {
        let answer = Ask::new(name, "TXT").udp(world.resolver()).await;
        check(
            &answer,
            ResponseCode::NoError,
            &[&format!("{name}. 300 IN TXT {text}")],
        );
    }
    let answer = Ask::new("null-mx.test", "MX").udp(world.resolver()).await;
    check(
        &answer,
        ResponseCode::NoError,
        &["null-mx.test. 300 IN MX 0 ."],
    );
}

/// What each list says to its test entry, to the one it must not list, to the listed host and to a stranger.
#[tokio::test]
async fn blocklists() {
    let world = world().await;
    let yes = Some(ResponseCode::NoError);
    let no = Some(ResponseCode::NXDomain);
    let failed = Some(ResponseCode::ServFail);
    let cases = [
        (
            "normal",
            [yes, no, yes, no],
            "127.0.0.2 127.0.0.2 127.0.0.4",
        ),
        ("clean", [yes, no, no, no], "127.0.0.2"),
        (
            "refusing",
            [yes; 4],
            "127.255.255.254 127.255.255.254 127.255.255.254 127.255.255.254",
        ),
        ("world", [yes; 4], "127.0.0.2 127.0.0.2 127.0.0.2 127.0.0.2"),
        ("dead", [no; 4], ""),
        (
            "parked",
            [yes; 4],
            "203.0.113.7 203.0.113.7 203.0.113.7 203.0.113.7",
        ),
        ("silent", [None; 4], ""),
        ("servfail", [failed; 4], ""),
        (
            "composite",
            [yes, no, yes, no],
            "127.0.0.2 127.0.0.2 127.0.0.4",
        ),
        ("six", [no; 4], ""),
        ("allow", [yes, no, no, no], "127.0.5.3"),
        (
            "quota",
            [yes; 4],
            "127.0.10.3 127.0.10.3 127.0.10.3 127.0.10.3",
        ),
        (
            "egress",
            [yes; 4],
            "127.0.0.1 127.0.0.1 127.0.0.1 127.0.0.1",
        ),
        ("keyed", [no; 4], ""),
        (
            "laboratory-key.keyed",
            [yes, no, yes, no],
            "127.0.0.2 127.0.0.2 127.0.0.4",
        ),
    ];
    for (zone, codes, addresses) in cases {
        let mut found = Vec::new();
        for (owner, code) in ["2.0.0.127", "1.0.0.127", "66.113.0.203", "9.2.0.192"]
            .iter()
            .zip(codes)
        {
            let ask = Ask::new(&format!("{owner}.{zone}.dnsbl.test"), "A");
            let answer = ask.try_udp(world.resolver()).await;
            assert_eq!(
                answer.as_ref().map(|answer| answer.metadata.response_code),
                code,
                "{zone} {owner}"
            );
            let answers = answer.into_iter().flat_map(|answer| answer.answers);
            found.extend(answers.map(|record| record.data.to_string()));
        }
        found.sort();
        assert_eq!(found.join(" "), addresses, "{zone}");
    }
    // The IPv6 test entry, and a list of domains.
    let six = "2.0.0.0.0.0.f.7.f.f.f.f.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0";
    // In a listed network, and in the next one.
    let bad = "5.2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.1.0.0.0.d.a.b.0.8.b.d.0.1.0.0.2";
    let near = "5.2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.2.0.0.0.d.a.b.0.8.b.d.0.1.0.0.2";
    for (owner, zone, code) in [
        (six, "normal", ResponseCode::NoError),
        (six, "clean", ResponseCode::NoError),
        (six, "six", ResponseCode::NoError),
        (bad, "six", ResponseCode::NoError),
        (near, "six", ResponseCode::NXDomain),
        ("test", "bits", ResponseCode::NoError),
        ("listed.test", "bits", ResponseCode::NoError),
        ("good.test", "bits", ResponseCode::NXDomain),
        ("67.113.0.203", "composite", ResponseCode::NoError),
        ("67.113.0.203", "normal", ResponseCode::NXDomain),
        ("10.2.0.192", "allow", ResponseCode::NoError),
        ("test", "domains", ResponseCode::NoError),
        ("TEST", "domains", ResponseCode::NoError),
        ("invalid", "domains", ResponseCode::NXDomain),
        ("listed.test", "domains", ResponseCode::NoError),
        ("good.test", "domains", ResponseCode::NXDomain),
    ] {
        let ask = Ask::new(&format!("{owner}.{zone}.dnsbl.test"), "A");
        let answer = ask.udp(world.resolver()).await;
        assert_eq!(answer.metadata.response_code, code, "{owner} {zone}");
        assert_eq!(
            answer.answers.len(),
            usize::from(code == ResponseCode::NoError)
        );
    }
    let answer = Ask::new("66.113.0.203.normal.dnsbl.test", "TXT")
        .udp(world.resolver())
        .await;
    assert!(
        answer.answers[0]
            .data
            .to_string()
            .contains("https://normal.dnsbl.test/203.0.113.66")
    );
}
