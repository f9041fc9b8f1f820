//! What a certificate may get wrong.

use std::fmt;

/// Something in a certificate that departs from a rule. Which rules bind it, is for the caller to
/// say: see [`profile`](Self::profile).
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Deviation {
    /// This many octets follow the certificate.
    TrailingData(usize),
    /// The version is not 3 (RFC 5280 §4.1.2.1).
    Version(u32),
    /// The serial number is zero (RFC 5280 §4.1.2.2).
    SerialZero,
    /// The serial number is negative (RFC 5280 §4.1.2.2).
    SerialNegative,
    /// The serial number has this many octets, over 20 (RFC 5280 §4.1.2.2).
    SerialTooLong(usize),
    /// It ends before it begins to be valid.
    ValidityReversed,
    /// This extension occurs more than once (RFC 5280 §4.2).
    DuplicateExtension(String),
    /// This extension cannot be read.
    MalformedExtension(String),
    /// This extension is critical and not known here, so a verifier must refuse (RFC 5280 §4.2).
    UnknownCriticalExtension(String),
    /// This subject alternative name cannot be read.
    MalformedAltName(String),
    /// This URL of an OCSP responder, an issuer or a revocation list is none (RFC 5280 §4.2.1.6,
    /// §4.2.1.13, §4.2.2.1).
    MalformedUrl(String),
    /// This URL of an OCSP responder, an issuer or a revocation list has another scheme than
    /// `http` (Baseline Requirements §7.1.2.7.7, §7.1.2.11.2).
    UrlNotHttp(String),
    /// This extension is not critical and must be: basic constraints of an authority
    /// (RFC 5280 §4.2.1.9), name constraints (§4.2.1.10), policy constraints (§4.2.1.11),
    /// alternative names without a subject (§4.2.1.6).
    MustBeCritical(String),
    /// This extension is critical and must not be: key identifiers (RFC 5280 §4.2.1.1, §4.2.1.2)
    /// and where to get what (§4.2.2.1).
    MustNotBeCritical(String),
    /// This extension is critical and a public certificate's must not be: extended key usages, and
    /// alternative names beside a subject (Baseline Requirements §7.1.2.7.10, §7.1.2.7.12).
    MustNotBeCriticalInPublic(String),
    /// Nothing says which key of its issuer signed it (RFC 5280 §4.2.1.1). A self-issued one may
    /// leave that out.
    NoAuthorityKeyId,
    /// It is an authority's, and its key has no identifier (RFC 5280 §4.2.1.2).
    NoSubjectKeyId,
    /// The issuer's key is told by name and serial number too (Baseline Requirements §7.1.2.11.1).
    IssuerNamedInAuthorityKeyId,
    /// It is a self-issued authority's, and says that another key than its own signed it, or does
    /// not say which (Baseline Requirements §7.1.2.1.3). Those of a key's roll-over are such.
    AuthorityKeyIdNotOwn,
    /// It is an authority's and has no subject (RFC 5280 §4.1.2.6).
    CaWithoutSubject,
    /// Its key may sign certificates, and it is no authority's (RFC 5280 §4.2.1.3, §4.2.1.9).
    KeyCertSignWithoutCa,
    /// It is an authority's, and its key may not sign certificates (RFC 5280 §4.2.1.9).
    CaWithoutKeyCertSign,
    /// It is no authority's and constrains names (RFC 5280 §4.2.1.10).
    NameConstraintsInEndEntity,
    /// Its name constraints neither permit nor exclude anything (RFC 5280 §4.2.1.10).
    EmptyNameConstraints,
    /// This name constraint has no form that is allowed (RFC 5280 §4.2.1.10).
    BadNameConstraint(String),
    /// This DNS name is none of letters, digits and hyphens after a wildcard label at most
    /// (RFC 5280 §4.2.1.6, Baseline Requirements §7.1.4.2.1: no underscore).
    BadDnsName(String),
    /// This common name is, octet by octet, none of the alternative names (Baseline Requirements
    /// §7.1.4.3).
    CommonNameNotInAltNames(String),
    /// It is no authority's, and says nothing of what it may be used for (Baseline Requirements
    /// §7.1.2.7.6).
    NoExtendedKeyUsage,
    /// It may be used for anything (Baseline Requirements §7.1.2.7.10).
    AnyExtendedKeyUsage,
    /// It is a root and says what it may be used for (Baseline Requirements §7.1.2.1.2).
    ExtendedKeyUsageInRoot,
    /// The key is of a kind or size that public certificates must not have, such as
    /// `RSA 1024 bits` (Baseline Requirements §6.1.5).
    KeyNotAllowed(String),
    /// It is signed with an algorithm that public certificates must not be signed with, such as
    /// `sha1WithRSAEncryption` (Baseline Requirements §7.1.3.2). A root's own signature, which
    /// nobody checks, may be.
    SignatureNotAllowed(String),
}

/// Whose rules they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Profile {
    /// RFC 5280, which binds every certificate on the Internet.
    Rfc5280,
    /// The CA/Browser Forum's Baseline Requirements for TLS servers (version of 2025), which bind
    /// the certificates of authorities that browsers trust. A private one need not keep them.
    BaselineRequirements,
}

impl Deviation {
    /// The rules that it departs from.
    #[must_use]
    pub const fn profile(&self) -> Profile {
        match self {
            Self::MustNotBeCriticalInPublic(_)
            | Self::UrlNotHttp(_)
            | Self::IssuerNamedInAuthorityKeyId
            | Self::AuthorityKeyIdNotOwn
            | Self::CommonNameNotInAltNames(_)
            | Self::NoExtendedKeyUsage
            | Self::AnyExtendedKeyUsage
            | Self::ExtendedKeyUsageInRoot
            | Self::KeyNotAllowed(_)
            | Self::SignatureNotAllowed(_) => Profile::BaselineRequirements,
            _ => Profile::Rfc5280,
        }
    }
}

impl fmt::Display for Deviation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TrailingData(octets) => write!(f, "{octets} octets after the certificate"),
            Self::Version(version) => write!(f, "version {version}, expected 3"),
            Self::SerialZero => f.write_str("serial number zero"),
            Self::SerialNegative => f.write_str("serial number negative"),
            Self::SerialTooLong(octets) => {
                write!(f, "serial number of {octets} octets, expected at most 20")
            }
            Self::ValidityReversed => f.write_str("notAfter before notBefore"),
            Self::DuplicateExtension(oid) => write!(f, "extension {oid} more than once"),
            Self::MalformedExtension(oid) => write!(f, "extension {oid} malformed"),
            Self::UnknownCriticalExtension(oid) => {
                write!(f, "critical extension {oid} not known")
            }
            Self::MalformedAltName(name) => {
                write!(f, "subject alternative name {name} malformed")
            }
            Self::MalformedUrl(url) => write!(f, "URL {url} malformed"),
            Self::UrlNotHttp(url) => write!(f, "URL {url} not of the scheme http"),
            Self::MustBeCritical(oid) => write!(f, "extension {oid} expected to be critical"),
            Self::MustNotBeCritical(oid) | Self::MustNotBeCriticalInPublic(oid) => {
                write!(f, "extension {oid} expected not to be critical")
            }
            Self::NoAuthorityKeyId => f.write_str("no authority key identifier"),
            Self::NoSubjectKeyId => f.write_str("no subject key identifier"),
            Self::IssuerNamedInAuthorityKeyId => {
                f.write_str("authority key identifier with a name or a serial number")
            }
            Self::AuthorityKeyIdNotOwn => {
                f.write_str("self-issued, and not by its own key identifier")
            }
            Self::CaWithoutSubject => f.write_str("an authority without a subject"),
            Self::KeyCertSignWithoutCa => f.write_str("keyCertSign without being an authority"),
            Self::CaWithoutKeyCertSign => f.write_str("an authority without keyCertSign"),
            Self::NameConstraintsInEndEntity => {
                f.write_str("name constraints without being an authority")
            }
            Self::EmptyNameConstraints => f.write_str("name constraints of nothing"),
            Self::BadNameConstraint(name) => write!(f, "name constraint {name} of no known form"),
            Self::BadDnsName(name) => write!(f, "DNS name {name} of no valid form"),
            Self::CommonNameNotInAltNames(name) => {
                write!(f, "common name {name} not among the alternative names")
            }
            Self::NoExtendedKeyUsage => f.write_str("no extended key usage"),
            Self::AnyExtendedKeyUsage => f.write_str("anyExtendedKeyUsage"),
            Self::ExtendedKeyUsageInRoot => f.write_str("extended key usage in a root"),
            Self::KeyNotAllowed(key) => write!(f, "key {key} not allowed"),
            Self::SignatureNotAllowed(name) => write!(f, "signature algorithm {name} not allowed"),
        }
    }
}
