//! TLS-RPT: where a domain wants to hear of failed TLS (RFC 8460 §3).

use crate::mta_sts::{claims, fields};
use crate::published::{PolicyTextError, PolicyTextErrorKind, Published};
use crate::tag_list::Tag;
use crate::{DomainName, Lookup, Octets, ReportUri, Span, UriError};

/// Asks for the TLS-RPT record of `domain`, at `_smtp._tls` below it (RFC 8460 §3). One question.
///
/// Reports about DANE are wanted by the owner of the TLSA base domain, so a mail host may have a record of its own (§3).
///
/// # Examples
///
/// ```
/// use mail_dns::{StaticLookup, tls_rpt};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let dns = StaticLookup::from_zone_text(
///     "_smtp._tls.good.test. 300 IN TXT \"v=TLSRPTv1; rua=mailto:tls@good.test,https://r.test/v1\"",
/// )?;
/// let published = tls_rpt(&dns, &"good.test".parse()?).await;
/// assert_eq!(published.record().map(|record| record.reports.len()), Some(2));
/// # Ok(())
/// # }
/// ```
pub async fn tls_rpt(lookup: &impl Lookup, domain: &DomainName) -> Published<TlsRptRecord> {
    let name = domain.with_prefix("_smtp._tls");
    Published::ask(
        lookup,
        name,
        TlsRptRecord::is_claimed_by,
        TlsRptRecord::parse,
    )
    .await
}

/// A TLS-RPT record.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct TlsRptRecord {
    /// The record as it came.
    pub text: Octets,
    /// `rua`: where reports are wanted, by `mailto:` or `https:`. Nobody has to authorize that (RFC 8460 §3).
    pub reports: Vec<ReportUri>,
    /// URIs that reports cannot be sent to.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Vec::is_empty")
    )]
    pub faulty: Vec<(Octets, UriError)>,
    /// Fields without a meaning here; they are ignored.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Vec::is_empty")
    )]
    pub extensions: Vec<Tag>,
}

impl TlsRptRecord {
    /// Whether a text claims to be such a record: it begins with `v=TLSRPTv1` and a semicolon, perhaps after blanks (RFC 8460 §3).
    #[must_use]
    pub fn is_claimed_by(text: &[u8]) -> bool {
        claims(text, b"v=TLSRPTv1")
    }

    /// Reads a record: the strings of one TXT record, joined.
    ///
    /// # Errors
    ///
    /// If it is against the grammar of RFC 8460 §3, or has no destination that reports can be sent to.
    pub fn parse(text: &[u8]) -> Result<Self, PolicyTextError> {
        let list = fields(text, "TLSRPTv1")?;
        let mut record = Self {
            text: text.into(),
            reports: Vec::new(),
            faulty: Vec::new(),
            extensions: list.others(&["v", "rua"]),
        };
        // The grammar lets `rua` stand several times, and each is a list.
        let lists: Vec<_> = list.tags.iter().filter(|tag| tag.name == "rua").collect();
        for written in lists
            .iter()
            .filter_map(|tag| tag.ascii())
            .flat_map(|value| value.split(','))
        {
            match written.trim_matches([' ', '\t']).parse::<ReportUri>() {
                Ok(uri) => record.reports.push(uri),
                Err(error) => record.faulty.push((written.as_bytes().into(), error)),
            }
        }
        let name = || "rua".to_owned();
        match (lists.first(), record.reports.is_empty()) {
            (None, _) => {
                let whole = Span {
                    start: 0,
                    end: text.len(),
                };
                Err(PolicyTextError::new(
                    PolicyTextErrorKind::Missing { name: name() },
                    whole,
                ))
            }
            (Some(first), true) => {
                let kind = PolicyTextErrorKind::Value { name: name() };
                Err(PolicyTextError::new(kind, first.value_span))
            }
            (Some(_), false) => Ok(record),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn kind(text: &str) -> PolicyTextErrorKind {
        TlsRptRecord::parse(text.as_bytes())
            .expect_err(text)
            .kind()
            .clone()
    }

    #[test]
    fn item_67_the_version_is_first_and_destinations_are_a_list() {
        let record = |text: &str| TlsRptRecord::parse(text.as_bytes()).expect("a record");
        let both = record("v=TLSRPTv1; rua=mailto:a@b.test , https://r.test/x;");
        let schemes: Vec<_> = both.reports.iter().map(|uri| uri.scheme.as_str()).collect();
        assert_eq!(schemes, ["mailto", "https"]);
        assert_eq!(
            record("v=TLSRPTv1;rua=mailto:a@b.test;rua=mailto:c@d.test;x=y")
                .reports
                .len(),
            2
        );
        let half = record("v=TLSRPTv1; rua=a@b.test,mailto:c@d.test");
        assert_eq!((half.reports.len(), half.faulty.len()), (1, 1));

        assert!(!TlsRptRecord::is_claimed_by(b"v=TLSRPTv1"));
        assert!(!TlsRptRecord::is_claimed_by(
            b"v=TLSRPTv2; rua=mailto:a@b.test"
        ));
        assert!(TlsRptRecord::is_claimed_by(b"v=TLSRPTv1;"));
        assert_eq!(
            kind("rua=mailto:a@b.test; v=TLSRPTv1"),
            PolicyTextErrorKind::Version
        );
        assert_eq!(
            kind("v=TLSRPTv1; x=y"),
            PolicyTextErrorKind::Missing { name: "rua".into() }
        );
        assert_eq!(
            kind("v=TLSRPTv1; rua=a@b.test"),
            PolicyTextErrorKind::Value { name: "rua".into() }
        );
        assert_eq!(kind("v=TLSRPTv1; rua="), PolicyTextErrorKind::Field);
    }

    proptest! {
        #[test]
        fn no_octets_panic(text: Vec<u8>) {
            let _ = TlsRptRecord::parse(&text);
            if let Ok(record) = TlsRptRecord::parse(&[b"v=TLSRPTv1;rua=".as_slice(), &text].concat()) {
                prop_assert!(!record.reports.is_empty());
            }
        }
    }
}
