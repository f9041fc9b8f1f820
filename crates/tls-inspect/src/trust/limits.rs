//! What the path check refuses and others accept: its limits, and no faults of a chain.
//!
//! webpki knows version 3 alone, no extension about policies, and constraints of DNS names and
//! addresses only; it reports an RSA key out of its range as a bad signature. OpenSSL and GnuTLS,
//! which most mail is sent with, know more.

use webpki::Error as PathError;
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer as _;

use super::{PathFinder, TrustFailureKind as Kind, dns_constraints, store};
use crate::der::reader::{Reader, context_primitive};
use crate::provider::unsupported_rsa_key;
use crate::{ChainReport, Der};

/// The extensions of RFC 5280 that webpki takes note of: key usage (§4.2.1.3), subject alternative
/// names (§4.2.1.6), basic constraints (§4.2.1.9), name constraints (§4.2.1.10), extended key
/// usages (§4.2.1.12) and distribution points (§4.2.1.13).
const KNOWN: [&str; 6] = [
    "2.5.29.15",
    "2.5.29.17",
    "2.5.29.19",
    NAME_CONSTRAINTS,
    "2.5.29.37",
    "2.5.29.31",
];

/// Policies (§4.2.1.4), their mappings (§4.2.1.5) and constraints (§4.2.1.11), and `inhibitAnyPolicy`
/// (§4.2.1.14).
const OF_POLICIES: [&str; 4] = ["2.5.29.32", "2.5.29.33", "2.5.29.36", "2.5.29.54"];

/// `nameConstraints`.
pub(super) const NAME_CONSTRAINTS: &str = "2.5.29.30";

/// The kind and the words of a refusal that may be due to such a limit.
pub(super) fn own(
    finder: &PathFinder<'_>,
    report: &ChainReport,
    error: &PathError,
    element: Option<usize>,
) -> Option<(Kind, String)> {
    let path = report.path.iter();
    let sent = || path.clone().filter_map(|&index| finder.chain.get(index));
    let other = |detail: &str| Some((Kind::Other, detail.to_owned()));
    match error {
        // One of an authority is one nowhere: it cannot say that it is an authority's.
        PathError::UnsupportedCertVersion if element == Some(0) => {
            other("a version before 3 is not read here")
        }
        PathError::UnsupportedCriticalExtension => {
            let mut critical = sent().flat_map(unknown_critical).peekable();
            critical.peek()?;
            let of_policies = critical.all(|oid| OF_POLICIES.contains(&oid.as_str()));
            let detail = "a critical extension about policies is not read here";
            of_policies.then(|| other(detail)).flatten()
        }
        PathError::NameConstraintViolation => {
            let of_others =
                sent().any(constrains_other_names) || has_such_an_anchor(finder, report);
            let detail =
                "constraints of names other than DNS names and addresses are not read here";
            let is_certain = || dns_constraints::forbid_all_paths(finder, report);
            (of_others && !is_certain())
                .then(|| other(detail))
                .flatten()
        }
        PathError::InvalidSignatureForPublicKey => {
            unchecked_key(finder, report).map(|detail| (Kind::UnsupportedAlgorithm, detail))
        }
        _ => None,
    }
}

pub(super) fn read(der: &Der) -> Option<X509Certificate<'_>> {
    X509Certificate::from_der(der.as_bytes())
        .ok()
        .map(|(_, certificate)| certificate)
}

/// The critical extensions that webpki does not know.
fn unknown_critical(der: &Der) -> Vec<String> {
    let certificate = read(der);
    let extensions = certificate.iter().flat_map(|one| one.extensions());
    extensions
        .filter(|extension| extension.critical)
        .map(|extension| extension.oid.to_id_string())
        .filter(|oid| !KNOWN.contains(&oid.as_str()))
        .collect()
}

fn constrains_other_names(der: &Der) -> bool {
    let certificate = read(der);
    let mut extensions = certificate.iter().flat_map(|one| one.extensions());
    extensions.any(|extension| {
        let fields = Reader::only_sequence(extension.value);
        let is_of_names = extension.oid.to_id_string() == NAME_CONSTRAINTS;
        is_of_names && fields.is_some_and(has_other_names)
    })
}

/// Whether the path ends below an anchor that constrains other names.
fn has_such_an_anchor(finder: &PathFinder<'_>, report: &ChainReport) -> bool {
    anchors_above(finder, report).any(|anchor| {
        let constraints = anchor.name_constraints.as_ref();
        constraints.is_some_and(|fields| has_other_names(Reader::new(fields.as_ref())))
    })
}

/// Whether `permittedSubtrees [0]` or `excludedSubtrees [1]`, each a list of `SEQUENCE { base
/// GeneralName, … }`, has a base other than `dNSName [2]` and `iPAddress [7]` (RFC 5280 §4.2.1.10).
fn has_other_names(mut fields: Reader<'_>) -> bool {
    while let Some(field) = fields.element() {
        let mut subtrees = Reader::new(field.value);
        while let Some(mut subtree) = subtrees.sequence() {
            let base = subtree.element().map(|base| base.tag);
            if base.is_some_and(|tag| ![context_primitive(2), context_primitive(7)].contains(&tag))
            {
                return true;
            }
        }
    }
    false
}

/// The anchors that have the name of an issuer of the path.
fn anchors_above<'a>(
    finder: &'a PathFinder<'_>,
    report: &'a ChainReport,
) -> impl Iterator<Item = &'a rustls_pki_types::TrustAnchor<'static>> {
    finder.store.anchors().iter().filter(|anchor| {
        let name = store::anchor_name(anchor);
        let mut path = report.path.iter();
        path.any(|&index| {
            let certificate = report.certificate(index);
            certificate.is_some_and(|certificate| certificate.issuer == name)
        })
    })
}

/// Why the key of an issuer cannot be checked, if that of one of them cannot.
fn unchecked_key(finder: &PathFinder<'_>, report: &ChainReport) -> Option<String> {
    let sent = report.path.iter().skip(1);
    let mut sent = sent.filter_map(|&index| read(finder.chain.get(index)?));
    let of_sent = sent.find_map(|issuer| unsupported_rsa_key(issuer.public_key().raw));
    of_sent.or_else(|| {
        let mut anchors = anchors_above(finder, report);
        anchors.find_map(|anchor| unsupported_rsa_key(&webpki::spki_for_anchor(anchor)))
    })
}
