//! Makes text safe to show.

use std::fmt::Write as _;

/// The text with every octet that is not printable ASCII as `\xNN`. Unlike
/// [`escape_ascii`](slice::escape_ascii) it leaves quotes and backslashes alone, for sentences
/// that are mostly this project's own words.
pub(crate) fn printable(text: impl AsRef<[u8]>) -> String {
    let mut shown = String::new();
    for &octet in text.as_ref() {
        match octet {
            b' '..=b'~' => shown.push(char::from(octet)),
            _ => {
                // Writing to a string cannot fail.
                let _ = write!(shown, "\\x{octet:02x}");
            }
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_not_printable_is_escaped() {
        assert_eq!(
            printable("it's \"a\\b\"\r\n\u{e4}\x1b"),
            "it's \"a\\b\"\\x0d\\x0a\\xc3\\xa4\\x1b"
        );
    }
}
