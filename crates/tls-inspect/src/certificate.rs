//! One certificate, read from DER and described.

mod conformity;
mod deviation;
mod extension;
pub(crate) mod naming;
mod pointers;
mod policies;

use std::fmt;
use std::net::IpAddr;

use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::{GeneralName, ParsedExtension, PolicyInformation, X509Extension};
use x509_parser::prelude::FromDer as _;
use x509_parser::public_key::PublicKey;
use x509_parser::x509::SubjectPublicKeyInfo;

pub use self::deviation::{Deviation, Profile};
pub(crate) use self::extension::key_usages_allow;
use self::extension::{count_scts, extended_key_usages, key_usages, tls_features};
use self::naming::{attribute_values, curve, distinguished_name, key_algorithm};
pub use self::pointers::RevocationPointer;
pub use self::policies::{CertificatePolicy, Validation};
use crate::Validity;
use crate::der::{hex, sha256_hex};
use crate::escape::printable;
use crate::provider::rsa_bits;

/// What a certificate says (RFC 5280 §4.1), as owned data. Nothing in it has been verified.
///
/// All text is printable ASCII, whatever the certificate holds. What breaks the rules of
/// RFC 5280 and can be read all the same is read, and told in [`deviations`](Self::deviations).
///
/// ```
/// use tls_inspect::{Certificate, TrustStore};
///
/// # let pem = include_bytes!("../tests/data/example.pem");
/// # let der = TrustStore::certificates_from_pem(pem).unwrap().remove(0);
/// let certificate = Certificate::parse(der.as_bytes())?;
/// assert_eq!(certificate.subject, "CN=mx.example.org,O=Example\\, Inc.");
/// assert_eq!(certificate.dns_names().collect::<Vec<_>>(), ["mx.example.org"]);
/// # Ok::<(), tls_inspect::CertificateError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Certificate {
    /// The version: 3, or 1 or 2 for very old ones.
    pub version: u32,
    /// The serial number's octets, in lower-case hexadecimal.
    pub serial: String,
    /// The subject, in the manner of RFC 4514.
    pub subject: String,
    /// The issuer, in the manner of RFC 4514.
    pub issuer: String,
    /// The subject's common names. No certificate is matched by them (RFC 9525 §2).
    pub common_names: Vec<String>,
    /// The subject alternative names, in the order found; `None` without the extension.
    #[cfg_attr(
        feature = "serde",
        serde(skip_serializing_if = "Option::is_none", default)
    )]
    pub alt_names: Option<Vec<AltName>>,
    /// The time from which to which it is valid.
    pub validity: Validity,
    /// The public key.
    pub key: Key,
    /// The name or object identifier of the algorithm it is signed with.
    pub signature_algorithm: String,
    /// Whether the basic constraints make it an authority's (RFC 5280 §4.2.1.9).
    pub is_ca: bool,
    /// How many authorities may follow below this one.
    #[cfg_attr(
        feature = "serde",
        serde(skip_serializing_if = "Option::is_none", default)
    )]
    pub path_len: Option<u32>,
    /// The key usages (RFC 5280 §4.2.1.3); `None` without the extension.
    #[cfg_attr(
        feature = "serde",
        serde(skip_serializing_if = "Option::is_none", default)
    )]
    pub key_usages: Option<Vec<String>>,
    /// The extended key usages (RFC 5280 §4.2.1.12), by name or object identifier; `None`
    /// without the extension, which allows all.
    #[cfg_attr(
        feature = "serde",
        serde(skip_serializing_if = "Option::is_none", default)
    )]
    pub extended_key_usages: Option<Vec<String>>,
    /// The issuer's key identifier, in hexadecimal.
    #[cfg_attr(
        feature = "serde",
        serde(skip_serializing_if = "Option::is_none", default)
    )]
    pub authority_key_id: Option<String>,
    /// The key identifier, in hexadecimal.
    #[cfg_attr(
        feature = "serde",
        serde(skip_serializing_if = "Option::is_none", default)
    )]
    pub subject_key_id: Option<String>,
    /// Whether subject and issuer are the same name. Whether the key is the same too is told by
    /// [`ChainElement::is_self_signed`](crate::ChainElement::is_self_signed).
    pub self_issued: bool,
    /// Whether it demands a stapled OCSP response (RFC 7633, feature `status_request`).
    pub must_staple: bool,
    /// The TLS extensions that it demands of a server (RFC 7633 §4), by their numbers in the IANA
    /// registry; `None` without the extension, or if it cannot be read.
    #[cfg_attr(
        feature = "serde",
        serde(skip_serializing_if = "Option::is_none", default)
    )]
    pub tls_features: Option<Vec<u16>>,
    /// Where its OCSP responder is (RFC 5280 §4.2.2.1), as all URLs here: those with a scheme and
    /// an authority, in the order found, [`MAX_URLS`](Self::MAX_URLS) at most and each of
    /// [`MAX_URL_OCTETS`](Self::MAX_URL_OCTETS) at most. A URL is the choice of whoever made the
    /// certificate, so where it leads is to be checked before it is followed.
    #[cfg_attr(
        feature = "serde",
        serde(skip_serializing_if = "Vec::is_empty", default)
    )]
    pub ocsp_urls: Vec<String>,
    /// Where its issuer's certificate can be had (`caIssuers`, RFC 5280 §4.2.2.1).
    #[cfg_attr(
        feature = "serde",
        serde(skip_serializing_if = "Vec::is_empty", default)
    )]
    pub ca_issuer_urls: Vec<String>,
    /// Where the revocation lists are that it would be on (RFC 5280 §4.2.1.13).
    #[cfg_attr(
        feature = "serde",
        serde(skip_serializing_if = "Vec::is_empty", default)
    )]
    pub crl_urls: Vec<String>,
    /// The policies that it was issued under (RFC 5280 §4.2.1.4); `None` without the extension.
    #[cfg_attr(
        feature = "serde",
        serde(skip_serializing_if = "Option::is_none", default)
    )]
    pub policies: Option<Vec<CertificatePolicy>>,
    /// How many signed certificate timestamps are embedded in it (RFC 6962 §3.3); `None` without
    /// the extension, or if it cannot be read. They may come with the handshake or in an OCSP
    /// response as well, and that they are there does not say that they are good.
    #[cfg_attr(
        feature = "serde",
        serde(skip_serializing_if = "Option::is_none", default)
    )]
    pub embedded_scts: Option<usize>,
    /// How many locations, policies and TLS features are not listed: too many of a kind, too
    /// long, or a location that is no URL or serves another purpose.
    #[cfg_attr(feature = "serde", serde(default))]
    pub left_out: usize,
    /// The SHA-256 of the whole certificate, in hexadecimal: the fingerprint.
    pub sha256: String,
    /// The SHA-256 of the SubjectPublicKeyInfo, in hexadecimal.
    pub spki_sha256: String,
    /// What departs from RFC 5280 or from the Baseline Requirements:
    /// [`profile`](Deviation::profile) says from which.
    pub deviations: Vec<Deviation>,
}

impl Certificate {
    /// The most policies that are kept.
    pub const MAX_POLICIES: usize = 32;

    /// The most TLS features that are kept.
    pub const MAX_TLS_FEATURES: usize = 32;

    /// Reads a certificate.
    ///
    /// The work and the memory grow linearly with the length of `der`.
    ///
    /// # Errors
    ///
    /// If `der` does not begin with a certificate that can be read as such.
    pub fn parse(der: &[u8]) -> Result<Self, CertificateError> {
        let (rest, x509) = X509Certificate::from_der(der).map_err(|error| CertificateError {
            kind: CertificateErrorKind::Malformed,
            detail: printable(error.to_string()),
        })?;
        let tbs = &x509.tbs_certificate;
        let mut certificate = Self {
            version: x509.version().0.saturating_add(1),
            serial: hex(x509.raw_serial()),
            subject: distinguished_name(x509.subject()),
            issuer: distinguished_name(x509.issuer()),
            common_names: attribute_values(x509.subject(), "2.5.4.3"),
            alt_names: None,
            validity: Validity::new(
                tbs.validity.not_before.timestamp(),
                tbs.validity.not_after.timestamp(),
            ),
            key: Key::of(&tbs.subject_pki),
            signature_algorithm: naming::signature_algorithm(&x509.signature_algorithm.algorithm),
            is_ca: false,
            path_len: None,
            key_usages: None,
            extended_key_usages: None,
            authority_key_id: None,
            subject_key_id: None,
            self_issued: x509.subject().as_raw() == x509.issuer().as_raw(),
            must_staple: false,
            tls_features: None,
            ocsp_urls: Vec::new(),
            ca_issuer_urls: Vec::new(),
            crl_urls: Vec::new(),
            policies: None,
            embedded_scts: None,
            left_out: 0,
            sha256: sha256_hex(der),
            spki_sha256: sha256_hex(tbs.subject_pki.raw),
            deviations: Vec::new(),
        };
        for extension in x509.extensions() {
            certificate.read_extension(extension);
        }
        certificate.note_deviations(&x509, rest.len());
        Ok(certificate)
    }

    /// The DNS names among the subject alternative names.
    pub fn dns_names(&self) -> impl Iterator<Item = &str> {
        self.alt_names
            .iter()
            .flatten()
            .filter_map(|name| match name {
                AltName::Dns(name) => Some(name.as_str()),
                _ => None,
            })
    }

    /// The addresses among the subject alternative names.
    pub fn ip_addresses(&self) -> impl Iterator<Item = IpAddr> {
        self.alt_names
            .iter()
            .flatten()
            .filter_map(|name| match name {
                AltName::Ip(address) => Some(*address),
                _ => None,
            })
    }

    /// Whether a TLS server may use it (RFC 5280 §4.2.1.12): without extended key usages, or
    /// with `serverAuth` among them. `anyExtendedKeyUsage` alone does not do for webpki and
    /// browsers, and not here.
    #[must_use]
    pub fn allows_server_auth(&self) -> bool {
        self.extended_key_usages
            .as_ref()
            .is_none_or(|usages| usages.iter().any(|usage| usage == "serverAuth"))
    }

    /// Takes over what an extension says. Of several of a kind the last one counts.
    fn read_extension(&mut self, extension: &X509Extension<'_>) {
        match extension.parsed_extension() {
            ParsedExtension::SubjectAlternativeName(names) => {
                let names: Vec<_> = names.general_names.iter().map(AltName::of).collect();
                for name in &names {
                    if let AltName::Malformed(text) = name {
                        self.deviations
                            .push(Deviation::MalformedAltName(text.clone()));
                    }
                }
                self.alt_names = Some(names);
            }
            ParsedExtension::BasicConstraints(constraints) => {
                self.is_ca = constraints.ca;
                self.path_len = constraints.path_len_constraint;
            }
            ParsedExtension::KeyUsage(usage) => self.key_usages = Some(key_usages(usage)),
            ParsedExtension::ExtendedKeyUsage(usage) => {
                self.extended_key_usages = Some(extended_key_usages(usage));
            }
            ParsedExtension::AuthorityKeyIdentifier(id) => {
                self.authority_key_id = id.key_identifier.as_ref().map(|id| hex(id.0));
            }
            ParsedExtension::SubjectKeyIdentifier(id) => self.subject_key_id = Some(hex(id.0)),
            ParsedExtension::AuthorityInfoAccess(access) => self.read_information_access(access),
            ParsedExtension::CRLDistributionPoints(points) => self.read_distribution_points(points),
            ParsedExtension::CertificatePolicies(policies) => self.read_policies(policies),
            _ => self.read_other_extension(extension),
        }
    }

    fn read_policies(&mut self, policies: &[PolicyInformation<'_>]) {
        let mut kept = Vec::new();
        for policy in policies {
            let fits = policy.policy_id.as_bytes().len() <= CertificatePolicy::MAX_OCTETS;
            if fits && kept.len() < Self::MAX_POLICIES {
                kept.push(CertificatePolicy::new(policy.policy_id.to_id_string()));
            } else {
                self.count_left_out(1);
            }
        }
        self.policies = Some(kept);
    }

    fn read_other_extension(&mut self, extension: &X509Extension<'_>) {
        let oid = extension.oid.to_id_string();
        let readable = match (oid.as_str(), extension.parsed_extension()) {
            ("1.3.6.1.5.5.7.1.24", _) => self.read_tls_features(extension.value),
            ("1.3.6.1.4.1.11129.2.4.2", _) => {
                self.embedded_scts = count_scts(extension.value);
                self.embedded_scts.is_some()
            }
            (_, ParsedExtension::ParseError { .. }) => false,
            (_, ParsedExtension::UnsupportedExtension { .. }) if extension.critical => {
                self.deviations
                    .push(Deviation::UnknownCriticalExtension(oid));
                return;
            }
            _ => true,
        };
        if !readable {
            self.deviations.push(Deviation::MalformedExtension(oid));
        }
    }

    fn read_tls_features(&mut self, value: &[u8]) -> bool {
        self.tls_features = tls_features(value);
        let Some(features) = &mut self.tls_features else {
            return false;
        };
        self.must_staple |= features.contains(&5);
        let beyond = features.len().saturating_sub(Self::MAX_TLS_FEATURES);
        features.truncate(Self::MAX_TLS_FEATURES);
        self.count_left_out(beyond);
        true
    }
}

/// One subject alternative name (RFC 5280 §4.2.1.6).
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum AltName {
    /// A dNSName, as found but for escapes; it may be no valid name.
    Dns(String),
    /// An iPAddress of 4 or 16 octets.
    Ip(IpAddr),
    /// A name of another kind, as `kind:value`.
    Other(String),
    /// A name that cannot be read, as `kind:octets`.
    Malformed(String),
}

impl AltName {
    fn of(name: &GeneralName<'_>) -> Self {
        let other = |kind: &str, value: &str| {
            Self::Other(format!("{kind}:{}", value.as_bytes().escape_ascii()))
        };
        match name {
            // An IA5String holds ASCII only (RFC 5280 §7.2).
            GeneralName::DNSName(name) if !name.is_ascii() => {
                Self::Malformed(format!("dns:{}", name.as_bytes().escape_ascii()))
            }
            GeneralName::DNSName(name) => Self::Dns(name.as_bytes().escape_ascii().to_string()),
            GeneralName::IPAddress(octets) => address(octets)
                .map_or_else(|| Self::Malformed(format!("ip:{}", hex(octets))), Self::Ip),
            GeneralName::RFC822Name(name) => other("email", name),
            GeneralName::URI(name) => other("uri", name),
            GeneralName::DirectoryName(name) => {
                Self::Other(format!("directory:{}", distinguished_name(name)))
            }
            GeneralName::OtherName(oid, _) => other("other", &oid.to_id_string()),
            GeneralName::RegisteredID(oid) => other("rid", &oid.to_id_string()),
            GeneralName::X400Address(value) => Self::Other(format!("x400:{}", hex(value.data))),
            GeneralName::EDIPartyName(value) => Self::Other(format!("edi:{}", hex(value.data))),
            GeneralName::Invalid(tag, octets) => {
                let kind = match tag.0 {
                    1 => "email".to_owned(),
                    2 => "dns".to_owned(),
                    6 => "uri".to_owned(),
                    7 => "ip".to_owned(),
                    tag => format!("tag {tag}"),
                };
                Self::Malformed(format!("{kind}:{}", octets.escape_ascii()))
            }
        }
    }
}

impl fmt::Display for AltName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dns(name) | Self::Other(name) | Self::Malformed(name) => f.write_str(name),
            Self::Ip(address) => address.fmt(f),
        }
    }
}

fn address(octets: &[u8]) -> Option<IpAddr> {
    if let Ok(octets) = <[u8; 4]>::try_from(octets) {
        return Some(IpAddr::from(octets));
    }
    <[u8; 16]>::try_from(octets).ok().map(IpAddr::from)
}

/// A public key.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Key {
    /// The algorithm's name (`RSA`, `EC`, `Ed25519`, …) or object identifier.
    pub algorithm: String,
    /// The size in bits: of the modulus, or of the curve.
    #[cfg_attr(
        feature = "serde",
        serde(skip_serializing_if = "Option::is_none", default)
    )]
    pub bits: Option<u32>,
    /// The curve's name or object identifier.
    #[cfg_attr(
        feature = "serde",
        serde(skip_serializing_if = "Option::is_none", default)
    )]
    pub curve: Option<String>,
}

impl Key {
    fn of(spki: &SubjectPublicKeyInfo<'_>) -> Self {
        let mut key = Self {
            algorithm: key_algorithm(&spki.algorithm.algorithm),
            bits: None,
            curve: None,
        };
        if key.algorithm == "EC" {
            let named = spki
                .algorithm
                .parameters
                .as_ref()
                .and_then(|any| any.as_oid().ok());
            if let Some(oid) = named {
                let (name, bits) = curve(&oid);
                (key.curve, key.bits) = (Some(name), bits);
            }
        } else if let Ok(PublicKey::RSA(rsa)) = spki.parsed() {
            key.bits = u32::try_from(rsa_bits(rsa.modulus)).ok();
        }
        key
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.algorithm)?;
        match (&self.curve, self.bits) {
            (Some(curve), _) => write!(f, " {curve}"),
            (None, Some(bits)) => write!(f, " {bits} bits"),
            (None, None) => Ok(()),
        }
    }
}

/// Why octets are no certificate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a certificate, found other octets ({detail})")]
pub struct CertificateError {
    kind: CertificateErrorKind,
    detail: String,
}

impl CertificateError {
    /// The kind of error.
    #[must_use]
    pub const fn kind(&self) -> CertificateErrorKind {
        self.kind
    }
}

/// The kinds of [`CertificateError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CertificateErrorKind {
    /// The octets are not the DER of a certificate.
    Malformed,
}

#[cfg(all(test, any(feature = "aws-lc-rs", feature = "ring")))]
mod tests;
