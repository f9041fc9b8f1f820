//! RFC 6698, 7671 and 7672: what simple implementations get wrong.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use super::*;
use crate::{DomainName, IndeterminateCause, LookupErrorKind, StaticLookup};

const DIGEST: &str = "d2abde240d7cd3ee6b4b28c54df034b97983a1d16e8a410e4561cb106618e971";

fn name(text: &str) -> DomainName {
    text.parse().expect("a name")
}

fn tlsa(usage: u8, selector: u8, matching_type: u8, data: &[u8]) -> Tlsa {
    Tlsa {
        usage: CertificateUsage(usage),
        selector: Selector(selector),
        matching_type: MatchingType(matching_type),
        data: data.to_vec(),
    }
}

fn ask(dns: &StaticLookup, host: &str) -> DaneHost {
    match pin!(dane_host(dns, &name(host), 25)).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(found) => found,
        Poll::Pending => panic!("memory does not wait"),
    }
}

/// `signed.test` is signed and `plain.test` is not.
fn world(zone: &str) -> StaticLookup {
    StaticLookup::from_zone_text(zone)
        .expect("zone text")
        .with_secure_zone(name("signed.test"))
        .with_insecure_zone(name("plain.test"))
}

#[track_caller]
fn check(zone: &str, host: &str, matches: impl Fn(&DaneOutcome) -> bool) -> DaneHost {
    let found = ask(&world(zone), host);
    assert!(matches(&found.outcome), "{found:#?}");
    found
}

fn base_of(outcome: &DaneOutcome) -> Option<String> {
    match outcome {
        DaneOutcome::Authenticate { base, .. } | DaneOutcome::EncryptOnly { base, .. } => {
            Some(base.to_string())
        }
        _ => None,
    }
}

#[test]
fn item_70_usages_for_mail_and_what_follows_if_none_is() {
    assert_eq!(tlsa(3, 1, 1, &[0; 32]).unusable(), None);
    assert_eq!(tlsa(2, 0, 0, &[0x30, 0]).unusable(), None);
    assert_eq!(
        tlsa(0, 1, 1, &[0; 32]).unusable(),
        Some(TlsaFault::PkixUsage)
    );
    assert_eq!(
        tlsa(1, 1, 1, &[0; 32]).unusable(),
        Some(TlsaFault::PkixUsage)
    );
    assert_eq!(
        tlsa(4, 1, 1, &[0; 32]).unusable(),
        Some(TlsaFault::UnknownUsage)
    );
    assert_eq!(
        tlsa(3, 2, 1, &[0; 32]).unusable(),
        Some(TlsaFault::UnknownSelector)
    );
    let host = |records: &str| format!("mx.signed.test. 60 IN A 192.0.2.1\n{records}");
    let at = "_25._tcp.mx.signed.test. 60 IN TLSA";
    let mixed = host(&format!("{at} 1 1 1 {DIGEST}\n{at} 3 1 1 {DIGEST}"));
    check(
        &mixed,
        "mx.signed.test",
        |outcome| matches!(outcome, DaneOutcome::Authenticate { records, .. } if records.len() == 1),
    );
    let none = host(&format!("{at} 1 1 1 {DIGEST}\n{at} 3 1 1 00"));
    check(
        &none,
        "mx.signed.test",
        |outcome| matches!(outcome, DaneOutcome::EncryptOnly { records, .. } if records.len() == 2),
    );
}

#[test]
fn item_73_digest_agility_and_lengths() {
    assert_eq!(
        tlsa(3, 1, 3, &[0; 32]).unusable(),
        Some(TlsaFault::UnknownMatchingType)
    );
    assert_eq!(tlsa(3, 1, 2, &[0; 64]).unusable(), None);
    let fault = TlsaFault::DigestLength {
        expected: 64,
        found: 32,
    };
    assert_eq!(tlsa(3, 1, 2, &[0; 32]).unusable(), Some(fault));
    assert_eq!(tlsa(3, 1, 0, &[]).unusable(), Some(TlsaFault::NotDer));

    let records = [
        tlsa(3, 1, 1, &[1; 32]),
        tlsa(3, 1, 2, &[2; 64]),
        tlsa(3, 0, 1, &[3; 32]),
        tlsa(2, 1, 1, &[4; 32]),
        tlsa(3, 1, 0, &[0x30, 5]),
        // Not usable, so it drives nothing out (RFC 7671 §9 discards first).
        tlsa(2, 1, 2, &[6; 63]),
    ];
    let kept: Vec<_> = effective(&records)
        .iter()
        .map(|record| record.data[0])
        .collect();
    assert_eq!(kept, [2, 3, 4, 0x30]);
}

#[test]
fn item_68_insecure_addresses_are_not_asked_about() {
    let zone = format!(
        "mx.plain.test. 60 IN A 192.0.2.1\n_25._tcp.mx.plain.test. 60 IN TLSA 3 1 1 {DIGEST}"
    );
    let insecure = DaneOutcome::DoesNotApply(Obstacle::AddressesInsecure);
    let found = check(&zone, "mx.plain.test", |outcome| *outcome == insecure);
    assert!(
        found.bases.is_empty(),
        "such servers may break on the question"
    );
    check("", "mx.signed.test", |outcome| {
        *outcome == DaneOutcome::DoesNotApply(Obstacle::NoAddresses)
    });
}

#[test]
fn item_69_a_failed_question_is_no_absence() {
    let zone = "mx.signed.test. 60 IN A 192.0.2.1\nmx.signed.test. 60 IN AAAA 2001:db8::1";
    for kind in [
        LookupErrorKind::ServFail,
        LookupErrorKind::Bogus,
        LookupErrorKind::Timeout,
    ] {
        let dns = world(zone).with_failure(name("_25._tcp.mx.signed.test"), kind);
        assert!(
            matches!(ask(&dns, "mx.signed.test").outcome, DaneOutcome::Unreachable(error) if error.kind() == kind)
        );
    }
    let dns = world(zone).with_failure(name("mx.signed.test"), LookupErrorKind::ServFail);
    assert!(matches!(
        ask(&dns, "mx.signed.test").outcome,
        DaneOutcome::Unreachable(_)
    ));
    check(zone, "mx.signed.test", |outcome| {
        *outcome == DaneOutcome::DoesNotApply(Obstacle::NoTlsa)
    });
}

#[test]
fn item_72_the_base_domain_of_aliases() {
    let zone = |more: &str| {
        format!(
            "alias.signed.test. 60 IN CNAME mid.signed.test.\n\
             mid.signed.test.   60 IN CNAME mx.signed.test.\n\
             mx.signed.test.    60 IN A 192.0.2.1\n\
             out.signed.test.   60 IN CNAME mx.plain.test.\n\
             mx.plain.test.     60 IN A 192.0.2.2\n\
             in.plain.test.     60 IN CNAME mx.signed.test.\n{more}"
        )
    };
    let at = |base: &str| format!("_25._tcp.{base}. 60 IN TLSA 3 1 1 {DIGEST}\n");
    let both = zone(&(at("mx.signed.test") + &at("alias.signed.test")));
    let found = ask(&world(&both), "alias.signed.test");
    assert_eq!(
        base_of(&found.outcome).as_deref(),
        Some("mx.signed.test"),
        "the expanded name first"
    );
    let own = zone(&(at("alias.signed.test") + &at("mid.signed.test")));
    let found = ask(&world(&own), "alias.signed.test");
    assert_eq!(
        base_of(&found.outcome).as_deref(),
        Some("alias.signed.test"),
        "then the original, never one between"
    );
    assert_eq!(found.bases.len(), 2);
    // A secure alias to an insecure host: only the original name.
    let found = ask(&world(&zone(&at("out.signed.test"))), "out.signed.test");
    assert_eq!(base_of(&found.outcome).as_deref(), Some("out.signed.test"));
    assert!(found.alias.is_some() && found.bases.len() == 1);
    // An insecure alias to a secure host: none.
    let found = ask(&world(&zone(&at("mx.signed.test"))), "in.plain.test");
    assert_eq!(
        found.outcome,
        DaneOutcome::DoesNotApply(Obstacle::AddressesInsecure)
    );
    // An alias at the TLSA name does not change the base.
    let moved = zone(&format!(
        "_25._tcp.mx.signed.test. 60 IN CNAME t.signed.test.\nt.signed.test. 60 IN TLSA 3 1 1 {DIGEST}"
    ));
    assert_eq!(
        base_of(&ask(&world(&moved), "mx.signed.test").outcome).as_deref(),
        Some("mx.signed.test")
    );
}

#[test]
fn unsigned_tlsa_records_do_not_count() {
    let zone = format!(
        "mx.signed.test. 60 IN A 192.0.2.1\n_25._tcp.mx.signed.test. 60 IN CNAME t.plain.test.\nt.plain.test. 60 IN TLSA 3 1 1 {DIGEST}"
    );
    check(&zone, "mx.signed.test", |outcome| {
        *outcome == DaneOutcome::DoesNotApply(Obstacle::TlsaInsecure)
    });
    let absent =
        "mx.signed.test. 60 IN A 192.0.2.1\n_25._tcp.mx.signed.test. 60 IN CNAME t.plain.test.";
    check(absent, "mx.signed.test", |outcome| {
        *outcome == DaneOutcome::DoesNotApply(Obstacle::NoTlsaInsecure)
    });
}

#[test]
fn without_a_trusted_resolver_nothing_is_told() {
    let zone = format!(
        "mx.other.test. 60 IN A 192.0.2.1\n_25._tcp.mx.other.test. 60 IN TLSA 3 1 1 {DIGEST}"
    );
    let found = ask(&world(&zone), "mx.other.test");
    let DaneOutcome::Indeterminate { cause, records } = found.outcome else {
        panic!("{found:?}")
    };
    assert_eq!((cause, records.len()), (IndeterminateCause::NotAsked, 1));
}

#[test]
fn item_71_usages_are_named_by_their_acronyms() {
    assert_eq!(CertificateUsage::DANE_EE.to_string(), "DANE-EE");
    assert_eq!(CertificateUsage(255).to_string(), "255");
    assert_eq!(
        (
            Selector::SPKI.to_string(),
            MatchingType::SHA2_512.to_string()
        ),
        ("SPKI".into(), "SHA2-512".into())
    );
    assert_eq!(tlsa(3, 1, 1, &[0xab, 0x01]).to_string(), "3 1 1 ab01");
}

/// Answers with other statuses than the zones have.
struct Odd(
    StaticLookup,
    Vec<(&'static str, crate::RecordType, crate::DnssecStatus)>,
);

impl crate::Lookup for Odd {
    async fn lookup(
        &self,
        name: &DomainName,
        record_type: crate::RecordType,
    ) -> Result<crate::Answer, crate::LookupError> {
        let mut answer = self.0.lookup(name, record_type).await?;
        let found = self
            .1
            .iter()
            .find(|(odd, of, _)| name.to_string() == *odd && *of == record_type);
        if let Some((_, _, status)) = found {
            answer.dnssec = *status;
        }
        Ok(answer)
    }
}

#[test]
fn bogus_and_unknown_never_mean_no_dane() {
    use crate::DnssecStatus::{Bogus, Indeterminate, Insecure};
    use crate::RecordType;
    let unknown = Indeterminate(IndeterminateCause::ValidationUnknown);
    let zone = format!(
        "mx.signed.test. 60 IN A 192.0.2.1\nalias.signed.test. 60 IN CNAME mx.signed.test.\n\
         _25._tcp.mx.signed.test. 60 IN TLSA 3 1 1 {DIGEST}\n_25._tcp.alias.signed.test. 60 IN TLSA 3 1 1 {DIGEST}"
    );
    let ask = |host: &str, odd: Vec<(&'static str, RecordType, crate::DnssecStatus)>| {
        let dns = Odd(world(&zone), odd);
        match pin!(dane_host(&dns, &name(host), 25)).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(found) => found.outcome,
            Poll::Pending => panic!("memory does not wait"),
        }
    };
    let tlsa = "_25._tcp.mx.signed.test";
    let is_bogus = |outcome: DaneOutcome| matches!(outcome, DaneOutcome::Unreachable(error) if error.kind() == LookupErrorKind::Bogus);
    assert!(is_bogus(ask(
        "mx.signed.test",
        vec![(tlsa, RecordType::TLSA, Bogus)]
    )));
    assert!(is_bogus(ask(
        "mx.signed.test",
        vec![("mx.signed.test", RecordType::A, Bogus)]
    )));
    let insecure = ("alias.signed.test", RecordType::A, Insecure);
    assert!(is_bogus(ask(
        "alias.signed.test",
        vec![insecure, ("alias.signed.test", RecordType::CNAME, Bogus)]
    )));
    let outcome = ask(
        "alias.signed.test",
        vec![insecure, ("alias.signed.test", RecordType::CNAME, unknown)],
    );
    assert!(
        matches!(outcome, DaneOutcome::Indeterminate { .. }),
        "{outcome:?}"
    );
    // Addresses that may be forged make nothing of authentic TLSA records.
    let outcome = ask(
        "mx.signed.test",
        vec![("mx.signed.test", RecordType::A, unknown)],
    );
    assert!(matches!(outcome, DaneOutcome::Indeterminate { records, .. } if records.len() == 1));
    // All records that there seem to be are shown.
    let outcome = ask(
        "alias.signed.test",
        vec![
            (tlsa, RecordType::TLSA, unknown),
            ("_25._tcp.alias.signed.test", RecordType::TLSA, unknown),
        ],
    );
    assert!(matches!(outcome, DaneOutcome::Indeterminate { records, .. } if records.len() == 2));
}

#[test]
fn a_failed_family_or_alias_is_no_absence() {
    let zone = format!(
        "mx.signed.test. 60 IN A 192.0.2.1\nout.signed.test. 60 IN CNAME h.plain.test.\nh.plain.test. 60 IN A 192.0.2.2\n_25._tcp.mx.signed.test. 60 IN TLSA 3 1 1 {DIGEST}"
    );
    let dns = world(&zone).with_failing_type(
        name("mx.signed.test"),
        crate::RecordType::AAAA,
        LookupErrorKind::Bogus,
    );
    assert!(matches!(
        ask(&dns, "mx.signed.test").outcome,
        DaneOutcome::Unreachable(_)
    ));
    let dns = world(&zone).with_failing_type(
        name("out.signed.test"),
        crate::RecordType::CNAME,
        LookupErrorKind::ServFail,
    );
    assert!(matches!(
        ask(&dns, "out.signed.test").outcome,
        DaneOutcome::Unreachable(_)
    ));
    // One family insecure is enough to leave TLSA alone.
    let mixed = Odd(
        world(&format!("{zone}\nmx.signed.test. 60 IN AAAA 2001:db8::1")),
        vec![(
            "mx.signed.test",
            crate::RecordType::AAAA,
            crate::DnssecStatus::Insecure,
        )],
    );
    match pin!(dane_host(&mixed, &name("mx.signed.test"), 25))
        .poll(&mut Context::from_waker(Waker::noop()))
    {
        Poll::Ready(found) => assert_eq!(
            found.outcome,
            DaneOutcome::DoesNotApply(Obstacle::AddressesInsecure)
        ),
        Poll::Pending => panic!("memory does not wait"),
    }
    let long = format!(
        "{0}.{0}.{0}.{1}.signed.test",
        "a".repeat(63),
        "b".repeat(45)
    );
    let mut dns = world("");
    let address = crate::RecordData::A([192, 0, 2, 1].into());
    dns.insert(crate::Record::new(name(&long), 60, address));
    assert_eq!(
        ask(&dns, &long).outcome,
        DaneOutcome::DoesNotApply(Obstacle::NameTooLong)
    );
}

#[test]
fn item_68_what_the_mx_records_are_worth_is_said() {
    let dns = world(
        "d.plain.test. 60 IN MX 10 mx.signed.test.\nd.signed.test. 60 IN MX 10 mx.signed.test.\nmx.signed.test. 60 IN A 192.0.2.1",
    );
    let route = |domain: &str| {
        let found = async {
            let route = crate::mail_route(&dns, &name(domain)).await;
            dane_route(&dns, &route, 25).await
        };
        match pin!(found).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(found) => found,
            Poll::Pending => panic!("memory does not wait"),
        }
    };
    assert_eq!(route("d.plain.test").mx, Ok(crate::DnssecStatus::Insecure));
    let secure = route("d.signed.test");
    assert_eq!(
        (secure.mx, secure.hosts.len()),
        (Ok(crate::DnssecStatus::Secure), 1)
    );
}
