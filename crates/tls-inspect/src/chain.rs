//! The chain as sent: what each element is, and who signed whom.

use std::collections::HashMap;

use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer as _;

use crate::der::read_tlv;
use crate::provider::SignatureCheck;
use crate::{Certificate, CryptoProvider, Der, TrustFailure, TrustFailureKind};

/// What a chain looks like, element by element, in the order sent.
///
/// Which elements matter to trust is another question: see
/// [`TrustStore::judge`](crate::TrustStore::judge). TLS 1.3 allows superfluous elements and any
/// order after the first (RFC 9846 §4.4.2).
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct ChainReport {
    /// The first [`MAX_ELEMENTS`](Self::MAX_ELEMENTS) elements.
    pub elements: Vec<ChainElement>,
    /// How many more were sent.
    pub omitted: usize,
    /// The elements that lead up from the end-entity certificate, each signed by the next.
    pub path: Vec<usize>,
    /// Whether the path is the beginning of what was sent, in order, as TLS 1.2 demands
    /// (RFC 5246 §7.4.2).
    pub in_order: bool,
    /// The elements that are octet for octet equal to an earlier one.
    pub duplicates: Vec<usize>,
    /// The elements after the first that are self-signed: roots, which need not be sent.
    pub roots: Vec<usize>,
    /// The elements that signed nothing on the way up from the end-entity certificate and are
    /// not duplicates.
    pub unrelated: Vec<usize>,
    /// The issuer that the last element of the path names, if it was not sent. Of a well-made
    /// chain this is the root.
    #[cfg_attr(
        feature = "serde",
        serde(skip_serializing_if = "Option::is_none", default)
    )]
    pub issuer_not_sent: Option<String>,
}

impl ChainReport {
    /// The most elements that are looked at. Servers send two to four; some send a whole bundle
    /// of roots.
    pub const MAX_ELEMENTS: usize = 64;

    /// The most signatures checked for one report.
    pub const MAX_SIGNATURE_CHECKS: usize = 128;

    /// Describes a chain.
    #[must_use]
    pub fn new(chain: &[Der], provider: &CryptoProvider) -> Self {
        let seen = chain.get(..Self::MAX_ELEMENTS).unwrap_or(chain);
        let links: Vec<Link<'_>> = seen.iter().map(Link::of).collect();
        let issuers = find_issuers(&links, provider);
        let duplicates = duplicates(seen);
        let path = walk(&issuers);
        let related = closure(&issuers);
        let elements: Vec<ChainElement> = seen
            .iter()
            .zip(issuers)
            .map(|(der, signed_by)| ChainElement::of(der, signed_by))
            .collect();

        let roots = elements.iter().enumerate().skip(1);
        let roots = roots.filter(|(index, element)| element.is_self_signed(*index));
        let unrelated = 0..elements.len();
        let unrelated =
            unrelated.filter(|index| !related.contains(index) && !duplicates.contains(index));
        Self {
            omitted: chain.len() - seen.len(),
            in_order: path.iter().copied().eq(0..path.len()),
            roots: roots.map(|(index, _)| index).collect(),
            unrelated: unrelated.collect(),
            issuer_not_sent: issuer_not_sent(&elements, &path),
            duplicates,
            path,
            elements,
        }
    }

    /// The end-entity certificate, if there is one and it can be read.
    #[must_use]
    pub fn end_entity(&self) -> Option<&Certificate> {
        self.certificate(0)
    }

    /// The certificate at `index`, if there is one and it can be read.
    #[must_use]
    pub fn certificate(&self, index: usize) -> Option<&Certificate> {
        self.elements.get(index)?.certificate()
    }

    /// Whether a failure may be due to what was left out: an authority that is missing may be
    /// among it.
    #[must_use]
    pub const fn may_hide(&self, failure: &TrustFailure) -> bool {
        let is_origin = matches!(
            failure.kind,
            TrustFailureKind::MissingIntermediate | TrustFailureKind::UnknownRoot
        );
        self.omitted > 0 && is_origin
    }

    /// Whether the end-entity certificate is self-signed.
    #[must_use]
    pub fn end_entity_is_self_signed(&self) -> bool {
        self.elements
            .first()
            .is_some_and(|element| element.is_self_signed(0))
    }
}

impl Default for ChainReport {
    /// The report of an empty chain.
    fn default() -> Self {
        Self {
            elements: Vec::new(),
            omitted: 0,
            path: Vec::new(),
            in_order: true,
            duplicates: Vec::new(),
            roots: Vec::new(),
            unrelated: Vec::new(),
            issuer_not_sent: None,
        }
    }
}

/// One element of a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct ChainElement {
    /// The certificate, or why it is none.
    pub content: ElementContent,
    /// The elements that signed it, itself included; the signature verifies with their key.
    pub signed_by: Vec<SignedBy>,
}

impl ChainElement {
    fn of(der: &Der, signed_by: Vec<SignedBy>) -> Self {
        let content = match Certificate::parse(der.as_bytes()) {
            Ok(certificate) => ElementContent::Certificate(Box::new(certificate)),
            Err(error) => ElementContent::Unreadable(error.to_string()),
        };
        Self { content, signed_by }
    }

    /// The certificate, if it can be read.
    #[must_use]
    pub fn certificate(&self) -> Option<&Certificate> {
        match &self.content {
            ElementContent::Certificate(certificate) => Some(certificate),
            ElementContent::Unreadable(_) => None,
        }
    }

    /// Whether this element, the one at `index` of its chain, is signed with its own key, as far
    /// as that can be checked: see [`SignedBy::verified`].
    #[must_use]
    pub fn is_self_signed(&self, index: usize) -> bool {
        self.certificate()
            .is_some_and(|certificate| certificate.self_issued)
            && self.signed_by.iter().any(|by| by.element == index)
    }
}

/// What a chain element holds.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum ElementContent {
    /// A certificate.
    Certificate(Box<Certificate>),
    /// Something else; the text says what is wrong with it.
    Unreadable(String),
}

/// Who signed a chain element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct SignedBy {
    /// The index of the signing element.
    pub element: usize,
    /// Whether the signature was checked and is good. If not, its algorithm is beyond the
    /// provider, and only the names and key identifiers agree.
    pub verified: bool,
}

/// What path finding needs of one element.
struct Link<'a> {
    x509: Option<X509Certificate<'a>>,
    signature_algorithm: &'a [u8],
    authority_key_id: Option<&'a [u8]>,
    subject_key_id: Option<&'a [u8]>,
}

impl<'a> Link<'a> {
    fn of(der: &'a Der) -> Self {
        let x509 = X509Certificate::from_der(der.as_bytes())
            .ok()
            .map(|(_, x509)| x509);
        let mut link = Self {
            signature_algorithm: signature_algorithm(der.as_bytes()).unwrap_or_default(),
            authority_key_id: None,
            subject_key_id: None,
            x509: None,
        };
        for extension in x509.iter().flat_map(|x509| x509.extensions()) {
            use x509_parser::extensions::ParsedExtension as E;
            match extension.parsed_extension() {
                E::AuthorityKeyIdentifier(id) => {
                    link.authority_key_id = id.key_identifier.as_ref().map(|id| id.0);
                }
                E::SubjectKeyIdentifier(id) => link.subject_key_id = Some(id.0),
                _ => {}
            }
        }
        link.x509 = x509;
        link
    }

    /// Whether names and key identifiers allow that `issuer` signed this element.
    fn may_be_issued_by(&self, issuer: &Self) -> bool {
        let (Some(this), Some(issuer_x509)) = (&self.x509, &issuer.x509) else {
            return false;
        };
        let keys_agree = match (self.authority_key_id, issuer.subject_key_id) {
            (Some(authority), Some(subject)) => authority == subject,
            _ => true,
        };
        this.issuer().as_raw() == issuer_x509.subject().as_raw() && keys_agree
    }

    fn is_signed_by(&self, issuer: &Self, provider: &CryptoProvider) -> SignatureCheck {
        let (Some(this), Some(issuer)) = (&self.x509, &issuer.x509) else {
            return SignatureCheck::Failed;
        };
        provider.check_signature(
            self.signature_algorithm,
            issuer.tbs_certificate.subject_pki.raw,
            this.tbs_certificate.as_ref(),
            &this.signature_value.data,
        )
    }
}

/// The contents of the outer `signatureAlgorithm` of `Certificate ::= SEQUENCE
/// { tbsCertificate, signatureAlgorithm, signatureValue }` (RFC 5280 §4.1).
fn signature_algorithm(der: &[u8]) -> Option<&[u8]> {
    let (certificate, _) = read_tlv(der)?;
    let (_, rest) = read_tlv(certificate.value)?;
    let (algorithm, _) = read_tlv(rest)?;
    Some(algorithm.value)
}

/// For each element, the elements that signed it.
fn find_issuers(links: &[Link<'_>], provider: &CryptoProvider) -> Vec<Vec<SignedBy>> {
    let mut checks_left = ChainReport::MAX_SIGNATURE_CHECKS;
    let mut issuers = Vec::with_capacity(links.len());
    for link in links {
        let mut signed_by = Vec::new();
        for (element, candidate) in links.iter().enumerate() {
            if checks_left == 0 || !link.may_be_issued_by(candidate) {
                continue;
            }
            checks_left -= 1;
            match link.is_signed_by(candidate, provider) {
                SignatureCheck::Verified => signed_by.push(SignedBy {
                    element,
                    verified: true,
                }),
                SignatureCheck::Unsupported(_) => {
                    signed_by.push(SignedBy {
                        element,
                        verified: false,
                    });
                }
                SignatureCheck::Failed => {}
            }
        }
        issuers.push(signed_by);
    }
    issuers
}

/// Walks up from the first element, to the next one sent where there is a choice.
fn walk(issuers: &[Vec<SignedBy>]) -> Vec<usize> {
    let mut path = Vec::new();
    let mut next = (!issuers.is_empty()).then_some(0);
    while let Some(current) = next {
        path.push(current);
        let candidates = issuers.get(current).into_iter().flatten();
        let mut candidates = candidates
            .map(|by| by.element)
            .filter(|other| !path.contains(other));
        let first = candidates.clone().next();
        next = candidates.find(|&other| other == current + 1).or(first);
    }
    path
}

/// All elements that can be reached from the first.
fn closure(issuers: &[Vec<SignedBy>]) -> Vec<usize> {
    let mut reached = vec![0];
    let mut position = 0;
    while let Some(&current) = reached.get(position) {
        for by in issuers.get(current).into_iter().flatten() {
            if !reached.contains(&by.element) {
                reached.push(by.element);
            }
        }
        position += 1;
    }
    reached
}

fn duplicates(chain: &[Der]) -> Vec<usize> {
    let mut first_seen = HashMap::new();
    let indexed = chain.iter().enumerate();
    indexed
        .filter(|(index, der)| first_seen.entry(der.as_bytes()).or_insert(*index) != index)
        .map(|(index, _)| index)
        .collect()
}

fn issuer_not_sent(elements: &[ChainElement], path: &[usize]) -> Option<String> {
    let last = elements.get(*path.last()?)?;
    // A path also ends where all issuers are on it already: duplicates and cross-signing loops.
    if !last.signed_by.is_empty() {
        return None;
    }
    last.certificate()
        .map(|certificate| certificate.issuer.clone())
}

#[cfg(all(test, any(feature = "aws-lc-rs", feature = "ring")))]
mod tests;
