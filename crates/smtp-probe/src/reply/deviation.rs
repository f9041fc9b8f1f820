use std::fmt;

use crate::code::ReplyCode;
use crate::escape::Escaped;

/// A place where a reply deviates from the grammar of RFC 5321 §4.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[expect(clippy::exhaustive_structs, reason = "a kind at a place")]
pub struct Deviation {
    /// What it is.
    pub kind: DeviationKind,
    /// Where, in octets from the start of the reply. Of octets that are wrong by themselves, the first in each line is noted.
    pub offset: usize,
}

/// The kinds of [`Deviation`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum DeviationKind {
    /// A line ends with LF alone (RFC 5321 §2.3.8).
    BareLf,
    /// CR without LF after it; it ends no line.
    BareCr,
    /// A NUL.
    Nul,
    /// A control character other than HT, CR, LF and NUL.
    Control,
    /// An octet above 127.
    NonAscii,
    /// The code is followed by neither a blank, a hyphen nor the line end; the line is taken for the last.
    Separator(u8),
    /// A line has another code than the first (RFC 5321 §4.2: all must be the same).
    MixedCodes(ReplyCode),
    /// The code is not of the form 2yz to 5yz with a second digit up to 5.
    MalformedCode(ReplyCode),
    /// A line after the first has no code; it is taken for text.
    MissingCode,
    /// A line is longer than 512 octets with its line end (RFC 5321 §4.5.3.1.5).
    LongLine,
}

impl fmt::Display for Deviation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            DeviationKind::BareLf => f.write_str("line ends with a bare LF")?,
            DeviationKind::BareCr => f.write_str("bare CR")?,
            DeviationKind::Nul => f.write_str("NUL")?,
            DeviationKind::Control => f.write_str("control character")?,
            DeviationKind::NonAscii => f.write_str("octet outside ASCII")?,
            DeviationKind::Separator(octet) => {
                write!(f, "`{}` where a blank or hyphen is due", Escaped(&[octet]))?;
            }
            DeviationKind::MixedCodes(code) => write!(f, "code {code} differs from the first")?,
            DeviationKind::MalformedCode(code) => write!(f, "code {code} is none of RFC 5321's")?,
            DeviationKind::MissingCode => f.write_str("line without a code")?,
            DeviationKind::LongLine => f.write_str("line longer than 512 octets")?,
        }
        write!(f, " at octet {}", self.offset)
    }
}
