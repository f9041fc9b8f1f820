//! Facts of certificates and policies in words.

use jiff::Timestamp;
use tls_inspect::{
    DaneFailureKind, DaneUncertainty, Failure, HandshakeFailure, HandshakeFailureKind,
    IdentityMatch, LifetimeState, OcspFailure, OcspFailureKind, OcspVerdict, PolicyCause,
    PolicyUncertainty, Revocation, StapleState, TlsaRecord, TrustFailure, TrustFailureKind,
    Validity,
};

use crate::look::Look;
use crate::terminal::count;

/// The day, in UTC.
pub(crate) fn day(unix: i64) -> String {
    moment(unix, "%Y-%m-%d")
}

/// The minute, in UTC.
pub(crate) fn minute(unix: i64) -> String {
    moment(unix, "%Y-%m-%d %H:%MZ")
}

fn moment(unix: i64, format: &str) -> String {
    Timestamp::from_second(unix).map_or_else(
        |_| format!("second {unix}"),
        |time| time.strftime(format).to_string(),
    )
}

/// `1 day`, `2 days`; of less than a day, the hours or the minutes.
pub(crate) fn span(seconds: i64) -> String {
    let seconds = seconds.unsigned_abs();
    let (number, thing) = match seconds {
        86_400.. => (seconds / 86_400, "day"),
        3_600.. => (seconds / 3_600, "hour"),
        _ => (seconds / 60, "minute"),
    };
    count(usize::try_from(number).unwrap_or(usize::MAX), thing)
}

/// How long a certificate still is valid.
pub(crate) fn left(validity: Validity, now: i64) -> String {
    format!("{} left", span(validity.not_after.saturating_sub(now)))
}

/// What is wrong, but for a name that nobody asked for, and what the authority took back: senders need not look at that
/// (RFC 8461 §4.2).
pub(crate) fn failure(failure: &Failure, look: &Look) -> Option<String> {
    match failure {
        Failure::KeyPossession(detail) => Some(key_possession(detail)),
        Failure::Trust(failure) => Some(trust(failure, look)),
        Failure::Identity(_) | Failure::Revoked(_) | Failure::NeverIssued => None,
        other => Some(format!("{other:?}")),
    }
}

/// Why a sender does not deliver.
pub(crate) fn policy_cause(cause: &PolicyCause, look: &Look) -> String {
    match cause {
        PolicyCause::TlsNotOffered => "TLS is not offered".to_owned(),
        PolicyCause::Handshake(failure) => handshake(failure),
        PolicyCause::KeyPossession(detail) => key_possession(detail),
        PolicyCause::Trust(failure) => trust(failure, look),
        PolicyCause::Identity(found) => identities(found),
        PolicyCause::Dane(failure) => dane_failure(&failure.kind, look),
        PolicyCause::DnssecBogus => {
            "the answer for TLSA records is bogus by DNSSEC (RFC 7672 §2.1.2)".to_owned()
        }
        other => format!("{other:?}"),
    }
}

/// How a handshake failed.
pub(crate) fn handshake(failure: &HandshakeFailure) -> String {
    match failure.kind {
        HandshakeFailureKind::NotTls if !failure.received.is_empty() => {
            let said = failure.received.escape_ascii();
            format!("no TLS is spoken here, the peer says \"{said}\"")
        }
        HandshakeFailureKind::ClientCertificateRequired => {
            format!("clients without a certificate are refused: {failure}")
        }
        _ => format!("the TLS handshake failed: {failure}"),
    }
}

/// Why it could not be told what a sender does.
pub(crate) fn uncertainty(cause: &PolicyUncertainty) -> String {
    match cause {
        PolicyUncertainty::Handshake(failure) => handshake(failure),
        PolicyUncertainty::KeyPossession(Some(why)) => {
            format!("whether the server holds the key could not be checked: {why}")
        }
        PolicyUncertainty::KeyPossession(None) => {
            "the handshake ended before the server proved that it holds the key".to_owned()
        }
        PolicyUncertainty::KeyUsage => {
            "the key usages of the certificate lack digitalSignature, for which GnuTLS ends the handshake and OpenSSL does not"
                .to_owned()
        }
        PolicyUncertainty::PathNotChecked(why) => {
            format!("the path could not be checked here, and others may take it: {why}")
        }
        PolicyUncertainty::ChainTooLong => "the chain is too long to be looked at whole".to_owned(),
        PolicyUncertainty::TlsaNotKnown => "what TLSA records there are is not known".to_owned(),
        PolicyUncertainty::Dane(cause) => dane_uncertainty(cause),
        PolicyUncertainty::SendersDiffer(_) => {
            "those that go by DANE alone deliver (postfix-tlspol), those that ask for MTA-STS too do not (Exchange Online)"
                .to_owned()
        }
        other => format!("{other:?}"),
    }
}

fn key_possession(detail: &str) -> String {
    format!("the server does not hold the key of the certificate: {detail}")
}

fn identities(found: &[(tls_inspect::ReferenceId, IdentityMatch)]) -> String {
    let mut texts = found
        .iter()
        .map(|(name, found)| identity(&name.to_string(), found));
    texts
        .next()
        .unwrap_or_else(|| "no name was found".to_owned())
}

/// Whether the certificate has the name.
pub(crate) fn identity(name: &str, found: &IdentityMatch) -> String {
    match found {
        IdentityMatch::Matched { presented } if presented == name => {
            format!("{name} is among its names")
        }
        IdentityMatch::Matched { presented } => format!("{name}, by {presented}"),
        IdentityMatch::NoMatch {
            presented,
            matching_common_name,
            ..
        } => {
            let names = some(presented, 4);
            let text = format!("the certificate is for {names}, not for {name} (RFC 9525)");
            match matching_common_name {
                Some(_) => format!("{text}; that it is the common name counts for nothing (§2)"),
                None => text,
            }
        }
        IdentityMatch::NoSubjectAltName {
            matching_common_name: Some(_),
            ..
        } => {
            format!(
                "the certificate has {name} as common name alone, which no longer counts (RFC 9525 §2)"
            )
        }
        IdentityMatch::NoSubjectAltName { .. } => {
            format!("the certificate has no alternative names, so not {name} (RFC 9525 §2)")
        }
        other => format!("{other:?}"),
    }
}

/// The first of them, and how many more there are.
pub(crate) fn some(names: &[String], most: usize) -> String {
    let shown = names
        .iter()
        .take(most)
        .cloned()
        .collect::<Vec<_>>()
        .join(", ");
    match names.len().saturating_sub(most) {
        0 if names.is_empty() => "nothing".to_owned(),
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// Why a chain is not trusted.
pub(crate) fn trust(failure: &TrustFailure, look: &Look) -> String {
    use TrustFailureKind as Kind;
    let report = look.judgement.assessment.as_ref().map(|one| &one.chain);
    let certificate = failure
        .element
        .and_then(|element| report?.certificate(element));
    let whose = match (failure.element, certificate) {
        (None | Some(0), _) | (_, None) => "the certificate".to_owned(),
        (Some(element), Some(one)) => format!("element {element} ({})", one.subject),
    };
    let issuer = failure.issuer.as_deref().unwrap_or("its issuer");
    match failure.kind {
        Kind::Expired | Kind::NotYetValid => match certificate {
            Some(one) => format!("{whose} {}", lifetime(one.validity, look.now_unix)),
            None => failure.detail.clone(),
        },
        Kind::NoCertificate => "no certificate was sent".to_owned(),
        Kind::MissingIntermediate => format!("the intermediate {issuer} was not sent"),
        Kind::UnknownRoot => format!("the authority {issuer} is not trusted"),
        Kind::SelfSigned => "the certificate is signed by its own key".to_owned(),
        Kind::BadSignature => format!("the signature of {whose} is wrong"),
        Kind::InvalidPurpose => format!("{whose} is not for servers"),
        Kind::NotCa => format!("{whose} is used as an authority's, and is none"),
        Kind::Nonconforming | Kind::Constraint | Kind::Malformed => {
            format!("{whose}: {}", failure.detail)
        }
        _ => failure.detail.clone(),
    }
}

/// Where in its time a certificate is.
pub(crate) fn lifetime(validity: Validity, now: i64) -> String {
    match validity.at(now).state {
        LifetimeState::Expired => {
            let late = span(now.saturating_sub(validity.not_after));
            format!("expired {late} ago, on {}", day(validity.not_after))
        }
        LifetimeState::NotYetValid => {
            let early = span(validity.not_before.saturating_sub(now));
            let from = minute(validity.not_before);
            format!("is not valid before {from}, {early} from now")
        }
        _ => format!("has {}", left(validity, now)),
    }
}

/// What a staple says against a certificate, or the lack of a good one, though senders need not look.
pub(crate) fn staple_warning(staple: &StapleState, is_demanded: bool) -> Option<String> {
    Some(match staple {
        StapleState::Present(OcspVerdict::CouldNotTell(failure)) if is_of_server(failure.kind) => {
            let demanded = match is_demanded {
                true => ", and the certificate demands a good one (RFC 7633)",
                false => "",
            };
            format!(
                "its staple proves nothing: {}{demanded}",
                staple_fault(failure)
            )
        }
        StapleState::Present(OcspVerdict::Revoked {
            revocation: taken, ..
        }) => {
            let when = revocation(taken);
            format!("its authority has revoked the certificate, {when}")
        }
        StapleState::Present(OcspVerdict::NeverIssued(_)) => {
            "its authority says that it never issued the certificate".to_owned()
        }
        StapleState::MissingThoughRequired => {
            "the staple that the certificate demands is missing".to_owned()
        }
        _ => return None,
    })
}

/// Whether the server sends what it should have thrown away, and not what cannot be checked here.
const fn is_of_server(kind: OcspFailureKind) -> bool {
    !matches!(
        kind,
        OcspFailureKind::UnsupportedAlgorithm
            | OcspFailureKind::UnknownCriticalExtension
            | OcspFailureKind::IssuerNotInChain
    )
}

/// Why a staple proves nothing.
pub(crate) fn staple_fault(failure: &OcspFailure) -> String {
    use OcspFailureKind as Kind;

    match failure.kind {
        Kind::Malformed => "it cannot be read",
        Kind::NotSuccessful(status) => {
            return format!("the responder gave no answer but {status}");
        }
        Kind::OtherCertificate => "it is about another certificate",
        Kind::CertificateExpired => "the certificate had expired when it was made",
        Kind::Stale => "its time is over, so the server did not fetch a newer one",
        Kind::NotYetValid => "its time has yet to come",
        Kind::BadSignature => "its signature is wrong",
        Kind::ResponderNotAuthorized => "who signed it had no right to",
        Kind::UnsupportedAlgorithm => "it cannot be checked here",
        Kind::UnknownCriticalExtension => "it has an extension that is not known here",
        Kind::IssuerNotInChain => "the issuer's certificate was not sent",
        _ => "it could not be judged",
    }
    .to_owned()
}

/// When and why an authority took a certificate back.
pub(crate) fn revocation(revocation: &Revocation) -> String {
    let on = day(revocation.time);
    match revocation.reason {
        Some(reason) => format!("on {on}, reason {reason}"),
        None => format!("on {on}, no reason given"),
    }
}

pub(crate) fn dane_failure(kind: &DaneFailureKind, look: &Look) -> String {
    match kind {
        DaneFailureKind::NoMatch => "no TLSA record matches what was sent".to_owned(),
        DaneFailureKind::NotCa {
            element: Some(element),
        } => {
            format!("a TLSA record of usage 2 matches element {element}, which is no authority's")
        }
        DaneFailureKind::NotCa { element: None } => {
            "a TLSA record of usage 2 holds a certificate that is no authority's".to_owned()
        }
        DaneFailureKind::Trust(failure) => {
            format!(
                "the chain does not lead to the TLSA record: {}",
                trust(failure, look)
            )
        }
        DaneFailureKind::Identity(found) => format!("by DANE-TA: {}", identities(found)),
        other => format!("{other:?}"),
    }
}

pub(crate) fn dane_uncertainty(cause: &DaneUncertainty) -> String {
    match cause {
        DaneUncertainty::NoChain => "there is no chain to hold TLSA records against".to_owned(),
        DaneUncertainty::Unsupported(what) => format!("beyond this program: {what}"),
        DaneUncertainty::PathNotChecked(why) => format!("the path could not be checked: {why}"),
        DaneUncertainty::TooManyRecords => "there are too many TLSA records".to_owned(),
        DaneUncertainty::ChainTooLong => "the chain is too long".to_owned(),
        DaneUncertainty::CommonNameOnly => {
            "the name is the common name alone: it counts by RFC 7672 §3.2.3, and by RFC 9525 §2 no more, and senders differ"
                .to_owned()
        }
        DaneUncertainty::UnreadableKey => "the next key cannot be read".to_owned(),
        other => format!("TLSA: {other:?}"),
    }
}

/// A record with the beginning of its digest; nobody compares one by eye to its end.
pub(crate) fn short(record: &TlsaRecord) -> String {
    let text = record.to_string();
    match text.char_indices().nth(22) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}
