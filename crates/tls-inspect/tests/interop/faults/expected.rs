//! What must be said of each fault.

use tls_inspect::{
    Certificate, FailureCause, HandshakeFailureKind, KeyPossession, NamedGroup, ProtocolVersion,
    SchemeKind, SuiteKind, UnsupportedKey,
};

use super::{F, Fault, Kind, Looked};
use crate::servers::device::{End, Step};

/// What is expected of a look at a server.
#[derive(Debug)]
pub(super) enum Expected {
    /// The handshake fails in one of these ways, or any, and this is the cause.
    Cause(Option<HandshakeFailureKind>, FailureCause),
    /// The handshake completes, and the certificate has this key.
    Key(&'static str),
    /// The handshake completes, and a client certificate was asked for.
    Asked,
    /// The handshake is cut off in this way when it has come so far. The search says that the
    /// fault is not in the hello if it has come to the end, and else names no other cause.
    Cut(HandshakeFailureKind, Progress),
    /// The handshake fails like this, and the search tells no more, which begins with this.
    Uncertain(HandshakeFailureKind, &'static str),
}

/// How far a handshake has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    Nothing,
    Hello,
    /// The server has shown that it holds its key.
    Proof,
}

impl Progress {
    fn of(looked: &Looked) -> Self {
        match (&looked.capture.key_possession, looked.capture.version) {
            (KeyPossession::Verified, _) => Self::Proof,
            (_, Some(_)) => Self::Hello,
            (_, None) => Self::Nothing,
        }
    }
}

impl Expected {
    /// What is otherwise than expected.
    pub(super) fn disagreement(&self, looked: &Looked) -> Option<String> {
        let capture = &looked.capture;
        let early = capture.outcome.failure();
        let found = early.or(capture.late_failure.as_ref()).map(|f| f.kind);
        let report = looked.search.as_ref();
        let is_well = match self {
            Self::Cause(kind, cause) => {
                let causes = report.into_iter().flat_map(|report| &report.causes);
                let causes: Vec<_> = causes.map(|proven| &proven.cause).collect();
                causes == [cause] && found.is_some() && (kind.is_none() || *kind == found)
            }
            Self::Key(key) => {
                let leaf = capture.chain.first();
                let leaf = leaf.and_then(|leaf| Certificate::parse(leaf.as_bytes()).ok());
                report.is_none() && leaf.is_some_and(|leaf| leaf.key.to_string() == *key)
            }
            Self::Asked => report.is_none() && capture.client_certificate_request.is_some(),
            Self::Cut(kind, progress) => {
                let causes = report.into_iter().flat_map(|report| &report.causes);
                let mut causes = causes.map(|proven| &proven.cause);
                let only = match progress {
                    Progress::Proof => FailureCause::NotInHello,
                    _ => FailureCause::DropsEveryHello,
                };
                found == Some(*kind)
                    && Progress::of(looked) == *progress
                    && report.is_some()
                    && causes.all(|cause| *cause == only)
            }
            Self::Uncertain(kind, begin) => {
                let text = report.map(ToString::to_string).unwrap_or_default();
                found == Some(*kind) && text.starts_with(begin)
            }
        };
        (!is_well).then(|| format!("expected {self:?}"))
    }
}

pub(super) fn expected(kind: Kind, fault: Fault) -> Expected {
    use HandshakeFailureKind as Failed;

    let any = |cause| Expected::Cause(None, cause);
    let read = |text: &str| {
        any(FailureCause::CertificateKey(UnsupportedKey::Read(
            text.to_owned(),
        )))
    };
    let deduced = |kind| any(FailureCause::CertificateKey(UnsupportedKey::Deduced(kind)));
    let is_postfix = matches!(kind, Kind::Postfix(_));
    match fault {
        F::Tls10Only => any(FailureCause::OnlyOldVersions {
            highest: ProtocolVersion::TLS_1_0,
        }),
        F::Tls11Only => any(FailureCause::OnlyOldVersions {
            highest: ProtocolVersion::TLS_1_1,
        }),
        F::CbcOnly => any(suites(SuiteKind::EcdheCbc, None)),
        F::StaticRsaOnly => any(suites(SuiteKind::StaticRsa, None)),
        F::DheOnly => any(suites(SuiteKind::FiniteFieldDhe, Some(2048))),
        F::Anonymous => any(suites(
            SuiteKind::Anonymous,
            match kind {
                // Without a certificate to measure by, OpenSSL takes 1024 bits with AES-128.
                Kind::Openssl | Kind::Postfix(_) => Some(1024),
                _ => None,
            },
        )),
        F::NullOnly => any(suites(SuiteKind::Null, None)),
        F::P521Only | F::P521OnlyTls13 => any(FailureCause::OnlyGroup(NamedGroup::SECP521R1)),
        F::X448Only => any(FailureCause::OnlyGroup(NamedGroup::X448)),
        F::MlKem768Only => any(FailureCause::OnlyGroup(NamedGroup(0x0201))),
        F::Ed448Key => read("Ed448"),
        F::Ed448KeyTls13 => deduced(SchemeKind::Ed448),
        F::RsaPssKey => read("RSASSA-PSS"),
        F::RsaPssKeyTls13 => deduced(SchemeKind::RsaPss),
        F::BrainpoolKey => read("EC, brainpoolP256r1"),
        F::Rsa1024Key => Expected::Key("RSA 1024 bits"),
        // It is the server that fails, after its hello.
        F::Rsa1024KeyTooShort => {
            Expected::Cause(Some(Failed::AlertReceived), FailureCause::ServerFailed)
        }
        // Postfix completes the handshake, and refuses in SMTP.
        F::ClientCertificate | F::ClientCertificateTls13 if is_postfix => Expected::Asked,
        F::ClientCertificate | F::ClientCertificateTls13 => Expected::Cause(
            Some(Failed::ClientCertificateRequired),
            FailureCause::ClientCertificateRequired,
        ),
        F::Plaintext => Expected::Cause(
            Some(Failed::NotTls),
            FailureCause::Plaintext(
                match kind {
                    Kind::Postfix(_) => "220 localhost ESMTP Postfix",
                    _ => "220 mx.example.org ESMTP",
                }
                .to_owned(),
            ),
        ),
        F::NoKey => match kind {
            // Postfix warns in its log, and goes on without.
            Kind::Postfix(_) => any(suites(SuiteKind::Anonymous, Some(1024))),
            _ => Expected::Uncertain(
                Failed::AlertReceived,
                "could not tell: the server refuses whatever is offered, with alert \
                 handshake_failure",
            ),
        },
        F::Deaf(_, End::Silence) => Expected::Cause(Some(Failed::Timeout), FailureCause::Silent),
        F::Device(Step::LargeHello, end) => {
            Expected::Cause(Some(ended(end)), FailureCause::LargeHelloIntolerance)
        }
        F::Device(Step::InServerHello, end) => Expected::Cut(ended(end), Progress::Nothing),
        F::Device(Step::Certificate, end) => Expected::Cut(ended(end), Progress::Hello),
        F::Device(Step::Finished12 | Step::Finished13, end) => {
            Expected::Cut(ended(end), Progress::Proof)
        }
        F::Device(Step::Accepted | Step::Hello, end) | F::Deaf(_, end) => {
            Expected::Cause(Some(ended(end)), FailureCause::DropsEveryHello)
        }
    }
}

/// How the client sees the end of a connection.
fn ended(end: End) -> HandshakeFailureKind {
    match end {
        End::Close => HandshakeFailureKind::PeerClosed,
        End::Reset => HandshakeFailureKind::Reset,
        End::Silence => HandshakeFailureKind::Timeout,
    }
}

fn suites(kind: SuiteKind, dh_bits: Option<u32>) -> FailureCause {
    FailureCause::OnlySuiteKinds {
        kinds: vec![kind],
        dh_bits,
    }
}
