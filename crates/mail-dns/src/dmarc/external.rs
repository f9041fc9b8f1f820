//! Whether somebody else wants the reports about a domain (RFC 9990 §4).

use crate::dmarc::{Alignment, Record, is_aligned};
use crate::{Answer, DomainName, Lookup, LookupError, RecordType, ReportUri};

/// Finds out whether the destination of a report URI lets reports about `policy_domain` be sent to it (RFC 9990 §4; for failure
/// reports, RFC 9991 §5).
///
/// It must, if it is in another organizational domain than the policy. Asks up to 16 questions for the two organizational domains,
/// if the names differ, and one for the authorization.
///
/// # Examples
///
/// ```
/// use mail_dns::StaticLookup;
/// use mail_dns::dmarc::{Authorization, ReportKind, authorization};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let dns = StaticLookup::from_zone_text(
///     "_dmarc.good.test.                     300 IN TXT \"v=DMARC1; p=none; rua=mailto:d@reports.test\"\n\
///      good.test._report._dmarc.reports.test. 300 IN TXT \"v=DMARC1\"",
/// )?;
/// let (policy_domain, uri) = ("good.test".parse()?, "mailto:d@reports.test".parse()?);
/// let found = authorization(&dns, &policy_domain, &uri, ReportKind::Aggregate).await;
/// assert!(matches!(found, Authorization::Granted { .. }));
/// # Ok(())
/// # }
/// ```
pub async fn authorization(
    lookup: &impl Lookup,
    policy_domain: &DomainName,
    uri: &ReportUri,
    kind: ReportKind,
) -> Authorization {
    let Some(host) = &uri.host else {
        return Authorization::NoHost;
    };
    match is_aligned(lookup, policy_domain, host, Alignment::Relaxed).await {
        Ok(true) => return Authorization::NotNeeded,
        Ok(false) => {}
        Err(error) => return Authorization::Unknown(error),
    }
    let name = host
        .with_prefix("_report._dmarc")
        .and_then(|zone| DomainName::from_labels(policy_domain.labels().chain(zone.labels())));
    let Ok(name) = name else {
        return Authorization::NameTooLong;
    };
    match lookup.lookup(&name, RecordType::TXT).await {
        Err(error) => Authorization::Unknown(error),
        Ok(answer) => judge(answer, name, host, kind),
    }
}

/// One good record is enough; several do not cancel each other, unlike in the tree walk (RFC 9990 §4, step 8).
fn judge(answer: Answer, name: DomainName, host: &DomainName, kind: ReportKind) -> Authorization {
    let records: Vec<_> = answer
        .texts()
        .filter_map(|text| Record::parse(&text))
        .collect();
    if records.is_empty() {
        return Authorization::Refused { name, answer };
    }
    let instead: Vec<_> = records
        .iter()
        .flat_map(|record| match kind {
            ReportKind::Aggregate => &record.aggregate_reports,
            ReportKind::Failure => &record.failure_reports,
        })
        .cloned()
        .collect();
    if instead.iter().any(|uri| uri.host.as_ref() != Some(host)) {
        return Authorization::ForeignOverride {
            name,
            answer,
            instead,
        };
    }
    Authorization::Granted {
        name,
        answer,
        instead,
    }
}

/// Which reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[expect(clippy::exhaustive_enums, reason = "rua and ruf")]
pub enum ReportKind {
    /// Those of `rua`.
    Aggregate,
    /// Those of `ruf`.
    Failure,
}

/// Whether reports may be sent to a destination.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Authorization {
    /// It is in the organizational domain of the policy.
    NotNeeded,
    /// The destination wants them.
    #[non_exhaustive]
    Granted {
        /// Where it says so.
        name: DomainName,
        /// The answer, with the aliases on the way.
        answer: Answer,
        /// Where it wants them instead, at the same host; empty for where the policy says.
        instead: Vec<ReportUri>,
    },
    /// The destination does not say that it wants them, so the URI is ignored.
    #[non_exhaustive]
    Refused {
        /// Where it would say so.
        name: DomainName,
        /// The answer.
        answer: Answer,
    },
    /// The destination wants them at another host, which it must not say: they are sent to neither.
    #[non_exhaustive]
    ForeignOverride {
        /// Where it says so.
        name: DomainName,
        /// The answer.
        answer: Answer,
        /// Where it wants them.
        instead: Vec<ReportUri>,
    },
    /// The name to be asked for is too long: nobody can grant it.
    NameTooLong,
    /// The URI has an address in place of a name: there is nothing to ask for.
    NoHost,
    /// Could not tell.
    Unknown(LookupError),
}
