mod once;

use clap::Parser as _;
use dnsbl::{Catalogue, Checker, DelistingHelp, KeyState, Keys, Role};
use mail_dns::stub::{StubConfig, StubResolver};
use mail_dns::{LookupErrorKind, StaticLookup};
use mailcheck_lab::World;

use crate::arguments::Arguments;
use crate::look::{Look, Outcome};
use crate::page::Told;
use crate::{arguments, doctor, lists, page, run, words};

const NOW: i64 = 1_795_000_000;

const LABORATORY: &str = include_str!("laboratory.toml");

/// Two lists, one of which is a policy's.
fn catalogue() -> Catalogue {
    catalogue_of(["block", "block"])
}

/// The same with these stances.
fn catalogue_of(stances: [&str; 2]) -> Catalogue {
    let list = |zone: &str, stance: &str, more: &str| {
        format!(
            r#"
            [[list]]
            zone = "{zone}.example"
            name = "{zone}"
            stance = "{stance}"
            tier = "major"
            status = "documented"
            as_of = "2026-11"
            source = "this test"
            ipv4 = {{ positive = ["127.0.0.2"], negative = ["127.0.0.1"] }}
            {more}
            "#
        )
    };
    let spam = "codes = [{ code = \"127.0.0.2\", meaning = \"spam\" }]\n\
                delisting = { page = \"https://a.example/{subject}\", mode = \"form\", expires_hours = 168 }";
    let policy = "codes = [{ code = \"127.0.0.2\", meaning = \"dynamic\", category = \"policy\" }]";
    let text = list("a", stances[0], spam) + &list("b", stances[1], policy);
    Catalogue::from_toml(&text).expect("a catalogue")
}

const WORKING: &str =
    "2.0.0.127.a.example. 60 IN A 127.0.0.2\n2.0.0.127.b.example. 60 IN A 127.0.0.2\n";

async fn look(entries: &str, failing: &[&str], subject: &str, role: Role) -> Look {
    look_on(catalogue(), entries, failing, subject, role).await
}

async fn look_on(
    catalogue: Catalogue,
    entries: &str,
    failing: &[&str],
    subject: &str,
    role: Role,
) -> Look {
    let zones = format!("{WORKING}{entries}");
    let mut dns = StaticLookup::from_zone_text(&zones).expect("zone text");
    for name in failing {
        dns = dns.with_failure(name.parse().expect("a name"), LookupErrorKind::Timeout);
    }
    let checker = Checker::new(dns, catalogue, 7);
    let subject = arguments::subject(subject).expect("a subject");
    let answers = checker.check_all(&subject, NOW).await;
    let help = answers.iter().filter_map(DelistingHelp::of_answer);
    Look {
        help: help.collect(),
        remark: None,
        subject,
        role,
        answers,
    }
}

fn told(look: &Look) -> String {
    page::full(look, &catalogue(), &mut Told::default()).into_text()
}

#[track_caller]
fn check(look: &Look, outcome: Outcome, lines: &[&str]) {
    assert_eq!(look.verdict().0, outcome, "{}", told(look));
    assert_eq!(told(look).lines().collect::<Vec<_>>(), lines);
}

#[tokio::test]
async fn the_verdict_comes_first_and_the_clean_lists_last() {
    let entry = "1.1.1.9.a.example. 60 IN A 127.0.0.2\n1.1.1.9.a.example. 60 IN TXT \"see here\"\n";
    check(
        &look(entry, &[], "9.1.1.1", Role::OutboundSender).await,
        Outcome::Listed,
        &[
            "✗ 9.1.1.1  listed: on 1 of 2 lists; 1 says no with proof",
            "  ✗ error      a (a.example): 127.0.0.2 (spam)",
            "               \"see here\"",
            "    mend       Find and stop what sends the mail, or the entry comes back.",
            "    remove     Ask for removal by the form at <https://a.example/9.1.1.1>.",
            "    reason     \"The address 9.1.1.1 is listed on a (a.example) by 127.0.0.2 (spam). The list says:",
            "               \"see here\".\"",
            "    ends       Without a new cause the entry is expected to end by itself within 7 days (not",
            "               verified).",
            "    again      Look again after 15 minutes, at 2026-11-18 11:21Z.",
            "  ✓ clean      b",
        ],
    );
    check(
        &look("", &[], "9.1.1.1", Role::OutboundSender).await,
        Outcome::Clean,
        &[
            "✓ 9.1.1.1  clean: 2 lists say no, with proof",
            "  ✓ clean      a, b",
        ],
    );
}

#[tokio::test]
async fn what_could_not_be_told_is_neither_clean_nor_listed() {
    check(
        &look("", &["b.example"], "9.1.1.1", Role::OutboundSender).await,
        Outcome::Unknown,
        &[
            "? 9.1.1.1  could not tell: 1 of 2 lists says no with proof; 1 could not tell",
            "  ? no answer  b: no answer in time",
            "  ✓ clean      a",
        ],
    );
    check(
        &look(
            "",
            &["a.example", "b.example"],
            "9.1.1.1",
            Role::OutboundSender,
        )
        .await,
        Outcome::Unknown,
        &[
            "? 9.1.1.1  could not tell: none of 2 lists could tell",
            "  ? no answer  no answer in time: a, b",
            "    to do      No list answered, so look at the resolver first: does it answer this? If not, ask",
            "               another by --resolver.",
            "               dig . NS",
        ],
    );
    // A private address is asked of nobody.
    check(
        &look("", &[], "10.0.0.1", Role::OutboundSender).await,
        Outcome::Unknown,
        &[
            "? 10.0.0.1  could not tell: a private address is on no list, and none was asked about it",
        ],
    );
    // An entry stands, whatever the others say.
    let entry = "1.1.1.9.a.example. 60 IN A 127.0.0.2\n";
    let look = look(entry, &["b.example"], "9.1.1.1", Role::OutboundSender).await;
    assert_eq!(look.verdict().0, Outcome::Listed);
}

/// What lists of these stances say of an address.
async fn look_by_stance(stances: [&str; 2], entries: &str, failing: &[&str]) -> Look {
    let catalogue = catalogue_of(stances);
    look_on(catalogue, entries, failing, "9.1.1.1", Role::OutboundSender).await
}

#[tokio::test]
async fn d11_allowlists_asked_alone_tell_who_vouches() {
    let both = ["allow", "allow"];
    let on_a = "1.1.1.9.a.example. 60 IN A 127.0.0.2\n";
    check(
        &look_by_stance(both, on_a, &[]).await,
        Outcome::Vouched,
        &[
            "✓ 9.1.1.1  vouched for: by 1 of 2 allowlists",
            "  ✓ allowed    a (a.example) vouches for it: 127.0.0.2 (spam)",
            "               not on allowlists, which is no fault: b",
        ],
    );
    check(
        &look_by_stance(both, "", &[]).await,
        Outcome::NotVouched,
        &[
            "  9.1.1.1  not vouched for: by none of 2 allowlists, with proof",
            "               not on allowlists, which is no fault: a, b",
        ],
    );
    check(
        &look_by_stance(both, "", &["b.example"]).await,
        Outcome::Unknown,
        &[
            "? 9.1.1.1  could not tell: 1 of 2 allowlists does not vouch for it; 1 could not tell",
            "  ? no answer  b: no answer in time",
            "               not on allowlists, which is no fault: a",
        ],
    );
}

/// What an allowlist would have said makes nobody listed.
#[tokio::test]
async fn d11_a_silent_allowlist_leaves_no_doubt_about_the_blocklists() {
    check(
        &look_by_stance(["block", "allow"], "", &["b.example"]).await,
        Outcome::Clean,
        &[
            "✓ 9.1.1.1  clean: 1 list says no, with proof; 1 allowlist could not tell",
            "  ? no answer  b: no answer in time",
            "  ✓ clean      a",
        ],
    );
}

/// Whoever asks a blocklist is not told that all is well by an allowlist.
#[tokio::test]
async fn d11_an_allowlist_does_not_answer_for_a_blocklist_that_could_not_be_asked() {
    let keyed = "[[list]]\nzone = \"k.example\"\nname = \"K\"\nstance = \"block\"\ntier = \"major\"\nstatus = \"documented\"\n\
                 as_of = \"2026-11\"\nsource = \"here\"\nipv4 = { positive = [\"127.0.0.2\"] }\nterms = { key = \"k-key\" }\n";
    let allow = "[[list]]\nzone = \"a.example\"\nname = \"A\"\nstance = \"allow\"\ntier = \"major\"\nstatus = \"documented\"\n\
                 as_of = \"2026-11\"\nsource = \"here\"\nipv4 = { positive = [\"127.0.0.2\"] }\n\
                 codes = [{ code = \"127.0.0.2\", meaning = \"good\" }]\n";
    for (entry, expected) in [
        (
            "",
            "no other list could be asked; not vouched for by the one allowlist that was asked, with proof",
        ),
        (
            "1.1.1.9.a.example. 60 IN A 127.0.0.2\n",
            "no other list could be asked; vouched for by the one allowlist that was asked",
        ),
    ] {
        let catalogue = Catalogue::from_toml(&format!("{keyed}{allow}")).expect("a catalogue");
        let look = look_on(catalogue, entry, &[], "9.1.1.1", Role::OutboundSender).await;
        assert_eq!(look.verdict(), (Outcome::Unknown, expected.to_owned()));
    }
}

#[tokio::test]
async fn d09_a_policy_is_serious_for_a_sender_and_nothing_for_a_submission_client() {
    let entry = "1.1.1.9.b.example. 60 IN A 127.0.0.2\n";
    let sender = look(entry, &[], "9.1.1.1", Role::OutboundSender).await;
    assert_eq!(sender.verdict().0, Outcome::Listed);
    let client = look(entry, &[], "9.1.1.1", Role::SubmissionClient).await;
    let (outcome, text) = client.verdict();
    assert_eq!(outcome, Outcome::Clean);
    assert_eq!(
        text,
        "on 1 of 2 lists; 1 says no with proof; nothing follows from it for a submission client"
    );
}

#[tokio::test]
async fn what_ails_a_list_is_told_once_in_a_run() {
    let look = look("", &["b.example"], "9.1.1.1", Role::OutboundSender).await;
    let mut told = Told::default();
    let first = page::full(&look, &catalogue(), &mut told).into_text();
    let second = page::full(&look, &catalogue(), &mut told).into_text();
    assert!(
        first.contains("  ? no answer  b: no answer in time"),
        "{first}"
    );
    assert!(
        second.contains("  ? as above   could not tell: b"),
        "{second}"
    );
}

#[tokio::test]
async fn d19_a_list_that_needs_a_key_says_how_to_give_one() {
    let text = "[[list]]\nzone = \"k.example\"\nname = \"K\"\nstance = \"block\"\ntier = \"major\"\nstatus = \"documented\"\nas_of = \"2026-11\"\n\
                source = \"here\"\nipv4 = { positive = [\"127.0.0.2\"] }\n\
                terms = { key = \"k-key\", registration = \"https://k.example/\" }\n";
    let catalogue = Catalogue::from_toml(text).expect("a catalogue");
    let look = look_on(catalogue.clone(), "", &[], "9.1.1.1", Role::OutboundSender).await;
    let text = page::full(&look, &catalogue, &mut Told::default()).into_text();
    let expected = [
        "? 9.1.1.1  could not tell: not asked, the list needs a key",
        "    no key     K: needs a key → get the key k-key at https://k.example/ and give it by --key",
        "               k-key=@FILE",
    ];
    assert_eq!(text.lines().collect::<Vec<_>>(), expected);
}

/// What each list of the laboratory was made for.
#[tokio::test]
async fn every_list_of_the_laboratory_gets_the_verdict_it_was_made_for() {
    let world = World::start().await.expect("a laboratory");
    let mut config = StubConfig::new([world.resolver()]);
    config.deadline = std::time::Duration::from_millis(500);
    let catalogue = Catalogue::from_toml(LABORATORY).expect("a catalogue");
    let key = "laboratory-key".parse().expect("a key");
    let checker = Checker::new(StubResolver::new(config), catalogue, 1)
        .with_documentation_addresses()
        .with_keys(Keys::default().with("laboratory", key));
    let subject = arguments::subject("203.0.113.66").expect("a subject");
    let answers = checker.check_all(&subject, NOW).await;
    let found: Vec<_> = answers
        .iter()
        .map(|answer| {
            let said = match &answer.verdict {
                dnsbl::Verdict::NotListed(_) => "not listed",
                dnsbl::Verdict::NotApplicable => "not for addresses",
                verdict if answer.is_listing() => {
                    assert!(verdict.to_string().starts_with("listed"));
                    "listed"
                }
                verdict => words::of_verdict(verdict).0,
            };
            (answer.list.name.as_str(), said)
        })
        .collect();
    let expected = [
        ("Normal", "listed"),
        ("Composite", "listed"),
        ("Clean", "not listed"),
        ("Six", "not for addresses"),
        ("Domains", "not for addresses"),
        ("Bits", "not for addresses"),
        ("Keyed", "listed"),
        ("Allow", "not listed"),
        ("Quota", "refused"),
        ("Refusing", "refused"),
        ("Egress", "refused"),
        ("World", "broken"),
        ("Dead", "broken"),
        ("Parked", "broken"),
        ("Silent", "no answer"),
        ("Servfail", "no answer"),
    ];
    assert_eq!(found, expected);

    // The key is in no answer.
    let answers = serde_json::to_string(&answers).expect("JSON");
    assert!(answers.contains("key-redacted") && !answers.contains("laboratory-key"));

    let found = checker.examine(NOW).await;
    assert_eq!(doctor::outcome(&found), Outcome::Listed);
    let text = doctor::page(&found, None).into_text();
    for line in [
        "lists see it as 198.51.100.53, by the word of egress.dnsbl.test",
        "  ✓ key        laboratory: works (keyed.dnsbl.test)",
        "register the resolver's address at",
    ] {
        assert!(text.contains(line), "expected {line:?} in\n{text}");
    }
    assert!(!text.contains("laboratory-key"), "{text}");
    assert_eq!(found.keys()[0].state, KeyState::Accepted);
}

#[tokio::test]
async fn d15_a_list_that_fails_for_one_kind_of_subject_does_not_leave_a_resolver_fit() {
    let both = "ipv6 = { positive = [\"::ffff:7f00:2\"], negative = [\"::ffff:7f00:1\"] }";
    let text = "[[list]]\nzone = \"a.example\"\nname = \"A\"\nstance = \"block\"\ntier = \"major\"\nstatus = \"documented\"\n\
                as_of = \"2026-11\"\nsource = \"here\"\nipv4 = { positive = [\"127.0.0.2\"], negative = [\"127.0.0.1\"] }\n";
    let six = "2.0.0.0.0.0.f.7.f.f.f.f.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.a.example. 60 IN A 127.0.0.2\n";
    for (entry, outcome) in [(six, Outcome::Clean), ("", Outcome::Unknown)] {
        let catalogue = Catalogue::from_toml(&format!("{text}{both}\n")).expect("a catalogue");
        let dns = StaticLookup::from_zone_text(&format!("{WORKING}{entry}")).expect("zone text");
        let found = Checker::new(dns, catalogue, 7).examine(NOW).await;
        let text = doctor::page(&found, None).into_text();
        assert_eq!(doctor::outcome(&found), outcome, "{text}");
    }
}

#[tokio::test]
async fn d25_senders_are_told_with_what_is_not_known_of_them() {
    let zone = "d.test. 60 IN TXT \"v=spf1 ip4:192.0.2.1 ip4:198.51.100.0/24 exists:%{i}.d.test include:p.test -all\"";
    let dns = StaticLookup::from_zone_text(zone).expect("zone text");
    let dns = dns.with_failure("p.test".parse().expect("a name"), LookupErrorKind::ServFail);
    let senders = dnsbl::senders(&dns, &"d.test".parse().expect("a name")).await;
    let text = run::tell_senders(&senders, true).into_text();
    let expected = [
        "? d.test  could not tell: 1 by its SPF record are asked about below, and there may be more",
        "  ! networks   not asked about one by one: 198.51.100.0/24",
        "  ? gap        include:p.test of d.test: could not tell: SERVFAIL in answer to p.test TXT",
        "  ! gap        exists:%{i}.d.test of d.test: whom it lets send hangs on the client",
    ];
    assert_eq!(text.lines().collect::<Vec<_>>(), expected);
}

/// What the doctor has asked itself is not left to the reader.
#[tokio::test]
async fn a_resolver_that_answered_is_not_to_be_asked_whether_it_answers() {
    for (failing, kind, is_left) in [
        (&["."][..], LookupErrorKind::Timeout, true),
        (&["."], LookupErrorKind::Refused, false),
        (&["a.example", "b.example"], LookupErrorKind::Timeout, false),
    ] {
        let mut dns = StaticLookup::from_zone_text(WORKING).expect("zone text");
        for name in failing {
            dns = dns.with_failure(name.parse().expect("a name"), kind);
        }
        let found = Checker::new(dns, catalogue(), 7).examine(NOW).await;
        let text = doctor::page(&found, None).into_text();
        assert_eq!(text.contains("dig . NS"), is_left, "{text}");
    }
}

#[tokio::test]
async fn d25_a_record_that_could_not_be_read_is_not_told_as_one_that_names_nobody() {
    let dns = StaticLookup::from_zone_text("d.test. 60 IN A 192.0.2.1").expect("zone text");
    let dns = dns.with_failure("d.test".parse().expect("a name"), LookupErrorKind::Timeout);
    let senders = dnsbl::senders(&dns, &"d.test".parse().expect("a name")).await;
    let text = run::tell_senders(&senders, true).into_text();
    let expected = [
        "? d.test  could not tell: its SPF record could not be read, so its senders are not known",
        "  ? gap        could not tell: no answer in time to d.test TXT",
    ];
    assert_eq!(text.lines().collect::<Vec<_>>(), expected);
}

#[test]
fn the_last_line_says_what_the_exit_code_does() {
    let subject = |text| arguments::subject(text).expect("a subject");
    let looks = [
        (subject("192.0.2.1"), Outcome::Clean),
        (subject("192.0.2.2"), Outcome::Listed),
    ];
    assert_eq!(page::tally(&looks, true), "\n2 subjects: 1 clean, 1 listed");
    assert_eq!(
        page::tally(&looks, false),
        "\n2 subjects: 1 clean, 1 listed; not all senders are known"
    );
}

#[test]
fn a_domain_in_its_own_script_is_told_as_it_was_given() {
    let line = ["dnsbl", "bücher.example", "b.example"];
    let arguments = Arguments::try_parse_from(line).expect("arguments");
    let given = arguments.subjects.iter();
    let given: Vec<_> = given
        .map(|it| (it.subject.to_string(), it.remark.as_deref()))
        .collect();
    let first = (
        "xn--bcher-kva.example".to_owned(),
        Some("given as bücher.example"),
    );
    assert_eq!(given, [first, ("b.example".to_owned(), None)]);
}

/// An address that is asked about and sends for a domain too is one subject.
#[test]
fn a_subject_is_told_of_once() {
    let subject = |text| arguments::subject(text).expect("a subject");
    let mut subjects = Vec::new();
    for (text, remark) in [
        ("192.0.2.1", None),
        ("d.test", None),
        ("::ffff:192.0.2.1", Some("sends for d.test")),
        ("192.0.2.2", Some("sends for d.test")),
        ("192.0.2.2", Some("sends for e.test")),
    ] {
        run::add(&mut subjects, subject(text), remark.map(str::to_owned));
    }
    let told = [
        ("192.0.2.1", Some("sends for d.test")),
        ("d.test", None),
        ("192.0.2.2", Some("sends for d.test")),
    ];
    let told = told.map(|(text, remark)| (subject(text), remark.map(str::to_owned)));
    assert_eq!(subjects, told);
}

#[test]
fn senders_are_a_domains() {
    let mistake = |line: &str| {
        let words = std::iter::once("dnsbl").chain(line.split(' '));
        let arguments = Arguments::try_parse_from(words).expect("arguments");
        run::mistake(&arguments)
    };
    assert_eq!(mistake("--from-spf 192.0.2.1 d.test"), None);
    assert_eq!(mistake("192.0.2.1"), None);
    assert_eq!(
        mistake("--from-spf 192.0.2.1 192.0.2.2").as_deref(),
        Some("expected a domain with --from-spf, found addresses alone")
    );
}

#[test]
fn d19_a_key_comes_from_a_file_or_the_environment_and_is_in_no_error() {
    let secret = "s3cr3ts3cr3ts3cr3t";
    let file = std::env::temp_dir().join(format!("dnsbl-key-{}", std::process::id()));
    let given = |text: String| lists::keys(&[text]);
    std::fs::write(&file, format!("{secret}\n")).expect("a file");
    let keys = given(format!("spamhaus-dqs=@{}", file.display())).expect("keys");
    assert!(keys.has("spamhaus-dqs"));
    assert!(!format!("{keys:?}").contains(secret));
    // What is in the file, or where the file should be, is not shown either.
    std::fs::write(&file, format!("{secret} {secret}")).expect("a file");
    for text in [
        format!("spamhaus-dqs=@{}", file.display()),
        format!("spamhaus-dqs={secret}"),
        secret.to_owned(),
    ] {
        let error = given(text).expect_err("no key");
        assert!(!error.contains(secret), "{error}");
    }
    std::fs::remove_file(&file).expect("a file");
    let error = given(format!("a={secret}")).expect_err("no key");
    assert!(
        error.contains("shown to everybody on this machine by ps"),
        "{error}"
    );
    // The variable is one that every system has, and its value is no key.
    assert!(given("a=env:PATH".to_owned()).is_err());
}

#[test]
fn a_subject_is_an_address_or_a_domain_and_nothing_else() {
    for text in [
        "192.0.2.1",
        "2001:db8::1",
        "[2001:db8::1]",
        "example.com",
        "example.com.",
        "bücher.example",
    ] {
        arguments::subject(text).expect("a subject");
    }
    for text in [
        "a@example.com",
        "https://example.com",
        "192.0.2.0/24",
        "2001:db8:::1",
        "example.com:25",
        ".",
        "",
    ] {
        arguments::subject(text).expect_err("no subject");
    }
}

/// Asked about as domains, they would end in "could not tell", which looks like a fault of the lists.
#[test]
fn a_mistyped_address_is_no_domain() {
    for text in [
        "300.1.1.1",
        "1.2.3",
        "1.2.3.4.5",
        "1.2.3.4.",
        "0x7f.1",
        "127.0x1",
        "2130706433",
        "example.0x",
        "１.2.3.400",
    ] {
        let error = arguments::subject(text).expect_err(text);
        let expected = format!(
            "expected an address or a domain, found `{text}`: an IPv4 address is four numbers up to 255, and no domain ends \
             in a number"
        );
        assert_eq!(error, expected);
    }
    for text in ["1.example", "4.3.2.1.in-addr.arpa", "0xe.example", "x1"] {
        arguments::subject(text).expect(text);
    }
}
