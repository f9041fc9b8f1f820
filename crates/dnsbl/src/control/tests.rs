use std::collections::BTreeSet;

use mail_dns::AddressScope;
use proptest::prelude::*;

use super::*;

fn zone() -> DomainName {
    "bl.test".parse().expect("a name")
}

/// The address that a query name of an IPv4 list is about.
fn address_of(name: &DomainName) -> Ipv4Addr {
    let octets: Vec<u8> = name
        .labels()
        .take(4)
        .map(|label| String::from_utf8_lossy(label).parse().expect("an octet"))
        .collect();
    Ipv4Addr::new(octets[3], octets[2], octets[1], octets[0])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn d16_the_random_ipv4_control_is_a_documentation_address(nonce: u64) {
        let name = random_name(&zone(), Kind::Ipv4, nonce).expect("short");
        let address = address_of(&name);
        prop_assert_eq!(AddressScope::of(address.into()), AddressScope::Documentation);
    }

    #[test]
    fn d16_the_random_label_is_of_letters_and_digits_and_no_address(nonce: u64) {
        let name = random_name(&zone(), Kind::Domain, nonce).expect("short");
        prop_assert_eq!(name.label_count(), 3);
        let label = name.labels().next().expect("a label");
        prop_assert!(label.iter().all(u8::is_ascii_alphanumeric));
        prop_assert!(label[0].is_ascii_alphabetic());
    }

    #[test]
    fn d16_the_random_ipv6_control_is_of_the_documentation_prefix(nonce: u64) {
        let name = random_name(&zone(), Kind::Ipv6, nonce).expect("short").to_string();
        prop_assert!(name.ends_with(".8.b.d.0.1.0.0.2.bl.test"), "{}", name);
    }
}

#[test]
fn d16_nonces_make_different_controls() {
    let labels: BTreeSet<_> = (0..1000)
        .map(|nonce| random_name(&zone(), Kind::Domain, nonce).expect("short"))
        .collect();
    assert_eq!(labels.len(), 1000);
    let addresses: BTreeSet<_> = (0..4000)
        .map(|nonce| random_name(&zone(), Kind::Ipv4, nonce).expect("short"))
        .collect();
    assert!(
        addresses.len() > 500,
        "of 512 there are {}",
        addresses.len()
    );
}

#[test]
fn d13_a_positive_control_that_was_not_seen_is_a_doubt_whatever_came_of_it() {
    use mail_dns::{Negative, NegativeKind};

    use crate::Refusal;

    let name = |text: &str| text.parse::<DomainName>().expect("a name");
    let denial = Negative::new(NegativeKind::NxDomain, Some(60), None);
    let absent = Asked::new(name("7.2.0.192.bl.test"), Reading::Absent(denial), Some(60));
    let refusal = Refusal::Code {
        address: Ipv4Addr::new(127, 255, 255, 254),
        reason: crate::RefusalReason::PublicResolver,
        meaning: None,
        text: Vec::new(),
    };
    for reading in [
        absent.reading.clone(),
        Reading::Refused(refusal),
        Reading::Faulty(Fault::TooManyAddresses(65)),
        Reading::Unsettled(Unsettled::NoData),
    ] {
        let positive = vec![Asked::new(name("2.0.0.127.bl.test"), reading, None)];
        let report = ControlReport::new(Kind::Ipv4, positive, Vec::new(), absent.clone(), 0);
        assert!(report.doubt().is_some(), "{:?}", report.positive);
        assert!(!report.is_healthy());
    }
}
