//! An envelope without a message: a reverse-path and forward-paths (RFC 5321 §4.1.1.2, §4.1.1.3).
//!
//! A path goes into a command line, so its text must not leave that line: CR, LF and NUL are refused, with all else that the grammar
//! has no place for.

use std::fmt;
use std::str::FromStr;

/// The longest path, in octets without its angle brackets (RFC 5321 §4.5.3.1.3: 256 with them).
const MAX_PATH: usize = 254;
/// The longest local part, in octets (RFC 5321 §4.5.3.1.1).
const MAX_LOCAL_PART: usize = 64;
/// How many recipients an envelope has at the most, unless told otherwise.
const USUAL_RECIPIENTS: usize = 2;
/// How many it has at the most, whatever it is told.
const MAX_RECIPIENTS: usize = 5;

/// A reverse-path and a few forward-paths, to see what a server says to them. There is no message: after the last reply comes RSET.
///
/// It is polite to ask for little: servers count refused recipients, and slow down or close at the third (so do many). So there
/// are two forward-paths at the most, unless [`up_to`](Self::up_to) allows more, to five.
///
/// # Examples
///
/// ```
/// use smtp_probe::Envelope;
///
/// let envelope = Envelope::new("probe@example.com".parse()?)
///     .to("postmaster@example.net".parse()?)?;
/// assert_eq!(envelope.recipients().len(), 1);
/// # Ok::<(), smtp_probe::EnvelopeError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Envelope {
    from: ReversePath,
    to: Vec<ForwardPath>,
    most: usize,
}

impl Envelope {
    /// An envelope from this reverse-path, to nobody yet.
    #[must_use]
    pub fn new(from: ReversePath) -> Self {
        Self {
            from,
            to: Vec::new(),
            most: USUAL_RECIPIENTS,
        }
    }

    /// An envelope from the null reverse-path `<>`, as bounces have it. Servers treat it differently: it is not greylisted everywhere,
    /// and refused by some for more than one recipient.
    #[must_use]
    pub fn null_sender() -> Self {
        Self::new(ReversePath::NULL)
    }

    /// The same with room for this many recipients; more than five are cut to five.
    #[must_use]
    pub fn up_to(mut self, recipients: usize) -> Self {
        self.most = recipients.min(MAX_RECIPIENTS);
        self
    }

    /// The same with one more recipient.
    ///
    /// # Errors
    ///
    /// If there is no room for it.
    pub fn to(mut self, recipient: ForwardPath) -> Result<Self, EnvelopeError> {
        if self.to.len() >= self.most.min(MAX_RECIPIENTS) {
            let kind = EnvelopeErrorKind::TooManyRecipients;
            return Err(EnvelopeError::new(kind, &recipient.0));
        }
        self.to.push(recipient);
        Ok(self)
    }

    /// The reverse-path.
    #[must_use]
    pub fn from(&self) -> &ReversePath {
        &self.from
    }

    /// The forward-paths. Of a stored envelope with more of them than it may have, those past the bound do not count.
    #[must_use]
    pub fn recipients(&self) -> &[ForwardPath] {
        let most = self.most.min(MAX_RECIPIENTS).min(self.to.len());
        self.to.get(..most).unwrap_or_default()
    }

    /// Whether an address is not ASCII, so that SMTPUTF8 is needed (RFC 6531 §3.4).
    pub(crate) fn is_international(&self) -> bool {
        let recipients = self.recipients().iter();
        !self.from.0.is_ascii() || recipients.clone().any(|path| !path.0.is_ascii())
    }
}

/// Who sends: a mailbox, or nobody (`<>`).
///
/// # Examples
///
/// ```
/// use smtp_probe::ReversePath;
///
/// assert_eq!(ReversePath::NULL.to_string(), "<>");
/// let path: ReversePath = "probe@example.com".parse()?;
/// assert_eq!(path.to_string(), "<probe@example.com>");
/// assert!("a@example.com>\r\nDATA".parse::<ReversePath>().is_err());
/// # Ok::<(), smtp_probe::EnvelopeError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "String", into = "String"))]
pub struct ReversePath(String);

/// Who receives: a mailbox, or `postmaster` without a domain (RFC 5321 §4.1.1.3).
///
/// # Examples
///
/// ```
/// use smtp_probe::ForwardPath;
///
/// let path: ForwardPath = "\"a b\"@[192.0.2.1]".parse()?;
/// assert_eq!(path.to_string(), "<\"a b\"@[192.0.2.1]>");
/// assert!("".parse::<ForwardPath>().is_err());
/// # Ok::<(), smtp_probe::EnvelopeError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "String", into = "String"))]
pub struct ForwardPath(String);

impl ReversePath {
    /// Nobody: the reverse-path of bounces (RFC 5321 §4.5.5).
    pub const NULL: Self = Self(String::new());

    /// Whether this is nobody.
    #[must_use]
    pub fn is_null(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromStr for ReversePath {
    type Err = EnvelopeError;

    /// The empty text is the null reverse-path.
    fn from_str(text: &str) -> Result<Self, EnvelopeError> {
        if !text.is_empty() {
            check(text)?;
        }
        Ok(Self(text.to_owned()))
    }
}

impl FromStr for ForwardPath {
    type Err = EnvelopeError;

    fn from_str(text: &str) -> Result<Self, EnvelopeError> {
        if !text.eq_ignore_ascii_case("postmaster") {
            check(text)?;
        }
        Ok(Self(text.to_owned()))
    }
}

macro_rules! text {
    ($path:ident) => {
        impl fmt::Display for $path {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "<{}>", self.0)
            }
        }

        impl From<$path> for String {
            fn from(path: $path) -> Self {
                path.0
            }
        }

        impl TryFrom<String> for $path {
            type Error = EnvelopeError;

            fn try_from(text: String) -> Result<Self, EnvelopeError> {
                text.parse()
            }
        }
    };
}

text!(ReversePath);
text!(ForwardPath);

/// A path of RFC 5321 §4.1.2, without its angle brackets:
///
/// ```text
/// Path          = [ At-domain *( "," At-domain ) ":" ] Local-part "@" ( Domain / address-literal )
/// At-domain     = "@" Domain
/// Local-part    = Dot-string / Quoted-string
/// ```
///
/// Dots may stand anywhere in a local part, because real mailboxes have them so.
fn check(text: &str) -> Result<(), EnvelopeError> {
    if text.len() > MAX_PATH {
        return Err(EnvelopeError::new(EnvelopeErrorKind::TooLong, text));
    }
    let fault = || EnvelopeError::new(EnvelopeErrorKind::Syntax, text);
    let mailbox = match text.strip_prefix('@') {
        Some(_) => {
            let (route, mailbox) = text.split_once(':').ok_or_else(fault)?;
            let hops = |hop: &str| hop.strip_prefix('@').is_some_and(is_domain);
            if !route.split(',').all(hops) {
                return Err(fault());
            }
            mailbox
        }
        None => text,
    };
    let (local, domain) = mailbox.rsplit_once('@').ok_or_else(fault)?;
    if local.len() > MAX_LOCAL_PART {
        return Err(EnvelopeError::new(EnvelopeErrorKind::TooLong, text));
    }
    let fits = (is_atoms(local) || is_quoted(local)) && (is_domain(domain) || is_literal(domain));
    if fits { Ok(()) } else { Err(fault()) }
}

fn is_atoms(local: &str) -> bool {
    const SPECIAL: &str = "!#$%&'*+-/=?^_`{|}~.";
    let fits = |letter: char| {
        letter.is_ascii_alphanumeric() || SPECIAL.contains(letter) || is_international(letter)
    };
    !local.is_empty() && local.chars().all(fits)
}

fn is_quoted(local: &str) -> bool {
    let Some(inner) = local
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
    else {
        return false;
    };
    let mut letters = inner.chars();
    while let Some(letter) = letters.next() {
        let fits = match letter {
            '"' => false,
            '\\' => letters.next().is_some_and(|next| matches!(next, ' '..='~')),
            other => matches!(other, ' '..='~') || is_international(other),
        };
        if !fits {
            return false;
        }
    }
    true
}

fn is_domain(domain: &str) -> bool {
    let fits = |letter: char| {
        letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_') || is_international(letter)
    };
    domain
        .split('.')
        .all(|label| !label.is_empty() && label.chars().all(fits))
}

fn is_literal(domain: &str) -> bool {
    let inner = domain
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    inner.is_some_and(|inner| {
        let fits = |octet: u8| octet.is_ascii_alphanumeric() || b".:-".contains(&octet);
        !inner.is_empty() && inner.bytes().all(fits)
    })
}

/// UTF8-non-ascii (RFC 6531 §3.3), without the control characters of Unicode.
fn is_international(letter: char) -> bool {
    !letter.is_ascii() && !letter.is_control()
}

/// What is no path, or one too many.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnvelopeError {
    kind: EnvelopeErrorKind,
    found: String,
}

/// The kinds of [`EnvelopeError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum EnvelopeErrorKind {
    /// It is not of the form that a path has.
    Syntax,
    /// It is longer than a path or its local part may be.
    TooLong,
    /// The envelope has as many recipients as it may.
    TooManyRecipients,
}

impl EnvelopeError {
    fn new(kind: EnvelopeErrorKind, found: &str) -> Self {
        Self {
            kind,
            found: found.chars().take(80).collect(),
        }
    }

    /// What is wrong.
    #[must_use]
    pub fn kind(&self) -> EnvelopeErrorKind {
        self.kind
    }
}

impl std::error::Error for EnvelopeError {}

impl fmt::Display for EnvelopeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let expected = match self.kind {
            EnvelopeErrorKind::Syntax => "a mailbox such as user@example.com",
            EnvelopeErrorKind::TooLong => {
                "a mailbox of at most 254 octets, at most 64 of them before the `@`"
            }
            EnvelopeErrorKind::TooManyRecipients => "no more recipients",
        };
        write!(
            f,
            "expected {expected}, found `{}`",
            self.found.escape_debug()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Result<(), EnvelopeErrorKind>) {
        let kind = |error: EnvelopeError| error.kind();
        assert_eq!(
            text.parse::<ForwardPath>().map(drop).map_err(kind),
            expected,
            "{text:?}"
        );
    }

    #[test]
    fn paths_as_the_grammar_has_them() {
        for text in [
            "a@b.example",
            "a..b.@b.example",
            "user%foreign.example@b.example",
            "foreign.example!user@b.example",
            "\"user@foreign.example\"@b.example",
            "\"a\\\"b\"@b.example",
            "@b.example,@c.example:user@foreign.example",
            "a@[192.0.2.1]",
            "a@[IPv6:2001:db8::1]",
            "Postmaster",
            "jos\u{e9}@b\u{fc}cher.example",
        ] {
            check(text, Ok(()));
        }
    }

    #[test]
    fn item_75_no_path_leaves_its_line() {
        for text in [
            "a@b.example\r\nDATA",
            "a\n@b.example",
            "a\r@b.example",
            "\"a\0\"@b.example",
            "\"a\r\n\"@b.example",
            "a@b.example>",
            "a@b.example> SIZE=1",
            "a b@b.example",
            "<a@b.example>",
            "a@b.example\u{85}",
            "a@[192.0.2.1\r\n]",
            "@b\r\n.example:a@c.example",
        ] {
            check(text, Err(EnvelopeErrorKind::Syntax));
        }
    }

    #[test]
    fn what_is_no_mailbox_is_refused() {
        for text in [
            "",
            "a",
            "@",
            "a@",
            "@b.example",
            "a@b..example",
            "a@.",
            "@b.example:",
        ] {
            check(text, Err(EnvelopeErrorKind::Syntax));
        }
        let long = "a".repeat(65) + "@b.example";
        check(&long, Err(EnvelopeErrorKind::TooLong));
        let long = format!("a@{}.example", "b.".repeat(130));
        check(&long, Err(EnvelopeErrorKind::TooLong));
    }

    #[test]
    fn item_79_an_envelope_has_few_recipients() {
        let path = || "a@b.example".parse::<ForwardPath>().expect("a path");
        let two = Envelope::null_sender()
            .to(path())
            .and_then(|envelope| envelope.to(path()));
        let error = two
            .expect("two fit")
            .to(path())
            .expect_err("a third does not");
        assert_eq!(error.kind(), EnvelopeErrorKind::TooManyRecipients);
        let mut envelope = Envelope::null_sender().up_to(100);
        for _ in 0..MAX_RECIPIENTS {
            envelope = envelope.to(path()).expect("five fit");
        }
        assert!(envelope.to(path()).is_err());
    }

    #[cfg(feature = "serde")]
    #[test]
    fn what_is_stored_is_checked_when_it_is_read() {
        let json = r#"{"from":"a@b.example\r\nDATA","to":[],"most":2}"#;
        assert!(serde_json::from_str::<Envelope>(json).is_err());
        let many =
            r#"{"from":"","to":["a@b.c","a@b.c","a@b.c","a@b.c","a@b.c","a@b.c"],"most":99}"#;
        let envelope: Envelope = serde_json::from_str(many).expect("paths");
        assert_eq!(envelope.recipients().len(), MAX_RECIPIENTS);
    }
}
