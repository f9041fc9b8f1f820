//! DNS blocklists, with the proof.
//!
//! A question to a list has more outcomes than "listed" and "clean", and most checkers fold them: a list that refuses the
//! resolver answers an address too, or NXDOMAIN for everything; a dead list whose domain was sold lists the whole world.
//! Here each outcome is a [`Verdict`] of its own. *Not listed* is said only with a [`Proof`]: over the same resolver, the
//! list has just listed its test entry, and has not listed what nobody lists. *Listed* is said only of a list that does
//! not list everything.
//!
//! It asks through [`mail_dns::Lookup`] and has no socket, clock or randomness of its own, and it sends no alarm: what a
//! listing means for a domain is judged above it. How much a listing weighs is data of the list.
//!
//! # Example
//!
//! ```
//! use dnsbl::{Catalogue, Checker, Subject, Verdict};
//! use mail_dns::StaticLookup;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let catalogue = Catalogue::from_toml(
//!     r#"
//!     [[list]]
//!     zone = "bl.example"
//!     name = "Example"
//!     stance = "block"
//!     tier = "minor"
//!     status = "documented"
//!     as_of = "2026-11"
//!     source = "this page"
//!     codes = [{ code = "127.0.0.2", meaning = "sent to a trap" }]
//!     ipv4 = { positive = ["127.0.0.2"], negative = ["127.0.0.1"] }
//!     "#,
//! )?;
//! let dns = StaticLookup::from_zone_text(
//!     "2.0.0.127.bl.example. 300 IN A 127.0.0.2\n\
//!      1.1.1.9.bl.example.   300 IN A 127.0.0.2",
//! )?;
//! // The nonce makes the control that nobody lists; a program takes a random one.
//! let checker = Checker::new(dns, catalogue, 7);
//! let now = 1_795_000_000; // a program takes the time
//!
//! let answers = checker.check_all(&Subject::Address("9.1.1.1".parse()?), now).await;
//! assert_eq!(answers[0].to_string(), "bl.example: 9.1.1.1 is listed: 127.0.0.2 (sent to a trap)");
//!
//! let answers = checker.check_all(&Subject::Address("9.1.1.2".parse()?), now).await;
//! assert!(matches!(answers[0].verdict, Verdict::NotListed(_)));
//! # Ok(())
//! # }
//! ```
//!
//! # Map
//!
//! | item | what it is |
//! | --- | --- |
//! | [`Catalogue`], [`List`], [`Tombstone`] | the lists as data: zones, codes, controls, terms, sources; and the dead ones, which are refused |
//! | [`Subject`] | an address or a domain, and the name under which a list is asked about it |
//! | [`Key`], [`Keys`] | what some lists want in front of their zone, and nobody must see |
//! | [`Reading`] | what one answer says by itself |
//! | [`ControlReport`] | what the list's own test entries showed |
//! | [`Verdict`], [`judge`] | readings and controls weighed together |
//! | [`Checker`], [`ListAnswer`] | asks, and the whole answer with its evidence |
//! | [`ListHealth`], [`HealthPolicy`] | how a list is doing over one resolver path, and when it is looked at again |
//! | [`Spending`] | how often a list was asked today |
//! | [`independent`] | one fact, told once, however many lists repeat it |
//! | [`Role`], [`Severity`] | how bad an entry is, by what the subject does |
//! | [`Watch`], [`Change`] | a listing over time: what is a change, and what is only an answer |
//! | [`Sweep`], [`SweepReport`] | many subjects on many lists: what is believed, what became of each pair, what an operator should know |
//! | [`Doctor`], [`Measure`] | which lists serve a resolver, and what to do about the others |
//! | [`DelistingHelp`] | how to get off a list, and when to look again |
//! | [`senders`], [`Senders`] | the addresses that a domain sends from, by its SPF record |
//!
//! # Limits
//!
//! - [`MAX_ADDRESSES`] different addresses in one answer; more is a fault of the list.
//! - [`MAX_TEXTS`] texts of a listing, each of [`ListText::MAX_LEN`] characters.
//! - [`MAX_CONTROLS`] positive and as many negative controls of a list for one kind of subject, and one random.
//! - Four names asked for one subject, and that only of lists of registrable domains ([`NameForm`]); one where a
//!   [public suffix list](Checker::with_public_suffixes) is at hand. One more where the form of the names is not known.
//! - 255 octets of a name (RFC 1035 §2.3.4); a longer one is not asked, and never "not listed".
//! - 16 lists at a time ([`Checker::with_concurrency`]). One list takes at most six lookups one after the other, so six
//!   times the deadline of the [`Lookup`](mail_dns::Lookup), and one more where the form of the names is not known.
//! - As many questions a day as a list's terms allow, or [less](Checker::with_daily_limit). A list that may be asked less
//!   than its controls and one subject take is [not asked](NotAsked::LimitTooSmall), and its controls are asked only where
//!   the day has a question for a subject after them.
//! - [`MAX_SENDERS`] addresses of a domain named one by one; networks of more than sixteen are counted.
//! - [`MAX_EPISODES`] times on a list that a watch remembers.
//! - 64 pairs in flight in each call of [`Sweep::work`], 32 of them of one list, and 1,024 listings of a list and kind of
//!   subject that wait for its controls ([`SweepOptions`]).
//! - With a memory, 16,384 answers of each list, kept for 15 minutes to an hour ([`MemoryPolicy`]).
//!
//! # Features
//!
//! | feature | adds | default |
//! | --- | --- | --- |
//! | `serde` | `Serialize` and `Deserialize` for every fact | yes |

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

mod budget;
mod catalogue;
mod checker;
mod control;
mod delisting;
mod doctor;
mod fold;
mod health;
mod key;
mod list_text;
mod memory;
mod reading;
mod role;
mod senders;
mod subject;
mod sweep;
mod verdict;
mod watch;

pub use budget::Spending;
pub use catalogue::{
    Catalogue, CatalogueError, CatalogueErrorKind, Category, CodeMatch, CodeRule, Controls,
    Delisting, DelistingMode, Effect, Inclusion, List, ListSet, MAX_CONTROLS, Meaning, NameForm,
    NoSuchList, PublicResolvers, SeverityCap, Stance, Status, Terms, Tier, Tombstone,
};
pub use checker::Checker;
pub use control::ControlReport;
pub use delisting::{DelistingHelp, Expiry, Remedy};
pub use doctor::{
    Advice, Comparison, Condition, Doctor, Egress, Examination, Fitness, KeyState, KeyTest,
    Measure, ResolverVerdict,
};
pub use fold::{Independent, independent};
pub use health::{HealthPolicy, HealthState, ListHealth, Quarantine, QuarantineReason};
pub use key::{Key, KeyError, Keys};
pub use list_text::{ListText, ListTextError, MAX_TEXTS};
pub use memory::MemoryPolicy;
pub use reading::{Asked, Code, Fault, MAX_ADDRESSES, Reading, Refusal, RefusalReason, Unsettled};
pub use role::{Role, Severity};
pub use senders::{GapCause, MAX_SENDERS, SenderAddress, SenderGap, Senders, TermPlace, senders};
pub use subject::{AskingScope, Kind, NotAsked, Subject};
pub use sweep::{
    ListTally, ListTrouble, MassListing, Sweep, SweepCounts, SweepEvent, SweepNotice, SweepOptions,
    SweepProgress, SweepReport,
};
pub use verdict::{Cause, ListAnswer, ListSummary, Listing, Proof, Verdict, judge};
pub use watch::{Change, Episode, MAX_EPISODES, Sighting, Watch, WatchPolicy, WatchState};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
