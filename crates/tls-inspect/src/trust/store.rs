//! Sets of trust anchors.

#[cfg(feature = "native-certs")]
mod platform;

use std::fmt;

use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, TrustAnchor};
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer as _;
use x509_parser::x509::X509Name;

use super::path::subject_key_id;
use crate::certificate::naming::distinguished_name;
use crate::der::hex;
use crate::escape::printable;
use crate::revocation::allows_crl_signing;
use crate::{Der, Validity};

/// A set of trust anchors with a name, so that verdicts of several sets can be told apart.
///
/// ```
/// use tls_inspect::TrustStore;
///
/// let store = TrustStore::webpki_roots();
/// assert_eq!(store.name(), "mozilla");
/// assert!(store.len() > 100);
/// ```
#[derive(Clone)]
pub struct TrustStore {
    name: String,
    anchors: Vec<TrustAnchor<'static>>,
    /// What the certificates of the anchors say, as far as they were given, in the same order.
    facts: Vec<Option<AnchorFacts>>,
    rejected: Vec<usize>,
    /// Sentences, escaped.
    unreadable: Vec<String>,
}

/// What the certificate of an anchor says, and an anchor by itself does not tell.
#[derive(Clone, Debug)]
pub(super) struct AnchorFacts {
    pub(super) dates: Validity,
    /// How many authorities may follow below it.
    pub(super) path_length: Option<usize>,
    /// The identifier of its key (RFC 5280 §4.2.1.2).
    pub(super) key_id: Option<Vec<u8>>,
    /// Whether it may sign revocation lists.
    pub(super) signs_crls: bool,
}

impl AnchorFacts {
    fn of(certificate: &Der) -> Option<Self> {
        let (_, x509) = X509Certificate::from_der(certificate.as_bytes()).ok()?;
        let validity = &x509.tbs_certificate.validity;
        let constraints = x509.basic_constraints().ok().flatten();
        let path_length = constraints.and_then(|found| found.value.path_len_constraint);
        Some(Self {
            dates: Validity::new(
                validity.not_before.timestamp(),
                validity.not_after.timestamp(),
            ),
            path_length: path_length.and_then(|most| usize::try_from(most).ok()),
            key_id: subject_key_id(&x509).map(<[u8]>::to_vec),
            signs_crls: allows_crl_signing(&x509),
        })
    }
}

impl TrustStore {
    /// A store of no anchors, which trusts nobody.
    #[must_use]
    pub fn empty(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            anchors: Vec::new(),
            facts: Vec::new(),
            rejected: Vec::new(),
            unreadable: Vec::new(),
        }
    }

    /// Mozilla's roots for TLS servers, as the crate `webpki-roots` was built with. Its name is
    /// `mozilla`.
    #[must_use]
    pub fn webpki_roots() -> Self {
        Self {
            anchors: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
            facts: vec![None; webpki_roots::TLS_SERVER_ROOTS.len()],
            ..Self::empty("mozilla")
        }
    }

    /// A store of the certificates in a PEM text (RFC 7468), such as a system's bundle.
    /// Certificates that cannot serve as an anchor are left out: see
    /// [`rejected`](Self::rejected).
    ///
    /// # Errors
    ///
    /// If the text is not PEM, or no certificate in it can serve as an anchor.
    pub fn from_pem(name: impl Into<String>, pem: &[u8]) -> Result<Self, TrustStoreError> {
        Self::from_der(name, &Self::certificates_from_pem(pem)?)
    }

    /// A store of these certificates. Those that cannot serve as an anchor are left out: see
    /// [`rejected`](Self::rejected).
    ///
    /// # Errors
    ///
    /// If none of them can serve as an anchor.
    pub fn from_der(
        name: impl Into<String>,
        certificates: &[Der],
    ) -> Result<Self, TrustStoreError> {
        let store = Self::empty(name).with(certificates);
        if store.is_empty() {
            return Err(TrustStoreError {
                kind: TrustStoreErrorKind::NoAnchor,
                found: format!("{} others", certificates.len()),
            });
        }
        Ok(store)
    }

    /// The certificates in a PEM text, in order.
    ///
    /// # Errors
    ///
    /// If the text is not PEM.
    pub fn certificates_from_pem(pem: &[u8]) -> Result<Vec<Der>, TrustStoreError> {
        CertificateDer::pem_slice_iter(pem)
            .map(|item| match item {
                Ok(der) => Ok(Der::from(der)),
                Err(error) => Err(TrustStoreError {
                    kind: TrustStoreErrorKind::NotPem,
                    found: printable(error.to_string()),
                }),
            })
            .collect()
    }

    /// The store with these certificates as anchors besides.
    #[must_use]
    pub fn with(mut self, certificates: &[Der]) -> Self {
        for (index, der) in certificates.iter().enumerate() {
            match webpki::anchor_from_trusted_cert(&der.to_certificate_der()) {
                Ok(anchor) => {
                    self.anchors.push(anchor.to_owned());
                    self.facts.push(AnchorFacts::of(der));
                }
                Err(_) => self.rejected.push(index),
            }
        }
        self
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How many anchors it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.anchors.len()
    }

    /// Whether it holds none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.anchors.is_empty()
    }

    /// The positions of the certificates that cannot serve as an anchor, each within the list
    /// it was given in.
    #[must_use]
    pub fn rejected(&self) -> &[usize] {
        &self.rejected
    }

    /// What could not be read of the place that the certificates come from, each with its cause:
    /// an anchor may be missing for it. Only a store of the platform's roots has such.
    #[must_use]
    pub fn unreadable(&self) -> &[String] {
        &self.unreadable
    }

    /// The store with a bare key as an anchor besides, under this name. Both are the contents of
    /// their SEQUENCE, without its header.
    pub(crate) fn with_key(mut self, subject: &[u8], spki: &[u8]) -> Self {
        self.anchors.push(TrustAnchor {
            subject: subject.to_vec().into(),
            subject_public_key_info: spki.to_vec().into(),
            name_constraints: None,
        });
        self.facts.push(None);
        self
    }

    pub(super) fn anchors(&self) -> &[TrustAnchor<'static>] {
        &self.anchors
    }

    /// What the certificate of this anchor of the store says, if it is known.
    pub(super) fn facts_of(&self, anchor: &TrustAnchor<'_>) -> Option<&AnchorFacts> {
        let mut both = self.anchors.iter().zip(&self.facts);
        let (_, facts) = both.find(|(known, _)| std::ptr::eq(*known, anchor))?;
        facts.as_ref()
    }

    /// Whether an anchor has this name, in the text form of this crate.
    pub(super) fn has_name(&self, name: &str) -> bool {
        self.anchors
            .iter()
            .any(|anchor| anchor_name(anchor) == name)
    }
}

impl fmt::Debug for TrustStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "TrustStore({:?}, {} anchors)",
            self.name,
            self.anchors.len()
        )
    }
}

/// The name of an anchor as text. The anchor keeps the contents of the Name only, so its header
/// is put in front again.
pub(super) fn anchor_name(anchor: &TrustAnchor<'_>) -> String {
    let contents = anchor.subject.as_ref();
    let length = contents.len().to_be_bytes();
    let significant: Vec<u8> = length
        .iter()
        .copied()
        .skip_while(|&octet| octet == 0)
        .collect();
    let mut der = vec![0x30];
    match (
        u8::try_from(contents.len()),
        u8::try_from(significant.len()),
    ) {
        (Ok(short @ 0..=0x7f), _) => der.push(short),
        (_, Ok(octets)) => {
            der.push(0x80 | octets);
            der.extend(significant);
        }
        // A length of more than 255 octets: no address space is that large.
        _ => return hex(contents),
    }
    der.extend(contents);
    match X509Name::from_der(&der) {
        Ok((_, name)) => distinguished_name(&name),
        Err(_) => hex(contents),
    }
}

/// Why a text or a list yields no trust store.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected {}, found {found}", .kind.expected())]
pub struct TrustStoreError {
    kind: TrustStoreErrorKind,
    found: String,
}

impl TrustStoreError {
    /// The kind of error.
    #[must_use]
    pub const fn kind(&self) -> TrustStoreErrorKind {
        self.kind
    }
}

/// The kinds of [`TrustStoreError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TrustStoreErrorKind {
    /// The text is not PEM.
    NotPem,
    /// No certificate can serve as an anchor.
    NoAnchor,
    /// The platform has no roots that can be read.
    NoPlatformRoots,
}

impl TrustStoreErrorKind {
    const fn expected(self) -> &'static str {
        match self {
            Self::NotPem => "PEM",
            Self::NoAnchor => "a certificate that can serve as an anchor",
            Self::NoPlatformRoots => "roots of the platform",
        }
    }
}
