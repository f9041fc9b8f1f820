//! What an extension means.

use super::{Extension, Size};

/// What a line of a reply to EHLO says the server can do (registry "SMTP Service Extensions" of IANA, 2026-11, and what is common
/// beside it).
///
/// # Examples
///
/// ```
/// use smtp_probe::{Capability, Ehlo, Reply};
///
/// let reply = Reply::parse(b"250-mx.example\r\n250-DELIVERBY 240\r\n250-X-FOO bar\r\n250 LIMITS RCPTMAX=100\r\n")?;
/// let ehlo = Ehlo::new(reply);
/// let can: Vec<_> = ehlo.capabilities().collect();
/// assert_eq!(can[0], Capability::DeliverBy(Some(240)));
/// assert_eq!(can[1], Capability::Other, "kept, and to be read as it stands");
/// assert_eq!(ehlo.limits().and_then(|limits| limits.recipients), Some(100));
/// # Ok::<(), smtp_probe::ReplyError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Capability<'a> {
    /// Commands may be sent in groups (RFC 2920).
    Pipelining,
    /// Octets above 127 in a message (RFC 6152).
    EightBitMime,
    /// The longest message (RFC 1870).
    Size(Size),
    /// TLS on this connection (RFC 3207).
    StartTls,
    /// Authentication by one of the mechanisms in the parameters (RFC 4954); see [`Ehlo::auth_mechanisms`](super::Ehlo::auth_mechanisms).
    Auth {
        /// In the form `AUTH=`, from before RFC 4954.
        legacy: bool,
    },
    /// Delivery status notifications as asked for (RFC 3461).
    Dsn,
    /// Messages in pieces (RFC 3030).
    Chunking,
    /// Messages of any octets (RFC 3030).
    BinaryMime,
    /// Addresses and headers in UTF-8 (RFC 6531).
    SmtpUtf8,
    /// Replies have enhanced status codes (RFC 2034).
    EnhancedStatusCodes,
    /// Messages that must not travel without TLS (RFC 8689). It means something only inside TLS.
    RequireTls,
    /// A time for delivery (RFC 2852), and the shortest one there may be, in seconds, if it is said.
    DeliverBy(Option<u32>),
    /// Priorities (RFC 6710), and after which policy.
    MtPriority(Priorities<'a>),
    /// Limits of a session (RFC 9422). `None` if one of them is malformed, which voids all (§4).
    Limits(Option<Limits>),
    /// Release at a later time (RFC 4865).
    FutureRelease(FutureRelease<'a>),
    /// Messages by reference (RFC 4468).
    Burl,
    /// Transactions that can be taken up again (RFC 1845).
    Checkpoint,
    /// Delivery on demand (RFC 1985).
    Etrn,
    /// Delivery on demand to whoever authenticates (RFC 2645).
    Atrn,
    /// VRFY (RFC 5321 §3.5).
    Vrfy,
    /// EXPN (RFC 5321 §3.5).
    Expn,
    /// HELP (RFC 5321 §4.1.1.8).
    Help,
    /// Conversion with permission (RFC 4141).
    ConPerm,
    /// Conversion as negotiated (RFC 4141).
    ConNeg,
    /// Tracking (RFC 3885).
    Mtrk,
    /// No solicitation of the kinds in the parameters, if any are given (RFC 3865).
    NoSoliciting,
    /// Recipients that must have been there since a time (RFC 7293).
    Rrvs,
    /// Postfix: the client's attributes may be set by another.
    XClient,
    /// Postfix: the original client's attributes may be told.
    XForward,
    /// None of these: well-formed or not, it is kept as it stands.
    Other,
}

impl<'a> Capability<'a> {
    pub(super) fn of(extension: Extension<'a>) -> Self {
        let keyword = extension.keyword();
        let fixed = FIXED
            .iter()
            .find(|(name, _)| keyword.eq_ignore_ascii_case(name.as_bytes()));
        if let Some((_, capability)) = fixed {
            return *capability;
        }
        let is = |keyword: &str| extension.is(keyword);
        match () {
            () if is("SIZE") => Self::Size(Size::of(extension)),
            () if is("AUTH") => Self::Auth {
                legacy: extension.line().get(4) == Some(&b'='),
            },
            () if is("DELIVERBY") => Self::DeliverBy(deliver_by(extension)),
            () if is("MT-PRIORITY") => Self::MtPriority(Priorities::of(extension)),
            () if is("LIMITS") => Self::Limits(Limits::of(extension)),
            () if is("FUTURERELEASE") => Self::FutureRelease(FutureRelease::of(extension)),
            () => Self::Other,
        }
    }
}

/// Those that have no parameters, or whose parameters are free text.
const FIXED: [(&str, Capability<'static>); 23] = [
    ("PIPELINING", Capability::Pipelining),
    ("8BITMIME", Capability::EightBitMime),
    ("STARTTLS", Capability::StartTls),
    ("DSN", Capability::Dsn),
    ("CHUNKING", Capability::Chunking),
    ("BINARYMIME", Capability::BinaryMime),
    ("SMTPUTF8", Capability::SmtpUtf8),
    ("ENHANCEDSTATUSCODES", Capability::EnhancedStatusCodes),
    ("REQUIRETLS", Capability::RequireTls),
    ("BURL", Capability::Burl),
    ("CHECKPOINT", Capability::Checkpoint),
    ("ETRN", Capability::Etrn),
    ("ATRN", Capability::Atrn),
    ("VRFY", Capability::Vrfy),
    ("EXPN", Capability::Expn),
    ("HELP", Capability::Help),
    ("CONPERM", Capability::ConPerm),
    ("CONNEG", Capability::ConNeg),
    ("MTRK", Capability::Mtrk),
    ("NO-SOLICITING", Capability::NoSoliciting),
    ("RRVS", Capability::Rrvs),
    ("XCLIENT", Capability::XClient),
    ("XFORWARD", Capability::XForward),
];

/// `deliverby-param = min-by-time *( "," extension-token )`, `min-by-time = [1*9DIGIT]` (RFC 2852 §4).
fn deliver_by(extension: Extension<'_>) -> Option<u32> {
    let parameter = extension.parameters().next()?;
    number(parameter.split(|octet| *octet == b',').next()?, 9)
}

/// A number of one to so many digits.
fn number(digits: &[u8], most: usize) -> Option<u32> {
    let fits = (1..=most).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit);
    std::str::from_utf8(digits)
        .ok()
        .filter(|_| fits)?
        .parse()
        .ok()
}

/// The policy that priorities follow (RFC 6710 §10.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Priorities<'a> {
    /// `MIXER`, which is also meant where nothing is said.
    Mixer,
    /// `STANAG4406`.
    Stanag4406,
    /// `NSEP`.
    Nsep,
    /// Another.
    Other(&'a [u8]),
}

impl<'a> Priorities<'a> {
    fn of(extension: Extension<'a>) -> Self {
        let known = [
            ("MIXER", Self::Mixer),
            ("STANAG4406", Self::Stanag4406),
            ("NSEP", Self::Nsep),
        ];
        let Some(parameter) = extension.parameters().next() else {
            return Self::Mixer;
        };
        let found = known
            .into_iter()
            .find(|(name, _)| parameter.eq_ignore_ascii_case(name.as_bytes()));
        found.map_or(Self::Other(parameter), |(_, priorities)| priorities)
    }
}

/// How far ahead release may be (RFC 4865 §3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct FutureRelease<'a> {
    /// In seconds; `None` if it is missing or no number of at most nine digits.
    pub interval: Option<u32>,
    /// The latest time, as sent.
    pub until: Option<&'a [u8]>,
}

impl<'a> FutureRelease<'a> {
    fn of(extension: Extension<'a>) -> Self {
        let mut parameters = extension.parameters();
        Self {
            interval: parameters.next().and_then(|digits| number(digits, 9)),
            until: parameters.next(),
        }
    }
}

/// The limits of a session (RFC 9422 §4); a limit that is not known is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Limits {
    /// MAILMAX: transactions.
    pub transactions: Option<u32>,
    /// RCPTMAX: recipients of a transaction.
    pub recipients: Option<u32>,
    /// RCPTDOMAINMAX: domains among them.
    pub recipient_domains: Option<u32>,
}

impl Limits {
    /// Reads `limit-name "=" limit-value` at each place, or nothing at all.
    fn of(extension: Extension<'_>) -> Option<Self> {
        let mut limits = Self::default();
        let mut parameters = extension.parameters().peekable();
        parameters.peek()?;
        for parameter in parameters {
            let equals = parameter.iter().position(|octet| *octet == b'=')?;
            let (name, value) = (parameter.get(..equals)?, parameter.get(equals + 1..)?);
            let place = match name.to_ascii_uppercase().as_slice() {
                b"MAILMAX" => &mut limits.transactions,
                b"RCPTMAX" => &mut limits.recipients,
                b"RCPTDOMAINMAX" => &mut limits.recipient_domains,
                _ if is_limit(name, value) => continue,
                _ => return None,
            };
            *place = Some(number(value, 6).filter(|_| value.first() != Some(&b'0'))?);
        }
        Some(limits)
    }
}

/// Whether an unknown limit keeps to the grammar.
///
/// ```text
/// limit-name  = ALPHA *(ALPHA / DIGIT / "-" / "_")
/// limit-value = 1*(%x21-3A / %x3C-7E)
/// ```
fn is_limit(name: &[u8], value: &[u8]) -> bool {
    let [first, rest @ ..] = name else {
        return false;
    };
    let inner = |octet: &u8| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_');
    let printable = |octet: &u8| matches!(octet, b'!'..=b':' | b'<'..=b'~');
    first.is_ascii_alphabetic()
        && rest.iter().all(inner)
        && !value.is_empty()
        && value.iter().all(printable)
}
