//! What a cache still says after the list was mended, or is gone.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use dnsbl::{Cause, Change, Checker, HealthPolicy, ListAnswer, Verdict, Watch, WatchPolicy};
use mail_dns::stub::StubResolver;

use crate::servers::{Rbldnsd, Unbound};
use crate::world::{NOW, ask_at, catalogue, checker_of, resolver};

/// For how many seconds the lie is cached; what the list says of its test entries, for one.
const LIE: u64 = 10;

/// A list that lists everything, for a while. Its test entries are told by themselves, so that a cache forgets them first.
const LYING: &str = "=== mended.test generic\n2.0.0.127 1 A 127.0.0.2\n1.0.0.127 1 A 127.0.0.2\n=== mended.test ip4set\n$TTL 10\n:2:everything\n9.0.0.0/8\n192.0.2.0/24\n198.51.100.0/24\n";
const MENDED: &str = "=== mended.test generic\n2.0.0.127 1 A 127.0.0.2\n=== mended.test ip4set\n$TTL 10\n:2:\n9.9.9.1\n";
const LIST: &str = "[[list]]\nzone = \"mended.test\"\nstance = \"block\"\nipv4 = { positive = [\"127.0.0.2\"], negative = [\"127.0.0.1\"] }\n";
const ABOUT: &str = "9.1.1.1";

fn impatient() -> HealthPolicy {
    HealthPolicy {
        fresh_for: 1,
        retry_least: 1,
        ..HealthPolicy::default()
    }
}

fn checker(server: std::net::SocketAddr) -> Checker<StubResolver> {
    checker_of(catalogue(LIST), resolver(server)).with_health_policy(impatient())
}

async fn ask(checker: &Checker<StubResolver>) -> ListAnswer {
    ask_at(checker, "mended.test", ABOUT, now()).await
}

#[tokio::test]
#[ignore = "needs rbldnsd and unbound: .ci/interop-dnsbl"]
async fn d22_a_lie_that_a_cache_keeps_is_no_listing() {
    let rbldnsd = Rbldnsd::start(LYING);
    let unbound = Unbound::start(&rbldnsd, "");
    let behind = checker(unbound.address());
    let lie = ask(&behind).await;
    assert!(
        lie.verdict
            .to_string()
            .contains("which nobody lists, with 127.0.0.2"),
        "{lie}"
    );
    // Somebody else has asked about the address meanwhile, so the lie about it is cached too.
    let forgotten = now() + i64::try_from(LIE).expect("short");
    let other = dnsbl::Subject::Address(ABOUT.parse().expect("an address"));
    let name = other
        .query_names(&catalogue(LIST).lists()[0], &Default::default())
        .expect("a name");
    let cached = mail_dns::Lookup::lookup(
        &resolver(unbound.address()),
        &name[0],
        mail_dns::RecordType::A,
    )
    .await;
    assert!(cached.is_ok_and(|answer| answer.addresses().next().is_some()));
    rbldnsd.serve(MENDED);

    // The controls are right again, and the cache is not.
    tokio::time::sleep(Duration::from_millis(2100)).await;
    let echo = ask(&behind).await;
    assert!(
        matches!(&echo.verdict, Verdict::Unknown(Cause::Quarantined(_))),
        "{echo}"
    );
    // One who comes new sees the lie, and is told how long to wait before it is believed.
    let newcomer = checker(unbound.address());
    let seen = ask(&newcomer).await;
    assert!(seen.is_listing(), "{seen}");
    let mut watch = Watch::default();
    let policy = WatchPolicy {
        confirm_after: 1,
        ..WatchPolicy::default()
    };
    assert_eq!(watch.observe(&seen, &policy), None);
    // Another cache, or none, does not have it.
    let direct = ask(&checker(rbldnsd.address())).await;
    assert!(matches!(direct.verdict, Verdict::NotListed(_)), "{direct}");

    assert!(now() < forgotten, "the lie was there all the time");
    tokio::time::sleep(Duration::from_secs(LIE)).await;
    let answer = ask(&behind).await;
    assert!(matches!(answer.verdict, Verdict::NotListed(_)), "{answer}");
    let again = ask(&newcomer).await;
    assert_eq!(
        watch.observe(&again, &policy),
        Some(Change::Baseline { listed: false })
    );
}

/// unbound answers at once with what has run out, and asks the list afterwards, if it is there.
#[tokio::test]
#[ignore = "needs rbldnsd and unbound: .ci/interop-dnsbl"]
async fn d21_an_answer_that_has_run_out_tells_nothing() {
    let zone = "=== mended.test ip4set\n$SOA 1 ns.mended.test h.mended.test 0 1h 10m 1d 1\n$TTL 1\n:2:\n127.0.0.2\n9.1.1.1\n";
    let mut rbldnsd = Rbldnsd::start(zone);
    let stale = "    serve-expired: yes\n    ede-serve-expired: yes\n";
    let unbound = Unbound::start(&rbldnsd, stale);
    let behind = checker_of(catalogue(LIST), resolver(unbound.address()));
    let said = async |about| {
        let answer = ask_at(&behind, "mended.test", about, NOW).await;
        answer.verdict.to_string()
    };
    let old = "not known: an old answer, or the resolver's own: EDE 3 (Stale Answer)";
    for (about, verdict) in [
        (ABOUT, "listed: 127.0.0.2 (of unknown meaning)"),
        ("9.1.9.9", "not listed"),
    ] {
        assert_eq!(said(about).await, verdict);
        tokio::time::sleep(Duration::from_millis(2100)).await;
        assert_eq!(said(about).await, old);
        // It is asked for meanwhile.
        let mut tries = 0;
        while said(about).await != verdict {
            tries += 1;
            assert!(tries < 50, "{about} on and on {old}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
    rbldnsd.stop();
    tokio::time::sleep(Duration::from_millis(2100)).await;
    for about in [ABOUT, "9.1.9.9"] {
        assert_eq!(said(about).await, old);
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the cache of unbound goes by the time that it is"
)]
fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(0))
}
