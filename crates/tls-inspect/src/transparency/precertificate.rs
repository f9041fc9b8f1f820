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
///
/// The lengths around it are written anew. Where they are not written as DER has it, what the
/// logs were shown is not known.
pub(super) fn entry(certificate: &[u8], issuer_key_hash: &[u8; 32]) -> Option<Entry> {
    let tbs = Reader::new(certificate).sequence()?.tagged(SEQUENCE)?;
    if rewrite(tbs.value, |_| true)? != tbs.raw {
        return None;
    }
    let kept = rewrite(tbs.value, |oid| oid != EMBEDDED_SCT_LIST && oid != POISON)?;
    Entry::precertificate(issuer_key_hash, &kept)
}

/// The `TBSCertificate` of these contents with the extensions to keep. If none is left, there is
/// no field for them: an empty sequence of extensions is none (RFC 5280 §4.1).
fn rewrite(tbs: &[u8], keep: impl Fn(&[u8]) -> bool) -> Option<Vec<u8>> {
    let mut fields = Reader::new(tbs);
    let mut contents = Vec::new();
    while !fields.is_empty() {
        let field = fields.element()?;
        if field.tag != context(3) {
            contents.extend_from_slice(field.raw);
            continue;
        }
        let mut extensions = Reader::only_sequence(field.value)?;
        let mut kept = Vec::new();
        while !extensions.is_empty() {
            let extension = Extension::next(&mut extensions)?;
            if keep(extension.oid) {
                kept.extend_from_slice(extension.raw);
            }
        }
        if !kept.is_empty() {
            contents.extend(write_tlv(context(3), &write_tlv(SEQUENCE, &kept)));
        }
    }
    Some(write_tlv(SEQUENCE, &contents))
}

fn tbs_fields(certificate: &[u8]) -> Option<Reader<'_>> {
    Reader::new(certificate).sequence()?.sequence()
}
