//! The addresses that a domain sends from.

use dnsbl::{GapCause, MAX_SENDERS, Senders};
use mail_dns::{LookupErrorKind, StaticLookup};

async fn read(zone: &str, failing: &[&str]) -> Senders {
    let mut dns = StaticLookup::from_zone_text(zone).expect("zone text");
    for name in failing {
        dns = dns.with_failure(name.parse().expect("a name"), LookupErrorKind::ServFail);
    }
    dnsbl::senders(&dns, &"d.test".parse().expect("a name")).await
}

/// What is named, and what is told beside.
#[track_caller]
fn check(senders: &Senders, addresses: &[&str], told: &[&str]) {
    let found: Vec<_> = senders.addresses.iter().map(ToString::to_string).collect();
    assert_eq!(found, addresses, "{senders}");
    let networks = senders
        .networks
        .networks()
        .map(|network| network.to_string());
    let gaps = senders.gaps.iter().map(ToString::to_string);
    let found: Vec<_> = networks.chain(gaps).collect();
    assert_eq!(found, told, "{senders}");
    assert_eq!(
        senders.is_complete(),
        told.is_empty() && senders.left_out.is_empty()
    );
}

#[tokio::test]
async fn d25_outbound_addresses_come_from_spf_and_not_from_mx_alone() {
    let zone = "d.test.       60 IN TXT \"v=spf1 ip4:192.0.2.1 ip6:2001:db8::1 a:out.d.test mx include:p.test -all\"\n\
                d.test.       60 IN MX 10 mx.d.test.\n\
                d.test.       60 IN MX 20 mx2.d.test.\n\
                mx.d.test.    60 IN A 192.0.2.10\n\
                mx2.d.test.   60 IN A 192.0.2.11\n\
                mx2.d.test.   60 IN AAAA 2001:db8::11\n\
                out.d.test.   60 IN A 192.0.2.20\n\
                out.d.test.   60 IN A 192.0.2.21\n\
                p.test.       60 IN TXT \"v=spf1 redirect=q.test\"\n\
                q.test.       60 IN TXT \"v=spf1 ip4:198.51.100.4/31 ip4:192.0.2.10 ?ip4:198.51.100.9 ~all\"";
    check(
        &read(zone, &[]).await,
        &[
            "192.0.2.1 (ip4:192.0.2.1 of d.test)",
            "192.0.2.10 (mx of d.test)",
            "192.0.2.11 (mx of d.test)",
            "192.0.2.20 (a:out.d.test of d.test)",
            "192.0.2.21 (a:out.d.test of d.test)",
            "198.51.100.4 (ip4:198.51.100.4/31 of q.test)",
            "198.51.100.5 (ip4:198.51.100.4/31 of q.test)",
            "2001:db8::1 (ip6:2001:db8::1 of d.test)",
            "2001:db8::11 (mx of d.test)",
        ],
        &[],
    );
}

#[tokio::test]
async fn d25_small_networks_are_taken_one_by_one_and_large_ones_counted() {
    let zone = "d.test. 60 IN TXT \"v=spf1 ip4:192.0.2.0/28 ip4:198.51.100.0/27 ip6:2001:db8::/124 ip6:2001:db8:1::/64 -all\"";
    let senders = read(zone, &[]).await;
    assert_eq!(senders.addresses.len(), 32, "{senders}");
    assert!(senders.addresses.iter().all(|sender| sender.passes));
    assert_eq!(senders.networks.ipv4_count(), 32);
    assert_eq!(senders.networks.ipv6_count(), 1 << 64);
    assert!(!senders.is_complete());
    // Neighbors are no larger for being neighbors.
    let zone = "d.test. 60 IN TXT \"v=spf1 ip4:192.0.2.0/28 ip4:192.0.2.16/28 -all\"";
    assert_eq!(read(zone, &[]).await.addresses.len(), 32);
}

#[tokio::test]
async fn d25_the_number_of_addresses_is_bounded_and_the_rest_counted() {
    let terms: Vec<_> = (0..40).map(|net| format!("ip4:192.0.{net}.0/28")).collect();
    let record: Vec<_> = terms
        .chunks(10)
        .map(|terms| format!("\"{} \"", terms.join(" ")))
        .collect();
    let zone = format!(
        "d.test. 60 IN TXT \"v=spf1 \" {} \"-all\"",
        record.join(" ")
    );
    let senders = read(&zone, &[]).await;
    assert_eq!(senders.addresses.len(), MAX_SENDERS);
    assert_eq!(senders.left_out.ipv4_count(), 40 * 16 - 256);
    assert!(!senders.is_complete());
}

#[tokio::test]
async fn d25_what_the_record_takes_away_before_is_no_sender() {
    let zone = "d.test. 60 IN TXT \"v=spf1 -ip4:192.0.2.2 ip4:192.0.2.0/30 ~all\"";
    let passing = ["192.0.2.0", "192.0.2.1", "192.0.2.3"];
    let passing = passing.map(|address| format!("{address} (ip4:192.0.2.0/30 of d.test)"));
    let passing = passing.each_ref().map(String::as_str);
    check(&read(zone, &[]).await, &passing, &[]);
}

#[tokio::test]
async fn d25_terms_that_hang_on_the_client_are_told_as_that() {
    let zone = "d.test. 60 IN TXT \"v=spf1 ip4:192.0.2.1 ptr exists:%{i}.d.test a:%{d2}.x.test -exists:%{i}.bad.test -all\"";
    check(
        &read(zone, &[]).await,
        &["192.0.2.1 (ip4:192.0.2.1 of d.test)"],
        &[
            "ptr of d.test: whom it lets send hangs on the client",
            "exists:%{i}.d.test of d.test: whom it lets send hangs on the client",
        ],
    );
}

#[tokio::test]
async fn d25_what_fails_is_not_told_as_nobody() {
    // The address behind the include is meant, though an evaluation for it ends in an error today.
    let zone = "d.test. 60 IN TXT \"v=spf1 include:p.test ip4:192.0.2.1 -all\"\n\
                p.test. 60 IN TXT \"v=spf1 ip4:192.0.2.9 -all\"";
    let senders = read(zone, &["p.test"]).await;
    check(
        &senders,
        &["192.0.2.1 (ip4:192.0.2.1 of d.test)"],
        &["include:p.test of d.test: could not tell: SERVFAIL in answer to p.test TXT"],
    );
    assert!(!senders.addresses[0].passes);
    assert!(senders.gaps[0].why.is_unknown());
    assert!(!senders.is_nobody());

    let senders = read(zone, &["d.test"]).await;
    check(
        &senders,
        &[],
        &["could not tell: SERVFAIL in answer to d.test TXT"],
    );
    assert!(
        !senders.is_nobody(),
        "a record that cannot be read is not an empty one"
    );
}

#[tokio::test]
async fn nobody_and_no_record_are_proved() {
    let senders = read("d.test. 60 IN TXT \"v=spf1 -all\"", &[]).await;
    check(&senders, &[], &[]);
    assert!(senders.is_nobody());
    let senders = read("d.test. 60 IN TXT \"something else\"", &[]).await;
    assert!(senders.is_nobody() && !senders.is_complete());
    let [gap] = senders.gaps.as_slice() else {
        panic!("expected one gap, found {:?}", senders.gaps);
    };
    assert!(matches!(gap.why, GapCause::Broken(_)) && !gap.why.is_unknown());
}

#[tokio::test]
async fn a_record_for_everybody_is_not_enumerated() {
    let senders = read("d.test. 60 IN TXT \"v=spf1 +all\"", &[]).await;
    check(&senders, &[], &["0.0.0.0/0", "::/0"]);
    let zone = "d.test. 60 IN TXT \"v=spf1 include:d.test -all\"";
    let senders = read(zone, &[]).await;
    assert_eq!(senders.gaps[0].why, GapCause::Circle);
}

#[tokio::test]
async fn d25_what_a_record_leaves_open_is_not_told_as_nobody() {
    let open = "whether others may send is left open";
    for (record, at) in [
        ("v=spf1 ?all", "?all"),
        ("v=spf1 ?ip4:192.0.2.1 -all", "?ip4:192.0.2.1"),
        ("v=spf1", "v=spf1"),
    ] {
        let senders = read(&format!("d.test. 60 IN TXT \"{record}\""), &[]).await;
        check(&senders, &[], &[&format!("{at} of d.test: {open}")]);
        assert!(!senders.is_nobody(), "{record}");
    }
    let redirected = "d.test. 60 IN TXT \"v=spf1 redirect=r.test\"\n\
                      r.test. 60 IN TXT \"v=spf1 ip4:192.0.2.1 ?all\"";
    check(
        &read(redirected, &[]).await,
        &["192.0.2.1 (ip4:192.0.2.1 of r.test)"],
        &[&format!("?all of r.test: {open}")],
    );
    let included = "d.test. 60 IN TXT \"v=spf1 include:r.test ~all\"\n\
                    r.test. 60 IN TXT \"v=spf1 ip4:192.0.2.1 ?all\"";
    check(
        &read(included, &[]).await,
        &["192.0.2.1 (ip4:192.0.2.1 of r.test)"],
        &[],
    );
}
