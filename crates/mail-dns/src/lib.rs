//! What the DNS says about mail, with the proof.
//!
//! A question to the DNS has three kinds of outcome, and most mail checkers fold two of them: the records, the proof that
//! there are none (NXDOMAIN and NODATA, which differ), and *could not tell* (a timeout, SERVFAIL, REFUSED, a bogus
//! signature). Here the first two are an [`Answer`], and the third is a [`LookupError`] that keeps every attempt.
//!
//! This crate knows no SMTP and no TLS, and holds no opinion: it says what is there, not whether that is good.
//! It is no general resolver either: class IN, the record types of mail, and as a rule a trusted recursive resolver to ask.
//!
//! # Example
//!
//! ```
//! use mail_dns::{RouteKind, StaticLookup};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let dns = StaticLookup::from_zone_text(
//!     "good.test.     300 IN MX 10 mx1.good.test.\n\
//!      mx1.good.test. 300 IN A  192.0.2.10\n\
//!      idle.test.     300 IN MX 0 .",
//! )?;
//! let route = mail_dns::mail_route(&dns, &"good.test".parse()?).await;
//! assert_eq!(route.kind(), RouteKind::Mx);
//! assert_eq!(route.hosts[0].name, "mx1.good.test".parse()?);
//!
//! let route = mail_dns::mail_route(&dns, &"idle.test".parse()?).await;
//! assert_eq!(route.kind(), RouteKind::NullMx, "it says that it takes no mail");
//! # Ok(())
//! # }
//! ```
//!
//! # Map
//!
//! | item | what it is |
//! | --- | --- |
//! | [`DomainName`] | a name: absolute, A-labels, any octet held and shown escaped |
//! | [`Lookup`] | the trait that everything asks through |
//! | [`Answer`], [`Negative`], [`DnssecStatus`], [`Source`] | what came back, and how |
//! | [`LookupError`], [`Attempt`] | could not tell, and what was tried |
//! | [`Record`], [`RecordType`], [`Rcode`] | the records themselves |
//! | [`StaticLookup`], [`Recorder`], [`Replay`] | answers from zone text, and kept and given again |
//! | [`mail_route`] | where the mail of a domain goes: MX, null MX, implicit MX, and every address |
//! | [`reverse()`] | names of an address, confirmed forwards |
//! | [`existence()`] | whether a name exists, compact denial among the answers |
//! | [`AddressScope`] | what an address is reserved for |
//! | [`spf`] | who may send for a domain: records read, evaluated for a client, explained without one |
//! | [`dkim`] | the keys at selectors, and which selectors there are |
//! | [`dmarc`] | what is asked for mail that fails, by the tree walk, and by the old list |
//! | [`idle_domain()`] | domains that say they neither send nor take mail |
//! | [`mta_sts`], [`tls_rpt()`] | the promise of TLS, and where failures are told |
//! | [`dane`] | certificates bound by the DNS: what a sender learns before it connects |
//! | [`caa()`], [`bimi()`], [`mail_services`] | who may issue certificates, where the logo is, where mail programs go |
//! | [`consistency`] | whether all name servers of a zone say the same |
//! | `stub` | the stub resolver |
//! | `recursive` | a recursive resolver of one's own |
//!
//! # Limits
//!
//! 12 aliases in a row. How many questions a function asks at the most stands with it; the limits of SPF are in [`spf::Limits`], and those
//! of the stub resolver with its configuration.
//!
//! # Features
//!
//! | feature | adds | default |
//! | --- | --- | --- |
//! | `serde` | `Serialize` and `Deserialize` for every fact | yes |
//! | `stub` | the stub resolver, on tokio | yes |
//! | `system-config` | the system's resolver configuration, by hickory-resolver | yes |
//! | `dns-over-tls` | resolvers asked over TLS (RFC 7858); rustls is configured by the caller | no |
//! | `dns-over-https` | resolvers asked over HTTPS (RFC 8484) | no |
//! | `public-suffix-list` | the list, for what readers of RFC 7489 conclude | no |
//! | `recursor` | a recursive resolver, by hickory-resolver | no |

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

mod answer;
mod bimi;
mod caa;
pub mod consistency;
pub mod dane;
pub mod dkim;
pub mod dmarc;
mod error;
mod existence;
mod footprint;
mod idle_domain;
mod lookup;
mod mail_route;
pub mod mta_sts;
mod name;
mod octets;
mod published;
mod record;
mod recording;
#[cfg(feature = "recursor")]
pub mod recursive;
mod report_uri;
mod reverse;
mod scope;
mod service;
pub mod spf;
mod static_lookup;
#[cfg(feature = "stub")]
pub mod stub;
mod tag_list;
mod tls_rpt;
mod wire;

pub use answer::{
    Answer, DnssecStatus, ExtendedError, IndeterminateCause, Negative, NegativeKind, Question,
    Response, Source, Transport,
};
pub use bimi::{Avatar, BimiRecord, Unenforced, bimi};
pub use caa::{CaaProperty, CaaSet, CaaStep, Issuance, Permission, caa};
pub use error::{Attempt, AttemptFailure, LookupError, LookupErrorKind};
pub use existence::{Existence, existence};
pub use idle_domain::{IdleDomain, Intent, Part, Said, idle_domain};
pub use lookup::Lookup;
pub use mail_route::{HostAddresses, MailHost, MailRoute, RouteKind, mail_route, resolve};
pub use name::{DomainName, NameError, NameErrorKind};
pub use octets::{Octets, Span};
pub use published::{PolicyTextError, PolicyTextErrorKind, Published, PublishedPolicy};
pub use record::{CharacterStrings, Rcode, Record, RecordData, RecordType};
pub use recording::{Exchange, Recorder, Recording, Replay};
pub use report_uri::{ReportUri, UriError, UriErrorKind};
pub use reverse::{Confirmation, Reverse, ReverseName, reverse};
pub use scope::AddressScope;
pub use service::{
    MailService, ServicePlaces, ServiceRecords, ServiceServer, mail_service, mail_services,
};
pub use static_lookup::{StaticLookup, ZoneTextError};
pub use tag_list::{Tag, TagFault, TagFaultKind};
pub use tls_rpt::{TlsRptRecord, tls_rpt};

#[cfg(all(doctest, feature = "stub"))]
#[doc = include_str!("../README.md")]
struct Readme;
