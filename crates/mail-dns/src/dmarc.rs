//! DMARC: what a domain asks receivers to do with mail that only claims to be from it (RFC 9989, which replaces RFC 7489).
//!
//! [`discover`] finds the record that applies to a domain by the DNS tree walk, and what it asks for; [`Record::parse`] reads
//! one; [`authorization`] finds out whether a destination wants the reports; [`is_aligned`] compares two domains.
//! [`discover_historic`] and [`differences`] show what receivers that still follow RFC 7489 conclude.
//!
//! It evaluates no message.
//!
//! # Example
//!
//! ```
//! use mail_dns::StaticLookup;
//! use mail_dns::dmarc::{self, Applied, Audience, Policy};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let dns = StaticLookup::from_zone_text("_dmarc.good.test. 300 IN TXT \"v=DMARC1; p=reject; t=y\"")?;
//! let discovery = dmarc::discover(&dns, &"good.test".parse()?).await;
//! let Applied::Record { record, policy, .. } = discovery.applied() else { panic!("{discovery:?}") };
//! assert_eq!(record.policy_for(Audience::Domain), Some(Policy::Reject));
//! assert_eq!(policy, Some(Policy::Quarantine), "it is being tested, so one level less is asked for");
//! # Ok(())
//! # }
//! ```
//!
//! # Where the RFC leaves room
//!
//! | question | here |
//! | --- | --- |
//! | a tag twice (§4.8 is silent, RFC 6376 §3.2 spoils the record) | the first counts; said in [`Record::oddities`] |
//! | `p` missing and no `rua` (§4.7 says *none*, §4.10.1 no DMARC) | no DMARC: [`Force::NotAtAll`]; nothing is enforced either way |
//! | `sp` or `np` not good beside a good `p` (§4.10.1) | as it is written there: the whole counts as `p=none`, or for nothing |
//! | blanks before the version (§4.8) | no record, but a [`NearMiss`] |
//! | case of names and values other than the version (§4.8) | ignored, as in all ABNF |
//! | a failed question during the walk (§4.10 is silent) | the organizational domain is unknown; the domain's own record still applies |
//! | whether the domain exists (§3.2.13) | NXDOMAIN, or compact denial: [`existence`](crate::existence) |
//!
//! # Limits
//!
//! 8 questions a walk (§4.10). A record has at most the 65,535 octets of a DNS message, and 256 tags of it are read.

mod external;
mod historic;
mod record;
mod walk;

use crate::{DomainName, Lookup, LookupError};

pub use external::{Authorization, ReportKind, authorization};
#[cfg(feature = "public-suffix-list")]
pub use historic::BuiltInList;
pub use historic::{
    Difference, HistoricDiscovery, HistoricOutcome, PublicSuffixes, differences, discover_historic,
};
pub use record::{
    Alignment, Audience, FailureOptions, Force, NearMiss, Oddity, Policy, Psd, Record, Stated,
};
pub use walk::{Applied, Discovery, Found, Walk, WalkStep, discover, tree_walk};

/// Whether an authenticated domain is aligned with the author's (RFC 9989 §4.4).
///
/// Asks nothing if they are equal or must be; else up to 8 questions for each (RFC 9989 §4.10.2: every identifier has its own walk).
///
/// # Errors
///
/// If an organizational domain is not known.
///
/// # Examples
///
/// ```
/// use mail_dns::StaticLookup;
/// use mail_dns::dmarc::{Alignment, is_aligned};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let dns = StaticLookup::from_zone_text("_dmarc.good.test. 300 IN TXT \"v=DMARC1; p=none\"")?;
/// let (author, signer) = ("good.test".parse()?, "news.good.test".parse()?);
/// assert!(is_aligned(&dns, &author, &signer, Alignment::Relaxed).await?);
/// assert!(!is_aligned(&dns, &author, &signer, Alignment::Strict).await?);
/// # Ok(())
/// # }
/// ```
pub async fn is_aligned(
    lookup: &impl Lookup,
    author: &DomainName,
    authenticated: &DomainName,
    alignment: Alignment,
) -> Result<bool, LookupError> {
    if author == authenticated || alignment == Alignment::Strict {
        return Ok(author == authenticated);
    }
    let author = tree_walk(lookup, author).await;
    let author = author.organizational_domain().map_err(Clone::clone)?;
    let authenticated = tree_walk(lookup, authenticated).await;
    let authenticated = authenticated
        .organizational_domain()
        .map_err(Clone::clone)?;
    Ok(author == authenticated)
}

#[cfg(test)]
mod tests;
