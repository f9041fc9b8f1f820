//! Free text as words: what remains of a reply once names, addresses, numbers and layout can no longer decide anything.
//!
//! `550-5.7.1 <spam@blocked.example>: Client  host\r\n 550 5.7.1 rejected!` becomes ` @ client host rejected `. An address becomes
//! `@` and a domain name `%`, so that a wording may say where one stands; URLs, IP addresses, codes and version numbers vanish.

/// No more of a text than this is read; RFC 5321 §4.5.3.1.5 allows a reply line 512 octets.
pub(super) const LIMIT: usize = 8192;

/// The words of a text, each between single blanks, in lower case, with the place that every octet came from.
#[derive(Debug)]
pub(super) struct Words {
    text: Vec<u8>,
    /// For each octet of `text`, where it stands in the source.
    places: Vec<usize>,
}

impl Words {
    /// The words of `source`; `code` is the reply code, which is repeated on every line of a reply and is no word.
    pub(super) fn of(source: &[u8], code: Option<u16>) -> Self {
        let mut words = Self {
            text: Vec::with_capacity(source.len() + 2),
            places: Vec::with_capacity(source.len() + 2),
        };
        words.push(b' ', 0);
        let mut at = 0;
        let mut close = 0;
        while let Some(&octet) = source.get(at) {
            if octet == b'<' {
                // Found once for all brackets before it, so that a text of brackets is not read for each of them.
                if close <= at {
                    close = memchr::memchr(b'>', source.get(at..).unwrap_or_default())
                        .map_or(source.len(), |length| at + length);
                }
                if is_bracketed(source.get(at + 1..close), close < source.len()) {
                    words.mark(b'@', at, close + 1);
                    at = close + 1;
                    continue;
                }
            }
            if is_delimiter(octet) {
                at += 1;
                continue;
            }
            let end = token_end(source, at);
            words.token(source, at, end, code);
            at = end;
        }
        words
    }

    /// The words, with a blank before the first and after the last.
    pub(super) fn text(&self) -> &[u8] {
        &self.text
    }

    /// Where in the source the words from `start` to `end` of the text stand.
    pub(super) fn source_range(&self, start: usize, end: usize) -> Option<(usize, usize)> {
        let end = end.max(1);
        // A wording may leave its last word open.
        let open = self
            .text
            .get(end - 1..)?
            .iter()
            .position(|octet| *octet == b' ')?;
        let text = self.text.get(start..end + open)?;
        let first = text.iter().position(|octet| *octet != b' ')?;
        let last = text.iter().rposition(|octet| *octet != b' ')?;
        let place = |at| self.places.get(start + at).copied();
        Some((place(first)?, place(last)? + 1))
    }

    fn push(&mut self, octet: u8, place: usize) {
        self.text.push(octet);
        self.places.push(place);
    }

    fn mark(&mut self, mark: u8, start: usize, end: usize) {
        // An address that is named twice in a row is one.
        if !self.text.ends_with(&[b' ', mark, b' ']) {
            self.push(mark, start);
            self.push(b' ', end.saturating_sub(1));
        }
    }

    /// What stands between two delimiters.
    fn token(&mut self, source: &[u8], start: usize, end: usize, code: Option<u16>) {
        let token = source.get(start..end).unwrap_or_default();
        if is_url(token) {
            return;
        }
        if token.len() > 2 && memchr::memchr(b'@', token).is_some() {
            self.mark(b'@', start, end);
        } else if memchr::memchr(b'.', token).is_some() && is_number(token) {
            // An address, a code, a version: never a word.
        } else if is_domain(trimmed(token)) {
            self.mark(b'%', start, end);
        } else {
            self.words(token, start, code);
        }
    }

    /// The words of a token such as `user-unknown` or `RESOLVER.ADR.RecipNotFound`; `doesn't` is one.
    fn words(&mut self, token: &[u8], start: usize, code: Option<u16>) {
        let mut at = 0;
        while at < token.len() {
            let from = at;
            let before = self.text.len();
            while let Some(&octet) = token.get(at).filter(|octet| is_inner(**octet)) {
                if octet != b'\'' {
                    self.push(octet.to_ascii_lowercase(), start + at);
                }
                at += 1;
            }
            let word = self.text.get(before..).unwrap_or_default();
            if is_code(word, code) {
                self.text.truncate(before);
                self.places.truncate(before);
            } else if !word.is_empty() {
                self.push(b' ', start + at - 1);
            }
            if at == from {
                at += 1;
            }
        }
    }
}

/// Whether what stands in angle brackets is a path or a name, and not words.
fn is_bracketed(inner: Option<&[u8]>, is_closed: bool) -> bool {
    inner.is_some_and(|inner| {
        is_closed
            && inner.len() <= 320
            && !inner.is_empty()
            && !inner
                .iter()
                .any(|octet| octet.is_ascii_whitespace() && *octet != b'\n' || *octet == b'<')
    })
}

fn token_end(source: &[u8], start: usize) -> usize {
    let rest = source.get(start..).unwrap_or_default();
    let is_end = |octet: &u8| {
        if is_url(rest) {
            octet.is_ascii_whitespace() || b"<>\"()[]".contains(octet)
        } else {
            is_delimiter(*octet)
        }
    };
    rest.iter()
        .position(is_end)
        .map_or(source.len(), |length| start + length)
}

fn is_url(token: &[u8]) -> bool {
    let starts = |scheme: &[u8]| {
        token
            .get(..scheme.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    };
    starts(b"http://") || starts(b"https://")
}

fn is_delimiter(octet: u8) -> bool {
    octet <= b' ' || octet == 0x7f || b"<>[](){}\",;:=/|\\*`".contains(&octet)
}

fn is_inner(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || octet >= 0x80 || octet == b'\''
}

fn trimmed(token: &[u8]) -> &[u8] {
    let is_kept = |octet: &u8| octet.is_ascii_alphanumeric() || *octet >= 0x80;
    let start = token.iter().position(is_kept).unwrap_or(0);
    let end = token.iter().rposition(is_kept).map_or(0, |last| last + 1);
    token.get(start..end).unwrap_or_default()
}

/// Digits, dots and what joins them, with a digit.
fn is_number(token: &[u8]) -> bool {
    token
        .iter()
        .all(|octet| octet.is_ascii_digit() || b".-#'!?".contains(octet))
        && token.iter().any(u8::is_ascii_digit)
}

fn is_code(word: &[u8], code: Option<u16>) -> bool {
    word.len() == 3
        && code.is_some_and(|code| {
            std::str::from_utf8(word).is_ok_and(|word| word.parse() == Ok(code))
        })
}

/// Whether a token looks like a domain name and not like a sentence that lacks a blank, or a name such as
/// `RESOLVER.ADR.RecipNotFound`: capitals inside a label are not how domain names are written.
pub(super) fn is_domain(token: &[u8]) -> bool {
    if token.len() > 253 || memchr::memchr(b'.', token).is_none() {
        return false;
    }
    let is_label = |label: &[u8]| {
        !label.is_empty()
            && label
                .iter()
                .all(|octet| octet.is_ascii_alphanumeric() || b"-_".contains(octet))
    };
    if !token.split(|octet| *octet == b'.').all(is_label) {
        return false;
    }
    let last = token
        .rsplit(|octet| *octet == b'.')
        .next()
        .unwrap_or_default();
    let is_tld =
        last.len() >= 2 && (last.iter().all(u8::is_ascii_alphabetic) || last.starts_with(b"xn--"));
    let has_upper = token.iter().any(u8::is_ascii_uppercase);
    let has_lower = token.iter().any(u8::is_ascii_lowercase);
    is_tld && (!has_upper || last.len() <= if has_lower { 3 } else { 4 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(source: &str, expected: &str) {
        let words = Words::of(source.as_bytes(), Some(550));
        assert_eq!(
            String::from_utf8_lossy(words.text()),
            expected,
            "{source:?}"
        );
        assert_eq!(words.text.len(), words.places.len());
    }

    #[test]
    fn names_numbers_and_layout_are_no_words() {
        check(
            "550-5.7.1 <spam@blocked.example>: Client  host\r\n550 5.7.1 rejected!",
            " @ client host rejected ",
        );
        check("host mx.example[192.0.2.1] said: no", " host % said no ");
        check("see https://spam.example/virus?a=full (now)", " see now ");
        check(
            "This user doesn't have a yahoo.com account",
            " this user doesnt have a % account ",
        );
        check(
            "550 RESOLVER.ADR.RecipNotFound; not found",
            " resolver adr recipnotfound not found ",
        );
        check("550 #5.1.0 Address rejected.", " address rejected ");
        check("<[192.0.2.1]>: Helo", " @ helo ");
        check("<unknown[192.0.2.1]>: Helo", " @ helo ");
        check("user_unknown; try 300 s", " user unknown try 300 s ");
        check("< not a path >", " not a path ");
        check("disabled.Please ask", " disabled please ask ");
        check("", " ");
    }

    #[test]
    fn words_lead_back_to_the_source() {
        let source = b"550-5.1.1 No  such\r\n550 5.1.1 user";
        let words = Words::of(source, Some(550));
        let (start, end) = words.source_range(0, words.text().len()).expect("words");
        assert_eq!(&source[start..end], b"No  such\r\n550 5.1.1 user");
    }
}
