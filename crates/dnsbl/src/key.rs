//! Keys of lists, which stand in the names that are asked and must be seen nowhere else.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use mail_dns::{
    Attempt, AttemptFailure, DomainName, ExtendedError, LookupError, Negative, Question,
};

/// What stands in a name in place of a key.
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
        let masked: Vec<Vec<u8>> = name.labels().map(|label| key.mask(label)).collect();
        DomainName::from_labels(masked.iter().map(Vec::as_slice))
            // A mask that is longer than the key may not fit; the zone alone tells no secret.
            .unwrap_or_else(|_| self.zone.clone())
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
    /// `octets` with every occurrence of the key, in whatever case, masked.
    fn mask(&self, octets: &[u8]) -> Vec<u8> {
        let key = self.0.as_bytes();
        let mut masked = Vec::with_capacity(octets.len());
        let mut rest = octets;
        while let Some((first, after)) = rest.split_first() {
            let head = rest.get(..key.len());
            if head.is_some_and(|head| head.eq_ignore_ascii_case(key)) {
                masked.extend_from_slice(MASK.as_bytes());
                rest = rest.get(key.len()..).unwrap_or_default();
            } else {
                masked.push(*first);
                rest = after;
            }
        }
        masked
    }
}

#[cfg(test)]
mod tests;
