//! Checks a mail domain, host or address: will mail flow, and if not, who loses what, and why?
//!
//! A run has two halves. [`Collector`] asks the DNS, the ports and the lists, and takes [`Facts`]: plain data, no opinion.
//! [`Judge`] looks at the facts with [rules] that ask nobody, and makes a [`Report`]. Stored facts give the same report again.
//!
//! Every rule says *pass*, *fail* or *could not tell*, and the third is never folded into the others: [`Verdict::CouldNotTell`]
//! is not [`Verdict::Failures`].
//!
//! What it deliberately is not: a monitor. It keeps no state and no schedule, and one look from one place cannot tell a dead server from a
//! network between; it says so instead.
//!
//! # Example
//!
//! Facts judged offline: the domain declines mail, and that is no fault.
//!
//! ```
//! use mail_dns::StaticLookup;
//! use mailcheck_core::{Facts, Judge, Profile, Target, Verdict};
//! use tls_inspect::{CryptoProvider, TrustStore};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let dns = StaticLookup::from_zone_text("idle.test. 300 IN MX 0 .")?;
//! let target: Target = "idle.test".parse()?;
//! let mut facts = Facts::new(target.clone(), Profile::of(&target), 1_790_000_000);
//! facts.route = Some(mail_dns::mail_route(&dns, &"idle.test".parse()?).await);
//!
//! let report = Judge::new(TrustStore::webpki_roots(), CryptoProvider::aws_lc_rs()).judge(&facts);
//! assert_eq!(report.verdict, Verdict::Pass);
//! assert_eq!(report.headline, "idle.test takes no mail, and says so");
//! # Ok(())
//! # }
//! ```
//!
//! # Map
//!
//! | item | what it is |
//! | --- | --- |
//! | [`Target`], [`Profile`] | what to look at, and what to expect |
//! | [`Collector`], [`Progress`] | takes the facts |
//! | [`Facts`], [`ServiceFacts`] | what was seen |
//! | [`TlsaSet`] | the TLSA records of a host, for its chains to be held against |
//! | [`Judge`], [`Rule`], [`rules`] | what it means |
//! | [`Finding`], [`Outcome`], [`Severity`] | one judgement |
//! | [`Report`], [`Line`], [`Verdict`], [`Style`] | all of them, as data, JSON and text |
//!
//! # Limits
//!
//! 32 hosts, 32 addresses, 16 connections at a time to ports that must answer and as many to the others, 60 s a run unless
//! told otherwise; five questions at the most for the TLSA records of a host; where TLS handshakes failed and the failures do
//! not say why, twelve connections more to an address, one after the other. Addresses that are not global are not contacted
//! unless allowed. The lists are asked about the domain, its mail hosts, and 32 of the addresses that its SPF record names as
//! senders; what was left out is said.
//!
//! # Features
//!
//! | feature | adds | default |
//! | --- | --- | --- |
//! | `collect` | [`Collector`], on tokio | yes |
//! | `aws-lc-rs` | that cryptography provider | yes |
//! | `ring` | that cryptography provider | no |

#![cfg_attr(
    not(test),
    warn(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::string_slice,
        clippy::panic,
        clippy::print_stdout,
        clippy::print_stderr
    )
)]

#[cfg(feature = "collect")]
mod collect;
mod dane;
mod facts;
mod finding;
mod judge;
mod picture;
mod profile;
mod render;
mod report;
mod rule;
pub mod rules;
mod target;

#[cfg(feature = "collect")]
pub use collect::{Collector, Detours, Progress};
pub use dane::TlsaSet;
pub use facts::{Facts, NotProbed, ProbeResult, ServiceFacts};
pub use finding::{Finding, Outcome, Severity, Subject};
pub use judge::Judge;
pub use profile::{PortExpectation, PortRole, Profile};
pub use render::Style;
pub use report::{Line, LineKind, Report, SCHEMA_VERSION, Verdict};
pub use rule::{Axis, Requirement, Rule};
pub use rules::Case;
pub use target::{Target, TargetError, TargetErrorKind};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
