//! The reply code and the enhanced status code that stand somewhere in free text.
//!
//! Three digits are a reply code, and three numbers with dots an enhanced status code, only where one can stand. `192.0.2.1`,
//! `Postfix 2.10.1`, `mx.example:587`, `[416]`, `22:55:01` and `554 bytes` hold none. Of several, the one with the best place counts,
//! and of equally good ones the first.

use crate::code::{EnhancedCode, ReplyCode};

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Codes {
    pub(super) code: Option<ReplyCode>,
    pub(super) enhanced: Option<EnhancedCode>,
    /// Where the first of them stands: what is said before is said by another than who gave the code.
    pub(super) at: usize,
}

/// How good a place is; a greater one is better.
type Worth = u8;

/// The codes of success that there are (RFC 5321 §4.2.3, RFC 4954): other numbers from 200 on are something else.
const SUCCESSES: [u16; 9] = [200, 211, 214, 220, 221, 235, 250, 251, 252];
/// Words before a number that make it something else than a code.
const NOT_CODES: [&[u8]; 22] = [
    b"port",
    b"line",
    b"version",
    b"ver",
    b"v",
    b"release",
    b"build",
    b"postfix",
    b"exim",
    b"sendmail",
    b"opensmtpd",
    b"courier",
    b"qmail",
    b"exchange",
    b"imail",
    b"esmtp",
    b"smtpd",
    b"server",
    b"than",
    b"of",
    b"limit",
    b"rfc",
];
/// Words before a number that announce a code.
const ANNOUNCE: [&[u8]; 12] = [
    b"said",
    b"reply",
    b"response",
    b"returned",
    b"responded",
    b"error",
    b"code",
    b"status",
    b"smtp",
    b"me",
    b"reason",
    b"diagnostic",
];
/// Words after a number that make it a measure.
const UNITS: [&[u8]; 22] = [
    b"bytes",
    b"byte",
    b"octets",
    b"kb",
    b"mb",
    b"kib",
    b"mib",
    b"k",
    b"m",
    b"seconds",
    b"second",
    b"secs",
    b"sec",
    b"s",
    b"minutes",
    b"minute",
    b"min",
    b"hours",
    b"hour",
    b"messages",
    b"recipients",
    b"connections",
];

impl Codes {
    /// The codes in `text`.
    pub(super) fn find(text: &[u8]) -> Self {
        let mut code: Option<(Worth, ReplyCode, usize)> = None;
        let mut enhanced: Option<(Worth, EnhancedCode, usize)> = None;
        let mut at = 0;
        while let Some(&octet) = text.get(at) {
            if !octet.is_ascii_digit() {
                at += 1;
                continue;
            }
            let end = run_end(text, at);
            let number = Number {
                text,
                start: at,
                end,
            };
            if let Some((worth, found)) = number.reply_code()
                && code.is_none_or(|(best, _, _)| worth > best)
            {
                code = Some((worth, found, at));
            }
            if let Some((worth, found)) = number.enhanced()
                && enhanced.is_none_or(|(best, _, _)| worth > best)
            {
                enhanced = Some((worth, found, at));
            }
            at = end;
        }
        Self {
            code: code.map(|(_, code, _)| code),
            enhanced: enhanced.map(|(_, enhanced, _)| enhanced),
            at: match (code, enhanced) {
                (Some((_, _, code)), Some((_, _, enhanced))) => code.min(enhanced),
                (Some((_, _, at)), None) | (None, Some((_, _, at))) => at,
                (None, None) => 0,
            },
        }
    }
}

/// Where a run of digits and inner dots ends.
fn run_end(text: &[u8], start: usize) -> usize {
    let mut end = start;
    while let Some(octet) = text.get(end) {
        let is_inner_dot = *octet == b'.' && text.get(end + 1).is_some_and(u8::is_ascii_digit);
        if !octet.is_ascii_digit() && !is_inner_dot {
            break;
        }
        end += 1;
    }
    end
}

/// A run of digits and dots, in its surroundings.
struct Number<'a> {
    text: &'a [u8],
    start: usize,
    end: usize,
}

impl<'a> Number<'a> {
    fn octets(&self) -> &'a [u8] {
        self.text.get(self.start..self.end).unwrap_or_default()
    }

    fn before(&self) -> &'a [u8] {
        self.text.get(..self.start).unwrap_or_default()
    }

    fn after(&self) -> &'a [u8] {
        self.text.get(self.end..).unwrap_or_default()
    }

    fn reply_code(&self) -> Option<(Worth, ReplyCode)> {
        let octets: [u8; 3] = self.octets().try_into().ok()?;
        let code = ReplyCode::from_octets(octets)?;
        let is_known = matches!(code.0 / 100, 4 | 5) || SUCCESSES.contains(&code.0);
        if !is_known || !self.has_edges() {
            return None;
        }
        let class = octets.first().copied()?;
        let worth = match self.enhanced_behind() {
            Some(found) if found.is_some_and(|found| found == class) => 90,
            Some(_) => 70,
            None => self.place()?,
        };
        // Success is seldom what a text is about, and a number of its form is seldom a code.
        let worth = match (class, worth) {
            (b'2', 0..60) => return None,
            (b'2', _) => worth / 2,
            _ => worth,
        };
        Some((worth, code))
    }

    /// What follows a code: a blank, a hyphen, the end or punctuation, and before it nothing that it belongs to.
    fn has_edges(&self) -> bool {
        let is_end = match self.after() {
            [] => true,
            [b'-', next, ..] => !next.is_ascii_lowercase() || self.is_at_start(),
            [octet, ..] => octet.is_ascii_whitespace() || b"-:,;.)\"'#<(=".contains(octet),
        };
        let is_start = match self.before() {
            [] => true,
            [.., last] if last.is_ascii_whitespace() => true,
            [.., before, b':'] => !before.is_ascii_alphanumeric() && *before != b']',
            // `[416]` is a number of its own; `[550 5.1.1 no]` is a reply in brackets.
            [.., b'['] => self.after().starts_with(b" ") || self.after().starts_with(b"-"),
            [.., last] => b"<>(\"';,=|#".contains(last),
        };
        is_end && (is_start || self.follows_announcement())
    }

    /// Whether an enhanced status code follows at once, and of which class.
    fn enhanced_behind(&self) -> Option<Option<u8>> {
        let rest = self.after();
        let skip = rest
            .iter()
            .take(4)
            .position(|octet| !b" -#(=\r\n".contains(octet))?;
        let rest = rest.get(skip..)?;
        let length = run_end(rest, 0);
        let number = Number {
            text: rest,
            start: 0,
            end: length,
        };
        (skip > 0 && number.parts().is_some()).then(|| rest.first().copied())
    }

    /// How good the place is for a reply code without an enhanced status code.
    fn place(&self) -> Option<Worth> {
        // Sendmail: `554 <a@b.example>... 550 Host unknown`, and the second one is what was said.
        if trim_end(self.before()).ends_with(b"...") {
            return Some(85);
        }
        if self.is_at_start() {
            return Some(80);
        }
        if self.follows_announcement() {
            return Some(if is_followed_by(self.after(), &UNITS) {
                0
            } else {
                60
            });
        }
        let is_excluded =
            is_followed_by(self.after(), &UNITS) || ends_with_word(self.before(), &NOT_CODES);
        if is_excluded || matches!(self.before(), [.., b'=' | b'#'] | [.., b'-', b' ']) {
            return None;
        }
        // Behind a colon or a bracket it begins something; elsewhere it is a number in a sentence.
        match trim_end(self.before()) {
            [.., b':' | b'(' | b'[' | b';' | b'"' | b'>' | b'\''] => Some(50),
            _ if self.after().first().is_some_and(|octet| *octet == b'-') => Some(30),
            _ => Some(10),
        }
    }

    /// At the start of the text or of a line, behind nothing but a type (`smtp;`) or the mark of an answer (`<<<`).
    fn is_at_start(&self) -> bool {
        let before = self.before();
        let start = memchr::memrchr(
            b'\n',
            before
                .get(before.len().saturating_sub(80)..)
                .unwrap_or_default(),
        );
        let window = before.len().min(80);
        let line = match start {
            Some(start) => before.get(before.len() - window + start + 1..),
            None if window == before.len() => Some(before),
            None => return false,
        };
        let line = line.unwrap_or_default().trim_ascii();
        line.is_empty()
            || line.iter().all(|octet| b"<>\"'#".contains(octet))
            // The number of `X-Unix;` is an exit status (RFC 3464 §2.3.6 leaves the type open).
            || (line.ends_with(b";") && line.len() <= 16 && !line.contains(&b' ') && !line.eq_ignore_ascii_case(b"x-unix;"))
    }

    fn follows_announcement(&self) -> bool {
        let mut before = trim_end(self.before());
        while let [
            rest @ ..,
            b':' | b'#' | b'=' | b'"' | b'\'' | b'(' | b'-' | b'>' | b'<',
        ] = before
        {
            before = trim_end(rest);
            if self.start - before.len() > 8 {
                return false;
            }
        }
        ends_with_word(before, &ANNOUNCE)
    }

    fn enhanced(&self) -> Option<(Worth, EnhancedCode)> {
        let (code, is_joined) = (self.parts()?, self.reply_code_before());
        let worth = match is_joined {
            Some(class) if class == u16::from(code.class) => 90,
            Some(_) => 70,
            None if self.is_at_start() => 80,
            None if code.subject > 7 => return None,
            None if ends_with_word(self.before(), &NOT_CODES) => return None,
            None if self.follows_announcement() => 60,
            None if self.before().ends_with(b"#") => 65,
            None => 40,
        };
        let is_edge = match self.before() {
            [] => true,
            [.., last] if last.is_ascii_whitespace() => true,
            [.., last] => b"-(#:;<>\"',=[".contains(last),
        };
        let worth = if code.class == 2 { worth / 2 } else { worth };
        is_edge.then_some((worth, code))
    }

    /// The three numbers, if it is three of the right size.
    fn parts(&self) -> Option<EnhancedCode> {
        let mut parts = self.octets().split(|octet| *octet == b'.');
        let (class, subject, detail) = (parts.next()?, parts.next()?, parts.next()?);
        let number = |digits: &[u8]| -> Option<u16> {
            let fits = digits.len() <= 3 && (digits.len() == 1 || !digits.starts_with(b"0"));
            fits.then(|| std::str::from_utf8(digits).ok()?.parse().ok())?
        };
        let class = match class {
            b"2" => 2,
            b"4" => 4,
            b"5" => 5,
            _ => return None,
        };
        let is_edge = match self.after() {
            [] => true,
            [b'.', next, ..] => !next.is_ascii_alphanumeric(),
            [octet, ..] => !octet.is_ascii_alphanumeric() && !b"_/@".contains(octet),
        };
        (parts.next().is_none() && is_edge).then_some(EnhancedCode {
            class,
            subject: number(subject)?,
            detail: number(detail)?,
        })
    }

    /// The class of the reply code that stands right before.
    fn reply_code_before(&self) -> Option<u16> {
        let mut before = self.before();
        let mut skipped = 0;
        while let [rest @ .., b' ' | b'-' | b'#' | b'(' | b'=' | b'\r' | b'\n'] = before {
            before = rest;
            skipped += 1;
            if skipped > 4 {
                return None;
            }
        }
        let [rest @ .., class @ (b'2' | b'4' | b'5'), tens, ones] = before else {
            return None;
        };
        let is_code = skipped > 0
            && tens.is_ascii_digit()
            && ones.is_ascii_digit()
            && !rest
                .last()
                .is_some_and(|octet| octet.is_ascii_alphanumeric() || *octet == b'.');
        is_code.then(|| u16::from(class - b'0'))
    }
}

fn trim_end(octets: &[u8]) -> &[u8] {
    // Layout is a few blanks; a text of blanks is not walked through for each number.
    let mut trimmed = octets;
    for _ in 0..16 {
        match trimmed {
            [rest @ .., last] if last.is_ascii_whitespace() => trimmed = rest,
            _ => break,
        }
    }
    trimmed
}

fn ends_with_word(before: &[u8], words: &[&[u8]]) -> bool {
    let before = trim_end(before);
    words.iter().any(|word| {
        before.len().checked_sub(word.len()).is_some_and(|start| {
            let (rest, end) = before.split_at_checked(start).unwrap_or_default();
            end.eq_ignore_ascii_case(word) && !rest.last().is_some_and(u8::is_ascii_alphanumeric)
        })
    })
}

fn is_followed_by(after: &[u8], words: &[&[u8]]) -> bool {
    let after = after.strip_prefix(b" ").unwrap_or(after);
    words.iter().any(|word| {
        after
            .get(..word.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(word))
            && !after.get(word.len()).is_some_and(u8::is_ascii_alphanumeric)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, code: Option<u16>, enhanced: Option<&str>) {
        let found = Codes::find(text.as_bytes());
        assert_eq!(found.code.map(|code| code.0), code, "{text}");
        assert_eq!(
            found.enhanced.map(|code| code.to_string()).as_deref(),
            enhanced,
            "{text}"
        );
    }

    #[test]
    fn codes_are_found_where_they_stand() {
        check("550 5.1.1 no", Some(550), Some("5.1.1"));
        check("smtp; 550-5.7.1 no", Some(550), Some("5.7.1"));
        check("550 #5.1.0 Address rejected.", Some(550), Some("5.1.0"));
        check(
            "host mx.example[192.0.2.1] said: 452 4.2.2 full (in reply to RCPT TO command)",
            Some(452),
            Some("4.2.2"),
        );
        check("Remote host said: 550 no such user", Some(550), None);
        check(
            "smtp; 5.3.0 - Other mail system problem 550-'Unknown user'",
            Some(550),
            Some("5.3.0"),
        );
        check(
            "501 RCPT TO not accepted: 5.7.1 no relay for 127.0.0.1",
            Some(501),
            Some("5.7.1"),
        );
        check(
            "SMTP error from remote mail server after RCPT TO:<a@b.example>: host mx.b.example [192.0.2.3]: 550 no",
            Some(550),
            None,
        );
        check(
            "Resources unavailable, try again later [#4.1.9].",
            None,
            Some("4.1.9"),
        );
        check("failed with 5.4.14 there", None, Some("5.4.14"));
        check("(550, b'no such user')", Some(550), None);
        check("<<< 554 5.0.0 no", Some(554), Some("5.0.0"));
        check(
            "It responded as follows: [550 5.1.1 No]",
            Some(550),
            Some("5.1.1"),
        );
        check(
            "220-mx.example\r\n421 4.2.1 later",
            Some(421),
            Some("4.2.1"),
        );
        check("554 <a@b.example>... 550 Host unknown", Some(550), None);
    }

    #[test]
    fn other_numbers_are_no_codes() {
        check(
            "connect to mx.example[192.0.2.1]:587: timed out",
            None,
            None,
        );
        check("Connection to 5.4.3.2 refused", None, None);
        check("rejected by Postfix 2.10.1", None, None);
        check("Exim 4.92.3 says no", None, None);
        check("sendmail/5.67.8", None, None);
        check("at 22:55:01.550 it failed", None, None);
        check("message of 554 bytes", None, None);
        check("limit is 500 messages", None, None);
        check("Invalid recipient. OFR_416 [416]", None, None);
        check("id=550 no", None, None);
        check("X-Unix; 255", None, None);
        check("see http://a.example/550 or 5.1.1.example", None, None);
        check("450abc and 4500 and x450", None, None);
        check("", None, None);
    }
}
