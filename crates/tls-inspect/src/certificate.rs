//! One certificate, read from DER and described.

mod conformity;
mod deviation;
pub(crate) mod naming;

use std::fmt;
use std::net::IpAddr;

use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::{
    ExtendedKeyUsage, GeneralName, KeyUsage, ParsedExtension, X509Extension,
};
use x509_parser::prelude::FromDer as _;
use x509_parser::public_key::PublicKey;
use x509_parser::x509::SubjectPublicKeyInfo;

pub use self::deviation::{Deviation, Profile};
use self::naming::{attribute_values, curve, distinguished_name, key_algorithm};
use crate::Validity;
use crate::der::{hex, read_tlv, sha256_hex};
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
    /// The SHA-256 of the whole certificate, in hexadecimal: the fingerprint.
    pub sha256: String,
    /// The SHA-256 of the SubjectPublicKeyInfo, in hexadecimal.
    pub spki_sha256: String,
    /// What departs from RFC 5280 or from the Baseline Requirements:
    /// [`profile`](Deviation::profile) says from which.
    pub deviations: Vec<Deviation>,
}

impl Certificate {
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
            ParsedExtension::ParseError { .. } => {
                self.deviations
                    .push(Deviation::MalformedExtension(extension.oid.to_id_string()));
            }
            ParsedExtension::UnsupportedExtension { .. } => self.read_other_extension(extension),
            _ => {}
        }
    }

    fn read_other_extension(&mut self, extension: &X509Extension<'_>) {
        let oid = extension.oid.to_id_string();
        if oid == "1.3.6.1.5.5.7.1.24" {
            match tls_features(extension.value) {
                Some(features) => self.must_staple |= features.contains(&5),
                None => self.deviations.push(Deviation::MalformedExtension(oid)),
            }
        } else if extension.critical {
            self.deviations
                .push(Deviation::UnknownCriticalExtension(oid));
        }
    }
}

/// `Features ::= SEQUENCE OF INTEGER` (RFC 7633 §4.1); a feature is an extension number of TLS
/// and so of 16 bits.
fn tls_features(value: &[u8]) -> Option<Vec<u16>> {
    let (sequence, after) = read_tlv(value)?;
    if sequence.tag != 0x30 || !after.is_empty() {
        return None;
    }
    let mut features = Vec::new();
    let mut rest = sequence.value;
    while !rest.is_empty() {
        let (integer, next) = read_tlv(rest)?;
        features.push(match (integer.tag, integer.value) {
            (0x02, &[low]) => u16::from(low),
            (0x02, &[high, low] | &[0, high, low]) => u16::from_be_bytes([high, low]),
            _ => return None,
        });
        rest = next;
    }
    Some(features)
}

/// The names of the bits set (RFC 5280 §4.2.1.3).
fn key_usages(usage: &KeyUsage) -> Vec<String> {
    let bits = [
        (usage.digital_signature(), "digitalSignature"),
        (usage.non_repudiation(), "nonRepudiation"),
        (usage.key_encipherment(), "keyEncipherment"),
        (usage.data_encipherment(), "dataEncipherment"),
        (usage.key_agreement(), "keyAgreement"),
        (usage.key_cert_sign(), "keyCertSign"),
        (usage.crl_sign(), "cRLSign"),
        (usage.encipher_only(), "encipherOnly"),
        (usage.decipher_only(), "decipherOnly"),
    ];
    names_set(&bits)
}

fn extended_key_usages(usage: &ExtendedKeyUsage<'_>) -> Vec<String> {
    let bits = [
        (usage.any, "anyExtendedKeyUsage"),
        (usage.server_auth, "serverAuth"),
        (usage.client_auth, "clientAuth"),
        (usage.code_signing, "codeSigning"),
        (usage.email_protection, "emailProtection"),
        (usage.time_stamping, "timeStamping"),
        (usage.ocsp_signing, "OCSPSigning"),
    ];
    let mut names = names_set(&bits);
    names.extend(
        usage
            .other
            .iter()
            .map(x509_parser::asn1_rs::Oid::to_id_string),
    );
    names
}

fn names_set(bits: &[(bool, &str)]) -> Vec<String> {
    bits.iter()
        .filter(|(set, _)| *set)
        .map(|(_, name)| (*name).to_owned())
        .collect()
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
