//! Octets as text and back: what a peer sends is shown and stored escaped, and nothing is lost.

use std::fmt;

/// Shows octets as printable ASCII: a backslash is doubled, everything else outside space to tilde is `\r`, `\n`, `\t` or `\xNN`.
///
/// [`unescape`] reads it back.
#[derive(Clone, Copy)]
pub(crate) struct Escaped<'a>(pub(crate) &'a [u8]);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use fmt::Write as _;

        for &octet in self.0 {
            match octet {
                b'\\' => f.write_str("\\\\")?,
                b' '..=b'~' => f.write_char(char::from(octet))?,
                b'\r' => f.write_str("\\r")?,
                b'\n' => f.write_str("\\n")?,
                b'\t' => f.write_str("\\t")?,
                _ => write!(f, "\\x{octet:02x}")?,
            }
        }
        Ok(())
    }
}

/// Reads back what [`Escaped`] shows; `None` if the text is not of that form.
#[cfg(any(feature = "serde", test))]
pub(crate) fn unescape(text: &str) -> Option<Vec<u8>> {
    let mut octets = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(octet) = rest.next() {
        octets.push(match octet {
            b'\\' => match rest.next()? {
                b'\\' => b'\\',
                b'r' => b'\r',
                b'n' => b'\n',
                b't' => b'\t',
                b'x' => {
                    let digit = |octet: u8| char::from(octet).to_digit(16);
                    let value = digit(rest.next()?)? * 16 + digit(rest.next()?)?;
                    u8::try_from(value).ok()?
                }
                _ => return None,
            },
            b' '..=b'~' => octet,
            _ => return None,
        });
    }
    Some(octets)
}

/// For `#[serde(with = "…")]`: octets as escaped text.
#[cfg(feature = "serde")]
pub(crate) mod octets {
    use std::borrow::Cow;

    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    pub(crate) fn serialize<S: Serializer>(
        octets: &[u8],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&super::Escaped(octets))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<u8>, D::Error> {
        let text = Cow::<'_, str>::deserialize(deserializer)?;
        super::unescape(&text).ok_or_else(|| {
            D::Error::custom(
                "expected octets as printable ASCII with backslash escapes, found another form",
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn nothing_raw_reaches_a_terminal() {
        let shown = Escaped(b"a\\b\r\n\x1b[2J\0\xe9\t").to_string();
        assert_eq!(shown, r"a\\b\r\n\x1b[2J\x00\xe9\t");
    }

    #[test]
    fn other_forms_are_refused() {
        for text in ["\\", "\\q", "\\x1", "\\xzz", "é", "\n"] {
            assert_eq!(unescape(text), None, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn all_octets_read_back(octets in prop::collection::vec(any::<u8>(), 0..64)) {
            let shown = Escaped(&octets).to_string();
            prop_assert!(shown.bytes().all(|octet| (b' '..=b'~').contains(&octet)));
            prop_assert_eq!(unescape(&shown), Some(octets));
        }
    }
}
