use std::pin::pin;
use std::task::{Context, Poll, Waker};

use super::*;
use crate::{LookupErrorKind, StaticLookup};

/// Name servers in memory, each with a world of its own.
struct Servers(BTreeMap<IpAddr, (StaticLookup, bool)>);

impl AskServer for Servers {
    async fn ask_server(
        &self,
        server: SocketAddr,
        question: &Question,
    ) -> Result<ServerAnswer, LookupError> {
        assert_eq!(server.port(), 53);
        let Some((world, authoritative)) = self.0.get(&server.ip()) else {
            return Err(LookupError::new(LookupErrorKind::Timeout, question.clone()));
        };
        let answer = world.lookup(&question.name, question.record_type).await?;
        Ok(ServerAnswer::new(
            answer.aliases,
            Some(answer.response),
            *authoritative,
        ))
    }
}

const ZONE: &str = "d.test. 60 IN SOA ns.d.test. h.d.test. 7 1 1 1 60\n\
    d.test. 60 IN NS ns1.d.test.\nd.test. 60 IN NS ns2.d.test.\n\
    d.test. 60 IN MX 10 a.d.test.\nd.test. 60 IN MX 20 b.d.test.\n\
    _dmarc.d.test. 60 IN TXT \"v=DMARC1; p=none\"\n";
const HOSTS: &str =
    "ns1.d.test. 60 IN A 9.9.9.1\nns2.d.test. 60 IN A 9.9.9.2\nns2.d.test. 60 IN AAAA 2620:fe::2";

fn name(text: &str) -> DomainName {
    text.parse().expect("a name")
}

fn world(zone: &str) -> StaticLookup {
    StaticLookup::from_zone_text(zone).expect("zone text")
}

fn block<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("memory does not wait"),
    }
}

fn look(resolver: &StaticLookup, servers: &[(&str, StaticLookup, bool)]) -> Consistency {
    let servers = servers.iter().map(|(address, world, authoritative)| {
        (
            address.parse().expect("an address"),
            (world.clone(), *authoritative),
        )
    });
    let questions = mail_questions(&name("d.test"), &["s1"]).expect("questions");
    block(consistency(
        resolver,
        &Servers(servers.collect()),
        &name("d.test"),
        questions,
        false,
    ))
}

fn resolver() -> StaticLookup {
    world(&format!("{ZONE}{HOSTS}"))
}

#[test]
fn servers_that_agree_are_consistent_and_order_is_nothing() {
    let reordered = ZONE
        .replace("10 a", "99 x")
        .replace("20 b", "10 a")
        .replace("99 x", "20 b");
    let found = look(
        &resolver(),
        &[
            ("9.9.9.1", world(ZONE), true),
            ("9.9.9.2", world(&reordered), true),
            ("2620:fe::2", world(ZONE), true),
        ],
    );
    assert_eq!(found.servers.len(), 3, "each address is asked");
    assert!(found.differences().is_empty() && found.stale().is_empty() && found.is_complete());
    assert_eq!(found.servers[0].serial(), Some(7));
    assert_eq!(
        block(zone_of(&resolver(), &name("_dmarc.d.test"))),
        Ok(Some(name("d.test")))
    );
}

#[test]
fn the_server_that_is_stale_or_drops_a_record_is_named() {
    let old = ZONE
        .replace(" 7 1 1 1 60", " 6 1 1 1 60")
        .replace("_dmarc", "_other");
    let found = look(
        &resolver(),
        &[
            ("9.9.9.1", world(ZONE), true),
            ("9.9.9.2", world(&old), true),
            ("2620:fe::2", world(ZONE), true),
        ],
    );
    let stale: Vec<_> = found
        .stale()
        .iter()
        .map(|server| server.address.to_string())
        .collect();
    assert_eq!(stale, ["9.9.9.2"]);
    let differences = found.differences();
    let [difference] = differences.as_slice() else {
        panic!("{differences:?}")
    };
    assert_eq!(difference.question.to_string(), "_dmarc.d.test TXT");
    let shown: Vec<_> = difference
        .variants
        .iter()
        .map(|(content, servers)| (content.to_string(), servers.len()))
        .collect();
    assert_eq!(
        shown,
        [
            ("\"v=DMARC1; p=none\"".to_owned(), 2),
            ("NXDOMAIN".to_owned(), 1)
        ]
    );
}

#[test]
fn who_refuses_a_type_or_is_lame_or_silent_is_named_and_nothing_is_complete() {
    let refusing = world(ZONE).with_failure(name("_dmarc.d.test"), LookupErrorKind::Refused);
    let found = look(
        &resolver(),
        &[("9.9.9.1", refusing, true), ("9.9.9.2", world(ZONE), false)],
    );
    let failures: Vec<_> = found
        .failures()
        .map(|(server, question, error)| format!("{} {question} {}", server.address, error.kind()))
        .collect();
    assert!(failures.contains(&"9.9.9.1 _dmarc.d.test TXT REFUSED".to_owned()));
    assert_eq!(
        failures
            .iter()
            .filter(|failure| failure.starts_with("2620:fe::2 "))
            .count(),
        6
    );
    let lame: Vec<_> = found
        .servers
        .iter()
        .filter(|server| server.is_lame())
        .map(|server| server.address.to_string())
        .collect();
    assert_eq!(lame, ["9.9.9.2"]);
    assert!(found.differences().is_empty() && !found.is_complete());
}

#[test]
fn addresses_that_are_not_global_are_not_contacted() {
    let resolver = world(&format!(
        "{ZONE}ns1.d.test. 60 IN A 127.0.0.1\nns2.d.test. 60 IN A 9.9.9.2"
    ));
    let found = look(
        &resolver,
        &[
            ("127.0.0.1", world(ZONE), true),
            ("9.9.9.2", world(ZONE), true),
        ],
    );
    let skipped: Vec<_> = found
        .servers
        .iter()
        .filter(|server| server.soa.is_none())
        .collect();
    assert_eq!(
        (skipped.len(), skipped[0].replies.len(), found.is_complete()),
        (1, 0, false)
    );
}

#[test]
fn without_the_list_of_servers_nothing_is_known() {
    let found = look(
        &resolver().with_failure(name("d.test"), LookupErrorKind::ServFail),
        &[],
    );
    assert!(found.ns.is_err() && found.servers.is_empty() && !found.is_complete());
}

#[test]
fn serials_go_round() {
    assert!(precedes(1, 2) && precedes(u32::MAX, 0) && precedes(u32::MAX - 1, 5));
    assert!(!precedes(2, 1) && !precedes(5, 5) && !precedes(0, u32::MAX) && !precedes(0, 1 << 31));
}

#[test]
fn where_nobody_or_not_all_were_asked_nothing_is_complete() {
    let found = look(&world("d.test. 60 IN MX 10 a.d.test."), &[]);
    assert!(found.ns.is_ok() && found.servers.is_empty() && !found.is_complete());
    let more: String = (1..10)
        .map(|host| format!("ns1.d.test. 60 IN A 9.9.8.{host}\n"))
        .collect();
    let zone = format!(
        "{}{more}",
        ZONE.replace("d.test. 60 IN NS ns2.d.test.\n", "")
    );
    let places: Vec<_> = (1..10).map(|host| format!("9.9.8.{host}")).collect();
    let servers = places
        .iter()
        .map(|place| (place.as_str(), world(ZONE), true));
    let found = look(&world(&zone), &servers.collect::<Vec<_>>());
    assert_eq!(found.servers.len(), MAX_ADDRESSES);
    assert!(found.failures().next().is_none() && !found.is_complete());
}
