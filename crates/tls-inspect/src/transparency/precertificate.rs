//! The precertificate that the logs were shown, made up again from the certificate (RFC 6962
//! §3.2).

use super::sct::Entry;
use crate::der::reader::{
    EMBEDDED_SCT_LIST, Extension, OCTET_STRING, Reader, SEQUENCE, context, write_tlv,
};

/// The extension that makes a certificate a precertificate, 1.3.6.1.4.1.11129.2.4.3 (RFC 6962
/// §3.1).
const POISON: &[u8] = &[0x2b, 6, 1, 4, 1, 0xd6, 0x79, 2, 4, 3];

/// The list of SCTs in a certificate, if it has one. The outer `None` says that this cannot be
/// read: no certificate may have an extension twice (RFC 5280 §4.2), so there is no telling which
/// of two lists counts.
pub(super) fn sct_list(certificate: &[u8]) -> Option<Option<&[u8]>> {
    let mut fields = tbs_fields(certificate)?;
    let mut list = None;
    while !fields.is_empty() {
        let field = fields.element()?;
        if field.tag != context(3) {
            continue;
        }
        let mut extensions = Reader::only_sequence(field.value)?;
        while !extensions.is_empty() {
            let extension = Extension::next(&mut extensions)?;
            if extension.oid == EMBEDDED_SCT_LIST
                && list
                    .replace(Reader::only(extension.value, OCTET_STRING)?)
                    .is_some()
            {
                return None;
            }
        }
    }
    Some(list)
}

/// The entry that the logs signed: the certificate's `TBSCertificate` without the list of SCTs,
/// or without the poison, all else octet for octet as it is.
pub(super) fn entry(certificate: &[u8], issuer_key_hash: &[u8; 32]) -> Option<Entry> {
    let mut fields = tbs_fields(certificate)?;
    let mut contents = Vec::new();
    while !fields.is_empty() {
        let field = fields.element()?;
        if field.tag == context(3) {
            contents.extend(other_extensions(field.value)?);
        } else {
            contents.extend_from_slice(field.raw);
        }
    }
    Entry::precertificate(issuer_key_hash, &write_tlv(SEQUENCE, &contents))
}

/// The field `extensions` without those of the logs, and nothing if none is left: an empty
/// sequence of extensions is none (RFC 5280 §4.1).
fn other_extensions(value: &[u8]) -> Option<Vec<u8>> {
    let mut extensions = Reader::only_sequence(value)?;
    let mut kept = Vec::new();
    while !extensions.is_empty() {
        let extension = Extension::next(&mut extensions)?;
        if extension.oid != EMBEDDED_SCT_LIST && extension.oid != POISON {
            kept.extend_from_slice(extension.raw);
        }
    }
    if kept.is_empty() {
        return Some(kept);
    }
    Some(write_tlv(context(3), &write_tlv(SEQUENCE, &kept)))
}

fn tbs_fields(certificate: &[u8]) -> Option<Reader<'_>> {
    Reader::new(certificate).sequence()?.sequence()
}
