//! A DKIM key record and its tags.

use std::fmt;

use crate::dkim::{KeyFault, PublicKey, public_key};
use crate::tag_list::{Tag, TagFault, TagFaultKind, TagList};
use crate::{Octets, Span};

/// A DKIM key record (RFC 6376 §3.6.1), read as a verifier reads it.
///
/// What a verifier ignores but a person should know is in [`oddities`](Self::oddities); what keeps it from using the key, in
/// [`unusable`](Self::unusable).
///
/// # Examples
///
/// ```
/// use mail_dns::dkim::{KeyRecord, KeyErrorKind, Unusable};
///
/// let record = KeyRecord::parse(b"v=DKIM1; k=rsa; t=y:s; p=")?;
/// assert!(record.is_testing() && record.forbids_subdomains());
/// assert_eq!(record.unusable(), Some(Unusable::Revoked));
///
/// let error = KeyRecord::parse(b"k=rsa; v=DKIM1; p=").unwrap_err();
/// assert_eq!(error.kind(), KeyErrorKind::VersionNotFirst);
/// assert_eq!((error.span().start, error.span().end), (7, 14));
/// # Ok::<(), mail_dns::dkim::KeyError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct KeyRecord {
    /// The record as it came, its strings joined.
    pub text: Octets,
    /// The tags, in order, those without a meaning here among them.
    pub tags: Vec<Tag>,
    /// `k=`: the type of key; RSA if it is not stated.
    pub key_type: KeyType,
    /// `p=`: the key.
    pub key: PublicKey,
    /// `h=`: the hash algorithms that may be used; `None` for all.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub hashes: Option<Vec<String>>,
    /// `s=`: what the key is for; `*` for everything, which is the default.
    pub services: Vec<String>,
    /// `t=`: flags; unknown ones are ignored by verifiers.
    pub flags: Vec<String>,
    /// `n=`: words for people.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub notes: Option<Octets>,
    /// What is unusual, though no error.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Vec::is_empty")
    )]
    pub oddities: Vec<Oddity>,
}

/// The tags of RFC 6376 §3.6.1, and `g` of RFC 4871.
const KNOWN: [&str; 8] = ["v", "g", "h", "k", "n", "p", "s", "t"];

impl KeyRecord {
    /// Reads a record: the strings of one TXT record, joined (RFC 6376 §3.6.2.2).
    ///
    /// # Errors
    ///
    /// If a verifier has to ignore the whole: it is no list of tags, a tag stands twice (§3.2), `v=` is not first or not
    /// `DKIM1`, or `p=` is missing (§3.6.1). A key that cannot be read is no such error, but [`PublicKey::Damaged`].
    pub fn parse(text: &[u8]) -> Result<Self, KeyError> {
        let list = TagList::parse(text);
        let quoting = Quoting::of(text, list.find("p"));
        let error = |kind, span| KeyError {
            kind,
            span,
            quoting,
        };
        let mut oddities: Vec<_> = quoting.map(Oddity::Quoting).into_iter().collect();
        for fault in &list.faults {
            match fault.kind {
                // Some publish notes outside ASCII, which RFC 6376 §3.2 has no room for; an empty tag is stepped over by all who were tried.
                TagFaultKind::Value | TagFaultKind::Empty => {
                    oddities.push(Oddity::Syntax(*fault));
                }
                TagFaultKind::Duplicate => {
                    return Err(error(KeyErrorKind::DuplicateTag, fault.span));
                }
                kind => return Err(error(KeyErrorKind::NotTags(kind), fault.span)),
            }
        }
        version(&list).map_err(|(kind, span)| error(kind, span))?;
        let whole = Span {
            start: 0,
            end: text.len(),
        };
        let key = list
            .find("p")
            .ok_or_else(|| error(KeyErrorKind::NoKey, whole))?;
        let key_type = list
            .find("k")
            .map_or(KeyType::Rsa, |tag| KeyType::of(&tag.value));
        if list.find("g").is_some() {
            oddities.push(Oddity::ObsoleteGranularity);
        }
        let unknown = list.others(&KNOWN).into_iter();
        oddities.extend(unknown.map(|tag| Oddity::UnknownTag { name: tag.name }));
        let mut words = |name: &str| {
            let words = words(list.find(name)?);
            if words.is_empty() {
                oddities.push(Oddity::EmptyList {
                    name: name.to_owned(),
                });
            }
            Some(words).filter(|words| !words.is_empty())
        };
        Ok(Self {
            key: public_key(&key_type, key.value.as_bytes()),
            hashes: words("h"),
            services: words("s").unwrap_or_else(|| vec!["*".to_owned()]),
            flags: words("t").unwrap_or_default(),
            notes: list.find("n").map(|tag| tag.value.clone()),
            key_type,
            tags: list.tags,
            oddities,
            text: text.into(),
        })
    }

    /// Whether a text claims to be a key record: it has a `p=` tag, or begins with `v=DKIM1`; and it does not begin with the version of
    /// something else.
    ///
    /// `v=` is optional (RFC 6376 §3.6.1), so the version alone tells nothing.
    #[must_use]
    pub fn is_claimed_by(text: &[u8]) -> bool {
        let list = TagList::parse(text);
        let version = list.tags.first().filter(|tag| tag.name == "v");
        match version {
            Some(version) if version.value.as_bytes() == b"DKIM1" => true,
            Some(version) if !version.value.as_bytes().starts_with(b"DKIM") => false,
            _ => list.find("p").is_some(),
        }
    }

    /// The key as octets: DER for RSA, or 32 of them for Ed25519. Equal ones at two names are one key. `None` if it is revoked or not base64.
    #[must_use]
    pub fn key_octets(&self) -> Option<Vec<u8>> {
        let value = self
            .tags
            .iter()
            .find(|tag| tag.name == "p")?
            .value
            .as_bytes();
        public_key::decode(value)
            .ok()
            .filter(|octets| !octets.is_empty())
    }

    /// `t=y`: the domain is testing, and a failed signature is to be treated as none (RFC 6376 §3.6.1).
    #[must_use]
    pub fn is_testing(&self) -> bool {
        self.flags.iter().any(|flag| flag == "y")
    }

    /// `t=s`: the domain of `i=` must be that of `d=`, not one below it (RFC 6376 §3.6.1).
    #[must_use]
    pub fn forbids_subdomains(&self) -> bool {
        self.flags.iter().any(|flag| flag == "s")
    }

    /// Why no verifier may take a signature with this key for valid; `None` if one may.
    #[must_use]
    pub fn unusable(&self) -> Option<Unusable> {
        let knows_sha256 = |hashes: &Vec<String>| hashes.iter().any(|hash| hash == "sha256");
        let for_mail = |service: &String| service == "*" || service == "email";
        match &self.key {
            PublicKey::Revoked => Some(Unusable::Revoked),
            PublicKey::Damaged(fault) => Some(Unusable::Damaged(fault.clone())),
            PublicKey::Unknown { .. } => Some(Unusable::UnknownKeyType),
            PublicKey::Rsa { bits, .. } if *bits < 1024 => Some(Unusable::ShortKey { bits: *bits }),
            // RSA needs an odd exponent of 3 and more (RFC 8017 §3.1).
            PublicKey::Rsa { exponent, .. }
                if exponent.is_some_and(|exponent| exponent < 3 || exponent % 2 == 0) =>
            {
                Some(Unusable::Exponent)
            }
            _ if !self.services.iter().any(for_mail) => Some(Unusable::NotForMail),
            // Only sha256 is left (RFC 8301 §3.1, RFC 8463 §3).
            _ if self
                .hashes
                .as_ref()
                .is_some_and(|hashes| !knows_sha256(hashes)) =>
            {
                Some(Unusable::NoCommonHash)
            }
            _ => None,
        }
    }
}

/// `v=` may be left out; else it is first, and exactly `DKIM1` (RFC 6376 §3.6.1).
fn version(list: &TagList) -> Result<(), (KeyErrorKind, Span)> {
    let Some(version) = list.find("v") else {
        return Ok(());
    };
    if version.value.as_bytes() != b"DKIM1" {
        return Err((KeyErrorKind::Version, version.value_span));
    }
    if list.tags.first().is_some_and(|first| first.name != "v") {
        return Err((KeyErrorKind::VersionNotFirst, version.span));
    }
    Ok(())
}

/// Words between colons; their case counts (RFC 6376 §3.2).
fn words(tag: &Tag) -> Vec<String> {
    let text = tag.value.to_text();
    let words = text.split(':').map(|word| word.trim().to_owned());
    words.filter(|word| !word.is_empty()).collect()
}

fn public_key(key_type: &KeyType, value: &[u8]) -> PublicKey {
    if value.is_empty() {
        return PublicKey::Revoked;
    }
    // How a key of another type is written is not known.
    if let KeyType::Other(_) = key_type {
        return PublicKey::Unknown {
            octets: value.len(),
        };
    }
    let key = public_key::decode(value).and_then(|octets| match key_type {
        KeyType::Ed25519 => public_key::ed25519(&octets),
        _ => public_key::rsa(&octets),
    });
    key.unwrap_or_else(PublicKey::Damaged)
}

/// The quoting of a zone file, published as data: what some panels make of a pasted record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Quoting {
    /// Quotation marks around the record, or between the pieces of its key.
    Quotes,
    /// Backslashes before semicolons.
    Backslashes,
}

impl Quoting {
    fn of(text: &[u8], key: Option<&Tag>) -> Option<Self> {
        let quote = b'"';
        let around = text.trim_ascii().first() == Some(&quote);
        let in_key = key.is_some_and(|key| key.value.as_bytes().contains(&quote));
        if around || in_key {
            Some(Self::Quotes)
        } else if text.windows(2).any(|pair| pair == b"\\;") {
            Some(Self::Backslashes)
        } else {
            None
        }
    }
}

impl fmt::Display for Quoting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Quotes => "quotation marks are part of the data",
            Self::Backslashes => "backslashes before semicolons are part of the data",
        })
    }
}

/// The type of a key (IANA, *DKIM Key Type*).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum KeyType {
    /// `rsa` (RFC 6376 §3.3).
    Rsa,
    /// `ed25519` (RFC 8463 §3).
    Ed25519,
    /// Any other; the record is ignored by verifiers (RFC 6376 §3.6.1).
    Other(String),
}

impl KeyType {
    fn of(value: &Octets) -> Self {
        match value.as_bytes() {
            b"rsa" => Self::Rsa,
            b"ed25519" => Self::Ed25519,
            _ => Self::Other(value.to_string()),
        }
    }
}

impl fmt::Display for KeyType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Rsa => "rsa",
            Self::Ed25519 => "ed25519",
            Self::Other(name) => name,
        })
    }
}

/// What is unusual in a record that verifiers nevertheless read.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Oddity {
    /// An empty tag, or a character that not every verifier takes.
    Syntax(TagFault),
    /// The quoting of a zone file is part of the data.
    Quoting(Quoting),
    /// `h=`, `s=` or `t=` without a word, which the grammar does not have; taken for one that is left out.
    EmptyList {
        /// Which.
        name: String,
    },
    /// `g=`, which RFC 6376 has taken away; an old verifier reads an empty one as *nobody*.
    ObsoleteGranularity,
    /// A tag that no RFC knows.
    UnknownTag {
        /// Its name.
        name: String,
    },
}

/// Why no verifier may take a signature with a key for valid.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Unusable {
    /// The key is revoked (RFC 6376 §3.6.1).
    Revoked,
    /// The key cannot be read.
    Damaged(KeyFault),
    /// No verifier knows keys of this type.
    UnknownKeyType,
    /// The key has fewer than 1024 bits (RFC 8301 §3.2).
    ShortKey {
        /// How many.
        bits: usize,
    },
    /// The exponent of the RSA key is even, or less than 3.
    Exponent,
    /// `s=` is neither `*` nor `email` (RFC 6376 §3.6.1).
    NotForMail,
    /// `h=` leaves no hash that may be used; SHA-1 may not (RFC 8301 §3.1).
    NoCommonHash,
}

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Revoked => f.write_str("the key is revoked"),
            Self::Damaged(fault) => fault.fmt(f),
            Self::UnknownKeyType => f.write_str("the type of the key is unknown to verifiers"),
            Self::ShortKey { bits } => {
                write!(f, "the key has {bits} bits, and verifiers want 1024")
            }
            Self::Exponent => f.write_str("the key has an exponent that RSA cannot have"),
            Self::NotForMail => f.write_str("the key is not for mail"),
            Self::NoCommonHash => f.write_str("the key allows no hash that may be used"),
        }
    }
}

/// Why text is not a key record, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[error("{} at octets {span}{}", kind.message(), explained(*quoting))]
pub struct KeyError {
    kind: KeyErrorKind,
    span: Span,
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    quoting: Option<Quoting>,
}

fn explained(quoting: Option<Quoting>) -> String {
    quoting.map_or_else(String::new, |quoting| format!(" ({quoting})"))
}

impl KeyError {
    /// The quoting of a zone file in the data, which explains most faults behind it.
    #[must_use]
    pub fn quoting(&self) -> Option<Quoting> {
        self.quoting
    }

    /// What is wrong.
    #[must_use]
    pub fn kind(&self) -> KeyErrorKind {
        self.kind
    }

    /// The octets of the record that are at fault.
    #[must_use]
    pub fn span(&self) -> Span {
        self.span
    }
}

/// The kinds of [`KeyError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum KeyErrorKind {
    /// It is no list of tags.
    NotTags(TagFaultKind),
    /// A tag stands twice, which spoils the whole (RFC 6376 §3.2).
    DuplicateTag,
    /// `v=` is not `DKIM1`.
    Version,
    /// `v=` is not the first tag.
    VersionNotFirst,
    /// There is no `p=`.
    NoKey,
}

/// What was expected and found, without the place.
impl fmt::Display for KeyErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.message())
    }
}

impl KeyErrorKind {
    fn message(self) -> &'static str {
        match self {
            Self::NotTags(_) => "expected tags and values between semicolons, found something else",
            Self::DuplicateTag => "expected a tag once, found it again",
            Self::Version => "expected the version DKIM1, found another",
            Self::VersionNotFirst => {
                "expected the version before all other tags, found it after one"
            }
            Self::NoKey => "expected a key in a p tag, found none",
        }
    }
}
