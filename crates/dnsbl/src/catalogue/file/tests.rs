use super::*;
use crate::{Category, CodeMatch, Effect};

/// A catalogue of one list, with `lines` in place of or besides what it needs.
fn with(lines: &str) -> String {
    let defaults = [
        ("zone", "zone = \"bl.test\""),
        ("as_of", "as_of = \"2026-11\""),
        ("ipv4", "ipv4 = { positive = [\"127.0.0.2\"] }"),
    ];
    let mut text = String::from("[[list]]\n");
    text.push_str(lines);
    for (key, default) in defaults {
        if !lines.contains(&format!("{key} =")) {
            text.push_str(default);
            text.push('\n');
        }
    }
    text + "name = \"Test\"\nstance = \"block\"\ntier = \"minor\"\nstatus = \"tested\"\nsource = \"here\"\n"
}

#[track_caller]
fn check(text: &str, kind: CatalogueErrorKind, line: usize, message: &str) {
    let error = Catalogue::from_toml(text).expect_err("a fault");
    assert_eq!((error.kind(), error.line()), (kind, Some(line)), "{error}");
    assert_eq!(error.to_string(), format!("line {line}: {message}"));
}

#[test]
fn the_builtin_catalogue_is_sane() {
    let catalogue = Catalogue::builtin().expect("sound");
    assert!(catalogue.lists().len() >= 100);
    assert!(catalogue.tombstones().len() >= 48);
    for list in catalogue.lists() {
        let zone = &list.zone;
        assert!(zone.is_host_name(), "{zone}");
        assert!(catalogue.tombstone(zone).is_none(), "{zone} is dead");
        assert!(list.as_of.len() >= 7, "{zone}: at least a month");
        let known = !list.codes.is_empty() || !list.is_in(ListSet::Default);
        assert!(known, "{zone}: codes");
        assert!(!list.source.is_empty() && !list.name.is_empty(), "{zone}");
        let kinds = [Kind::Ipv4, Kind::Ipv6, Kind::Domain];
        for controls in kinds.into_iter().filter_map(|kind| list.controls(kind)) {
            let positive = !controls.positive.is_empty() || list.status == Status::Mentioned;
            assert!(
                positive,
                "{zone}: no positive control, though somebody relies on it"
            );
            let negative = !controls.negative.is_empty() || list.note.is_some();
            assert!(negative, "{zone}: no negative control, and no note on why");
            assert!(controls.positive.iter().all(|name| name.is_within(zone)));
            assert!(controls.negative.iter().all(|name| name.is_within(zone)));
        }
        for rule in &list.codes {
            assert!(!rule.meaning.text.is_empty(), "{zone}: {rule:?}");
            if let CodeMatch::Octets(octets) = rule.code {
                assert_eq!(octets[0], Some(127), "{zone}: {rule:?}");
            }
        }
        for (index, rule) in list.codes.iter().enumerate() {
            let again = list.codes[..index]
                .iter()
                .any(|other| other.code == rule.code);
            assert!(!again, "{zone}: {rule:?} is there twice");
        }
    }
    for dead in catalogue.tombstones() {
        assert!(
            !dead.reason.is_empty() && !dead.source.is_empty(),
            "{dead:?}"
        );
        assert!(
            dead.date.is_some() || dead.reason.contains("no date is known"),
            "{dead:?}"
        );
        let same = catalogue
            .tombstones()
            .iter()
            .filter(|other| other.zone == dead.zone);
        assert_eq!(same.count(), 1, "{dead:?}");
    }
}

#[test]
fn the_least_list_is_read() {
    let catalogue = Catalogue::from_toml(&with("")).expect("sound");
    let list = &catalogue.lists()[0];
    let controls = list.controls(Kind::Ipv4).expect("controls");
    assert_eq!(
        controls.positive,
        ["2.0.0.127.bl.test".parse().expect("a name")]
    );
    assert!(controls.negative.is_empty() && controls.verified);
    assert_eq!(list.controls(Kind::Domain), None);
    assert_eq!(list.name_form, NameForm::Full);
}

#[test]
fn d15_controls_are_of_the_list_and_the_ipv6_one_stays_mapped() {
    let catalogue = Catalogue::from_toml(&with(
        "ipv4 = { positive = [\"127.0.0.99\"] }\n\
         ipv6 = { positive = [\"::ffff:127.0.0.2\"] }\n\
         domain = { positive = [\"TEST\", \"dbltest.com\"], negative = [\"INVALID\"] }\n",
    ))
    .expect("sound");
    let shown = |kind| {
        let controls = catalogue.lists()[0].controls(kind).expect("controls");
        controls
            .positive
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
    };
    assert_eq!(shown(Kind::Ipv4), ["99.0.0.127.bl.test"]);
    assert_eq!(shown(Kind::Domain), ["test.bl.test", "dbltest.com.bl.test"]);
    // RFC 5782 §2.4 and §5: ::FFFF:7F00:2.
    assert_eq!(
        shown(Kind::Ipv6),
        ["2.0.0.0.0.0.f.7.f.f.f.f.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.bl.test"]
    );
}

#[test]
fn faults_are_told_with_their_line() {
    use CatalogueErrorKind as K;
    check(
        &with("zone = \"a..b\"\n"),
        K::Name,
        2,
        "expected a label, found two dots in a row at octet 2",
    );
    check(
        &with(&format!("zone = \"{}test\"\n", "abcdefghi.".repeat(19))),
        K::Name,
        2,
        "expected a zone of at most 127 octets, found 196",
    );
    check(
        &with("as_of = \"soon\"\n"),
        K::Date,
        2,
        "expected a date such as 2026-08, found soon",
    );
    check(
        &with("as_of = \"2026-13\"\n"),
        K::Date,
        2,
        "expected a date such as 2026-08, found 2026-13",
    );
    check(
        &with("as_of = \"2026-+1\"\n"),
        K::Date,
        2,
        "expected a date such as 2026-08, found 2026-+1",
    );
    check(
        &with("ipv4 = { positive = [\"TEST\"] }\n"),
        K::Controls,
        2,
        "expected a control of kind ipv4, found TEST",
    );
    check(
        &with("domain = { positive = [\"127.0.0.2\"] }\n"),
        K::Controls,
        2,
        "expected a control of kind domain, found 127.0.0.2",
    );
    check(
        &with("codes = [\n{ code = \"10.0.0.1\", meaning = \"x\" }]\n"),
        K::Code,
        3,
        "expected a code in 127.0.0.0/8, found 10.0.0.1",
    );
    check(
        &with("codes = [{ code = \"127.0.0\", meaning = \"x\" }]\n"),
        K::Code,
        2,
        "expected four octets, each a number or *, found 127.0.0",
    );
    check(
        &with("codes = [{ bit = 3, meaning = \"x\" }]\n"),
        K::Code,
        2,
        "expected the value of one bit, found 3",
    );
    check(
        &with("codes = [{ meaning = \"x\" }]\n"),
        K::Code,
        2,
        "expected one of code and bit, found both or none",
    );
    let twice = with("") + &with("");
    check(
        &twice,
        K::Duplicate,
        11,
        "expected each zone once, found bl.test again",
    );
}

#[test]
fn d04_no_rule_can_make_a_refusal_a_listing() {
    for code in ["127.255.255.3", "127.*.*.2", "127.255.255.*"] {
        let text = with(&format!(
            "codes = [{{ code = \"{code}\", meaning = \"x\" }}]\n"
        ));
        let message = format!("expected an entry outside 127.255.255.0/24, found {code}");
        check(&text, CatalogueErrorKind::Code, 2, &message);
    }
}

#[test]
fn unknown_keys_and_bad_toml_are_told_with_their_line() {
    for (text, line) in [
        (with("zoen = \"x\"\n"), 2),
        ("[[list]]\nzone = \n".to_owned(), 2),
    ] {
        let error = Catalogue::from_toml(&text).expect_err("a fault");
        assert_eq!(
            (error.kind(), error.line()),
            (CatalogueErrorKind::Syntax, Some(line)),
            "{error}"
        );
        assert!(!error.to_string().contains('\n'), "{error}");
    }
}

#[test]
fn no_error_says_to_a_terminal_what_the_file_does() {
    let escape = "\\u001b[2J";
    let stone =
        format!("[[tombstone]]\nzone = \"test\"\nreason = \"{escape}\"\nsource = \"here\"\n");
    for text in [
        stone.clone() + &with(""),
        with("").replace("\"block\"", &format!("\"{escape}\"")),
        with(&format!("delisting = {{ page = \"{escape}\" }}\n")),
        with(&format!(
            "codes = [{{ code = \"{escape}\", meaning = \"x\" }}]\n"
        )),
    ] {
        let error = Catalogue::from_toml(&text)
            .expect_err("a fault")
            .to_string();
        assert!(error.contains("[2J"), "{error}");
        assert!(!error.contains('\u{1b}'), "{error:?}");
    }
    let buried = Catalogue::from_toml(&stone).expect("sound");
    let error = buried.only_zones(&["bl.test".parse().expect("a name")]);
    assert!(!error.expect_err("dead").to_string().contains('\u{1b}'));
}

#[test]
fn a_list_without_controls_is_refused() {
    let text = with("").replace("ipv4 = { positive = [\"127.0.0.2\"] }\n", "");
    check(
        &text,
        CatalogueErrorKind::Controls,
        2,
        "expected controls in at least one of ipv4, ipv6 and domain, found none",
    );
}

#[test]
fn the_dead_are_refused_by_any_name_below_them() {
    for zone in [
        "sorbs.net",
        "Spam.DNSBL.Sorbs.NET",
        "list.dsbl.org",
        "ix.dnsbl.manitu.net",
    ] {
        let error = Catalogue::from_toml(&with(&format!("zone = \"{zone}\"\n"))).expect_err("dead");
        assert_eq!(error.kind(), CatalogueErrorKind::Tombstone, "{zone}");
        assert_eq!(error.line(), Some(2));
    }
    // Not below on a label boundary.
    assert!(Catalogue::from_toml(&with("zone = \"notsorbs.net\"\n")).is_ok());
}

#[test]
fn a_file_can_bury_more() {
    let stone = "[[tombstone]]\nzone = \"test\"\nreason = \"sold\"\nsource = \"here\"\n";
    check(
        &(stone.to_owned() + &with("")),
        CatalogueErrorKind::Tombstone,
        6,
        "expected a living list, found bl.test: sold",
    );
}

#[track_caller]
fn check_code(codes: &str, message: &str) {
    let text = with(&format!("codes = [\n{codes}\n]\n"));
    check(&text, CatalogueErrorKind::Code, 4, message);
}

#[test]
fn a_code_that_no_address_comes_to_is_refused() {
    let message = "expected a code that no earlier one has, found one of those of \"a\"";
    for (earlier, later) in [
        ("code = \"127.0.0.2\"", "code = \"127.0.0.2\""),
        ("code = \"127.0.*.*\"", "code = \"127.0.1.*\""),
        ("bit = 2", "bit = 2"),
        ("bit = 2", "code = \"127.0.0.6\""),
        ("code = \"127.0.0.*\"", "bit = 4"),
    ] {
        check_code(
            &format!("{{ {earlier}, meaning = \"a\" }},\n{{ {later}, meaning = \"b\" }}"),
            message,
        );
    }
    for (earlier, later) in [
        ("code = \"127.0.0.2\"", "code = \"127.0.0.*\""),
        ("code = \"127.0.0.2\"", "bit = 2"),
        ("bit = 2", "code = \"127.0.0.4\""),
        ("bit = 2", "code = \"127.0.1.2\""),
        ("bit = 2", "bit = 4"),
    ] {
        let text = with(&format!(
            "codes = [{{ {earlier}, meaning = \"a\" }}, {{ {later}, meaning = \"b\" }}]\n"
        ));
        assert!(Catalogue::from_toml(&text).is_ok(), "{text}");
    }
}

#[test]
fn d11_on_an_allowlist_a_code_is_good_and_cannot_be_a_listing() {
    let allow = |code: &str| {
        with(&format!("codes = [{code}]\n")).replace("stance = \"block\"", "stance = \"allow\"")
    };
    check(
        &allow("{ code = \"127.0.0.2\", meaning = \"x\", effect = \"listed\" }"),
        CatalogueErrorKind::Code,
        2,
        "expected an effect that an allowlist can have, found listed",
    );
    let catalogue = Catalogue::from_toml(&allow("{ code = \"127.0.0.2\", meaning = \"x\" }"));
    let rule = catalogue.expect("sound").lists()[0].codes[0].clone();
    assert_eq!(rule.effect, Effect::Allowed);
    assert_eq!(rule.meaning.category, Category::Other, "praise is no spam");
}

#[test]
fn what_a_list_refers_to_is_another_and_not_in_a_circle() {
    use CatalogueErrorKind as K;
    check(
        &with("replaces = \"bl.test\"\n"),
        K::Reference,
        2,
        "expected the zone of another list, found bl.test itself",
    );
    check(
        &with("includes = [\"BL.test\"]\n"),
        K::Reference,
        2,
        "expected the zone of another list, found bl.test itself",
    );
    check(
        &with("zone = \"bl.test\"\nincludes = [{ zone = \"a.test\", codes = [] }]\n"),
        K::Reference,
        3,
        "expected a code by which the zone is repeated, found none",
    );
    let circle = with("zone = \"a.test\"\nreplaces = \"b.test\"\n")
        + &with("zone = \"b.test\"\nreplaces = \"c.test\"\n")
        + &with("zone = \"c.test\"\nreplaces = \"a.test\"\n");
    check(
        &circle,
        K::Reference,
        2,
        "expected a list to stand in for others, found a.test in a circle of them",
    );
    let chain = with("zone = \"a.test\"\nreplaces = \"b.test\"\n")
        + &with("zone = \"b.test\"\nreplaces = \"c.test\"\n");
    assert!(Catalogue::from_toml(&chain).is_ok());
}

#[test]
fn a_page_is_by_https_and_of_a_host() {
    for page in [
        "http://bl.test/",
        "bl.test",
        "https://",
        "https:///lookup",
        "https://bl.test@evil.test/",
        "https://192.0.2.1/",
        "https://bl.test/a b",
        "https://bl.test/\u{e9}",
        "javascript:alert(1)",
    ] {
        let message = format!("expected a page such as https://bl.example/lookup, found {page}");
        let text = with(&format!("delisting = {{ page = \"{page}\" }}\n"));
        check(&text, CatalogueErrorKind::Page, 2, &message);
        let text = with(&format!("terms = {{ registration = \"{page}\" }}\n"));
        check(&text, CatalogueErrorKind::Page, 2, &message);
    }
    let good = with("delisting = { page = \"https://bl.test/?ip={subject}\" }\n");
    assert!(Catalogue::from_toml(&good).is_ok());
}

#[test]
fn what_would_never_be_asked_is_refused() {
    use CatalogueErrorKind as K;
    for (zone, shown) in [
        ("https://bl.test", "https://bl.test"),
        ("127.0.0.2", "127.0.0.2"),
        ("*.bl.test", "*.bl.test"),
        (".", "."),
    ] {
        let message = format!("expected the name of a zone, found {shown}");
        check(&with(&format!("zone = \"{zone}\"\n")), K::Name, 2, &message);
    }
    check(
        &with(
            "ipv4 = { positive = [\"127.0.0.2\"], negative = [\"127.0.0.2\"] }\nzone = \"bl.test\"\n",
        ),
        K::Controls,
        3,
        "expected controls that are listed or not, found 2.0.0.127.bl.test as both",
    );
    let error = Catalogue::from_toml(&with("terms = { daily_queries = 0 }\n")).expect_err("none");
    assert_eq!(
        (error.kind(), error.line()),
        (K::Syntax, Some(2)),
        "{error}"
    );
    check(
        "[[tombstone]]\nzone = \".\"\nreason = \"all\"\nsource = \"here\"\n",
        K::Name,
        2,
        "expected a zone that is dead, found the root, which would bury all",
    );
}
