//! What the DNS says about mail, with the proof.
//!
//! A question to the DNS has three kinds of outcome, and most mail checkers fold two of them: the records, the proof that
//! there are none (NXDOMAIN and NODATA, which differ), and *could not tell* (a timeout, SERVFAIL, REFUSED, a bogus
//! signature). Here the first two are an [`Answer`], and the third is a [`LookupError`] that keeps every attempt.
//!
//! This crate knows no SMTP and no TLS, and holds no opinion: it says what is there, not whether that is good.
//! It is no general resolver either: class IN, the record types of mail, a trusted recursive resolver to ask.
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
//! | [`StaticLookup`] | answers from zone text |
//! | [`mail_route`] | where the mail of a domain goes: MX, null MX, implicit MX, and every address |
//! | [`reverse`] | names of an address, confirmed forwards |
//! | [`AddressScope`] | what an address is reserved for |
//! | [`spf`] | who may send for a domain: the record read, `check_host()` evaluated, every step told |
//! | [`stub`] | the stub resolver |
//!
//! # Limits
//!
//! 12 aliases in a row; those of SPF are in [`spf::Limits`], and the stub resolver's own limits are listed with [`stub::StubConfig`].
//!
//! # Features
//!
//! | feature | adds | default |
//! | --- | --- | --- |
//! | `serde` | `Serialize` and `Deserialize` for every fact | yes |
//! | `stub` | [`stub`], on tokio | yes |
//! | `system-config` | the system's resolver configuration, by hickory-resolver | yes |

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
