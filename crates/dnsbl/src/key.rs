//! Keys of lists, which stand in the names that are asked and must be seen nowhere else.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use mail_dns::{
    Attempt, AttemptFailure, DomainName, ExtendedError, LookupError, Negative, Question,
};

/// What stands in a name in place of a key; of a shorter key, as much of it as the key is long.
const MASK: &str = "key-redacted";

/// A key of a list: the label in front of its zone, and a password.
///
/// It has no `Display`, and its `Debug` and this crate's answers do not show it. It is still in every question on the wire
/// and in the memory of whatever asks: the log of a resolver has it, and a [`Recorder`](mail_dns::Recorder) keeps it.
///
/// # Examples
///
/// ```
/// use dnsbl::Key;
///
/// let key: Key = "abcdefghijklmnopqrstuvwxyz".parse()?;
/// assert_eq!(format!("{key:?}"), "Key(redacted)");
/// assert!("two labels.of".parse::<Key>().is_err());
/// # Ok::<(), dnsbl::KeyError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Key(String);

impl Key {
    /// The shortest key: shorter ones would be found in text by chance, and could be guessed.
    pub const MIN_LEN: usize = 8;
    /// The longest key: a label (RFC 1035 §2.3.4).
    pub const MAX_LEN: usize = 63;
}

impl FromStr for Key {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let text = text.trim();
        if !(Self::MIN_LEN..=Self::MAX_LEN).contains(&text.len()) {
            return Err(KeyError {
                found: KeyFault::Length(text.len()),
            });
        }
        let good = |octet: u8| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_');
        match text.bytes().position(|octet| !good(octet)) {
            Some(at) => Err(KeyError {
                found: KeyFault::Octet(at),
            }),
            None => Ok(Self(text.to_ascii_lowercase())),
        }
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(redacted)")
    }
}

/// Text is no key. The error does not show the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected a key of {} to {} letters, digits, hyphens and underscores, found {found}",
    Key::MIN_LEN,
    Key::MAX_LEN
)]
pub struct KeyError {
    found: KeyFault,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum KeyFault {
    Length(usize),
    Octet(usize),
}

impl fmt::Display for KeyFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length(length) => write!(f, "{length} octets"),
            Self::Octet(at) => write!(f, "another character at octet {at}"),
        }
    }
}

/// The keys at hand, by the names that the catalogue has for them ([`Terms::key`](crate::Terms::key)).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Keys(BTreeMap<String, Key>);

impl Keys {
    /// Adds a key; the one that had its name before is forgotten.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, key: Key) -> Self {
        self.0.insert(name.into(), key);
        self
    }

    /// Whether there is a key of that name.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// The names of the keys at hand.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    pub(crate) fn find(&self, name: &str) -> Option<&Key> {
        self.0.get(name)
    }
}

/// Puts the key into the names that are asked, and takes it out of all that comes back.
///
/// Without a key it changes nothing.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Redaction<'a> {
    zone: &'a DomainName,
    key: Option<&'a Key>,
}

impl<'a> Redaction<'a> {
    pub(crate) fn new(zone: &'a DomainName, key: Option<&'a Key>) -> Self {
        Self { zone, key }
    }

    /// The name to ask for `name`, which is within the zone and has no key: that of the key before the zone's labels.
    ///
    /// # Errors
    ///
    /// If it would be longer than 255 octets.
    pub(crate) fn reveal(&self, name: &DomainName) -> Result<DomainName, mail_dns::NameError> {
        let Some(Key(key)) = self.key else {
            return Ok(name.clone());
        };
        let before = name.label_count().saturating_sub(self.zone.label_count());
        let labels = name.labels().take(before);
        DomainName::from_labels(labels.chain([key.as_bytes()]).chain(self.zone.labels()))
    }

    /// The name that [`name`](Self::name) has masked, as it was asked.
    pub(crate) fn restore(&self, name: &DomainName) -> Result<DomainName, mail_dns::NameError> {
        if self.key.is_none() {
            return Ok(name.clone());
        }
        let zone = self.zone.label_count() + 1;
        let before = name.label_count().saturating_sub(zone);
        let bare = name.labels().take(before).chain(self.zone.labels());
        self.reveal(&DomainName::from_labels(bare)?)
    }

    /// `name` with the key masked, wherever it stands.
    pub(crate) fn name(&self, name: &DomainName) -> DomainName {
        let Some(key) = self.key else {
            return name.clone();
        };
        let masked: Vec<Vec<u8>> = name.labels().map(|label| key.mask_whole(label)).collect();
        // What is left of it over several labels is in none of them.
        let joined = masked.join(&b'.');
        let masked = DomainName::from_labels(masked.iter().map(Vec::as_slice));
        match masked {
            Ok(masked) if key.mask_whole(&joined) == joined => masked,
            // The zone alone tells no secret.
            _ => self.zone.clone(),
        }
    }

    /// `octets` of text with the key masked, in whatever case.
    pub(crate) fn octets(&self, octets: &[u8]) -> Vec<u8> {
        match self.key {
            Some(key) => key.mask(octets),
            None => octets.to_vec(),
        }
    }

    fn text(&self, text: &str) -> String {
        String::from_utf8_lossy(&self.octets(text.as_bytes())).into_owned()
    }

    pub(crate) fn negative(&self, negative: &Negative) -> Negative {
        let zone = negative.zone.as_ref().map(|zone| self.name(zone));
        Negative::new(negative.kind, negative.ttl, zone)
    }

    pub(crate) fn error(&self, error: LookupError) -> LookupError {
        if self.key.is_none() {
            return error;
        }
        let question = Question {
            name: self.name(&error.question().name),
            record_type: error.question().record_type,
        };
        let attempts = error.attempts().iter().map(|attempt| self.attempt(attempt));
        let extended = error.extended_errors().iter();
        let extended = extended.map(|error| ExtendedError::new(error.code, self.text(&error.text)));
        LookupError::new(error.kind(), question)
            .with_attempts(attempts.collect())
            .with_extended_errors(extended.collect())
    }

    fn attempt(&self, attempt: &Attempt) -> Attempt {
        let failure = match &attempt.failure {
            AttemptFailure::Network(text) => AttemptFailure::Network(self.text(text)),
            AttemptFailure::Malformed(text) => AttemptFailure::Malformed(self.text(text)),
            other => other.clone(),
        };
        Attempt::new(attempt.server, attempt.transport, failure, attempt.elapsed)
    }
}

impl Key {
    /// So much of a key at the end of a text that was cut is masked as well.
    const PART: usize = Self::MIN_LEN / 2;

    /// `text` with every occurrence of the key masked, and what there is of it where the text ends.
    fn mask(&self, text: &[u8]) -> Vec<u8> {
        self.mask_end(self.mask_whole(text))
    }

    /// `octets` with every occurrence of the key masked: in whatever case, since resolvers vary it, escaped as names and
    /// addresses of pages are, or in pieces, as a TXT record of several strings is shown.
    fn mask_whole(&self, octets: &[u8]) -> Vec<u8> {
        let mut masked = Vec::with_capacity(octets.len());
        let mut rest = octets;
        while let Some((first, after)) = rest.split_first() {
            if let Some(behind) = self.strip(rest) {
                // No longer than the key, so that what was short enough with it is so without.
                masked.extend(MASK.bytes().take(self.0.len()));
                rest = behind;
            } else {
                masked.push(*first);
                rest = after;
            }
        }
        masked
    }

    /// `text` without a beginning of the key at its end. A TXT string ends after 255 octets (RFC 1035 §3.3), and the words
    /// of a resolver are cut before they come here.
    fn mask_end(&self, mut text: Vec<u8>) -> Vec<u8> {
        let key = self.0.as_bytes();
        let ends_with = |length: &usize| {
            let end = text
                .len()
                .checked_sub(*length)
                .and_then(|at| text.get(at..));
            let part = key.get(..*length).unwrap_or(key);
            end.is_some_and(|end| end.eq_ignore_ascii_case(part))
        };
        if let Some(length) = (Self::PART..key.len()).rev().find(ends_with) {
            text.truncate(text.len() - length);
            text.extend_from_slice(MASK.as_bytes());
        }
        text
    }

    /// What is behind the key, if `text` begins with it.
    fn strip<'t>(&self, text: &'t [u8]) -> Option<&'t [u8]> {
        let mut octets = self.0.bytes();
        let mut rest = octet(text, octets.next()?)?;
        for expected in octets {
            rest = octet(rest, expected).or_else(|| octet(without_break(rest), expected))?;
        }
        Some(rest)
    }
}

/// What is behind `expected`, if `text` begins with it: in either case, or escaped as `\109` (RFC 1035 §5.1), `\m`, `\x6d`
/// or `%6d` (RFC 3986 §2.1).
fn octet(text: &[u8], expected: u8) -> Option<&[u8]> {
    let (found, rest) = match text {
        [b'\\', b'x', high, low, rest @ ..] | [b'%', high, low, rest @ ..]
            if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() =>
        {
            (number(&[*high, *low], 16)?, rest)
        }
        [b'\\', a, b, c, rest @ ..] if [a, b, c].into_iter().all(u8::is_ascii_digit) => {
            (number(&[*a, *b, *c], 10)?, rest)
        }
        [b'\\', found, rest @ ..] | [found, rest @ ..] => (*found, rest),
        [] => return None,
    };
    found.eq_ignore_ascii_case(&expected).then_some(rest)
}

fn number(digits: &[u8], radix: u32) -> Option<u8> {
    let digits = std::str::from_utf8(digits).ok()?;
    u8::from_str_radix(digits, radix).ok()
}

/// `text` without the few octets with which it begins that part a name or a text into pieces.
fn without_break(text: &[u8]) -> &[u8] {
    const MOST: usize = 4;
    let parts = |octet: &&u8| matches!(octet, b'.' | b'"' | b' ' | b'\t' | b'\r' | b'\n');
    let length = text.iter().take(MOST).take_while(parts).count();
    text.get(length..).unwrap_or_default()
}

#[cfg(test)]
mod tests;
