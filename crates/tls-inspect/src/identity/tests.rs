use super::*;

#[track_caller]
fn check(presented: &str, reference: &str, expected: bool) {
    let reference = DnsId::parse(reference).unwrap();
    assert_eq!(matches_dns(presented, reference.as_str()), expected);
}

#[test]
fn item_51_names_are_compared_without_case_and_trailing_dot() {
    check("mx.example.com", "MX.Example.COM.", true);
    check("MX.EXAMPLE.COM", "mx.example.com", true);
    check("mx.example.com", "mx2.example.com", false);
    check("mx.example.com.", "mx.example.com", false);
}

#[test]
fn item_49_a_wildcard_is_one_whole_leftmost_label() {
    check("*.example.com", "mx.example.com", true);
    check("*.EXAMPLE.com", "mx.example.com", true);
    check("*.example.com", "example.com", false);
    check("*.example.com", "a.mx.example.com", false);
    check("m*.example.com", "mx.example.com", false);
    check("*x.example.com", "mx.example.com", false);
    check("mx.*.com", "mx.example.com", false);
    check("*.*.com", "mx.example.com", false);
    check("*", "localhost", false);
    check("*.", "localhost", false);
    check("", "localhost", false);
}

#[test]
fn item_51_u_labels_of_a_reference_are_compared_as_a_labels() {
    check("xn--bcher-kva.example", "bücher.example", true);
    check(
        "xn--bcher-kva.example",
        "B\u{dc}CHER\u{3002}EXAMPLE\u{ff0e}",
        true,
    );
    check("xn--bcher-kva.example", "bu\u{308}cher.example", true);
    check("*.xn--p1ai", "mx.\u{440}\u{444}", true);
    check("xn--strae-oqa.example", "straße.example", true);
    check("strasse.example", "straße.example", false);
    check("xn--bcher-kva.example", "bucher.example", false);
    check("xn--mx_1-3ra.example", "mx_1ü.example", true);
}

#[test]
fn item_51_a_labels_are_names_like_others() {
    check("xn--bcher-kva.example", "XN--BCHER-KVA.example", true);
    check("*.example", "xn--bcher-kva.example", true);
}

#[track_caller]
fn refused(text: &str, expected: ReferenceIdErrorKind) {
    assert_eq!(ReferenceId::parse(text).unwrap_err().kind(), expected);
}

#[test]
fn item_51_what_is_no_reference_identifier() {
    use ReferenceIdErrorKind as Kind;

    refused("", Kind::Empty);
    refused(".", Kind::Empty);
    refused("b\u{fffd}cher.example", Kind::BadULabel);
    refused("\u{301}a.example", Kind::BadULabel);
    refused("\u{661}\u{61}\u{5d0}.example", Kind::BadULabel);
    refused("１９２.0.2.1", Kind::NumericLastLabel);
    refused("ü*.example", Kind::BadLabel);
    refused("b\u{fc} cher.example", Kind::BadLabel);
    refused(&"ü".repeat(64), Kind::BadLabel);
    refused(&"ü".repeat(1000), Kind::TooLong);
    refused(&"a.".repeat(128), Kind::TooLong);
    refused("a..b", Kind::BadLabel);
    refused("*.example.com", Kind::BadLabel);
    refused("-a.example", Kind::BadLabel);
    refused("mx example.com", Kind::BadLabel);
    refused("[::1]", Kind::BadLabel);
    refused("192.0.2.256", Kind::NumericLastLabel);
}

#[test]
fn item_51_addresses_and_odd_names_are_taken() {
    assert_eq!(
        ReferenceId::parse("192.0.2.1"),
        Ok(ReferenceId::Ip("192.0.2.1".parse().unwrap()))
    );
    assert!(matches!(
        ReferenceId::parse("2001:db8::1"),
        Ok(ReferenceId::Ip(_))
    ));
    assert!(matches!(
        ReferenceId::parse("_mx.host_1.example"),
        Ok(ReferenceId::Dns(_))
    ));
    assert!(matches!(
        ReferenceId::parse("localhost"),
        Ok(ReferenceId::Dns(_))
    ));
}

#[test]
fn an_error_shows_no_control_characters() {
    let error = ReferenceId::parse("a\r\nb").unwrap_err();
    assert_eq!(
        error.to_string(),
        "expected labels of 1 to 63 letters, digits, hyphens and underscores, \
         found \"a\\r\\nb\""
    );
}

#[test]
fn every_reference_name_can_be_sent() {
    for name in [
        "mx.example.com",
        "_mx.host_1.example",
        "localhost",
        "1a.2b",
        "a.xn--p1ai",
    ] {
        let id = DnsId::parse(name).unwrap();
        assert!(
            rustls_pki_types::ServerName::try_from(id.as_str()).is_ok(),
            "{name}"
        );
    }
}
