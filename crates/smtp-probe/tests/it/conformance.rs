//! Replies that nobody here wrote: the cases of other projects' tests and captures of real servers.
//!
//! They are read from `smtp-replies` in the folder that `MAILCHECK_CONFORMANCE` names, and skipped with a printed line where that is
//! absent.

use std::path::PathBuf;

use serde_json::Value;
use smtp_probe::{
    Capability, Ehlo, FutureRelease, Priorities, Reply, ReplyLimits, ReplyParser, Size,
};

fn folder() -> Option<PathBuf> {
    let suites = std::env::var_os("MAILCHECK_CONFORMANCE").map_or_else(
        || {
            PathBuf::from(concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/../../../shared/conformance"
            ))
        },
        PathBuf::from,
    );
    let folder = suites.join("smtp-replies");
    if !folder.is_dir() {
        println!("smtp-replies: skipped, nothing at {}", folder.display());
        return None;
    }
    Some(folder)
}

/// The first reply of a stream: the same whole, and cut at every octet.
fn read(stream: &[u8]) -> Reply {
    let first = |pieces: &[&[u8]]| {
        let mut parser = ReplyParser::new(ReplyLimits::default());
        for mut piece in pieces.iter().copied() {
            let reply = parser.advance(&mut piece).expect("a reply");
            if let Some(reply) = reply {
                return Some(reply.to_owned());
            }
        }
        None
    };
    let whole = first(&[stream]).expect("a whole reply");
    for cut in 1..stream.len() {
        let (head, tail) = stream.split_at(cut);
        assert_eq!(first(&[head, tail]), Some(whole.clone()), "cut at {cut}");
    }
    whole
}

#[test]
fn smtp_proto() {
    let Some(folder) = folder() else { return };
    let text = std::fs::read_to_string(folder.join("smtp-proto.jsonl")).expect("the cases");
    let (mut replies, mut lists) = (0, 0);
    for line in text.lines() {
        let case: Value = serde_json::from_str(line).expect("a case a line");
        let input = case["input"].as_str().expect("a stream");
        if case["kind"] == "reply" {
            check_reply(input, &case);
            replies += 1;
        } else {
            for end in ["\n", "\r\n", " \n", " \r\n"] {
                check_list(&input.replace('\n', end), &case);
                lists += 1;
            }
        }
    }
    println!("smtp-replies: {replies} replies and {lists} lists of extensions agree");
    assert_eq!((replies, lists), (11, 16));
}

/// Code, enhanced status code, and text without it.
fn check_reply(input: &str, case: &Value) {
    let reply = read(input.as_bytes());
    assert_eq!(
        u64::from(reply.code().0),
        case["code"].as_u64().expect("a code")
    );
    let expected: Vec<u64> = case["esc"]
        .as_array()
        .expect("three numbers")
        .iter()
        .map(|number| number.as_u64().expect("a number"))
        .collect();
    let found = reply.enhanced_code().map_or(vec![0, 0, 0], |code| {
        vec![code.class.into(), code.subject.into(), code.detail.into()]
    });
    if expected[0] == 6 {
        // Upstream takes any digit for a class; RFC 2034 §4 has 2, 4 and 5 alone, and wants it to be the reply code's.
        assert_eq!(found, [0, 0, 0], "{input}");
        return;
    }
    assert_eq!(found, expected, "{input}");
    let code = reply.enhanced_code().map(|code| format!("{code} "));
    let texts: Vec<_> = reply
        .lines()
        .map(|line| {
            let line = std::str::from_utf8(line).expect("text");
            let bare = code.as_deref().and_then(|code| line.strip_prefix(code));
            bare.unwrap_or(line)
        })
        .collect();
    assert_eq!(texts.join("\n"), case["message"].as_str().expect("a text"));
}

/// The extensions, against the words of upstream's expectation.
fn check_list(input: &str, case: &Value) {
    let reply = read(input.as_bytes());
    if case["ok"] == false {
        assert!(reply.effective_code().is_permanent_negative());
        return;
    }
    let wanted = case["expected_rust_src"].as_str().expect("words");
    let ehlo = Ehlo::new(reply);
    let field = |name: &str| {
        let (_, rest) = wanted.split_once(&format!("{name}: ")).expect("a field");
        let end = rest.find(", ").unwrap_or(rest.len());
        rest[..end].trim_end_matches(['}', ' ', ',']).to_owned()
    };
    let domain = String::from_utf8_lossy(ehlo.domain()).into_owned();
    assert_eq!(format!("\"{domain}\".to_string()"), field("hostname"));
    for keyword in KEYWORDS {
        let (keyword, constant) = keyword;
        let constants: Vec<_> = wanted.split([' ', ',', '|']).collect();
        assert_eq!(
            ehlo.supports(keyword),
            constants.contains(&constant),
            "{keyword}"
        );
    }
    let mechanisms = field("auth_mechanisms");
    let expected: Vec<_> = mechanisms
        .split(" | ")
        .filter(|mechanism| *mechanism != "0")
        .map(|mechanism| mechanism.trim_start_matches("AUTH_").replace('_', "-"))
        .collect();
    assert_eq!(ehlo.auth_mechanisms(), expected);
    let mut numbers = [0, 0, 0];
    for capability in ehlo.capabilities() {
        match capability {
            Capability::DeliverBy(seconds) => numbers[0] = seconds.unwrap_or(0).into(),
            Capability::FutureRelease(FutureRelease { interval, .. }) => {
                numbers[1] = interval.unwrap_or(0).into();
            }
            Capability::Size(Size::Limit(octets)) => numbers[2] = octets,
            Capability::MtPriority(priorities) => {
                let name = match priorities {
                    Priorities::Stanag4406 => "MtPriority::Stanag4406",
                    _ => "MtPriority::Mixer",
                };
                assert_eq!(name, field("mt_priority"));
            }
            _ => {}
        }
    }
    let fields = ["deliver_by", "future_release_interval", "size"].map(&field);
    assert_eq!(numbers.map(|number: u64| number.to_string()), fields);
}

const KEYWORDS: [(&str, &str); 26] = [
    ("8BITMIME", "EXT_8BIT_MIME"),
    ("ATRN", "EXT_ATRN"),
    ("AUTH", "EXT_AUTH"),
    ("BINARYMIME", "EXT_BINARY_MIME"),
    ("BURL", "EXT_BURL"),
    ("CHECKPOINT", "EXT_CHECKPOINT"),
    ("CHUNKING", "EXT_CHUNKING"),
    ("CONNEG", "EXT_CONNEG"),
    ("CONPERM", "EXT_CONPERM"),
    ("DELIVERBY", "EXT_DELIVER_BY"),
    ("DSN", "EXT_DSN"),
    ("ENHANCEDSTATUSCODES", "EXT_ENHANCED_STATUS_CODES"),
    ("ETRN", "EXT_ETRN"),
    ("EXPN", "EXT_EXPN"),
    ("VRFY", "EXT_VRFY"),
    ("FUTURERELEASE", "EXT_FUTURE_RELEASE"),
    ("HELP", "EXT_HELP"),
    ("MT-PRIORITY", "EXT_MT_PRIORITY"),
    ("MTRK", "EXT_MTRK"),
    ("NO-SOLICITING", "EXT_NO_SOLICITING"),
    ("PIPELINING", "EXT_PIPELINING"),
    ("REQUIRETLS", "EXT_REQUIRE_TLS"),
    ("RRVS", "EXT_RRVS"),
    ("SIZE", "EXT_SIZE"),
    ("SMTPUTF8", "EXT_SMTP_UTF8"),
    ("STARTTLS", "EXT_START_TLS"),
];

/// Captures of a real server: every reply is one, has no deviation, and shows its code.
#[test]
fn zgrab2() {
    let Some(folder) = folder() else { return };
    let mut count = 0;
    for entry in std::fs::read_dir(folder.join("zgrab2")).expect("the captures") {
        let text = std::fs::read_to_string(entry.expect("a file").path()).expect("a capture");
        let capture: Value = serde_json::from_str(&text).expect("JSON");
        let result = capture["data"]["smtp"]["result"]
            .as_object()
            .expect("replies");
        for (command, said) in result {
            let said = said.as_str().expect("a reply");
            let reply = read(said.as_bytes());
            assert_eq!(reply.deviations().next(), None, "{said}");
            assert!(said.starts_with(&reply.code().to_string()), "{said}");
            if command == "ehlo" && reply.code().is_positive_completion() {
                let ehlo = Ehlo::new(reply);
                assert!(ehlo.supports("PIPELINING") && ehlo.supports("8BITMIME"));
                assert_eq!(ehlo.extensions().count(), 2);
            }
            count += 1;
        }
    }
    println!("smtp-replies: {count} captured replies agree");
    assert_eq!(count, 15);
}
