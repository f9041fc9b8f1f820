//! The policy file (RFC 8461 §3.2).

use std::fmt;

use crate::mta_sts::record::is_field_name;
use crate::{DomainName, Octets};

/// The greatest `max_age`: a year (RFC 8461 §3.2).
const MAX_AGE: u64 = 31_557_600;
/// How much of what is odd is listed.
const MAX_ODDITIES: usize = 64;
/// The longest policy (RFC 8461 §3.3).
const MAX_OCTETS: usize = 65_536;

/// An MTA-STS policy.
///
/// # Examples
///
/// ```
/// use mail_dns::mta_sts::{PolicyFile, PolicyFileErrorKind};
///
/// let error = PolicyFile::parse(b"version: STSv1\r\nmode: enforce\r\nmax_age: 86400\r\n").unwrap_err();
/// assert_eq!(error.kind(), PolicyFileErrorKind::NoMx);
/// assert_eq!(error.to_string(), "expected an mx line for each mail host, found none");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct PolicyFile {
    /// What senders are to do.
    pub mode: Mode,
    /// The mail hosts; may be empty with mode *none*.
    pub mx: Vec<MxPattern>,
    /// For how many seconds senders keep the policy; at most 31,557,600 here.
    pub max_age: u64,
    /// What is odd, in the order of the file.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Vec::is_empty")
    )]
    pub oddities: Vec<PolicyOddity>,
}

impl PolicyFile {
    /// Reads a policy, lines of which end in LF or CRLF (RFC 8461 §3.2, erratum 6253).
    ///
    /// # Errors
    ///
    /// If a field that must be there is missing or wrong; the error says on which line. Empty lines and the like are let pass, and said.
    pub fn parse(text: &[u8]) -> Result<Self, PolicyFileError> {
        if text.len() > MAX_OCTETS {
            return Err(PolicyFileError::new(PolicyFileErrorKind::TooLong, None));
        }
        let mut reader = Reader::default();
        let mut line_number = 0;
        let mut lines = text.split(|octet| *octet == b'\n').peekable();
        while let Some(line) = lines.next() {
            line_number += 1;
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            let is_end = line.is_empty() && lines.peek().is_none();
            if !is_end {
                reader.line(line, line_number)?;
            }
        }
        reader.finish()
    }

    /// Whether the policy names a mail host (RFC 8461 §4.1). The name is that of the MX record, not of what it is an alias of.
    #[must_use]
    pub fn covers(&self, host: &DomainName) -> bool {
        self.mx.iter().any(|pattern| pattern.matches(host))
    }

    /// The patterns that match none of these hosts.
    pub fn unused<'a>(&'a self, hosts: &'a [DomainName]) -> impl Iterator<Item = &'a MxPattern> {
        self.mx
            .iter()
            .filter(move |pattern| !hosts.iter().any(|host| pattern.matches(host)))
    }
}

#[derive(Default)]
struct Reader {
    version: bool,
    mode: Option<Mode>,
    max_age: Option<u64>,
    mx: Vec<MxPattern>,
    oddities: Vec<PolicyOddity>,
    left_out: usize,
}

impl Reader {
    /// `sts-policy-field = name ":" *WSP value`, and blanks at the end.
    fn line(&mut self, line: &[u8], number: usize) -> Result<(), PolicyFileError> {
        let fault = |kind| PolicyFileError::new(kind, Some(number));
        if line.iter().all(|octet| matches!(octet, b' ' | b'\t')) {
            self.odd(PolicyOddity::EmptyLine { line: number });
            return Ok(());
        }
        let text = str::from_utf8(line).map_err(|_| fault(PolicyFileErrorKind::Line))?;
        let (name, value) = text
            .split_once(':')
            .ok_or_else(|| fault(PolicyFileErrorKind::Line))?;
        let value = value.trim_matches([' ', '\t']);
        if !is_field_name(name) || value.is_empty() || value.chars().any(char::is_control) {
            return Err(fault(PolicyFileErrorKind::Line));
        }
        // Of a field that stands again, the first counts (RFC 8461 §3.2).
        match name {
            "version" if self.version => self.duplicate(name, number),
            "version" if value == "STSv1" => self.version = true,
            "version" => return Err(fault(PolicyFileErrorKind::Version)),
            "mode" if self.mode.is_some() => self.duplicate(name, number),
            "mode" => {
                self.mode = Some(Mode::of(value).ok_or_else(|| fault(PolicyFileErrorKind::Mode))?);
            }
            "max_age" if self.max_age.is_some() => self.duplicate(name, number),
            "max_age" => self.max_age = Some(self.age(value, number)?),
            "mx" => {
                let pattern =
                    MxPattern::parse(value).ok_or_else(|| fault(PolicyFileErrorKind::Mx))?;
                self.mx.push(pattern);
            }
            _ => self.odd(PolicyOddity::UnknownField {
                name: Octets::from(name.as_bytes()),
                line: number,
            }),
        }
        Ok(())
    }

    /// `1*10(DIGIT)`; what to do with more than the maximum, the RFC does not say (erratum 7282): it is cut here, and said.
    fn age(&mut self, value: &str, line: usize) -> Result<u64, PolicyFileError> {
        let digits = value.len() <= 10 && value.bytes().all(|octet| octet.is_ascii_digit());
        let age = value.parse::<u64>().ok().filter(|_| digits);
        let age =
            age.ok_or_else(|| PolicyFileError::new(PolicyFileErrorKind::MaxAge, Some(line)))?;
        if age > MAX_AGE {
            self.odd(PolicyOddity::LongAge { seconds: age, line });
        }
        Ok(age.min(MAX_AGE))
    }

    fn duplicate(&mut self, name: &str, line: usize) {
        self.odd(PolicyOddity::Duplicate {
            name: name.to_owned(),
            line,
        });
    }

    fn odd(&mut self, oddity: PolicyOddity) {
        if self.oddities.len() < MAX_ODDITIES {
            self.oddities.push(oddity);
        } else {
            self.left_out += 1;
        }
    }

    fn finish(mut self) -> Result<PolicyFile, PolicyFileError> {
        if self.left_out > 0 {
            let count = self.left_out;
            self.oddities.push(PolicyOddity::LeftOut { count });
        }
        let missing = |kind| PolicyFileError::new(kind, None);
        if !self.version {
            return Err(missing(PolicyFileErrorKind::NoVersion));
        }
        let mode = self
            .mode
            .ok_or_else(|| missing(PolicyFileErrorKind::NoMode))?;
        let max_age = self
            .max_age
            .ok_or_else(|| missing(PolicyFileErrorKind::NoMaxAge))?;
        if self.mx.is_empty() && mode != Mode::None {
            return Err(missing(PolicyFileErrorKind::NoMx));
        }
        Ok(PolicyFile {
            mode,
            mx: self.mx,
            max_age,
            oddities: self.oddities,
        })
    }
}

/// In canonical form, lines ending in CRLF; without extensions.
impl fmt::Display for PolicyFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "version: STSv1\r\nmode: {}\r\n", self.mode)?;
        for pattern in &self.mx {
            write!(f, "mx: {pattern}\r\n")?;
        }
        write!(f, "max_age: {}\r\n", self.max_age)
    }
}

/// What senders are to do (RFC 8461 §5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[expect(clippy::exhaustive_enums, reason = "RFC 8461 §5 has three")]
pub enum Mode {
    /// Not to deliver to a host that fails.
    Enforce,
    /// To report failures, and to deliver.
    Testing,
    /// As if there were no policy.
    None,
}

impl Mode {
    fn of(value: &str) -> Option<Self> {
        match value {
            "enforce" => Some(Self::Enforce),
            "testing" => Some(Self::Testing),
            "none" => Some(Self::None),
            _ => None,
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Enforce => "enforce",
            Self::Testing => "testing",
            Self::None => "none",
        })
    }
}

/// The name of a mail host, or a wildcard for its first label: `*.example.com`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct MxPattern {
    /// Whether one label more stands before the name.
    pub wildcard: bool,
    /// The name, without the asterisk.
    pub name: DomainName,
}

impl MxPattern {
    /// `["*."] Domain`, the name in A-labels.
    fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix("*.");
        let name: DomainName = rest.unwrap_or(text).parse().ok()?;
        let plain = text.is_ascii() && !text.ends_with('.') && !text.contains('\\');
        (plain && name.is_host_name()).then_some(Self {
            wildcard: rest.is_some(),
            name,
        })
    }

    /// Whether it names the host: a wildcard stands for the whole first label, and for that alone (RFC 8461 §4.1).
    #[must_use]
    pub fn matches(&self, host: &DomainName) -> bool {
        if self.wildcard {
            host.parent().is_some_and(|parent| parent == self.name)
        } else {
            *host == self.name
        }
    }
}

impl fmt::Display for MxPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let asterisk = if self.wildcard { "*." } else { "" };
        write!(f, "{asterisk}{}", self.name)
    }
}

/// What is odd in a policy that can be read.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum PolicyOddity {
    /// A line with nothing on it, which the grammar does not have.
    EmptyLine {
        /// Which, from 1.
        line: usize,
    },
    /// A field that stands again; the first counts.
    Duplicate {
        /// Its name.
        name: String,
        /// On which line it stands again.
        line: usize,
    },
    /// A field that no RFC knows; it is ignored.
    UnknownField {
        /// Its name.
        name: Octets,
        /// On which line.
        line: usize,
    },
    /// A `max_age` above a year (RFC 8461 §3.2).
    LongAge {
        /// As it was written.
        seconds: u64,
        /// On which line.
        line: usize,
    },
    /// More that is odd, which is not listed.
    LeftOut {
        /// How much.
        count: usize,
    },
}

/// Why a text is no policy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[error("{}{}", kind.message(), on_line(*line))]
pub struct PolicyFileError {
    kind: PolicyFileErrorKind,
    line: Option<usize>,
}

fn on_line(line: Option<usize>) -> String {
    line.map_or_else(String::new, |line| format!(" on line {line}"))
}

impl PolicyFileError {
    fn new(kind: PolicyFileErrorKind, line: Option<usize>) -> Self {
        Self { kind, line }
    }

    /// What is wrong.
    #[must_use]
    pub fn kind(&self) -> PolicyFileErrorKind {
        self.kind
    }

    /// On which line, from 1; `None` if something is missing.
    #[must_use]
    pub fn line(&self) -> Option<usize> {
        self.line
    }
}

/// The kinds of [`PolicyFileError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum PolicyFileErrorKind {
    /// More than 65,536 octets.
    TooLong,
    /// A line that is no field.
    Line,
    /// A version other than `STSv1`.
    Version,
    /// No version.
    NoVersion,
    /// A mode other than `enforce`, `testing` and `none`.
    Mode,
    /// No mode.
    NoMode,
    /// A `max_age` that is no number of at most ten digits.
    MaxAge,
    /// No `max_age`.
    NoMaxAge,
    /// An `mx` that is no name of a host in A-labels, perhaps after `*.`.
    Mx,
    /// No `mx`, though the mode is not *none*.
    NoMx,
}

impl PolicyFileErrorKind {
    fn message(self) -> &'static str {
        match self {
            Self::TooLong => "expected a policy of at most 65536 octets, found a longer one",
            Self::Line => "expected a name, a colon and a value, found something else",
            Self::Version => "expected the version STSv1, found another",
            Self::NoVersion => "expected a version line, found none",
            Self::Mode => "expected the mode enforce, testing or none, found another",
            Self::NoMode => "expected a mode line, found none",
            Self::MaxAge => "expected max_age in seconds, found something else",
            Self::NoMaxAge => "expected a max_age line, found none",
            Self::Mx => "expected the name of a mail host, found something else",
            Self::NoMx => "expected an mx line for each mail host, found none",
        }
    }
}
