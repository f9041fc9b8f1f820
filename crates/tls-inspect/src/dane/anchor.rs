//! The path to a DANE-TA record (RFC 7671 §5.2), which takes the place of a trust anchor.

use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::KeyUsage;
use x509_parser::prelude::FromDer as _;

use super::{
    DaneBinding, DaneFailureKind as Failure, DaneUncertainty, Judge, MatchingType, RecordOutcome,
    Selector, TlsaRecord, select,
};
use crate::certificate::key_usages_allow;
use crate::der::read_tlv;
use crate::provider::unsupported_rsa_key;
use crate::{
    AltName, Certificate, ChainReport, Der, IdentityMatch, ReferenceId, TrustFailure,
    TrustFailureKind, TrustStore, TrustVerdict, match_identity,
};

/// Where the anchor comes from.
enum Source {
    /// These elements of the chain, all of which the record matches and which are authorities'.
    Elements {
        authorities: Vec<usize>,
        /// Whether it matches others that cannot be read, and so may be authorities' too.
        unreadable: bool,
    },
    /// The certificate in the record.
    Certificate(Der),
    /// The key in the record, and the names under which the chain's issuers go.
    Key(Vec<Vec<u8>>),
}

impl Source {
    /// Why another anchor may be there, if one may.
    fn doubt(&self) -> Option<DaneUncertainty> {
        matches!(
            self,
            Self::Elements {
                unreadable: true,
                ..
            }
        )
        .then_some(DaneUncertainty::UnreadableAnchor)
    }

    /// Why the chain that leads here is not authenticated all the same: a certificate in the
    /// record must be an authority's no less than one that was sent.
    fn as_authority(&self) -> (Option<DaneUncertainty>, Vec<Failure>) {
        let Self::Certificate(der) = self else {
            return (None, Vec::new());
        };
        match is_authority(der) {
            Some(true) => (None, Vec::new()),
            Some(false) => (None, vec![Failure::NotCa { element: None }]),
            None => (Some(DaneUncertainty::UnreadableAnchor), Vec::new()),
        }
    }
}

/// Judges the chain by one usable DANE-TA record.
pub(super) fn judge(judge: &Judge<'_>, record: &TlsaRecord) -> RecordOutcome {
    let source = match find(judge.chain, record) {
        Ok(source) => source,
        // The authority may be among the elements that were not looked at.
        Err(Failure::NoMatch) if judge.chain.len() > ChainReport::MAX_ELEMENTS => {
            return RecordOutcome::Unclear(DaneUncertainty::ChainTooLong);
        }
        Err(kind) => return RecordOutcome::Failed(vec![kind]),
    };
    let Some(store) = store(judge.chain, record, &source) else {
        return RecordOutcome::Unclear(DaneUncertainty::UnreadableAnchor);
    };
    let report = judge.report();
    let trust = store.judge_described(judge.chain, report, judge.provider, judge.now_unix);
    let identities = judge.names.iter().filter_map(|name| {
        let identity = match_identity(report.end_entity()?, name);
        Some((name.clone(), identity))
    });
    let identities: Vec<_> = identities.collect();
    let named = identities.iter().any(|(_, identity)| identity.is_match());
    let (path, doubt, mut failures) = match trust {
        TrustVerdict::Trusted { path, .. } => {
            let (doubt, failures) = source.as_authority();
            (path, doubt, failures)
        }
        TrustVerdict::Untrusted(failures) if leads_elsewhere(&source, &failures) => {
            (Vec::new(), doubt(record, report), vec![Failure::NoMatch])
        }
        TrustVerdict::Untrusted(failures) => {
            // One fault is enough, whatever else could not be told.
            let is_faulty = failures.iter().any(is_certain);
            let limit = failures.iter().find_map(uncertain);
            let doubt = doubt(record, report)
                .or_else(|| limit.filter(|_| !is_faulty))
                .or_else(|| source.doubt());
            let failures = failures.into_iter().map(Failure::Trust).collect();
            (Vec::new(), doubt, failures)
        }
    };
    let by_common_name = !named && has_common_name_only(report, &identities);
    if !named && !by_common_name && !identities.is_empty() {
        failures.push(Failure::Identity(identities));
        // A wrong name is enough, whatever the path.
        return RecordOutcome::Failed(failures);
    }
    if let Some(doubt) = doubt {
        return RecordOutcome::Unclear(doubt);
    }
    if !failures.is_empty() {
        return RecordOutcome::Failed(failures);
    }
    if by_common_name {
        return RecordOutcome::Unclear(DaneUncertainty::CommonNameOnly);
    }
    if !named {
        return RecordOutcome::Unclear(DaneUncertainty::NoName);
    }
    let binding = binding(&source, &path, report);
    RecordOutcome::Matched { binding, path }
}

/// Whether one of the names is the common name, in a certificate without any DNS-ID: only then
/// do senders look at it (RFC 7672 §3.2.3), and not all do.
fn has_common_name_only(report: &ChainReport, identities: &[(ReferenceId, IdentityMatch)]) -> bool {
    let names = report.end_entity().and_then(|one| one.alt_names.as_ref());
    let mut names = names.into_iter().flatten();
    let has_dns_id = names.any(|name| matches!(name, AltName::Dns(_)));
    let mut identities = identities.iter();
    !has_dns_id
        && identities.any(|(name, identity)| {
            matches!(name, ReferenceId::Dns(_)) && identity.matching_common_name().is_some()
        })
}

/// An end-entity certificate is no authority, so the first element is not looked at. An element
/// that is no authority's does not become one by being named: a sender should apply the
/// constraints of the certificate (RFC 7671 §5.2.1), and OpenSSL does. Of one that cannot be
/// read, nobody knows which it is.
fn find(chain: &[Der], record: &TlsaRecord) -> Result<Source, Failure> {
    let sent = chain.iter().enumerate().take(ChainReport::MAX_ELEMENTS);
    let matching = sent.skip(1).filter(|(_, der)| {
        select(der, record.selector).is_some_and(|selected| record.matches(selected))
    });
    let mut first = None;
    let (mut authorities, mut unreadable) = (Vec::new(), false);
    for (element, der) in matching {
        first.get_or_insert(element);
        match is_authority(der) {
            Some(true) => authorities.push(element),
            Some(false) => {}
            None => unreadable = true,
        }
    }
    if let Some(element) = first {
        if authorities.is_empty() && !unreadable {
            let element = Some(element);
            return Err(Failure::NotCa { element });
        }
        return Ok(Source::Elements {
            authorities,
            unreadable,
        });
    }
    match (record.matching_type, record.selector) {
        (MatchingType::FULL, Selector::CERT) => {
            Ok(Source::Certificate(Der::new(record.data.as_slice())))
        }
        (MatchingType::FULL, _) => Ok(Source::Key(issuer_names(chain))),
        // A digest says nothing of an authority that was not sent (RFC 7671 §5.2.2).
        _ => Err(Failure::NoMatch),
    }
}

/// Whether a certificate is an authority's, if it can be read: one whose key usages, if it has
/// any, let it sign certificates (RFC 5280 §6.1.4 (n)). One before version 3 cannot say that it is.
fn is_authority(der: &Der) -> Option<bool> {
    let certificate = Certificate::parse(der.as_bytes()).ok()?;
    let (_, x509) = X509Certificate::from_der(der.as_bytes()).ok()?;
    let signs = key_usages_allow(&x509, KeyUsage::key_cert_sign);
    Some(certificate.is_ca && signs || certificate.version < 3)
}

/// The distinct issuers of the chain, each as the contents of its Name.
fn issuer_names(chain: &[Der]) -> Vec<Vec<u8>> {
    let mut names: Vec<Vec<u8>> = Vec::new();
    for der in chain.iter().take(ChainReport::MAX_ELEMENTS) {
        let Ok((_, x509)) = X509Certificate::from_der(der.as_bytes()) else {
            continue;
        };
        let Some((name, _)) = read_tlv(x509.issuer().as_raw()) else {
            continue;
        };
        if !names.iter().any(|known| known == name.value) {
            names.push(name.value.to_vec());
        }
    }
    names
}

/// The store of what the record names, and nothing else; `None` if it cannot serve as an anchor.
fn store(chain: &[Der], record: &TlsaRecord, source: &Source) -> Option<TrustStore> {
    let empty = TrustStore::empty("dane");
    let store = match source {
        // Without any that can be read there is no anchor.
        Source::Elements { authorities, .. } => {
            let anchors = authorities.iter().filter_map(|&index| chain.get(index));
            let anchors: Vec<_> = anchors.cloned().collect();
            empty.with(&anchors)
        }
        Source::Certificate(der) => empty.with(std::slice::from_ref(der)),
        Source::Key(names) => {
            let (key, _) = read_tlv(&record.data)?;
            names
                .iter()
                .fold(empty, |store, name| store.with_key(name, key.value))
        }
    };
    (!store.is_empty()).then_some(store)
}

/// Whether the chain has nothing to do with what the record holds, which was not sent.
fn leads_elsewhere(source: &Source, failures: &[TrustFailure]) -> bool {
    use TrustFailureKind as Kind;
    let elsewhere = |failure: &TrustFailure| {
        let of_the_key = matches!(source, Source::Key(_)) && failure.kind == Kind::BadSignature;
        let of_the_origin = matches!(
            failure.kind,
            Kind::UnknownRoot | Kind::MissingIntermediate | Kind::SelfSigned
        );
        of_the_key || of_the_origin
    };
    !matches!(source, Source::Elements { .. }) && failures.iter().any(elsewhere)
}

/// Why a refused path may hold all the same: a key or a signature that cannot be checked here.
fn doubt(record: &TlsaRecord, report: &ChainReport) -> Option<DaneUncertainty> {
    let unchecked = report.path.iter().any(|&index| {
        let element = report.elements.get(index);
        element.is_some_and(|element| element.signed_by.iter().any(|by| !by.verified))
    });
    let key = match (record.matching_type, record.selector) {
        (MatchingType::FULL, Selector::SPKI) => Some(record.data.as_slice()),
        (MatchingType::FULL, _) => super::spki(&record.data),
        _ => None,
    };
    let unsupported = key.and_then(unsupported_rsa_key);
    match unsupported {
        Some(text) => Some(DaneUncertainty::Unsupported(text)),
        None if unchecked => Some(DaneUncertainty::Unsupported(
            "a signature of the chain cannot be checked".to_owned(),
        )),
        None if report.omitted > 0 => Some(DaneUncertainty::ChainTooLong),
        None => None,
    }
}

/// Failures that are this crate's and not the chain's.
fn uncertain(failure: &TrustFailure) -> Option<DaneUncertainty> {
    use TrustFailureKind as Kind;
    let detail = || failure.detail.clone();
    match failure.kind {
        Kind::UnsupportedAlgorithm => Some(DaneUncertainty::Unsupported(detail())),
        // OpenSSL accepts an authority's certificate of a server; webpki does not. OpenSSL and
        // GnuTLS look at the dates of an anchor, and RFC 5280 §6.1 does not.
        Kind::CaAsEndEntity | Kind::AnchorOutOfDate | Kind::Other => {
            Some(DaneUncertainty::PathNotChecked(detail()))
        }
        _ => None,
    }
}

/// Whether a failure is the chain's for certain. The dates further up may be the anchor's.
fn is_certain(failure: &TrustFailure) -> bool {
    use TrustFailureKind as Kind;
    let is_date = matches!(failure.kind, Kind::Expired | Kind::NotYetValid);
    uncertain(failure).is_none() && (!is_date || failure.element == Some(0))
}

fn binding(source: &Source, path: &[usize], report: &ChainReport) -> DaneBinding {
    let last = path.last().copied().unwrap_or_default();
    match source {
        Source::Elements { authorities, .. } => {
            let signers = report.elements.get(last).map(|element| &element.signed_by);
            let signed = |element: &&usize| {
                signers.is_some_and(|by| by.iter().any(|by| by.element == **element))
            };
            let element = authorities.iter().find(signed);
            let element = element.or_else(|| authorities.first());
            DaneBinding::Element(element.copied().unwrap_or_default())
        }
        Source::Certificate(_) => DaneBinding::RecordCertificate { below: last },
        Source::Key(_) => DaneBinding::RecordKey { signed: last },
    }
}
