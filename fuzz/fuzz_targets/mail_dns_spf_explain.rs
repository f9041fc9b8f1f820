//! SPF read without a client, in any world: whoever is said to pass does and nobody else, for no more than is said, and within the
//! limits if it is said to fit them; the flattened record gives the same result.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mail_dns::spf::{AddressSet, Limits, Problem, RecordFound, SpfResult, check_host, explain};
use mailcheck_fuzz::{DOMAIN, ready, scene};

fuzz_target!(|text: &[u8]| {
    let Some((dns, mut query)) = scene(text) else { return };
    let explained = ready(explain(&dns, &DOMAIN.parse().expect("a name")));
    assert_eq!(AddressSet::from(explained.authorized.networks().collect::<Vec<_>>()), explained.authorized);
    let (nodes, cost) = (explained.root.walk(), explained.root.cost);
    if explained.opaque || cost.terms > 255 || nodes.iter().any(|node| node.found == RecordFound::NotVisited) {
        return;
    }
    let problem = ready(check_host(&dns, &query)).problem;
    let met = matches!(problem, Some(Problem::TooManyTerms | Problem::TooManyVoidLookups));
    assert!(!met || !explained.fits(&Limits::default()), "{problem:?}");
    (query.limits.terms, query.limits.void_lookups) = (u8::MAX, u8::MAX);
    let found = ready(check_host(&dns, &query));
    let (said, passes) = (explained.authorized.contains(query.ip), found.result == SpfResult::Pass);
    assert_eq!(said, passes, "{explained:#?}");
    let voids = if query.ip.to_canonical().is_ipv4() { cost.voids.ipv4 } else { cost.voids.ipv6 };
    let is_within = found.term_count <= cost.terms && found.void_count <= voids;
    assert!(is_within || explained.goes_in_a_circle(), "{explained:#?}");
    let Ok(flat) = explained.flattened() else { return };
    let world = format!("{}\n{DOMAIN} TXT {}", query.ip, flat.strings.concat());
    let (world, _) = scene(world.as_bytes()).expect("a scene");
    assert_eq!(ready(check_host(&world, &query)).result, found.result, "{}", flat.text);
});
