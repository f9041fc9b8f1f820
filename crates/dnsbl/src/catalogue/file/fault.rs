//! What is wrong with a file, and where.

use std::ops::Range;

/// A fault that knows its place as octets, before they are counted as lines.
pub(super) struct Fault {
    pub(super) kind: CatalogueErrorKind,
    pub(super) span: Range<usize>,
    pub(super) detail: String,
}

impl Fault {
    pub(super) fn new(kind: CatalogueErrorKind, span: Range<usize>, detail: String) -> Self {
        Self { kind, span, detail }
    }
}

/// Why text is not a catalogue.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{detail}", line.map(|line| format!("line {line}: ")).unwrap_or_default())]
pub struct CatalogueError {
    pub(super) kind: CatalogueErrorKind,
    pub(super) line: Option<usize>,
    pub(super) detail: String,
}

impl CatalogueError {
    /// What is wrong.
    #[must_use]
    pub fn kind(&self) -> CatalogueErrorKind {
        self.kind
    }

    /// In which line, from 1.
    #[must_use]
    pub fn line(&self) -> Option<usize> {
        self.line
    }
}

/// The kinds of [`CatalogueError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CatalogueErrorKind {
    /// It is not TOML, or not of the catalogue's form: a key is missing, unknown or of the wrong type.
    Syntax,
    /// A zone is not the name of a host, or too long to be asked.
    Name,
    /// A code is not in `127.0.0.0/8`, cannot be a listing, or is that of an earlier rule.
    Code,
    /// A control does not fit its kind, is positive and negative, or there are too many or none.
    Controls,
    /// A date is not one.
    Date,
    /// A zone is there twice.
    Duplicate,
    /// The list is dead.
    Tombstone,
    /// What a list includes or stands in for is itself, or what stands in for it.
    Reference,
    /// A page is not the https URL of a host.
    Page,
    /// A key stands in the zone.
    Key,
}
