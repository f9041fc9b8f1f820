use std::fmt::Write as _;

use super::*;
use crate::read::Content;

fn told(name: &str, text: &str) -> (u8, String) {
    let input = Input::read(name, text.as_bytes());
    let mut page = Page::new(false);
    page.tell(&input);
    (input.exit_code(), page.into_text())
}

#[track_caller]
fn has(text: &str, lines: &[&str]) {
    for line in lines {
        assert!(text.contains(line), "expected {line:?} in\n{text}");
    }
}

#[test]
fn the_tour_tells_of_each_kind() {
    let all: Vec<_> = samples::ALL
        .iter()
        .map(|(name, text)| told(name, text))
        .collect();
    let codes: Vec<_> = all.iter().map(|(code, _)| *code).collect();
    assert_eq!(codes, [3, 1, 0, 1, 1], "{all:?}");
    has(
        &all[0].1,
        &[
            "? report.eml  not delivered, says Postfix at out.example\n",
            "  nobody@b.example  user unknown               sure     550 5.1.1 \"User unknown in virtual mailbox table\"\n",
            "                    Nobody has this address: ",
            "  full@c.example    mailbox full               sure     552 5.2.2 \"Over quota\"\n",
            "  odd@d.example     unknown                             554 5.0.0\n",
            "                    Could not tell why: ",
        ],
    );
    has(
        &all[1].1,
        &[
            "✗ qmail.eml  not delivered, says qmail\n",
            "greylisted ",
            "again in 299 s\n",
        ],
    );
    has(
        &all[2].1,
        &["✓ complaint.eml  a complaint of a recipient\n  somebody@f.example"],
    );
    has(
        &all[3].1,
        &[
            "✗ pasted reply  a reply\n",
            "blocked using\" list zen.spamhaus.org\n",
        ],
    );
    has(
        &all[4].1,
        &[
            "✗ mail.log  a log: 5 of 6 lines tell of a recipient or a client, over 80 min\n",
            "  receiver      reason                      count   share   an hour\n",
            "  mx.b.example  blocklisted                     2   50.0%",
            "  mx.b.example  user unknown                    1   25.0%",
            "  c.example     network fault                   1  100.0%",
        ],
    );
}

#[test]
fn rows_of_the_tour_are_short() {
    for (name, text) in samples::ALL {
        let (_, text) = told(name, text);
        for line in text.lines() {
            assert!(line.chars().count() <= 120, "{line}");
        }
    }
}

#[test]
fn what_rises_in_a_log_is_said_with_its_counts() {
    let mut log = String::new();
    for minute in 0..60 {
        let (hour, minute, status) = (8 + minute / 30, minute % 30 * 2, minute >= 30);
        let what = match status {
            true => {
                "dsn=5.7.1, status=bounced (host mx.b.example[192.0.2.1] said: 550 5.7.1 blocked using zen.spamhaus.org)"
            }
            false => "dsn=2.0.0, status=sent (250 ok)",
        };
        writeln!(log, "Nov 29 {hour:02}:{minute:02}:00 o postfix/smtp[7]: A: to=<a@b.example>, relay=mx.b.example[192.0.2.1]:25, {what}").expect("a string");
    }
    let (_, text) = told("log", &log);
    has(&text, &["! blocklisted rises at mx.b.example: "]);
}

#[test]
fn each_input_is_recognized_by_itself() {
    let content = |text: &str| Input::read("x", text.as_bytes()).content;
    assert!(matches!(
        content("550 5.1.1 no such user"),
        Content::Reply(_)
    ));
    assert!(matches!(content("mailbox full"), Content::Reply(_)));
    assert!(matches!(content("hello"), Content::Unknown));
    assert!(matches!(content(""), Content::Unknown));
    assert_eq!(told("x", "250 2.0.0 ok").0, 0);
    assert_eq!(told("x", "hello").0, 3);
}
