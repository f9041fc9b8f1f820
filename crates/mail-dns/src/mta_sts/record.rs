//! The TXT record (RFC 8461 §3.1).

use crate::published::{PolicyTextError, PolicyTextErrorKind, Published};
use crate::tag_list::{Syntax, Tag, TagFaultKind, TagList, is_white_space};
use crate::{DomainName, Lookup, Octets, Span};

/// Asks for the MTA-STS record of `domain`, at `_mta-sts` below it (RFC 8461 §3.1). One question; an alias is followed, and nobody asks
/// at a parent domain (§3.4).
pub async fn record(lookup: &impl Lookup, domain: &DomainName) -> Published<StsRecord> {
    let name = domain.with_prefix("_mta-sts");
    Published::ask(
        lookup,
        name,
        "v=STSv1",
        StsRecord::is_claimed_by,
        StsRecord::parse,
    )
    .await
}

/// An MTA-STS record.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct StsRecord {
    /// The record as it came.
    pub text: Octets,
    /// `id`: 1 to 32 letters and digits. It has no order: another one means another policy (RFC 8461 §3.1).
    pub id: String,
    /// Fields without a meaning here; they are ignored.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Vec::is_empty")
    )]
    pub extensions: Vec<Tag>,
}

impl StsRecord {
    /// Whether a text claims to be such a record: it begins with `v=STSv1` and a semicolon (RFC 8461 §3.1). Blanks before the semicolon
    /// are let pass, as the grammar has them; the prose beside it does not (erratum 6285).
    #[must_use]
    pub fn is_claimed_by(text: &[u8]) -> bool {
        claims(text, b"v=STSv1")
    }

    /// Reads a record: the strings of one TXT record, joined.
    ///
    /// # Errors
    ///
    /// If it is against the grammar of RFC 8461 §3.1; senders then take it that there is no policy.
    pub fn parse(text: &[u8]) -> Result<Self, PolicyTextError> {
        let list = fields(text, "STSv1", &["v", "id"])?;
        let whole = Span {
            start: 0,
            end: text.len(),
        };
        let missing = PolicyTextErrorKind::Missing { name: "id".into() };
        let id = list
            .find("id")
            .ok_or_else(|| PolicyTextError::new(missing, whole))?;
        let is_id = |text: &&str| {
            matches!(text.len(), 1..=32) && text.bytes().all(|octet| octet.is_ascii_alphanumeric())
        };
        let value = id.ascii().filter(is_id).ok_or_else(|| {
            PolicyTextError::new(
                PolicyTextErrorKind::Value { name: "id".into() },
                id.value_span,
            )
        })?;
        Ok(Self {
            text: text.into(),
            id: value.to_owned(),
            extensions: list.others(&["v", "id"]),
        })
    }
}

/// A version, blanks, and a semicolon.
pub(crate) fn claims(text: &[u8], version: &[u8]) -> bool {
    let Some(rest) = text.strip_prefix(version) else {
        return false;
    };
    let after = rest.iter().find(|octet| !matches!(octet, b' ' | b'\t'));
    after == Some(&b';')
}

/// The fields of an MTA-STS or TLS-RPT record, which have one grammar (RFC 8461 §3.1, RFC 8460 §3): the version first, no blanks but around
/// semicolons, and in the values of extensions neither blanks nor equals signs. A field that stands again is ignored (RFC 8461 §3.2).
pub(crate) fn fields(
    text: &[u8],
    version: &str,
    known: &[&str],
) -> Result<TagList, PolicyTextError> {
    let list = TagList::parse_with(
        text,
        Syntax {
            is_name: is_field_name,
            is_blank: is_white_space,
        },
    );
    let error = |kind, span| Err(PolicyTextError::new(kind, span));
    match list.tags.first() {
        Some(first)
            if first.name == "v" && first.ascii() == Some(version) && first.span.start == 0 => {}
        first => {
            let end = first.map_or(text.len(), |first| first.span.end);
            return error(PolicyTextErrorKind::Version, Span { start: 0, end });
        }
    }
    let fault = list
        .faults
        .iter()
        .find(|fault| fault.kind != TagFaultKind::Duplicate);
    if let Some(fault) = fault {
        return error(PolicyTextErrorKind::Field, fault.span);
    }
    let is_value = |value: &[u8]| {
        value
            .iter()
            .all(|octet| matches!(octet, b'!'..=b'~') && *octet != b'=')
    };
    let is_odd = |tag: &&Tag| {
        let value = tag.value.as_bytes();
        !tag.is_tight()
            || value.is_empty()
            || (!known.contains(&tag.name.as_str()) && !is_value(value))
    };
    if let Some(tag) = list.tags.iter().find(is_odd) {
        return error(PolicyTextErrorKind::Field, tag.span);
    }
    // Blanks belong to a semicolon, at the end too.
    let end = text.len();
    let start = text
        .iter()
        .rposition(|octet| !is_white_space(*octet))
        .map_or(0, |at| at + 1);
    if start < end && start.checked_sub(1).and_then(|at| text.get(at)) != Some(&b';') {
        return error(PolicyTextErrorKind::Field, Span { start, end });
    }
    Ok(list)
}

/// `sts-ext-name = (ALPHA / DIGIT) *31(ALPHA / DIGIT / "_" / "-" / ".")`.
pub(super) fn is_field_name(name: &str) -> bool {
    let inner = |octet: u8| octet.is_ascii_alphanumeric() || matches!(octet, b'_' | b'-' | b'.');
    matches!(name.len(), 1..=32)
        && name
            .bytes()
            .next()
            .is_some_and(|octet| octet.is_ascii_alphanumeric())
        && name.bytes().all(inner)
}
