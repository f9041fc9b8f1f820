use mail_dns::AddressScope;

use super::*;

const DOCUMENTATION: AskingScope<'static> = AskingScope {
    documentation: true,
    suffixes: None,
};
use crate::Catalogue;

fn list(name_form: &str) -> List {
    let text = format!(
        "[[list]]\nzone = \"bl.test\"\nname = \"Test\"\nstance = \"block\"\ntier = \"minor\"\nstatus = \"tested\"\n\
         as_of = \"2026-11\"\nsource = \"here\"\nname_form = \"{name_form}\"\n\
         ipv4 = {{ positive = [\"127.0.0.2\"] }}\n"
    );
    Catalogue::from_toml(&text).expect("sound").lists()[0].clone()
}

fn address(text: &str) -> Subject {
    Subject::Address(text.parse().expect("an address"))
}

fn domain(text: &str) -> Subject {
    Subject::Domain(text.parse().expect("a name"))
}

#[track_caller]
fn check(subject: &Subject, expected: Result<&[&str], NotAsked>) {
    check_on(&list("full"), subject, expected);
}

#[track_caller]
fn check_on(list: &List, subject: &Subject, expected: Result<&[&str], NotAsked>) {
    let names = subject
        .query_names(list, &AskingScope::default())
        .map(|names| names.iter().map(ToString::to_string).collect::<Vec<_>>());
    assert_eq!(
        names,
        expected.map(|names| names.iter().map(ToString::to_string).collect())
    );
}

#[test]
fn an_address_is_reversed() {
    check(&address("9.8.7.6"), Ok(&["6.7.8.9.bl.test"]));
    check(
        &address("2a00:1450::25"),
        Ok(&["5.2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.5.4.1.0.0.a.2.bl.test"]),
    );
}

#[test]
fn d24_a_mapped_address_is_asked_about_as_ipv4() {
    let mapped = address("::ffff:9.8.7.6");
    assert_eq!(mapped.kind(), Kind::Ipv4);
    check(&mapped, Ok(&["6.7.8.9.bl.test"]));
}

#[test]
fn d24_an_address_of_a_translator_is_asked_about_as_ipv4() {
    let translated = address("64:ff9b::9.8.7.6");
    assert_eq!(translated.kind(), Kind::Ipv4);
    assert_eq!(translated.canonical(), address("9.8.7.6"));
    check(&translated, Ok(&["6.7.8.9.bl.test"]));
    let private = NotAsked::Scope(AddressScope::Private);
    check(&address("64:ff9b::10.1.2.3"), Err(private));
}

#[test]
fn d26_private_and_reserved_addresses_are_never_sent() {
    for (text, scope) in [
        ("10.1.2.3", AddressScope::Private),
        ("192.168.0.1", AddressScope::Private),
        ("100.64.0.1", AddressScope::Private),
        ("127.0.0.2", AddressScope::Loopback),
        ("::ffff:127.0.0.2", AddressScope::Loopback),
        ("169.254.1.1", AddressScope::LinkLocal),
        ("0.0.0.0", AddressScope::Unspecified),
        ("224.0.0.1", AddressScope::Multicast),
        ("255.255.255.255", AddressScope::Reserved),
        ("fe80::1", AddressScope::LinkLocal),
        ("fd00::1", AddressScope::Private),
        ("::1", AddressScope::Loopback),
        ("192.0.2.1", AddressScope::Documentation),
        ("2001:db8::1", AddressScope::Documentation),
    ] {
        check(&address(text), Err(NotAsked::Scope(scope)));
    }
}

#[test]
fn d26_documentation_addresses_pass_if_allowed_and_private_ones_do_not() {
    let names = address("192.0.2.1")
        .query_names(&list("full"), &DOCUMENTATION)
        .expect("allowed");
    assert_eq!(names[0].to_string(), "1.2.0.192.bl.test");
    let refused = address("10.0.0.1").query_names(&list("full"), &DOCUMENTATION);
    assert_eq!(refused, Err(NotAsked::Scope(AddressScope::Private)));
}

#[test]
fn d27_a_domain_is_asked_in_lower_case_and_a_labels_without_the_final_dot() {
    check(
        &domain("WWW.Example.COM."),
        Ok(&["www.example.com.bl.test"]),
    );
    check(
        &domain("bücher.example"),
        Ok(&["xn--bcher-kva.example.bl.test"]),
    );
}

#[test]
fn d27_an_address_is_no_domain() {
    for text in [
        "192.0.2.1",
        "2001:db8::1",
        "::1",
        "[192.0.2.1]",
        "user@example.com",
        "https://example.com/",
        "*.example.com",
    ] {
        check(&domain(text), Err(NotAsked::NotADomain));
    }
    check(&domain("a_b.example.com"), Ok(&["a_b.example.com.bl.test"]));
    check(&domain("."), Err(NotAsked::NotADomain));
}

#[test]
fn d27_a_list_of_registrable_domains_is_asked_about_the_names_above() {
    let list = list("registrable");
    check_on(
        &list,
        &domain("mail.example.co.uk"),
        Ok(&[
            "mail.example.co.uk.bl.test",
            "example.co.uk.bl.test",
            "co.uk.bl.test",
        ]),
    );
    check_on(&list, &domain("example.com"), Ok(&["example.com.bl.test"]));
    check_on(&list, &domain("com"), Ok(&["com.bl.test"]));
    // Whatever the name, four questions at the most.
    let deep = domain("a.b.c.d.e.f.g.example.com").query_names(&list, &AskingScope::default());
    assert_eq!(deep.expect("names").len(), 4);
}

#[test]
fn d27_a_list_of_which_it_is_not_known_is_asked_about_the_name_itself_and_those_above() {
    let list = list("unknown");
    check_on(
        &list,
        &domain("www.example.com"),
        Ok(&["www.example.com.bl.test", "example.com.bl.test"]),
    );
    check_on(&list, &domain("com"), Ok(&["com.bl.test"]));
    let deep = domain("a.b.c.d.e.f.g.example.com").query_names(&list, &AskingScope::default());
    let deep = deep.expect("names");
    assert_eq!(deep[0].to_string(), "a.b.c.d.e.f.g.example.com.bl.test");
    assert_eq!(deep.len(), 5);
}

#[test]
fn d28_a_name_too_long_is_not_asked() {
    let long = "abcdefghi.".repeat(24) + "example";
    check(&domain(&long), Err(NotAsked::NameTooLong));
    // Below 255 octets with the zone it is.
    let fits = "abcdefghi.".repeat(23) + "example";
    let expected = fits.clone() + ".bl.test";
    check(&domain(&fits), Ok(&[&expected]));
}
