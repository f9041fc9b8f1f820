//! Bounces that nobody here wrote: one half of the corpus of Sisimai, with what Sisimai says of them.
//!
//! They are read from `sisimai-half/` in the folder that `MAILCHECK_CONFORMANCE` names, and skipped with a printed line where that is
//! absent. The codes must agree on every row; the reasons, whose vocabularies differ, on nine of ten.
//!
//! A row without a code expects nothing of it. A status may be the one in the text or the one in the field `Status`, which differ in
//! some reports. A code that Sisimai made up from its reason stands nowhere in the message, and such rows are counted apart.

use std::path::{Path, PathBuf};

use serde_json::Value;
use smtp_probe::{Action, Bounce, BounceKind, Diagnosis, Reason, Recipient};

fn folder() -> Option<PathBuf> {
    let folder = std::env::var_os("MAILCHECK_CONFORMANCE").map_or_else(
        || {
            PathBuf::from(concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/../../../shared/conformance"
            ))
        },
        PathBuf::from,
    );
    let folder = folder.join("sisimai-half");
    if folder.is_dir() {
        return Some(folder);
    }
    println!("sisimai: skipped, no corpus at {}", folder.display());
    None
}

fn rows(folder: &Path, name: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(folder.join(name)).expect("a file of rows");
    text.lines()
        .map(|line| serde_json::from_str(line).expect("a row"))
        .collect()
}

/// Sisimai's reasons in our words. Where there are several, its one reason is several of ours, and the comment says why.
fn ours(reason: &str) -> &'static [Reason] {
    match reason {
        "userunknown" => &[Reason::UserUnknown],
        // A recipient that a server refuses after DATA: Sisimai cannot tell an unknown one from one that refuses, and goes by the
        // command; the text of most says "user unknown".
        "filtered" => &[Reason::RecipientRefused, Reason::UserUnknown],
        "suspend" => &[Reason::UserDisabled],
        "mailboxfull" => &[Reason::MailboxFull],
        "hasmoved" => &[Reason::UserMoved],
        "hostunknown" => &[Reason::HostUnknown],
        // A domain without MX and address takes no mail there, and is not found here.
        "notaccept" => &[Reason::NoMailAccepted, Reason::HostUnknown],
        "norelaying" => &[Reason::RelayDenied],
        // By the envelope's sender, or by what the sender did before.
        // A group that takes the mail of its members only refuses the sender there, and is a recipient that refuses here.
        "rejected" => &[
            Reason::SenderRefused,
            Reason::Reputation,
            Reason::RecipientRefused,
        ],
        // By the client's address or name, for whatever cause.
        "blocked" => &[
            Reason::Blocklisted,
            Reason::EhloRefused,
            Reason::Reputation,
            Reason::ReverseDns,
        ],
        "badreputation" => &[Reason::Reputation],
        "requireptr" => &[Reason::ReverseDns],
        "authfailure" => &[Reason::AuthenticationFailure],
        // Attachments that a policy forbids are content here.
        "policyviolation" => &[Reason::Policy, Reason::Content],
        // Sisimai's word for whatever is said of permission: AUTH, TLS, and "not authorized" without more.
        "securityerror" => &[
            Reason::Security,
            Reason::AuthRequired,
            Reason::TlsRequired,
            Reason::Policy,
        ],
        "spamdetected" => &[Reason::Spam],
        "virusdetected" => &[Reason::Virus],
        // Sisimai tells forbidden content from a form against RFC 5322.
        "contenterror" | "notcompliantrfc" => &[Reason::Content],
        "mesgtoobig" | "exceedlimit" => &[Reason::TooLarge],
        "speeding" => &[Reason::RateLimited],
        // Sisimai counts all that is too many here.
        "toomanyconn" => &[Reason::TooManyConnections, Reason::RateLimited],
        "syntaxerror" => &[Reason::Protocol],
        "systemerror" => &[Reason::System],
        "systemfull" => &[Reason::SystemFull],
        "mailererror" => &[Reason::Mailer],
        // A loop is a network error there.
        "networkerror" => &[Reason::Network, Reason::Loop],
        // Given up after time-outs: what is told is the time-out.
        "expired" => &[Reason::Expired, Reason::Network],
        "onhold" | "undefined" => &[Reason::Unknown],
        _ => &[],
    }
}

/// What of a recipient agrees with a row, and how what does not is told.
struct Verdict {
    codes: bool,
    is_synthetic: bool,
    reason: bool,
    words: String,
}

/// The messages of a file, which may be an mbox of several.
fn messages(file: &[u8]) -> Vec<&[u8]> {
    let starts: Vec<usize> = memchr::memmem::find_iter(file, b"\n\nFrom MAILER-DAEMON")
        .map(|at| at + 2)
        .collect();
    let from = [0].into_iter().chain(starts.iter().copied());
    let to = starts.iter().copied().chain([file.len()]);
    from.zip(to).map(|(start, end)| &file[start..end]).collect()
}

/// What is told of each recipient; if nobody is named, what the message is.
fn recipients(bounce: Option<&Bounce>) -> Vec<(Option<BounceKind>, Option<Recipient>)> {
    let kind = bounce.map(|bounce| bounce.kind);
    match bounce.map(|bounce| bounce.recipients.as_slice()) {
        None | Some([]) => vec![(kind, None)],
        Some(recipients) => recipients
            .iter()
            .map(|one| (kind, Some(one.clone())))
            .collect(),
    }
}

fn judge(
    kind: Option<BounceKind>,
    recipient: Option<&Recipient>,
    row: &Value,
    message: &str,
) -> Verdict {
    let field = |name: &str| row[name].as_str().unwrap_or_default();
    let (status, reply, reason) = (field("status"), field("reply"), field("reason"));
    let diagnosis = recipient.map(|recipient| &recipient.diagnosis);
    let enhanced = diagnosis
        .and_then(|diagnosis| diagnosis.enhanced)
        .map(|code| code.to_string())
        .unwrap_or_default();
    let code = diagnosis
        .and_then(|diagnosis| diagnosis.code)
        .map(|code| code.to_string())
        .unwrap_or_default();
    let field_status = recipient
        .and_then(|recipient| recipient.status)
        .map(|code| code.to_string());
    // The expected code stands nowhere in the message, so nobody can read it there: Sisimai made it from its reason.
    let is_made_up = |expected: &str| !expected.is_empty() && !message.contains(expected);
    let agrees = |expected: &str, found: &str| expected.is_empty() || expected == found;
    let status_agrees =
        is_made_up(status) || agrees(status, &enhanced) || field_status.as_deref() == Some(status);
    let reply_agrees = is_made_up(reply) || agrees(reply, &code);
    let reason_agrees = match (reason, kind) {
        ("feedback", kind) => kind == Some(BounceKind::Feedback),
        ("vacation", kind) => kind == Some(BounceKind::AutoReply),
        ("delivered", kind) => {
            kind == Some(BounceKind::Success)
                && recipient
                    .and_then(|recipient| recipient.action)
                    .is_none_or(Action::is_success)
        }
        (reason, _) => diagnosis.is_some_and(|diagnosis| ours(reason).contains(&diagnosis.reason)),
    };
    let found = diagnosis.map_or("nothing".to_owned(), |diagnosis| {
        format!(
            "{enhanced} {code} {} by `{}`",
            diagnosis.reason, diagnosis.matched
        )
    });
    Verdict {
        codes: status_agrees && reply_agrees,
        is_synthetic: is_made_up(status) || is_made_up(reply),
        reason: reason_agrees,
        words: format!("expected {status} {reply} {reason}, found {found}"),
    }
}

#[test]
fn bounces() {
    let Some(folder) = folder() else { return };
    let (mut count, mut codes, mut reasons, mut synthetic) = (0, 0, 0, 0);
    let mut wrong = Vec::new();
    for row in rows(&folder, "bounce_expected.jsonl") {
        let file = row["file"].as_str().expect("a file");
        let Ok(message) = std::fs::read(folder.join(file)) else {
            continue;
        };
        let text = String::from_utf8_lossy(&message);
        let bounces = messages(&message).into_iter().map(Bounce::parse);
        let told: Vec<_> = bounces
            .flat_map(|bounce| recipients(bounce.as_ref()))
            .collect();
        for (index, expected) in row["expected"].as_array().expect("rows").iter().enumerate() {
            let (kind, recipient) = told.get(index).cloned().unwrap_or_default();
            let verdict = judge(kind, recipient.as_ref(), expected, &text);
            count += 1;
            codes += usize::from(verdict.codes);
            reasons += usize::from(verdict.reason);
            synthetic += usize::from(verdict.is_synthetic);
            if !verdict.codes || !verdict.reason {
                let what = match (verdict.codes, verdict.reason) {
                    (false, false) => "codes and reason",
                    (false, true) => "codes",
                    _ => "reason",
                };
                wrong.push(format!(
                    "{file}, recipient {index}: {what}: {}",
                    verdict.words
                ));
            }
        }
    }
    println!("sisimai: codes {codes} of {count}, reasons {reasons} of {count}");
    println!("sisimai: {synthetic} rows expect a code that stands nowhere in the message");
    for line in &wrong {
        println!("  {line}");
    }
    assert!(count > 0, "the corpus is empty");
    assert_eq!(codes, count, "codes");
    assert!(reasons * 10 >= count * 9, "reasons");
}

/// Three digits, or three numbers with dots, as whoever reads the text would point at them: behind nothing but its type, or at a
/// reply line's place.
fn written(text: &str) -> (Option<&str>, Option<&str>) {
    let text = text
        .split_once(';')
        .filter(|(kind, _)| !kind.contains(' '))
        .map_or(text, |(_, rest)| rest)
        .trim_start();
    let is_code = |word: &&str| {
        word.len() == 3
            && word.starts_with(['2', '4', '5'])
            && word.bytes().all(|octet| octet.is_ascii_digit())
    };
    let is_enhanced = |word: &&str| {
        word.split('.').count() == 3
            && word.starts_with(['2', '4', '5'])
            && word.split('.').all(|part| {
                !part.is_empty()
                    && part.len() < 4
                    && part.bytes().all(|octet| octet.is_ascii_digit())
            })
    };
    let mut words = text
        .split([' ', '-', '\n', '='])
        .filter(|word| !word.is_empty());
    let first = words.next().unwrap_or_default();
    match words.next() {
        _ if is_enhanced(&first) => (None, Some(first)),
        // A greeting's code before a refusal is no refusal.
        second
            if is_code(&first)
                && (!first.starts_with('2') || !words.any(|word| is_code(&word))) =>
        {
            (Some(first), second.filter(is_enhanced))
        }
        _ => (None, None),
    }
}

#[track_caller]
fn check_written(text: &str, wrong: &mut Vec<String>) -> bool {
    let (code, enhanced) = written(text);
    let found = Diagnosis::of_text(text.as_bytes());
    let found_code = found.code.map(|code| code.to_string());
    let found_enhanced = found.enhanced.map(|code| code.to_string());
    let agrees = (code.is_none() || code == found_code.as_deref())
        && (enhanced.is_none() || enhanced == found_enhanced.as_deref());
    if !agrees {
        wrong.push(format!(
            "{text:?}: expected {code:?} {enhanced:?}, found {found_code:?} {found_enhanced:?}"
        ));
    }
    code.is_some() || enhanced.is_some()
}

#[test]
fn codes_that_are_written_are_found() {
    let Some(folder) = folder() else { return };
    let mut wrong = Vec::new();
    for (name, field) in [
        ("diagnostic_codes.jsonl", "diagnostic"),
        ("smtp_error_strings.jsonl", "text"),
    ] {
        let rows = rows(&folder, name);
        let with = rows
            .iter()
            .filter(|row| check_written(row[field].as_str().expect("text"), &mut wrong))
            .count();
        println!(
            "sisimai: {name}: {with} of {} texts begin with a code",
            rows.len()
        );
        assert!(with > 0);
    }
    let mut lines = 0;
    for row in rows(&folder, "transcripts.jsonl") {
        for line in row["lines"]
            .as_array()
            .expect("lines")
            .iter()
            .filter(|line| line["dir"] == "S")
        {
            lines += usize::from(check_written(
                line["text"].as_str().expect("text"),
                &mut wrong,
            ));
        }
    }
    println!("sisimai: transcripts.jsonl: {lines} lines begin with a code");
    assert!(lines > 0);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
