//! DANE: whether the certificate of a mail host is bound to its name by the DNS (RFC 6698, RFC 7671, RFC 7672).
//!
//! [`dane_host`] asks for all that a sender asks for before it connects, and says what follows: that it must authenticate the host, that
//! it must at least encrypt, that DANE does not apply and why, or that the host counts as unreachable because a question failed.
//! [`dane_route`] does so for all hosts of a domain, and says whether the MX records that name them are authentic. [`Tlsa`] is one
//! record, and [`effective`] leaves those that count for mail (RFC 7672 §3.1).
//!
//! Nothing here looks at a certificate.
//!
//! # Example
//!
//! ```
//! use mail_dns::dane::{self, DaneOutcome, Obstacle};
//! use mail_dns::StaticLookup;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let dns = StaticLookup::from_zone_text(
//!     "mx.good.test.          300 IN A    192.0.2.1\n\
//!      _25._tcp.mx.good.test. 300 IN TLSA 3 1 1 d2abde240d7cd3ee6b4b28c54df034b97983a1d16e8a410e4561cb106618e971\n\
//!      mx.plain.test.         300 IN A    192.0.2.2",
//! )?
//! .with_secure_zone("good.test".parse()?)
//! .with_insecure_zone("plain.test".parse()?);
//! let host = dane::dane_host(&dns, &"mx.good.test".parse()?, 25).await;
//! assert!(matches!(host.outcome, DaneOutcome::Authenticate { .. }));
//!
//! let host = dane::dane_host(&dns, &"mx.plain.test".parse()?, 25).await;
//! assert!(matches!(host.outcome, DaneOutcome::DoesNotApply(Obstacle::AddressesInsecure)));
//! # Ok(())
//! # }
//! ```
//!
//! # Limits
//!
//! At most five questions for a host.

mod host;
mod tlsa;

pub use host::{
    BaseDomain, DaneHost, DaneOutcome, DaneRoute, Obstacle, dane_host, dane_host_at, dane_route,
};
pub use tlsa::{CertificateUsage, MatchingType, Selector, Tlsa, TlsaFault, effective};

#[cfg(test)]
mod tests;
