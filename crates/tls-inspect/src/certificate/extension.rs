//! Extensions as names and numbers.

use x509_parser::asn1_rs::Oid;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::{ExtendedKeyUsage, KeyUsage, ParsedExtension};
use x509_parser::oid_registry::OID_X509_EXT_KEY_USAGE;

use crate::der::read_tlv;

/// `Features ::= SEQUENCE OF INTEGER` (RFC 7633 §4.1); a feature is an extension number of TLS
/// and so of 16 bits.
pub(super) fn tls_features(value: &[u8]) -> Option<Vec<u16>> {
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

/// How many elements an OCTET STRING of a `SignedCertificateTimestampList` has (RFC 6962 §3.3):
/// a list of 16 bits of length, of elements of 16 bits of length, none of them empty.
pub(super) fn count_scts(value: &[u8]) -> Option<usize> {
    let (string, after) = read_tlv(value)?;
    let (mut rest, beyond) = split_length(string.value)?;
    if string.tag != 0x04 || !after.is_empty() || !beyond.is_empty() {
        return None;
    }
    let mut count = 0;
    while !rest.is_empty() {
        let (_, next) = split_length(rest).filter(|(sct, _)| !sct.is_empty())?;
        rest = next;
        count += 1;
    }
    (count > 0).then_some(count)
}

fn split_length(octets: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = octets.split_first_chunk()?;
    rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))
}

/// The names of the bits set (RFC 5280 §4.2.1.3).
pub(super) fn key_usages(usage: &KeyUsage) -> Vec<String> {
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

/// The names of the usages known, and the object identifiers of others.
pub(super) fn extended_key_usages(usage: &ExtendedKeyUsage<'_>) -> Vec<String> {
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
    names.extend(usage.other.iter().map(Oid::to_id_string));
    names
}

fn names_set(bits: &[(bool, &str)]) -> Vec<String> {
    bits.iter()
        .filter(|(set, _)| *set)
        .map(|(_, name)| (*name).to_owned())
        .collect()
}

/// Whether the key usages allow something; without any, they allow everything (RFC 5280 §4.2.1.3).
/// What cannot be read allows nothing.
pub(crate) fn key_usages_allow(
    certificate: &X509Certificate<'_>,
    what: fn(&KeyUsage) -> bool,
) -> bool {
    let extensions = certificate.extensions().iter();
    let mut usages = extensions.filter(|extension| extension.oid == OID_X509_EXT_KEY_USAGE);
    usages.all(|extension| {
        matches!(extension.parsed_extension(), ParsedExtension::KeyUsage(usage) if what(usage))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(value: &[u8], expected: Option<usize>) {
        assert_eq!(count_scts(value), expected);
    }

    #[test]
    fn embedded_scts_are_counted() {
        check(&[4, 5, 0, 3, 0, 1, 7], Some(1));
        check(&[4, 9, 0, 7, 0, 1, 7, 0, 2, 8, 8], Some(2));
    }

    #[test]
    fn a_list_of_scts_that_does_not_add_up_is_not_counted() {
        check(&[], None);
        check(&[4, 2, 0, 0], None);
        check(&[4, 4, 0, 2, 0, 0], None);
        check(&[4, 5, 0, 3, 0, 2, 7], None);
        check(&[4, 5, 0, 2, 0, 0, 7], None);
        check(&[4, 6, 0, 3, 0, 1, 7, 9], None);
        check(&[5, 5, 0, 3, 0, 1, 7], None);
        check(&[4, 5, 0, 3, 0, 1, 7, 0], None);
    }
}
