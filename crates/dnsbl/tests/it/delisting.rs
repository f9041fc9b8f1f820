//! How to get off a list.

use dnsbl::{Catalogue, Checker, DelistingHelp, Keys, List, ListAnswer, Remedy, Subject, Verdict};
use mail_dns::StaticLookup;

const NOW: i64 = 1_795_000_000;
const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;

/// A list of addresses, and the rest of its entry in the catalogue.
fn catalogue(codes: &str, delisting: &str) -> Catalogue {
    let text = format!(
        r#"
        [[list]]
        zone = "bl.example"
        name = "Bad Länder"
        stance = "block"
        tier = "major"
        status = "documented"
        as_of = "2026-11"
        source = "this test"
        codes = [{codes}]
        ipv4 = {{ positive = ["127.0.0.2"], negative = ["127.0.0.1"] }}
        ipv6 = {{ positive = ["::ffff:127.0.0.2"], negative = ["::ffff:127.0.0.1"] }}
        domain = {{ positive = ["test"], negative = ["invalid"] }}
        name_form = "registrable"
        delisting = {{ {delisting} }}
        "#
    );
    Catalogue::from_toml(&text).expect("a catalogue")
}

const ZONE: &str = "2.0.0.127.bl.example. 60 IN A 127.0.0.2\n\
    2.0.0.0.0.0.f.7.f.f.f.f.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.bl.example. 60 IN A 127.0.0.2\n\
    test.bl.example. 60 IN A 127.0.0.2\n";

async fn help(codes: &str, delisting: &str, entries: &str, subject: &str) -> DelistingHelp {
    let catalogue = catalogue(codes, delisting);
    let list = catalogue.lists()[0].clone();
    let answer = ask(catalogue, entries, subject).await;
    let help = DelistingHelp::of(&list, &answer);
    assert_eq!(
        help,
        DelistingHelp::of_answer(&answer),
        "the answer brings along what is known of the list"
    );
    help.unwrap_or_else(|| panic!("expected a listing: {answer}"))
}

async fn ask(catalogue: Catalogue, entries: &str, subject: &str) -> ListAnswer {
    let dns = StaticLookup::from_zone_text(&format!("{ZONE}{entries}")).expect("zone text");
    let subject = match subject.parse() {
        Ok(address) => Subject::Address(address),
        Err(_) => Subject::Domain(subject.parse().expect("a name")),
    };
    let checker = Checker::new(dns, catalogue, 7);
    checker.check_all(&subject, NOW).await.remove(0)
}

const SPAM: &str = r#"{ code = "127.0.0.2", meaning = "sent spam" }"#;
const ENTRY: &str = "1.1.1.9.bl.example. 180 IN A 127.0.0.2\n";

#[tokio::test]
async fn the_subject_is_filled_into_the_page_and_encoded() {
    let page = r#"page = "https://bl.example/look?q={subject}&again={subject}""#;
    let six = "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.a.2.bl.example. 180 IN A 127.0.0.2\n";
    let domain = "bad.example.bl.example. 180 IN A 127.0.0.2\n";
    for (entries, subject, expected) in [
        (
            ENTRY,
            "9.1.1.1",
            "https://bl.example/look?q=9.1.1.1&again=9.1.1.1",
        ),
        // In IPv6 clothing it is the same address, and has the same entry.
        (
            ENTRY,
            "64:ff9b::9.1.1.1",
            "https://bl.example/look?q=9.1.1.1&again=9.1.1.1",
        ),
        (
            six,
            "2a00::1",
            "https://bl.example/look?q=2a00%3A%3A1&again=2a00%3A%3A1",
        ),
        // The entry is of the domain above.
        (
            domain,
            "www.shop.bad.example",
            "https://bl.example/look?q=bad.example&again=bad.example",
        ),
    ] {
        let help = help(SPAM, page, entries, subject).await;
        assert_eq!(help.page.as_deref(), Some(expected), "{help}");
    }
}

#[tokio::test]
async fn d19_the_page_has_no_key_and_the_domain_that_has_the_entry() {
    const KEY: &str = "s3cr3tk3ys3cr3tk3y";
    let text = r#"page = "https://bl.example/{subject}" }
        terms = { key = "a-key""#;
    let catalogue = catalogue(SPAM, text);
    let list = catalogue.lists()[0].clone();
    let zone = format!(
        "test.{KEY}.bl.example. 60 IN A 127.0.0.2\nbad.example.{KEY}.bl.example. 60 IN A 127.0.0.2\n"
    );
    let dns = StaticLookup::from_zone_text(&zone).expect("zone text");
    let keys = Keys::default().with("a-key", KEY.parse().expect("a key"));
    let checker = Checker::new(dns, catalogue, 7).with_keys(keys);
    let subject = Subject::Domain("www.bad.example".parse().expect("a name"));
    let answers = checker.check_all(&subject, NOW).await;
    let help = DelistingHelp::of(&list, &answers[0]).expect("it is listed");
    assert_eq!(help.page.as_deref(), Some("https://bl.example/bad.example"));
    assert_eq!(DelistingHelp::of_answer(&answers[0]).as_ref(), Some(&help));
    assert!(!format!("{help:?} {help}").contains(KEY), "{help:?}");
}

#[tokio::test]
async fn the_reason_has_codes_meanings_and_the_words_of_the_list() {
    let codes = r#"{ code = "127.0.0.2", meaning = "sent spam" }, { code = "127.0.0.4", meaning = "ausgenützt", category = "exploit" }"#;
    let entries = "1.1.1.9.bl.example. 180 IN A 127.0.0.2\n\
                   1.1.1.9.bl.example. 180 IN A 127.0.0.4\n\
                   1.1.1.9.bl.example. 180 IN TXT \"see https://bl.example/9.1.1.1\"\n";
    let help = help(codes, "mode = \"form\"", entries, "9.1.1.1").await;
    assert_eq!(
        help.reason,
        "The address 9.1.1.1 is listed on Bad L\\u{e4}nder (bl.example) by 127.0.0.2 (sent spam), \
         127.0.0.4 (ausgen\\u{fc}tzt). The list says: \"see https://bl.example/9.1.1.1\"."
    );
    assert_eq!(help.remedy, Remedy::Clean, "the gravest of both");
}

#[tokio::test]
async fn d29_the_reason_is_cut_and_has_nothing_that_a_list_could_inject() {
    let long = "x".repeat(250);
    let texts = format!("1.1.1.9.bl.example. 180 IN TXT \"\\027[2J{long}\" \"{long}\"\n").repeat(1);
    let more: String = (0..6)
        .map(|number| format!("1.1.1.9.bl.example. 180 IN TXT \"{number}{long}\" \"{long}\"\n"))
        .collect();
    let help = help(
        SPAM,
        "mode = \"form\"",
        &format!("{ENTRY}{texts}{more}"),
        "9.1.1.1",
    )
    .await;
    assert_eq!(help.reason.len(), 1_000);
    assert!(help.reason.ends_with("..."));
    assert!(
        help.reason
            .bytes()
            .all(|octet| matches!(octet, b' '..=b'~')),
        "{}",
        help.reason
    );
}

#[tokio::test]
async fn d20_an_entry_is_not_looked_up_again_within_a_quarter_of_an_hour() {
    for (ttl, wait) in [
        (0, 15 * MINUTE),
        (180, 15 * MINUTE),
        // D21: nor before a cache has forgotten it.
        (7_200, 2 * HOUR),
        (2_000_000_000, 7 * 24 * HOUR),
    ] {
        let entry = format!("1.1.1.9.bl.example. {ttl} IN A 127.0.0.2\n");
        let help = help(SPAM, "mode = \"automatic\"", &entry, "9.1.1.1").await;
        assert_eq!(help.look_again_at - NOW, wait, "a TTL of {ttl}");
        assert_eq!(help.look_again_after_request(NOW + HOUR), NOW + HOUR + wait);
    }
}

#[tokio::test]
async fn a_removal_has_its_time_before_it_is_looked_for() {
    let help = help(
        SPAM,
        "mode = \"form\", takes_hours = 12, verified = true",
        ENTRY,
        "9.1.1.1",
    )
    .await;
    assert_eq!(help.look_again_after_request(NOW), NOW + 12 * HOUR);
    assert_eq!(help.expiry, None);
}

#[tokio::test]
async fn an_entry_that_ends_by_itself_says_when_and_whether_that_is_known() {
    for (verified, sentence) in [
        (
            true,
            "Without a new cause the entry is expected to end by itself within 7 days.",
        ),
        (
            false,
            "Without a new cause the entry is expected to end by itself within 7 days (not verified).",
        ),
    ] {
        let delisting = format!("mode = \"automatic\", expires_hours = 168, verified = {verified}");
        let help = help(SPAM, &delisting, ENTRY, "9.1.1.1").await;
        let expiry = help.expiry.expect("it ends");
        assert_eq!((expiry.at, expiry.verified), (NOW + 168 * HOUR, verified));
        assert!(help.steps().contains(&sentence.to_owned()), "{help}");
    }
}

#[tokio::test]
async fn the_way_off_is_told_in_sentences() {
    let page = "page = \"https://bl.example/{subject}\"";
    for (mode, sentence) in [
        (
            "form",
            "Ask for removal by the form at <https://bl.example/9.1.1.1>.",
        ),
        (
            "self_service",
            "Remove the entry at <https://bl.example/9.1.1.1>.",
        ),
        (
            "automatic",
            "There is no removal on request: wait. What the list knows stands at <https://bl.example/9.1.1.1>.",
        ),
        (
            "none",
            "There is no removal: the entry says what the subject or its network is. What the list knows stands at <https://bl.example/9.1.1.1>.",
        ),
        (
            "unknown",
            "Look the entry up at <https://bl.example/9.1.1.1>.",
        ),
    ] {
        let help = help(
            SPAM,
            &format!("{page}, mode = \"{mode}\""),
            ENTRY,
            "9.1.1.1",
        )
        .await;
        let steps = help.steps();
        assert_eq!(steps[1], sentence, "{mode}");
        assert_eq!(
            steps.last().map(String::as_str),
            Some("Look again after 15 minutes.")
        );
        assert_eq!(
            help.to_string(),
            format!("9.1.1.1 on Bad Länder: {}", steps.join(" "))
        );
    }
}

#[tokio::test]
async fn d09_a_policy_is_mended_by_sending_elsewhere() {
    let policy = r#"{ code = "127.0.0.2", meaning = "dynamic", category = "policy" }"#;
    let help = help(policy, "mode = \"none\"", ENTRY, "9.1.1.1").await;
    assert_eq!(help.remedy, Remedy::SendElsewhere);
}

#[tokio::test]
async fn only_a_listing_needs_help() {
    let catalogue = catalogue(SPAM, "mode = \"form\"");
    let list = catalogue.lists()[0].clone();
    let answer = ask(catalogue.clone(), "", "9.1.1.1").await;
    assert!(matches!(answer.verdict, Verdict::NotListed(_)));
    assert_eq!(DelistingHelp::of(&list, &answer), None);
    // Nor is one list's help for the entry of another.
    let listed = ask(catalogue, ENTRY, "9.1.1.1").await;
    let other = other_list();
    assert_eq!(DelistingHelp::of(&other, &listed), None);
}

fn other_list() -> List {
    Catalogue::builtin().expect("a catalogue").lists()[0].clone()
}

#[cfg(feature = "serde")]
#[tokio::test]
async fn help_is_stored_and_read_again() {
    let help = help(
        SPAM,
        "mode = \"form\", expires_hours = 24",
        ENTRY,
        "9.1.1.1",
    )
    .await;
    let text = serde_json::to_string(&help).expect("JSON");
    assert_eq!(
        serde_json::from_str::<DelistingHelp>(&text).expect("help"),
        help
    );
}
