//! Where a reply to EHLO breaks the rules of what it names.

use std::fmt;

use super::{Capability, Ehlo, Size};

/// A line of a reply to EHLO that breaks a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a kind at a place")]
pub struct EhloDeviation {
    /// What it is.
    pub kind: EhloDeviationKind,
    /// The line, counted from 0, which is the greeting.
    pub line: usize,
}

/// The kinds of [`EhloDeviation`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum EhloDeviationKind {
    /// The keyword is none by the grammar (RFC 5321 §4.1.1.1).
    MalformedKeyword,
    /// `AUTH=`, from before RFC 4954.
    LegacyAuth,
    /// The value of SIZE is no number of at most twenty digits (RFC 1870 §4).
    InvalidSize,
    /// SIZE is offered again with another value.
    ConflictingSize,
    /// A limit of LIMITS is malformed, so none of them counts (RFC 9422 §4).
    MalformedLimits,
    /// SMTPUTF8 without 8BITMIME (RFC 6531 §3.1 requires it).
    SmtpUtf8Without8BitMime,
    /// BINARYMIME without CHUNKING (RFC 3030 §3 requires it).
    BinaryMimeWithoutChunking,
}

impl fmt::Display for EhloDeviation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            EhloDeviationKind::MalformedKeyword => "malformed keyword",
            EhloDeviationKind::LegacyAuth => "AUTH with an equals sign",
            EhloDeviationKind::InvalidSize => "SIZE with something else than a number",
            EhloDeviationKind::ConflictingSize => "SIZE again with another value",
            EhloDeviationKind::MalformedLimits => "LIMITS with a malformed limit",
            EhloDeviationKind::SmtpUtf8Without8BitMime => "SMTPUTF8 without 8BITMIME",
            EhloDeviationKind::BinaryMimeWithoutChunking => "BINARYMIME without CHUNKING",
        })?;
        write!(f, " in line {}", self.line + 1)
    }
}

pub(super) fn deviations(ehlo: &Ehlo) -> Vec<EhloDeviation> {
    // Asked once each, not by every line that needs it.
    let can = |wanted| ehlo.capabilities().any(|capability| capability == wanted);
    let (can_8bit, can_chunk) = (can(Capability::EightBitMime), can(Capability::Chunking));
    let size = ehlo.size();
    let lines = ehlo.extensions().enumerate();
    let found = lines.filter_map(|(index, extension)| {
        let kind = match extension.capability() {
            // The last line may be a farewell such as "250 OK"; nothing tells it from a keyword.
            _ if !extension.is_well_formed() => EhloDeviationKind::MalformedKeyword,
            Capability::Auth { legacy: true } => EhloDeviationKind::LegacyAuth,
            Capability::Size(Size::Invalid) => EhloDeviationKind::InvalidSize,
            Capability::Size(other) if Some(other) != size => EhloDeviationKind::ConflictingSize,
            Capability::Limits(None) => EhloDeviationKind::MalformedLimits,
            Capability::SmtpUtf8 if !can_8bit => EhloDeviationKind::SmtpUtf8Without8BitMime,
            Capability::BinaryMime if !can_chunk => EhloDeviationKind::BinaryMimeWithoutChunking,
            _ => return None,
        };
        let line = index + 1;
        Some(EhloDeviation { kind, line })
    });
    found.collect()
}
