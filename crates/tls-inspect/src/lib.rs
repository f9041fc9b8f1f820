//! What a TLS peer is: a recording handshake, and the judgement of what it recorded.
//!
//! The two halves are kept apart. The `Recorder` performs a handshake with any server, accepts
//! whatever certificate it sends, and hands back a [`Capture`]: plain data that says what was
//! seen and whether the server proved that it holds the key. [`assess`] judges a capture later,
//! offline, for any name, any trust store and any time, and as often as wanted.
//!
//! # What it is not
//!
//! It is no TLS library to send mail with: the recorder accepts every certificate, so nothing
//! secret may go over its streams. It knows no SMTP and no DNS: a caller hands it a stream on
//! which TLS is the next thing to be spoken. It holds no opinion: an expired certificate is
//! reported as expired, and whether that matters is for others to say.
//!
//! # Example
//!
//! ```
//! # #[cfg(any(feature = "aws-lc-rs", feature = "ring"))] {
//! # #[cfg(feature = "aws-lc-rs")] use tls_inspect::CryptoProvider as Provider;
//! # let provider = {
//! #     #[cfg(feature = "aws-lc-rs")] { Provider::aws_lc_rs() }
//! #     #[cfg(not(feature = "aws-lc-rs"))] { tls_inspect::CryptoProvider::ring() }
//! # };
//! # let pem = include_bytes!("../tests/data/example.pem");
//! use tls_inspect::{Failure, TrustFailureKind, TrustStore, assess_chain};
//!
//! // `provider` is, for example, `CryptoProvider::aws_lc_rs()`; the chain comes from a capture
//! // or, as here, from a file.
//! let chain = TrustStore::certificates_from_pem(pem)?;
//! let reference = "mx.example.org".parse()?;
//! let store = TrustStore::webpki_roots();
//! let now_unix = 1_800_000_000;
//!
//! let assessment = assess_chain(&chain, &reference, &store, &provider, now_unix);
//! assert!(assessment.identity.is_some_and(|identity| identity.is_match()));
//! let Some(Failure::Trust(failure)) = assessment.failures.first() else { panic!() };
//! assert_eq!(failure.kind, TrustFailureKind::SelfSigned);
//! # }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Reading order
//!
//! - `numbers`: [`ProtocolVersion`], [`CipherSuite`] and the other numbers of the registries.
//! - `capture`: [`Capture`], what one handshake showed.
//! - `hello`: [`ClientHello`] and [`HelloProbe`], what a server of any age answers to one hello.
//! - `record`: the `Recorder`, its `HandshakeOptions` and its `RecordedStream`, over any tokio
//!   stream.
//! - `failure`: reads a [`HandshakeFailure`] out of an I/O error.
//! - `cause`: [`FailureSearch`], why a handshake failed, found out with a few hellos.
//! - `scan`: [`Scan`], what a server speaks, over several connections.
//! - `certificate`: [`Certificate`], one certificate described, with its [`Deviation`]s.
//! - `validity`: [`Validity`], how much is left of it, and how long it may be; [`ClockHint`], when
//!   the clock rather than the chain may be off.
//! - `identity`: [`ReferenceId`] and [`match_identity`], the rules of RFC 9525.
//! - `chain`: [`ChainReport`], who signed whom in what was sent.
//! - `trust`: [`TrustStore`] and why a chain does or does not lead to it; [`PathOptions`], what
//!   else is asked of the path; [`judge_side_by_side`], several stores at once.
//! - `dane`: [`judge_dane`], whether TLSA records of the domain authenticate a chain, and
//!   [`Rollover`], what becomes of them when the chain changes.
//! - `assess`: the public key infrastructure's judgement of one capture, staple included.
//! - `policy`: [`MailServer`], what senders of each policy do with it, side by side.
//! - `revocation`: [`check_staple`], what OCSP says, and [`check_crl`], what a list says.
//! - `transparency`: [`check_scts`], what the logs' timestamps are worth.
//! - `provider`: the [`CryptoProvider`] that signatures are checked with.
//! - `der`: octets kept as received.
//! - `escape`: text made safe to show.
//!
//! # Limits
//!
//! - A handshake message holds at most 64 KiB, and so does a chain; a longer one fails the
//!   handshake as `TooLong` (RFC 9846 §4.4.2 would allow 16 MiB), as do a chain and a staple of
//!   TLS 1.2 that come together and are longer.
//! - A handshake takes at most 30 seconds unless told otherwise.
//! - A capture holds at most 64 KiB of certificates, 256 of them, 64 KiB of a staple, 64 KiB of
//!   names of authorities, 512 of them, and 16 alerts: no more than 216 KiB of memory. What was
//!   left out is counted. While the handshake lasts, the TLS library takes up to 3 MiB for lists
//!   of tiny items (measured: 2.2 MB). Of a ServerHello, 4,096 octets are read.
//! - Of a peer that is not speaking TLS, 512 octets are kept.
//! - Of the answer to a hello, 128 KiB are read, with at most 64 KiB in a message, 256
//!   certificates, 512 names of authorities, 64 extensions, 32 alerts and 64 deviations.
//! - A search for the cause of a failure makes at most twelve connections unless told otherwise.
//! - Of a chain, 64 elements are looked at, with at most 128 signature checks for its
//!   description. A path has at most six intermediates; building it takes at most 100
//!   signature checks at each of at most nine times, and as many again where elements were sent
//!   that the path does not need.
//! - Of a certificate, 16 URLs of a kind are kept, of at most 2,048 octets each, 32 policies and
//!   32 TLS features.
//! - Of a TLSA set, 64 records are looked at, and at most eight of them get a path built; for
//!   a roll-over, with each of the two chains and of those that stay, and one path more with each
//!   for its plans.
//! - The recorder speaks TLS 1.2 with ECDHE and AEAD, and TLS 1.3. Of older servers it sees an
//!   alert and no certificate; a `HelloProbe` sees more. Neither asks for SCTs in the handshake
//!   (RFC 6962 §3.3.1): those in the certificate and in the staple are seen.
//! - Of the revocation lists that a caller hands in with [`PathOptions`], 64 are used, and at
//!   most 128 times in a judgement one of them is looked into.
//! - Of an OCSP response, 64 KiB and eight certificates are looked at; of a revocation list,
//!   32 MiB and a million entries; of the SCTs of one channel, 32.
//!
//! # Features
//!
//! - `aws-lc-rs` (default) and `ring`: the cryptography providers of these names. Both may be
//!   on. With neither, a [`CryptoProvider`] cannot be had.
//! - `tokio` (default): the `Recorder`.
//! - `native-certs`: the roots of the platform as a [`TrustStore`], read from its files.
//! - `serde` (default): `Serialize` and `Deserialize` for every fact.

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

mod assess;
mod capture;
mod cause;
mod certificate;
mod chain;
mod dane;
mod der;
mod escape;
mod failure;
mod hello;
mod identity;
mod numbers;
mod policy;
mod provider;
#[cfg(feature = "tokio")]
mod record;
mod revocation;
mod scan;
mod transparency;
mod trust;
mod validity;

#[cfg(all(test, any(feature = "aws-lc-rs", feature = "ring")))]
mod pki;

pub use crate::assess::{Assessment, Expiry, Failure, Reservation, assess, assess_chain};
pub use crate::capture::{
    AlertSender, Capture, ClientCertificateRequest, HandshakeFailure, HandshakeFailureKind,
    HandshakeKind, HandshakeOutcome, KeyPossession, SentAlert,
};
pub use crate::cause::{
    CauseConnection, CauseQuestion, CauseUncertainty, FailureCause, FailureCauseReport,
    FailureSearch, FailureSearchOptions, ProvenCause, SchemeKind, SuiteKind, UnsupportedKey,
};
pub use crate::certificate::{
    AltName, Certificate, CertificateError, CertificateErrorKind, CertificatePolicy, Deviation,
    Key, Profile, RevocationPointer, Validation,
};
pub use crate::chain::{ChainElement, ChainReport, ElementContent, SignedBy};
pub use crate::dane::{
    CertificateUsage, ChainRecord, DaneBinding, DaneFailure, DaneFailureKind, DaneReport,
    DaneUncertainty, DaneVerdict, MatchingType, NextChain, NextMatch, RecordAdvice, RecordOutcome,
    RecordStanding, Rollover, RolloverAction, RolloverAdvice, RolloverPlan, RolloverSchedule,
    RolloverScheme, RolloverStep, Selector, Survival, TlsaFault, TlsaParameters, TlsaRecord,
    all_tlsa_records, judge_dane, tlsa_records,
};
pub use crate::der::Der;
pub use crate::hello::{
    ClientHello, DowngradeSentinel, HelloAnswer, HelloError, HelloErrorKind, HelloOutcome,
    HelloProbe, HelloProgress, HelloRetryRequest, KeyExchange, KeyShareOffer, ServerExtension,
    ServerFlight, ServerHello, ServerKeyExchange,
};
#[cfg(feature = "tokio")]
pub use crate::hello::{Dial, DialError, send_hello};
pub use crate::identity::{
    DnsId, IdentityMatch, ReferenceId, ReferenceIdError, ReferenceIdErrorKind, match_identity,
};
pub use crate::numbers::{
    Alert, AlertDescription, AlertLevel, CipherSuite, NamedGroup, ProtocolVersion, SignatureScheme,
    SuiteAuthentication, SuiteKeyExchange,
};
pub use crate::policy::{
    MailServer, PolicyCause, PolicyUncertainty, SenderVerdict, Senders, TlsAttempt,
    TlsReportResult, TlsaAnswer,
};
pub use crate::provider::CryptoProvider;
#[cfg(feature = "tokio")]
pub use crate::record::{
    HandshakeOptions, HandshakeOptionsError, HandshakeOptionsErrorKind, OfferedGroups, OfferedName,
    OfferedVersions, Recorded, RecordedStream, Recorder, ServerKeyKind,
};
pub use crate::revocation::{
    CrlFailure, CrlFailureKind, CrlProof, CrlVerdict, OcspFailure, OcspFailureKind, OcspProof,
    OcspResponder, OcspResponseStatus, OcspVerdict, Revocation, RevocationPointers,
    RevocationReason, StapleState, check_crl, check_staple,
};
pub use crate::scan::{
    DhePrime, HelloTolerance, Scan, ScanAuthentication, ScanCompleteness, ScanEvidence,
    ScanFeatures, ScanOptions, ScanPart, ScanPreference, ScanQuestion, ScanReport, ScanRole,
    ScanSight, ScanStop, ScanSupport, ScanUncertainty, ScannedCertificate, ScannedConnection,
    ScannedGroups, ScannedSuites, ScannedVersion,
};
pub use crate::transparency::{
    CtLog, LogList, LogListError, LogListErrorKind, LogState, SctChannel, SctReport, SctVerdict,
    TransparencyReport, check_scts,
};
pub use crate::trust::{
    MissingIssuer, PathOptions, Purpose, StoreVerdict, TrustFailure, TrustFailureKind, TrustStore,
    TrustStoreError, TrustStoreErrorKind, TrustVerdict, judge_side_by_side,
};
pub use crate::validity::{BaselineLimit, ClockHint, Lifetime, LifetimeState, Validity};

#[cfg(all(doctest, feature = "aws-lc-rs", feature = "tokio"))]
#[doc = include_str!("../README.md")]
struct Readme;
