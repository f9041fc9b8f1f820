use std::fmt;

use super::line::{Line, lines};
use super::parser::STANDARD_LINE;
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

/// The deviations of a whole reply whose first line has this code.
pub(super) fn deviations(
    raw: &[u8],
    first: ReplyCode,
) -> impl Iterator<Item = Deviation> + use<'_> {
    lines(raw).flat_map(move |line| {
        let mut found = of_line(&line, first);
        found.sort_by_key(|deviation| deviation.map_or(usize::MAX, |found| found.offset));
        found.into_iter().flatten()
    })
}

/// What is wrong with one line: each kind once at most.
fn of_line(line: &Line<'_>, first: ReplyCode) -> [Option<Deviation>; 8] {
    let at = |kind, offset| Some(Deviation { kind, offset });
    let text = line.start + (without_end_length(line) - line.text.len());
    let octet = |(kind, wrong): Misplaced| {
        let position = line.text.iter().position(|octet| wrong(*octet))?;
        at(kind, text + position)
    };
    let code = match line.code {
        None => Some(DeviationKind::MissingCode),
        Some(code) if code != first => Some(DeviationKind::MixedCodes(code)),
        Some(code) if line.start == 0 && !code.is_well_formed() => {
            Some(DeviationKind::MalformedCode(code))
        }
        Some(_) => None,
    };
    let separator = line
        .separator
        .filter(|octet| !matches!(octet, b' ' | b'-'))
        .and_then(|octet| at(DeviationKind::Separator(octet), line.start + 3));
    let long = (line.whole.len() > STANDARD_LINE).then_some(DeviationKind::LongLine);
    let end = line.start + line.whole.len() - 1;
    let [nul, cr, control, high] = OCTETS.map(octet);
    [
        long.and_then(|kind| at(kind, line.start)),
        code.and_then(|kind| at(kind, line.start)),
        separator,
        nul,
        cr,
        control,
        high,
        (!line.ends_well())
            .then_some(DeviationKind::BareLf)
            .and_then(|kind| at(kind, end)),
    ]
}

/// How long the line is without its end.
fn without_end_length(line: &Line<'_>) -> usize {
    line.whole.len() - if line.ends_well() { 2 } else { 1 }
}

/// A kind of octet.
type Misplaced = (DeviationKind, fn(u8) -> bool);

/// What has no place in text: all but HT and printable ASCII (RFC 5321 §4.2).
const OCTETS: [Misplaced; 4] = [
    (DeviationKind::Nul, |octet| octet == 0),
    (DeviationKind::BareCr, |octet| octet == b'\r'),
    (
        DeviationKind::Control,
        |octet| matches!(octet, 1..=8 | 11..=12 | 14..=31 | 127),
    ),
    (DeviationKind::NonAscii, |octet| octet > 127),
];
