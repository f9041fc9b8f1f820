//! Resolvers between the list and the one who asks: stopped, failing, rewriting, and with lies in their caches.

use std::time::Duration;

use dnsbl::Verdict;
use mail_dns::stub::{Server, StubResolver};

use crate::servers::{Rbldnsd, Unbound};
use crate::world::{NOW, ZONES, ask, ask_at, checker, checker_of, configuration, lists};

/// A list of the plainest sort, of which the resolver hides or shows what it wants.
const ZONE: &str = "plain.test";
const LISTED: &str = "9.1.1.1";
const CLEAN: &str = "9.1.9.9";
const PATIENCE: Duration = Duration::from_secs(20);

#[tokio::test]
#[ignore = "needs rbldnsd and unbound: .ci/interop-dnsbl"]
async fn a_resolver_that_is_stopped_leaves_nothing_clean() {
    let rbldnsd = Rbldnsd::start(ZONES);
    let mut unbound = Unbound::start(&rbldnsd, "");
    let before = checker(unbound.address());
    assert!(matches!(
        ask_at(&before, ZONE, CLEAN, NOW).await.verdict,
        Verdict::NotListed(_)
    ));
    unbound.stop();
    // The controls are still fresh, and prove nothing for an answer that did not come.
    for about in [CLEAN, LISTED] {
        let answer = ask_at(&before, ZONE, about, NOW + 1).await;
        expect(
            &answer.verdict,
            "not known: no server could be reached for an answer to",
        );
    }
    let control = "not known: control 1.0.0.127.plain.test: no server could be reached";
    for about in [CLEAN, LISTED] {
        expect(&ask(unbound.address(), ZONE, about).await.verdict, control);
    }
    // Nor does any list of the catalogue have an opinion.
    let after = checker(unbound.address());
    for answer in after.check_all(&crate::world::subject(LISTED), NOW).await {
        let untold = matches!(answer.verdict, Verdict::Unknown(_) | Verdict::NotApplicable);
        assert!(untold, "{answer}");
    }
}

#[tokio::test]
#[ignore = "needs rbldnsd and unbound: .ci/interop-dnsbl"]
async fn a_list_that_is_stopped_behind_the_resolver_leaves_nothing_clean() {
    let mut rbldnsd = Rbldnsd::start(ZONES);
    // It takes a while until it gives up.
    let unbound = Unbound::start(
        &rbldnsd,
        "    qname-minimisation: no\n    outbound-msg-retry: 1\n",
    );
    let patient = || {
        let mut config = configuration(unbound.address());
        (config.attempt_timeout, config.deadline) = (PATIENCE, PATIENCE);
        checker_of(lists(), StubResolver::new(config))
    };
    let before = patient();
    assert!(matches!(
        ask_at(&before, ZONE, CLEAN, NOW).await.verdict,
        Verdict::NotListed(_)
    ));
    rbldnsd.stop();
    for about in ["9.1.9.8", LISTED] {
        let answer = ask_at(&before, ZONE, about, NOW + 1).await;
        expect(&answer.verdict, "not known: SERVFAIL in answer to");
    }
    let answer = ask_at(&patient(), ZONE, CLEAN, NOW + 1).await;
    // The fixed controls are in its cache; the random one is not.
    expect_within(
        &answer.verdict,
        "not known: control ",
        ": SERVFAIL in answer to",
    );
}

/// What unbound makes of the answers of the list: lines of its configuration, and the verdicts on who is listed and who is not.
const REWRITTEN: &[(&str, &str, &str, &str)] = &[
    // As it should be.
    ("", "", "listed: 127.0.0.2 (trap)", "not listed"),
    // NXDOMAIN is rewritten for every name that is not known to exist.
    (
        "NXDOMAIN to an address",
        "redirect 203.0.113.9",
        OUTSIDE,
        OUTSIDE,
    ),
    (
        "NXDOMAIN to 127.0.0.1",
        "redirect 127.0.0.1",
        WILDCARD,
        WILDCARD,
    ),
    (
        "NXDOMAIN to 127.0.0.2",
        "redirect 127.0.0.2",
        WILDCARD,
        WILDCARD,
    ),
    (
        "NXDOMAIN to NODATA",
        "always_nodata",
        CONTROL_NODATA,
        CONTROL_NODATA,
    ),
    ("NXDOMAIN to 0.0.0.0", "always_null", NULL, NULL),
    ("NXDOMAIN to REFUSED", "always_refuse", REFUSED, REFUSED),
    (
        "NXDOMAIN to silence",
        "always_deny",
        CONTROL_SILENT,
        CONTROL_SILENT,
    ),
];
const OUTSIDE: &str =
    "not known, the list is broken: it answers outside 127.0.0.0/8, with 203.0.113.9";
const NULL: &str = "not known, the list is broken: it answers outside 127.0.0.0/8, with 0.0.0.0";
const WILDCARD: &str = "not known, the list is broken: it lists 1.0.0.127.plain.test, which nobody lists, with 127.0.0.";
const CONTROL_NODATA: &str = "not known: control 1.0.0.127.plain.test: NODATA";
const CONTROL_SILENT: &str = "not known: control 1.0.0.127.plain.test: no answer in time";
const REFUSED: &str = "not known, the list refuses: REFUSED in answer to 1.0.0.127.plain.test";

#[tokio::test]
#[ignore = "needs rbldnsd and unbound: .ci/interop-dnsbl"]
async fn a_resolver_that_rewrites_nxdomain_leaves_nothing_clean_and_nothing_listed() {
    let rbldnsd = Rbldnsd::start(ZONES);
    for (what, rewrite, listed, clean) in REWRITTEN {
        // Entries come through as they are.
        let mut more: String = ["2.0.0.127", "1.1.1.9"]
            .map(|entry| format!("    local-zone: \"{entry}.{ZONE}.\" transparent\n"))
            .concat();
        more += &lines(ZONE, rewrite);
        let unbound = Unbound::start(&rbldnsd, &more);
        expect(&ask(unbound.address(), ZONE, LISTED).await.verdict, listed);
        expect(&ask(unbound.address(), ZONE, CLEAN).await.verdict, clean);
        println!("rewritten: {what}");
    }
}

/// What unbound makes of one name, whatever the list has there.
const HIDDEN: &[(&str, &str)] = &[
    (
        "redirect 203.0.113.9",
        "not known, the list is broken: it answers outside 127.0.0.0/8, with 203.0.113.9",
    ),
    (
        "redirect 127.0.0.1",
        "not known: 127.0.0.1, which is no entry",
    ),
    (
        "redirect 127.255.255.254",
        "not known, the list refuses: 127.255.255.254",
    ),
    ("always_nodata", "not known: NODATA"),
    ("always_null", NULL),
    (
        "always_refuse",
        "not known, the list refuses: REFUSED in answer to",
    ),
    ("always_deny", "not known: no answer in time to"),
];

#[tokio::test]
#[ignore = "needs rbldnsd and unbound: .ci/interop-dnsbl"]
async fn an_answer_that_is_rewritten_for_the_subject_alone_is_not_clean() {
    let rbldnsd = Rbldnsd::start(ZONES);
    for (rewrite, expected) in HIDDEN {
        let more = lines(&format!("1.1.1.9.{ZONE}"), rewrite);
        let unbound = Unbound::start(&rbldnsd, &more);
        expect(
            &ask(unbound.address(), ZONE, LISTED).await.verdict,
            expected,
        );
        expect(
            &ask(unbound.address(), ZONE, CLEAN).await.verdict,
            "not listed",
        );
    }
}

/// A resolver that hides everything: the test entry is gone as well.
#[tokio::test]
#[ignore = "needs rbldnsd and unbound: .ci/interop-dnsbl"]
async fn d13_a_resolver_that_hides_the_list_leaves_nothing_clean() {
    let rbldnsd = Rbldnsd::start(ZONES);
    let unbound = Unbound::start(&rbldnsd, &lines(ZONE, "always_nxdomain"));
    for about in [LISTED, CLEAN] {
        expect(
            &ask(unbound.address(), ZONE, about).await.verdict,
            "not known, the list is broken: it does not list its own test entry 2.0.0.127.plain.test",
        );
    }
}

/// A zone that is not signed, of which the resolver expects that it is.
#[tokio::test]
#[ignore = "needs rbldnsd and unbound: .ci/interop-dnsbl"]
async fn a_list_whose_signatures_fail_leaves_nothing_clean() {
    let rbldnsd = Rbldnsd::start(ZONES);
    let digest = "0123456789abcdef".repeat(4);
    let more = format!(
        "    module-config: \"validator iterator\"\n    trust-anchor: \"{ZONE}. DS 4711 13 2 {digest}\"\n    trust-anchor-signaling: no\n"
    );
    let unbound = Unbound::start(&rbldnsd, &more);
    for trusted in [true, false] {
        let mut config = configuration(unbound.address());
        config.servers = vec![Server::new(unbound.address()).with_trusted(trusted)];
        let checker = checker_of(lists(), StubResolver::new(config));
        for about in [LISTED, CLEAN] {
            let answer = ask_at(&checker, ZONE, about, NOW).await;
            expect_within(
                &answer.verdict,
                "not known: control ",
                "an answer that fails DNSSEC validation",
            );
        }
    }
}

fn lines(name: &str, rewrite: &str) -> String {
    match rewrite.split_once(' ') {
        Some((kind, address)) => format!(
            "    local-zone: \"{name}.\" {kind}\n    local-data: \"{name}. 60 IN A {address}\"\n"
        ),
        None if rewrite.is_empty() => String::new(),
        None => format!("    local-zone: \"{name}.\" {rewrite}\n"),
    }
}

#[track_caller]
fn expect(verdict: &Verdict, expected: &str) {
    let shown = verdict.to_string();
    assert!(shown.starts_with(expected), "{shown}\nexpected {expected}");
}

#[track_caller]
fn expect_within(verdict: &Verdict, start: &str, within: &str) {
    expect(verdict, start);
    let shown = verdict.to_string();
    assert!(shown.contains(within), "{shown}\nexpected {within}");
}
