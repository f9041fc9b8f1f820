//! A catalogue file from any text: it is refused with a line that it has, or every list in it can be asked, is not dead, and reads the same
//! from its stored form.
#![no_main]

use dnsbl::{AskingScope, Catalogue, Kind, Subject};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let catalogue = match Catalogue::from_toml(text) {
        Ok(catalogue) => catalogue,
        Err(error) => {
            let lines = 1 + text.bytes().filter(|octet| *octet == b'\n').count();
            assert!(error.line().is_none_or(|line| (1..=lines).contains(&line)));
            return assert!(!error.to_string().contains('\n'));
        }
    };
    let subjects = ["9.1.1.1", "2620:fe::fe"].map(|address| Subject::Address(address.parse().expect("an address")));
    for list in catalogue.lists() {
        assert!(catalogue.tombstone(&list.zone).is_none());
        assert!([Kind::Ipv4, Kind::Ipv6, Kind::Domain].iter().any(|kind| list.controls(*kind).is_some()));
        for subject in &subjects {
            let names = subject.query_names(list, &AskingScope::default()).expect("a zone leaves room for an address");
            assert!(names.len() == 1 && names[0].is_within(&list.zone));
        }
    }
});
