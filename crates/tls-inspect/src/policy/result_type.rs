//! The result types of TLS reports (RFC 8460 §4.3).

use std::fmt;

/// How a report calls what went wrong (RFC 8460 §4.3, §6.6; registry "STARTTLS Validation Result
/// Types" of 2018-09-28).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
#[non_exhaustive]
pub enum TlsReportResult {
    /// The server does not offer TLS.
    StarttlsNotSupported,
    /// The certificate has not the name.
    CertificateHostMismatch,
    /// The certificate has expired.
    CertificateExpired,
    /// No record of the TLSA set is found to be valid.
    TlsaInvalid,
    /// The resolver returned no valid records.
    DnssecInvalid,
    /// The sender insists on DANE (RFC 7672 §6), and there are no records that DNSSEC proves. None
    /// of the senders that are judged here does.
    DaneRequired,
    /// The chain is not trusted, for a reason other than those above.
    CertificateNotTrusted,
    /// The MTA-STS policy is faulty. This crate does not look at policies.
    StsPolicyInvalid,
    /// The MTA-STS policy could not be fetched. This crate does not look at policies.
    StsPolicyFetchError,
    /// The server of the MTA-STS policy has no good certificate. This crate does not look at
    /// policies.
    StsWebpkiInvalid,
    /// Something else.
    ValidationFailure,
}

impl TlsReportResult {
    /// All of the registry.
    pub const ALL: &'static [Self] = &[
        Self::StarttlsNotSupported,
        Self::CertificateHostMismatch,
        Self::CertificateExpired,
        Self::TlsaInvalid,
        Self::DnssecInvalid,
        Self::DaneRequired,
        Self::CertificateNotTrusted,
        Self::StsPolicyInvalid,
        Self::StsPolicyFetchError,
        Self::StsWebpkiInvalid,
        Self::ValidationFailure,
    ];

    /// As a report spells it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::StarttlsNotSupported => "starttls-not-supported",
            Self::CertificateHostMismatch => "certificate-host-mismatch",
            Self::CertificateExpired => "certificate-expired",
            Self::TlsaInvalid => "tlsa-invalid",
            Self::DnssecInvalid => "dnssec-invalid",
            Self::DaneRequired => "dane-required",
            Self::CertificateNotTrusted => "certificate-not-trusted",
            Self::StsPolicyInvalid => "sts-policy-invalid",
            Self::StsPolicyFetchError => "sts-policy-fetch-error",
            Self::StsWebpkiInvalid => "sts-webpki-invalid",
            Self::ValidationFailure => "validation-failure",
        }
    }
}

impl fmt::Display for TlsReportResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
