//! A certification authority made at start, and the certificates good and bad that mail servers show.
//!
//! Validity is relative to the clock of the machine, so that a chain that expires in nine days does so
//! whenever the tests run. Keys are fresh in each run: ECDSA on P-256.

use std::{fmt, sync::Arc};

use rcgen::{
    BasicConstraints, Certificate, CertificateParams, CertifiedIssuer, DnType,
    ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose,
};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use time::{Duration, OffsetDateTime};

use crate::error::{LabError, LabErrorKind};

/// A server's certificates as it sends them, the end-entity certificate first, and its key.
pub type Identity = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

/// What is wrong, if anything, with a server's chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum CertificateKind {
    /// Nothing: 90 days, of which 10 are gone; the intermediate is sent.
    Healthy,
    /// 90 days, of which 9 are left: renewal is overdue.
    NearExpiry,
    /// Expired 12 days ago.
    Expired,
    /// Valid from 3 days hence.
    NotYetValid,
    /// Signed by its own key.
    SelfSigned,
    /// For `wrong-name.invalid`, whatever names were asked.
    WrongName,
    /// Healthy, but sent without the intermediate.
    MissingIntermediate,
    /// Issued by an authority that nobody trusts.
    UntrustedRoot,
}

/// A root and an intermediate, and a second authority outside of all trust.
#[derive(Clone)]
pub struct TestCa {
    trusted: Arc<Authority>,
    untrusted: Arc<Authority>,
    now: OffsetDateTime,
}

struct Authority {
    root: Certificate,
    intermediate: CertifiedIssuer<'static, KeyPair>,
}

impl TestCa {
    /// Makes the keys and certificates of both authorities.
    ///
    /// # Errors
    ///
    /// When a key or certificate cannot be made.
    pub fn new() -> Result<Self, LabError> {
        Self::at(now())
    }

    fn at(now: OffsetDateTime) -> Result<Self, LabError> {
        Ok(Self {
            trusted: Arc::new(Authority::new("Lab", now).map_err(error)?),
            untrusted: Arc::new(Authority::new("Untrusted", now).map_err(error)?),
            now,
        })
    }

    /// The trusted root, as PEM.
    #[must_use]
    pub fn root_pem(&self) -> String {
        self.trusted.root.pem()
    }

    /// The trusted root, as DER.
    #[must_use]
    pub fn root_der(&self) -> CertificateDer<'static> {
        self.trusted.root.der().clone()
    }

    /// A new certificate of this kind for these names, with its key.
    ///
    /// # Errors
    ///
    /// When a name cannot stand in a certificate.
    pub fn chain(&self, kind: CertificateKind, names: &[&str]) -> Result<Identity, LabError> {
        self.issue(kind, names).map_err(error)
    }

    fn issue(&self, kind: CertificateKind, names: &[&str]) -> Result<Identity, rcgen::Error> {
        let names = match kind {
            CertificateKind::WrongName => vec!["wrong-name.invalid".to_owned()],
            _ => names.iter().map(ToString::to_string).collect(),
        };
        let first_day = match kind {
            CertificateKind::NearExpiry => -81,
            CertificateKind::Expired => -102,
            CertificateKind::NotYetValid => 3,
            _ => -10,
        };
        // Days are told rounded down: an hour past the day, they are the same for the whole of a run.
        let hour = match kind {
            CertificateKind::Expired => Duration::hours(-1),
            _ => Duration::HOUR,
        };
        let key = KeyPair::generate()?;
        let params = end_entity(names, self.now + Duration::days(first_day) + hour)?;
        let authority = match kind {
            CertificateKind::UntrustedRoot => &self.untrusted,
            _ => &self.trusted,
        };
        let chain = match kind {
            CertificateKind::SelfSigned => vec![params.self_signed(&key)?.der().clone()],
            CertificateKind::MissingIntermediate => {
                vec![
                    params
                        .signed_by(&key, &authority.intermediate)?
                        .der()
                        .clone(),
                ]
            }
            _ => vec![
                params
                    .signed_by(&key, &authority.intermediate)?
                    .der()
                    .clone(),
                authority.intermediate.der().clone(),
            ],
        };
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        Ok((chain, key))
    }
}

impl fmt::Debug for TestCa {
    /// Without the keys.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestCa")
            .field("now", &self.now)
            .finish_non_exhaustive()
    }
}

impl Authority {
    fn new(name: &str, now: OffsetDateTime) -> Result<Self, rcgen::Error> {
        let params = authority(
            &format!("{name} Root"),
            IsCa::Ca(BasicConstraints::Unconstrained),
            now,
        );
        let root = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;
        let params = authority(
            &format!("{name} Intermediate"),
            IsCa::Ca(BasicConstraints::Constrained(0)),
            now,
        );
        let intermediate = CertifiedIssuer::signed_by(params, KeyPair::generate()?, &root)?;
        Ok(Self {
            root: root.as_ref().clone(),
            intermediate,
        })
    }
}

fn authority(name: &str, is_ca: IsCa, now: OffsetDateTime) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.remove(DnType::CommonName);
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = is_ca;
    params.not_before = now - Duration::days(365);
    params.not_after = now + Duration::days(365);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

/// RFC 5280, section 4.2.1: what a server's certificate carries. No common name, as issuers do now.
fn end_entity(
    names: Vec<String>,
    not_before: OffsetDateTime,
) -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.not_before = not_before;
    params.not_after = not_before + Duration::days(90);
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    Ok(params)
}

fn error(found: rcgen::Error) -> LabError {
    LabError::new(
        LabErrorKind::Certificate,
        format!("expected to issue a certificate, found: {found}"),
    )
}

#[expect(
    clippy::disallowed_methods,
    reason = "certificates are judged by the real clock, so they are issued by it"
)]
fn now() -> OffsetDateTime {
    std::time::SystemTime::now().into()
}
