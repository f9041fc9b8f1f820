use smtp_probe::Outcome::Completed;
use smtp_probe::{Observation, PortState, Reply, StartTls};
use tls_inspect::{Capture, CertificateUsage, Der, HandshakeOutcome, KeyPossession, TrustStore};

use super::*;
use crate::rules::tests::{Scene, check};
use crate::{Facts, NotProbed};

/// Usage 3 with the whole certificate: what the certificate says is not looked at.
const LEAF: &[u8] = &[0x30, 0x03, 0x02, 0x01, 0x05];
const ZONE: &str = "d.test. 60 IN MX 5 a.d.test.\nd.test. 60 IN MX 9 b.d.test.\na.d.test. 60 IN A 192.0.2.1\nb.d.test. 60 IN A 192.0.2.2\n\
    _25._tcp.a.d.test. 60 IN TLSA 3 0 0 3003020105\n";
const A: &str = "192.0.2.1:25";
const B: &str = "192.0.2.2:25";

fn scene() -> Scene {
    Scene::domain("d.test").zone(ZONE).dane()
}

fn sends(leaf: &[u8]) -> Capture {
    let mut capture = Capture::new(HandshakeOutcome::Completed);
    capture.chain = vec![Der::new(leaf)];
    capture.key_possession = KeyPossession::Verified;
    capture
}

/// One that can be read.
const PEM: &[u8] = include_bytes!("../../../../tls-inspect/tests/data/example.pem");
const OTHER: &[u8] = &[0x30, 0x03, 0x02, 0x01, 0x06];
const ERROR: Outcome = Outcome::Fail(Severity::Error);
const WARNING: Outcome = Outcome::Fail(Severity::Warning);

#[test]
fn a_certificate_that_a_record_matches_passes_and_another_fails() {
    let secure = || scene().secure("d.test");
    let found = secure().tls("a.d.test", A, sends(LEAF));
    check(&RULE, &found, &[Outcome::Pass]);
    let found = secure().tls("a.d.test", A, sends(OTHER));
    let found = check(&RULE, &found, &[ERROR]);
    let said = "no TLSA record matches the certificate: senders with DANE hold mail back";
    assert_eq!(found[0].message, said);
    assert_eq!(found[0].evidence, ["TLSA 3 0 0 3003020105"]);
}

/// A sender goes on to the next host, so mail is held back only if no host will do.
#[test]
fn another_host_that_passes_saves_the_mail() {
    let both = scene()
        .secure("d.test")
        .tls("a.d.test", A, sends(OTHER))
        .tls("b.d.test", B, sends(OTHER));
    let found = check(&RULE, &both, &[WARNING]);
    assert!(
        found[0]
            .message
            .ends_with("senders with DANE go to another address")
    );
}

/// Who copies a record from here may publish an attacker's key.
#[test]
fn no_key_is_to_be_published_that_is_not_known_to_be_the_servers() {
    let mend = |capture: Capture, expected: Outcome| {
        let scene = scene().secure("d.test").tls("a.d.test", A, capture);
        let found = check(&RULE, &scene, &[expected]);
        found[0].mend.clone().expect("advice")
    };
    let chain = || TrustStore::certificates_from_pem(PEM).expect("a certificate");
    let with = |key_possession| {
        let mut capture = sends(LEAF);
        capture.chain = chain();
        capture.key_possession = key_possession;
        capture
    };
    let verified = mend(with(KeyPossession::Verified), ERROR);
    assert!(
        verified.starts_with("look on the server itself"),
        "{verified}"
    );
    assert!(
        verified.contains("publish `_25._tcp.a.d.test. IN TLSA 3 1 1 "),
        "{verified}"
    );
    let stolen = mend(with(KeyPossession::Failed("no".to_owned())), ERROR);
    assert!(!stolen.contains("publish"), "{stolen}");
    let mut unproven = sends(LEAF);
    unproven.key_possession = KeyPossession::NotProven;
    let unproven = mend(unproven, Outcome::Inconclusive);
    assert!(!unproven.contains("publish"), "{unproven}");
}

/// Two names of one address are two hosts, each with records of its own.
#[test]
fn another_host_at_the_same_address_saves_the_mail_too() {
    let zone = "d.test. 60 IN MX 5 a.d.test.\nd.test. 60 IN MX 9 c.d.test.\na.d.test. 60 IN A 192.0.2.1\nc.d.test. 60 IN A 192.0.2.1\n\
        _25._tcp.a.d.test. 60 IN TLSA 3 0 0 3003020105\n_25._tcp.c.d.test. 60 IN TLSA 3 0 0 3003020106\n";
    let scene = Scene::domain("d.test").zone(zone).secure("d.test").dane();
    let both = scene
        .tls("a.d.test", A, sends(OTHER))
        .tls("c.d.test", A, sends(OTHER));
    check(&RULE, &both, &[WARNING, Outcome::Pass]);
}

#[test]
fn another_host_that_is_down_saves_nothing() {
    let scene = || scene().secure("d.test").tls("a.d.test", A, sends(OTHER));
    check(
        &RULE,
        &scene().port("b.d.test", B, PortState::Refused),
        &[ERROR],
    );
    // This side lets packets out: the first host answers.
    check(
        &RULE,
        &scene().port("b.d.test", B, PortState::Filtered),
        &[ERROR],
    );
    check(
        &RULE,
        &scene().not_probed(B, NotProbed::Deadline),
        &[WARNING],
    );
}

/// What was not looked at may be as it should.
#[test]
fn addresses_that_were_not_looked_at_are_not_said_to_fail() {
    let host = || {
        let scene = Scene::host("a.d.test", 25)
            .zone(ZONE)
            .secure("d.test")
            .dane();
        scene.tls("a.d.test", A, sends(OTHER))
    };
    check(&RULE, &host(), &[ERROR]);
    check(&RULE, &host().more_addresses(1), &[WARNING]);
}

#[test]
fn tls_that_is_not_offered_is_as_bad() {
    let clear = scene()
        .secure("d.test")
        .starttls("a.d.test", A, StartTls::NotOffered);
    check(&RULE, &clear, &[ERROR]);
    let unknown = scene()
        .secure("d.test")
        .starttls("a.d.test", A, StartTls::NotReached);
    check(&RULE, &unknown, &[]);
}

/// A sender asks for what is offered.
#[test]
fn tls_that_works_though_it_is_not_offered_is_none() {
    let mut observation = Observation::new(None, PortState::Open, Completed);
    observation.starttls = StartTls::AcceptedThoughNotOffered;
    observation.tls = Some(sends(LEAF));
    let scene = scene().secure("d.test").service("a.d.test", A, observation);
    let found = check(&RULE, &scene, &[ERROR]);
    let said =
        "there are TLSA records, and STARTTLS is not offered: senders with DANE hold mail back";
    assert_eq!(found[0].message, said);
}

#[test]
fn a_refusal_is_quoted() {
    let reply = Reply::parse(b"454 4.7.0 no\r\n").expect("a reply");
    let scene = scene()
        .secure("d.test")
        .starttls("a.d.test", A, StartTls::Refused(reply));
    let found = check(&RULE, &scene, &[ERROR]);
    let said = "there are TLSA records, and STARTTLS is refused with 454: senders with DANE hold mail back";
    assert_eq!(found[0].message, said);
}

/// The domain of a host may have others that mail goes to.
#[test]
fn of_a_host_alone_it_is_said_that_mail_does_not_go_there() {
    let scene = Scene::host("a.d.test", 25)
        .zone(ZONE)
        .secure("d.test")
        .dane();
    let found = check(&RULE, &scene.tls("a.d.test", A, sends(OTHER)), &[ERROR]);
    assert!(
        found[0]
            .message
            .ends_with("senders with DANE do not deliver here")
    );
}

/// RFC 7672 §2.2.1 leaves it to senders.
#[test]
fn not_all_senders_go_by_records_of_hosts_that_unsigned_mx_records_name() {
    let zone = "d.test. 60 IN MX 5 a.host.test.\na.host.test. 60 IN A 192.0.2.1\n_25._tcp.a.host.test. 60 IN TLSA 3 0 0 3003020105\n";
    let scene = Scene::domain("d.test").zone(zone).dane();
    let scene = scene.insecure("d.test").secure("host.test");
    let found = check(&RULE, &scene.tls("a.host.test", A, sends(OTHER)), &[ERROR]);
    assert!(found[0].evidence[0].starts_with("the MX records are not signed"));
}

#[test]
fn nothing_is_held_against_records_that_do_not_count() {
    let insecure = scene().insecure("d.test").tls("a.d.test", A, sends(OTHER));
    check(&RULE, &insecure, &[]);
}

/// A resolver that does not validate cannot tell, and must neither alarm nor reassure.
#[test]
fn records_that_may_be_authentic_are_no_proof() {
    let unknown = |leaf| scene().tls("a.d.test", A, sends(leaf));
    check(&RULE, &unknown(LEAF), &[]);
    check(&RULE, &unknown(OTHER), &[Outcome::Inconclusive]);
}

/// Of an alias two names are asked about, and the records may be at the first.
#[test]
fn records_of_an_alias_that_may_be_authentic_are_held_against_it() {
    let zone = "d.test. 60 IN MX 5 a.d.test.\na.d.test. 60 IN CNAME b.d.test.\nb.d.test. 60 IN A 192.0.2.1\n\
        _25._tcp.b.d.test. 60 IN TLSA 3 0 0 3003020105\n";
    let scene = Scene::domain("d.test").zone(zone).dane();
    let found = scene.tls("a.d.test", A, sends(OTHER));
    let found = check(&RULE, &found, &[Outcome::Inconclusive]);
    assert_eq!(found[0].evidence, ["TLSA 3 0 0 3003020105"]);
    let see = found[0].see.as_deref().expect("a command");
    assert!(see.contains("-dane_tlsa_domain b.d.test "), "{see}");
}

/// Beside an alias nothing can be published.
#[test]
fn a_record_is_to_be_published_where_the_others_are() {
    let chain = TrustStore::certificates_from_pem(PEM).expect("a certificate");
    let zone = "d.test. 60 IN MX 5 a.d.test.\na.d.test. 60 IN A 192.0.2.1\n\
        _25._tcp.a.d.test. 60 IN CNAME shared.d.test.\nshared.d.test. 60 IN TLSA 3 0 0 3003020105\n";
    let scene = Scene::domain("d.test").zone(zone).secure("d.test").dane();
    let mut capture = sends(OTHER);
    capture.chain = chain;
    let found = check(&RULE, &scene.tls("a.d.test", A, capture), &[ERROR]);
    let mend = found[0].mend.as_deref().expect("advice");
    assert!(mend.contains("`shared.d.test. IN TLSA 3 1 1 "), "{mend}");
}

#[test]
fn a_key_that_was_not_proved_is_no_pass() {
    let mut capture = sends(LEAF);
    capture.key_possession = KeyPossession::NotProven;
    let found = scene().secure("d.test").tls("a.d.test", A, capture);
    check(&RULE, &found, &[Outcome::Inconclusive]);
}

/// Nobody sends mail to the ports for users by DANE.
#[test]
fn ports_for_users_are_not_judged() {
    let found = scene()
        .secure("d.test")
        .tls("a.d.test", "192.0.2.1:465", sends(OTHER));
    check(&RULE, &found, &[]);
}

/// A server may have another certificate for the name that senders with DANE ask for (RFC 7672 §8.1).
#[test]
fn what_was_shown_for_another_name_proves_nothing() {
    let zone = "d.test. 60 IN MX 5 a.d.test.\na.d.test. 60 IN CNAME b.d.test.\nb.d.test. 60 IN A 192.0.2.1\n\
        _25._tcp.b.d.test. 60 IN TLSA 3 0 0 3003020105\n";
    let scene = || {
        let scene = Scene::domain("d.test").zone(zone).dane();
        scene.secure("d.test")
    };
    let found = check(
        &RULE,
        &scene().tls("a.d.test", A, sends(LEAF)),
        &[Outcome::Unchecked],
    );
    assert!(found[0].message.contains("b.d.test"), "{found:?}");
    let other = scene().tls("a.d.test", A, sends(OTHER));
    check(&RULE, &other, &[Outcome::Inconclusive]);
    // Without TLS there is no certificate for any name.
    let clear = scene().starttls("a.d.test", A, StartTls::NotOffered);
    check(&RULE, &clear, &[ERROR]);
}

/// What is not shown of the other host is not counted on, nor against it.
#[test]
fn another_host_of_which_nothing_is_proved_neither_saves_nor_loses_the_mail() {
    let zone = "d.test. 60 IN MX 5 a.d.test.\nd.test. 60 IN MX 9 c.d.test.\n\
        a.d.test. 60 IN A 192.0.2.1\nc.d.test. 60 IN CNAME e.d.test.\ne.d.test. 60 IN A 192.0.2.2\n\
        _25._tcp.a.d.test. 60 IN TLSA 3 0 0 3003020105\n_25._tcp.e.d.test. 60 IN TLSA 3 0 0 3003020105\n";
    for (leaf, of_alias) in [(LEAF, Outcome::Unchecked), (OTHER, Outcome::Inconclusive)] {
        let scene = Scene::domain("d.test").zone(zone).secure("d.test").dane();
        let both = scene
            .tls("a.d.test", A, sends(OTHER))
            .tls("c.d.test", B, sends(leaf));
        let found = check(&RULE, &both, &[WARNING, of_alias]);
        let said = "no TLSA record matches the certificate: senders with DANE do not deliver here";
        assert_eq!(found[0].message, said);
    }
}

/// A zone may publish any number of records, of any length.
#[test]
fn proofs_and_commands_are_of_a_length_to_read() {
    let many =
        (0..500).map(|number| format!("_25._tcp.a.d.test. 60 IN TLSA 3 0 1 {number:064x}\n"));
    let long = format!(
        "_25._tcp.a.d.test. 60 IN TLSA 3 0 0 30{}\n",
        "ab".repeat(20_000)
    );
    let many: String = many.collect();
    for (zone, lines, outcome) in [(many, 9, Outcome::Inconclusive), (long, 2, ERROR)] {
        let scene = scene().zone(&zone).secure("d.test");
        let found = check(&RULE, &scene.tls("a.d.test", A, sends(OTHER)), &[outcome]);
        let evidence = &found[0].evidence;
        assert_eq!(evidence.len(), lines, "{evidence:#?}");
        assert!(evidence.iter().all(|line| line.len() < 200));
        assert!(found[0].message.len() < 200, "{}", found[0].message);
        let see = found[0].see.as_deref().expect("a command");
        assert!(see.len() < 1000, "{see}");
    }
}

/// OpenSSL looks for the name with usage 3 too, which is not for mail (RFC 7672 §3.1.1), and without a record it does nothing.
#[test]
fn the_command_judges_as_senders_do() {
    let see = |zone: &str| {
        let scene = Scene::domain("d.test").zone(zone).secure("d.test").dane();
        let clear = scene.starttls("a.d.test", "[2001:db8::1]:25", StartTls::NotOffered);
        let found = check(&RULE, &clear, &[ERROR]);
        found[0].see.clone().expect("a command")
    };
    assert_eq!(
        see(ZONE),
        "openssl s_client -starttls smtp -connect '[2001:db8::1]:25' -dane_ee_no_namechecks -dane_tlsa_domain a.d.test -dane_tlsa_rrdata '3 0 0 3003020105' </dev/null"
    );
    let unusable = ZONE.replace("3 0 0", "1 0 0");
    assert_eq!(
        see(&unusable),
        "openssl s_client -starttls smtp -connect '[2001:db8::1]:25' -servername a.d.test -showcerts </dev/null"
    );
}

/// The domain is an alias, and the certificate has the name of its target (RFC 7672 §3.2.2).
#[test]
fn usage_2_counts_the_name_that_the_domain_is_an_alias_of() {
    let chain = include_bytes!("../../../tests/data/private-chain.pem");
    let mut capture = sends(LEAF);
    capture.chain = TrustStore::certificates_from_pem(chain).expect("certificates");
    let mut issuer = TlsaParameters::SERVER_KEY;
    issuer.usage = CertificateUsage::DANE_TA;
    let record = issuer.record(&capture.chain[1]).expect("a record");
    // The certificate is for a.d.test.
    let zone = format!(
        "x.test. 60 IN CNAME a.d.test.\na.d.test. 60 IN MX 5 m.d.test.\nm.d.test. 60 IN A 192.0.2.1\n\
         _25._tcp.m.d.test. 60 IN TLSA {record}\n"
    );
    for (domain, is_signed, expected) in [
        ("x.test", true, Outcome::Pass),
        ("a.d.test", true, Outcome::Pass),
        // An alias that can be forged names nobody.
        ("x.test", false, ERROR),
    ] {
        let scene = Scene::domain(domain).zone(&zone).secure("d.test").dane();
        let scene = match is_signed {
            true => scene.secure("x.test"),
            false => scene.insecure("x.test"),
        };
        let scene = scene.at(1_800_000_000);
        check(
            &RULE,
            &scene.tls("m.d.test", A, capture.clone()),
            &[expected],
        );
    }
}

/// Neither do these say anything of a host without TLSA records.
#[test]
fn facts_of_an_older_version_and_of_a_resolver_that_does_not_validate_say_nothing() {
    let older = scene().secure("d.test").tls("a.d.test", A, sends(OTHER));
    let mut facts = serde_json::to_value(older.facts()).expect("facts");
    let removed = facts.as_object_mut().and_then(|facts| facts.remove("dane"));
    assert!(removed.is_some());
    let facts: Facts = serde_json::from_value(facts).expect("facts");
    let report = older.judge().judge(&facts);
    let all = report.findings.iter().chain(&report.passed);
    let of_dane: Vec<_> = all.filter(|one| one.rule.starts_with("dane.")).collect();
    assert!(of_dane.is_empty(), "{of_dane:?}");

    let zone = "d.test. 60 IN MX 5 a.d.test.\na.d.test. 60 IN A 192.0.2.1\n";
    let scene = Scene::domain("d.test").zone(zone).dane();
    check(&RULE, &scene.tls("a.d.test", A, sends(OTHER)), &[]);
}

/// Of records that differ in nothing but the digest, senders go by the strongest (RFC 7671 §9): one that is published beside
/// them and weaker changes nothing.
#[test]
fn the_record_to_be_published_is_none_that_a_stronger_digest_outdoes() {
    let mut capture = sends(LEAF);
    capture.chain = TrustStore::certificates_from_pem(PEM).expect("a certificate");
    let right = TlsaParameters::SERVER_KEY.record(&capture.chain[0]);
    let right = right.expect("a record").to_string();
    let zone = format!(
        "d.test. 60 IN MX 5 a.d.test.\na.d.test. 60 IN A 192.0.2.1\n_25._tcp.a.d.test. 60 IN TLSA {right}\n\
         _25._tcp.a.d.test. 60 IN TLSA 3 1 2 {}\n_25._tcp.a.d.test. 60 IN TLSA 1 1 1 ab\n",
        "ab".repeat(64)
    );
    let scene = Scene::domain("d.test").zone(&zone).secure("d.test").dane();
    let found = check(&RULE, &scene.tls("a.d.test", A, capture), &[ERROR]);
    let said = "no TLSA record of the strongest digest matches the certificate: senders with DANE hold mail back";
    assert_eq!(found[0].message, said);
    let has = |text: &str| found[0].evidence.iter().any(|line| line.contains(text));
    assert!(
        has(&format!("TLSA {right}: a stronger digest outdoes it")),
        "{found:#?}"
    );
    assert!(
        has("TLSA 1 1 1 ab: its usage is not for mail"),
        "{found:#?}"
    );
    let mend = found[0].mend.as_deref().expect("advice");
    assert!(mend.contains("IN TLSA 3 1 2 "), "{mend}");
}

/// A root that is left out of the chain, as is usual, is not there for a digest to match (RFC 7671 §5.2.2).
#[test]
fn of_usage_2_the_authority_must_be_sent() {
    let mut capture = sends(LEAF);
    let pem = include_bytes!("../../../tests/data/private-chain.pem");
    capture.chain = TrustStore::certificates_from_pem(pem).expect("certificates");
    let mut issuer = TlsaParameters::SERVER_KEY;
    issuer.usage = CertificateUsage::DANE_TA;
    let record = issuer.record(&capture.chain[1]).expect("a record");
    capture.chain.truncate(1);
    let zone = format!(
        "d.test. 60 IN MX 5 a.d.test.\na.d.test. 60 IN A 192.0.2.1\n_25._tcp.a.d.test. 60 IN TLSA {record}\n"
    );
    let scene = Scene::domain("d.test").zone(&zone).secure("d.test").dane();
    let scene = scene.at(1_800_000_000).tls("a.d.test", A, capture);
    let found = check(&RULE, &scene, &[ERROR]);
    let said =
        "no TLSA record matches a certificate of the chain: senders with DANE hold mail back";
    assert_eq!(found[0].message, said);
    let mend = found[0].mend.as_deref().expect("advice");
    assert!(
        mend.contains("with that of the authority, for usage 2"),
        "{mend}"
    );
}
