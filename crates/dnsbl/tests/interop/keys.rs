//! A key is part of every name that is asked, and is shown nowhere.

use std::fmt::Debug;

use dnsbl::{Catalogue, Checker, Key, KeyError, Keys, ListAnswer, Verdict};
use mail_dns::stub::{Server, StubResolver};
use mail_dns::{Lookup as _, RecordType};

use crate::servers::{Rbldnsd, Trouble, Unbound, relay};
use crate::world::{NOW, complete, configuration, name, resolver, subject};

/// What must be seen nowhere. A part of it tells enough to guess the rest.
const KEY: &str = "markedkey7f3a9c2e5b8d1f4a6c0e";
const PART: &str = "7f3a9c2e";

/// Keyed zones, one for every verdict. Texts repeat the name that was asked, as refusals and bounces do.
const ZONES: &str = "\
=== {KEY}.listed.test ip4set
:2:$ is listed, see https://listed.test/?q=1.1.1.9.{KEY}.listed.test
127.0.0.2
9.1.1.1
9.1.1.2 :2:1.1.1.9.MarkedKey7F3A9C2E5B8D1F4A6C0E.listed.test MARKEDKEY7F3A9C2E5B8D1F4A6C0E
9.1.1.3 :2:%6darkedkey7f3a9c2e5b8d1f4a6c%30e and \\109arkedkey7f3a9c2e5b8d1f4a6c\\048e
9.1.1.4 :2:markedkey7f3a9c2e.5b8d1f4a6c0e and \"markedkey7f3a9c2e\" \"5b8d1f4a6c0e\"
9.1.1.5 :2:LONG1.1.1.9.{KEY}.listed.test
=== {KEY}.wildcard.test ip4set
:2:
0.0.0.0/1
128.0.0.0/1
=== {KEY}.parked.test ip4set
:203.0.113.7:
0.0.0.0/1
128.0.0.0/1
=== {KEY}.emptied.test ip4set
9.9.9.1
=== {KEY}.turned-away.test acl
0.0.0.0/0 :127.255.255.254:no such key as {KEY}
=== {KEY}.turned-away.test ip4set
127.0.0.2
=== {KEY}.refusing.test acl
0.0.0.0/0 :refuse
=== {KEY}.refusing.test ip4set
127.0.0.2
=== {KEY}.silent.test acl
0.0.0.0/0 :ignore
=== {KEY}.silent.test ip4set
127.0.0.2
=== {KEY}.nodata.test generic
2.0.0.127 300 TXT \"no address\"
=== {KEY}.bogus.test ip4set
127.0.0.2
=== {KEY}.names.test dnset
:127.0.1.2:$ on {KEY}.names.test
test
.spam.example
";

pub(crate) fn zones() -> String {
    // A string has 255 octets (RFC 1035 §3.3), so this one ends within the key.
    ZONES
        .replace("LONG", &"x".repeat(224))
        .replace("{KEY}", KEY)
}

const LISTS: [&str; 11] = [
    "listed",
    "wildcard",
    "parked",
    "emptied",
    "turned-away",
    "refusing",
    "silent",
    "nodata",
    "bogus",
    "names",
    "unserved",
];

fn lists_text() -> String {
    let controls = |list: &str| match list {
        "names" => "domain = { positive = [\"test\"], negative = [\"invalid\"] }",
        _ => "ipv4 = { positive = [\"127.0.0.2\"], negative = [\"127.0.0.1\"] }",
    };
    let list = |list: &&str| {
        format!(
            "[[list]]\nzone = \"{list}.test\"\nstance = \"block\"\n{}\nterms = {{ key = \"marked\" }}\n",
            controls(list)
        )
    };
    complete(&LISTS.iter().map(list).collect::<String>())
}

fn keys() -> Keys {
    Keys::default().with("marked", KEY.parse().expect("a key"))
}

pub(crate) fn checker(resolver: StubResolver) -> Checker<StubResolver> {
    Checker::new(
        resolver,
        Catalogue::from_toml(&lists_text()).expect("sound lists"),
        7,
    )
    .with_keys(keys())
}

/// Everything that is shown in a run.
#[derive(Default)]
pub(crate) struct Shown(Vec<String>);

impl Shown {
    pub(crate) fn debug(&mut self, what: &impl Debug) {
        self.0.push(format!("{what:?}"));
        self.0.push(format!("{what:#?}"));
    }

    pub(crate) fn text(&mut self, what: &impl ToString) {
        self.0.push(what.to_string());
    }

    pub(crate) fn json(&mut self, what: &impl serde::Serialize) {
        self.0.push(serde_json::to_string(what).expect("JSON"));
        self.0
            .push(serde_json::to_string_pretty(what).expect("JSON"));
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn answer(&mut self, answer: &ListAnswer) {
        self.0.push(answer.to_string());
        self.0.extend(answer.asked.iter().map(ToString::to_string));
        self.debug(answer);
        self.json(answer);
        if let Some(entry) = answer.entry() {
            self.0
                .extend(entry.text_failure.iter().map(ToString::to_string));
        }
        if let Some(report) = &answer.controls {
            let all = report.positive.iter().chain(report.unlisted());
            self.0.extend(all.map(ToString::to_string));
            self.debug(report);
            self.debug(&report.failure());
        }
    }

    /// The key, or a part of it, in whatever guise.
    #[track_caller]
    pub(crate) fn check(&self) {
        for shown in &self.0 {
            let plain: String = shown
                .to_ascii_lowercase()
                .chars()
                .filter(char::is_ascii_alphanumeric)
                .collect();
            for found in [KEY, PART, "5b8d1f4a6c"] {
                assert!(!plain.contains(found), "{shown}");
            }
        }
    }
}

/// The verdict on each list in turn, by its kind.
async fn run(resolver: StubResolver, shown: &mut Shown) -> Vec<&'static str> {
    let checker = checker(resolver);
    let mut verdicts = Vec::new();
    for about in [
        "9.1.1.1",
        "9.1.1.2",
        "9.1.1.3",
        "9.1.1.4",
        "9.1.1.5",
        "9.1.9.9",
        "www.spam.example",
        "good.example",
    ] {
        for answer in checker.check_all(&subject(about), NOW).await {
            verdicts.push(kind(&answer.verdict));
            shown.answer(&answer);
        }
    }
    shown.debug(&checker);
    shown.debug(&checker.spending(NOW));
    shown
        .0
        .push(serde_json::to_string(&checker.spending(NOW)).expect("JSON"));
    shown.debug(&keys());
    verdicts.sort_unstable();
    verdicts.dedup();
    verdicts
}

fn kind(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Listed(_) => "listed",
        Verdict::NotListed(_) => "not listed",
        Verdict::Refused(_) => "refused",
        Verdict::Broken(_) => "broken",
        Verdict::Unknown(_) => "unknown",
        Verdict::NotApplicable => "not applicable",
        _ => "other",
    }
}

const EVERY: [&str; 6] = [
    "broken",
    "listed",
    "not applicable",
    "not listed",
    "refused",
    "unknown",
];

#[tokio::test]
#[ignore = "needs rbldnsd: .ci/interop-dnsbl"]
async fn d19_no_verdict_shows_the_key() {
    let rbldnsd = Rbldnsd::start(&zones());
    let mut shown = Shown::default();
    let verdicts = run(resolver(rbldnsd.address()), &mut shown).await;
    assert_eq!(verdicts, EVERY);
    let cut = relay(rbldnsd.address(), Trouble::Cut, None);
    run(resolver(cut), &mut shown).await;
    let texts_cut = relay(rbldnsd.address(), Trouble::Cut, Some(RecordType::TXT));
    run(resolver(texts_cut), &mut shown).await;
    shown.check();
    // The key was asked with, and the texts do have it.
    let asked = rbldnsd.questions(&format!("{KEY}.listed.test"));
    assert!(
        asked.iter().any(|question| question.ends_with(" TXT")),
        "{asked:?}"
    );
    println!("keys: {} texts, 0 with the key", shown.0.len());
}

/// unbound says in words what went wrong, and names the name.
#[tokio::test]
#[ignore = "needs rbldnsd and unbound: .ci/interop-dnsbl"]
async fn d19_nor_do_the_words_of_a_resolver() {
    let rbldnsd = Rbldnsd::start(&zones());
    let digest = "0123456789abcdef".repeat(4);
    let more = format!(
        "    module-config: \"validator iterator\"\n    trust-anchor: \"{KEY}.bogus.test. DS 4711 13 2 {digest}\"\n    \
         trust-anchor-signaling: no\n    use-caps-for-id: yes\n"
    );
    let mut unbound = Unbound::start(&rbldnsd, &more);
    let resolver = || {
        let mut config = configuration(unbound.address());
        config.servers = vec![Server::new(unbound.address()).with_trusted(true)];
        StubResolver::new(config)
    };
    let secret = name(&format!("1.1.1.9.{KEY}.bogus.test"));
    let error = resolver()
        .lookup(&secret, RecordType::A)
        .await
        .expect_err("bogus");
    let said = format!("{:?}", error.extended_errors()).to_ascii_lowercase();
    assert!(said.contains(KEY), "{said}");
    let mut shown = Shown::default();
    assert_eq!(run(resolver(), &mut shown).await, EVERY);
    let after = resolver();
    unbound.stop();
    run(after, &mut shown).await;
    shown.check();
    println!(
        "keys: {} texts behind unbound, 0 with the key",
        shown.0.len()
    );
}

#[test]
#[ignore = "with the others: .ci/interop-dnsbl"]
fn d19_a_key_that_is_none_is_not_shown_either() {
    let mut shown = Shown::default();
    for bad in [
        format!("{KEY} "),
        format!("{KEY}.{KEY}"),
        format!("{KEY}\0"),
        KEY.repeat(3),
    ] {
        if let Err(error) = bad.parse::<Key>() {
            let error: KeyError = error;
            shown.0.push(error.to_string());
            shown.debug(&error);
        }
    }
    shown.check();
}

/// The example, with a key from a variable of the environment, in all its forms.
#[tokio::test]
#[ignore = "needs rbldnsd, and the example: .ci/interop-dnsbl"]
async fn d19_nor_does_the_example_show_it() {
    let example = std::env::var_os("DNSBL_EXAMPLE").expect("the path of the example");
    let rbldnsd = Rbldnsd::start(&zones());
    let file = std::env::temp_dir().join(format!("keyed-{}.toml", std::process::id()));
    std::fs::write(&file, lists_text()).expect("a file");
    let resolver = rbldnsd.address().to_string();
    let mut shown = Shown::default();
    for arguments in [
        "9.1.1.1 9.1.1.2 9.1.1.3 9.1.9.9 www.spam.example",
        "9.1.1.1 9.1.1.4 9.1.1.5 9.1.9.9 www.spam.example --json",
        "--doctor",
        "--doctor --json",
    ] {
        let mut command = std::process::Command::new(&example);
        command
            .args(arguments.split(' '))
            .args(["--resolver", &resolver, "--timeout", "1"]);
        command
            .args(["--key", "marked=env:MARKED", "--catalogue"])
            .arg(&file);
        let output = command.env("MARKED", KEY).output().expect("it runs");
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said).into_owned();
        // It did ask, and has something to say of each list.
        for list in LISTS {
            assert!(
                said.contains(&format!("{list}.test")),
                "{arguments}: {list}\n{said}"
            );
        }
        shown.0.push(said);
    }
    let _ = std::fs::remove_file(&file);
    shown.check();
    assert!(!rbldnsd.questions(&format!("{KEY}.listed.test")).is_empty());
    println!(
        "keys: {} outputs of the example, 0 with the key",
        shown.0.len()
    );
}
