//! MTA-STS: the promise that the mail hosts of a domain speak TLS with good certificates (RFC 8461).
//!
//! [`record`] asks for the TXT record, whose `id` says when to fetch the policy anew; [`PolicyFile::parse`] reads the policy, which somebody else
//! has fetched: this crate speaks no HTTP. [`PolicyFile::covers`] matches the name of a mail host; [`History`] compares
//! what was seen over time, because senders keep a policy for as long as `max_age` said.
//!
//! # Example
//!
//! ```
//! use mail_dns::StaticLookup;
//! use mail_dns::mta_sts::{self, Mode, PolicyFile};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let dns = StaticLookup::from_zone_text("_mta-sts.good.test. 300 IN TXT \"v=STSv1; id=20261101\"")?;
//! let published = mta_sts::record(&dns, &"good.test".parse()?).await;
//! assert_eq!(published.record().map(|record| record.id.as_str()), Some("20261101"));
//!
//! let policy = PolicyFile::parse(b"version: STSv1\nmode: enforce\nmx: *.good.test\nmax_age: 604800\n")?;
//! assert_eq!(policy.mode, Mode::Enforce);
//! assert!(policy.covers(&"mx1.good.test".parse()?));
//! assert!(!policy.covers(&"a.mx1.good.test".parse()?), "a wildcard stands for one label");
//! # Ok(())
//! # }
//! ```
//!
//! # Limits
//!
//! A policy of more than 65,536 octets is refused: RFC 8461 §3.3 suggests 64 kilobytes.

mod history;
mod policy;
mod record;

pub use history::{Change, History, Seen, SeenId};
pub use policy::{Mode, MxPattern, PolicyFile, PolicyFileError, PolicyFileErrorKind, PolicyOddity};
pub use record::{StsRecord, record};
pub(crate) use record::{claims, fields};

#[cfg(test)]
mod tests;
