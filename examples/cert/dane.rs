//! What the DNS says of TLSA records, in words.

use mail_dns::LookupErrorKind;
use mail_dns::dane::{DaneHost, DaneOutcome, Obstacle};

/// Whether senders go by the records, if only to encrypt.
pub(crate) const fn is_secure(host: &DaneHost) -> bool {
    matches!(
        host.outcome,
        DaneOutcome::Authenticate { .. } | DaneOutcome::EncryptOnly { .. }
    )
}

/// Whether DNSSEC proves the answer false.
pub(crate) fn is_bogus(host: &DaneHost) -> bool {
    matches!(&host.outcome, DaneOutcome::Unreachable(error) if error.kind() == LookupErrorKind::Bogus)
}

/// What the DNS says, in words.
pub(crate) fn in_words(host: &DaneHost) -> String {
    match &host.outcome {
        DaneOutcome::Authenticate { .. } => "senders with DANE authenticate by these".to_owned(),
        DaneOutcome::EncryptOnly { .. } => {
            "none of these counts, so senders with DANE encrypt and authenticate nobody".to_owned()
        }
        DaneOutcome::DoesNotApply(obstacle) => match obstacle {
            Obstacle::NoAddresses => "the host has no address",
            Obstacle::AddressesInsecure => "the addresses are not signed, so DANE does not apply",
            Obstacle::TlsaInsecure => "the records are not signed, so DANE does not apply",
            Obstacle::NoTlsa => "it is proved that there are none",
            Obstacle::NoTlsaInsecure => "there are none, and no signature proves it",
            _ => "DANE does not apply",
        }
        .to_owned(),
        DaneOutcome::Unreachable(error) => {
            // Where a record set failed, the question says it below.
            let cause = match error.kind() {
                LookupErrorKind::Bogus => "bogus by DNSSEC".to_owned(),
                _ if host.bases.is_empty() => format!("could not tell: {error}"),
                _ => "could not tell".to_owned(),
            };
            format!("{cause}; senders with DANE take the host for unreachable (RFC 7672 §2.1.2)")
        }
        DaneOutcome::Indeterminate { cause, .. } => {
            format!("could not tell whether the answers are authentic: {cause}")
        }
        _ => "could not tell".to_owned(),
    }
}
