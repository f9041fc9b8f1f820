//! What was found, for people: one recipient a line, aligned, with what it means and what to do below it.

use smtp_probe::{Bounce, BounceKind, Confidence, Diagnosis, Reason};

use crate::read::{Content, Input, Log};

/// So many recipients of a report are shown, and so many rows of a log.
const MAX_ROWS: usize = 40;

/// The lines to print.
#[derive(Debug)]
pub(crate) struct Page {
    lines: Vec<String>,
    colors: bool,
}

impl Page {
    pub(crate) fn new(colors: bool) -> Self {
        Self {
            lines: Vec::new(),
            colors,
        }
    }

    pub(crate) fn into_text(self) -> String {
        self.lines.join("\n")
    }

    pub(crate) fn tell(&mut self, input: &Input) {
        if !self.lines.is_empty() {
            self.lines.push(String::new());
        }
        match &input.content {
            Content::Report(bounce) => self.tell_report(&input.name, bounce),
            Content::Log(log) => self.tell_log(&input.name, log),
            Content::Reply(found) => {
                let what = match found.code.is_some_and(|code| code.0 / 100 == 2) {
                    true => "a reply that refuses nothing",
                    false => "a reply",
                };
                self.headline(sign(found), &input.name, what);
                self.row("", found, 0);
            }
            Content::Unknown => {
                let text = "could not tell: no report, no log, and no words that are known";
                self.headline('?', &input.name, text);
            }
        }
    }

    fn tell_report(&mut self, name: &str, bounce: &Bounce) {
        let kind = match bounce.kind {
            BounceKind::Failure => "not delivered",
            BounceKind::Delay => "not delivered yet, and still tried",
            BounceKind::Success => "delivered",
            BounceKind::AutoReply => "an automatic answer, no failure",
            BounceKind::Feedback => "a complaint of a recipient",
            _ => "a report",
        };
        let system = bounce
            .system
            .map(|system| format!(", says {system}"))
            .unwrap_or_default();
        let host = bounce
            .reporting_mta
            .as_deref()
            .map(|host| format!(" at {host}"))
            .unwrap_or_default();
        let is_refusal = matches!(bounce.kind, BounceKind::Failure | BounceKind::Delay);
        let is_untold = bounce
            .recipients
            .iter()
            .any(|one| one.diagnosis.reason == Reason::Unknown);
        let sign = match (is_refusal, is_untold || bounce.recipients.is_empty()) {
            (false, _) => '✓',
            (true, true) => '?',
            (true, false) => '✗',
        };
        self.headline(sign, name, &format!("{kind}{system}{host}"));
        let addresses = bounce
            .recipients
            .iter()
            .map(|one| one.address.as_deref().unwrap_or("-"));
        let width = addresses.clone().map(str::len).max().unwrap_or(0).min(40);
        for (one, address) in bounce.recipients.iter().zip(addresses).take(MAX_ROWS) {
            if is_refusal {
                self.row(address, &one.diagnosis, width);
            } else {
                self.lines.push(format!("  {address}"));
            }
        }
        let more = bounce.recipients.len().saturating_sub(MAX_ROWS);
        if more > 0 || bounce.is_truncated {
            self.lines
                .push(format!("  {more} more; a report is not read without end"));
        }
    }

    /// One recipient: what happened, how sure, by which codes and words; and what to do.
    fn row(&mut self, subject: &str, found: &Diagnosis, width: usize) {
        let indent = if subject.is_empty() {
            String::new()
        } else {
            format!("{subject:<width$}  ")
        };
        let reason = self.paint(
            color(sign(found)),
            &format!("{:<26}", found.reason.to_string()),
        );
        let line = format!(
            "  {indent}{reason} {:<8} {}",
            sureness(found.confidence),
            evidence(found)
        );
        self.lines.push(line.trim_end().to_owned());
        let blanks = " ".repeat(if subject.is_empty() { 0 } else { width + 2 });
        if found.code.is_none_or(|code| code.0 / 100 != 2) {
            self.lines.push(format!("  {blanks}{}", advice(found)));
        }
    }

    fn tell_log(&mut self, name: &str, log: &Log) {
        let refused = log.receivers.iter().any(|one| !one.reasons.is_empty());
        let what = format!(
            "a log: {} of {} lines tell of a recipient or a client, over {}",
            log.known,
            log.lines,
            span(log.span)
        );
        self.headline(if refused { '✗' } else { '✓' }, name, &what);
        let name_of =
            |receiver: &Option<String>| receiver.clone().unwrap_or_else(|| "(others)".to_owned());
        let names = log.receivers.iter().map(|one| name_of(&one.receiver).len());
        let width = names.max().unwrap_or(0).clamp(8, 40);
        self.lines.push(format!(
            "  {:<width$}  {:<26} {:>6} {:>7} {:>9}",
            "receiver", "reason", "count", "share", "an hour"
        ));
        let rows = log
            .receivers
            .iter()
            .flat_map(|one| one.reasons.iter().map(|reason| (&one.receiver, reason)));
        for (receiver, one) in rows.take(MAX_ROWS) {
            let (receiver, share) = (name_of(receiver), one.share * 100.0);
            let line = format!(
                "  {receiver:<width$}  {:<26} {:>6} {share:>6.1}% {:>9.1}",
                one.reason.to_string(),
                one.count,
                one.per_hour
            );
            self.lines.push(line);
        }
        for rise in &log.rises {
            let (before, recent) = (rise.before, rise.recent);
            let line = format!(
                "! {} rises at {}: {} of {} in the second half of the time, {} of {} in the first",
                rise.reason,
                name_of(&rise.receiver),
                recent.count,
                recent.total,
                before.count,
                before.total
            );
            self.lines.push(self.paint("33", &line));
        }
        for line in &log.examples {
            self.row("", &line.diagnosis, 0);
        }
    }

    fn headline(&mut self, sign: char, name: &str, text: &str) {
        let sign = self.paint(color(sign), &sign.to_string());
        let line = format!("{sign} {}  {text}", self.paint("1", name));
        self.lines.push(line);
    }

    fn paint(&self, color: &str, text: &str) -> String {
        if self.colors {
            format!("\x1b[{color}m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }
}

fn sign(found: &Diagnosis) -> char {
    match found.reason {
        _ if found.code.is_some_and(|code| code.0 / 100 == 2) => '✓',
        Reason::Unknown => '?',
        _ => '✗',
    }
}

fn color(sign: char) -> &'static str {
    match sign {
        '✓' => "32",
        '?' => "35",
        _ => "1;31",
    }
}

fn sureness(confidence: Confidence) -> &'static str {
    match confidence {
        Confidence::High => "sure",
        Confidence::Medium => "likely",
        Confidence::Low => "perhaps",
        _ => "",
    }
}

/// The codes, the words and the list.
fn evidence(found: &Diagnosis) -> String {
    let mut parts = Vec::new();
    parts.extend(found.code.map(|code| code.to_string()));
    parts.extend(found.enhanced.map(|code| code.to_string()));
    if !found.matched.is_empty() {
        parts.push(format!("\"{}\"", shortened(&found.matched)));
    }
    parts.extend(found.list.as_ref().map(|list| format!("list {list}")));
    parts.extend(
        found
            .retry_after
            .map(|time| format!("again in {} s", time.as_secs())),
    );
    parts.join(" ")
}

/// Both ends of a long wording tell, and what lies between is seldom of it.
fn shortened(words: &str) -> String {
    const END: usize = 20;
    let length = words.chars().count();
    if length <= 2 * END + 3 {
        return words.to_owned();
    }
    let start: String = words.chars().take(END).collect();
    let end: String = words.chars().skip(length - END).collect();
    format!("{} … {}", start.trim_end(), end.trim_start())
}

fn span(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds / 60),
        7200..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} days", seconds / 86400),
    }
}

/// What it means, and what to do, in a line.
fn advice(found: &Diagnosis) -> &'static str {
    match found.reason {
        Reason::UserUnknown => {
            "Nobody has this address: check it for typos, and send no more to it."
        }
        Reason::UserDisabled => {
            "The mailbox is switched off: send no more until its owner says otherwise."
        }
        Reason::MailboxFull => {
            "The mailbox takes nothing until its owner makes room: try in some days."
        }
        Reason::UserMoved => "The recipient is elsewhere now: ask for the new address.",
        Reason::RecipientRefused => {
            "The recipient, or its server, takes none of this mail: ask by another way."
        }
        Reason::HostUnknown => {
            "The domain cannot be found: check it for typos, then its MX record."
        }
        Reason::NoMailAccepted => {
            "The domain says that it takes no mail: there is no way to send to it."
        }
        Reason::RelayDenied => {
            "The server is not for this domain: check the MX records, or sign in first."
        }
        Reason::SenderRefused => {
            "The sender's address is refused: check that it exists and that its domain has an MX record."
        }
        Reason::Blocklisted => {
            "The sending address or domain is on a list: look it up there, mend the cause, ask to be removed."
        }
        Reason::Reputation => {
            "The receiver distrusts the sender for what it sent: send less, and only what is wanted."
        }
        Reason::ReverseDns => "The sending address needs a PTR record whose name leads back to it.",
        Reason::EhloRefused => "Say a full name in EHLO that resolves to the sending address.",
        Reason::AuthenticationFailure => {
            "SPF, DKIM or DMARC failed: check the records of the sender's domain."
        }
        Reason::TlsRequired => "Send over TLS: turn on STARTTLS toward this server.",
        Reason::TlsFailed => {
            "TLS failed: check both certificates, and the policies (DANE, MTA-STS)."
        }
        Reason::AuthRequired => {
            "Sign in first, or send to the receiver's MX and not to its submission server."
        }
        Reason::RateLimited => "Too much at a time: send slower, and try again later.",
        Reason::TooManyConnections => "Open fewer connections to this server, and try again later.",
        Reason::Greylisted => "Come again in some minutes from the same address; nothing is wrong.",
        Reason::Spam => {
            "The message looks like spam to the receiver: change what it says, or ask its postmaster."
        }
        Reason::Virus => {
            "The message is taken for malware: check the attachments, and the sender's machine."
        }
        Reason::Content => {
            "The message's form, headers or attachments are refused: send it in another form."
        }
        Reason::TooLarge => "The message is too large: send a link instead.",
        Reason::Policy => {
            "The receiver's rules forbid it and it does not say which: ask its postmaster."
        }
        Reason::Security => "A security measure of the receiver stopped it: ask its postmaster.",
        Reason::Protocol => "The servers did not understand each other: look at the dialogue.",
        Reason::System => "The receiver's system is at fault: try again later.",
        Reason::SystemFull => "The receiver's system is out of storage: try again later.",
        Reason::Mailer => "A program that delivers failed: tell the receiver's postmaster.",
        Reason::Network => {
            "The server could not be reached, or the DNS did not answer: try again, then check its port 25."
        }
        Reason::Loop => "The mail goes in a circle: check forwards and MX records.",
        Reason::Expired => "It was tried for too long: look for the cause in the log.",
        _ => "Could not tell why: read the words, or ask the receiver's postmaster.",
    }
}
