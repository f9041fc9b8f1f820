//! What a server offers in the clear and inside TLS, side by side.

use std::collections::BTreeMap;
use std::fmt;

use super::{Capability, Ehlo, Extension};

/// How the extensions in the clear differ from those inside TLS.
///
/// A server may well offer more inside TLS, such as AUTH. Nothing of the first list counts there (RFC 3207 §4.2).
///
/// # Examples
///
/// ```
/// use smtp_probe::{AcrossTls, Ehlo, EhloDifference, Reply};
///
/// let clear = Ehlo::new(Reply::parse(b"250-mx.example\r\n250-SIZE 1000\r\n250 STARTTLS\r\n")?);
/// let inside = Ehlo::new(Reply::parse(b"250-mx.example\r\n250-SIZE 2000\r\n250-STARTTLS\r\n250 AUTH PLAIN\r\n")?);
/// let difference = EhloDifference::between(&clear, &inside);
/// assert_eq!(difference.only_inside[0].to_string(), "AUTH PLAIN");
/// assert_eq!(difference.changed[0].1.to_string(), "SIZE 2000");
/// assert_eq!(difference.breaches(), [AcrossTls::StartTlsInside]);
/// # Ok::<(), smtp_probe::ReplyError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct EhloDifference<'a> {
    /// Offered in the clear alone.
    pub only_clear: Vec<Extension<'a>>,
    /// Offered inside TLS alone.
    pub only_inside: Vec<Extension<'a>>,
    /// Offered in both with other parameters: in the clear, and inside TLS.
    pub changed: Vec<(Extension<'a>, Extension<'a>)>,
    breaches: Vec<AcrossTls>,
}

/// What a server must not, or should not, offer on one side of TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum AcrossTls {
    /// STARTTLS is offered again inside TLS, which RFC 3207 §4.2 forbids.
    StartTlsInside,
    /// A mechanism that gives the password away, PLAIN or LOGIN, is offered in the clear (RFC 8314 wants passwords kept to TLS).
    PasswordInClear,
    /// REQUIRETLS is offered in the clear, where it means nothing (RFC 8689).
    RequireTlsInClear,
}

impl fmt::Display for AcrossTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::StartTlsInside => "STARTTLS is offered again inside TLS",
            Self::PasswordInClear => "passwords are asked for in the clear",
            Self::RequireTlsInClear => "REQUIRETLS is offered in the clear",
        })
    }
}

impl AcrossTls {
    /// What is amiss with what a server offers in the clear.
    #[must_use]
    pub fn in_clear(ehlo: &Ehlo) -> Vec<Self> {
        let gives_away = |mechanism: &String| matches!(mechanism.as_str(), "PLAIN" | "LOGIN");
        let mut found = Vec::new();
        if ehlo.auth_mechanisms().iter().any(gives_away) {
            found.push(Self::PasswordInClear);
        }
        if ehlo.supports("REQUIRETLS") {
            found.push(Self::RequireTlsInClear);
        }
        found
    }

    /// What is amiss with what a server offers inside TLS.
    #[must_use]
    pub fn inside(ehlo: &Ehlo) -> Vec<Self> {
        let again = ehlo.capabilities().any(|can| can == Capability::StartTls);
        again.then_some(Self::StartTlsInside).into_iter().collect()
    }
}

impl<'a> EhloDifference<'a> {
    /// Compares two lists; keywords without regard to case, lines of the same keyword together.
    #[must_use]
    pub fn between(clear: &'a Ehlo, inside: &'a Ehlo) -> Self {
        let (mut first, second) = (by_keyword(clear), by_keyword(inside));
        let mut difference = Self {
            only_clear: Vec::new(),
            only_inside: Vec::new(),
            changed: Vec::new(),
            breaches: [AcrossTls::in_clear(clear), AcrossTls::inside(inside)].concat(),
        };
        for (keyword, after) in second {
            let before = first.remove(&keyword).unwrap_or_default();
            difference.compare(before, after);
        }
        difference.only_clear.extend(first.into_values().flatten());
        difference
    }

    /// Compares the lines of one keyword: what both have is no difference, and what is left over goes in pairs.
    fn compare(&mut self, mut before: Vec<Extension<'a>>, mut after: Vec<Extension<'a>>) {
        let mut in_both = counts(&before);
        after.retain(|line| !take(&mut in_both, line));
        // What was not taken is what the first list alone has.
        let mut alone = in_both;
        before.retain(|line| take(&mut alone, line));
        let pairs = before.len().min(after.len());
        self.only_clear.extend(before.drain(pairs..));
        self.only_inside.extend(after.drain(pairs..));
        self.changed.extend(before.into_iter().zip(after));
    }

    /// What RFCs forbid or advise against on one side of TLS.
    #[must_use]
    pub fn breaches(&self) -> &[AcrossTls] {
        &self.breaches
    }

    /// Whether both lists say the same.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.only_clear.is_empty() && self.only_inside.is_empty() && self.changed.is_empty()
    }
}

fn by_keyword(ehlo: &Ehlo) -> BTreeMap<Vec<u8>, Vec<Extension<'_>>> {
    let mut lines: BTreeMap<Vec<u8>, Vec<Extension<'_>>> = BTreeMap::new();
    for extension in ehlo.extensions() {
        let keyword = extension.keyword().to_ascii_uppercase();
        lines.entry(keyword).or_default().push(extension);
    }
    lines
}

/// How often each line stands there, without regard to case.
fn counts(lines: &[Extension<'_>]) -> BTreeMap<Vec<u8>, usize> {
    let mut counts = BTreeMap::new();
    for line in lines {
        *counts.entry(line.line().to_ascii_uppercase()).or_default() += 1;
    }
    counts
}

/// Takes one of these lines away; whether there was one.
fn take(counts: &mut BTreeMap<Vec<u8>, usize>, line: &Extension<'_>) -> bool {
    match counts.get_mut(&line.line().to_ascii_uppercase()) {
        Some(count @ 1..) => {
            *count -= 1;
            true
        }
        _ => false,
    }
}
