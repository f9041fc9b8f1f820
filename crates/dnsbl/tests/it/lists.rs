//! Catalogues for tests.

use dnsbl::Catalogue;

/// Blocklists of IPv4 addresses with the controls of RFC 5782 section 5, each with what its entry has beside.
pub(crate) fn catalogue(lists: &[(&str, &str)]) -> Catalogue {
    let form = |(zone, more): &(&str, &str)| {
        format!(
            r#"
            [[list]]
            zone = "{zone}"
            name = "{zone}"
            stance = "block"
            tier = "major"
            status = "documented"
            as_of = "2026-11"
            source = "this test"
            ipv4 = {{ positive = ["127.0.0.2"], negative = ["127.0.0.1"] }}
            {more}
            "#
        )
    };
    Catalogue::from_toml(&lists.iter().map(form).collect::<String>()).expect("a catalogue")
}
