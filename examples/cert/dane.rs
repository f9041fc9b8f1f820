//! TLSA records as the DNS has them, made ready for the chain to be held against.

use mail_dns::LookupErrorKind;
use mail_dns::dane::{DaneHost, DaneOutcome, Obstacle, Tlsa};
use tls_inspect::{
    CertificateUsage, DnsId, MatchingType, ReferenceId, Selector, TlsaAnswer, TlsaRecord,
};

/// What a sender has to hold a chain against.
#[derive(Debug)]
pub(crate) struct Published {
    /// The records, whatever their worth, and whether they can be believed or not.
    pub(crate) records: Vec<TlsaRecord>,
    /// The TLSA base domain, which DANE-TA looks for in the certificate (RFC 7672 §3.2.2).
    pub(crate) names: Vec<ReferenceId>,
    /// For how long caches keep the records, as far as is known.
    pub(crate) ttl: Option<u32>,
}

impl Published {
    pub(crate) fn of(host: &DaneHost) -> Self {
        let base = host.bases.last();
        let records = base.map(|base| base.records()).unwrap_or_default();
        let name = base.map_or(&host.host, |base| &base.name);
        let answer = base.and_then(|base| base.tlsa.as_ref().ok());
        Self {
            records: records.iter().map(convert).collect(),
            names: DnsId::parse(&name.to_string())
                .map(ReferenceId::Dns)
                .into_iter()
                .collect(),
            ttl: answer.and_then(mail_dns::Answer::ttl),
        }
    }

    /// What follows for senders.
    pub(crate) fn answer(&self, host: &DaneHost) -> TlsaAnswer<'_> {
        match &host.outcome {
            DaneOutcome::Authenticate { .. } | DaneOutcome::EncryptOnly { .. } => {
                TlsaAnswer::Secure(&self.records)
            }
            DaneOutcome::DoesNotApply(Obstacle::NoTlsa) => TlsaAnswer::Secure(&[]),
            DaneOutcome::DoesNotApply(_) => TlsaAnswer::Insecure,
            _ if is_bogus(host) => TlsaAnswer::Bogus,
            _ => TlsaAnswer::NotKnown,
        }
    }
}

fn convert(record: &Tlsa) -> TlsaRecord {
    TlsaRecord {
        usage: CertificateUsage(record.usage.0),
        selector: Selector(record.selector.0),
        matching_type: MatchingType(record.matching_type.0),
        data: record.data.clone(),
    }
}

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
