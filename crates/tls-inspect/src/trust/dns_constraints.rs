//! Whether constraints of DNS names alone rule out every path, whatever else is constrained.
//!
//! webpki reads no constraints of directory names and refuses what is below them. That an authority
//! has some leaves open what others make of the path; that it forbids a DNS name of the end-entity
//! certificate does not, since a path fails for one name that is not permitted or is excluded
//! (RFC 5280 §6.1.3 (b), (c)).

use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::{GeneralName, ParsedExtension};

use super::PathFinder;
use super::limits::{NAME_CONSTRAINTS, read};
use crate::ChainReport;
use crate::der::reader::{Reader, context, context_primitive};

/// How many times a name is held against a constraint. Past it, nothing is certain.
const MAX_COMPARISONS: usize = 100_000;

/// How many authorities a path has at most: as many as the path check follows.
const MAX_DEPTH: usize = 7;

/// Whether on every path from the end-entity certificate an authority that was sent forbids one of
/// its DNS names. Constraints of an anchor leave it open: they count with some senders only
/// (RFC 5280 §6.1.1).
pub(super) fn forbid_all_paths(finder: &PathFinder<'_>, report: &ChainReport) -> bool {
    let certificates: Option<Vec<_>> = (0..report.elements.len())
        .map(|index| report.certificate(index))
        .collect();
    let leaf = finder.chain.first().and_then(read);
    let (Some(certificates), Some(leaf), 0) = (certificates, leaf, report.omitted) else {
        // What cannot be read may issue, too.
        return false;
    };
    let names = dns_names(&leaf);
    let mut left = MAX_COMPARISONS;
    let authorities = finder.chain.iter().enumerate();
    let mut forbids: Vec<bool> = authorities
        .map(|(index, der)| {
            index > 0 && read(der).is_some_and(|one| forbid(&one, &names, &mut left))
        })
        .collect();
    let is_anchored: Vec<bool> = certificates
        .iter()
        .map(|one| finder.store.has_name(&one.issuer))
        .collect();
    for _ in 0..MAX_DEPTH {
        let before = forbids.clone();
        let below = certificates.iter().zip(&is_anchored).zip(&mut forbids);
        for ((certificate, is_anchored), forbids) in below {
            // By name alone: there may be fewer issuers than these, and none else.
            let issuers = certificates.iter().zip(&before);
            let mut issuers = issuers
                .filter(|(other, _)| other.subject == certificate.issuer)
                .peekable();
            let is_known = issuers.peek().is_some() && !is_anchored;
            *forbids |= is_known && issuers.all(|(_, forbids)| *forbids);
        }
    }
    forbids.first().is_some_and(|forbids| *forbids)
}

fn dns_names<'a>(leaf: &'a X509Certificate<'_>) -> Vec<&'a str> {
    let extensions = leaf.extensions().iter();
    let names = extensions.filter_map(|extension| match extension.parsed_extension() {
        ParsedExtension::SubjectAlternativeName(names) => Some(&names.general_names),
        _ => None,
    });
    let names = names.flatten().filter_map(|name| match name {
        GeneralName::DNSName(name) => Some(*name),
        _ => None,
    });
    names.collect()
}

/// Whether the constraints of an authority forbid one of the names for certain (RFC 5280 §4.2.1.10).
fn forbid(authority: &X509Certificate<'_>, names: &[&str], left: &mut usize) -> bool {
    let extensions = authority.extensions().iter();
    let mut extensions = extensions.filter(|one| one.oid.to_id_string() == NAME_CONSTRAINTS);
    let (Some(extension), None) = (extensions.next(), extensions.next()) else {
        return false;
    };
    let Some(mut fields) = Reader::only_sequence(extension.value) else {
        return false;
    };
    let Some(permitted) = fields.optional(context(0)) else {
        return false;
    };
    let Some(excluded) = fields.optional(context(1)) else {
        return false;
    };
    let permitted = subtrees(permitted.unwrap_or_default());
    let excluded = subtrees(excluded.unwrap_or_default());
    let work = names
        .len()
        .saturating_mul(permitted.len().saturating_add(excluded.len()));
    let Some(rest) = left.checked_sub(work) else {
        return false;
    };
    *left = rest;
    names.iter().any(|name| {
        let is_outside = || {
            permitted
                .iter()
                .all(|base| is_certainly_outside(name, *base))
        };
        let is_excluded = || excluded.iter().any(|base| is_certainly_inside(name, *base));
        !permitted.is_empty() && is_outside() || is_excluded()
    })
}

/// The `dNSName [2]` of a list of `GeneralSubtree ::= SEQUENCE { base GeneralName, minimum [0]
/// DEFAULT 0, maximum [1] OPTIONAL }`; `None` for one whose meaning is not certain.
fn subtrees(list: &[u8]) -> Vec<Option<&str>> {
    let mut list = Reader::new(list);
    let mut found = Vec::new();
    while !list.is_empty() {
        let Some(mut subtree) = list.sequence() else {
            found.push(None);
            break;
        };
        let base = subtree.element();
        match base.filter(|base| base.tag == context_primitive(2)) {
            Some(base) => {
                let name = std::str::from_utf8(base.value).ok();
                found.push(name.filter(|name| subtree.is_empty() && is_plain(name)));
            }
            None if base.is_none() => found.push(None),
            None => {}
        }
    }
    found
}

/// Whether a constraint is of the form of RFC 5280 §4.2.1.10: a name, and no more before or after it.
/// The empty one stands for all names.
fn is_plain(base: &str) -> bool {
    base.is_ascii() && !base.starts_with('.') && !base.ends_with('.') && !base.contains('*')
}

fn is_certainly_outside(name: &str, base: Option<&str>) -> bool {
    let Some(base) = base else { return false };
    match name.strip_prefix("*.") {
        // It stands for names within as well, if the constraint is below it.
        Some(parent) => !is_within(parent, base) && !is_within(base, parent),
        None => is_plain(name) && !is_within(name, base),
    }
}

fn is_certainly_inside(name: &str, base: Option<&str>) -> bool {
    let Some(base) = base else { return false };
    let parent = name.strip_prefix("*.").unwrap_or(name);
    is_plain(parent) && is_within(parent, base)
}

/// Whether a name is the base, or labels and the base.
fn is_within(name: &str, base: &str) -> bool {
    let Some(before) = name.len().checked_sub(base.len()) else {
        return false;
    };
    let (Some(labels), Some(end)) = (name.get(..before), name.get(before..)) else {
        return false;
    };
    let is_whole = base.is_empty() || labels.is_empty() || labels.ends_with('.');
    is_whole && end.eq_ignore_ascii_case(base)
}

#[cfg(all(test, any(feature = "aws-lc-rs", feature = "ring")))]
mod tests;
