//! Why the lab could not be set up.

use std::fmt;

/// The lab could not be set up as asked.
///
/// A lab that runs returns no errors: what its servers do wrong, they do on purpose.
#[derive(Debug, thiserror::Error)]
#[error("{detail}")]
pub struct LabError {
    kind: LabErrorKind,
    detail: String,
    #[source]
    source: Option<std::io::Error>,
}

/// What kind of thing went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum LabErrorKind {
    /// A loopback socket could not be opened.
    Socket,
    /// The text of a zone could not be read.
    Zone,
    /// A domain name or record type could not be read.
    Name,
    /// A certificate could not be issued.
    Certificate,
    /// A script could not be read.
    Script,
}

impl LabError {
    pub(crate) fn new(kind: LabErrorKind, detail: impl fmt::Display) -> Self {
        let detail = detail.to_string();
        Self {
            kind,
            detail,
            source: None,
        }
    }

    pub(crate) fn socket(what: &str, source: std::io::Error) -> Self {
        let detail = format!("expected {what} on loopback, found an error of the system");
        Self {
            kind: LabErrorKind::Socket,
            detail,
            source: Some(source),
        }
    }

    /// What kind of thing went wrong.
    #[must_use]
    pub fn kind(&self) -> LabErrorKind {
        self.kind
    }
}
