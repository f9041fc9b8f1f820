//! Tells apart what the path check calls by one name.

use webpki::Error as PathError;

use super::{
    PathFinder, Purpose, Refusal, TrustFailure, TrustFailureKind as Kind, TrustStore, limits,
};
use crate::ChainReport;
use crate::escape::printable;

/// Why there is no path at any time, the dates left out.
pub(super) fn diagnose(
    finder: &PathFinder<'_>,
    report: &ChainReport,
    refusal: &Refusal,
) -> Vec<TrustFailure> {
    let origin = origin_failure(finder.store, report);
    let translated = || translate(finder, refusal, report);
    match refusal {
        Refusal::Path(PathError::UnknownIssuer) => {
            origin.map_or_else(translated, |origin| vec![origin])
        }
        // There is no time at which all are valid, which says nothing of where the path leads.
        _ if refusal.is_about_time() => origin.into_iter().collect(),
        // A self-signed certificate is often an authority's too; who signed it is the point.
        Refusal::Path(PathError::CaUsedAsEndEntity) if report.end_entity_is_self_signed() => {
            origin.into_iter().chain(translated()).collect()
        }
        _ => translated(),
    }
}

/// What is wrong with where the path ends, if it ends outside the store.
fn origin_failure(store: &TrustStore, report: &ChainReport) -> Option<TrustFailure> {
    let last = *report.path.last()?;
    let certificate = report.certificate(last)?;
    let issuer = certificate.issuer.clone();
    if let Some(element) = badly_signed(report) {
        let detail = "the issuer was sent, but its key did not make the signature";
        return Some(TrustFailure::new(Kind::BadSignature, Some(element), detail));
    }
    if report.end_entity_is_self_signed() {
        let detail = "signed with its own key and not in the store";
        return Some(TrustFailure::new(Kind::SelfSigned, Some(0), detail));
    }
    if store.has_name(&issuer) {
        // The anchor has the name and either another key or a key that does not verify.
        return None;
    }
    let (kind, detail) = if report.elements.get(last)?.is_self_signed(last) {
        (
            Kind::UnknownRoot,
            "this root is not in the store".to_owned(),
        )
    } else if last == 0 {
        (
            Kind::MissingIntermediate,
            format!("issuer {issuer} neither sent nor in the store"),
        )
    } else {
        (
            Kind::UnknownRoot,
            format!("issuer {issuer} neither sent nor in the store"),
        )
    };
    let failure = TrustFailure::new(kind, Some(last), detail);
    Some(TrustFailure {
        issuer: Some(issuer),
        ..failure
    })
}

/// The last element of the path, if an element of the issuer's name and key identifier was sent
/// and yet did not sign it.
fn badly_signed(report: &ChainReport) -> Option<usize> {
    let last = *report.path.last()?;
    let element = report.elements.get(last)?;
    if !element.signed_by.is_empty() {
        return None;
    }
    let this = element.certificate()?;
    let named = report
        .elements
        .iter()
        .filter_map(|other| other.certificate())
        .any(|other| {
            other.subject == this.issuer
                && (other.subject_key_id == this.authority_key_id
                    && this.authority_key_id.is_some())
        });
    named.then_some(last)
}

/// Says a refusal of the path check in this crate's words.
pub(super) fn translate(
    finder: &PathFinder<'_>,
    refusal: &Refusal,
    report: &ChainReport,
) -> Vec<TrustFailure> {
    let purpose = finder.options.purpose;
    let (error, element) = match refusal {
        Refusal::NoCertificate => {
            let detail = "no certificate was sent";
            return vec![TrustFailure::new(Kind::NoCertificate, None, detail)];
        }
        Refusal::Options(failures) => return failures.clone(),
        Refusal::EndEntity(error) => (error, Some(0)),
        Refusal::Path(error) => (error, None),
    };
    let kind = kind_of(error);
    let element = element.or_else(|| match kind {
        Kind::InvalidPurpose => first_without_purpose(report, purpose),
        Kind::BadSignature => badly_signed(report).or_else(|| report.path.last().copied()),
        Kind::CaAsEndEntity => Some(0),
        Kind::NotCa => first_not_ca(report),
        _ => None,
    });
    // What only this path check refuses is no fault of the chain.
    if let Some((kind, detail)) = limits::own(finder, report, error, element) {
        return vec![TrustFailure::new(kind, element, detail)];
    }
    vec![TrustFailure::new(
        kind,
        element,
        printable(error.to_string()),
    )]
}

fn first_without_purpose(report: &ChainReport, purpose: Purpose) -> Option<usize> {
    let mut path = report.path.iter().copied();
    path.find(|&index| {
        let usages = report
            .certificate(index)
            .and_then(|one| one.extended_key_usages.as_ref());
        usages.is_some_and(|usages| !usages.iter().any(|usage| usage == purpose.name()))
    })
}

fn first_not_ca(report: &ChainReport) -> Option<usize> {
    let mut path = report.path.iter().copied().skip(1);
    path.find(|&index| report.certificate(index).is_some_and(|one| !one.is_ca))
}

fn kind_of(error: &PathError) -> Kind {
    match error {
        PathError::CertExpired { .. } => Kind::Expired,
        PathError::CertNotValidYet { .. } => Kind::NotYetValid,
        PathError::UnknownIssuer => Kind::UnknownRoot,
        PathError::InvalidSignatureForPublicKey => Kind::BadSignature,
        PathError::RequiredEkuNotFoundContext(_) | PathError::EmptyEkuExtension => {
            Kind::InvalidPurpose
        }
        PathError::EndEntityUsedAsCa => Kind::NotCa,
        PathError::CaUsedAsEndEntity => Kind::CaAsEndEntity,
        PathError::PathLenConstraintViolated | PathError::NameConstraintViolation => {
            Kind::Constraint
        }
        PathError::SignatureAlgorithmMismatch
        | PathError::UnsupportedSignatureAlgorithmContext(_)
        | PathError::UnsupportedSignatureAlgorithmForPublicKeyContext(_) => {
            Kind::UnsupportedAlgorithm
        }
        PathError::CertDistrusted => Kind::Distrusted,
        PathError::BadDer
        | PathError::BadDerTime
        | PathError::ExtensionValueInvalid
        | PathError::InvalidCertValidity
        | PathError::InvalidSerialNumber
        | PathError::MalformedDnsIdentifier
        | PathError::MalformedExtensions
        | PathError::MalformedNameConstraint
        | PathError::TrailingData(_)
        | PathError::UnsupportedCertVersion
        | PathError::UnsupportedCriticalExtension => Kind::Malformed,
        _ => Kind::Other,
    }
}
