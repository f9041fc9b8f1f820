//! The handshake, and the way to it.

use smtp_probe::Observation;
use tls_inspect::{
    AlertSender, Capture, Certificate, HandshakeKind, HandshakeOutcome, KeyPossession,
};

use crate::look::{Attempt, Look, OtherChain, OtherKey};
use crate::terminal::{Mark, Page, count};
use crate::words;

/// What the server said in place of going on to TLS.
pub(super) fn tell_not_begun(seen: &Observation, page: &mut Page) {
    if let Some(greeting) = &seen.greeting {
        page.row(Mark::Plain, "greeting", &greeting.to_string());
    }
    if let Some(ehlo) = &seen.ehlo {
        let offers: Vec<_> = ehlo.extensions().map(|one| one.to_string()).collect();
        page.row(Mark::Plain, "offers", &words::some(&offers, 20));
    }
}

pub(super) fn tell(capture: &Capture, look: &Look, page: &mut Page) {
    let (mark, text) = handshake(capture);
    page.row(mark, "handshake", &text);
    if look.is_implicit && begins_in_clear(capture) {
        let text = "the peer begins in the clear, as for STARTTLS: look again with --starttls";
        page.row(Mark::Plain, "", text);
    }
    let fatal = capture.outcome.failure().and_then(|failure| failure.alert);
    let others = capture.alerts.iter();
    for sent in
        others.filter(|sent| Some(sent.alert.description) != fatal.map(|alert| alert.description))
    {
        let sender = match sent.sender {
            AlertSender::Client => "this client",
            _ => "the server",
        };
        page.row(
            Mark::Plain,
            "",
            &format!("alert of {sender}: {}", sent.alert),
        );
    }
    if capture.client_certificate_request.is_some() {
        let (mark, text) = match (&capture.outcome, &capture.late_failure) {
            (HandshakeOutcome::Completed, None) => (
                Mark::Odd,
                "the server asks for a client certificate, and does without".to_owned(),
            ),
            (HandshakeOutcome::Completed, Some(late)) => (
                Mark::Bad,
                format!("after asking for a client certificate: {late}"),
            ),
            _ => (
                Mark::Plain,
                "the server had asked for a client certificate".to_owned(),
            ),
        };
        page.row(mark, "", &text);
    }
    if let Some(report) = &look.seen.causes {
        let mut label = "cause";
        for proven in &report.causes {
            let mark = match proven.cause.is_conclusive() {
                true => Mark::Bad,
                false => Mark::Unknown,
            };
            page.row(mark, label, &proven.cause.to_string());
            label = "";
        }
        if let Some(unknown) = &report.unknown {
            page.row(Mark::Unknown, label, &format!("could not tell: {unknown}"));
        }
        if !report.connections.is_empty() {
            let hellos = count(report.connections.len(), "more hello");
            let how = match report.causes.is_empty() {
                true => "looked for with",
                false => "found out by",
            };
            page.row(Mark::Plain, "", &format!("{how} {hellos}"));
        }
    }
    if let Some(other) = &look.seen.other_key {
        let (mark, text) = other_key(other, look);
        page.row(mark, "other key", &text);
    }
}

/// Whether the peer greets as a mail server does that has STARTTLS, if any TLS (RFC 5321 §4.2).
fn begins_in_clear(capture: &Capture) -> bool {
    let failure = capture.outcome.failure();
    failure.is_some_and(|failure| failure.received.starts_with(b"220"))
}

fn handshake(capture: &Capture) -> (Mark, String) {
    let name = |name: Option<&'static str>, number: String| name.map_or(number, str::to_owned);
    let mut parts = Vec::new();
    parts.extend(capture.version.map(|version| version.to_string()));
    let suite = capture.cipher_suite;
    parts.extend(suite.map(|suite| name(suite.name(), suite.to_string())));
    parts.extend(
        capture
            .group
            .map(|group| name(group.name(), group.to_string())),
    );
    if capture.handshake == Some(HandshakeKind::FullWithHelloRetryRequest) {
        parts.push("asked for another key share".to_owned());
    }
    let failure = capture.outcome.failure();
    if let Some(failure) = failure {
        let text = words::handshake(failure);
        parts.insert(0, text.trim_start_matches("the TLS handshake ").to_owned());
        // Without a certificate there is no key to be proven.
        if capture.chain.is_empty() {
            return (Mark::Bad, parts.join(" · "));
        }
    }
    let scheme = capture.signature_scheme;
    let by = scheme.map(|scheme| format!(" by {}", name(scheme.name(), scheme.to_string())));
    let (mark, key) = match &capture.key_possession {
        KeyPossession::Verified => (Mark::Good, format!("key proven{}", by.unwrap_or_default())),
        KeyPossession::Failed(why) => (Mark::Bad, format!("key not held: {why}")),
        KeyPossession::Unsupported(why) => (Mark::Unknown, format!("key not checked: {why}")),
        _ => (Mark::Unknown, "key not proven".to_owned()),
    };
    parts.push(key);
    let mark = if failure.is_some() { Mark::Bad } else { mark };
    (mark, parts.join(" · "))
}

/// What came of asking for the other kind of key.
fn other_key(other: &OtherKey, look: &Look) -> (Mark, String) {
    let wanted = other.wanted;
    let capture = match &other.attempt {
        Attempt::Tls(capture) => capture,
        Attempt::NotBegun(_) => {
            return (
                Mark::Unknown,
                format!("{wanted}: could not tell: no second connection"),
            );
        }
    };
    let leaf = capture.chain.first();
    let leaf = leaf.and_then(|leaf| Certificate::parse(leaf.as_bytes()).ok());
    match (capture.outcome.failure(), leaf) {
        (None, Some(leaf)) if leaf.key.algorithm.starts_with(&wanted[..2]) => {
            let life = words::lifetime(leaf.validity, look.now_unix);
            (
                Mark::Good,
                format!("{wanted} too: {}, of {}, {life}", leaf.key, leaf.issuer),
            )
        }
        (None, Some(leaf)) => (
            Mark::Plain,
            format!(
                "asked for {wanted} alone, the server sent {} all the same",
                leaf.key
            ),
        ),
        (Some(failure), None) if matches!(other.chain(), OtherChain::None) => (
            Mark::Plain,
            format!("no certificate for {wanted} alone: {failure}"),
        ),
        (failure, _) => {
            let why = failure.map(ToString::to_string).unwrap_or_default();
            (Mark::Unknown, format!("{wanted}: could not tell: {why}"))
        }
    }
}

/// How to see it without this program.
pub(super) fn tell_by_hand(look: &Look, page: &mut Page) {
    let attempt = &look.seen.attempt;
    let is_seen = attempt.capture().is_some() || attempt.is_not_offered();
    // Where the laboratory's addresses lead, only this program knows.
    if !is_seen || look.place.real != look.address {
        return;
    }
    let in_clear = attempt.capture().is_some_and(begins_in_clear);
    let how = if look.is_implicit && !in_clear {
        ""
    } else {
        " -starttls smtp"
    };
    let name = look.place.name();
    let name = name.map_or_else(String::new, |name| {
        format!(" -servername {}", name.as_str())
    });
    let command = format!(
        "openssl s_client -connect {}{how}{name} -showcerts",
        look.address
    );
    page.verbatim("by hand", &command);
}
