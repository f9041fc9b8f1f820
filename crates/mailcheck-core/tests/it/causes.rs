//! Why a TLS handshake failed, looked for over some connections more.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use mail_dns::StaticLookup;
use mailcheck_core::{Collector, Facts, Judge, Profile, Target, Verdict};
use tls_inspect::{CryptoProvider, TrustStore};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

/// A fatal alert, `handshake_failure`.
const ALERT: &[u8] = &[0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x28];

/// A server that refuses the first hellos by alert and says nothing to the others; and how many it had.
async fn refusing(hellos: usize) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("its address");
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            let number = counted.fetch_add(1, Ordering::Relaxed);
            let mut hello = [0; 4096];
            let read = stream.read(&mut hello).await;
            if read.is_ok() && number < hellos {
                drop(stream.write_all(ALERT).await);
            } else {
                held.push(stream);
            }
        }
    });
    (address, count)
}

async fn facts(server: SocketAddr, deadline: Duration) -> Facts {
    facts_of(1, server, deadline).await
}

/// Of a host with so many addresses, all of them the server's.
async fn facts_of(addresses: u8, server: SocketAddr, deadline: Duration) -> Facts {
    let numbers = || 1..=addresses;
    let zone: String = numbers()
        .map(|last| format!("mx.d.test. 60 IN A 9.9.9.{last}\n"))
        .collect();
    let dns = StaticLookup::from_zone_text(&zone).expect("zone text");
    let name = "probe.example.com".parse().expect("a name");
    let logical = numbers().map(|last| SocketAddr::from(([9, 9, 9, last], 465)));
    let detours = logical.map(|logical| (logical, server)).collect();
    let collector = Collector::new(dns, name, CryptoProvider::aws_lc_rs())
        .with_detours(detours)
        .with_deadline(deadline);
    let target: Target = "mx.d.test:465".parse().expect("a target");
    collector.collect(&target, &Profile::of(&target)).await
}

#[expect(
    clippy::disallowed_methods,
    reason = "the test measures how long a run takes"
)]
fn now() -> Instant {
    Instant::now()
}

/// What this client is refused, another may get, and nothing here shows that none does.
#[tokio::test]
async fn a_server_that_refuses_every_hello_is_asked_a_few_times_and_not_called_broken() {
    let (server, count) = refusing(usize::MAX).await;
    let facts = facts(server, Duration::from_secs(20)).await;
    let service = facts.services.first().expect("a service");
    let causes = service.causes.as_ref().expect("it was looked for");
    assert_eq!(count.load(Ordering::Relaxed), 1 + causes.connections.len());
    assert!((1..=12).contains(&causes.connections.len()), "{causes:?}");
    let judge = Judge::new(TrustStore::webpki_roots(), CryptoProvider::aws_lc_rs());
    let report = judge.judge(&facts);
    assert_eq!(report.verdict, Verdict::CouldNotTell, "{report}");
    assert!(report.to_string().contains("more hello"), "{report}");
    let json = serde_json::to_string(&facts).expect("plain data");
    let again: Facts = serde_json::from_str(&json).expect("it reads back");
    assert_eq!(judge.judge(&again), report);
}

/// A server that is asked so often takes it for an attack.
#[tokio::test]
async fn all_that_is_at_one_address_is_asked_as_often_as_one() {
    let (server, count) = refusing(usize::MAX).await;
    let zone: String = (1..=9)
        .map(|n| format!("d.test. 60 IN MX {n} h{n}.d.test.\nh{n}.d.test. 60 IN A 9.9.9.9\n"))
        .collect();
    let dns = StaticLookup::from_zone_text(&zone).expect("zone text");
    let name = "probe.example.com".parse().expect("a name");
    let logical = SocketAddr::from(([9, 9, 9, 9], 465));
    let collector = Collector::new(dns, name, CryptoProvider::aws_lc_rs())
        .with_detours([(logical, server)].into());
    let run = async move {
        let target: Target = "d.test".parse().expect("a target");
        let profile = Profile::of(&target).with_ports(&[465]);
        collector.collect(&target, &profile).await
    };
    let facts = tokio::spawn(run).await.expect("a run that can be spawned");
    assert_eq!(facts.services.len(), 9);
    let searches = facts.services.iter().map(|service| {
        let causes = service.causes.as_ref().expect("each has its report");
        causes.connections.len()
    });
    let searches: Vec<_> = searches.collect();
    assert!(searches.iter().sum::<usize>() <= 12, "{searches:?}");
    assert!(
        searches.contains(&0),
        "else nothing was bounded: {searches:?}"
    );
    assert_eq!(
        count.load(Ordering::Relaxed),
        9 + searches.iter().sum::<usize>()
    );
}

#[tokio::test]
async fn a_search_ends_with_the_run() {
    let (server, _count) = refusing(2).await;
    let started = now();
    let facts = facts(server, Duration::from_millis(800)).await;
    let taken = started.elapsed();
    assert!(taken < Duration::from_secs(2), "it took {taken:?}");
    let service = facts.services.first().expect("a service");
    let causes = service.causes.as_ref().expect("it was looked for");
    assert!(causes.unknown.is_some(), "{causes:?}");
    assert!(service.observation().is_some(), "what was seen is kept");
}

/// A search takes long at a server that says nothing, and others wait for their first look.
#[tokio::test]
async fn a_search_keeps_no_address_from_being_looked_at() {
    let (server, _count) = refusing(24).await;
    let facts = facts_of(24, server, Duration::from_secs(3)).await;
    assert_eq!(facts.services.len(), 24);
    assert_eq!(facts.unfinished, [""; 0], "not looked at");
}

/// "Not now" in the clear is no TLS that fails, and to come again at once makes it worse.
#[tokio::test]
async fn a_server_that_has_had_too_many_connections_is_not_asked_again() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("its address");
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            counted.fetch_add(1, Ordering::Relaxed);
            drop(stream.read(&mut [0; 4096]).await);
            let no = b"421 4.7.0 too many connections\r\n";
            drop(stream.write_all(no).await);
        }
    });
    let facts = facts(address, Duration::from_secs(20)).await;
    let judge = Judge::new(TrustStore::webpki_roots(), CryptoProvider::aws_lc_rs());
    let report = judge.judge(&facts);
    assert_eq!(report.verdict, Verdict::CouldNotTell, "{report}");
    assert_eq!(count.load(Ordering::Relaxed), 1, "{report}");
    assert_eq!(facts.services[0].causes, None);
}
