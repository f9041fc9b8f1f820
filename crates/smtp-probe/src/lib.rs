//! SMTP up to a message, and never into one: what a server is, and why it says no.
//!
//! The parts from the bottom up: a [reply parser](ReplyParser) that takes anything and keeps everything, the
//! [extensions](Ehlo) that a server offers, a [session](Session) without sockets and without a clock, a driver
//! ([`Probe`]) that runs it over TCP and TLS, [tests](SuiteTest) that are made only if they are asked for, and a [budget](Budget) of
//! connections, so that nobody is asked too often.
//!
//! What it deliberately is not: a mail client. It sends EHLO, HELO, STARTTLS and QUIT; MAIL, RCPT and RSET if an [`Envelope`] is
//! given; and has no way to a message. It knows no DNS, and it holds no opinion: an [`Observation`] says what was seen, and that
//! *not now* is neither *no* nor *not there*.
//!
//! # Example
//!
//! Any transcript can be judged again by the code that runs on the wire:
//!
//! ```
//! use std::time::Duration;
//! use smtp_probe::{Output, Security, Session, StartTls};
//!
//! let mut session = Session::new("probe.example.com".parse()?, Security::StartTls);
//! let now = Duration::ZERO;
//! session.handle_input(b"220 mx.example.com ESMTP\r\n", now);
//! let Output::Send { octets, .. } = session.poll_output(now) else { panic!("it greets back") };
//! assert_eq!(octets, b"EHLO probe.example.com\r\n");
//!
//! session.handle_input(b"250-mx.example.com\r\n250 SIZE 52428800\r\n", now);
//! let Output::Send { octets, .. } = session.poll_output(now) else { panic!("it takes its leave") };
//! assert_eq!(octets, b"QUIT\r\n");
//! session.handle_input(b"221 bye\r\n", now);
//!
//! let observation = session.into_observation(now);
//! assert_eq!(observation.starttls, StartTls::NotOffered);
//! println!("{}", observation.transcript);
//! # Ok::<(), smtp_probe::EhloNameError>(())
//! ```
//!
//! A service that looks at many ports, in a few lines:
//!
//! ```
//! # #[cfg(all(feature = "tokio", feature = "aws-lc-rs"))]
//! # async fn look(budget: &mut smtp_probe::Budget, address: std::net::SocketAddr, now: std::time::Duration) -> Result<(), Box<dyn std::error::Error>> {
//! use smtp_probe::{Decision, Ending, Probe, Security, StartTlsVerdict};
//! use tls_inspect::CryptoProvider;
//!
//! let probe = Probe::new("probe.example.com".parse()?, Security::StartTls, CryptoProvider::aws_lc_rs());
//! if let Decision::Granted(permit) = budget.request(address.ip(), None, now) {
//!     let seen = probe.run(address).await;
//!     budget.returned(permit, Ending::of(&seen), now);
//!     match (seen.starttls_verdict(), seen.stop()) {
//!         (StartTlsVerdict::Works, None) => println!("{address}: TLS"),
//!         (verdict, Some(stop)) if stop.cause.is_about_client() => println!("{address}: could not tell ({verdict}): {stop}"),
//!         (verdict, _) => println!("{address}: STARTTLS {verdict}"),
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Map
//!
//! | item | what it is |
//! | --- | --- |
//! | [`ReplyParser`], [`ReplyRef`], [`Reply`], [`Deviation`], [`ReplyError`] | replies, from any octets |
//! | [`ReplyCode`], [`EnhancedCode`] | their codes |
//! | [`Diagnosis`], [`Reason`], [`Confidence`] | why a reply says no |
//! | [`Ehlo`], [`Extension`], [`Capability`], [`EhloDifference`] | what a server can do, in the clear and inside TLS |
//! | [`Session`], [`Output`] | the session, sans-IO |
//! | [`SessionOptions`], [`EhloName`], [`Security`], [`Timeouts`], [`ReplyLimits`], [`Envelope`], [`ProxyHeader`] | how it is to go |
//! | [`Observation`], [`PortState`], [`StartTls`], [`Outcome`], [`Stop`], [`Exchange`], [`Pace`], [`Transcript`] | what was seen |
//! | [`StartTlsVerdict`], [`Service`], [`Interception`], [`same_greeting`] | what it comes to |
//! | `Bounce`, `LogLine` | what reports of delivery and mail logs say, with the feature `bounce` |
//! | [`ReasonRates`] | what refuses mail where, and what rose |
//! | [`Probe`], [`PromptStream`] | the driver, and what it connects by |
//! | [`SuiteTest`], [`Verdict`] | tests that are asked for one by one |
//! | [`Budget`], [`Permit`], [`Ending`] | how often one may knock |
//!
//! # Limits
//!
//! A reply: 4,096 octets a line, 512 lines, 65,536 octets in all. A session: thirteen replies at the most, 60 s
//! in all unless told otherwise, 65,536 octets of transcript. An envelope: two recipients, or up to five if told so. A diagnosis:
//! the first 8,192 octets of a text. Nothing that a server sends makes it hold more: about 1 MiB for a session whose every reply is as
//! long as it may be, and 5 to 6 KiB while it waits for a first one. What a budget holds is in [`BudgetLimits`].
//!
//! # Features
//!
//! | feature | adds | default |
//! | --- | --- | --- |
//! | `bounce` | `Bounce` and `LogLine`: reports of delivery, by `mail-parser`, and lines of mail logs | no |
//! | `tokio` | [`Probe`] | yes |
//! | `aws-lc-rs` | that cryptography provider of `tls-inspect` | yes |
//! | `ring` | that cryptography provider of `tls-inspect` | no |
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

#[cfg(feature = "bounce")]
mod bounce;
mod budget;
mod code;
mod config;
mod diagnosis;
mod ehlo;
mod envelope;
mod escape;
mod observation;
#[cfg(feature = "tokio")]
mod probe;
mod proxy_header;
mod rates;
mod reply;
mod session;
mod suite;
mod transcript;

#[cfg(feature = "bounce")]
pub use bounce::{Action, Bounce, BounceKind, Disposition, LogLine, LogSystem, Recipient, System};
pub use budget::{Because, Budget, BudgetLimits, Decision, Ending, Permit};
pub use code::{EnhancedCode, ReplyCode};
pub use config::{EhloName, EhloNameError, Security, SessionOptions, Timeouts};
pub use diagnosis::{Confidence, Diagnosis, Reason};
pub use ehlo::{
    AcrossTls, Capability, Ehlo, EhloDeviation, EhloDeviationKind, EhloDifference, Extension,
    FutureRelease, Limits, Priorities, Size,
};
pub use envelope::{Envelope, EnvelopeError, EnvelopeErrorKind, ForwardPath, ReversePath};
pub use observation::{
    Cause, EnvelopeReplies, Exchange, Interception, LocalFault, Observation, Outcome, Pace, Phase,
    PortState, SameGreeting, Service, Skipped, StartTls, StartTlsVerdict, Stop, Timings,
    Unsolicited, same_greeting,
};
#[cfg(feature = "tokio")]
pub use probe::{Probe, PromptStream};
pub use proxy_header::ProxyHeader;
pub use rates::{Change, ReasonCount, ReasonRates, ReceiverCounts, Sample, Trend};
pub use reply::{
    Deviation, DeviationKind, Reply, ReplyError, ReplyErrorKind, ReplyLimits, ReplyParser,
    ReplyRef, Resemblance,
};
pub use session::{Output, ReplayError, ReplayErrorKind, Session};
pub use suite::{EhloNameKind, SuiteTest, Verdict};
pub use transcript::{Entry, Event, Transcript};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
