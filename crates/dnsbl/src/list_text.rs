//! The words of a list for a person, which are not to be trusted.

use std::fmt;
use std::net::IpAddr;

/// How many texts of one listing are kept.
pub const MAX_TEXTS: usize = 8;

/// One TXT record of a listing, made fit to be shown: printable ASCII only, of bounded length.
///
/// A list's text may hold anything, such as the address of the caller's resolver, terminal codes or markup. What is not
/// printable ASCII is escaped here as in Rust (`\x1b`), as is the backslash; markup is not, since only the one who
/// shows it knows which.
///
/// # Examples
///
/// ```
/// use dnsbl::ListText;
///
/// assert_eq!(ListText::new(b"spam \x1b[2J").as_str(), r"spam \x1b[2J");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "String", into = "String"))]
pub struct ListText(String);

impl ListText {
    /// The longest text, in characters, the mark of a cut included. RFC 5782 sets no bound; real ones are short, since
    /// mail servers put them into a reply line of 512 octets (RFC 5321 §4.5.3.1.5).
    pub const MAX_LEN: usize = 512;

    /// What ends a text that was cut.
    const CUT: &'static str = "...";

    /// Takes the octets of one record, escapes them, and cuts what leaves no room for the mark.
    #[must_use]
    pub fn new(octets: &[u8]) -> Self {
        let mut text = String::new();
        for octet in octets {
            let escaped = std::ascii::escape_default(*octet);
            // Quotes are harmless in text; the RFCs' own examples have them.
            let plain = matches!(octet, b'"' | b'\'');
            let length = if plain { 1 } else { escaped.len() };
            if text.len() + length > Self::MAX_LEN - Self::CUT.len() {
                text.push_str(Self::CUT);
                break;
            }
            if plain {
                text.push(char::from(*octet));
            } else {
                text.extend(escaped.map(char::from));
            }
        }
        Self(text)
    }

    /// The first address in the text that is none of `127.0.0.0/8`.
    pub(crate) fn first_address(&self) -> Option<IpAddr> {
        // A name is one word: what it begins with, the question reversed, is no address.
        let word = |octet: char| octet.is_ascii_alphanumeric() || matches!(octet, '.' | ':' | '-');
        let words = self.0.split(|octet| !word(octet));
        // A sentence ends with a dot, and what it introduces comes after a colon.
        words
            .map(|text| text.trim_end_matches(['.', ':']))
            .flat_map(|text| [Some(text), text.rsplit_once(':').map(|(_, after)| after)])
            .filter_map(|text| text?.parse::<IpAddr>().ok())
            .find(|address| !address.is_loopback())
    }

    /// The text: printable ASCII.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ListText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// Takes text back that was stored.
impl TryFrom<String> for ListText {
    type Error = ListTextError;

    fn try_from(text: String) -> Result<Self, ListTextError> {
        let printable = text.bytes().all(|octet| matches!(octet, b' '..=b'~'));
        if printable && text.len() <= Self::MAX_LEN {
            Ok(Self(text))
        } else {
            Err(ListTextError(()))
        }
    }
}

impl From<ListText> for String {
    fn from(text: ListText) -> Self {
        text.0
    }
}

/// Stored text is not what [`ListText`] makes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected at most {} printable ASCII characters, found more or others",
    ListText::MAX_LEN
)]
pub struct ListTextError(());

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(octets: &[u8], expected: &str) {
        let text = ListText::new(octets);
        assert_eq!(text.as_str(), expected);
        assert_eq!(ListText::try_from(text.to_string()), Ok(text));
    }

    #[test]
    fn d29_text_is_sanitized() {
        check(b"plain \"text\", it's <b>", "plain \"text\", it's <b>");
        check(b"\x1b]0;title\x07\r\nX: y", r"\x1b]0;title\x07\r\nX: y");
        check("\u{202e}é".as_bytes(), r"\xe2\x80\xae\xc3\xa9");
        check(b"back\\slash", r"back\\slash");
        check(b"", "");
    }

    #[test]
    fn d29_text_is_capped() {
        let text = ListText::new(&[b'a'; 5000]);
        assert_eq!(text.as_str().len(), ListText::MAX_LEN);
        assert!(text.as_str().ends_with("aa..."));
        // An escape is kept whole or not at all.
        let text = ListText::new(&[0xff; 5000]);
        assert!(text.as_str().len() <= ListText::MAX_LEN);
        assert!(text.as_str().ends_with(r"\xff..."));
    }

    #[track_caller]
    fn check_address(text: &str, expected: Option<&str>) {
        let address = ListText::new(text.as_bytes()).first_address();
        assert_eq!(
            address.map(|it| it.to_string()).as_deref(),
            expected,
            "{text}"
        );
    }

    #[test]
    fn d29_the_resolver_is_what_reads_as_an_address_and_not_the_question() {
        check_address(
            "Query refused [Your DNS IP: 192.0.2.53]",
            Some("192.0.2.53"),
        );
        check_address("from 192.0.2.53.", Some("192.0.2.53"));
        check_address("resolver:192.0.2.53", Some("192.0.2.53"));
        check_address("https://bl.test/pub/2001:db8::53/", Some("2001:db8::53"));
        check_address("2.0.0.127.zen.test refused, 127.255.255.254", None);
        check_address("2.0.0.127.dead.test for 192.0.2.53", Some("192.0.2.53"));
        check_address("at 12:30, error: 5", None);
    }

    #[test]
    fn stored_text_is_not_trusted_either() {
        assert!(ListText::try_from("\u{1b}".to_owned()).is_err());
        assert!(ListText::try_from("é".to_owned()).is_err());
        assert!(ListText::try_from("a".repeat(ListText::MAX_LEN + 1)).is_err());
    }
}
