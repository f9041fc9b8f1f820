//! DKIM keys: what is published at a selector, and which selectors there are (RFC 6376 §3.6).
//!
//! [`KeyRecord::parse`] reads a key record; [`selector`] asks for the one at a name; [`discover`] tries many names, because
//! the DNS has no list of selectors. So *no key found* never means *the domain has no DKIM*, and a wildcard that answers to any
//! name is told from a key by asking for a name that nobody would choose.
//!
//! It verifies no signature.
//!
//! # Example
//!
//! ```
//! use mail_dns::StaticLookup;
//! use mail_dns::dkim::{self, Found, PublicKey};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let dns = StaticLookup::from_zone_text(
//!     "ed._domainkey.good.test.  300 IN TXT \"v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\"\n\
//!      old._domainkey.good.test. 300 IN TXT \"v=DKIM1; p=\"",
//! )?;
//! let key = dkim::selector(&dns, &"good.test".parse()?, "ed").await;
//! let Found::Key(record) = key.found else { panic!("{key:?}") };
//! assert!(matches!(record.key, PublicKey::Ed25519(_)));
//! assert_eq!(record.unusable(), None);
//!
//! let key = dkim::selector(&dns, &"good.test".parse()?, "old").await;
//! let Found::Key(record) = key.found else { panic!("{key:?}") };
//! assert_eq!(record.key, PublicKey::Revoked);
//! # Ok(())
//! # }
//! ```
//!
//! # Limits
//!
//! [`discover`] asks one question for each candidate and one more, 16 at a time; a record of 65,535 octets at most, as DNS has it.

mod discover;
mod key;
mod public_key;
mod selector_names;

pub use discover::{Candidates, Discovered, Discovery, Found, Selector, discover, selector};
pub use key::{KeyError, KeyErrorKind, KeyRecord, KeyType, Oddity, Quoting, Unusable};
pub use public_key::{KeyFault, PublicKey, RsaForm};
pub use selector_names::Provider;

#[cfg(test)]
mod tests;
