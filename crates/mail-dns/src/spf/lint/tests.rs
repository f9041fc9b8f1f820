//! What deserves a second look, and where it is.

use crate::spf::explain_tests::{block, name, of, record, world};
use crate::spf::{Lint, NearMissKind, Place, RecordFound, explain};
use crate::{NegativeKind, Record as DnsRecord, RecordData, RecordType, StaticLookup};

fn lints(text: &str, more: &str) -> Vec<Lint> {
    record(text, more).lints
}

#[track_caller]
fn check_lint(text: &str, more: &str, at: &str, lint: fn(&Lint) -> Option<&Place>) {
    let explained = record(text, more);
    let found: Vec<_> = explained.lints.iter().filter_map(lint).collect();
    let record = explained.root.record().expect("a record");
    let texts: Vec<_> = found
        .iter()
        .map(|place| record.text_of(place.span))
        .collect();
    assert_eq!(texts, [at], "{:?}", explained.lints);
}

#[test]
fn lints_name_the_place() {
    check_lint("v=spf1 a +all", "@ A 1.2.3.4", "+all", |lint| match lint {
        Lint::PassAll(place) => Some(place),
        _ => None,
    });
    check_lint("v=spf1 ?all", "", "?all", |lint| match lint {
        Lint::NeutralAll(place) => Some(place),
        _ => None,
    });
    check_lint(
        "v=spf1 -all ip4:1.2.3.4",
        "",
        "ip4:1.2.3.4",
        |lint| match lint {
            Lint::AfterAll(place) => Some(place),
            _ => None,
        },
    );
    check_lint(
        "v=spf1 -all redirect=x.test",
        "",
        "redirect=x.test",
        |lint| match lint {
            Lint::RedirectBesideAll(place) => Some(place),
            _ => None,
        },
    );
    check_lint("v=spf1 ptr -all", "", "ptr", |lint| match lint {
        Lint::Ptr(place) => Some(place),
        _ => None,
    });
    check_lint(
        "v=spf1 IP4:1.2.3.4 +ip4:1.2.3.4 -all",
        "",
        "+ip4:1.2.3.4",
        |lint| match lint {
            Lint::DuplicateTerm(place) => Some(place),
            _ => None,
        },
    );
    check_lint(
        "v=spf1 ip4:9.0.0.0/8 ip4:9.1.0.0/16 -all",
        "",
        "ip4:9.1.0.0/16",
        |lint| match lint {
            Lint::Covered(place) => Some(place),
            _ => None,
        },
    );
    check_lint(
        "v=spf1 ip4:9.0.0.0/8 ip4:8.8.0.0/16 ip6:2600::/32 -all",
        "",
        "ip4:9.0.0.0/8",
        |lint| match lint {
            Lint::WideNetwork { place, prefix: 8 } => Some(place),
            _ => None,
        },
    );
    check_lint(
        "v=spf1 ip6:2600::/16 -all",
        "",
        "ip6:2600::/16",
        |lint| match lint {
            Lint::WideNetwork { place, .. } => Some(place),
            _ => None,
        },
    );
    check_lint(
        "v=spf1 ip4:8.8.8.8/24 ip4:8.8.4.4 -all",
        "",
        "ip4:8.8.8.8/24",
        |lint| match lint {
            Lint::HostBits(place) => Some(place),
            _ => None,
        },
    );
    check_lint(
        "v=spf1 ip4:10.0.0.0/16 -all",
        "",
        "ip4:10.0.0.0/16",
        |lint| match lint {
            Lint::SpecialNetwork { place, .. } => Some(place),
            _ => None,
        },
    );
    check_lint("v=spf1 a/8 mx//16 -all", "", "a/8", |lint| match lint {
        Lint::WideNetwork { place, prefix: 8 } => Some(place),
        _ => None,
    });
    check_lint(
        "v=spf1 ip6:::ffff:8.8.8.8 -all",
        "",
        "ip6:::ffff:8.8.8.8",
        |lint| match lint {
            Lint::MappedNetwork(place) => Some(place),
            _ => None,
        },
    );
    assert!(
        lints("v=spf1 ip4:8.8.0.0/16 ip6:2600::/32 -all", "").is_empty(),
        "just not wide"
    );
    assert!(
        lints("v=spf1 exists:%{L}.x.test exists:%{l}.x.test -all", "").is_empty(),
        "a capital letter escapes"
    );
    // What an include keeps out is not decided outside it.
    let kept_out = lints(
        "v=spf1 include:i.d.test ip4:9.9.9.9 -all",
        "i TXT \"v=spf1 -ip4:9.9.9.9 ip4:8.8.8.8 -all\"",
    );
    assert!(kept_out.is_empty(), "{kept_out:?}");
    for (text, more) in [
        ("v=spf1 include:i.d.test -all", "i TXT \"v=spf1 +all\""),
        ("v=spf1 exists:x.d.test -all", "x A 127.0.0.1"),
        ("v=spf1 a/0 a//0 -all", "@ A 1.2.3.4\n@ AAAA 2600::1"),
    ] {
        assert!(
            lints(text, more).contains(&Lint::EverybodyPasses {
                ipv4: true,
                ipv6: true
            }),
            "{text}"
        );
    }
    let long: String = (0..9)
        .map(|n| format!("@ TXT \"token-{n}-{}\"\n", "x".repeat(50)))
        .collect();
    assert!(
        matches!(lints("v=spf1 -all", &long).as_slice(), [Lint::LongAnswer { octets, .. }] if *octets > 512)
    );
    let thrice = lints(
        "v=spf1 include:i.d.test include:i.d.test include:i.d.test -all",
        "i TXT \"v=spf1 ptr -all\"",
    );
    assert_eq!(
        thrice
            .iter()
            .filter(|lint| matches!(lint, Lint::Ptr(_)))
            .count(),
        1
    );
    assert!(lints("v=spf1 ip4:8.8.8.8 -all", "").is_empty());
    let ending = lints("v=spf1 ip4:8.8.8.8", "");
    assert!(matches!(ending.as_slice(), [Lint::NoAll { .. }]));
    // Who decides about the others is whom it redirects to; an include's ending is its own affair.
    let redirected = lints("v=spf1 redirect=i.d.test", "i TXT \"v=spf1 ?all\"");
    assert!(
        matches!(redirected.as_slice(), [Lint::NeutralAll(place)] if place.domain == name("i.d.test"))
    );
    assert!(
        lints(
            "v=spf1 include:i.d.test -all",
            "i TXT \"v=spf1 ip4:8.8.8.8 ?all\""
        )
        .is_empty()
    );
    let long = format!("v=spf1 {}-all", "ip4:8.8.8.8 ".repeat(40));
    let strings = format!("{}\" \"{}", &long[..200], &long[200..400]) + "\" \"" + &long[400..];
    assert!(
        lints(&strings, "")
            .iter()
            .any(|lint| matches!(lint, Lint::LongRecord { octets, .. } if *octets == long.len()))
    );
    let repeated = lints(
        "v=spf1 include:i.d.test include:j.d.test -all",
        "i TXT \"v=spf1 -all\"\nj TXT \"v=spf1 include:i.d.test -all\"",
    );
    assert!(
        repeated
            .iter()
            .any(|lint| matches!(lint, Lint::RepeatedRecord { count: 2, .. }))
    );
}

#[test]
fn includes_whose_domain_does_not_exist_are_named_with_the_zone_that_says_so() {
    let dns = StaticLookup::from_zone_text(
        "d.test. 60 IN TXT \"v=spf1 include:_spf.gone.example include:here.d.test -all\"\n\
         here.d.test. 60 IN A 192.0.2.1\n\
         example. 60 IN SOA ns.example. h.example. 1 2 3 4 5",
    )
    .expect("zone text");
    let explained = block(explain(&dns, &name("d.test")));
    let missing: Vec<_> = explained
        .lints
        .iter()
        .filter_map(|lint| match lint {
            Lint::MissingTarget {
                kind, denied_by, ..
            } => Some((*kind, denied_by.as_ref().map(ToString::to_string))),
            _ => None,
        })
        .collect();
    let gone = record(
        "v=spf1 a:gone.d.test mx:gone.d.test exists:gone.d.test a:here.d.test -all",
        "here A 8.8.8.8",
    );
    let dangling = gone
        .lints
        .iter()
        .filter(|lint| matches!(lint, Lint::DanglingTarget { .. }));
    assert_eq!(dangling.count(), 3);
    assert!(
        gone.exchanges
            .iter()
            .any(|exchange| exchange.question.to_string() == "here.d.test A")
    );
    assert_eq!(
        missing,
        [
            (NegativeKind::NxDomain, Some("example".into())),
            (NegativeKind::NoData, None)
        ]
    );
}

#[test]
fn item_16_near_misses_are_named() {
    use NearMissKind::*;
    for (text, expected) in [
        (" v=spf1 -all", Some(LeadingBlank)),
        ("v=spf10 -all", Some(OtherVersion)),
        ("v=spf2 -all", Some(OtherVersion)),
        ("v=spf1.0 -all", Some(OtherVersion)),
        ("v=spf1; -all", Some(NoSpace)),
        ("v=spf1\t-all", Some(NoSpace)),
        ("v=spf1-all", Some(NoSpace)),
        ("spf2.0/pra -all", Some(SenderId)),
        ("\"v=spf1 -all\"", Some(LiteralQuotes)),
        ("spf1 -all", Some(NoVersionTag)),
        ("v=spf1 -all", None),
        ("V=SPF1", None),
        ("hello v=spf1", None),
    ] {
        assert_eq!(NearMissKind::of(text.as_bytes()), expected, "{text:?}");
    }
    let found = of("@ TXT \"v=spf10 -all\"").lints;
    assert!(matches!(
        found.as_slice(),
        [Lint::NearMiss {
            kind: OtherVersion,
            ..
        }]
    ));
}

#[test]
fn item_18_records_of_the_dead_type_and_copies_elsewhere() {
    let mut dns = world("@ TXT \"v=spf1 -all\"");
    let dead = RecordData::Other {
        record_type: RecordType::SPF,
    };
    dns.insert(DnsRecord::new(name("d.test"), 60, dead));
    let explained = block(explain(&dns, &name("d.test")));
    assert_eq!(explained.lints, [Lint::TypeSpf { count: 1 }]);
    let elsewhere = of("_spf TXT \"v=spf1 -all\"").lints;
    assert!(
        matches!(elsewhere.as_slice(), [Lint::CopyElsewhere { name }] if *name == self::name("_spf.d.test"))
    );
    assert!(matches!(
        of("@ A 192.0.2.1").root.found,
        RecordFound::Nothing
    ));
    let unknown = block(explain(&world(""), &name("broken.d.test")));
    assert!(matches!(unknown.root.found, RecordFound::Unknown(_)));
    assert!(
        unknown
            .lints
            .iter()
            .any(|lint| matches!(lint, Lint::Unknown(_)))
    );
}
