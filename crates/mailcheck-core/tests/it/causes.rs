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
    let dns = StaticLookup::from_zone_text("mx.d.test. 60 IN A 9.9.9.9").expect("zone text");
    let name = "probe.example.com".parse().expect("a name");
    let logical = SocketAddr::from(([9, 9, 9, 9], 465));
    let collector = Collector::new(dns, name, CryptoProvider::aws_lc_rs())
        .with_detours([(logical, server)].into())
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
