//! What senders of mail do with one server, each by its own policy.

mod channel;
mod result_type;

use self::channel::Channel;
pub use self::result_type::TlsReportResult;
use crate::{
    Capture, CryptoProvider, DaneFailure, DaneFailureKind, DaneUncertainty, DaneVerdict, DnsId,
    Failure, HandshakeFailure, IdentityMatch, KeyPossession, ReferenceId, TlsaRecord, TrustFailure,
    TrustFailureKind, TrustStore, assess, judge_dane,
};

/// One attempt to speak TLS with a mail server, and what senders know of it beforehand.
///
/// ```
/// # #[cfg(any(feature = "aws-lc-rs", feature = "ring"))] {
/// # #[cfg(feature = "aws-lc-rs")] use tls_inspect::CryptoProvider as Provider;
/// # let provider = {
/// #     #[cfg(feature = "aws-lc-rs")] { Provider::aws_lc_rs() }
/// #     #[cfg(not(feature = "aws-lc-rs"))] { tls_inspect::CryptoProvider::ring() }
/// # };
/// # let pem = include_bytes!("../tests/data/example.pem");
/// use tls_inspect::{
///     Capture, DnsId, HandshakeOutcome, KeyPossession, MailServer, SenderVerdict, TlsAttempt,
///     TlsaAnswer, TlsaParameters, TlsReportResult, TrustStore,
/// };
///
/// // A self-signed certificate, as a recorder would have captured it.
/// let mut capture = Capture::new(HandshakeOutcome::Completed);
/// capture.chain = TrustStore::certificates_from_pem(pem)?;
/// capture.key_possession = KeyPossession::Verified;
/// let records = [TlsaParameters::SERVER_KEY.record(&capture.chain[0]).unwrap()];
///
/// let host = DnsId::parse("mx.example.org")?;
/// let store = TrustStore::webpki_roots();
/// let server = MailServer::new(TlsAttempt::Tls(&capture), &host, &store)
///     .with_tlsa(TlsaAnswer::Secure(&records), &[]);
/// let senders = server.judge(&provider, 1_800_000_000);
///
/// assert_eq!(senders.dane, SenderVerdict::DeliversAuthenticated);
/// assert!(matches!(senders.opportunistic, SenderVerdict::DeliversUnauthenticated { .. }));
/// let result = senders.mta_sts.causes()[0].result();
/// assert_eq!(result, TlsReportResult::CertificateNotTrusted);
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct MailServer<'a> {
    /// What came of the attempt.
    pub attempt: TlsAttempt<'a>,
    /// The host name of the server, as its MX record has it. Senders with MTA-STS look for it in
    /// the certificate (RFC 8461 §4.2). Whether the policy covers it (§4.1) is not looked at here.
    pub host: &'a DnsId,
    /// The authorities that senders trust. Whether they took the certificate back is not asked:
    /// RFC 8461 §4.2 allows senders to look at revocation and demands it of none.
    pub store: &'a TrustStore,
    /// What the DNS says of TLSA records.
    pub tlsa: TlsaAnswer<'a>,
    /// The reference identifiers of DANE-TA (RFC 7672 §3.2.2): the TLSA base domain and, where
    /// the MX records are secure, the next-hop domain, before and after the expansion of CNAMEs.
    pub dane_names: &'a [ReferenceId],
}

/// What came of an attempt to speak TLS.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum TlsAttempt<'a> {
    /// The server does not offer it. Where it was not found out whether it does, there is
    /// nothing to judge.
    NotOffered,
    /// A handshake was made or tried. If it failed in a way that another client need not meet,
    /// what the server had sent until then is judged all the same: its faults keep senders away
    /// that ask for more than encryption, and without any it could not be told what they do.
    Tls(&'a Capture),
}

/// What the DNS says of the TLSA records of a server (RFC 7672 §2.1.1, §2.2).
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum TlsaAnswer<'a> {
    /// These are the records, and DNSSEC proves it, of the addresses as well; of no records, it
    /// proves that there are none.
    Secure(&'a [TlsaRecord]),
    /// The records or the addresses are not signed, so that DANE does not apply (RFC 7672 §2.2.2,
    /// §2.2.3).
    Insecure,
    /// DNSSEC proves the answer false. The server counts as unreachable (RFC 7672 §2.1.2).
    Bogus,
    /// Not known: the question failed, or nobody says whether the answer is authentic. A sender
    /// whose own question fails takes the server for unreachable as well, but it may not fail.
    NotKnown,
}

impl<'a> MailServer<'a> {
    /// A server without TLSA records.
    #[must_use]
    pub const fn new(attempt: TlsAttempt<'a>, host: &'a DnsId, store: &'a TrustStore) -> Self {
        Self {
            attempt,
            host,
            store,
            tlsa: TlsaAnswer::Insecure,
            dane_names: &[],
        }
    }

    /// The same with these TLSA records and these reference identifiers for DANE-TA.
    #[must_use]
    pub const fn with_tlsa(self, tlsa: TlsaAnswer<'a>, dane_names: &'a [ReferenceId]) -> Self {
        Self {
            tlsa,
            dane_names,
            ..self
        }
    }

    /// Says what each sender does at the time `now_unix`, in seconds since
    /// 1970-01-01T00:00:00Z.
    #[must_use]
    pub fn judge(&self, provider: &CryptoProvider, now_unix: i64) -> Senders {
        let channel = Channel::of(self.attempt);
        let opportunistic = channel.opportunistic();
        let pkix = self.pkix(&channel, provider, now_unix);
        let (dane, applies) = self.dane(&channel, &opportunistic, provider, now_unix);
        let both = match applies {
            DaneApplies::Yes => with_both(&dane, &pkix),
            // Of a server that must be encrypted to, MTA-STS demands more.
            DaneApplies::No | DaneApplies::EncryptOnly => pkix.clone(),
        };
        Senders {
            mta_sts: pkix.clone(),
            pkix,
            dane,
            opportunistic,
            both,
        }
    }

    /// Judges by the public key infrastructure. What MTA-STS wants of a certificate is the same:
    /// not expired, trusted, and with the host name as a DNS-ID (RFC 8461 §4.2).
    fn pkix(
        &self,
        channel: &Channel<'_>,
        provider: &CryptoProvider,
        now_unix: i64,
    ) -> SenderVerdict {
        let (capture, doubt) = match channel.sent() {
            Ok(sent) => sent,
            Err(verdict) => return verdict,
        };
        let reference = ReferenceId::Dns(self.host.clone());
        let assessment = assess(capture, &reference, self.store, provider, now_unix);
        let mut unclear = None;
        let mut causes = Vec::new();
        let chain = &assessment.chain;
        for failure in assessment.failures {
            match failure {
                Failure::Trust(failure) if is_own_limit(failure.kind) => {
                    unclear.get_or_insert(PolicyUncertainty::PathNotChecked(failure.detail));
                }
                Failure::Trust(failure) if chain.may_hide(&failure) => {
                    unclear.get_or_insert(PolicyUncertainty::ChainTooLong);
                }
                Failure::Trust(failure) => causes.push(PolicyCause::Trust(failure)),
                // RFC 8461 §4.2 demands of no sender that it look at revocation.
                Failure::Revoked(_) | Failure::NeverIssued => {}
                Failure::Identity(found) => {
                    causes.push(PolicyCause::Identity(vec![(reference.clone(), found)]));
                }
                Failure::KeyPossession(detail) => causes.push(PolicyCause::KeyPossession(detail)),
            }
        }
        // One fault is enough, whatever else could not be told.
        if !causes.is_empty() {
            return SenderVerdict::Refuses { causes };
        }
        match doubt.or(unclear) {
            Some(cause) => SenderVerdict::CouldNotTell { cause },
            None => SenderVerdict::DeliversAuthenticated,
        }
    }

    /// Judges by DANE; where it does not apply, the sender is an opportunistic one
    /// (RFC 7672 §2.2).
    fn dane(
        &self,
        channel: &Channel<'_>,
        opportunistic: &SenderVerdict,
        provider: &CryptoProvider,
        now_unix: i64,
    ) -> (SenderVerdict, DaneApplies) {
        let records = match self.tlsa {
            TlsaAnswer::Secure([]) | TlsaAnswer::Insecure => {
                return (opportunistic.clone(), DaneApplies::No);
            }
            TlsaAnswer::Bogus => {
                let causes = vec![PolicyCause::DnssecBogus];
                return (SenderVerdict::Refuses { causes }, DaneApplies::Yes);
            }
            TlsaAnswer::NotKnown => {
                let cause = PolicyUncertainty::TlsaNotKnown;
                return (SenderVerdict::CouldNotTell { cause }, DaneApplies::Yes);
            }
            TlsaAnswer::Secure(records) => records,
        };
        let unusable = records.iter().all(|record| record.unusable().is_some());
        let applies = if unusable {
            DaneApplies::EncryptOnly
        } else {
            DaneApplies::Yes
        };
        let (capture, doubt) = match channel.sent() {
            Ok(sent) => sent,
            Err(verdict) => return (verdict, applies),
        };
        if let KeyPossession::Failed(detail) = &capture.key_possession {
            let causes = vec![PolicyCause::KeyPossession(detail.clone())];
            return (SenderVerdict::Refuses { causes }, applies);
        }
        let names = self.dane_names;
        let verdict = judge_dane(&capture.chain, records, names, provider, now_unix);
        let verdict = match (verdict, doubt) {
            (DaneVerdict::NotAuthenticated { failures }, _) => SenderVerdict::Refuses {
                causes: failures.into_iter().map(PolicyCause::Dane).collect(),
            },
            (_, Some(cause)) => SenderVerdict::CouldNotTell { cause },
            (DaneVerdict::CouldNotTell { cause }, None) if !unusable => {
                SenderVerdict::CouldNotTell {
                    cause: PolicyUncertainty::Dane(cause),
                }
            }
            (DaneVerdict::Authenticated { .. }, None) => SenderVerdict::DeliversAuthenticated,
            (_, None) => SenderVerdict::DeliversUnauthenticated,
        };
        (verdict, applies)
    }
}

/// Whether DANE decides.
#[derive(Clone, Copy)]
enum DaneApplies {
    Yes,
    /// There are records, and none is usable.
    EncryptOnly,
    No,
}

/// What each sender does. They differ in nothing but the policies that they know.
///
/// Whether the server can be reached and takes the message is another matter.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Senders {
    /// One that insists on a certificate of the public key infrastructure for the host name,
    /// without being asked to.
    pub pkix: SenderVerdict,
    /// One that follows an MTA-STS policy of mode `enforce` that covers the host (RFC 8461 §5).
    pub mta_sts: SenderVerdict,
    /// One that knows DANE only (RFC 7672).
    pub dane: SenderVerdict,
    /// One that encrypts if it can and asks for nothing (RFC 7435 §3). Where TLS fails it delivers
    /// in clear, as it may (RFC 7672 §2.2).
    pub opportunistic: SenderVerdict,
    /// One that knows DANE and follows an MTA-STS policy of mode `enforce`. Where DANE has no
    /// usable records, MTA-STS decides. Where it has, its failure decides: MTA-STS must not
    /// override it (RFC 8461 §2).
    ///
    /// Whether its success decides is open: the RFC does not say that MTA-STS need not be asked
    /// then, and senders differ. Of a server that DANE authenticates and MTA-STS does not, this
    /// is [`PolicyUncertainty::SendersDiffer`].
    ///
    /// - postfix-tlspol (its README, 2026-08) and KumoMTA (its manual, `enable_mta_sts`) go by
    ///   DANE alone where there are TLSA records, and so does Stalwart (its source, 2026-08).
    /// - Exchange Online validates by MTA-STS whatever goes to a domain with a policy (Microsoft
    ///   Learn, "Enhancing mail flow with MTA-STS"), by DANE as well where it can (Exchange Team
    ///   Blog, "Announcing SMTP DANE & MTA STS Connector Modes in Exchange Online", 2026-03-10),
    ///   and names no exception for what DANE has authenticated.
    /// - Postfix with postfix-mta-sts-resolver goes by MTA-STS alone (its README, "MTA-STS policy
    ///   overrides DANE TLS authentication", 2025-02), even where DANE fails, against the RFC.
    pub both: SenderVerdict,
}

/// What a sender does.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum SenderVerdict {
    /// It delivers over TLS, to a server that it has authenticated.
    DeliversAuthenticated,
    /// It delivers over TLS, to whoever answers.
    DeliversUnauthenticated,
    /// It delivers in clear.
    DeliversUnencrypted {
        /// Why not over TLS.
        causes: Vec<PolicyCause>,
    },
    /// It does not deliver to this server: it takes another, or keeps the message and tries
    /// again.
    Refuses {
        /// Why not: at least one cause, the most telling first.
        causes: Vec<PolicyCause>,
    },
    /// Could not tell.
    CouldNotTell {
        /// What stood in the way.
        cause: PolicyUncertainty,
    },
}

impl SenderVerdict {
    /// Whether it is known to deliver, in whatever way.
    #[must_use]
    pub const fn delivers(&self) -> bool {
        matches!(
            self,
            Self::DeliversAuthenticated
                | Self::DeliversUnauthenticated
                | Self::DeliversUnencrypted { .. }
        )
    }

    /// What is wrong, if anything is known to be.
    #[must_use]
    pub fn causes(&self) -> &[PolicyCause] {
        match self {
            Self::DeliversUnencrypted { causes } | Self::Refuses { causes } => causes,
            _ => &[],
        }
    }
}

/// One reason why a sender does not deliver, or not over TLS.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum PolicyCause {
    /// The server does not offer TLS.
    TlsNotOffered,
    /// The handshake failed, and would with any sender.
    Handshake(HandshakeFailure),
    /// The server does not hold the key of its certificate; the text says how that showed.
    KeyPossession(String),
    /// The chain is not trusted.
    Trust(TrustFailure),
    /// The certificate has none of the names; this is what came of each.
    Identity(Vec<(ReferenceId, IdentityMatch)>),
    /// A TLSA record does not authenticate the chain.
    Dane(DaneFailure),
    /// The answer for TLSA records is false by DNSSEC.
    DnssecBogus,
}

impl PolicyCause {
    /// How a report calls it (RFC 8460 §4.3).
    #[must_use]
    pub const fn result(&self) -> TlsReportResult {
        match self {
            Self::TlsNotOffered => TlsReportResult::StarttlsNotSupported,
            Self::Handshake(_) | Self::KeyPossession(_) => TlsReportResult::ValidationFailure,
            Self::Trust(failure) => trust_result(failure.kind),
            Self::Identity(_) => TlsReportResult::CertificateHostMismatch,
            Self::Dane(failure) => match &failure.kind {
                DaneFailureKind::Trust(failure) => trust_result(failure.kind),
                DaneFailureKind::Identity(_) => TlsReportResult::CertificateHostMismatch,
                DaneFailureKind::NotCa { .. } => TlsReportResult::CertificateNotTrusted,
                // RFC 8460 §4.3.2.1: none of the records was found to be valid.
                DaneFailureKind::NoMatch => TlsReportResult::TlsaInvalid,
            },
            Self::DnssecBogus => TlsReportResult::DnssecInvalid,
        }
    }
}

const fn trust_result(kind: TrustFailureKind) -> TlsReportResult {
    match kind {
        TrustFailureKind::Expired => TlsReportResult::CertificateExpired,
        _ => TlsReportResult::CertificateNotTrusted,
    }
}

/// Why it could not be told what a sender does.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum PolicyUncertainty {
    /// The handshake failed, and need not with another client, or at another time.
    Handshake(HandshakeFailure),
    /// Whether the server holds the key was not proven; the text says why, if that is known.
    KeyPossession(Option<String>),
    /// The key usages of the certificate do not allow its key to sign, as it did in the handshake
    /// (RFC 9846 §4.4.2.2). Some senders end the handshake for that, and others do not look.
    KeyUsage,
    /// The path check refused what others may accept; the text says why.
    PathNotChecked(String),
    /// The chain has more elements than are looked at.
    ChainTooLong,
    /// What TLSA records there are is not known.
    TlsaNotKnown,
    /// Whether a TLSA record authenticates the chain could not be told.
    Dane(DaneUncertainty),
    /// DANE authenticates the server, and MTA-STS does not, for these causes. Senders that go by
    /// DANE alone where it applies deliver, and those that ask for both do not: see
    /// [`Senders::both`].
    SendersDiffer(Vec<PolicyCause>),
}

/// What one does that knows both policies, of a server with usable TLSA records: see
/// [`Senders::both`].
fn with_both(dane: &SenderVerdict, mta_sts: &SenderVerdict) -> SenderVerdict {
    match (dane, mta_sts) {
        (SenderVerdict::DeliversAuthenticated, SenderVerdict::Refuses { causes }) => {
            SenderVerdict::CouldNotTell {
                cause: PolicyUncertainty::SendersDiffer(causes.clone()),
            }
        }
        (SenderVerdict::DeliversAuthenticated, mta_sts) => mta_sts.clone(),
        (dane, _) => dane.clone(),
    }
}

/// Whether the path check may have refused what other senders accept.
const fn is_own_limit(kind: TrustFailureKind) -> bool {
    matches!(
        kind,
        TrustFailureKind::UnsupportedAlgorithm
            | TrustFailureKind::CaAsEndEntity
            | TrustFailureKind::AnchorOutOfDate
            | TrustFailureKind::Other
    )
}

#[cfg(all(test, any(feature = "aws-lc-rs", feature = "ring")))]
mod tests;
