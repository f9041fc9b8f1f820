//! TLS-RPT: where a domain wants to hear of failed TLS (RFC 8460 §3).

use crate::mta_sts::{claims, fields};
use crate::published::{PolicyTextError, PolicyTextErrorKind, Published};
use crate::tag_list::Tag;
use crate::{DomainName, Lookup, Octets, ReportUri, Span, UriError, UriErrorKind};

/// Asks for the TLS-RPT record of `domain`, at `_smtp._tls` below it (RFC 8460 §3). One question.
///
/// Reports about DANE are for the owner of the TLSA base domain (RFC 8460 §1.1), so a mail host may have a record of its own.
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
        "v=TLSRPTv1",
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
    /// How many more URIs there are, past the first 64.
    #[cfg_attr(feature = "serde", serde(default))]
    pub left_out: usize,
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
        let list = fields(text, "TLSRPTv1", &["v", "rua"])?;
        let mut record = Self {
            text: text.into(),
            reports: Vec::new(),
            faulty: Vec::new(),
            left_out: 0,
            extensions: list.others(&["v", "rua"]),
        };
        // The grammar lets `rua` stand several times, and each is a list.
        let lists: Vec<_> = list.tags.iter().filter(|tag| tag.name == "rua").collect();
        let uris = lists
            .iter()
            .flat_map(|tag| tag.value.as_bytes().split(|octet| *octet == b','));
        for written in uris {
            if record.reports.len() + record.faulty.len() == MAX_URIS {
                record.left_out += 1;
                continue;
            }
            match destination(written.trim_ascii()) {
                Ok(uri) => record.reports.push(uri),
                Err(error) => record.faulty.push((written.into(), error)),
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

/// How many URIs are read.
const MAX_URIS: usize = 64;

/// A `mailto:` or `https:` URI, without the size that DMARC once had: an exclamation mark is written in percent (RFC 8460 §3).
fn destination(written: &[u8]) -> Result<ReportUri, UriError> {
    let text = str::from_utf8(written).map_err(|_| UriError::new(UriErrorKind::Character))?;
    let uri: ReportUri = text.parse()?;
    if uri.max_octets.is_some() {
        return Err(UriError::new(UriErrorKind::Size));
    }
    if !matches!(uri.scheme.as_str(), "mailto" | "https") {
        return Err(UriError::new(UriErrorKind::Scheme));
    }
    Ok(uri)
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use proptest::prelude::*;

    use super::*;
    use crate::{LookupErrorKind, PublishedPolicy, StaticLookup};

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
        let odd = record(
            "v=TLSRPTv1; rua=mailto:a@b.test,ftp://b.test/x,http://b.test/,mailto:a@b.test!10m",
        );
        let kinds: Vec<_> = odd.faulty.iter().map(|(_, error)| error.kind()).collect();
        assert_eq!(
            kinds,
            [
                UriErrorKind::Scheme,
                UriErrorKind::Scheme,
                UriErrorKind::Size
            ]
        );
        let flood = record(&format!(
            "v=TLSRPTv1; rua=mailto:a@b.test{}",
            ",".repeat(5000)
        ));
        assert_eq!((flood.faulty.len(), flood.left_out), (63, 4937));

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

    fn published(zone: &str) -> PublishedPolicy<TlsRptRecord> {
        let dns = StaticLookup::from_zone_text(&format!("$ORIGIN d.test.\n{zone}\n"))
            .expect("zone text")
            .with_failure(
                "broken.test".parse().expect("a name"),
                LookupErrorKind::ServFail,
            );
        let domain = "d.test".parse().expect("a name");
        match pin!(tls_rpt(&dns, &domain)).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(published) => published.policy,
            Poll::Pending => panic!("memory does not wait"),
        }
    }

    #[test]
    fn item_67_several_records_are_none() {
        let one = "_smtp._tls 60 IN TXT \"v=TLSRPTv1; rua=mailto:a@b.test\"";
        assert!(matches!(published(one), PublishedPolicy::Record(_)));
        let two = format!("{one}\n_smtp._tls 60 IN TXT \"v=TLSRPTv1; rua=mailto:c@d.test\"");
        assert!(matches!(published(&two), PublishedPolicy::Several { .. }));
        assert!(matches!(
            published(&format!("{one}\n_smtp._tls 60 IN TXT noise")),
            PublishedPolicy::Record(_)
        ));
        assert_eq!(published(""), PublishedPolicy::Nothing);
        assert!(matches!(
            published("_smtp._tls 60 IN CNAME broken.test."),
            PublishedPolicy::Unknown(_)
        ));
        let alias =
            "_smtp._tls 60 IN CNAME p.test.\np.test. 60 IN TXT \"v=TLSRPTv1; rua=mailto:a@b.test\"";
        assert!(
            matches!(published(alias), PublishedPolicy::Record(_)),
            "item 8"
        );
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
