//! TLSA records as the DNS has them, made ready for chains to be held against.

use mail_dns::dane::{BaseDomain, DaneHost, DaneOutcome, Obstacle, Tlsa};
use mail_dns::{DomainName, LookupErrorKind};
use tls_inspect::{
    CertificateUsage, DnsId, MatchingType, ReferenceId, Selector, TlsaAnswer, TlsaRecord,
};

/// What a sender with DANE holds the chain of a host against: from the words of [`mail_dns`] to those of [`tls_inspect`].
///
/// # Examples
///
/// ```
/// use mail_dns::{StaticLookup, dane::dane_host};
/// use mailcheck_core::TlsaSet;
/// use tls_inspect::TlsaAnswer;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let dns = StaticLookup::from_zone_text(
///     "mx.good.test. 300 IN A 192.0.2.1\n\
///      _25._tcp.mx.good.test. 300 IN TLSA 3 1 1 d2abde240d7cd3ee6b4b28c54df034b97983a1d16e8a410e4561cb106618e971",
/// )?
/// .with_secure_zone("good.test".parse()?);
/// let host = dane_host(&dns, &"mx.good.test".parse()?, 25).await;
///
/// let published = TlsaSet::of(&host);
/// assert!(matches!(published.answer(&host), TlsaAnswer::Secure([_])));
/// assert_eq!(published.ttl, Some(300));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TlsaSet {
    /// The records, whatever their worth, and whether they can be believed or not.
    pub records: Vec<TlsaRecord>,
    /// The names of which DANE-TA looks for one in the certificate (RFC 7672 §3.2.2): the TLSA base domain, and those that
    /// were [added](Self::with_name).
    pub names: Vec<ReferenceId>,
    /// For how many seconds caches keep the records, as far as is known.
    pub ttl: Option<u32>,
}

impl TlsaSet {
    /// What is published for a host.
    #[must_use]
    pub fn of(host: &DaneHost) -> Self {
        let base = base(host);
        let records = base.map(|base| base.records()).unwrap_or_default();
        let name = base.map_or(&host.host, |base| &base.name);
        let answer = base.and_then(|base| base.tlsa.as_ref().ok());
        let set = Self {
            records: records.iter().map(convert).collect(),
            names: Vec::new(),
            ttl: answer.and_then(mail_dns::Answer::ttl),
        };
        set.with_name(name)
    }

    /// The same with a name more: the domain, if its MX records are authentic (RFC 7672 §3.2.2).
    #[must_use]
    pub fn with_name(mut self, name: &DomainName) -> Self {
        let name = DnsId::parse(&name.to_string()).map(ReferenceId::Dns);
        self.names.extend(name);
        self
    }

    /// What follows for senders.
    #[must_use]
    pub fn answer(&self, host: &DaneHost) -> TlsaAnswer<'_> {
        match &host.outcome {
            DaneOutcome::Authenticate { .. } | DaneOutcome::EncryptOnly { .. } => {
                TlsaAnswer::Secure(&self.records)
            }
            DaneOutcome::DoesNotApply(Obstacle::NoTlsa) => TlsaAnswer::Secure(&[]),
            DaneOutcome::DoesNotApply(_) => TlsaAnswer::Insecure,
            DaneOutcome::Unreachable(error) if error.kind() == LookupErrorKind::Bogus => {
                TlsaAnswer::Bogus
            }
            _ => TlsaAnswer::NotKnown,
        }
    }
}

/// Under which of the names of a host its records are: the one that counts, or else one that has any. Of an alias both may
/// have been asked for (RFC 7672 §2.2.3), and the last need not be it.
pub(crate) fn base(host: &DaneHost) -> Option<&BaseDomain> {
    let mut bases = host.bases.iter();
    let found = match &host.outcome {
        DaneOutcome::Authenticate { base, .. } | DaneOutcome::EncryptOnly { base, .. } => {
            bases.find(|one| one.name == *base)
        }
        _ => bases.find(|one| !one.records().is_empty()),
    };
    found.or(host.bases.last())
}

pub(crate) fn convert(record: &Tlsa) -> TlsaRecord {
    TlsaRecord {
        usage: CertificateUsage(record.usage.0),
        selector: Selector(record.selector.0),
        matching_type: MatchingType(record.matching_type.0),
        data: record.data.clone(),
    }
}
