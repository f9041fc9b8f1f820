//! Whether a name exists.

use crate::{Answer, DnssecStatus, DomainName, Lookup, LookupError, RecordData, RecordType};

/// Asks whether `name` exists (RFC 8020): whether there is any record at it or below it.
///
/// NXDOMAIN says that it does not. NODATA says that it does, with one exception: a signer may answer so for a name that does not exist, with
/// an NSEC record that has the type NXNAME in it (RFC 9824 §2); a resolver that is not asked for signatures leaves that record out.
/// So where a signed zone answers NODATA, the NSEC record is asked for.
///
/// Asks one question, and a second one after a secure NODATA.
///
/// # Examples
///
/// ```
/// use mail_dns::{Existence, StaticLookup, existence};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let dns = StaticLookup::from_zone_text("a.b.test. 300 IN TXT x")?;
/// assert_eq!(existence(&dns, &"b.test".parse()?).await, Existence::Exists, "something is below it");
/// assert_eq!(existence(&dns, &"c.test".parse()?).await, Existence::DoesNotExist { compact: false });
/// # Ok(())
/// # }
/// ```
pub async fn existence(lookup: &impl Lookup, name: &DomainName) -> Existence {
    let answer = match lookup.lookup(name, RecordType::A).await {
        Ok(answer) => answer,
        Err(error) => return Existence::Unknown(error),
    };
    // An alias exists, whatever becomes of its target.
    if !answer.aliases.is_empty() || !answer.records().is_empty() {
        return Existence::Exists;
    }
    if answer.is_nxdomain() {
        return Existence::DoesNotExist { compact: false };
    }
    if answer.dnssec != DnssecStatus::Secure {
        return Existence::Exists;
    }
    match lookup.lookup(name, RecordType::NSEC).await {
        Ok(answer) if denies_name(&answer) => Existence::DoesNotExist { compact: true },
        // NODATA was an answer; that its NSEC record cannot be had does not unsay it.
        Ok(_) | Err(_) => Existence::Exists,
    }
}

fn denies_name(answer: &Answer) -> bool {
    answer.records().iter().any(|record| match &record.data {
        RecordData::Nsec { types } => types.contains(&RecordType::NXNAME),
        _ => false,
    })
}

/// Whether a name exists.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[expect(clippy::exhaustive_enums, reason = "yes, no, could not tell")]
pub enum Existence {
    /// There is a record at it or below it.
    Exists,
    /// There is none.
    DoesNotExist {
        /// Whether that was said by compact denial (RFC 9824) rather than NXDOMAIN.
        compact: bool,
    },
    /// Could not tell.
    Unknown(LookupError),
}
