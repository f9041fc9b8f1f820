//! Looks for a path from the end-entity certificate to an anchor.

use std::cell::RefCell;
use std::time::Duration;

use rustls_pki_types::{CertificateDer, UnixTime};
use webpki::{EndEntityCert, VerifiedPath};
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::KeyUsage;
use x509_parser::prelude::FromDer as _;

use super::crl::{Crls, Status};
use super::{
    PathOptions, TrustFailure, TrustFailureKind as Kind, TrustStore, TrustVerdict, limits, store,
};
use crate::certificate::key_usages_allow;
use crate::revocation::{CrlIssuer, allows_crl_signing};
use crate::{Certificate, ChainReport, CryptoProvider, Der, LifetimeState, Profile};

/// Why no path was found.
#[derive(Clone, Debug)]
pub(super) enum Refusal {
    NoCertificate,
    /// The end-entity certificate was refused before a path was looked for.
    EndEntity(webpki::Error),
    Path(webpki::Error),
    /// There is a path, and the caller's options do not allow it.
    Options(Vec<TrustFailure>),
}

impl Refusal {
    pub(super) fn is_about_time(&self) -> bool {
        use webpki::Error as E;
        matches!(
            self,
            Self::Path(E::CertExpired { .. } | E::CertNotValidYet { .. })
        )
    }
}

/// A path that was found.
pub(super) struct Path {
    /// The elements of the chain, the end-entity certificate first.
    pub(super) elements: Vec<usize>,
    anchor: String,
}

impl From<Path> for TrustVerdict {
    fn from(path: Path) -> Self {
        Self::Trusted {
            path: path.elements,
            anchor: path.anchor,
        }
    }
}

/// Whether the search ended at a limit of its own, or at a signature that it cannot check.
fn ended_early(error: &webpki::Error) -> bool {
    use webpki::Error as E;
    matches!(
        error,
        E::MaximumSignatureChecksExceeded
            | E::MaximumPathBuildCallsExceeded
            | E::MaximumPathDepthExceeded
            | E::MaximumNameConstraintComparisonsExceeded
            | E::UnsupportedSignatureAlgorithmContext(_)
            | E::UnsupportedSignatureAlgorithmForPublicKeyContext(_)
    )
}

pub(super) struct PathFinder<'a> {
    pub(super) store: &'a TrustStore,
    pub(super) chain: &'a [Der],
    pub(super) provider: &'a CryptoProvider,
    pub(super) options: &'a PathOptions,
    /// Judged at the time of the judgement, whatever the time of the path.
    pub(super) crls: Crls<'a>,
    /// The time of the judgement, at which the anchor is judged.
    pub(super) now_unix: i64,
}

impl PathFinder<'_> {
    /// How many other times are tried.
    const MAX_TIMES: usize = 8;

    pub(super) fn find(&self, unix: i64) -> Result<Path, Refusal> {
        let (first, rest) = self.chain.split_first().ok_or(Refusal::NoCertificate)?;
        let rest = rest.get(..ChainReport::MAX_ELEMENTS - 1).unwrap_or(rest);
        let leaf_der = first.to_certificate_der();
        let leaf = EndEntityCert::try_from(&leaf_der).map_err(Refusal::EndEntity)?;
        let intermediates: Vec<CertificateDer<'_>> =
            rest.iter().map(Der::to_certificate_der).collect();
        let seconds = u64::try_from(unix).unwrap_or(0);
        let examiner = Examiner::new(self, &intermediates);
        let path = leaf.verify_for_usage(
            self.provider.algorithms(),
            self.store.anchors(),
            &intermediates,
            UnixTime::since_unix_epoch(Duration::from_secs(seconds)),
            self.options.purpose.key_usage(),
            None,
            Some(&|path| examiner.examine(path)),
        );
        match path {
            Ok(path) => Ok(Path {
                elements: elements(&path, &intermediates),
                anchor: store::anchor_name(path.anchor()),
            }),
            // As long as one path may hold, it cannot be said that none does.
            Err(error) if ended_early(&error) => Err(Refusal::Path(error)),
            Err(error) => Err(examiner.refusal().unwrap_or(Refusal::Path(error))),
        }
    }

    /// As [`find`](Self::find). Of several paths, webpki reports what is worst: where that speaks
    /// against one alone, what is only beyond this check may be all that speaks against the one
    /// that was described, and then nothing is proved.
    pub(super) fn find_beside(&self, report: &ChainReport, unix: i64) -> Result<Path, Refusal> {
        let refusal = match self.find(unix) {
            Err(refusal @ Refusal::Path(_)) => refusal,
            found => return found,
        };
        match self.find_described(report, unix) {
            Some(Refusal::Path(error)) if limits::own(self, report, &error, None).is_some() => {
                Err(Refusal::Path(error))
            }
            _ => Err(refusal),
        }
    }

    /// What speaks against the path that was described, if there are elements beside it.
    fn find_described(&self, report: &ChainReport, unix: i64) -> Option<Refusal> {
        if report.path.len() >= self.chain.len() {
            return None;
        }
        let path = report.path.iter();
        let chain: Vec<Der> = path
            .filter_map(|&index| self.chain.get(index).cloned())
            .collect();
        let described = PathFinder {
            chain: &chain,
            crls: Crls::new(&[], self.provider, self.now_unix),
            ..*self
        };
        described.find(unix).err()
    }

    /// A path that holds at all, holds when the last of its certificates begins to be valid; so
    /// these are the only times to try, and only within the end-entity certificate's.
    fn other_times(report: &ChainReport) -> Vec<i64> {
        let Some(leaf) = report.end_entity().map(|leaf| leaf.validity) else {
            return Vec::new();
        };
        let certificates = report
            .elements
            .iter()
            .filter_map(|element| element.certificate());
        let mut times: Vec<i64> = certificates
            .map(|certificate| certificate.validity.not_before)
            .filter(|time| (leaf.not_before..=leaf.not_after).contains(time))
            .collect();
        times.sort_unstable();
        times.dedup();
        times.truncate(Self::MAX_TIMES);
        times
    }

    /// The elements of a path that holds at another time, or the first refusal that is not
    /// about time.
    pub(super) fn find_at_other_times(
        &self,
        report: &ChainReport,
    ) -> Result<Vec<usize>, Option<Refusal>> {
        let mut timeless = None;
        for time in Self::other_times(report) {
            match self.find_beside(report, time) {
                Ok(path) => return Ok(path.elements),
                Err(refusal) if timeless.is_none() && !refusal.is_about_time() => {
                    timeless = Some(refusal);
                }
                _ => {}
            }
        }
        Err(timeless)
    }
}

/// The elements of a chain that a path uses, given all elements but the first.
fn elements(path: &VerifiedPath<'_>, rest: &[CertificateDer<'_>]) -> Vec<usize> {
    let used = path.intermediate_certificates().filter_map(|certificate| {
        let der = certificate.der();
        let position = rest.iter().position(|sent| *sent == der)?;
        Some(position + 1)
    });
    std::iter::once(0).chain(used).collect()
}

/// Holds each path that leads to an anchor against the caller's options.
struct Examiner<'a> {
    finder: &'a PathFinder<'a>,
    rest: &'a [CertificateDer<'a>],
    /// What is wrong with the best path that was turned down.
    denied: RefCell<Option<Vec<TrustFailure>>>,
}

impl<'a> Examiner<'a> {
    const fn new(finder: &'a PathFinder<'a>, rest: &'a [CertificateDer<'a>]) -> Self {
        Self {
            finder,
            rest,
            denied: RefCell::new(None),
        }
    }

    /// An error makes the search go on with another path; which error, does not matter.
    fn examine(&self, path: &VerifiedPath<'_>) -> Result<(), webpki::Error> {
        let count = not_self_issued(path);
        let failures: Vec<_> = match self.too_long(count) {
            Some(failure) => vec![failure],
            None => {
                let mut failures = self.no_signers(path);
                failures.extend(self.nonconformities(path));
                failures.extend(self.revocations(path));
                failures.extend(self.other_keys(path));
                failures.extend(self.too_long_for_anchor(path, count));
                failures.extend(self.outdated(path));
                failures
            }
        };
        if failures.is_empty() {
            return Ok(());
        }
        let mut denied = self.denied.borrow_mut();
        // As long as one path may hold, it cannot be said that none does.
        let better = match denied.as_deref() {
            None => true,
            Some(known) => !is_inconclusive(known) && is_inconclusive(&failures),
        };
        if better {
            *denied = Some(failures);
        }
        Err(webpki::Error::UnknownIssuer)
    }

    fn refusal(self) -> Option<Refusal> {
        self.denied.into_inner().map(Refusal::Options)
    }

    fn too_long(&self, count: usize) -> Option<TrustFailure> {
        let most = usize::from(self.finder.options.max_intermediates?);
        (count > most).then(|| {
            let detail = format!("{count} intermediates, where at most {most} are allowed");
            TrustFailure::new(Kind::PathTooLong, None, detail)
        })
    }

    /// RFC 5280 §6.1.1 leaves it to the verifier whether an anchor's own constraints count, and
    /// OpenSSL, GnuTLS and Go have them count.
    fn too_long_for_anchor(&self, path: &VerifiedPath<'_>, count: usize) -> Option<TrustFailure> {
        let most = self.finder.store.facts_of(path.anchor())?.path_length?;
        (count > most).then(|| {
            let detail = format!(
                "{count} intermediates, where the anchor allows {most}, which most senders refuse"
            );
            TrustFailure::new(Kind::Other, None, detail)
        })
    }

    /// The certificates of a path that issue others, and whose key usages do not let them. A path
    /// ends there (RFC 5280 §6.1.4 (n)), and webpki does not look.
    fn no_signers(&self, path: &VerifiedPath<'_>) -> Vec<TrustFailure> {
        let issuers = elements(path, self.rest).into_iter().skip(1);
        let forbidden = issuers.filter(|&element| {
            let issuer = self.finder.chain.get(element).and_then(read);
            issuer.is_some_and(|issuer| !allows_certificate_signing(&issuer))
        });
        let failure = |element| {
            let detail = "its key usages do not let it sign certificates";
            TrustFailure::new(Kind::NotCa, Some(element), detail)
        };
        forbidden.map(failure).collect()
    }

    /// The certificates of a path that break the rules asked for.
    fn nonconformities(&self, path: &VerifiedPath<'_>) -> Vec<TrustFailure> {
        let Some(profile) = self.finder.options.conformity else {
            return Vec::new();
        };
        let elements = elements(path, self.rest).into_iter();
        let failures = elements.filter_map(|element| {
            let detail = match Certificate::parse(self.finder.chain.get(element)?.as_bytes()) {
                Ok(certificate) => {
                    let deviations = certificate.deviations.iter();
                    let mut counted = deviations.filter(|deviation| {
                        profile == Profile::BaselineRequirements || deviation.profile() == profile
                    });
                    let first = counted.next()?;
                    match counted.count() {
                        0 => first.to_string(),
                        more => format!("{first}, and {more} more"),
                    }
                }
                Err(error) => error.to_string(),
            };
            Some(TrustFailure::new(
                Kind::Nonconforming,
                Some(element),
                detail,
            ))
        });
        failures.collect()
    }

    /// The dates of an anchor do not matter by RFC 5280 §6.1, and OpenSSL, GnuTLS and Go look at
    /// them all the same: whether the path holds, is for each sender to say.
    fn outdated(&self, path: &VerifiedPath<'_>) -> Option<TrustFailure> {
        let facts = self.finder.store.facts_of(path.anchor())?;
        let what = match facts.dates.at(self.finder.now_unix).state {
            LifetimeState::Valid => return None,
            LifetimeState::Expired => "expired",
            LifetimeState::NotYetValid => "not valid yet",
        };
        let anchor = store::anchor_name(path.anchor());
        let detail = format!("the anchor {anchor} is {what}, which most senders refuse");
        Some(TrustFailure::new(Kind::AnchorOutOfDate, None, detail))
    }

    /// What the revocation lists say against the certificates of a path.
    fn revocations(&self, path: &VerifiedPath<'_>) -> Vec<TrustFailure> {
        if self.finder.crls.is_empty() {
            return Vec::new();
        }
        let elements = elements(path, self.rest);
        let mut failures = Vec::new();
        for (depth, &element) in elements.iter().enumerate() {
            let Some(der) = self.finder.chain.get(element) else {
                continue;
            };
            let issuer = elements.get(depth + 1);
            let issuer = issuer.and_then(|&issuer| self.finder.chain.get(issuer));
            match self.status(der, issuer, path) {
                Status::NotRevoked => {}
                Status::Revoked(revocation) => {
                    let detail = revocation.to_string();
                    let failure = TrustFailure::new(Kind::Revoked, Some(element), detail);
                    failures.push(TrustFailure {
                        revocation: Some(revocation),
                        ..failure
                    });
                }
                Status::Unknown(cause) => {
                    let kind = Kind::RevocationUnknown;
                    failures.push(TrustFailure::new(kind, Some(element), cause));
                }
            }
        }
        failures
    }

    /// The certificates of a path that name another key of their issuer than the one that signed
    /// them (RFC 5280 §4.2.1.1). The signature is good, and neither OpenSSL nor GnuTLS takes such an
    /// issuer for one.
    fn other_keys(&self, path: &VerifiedPath<'_>) -> Vec<TrustFailure> {
        let elements = elements(path, self.rest);
        let certificates = elements
            .iter()
            .map(|&element| self.finder.chain.get(element));
        let certificates: Vec<_> = certificates.map(|der| der.and_then(read)).collect();
        let anchor = self.finder.store.facts_of(path.anchor());
        let sent = certificates.iter().skip(1);
        let issuers = sent
            .map(|issuer| issuer.as_ref().and_then(subject_key_id))
            .chain([anchor.and_then(|anchor| anchor.key_id.as_deref())]);
        let named = certificates
            .iter()
            .map(|certificate| certificate.as_ref().and_then(authority_key_id));
        let pairs = elements.iter().zip(named.zip(issuers));
        let differing = pairs
            .filter(|(_, (named, issuer))| named.is_some() && issuer.is_some() && named != issuer);
        let failure = |(&element, _): (&usize, _)| {
            let detail = "it names another key of its issuer than the one that signed it, which \
                          most senders do not take";
            TrustFailure::new(Kind::Other, Some(element), detail)
        };
        differing.map(failure).collect()
    }

    /// Without an `issuer` among the elements, the path's anchor is it.
    fn status(&self, der: &Der, issuer: Option<&Der>, path: &VerifiedPath<'_>) -> Status {
        let unreadable = || Status::Unknown("the certificate cannot be read".to_owned());
        let Some(certificate) = read(der) else {
            return unreadable();
        };
        let anchor_spki = webpki::spki_for_anchor(path.anchor());
        let issuer = issuer.map(read);
        let (spki, may_sign) = match &issuer {
            None => {
                let anchor = self.finder.store.facts_of(path.anchor());
                let signs_crls = anchor.is_none_or(|anchor| anchor.signs_crls);
                (anchor_spki.as_ref(), signs_crls)
            }
            Some(Some(issuer)) => (issuer.public_key().raw, allows_crl_signing(issuer)),
            Some(None) => return unreadable(),
        };
        // The path holds, so this is the name of its issuer there.
        let name = certificate.issuer().as_raw();
        let issuer = CrlIssuer {
            name,
            spki,
            may_sign,
        };
        self.finder.crls.status(&certificate, &issuer)
    }
}

/// How many intermediates a path has, of those that RFC 5280 §4.2.1.9 counts: not self-issued.
fn not_self_issued(path: &VerifiedPath<'_>) -> usize {
    path.intermediate_certificates()
        .filter(|certificate| certificate.subject() != certificate.issuer())
        .count()
}

/// The key that a certificate says it was signed with (RFC 5280 §4.2.1.1).
fn authority_key_id<'a>(certificate: &'a X509Certificate<'_>) -> Option<&'a [u8]> {
    use x509_parser::extensions::ParsedExtension as E;

    let mut extensions = certificate.extensions().iter();
    extensions.find_map(|extension| match extension.parsed_extension() {
        E::AuthorityKeyIdentifier(id) => id.key_identifier.as_ref().map(|id| id.0),
        _ => None,
    })
}

/// The identifier of a certificate's key (RFC 5280 §4.2.1.2).
pub(super) fn subject_key_id<'a>(certificate: &'a X509Certificate<'_>) -> Option<&'a [u8]> {
    use x509_parser::extensions::ParsedExtension as E;

    let mut extensions = certificate.extensions().iter();
    extensions.find_map(|extension| match extension.parsed_extension() {
        E::SubjectKeyIdentifier(id) => Some(id.0),
        _ => None,
    })
}

fn read(der: &Der) -> Option<X509Certificate<'_>> {
    let (_, certificate) = X509Certificate::from_der(der.as_bytes()).ok()?;
    Some(certificate)
}

/// Whether the key usages let the key sign certificates (RFC 5280 §6.1.4 (n)).
fn allows_certificate_signing(issuer: &X509Certificate<'_>) -> bool {
    key_usages_allow(issuer, KeyUsage::key_cert_sign)
}

/// Whether all that speaks against a path is that something could not be told.
fn is_inconclusive(failures: &[TrustFailure]) -> bool {
    failures.iter().all(|failure| {
        matches!(
            failure.kind,
            Kind::RevocationUnknown | Kind::AnchorOutOfDate | Kind::Other
        )
    })
}

#[cfg(all(test, any(feature = "aws-lc-rs", feature = "ring")))]
mod tests;
