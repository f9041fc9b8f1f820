//! What a certificate gets wrong of RFC 5280 and of the Baseline Requirements.

use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::{GeneralName, NameConstraints, ParsedExtension, X509Extension};

use super::{AltName, Certificate, Deviation};

/// Extensions of a key's or an authority's place, which are never critical: authority and subject
/// key identifier, authority and subject information access (RFC 5280 §4.2.1.1, §4.2.1.2,
/// §4.2.2.1, §4.2.2.2).
const NEVER_CRITICAL: [&str; 4] = [
    "2.5.29.35",
    "2.5.29.14",
    "1.3.6.1.5.5.7.1.1",
    "1.3.6.1.5.5.7.1.11",
];

/// RSA and ECDSA with a hash function of the SHA-2 family, as certificates name them. Which one
/// RSASSA-PSS goes with stands in its parameters, which are not looked at.
const SHA2_SIGNATURES: [&str; 7] = [
    "sha256WithRSAEncryption",
    "sha384WithRSAEncryption",
    "sha512WithRSAEncryption",
    "id-RSASSA-PSS",
    "ecdsa-with-SHA256",
    "ecdsa-with-SHA384",
    "ecdsa-with-SHA512",
];

impl Certificate {
    /// Whether it is signed by RSA or ECDSA with a hash function of the SHA-2 family.
    pub(crate) fn is_signed_with_sha2(&self) -> bool {
        SHA2_SIGNATURES.contains(&self.signature_algorithm.as_str())
    }

    /// Notes what departs from the rules, once all extensions have been read.
    pub(super) fn note_deviations(&mut self, x509: &X509Certificate<'_>, trailing: usize) {
        let mut found = Vec::new();
        self.check_frame(x509, trailing, &mut found);
        found.append(&mut self.deviations);
        self.check_authority(&mut found);
        self.check_usages(&mut found);
        self.check_names(&mut found);
        self.check_key(&mut found);
        self.check_signature(&mut found);
        for extension in x509.extensions() {
            self.check_extension(extension, &mut found);
        }
        // RFC 5280 §4.2.1.1: who signed a self-signed one, is known.
        if self.authority_key_id.is_none() && !self.self_issued {
            found.push(Deviation::NoAuthorityKeyId);
        }
        self.deviations = found;
    }

    /// RFC 5280 §4.1 and §4.2: what stands around the extensions.
    fn check_frame(&self, x509: &X509Certificate<'_>, trailing: usize, found: &mut Vec<Deviation>) {
        if trailing > 0 {
            found.push(Deviation::TrailingData(trailing));
        }
        if self.version != 3 {
            found.push(Deviation::Version(self.version));
        }
        // RFC 5280 §4.1.2.2: positive, at most 20 octets.
        let serial = x509.raw_serial();
        if serial.iter().all(|&octet| octet == 0) {
            found.push(Deviation::SerialZero);
        }
        if serial.first().is_some_and(|octet| octet & 0x80 != 0) {
            found.push(Deviation::SerialNegative);
        }
        if serial.len() > 20 {
            found.push(Deviation::SerialTooLong(serial.len()));
        }
        if self.validity.not_before > self.validity.not_after {
            found.push(Deviation::ValidityReversed);
        }
        found.extend(repeated_extensions(x509).map(Deviation::DuplicateExtension));
    }

    fn check_authority(&self, found: &mut Vec<Deviation>) {
        let usages = self.key_usages.as_ref();
        let signs = usages.is_some_and(|usages| usages.iter().any(|usage| usage == "keyCertSign"));
        if !self.is_ca {
            if signs {
                found.push(Deviation::KeyCertSignWithoutCa);
            }
            return;
        }
        if self.subject.is_empty() {
            found.push(Deviation::CaWithoutSubject);
        }
        if self.subject_key_id.is_none() {
            found.push(Deviation::NoSubjectKeyId);
        }
        if usages.is_some() && !signs {
            found.push(Deviation::CaWithoutKeyCertSign);
        }
    }

    fn check_usages(&self, found: &mut Vec<Deviation>) {
        let Some(usages) = &self.extended_key_usages else {
            if !self.is_ca {
                found.push(Deviation::NoExtendedKeyUsage);
            }
            return;
        };
        if self.is_ca && self.self_issued {
            found.push(Deviation::ExtendedKeyUsageInRoot);
        }
        if usages.iter().any(|usage| usage == "anyExtendedKeyUsage") {
            found.push(Deviation::AnyExtendedKeyUsage);
        }
    }

    fn check_names(&self, found: &mut Vec<Deviation>) {
        let bad = self.dns_names().filter(|name| !is_dns_name(name));
        found.extend(bad.map(|name| Deviation::BadDnsName(name.to_owned())));
        if self.is_ca {
            return;
        }
        let presented: Vec<String> = self
            .alt_names
            .iter()
            .flatten()
            .map(AltName::to_string)
            .collect();
        let strangers = self
            .common_names
            .iter()
            .filter(|name| !presented.contains(name));
        found.extend(strangers.cloned().map(Deviation::CommonNameNotInAltNames));
    }

    /// Baseline Requirements §6.1.5: RSA of at least 2048 bits, a multiple of 8, or one of three
    /// curves.
    fn check_key(&self, found: &mut Vec<Deviation>) {
        let allowed = match (self.key.algorithm.as_str(), self.key.bits) {
            ("RSA", Some(bits)) => bits >= 2048 && bits % 8 == 0,
            ("EC", Some(_)) => self
                .key
                .curve
                .as_deref()
                .is_some_and(|curve| ["P-256", "P-384", "P-521"].contains(&curve)),
            _ => false,
        };
        if !allowed {
            found.push(Deviation::KeyNotAllowed(self.key.to_string()));
        }
    }

    /// Baseline Requirements §7.1.3.2: RSA or ECDSA with a hash function of the SHA-2 family.
    fn check_signature(&self, found: &mut Vec<Deviation>) {
        let is_root = self.is_ca && self.self_issued;
        if !is_root && !self.is_signed_with_sha2() {
            let name = self.signature_algorithm.clone();
            found.push(Deviation::SignatureNotAllowed(name));
        }
    }

    fn check_extension(&self, extension: &X509Extension<'_>, found: &mut Vec<Deviation>) {
        let oid = extension.oid.to_id_string();
        if extension.critical && NEVER_CRITICAL.contains(&oid.as_str()) {
            found.push(Deviation::MustNotBeCritical(oid.clone()));
        }
        let has_subject = !self.subject.is_empty();
        let (must_be, public_must_not) = match extension.parsed_extension() {
            ParsedExtension::BasicConstraints(_) => (self.is_ca, false),
            ParsedExtension::NameConstraints(constraints) => {
                self.check_name_constraints(constraints, found);
                (true, false)
            }
            ParsedExtension::PolicyConstraints(_) => (true, false),
            ParsedExtension::SubjectAlternativeName(_) => (!has_subject, has_subject),
            ParsedExtension::ExtendedKeyUsage(_) => (false, true),
            ParsedExtension::AuthorityKeyIdentifier(id) => {
                if id.authority_cert_issuer.is_some() || id.authority_cert_serial.is_some() {
                    found.push(Deviation::IssuerNamedInAuthorityKeyId);
                }
                self.check_own_key_id(found);
                (false, false)
            }
            _ => (false, false),
        };
        if must_be && !extension.critical {
            found.push(Deviation::MustBeCritical(oid));
        } else if public_must_not && extension.critical {
            found.push(Deviation::MustNotBeCriticalInPublic(oid));
        }
    }

    /// Of a root with the extension.
    fn check_own_key_id(&self, found: &mut Vec<Deviation>) {
        let is_root = self.is_ca && self.self_issued;
        if is_root
            && (self.authority_key_id.is_none() || self.authority_key_id != self.subject_key_id)
        {
            found.push(Deviation::AuthorityKeyIdNotOwn);
        }
    }

    fn check_name_constraints(
        &self,
        constraints: &NameConstraints<'_>,
        found: &mut Vec<Deviation>,
    ) {
        if !self.is_ca {
            found.push(Deviation::NameConstraintsInEndEntity);
        }
        let permitted = constraints.permitted_subtrees.iter().flatten();
        let excluded = constraints.excluded_subtrees.iter().flatten();
        let mut subtrees = permitted.chain(excluded).peekable();
        if subtrees.peek().is_none() {
            found.push(Deviation::EmptyNameConstraints);
        }
        let bad = subtrees.filter_map(|subtree| bad_constraint(&subtree.base));
        found.extend(bad.map(Deviation::BadNameConstraint));
    }
}

/// RFC 5280 §4.2: no more than one instance of an extension.
fn repeated_extensions(x509: &X509Certificate<'_>) -> impl Iterator<Item = String> {
    let mut oids: Vec<String> = x509
        .extensions()
        .iter()
        .map(|extension| extension.oid.to_id_string())
        .collect();
    oids.sort_unstable();
    let mut repeated: Vec<String> = oids
        .iter()
        .zip(oids.iter().skip(1))
        .filter(|(one, other)| one == other)
        .map(|(one, _)| one.clone())
        .collect();
    repeated.dedup();
    repeated.into_iter()
}

/// The text of a DNS constraint that is no DNS name, which for a constraint has no wildcard and
/// no leading period. An empty one stands for all names.
fn bad_constraint(base: &GeneralName<'_>) -> Option<String> {
    let GeneralName::DNSName(name) = base else {
        return None;
    };
    let good = name.is_empty() || name.split('.').all(is_label);
    (!good).then(|| name.as_bytes().escape_ascii().to_string())
}

/// The preferred name syntax of RFC 1034 §3.5 as RFC 1123 §2.1 has it, with a wildcard for the
/// first label at most.
fn is_dns_name(name: &str) -> bool {
    let name = name.strip_prefix("*.").unwrap_or(name);
    name.split('.').all(is_label)
}

fn is_label(label: &str) -> bool {
    !label.is_empty()
        && label.len() <= 63
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label
            .bytes()
            .all(|octet| octet.is_ascii_alphanumeric() || octet == b'-')
}
