//! Reply codes (RFC 5321 §4.2.1) and enhanced status codes (RFC 3463).

use std::fmt;

mod registry;

/// A reply code: three digits, whatever they are.
///
/// A client must act on a code that it does not know by its first digit (RFC 5321 §4.2.1), so this is a number and not a list.
///
/// # Examples
///
/// ```
/// use smtp_probe::ReplyCode;
///
/// let code = ReplyCode(571);
/// assert!(code.is_permanent_negative());
/// assert_eq!(code.to_string(), "571");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
#[expect(clippy::exhaustive_structs, reason = "a wire number")]
pub struct ReplyCode(pub u16);

impl ReplyCode {
    /// The server is ready.
    pub const READY: Self = Self(220);
    /// The server closes the channel.
    pub const CLOSING: Self = Self(221);
    /// The command was carried out.
    pub const OK: Self = Self(250);
    /// The service is not available now, and the server closes the channel; it may answer anything (RFC 5321 §3.8).
    pub const NOT_AVAILABLE: Self = Self(421);
    /// The server does not know the command.
    pub const UNRECOGNIZED: Self = Self(500);
    /// The transaction failed, or there is no SMTP service here (RFC 5321 §3.1).
    pub const FAILED: Self = Self(554);

    /// 2yz: it was done.
    #[must_use]
    pub fn is_positive_completion(self) -> bool {
        self.0 / 100 == 2
    }

    /// 3yz: go on.
    #[must_use]
    pub fn is_positive_intermediate(self) -> bool {
        self.0 / 100 == 3
    }

    /// 4yz: not now.
    #[must_use]
    pub fn is_transient_negative(self) -> bool {
        self.0 / 100 == 4
    }

    /// 5yz: no.
    #[must_use]
    pub fn is_permanent_negative(self) -> bool {
        self.0 / 100 == 5
    }

    /// Whether it has the form that RFC 5321 §4.2 gives a code: `%x32-35 %x30-35 %x30-39`.
    #[must_use]
    pub fn is_well_formed(self) -> bool {
        matches!(self.0 / 100, 2..=5) && self.0 / 10 % 10 <= 5
    }

    /// The code that three octets spell.
    pub(crate) fn from_octets(octets: [u8; 3]) -> Option<Self> {
        octets.iter().all(u8::is_ascii_digit).then(|| {
            Self(
                octets
                    .iter()
                    .fold(0, |sum, octet| sum * 10 + u16::from(octet - b'0')),
            )
        })
    }
}

impl fmt::Display for ReplyCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:03}", self.0)
    }
}

/// An enhanced status code: class, subject and detail (RFC 3463 §2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[expect(clippy::exhaustive_structs, reason = "three numbers, for ever")]
pub struct EnhancedCode {
    /// 2 success, 4 persistent transient failure, 5 permanent failure.
    pub class: u8,
    /// What it is about; 0 to 999.
    pub subject: u16,
    /// What exactly; 0 to 999.
    pub detail: u16,
}

impl EnhancedCode {
    /// The code at the start of the text of a reply line, if it is one and goes with the reply code.
    ///
    /// It must be followed by a blank or the end (RFC 2034 §4), have the class of the reply code, and have no leading zeros
    /// (RFC 3463 §2). With 3yz there is none.
    #[must_use]
    pub fn parse(code: ReplyCode, text: &[u8]) -> Option<Self> {
        let (found, rest) = Self::read(text)?;
        let fits = matches!(rest, [] | [b' ', ..]) && found.goes_with(code);
        fits.then_some(found)
    }

    /// The same of octets that go on after the line.
    pub(crate) fn parse_line(code: ReplyCode, octets: &[u8]) -> Option<Self> {
        let (found, rest) = Self::read(octets)?;
        let ends = matches!(rest, [] | [b' ', ..] | [b'\n', ..] | [b'\r', b'\n', ..]);
        (ends && found.goes_with(code)).then_some(found)
    }

    /// Whether it has the class that a reply code calls for (RFC 2034 §4).
    #[must_use]
    pub fn goes_with(self, code: ReplyCode) -> bool {
        u16::from(self.class) == code.0 / 100
    }

    /// What the subject and the detail mean (registry "SMTP Enhanced Status Codes" of IANA, 2026-11); `None` for those it does not have.
    #[must_use]
    pub fn meaning(self) -> Option<&'static str> {
        registry::meaning(self.subject, self.detail)
    }

    /// A code at the start of `octets`, and what follows it.
    fn read(octets: &[u8]) -> Option<(Self, &[u8])> {
        let [class @ (b'2' | b'4' | b'5'), b'.', rest @ ..] = octets else {
            return None;
        };
        let (subject, rest) = number(rest)?;
        let (b'.', rest) = rest.split_first()? else {
            return None;
        };
        let (detail, rest) = number(rest)?;
        let class = class - b'0';
        let found = Self {
            class,
            subject,
            detail,
        };
        Some((found, rest))
    }
}

/// One to three digits without a leading zero, and what follows them.
fn number(octets: &[u8]) -> Option<(u16, &[u8])> {
    let digit = |octet: &u8| {
        let value = octet.wrapping_sub(b'0');
        (value < 10).then_some(u16::from(value))
    };
    let (first, mut rest) = octets.split_first()?;
    let mut value = digit(first)?;
    if value == 0 {
        return Some((0, rest));
    }
    for _ in 0..2 {
        let Some((next, after)) = rest.split_first() else {
            break;
        };
        let Some(next) = digit(next) else { break };
        value = value * 10 + next;
        rest = after;
    }
    Some((value, rest))
}

impl fmt::Display for EnhancedCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.class, self.subject, self.detail)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(code: u16, text: &str, expected: Option<&str>) {
        let parsed = EnhancedCode::parse(ReplyCode(code), text.as_bytes());
        assert_eq!(
            parsed.map(|code| code.to_string()).as_deref(),
            expected,
            "{code} {text}"
        );
    }

    #[test]
    fn enhanced_codes_are_read_only_where_they_are_valid() {
        check(250, "2.1.5 ok", Some("2.1.5"));
        check(550, "5.7.1", Some("5.7.1"));
        check(450, "4.123.456 x", Some("4.123.456"));
        check(250, "2.0.0", Some("2.0.0"));
        check(250, "5.0.0 class differs", None);
        check(354, "3.0.0 no such class", None);
        check(550, "5.7 short", None);
        check(550, "5.7.1.2 long", None);
        check(550, "5.07.1 leading zero", None);
        check(550, "5.1000.1 four digits", None);
        check(550, "5.7.1: colon", None);
        check(250, "2address.org", None);
        check(550, " 5.7.1 blank first", None);
    }

    #[test]
    fn codes_out_of_form_can_be_held() {
        for code in [199, 260, 600, 999] {
            assert!(!ReplyCode(code).is_well_formed(), "{code}");
        }
        for code in [200, 259, 421, 571 - 20, 559] {
            assert!(ReplyCode(code).is_well_formed(), "{code}");
        }
        assert_eq!(ReplyCode::from_octets(*b"007"), Some(ReplyCode(7)));
        assert_eq!(ReplyCode(7).to_string(), "007");
        assert_eq!(ReplyCode::from_octets(*b"2 0"), None);
    }
}
