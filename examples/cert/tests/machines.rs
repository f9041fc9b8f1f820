//! Several machines of one name.

use std::net::SocketAddr;

use mailcheck_lab::World;
use mailcheck_lab::ca::{CertificateKind, TestCa};
use mailcheck_lab::dns::{DnsServer, Fault, Signing};
use mailcheck_lab::smtp::{BuiltIn, SmtpServer};
use tls_inspect::{
    Alert, AlertDescription, Der, HandshakeFailure, HandshakeFailureKind, HandshakeOutcome,
    RolloverAction, TlsaParameters,
};
use tokio::net::{TcpListener, TcpStream};

use super::arguments;
use super::live::look;
use crate::look::{Attempt, Look, Place};
use crate::machines::{Comparison, Machines, Open};
use crate::{laboratory, page, run};

const HOST: &str = "mx1.good.test";

/// Another machine of the name, with a chain of its own.
async fn another(world: &World, kind: CertificateKind) -> (SmtpServer, Look) {
    let identity = world.ca().chain(kind, &[HOST]).expect("a chain");
    let script = BuiltIn::Healthy.script(HOST).expect("a script");
    let server = SmtpServer::start(script, Some(identity)).await;
    let server = server.expect("a server");
    let look = at(world, server.addr()).await;
    (server, look)
}

/// What is seen where another address of the name leads.
async fn at(world: &World, real: SocketAddr) -> Look {
    let arguments = arguments("");
    let inspector = laboratory::inspector(&arguments, world).expect("an inspector");
    let address = SocketAddr::from(([192, 0, 2, 17], 25));
    let mut place = Place::new(address, Some(HOST.to_owned()));
    place.real = real;
    place.is_one_of_several = true;
    inspector.look(place).await
}

fn of(world: &World, looks: &[Look], open: Vec<Open>) -> Machines {
    let arguments = arguments("");
    let inspector = laboratory::inspector(&arguments, world).expect("an inspector");
    let now = looks.first().map_or(0, |look| look.now_unix);
    Machines::of(&inspector, HOST, 25, looks, open, now)
}

#[track_caller]
fn check(machines: &Machines, comparison: Comparison, lines: &[&str]) {
    let text = page::machines(machines).into_text();
    assert_eq!(machines.comparison, comparison, "{text}");
    let unbroken = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for line in lines {
        assert!(unbroken.contains(line), "expected {line:?} in\n{text}");
    }
}

#[tokio::test]
async fn a_record_of_one_machine_is_none_of_the_past_when_another_changes() {
    let world = World::start().await.expect("a laboratory");
    let first = look(&world, "", HOST, 25).await;
    let (_server, second) = another(&world, CertificateKind::NearExpiry).await;
    assert!(
        second
            .judgement
            .rollover
            .iter()
            .all(|one| one.plans.is_empty())
    );
    let machines = of(&world, &[first, second], Vec::new());
    check(
        &machines,
        Comparison::Differ,
        &[
            "! mx1.good.test:25, 2 addresses differ: they send 2 chains",
            "9 days left at 192.0.2.17",
            "80 days left at 192.0.2.10",
            "matches EC P-256 at 192.0.2.10 (chain 2)",
            "✗ no record 3 1 1 matches chain 1: senders that know only such ones refuse",
            "of chain 1, the first to expire: by 3 1 1 of this and of the next key",
            "have 192.0.2.17 send the next chain",
            "then look again for chain 2, whose change is to be begun by ",
        ],
    );
    let of_second = &machines.records[0].record;
    let plans = machines.chains[0].rollover.iter();
    let steps = plans
        .flat_map(|advice| &advice.plans)
        .flat_map(|plan| &plan.steps);
    for step in steps {
        if let RolloverAction::Withdraw { records } = &step.action {
            assert!(!records.contains(of_second), "{step:?}");
        }
    }
    let value = serde_json::to_value(&machines).expect("plain data");
    assert_eq!(value["kind"], "machines");
    assert_eq!(value["comparison"], "differ");
    assert_eq!(value["records"][0]["matches"], serde_json::json!([1]));
    assert_eq!(
        value["chains"][1]["sent_by"],
        serde_json::json!(["192.0.2.10:25"])
    );
    assert!(value["chains"][1]["rollover"]["plans"][0]["steps"].is_array());
}

#[tokio::test]
async fn a_plan_is_open_for_what_was_not_seen() {
    let world = World::start().await.expect("a laboratory");
    let first = look(&world, "", HOST, 25).await;
    let nobody = TcpListener::bind("127.0.0.1:0").await;
    let nobody = nobody.and_then(|listener| listener.local_addr());
    let refused = at(&world, nobody.expect("a port")).await;
    let question = "no answer in time to AAAA mx1.good.test".to_owned();
    let machines = of(&world, &[first, refused], vec![Open::of_name(question)]);
    check(
        &machines,
        Comparison::CouldNotTell,
        &[
            "? mx1.good.test:25, 2 addresses could not tell: those that were seen send 1 chain; 2 not seen",
            "? not seen no answer in time to AAAA mx1.good.test ? 192.0.2.17: connection refused",
            "✓ TLSA 3 1 1",
            "? roll-over open: what was not seen may need records beside these",
            "roll-over by 3 1 1 of this and of the next key",
            " unless what was not seen has the key, when they do",
        ],
    );
}

#[tokio::test]
async fn machines_with_the_same_chain_are_alike_only_if_both_keys_are_known() {
    let world = World::start().await.expect("a laboratory");
    let first = look(&world, "", HOST, 25).await;
    let real = world.route(first.address).expect("a route");
    let second = at(&world, real).await;
    let mut looks = vec![first, second];
    let machines = of(&world, &looks, Vec::new());
    let lines = [
        "✓ mx1.good.test:25, 2 addresses alike: each sends the same chain",
        "at 192.0.2.10, 192.0.2.17",
        "have all servers send the next chain",
    ];
    check(&machines, Comparison::Alike, &lines);

    let mut check_failure = |kind, alert: Option<AlertDescription>, comparison, lines: &[&str]| {
        let other = looks[1].seen.other_key.as_mut();
        let mut failure = HandshakeFailure::new(kind, "no answer in time");
        failure.alert = alert.map(Alert::new);
        let capture = tls_inspect::Capture::new(HandshakeOutcome::Failed(failure));
        other.expect("a second handshake").attempt = Attempt::Tls(Box::new(capture));
        check(&of(&world, &looks, Vec::new()), comparison, lines);
    };
    let lines = ["? not seen 192.0.2.17 with RSA: no answer in time"];
    let timeout = HandshakeFailureKind::Timeout;
    check_failure(timeout, None, Comparison::CouldNotTell, &lines);
    // An alert is a no if it says that there is nothing in common; a server in trouble says nothing of its keys.
    let alert = HandshakeFailureKind::AlertReceived;
    let trouble = Some(AlertDescription::INTERNAL_ERROR);
    check_failure(alert, trouble, Comparison::CouldNotTell, &lines);
    let no = Some(AlertDescription::HANDSHAKE_FAILURE);
    check_failure(alert, no, Comparison::Alike, &[]);
}

/// A server with a chain of its own, and its record `3 1 1`.
async fn server(ca: &TestCa, host: &str) -> (SmtpServer, String) {
    let identity = ca.chain(CertificateKind::Healthy, &[host]);
    let identity = identity.expect("a chain");
    let leaf = Der::from(identity.0[0].clone());
    let record = TlsaParameters::SERVER_KEY.record(&leaf).expect("a record");
    let script = BuiltIn::Healthy.script(host).expect("a script");
    let server = SmtpServer::start(script, Some(identity)).await;
    (server.expect("a server"), record.to_string())
}

/// Sends whoever comes to another address.
fn forward(from: TcpListener, to: SocketAddr) {
    tokio::spawn(async move {
        while let Ok((mut near, _)) = from.accept().await {
            let Ok(mut far) = TcpStream::connect(to).await else {
                continue;
            };
            tokio::spawn(async move {
                drop(tokio::io::copy_bidirectional(&mut near, &mut far).await);
            });
        }
    });
}

#[tokio::test]
async fn every_address_of_a_name_is_looked_at_and_counts() {
    let host = "mx.two.test";
    let ca = TestCa::new().expect("an authority");
    let (one, of_one) = server(&ca, host).await;
    let (two, of_two) = server(&ca, host).await;
    let port = one.addr().port();
    let beside = TcpListener::bind(("127.0.0.2", port)).await;
    forward(beside.expect("an address"), two.addr());
    let file = std::env::temp_dir().join(format!("cert-machines-{port}.pem"));
    std::fs::write(&file, ca.root_pem()).expect("a file");

    let run = async |records: &[&str], fault: Option<Fault>| {
        let mut zone = "mx A 127.0.0.1\nmx A 127.0.0.2\n".to_owned();
        for record in records {
            zone += &format!("_{port}._tcp.mx TLSA {record}\n");
        }
        let mut dns = DnsServer::builder().zone("two.test", zone, Signing::Signed);
        if let Some(fault) = fault {
            dns = dns.fault_for(host, "AAAA", fault);
        }
        let dns = dns.start().await.expect("a DNS server");
        let line = format!(
            "{host}:{port} --starttls --dane --allow-private --timeout 5 --resolver {} --ca {}",
            dns.addr(),
            file.display()
        );
        run::run(arguments(&line)).await
    };
    assert_eq!(run(&[&of_one, &of_two], None).await, Ok(0));
    // That of the second machine is missing.
    assert_eq!(run(&[&of_one], None).await, Ok(1));
    // There may be a third.
    assert_eq!(run(&[&of_one, &of_two], Some(Fault::ServFail)).await, Ok(3));
    drop(std::fs::remove_file(&file));
}
