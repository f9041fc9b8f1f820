//! A DMARC record and its tags.

use std::fmt;

use crate::tag_list::{Syntax, Tag, TagFault, TagFaultKind, TagList, is_name, is_white_space};
use crate::{Octets, ReportUri, Span, UriError, UriErrorKind};

/// A DMARC policy record (RFC 9989 §4.7), with every default filled in and everything odd said.
///
/// Only the version decides whether a text is such a record; what is wrong behind it falls back to the default or is ignored
/// (RFC 9989 §4.8), except that without a good policy the record may count for less: see [`force`](Self::force).
///
/// # Examples
///
/// ```
/// use mail_dns::dmarc::{Alignment, Audience, Policy, Record};
///
/// let record = Record::parse(b"v=DMARC1; p=reject; sp=quarantine; adkim=s; rua=mailto:d@r.test").expect("a record");
/// assert_eq!(record.policy_for(Audience::Domain), Some(Policy::Reject));
/// assert_eq!(record.policy_for(Audience::NonexistentSubdomain), Some(Policy::Quarantine), "np falls back to sp");
/// assert_eq!(record.dkim_alignment, Alignment::Strict);
/// assert_eq!(Record::parse(b"v=dmarc1; p=none"), None, "the case of the version counts");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Record {
    /// The record as it came, its strings joined.
    pub text: Octets,
    /// The tags, in order, those without a meaning among them.
    pub tags: Vec<Tag>,
    /// `p`: the policy for the domain, and for what is below it unless said otherwise.
    pub policy: Stated<Policy>,
    /// `sp`: the policy for subdomains that exist.
    pub subdomain_policy: Stated<Policy>,
    /// `np`: the policy for subdomains that do not exist.
    pub nonexistent_policy: Stated<Policy>,
    /// `psd`: whether the domain is a public suffix; `u` if it is not stated.
    pub psd: Psd,
    /// `t=y`: the policy is being tested, and one level less is asked for.
    pub testing: bool,
    /// `adkim`: how close a DKIM domain must be; relaxed if it is not stated.
    pub dkim_alignment: Alignment,
    /// `aspf`: how close an SPF domain must be; relaxed if it is not stated.
    pub spf_alignment: Alignment,
    /// `rua`: where aggregate reports are wanted.
    pub aggregate_reports: Vec<ReportUri>,
    /// `ruf`: where failure reports are wanted.
    pub failure_reports: Vec<ReportUri>,
    /// `fo`: when failure reports are wanted; without `ruf` it has no effect.
    pub failure_options: FailureOptions,
    /// What is odd or wrong, in the order of the record.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Vec::is_empty")
    )]
    pub oddities: Vec<Oddity>,
}

/// The tags of the registry that are in force (RFC 9989 §9.3).
const CURRENT: [&str; 11] = [
    "v", "p", "sp", "np", "psd", "t", "adkim", "aspf", "rua", "ruf", "fo",
];
/// Those that RFC 9989 has removed (§C.5.2).
const HISTORIC: [&str; 3] = ["pct", "rf", "ri"];

/// How many URIs of a list are read, and how much of what is odd is listed.
const MAX_LISTED: usize = 64;

/// Blanks are spaces and tabs (RFC 9989 §4.8).
const SYNTAX: Syntax = Syntax {
    is_name,
    is_blank: is_white_space,
};

impl Record {
    /// Reads a record: the strings of one TXT record, joined (RFC 9989 §4.5). `None` if it does not begin with the version,
    /// which means that it is something else (§4.7).
    #[must_use]
    pub fn parse(text: &[u8]) -> Option<Self> {
        let list = TagList::parse_with(text, SYNTAX);
        let first = list.tags.first().filter(|tag| tag.span.start == 0)?;
        if !first.name.eq_ignore_ascii_case("v") || first.value.as_bytes() != b"DMARC1" {
            return None;
        }
        let mut reader = Reader {
            list: &list,
            oddities: Vec::new(),
            left_out: 0,
        };
        reader.faults();
        let mut record = Self {
            text: text.into(),
            policy: reader.policy("p"),
            subdomain_policy: reader.policy("sp"),
            nonexistent_policy: reader.policy("np"),
            psd: reader.choice("psd", Psd::of),
            testing: reader.choice("t", |value| meaning(value, [("y", true), ("n", false)])),
            dkim_alignment: reader.choice("adkim", Alignment::of),
            spf_alignment: reader.choice("aspf", Alignment::of),
            aggregate_reports: reader.uris("rua"),
            failure_reports: reader.uris("ruf"),
            failure_options: reader.choice("fo", FailureOptions::of),
            oddities: Vec::new(),
            tags: Vec::new(),
        };
        reader.other_tags();
        // Its content is ignored then (RFC 9989 §4.7).
        if record.failure_reports.is_empty() && reader.tag("fo").is_some() {
            record.failure_options = FailureOptions::default();
            reader.odd(Oddity::OptionsWithoutReports);
        }
        if reader.left_out > 0 {
            let count = reader.left_out;
            reader.oddities.push(Oddity::LeftOut { count });
        }
        record.oddities = reader.oddities;
        record.tags = list.tags;
        Some(record)
    }

    /// Whether the record counts as it stands.
    #[must_use]
    pub fn force(&self) -> Force {
        let is_bad = |policy: &Stated<Policy>| matches!(policy, Stated::Invalid);
        let fine = matches!(self.policy, Stated::Valid(_))
            && !is_bad(&self.subdomain_policy)
            && !is_bad(&self.nonexistent_policy);
        match (fine, self.aggregate_reports.is_empty()) {
            (true, _) => Force::AsStated,
            (false, false) => Force::AsNone,
            (false, true) => Force::NotAtAll,
        }
    }

    /// The policy that the record asks for, before `t` is taken into account; `None` if it counts for nothing.
    ///
    /// `np` falls back to `sp`, and that to `p` (RFC 9989 §4.7, §4.10.1).
    #[must_use]
    pub fn policy_for(&self, audience: Audience) -> Option<Policy> {
        match self.force() {
            Force::NotAtAll => return None,
            Force::AsNone => return Some(Policy::None),
            Force::AsStated => {}
        }
        let own = self.policy.valid();
        let below = self.subdomain_policy.valid().or(own);
        match audience {
            Audience::Domain => own,
            Audience::ExistingSubdomain => below,
            Audience::NonexistentSubdomain => self.nonexistent_policy.valid().or(below),
        }
    }

    /// The same as receivers are asked to apply it: with `t=y`, one level less (RFC 9989 §4.7).
    #[must_use]
    pub fn applied_policy_for(&self, audience: Audience) -> Option<Policy> {
        let policy = self.policy_for(audience)?;
        Some(if self.testing {
            policy.lowered()
        } else {
            policy
        })
    }

    /// The value of `pct`, which RFC 9989 has removed, as readers of RFC 7489 take it: 100 if it is not stated or not good.
    #[must_use]
    pub fn historic_percentage(&self) -> u8 {
        let tag = self
            .tags
            .iter()
            .find(|tag| tag.name.eq_ignore_ascii_case("pct"));
        let digits = |value: &&str| value.bytes().all(|octet| octet.is_ascii_digit());
        let percentage = tag
            .and_then(Tag::ascii)
            .filter(digits)
            .and_then(|value| value.parse().ok());
        percentage
            .filter(|percentage| *percentage <= 100)
            .unwrap_or(100)
    }
}

/// Reads values, and notes what is wrong with them.
struct Reader<'a> {
    list: &'a TagList,
    oddities: Vec<Oddity>,
    left_out: usize,
}

impl<'a> Reader<'a> {
    fn odd(&mut self, oddity: Oddity) {
        if self.oddities.len() < MAX_LISTED {
            self.oddities.push(oddity);
        } else {
            self.left_out += 1;
        }
    }

    /// What is against the grammar, and tags that stand again, in whatever case.
    fn faults(&mut self) {
        for fault in &self.list.faults {
            if fault.kind != TagFaultKind::Duplicate {
                self.odd(Oddity::Syntax(*fault));
            }
        }
        for (index, tag) in self.list.tags.iter().enumerate() {
            let mut before = self.list.tags.iter().take(index);
            if before.any(|before| before.name.eq_ignore_ascii_case(&tag.name)) {
                self.odd(Oddity::DuplicateTag { span: tag.span });
            }
        }
    }

    /// The first tag of the name. The names are given in lower case, and compared so, as ABNF has it (RFC 9989 §4.8).
    fn tag(&self, name: &str) -> Option<&'a Tag> {
        self.list
            .tags
            .iter()
            .find(|tag| tag.name.eq_ignore_ascii_case(name))
    }

    fn policy(&mut self, name: &str) -> Stated<Policy> {
        let Some(tag) = self.tag(name) else {
            return Stated::Absent;
        };
        match tag.ascii().and_then(Policy::of) {
            Some(policy) => Stated::Valid(policy),
            None => {
                self.invalid(tag);
                Stated::Invalid
            }
        }
    }

    fn choice<T: Default>(&mut self, name: &str, read: impl Fn(&str) -> Option<T>) -> T {
        let Some(tag) = self.tag(name) else {
            return T::default();
        };
        match tag.ascii().and_then(read) {
            Some(value) => value,
            None => {
                self.invalid(tag);
                T::default()
            }
        }
    }

    /// `dmarc-urilist = dmarc-uri *( *WSP "," *WSP dmarc-uri )`; those that are malformed are ignored (RFC 9990 §3.5).
    fn uris(&mut self, name: &str) -> Vec<ReportUri> {
        let Some(tag) = self.tag(name) else {
            return Vec::new();
        };
        let mut uris = Vec::new();
        let mut start = tag.value_span.start;
        for written in tag.value.as_bytes().split(|octet| *octet == b',') {
            let span = Span {
                start,
                end: start + written.len(),
            };
            start = span.end + 1;
            if uris.len() == MAX_LISTED {
                self.left_out += 1;
                continue;
            }
            let text = str::from_utf8(written.trim_ascii());
            let uri = text
                .map_err(|_| UriError::new(UriErrorKind::Character))
                .and_then(str::parse::<ReportUri>);
            match uri {
                Ok(uri) => {
                    if uri.max_octets.is_some() {
                        self.odd(Oddity::ObsoleteSize { span });
                    }
                    uris.push(uri);
                }
                Err(error) => self.odd(Oddity::InvalidUri {
                    text: written.into(),
                    error,
                    span,
                }),
            }
        }
        uris
    }

    fn other_tags(&mut self) {
        for tag in &self.list.tags {
            let is_of =
                |names: &[&str]| names.iter().any(|name| tag.name.eq_ignore_ascii_case(name));
            let name = || tag.name.to_ascii_lowercase();
            let span = tag.span;
            if is_of(&HISTORIC) {
                self.odd(Oddity::HistoricTag { name: name(), span });
            } else if !is_of(&CURRENT) {
                self.odd(Oddity::UnknownTag { name: name(), span });
            }
        }
    }

    fn invalid(&mut self, tag: &Tag) {
        self.odd(Oddity::InvalidValue {
            name: tag.name.clone(),
            span: tag.value_span,
        });
    }
}

/// The meaning of a value in whatever case (RFC 9989 §4.8).
fn meaning<T, const N: usize>(value: &str, known: [(&str, T); N]) -> Option<T> {
    let known = known.into_iter();
    let mut same = known.filter(|(name, _)| name.eq_ignore_ascii_case(value));
    same.next().map(|(_, meaning)| meaning)
}

/// What a tag says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[expect(
    clippy::exhaustive_enums,
    reason = "a tag is there or not, and good or not"
)]
pub enum Stated<T> {
    /// There is no such tag.
    Absent,
    /// The tag has a value that means nothing.
    Invalid,
    /// The tag has this value.
    Valid(T),
}

impl<T: Copy> Stated<T> {
    /// The value, if it is good.
    #[must_use]
    pub fn valid(&self) -> Option<T> {
        match self {
            Self::Valid(value) => Some(*value),
            Self::Absent | Self::Invalid => None,
        }
    }
}

/// What is asked for mail that fails (RFC 9989 §4.7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[expect(
    clippy::exhaustive_enums,
    reason = "dmarc-request has three (RFC 9989 §4.8)"
)]
pub enum Policy {
    /// Nothing.
    None,
    /// To treat it as suspicious.
    Quarantine,
    /// To refuse it.
    Reject,
}

impl Policy {
    fn of(value: &str) -> Option<Self> {
        let known = [
            ("none", Self::None),
            ("quarantine", Self::Quarantine),
            ("reject", Self::Reject),
        ];
        meaning(value, known)
    }

    /// One level less, as `t=y` asks (RFC 9989 §4.7).
    #[must_use]
    pub fn lowered(self) -> Self {
        match self {
            Self::Reject => Self::Quarantine,
            Self::Quarantine | Self::None => Self::None,
        }
    }
}

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::None => "none",
            Self::Quarantine => "quarantine",
            Self::Reject => "reject",
        })
    }
}

/// For whom a policy is looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[expect(clippy::exhaustive_enums, reason = "p, sp and np: RFC 9989 §4.7")]
pub enum Audience {
    /// The domain that the record is at.
    Domain,
    /// A domain below it that exists.
    ExistingSubdomain,
    /// A domain below it that does not exist.
    NonexistentSubdomain,
}

/// Whether a record counts as it stands (RFC 9989 §4.10.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[expect(clippy::exhaustive_enums, reason = "the cases of RFC 9989 §4.10.1")]
pub enum Force {
    /// It does.
    AsStated,
    /// `p` is missing, or one of `p`, `sp` and `np` is not good, but reports are wanted: it counts as `p=none`.
    AsNone,
    /// The same, and no reports are wanted: no DMARC for the domain.
    NotAtAll,
}

/// How close an authenticated domain must be to that of the author (RFC 9989 §4.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[expect(
    clippy::exhaustive_enums,
    reason = "dmarc-rors has two (RFC 9989 §4.8)"
)]
pub enum Alignment {
    /// Within the same organizational domain.
    #[default]
    Relaxed,
    /// The same.
    Strict,
}

impl Alignment {
    fn of(value: &str) -> Option<Self> {
        meaning(value, [("r", Self::Relaxed), ("s", Self::Strict)])
    }
}

/// Whether a domain is a public suffix: one below which others register (RFC 9989 §4.7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[expect(
    clippy::exhaustive_enums,
    reason = "dmarc-psd has three (RFC 9989 §4.8)"
)]
pub enum Psd {
    /// `u`: the tree walk decides.
    #[default]
    Unstated,
    /// `y`.
    Yes,
    /// `n`: it is the organizational domain of all below it.
    No,
}

impl Psd {
    fn of(value: &str) -> Option<Self> {
        let known = [("u", Self::Unstated), ("y", Self::Yes), ("n", Self::No)];
        meaning(value, known)
    }
}

/// When failure reports are wanted (RFC 9989 §4.7, `fo`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct FailureOptions {
    /// `1`: if any mechanism fails to give an aligned pass; else `0`: if all do.
    pub any: bool,
    /// `d`: if a DKIM signature fails, aligned or not.
    pub dkim: bool,
    /// `s`: if SPF fails, aligned or not.
    pub spf: bool,
}

impl FailureOptions {
    /// `0` and `1` exclude each other, and none stands twice; blanks around the colons were allowed by RFC 7489 §6.4.
    fn of(value: &str) -> Option<Self> {
        let mut options = Self::default();
        let mut all = false;
        for option in value.split(':') {
            let flag = match option.trim_matches([' ', '\t']) {
                "0" => &mut all,
                "1" => &mut options.any,
                "d" | "D" => &mut options.dkim,
                "s" | "S" => &mut options.spf,
                _ => return None,
            };
            if std::mem::replace(flag, true) {
                return None;
            }
        }
        (!(all && options.any)).then_some(options)
    }
}

/// What is odd in a record. Nobody is told of it by reports: receivers fall back, each in its way.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Oddity {
    /// Something that is no tag; it is ignored (RFC 9989 §4.8).
    Syntax(TagFault),
    /// A tag that stands again; the first counts here, though RFC 6376 §3.2 would have the whole ignored.
    DuplicateTag {
        /// Where it stands again.
        span: Span,
    },
    /// A value that means nothing; the default counts.
    InvalidValue {
        /// The tag.
        name: String,
        /// Where the value stands.
        span: Span,
    },
    /// A URI that reports cannot be sent to; it is ignored (RFC 9990 §3.5).
    InvalidUri {
        /// The URI as written.
        text: Octets,
        /// Why.
        error: UriError,
        /// Where it stands.
        span: Span,
    },
    /// A URI with a size, which is obsolete and ignored (RFC 9989 §C.4).
    ObsoleteSize {
        /// Where it stands.
        span: Span,
    },
    /// `pct`, `rf` or `ri`: removed by RFC 9989 (§C.5.2), and still followed by readers of RFC 7489.
    HistoricTag {
        /// Which.
        name: String,
        /// Where it stands.
        span: Span,
    },
    /// A tag that no RFC knows; it is ignored (RFC 9989 §4.7).
    UnknownTag {
        /// Which.
        name: String,
        /// Where it stands.
        span: Span,
    },
    /// `fo` without `ruf`: it has no effect (RFC 9989 §4.7).
    OptionsWithoutReports,
    /// More that is odd, and URIs past the first 64, which are not listed.
    #[non_exhaustive]
    LeftOut {
        /// How much.
        count: usize,
    },
}

/// A text that is no DMARC record, but was meant as one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum NearMiss {
    /// Blanks, or a byte order mark, before the version, or line ends beside it.
    LeadingBlank,
    /// `v=dmarc1`: the case of the version counts.
    VersionCase,
    /// The version is not the first tag.
    VersionNotFirst,
    /// No semicolon after the version.
    NoSeparator,
    /// Another version, or half of one: `v=DMARC`, `v=DMARC2`.
    OtherVersion,
    /// No version, but a policy and what else a record has.
    NoVersion,
    /// Quotation marks or backslashes of a zone file are part of the data.
    LiteralQuoting,
}

impl NearMiss {
    /// What keeps a text from being a record, if it looks like one.
    #[must_use]
    pub fn of(text: &[u8]) -> Option<Self> {
        if Record::parse(text).is_some() {
            return None;
        }
        let bare = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
        if bare.first() == Some(&b'"') || text.windows(2).any(|pair| pair == b"\\;") {
            let mentions = text
                .to_ascii_lowercase()
                .windows(8)
                .any(|window| window == b"v=dmarc1");
            return mentions.then_some(Self::LiteralQuoting);
        }
        let list = TagList::parse(bare);
        let Some(version) = list
            .tags
            .iter()
            .find(|tag| tag.name.eq_ignore_ascii_case("v"))
        else {
            // `p` alone is a DKIM key's too.
            let policy = list
                .tags
                .iter()
                .find(|tag| tag.name.eq_ignore_ascii_case("p"));
            let policy = policy.and_then(Tag::ascii);
            return policy.and_then(Policy::of).map(|_| Self::NoVersion);
        };
        let value = version.value.as_bytes().to_ascii_lowercase();
        let rest = value.strip_prefix(b"dmarc")?;
        Some(if list.tags.first() != Some(version) {
            Self::VersionNotFirst
        } else if version.value.as_bytes() == b"DMARC1" {
            Self::LeadingBlank
        } else if rest == b"1" {
            Self::VersionCase
        } else if rest.starts_with(b"1") && !rest.iter().all(u8::is_ascii_digit) {
            Self::NoSeparator
        } else {
            Self::OtherVersion
        })
    }
}

#[cfg(test)]
mod tests;
