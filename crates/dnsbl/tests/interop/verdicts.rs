//! What each list is to say of each subject, asked at once; and that it says the same through unbound.

use dnsbl::Verdict;

use crate::servers::{Rbldnsd, Unbound};
use crate::world::{NOW, ZONES, ask_at, checker};

/// A list, a subject, and the verdict in words.
type Row = (&'static str, &'static str, &'static str);

/// NXDOMAIN alone is absence.
const D01: &[Row] = &[
    ("composite.test", "9.1.9.9", "not listed"),
    ("nodata.test", "9.1.9.9", "not listed"),
    (
        "nodata.test",
        "9.1.1.1",
        "not known: NODATA, which is neither an entry nor none",
    ),
    (
        "nodata-control.test",
        "9.1.1.1",
        "listed: 127.0.0.2 (of unknown meaning)",
    ),
    (
        "nodata-control.test",
        "9.1.9.9",
        "not known: control 2.0.0.127.nodata-control.test: NODATA, which is neither an entry nor none",
    ),
];
const D02: &[Row] = &[
    (
        "parked.test",
        "9.1.1.1",
        "not known, the list is broken: it answers outside 127.0.0.0/8, with 203.0.113.7",
    ),
    (
        "elsewhere.test",
        "9.1.1.1",
        "not known, the list is broken: it answers outside 127.0.0.0/8, with 203.0.113.7",
    ),
    ("elsewhere.test", "9.1.9.9", "not listed"),
];
const D03: &[Row] = &[
    (
        "plain.test",
        "9.1.1.6",
        "not known: 127.0.0.1, which is no entry",
    ),
    ("mixed.test", "9.1.1.4", "vouched for: 127.0.0.1 (white)"),
];
const D04: &[Row] = &[
    (
        "turned-away.test",
        "9.1.1.1",
        "not known, the list refuses: 127.255.255.254 (the resolver is public or cannot be attributed)",
    ),
    (
        "volume.test",
        "9.1.1.1",
        "not known, the list refuses: 127.255.255.255 (too many questions, or not registered)",
    ),
    (
        "mistyped.test",
        "9.1.1.1",
        "not known, the list refuses: 127.255.255.252 (the zone's name is mistyped)",
    ),
    (
        "plain.test",
        "9.1.1.7",
        "not known, the list refuses: 127.255.255.254 (the resolver is public or cannot be attributed)",
    ),
    (
        "plain.test",
        "9.1.1.8",
        "not known, the list refuses: 127.255.255.7 (a refusal of unknown meaning)",
    ),
];
const D05: &[Row] = &[
    (
        "domains.test",
        "asked.example",
        "not known, the list refuses: 127.0.1.255 (asked about an address)",
    ),
    (
        "domains.test",
        "9.1.1.1",
        "of a kind that the list has no entries for",
    ),
];
const D06: &[Row] = &[(
    "composite.test",
    "9.1.1.1",
    "listed: 127.0.0.2 (SBL), 127.0.0.4 (XBL), 127.0.0.9 (DROP); \"SBL of 9.1.1.1\"; \"XBL of 9.1.1.1\"",
)];
const D07: &[Row] = &[
    (
        "mask.test",
        "spam.example",
        "listed: 127.0.0.80 (MW, ABUSE); \"spam.example is bad\"",
    ),
    (
        "mask.test",
        "refused.example",
        "not known, the list refuses: 127.0.0.17 (refused)",
    ),
    (
        "mask.test",
        "odd.example",
        "not known: 127.0.1.80, which is no entry",
    ),
    (
        "own-controls.test",
        "9.1.1.1",
        "listed: 127.0.0.99 (listed)",
    ),
    (
        "plain.test",
        "9.1.1.9",
        "not known: 127.0.0.0, which is no entry",
    ),
];
/// 127.0.0.4 on three lists.
const D08: &[Row] = &[
    (
        "composite.test",
        "9.1.1.2",
        "listed: 127.0.0.4 (XBL); \"XBL of 9.1.1.2\"",
    ),
    (
        "registrable.test",
        "spam.example",
        "listed: 127.0.0.4 (grey)",
    ),
    ("mixed.test", "9.1.1.2", "listed: 127.0.0.4 (brown)"),
    (
        "plain.test",
        "9.1.2.9",
        "listed: 127.0.2.200 (of unknown meaning)",
    ),
];
const D10: &[Row] = &[
    (
        "reputation.test",
        "9.1.1.1",
        "listed: 127.0.0.11 (very bad)",
    ),
    (
        "reputation.test",
        "9.1.1.2",
        "known, neither good nor bad: 127.0.0.15 (in the middle)",
    ),
    (
        "reputation.test",
        "9.1.1.3",
        "vouched for: 127.0.0.19 (very good)",
    ),
    (
        "mixed.test",
        "9.1.1.3",
        "known, neither good nor bad: 127.0.0.3 (yellow)",
    ),
    (
        "mixed.test",
        "9.1.1.5",
        "known, neither good nor bad: 127.0.0.5 (NOBL)",
    ),
];
const D11: &[Row] = &[
    (
        "allow.test",
        "9.1.1.1",
        "vouched for: 127.0.5.3 (service network)",
    ),
    // It vouches for nobody by a code that nobody explains.
    (
        "allow.test",
        "9.1.1.2",
        "not known: 127.0.77.9, which is no entry",
    ),
    ("allow.test", "9.1.9.9", "not listed"),
];
const D12: &[Row] = &[
    (
        "over-quota.test",
        "9.1.1.1",
        "not known, the list refuses: 127.0.10.3 (over quota)",
    ),
    (
        "over-quota-too.test",
        "9.1.1.1",
        "not known, the list refuses: 127.0.0.255 (a refusal by this list's own code)",
    ),
];
const D13: &[Row] = &[
    (
        "emptied.test",
        "9.1.1.1",
        "not known, the list is broken: it does not list its own test entry 2.0.0.127.emptied.test",
    ),
    (
        "pretending.test",
        "9.1.1.1",
        "not known, the list is broken: it does not list its own test entry 2.0.0.127.pretending.test",
    ),
];
const D14: &[Row] = &[(
    "wildcard.test",
    "9.1.1.1",
    "not known, the list is broken: it lists 1.0.0.127.wildcard.test, which nobody lists, with 127.0.0.2",
)];
const D15: &[Row] = &[
    ("own-controls.test", "9.1.9.9", "not listed"),
    ("mixed.test", "9.1.9.9", "not listed"),
    ("mixed.test", "9.1.1.1", "listed: 127.0.0.2 (black)"),
    ("no-controls.test", "9.1.1.1", "listed: 127.0.0.2 (listed)"),
    (
        "no-controls.test",
        "9.1.9.9",
        "not known: no entry, and no test entry to prove it by",
    ),
    (
        "misnamed.test",
        "9.1.9.9",
        "not known: no entry, and no test entry 2.0.0.127.misnamed.test, which may not exist",
    ),
    (
        "misnamed.test",
        "9.1.1.1",
        "listed: 127.0.0.2 (of unknown meaning)",
    ),
    ("six.test", "2a00:9::1", "not listed"),
    ("domains.test", "good.example", "not listed"),
];
/// Everything but the test entries; the random control is one that nobody foresaw.
const D16: &[Row] = &[(
    "hole.test",
    "9.1.1.1",
    "not known, the list is broken: it lists 118.2.0.192.hole.test, which nobody lists, with 127.0.0.2",
)];
const D23: &[Row] = &[
    (
        "six.test",
        "2a00:1:2:3:4:5:6:7",
        "listed: 127.0.0.2 (listed), as 2a00:1:2:3::/64; \"2a00:1:2:3:4:5:6:7 is in a listed network\"",
    ),
    // The nibbles end with 3 as well, and the wildcard is for octets.
    (
        "octets.test",
        "3000::1",
        "of a kind that the list has no entries for",
    ),
    (
        "octets.test",
        "3.9.9.9",
        "listed: 127.0.0.2 (of unknown meaning)",
    ),
];
const D24: &[Row] = &[
    (
        "composite.test",
        "::ffff:9.1.1.2",
        "listed: 127.0.0.4 (XBL); \"XBL of 9.1.1.2\"",
    ),
    (
        "six.test",
        "::ffff:9.1.1.2",
        "of a kind that the list has no entries for",
    ),
];
const D27: &[Row] = &[
    (
        "domains.test",
        "WWW.Spam.Example.",
        "listed: 127.0.1.2 (low reputation); \"https://domains.test/query/spam.example\"",
    ),
    (
        "domains.test",
        "Bücher.example",
        "listed: 127.0.1.4 (phishing)",
    ),
    (
        "registrable.test",
        "mail.news.spam.example",
        "listed: 127.0.0.4 (grey)",
    ),
    (
        "registrable.test",
        "www.shop.co.example",
        "listed: 127.0.0.2 (black)",
    ),
    ("registrable.test", "www.good.example", "not listed"),
];
const D29: &[Row] = &[(
    "rude.test",
    "9.1.1.1",
    r#"listed: 127.0.0.2 (listed); "9.1.1.1 \x1b[2J\x1b]0;title\x07 <script>alert(1)</script> \xc3\xa9 \r""#,
)];

const ALL: [&[Row]; 19] = [
    D01, D02, D03, D04, D05, D06, D07, D08, D10, D11, D12, D13, D14, D15, D16, D23, D24, D27, D29,
];

/// Asks of each row once, with one resolver.
async fn check(rows: &[Row]) {
    let rbldnsd = Rbldnsd::start(ZONES);
    let checker = checker(rbldnsd.address());
    for (zone, about, expected) in rows {
        let answer = ask_at(&checker, zone, about, NOW).await;
        assert_eq!(answer.verdict.to_string(), *expected, "{about} on {zone}");
    }
}

macro_rules! verdicts {
    ($($test:ident: $rows:expr;)*) => {$(
        #[tokio::test]
        #[ignore = "needs rbldnsd: .ci/interop-dnsbl"]
        async fn $test() {
            check($rows).await;
        }
    )*};
}

verdicts! {
    d01_nxdomain_alone_is_absence: D01;
    d02_a_domain_that_was_sold_lists_nobody: D02;
    d03_127_0_0_1_is_no_listing: D03;
    d04_a_code_of_refusal_is_no_listing: D04;
    d05_an_answer_to_the_wrong_kind_of_question_is_no_listing: D05;
    d06_every_part_of_a_composite_list_is_told: D06;
    d07_bits_and_codes_are_told_apart: D07;
    d08_one_code_means_what_its_list_says: D08;
    d10_a_reputation_is_a_listing_only_if_it_is_bad: D10;
    d11_an_allowlist_lists_nobody: D11;
    d12_an_allowlist_over_quota_vouches_for_nobody: D12;
    d13_nxdomain_for_everything_is_not_clean: D13;
    d14_a_list_of_everything_lists_nobody: D14;
    d15_each_list_has_its_own_controls: D15;
    d16_a_wildcard_around_the_test_entries_is_seen: D16;
    d23_an_entry_of_ipv6_is_for_its_network: D23;
    d24_a_mapped_address_is_asked_about_as_ipv4: D24;
    d27_a_domain_is_asked_about_as_the_list_has_it: D27;
    d29_words_are_made_fit_to_be_shown: D29;
}

#[tokio::test]
#[ignore = "needs rbldnsd and unbound: .ci/interop-dnsbl"]
async fn through_unbound_every_verdict_is_the_same() {
    let rbldnsd = Rbldnsd::start(ZONES);
    let unbound = Unbound::start(&rbldnsd, "    module-config: iterator\n");
    let (direct, behind) = (checker(rbldnsd.address()), checker(unbound.address()));
    let mut same = 0;
    for (zone, about, _) in ALL.into_iter().flatten() {
        let at_once = ask_at(&direct, zone, about, NOW).await;
        // Twice: the second comes from its cache.
        for _ in 0..2 {
            let through = ask_at(&behind, zone, about, NOW).await;
            assert_eq!(through.to_string(), at_once.to_string());
            if let (Verdict::Refused(mine), Verdict::Refused(other)) =
                (&at_once.verdict, &through.verdict)
            {
                assert_eq!(mine, other);
            }
        }
        same += 1;
    }
    // A refusal reaches a resolver, and leaves it as a failure.
    let through = ask_at(&behind, "refusing.test", "9.1.1.1", NOW).await;
    let failure = "not known: control 1.0.0.127.refusing.test: SERVFAIL in answer to";
    assert!(
        through.verdict.to_string().starts_with(failure),
        "{through}"
    );
    println!("unbound: {same} verdicts the same, 0 other");
}
