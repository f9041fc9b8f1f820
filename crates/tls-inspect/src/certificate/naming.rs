//! Names as text that is safe to show: distinguished names and object identifiers.

use std::fmt::Write as _;

use x509_parser::asn1_rs::{Any, Oid};
use x509_parser::x509::{AttributeTypeAndValue, X509Name};

use crate::der::hex;

/// Writes a distinguished name in the manner of RFC 4514: last RDN first. What is not printable
/// ASCII becomes hexadecimal pairs of its octets (RFC 4514 §2.4), so the result is always
/// printable ASCII.
pub(crate) fn distinguished_name(name: &X509Name<'_>) -> String {
    let rdns: Vec<_> = name.iter_rdn().collect();
    let texts = rdns.iter().rev().map(|rdn| {
        let attributes: Vec<String> = rdn.iter().map(attribute).collect();
        attributes.join("+")
    });
    texts.collect::<Vec<_>>().join(",")
}

/// The values of every attribute of this type, as escaped text.
pub(crate) fn attribute_values(name: &X509Name<'_>, dotted: &str) -> Vec<String> {
    name.iter_attributes()
        .filter(|attribute| attribute.attr_type().to_id_string() == dotted)
        .map(|attribute| attribute_value(attribute.attr_value()))
        .collect()
}

fn attribute(attribute: &AttributeTypeAndValue<'_>) -> String {
    let dotted = attribute.attr_type().to_id_string();
    // RFC 4514 §3, and two that certificates use besides.
    let keyword = match dotted.as_str() {
        "2.5.4.3" => "CN",
        "2.5.4.5" => "serialNumber",
        "2.5.4.6" => "C",
        "2.5.4.7" => "L",
        "2.5.4.8" => "ST",
        "2.5.4.9" => "STREET",
        "2.5.4.10" => "O",
        "2.5.4.11" => "OU",
        "0.9.2342.19200300.100.1.1" => "UID",
        "0.9.2342.19200300.100.1.25" => "DC",
        "1.2.840.113549.1.9.1" => "emailAddress",
        other => other,
    };
    format!("{keyword}={}", attribute_value(attribute.attr_value()))
}

fn attribute_value(value: &Any<'_>) -> String {
    // UTF8String, NumericString, PrintableString, TeletexString, IA5String, VisibleString
    // (X.680 §8.6); the rest is shown as hexadecimal (RFC 4514 §2.4).
    match value.header.tag().0 {
        12 | 18 | 19 | 20 | 22 | 26 => escape(value.data),
        _ => format!("#{}", hex(value.data)),
    }
}

fn escape(value: &[u8]) -> String {
    let mut text = String::with_capacity(value.len());
    let last = value.len().saturating_sub(1);
    for (index, &octet) in value.iter().enumerate() {
        let special = b"\"+,;<>\\".contains(&octet)
            || (octet == b'#' && index == 0)
            || (octet == b' ' && (index == 0 || index == last));
        match octet {
            b' '..=b'~' => {
                if special {
                    text.push('\\');
                }
                text.push(char::from(octet));
            }
            _ => {
                // Writing to a string cannot fail.
                let _ = write!(text, "\\{octet:02X}");
            }
        }
    }
    text
}

/// The name of a signature algorithm as OpenSSL and RFC 8017, 5758, 8410 and 9881 have it, or
/// its object identifier.
pub(super) fn signature_algorithm(oid: &Oid<'_>) -> String {
    let dotted = oid.to_id_string();
    let name = match dotted.as_str() {
        "1.2.840.113549.1.1.4" => "md5WithRSAEncryption",
        "1.2.840.113549.1.1.5" => "sha1WithRSAEncryption",
        "1.2.840.113549.1.1.10" => "id-RSASSA-PSS",
        "1.2.840.113549.1.1.11" => "sha256WithRSAEncryption",
        "1.2.840.113549.1.1.12" => "sha384WithRSAEncryption",
        "1.2.840.113549.1.1.13" => "sha512WithRSAEncryption",
        "1.2.840.10045.4.1" => "ecdsa-with-SHA1",
        "1.2.840.10045.4.3.2" => "ecdsa-with-SHA256",
        "1.2.840.10045.4.3.3" => "ecdsa-with-SHA384",
        "1.2.840.10045.4.3.4" => "ecdsa-with-SHA512",
        "1.3.101.112" => "Ed25519",
        "1.3.101.113" => "Ed448",
        "2.16.840.1.101.3.4.3.17" => "ML-DSA-44",
        "2.16.840.1.101.3.4.3.18" => "ML-DSA-65",
        "2.16.840.1.101.3.4.3.19" => "ML-DSA-87",
        _ => return dotted,
    };
    name.to_owned()
}

/// The name of a public key algorithm, or its object identifier.
pub(super) fn key_algorithm(oid: &Oid<'_>) -> String {
    let dotted = oid.to_id_string();
    match dotted.as_str() {
        "1.2.840.113549.1.1.1" => "RSA".to_owned(),
        "1.2.840.113549.1.1.10" => "RSASSA-PSS".to_owned(),
        "1.2.840.10045.2.1" => "EC".to_owned(),
        "1.2.840.10040.4.1" => "DSA".to_owned(),
        _ => signature_algorithm(oid),
    }
}

/// The name of a curve (RFC 5480 §2.1.1.1, RFC 5639) and its size in bits, as far as known.
pub(super) fn curve(oid: &Oid<'_>) -> (String, Option<u32>) {
    let dotted = oid.to_id_string();
    let (name, bits) = match dotted.as_str() {
        "1.2.840.10045.3.1.1" => ("P-192", 192),
        "1.3.132.0.33" => ("P-224", 224),
        "1.2.840.10045.3.1.7" => ("P-256", 256),
        "1.3.132.0.34" => ("P-384", 384),
        "1.3.132.0.35" => ("P-521", 521),
        "1.3.132.0.10" => ("secp256k1", 256),
        "1.3.36.3.3.2.8.1.1.7" => ("brainpoolP256r1", 256),
        "1.3.36.3.3.2.8.1.1.11" => ("brainpoolP384r1", 384),
        "1.3.36.3.3.2.8.1.1.13" => ("brainpoolP512r1", 512),
        _ => return (dotted, None),
    };
    (name.to_owned(), Some(bits))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(value: &[u8], expected: &str) {
        assert_eq!(escape(value), expected);
    }

    #[test]
    fn values_are_escaped_as_in_rfc_4514() {
        check(b"Example, Inc.", "Example\\, Inc.");
        check(b" #a# ", "\\ #a#\\ ");
        check(b"#a", "\\#a");
        check("Lučić".as_bytes(), "Lu\\C4\\8Di\\C4\\87");
        check(b"a\r\n\x1b[0m", "a\\0D\\0A\\1B[0m");
        check(b"", "");
    }
}
