//! Octets that somebody else wrote, and places in them.

use std::borrow::Cow;
use std::fmt;

/// Octets of a record, kept as they came and shown escaped.
///
/// Shown, and serialized, as text: printable ASCII as it is, a backslash doubled, any other octet as `\DDD` in decimal, as
/// in master files (RFC 1035 §5.1). That text reads back to the same octets.
///
/// # Examples
///
/// ```
/// use mail_dns::Octets;
///
/// let octets = Octets::from(b"v=DKIM1; n=caf\xe9 \\o/".to_vec());
/// assert_eq!(octets.to_string(), r"v=DKIM1; n=caf\233 \\o/");
/// assert_eq!(Octets::from_escaped(r"v=DKIM1; n=caf\233 \\o/"), Some(octets));
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Default, PartialOrd, Ord)]
pub struct Octets(Vec<u8>);

impl Octets {
    /// Reads the text that is shown; `None` if a backslash is followed by neither another nor three digits up to 255, or if
    /// there is anything but printable ASCII.
    #[must_use]
    pub fn from_escaped(text: &str) -> Option<Self> {
        let mut octets = Vec::with_capacity(text.len());
        let mut rest = text.as_bytes();
        while let Some((&octet, after)) = rest.split_first() {
            rest = match (octet, after) {
                (b'\\', [b'\\', after @ ..]) => {
                    octets.push(b'\\');
                    after
                }
                (b'\\', [a, b, c, after @ ..]) => {
                    let digit =
                        |octet: &u8| octet.is_ascii_digit().then(|| u16::from(octet - b'0'));
                    let number = digit(a)? * 100 + digit(b)? * 10 + digit(c)?;
                    octets.push(u8::try_from(number).ok()?);
                    after
                }
                (b' '..=b'~', after) if octet != b'\\' => {
                    octets.push(octet);
                    after
                }
                _ => return None,
            };
        }
        Some(Self(octets))
    }

    /// The octets.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The octets at a place; none for a place that is not in them.
    #[must_use]
    pub fn at(&self, span: Span) -> &[u8] {
        self.0.get(span.start..span.end).unwrap_or_default()
    }

    /// As text, in which what is not UTF-8 is replaced; for comparing with what is ASCII.
    #[must_use]
    pub fn to_text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.0)
    }
}

impl From<Vec<u8>> for Octets {
    fn from(octets: Vec<u8>) -> Self {
        Self(octets)
    }
}

impl From<&[u8]> for Octets {
    fn from(octets: &[u8]) -> Self {
        Self(octets.to_vec())
    }
}

impl fmt::Display for Octets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use fmt::Write as _;

        for &octet in &self.0 {
            match octet {
                b'\\' => f.write_str("\\\\")?,
                b' '..=b'~' => f.write_char(char::from(octet))?,
                _ => write!(f, "\\{octet:03}")?,
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Octets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Octets {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for Octets {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <Cow<'_, str> as serde::Deserialize>::deserialize(deserializer)?;
        Self::from_escaped(&text).ok_or_else(|| {
            serde::de::Error::custom("expected octets escaped as \\DDD, found another escape")
        })
    }
}

/// A place in a text: from `start` up to, and without, `end`, in octets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[expect(clippy::exhaustive_structs, reason = "a range is its two ends")]
pub struct Span {
    /// The first octet.
    pub start: usize,
    /// The octet after the last.
    pub end: usize,
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}..{}", self.start, self.end)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn escapes_that_mean_nothing_are_refused() {
        for text in [r"\", r"\1", r"\12", r"\256", r"\x41", "\u{e9}", "\n"] {
            assert_eq!(Octets::from_escaped(text), None, "{text:?}");
        }
        assert_eq!(Octets::from_escaped(""), Some(Octets::default()));
    }

    proptest! {
        #[test]
        fn what_is_shown_reads_back(octets: Vec<u8>) {
            let octets = Octets::from(octets);
            let shown = octets.to_string();
            prop_assert!(shown.bytes().all(|octet| matches!(octet, b' '..=b'~')));
            prop_assert_eq!(Octets::from_escaped(&shown), Some(octets));
        }
    }
}
