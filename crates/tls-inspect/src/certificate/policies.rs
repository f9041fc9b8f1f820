//! The policies under which a certificate was issued (RFC 5280 §4.2.1.4).

use std::fmt;

/// A certificate policy: an object identifier, in dotted form.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
pub struct CertificatePolicy(String);

/// What a public authority has made sure of before it issued a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Validation {
    /// Control of the names (DV).
    Domain,
    /// A person's identity besides (IV).
    Individual,
    /// An organization's identity besides (OV).
    Organization,
    /// An organization's identity by the Extended Validation Guidelines (EV).
    Extended,
}

impl CertificatePolicy {
    /// The most octets of an encoded object identifier that is kept.
    pub(super) const MAX_OCTETS: usize = 64;

    pub(super) const fn new(oid: String) -> Self {
        Self(oid)
    }

    /// The object identifier.
    #[must_use]
    pub fn oid(&self) -> &str {
        &self.0
    }

    /// What was validated, if it is one of the reserved policies of the CA/Browser Forum (Baseline
    /// Requirements §7.1.6.1), one of which every public authority's certificate has. Authorities'
    /// own policies may say the same; what they mean stands in the authority's statement.
    #[must_use]
    pub fn validation(&self) -> Option<Validation> {
        Some(match self.oid() {
            "2.23.140.1.1" => Validation::Extended,
            "2.23.140.1.2.1" => Validation::Domain,
            "2.23.140.1.2.2" => Validation::Organization,
            "2.23.140.1.2.3" => Validation::Individual,
            _ => return None,
        })
    }

    /// The name: that of the CA/Browser Forum, or `anyPolicy` (RFC 5280 §4.2.1.4).
    #[must_use]
    pub fn name(&self) -> Option<&'static str> {
        match self.validation() {
            Some(validation) => Some(validation.name()),
            None => (self.oid() == "2.5.29.32.0").then_some("anyPolicy"),
        }
    }
}

impl fmt::Display for CertificatePolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name().unwrap_or(self.oid()))
    }
}

impl Validation {
    const fn name(self) -> &'static str {
        match self {
            Self::Domain => "domain-validated",
            Self::Individual => "individual-validated",
            Self::Organization => "organization-validated",
            Self::Extended => "extended-validation",
        }
    }
}

impl fmt::Display for Validation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
