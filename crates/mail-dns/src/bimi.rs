//! BIMI: where the logo of a domain is (draft-brand-indicators-for-message-identification-12, an individual draft).

use std::fmt;

use crate::published::{PolicyTextError, PolicyTextErrorKind, Published};
use crate::tag_list::{Tag, TagFaultKind, TagList};
use crate::{DomainName, Lookup, LookupError, Octets, ReportUri, Span, dmarc};

/// Asks for the BIMI record of `domain` under a selector, at `<selector>._bimi` below it (draft §4.4); the usual one is `default`.
///
/// One question. Receivers that find none ask the organizational domain for the same selector (draft §7.2): the caller knows it from the
/// tree walk of [`dmarc`].
///
/// # Examples
///
/// ```
/// use mail_dns::{StaticLookup, bimi};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let dns = StaticLookup::from_zone_text(
///     "default._bimi.good.test. 300 IN TXT \"v=BIMI1; l=https://good.test/logo.svg; a=\"\n\
///      default._bimi.idle.test. 300 IN TXT \"v=BIMI1; l=; a=;\"",
/// )?;
/// let published = bimi(&dns, &"good.test".parse()?, "default").await;
/// assert!(published.record().is_some_and(|record| !record.declines()));
/// let published = bimi(&dns, &"idle.test".parse()?, "default").await;
/// assert!(published.record().is_some_and(|record| record.declines()));
/// # Ok(())
/// # }
/// ```
pub async fn bimi(
    lookup: &impl Lookup,
    domain: &DomainName,
    selector: &str,
) -> Published<BimiRecord> {
    let name = domain
        .with_prefix("_bimi")
        .and_then(|name| name.with_prefix(selector));
    Published::ask(
        lookup,
        name,
        "v=BIMI1",
        BimiRecord::is_claimed_by,
        BimiRecord::parse,
    )
    .await
}

/// A BIMI record (draft §4.3).
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct BimiRecord {
    /// The record as it came.
    pub text: Octets,
    /// `l`: where the logo is; `None` if it is empty.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub location: Option<String>,
    /// `a`: where the evidence is, a mark certificate; `None` if it is empty or left out.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub evidence: Option<String>,
    /// `lps`: the first letters of local-parts that have a record of their own; `None` if it is left out, and none for every local-part.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub local_part_prefixes: Option<Vec<String>>,
    /// `avp`: whether a brand's or a person's picture is to be shown.
    pub avatar: Avatar,
    /// Tags without a meaning here; they are ignored.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Vec::is_empty")
    )]
    pub extensions: Vec<Tag>,
}

impl BimiRecord {
    /// Whether a text claims to be such a record: its first tag is `v=BIMI1` (draft §4.3).
    #[must_use]
    pub fn is_claimed_by(text: &[u8]) -> bool {
        let list = TagList::parse(text);
        let before = list
            .faults
            .first()
            .map_or(text.len(), |fault| fault.span.start);
        let is_version = |tag: &Tag| {
            tag.name == "v" && tag.value.as_bytes() == b"BIMI1" && tag.span.start <= before
        };
        list.tags.first().is_some_and(is_version)
    }

    /// Reads a record: the strings of one TXT record, joined.
    ///
    /// # Errors
    ///
    /// If it is against the grammar of the draft §4.3; receivers mend nothing.
    pub fn parse(text: &[u8]) -> Result<Self, PolicyTextError> {
        let list = TagList::parse(text);
        let whole = Span {
            start: 0,
            end: text.len(),
        };
        if !Self::is_claimed_by(text) {
            return Err(PolicyTextError::new(PolicyTextErrorKind::Version, whole));
        }
        let fault = list
            .faults
            .iter()
            .find(|fault| fault.kind != TagFaultKind::Value);
        if let Some(fault) = fault {
            return Err(PolicyTextError::new(PolicyTextErrorKind::Field, fault.span));
        }
        let missing = PolicyTextErrorKind::Missing { name: "l".into() };
        let location = list
            .find("l")
            .ok_or_else(|| PolicyTextError::new(missing, whole))?;
        Ok(Self {
            text: text.into(),
            location: https_uri(location)?,
            evidence: list.find("a").map(https_uri).transpose()?.flatten(),
            local_part_prefixes: list.find("lps").map(prefixes).transpose()?,
            avatar: list.find("avp").map_or(Avatar::Brand, Avatar::of),
            extensions: list.others(&["v", "l", "a", "lps", "avp"]),
        })
    }

    /// Whether the domain says that it wants no logo shown: both locations are empty (draft §4.3.1).
    #[must_use]
    pub fn declines(&self) -> bool {
        self.location.is_none() && self.evidence.is_none()
    }
}

/// Nothing, or one `https:` URI (draft §4.3).
fn https_uri(tag: &Tag) -> Result<Option<String>, PolicyTextError> {
    if tag.value.as_bytes().is_empty() {
        return Ok(None);
    }
    let has_host = |text: &&str| {
        let uri = text.parse::<ReportUri>();
        text.bytes().all(|octet| octet != b',' && octet != b'!')
            && uri.is_ok_and(|uri| uri.scheme == "https")
    };
    match tag.ascii().filter(has_host) {
        Some(text) => Ok(Some(text.to_owned())),
        None => Err(value_error(tag)),
    }
}

/// Prefixes of 1 to 63 letters, digits and hyphens, between commas (draft §4.3).
fn prefixes(tag: &Tag) -> Result<Vec<String>, PolicyTextError> {
    if tag.value.as_bytes().is_empty() {
        return Ok(Vec::new());
    }
    let is_prefix = |text: &str| {
        let inner = |octet: u8| octet.is_ascii_alphanumeric() || octet == b'-';
        matches!(text.len(), 1..=63) && text.bytes().all(inner)
    };
    let text = tag.ascii().ok_or_else(|| value_error(tag))?;
    let prefixes: Vec<_> = text.split(',').map(str::trim).collect();
    if !prefixes.iter().all(|prefix| is_prefix(prefix)) {
        return Err(value_error(tag));
    }
    Ok(prefixes.into_iter().map(str::to_ascii_lowercase).collect())
}

fn value_error(tag: &Tag) -> PolicyTextError {
    let name = tag.name.clone();
    PolicyTextError::new(PolicyTextErrorKind::Value { name }, tag.value_span)
}

/// Which picture is to be shown (draft §4.3).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Avatar {
    /// That of the brand, which is the default.
    Brand,
    /// That of the person.
    Personal,
    /// A value that nobody knows; it is ignored.
    Other(String),
}

impl Avatar {
    fn of(tag: &Tag) -> Self {
        match tag.value.as_bytes() {
            b"brand" | b"" => Self::Brand,
            b"personal" => Self::Personal,
            _ => Self::Other(tag.value.to_string()),
        }
    }
}

/// Why receivers may not show the logo of a domain, whatever its BIMI record says: its DMARC is too weak (draft §7.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Unenforced {
    /// The policy is *none*, or counts for nothing.
    PolicyNone,
    /// `sp=none`.
    SubdomainPolicyNone,
    /// `quarantine` for a part of the mail only (`pct`).
    PartialQuarantine,
    /// The policy is being tested (`t=y`), which is what `pct=0` was.
    Testing,
}

impl Unenforced {
    /// What keeps a DMARC record from being strong enough; `None` if nothing does. The draft asks it of the records of the author
    /// domain and of its organizational domain alike.
    #[must_use]
    pub fn of(record: &dmarc::Record) -> Option<Self> {
        let policy = record.policy_for(dmarc::Audience::Domain);
        match policy {
            None | Some(dmarc::Policy::None) => Some(Self::PolicyNone),
            _ if record.testing => Some(Self::Testing),
            _ if record.subdomain_policy.valid() == Some(dmarc::Policy::None) => {
                Some(Self::SubdomainPolicyNone)
            }
            Some(dmarc::Policy::Quarantine) if record.historic_percentage() < 100 => {
                Some(Self::PartialQuarantine)
            }
            _ => None,
        }
    }
}

impl Unenforced {
    /// What keeps a domain's DMARC from being strong enough: that which applies to it, and that of its organizational domain.
    ///
    /// # Errors
    ///
    /// If it is not known which record applies, or which domain is the organizational one.
    pub fn of_domain(discovery: &dmarc::Discovery) -> Result<Option<Self>, &LookupError> {
        let applied = match discovery.applied() {
            dmarc::Applied::Record { record, .. } => record,
            dmarc::Applied::Nothing => return Ok(Some(Self::PolicyNone)),
            dmarc::Applied::Unknown(error) => return Err(error),
        };
        if let Some(unenforced) = Self::of(applied) {
            return Ok(Some(unenforced));
        }
        let organizational = discovery.walk.organizational_domain()?;
        let mut steps = discovery.walk.steps.iter();
        let step = steps.find(|step| step.name == organizational);
        Ok(step.and_then(|step| step.found.record()).and_then(Self::of))
    }
}

impl fmt::Display for Unenforced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::PolicyNone => "the DMARC policy is none",
            Self::SubdomainPolicyNone => "the DMARC policy for subdomains is none",
            Self::Testing => "the DMARC policy is being tested",
            Self::PartialQuarantine => "the DMARC policy is quarantine for a part of the mail only",
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn record(text: &str) -> BimiRecord {
        BimiRecord::parse(text.as_bytes()).expect("a record")
    }

    fn kind(text: &str) -> PolicyTextErrorKind {
        BimiRecord::parse(text.as_bytes())
            .expect_err(text)
            .kind()
            .clone()
    }

    #[test]
    fn records_are_read_to_the_letter() {
        let full = record(
            "v=BIMI1; l=https://d.test/l.svg; a=https://d.test/c.pem; lps=news,Shop; avp=personal; x=y",
        );
        assert_eq!(full.location.as_deref(), Some("https://d.test/l.svg"));
        assert_eq!(full.evidence.as_deref(), Some("https://d.test/c.pem"));
        assert_eq!(
            full.local_part_prefixes,
            Some(vec!["news".into(), "shop".into()])
        );
        assert_eq!((full.avatar, full.extensions.len()), (Avatar::Personal, 1));
        assert_eq!(
            record("v=BIMI1;l=;avp=x;lps=").avatar,
            Avatar::Other("x".into())
        );

        let value = |name: &str| PolicyTextErrorKind::Value { name: name.into() };
        assert_eq!(
            kind("v=BIMI1; a="),
            PolicyTextErrorKind::Missing { name: "l".into() }
        );
        assert_eq!(kind("v=bimi1; l="), PolicyTextErrorKind::Version);
        assert_eq!(kind("l=; v=BIMI1"), PolicyTextErrorKind::Version);
        assert_eq!(kind("v=BIMI1; l=http://d.test/l.svg"), value("l"));
        assert_eq!(kind("v=BIMI1; l=https:///l.svg"), value("l"));
        assert_eq!(kind("v=BIMI1; l=https://d.test/a,b"), value("l"));
        assert_eq!(kind("v=BIMI1; l=; a=d.test"), value("a"));
        assert_eq!(kind("v=BIMI1; l=; lps=a_b"), value("lps"));
        assert_eq!(kind("v=BIMI1; l=; l="), PolicyTextErrorKind::Field);
        assert_eq!(
            record("v=BIMI1; l=https://d.test:443/l.svg")
                .location
                .as_deref(),
            Some("https://d.test:443/l.svg")
        );
        assert!(
            !BimiRecord::is_claimed_by(b"x; v=BIMI1; l=")
                && !BimiRecord::is_claimed_by(b"; v=BIMI1; l=")
        );
        assert_eq!(
            kind(&format!("v=BIMI1; l=; lps={}", "a".repeat(64))),
            value("lps")
        );
        let weak =
            |text: &str| Unenforced::of(&dmarc::Record::parse(text.as_bytes()).expect("a record"));
        assert_eq!(weak("v=DMARC1; p=reject; t=y"), Some(Unenforced::Testing));
    }

    #[test]
    fn item_78_a_logo_needs_enforcement_and_may_be_declined() {
        assert!(record("v=BIMI1; l=; a=;").declines());
        assert!(!record("v=BIMI1; l=https://d.test/l.svg").declines());
        let weak =
            |text: &str| Unenforced::of(&dmarc::Record::parse(text.as_bytes()).expect("a record"));
        assert_eq!(weak("v=DMARC1; p=reject"), None);
        assert_eq!(weak("v=DMARC1; p=quarantine; pct=100"), None);
        assert_eq!(
            weak("v=DMARC1; p=reject; pct=10"),
            None,
            "the draft says it of quarantine alone"
        );
        assert_eq!(weak("v=DMARC1; p=none"), Some(Unenforced::PolicyNone));
        assert_eq!(weak("v=DMARC1"), Some(Unenforced::PolicyNone));
        assert_eq!(
            weak("v=DMARC1; p=reject; sp=none"),
            Some(Unenforced::SubdomainPolicyNone)
        );
        assert_eq!(
            weak("v=DMARC1; p=quarantine; pct=99"),
            Some(Unenforced::PartialQuarantine)
        );
    }

    #[test]
    fn item_78_both_domains_must_enforce() {
        let dns = crate::StaticLookup::from_zone_text(
            "_dmarc.a.b.test. 60 IN TXT \"v=DMARC1; p=reject\"\n_dmarc.b.test. 60 IN TXT \"v=DMARC1; p=none\"\n\
             _dmarc.c.test. 60 IN TXT \"v=DMARC1; p=reject\"",
        )
        .expect("zone text");
        let of = |name: &str| {
            let name = name.parse().expect("a name");
            let mut discovery = Box::pin(dmarc::discover(&dns, &name));
            match discovery
                .as_mut()
                .poll(&mut std::task::Context::from_waker(std::task::Waker::noop()))
            {
                std::task::Poll::Ready(discovery) => {
                    Unenforced::of_domain(&discovery).expect("known")
                }
                std::task::Poll::Pending => panic!("memory does not wait"),
            }
        };
        assert_eq!(of("a.b.test"), Some(Unenforced::PolicyNone));
        assert_eq!(of("c.test"), None);
        assert_eq!(of("d.test"), Some(Unenforced::PolicyNone));
    }

    proptest! {
        #[test]
        fn no_octets_panic(text: Vec<u8>) {
            let _ = BimiRecord::parse(&text);
            let _ = BimiRecord::parse(&[b"v=BIMI1;l=".as_slice(), &text].concat());
        }
    }
}
