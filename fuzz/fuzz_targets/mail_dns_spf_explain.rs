//! SPF read without a client, in any world: whoever is said to pass does and nobody else, whoever is said to end in an error does and
//! nobody else, for no more than is said, and within limits that it is said to fit; the flattened record gives the same result.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mail_dns::StaticLookup;
use mail_dns::spf::{AddressSet, Explained, Fit, Limits, Opacity, Problem, Query, Reach, RecordFound, SpfResult, check_host, explain};
use mailcheck_fuzz::{DOMAIN, ready, scene};

fuzz_target!(|text: &[u8]| {
    let Some((dns, mut query)) = scene(text) else { return };
    let explained = ready(explain(&dns, &DOMAIN.parse().expect("a name")));
    let mut clients = vec![query.ip];
    for set in [&explained.authorized, &explained.erroneous] {
        let networks: Vec<_> = set.networks().collect();
        clients.extend(networks.iter().take(3).map(|network| network.address));
        assert_eq!(AddressSet::from(networks), *set);
    }
    for client in clients {
        query.ip = client;
        check_fit(&explained, &dns, query.clone());
        check_verdict(&explained, &dns, query.clone());
    }
});

/// With the usual limits, and with those that the cost is just within.
fn check_fit(explained: &Explained, dns: &StaticLookup, mut query: Query) {
    let cost = explained.root.cost;
    let voids = cost.voids.ipv4.max(cost.voids.ipv6) + cost.possible_voids;
    let mut least = Limits::default();
    least.terms = u8::try_from(cost.terms).unwrap_or(u8::MAX);
    least.void_lookups = u8::try_from(voids).unwrap_or(u8::MAX);
    least.mx_names = 3;
    for limits in [Limits::default(), least] {
        query.limits = limits;
        let problem = ready(check_host(dns, &query)).problem;
        let is_over =
            matches!(problem, Some(Problem::TooManyTerms { .. } | Problem::TooManyVoidLookups { .. } | Problem::TooManyMxNames { .. }));
        assert!(!is_over || explained.fit(&limits) != Fit::Within, "{problem:?} {explained:#?}");
    }
}

fn check_verdict(explained: &Explained, dns: &StaticLookup, mut query: Query) {
    let (nodes, cost, opacity) = (explained.root.walk(), explained.root.cost, explained.opacity);
    let mut reaches = nodes.iter().flat_map(|node| &node.terms).map(|term| &term.reach);
    let is_cut = reaches.any(|reach| *reach == Reach::NotVisited)
        || nodes.iter().any(|node| node.found == RecordFound::NotVisited || node.left_out > 0);
    if cost.terms > 255 || is_cut {
        return;
    }
    (query.limits.terms, query.limits.void_lookups) = (u8::MAX, u8::MAX);
    let found = ready(check_host(dns, &query));
    let (said, passes) = (explained.authorized.contains(query.ip), found.result == SpfResult::Pass);
    let is_error = matches!(found.result, SpfResult::None | SpfResult::TempError | SpfResult::PermError);
    assert!(said || !passes || opacity.may_add, "{explained:#?}");
    // That a question for a name that hangs on the client may fail is left out, and how many such are void is for `fit` to say.
    let is_left_out = found.result == SpfResult::TempError || matches!(found.problem, Some(Problem::TooManyVoidLookups { .. }));
    assert!(!said || passes || opacity.may_remove || is_left_out && opacity.may_add, "{explained:#?}");
    if opacity != Opacity::default() {
        return;
    }
    assert_eq!(explained.erroneous.contains(query.ip), is_error, "{explained:#?}");
    let voids = if query.ip.to_canonical().is_ipv4() { cost.voids.ipv4 } else { cost.voids.ipv6 };
    let is_within = found.term_count <= cost.terms && found.void_count <= voids;
    assert!(is_within || explained.goes_in_a_circle(), "{explained:#?}");
    let Ok(flat) = explained.flattened() else { return };
    let world = format!("{}\n{DOMAIN} TXT {}", query.ip, flat.strings.concat());
    let (world, _) = scene(world.as_bytes()).expect("a scene");
    assert_eq!(ready(check_host(&world, &query)).result, found.result, "{}", flat.text);
}
