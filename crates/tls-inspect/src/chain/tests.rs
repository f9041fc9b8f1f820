use super::*;
use crate::pki::{Authority, Leaf, providers, self_signed_leaf};

struct Chain {
    root: Authority,
    upper: Authority,
    lower: Authority,
    leaf: Leaf,
}

fn chain() -> Chain {
    let root = Authority::root("Root");
    let upper = root.intermediate("Upper");
    let lower = upper.intermediate("Lower");
    let leaf = lower.leaf(&["mx.example.org"]);
    Chain {
        root,
        upper,
        lower,
        leaf,
    }
}

#[track_caller]
fn report(chain: &[&Der]) -> ChainReport {
    let chain: Vec<Der> = chain.iter().copied().cloned().collect();
    let mut reports = providers()
        .into_iter()
        .map(|provider| ChainReport::new(&chain, &provider));
    let first = reports.next().unwrap();
    for other in reports {
        assert_eq!(first, other, "the providers agree");
    }
    first
}

#[test]
fn a_well_made_chain() {
    let Chain {
        upper, lower, leaf, ..
    } = chain();
    let report = report(&[&leaf.der, &lower.der, &upper.der]);
    assert_eq!(report.path, [0, 1, 2]);
    assert!(report.in_order);
    assert_eq!(report.issuer_not_sent.as_deref(), Some("CN=Root"));
    assert!(report.duplicates.is_empty() && report.roots.is_empty());
    assert!(report.unrelated.is_empty());
    assert_eq!(
        report.elements[0].signed_by,
        [SignedBy {
            element: 1,
            verified: true
        }]
    );
    assert!(!report.end_entity_is_self_signed());
}

#[test]
fn a_root_that_was_sent() {
    let Chain {
        root,
        upper,
        lower,
        leaf,
    } = chain();
    let report = report(&[&leaf.der, &lower.der, &upper.der, &root.der]);
    assert_eq!(report.roots, [3]);
    assert_eq!(report.issuer_not_sent, None);
    assert!(report.in_order);
}

#[test]
fn wrong_order_duplicates_and_extras() {
    let Chain {
        upper, lower, leaf, ..
    } = chain();
    let other = Authority::root("Other").intermediate("Unrelated");
    let report = report(&[&leaf.der, &upper.der, &lower.der, &lower.der, &other.der]);
    assert!(!report.in_order);
    assert_eq!(report.path[..2], [0, 2]);
    assert_eq!(report.path.last(), Some(&1));
    assert_eq!(report.duplicates, [3]);
    assert_eq!(report.unrelated, [4]);
}

#[test]
fn a_missing_link() {
    let Chain { upper, leaf, .. } = chain();
    let report = report(&[&leaf.der, &upper.der]);
    assert_eq!(report.path, [0]);
    assert_eq!(report.issuer_not_sent.as_deref(), Some("CN=Lower"));
    assert_eq!(report.unrelated, [1]);
}

#[test]
fn a_self_signed_end_entity() {
    let leaf = self_signed_leaf(&["mx.example.org"], |_| {});
    let report = report(&[&leaf.der]);
    assert!(report.end_entity_is_self_signed());
    assert_eq!(report.issuer_not_sent, None);
    assert_eq!(report.roots, [0; 0]);
}

#[test]
fn a_name_alone_makes_nobody_an_issuer() {
    let Chain { upper, leaf, .. } = chain();
    let impostor = upper.intermediate("Lower");
    let report = report(&[&leaf.der, &impostor.der]);
    assert_eq!(report.elements[0].signed_by, []);
    assert_eq!(report.unrelated, [1]);
}

#[test]
fn elements_that_cannot_be_read_are_kept_in_their_place() {
    let Chain { lower, leaf, .. } = chain();
    let report = report(&[&leaf.der, &Der::new(*b"junk"), &lower.der]);
    assert!(matches!(
        report.elements[1].content,
        ElementContent::Unreadable(_)
    ));
    assert_eq!(report.path, [0, 2]);
    assert!(!report.in_order);
}

#[test]
fn an_empty_chain_and_an_endless_one() {
    let empty = report(&[]);
    assert!(empty.path.is_empty() && empty.end_entity().is_none());
    let leaf = self_signed_leaf(&["mx.example.org"], |_| {});
    let many = report(&vec![&leaf.der; 200]);
    assert_eq!(many.elements.len(), ChainReport::MAX_ELEMENTS);
    assert_eq!(many.omitted, 200 - ChainReport::MAX_ELEMENTS);
}

#[test]
fn a_signature_that_cannot_be_checked_is_told_apart() {
    let leaf = self_signed_leaf(&["mx.example.org"], |_| {});
    let mut octets = leaf.der.as_bytes().to_vec();
    // ecdsa-with-SHA256 (RFC 5758 §3.2), inside and outside the signed part.
    let sha256 = [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02];
    let positions: Vec<usize> = (0..octets.len() - 8)
        .filter(|&at| octets[at..at + 8] == sha256)
        .collect();
    assert_eq!(positions.len(), 2);
    for at in positions {
        // ecdsa-with-SHA224, which no provider has.
        octets[at + 7] = 0x01;
    }
    let report = report(&[&Der::new(octets)]);
    assert_eq!(
        report.elements[0].signed_by,
        [SignedBy {
            element: 0,
            verified: false
        }]
    );
}

#[test]
fn the_default_is_the_report_of_an_empty_chain() {
    assert_eq!(report(&[]), ChainReport::default());
}

#[cfg(feature = "serde")]
#[test]
fn a_report_survives_json() {
    let Chain {
        upper, lower, leaf, ..
    } = chain();
    let report = report(&[&leaf.der, &lower.der, &upper.der]);
    let json = serde_json::to_string(&report).unwrap();
    assert_eq!(serde_json::from_str::<ChainReport>(&json).unwrap(), report);
}

/// A key too small for the providers is not a bad signature.
#[test]
fn a_small_rsa_key_cannot_be_checked() {
    let pem = include_bytes!("../../tests/data/rsa1024.pem");
    let chain = crate::TrustStore::certificates_from_pem(pem).unwrap();
    let report = report(&[&chain[0]]);
    assert_eq!(
        report.end_entity().unwrap().key.to_string(),
        "RSA 1024 bits"
    );
    assert_eq!(
        report.elements[0].signed_by,
        [SignedBy {
            element: 0,
            verified: false
        }]
    );
}
